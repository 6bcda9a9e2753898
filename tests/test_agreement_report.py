"""What a campaign's annotators agree on is measured from their files, by hand and by the packages the same."""

import json
from collections import Counter
from itertools import combinations

import krippendorff as their_krippendorff
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from conftest import new_corpus
from judgements import coded, taken
from khabar.adjudication.agreement import unitizing
from khabar.adjudication.agreement.attributes import attribute_measures
from khabar.adjudication.agreement.codes import MISSING
from khabar.adjudication.agreement.gamma import Settings
from khabar.adjudication.agreement.gathering import judgements
from khabar.adjudication.agreement.judgements import Judgements, Links, Marks, Words
from khabar.adjudication.agreement.measures import Resampling
from khabar.adjudication.agreement.pairs import couples
from khabar.adjudication.agreement.report import layer_measures, measured, of_campaigns
from khabar.adjudication.agreement.sets import alpha_of_sums, article_sums
from khabar.adjudication.agreement.spans import span_measures
from khabar.adjudication.agreement.sums import ac1_of, alpha_of, cohen_of, fleiss_of
from khabar.adjudication.agreement.units import line_codes, outermost_rows, token_codes
from khabar.adjudication.agreement.wholes import continua, whole_measures
from khabar.errors import Incomparable, NotFound
from khabar.ingest.articles import Intake, ingest
from khabar.model import inline
from khabar.model.agreement import AGREEMENT, Setting
from khabar.model.annotation import with_words
from khabar.model.tags import tag_names, tags
from khabar.model.tokens import tokens
from khabar.model.work import Work
from khabar.store import WORK, Corpus
from khabar.store.agreements import agreements

LAYERS = ("region", "entity", "quote")
FEW = Setting(resamples=50)
SHORT = ("--resamples", 50)
JUDGES = ("nora", "omar", "sami")
# A page as three annotators read it; what each says of the same words.
PAGE = {
    "sami": "[[Port Sami](GPE entity=e1) opens, [said](CUE id=c1) [[Leila](PERS entity=e2)](SOURCE id=s1 entity=e2):"
    " [it opens](QUOTE type=direct HAS_SOURCE=s1 HAS_CUE=c1)](BODY)\n[Share](SHARE)",
    "nora": "[[Port Sami](GPE entity=a) opens, [said](CUE id=c1) [[Leila](ORG entity=b)](SOURCE id=s1 entity=b):"
    " [it opens](QUOTE type=direct HAS_SOURCE=s1 HAS_CUE=c1)](BODY)\n[Share](SHARE)",
    "omar": "[Port [Sami](GPE) opens, [said](CUE id=c1) [Leila](PERS):"
    " it [opens](QUOTE type=indirect HAS_CUE=c1)](BODY)\n[Share](NAV)",
}
SECOND = {
    "sami": "[[Basra](GPE) and [Port Sami](GPE)](HEADLINE)\n[[Leila](PERS) left](BODY)",
    "nora": "[[Basra](GPE) and Port Sami](HEADLINE)\n[[Leila](PERS) left](BODY)",
}
THIRD = {
    "sami": "[[Nile](LOC) rises](BODY)\n[Trending](TRENDING)",
    "nora": "[[Nile](LOC) rises](BODY)\n[Trending](NAV)",
    "omar": "[Nile rises](BODY)\n[Trending](NAV)",
}


def pull(corpus, name, *pages, campaign="pilot", who=None):
    """Write what annotators say of some articles into a campaign, as a pull would."""
    for number, page in enumerate(pages):
        key = None
        for annotator, written in page.items():
            found = inline.read(written, corpus.labels)
            if key is None:
                path = corpus.root / f"{name}{number}.txt"
                path.write_text(found.text, encoding="utf-8", newline="")
                (outcome,) = ingest(corpus, Intake(corpus.source("open")), [path])
                key = (
                    outcome.article.id
                    if outcome.article
                    else next(each.id for each in corpus.articles if each.file == path.name)
                )
            if who is None or annotator in who:
                told = found.annotation(corpus.labels, key, annotator)
                told = with_words(msgspec.structs.replace(told, layers=tuple(corpus.labels.layers)), found.text)
                place = corpus.campaign(campaign) / "annotations" / annotator / f"{key}.json"
                corpus.write_annotation(place, told)
    return corpus


@pytest.fixture
def pilot(corpus):
    """A campaign of three articles, two of which three annotators read."""
    return pull(corpus, "page", PAGE, SECOND, THIRD)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The agreement of that campaign, and its corpus."""
    corpus = pull(new_corpus(tmp_path_factory.mktemp("pilot") / "checkout"), "page", PAGE, SECOND, THIRD)
    return corpus, of_campaigns(corpus, ["pilot"], FEW)


def told_by(corpus, *campaigns):
    paths = [path for name in campaigns or ("pilot",) for path in corpus.campaign_annotations(name)]
    return judgements(corpus.labels, corpus.batches((corpus.read_annotation(path) for path in paths), size=2))


def f1(same, *sides):
    return pytest.approx(2 * same / sum(sides), abs=1e-6)


SPANS = {"f1", "boundary_f1", "relaxed_f1", "directed", "label_kappa"}
WHOLES = {"u_alpha", "binary_u_alpha", "cu_alpha", "ku_alpha", "alpha_u", "gamma", "gamma_cat", "gamma_k"}
CODED = {"alpha", "agreement", "fleiss_kappa", "ac1", "cohen_kappa"}
TOKENS = {f"token_{name}{which}" for name in CODED for which in ("", "_marked")}
LINES = {f"line_{name}" for name in CODED} | {"main_f1", "window_diff", "pk", "boundary_similarity"}
RELATIONS = ("link", "has_source", "has_cue", "has_addressee", "has_origin", "part_of", "continues")
LINKS = {f"{name}_{which}" for name in RELATIONS for which in ("f1", "relaxed_f1", "given_f1")}
MEASURES = {
    "region": SPANS | LINES | {"role_kappa"},
    "entity": SPANS | WHOLES | TOKENS | {"sense_kappa"},
    "quote": SPANS
    | WHOLES
    | TOKENS
    | LINKS
    | {"has_source_masi", "has_source_entity"}
    | {f"{name}_kappa" for name in ("type", "marked", "source", "via", "kind")},
}


def test_every_measure_of_a_layer_is_taken_of_all_and_by_source_and_week(report):
    figures = report[1].figures

    assert {layer: set(measures) for layer, measures in figures.items()} == MEASURES
    for measures in figures.values():
        for name, of in measures.items():
            kinds = {key.split(" ")[0] for key in of}
            assert kinds == {"label"} if name in ("ku_alpha", "gamma_k") else {"all", "source", "week"} <= kinds, name
            assert all(figure.n == 0 or figure.value is not None or figure.note for figure in of.values())
            assert all(figure.value is not None or figure.note for figure in of.values())


def test_spans_are_counted_pair_by_pair(report):
    found = report[1].figures["entity"]

    # Entities of the three articles: sami 2, 3, 1; nora 2, 2, 1; omar 2, none read, 0.
    assert found["f1"]["pair nora+sami"].value == f1(1 + 2 + 1, 6, 5)
    assert found["f1"]["pair nora+omar"].value == f1(0, 3, 2)
    assert found["f1"]["pair omar+sami"].value == f1(1, 2, 3)
    assert found["f1"]["all"].value == f1(4 + 0 + 1, 11, 5, 5)
    assert found["boundary_f1"]["pair nora+sami"].value == f1(5, 6, 5)
    # "Sami" is less than half of "Port Sami".
    assert found["relaxed_f1"]["pair omar+sami"].value == f1(1, 2, 3)
    assert found["f1"]["label GPE"].value == f1(1 + 1, 3, 2, 1, 1, 1, 1)
    assert found["f1"]["label GPE"].n == 9
    assert found["f1"]["all"].articles == 3
    assert found["f1"]["pair omar+sami"].articles == 2
    assert found["directed"]["pair sami>nora"].value == pytest.approx(4 / 6, abs=1e-6)
    assert found["directed"]["pair nora>sami"].value == pytest.approx(4 / 5, abs=1e-6)
    assert found["directed"]["pair omar>sami"].value == 1


def test_matched_spans_tell_how_labels_and_attributes_agree(report):
    found = report[1].figures

    pairs = {"GPE": "GPE", "PERS": "ORG"}, [("GPE", "GPE"), ("PERS", "PERS"), ("LOC", "LOC")]
    ours, theirs = zip(*pairs[0].items(), *pairs[1], strict=True)
    assert found["entity"]["label_kappa"]["pair nora+sami"].value == pytest.approx(
        cohen_kappa_score(theirs, ours), abs=1e-6
    )
    assert found["quote"]["type_kappa"]["pair nora+sami"].value is None
    assert found["quote"]["type_kappa"]["pair nora+sami"].note.startswith("chance leaves nothing")
    confusion = report[1].confusions["entity"]
    at = {name: number for number, name in enumerate(confusion.labels)}
    assert confusion.labels[-1] == "no label"
    assert confusion.counts[at["PERS"]][at["ORG"]] == confusion.counts[at["ORG"]][at["PERS"]] == 2
    assert confusion.counts[at["GPE"]][at["no label"]] == 5
    assert confusion.counts[at["GPE"]][at["GPE"]] == 4


def test_links_are_the_same_where_both_ends_are(report):
    found = report[1].figures["quote"]

    assert found["has_source_f1"]["pair nora+sami"].value == 1
    # Omar ties his quote, which is half of theirs, to the same cue, and to no source.
    assert found["has_cue_f1"]["pair omar+sami"].value == 0
    assert found["has_cue_relaxed_f1"]["pair omar+sami"].value == 1
    assert found["has_source_given_f1"]["pair omar+sami"].value == 0
    assert found["link_f1"]["all"].value == f1(2, 2, 2, 2, 1, 2, 1)
    # Leila is one entity whatever each calls her, and nobody for Omar.
    assert found["has_source_entity"]["pair nora+sami"].value == 1
    assert found["has_source_entity"]["pair omar+sami"].value == 0
    assert found["has_source_masi"]["all"].n == found["has_source_masi"]["pair nora+sami"].n == 1
    assert found["part_of_f1"]["all"].value is None
    assert found["part_of_f1"]["all"].note == "no links to compare"


# Which of three sources each of three annotators gives to each quote, as bits; MISSING where they mark no quote.
SOURCED = [[[3, 1, 3], [4, 4, 6], [1, 2, MISSING]], [[7, 7, 5], [0, 0, 2], [2, MISSING, 2], [5, 1, 4]]]
SETS = np.array([[code >> number & 1 for number in range(3)] for code in range(8)], dtype=bool)


def test_the_sets_of_sources_that_two_give_are_compared_without_a_third(corpus):
    def page(article, said):
        names = " ".join(f"[Name{number}](SOURCE id=s{number})" for number in range(3))
        links = ["".join(f" HAS_SOURCE=s{number}" for number in np.flatnonzero(SETS[code])) for code in said]
        quotes = (
            f"word{unit}" if code == MISSING else f"[word{unit}](QUOTE type=direct{link})"
            for unit, (code, link) in enumerate(zip(said, links, strict=True))
        )
        return f"Page {article} {names} {' '.join(quotes)}"

    codes = [np.array(units) for units in SOURCED]
    pages = [
        dict(zip(JUDGES, (page(number, said) for said in each.T), strict=True)) for number, each in enumerate(codes)
    ]
    found = of_campaigns(pull(corpus, "page", *pages), ["pilot"], FEW).figures["quote"]["has_source_masi"]

    wanted = {"all": [0, 1, 2], "pair nora+omar": [0, 1], "pair nora+sami": [0, 2], "pair omar+sami": [1, 2]}
    assert set(found) == {*wanted, "source open", "week undated"}
    for of, who in wanted.items():
        sums = sum(article_sums(each[:, who], SETS) for each in codes)
        assert found[of].value == pytest.approx(alpha_of_sums(sums[None])[0], abs=1e-6), of
        assert found[of].n == sum(((each[:, who] != MISSING).sum(axis=1) > 1).sum() for each in codes)


def test_lines_have_their_coefficients_and_main_text_its_characters(report):
    found = report[1].figures["region"]
    codes = line_codes(told_by(report[0]), "region").codes

    assert codes.shape == (6, 3)
    assert found["line_alpha"]["all"].value == pytest.approx(taken(alpha_of, codes), abs=1e-6)
    assert found["line_fleiss_kappa"]["all"].value == pytest.approx(taken(fleiss_of, codes), abs=1e-6)
    assert found["line_ac1"]["all"].value == pytest.approx(taken(ac1_of, codes, 20), abs=1e-6)
    assert found["line_cohen_kappa"]["pair nora+sami"].value == pytest.approx(
        taken(cohen_of, codes[:, [0, 2]]), abs=1e-6
    )
    assert found["main_f1"]["all"].value == 1
    assert found["boundary_similarity"]["all"].value == 1
    # Two lines are no longer than a window.
    assert found["pk"]["all"].value is None


def test_tokens_bear_the_outermost_label_that_they_meet(report):
    coded = token_codes(told_by(report[0]), "entity")
    names = np.array(coded.values)

    third = coded.codes[coded.article == 2]

    assert [[names[code] for code in row] for row in third.tolist()] == [["LOC", "O", "LOC"], ["O"] * 3, ["O"] * 3]
    assert (coded.codes[coded.article == 1][:, 1] == MISSING).all()
    found = report[1].figures["entity"]
    assert found["token_alpha"]["all"].value == pytest.approx(taken(alpha_of, coded.codes), abs=1e-6)
    marked = coded.codes[(coded.codes > 0).any(axis=1)]
    assert found["token_fleiss_kappa_marked"]["all"].value == pytest.approx(taken(fleiss_of, marked), abs=1e-6)
    two = coded.codes[:, [0, 2]]
    assert found["token_cohen_kappa"]["pair nora+sami"].value == pytest.approx(taken(cohen_of, two), abs=1e-6)
    # Tokens that both call O, whatever a third says.
    two = two[(two > 0).any(axis=1)]
    assert found["token_cohen_kappa_marked"]["pair nora+sami"].value == pytest.approx(taken(cohen_of, two), abs=1e-6)
    assert found["token_cohen_kappa_marked"]["pair nora+sami"].n == len(two)


def test_tokens_are_the_published_ones_with_the_labels_of_their_tags_but_of_the_whole_text(corpus):
    page = "[[pre[Sami](PERS)[Ef](ORG)](SOURCE) 3.5 a_b \N{RIGHT-TO-LEFT MARK}[Port [So](GPE)](ORG)x](BODY)\n"
    page += "[[Rome](GPE)](NAV)"
    bare = "[preSamiEf 3.5 a_b \N{RIGHT-TO-LEFT MARK}Port Sox](BODY)\n[Rome](NAV)"
    pull(corpus, "page", {"sami": page, "nora": bare})
    (batch,) = corpus.batches(corpus.read_annotation(path) for path in corpus.campaign_annotations("pilot"))
    published = tokens(batch)
    view = corpus.labels.layers["entity"].own_view

    coded = token_codes(told_by(corpus), "entity")

    names = [tag_names(view)[number].split("-")[-1] for number in tags(batch, published, "entity", view)]
    nora, sami = np.split(np.array(names), 2)
    assert sami.tolist() == ["PERS", "O", "O", "ORG", "ORG", "GPE"]
    assert [[coded.values[code] for code in row] for row in coded.codes.T] == [nora.tolist(), sami.tolist()]


def test_the_unitizing_coefficients_are_those_of_all_texts_end_to_end(report):
    told, found = told_by(report[0]), report[1].figures["entity"]
    first, labels = told.offset("entity")
    texts = continua(told, "entity", outermost_rows(told, "entity"), told.covers["entity"])
    pairs = [unitizing.coincidences(text, labels) for text in texts]

    whole = pairs[0] + pairs[1] + pairs[2]

    assert found["u_alpha"]["all"].value == pytest.approx(unitizing.u_alpha(whole), abs=1e-6)
    assert found["cu_alpha"]["all"].value == pytest.approx(unitizing.cu_alpha(whole), abs=1e-6)
    for label in ("GPE", "PERS", "ORG"):
        number = list(told.labels.labels).index(label) - first
        assert found["ku_alpha"][f"label {label}"].value == pytest.approx(unitizing.ku_alpha(whole, number), abs=1e-6)
    assert found["alpha_u"]["all"].value is None
    assert found["alpha_u"]["all"].note.startswith("the articles were read by different numbers of annotators")


def test_nested_spans_are_one_outermost_span(corpus):
    nested = "[[[Bank of [Sudan](GPE)](ORG) and [Nile](LOC)](ORG)](BODY)"
    pull(corpus, "nested", {"sami": nested, "nora": nested})

    told = told_by(corpus)

    rows = outermost_rows(told, "entity")
    assert sorted(told.marks.end[rows] - told.marks.start[rows]) == [22, 22]


def test_a_measure_of_some_articles_is_that_of_a_campaign_of_these_articles(tmp_path):
    whole = pull(new_corpus(tmp_path / "whole"), "page", PAGE, SECOND, THIRD)
    part = pull(new_corpus(tmp_path / "part"), "page", PAGE, THIRD)

    def taken(corpus, articles):
        told = told_by(corpus)
        numbers = [told.articles.index(key) for key in articles]
        found = {}
        for layer in LAYERS:
            for each in layer_measures(told, layer, couples(told, layer, 0.5), Settings()):
                own = np.array([number for number in each.read.tolist() if number in numbers], dtype=np.int64)
                if not each.name.startswith("gamma") and len(own):
                    found[layer, each.name, each.of] = each.taken(np.ones((1, len(own))), own)[0]
        return found

    keys = told_by(whole).articles
    assert taken(whole, [keys[0], keys[2]]) == pytest.approx(taken(part, told_by(part).articles), nan_ok=True)


def test_gamma_of_an_article_is_its_own_among_articles_of_other_numbers_of_readers(tmp_path, report):
    alone = pull(new_corpus(tmp_path / "alone"), "page", SECOND)

    def gammas(corpus, article):
        told = told_by(corpus)
        pairs = couples(told, "entity", 0.5)
        found = [
            each for each in whole_measures(pairs, Settings(shuffles=30, precision=1)) if each.name.startswith("gamma")
        ]
        one = np.array([article])
        return {(each.name, each.of): each.taken(np.ones((1, 1)), one)[0] for each in found if "pair" not in each.of}

    # Two read the second article, three the others: it is the only one of its part, and shuffled by the same numbers.
    among, own = gammas(report[0], 1), gammas(alone, 0)

    assert among == pytest.approx(own, nan_ok=True)
    assert 0 < own["gamma", "all"] < 1


def test_an_interval_holds_the_value_and_the_same_seed_gives_the_same(pilot):
    one, again, other = (measured(told_by(pilot), ("pilot",), Setting(seed=seed, resamples=100)) for seed in (0, 0, 1))

    assert one == again
    figure = one.figures["entity"]["f1"]["all"]
    assert figure.low < figure.value < figure.high
    assert other.figures["entity"]["f1"]["all"].value == figure.value
    squared = one.figures["entity"]["alpha_u"]["pair nora+sami"]
    assert squared.low < squared.value < squared.high
    assert one.figures["entity"]["f1"]["week undated"].value == figure.value
    assert one.figures["entity"]["f1"]["source open"].value == figure.value


def test_the_week_is_that_of_the_last_annotation_and_a_qualification_is_no_part_of_it(pilot):
    first, second, third = told_by(pilot).articles
    done = [
        Work(project="pilot", task=1, article=first, state="submitted", updated="2026-03-14T10:00:00Z"),
        Work(project="pilot", task=1, article=first, state="submitted", updated="2026-03-17T10:00:00Z"),
        Work(project="pilot", task=2, article=second, state="draft", updated="2026-03-14T10:00:00Z"),
        Work(project="pilot", task=3, article=third, role="qualification", state="submitted", updated="2026-03-14"),
    ]
    lines = b"".join(msgspec.json.encode(each) + b"\n" for each in done)
    (pilot.campaign("pilot") / WORK).write_bytes(lines)

    found = of_campaigns(pilot, ["pilot"], FEW)

    figures = found.figures["entity"]["f1"]
    assert found.articles == figures["all"].articles == 2
    assert figures["week 2026-W12"].articles == figures["week undated"].articles == 1


def test_articles_are_resampled_as_often_as_they_are_many():
    weights = Resampling(Setting(resamples=50)).weights(7)

    assert weights.shape == (50, 7)
    assert (weights.sum(axis=1) == 7).all()


# The command


def test_the_command_writes_what_it_prints_and_twice_the_same(pilot, khabar_here):
    campaign = pilot.campaign("pilot")

    status, out, err = khabar_here("--root", pilot.root, "campaign", "agreement", "pilot", *SHORT)

    assert status == 0
    assert "entity\tf1\t0.476\t[" in out
    assert all(words in err for words in ("gamma", "seed 0", "undefined"))
    raw = (campaign / AGREEMENT).read_bytes()
    status, out, _ = khabar_here("--root", pilot.root, "campaign", "agreement", "pilot", "--json", *SHORT)
    assert (status, out.encode()) == (0, raw) == (0, (campaign / AGREEMENT).read_bytes())
    (campaign / "campaign.toml").touch()
    found = agreements(pilot)["pilot"]
    assert found == of_campaigns(pilot, ["pilot"], FEW)
    assert found.headline["entity"]["f1"] == found.figures["entity"]["f1"]["all"].value
    assert "NaN" not in out
    options = ("--seed", 3, "--resamples", 20, "--json")
    told = json.loads(khabar_here("--root", pilot.root, "campaign", "agreement", "pilot", *options)[1])
    assert (told["setting"]["seed"], told["setting"]["resamples"], told["setting"]["gamma"]["seed"]) == (3, 20, 3)
    assert json.loads(raw)["setting"]["gamma"]["alpha"] == 3


def test_a_text_that_changed_on_disk_is_refused_not_measured(pilot, khabar_here):
    (first, *_) = pilot.articles
    place = pilot.corpus_folder / "open" / f"{first.id}.txt"
    place.write_text(f"Other words: {pilot.text(first)}", encoding="utf-8")

    status, out, err = khabar_here("--root", pilot.root, "campaign", "agreement", "pilot", *SHORT)

    assert (status, out) == (1, "")
    assert f"corpus/open/{first.id}.txt: the text is" in err
    assert "a text never changes, restore it" in err


def test_projects_that_may_not_see_each_other_are_looked_at_together(corpus, khabar_here):
    pull(corpus, "page", SECOND, campaign="one", who=["sami"])
    pull(corpus, "page", SECOND, campaign="two", who=["nora"])

    status, out, err = khabar_here("--root", corpus.root, "campaign", "agreement", "one", "two", *SHORT)

    assert status == 0
    assert "entity\tf1\t0.800" in out
    assert "no interval: it is one article" in err
    assert all((corpus.campaign(name) / AGREEMENT).is_file() for name in ("one", "two"))
    # What a campaign keeps beside its annotations is none.
    assert len(corpus.annotation_files(corpus.campaign("one"))) == 1
    assert khabar_here("--root", corpus.root, "campaign", "agreement", "one")[0] == 2


def test_what_cannot_be_compared_is_refused_in_one_line(pilot):
    (first, *_) = pilot.campaign_annotations("pilot")
    told = pilot.read_annotation(first)

    def says(annotator="eve", campaign="other", **how):
        place = pilot.campaign(campaign) / "annotations" / annotator / first.name
        pilot.write_annotation(place, msgspec.structs.replace(told, annotator=annotator, **how))

    with pytest.raises(NotFound, match="no campaign is called 'nothing', there are: none yet"):
        of_campaigns(pilot, ["nothing"])
    pilot.campaign("nothing").mkdir()
    (pilot.campaign("nothing") / "campaign.toml").touch()
    with pytest.raises(NotFound, match="no annotation there: run 'khabar campaign pull nothing' first"):
        of_campaigns(pilot, ["nothing"])
    says(annotator=told.annotator)
    with pytest.raises(Incomparable, match=f"{told.annotator} annotated it twice"):
        of_campaigns(pilot, ["pilot", "other"])
    with pytest.raises(NotFound, match="have no article in common"):
        of_campaigns(pilot, ["other"])
    says(campaign="third", sha256="0" * 64)
    with pytest.raises(Incomparable, match=r"annotated text .* have one annotated anew"):
        of_campaigns(pilot, ["pilot", "third"])
    says(campaign="fourth", spans=(msgspec.structs.replace(told.spans[0], label="NOBODY"),), relations=())
    with pytest.raises(Incomparable, match="of no known label: run khabar check"):
        of_campaigns(pilot, ["pilot", "fourth"])
    says(campaign="fifth")
    (pilot.campaign("fifth") / "campaign.toml").write_text("adjudicates = true", encoding="utf-8")
    with pytest.raises(Incomparable, match="fifth holds answers of adjudicators, who saw what others had said: leave"):
        of_campaigns(pilot, ["pilot", "fifth"])


# A scale

SCALE = """
version = "1"
language = "en"
direction = "ltr"
quotation_marks = '"'
[layers.claim]
column = "claims"
labels = [
  { name = "CLAIM", colour = "#aa0000", hotkey = "1", en = "what is claimed" },
  { name = "PROOF", colour = "#00aa00", hotkey = "2", en = "what is said for it" },
]
[[attributes]]
name = "strength"
labels = ["claim"]
ordered = true
values = [
  { name = "weak", hotkey = "3", en = "hardly" },
  { name = "fair", hotkey = "4", en = "so so" },
  { name = "strong", hotkey = "5", en = "much" },
  { name = "proven", hotkey = "6", en = "wholly" },
]
"""
STRENGTHS = ("weak", "fair", "strong", "proven")
# A word of an article each: how strong each judge calls it, a point where they mark it and do not say.  In each article
# every value occurs.
JUDGED = ["001 122 .33 1.1 210 222", "333 ..0 112 023 11.", "202 331 110 13."]


def judged(tmp_path):
    """A campaign of words that are claims and proofs in turn, and the codes of each article."""
    corpus = new_corpus(tmp_path / "checkout")
    (corpus.root / "annotations" / "labels.toml").write_text(SCALE, encoding="utf-8")
    codes = [coded(each) for each in JUDGED]

    def page(article, said):
        names = [f" strength={STRENGTHS[code]}" if code != MISSING else "" for code in said]
        labels = [("CLAIM", "PROOF")[unit % 2] for unit in range(len(said))]
        return " ".join(
            f"[{article}{unit}]({label}{name})" for unit, (label, name) in enumerate(zip(labels, names, strict=True))
        )

    pages = [
        {who: page(article, said) for who, said in zip(JUDGES, units.T.tolist(), strict=True)}
        for article, units in zip("abc", codes, strict=True)
    ]
    return pull(Corpus(corpus.root), "page", *pages), codes


def of_scale(codes):
    """Krippendorff's ordinal alpha, and the linearly weighted kappa of all pairs, as the packages have them."""
    answers = np.where(codes == MISSING, np.nan, codes).T
    pairs = np.concatenate([codes[:, list(pair)] for pair in combinations(range(codes.shape[1]), 2)])
    pairs = pairs[(pairs != MISSING).all(axis=1)]
    return (
        their_krippendorff.alpha(answers, level_of_measurement="ordinal"),
        cohen_kappa_score(*pairs.T, labels=range(len(STRENGTHS)), weights="linear"),
    )


def test_an_attribute_on_a_scale_has_the_ordinal_alpha_and_weighted_kappa_of_the_packages(tmp_path, khabar_here):
    corpus, codes = judged(tmp_path)
    whole = np.concatenate(codes)
    claims = np.concatenate([each[::2] for each in codes])

    status, out, err = khabar_here("--root", corpus.root, "campaign", "agreement", "pilot", *SHORT, "--json")

    assert status == 0, err
    figures = json.loads(out)["figures"]["claim"]
    alphas, kappas = figures["strength_ordinal_alpha"], figures["strength_weighted_kappa"]
    wanted = {
        "all": whole,
        "source open": whole,
        "week undated": whole,
        "pair nora+omar": whole[:, [0, 1]],
        "pair nora+sami": whole[:, [0, 2]],
        "pair omar+sami": whole[:, [1, 2]],
        "label CLAIM": claims,
        "label PROOF": np.concatenate([each[1::2] for each in codes]),
    }
    assert set(alphas) == set(kappas) == set(wanted)
    for of, units in wanted.items():
        assert (alphas[of]["value"], kappas[of]["value"]) == pytest.approx(of_scale(units), abs=1e-6), of
        assert alphas[of]["n"] == ((units != MISSING).sum(axis=1) > 1).sum()
        assert alphas[of]["low"] <= alphas[of]["value"] <= alphas[of]["high"]
    # To say nothing is a value of the plain kappa alone.
    assert kappas["pair nora+omar"]["n"] == (whole[:, :2] != MISSING).all(axis=1).sum()
    assert figures["strength_kappa"]["pair nora+omar"]["n"] == len(whole)


def test_what_two_call_by_other_names_is_matched_by_the_kappas_and_no_unit_of_alpha(tmp_path):
    corpus, _ = judged(tmp_path)
    shared = "[first](CLAIM strength=weak) [second](CLAIM strength=fair)"
    pull(
        corpus,
        "other",
        {"nora": shared, "sami": shared.replace("CLAIM strength=fair", "PROOF strength=weak")},
        campaign="two",
    )

    figures = of_campaigns(corpus, ["two"], FEW).figures["claim"]

    found = {name: figures[f"strength_{name}"]["all"].n for name in ("kappa", "weighted_kappa", "ordinal_alpha")}
    assert found == {"kappa": 2, "weighted_kappa": 2, "ordinal_alpha": 1}
    assert figures["strength_weighted_kappa"]["label CLAIM"].n == 1


def test_a_resample_has_the_scale_of_its_own_margins(tmp_path):
    corpus, codes = judged(tmp_path)
    told = told_by(corpus)
    measures = {(each.name, each.of): each for each in attribute_measures(told, "claim", couples(told, "claim", 0.5))}

    again = np.concatenate([codes[0], codes[0], codes[2]])

    for name, theirs in zip(("strength_ordinal_alpha", "strength_weighted_kappa"), of_scale(again), strict=True):
        assert measures[name, "all"].taken(np.array([[2.0, 0, 1]]), np.arange(3)) == pytest.approx([theirs])


# Against plain loops


@st.composite
def drawn(draw):
    """What two annotators marked in two articles, spans that are equal and spans twice included."""
    span = st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 2), st.integers(0, 5), st.integers(1, 3))
    return draw(st.lists(span, max_size=12))


@given(drawn())
def test_spans_are_counted_as_a_plain_loop_counts_them(labels, rows):
    marks = Marks(*np.array([(a, w, 1, 20 + c, s, s + n) for a, w, c, s, n in rows], dtype=np.int64).reshape(-1, 6).T)
    nothing = np.zeros(0, dtype=np.int64)
    told = Judgements(
        labels=labels,
        articles=("a", "b"),
        sources=("x", "x"),
        weeks=("w", "w"),
        length=np.array([9, 9]),
        annotators=("nora", "sami"),
        schemes=("0.1",),
        covers={name: np.ones((2, 2), dtype=bool) for name in LAYERS},
        marks=marks,
        choices={name: np.full(len(rows), -1) for name in labels.attribute_kinds},
        keys={},
        links=Links(nothing, nothing, nothing),
        words=Words(nothing, nothing, nothing),
        has_text=np.zeros(2, dtype=bool),
    )

    found = {
        (each.name, each.of): each.taken(np.ones((1, 2)), np.arange(2))[0]
        for each in span_measures(told, "entity", couples(told, "entity", 0.5))
    }

    nora, sami = (Counter((a, c, s, s + n) for a, w, c, s, n in rows if w == who) for who in (0, 1))
    places = [Counter() for _ in range(2)]
    for place, own in zip(places, (nora, sami), strict=True):
        for (a, _, s, e), times in own.items():
            place[a, s, e] += times
    total = len(rows) or np.nan
    assert found["f1", "all"] == pytest.approx(2 * (nora & sami).total() / total, nan_ok=True)
    assert found["boundary_f1", "all"] == pytest.approx(2 * (places[0] & places[1]).total() / total, nan_ok=True)
    hit = [
        own
        for own in nora.elements()
        if any(own[:2] == other[:2] and own[2] < other[3] and other[2] < own[3] for other in sami)
    ]
    assert found["directed", "pair nora>sami"] == pytest.approx(len(hit) / (nora.total() or np.nan), nan_ok=True)


def test_where_nobody_marked_anything_every_figure_is_undefined_and_says_why(corpus):
    pull(corpus, "bare", {"sami": "Nothing happened.", "nora": "Nothing happened."})

    found = of_campaigns(corpus, ["pilot"], FEW)

    defined = {
        (layer, name)
        for layer, measures in found.figures.items()
        for name, of in measures.items()
        for figure in of.values()
        if figure.value is not None
    }
    # Both call every token O; no line was marked, hence none has a boundary.
    assert defined == {(layer, f"token_{name}") for layer in ("entity", "quote") for name in ("agreement", "ac1")}
    assert all(not headline for headline in found.headline.values())
    assert found.figures["entity"]["gamma"]["all"].note == "no spans to compare"
