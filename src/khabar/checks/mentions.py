"""Where the words of a span stand elsewhere, and whether a span holds them there."""

import numpy as np

from khabar.checks.view import View
from khabar.checks.words import Prints, mixed
from khabar.model.batch import Batch
from khabar.model.columns import Ints, Mask

LONGEST = 6
"""Words of the longest stretch that is looked for elsewhere."""
_ARTICLE = np.uint64(0x9E3779B97F4A7C15)
"""Tells equal words of different articles apart."""


def same_words(view: View, spans: Ints, *, anywhere: bool = False) -> tuple[Ints, Ints]:
    """Return the stretches of words that a span marks somewhere, shape (k, 2), and the row of such a span.

    Args:
        view: The batch.
        spans: Rows of the spans.
        anywhere: Whether the span may be one of another article.
    """
    batch, words = view.batch, view.words
    first, stop = batch.first[spans], batch.last[spans] + 1
    count = np.searchsorted(words.first, stop) - np.searchsorted(words.stop, first, side="right")
    apart = np.uint64(0) if anywhere else _ARTICLE

    def keyed(first: Ints, stop: Ints) -> Prints:
        article = np.searchsorted(batch.base, first, side="right").astype(np.uint64)
        return mixed(words.prints(first, stop) + article * apart)

    keys = keyed(first, stop)
    places, like = [np.zeros((0, 2), dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for length in range(1, min(LONGEST, int(count.max(initial=0))) + 1):
        own = np.flatnonzero(count == length)
        runs = words.runs(length)
        theirs = keyed(runs.first, runs.stop)
        order = own[np.argsort(keys[own], kind="stable")]
        at = np.minimum(np.searchsorted(keys[order], theirs), max(len(order) - 1, 0))
        hit = np.flatnonzero(keys[order][at] == theirs) if len(order) else at[:0]
        places.append(np.column_stack((runs.first[hit], runs.stop[hit])))
        like.append(spans[order[at[hit]]])
    return np.concatenate(places), np.concatenate(like)


def touched(batch: Batch, places: Ints, layers: Ints) -> Mask:
    """Tell of stretches of text whether a span of these layers holds a part of them."""
    rows = np.flatnonzero(np.isin(batch.spans.layer, layers) & batch.sound)
    begun = np.searchsorted(np.sort(batch.first[rows]), places[:, 1])
    over = np.searchsorted(np.sort(batch.last[rows]), places[:, 0])
    touched: Mask = begun > over
    return touched
