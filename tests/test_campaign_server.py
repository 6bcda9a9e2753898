"""Campaigns against a real Label Studio: what goes in comes out, once, and trouble is one line."""

import itertools
import json
import shutil

import msgspec
import pytest
from click.testing import CliRunner

from campaigns import region
from khabar.campaign import push as push_module
from khabar.campaign import sending
from khabar.campaign.client import Door
from khabar.campaign.design import Wanted
from khabar.campaign.design import begin as planned
from khabar.campaign.folder import Campaign, new_campaign
from khabar.campaign.load import Load
from khabar.campaign.page import Page
from khabar.campaign.pull import pull
from khabar.campaign.push import push
from khabar.campaign.server import Server
from khabar.cli import cli
from khabar.errors import BadRecord, Changed, NotFound, ServerTrouble
from khabar.model.annotation import with_words, withheld
from studios import add, begin, files, number, of, post, put, quiet, tasks_on, unique

pytestmark = pytest.mark.server

NOBODY = "0" * 40


def test_the_server_finds_nothing_wrong_with_the_page_of_any_choice_of_layers(labels, door):
    for count in range(1, len(labels.layer_names) + 1):
        for layers in itertools.combinations(labels.layer_names, count):
            post(door, "projects/validate/", {"label_config": Page(labels, layers).xml})


def test_pushing_twice_sends_everything_once(corpus, door, tmp_path, monkeypatch):
    campaign = begin(corpus, add(corpus, count=3))
    load = Load(
        predictions=put(corpus, tmp_path / "p", *(of(corpus, key, "tagger-0.1") for key in campaign.plan.articles)),
        annotations=put(corpus, tmp_path / "a", *(of(corpus, key) for key in campaign.plan.articles)),
    )

    first = push(campaign, door, load, quiet)
    with monkeypatch.context() as patch:
        for name in ("add_tasks", "add_predictions", "add_annotation", "create_project"):
            patch.setattr(door, name, None)
        second = push(Campaign(corpus, campaign.name), door, load, quiet)

    assert first.sent == second.there == {"tasks": 3, "predictions": 3, "annotations": 3}
    assert second.sent == first.there == {"tasks": 0, "predictions": 0, "annotations": 0}
    assert first.refused == second.refused == []
    assert first.projects == second.projects
    on_server = tasks_on(door, campaign)
    assert [(each["total_annotations"], each["total_predictions"]) for each in on_server] == [(1, 1)] * 3


def test_a_push_that_is_cut_off_is_completed_by_the_next(corpus, door, tmp_path, monkeypatch):
    campaign = begin(corpus, add(corpus, count=5))
    load = Load(predictions=put(corpus, tmp_path / "p", *(of(corpus, key, "t") for key in campaign.plan.articles)))
    monkeypatch.setattr(sending, "BATCH", 2)
    monkeypatch.setattr(push_module, "BATCH", 2)

    def killed(words):
        if words == at:
            raise KeyboardInterrupt

    for at in ("2 tasks", "2 predictions"):
        with pytest.raises(KeyboardInterrupt):
            push(Campaign(corpus, campaign.name), door, load, killed)
        at = "never"  # noqa: PLW2901 - what `killed` looks at
    done = push(Campaign(corpus, campaign.name), door, load, quiet)

    assert (done.sent["tasks"], done.there["tasks"]) == (0, 5)
    assert (done.sent["predictions"], done.there["predictions"]) == (3, 2)
    assert [each["total_predictions"] for each in tasks_on(door, Campaign(corpus, campaign.name))] == [1] * 5


def test_a_push_that_was_cut_off_before_it_noted_its_project_finds_it_again(corpus, door):
    campaign = begin(corpus, add(corpus))
    before = (campaign.folder / "campaign.toml").read_bytes()
    first = push(campaign, door, Load(), quiet)
    (campaign.folder / "campaign.toml").write_bytes(before)

    second = push(Campaign(corpus, campaign.name), door, Load(), quiet)

    assert first.projects == second.projects
    assert second.there["tasks"] == 1


def test_an_annotation_comes_out_as_it_went_in_and_pulling_again_writes_nothing(corpus, door, tmp_path):
    keys = [*add(corpus, "open", 2), *add(corpus, "closed", 1)]
    campaign = begin(corpus, keys)
    put(corpus, tmp_path / "a", *(of(corpus, key) for key in keys))
    push(campaign, door, Load(annotations=tmp_path / "a"), quiet)

    first = pull(campaign, door, quiet)
    before = files(campaign)
    second = pull(campaign, door, quiet)

    assert (first.new, first.written, first.away, first.notes) == (True, 3, (), ())
    for key in keys:
        path = campaign.folder / "annotations" / "a1" / f"{key}.json"
        article = corpus.article(key)
        text = corpus.text(article)
        ready = (
            with_words(of(corpus, key), text)
            if key.startswith("open")
            else withheld(of(corpus, key), text, corpus.labels.words_attributes)
        )
        assert corpus.read_annotation(path, expected=key) == ready
        assert len(ready.relations) == 2
    assert (second.new, second.written, second.removed) == (False, 0, 0)
    assert files(campaign) == before


def test_no_word_of_an_article_that_may_not_be_published_leaves_exports(corpus, door, tmp_path):
    (key,) = add(corpus, "closed")
    campaign = begin(corpus, [key])
    push(campaign, door, Load(), quiet)
    (task,) = tasks_on(door, campaign)
    bad = [region(0, 999, text="The minister"), region(3, 9, "Rihan", "r2"), region(3, 9, name="r3", text="Omar")]
    post(door, f"tasks/{task['id']}/annotations", {"result": bad})
    push(campaign, door, Load(annotations=put(corpus, tmp_path / "a", of(corpus, key))), quiet)

    found = pull(campaign, door, quiet)

    assert [each.item for each in found.away] == ["r1", "r2", "r3", ""]
    assert len(corpus.read_annotation(campaign.folder / "annotations" / "a1" / f"{key}.json").spans) == 6
    for path, content in files(campaign).items():
        if "exports" not in path.parts:
            assert not any(word in content.decode() for word in ("minister", "Sami", "Omar", "Rihan", "soon")), path


def test_what_is_edited_added_and_deleted_after_a_pull_is_seen_by_the_next(corpus, door, tmp_path):
    keys = add(corpus, count=3)
    campaign = begin(corpus, keys)
    put(corpus, tmp_path / "a", *(of(corpus, key) for key in keys))
    push(campaign, door, Load(annotations=tmp_path / "a"), quiet)
    pull(campaign, door, quiet)
    edited, emptied, deleted = tasks_on(door, campaign)
    folder = campaign.folder / "annotations" / "a1"

    post(
        door,
        f"annotations/{edited['annotations'][0]['id']}/",
        {"result": [region(*(2, 14), "ORG", text="The minister")]},
        "PATCH",
    )
    post(door, f"annotations/{emptied['annotations'][0]['id']}/", None, "DELETE")
    second = pull(campaign, door, quiet)
    post(door, f"tasks/{deleted['id']}/", None, "DELETE")
    third = pull(campaign, door, quiet)

    assert (second.new, second.summary.full, second.written, second.removed) == (True, False, 1, 1)
    assert [each.label for each in corpus.read_annotation(folder / f"{keys[0]}.json").spans] == ["ORG"]
    assert not (folder / f"{keys[1]}.json").exists()
    assert (third.new, third.summary.full, third.summary.tasks, third.removed) == (True, True, 2, 1)
    gone = "what a1 annotated is there no more, its file was removed; the pages of earlier pulls have it"
    assert (second.notes, third.notes) == ((f"{keys[1]}: {gone}",), (f"{keys[2]}: {gone}",))
    assert [path.stem for path in folder.iterdir()] == [keys[0]]


def test_a_pull_that_is_cut_off_is_completed_by_the_next(corpus, door, tmp_path, monkeypatch):
    monkeypatch.setattr("khabar.campaign.client.PAGE", 2)
    keys = add(corpus, count=5)
    campaign = begin(corpus, keys)
    put(corpus, tmp_path / "a", *(of(corpus, key) for key in keys))
    push(campaign, door, Load(annotations=tmp_path / "a"), quiet)

    def killed(words):
        if words == "page 2":
            raise KeyboardInterrupt

    def killed_while_writing(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(campaign, door, killed)
    assert (campaign.folder / "exports" / "0001").is_dir()
    assert not (campaign.folder / "manifest.json").exists()
    asked = []
    pages = door.pages
    monkeypatch.setattr(door, "pages", lambda *of, **only: asked.append(only) or pages(*of, **only))
    with monkeypatch.context() as patch:
        patch.setattr("khabar.campaign.settling.Settling._write", killed_while_writing)
        with pytest.raises(KeyboardInterrupt):
            pull(campaign, door, quiet)
    done = pull(campaign, door, quiet)

    assert asked[0]["after"] > 0  # it went on behind the tasks that it had
    assert (done.new, done.summary.tasks, done.summary.annotations, done.written) == (False, 5, 5, 5)
    pages = sorted((campaign.folder / "exports").glob("*/*/*"))
    assert [path.name for path in pages] == ["page-0001.json", "page-0002.json", "page-0003.json"]


def test_drafts_are_pulled_however_many_there_are(corpus, door, monkeypatch):
    monkeypatch.setattr("khabar.campaign.client.PAGE", 2)
    campaign = begin(corpus, add(corpus, count=6))
    push(campaign, door, Load(), quiet)
    *begun, submitted = tasks_on(door, campaign)
    for task in begun:
        post(door, f"tasks/{task['id']}/drafts", {"result": [], "lead_time": 1})
    post(door, f"tasks/{submitted['id']}/annotations", {"result": []})

    found = pull(campaign, door, quiet)

    assert (found.summary.annotations, found.summary.drafts) == (1, 5)


def test_a_checkout_without_exports_pulls_everything_and_a_touched_page_is_refused(corpus, door, tmp_path):
    keys = add(corpus)
    campaign = begin(corpus, keys)
    push(campaign, door, Load(annotations=put(corpus, tmp_path / "a", of(corpus, keys[0]))), quiet)
    pull(campaign, door, quiet)

    shutil.rmtree(campaign.folder / "exports")
    again = pull(campaign, door, quiet)
    page = campaign.folder / "exports" / "0002" / "all" / "page-0001.json"
    page.write_bytes(page.read_bytes().replace(b"Rihan", b"Raihan"))

    assert (again.new, again.summary.number, again.summary.full, again.written) == (True, 2, True, 0)
    with pytest.raises(Changed, match=r"what was pulled never changes"):
        pull(campaign, door, quiet)


def test_the_newer_of_two_annotations_by_one_annotator_counts(corpus, door, tmp_path):
    keys = add(corpus)
    campaign = begin(corpus, keys)
    push(campaign, door, Load(annotations=put(corpus, tmp_path / "a", of(corpus, keys[0]))), quiet)
    (task,) = tasks_on(door, campaign)
    post(door, f"tasks/{task['id']}/annotations", {"result": [region(2, 14, "OCC", text="The minister")]})
    post(door, f"tasks/{task['id']}/annotations", {"result": [], "was_cancelled": True})

    found = pull(campaign, door, quiet)

    (away,) = found.away
    assert "annotated the article again" in away.reason
    assert away.annotation == task["annotations"][0]["id"]
    assert found.summary.cancelled == 1
    kept = corpus.read_annotation(campaign.folder / "annotations" / "a1" / f"{keys[0]}.json")
    assert [each.label for each in kept.spans] == ["OCC"]


def test_wrong_offsets_posted_through_the_api_land_in_quarantine_and_the_rest_goes_on(corpus, door):
    keys = add(corpus)
    campaign = begin(corpus, keys)
    push(campaign, door, Load(), quiet)
    (task,) = tasks_on(door, campaign)
    result = [
        region("2", 14, "OCC", "r1", text="The minister"),
        region(3, 15, "OCC", "r2", text="The minister"),
        region(2, 9999, "OCC", "r3"),
        region(2, 14, "OCC", "r4", text="The minister"),
    ]
    post(door, f"tasks/{task['id']}/annotations", {"result": result})

    found = pull(campaign, door, quiet)

    kept = corpus.read_annotation(campaign.folder / "annotations" / "a1" / f"{keys[0]}.json")
    assert [(each.id, each.text) for each in kept.spans] == [("r4", "The minister")]
    lines = [json.loads(line) for line in (campaign.folder / "quarantine.jsonl").read_bytes().splitlines()]
    assert [(each["article"], each["item"]) for each in lines] == [(keys[0], "r1"), (keys[0], "r2"), (keys[0], "r3")]
    assert "UTF-16" in lines[1]["reason"]
    assert found.summary.quarantined == 3


def test_what_cannot_be_sent_is_named_and_the_rest_goes_on(corpus, door, tmp_path):
    keys = [*add(corpus, "open", 2), *add(corpus, "closed")]
    (corpus.root / "corpus" / "closed" / f"{keys[2]}.txt").unlink()
    campaign = begin(corpus, keys)
    spans = of(corpus, keys[0]).spans
    moved = msgspec.structs.replace(spans[0], start=spans[0].start + 1)
    put(corpus, tmp_path / "p", of(corpus, keys[0], spans=(moved, *spans[1:])), of(corpus, keys[1]))
    (tmp_path / "p" / "broken.json").write_text("{")
    put(corpus, tmp_path / "b", of(corpus, keys[1], spans=(), relations=()))
    put(corpus, tmp_path / "n", of(corpus, keys[0], "nobody"))

    first = push(campaign, door, Load(predictions=tmp_path / "p"), quiet)
    other = push(campaign, door, Load(predictions=tmp_path / "b", annotations=tmp_path / "n"), quiet)

    assert first.sent == {"tasks": 2, "predictions": 1, "annotations": 0}
    assert len(first.refused) == 3
    assert first.refused[0].startswith(f"{keys[2]}: the text is not at hand")
    assert "other words there" in first.refused[1]
    assert "broken.json: " in first.refused[2]
    assert "predicts something else there already" in other.refused[1]
    assert "known as 'nobody'" in other.refused[2]
    assert other.sent == {"tasks": 0, "predictions": 0, "annotations": 0}


def test_a_page_that_drifted_on_the_server_is_refused_at_push_and_pull(corpus, door):
    campaign = begin(corpus, add(corpus))
    push(campaign, door, Load(), quiet)
    page = campaign.frozen.replace('value="PERS"', 'value="PERSON"')
    post(door, f"projects/{number(campaign)}/", {"label_config": page}, "PATCH")

    for act in (lambda: push(campaign, door, Load(), quiet), lambda: pull(campaign, door, quiet)):
        with pytest.raises(
            Changed, match=r"the label page of project \d+ is [0-9a-f]{8}, .* put .*page.xml back there"
        ):
            act()


def test_a_label_set_that_changed_since_is_refused_at_push_and_pull(corpus, door):
    campaign = begin(corpus, add(corpus))
    plan = campaign.folder / "campaign.toml"
    plan.write_text(plan.read_text().replace(campaign.page.digest, "0" * 64))
    changed = Campaign(corpus, campaign.name)

    for act in (lambda: push(changed, door, Load(), quiet), lambda: pull(changed, door, quiet)):
        with pytest.raises(Changed, match="undo what was changed there, or begin a new campaign"):
            act()


def test_a_deleted_project_gets_one_clear_line(corpus, door):
    campaign = begin(corpus, add(corpus))
    with pytest.raises(ServerTrouble, match="on no server yet"):
        pull(campaign, door, quiet)
    push(campaign, door, Load(), quiet)
    post(door, f"projects/{number(campaign)}/", None, "DELETE")

    for act in (lambda: push(campaign, door, Load(), quiet), lambda: pull(campaign, door, quiet)):
        with pytest.raises(ServerTrouble, match=r"has no project \d+, which .*campaign.toml names: was it deleted"):
            act()


def test_a_server_that_does_not_answer_or_refuses_us_gets_one_line(door):
    with Door(Server(url="http://127.0.0.1:9", token=NOBODY)) as nowhere:
        with pytest.raises(ServerTrouble, match="is it up") as caught:
            nowhere.count(1)
        assert "\n" not in str(caught.value)
    with Door(Server(url=door.url, token=NOBODY)) as stranger, pytest.raises(ServerTrouble, match="401"):
        stranger.project(1)


def test_a_personal_token_opens_the_door_as_well(corpus, door):
    campaign = begin(corpus, add(corpus))
    token = post(door, "token/", {})["token"]

    with Door(Server(url=door.url, token=token)) as personal:
        done = push(campaign, personal, Load(), quiet)

    assert done.sent["tasks"] == 1


def test_a_project_that_annotators_share_has_each_task_annotated_as_often_as_asked(corpus, door):
    wanted = Wanted(articles=tuple(add(corpus)), annotators=("sami", "leila"), shared=True, overlap=2)
    campaign = planned(corpus, unique(), ["entity"], wanted)

    done = push(campaign, door, Load(), quiet)

    assert list(done.projects) == ["all"]
    assert [each[:56] for each in done.notes] == ["nobody on this server is known as sami, leila, there are"]
    assert post(door, f"projects/{number(campaign)}/", None, "GET")["maximum_annotations"] == 2
    with pytest.raises(NotFound, match="nobody on this server is known as 'sami'"):
        pull(campaign, door, quiet)


def test_a_project_without_tasks_is_pulled_and_nothing_is_written(corpus, door):
    (key,) = add(corpus, "closed")
    (corpus.root / "corpus" / "closed" / f"{key}.txt").unlink()
    campaign = begin(corpus, [key])
    push(campaign, door, Load(), quiet)
    before = files(campaign)

    found = [pull(campaign, door, quiet), pull(campaign, door, quiet)]

    assert [(each.new, each.summary.tasks) for each in found] == [(False, 0)] * 2
    assert files(campaign) == before


@pytest.mark.parametrize(
    ("name", "layers", "keys", "error"),
    [
        ("ab", ["entity"], ["open-open0"], BadRecord),
        ("Pilot", ["entity"], ["open-open0"], BadRecord),
        ("../../etc", ["entity"], ["open-open0"], BadRecord),
        ("pilot", ["entities"], ["open-open0"], NotFound),
        ("pilot", [], ["open-open0"], BadRecord),
        ("pilot", ["entity"], [], BadRecord),
        ("pilot", ["entity"], ["open-9"], NotFound),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_and_leaves_nothing(corpus, name, layers, keys, error):
    add(corpus)

    with pytest.raises(error):
        new_campaign(corpus, name, layers, keys)

    assert corpus.campaigns == ()


def test_the_commands_begin_push_and_pull_a_campaign(corpus, at_studio, tmp_path):
    key, other = [*add(corpus, "open"), *add(corpus, "closed")]
    name = unique()
    put(corpus, tmp_path / "a", of(corpus, key), of(corpus, other))

    def run(*arguments):
        return CliRunner().invoke(cli, ["--root", str(corpus.root), "campaign", *arguments])

    new = run("new", name, "--layers", "quote,entity", "--articles", key, "--source", "closed")
    push_ = run("push", name, "--annotations", str(tmp_path / "a"))
    pull_ = run("pull", name)
    again = run("pull", name)

    assert new.stdout == f"annotations/campaigns/{name}/campaign.toml\n"
    assert push_.exit_code == pull_.exit_code == again.exit_code == 0, push_.output
    assert "2 tasks sent (0 there already), 0 predictions sent (0 there already), 2 annotations sent" in push_.stderr
    assert at_studio.url in push_.stderr
    assert "pull 1: 2 tasks, 2 annotations (2 files written, 0 removed)" in pull_.stderr
    assert again.stderr.startswith("nothing new there: 2 tasks")
    assert pull_.stdout == again.stdout == ""


def test_the_state_of_the_server_outlives_it(corpus, studio):
    port = int(studio.status().url.rsplit(":", 1)[1])
    with Door(studio.status()) as door:
        campaign = begin(corpus, add(corpus))
        push(campaign, door, Load(), quiet)

    assert studio.down()
    assert studio.status() is None
    assert not studio.down()
    with pytest.raises(ServerTrouble, match="is it up"), Door(Server(url=door.url, token=NOBODY)) as shut:
        shut.count(1)
    server, started = studio.up(port)

    assert started
    assert studio.up() == (server, False)
    with Door(server) as door:
        assert len(tasks_on(door, campaign)) == 1
