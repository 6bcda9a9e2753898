"""What was pulled, untouched: the bytes of every page, numbered, and a manifest of them that is committed.

``exports/0001/page-0001.json`` and so on are append-only and git-ignored; they hold names of annotators and texts.  A
pull that is in the manifest is whole; a folder that is not is the rest of one that was cut off.
"""

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from khabar.campaign.exported import Broken, decoded, tasks_of
from khabar.errors import BadRecord, Changed
from khabar.model.text import DIGEST_SHOWN
from khabar.store import write_atomically

Key = int | str


class PageFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One page as it was fetched.

    Attributes:
        path: Relative to ``exports/``.
        sha256: Digest of its bytes.
    """

    path: str
    sha256: str


class Pull(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pull.

    Attributes:
        number: From 1.
        full: Whether it is all there was, else what had changed.
        pages: The pages.
        tasks: Tasks on the server, as known after it; likewise the counts that follow.
        annotations: Annotations that were believed.
        cancelled: Annotations that their annotator skipped.
        drafts: Drafts.
        quarantined: Items, annotations and tasks in quarantine.
        updated_at: The latest change of a task, by the server's clock; empty where there is no task.
    """

    number: int
    full: bool
    pages: tuple[PageFile, ...]
    tasks: int = 0
    annotations: int = 0
    cancelled: int = 0
    drafts: int = 0
    quarantined: int = 0
    updated_at: str = ""


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pulls: tuple[Pull, ...] = ()
    tasks: dict[str, int] = {}


class State(NamedTuple):
    """The newest known state of one task.

    Attributes:
        raw: The task as the server sent it.
        updated_at: When it last changed.
    """

    raw: bytes
    updated_at: str


class _Stamp(msgspec.Struct):
    id: int
    updated_at: str


class Exports:
    """The exports of one campaign.

    Attributes:
        folder: ``exports/``; the manifest lies beside it.
    """

    def __init__(self, campaign: Path) -> None:
        self.folder = campaign / "exports"
        self._manifest = campaign / "manifest.json"

    @property
    def pulls(self) -> tuple[Pull, ...]:
        """The pulls in order."""
        return self._read.pulls

    @property
    def tasks(self) -> dict[str, int]:
        """Id of the task of each article on the server, as the last pull found it."""
        return self._read.tasks

    @property
    def _read(self) -> _Manifest:
        if not self._manifest.is_file():
            return _Manifest()
        try:
            return msgspec.json.decode(self._manifest.read_bytes(), type=_Manifest)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadRecord(f"{self._manifest}: {error}") from None

    def states(self) -> dict[Key, State] | None:
        """Return the newest state of every task, None where pages are not at hand, as in a fresh checkout.

        Raises:
            Changed: a page is not the one that was fetched.
        """
        found: dict[Key, State] = {}
        pulls = self.pulls
        whole = max((each.number for each in pulls if each.full), default=0)
        for pull in pulls:
            for each in pull.pages if pull.number >= whole else ():
                path = self.folder / each.path
                if not path.is_file():
                    return None
                content = path.read_bytes()
                if (ours := hashlib.sha256(content).hexdigest()) != each.sha256:
                    raise Changed(
                        f"{path} is {ours[:DIGEST_SHOWN]}, manifest.json says {each.sha256[:DIGEST_SHOWN]}:"
                        " what was pulled never changes, restore it or remove it"
                    )
                found.update(states_of(content, str(path)))
        return found

    def begin(self) -> int:
        """Return the number of the next pull, clearing away what is left of one that was cut off."""
        number = len(self.pulls) + 1
        shutil.rmtree(self.folder / f"{number:04}", ignore_errors=True)
        return number

    def keep(self, number: int, done: int, pages: list[bytes]) -> list[PageFile]:
        """Write pages of a pull after ``done`` others; return what the manifest will say of them."""
        files = []
        for count, content in enumerate(pages, start=done + 1):
            path = f"{number:04}/page-{count:04}.json"
            write_atomically(self.folder / path, content)
            files.append(PageFile(path=path, sha256=hashlib.sha256(content).hexdigest()))
        return files

    def add(self, pull: Pull, tasks: dict[str, int]) -> None:
        """Put a pull into the manifest, which makes it whole, with the task of each article."""
        content = msgspec.json.encode(_Manifest((*self.pulls, pull), dict(sorted(tasks.items()))))
        write_atomically(self._manifest, msgspec.json.format(content, indent=2) + b"\n")


def states_of(page: bytes, place: str) -> dict[Key, State]:
    """Return the tasks of a page by their id on the server; one that has none by its digest."""
    found: dict[Key, State] = {}
    for raw in tasks_of(page, place):
        try:
            stamp = decoded(raw, _Stamp)
        except Broken:
            found[hashlib.sha256(raw).hexdigest()] = State(raw, "")
        else:
            found[stamp.id] = State(raw, stamp.updated_at)
    return found


def moment(states: dict[Key, State]) -> tuple[str, datetime | None]:
    """Return the latest change among tasks, as the server writes it and as a time."""
    best: tuple[str, datetime | None] = ("", None)
    for state in states.values():
        time = when(state.updated_at)
        if time is not None and (best[1] is None or time > best[1]):
            best = state.updated_at, time
    return best


def when(told: str) -> datetime | None:
    """Return the time that a server's ``updated_at`` tells, None where it tells none."""
    try:
        time = datetime.fromisoformat(told)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
