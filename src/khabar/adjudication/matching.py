"""Which spans of different annotators mean the same: the optimal matching, of many articles at once.

A span matches at most one span of each other annotator, one that it overlaps; of all such matchings the one is taken
in which matched spans are most alike together.  A greedy or one-sided rule is none: it lets one long span match many
short ones, or depends on the order.  Adjudication and every measure that asks for matched spans call this.
"""

from typing import NamedTuple

import numpy as np

from khabar.adjudication.packing import NONE, Floats, packed
from khabar.model.columns import Ints, Mask, ranges


class Places(NamedTuple):
    """Spans of several annotators of several articles, as columns of shape (spans,).

    Attributes:
        article: Number of the article.
        annotator: Number of the annotator, from 0.
        start: First code point (or token, or line) in the article.
        end: One past its last.
    """

    article: Ints
    annotator: Ints
    start: Ints
    end: Ints


class Pairs(NamedTuple):
    """Pairs of spans of different annotators, the lower number first, as columns of shape (pairs,).

    Attributes:
        one: Row of the one span.
        other: Row of the other, of an annotator of a higher number.
    """

    one: Ints
    other: Ints


def overlapping(places: Places) -> Pairs:
    """Return each two spans of different annotators of one article that share a code point, ordered by rows."""
    length = np.zeros(int(places.article.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(length, places.article, places.end)
    base = (length.cumsum() - length)[places.article]
    start, end = base + places.start, base + places.end
    order = np.argsort(start, kind="stable")
    after = np.arange(1, len(order) + 1)
    # What begins later, and before this one ends.
    count = np.maximum(np.searchsorted(start[order], end[order]) - after, 0)
    earlier, later = ranges(after, count)
    one, other = order[earlier], order[later]
    differ = places.annotator[one] != places.annotator[other]
    one, other = one[differ], other[differ]
    swapped = places.annotator[one] > places.annotator[other]
    one, other = np.where(swapped, other, one), np.where(swapped, one, other)
    sorted_ = np.lexsort((other, one))
    return Pairs(one[sorted_], other[sorted_])


def shared(places: Places, pairs: Pairs) -> Ints:
    """Return how many code points both spans of each pair mark, shape (pairs,)."""
    start = np.maximum(places.start[pairs.one], places.start[pairs.other])
    end = np.minimum(places.end[pairs.one], places.end[pairs.other])
    common: Ints = np.maximum(end - start, 0)
    return common


def likeness(places: Places, pairs: Pairs) -> Floats:
    """Return intersection over union of the two spans of each pair, above 0 and up to 1; shape (pairs,)."""
    common = shared(places, pairs)
    size = places.end - places.start
    alike: Floats = common / (size[pairs.one] + size[pairs.other] - common)
    return alike


def matched(places: Places, pairs: Pairs, weight: Floats) -> Mask:
    """Tell which pairs are matched: the matching whose weights sum to the most.

    With three annotators and more, spans that are matched with one another form groups of at most one span of each,
    and in a group every span pairs with every other.

    Args:
        places: The spans.
        pairs: What may match, as of `overlapping`.
        weight: How much speaks for each pair, above 0; shape (pairs,).  As `likeness`, and a little more for spans
            of one label, if of two equal likenesses that should win.

    Raises:
        NotFound: scipy is not installed.
    """
    number = groups(places, pairs, weight)
    same: Mask = number[pairs.one] == number[pairs.other]
    return same


def groups(places: Places, pairs: Pairs, weight: Floats) -> Ints:
    """Return a group for each span, numbered by its first span; a span that matches none is alone in its own.

    Args:
        places: The spans.
        pairs: What may match, as of `overlapping`.
        weight: How much speaks for each pair, above 0; shape (pairs,).

    Raises:
        NotFound: scipy is not installed.
    """
    sets = cliques(places.annotator, pairs)
    gain = np.zeros(len(sets))
    table = Table(len(places.start), pairs)
    for one in range(sets.shape[1]):
        for other in range(one + 1, sets.shape[1]):
            at = table.rows(sets[:, one], sets[:, other])
            gain += np.append(weight, 0.0)[at]
    chosen = sets[packed(sets, gain)]
    spans = len(places.start)
    # The last entry takes what NONE points at.
    group = np.arange(spans + 1)
    group[chosen] = np.where(chosen == NONE, spans, chosen).min(axis=1, initial=spans)[:, None]
    return group[:-1]


class Table:
    """Finds the row of a pair by its two spans."""

    def __init__(self, spans: int, pairs: Pairs) -> None:
        self._spans = spans
        keys = pairs.one * spans + pairs.other
        self._order = np.argsort(keys, kind="stable")
        self._keys = np.append(keys[self._order], -1)
        self._rows = np.append(self._order, NONE)

    def rows(self, one: Ints, other: Ints) -> Ints:
        """Return the row of each pair of spans, NONE where there is no such pair or either is NONE."""
        keys = np.where((one == NONE) | (other == NONE), -1, one * self._spans + other)
        at = np.searchsorted(self._keys[:-1], keys)
        return np.where(self._keys[at] == keys, self._rows[at], NONE)


def cliques(annotator: Ints, pairs: Pairs) -> Ints:
    """Return every set of spans of different annotators, each two of which are a pair; shape (sets, annotators).

    Args:
        annotator: Of each span, from 0; shape (spans,).
        pairs: The pairs, the lower annotator first.
    """
    readers = max(int(annotator.max(initial=0)) + 1, 2)
    table = Table(len(annotator), pairs)
    order = np.argsort(pairs.one, kind="stable")
    first, partner = pairs.one[order], pairs.other[order]
    sets = np.full((len(pairs.one), readers), NONE)
    rows = np.arange(len(sets))
    sets[rows, annotator[pairs.one]], sets[rows, annotator[pairs.other]] = pairs.one, pairs.other
    grown, last, parts = sets, pairs.other, [sets]
    for _ in range(readers - 2):
        # A set grows by the partners of its last span that pair with the others too.
        begin = np.searchsorted(first, last)
        row, at = ranges(begin, np.searchsorted(first, last, "right") - begin)
        more, last = grown[row], partner[at]
        fits = np.ones(len(row), dtype=bool)
        for column in range(readers):
            known = more[:, column]
            fits &= (known == NONE) | (table.rows(known, last) != NONE)
        grown, last = more[fits], last[fits]
        grown[np.arange(len(grown)), annotator[last]] = last
        parts.append(grown)
    return np.concatenate(parts)
