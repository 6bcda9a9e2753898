"""Level 2: what the scheme asks of an annotation: regions, nesting, relations, quotation marks, proclitics."""

import re
import unicodedata
from collections.abc import Iterator

import numpy as np

from khabar.checks.engine import Broken, broken_places, broken_spans, check
from khabar.checks.nesting import nesting
from khabar.checks.view import LETTER, MARK, View
from khabar.model.batch import Batch
from khabar.model.columns import Ints, Mask
from khabar.model.finding import Level
from khabar.model.labels import Layer
from khabar.model.offsets import CodePoints

LONGEST_PREFIX = 8
"""Characters before a span that are looked at; no row of proclitics, tatweel and quotation marks is longer."""


def _in_layers(batch: Batch, wanted: list[str]) -> Mask:
    return np.isin(batch.spans.layer, [batch.layer_code(name) for name in wanted])


def _layers(view: View, having: str) -> list[str]:
    return [name for name, layer in view.batch.labels.layers.items() if getattr(layer, having)]


@check("attribute-required", Level.SCHEME)
def attribute_required(view: View) -> Iterator[Broken]:
    """A span says what its label requires.

    A quote without a type is half an annotation.
    """
    batch = view.batch
    for entry in (each for each in batch.labels.attributes if each.required):
        meant = np.isin(batch.spans.label, [batch.label_code(label) for label in entry.labels])
        rows = np.flatnonzero(meant & ~batch.spans.says(entry.name))
        values = " | ".join(value.name for value in entry.values)
        yield broken_spans(batch, rows, f"{entry.name} is not said, it should be {values or 'given'}")


@check("relation-fits", Level.SCHEME)
def relation_fits(view: View) -> Iterator[Broken]:
    """A relation links spans of the labels that it is made for.

    HAS_SOURCE goes from a QUOTE to a SOURCE, not the other way.
    """
    batch, relations = view.batch, view.batch.relations
    names = batch.names.labels
    head, tail = batch.spans.label[relations.head], batch.spans.label[relations.tail]
    for code, kind in enumerate(batch.labels.relations):
        fits = (head == names.index(kind.head)) & (tail == names.index(kind.tail)) & (relations.head != relations.tail)
        rows = np.flatnonzero((relations.label == code) & ~fits)
        because = [
            f"{kind.name} goes from {kind.head} to {kind.tail}, not from {names[head[r]]} to {names[tail[r]]}"
            for r in rows
        ]
        yield broken_spans(batch, relations.head[rows], because)


@check("relation-once", Level.SCHEME)
def relation_once(view: View) -> Iterator[Broken]:
    """A relation is said once.

    Twice the same link is a slip of the mouse, and doubles what is counted.
    """
    batch, relations = view.batch, view.batch.relations
    order = np.lexsort((relations.tail, relations.label, relations.head))
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for column in (relations.head, relations.label, relations.tail):
        same &= np.diff(column[order]) == 0
    rows = np.sort(order[1:][same])
    names = batch.names.relations
    because = [f"{names[relations.label[r]]} to {relations.tail_id[int(r)].as_py()} is said twice" for r in rows]
    yield broken_spans(batch, relations.head[rows], because)


@check("quote-has-source", Level.SCHEME)
def quote_has_source(view: View) -> Iterator[Broken]:
    """Each quote has exactly one source, or says that it has none.

    Attribution is what the layer is for: a missing link is indistinguishable from a forgotten one.
    """
    batch, relations = view.batch, view.batch.relations
    for code, kind in enumerate(batch.labels.relations):
        if not kind.exactly_one_unless:
            continue
        links = np.bincount(relations.head[relations.label == code], minlength=len(batch.spans))
        wanted = np.where(batch.spans.says(kind.exactly_one_unless), 0, 1)
        rows = np.flatnonzero((batch.spans.label == batch.label_code(kind.head)) & (links != wanted))
        instead = f"or say {kind.exactly_one_unless} and link none"
        because = [
            f"{kind.name} links it to {n} spans, it should be exactly one: link one, {instead}" for n in links[rows]
        ]
        yield broken_spans(batch, rows, because)


@check("layer-nests", Level.SCHEME)
def layer_nests(view: View) -> Iterator[Broken]:
    """Spans of one layer lie in one another or apart, they never cross.

    Crossing spans have no tree, and no reader of nested annotations can hold them.
    """
    batch = view.batch
    rows = np.flatnonzero(batch.sound)
    shift = batch.spans.layer[rows] * (batch.base[-1] + 1)
    crossed = nesting(batch.first[rows] + shift, batch.last[rows] + 1 + shift).crossed
    over = np.flatnonzero(crossed >= 0)
    because = [
        f"the span crosses {batch.spans.id[int(row)].as_py()}: one should hold the other" for row in rows[crossed[over]]
    ]
    yield broken_spans(batch, rows[over], because)


@check("label-not-in-itself", Level.SCHEME)
def label_not_in_itself(view: View) -> Iterator[Broken]:
    """A label does not lie in itself, or not deeper than its depth allows.

    Of two entities of one type, one in the other, the outer one is kept. The same span twice is the same fault.
    """
    batch = view.batch
    allowed = np.array([label.depth for label in batch.labels.labels.values()])
    rows = view.by_label
    label = batch.spans.label[rows]
    shift = label * (batch.base[-1] + 1)
    depth = nesting(batch.first[rows] + shift, batch.last[rows] + 1 + shift).depth
    bad = np.flatnonzero(depth >= allowed[label])
    because = [
        f"{batch.names.labels[label[i]]} lies in {depth[i]} more of itself, at most {allowed[label[i]] - 1} may be"
        for i in bad
    ]
    yield broken_spans(batch, rows[bad], because)


@check("region-lines", Level.SCHEME)
def region_lines(view: View) -> Iterator[Broken]:
    """Each line that is not empty is one region, and a region is one whole line.

    Whoever reads the main text must be able to trust that nothing was left unsaid.
    """
    batch, lines, rows = view.batch, view.lines, view.regions
    if not len(lines.first):
        return
    line = np.searchsorted(lines.first, batch.first[rows], side="right") - 1
    whole = (lines.first[line] == batch.first[rows]) & (lines.stop[line] == batch.last[rows] + 1) & (line >= 0)
    yield broken_spans(batch, rows[~whole], "the region is not the whole line, without white space at its edges")
    counted = np.bincount(line[whole], minlength=len(lines.first))
    again = np.flatnonzero(whole)[np.diff(line[whole], prepend=-1) == 0]
    yield broken_spans(batch, rows[again], "the line has another region already, it should have one")
    touched = np.zeros(len(lines.first) + 1, dtype=bool)
    touched[line[~whole]] = True
    article = np.searchsorted(batch.base, lines.first, side="right") - 1
    bare = np.flatnonzero((counted == 0) & ~touched[:-1] & view.has_regions[article])
    yield broken_places(batch, lines.first[bare], lines.stop[bare], "the line has no region, it should have one")


@check("span-in-one-region", Level.SCHEME)
def span_in_one_region(view: View) -> Iterator[Broken]:
    """Entities and quotes lie inside one region.

    What crosses a region's edge is two things.
    """
    batch = view.batch
    rows = np.flatnonzero(
        _in_layers(batch, _layers(view, "inside_main")) & batch.sound & view.has_regions[batch.spans.article]
    )
    region = view.first_region[rows]
    bad = rows[(region < 0) | (batch.last[rows] > batch.last[region])]
    yield broken_spans(batch, bad, "the span lies in no region or in two, it should lie in one")


@check("span-in-main", Level.SCHEME)
def span_in_main(view: View) -> Iterator[Broken]:
    """Entities and quotes lie in main regions.

    Boilerplate is not the article's text; names in it would be counted on every page of the site.
    """
    batch = view.batch
    rows = np.flatnonzero(_in_layers(batch, _layers(view, "inside_main")) & batch.sound)
    region = view.first_region[rows]
    bad = ~view.is_main(region)
    because = [
        f"the span lies in {batch.names.labels[batch.spans.label[r]]}, which is boilerplate: remove it"
        for r in region[bad]
    ]
    yield broken_spans(batch, rows[bad], because)


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
        order = rows[np.lexsort((batch.last[rows], batch.first[rows]))]
        twice = (np.diff(batch.first[order]) == 0) & (np.diff(batch.last[order]) == 0)
        yield broken_spans(batch, order[1:][twice], f"the same words are two of {kinds}, they should be one")


def _accounting(batch: Batch, layer: Layer) -> Mask:
    found = np.zeros(len(batch.spans), dtype=bool)
    for kind in layer.marks_in:
        meant = batch.spans.label == batch.label_code(kind.label)
        found |= meant & batch.spans.has(kind.attribute, kind.value) if kind.attribute else meant
    return found


@check("proclitic-outside", Level.SCHEME)
def proclitic_outside(view: View) -> Iterator[Broken]:
    """Before an entity that begins inside a word stand proclitics alone.

    Between the word's start and the span's start only the conjunction and the preposition may stand, with tatweel or
    quotation marks; anything else is a span that begins in the middle of a word.
    """
    batch = view.batch
    rows = np.flatnonzero(_in_layers(batch, _layers(view, "outside_proclitics")) & batch.sound)
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
    inside = _in_word(view, rows, 1)
    rows = rows[inside]
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
