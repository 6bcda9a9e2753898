"""What a release counts of itself, for people: articles by what they are, spans by label, who annotated."""

from collections import Counter

import numpy as np
import pyarrow.compute as pc

from khabar.errors import BadRecord
from khabar.model.batch import Batch
from khabar.model.columns import Ints
from khabar.model.labels import LabelSet
from khabar.model.manifest import GROUPS
from khabar.store import SPLITS

_COLUMNS = {
    "splits": "split",
    "sources": "source",
    "licenses": "license",
    "provenance": "provenance",
    "redistribution": "redistribute",
}
"""Groups that count articles by a column of theirs."""


class Counts:
    """The counts of the batches that were added."""

    def __init__(self, labels: LabelSet) -> None:
        self._labels = labels
        self._groups: dict[str, Counter[str]] = {name: Counter() for name in GROUPS}
        self._groups["articles"].update(all=0, with_text=0)
        self._groups["code_points"].update(all=0, with_text=0)
        self._groups["annotations"].update(person=0, model=0)
        self._spans: Counter[str] = Counter()
        self._people: set[tuple[str, str]] = set()

    def add(self, batch: Batch) -> None:
        """Count the articles of one split, as they are published."""
        groups, has_text = self._groups, batch.has_text
        groups["articles"].update(all=len(batch), with_text=int(has_text.sum()))
        groups["code_points"].update(all=int(batch.lengths.sum()), with_text=int(batch.lengths[has_text].sum()))
        for name, column in _COLUMNS.items():
            for each in pc.value_counts(batch.articles[column]).to_pylist():
                groups[name][each["values"]] += each["counts"]
        self._spans.update(_by_name(batch.spans.label, batch.names.labels))
        groups["relations"].update(_by_name(batch.relations.label, batch.names.relations))

    def add_judgements(self, batch: Batch) -> None:
        """Count what annotators said of those articles, and who they are: gold aside."""
        kinds, names = (batch.articles[name].to_pylist() for name in ("annotator_kind", "annotator"))
        self._groups["annotations"].update(kinds)
        self._people.update(zip(kinds, names, strict=True))

    def add_tombstones(self, number: int) -> None:
        """Count the articles that were taken down, if any was."""
        if number:
            self._groups["articles"]["taken_down"] = number

    def told(self) -> dict[str, dict[str, int]]:
        """Return the counts, group by group, then layer by layer; what there is none of is left out.

        Raises:
            BadRecord: a layer has the name of a group.
        """
        people = Counter(kind for kind, _ in self._people)
        counted = {**self._groups, "annotators": {"person": 0, "model": 0, **people}}
        order = {"splits": SPLITS, "relations": [each.name for each in self._labels.relations]}
        groups = {
            name: {each: numbers[each] for each in order.get(name, sorted(numbers)) if each in numbers}
            for name, numbers in counted.items()
        }
        for name, layer in self._labels.layers.items():
            if name in groups:
                raise BadRecord(f"annotations/labels.toml: no layer can be called '{name}', a count is: rename it")
            groups[name] = {each.name: self._spans[each.name] for each in layer.labels if self._spans[each.name]}
        return groups


def _by_name(codes: Ints, names: tuple[str, ...]) -> dict[str, int]:
    numbers = np.bincount(codes, minlength=len(names)).tolist()
    return {name: number for name, number in zip(names, numbers, strict=True) if number}
