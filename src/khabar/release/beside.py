"""A sealed release and texts that a user restored -> the rows of their articles as the release would have made them."""

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from khabar.errors import BadRecord, NotFound
from khabar.model.labelfile import label_set
from khabar.model.layout import ARTICLES, LABELS, articles_in
from khabar.model.manifest import MANIFEST, Manifest
from khabar.model.nested import flat, schema
from khabar.model.restored import MADE, Made, Restored, made, placed
from khabar.release.tables import CONFIGS
from khabar.release.tables.config import Reading
from khabar.release.writers.parquet import ParquetFile
from khabar.store.files import decoded, sha256_of, write_atomically


def write(release: Path, texts: dict[str, Restored], folder: Path) -> None:
    """Write the rows of all configs for the articles that have a text, instead of those that were there.

    Args:
        release: The release's folder; it is read alone.
        texts: Texts by article; those of other releases' articles are passed over.
        folder: The folder beside it.

    Raises:
        Changed: a text has other words at a span than the release says.
        NotFound: the release does not ship its label set.
        BadRecord: a file of it cannot be read.
    """
    manifest = decoded((release / MANIFEST).read_bytes(), Manifest, str(release / MANIFEST))
    texts = _own(release, manifest, texts)
    if not (release / LABELS).is_file():
        raise NotFound(f"{release / LABELS} is missing, rows are made by it: is the release of an older khabar?")
    labels = label_set((release / LABELS).read_bytes(), str(release / LABELS))
    rows = made(manifest.content, texts.values())
    place = folder / rows.place
    for old in place.parent.glob(f"{place.name.partition('-')[0]}-*"):
        shutil.rmtree(old)
    place.mkdir(parents=True)
    for split, told in manifest.configs[ARTICLES].splits.items():
        gold = _placed(release, told.files, texts)
        if not gold:
            continue
        articles = [row | {"text": texts[row["id"]].text} for row in gold]
        reading = Reading(flat(pa.Table.from_pylist(articles, schema(labels)), labels))
        for name, config in manifest.configs.items():
            if name in CONFIGS and split in config.splits:
                kind = CONFIGS[name]
                if kind.of == "gold":
                    table = kind.rows(reading).cast(kind.schema(labels))
                else:
                    said = _placed(release, config.splits[split].files, texts)
                    table = pa.Table.from_pylist(said, kind.schema(labels))
                file = ParquetFile(place / name / f"{split}.parquet")
                file.add(table)
                file.close()
    _seal(place, rows)


def _seal(place: Path, rows: Made) -> None:
    """Say what was written; without it the rows count as not there."""
    files = {path.relative_to(place).as_posix(): sha256_of(path) for path in sorted(place.rglob("*.parquet"))}
    write_atomically(place / MADE, msgspec.json.encode(msgspec.structs.replace(rows, files=files)))


def _own(release: Path, manifest: Manifest, texts: dict[str, Restored]) -> dict[str, Restored]:
    """Return the texts of articles of a release."""
    paths = [path for split in manifest.configs[ARTICLES].splits.values() for path in split.files]
    there = {key for path in paths for key in _read(release / path, ["id"])["id"].to_pylist()}
    return {key: each for key, each in texts.items() if key in there}


def _placed(release: Path, files: tuple[str, ...], texts: dict[str, Restored]) -> list[dict[str, Any]]:
    """Return the rows of articles that have a text, with their spans where they stand in it."""
    wanted = pa.array(list(texts), pa.string())
    found = []
    for path in files:
        table = _read(release / path)
        those = pa.array(articles_in(table), pa.string())
        rows = zip(*(each.filter(pc.is_in(those, wanted)).to_pylist() for each in (table, those)), strict=True)
        found += [there for row, key in rows if (there := placed(row, texts[key])) is not None]
    return found


def _read(path: Path, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns, page_checksum_verification=True, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise BadRecord(f"{path}: {str(error).splitlines()[0]}: download it again") from None
