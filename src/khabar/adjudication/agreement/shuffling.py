"""Annotations as chance would have them: gamma's own shuffling of what was really marked.

Mathet, Widlöcher & Métivier (2015), section 5.2.  For each annotator of a shuffled text, the annotations that one of
the text's annotators (drawn anew each time, so that one may be drawn twice) really made are shifted together by a
number of code points drawn evenly from the text; a unit whose start is shifted past the end of the text goes on at its
beginning, whole, so that lengths, categories and what follows what stay as they are.  No two shifts of a text lie
nearer to each other, around the circle, than ``apart`` mean lengths of its units: else chance would agree with itself.
Where a text has no room for that, shifts keep their distance as long as they find room in `TRIES` draws.

A shuffle that moves owners instead of places is none: it keeps every agreement on where units are.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from khabar.adjudication.agreement.alignment import Units
from khabar.adjudication.agreement.codes import Floats
from khabar.model.columns import Ints, ranges

TRIES = 50
"""Draws of a shift, after which it is taken as it comes."""


class Marked(NamedTuple):
    """Texts with what their annotators marked, ready to be shuffled.

    Attributes:
        units: Sorted by text and annotator.
        first: Row of the first unit of each annotator of each text, shape (texts, annotators).
        sizes: How many they are, same shape.
        length: Of each text, shape (texts,).
    """

    units: Units
    first: Ints
    sizes: Ints
    length: Ints

    @property
    def shape(self) -> tuple[int, int]:
        """How many texts and how many annotators there are."""
        texts, annotators = self.sizes.shape
        return texts, annotators

    @property
    def mean_length(self) -> Floats:
        """Mean length of the units of each text, 0 where it has none; shape (texts,)."""
        total = np.bincount(self.units.text, self.units.end - self.units.start, len(self.length))
        mean: Floats = total / np.maximum(self.sizes.sum(axis=1), 1)
        return mean

    def between(self, first: int, stop: int) -> "Marked":
        """Return some of the texts, numbered anew."""
        begin, end = np.searchsorted(self.units.text, [first, stop])
        text, *others = (column[begin:end] for column in self.units)
        units, rows = Units(text - first, *others), slice(first, stop)
        return Marked(units, self.first[rows] - begin, self.sizes[rows], self.length[rows])


def marked(units: Units, annotators: int, length: Ints) -> Marked:
    """Sort the units of some texts.

    Args:
        units: Of all texts, in any order.
        annotators: How many read each text.
        length: Of each text, shape (texts,).
    """
    order = np.lexsort((units.annotator, units.text))
    sorted_ = Units(*(column[order] for column in units))
    cells = len(length) * annotators
    count = np.bincount(sorted_.text * annotators + sorted_.annotator, minlength=cells)
    first = count.cumsum() - count
    return Marked(sorted_, first.reshape(-1, annotators), count.reshape(-1, annotators), length)


def stacked(parts: Sequence[Marked]) -> Marked:
    """Return the texts of several parts, read by as many annotators, as one part: one after the other."""
    texts = np.cumsum([0, *(len(part.length) for part in parts)])
    columns = zip(*(part.units for part in parts), strict=True)
    text, *others = (np.concatenate(column) for column in columns)
    text = text + np.repeat(texts[:-1], [len(part.units.text) for part in parts])
    sizes = np.concatenate([part.sizes for part in parts])
    first = (sizes.cumsum() - sizes.ravel()).reshape(sizes.shape)
    return Marked(Units(text, *others), first, sizes, np.concatenate([part.length for part in parts]))


def shuffled(texts: Marked, random: np.random.Generator, apart: float) -> Marked:
    """Return the texts as chance would have annotated them, each shuffled once.

    Args:
        texts: What was really marked.
        random: Where chance comes from.
        apart: Mean lengths of units that shifts lie apart at least: 1 in the paper, 0.5 in the authors' program.
    """
    count, annotators = texts.shape
    shift = shifts(texts.length, annotators, apart * texts.mean_length, random)
    drawn = random.integers(annotators, size=(count, annotators))
    text = np.arange(count)[:, None]
    cell, row = ranges(texts.first[text, drawn].ravel(), texts.sizes[text, drawn].ravel())
    units = texts.units
    length = texts.length[units.text[row]]
    start = (units.start[row] + shift.ravel()[cell]) % np.maximum(length, 1)
    end = start + units.end[row] - units.start[row]
    return marked(Units(units.text[row], cell % annotators, start, end, units.category[row]), annotators, texts.length)


def shifts(length: Ints, annotators: int, apart: Floats, random: np.random.Generator) -> Ints:
    """Draw a shift for each annotator of each text, from 0 up to its length; shape (texts, annotators).

    Args:
        length: Of each text.
        annotators: How many shifts each text needs.
        apart: How far, around the circle, the shifts of each text should lie apart at least.
        random: Where chance comes from.
    """
    room = np.maximum(length, 1)
    shift = np.zeros((len(length), annotators), dtype=np.int64)
    for column in range(annotators):
        near = np.arange(len(length))
        for _ in range(TRIES):
            shift[near, column] = random.integers(room[near])
            gap = np.abs(shift[near, column, None] - shift[near, :column])
            around = np.minimum(gap, room[near, None] - gap)
            near = near[(around < apart[near, None]).any(axis=1)]
            if not len(near):
                break
    return shift
