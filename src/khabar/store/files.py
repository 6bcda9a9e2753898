"""How a file is read and written so that no reader sees a part of it and no line runs into the next."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from khabar.errors import BadRecord

T = TypeVar("T")

SHOWN = 40
"""Characters of a key that a message repeats."""


def append_line(path: Path, line: bytes) -> None:
    """Append a line; one that an editor left without its end gets it first."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(line + b"\n")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def without_lines(path: Path, name: str, value: str) -> bool:
    """Rewrite a file of JSON lines without those whose field has a value; tell whether it had any.

    A file that is left empty goes.  A line that is no record stays.
    """
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if not _says(line, name, value)]
    if len(kept) == len(lines):
        return False
    if kept:
        write_atomically(path, b"".join(kept))
    else:
        path.unlink()
    return True


def _says(line: bytes, name: str, value: str) -> bool:
    if value.encode() not in line:
        return False
    try:
        told = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(told, dict) and told.get(name) == value


def decoded(content: bytes, kind: type[T], place: str) -> T:
    """Decode JSON.

    Raises:
        BadRecord: it is not of that kind, or says something twice; the message begins with the place.
    """
    try:
        found = msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord(f"{place}: {error}: mend it, or take it from git again") from None
    if key := repeated_key(content):
        raise BadRecord(f"{place}: an object has the key '{key}' twice, readers differ on which holds: keep one")
    return found


def decoded_lines(path: Path, kind: type[T], place: str) -> Iterator[T]:
    """Yield the records of a file of JSON lines, none where there is no file.

    Raises:
        BadRecord: a line is none; the message begins with the place and the line's number.
    """
    for number, line in enumerate(path.read_bytes().splitlines() if path.is_file() else (), start=1):
        yield decoded(line, kind, f"{place}:{number}")


def repeated_key(content: bytes) -> str:
    """Return a key that an object of JSON has twice, of which every reader drops one; empty where none has."""
    repeated: list[str] = []

    def look(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            repeated.append(next(name for name in names if names.count(name) > 1))

    json.loads(content, object_pairs_hook=look, parse_int=str, parse_float=str, parse_constant=str)
    return repr(repeated[0][:SHOWN])[1:-1] if repeated else ""
