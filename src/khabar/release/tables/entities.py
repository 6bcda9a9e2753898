"""The config ``entities``: an article as tokens with their tags, beside the nested spans that the tags flatten.

There are tokens of the main text alone, in which entities are marked; of a withheld text there are none.
"""

import numpy as np
import pyarrow as pa

from khabar.model.columns import Ints
from khabar.model.labels import LabelSet, ViewLabel
from khabar.model.nested import schema
from khabar.model.tags import tag_names, tags
from khabar.release.tables.config import CONFIGS, ClassLabels, Config, Reading, names_of, not_null_list

_LAYER = "entity"
_ARTICLE = ("id", "sha256", "length", "license")
_SENTENCE = pa.struct([pa.field(name, pa.int32(), nullable=False) for name in ("start", "end", "first", "stop")])
"""Code points from ``start`` to ``end``, tokens from ``first`` to ``stop``, both half-open."""


def _views(labels: LabelSet) -> dict[str, tuple[ViewLabel, ...]]:
    """Return the views by the name of their column, the layer's own labels first."""
    layer = labels.layers[_LAYER]
    return {"tags": layer.own_view, **{f"tags_{name}": view for name, view in layer.views.items()}}


def _schema(labels: LabelSet) -> pa.Schema:
    whole = schema(labels)
    lists = {
        "tokens": pa.string(),
        "starts": pa.int32(),
        "ends": pa.int32(),
        **dict.fromkeys(_views(labels), pa.string()),
        "sentences": _SENTENCE,
    }
    return pa.schema(
        [
            *(whole.field(name) for name in _ARTICLE),
            *(pa.field(name, not_null_list(kind), nullable=False) for name, kind in lists.items()),
            whole.field(labels.layers[_LAYER].column),
        ]
    )


def _entities(reading: Reading) -> pa.Table:
    batch, tokens = reading.batch, reading.tokens
    articles = np.arange(len(batch) + 1)
    edges = np.searchsorted(tokens.article, articles)
    base = batch.base[tokens.article]

    def lists(values: pa.Array, places: Ints = edges) -> pa.ListArray:
        return pa.ListArray.from_arrays(pa.array(places, pa.int32()), values, type=not_null_list(values.type))

    columns: dict[str, pa.Array] = {
        **{name: batch.articles[name] for name in _ARTICLE},
        "tokens": lists(batch.cut(tokens.first, tokens.stop)),
        "starts": lists(pa.array(tokens.first - base, pa.int32())),
        "ends": lists(pa.array(tokens.stop - base, pa.int32())),
    }
    for name, view in _views(batch.labels).items():
        numbers = tags(batch, tokens, _LAYER, view)
        columns[name] = lists(pa.array(tag_names(view), pa.string()).take(pa.array(numbers)))
    begin, end = reading.sentences
    whose = tokens.article[begin]
    offsets = (tokens.first[begin], tokens.stop[end - 1])
    tokens_before = edges[whose]
    values = [*(each - batch.base[whose] for each in offsets), begin - tokens_before, end - tokens_before]
    sentences = pa.StructArray.from_arrays([pa.array(each, pa.int32()) for each in values], fields=list(_SENTENCE))
    columns["sentences"] = lists(sentences, np.searchsorted(whose, articles))
    column = batch.labels.layers[_LAYER].column
    return pa.table({**columns, column: reading.nested[column]})


def _labels(labels: LabelSet) -> ClassLabels:
    views = {name: tag_names(view) for name, view in _views(labels).items()}
    return {**views, f"{labels.layers[_LAYER].column}.label": names_of(labels, _LAYER)}


CONFIGS.add(
    "entities", Config("an article's tokens, tags and named entities", _schema, _entities, _labels, layer=_LAYER)
)
