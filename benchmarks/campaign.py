"""A campaign of many pre-annotated tasks, pushed, annotated and pulled: ours, and the plain SDK's way, in one run.

Both speak with one real Label Studio, each step in a process of its own, so that its memory can be told.  The SDK's way
verifies nothing, knows nothing of what is there already, and keeps nothing.  A second pull and a second push are ours
alone: the SDK's way would fetch all again, and send all again.
"""

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from synthetic import annotated

from khabar.campaign.client import Door
from khabar.campaign.folder import Campaign, new_campaign
from khabar.campaign.load import Load
from khabar.campaign.page import Page
from khabar.campaign.pull import pull
from khabar.campaign.push import push
from khabar.campaign.server import ENVIRONMENT, Server, Studio
from khabar.campaign.tasks import namespaced, results, task
from khabar.store import Corpus

ROOT = Path(__file__).resolve().parent.parent
NAME = "bench"
SOURCES = """
[synthetic]
outlet = "-"
license = "CC0-1.0"
rights_holder = "-"
redistribute = "text"
provenance = "authored"
"""


def quiet(_: str) -> None:
    """Say nothing."""


def made(root: Path, tasks: int) -> None:
    """Make a corpus of synthetic articles and a model's annotation of each."""
    labels = Corpus(ROOT).labels
    for folder in ("annotations", "corpus", "model"):
        (root / folder).mkdir()
    (root / "annotations" / "labels.toml").write_bytes((ROOT / "annotations" / "labels.toml").read_bytes())
    (root / "corpus" / "sources.toml").write_text(SOURCES, encoding="utf-8")
    corpus = Corpus(root)
    keys = []
    for number in range(tasks):
        one = annotated(number, labels)
        corpus.add_article(corpus.source("synthetic"), one.article, one.text)
        corpus.write_annotation(root / "model" / f"{one.article.id}.json", one.annotation)
        keys.append(one.article.id)
    new_campaign(corpus, NAME, labels.layer_names, keys)


def pushed(root: Path, server: Server) -> int:
    """Push tasks and predictions; return how many of both were sent."""
    with Door(server) as door:
        done = push(Campaign(Corpus(root), NAME), door, Load(predictions=root / "model"), quiet)
    return done.sent["tasks"] + done.sent["predictions"]


def pulled(root: Path, server: Server) -> int:
    """Pull; return the annotations that were believed."""
    with Door(server) as door:
        return pull(Campaign(Corpus(root), NAME), door, quiet).summary.annotations


def said(root: Path, server: Server) -> int:
    """Submit what the model said as the annotation of the first tasks, through the API."""
    corpus = Corpus(root)
    campaign = Campaign(corpus, NAME)
    (number,) = campaign.plan.projects.values()
    count = 0
    with Door(server) as door:
        for page in door.pages(number, fields="task_only"):
            for each in msgspec.json.decode(page)["tasks"]:
                if count == int(os.environ["ANNOTATED"]):
                    return count
                article = corpus.article(each["data"]["article"])
                annotation = corpus.read_annotation(root / "model" / f"{article.id}.json")
                text = corpus.needed_text(article)
                door.add_annotation(each["id"], 1, results(namespaced(annotation), text, campaign.page))
                count += 1
    return count


def plainly_pushed(root: Path, server: Server) -> int:
    """Send the same with the SDK alone: one import, predictions within the tasks."""
    from label_studio_sdk import LabelStudio

    corpus = Corpus(root)
    page = Page(corpus.labels, corpus.labels.layer_names)
    studio: Any = LabelStudio(base_url=server.url, api_key=server.token, timeout=1200, max_retries=0)
    project = studio.projects.create(title="plain", label_config=page.xml)
    (root / "plain").write_text(str(project.id), encoding="utf-8")
    tasks = []
    for article in corpus.articles:
        text = corpus.needed_text(article)
        annotation = corpus.read_annotation(root / "model" / f"{article.id}.json")
        result = results(namespaced(annotation), text, page)
        data = msgspec.to_builtins(task(article, text))
        tasks.append({"data": data, "predictions": [{"model_version": "model", "result": result}]})
    studio.projects.import_tasks(project.id, request=tasks)
    return 2 * len(tasks)


def plainly_pulled(root: Path, server: Server) -> int:
    """Fetch our project's tasks with the SDK alone."""
    from label_studio_sdk import LabelStudio

    (number,) = Campaign(Corpus(root), NAME).plan.projects.values()
    studio: Any = LabelStudio(base_url=server.url, api_key=server.token, timeout=1200, max_retries=0)
    return sum(len(each.annotations) for each in studio.tasks.list(project=number, page_size=100))


def _step(step: Callable[[Path, Server], int], root: Path, server: Server, told: Any) -> None:
    begin = time.perf_counter()
    count = step(root, server)
    told.put((time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, count))


def measured(name: str, step: Callable[[Path, Server], int], root: Path, server: Server) -> float:
    """Run a step in a process of its own; print and return its seconds."""
    spawn = multiprocessing.get_context("spawn")
    told: Any = spawn.Queue()
    process = spawn.Process(target=_step, args=(step, root, server, told))
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{name}: ended with {process.exitcode}")
    seconds, memory, count = told.get()
    print(f"{name:44}{seconds:9.1f} s {memory:8.0f} MB   {count:,}", flush=True)
    return float(seconds)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--annotated", type=int, help="annotations that are submitted one by one; all if not given")
    given = parser.parse_args()
    annotations = given.tasks if given.annotated is None else given.annotated
    os.environ["ANNOTATED"] = str(annotations)
    environment = Path(os.environ.get(ENVIRONMENT) or ROOT / ".studio" / "env")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "corpus"
        root.mkdir()
        made(root, given.tasks)
        studio = Studio(Path(folder) / "studio", environment)
        server, _ = studio.up(port=0)
        print(f"{given.tasks:,} tasks of 3.4 KB with 35 pre-annotated spans, {annotations:,} annotated")
        try:
            ours = measured("push, tasks and predictions", pushed, root, server)
            plain = measured("the same by the SDK, one import", plainly_pushed, root, server)
            measured("push again, nothing to send", pushed, root, server)
            measured("annotations submitted one by one", said, root, server)
            first = measured("pull, verified and written", pulled, root, server)
            listed = measured("the same tasks by the SDK, listed alone", plainly_pulled, root, server)
            measured("pull again, nothing new", pulled, root, server)
        finally:
            studio.down()
        print(f"push {ours / plain:.2f} times the SDK's seconds, pull {first / listed:.2f} times")


if __name__ == "__main__":
    main()
