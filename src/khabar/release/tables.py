"""The configs of a release: what a row of each is.  A new one is a function here and its registration."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.batch import Batch
from khabar.model.columns import Ints
from khabar.model.labels import LabelSet
from khabar.model.nested import nested
from khabar.registry import Registry

ClassLabels = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Config:
    """A table of the release.

    Attributes:
        name: As users ask for it.
        summary: What a row is.
        stand: The layer or label it stands on, empty where it stands on all.
        rows: Batch to table.
        class_labels: Label names by the dotted path of their column.
    """

    name: str
    summary: str
    stand: str
    rows: Callable[[Batch], pa.Table]
    class_labels: Callable[[LabelSet], ClassLabels]

    def stands_on(self, labels: LabelSet) -> bool:
        """Tell whether a label set has what the table is made of."""
        known = {"", *labels.layers, *labels.labels}
        return self.stand in known


CONFIGS: Registry[Config] = Registry("config")


def published(batch: Batch) -> Batch:
    """Return the batch as it may be published: no text where the outlet allows offsets only."""
    texts = batch.articles["text"]
    free = pc.equal(batch.articles["redistribute"], "text")
    place = batch.articles.schema.get_field_index("text")
    articles = batch.articles.set_column(place, "text", pc.if_else(free, texts, pa.scalar(None, pa.string())))
    return Batch(batch.labels, articles, batch.spans, batch.relations, batch.names)


def _names(labels: LabelSet, layer: str) -> tuple[str, ...]:
    return tuple(label.name for label in labels.layers[layer].labels)


def _articles(batch: Batch) -> pa.Table:
    return nested(batch)


def _article_labels(labels: LabelSet) -> ClassLabels:
    return {f"{layer.column}.label": _names(labels, name) for name, layer in labels.layers.items()}


CONFIGS.add("articles", Config("articles", "an article with all its layers", "", _articles, _article_labels))


def _entities(batch: Batch) -> pa.Table:
    return nested(batch).select(["id", "text", "sha256", "length", "license", batch.labels.layers["entity"].column])


def _entity_labels(labels: LabelSet) -> ClassLabels:
    return {f"{labels.layers['entity'].column}.label": _names(labels, "entity")}


CONFIGS.add("entities", Config("entities", "an article with its named entities", "entity", _entities, _entity_labels))


def _of_articles(batch: Batch, name: str, rows: Ints) -> pa.Array:
    return batch.articles[name].take(pa.array(batch.spans.article[rows])).combine_chunks()


def _of_spans(batch: Batch, rows: Ints, attributes: tuple[str, ...]) -> dict[str, pa.Array]:
    """Return the columns that a table of spans begins with."""
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


_PART = ("id", "start", "end", "text", "digest")


def _quotes(batch: Batch) -> pa.Table:
    spans = batch.spans
    rows = np.flatnonzero(spans.label == batch.label_code("QUOTE"))
    columns = _of_spans(batch, rows, ("type", "marked", "via"))
    source = _first(batch, rows, "HAS_SOURCE")
    known = pa.array(source >= 0)
    of_source = _of_spans(batch, np.maximum(source, 0), ("entity",))
    for name in ("id", "start", "end", "text", "digest", *(("entity",) if "entity" in of_source else ())):
        columns[f"source_{name}"] = pc.if_else(known, of_source[name], pa.scalar(None, of_source[name].type))
    columns["continues"] = _ids(batch, _first(batch, rows, "CONTINUES"))
    for name, relation in (("cues", "HAS_CUE"), ("addressees", "HAS_ADDRESSEE"), ("origins", "HAS_ORIGIN")):
        columns[name] = _parts(batch, rows, (batch.relations.head, batch.relations.tail), relation)
    columns["verbatim"] = _parts(batch, rows, (batch.relations.tail, batch.relations.head), "PART_OF")
    return pa.table(columns)


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
    columns = _of_spans(batch, part[order], ())
    struct = pa.StructArray.from_arrays([columns[name] for name in _PART], names=list(_PART))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), struct)


def _quote_labels(labels: LabelSet) -> ClassLabels:
    kind = labels.attribute("QUOTE", "type")
    return {"type": tuple(value.name for value in kind.values) if kind else ()}


CONFIGS.add("quotes", Config("quotes", "a quote with its source and cues", "QUOTE", _quotes, _quote_labels))


def _regions(batch: Batch) -> pa.Table:
    labels = batch.labels
    rows = np.flatnonzero(batch.spans.layer == batch.layer_code("region"))
    columns = _of_spans(batch, rows, ("role",))
    names = pa.array(batch.names.labels, pa.string())
    main = pa.array([labels.labels[name].main if name in labels.labels else True for name in batch.names.labels])
    label = pa.array(batch.spans.label[rows])
    return pa.table({**columns, "label": names.take(label), "boilerplate": pc.invert(main.take(label))})


def _region_labels(labels: LabelSet) -> ClassLabels:
    return {"label": _names(labels, "region")}


CONFIGS.add("regions", Config("regions", "a line of a page and what it is", "region", _regions, _region_labels))
