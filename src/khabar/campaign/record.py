"""``work.jsonl``: what was done, as far as pulls have seen it.  Names of accounts become pseudonyms here."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from khabar.campaign.assignments import Assignment
from khabar.campaign.exported import Broken, Draft, Predicted, Submitted, Task, decoded, user
from khabar.campaign.exports import when
from khabar.campaign.people import Who
from khabar.campaign.tasks import TaskData
from khabar.model.work import Work


class Desk(NamedTuple):
    """What is known here of one project.

    Attributes:
        project: Its name.
        who: How its users are called.
        users: Users by the address that they log in with, which is all that a draft tells.
        assignments: By project and article.
        drafts: By task; of a task that is not there those that it holds itself count.
        homes: The project that each annotator works in, by pseudonym, where the tasks do not tell; else empty.
    """

    project: str
    who: Who
    users: Mapping[str, int]
    assignments: Mapping[tuple[str, str], Assignment]
    drafts: Mapping[int, list[msgspec.Raw]]
    homes: Mapping[str, str]

    def asked(self, article: str, annotator: str = "") -> Work:
        """Return what is known of an article before anybody did anything, where it was this annotator's to do."""
        project = self.homes.get(annotator, self.project)
        due = self.assignments.get((project, article))
        return Work(
            project=project,
            task=0,
            article=article,
            batch=due.batch if due else 1,
            role=due.role if due else "work",
        )


def rows(raw: bytes, desk: Desk) -> Iterator[Work]:
    """Yield what was done with one task as the server exports it; what does not decode is for quarantine to tell."""
    try:
        task = decoded(raw, Task)
        article = decoded(task.data, TaskData).article
    except Broken:
        return
    begun = [*_annotations(task, article, desk), *_drafts(task, article, desk)]
    yield from begun or [msgspec.structs.replace(desk.asked(article), task=task.id, models=_models(task))]


def merged(before: Iterable[Work], now: Iterable[Work], stays: Callable[[str], bool]) -> list[Work]:
    """Return what was done as it stands now, with what earlier pulls saw: versions counted, the deleted kept.

    Args:
        before: What the last pull wrote.
        now: What was read now.
        stays: Tells of an article whether some of it could not be read now: that is not deleted for that.
    """
    found: dict[tuple[int, int, bool], Work] = {_key(each): each for each in before if each.annotation}
    fresh = {_key(each): each for each in now}
    for key, each in fresh.items():
        old = found.get(key)
        if old is not None and each.annotation:
            changed = (old.updated, old.state) != (each.updated, each.state)
            fresh[key] = msgspec.structs.replace(each, versions=old.versions + changed)
    missing = [
        each if stays(each.article) else msgspec.structs.replace(each, state="deleted")
        for key, each in found.items()
        if key not in fresh and each.state != "draft"  # a draft ends when it is submitted
    ]
    return sorted([*fresh.values(), *missing], key=lambda each: (each.project, each.task, _key(each)))


def _key(each: Work) -> tuple[int, int, bool]:
    return each.task, each.annotation, each.state == "draft"


def _annotations(task: Task, article: str, desk: Desk) -> Iterator[Work]:
    for raw in task.annotations:
        try:
            each = decoded(raw, Submitted)
        except Broken:
            continue
        author, writer = user(each.completed_by), user(each.updated_by)
        name, kind = desk.who(author) if author is not None else ("", "person")
        yield msgspec.structs.replace(
            desk.asked(article, name),
            task=task.id,
            state="skipped" if each.was_cancelled else "submitted",
            models=_models(task, each.created_at),
            annotation=each.id,
            annotator=name,
            kind=kind,
            writer=desk.who(writer)[0] if writer not in (None, author) else "",
            created=each.created_at,
            updated=each.updated_at,
            seconds=each.lead_time,
            ground_truth=each.ground_truth,
            items=len(each.result or ()),
        )


def _drafts(task: Task, article: str, desk: Desk) -> Iterator[Work]:
    for raw in desk.drafts.get(task.id, task.drafts):
        try:
            each = decoded(raw, Draft)
        except Broken:
            continue
        author = desk.users.get(each.user) if isinstance(each.user, str) else each.user
        name, kind = desk.who(author) if author is not None else ("", "person")
        yield msgspec.structs.replace(
            desk.asked(article, name),
            task=task.id,
            models=_models(task),
            state="draft",
            annotation=each.id,
            annotator=name,
            kind=kind,
            created=each.created_at,
            updated=each.updated_at,
            seconds=each.lead_time,
            items=len(each.result or ()),
        )


def _models(task: Task, begun: str = "") -> tuple[str, ...]:
    """Return the models whose predictions the task had when an annotation was begun; all, where that is not known."""
    start, names = when(begun), set()
    for raw in task.predictions:
        try:
            each = decoded(raw, Predicted)
        except Broken:
            continue
        made = when(each.created_at)
        if each.model_version and not (start and made and made > start):
            names.add(each.model_version)
    return tuple(sorted(names))
