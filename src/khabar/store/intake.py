"""The folder ``corpus/``: sources, articles with their texts, splits.  Ingest writes it, alone."""

import fcntl
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from khabar.errors import BadRecord, Busy, Changed, NotFound, Withheld
from khabar.model.article import Article, Source, Tombstone
from khabar.model.layout import SPLITS, TOMBSTONES
from khabar.model.rights import rights
from khabar.model.text import DIGEST_SHOWN, NAME, digest
from khabar.store.files import append_line, decoded_lines, without_lines, write_atomically

BATCH = 2000
"""Articles of an intake batch; the next one begins a new one.  Records of before keep theirs if this changes."""


class Intake:
    """What was ingested, under one root.

    Attributes:
        root: The folder that holds ``corpus/``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._corpus = root / "corpus"

    @property
    def corpus_folder(self) -> Path:
        """The folder that ingest writes."""
        return self._corpus

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The sources by id."""
        path = self._corpus / "sources.toml"
        if not path.is_file():
            raise NotFound(f"{self.shown(path)} is missing, it says what may be done with the articles: write it")
        try:
            tables = msgspec.toml.decode(path.read_bytes(), type=dict[str, dict[str, Any]])
            return {name: msgspec.convert({**table, "id": name}, Source) for name, table in tables.items()}
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadRecord(f"{self.shown(path)}: {error}: mend it by hand") from None

    def source(self, name: str) -> Source:
        """Return the source of that id."""
        if name not in self.sources:
            there = ", ".join(self.sources) or "none"
            raise NotFound(f"no source is called '{name}' in corpus/sources.toml; there are: {there}")
        return self.sources[name]

    def source_of(self, article: Article) -> Source:
        """Return the source that an article comes from."""
        return self._intake[article.id][0]

    @cached_property
    def _intake(self) -> dict[str, tuple[Source, Article]]:
        found: dict[str, tuple[Source, Article]] = {}
        for source in self.sources.values():
            path = self._corpus / source.id / "articles.jsonl"
            for number, article in enumerate(decoded_lines(path, Article, self.shown(path)), start=1):
                try:
                    rights(source, article)
                except BadRecord as error:
                    raise BadRecord(f"{self.shown(path)}:{number}: {error}") from None
                if article.id in found:
                    raise BadRecord(
                        f"{self.shown(path)}:{number}: {article.id} is recorded twice: remove one of the lines"
                    )
                found[article.id] = source, article
        return found

    @property
    def articles(self) -> Iterator[Article]:
        """Every article's record, sources in the order of sources.toml, then in order of intake."""
        return (article for _, article in self._intake.values())

    @cached_property
    def _in_batch(self) -> Counter[int]:
        return Counter(article.batch for article in self.articles)

    @property
    def next_batch(self) -> int:
        """The intake batch of the article that is taken in next: the last one, or a new one where that is full."""
        last = max(self._in_batch, default=0)
        return last + (self._in_batch[last] >= BATCH)

    def article(self, key: str) -> Article:
        """Return the record of one article."""
        if key not in self._intake:
            if key in self.tombstones:
                raise NotFound(f"{key} was taken down: {self.tombstones[key]}")
            raise NotFound(
                f"no article is called '{key}' in corpus/, which has {len(self._intake)}: see 'khabar stats'"
            )
        return self._intake[key][1]

    def has_article(self, key: str) -> bool:
        """Tell whether an article of that id is recorded."""
        return key in self._intake

    def text(self, article: Article) -> str | None:
        """Return the article's text, None where it is withheld.

        Raises:
            Changed: the file does not hold the text that the record describes.
        """
        text = self.stored_text(article)
        if text is not None and digest(text) != article.sha256:
            raise Changed(
                f"{self.shown(self._text_path(article))}: the text is {digest(text)[:DIGEST_SHOWN]}, its record says"
                f" {article.sha256[:DIGEST_SHOWN]}: a text never changes, restore it"
            )
        return text

    def needed_text(self, article: Article) -> str:
        """Return the article's text where nothing can be done without it.

        Raises:
            Withheld: it is not at hand.
        """
        text = self.text(article)
        if text is None:
            raise Withheld(
                f"{article.id}: the text is not at hand, this needs it: put it back with 'khabar restore --from FOLDER'"
            )
        return text

    def add_article(self, source: Source, article: Article, text: str) -> None:
        """Write a new article: its text first, then its record, so that a record always has had its text."""
        folder = self._corpus / source.id
        folder.mkdir(parents=True, exist_ok=True)
        if source.redistribute == "offsets":  # the text must not slip into a commit
            (folder / ".gitignore").write_text("*.txt\n", encoding="utf-8")
        (folder / f"{article.id}.txt").write_bytes(text.encode("utf-8"))
        append_line(folder / "articles.jsonl", msgspec.json.encode(article))
        self._in_batch[article.batch] += 1
        self._intake[article.id] = source, article

    @cached_property
    def tombstones(self) -> dict[str, str]:
        """Why each article that was taken down was, by its id, in the order in which they were."""
        path = self._corpus / TOMBSTONES
        found: dict[str, str] = {}
        for stone in decoded_lines(path, Tombstone, self.shown(path)):
            found.setdefault(stone.id, stone.reason)
        return found

    def add_tombstone(self, key: str, reason: str) -> None:
        """Say that an article is taken down, and why; what there is of it goes with `remove`."""
        try:
            stone = msgspec.convert({"id": key, "reason": reason}, Tombstone)
        except msgspec.ValidationError as error:
            raise BadRecord(f"{key}: {error}: a reason is one line of words") from None
        append_line(self._corpus / TOMBSTONES, msgspec.json.encode(stone))
        self.tombstones[key] = reason

    def remove(self, key: str) -> list[Path]:
        """Remove text and record of an article that has a tombstone; return the files that went or lost a line."""
        texts = [path for source in self.sources for path in self._corpus.glob(f"{source}/{key}.txt")]
        for path in texts:
            path.unlink()
        records = [path for source in self.sources for path in self._corpus.glob(f"{source}/articles.jsonl")]
        changed = [path for path in records if without_lines(path, "id", key)]
        for cached in ("_intake", "_in_batch"):
            self.__dict__.pop(cached, None)
        return [*texts, *changed]

    def write_text(self, article: Article, text: str) -> None:
        """Put a text back in its place; only the text of the record can be."""
        if digest(text) != article.sha256:
            raise Changed(f"{article.id}: another text was about to be stored: restore goes by digest alone")
        write_atomically(self._text_path(article), text.encode("utf-8"))

    def stored_text(self, article: Article) -> str | None:
        """Return the text in the article's file as it is, None where there is no file; `text` verifies it."""
        path = self._text_path(article)
        return path.read_bytes().decode("utf-8", errors="replace") if path.is_file() else None

    def _text_path(self, article: Article) -> Path:
        return self._corpus / self.source_of(article).id / f"{article.id}.txt"

    @cached_property
    def splits(self) -> dict[str, str]:
        """The split of each article that has one."""
        found: dict[str, str] = {}
        for split in SPLITS:
            path = self._corpus / "splits" / f"{split}.txt"
            for key in path.read_bytes().decode("utf-8", "replace").split() if path.is_file() else ():
                if not re.match(NAME, key):
                    raise BadRecord(f"{self.shown(path)}: {key[:40]!r} is no id of an article: mend it by hand")
                if key in found:
                    raise BadRecord(
                        f"{self.shown(path)}: {key} is in {found[key]} as well, one split is right: remove one"
                    )
                found[key] = split
        return found

    def add_to_split(self, split: str, keys: list[str]) -> None:
        """Append articles to a split, in which they stay for ever."""
        if not keys:
            return
        path = self._corpus / "splits" / f"{split}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        for key in keys:
            append_line(path, key.encode("utf-8"))
        self.splits.update(dict.fromkeys(keys, split))

    @contextmanager
    def alone(self, folder: Path) -> Iterator[None]:
        """Be the only process that writes a folder, as long as it lasts; what is recorded is read anew.

        Raises:
            Busy: another one writes there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(f"{self.shown(folder)}: another khabar writes there now: wait until it is done") from None
            for cached in ("_intake", "_in_batch", "splits", "tombstones"):
                self.__dict__.pop(cached, None)
            yield

    def shown(self, path: Path) -> str:
        """Return a path as messages show it: relative to the root where it lies under it."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
