"""The columns of a batch: articles, spans and relations in flat form."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

ARTICLE_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("split", pa.string()),
        pa.field("text", pa.string()),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("length", pa.int32(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("published", pa.string()),
        pa.field("retrieved", pa.string()),
        pa.field("story", pa.string(), nullable=False),
        pa.field("license", pa.string(), nullable=False),
        pa.field("license_since", pa.string()),
        pa.field("license_url", pa.string()),
        pa.field("rights_holder", pa.string(), nullable=False),
        pa.field("attribution", pa.string(), nullable=False),
        pa.field("redistribute", pa.string(), nullable=False),
        pa.field("provenance", pa.string(), nullable=False),
        pa.field("scheme", pa.string(), nullable=False),
        pa.field("annotator", pa.string(), nullable=False),
        pa.field("annotator_kind", pa.string(), nullable=False),
        pa.field("layers", pa.list_(pa.field("element", pa.string(), nullable=False)), nullable=False),
    ]
)
"""An article's own columns.  ``text`` is null where it is withheld; offsets and ``length`` count code points."""

RECORDED = "record_sha256"
"""A column that a batch has besides: the digest in the article's record; ``sha256`` is that of the annotated text.
The two differ where a text was changed under an annotation; what is published has one."""


@dataclass(frozen=True, eq=False)
class Names:
    """What the codes of a batch mean: the label set's names first, then those that it does not have.

    Attributes:
        layers: Name of each layer code.
        labels: Name of each label code.
        relations: Name of each relation code.
    """

    layers: tuple[str, ...]
    labels: tuple[str, ...]
    relations: tuple[str, ...]


class Stray(NamedTuple):
    """An attribute that no column can hold: of the span in that row, its name and value."""

    row: int
    name: str
    value: str | bool


@dataclass(frozen=True, eq=False)
class Spans:
    """The spans of a batch, n of them: layer by layer, in each layer article by article, then as they came.

    Attributes:
        article: Row of the article, shape (n,).
        layer: Code of the layer.
        label: Code of the label.
        start: First code point in the article's text.
        end: One past the last.
        id: Arrow strings.
        text: Arrow strings: the words that the record repeats; null where it repeats none.
        digest: Arrow strings: what stands for them; null where nothing does.
        attributes: By attribute name, Arrow strings or booleans; null where nothing was said.
        strays: What no column of `attributes` can hold: a name that the label set does not have, a value of another
            type.  Kept for the checks to find.
    """

    article: Ints
    layer: Ints
    label: Ints
    start: Ints
    end: Ints
    id: pa.Array
    text: pa.Array
    digest: pa.Array
    attributes: dict[str, pa.Array]
    strays: tuple[Stray, ...] = ()

    def __len__(self) -> int:
        return len(self.article)

    def has(self, attribute: str, value: str) -> Mask:
        """Tell of each span whether its attribute has that value."""
        return np.asarray(pc.fill_null(pc.equal(self.attributes[attribute], value), fill_value=False), dtype=bool)

    def says(self, attribute: str) -> Mask:
        """Tell of each span whether it says anything of the attribute."""
        return np.asarray(pc.is_valid(self.attributes[attribute]), dtype=bool)


@dataclass(frozen=True, eq=False)
class Relations:
    """The relations of a batch, m of them, ordered by head.

    Attributes:
        article: Row of the article, shape (m,).
        label: Code of the relation.
        head: Row in the spans, -1 where the article has no span of that id.
        tail: Likewise.
        head_id: Arrow strings: the ids as the record has them.
        tail_id: Likewise.
    """

    article: Ints
    label: Ints
    head: Ints
    tail: Ints
    head_id: pa.Array
    tail_id: pa.Array

    def __len__(self) -> int:
        return len(self.article)


def ends(articles: Ints, ids: pa.Array, wanted_articles: Ints, wanted: pa.Array) -> Ints:
    """Return for each wanted (article, id) the row that has it, -1 where none does; the first of several.

    Args:
        articles: Article of each row, shape (n,).
        ids: Id of each row, n strings.
        wanted_articles: Article in which to look, shape (m,).
        wanted: Id to look for, m strings.
    """
    ids, wanted = ids.cast(pa.string()), wanted.cast(pa.string())
    names = pc.unique(wanted)
    # Few rows have an id that is wanted anywhere; only they are compared.
    coded = pc.index_in(ids, value_set=names)
    those = np.flatnonzero(np.asarray(coded.is_valid()))
    codes = coded.take(pa.array(those)).to_numpy().astype(np.int64)
    there = articles[those] * max(len(names), 1) + codes
    sought = wanted_articles * max(len(names), 1) + pc.index_in(wanted, value_set=names).to_numpy().astype(np.int64)
    order = np.argsort(there, kind="stable")
    place = np.append(order, -1)[np.searchsorted(there, sought, sorter=order)]
    found = (place >= 0) & (np.append(there, -1)[place] == sought)
    return np.where(found, np.append(those, -1)[place], -1)


def ranges(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Return ``count`` places from ``first`` on, row by row, and which row each place comes from.

    Args:
        first: Where the places of each row begin, shape (n,).
        count: How many they are, from 0; shape (n,).

    Returns:
        The row and the place, each of as many entries as there are places.
    """
    rows = np.repeat(np.arange(len(first)), count)
    begin = count.cumsum() - count
    return rows, first[rows] + np.arange(len(rows)) - begin[rows]
