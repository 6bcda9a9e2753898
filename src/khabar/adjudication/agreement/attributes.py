"""Agreement on what spans are said to be besides their label: their attributes that are chosen from a list.

``<attribute>_kappa``: Cohen's, on matched spans that both may have it; to say nothing is a value.

Of an attribute that is ``ordered``, values that lie side by side differ less than others.  To say nothing has no place
on a scale and is no answer.  ``<attribute>_weighted_kappa``: Cohen's (1968) of each two annotators, by how many steps
two values are apart, on matched spans of which both say it.  ``<attribute>_ordinal_alpha``: Krippendorff's (2011; Hayes
& Krippendorff 2007) of all annotators, on spans that match under one label and of which two or more say it.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from khabar.adjudication.agreement.codes import MISSING, Floats
from khabar.adjudication.agreement.judgements import Judgements, values_of
from khabar.adjudication.agreement.measures import Measure, of_sums
from khabar.adjudication.agreement.pairs import Couple, grouped
from khabar.adjudication.agreement.spans import pooled
from khabar.adjudication.agreement.sums import cohen_of, coincidences, linear, ordinal_alpha_of, tables
from khabar.model.agreement import ALL
from khabar.model.columns import Ints, Mask

UNIT = "matched spans"


def attribute_measures(told: Judgements, layer: str, couples: Sequence[Couple]) -> Iterator[Measure]:
    """Yield what is measured on the attributes of a layer: of all, of each pair; on a scale of each label too."""
    for name in told.labels.attributes_of(layer):
        if name in told.choices:
            said = [_said(couple, name, _may(told, name)) for couple in couples]
            for of, some, read in pooled(couples, said):
                yield _kappa(f"{name}_kappa", some, cohen_of, (of, read))
            if name in told.labels.ordered:
                yield from _weighted_kappas(name, couples, said)
                yield from _ordinal_alphas(name, couples)


def _may(told: Judgements, attribute: str) -> Mask:
    """Tell of each label whether it may have an attribute, shape (labels,)."""
    return np.array([told.labels.attribute(label, attribute) is not None for label in told.labels.labels])


def _of_each_label(couple: Couple, attribute: str) -> Iterator[tuple[str, int]]:
    """Yield the name and number of each label of the layer that may have an attribute."""
    first, labels = couple.told.offset(couple.layer)
    names, may = list(couple.told.labels.labels), _may(couple.told, attribute)
    yield from ((names[number], number) for number in range(first, first + labels) if may[number])


def _said(couple: Couple, attribute: str, whose: Mask) -> Floats:
    """Values of an attribute of matched spans, by article; to say nothing is the last.

    Args:
        couple: The two annotators.
        attribute: Its name.
        whose: The labels, one of which each of the two spans has, shape (labels,).
    """
    told, (one, other) = couple.told, couple.matches
    both = whose[told.marks.label[one]] & whose[told.marks.label[other]]
    nothing = len(values_of(told.labels, attribute))
    codes = np.stack([told.choices[attribute][one[both]], told.choices[attribute][other[both]]], axis=1)
    codes = np.where(codes < 0, nothing, codes)
    return tables(codes, told.marks.article[one[both]], (len(told.articles), nothing + 1))


def _kappa(name: str, some: Floats, value: Callable[[Floats], Floats], about: tuple[str, Ints]) -> Measure:
    of, read = about
    return Measure(name, some.sum(axis=(1, 2)).astype(np.int64), UNIT, of_sums(some, value), read, of)


def _weighted_kappas(attribute: str, couples: Sequence[Couple], said: Sequence[Floats]) -> Iterator[Measure]:
    name, labels = f"{attribute}_weighted_kappa", couples[0].told.labels
    value = partial(cohen_of, apart=linear(len(values_of(labels, attribute))))
    for of, some, read in pooled(couples, [each[:, :-1, :-1] for each in said]):
        yield _kappa(name, some, value, (of, read))
    for label, number in _of_each_label(couples[0], attribute):
        own = np.arange(len(labels.labels)) == number
        _, some, read = next(pooled(couples, [_said(couple, attribute, own)[:, :-1, :-1] for couple in couples]))
        yield _kappa(name, some, value, (f"label {label}", read))


class _Answers(NamedTuple):
    """What annotators say of spans that they match under one label; shape (units,), of codes (units, annotators)."""

    article: Ints
    label: Ints
    codes: Ints


def _answers(couple: Couple, attribute: str) -> _Answers:
    told, marks = couple.told, couple.told.marks
    group, choice = grouped(told, couple.layer, couple.relaxed), told.choices[attribute]
    rows = told.rows(couple.layer)
    rows = rows[(choice[rows] >= 0) & _may(told, attribute)[marks.label[rows]]]
    # A group is numbered by its first span.
    first, unit = np.unique(group[rows], return_inverse=True)
    codes = np.full((len(first), len(told.annotators)), MISSING)
    codes[unit.ravel(), marks.annotator[rows]] = choice[rows]
    return _Answers(marks.article[first], marks.label[first], codes)


def _ordinal_alphas(attribute: str, couples: Sequence[Couple]) -> Iterator[Measure]:
    told = couples[0].told
    shape = (len(told.articles), len(values_of(told.labels, attribute)))
    article, label, codes = _answers(couples[0], attribute)
    read = np.flatnonzero(np.any([couple.read for couple in couples], axis=0))

    def measure(of: str, some: Ints, own: Ints, articles: Ints) -> Measure:
        n = np.bincount(own[(some != MISSING).sum(axis=1) > 1], minlength=shape[0])
        taken = of_sums(coincidences(some, own, shape), ordinal_alpha_of)
        return Measure(f"{attribute}_ordinal_alpha", n, UNIT, taken, articles, of)

    yield measure(ALL, codes, article, read)
    for couple in couples:
        yield measure(f"pair {couple.name}", codes[:, list(couple.annotators)], article, np.flatnonzero(couple.read))
    for name, number in _of_each_label(couples[0], attribute):
        own = label == number
        yield measure(f"label {name}", codes[own], article[own], read)
