"""How a file is read and written so that no reader sees a part of it and no line runs into the next."""

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from khabar.errors import BadRecord

T = TypeVar("T")


def append_line(path: Path, line: bytes) -> None:
    """Append a line; one that an editor left without its end gets it first."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(line + b"\n")


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def decoded(content: bytes, kind: type[T], place: str) -> T:
    """Decode JSON.

    Raises:
        BadRecord: it is not of that kind; the message begins with the place.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord(f"{place}: {error}: mend it, or take it from git again") from None
