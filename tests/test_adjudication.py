"""What becomes gold: what all annotators say, what breaks no rule, and never silently over what is there."""

import msgspec
import pytest

from conftest import add_gold
from khabar import checks
from khabar.adjudication.adjudicate import Terms, adjudicate
from khabar.adjudication.statements import statements
from khabar.campaign.folder import Design, new_campaign
from khabar.campaign.plan import working
from khabar.errors import NotFound
from khabar.model.annotation import Span, with_words
from khabar.model.finding import Severity

PAGE = (
    "[[Port Sami](GPE sense=gov entity=e1) opens, [said](CUE id=c1) [[Leila](PERS entity=e2)](SOURCE id=s1 entity=e2):"
    " [it opens](QUOTE type=direct marked=false HAS_SOURCE=s1 HAS_CUE=c1)](BODY role=lead)"
)


@pytest.fixture
def pulled(corpus):
    """A corpus with an article without gold, and what was its gold; ``says`` puts an annotation into the campaign."""
    key = add_gold(corpus, "open", "a", PAGE)
    gold = corpus.gold_of(corpus.article(key))
    corpus.gold_place(corpus.article(key)).unlink()
    return corpus, gold


def says(corpus, annotation, annotator, campaign="pilot"):
    told = msgspec.structs.replace(annotation, annotator=annotator, kind="person")
    path = corpus.campaign(campaign) / "annotations" / annotator / f"{told.article}.json"
    corpus.write_annotation(path, told)


def settle(corpus, **how):
    def judge(annotations, last):
        found = checks.of_annotations(corpus, annotations, last)
        return [each for each in found if each.severity is Severity.ERROR]

    return list(adjudicate(corpus, ["pilot"], Terms(judge, "pilot-adjudication", **how)))


def renamed(annotation):
    """Return what says the same under other ids and keys."""
    spans = tuple(
        msgspec.structs.replace(
            each,
            id=f"x{each.id}",
            attributes={name: f"x{value}" if name == "entity" else value for name, value in each.attributes.items()},
        )
        for each in annotation.spans
    )
    links = tuple(
        msgspec.structs.replace(each, head=f"x{each.head}", tail=f"x{each.tail}") for each in annotation.relations
    )
    return msgspec.structs.replace(annotation, spans=spans, relations=links)


def test_what_all_annotators_say_under_whatever_ids_becomes_gold(pulled):
    corpus, annotation = pulled
    says(corpus, annotation, "a1")
    says(corpus, renamed(annotation), "a2")

    (result,) = settle(corpus)

    gold = corpus.gold_of(corpus.article("open-a"))
    assert (result.written, result.open) == (True, 0)
    assert (gold.annotator, gold.kind) == ("gold", "gold")
    assert statements(gold) == statements(annotation)
    assert [each.message for each in settle(corpus)] == ["gold says the same already"]


def test_annotators_that_differ_leave_the_article_open(pulled):
    corpus, annotation = pulled
    says(corpus, annotation, "a1")
    says(corpus, msgspec.structs.replace(annotation, spans=annotation.spans[:-1], relations=()), "a2")

    (result,) = settle(corpus)

    assert not result.written
    assert result.message == "1 questions are open, to be asked in pilot-adjudication"
    assert corpus.gold_of(corpus.article("open-a")) is None


@pytest.mark.parametrize("fault", ["digest", "offsets", "label"])
def test_what_breaks_a_rule_becomes_no_gold_even_on_request(pulled, fault):
    corpus, annotation = pulled
    changes = {"digest": {}, "offsets": {"end": 99999}, "label": {"label": "ALIEN"}}[fault]
    spans = (msgspec.structs.replace(annotation.spans[0], **changes), *annotation.spans[1:])
    sha256 = "0" * 64 if fault == "digest" else annotation.sha256
    says(corpus, msgspec.structs.replace(annotation, spans=spans, sha256=sha256), "a1")

    (result,) = settle(corpus, replace=True)

    assert not result.written
    assert "a1 breaks" in result.message
    assert corpus.gold_of(corpus.article("open-a")) is None


def test_gold_that_is_there_is_replaced_on_request_alone(pulled):
    corpus, annotation = pulled
    corpus.write_gold(annotation)
    entities = [span for span in annotation.spans if span.label != "PERS"]
    says(corpus, msgspec.structs.replace(annotation, spans=tuple(entities)), "a1")

    (kept,) = settle(corpus)
    (replaced,) = settle(corpus, replace=True)

    assert kept.message == "gold is there and differs in 1 statements, never replaced silently: --replace"
    assert (kept.written, replaced.written) == (False, True)


def test_a_campaign_of_one_layer_leaves_the_others_as_they_are(pulled):
    corpus, annotation = pulled
    corpus.write_gold(annotation)
    text = corpus.text(corpus.article("open-a"))
    spans = tuple(span for span in annotation.spans if span.layer == "entity")
    more = Span(start=text.index("opens"), end=text.index("opens") + 5, layer="entity", label="EVENT", id="new")
    one = msgspec.structs.replace(annotation, layers=("entity",), spans=(*spans, more), relations=())
    says(corpus, with_words(one, text), "a1")

    (result,) = settle(corpus, replace=True)

    gold = corpus.gold_of(corpus.article("open-a"))
    assert result.written
    assert gold.layers == corpus.labels.layer_names
    assert len(gold.spans) == len(annotation.spans) + 1
    assert gold.relations == annotation.relations


def test_a_campaign_without_annotations_is_told(corpus):
    with pytest.raises(NotFound, match="no campaign is called 'pilot', there are: none yet"):
        settle(corpus)
    corpus.campaign("pilot").mkdir(parents=True)
    (corpus.campaign("pilot") / "campaign.toml").touch()
    with pytest.raises(NotFound, match="run 'khabar campaign pull pilot' first"):
        settle(corpus)


# The command: what it takes from the plans


@pytest.fixture
def planned(pulled):
    """A call that begins a campaign, in which each annotator is asked for the article."""
    corpus, _ = pulled

    def begin(name, *annotators, articles=("open-a",), adjudicates=False):
        people = working(annotators, [], [], shared=False)
        design = Design(annotators=people, overlap=len(annotators), adjudicates=adjudicates)
        new_campaign(corpus, name, corpus.labels.layer_names, articles, design)

    return begin


def adjudicate_here(khabar_here, corpus, *names):
    return khabar_here("--root", corpus.root, "adjudicate", *names, "--no-push")


def test_an_article_waits_for_as_many_annotators_as_the_plan_asks_not_as_were_pulled(pulled, planned, khabar_here):
    corpus, annotation = pulled
    planned("pilot", "a1", "a2")
    says(corpus, annotation, "a1")

    status, out, _ = adjudicate_here(khabar_here, corpus, "pilot")

    assert (status, out) == (1, "open-a: annotated by a1 alone, 2 are wanted: see --least\n")
    assert corpus.gold_of(corpus.article("open-a")) is None


def test_blind_campaigns_that_are_named_together_ask_an_annotator_each(pulled, planned, khabar_here):
    corpus, annotation = pulled
    other = add_gold(corpus, "open", "b", f"{PAGE} today")
    planned("pilot", "a1", articles=["open-a", other])
    planned("other", "a2", articles=["open-a", other])
    says(corpus, annotation, "a1")
    says(corpus, corpus.gold_of(corpus.article(other)), "a2", "other")

    together, out, _ = adjudicate_here(khabar_here, corpus, "pilot", "other")
    alone, _, err = adjudicate_here(khabar_here, corpus, "pilot")

    assert (together, out.count("2 are wanted")) == (1, 2)
    assert (alone, err) == (0, "1 written, 0 left open\n")


def test_what_adjudicators_answered_is_refused_as_annotation_and_the_record_stays(pulled, planned, khabar_here):
    corpus, annotation = pulled
    planned("pilot", "a1", "a2")
    planned("pilot-adjudication", "judge", adjudicates=True)
    for annotator, campaign in (("a1", "pilot"), ("a2", "pilot"), ("judge", "pilot-adjudication")):
        says(corpus, annotation, annotator, campaign)
    adjudicate_here(khabar_here, corpus, "pilot")
    before = corpus.decisions_of(corpus.article("open-a"))

    status, out, err = adjudicate_here(khabar_here, corpus, "pilot-adjudication")

    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "pilot-adjudication holds answers of adjudicators" in err
    assert corpus.decisions_of(corpus.article("open-a")) == before
