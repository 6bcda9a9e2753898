"""The alignment of all annotators' units that has the least disorder: what gamma observes, and what it expects.

Mathet, Widlöcher & Métivier (2015), *The unified and holistic method gamma for inter-annotator agreement measure and
alignment*, section 4.  A unitary alignment holds at most one unit of each of n annotators; its disorder is the mean
dissimilarity of its n (n - 1) / 2 pairs, Δ for a pair with an empty unit in it.  An alignment parts all units into
unitary ones.  The best one is found exactly, for any number of annotators, all texts at once: `khabar.adjudication.
packing` chooses, of the unitary alignments that no part of them would beat, those that spare most disorder.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt
from typing import NamedTuple

import numpy as np

from khabar.adjudication.agreement.codes import Floats
from khabar.adjudication.matching import Pairs, Places, Table, cliques, overlapping
from khabar.adjudication.packing import NONE, packed
from khabar.errors import Incomparable
from khabar.model.columns import Ints


@dataclass(frozen=True, slots=True)
class Dissimilarity:
    """How much two units differ: alpha d_pos + beta d_cat.

    d_pos = ((|start - start'| + |end - end'|) / (length + length'))^2 Δ, the positional sporadic dissimilarity;
    d_cat = Δ times how far the categories are apart.

    Attributes:
        alpha: Weight of the places.  The authors' program has 3.
        beta: Weight of the categories; 0 leaves them out.
        empty: Δ, how much any unit differs from the empty one.
        apart: How far each two categories are apart, from 0 to 1, 0 on the diagonal, shape (categories, categories);
            all by 1, if not given.
    """

    alpha: float = 3.0
    beta: float = 1.0
    empty: float = 1.0
    apart: Floats | None = None

    def __post_init__(self) -> None:
        """Refuse weights by which every unit is like every other."""
        if self.alpha <= 0 or self.beta < 0 or self.empty <= 0:
            told = f"alpha {self.alpha}, beta {self.beta}, Δ {self.empty}"
            raise Incomparable(f"gamma: {told}: alpha and Δ should be above 0, beta not below: choose others")

    def places(self, units: "Units", pairs: Pairs) -> Floats:
        """Return d_pos of each pair, shape (pairs,)."""
        one, other = pairs
        moved = np.abs(units.start[one] - units.start[other]) + np.abs(units.end[one] - units.end[other])
        size = units.end - units.start
        distance: Floats = (moved / (size[one] + size[other])) ** 2 * self.empty
        return distance

    def categories(self, units: "Units", pairs: Pairs) -> Floats:
        """Return d_cat of each pair, shape (pairs,)."""
        one, other = units.category[pairs.one], units.category[pairs.other]
        differ: Floats = np.asarray(one != other, dtype=np.float64) if self.apart is None else self.apart[one, other]
        return differ * self.empty

    def between(self, units: "Units", pairs: Pairs) -> Floats:
        """Return the dissimilarity of each pair, shape (pairs,)."""
        return self.alpha * self.places(units, pairs) + self.beta * self.categories(units, pairs)


class Units(NamedTuple):
    """Units of several texts, as columns of shape (units,).

    Attributes:
        text: Number of the text, from 0.
        annotator: Number of the annotator, from 0.
        start: First code point.
        end: One past the last.
        category: Number of the category, from 0.
    """

    text: Ints
    annotator: Ints
    start: Ints
    end: Ints
    category: Ints


class Alignment(NamedTuple):
    """The best alignment of several texts, each on its own.

    Attributes:
        sets: The unitary alignments of two units or more, a row of the units or NONE of each annotator, shape
            (sets, annotators); every other unit is alone in its own.
        disorder: Sum of the disorders of the unitary alignments of each text, shape (texts,).
    """

    sets: Ints
    disorder: Floats


def best_alignment(units: Units, shape: tuple[int, int], dissimilarity: Dissimilarity) -> Alignment:
    """Find the alignment of least disorder, exactly.

    Args:
        units: The units of all texts.
        shape: How many texts and how many annotators there are; two at least of the latter.
        dissimilarity: How units differ.

    Raises:
        NotFound: scipy is not installed.
    """
    texts, annotators = shape
    empty, couples = dissimilarity.empty, comb(annotators, 2)
    # To add a unit to a set of s spares Δ and costs (sum of its dissimilarities - s Δ) / couples.
    limit = (couples + annotators - 1) * empty
    pairs = near(units, sqrt(limit / dissimilarity.alpha / empty))
    distance = dissimilarity.between(units, pairs)
    kept = distance < limit
    pairs, distance = Pairs(pairs.one[kept], pairs.other[kept]), distance[kept]
    sets = _wide(cliques(units.annotator, pairs), annotators)
    table, distance = Table(len(units.start), pairs), np.append(distance, 0.0)
    to_others = np.zeros(sets.shape)
    for one, other in combinations(range(annotators), 2):
        between = distance[table.rows(sets[:, one], sets[:, other])]
        to_others[:, one] += between
        to_others[:, other] += between
    size = (sets != NONE).sum(axis=1)
    useful = (to_others < (couples + size - 1)[:, None] * empty).all(axis=1)
    sets, size = sets[useful], size[useful]
    apart = to_others[useful].sum(axis=1) / 2 + (couples - size * (size - 1) / 2) * empty
    gain = size * empty - apart / couples
    chosen = packed(sets, gain)
    spared = np.bincount(units.text[sets[chosen].max(axis=1, initial=0)], gain[chosen], texts)
    disorder: Floats = (np.bincount(units.text, minlength=texts) * empty - spared).astype(np.float64)
    return Alignment(sets[chosen], disorder)


def near(units: Units, reach: float) -> Pairs:
    """Return all pairs of units of two annotators with |start - start'| + |end - end'| <= reach (length + length').

    And some more: those of which the middles are no farther apart than that allows.
    """
    size, twice = units.end - units.start, units.start + units.end
    far = np.ceil(reach * size).astype(np.int64) + 1
    # Windows begin before the text does; none may reach into the text before.
    margin = int(far.max(initial=0))
    return overlapping(Places(units.text, units.annotator, twice - far + margin, twice + far + margin))


def _wide(sets: Ints, annotators: int) -> Ints:
    """Give every annotator a column, those too who marked nothing anywhere."""
    return np.pad(sets, ((0, 0), (0, annotators - sets.shape[1])), constant_values=NONE)
