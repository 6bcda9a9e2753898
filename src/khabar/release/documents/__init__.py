"""Manifest, schemas, what was written by hand -> the documents of a release.  Importing registers every document.

A new one is a module here that ends with its registration, and its name below.  A document holds no number of its own:
what it counts it takes from the manifest, and no word of an article.
"""

from pathlib import Path

from khabar.release.documents import agreement, answers, card, citation, croissant, licenses
from khabar.release.documents.known import DOCUMENTS, Known

__all__ = ["DOCUMENTS", "Known", "agreement", "answers", "card", "citation", "croissant", "licenses", "write"]


def write(known: Known, folder: Path) -> None:
    """Write every document there is something to make from, and what is taken over as it stands."""
    for path, raw in known.written.scheme().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(raw)
    for name in DOCUMENTS:
        text = DOCUMENTS[name](known)
        if text is not None:
            (folder / name).write_bytes(text.encode("utf-8"))
