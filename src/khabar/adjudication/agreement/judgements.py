"""What several annotators say of the same articles, as one set of columns; the texts themselves are left behind."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from khabar.model.columns import Ints, Mask
from khabar.model.labels import LabelSet

NONE = -1
UNDATED = "undated"


class Marks(NamedTuple):
    """Spans of all annotators, as columns of shape (spans,).

    Attributes:
        article: Number of the article.
        annotator: Number of the annotator.
        layer: Number of the layer in the label set.
        label: Number of the label in the label set.
        start: First code point.
        end: One past the last.
    """

    article: Ints
    annotator: Ints
    layer: Ints
    label: Ints
    start: Ints
    end: Ints


class Links(NamedTuple):
    """Relations of all annotators, as columns of shape (relations,).

    Attributes:
        label: Number of the relation in the label set.
        head: Row of the span it starts from.
        tail: Row of the span it ends at.
    """

    label: Ints
    head: Ints
    tail: Ints


class Words(NamedTuple):
    """Tokens (`khabar.model.tokens`) of the articles whose text is at hand, as columns of code points."""

    article: Ints
    start: Ints
    end: Ints


@dataclass(frozen=True, eq=False)
class Judgements:
    """What annotators say of the same articles.

    Attributes:
        labels: The label set.
        articles: Their ids.
        sources: The source of each.
        weeks: The ISO week in which each was annotated, by the last who did, `UNDATED` where that is not known.
        length: Code points of each, shape (articles,).
        annotators: Their pseudonyms.
        schemes: Versions of the label set that the annotations follow.
        covers: By layer: whose annotation of an article speaks of it, shape (articles, annotators).
        marks: All spans.
        choices: By attribute: which of its values a span has, NONE where nothing was said; shape (spans,).  Not what
            annotators say of their own doubt: there is nothing to agree on.
        keys: By attribute made of names: a number for each name that an annotator gave in an article; shape (spans,).
        links: All relations of which both ends are there.
        words: All tokens.
        has_text: Of which articles the text is at hand, shape (articles,).
    """

    labels: LabelSet
    articles: tuple[str, ...]
    sources: tuple[str, ...]
    weeks: tuple[str, ...]
    length: Ints
    annotators: tuple[str, ...]
    schemes: tuple[str, ...]
    covers: dict[str, Mask]
    marks: Marks
    choices: dict[str, Ints]
    keys: dict[str, Ints]
    links: Links
    words: Words
    has_text: Mask

    def rows(self, layer: str) -> Ints:
        """Return the rows of the spans of a layer."""
        return np.flatnonzero(self.marks.layer == self.labels.layer_names.index(layer))

    def offset(self, layer: str) -> tuple[int, int]:
        """Return the number of the layer's first label, and how many it has."""
        before = 0
        for name, each in self.labels.layers.items():
            if name == layer:
                return before, len(each.labels)
            before += len(each.labels)
        raise KeyError(layer)


def values_of(labels: LabelSet, name: str) -> tuple[str, ...]:
    """Return the values that an attribute has for any label, in order."""
    each = (value.name for attribute in labels.attributes if attribute.name == name for value in attribute.values)
    return tuple(dict.fromkeys(each))
