"""Which tasks the embedded server keeps for whom: its interface does not say, its database does.

A task that somebody opened is kept for them for a day (TASK_LOCK_TTL), and a project of several annotators stands
still on it.  A server elsewhere has its database elsewhere: of it no locks are known.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from khabar.campaign.address import EMBEDDED, home
from khabar.campaign.database import database_of
from khabar.campaign.folder import Campaign
from khabar.campaign.people import People
from khabar.errors import NotFound, ServerTrouble

LIFE = timedelta(seconds=86_400)
"""How long the server keeps a task from the moment that somebody opened it last."""
_LOCKS = (
    "SELECT project_id, task_id, user_id, expire_at FROM tasks_tasklock"
    " JOIN task ON task.id = tasks_tasklock.task_id ORDER BY 1, 2, 3"
)


class Lock(NamedTuple):
    """A task that is kept for somebody.

    Attributes:
        article: Id of its article.
        annotator: Pseudonym of whom it is kept for.
        touched: When they opened it last.
        until: Until when it is kept.
    """

    article: str
    annotator: str
    touched: datetime
    until: datetime


def locks(campaign: Campaign) -> Iterator[Lock]:
    """Yield the locks on a campaign's tasks, as far as pulls have seen those.

    There are none where another server is used, or where the database of ours does not answer.
    """
    if home() != EMBEDDED:
        return
    try:
        found = database_of(campaign.corpus.studio, os.environ).ask(_LOCKS)
    except (NotFound, ServerTrouble):
        return
    articles = {each.task: each.article for each in campaign.corpus.work(campaign.name)}
    people = People(campaign.corpus.studio, EMBEDDED)
    who = {number: people.who(campaign.plan, name) for name, number in campaign.plan.projects.items()}
    for project, task, user, stored in found:
        if int(project) in who and int(task) in articles:
            until = _moment(stored)
            yield Lock(articles[int(task)], who[int(project)](int(user))[0], until - LIFE, until)


def _moment(stored: str) -> datetime:
    """Read a moment as databases give it: UTC, and SQLite does not say so."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)
