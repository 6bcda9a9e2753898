"""Label Studio -> ``exports/``: what is new there, page by page, in the bytes that the server sent.

The tasks of articles that were taken down are left out: the next push removes them from the server.

What changed since the last pull is asked for; everything, where nothing is at hand, where the counts tell that tasks
were deleted, and every so many pulls; drafts apart.  A full fetch that was cut off goes on at the task where it
stopped.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec

from khabar.campaign.client import Door
from khabar.campaign.exported import Broken, Task, decoded
from khabar.campaign.exports import Begun, Exports, Key, State, states_of, when
from khabar.campaign.folder import Campaign
from khabar.campaign.manifest import PageFile, Pull
from khabar.campaign.takedown import without
from khabar.campaign.tasks import TaskData

MARGIN = timedelta(seconds=60)
"""How far before the last pull began a pull looks: changes are not stored in the order of their times."""
FULL_EVERY = 20
"""Pulls that brought something after which all is fetched again."""


class Fetch:
    """One fetch from the projects of a campaign.

    Attributes:
        states: The newest known state of every task.
        pull: The pull that it made, None where nothing was new.
    """

    def __init__(self, campaign: Campaign, door: Door, tell: Callable[[str], None]) -> None:
        self.pull: Pull | None = None
        self._door = door
        self._tell = tell
        self._exports = Exports(campaign.folder)
        self._gone = campaign.corpus.tombstones
        self._projects = {name: campaign.project(door, name).id for name in campaign.on_server}
        self.states: dict[Key, State] = self._exports.states() or {}

    def run(self, *, full: bool) -> None:
        """Fetch what is new; everything, if ``full``."""
        self._tasks(full=full)
        self._drafts()

    def _tasks(self, *, full: bool) -> None:
        if self._exports.cut_off:
            self._everything()
        elif full or not self.states or self._due():
            self._everything()
            return
        self._changed()
        if self._miscounted():  # tasks were deleted, or changed hands while pages were asked for
            self._everything()

    def _due(self) -> bool:
        pulls = self._exports.pulls
        return len(pulls) - max((each.number for each in pulls if each.full), default=0) >= FULL_EVERY

    def _miscounted(self) -> bool:
        known = Counter(each.project for each in self.states.values())
        return any(known[name] != self._door.count(number) for name, number in self._projects.items())

    def _everything(self) -> None:
        pull = self._exports.begin(self._door.clock().isoformat(), full=True)
        states: dict[Key, State] = {}
        for each in pull.pages:
            states |= states_of((self._exports.folder / each.path).read_bytes(), each)
        for name, number in self._projects.items():
            done = max(
                (key for key, each in states.items() if each.project == name and isinstance(key, int)), default=0
            )
            for content in self._told(self._door.pages(number, after=done)):
                pull = self._exports.keep(pull, name, [content])
                states |= states_of(content, pull.pages[-1])
        if not pull.pages and not self._exports.pulls:  # there is nothing, and never was
            self._exports.begin("", full=False)
            return
        self._exports.put(pull)
        self.states, self.pull = states, pull

    def _changed(self) -> None:
        """Fetch what changed; pages are kept from the first that has something new, else none is."""
        pull = self._exports.begin(self._door.clock().isoformat(), full=False)
        since = self._since()
        for name, number in self._projects.items():
            waiting: list[bytes] = []
            new = False
            for content in self._told(self._door.pages(number, since=since)):
                waiting.append(content)
                new = new or self._is_new(content, name)
                if new:
                    pull = self._exports.keep(pull, name, waiting)
                    waiting.clear()
        if pull.pages:
            self._exports.put(pull)
            for each in pull.pages:
                self.states |= states_of((self._exports.folder / each.path).read_bytes(), each)
            self.pull = pull

    def _drafts(self) -> None:
        """Fetch the drafts of every project; a draft does not change the time of its task."""
        known = self._exports.drafts()
        pull = self.pull
        for name, number in self._projects.items():
            content = msgspec.json.encode([_begun(*each) for each in self._door.drafts(number)])
            content = without(content, self._gone, f"drafts of {name}")
            last = known[name].sha256 if name in known else hashlib.sha256(b"[]").hexdigest()
            if hashlib.sha256(content).hexdigest() != last:
                pull = pull or self._exports.begin(self._door.clock().isoformat(), full=False)
                pull = self._exports.keep_drafts(pull, name, content)
        if pull is not None:
            self._exports.put(pull)
        self.pull = pull

    def _since(self) -> datetime | None:
        """Return the moment from which changes are asked for, None for all."""
        began = [time for each in self._exports.pulls if (time := when(each.began))]
        return began[-1] - MARGIN if began else None

    def _is_new(self, content: bytes, project: str) -> bool:
        here = states_of(content, PageFile(path="", sha256="", project=project))
        return any(
            key not in self.states or self.states[key].updated_at != each.updated_at for key, each in here.items()
        )

    def _told(self, pages: Iterator[bytes]) -> Iterator[bytes]:
        for number, page in enumerate(pages, start=1):
            self._tell(f"page {number}")
            yield without(page, self._gone, f"page {number}")


def _begun(task: bytes, raw: bytes) -> Begun:
    """Return the drafts of a task as they are kept."""
    drafts = msgspec.json.decode(raw, type=list[dict[str, msgspec.Raw]])
    for each in drafts:
        each.pop("created_ago", None)
    try:
        there = decoded(task, Task)
        data = {"article": decoded(there.data, TaskData).article}
    except Broken:
        there, data = Task(0, msgspec.Raw()), {}
    return Begun(there.id, data, [msgspec.Raw(msgspec.json.encode(each)) for each in drafts])
