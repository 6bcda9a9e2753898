"""The configs ``texts`` and ``articles``: the words, and beside them, row for row, all that is said of them."""

import pyarrow as pa

from khabar.model.columns import ARTICLE_SCHEMA
from khabar.model.labels import LabelSet
from khabar.model.layout import ARTICLES, TEXTS
from khabar.model.nested import schema
from khabar.release.tables.config import CONFIGS, ClassLabels, Config, Reading, names_of

_TEXT_COLUMNS = ("id", "text", "sha256", "length")


def _texts_schema(_: LabelSet) -> pa.Schema:
    return pa.schema([ARTICLE_SCHEMA.field(name) for name in _TEXT_COLUMNS])


def _texts(reading: Reading) -> pa.Table:
    return reading.batch.articles.select(list(_TEXT_COLUMNS))


CONFIGS.add(TEXTS, Config("the text of an article", _texts_schema, _texts))


def _schema(labels: LabelSet) -> pa.Schema:
    whole = schema(labels)
    return whole.remove(whole.get_field_index("text"))


def _articles(reading: Reading) -> pa.Table:
    return reading.nested.drop_columns(["text"])


def _labels(labels: LabelSet) -> ClassLabels:
    return {f"{layer.column}.label": names_of(labels, name) for name, layer in labels.layers.items()}


CONFIGS.add(ARTICLES, Config("an article with all its layers", _schema, _articles, _labels))
