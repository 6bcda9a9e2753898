"""Article -> task, annotation -> results of Label Studio: the way out.  What is wrong with it is said before it leaves.

The editor is shown the *view* of a text: each character above U+FFFF gives its place to one placeholder.  Lengths are
equal, so offsets are those of the article, and the editor's faults with UTF-16 cannot happen.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from khabar.campaign.page import TEXT, Page
from khabar.errors import BadText
from khabar.model.annotation import Annotation, Span, canonical
from khabar.model.article import Article
from khabar.model.labels import Attribute
from khabar.model.text import DIGEST_SHOWN, digest, is_edge, salted_digest

PLACEHOLDER = "\N{WHITE SQUARE}"
_ABOVE_BMP = re.compile("[\U00010000-\U0010ffff]")
_POISON = re.compile("[\0\ud800-\udfff]")
_REGION_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_NO_CLASS = re.compile(r"[^A-Za-z0-9_-]")
FLAGS = {True: "true", False: "false"}


class TaskData(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a task holds; Label Studio's own ids are never identities.

    Attributes:
        article: Id of the article.
        sha256: Digest of its text; with the article's id the key of the task.
        view_sha256: Digest of the view.
        text: The view.
        questions: What an adjudicator is asked, empty where the task is an annotator's.
    """

    article: str
    sha256: str
    view_sha256: str
    text: str
    questions: str = ""


def view(text: str) -> str:
    """Return what the editor is shown, one code point for one.

    Raises:
        BadText: a NUL or a lone surrogate, either of which breaks the whole project on the server.
    """
    poison = _POISON.search(text)
    if poison:
        code = ord(poison[0])
        raise BadText(f"character {poison.start()} is U+{code:04X}, Label Studio breaks on it: remove it")
    return substituted(text)


def substituted(text: str) -> str:
    """Return a text with a placeholder for each character above U+FFFF."""
    return _ABOVE_BMP.sub(PLACEHOLDER, text)


def task(article: Article, text: str, questions: str = "") -> TaskData:
    """Return the task of an article; with what an adjudicator is asked about it."""
    shown = view(text)
    return TaskData(article.id, article.sha256, digest(shown), shown, view(questions))


def is_region_id(name: str) -> bool:
    """Tell whether a region can be called that: the editor makes a CSS class of it, and others stay uncoloured."""
    return _REGION_ID.fullmatch(name) is not None


def namespaced(annotation: Annotation) -> Annotation:
    """Put the annotator's name before the ids, so that two models' predictions for one task do not clash."""
    prefix = f"{_NO_CLASS.sub('_', annotation.annotator)}-"

    def new(name: str) -> str:
        return name if name.startswith(prefix) else prefix + name

    spans = tuple(msgspec.structs.replace(each, id=new(each.id)) for each in annotation.spans)
    links = tuple(
        msgspec.structs.replace(each, head=new(each.head), tail=new(each.tail)) for each in annotation.relations
    )
    return msgspec.structs.replace(annotation, spans=spans, relations=links)


def results(annotation: Annotation, text: str, page: Page) -> list[dict[str, Any]]:
    """Return an annotation as Label Studio's results, in canonical order; it must have no `faults`."""
    shown = view(text)
    ordered = canonical(annotation, page.labels.layer_names)
    items: list[dict[str, Any]] = []
    for span in ordered.spans:
        place = {"start": span.start, "end": span.end}
        words = shown[span.start : span.end]
        about = {"id": span.id, "to_name": TEXT}
        value: dict[str, Any] = {**place, "text": words, "labels": [span.label]}
        items.append({**about, "from_name": span.layer, "type": "labels", "value": value})
        for name, control in page.controls.items():
            if span.label not in control.labels or control.name not in span.attributes:
                continue
            said = span.attributes[control.name]
            said = FLAGS[said] if isinstance(said, bool) else said
            if control.values:
                value = {**place, "text": words, "choices": [said]}
                items.append({**about, "from_name": name, "type": "choices", "value": value})
            else:
                value = {**place, "text": [said]}
                items.append({**about, "from_name": name, "type": "textarea", "value": value})
    for link in ordered.relations:
        ends = {"from_id": link.head, "to_id": link.tail}
        items.append({**ends, "type": "relation", "direction": "right", "labels": [link.label]})
    return items


def faults(annotation: Annotation, text: str, page: Page, *, trimmed: bool) -> Iterator[str]:
    """Yield what keeps an annotation from being sent, a line each, the article's words left out.

    Args:
        annotation: What is about to be sent.
        text: The article's text.
        page: The campaign's page.
        trimmed: Whether white space at a span's edges is a fault; the editor shows such predictions wrongly.
    """
    if annotation.sha256 != digest(text):
        yield (
            f"it annotates the text {annotation.sha256[:DIGEST_SHOWN]}, ours is {digest(text)[:DIGEST_SHOWN]}:"
            " annotate that one"
        )
        return
    seen: set[str] = set()
    for span in annotation.spans:
        place = f"span {span.id} ({span.start}-{span.end})"
        if span.id in seen or not is_region_id(span.id):
            yield f"{place}: its id is taken, or not of A-Z a-z 0-9 _ - alone: give it another"
        seen.add(span.id)
        yield from (f"{place}: {fault}" for fault in _span_faults(span, text, page))
        words = text[max(span.start, 0) : max(span.end, 0)]
        if trimmed and words and (is_edge(words[0]) or is_edge(words[-1])):
            yield f"{place}: white space or an invisible character at its edge: trim it"
        if span.text not in (None, words) or span.digest not in (None, salted_digest(annotation.sha256, words)):
            yield f"{place}: the text has other words there than the record says: mend its offsets"
    for link in annotation.relations:
        if not {link.head, link.tail} <= seen:
            yield f"relation {link.head} {link.label} {link.tail}: one end is missing: remove it"
        if link.label not in page.relations:
            yield f"relation {link.label} is not on the page, there are: {', '.join(page.relations)}"


def _span_faults(span: Span, text: str, page: Page) -> Iterator[str]:
    if not 0 <= span.start < span.end <= len(text):
        yield f"it is empty or outside the text of {len(text)} characters: mend its offsets"
    if page.labels.layer_of.get(span.label) != span.layer or span.layer not in page.layers:
        yield f"{span.layer}.{span.label} is not on the page, its layers are {', '.join(page.layers)}: leave it out"
    for name, value in span.attributes.items():
        control = page.control_of(span.label, name)
        if control is None:
            yield f"{span.label} has no attribute {name} on the page: leave it out"
        elif not fits(page.controls[control], value):
            yield f"{name} cannot have that value: see annotations/labels.toml"


Value = str | bool


def fits(attribute: Attribute, value: Value) -> bool:
    """Tell whether an attribute can have a value."""
    if attribute.kind == "flag":
        return isinstance(value, bool)
    if attribute.kind == "choice":
        return value in [each.name for each in attribute.values]
    return isinstance(value, str) and bool(value.strip())
