"""Where releases come from: the Hub, a web server, a file system; each read the same way, from any byte on."""

import os
import re
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from khabar.errors import NotFound
from khabar.loading.patience import Patience
from khabar.model.manifest import MANIFEST, VERSION

HUB = "hub:"
NAME = r"[A-Za-z0-9][\w.-]*"
"""The name of a corpus, and of an owner on the Hub."""
OWNER = "KHABAR_HUB"
"""Variable that names the owner, on the Hub, of releases that are called by a bare name."""
_NAMED = re.compile(rf"(?:{HUB})?(?P<name>(?:{NAME}/)?{NAME})@v?(?P<version>[^@/]+)", re.ASCII)


class Source(Protocol):
    """A release somewhere else."""

    @property
    def place(self) -> str:
        """As messages and pins show it."""
        ...

    @property
    def commit(self) -> str:
        """The commit that is read; empty where the place has no history."""
        ...

    def read(self, path: str, start: int) -> Generator[bytes]:
        """Yield the bytes of a file from ``start`` on, in blocks."""
        ...

    def paths(self) -> frozenset[str] | None:
        """Return the paths of all files there; None where the place does not say."""
        ...


class Named(NamedTuple):
    """A release that is called by name and version.

    Attributes:
        name: Of the corpus, or owner and name on the Hub.
        version: MAJOR.MINOR.PATCH.
    """

    name: str
    version: str

    def __str__(self) -> str:
        """Return NAME@VERSION."""
        return f"{self.name}@{self.version}"


def named(what: str) -> Named | None:
    """Read NAME@VERSION or OWNER/NAME@VERSION; None for all else.

    Raises:
        NotFound: the version is none.
    """
    found = _NAMED.fullmatch(what)
    if found is None:
        return None
    if not re.match(VERSION, found["version"]):
        raise NotFound(f"{what}: '{found['version']}' is no version, which is MAJOR.MINOR.PATCH, as 1.2.0: pass one")
    return Named(found["name"], found["version"])


def source_of(what: str | Path | Named, patience: Patience) -> Source:
    """Return the source of a release that is called by name, address or folder.

    Raises:
        NotFound: there is none, or it cannot be told which is meant.
    """
    if wanted := what if isinstance(what, Named) else named(str(what)):
        from khabar.loading.hub import HubSource

        return HubSource(repository_of(wanted.name), f"v{wanted.version}", patience)
    if str(what).startswith((HUB, "hf://")):
        raise NotFound(f"{what}: a release on the Hub is called OWNER/NAME@VERSION: call it so")
    return _addressed(str(what), patience)


def repository_of(name: str) -> str:
    """Return OWNER/NAME of a release's name.

    Raises:
        NotFound: it is a bare name, and nobody says whose.
    """
    owner = os.environ.get(OWNER, "")
    if "/" in name or owner:
        return name if "/" in name else f"{owner}/{name}"
    raise NotFound(f"{name}: nobody says whose it is on the Hub: pass OWNER/{name}, or set {OWNER} to the owner")


def _in_archive(path: Path) -> str:
    """Return the address of the release in an archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = [name.rpartition("/")[0] for name in archive.namelist() if f"/{name}".endswith(f"/{MANIFEST}")]
    except (OSError, zipfile.BadZipFile) as error:
        raise NotFound(f"{path}: {getattr(error, 'strerror', None) or error}: is it a whole .zip?") from None
    if len(found) != 1:
        raise NotFound(f"{path} holds {len(found)} releases, one is wanted: pass an archive of one release")
    return f"zip://{found[0]}::{path.resolve()}"


def _addressed(what: str, patience: Patience) -> Source:
    try:
        parts = urlsplit(what)
    except ValueError as error:
        raise NotFound(f"{what}: {error}: pass the address of a release's folder") from None
    if "://" not in what:
        if not Path(what).is_dir() and not what.endswith(".zip"):
            raise NotFound(f"{what} is neither NAME@VERSION nor an address nor a folder nor a .zip: pass one of these")
        from khabar.loading.filesystems import FileSystemSource

        return FileSystemSource(_in_archive(Path(what)) if what.endswith(".zip") else str(Path(what).resolve()))
    if parts.scheme not in ("http", "https"):
        from khabar.loading.filesystems import FileSystemSource

        return FileSystemSource(what)
    if parts.query or parts.fragment or parts.username or not parts.hostname:
        raise NotFound(
            f"{parts.scheme}://{parts.hostname or ''}: an address of a release has neither account nor ? nor #"
        )
    from khabar.loading.web import WebSource

    return WebSource(what, patience.answer)
