"""The config ``quotes``: a row a quote, with its source, cues and fragments, and the sentences around it."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.batch import Batch
from khabar.model.columns import Ints
from khabar.model.labels import LabelSet
from khabar.release.tables.around import CONTEXT, context, has_names, names
from khabar.release.tables.config import CONFIGS, ClassLabels, Config, Reading, not_null_list
from khabar.release.tables.spans import OF_ARTICLE, SPAN, attribute_fields, span_columns

_QUOTE = "QUOTE"
_ATTRIBUTES = ("type", "marked", "via")
_OF_SOURCE = ("entity",)
_PARTS = (("cues", "HAS_CUE"), ("addressees", "HAS_ADDRESSEE"), ("origins", "HAS_ORIGIN"))
_FRAGMENTS = "verbatim"


def _schema(labels: LabelSet) -> pa.Schema:
    of_source = [*SPAN, *attribute_fields(labels, _OF_SOURCE)]
    parts = [pa.field(name, not_null_list(pa.struct(SPAN)), nullable=False) for name in (*dict(_PARTS), _FRAGMENTS)]
    return pa.schema(
        [
            *OF_ARTICLE,
            *SPAN,
            *attribute_fields(labels, _ATTRIBUTES),
            *(pa.field(f"source_{each.name}", each.type) for each in of_source),
            *([pa.field("source_name", pa.string())] if has_names(labels) else []),
            pa.field("continues", pa.string()),
            *CONTEXT,
            *parts,
        ]
    )


def _quotes(reading: Reading) -> pa.Table:
    batch = reading.batch
    spans = batch.spans
    rows = np.flatnonzero(spans.label == batch.label_code(_QUOTE))
    columns = span_columns(batch, rows, _ATTRIBUTES)
    source = _first(batch, rows, "HAS_SOURCE")
    known = pa.array(source >= 0)
    of_source = span_columns(batch, np.maximum(source, 0), _OF_SOURCE)
    for name in [each.name for each in SPAN] + [each for each in _OF_SOURCE if each in of_source]:
        columns[f"source_{name}"] = pc.if_else(known, of_source[name], pa.scalar(None, of_source[name].type))
    if has_names(batch.labels):
        columns["source_name"] = names(batch, source)
    columns |= context(reading, rows)
    columns["continues"] = _ids(batch, _first(batch, rows, "CONTINUES"))
    for name, relation in _PARTS:
        columns[name] = _parts(batch, rows, (batch.relations.head, batch.relations.tail), relation)
    columns[_FRAGMENTS] = _parts(batch, rows, (batch.relations.tail, batch.relations.head), "PART_OF")
    return pa.table({name: columns[name] for name in _schema(batch.labels).names})


def _linked(batch: Batch, relation: str) -> Ints:
    known = batch.names.relations
    return np.flatnonzero(batch.relations.label == (known.index(relation) if relation in known else -1))


def _first(batch: Batch, rows: Ints, relation: str) -> Ints:
    """Return for each head the row of its first tail, -1 where it has none."""
    links = _linked(batch, relation)[::-1]
    tails = np.full(len(batch.spans), -1)
    tails[batch.relations.head[links]] = batch.relations.tail[links]
    return tails[rows]


def _ids(batch: Batch, rows: Ints) -> pa.Array:
    if not len(batch.spans):
        return pa.nulls(len(rows), pa.string())
    return pc.if_else(
        pa.array(rows >= 0), batch.spans.id.take(pa.array(np.maximum(rows, 0))), pa.scalar(None, pa.string())
    )


def _parts(batch: Batch, rows: Ints, ends: tuple[Ints, Ints], relation: str) -> pa.ListArray:
    """Return for each quote the spans that a relation links to it, in order of place."""
    links = _linked(batch, relation)
    quote, part = ends[0][links], ends[1][links]
    order = np.lexsort((batch.spans.start[part], quote))
    place = np.searchsorted(quote[order], rows)
    last = np.searchsorted(quote[order], rows, side="right")
    # Quotes are taken in the order of their rows, in which the links are sorted as well.
    offsets = np.concatenate((place, last[-1:])) if len(rows) else np.zeros(1, dtype=np.int64)
    columns = span_columns(batch, part[order])
    struct = pa.StructArray.from_arrays([columns[each.name] for each in SPAN], fields=list(SPAN))
    kind = not_null_list(struct.type)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), struct, type=kind)


def _labels(labels: LabelSet) -> ClassLabels:
    kind = labels.attribute(_QUOTE, "type")
    return {"type": tuple(value.name for value in kind.values)} if kind and kind.kind == "choice" else {}


CONFIGS.add(
    "quotes",
    Config("a quote with its source and cues", _schema, _quotes, _labels, label=_QUOTE),
)
