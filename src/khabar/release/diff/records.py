"""What differs between two releases, as records: frozen, free of files, written out as they stand.

*Before* is the older release, *after* the newer one.  Offsets count code points of the article's text, half-open.  No
record repeats a word of an article whose text either release withholds.
"""

from enum import IntEnum
from typing import Literal

import msgspec

Value = str | bool | int | None
SpanKind = Literal["added", "removed", "moved", "relabelled", "reattributed", "doubted", "renamed"]
ArticleKind = Literal["added", "removed", "moved", "changed"]
TextKind = Literal["", "changed", "withdrawn", "given"]


class Step(IntEnum):
    """What a version rises by at least; the rules stand in `khabar.release.diff.step`."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the records: what is empty is not written."""


class Mark(Record, frozen=True):
    """A span as one of the releases has it.

    Attributes:
        start: First code point.
        end: One past the last.
        label: Its label.
        id: Its id.
        words: What it marks; empty where they are withheld.
    """

    start: int
    end: int
    label: str
    id: str
    words: str = ""


class Said(Record, frozen=True):
    """A value that differs: of a span's attribute or of an article's column.

    Attributes:
        name: Of the attribute or column.
        before: Null where nothing was said, or where it may not be repeated.
        after: Likewise.
    """

    name: str
    before: Value = None
    after: Value = None


class Link(Record, frozen=True):
    """A relation that starts from a span: its label, and the id of the span it ends at."""

    label: str
    tail: str


class SpanChange(Record, frozen=True):
    """A span that differs.

    Attributes:
        layer: Column of its layer.
        kinds: ``added`` or ``removed`` alone; else one or more of ``moved`` (other offsets), ``relabelled``,
            ``reattributed`` (other attributes or relations), ``doubted`` (another doubt of those who made it),
            ``renamed`` (another id).
        before: The span in the older release; null where it was added.
        after: The span in the newer release; null where it was removed.
        attributes: What differs; of a span added or removed, all that it says.
        links_removed: Relations that only the older release has, with the ids of the older.
        links_added: Relations that only the newer one has, with its ids.
    """

    layer: str
    kinds: tuple[SpanKind, ...]
    before: Mark | None = None
    after: Mark | None = None
    attributes: tuple[Said, ...] = ()
    links_removed: tuple[Link, ...] = ()
    links_added: tuple[Link, ...] = ()

    @property
    def mark(self) -> Mark:
        """The span as the newest release that has it has it."""
        mark = self.after or self.before
        if mark is None:
            raise ValueError("a change of a span is of a span")
        return mark


class ArticleChange(Record, frozen=True, tag="article", tag_field="record"):
    """An article that differs.

    Attributes:
        id: Its id.
        kinds: ``added`` or ``removed`` alone; else ``moved`` (another split), ``changed``, or both.
        before: Split in the older release; empty where it is not there.
        after: Split in the newer release; likewise.
        withheld: One of the releases has no text of it, so that no words of it are repeated here.
        text: ``changed``, ``withdrawn`` (the newer release has none) or ``given`` (the older had none).
        metadata: Columns of its own that differ, but for its split and text.
        spans: Spans that differ, of an article that both have.
        labels: Spans by layer and label, of an article that one release has.
        reordered: The rows differ in the order of spans or relations alone.
        taken_down: Why it was taken down, of an article that was: nothing else is told of it.
    """

    id: str
    kinds: tuple[ArticleKind, ...]
    before: str = ""
    after: str = ""
    withheld: bool = False
    text: TextKind = ""
    metadata: tuple[Said, ...] = ()
    spans: tuple[SpanChange, ...] = ()
    labels: dict[str, dict[str, int]] = {}
    reordered: bool = False
    taken_down: str = ""


class LabelCount(Record, frozen=True, omit_defaults=False):
    """What became of the spans of one label.

    Of sound releases ``after`` is ``before`` + `articles_added` - `articles_removed` + `added` - `removed` +
    `relabelled_to` - `relabelled_from`.

    Attributes:
        layer: Column of the layer.
        label: The label.
        before: Spans in the older release.
        after: Spans in the newer one.
        articles_added: Spans of articles that were added.
        articles_removed: Spans of articles that were removed.
        added: Spans added to articles that both have.
        removed: Spans removed from articles that both have.
        moved: Spans with other offsets.
        relabelled_to: Spans that have this label now and had another.
        relabelled_from: Spans that had this label and have another now.
        reattributed: Spans with other attributes or relations.
    """

    layer: str
    label: str
    before: int = 0
    after: int = 0
    articles_added: int = 0
    articles_removed: int = 0
    added: int = 0
    removed: int = 0
    moved: int = 0
    relabelled_to: int = 0
    relabelled_from: int = 0
    reattributed: int = 0


class ColumnChange(Record, frozen=True):
    """A leaf column whose type differs: ``config.column.field``; a type is empty where the column is not."""

    path: str
    before: str = ""
    after: str = ""


class LabelOrder(Record, frozen=True):
    """Class labels of a column that differ, in the order of their numbers; empty where it had none."""

    path: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def only_grew(self) -> bool:
        """Tell whether every number means what it meant."""
        return self.after[: len(self.before)] == self.before

    @property
    def only_shrank(self) -> bool:
        """Tell whether labels went from the end alone, so that no number means another label."""
        return self.before[: len(self.after)] == self.after


class SplitSize(Record, frozen=True, omit_defaults=False):
    """Rows of a split: of articles, or of another config where it is called ``config/split``."""

    split: str
    before: int
    after: int


class Figure(Record, frozen=True):
    """A number that one of two releases has, or both: an agreement, a count of findings."""

    name: str
    before: float | int | None = None
    after: float | int | None = None


class Reason(Record, frozen=True):
    """Why the version has to rise: by what, and what was seen."""

    step: str
    why: str


class Diff(Record, frozen=True, tag="release", tag_field="record"):
    """Everything by which two releases differ.

    Attributes:
        name: Name of the corpus.
        before: Version of the older release.
        after: Version of the newer one.
        scheme: Versions of the label set, before and after, where they differ.
        step: Name of the `Step` between the two.
        least: Lowest version that the newer release may have.
        reasons: Why, highest step first.
        refused: What no release may do, or a version that is too low; a line each.
        splits: Articles by split, where either release has any.
        columns: Columns that differ.
        orders: Class labels that differ.
        vocabulary_removed: Attributes, values and relations that went from the label set.
        vocabulary_added: Likewise that came.
        derived: Splits of configs, as ``quotes/train``, whose rows differ although no article of the split does.
        counts: By layer and label, where a release has such spans or a change names them.
        agreement: Figures of ``agreement.json`` that differ.
        findings: Counts of what checks find that differ, by check; none where nobody counted.
        articles: Articles that differ, by id.
        risen: Articles that the older release had taken down, and the newer one has, or has no tombstone of.
    """

    name: str
    before: str
    after: str
    scheme: tuple[str, ...] = ()
    step: str = Step.NONE.name
    least: str = ""
    reasons: tuple[Reason, ...] = ()
    refused: tuple[str, ...] = ()
    splits: tuple[SplitSize, ...] = ()
    columns: tuple[ColumnChange, ...] = ()
    orders: tuple[LabelOrder, ...] = ()
    vocabulary_removed: tuple[str, ...] = ()
    vocabulary_added: tuple[str, ...] = ()
    derived: tuple[SplitSize, ...] = ()
    counts: tuple[LabelCount, ...] = ()
    agreement: tuple[Figure, ...] = ()
    findings: tuple[Figure, ...] = ()
    articles: tuple[ArticleChange, ...] = ()
    risen: tuple[str, ...] = ()
