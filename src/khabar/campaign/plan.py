"""What a campaign is: ``campaign.toml``, written once by ``khabar campaign new`` and kept by hand from then on.

It holds pseudonyms alone; who stands behind one is in `khabar.campaign.people`, and never in git.  Who annotates what
is drawn from it by `khabar.campaign.assignments`.
"""

import json
import re
from collections.abc import Collection, Iterable
from typing import Annotated, Literal

import msgspec

from khabar.errors import BadRecord

NAME = re.compile(r"[a-z0-9-]{3,50}")
PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
EVERYBODY = "all"
"""The project of a campaign that names nobody, or whose annotators share one."""

Count = Annotated[int, msgspec.Meta(ge=0)]


class Annotator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who stands behind a pseudonym.

    Attributes:
        kind: A person, or a model.
        project: The project that they annotate in; empty: one of their own, called as they are.
    """

    kind: Literal["person", "model"] = "person"
    project: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A campaign: what is asked, of which articles, of whom.

    Attributes:
        title: Title of the projects on the server, 3 to 50 characters.
        layers: The layers that are annotated.
        label_set: Digest of what the page takes from the label set.
        articles: Ids of the articles that are annotated.
        qualification: Ids of articles with gold that everybody annotates first, from nothing: batch 0.
        controls: Ids of articles with gold that everybody annotates too, mixed among the others.
        overlap: How many projects an article is in; where there is one project, how many annotate it there.
        batch: Articles in a batch, 0: all in one.
        released: The last batch that annotators have; batches count from 1.
        bare: Share of the tasks, controls among them, that are begun from nothing though a pre-annotation exists.
        seed: Of every draw.
        drawn: How the articles were chosen, for the reader.
        publish: Whether releases have what its annotators said, and how far they agree.
        adjudicates: Whether it asks what annotators left open: in the order of the plan, with questions on the page.
        annotators: By pseudonym.
        projects: Ids of the projects on the server by their names here, 0 before the first push.
    """

    title: str
    layers: tuple[str, ...]
    label_set: str
    articles: tuple[str, ...]
    qualification: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    overlap: Annotated[int, msgspec.Meta(ge=1)] = 1
    batch: Count = 0
    released: Count = 1
    bare: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    seed: int = 0
    drawn: str = ""
    publish: bool = True
    adjudicates: bool = False
    annotators: dict[str, Annotator] = msgspec.field(default_factory=dict)
    projects: dict[str, Count] = msgspec.field(default_factory=dict)

    @property
    def asked(self) -> tuple[str, ...]:
        """Every article of the campaign, those with known gold too."""
        return (*self.articles, *self.qualification, *self.controls)

    @property
    def known(self) -> frozenset[str]:
        """The articles by which annotators are measured: their gold was there before."""
        return frozenset((*self.qualification, *self.controls))

    def without(self, keys: Collection[str]) -> "Plan":
        """Return the plan as if it had never asked some articles."""
        asked = {
            name: tuple(key for key in getattr(self, name) if key not in keys)
            for name in ("articles", "qualification", "controls")
        }
        return msgspec.structs.replace(self, **asked)

    @property
    def cohorts(self) -> tuple[str, ...]:
        """Names of the projects, in the order of the annotators."""
        return tuple(dict.fromkeys(map(self.project_of, self.annotators))) or (EVERYBODY,)

    def project_of(self, annotator: str) -> str:
        """Return the name of the project that an annotator of the plan works in."""
        return self.annotators[annotator].project or annotator

    def members(self, project: str) -> tuple[str, ...]:
        """Return the annotators of a project."""
        return tuple(name for name in self.annotators if self.project_of(name) == project)

    @property
    def each(self) -> int:
        """How many annotate an article in one project."""
        return self.overlap if len(self.cohorts) == 1 else 1


def working(
    annotators: Iterable[str], models: Iterable[str], groups: Iterable[str], *, shared: bool
) -> dict[str, Annotator]:
    """Return the annotators of a plan.

    Args:
        annotators: Pseudonyms of persons.
        models: Names of models.
        groups: Projects that some share, each as ``name=sami,layla``.
        shared: Whether all others share one project; else each has one of their own.

    Raises:
        BadRecord: a group is no group, or somebody is in two.
    """
    found: dict[str, str] = {}
    for group in groups:
        project, sign, members = group.partition("=")
        for name in members.replace(",", " ").split():
            if found.setdefault(name, project) != project:
                raise BadRecord(f"{name} is in the groups {found[name]} and {project}: leave one")
        if not sign or project not in found.values():
            raise BadRecord(f"'{group}' is no group: write a project's name and its annotators, as in first=sami,layla")
    kinds: dict[str, Literal["person", "model"]] = dict.fromkeys(found, "person")
    kinds |= dict.fromkeys(annotators, "person")
    kinds |= dict.fromkeys(models, "model")
    return {name: Annotator(kind, found.get(name, EVERYBODY if shared else name)) for name, kind in kinds.items()}


def read_plan(content: bytes, place: str) -> Plan:
    """Read ``campaign.toml``.

    Raises:
        BadRecord: it does not parse, or does not hold together.
    """
    try:
        plan = msgspec.toml.decode(content, type=Plan)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord(f"{place}: {error}") from None
    fault = _fault(plan)
    if fault:
        raise BadRecord(f"{place}: {fault}")
    return plan


def _fault(plan: Plan) -> str:
    """Tell why a plan does not hold together, empty where it does."""
    for name in (*plan.annotators, *plan.cohorts):
        if not PSEUDONYM.fullmatch(name):
            return f"'{name}' names a folder: use A-Z a-z 0-9 . _ -"
    if plan.overlap > len(plan.cohorts) > 1:
        return f"overlap is {plan.overlap}, there are {len(plan.cohorts)} projects: lower it, or add annotators"
    if plan.overlap > len(plan.annotators) > 0 and len(plan.cohorts) == 1:
        return (
            f"overlap is {plan.overlap}, {len(plan.annotators)} annotators work in {plan.cohorts[0]}, the only project:"
            " lower it, or add annotators"
        )
    twice = sorted({key for key in plan.asked if plan.asked.count(key) > 1}) if _repeats(plan.asked) else ()
    if twice:
        return f"{twice[0]} is asked twice, as article, control or qualification: leave one"
    if strange := sorted(set(plan.projects) - set(plan.cohorts)):
        return f"[projects] has '{strange[0]}', no annotator works there: there are {', '.join(plan.cohorts)}"
    return ""


def _repeats(keys: tuple[str, ...]) -> bool:
    return len(set(keys)) < len(keys)


def new_plan(plan: Plan) -> str:
    """Return ``campaign.toml`` for a campaign that begins."""
    lines = [
        "# What this campaign asks, of which articles, of whom. Written by 'khabar campaign new', kept by hand since.",
        f"title = {_quoted(plan.title)}",
        f"layers = [{', '.join(map(_quoted, plan.layers))}]",
        f"label_set = {_quoted(plan.label_set)}",
        f"overlap = {plan.overlap}  # how many annotate an article",
        f"batch = {plan.batch}  # articles a batch; 0: all in one",
        f"released = {plan.released}  # the last batch that annotators have",
        f"bare = {plan.bare}  # share of the tasks that are begun from nothing, though a pre-annotation exists",
        f"seed = {plan.seed}",
        f"publish = {str(plan.publish).lower()}  # false: releases have nothing of it but the gold that comes of it",
        *([f"drawn = {_quoted(plan.drawn)}"] if plan.drawn else []),
        *(["adjudicates = true"] if plan.adjudicates else []),
        *_listed("articles", plan.articles),
        *(_listed("qualification", plan.qualification) if plan.qualification else []),
        *(_listed("controls", plan.controls) if plan.controls else []),
        "",
        "# Pseudonyms alone, and the project that each works in; who they are says 'khabar studio user', outside git.",
        "[annotators]",
        *(f"{_quoted(name)} = {_inline(plan, name)}" for name in plan.annotators),
        "",
        "# Ids on the Label Studio server; 0 before the first push.",
        "[projects]",
        *(f"{_quoted(name)} = {plan.projects.get(name, 0)}" for name in plan.cohorts),
    ]
    return "\n".join(lines) + "\n"


def with_project(content: str, name: str, number: int, place: str) -> str:
    """Return ``campaign.toml`` with the id of a project, everything else as it was written by hand.

    Raises:
        BadRecord: it has no line for it.
    """
    head, found, tail = content.partition("[projects]")
    line = re.compile(rf'^"?{re.escape(name)}"? *= *[0-9]+', re.MULTILINE)
    changed, count = line.subn(f"{_quoted(name)} = {number}", tail, count=1)
    if not found or not count:
        raise BadRecord(f"{place}: project {number} belongs in [projects] as {name} = {number}: add the line")
    return head + found + changed


def with_released(content: str, batch: int, place: str) -> str:
    """Return ``campaign.toml`` with another batch released.

    Raises:
        BadRecord: it has no line for it.
    """
    changed, count = re.subn(r"^released *= *[0-9]+", f"released = {batch}", content, count=1, flags=re.MULTILINE)
    if not count:
        raise BadRecord(f"{place}: no line begins with 'released =', it should say {batch}: add it above the tables")
    return changed


def _listed(name: str, keys: tuple[str, ...]) -> list[str]:
    return [f"{name} = [", *(f"  {_quoted(each)}," for each in keys), "]"]


def _inline(plan: Plan, name: str) -> str:
    return f'{{ kind = "{plan.annotators[name].kind}", project = {_quoted(plan.project_of(name))} }}'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
