"""Build a release: gold in, a folder out that is whole or not there.  Nothing that breaks a rule is built into one."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa

from khabar.errors import BadRecord, NotFound
from khabar.model.agreement import Agreement
from khabar.model.article import Tombstone
from khabar.model.layout import TOMBSTONES
from khabar.model.manifest import FORMAT, MANIFEST, SUMS, VERSION, File, Manifest, content_of
from khabar.release import diff, documents
from khabar.release.data import write
from khabar.release.parts import parts
from khabar.release.withheld import leaks
from khabar.store import Corpus
from khabar.store.agreements import standing
from khabar.store.files import sha256_of
from khabar.store.written import Written

Judge = Callable[[], int]
_PARTIAL, _ASIDE = ".partial", ".old"
"""End the names of folders beside a release: of one that is being built, and of the one that it will replace."""


def build(
    corpus: Corpus, version: str, judge: Judge, against: Path | None = None, count: diff.Count = diff.uncounted
) -> Path:
    """Build ``dist/<version>/`` from the gold annotations and return it; what was there is replaced.

    Args:
        corpus: Where the gold is.
        version: Version of the release, MAJOR.MINOR.PATCH.
        judge: Checks corpus and gold and says how many errors there are; with one, nothing is built.
        against: Folder of the release before it, to which it says what changed.
        count: What else the two are compared by.

    Raises:
        BadRecord: corpus or gold break a rule, or the version is none, or an agreement is not that of the annotations.
        Changed: the release before it forbids this one (`khabar.release.diff.changes`).
        NotFound: there is no gold.
    """
    if not re.match(VERSION, version):
        raise BadRecord(f"'{version}' is no version of a release, which is MAJOR.MINOR.PATCH, as 1.2.0: pass another")
    if errors := judge():
        raise BadRecord(f"the gold has {errors} errors, a release has none: mend what 'khabar check' names")
    measured = standing(corpus)
    final, partial = corpus.dist / version, corpus.dist / f".{version}.{os.getpid()}{_PARTIAL}"
    with corpus.alone(corpus.dist):
        partial.mkdir()
        try:
            manifest, schemas = _data(corpus, version, measured, partial)
            sources = tuple(each for each in corpus.sources.values() if each.id in manifest.counts["sources"])
            known = documents.Known(manifest, schemas, corpus.labels, sources, Written(corpus.root), measured)
            documents.write(known, partial)
            _bury(corpus, partial)
            if against:
                diff.changes(against, partial, manifest, count)
            _refuse_leaks(corpus, partial)
            seal(manifest, partial)
            aside = partial.with_suffix(_ASIDE)
            if final.exists():
                final.rename(aside)
            partial.rename(final)
            _sweep(corpus.dist)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return final


def _sweep(dist: Path) -> None:
    """Remove what this build put aside, and what builds that were killed left: no other one is at work."""
    for path in dist.glob(".*"):
        if path.suffix in (_PARTIAL, _ASIDE) and re.match(VERSION, path.stem[1:].rpartition(".")[0]):
            shutil.rmtree(path, ignore_errors=True)


def _bury(corpus: Corpus, folder: Path) -> None:
    """Write the tombstones of all that was ever taken down, if anything was."""
    stones = (msgspec.json.encode(Tombstone(*each)) + b"\n" for each in corpus.tombstones.items())
    if corpus.tombstones:
        (folder / TOMBSTONES).write_bytes(b"".join(stones))


def _refuse_leaks(corpus: Corpus, folder: Path) -> None:
    places = list(leaks(corpus, folder))
    if places:
        more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        raise BadRecord(f"{places[0]}{more}: leave it out, or ask for leave to publish it")


def _data(
    corpus: Corpus, version: str, measured: dict[str, Agreement], folder: Path
) -> tuple[Manifest, dict[str, pa.Schema]]:
    """Write the Parquet files and say what they hold."""
    labels = corpus.labels
    data = write(parts(corpus), labels, folder)
    if not data.configs:
        raise NotFound("annotations/gold: no annotation there, a release has some: adjudicate a campaign first")
    data.counts.add_tombstones(len(corpus.tombstones))
    manifest = Manifest(
        format=FORMAT,
        name=labels.corpus,
        version=version,
        scheme=labels.version,
        label_set=labels.digest,
        content=content_of(data.configs),
        counts=data.counts.told(),
        agreement=documents.agreement.headline(measured),
        configs=data.configs,
        files=_files(folder),
    )
    return manifest, data.schemas


def seal(manifest: Manifest, folder: Path) -> None:
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
    return File(path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=sha256_of(path))
