"""A changed span in the words around it, as HTML.

What only the older release marks stands in ``<del>``, what only the newer one marks in ``<ins>``, what both mark in
``<mark>``.  Characters that turn or hide the text around them are shown as their number and take no effect.
"""

import re
import unicodedata
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import NamedTuple

from khabar.release.diff.records import Mark, SpanChange

CONTEXT = 70
"""Characters shown on each side of a span."""
_MORE = "\N{HORIZONTAL ELLIPSIS}"
LONGEST = 240
"""Characters of a span, or between two places, that are shown; a longer one is cut in its middle."""
_HIDDEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\N{SOFT HYPHEN}\N{ARABIC LETTER MARK}\N{ZERO WIDTH SPACE}\u200e\u200f\u2028-\u202e"
    "\N{WORD JOINER}-\u2064\u2066-\u206f\N{ZERO WIDTH NO-BREAK SPACE}\U000e0000-\U000e007f]"
)
"""Controls, marks and overrides of direction, invisible spaces and tags; joiners shape letters and stay."""


class Piece(NamedTuple):
    """A part of a passage: the element it stands in (empty for what is around), and its words."""

    element: str
    words: str


def passages(change: SpanChange, before: str, after: str) -> list[list[Piece]]:
    """Return the passages that show a span: one where the texts are the same, else one of each text that has it."""
    if before == after:
        return [pieces(before, change.before, change.after)]
    return [
        *([pieces(before, change.before, None)] if change.before else []),
        *([pieces(after, None, change.after)] if change.after else []),
    ]


def pieces(text: str, before: Mark | None, after: Mark | None) -> list[Piece]:
    """Cut a text where either mark begins or ends, and name each part by the marks that it lies in."""
    marks = [mark for mark in (before, after) if mark is not None]
    edges = sorted({edge for mark in marks for edge in (mark.start, mark.end)})
    first, last = _around(text, edges[0], edges[-1])
    found = [
        Piece(_element(begin, before, after), text[begin:end])
        for begin, end in pairwise([first, *edges, last])
        if begin < end
    ]
    head, tail = text[:first].rpartition("\n")[2], text[last:].partition("\n")[0]
    return [*([Piece("", _MORE)] if head else []), *found, *([Piece("", _MORE)] if tail else [])]


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return where a passage begins and ends: with its line, or with a word not too far off."""
    first = max(text.rfind("\n", 0, start) + 1, start - CONTEXT)
    line_end = text.find("\n", end)
    last = min(line_end if line_end >= 0 else len(text), end + CONTEXT)
    if first == start - CONTEXT:
        first = text.find(" ", first, start) + 1 or first
    if last == end + CONTEXT:
        last = max(text.rfind(" ", end, last), end)
    return max(first, 0), last


def _element(place: int, before: Mark | None, after: Mark | None) -> str:
    was = before is not None and before.start <= place < before.end
    now = after is not None and after.start <= place < after.end
    return ("mark" if now else "del") if was else ("ins" if now else "")


def html(passage: list[Piece]) -> Iterator[str]:
    """Yield the passage as HTML, its direction that of its first letter."""
    yield '<p class="passage" dir="auto">'
    for element, words in passage:
        shown = visible(_cut(words))
        yield f"<{element}>{shown}</{element}>" if element else shown
    yield "</p>"


def visible(words: str) -> str:
    """Escape words for HTML; what cannot be seen is shown as its number."""
    shown = _HIDDEN.sub(lambda found: f"\0{ord(found[0]):04X}\1", words)
    escaped = escape(shown).replace("\n", '<span class="code">\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}</span> ')
    return re.sub("\0([0-9A-F]+)\1", _named, escaped)


def _named(number: re.Match[str]) -> str:
    name = unicodedata.name(chr(int(number[1], 16)), "a control character")
    return f'<span class="code" title="{name}">U+{number[1]}</span>'


def _cut(words: str) -> str:
    half = LONGEST // 2
    return words if len(words) <= LONGEST else f"{words[:half]} … {words[-half:]}"
