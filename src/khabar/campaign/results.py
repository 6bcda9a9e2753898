"""Label Studio -> annotations: the way in.  Results are distrusted; what is wrong goes to quarantine with a reason.

No network, and of files the texts alone.  The text that a task showed must be the view of our article, a region must
mark the words that it says it marks, and nothing is repaired.  Words of an article that may not be published are in no
reason.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from khabar.campaign.exported import Broken, Raw, Submitted, Task, decoded, user, whole
from khabar.campaign.page import Page
from khabar.campaign.people import Who
from khabar.campaign.regions import Reader
from khabar.campaign.tasks import TaskData, view
from khabar.model.annotation import Annotation, canonical, with_words, withheld
from khabar.model.article import Article
from khabar.model.text import DIGEST_SHOWN, digest
from khabar.store import Corpus

_NONE = re.compile(r"^\s*(\d{1,9}\s*[:.)\N{EM DASH}\N{EN DASH}-]\s*none)\s*$", re.IGNORECASE | re.MULTILINE)


class Known(NamedTuple):
    """What is known here of an article.

    Attributes:
        article: Its record.
        text: Its text, None where it is not at hand.
        open: Whether its words may be published.
    """

    article: Article
    text: str | None
    open: bool


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not believed: a line of ``quarantine.jsonl``.

    Attributes:
        article: Id of the article, empty where the task names none of the campaign.
        task: Id of the task on the server, 0 where it has none.
        annotation: Id of the annotation on the server, 0 where the whole task is meant.
        item: Id of the region, or both ends of the relation; empty where more than one item is meant.
        reason: What is wrong.
    """

    article: str
    task: int
    annotation: int
    item: str
    reason: str


class Believed(NamedTuple):
    """An annotation that was read.

    Attributes:
        annotation: It, without the words that its spans mark.
        text: The article's text.
        task: Id of the task on the server.
        number: Its id on the server.
        updated_at: When it was last written there, ISO 8601.
        note: What its author noted; where words of the article may not be published, for it may repeat some, no more
            of it than the numbers of questions to which the answer is none.
    """

    annotation: Annotation
    text: str
    task: int
    number: int
    updated_at: str
    note: str = ""


class Outcome(NamedTuple):
    """What became of one task.

    Attributes:
        believed: The annotations.
        away: What was quarantined.
        cancelled: Annotations that were skipped by their annotator.
        drafts: Drafts that were not submitted.
        notes: What a person should know, a line each.
    """

    believed: tuple[Believed, ...]
    away: tuple[Quarantined, ...]
    cancelled: int
    drafts: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What results are read by.

    Attributes:
        page: The campaign's page.
        who: How users are called.
        find: Returns what is known of an article of the campaign, None where it is not of it.
    """

    page: Page
    who: Who
    find: Callable[[str], Known | None]


def read_task(raw: Raw, reading: Reading) -> Outcome:
    """Read one task as the server exports it."""
    try:
        task = decoded(raw, Task)
        whole(raw)
    except Broken as broken:
        return _none(Quarantined(article="", task=0, annotation=0, item="", reason=f"it is no task: {broken}"))
    entry = Quarantined(article="", task=task.id, annotation=0, item="", reason="")
    try:
        data = decoded(task.data, TaskData)
    except Broken as broken:
        return _none(_because(entry, f"its data is not what campaigns push: {broken}"), task)
    known = reading.find(data.article)
    if known is None:
        return _none(_because(entry, "its article is none of the campaign's"), task)
    entry = msgspec.structs.replace(entry, article=known.article.id)
    text = known.text if known.text is not None else data.text
    fault = _other_text(data, known)
    if fault:
        return _none(_because(entry, fault), task)
    found = _Found(entry, known, text, reading)
    for each in task.annotations:
        found.add(each)
    return Outcome(tuple(found.believed), tuple(found.away), found.cancelled, len(task.drafts), tuple(found.notes))


class _Found:
    """What the annotations of one task come to."""

    def __init__(self, entry: Quarantined, known: Known, text: str, reading: Reading) -> None:
        self._entry = entry
        self._known = known
        self._text = text
        self._reading = reading
        self.believed: list[Believed] = []
        self.away: list[Quarantined] = []
        self.notes: list[str] = []
        self.cancelled = 0

    def add(self, raw: Raw) -> None:
        try:
            submitted = decoded(raw, Submitted)
        except Broken as broken:
            self.away.append(_because(self._entry, f"it is no annotation: {broken}"))
            return
        if submitted.was_cancelled:
            self.cancelled += 1
            return
        place = msgspec.structs.replace(self._entry, annotation=submitted.id)
        author, writer = user(submitted.completed_by), user(submitted.updated_by)
        if author is None:
            self.away.append(_because(place, "nobody is said to have made it"))
            return
        if writer not in (None, author):
            changed, made = (self._reading.who(each)[0] for each in (writer, author))
            self.notes.append(f"{place.article}: {changed} changed annotation {place.annotation}, which {made} made")
        reader = Reader(self._reading.page, self._text, quotes=self._known.open)
        reader.read(submitted.result or ())
        self.away += [msgspec.structs.replace(place, item=each.item, reason=each.reason) for each in reader.away]
        annotation = _annotation(reader, self._known.article, self._reading, author)
        note = reader.note if self._known.open else "\n".join(_NONE.findall(reader.note))
        self.believed.append(Believed(annotation, self._text, place.task, submitted.id, submitted.updated_at, note))


def _none(away: Quarantined, task: Task | None = None) -> Outcome:
    return Outcome((), (away,), 0, len(task.drafts) if task else 0, ())


def _because(entry: Quarantined, reason: str) -> Quarantined:
    return msgspec.structs.replace(entry, reason=reason)


def _other_text(data: TaskData, known: Known) -> str:
    """Tell why the text that the task showed is not proven to be ours, empty where it is."""
    ours = known.article.sha256
    if data.sha256 != ours:
        return (
            f"the task showed another text: it says {data.sha256[:DIGEST_SHOWN]}, ours is {ours[:DIGEST_SHOWN]}"
            if known.open
            else f"the task showed another text: it does not say {ours[:DIGEST_SHOWN]}"
        )
    if known.text is not None:
        shown = view(known.text)
        return "" if data.text == shown else "the task showed another text, which is not the view of ours"
    if digest(data.text) == ours:
        return ""
    return "the text is not at hand, and what the task showed does not prove to be it: khabar restore, then pull again"


def _annotation(reader: Reader, article: Article, reading: Reading, author: int) -> Annotation:
    name, kind = reading.who(author)
    found = Annotation(
        article=article.id,
        sha256=article.sha256,
        scheme=reading.page.labels.version,
        annotator=name,
        kind=kind,
        layers=reading.page.layers,
        spans=tuple(reader.spans.values()),
        relations=tuple(reader.relations),
    )
    return canonical(found, reading.page.labels.layer_names)


def known(corpus: Corpus, key: str) -> Known | None:
    """Return what is known of an article, None where the corpus has none of that id."""
    if not corpus.has_article(key):
        return None
    article = corpus.article(key)
    return Known(article, corpus.text(article), corpus.source_of(article).redistribute == "text")


def committed(corpus: Corpus, believed: Believed) -> Annotation:
    """Return an annotation that was read as it may be committed."""
    return ready(corpus, believed.annotation, believed.text)


def ready(corpus: Corpus, annotation: Annotation, text: str) -> Annotation:
    """Return an annotation as it may be committed: with its words, or with digests where words are withheld."""
    labels = corpus.labels
    if corpus.source_of(corpus.article(annotation.article)).redistribute == "text":
        shown = with_words(annotation, text)
    else:
        shown = withheld(annotation, text, labels.words_attributes)
    return canonical(shown, labels.layer_names)
