"""Agreement on units that are given: kappa and its kin, Krippendorff's alpha.

Each stands here once, in two parts: what an article adds, and the coefficient of such sums, many rows of sums at once,
which the bootstrap weighs.  All have the form 1 - observed / expected disagreement and part in what they expect by
chance.  They are nan where that is nothing or cannot be told: no unit with two answers, or one value only.  Artstein &
Poesio (2008), *Inter-coder agreement for computational linguistics*, compare the coefficients and their names.

Where some values differ more than others, kappa and alpha are told how far each two are apart: 0 on the diagonal, only
proportions count.
"""

import numpy as np

from khabar.adjudication.agreement.codes import MISSING, Floats
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


def cohen_of(sums: Floats, apart: Floats | None = None) -> Floats:
    """Return Cohen's kappa of each of several tables, shape (rows, values, values).

    Cohen (1960), *A coefficient of agreement for nominal scales*: (p_o - p_e) / (1 - p_e), p_o = sum_k p_kk and p_e =
    sum_k p_k. p_.k over the units that both answered: each annotator has a chance distribution of their own.  Cohen
    (1968), *Weighted kappa*: 1 - sum_ck d_ck p_ck / sum_ck d_ck p_c. p_.k.

    Args:
        sums: The tables.
        apart: How far each two values are apart, shape (values, values); all alike, if not given.
    """
    apart = _nominal(sums.shape[1]) if apart is None else apart
    expected = _over(_crossed(sums.sum(axis=2), sums.sum(axis=1), apart), sums.sum(axis=(1, 2)))
    return 1.0 - _over((sums * apart).sum(axis=(1, 2)), expected)


def linear(values: int) -> Floats:
    """Return how many steps of a scale each two values are apart, shape (values, values)."""
    place = np.arange(values, dtype=np.float64)
    return np.abs(place[:, None] - place)


def answers(codes: Ints, article: Ints, shape: tuple[int, int]) -> Floats:
    """Return what Fleiss' kappa and Gwet's AC1 are made of, by article; shape (articles, 3 + values).

    The sum of the units' agreement, how many units have two answers, how many have one, the sums of the units' shares.
    Counted from columns and pairs of them: a matrix of units and values would be the largest thing in the house.

    Args:
        codes: Shape (units, annotators).
        article: Of each unit.
        shape: How many articles and how many values there are.
    """
    articles, values = shape
    answered = codes != MISSING
    each = answered.sum(axis=1)
    weight = _over(np.ones(len(codes)), each, 0.0)
    alike, shares = np.zeros(len(codes)), np.zeros(articles * values)
    for one in range(codes.shape[1]):
        own = answered[:, one]
        shares += np.bincount(article[own] * values + codes[own, one], weight[own], len(shares))
        for other in range(one):
            alike += own & (codes[:, one] == codes[:, other])
    columns = (_over(2 * alike, each * (each - 1), 0.0), each > 1, each > 0)
    counts = [np.bincount(article, column, articles) for column in columns]
    return np.column_stack([*counts, shares.reshape(articles, values)])


def observed_of(sums: Floats) -> Floats:
    """Return the observed agreement of each row of `answers`.

    Fleiss (1971): the mean over units of sum_k n_uk (n_uk - 1) / (n_u (n_u - 1)), of those with two answers or more.
    """
    return _over(sums[:, AGREEING], sums[:, PAIRED])


def fleiss_of(sums: Floats) -> Floats:
    """Return Fleiss' kappa of each row of `answers`: annotators need not be the same for every unit.

    Fleiss (1971), *Measuring nominal scale agreement among many raters*; of two annotators Scott's pi (1955), and no
    generalisation of Cohen's kappa.  (P - P_e) / (1 - P_e), P_e = sum_k p_k^2.  Where the number of answers varies, a
    unit's agreement counts once and p_k is the mean of the units' shares (Gwet 2014, *Handbook of inter-rater
    reliability*, 4th edition).
    """
    return 1.0 - _over(1.0 - observed_of(sums), 1.0 - (_share(sums) ** 2).sum(axis=1))


def ac1_of(sums: Floats) -> Floats:
    """Return Gwet's AC1 of each row of `answers`; the scale has the values that there are columns for.

    Gwet (2008), *Computing inter-rater reliability and its variance in the presence of high agreement*: P_e =
    sum_k p_k (1 - p_k) / (values - 1); units with one answer count for p_k alone.  It stays near the observed agreement
    where one value is rare and kappa falls.  nan where the scale has one value.
    """
    share = _share(sums)
    values = share.shape[1]
    chance = _over((share * (1.0 - share)).sum(axis=1), np.full(len(sums), values - 1.0))
    return 1.0 - _over(1.0 - observed_of(sums), 1.0 - chance)


def coincidences(codes: Ints, article: Ints, shape: tuple[int, int]) -> Floats:
    """Return the coincidences of each two values, by article; shape (articles, values, values).

    o_ck = sum_u n_uc (n_uk - [c = k]) / (n_u - 1), with n_uc how many gave value c to unit u.

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


def alpha_of(sums: Floats, apart: Floats | None = None) -> Floats:
    """Return Krippendorff's alpha of each row of coincidences, shape (rows, values, values).

    Any number of annotators, answers may be missing.  Krippendorff (1980, 2004), *Content analysis*; (2011), *Computing
    Krippendorff's alpha-reliability*: 1 - (n - 1) sum_ck o_ck d_ck / sum_ck n_c n_k d_ck.

    Args:
        sums: The coincidences.
        apart: How far each two values are apart, shape (values, values) or (rows, values, values); all alike, if not
            given, which makes it the nominal alpha.
    """
    apart = _nominal(sums.shape[1]) if apart is None else apart
    margin = sums.sum(axis=2)
    observed = (margin.sum(axis=1) - 1.0) * (sums * apart).sum(axis=(1, 2))
    return 1.0 - _over(observed, _crossed(margin, margin, apart))


def ordinal_alpha_of(sums: Floats) -> Floats:
    """Return Krippendorff's ordinal alpha of each row of coincidences, shape (rows, values, values).

    Hayes & Krippendorff (2007), *Answering the call for a standard reliability measure for coding data*; Krippendorff
    (2011): d_ck = (sum of n_g from c to k - (n_c + n_k) / 2)^2.  It follows the margins: each resample has its own.
    """
    margin = sums.sum(axis=2)
    rank = margin.cumsum(axis=1) - margin / 2
    return alpha_of(sums, (rank[:, :, None] - rank[:, None, :]) ** 2)


def against_rest(some: Floats, value: int) -> Floats:
    """Return tables, or coincidences, of all values as those of one value and the rest, shape (rows, 2, 2).

    Krippendorff (1980) defines the coefficient of a single category in this way.
    """
    both = some[:, value, value]
    first, second = some[:, value, :].sum(axis=1) - both, some[:, :, value].sum(axis=1) - both
    rest = some.sum(axis=(1, 2)) - both - first - second
    return np.stack([both, first, second, rest], axis=1).reshape(-1, 2, 2)


def _nominal(values: int) -> Floats:
    """Return distances by which all values differ alike, shape (values, values)."""
    return 1.0 - np.eye(values)


def _crossed(first: Floats, second: Floats, apart: Floats) -> Floats:
    """Return sum_ck first_c second_k apart_ck of each row, first and second of shape (rows, values)."""
    total: Floats = ((first[:, None, :] @ apart)[:, 0, :] * second).sum(axis=1)
    return total


def _share(sums: Floats) -> Floats:
    """Return the share of each value: the mean over the units that anybody answered."""
    return _over(sums[:, SHARES:], sums[:, ANSWERED, None])


def _over(above: Floats, below: Floats, otherwise: float = NAN) -> Floats:
    """Divide, where there is something above 0 to divide by but for what the last bits make."""
    above, below = np.broadcast_arrays(np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64))
    share: Floats = np.divide(above, below, out=np.full(above.shape, otherwise), where=below > BITS)
    return share
