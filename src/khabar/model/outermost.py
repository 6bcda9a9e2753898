"""Spans that lie in no other, and the tokens that they touch: one rule for tags, agreement, suspects and checks.

Places count code points on one axis; spans of different articles, annotators or layers lie in ranges of it that do not
meet.
"""

import numpy as np

from khabar.model.columns import Ints, Mask

NONE = -1


def by_place(start: Ints, end: Ints) -> Ints:
    """Return the order of spans by their start, the longer first; those in one place stay as they are.

    Args:
        start: First code point of each span, shape (spans,).
        end: One past the last.
    """
    # One key: in canonical order spans come as it sorts them.
    longest = int((end - start).max(initial=0)) + 1
    key = start * longest + (start - end)
    return np.argsort(key, kind="stable") if (key[1:] < key[:-1]).any() else np.arange(len(key))


def outermost(start: Ints, end: Ints) -> Mask:
    """Tell of each span, ordered `by_place`, whether it lies in none before it.

    Of spans that cross, which no layer allows, the earlier holds the later; of several in one place the first is it.
    """
    reached = np.maximum.accumulate(np.append(NONE, end))[:-1]
    lies_in_none: Mask = start >= reached
    return lies_in_none


def touching(first: Ints, stop: Ints, start: Ints, end: Ints) -> Ints:
    """Return the row of the span that each token belongs to, NONE where it belongs to none.

    A token that a span touches belongs to it, proclitics and all; where two touch it, to the first.

    Args:
        first: First code point of each token, in any shape.
        stop: One past the last, same shape.
        start: First code point of each outermost span, in order, shape (spans,).
        end: One past the last.
    """
    # The first span that ends behind where the token begins, if it begins before the token ends.
    row = np.searchsorted(end, first, side="right")
    there = row < len(end)
    there[there] = start[row[there]] < stop[there]
    return np.where(there, row, NONE)
