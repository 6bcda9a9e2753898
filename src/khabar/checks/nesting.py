"""How deep spans lie in one another and which cross, for all spans at once.

Outermost spans (`khabar.model.outermost`) are peeled off in rounds.  A round costs a few passes over what is left, so
the whole costs the number of spans times their depth, with no loop over spans.
"""

from typing import NamedTuple

import numpy as np

from khabar.model.columns import Ints
from khabar.model.outermost import by_place, outermost


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
    left = by_place(start, end)
    while len(left):
        first, stop = start[left], end[left]
        apart = outermost(first, stop)
        outer, inner = np.flatnonzero(apart), np.flatnonzero(~apart)
        holder = outer[np.searchsorted(outer, inner) - 1]
        starts, ends = first[inner], stop[inner]
        over = (starts > first[holder]) & (starts < stop[holder]) & (ends > stop[holder])
        crossed[left[inner[over]]] = left[holder[over]]
        depth[left[inner]] += 1
        left = left[inner]
    return Nesting(depth, crossed)
