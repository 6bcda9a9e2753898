"""What the server is asked for tasks, and what it answers: how pages go on, and why a call failed."""

import json
from datetime import datetime
from typing import Any

import msgspec

from khabar.errors import ServerTrouble

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


def query(since: datetime | None = None, after: int = 0, *, begun: bool = False) -> dict[str, str]:
    """Return the query for tasks, in the one way of writing that the server knows.

    Args:
        since: Those that changed after it.
        after: Those whose id is above it.
        begun: Those that somebody has a draft of.
    """
    asked = [{**_filter("draft_exists", "Boolean", "True"), "operator": "equal"}] if begun else []
    if after:
        asked.append(_filter("id", "Number", after))
    if since is not None:
        asked.append(_filter("updated_at", "Datetime", since.strftime(_TIME)))
    return {"query": json.dumps({"filters": {"conjunction": "and", "items": asked}})} if asked else {}


def _filter(column: str, kind: str, value: int | str) -> dict[str, Any]:
    return {"filter": f"filter:tasks:{column}", "operator": "greater", "type": kind, "value": value}


class Numbered(msgspec.Struct):
    """A task by its id."""

    id: int


class Listed(msgspec.Struct):
    """A page of tasks, as far as paging goes.

    Attributes:
        total: Tasks that the query finds, on all pages.
        tasks: Those on the page.
    """

    total: int
    tasks: list[Numbered]


def listed(page: bytes, place: str) -> Listed:
    """Read a page.

    Raises:
        ServerTrouble: it is none.
    """
    try:
        return msgspec.json.decode(page, type=Listed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:  # a lone surrogate or NaN in one task is no reason to lose the others
        return msgspec.convert(json.loads(page), Listed)
    except (ValueError, RecursionError):
        raise ServerTrouble(f"{place}: its list of tasks is none: is it a Label Studio?") from None


def said(error: Exception, status: int) -> str:
    """Return what the answer to a call that failed says, on one line; ``status`` is 0 where there was none."""
    if not status:
        return f"{str(error) or type(error).__name__}: is it up? see 'khabar studio status'"
    body = getattr(error, "body", None)
    if body is None:
        body = _decoded(getattr(getattr(error, "response", None), "text", ""))
    detail = body.get("detail") or body.get("validation_errors") or body if isinstance(body, dict) else body
    return f"{status} {' '.join(str(detail).split())[:300]}"


def _decoded(body: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body
