"""What was done in a campaign, task by task: who, when, how long, begun from what.  Pseudonyms alone; no words."""

from datetime import datetime
from typing import Literal

import msgspec

from khabar.model.annotation import AnnotatorKind

State = Literal["open", "draft", "submitted", "skipped", "deleted"]
Role = Literal["work", "control", "qualification"]


class Work(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One annotation or draft of one task, or a task that nobody began: a line of a campaign's ``work.jsonl``.

    Attributes:
        project: Name of the project in the campaign.
        task: Id of the task on the server.
        article: Id of the article.
        batch: Number of its batch; 0 is the qualification.
        role: Why it was asked; of controls and qualification the gold is known.
        models: The models whose predictions the annotator was shown; none: they began from nothing.
        state: ``open``: nobody began; ``deleted``: it was seen by an earlier pull and is gone from the server.
        annotation: Id of the annotation or draft on the server, 0 where the task is open.
        annotator: Pseudonym, empty where the task is open or nobody is known to have made it.
        kind: What the annotator is.
        writer: Pseudonym of who changed it last, where that is somebody else.
        created: When it was begun, ISO 8601, by the server's clock.
        updated: When it was last changed, likewise.
        seconds: Lead time as the editor counts it: as long as the page was open, pauses and later visits included.
        ground_truth: Whether it is marked as such on the server.
        items: Regions, relations and what is said of regions, as they stand in its result.
        versions: How many states of it pulls have seen; each is kept in the exports.
    """

    project: str
    task: int
    article: str
    batch: int = 1
    role: Role = "work"
    models: tuple[str, ...] = ()
    state: State = "open"
    annotation: int = 0
    annotator: str = ""
    kind: AnnotatorKind = "person"
    writer: str = ""
    created: str = ""
    updated: str = ""
    seconds: float | None = None
    ground_truth: bool = False
    items: int = 0
    versions: int = 1


def week(moment: str) -> str:
    """Return the ISO week of a moment, as 2026-W11; empty where it is none."""
    try:
        year, number, _ = datetime.fromisoformat(moment).isocalendar()
    except ValueError:
        return ""
    return f"{year}-W{number:02}"
