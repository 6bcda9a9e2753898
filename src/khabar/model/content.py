"""The content digest: what identifies the rows of a release, whatever wrote them and however they are compressed.

A row has one canonical form, a string of bytes.  The values that it holds once come first, then its lists in the order
of their columns, each with what lies in it.  Of such a group come first the numbers of all its elements, 32 bits each,
little-endian: integers and booleans as they are, of strings and lists the length, of structs 1; `NULL` for an integer
or boolean that is null, -1 for a string or list, 0 for a struct.  Then come its strings, UTF-8, end to end.  The digest
of a row is the SHA-256 of that; the digest of a table is the SHA-256 of its columns' names and types, its number of
rows and the digests of its rows.  Chunks, shards and row groups leave no trace.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from khabar.model.columns import Ints

Numbers = NDArray[np.int32]

NULL = -(2**31)
"""Stands for a null among numbers, and is refused as a value."""
ROWS = 2000
"""Rows laid out at once."""
SHORT = 16
"""Bytes of a digest that only says whether two articles are the same."""


class _Stream(NamedTuple):
    """Bytes of all rows end to end, and where each row's begin; one more edge for the end."""

    content: memoryview
    edges: list[int]


class ContentDigest:
    """Digest of the rows that were added, in their order.

    Attributes:
        rows: How many there were.
        bytes: How long their canonical form is.
    """

    def __init__(self) -> None:
        self._rows = hashlib.sha256()
        self._columns: str | None = None
        self.rows = 0
        self.bytes = 0

    def add(self, table: pa.Table | pa.RecordBatch) -> list[bytes]:
        """Add rows, and return the digest of each.

        Raises:
            TypeError: a column has no canonical form, or the columns are not those of the rows before.
        """
        columns = "\n".join(f"{field.name} {_kind(field.name, field.type)}" for field in table.schema)
        if self._columns not in (None, columns):
            raise TypeError("the columns are not those of the rows before")
        self._columns = columns
        found: list[bytes] = []
        for batch in _batches(table):
            streams = list(_streams(batch.columns, batch.schema.names, np.arange(batch.num_rows + 1)))
            self.bytes += sum(stream.edges[-1] - stream.edges[0] for stream in streams)
            found += _digests(streams, batch.num_rows)
        self._rows.update(b"".join(found))
        self.rows += table.num_rows
        return found

    def hexdigest(self) -> str:
        """Return the digest of all that was added, in hex."""
        head = f"{self._columns or ''}\nrows {self.rows}\n".encode()
        return hashlib.sha256(head + self._rows.digest()).hexdigest()


def by_article(articles: list[str], rows: list[bytes]) -> dict[str, str]:
    """Return for each article what stands for its rows: `SHORT` bytes of the SHA-256 of their digests, in hex.

    Args:
        articles: The article of each row.
        rows: The digest of each row.
    """
    whole: dict[str, bytes] = {}
    for article, row in zip(articles, rows, strict=True):
        whole[article] = whole[article] + row if article in whole else row
    return {article: hashlib.sha256(digests).digest()[:SHORT].hex() for article, digests in whole.items()}


def _batches(table: pa.Table | pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    whole = pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table
    yield from whole.to_batches(max_chunksize=ROWS)


def _digests(streams: list[_Stream], rows: int) -> Iterator[bytes]:
    for row in range(rows):
        digest = hashlib.sha256()
        for content, edges in streams:
            digest.update(content[edges[row] : edges[row + 1]])
        yield digest.digest()


def _kind(path: str, kind: pa.DataType) -> str:
    """Return the canonical name of a type: how many bits a value may have leaves no trace."""
    if pa.types.is_dictionary(kind):
        return _kind(path, kind.value_type)
    if pa.types.is_struct(kind):
        return f"struct<{', '.join(f'{each.name} {_kind(path, each.type)}' for each in kind)}>"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list<{_kind(path, kind.value_type)}>"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "string"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer"
    raise TypeError(f"{path}: no canonical form is defined for {kind}")


class _Group:
    """What lies side by side: the columns of a table, or the values of a list."""

    def __init__(self) -> None:
        self.numbers: list[Numbers] = []
        self.words: list[pa.Array] = []
        self.lists: list[tuple[str, pa.Array, Numbers]] = []

    def add(self, path: str, array: pa.Array) -> None:
        kind = array.type
        if pa.types.is_dictionary(kind):
            self.add(path, array.dictionary_decode())
        elif pa.types.is_struct(kind):
            self.numbers.append(np.asarray(array.is_valid(), dtype=np.int32))
            for field in kind:
                self.add(f"{path}.{field.name}", pc.struct_field(array, field.name))
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
            lengths = _numbers(pc.list_value_length(array), -1)
            self.numbers.append(lengths)
            self.lists.append((path, array.flatten(), lengths))
        elif pa.types.is_boolean(kind) or pa.types.is_integer(kind):
            try:
                numbers = _numbers(array, NULL)
            except pa.ArrowInvalid:
                raise TypeError(
                    f"{path}: a number has more than 32 bits, no canonical form is defined for it"
                ) from None
            if int((numbers == NULL).sum()) > array.null_count:
                raise TypeError(f"{path}: {NULL} stands for null, no value has a canonical form that is the same")
            self.numbers.append(numbers)
        else:
            self.numbers.append(_numbers(pc.binary_length(array), -1))
            self.words.append(array.cast(pa.string()).fill_null(""))


def _streams(columns: list[pa.Array], names: list[str], edges: Ints) -> Iterator[_Stream]:
    """Yield the streams of a group and of the lists in it; ``edges`` say which of its elements are whose."""
    group = _Group()
    for name, column in zip(names, columns, strict=True):
        group.add(name, column)
    block = np.empty((len(group.numbers[0]), len(group.numbers)) if group.numbers else (0, 1), dtype="<i4")
    for number, values in enumerate(group.numbers):
        block[:, number] = values
    yield _Stream(block.reshape(-1).view(np.uint8).data, (edges * (block.shape[1] * block.itemsize)).tolist())
    if group.words:
        joined = group.words[0] if len(group.words) == 1 else pc.binary_join_element_wise(*group.words, "")
        _, places, raw = joined.buffers()
        places = np.frombuffer(places, dtype=np.int32)[joined.offset : joined.offset + len(joined) + 1]
        yield _Stream(memoryview(raw or b""), places[edges].tolist())
    for path, values, lengths in group.lists:
        ends = np.concatenate(([0], np.cumsum(np.maximum(lengths, 0))))
        yield from _streams([values], [f"{path}[]"], ends[edges])


def _numbers(array: pa.Array, null: int) -> Numbers:
    numbers: Numbers = array.cast(pa.int32()).fill_null(null).to_numpy(zero_copy_only=False)
    return numbers
