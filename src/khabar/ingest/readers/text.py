"""Plain text: a file is a page, its name the page's name."""

from collections.abc import Iterator
from pathlib import Path


def pages(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the file's name, without its ending, and its bytes."""
    yield path.stem, path.read_bytes()
