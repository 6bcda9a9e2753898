"""What a table of spans says of the words around them: whom a mention names, the sentences it stands in."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.batch import Batch
from khabar.model.columns import Ints, Mask, ends
from khabar.model.labels import LabelSet
from khabar.release.tables.config import Reading

_LAYER, _KEY = "entity", "entity"
"""The layer whose spans name people and things, and the attribute that ties mentions of one together."""
CONTEXT = (
    pa.field("context_start", pa.int32()),
    pa.field("context_end", pa.int32()),
    pa.field("context_text", pa.string()),
)
"""The sentences around a span, null where the text is withheld."""


def has_names(labels: LabelSet) -> bool:
    """Tell whether a label set ties mentions to names."""
    return _LAYER in labels.layers and _KEY in labels.attribute_kinds


def names(batch: Batch, rows: Ints) -> pa.Array:
    """Return the words that name what each span is tied to: of its mentions a name before a post, then the longest.

    Args:
        batch: The articles.
        rows: Rows of spans; -1 where there is none.

    Returns:
        Strings; null where there is no span, it is tied to nothing, or the text is withheld.
    """
    spans, keys, known = batch.spans, batch.spans.attributes[_KEY], batch.labels.labels
    recurs = np.array([name in known and known[name].recurs for name in batch.names.labels], dtype=bool)
    mentions = np.flatnonzero((spans.layer == batch.layer_code(_LAYER)) & spans.says(_KEY) & batch.sound)
    order = (spans.start[mentions], (spans.start - spans.end)[mentions], ~recurs[spans.label[mentions]])
    mentions = mentions[np.lexsort(order)]
    asked = np.flatnonzero(rows >= 0)
    asked = asked[spans.says(_KEY)[rows[asked]]]
    tied = rows[asked]
    found = ends(spans.article[mentions], keys.take(pa.array(mentions)), spans.article[tied], keys.take(pa.array(tied)))
    there = np.zeros(len(rows), dtype=bool)
    there[asked[found >= 0]] = True
    return _where(there, batch.surfaces(mentions[found[found >= 0]]))


def context(reading: Reading, rows: Ints) -> dict[str, pa.Array]:
    """Return the columns of `CONTEXT`: the sentences that each span stands in, the one before, and the one behind.

    Sentences of boilerplate, and of other articles, are no context.
    """
    batch, tokens = reading.batch, reading.tokens
    begin, end = reading.sentences
    whose, first, stop = tokens.article[begin], tokens.first[begin], tokens.stop[end - 1]
    article = batch.spans.article[rows]
    own = np.searchsorted(whose, article), np.searchsorted(whose, article, side="right") - 1
    known = batch.sound[rows] & (own[0] <= own[1])
    low, high, taken = own[0][known], own[1][known], rows[known]
    before = np.searchsorted(first, batch.first[taken], side="right") - 2
    behind = np.searchsorted(first, batch.last[taken], side="right")
    from_ = np.minimum(first[np.clip(before, low, high)], batch.first[taken])
    to = np.maximum(stop[np.clip(behind, low, high)], batch.last[taken] + 1)
    base = batch.base[article[known]]
    values = pa.array(from_ - base, pa.int32()), pa.array(to - base, pa.int32()), batch.cut(from_, to)
    return {each.name: _where(known, value) for each, value in zip(CONTEXT, values, strict=True)}


def _where(mask: Mask, values: pa.Array) -> pa.Array:
    """Return the values at the places of a mask, in order, and null elsewhere."""
    place = np.cumsum(mask) - 1
    return values.take(pc.if_else(pa.array(mask), pa.array(place), pa.scalar(None, pa.int64())))
