"""Agreement on spans that the annotators found themselves: ``alpha_u`` of 1995.

Krippendorff (1995), *On the reliability of unitizing continuous data*; (2004), *Content analysis*, 2nd edition, chapter
11.  It squares the distances of span boundaries, so that one long span weighs more than many short ones; every category
is a continuum of its own, and spans of different categories may overlap.  ``u_alpha`` of 2016 bears a similar name and
is another measure (`khabar.adjudication.agreement.unitizing`).
"""

from typing import NamedTuple

import numpy as np

from khabar.adjudication.agreement.codes import Floats
from khabar.adjudication.agreement.continuum import Continuum, gaps
from khabar.errors import Incomparable
from khabar.model.columns import Ints, Mask, ranges

NAN = float("nan")
CELLS = 4_000_000
"""Weighted spans and gaps that are looked at at once: memory is bounded by them."""


class Disagreement(NamedTuple):
    """Observed and expected disagreement of ``alpha_u``, for each row of weights; shape (rows,)."""

    observed: Floats
    expected: Floats


def alpha_u(continuum: Continuum) -> float:
    """Return alpha_U of 1995/2004 over all categories: 1 - sum of observed / sum of expected disagreement.

    Of a single category: ``alpha_u(continuum.take(continuum.category == c))``.  nan where nobody marked anything.

    Raises:
        Incomparable: spans of one annotator and category overlap.
    """
    return float(weighted(continuum, _once(continuum))[0])


def weighted(continuum: Continuum, weights: Floats) -> Floats:
    """Return ``alpha_u`` of the continuum that has each text as often as a row of weights says; shape (rows,).

    Args:
        continuum: Texts end to end.
        weights: Whole numbers, shape (rows, texts).

    Raises:
        Incomparable: spans of one annotator and category overlap.
    """
    total = np.zeros((2, len(weights)))
    for one in np.unique(continuum.category):
        total += disagreement_u(continuum.take(continuum.category == one), weights)
    observed, expected = total
    found: Floats = 1.0 - np.divide(observed, expected, out=np.full(len(weights), NAN), where=expected > 0)
    return found


def disagreement_u(continuum: Continuum, weights: Floats | None = None) -> Disagreement:
    """Return the disagreement on spans of one category.

    Krippendorff (2004).  Observed: (b_g - b_h)^2 + (e_g - e_h)^2 for each two spans of two annotators that intersect,
    the squared length for each span that lies in a gap of another annotator, over ordered pairs of annotators, divided
    by m (m - 1) L^2.  Expected: 2 / L sum_g [(N - 1) (2 l^3 - 3 l^2 + l) / 3 + l^2 sum of (gap - l + 1) over gaps of at
    least l] / (m L (m L - 1) - sum_g l (l - 1)).  Both are 0 with fewer than two annotators.

    All but the sums over gaps is made of sums over texts, which are weighed; in those each gap is weighed by its text.

    Args:
        continuum: What the annotators marked.
        weights: How often each text is there, shape (rows, texts); once, if not said.

    Raises:
        Incomparable: the spans have several categories, or those of one annotator overlap.
    """
    if len(np.unique(continuum.category)) > 1:
        raise Incomparable("alpha_U: spans of several categories, should be one: take one category of the continuum")
    weights = _once(continuum) if weights is None else weights
    readers, length = continuum.annotators, weights @ np.diff(continuum.walls).astype(np.float64)
    if readers <= 1 or not len(continuum.start):
        return Disagreement(np.zeros(len(weights)), np.zeros(len(weights)))
    span = (continuum.end - continuum.start).astype(np.float64)
    text = continuum.text_of(continuum.start)
    texts = weights.shape[1]
    each = (span**0, (2 * span**3 - 3 * span**2 + span) / 3, span**2 - span)
    number, each_in_all, pairs_in_span = (weights @ np.bincount(text, some, texts) for some in each)
    expected = (number - 1) * each_in_all + _in_gaps(continuum, span, text, weights)
    pairs = readers * length * (readers * length - 1) - pairs_in_span
    some = (length > 0) & (pairs > 0)
    return Disagreement(
        observed=_over(weights @ _differences(continuum), readers * (readers - 1) * length**2, some),
        expected=_over(2 * expected, length * pairs, some),
    )


def _once(continuum: Continuum) -> Floats:
    return np.ones((1, len(continuum.borders) + 1))


def _over(above: Floats, below: Floats, where: Mask) -> Floats:
    share: Floats = np.divide(above, below, out=np.zeros(len(above)), where=where)
    return share


def _in_gaps(continuum: Continuum, span: Floats, text: Ints, weights: Floats) -> Floats:
    """Sum over the spans of squared length times the places at which it fits into a gap, for each row of weights."""
    found = gaps(continuum)
    order = np.argsort(found.length, kind="stable")
    gap, where = found.length[order].astype(np.float64), found.text[order]
    fits = np.searchsorted(gap, span)
    totals = np.zeros(len(weights))
    for first in range(0, len(weights), rows := max(1, CELLS // (len(gap) + len(span)))):
        some = weights[first : first + rows]
        own = some[:, where]
        longer, many = (_from_each(each)[:, fits] for each in (own * gap, own))
        totals[first : first + rows] = (some[:, text] * span**2 * (longer + many * (1.0 - span))).sum(axis=1)
    return totals


def _from_each(columns: Floats) -> Floats:
    """Return the sum of each column and those right of it, and 0 right of the last."""
    sums = columns[:, ::-1].cumsum(axis=1)[:, ::-1]
    return np.concatenate([sums, np.zeros((len(columns), 1))], axis=1)


def _differences(continuum: Continuum) -> Floats:
    """Sum of the squared differences between each annotator's spans and what every other marked there, by text."""
    order = np.argsort(continuum.axis + continuum.start)
    who, start, end = continuum.annotator[order], continuum.start[order], continuum.end[order]
    axis = continuum.axis[order]
    readers = np.arange(continuum.annotators)
    # A span's place on the axis of every annotator; the spans it meets there are neighbours.
    shift = readers * continuum.length
    first = np.searchsorted(axis + end, start[:, None] + shift, "right")
    last = np.searchsorted(axis + start, end[:, None] + shift, "left")
    other = who[:, None] != readers
    met = np.where(other, last - first, 0)
    alone = (other & (met == 0)).sum(axis=1)
    rows, partners = ranges(first.ravel(), met.ravel())
    rows //= len(readers)
    moved = (start[rows] - start[partners]) ** 2 + (end[rows] - end[partners]) ** 2
    # A span alone is counted as a span in a gap, and as a gap around a span.
    each = np.bincount(rows, moved, len(start)) + 2.0 * alone * (end - start) ** 2
    return np.bincount(continuum.text_of(start), each, len(continuum.borders) + 1).astype(np.float64)
