"""The gold that is committed: it shows the whole scheme, breaks no rule, and says how it came about."""

import pytest

from conftest import REPOSITORY
from khabar import checks
from khabar.adjudication.statements import statements
from khabar.model.annotation import DIGEST_PREFIX
from khabar.model.finding import Severity
from khabar.store import Corpus

CORPUS = Corpus(REPOSITORY)
GOLD = list(CORPUS.gold())
FIRST = sorted(path.stem for path in CORPUS.campaign_annotations("pilot"))
"""Articles whose two annotators were adjudicated as a whole; of all others every decision is recorded."""


def test_every_article_has_gold_in_all_layers_that_breaks_no_rule():
    assert {each.article for each in GOLD} == {article.id for article in CORPUS.articles}
    assert all(each.layers == CORPUS.labels.layer_names for each in GOLD)
    findings = [finding for part in checks.judge(CORPUS, []) for finding in part.findings]

    assert [str(finding) for finding in findings if finding.severity is Severity.ERROR] == []


def test_gold_shows_every_attribute_value_and_relation_of_the_scheme():
    labels = CORPUS.labels
    shown = {(name, value) for each in GOLD for span in each.spans for name, value in span.attributes.items()}
    names = {name for name, _ in shown}
    wanted = {
        (each.name, value.name == "true" if each.kind == "flag" else value.name)
        for each in labels.attributes
        for value in each.values
    }

    assert wanted <= shown
    assert names == set(labels.attribute_kinds)
    assert {link.label for each in GOLD for link in each.relations} == {each.name for each in labels.relations}


def test_gold_shows_every_entity_type_and_quote_label():
    shown = {span.label for each in GOLD for span in each.spans}

    for layer in ("entity", "quote"):
        assert {label.name for label in CORPUS.labels.layers[layer].labels} <= shown


@pytest.mark.parametrize("article", FIRST)
def test_gold_says_what_was_pulled_from_the_server(article):
    gold = CORPUS.gold_of(CORPUS.article(article))
    (path,) = (each for each in CORPUS.campaign_annotations("pilot") if each.stem == article)
    pulled = CORPUS.read_annotation(path)

    assert statements(gold) == statements(pulled)
    assert [span.id for span in gold.spans] == [span.id for span in pulled.spans]


@pytest.mark.parametrize("article", [each.article for each in GOLD if each.article not in FIRST])
def test_of_every_other_article_nothing_is_open_and_whoever_decided_said_why(article):
    record = CORPUS.decisions_of(CORPUS.article(article))

    assert (record.annotators, list(record.open)) == (("lm-a", "lm-b"), [])
    decided = [each for each in record.decisions if each.how == "adjudicated" and not each.is_link]
    assert decided
    assert {each.by for each in decided} == {("lm-c",)}
    assert any(each.reason for each in decided)


def test_the_seed_repeats_no_word_of_its_text():
    seed = next(each for each in GOLD if each.article.startswith("seed-"))

    assert all(span.text is None and span.digest for span in seed.spans)
    assert all(
        value.startswith(DIGEST_PREFIX)
        for span in seed.spans
        for name, value in span.attributes.items()
        if name in CORPUS.labels.words_attributes
    )
