"""Where a task is opened in Label Studio."""

import os

from khabar.campaign.address import URL
from khabar.campaign.folder import Campaign
from khabar.campaign.server import Studio
from khabar.store import Corpus


def task_path(project: int, task: int) -> str:
    """Return the path of a task on its server."""
    return f"/projects/{project}/data?task={task}"


def server_url(corpus: Corpus) -> str:
    """Return the address of the server that campaigns talk to, empty where none is named and none is up."""
    if named := os.environ.get(URL, ""):
        return named.rstrip("/")
    server = Studio(corpus.studio).status()
    return server.url if server else ""


def links(corpus: Corpus) -> dict[tuple[str, str], str]:
    """Return the path of the task of every annotation that a campaign pulled, by annotator and article."""
    found: dict[tuple[str, str], str] = {}
    for name in corpus.campaigns:
        projects = Campaign(corpus, name).plan.projects
        for each in corpus.work(name):
            if projects.get(each.project) and each.state == "submitted":
                found[each.annotator, each.article] = task_path(projects[each.project], each.task)
    return found
