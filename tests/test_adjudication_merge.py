"""Several annotators, a rule, an adjudicator and hands: what becomes gold, and that no decision is ever lost."""

import msgspec
import pytest

from adjudicating import TEXT, answers, article, decisions, gold, notes, pushed, says, settle
from khabar.adjudication.gather import reasons_in
from khabar.adjudication.listing import waiting
from khabar.adjudication.rules import Rule, rule
from khabar.errors import BadRecord

A = (
    "[Port Sami](GPE id=e1 entity=p) opens, [said](CUE id=c1) [[Leila Haddad](PERS id=e2 entity=l)](SOURCE id=s1): "
    "[it opens](QUOTE id=q1 type=direct HAS_SOURCE=s1 HAS_CUE=c1)"
)
SHORT = A.replace("[Port Sami](GPE id=e1 entity=p)", "Port [Sami](PERS id=e1 entity=x)")
NO_PORT = A.replace("[Port Sami](GPE id=e1 entity=p)", "Port Sami")
UNLINKED = A.replace(" HAS_CUE=c1", "")
SPANS = [("Leila Haddad", "PERS"), ("Leila Haddad", "SOURCE"), ("it opens", "QUOTE"), ("said", "CUE")]
LINKS = [("it opens", "HAS_CUE", "said"), ("it opens", "HAS_SOURCE", "Leila Haddad")]


def record(corpus, key):
    return corpus.decisions_of(corpus.article(key))


def of(corpus, key, label):
    return next(each for each in record(corpus, key).decisions if each.marks[0].label == label)


def test_what_all_say_becomes_gold_and_the_record_says_so(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, A.replace("entity=p", "entity=port"), "a2", "other")

    (result,) = settle(corpus, "pilot", "other")

    assert result.message == "gold written, 5 spans by a1, a2"
    assert gold(corpus, key) == (sorted([("Port Sami", "GPE"), *SPANS]), LINKS)
    found = record(corpus, key)
    assert {each.how for each in found.decisions} == {"unanimous"}
    assert all(each.by == ("a1", "a2") and not each.candidates for each in found.decisions)
    assert (found.rule, found.annotators, found.rounds) == ("unanimous", ("a1", "a2"), ())
    assert {mark.id for each in found.decisions if (mark := each.mark).head is None} == {
        each.id for each in corpus.gold_of(corpus.article(key)).spans
    }


def test_a_majority_settles_what_the_rule_of_unanimity_leaves_open(corpus):
    key = article(corpus)
    for name, said in (("a1", A), ("a2", A), ("a3", SHORT)):
        says(corpus, key, said, name)

    (open_,) = settle(corpus)
    (done,) = settle(corpus, rule=Rule("majority"))

    assert (open_.written, open_.open) == (False, 1)
    assert done.message == "gold written, 5 spans by a1, a2, a3, 1 majority"
    port = of(corpus, key, "GPE")
    assert (port.how, port.by) == ("majority", ("a1", "a2"))
    assert [(each.by, each.mark.label) for each in port.candidates] == [(("a1", "a2"), "GPE"), (("a3",), "PERS")]


def test_a_majority_that_marks_nothing_settles_that_nothing_is_there(corpus):
    key = article(corpus)
    for name, said in (("a1", NO_PORT), ("a2", A), ("a3", NO_PORT)):
        says(corpus, key, said, name)

    settle(corpus, rule=rule("0.6"))

    assert gold(corpus, key) == (sorted(SPANS), LINKS)
    assert of(corpus, key, "GPE").mark is None
    assert of(corpus, key, "GPE").how == "threshold"
    assert record(corpus, key).rule == "threshold 0.6"


@pytest.mark.parametrize(("told", "needs"), [("unanimous", 3), ("majority", 2), ("0.67", 3), ("0.66", 2), ("1", 3)])
def test_a_rule_says_how_many_of_three_it_takes(told, needs):
    assert rule(told).needs(3) == needs


@pytest.mark.parametrize("told", ["most", "0", "1.1", "nan", "-1", ""])
def test_what_is_no_rule_is_refused(told):
    with pytest.raises(BadRecord, match="say unanimous, majority, or a share"):
        rule(told)


def test_only_an_attribute_is_open_where_place_and_label_are_agreed_on(corpus):
    key = article(corpus)
    says(corpus, key, A.replace("GPE ", "GPE sense=loc "), "a1")
    says(corpus, key, A.replace("GPE ", "GPE sense=gov "), "a2")

    (result,) = settle(corpus)

    port = of(corpus, key, "GPE")
    assert result.open == 1
    assert (port.how, port.mark.label, port.mark.attributes) == ("open", "GPE", {"entity": "p"})


def test_a_link_that_not_all_draw_is_a_question_of_its_own(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, UNLINKED, "a2")

    settle(corpus)

    (question,) = record(corpus, key).open
    assert question.candidates[0].mark.label == "HAS_CUE"
    assert [(each.by, each.mark is None) for each in question.candidates] == [(("a1",), False), (("a2",), True)]


def test_a_link_follows_its_ends_whatever_boundaries_an_annotator_gave_them(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, A, "a2")
    says(corpus, key, A.replace("[it opens](QUOTE", "it [opens](QUOTE"), "a3")

    settle(corpus, rule=Rule("majority"))

    assert gold(corpus, key)[1] == LINKS
    assert of(corpus, key, "HAS_CUE").how == "unanimous"


BY_PORT = A.replace("[Port Sami](GPE id=e1 entity=p)", "[[Port Sami](GPE id=e1 entity=p)](SOURCE id=s1)").replace(
    "[[Leila Haddad](PERS id=e2 entity=l)](SOURCE id=s1)", "[Leila Haddad](PERS id=e2 entity=l)"
)


def test_a_link_whose_end_was_a_question_keeps_who_drew_it_and_who_drew_another(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, BY_PORT, "a2")
    settle(corpus)
    answers(corpus, key, BY_PORT)
    notes(corpus, key, "1: the port speaks")

    settle(corpus)
    link = of(corpus, key, "HAS_SOURCE")
    settle(corpus)

    assert (link.how, link.by, link.mark.tail[:2]) == ("adjudicated", ("judge",), (0, 9))
    assert sorted((each.by, each.mark.tail[:2]) for each in link.candidates) == [(("a1",), (22, 34)), (("a2",), (0, 9))]
    assert of(corpus, key, "HAS_SOURCE") == link
    assert gold(corpus, key)[1] == [("it opens", "HAS_CUE", "said"), ("it opens", "HAS_SOURCE", "Port Sami")]


def test_the_adjudicator_decides_and_the_reason_is_kept(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a2")
    settle(corpus)
    notes(corpus, key, "1: the port, not the man\nnothing else")
    answers(corpus, key, A)

    (result,) = settle(corpus)

    assert result.message == "gold written, 5 spans by a1, a2, 1 adjudicated"
    assert gold(corpus, key) == (sorted([("Port Sami", "GPE"), *SPANS]), LINKS)
    port = of(corpus, key, "GPE")
    assert (port.how, port.by, port.reason) == ("adjudicated", ("judge",), "the port, not the man")
    assert [each.by for each in port.candidates] == [("a1",), ("a2",)]
    assert {how for label, how in decisions(corpus, key) if label != "GPE"} == {"unanimous"}
    assert [each.message for each in settle(corpus)] == ["gold says the same already"]


def test_the_adjudicator_may_see_a_third_thing_or_nothing_and_overrule_what_all_say(corpus):
    key, other = article(corpus), article(corpus, name="b", text=f"{TEXT} today")
    for each, end in ((key, ""), (other, " today")):
        says(corpus, each, A + end, "a1")
        says(corpus, each, SHORT + end, "a2")
    settle(corpus)
    answers(corpus, key, A.replace("[Port Sami](GPE id=e1 entity=p)", "[Port](LOC id=e1) Sami"))
    answers(corpus, other, NO_PORT.replace("[said](CUE id=c1)", "said").replace(" HAS_CUE=c1", "") + " today")
    notes(corpus, other, "1: a nickname\n0: no word of speech")

    settle(corpus)

    assert ("Port", "LOC") in gold(corpus, key)[0]
    assert of(corpus, key, "LOC").how == "adjudicated"
    assert gold(corpus, other) == (sorted(SPANS[:3]), LINKS[1:])
    assert [each.how for each in record(corpus, other).decisions if each.mark is None] == ["adjudicated"] * 3


def test_whoever_submits_what_is_settled_alone_has_not_said_that_all_are_wrong(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a2")
    settle(corpus)
    before = record(corpus, key)
    answers(corpus, key, NO_PORT)

    (passed,) = settle(corpus)
    waits = record(corpus, key), corpus.gold_of(corpus.article(key))
    notes(corpus, key, "1: none")
    (done,) = settle(corpus)

    assert (passed.written, passed.open) == (False, 1)
    assert passed.message == (
        "judge left 1 empty in pilot-adjudication, where all annotators marked something: mark what stands there, or"
        " note why nothing does, as in '1: none'"
    )
    assert waits == (before, None)
    assert done.message == "gold written, 4 spans by a1, a2, 1 adjudicated"
    assert gold(corpus, key) == (sorted(SPANS), LINKS)
    assert of(corpus, key, "GPE").reason == "none"


@pytest.mark.parametrize(
    ("left_out", "told", "label"),
    [
        (A.replace("[Leila Haddad](PERS id=e2 entity=l)", "Leila Haddad"), "22-34 PERS", "PERS"),
        (UNLINKED, "36-44 HAS_CUE 17-21", "HAS_CUE"),
    ],
)
def test_whoever_leaves_out_what_all_have_and_nobody_asked_says_why(corpus, left_out, told, label):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a2")
    settle(corpus)
    before = record(corpus, key)
    answers(corpus, key, left_out)
    notes(corpus, key, "1: the port\ngood on the whole")

    (refused,) = settle(corpus)
    waits = record(corpus, key), corpus.gold_of(corpus.article(key))
    notes(corpus, key, "1: the port\n0: of no use")
    (done,) = settle(corpus)

    assert (refused.written, refused.open) == (False, 1)
    assert refused.message == (
        f"judge removed {told} of a1, a2 in pilot-adjudication, where that was settled: put it back, or note why it"
        " does not stand, as in '0: none'"
    )
    assert waits == (before, None)
    assert done.written
    assert (of(corpus, key, label).mark, of(corpus, key, label).reason) == (None, "of no use")
    assert of(corpus, key, "GPE").reason == "the port"


def test_what_is_marked_or_linked_instead_of_what_was_settled_takes_no_reason(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a2")
    settle(corpus)
    other_cue = A.replace("opens, [said", "[opens](CUE id=c2), [said").replace("HAS_CUE=c1", "HAS_CUE=c2")
    answers(corpus, key, other_cue.replace("[Leila Haddad](PERS id=e2 entity=l)", "[Leila](PERS id=e2) Haddad"))

    (done,) = settle(corpus)

    assert done.written
    assert {("Leila", "PERS"), ("opens", "CUE")} <= set(gold(corpus, key)[0])
    assert ("it opens", "HAS_CUE", "opens") in gold(corpus, key)[1]


def test_many_removed_marks_are_told_in_one_line(corpus):
    text = " ".join(f"w{number}" for number in range(10))
    key = article(corpus, text=text)
    for label, name in (("PERS", "a1"), ("ORG", "a2")):
        says(
            corpus,
            key,
            " ".join(f"[{word}]({label if at == 0 else 'LOC'})" for at, word in enumerate(text.split())),
            name,
        )
    settle(corpus)
    answers(corpus, key, text)

    (refused,) = settle(corpus)

    assert refused.message.startswith("judge left 1 empty in pilot-adjudication, where all annotators marked something")
    assert "; removed 3-5 LOC of a1, a2; 6-8 LOC" in refused.message
    assert "15-17 LOC of a1, a2; 4 more in pilot-adjudication" in refused.message


def test_a_campaign_of_one_layer_leaves_what_was_decided_on_another(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, A.replace("type=direct", "type=indirect"), "a2")
    settle(corpus)
    notes(corpus, key, "1: her words")
    answers(corpus, key, A)
    settle(corpus)
    before = [each for each in record(corpus, key).decisions if each.layer == "quote"]
    entity = "[Port Sami](GPE entity=p) opens, said [Leila Haddad](PERS entity=l): it [opens](EVENT)"
    for name in ("a1", "a2"):
        says(corpus, key, entity, name, "later", layers=("entity",))

    (done,) = settle(corpus, "later", replace=True)

    assert done.message == "gold written, 6 spans by a1, a2, 1 adjudicated"
    assert gold(corpus, key) == (sorted([("Port Sami", "GPE"), ("opens", "EVENT"), *SPANS]), LINKS)
    found = record(corpus, key)
    assert found.layers == ("entity", "quote")
    assert [each for each in found.decisions if each.layer == "quote"] == before
    assert "her words" in {each.reason for each in before}


@pytest.mark.parametrize("words", ["[Port Sami](GPE) opens", "Port Sami opens"])
def test_a_layer_that_gold_lacks_is_added_and_one_that_it_has_is_replaced_only_if_told_so(corpus, words):
    key = article(corpus)
    quote = A.replace("[Port Sami](GPE id=e1 entity=p)", "Port Sami").replace(
        "[Leila Haddad](PERS id=e2 entity=l)", "Leila Haddad"
    )
    for name in ("a1", "a2"):
        says(corpus, key, quote, name, layers=("quote",))
        says(corpus, key, f"{words}, said Leila Haddad: it opens", name, "later", layers=("entity",))
        says(corpus, key, "Port Sami opens, said [Leila Haddad](PERS): it opens", name, "last", layers=("entity",))
    settle(corpus)

    (added,) = settle(corpus, "later")
    found = corpus.gold_of(corpus.article(key))
    (refused,) = settle(corpus, "last")

    assert added.written
    assert found.layers == ("entity", "quote")
    assert [each.text for each in found.spans if each.layer == "entity"] == ["Port Sami"] * words.startswith("[")
    assert refused.message.startswith("gold is there and differs in ")
    assert corpus.gold_of(corpus.article(key)) == found


def test_a_question_on_another_layer_is_answered_first(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, A.replace("type=direct", "type=indirect"), "a2")
    settle(corpus)
    for name in ("a1", "a2"):
        says(corpus, key, "[Port Sami](LOC) opens, said Leila Haddad: it opens", name, "later", layers=("entity",))

    (left,) = settle(corpus, "later", replace=True)

    assert left.message == "questions on quote are open in pilot-adjudication: have them answered first"


def test_annotations_that_come_later_discard_no_decision(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a2")
    settle(corpus)
    notes(corpus, key, "1: the port")
    answers(corpus, key, A)
    settle(corpus)
    before = corpus.gold_place(corpus.article(key)).read_bytes()

    says(corpus, key, SHORT, "a1")
    says(corpus, key, SHORT, "a3")
    (result,) = settle(corpus)

    assert result.message == "gold says the same already"
    assert corpus.gold_place(corpus.article(key)).read_bytes() == before
    port = of(corpus, key, "GPE")
    assert (port.how, port.by, port.reason) == ("adjudicated", ("judge",), "the port")


def test_a_decision_that_nobody_speaks_of_any_more_is_kept_and_reported(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a2")
    settle(corpus)
    answers(corpus, key, A)
    settle(corpus)

    says(corpus, key, NO_PORT, "a1")
    says(corpus, key, NO_PORT, "a2")
    (result,) = settle(corpus)

    assert result.notes == (
        "0-9 GPE: nobody says any more what was decided there; the decision is kept, and it stands in gold",
    )
    assert ("Port Sami", "GPE") in gold(corpus, key)[0]


def test_a_decision_outlives_the_answer_it_came_from(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a2")
    settle(corpus)
    answers(corpus, key, A)
    settle(corpus)

    (corpus.campaign("pilot-adjudication") / "annotations" / "judge" / f"{key}.json").unlink()

    assert [each.message for each in settle(corpus)] == ["gold says the same already"]
    assert of(corpus, key, "GPE").how == "adjudicated"


def test_a_new_candidate_where_nothing_was_decided_to_stand_is_asked_in_another_round(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, NO_PORT, "a2")
    settle(corpus)
    answers(corpus, key, NO_PORT)
    settle(corpus)

    says(corpus, key, SHORT, "a3")
    (again,) = settle(corpus)
    pushed(corpus, "pilot-adjudication-2")
    (waits,) = settle(corpus)
    answers(corpus, key, SHORT, "pilot-adjudication-2")
    (refused,) = settle(corpus)
    (done,) = settle(corpus, replace=True)

    assert again.message == "1 questions are open, to be asked in pilot-adjudication-2"
    assert waits.message == "1 questions wait for an adjudicator in pilot-adjudication-2"
    assert refused.message == "gold is there and differs in 1 statements, never replaced silently: --replace"
    assert done.written
    assert ("Sami", "PERS") in gold(corpus, key)[0]
    assert record(corpus, key).rounds == ("pilot-adjudication", "pilot-adjudication-2")


def test_an_answer_that_is_changed_is_taken_again(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a2")
    settle(corpus)
    answers(corpus, key, A)
    settle(corpus)

    answers(corpus, key, SHORT)
    settle(corpus, replace=True)

    assert ("Sami", "PERS") in gold(corpus, key)[0]
    assert ("Port Sami", "GPE") not in gold(corpus, key)[0]


def test_adjudicators_that_differ_leave_the_article_open(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a2")
    settle(corpus)
    answers(corpus, key, A)
    answers(corpus, key, SHORT, annotator="other")

    (result,) = settle(corpus)

    assert not result.written
    assert result.message.startswith("judge, other answer differently in pilot-adjudication")


def test_what_a_hand_corrected_in_gold_stays_as_it_is(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, A, "a2")
    settle(corpus)
    found = corpus.gold_of(corpus.article(key))
    spans = tuple(
        msgspec.structs.replace(each, label="LOC") if each.label == "GPE" else each
        for each in found.spans
        if each.label != "PERS"
    )
    corpus.write_gold(msgspec.structs.replace(found, spans=spans))

    (result,) = settle(corpus, replace=True)
    says(corpus, key, SHORT, "a3")
    (later,) = settle(corpus, replace=True, rule=Rule("majority"))

    assert result.message == "gold says the same already"
    assert not later.written
    assert gold(corpus, key) == (sorted([("Port Sami", "LOC"), *SPANS[1:]]), LINKS)
    assert of(corpus, key, "LOC").how == "corrected"
    gone = of(corpus, key, "PERS")
    assert (gone.how, gone.mark, gone.candidates[0].by) == ("corrected", None, ("a1", "a2"))


def test_a_run_that_died_between_record_and_gold_is_completed(corpus, monkeypatch):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, A, "a2")
    settle(corpus)
    for name in ("a1", "a2"):
        says(corpus, key, NO_PORT, name)

    def killed(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(corpus, "write_gold", killed)
        with pytest.raises(KeyboardInterrupt):
            settle(corpus, replace=True)
    (done,) = settle(corpus, replace=True)

    assert done.written
    assert gold(corpus, key) == (sorted(SPANS), LINKS)
    assert {how for _, how in decisions(corpus, key)} == {"unanimous"}


def test_what_breaks_a_rule_is_asked_though_all_say_it(corpus):
    key = article(corpus)
    for name in ("a1", "a2"):
        says(corpus, key, A.replace("HAS_SOURCE=s1 ", ""), name)

    (result,) = settle(corpus)
    (question,) = record(corpus, key).open
    answers(corpus, key, A)
    (done,) = settle(corpus)

    assert result.open == 1
    assert question.mark.label == "QUOTE"
    assert question.reason.endswith("[quote-has-source]")
    assert question.uncertainty == 1
    assert done.written
    assert gold(corpus, key)[1] == LINKS


def test_words_that_may_not_be_published_are_in_no_record(corpus):
    key = article(corpus, "closed")
    says(corpus, key, A.replace("GPE ", "GPE norm=Rihan "), "a1")
    says(corpus, key, SHORT, "a2")

    settle(corpus)
    answers(corpus, key, A)
    settle(corpus)

    folder = corpus.decisions_folder / "closed"
    content = (folder / f"{key}.json").read_text() + corpus.gold_place(corpus.article(key)).read_text()
    assert not any(word in content for word in ("Sami", "Leila", "opens", "Rihan"))


def test_an_article_that_too_few_have_annotated_waits(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")

    (result,) = settle(corpus, least=2)

    assert result.message == "annotated by a1 alone, 2 are wanted: see --least"
    assert record(corpus, key) is None


def test_two_campaigns_in_which_one_annotator_annotated_an_article_are_told_apart(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a1", "other")

    (result,) = settle(corpus, "pilot", "other")

    assert "a1 annotated it in two campaigns" in result.message


def test_the_most_uncertain_question_is_the_first(corpus):
    key = article(corpus)
    noisy, quiet = article(corpus, name="b", text=f"{TEXT} soon"), f"{A} soon"
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT.replace("[Leila Haddad](PERS", "[Leila Haddad](OCC"), "a2")
    for name, said in (("a1", quiet), ("a2", quiet), ("a3", quiet)):
        says(corpus, noisy, said, name)
    says(corpus, key, A, "a3")

    settle(corpus)

    questions = record(corpus, key).open
    assert [each.number for each in questions] == [1, 2]
    assert questions[0].uncertainty >= questions[1].uncertainty > 0


def test_a_merge_that_leaves_out_who_annotated_leaves_the_record_as_it_is_unless_told_to_replace_it(corpus):
    key = article(corpus)
    for name, campaign in (("a1", "pilot"), ("a2", "pilot"), ("a3", "other")):
        says(corpus, key, A, name, campaign)
    settle(corpus)
    before = record(corpus, key)

    (left,) = settle(corpus, "other")
    kept = record(corpus, key)
    settle(corpus, "other", replace=True)

    assert (left.written, left.open) == (False, 1)
    assert left.message == "a1, a2 annotated it too, says its record: name their campaigns, or --replace"
    assert kept == before
    assert record(corpus, key).annotators == ("a3",)


def test_a_reason_is_that_of_a_question_of_its_own_round_alone(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT.replace("[said](CUE id=c1)", "said").replace(" HAS_CUE=c1", ""), "a2")
    settle(corpus)
    answers(corpus, key, NO_PORT)
    (asked,) = (each for each in record(corpus, key).open if each.marks[0].label == "GPE")
    notes(corpus, key, f"{asked.number}: none")
    settle(corpus)
    says(corpus, key, A.replace("GPE", "FAC"), "a3")
    settle(corpus)
    (question,) = record(corpus, key).open
    answers(corpus, key, UNLINKED.replace("[said](CUE id=c1)", "said"), "pilot-adjudication-2")
    notes(corpus, key, f"{question.number}: the port\n0: nothing", "pilot-adjudication-2")

    (done,) = settle(corpus, replace=True)

    assert done.written
    assert sorted((each.marks[0].label, each.reason) for each in record(corpus, key).decisions if each.reason) == [
        ("CUE", "nothing"),
        ("GPE", "none"),
        ("GPE", "the port"),
        ("HAS_CUE", "nothing"),
    ]


def test_the_notes_of_a_campaign_are_read_once_for_all_its_articles(corpus, monkeypatch):
    keys = {name: article(corpus, name=name, text=f"{TEXT} {name}") for name in ("a", "b", "c")}
    for name, key in keys.items():
        says(corpus, key, f"{A} {name}", "a1")
        says(corpus, key, f"{A.replace('GPE', 'FAC')} {name}", "a2")
    asked = settle(corpus)
    for name, key in keys.items():
        answers(corpus, key, f"{A} {name}")
    read = []
    notes_of = type(corpus).campaign_notes
    monkeypatch.setattr(type(corpus), "campaign_notes", lambda *of: read.append(of) or notes_of(*of))

    settled = settle(corpus)

    assert [(each.open, later.open) for each, later in zip(asked, settled, strict=True)] == [(1, 0)] * 3
    assert len(read) == 1


@pytest.mark.parametrize(
    ("note", "reasons"),
    [
        ("1: a\n2. b", {1: "a", 2: "b"}),
        ("\N{ARABIC-INDIC DIGIT ONE}: a", {1: "a"}),
        ("on the whole: good\n12 - c", {12: "c"}),
        ("0: no question", {0: "no question"}),
        (f"{'1' * 5000}: a telephone number\n2: b", {2: "b"}),
        ("", {}),
    ],
)
def test_reasons_are_the_lines_that_begin_with_a_number(note, reasons):
    assert reasons_in(note) == reasons


def test_articles_whose_gold_measures_annotators_are_left_out(corpus):
    key, control = article(corpus), article(corpus, name="b", text=f"{TEXT} today")
    for name in ("a1", "a2"):
        says(corpus, key, A, name)
        says(corpus, control, f"{A} today", name)

    (result,) = settle(corpus, known=frozenset([control]))

    assert result.article == key
    assert corpus.gold_of(corpus.article(control)) is None


def test_what_waits_is_listed_for_the_adjudicator_without_names_the_most_uncertain_first(corpus):
    key, other = article(corpus), article(corpus, name="b", text=f"{TEXT} today")
    says(corpus, key, A, "ann-a")
    says(corpus, key, SHORT.replace(" HAS_CUE=c1", ""), "ann-b")
    says(corpus, other, f"{A} today", "ann-a")
    says(corpus, other, f"{A} today".replace("GPE ", "GPE sense=loc "), "ann-b")
    settle(corpus)

    (found,) = waiting(corpus, "pilot-adjudication").rounds.values()

    assert [each.uncertainty for each in found] == sorted((each.uncertainty for each in found), reverse=True)
    asked = next(each for each in found if each.article == key)
    assert "ann-" not in asked.questions + str(asked.start)
    assert {each.label for each in asked.start.spans} == {"PERS", "SOURCE", "QUOTE", "CUE"}
    assert [each.label for each in asked.start.relations] == ["HAS_SOURCE"]
    lines = asked.questions.replace("\N{FIRST STRONG ISOLATE}", "").replace("\N{POP DIRECTIONAL ISOLATE}", "")
    assert "   A " in lines
    assert "«it opens» HAS_CUE «said»" in lines
    assert "GPE «Port Sami» entity=p" in lines
    assert lines.count("   \N{EM DASH} only with a note, as ") == 1


def test_the_letters_of_candidates_do_not_follow_their_annotators(corpus):
    text = " ".join(f"w{number}" for number in range(40))
    key = article(corpus, text=text)
    for label, name in (("PERS", "ann-a"), ("ORG", "ann-b")):
        says(corpus, key, " ".join(f"[{word}]({label})" for word in text.split()), name)
    settle(corpus)

    (found,) = waiting(corpus, "pilot-adjudication").rounds["pilot-adjudication"]

    first = [line.split("\N{FIRST STRONG ISOLATE}")[1][:3] for line in found.questions.splitlines() if "   A" in line]
    assert len(first) == 40
    assert 10 < first.count("PER") < 30


def test_an_article_without_its_text_cannot_be_asked_and_the_rest_goes_on(corpus):
    keys = [article(corpus, "closed", "a"), article(corpus, name="b", text=f"{TEXT} today")]
    for key, end in zip(keys, ("", " today"), strict=True):
        says(corpus, key, A + end, "a1")
        says(corpus, key, SHORT + end, "a2")
    settle(corpus)
    (corpus.root / "corpus" / "closed" / f"{keys[0]}.txt").unlink()

    rounds, refused = waiting(corpus, "pilot-adjudication")

    assert [each.article for each in rounds["pilot-adjudication"]] == keys[1:]
    assert refused[0].startswith(f"{keys[0]}: the text is not at hand")


def test_a_link_that_was_removed_stays_away_though_its_end_was_moved(corpus):
    key = article(corpus)
    for name in ("a1", "a2"):
        says(corpus, key, A, name)
    says(corpus, key, SHORT, "a3")
    settle(corpus)
    moved = A.replace("[it opens](QUOTE", "it [opens](QUOTE").replace(" HAS_CUE=c1", "")
    answers(corpus, key, moved)
    notes(corpus, key, "0: not its cue")

    settle(corpus)
    settle(corpus, replace=True)

    assert gold(corpus, key)[1] == [("opens", "HAS_SOURCE", "Leila Haddad")]


def test_a_decision_keeps_its_words_when_nobody_repeats_them_any_more(corpus):
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a2")
    settle(corpus)
    answers(corpus, key, A)
    settle(corpus)
    corpus.gold_place(corpus.article(key)).unlink()
    (corpus.campaign("pilot-adjudication") / "annotations" / "judge" / f"{key}.json").unlink()
    for name in ("a1", "a2"):
        says(corpus, key, NO_PORT, name)

    (done,) = settle(corpus)

    assert done.written
    assert ("Port Sami", "GPE") in gold(corpus, key)[0]


def test_what_a_rule_settled_stands_though_the_adjudicator_marks_its_rival_beside_it(corpus):
    key = article(corpus)
    two_cues = A.replace("opens, [said", "[opens](CUE id=c2), [said")
    for name, said in (("a1", A), ("a2", A), ("a3", SHORT), ("a4", two_cues.replace("(GPE", "(FAC"))):
        says(corpus, key, said, name)
    majority = Rule("threshold", 0.5)
    settle(corpus)
    both = two_cues.replace("[Port Sami](GPE id=e1 entity=p)", "[Port [Sami](PERS id=e9)](GPE id=e1 entity=p)")
    answers(corpus, key, both.replace("HAS_CUE=c1", "HAS_CUE=c1 HAS_CUE=c2"))

    settle(corpus, rule=majority)

    spans, links = gold(corpus, key)
    assert {("Port Sami", "GPE"), ("Sami", "PERS"), ("opens", "CUE")} <= set(spans)
    assert [label for _, label, _ in links] == ["HAS_CUE", "HAS_CUE", "HAS_SOURCE"]
