"""Rows of a release as they are read: page checksums verified, digested, and held against the manifest."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from khabar.errors import BadRecord
from khabar.loading.typed import ClassLabels, dictionary_columns
from khabar.model.content import ContentDigest
from khabar.model.manifest import MANIFEST, Split
from khabar.model.text import DIGEST_SHOWN


def read(folder: Path, path: str, labels: ClassLabels | None = None, only: list[str] | None = None) -> pa.Table:
    """Read a file of a release or ``only`` some columns, page checksums verified; labels come as dictionaries.

    Raises:
        BadRecord: it cannot be read.
    """
    place = folder / path
    try:
        columns = dictionary_columns(labels, pq.read_schema(place)) if labels else None
        with pq.ParquetFile(place, page_checksum_verification=True, read_dictionary=columns) as file:
            return file.read(only)
    except (OSError, pa.ArrowException) as error:
        raise BadRecord(f"{folder / path}: {str(error).splitlines()[0]}: download it again") from None


def digested(content: ContentDigest, table: pa.Table, path: Path) -> list[bytes]:
    """Add rows to a digest, and return the digest of each.

    Raises:
        BadRecord: they are no rows of a release.
    """
    try:
        return content.add(table)
    except (TypeError, pa.ArrowException) as error:
        raise BadRecord(f"{path}: {str(error).splitlines()[0]}: download it again") from None


def read_split(folder: Path, place: str, told: Split, labels: ClassLabels) -> pa.Table:
    """Read the rows of a split, page checksums verified, labels as dictionaries.

    Raises:
        BadRecord: they cannot be read.
    """
    if not told.files:
        raise BadRecord(f"{folder / MANIFEST}: {place} has no file, each split has one at least: download it again")
    tables = [read(folder, path, labels) for path in told.files]
    if any(table.schema != tables[0].schema for table in tables):
        raise BadRecord(f"{folder}: the files of {place} have different columns: download the release again")
    return pa.concat_tables(tables)


def rows_are(folder: Path, place: str, table: pa.Table, told: Split) -> None:
    """Make sure that rows are those of the manifest.

    Raises:
        BadRecord: they are others.
    """
    content = ContentDigest()
    digested(content, table, folder / place)
    if content.hexdigest() != told.content:
        raise BadRecord(other_rows(folder, place, content.hexdigest(), told.content))


def other_rows(folder: Path, place: str, found: str, told: str) -> str:
    """Return the line that says so."""
    return (
        f"{folder}: the rows of {place} are {found[:DIGEST_SHOWN]}, the manifest says {told[:DIGEST_SHOWN]}:"
        " download the release again"
    )
