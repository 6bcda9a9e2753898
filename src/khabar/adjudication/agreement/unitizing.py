"""Agreement on spans that the annotators found themselves, and on the categories they gave them.

``u_alpha``, ``binary_u_alpha``, ``cu_alpha``, ``ku_alpha``: Krippendorff, Mathet, Bouvry & Widlöcher (2016), *On the
reliability of unitizing textual continua* (erratum in Quality & Quantity 50(6):2365); Krippendorff (2019), *Content
analysis*, 4th edition, section 12.6.  They compare the lengths on which values coincide; an annotator's spans do not
overlap.  ``alpha_u`` of 1995 bears a similar name and is another measure (`khabar.adjudication.agreement.alpha_u`).

Several texts, end to end (``continuum.joined``), are one continuum.  All is nan with fewer than two annotators.
"""

from dataclasses import dataclass

import numpy as np

from khabar.adjudication.agreement.codes import Floats
from khabar.adjudication.agreement.continuum import NONE, Continuum, gaps, sections
from khabar.errors import Incomparable
from khabar.model.columns import Ints

NAN = float("nan")
GAP = 0


@dataclass(frozen=True, slots=True)
class Coincidences:
    """On what length each two values coincide.  Value 0 is the gap, category c is value c + 1.

    Those of several texts add up, which makes resampling of texts cheap.

    Attributes:
        observed: Length on which one annotator gave value c and another k, each ordered pair of annotators weighing
            1 / (annotators - 1); shape (values, values).
        with_itself: Pairings of a unit with itself, which chance could not bring about: the sum of the lengths of gaps,
            of the squared lengths of spans; shape (values,).
        with_itself_in_spans: The same where gaps are left out; shape (values,).  See ``cu_alpha``.
    """

    observed: Floats
    with_itself: Floats
    with_itself_in_spans: Floats

    def __add__(self, other: "Coincidences") -> "Coincidences":
        """Return the coincidences of both."""
        return Coincidences(
            self.observed + other.observed,
            self.with_itself + other.with_itself,
            self.with_itself_in_spans + other.with_itself_in_spans,
        )


def coincidences(continuum: Continuum, categories: int | None = None) -> Coincidences:
    """Return what the 2016 coefficients are made of.

    Args:
        continuum: What the annotators marked.
        categories: How many there are; those that occur, if not said.

    Raises:
        Incomparable: spans of one annotator overlap, or a category lies beyond the categories.
    """
    known = int(continuum.category.max(initial=NONE)) + 1
    categories = known if categories is None else categories
    if known > categories:
        raise Incomparable(f"category {known - 1} is none of {categories}, they count from 0: name all categories")
    values = 1 + categories
    lengths, span = sections(continuum)
    # A last entry that NONE, being -1, picks: the gap.
    value = np.concatenate([continuum.category + 1, [GAP]])[span]
    cells = value + np.arange(len(value))[:, None] * values
    counts = np.bincount(cells.ravel(), minlength=len(value) * values).reshape(-1, values).astype(np.float64)
    others = max(continuum.annotators - 1, 1)
    weighted = counts * (lengths / others)[:, None]
    marked = span != NONE
    # What each span adds to the margin: its length, in as far as others marked anything there.
    shared: Floats = lengths * (marked.sum(axis=1) - 1.0) / others
    share = _sums(span[marked], np.repeat(shared, marked.sum(axis=1)), len(continuum.category))
    size = (continuum.end - continuum.start).astype(np.float64)
    squared = _sums(continuum.category + 1, size**2, values)
    squared[GAP] = gaps(continuum).length.sum()
    return Coincidences(
        observed=weighted.T @ counts - np.diag(weighted.sum(axis=0)),
        with_itself=squared,
        with_itself_in_spans=_sums(continuum.category + 1, share**2, values),
    )


def u_alpha(pairs: Coincidences) -> float:
    """Return the 2016 u-alpha: agreement on where the spans are and on their categories, gaps included.

    1 - D_o / D_e, D_o = l - sum_c l_cc, D_e = l (l^2 - sum_c l_c^2) / (l^2 - S), with l the observed coincidences, S
    the pairings of units with themselves.  nan where one value, or the gap, covers everything for everybody.
    """
    margin = pairs.observed.sum(axis=1)
    total = margin.sum()
    expected = total * (total**2 - (margin**2).sum())
    return _corrected(total - np.trace(pairs.observed), expected, total**2 - pairs.with_itself.sum())


def binary_u_alpha(pairs: Coincidences) -> float:
    """Return the 2016 |u-alpha: agreement on what lies in a span at all, whatever its category.

    1 - l_0* / e_0*: observed and expected coincidences of gaps with spans.  nan where all is gap or nothing is.
    """
    margin = pairs.observed.sum(axis=1)
    total, gap = margin.sum(), margin[GAP]
    expected = total * gap * (total - gap)
    return _corrected(gap - pairs.observed[GAP, GAP], expected, total**2 - pairs.with_itself.sum())


def cu_alpha(pairs: Coincidences) -> float:
    """Return the 2016 cu-alpha: agreement on categories where the spans of two annotators intersect.

    As u-alpha, on coincidences without gaps.  A span pairs with itself on the square of what it adds to the margin: its
    intersections with the others' spans, summed over the other annotators, divided by (annotators - 1).  For three and
    more annotators public programs differ here; this reading alone gives the published 0.724 (Krippendorff 2019, figure
    12.11; the union of the others' spans gives 0.728, the mean of squares over the others 0.726).  nan where fewer than
    two categories intersect.
    """
    observed = pairs.observed[1:, 1:]
    margin = observed.sum(axis=1)
    total = margin.sum()
    expected = total * (total**2 - (margin**2).sum())
    return _corrected(total - np.trace(observed), expected, total**2 - pairs.with_itself_in_spans.sum())


def ku_alpha(pairs: Coincidences, category: int) -> float:
    """Return the 2016 (k)u-alpha: ``cu_alpha`` for one category against the others.

    1 - (e_k / l_k) (l_k - l_kk) / (e_k - e_kk).  nan where the category, or every other, meets no span.

    Args:
        pairs: Coincidences.
        category: Counted from 0.
    """
    value = category + 1
    margin = pairs.observed[1:, 1:].sum(axis=1)
    here, total = margin[category], margin.sum()
    # Of e_k and e_k - e_kk the common factor is left out.
    expected = here * total - pairs.with_itself_in_spans[value]
    different = here * (total - here)
    return _corrected(expected * (here - pairs.observed[value, value]), here * different, 1.0)


def _sums(at: Ints, weights: Floats, size: int) -> Floats:
    """Sum of the weights that go to each place."""
    return np.bincount(at, weights, size).astype(np.float64)


def _corrected(observed: float, expected: float, scale: float) -> float:
    """One less the observed disagreement over the expected, which is still to be divided by ``scale``."""
    return float(1.0 - observed * scale / expected) if expected > 0 and scale > 0 else NAN
