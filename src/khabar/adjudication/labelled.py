"""Gold, cut into what a model judges: tokens, or lines, each with the label that gold gives it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from khabar.model.batch import Batch
from khabar.model.columns import Ints
from khabar.model.outermost import by_place, outermost, touching
from khabar.model.tokens import Tokens, tokens


class Units(NamedTuple):
    """Tokens or lines of all articles, one after another; columns of shape (units,).

    Attributes:
        text: What stands there.
        words: Its tokens.
        article: Number of the article.
        start: First code point.
        end: One past the last.
        given: Number of the label in gold.
    """

    text: list[str]
    words: list[list[str]]
    article: Ints
    start: Ints
    end: Ints
    given: Ints


def units(batches: Sequence[Batch], layer: str, *, lines: bool) -> tuple[Units, list[str]]:
    """Return what is judged of a layer, and the names of the labels that are given; that of none is empty.

    A unit bears the label of the outermost span that touches it, as published tags do (`khabar.model.outermost`).

    Args:
        batches: Gold of which the texts are at hand, one at least.
        layer: The layer.
        lines: Whether lines are judged, or tokens.
    """
    numbers = {"": 0}
    text: list[str] = []
    words: list[list[str]] = []
    columns: list[tuple[Ints, ...]] = []
    articles = 0
    for batch in batches:
        found = tokens(batch)
        begin, stop = _lines(batch, found) if lines else (np.arange(len(found)), np.arange(len(found)) + 1)
        first, last = found.first[begin], found.stop[stop - 1]
        each = batch.cut(found.first, found.stop).to_pylist()
        text += batch.cut(first, last).to_pylist()
        words += [each[one:other] for one, other in zip(begin.tolist(), stop.tolist(), strict=True)]
        label = np.array([numbers.setdefault(name, len(numbers)) for name in batch.names.labels])
        row = found.article[begin]
        base = batch.base[row]
        columns.append((articles + row, first - base, last - base, _given(batch, layer, (first, last), label)))
        articles += len(batch)
    article, start, end, given = (np.concatenate(column) for column in zip(*columns, strict=True))
    known, given = np.unique(given, return_inverse=True)
    names = list(numbers)
    return Units(text, words, article, start, end, given), [names[number] for number in known]


def _lines(batch: Batch, found: Tokens) -> tuple[Ints, Ints]:
    """Return the first token of each line that has one, and one past its last."""
    line = np.searchsorted(np.flatnonzero(batch.characters == ord("\n")), found.first)
    begin = np.flatnonzero((np.diff(line, prepend=-1) != 0) | (np.diff(found.article, prepend=-1) != 0))
    return begin, np.append(begin[1:], len(found))[: len(begin)]


def _given(batch: Batch, layer: str, places: tuple[Ints, Ints], label: Ints) -> Ints:
    """Return the number of the label of each place, 0 where there is none.

    Args:
        batch: Gold.
        layer: The layer.
        places: Where each begins and ends in the characters of the batch.
        label: The number of each label of the batch.
    """
    rows = np.flatnonzero((batch.spans.layer == batch.layer_code(layer)) & batch.sound)
    rows = rows[by_place(batch.first[rows], batch.last[rows] + 1)]
    rows = rows[outermost(batch.first[rows], batch.last[rows] + 1)]
    return np.append(label[batch.spans.label[rows]], 0)[touching(*places, batch.first[rows], batch.last[rows] + 1)]
