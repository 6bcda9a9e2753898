"""The config ``regions``: a row a line."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.labels import LabelSet
from khabar.release.tables.config import CONFIGS, ClassLabels, Config, Reading, names_of
from khabar.release.tables.spans import OF_ARTICLE, SPAN, attribute_fields, span_columns

_LAYER = "region"
_ATTRIBUTES = ("role",)


def _schema(labels: LabelSet) -> pa.Schema:
    own = [pa.field("label", pa.string(), nullable=False), pa.field("boilerplate", pa.bool_(), nullable=False)]
    return pa.schema([*OF_ARTICLE, *SPAN, *attribute_fields(labels, _ATTRIBUTES), *own])


def _regions(reading: Reading) -> pa.Table:
    batch = reading.batch
    labels = batch.labels
    rows = np.flatnonzero(batch.spans.layer == batch.layer_code(_LAYER))
    columns = span_columns(batch, rows, _ATTRIBUTES)
    names = pa.array(batch.names.labels, pa.string())
    main = pa.array([labels.labels[name].main if name in labels.labels else True for name in batch.names.labels])
    label = pa.array(batch.spans.label[rows])
    return pa.table({**columns, "label": names.take(label), "boilerplate": pc.invert(main.take(label))})


def _labels(labels: LabelSet) -> ClassLabels:
    return {"label": names_of(labels, _LAYER)}


CONFIGS.add(
    "regions",
    Config("a line of a page and what it is", _schema, _regions, _labels, layer=_LAYER),
)
