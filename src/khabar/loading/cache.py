"""The cache of this machine: releases that were fetched and verified, and what was first seen under each name.

``<cache>/<name>/<version>/<first 16 of the content digest>/`` is a release; it appears whole, and is never written
again.  ``<cache>/pins/`` holds a record for each source and version: commit and content digest, as first seen;
``<cache>/sound/`` what was found to be sound (`khabar.loading.sound`).
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from khabar.errors import BadRecord, Changed
from khabar.model.manifest import MANIFEST, File
from khabar.model.text import DIGEST_SHOWN
from khabar.store.files import write_atomically

CACHE = "KHABAR_CACHE"
"""Variable that names the cache; without it, ``khabar`` in ``XDG_CACHE_HOME`` or ``~/.cache``."""
IN_NAME = 16
"""Digits of the content digest in a folder's name."""


class Pin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was first seen under a name.

    Attributes:
        source: OWNER/NAME on the Hub, or an address.
        version: Of the release.
        name: Of the corpus, as its manifest says.
        commit: Commit on the Hub; empty elsewhere.
        content: Content digest of the release.
    """

    source: str
    version: str
    name: str
    commit: str
    content: str


class _Files(msgspec.Struct, frozen=True):
    """What is read of a manifest to find files."""

    files: tuple[File, ...]


class Cache:
    """A cache.

    Attributes:
        root: Its folder, which may not exist yet.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or _here()

    def folder(self, name: str, version: str, content: str) -> Path:
        """Return where a release is, or would be."""
        return self.root / name / version / content[:IN_NAME]

    def found(self, name: str, version: str) -> list[Path]:
        """Return the releases of that name and version, whatever their content."""
        return sorted(path.parent for path in (self.root / name / version).glob(f"[!.]*/{MANIFEST}"))

    def versions(self, name: str) -> list[str]:
        """Return the versions of that name that are here."""
        return sorted({path.parent.parent.name for path in (self.root / name).glob(f"*/[!.]*/{MANIFEST}")})

    def files(self, name: str) -> dict[str, Path]:
        """Return the files of all releases of that name that are here, by SHA-256 as their manifests say."""
        found: dict[str, Path] = {}
        for path in sorted((self.root / name).glob(f"*/[!.]*/{MANIFEST}")):
            with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
                told = msgspec.json.decode(path.read_bytes(), type=_Files)
                found |= {file.sha256: path.parent / file.path for file in told.files}
        return found

    def pin(self, source: str, version: str) -> Pin | None:
        """Return what was first seen, None where nothing was."""
        path = self._pin(source, version)
        if not path.is_file():
            return None
        try:
            return msgspec.json.decode(path.read_bytes(), type=Pin)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadRecord(f"{path}: {error}: remove it if you trust {source} today") from None

    def check(self, seen: Pin) -> None:
        """Compare what is seen now with what was seen first.

        Raises:
            Changed: the tag moved, or the content is another.
        """
        first = self.pin(seen.source, seen.version)
        if first is not None and (first.commit, first.content) != (seen.commit, seen.content):
            raise Changed(
                f"{seen.source}@{seen.version} is now {_shown(seen)}, when first seen it was {_shown(first)}: a version"
                f" never changes: ask who published it, or remove {self._pin(seen.source, seen.version)} to trust it"
            )

    def remember(self, seen: Pin) -> None:
        """Keep what is seen, if it is the first time."""
        self.check(seen)
        path = self._pin(seen.source, seen.version)
        if not path.is_file():
            write_atomically(path, msgspec.json.format(msgspec.json.encode(seen), indent=1) + b"\n")

    def _pin(self, source: str, version: str) -> Path:
        key = hashlib.sha256(f"{source}@{version}".encode()).hexdigest()
        return self.root / "pins" / f"{key[:IN_NAME]}.json"


def _here() -> Path:
    if named := os.environ.get(CACHE):
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").expanduser() / "khabar"


def _shown(pin: Pin) -> str:
    commit = f"commit {pin.commit[:DIGEST_SHOWN]} with " if pin.commit else ""
    return f"{commit}content {pin.content[:DIGEST_SHOWN]}"


@contextmanager
def locked(final: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Be the only process that makes a file or folder; ``waiting`` is called if another does, which is waited for.

    The lock beside it goes when the work is done: whoever waited for it finds that.
    """
    path = final.with_name(f".{final.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is(lock, path):  # who had it took it away, and a third may have made it anew
            with locked(final, waiting):
                yield
            return
        yield
        path.unlink(missing_ok=True)


def _is(lock: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False
