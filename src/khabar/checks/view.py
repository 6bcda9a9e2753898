"""What several checks look at, computed once a batch: lines, regions, quotation marks, what stands at spans' edges."""

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from khabar.checks.kinds import BREAK, EDGE, LETTER, MARK, RARE, kinds_of
from khabar.checks.words import Words
from khabar.model.batch import Batch
from khabar.model.columns import Ints, Mask


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
        """What each character of the texts is, as `khabar.checks.kinds` has it."""
        return kinds_of(self.batch.characters, self.batch.labels.quotation_marks)

    def kinds_at(self, places: Ints) -> NDArray[np.uint8]:
        """Return the kinds of the characters at places in the texts."""
        return self.kinds[places] if len(self.kinds) else np.zeros(len(places), dtype=np.uint8)

    def is_kind(self, places: Ints, kind: int) -> Mask:
        """Tell of each place in the texts whether a character of that kind stands there."""
        there: Mask = (self.kinds_at(places) & kind) != 0
        return there

    @cached_property
    def first_kinds(self) -> NDArray[np.uint8]:
        """The kind of the first character of each span."""
        return self.kinds_at(self.batch.first)

    @cached_property
    def last_kinds(self) -> NDArray[np.uint8]:
        """The kind of the last character of each span."""
        return self.kinds_at(self.batch.last)

    @cached_property
    def begins_inside(self) -> Mask:
        """Tell of each span whether a character of its text stands before it."""
        inside: Mask = self.batch.first > self.batch.base[self.batch.spans.article]
        return inside

    @cached_property
    def ends_inside(self) -> Mask:
        """Tell of each span whether a character of its text stands behind it."""
        inside: Mask = self.batch.last + 1 < self.batch.base[self.batch.spans.article + 1]
        return inside

    @cached_property
    def before_kinds(self) -> NDArray[np.uint8]:
        """The kind of the character before each span that `begins_inside`, of another one of others."""
        return self.kinds_at(np.maximum(self.batch.first - 1, 0))

    @cached_property
    def behind_kinds(self) -> NDArray[np.uint8]:
        """The kind of the character behind each span that `ends_inside`, of another one of others."""
        return self.kinds_at(np.minimum(self.batch.last + 1, self.batch.base[-1] - 1))

    def places(self, kind: int) -> Ints:
        """Return the places in the texts where a character of a rare kind stands."""
        found: Ints = self._rare[(self._rare_kinds & kind) != 0]
        return found

    @cached_property
    def _rare(self) -> Ints:
        """Places of all that is rare, found in one pass."""
        return np.flatnonzero((self.kinds & RARE) != 0)

    @cached_property
    def _rare_kinds(self) -> NDArray[np.uint8]:
        return self.kinds[self._rare]

    @cached_property
    def breaks(self) -> Ints:
        """Places of the line breaks."""
        return self.places(BREAK)

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

    def line(self, row: int, start: int) -> int:
        """Return the line, counted from 1, of a code point of an article; 0 where its text is not at hand."""
        if not self.batch.has_text[row]:
            return 0
        base = self.batch.base[row]
        before, here = np.searchsorted(self.breaks, (base, base + start))
        return int(here - before) + 1

    @cached_property
    def words(self) -> Words:
        """The words of all texts."""
        return Words(self.batch, (self.kinds & LETTER) != 0, self.breaks)

    @cached_property
    def regions(self) -> Ints:
        """Rows of the sound spans that are regions (of layers that go by lines), in order of place."""
        rows = np.flatnonzero(self.in_layers("lines") & self.batch.sound)
        return rows[np.argsort(self.batch.first[rows], kind="stable")]

    def in_layers(self, having: str) -> Mask:
        """Tell of each span whether it is of a layer that has this property."""
        having_it = [bool(getattr(each, having)) for each in self.batch.labels.layers.values()]
        strangers = [False] * (len(self.batch.names.layers) - len(having_it))
        which: Mask = np.array([*having_it, *strangers], dtype=bool)[self.batch.spans.layer]
        return which

    def has_label(self, labels: Iterable[str]) -> Mask:
        """Tell of each span whether it has one of these labels."""
        wanted = np.zeros(len(self.batch.names.labels), dtype=bool)
        wanted[[self.batch.label_code(label) for label in labels]] = True
        having: Mask = wanted[self.batch.spans.label]
        return having

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

    @cached_property
    def first_region(self) -> Ints:
        """Row of the region that holds the first character of each span, -1 where none does."""
        return self.region_at(self.batch.first)

    @cached_property
    def by_label(self) -> Ints:
        """Rows of the sound spans, label by label, in each as they came."""
        few = self.batch.spans.label.astype(np.uint16)  # numpy sorts short integers in one pass
        order = np.argsort(few, kind="stable")
        return order[self.batch.sound[order]]

    def is_main(self, region: Ints) -> Mask:
        """Tell of each region row whether its label is main; of -1, that no boilerplate is known there."""
        main = [label.main for label in self.batch.labels.labels.values()]
        known = np.array([*main, *[True] * (len(self.batch.names.labels) - len(main))])
        main_or_none: Mask = (region < 0) | known[np.append(self.batch.spans.label, 0)[region]]
        return main_or_none

    @cached_property
    def quotation_marks(self) -> Ints:
        """Places of the quotation marks of the main text."""
        places = self.places(MARK)
        return places[self.is_main(self.region_at(places))]
