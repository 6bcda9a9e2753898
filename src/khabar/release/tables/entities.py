"""The config ``entities``: an article with its named entities."""

import pyarrow as pa

from khabar.model.batch import Batch
from khabar.model.labels import LabelSet
from khabar.model.nested import nested, schema
from khabar.release.tables.config import CONFIGS, ClassLabels, Config, names_of

_LAYER = "entity"


def _columns(labels: LabelSet) -> list[str]:
    return ["id", "text", "sha256", "length", "license", labels.layers[_LAYER].column]


def _schema(labels: LabelSet) -> pa.Schema:
    whole = schema(labels)
    return pa.schema([whole.field(name) for name in _columns(labels)])


def _entities(batch: Batch) -> pa.Table:
    return nested(batch).select(_columns(batch.labels))


def _labels(labels: LabelSet) -> ClassLabels:
    return {f"{labels.layers[_LAYER].column}.label": names_of(labels, _LAYER)}


CONFIGS.add("entities", Config("an article with its named entities", _schema, _entities, _labels, stand=_LAYER))
