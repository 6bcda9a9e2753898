"""One of the two releases: its manifest, and its articles' rows by place; page checksums are verified as they are read.

Of the configs, `ARTICLES` is compared row by row, with the texts beside it: it has everything that gold says.

A release of another form is compared as well: of its manifest only what a diff needs is read.
"""

from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from khabar.errors import BadRecord, NotFound
from khabar.model.article import Tombstone
from khabar.model.columns import Ints
from khabar.model.labelfile import label_set
from khabar.model.labels import LabelSet
from khabar.model.layout import ARTICLES, ROWS, TEXTS, TOMBSTONES, with_texts
from khabar.model.manifest import MANIFEST, VERSION, Manifest
from khabar.release.diff.equality import one_array
from khabar.store.files import decoded

_TEXT = "text"
_NEEDED = ("id", "text", "sha256")
_GROUPS_KEPT = 4
"""Row groups kept decoded; releases that order their articles alike need one."""


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """What a diff reads of a split: its files, rows and content digest."""

    files: tuple[str, ...]
    rows: int
    content: str


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What a diff reads of a config."""

    splits: dict[str, Split]
    class_labels: dict[str, tuple[str, ...]] = {}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a diff reads of a manifest; its fields are those of `khabar.model.manifest.Manifest`."""

    name: str
    version: Annotated[str, msgspec.Meta(pattern=VERSION)]
    configs: dict[str, Config]
    scheme: str = ""
    counts: dict[str, dict[str, int]] = {}


class _Group(NamedTuple):
    """A row group: its file, its number in it, the place of its first row among all articles."""

    path: str
    number: int
    start: int


class Side:
    """A release as a diff sees it.

    Articles are told apart by place: 0 for the first row of the first file of the first split, and so on.

    Attributes:
        folder: Where it is.
        told: What its manifest says.
    """

    def __init__(self, folder: Path, told: Told) -> None:
        self.folder = folder
        self.told = told
        self._read = lru_cache(_GROUPS_KEPT)(self._read_uncached)
        if ARTICLES not in told.configs:
            raise BadRecord(f"{folder / MANIFEST}: it has no config '{ARTICLES}', which is compared: build it again")

    @classmethod
    def of(cls, folder: Path, manifest: Manifest | None = None) -> "Side":
        """Open a release, or one that is being built and whose manifest is not written yet.

        Raises:
            NotFound: there is none.
            BadRecord: its manifest does not parse, or has no articles.
        """
        if manifest is not None:
            return cls(folder, msgspec.convert(manifest, Told, from_attributes=True))
        path = folder / MANIFEST
        if not path.is_file():
            raise NotFound(f"{path} is missing, a release has one: is this a release's folder?")
        return cls(folder, decoded(path.read_bytes(), Told, str(path)))

    @cached_property
    def labels(self) -> LabelSet | None:
        """The label set that the release ships, if it ships one."""
        path = self.folder / "labels.toml"
        return label_set(path.read_bytes(), str(path)) if path.is_file() else None

    @cached_property
    def tombstones(self) -> dict[str, str]:
        """Why each article that was taken down was, by its id."""
        path = self.folder / TOMBSTONES
        lines = path.read_bytes().splitlines() if path.is_file() else []
        return {each.id: each.reason for each in (decoded(line, Tombstone, str(path)) for line in lines)}

    @cached_property
    def schema(self) -> pa.Schema:
        """Schema of the articles with their texts."""
        found = self.schema_of(ARTICLES)
        if self._beside:
            found = found.append(self.schema_of(TEXTS).field(_TEXT))
        for name in _NEEDED:
            if name not in found.names:
                raise BadRecord(f"{self.folder}: its articles have no column '{name}', releases do: build it again")
        return found

    def schema_of(self, config: str) -> pa.Schema:
        """Return the schema of a config; an empty one where it has no rows."""
        for split in self.told.configs[config].splits.values():
            for path in split.files:
                with self._opened(path) as file:
                    return file.schema_arrow
        return pa.schema([])

    @cached_property
    def contents(self) -> dict[str, tuple[str, ...]]:
        """The content digests of each split of the articles and of their texts."""
        configs = [self.told.configs[name] for name in (ARTICLES, TEXTS) if name in self.told.configs]
        return {
            name: tuple(config.splits[name].content for config in configs if name in config.splits)
            for name in configs[0].splits
        }

    @cached_property
    def _beside(self) -> dict[str, str]:
        """The file of the texts for each file of articles; none where articles hold their texts themselves."""
        if TEXTS not in self.told.configs:
            return {}
        texts = self.told.configs[TEXTS].splits
        return {
            path: beside
            for name, split in self.told.configs[ARTICLES].splits.items()
            if name in texts
            for path, beside in zip(split.files, texts[name].files, strict=False)
        }

    @cached_property
    def ids(self) -> pa.Array:
        """Id of each article, by place."""
        return one_array(pa.concat_tables([self._group(group, ("id",)) for group in self._groups])["id"])

    @cached_property
    def splits(self) -> pa.Array:
        """Split of each article, by place: the one whose file it stands in."""
        told = self.told.configs[ARTICLES].splits
        counted = {group.path: 0 for group in self._groups}
        ends = [*(group.start for group in self._groups[1:]), self._rows]
        for group, end in zip(self._groups, ends, strict=True):
            counted[group.path] += end - group.start
        names = [name for name, split in told.items() for _ in split.files]
        rows = [counted.get(path, 0) for split in told.values() for path in split.files]
        return pa.array(np.repeat(np.asarray(names, dtype=object), rows), pa.string())

    @cached_property
    def digests(self) -> pa.Table | None:
        """Columns ``id`` and ``row``, what stands for each article with its text, if the release has that."""
        needed = [ARTICLES, *([TEXTS] if self._beside else [])]
        if not (self.folder / ROWS).is_file():
            return None
        try:
            with self._opened(ROWS) as file:
                if not {"id", *needed} <= set(file.schema_arrow.names):
                    return None
                told = file.read(["id", *needed])
                return pa.table([told["id"], pc.binary_join_element_wise(*told.select(needed), "")], ["id", "row"])
        except (OSError, pa.ArrowException) as error:
            raise BadRecord(self._unreadable(ROWS, error)) from None

    def take(self, places: Ints, columns: tuple[str, ...] | None = None) -> pa.Table:
        """Return rows of articles in the order asked for; cheap where that is nearly the order of the files."""
        starts = np.asarray([group.start for group in self._groups], dtype=np.int64)
        group = np.searchsorted(starts, places, side="right") - 1
        order = np.argsort(group, kind="stable")
        parts = [
            self._read(self._groups[number], columns).take(pa.array(places[group == number] - starts[number]))
            for number in np.unique(group).tolist()
        ]
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return pa.concat_tables(parts).take(pa.array(back))

    @property
    def group_starts(self) -> list[int]:
        """Place of the first article of each row group, and one past the last article: units to work in."""
        return [*(group.start for group in self._groups), self._rows]

    @cached_property
    def _groups(self) -> list[_Group]:
        found, place = [], 0
        for split in self.told.configs[ARTICLES].splits.values():
            for path in split.files:
                with self._opened(path) as file:
                    for number in range(file.num_row_groups):
                        if rows := file.metadata.row_group(number).num_rows:
                            found.append(_Group(path, number, place))
                            place += rows
        self._rows = place
        if not found:
            raise BadRecord(f"{self.folder / MANIFEST}: it has no articles, a release has some: build it again")
        return found

    def _read_uncached(self, group: _Group, columns: tuple[str, ...] | None) -> pa.Table:
        return self._group(group, columns)

    def _group(self, group: _Group, columns: tuple[str, ...] | None) -> pa.Table:
        beside = self._beside.get(group.path)
        if beside is None:
            return self._columns(group.path, group.number, columns)
        rows = self._columns(group.path, group.number, columns and tuple(name for name in columns if name != _TEXT))
        if columns and _TEXT not in columns:
            return rows
        texts = self._columns(beside, group.number, ("id", _TEXT))
        return with_texts(rows, texts, str(self.folder))

    def _columns(self, path: str, group: int, columns: tuple[str, ...] | None) -> pa.Table:
        try:
            with self._opened(path) as file:
                return file.read_row_group(group, columns=list(columns) if columns else None)
        except (OSError, pa.ArrowException) as error:
            raise BadRecord(self._unreadable(path, error)) from None

    def _opened(self, path: str) -> pq.ParquetFile:
        if "\0" in path or not (self.folder / path).resolve().is_relative_to(self.folder.resolve()):
            raise BadRecord(f"{self.folder / MANIFEST}: {path!r} leads out of the release: do not trust it")
        try:
            return pq.ParquetFile(self.folder / path, page_checksum_verification=True)
        except (OSError, pa.ArrowException) as error:
            raise BadRecord(self._unreadable(path, error)) from None

    def _unreadable(self, path: str, error: Exception) -> str:
        return f"{self.folder / path}: {str(error).splitlines()[0]}: run 'khabar release verify', download it again"
