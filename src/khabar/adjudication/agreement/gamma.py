"""Mathet's gamma: agreement on places and categories at once, and its kin for the categories alone.

gamma: Mathet, Widlöcher & Métivier (2015), *The unified and holistic method gamma for inter-annotator agreement measure
and alignment*.  gamma_cat, gamma_k: Mathet (2017), *The agreement measure gamma_cat as a complement to gamma focused on
categorization of a continuum*.

All are 1 - observed / expected disorder.  gamma: sum of the disorders of the best alignment's unitary alignments over
the mean number of units an annotator marked.  gamma_cat: mean d_cat of the pairs of units that are aligned, a pair
weighing max(0, 1 - d_pos / Δ) / (units in its unitary alignment - 1); gamma_k: of those pairs in which either unit has
category k.  Expected is the mean of the same over shuffled texts (`khabar.adjudication.agreement.shuffling`).

Several texts are one continuum that is aligned and shuffled within each text: sums over texts, divided at the end, so
that resampling of texts costs nothing.  All depends on the settings, the number of shuffles and the seed: print them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from khabar.adjudication.agreement.alignment import Alignment, Dissimilarity, best_alignment
from khabar.adjudication.agreement.codes import Floats
from khabar.adjudication.agreement.shuffling import Marked, shuffled, stacked
from khabar.adjudication.matching import Pairs
from khabar.adjudication.packing import NONE

NAN = float("nan")
CONFIDENCE = 1.96
"""Standard errors in 95 %."""
TOGETHER = 500
"""Texts that are aligned at a time, shuffled ones too: enough to be quick, few enough for memory.  Every annotator
beyond the third multiplies the sets of units that could be aligned."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a gamma depends on besides the annotations.

    Attributes:
        dissimilarity: How units differ.
        apart: Mean lengths of units that two shifts lie apart at least: 1 in the paper, 0.5 in the authors' program.
        confidence: What d_pos counts in the confidence of a pair: 1 in the paper, alpha in the authors' program.
        shuffled: Shuffled texts that the expected disorder is measured on at least, 30 in the paper.
        shuffles: How often every text is shuffled at least, however many there are.
        precision: How far, relatively, the expected disorder may be off, in 95 of 100 cases; texts are shuffled more
            often until it is reached.  The paper names 5, 2 and 1 %.
        seed: Of the shuffling.
    """

    dissimilarity: Dissimilarity = field(default_factory=Dissimilarity)
    apart: float = 1.0
    confidence: float = 1.0
    shuffled: int = 30
    shuffles: int = 10
    precision: float = 0.02
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Disorder:
    """What gamma and its kin are made of, text by text; weighted sums over texts give them.

    Attributes:
        total: Sum of the disorders of unitary alignments, shape (texts, times).
        units: Mean number of units that an annotator marked, same shape.
        apart: Weighted sum of d_cat over aligned pairs, by category that either unit has, all pairs last; shape (texts,
            times, categories + 1).
        weight: Sum of the weights, same shape.
    """

    total: Floats
    units: Floats
    apart: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class Gamma:
    """Observed and expected disorder of some texts.

    Attributes:
        observed: Of what was marked: one time.
        expected: Of what chance would have: as many times as texts were shuffled.
    """

    observed: Disorder
    expected: Disorder

    @property
    def shuffles(self) -> int:
        """How often each text was shuffled."""
        return int(self.expected.total.shape[1])

    def gamma(self, weights: Floats | None = None) -> Floats:
        """Return gamma for each row of weights of the texts, shape (rows, texts); each text once, if not given.

        nan where nobody marked anything.
        """
        observed, expected = (_mean_ratio(each.total, each.units, weights) for each in (self.observed, self.expected))
        return _corrected(observed, expected)

    def gamma_cat(self, weights: Floats | None = None) -> Floats:
        """Return gamma_cat for each row of weights; nan where no units are aligned, or chance would not differ."""
        return self.gamma_k(-1, weights)

    def gamma_k(self, category: int, weights: Floats | None = None) -> Floats:
        """Return gamma_k of a category for each row of weights; nan where no aligned unit has it."""
        parts = ((each.apart[..., category], each.weight[..., category]) for each in (self.observed, self.expected))
        observed, expected = (_mean_ratio(*part, weights) for part in parts)
        return _corrected(observed, expected)

    def precision(self, weights: Floats | None = None) -> float:
        """Return how far off, relatively, the expected disorder may be, in 95 of 100 cases; nan where it is not known.

        The standard error of the sum over texts, from what varies between the shuffles of each text.
        """
        total, share = self.expected.total, np.ones(len(self.expected.total)) if weights is None else weights
        mean = share @ total.mean(axis=1)
        if total.shape[1] < 2 or not mean > 0:  # noqa: PLR2004 (one says nothing of variance)
            return NAN
        error = np.sqrt(share**2 @ total.var(axis=1, ddof=1) / total.shape[1])
        return float(CONFIDENCE * error / mean)


def gamma(texts: Sequence[Marked], categories: int, settings: Settings) -> Gamma:
    """Return what gamma, gamma_cat and gamma_k of some texts are made of, the texts in the order of their parts.

    Args:
        texts: What was marked in them: a part for those that two annotators read, one for those that three did, ...
        categories: How many categories there are, used or not.
        settings: What else it depends on.

    Raises:
        NotFound: scipy is not installed.
    """
    observed = _disorder([[part] for part in texts], categories, settings)
    times = max(settings.shuffles, -(-settings.shuffled // max(len(observed.total), 1)))
    found = Gamma(observed, _expected(texts, categories, settings, range(times)))
    precise = found.precision()
    if precise > settings.precision:
        # The error falls with the root of the number of shuffles.
        needed = int(np.ceil(times * (precise / settings.precision) ** 2))
        more = _expected(texts, categories, settings, range(times, needed))
        found = Gamma(observed, _joined([found.expected, more], axis=1))
    return found


def _expected(texts: Sequence[Marked], categories: int, settings: Settings, times: range) -> Disorder:
    """Disorder of shuffled texts; each time has random numbers of its own, however many there are."""
    at_once = max(TOGETHER // max(sum(len(part.length) for part in texts), 1), 1)
    found = []
    for first in range(0, len(times), at_once):
        some = times[first : first + at_once]
        made = []
        for number, part in enumerate(texts):
            randoms = (np.random.default_rng([settings.seed, number, time]) for time in some)
            made.append([shuffled(part, random, settings.apart) for random in randoms])
        found.append(_disorder(made, categories, settings))
    return _joined(found, axis=1)


def _disorder(parts: Sequence[Sequence[Marked]], categories: int, settings: Settings) -> Disorder:
    """Disorder of the best alignment of each part of the texts, as they are marked at several times."""
    found = []
    for times in parts:
        texts = stacked(times)
        at_once = max(TOGETHER // 4 ** max(texts.shape[1] - 3, 0), 1)
        some = [texts.between(first, first + at_once) for first in range(0, len(texts.length), at_once)]
        aligned = [_aligned(each, categories, settings) for each in some]
        columns = [np.concatenate(column) for column in zip(*aligned, strict=True)]
        found.append(Disorder(*(each.reshape(len(times), -1, *each.shape[1:]).swapaxes(0, 1) for each in columns)))
    return _joined(found, axis=0)


def _aligned(texts: Marked, categories: int, settings: Settings) -> tuple[Floats, Floats, Floats, Floats]:
    """What the best alignment of each text adds: the columns of `Disorder`, once."""
    found = best_alignment(texts.units, texts.shape, settings.dissimilarity)
    return found.disorder, texts.sizes.mean(axis=1), *_of_categories(texts, found, categories, settings)


def _joined(parts: Sequence[Disorder], axis: int) -> Disorder:
    """Put texts (axis 0) or times (axis 1) one after the other."""
    columns = ("total", "units", "apart", "weight")
    return Disorder(*(np.concatenate([getattr(each, name) for each in parts], axis=axis) for name in columns))


def _of_categories(texts: Marked, found: Alignment, categories: int, settings: Settings) -> tuple[Floats, Floats]:
    """Weighted sums of d_cat and of weights over aligned pairs, shape (texts, categories + 1) each."""
    size = (found.sets != NONE).sum(axis=1)
    shape = (len(texts.length), categories + 1)
    apart, weight = np.zeros(shape), np.zeros(shape)
    for one, other in combinations(range(found.sets.shape[1]), 2):
        both = (found.sets[:, [one, other]] != NONE).all(axis=1)
        pairs = Pairs(found.sets[both, one], found.sets[both, other])
        dissimilarity = settings.dissimilarity
        far = settings.confidence * dissimilarity.places(texts.units, pairs) / dissimilarity.empty
        confidence = np.maximum(0.0, 1.0 - far) / (size[both] - 1)
        differs = confidence * dissimilarity.categories(texts.units, pairs)
        text = texts.units.text[pairs.one]
        first, second = texts.units.category[pairs.one], texts.units.category[pairs.other]
        # A pair counts for either category, once where both are the same, and for all.
        for category, counts in ((first, True), (second, first != second), (np.full(len(text), categories), True)):
            np.add.at(apart, (text, category), np.where(counts, differs, 0.0))
            np.add.at(weight, (text, category), np.where(counts, confidence, 0.0))
    return apart, weight


def _mean_ratio(over: Floats, under: Floats, weights: Floats | None) -> Floats:
    """Mean over times of the ratio of the weighted sums over texts; times with nothing to divide by are left out."""
    share = np.ones((1, len(over))) if weights is None else weights
    above, below = share @ over, share @ under
    some = below > 0
    ratio = np.divide(above, below, out=np.zeros_like(above), where=some)
    times = some.sum(axis=1)
    mean: Floats = np.divide(ratio.sum(axis=1), times, out=np.full(len(share), NAN), where=times > 0)
    return mean


def _corrected(observed: Floats, expected: Floats) -> Floats:
    share: Floats = np.divide(observed, expected, out=np.full(len(observed), NAN), where=expected > 0)
    return 1.0 - share
