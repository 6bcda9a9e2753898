"""The columns that tables of spans begin with."""

import pyarrow as pa

from khabar.model.batch import Batch
from khabar.model.columns import Ints
from khabar.model.labels import LabelSet
from khabar.model.nested import attribute_type

SPAN = (
    pa.field("id", pa.string(), nullable=False),
    pa.field("start", pa.int32(), nullable=False),
    pa.field("end", pa.int32(), nullable=False),
    pa.field("text", pa.string()),
    pa.field("digest", pa.string()),
)
"""A span; ``text`` is null where the words are withheld, ``digest`` where they are not."""
OF_ARTICLE = (pa.field("article", pa.string(), nullable=False), pa.field("license", pa.string(), nullable=False))


def attribute_fields(labels: LabelSet, names: tuple[str, ...]) -> list[pa.Field]:
    """Return the columns of those attributes that a label set has."""
    return [pa.field(name, attribute_type(labels, name)) for name in names if name in labels.attribute_kinds]


def span_columns(batch: Batch, rows: Ints, attributes: tuple[str, ...] = ()) -> dict[str, pa.Array]:
    """Return the columns of spans: those of `OF_ARTICLE`, of `SPAN`, and the attributes."""
    spans, taken = batch.spans, pa.array(rows)
    return {
        "article": _of_articles(batch, "id", rows),
        "license": _of_articles(batch, "license", rows),
        "id": spans.id.take(taken),
        "start": pa.array(spans.start[rows], pa.int32()),
        "end": pa.array(spans.end[rows], pa.int32()),
        "text": batch.surfaces(rows),
        "digest": spans.digest.take(taken),
        **{name: spans.attributes[name].take(taken) for name in attributes if name in spans.attributes},
    }


def _of_articles(batch: Batch, name: str, rows: Ints) -> pa.Array:
    return batch.articles[name].take(pa.array(batch.spans.article[rows])).combine_chunks()
