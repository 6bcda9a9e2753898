"""The content digest: what identifies the rows of a release, whatever wrote them and however they are compressed.

Each leaf column is three streams: which values are null, how long lists and strings are, and the values themselves.
A SHA-256 runs over each stream, batch after batch, so that shards and row groups leave no trace; the digest of a
table is the SHA-256 of the names, types and digests of its streams.
"""

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from hashlib import _Hash


class ContentDigest:
    """Digest of the rows that were added, in their order.

    Integers are taken as 64-bit little-endian, strings as UTF-8, booleans as bytes, nulls as a byte a row.

    Attributes:
        rows: How many there were.
        bytes: How long the streams are.
    """

    def __init__(self) -> None:
        self._streams: defaultdict[str, _Hash] = defaultdict(hashlib.sha256)
        self.rows = 0
        self.bytes = 0

    def add(self, table: pa.Table | pa.RecordBatch) -> None:
        """Add rows."""
        self.rows += table.num_rows
        for field, column in zip(table.schema, table.columns, strict=True):
            chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
            for array in chunks or [pa.array([], field.type)]:
                self._add(field.name, array)

    def _add(self, path: str, array: pa.Array) -> None:
        self._bytes(f"{path}?", np.asarray(array.is_valid(), dtype=np.uint8).tobytes())
        kind = array.type
        if pa.types.is_struct(kind):
            for field in kind:
                self._add(f"{path}.{field.name}", pc.struct_field(array, field.name))
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
            self._numbers(f"{path}#list", pc.list_value_length(array))
            self._add(f"{path}[]", array.flatten())
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            self._numbers(f"{path}#string", pc.binary_length(array))
            joined = pc.binary_join(
                pa.ListArray.from_arrays([0, len(array)], array.cast(pa.string()).fill_null("")), ""
            )
            self._bytes(path, joined[0].as_buffer())
        elif pa.types.is_boolean(kind) or pa.types.is_integer(kind):
            self._numbers(f"{path}#boolean" if pa.types.is_boolean(kind) else f"{path}#integer", array)
        else:
            raise TypeError(f"{path}: no canonical form is defined for {kind}")

    def _numbers(self, path: str, array: pa.Array) -> None:
        numbers = array.cast(pa.int64()).fill_null(0).to_numpy()
        self._bytes(path, np.ascontiguousarray(numbers, dtype="<i8").tobytes())

    def _bytes(self, path: str, content: bytes | pa.Buffer) -> None:
        self._streams[path].update(content)
        self.bytes += len(content)

    def hexdigest(self) -> str:
        """Return the digest of all that was added, in hex."""
        whole = hashlib.sha256(f"rows {self.rows}\n".encode())
        for path in sorted(self._streams):
            whole.update(f"{path} {self._streams[path].hexdigest()}\n".encode())
        return whole.hexdigest()
