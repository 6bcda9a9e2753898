"""The gold that is committed: both articles come out as they went in, and show the whole scheme."""

import pytest

from conftest import REPOSITORY
from khabar import checks
from khabar.adjudication.statements import statements
from khabar.model.annotation import DIGEST_PREFIX
from khabar.model.finding import Severity
from khabar.store import Corpus

CORPUS = Corpus(REPOSITORY)
GOLD = list(CORPUS.gold())


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


@pytest.mark.parametrize("article", [each.article for each in GOLD])
def test_gold_says_what_was_pulled_from_the_server(article):
    gold = CORPUS.gold_of(CORPUS.article(article))
    (path,) = (each for each in CORPUS.campaign_annotations("pilot") if each.stem == article)
    pulled = CORPUS.read_annotation(path)

    assert statements(gold) == statements(pulled)
    assert [span.id for span in gold.spans] == [span.id for span in pulled.spans]


def test_the_seed_repeats_no_word_of_its_text():
    seed = next(each for each in GOLD if each.article.startswith("seed-"))

    assert all(span.text is None and span.digest for span in seed.spans)
    assert all(
        value.startswith(DIGEST_PREFIX)
        for span in seed.spans
        for name, value in span.attributes.items()
        if name in CORPUS.labels.words_attributes
    )
