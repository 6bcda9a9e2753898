"""What checking some of the input comes to, whatever it was read from."""

from typing import NamedTuple

from khabar.checks.engine import examine
from khabar.checks.facts import Facts, facts
from khabar.model.annotation import Annotation
from khabar.model.batch import Batch
from khabar.model.finding import Finding, Level, Severity

ROWS = 2000
"""Articles in a batch: memory is bounded by them."""


class Judged(NamedTuple):
    """What checking some of the input came to.

    Attributes:
        annotations: How many were checked.
        withheld: How many of them without their text.
        findings: In order.
        facts: What the sound ones leave for the rules between articles; None where those are not wanted.
    """

    annotations: int
    withheld: int
    findings: list[Finding]
    facts: Facts | None = None


class Read(NamedTuple):
    """What was read from a file of a form that is not ours.

    Attributes:
        annotations: What can be believed.
        lost: What cannot: its place and the reason.
    """

    annotations: list[Annotation]
    lost: list[tuple[str, str]]


def judged(batch: Batch, last: Level) -> Judged:
    """Check a batch up to the last level that is wanted."""
    examined = examine(batch, last)
    left = facts(examined.sound) if last is Level.CORPUS else None
    return Judged(len(batch), int((~batch.has_text).sum()), examined.findings, left)


def unreadable(place: str, message: str, *, is_file: bool = False) -> Finding:
    """Return the finding of the check ``record-reads``: what is there is no record.

    Args:
        place: A file, or what it is in an export.
        message: What is wrong with it.
        is_file: Whether the place is a file.
    """
    return Finding(
        check="record-reads",
        severity=Severity.ERROR,
        article=place,
        annotator="",
        message=message.removeprefix(f"{place}: "),
        file=place if is_file else "",
        file_line=1 if is_file else 0,
    )
