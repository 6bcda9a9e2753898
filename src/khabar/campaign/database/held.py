"""What the projects of a server hold, counted and digested: the same from a database's rows as from its answers."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from khabar.campaign.shelf import fingerprint

Reader = Callable[[str, tuple[str, ...]], Iterator[tuple[Any, ...]]]
"""Yields the named columns of a table's rows; numbers may come as text, JSON does."""


class Held(msgspec.Struct, frozen=True, order=True):
    """What one project holds.

    Attributes:
        tasks: How many tasks.
        annotations: How many annotations.
        said: Digest of the annotations' numbers and results, in any order.
    """

    tasks: int
    annotations: int
    said: str


def held(read: Reader) -> dict[int, Held]:
    """Return what each project of Label Studio's database holds, by its number."""
    said: dict[int, list[str]] = {int(number): [] for (number,) in read("project", ("id",))}
    tasks = {
        int(number): int(project)
        for number, project in read("task", ("id", "project_id"))
        if project is not None and int(project) in said
    }
    for number, task, result in read("task_completion", ("id", "task_id", "result")):  # an annotation
        if task is not None and int(task) in tasks:
            said[tasks[int(task)]].append(spoken(int(number), msgspec.json.decode(result) if result else None))
    counts = dict.fromkeys(said, 0)
    for project in tasks.values():
        counts[project] += 1
    return {number: Held(counts[number], len(each), together(each)) for number, each in said.items()}


def spoken(number: int, result: object) -> str:
    """Return the digest of one annotation: its number and its result."""
    return fingerprint([number, result])


def together(said: list[str]) -> str:
    """Return the digest of digests, in any order."""
    return fingerprint(sorted(said))
