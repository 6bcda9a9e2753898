"""How alike two divisions of a text into segments are, where a boundary that is nearly right counts for something.

A segmentation of n units (lines, sentences) is an array of n - 1 booleans: whether a boundary follows the unit.  Pk and
WindowDiff measure error, 0 is best, and one side is the reference; B measures likeness, 1 is best, and is symmetric.
"""

import numpy as np

from khabar.errors import Incomparable
from khabar.model.columns import Ints, Mask

NAN = float("nan")
SMALLEST_WINDOW = 2


def boundaries(segments: Ints) -> Mask:
    """Return where one segment ends and the next begins, shape (units - 1,).

    Args:
        segments: The segment (or label) of each unit, shape (units,).
    """
    return np.asarray(segments[1:] != segments[:-1])


def window_size(reference: Mask) -> int:
    """Return half the mean length of a segment of the reference, rounded, and at least 2.

    Beeferman, Berger & Lafferty (1999), *Statistical models for text segmentation*.
    """
    units, segments = len(reference) + 1, int(reference.sum()) + 1
    return max(round(units / segments / 2), SMALLEST_WINDOW)


def pk(reference: Mask, hypothesis: Mask, window: int | None = None) -> float:
    """Return Pk: how often one says that two units, so far apart, lie in one segment, and the other that they do not.

    Beeferman, Berger & Lafferty (1999).  Over the n - k windows of k + 1 units.  nan where the text is no longer than
    the window.

    Args:
        reference: Boundaries, shape (units - 1,).
        hypothesis: Boundaries, same shape.
        window: k; half the mean length of a segment of the reference, if not given.

    Raises:
        Incomparable: the texts differ in length, or the window holds nothing.
    """
    first, second = _in_windows(reference, hypothesis, window)
    return _mean((first == 0) != (second == 0))


def window_diff(reference: Mask, hypothesis: Mask, window: int | None = None) -> float:
    """Return WindowDiff: in how many windows the numbers of boundaries differ.

    Pevzner & Hearst (2002), *A critique and improvement of an evaluation metric for text segmentation*.  Over the n - k
    windows of k + 1 units; it counts the extra boundaries that Pk overlooks.  nan where ``pk`` is.

    Args:
        reference: Boundaries, shape (units - 1,).
        hypothesis: Boundaries, same shape.
        window: k; half the mean length of a segment of the reference, if not given.

    Raises:
        Incomparable: the texts differ in length, or the window holds nothing.
    """
    first, second = _in_windows(reference, hypothesis, window)
    return _mean(first != second)


def boundary_similarity(one: Mask, other: Mask, reach: int = 2) -> float:
    """Return B: 1 - edits / (edits + matches) over boundaries, a near miss being less than an edit.

    Fournier (2013), *Evaluating text segmentation using boundary edit distance*.  Boundaries of both sides match, or
    are transposed (a near miss by fewer than ``reach`` places, of weight distance / reach), or stand alone (weight 1).
    Near misses are paired off from the closest and from the left.  1 where neither side has a boundary.

    Args:
        one: Boundaries, shape (units - 1,).
        other: Boundaries, same shape.
        reach: n_t of the paper: how many places a transposition spans at most, both ends counted.

    Raises:
        Incomparable: the texts differ in length, or a transposition could span nothing.
    """
    _refuse_other_length(one, other)
    if reach < 1:
        raise Incomparable(f"reach: {reach} places, should be 1 or more: 1 allows no near miss, 2 one by one place")
    matches = int((one & other).sum())
    left = one != other
    missed: list[int] = []
    for distance in range(1, reach):
        for start in np.flatnonzero(left[:-distance] & left[distance:] & (one[:-distance] != one[distance:])):
            if left[start] and left[start + distance]:
                left[[start, start + distance]] = False
                missed.append(distance)
    alone = int(left.sum())
    pairs = matches + alone + len(missed)
    return 1.0 - (alone + sum(missed) / reach) / pairs if pairs else 1.0


def _in_windows(reference: Mask, hypothesis: Mask, window: int | None) -> tuple[Ints, Ints]:
    """How many boundaries of each side lie in each window."""
    _refuse_other_length(reference, hypothesis)
    size = window_size(reference) if window is None else window
    if size < 1:
        raise Incomparable(f"window: {size} units, should be 1 or more: leave it out for half a mean segment")
    first, second = (np.concatenate([[0], side.cumsum()]) for side in (reference, hypothesis))
    return first[size:] - first[:-size], second[size:] - second[:-size]


def _mean(differs: Mask) -> float:
    return float(differs.mean()) if differs.size else NAN


def _refuse_other_length(one: Mask, other: Mask) -> None:
    if one.ndim != 1 or one.shape != other.shape:
        raise Incomparable(f"boundaries: shapes {one.shape} and {other.shape}, should be one: segment the same units")
