"""Which tasks the embedded server keeps for whom: its interface does not say, its database does.

A task that somebody opened is kept for them for a day (TASK_LOCK_TTL), and a project of several annotators stands
still on it.  A server elsewhere has its database elsewhere: of it no locks are known.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from khabar.campaign.address import EMBEDDED, home
from khabar.campaign.database.sqlite import SQLite
from khabar.campaign.folder import Campaign
from khabar.campaign.people import People

LIFE = timedelta(seconds=86_400)
"""How long the server keeps a task from the moment that somebody opened it last."""
_LOCKS = (
    "SELECT tasks_tasklock.task_id, user_id, expire_at FROM tasks_tasklock"
    " JOIN task ON task.id = tasks_tasklock.task_id WHERE task.project_id = ? ORDER BY 1, 2"
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
    """Yield the locks on a campaign's tasks, as far as pulls have seen those; none where another server is used."""
    database = campaign.corpus.studio / SQLite.part
    if home() != EMBEDDED or not database.is_file():
        return
    articles = {each.task: each.article for each in campaign.corpus.work(campaign.name)}
    people = People(campaign.corpus.studio, EMBEDDED)
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            for name, number in campaign.plan.projects.items():
                who = people.who(campaign.plan, name)
                for task, user, stored in connection.execute(_LOCKS, (number,)):
                    until = _moment(stored)
                    if task in articles:
                        yield Lock(articles[task], who(user)[0], until - LIFE, until)
    except sqlite3.Error:
        return  # a server that was never up has no tables


def _moment(stored: str) -> datetime:
    """Read a moment as Django stores it: UTC, and not said so."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)
