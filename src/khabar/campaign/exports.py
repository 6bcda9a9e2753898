"""What was pulled, untouched: the bytes of every page, numbered, and a manifest of them that is committed.

``exports/0001/<project>/page-0001.json`` and so on are append-only and git-ignored; they hold names of annotators and
texts.  A pull that is in the manifest is whole; a folder that is not is the rest of one that was cut off.  The rest of
a full pull is gone on with.
"""

import hashlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from khabar.campaign.exported import Broken, decoded, tasks_of
from khabar.campaign.manifest import Manifest, PageFile, Pull
from khabar.errors import BadRecord, Changed
from khabar.model.text import DIGEST_SHOWN
from khabar.store import write_atomically

Key = int | str
BEGAN = "began"
"""Marks the folder of a full pull until it is whole."""


class State(NamedTuple):
    """The newest known state of one task.

    Attributes:
        page: Path of the page that holds it.
        project: Name of its project.
        updated_at: When it last changed.
    """

    page: str
    project: str
    updated_at: str


class Begun(msgspec.Struct):
    """The drafts of one task, each as the server sent it but for ``created_ago``, which is another every minute.

    Attributes:
        id: The task.
        data: Its article, so that drafts go with it when it is taken down.
        drafts: The drafts.
    """

    id: int
    data: dict[str, str]
    drafts: list[msgspec.Raw]


class _Stamp(msgspec.Struct):
    id: int
    updated_at: str = ""


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
        if not self._manifest.is_file():
            return ()
        try:
            return msgspec.json.decode(self._manifest.read_bytes(), type=Manifest).pulls
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadRecord(f"{self._manifest}: {error}") from None

    @property
    def counted(self) -> tuple[PageFile, ...]:
        """The pages that count: those of the last full pull, and of what came after it."""
        pulls = self.pulls
        whole = max((each.number for each in pulls if each.full), default=0)
        return tuple(each for pull in pulls if pull.number >= whole for each in pull.pages)

    def states(self) -> dict[Key, State] | None:
        """Return the newest state of every task, None where pages are not at hand, as in a fresh checkout.

        Raises:
            Changed: a page is not the one that was fetched.
        """
        found: dict[Key, State] = {}
        for each in self.counted:
            path = self.folder / each.path
            if not path.is_file():
                return None
            content = path.read_bytes()
            if (ours := hashlib.sha256(content).hexdigest()) != each.sha256:
                raise Changed(
                    f"{path} is {ours[:DIGEST_SHOWN]}, manifest.json says {each.sha256[:DIGEST_SHOWN]}:"
                    " what was pulled never changes, restore it or remove it"
                )
            found.update(states_of(content, each))
        return found

    def newest(self, states: dict[Key, State]) -> Iterator[tuple[str, bytes]]:
        """Yield the project and the bytes of each task in its newest state; no more than a page is held."""
        for name in sorted({each.page for each in states.values()}):
            content = (self.folder / name).read_bytes()
            for key, raw in _keyed(content, name):
                state = states.get(key)
                if state is not None and state.page == name:
                    yield state.project, raw

    def drafts(self) -> dict[str, PageFile]:
        """Return the file of the newest known drafts of each project that ever had any."""
        return {each.project: each for pull in self.pulls for each in pull.begun}

    def drafts_of(self, project: str) -> dict[int, list[msgspec.Raw]]:
        """Return the newest known drafts of a project, by task; none where they are not at hand."""
        file = self.drafts().get(project)
        path = self.folder / file.path if file else None
        if path is None or not path.is_file():
            return {}
        return {each.id: each.drafts for each in msgspec.json.decode(path.read_bytes(), type=list[Begun])}

    # A pull that is being written

    def begin(self, began: str, *, full: bool) -> Pull:
        """Return the next pull: what is kept of a full one that was cut off, where that is asked, else an empty one."""
        number = len(self.pulls) + 1
        folder = self.folder / f"{number:04}"
        mark = folder / BEGAN
        if full and mark.is_file():
            pages = tuple(
                PageFile(
                    path=str(path.relative_to(self.folder)),
                    sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                    project=path.parent.name,
                )
                for path in sorted(folder.glob("*/page-*.json"))
            )
            return Pull(number=number, full=True, pages=pages, began=mark.read_text(encoding="utf-8"))
        shutil.rmtree(folder, ignore_errors=True)
        if full:
            write_atomically(mark, began.encode("utf-8"))
        return Pull(number=number, full=full, pages=(), began=began)

    @property
    def cut_off(self) -> bool:
        """Whether a full pull was cut off."""
        return (self.folder / f"{len(self.pulls) + 1:04}" / BEGAN).is_file()

    def keep(self, pull: Pull, project: str, pages: list[bytes]) -> Pull:
        """Write pages of a project's tasks; return the pull with them."""
        files = list(pull.pages)
        for content in pages:
            count = sum(each.project == project for each in files) + 1
            path = f"{pull.number:04}/{project}/page-{count:04}.json"
            self._write(path, content)
            files.append(PageFile(path=path, sha256=hashlib.sha256(content).hexdigest(), project=project))
        return msgspec.structs.replace(pull, pages=tuple(files))

    def keep_drafts(self, pull: Pull, project: str, content: bytes) -> Pull:
        """Write a project's drafts; return the pull with them."""
        path = f"{pull.number:04}/{project}/drafts.json"
        self._write(path, content)
        file = PageFile(path=path, sha256=hashlib.sha256(content).hexdigest(), project=project)
        return msgspec.structs.replace(pull, begun=(*pull.begun, file))

    def _write(self, path: str, content: bytes) -> None:
        """Write a page where git does not see it."""
        write_atomically(self.folder / path, content)
        ignored = self.folder / ".gitignore"
        if not ignored.is_file():
            write_atomically(ignored, b"*\n")

    def put(self, pull: Pull) -> None:
        """Put a pull into the manifest, which makes it whole; or what it came to, where it is there."""
        pulls = self.pulls
        if pull in pulls:
            return
        content = msgspec.json.encode(Manifest((*pulls[: pull.number - 1], pull)))
        write_atomically(self._manifest, msgspec.json.format(content, indent=2) + b"\n")
        (self.folder / f"{pull.number:04}" / BEGAN).unlink(missing_ok=True)


def states_of(page: bytes, file: PageFile) -> dict[Key, State]:
    """Return the tasks of a page by their id on the server; one that has none by its digest."""
    return {
        key: State(file.path, file.project, stamp)
        for key, raw in _keyed(page, file.path)
        for stamp in [_stamp(raw).updated_at]
    }


def _keyed(page: bytes, place: str) -> Iterator[tuple[Key, bytes]]:
    for raw in tasks_of(page, place):
        yield _stamp(raw).id or hashlib.sha256(raw).hexdigest(), raw


def _stamp(raw: bytes) -> _Stamp:
    try:
        return decoded(raw, _Stamp)
    except Broken:
        return _Stamp(0)


def when(told: str) -> datetime | None:
    """Return the time that a server tells, None where it tells none."""
    try:
        time = datetime.fromisoformat(told)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
