"""Readers: a file in, pages out.  A new format is one module here and its line below."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from khabar.errors import NotFound
from khabar.ingest.readers import text
from khabar.registry import Registry


class Page(NamedTuple):
    """One page as a reader found it.

    Attributes:
        name: What its id is made from.
        raw: Its text as bytes, before the normal form.
    """

    name: str
    raw: bytes


Reader = Callable[[Path], Iterator[tuple[str, bytes]]]

READERS: Registry[Reader] = Registry("reader")
READERS.add(".txt", text.pages)


def pages(path: Path) -> Iterator[Page]:
    """Read a file by its ending.

    Raises:
        NotFound: no reader knows the ending.
    """
    if path.suffix.lower() not in READERS:
        raise NotFound(
            f"{path}: no reader knows the ending '{path.suffix}', there are: {', '.join(READERS)}: convert the file"
        )
    for name, raw in READERS[path.suffix.lower()](path):
        yield Page(name, raw)
