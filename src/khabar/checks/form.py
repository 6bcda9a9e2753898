"""Level 1: what a record must be before its sense can be judged: right offsets, known names, both ends."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.checks.engine import Broken, broken_spans, check
from khabar.checks.kinds import EDGE
from khabar.checks.view import View
from khabar.model.annotation import DIGEST_PREFIX
from khabar.model.batch import Batch
from khabar.model.columns import Ints, Mask
from khabar.model.finding import Level
from khabar.model.text import STAND_IN, salted_digest

PLAIN = "^[A-Za-z0-9_.:-]{1,100}$"
"""What an id or a key may be where words are withheld."""


@check("span-in-text", Level.FORM)
def span_in_text(view: View) -> Iterator[Broken]:
    """A span begins in the text, ends in it, and holds at least one character.

    Offsets count code points from 0, half-open.
    """
    batch = view.batch
    length = np.where(batch.has_text, np.diff(batch.base), batch.lengths)[batch.spans.article]
    start, end = batch.spans.start, batch.spans.end
    rows = np.flatnonzero(~((start >= 0) & (start < end) & (end <= length)))
    because = [f"the span is outside the text or empty, the text has {n} characters" for n in length[rows].tolist()]
    yield broken_spans(batch, rows, because)


@check("span-marks-its-words", Level.FORM)
def span_marks_its_words(view: View) -> Iterator[Broken]:
    """Where a record repeats the words that a span marks, or their digest, the text has them at its offsets.

    An offset that is off by one still lies in the text; the repeated words give it away.
    """
    batch = view.batch
    rows = np.flatnonzero(np.asarray(pc.is_valid(batch.spans.text), dtype=bool) & batch.sound)
    wrong = rows[_differ(batch, rows)]
    because = [f"the record says that it marks {batch.spans.text[int(row)].as_py()!r}" for row in wrong]
    yield broken_spans(batch, wrong, because)
    hidden = np.flatnonzero(np.asarray(pc.is_valid(batch.spans.digest), dtype=bool) & batch.sound)
    digests = batch.articles["sha256"]
    others = [
        row
        for row in hidden.tolist()
        if salted_digest(digests[int(batch.spans.article[row])].as_py(), _words(batch, row))
        != batch.spans.digest[row].as_py()
    ]
    yield broken_spans(batch, np.array(others, dtype=np.int64), "the record has the digest of other words")


@check("words-withheld", Level.FORM)
def words_withheld(view: View) -> Iterator[Broken]:
    """Where an outlet allows offsets only, the annotation repeats no words of its text, and has their digests.

    A salted digest stands for them, in spans and in attributes made of words; ids and keys are plain Latin names.
    What is committed is published.
    """
    batch, spans = view.batch, view.batch.spans
    closed = np.asarray(pc.not_equal(batch.articles["redistribute"], "text"), dtype=bool)[spans.article]
    if not closed.any():
        return
    told = np.asarray(pc.is_valid(spans.text), dtype=bool) | ~_all_match(spans.id, PLAIN)
    for name, kind in batch.labels.attribute_kinds.items():
        if kind in ("words", "key"):
            told |= ~_all_match(spans.attributes[name], f"^{DIGEST_PREFIX}{STAND_IN[1:]}" if kind == "words" else PLAIN)
    rows = np.flatnonzero(closed & told)
    yield broken_spans(batch, rows, "the record repeats words that may not be published: put their digest there")
    bare = np.asarray(pc.is_null(spans.digest), dtype=bool) | ~_all_match(spans.digest, STAND_IN)
    yield broken_spans(batch, np.flatnonzero(closed & ~told & bare), "no digest of its words stands there: put one")


def _all_match(column: pa.Array, pattern: str) -> Mask:
    """Tell where a value matches; where there is none, it does."""
    matched: Mask = np.asarray(pc.fill_null(pc.match_substring_regex(column, pattern), fill_value=True), dtype=bool)
    return matched


def _words(batch: Batch, row: int) -> str:
    return batch.words(int(batch.spans.article[row]), int(batch.spans.start[row]), int(batch.spans.end[row]))


def _differ(batch: Batch, rows: Ints) -> Mask:
    """Tell of each span whether its repeated words are not those of the text, comparing code points all at once."""
    said = batch.spans.text.take(pa.array(rows))
    lengths = batch.spans.end[rows] - batch.spans.start[rows]
    same: Mask = pc.utf8_length(said).to_numpy() == lengths
    kept = np.flatnonzero(same)
    letters = "".join(said.take(pa.array(kept)).to_pylist()).encode("utf-32-le")
    words = np.frombuffer(letters, dtype="<u4")
    size = lengths[kept]
    begin = np.cumsum(size) - size
    place = np.arange(len(words)) - np.repeat(begin, size) + np.repeat(batch.first[rows[kept]], size)
    unequal = batch.characters[place] != words
    same[kept] = np.add.reduceat(unequal, begin) == 0 if len(words) else True
    return ~same


@check("span-trimmed", Level.FORM)
def span_trimmed(view: View) -> Iterator[Broken]:
    """No span begins or ends with white space or an invisible character.

    A double click takes the following space along, a mouse selection the direction marks beside it; annotators do
    not see it, models learn it.
    """
    batch = view.batch
    bad = batch.sound & (((view.first_kinds | view.last_kinds) & EDGE) != 0)
    yield broken_spans(
        batch, np.flatnonzero(bad), "white space or an invisible character at the edge, there should be none"
    )


@check("span-on-one-line", Level.FORM)
def span_on_one_line(view: View) -> Iterator[Broken]:
    """No span holds a line break.

    A line is one region, and a span stays inside one region.
    """
    batch = view.batch
    following = np.append(view.breaks, batch.base[-1])[np.searchsorted(view.breaks, batch.first)]
    yield broken_spans(
        batch,
        np.flatnonzero((following <= batch.last) & batch.sound),
        "the span holds a line break: make it one span a line",
    )


@check("span-id-unique", Level.FORM)
def span_id_unique(view: View) -> Iterator[Broken]:
    """An id names one span of an annotation.

    Relations and diffs go by ids.
    """
    spans = view.batch.spans
    coded = spans.id.dictionary_encode()
    keys = spans.article * len(coded.dictionary) + coded.indices.to_numpy()
    if not (np.diff(np.sort(keys)) == 0).any():
        return  # to sort keys is quick, to sort rows by them is not
    order = np.argsort(keys, kind="stable")
    rows = np.sort(order[1:][np.diff(keys[order]) == 0])
    because = [f"the id {spans.id[int(row)].as_py()} is taken by an earlier span" for row in rows]
    yield broken_spans(view.batch, rows, because)


@check("label-known", Level.FORM)
def label_known(view: View) -> Iterator[Broken]:
    """A span's label belongs to its layer, and the layer is one that the annotation speaks of.

    Labels are spelt in annotations/labels.toml and nowhere else.
    """
    batch, names = view.batch, view.batch.names
    own = {name: code for code, name in enumerate(batch.labels.layers)}
    home = np.array([own.get(batch.labels.layer_of.get(name, ""), -1) for name in names.labels] or [-1])
    strange = home[batch.spans.label] != batch.spans.layer
    rows = np.flatnonzero(strange)
    because = [
        f"the layer '{names.layers[batch.spans.layer[row]]}' has no label '{names.labels[batch.spans.label[row]]}'"
        for row in rows
    ]
    yield broken_spans(batch, rows, because)
    said = np.column_stack([batch.covers(layer) for layer in names.layers])
    if said.all():
        return
    rows = np.flatnonzero(~strange & ~said[batch.spans.article, batch.spans.layer])
    yield broken_spans(batch, rows, "the annotation does not say that it speaks of this layer: add it to 'layers'")


@check("attribute-known", Level.FORM)
def attribute_known(view: View) -> Iterable[Broken]:
    """An attribute belongs to the span's label and has one of its values.

    Attributes and their values are spelt in annotations/labels.toml and nowhere else.
    """
    batch, names = view.batch, view.batch.names
    for name, column in batch.spans.attributes.items():
        if column.null_count == len(column):
            continue
        said = column.drop_null()
        rows = np.flatnonzero(batch.spans.says(name))
        right = np.zeros(len(rows), dtype=bool)
        for entry in (each for each in batch.labels.attributes if each.name == name):
            allowed = pa.array([value.name for value in entry.values], pa.string())
            fits = np.asarray(pc.is_in(said, allowed)) if entry.kind == "choice" else _filled(said)
            right |= view.has_label(entry.labels)[rows] & fits
        rows = rows[~right]
        because = [
            f"'{names.labels[batch.spans.label[row]]}' has no attribute {name}={column[int(row)].as_py()}"
            for row in rows
        ]
        yield broken_spans(batch, rows, because)
    strays = batch.spans.strays
    because = [f"there is no attribute {each.name}={each.value!r}" for each in strays]
    yield broken_spans(batch, np.array([each.row for each in strays], dtype=np.int64), because)


def _filled(column: pa.Array) -> Mask:
    """Tell where a free attribute says something: an empty string says nothing, a bare digest prefix neither."""
    if pa.types.is_boolean(column.type):
        return np.ones(len(column), dtype=bool)
    values = pc.unique(column)
    empty = values.filter(pc.is_in(pc.utf8_trim_whitespace(values), pa.array(["", DIGEST_PREFIX])))
    return ~np.asarray(pc.is_in(column, empty), dtype=bool) if len(empty) else np.ones(len(column), dtype=bool)


@check("relation-has-ends", Level.FORM)
def relation_has_ends(view: View) -> Iterator[Broken]:
    """A relation is known, and both its ends are spans of the same annotation.

    An editor lets a span be deleted under its arrow.
    """
    batch, relations = view.batch, view.batch.relations
    known = {each.name for each in batch.labels.relations}
    strange = np.array([name not in known for name in batch.names.relations] or [False])[relations.label]
    lost = (relations.head < 0) | (relations.tail < 0)
    rows = np.flatnonzero(lost | strange)
    because = [_what_is_lost(batch, int(row), strange=bool(strange[row])) for row in rows]
    heads = relations.head[rows]
    there = heads >= 0
    safe = np.maximum(heads, 0)
    none = np.full(len(rows), -1)
    start = np.where(there, np.append(batch.spans.start, 0)[safe], none)
    end = np.where(there, np.append(batch.spans.end, 0)[safe], none)
    yield Broken(relations.article[rows], start, end, np.where(there, heads, none), because)


def _what_is_lost(batch: Batch, row: int, *, strange: bool) -> str:
    relations = batch.relations
    name = batch.names.relations[relations.label[row]]
    if strange:
        return f"no relation is called '{name}'"
    head, tail = relations.head_id[row].as_py(), relations.tail_id[row].as_py()
    lost = [end for end, place in ((head, relations.head[row]), (tail, relations.tail[row])) if place < 0]
    return f"{name} from {head} to {tail}: no span is called {' or '.join(lost)}"
