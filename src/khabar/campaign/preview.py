"""What a push would make, counted without making it."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from khabar.campaign.assignments import Assignment
from khabar.campaign.client import Door
from khabar.campaign.folder import Campaign
from khabar.campaign.load import Load
from khabar.campaign.shelf import shelf
from khabar.errors import KhabarError
from khabar.store import PREDICTIONS


class Row(NamedTuple):
    """One batch in one project.

    Attributes:
        project: Name of the project.
        number: Its number on the server, 0 where the push makes it.
        annotators: Pseudonyms of who works there; none: whoever comes.
        batch: The batch; 0 is the qualification.
        released: Whether the push sends it.
        there: Tasks that are on the server already.
        work: Tasks to be sent, by why they are asked.
        control: Likewise.
        qualification: Likewise.
        shown: Of the tasks to be sent, those that are begun from a prediction.
        bare: Those that are begun from nothing.
    """

    project: str
    number: int
    annotators: tuple[str, ...]
    batch: int
    released: bool
    there: int
    work: int
    control: int
    qualification: int
    shown: int
    bare: int

    @property
    def tasks(self) -> int:
        """Tasks to be sent."""
        return self.work + self.control + self.qualification


def preview(campaign: Campaign, door: Door | None, load: Load, release: int = 0) -> list[Row]:
    """Return what a push would make, batch by batch in each project; those not released too.

    Args:
        campaign: The campaign.
        door: To the server; None: nothing is taken to be there.
        load: What would be pushed beside the tasks.
        release: The last batch that would be released, where that is later than the plan says.

    Raises:
        Changed: the label set changed, or the label page on the server.
    """
    campaign.refuse_new_labels()
    predicted = _predicted(campaign, load.predictions or campaign.folder / PREDICTIONS)
    rows: list[Row] = []
    for name in campaign.plan.cohorts:
        project = campaign.found_project(door, name) if door else None
        number = project.id if project else 0
        there = {key for key, _ in shelf(door, number).tasks} if door else set()
        ours = [each for each in campaign.assignments if each.project == name and each.article in campaign.asked]
        for batch in sorted({each.batch for each in ours}):
            due = [each for each in ours if each.batch == batch]
            row = _row(campaign, number, due, there, predicted)
            rows.append(row._replace(released=batch <= max(release, campaign.plan.released)))
    return rows


def _row(campaign: Campaign, number: int, due: list[Assignment], there: set[str], predicted: set[str]) -> Row:
    new = [each for each in due if each.article not in there]
    shown = sum(each.shown and each.article in predicted for each in new)
    project, batch = due[0].project, due[0].batch
    return Row(
        project=project,
        number=number,
        annotators=campaign.plan.members(project),
        batch=batch,
        released=True,
        there=len(due) - len(new),
        work=_of(new, "work"),
        control=_of(new, "control"),
        qualification=_of(new, "qualification"),
        shown=shown,
        bare=len(new) - shown,
    )


def _of(assignments: Iterable[Assignment], role: str) -> int:
    return sum(each.role == role for each in assignments)


def _predicted(campaign: Campaign, folder: Path) -> set[str]:
    """Return the articles of which a folder holds an annotation; what cannot be read is for the push to tell."""
    found = set()
    for path in sorted(folder.rglob("*.json")) if folder.is_dir() else [folder] if folder.is_file() else []:
        try:
            found.add(campaign.corpus.read_annotation(path).article)
        except (KhabarError, OSError):
            continue
    return found
