"""An export of Label Studio is checked as gold is, without a campaign; findings link to the task where it is known."""

import json

import pytest

from conftest import add_gold
from khabar.campaign.address import URL
from khabar.campaign.page import Page
from khabar.campaign.tasks import results, task

SERVER = "http://127.0.0.1:8080"
PAGE = "[[Port Sami](GPE sense=gov entity=e1) opens](HEADLINE)\n[[Omar](SOURCE) [said](CUE) it](BODY)"


@pytest.fixture
def exported(corpus, tmp_path):
    """Write an export of an article whose annotation somebody changed; return its path."""
    key = add_gold(corpus, "open", "a", PAGE)
    article = corpus.article(key)
    text, gold = corpus.needed_text(article), corpus.gold_of(article)

    def write(change=len, *, listed=True):
        told, said = task(article, text), results(gold, text, Page(corpus.labels, gold.layers))
        change(said)
        annotation = {"id": 5, "completed_by": 7, "result": said, "was_cancelled": False}
        data = {name: getattr(told, name) for name in told.__struct_fields__}
        tasks = [{"id": 3, "project": 2, "data": data, "annotations": [annotation]}]
        path = tmp_path / "export.json"
        path.write_text(json.dumps(tasks if listed else {"total": 1, "tasks": tasks}), encoding="utf-8")
        return path

    return write


def shifted(result):
    """Let the cue begin one character late."""
    next(each for each in result if each["value"].get("labels") == ["CUE"])["value"]["start"] += 1


def crossed(result):
    """Mark a second source across the first."""
    region = next(each for each in result if each["value"].get("labels") == ["SOURCE"])
    result.append({**region, "id": "x", "value": {**region["value"], "start": 17, "end": 23, "text": "mar sa"}})


@pytest.mark.parametrize("listed", [True, False])
def test_a_sound_export_passes_as_a_list_and_as_a_page_of_the_server(corpus, khabar_here, exported, listed):
    status, findings, told = khabar_here("--root", corpus.root, "check", "--level", "scheme", exported(listed=listed))

    assert (status, findings, told) == (0, "", "1 annotations checked: 0 errors, 0 warnings\n")


def test_what_breaks_a_rule_in_an_export_is_found_and_linked_to_its_task(corpus, khabar_here, exported, monkeypatch):
    monkeypatch.setenv(URL, SERVER + "/")

    status, findings, _ = khabar_here("--root", corpus.root, "check", "--level", "scheme", exported(crossed))

    assert status == 1
    assert "[layer-nests]" in findings
    assert all(line.endswith(f"] {SERVER}/projects/2/data?task=3") for line in findings.splitlines())


def test_links_stand_in_json_and_sarif_too(corpus, khabar_here, exported, monkeypatch):
    monkeypatch.setenv(URL, SERVER)
    path = exported(crossed)

    _, as_json, _ = khabar_here("--root", corpus.root, "check", "--level", "scheme", "--format", "json", path)
    _, as_sarif, _ = khabar_here("--root", corpus.root, "check", "--level", "scheme", "--format", "sarif", path)

    link = f"{SERVER}/projects/2/data?task=3"
    assert {json.loads(line)["link"] for line in as_json.splitlines()} == {link}
    assert {each["hostedViewerUri"] for each in json.loads(as_sarif)["runs"][0]["results"]} == {link}


def test_without_a_server_there_is_no_link(corpus, khabar_here, exported, monkeypatch):
    monkeypatch.delenv(URL, raising=False)

    _, findings, _ = khabar_here("--root", corpus.root, "check", "--level", "scheme", exported(crossed))

    assert "[layer-nests]\n" in findings
    assert "http" not in findings


def test_what_of_an_export_is_not_believed_is_found_and_the_rest_checked(corpus, khabar_here, exported, monkeypatch):
    monkeypatch.setenv(URL, SERVER)

    status, findings, told = khabar_here("--root", corpus.root, "check", "--level", "scheme", exported(shifted))

    assert status == 1
    assert findings.startswith("open-a: error: ")
    assert findings.endswith(f" [record-reads] {SERVER}/projects/2/data?task=3\n")
    assert told.startswith("1 annotations checked: 1 errors")
