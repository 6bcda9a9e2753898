"""A measure of some articles that can be taken of any selection of them, and the interval that resampling gives it.

The bootstrap draws articles, not spans: what one article holds hangs together (Efron & Tibshirani 1993, *An
introduction to the bootstrap*, chapter 13: percentiles).  A measure is a function of what each article adds, and is
taken of a resample by weighing that, with multinomial weights: no span is compared again.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from khabar.adjudication.agreement.codes import Floats
from khabar.model.agreement import ALL, Figure, Setting
from khabar.model.columns import Ints

Taken = Callable[[Floats, Ints], Floats]
"""Takes a measure: weights of shape (rows, articles) and the numbers of those articles; one value a row, nan where it
is undefined."""


@dataclass(frozen=True, eq=False)
class Measure:
    """What can be taken of any selection of articles.

    Attributes:
        name: As it stands in ``agreement.json``.
        n: How many things it compares in each article, shape (articles,).
        unit: What they are.
        taken: Takes it.
        of: What it is of: ``all``, a label, a pair of annotators.
        read: In which articles it has something to compare, whether anything was marked or not; numbers, ascending.
        undefined: Why it may be undefined though there is something to compare.
        note: What else is to be said of it.
    """

    name: str
    n: Ints
    unit: str
    taken: Taken
    read: Ints
    of: str = ALL
    undefined: str = "chance leaves nothing to disagree on: one value only"
    note: str = ""


def of_sums(sums: Floats, value: Callable[[Floats], Floats]) -> Taken:
    """Return how a function of sums over articles is taken.

    Args:
        sums: What each article adds, shape (articles, ...).
        value: From sums of shape (rows, ...) to a value for each row.
    """
    flat = sums.reshape(len(sums), -1)

    def taken(weights: Floats, articles: Ints) -> Floats:
        return value((weights @ flat[articles]).reshape(len(weights), *sums.shape[1:]))

    return taken


def ratio(sums: Floats) -> Floats:
    """Return the first of two sums over the second, nan where that is 0; shape (rows, 2) to (rows,)."""
    above, below = sums[:, 0], sums[:, 1]
    share: Floats = np.divide(above, below, out=np.full(len(sums), np.nan), where=below > 0)
    return share


def row_by_row(value: Callable[[Floats], float]) -> Callable[[Floats], Floats]:
    """Return a function of one row's sums as a function of many."""

    def values(sums: Floats) -> Floats:
        return np.array([value(row) for row in sums], dtype=np.float64)

    return values


class Resampling:
    """Draws articles anew, the same way for every measure of the same articles."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._drawn: dict[int, Floats] = {}

    def weights(self, articles: int) -> Floats:
        """Return how often each article is drawn, shape (resamples, articles)."""
        if articles not in self._drawn:
            random = np.random.default_rng([self._setting.seed, articles])
            drawn = random.multinomial(articles, np.full(articles, 1 / articles), self._setting.resamples)
            self._drawn[articles] = drawn.astype(np.float64)
        return self._drawn[articles]

    def figure(self, measure: Measure, articles: Ints) -> Figure:
        """Return the figure of a measure in some of the articles that it has something to compare in."""
        n = int(measure.n[articles].sum())
        value = float(measure.taken(np.ones((1, len(articles))), articles)[0]) if n else np.nan
        figure = Figure(value=None, n=n, unit=measure.unit, articles=len(articles), note=measure.note)
        if np.isnan(value):
            return _noted(figure, measure.undefined if n else f"no {measure.unit} to compare")
        figure = replace(figure, value=_shown(value))
        if len(articles) == 1:
            return _noted(figure, "no interval: it is one article")
        return self._with_interval(figure, measure.taken(self.weights(len(articles)), articles))

    def _with_interval(self, figure: Figure, values: Floats) -> Figure:
        """Add the interval of the values that resamples have."""
        defined = values[~np.isnan(values)]
        lost = len(values) - len(defined)
        if not len(defined):
            return _noted(figure, f"no interval: undefined in all {lost} resamples")
        outside = (1 - self._setting.level) / 2
        low, high = np.quantile(defined, [outside, 1 - outside])
        note = f"interval of {len(defined)} resamples: undefined in {lost}" if lost else ""
        return _noted(replace(figure, low=_shown(low), high=_shown(high)), note)


def _noted(figure: Figure, note: str) -> Figure:
    return replace(figure, note="; ".join(filter(None, (note, figure.note))))


def _shown(value: float) -> float:
    """Round to what a figure can carry, so that a file does not change with the last bit of a sum."""
    return round(float(value), 6) + 0.0
