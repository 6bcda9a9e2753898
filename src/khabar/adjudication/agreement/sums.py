"""Kappa and its kin as functions of sums over articles, many rows of sums at once: what the bootstrap weighs.

The coefficients are those of `khabar.adjudication.agreement.kappa` and `krippendorff`, where their sources stand.
"""

import numpy as np

from khabar.adjudication.agreement.codes import MISSING, Floats, value_counts
from khabar.model.columns import Ints

NAN = float("nan")
AGREEING, PAIRED, ANSWERED, SHARES = 0, 1, 2, 3
"""Columns of `answers`."""
BITS = 1e-12
"""What is less is nothing but the last bits of a difference."""


def tables(codes: Ints, article: Ints, shape: tuple[int, int]) -> Floats:
    """Return how often each two values of two annotators met, by article; shape (articles, values, values).

    Args:
        codes: Shape (units, 2); units that one of them did not answer are left out.
        article: Of each unit.
        shape: How many articles and how many values there are.
    """
    articles, values = shape
    both = (codes != MISSING).all(axis=1)
    cells = (article[both] * values + codes[both, 0]) * values + codes[both, 1]
    return np.bincount(cells, minlength=articles * values * values).reshape(articles, values, values).astype(np.float64)


def cohen_of(sums: Floats) -> Floats:
    """Return Cohen's kappa of each of several tables, shape (rows, values, values)."""
    total = sums.sum(axis=(1, 2))
    observed = total - np.trace(sums, axis1=1, axis2=2)
    expected = total - _over((sums.sum(axis=1) * sums.sum(axis=2)).sum(axis=1), total)
    return 1.0 - _over(observed, expected)


def answers(codes: Ints, article: Ints, shape: tuple[int, int]) -> Floats:
    """Return what Fleiss' kappa and Gwet's AC1 are made of, by article; shape (articles, 3 + values).

    The sum of the units' agreement, how many units have two answers, how many have one, the sums of the units' shares.

    Args:
        codes: Shape (units, annotators).
        article: Of each unit.
        shape: How many articles and how many values there are.
    """
    articles, values = shape
    counts = value_counts(codes, values)
    each = counts.sum(axis=1)
    agreeing = _over((counts * (counts - 1)).sum(axis=1), each * (each - 1), 0.0)
    columns = [agreeing, each > 1, each > 0, *_over(counts, np.repeat(each[:, None], values, axis=1), 0.0).T]
    return np.stack([np.bincount(article, column, articles) for column in columns], axis=1)


def observed_of(sums: Floats) -> Floats:
    """Return the observed agreement of each row of `answers`."""
    return _over(sums[:, AGREEING], sums[:, PAIRED])


def fleiss_of(sums: Floats) -> Floats:
    """Return Fleiss' kappa of each row of `answers`."""
    share = _over(sums[:, SHARES:], sums[:, ANSWERED, None])
    return 1.0 - _over(1.0 - observed_of(sums), 1.0 - (share**2).sum(axis=1))


def ac1_of(sums: Floats) -> Floats:
    """Return Gwet's AC1 of each row of `answers`; the scale has the values that there are columns for."""
    share = _over(sums[:, SHARES:], sums[:, ANSWERED, None])
    chance = (share * (1.0 - share)).sum(axis=1) / max(share.shape[1] - 1, 1)
    return 1.0 - _over(1.0 - observed_of(sums), 1.0 - chance)


def coincidences(codes: Ints, article: Ints, shape: tuple[int, int]) -> Floats:
    """Return the coincidences of each two values, by article; shape (articles, values, values).

    Args:
        codes: Shape (units, annotators).
        article: Of each unit.
        shape: How many articles and how many values there are.
    """
    articles, values = shape
    each = (codes != MISSING).sum(axis=1)
    weight = _over(np.ones(len(codes)), each - 1.0, 0.0)
    pairs = np.zeros(articles * values * values)
    for one in range(codes.shape[1]):
        for other in range(one):
            both = (codes[:, one] != MISSING) & (codes[:, other] != MISSING)
            cells = (article[both] * values + codes[both, one]) * values + codes[both, other]
            pairs += np.bincount(cells, weight[both], len(pairs))
    half = pairs.reshape(articles, values, values)
    return half + half.transpose(0, 2, 1)


def alpha_of(sums: Floats) -> Floats:
    """Return Krippendorff's nominal alpha of each row of coincidences, shape (rows, values, values)."""
    margin = sums.sum(axis=2)
    total = margin.sum(axis=1)
    observed = total - np.trace(sums, axis1=1, axis2=2)
    return 1.0 - _over((total - 1.0) * observed, total**2 - (margin**2).sum(axis=1))


def against_rest(some: Floats, value: int) -> Floats:
    """Return tables, or coincidences, of all values as those of one value and the rest, shape (rows, 2, 2)."""
    both = some[:, value, value]
    first, second = some[:, value, :].sum(axis=1) - both, some[:, :, value].sum(axis=1) - both
    rest = some.sum(axis=(1, 2)) - both - first - second
    return np.stack([both, first, second, rest], axis=1).reshape(-1, 2, 2)


def _over(above: Floats, below: Floats, otherwise: float = NAN) -> Floats:
    """Divide, where there is something above 0 to divide by but for what the last bits make."""
    above, below = np.broadcast_arrays(np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64))
    share: Floats = np.divide(above, below, out=np.full(above.shape, otherwise), where=below > BITS)
    return share
