"""Release -> rows, one after the other, without holding a split in memory.

Parquet files are read batch by batch on this thread alone: a reader with threads of its own that is left in the
middle of a file keeps the interpreter from ending (datasets#7467, arrow#45214).
"""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from khabar.errors import BadRecord
from khabar.loading.located import located
from khabar.loading.overlay import Overlay
from khabar.loading.rows import digested, other_rows
from khabar.loading.verify import split_of, texts_for, verified_files
from khabar.model.content import ContentDigest
from khabar.model.layout import TEXTS, with_texts
from khabar.model.manifest import Split

ROWS = 256
"""Rows decoded at once."""


def stream(  # noqa: PLR0913 - what `load` takes, and a split
    release: str | Path,
    config: str = "articles",
    split: str = "train",
    *,
    version: str | None = None,
    content: str | None = None,
    texts: str | Path | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a split as they stand in Parquet: labels are strings, offsets count code points.

    Files are verified by their sums before the first row, pages by their checksums as they are read, and the rows by
    their content digest after the last one.

    Args:
        release: A folder, or a name; see `khabar.load`.
        config: ``articles``, which get their texts, or another; see `khabar.load`.
        split: ``train``, ``validation`` or ``test``.
        version: Version that the release must have.
        content: Content digest that it must have, or the digest's beginning.
        texts: Folder of restored texts, which are filled in; see `khabar.load`.

    Raises:
        NotFound: no release there, no such config or split.
        BadRecord: a file is missing or changed, or its rows are not those that the manifest describes.
        Changed: version or content are others than those that are asked for, or a text is not of this release.
    """
    folder = located(release, version, content)
    manifest = verified_files(folder, config)
    told = split_of(folder, manifest.configs[config], f"{config}/{split}")
    overlay = Overlay(folder, Path(texts)) if texts else None
    rows = _tables(folder, f"{config}/{split}", told, overlay)
    if beside := texts_for(manifest, config):
        place = f"{TEXTS}/{split}"
        rows = _joined(rows, _tables(folder, place, split_of(folder, beside, place), overlay), str(folder))
    return (row for table in rows for row in table.to_pylist())


def _joined(articles: Iterator[pa.Table], texts: Iterator[pa.Table], place: str) -> Iterator[pa.Table]:
    for rows, beside in zip_longest(articles, texts):
        if rows is None or beside is None:
            raise BadRecord(f"{place}: it has not as many texts as articles: download the release again")
        yield with_texts(rows, beside, place)


def _tables(folder: Path, place: str, told: Split, overlay: Overlay | None) -> Iterator[pa.Table]:
    rows = _verified(folder, place, told)
    return overlay.filled(rows, place) if overlay else rows


def _verified(folder: Path, place: str, told: Split) -> Iterator[pa.Table]:
    digest = ContentDigest()
    for path in told.files:
        try:
            with pq.ParquetFile(folder / path, page_checksum_verification=True) as file:
                for batch in file.iter_batches(ROWS, use_threads=False):
                    digested(digest, batch, folder / path)
                    yield pa.Table.from_batches([batch])
        except (OSError, pa.ArrowException) as error:
            raise BadRecord(f"{folder / path}: {str(error).splitlines()[0]}: download it again") from None
    if digest.hexdigest() != told.content:
        raise BadRecord(other_rows(folder, place, digest.hexdigest(), told.content))
