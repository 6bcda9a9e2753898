"""What became of each question about an article on its way to gold: what was said, by whom, and who settled it.

A decision is known by its places, not by ids: layer, boundaries and label of what was said.  Annotators may come and
go, and it stands.
"""

from typing import Annotated, Literal, NamedTuple, get_args

import msgspec

from khabar.model.annotation import Span
from khabar.model.lines import a_line_each
from khabar.model.text import NAME, SHA256

How = Literal["unanimous", "majority", "threshold", "adjudicated", "corrected", "open"]
"""What settled a question: all annotators, a rule, the adjudicator, a correction of gold by hand; or nothing yet."""
SETTLED: tuple[How, ...] = tuple(each for each in get_args(How) if each != "open")

Attributes = dict[str, str | bool]
"""What is said of a span besides its label, by the name of the attribute."""


class Place(NamedTuple):
    """Where a span is and what it is called: what a span is known by in every annotation of its layer."""

    start: int
    end: int
    label: str


class Mark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A span or a link, as somebody says it or as it stands in gold.

    Attributes:
        label: The span's label, or the relation's.
        start: First code point of a span.
        end: One past its last.
        attributes: Of a span; keys by the names that gold gives them.
        head: Where a link starts, None for a span.
        tail: Where it ends.
        id: Of a span in gold.
    """

    label: str
    start: int = -1
    end: int = -1
    attributes: Attributes = msgspec.field(default_factory=dict)
    head: Place | None = None
    tail: Place | None = None
    id: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What it is known by: its place, or its two ends; attributes and id aside."""
        return self.place if self.head is None else (self.head, self.label, self.tail)

    @property
    def place(self) -> Place:
        """The place of a span."""
        return Place(self.start, self.end, self.label)

    @property
    def statement(self) -> tuple[object, ...]:
        """What it says, the id aside; equal for marks that say the same."""
        return *self.key, *sorted(self.attributes.items())


def mark_of(span: Span) -> Mark:
    """Return what a span says."""
    return Mark(label=span.label, start=span.start, end=span.end, attributes=dict(span.attributes), id=span.id)


class Candidate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One answer to a question.

    Attributes:
        by: Who gives it.
        mark: What they say, None where they see nothing to mark.
        doubted: Those of them who doubt it.
    """

    by: tuple[str, ...]
    mark: Mark | None = None
    doubted: tuple[str, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A question about one place, and what became of it.

    Attributes:
        layer: The span's layer; that of its head for a link.
        how: What settled it.
        mark: What stands in gold, None where nothing does.
        by: Whose word that is.
        reason: Why, where somebody said so; why it is open, where a check found fault.
        candidates: What was said, where not all said the same.
        seen: The adjudication campaign in which it was first shown, counted from 1; 0 for none.
        number: Its number in the last list that the adjudicator was shown; 0 where it is not in it, the first has 1.
        uncertainty: From 0 to 1, of what is open: how little can be foretold from what each annotator says elsewhere.
    """

    layer: str
    how: How
    mark: Mark | None = None
    by: tuple[str, ...] = ()
    reason: str = ""
    candidates: tuple[Candidate, ...] = ()
    seen: int = 0
    number: int = 0
    uncertainty: float = 0.0

    @property
    def is_link(self) -> bool:
        """Tell whether it is about a link."""
        return any(each.head is not None for each in self.marks)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Everything that was said of the place, gold first."""
        said = tuple(each.mark for each in self.candidates if each.mark is not None)
        return said if self.mark is None else (self.mark, *said)

    @property
    def keys(self) -> frozenset[tuple[object, ...]]:
        """What it is known by: the layer, and the place or ends of everything that was said."""
        return frozenset((self.layer, *each.key) for each in self.marks)


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The decisions on one article: ``annotations/decisions/<source>/<id>.json``.

    Attributes:
        article: Its id.
        sha256: Digest of the text that was annotated.
        scheme: Version of the label set.
        layers: The layers that were decided on.
        rule: By which annotators settle a question: ``unanimous``, ``majority``, ``threshold 0.67``.
        annotators: Whose annotations were merged.
        campaigns: The campaigns that these annotations are of; empty in old records.
        rounds: Adjudication campaigns that the article was put into, in order.
        answered: By adjudication campaign, SHA-256 of the answer that was taken.
        before: SHA-256 of the gold file as it was before it was written, empty where there was none.
        gold: SHA-256 of the gold file as it was written, empty where none was.
        decisions: All of them.
    """

    article: Annotated[str, msgspec.Meta(pattern=NAME)]
    sha256: Annotated[str, msgspec.Meta(pattern=SHA256)]
    scheme: str
    layers: tuple[str, ...]
    rule: str
    annotators: tuple[str, ...]
    campaigns: tuple[str, ...] = ()
    rounds: tuple[str, ...] = ()
    answered: dict[str, str] = msgspec.field(default_factory=dict)
    before: str = ""
    gold: str = ""
    decisions: tuple[Decision, ...] = ()

    @property
    def open(self) -> tuple[Decision, ...]:
        """What is open."""
        return tuple(each for each in self.decisions if each.how == "open")


def encoded(record: Record) -> bytes:
    """Return a record as it stands on disk: JSON, a decision a line."""
    return a_line_each(record, ("decisions",))
