"""Campaigns on a bad day, against a real Label Studio: nothing is lost, nothing doubled, trouble is one line."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from operator import itemgetter

import pytest

import faults
from khabar.campaign import sending
from khabar.campaign.client import Door
from khabar.campaign.folder import Campaign
from khabar.campaign.load import Load
from khabar.campaign.pull import pull
from khabar.campaign.push import push
from khabar.campaign.server import Server
from khabar.errors import Busy, Changed, ServerTrouble
from studios import add, begin, files, number, of, post, put, quiet, tasks_on

pytestmark = pytest.mark.server

SMALL = """
import sys
from khabar.campaign import client, push, sending
client.PAGE = push.BATCH = sending.BATCH = 2
sending.QUIET = 2.0
from khabar.cli import main
sys.argv[0] = "khabar"
main()
"""
"""The command in small batches and pages, so that there is much to interrupt."""


ENDS = (faults.lost, faults.unanswered)
"""What becomes of the request at which a command is killed."""


@pytest.fixture
def proxy(studio):
    with faults.before(studio.status().url) as proxy:
        yield proxy


@pytest.fixture
def through(studio, proxy):
    """An open door to the real server, through the proxy."""
    with Door(Server(url=proxy.url, token=studio.status().token)) as door:
        yield door


@pytest.fixture
def small(monkeypatch):
    for name in ("khabar.campaign.client.PAGE", "khabar.campaign.push.BATCH", "khabar.campaign.sending.BATCH"):
        monkeypatch.setattr(name, 2)
    monkeypatch.setattr(sending, "QUIET", 1.0)


def command(corpus, studio, proxy, *arguments):
    """Start a command that speaks with the server through the proxy."""
    environment = os.environ | {"KHABAR_STUDIO_URL": proxy.url, "KHABAR_STUDIO_TOKEN": studio.status().token}
    return subprocess.Popen(
        [sys.executable, "-c", SMALL, "--root", str(corpus.root), "campaign", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed(start, proxy, points):
    """Start a command and kill it at a request, point after point; return how it ended when nobody killed it."""
    running = []
    started = threading.Event()

    def kill():
        started.wait()
        running[-1].send_signal(signal.SIGKILL)
        running[-1].wait()

    for point, fault in points:
        started.clear()
        proxy.reset({point: faults.meanwhile(kill, fault)})
        running.append(start())
        started.set()
        running[-1].communicate(timeout=120)
    proxy.reset()
    last = start()
    out, err = last.communicate(timeout=120)
    assert -signal.SIGKILL in {each.returncode for each in running}
    return last.returncode, out, err


def whole(door, campaign, keys):
    """Make sure that every article has one task and every task one prediction, in one project."""
    found = Campaign(campaign.corpus, campaign.name)
    tasks = tasks_on(door, found)
    assert Counter(each["data"]["article"] for each in tasks) == dict.fromkeys(keys, 1)
    assert [each["total_predictions"] for each in tasks] == [1] * len(keys)
    projects = post(door, "projects/?page_size=1000", None, "GET")["results"]
    assert sum(each["title"] == campaign.name for each in projects) == 1


def test_a_push_killed_at_random_requests_and_run_again_sends_everything_once(corpus, studio, door, proxy, tmp_path):
    keys = sorted(add(corpus, count=5))
    campaign = begin(corpus, keys)
    put(corpus, tmp_path / "p", *(of(corpus, key, "tagger-0.1") for key in keys))
    draw = random.Random(5)  # noqa: S311 - the same points every time
    points = [(2, faults.unanswered), *((draw.randint(5, 12), draw.choice(ENDS)) for _ in range(3))]

    def start():
        return command(corpus, studio, proxy, "push", campaign.name, "--predictions", tmp_path / "p")

    status, out, err = killed(start, proxy, points)

    assert (status, out) == (0, ""), err
    whole(door, campaign, keys)
    assert not (campaign.folder / ".sending").exists()


def test_a_pull_killed_at_random_requests_and_run_again_loses_nothing(corpus, studio, door, proxy, tmp_path):
    keys = sorted(add(corpus, count=7))
    campaign = begin(corpus, keys)
    push(campaign, door, Load(annotations=put(corpus, tmp_path / "a", *(of(corpus, key) for key in keys))), quiet)
    draw = random.Random(6)  # noqa: S311 - the same points every time
    points = [(draw.randint(3, 6), draw.choice(ENDS)) for _ in range(3)]

    status, out, err = killed(lambda: command(corpus, studio, proxy, "pull", campaign.name), proxy, points)
    once = files(campaign)
    again = pull(campaign, door, quiet)

    assert (status, out) == (0, ""), err
    assert "7 tasks, 7 annotations" in err
    assert sorted(path.stem for path in (campaign.folder / "annotations" / "a1").iterdir()) == keys
    assert not again.new
    assert files(campaign) == once


FAULTS = {
    "lost": (faults.lost, "is it up"),
    "unanswered": (faults.unanswered, "is it up"),
    "truncated": (faults.truncated, "127.0.0.1"),
    "gateway": (faults.gateway, "502"),
    "unavailable": (faults.unavailable, "503 on a bad day"),
    "expired": (faults.expired, "401 Invalid token"),
    "strange": (faults.strange, "127.0.0.1"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_answer_is_one_line_and_the_next_run_goes_on(corpus, door, through, proxy, small, tmp_path, name):  # noqa: PLR0913, PLR0917 - all of it is given
    fault, said = FAULTS[name]
    keys = sorted(add(corpus, count=3))
    campaign = begin(corpus, keys)
    load = Load(predictions=put(corpus, tmp_path / "p", *(of(corpus, key, "tagger-0.1") for key in keys)))

    def troubled(act, *points):
        for point in points:
            proxy.reset({point: fault})
            with pytest.raises(ServerTrouble, match=said) as caught:
                act()
            assert "\n" not in str(caught.value)
            assert len(str(caught.value)) < 500
        proxy.reset()
        return act()

    pushed = troubled(lambda: push(campaign, through, load, quiet), 1, 2, 5, 7)
    pulled = troubled(lambda: pull(campaign, through, quiet), 1, 2, 3)

    assert pushed.refused == []
    whole(door, campaign, keys)
    assert (pulled.summary.tasks, pulled.away) == (3, ())


def test_an_import_that_goes_on_after_its_sender_was_killed_is_waited_for(corpus, door, through, proxy):
    keys = sorted(add(corpus, count=2))
    campaign = begin(corpus, keys)
    late = []

    def later(handler, passed_on):
        late.append(threading.Timer(1.5, passed_on))
        late[0].start()
        faults.lost(handler, passed_on)

    proxy.reset({"/import": later})
    with pytest.raises(ServerTrouble):
        push(campaign, through, Load(), quiet)
    done = push(campaign, door, Load(), quiet)
    late[0].join()

    assert (done.sent["tasks"], done.there["tasks"]) == (0, 2)
    assert len(tasks_on(door, campaign)) == 2


def test_tasks_that_were_doubled_go_unless_somebody_annotated_them(corpus, door):
    keys = sorted(add(corpus, count=2))
    campaign = begin(corpus, keys)
    push(campaign, door, Load(), quiet)
    first, second = tasks_on(door, campaign)
    copies = [{"data": each["data"]} for each in (first, second)]
    post(door, f"projects/{number(campaign)}/import", copies)
    copy = max((each for each in tasks_on(door, campaign) if each["data"]["article"] == keys[1]), key=itemgetter("id"))
    post(door, f"tasks/{copy['id']}/annotations", {"result": []})

    done = push(campaign, door, Load(), quiet)

    assert sorted(note.split(": ")[1] for note in done.notes) == ["removed", "somebody annotated it, so it stays"]
    assert len(tasks_on(door, campaign)) == 3


def test_a_server_that_restarts_in_the_middle_is_one_line_and_then_all_is_there(corpus, studio, proxy, small):
    keys = sorted(add(corpus, count=3))
    campaign = begin(corpus, keys)
    port = int(studio.status().url.rsplit(":", 1)[1])
    token = studio.status().token

    def restart():
        studio.down()
        studio.up(port)

    with Door(Server(url=proxy.url, token=token)) as through:
        proxy.reset({"/import": faults.meanwhile(restart, faults.lost)})
        with pytest.raises(ServerTrouble, match="is it up"):
            push(campaign, through, Load(), quiet)
        proxy.reset()
        push(campaign, through, Load(), quiet)

        assert [each["data"]["article"] for each in tasks_on(through, campaign)] == keys


def test_two_leads_at_once_wait_for_each_other_in_one_line(corpus, door):
    campaign = begin(corpus, add(corpus))
    push(campaign, door, Load(), quiet)
    other = Campaign(corpus, campaign.name)

    with campaign.alone():
        for act in (lambda: push(other, door, Load(), quiet), lambda: pull(other, door, quiet)):
            with pytest.raises(Busy, match="another khabar writes there now"):
                act()

    assert pull(other, door, quiet).summary.tasks == 1


def test_a_task_that_was_deleted_is_sent_anew_and_a_project_only_on_request(corpus, door):
    keys = sorted(add(corpus, count=2))
    campaign = begin(corpus, keys)
    push(campaign, door, Load(), quiet)
    gone, _ = tasks_on(door, campaign)

    post(door, f"tasks/{gone['id']}/", None, "DELETE")
    anew = push(campaign, door, Load(), quiet)
    post(door, f"projects/{number(campaign)}/", None, "DELETE")
    with pytest.raises(ServerTrouble, match=r"has no project \d+, .* to push it anew, write all = 0 there"):
        push(campaign, door, Load(), quiet)
    plan = campaign.folder / "campaign.toml"
    plan.write_text(plan.read_text().replace(f'"all" = {number(campaign)}', '"all" = 0'))
    again = push(campaign, door, Load(), quiet)

    assert (anew.sent["tasks"], again.sent["tasks"]) == (1, 2)


def test_a_page_mended_by_hand_on_the_server_stops_push_pull_and_dry_run(corpus, door, khabar_here, at_studio):
    campaign = begin(corpus, add(corpus))
    push(campaign, door, Load(), quiet)
    page = campaign.frozen.replace('hotkey="', 'hotkey="x', 1)
    post(door, f"projects/{number(campaign)}/", {"label_config": page}, "PATCH")

    for act in (["push"], ["push", "--dry-run"], ["pull"]):
        status, out, err = khabar_here("--root", corpus.root, "campaign", *act, campaign.name)
        assert (status, out) == (Changed.status, "")
        assert "put annotations/campaigns" in err
        assert err.count("\n") == 1
