"""Plain text: a file is a page, its name the page's name."""

from collections.abc import Iterator
from pathlib import Path

from khabar.errors import BadText


def pages(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the file's name, without its ending, and its bytes."""
    try:
        yield path.stem, path.read_bytes()
    except OSError as error:
        raise BadText(f"{path}: {error.strerror}: see that it can be read") from None
