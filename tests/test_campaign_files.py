"""Exports that were made by hand are taken like a pull: whole, once, and believed only where they hold."""

import json

import msgspec
import pytest

from campaigns import FACE
from conftest import add_gold
from khabar.adjudication.statements import statements
from khabar.campaign import tasks
from khabar.campaign.folder import Campaign, new_campaign
from khabar.campaign.page import Page
from khabar.campaign.pull import take
from khabar.errors import BadRecord, Changed

PAGE = (
    f"[{FACE} [[Leila](PERS norm=Leila entity=e1)](SOURCE id=s1 entity=e1) [said](CUE id=c1): "
    '["yes"](QUOTE type=direct marked=true HAS_SOURCE=s1 HAS_CUE=c1)](BODY role=lead)'
)


@pytest.fixture
def campaign(corpus):
    keys = [add_gold(corpus, "open", "a", PAGE), add_gold(corpus, "closed", "b", PAGE.replace("said", "told"))]
    return new_campaign(corpus, "by-hand", corpus.labels.layer_names, keys)


def export(campaign, path, *, shift=0):
    """Write what the Export button gives for annotations that say what the gold says."""
    corpus = campaign.corpus
    told = []
    for number, key in enumerate(campaign.plan.articles, start=1):
        article = corpus.article(key)
        text = corpus.text(article)
        result = tasks.results(corpus.gold_of(article), text, Page(corpus.labels, corpus.labels.layer_names))
        for item in result:
            if "start" in item.get("value", {}):
                item["value"] = item["value"] | {"start": item["value"]["start"] + shift}
        annotation = {"id": number, "completed_by": 1, "updated_by": 1, "result": result, "was_cancelled": False}
        data = msgspec.to_builtins(tasks.task(article, text))
        told.append({"id": number, "data": data, "annotations": [annotation], "drafts": [], "updated_at": ""})
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


def test_an_export_comes_out_as_what_went_in_and_twice_is_once(campaign, tmp_path):
    path = export(campaign, tmp_path / "export.json")

    first = take(campaign, [path])
    again = take(Campaign(campaign.corpus, "by-hand"), [path])

    assert (first.new, first.written, first.away) == (True, 2, ())
    assert (again.new, again.written) == (False, 0)
    for key in campaign.plan.articles:
        gold = campaign.corpus.gold_of(campaign.corpus.article(key))
        pulled = campaign.corpus.read_annotation(campaign.folder / "annotations" / "a1" / f"{key}.json")
        assert statements(pulled) == statements(gold)
        assert pulled.spans[0].text == gold.spans[0].text
    assert (campaign.folder / "exports" / "0001" / "all" / "page-0001.json").read_bytes() == path.read_bytes()
    closed = (campaign.folder / "annotations" / "a1" / "closed-b.json").read_text(encoding="utf-8")
    assert "Leila" not in closed


def test_offsets_that_do_not_mark_their_words_are_kept_apart(campaign, tmp_path):
    found = take(campaign, [export(campaign, tmp_path / "export.json", shift=1)])

    assert found.away
    assert all(each.reason for each in found.away)
    for key in campaign.plan.articles:
        assert campaign.corpus.read_annotation(campaign.folder / "annotations" / "a1" / f"{key}.json").spans == ()


def test_what_is_no_export_gets_one_line_and_leaves_nothing(campaign, tmp_path):
    path = tmp_path / "no.json"
    for content in (b"", b"{", b'"words"', b'{"projects": []}', b"\xff"):
        path.write_bytes(content)

        with pytest.raises(BadRecord) as error:
            take(campaign, [path])

        assert "\n" not in str(error.value)
    assert not (campaign.folder / "manifest.json").exists()


def test_a_campaign_with_a_project_on_a_server_takes_no_files(campaign, tmp_path):
    plan = campaign.folder / "campaign.toml"
    plan.write_text(plan.read_text(encoding="utf-8").replace('"all" = 0', '"all" = 3'), encoding="utf-8")

    with pytest.raises(Changed, match="has project 3 on the server: pull it from there"):
        take(Campaign(campaign.corpus, "by-hand"), [export(campaign, tmp_path / "export.json")])


def test_a_pull_says_how_many_rules_break_in_what_it_brought(campaign, tmp_path, khabar_here):
    root, path = campaign.corpus.root, export(campaign, tmp_path / "export.json")
    wrong = path.read_text(encoding="utf-8").replace('"choices": ["direct"]', '"choices": ["indirect"]')

    sound, _, told = khabar_here("--root", root, "campaign", "pull", "by-hand", "--from", path)
    path.write_text(wrong.replace('"updated_at": ""', '"updated_at": "2026-03-01T00:00:00Z"'), encoding="utf-8")
    broken, _, told_of_it = khabar_here("--root", root, "campaign", "pull", "by-hand", "--from", path)

    assert (sound, broken) == (0, 0)
    assert "errors" not in told
    assert "4 errors in what was pulled: khabar check annotations/campaigns/by-hand/annotations" in told_of_it


# How what was believed a pull ago cannot be read now; whether its article can still be told.
UNREAD = [
    (lambda task: task["data"].pop("sha256"), True),
    (lambda task: task["data"].update(text=None), True),
    (lambda task: task.update(id="one"), True),
    (lambda task: task["annotations"][0].pop("id"), True),
    (lambda task: task["annotations"][0].update(completed_by=None), True),
    (lambda task: task["data"].pop("article"), False),
    (lambda task: task.pop("data"), False),
    (lambda task: task.update(TWICE=[]), False),
]


@pytest.mark.parametrize(("broken", "told"), UNREAD)
def test_what_cannot_be_read_now_keeps_its_annotation_note_and_record(campaign, tmp_path, broken, told):
    path = export(campaign, tmp_path / "export.json")
    note = {"id": "n", "type": "textarea", "from_name": "note", "to_name": "text", "value": {"text": ["too long"]}}
    first, second = json.loads(path.read_bytes())
    first["annotations"][0]["result"].append(note)
    path.write_text(json.dumps([first, second]), encoding="utf-8")
    take(campaign, [path])
    before = {each: each.read_bytes() for each in (campaign.folder / "annotations").rglob("*.json")}
    notes = (campaign.folder / "notes.jsonl").read_bytes()

    broken(first)
    second["annotations"] = []
    path.write_text(json.dumps([first, second]).replace("TWICE", "drafts"), encoding="utf-8")
    found = take(Campaign(campaign.corpus, "by-hand"), [path])

    # The other article's annotation was deleted: that can be told unless the unread task may be of any article.
    kept = {each for each in before if told is False or each.stem == "open-a"}
    assert {each: each.read_bytes() for each in (campaign.folder / "annotations").rglob("*.json")} == {
        each: before[each] for each in kept
    }
    assert (len(found.away), found.written, found.removed) == (1, 0, 2 - len(kept))
    assert found.notes == (f"{len(kept)} annotations could not be read now and stay as they were: see the quarantine",)
    assert (campaign.folder / "notes.jsonl").read_bytes() == notes
    states = {each.article: each.state for each in campaign.corpus.work("by-hand") if each.annotation}
    assert states == {"open-a": "submitted", "closed-b": "deleted" if told else "submitted"}
