"""What an adjudicator's campaign has besides: questions beside the text, a note, and an order that is kept."""

from xml.etree import ElementTree as ET

import msgspec

from campaigns import article_of, exported, page_of, region, who
from khabar.campaign.assignments import completed
from khabar.campaign.page import Page
from khabar.campaign.plan import Plan, new_plan, read_plan
from khabar.campaign.results import Known, Reading, read_task
from khabar.campaign.tasks import task
from khabar.model.text import digest

SAID = "Port Sami opens"


def note(*lines, name="n1"):
    value = {"text": list(lines)}
    return {"id": name, "from_name": "note", "to_name": "text", "type": "textarea", "value": value}


def read(labels, result, *, adjudicates=True, open_=True):
    """Return what is read of a result, and what is turned away."""
    known = Known(article_of(SAID), SAID, open_)
    page = Page(labels, labels.layer_names, adjudicates)
    reading = Reading(page, who, lambda _: known)
    found = read_task(exported(SAID, result), reading)
    return found.believed[0], found.away


def test_the_page_of_an_adjudicator_shows_questions_and_takes_a_note(labels):
    page = ET.fromstring(Page(labels, labels.layer_names, adjudicates=True).xml)

    assert {each.get("value") for each in page.iter("Text")} == {"$questions", "$text"}
    (field,) = (each for each in page.iter("TextArea") if each.get("name") == "note")
    assert field.get("perRegion") is None


def test_the_page_of_annotators_is_what_it_was(labels):
    assert "questions" not in page_of(labels).xml
    assert "asked" not in page_of(labels).xml


def test_a_task_holds_questions_only_where_there_are_some():
    plain, asked = task(article_of(SAID), SAID), task(article_of(SAID), SAID, "1. what?")

    assert "questions" not in msgspec.to_builtins(plain)
    assert msgspec.to_builtins(asked)["questions"] == "1. what?"
    assert digest(plain.text) == plain.view_sha256


def test_a_note_is_read_an_entry_a_line(labels):
    believed, away = read(labels, [region(0, 9, "GPE", text="Port Sami"), note("1: the port", "2: nothing")])

    assert believed.note == "1: the port\n2: nothing"
    assert [each.label for each in believed.annotation.spans] == ["GPE"]
    assert away == ()


def test_annotators_note_too_and_a_note_of_another_form_is_not_believed(labels):
    on_annotators_page, away = read(labels, [note("1: a")], adjudicates=False)
    broken, other = read(labels, [{**note(), "value": {"text": 3}}])

    assert (on_annotators_page.note, away) == ("1: a", ())
    assert (broken.note, len(other)) == ("", 1)


def test_a_note_on_words_that_may_not_be_published_is_left_on_the_server_but_that_there_is_none(labels):
    believed, away = read(labels, [note("1: Port Sami", "2: none", "3. None of Port Sami", "4 - None")], open_=False)

    assert believed.note == "2: none\n4 - None"
    assert away == ()


def test_the_articles_of_an_adjudicator_stay_in_the_order_of_the_plan(labels):
    keys = tuple(f"open-{number}" for number in range(20, 0, -1))
    plain = Plan(title="pilot", layers=labels.layer_names, label_set="0" * 64, articles=keys)
    plan = msgspec.structs.replace(plain, adjudicates=True)

    drawn = completed(plan, ())
    again = read_plan(new_plan(plan).encode(), "campaign.toml")

    assert tuple(each.article for each in drawn) == keys
    assert again.adjudicates
    assert tuple(each.article for each in completed(plain, ())) != keys
