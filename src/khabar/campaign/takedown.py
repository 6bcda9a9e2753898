"""An article that is taken down goes from what was pulled as well, the one time that a page of an export is changed."""

import hashlib
from collections.abc import Collection
from pathlib import Path

from khabar.campaign.exported import article_in, tasks_of
from khabar.store import Corpus, write_atomically


def forget(corpus: Corpus, key: str) -> list[Path]:
    """Remove the tasks of an article from the pages of every campaign; return the pages that were changed.

    The manifest of the campaign gets their new digests.
    """
    changed = []
    for name in corpus.campaigns:
        folder = corpus.campaign(name)
        for page in corpus.campaign_pages(name):
            content = page.read_bytes()
            kept = without(content, (key,), corpus.shown(page))
            if kept == content:
                continue
            _replaced_digest(folder / "manifest.json", content, kept)
            write_atomically(page, kept)
            changed.append(page)
    return changed


def without(page: bytes, keys: Collection[str], place: str) -> bytes:
    """Return a page without the tasks of some articles; in its own bytes if it has none of them."""
    if not any(key.encode() in page for key in keys):
        return page
    tasks = tasks_of(page, place)
    kept = [each for each in tasks if not any(_is_of(each, key) for key in keys)]
    return page if len(kept) == len(tasks) else b"[" + b",".join(kept) + b"]"


def _is_of(task: bytes, key: str) -> bool:
    named = article_in(task)
    return named == key if named else f'"{key}"'.encode() in task


def _replaced_digest(manifest: Path, old: bytes, new: bytes) -> None:
    if manifest.is_file():
        before, after = (hashlib.sha256(each).hexdigest().encode() for each in (old, new))
        write_atomically(manifest, manifest.read_bytes().replace(before, after))
