"""What became of a text since it was annotated: the very text again, a text that drifted, or another one.

A text is the one that was annotated if its digest says so; where white space alone was changed, putting it back and
asking the digest again proves it.  Of any other text the spans are found again one by one (`khabar.model.anchors`).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Literal, NamedTuple, get_args

import msgspec

from khabar.model.anchors import ELSEWHERE, Anchored, Place, anchored
from khabar.model.annotation import Annotation
from khabar.model.text import digest, salted_digest

Kind = Literal["white space", "text added", "text removed", "order changed", "words changed"]
_ODD_SPACE = re.compile("[\t\N{NO-BREAK SPACE}\u2000-\u200a\N{NARROW NO-BREAK SPACE}\u205f\N{IDEOGRAPHIC SPACE}]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\N{SOFT HYPHEN}]")
_EDGES = re.compile(r"(?m)^ +| +$| +(?= )")
_BLANK = re.compile(r"\n{2,}")

INLINE: dict[str, Callable[[str], str]] = {
    "odd spaces made spaces": lambda text: _ODD_SPACE.sub(" ", text),
    "invisible characters left out": lambda text: _INVISIBLE.sub("", text),
    "spaces trimmed and collapsed": lambda text: _EDGES.sub("", text),
}
"""Repairs of white space inside lines, each on top of those before it."""
BETWEEN: dict[str, Callable[[str], str]] = {
    "blank lines left out": lambda text: _BLANK.sub("\n", text),
    "blank lines collapsed": lambda text: _BLANK.sub("\n\n", text),
    "lines set apart": lambda text: _BLANK.sub("\n", text).replace("\n", "\n\n"),
}
"""Repairs of white space between lines, instead of one another."""
AT_END: dict[str, Callable[[str], str]] = {
    "no line end at the end": lambda text: text.strip("\n"),
    "a line end at the end": lambda text: text.strip("\n") + "\n",
}


WIDEST_GAP = 4
"""Code points between two spans that may have been white space alone."""


class Mended(NamedTuple):
    """A text, and which repairs of white space made it."""

    text: str
    changes: tuple[str, ...]


class Span(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one span.

    Attributes:
        id: Its id, in its annotation.
        layer: Its layer.
        label: Its label.
        start: First code point in the text that was annotated.
        end: One past the last.
        to: First code point in the new text, where it has the same words; None where it is lost.
        why: Why it is lost.
    """

    id: str
    layer: str
    label: str
    start: int
    end: int
    to: int | None = None
    why: str = ""


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """How a text differs from the one that was annotated, as far as spans tell.

    Attributes:
        article: Id of the article.
        place: Where the text was found.
        sha256: Digest of the text that was annotated.
        text_sha256: Digest of the text that was found, its white space mended as `mended` says.
        mended: Repairs that brought back spans.
        kinds: What happened to it.
        kept: Spans that begin where they began.
        moved: Spans whose words stand elsewhere.
        lost: Spans whose words were not found, or in several places.
        spans: Each of them.
    """

    article: str
    place: str
    sha256: str
    text_sha256: str
    mended: tuple[str, ...]
    kinds: tuple[Kind, ...]
    kept: int
    moved: int
    lost: int
    spans: tuple[Span, ...]

    @property
    def share(self) -> float:
        """Share of the spans that have a place, from 0 to 1."""
        return (self.kept + self.moved) / len(self.spans) if self.spans else 0.0

    @property
    def moves(self) -> list["Move"]:
        """The spans that moved, those together that moved alike."""
        there = sorted((each.start, each.end, each.to - each.start) for each in self.spans if each.to is not None)
        runs = (list(run) for _, run in groupby(there, key=itemgetter(2)))
        return [Move(run[0][0], max(end for _, end, _ in run), run[0][2], len(run)) for run in runs if run[0][2]]


class Move(NamedTuple):
    """Spans one behind the other that moved alike.

    Attributes:
        start: First code point of the first, in the text that was annotated.
        end: One past the last of the last.
        shift: By how many code points they moved.
        spans: How many they are.
    """

    start: int
    end: int
    shift: int
    spans: int


class Wanted(NamedTuple):
    """An article whose text is looked for.

    Attributes:
        id: Its id.
        sha256: Digest of its text.
        file: Name of the file it was ingested from, empty where nobody knows.
        url: Where it was published, empty likewise.
        spans: Spans of all its annotations, by what is known of them; `to` is not said yet.
        places: Salted digest of the words of each place.
    """

    id: str
    sha256: str
    file: str
    url: str
    spans: tuple[Span, ...]
    places: dict[Place, str]


def marks(annotations: Iterable[Annotation]) -> tuple[tuple[Span, ...], dict[Place, str]]:
    """Return the spans of an article's annotations, and the salted digest of the words of each place."""
    spans, places = [], {}
    for annotation in annotations:
        for each in annotation.spans:
            stand_in = each.digest if each.text is None else salted_digest(annotation.sha256, each.text)
            if stand_in:
                spans.append(Span(each.id, each.layer, each.label, each.start, each.end))
                places[Place(each.start, each.end)] = stand_in
    return tuple(spans), places


def forms(text: str) -> Iterator[Mended]:
    """Yield a text in normal form as it is, then with its white space mended in every way that is known."""
    for inline in inline_forms(text):
        for between in (inline, *_each(inline, BETWEEN)):
            yield between
            yield from _each(between, AT_END)


def inline_forms(text: str) -> list[Mended]:
    """Return a text as it is, then with the white space inside its lines mended more and more."""
    found = [Mended(text, ())]
    for name, mend in INLINE.items():
        last = found[-1]
        if (new := mend(last.text)) != last.text:
            found.append(Mended(new, (*last.changes, name)))
    return found


def _each(mended: Mended, mends: dict[str, Callable[[str], str]]) -> Iterator[Mended]:
    for name, mend in mends.items():
        if (new := mend(mended.text)) != mended.text:
            yield Mended(new, (*mended.changes, name))


def proven(sha256: str, text: str) -> Mended | None:
    """Return the form of a text that has the digest; None where none has."""
    return next((each for each in forms(text) if digest(each.text) == sha256), None)


def drift(wanted: Wanted, text: str, place: str) -> tuple[Drift, str]:
    """Say what became of a text, and return the form of it in which most spans were found.

    Args:
        wanted: The article.
        text: A text in normal form that may be its own, changed.
        place: Where it was found.
    """
    best, outcome = Mended(text, ()), anchored(wanted.sha256, wanted.places, text)
    for form in inline_forms(text)[1:]:
        other = anchored(wanted.sha256, wanted.places, form.text)
        if len(other.found) > len(outcome.found):
            best, outcome = form, other
    spans = tuple(_said(each, outcome) for each in wanted.spans)
    kept = sum(each.to == each.start for each in spans)
    lost = sum(each.to is None for each in spans)
    told = Drift(
        article=wanted.id,
        place=place,
        sha256=wanted.sha256,
        text_sha256=digest(best.text),
        mended=best.changes,
        kinds=tuple(_kinds(best, outcome)),
        kept=kept,
        moved=len(spans) - kept - lost,
        lost=lost,
        spans=spans,
    )
    return told, best.text


def _said(span: Span, outcome: Anchored) -> Span:
    place = Place(span.start, span.end)
    return msgspec.structs.replace(span, to=outcome.found.get(place), why=outcome.lost.get(place, ""))


def _kinds(form: Mended, outcome: Anchored) -> Iterator[Kind]:
    """Yield what happened: between two places that were found, the text grew or shrank, or one was lost."""
    kinds: set[Kind] = {"white space"} if form.changes else set()
    old_end = new_end = 0
    for place in sorted(outcome.found):
        start = outcome.found[place]
        if step := start - new_end - (place.start - old_end):
            bare = form.text[new_end:start].isspace() and place.start - old_end <= WIDEST_GAP
            kinds.add("white space" if bare else "text added" if step > 0 else "text removed")
        if place.end > old_end:
            old_end, new_end = place.end, start + place.end - place.start
    kinds |= {"order changed" if why == ELSEWHERE else "words changed" for why in outcome.lost.values()}
    yield from (kind for kind in get_args(Kind) if kind in kinds)
