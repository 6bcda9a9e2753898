"""Level 0: it is the right text, on which all other rules stand.  Level 1: it is clean, however it came in."""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow.compute as pc

from khabar.checks.engine import Broken, broken_articles, broken_places, broken_spans, check
from khabar.checks.kinds import JOINED, JOINER, LOOSE, STACKED, UNFIT
from khabar.checks.view import View
from khabar.model import text
from khabar.model.columns import RECORDED, Ints, Mask
from khabar.model.finding import Level, Severity
from khabar.model.offsets import CodePoints
from khabar.model.text import DIGEST_SHOWN, NAME, SHA256

FLAGS = range(0x1F1E6, 0x1F200)
"""Regional indicators."""


@check("record-reads", Level.TEXT)
def record_reads(view: View) -> Iterator[Broken]:
    """A record is whole: JSON or Parquet of the right form, of an article that there is, in a file of its name.

    What cannot be read reaches no batch; whoever reads it says so under this name and goes on with the rest. A table
    can hold names and bytes that no JSON file could.
    """
    batch = view.batch
    for column, rule in (("id", NAME), ("annotator", NAME), ("sha256", SHA256)):
        told = batch.articles[column]
        fits = np.asarray(pc.match_substring_regex(told, rule.replace(r"\Z", "$")), dtype=bool)
        rows = np.flatnonzero(~fits)
        because = [f"{column} is {told[int(row)].as_py()!r}, which cannot be one" for row in rows]
        yield broken_articles(rows, because)
    yield broken_articles(batch.damaged, "the text is not UTF-8: build it anew")


@check("record-canonical", Level.TEXT, Severity.WARNING)
def record_canonical(_: View) -> Iterable[Broken]:
    """A file of an annotation is in canonical order and form, a span a line.

    A correction is then a line of a diff, and two people who say the same write the same. Whoever reads files sees it.
    """
    return ()


@check("text-at-hand", Level.TEXT)
def text_at_hand(view: View) -> Iterator[Broken]:
    """An article whose outlet lets its text be published has it.

    A release would hold the article without its words, and nobody would have decided so.
    """
    batch = view.batch
    free = np.asarray(pc.equal(batch.articles["redistribute"], "text"), dtype=bool)
    yield broken_articles(np.flatnonzero(free & ~batch.has_text), "the text is missing: take it from git again")


@check("text-unchanged", Level.TEXT)
def text_unchanged(view: View) -> Iterator[Broken]:
    """The annotated text is the article's text.

    Offsets mean nothing in another text. The annotation, the record and the text itself must have one digest.
    """
    batch = view.batch
    annotated = batch.articles["sha256"].to_pylist()
    ours = batch.articles[RECORDED].to_pylist()
    raw, edges = batch.utf8
    for row in np.flatnonzero(batch.has_text).tolist():
        ours[row] = hashlib.sha256(raw[edges[row] : edges[row + 1]]).hexdigest()
    rows = [row for row, (said, found) in enumerate(zip(annotated, ours, strict=True)) if said != found]
    because = [
        f"annotated text is {annotated[row][:DIGEST_SHOWN]}, ours is {ours[row][:DIGEST_SHOWN]}: restore or re-annotate"
        for row in rows
    ]
    yield broken_articles(np.array(rows, dtype=np.int64), because)
    lengths = np.diff(batch.base)
    longer = np.setdiff1d(np.flatnonzero(batch.has_text & (batch.lengths != lengths)), rows)
    because = [f"the record says {batch.lengths[row]} characters, the text has {lengths[row]}" for row in longer]
    yield broken_articles(longer, because)


@check("text-composed", Level.FORM)
def text_composed(view: View) -> Iterator[Broken]:
    """A text is in Unicode normal form C.

    The same word must be the same code points, or searching, counting and offsets differ between articles.
    """
    raw, edges = view.batch.utf8
    # The quick check of UAX 15: only a character that may compose, or two marks in a row, can break the form.
    doubtful = view.places(LOOSE)
    marks = view.places(STACKED)
    doubtful = np.concatenate((doubtful, marks[1:][np.diff(marks) == 1]))
    rows = [
        row
        for row in np.unique(np.searchsorted(view.batch.base, doubtful, side="right") - 1).tolist()
        if not unicodedata.is_normalized("NFC", str(raw[edges[row] : edges[row + 1]], "utf-8"))
    ]
    yield broken_articles(np.array(rows, dtype=np.int64), "the text is not in normal form C: ingest its file anew")


@check("text-clean", Level.FORM)
def text_clean(view: View) -> Iterator[Broken]:
    """A text has no control characters but tab and line feed, no other line ends, and none for private use.

    No reader shows them, and each takes a line separator for something else.
    """
    places, codes = _unfit(view, refused=True)
    because = [f"U+{code:04X} has no place in a text: ingest a file without it" for code in codes]
    yield broken_places(view.batch, places, places + 1, because)


TURNS, UNASSIGNED = "turns the direction of what follows, unseen", "is no character of Unicode"


@check("text-plain", Level.FORM, Severity.WARNING)
def text_plain(view: View) -> Iterator[Broken]:
    """A text has no unassigned characters, and no controls that turn the direction of others.

    Such a character is seen by no reader and by every program; the text stays as it is, but somebody should look at it.
    """
    places, codes = _unfit(view, refused=False)
    because = [
        f"U+{code:04X} {TURNS if text.TURNING.match(chr(code)) else UNASSIGNED}: look at the page" for code in codes
    ]
    yield broken_places(view.batch, places, places + 1, because)


def _unfit(view: View, *, refused: bool) -> tuple[Ints, list[int]]:
    """Return places and code points of what is unfit: what ingest refuses, or what is merely odd."""
    places = view.places(UNFIT)
    codes = view.batch.characters[places].tolist()
    meant = np.array([bool(text.UNFIT.match(chr(code))) is refused for code in codes], dtype=bool)
    return places[meant], [code for code, wanted in zip(codes, meant.tolist(), strict=True) if wanted]


@check("span-on-whole-characters", Level.FORM)
def span_on_whole_characters(view: View) -> Iterator[Broken]:
    """A span does not cut a letter from its marks, or an emoji from what it is joined with.

    What a reader sees as one character is one; a span that ends before a shadda marks a word that is not there. The
    boundaries are those of UAX 29, but for the rare signs that stand before what they belong to (its rule GB9b).
    """
    batch = view.batch
    inside, here, before = view.begins_inside, view.first_kinds, view.before_kinds
    cut = inside & ((here & JOINED != 0) | (before & JOINER == JOINER))
    on, last, behind = view.ends_inside, view.last_kinds, view.behind_kinds
    cut |= on & ((behind & JOINED != 0) | (last & JOINER == JOINER))
    if batch.characters.itemsize > 2:  # noqa: PLR2004 - bytes; flags are beyond plane 0
        cut |= inside & _halves_flag(batch.characters, batch.first)
        cut |= on & _halves_flag(batch.characters, batch.last + 1)
    rows = np.flatnonzero(cut & batch.sound)
    yield broken_spans(batch, rows, "the span cuts what is read as one character: take the whole of it")


def _halves_flag(characters: CodePoints, places: Ints) -> Mask:
    """Tell of places whether an odd number of regional indicators stands before them and one there: a flag is two."""
    halves = np.zeros(len(places), dtype=bool)
    here = characters[np.minimum(places, len(characters) - 1)]
    for row in np.flatnonzero((here >= FLAGS[0]) & (here <= FLAGS[-1])).tolist():
        begin = place = int(places[row])
        while begin and int(characters[begin - 1]) in FLAGS:
            begin -= 1
        halves[row] = (place - begin) % 2 == 1
    return halves
