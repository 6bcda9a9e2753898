"""Label Studio -> ``annotations/campaigns/<name>/``: raw pages first, then what they say, one file an annotation.

A pull that finds nothing new writes nothing; one that was cut off is completed by the next.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from khabar.campaign.client import Door
from khabar.campaign.exports import Exports, Key, PageFile, Pull, State, moment, states_of, when
from khabar.campaign.folder import Campaign
from khabar.campaign.results import Believed, Known, Outcome, Quarantined, Reading, committed, known, read_task
from khabar.errors import Changed
from khabar.store import write_atomically

MARGIN = timedelta(seconds=60)
"""How far before the latest known change a pull looks: changes are not stored in the order of their times."""
QUARANTINE = "quarantine.jsonl"


class Pulled(NamedTuple):
    """What a pull came to.

    Attributes:
        new: Whether the server had anything new.
        summary: What is known after it.
        written: Annotation files that were written.
        removed: Annotation files whose annotation is gone from the server.
        away: What is in quarantine.
        notes: What a person should know, a line each.
    """

    new: bool
    summary: Pull
    written: int
    removed: int
    away: tuple[Quarantined, ...]
    notes: tuple[str, ...]


class _Fetched(NamedTuple):
    """What was fetched and kept; no files where nothing was new."""

    files: tuple[PageFile, ...]
    states: dict[Key, State]


def pull(campaign: Campaign, door: Door, tell: Callable[[str], None]) -> Pulled:
    """Fetch what is new on the server and write what it says.

    Raises:
        ServerTrouble: the server has no such project, or fails.
        Changed: the label page on the server is not the frozen one, or an earlier page was touched.
    """
    project = campaign.project(door).id
    exports = Exports(campaign.folder)
    states = exports.states() or {}
    there, full = states, not states
    fetched = _Fetched((), {})
    if states:
        _, latest = moment(states)
        pages = door.pages(project, since=latest - MARGIN if latest else None)
        fetched = _fetch(exports, _told(pages, tell), states)
        there = states | fetched.states
        full = len(there) != door.count(project)  # tasks were deleted
    if full:
        fetched = _fetch(exports, _told(door.pages(project), tell), None if states else {})
        there = fetched.states
    tell("writing annotations")
    return _settled(campaign, exports, Pull(number=0, full=full, pages=fetched.files), there)


def take(campaign: Campaign, files: list[Path]) -> Pulled:
    """Take exports that were made by hand, as the server's Export button does: what they hold is all there is.

    Raises:
        Changed: the campaign has a project on a server, or an earlier page was touched.
        BadRecord: a file is no export.
    """
    if campaign.plan.project:
        raise Changed(
            f"{campaign.plan.title} has project {campaign.plan.project} on the server: pull it from there,"
            " or take the files into another campaign"
        )
    exports = Exports(campaign.folder)
    pages = [path.read_bytes() for path in files]
    there = {
        key: state for page, path in zip(pages, files, strict=True) for key, state in states_of(page, str(path)).items()
    }
    kept = () if there == exports.states() else tuple(exports.keep(exports.begin(), 0, pages))
    return _settled(campaign, exports, Pull(number=0, full=True, pages=kept), there)


def _settled(campaign: Campaign, exports: Exports, begun: Pull, there: dict[Key, State]) -> Pulled:
    """Convert the newest state of every task, put the pull into the manifest if it brought anything, and write."""
    found = _convert(campaign, there)
    new = bool(begun.pages)
    number = len(exports.pulls) + new
    summary = _summary(msgspec.structs.replace(begun, number=number), found, there)
    if new:
        exports.add(summary, {each.annotation.article: each.task for each in found.best.values()})
    written, removed = _write(campaign, found)
    return Pulled(new, summary, written, removed, tuple(found.away), tuple(found.notes))


def _fetch(exports: Exports, pages: Iterator[bytes], known: dict[Key, State] | None) -> _Fetched:
    """Fetch pages and keep them from the first that has something new; all of them where nothing is known."""
    number = exports.begin()
    states: dict[Key, State] = {}
    files: list[PageFile] = []
    waiting: list[bytes] = []
    new = known is None
    for content in pages:
        here = states_of(content, f"page {len(waiting) + len(files) + 1}")
        states |= here
        new = new or any(
            known is None or known.get(key, _NONE).updated_at != each.updated_at for key, each in here.items()
        )
        waiting.append(content)
        if new:
            files += exports.keep(number, len(files), waiting)
            waiting.clear()
    return _Fetched(tuple(files), states)


_NONE = State(b"", "never")


def _told(pages: Iterator[bytes], tell: Callable[[str], None]) -> Iterator[bytes]:
    for number, page in enumerate(pages, start=1):
        tell(f"page {number}")
        yield page


class _Conversion:
    """What all tasks of a campaign come to."""

    def __init__(self) -> None:
        self.best: dict[tuple[str, str], Believed] = {}
        self.away: list[Quarantined] = []
        self.notes: list[str] = []
        self.cancelled = self.drafts = 0

    def add(self, outcome: Outcome) -> None:
        self.away += outcome.away
        self.notes += outcome.notes
        self.cancelled += outcome.cancelled
        self.drafts += outcome.drafts
        for each in outcome.believed:
            key = each.annotation.annotator, each.annotation.article
            other = self.best.get(key, each)
            newer, older = (other, each) if _age(other) > _age(each) else (each, other)
            self.best[key] = newer
            if older is not newer:
                self.away.append(
                    Quarantined(
                        article=older.annotation.article,
                        task=older.task,
                        annotation=older.number,
                        item="",
                        reason=f"{older.annotation.annotator} annotated the article again: {newer.number} is newer",
                    )
                )


def _convert(campaign: Campaign, states: dict[Key, State]) -> _Conversion:
    corpus = campaign.corpus
    asked = set(campaign.plan.articles)

    def find(key: str) -> Known | None:
        return known(corpus, key) if key in asked else None

    reading = Reading(campaign.page, campaign.plan, find)
    found = _Conversion()
    for key in sorted(states, key=lambda each: (isinstance(each, str), each)):
        found.add(read_task(states[key].raw, reading))
    return found


def _summary(begun: Pull, found: _Conversion, states: dict[Key, State]) -> Pull:
    return msgspec.structs.replace(
        begun,
        tasks=len(states),
        annotations=len(found.best),
        cancelled=found.cancelled,
        drafts=found.drafts,
        quarantined=len(found.away),
        updated_at=moment(states)[0],
    )


def _write(campaign: Campaign, found: _Conversion) -> tuple[int, int]:
    """Write annotations and quarantine where they differ from what is there; return files written and removed.

    The annotation of a task that cannot be read now stays as it was.
    """
    folder = campaign.folder / "annotations"
    corpus = campaign.corpus
    written = removed = 0
    wanted: set[Path] = set()
    for (annotator, article), each in sorted(found.best.items()):
        path = folder / annotator / f"{article}.json"
        wanted.add(path)
        ready = committed(corpus, each)
        if not path.is_file() or corpus.read_annotation(path) != ready:
            corpus.write_annotation(path, ready)
            written += 1
    unread = {each.article for each in found.away if not each.annotation}
    for path in sorted(folder.glob("*/*.json")):
        if path not in wanted and path.stem not in unread:
            path.unlink()
            removed += 1
    _write_quarantine(campaign, found.away)
    return written, removed


def _write_quarantine(campaign: Campaign, away: list[Quarantined]) -> None:
    path = campaign.folder / QUARANTINE
    content = b"".join(msgspec.json.encode(each) + b"\n" for each in away)
    if not content:
        path.unlink(missing_ok=True)
    elif not path.is_file() or path.read_bytes() != content:
        write_atomically(path, content)


def _age(each: Believed) -> tuple[datetime, int]:
    return when(each.updated_at) or datetime.min.replace(tzinfo=UTC), each.number
