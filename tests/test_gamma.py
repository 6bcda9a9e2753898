"""Gamma is that of its papers and of the package that is its reference, and near 0 where chance was at work."""

import json
from itertools import combinations, permutations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgements import FOUR_OBSERVERS, taken
from khabar.adjudication.agreement.alignment import Dissimilarity, Units, best_alignment, near
from khabar.adjudication.agreement.codes import MISSING
from khabar.adjudication.agreement.gamma import Gamma, Settings, gamma
from khabar.adjudication.agreement.shuffling import marked, shifts, shuffled
from khabar.adjudication.agreement.sums import alpha_of
from khabar.adjudication.matching import Pairs
from khabar.adjudication.packing import NONE
from khabar.errors import Incomparable

PYGAMMA = json.loads((Path(__file__).parent / "fixtures" / "gamma" / "pygamma.json").read_text(encoding="utf-8"))
# Krippendorff (2019), figure 12.11: Alex, Paul and Suzan; also the example of the authors' program.
ALEX = [(0, 7, 1), (9, 15, 2), (22, 28, 5), (30, 34, 6), (34, 42, 6), (42, 58, 7)]
PAUL = [(0, 7, 1), (9, 15, 3), (17, 23, 5), (30, 42, 6)]
SUZAN = [(0, 7, 1), (9, 15, 4), (19, 25, 5), (30, 34, 6), (34, 38, 6), (38, 42, 6)]


def units_of(*texts):
    """Units from the (start, end, category) of each annotator of each text."""
    rows = [(text, who, *unit) for text, each in enumerate(texts) for who, own in enumerate(each) for unit in own]
    return Units(*np.array(rows, dtype=np.int64).reshape(-1, 5).T)


def texts_of(*texts, length):
    return marked(units_of(*texts), len(texts[0]), np.full(len(texts), length))


def measured(*texts, length, categories=10, **settings):
    return gamma([texts_of(*texts, length=length)], categories, Settings(**settings))


def observed(found):
    return float((found.observed.total / found.observed.units)[0, 0])


def between(one, other, measure="between", **settings):
    """How much two units differ."""
    units = units_of([[(*one, 0)[:3]], [(*other, 0)[:3]]])
    return float(getattr(Dissimilarity(**settings), measure)(units, Pairs(np.array([0]), np.array([1])))[0])


# Mathet, Widlöcher & Métivier (2015), figure 10.
@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ((4, 14), (40, 44), 22.2),
        ((4, 14), (4, 14), 0),
        ((4, 14), (20, 25), 3.2),
        ((4, 14), (14, 24), 1),
        ((20, 30), (20, 25), 0.11),
        ((20, 25), (14, 24), 0.22),
    ],
)
def test_places_are_as_far_apart_as_in_the_paper(one, other, distance):
    assert between(one, other, "places") == pytest.approx(distance, abs=0.06 if distance > 1 else 6e-3)
    assert between(one, other, "places") == between(other, one, "places")


def test_a_text_that_is_stretched_keeps_its_distances():
    # The same, figure 20: a scale is nothing to the measure.
    assert between((0, 7), (0, 10), "places") == between((0, 21), (0, 30), "places")


def test_places_and_categories_are_weighed_against_the_empty_unit():
    apart = np.array([[0, 0.5], [0.5, 0]])

    assert between((0, 10, 0), (10, 20, 1)) == 3 + 1
    assert between((0, 10, 0), (10, 20, 1), alpha=1, beta=2, empty=0.5) == (1 + 2) * 0.5
    assert between((0, 10, 0), (0, 10, 1), apart=apart) == 0.5


@pytest.mark.parametrize("told", PYGAMMA, ids=lambda told: f"{told['kind']}-{len(told['annotators'])}")
def test_disorder_is_that_of_pygamma_agreement(told):
    settings = {"apart": 0.5, "shuffled": 150, "precision": 1.0}

    found = measured(told["annotators"], length=told["length"], **settings)

    assert observed(found) == pytest.approx(told["disorder"], rel=1e-6)
    each = (found.expected.total / found.expected.units)[0]
    error = np.hypot(told["error"], each.std(ddof=1) / np.sqrt(len(each)))
    assert each.mean() == pytest.approx(told["expected"], abs=4 * error)
    if "cat" in told:
        apart, weight = found.observed.apart[0, 0], found.observed.weight[0, 0]
        assert apart[-1] / weight[-1] == pytest.approx(told["cat"], rel=1e-5)
        assert apart[:3] / weight[:3] == pytest.approx(told["k"], rel=1e-5)


def test_the_example_of_the_authors_program_has_its_figures():
    found = measured([ALEX, PAUL, SUZAN], length=58, apart=0.5, precision=0.01)

    # As they stand in the tests of pygamma-agreement: disorder 0.96, gamma from 0.44 to 0.47.
    assert observed(found) == pytest.approx(0.96, abs=0.005)
    assert found.gamma()[0] == pytest.approx(0.455, abs=0.02)
    assert found.precision() <= 0.01 * 1.1
    # And where units are aligned, their categories agree as (k)u-alpha has it in Krippendorff (2019).
    by_category = [found.gamma_k(category)[0] for category in range(1, 8)]
    assert by_category[:6] == pytest.approx([1, 0, 0, 0, 1, 1], abs=0.05)
    assert np.isnan(by_category[6])


def test_gamma_cat_of_units_that_are_given_is_near_alpha():
    # Mathet (2017): on pure categorisation it behaves as alpha does, with answers missing too.
    codes = FOUR_OBSERVERS
    own = [[(at * 10, at * 10 + 10, code) for at, code in enumerate(column) if code != MISSING] for column in codes.T]

    found = measured(own, length=120, shuffled=150, precision=1.0)

    assert found.gamma_cat()[0] == pytest.approx(taken(alpha_of, codes), abs=0.06)


@given(st.data())
def test_no_other_alignment_has_less_disorder(data):
    annotators = data.draw(st.integers(2, 4))
    unit = st.tuples(st.integers(0, 15), st.integers(1, 6), st.integers(0, 1))
    most = {2: 4, 3: 3, 4: 2}[annotators]
    own = [data.draw(st.lists(unit, max_size=most)) for _ in range(annotators)]
    units = units_of([[(start, start + size, category) for start, size, category in each] for each in own])
    settings = Dissimilarity(
        alpha=data.draw(st.sampled_from([0.5, 1.0, 3.0])), empty=data.draw(st.sampled_from([1, 2]))
    )

    found = best_alignment(units, (1, annotators), settings)

    assert found.disorder[0] == pytest.approx(least(units, annotators, settings))


def least(units, annotators, settings):
    """The least disorder, from every way to put each annotator's units, or none, into the rows of a table."""
    rows = [np.flatnonzero(units.annotator == who).tolist() for who in range(annotators)]
    height = sum(map(len, rows))
    couples = annotators * (annotators - 1) / 2

    def disorder(unitary):
        total = 0.0
        for one, other in combinations(unitary, 2):
            pair = Pairs(np.array([one]), np.array([other]))
            total += settings.empty if NONE in (one, other) else settings.between(units, pair)[0]
        return total / couples

    def best(rest):
        """Of the units that are left the first one is in some unitary alignment."""
        owner = next((who for who in range(annotators) if rest[who]), None)
        if owner is None:
            return 0.0
        first = rest[owner][0]
        choices = [[NONE, *rest[who]] if who != owner else [first] for who in range(annotators)]
        return min(
            disorder(unitary)
            + best(tuple(tuple(unit for unit in rest[who] if unit != unitary[who]) for who in range(annotators)))
            for unitary in product(*choices)
        )

    return best(tuple(map(tuple, rows))) if height else 0.0


def random_texts(seed, count, annotators, *, alike=False):
    """Texts of 3,400 code points with 35 units of each annotator where they fall."""
    random = np.random.default_rng(seed)

    def own():
        cuts = np.sort(random.choice(3400, 70, replace=False)).reshape(-1, 2)
        return [(*place, int(random.integers(9))) for place in cuts.tolist()]

    return [[own()] * annotators if alike else [own() for _ in range(annotators)] for _ in range(count)]


@pytest.mark.parametrize("annotators", [2, 3])
def test_units_at_random_agree_no_better_than_chance_and_the_same_units_fully(annotators):
    chance = measured(*random_texts(1, 20, annotators), length=3400, shuffles=4)
    alike = measured(*random_texts(2, 3, annotators, alike=True), length=3400, shuffles=2)

    assert chance.gamma()[0] == pytest.approx(0, abs=0.02)
    assert chance.gamma_cat()[0] == pytest.approx(0, abs=0.1)
    assert [alike.gamma()[0], alike.gamma_cat()[0], alike.gamma_k(3)[0]] == [1, 1, 1]


def test_where_there_is_nothing_to_tell_gamma_is_nan():
    empty = measured([[], []], length=50)
    apart = measured([[(0, 5, 1)], []], length=50)

    assert np.isnan([empty.gamma()[0], empty.gamma_cat()[0], empty.precision()]).all()
    assert np.isnan(apart.gamma_cat()[0])
    # One unit, which nobody else marked: chance can do no worse.
    assert apart.gamma()[0] == pytest.approx(0)


def test_texts_are_weighed_without_being_measured_again():
    texts = [[ALEX, PAUL, SUZAN], [ALEX, ALEX, PAUL], [SUZAN, SUZAN, SUZAN]]
    found = measured(*texts, length=60)

    alone = Gamma(
        *(
            type(part)(*(getattr(part, name)[1:2] for name in ("total", "units", "apart", "weight")))
            for part in (found.observed, found.expected)
        )
    )

    weights = np.array([[1, 1, 1], [0, 1, 0], [0, 5, 0], [0, 0, 0]])
    assert found.gamma(weights)[:3] == pytest.approx([found.gamma()[0], alone.gamma()[0], alone.gamma()[0]])
    assert found.gamma_cat(weights)[1] == pytest.approx(alone.gamma_cat()[0])
    assert np.isnan(found.gamma(weights)[3])


def test_the_same_seed_gives_the_same_figures_and_the_order_of_annotators_is_nothing_to_disorder():
    one, again, other = (measured([ALEX, PAUL, SUZAN], length=60, seed=seed) for seed in (1, 1, 2))

    assert one.gamma()[0] == again.gamma()[0] != other.gamma()[0]
    for order in permutations([ALEX, PAUL, SUZAN]):
        assert observed(measured(order, length=60, shuffles=1, shuffled=1)) == pytest.approx(observed(one))


def test_shuffled_texts_keep_lengths_and_categories_and_move_each_annotators_units_together():
    texts = texts_of([ALEX, PAUL, SUZAN], [PAUL, SUZAN, ALEX], length=60)

    moved = shuffled(texts, np.random.default_rng(3), 1.0)

    real = [tuple((end - start, category) for start, end, category in own) for own in (ALEX, PAUL, SUZAN)]
    for text, who in product(range(2), range(3)):
        first, count = moved.first[text, who], moved.sizes[text, who]
        start, end, category = (column[first : first + count].tolist() for column in moved.units[2:])
        order = np.argsort(start)
        own = tuple((end[at] - start[at], category[at]) for at in order)
        # One annotator's units, in their order around the circle.
        turns = {each[turn:] + each[:turn] for each in real for turn in range(len(each))}
        assert own in turns
        assert all(0 <= at < 60 for at in start)


def test_shifts_keep_their_distance_around_the_circle_where_there_is_room():
    length, apart = np.array([100, 30, 1, 0]), np.array([20.0, 20.0, 0.0, 0.0])

    drawn = np.array([shifts(length, 3, apart, np.random.default_rng(seed)) for seed in range(50)])

    for one, other in combinations(range(3), 2):
        gap = np.abs(drawn[:, 0, one] - drawn[:, 0, other])
        assert np.minimum(gap, 100 - gap).min() >= 20
    assert (drawn >= 0).all()
    assert (drawn < np.maximum(length, 1)[:, None]).all()
    # Three shifts of a text of 30 cannot be 20 apart; drawn they are.
    assert len(np.unique(drawn[:, 1, 2])) > 1


def test_near_units_are_all_that_could_be_aligned():
    units = units_of([[(0, 4, 0), (30, 40, 0)], [(5, 9, 0), (39, 43, 0), (60, 61, 0)]], [[(0, 2, 0)], [(58, 60, 0)]])

    found = near(units, 1.5)

    pairs = set(zip(found.one.tolist(), found.other.tolist(), strict=True))
    wanted = {
        (one, other)
        for one, other in product(range(len(units.text)), repeat=2)
        if units.text[one] == units.text[other]
        and units.annotator[one] < units.annotator[other]
        and between_places(units, one, other) <= 1.5**2
    }
    assert wanted <= pairs
    assert all(units.text[one] == units.text[other] for one, other in pairs)


def between_places(units, one, other):
    return Dissimilarity().places(units, Pairs(np.array([one]), np.array([other])))[0]


def test_weights_by_which_all_units_are_alike_are_refused():
    for wrong in ({"alpha": 0}, {"beta": -1}, {"empty": 0}):
        with pytest.raises(Incomparable, match="should be above 0"):
            Dissimilarity(**wrong)
