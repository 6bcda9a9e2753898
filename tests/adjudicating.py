"""What the tests of adjudication share: annotators who say things of one article, written in line."""

import msgspec

from conftest import add_gold
from khabar import checks
from khabar.adjudication.adjudicate import Terms, adjudicate
from khabar.model import inline
from khabar.model.annotation import with_words, withheld
from khabar.model.finding import Severity

TEXT = "Port Sami opens, said Leila Haddad: it opens"


def article(corpus, source="open", name="a", text=TEXT):
    """Take an article in, without gold; return its id."""
    key = add_gold(corpus, source, name, text)
    corpus.gold_place(corpus.article(key)).unlink()
    return key


def annotation(corpus, key, marked, annotator, layers=("entity", "quote")):
    """Return what an annotator says of an article, from its text with what they mark in brackets."""
    found = inline.read(marked, corpus.labels)
    record = corpus.article(key)
    assert found.text == corpus.text(record)
    told = msgspec.structs.replace(found.annotation(corpus.labels, key, annotator), layers=layers)
    open_ = corpus.source_of(record).redistribute == "text"
    words = corpus.labels.words_attributes
    return with_words(told, found.text) if open_ else withheld(told, found.text, words)


def says(corpus, key, marked, annotator, campaign="pilot", **how):
    """Put what an annotator says into a campaign, as a pull does."""
    told = annotation(corpus, key, marked, annotator, **how)
    path = corpus.campaign(campaign) / "annotations" / annotator / f"{key}.json"
    corpus.write_annotation(path, told)
    return told


def settle(corpus, *campaigns, **how):
    """Adjudicate; return what became of each article."""

    def judge(annotations, last):
        found = checks.of_annotations(corpus, annotations, last)
        return [each for each in found if each.severity is Severity.ERROR]

    return list(adjudicate(corpus, campaigns or ["pilot"], Terms(judge, "pilot-adjudication", **how)))


def pushed(corpus, name="pilot-adjudication"):
    """Make an adjudication campaign as far as adjudication can see it."""
    corpus.campaign(name).mkdir(parents=True, exist_ok=True)
    (corpus.campaign(name) / "campaign.toml").touch()


def answers(corpus, key, marked, campaign="pilot-adjudication", annotator="judge"):
    """Put an adjudicator's answer where a pull puts it."""
    pushed(corpus, campaign)
    says(corpus, key, marked, annotator, campaign)


def notes(corpus, key, note, campaign="pilot-adjudication"):
    """Put what the adjudicator notes where a pull puts it."""
    pushed(corpus, campaign)
    line = msgspec.json.encode({"article": key, "annotator": "judge", "note": note})
    (corpus.campaign(campaign) / "notes.jsonl").write_bytes(line + b"\n")


def gold(corpus, key):
    """Return the words and labels of an article's gold, and its links by the words of their ends."""
    found = corpus.gold_of(corpus.article(key))
    words = {each.id: each.text or each.digest for each in found.spans}
    spans = sorted((each.text or each.digest, each.label) for each in found.spans)
    return spans, sorted((words[each.head], each.label, words[each.tail]) for each in found.relations)


def decisions(corpus, key):
    """Return how each mark of gold, and each question, came about: label and how, in the order of the record."""
    found = corpus.decisions_of(corpus.article(key)).decisions
    return [(each.marks[0].label, each.how) for each in found]
