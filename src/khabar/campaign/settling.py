"""Raw pages -> what they say: annotations a file each, the quarantine, notes and ``work.jsonl``."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from khabar.campaign.exported import article_in
from khabar.campaign.exports import Exports, Key, State, when
from khabar.campaign.folder import Campaign
from khabar.campaign.manifest import Pull
from khabar.campaign.people import People
from khabar.campaign.record import Desk, merged, rows
from khabar.campaign.results import Believed, Known, Outcome, Quarantined, Reading, committed, known, read_task
from khabar.model.annotation import Note
from khabar.model.work import Work
from khabar.store import NOTES, WORK, write_atomically
from khabar.store.files import decoded_lines

if TYPE_CHECKING:
    from pathlib import Path

QUARANTINE = "quarantine.jsonl"


def quarantine(campaign: Campaign) -> list[Quarantined]:
    """Return what the last pull did not believe.

    Raises:
        BadRecord: a line of ``quarantine.jsonl`` does not parse.
    """
    path = campaign.folder / QUARANTINE
    return list(decoded_lines(path, Quarantined, campaign.corpus.shown(path)))


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


class Settling:
    """Reads the newest state of every task and writes what it says where that differs from what is there."""

    def __init__(self, campaign: Campaign, people: People, users: Mapping[str, int]) -> None:
        self._campaign = campaign
        self._corpus = campaign.corpus
        self._folder = campaign.folder / "annotations"
        self._users = {each.email: each.user for each in people.known.values() if each.email} | dict(users)
        self._people = people
        self._ages: dict[Path, tuple[datetime, int]] = {}
        self._noted: dict[Path, Note] = {}
        self._unread: set[str] = set()
        self._work: list[Work] = []
        self._away: list[Quarantined] = []
        self._notes: list[str] = []
        self._cancelled = self._written = 0

    def settled(self, states: dict[Key, State], *, new: bool) -> Pulled:
        """Write annotations, quarantine and record, and note in the manifest what the pull came to."""
        exports = Exports(self._campaign.folder)
        readings = {
            name: self._reading(name, exports.drafts_of(name)) for name in {each.project for each in states.values()}
        }
        for project, raw in exports.newest(states):
            reading, desk = readings[project]
            self._work += rows(raw, desk)
            self._add(raw, read_task(raw, reading))
        removed = self._remove()
        self._away.sort(key=lambda each: (each.task, each.annotation))
        self._put(QUARANTINE, self._away)
        self._put(NOTES, [self._noted[key] for key in sorted(self._noted)])
        self._put(WORK, merged(self._corpus.work(self._campaign.name), self._work, self._stays))
        summary = self._summary(exports, states)
        if summary.number:
            exports.put(summary)
        return Pulled(new, summary, self._written, removed, tuple(self._away), tuple(self._notes))

    def _reading(self, project: str, drafts: dict[int, list[msgspec.Raw]]) -> tuple[Reading, Desk]:
        corpus, asked = self._corpus, self._campaign.asked

        def find(key: str) -> Known | None:
            return known(corpus, key) if key in asked else None

        who = self._people.who(self._campaign.plan, project)
        plan = self._campaign.plan
        due = {(each.project, each.article): each for each in self._campaign.fixed}
        # An export that was made by hand says nothing of a project: what an annotator did is of theirs.
        homes = {} if project in plan.cohorts else {name: plan.project_of(name) for name in plan.annotators}
        return Reading(self._campaign.page, who, find), Desk(project, who, self._users, due, drafts, homes)

    def _add(self, raw: bytes, outcome: Outcome) -> None:
        believed = {each.number for each in outcome.believed}
        if any(each.annotation not in believed for each in outcome.away):
            self._unread.add(article_in(raw))
        self._away += outcome.away
        self._notes += outcome.notes
        self._cancelled += outcome.cancelled
        for each in outcome.believed:
            self._write(each)

    def _write(self, each: Believed) -> None:
        """Write an annotation; of two that one annotator made of one article the newer counts."""
        annotation = each.annotation
        path = self._folder / annotation.annotator / f"{annotation.article}.json"
        age = when(each.updated_at) or datetime.min.replace(tzinfo=UTC), each.number
        other = self._ages.get(path)
        if other is not None:
            newer, older = (other[1], each.number) if other > age else (each.number, other[1])
            self._away.append(
                Quarantined(
                    article=annotation.article,
                    task=each.task,
                    annotation=older,
                    item="",
                    reason=f"{annotation.annotator} annotated the article again: {newer} is newer",
                )
            )
            if other > age:
                return
        self._ages[path] = age
        self._noted.pop(path, None)
        if each.note:
            self._noted[path] = Note(article=annotation.article, annotator=annotation.annotator, note=each.note)
        ready = committed(self._corpus, each)
        if not path.is_file() or self._corpus.read_annotation(path) != ready:
            self._corpus.write_annotation(path, ready)
            self._written += 1

    def _remove(self) -> int:
        """Remove annotations that are gone from the server; those that cannot be read now stay, with their notes."""
        notes = self._corpus.campaign_notes(self._campaign.name)
        removed = stayed = 0
        for path in sorted(set(self._folder.glob("*/*.json")).difference(self._ages)):
            if not self._stays(path.stem):
                path.unlink()
                removed += 1
                told = f"{path.stem}: what {path.parent.name} annotated is there no more, its file was removed"
                self._notes.append(f"{told}; the pages of earlier pulls have it")
                continue
            stayed += 1
            if note := notes.get((path.parent.name, path.stem)):
                self._noted[path] = Note(article=path.stem, annotator=path.parent.name, note=note)
        if stayed:
            self._notes.append(f"{stayed} annotations could not be read now and stay as they were: see the quarantine")
        return removed

    def _stays(self, article: str) -> bool:
        """Tell whether what is known of an article may still be on the server, in what could not be read there.

        A task of which not even the article can be told may be of any.
        """
        return article in self._unread or "" in self._unread

    def _put(self, name: str, records: list[Quarantined] | list[Work] | list[Note]) -> None:
        path = self._campaign.folder / name
        content = b"".join(msgspec.json.encode(each) + b"\n" for each in records)
        if not content:
            path.unlink(missing_ok=True)
        elif not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)

    def _summary(self, exports: Exports, states: dict[Key, State]) -> Pull:
        times = [(time, each.updated_at) for each in states.values() if (time := when(each.updated_at))]
        pulls = exports.pulls
        last = pulls[-1] if pulls else Pull(number=0, full=False, pages=())
        return msgspec.structs.replace(
            last,
            tasks=len(states),
            annotations=len(self._ages),
            cancelled=self._cancelled,
            drafts=sum(each.state == "draft" for each in self._work),
            quarantined=len(self._away),
            updated_at=max(times)[1] if times else "",
        )
