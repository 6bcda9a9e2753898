"""Adjudication on a real Label Studio: blind projects, an adjudicator, decisions that stay, whatever is cut off."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from adjudicating import TEXT, annotation, article, gold
from campaigns import region
from khabar.campaign.folder import Campaign
from khabar.campaign.page import Page
from khabar.campaign.people import People, Person
from khabar.cli import cli
from studios import post, tasks_on, unique

pytestmark = pytest.mark.server

A = (
    "[Port Sami](GPE id=e1 entity=p) opens, [said](CUE id=c1) [[Leila Haddad](PERS id=e2 entity=l)](SOURCE id=s1): "
    "[it opens](QUOTE id=q1 type=direct HAS_SOURCE=s1 HAS_CUE=c1)"
)
SHORT = A.replace("[Port Sami](GPE id=e1 entity=p)", "Port [Sami](PERS id=e1 entity=x)")
UNLINKED = A.replace(" HAS_CUE=c1", "")
ENDS = ("", " soon", " today")


@pytest.fixture
def run(corpus, at_studio):
    def call(*arguments):
        done = CliRunner().invoke(cli, ["--root", str(corpus.root), *arguments])
        assert isinstance(done.exception, SystemExit | None), done.exc_info
        assert done.exit_code in (0, 1), done.output
        return done

    return call


@pytest.fixture
def pilot(corpus, door, at_studio, run, tmp_path):
    """A campaign of two blind projects, annotated and pulled; returns its name and its articles."""
    user = post(door, "current-user/whoami", None, "GET")["id"]
    for who in ("ann-a", "ann-b", "judge"):
        People(corpus.studio, at_studio.url).add(who, Person(user=user))
    keys = [article(corpus, name=f"n{at}", text=TEXT + end) for at, end in enumerate(ENDS)]
    for who, said in (("ann-a", (A, A, A)), ("ann-b", (SHORT, UNLINKED, A))):
        for key, marked, end in zip(keys, said, ENDS, strict=True):
            told = annotation(corpus, key, marked + end, who)
            corpus.write_annotation(tmp_path / "said" / who / f"{key}.json", told)
    name = unique()
    asked = ("--layers", "entity,quote", "--articles", ",".join(keys), "--annotators", "ann-a,ann-b", "--overlap", "2")
    run("campaign", "new", name, *asked)
    pushed = run("campaign", "push", name, "--annotations", str(tmp_path / "said"))
    assert "6 annotations sent" in pushed.stderr, pushed.output
    run("campaign", "pull", name)
    return name, keys


def adjudicate(run, name, *arguments):
    return run("adjudicate", name, "--into", f"{name}-adj", "--adjudicators", "judge", *arguments)


def on_server(corpus, door, name):
    """Return the tasks of an adjudication campaign in the order in which they were made, with their predictions."""
    tasks = sorted(tasks_on(door, Campaign(corpus, name)), key=lambda each: each["id"])
    return [post(door, f"tasks/{each['id']}/", None, "GET") for each in tasks]


def answer(door, task, *more):
    """Submit what the adjudicator begins from, and more."""
    result = [*task["predictions"][0]["result"], *more]
    post(door, f"tasks/{task['id']}/annotations", {"result": result})


def note(*lines):
    value = {"text": list(lines)}
    return {"id": "n1", "from_name": "note", "to_name": "text", "type": "textarea", "value": value}


def test_the_server_finds_nothing_wrong_with_the_page_of_an_adjudicator(labels, door):
    page = Page(labels, labels.layer_names, adjudicates=True)

    post(door, "projects/validate/", {"label_config": page.xml})


def test_questions_are_asked_without_names_and_answers_come_back_with_their_reasons(corpus, door, run, pilot):
    name, (short, unlinked, same) = pilot

    first = adjudicate(run, name)
    tasks = on_server(corpus, door, f"{name}-adj")

    assert first.exit_code == 1
    assert f"{same}: gold written, 5 spans by ann-a, ann-b" in first.stdout
    assert f"{short}: 1 questions are open, to be asked in {name}-adj" in first.stdout
    assert {each["data"]["article"] for each in tasks} == {short, unlinked}
    assert "ann-" not in str([(each["data"], each["predictions"]) for each in tasks])
    task = next(each for each in tasks if each["data"]["article"] == short)
    lines = task["data"]["questions"].splitlines()
    assert lines[0].startswith("1. \N{FIRST STRONG ISOLATE}entity")
    labels = [re.match(r"   [AB] \u2068(\w+)\u2069", line)[1] for line in lines[1:3]]
    assert sorted(labels) == ["GPE", "PERS"]
    assert lines[3:] == ["   \N{EM DASH} \u2068only with a note, as 1: none\u2069"]
    (begun,) = task["predictions"]
    regions = [each for each in begun["result"] if each["type"] == "labels"]
    assert [each["value"]["labels"] for each in regions] == [["PERS"], ["CUE"], ["SOURCE"], ["QUOTE"]]
    assert begun["model_version"] == "settled"

    port = region(0, 9, "GPE", "new1", text="Port Sami")
    answer(door, task, port, note("1: the port, not the man"))
    pulled = run("campaign", "pull", f"{name}-adj")
    second = adjudicate(run, name)

    assert pulled.exit_code == 0, pulled.output
    assert f"{short}: gold written, 5 spans by ann-a, ann-b, 1 adjudicated" in second.stdout
    assert f"{unlinked}: 1 questions wait for an adjudicator in {name}-adj" in second.stdout
    assert ("Port Sami", "GPE") in gold(corpus, short)[0]
    decision = next(each for each in corpus.decisions_of(corpus.article(short)).decisions if each.how == "adjudicated")
    assert (decision.by, decision.reason) == (("judge",), "the port, not the man")
    assert sorted(each.by for each in decision.candidates) == [("ann-a",), ("ann-b",)]


def test_annotations_that_come_later_leave_decisions_as_they_are(corpus, door, run, pilot):
    name, (short, *_) = pilot
    adjudicate(run, name)
    task = next(each for each in on_server(corpus, door, f"{name}-adj") if each["data"]["article"] == short)
    answer(door, task, region(0, 9, "GPE", "new1", text="Port Sami"))
    run("campaign", "pull", f"{name}-adj")
    adjudicate(run, name)
    before = corpus.gold_place(corpus.article(short)).read_bytes()

    campaign = Campaign(corpus, name)
    mine = next(each for each in tasks_on(door, campaign, "ann-a") if each["data"]["article"] == short)
    said = [each for each in mine["annotations"][0]["result"] if each.get("id") != "e1"]
    post(door, f"annotations/{mine['annotations'][0]['id']}/", {"result": said}, "PATCH")
    pulled = run("campaign", "pull", name)
    again = adjudicate(run, name)

    assert "1 files written" in pulled.stderr
    assert f"{short}: gold says the same already" in again.stdout
    assert corpus.gold_place(corpus.article(short)).read_bytes() == before


@pytest.mark.parametrize("delay", [0.8, 1.6, 2.4])
def test_what_is_killed_is_completed_by_the_next_run_and_nothing_is_doubled(corpus, door, run, pilot, delay):
    name, (short, unlinked, same) = pilot
    order = [sys.executable, "-m", "khabar", "--root", str(corpus.root), "adjudicate", name, "--into", f"{name}-adj"]
    with subprocess.Popen(order, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)) as killed:
        time.sleep(delay)
        killed.send_signal(signal.SIGKILL)

    done = adjudicate(run, name)
    again = adjudicate(run, name)

    tasks = on_server(corpus, door, f"{name}-adj")
    assert sorted(each["data"]["article"] for each in tasks) == sorted([short, unlinked])
    assert [len(each["predictions"]) for each in tasks] == [1, 1]
    assert all(each["data"]["questions"] for each in tasks)
    assert corpus.gold_of(corpus.article(same)) is not None
    assert f"{same}: gold" in done.stdout
    assert f"{same}: gold says the same already" in again.stdout
    assert [name for name in corpus.campaigns if "adj" in name] == [f"{name}-adj"]
