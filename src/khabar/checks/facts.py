"""What a batch leaves behind for the rules that hold between articles: small tables that are put together at the end.

A rule about one article sees its batch and is done with it.  A rule between articles would need all of them at once;
instead each batch is boiled down to a row an article and a row a marked stretch of words, and the rules see those.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.checks.duplicates import sketches
from khabar.checks.mentions import same_words, touched
from khabar.checks.view import View
from khabar.checks.words import Prints, mixed
from khabar.model.columns import ARTICLE_SCHEMA, Ints
from khabar.model.labels import LabelSet

FEWEST_WORDS = 4
"""Words of a line below which it is no wonder that it is two things."""
IDENTITY = ("id", "annotator", "split", "story", "sha256", "redistribute")
ARTICLES = pa.schema(
    [
        *(ARTICLE_SCHEMA.field(name) for name in IDENTITY),
        pa.field("labels", pa.list_(pa.int32())),
        pa.field("sketch", pa.binary()),
    ]
)
"""A row an annotation of an article: ``labels`` counts its spans by label code, ``sketch`` is of its text, if any."""
STRETCHES = pa.schema(
    [
        pa.field("context", pa.uint64()),
        pa.field("label", pa.string()),
        pa.field("article", pa.string()),
        pa.field("annotator", pa.string()),
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("around", pa.string()),
        pa.field("lead", pa.int32()),
    ]
)
"""A row a stretch of words: ``context`` is one fingerprint of layer, words and the words on both sides (of a whole line
the line alone); ``label`` is what it is marked with, several joined, empty where it is bare; ``around`` is it with the
words on both sides, ``lead`` what of that stands before it."""


class Facts(NamedTuple):
    """What is known of the articles that were checked.

    Attributes:
        articles: Table of `ARTICLES`.
        stretches: Table of `STRETCHES`.
    """

    articles: pa.Table
    stretches: pa.Table


def together(facts: list[Facts]) -> Facts:
    """Put facts together, in order."""
    return Facts(
        pa.concat_tables([ARTICLES.empty_table(), *(each.articles for each in facts)]),
        pa.concat_tables([STRETCHES.empty_table(), *(each.stretches for each in facts)]),
    )


def placed(rows: list[dict[str, str]], labels: LabelSet) -> Facts:
    """Return the facts about articles that have a split and no annotation yet, by the names of `IDENTITY`."""
    none = [0] * len(labels.labels)
    return Facts(pa.Table.from_pylist([{**row, "labels": none} for row in rows], ARTICLES), STRETCHES.empty_table())


def facts(view: View) -> Facts:
    """Boil a batch down."""
    batch = view.batch
    counts = np.zeros((len(batch), len(batch.labels.labels)), dtype=np.int32)
    known = batch.spans.label < counts.shape[1]
    np.add.at(counts, (batch.spans.article[known], batch.spans.label[known]), 1)
    columns = [batch.articles[name].combine_chunks() for name in IDENTITY]
    edges = pa.array(np.arange(len(batch) + 1) * counts.shape[1], pa.int32())
    labels = pa.ListArray.from_arrays(edges, pa.array(counts.ravel()))
    articles = pa.table([*columns, labels, sketches(view)], names=ARTICLES.names).cast(ARTICLES)
    parts = []
    for name, layer in batch.labels.layers.items():
        if layer.lines:
            parts.append(_lines(view, name))
        elif any(label.recurs for label in layer.labels):
            parts.append(_stretches(view, name))
    return Facts(articles, pa.concat_tables([STRETCHES.empty_table(), *parts]))


def _lines(view: View, layer: str) -> pa.Table:
    """Return the whole lines that a layer marks and that are long enough to be no chance."""
    batch, words = view.batch, view.words
    rows = view.regions
    first, stop = batch.first[rows], batch.last[rows] + 1
    long = np.searchsorted(words.first, stop) - np.searchsorted(words.first, first) >= FEWEST_WORDS
    rows, first, stop = rows[long], first[long], stop[long]
    labels = pa.array(batch.names.labels, pa.string()).take(pa.array(batch.spans.label[rows]))
    context = mixed(words.prints(first, stop) + np.uint64(batch.layer_code(layer)))
    return _table(view, _Stretches(first, stop, first, stop, context), labels)


def _stretches(view: View, layer: str) -> pa.Table:
    """Return what a layer marks, and where the same words stand bare in the same batch."""
    batch = view.batch
    rows = np.flatnonzero((batch.spans.layer == batch.layer_code(layer)) & batch.sound)
    first, stop = batch.first[rows], batch.last[rows] + 1
    # What is marked twice at one place, as an outer and an inner span, has both labels.
    order = np.lexsort((batch.spans.label[rows], stop, first))
    rows, first, stop = rows[order], first[order], stop[order]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (np.diff(first) != 0) | (np.diff(stop) != 0)
    names = pa.array(batch.names.labels, pa.string()).take(pa.array(batch.spans.label[rows]))
    lists = pa.ListArray.from_arrays(pa.array(np.append(np.flatnonzero(new), len(rows)), pa.int32()), names)
    marked = _table(view, _in_context(view, first[new], stop[new], layer), pc.binary_join(lists, "+"))
    bare = bare_runs(view, rows)
    bare = bare[batch.covers(layer)[np.searchsorted(batch.base, bare[:, 0], side="right") - 1]]
    unmarked = _table(view, _in_context(view, bare[:, 0], bare[:, 1], layer), pa.array([""] * len(bare), pa.string()))
    return pa.concat_tables([marked, unmarked])


class _Stretches(NamedTuple):
    """Stretches of words, k of them, all places counted in the texts laid end to end.

    Attributes:
        first: First code point of each.
        stop: One past the last.
        begin: First code point of the word before it, if its line has one.
        end: One past the last of the word behind it, likewise.
        context: Fingerprint of it all.
    """

    first: Ints
    stop: Ints
    begin: Ints
    end: Ints
    context: Prints


def _table(view: View, those: _Stretches, labels: pa.Array) -> pa.Table:
    batch = view.batch
    article = np.searchsorted(batch.base, those.first, side="right") - 1
    start, end = those.first - batch.base[article], those.stop - batch.base[article]
    identity = [batch.articles[name].take(pa.array(article)).combine_chunks() for name in ("id", "annotator")]
    numbers = [pa.array(each, pa.int32()) for each in (start, end, those.first - those.begin)]
    columns = [pa.array(those.context), labels, *identity, *numbers[:2], batch.cut(those.begin, those.end), numbers[2]]
    return pa.table(columns, names=STRETCHES.names).cast(STRETCHES)


def _in_context(view: View, first: Ints, stop: Ints, layer: str) -> _Stretches:
    """Return stretches with the word before and the word behind each, if the line has them."""
    words = view.words
    own = words.prints(first, stop)
    before = np.searchsorted(words.stop, first, side="right") - 1
    behind = np.minimum(np.searchsorted(words.first, stop), len(words))
    line = words.line_of(first)
    prints, lines = np.append(words.own, np.uint64(0)), np.append(words.line, -1)
    has_left, has_right = (before >= 0) & (lines[before] == line), lines[behind] == line
    left = np.where(has_left, prints[before], np.uint64(1))
    right = np.where(has_right, prints[behind], np.uint64(2))
    begin = np.where(has_left, np.append(words.first, 0)[before], first)
    end = np.where(has_right, np.append(words.stop, 0)[behind], stop)
    context = mixed(mixed(mixed(own + np.uint64(view.batch.layer_code(layer))) + left) + right)
    return _Stretches(first, stop, begin, end, context)


def bare_runs(view: View, rows: Ints) -> Ints:
    """Return the stretches of main text, shape (k, 2), with the words of a span in ``rows`` and no span on them."""
    batch = view.batch
    found, _ = same_words(view, rows, anywhere=True)
    bare = ~touched(batch, found, np.unique(batch.spans.layer[rows]))
    bare &= view.is_main(view.region_at(found[:, 0]))
    return found[bare]
