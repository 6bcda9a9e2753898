"""What several checks look at, computed once a batch: kinds of character, lines, regions, quotation marks."""

import unicodedata
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from khabar.model import text
from khabar.model.batch import Batch
from khabar.model.columns import Ints, Mask

EDGE, LETTER, MARK, BREAK, JOINED, UNFIT = 1, 2, 4, 8, 16, 32
"""No span begins or ends with it; part of a word; a quotation mark; a line break (an edge as well); belongs to the
character before it; has no place in a text."""
JOINER = "\N{ZERO WIDTH JOINER}"
SKIN_TONES = range(0x1F3FB, 0x1F400)

PLANE_0 = 0xFFFF


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
        """What each character of the texts is: a sum of `EDGE`, `LETTER` and the others."""
        characters = self.batch.characters
        marks = self.batch.labels.quotation_marks
        above = np.flatnonzero(characters > PLANE_0) if len(characters) and characters.max() > PLANE_0 else ()
        low = np.minimum(characters, PLANE_0) if len(above) else characters
        # Arrow takes by 32-bit indices as they are; numpy would widen each to 64 bits first.
        found = pc.take(_kinds_of_plane_0(marks), pa.array(low), boundscheck=False).to_numpy()
        if not len(above):
            return found  # type: ignore[no-any-return]
        kinds: NDArray[np.uint8] = found.copy()
        distinct, which = np.unique(characters[above], return_inverse=True)
        kinds[above] = np.array([_kind(chr(code), marks) for code in distinct], dtype=np.uint8)[which]
        return kinds

    def is_kind(self, places: Ints, kind: int) -> Mask:
        """Tell of each place in the texts whether a character of that kind stands there."""
        there: Mask = (self.kinds[places] & kind) != 0 if len(self.kinds) else np.zeros(len(places), dtype=bool)
        return there

    @cached_property
    def breaks(self) -> Ints:
        """Places of the line breaks."""
        return self._rare[self.is_kind(self._rare, BREAK)]

    @cached_property
    def _rare(self) -> Ints:
        """Places of line breaks and quotation marks, found in one pass."""
        return np.flatnonzero(self.kinds & (BREAK | MARK))

    @cached_property
    def lines(self) -> Lines:
        """The lines of all texts."""
        # A line begins with its text or behind a break and ends with a break or its text: as many ends as beginnings.
        first = np.sort(np.concatenate((self.batch.base[:-1], self.breaks + 1)))
        stop = np.sort(np.concatenate((self.breaks, self.batch.base[1:])))
        filled = first < stop
        return self._trimmed(first[filled], stop[filled])

    def _trimmed(self, first: Ints, stop: Ints) -> Lines:
        """Take white space off the edges of lines, and lines away that hold nothing else."""
        if not (self.is_kind(first, EDGE) | self.is_kind(stop - 1, EDGE)).any():
            return Lines(first, stop)
        words = np.flatnonzero((self.kinds & EDGE) == 0)
        begin, end = np.searchsorted(words, first), np.searchsorted(words, stop)
        filled = begin < end
        return Lines(words[begin[filled]], words[end[filled] - 1] + 1)

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
        places = self._rare[self.is_kind(self._rare, MARK)]
        return places[self.is_main(self.region_at(places))]


@cache
def _kinds_of_plane_0(quotation_marks: str) -> pa.Array:
    """Return the kinds of the code points up to `PLANE_0`, where nearly all text is; made once a process."""
    return pa.array([_kind(chr(code), quotation_marks) for code in range(PLANE_0 + 1)], pa.uint8())


def _kind(character: str, quotation_marks: str) -> int:
    category = unicodedata.category(character)
    joined = JOINED if category in ("Mn", "Me") or character == JOINER or ord(character) in SKIN_TONES else 0
    unfit = UNFIT if text.UNFIT.match(character) else 0
    if character == "\n":
        return EDGE | BREAK
    if text.is_edge(character):
        return EDGE | joined | unfit
    if character in quotation_marks:
        return MARK | unfit
    return (LETTER if category[0] in "LMN" else 0) | joined | unfit
