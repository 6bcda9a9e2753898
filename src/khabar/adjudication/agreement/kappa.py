"""Agreement on units that are given: kappa and its kin.

All have the form 1 - observed / expected disagreement and part in what they expect by chance.  They are nan where that
is nothing or cannot be told: no unit with two answers, or one value only.  Weights are weights of *disagreement*,
shape (values, values), 0 on the diagonal; only their proportions count.  Artstein & Poesio (2008), *Inter-coder
agreement for computational linguistics*, compare the coefficients and their names.
"""

import numpy as np

from khabar.adjudication.agreement.codes import MISSING, Floats, checked, scale, value_counts
from khabar.errors import Incomparable
from khabar.model.columns import Ints

NAN = float("nan")


def nominal(values: int) -> Floats:
    """Return weights by which all values differ alike."""
    return 1.0 - np.eye(values)


def linear(values: int) -> Floats:
    """Return weights that grow with the steps between two values of an ordered scale."""
    place = np.arange(values, dtype=np.float64)
    return np.abs(place[:, None] - place)


def quadratic(values: int) -> Floats:
    """Return weights that grow with the square of the steps between two values of an ordered scale."""
    return linear(values) ** 2


def observed_agreement(codes: Ints) -> float:
    """Return how often two annotators of a unit give the same value, averaged over units with two answers or more.

    Fleiss (1971): mean over units of sum_k n_uk (n_uk - 1) / (n_u (n_u - 1)).

    Args:
        codes: Shape (units, annotators).
    """
    return 1.0 - _observed(value_counts(codes))


def cohen(codes: Ints, weights: Floats | None = None) -> float:
    """Return Cohen's kappa of two annotators, each with a chance distribution of their own.

    Cohen (1960), *A coefficient of agreement for nominal scales*; weighted: Cohen (1968), *Weighted kappa*.
    1 - sum_ck w_ck p_ck / sum_ck w_ck p_c. p_.k over the units that both answered.

    Args:
        codes: Shape (units, 2).
        weights: Of disagreement; all alike, if not given.
    """
    first, second, joint = _joint(codes)
    return _ratio(joint, first[:, None] * second, weights)


def scott(codes: Ints, weights: Floats | None = None) -> float:
    """Return Scott's pi of two annotators, with one chance distribution for both.

    Scott (1955), *Reliability of content analysis*.  1 - sum_ck w_ck p_ck / sum_ck w_ck p_c p_k with p the mean of both
    annotators' shares, over the units that both answered.

    Args:
        codes: Shape (units, 2).
        weights: Of disagreement; all alike, if not given.
    """
    first, second, joint = _joint(codes)
    pooled = (first + second) / 2
    return _ratio(joint, pooled[:, None] * pooled, weights)


def fleiss(codes: Ints) -> float:
    """Return Fleiss' kappa: Scott's pi for any number of annotators, who need not be the same for every unit.

    Fleiss (1971), *Measuring nominal scale agreement among many raters*; the K of Siegel & Castellan (1988), and not
    a generalisation of Cohen's kappa (that is ``davies_fleiss``).  (P - P_e) / (1 - P_e), P_e = sum_k p_k^2.  Where the
    number of answers varies, a unit's agreement counts once and p_k is the mean of the units' shares (Gwet 2014).

    Args:
        codes: Shape (units, annotators).
    """
    counts = value_counts(codes)
    share = _share(counts)
    return _corrected(_observed(counts), float((np.outer(share, share) * nominal(len(share))).sum()))


def davies_fleiss(codes: Ints) -> float:
    """Return the generalised Cohen's kappa: each annotator has a chance distribution of their own.

    Davies & Fleiss (1982), *Measuring agreement for multinomial data*; also Conger (1980).  Observed and expected
    agreement of Cohen's kappa, each averaged over all pairs of annotators.  Only units that all have answered count:
    with annotators who took turns, use ``fleiss``, ``ac1`` or Krippendorff's alpha.

    Args:
        codes: Shape (units, annotators).
    """
    codes = checked(codes)
    full = codes[(codes != MISSING).all(axis=1)]
    annotators, values = full.shape[1], scale(full)
    if annotators < 2 or not len(full):  # noqa: PLR2004 (two make a pair)
        return NAN
    cells = full + np.arange(annotators) * values
    shares = np.bincount(cells.ravel(), minlength=annotators * values).reshape(annotators, values) / len(full)
    # sum over pairs i != j of p_i p_j = (sum p)^2 - sum p^2
    pooled = shares.sum(axis=0)
    pairs = annotators * (annotators - 1)
    expected = ((np.outer(pooled, pooled) - shares.T @ shares) * nominal(values)).sum() / pairs
    return _corrected(_observed(value_counts(full)), float(expected))


def ac1(codes: Ints, values: int) -> float:
    """Return Gwet's AC1, which stays near the observed agreement where one value is rare and kappa falls.

    Gwet (2008), *Computing inter-rater reliability and its variance in the presence of high agreement*.
    P_e = sum_k p_k (1 - p_k) / (values - 1); units with one answer count for p_k alone.

    Args:
        codes: Shape (units, annotators).
        values: How many values the scale has, used or not: AC1 depends on it.  nan where it is 1.
    """
    return ac2(codes, nominal(values))


def ac2(codes: Ints, weights: Floats) -> float:
    """Return Gwet's AC2: AC1 with degrees of disagreement.

    Gwet (2014), *Handbook of inter-rater reliability*, 4th edition.  With a_ck = 1 - w_ck / max w:
    P_e = sum_ck a_ck sum_k p_k (1 - p_k) / (values (values - 1)).

    Args:
        codes: Shape (units, annotators).
        weights: Of disagreement, one row for each value of the scale.
    """
    values = len(weights)
    if values <= 1 or not weights.any():
        return NAN
    distance = weights / weights.max()
    counts = value_counts(codes, values)
    share = _share(counts)
    chance = (1.0 - distance).sum() * (share * (1.0 - share)).sum() / (values * (values - 1))
    return _corrected(_observed(counts, distance), float(1.0 - chance))


def _observed(counts: Floats, weights: Floats | None = None) -> float:
    """Mean weight of disagreement of two annotators of a unit, over units with two answers or more."""
    answers = counts.sum(axis=1)
    paired = answers > 1
    if not paired.any():
        return NAN
    if weights is None:
        differ = answers**2 - np.einsum("uk,uk->u", counts, counts)
    else:
        differ = np.einsum("uk,uk->u", counts @ weights, counts)
    return float((differ[paired] / (answers * (answers - 1))[paired]).mean())


def _share(counts: Floats) -> Floats:
    """Share of each value: the mean over the units that anybody answered."""
    answers = counts.sum(axis=1)
    answered = answers > 0
    if not answered.any():
        return np.full(counts.shape[1], NAN)
    weight = np.divide(1.0, answers, out=np.zeros_like(answers), where=answered)
    share: Floats = weight @ counts / answered.sum()
    return share


def _joint(codes: Ints) -> tuple[Floats, Floats, Floats]:
    """Shares of the values of two annotators and of their pairs, over the units that both answered."""
    codes = checked(codes, annotators=2)
    both = codes[(codes != MISSING).all(axis=1)]
    values = scale(both)
    table = np.bincount(both[:, 0] * values + both[:, 1], minlength=values * values).reshape(values, values)
    joint = table / max(len(both), 1)
    return joint.sum(axis=1), joint.sum(axis=0), joint


def _ratio(observed: Floats, expected: Floats, weights: Floats | None) -> float:
    values = len(observed)
    if weights is None:
        weights = nominal(values)
    if len(weights) < values:
        raise Incomparable(f"weights: for {len(weights)} values, the codes have {values}: give one row for each value")
    weights = weights[:values, :values]
    return _corrected(float((observed * weights).sum()), float((expected * weights).sum()))


def _corrected(observed: float, expected: float) -> float:
    return 1.0 - observed / expected if expected > 0 else NAN
