"""What a release counts of itself, for people: articles by what they are, spans by label, who annotated.

It is counted from the published rows, so that whoever has them can count again.
"""

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.decision import SETTLED
from khabar.model.labels import LabelSet
from khabar.model.layout import ARTICLES, DECISIONS, JUDGEMENTS, SPLITS, TEXTS
from khabar.model.manifest import GROUPS

_COLUMNS = {
    "splits": "split",
    "sources": "source",
    "licenses": "license",
    "provenance": "provenance",
    "redistribution": "redistribute",
}
"""Groups that count articles by a column of theirs."""


class Counts:
    """The counts of the rows that were added."""

    def __init__(self, labels: LabelSet) -> None:
        self._labels = labels
        self._groups: dict[str, Counter[str]] = {name: Counter() for name in GROUPS}
        self._groups["articles"].update(all=0, with_text=0)
        self._groups["code_points"].update(all=0, with_text=0)
        self._groups["annotations"].update(person=0, model=0)
        self._groups["roles"].update(annotator=0, adjudicator=0)
        self._groups["settled"].update(dict.fromkeys(SETTLED, 0))
        self._spans: Counter[str] = Counter()
        self._people: set[tuple[str, str]] = set()
        self._adders = {
            ARTICLES: self._articles,
            TEXTS: self._texts,
            JUDGEMENTS: self._judgements,
            DECISIONS: self._decisions,
        }

    def add(self, config: str, table: pa.Table) -> None:
        """Count rows of a config; those that are worked out of others are passed over.

        Raises:
            KeyError: a column is missing.
            TypeError: one is of another type than rows of a release have.
            pyarrow.ArrowException: as `TypeError`.
        """
        if config in self._adders:
            self._adders[config](table)

    def _articles(self, table: pa.Table) -> None:
        self._groups["articles"].update(all=len(table))
        self._groups["code_points"].update(all=_sum(table["length"]))
        for name, column in _COLUMNS.items():
            self._groups[name].update(_values(table[column]))
        for layer in self._labels.layers.values():
            spans = pc.list_flatten(table[layer.column])
            self._spans.update(_values(pc.struct_field(spans, "label")))
            if spans.type.get_field_index("relations") >= 0:
                relations = pc.list_flatten(pc.struct_field(spans, "relations"))
                self._groups["relations"].update(_values(pc.struct_field(relations, "label")))

    def _texts(self, table: pa.Table) -> None:
        lengths = table["length"].filter(pc.is_valid(table["text"]))
        self._groups["articles"].update(with_text=len(lengths))
        self._groups["code_points"].update(with_text=_sum(lengths))

    def _judgements(self, table: pa.Table) -> None:
        """Count what annotators said of the articles, and who they are: gold aside."""
        kinds, names = (table[name].to_pylist() for name in ("annotator_kind", "annotator"))
        self._groups["annotations"].update(kinds)
        self._groups["roles"].update(_values(table["role"]))
        self._people.update(zip(kinds, names, strict=True))

    def _decisions(self, table: pa.Table) -> None:
        """Count what settled each span and link of gold, and each question that ended in neither."""
        self._groups["settled"].update(_values(table["how"]))

    def add_tombstones(self, number: int) -> None:
        """Count the articles that were taken down, if any was."""
        if number:
            self._groups["articles"]["taken_down"] = number

    def told(self) -> dict[str, dict[str, int]]:
        """Return the counts, group by group, then layer by layer; what there is none of is left out."""
        people = Counter(kind for kind, _ in self._people)
        counted = {**self._groups, "annotators": {"person": 0, "model": 0, **people}}
        order = {"splits": SPLITS, "settled": SETTLED, "relations": [each.name for each in self._labels.relations]}
        groups = {
            name: {each: numbers[each] for each in order.get(name, sorted(numbers)) if each in numbers}
            for name, numbers in counted.items()
        }
        for name, layer in self._labels.layers.items():
            groups[name] = {each.name: self._spans[each.name] for each in layer.labels if self._spans[each.name]}
        return groups


def _sum(numbers: pa.ChunkedArray) -> int:
    return int(pc.sum(numbers).as_py() or 0)


def _values(column: pa.Array | pa.ChunkedArray) -> dict[str, int]:
    return {each["values"]: each["counts"] for each in pc.value_counts(column).to_pylist()}
