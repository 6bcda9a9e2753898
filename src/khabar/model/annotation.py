"""Spans, relations and annotations.  Law 2: a person's, a model's and the gold annotation are the same type."""

from typing import Annotated, Literal

import msgspec

from khabar.model.lines import a_line_each
from khabar.model.text import NAME, SHA256, salted_digest

Offset = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
"""Code points.  What is no offset of any text is for the checks to find; what is no 32-bit number is refused here."""

AnnotatorKind = Literal["person", "model", "gold"]
GOLD: Literal["gold"] = "gold"
"""Annotator and kind of what was adjudicated."""
DIGEST_PREFIX = "sha256:"
"""Begins an attribute value that stands for words which may not be repeated."""


class Span(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A labelled stretch of an article's text.

    Attributes:
        start: First code point, counted from 0.
        end: One past the last code point, so that ``text[start:end]`` is what is marked.
        layer: A layer of the label set.
        label: A label of that layer.
        id: Unique in its annotation and kept for life.
        attributes: Values by attribute name; an absent name means that nothing was said.
        text: The words it marks, repeated so that a wrong offset shows; None where they are withheld.
        digest: `khabar.model.text.salted_digest` of the words, where they are withheld.
    """

    start: Offset
    end: Offset
    layer: str
    label: str
    id: Annotated[str, msgspec.Meta(min_length=1)]
    attributes: dict[str, str | bool] = msgspec.field(default_factory=dict)
    text: str | None = None
    digest: str | None = None


class Relation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A labelled, directed link between two spans of one annotation.

    Attributes:
        head: Id of the span it starts from.
        label: A relation of the label set.
        tail: Id of the span it ends at.
    """

    head: str
    label: str
    tail: str


class Annotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one annotator says of one article.

    Attributes:
        article: Id of the article.
        sha256: Digest of the text that was annotated.
        scheme: Version of the label set it follows.
        annotator: Pseudonym, model name, or ``gold``.
        kind: What the annotator is.
        layers: The layers it speaks of; of the others it says nothing.
        spans: Labelled stretches, ordered by `canonical`.
        relations: Links between them.
    """

    article: Annotated[str, msgspec.Meta(pattern=NAME)]
    sha256: Annotated[str, msgspec.Meta(pattern=SHA256)]
    scheme: str
    annotator: Annotated[str, msgspec.Meta(pattern=NAME)]
    kind: AnnotatorKind
    layers: tuple[str, ...]
    spans: tuple[Span, ...]
    relations: tuple[Relation, ...] = ()


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an annotator noted beside an annotation: a line of a campaign's ``notes.jsonl``.

    Attributes:
        article: Id of the article.
        annotator: Whose note it is.
        note: In their words.
    """

    article: str
    annotator: str
    note: str


def canonical(annotation: Annotation, layers: tuple[str, ...]) -> Annotation:
    """Order the parts: spans by layer (in the label set's order), place and label; relations by head, label, tail."""
    rank = {layer: number for number, layer in enumerate(layers)}

    def place(span: Span) -> tuple[int, int, int, str, str]:
        return rank.get(span.layer, len(rank)), span.start, -span.end, span.label, span.id

    spans = tuple(sorted(annotation.spans, key=place))
    order = {span.id: number for number, span in enumerate(spans)}
    last = len(order)

    def ends(relation: Relation) -> tuple[int, str, int, str]:
        return order.get(relation.head, last), relation.label, order.get(relation.tail, last), relation.tail

    return msgspec.structs.replace(
        annotation,
        layers=tuple(sorted(annotation.layers, key=lambda layer: rank.get(layer, len(rank)))),
        spans=spans,
        relations=tuple(sorted(annotation.relations, key=ends)),
    )


def encoded(annotation: Annotation) -> bytes:
    """Return an annotation as it stands on disk: JSON, a span or relation a line, so that a correction is a line."""
    return a_line_each(annotation, ("spans", "relations"))


def with_words(annotation: Annotation, text: str) -> Annotation:
    """Repeat in each span the words that it marks."""
    spans = (msgspec.structs.replace(each, text=text[each.start : each.end], digest=None) for each in annotation.spans)
    return msgspec.structs.replace(annotation, spans=tuple(spans))


def withheld_words(value: str | bool) -> bool:  # noqa: FBT001 - a value, no switch
    """Tell whether an attribute's value stands for words that may not be repeated."""
    return isinstance(value, str) and value.startswith(DIGEST_PREFIX)


def withheld(annotation: Annotation, text: str, words_attributes: frozenset[str]) -> Annotation:
    """Put salted digests where the annotation repeats words: in its spans and in attributes made of words."""

    def stand_in(words: str) -> str:
        return salted_digest(annotation.sha256, words)

    def hidden(span: Span) -> Span:
        attributes = {
            name: DIGEST_PREFIX + stand_in(value)
            if name in words_attributes and isinstance(value, str) and not value.startswith(DIGEST_PREFIX)
            else value
            for name, value in span.attributes.items()
        }
        digest = stand_in(text[span.start : span.end])
        return msgspec.structs.replace(span, text=None, digest=digest, attributes=attributes)

    return msgspec.structs.replace(annotation, spans=tuple(hidden(each) for each in annotation.spans))
