"""Build a release: gold in, a folder out that is whole or not there.  Nothing that breaks a rule is built into one."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from khabar.errors import BadRecord, NotFound
from khabar.model.labels import LabelSet
from khabar.model.manifest import FORMAT, MANIFEST, SUMS, VERSION, Config, File, Manifest, Split, content_of
from khabar.release import documents
from khabar.release.counts import Counts
from khabar.release.diff import changes
from khabar.release.tables import CONFIGS, published
from khabar.release.tables import Config as Kind
from khabar.release.withheld import leaks
from khabar.release.writers.parquet import ParquetFile
from khabar.store import SPLITS, Corpus
from khabar.store.written import Written

NAME = "khabar"
Judge = Callable[[], int]


def build(corpus: Corpus, version: str, judge: Judge, against: Path | None = None) -> Path:
    """Build ``dist/<version>/`` from the gold annotations and return it; what was there is replaced.

    Args:
        corpus: Where the gold is.
        version: Version of the release, MAJOR.MINOR.PATCH.
        judge: Checks corpus and gold and says how many errors there are; with one, nothing is built.
        against: Folder of the release before it, to which it says what changed.

    Raises:
        BadRecord: corpus or gold break a rule, or the version is none.
        Changed: the release before it forbids this one (`khabar.release.diff.changes`).
        NotFound: there is no gold.
    """
    if not re.match(VERSION, version):
        raise BadRecord(f"'{version}' is no version of a release, which is MAJOR.MINOR.PATCH, as 1.2.0: pass another")
    if errors := judge():
        raise BadRecord(f"the gold has {errors} errors, a release has none: mend what 'khabar check' names")
    final, partial = corpus.dist / version, corpus.dist / f".{version}.{os.getpid()}.partial"
    with corpus.alone(corpus.dist):
        partial.mkdir()
        try:
            manifest, schemas = _data(corpus, version, partial)
            sources = tuple(each for each in corpus.sources.values() if each.id in manifest.counts["sources"])
            known = documents.Known(manifest, schemas, corpus.labels, sources, Written(corpus.root))
            documents.write(known, partial)
            if against:
                changes(against, partial, manifest)
            _refuse_leaks(corpus, partial)
            _sealed(manifest, partial)
            shutil.rmtree(final, ignore_errors=True)
            partial.rename(final)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return final


def _refuse_leaks(corpus: Corpus, folder: Path) -> None:
    places = list(leaks(corpus, folder))
    if places:
        more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        raise BadRecord(f"{places[0]}{more}: leave it out, or ask for leave to publish it")


def _data(corpus: Corpus, version: str, folder: Path) -> tuple[Manifest, dict[str, pa.Schema]]:
    """Write the Parquet files, batch after batch, and say what they hold."""
    labels = corpus.labels
    configs = [config for config in CONFIGS.values() if config.stands_on(labels)]
    files: dict[tuple[str, str], ParquetFile] = {}
    schemas: dict[str, pa.Schema] = {}
    counts = Counts(labels)
    for batch in corpus.batches(corpus.gold()):
        for split in SPLITS:
            part = published(batch.select(np.asarray(batch.articles["split"]) == split))
            counts.add(part)
            for config in configs if len(part) else ():
                table = config.rows(part)
                if not table.num_rows:
                    continue  # readers stumble over files without rows
                schemas[config.name] = table.schema
                if (config.name, split) not in files:
                    path = folder / "data" / config.name / f"{split}-0000.parquet"
                    files[config.name, split] = ParquetFile(path, table.schema)
                files[config.name, split].add(table)
    if not files:
        raise NotFound("annotations/gold: no annotation there, a release has some: adjudicate a campaign first")
    for file in files.values():
        file.close()
    counts.add_campaigns(corpus)
    told = {config.name: _config(config, labels, files, folder) for config in configs if config.name in schemas}
    manifest = Manifest(
        format=FORMAT,
        name=NAME,
        version=version,
        scheme=labels.version,
        label_set=labels.digest,
        content=content_of(told),
        counts=counts.told(),
        configs=told,
        files=_files(folder),
    )
    return manifest, schemas


def _config(kind: Kind, labels: LabelSet, files: dict[tuple[str, str], ParquetFile], folder: Path) -> Config:
    return Config(
        summary=kind.summary,
        class_labels=kind.class_labels(labels),
        splits={split: _split(files[kind.name, split], folder) for split in SPLITS if (kind.name, split) in files},
    )


def _split(file: ParquetFile, folder: Path) -> Split:
    path = file.path.relative_to(folder).as_posix()
    return Split(files=(path,), rows=file.content.rows, bytes=file.content.bytes, content=file.content.hexdigest())


def _sealed(manifest: Manifest, folder: Path) -> None:
    """Write the manifest, which names every other file, and the sums, which name every file."""
    files = _files(folder)
    whole = msgspec.structs.replace(manifest, files=files)
    path = folder / MANIFEST
    path.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n")
    sums = sorted((*files, _file(path, folder)), key=lambda each: each.path)
    (folder / SUMS).write_text("".join(f"{each.sha256}  {each.path}\n" for each in sums), encoding="utf-8")


def _files(folder: Path) -> tuple[File, ...]:
    return tuple(_file(path, folder) for path in sorted(folder.rglob("*")) if path.is_file())


def _file(path: Path, folder: Path) -> File:
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return File(path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=digest)
