"""A matrix of codes: what each annotator answered to each unit.

Codes are small whole numbers from 0, ``MISSING`` where an annotator did not answer.  Shape: (units, annotators).
"""

import numpy as np
from numpy.typing import NDArray

from khabar.errors import Incomparable
from khabar.model.columns import Ints

Floats = NDArray[np.float64]

MISSING = -1


def checked(codes: Ints, *, annotators: int | None = None, values: int | None = None) -> Ints:
    """Return the codes as 64-bit numbers, so that sums over cells of small types do not overflow.

    Args:
        codes: What should be a matrix of codes.
        annotators: How many columns it should have, if that matters.
        values: How many values there are, if that is known.

    Raises:
        Incomparable: it is no matrix of whole numbers from -1, has another number of columns, or a code lies beyond the
            values.
    """
    if codes.ndim != 2 or not np.issubdtype(codes.dtype, np.integer):  # noqa: PLR2004 (a matrix has two axes)
        raise Incomparable(f"codes: {codes.dtype} of shape {codes.shape}, should be whole numbers, units x annotators")
    if annotators is not None and codes.shape[1] != annotators:
        raise Incomparable(f"codes: {codes.shape[1]} annotators, should be {annotators}: compare them in pairs")
    if codes.size and codes.min() < MISSING:
        raise Incomparable(f"codes: {codes.min()} is none, they count from 0: write {MISSING} for what is missing")
    if values is not None and scale(codes) > values:
        raise Incomparable(f"codes: {scale(codes) - 1} is none of {values} values, they count from 0: name all values")
    return codes.astype(np.int64, copy=False)


def scale(codes: Ints) -> int:
    """Return how many values the codes can tell apart: one more than the highest."""
    return int(codes.max(initial=MISSING)) + 1


def value_counts(codes: Ints, values: int | None = None) -> Floats:
    """Return how many annotators gave each value to each unit, shape (units, values).

    Args:
        codes: Shape (units, annotators).
        values: How many values there are; those that occur, if not said.

    Raises:
        Incomparable: a code lies beyond the values.
    """
    codes = checked(codes, values=values)
    width = scale(codes) if values is None else values
    units = len(codes)
    # A column of its own, cut off afterwards, takes the missing: a mask would copy the matrix.
    cells = codes + 1 + np.arange(units)[:, None] * (width + 1)
    counts = np.bincount(cells.ravel(), minlength=units * (width + 1))
    return counts.reshape(units, width + 1)[:, 1:].astype(np.float64)


def one_against_rest(codes: Ints, value: int) -> Ints:
    """Return the codes with 1 for one value and 0 for all others, so that every coefficient has one for each label.

    Fleiss (1971) and Krippendorff (1980) define the coefficient of a single category in this way.
    """
    return np.where(checked(codes) == MISSING, MISSING, codes == value).astype(np.int64)
