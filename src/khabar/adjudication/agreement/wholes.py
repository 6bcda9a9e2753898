"""Agreement on where spans are and what they are, taken together: the unitizing family, alpha_U and gamma.

The unitizing coefficients look at outermost spans, which do not overlap; gamma at all spans.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from khabar.adjudication.agreement import alpha_u, unitizing
from khabar.adjudication.agreement.alignment import Units
from khabar.adjudication.agreement.codes import Floats
from khabar.adjudication.agreement.continuum import Continuum, joined
from khabar.adjudication.agreement.gamma import Disorder, Gamma, Settings, gamma
from khabar.adjudication.agreement.judgements import Judgements
from khabar.adjudication.agreement.measures import Measure, Taken, of_sums, row_by_row
from khabar.adjudication.agreement.pairs import Couple
from khabar.adjudication.agreement.shuffling import Marked, marked
from khabar.adjudication.agreement.units import names, outermost_rows
from khabar.model.agreement import ALL
from khabar.model.columns import Ints, Mask

UNLIKE = "the articles were read by different numbers of annotators: see the pairs"
NOTHING = "nobody marked anything, or all mark the same one thing"

FAMILY = {
    "u_alpha": unitizing.u_alpha,
    "binary_u_alpha": unitizing.binary_u_alpha,
    "cu_alpha": unitizing.cu_alpha,
}


def readings(couples: Sequence[Couple]) -> Iterator[tuple[str, Mask]]:
    """Yield whose readings are compared: those of all annotators, then of each pair; shape (articles, annotators)."""
    told, layer = couples[0].told, couples[0].layer
    covers = told.covers[layer]
    yield ALL, covers & (covers.sum(axis=1) > 1)[:, None]
    if len(couples) > 1:  # else what is of all is of the pair
        for couple in couples:
            both = np.zeros_like(covers)
            for annotator in couple.annotators:
                both[couple.read, annotator] = True
            yield f"pair {couple.name}", both


def whole_measures(couples: Sequence[Couple], settings: Settings) -> Iterator[Measure]:
    """Yield the unitizing coefficients and gamma with its kin."""
    for measure in (*_unitizing(couples), *_gamma(couples, settings)):
        yield measure
        if len(couples) == 1 and measure.of == ALL:
            yield replace(measure, of=f"pair {couples[0].name}")


def _unitizing(couples: Sequence[Couple]) -> Iterator[Measure]:
    """Yield the coefficients of 2016 and that of 1995."""
    told, layer = couples[0].told, couples[0].layer
    rows = outermost_rows(told, layer)
    labels = names(told, layer)
    for of, readers in readings(couples):
        texts = continua(told, layer, rows, readers)
        read = np.flatnonzero(readers.any(axis=1))
        n = np.bincount(read, [len(text.start) for text in texts], len(told.articles)).astype(np.int64)
        sums = np.zeros((len(told.articles), _width(len(labels))))
        for article, text in zip(read.tolist(), texts, strict=True):
            sums[article] = _flat(unitizing.coincidences(text, len(labels)))
        for name, value in FAMILY.items():
            taken = of_sums(sums, row_by_row(lambda row, value=value: value(_pairs(row, len(labels)))))  # type: ignore[misc]
            yield Measure(name, n, "outermost spans", taken, read, of, NOTHING)
        yield Measure("alpha_u", n, "outermost spans", _alpha_u(texts, read), read, of, UNLIKE)
        if of == ALL:
            compared = rows[readers[told.marks.article[rows], told.marks.annotator[rows]]]
            yield from _of_labels(couples[0], compared, sums, read)


def _of_labels(couple: Couple, rows: Ints, sums: Floats, read: Ints) -> Iterator[Measure]:
    """Yield (k)u-alpha of each label."""
    told, (first, labels) = couple.told, couple.told.offset(couple.layer)
    because = "no span of it, or none of another label, meets another's"
    for number, label in enumerate(names(told, couple.layer)):
        own = rows[told.marks.label[rows] == first + number]
        n = np.bincount(told.marks.article[own], minlength=len(told.articles))
        taken = of_sums(_against_rest(sums, labels, number), row_by_row(_ku_alpha))
        yield Measure("ku_alpha", n, "outermost spans", taken, read, f"label {label}", because)


def _ku_alpha(row: Floats) -> float:
    return unitizing.ku_alpha(_pairs(row, 2), 0)


def _against_rest(sums: Floats, labels: int, number: int) -> Floats:
    """Return the coincidences of all labels as those of one and the rest: (k)u-alpha looks at no more."""
    group = np.where(np.arange(labels + 1) == number + 1, 1, 2)
    group[unitizing.GAP] = unitizing.GAP
    to_three = (group[:, None] == np.arange(3)).astype(np.float64)
    values = labels + 1
    table = sums[:, : values * values].reshape(-1, values, values)
    three = np.einsum("aij,ik,jl->akl", table, to_three, to_three, optimize=True)
    itself, in_spans = (part @ to_three for part in np.split(sums[:, values * values :], 2, axis=1))
    return np.concatenate([three.reshape(-1, 9), itself, in_spans], axis=1)


def continua(told: Judgements, layer: str, rows: Ints, readers: Mask) -> list[Continuum]:
    """Return the continuum of each article that was read, its readers numbered from 0."""
    first, _ = told.offset(layer)
    number = readers.cumsum(axis=1) - 1
    marks = told.marks
    rows = rows[readers[marks.article[rows], marks.annotator[rows]]]
    rows = rows[np.argsort(marks.article[rows], kind="stable")]
    found = []
    for article in np.flatnonzero(readers.any(axis=1)).tolist():
        begin, end = np.searchsorted(marks.article[rows], [article, article + 1])
        own = rows[begin:end]
        who = number[article, marks.annotator[own]]
        columns = (who, marks.start[own], marks.end[own], marks.label[own] - first)
        found.append(Continuum(*columns, int(told.length[article]), int(readers[article].sum())))
    return found


def _width(labels: int) -> int:
    return (labels + 1) * (labels + 3)


def _flat(pairs: unitizing.Coincidences) -> Floats:
    return np.concatenate([pairs.observed.ravel(), pairs.with_itself, pairs.with_itself_in_spans])


def _pairs(row: Floats, labels: int) -> unitizing.Coincidences:
    values = labels + 1
    table = values * values
    itself = row[table : table + values]
    return unitizing.Coincidences(row[:table].reshape(values, values), itself, row[table + values :])


def _alpha_u(texts: list[Continuum], read: Ints) -> Taken:
    """Take alpha_U, which is defined where as many annotators read each text."""

    def taken(weights: Floats, articles: Ints) -> Floats:
        some = [texts[at] for at in np.searchsorted(read, articles)]
        if len({text.annotators for text in some}) > 1:
            return np.full(len(weights), np.nan)
        return alpha_u.weighted(joined(some), weights)

    return taken


def _gamma(couples: Sequence[Couple], settings: Settings) -> Iterator[Measure]:
    """Yield gamma, gamma_cat, and gamma_k of each label."""
    told, layer = couples[0].told, couples[0].layer
    labels = names(told, layer)
    for of, readers in readings(couples):
        read = np.flatnonzero(readers.any(axis=1))
        rows = told.rows(layer)
        rows = rows[readers[told.marks.article[rows], told.marks.annotator[rows]]]
        n = np.bincount(told.marks.article[rows], minlength=len(told.articles))
        found = _placed(gamma(_parts(told, layer, rows, readers), len(labels), settings), readers)
        note = _how(found) if n.any() else ""
        for name, value in (("gamma", Gamma.gamma), ("gamma_cat", Gamma.gamma_cat)):
            yield Measure(name, n, "spans", _taken(found, value), read, of, NOTHING, note=note)
        if of == ALL:
            first, _ = told.offset(layer)
            for number, label in enumerate(labels):
                own = np.bincount(told.marks.article[rows[told.marks.label[rows] == first + number]], minlength=len(n))

                def gamma_k(some: Gamma, weights: Floats, number: int = number) -> Floats:
                    return some.gamma_k(number, weights)

                yield Measure(
                    "gamma_k",
                    own,
                    "spans",
                    _taken(found, gamma_k),
                    read,
                    f"label {label}",
                    "no span of it is aligned with another",
                )


def _how(found: Gamma) -> str:
    precision = found.precision()
    within = "" if np.isnan(precision) else f", expected disorder within {precision:.2%}"
    return f"each article shuffled {found.shuffles} times{within}"


def _parts(told: Judgements, layer: str, rows: Ints, readers: Mask) -> list[Marked]:
    """Return the articles that two annotators read, those that three did, and so on, with the spans to be aligned."""
    marks, (first, _) = told.marks, told.offset(layer)
    number, parts = readers.cumsum(axis=1) - 1, []
    for articles in _by_readers(readers):
        own = rows[np.isin(marks.article[rows], articles)]
        text, who = np.searchsorted(articles, marks.article[own]), number[marks.article[own], marks.annotator[own]]
        units = Units(text, who, marks.start[own], marks.end[own], marks.label[own] - first)
        parts.append(marked(units, int(readers[articles[0]].sum()), told.length[articles]))
    return parts


def _by_readers(readers: Mask) -> list[Ints]:
    """Return the articles of each number of readers, from the smallest number."""
    many = readers.sum(axis=1)
    return [np.flatnonzero(many == number) for number in np.unique(many[many > 0])]


def _placed(found: Gamma, readers: Mask) -> Gamma:
    """Give every article a row, those too that nobody read."""
    articles = np.concatenate(_by_readers(readers))

    def placed(column: Floats) -> Floats:
        wide = np.zeros((len(readers), *column.shape[1:]))
        wide[articles] = column
        return wide

    return Gamma(*(_each(part, placed) for part in (found.observed, found.expected)))


def _each(part: Disorder, change: Callable[[Floats], Floats]) -> Disorder:
    return Disorder(change(part.total), change(part.units), change(part.apart), change(part.weight))


def _taken(found: Gamma, value: Callable[[Gamma, Floats], Floats]) -> Taken:
    def taken(weights: Floats, articles: Ints) -> Floats:
        some = Gamma(*(_each(part, lambda column: column[articles]) for part in (found.observed, found.expected)))
        return value(some, weights)

    return taken
