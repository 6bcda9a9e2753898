"""Krippendorff's alpha for units that are given: any number of annotators, missing answers, degrees of disagreement.

Krippendorff (1980, 2004), *Content analysis*; (2011), *Computing Krippendorff's alpha-reliability*; Hayes &
Krippendorff (2007), *Answering the call for a standard reliability measure for coding data*.

alpha = 1 - D_o / D_e over the coincidences o_ck = sum_u n_uc (n_uk - [c = k]) / (n_u - 1), with n_uc how many gave
value c to unit u:  D_o = sum_ck o_ck d_ck / n,  D_e = sum_ck n_c (n_k - [c = k]) d_ck / (n (n - 1)).  Coincidences of
several articles add up, which makes resampling of articles cheap.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np

from khabar.adjudication.agreement.codes import MISSING, Floats, checked, scale
from khabar.errors import Incomparable
from khabar.model.columns import Ints, Mask

Level = Literal["nominal", "ordinal", "interval", "ratio"]
Distance = Callable[[Mask], Floats]


def alpha(codes: Ints, level: Level = "nominal", values: Floats | None = None) -> float:
    """Return alpha for answers that are one value each.

    nan where no two annotators answered the same unit, or all answers are alike.

    Args:
        codes: Shape (units, annotators).
        level: What the values are: names, ranks, or numbers of which differences or proportions count.
        values: The number that each code stands for; the code itself, if not given.  Ranks follow the codes.

    Raises:
        Incomparable: a code stands for none of the values.
    """
    pairs = coincidences(codes, None if values is None else len(values))
    return alpha_of_coincidences(pairs, distances(level, pairs, values))


def alpha_of_sets(sets: Mask, distance: Distance, answered: Mask | None = None) -> float:
    """Return alpha for answers that are sets of values, such as the several sources of a quote.

    Passonneau (2006), *Measuring agreement on set-valued items (MASI)*.  nan where ``alpha`` is.

    Args:
        sets: Which values each annotator gave to each unit, shape (units, annotators, values).
        distance: ``masi`` or ``jaccard``.
        answered: Who answered at all, shape (units, annotators): an empty set is an answer.  Everybody, if not given.

    Raises:
        Incomparable: the shapes do not fit.
    """
    if sets.ndim != 3:  # noqa: PLR2004 (units, annotators, values)
        raise Incomparable(f"sets: shape {sets.shape}, should be units x annotators x values")
    if answered is not None and answered.shape != sets.shape[:2]:
        raise Incomparable(f"answered: shape {answered.shape}, should be units x annotators, {sets.shape[:2]}")
    units, annotators, values = sets.shape
    rows = sets.reshape(units * annotators, values)
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    _, first, codes = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    codes = codes.reshape(units, annotators)
    if answered is not None:
        codes = np.where(answered, codes, MISSING)
    return alpha_of_coincidences(coincidences(codes, len(first)), distance(rows[first]))


def alpha_of_coincidences(pairs: Floats, distance: Floats) -> float:
    """Return alpha of coincidences, those of one corpus or the sum of those of its articles.

    Args:
        pairs: Shape (values, values).
        distance: How much two values differ, 0 on the diagonal, same shape.
    """
    margin = pairs.sum(axis=1)
    total = margin.sum()
    expected = (np.outer(margin, margin) * distance).sum()
    if not expected > 0:
        return float("nan")
    return float(1.0 - (total - 1.0) * (pairs * distance).sum() / expected)


def coincidences(codes: Ints, values: int | None = None) -> Floats:
    """Return the coincidences of each two values, shape (values, values).

    Counted from pairs of columns, so that time grows with the units and memory with the values alone: sets are nearly
    as many as units.  Who answered is nothing to alpha; there are as many columns as the most answers a unit has.

    Args:
        codes: Shape (units, annotators).
        values: How many values there are; those that occur, if not said.

    Raises:
        Incomparable: a code lies beyond the values.
    """
    codes = checked(codes, values=values)
    answers = (codes != MISSING).sum(axis=1)
    most = int(answers.max(initial=0))
    if most < codes.shape[1]:
        codes = -np.sort(-codes, axis=1)[:, :most]
    weight = np.divide(1.0, answers - 1, out=np.zeros(len(codes)), where=answers > 1)
    # MISSING has a row and a column of its own, cut off afterwards.
    width = 1 + (scale(codes) if values is None else values)
    pairs = np.zeros(width * width)
    for one in range(most):
        for other in range(one):
            pairs += np.bincount((codes[:, one] + 1) * width + codes[:, other] + 1, weight, width * width)
    half = pairs.reshape(width, width)[1:, 1:]
    return half + half.T


def distances(level: Level, pairs: Floats, values: Floats | None = None) -> Floats:
    """Return how much each two values differ: the squared differences of Krippendorff (2011).

    Args:
        level: nominal 1; ordinal (sum of n_g from c to k - (n_c + n_k) / 2)^2; interval (c - k)^2; ratio
            ((c - k) / (c + k))^2.
        pairs: The coincidences, of which ranks take the margins.
        values: The number that each code stands for; the code itself, if not given.
    """
    if level == "nominal":
        return 1.0 - np.eye(len(pairs))
    if level == "ordinal":
        margin = pairs.sum(axis=1)
        values = margin.cumsum() - margin / 2
    elif values is None:
        values = np.arange(len(pairs), dtype=np.float64)
    difference = values[:, None] - values
    if level == "ratio":
        total = values[:, None] + values
        difference = np.divide(difference, total, out=np.zeros_like(difference), where=total != 0)
    return difference**2


def jaccard(sets: Mask) -> Floats:
    """Return 1 - intersection / union of each two sets, 0 for two empty ones.

    Args:
        sets: Shape (sets, values).
    """
    common, size = _overlap(sets)
    union = size[:, None] + size - common
    return 1.0 - np.divide(common, union, out=np.ones_like(common), where=union > 0)


def masi(sets: Mask) -> Floats:
    """Return 1 - J M of each two sets: J intersection / union, M what part of the way they are from apart to alike.

    Passonneau (2006): M is 1 for equal sets, 2/3 where one holds the other, 1/3 where they overlap, 0 where they are
    apart.

    Args:
        sets: Shape (sets, values).
    """
    common, size = _overlap(sets)
    smaller, larger = np.minimum(size[:, None], size), np.maximum(size[:, None], size)
    monotone = np.select([common == larger, common == smaller, common > 0], [1.0, 2 / 3, 1 / 3], 0.0)
    apart: Floats = 1.0 - (1.0 - jaccard(sets)) * monotone
    return apart


def _overlap(sets: Mask) -> tuple[Floats, Floats]:
    members = sets.astype(np.float64)
    return members @ members.T, members.sum(axis=1)
