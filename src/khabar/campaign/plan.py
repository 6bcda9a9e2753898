"""What a campaign is: ``campaign.toml``, written once by ``khabar campaign new`` and kept by hand from then on."""

import json
import re
from typing import Literal

import msgspec

from khabar.errors import BadRecord, NotFound

NAME = re.compile(r"[a-z0-9-]{3,50}")
PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
UNNAMED = re.compile(r"a([1-9][0-9]{0,8})")
_PROJECT = re.compile(r"^project *= *[0-9]+", re.MULTILINE)


class Annotator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who stands behind a pseudonym.

    Attributes:
        user: Id of the user on the Label Studio server.
        kind: Whether that user is a person or stands for a model.
    """

    user: int
    kind: Literal["person", "model"] = "person"


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A campaign: what is asked, of which articles, of whom.

    Attributes:
        title: Title of the project on the server, 3 to 50 characters.
        layers: The layers that are annotated.
        articles: Ids of the articles.
        label_set: Digest of the label set that the page was generated from.
        project: Id of the project on the server, 0 before the first push.
        annotators: By pseudonym; a user who is not here is called ``a`` and its id, and is a person.
    """

    title: str
    layers: tuple[str, ...]
    articles: tuple[str, ...]
    label_set: str
    project: int = 0
    annotators: dict[str, Annotator] = msgspec.field(default_factory=dict)

    def annotator(self, user: int) -> tuple[str, Literal["person", "model"]]:
        """Return the pseudonym and kind of a user."""
        found = ((name, each.kind) for name, each in self.annotators.items() if each.user == user)
        return next(found, (f"a{user}", "person"))

    def user(self, annotator: str) -> int:
        """Return the user behind a pseudonym.

        Raises:
            NotFound: nobody has it.
        """
        if annotator in self.annotators:
            return self.annotators[annotator].user
        unnamed = UNNAMED.fullmatch(annotator)
        if unnamed is None:
            raise NotFound(
                f"no user is called '{annotator}' in campaign.toml, its annotations need one:"
                f' add {annotator} = {{ user = 1, kind = "model" }} to [annotators]'
            )
        return int(unnamed[1])


def read_plan(content: bytes, place: str) -> Plan:
    """Read ``campaign.toml``.

    Raises:
        BadRecord: it does not parse, or does not hold together.
    """
    try:
        plan = msgspec.toml.decode(content, type=Plan)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord(f"{place}: {error}") from None
    users = [each.user for each in plan.annotators.values()]
    for name, each in plan.annotators.items():
        if not PSEUDONYM.fullmatch(name):
            raise BadRecord(f"{place}: the pseudonym '{name}' names a folder: use A-Z a-z 0-9 . _ -")
        if users.count(each.user) > 1:
            raise BadRecord(f"{place}: user {each.user} has two pseudonyms, one is right: remove the other")
        if UNNAMED.fullmatch(name) and name != f"a{each.user}":
            raise BadRecord(f"{place}: '{name}' is how user {name[1:]} is called without a pseudonym: choose another")
    return plan


def new_plan(plan: Plan) -> str:
    """Return ``campaign.toml`` for a campaign that begins."""
    lines = [
        "# What this campaign asks, of which articles, of whom. Written by 'khabar campaign new', kept by hand since.",
        f"title = {_quoted(plan.title)}",
        f"layers = [{', '.join(map(_quoted, plan.layers))}]",
        f"label_set = {_quoted(plan.label_set)}",
        f"project = {plan.project}  # its id on the Label Studio server; 0 before the first push",
        "articles = [",
        *(f"  {_quoted(each)}," for each in plan.articles),
        "]",
        "",
        '# Pseudonyms, as in: sami = { user = 3 }, or "tagger-0.1" = { user = 4, kind = "model" }.',
        "[annotators]",
    ]
    return "\n".join(lines) + "\n"


def with_project(content: str, project: int, place: str) -> str:
    """Return ``campaign.toml`` with the id of its project, everything else as it was written by hand.

    Raises:
        BadRecord: it has no line for it.
    """
    changed, count = _PROJECT.subn(f"project = {project}", content, count=1)
    if not count:
        raise BadRecord(f"{place}: no line begins with 'project =', project {project} belongs there: add it")
    return changed


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
