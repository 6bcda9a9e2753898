"""The repository's own release for tests: built once, with what was known when its documents were written."""

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import pytest

from conftest import REPOSITORY, add_gold
from khabar.release import documents
from khabar.release.build import build
from khabar.store import Corpus

PAPERS = ("DATASHEET.md", "DATA_STATEMENT.md", "CITATION.cff")
VERSION = "0.1.0"


class Own(NamedTuple):
    """The release.

    Attributes:
        checkout: A copy of what the repository holds of the corpus.
        known: What was known when the documents were written.
        folder: Where it is; never written.
    """

    checkout: Corpus
    known: documents.Known
    folder: Path


@cache
def own() -> Own:
    """Return the release."""
    root = Path(mkdtemp(prefix="khabar-tests-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    for folder in ("corpus", "annotations"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("exports", ".lock"))
    with_papers(root)
    checkout, seen, write = Corpus(root), [], documents.write
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "write", lambda known, folder: (seen.append(known), write(known, folder)))
        folder = build(checkout, VERSION, lambda: 0)
    return Own(checkout, seen[0], folder)


def with_papers(root: Path) -> None:
    """Put the papers of the repository into a checkout."""
    for name in PAPERS:
        shutil.copy(REPOSITORY / name, root / name)


def small(corpus: Corpus) -> Corpus:
    """Give an empty corpus one article, and the papers of the repository."""
    add_gold(corpus, "open", "a", "[Nothing was said](BODY)")
    with_papers(corpus.root)
    return corpus


def edit(path: Path, old: str, new: str) -> None:
    """Replace the first occurrence of some words in a file, which has them."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
