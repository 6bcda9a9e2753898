"""What several checks look at, computed once a batch: kinds of character, lines, regions, quotation marks."""

import unicodedata
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from khabar.model.batch import Batch, Ints, Mask

EDGE, LETTER = 1, 2
NEWLINE = ord("\n")


class Lines(NamedTuple):
    """Lines that are not empty, without white space at their edges, counted in the texts laid end to end.

    Attributes:
        first: First code point of each.
        stop: One past the last.
    """

    first: Ints
    stop: Ints


class View:
    """A batch with what checks share.

    Attributes:
        batch: The batch.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    @cached_property
    def kinds(self) -> NDArray[np.uint8]:
        """Kind of each character of the texts: `EDGE` (no span begins or ends with it), `LETTER` (part of a word)."""
        present = np.zeros(0x110000, dtype=bool)
        present[self.batch.characters] = True
        table = np.zeros(0x110000, dtype=np.uint8)
        for code in np.flatnonzero(present):
            table[code] = _kind(chr(code))
        return table[self.batch.characters]

    @cached_property
    def newline(self) -> Mask:
        """Tell of each character whether it is a line break."""
        found: Mask = self.batch.characters == NEWLINE
        return found

    @cached_property
    def lines(self) -> Lines:
        """The lines of all texts."""
        # A text that ends without a line break ends its line all the same, hence the article's number.
        number = np.cumsum(self.newline) + np.repeat(np.arange(len(self.batch)), np.diff(self.batch.base))
        words = np.flatnonzero(self.kinds != EDGE)
        change = np.flatnonzero(np.diff(number[words], prepend=-1, append=-1) != 0) if len(words) else np.zeros(1, int)
        return Lines(words[change[:-1]], words[change[1:] - 1] + 1)

    @cached_property
    def regions(self) -> Ints:
        """Rows of the sound spans that are regions (of layers that go by lines), in order of place."""
        lined = [code for code, layer in enumerate(self.batch.labels.layers.values()) if layer.lines]
        rows = np.flatnonzero(np.isin(self.batch.spans.layer, lined) & self.batch.sound)
        return rows[np.argsort(self.batch.first[rows], kind="stable")]

    @cached_property
    def has_regions(self) -> Mask:
        """Tell of each article whether its annotation speaks of regions."""
        said = np.zeros(len(self.batch), dtype=bool)
        for name, layer in self.batch.labels.layers.items():
            if layer.lines:
                said |= self.batch.covers(name)
        return said

    def region_at(self, place: Ints) -> Ints:
        """Return the row of the region that holds each place, -1 where none does."""
        if not len(self.regions):
            return np.full(len(place), -1)
        at = np.searchsorted(self.batch.first[self.regions], place, side="right") - 1
        row = self.regions[np.maximum(at, 0)]
        return np.where((at >= 0) & (place <= self.batch.last[row]), row, -1)

    def is_main(self, region: Ints) -> Mask:
        """Tell of each region row whether its label is main; of -1, that no boilerplate is known there."""
        main = [label.main for label in self.batch.labels.labels.values()]
        known = np.array([*main, *[True] * (len(self.batch.names.labels) - len(main))])
        main_or_none: Mask = (region < 0) | known[np.append(self.batch.spans.label, 0)[region]]
        return main_or_none

    @cached_property
    def quotation_marks(self) -> Ints:
        """Places of the quotation marks of the main text."""
        marks = [ord(mark) for mark in self.batch.labels.quotation_marks]
        places = np.flatnonzero(np.isin(self.batch.characters, marks))
        return places[self.is_main(self.region_at(places))]


def _kind(character: str) -> int:
    category = unicodedata.category(character)
    if character.isspace() or category in ("Cc", "Cf", "Zs", "Zl", "Zp"):
        return EDGE
    return LETTER if category[0] in "LMN" else 0
