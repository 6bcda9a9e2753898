"""Releases on file systems: folders, s3, gcs and others.  The one door of fsspec."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from khabar.errors import NotFound, Unreachable
from khabar.loading.patience import Interrupted

if TYPE_CHECKING:
    from pathlib import Path

    from fsspec import AbstractFileSystem

BLOCK = 1 << 20
"""Bytes read at once."""


class FileSystemSource:
    """A release in a folder of any file system that fsspec knows.

    Attributes:
        place: Its address, as messages and pins show it.
        commit: Empty: a file system has no history.
    """

    commit = ""

    def __init__(self, address: str) -> None:
        self.place = address.rstrip("/")
        self._system, root = opened(address)
        self._root = root.rstrip("/")

    def read(self, path: str, start: int) -> Generator[bytes]:
        """Yield the bytes of a file from ``start`` on.

        Raises:
            NotFound: there is no such file.
            Interrupted: the file system broke off.
        """
        with _troubles(f"{self.place}/{path}"), self._system.open(f"{self._root}/{path}", "rb") as file:
            file.seek(start)
            while block := file.read(BLOCK):
                yield block

    def paths(self) -> frozenset[str]:
        """Return the paths of all files there, relative to the release."""
        with _settled(self.place):
            return frozenset(path[len(self._root) + 1 :] for path in self._system.find(self._root))


class Bucket:
    """A place that is written: files under one address.

    Attributes:
        address: Without a slash at its end.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._system, root = opened(address)
        self._root = root.rstrip("/")

    def sizes(self) -> dict[str, int]:
        """Return what is there: bytes by relative path."""
        with _settled(self.address):
            there = self._system.exists(self._root)
            found = self._system.find(self._root, detail=True) if there else {}
        return {path[len(self._root) + 1 :]: each["size"] for path, each in found.items()}

    def put(self, file: "Path", path: str) -> None:
        """Copy a local file there; object stores show it whole or not at all."""
        target = f"{self._root}/{path}"
        with _settled(f"{self.address}/{path}"):
            self._system.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._system.put_file(str(file), target)

    def remove(self, path: str) -> None:
        """Remove a file."""
        with _settled(f"{self.address}/{path}"):
            self._system.rm_file(f"{self._root}/{path}")


def opened(address: str) -> "tuple[AbstractFileSystem, str]":
    """Return the file system of an address and the path on it; listings are never remembered.

    Raises:
        NotFound: no such file system is known, or its package is not installed.
    """
    from fsspec.core import url_to_fs

    try:
        system, path = url_to_fs(address, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise NotFound(f"{address}: {error}: install what it needs, or pass another address") from None
    except Exception as error:  # noqa: BLE001 - every file system has errors of its own
        raise Unreachable(f"{address}: {_line(error)}: look there, and at your account") from None
    return system, str(path)


@contextmanager
def _troubles(place: str) -> Iterator[None]:
    """Turn the errors of file systems, of which each has its own, into ours."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise NotFound(f"{place} is missing: is that the address of a release?") from None
    except PermissionError:
        raise Unreachable(f"{place}: you may not do that there: ask for the right to") from None
    except OSError as error:
        raise Interrupted(_line(error)) from None
    except Exception as error:  # noqa: BLE001 - idem
        raise Unreachable(f"{place}: {_line(error)}: look there, and at your account") from None


@contextmanager
def _settled(place: str) -> Iterator[None]:
    """Do what is not repeated by itself."""
    try:
        with _troubles(place):
            yield
    except Interrupted as interrupted:
        raise Unreachable(f"{place}: {interrupted}: run the same command again") from None


def _line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0] or type(error).__name__
