"""The batch's nested form, which is what is published: one row an article, each layer a list of structs.

Relations stand in the struct of the span they start from.  Lists are never null.  Labels are strings.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.errors import BadRecord
from khabar.model.batch import Batch
from khabar.model.columns import ARTICLE_SCHEMA, RECORDED, Ints, Names, Relations, Spans, ends
from khabar.model.labels import LabelSet

RELATION = pa.struct([pa.field("label", pa.string(), nullable=False), pa.field("tail", pa.string(), nullable=False)])


def attribute_type(labels: LabelSet, name: str) -> pa.DataType:
    """Return the Arrow type of an attribute."""
    return pa.bool_() if labels.attribute_kinds[name] == "flag" else pa.string()


def span_type(labels: LabelSet, layer: str) -> pa.StructType:
    """Return the struct of one span of a layer; offsets count code points of ``text``, half-open."""
    fields = [
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("digest", pa.string()),
        *(pa.field(name, attribute_type(labels, name)) for name in labels.attributes_of(layer)),
    ]
    if labels.has_relations(layer):
        fields.append(pa.field("relations", _list(RELATION), nullable=False))
    return pa.struct(fields)


def schema(labels: LabelSet) -> pa.Schema:
    """Return the published schema of annotated articles."""
    layers = [
        pa.field(layer.column, _list(span_type(labels, name)), nullable=False) for name, layer in labels.layers.items()
    ]
    return pa.schema([*ARTICLE_SCHEMA, *layers])


def _list(kind: pa.DataType) -> pa.ListType:
    return pa.list_(pa.field("element", kind, nullable=False))


def nested(batch: Batch) -> pa.Table:
    """Return the batch in nested form, a table of `schema`.

    The words that records repeat are left behind, the text has them.

    Raises:
        BadRecord: a span of an unknown layer, a relation that lacks an end, or an attribute on a layer without it.
    """
    labels = batch.labels
    unknown = np.flatnonzero(batch.spans.layer >= len(labels.layers))
    headless = [code for code, name in enumerate(labels.layers) if not labels.has_relations(name)]
    lost = np.flatnonzero((batch.relations.head < 0) | (batch.relations.tail < 0))
    odd = np.flatnonzero(np.isin(np.append(batch.spans.layer, -1)[batch.relations.head], headless))
    for rows, article, what in (
        (unknown, batch.spans.article, "a span of an unknown layer"),
        (lost, batch.relations.article, "a relation without an end"),
        (odd, batch.relations.article, "a relation from a layer that has none"),
    ):
        if len(rows):
            name = batch.articles["id"][int(article[rows[0]])].as_py()
            raise BadRecord(f"{name}: {what} cannot be published: run 'khabar check' and mend it")
    table = batch.articles.select(ARTICLE_SCHEMA.names)
    for code, (name, layer) in enumerate(labels.layers.items()):
        rows = np.flatnonzero(batch.spans.layer == code)
        rows = rows[np.argsort(batch.spans.article[rows], kind="stable")]
        offsets = np.searchsorted(batch.spans.article[rows], np.arange(len(batch) + 1))
        column = _lists(offsets, _structs(batch, name, rows))
        table = table.append_column(pa.field(layer.column, column.type, nullable=False), column)
    return table.cast(schema(labels))


def _structs(batch: Batch, layer: str, rows: Ints) -> pa.StructArray:
    spans, labels = batch.spans, batch.labels
    kind = span_type(labels, layer)
    take = pa.array(rows)
    names = pa.array(batch.names.labels, pa.string())
    columns = [
        pa.array(spans.start[rows], pa.int32()),
        pa.array(spans.end[rows], pa.int32()),
        names.take(pa.array(spans.label[rows])),
        spans.id.take(take),
        spans.digest.take(take),
    ]
    own = labels.attributes_of(layer)
    for name, column in spans.attributes.items():
        taken = column.take(take)
        if name in own:
            columns.append(taken)
        elif taken.null_count < len(taken):
            raise BadRecord(
                f"the layer {layer} has no attribute '{name}', a span says it: run 'khabar check' and mend it"
            )
    if labels.has_relations(layer):
        columns.append(_relations_of(batch, rows))
    return pa.StructArray.from_arrays(columns, fields=list(kind))


def _relations_of(batch: Batch, rows: Ints) -> pa.ListArray:
    """Return the relations that start from each of the spans ``rows``."""
    relations = batch.relations
    place = np.full(len(batch.spans) + 1, -1)
    place[rows] = np.arange(len(rows))
    order = np.argsort(place[relations.head], kind="stable")
    order = order[place[relations.head[order]] >= 0]
    offsets = np.searchsorted(place[relations.head[order]], np.arange(len(rows) + 1))
    names = pa.array(batch.names.relations, pa.string()).take(pa.array(relations.label[order]))
    tails = batch.spans.id.take(pa.array(relations.tail[order]))
    return _lists(offsets, pa.StructArray.from_arrays([names, tails], fields=list(RELATION)))


def _lists(offsets: Ints, values: pa.Array) -> pa.ListArray:
    kind = _list(values.type)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=kind)


def flat(table: pa.Table, labels: LabelSet) -> Batch:
    """Return the flat form of a table of `schema`; the inverse of `nested`."""
    articles = table.select(ARTICLE_SCHEMA.names).append_column(RECORDED, table["sha256"])
    parts: list[tuple[Ints, Ints, pa.StructArray]] = []
    links: list[tuple[Ints, Ints, pa.StructArray]] = []
    base = 0
    for code, layer in enumerate(labels.layers.values()):
        column = table[layer.column].combine_chunks()
        column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
        owner = np.repeat(np.arange(len(table)), pc.list_value_length(column).to_numpy())
        values = column.flatten()
        parts.append((owner, np.full(len(values), code), values))
        if "relations" in [field.name for field in values.type]:
            lists = values.field("relations")
            head = np.repeat(np.arange(len(values)), pc.list_value_length(lists).to_numpy())
            links.append((owner[head], head + base, lists.flatten()))
        base += len(values)
    label_names, label_codes = _coded(tuple(labels.labels), [values.field("label") for _, _, values in parts])
    known = tuple(each.name for each in labels.relations)
    relation_names, relation_codes = _coded(known, [values.field("label") for _, _, values in links])
    spans = _spans(parts, labels, label_codes)
    names = Names(labels.layer_names, label_names, relation_names)
    return Batch(labels, articles, spans, _relations(links, spans, relation_codes), names)


def _coded(known: tuple[str, ...], columns: list[pa.Array]) -> tuple[tuple[str, ...], Ints]:
    """Return the names, those that are known first, and the place of each value among them."""
    whole = pa.concat_arrays(columns) if columns else pa.array([], pa.string())
    names, codes = known, pc.index_in(whole, value_set=pa.array(known, pa.string()))
    if codes.null_count:
        names = (*known, *sorted(pc.unique(whole.filter(codes.is_null())).to_pylist()))
        codes = pc.index_in(whole, value_set=pa.array(names, pa.string()))
    return names, codes.to_numpy().astype(np.int64)


def _spans(parts: list[tuple[Ints, Ints, pa.StructArray]], labels: LabelSet, codes: Ints) -> Spans:
    values = [part[2] for part in parts]

    def column(name: str, kind: pa.DataType) -> pa.Array:
        return pa.concat_arrays(
            [each.field(name) if each.type.get_field_index(name) >= 0 else pa.nulls(len(each), kind) for each in values]
        )

    def numbers(name: str) -> Ints:
        found: Ints = column(name, pa.int32()).to_numpy().astype(np.int64)
        return found

    identities = column("id", pa.string())
    return Spans(
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        codes,
        numbers("start"),
        numbers("end"),
        identities,
        pa.nulls(len(identities), pa.string()),
        column("digest", pa.string()),
        {name: column(name, attribute_type(labels, name)) for name in labels.attribute_kinds},
    )


def _relations(links: list[tuple[Ints, Ints, pa.StructArray]], spans: Spans, codes: Ints) -> Relations:
    empty = np.zeros(0, dtype=np.int64)
    article = np.concatenate([empty, *(link[0] for link in links)])
    head = np.concatenate([empty, *(link[1] for link in links)])
    tails = [link[2].field("tail") for link in links]
    tail_id = pa.concat_arrays(tails) if tails else pa.array([], pa.string())
    return Relations(
        article,
        codes,
        head,
        ends(spans.article, spans.id, article, tail_id),
        spans.id.take(pa.array(head)),
        tail_id,
    )
