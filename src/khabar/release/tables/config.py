"""What a config of a release is, and which there are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.batch import Batch
from khabar.model.columns import Ints
from khabar.model.labels import LabelSet
from khabar.model.nested import nested
from khabar.model.tokens import Tokens, main_text, tokens
from khabar.registry import Registry
from khabar.release.parts import Decided, undecided

ClassLabels = dict[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Reading:
    """Annotated articles as they are published, and what is worked out of them once for all tables.

    Attributes:
        batch: The articles.
        decided: Returns what the gold of one came of.
    """

    batch: Batch
    decided: Decided = undecided

    @cached_property
    def nested(self) -> pa.Table:
        """Their nested form."""
        return nested(self.batch)

    @cached_property
    def tokens(self) -> Tokens:
        """The tokens of their main text."""
        found = tokens(self.batch)
        return found.select(main_text(self.batch)[found.first])

    @cached_property
    def sentences(self) -> tuple[Ints, Ints]:
        """The first token of each sentence of their main text, and one past its last."""
        count = int(self.tokens.sentence[-1]) + 1 if len(self.tokens) else 0
        edges = np.searchsorted(self.tokens.sentence, np.arange(count + 1))
        return edges[:-1], edges[1:]


def no_labels(_: LabelSet) -> ClassLabels:
    """Return the class labels of a config that has none."""
    return {}


@dataclass(frozen=True, slots=True)
class Config:
    """A table of the release.

    Attributes:
        summary: What a row is.
        schema: Its columns; lists in them are never null.
        rows: Articles to table of that schema; ``article`` or ``id`` is the article's.
        class_labels: Label names by the dotted path of their column, in an order that only grows at the end.
        layer: The layer it stands on, empty where it stands on all.
        quotation: Whether it stands on the label that is a quotation.
        of: What its rows tell of: gold, what every annotator said, or what gold came of.
    """

    summary: str
    schema: Callable[[LabelSet], pa.Schema]
    rows: Callable[[Reading], pa.Table]
    class_labels: Callable[[LabelSet], ClassLabels] = no_labels
    layer: str = ""
    quotation: bool = False
    of: Literal["gold", "judgements", "decisions"] = "gold"

    def stands_on(self, labels: LabelSet) -> bool:
        """Tell whether a label set has what the table is made of."""
        return self.layer in ("", *labels.layers) and (bool(labels.quotation) or not self.quotation)


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
