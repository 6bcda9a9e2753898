"""The one module that knows a path of the corpus: where each record lives and how it is written there."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from khabar.errors import BadRecord, Busy, Changed, NotFound, Withheld
from khabar.model.annotation import Annotation, canonical, encoded
from khabar.model.article import Article, Source
from khabar.model.batch import Batch
from khabar.model.finding import Waiver
from khabar.model.labelfile import label_set
from khabar.model.labels import LabelSet
from khabar.model.records import Annotated, batch
from khabar.model.text import DIGEST_SHOWN, digest

SPLITS = ("train", "validation", "test")

T = TypeVar("T")


class Corpus:
    """A checkout of the corpus: the folders ``corpus/`` and ``annotations/`` under one root.

    Attributes:
        root: The folder that holds them.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._corpus = root / "corpus"
        self._annotations = root / "annotations"
        if not (self._annotations / "labels.toml").is_file():
            raise NotFound(
                f"{self._annotations / 'labels.toml'} is missing: is this a checkout of the corpus? else pass --root"
            )

    # What is written by hand

    @cached_property
    def labels(self) -> LabelSet:
        """The label set."""
        path = self._annotations / "labels.toml"
        return label_set(path.read_bytes(), self.shown(path))

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The sources by id."""
        path = self._corpus / "sources.toml"
        if not path.is_file():
            raise NotFound(f"{self.shown(path)} is missing, it says what may be done with the articles: write it")
        try:
            tables = msgspec.toml.decode(path.read_bytes(), type=dict[str, dict[str, str]])
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

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The findings that are accepted; none where there is no ``annotations/waivers.toml``."""
        path = self._annotations / "waivers.toml"
        try:
            told = msgspec.toml.decode(path.read_bytes() if path.is_file() else b"", type=dict[str, list[Waiver]])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadRecord(f"{self.shown(path)}: {error}: mend it by hand") from None
        if set(told) - {"waivers"}:
            raise BadRecord(f"{self.shown(path)}: a waiver is a table [[waivers]], there is none else: mend it by hand")
        return tuple(told.get("waivers", ()))

    @property
    def guidelines(self) -> Path:
        """The folder of the annotation guidelines."""
        return self._annotations / "guidelines"

    # corpus/, written by ingest (and the texts by restore)

    @cached_property
    def _intake(self) -> dict[str, tuple[Source, Article]]:
        found: dict[str, tuple[Source, Article]] = {}
        for source in self.sources.values():
            path = self._corpus / source.id / "articles.jsonl"
            for number, line in enumerate(path.read_bytes().splitlines() if path.is_file() else (), start=1):
                article = _decode(line, Article, f"{self.shown(path)}:{number}")
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

    def article(self, key: str) -> Article:
        """Return the record of one article."""
        if key not in self._intake:
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
        text = self._stored_text(article)
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
        self._intake[article.id] = source, article

    def write_text(self, article: Article, text: str) -> None:
        """Put a text back in its place; only the text of the record can be."""
        if digest(text) != article.sha256:
            raise Changed(f"{article.id}: another text was about to be stored: restore goes by digest alone")
        write_atomically(self._text_path(article), text.encode("utf-8"))

    def _stored_text(self, article: Article) -> str | None:
        path = self._text_path(article)
        return path.read_bytes().decode("utf-8", errors="replace") if path.is_file() else None

    def _text_path(self, article: Article) -> Path:
        return self._corpus / self.source_of(article).id / f"{article.id}.txt"

    # corpus/splits/, written once an article

    @cached_property
    def splits(self) -> dict[str, str]:
        """The split of each article that has one."""
        found: dict[str, str] = {}
        for split in SPLITS:
            path = self._corpus / "splits" / f"{split}.txt"
            for key in path.read_bytes().decode("utf-8", "replace").split() if path.is_file() else ():
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

    # annotations/gold/, written by adjudicate

    @property
    def gold_folder(self) -> Path:
        """The folder of the gold annotations."""
        return self._annotations / "gold"

    def gold(self) -> Iterator[Annotation]:
        """Yield the gold annotations, in the order of the articles."""
        return (gold for article in self.articles if (gold := self.gold_of(article)) is not None)

    def gold_of(self, article: Article) -> Annotation | None:
        """Return an article's gold annotation, None where it has none."""
        path = self._gold_path(article)
        return self.read_annotation(path, expected=article.id) if path.is_file() else None

    def gold_place(self, article: Article) -> Path:
        """Return where an article's gold stands, or would."""
        return self._gold_path(article)

    def has_gold(self, article: Article) -> bool:
        """Tell whether an article has gold."""
        return self._gold_path(article).is_file()

    def gold_files(self) -> list[Path]:
        """Return every file below ``annotations/gold/``, those of no article too."""
        return self.annotation_files(self.gold_folder) if self.gold_folder.is_dir() else []

    def write_gold(self, annotation: Annotation) -> Path:
        """Write a gold annotation; the caller has made sure that it may replace what is there."""
        path = self._gold_path(self.article(annotation.article))
        self.write_annotation(path, annotation)
        return path

    def _gold_path(self, article: Article) -> Path:
        return self._annotations / "gold" / self.source_of(article).id / f"{article.id}.json"

    # Annotations with what they annotate, as batches

    def annotated(self, annotation: Annotation) -> Annotated:
        """Put an annotation beside its article's record, source, split and text, unverified: checks do that."""
        article = self.article(annotation.article)
        split = self.splits.get(article.id, "")
        return Annotated(article, self.source_of(article), self._stored_text(article), annotation, split)

    def batches(self, annotations: Iterable[Annotation], size: int = 1000) -> Iterator[Batch]:
        """Put annotations into batches of ``size`` articles."""
        each = iter(annotations)
        while chunk := list(islice(each, size)):
            yield batch(self.labels, (self.annotated(annotation) for annotation in chunk))

    # annotations/campaigns/<name>/, written by campaign

    def campaign(self, name: str) -> Path:
        """Return the folder of a campaign, which may not exist yet."""
        return self._annotations / "campaigns" / name

    @property
    def campaigns(self) -> tuple[str, ...]:
        """Names of the campaigns."""
        return tuple(sorted(path.parent.name for path in self._annotations.glob("campaigns/*/campaign.toml")))

    def files_of(self, article: Article) -> list[Path]:
        """Return every file about an article, in the way of the data; that of the text even where it is withheld."""
        pulled = sorted(self._annotations.glob(f"campaigns/*/annotations/*/{article.id}.json"))
        gold = self._gold_path(article)
        return [self._text_path(article), *pulled, *([gold] if gold.is_file() else [])]

    def campaign_annotations(self, name: str) -> list[Path]:
        """Return the annotations that a campaign pulled, article by article."""
        pulled = (self.campaign(name) / "annotations").glob("*/*.json")
        return sorted(pulled, key=lambda path: (path.name, path.parent.name))

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
            for cached in ("_intake", "splits"):
                self.__dict__.pop(cached, None)
            yield

    @property
    def intake(self) -> Path:
        """The folder that ingest writes."""
        return self._corpus

    # .studio/, the embedded Label Studio's, and dist/, written by release

    @property
    def studio(self) -> Path:
        """The folder of the embedded Label Studio: environment, state, secrets."""
        return self.root / ".studio"

    @property
    def dist(self) -> Path:
        """The folder of built releases."""
        return self.root / "dist"

    # One form for every annotation on disk: a span a line, made to be reviewed

    def annotation_files(self, path: Path) -> list[Path]:
        """Return the annotation files at or below a path; what a campaign keeps beside them is none."""
        if not path.is_dir():
            return [path]
        found = (each for each in path.rglob("*") if each.suffix.lower() == ".json" and each.name != "manifest.json")
        return sorted(each for each in found if "exports" not in each.relative_to(path).parts)

    def read_annotation(self, path: Path, *, expected: str = "") -> Annotation:
        """Read one annotation file.

        Raises:
            BadRecord: it does not parse, or is of another article than its name says.
        """
        found = _decode(path.read_bytes(), Annotation, self.shown(path))
        if expected and found.article != expected:
            raise BadRecord(f"{self.shown(path)}: it annotates {found.article}, its name says {expected}: rename it")
        return found

    def write_annotation(self, path: Path, annotation: Annotation) -> None:
        """Write one annotation, in canonical order, a span or relation a line."""
        write_atomically(path, encoded(canonical(annotation, self.labels.layer_names)))

    def shown(self, path: Path) -> str:
        """Return a path as messages show it: relative to the root where it lies under it."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)


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


def _decode(content: bytes, kind: type[T], place: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord(f"{place}: {error}: mend it, or take it from git again") from None
