"""Level 2: what the scheme asks of quotation marks and of the letters before a span."""

import re
import unicodedata
from collections.abc import Iterator

import numpy as np

from khabar.checks.engine import Broken, broken_places, broken_spans, check
from khabar.checks.kinds import LETTER, MARK
from khabar.checks.view import View
from khabar.model.batch import Batch
from khabar.model.columns import Ints, Mask
from khabar.model.finding import Level, Severity
from khabar.model.labels import Layer
from khabar.model.offsets import CodePoints

LONGEST_PREFIX = 8
"""Characters before a span that are looked at; no row of proclitics, tatweel and quotation marks is longer."""


@check("marks-accounted", Level.SCHEME)
def marks_accounted(view: View) -> Iterator[Broken]:
    """Each quotation mark of the main text lies in a direct quote, a verbatim fragment or scare quotes.

    Whoever looks for quotations looks for marks first: each pair must say what it is, and be one thing.
    """
    batch = view.batch
    for name, layer in batch.labels.layers.items():
        if not layer.marks_in:
            continue
        rows = np.flatnonzero(_accounting(batch, layer) & batch.sound)
        first, stop = np.sort(batch.first[rows]), np.sort(batch.last[rows] + 1)
        marks = view.quotation_marks
        article = np.searchsorted(batch.base, marks, side="right") - 1
        inside = np.searchsorted(first, marks, side="right") - np.searchsorted(stop, marks, side="right")
        bare = marks[(inside == 0) & batch.covers(name)[article]]
        kinds = " or ".join(f"{each.value} {each.label}".strip() for each in layer.marks_in)
        yield broken_places(batch, bare, bare + 1, f"the quotation mark lies in no {kinds}: mark what it quotes")
        opened = rows[(view.first_kinds[rows] & MARK) != 0]
        closed = rows[(view.last_kinds[rows] & MARK) != 0]
        again = np.union1d(_again(batch.first, batch.last, opened), _again(batch.last, -batch.first, closed))
        again = np.union1d(again, _again(batch.first * batch.base[-1] + batch.last, batch.first, rows))
        yield broken_spans(batch, again, f"what it quotes is two of {kinds} at one mark, it should be one")


def _again(places: Ints, then: Ints, rows: Ints) -> Ints:
    """Return the rows whose place another one has already, in order of what stands second."""
    order = rows[np.lexsort((then[rows], places[rows]))]
    again: Ints = order[1:][np.diff(places[order]) == 0]
    return again


def _accounting(batch: Batch, layer: Layer) -> Mask:
    found = np.zeros(len(batch.spans), dtype=bool)
    for kind in layer.marks_in:
        meant = batch.spans.label == batch.label_code(kind.label)
        found |= meant & batch.spans.has(kind.attribute, kind.value) if kind.attribute else meant
    return found


@check("marks-paired", Level.SCHEME, Severity.WARNING)
def marks_paired(view: View) -> Iterator[Broken]:
    """A quoted stretch holds whole pairs of quotation marks.

    A mouse that lets go one character early leaves the closing mark outside. Pieces of one quote in several paragraphs
    are left out: by custom each begins with a mark and only the last ends with one.
    """
    batch, relations = view.batch, view.batch.relations
    pieces = np.zeros(len(batch.spans), dtype=bool)
    for code, kind in enumerate(batch.labels.relations):
        if kind.backwards:
            pieces[relations.head[relations.label == code]] = True
            pieces[relations.tail[relations.label == code]] = True
    for layer in batch.labels.layers.values():
        rows = np.flatnonzero(_accounting(batch, layer) & batch.sound & ~pieces)
        marks = view.quotation_marks
        inside = np.searchsorted(marks, batch.last[rows] + 1) - np.searchsorted(marks, batch.first[rows])
        because = "it holds an odd number of quotation marks, they come in pairs: take the other one in, or leave both"
        yield broken_spans(batch, rows[inside % 2 == 1], because)


@check("proclitic-outside", Level.SCHEME)
def proclitic_outside(view: View) -> Iterator[Broken]:
    """Before an entity that begins inside a word stand proclitics alone.

    Between the word's start and the span's start only the conjunction and the preposition may stand, with tatweel or
    quotation marks; anything else is a span that begins in the middle of a word.
    """
    batch = view.batch
    rows = np.flatnonzero(view.in_layers("outside_proclitics") & batch.sound)
    rows, prefixes = _prefixes(view, rows)
    marks = re.escape(batch.labels.quotation_marks)
    before = f"[{marks}]*" if marks else ""
    allowed = re.compile(f"{before}(?:{batch.labels.proclitics})[\N{ARABIC TATWEEL}{marks}]*")
    distinct, which = np.unique(prefixes.view(f"V{prefixes.itemsize * LONGEST_PREFIX}").ravel(), return_inverse=True)
    raw = [each.tobytes().decode("utf-32-le").rstrip("\0")[::-1] for each in distinct]
    words = [_bare(each) for each in raw]
    right = (len(each) < LONGEST_PREFIX and allowed.fullmatch(word) for each, word in zip(raw, words, strict=True))
    bad = np.array([not each for each in right] or [False])[which]
    because = [
        f"'{words[which[i]]}' stands before it in the same word, which is no proclitic" for i in np.flatnonzero(bad)
    ]
    yield broken_spans(batch, rows[bad], because)


def _prefixes(view: View, rows: Ints) -> tuple[Ints, CodePoints]:
    """Return the spans that begin inside a word, and what stands before each, from right to left: (k, 8)."""
    batch = view.batch
    inside = view.begins_inside & ((view.before_kinds & (LETTER | MARK)) != 0)
    rows = rows[inside[rows]]
    found = np.zeros((len(rows), LONGEST_PREFIX), dtype="<u4")
    going: Ints = np.arange(len(rows))
    for step in range(1, LONGEST_PREFIX + 1):
        going = going[_in_word(view, rows[going], step)]
        found[going, step - 1] = batch.characters[batch.first[rows[going]] - step]
    return rows, found


def _in_word(view: View, rows: Ints, step: int) -> Mask:
    """Tell of spans whether the character ``step`` places before them is of a word, or a mark, of the same text."""
    place = view.batch.first[rows] - step
    there = place >= view.batch.base[view.batch.spans.article[rows]]
    return there & view.is_kind(np.maximum(place, 0), LETTER | MARK)


def _bare(word: str) -> str:
    """Return a prefix as it is read, without vowel signs and invisible characters."""
    return "".join(each for each in word if unicodedata.category(each) not in ("Mn", "Cf"))
