"""An export of Label Studio, read without a campaign: for whoever wants to know whether it can be believed."""

import re
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from khabar.campaign.exported import Broken, decoded, tasks_of
from khabar.campaign.links import task_path
from khabar.campaign.page import Page
from khabar.campaign.results import Quarantined, Reading, committed, known, read_task
from khabar.model.annotation import Annotation
from khabar.store import Corpus

EXPORT = re.compile(rb"\s*(?:\[|\{(?:(?!\"sha256\").){0,200}\"tasks\"\s*:)", re.DOTALL)
"""How an export begins: a list of tasks, or a page of them; an annotation names the digest of its text."""
HEAD = 4096


class _Owner(msgspec.Struct):
    id: int = 0
    project: int = 0


class Export(NamedTuple):
    """What an export says.

    Attributes:
        annotations: What can be believed, as a pull would commit it.
        away: What cannot, as a pull would put it into quarantine.
        links: Path of the task on the server, by annotator and article; of what cannot be believed, by no annotator.
    """

    annotations: list[Annotation]
    away: list[Quarantined]
    links: dict[tuple[str, str], str]


def is_export(path: Path) -> bool:
    """Tell whether a file looks like an export of tasks."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        return EXPORT.match(file.read(HEAD)) is not None


def read_export(corpus: Corpus, path: Path) -> Export:
    """Read an export; annotators are called ``a`` and their number on the server.

    Raises:
        BadRecord: it is no export.
    """
    labels = corpus.labels
    reading = Reading(Page(labels, labels.layer_names), _unnamed, lambda key: known(corpus, key))
    export = Export([], [], {})
    for raw in tasks_of(path.read_bytes(), str(path)):
        outcome = read_task(raw, reading)
        export.away.extend(outcome.away)
        try:
            owner = decoded(raw, _Owner)
        except Broken:
            owner = _Owner()
        for each in outcome.believed:
            annotation = committed(corpus, each)
            export.annotations.append(annotation)
            if owner.project:
                export.links[annotation.annotator, annotation.article] = task_path(owner.project, each.task)
        for lost in outcome.away if owner.project else ():
            export.links["", lost.article] = task_path(owner.project, lost.task)
    return export


def _unnamed(user: int) -> tuple[str, Literal["person"]]:
    return f"a{user}", "person"
