"""How far what several annotators say can be believed: Dawid and Skene's model, fitted by EM.

It ranks what an adjudicator should look at first.  It judges nothing: with two annotators it only knows who is
contradicted more often.
"""

from typing import NamedTuple

import numpy as np

from khabar.adjudication.agreement.codes import Floats
from khabar.errors import Incomparable
from khabar.model.columns import Ints

ROUNDS = 200
"""Rounds of EM at most; the published example needs about ten."""
STILL = 1e-6
"""Where no posterior moves by more than this, EM has arrived."""


class Answers(NamedTuple):
    """What was answered, one row an answer; columns of shape (answers,).

    Attributes:
        item: Number of the question, from 0.
        annotator: Number of who answered, from 0; the same may answer a question more than once.
        value: Number of the answer, from 0.
    """

    item: Ints
    annotator: Ints
    value: Ints


class Fitted(NamedTuple):
    """The model after EM.

    Attributes:
        posterior: How probable each value is for each item, shape (items, values); rows sum to 1.
        prior: How frequent each value is, shape (values,).
        confusion: What each annotator answers where a value is true, shape (annotators, true, answered).
        rounds: Rounds that EM took.
    """

    posterior: Floats
    prior: Floats
    confusion: Floats
    rounds: int


def dawid_skene(answers: Answers, items: int, values: int, smoothing: float = 0.0) -> Fitted:
    """Fit the model: every item has one true value, and every annotator errs in a way of their own.

    Begins with each item's shares of answers, as the paper does, and is deterministic.  A. P. Dawid and A. M. Skene,
    "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm", Applied Statistics 28 (1979) 20-28,
    equations 2.3 to 2.5.

    Args:
        answers: What was answered.
        items: How many items there are; each has an answer.
        values: How many values there are.
        smoothing: Answers of each kind that every annotator is taken to have given besides, so that what was never
            seen is not impossible; 0 is the paper's model.

    Raises:
        Incomparable: an item has no answer, or a number is none of those announced.
    """
    _refuse(answers, items, values)
    annotators = int(answers.annotator.max(initial=-1)) + 1
    votes = np.bincount(answers.item * values + answers.value, minlength=items * values).reshape(items, values)
    posterior: Floats = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    rounds, moved = 0, 1.0
    while moved >= STILL and rounds < ROUNDS:
        prior, confusion = _maximised(answers, posterior, (annotators, values), smoothing)
        before, posterior = posterior, _expected(answers, prior, confusion, items)
        moved = float(np.abs(posterior - before).max(initial=0.0))
        rounds += 1
    return Fitted(posterior, prior, confusion, rounds)


def _maximised(answers: Answers, posterior: Floats, shape: tuple[int, int], smoothing: float) -> tuple[Floats, Floats]:
    """Return the priors and confusions that make the answers most likely, given what the items probably are."""
    annotators, values = shape
    prior = posterior.sum(axis=0) + smoothing
    confusion = np.zeros((annotators, values, values))
    for true in range(values):
        cell = answers.annotator * values + answers.value
        told = np.bincount(cell, posterior[answers.item, true], annotators * values)
        confusion[:, true] = told.reshape(annotators, values)
    confusion += smoothing
    total = confusion.sum(axis=2, keepdims=True)
    # Whoever never met a value says nothing about it: any answer is as likely.
    shares: Floats = np.where(total > 0, confusion / np.where(total > 0, total, 1), 1 / values)
    return prior / max(prior.sum(), 1e-300), shares


def _expected(answers: Answers, prior: Floats, confusion: Floats, items: int) -> Floats:
    """Return how probable each value is for each item, given priors and confusions."""
    values = len(prior)
    with np.errstate(divide="ignore"):
        told = np.log(confusion)[answers.annotator, :, answers.value]
        likely = np.tile(np.log(prior), (items, 1))
    for true in range(values):
        likely[:, true] += np.bincount(answers.item, told[:, true], items)
    likely -= likely.max(axis=1, keepdims=True, initial=-np.inf)
    share = np.exp(likely)
    posterior: Floats = share / share.sum(axis=1, keepdims=True)
    return posterior


def _refuse(answers: Answers, items: int, values: int) -> None:
    for name, column, end in (("item", answers.item, items), ("value", answers.value, values)):
        if len(column) and not 0 <= column.min() <= column.max() < end:
            raise Incomparable(f"answers: a number of {name} is none of 0 to {end - 1}: number them from 0")
    if len(answers.annotator) and answers.annotator.min() < 0:
        raise Incomparable("answers: a number of an annotator is below 0: number them from 0")
    if len(np.unique(answers.item)) < items:
        raise Incomparable(f"answers: {items} items, not all have one: leave out those that have none")
