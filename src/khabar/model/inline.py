r"""Annotated text written in line: ``said [Sami](PERS) of [the [Bank of Sudan](ORG)](ORG)``.

The notation of guidelines, tests and drafts.  A span is its words in square brackets and, at once behind them, its
label in parentheses; ``key=value`` after the label is an attribute, ``id=s1`` the span's id, and a relation's name
with an id is a relation to that span.  ``\[``, ``\]`` and ``\\`` stand for the characters themselves.
"""

import re
from typing import NamedTuple

from khabar.errors import BadRecord
from khabar.model.annotation import Annotation, Relation, Span
from khabar.model.labels import LabelSet
from khabar.model.text import digest

_MARKUP = re.compile(r"\\(?P<escaped>.)|(?P<open>\[)|\](?:\((?P<label>[^()\s]+)(?P<rest>[^()]*)\))?", re.DOTALL)
_PAIR = re.compile(r'\s+(?P<key>\w+)=(?:"(?P<quoted>[^"]*)"|(?P<value>\S+))')


class Marked(NamedTuple):
    """A text and what its markup said of it."""

    text: str
    spans: tuple[Span, ...]
    relations: tuple[Relation, ...]

    def annotation(self, labels: LabelSet, article: str, annotator: str = "example") -> Annotation:
        """Return it as an annotation of an article that has this text; its layers are those it uses."""
        used = {span.layer for span in self.spans}
        return Annotation(
            article=article,
            sha256=digest(self.text),
            scheme=labels.version,
            annotator=annotator,
            kind="person",
            layers=tuple(layer for layer in labels.layers if layer in used),
            spans=self.spans,
            relations=self.relations,
        )


def read(marked: str, labels: LabelSet) -> Marked:
    """Take the markup out of a text and return both.

    Spans without an id get one from their place among the brackets.  A label that is not in the label set is kept in
    a layer without a name: it is the checks that refuse it.

    Raises:
        BadRecord: a bracket without its partner or label, or something behind the label that is no ``key=value``.
    """
    text: list[str] = []
    length = 0
    opened: list[tuple[int, int]] = []
    spans: list[Span] = []
    relations: list[Relation] = []
    count = position = 0
    for match in _MARKUP.finditer(marked):
        text.append(marked[position : match.start()])
        length += match.start() - position
        position = match.end()
        if match["escaped"]:
            text.append(match["escaped"])
            length += 1
        elif match["open"]:
            opened.append((length, count))
            count += 1
        else:
            if not opened or match["label"] is None:
                raise BadRecord(
                    f"'{match[0]}' at {match.start()}: a span is written [words](LABEL): escape or complete it"
                )
            start, number = opened.pop()
            span, links = _span(match, (start, length), f"n{number}", labels)
            spans.append(span)
            relations += links
    if opened:
        raise BadRecord(f"{len(opened)} brackets are left open: close them with ](LABEL)")
    text.append(marked[position:])
    plain = "".join(text)
    return Marked(plain, tuple(sorted(spans, key=lambda each: (each.start, -each.end))), tuple(relations))


def _span(match: re.Match[str], place: tuple[int, int], name: str, labels: LabelSet) -> tuple[Span, list[Relation]]:
    kinds = labels.attribute_kinds
    relation_names = {each.name for each in labels.relations}
    attributes: dict[str, str | bool] = {}
    links: list[tuple[str, str]] = []
    behind = match["rest"]
    if _PAIR.sub("", behind).strip():
        raise BadRecord(f"'{match['label']}{behind}': after a label stand pairs key=value: mend it")
    for pair in _PAIR.finditer(behind):
        key, value = pair["key"], pair["quoted"] if pair["value"] is None else pair["value"]
        if key == "id":
            name = value
        elif key in relation_names:
            links.append((key, value))
        else:
            attributes[key] = value == "true" if kinds.get(key) == "flag" and value in ("true", "false") else value
    label = match["label"]
    span = Span(
        start=place[0],
        end=place[1],
        layer=labels.layer_of.get(label, ""),
        label=label,
        id=name,
        attributes=attributes,
    )
    return span, [Relation(name, key, tail) for key, tail in links]


def write(text: str, spans: tuple[Span, ...], relations: tuple[Relation, ...] = ()) -> str:
    """Return the text with its spans marked in line, each with its id; the inverse of `read`.

    Raises:
        BadRecord: two spans cross, which the notation cannot hold.
    """
    order = sorted(spans, key=lambda each: (each.start, -each.end))
    pieces: list[str] = []
    opened: list[Span] = []
    position = 0

    def close_until(place: int) -> int:
        here = position
        while opened and opened[-1].end <= place:
            span = opened.pop()
            pieces.append(_escaped(text[here : span.end]) + "](" + _behind(span, relations) + ")")
            here = span.end
        return here

    for span in order:
        position = close_until(span.start)
        if opened and span.end > opened[-1].end:
            raise BadRecord(f"spans {opened[-1].id} and {span.id} cross: write their layers apart")
        pieces.append(_escaped(text[position : span.start]) + "[")
        opened.append(span)
        position = span.start
    position = close_until(len(text))
    return "".join(pieces) + _escaped(text[position:])


def _behind(span: Span, relations: tuple[Relation, ...]) -> str:
    pairs = [span.label, f"id={span.id}"]
    for name, value in span.attributes.items():
        plain = str(value).lower() if isinstance(value, bool) else value
        if set(plain) & set('()"\n'):
            raise BadRecord(f"{name}={plain!r} of {span.id}: the notation cannot hold it: write it otherwise")
        bare = plain.split() == [plain]
        pairs.append(f"{name}={plain}" if bare else f'{name}="{plain}"')
    pairs += [f"{each.label}={each.tail}" for each in relations if each.head == span.id]
    return " ".join(pairs)


def _escaped(text: str) -> str:
    return re.sub(r"([\[\]\\])", r"\\\1", text)
