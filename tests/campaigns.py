"""What the campaign's tests share: tasks as the server exports them, made of annotated text written in line."""

import json

from khabar.campaign import tasks
from khabar.campaign.page import Page
from khabar.campaign.results import Known, Reading, read_task
from khabar.model import inline
from khabar.model.article import Article
from khabar.model.text import digest

FACE = "\N{GRINNING FACE}"
USER = 7


def article_of(text, key="open-1"):
    return Article(id=key, sha256=digest(text), length=len(text), file="a.txt")


def page_of(labels, *layers):
    return Page(labels, layers or labels.layer_names)


def who(user):
    """Call the user whom all tests have Sami, a person."""
    return ("sami" if user == USER else f"a{user}"), "person"


def marked(labels, written, annotator="sami"):
    """Return the text and the annotation of annotated text; the annotation speaks of all layers."""
    found = inline.read(written, labels)
    annotation = found.annotation(labels, "open-1", annotator)
    return found.text, tasks.msgspec.structs.replace(annotation, layers=labels.layer_names)


def exported(text, result, *, data=None, **about):
    """Return a task as the server exports it, with one annotation that has this result."""
    shown = {"article": "open-1", "sha256": digest(text), "view_sha256": "", "text": tasks.substituted(text)}
    annotation = {"id": 5, "completed_by": USER, "updated_by": USER, "result": result, "was_cancelled": False, **about}
    return json.dumps({"id": 3, "data": shown | (data or {}), "annotations": [annotation], "drafts": []}).encode()


def read(labels, text, raw, *, open_=True, at_hand=True):
    """Read one exported task about the article that has this text."""
    known = Known(article_of(text), text if at_hand else None, open_)
    reading = Reading(page_of(labels), who, lambda key: known if key == "open-1" else None)
    return read_task(raw, reading)


def region(start, end, label="PERS", name="r1", **about):
    """Return a region as the editor makes it; ``text`` says what it marks."""
    layer = about.pop("layer", "entity")
    value = {"start": start, "end": end, "labels": [label], **about}
    return {"id": name, "from_name": layer, "to_name": "text", "type": "labels", "value": value}


def choice(control, *values, name="r1"):
    value = {"start": 0, "end": 4, "choices": list(values)}
    return {"id": name, "from_name": control, "to_name": "text", "type": "choices", "value": value}


def words(control, *values, name="r1"):
    value = {"start": 0, "end": 4, "text": list(values)}
    return {"id": name, "from_name": control, "to_name": "text", "type": "textarea", "value": value}


def relation(head, tail, *labels, direction="right"):
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": direction, "labels": list(labels)}
