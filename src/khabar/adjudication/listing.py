"""What an adjudicator is shown: the questions of an article as a list, the candidates without their annotators.

The candidates of each question are shuffled on their own, so that no letter stands for one annotator throughout.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from string import ascii_uppercase
from typing import NamedTuple

import msgspec

from khabar.adjudication.merge import annotation_of
from khabar.adjudication.standing import asks_for_a_word
from khabar.errors import Withheld
from khabar.model.annotation import Annotation, withheld_words
from khabar.model.decision import Candidate, Decision, Mark, Place, Record
from khabar.model.text import isolate
from khabar.store import Corpus

SETTLED = "settled"
"""Who is said to have made what an adjudicator begins from."""
AROUND = 30
"""Characters shown on either side of what a question is about, at most to the ends of its line."""
SHOWN = 60
"""Characters of a candidate that are shown from its beginning and to its end."""
DOUBTFUL = "doubtful"
"""Stands behind a candidate that somebody who gives it doubts."""

_CUT = "\N{HORIZONTAL ELLIPSIS}"
_NOTHING = "\N{EM DASH}"


class Asked(NamedTuple):
    """An article that waits for an adjudicator.

    Attributes:
        article: Its id.
        layers: The layers it is asked about.
        start: What is settled: where the adjudicator begins from.
        questions: What is open, as a list to read.
        uncertainty: That of its most uncertain question.
    """

    article: str
    layers: tuple[str, ...]
    start: Annotation
    questions: str
    uncertainty: float


class Waiting(NamedTuple):
    """What waits for an adjudicator.

    Attributes:
        rounds: By adjudication campaign, in each the most uncertain article first.
        refused: What cannot be asked, a line each: the text is not at hand.
    """

    rounds: dict[str, list[Asked]]
    refused: list[str]


def waiting(corpus: Corpus, name: str) -> Waiting:
    """Return what waits for an adjudicator.

    Args:
        corpus: The corpus.
        name: Name of the first of the adjudication campaigns; later ones have a number behind it.
    """
    found: dict[str, list[Asked]] = defaultdict(list)
    refused = []
    for record in corpus.decisions():
        last = record.rounds[-1] if record.rounds else ""
        if re.fullmatch(rf"{re.escape(name)}(-\d+)?", last) and record.open and last not in record.answered:
            try:
                found[last].append(_asked(corpus, record))
            except Withheld as why:
                refused.append(str(why))
    ordered = {name: sorted(found[name], key=lambda each: (-each.uncertainty, each.article)) for name in sorted(found)}
    return Waiting(ordered, refused)


def _asked(corpus: Corpus, record: Record) -> Asked:
    text = corpus.needed_text(corpus.article(record.article))
    like = Annotation(
        article=record.article,
        sha256=record.sha256,
        scheme=record.scheme,
        annotator=SETTLED,
        kind="model",
        layers=record.layers,
        spans=(),
    )
    # An annotator's ids would tell who it was.
    nameless = [_nameless(each, number) for number, each in enumerate(record.decisions, start=1)]
    words = {(mark.start, mark.end): (None, None) for each in nameless for mark in each.marks}
    start = annotation_of(nameless, like, words, None)
    return Asked(
        record.article,
        record.layers,
        msgspec.structs.replace(start, annotator=SETTLED, kind="model"),
        listed(record, text),
        max(each.uncertainty for each in record.open),
    )


def _nameless(decision: Decision, number: int) -> Decision:
    if decision.mark is None:
        return decision
    said = {name: value for name, value in decision.mark.attributes.items() if not withheld_words(value)}
    return msgspec.structs.replace(
        decision, mark=msgspec.structs.replace(decision.mark, id=f"s{number}", attributes=said)
    )


def listed(record: Record, text: str) -> str:
    """Return the open questions of an article as lines to read, each with its place and its candidates."""
    questions = sorted(record.open, key=lambda each: each.number)
    return "\n\n".join("\n".join(_question(record, each, text)) for each in questions)


def _question(record: Record, decision: Decision, text: str) -> Iterator[str]:
    yield f"{decision.number}. {_isolated(decision.layer)} {_context(decision, text)}"
    if decision.reason:
        yield f"   ! {_isolated(decision.reason)}"
    same = _same(decision)
    for letter, each in zip(_letters(), _shuffled(record, decision), strict=False):
        yield f"   {letter} {_said(each.mark, text, same)}{f' {_isolated(DOUBTFUL)}' if each.doubted else ''}"
    if asks_for_a_word(decision):
        yield f"   {_NOTHING} {_isolated(f'only with a note, as {decision.number}: none')}"


class _Same(NamedTuple):
    """What the adjudicator begins from, and need not be told: the place that all candidates mark, their attributes."""

    place: bool
    attributes: frozenset[tuple[str, str | bool]]


def _same(decision: Decision) -> _Same:
    marks = [each.mark for each in decision.candidates]
    said = [frozenset(mark.attributes.items()) for mark in marks if mark]
    place = len({mark.key if mark else None for mark in marks}) == 1
    return _Same(place, frozenset.intersection(*said) if place else frozenset())


def _letters() -> Iterator[str]:
    yield from ascii_uppercase
    yield from (one + other for one in ascii_uppercase for other in ascii_uppercase)


def _shuffled(record: Record, decision: Decision) -> list[Candidate]:
    def lot(each: Candidate) -> bytes:
        statement = each.mark.statement if each.mark else ()
        seed = (record.article, record.rounds[-1], decision.number, statement)
        return hashlib.sha256(repr(seed).encode("utf-8")).digest()

    return sorted(decision.candidates, key=lot)


def _context(decision: Decision, text: str) -> str:
    """Return the line around what a question is about, as far as it is near."""
    ends = [place for mark in decision.marks for place in _places(mark)]
    start, end = min(place.start for place in ends), max(place.end for place in ends)
    begin, stop = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    first, last = max(start - AROUND, begin), min(end + AROUND, stop if stop >= 0 else len(text))
    before = f"{_CUT if first > begin else ''}{text[first:start]}"
    after = f"{text[end:last]}{_CUT if last == end + AROUND else ''}"
    label = f"{_isolated(decision.marks[0].label)} " if _same(decision).place else ""
    return f"{label}{isolate(f'{before}[{_short(text[start:end])}]{after}')}"


def _places(mark: Mark) -> list[Place]:
    return [mark.place] if mark.head is None or mark.tail is None else [mark.head, mark.tail]


def _said(mark: Mark | None, text: str, same: _Same) -> str:
    if mark is None:
        return _NOTHING
    if mark.head is not None and mark.tail is not None:
        head, tail = (isolate(_short(text[end.start : end.end])) for end in (mark.head, mark.tail))
        return f"{head} {_isolated(mark.label)} {tail}"
    more = [_isolated(f"{name}={_value(value)}") for name, value in sorted(mark.attributes.items() - same.attributes)]
    if same.place:
        return " ".join(more) or _NOTHING
    return " ".join([_isolated(mark.label), isolate(_short(text[mark.start : mark.end])), *more])


def _value(value: str | bool) -> str:  # noqa: FBT001 - a value, no switch
    return str(value).lower() if isinstance(value, bool) else value


def _short(words: str) -> str:
    return words if len(words) <= SHOWN else f"{words[: SHOWN // 2]}{_CUT}{words[-(SHOWN // 2) :]}"


def _isolated(words: str) -> str:
    return f"\N{FIRST STRONG ISOLATE}{words}\N{POP DIRECTIONAL ISOLATE}"
