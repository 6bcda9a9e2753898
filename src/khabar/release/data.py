"""Parts in, Parquet files and what they hold out: rows are written as they come, a shard an intake batch."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from khabar.model.content import ContentDigest, by_article
from khabar.model.counts import Counts
from khabar.model.labels import LabelSet
from khabar.model.layout import ROWS, articles_in, shard
from khabar.model.manifest import Config, Split
from khabar.release.parts import Part
from khabar.release.tables import CONFIGS, Reading, published
from khabar.release.writers.parquet import ParquetFile
from khabar.store import SPLITS


class Data(NamedTuple):
    """What was written.

    Attributes:
        configs: By name; those without rows are not there.
        schemas: Their columns.
        counts: What was counted.
    """

    configs: dict[str, Config]
    schemas: dict[str, pa.Schema]
    counts: Counts


def write(parts: Iterable[Part], labels: LabelSet, folder: Path) -> Data:
    """Write the Parquet files of a release below a folder.

    Args:
        parts: What it is made of, the parts of an intake batch together.
        labels: The label set.
        folder: Folder of the release.
    """
    shards = _Shards(folder, labels)
    for part in parts:
        shards.begin(part.number)
        for split in SPLITS:
            gold, judgements = (
                published(each.select(np.asarray(each.articles["split"]) == split))
                for each in (part.gold, part.judgements)
            )
            if len(gold):
                told = Reading(gold, part.decided)
                shards.add(split, {"gold": told, "decisions": told, "judgements": Reading(judgements)})
    return Data(shards.close(), shards.schemas, shards.counts)


class _Shards:
    """The files that are being written, and what went into those that are done."""

    def __init__(self, folder: Path, labels: LabelSet) -> None:
        self._folder, self._labels = folder, labels
        self._kinds = {name: config for name, config in CONFIGS.items() if config.stands_on(labels)}
        self.schemas = {name: kind.schema(labels) for name, kind in self._kinds.items()}
        self.counts = Counts(labels)
        self._number = -1
        self._open: dict[tuple[str, str], ParquetFile] = {}
        self._paths: dict[tuple[str, str], list[str]] = {}
        self._content: dict[tuple[str, str], ContentDigest] = {}
        self._rows = ParquetFile(folder / ROWS)

    def begin(self, number: int) -> None:
        """Begin an intake batch, or go on with it."""
        if number != self._number:
            self._write()
            self._number = number

    def add(self, split: str, readings: dict[str, Reading]) -> None:
        """Add articles of one split: what is said of them, by `Config.of`."""
        ids = readings["gold"].batch.articles["id"].to_pylist()
        told = {"id": ids, "split": [split] * len(ids)}
        for name, kind in self._kinds.items():
            table = kind.rows(readings[kind.of]).cast(self.schemas[name])
            digests: dict[str, str] = {}
            if table.num_rows:  # readers stumble over files without rows
                content = self._content.setdefault((name, split), ContentDigest())
                digests = by_article(articles_in(table), content.add(table))
                self._shard(name, split).add(table)
                self.counts.add(name, table)
            told[name] = [digests.get(key) for key in ids]
        self._rows.add(pa.table(told, pa.schema([(name, pa.string()) for name in told])))

    def _shard(self, config: str, split: str) -> ParquetFile:
        if (config, split) not in self._open:
            path = shard(config, split, self._number)
            self._paths.setdefault((config, split), []).append(path)
            self._open[config, split] = ParquetFile(self._folder / path)
        return self._open[config, split]

    def _write(self) -> None:
        for file in self._open.values():
            file.close()
        self._open.clear()

    def close(self) -> dict[str, Config]:
        """Finish all files and say what they hold."""
        self._write()
        if self._content:
            self._rows.close()
        held = {name for name, _ in self._content}
        self.schemas = {name: schema for name, schema in self.schemas.items() if name in held}
        return {
            name: Config(
                summary=kind.summary,
                class_labels=kind.class_labels(self._labels),
                splits={split: self._split(name, split) for split in SPLITS if (name, split) in self._content},
            )
            for name, kind in self._kinds.items()
            if name in held
        }

    def _split(self, config: str, split: str) -> Split:
        content = self._content[config, split]
        return Split(
            files=tuple(self._paths[config, split]), rows=content.rows, bytes=content.bytes, content=content.hexdigest()
        )
