"""A checkout of the corpus: what was ingested, and the folder ``annotations/`` with what was said of it."""

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path

import msgspec

from khabar.errors import BadRecord, NotFound
from khabar.model.agreement import AGREEMENT
from khabar.model.annotation import Annotation, canonical, encoded
from khabar.model.article import Article
from khabar.model.batch import Batch
from khabar.model.decision import Record
from khabar.model.decision import encoded as decisions_encoded
from khabar.model.finding import Waiver, waivers
from khabar.model.floors import Floors
from khabar.model.labelfile import label_set
from khabar.model.labels import LabelSet
from khabar.model.layout import LABELS, SPLITS, WAIVERS
from khabar.model.manifest import MANIFEST, VERSION, precedence
from khabar.model.records import Annotated, batch
from khabar.store.campaigns import Campaigns
from khabar.store.files import decoded, without_lines, write_atomically

LARGEST = 1 << 26
"""Bytes of the file of an annotation: thousands of times what is usual."""
BESIDE = (MANIFEST, AGREEMENT)
"""Files that a campaign keeps beside its annotations."""
OTHERS = (("campaign.toml", "exports"), (LABELS, "decisions"))
"""Folders that hold no annotations, each by what lies beside it: a source or an annotator may be called so, too."""


class Corpus(Campaigns):
    """A checkout of the corpus: the folders ``corpus/`` and ``annotations/`` under one root.

    Attributes:
        root: The folder that holds them.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
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

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The findings that are accepted; none where there is no ``annotations/waivers.toml``."""
        path = self._annotations / WAIVERS
        return waivers(path.read_bytes(), self.shown(path)) if path.is_file() else ()

    @property
    def floors(self) -> Floors:
        """What a release must reach; nothing where there is no ``annotations/floors.toml``."""
        path = self._annotations / "floors.toml"
        try:
            floors = msgspec.toml.decode(path.read_bytes() if path.is_file() else b"", type=Floors)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadRecord(f"{self.shown(path)}: {error}: mend it by hand") from None
        labels = {label for floors_of in floors.spans.values() for label in floors_of}
        for what, told, known in (
            ("split", floors.spans, SPLITS),
            ("label", labels, self.labels.labels),
            ("layer", floors.agreement, self.labels.layers),
        ):
            if strange := sorted(set(told) - set(known)):
                raise BadRecord(f"{self.shown(path)}: there is no {what} '{strange[0]}': spell it right")
        return floors

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

    # annotations/decisions/, written by adjudicate: what gold came from

    @property
    def decisions_folder(self) -> Path:
        """The folder of the decisions that gold came from."""
        return self._annotations / "decisions"

    def decisions_of(self, article: Article) -> Record | None:
        """Return the decisions on an article, None where none were recorded."""
        path = self._decisions_path(article)
        return decoded(path.read_bytes(), Record, self.shown(path)) if path.is_file() else None

    def decisions(self) -> Iterator[Record]:
        """Yield the decisions on every article that has some, in the order of the articles."""
        return (found for article in self.articles if (found := self.decisions_of(article)) is not None)

    def write_decisions(self, record: Record) -> None:
        """Write the decisions on an article, a decision a line, where they differ from what is there."""
        path, content = self._decisions_path(self.article(record.article)), decisions_encoded(record)
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)

    def _decisions_path(self, article: Article) -> Path:
        return self.decisions_folder / self.source_of(article).id / f"{article.id}.json"

    # Annotations with what they annotate, as batches

    def annotated(self, annotation: Annotation, *, as_stored: bool = False) -> Annotated:
        """Put an annotation beside its article's record, source, split and text.

        Args:
            annotation: The annotation.
            as_stored: Take the text as its file has it: for checks, which tell of one that changed.

        Raises:
            Changed: the file does not hold the text that the record describes.
        """
        article = self.article(annotation.article)
        split = self.splits.get(article.id, "")
        text = self.stored_text(article) if as_stored else self.text(article)
        return Annotated(article, self.source_of(article), text, annotation, split)

    def batches(
        self, annotations: Iterable[Annotation], size: int = 1000, *, as_stored: bool = False
    ) -> Iterator[Batch]:
        """Put annotations into batches of ``size`` articles, with their texts as `annotated` has them."""
        each = iter(annotations)
        while chunk := list(islice(each, size)):
            yield batch(self.labels, (self.annotated(annotation, as_stored=as_stored) for annotation in chunk))

    # Everything about one article

    def files_of(self, article: Article) -> list[Path]:
        """Return every file about an article, in the way of the data; that of the text even where it is withheld."""
        pulled = sorted(self._annotations.glob(f"campaigns/*/annotations/*/{article.id}.json"))
        merged = (self._decisions_path(article), self._gold_path(article))
        return [self._text_path(article), *pulled, *(path for path in merged if path.is_file())]

    def said_of(self, key: str) -> list[Path]:
        """Return every file of an article's own under ``annotations/``, whoever wrote it, recorded or not."""
        return sorted(self._annotations.rglob(f"{key}.json"))

    def forget(self, key: str) -> list[Path]:
        """Remove what was said of an article that has a tombstone, and the lines on it that campaigns keep.

        Returns the files that went or lost a line.  What was pulled untouched is for the campaign: it knows its form.
        """
        own = self.said_of(key)
        for path in own:
            path.unlink()
        return [*own, *(path for path in self.campaign_lines() if without_lines(path, "article", key))]

    @contextmanager
    def alone_everywhere(self) -> Iterator[None]:
        """Be the only process that writes what was ingested, gold and campaigns, for what reaches into all of them.

        Raises:
            Busy: another one writes in one of them.
        """
        with ExitStack() as locks:
            for folder in (self.corpus_folder, self.gold_folder, *map(self.campaign, self.campaigns)):
                locks.enter_context(self.alone(folder))
            yield

    # .studio/, the embedded Label Studio's, and dist/, written by release

    @property
    def studio(self) -> Path:
        """The folder of the embedded Label Studio: environment, state, secrets."""
        return self.root / ".studio"

    @property
    def dist(self) -> Path:
        """The folder of built releases."""
        return self.root / "dist"

    @property
    def newest_release(self) -> Path | None:
        """The folder of the release of the highest version that was built here, None where none was."""
        built = [path.parent for path in self.dist.glob(f"*/{MANIFEST}") if re.match(VERSION, path.parent.name)]
        return max(built, key=lambda path: precedence(path.name), default=None)

    # One form for every annotation on disk: a span a line, made to be reviewed

    def annotation_files(self, path: Path) -> list[Path]:
        """Return the annotation files at or below a path; what a campaign keeps beside them is none."""
        if not path.is_dir():
            return [path]
        found = (each for each in path.rglob("*") if each.suffix.lower() == ".json" and each.name not in BESIDE)
        others = [each.with_name(name) for beside, name in OTHERS for each in path.rglob(beside)]
        return sorted(each for each in found if not any(each.is_relative_to(other) for other in others))

    def read_annotation(self, path: Path, *, expected: str = "") -> Annotation:
        """Read one annotation file.

        Raises:
            BadRecord: it does not parse, is too large to be one, or is of another article than its name says.
        """
        if not path.is_file():
            raise BadRecord(f"{self.shown(path)}: it is no file, an annotation is one: name another")
        if (size := path.stat().st_size) > LARGEST:
            raise BadRecord(f"{self.shown(path)}: it has {size} bytes, an annotation {LARGEST} at most: is it one?")
        found = decoded(path.read_bytes(), Annotation, self.shown(path))
        if expected and found.article != expected:
            raise BadRecord(f"{self.shown(path)}: it annotates {found.article}, its name says {expected}: rename it")
        return found

    def write_annotation(self, path: Path, annotation: Annotation) -> None:
        """Write one annotation, in canonical order, a span or relation a line."""
        write_atomically(path, encoded(canonical(annotation, self.labels.layer_names)))
