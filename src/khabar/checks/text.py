"""Level 1, the text itself: what ingest refuses must not come in by another way, as Parquet or by hand."""

import unicodedata
from collections.abc import Iterator

import numpy as np

from khabar.checks.engine import Broken, broken_articles, broken_places, broken_spans, check
from khabar.checks.view import JOINED, JOINER, UNFIT, View
from khabar.model.columns import Ints, Mask
from khabar.model.finding import Level


@check("text-composed", Level.FORM)
def text_composed(view: View) -> Iterator[Broken]:
    """A text is in Unicode normal form C.

    The same word must be the same code points, or searching, counting and offsets differ between articles.
    """
    raw, edges = view.batch.utf8
    texts = (str(raw[edges[row] : edges[row + 1]], "utf-8") for row in range(len(view.batch)))
    rows = [row for row, text in enumerate(texts) if not unicodedata.is_normalized("NFC", text)]
    yield broken_articles(np.array(rows, dtype=np.int64), "the text is not in normal form C: ingest its file anew")


@check("text-clean", Level.FORM)
def text_clean(view: View) -> Iterator[Broken]:
    """A text has no control characters but tab and line feed, no other line ends, and none for private use.

    No reader shows them, and each takes a line separator for something else.
    """
    places = np.flatnonzero(view.kinds & UNFIT)
    because = [
        f"U+{code:04X} has no place in a text: ingest a file without it" for code in view.batch.characters[places]
    ]
    yield broken_places(view.batch, places, places + 1, because)


@check("span-on-whole-characters", Level.FORM)
def span_on_whole_characters(view: View) -> Iterator[Broken]:
    """A span does not cut a letter from its marks, or an emoji from what it is joined with.

    What a reader sees as one character is one; a span that ends before a shadda marks a word that is not there.
    """
    batch = view.batch
    rows = np.flatnonzero(batch.sound)
    article = batch.spans.article[rows]
    first, stop = batch.first[rows], batch.last[rows] + 1
    cut = _cuts(view, first, first > batch.base[article]) | _cuts(view, stop, stop < batch.base[article + 1])
    yield broken_spans(batch, rows[cut], "the span cuts what is read as one character: take the whole of it")


def _cuts(view: View, places: Ints, inside: Mask) -> Mask:
    """Tell of places inside a text whether what stands there belongs to what stands before."""
    here, before = np.where(inside, places, 0), np.where(inside, places - 1, 0)
    cut: Mask = inside & (view.is_kind(here, JOINED) | (view.batch.characters[before] == ord(JOINER)))
    return cut
