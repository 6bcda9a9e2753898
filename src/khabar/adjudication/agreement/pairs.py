"""Two annotators' spans of one layer, matched: what span measures, confusions and links are counted from."""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from khabar.adjudication.agreement.judgements import Judgements
from khabar.adjudication.matching import Pairs, Places, groups, likeness, matched, overlapping
from khabar.model.columns import Ints, Mask

SAME_LABEL = 1e-3
"""What a common label adds to the likeness of two spans: it decides where places do not."""


@dataclass(frozen=True, eq=False)
class Couple:
    """Two annotators and a layer.

    Attributes:
        told: All judgements.
        layer: Name of the layer.
        annotators: Numbers of the two, the lower first.
        relaxed: Least intersection over union of two spans that match.
    """

    told: Judgements
    layer: str
    annotators: tuple[int, int]
    relaxed: float

    @property
    def name(self) -> str:
        """Their pseudonyms, as figures name them."""
        return "+".join(self.told.annotators[who] for who in self.annotators)

    @cached_property
    def read(self) -> Mask:
        """Which articles both read for this layer, shape (articles,)."""
        covers, (one, other) = self.told.covers[self.layer], self.annotators
        return covers[:, one] & covers[:, other]

    @cached_property
    def sides(self) -> tuple[Ints, Ints]:
        """Rows of the spans of either, in the articles that both read."""
        rows = self.told.rows(self.layer)
        rows = rows[self.read[self.told.marks.article[rows]]]
        who = self.told.marks.annotator[rows]
        one, other = self.annotators
        return rows[who == one], rows[who == other]

    @cached_property
    def overlaps(self) -> Pairs:
        """Rows of each two spans that share a code point."""
        return _overlaps(self.told, np.concatenate(self.sides))

    @cached_property
    def matches(self) -> Pairs:
        """Rows of the spans that match: the optimal one-to-one matching."""
        places = places_of(self.told)
        # The two are nobody but the first and the second.
        places = places._replace(annotator=(places.annotator == self.annotators[1]).astype(np.int64))
        alike = likeness(places, self.overlaps)
        near = alike >= self.relaxed
        pairs = Pairs(self.overlaps.one[near], self.overlaps.other[near])
        label = self.told.marks.label
        same = label[pairs.one] == label[pairs.other]
        chosen = matched(places, pairs, alike[near] + SAME_LABEL * same)
        return Pairs(pairs.one[chosen], pairs.other[chosen])


def couples(told: Judgements, layer: str, relaxed: float) -> list[Couple]:
    """Return each two annotators who read an article in common."""
    each = (Couple(told, layer, pair, relaxed) for pair in combinations(range(len(told.annotators)), 2))
    return [couple for couple in each if couple.read.any()]


def places_of(told: Judgements) -> Places:
    """Return where all spans stand."""
    return Places(told.marks.article, told.marks.annotator, told.marks.start, told.marks.end)


def _overlaps(told: Judgements, rows: Ints) -> Pairs:
    """Each two of some spans, of different annotators, that share a code point; as rows of all spans."""
    rows = np.sort(rows)
    found = overlapping(Places(*(column[rows] for column in places_of(told))))
    return Pairs(rows[found.one], rows[found.other])


def grouped(told: Judgements, layer: str, relaxed: float) -> Ints:
    """Return a group for each span of any layer: those of the layer that match, across all annotators; see `groups`.

    In a group there is one label and at most one span of each annotator.
    """
    pairs = _overlaps(told, told.rows(layer))
    alike = likeness(places_of(told), pairs)
    same = told.marks.label[pairs.one] == told.marks.label[pairs.other]
    kept = (alike >= relaxed) & same
    return groups(places_of(told), Pairs(pairs.one[kept], pairs.other[kept]), alike[kept])
