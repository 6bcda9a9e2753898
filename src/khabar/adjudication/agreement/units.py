"""Agreement on units that are given, tokens or lines: what each annotator's spans make of them.

A token bears the label of the outermost span that it meets, a line that of its span; a token without one is O.  Tokens
that nobody marks are most of a text, and agreeing on them flatters: measures named ``..._marked`` leave out tokens that
all who read them call O.  Nested spans are looked at by their outermost alone: what lies inside is for span measures.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from khabar.adjudication.agreement import sums
from khabar.adjudication.agreement.codes import MISSING
from khabar.adjudication.agreement.judgements import Judgements
from khabar.adjudication.agreement.measures import Measure, of_sums
from khabar.adjudication.agreement.pairs import Couple
from khabar.adjudication.agreement.spans import pooled
from khabar.model.agreement import ALL
from khabar.model.columns import Ints, Mask

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

    def take(self, kept: Mask) -> "Coded":
        """Return some of the units."""
        return self._replace(article=self.article[kept], codes=self.codes[kept])


def outermost(told: Judgements, layer: str) -> Ints:
    """Return the rows of a layer's spans that lie in no other of the same annotator, by annotator, article and place.

    Of spans that cross, which no layer allows, the first.
    """
    marks, rows = told.marks, told.rows(layer)
    rows = rows[np.lexsort((marks.label[rows], -marks.end[rows], marks.start[rows]))]
    rows = rows[np.argsort(_cell(told, rows), kind="stable")]
    base: Ints = _cell(told, rows) * _stride(told)
    reached = np.maximum.accumulate(np.append(0, base + marks.end[rows]))[:-1]
    apart: Mask = base + marks.start[rows] >= reached
    kept: Ints = rows[apart]
    return kept


def _cell(told: Judgements, rows: Ints) -> Ints:
    """Number of the annotator and article of each span."""
    cell: Ints = told.marks.annotator[rows] * len(told.articles) + told.marks.article[rows]
    return cell


def _stride(told: Judgements) -> int:
    return int(told.length.max(initial=0)) + 1


def token_codes(told: Judgements, layer: str) -> Coded:
    """Return what each annotator calls each token, of the articles whose text is at hand."""
    words, rows = told.words, outermost(told, layer)
    first, _ = told.offset(layer)
    readers = len(told.annotators)
    begin = _cell(told, rows) * _stride(told) + told.marks.start[rows]
    stop = _cell(told, rows) * _stride(told) + told.marks.end[rows]
    base = (np.arange(readers) * len(told.articles) + words.article[:, None]) * _stride(told)
    # The last span that begins before the token ends, if it reaches into it.
    before = np.searchsorted(begin, base + words.end[:, None], "left")
    met = np.append(-1, stop)[before] > base + words.start[:, None]
    code = np.append(O, told.marks.label[rows] - first + 1)[before]
    codes = np.where(told.covers[layer][words.article], np.where(met, code, O), MISSING)
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
    found = _measures(coded, f"{coded.kind}_", couples, (read, at_hand))
    yield from (replace(each, note=note) for each in found)
    if coded.kind == "token":
        some: Mask = np.any(coded.codes > O, axis=1)
        marked = coded.take(some)
        found = _measures(marked, "token_", couples, (read, at_hand))
        renamed = (replace(each, name=f"{each.name}_marked", note=note) for each in found)
        yield from (each for each in renamed if not each.of.startswith("label "))


def _measures(coded: Coded, prefix: str, couples: list[Couple], about: tuple[Ints, Mask]) -> Iterator[Measure]:
    """Yield alpha and kappas of all annotators and of each two, and alpha of each label against the others."""
    read, at_hand = about
    shape, unit = (len(at_hand), len(coded.values)), f"{coded.kind}s"
    together = sums.coincidences(coded.codes, coded.article, shape)
    whose = [(ALL, coded.codes, read, together)]
    for couple in couples:
        two = coded.codes[:, list(couple.annotators)]
        articles = np.flatnonzero(couple.read & at_hand)
        whose.append((f"pair {couple.name}", two, articles, sums.coincidences(two, coded.article, shape)))
    for of, codes, articles, pairs in whose:
        answered = np.bincount(coded.article[(codes != MISSING).sum(axis=1) > 1], minlength=shape[0])
        yield Measure(f"{prefix}alpha", answered, unit, of_sums(pairs, sums.alpha_of), articles, of)
        counts = sums.answers(codes, coded.article, shape)
        for name, value in (("agreement", sums.observed_of), ("fleiss_kappa", sums.fleiss_of), ("ac1", sums.ac1_of)):
            yield Measure(f"{prefix}{name}", answered, unit, of_sums(counts, value), articles, of)
    for number, label in enumerate(coded.values):
        if coded.kind == "line" or number != O:
            said = np.round(together[:, number, :].sum(axis=1)).astype(np.int64)
            taken = of_sums(sums.against_rest(together, number), sums.alpha_of)
            yield Measure(f"{prefix}alpha", said, unit, taken, read, f"label {label}")
    tables = [sums.tables(coded.codes[:, list(couple.annotators)], coded.article, shape) for couple in couples]
    for of, some, articles in pooled(couples, tables):
        both = some.sum(axis=(1, 2)).astype(np.int64)
        kept = articles[at_hand[articles]]
        yield Measure(f"{prefix}cohen_kappa", both, unit, of_sums(some, sums.cohen_of), kept, of)
