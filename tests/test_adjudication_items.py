"""What several annotators say, as questions: aligned by the optimal matching, called by one name, and ranked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicating import annotation, article
from khabar.adjudication.items import aligned, named_alike
from khabar.adjudication.posterior import Answers, dawid_skene
from khabar.errors import Incomparable
from khabar.model.annotation import Annotation, Span

TEXT = "one two three four five"


def items(corpus, *marked):
    key = article(corpus, text=TEXT)
    told = [annotation(corpus, key, each, f"a{number}") for number, each in enumerate(marked)]
    (found,) = aligned([told], corpus.labels)
    return named_alike(found, corpus.labels, {})


def spelt(items):
    """Return what each annotator says to each item: label and words; a link by its label."""
    return [
        {
            who: mark.label if item.link else f"{mark.label} {TEXT[mark.start : mark.end]}"
            for who, mark in item.said.items()
        }
        for item in items
    ]


def test_spans_that_overlap_are_one_question_and_what_one_annotator_marks_alone_is_one_too(corpus):
    found = items(corpus, "[one two](ORG) three [four](GPE) five", "[one](ORG) two three four [five](DATE)")

    assert spelt(found) == [{0: "ORG one two", 1: "ORG one"}, {0: "GPE four"}, {1: "DATE five"}]
    assert all(each.asked == (0, 1) for each in found)


def test_a_twin_is_never_taken_from_its_twin(corpus):
    found = items(
        corpus,
        "[[one two](ORG) three](EVENT) four five",
        "[one two](ORG) three four five",
        "[one [two](ORG) three](EVENT) four five",
    )

    assert {0: "ORG one two", 1: "ORG one two", 2: "ORG two"} in spelt(found)
    assert {0: "EVENT one two three", 2: "EVENT one two three"} in spelt(found)


def test_spans_of_two_labels_are_one_question_where_they_cover_much_the_same(corpus):
    found = items(corpus, "[one two three](ORG) four five", "[one two](FAC) three four [five](GPE)")

    assert spelt(found)[0] == {0: "ORG one two three", 1: "FAC one two"}


def test_links_are_one_question_where_their_ends_are_whatever_their_boundaries(corpus):
    found = items(
        corpus,
        "[one](SOURCE id=s) two [three](CUE id=c) [four five](QUOTE HAS_SOURCE=s HAS_CUE=c)",
        "[one](SOURCE id=x) two [three](CUE) four [five](QUOTE HAS_SOURCE=x)",
    )

    links = [each for each in found if each.link]
    assert spelt(links) == [{0: "HAS_CUE"}, {0: "HAS_SOURCE", 1: "HAS_SOURCE"}]
    assert [each.asked for each in links] == [(0, 1), (0, 1)]


def test_who_does_not_mark_both_ends_is_not_asked_for_the_link(corpus):
    found = items(
        corpus, "[one](SOURCE id=s) two three [four](QUOTE HAS_SOURCE=s) five", "one two three [four](QUOTE) five"
    )

    (link,) = (each for each in found if each.link)
    assert link.asked == (0,)


def test_who_does_not_speak_of_a_layer_is_not_asked_in_it(corpus):
    key = article(corpus, text=TEXT)
    both = annotation(corpus, key, "[one](ORG) two [three](CUE) four five", "a0")
    one = annotation(corpus, key, "one two [three](CUE) four five", "a1", layers=("quote",))

    (found,) = aligned([[both, one]], corpus.labels)

    assert [(each.layer, each.asked) for each in found] == [("entity", (0,)), ("quote", (0, 1))]


def test_names_that_stand_on_the_same_items_are_one_name(corpus):
    found = items(
        corpus,
        "[one](PERS entity=a) [two](ORG entity=b) [three](PERS entity=a) four five",
        "[one](PERS entity=b) [two](ORG entity=a) [three](PERS entity=b) [four](GPE entity=c) five",
        "[one](PERS entity=x) [two](ORG entity=y) [three](PERS entity=z) [four](GPE entity=a) five",
    )

    names = [{who: mark.attributes["entity"] for who, mark in each.said.items()} for each in found]
    assert names == [{0: "a", 1: "a", 2: "a"}, {0: "b", 1: "b", 2: "b"}, {0: "a", 1: "a", 2: "z"}, {1: "c", 2: "c"}]


def test_names_are_paired_so_that_they_share_most_in_all(corpus):
    found = items(
        corpus,
        "[one](PERS entity=port) [two](ORG entity=port) [three](PERS entity=sea) four five",
        "[one](PERS entity=sea) [two](ORG entity=port) [three](PERS entity=sea) four five",
    )

    # The second one's sea shares one item with either name of the first; were it the port, its own port were nothing.
    names = [{who: mark.attributes["entity"] for who, mark in each.said.items()} for each in found]
    assert names == [{0: "port", 1: "sea"}, {0: "port", 1: "port"}, {0: "sea", 1: "sea"}]


WORDS = [(0, 3), (4, 7), (8, 13), (14, 18), (19, 23), (0, 7), (8, 18), (4, 18)]
marks = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(["PERS", "ORG", "GPE"])), unique=True, max_size=8)


def told(labels, annotators):
    return [
        Annotation(
            article="x-1",
            sha256="0" * 64,
            scheme="0.1",
            annotator=f"a{who}",
            kind="person",
            layers=labels.layer_names,
            spans=tuple(
                Span(start=start, end=end, layer="entity", label=label, id=f"s{number}")
                for number, ((start, end), label) in enumerate(each)
            ),
        )
        for who, each in enumerate(annotators)
    ]


@settings(max_examples=25)
@given(st.lists(marks, min_size=1, max_size=4))
def test_every_span_is_in_one_item_and_twins_are_together(labels, annotators):
    (found,) = aligned([told(labels, annotators)], labels)

    said = [(who, mark.place) for each in found for who, mark in each.said.items()]
    assert sorted(said) == sorted((who, (*at, label)) for who, each in enumerate(annotators) for at, label in each)
    for one in found:
        for other in found:
            shared = {mark.place for mark in one.said.values()} & {mark.place for mark in other.said.values()}
            assert one is other or not shared


@settings(max_examples=25)
@given(st.lists(st.lists(marks, min_size=2, max_size=3), min_size=2, max_size=3))
def test_many_articles_are_aligned_as_each_is_alone(labels, articles):
    every = [told(labels, each) for each in articles]

    assert aligned(every, labels) == [aligned([each], labels)[0] for each in every]


# Dawid and Skene

FIRST = (
    "111 333 112 222 222 222 122 333 222 232 444 222 111 222 121 111 111 111 222 222 222 222 222 "
    "221 111 111 232 111 111 112 111 333 111 222 222 433 221 232 333 111 111 121 232 121 222"
)
OTHERS = (
    "1111 4334 2122 3121 3222 3322 2111 3433 2223 2223 4444 3343 1111 3212 1111 2111 1111 1111 2221 1322 2222 2221 "
    "3222 2222 1111 1111 2222 1111 1111 1121 1111 3233 1111 2222 3232 4343 2232 3233 3432 1111 1111 2111 2222 1111 2222"
)


def test_the_model_is_that_of_the_paper():
    """Dawid and Skene (1979), Table 1: 45 patients, the first of five anaesthetists asked three times; Tables 2, 3."""
    first = [(item, 0, int(sign) - 1) for item, word in enumerate(FIRST.split()) for sign in word]
    others = [
        (item, who, int(sign) - 1) for item, word in enumerate(OTHERS.split()) for who, sign in enumerate(word, 1)
    ]

    fitted = dawid_skene(Answers(*np.array(first + others).T), 45, 4)

    assert fitted.prior.round(2).tolist() == [0.40, 0.42, 0.11, 0.07]
    assert fitted.confusion[0].round(2).tolist() == [
        [0.89, 0.11, 0.00, 0.00],
        [0.07, 0.88, 0.05, 0.00],
        [0.00, 0.34, 0.66, 0.00],
        [0.00, 0.00, 0.56, 0.44],
    ]
    assert fitted.posterior[1].round(2).tolist() == [0, 0, 0, 1]
    assert fitted.posterior[13].round(2).tolist() == [0, 1, 0, 0]


def test_the_model_finds_how_simulated_annotators_err():
    random = np.random.default_rng(7)
    prior = np.array([0.5, 0.3, 0.2])
    confusion = np.array(
        [
            [[0.95, 0.03, 0.02], [0.05, 0.90, 0.05], [0.02, 0.08, 0.90]],
            [[0.80, 0.15, 0.05], [0.10, 0.80, 0.10], [0.10, 0.10, 0.80]],
            [[0.70, 0.10, 0.20], [0.20, 0.70, 0.10], [0.05, 0.15, 0.80]],
            [[0.90, 0.05, 0.05], [0.40, 0.55, 0.05], [0.05, 0.05, 0.90]],
        ]
    )
    true = random.choice(3, 4000, p=prior)
    answered = np.array([[random.choice(3, p=each[value]) for each in confusion] for value in true])
    item, annotator = np.indices(answered.shape)

    fitted = dawid_skene(Answers(item.ravel(), annotator.ravel(), answered.ravel()), len(true), 3)

    assert np.abs(fitted.confusion - confusion).max() < 0.05
    assert np.abs(fitted.prior - prior).max() < 0.03
    majority = np.array([np.bincount(row, minlength=3).argmax() for row in answered])
    assert (fitted.posterior.argmax(axis=1) == true).mean() > (majority == true).mean()


def test_the_model_refuses_answers_that_are_none():
    def fit(item, who, value, items=2):
        return dawid_skene(Answers(*map(np.array, (item, who, value))), items, 2)

    for wrong in (
        ([0, 2], [0, 0], [0, 1]),
        ([0, 1], [0, 0], [0, 2]),
        ([0, 1], [-1, 0], [0, 1]),
        ([0, 0], [0, 0], [0, 1]),
    ):
        with pytest.raises(Incomparable):
            fit(*wrong)
