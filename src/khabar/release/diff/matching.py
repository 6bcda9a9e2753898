"""Which span of the one release is which of the other, within a layer of an article.

An id is kept for life, so it comes first; what is left is paired by place: the same offsets and label, then the same
offsets, then the same label at overlapping offsets.  Both releases are treated alike: swapped, the pairs are the same.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.columns import Ints

_BY_SAMENESS = (("id",), ("start", "end", "label"), ("start", "end"))


@dataclass(frozen=True, eq=False)
class Places:
    """What spans are told apart by, n of them; codes are shared by both releases and sort as the names do.

    Attributes:
        article: Row of the article, shape (n,).
        start: First code point.
        end: One past the last.
        label: Code of the label.
        id: Code of the id.
    """

    article: Ints
    start: Ints
    end: Ints
    label: Ints
    id: Ints

    def __len__(self) -> int:
        return len(self.article)

    def take(self, rows: Ints) -> "Places":
        """Return some of the spans."""
        return Places(self.article[rows], self.start[rows], self.end[rows], self.label[rows], self.id[rows])


def codes(left: pa.Array, right: pa.Array) -> tuple[Ints, Ints]:
    """Return numbers that stand for strings, equal where the strings are and ordered as they are."""
    coded = pa.concat_arrays([left.cast(pa.string()), right.cast(pa.string())]).dictionary_encode()
    rank = np.empty(len(coded.dictionary), dtype=np.int64)
    rank[pc.sort_indices(coded.dictionary).to_numpy()] = np.arange(len(rank))
    found: Ints = rank[coded.indices.to_numpy()]
    return found[: len(left)], found[len(left) :]


def pairs(left: Places, right: Places) -> tuple[Ints, Ints]:
    """Return the rows of the spans that are the same on both sides, pair by pair; no row stands twice."""
    free_left, free_right = np.arange(len(left)), np.arange(len(right))
    found: list[tuple[Ints, Ints]] = []
    for keys in (*_BY_SAMENESS, ()):
        rest = left.take(free_left), right.take(free_right)
        ours, theirs = _equal(*rest, keys) if keys else _overlapping(*rest)
        found.append((free_left[ours], free_right[theirs]))
        free_left, free_right = np.delete(free_left, ours), np.delete(free_right, theirs)
    return np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found])


def _equal(left: Places, right: Places, keys: tuple[str, ...]) -> tuple[Ints, Ints]:
    """Pair spans of equal keys; of several with one key the first with the first, and so on."""
    count = len(left)
    both = [np.concatenate([getattr(left, name), getattr(right, name)]) for name in ("article", *keys)]
    tie = [np.concatenate([getattr(left, name), getattr(right, name)]) for name in ("id", "label", "end", "start")]
    side = np.concatenate([np.zeros(count, dtype=np.int64), np.ones(len(right), dtype=np.int64)])
    order = np.lexsort((*tie, side, *reversed(both)))
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = np.any([column[order][1:] != column[order][:-1] for column in both], axis=0)
    key = np.cumsum(fresh)
    run = fresh | np.concatenate(([True], side[order][1:] != side[order][:-1]))[: len(order)]
    first = np.maximum.accumulate(np.where(run, np.arange(len(order)), 0))
    # A key with its rank on its side stands once a side.
    ranked = np.empty(len(order), dtype=np.int64)
    ranked[order] = key * (len(order) + 1) + np.arange(len(order)) - first
    _, ours, theirs = np.intersect1d(ranked[:count], ranked[count:], assume_unique=True, return_indices=True)
    return ours, theirs


def _overlapping(left: Places, right: Places) -> tuple[Ints, Ints]:
    """Pair spans of one label so that the code points that pairs share are as many as can be."""
    ours: list[int] = []
    theirs: list[int] = []
    groups: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
    for side, places in enumerate((left, right)):
        for row, key in enumerate(zip(places.article.tolist(), places.label.tolist(), strict=True)):
            groups.setdefault(key, ([], []))[side].append(row)
    for those_left, those_right in groups.values():
        if those_left and those_right:
            chosen = _best(left.take(np.asarray(those_left)), right.take(np.asarray(those_right)))
            ours += [those_left[row] for row, _ in chosen]
            theirs += [those_right[row] for _, row in chosen]
    return np.asarray(ours, dtype=np.int64), np.asarray(theirs, dtype=np.int64)


def _best(left: Places, right: Places) -> list[tuple[int, int]]:
    """Pair the spans of one article and label, in an order of theirs that is the same whichever side is called left."""
    sorted_left = np.lexsort((left.id, left.end, left.start))
    sorted_right = np.lexsort((right.id, right.end, right.start))
    left, right = left.take(sorted_left), right.take(sorted_right)
    if (len(left), *left.start.tolist(), *left.end.tolist()) > (len(right), *right.start.tolist(), *right.end.tolist()):
        return [(int(sorted_left[a]), int(sorted_right[b])) for b, a in _assigned(right, left)]
    return [(int(sorted_left[a]), int(sorted_right[b])) for a, b in _assigned(left, right)]


def _assigned(few: Places, many: Places) -> list[tuple[int, int]]:
    shared = np.minimum(few.end[:, None], many.end) - np.maximum(few.start[:, None], many.start)
    shared = np.maximum(shared, 0)
    return [(a, b) for a, b in enumerate(assignment(-shared).tolist()) if shared[a, b] > 0]


def assignment(cost: Ints) -> Ints:
    """Return for each row a column of its own, so that the sum of the costs is least.

    The Hungarian method with one shortest augmenting path a row: H. W. Kuhn, "The Hungarian method for the assignment
    problem", 1955; R. Jonker and A. Volgenant, "A shortest augmenting path algorithm", 1987.  Exact for whole numbers.

    Args:
        cost: Shape (rows, columns), rows at most as many as columns.
    """
    rows, columns = cost.shape
    of_row, of_column = np.zeros(rows, dtype=np.int64), np.zeros(columns + 1, dtype=np.int64)
    owner = np.full(columns + 1, -1)  # the last column is where each path starts
    far = int(np.abs(cost).sum()) * 2 + 1
    for row in range(rows):
        owner[columns] = row
        least = np.full(columns, far)
        came_from = np.full(columns, columns)
        done = np.zeros(columns + 1, dtype=bool)
        at = columns
        while owner[at] >= 0:
            done[at] = True
            here = owner[at]
            reduced = cost[here] - of_row[here] - of_column[:columns]
            open_ = ~done[:columns]
            better = open_ & (reduced < least)
            least[better], came_from[better] = reduced[better], at
            following = int(np.argmin(np.where(open_, least, far)))
            step = least[following]
            of_row[owner[done]] += step
            of_column[done] -= step
            least[open_] -= step
            at = following
        while at != columns:
            before = came_from[at]
            owner[at] = owner[before]
            at = before
    chosen = np.empty(rows, dtype=np.int64)
    taken = np.flatnonzero(owner[:columns] >= 0)
    chosen[owner[taken]] = taken
    return chosen
