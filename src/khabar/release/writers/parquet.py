"""Parquet, the same bytes from the same rows: zstd 9, page checksums, and no statistics but of ids and dates.

By default a footer repeats whole texts as minimum and maximum.  A file is written when all its rows are there, in row
groups of one size: what came in which part leaves no trace.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_IN_GROUP = 5000
"""Rows of a row group at most; where there are more of them, a group has more than half as many."""
WITH_STATISTICS = ("id", "article", "published", "retrieved")
SELDOM_TWICE = ("text", "sha256", "digest", "tokens")
"""Ends of the names of columns whose values hardly ever recur, or so many do that a dictionary is larger than they."""
_IN_LIST = ".list.element"
COMPRESSION = {"compression": "zstd", "compression_level": 9}


class ParquetFile:
    """A Parquet file whose rows are being collected.

    Attributes:
        path: Where it will be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._parts: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Add rows."""
        self._parts.append(table)

    def close(self) -> None:
        """Write the file."""
        table = pa.concat_tables(self._parts)
        self._parts.clear()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        groups = max(-(-table.num_rows // ROWS_IN_GROUP), 1)
        with pq.ParquetWriter(self.path, table.schema, **settings(table.schema)) as writer:
            writer.write_table(table, row_group_size=max(-(-table.num_rows // groups), 1))


def settings(schema: pa.Schema) -> dict[str, object]:
    """Return how every Parquet file of a release is written.

    Numbers are stored by their differences, for offsets ascend, and strings by dictionary, but for those that hardly
    ever recur.
    """
    leaves = [leaf for field in schema for leaf in _leaves(field.name, field.type)]
    numbers = [path for path, kind in leaves if pa.types.is_integer(kind)]
    strings = [path for path, kind in leaves if pa.types.is_string(kind)]
    return {
        "use_dictionary": [path for path in strings if not path.removesuffix(_IN_LIST).endswith(SELDOM_TWICE)],
        "column_encoding": dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        **COMPRESSION,
        "write_statistics": [name for name in WITH_STATISTICS if name in schema.names],
        "write_page_checksum": True,
        "write_page_index": True,
    }


def _leaves(path: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
    """Yield the columns that Parquet makes of a field, by their dotted path."""
    if pa.types.is_list(kind):
        yield from _leaves(f"{path}{_IN_LIST}", kind.value_type)
    elif pa.types.is_struct(kind):
        for field in kind:
            yield from _leaves(f"{path}.{field.name}", field.type)
    else:
        yield path, kind
