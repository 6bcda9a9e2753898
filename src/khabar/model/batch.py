"""The batch: annotated articles in flat form, which is what every computation sees.

Three tables: articles, spans, relations, and the texts laid end to end as one array of code points, so that a rule
about millions of spans is a few gathers.  `khabar.model.nested` turns a batch into the published schema and back.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.columns import ARTICLE_SCHEMA, Ints, Mask, Names, Relations, Spans
from khabar.model.labels import LabelSet
from khabar.model.offsets import CodePoints, starts

DECODED = 20
"""Texts decoded at a time: what stays in the processor's cache is decoded half as fast again."""
BEYOND_PLANE_0 = 0xF0
"""The least byte with which a character beyond plane 0 begins in UTF-8."""


class _Decoded(NamedTuple):
    """The code points of all texts, how many each text has, and the rows of those that are not UTF-8."""

    characters: CodePoints
    lengths: list[int]
    damaged: list[int]


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
    def _decoded(self) -> "_Decoded":
        raw, edges = self.utf8
        beyond = bool(raw) and int(np.frombuffer(raw, dtype=np.uint8).max()) >= BEYOND_PLANE_0
        kind, form = ("<u4", "utf-32-le") if beyond else ("<u2", "utf-16-le")
        # A text has no more characters than bytes; what is not written to takes no memory.
        characters = np.empty(len(raw), dtype=kind)
        lengths: list[int] = []
        damaged: list[int] = []
        place = 0
        for first in range(0, len(edges) - 1, DECODED):
            cuts = edges[first : first + DECODED + 1]
            try:
                texts = [str(raw[begin:end], "utf-8") for begin, end in pairwise(cuts)]
            except UnicodeDecodeError:
                texts = [str(raw[begin:end], "utf-8", "replace") for begin, end in pairwise(cuts)]
                rows = zip(texts, pairwise(cuts), strict=True)
                damaged += [
                    first + row for row, (text, (begin, end)) in enumerate(rows) if text.encode() != raw[begin:end]
                ]
            lengths += map(len, texts)
            # Python holds a string in the width of its widest character: to encode it in that width is to copy it.
            part = np.frombuffer("".join(texts).encode(form), dtype=kind)
            characters[place : place + len(part)] = part
            place += len(part)
        return _Decoded(characters[:place], lengths, damaged)

    @property
    def characters(self) -> CodePoints:
        """Code points of all texts at hand, laid end to end: of 16 bits each where all of them fit, of 32 if not."""
        return self._decoded.characters

    @property
    def damaged(self) -> Ints:
        """Rows of the articles whose text is not UTF-8; no file that Khabar reads holds one, a table may."""
        return np.array(self._decoded.damaged, dtype=np.int64)

    @cached_property
    def places_in_utf8(self) -> Ints:
        """Where each code point of `characters` begins in `utf8`, and where the last one ends."""
        return starts(self.characters, "utf-8")

    @cached_property
    def base(self) -> Ints:
        """Where each article's text begins in `characters`, and where the last one ends: shape (articles + 1,)."""
        return np.cumsum([0, *self._decoded.lengths], dtype=np.int64)

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
        strings = self.cut(self.first[rows], np.where(sound, self.last[rows] + 1, 0))
        return pc.if_else(pa.array(sound), strings, pa.scalar(None, pa.string()))

    def cut(self, first: Ints, stop: Ints) -> pa.Array:
        """Cut stretches out of the texts, from places ``first`` up to ``stop``, as Arrow strings."""
        begin, end = self.places_in_utf8[first], self.places_in_utf8[stop]
        edges = np.concatenate(([0], np.cumsum(end - begin))).astype(np.int32)
        raw = np.frombuffer(self.utf8[0], dtype=np.uint8)
        if (begin < end).all() and (end[:-1] <= begin[1:]).all():  # in order, as tokens are: the rest is left out
            change = np.zeros(len(raw) + 1, dtype=np.int8)
            change[begin] += 1
            change[end] -= 1
            cut = raw[np.cumsum(change[:-1], dtype=np.int8).view(np.bool_)]
        else:
            cut = raw[np.arange(edges[-1]) + np.repeat(begin - edges[:-1], end - begin)]
        return pa.StringArray.from_buffers(len(first), pa.py_buffer(edges), pa.py_buffer(cut))

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


def _one(column: pa.ChunkedArray | pa.Array, kind: pa.DataType) -> pa.Array:
    """Return a column as one array, at no cost where it is one already."""
    if isinstance(column, pa.Array):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], kind)
