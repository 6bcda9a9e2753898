"""Annotators measured by gold: known and merged gold apart, and what is taken for what."""

import json

from adjudicating import TEXT, annotation, article, says
from conftest import add_gold
from khabar.adjudication.quality import quality
from khabar.campaign.folder import Design, new_campaign

A = (
    "[Port Sami](GPE id=e1) opens, [said](CUE id=c1) [[Leila Haddad](PERS id=e2)](SOURCE id=s1): "
    "[it opens](QUOTE id=q1 type=direct HAS_SOURCE=s1 HAS_CUE=c1)"
)
WORSE = (
    "Port [Sami](GPE id=e1) opens, [said](CUE id=c1) [[Leila Haddad](OCC id=e2)](SOURCE id=s1): "
    "[it opens](QUOTE id=q1 type=direct HAS_SOURCE=s1)"
)


def measured(corpus, known=frozenset()):
    found = quality(corpus, {"pilot": known})
    return {(each.annotator, each.layer, each.known): each for each in found.scores}, found.confused


def gold_of(corpus, key, marked):
    told = annotation(corpus, key, marked, "gold")
    corpus.write_gold(told)


def test_scores_and_confusions_are_those_counted_by_hand(corpus):
    key = article(corpus)
    gold_of(corpus, key, A)
    says(corpus, key, A, "good")
    says(corpus, key, WORSE, "worse")

    scores, confused = measured(corpus)

    assert all(each.f1 == each.relaxed_f1 == 1 for (who, *_), each in scores.items() if who == "good")
    entity, quote, links = (scores["worse", layer, False] for layer in ("entity", "quote", "links"))
    assert (entity.gold, entity.said, entity.exact, entity.labelled) == (2, 2, 0, 1)
    assert (entity.f1, entity.relaxed_f1, quote.f1) == (0, 0.5, 1)
    assert (links.gold, links.said, links.exact, links.f1) == (2, 1, 1, 2 / 3)
    assert confused == [("worse", "entity", "PERS", "OCC", 1)]


def test_known_gold_is_never_counted_with_gold_that_was_merged_from_annotators(corpus):
    key, control = article(corpus), article(corpus, name="b", text=f"{TEXT} today")
    for each, end in ((key, ""), (control, " today")):
        gold_of(corpus, each, A + end)
        says(corpus, each, A + end, "a1")

    scores, _ = measured(corpus, frozenset([control]))

    assert scores["a1", "entity", True].articles == scores["a1", "entity", False].articles == 1


def test_a_control_of_another_campaign_makes_no_known_gold_of_what_was_merged(corpus, khabar_here):
    key = add_gold(corpus, "open", "a", A)
    other = article(corpus, name="b", text=f"{TEXT} today")
    says(corpus, key, A, "a1", "first")
    says(corpus, key, A, "a2", "second")
    new_campaign(corpus, "first", ["entity"], [key])
    new_campaign(corpus, "second", ["entity"], [other], Design(controls=(key,)))

    _, out, _ = khabar_here("--root", corpus.root, "campaign", "quality", "first", "second")

    origins = {tuple(line.split("\t")[:3:2]) for line in out.splitlines()}
    assert origins == {("a1", "merged gold"), ("a2", "known gold")}


def test_layers_that_gold_or_annotator_do_not_speak_of_count_for_nothing(corpus):
    key = article(corpus)
    gold_of(corpus, key, A)
    says(corpus, key, "[Port Sami](GPE) opens, said Leila Haddad: it opens", "a1", layers=("entity",))

    scores, _ = measured(corpus)

    assert {layer for _, layer, _ in scores} == {"entity", "links"}
    assert scores["a1", "links", False].f1 is None


def test_the_command_prints_scores_and_confusions(corpus, khabar_here):
    key = add_gold(corpus, "open", "a", A)
    says(corpus, key, WORSE, "a1", "pilot")
    status, _, err = khabar_here(
        *("--root", corpus.root, "campaign", "new", "pilot", "--layers", "entity,quote", "--articles", key)
    )
    assert status == 0, err

    _, out, _ = khabar_here("--root", corpus.root, "campaign", "quality", "pilot")
    _, told, _ = khabar_here("--root", corpus.root, "campaign", "quality", "pilot", "--json")

    lines = [line.split("\t") for line in out.splitlines()]
    assert lines[0] == [
        *("a1", "entity", "merged gold", "1 articles", "F1 0.000", "any boundaries 0.500", "2 in gold, 2 said")
    ]
    assert lines[-1] == ["a1", "entity", "OCC for PERS", "1"]
    assert json.loads(told)["scores"][0]["relaxed_f1"] == 0.5
