"""Release -> verified `datasets.DatasetDict`.  Nothing is returned that was not verified first."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from khabar.errors import BadRecord
from khabar.loading.cache import IN_NAME
from khabar.loading.located import located
from khabar.loading.overlay import Overlay
from khabar.loading.rows import read_split, rows_are
from khabar.loading.sound import Sound
from khabar.loading.typed import ClassLabels, features_of, typed
from khabar.loading.verify import (
    split_of,
    texts_for,
    verified_files,
)
from khabar.model.layout import TEXTS, with_texts
from khabar.model.manifest import Config
from khabar.model.text import DIGEST_SHOWN

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


def load(
    release: str | Path,
    config: str = "articles",
    version: str | None = None,
    content: str | None = None,
    texts: str | Path | None = None,
) -> "DatasetDict":
    """Open one config of a release after verifying its files, rows and digests.

    Files are verified by their sums and pages by their checksums every time; that the rows of these files have the
    content that the manifest says is worked out the first time, and remembered by the digest of the manifest.

    A release that is called by name comes from the cache of this machine, without the network where it is there, and
    is fetched else.  The rows are read here, from the verified files: no other cache lies between.

    Args:
        release: The release's folder; or ``NAME`` or ``OWNER/NAME`` with a version, which may follow after ``@``.
        config: ``articles``, which get their texts, ``texts``, ``entities``, ``quotes``, ``regions``,
            ``judgements`` or ``decisions``.
        version: Version that the release must have.
        content: Content digest that it must have, or the digest's beginning.
        texts: Folder that ``khabar restore`` put withheld texts into; they are filled in, with the column
            ``text_sha256``, the digest of what was filled in.  Of a text that drifted, offsets are those in it, and
            spans that it lost are left out; where that is a region, its line has no tokens either.

    Returns:
        The splits that the config has, with typed features: labels are `datasets.ClassLabel`.

    Raises:
        NotFound: no release there, or no such config.
        BadRecord: a file is missing or changed, or its rows are not those that the manifest describes.
        Changed: version or content are others than those that are asked for, or those that were first seen; or a text
            is not of this release.
        Unreachable: the release is not in the cache, and its source does not answer.
    """
    from datasets import DatasetDict

    folder = located(release, version, content)
    manifest = verified_files(folder, config)
    told = manifest.configs[config]
    beside = texts_for(manifest, config)
    rows = _Rows(folder, told.class_labels, Overlay(folder, Path(texts)) if texts else None)
    splits = {}
    for split in told.splits:
        table = rows.read(f"{config}/{split}", told)
        if beside:
            table = with_texts(table, rows.read(f"{TEXTS}/{split}", beside), str(folder))
        name = None if texts else _fingerprint(manifest.content, f"{config}/{split}")
        splits[split] = _dataset(folder, f"{config}/{split}", table, told, name)
    return DatasetDict(splits)


class _Rows:
    """Reads the splits of a release; ``labels`` come as dictionaries, unless texts are filled in."""

    def __init__(self, folder: Path, labels: ClassLabels, overlay: Overlay | None) -> None:
        self._folder, self._labels, self._sound = folder, {} if overlay else labels, Sound(folder)
        self._overlay = overlay

    def read(self, place: str, config: Config) -> pa.Table:
        """Read CONFIG/SPLIT; what was found to be the rows of this manifest once is not digested again."""
        told = split_of(self._folder, config, place)
        table = read_split(self._folder, place, told, self._labels)
        if not self._sound.known(place):
            rows_are(self._folder, place, table, told)
            self._sound.remember(place)
        return pa.concat_tables(self._overlay.filled([table], place)) if self._overlay else table


def _fingerprint(content: str, place: str) -> str:
    """Return what `datasets` names its caches by: left to itself it pickles all rows, and forgets what they are."""
    return hashlib.sha256(f"{content} {place}".encode()).hexdigest()[:IN_NAME]


def _dataset(folder: Path, place: str, table: pa.Table, config: Config, fingerprint: str | None) -> "Dataset":
    from datasets import Dataset, DatasetInfo, NamedSplit
    from datasets.table import InMemoryTable

    try:
        features = features_of(table.schema, config.class_labels)
        rows = InMemoryTable(typed(table, config.class_labels, features))
        split = NamedSplit(place.partition("/")[2])
        return Dataset(rows, info=DatasetInfo(features=features), split=split, fingerprint=fingerprint)
    except (ValueError, TypeError, KeyError, pa.ArrowException) as error:
        why = str(error).split("\n", maxsplit=1)[0]
        raise BadRecord(f"{folder}: {place} is not as its manifest says: {why}: download it") from None


def signature(
    release: str | Path, config: str, split: str, version: str | None = None, texts: str | Path | None = None
) -> str:
    """Return the line that a score or a paper quotes: which rows exactly it speaks of.

    Args:
        release: The release; see `load`.
        config: The config that was scored.
        split: Its split.
        version: Version that the release must have.
        texts: Folder of restored texts that were filled in; the line then ends with their digest.

    Raises:
        NotFound: no release there, no such config, split or texts.
        BadRecord: a file is missing or changed, or the texts cannot be believed.
        Changed: the release has another version, or other articles than the texts are of.
    """
    folder = located(release, version)
    manifest = verified_files(folder, config)
    content = split_of(folder, manifest.configs[config], f"{config}/{split}").content
    line = f"{manifest.name}:{manifest.version}|config:{config}|split:{split}|scheme:{manifest.scheme}"
    filled_in = f"|texts:{Overlay(folder, Path(texts)).texts[:DIGEST_SHOWN]}" if texts else ""
    return f"{line}|sha:{content[:DIGEST_SHOWN]}{filled_in}"
