"""Coefficients agree with well-kept packages, and with their definitions written out place by place."""

import warnings
from collections import Counter
from itertools import combinations, groupby, permutations

import krippendorff as their_krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.metrics import agreement as nltk_agreement
from nltk.metrics import segmentation as nltk_segmentation
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

from judgements import added, spans, taken
from khabar.adjudication.agreement import alpha_u, segmentation, unitizing
from khabar.adjudication.agreement.codes import MISSING
from khabar.adjudication.agreement.continuum import gaps, joined
from khabar.adjudication.agreement.sets import alpha_of_sums, article_sums
from khabar.adjudication.agreement.sums import (
    ac1_of,
    alpha_of,
    cohen_of,
    fleiss_of,
    linear,
    observed_of,
    ordinal_alpha_of,
)

SEEDS = range(12)


def random_codes(seed, annotators, missing=0.0):
    """Codes of annotators who agree in part, some answers missing."""
    random = np.random.default_rng(seed)
    truth = random.choice(5, (60, 1), p=[0.5, 0.2, 0.15, 0.1, 0.05])
    codes = np.where(random.random((60, annotators)) < 0.6, truth, random.integers(0, 5, (60, annotators)))
    codes[0] = 4
    return np.where(random.random(codes.shape) < missing, MISSING, codes)


def task(codes, **settings):
    """The codes as nltk takes them."""
    answers = [(who, unit, value) for (unit, who), value in np.ndenumerate(codes) if value != MISSING]
    return nltk_agreement.AnnotationTask(answers, **settings)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_annotators_have_the_kappa_of_scikit_learn_and_statsmodels_and_the_pi_of_nltk(seed):
    codes = random_codes(seed, 2)

    assert taken(cohen_of, codes) == pytest.approx(cohen_kappa_score(*codes.T))
    table = added(cohen_of, codes)
    assert cohen_of(table)[0] == pytest.approx(inter_rater.cohens_kappa(table[0], return_results=False))
    assert taken(fleiss_of, codes) == pytest.approx(task(codes).pi())


@pytest.mark.parametrize("seed", SEEDS)
def test_two_annotators_have_the_weighted_kappa_of_scikit_learn_values_that_nobody_gave_included(seed):
    codes = random_codes(seed, 2)
    codes[codes == 2] = 3

    theirs = [cohen_kappa_score(*codes.T, labels=range(6), weights=weights) for weights in ("linear", "quadratic")]

    assert [taken(cohen_of, codes, 6, apart=linear(6) ** power) for power in (1, 2)] == pytest.approx(theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_many_annotators_have_the_multi_pi_of_nltk_and_the_kappa_of_statsmodels(seed):
    codes = random_codes(seed, 4)
    counts, _ = inter_rater.aggregate_raters(codes, 5)

    assert taken(observed_of, codes) == pytest.approx(task(codes).avg_Ao())
    assert taken(fleiss_of, codes) == pytest.approx(task(codes).pi())
    assert taken(fleiss_of, codes) == pytest.approx(inter_rater.fleiss_kappa(counts, method="fleiss"))


@pytest.mark.parametrize("seed", SEEDS)
def test_alpha_is_that_of_krippendorff_with_answers_missing(seed):
    codes = random_codes(seed, 4, missing=0.3)
    answers = np.where(codes == MISSING, np.nan, codes).T

    theirs = [their_krippendorff.alpha(answers, level_of_measurement=level) for level in ("nominal", "ordinal")]

    assert [taken(alpha_of, codes), taken(ordinal_alpha_of, codes)] == pytest.approx(theirs)


VALUES = 4
CODES = st.lists(st.lists(st.integers(-1, VALUES - 1), min_size=3, max_size=3), min_size=1, max_size=12)


def of_counts(codes):
    """Observed agreement, Fleiss' kappa and AC1 as Fleiss (1971) and Gwet (2014) write them, unit by unit."""
    units = [Counter(value for value in unit if value != MISSING) for unit in codes]
    each = [(unit, unit.total()) for unit in units if unit]
    agreeing = [sum(k * (k - 1) for k in unit.values()) / (n * (n - 1)) for unit, n in each if n > 1]
    if not agreeing:
        return [np.nan] * 3
    observed = sum(agreeing) / len(agreeing)
    share = [sum(unit[value] / n for unit, n in each) / len(each) for value in range(VALUES)]
    by_chance = sum(p**2 for p in share), sum(p * (1 - p) for p in share) / (VALUES - 1)
    corrected = ((observed - chance) / (1 - chance) if chance < 1 - 1e-12 else np.nan for chance in by_chance)
    return [observed, *corrected]


@given(CODES)
def test_kappa_and_ac1_are_their_definitions_written_out_with_answers_missing(rows):
    codes = np.array(rows, dtype=np.int64)

    found = [taken(coefficient, codes, VALUES) for coefficient in (observed_of, fleiss_of, ac1_of)]

    assert found == pytest.approx(of_counts(rows), nan_ok=True)


def masi_distance(one, other):
    """Passonneau (2006); nltk writes 0.67 and 0.33 for her thirds, and knows no empty set."""
    common, union = len(one & other), len(one | other)
    if one == other:
        return 0.0
    return 1.0 - common / union * (2 / 3 if common == min(len(one), len(other)) else 1 / 3)


@given(
    st.lists(
        st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), min_size=1, max_size=4), min_size=1, max_size=3
    )
)
def test_alpha_of_sets_is_that_of_nltk_whatever_article_they_are_in(articles):
    members = [(), (0,), (0, 1), (1, 2)]
    named = [
        (who, (article, unit), frozenset((article, member) for member in members[number]))
        for article, units in enumerate(articles)
        for unit, answers in enumerate(units)
        for who, number in enumerate(answers)
    ]
    different = len({answer for _, _, answer in named})

    sets = np.array([[number in each for number in range(3)] for each in members])
    found = alpha_of_sums(sum(article_sums(np.array(units), sets) for units in articles)[None])[0]

    theirs = nltk_agreement.AnnotationTask(named, distance=masi_distance).alpha() if different > 1 else np.nan
    assert found == pytest.approx(theirs, nan_ok=True)


@pytest.fixture(scope="module")
def segeval():
    """The package, compiled without its warnings: it compares numbers by ``is``, which holds for small ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import segeval

        for measure in (segeval.boundary_similarity, segeval.window_diff, segeval.pk):
            measure([2, 3, 6], [2, 2, 7])
    return segeval


def segment_lengths(boundaries):
    ends = np.concatenate([[0], np.flatnonzero(boundaries) + 1, [len(boundaries) + 1]])
    return np.diff(ends).tolist()


@pytest.mark.parametrize("seed", range(60))
def test_segmentations_have_the_figures_of_segeval_and_nltk(segeval, seed):
    random = np.random.default_rng(seed)
    reference, hypothesis = random.random((2, random.integers(12, 40))) < random.choice([0.15, 0.3, 0.5])
    masses = segment_lengths(hypothesis), segment_lengths(reference)
    window = segmentation.window_size(reference)
    signs = ["".join(np.where(side, "1", "0")) for side in (reference, hypothesis)]

    assert segmentation.pk(reference, hypothesis) == pytest.approx(float(segeval.pk(*masses)))
    assert segmentation.window_diff(reference, hypothesis) == pytest.approx(float(segeval.window_diff(*masses)))
    assert segmentation.pk(reference, hypothesis) == pytest.approx(nltk_segmentation.pk(*signs, k=window))
    assert segmentation.window_diff(reference, hypothesis) == pytest.approx(
        nltk_segmentation.windowdiff(*signs, k=window)
    )
    for reach in (2, 3, 4):
        similarity = segmentation.boundary_similarity(reference, hypothesis, reach)
        assert similarity == pytest.approx(float(segeval.boundary_similarity(*masses, n_t=reach)))
        assert similarity == pytest.approx(segmentation.boundary_similarity(hypothesis, reference, reach))


@st.composite
def continua(draw, categories=3):
    """Two to four annotators of up to 25 places: what each says of a place, and whether a span ends behind it."""
    length, annotators = draw(st.integers(1, 25)), draw(st.integers(2, 4))
    place = st.tuples(st.integers(-1, categories - 1), st.booleans())
    told = draw(st.lists(st.lists(place, min_size=length, max_size=length), min_size=annotators, max_size=annotators))
    return spans(length, *([(run[0], run[1], run[2]) for run in runs(each) if run[2] >= 0] for each in told))


def runs(places):
    """The (start, length, value) of places that say the same and are not parted."""
    number, numbered = 0, []
    for at, (value, ends) in enumerate(places):
        parted = at and (value != places[at - 1][0] or (value >= 0 and places[at - 1][1]))
        number += bool(parted)
        numbered.append((number, value, ends))
    at = 0
    for _, group in groupby(numbered, key=lambda each: each[0]):
        same = list(group)
        yield at, len(same), same[0][1]
        at += len(same)


def partition(continuum, annotator):
    """The (start, end, value) of an annotator's spans and gaps."""
    own = sorted(
        (start, end, category)
        for who, start, end, category in zip(
            continuum.annotator, continuum.start, continuum.end, continuum.category, strict=True
        )
        if who == annotator
    )
    at = 0
    for start, end, category in [*own, (continuum.length, continuum.length, -1)]:
        if start > at:
            yield at, start, -1
        if end > start:
            yield start, end, category
        at = end


def distance_u(one, other):
    """Krippendorff (2004): of two stretches with category or -1 for a gap."""
    (b, e, v), (c, f, w) = one, other
    if v >= 0 and w >= 0 and b < f and c < e:
        return (b - c) ** 2 + (e - f) ** 2
    if v >= 0 > w and c <= b and e <= f:
        return (e - b) ** 2
    if w >= 0 > v and b <= c and f <= e:
        return (f - c) ** 2
    return 0


@given(continua(categories=1))
@settings(max_examples=150, deadline=None)
def test_alpha_u_is_its_definition_written_out(continuum):
    m, length = continuum.annotators, continuum.length
    parts = [list(partition(continuum, annotator)) for annotator in range(m)]
    units = [(e - b) for part in parts for b, e, v in part if v >= 0]
    gaps = [(e - b) for part in parts for b, e, v in part if v < 0]

    observed = sum(distance_u(g, h) for one, other in permutations(parts, 2) for g in one for h in other)
    expected = sum(
        (len(units) - 1) / 3 * (2 * l**3 - 3 * l**2 + l) + l**2 * sum(gap - l + 1 for gap in gaps if gap >= l)
        for l in units  # noqa: E741 (the letter of the paper)
    )
    pairs = m * length * (m * length - 1) - sum(l * (l - 1) for l in units)  # noqa: E741 (idem)

    disagreement = alpha_u.disagreement_u(continuum)
    assert disagreement.observed == pytest.approx(observed / (m * (m - 1) * length**2))
    assert disagreement.expected == pytest.approx(2 / length * expected / pairs if pairs else 0)


@given(continua())
@settings(max_examples=150, deadline=None)
def test_the_coincidences_of_spans_are_their_definition_place_by_place(continuum):
    m = continuum.annotators
    parts = [list(partition(continuum, annotator)) for annotator in range(m)]
    at = [[unit for unit in part for _ in range(unit[1] - unit[0])] for part in parts]
    observed, itself, in_spans = np.zeros((4, 4)), np.zeros(4), np.zeros(4)
    for place in range(continuum.length):
        for one, other in permutations(range(m), 2):
            observed[at[one][place][2] + 1, at[other][place][2] + 1] += 1 / (m - 1)
    for one, part in enumerate(parts):
        for b, e, v in part:
            met = sum(at[other][place][2] >= 0 for other in range(m) if other != one for place in range(b, e))
            itself[v + 1] += (e - b) if v < 0 else (e - b) ** 2
            in_spans[v + 1] += (met / (m - 1)) ** 2 if v >= 0 else 0

    pairs = unitizing.coincidences(continuum, 3)

    assert pairs.observed == pytest.approx(observed)
    assert pairs.with_itself == pytest.approx(itself)
    assert pairs.with_itself_in_spans == pytest.approx(in_spans)


@given(continua(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_annotators_and_spans_is_nothing_to_the_unitizing_coefficients(continuum, random):
    names, rows = list(range(continuum.annotators)), list(range(len(continuum.start)))
    random.shuffle(names)
    random.shuffle(rows)
    told = [[] for _ in names]
    for row in rows:
        start = continuum.start[row]
        span = (start, continuum.end[row] - start, continuum.category[row])
        told[names[continuum.annotator[row]]].append(span)

    shuffled = spans(continuum.length, *told)

    one, other = (unitizing.coincidences(each, 3) for each in (continuum, shuffled))
    for coefficient in (unitizing.u_alpha, unitizing.binary_u_alpha, unitizing.cu_alpha):
        assert coefficient(other) == pytest.approx(coefficient(one), nan_ok=True)
    assert alpha_u.alpha_u(shuffled) == pytest.approx(alpha_u.alpha_u(continuum), nan_ok=True)


@given(st.lists(continua(), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_coincidences_of_texts_add_up_to_those_of_the_texts_end_to_end(texts):
    texts = [text for text in texts if text.annotators == texts[0].annotators]

    whole = unitizing.coincidences(joined(texts), 3)
    parts = unitizing.coincidences(texts[0], 3)
    for text in texts[1:]:
        parts += unitizing.coincidences(text, 3)

    assert parts.observed == pytest.approx(whole.observed)
    assert parts.with_itself == pytest.approx(whole.with_itself)
    assert parts.with_itself_in_spans == pytest.approx(whole.with_itself_in_spans)


@given(st.lists(continua(), min_size=1, max_size=4), st.data())
@settings(max_examples=100, deadline=None)
def test_weighted_alpha_u_is_that_of_the_texts_as_often_as_they_weigh(texts, data):
    texts = [text for text in texts if text.annotators == texts[0].annotators]
    often = st.lists(st.integers(0, 3), min_size=len(texts), max_size=len(texts)).filter(any)
    weights = data.draw(st.lists(often, min_size=1, max_size=5))

    found = alpha_u.weighted(joined(texts), np.array(weights, dtype=float))

    for row, value in zip(weights, found, strict=True):
        drawn = [text for text, times in zip(texts, row, strict=True) for _ in range(times)]
        assert value == pytest.approx(alpha_u.alpha_u(joined(drawn)), nan_ok=True)


@given(st.lists(continua(), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_no_gap_reaches_from_one_text_into_the_next(texts):
    texts = [text for text in texts if text.annotators == texts[0].annotators]

    whole = gaps(joined([joined(texts[:1]), *texts[1:]]))

    each = [gaps(text) for text in texts]
    told = [pair for one in each for pair in zip(one.annotator.tolist(), one.length.tolist(), strict=True)]
    assert sorted(zip(whole.annotator.tolist(), whole.length.tolist(), strict=True)) == sorted(told)


@given(continua())
@settings(max_examples=60, deadline=None)
def test_three_annotators_coincide_as_their_pairs_do(continuum):
    m = continuum.annotators

    pairs = [unitizing.coincidences(continuum.between(pair), 3) for pair in combinations(range(m), 2)]

    observed = sum(pair.observed for pair in pairs) / (m - 1)
    assert observed == pytest.approx(unitizing.coincidences(continuum, 3).observed)
    assert alpha_u.alpha_u(continuum.between(range(m))) == pytest.approx(alpha_u.alpha_u(continuum), nan_ok=True)
