"""The batch: annotated articles in flat form, which is what every computation sees.

Three tables: articles, spans, relations, and the texts laid end to end as one array of code points, so that a rule
about millions of spans is a few gathers.  `khabar.model.nested` turns a batch into the published schema and back.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from khabar.model.labels import LabelSet
from khabar.model.offsets import starts

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
CodePoints = NDArray[np.uint32]

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
        pa.field("rights_holder", pa.string(), nullable=False),
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


@dataclass(frozen=True, eq=False)
class Batch:
    """Annotated articles: one row for each annotation of each article.

    Attributes:
        labels: The label set they are read by.
        articles: Arrow table of `ARTICLE_SCHEMA` and `RECORDED`.
        spans: All spans.
        relations: All relations.
        names: What the codes mean.
    """

    labels: LabelSet
    articles: pa.Table
    spans: Spans
    relations: Relations
    names: Names

    def __len__(self) -> int:
        return int(self.articles.num_rows)

    @cached_property
    def has_text(self) -> Mask:
        """Tell of each article whether its text is at hand, shape (articles,)."""
        return np.asarray(pc.is_valid(self.articles["text"]), dtype=bool)

    @cached_property
    def lengths(self) -> Ints:
        """Code points in each article's text as its record says, shape (articles,)."""
        lengths: Ints = self.articles["length"].to_numpy().astype(np.int64)
        return lengths

    @cached_property
    def utf8(self) -> tuple[memoryview, list[int]]:
        """UTF-8 bytes of all texts at hand, laid end to end, and where each begins and the last one ends."""
        texts = _one(pc.fill_null(self.articles["text"], ""), pa.string())
        edges = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
        raw = b"" if texts.buffers()[2] is None else texts.buffers()[2]
        return memoryview(raw)[edges[0] : edges[-1]], (edges - edges[0]).tolist()

    @cached_property
    def characters(self) -> CodePoints:
        """Code points of all texts at hand, laid end to end."""
        return np.frombuffer(str(self.utf8[0], "utf-8").encode("utf-32-le"), dtype="<u4")

    @cached_property
    def base(self) -> Ints:
        """Where each article's text begins in `characters`, and where the last one ends: shape (articles + 1,)."""
        lengths = pc.fill_null(pc.utf8_length(self.articles["text"]), 0)
        return np.concatenate(([0], np.cumsum(lengths.to_numpy(), dtype=np.int64)))

    @cached_property
    def sound(self) -> Mask:
        """Tell of each span whether it can be looked at: its text is at hand and it lies in it, with words inside."""
        lengths = np.diff(self.base)[self.spans.article]
        within = (self.spans.start >= 0) & (self.spans.start < self.spans.end) & (self.spans.end <= lengths)
        return within & self.has_text[self.spans.article]

    @cached_property
    def first(self) -> Ints:
        """Place in `characters` of each span's first code point; 0 where the span is not `sound`."""
        return np.where(self.sound, self.base[self.spans.article] + self.spans.start, 0)

    @cached_property
    def last(self) -> Ints:
        """Place in `characters` of each span's last code point; 0 where the span is not `sound`."""
        return np.where(self.sound, self.base[self.spans.article] + self.spans.end - 1, 0)

    def layer_code(self, name: str) -> int:
        """Return the code of a layer."""
        return self.names.layers.index(name)

    def label_code(self, name: str) -> int:
        """Return the code of a label."""
        return self.names.labels.index(name)

    def covers(self, layer: str) -> Mask:
        """Tell of each article whether its annotation speaks of the layer, shape (articles,)."""
        layers = _one(self.articles["layers"], ARTICLE_SCHEMA.field("layers").type)
        said = np.zeros(len(self), dtype=bool)
        owner = np.repeat(np.arange(len(self)), pc.list_value_length(layers).to_numpy())
        said[owner[np.asarray(pc.equal(layers.flatten(), layer), dtype=bool)]] = True
        return said

    def words(self, row: int, start: int, end: int) -> str:
        """Cut words out of an article's text; empty where it is withheld."""
        begin, stop = self.base[row], self.base[row + 1]
        cut = self.characters[begin + max(start, 0) : min(begin + max(end, 0), stop)]
        return cut.astype("<u4").tobytes().decode("utf-32-le")

    def surfaces(self, rows: Ints) -> pa.Array:
        """Return the words of spans as Arrow strings; null where the text is withheld or the span not in it."""
        sound = self.sound[rows]
        size = np.where(sound, self.spans.end[rows] - self.spans.start[rows], 0)
        begin = np.cumsum(size) - size
        place = np.arange(int(size.sum())) + np.repeat(self.first[rows] - begin, size)
        letters = self.characters[place]
        raw = letters.astype("<u4").tobytes().decode("utf-32-le").encode("utf-8")
        edges = starts(letters, "utf-8")[np.append(begin, len(letters))].astype(np.int32)
        strings = pa.StringArray.from_buffers(len(rows), pa.py_buffer(edges), pa.py_buffer(raw))
        return pc.if_else(pa.array(sound), strings, pa.scalar(None, pa.string()))

    def select(self, keep: Mask) -> "Batch":
        """Return the batch of the articles that are kept, in the same order."""
        row = np.cumsum(keep) - 1
        spans, relations = keep[self.spans.article], keep[self.relations.article]
        span_row = np.append(np.where(spans, np.cumsum(spans) - 1, -1), -1)
        return Batch(
            self.labels,
            self.articles.filter(pa.array(keep)),
            Spans(
                row[self.spans.article[spans]],
                self.spans.layer[spans],
                self.spans.label[spans],
                self.spans.start[spans],
                self.spans.end[spans],
                self.spans.id.filter(pa.array(spans)),
                self.spans.text.filter(pa.array(spans)),
                self.spans.digest.filter(pa.array(spans)),
                {name: column.filter(pa.array(spans)) for name, column in self.spans.attributes.items()},
                tuple(each._replace(row=int(span_row[each.row])) for each in self.spans.strays if spans[each.row]),
            ),
            Relations(
                row[self.relations.article[relations]],
                self.relations.label[relations],
                span_row[self.relations.head[relations]],
                span_row[self.relations.tail[relations]],
                self.relations.head_id.filter(pa.array(relations)),
                self.relations.tail_id.filter(pa.array(relations)),
            ),
            self.names,
        )


def ends(articles: Ints, ids: pa.Array, wanted_articles: Ints, wanted: pa.Array) -> Ints:
    """Return for each wanted (article, id) the row that has it, -1 where none does; the first of several.

    Args:
        articles: Article of each row, shape (n,).
        ids: Id of each row, n strings.
        wanted_articles: Article in which to look, shape (m,).
        wanted: Id to look for, m strings.
    """
    coded = pa.concat_arrays([ids.cast(pa.string()), wanted.cast(pa.string())]).dictionary_encode()
    codes = coded.indices.to_numpy().astype(np.int64)
    keys = np.concatenate([articles, wanted_articles]) * max(len(coded.dictionary), 1) + codes
    there, sought = keys[: len(articles)], keys[len(articles) :]
    order = np.argsort(there, kind="stable")
    place = np.searchsorted(there, sought, sorter=order)
    row = np.append(order, -1)[place]
    return np.where((row >= 0) & (np.append(there, -1)[row] == sought), row, -1)


def _one(column: pa.ChunkedArray | pa.Array, kind: pa.DataType) -> pa.Array:
    """Return a column as one array, at no cost where it is one already."""
    if isinstance(column, pa.Array):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], kind)
