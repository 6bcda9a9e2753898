"""How deep spans lie in one another and which cross, for all spans at once.

Outermost spans are peeled off in rounds: sorted by start and then by length, a span is outermost where it starts at
or behind the furthest end before it.  A round costs a few passes over what is left, so the whole costs the number of
spans times their depth, with no loop over spans.
"""

from typing import NamedTuple

import numpy as np

from khabar.model.columns import Ints


class Nesting(NamedTuple):
    """How n spans lie to one another.

    Attributes:
        depth: How many others each one lies in, shape (n,); of spans that cross, the earlier holds the later.
        crossed: Row of an earlier span that crosses it, -1 where none does.
    """

    depth: Ints
    crossed: Ints


def nesting(start: Ints, end: Ints) -> Nesting:
    """Say how spans nest.

    Args:
        start: Where each span starts; spans of different articles (or kinds) lie in ranges that do not meet.
        end: One past its last place.
    """
    depth = np.zeros(len(start), dtype=np.int64)
    crossed = np.full(len(start), -1)
    # One key, by start and then by length: in canonical order spans come as it sorts them.
    longest = int((end - start).max(initial=0)) + 1
    key = start * longest + (start - end)
    left = np.argsort(key, kind="stable") if (key[1:] < key[:-1]).any() else np.arange(len(key))
    while len(left):
        first, stop = start[left], end[left]
        furthest = np.maximum.accumulate(stop)
        inner = np.flatnonzero(first[1:] < furthest[:-1]) + 1
        outer = np.delete(np.arange(len(left)), inner)
        holder = outer[np.searchsorted(outer, inner) - 1]
        starts, ends = first[inner], stop[inner]
        over = (starts > first[holder]) & (starts < stop[holder]) & (ends > stop[holder])
        crossed[left[inner[over]]] = left[holder[over]]
        depth[left[inner]] += 1
        left = left[inner]
    return Nesting(depth, crossed)
