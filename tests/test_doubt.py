"""What annotators say of their own doubt: kept, shown, and nothing that anybody has to agree on."""

import msgspec
import pytest

from adjudicating import TEXT, answers, article, gold, says, settle
from conftest import REPOSITORY, add_gold
from khabar.adjudication.agreement.gathering import judgements
from khabar.adjudication.beside import rows, voices
from khabar.adjudication.listing import waiting
from khabar.adjudication.rules import rule
from khabar.adjudication.sheet import sheet
from khabar.errors import BadRecord
from khabar.model.labelfile import label_set
from khabar.release.build import build
from khabar.release.diff import diff
from khabar.store import Corpus

SURE = "[Port Sami](GPE id=e1 entity=p) opens, said [Leila Haddad](PERS id=e2 entity=l): it opens"
DOUBTED = SURE.replace("entity=p", "entity=p certainty=low")
OTHER = SURE.replace("GPE", "ORG")


def certainty(corpus, key):
    """Return what gold says of doubt about the first entity, None where it says nothing."""
    return corpus.gold_of(corpus.article(key)).spans[0].attributes.get("certainty")


def questions(corpus, key):
    return corpus.decisions_of(corpus.article(key)).open


# Gold


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ((SURE, DOUBTED), None),
        ((DOUBTED, SURE), None),
        ((DOUBTED, DOUBTED), "low"),
        ((DOUBTED, DOUBTED.replace("low", "high")), None),
        ((DOUBTED,), "low"),
    ],
)
def test_who_differs_in_doubt_alone_says_the_same_and_gold_keeps_a_doubt_that_all_have(corpus, said, kept):
    key = article(corpus)
    for number, each in enumerate(said):
        says(corpus, key, each, f"a{number}")

    (result,) = settle(corpus)

    assert result.written
    assert {each.how for each in corpus.decisions_of(corpus.article(key)).decisions} == {"unanimous"}
    assert certainty(corpus, key) == kept


def test_a_doubt_is_nobodys_vote_for_another_attribute(corpus):
    key = article(corpus)
    for name, sense, doubt in (("a1", "loc", "low"), ("a2", "loc", "low"), ("a3", "gov", "high")):
        says(corpus, key, SURE.replace("entity=p", f"entity=p sense={sense} certainty={doubt}"), name)

    settle(corpus, rule=rule("majority"))

    span = corpus.gold_of(corpus.article(key)).spans[0]
    assert span.attributes == {"sense": "loc", "entity": "p"}


def test_the_doubt_of_the_adjudicator_stands_in_gold_and_a_second_merge_changes_nothing(corpus):
    key = article(corpus)
    says(corpus, key, SURE, "a1")
    says(corpus, key, OTHER, "a2")
    settle(corpus)
    answers(corpus, key, DOUBTED)

    (done,) = settle(corpus)
    (again,) = settle(corpus)

    assert done.written
    assert certainty(corpus, key) == "low"
    assert again.message == "gold says the same already"


def test_adjudicators_who_differ_in_doubt_alone_do_not_answer_differently(corpus):
    key = article(corpus)
    says(corpus, key, SURE, "a1")
    says(corpus, key, OTHER, "a2")
    settle(corpus)
    answers(corpus, key, SURE)
    answers(corpus, key, DOUBTED, annotator="second")

    (done,) = settle(corpus)

    assert done.written
    assert ("Port Sami", "GPE") in gold(corpus, key)[0]


def test_a_doubt_that_a_hand_writes_into_gold_stays(corpus):
    key = article(corpus)
    for name in ("a1", "a2"):
        says(corpus, key, SURE, name)
    settle(corpus)
    place = corpus.gold_place(corpus.article(key))
    place.write_text(place.read_text().replace('{"entity":"p"}', '{"entity":"p","certainty":"low"}'))

    (again,) = settle(corpus)

    assert again.message == "gold says the same already"
    assert certainty(corpus, key) == "low"


# Questions


def test_a_doubt_is_shown_to_the_adjudicator_without_its_value_or_name(corpus):
    key = article(corpus)
    says(corpus, key, DOUBTED, "ann-a")
    says(corpus, key, OTHER, "ann-b")
    settle(corpus)

    ((asked,),) = waiting(corpus, "pilot-adjudication").rounds.values()

    (question,) = questions(corpus, key)
    assert sorted(each.doubted for each in question.candidates) == [(), ("ann-a",)]
    shown = asked.questions.replace("\N{FIRST STRONG ISOLATE}", "").replace("\N{POP DIRECTIONAL ISOLATE}", "")
    candidates = sorted(
        line.split(maxsplit=1)[1] for line in shown.splitlines() if "Port Sami" in line and "[" not in line
    )
    assert candidates == ["GPE «Port Sami» entity=p doubtful", "ORG «Port Sami» entity=p"]
    assert "ann-" not in shown


def test_a_doubt_makes_a_question_more_urgent_whoever_has_it(corpus):
    plain, left, right = (article(corpus, name=name, text=f"{TEXT} {name}") for name in "abc")
    for key, said in (
        (plain, (SURE, OTHER)),
        (left, (DOUBTED, OTHER)),
        (right, (SURE, OTHER.replace("entity=p", "entity=p certainty=low"))),
    ):
        for number, each in enumerate(said):
            says(corpus, key, f"{each} {key[-1]}", f"a{number}")

    settle(corpus)

    ((first,), (second,), (third,)) = (questions(corpus, key) for key in (plain, left, right))
    assert first.uncertainty < second.uncertainty == third.uncertainty < 1


# Side by side, agreement, releases


def test_a_doubt_is_shown_beside_the_others_and_is_no_difference(corpus, tmp_path):
    key = article(corpus)
    says(corpus, key, SURE, "a1")
    says(corpus, key, DOUBTED, "a2")
    (corpus.campaign("pilot") / "campaign.toml").touch()
    record = corpus.article(key)

    said = voices(corpus, record, [])
    found = rows(said, corpus.labels)
    sheet(corpus, record, said, found, tmp_path / "a.html")

    assert not any(each.differs for each in found)
    assert found[0].said == ("GPE entity=p", "GPE entity=p certainty=low")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert '<bdi dir="auto">Port Sami</bdi> certainty=low <b>a2</b>' in page
    assert '<div class="layer differs">' not in page


def test_agreement_measures_no_doubt(corpus):
    key = article(corpus)
    said = [says(corpus, key, SURE, "a1"), says(corpus, key, DOUBTED, "a2")]

    told = judgements(corpus.labels, corpus.batches(said))

    assert {"sense", "role", "marked"} <= set(told.choices)
    assert "certainty" not in told.choices


@pytest.mark.parametrize(
    ("attributes", "kinds"),
    [
        ({"entity": "p", "certainty": "low"}, ("doubted",)),
        ({"entity": "p", "certainty": "low", "sense": "gov"}, ("reattributed", "doubted")),
        ({"entity": "p", "sense": "gov"}, ("reattributed",)),
    ],
)
def test_a_doubt_between_two_releases_is_told_as_one_and_corrects_no_gold(corpus, attributes, kinds):
    key = add_gold(corpus, "open", "a", SURE, "test")
    before = build(corpus, "1.0.0", lambda: 0)
    told = corpus.gold_of(corpus.article(key))
    first, *rest = told.spans
    corpus.write_gold(
        msgspec.structs.replace(told, spans=(msgspec.structs.replace(first, attributes=attributes), *rest))
    )

    found = diff(before, build(Corpus(corpus.root), "1.1.0", lambda: 0))

    ((span,),) = (each.spans for each in found.articles)
    assert span.kinds == kinds
    assert found.step == ("PATCH" if kinds == ("doubted",) else "MINOR")  # scores on test stay comparable, or do not
    assert sum(each.reattributed for each in found.counts) == ("reattributed" in kinds)


# The fact


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            'doubt = "low"',
            'doubt = "perhaps"',
            "the attribute certainty has no value 'perhaps': spell doubt as in the list",
        ),
        ('name = "kind"', 'name = "certainty"', "the attribute certainty has doubt in one entry, not in all"),
    ],
)
def test_an_attribute_that_tells_of_doubt_names_one_of_its_values_in_each_of_its_entries(before, after, said):
    toml = (REPOSITORY / "annotations" / "labels.toml").read_text(encoding="utf-8")

    with pytest.raises(BadRecord, match=said):
        label_set(toml.replace(before, after).encode(), "labels.toml")


def test_a_flag_may_tell_of_doubt(labels):
    toml = (REPOSITORY / "annotations" / "labels.toml").read_text(encoding="utf-8")
    flagged = label_set(toml.replace('kind = "flag"', 'kind = "flag"\ndoubt = "false"').encode(), "labels.toml")

    assert labels.doubts == {"certainty": "low"}
    assert flagged.doubts == {"certainty": "low", "marked": False}
