"""A drill: a back-up is restored in a place of its own, the server started there, and asked what it holds."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from khabar.campaign.backup import backup, restore
from khabar.campaign.client import Door
from khabar.campaign.database import database_of
from khabar.campaign.database.held import Held, spoken, together
from khabar.campaign.exported import tasks_of
from khabar.campaign.server import Studio


class Drilled(NamedTuple):
    """What a drill came to.

    Attributes:
        wanted: What each project held when it was backed up, by its number.
        found: What the restored server says that it holds.
    """

    wanted: dict[int, Held]
    found: dict[int, Held]

    @property
    def faults(self) -> list[str]:
        """What differs, a line each."""
        lines = []
        for number in sorted(self.wanted.keys() | self.found.keys()):
            ours, theirs = self.wanted.get(number), self.found.get(number)
            if ours != theirs:
                lines.append(f"project {number}: backed up {_told(ours)}, restored {_told(theirs)}")
        return lines


class _Said(msgspec.Struct):
    id: int
    result: object = None


class _Task(msgspec.Struct):
    annotations: list[_Said] = []


def drill(studio: Studio, path: Path | None, tell: Callable[[str], None]) -> Drilled:
    """Restore a back-up in a temporary place, start the server there, and compare.

    Args:
        studio: The server that is backed up where no back-up is given.
        path: A back-up.
        tell: Called with what is being waited for.

    Raises:
        BadRecord: the back-up is none.
        ServerTrouble: the server does not come up from it, or there can be no database for it.
    """
    beside = database_of(studio.folder, studio.variables).beside()
    with tempfile.TemporaryDirectory(prefix="khabar-drill-") as folder, beside as its_own:
        if path is None:
            tell("backing up")
            path = Path(folder) / "backup.tar.gz"
            backup(studio, path)
        other = Studio(Path(folder) / "studio", studio.environment, {**studio.variables, **its_own})
        wanted = restore(path, other).projects
        server, _ = other.up(port=0, tell=tell)
        try:
            tell("asking the restored server")
            with Door(server) as door:
                found = {number: _held(door, number) for number in door.projects()}
        finally:
            other.down()
    return Drilled(wanted, found)


def _held(door: Door, number: int) -> Held:
    tasks, said = 0, []
    for page in door.pages(number):
        for raw in tasks_of(page, door.url):
            tasks += 1
            said += [spoken(each.id, each.result) for each in msgspec.json.decode(raw, type=_Task).annotations]
    return Held(tasks, len(said), together(said))


def _told(held: Held | None) -> str:
    return f"{held.tasks} tasks and {held.annotations} annotations ({held.said[:8]})" if held else "nothing"
