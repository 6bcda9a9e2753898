"""The words of a batch's texts, and a fingerprint of any stretch of them at the price of two look-ups.

The fingerprint is the polynomial hash of Karp and Rabin (1987), "Efficient randomized pattern-matching algorithms",
IBM J. Res. Dev. 31(2), taken modulo 2^64 over mixed code points: with the sums from the beginning of the texts at hand,
the hash of a stretch is a difference and a product.  Equal words have equal fingerprints wherever they stand.
"""

import re
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from khabar.model.batch import Batch
from khabar.model.columns import Ints, Mask

Prints = NDArray[np.uint64]

LONGEST_PROCLITIC = 3
SHORTEST_NAME = 3
"""Letters that must be left behind a proclitic, or it is none."""

_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
"""Odd constants of 64 bits without a pattern: those of the generator SplitMix64."""


class Runs(NamedTuple):
    """Rows of words, k of them: k-word stretches of the texts.

    Attributes:
        first: Place of the first code point of each in the texts laid end to end, shape (k,).
        stop: One past the last.
    """

    first: Ints
    stop: Ints


class Words:
    """Words are runs of letters, digits and what belongs to them; every other character parts them.

    Args:
        batch: Whose texts are meant.
        letters: Which characters are part of a word, shape (characters,).
        breaks: Places of the line breaks.

    Attributes:
        first: Place of each word's first code point in the texts laid end to end, shape (words,).
        stop: One past its last.
    """

    def __init__(self, batch: Batch, letters: Mask, breaks: Ints) -> None:
        self._batch, self._breaks = batch, breaks
        edges = np.flatnonzero(np.diff(letters, prepend=False, append=False))
        first, stop = edges[::2], edges[1::2]
        # Where a text ends inside a run, the next one goes on with it, though no character parts them.
        bounds = batch.base[1:-1]
        run = np.searchsorted(first, bounds) - 1
        parted = bounds[(run >= 0) & (np.append(stop, 0)[run] > bounds)]
        self.first, self.stop = np.union1d(first, parted), np.union1d(stop, parted)

    def __len__(self) -> int:
        return len(self.first)

    def line_of(self, places: Ints) -> Ints:
        """Return the number of the line in which each place is, counted through all texts; no two texts share one."""
        line: Ints = np.searchsorted(self._line_starts, places, side="right")
        return line

    @cached_property
    def _line_starts(self) -> Ints:
        return np.union1d(self._batch.base[:-1], self._breaks + 1)

    @cached_property
    def line(self) -> Ints:
        """The line of each word."""
        return self.line_of(self.first)

    def runs(self, length: int) -> Runs:
        """Return every stretch of that many words of one line, and each that begins with a proclitic without it too."""
        begin = np.arange(max(len(self) - length + 1, 0))
        begin = begin[self.line[begin] == self.line[begin + length - 1]]
        place = np.full(len(self), -1)
        place[begin] = begin + length - 1
        behind, first = self._behind_proclitics
        whole = place[behind] >= 0
        return Runs(
            np.concatenate((self.first[begin], first[whole])),
            self.stop[np.concatenate((begin + length - 1, place[behind[whole]]))],
        )

    @cached_property
    def _behind_proclitics(self) -> tuple[Ints, Ints]:
        """Numbers of the words that begin with what may be a proclitic, and where each goes on behind it."""
        rule = re.compile(self._batch.labels.proclitics)
        words, places = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for length in range(1, LONGEST_PROCLITIC + 1):
            long = np.flatnonzero(self.stop - self.first >= length + SHORTEST_NAME)
            letters = self._batch.characters[self.first[long][:, None] + np.arange(length)].astype("<u4")
            distinct, which = np.unique(letters.view(f"V{4 * length}").ravel(), return_inverse=True)
            fits = [rule.fullmatch(each.tobytes().decode("utf-32-le")) is not None for each in distinct]
            told = long[np.array(fits, dtype=bool)[which]]
            words.append(told)
            places.append(self.first[told] + length)
        return np.concatenate(words), np.concatenate(places)

    @cached_property
    def _powers(self) -> tuple[Prints, Prints]:
        """Powers of the base and of its inverse, up to the length of the texts."""
        length = int(self._batch.base[-1]) + 1
        return _powers(_BASE, length), _powers(_INVERSE, length)

    @cached_property
    def _sums(self) -> Prints:
        characters = self._batch.characters.astype(np.uint64)
        mixed = (characters + np.uint64(1)) * _MIX
        mixed ^= mixed >> np.uint64(31)
        sums = np.zeros(len(characters) + 1, dtype=np.uint64)
        np.cumsum(mixed * self._powers[0][: len(characters)], out=sums[1:])
        return sums

    def prints(self, first: Ints, stop: Ints) -> Prints:
        """Return the fingerprint of each stretch from ``first`` up to ``stop``, shape (k,)."""
        found: Prints = (self._sums[stop] - self._sums[first]) * self._powers[1][first]
        return mixed(found)

    @cached_property
    def own(self) -> Prints:
        """Fingerprint of each word."""
        return self.prints(self.first, self.stop)


def mixed(prints: Prints) -> Prints:
    """Spread what tells fingerprints apart over all their bits (the last steps of SplitMix64)."""
    prints = (prints ^ (prints >> np.uint64(30))) * _MIX
    return prints ^ (prints >> np.uint64(31))


def _powers(base: int, length: int) -> Prints:
    steps = np.full(max(length, 1), base, dtype=np.uint64)
    steps[0] = 1
    powers: Prints = np.cumprod(steps, dtype=np.uint64)
    return powers
