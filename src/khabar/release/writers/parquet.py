"""Parquet, the same bytes from the same rows: one file a config and split, written as the rows come.

Row groups of 1,000 articles, zstd 9, page checksums, and statistics on ids alone: by default a footer repeats whole
texts as minimum and maximum.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from khabar.model.content import ContentDigest

ROWS_IN_GROUP = 1000
WITH_STATISTICS = ("id", "article")


class ParquetFile:
    """A Parquet file that is being written, and the content digest of what went in.

    Attributes:
        path: Where it is.
        content: Digest of the rows so far.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.content = ContentDigest()
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=9,
            write_statistics=[name for name in WITH_STATISTICS if name in schema.names],
            write_page_checksum=True,
            write_page_index=True,
        )

    def add(self, table: pa.Table) -> None:
        """Write rows."""
        self.content.add(table)
        self._writer.write_table(table, row_group_size=ROWS_IN_GROUP)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
