"""Spans of different annotators are matched as well as they can be, whatever the order, in all articles at once."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.adjudication.matching import Pairs, Places, cliques, groups, likeness, matched, overlapping, shared
from khabar.adjudication.packing import NONE, packed


def placed(*spans):
    """Places from (article, annotator, start, end)."""
    return Places(*np.array(spans, dtype=np.int64).reshape(-1, 4).T)


def met(places):
    pairs = overlapping(places)
    return pairs, list(zip(pairs.one.tolist(), pairs.other.tolist(), strict=True))


@st.composite
def places_of(draw, annotators=3, most=7, articles=2):
    """A few short spans that often overlap; those of one annotator may nest and may be equal."""
    span = st.tuples(
        st.integers(0, articles - 1), st.integers(0, annotators - 1), st.integers(0, 12), st.integers(1, 6)
    )
    return placed(*((article, who, at, at + size) for article, who, at, size in draw(st.lists(span, max_size=most))))


def worth(places, group):
    """Sum of the likenesses within a group, -1 where it is none: two of one annotator, or two that do not meet."""
    total = 0
    for one, other in combinations(group, 2):
        pair = Pairs(np.array([one]), np.array([other]))
        if places.annotator[one] == places.annotator[other] or places.article[one] != places.article[other]:
            return -1
        if not shared(places, pair)[0]:
            return -1
        total += likeness(places, pair)[0]
    return total


def partitions(rows):
    """Every way to part some rows into groups."""
    if not rows:
        yield []
        return
    first, *rest = rows
    for parts in partitions(rest):
        yield [[first], *parts]
        for number, part in enumerate(parts):
            yield [*parts[:number], [first, *part], *parts[number + 1 :]]


@given(places_of(annotators=3))
def test_pairs_are_all_spans_of_two_annotators_that_share_a_code_point(places):
    _, found = met(places)

    rows = range(len(places.start))
    expected = {
        (one, other)
        for one, other in product(rows, rows)
        if places.annotator[one] < places.annotator[other]
        and places.article[one] == places.article[other]
        and max(places.start[one], places.start[other]) < min(places.end[one], places.end[other])
    }
    assert set(found) == expected
    assert found == sorted(found)


@pytest.mark.parametrize("annotators", [2, 3, 4])
def test_no_other_matching_has_spans_that_are_more_alike(annotators):
    @given(places_of(annotators=annotators))
    def holds(places):
        pairs, _ = met(places)
        group = groups(places, pairs, likeness(places, pairs))

        parts = [np.flatnonzero(group == number).tolist() for number in np.unique(group)]
        best = max(
            (
                sum(worth(places, part) for part in each)
                for each in partitions(list(range(len(group))))
                if all(worth(places, part) >= 0 for part in each)
            ),
            default=0,
        )
        assert all(worth(places, part) >= 0 for part in parts)
        assert sum(worth(places, part) for part in parts) == pytest.approx(best)
        assert all(min(part) == group[part[0]] for part in parts)

    holds()


def test_the_only_span_that_a_long_one_matches_is_the_one_most_like_it():
    places = placed((0, 0, 0, 10), (0, 1, 0, 2), (0, 1, 2, 9), (0, 1, 9, 10), (1, 1, 0, 10))

    pairs, found = met(places)

    assert found == [(0, 1), (0, 2), (0, 3)]
    assert matched(places, pairs, likeness(places, pairs)).tolist() == [False, True, False]


def test_a_matching_is_optimal_where_the_greedy_one_is_not():
    # Taken greedily, the likest pair (1, 2) leaves both others alone.
    places = placed((0, 0, 0, 4), (0, 0, 4, 12), (0, 1, 3, 12), (0, 1, 12, 13), (0, 1, 0, 1))
    pairs = Pairs(np.array([0, 1, 1]), np.array([2, 2, 3]))

    assert matched(places, pairs, np.array([0.6, 0.7, 0.3])).tolist() == [True, False, True]


def test_a_label_decides_between_spans_of_one_place():
    places = placed((0, 0, 0, 4), (0, 1, 0, 4), (0, 1, 0, 4))
    pairs, _ = met(places)

    same_label = np.array([0.0, 0.1])

    assert matched(places, pairs, likeness(places, pairs) + same_label).tolist() == [False, True]


def test_cliques_are_all_sets_of_spans_that_pair_with_each_other():
    annotator = np.array([0, 1, 2, 2])
    pairs = Pairs(np.array([0, 0, 0, 1]), np.array([1, 2, 3, 3]))

    found = {tuple(each) for each in cliques(annotator, pairs).tolist()}

    assert found == {(0, 1, NONE), (0, NONE, 2), (0, NONE, 3), (NONE, 1, 3), (0, 1, 3)}


@pytest.mark.parametrize("annotators", [2, 3, 4])
def test_sets_are_packed_as_well_as_they_can_be(annotators):
    unit = st.one_of(st.just(NONE), st.integers(0, 3))

    @given(st.lists(st.tuples(st.tuples(*[unit] * annotators), st.integers(-1, 5)), max_size=9))
    def holds(drawn):
        drawn = [(members, gain) for members, gain in drawn if max(members) != NONE]
        sets = np.array([members for members, _ in drawn], dtype=np.int64).reshape(-1, annotators)
        sets = np.where(sets == NONE, NONE, sets + 4 * np.arange(annotators))
        gain = np.array([gain for _, gain in drawn], dtype=np.float64)

        chosen = packed(sets, gain)

        def fits(rows):
            units = [unit for row in rows for unit in sets[row] if unit != NONE]
            return len(units) == len(set(units))

        rows = range(len(sets))
        best = max(
            gain[list(few)].sum() for size in range(len(sets) + 1) for few in combinations(rows, size) if fits(few)
        )
        assert fits(np.flatnonzero(chosen))
        assert gain[chosen].sum() == pytest.approx(best)

    holds()


def test_a_choice_that_a_linear_programme_would_halve_is_whole():
    # Three sets, each two of which share a unit: halves of all would gain 1.5.
    sets = np.array([[0, 2, NONE], [0, NONE, 4], [NONE, 2, 4]])

    assert packed(sets, np.array([1.0, 1.0, 1.0])).sum() == 1
    assert packed(sets, np.array([1.0, 1.1, 1.0])).tolist() == [False, True, False]


def test_nobody_marked_anything():
    nothing = placed()

    pairs, found = met(nothing)

    assert found == []
    assert groups(nothing, pairs, likeness(nothing, pairs)).tolist() == []
