"""``corpus/`` -> Label Studio: tasks, predictions and annotations, each sent once however often it is pushed.

What is there is listed first, and only what is missing is sent, so that a push that was cut off is completed by the
next.  Predictions are kept beside the plan, for the tasks that are begun without them too.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from khabar.campaign.client import Door
from khabar.campaign.folder import Campaign
from khabar.campaign.load import Load, Loader, placed, words_withheld
from khabar.campaign.results import Known, Reading, read_task
from khabar.campaign.sending import BATCH, Sender, batches
from khabar.campaign.shelf import Shelf, There, fingerprint, shelf
from khabar.campaign.tasks import namespaced, results, task
from khabar.errors import KhabarError, NotFound
from khabar.model.annotation import Annotation, canonical
from khabar.store import PREDICTIONS

KINDS = ("tasks", "predictions", "annotations")


@dataclass
class Pushed:
    """What a push came to.

    Attributes:
        projects: The projects' numbers on the server, by name.
        sent: What was sent, by kind: ``tasks``, ``predictions``, ``annotations``.
        there: What was there already, likewise.
        hidden: Predictions that were kept back, for their tasks are begun from nothing.
        refused: What could not be sent, a line each.
        notes: What a person should know, a line each.
    """

    projects: dict[str, int] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    there: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    hidden: int = 0
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def push(campaign: Campaign, door: Door, load: Load, tell: Callable[[str], None]) -> Pushed:
    """Send what is missing on the server, of the batches that are released.

    Raises:
        Busy: somebody else pushes or pulls the campaign.
        ServerTrouble: the server has no such project, or fails.
        Changed: the label set changed, or the label page on the server.
    """
    with campaign.alone():
        campaign.refuse_new_labels()
        campaign.fix()
        push_ = _Push(campaign, door, tell)
        push_.done.notes += filter(None, [campaign.people(door).strangers(campaign.plan)])
        push_.tasks(load.questions)
        kept = campaign.folder / PREDICTIONS
        predictions = load.predictions or (kept if kept.is_dir() else None)
        if predictions:
            push_.predictions(predictions)
        if load.annotations:
            push_.annotations(load.annotations)
        return push_.done


class _Push:
    def __init__(self, campaign: Campaign, door: Door, tell: Callable[[str], None]) -> None:
        self._campaign = campaign
        self._door = door
        self._tell = tell
        self._sender = Sender(campaign.folder, door)
        self._cut_off = self._sender.settle(tell)
        self._due = {(each.project, each.article): each for each in campaign.due}
        numbers = {name: campaign.project_or_new(door, name).id for name in campaign.plan.cohorts}
        self.done = Pushed(numbers)
        self._load = Loader(campaign, self.done.refused)

    def tasks(self, questions: Mapping[str, str]) -> None:
        """Send the articles that have no task yet, project by project, with what is asked about them."""
        for name, number in self.done.projects.items():
            there = self._without_doubles(number)
            self._take_down(there)
            keys = [each.article for each in self._campaign.due if each.project == name]
            for batch in batches(self._missing(keys, there, questions)):
                self._sender.send(number, "tasks", batch, self._door.add_tasks)
                self._count("tasks", len(batch))
            if self._cut_off:
                self._without_doubles(number)

    def predictions(self, folder: Path) -> None:
        """Send annotations as predictions, under their annotators' names, and keep them."""
        shelves = self._shelves()
        waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
        models: dict[str, set[str]] = defaultdict(set)
        for annotation, text in self._load.of(folder, trimmed=True):
            if not words_withheld(annotation):
                self._load.keep(annotation, text)
            result = results(namespaced(annotation), text, self._campaign.page)
            for name, found in self._tasks_of(annotation, shelves):
                if annotation.annotator in found.predicted:
                    models[name].add(annotation.annotator)
                if not self._wanted(annotation, found, result):
                    continue
                models[name].add(annotation.annotator)
                waiting[name].append({"task": found.id, "model_version": annotation.annotator, "result": result})
                if len(waiting[name]) == BATCH:
                    self._send_predictions(name, waiting.pop(name))
        for name, rest in waiting.items():
            self._send_predictions(name, rest)
        for name, those in models.items():
            if len(those) == 1:
                self._door.show_predictions_of(self.done.projects[name], those.pop())

    def annotations(self, folder: Path) -> None:
        """Submit annotations in their annotators' names."""
        people = self._campaign.people(self._door)
        shelves = self._shelves(said=True)
        for annotation, text in self._load.of(folder, trimmed=False):
            try:
                user = people.user(annotation.annotator)
                found = self._task_for(annotation, shelves)
            except KhabarError as error:
                self.done.refused.append(placed(annotation.article, str(error)))
                continue
            if self._bare(annotation) in found.said:
                self.done.there["annotations"] += 1
                continue
            self._door.add_annotation(found.id, user, results(annotation, text, self._campaign.page))
            self._count("annotations", 1)

    # What is there, and what is missing

    def _without_doubles(self, number: int) -> Shelf:
        """List the tasks of a project; of two of one article, which a cut-off leaves, the empty one goes."""
        there = shelf(self._door, number)
        for double in there.doubles:
            removed = self._door.remove_untouched(double)
            self.done.notes.append(
                f"task {double} doubled another: {'removed' if removed else 'somebody annotated it, so it stays'}"
            )
        return there

    def _take_down(self, there: Shelf) -> None:
        """Remove the tasks of articles that were taken down, with all that was said of them there."""
        for (key, _), found in there.tasks.items():
            if key in self._campaign.corpus.tombstones:
                self._door.remove(found.id)
                self.done.notes.append(f"task {found.id} removed: {key} was taken down")

    def _missing(self, keys: list[str], there: Shelf, questions: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        for key in keys:
            try:
                article = self._campaign.corpus.article(key)
                if (key, article.sha256) in there.tasks:
                    self.done.there["tasks"] += 1
                    continue
                data = task(article, self._campaign.corpus.needed_text(article), questions.get(key, ""))
            except KhabarError as error:
                self.done.refused.append(placed(key, str(error)))
                continue
            yield {"data": msgspec.to_builtins(data)}

    def _shelves(self, *, said: bool = False) -> dict[str, Shelf]:
        return {
            name: shelf(self._door, number, fields="all", said=self._said(name) if said else None)
            for name, number in self.done.projects.items()
        }

    def _tasks_of(self, annotation: Annotation, shelves: dict[str, Shelf]) -> Iterator[tuple[str, There]]:
        """Yield the tasks of an annotation's article that are begun from it."""
        key = annotation.article, annotation.sha256
        for name, there in shelves.items():
            due = self._due.get((name, annotation.article))
            if due is not None and not due.shown:
                self.done.hidden += 1
            elif due is not None and key in there.tasks:
                yield name, there.tasks[key]

    def _task_for(self, annotation: Annotation, shelves: dict[str, Shelf]) -> There:
        plan = self._campaign.plan
        name = plan.cohorts[0]
        if annotation.annotator in plan.annotators:
            name = plan.project_of(annotation.annotator)
        elif len(plan.cohorts) > 1:
            raise NotFound(f"'{annotation.annotator}' works in no project: add it to [annotators] of campaign.toml")
        found = shelves[name].tasks.get((annotation.article, annotation.sha256))
        if found is None:
            raise NotFound(f"its article has no task in project {name}: it is not assigned or released there")
        return found

    def _wanted(self, annotation: Annotation, found: There, result: list[dict[str, Any]]) -> bool:
        there = found.predicted.get(annotation.annotator)
        if there == fingerprint(result) or (there is not None and words_withheld(annotation)):
            self.done.there["predictions"] += 1
        elif words_withheld(annotation):
            self.done.refused.append(
                f"{annotation.article}: words of {annotation.annotator} are withheld here: pass --predictions with them"
            )
            return False
        elif there is not None:
            self.done.refused.append(
                f"{annotation.article}: {annotation.annotator} predicts something else there already: give it a new"
                " version's name"
            )
        return there is None

    # What is sent

    def _send_predictions(self, name: str, batch: list[dict[str, Any]]) -> None:
        self._sender.send(self.done.projects[name], "predictions", batch, self._door.add_predictions)
        self._count("predictions", len(batch))

    def _count(self, kind: str, count: int) -> None:
        self.done.sent[kind] += count
        self._tell(f"{self.done.sent[kind]} {kind}")

    # What annotations say

    def _said(self, name: str) -> Callable[[bytes], frozenset[str]]:
        corpus, plan = self._campaign.corpus, self._campaign.plan

        def find(key: str) -> Known:
            article = corpus.article(key)
            return Known(article, corpus.needed_text(article), open=False)

        reading = Reading(self._campaign.page, self._campaign.people(self._door).who(plan, name), find)
        return lambda raw: frozenset(self._bare(each.annotation) for each in read_task(raw, reading).believed)

    def _bare(self, annotation: Annotation) -> str:
        """Return the digest of who says what, the words that spans repeat aside."""
        spans = tuple(msgspec.structs.replace(each, text=None, digest=None) for each in annotation.spans)
        ordered = canonical(msgspec.structs.replace(annotation, spans=spans), self._campaign.page.labels.layer_names)
        return fingerprint([ordered.annotator, ordered.spans, ordered.relations])
