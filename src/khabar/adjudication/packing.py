"""The best choice of sets that share no member, exactly: what every alignment of annotators' spans comes down to.

A set holds at most one unit of each annotator and has a gain; those are chosen that gain most together (set packing;
for two annotators, assignment).  Articles share no unit, so that all articles are one call: what is decided by looking
at neighbours alone is decided for all of them at once, and a solver sees only the tangles that are left, one by one.
"""

import numpy as np
from numpy.typing import NDArray

from khabar.errors import extra
from khabar.model.columns import Ints, Mask

Floats = NDArray[np.float64]

NONE = -1
"""Stands in a set where an annotator has no part in it."""
TOGETHER = 500
"""Sets in one integer programme: of fewer the solver's start is most of the time, of more its search."""


def packed(sets: Ints, gain: Floats) -> Mask:
    """Choose the sets that share no unit and gain most together.

    Exact.  Of choices that gain the same one is taken, always the same one.

    Args:
        sets: A unit of each annotator, numbered over all annotators and articles, or NONE; shape (sets, annotators).
        gain: What each set gains over its units alone, shape (sets,).  What gains nothing is not chosen.

    Raises:
        NotFound: scipy is not installed.
    """
    chosen = np.zeros(len(sets), dtype=bool)
    left = np.flatnonzero(gain > 0)
    # The last entry is that of NONE, which is never used up.
    used = np.zeros(int(sets.max(initial=NONE)) + 2, dtype=bool)
    while len(left):
        surely = left[_surely(sets[left], gain[left], len(used))]
        if not len(surely):
            break
        chosen[surely] = True
        used[sets[surely]] = True
        used[NONE] = False
        left = left[~used[sets[left]].any(axis=1)]
    if len(left):
        solve = _assigned if sets.shape[1] == 2 else _programmed  # noqa: PLR2004 (two sides are an assignment)
        chosen[left[solve(sets[left], gain[left])]] = True
    return chosen


def _surely(sets: Ints, gain: Floats, units: int) -> Mask:
    """Tell which sets are in a best choice for sure: those that gain as much as all that they could keep out.

    A choice without the set has at most one other set at each of its units; to put it in their place loses nothing.
    """
    row, column = np.nonzero(sets != NONE)
    unit, worth = sets[row, column], gain[row]
    order = np.lexsort((row, -worth, unit))
    unit, row, worth = unit[order], row[order], worth[order]
    first = np.append(True, unit[1:] != unit[:-1])
    top = np.flatnonzero(first)
    second = np.minimum(top + 1, len(unit) - 1)
    runner_up = np.where(unit[second] == unit[top], worth[second], 0.0) * (second != top)
    place = np.cumsum(first) - 1
    rival = np.where(row == row[top][place], runner_up[place], worth[top][place])
    sure = gain >= np.bincount(row, rival, len(sets))
    # Of two that are sure and share a unit, the earlier one.
    earliest = np.full(units, len(sets))
    np.minimum.at(earliest, unit[sure[row]], row[sure[row]])
    behind = earliest[unit] != row
    early: Mask = np.bincount(row, behind, len(sets)) == 0
    return sure & early


def _assigned(sets: Ints, gain: Floats) -> Ints:
    """Choose pairs of two annotators' units, tangle by tangle: an assignment each."""
    with extra("campaign"):
        from scipy.optimize import linear_sum_assignment
    parts = []
    for tangle in _tangles(sets):
        # Of a pair that is there twice the better one is written last.
        rows = tangle[np.argsort(gain[tangle], kind="stable")]
        one, first = np.unique(sets[rows, 0], return_inverse=True)
        other, second = np.unique(sets[rows, 1], return_inverse=True)
        table, at = np.zeros((len(one), len(other))), np.full((len(one), len(other)), NONE)
        table[first, second] = gain[rows]
        at[first, second] = rows
        found = at[linear_sum_assignment(table, maximize=True)]
        parts.append(found[found != NONE])
    return np.concatenate(parts)


def _programmed(sets: Ints, gain: Floats) -> Ints:
    """Choose sets of several annotators' units: an integer programme for some tangles at a time."""
    parts, waiting, size = [], [], 0
    tangles = _tangles(sets)
    for number, rows in enumerate(tangles, 1):
        waiting.append(rows)
        size += len(rows)
        if size >= TOGETHER or number == len(tangles):
            some = np.concatenate(waiting)
            parts.append(some[_solved(sets[some], gain[some])])
            waiting, size = [], 0
    return np.concatenate(parts)


def _solved(sets: Ints, gain: Floats) -> Mask:
    """Choose: as much gain as can be, each unit at most once, each set wholly or not at all.  HiGHS, to optimality."""
    with extra("campaign"):
        from scipy.optimize import LinearConstraint, milp
        from scipy.sparse import csr_array
    row, column = np.nonzero(sets != NONE)
    unit = np.unique(sets[row, column], return_inverse=True)[1]
    once = LinearConstraint(csr_array((np.ones(len(row)), (unit, row))), ub=1)
    found = milp(-gain, integrality=1, bounds=(0, 1), constraints=once, options={"mip_rel_gap": 0.0})
    if not found.success:  # pragma: no cover - nothing is always a choice, and no limit is set
        raise RuntimeError(f"HiGHS: {found.message}")
    whole: Mask = found.x > 0.5  # noqa: PLR2004 (0 or 1, up to the solver's tolerance)
    return whole


def _tangles(sets: Ints) -> list[Ints]:
    """Part the sets so that no two parts have a unit in common; their rows, in order of their first."""
    with extra("campaign"):
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components
    row, column = np.nonzero(sets != NONE)
    unit = np.unique(sets[row, column], return_inverse=True)[1]
    size = len(sets) + int(unit.max()) + 1
    edges = coo_array((np.ones(len(row)), (row, len(sets) + unit)), shape=(size, size))
    part = connected_components(edges, directed=False)[1][: len(sets)]
    order = np.argsort(part, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(part[order])) + 1)
