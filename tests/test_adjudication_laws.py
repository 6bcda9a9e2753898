"""Laws of adjudication, for whatever annotators, adjudicators and hands do."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from khabar.adjudication.items import aligned
from khabar.adjudication.merge import merged
from khabar.adjudication.rules import Rule, decided
from khabar.adjudication.standing import answered
from khabar.model.annotation import Annotation, Relation, Span
from khabar.model.corrections import FIRM, corrected, marks_of

PLACES = [(0, 3), (4, 7), (8, 13), (0, 7), (8, 18), (14, 18), (4, 13)]
LABELS = ["QUOTE", "SOURCE", "CUE"]


@st.composite
def annotations(draw, annotator="a"):
    """Return an annotation of quotes, their sources and cues, with attributes and links, sound in form alone."""
    marks = draw(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(LABELS)), unique=True, max_size=7))
    spans = [
        Span(
            start=start,
            end=end,
            layer="quote",
            label=label,
            id=f"{annotator}{number}",
            attributes={"type": draw(st.sampled_from(["direct", "indirect"]))} if label == "QUOTE" else {},
        )
        for number, ((start, end), label) in enumerate(marks)
    ]
    quotes, others = ([each for each in spans if (each.label == "QUOTE") is is_quote] for is_quote in (True, False))
    ends = [(one.id, other.id, f"HAS_{other.label}") for one in quotes for other in others]
    links = draw(st.lists(st.sampled_from(ends), unique=True, max_size=4)) if ends else []
    return Annotation(
        article="x-1",
        sha256="0" * 64,
        scheme="0.1",
        annotator=annotator,
        kind="person",
        layers=("quote",),
        spans=tuple(spans),
        relations=tuple(Relation(head, label, tail) for head, tail, label in links),
    )


several = st.integers(1, 3).flatmap(lambda count: st.tuples(*(annotations(f"a{number}") for number in range(count))))
rules = st.sampled_from([Rule(), Rule("majority"), Rule("threshold", 0.4)])


def fresh(labels, said, rule):
    (items,) = aligned([said], labels)
    return [decided(item, [each.annotator for each in said], rule) for item in items]


def shown(labels, said, rule):
    """Return the decisions of a first round, as the adjudicator is shown them."""
    found = merged(fresh(labels, said, rule), [], labels).decisions
    return [msgspec.structs.replace(each, seen=1, number=number) for number, each in enumerate(found, start=1)]


def statements(decisions):
    assert not [each for each in decisions if each.how == "open"]
    return {each.mark.statement for each in decisions if each.mark}


def told(annotation):
    return {mark.statement for _, mark in marks_of(annotation, annotation.layers).values()}


@settings(max_examples=60)
@given(annotations(), st.integers(1, 4), rules)
def test_what_all_annotators_say_is_what_stands(labels, annotation, count, rule):
    said = [msgspec.structs.replace(annotation, annotator=f"a{number}") for number in range(count)]

    found = merged(fresh(labels, said, rule), [], labels)

    assert statements(found.decisions) == told(annotation)
    assert {each.how for each in found.decisions} <= {"unanimous"}


@settings(max_examples=100)
@given(several, annotations("judge"), rules)
def test_what_the_adjudicator_answers_is_what_stands_where_it_was_shown(labels, said, answer, rule):
    before = shown(labels, said, rule)
    found = answered(before, answer, 1, {each.number: "none" for each in before})
    firm = [each for each in found if each.how in FIRM]

    done = merged(fresh(labels, said, rule), firm, labels).decisions

    links = {each.mark.statement for each in done if each.mark and each.is_link}
    spans = statements(done) - links
    assert spans == {each for each in told(answer) if not isinstance(each[0], tuple)}
    assert {each for each in told(answer) if isinstance(each[0], tuple)} <= links


@settings(max_examples=100)
@given(several, annotations("judge"), rules)
def test_silence_is_no_answer_where_all_marked_a_span_and_nothing_was_shown_or_a_rule_settled_it(
    labels, said, answer, rule
):
    before = shown(labels, said, rule)

    found = answered(before, answer, 1, {})

    passed = [each for each in found if each.how == "open"]
    asked = [each for each in before if (each.how == "open") == (each.mark is None) and not each.is_link]
    asked = [each.number for each in asked if each.mark or all(candidate.mark for candidate in each.candidates)]
    assert {each.number for each in passed if not each.is_link} <= set(asked)
    assert not any(each.keys & marks_of(answer, answer.layers).keys() for each in passed)
    assert answer.spans or [each.number for each in passed] == asked


@settings(max_examples=100)
@given(several, several, annotations("judge"), rules)
def test_whatever_annotators_say_later_what_the_adjudicator_decided_stands(labels, said, later, answer, rule):
    found = answered(shown(labels, said, rule), answer, 1, {})
    firm = [each for each in found if each.how in FIRM]

    done = merged(fresh(labels, later, rule), firm, labels).decisions

    stands = {each.mark.statement for each in done if each.mark and each.how in FIRM and not each.is_link}
    gone = {key for each in firm if each.mark is None for key in each.keys}
    kept = {key for each in firm if each.mark for key in each.keys}
    assert {each.mark.statement for each in firm if each.mark and not each.is_link} == stands
    settled = {(each.layer, *each.mark.key) for each in done if each.mark and each.how not in (*FIRM, "open")}
    assert not settled & (gone - kept)


@settings(max_examples=60)
@given(several, annotations("hand"), rules)
def test_gold_that_a_hand_made_is_what_stands(labels, said, gold, rule):
    written = [each for each in shown(labels, said, rule) if each.how != "open"]

    found = corrected(written, marks_of(gold, gold.layers))
    firm = [each for each in found if each.how in FIRM]

    unchanged = {each.mark.statement for each in found if each.mark and each.how not in FIRM}
    assert unchanged | {each.mark.statement for each in firm if each.mark} == told(gold)
    done = merged(fresh(labels, said, rule), firm, labels).decisions
    spans = {each for each in told(gold) if not isinstance(each[0], tuple)}
    assert {each.mark.statement for each in done if each.mark and not each.is_link and each.how != "open"} >= spans
