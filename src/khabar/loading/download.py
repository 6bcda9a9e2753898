"""A release from elsewhere to this machine: fetched, verified, then put in its place in one move."""

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from khabar.errors import BadRecord, Busy, Changed, KhabarError, NotFound
from khabar.loading.cache import Cache, Pin, locked
from khabar.loading.fetch import Step, Tell, fetch, silent
from khabar.loading.head import Head, read_head
from khabar.loading.patience import Patience
from khabar.loading.sound import Sound
from khabar.loading.sources import Named, Source, named, source_of
from khabar.loading.verify import verify
from khabar.model.manifest import MANIFEST, SUMS, Manifest
from khabar.model.text import DIGEST_SHOWN

Judge = Callable[[Path], Iterable[str]]
"""Yields what else is wrong with a release that is what its manifest says, a line each."""


def _warned(words: str) -> None:
    warnings.warn(words, stacklevel=3)


def _lenient(_: Path) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Way:
    """How a release is fetched.

    Attributes:
        content: Content digest that it must have, or the digest's beginning; empty for any.
        tell: Is told of each step.
        note: Is told what a person should know.
        judge: What else a release is held against where it is inspected, or before it is published.
        patience: How long to insist where a source breaks off.
        cache: Where releases and pins are.
    """

    content: str = ""
    tell: Tell = silent
    note: Callable[[str], None] = _warned
    judge: Judge = _lenient
    patience: Patience = field(default_factory=Patience)
    cache: Cache | None = None


def download(what: str | Path | Named, into: str | Path | None = None, way: Way | None = None) -> Path:
    """Fetch a release and return its folder; nothing is there before all of it is verified.

    A release that is in the cache already is verified again; what is damaged in it is fetched anew, and told.  Files
    that another version in the cache has as well are taken from there: a correction brings no texts again.  Two
    downloads of one release wait for each other, and an interrupted one is gone on with.

    Args:
        what: ``NAME@VERSION``, ``OWNER/NAME@VERSION``, an address that `fsspec` or HTTP knows, or a folder.
        into: Where to put it; without it, the cache.
        way: How to fetch it.

    Raises:
        BadRecord: the release is not what its manifest says.
        Changed: commit or content are not those that were first seen under that name, or those that are asked for.
        NotFound: there is no such release.
        Unreachable: the source does not answer.
    """
    way = way or Way()
    cache = way.cache or Cache()
    source, head, seen = _announced(what, way)
    cache.check(seen)
    final = Path(into) if into else cache.folder(head.manifest.name, head.manifest.version, head.manifest.content)
    with locked(final, lambda: way.note(f"{head.called}: another khabar fetches it, waiting until it is done")):
        if into:
            _fetched_into(final, source, head, way)
        else:
            _fetched(final, source, head, way)
        cache.remember(seen)
        Sound(final, cache).remember_all(head.manifest)
    return final


def inspect(what: str | Path | Named, way: Way | None = None) -> tuple[Manifest, list[str]]:
    """Fetch a release for a moment, and return its manifest and every way in which it is not what that says.

    Raises:
        BadRecord: its manifest cannot be believed.
        NotFound: there is no such release.
        Unreachable: the source does not answer.
    """
    way = way or Way()
    source, head, seen = _announced(what, way)
    problems = []
    try:
        (way.cache or Cache()).check(seen)
    except Changed as changed:
        problems.append(str(changed))
    with tempfile.TemporaryDirectory(prefix="khabar-") as folder:
        problems += inspected(source, head, Path(folder), way)
    return head.manifest, problems


def inspected(source: Source, head: Head, folder: Path, way: Way) -> Iterator[str]:
    """Fetch a release into an empty folder, and yield every way in which it is not what its manifest says."""
    broken = False
    for problem in _gathered(source, head, folder, way):
        broken = True
        yield problem
    for path in sorted(
        (source.paths() or frozenset()) - {MANIFEST, SUMS} - {file.path for file in head.manifest.files}
    ):
        yield f"{source.place}/{path} does not belong to the release: remove it"
    if not broken:
        yield from (problem.replace(str(folder), source.place) for problem in verified(folder, way.judge))


def _announced(what: str | Path | Named, way: Way) -> tuple[Source, Head, Pin]:
    """Read what a source says of its release, and compare it with what is asked for."""
    way.tell(Step("manifest", 0, 0))
    source = source_of(what, way.patience)
    head = read_head(source, way.patience)
    manifest = head.manifest
    wanted = what if isinstance(what, Named) else named(str(what))
    if wanted and wanted.version != manifest.version:
        raise Changed(f"{wanted} holds version {manifest.version}, its tag says {wanted.version}: do not use it")
    content_is(manifest, way.content, source.place)
    pin = Pin(
        source=source.place,
        version=manifest.version,
        name=manifest.name,
        commit=source.commit,
        content=manifest.content,
    )
    return source, head, pin


def content_is(manifest: Manifest, content: str, place: str) -> None:
    """Make sure that a release has the content that is asked for.

    Raises:
        Changed: it has another.
    """
    if not manifest.content.startswith(content):
        raise Changed(
            f"{place}: its content is {manifest.content[:DIGEST_SHOWN]}, {content[:DIGEST_SHOWN]} is asked for:"
            " do not use it"
        )


def _fetched(final: Path, source: Source, head: Head, way: Way) -> None:
    partial = final.with_name(f".{final.name}.partial")
    if final.is_dir():
        problems = list(verified(final))
        if not problems:
            return
        way.note(f"{problems[0]}: {len(problems)} such problems, fetching anew what is damaged")
        if partial.is_dir():
            shutil.rmtree(partial)
        final.rename(partial)
    _gathered_whole(partial, source, head, way)
    partial.rename(final)


def _fetched_into(final: Path, source: Source, head: Head, way: Way) -> None:
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        there = final / MANIFEST
        if not there.is_file() or there.read_bytes() != head.raw or any(verified(final)):
            raise Busy(f"{final} is there, and is not {head.called}, sound: remove it, or pass another folder")
        return
    partial = final.with_name(f".{final.name}.partial")
    _gathered_whole(partial, source, head, way)
    if final.is_dir():
        final.rmdir()
    partial.rename(final)


def _gathered_whole(partial: Path, source: Source, head: Head, way: Way) -> None:
    """Fill a folder with a release; what is in it already and sound stays, what does not belong goes."""
    _taken_over(partial, head, way)
    for problem in _gathered(source, head, partial, way):
        raise BadRecord(problem)
    belonging = {partial / path for path in (MANIFEST, SUMS, *(file.path for file in head.manifest.files))}
    for path in partial.rglob("*"):
        if path.is_symlink() or (path.is_file() and path not in belonging):
            path.unlink()
    way.tell(Step("verifying", head.bytes, head.bytes))
    for problem in verified(partial):
        raise BadRecord(problem.replace(str(partial), source.place))


def _taken_over(folder: Path, head: Head, way: Way) -> None:
    """Copy the files that another release in the cache has as well; they are verified as if they had been fetched."""
    known = (way.cache or Cache()).files(head.manifest.name)
    for file in head.manifest.files:
        there, target = known.get(file.sha256), folder / file.path
        if there is None or target.exists() or not target.resolve().is_relative_to(folder.resolve()):
            continue
        if there.is_file() and there.stat().st_size == file.bytes:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(there, target)


def _gathered(source: Source, head: Head, folder: Path, way: Way) -> Iterator[str]:
    """Fetch every file into a folder; yield what is wrong with those that cannot be believed."""
    folder.mkdir(parents=True, exist_ok=True)
    before, total = 0, head.bytes
    for file in head.manifest.files:
        target = folder / file.path
        if target.is_symlink() or not target.resolve().is_relative_to(folder.resolve()):
            raise BadRecord(f"{target} is a link that leads elsewhere: remove it")

        def told(here: int, path: str = file.path, before: int = before) -> None:
            way.tell(Step(path, before + here, total))

        try:
            fetch(source, file, target, told, way.patience)
        except (BadRecord, NotFound) as error:
            yield str(error)
        before += file.bytes
    (folder / SUMS).write_bytes(head.sums)
    (folder / MANIFEST).write_bytes(head.raw)


def verified(folder: Path, judge: Judge = _lenient) -> Iterator[str]:
    """Yield what `verify` yields and raises, and of a release that is sound what else is wrong with it."""
    sound = True
    try:
        for problem in verify(folder):
            sound = False
            yield problem
        yield from judge(folder) if sound else ()
    except KhabarError as error:
        yield str(error)
