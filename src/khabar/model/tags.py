"""Nested spans -> one tag a token, as sequence labellers want it: B and I of the outermost span, O elsewhere.

The form is that of Ramshaw and Marcus (1995), "Text chunking using transformation-based learning", as CoNLL-2002 has
it (IOB2): every chunk begins with B.
"""

import numpy as np

from khabar.model.batch import Batch
from khabar.model.columns import Ints, Mask, ranges
from khabar.model.labels import ViewLabel
from khabar.model.tokens import Tokens

OUTSIDE = "O"


def tag_names(view: tuple[ViewLabel, ...]) -> tuple[str, ...]:
    """Return the tags of a view in the order of their numbers: labels that come at its end get numbers at the end."""
    return (OUTSIDE, *(f"{sign}-{label.name}" for label in view for sign in "BI"))


def tags(batch: Batch, tokens: Tokens, layer: str, view: tuple[ViewLabel, ...]) -> Ints:
    """Return the number of each token's tag, shape (tokens,).

    Labels are mapped first, what the view does not name is left out; of what is left the outermost spans count.  A
    token that a span touches belongs to it; where two touch it, to the first.
    """
    number = {name: place for place, label in enumerate(view) for name in label.of}
    codes = np.array([number.get(name, -1) for name in batch.names.labels], dtype=np.int64)
    spans = batch.spans
    rows = np.flatnonzero((spans.layer == batch.layer_code(layer)) & batch.sound & (codes[spans.label] >= 0))
    rows = rows[np.lexsort((-batch.last[rows], batch.first[rows]))]
    rows = rows[_outermost(batch.first[rows], batch.last[rows] + 1)]
    begin = np.searchsorted(tokens.stop, batch.first[rows], side="right")
    end = np.searchsorted(tokens.first, batch.last[rows] + 1)
    begin = np.maximum(begin, np.append(0, np.maximum.accumulate(end)[:-1])[: len(begin)])
    which, places = ranges(begin, np.maximum(end - begin, 0))
    code = codes[spans.label[rows]]
    found = np.zeros(len(tokens), dtype=np.int64)
    found[places] = 2 * code[which] + 2
    there = begin < end
    found[begin[there]] = 2 * code[there] + 1
    return found


def _outermost(first: Ints, stop: Ints) -> Mask:
    """Tell of each stretch whether no other one holds it; they come by place, the longer first."""
    reach = np.append(-1, np.maximum.accumulate(stop)[:-1])[: len(first)]
    outermost: Mask = first >= reach
    return outermost
