"""What settles a question without anybody looking: all annotators say the same, or as many as a stated rule asks."""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from khabar.adjudication.items import Item
from khabar.errors import BadRecord
from khabar.model.decision import Candidate, Decision, Mark

ENOUGH = 1e-9
"""How far a share may be below its threshold by rounding alone."""


class Rule(NamedTuple):
    """How many of the annotators who could answer have to give one answer.

    Attributes:
        name: What it is called in decisions.
        share: The least share of them, above 0 and up to 1; for a majority they are more than the half.
    """

    name: Literal["unanimous", "majority", "threshold"] = "unanimous"
    share: float = 1.0

    def __str__(self) -> str:
        """Return how it is written."""
        return f"{self.name} {self.share:g}" if self.name == "threshold" else self.name

    def needs(self, asked: int) -> int:
        """Return how many of those who were asked it takes."""
        if self.name == "majority":
            return asked // 2 + 1
        return max(1, math.ceil(self.share * asked - ENOUGH))


def rule(told: str) -> Rule:
    """Return the rule that is written so: ``unanimous``, ``majority``, or a share such as ``0.67``.

    Raises:
        BadRecord: it is none.
    """
    if told == "unanimous":
        return Rule()
    if told == "majority":
        return Rule("majority", 0.5)
    try:
        share = float(told.removeprefix("threshold "))
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise BadRecord(f"'{told}' is no rule: say unanimous, majority, or a share above 0 and up to 1, as 0.67")
    return Rule("threshold", share)


def decided(item: Item, names: Sequence[str], by: Rule) -> Decision:
    """Return what becomes of an item: settled where the rule settles place, label and every attribute, else open.

    Attributes are asked of those who chose the place, for the others had no say in them.  What is open keeps as its
    mark what is settled of it: the place, where only an attribute is not.  What annotators say of themselves settles
    nothing and opens nothing: a doubt that all who chose the place have is gold's too, another stays theirs.

    Args:
        item: The item.
        names: Who the annotators of the article are, by number.
        by: The rule.
    """
    votes: dict[Hashable, list[int]] = {}
    for who in item.asked:
        votes.setdefault(item.said[who].key if who in item.said else None, []).append(who)
    candidates = tuple(_candidates(item, names))
    won = _winner({key: len(voters) for key, voters in votes.items()}, len(item.asked), by)
    if won is None:
        return Decision(layer=item.layer, how="open", candidates=candidates)
    voters = votes[won[0]]
    chosen = _chosen(item, voters, by) if won[0] is not None else _Chosen(None)
    if chosen.unsettled:
        return Decision(layer=item.layer, how="open", mark=chosen.mark, candidates=candidates)
    whole = len(candidates) == 1
    return Decision(
        layer=item.layer,
        how="unanimous" if whole else by.name,
        mark=chosen.mark,
        by=tuple(names[who] for who in voters),
        candidates=() if whole else candidates,
    )


def _winner(votes: Mapping[Any, int], asked: int, by: Rule) -> tuple[Any] | None:
    """Return the one answer that has enough votes, and more than any other; None where there is no such answer."""
    ranked = Counter(votes).most_common(2)
    first, most = ranked[0]
    tied = len(ranked) > 1 and ranked[1][1] == most
    return (first,) if most >= by.needs(asked) and not tied else None


class _Chosen(NamedTuple):
    mark: Mark | None
    unsettled: bool = False


def _chosen(item: Item, voters: Sequence[int], by: Rule) -> _Chosen:
    """Return the mark that was chosen with the attributes that have enough votes, and whether one has not."""
    marks = [item.said[who] for who in voters]
    own = [item.own.get(who, {}).items() for who in voters]
    said = {name: value for name, value in own[0] if all((name, value) in each for each in own)}
    unsettled = False
    for name in sorted({name for mark in marks for name in mark.attributes}):
        won = _winner(Counter(mark.attributes.get(name) for mark in marks), len(marks), by)
        unsettled |= won is None
        if won is not None and isinstance(won[0], str | bool):
            said[name] = won[0]
    return _Chosen(msgspec.structs.replace(marks[0], attributes=dict(sorted(said.items()))), unsettled)


def _candidates(item: Item, names: Sequence[str]) -> list[Candidate]:
    """Return the answers that were given, each with who gives it; that there is nothing is an answer too."""
    answers: dict[Hashable, tuple[Mark | None, list[int]]] = {}
    for who in item.asked:
        mark = item.said.get(who)
        answers.setdefault(mark.statement if mark else None, (mark, []))[1].append(who)
    return [
        Candidate(
            by=tuple(names[who] for who in by),
            mark=mark,
            doubted=tuple(names[who] for who in by if who in item.doubtful),
        )
        for mark, by in answers.values()
    ]
