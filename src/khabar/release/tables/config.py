"""What a config of a release is, and which there are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.batch import Batch
from khabar.model.labels import LabelSet
from khabar.registry import Registry

ClassLabels = dict[str, tuple[str, ...]]


def no_labels(_: LabelSet) -> ClassLabels:
    """Return the class labels of a config that has none."""
    return {}


@dataclass(frozen=True, slots=True)
class Config:
    """A table of the release.

    Attributes:
        summary: What a row is.
        schema: Its columns; lists in them are never null.
        rows: Batch to table of that schema; ``article`` or ``id`` is the article's.
        class_labels: Label names by the dotted path of their column, in an order that only grows at the end.
        stand: The layer or label it stands on, empty where it stands on all.
        of: What its batches hold: gold, or what every annotator said.
    """

    summary: str
    schema: Callable[[LabelSet], pa.Schema]
    rows: Callable[[Batch], pa.Table]
    class_labels: Callable[[LabelSet], ClassLabels] = no_labels
    stand: str = ""
    of: Literal["gold", "judgements"] = "gold"

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


def names_of(labels: LabelSet, layer: str) -> tuple[str, ...]:
    """Return the names of a layer's labels, in the order of their numbers."""
    return tuple(label.name for label in labels.layers[layer].labels)


def not_null_list(kind: pa.DataType) -> pa.ListType:
    """Return the type of a list whose values are never null."""
    return pa.list_(pa.field("element", kind, nullable=False))
