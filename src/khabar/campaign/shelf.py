"""What a project on the server holds already, by article: of each task no more than is asked.

A task is known by its article's id and the digest of its text.
"""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from khabar.campaign.client import Door
from khabar.campaign.exported import Broken, Predicted, Task, decoded, tasks_of
from khabar.campaign.tasks import TaskData

Key = tuple[str, str]
Said = Callable[[bytes], frozenset[str]]
"""Returns digests of what the annotations of a task say."""


class There(NamedTuple):
    """A task on the server.

    Attributes:
        id: Its number.
        predicted: Digest of each prediction's result, by model.
        said: Digests of what its annotations say, where that was asked.
    """

    id: int
    predicted: dict[str, str]
    said: frozenset[str] = frozenset()


class Shelf(NamedTuple):
    """The tasks of a project.

    Attributes:
        tasks: By article and digest of its text.
        doubles: Numbers of tasks whose article has another task, of a lower number, already.
    """

    tasks: dict[Key, There]
    doubles: tuple[int, ...]


def shelf(door: Door, project: int, *, fields: str = "task_only", said: Said | None = None) -> Shelf:
    """List the tasks of a project.

    Args:
        door: To the server.
        project: The project's number.
        fields: ``all`` where predictions or annotations are asked.
        said: What to keep of annotations.
    """
    found: dict[Key, There] = {}
    doubles: list[int] = []
    for page in door.pages(project, fields=fields) if project else ():
        for raw in tasks_of(page, door.url):
            try:
                task = decoded(raw, Task)
                data = decoded(task.data, TaskData)
            except Broken:
                continue
            key = data.article, data.sha256
            if key in found:
                doubles.append(task.id)
            else:
                found[key] = There(task.id, _predicted(task), said(raw) if said else frozenset())
    return Shelf(found, tuple(doubles))


def fingerprint(result: Any) -> str:
    """Return the digest of JSON, whatever the order of its keys."""
    return hashlib.sha256(msgspec.json.encode(result, order="sorted")).hexdigest()


def _predicted(task: Task) -> dict[str, str]:
    found = {}
    for raw in task.predictions:
        try:
            said = decoded(raw, Predicted)
            found[said.model_version] = fingerprint([decoded(each, dict[str, Any]) for each in said.result])
        except Broken:
            continue
    return found
