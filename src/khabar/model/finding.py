"""What a check says when a rule is broken."""

from enum import IntEnum, StrEnum
from typing import Annotated

import msgspec

from khabar.errors import BadRecord
from khabar.model.dates import Day, refuse_no_date
from khabar.model.text import isolate, on_one_line

SHOWN = 100
"""Characters of the words that a printed finding repeats."""
LONGEST = 500
"""Characters of its message, which may repeat what stands in a record."""


class Level(IntEnum):
    """Checks run level by level; an article that breaks one level is not judged by the next, where errors mislead."""

    TEXT = 0
    FORM = 1
    SCHEME = 2
    SENSE = 3
    CORPUS = 4


class Severity(StrEnum):
    """An error keeps a release from being built; a warning is for a person to look at."""

    ERROR = "error"
    WARNING = "warning"


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One place where data breaks one rule.

    Attributes:
        check: Name of the check.
        severity: Error or warning.
        article: Id of the article.
        annotator: Whose annotation it is.
        message: What is wrong and what should be, without place.
        start: First code point of the place, -1 where the whole article is meant.
        end: One past its last code point, -1 likewise.
        line: Line of its first code point, counted from 1; 0 where no place is meant or the text is not at hand.
        span: Id of the span, empty where none is meant.
        words: What stands at the place, empty where the text is withheld or the place is outside it.
        file: The file of the record, relative to the checkout if it lies there; empty where it has none of its own.
        file_line: Its line on which the span is spelt, or the record begins, counted from 1; 0 where there is no file.
        link: Address that opens the task in Label Studio, empty where it is not known.
    """

    check: str
    severity: Severity
    article: str
    annotator: str
    message: str
    start: int = -1
    end: int = -1
    line: int = 0
    span: str = ""
    words: str = ""
    file: str = ""
    file_line: int = 0
    link: str = ""

    def __str__(self) -> str:
        """Return the finding on one line, the place first."""
        words = f" {isolate(_cut(self.words, SHOWN))}" if self.words else ""
        link = f" {self.link}" if self.link else ""
        message = on_one_line(_cut(self.message, LONGEST))
        return f"{on_one_line(self.place)}: {self.severity}:{words} {message} [{self.check}]{link}"

    @property
    def place(self) -> str:
        """Article, line and code points, as far as they are known: ``id:12:340-351``."""
        line = f":{self.line}" if self.line else ""
        return self.article if self.start < 0 else f"{self.article}{line}:{self.start}-{self.end}"


def _cut(words: str, size: int) -> str:
    """Leave out the middle of what is too long to be read."""
    return words if len(words) <= size else f"{words[: size - 20]}…{words[-19:]}"


class Waiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A finding that is accepted, as written in ``annotations/waivers.toml``.

    Attributes:
        check: Name of the check.
        article: Id of the article.
        reason: Why it is right as it is.
        until: Last day on which it holds, ISO 8601.
        span: Id of the span; empty for every finding of the check in the article.
    """

    check: str
    article: str
    reason: Annotated[str, msgspec.Meta(min_length=10)]
    until: Day
    span: str = ""

    def __post_init__(self) -> None:
        """Refuse a day that there is not."""
        refuse_no_date(self.until)

    def forgives(self, finding: Finding) -> bool:
        """Tell whether a finding is the one that is meant."""
        return (self.check, self.article) == (finding.check, finding.article) and self.span in ("", finding.span)


def waivers(raw: bytes, place: str) -> tuple[Waiver, ...]:
    """Return the waivers of a ``waivers.toml``.

    Raises:
        BadRecord: it holds something else; ``place`` begins the line that says so.
    """
    try:
        told = msgspec.toml.decode(raw, type=dict[str, list[Waiver]])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadRecord(f"{place}: {error}: mend it by hand") from None
    if set(told) - {"waivers"}:
        raise BadRecord(f"{place}: a waiver is a table [[waivers]], there is none else: mend it by hand")
    return tuple(told.get("waivers", ()))
