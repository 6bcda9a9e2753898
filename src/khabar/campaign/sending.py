"""Sending in batches, so that what was cut off can be told from what was not sent.

A batch that is under way stands in ``.sending``.  A server goes on with an import whose sender was killed: whoever
finds the file waits until the project has what was under way, or until nothing comes any more.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec

from khabar.campaign.client import Door
from khabar.store import write_atomically

BATCH = 500
"""Tasks or predictions in one call."""
QUIET = 10.0
"""Seconds without news after which an import that was cut off is taken to have ended."""
PULSE = 0.5

Kind = Literal["tasks", "predictions"]
Send = Callable[[int, list[dict[str, Any]]], None]


class _Sending(msgspec.Struct, frozen=True):
    """A batch under way.

    Attributes:
        project: The project's number.
        kind: What is sent.
        expected: How many of it the project will have.
    """

    project: int
    kind: Kind
    expected: int


class Sender:
    """Sends to the projects of one campaign."""

    def __init__(self, folder: Path, door: Door) -> None:
        self._path = folder / ".sending"
        self._door = door

    def settle(self, tell: Callable[[str], None]) -> bool:
        """Wait for the end of a batch that was cut off; return whether there was one."""
        if not self._path.is_file():
            return False
        under_way = msgspec.json.decode(self._path.read_bytes(), type=_Sending)
        tell(f"waiting for {under_way.kind} of a push that was cut off")
        last, changed = self._held(under_way.project, under_way.kind), time.monotonic()
        while last < under_way.expected and time.monotonic() < changed + QUIET:
            time.sleep(PULSE)
            now = self._held(under_way.project, under_way.kind)
            if now != last:
                last, changed = now, time.monotonic()
        self._path.unlink()
        return True

    def send(self, project: int, kind: Kind, items: list[dict[str, Any]], call: Send) -> None:
        """Send one batch."""
        under_way = _Sending(project, kind, self._held(project, kind) + len(items))
        write_atomically(self._path, msgspec.json.encode(under_way))
        call(project, items)
        self._path.unlink(missing_ok=True)

    def _held(self, project: int, kind: Kind) -> int:
        found = self._door.project(project)
        if found is None:
            return 0
        return found.tasks if kind == "tasks" else found.predictions


def batches(items: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Cut what is to be sent into batches; no more than one is held."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
