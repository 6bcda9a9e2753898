"""``corpus/`` -> Label Studio: tasks, predictions and annotations, each sent once however often it is pushed.

A task is known by its article's id and the digest of its text.  What is there is listed first, and only what is
missing is sent, so that a push that was cut off is completed by the next.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from khabar.campaign.client import Door
from khabar.campaign.exported import Broken, Predicted, Task, decoded, tasks_of
from khabar.campaign.folder import Campaign
from khabar.campaign.results import Known, Reading, read_task
from khabar.campaign.tasks import TaskData, faults, namespaced, results, task
from khabar.errors import KhabarError
from khabar.model.annotation import Annotation, canonical
from khabar.model.article import Article

KINDS = ("tasks", "predictions", "annotations")
BATCH = 500
"""Tasks or predictions in one call."""


class Load(NamedTuple):
    """What is pushed beside the tasks.

    Attributes:
        predictions: Folder of annotation files that annotators begin from, or one such file.
        annotations: Folder of annotation files that are submitted as they are, or one such file.
    """

    predictions: Path | None = None
    annotations: Path | None = None


@dataclass
class Pushed:
    """What a push came to.

    Attributes:
        project: The project's number on the server.
        sent: What was sent, by kind: ``tasks``, ``predictions``, ``annotations``.
        there: What was there already, likewise.
        refused: What could not be sent, a line each.
    """

    project: int
    sent: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    there: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    refused: list[str] = field(default_factory=list)


def push(campaign: Campaign, door: Door, load: Load, tell: Callable[[str], None]) -> Pushed:
    """Send what is missing on the server.

    Raises:
        ServerTrouble: the server has no such project, or fails.
        Changed: the label set changed, or the label page on the server.
    """
    campaign.refuse_new_labels()
    push_ = _Push(campaign, door, tell)
    push_.tasks()
    if load.predictions:
        push_.predictions(load.predictions)
    if load.annotations:
        push_.annotations(load.annotations)
    return push_.done


class _There(NamedTuple):
    """A task on the server."""

    raw: bytes
    task: Task


class _Push:
    def __init__(self, campaign: Campaign, door: Door, tell: Callable[[str], None]) -> None:
        self._campaign = campaign
        self._door = door
        self._tell = tell
        self._texts: dict[str, str] = {}
        self.done = Pushed(campaign.project_or_new(door).id)

    def tasks(self) -> None:
        """Send the articles that have no task yet."""
        there = self._listed("task_only")
        waiting: list[dict[str, Any]] = []
        for key in self._campaign.plan.articles:
            try:
                article = self._campaign.corpus.article(key)
                if (key, article.sha256) in there:
                    self.done.there["tasks"] += 1
                    continue
                data = task(article, self._text(article))
            except KhabarError as error:
                self.done.refused.append(_placed(key, str(error)))
                continue
            waiting.append({"data": msgspec.to_builtins(data)})
        self._send("tasks", waiting, self._door.add_tasks)

    def predictions(self, folder: Path) -> None:
        """Send annotations as predictions, under their annotators' names."""
        there = self._listed("all")
        waiting: list[dict[str, Any]] = []
        models: set[str] = set()
        for annotation, found in self._loaded(folder, there, trimmed=True):
            model = annotation.annotator
            result = results(namespaced(annotation), self._texts[annotation.article], self._campaign.page)
            others = [said for said in map(_prediction, found.task.predictions) if said and said[0] == model]
            if (model, result) in others:
                models.add(model)
                self.done.there["predictions"] += 1
            elif others:
                self.done.refused.append(
                    f"{annotation.article}: {model} predicts something else there already: give it a new version's name"
                )
            else:
                models.add(model)
                waiting.append({"task": found.task.id, "model_version": model, "result": result})
        self._send("predictions", waiting, self._door.add_predictions)
        if len(models) == 1:
            self._door.show_predictions_of(self.done.project, models.pop())

    def annotations(self, folder: Path) -> None:
        """Submit annotations in their annotators' names."""
        there = self._listed("all")
        page = self._campaign.page
        for annotation, found in self._loaded(folder, there, trimmed=False):
            try:
                user = self._campaign.plan.user(annotation.annotator)
            except KhabarError as error:
                self.done.refused.append(_placed(annotation.article, str(error)))
                continue
            result = results(annotation, self._texts[annotation.article], page)
            if any(_same(each, annotation, page.labels.layer_names) for each in self._believed(found)):
                self.done.there["annotations"] += 1
                continue
            self._door.add_annotation(found.task.id, user, result)
            self.done.sent["annotations"] += 1
            self._tell(f"{self.done.sent['annotations']} annotations")

    def _listed(self, fields: str) -> dict[tuple[str, str], _There]:
        """Return the tasks that are on the server, by article and digest."""
        found: dict[tuple[str, str], _There] = {}
        for page in self._door.pages(self.done.project, fields=fields):
            for raw in tasks_of(page, self._door.url):
                try:
                    each = decoded(raw, Task)
                    data = decoded(each.data, TaskData)
                except Broken:
                    continue
                found.setdefault((data.article, data.sha256), _There(raw, each))
        return found

    def _text(self, article: Article) -> str:
        if article.id not in self._texts:
            self._texts[article.id] = self._campaign.corpus.needed_text(article)
        return self._texts[article.id]

    def _loaded(
        self, folder: Path, there: dict[tuple[str, str], _There], *, trimmed: bool
    ) -> Iterator[tuple[Annotation, _There]]:
        """Yield the annotations of a folder that can be sent, each with its task; note why others cannot."""
        corpus = self._campaign.corpus
        for path in sorted(folder.rglob("*.json")) if folder.is_dir() else [folder]:
            place = corpus.shown(path)
            try:
                annotation = corpus.read_annotation(path)
                if annotation.article not in self._campaign.plan.articles:
                    continue
                text = self._text(corpus.article(annotation.article))
            except (KhabarError, OSError) as error:
                self.done.refused.append(_placed(place, str(error)))
                continue
            wrong = list(faults(annotation, text, self._campaign.page, trimmed=trimmed))
            found = there.get((annotation.article, annotation.sha256))
            if found is None and not wrong:
                wrong = ["its article has no task on the server: push it first"]
            if wrong or found is None:
                more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
                self.done.refused.append(f"{place}: {annotation.article}: {wrong[0]}{more}")
                continue
            yield annotation, found

    def _believed(self, found: _There) -> list[Annotation]:
        corpus = self._campaign.corpus

        def find(key: str) -> Known:
            article = corpus.article(key)
            return Known(article, self._text(article), open=False)

        reading = Reading(self._campaign.page, self._campaign.plan, find)
        return [each.annotation for each in read_task(found.raw, reading).believed]

    def _send(self, kind: str, items: list[dict[str, Any]], send: Callable[[int, list[dict[str, Any]]], None]) -> None:
        for first in range(0, len(items), BATCH):
            batch = items[first : first + BATCH]
            send(self.done.project, batch)
            self.done.sent[kind] += len(batch)
            self._tell(f"{self.done.sent[kind]} of {len(items)} {kind}")


def _prediction(raw: msgspec.Raw) -> tuple[str, list[Any]] | None:
    try:
        said = decoded(raw, Predicted)
        return said.model_version, [decoded(each, dict[str, Any]) for each in said.result]
    except Broken:
        return None


def _same(there: Annotation, ours: Annotation, layers: tuple[str, ...]) -> bool:
    """Tell whether two annotations of one annotator say the same, the words that they repeat aside."""

    def bare(annotation: Annotation) -> Annotation:
        spans = tuple(msgspec.structs.replace(each, text=None, digest=None) for each in annotation.spans)
        return canonical(msgspec.structs.replace(annotation, spans=spans), layers)

    a, b = bare(there), bare(ours)
    return (a.annotator, a.spans, a.relations) == (b.annotator, b.spans, b.relations)


def _placed(place: str, message: str) -> str:
    return message if message.startswith(place) else f"{place}: {message}"
