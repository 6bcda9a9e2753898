"""What Label Studio answers, typed: a page of tasks, a task, an annotation, an item of its result.

Each level is decoded on its own, so that what is wrong at one place costs that place alone.
"""

import json
from typing import TypeVar

import msgspec

from khabar.errors import BadRecord
from khabar.store import repeated_key

T = TypeVar("T")
Raw = bytes | msgspec.Raw


class Broken(Exception):
    """Something does not decode; the text says why, and repeats nothing of it."""


class _Page(msgspec.Struct):
    tasks: list[msgspec.Raw]


class _Named(msgspec.Struct):
    article: str = ""


class _Naming(msgspec.Struct):
    data: _Named


class User(msgspec.Struct):
    """A user, where the server spells one out."""

    id: int


class Task(msgspec.Struct):
    """A task with all that was said of it."""

    id: int
    data: msgspec.Raw
    annotations: list[msgspec.Raw] = []
    drafts: list[msgspec.Raw] = []
    predictions: list[msgspec.Raw] = []
    updated_at: str = ""


class Submitted(msgspec.Struct):
    """One annotation of a task, as the server keeps it."""

    id: int
    result: list[msgspec.Raw] | None
    completed_by: int | User | None = None
    updated_by: int | User | None = None
    was_cancelled: bool = False
    ground_truth: bool = False
    lead_time: float | None = None
    created_at: str = ""
    updated_at: str = ""


class Draft(msgspec.Struct):
    """Something begun and not submitted; its user is told by the address that they log in with."""

    id: int
    user: str | int | None = None
    result: list[msgspec.Raw] | None = None
    lead_time: float | None = None
    created_at: str = ""
    updated_at: str = ""


class Predicted(msgspec.Struct):
    """One prediction of a task, as the server keeps it."""

    result: list[msgspec.Raw]
    model_version: str = ""
    created_at: str = ""


class Item(msgspec.Struct):
    """One item of a result: a region, something said of a region, or a relation."""

    type: str
    id: str = ""
    from_name: str = ""
    to_name: str = ""
    value: msgspec.Raw = msgspec.Raw(b"null")
    from_id: str = ""
    to_id: str = ""
    direction: str | None = None
    labels: list[str] | None = None


class Region(msgspec.Struct):
    """Value of a region."""

    start: int
    end: int
    labels: list[str]
    text: str | None = None


class Choice(msgspec.Struct):
    """Value of a choice."""

    choices: list[str]


class Words(msgspec.Struct):
    """Value of a text field."""

    text: list[str] | str


def decoded(raw: Raw, kind: type[T]) -> T:
    """Decode one level.

    Raises:
        Broken: it is not what it should be.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Broken(str(error).split("\n")[0][:200]) from None


def whole(raw: Raw) -> None:
    """Make sure that nothing inside is said twice.

    Raises:
        Broken: an object has a key twice.
    """
    try:
        key = repeated_key(bytes(raw))
    except (ValueError, RecursionError) as error:
        raise Broken(str(error)[:200]) from None
    if key:
        raise Broken(f"an object has the key '{key}' twice")


def user(told: int | User | None) -> int | None:
    """Return the id of a user, however the server tells it."""
    return told.id if isinstance(told, User) else told


def article_in(raw: Raw) -> str:
    """Return the article that a task names, whatever else is wrong with it; empty where none can be told."""
    try:
        whole(raw)
        return decoded(raw, _Naming).data.article
    except Broken:
        return ""


def tasks_of(page: bytes, place: str) -> list[bytes]:
    """Return the tasks of a page of ``/api/tasks``, or of an export, each in its own bytes.

    Raises:
        BadRecord: it is no such page.
    """
    try:
        listed = page.lstrip().startswith(b"[")
        found = msgspec.json.decode(page, type=list[msgspec.Raw]) if listed else _page(page)
    except msgspec.ValidationError as error:
        raise BadRecord(f"{place}: {error}: is it an export of tasks?") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _loosely(page, place)
    return [bytes(each) for each in found]


def _page(page: bytes) -> list[msgspec.Raw]:
    return msgspec.json.decode(page, type=_Page).tasks


def _loosely(page: bytes, place: str) -> list[bytes]:
    """Take apart a page with NaN or a lone surrogate, so that the other tasks can be read."""
    try:
        whole(page)
        read = json.loads(page, parse_constant=str)
        tasks = read["tasks"] if isinstance(read, dict) else read
        return [json.dumps(each, ensure_ascii=False).encode("utf-8", "surrogatepass") for each in tasks]
    except (Broken, ValueError, RecursionError, KeyError, TypeError) as error:
        raise BadRecord(f"{place}: {str(error)[:100]}: it is no JSON of tasks, ask the server for it again") from None
