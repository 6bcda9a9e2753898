"""The door to a Label Studio server: the only place that speaks with one.  Its troubles become one line.

The SDK speaks for projects, tasks and annotations, and never repeats a call by itself: a repeated import doubles
tasks.  Pages of tasks are fetched as they are, for their bytes are kept.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

from khabar.campaign.address import EMBEDDED, Server
from khabar.campaign.answers import listed, query, said
from khabar.campaign.exported import tasks_of
from khabar.campaign.foreign import campaign_extra
from khabar.errors import ServerTrouble

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

PATIENCE = 1200
"""Seconds that one answer may take; an import of many tasks takes minutes."""
PAGE = 100
"""Tasks a page."""
PROJECTS = 100
"""Projects a page, where projects are listed."""
SIGNED = "0" * 40
"""What the SDK is told instead of the token; `Door._sign` signs its requests as well as ours."""
ACCESS = 240.0
"""Seconds that a short-lived token is used; it lives for 300."""
_JWT_PARTS = 3
_NOT_FOUND = 404


class Project(NamedTuple):
    """A project on the server.

    Attributes:
        id: Its number there.
        page: Its label page.
        tasks: How many tasks it holds.
        predictions: How many predictions.
    """

    id: int
    page: str
    tasks: int = 0
    predictions: int = 0


class _Missing(ServerTrouble):
    """The server has no such thing."""


class Door:
    """An open door to one server; close it, or use it in a ``with``.

    Attributes:
        url: The server's address.
        home: What the server is known by here; the embedded one keeps it when its port changes.
    """

    def __init__(self, server: Server) -> None:
        with campaign_extra():
            import httpx
            from label_studio_sdk import LabelStudio
            from label_studio_sdk.core import ApiError
        self.url = server.url
        self.home = EMBEDDED if server.pid else server.url
        self._token = server.token
        self._access, self._until = "", 0.0
        self._proxies = not server.pid  # the embedded server is on the loopback, where none belongs
        self._troubles = (ApiError, httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError)
        self._http = httpx.Client(timeout=PATIENCE, trust_env=self._proxies, event_hooks={"request": [self._sign]})
        studio: Any = LabelStudio  # its constructor has no types
        self._studio = studio(
            base_url=server.url, api_key=SIGNED, httpx_client=self._http, timeout=PATIENCE, max_retries=0
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    # Projects

    def project(self, number: int) -> Project | None:
        """Return a project, None where there is none of that number."""
        try:
            found = self._asked("its project cannot be read", lambda: self._studio.projects.get(id=number))
        except _Missing:
            return None
        return Project(number, found.label_config or "", found.task_number or 0, found.total_predictions_number or 0)

    def projects(self) -> list[int]:
        """Return the numbers of all projects."""
        found = self._asked(
            "its projects cannot be listed", lambda: list(self._studio.projects.list(page_size=PROJECTS))
        )
        return sorted(each.id for each in found if each.id is not None)

    def projects_described(self, description: str) -> list[Project]:
        """Return the projects that have a description."""
        found = self._asked(
            "its projects cannot be listed", lambda: list(self._studio.projects.list(page_size=PROJECTS))
        )
        return [
            Project(each.id, each.label_config or "")
            for each in found
            if each.description == description and each.id is not None
        ]

    def create_project(self, title: str, description: str, page: str, each: int = 1) -> Project:
        """Make a project whose tasks ``each`` so many annotate; they may skip a task and may find nothing to mark."""
        made = self._asked(
            "a project cannot be made",
            lambda: self._studio.projects.create(
                title=title,
                description=description,
                label_config=page,
                enable_empty_annotation=True,
                maximum_annotations=each,
            ),
        )
        if made.id is None:
            raise ServerTrouble(f"{self.url}: the new project has no number: is it a Label Studio?")
        return Project(made.id, made.label_config or "")

    def show_predictions_of(self, project: int, model: str) -> None:
        """Let annotators begin from a model's predictions, which must be there."""
        self._asked(
            "the predictions to begin from cannot be chosen",
            lambda: self._studio.projects.update(project, model_version=model),
        )

    # Tasks

    def pages(
        self, project: int, *, fields: str = "all", since: datetime | None = None, after: int = 0, begun: bool = False
    ) -> Iterator[bytes]:
        """Yield the tasks of a project page by page, by their ids, each page as the bytes that the server sent.

        A page is asked for by the last id before it, so that none is missed where others are deleted meanwhile.

        Args:
            project: Its number.
            fields: ``all``, or ``task_only`` for tasks without what was said of them.
            since: Only tasks that changed after it.
            after: Only tasks whose id is above it.
            begun: Only tasks that somebody has a draft of.
        """
        while True:
            content = self._tasks(
                project, {"fields": fields, "page_size": PAGE, "page": 1} | query(since, after, begun=begun)
            )
            page = listed(content, self.url)
            if not page.tasks:
                return
            yield content
            if page.total <= len(page.tasks):
                return
            after = max(each.id for each in page.tasks)

    def count(self, project: int) -> int:
        """Return the number of tasks of a project."""
        asked = {"fields": "task_only", "page_size": 1, "page": 1}
        return listed(self._tasks(project, asked), self.url).total

    def drafts(self, project: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield each task that somebody began and did not submit, and the drafts of all, as the server sent them.

        A list of tasks holds the administrator's own drafts alone.
        """
        for content in self.pages(project, fields="task_only", begun=True):
            for raw, each in zip(tasks_of(content, self.url), listed(content, self.url).tasks, strict=True):
                fetch = partial(self._fetched, f"{self.url}/api/tasks/{each.id}/drafts")
                yield raw, self._asked(f"the drafts of task {each.id} cannot be listed", fetch)

    def clock(self) -> datetime:
        """Return the time by the server's clock, which is the one that changes are dated by."""

        def fetch() -> datetime:
            answer = self._http.get(f"{self.url}/api/version").raise_for_status()
            return parsedate_to_datetime(answer.headers["Date"])

        return self._asked("it does not tell the time", fetch)

    def _tasks(self, project: int, query: dict[str, Any]) -> bytes:
        fetch = partial(self._fetched, f"{self.url}/api/tasks", params={"project": project, **query})
        return self._asked("its tasks cannot be listed", fetch)

    def _fetched(self, address: str, **asked: Any) -> bytes:
        return self._http.get(address, **asked).raise_for_status().content

    def add_tasks(self, project: int, tasks: list[dict[str, Any]]) -> None:
        """Send tasks; the server takes each as new."""
        self._asked(
            f"{len(tasks)} tasks cannot be sent", lambda: self._studio.projects.import_tasks(project, request=tasks)
        )

    def remove_untouched(self, task: int) -> bool:
        """Remove a task that nobody began; return False where somebody did."""
        trouble = f"task {task} cannot be removed"
        fetch = partial(self._fetched, f"{self.url}/api/tasks/{task}")
        found = json.loads(self._asked(trouble, fetch))
        drafts = json.loads(self._asked(trouble, partial(self._fetched, f"{self.url}/api/tasks/{task}/drafts")))
        if found["annotations"] or drafts:
            return False
        self.remove(task)
        return True

    def remove(self, task: int) -> None:
        """Remove a task and all that was said of it."""
        self._asked(f"task {task} cannot be removed", lambda: self._studio.tasks.delete(id=str(task)))

    def add_predictions(self, project: int, predictions: list[dict[str, Any]]) -> None:
        """Send predictions for tasks that are there, all of them or none."""
        self._asked(
            f"{len(predictions)} predictions cannot be sent",
            lambda: self._studio.projects.import_predictions(project, request=predictions),
        )

    def add_annotation(self, task: int, user: int, result: list[dict[str, Any]]) -> None:
        """Submit an annotation in the name of a user."""
        self._asked(
            f"an annotation of task {task} cannot be sent in the name of user {user}",
            lambda: self._studio.annotations.create(
                id=task, result=result, completed_by=user, was_cancelled=False, ground_truth=False
            ),
        )

    def users(self) -> dict[str, int]:
        """Return the users of the server by the address that they log in with."""
        found = self._asked("its users cannot be listed", self._studio.users.list)
        return {each.email: each.id for each in found if each.email and each.id is not None}

    # What goes wrong

    def _asked(self, trouble: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except self._troubles as error:
            answer = getattr(error, "response", None)
            status = getattr(error, "status_code", None) or getattr(answer, "status_code", None) or 0
            kind = _Missing if status == _NOT_FOUND else ServerTrouble
            raise kind(f"{self.url}: {trouble}: {said(error, status)}") from None

    def _sign(self, request: "httpx.Request") -> None:
        """Put our token on a request; a personal one is never sent, but exchanged for one that lives shortly."""
        if self._token.count(".") != _JWT_PARTS - 1:
            request.headers["Authorization"] = f"Token {self._token}"
            return
        with campaign_extra():
            import httpx
        if time.monotonic() > self._until:
            asked = {"refresh": self._token}
            answer = httpx.post(f"{self.url}/api/token/refresh/", json=asked, timeout=60, trust_env=self._proxies)
            self._access = answer.raise_for_status().json()["access"]
            self._until = time.monotonic() + ACCESS
        request.headers["Authorization"] = f"Bearer {self._access}"
