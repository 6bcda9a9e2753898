"""Exports that were made by hand are taken like a pull: whole, once, and believed only where they hold."""

import json

import msgspec
import pytest

from campaigns import FACE
from conftest import add_gold
from khabar.adjudication.statements import statements
from khabar.campaign import tasks
from khabar.campaign.folder import Campaign, Design, new_campaign
from khabar.campaign.page import Page
from khabar.campaign.people import People, Person
from khabar.campaign.plan import Annotator
from khabar.campaign.pull import take
from khabar.campaign.settling import quarantine
from khabar.errors import BadRecord, Changed
from khabar.store import Corpus

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
    for number, key in enumerate(campaign.plan.asked, start=1):
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
    assert (campaign.folder / "exports" / ".gitignore").read_text(encoding="utf-8") == "*\n"  # it names accounts
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


def test_what_follows_from_one_cause_is_counted_and_not_told_one_by_one(campaign, tmp_path, khabar_here):
    path = export(campaign, tmp_path / "export.json")
    path.write_text(path.read_text(encoding="utf-8").replace('"QUOTE"', '"SAYING"', 1), encoding="utf-8")

    status, out, err = khabar_here("--root", campaign.corpus.root, "campaign", "pull", "by-hand", "--from", path)

    assert status == 1
    assert len(out.splitlines()) == 1
    assert "quote has no label" in out
    away = len(quarantine(campaign))
    assert f"quarantine.jsonl, with {away - 1} that hang on those" in err
    assert away == 1 + 2 + 2  # type and marked, the links to source and cue


def part(path, *numbers, **changes):
    """Write some tasks of an export as a file of their own; ``changes`` are those of their annotations."""
    told = [each for each in json.loads(path.read_bytes()) if each["id"] in numbers]
    for each in told:
        each["annotations"] = [annotation | changes for annotation in each["annotations"]]
    found = path.with_name(f"{'-'.join(map(str, numbers))}{''.join(changes)}.json")
    found.write_text(json.dumps(told), encoding="utf-8")
    return found


def test_a_file_adds_to_those_before_and_tells_what_a_full_one_has_no_more(campaign, tmp_path):
    path = export(campaign, tmp_path / "export.json")
    first, second = part(path, 1), part(path, 2)

    founds = [take(campaign, [each]) for each in (first, second, first)]
    whole = take(campaign, [second], full=True)

    assert [(each.new, each.summary.annotations, each.removed) for each in founds] == [
        (True, 1, 0),
        (True, 2, 0),
        (False, 2, 0),
    ]
    assert (whole.new, whole.summary.annotations, whole.removed) == (True, 1, 1)
    (gone,) = whole.notes
    assert gone.startswith("open-a: what a1 annotated is there no more, its file was removed")


def test_files_that_are_not_at_hand_any_more_are_asked_for(campaign, tmp_path):
    path = export(campaign, tmp_path / "export.json")
    first, second = part(path, 1), part(path, 2)
    take(campaign, [first])
    (campaign.folder / "exports" / "0001" / "all" / "page-0001.json").unlink()

    with pytest.raises(Changed, match="exports: files that were taken before are not at hand: name them too, with --f"):
        take(campaign, [second])
    assert take(campaign, [first, second], full=True).summary.annotations == 2


def test_an_export_of_another_form_is_refused_and_what_was_pulled_stays(campaign, tmp_path):
    path = export(campaign, tmp_path / "export.json")
    take(campaign, [path])
    least = [each["data"] | {"id": each["id"], "annotator": 1} for each in json.loads(path.read_bytes())]
    path.write_text(json.dumps(least), encoding="utf-8")

    with pytest.raises(BadRecord, match="none of its 2 tasks names an article: export it as JSON, not as JSON_MIN"):
        take(campaign, [path])
    assert take(campaign, []).summary.annotations == 2


def test_a_label_set_that_changed_since_is_refused_and_what_was_pulled_stays(campaign, tmp_path):
    path = export(campaign, tmp_path / "export.json")
    take(campaign, [path])
    labels = campaign.corpus.root / "annotations" / "labels.toml"
    labels.write_text(labels.read_text(encoding="utf-8").replace("SOURCE", "SPEAKER"), encoding="utf-8")

    with pytest.raises(Changed, match="undo what was changed there, or begin a new campaign"):
        take(Campaign(Corpus(campaign.corpus.root), "by-hand"), [path])
    assert (campaign.folder / "annotations" / "a1" / "open-a.json").is_file()


def test_what_an_annotator_did_is_of_their_project_though_no_export_says_so(corpus, tmp_path):
    keys = [add_gold(corpus, "open", name, PAGE.replace("yes", name)) for name in "abc"]
    annotators = {name: Annotator() for name in ("eve", "fay")}
    design = Design(annotators=annotators, overlap=2, qualification=(keys[2],))
    campaign = new_campaign(corpus, "by-hand", corpus.labels.layer_names, keys[:2], design)
    campaign.fix()
    for number, name in enumerate(annotators, start=1):
        People(corpus.studio, "embedded").add(name, Person(user=number))
    path = export(campaign, tmp_path / "export.json")

    take(campaign, [part(path, 1, 3)])
    take(campaign, [part(path, 2, completed_by=2)])

    assert {(each.project, each.article, each.batch, each.role) for each in corpus.work("by-hand")} == {
        ("eve", keys[0], 1, "work"),
        ("eve", keys[2], 0, "qualification"),
        ("fay", keys[1], 1, "work"),
    }


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
    found = take(Campaign(campaign.corpus, "by-hand"), [path], full=True)

    # The other article's annotation was deleted: that can be told unless the unread task may be of any article.
    kept = {each for each in before if told is False or each.stem == "open-a"}
    assert {each: each.read_bytes() for each in (campaign.folder / "annotations").rglob("*.json")} == {
        each: before[each] for each in kept
    }
    assert (len(found.away), found.written, found.removed) == (1, 0, 2 - len(kept))
    gone = ["closed-b: what a1 annotated is there no more, its file was removed; the pages of earlier pulls have it"]
    stayed = f"{len(kept)} annotations could not be read now and stay as they were: see the quarantine"
    assert found.notes == (*(gone if told else ()), stayed)
    assert (campaign.folder / "notes.jsonl").read_bytes() == notes
    states = {each.article: each.state for each in campaign.corpus.work("by-hand") if each.annotation}
    assert states == {"open-a": "submitted", "closed-b": "deleted" if told else "submitted"}
