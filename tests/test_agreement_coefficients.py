"""Every coefficient gives the figures of its paper, and says so where there is nothing to tell."""

import tracemalloc

import numpy as np
import pytest

from judgements import FOUR_OBSERVERS as FOUR
from judgements import added, coded, lengths, spans, table, taken
from khabar.adjudication.agreement import alpha_u, segmentation, unitizing
from khabar.adjudication.agreement.codes import MISSING
from khabar.adjudication.agreement.continuum import Continuum, joined
from khabar.adjudication.agreement.sets import alpha_of_sums, article_sums, masi
from khabar.adjudication.agreement.sums import (
    ac1_of,
    against_rest,
    alpha_of,
    answers,
    cohen_of,
    fleiss_of,
    linear,
    observed_of,
    ordinal_alpha_of,
)
from khabar.errors import Incomparable

# Cohen (1960), p. 45: 200 patients, two psychiatrists; Cohen (1968) weighs how far the diagnoses lie apart.
COHEN = table([88, 14, 18], [10, 40, 10], [2, 6, 12])
COHEN_APART = np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]])
# Artstein & Poesio (2008), p. 558 (statement, request) and p. 568 (with check, which is half of either).
REQUESTS = table([20, 10], [20, 50])
CHECKS = table([46, 0, 0], [6, 32, 6], [0, 0, 10])
CHECKS_APART = np.array([[0, 1, 0.5], [1, 0, 0.5], [0.5, 0.5, 0]])
# Fleiss (1971), p. 379: 30 patients, six of the psychiatrists each.
FLEISS = coded(
    "444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 144444 224445 "
    "333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 111155 224444 133333 555555"
)
# Krippendorff (1995), p. 57, example A read second by second.
DIGITIZED = coded("00 00 10 10 11 11 11 11 10 10 00 00 00 00 10 11 11 10 10 10 00 00 00 00")
# Krippendorff (2004), p. 246: the same agreement with even and with lopsided errors.
EVEN, LOPSIDED = table([12, 9, 9], [9, 14, 9], [9, 9, 20]), table([12, 18, 18], [0, 14, 18], [0, 0, 20])
# Gwet (2008): 125 participants, agreement .944, and yet kappa below 0.
PARADOX = table([118, 5], [2, 0])
# Krippendorff (1980), p. 133 and p. 139; (2004), p. 227; (2011), section B.
TEN = coded("00 11 01 00 00 01 00 01 10 00")
NINE = coded("111 122 222 444 144 222 123 333 222")
TWELVE = coded("aa ab bb bb bb bb bc cc cc cc cc cc")
BEN_GERRY = coded("ab aa bb bb db cc cc cc ee dd dd ad")
# Hayes & Krippendorff (2007), p. 84: forty articles, five observers, answers missing.
PRESS = coded(
    "112.2 1101. 2333. .00.0 000.0 000.0 102.1 1.20. 222.2 2111. .100. 0000. 1222. 33223 111.1 111.1 212.2 1233. 1101. "
    "000.0 0011. 00.00 2333. 0000. 12.22 0111. 00010 1212. 1122. 112.2 110.0 2121. 22.22 3222. 222.2 223.2 222.2 22.12 "
    "2222. 111.1"
)

# Of two annotators Fleiss' kappa is Scott's pi.
PUBLISHED = [
    ("Cohen 1960", cohen_of, COHEN, 0.492),
    ("Artstein & Poesio 2008", fleiss_of, REQUESTS, 0.341),
    ("Artstein & Poesio 2008", cohen_of, REQUESTS, 0.348),
    ("Artstein & Poesio 2008", fleiss_of, CHECKS, 0.799),
    ("Artstein & Poesio 2008", cohen_of, CHECKS, 0.801),
    ("Artstein & Poesio 2008", alpha_of, CHECKS, 0.800),
    ("Fleiss 1971", observed_of, FLEISS, 0.5556),
    ("Fleiss 1971", fleiss_of, FLEISS, 0.430),
    ("Krippendorff 1995", cohen_of, DIGITIZED, 0.385),
    ("Krippendorff 1995", fleiss_of, DIGITIZED, 0.314),
    ("Krippendorff 2004", fleiss_of, EVEN, 0.186),
    ("Krippendorff 2004", cohen_of, EVEN, 0.186),
    ("Krippendorff 2004", fleiss_of, LOPSIDED, 0.186),
    ("Krippendorff 2004", cohen_of, LOPSIDED, 0.258),
    ("Gwet 2008", observed_of, PARADOX, 0.944),
    ("Gwet 2008", cohen_of, PARADOX, -0.0234),
    ("Gwet 2008", fleiss_of, PARADOX, -0.0288),
    ("Gwet 2008", ac1_of, PARADOX, 0.941),
    ("Gwet 2014", ac1_of, FOUR, 0.775),
    ("Krippendorff 1980", alpha_of, TEN, 0.095),
    ("Krippendorff 1980", alpha_of, NINE, 0.642),
    ("Krippendorff 2004", alpha_of, TWELVE, 0.734),
    ("Krippendorff 2011", alpha_of, BEN_GERRY, 0.692),
    ("Krippendorff 2011", alpha_of, FOUR, 0.743),
    ("Krippendorff 2011", ordinal_alpha_of, FOUR, 0.815),
    ("Hayes & Krippendorff 2007", ordinal_alpha_of, PRESS, 0.7598),
]
WEIGHTED = [
    ("Cohen 1968", cohen_of, COHEN, COHEN_APART, 0.348),
    ("Artstein & Poesio 2008", cohen_of, CHECKS, CHECKS_APART, 0.8163),
    ("Artstein & Poesio 2008", alpha_of, CHECKS, CHECKS_APART, 0.8156),
]


@pytest.mark.parametrize(("paper", "coefficient", "codes", "expected"), PUBLISHED)
def test_given_units_have_the_coefficient_of_the_paper(paper, coefficient, codes, expected):
    digits = 3 if round(expected, 3) == expected else 4

    assert taken(coefficient, codes) == pytest.approx(expected, abs=0.6 * 10**-digits), paper


@pytest.mark.parametrize(("paper", "coefficient", "codes", "apart", "expected"), WEIGHTED)
def test_values_that_are_not_all_alike_apart_have_the_coefficient_of_the_paper(
    paper, coefficient, codes, apart, expected
):
    digits = 3 if round(expected, 3) == expected else 4

    found = [taken(coefficient, codes, apart=each) for each in (apart, 10 * apart)]

    assert found == pytest.approx([expected] * 2, abs=0.6 * 10**-digits), paper


def test_one_label_against_the_rest_has_the_alpha_of_krippendorff_1980():
    pairs = added(alpha_of, NINE)

    each = [alpha_of(against_rest(pairs, value))[0] for value in range(4)]

    assert each == pytest.approx([0.381, 0.711, 0.717, 0.764], abs=6e-4)


def test_the_distance_of_sets_is_that_of_passonneau():
    sets = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], dtype=bool)

    apart = masi(sets)

    # Equal; one holds the other; they overlap; they are apart; one is empty.  Passonneau (2006): 1 - J M.
    assert apart[0] == pytest.approx([0, 0, 1 - 2 / 4 * 2 / 3, 1 - 1 / 3 * 1 / 3, 1, 1])
    assert apart[5] == pytest.approx([1, 1, 1, 1, 1, 0])
    assert (apart == apart.T).all()


# Krippendorff (2004), section 11.6: the distance of a span of 6 that starts at 5 from others, gaps included.
@pytest.mark.parametrize(
    ("start", "length", "distance"),
    [(2, 2, 40), (3, 2, 40), (4, 2, 26), (5, 2, 16), (6, 2, 10), (7, 2, 8), (6, 4, 2), (5, 6, 0)],
)
def test_spans_are_as_far_apart_as_in_krippendorff_2004(start, length, distance):
    observed, _ = alpha_u.disagreement_u(spans(12, [(5, 6, 0)], [(start, length, 0)]))

    assert observed * (2 * 12**2) / 2 == pytest.approx(distance)


def test_alpha_u_is_that_of_krippendorff_2004():
    k, c = 1, 0
    continuum = spans(
        300,
        [(75, 70, c), (220, 30, c), (30, 60, k), (150, 50, k)],
        [(70, 80, c), (205, 20, c), (250, 20, c), (30, 60, k), (150, 50, k)],
    )

    disagreement = [alpha_u.disagreement_u(continuum.take(continuum.category == each)) for each in (c, k)]

    # P. 254 to 256: spans of k and c overlap.
    assert disagreement[0] == pytest.approx((0.0144, 0.0532), abs=6e-5)
    assert disagreement[1] == pytest.approx((0.0, 0.0490), abs=6e-5)
    assert alpha_u.alpha_u(continuum.take(continuum.category == c)) == pytest.approx(0.7286, abs=6e-5)
    assert alpha_u.alpha_u(continuum) == pytest.approx(0.859, abs=6e-4)


@pytest.mark.parametrize(
    ("one", "other", "observed", "alpha", "within"),
    [
        ([(2, 8), (14, 6)], [(4, 4), (15, 2)], 0.03125, 0.553, 6e-4),
        ([(0, 18)], [(0, 2), (2, 1), (3, 1), (4, 1), (5, 1), (6, 3), (9, 1)], 2.26736, -0.926, 3e-3),
        ([(2, 6), (10, 2), (14, 4), (20, 2)], [(0, 2), (4, 4), (10, 4), (16, 2), (20, 2)], 0.02778, 0.679, 15e-3),
        ([(0, 2), (2, 8), (10, 4), (14, 6), (20, 4)], [(0, 4), (4, 4), (8, 7), (15, 2), (17, 7)], 0.38715, 0.066, 6e-4),
    ],
)
def test_alpha_u_is_near_that_of_krippendorff_1995(one, other, observed, alpha, within):
    # P. 57, examples A to D, on a fine grid.  2004 changed what is expected, which moves B and C a little.
    grid = 50_000
    continuum = spans(24 * grid, *([(at * grid, size * grid, 0) for at, size in each] for each in (one, other)))

    assert alpha_u.disagreement_u(continuum).observed == pytest.approx(observed, abs=6e-6)
    assert alpha_u.alpha_u(continuum) == pytest.approx(alpha, abs=within)


def test_the_unitizing_coefficients_are_those_of_krippendorff_2019():
    # Figure 12.11, p. 340: Alex, Paul and Suzan.
    continuum = spans(
        60,
        [(0, 7, 1), (7, 6, 2), (30, 2, 5), (32, 5, 6), (37, 7, 6), (44, 16, 7)],
        [(0, 7, 1), (7, 6, 3), (13, 8, 5), (32, 12, 6)],
        [(0, 7, 1), (7, 6, 4), (13, 8, 5), (32, 5, 6), (37, 4, 6), (41, 3, 6)],
    )

    pairs = unitizing.coincidences(continuum)

    assert unitizing.u_alpha(pairs) == pytest.approx(0.510, abs=5e-4)
    # The book's 0.413 is 1 - 26 / 44.3 from its rounded table; 26 / 44.34 gives 0.4136.
    assert unitizing.binary_u_alpha(pairs) == pytest.approx(0.413, abs=7e-4)
    assert unitizing.cu_alpha(pairs) == pytest.approx(0.724, abs=5e-4)
    assert [unitizing.ku_alpha(pairs, value) for value in (1, 5, 6)] == pytest.approx([1, 1, 1])
    assert [unitizing.ku_alpha(pairs, value) for value in (2, 3, 4)] == pytest.approx([0, 0, 0])
    assert np.isnan(unitizing.ku_alpha(pairs, 7))


# Fournier (2013): a reference of 2, 3 and 6 units against a miss, a false alarm, a near miss, several at once.
@pytest.mark.parametrize(
    ("hypothesis", "similarity"), [((5, 6), 0.5), ((2, 3, 3, 3), 2 / 3), ((2, 2, 7), 0.75), ((1, 1, 3, 1, 5), 0.5)]
)
def test_boundary_similarity_is_that_of_fournier_2013(hypothesis, similarity):
    assert segmentation.boundary_similarity(lengths(2, 3, 6), lengths(*hypothesis)) == pytest.approx(similarity)


# Hearst (1997), the first two readers of "Stargazers", and two hypotheses; figures of Fournier (2013).
@pytest.mark.parametrize(
    ("hypothesis", "reference", "figures"),
    [
        ((2, 6, 4, 2, 4, 3), (2, 3, 3, 1, 3, 6, 3), (0.57142857, 0.31578947, 0.26315789)),
        ((2, 1, 1, 1, 5, 8, 2, 1), (2, 3, 3, 1, 3, 6, 3), (0.38888888, 0.47368421, 0.36842105)),
        ((2, 6, 4, 2, 4, 3), (2, 8, 2, 4, 2, 3), (0.42857142, 0.42105263, 0.42105263)),
        ((2, 1, 1, 1, 5, 8, 2, 1), (2, 8, 2, 4, 2, 3), (0.33333333, 0.47368421, 0.42105263)),
    ],
)
def test_segmentations_of_stargazers_have_the_published_figures(hypothesis, reference, figures):
    reference, hypothesis = lengths(*reference), lengths(*hypothesis)

    computed = (
        segmentation.boundary_similarity(reference, hypothesis),
        segmentation.window_diff(reference, hypothesis),
        segmentation.pk(reference, hypothesis),
    )

    assert computed == pytest.approx(figures)


# Scaiano & Inkpen (2012), against a reference of twice 6.
@pytest.mark.parametrize(("hypothesis", "windows"), [((12,), 3), ((5, 7), 2), ((1, 5, 6), 1), ((5, 1, 1, 5), 5)])
def test_window_diff_is_that_of_scaiano_2012(hypothesis, windows):
    assert segmentation.window_diff(lengths(6, 6), lengths(*hypothesis)) == pytest.approx(windows / 9)


def test_window_diff_mends_what_pevzner_and_hearst_found_wrong_with_pk():
    # Pevzner & Hearst (2002): what a miss, a near miss, and a false alarm beside a boundary cost, in windows.
    half, reference = 5, lengths(10, 10, 10, 10)
    windows = 40 - half
    missed, near = lengths(10, 20, 10), lengths(10, 12, 8, 10)
    alarms = [lengths(10, 10 + away, 10 - away, 10) for away in range(1, half + 1)]

    def cost(measure, hypothesis):
        return round(measure(reference, hypothesis) * windows)

    assert segmentation.window_size(reference) == half
    assert (cost(segmentation.pk, missed), cost(segmentation.window_diff, missed)) == (half, half)
    assert (cost(segmentation.pk, near), cost(segmentation.window_diff, near)) == (4, 4)
    # Pk overlooks the part of a false alarm that shares its windows with a boundary, WindowDiff none of it.
    added = [reference | alarm for alarm in alarms]
    assert [cost(segmentation.pk, each) for each in added] == [1, 2, 3, 4, 5]
    assert [cost(segmentation.window_diff, each) for each in added] == [5] * 5


ANY_NUMBER = {
    "fleiss": lambda codes: taken(fleiss_of, codes, 4),
    "ac1": lambda codes: taken(ac1_of, codes, 4),
    "alpha": lambda codes: taken(alpha_of, codes, 4),
    "ordinal_alpha": lambda codes: taken(ordinal_alpha_of, codes, 4),
    "masi": lambda codes: alpha_of_sums(article_sums(codes, np.eye(4, dtype=bool))[None])[0],
}
TWO = {
    "cohen": lambda codes: taken(cohen_of, codes, 4),
    "weighted_cohen": lambda codes: taken(cohen_of, codes, 4, apart=linear(4)),
    **ANY_NUMBER,
}


def random_codes(seed, annotators, values=4, units=5000):
    return np.random.default_rng(seed).integers(0, values, (units, annotators))


@pytest.mark.parametrize("name", TWO)
def test_full_agreement_is_1_and_answers_at_random_give_0(name):
    answers = random_codes(1, 2)
    alike = answers[:, [0, 0]]

    assert TWO[name](alike) == pytest.approx(1)
    assert TWO[name](answers) == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("name", TWO)
def test_where_there_is_nothing_to_tell_a_coefficient_is_nan(name):
    nobody = np.full((3, 2), MISSING)
    turns = np.array([[0, MISSING], [MISSING, 1]])

    for codes in (np.zeros((0, 2), dtype=np.int64), nobody, turns):
        assert np.isnan(TWO[name](codes))
    # By a scale of four, agreement on one value is agreement: Gwet's chance is not what was seen.
    one_value = np.zeros((5, 2), dtype=np.int64)
    assert TWO[name](one_value) == pytest.approx(1) if name == "ac1" else np.isnan(TWO[name](one_value))
    assert np.isnan(taken(ac1_of, one_value, 1))


@pytest.mark.parametrize("name", sorted(set(ANY_NUMBER) - {"ac1"}))
def test_one_value_leaves_nothing_to_tell_whatever_the_last_bits_of_its_shares(name):
    for annotators in (3, 6, 7):
        for units in range(1, 60):
            assert np.isnan(ANY_NUMBER[name](np.ones((units, annotators), dtype=np.int64)))


@pytest.mark.parametrize("name", ANY_NUMBER)
def test_a_single_annotator_agrees_with_nobody(name):
    assert np.isnan(ANY_NUMBER[name](random_codes(2, 1)))


@pytest.mark.parametrize("name", ANY_NUMBER)
def test_the_order_of_annotators_and_of_units_is_nothing(name):
    codes = random_codes(3, 4, units=60)
    codes[np.random.default_rng(4).random(codes.shape) < 0.1] = MISSING

    shuffled = codes[::-1][:, [2, 0, 3, 1]]

    assert ANY_NUMBER[name](shuffled) == pytest.approx(ANY_NUMBER[name](codes))


@pytest.mark.parametrize("name", ["alpha", "ordinal_alpha", "masi"])
def test_units_with_one_answer_change_nothing(name):
    codes = random_codes(5, 3, units=40)
    single = np.full((5, 3), MISSING)
    single[:, 1] = 3

    assert ANY_NUMBER[name](np.vstack([codes, single])) == pytest.approx(ANY_NUMBER[name](codes))


def test_codes_of_a_small_type_do_not_overflow():
    codes = random_codes(9, 2, values=120)

    for coefficient in (cohen_of, fleiss_of, ac1_of, alpha_of, ordinal_alpha_of):
        assert taken(coefficient, codes.astype(np.int8)) == pytest.approx(taken(coefficient, codes))


def test_what_kappa_is_made_of_takes_no_more_memory_for_more_values():
    codes, article = random_codes(10, 3, units=100_000), np.zeros(100_000, dtype=np.int64)

    def peak(values):
        tracemalloc.start()
        try:
            answers(codes, article, (1, values))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # A matrix of units and values would be fifty times as large.
    assert peak(200) < 1.1 * peak(4)


def test_columns_of_a_small_type_do_not_overflow():
    long = spans(40_000_000, [(0, 70_000, 0), (30_000_000, 5, 1)], [(100_000, 70_000, 0)], [(5, 80_000, 0)])
    columns = (getattr(long, name).astype(np.int32) for name in ("annotator", "start", "end", "category"))

    small = Continuum(*columns, long.length, long.annotators)

    assert alpha_u.alpha_u(small) == pytest.approx(alpha_u.alpha_u(long))
    assert unitizing.u_alpha(unitizing.coincidences(small)) == unitizing.u_alpha(unitizing.coincidences(long))
    with pytest.raises(Incomparable, match="annotator is float64, should be whole numbers"):
        Continuum(*[np.zeros(0)] * 4, 10, 2)
    with pytest.raises(Incomparable, match="should be one length"):
        Continuum(*[np.zeros(2, dtype=np.int64)] * 3, np.zeros(1, dtype=np.int64), 10, 2)


UNITIZING = {
    "alpha_u": alpha_u.alpha_u,
    "u_alpha": lambda continuum: unitizing.u_alpha(unitizing.coincidences(continuum)),
    "binary_u_alpha": lambda continuum: unitizing.binary_u_alpha(unitizing.coincidences(continuum)),
    "cu_alpha": lambda continuum: unitizing.cu_alpha(unitizing.coincidences(continuum)),
    "ku_alpha": lambda continuum: unitizing.ku_alpha(unitizing.coincidences(continuum, 9), 0),
}


def marked_at_random(random, annotators=3, count=35, length=3400):
    """35 spans of each annotator, where they fall, as in an article of 3,400 code points."""
    cuts = [np.sort(random.choice(length, 2 * count, replace=False)).reshape(-1, 2) for _ in range(annotators)]
    return spans(length, *([(at, end - at, random.integers(9)) for at, end in each] for each in cuts))


@pytest.mark.parametrize("name", UNITIZING)
def test_spans_that_are_the_same_agree_fully_and_at_random_not_at_all(name):
    random = np.random.default_rng(6)
    texts = [marked_at_random(random) for _ in range(30)]
    same = [(10, 5, 0), (20, 1, 1), (30, 4, 0)]

    assert UNITIZING[name](spans(50, same, same, same)) == pytest.approx(1)
    assert UNITIZING[name](joined(texts)) == pytest.approx(0, abs=0.08)


@pytest.mark.parametrize("name", UNITIZING)
def test_where_no_spans_can_be_compared_a_coefficient_is_nan(name):
    for continuum in (spans(50, [], []), spans(50, [(0, 5, 0), (9, 3, 1)]), spans(0, [], [])):
        assert np.isnan(UNITIZING[name](continuum))


def test_one_category_leaves_the_categories_undefined_and_the_places_defined():
    continuum = spans(50, [(0, 10, 0)], [(5, 10, 0)])

    pairs = unitizing.coincidences(continuum)

    assert np.isnan(unitizing.cu_alpha(pairs))
    assert np.isnan(unitizing.ku_alpha(pairs, 0))
    assert 0 < unitizing.u_alpha(pairs) == unitizing.binary_u_alpha(pairs) < 1
    assert np.isnan(unitizing.u_alpha(unitizing.coincidences(spans(9, [(0, 9, 0)], [(0, 9, 0)]))))


def test_one_who_marked_nothing_was_there():
    one = [(10, 5, 0), (20, 5, 1)]

    assert alpha_u.alpha_u(spans(50, one, one, [])) < alpha_u.alpha_u(spans(50, one, one))
    pairs = [unitizing.coincidences(each) for each in (spans(50, one, one, []), spans(50, one, one))]
    assert unitizing.u_alpha(pairs[0]) < unitizing.u_alpha(pairs[1])


@pytest.mark.parametrize(
    ("continuum", "because"),
    [
        (lambda: spans(10, [(3, 0, 0)]), "annotator 0, 3-3: the span is empty"),
        (lambda: spans(10, [], [(8, 3, 0)]), "annotator 1, 8-11: the span lies outside of the continuum of 10"),
        (lambda: spans(10, [(-1, 3, 0)]), "outside"),
        (lambda: spans(10, [(3, 3, -1)]), "has no category"),
        (lambda: spans(10, [(3, 3, 0)], borders=[4]), "reaches across the border of two texts"),
        (lambda: spans(10, [], []).between([0, 2]), "should be different ones of 2"),
        (lambda: spans(10, [], []).between([0, 0]), "should be different ones of 2"),
        (lambda: joined([]), "should be as many for all"),
        (lambda: joined([spans(10, []), spans(10, [], [])]), "should be as many for all"),
        (lambda: alpha_u.alpha_u(spans(10, [(0, 3, 0), (2, 3, 0)], [])), "0, 2-5: the span lies in another"),
        (lambda: unitizing.coincidences(spans(10, [(0, 3, 0), (2, 3, 1)], [])), "lies in another"),
        (lambda: unitizing.coincidences(spans(10, [(0, 3, 4)], []), 4), "4 is none of 4"),
        (lambda: alpha_u.disagreement_u(spans(10, [(0, 3, 0)], [(0, 3, 1)])), "should be one"),
    ],
)
def test_spans_that_cannot_be_compared_are_refused(continuum, because):
    with pytest.raises(Incomparable, match=because):
        continuum()


def test_segmentations_without_boundaries_and_texts_as_short_as_a_window():
    none = np.zeros(11, dtype=bool)
    one_line = np.zeros(0, dtype=bool)

    assert segmentation.boundary_similarity(none, none) == 1
    assert segmentation.boundary_similarity(none, ~none) == 0
    assert segmentation.window_diff(none, none) == segmentation.pk(none, none) == 0
    assert np.isnan(segmentation.pk(one_line, one_line))
    assert np.isnan(segmentation.window_diff(none, none, window=12))


def test_segmentations_that_cannot_be_compared_are_refused():
    short, long = lengths(2, 3), lengths(2, 4)

    for measure in (segmentation.pk, segmentation.window_diff, segmentation.boundary_similarity):
        with pytest.raises(Incomparable, match=r"shapes \(4,\) and \(5,\)"):
            measure(short, long)
    with pytest.raises(Incomparable, match="window: 0 units"):
        segmentation.pk(short, short, window=0)
    with pytest.raises(Incomparable, match="reach: 0 places"):
        segmentation.boundary_similarity(short, short, reach=0)
