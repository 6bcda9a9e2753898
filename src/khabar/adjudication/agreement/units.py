"""Agreement on units that are given, tokens or lines: what each annotator's spans make of them.

Tokens are those that are published (`khabar.model.tokens`), but of the whole text, not of main text alone: units must
be the same for all annotators, and what is main text is a judgement of one.  A token bears the label of the outermost
span that touches it, as its published tag does (`khabar.model.outermost`), a line that of its span; a token without one
is O.  Tokens that nobody marks are most of a text, and agreeing on them flatters: measures named ``..._marked`` leave
out tokens that all who are compared call O.  What lies inside outermost spans is for span measures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from khabar.adjudication.agreement import sums
from khabar.adjudication.agreement.codes import MISSING, Floats
from khabar.adjudication.agreement.judgements import Judgements
from khabar.adjudication.agreement.measures import Measure, of_sums
from khabar.adjudication.agreement.pairs import Couple
from khabar.adjudication.agreement.spans import pooled
from khabar.model.agreement import ALL
from khabar.model.columns import Ints, Mask
from khabar.model.outermost import by_place, outermost, touching

O = 0  # noqa: E741 (its name everywhere)
"""The code of a token that no span meets; label c of the layer is c + 1."""


class Coded(NamedTuple):
    """Units and what each annotator calls them.

    Attributes:
        kind: ``token`` or ``line``.
        article: Of each unit, shape (units,).
        codes: Shape (units, annotators), MISSING where an annotator did not read it or left the line out.
        values: Names of the codes.
    """

    kind: str
    article: Ints
    codes: Ints
    values: tuple[str, ...]

    def between(self, annotators: Sequence[int], *, marked: bool) -> "Coded":
        """Return what some annotators call the units; of tokens those that one of them marked, if asked for."""
        codes = self.codes[:, list(annotators)]
        kept: Mask = np.any(codes > O, axis=1) if marked else np.ones(len(codes), dtype=bool)
        return self._replace(article=self.article[kept], codes=codes[kept])


def outermost_rows(told: Judgements, layer: str) -> Ints:
    """Return the rows of a layer's spans that lie in no other of their annotator, by annotator, article and place."""
    rows = told.rows(layer)
    rows = rows[by_place(*_places(told, rows))]
    kept: Ints = rows[outermost(*_places(told, rows))]
    return kept


def _places(told: Judgements, rows: Ints) -> tuple[Ints, Ints]:
    """Where spans begin and end, the articles of all annotators end to end."""
    marks = told.marks
    base = (marks.annotator[rows] * len(told.articles) + marks.article[rows]) * _stride(told)
    return base + marks.start[rows], base + marks.end[rows]


def _stride(told: Judgements) -> int:
    return int(told.length.max(initial=0)) + 1


def token_codes(told: Judgements, layer: str) -> Coded:
    """Return what each annotator calls each token of the texts at hand, the whole of them whatever the layer."""
    words, rows = told.words, outermost_rows(told, layer)
    first, _ = told.offset(layer)
    base = (np.arange(len(told.annotators)) * len(told.articles) + words.article[:, None]) * _stride(told)
    span = touching(base + words.start[:, None], base + words.end[:, None], *_places(told, rows))
    code = np.append(told.marks.label[rows] - first + 1, O)[span]
    codes = np.where(told.covers[layer][words.article], code, MISSING)
    return Coded("token", words.article, codes, ("O", *names(told, layer)))


def line_codes(told: Judgements, layer: str) -> Coded:
    """Return what each annotator calls each line; a line is what anybody marked as one, in order."""
    marks, rows = told.marks, told.rows(layer)
    first, _ = told.offset(layer)
    places = np.stack([marks.article[rows], marks.start[rows], marks.end[rows]], axis=1)
    lines, line = np.unique(places, axis=0, return_inverse=True)
    codes = np.full((len(lines), len(told.annotators)), MISSING)
    codes[line.ravel(), marks.annotator[rows]] = marks.label[rows] - first
    return Coded("line", lines[:, 0], codes, names(told, layer))


def names(told: Judgements, layer: str) -> tuple[str, ...]:
    """Return the names of a layer's labels."""
    return tuple(label.name for label in told.labels.layers[layer].labels)


def unit_measures(told: Judgements, coded: Coded, couples: list[Couple]) -> Iterator[Measure]:
    """Yield what is measured on tokens or lines of a layer."""
    layer = couples[0].layer
    at_hand = told.has_text if coded.kind == "token" else np.ones(len(told.articles), dtype=bool)
    read_twice = told.covers[layer].sum(axis=1) > 1
    read = np.flatnonzero(read_twice & at_hand)
    without = int((read_twice & ~at_hand).sum())
    note = f"left out: {without} articles whose text is not at hand" if without else ""
    for marked in (False, True) if coded.kind == "token" else (False,):
        for each in _measures(coded, couples, (read, at_hand), marked=marked):
            name = f"{coded.kind}_{each.name}{'_marked' if marked else ''}"
            yield replace(each, name=name, unit=f"{coded.kind}s", note=note)


def _measures(coded: Coded, couples: list[Couple], about: tuple[Ints, Mask], *, marked: bool) -> Iterator[Measure]:
    """Yield alpha and kappas of all annotators and of each two; alpha of each label too, where no token is left out."""
    read, at_hand = about
    shape = (len(at_hand), len(coded.values))
    yield from _of_readers(coded.between(range(coded.codes.shape[1]), marked=marked), ALL, read, shape)
    tables = []
    for couple in couples:
        two = coded.between(couple.annotators, marked=marked)
        yield from _of_readers(two, f"pair {couple.name}", np.flatnonzero(couple.read & at_hand), shape)
        tables.append(sums.tables(two.codes, two.article, shape))
    for of, some, articles in pooled(couples, tables):
        both = some.sum(axis=(1, 2)).astype(np.int64)
        yield Measure("cohen_kappa", both, "", of_sums(some, sums.cohen_of), articles[at_hand[articles]], of)
    if not marked:
        yield from _of_labels(coded, read, sums.coincidences(coded.codes, coded.article, shape))


def _of_readers(coded: Coded, of: str, read: Ints, shape: tuple[int, int]) -> Iterator[Measure]:
    """Yield what is measured on any number of annotators."""
    answered = np.bincount(coded.article[(coded.codes != MISSING).sum(axis=1) > 1], minlength=shape[0])
    pairs = sums.coincidences(coded.codes, coded.article, shape)
    counts = sums.answers(coded.codes, coded.article, shape)
    for name, some, value in (
        ("alpha", pairs, sums.alpha_of),
        ("agreement", counts, sums.observed_of),
        ("fleiss_kappa", counts, sums.fleiss_of),
        ("ac1", counts, sums.ac1_of),
    ):
        yield Measure(name, answered, "", of_sums(some, value), read, of)


def _of_labels(coded: Coded, read: Ints, pairs: Floats) -> Iterator[Measure]:
    """Yield alpha of each label against all others; of O there is none, it is what all others are not."""
    for number, label in enumerate(coded.values):
        if coded.kind == "line" or number != O:
            said = np.round(pairs[:, number, :].sum(axis=1)).astype(np.int64)
            taken = of_sums(sums.against_rest(pairs, number), sums.alpha_of)
            yield Measure("alpha", said, "", taken, read, f"label {label}")
