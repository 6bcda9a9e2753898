"""The config ``quotes``: a row a quotation, with its source, cues and fragments, and the sentences around it.

Which label is a quotation, and which relation is shown in which column, says the label set.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.batch import Batch
from khabar.model.columns import Ints
from khabar.model.labels import LabelSet, RelationType
from khabar.release.tables.around import CONTEXT, context, has_names, names
from khabar.release.tables.config import CONFIGS, ClassLabels, Config, Reading, not_null_list
from khabar.release.tables.spans import OF_ARTICLE, SPAN, attribute_fields, span_columns


class _Columns(NamedTuple):
    """The relations that have columns: to one span that is no quotation, to one that is, to any number of spans."""

    one: list[RelationType]
    other: list[RelationType]
    many: list[RelationType]


def _columns(labels: LabelSet) -> _Columns:
    shown = [each for each in labels.relations if each.column]
    one = [each for each in shown if each.one]
    return _Columns(
        [each for each in one if each.head != each.tail],
        [each for each in one if each.head == each.tail],
        [each for each in shown if not each.one],
    )


def _schema(labels: LabelSet) -> pa.Schema:
    columns = _columns(labels)
    return pa.schema(
        [
            *OF_ARTICLE,
            *SPAN,
            *attribute_fields(labels, labels.attributes_of_label(labels.quotation)),
            *(field for each in columns.one for field in _fields_of_one(labels, each)),
            *(pa.field(each.column, pa.string()) for each in columns.other),
            *CONTEXT,
            *(pa.field(each.column, not_null_list(pa.struct(SPAN)), nullable=False) for each in columns.many),
        ]
    )


def _fields_of_one(labels: LabelSet, relation: RelationType) -> Iterable[pa.Field]:
    attributes = attribute_fields(labels, labels.attributes_of_label(relation.tail))
    name = [pa.field("name", pa.string())] if has_names(labels) else []
    return (pa.field(f"{relation.column}_{each.name}", each.type) for each in (*SPAN, *attributes, *name))


def _quotes(reading: Reading) -> pa.Table:
    batch, labels = reading.batch, reading.batch.labels
    spans, relations = batch.spans, batch.relations
    rows = np.flatnonzero(spans.label == batch.label_code(labels.quotation))
    columns = span_columns(batch, rows, labels.attributes_of_label(labels.quotation)) | context(reading, rows)
    shown = _columns(labels)
    for each in shown.one:
        columns |= _one(batch, _first(batch, rows, each.name), each)
    for each in shown.other:
        columns[each.column] = _ids(batch, _first(batch, rows, each.name))
    for each in shown.many:
        ends = (relations.head, relations.tail) if each.head == labels.quotation else (relations.tail, relations.head)
        columns[each.column] = _parts(batch, rows, ends, each.name)
    return pa.table({name: columns[name] for name in _schema(labels).names})


def _one(batch: Batch, found: Ints, relation: RelationType) -> dict[str, pa.Array]:
    """Return the columns of the span that a relation leads to; ``found`` is its row, -1 where there is none."""
    labels, known = batch.labels, pa.array(found >= 0)
    told = span_columns(batch, np.maximum(found, 0), labels.attributes_of_label(relation.tail))
    columns = {name: pc.if_else(known, each, pa.scalar(None, each.type)) for name, each in told.items()}
    if has_names(labels):
        columns["name"] = names(batch, found)
    return {f"{relation.column}_{name}": each for name, each in columns.items()}


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
    """Return the values of what every quotation has to say of itself."""
    those = (each for each in labels.attributes if labels.quotation in each.labels and each.kind == "choice")
    return {each.name: tuple(value.name for value in each.values) for each in those if each.required}


CONFIGS.add(
    "quotes",
    Config("a quote with its source and cues", _schema, _quotes, _labels, quotation=True),
)
