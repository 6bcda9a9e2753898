"""What an adjudicator should look at first: open questions by how little can be foretold of their answer."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from khabar.adjudication.items import Item
from khabar.adjudication.posterior import Answers, Fitted, dawid_skene
from khabar.model.decision import Decision

DOUBT = 0.5
"""What a doubted answer counts beside one that is not."""
NOTHING = ""
"""Stands among the labels for: there is nothing to mark."""
LINKS = "links"
"""The model of links, among those of the layers."""


class Answered:
    """What all annotators answered to all items, collected article by article: a table for each layer."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        self._items: dict[str, int] = defaultdict(int)

    def add(self, items: Iterable[Item], names: Sequence[str]) -> list[tuple[str, int]]:
        """Add the items of an article; return of each its table and number there."""
        places = []
        for item in items:
            table = LINKS if item.link else item.layer
            number = self._items[table]
            self._items[table] += 1
            labels = ((who, item.said[who].label if who in item.said else NOTHING) for who in item.asked)
            self._rows[table] += [(number, names[who], label) for who, label in labels]
            places.append((table, number))
        return places

    def fitted(self) -> dict[str, tuple[dict[str, int], Fitted]]:
        """Fit a model for each table; return it with the number of each label.

        Of every label each annotator is taken to have met one more, and to have answered a little of everything: what
        was never seen is not impossible.
        """
        found = {}
        for table, rows in self._rows.items():
            item, names, labels = zip(*rows, strict=True)
            who = {name: number for number, name in enumerate(sorted(set(names)))}
            values = {label: number for number, label in enumerate(sorted({NOTHING, *labels}))}
            answers = Answers(
                np.array(item, dtype=np.int64),
                np.array([who[name] for name in names], dtype=np.int64),
                np.array([values[label] for label in labels], dtype=np.int64),
            )
            found[table] = values, dawid_skene(answers, self._items[table], len(values), 1 / len(values))
        return found


def uncertainty(decision: Decision, place: tuple[str, int], models: dict[str, tuple[dict[str, int], Fitted]]) -> float:
    """Return how uncertain a question is, from 0 to 1.

    It is one less the probability of the best answer: that of its label by the model, times its share among the
    answers of that label, for the model knows nothing of boundaries and attributes; all the less where annotators
    doubt what they mark, whoever is right.

    Args:
        decision: The question, with its candidates.
        place: Its table and number there.
        models: What `Answered.fitted` returns.
    """
    values, model = models[place[0]]
    voters: dict[str, int] = defaultdict(int)
    for each in decision.candidates:
        voters[each.mark.label if each.mark else NOTHING] += len(each.by)
    posterior = model.posterior[place[1]]
    best = max(
        (
            posterior[values[label]] * len(each.by) / voters[label]
            for each in decision.candidates
            for label in [each.mark.label if each.mark else NOTHING]
        ),
        default=0.0,
    )
    doubted = sum(len(each.doubted) for each in decision.candidates) / max(sum(voters.values()), 1)
    return round(float(1 - best * (1 - DOUBT * doubted)), 4)


def ranked(decisions: Iterable[Decision]) -> list[Decision]:
    """Return decisions with the open ones first, the most uncertain before others, and numbered from 1.

    What is settled has no number: one from an earlier list would be taken for that of another question.
    """
    every = list(decisions)
    waiting = sorted((each for each in every if each.how == "open"), key=_rank)
    numbered = [msgspec.structs.replace(each, number=number) for number, each in enumerate(waiting, start=1)]
    return [*numbered, *(msgspec.structs.replace(each, number=0) for each in every if each.how != "open")]


def _rank(decision: Decision) -> tuple[float, int, int]:
    first = min((mark.start if mark.head is None else mark.head.start for mark in decision.marks), default=0)
    return -decision.uncertainty, decision.is_link, first
