"""Agreement on spans: how many are the same, are in the same place, or match, and what matched spans are said to be.

F1 = 2 matched / (spans of the one + spans of the other) is symmetric and knows no chance, which for spans is next to
nothing; it is what scores of systems are compared with (Hripcsak & Rothschild 2005, *Agreement, the F-measure, and
reliability in information retrieval*).  Measures of all annotators are pooled over their pairs.

``f1``: same place, same label.  ``boundary_f1``: same place.  ``relaxed_f1``: same label, and matched by the optimal
one-to-one matching of spans with an intersection over union of `Setting.relaxed` or more.  ``directed``: the part of
one annotator's spans that another's of the same label overlap (Wiebe, Wilson & Cardie 2005, *Annotating expressions of
opinions and emotions in language*: agr).  ``label_kappa``: Cohen's, on matched spans.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from khabar.adjudication.agreement.codes import Floats
from khabar.adjudication.agreement.judgements import Judgements
from khabar.adjudication.agreement.measures import Measure, of_sums, ratio
from khabar.adjudication.agreement.pairs import Couple
from khabar.adjudication.agreement.sums import cohen_of, tables
from khabar.model.agreement import ALL
from khabar.model.columns import Ints


def span_measures(told: Judgements, layer: str, couples: Sequence[Couple]) -> Iterator[Measure]:
    """Yield what is measured on the spans of a layer: of all, of each label, of each pair of annotators."""
    each = [_counts(couple) for couple in couples]
    yield from _f1_measures(told, layer, couples, each)
    yield from _directed(couples)
    first, labels = told.offset(layer)
    tabled = [_label_tables(couple, first, labels) for couple in couples]
    for of, some, read in pooled(couples, tabled):
        n = some.sum(axis=(1, 2)).astype(np.int64)
        yield Measure("label_kappa", n, "matched spans", of_sums(some, cohen_of), read, of)


def pooled(couples: Sequence[Couple], each: Sequence[Floats]) -> Iterator[tuple[str, Floats, Ints]]:
    """Yield the sums of all pairs of annotators together, then of each; and the articles that they read."""
    read = np.any([couple.read for couple in couples], axis=0)
    yield ALL, np.sum(each, axis=0), np.flatnonzero(read)
    for couple, some in zip(couples, each, strict=True):
        yield f"pair {couple.name}", some, np.flatnonzero(couple.read)


F1S = ("f1", "boundary_f1", "relaxed_f1")


def _f1_measures(told: Judgements, layer: str, couples: Sequence[Couple], each: Sequence[Floats]) -> Iterator[Measure]:
    first, labels = told.offset(layer)
    names = list(told.labels.labels)[first : first + labels]
    for of, some, read in pooled(couples, each):
        total = some.sum(axis=1)
        for number, name in enumerate(F1S):
            yield share_measure(name, total[:, [number, -1]], "spans", (of, read))
            if of == ALL:
                for at, label in enumerate(names):
                    yield share_measure(name, some[:, at][:, [number, -1]], "spans", (f"label {label}", read))


def share_measure(name: str, sums: Floats, unit: str, about: tuple[str, Ints]) -> Measure:
    """Return a share as a measure; F1 is one: twice what is the same, of what there is on both sides.

    Args:
        name: Of the measure.
        sums: The part and the whole, shape (articles, 2).
        unit: What the whole is made of.
        about: What it is of, and the articles read.
    """
    of, read = about
    return Measure(name, sums[:, 1].astype(np.int64), unit, of_sums(sums, ratio), read, of)


def _counts(couple: Couple) -> Floats:
    """By article and label: twice the spans that are the same, in one place, matched; and all spans of both."""
    told = couple.told
    marks, (one, other) = told.marks, couple.sides
    first, labels = told.offset(couple.layer)
    shape = (len(told.articles), labels)
    columns = [np.zeros(shape) for _ in range(len(F1S) + 1)]
    *same, every = columns

    def add(rows: Ints, counts: Floats) -> None:
        np.add.at(counts, (marks.article[rows], marks.label[rows] - first), 1.0)

    for rows, others in ((one, other), (other, one)):
        add(rows, every)
        add(_also(couple, rows, others, with_label=True), same[0])
        add(_also(couple, rows, others, with_label=False), same[1])
    alike = marks.label[couple.matches.one] == marks.label[couple.matches.other]
    for rows in couple.matches:
        add(rows[alike], same[2])
    return np.stack(columns, axis=2)


def _also(couple: Couple, rows: Ints, others: Ints, *, with_label: bool) -> Ints:
    """Rows of the one annotator's spans that the other marked too, in the same place; as often as both did."""
    marks = couple.told.marks
    stride = int(couple.told.length.max(initial=0)) + 1
    place = (marks.article * stride + marks.start) * stride + marks.end
    label = marks.label if with_label else np.zeros(len(place), dtype=np.int64)
    key = np.unique(np.stack([place, label]), axis=1, return_inverse=True)[1].ravel() if len(place) else place
    # Of several spans in one place, the n-th of the one answers to the n-th of the other.
    mine, theirs = _occurrence(key[rows]), _occurrence(key[others])
    again = np.isin(key[rows] * len(place) + mine, key[others] * len(place) + theirs)
    return rows[again]


def _occurrence(keys: Ints) -> Ints:
    """Return of each key how many equal ones stand before it."""
    order = np.argsort(keys, kind="stable")
    begins = np.flatnonzero(np.append(True, keys[order][1:] != keys[order][:-1])[: len(keys)])
    number = np.arange(len(keys)) - np.repeat(begins, np.diff(np.append(begins, len(keys))))
    back = np.empty(len(keys), dtype=np.int64)
    back[order] = number
    return back


def _label_tables(couple: Couple, first: int, labels: int) -> Floats:
    """Labels of matched spans, by article."""
    marks, (one, other) = couple.told.marks, couple.matches
    codes = np.stack([marks.label[one], marks.label[other]], axis=1) - first
    return tables(codes, marks.article[one], (len(couple.told.articles), labels))


def _directed(couples: Sequence[Couple]) -> Iterator[Measure]:
    """Yield which part of one annotator's spans another overlaps, both ways."""
    every: list[tuple[str, Floats, Ints]] = []
    for couple in couples:
        marks, (one, other) = couple.told.marks, couple.overlaps
        same = marks.label[one] == marks.label[other]
        for own, met, way in ((couple.sides[0], one, 1), (couple.sides[1], other, -1)):
            names = [couple.told.annotators[who] for who in couple.annotators][::way]
            counts = [
                np.bincount(marks.article[rows], minlength=len(couple.read)) for rows in (np.unique(met[same]), own)
            ]
            sums = np.stack(counts, axis=1).astype(np.float64)
            every.append((f"pair {'>'.join(names)}", sums, np.flatnonzero(couple.read)))
    total = np.sum([sums for _, sums, _ in every], axis=0)
    read = np.flatnonzero(np.any([couple.read for couple in couples], axis=0))
    for of, sums, articles in ((ALL, total, read), *every):
        yield share_measure("directed", sums, "spans", (of, articles))


def confusion(told: Judgements, layer: str, couples: Sequence[Couple]) -> Ints:
    """Return how often each label met each, no label last, both ways; shape (labels + 1, labels + 1)."""
    first, labels = told.offset(layer)
    counts = np.zeros((labels + 1, labels + 1), dtype=np.int64)
    for couple in couples:
        label = told.marks.label - first
        np.add.at(counts, (label[couple.matches.one], label[couple.matches.other]), 1)
        for rows, met, empty_first in zip(couple.sides, couple.matches, (False, True), strict=True):
            alone = label[np.setdiff1d(rows, met)]
            nothing = np.full(len(alone), labels)
            np.add.at(counts, (nothing, alone) if empty_first else (alone, nothing), 1)
    return counts + counts.T
