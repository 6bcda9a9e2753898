"""Errors that were planted in gold are found by a model that never saw their article."""

import json

import numpy as np
import pytest

from conftest import add_gold
from khabar.adjudication.labelled import units
from khabar.adjudication.suspects import Suspect, doubts, suspects
from khabar.model.finding import Finding

PEOPLE = ("Omar", "Leila", "Sami", "Hana", "Yusuf", "Mona")
PLACES = ("Rihan", "Tartus", "Sabil", "Marsa", "Qadar", "Nahr")


def written(number, person="PERS", place="GPE"):
    who, where = PEOPLE[number % 6], PLACES[(number * 5 + 1) % 6]
    who, where = (f"[{who}]({person})" if person else who), (f"[{where}]({place})" if place else where)
    return (
        f"[The minister {who} went to {where} on day {number}](HEADLINE)\n"
        f"[Mr {who} left {where} with {number} others and spoke](BODY role=lead)\n[Share this page](SHARE)"
    )


@pytest.fixture
def planted(corpus):
    """Thirty articles, in three of which something is wrong; returns their ids by what is."""
    faults = {7: {"person": "ORG"}, 15: {"place": ""}}
    keys = [add_gold(corpus, "open", f"n{number}", written(number, **faults.get(number, {}))) for number in range(29)]
    wrong_line = written(29).replace("(SHARE)", "(BODY)")
    keys.append(add_gold(corpus, "open", "n29", wrong_line))
    return keys[7], keys[15], keys[29]


def test_errors_that_were_planted_are_the_first_suspects(corpus, planted):
    other_label, missing, other_region = planted

    found = suspects(list(corpus.batches(corpus.gold())), corpus.labels)

    said = {(each.article, each.layer, each.given, each.expected) for each in found[:6]}
    assert (other_label, "entity", "ORG", "PERS") in said
    assert (missing, "entity", "", "GPE") in said
    assert (other_region, "region", "BODY", "SHARE") in said
    assert {each.article for each in found[:5]} == set(planted)
    assert words(corpus, next(each for each in found if each.article == missing)) in PLACES


VOWELLED = [f"{name[0]}\N{COMBINING ACUTE ACCENT}{name[1:]}" for name in PEOPLE]


def test_a_name_that_nobody_marked_is_found_behind_a_proclitic_and_under_vowel_signs(corpus):
    missing = {}
    for number in range(36):
        who = "wa" + (PEOPLE[number % 6] if number == 20 else f"[{PEOPLE[number % 6]}](PERS)")
        other = VOWELLED[number % 6] if number == 27 else f"[{VOWELLED[number % 6]}](PERS)"
        key = add_gold(corpus, "open", f"n{number}", f"[The minister {who} went to see {other} on day {number}](BODY)")
        missing |= {20: {20: key}, 27: {27: key}}.get(number, {})

    found = suspects(list(corpus.batches(corpus.gold())), corpus.labels)

    said = [(each.article, each.given, each.expected, words(corpus, each)) for each in found]
    assert sorted(said) == sorted(
        [(missing[20], "", "PERS", "wa" + PEOPLE[2]), (missing[27], "", "PERS", VOWELLED[3])],
    )


def words(corpus, suspect):
    return corpus.text(corpus.article(suspect.article))[suspect.start : suspect.end]


def test_a_unit_is_a_published_token_and_bears_the_label_of_what_touches_it(corpus):
    vowelled = "m\N{ARABIC DAMMA}h\N{ARABIC FATHA}d"
    written = (
        f"[[Bank of [Sudan](GPE)](ORG): wa[{vowelled}](PERS)[Ef](ORG), 3.5](BODY)\n\n[\N{RIGHT-TO-LEFT MARK}so](NAV)"
    )
    add_gold(corpus, "open", "a", written)
    gold = list(corpus.batches(corpus.gold()))

    found, names = units(gold, "entity", lines=False)
    lines, kinds = units(gold, "region", lines=True)

    told = [(text, names[number]) for text, number in zip(found.text, found.given, strict=True)]
    bank = [("Bank", "ORG"), ("of", "ORG"), ("Sudan", "ORG"), (":", "")]
    assert told == [*bank, (f"wa{vowelled}Ef", "PERS"), (",", ""), ("3.5", ""), ("so", "")]
    assert lines.text == [f"Bank of Sudan: wa{vowelled}Ef, 3.5", "so"]
    assert [kinds[number] for number in lines.given] == ["BODY", "NAV"]
    assert lines.words == [found.text[:-1], found.text[-1:]]


def test_the_ranking_is_the_same_whenever_it_is_made_and_however_gold_is_batched(corpus, planted):
    gold = list(corpus.gold())

    one = suspects(list(corpus.batches(gold)), corpus.labels)
    other = suspects(list(corpus.batches(gold, size=7)), corpus.labels)

    assert one == other
    assert all(0 < each.margin <= 1 for each in one)
    assert np.all(np.diff([each.margin for each in one]) <= 0)


def test_gold_that_is_alike_throughout_has_no_suspects(corpus):
    for number in range(12):
        add_gold(corpus, "open", f"n{number}", written(number))

    assert suspects(list(corpus.batches(corpus.gold())), corpus.labels) == []


def test_one_article_or_withheld_ones_tell_nothing(corpus):
    add_gold(corpus, "open", "a", written(1))
    key = add_gold(corpus, "closed", "b", written(2))
    (corpus.root / "corpus" / "closed" / f"{key}.txt").unlink()

    assert suspects(list(corpus.batches(corpus.gold())), corpus.labels) == []
    assert suspects([], corpus.labels) == []


def test_what_a_check_finds_at_a_place_adds_to_the_doubt(corpus):
    found = [
        Suspect("a", "entity", 4, 8, "PERS", "ORG", 0.4),
        Suspect("b", "entity", 0, 4, "", "GPE", 0.7),
        Suspect("b", "quote", 0, 4, "", "CUE", 0.1),
    ]
    findings = [finding("a", 5, 9), finding("c", 0, 2), finding("c", -1, -1)]

    queue = doubts(found, findings)

    assert [(each.article, each.start, each.end, each.score) for each in queue] == [
        ("a", 4, 8, 0.9),
        ("b", 0, 4, 0.8),
        ("c", 0, 2, 0.5),
    ]
    assert queue[0].reasons == ("entity: PERS stands there, ORG is expected", "marked otherwise elsewhere [same-words]")


def finding(article, start, end):
    told = {"check": "same-words", "severity": "warning", "annotator": "gold", "message": "marked otherwise elsewhere"}
    return Finding(**told, article=article, start=start, end=end)


def test_the_command_looks_at_no_text_that_changed_on_disk(corpus, planted, khabar_here):
    place = corpus.corpus_folder / "open" / f"{planted[0]}.txt"
    place.write_text(f"Other words: {place.read_text(encoding='utf-8')}", encoding="utf-8")

    status, out, err = khabar_here("--root", corpus.root, "suspects")

    assert (status, out) == (1, "")
    assert "a text never changes, restore it" in err


def test_the_command_prints_places_articles_and_json(corpus, planted, khabar_here):
    status, out, err = khabar_here("--root", corpus.root, "suspects", "--limit", 5)
    _, ids, _ = khabar_here("--root", corpus.root, "suspects", "--articles", "--limit", 3)
    _, told, _ = khabar_here("--root", corpus.root, "suspects", "--json", "--limit", 1)

    assert status == 0, err
    assert len(out.splitlines()) == 5
    assert set(planted) <= {line.split(":")[0] for line in out.splitlines()}
    assert err.endswith("places to look at again\n")
    assert len(ids.split()) == 3
    assert json.loads(told)["reasons"]
