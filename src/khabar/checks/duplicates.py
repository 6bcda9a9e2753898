"""Near-duplicates: sketches of texts that can be compared without the texts.

One permutation hashing (Li, Owen & Zhang 2012, "One permutation hashing", NIPS) over five-word shingles, empty bins
filled from the next full one (Shrivastava & Li 2014, "Densifying one permutation hashing", ICML): the share of equal
bins estimates the Jaccard similarity of the two sets of shingles, with a standard error of sqrt(J (1 - J) / BINS).
Candidates are pairs that share a band of bins (Broder 1997; Leskovec, Rajaraman & Ullman, "Mining of Massive
Datasets", chapter 3).
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from khabar.checks.view import View
from khabar.checks.words import Prints, mixed
from khabar.model.columns import Ints

Hashes = NDArray[np.uint32]

SHINGLE = 5
"""Words."""
BINS = 128
ROWS = 4
"""Bins in a band: with 32 bands of 4, a pair of similarity 0.8 is a candidate all but surely (1 - 5e-8)."""
SIMILAR = 0.8
"""From this estimate on two texts are near-duplicates."""
FEWEST = 50
"""Shingles below which a text is too short to be compared."""


def sketches(view: View) -> pa.Array:
    """Return a sketch of each text of a batch, null where it is withheld or too short: `BINS` 32-bit hashes."""
    batch, words = view.batch, view.words
    count = len(words) - SHINGLE + 1
    if count < 1:
        return pa.nulls(len(batch), pa.binary())
    hashes: Prints = np.zeros(count, dtype=np.uint64)
    for place in range(SHINGLE):
        hashes = mixed(hashes + words.own[place : place + count])
    article = np.searchsorted(batch.base, words.first, side="right") - 1
    whole = article[:count] == article[SHINGLE - 1 :]
    article, hashes = article[:count][whole], hashes[whole]
    least = np.full((len(batch), BINS), np.iinfo(np.uint32).max, dtype=np.uint32)
    bins = (hashes >> np.uint64(57)).astype(np.int64)
    np.minimum.at(least, (article, bins), (hashes & np.uint64(0x7FFFFFFF)).astype(np.uint32))
    filled = _filled(least)
    long = np.bincount(article, minlength=len(batch)) >= FEWEST
    rows = [row.tobytes() if enough else None for row, enough in zip(filled, long.tolist(), strict=True)]
    return pa.array(rows, pa.binary())


def _filled(least: Hashes) -> Hashes:
    """Fill empty bins with the next full one to the right, around the end, and how far it was."""
    empty = least == np.iinfo(np.uint32).max
    twice = np.concatenate((empty, empty), axis=1)
    place = np.where(twice, 2 * BINS, np.arange(2 * BINS))
    nearest = np.minimum.accumulate(place[:, ::-1], axis=1)[:, ::-1][:, :BINS]
    far = nearest - np.arange(BINS)
    nearest = np.where(nearest < 2 * BINS, nearest % BINS, 0)
    filled: Hashes = np.take_along_axis(least, nearest, axis=1) + far.astype(np.uint32) * np.uint32(0x9E3779B1)
    return filled


class Pairs(NamedTuple):
    """Near-duplicates, k pairs.

    Attributes:
        one: Row of the earlier text, shape (k,).
        other: Row of the later one.
        similarity: Estimated Jaccard similarity of their shingles.
    """

    one: Ints
    other: Ints
    similarity: NDArray[np.float64]


def near(sketches: pa.Array) -> Pairs:
    """Return the pairs of texts whose sketches are similar, each pair once, in order."""
    rows = np.flatnonzero(np.asarray(sketches.is_valid()))
    known = sketches.take(pa.array(rows)).to_pylist()
    table = np.frombuffer(b"".join(known), dtype=np.uint32).reshape(-1, BINS)
    found: list[Ints] = [np.zeros((0, 2), dtype=np.int64)]
    for band in range(0, BINS, ROWS):
        keys = np.ascontiguousarray(table[:, band : band + ROWS]).view(f"V{4 * ROWS}").ravel()
        _, which, size = np.unique(keys, return_inverse=True, return_counts=True)
        order = np.argsort(which, kind="stable")
        # Of many equal ones each is paired with the first and with the next: enough to tell, and never quadratic.
        first = order[np.cumsum(size) - size][which]
        found.append(np.column_stack((first, np.arange(len(which))))[first < np.arange(len(which))])
        found.append(np.column_stack((order[:-1], order[1:]))[np.diff(which[order]) == 0])
    pairs = np.unique(np.concatenate(found), axis=0)
    similarity = (table[pairs[:, 0]] == table[pairs[:, 1]]).mean(axis=1) if len(pairs) else np.zeros(0)
    alike = similarity >= SIMILAR
    return Pairs(rows[pairs[alike, 0]], rows[pairs[alike, 1]], similarity[alike])
