"""What a release counts of itself, for people: articles by what they are, spans by label, who annotated."""

from collections import Counter
from typing import Literal

import msgspec
import numpy as np
import pyarrow.compute as pc

from khabar.errors import BadRecord
from khabar.model.batch import Batch
from khabar.model.columns import Ints
from khabar.model.labels import LabelSet
from khabar.model.manifest import GROUPS
from khabar.store import SPLITS, Corpus
from khabar.store.files import decoded

_COLUMNS = {
    "splits": "split",
    "sources": "source",
    "licenses": "license",
    "provenance": "provenance",
    "redistribution": "redistribute",
}
"""Groups that count articles by a column of theirs."""


class Header(msgspec.Struct, frozen=True):
    """What is read of an annotation to count it."""

    article: str
    annotator: str
    kind: Literal["person", "model", "gold"]


class Counts:
    """The counts of the batches that were added."""

    def __init__(self, labels: LabelSet) -> None:
        self._labels = labels
        self._groups: dict[str, Counter[str]] = {name: Counter() for name in GROUPS}
        self._groups["articles"].update(all=0, with_text=0)
        self._groups["code_points"].update(all=0, with_text=0)
        self._spans: Counter[str] = Counter()
        self._articles: set[str] = set()

    def add(self, batch: Batch) -> None:
        """Count the articles of one split, as they are published."""
        groups, has_text = self._groups, batch.has_text
        groups["articles"].update(all=len(batch), with_text=int(has_text.sum()))
        groups["code_points"].update(all=int(batch.lengths.sum()), with_text=int(batch.lengths[has_text].sum()))
        for name, column in _COLUMNS.items():
            for each in pc.value_counts(batch.articles[column]).to_pylist():
                groups[name][each["values"]] += each["counts"]
        self._articles.update(batch.articles["id"].to_pylist())
        self._spans.update(_by_name(batch.spans.label, batch.names.labels))
        groups["relations"].update(_by_name(batch.relations.label, batch.names.relations))

    def add_campaigns(self, corpus: Corpus) -> None:
        """Count who annotated the articles that were added, and how often, gold aside."""
        people: set[tuple[str, str]] = set()
        self._groups["annotations"].update(person=0, model=0)
        for campaign in corpus.campaigns:
            for path in corpus.campaign_annotations(campaign):
                header = decoded(path.read_bytes(), Header, corpus.shown(path))
                if header.article in self._articles:
                    people.add((header.kind, header.annotator))
                    self._groups["annotations"][header.kind] += 1
        self._groups["annotators"].update({"person": 0, "model": 0, **Counter(kind for kind, _ in people)})

    def add_tombstones(self, number: int) -> None:
        """Count the articles that were taken down, if any was."""
        if number:
            self._groups["articles"]["taken_down"] = number

    def told(self) -> dict[str, dict[str, int]]:
        """Return the counts, group by group, then layer by layer; what there is none of is left out.

        Raises:
            BadRecord: a layer has the name of a group.
        """
        order = {"splits": SPLITS, "relations": [each.name for each in self._labels.relations]}
        groups = {
            name: {each: counted[each] for each in order.get(name, sorted(counted)) if each in counted}
            for name, counted in self._groups.items()
        }
        for name, layer in self._labels.layers.items():
            if name in groups:
                raise BadRecord(f"annotations/labels.toml: no layer can be called '{name}', a count is: rename it")
            groups[name] = {each.name: self._spans[each.name] for each in layer.labels if self._spans[each.name]}
        return groups


def _by_name(codes: Ints, names: tuple[str, ...]) -> dict[str, int]:
    numbers = np.bincount(codes, minlength=len(names)).tolist()
    return {name: number for name, number in zip(names, numbers, strict=True) if number}
