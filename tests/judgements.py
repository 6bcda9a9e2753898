"""Judgements written in short, for tests of agreement."""

import numpy as np

from khabar.adjudication.agreement import segmentation, sums
from khabar.adjudication.agreement.codes import MISSING
from khabar.adjudication.agreement.continuum import Continuum


def table(*rows):
    """The codes of two annotators, from how often each pair of values was given."""
    counts = np.array(rows)
    first, second = (np.repeat(each.ravel(), counts.ravel()) for each in np.indices(counts.shape))
    return np.column_stack([first, second])


def coded(units):
    """Codes from a word a unit, a sign an annotator; the values by alphabet, a point is missing."""
    signs = np.array([list(unit) for unit in units.split()])
    values = sorted(set(signs.ravel()) - {"."})
    return np.array([[values.index(sign) if sign != "." else MISSING for sign in unit] for unit in signs])


MADE_OF = {
    sums.cohen_of: sums.tables,
    sums.observed_of: sums.answers,
    sums.fleiss_of: sums.answers,
    sums.ac1_of: sums.answers,
    sums.alpha_of: sums.coincidences,
    sums.ordinal_alpha_of: sums.coincidences,
}


def added(coefficient, codes, values=None):
    """What three articles, to which the units are dealt out, add to a coefficient together; one row."""
    shape = (3, int(codes.max()) + 1 if values is None else values)
    return MADE_OF[coefficient](codes, np.arange(len(codes)) % 3, shape).sum(axis=0)[None]


def taken(coefficient, codes, values=None, **apart):
    """A coefficient of codes, as the figures of a campaign are taken; of so many values as occur, if not said."""
    return coefficient(added(coefficient, codes, values), **apart)[0]


def spans(length, *annotators, borders=()):
    """A continuum from the (start, length, category) of each annotator."""
    rows = [(who, at, at + size, category) for who, each in enumerate(annotators) for at, size, category in each]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return Continuum(*columns, length, len(annotators), np.array(borders, dtype=np.int64))


def lengths(*segments):
    """Boundaries from the lengths of the segments."""
    return segmentation.boundaries(np.repeat(np.arange(len(segments)), segments))


# Krippendorff (2004), p. 230, (2011), section C, and Gwet (2014), p. 120: the same four observers, answers missing.
FOUR_OBSERVERS = coded("11.1 2232 3333 3333 2222 1234 4444 1121 2222 .555 ..11 ..3.")
