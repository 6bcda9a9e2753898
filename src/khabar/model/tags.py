"""Nested spans -> one tag a token, as sequence labellers want it: B and I of the outermost span, O elsewhere.

The form is that of Ramshaw and Marcus (1995), "Text chunking using transformation-based learning", as CoNLL-2002 has
it (IOB2): every chunk begins with B.
"""

import numpy as np

from khabar.model.batch import Batch
from khabar.model.columns import Ints
from khabar.model.labels import ViewLabel
from khabar.model.outermost import NONE, by_place, outermost, touching
from khabar.model.tokens import Tokens

OUTSIDE = "O"


def tag_names(view: tuple[ViewLabel, ...]) -> tuple[str, ...]:
    """Return the tags of a view in the order of their numbers: labels that come at its end get numbers at the end."""
    return (OUTSIDE, *(f"{sign}-{label.name}" for label in view for sign in "BI"))


def tags(batch: Batch, tokens: Tokens, layer: str, view: tuple[ViewLabel, ...]) -> Ints:
    """Return the number of each token's tag, shape (tokens,).

    Labels are mapped first, what the view does not name is left out; of what is left the outermost spans count, by the
    rule of `khabar.model.outermost`.
    """
    number = {name: place for place, label in enumerate(view) for name in label.of}
    codes = np.array([number.get(name, -1) for name in batch.names.labels], dtype=np.int64)
    spans = batch.spans
    rows = np.flatnonzero((spans.layer == batch.layer_code(layer)) & batch.sound & (codes[spans.label] >= 0))
    rows = rows[by_place(batch.first[rows], batch.last[rows] + 1)]
    rows = rows[outermost(batch.first[rows], batch.last[rows] + 1)]
    span = touching(tokens.first, tokens.stop, batch.first[rows], batch.last[rows] + 1)
    found: Ints = np.append(2 * codes[spans.label[rows]] + 2, 0)[span]
    found[(span != NONE) & (np.diff(span, prepend=NONE) != 0)] -= 1
    return found
