"""A release tells how its gold came about: what settled each span and link, who said what, who saw whose answers."""

import msgspec
import pyarrow.parquet as pq
import pytest

import khabar
from adjudicating import answers, article, notes, pushed, says, settle
from built import files_of, resealed, with_true_content, written
from conftest import add_decisions, add_gold, add_judgement
from khabar.errors import BadRecord
from khabar.loading import read_manifest, verify
from khabar.model.article import Article
from khabar.model.decision import SETTLED, Candidate, Decision, Mark, Place
from khabar.model.layout import shard
from khabar.model.restored import Restored
from khabar.model.text import digest
from khabar.release.beside import write
from khabar.release.build import build as build_
from khabar.release.diff import diff
from khabar.store import Corpus

SAID = (
    "[Port Sami](GPE id=e1 sense=gov) opens, [said](CUE id=c1) Leila Haddad: "
    "[it opens](QUOTE id=q1 source=none%s HAS_CUE=c1)"
)
ONE, TWO = SAID % " type=indirect", SAID % " type=indirect via=prodrop"
ANSWER = TWO.replace("Leila", "[Leila").replace("Haddad", "Haddad](PERS id=e2)")


def build(corpus, version="1.0.0"):
    return build_(Corpus(corpus.root), version, lambda: 0)


def rows(folder, config="decisions", split="train"):
    return pq.read_table(folder / shard(config, split, 0)).to_pylist()


def told(found, *names):
    return [tuple(row[name] for name in names) for row in found]


@pytest.fixture
def settled(corpus):
    """A corpus with an article on which two annotators differ, and an adjudicator decided."""
    key = article(corpus)
    pushed(corpus, "pilot")
    says(corpus, key, ONE, "a1")
    says(corpus, key, TWO, "a2")
    settle(corpus)
    answers(corpus, key, ANSWER)
    notes(corpus, key, "1. the subject is dropped")
    (result,) = settle(corpus)
    assert result.written, result.message
    return corpus


def test_each_span_and_link_of_gold_has_a_row_that_says_what_settled_it(settled):
    found = rows(build(settled))

    spans = [row for row in found if row["item"] == "span"]
    assert sorted(told(spans, "label", "how", "by", "reason")) == [
        ("CUE", "unanimous", ["a1", "a2"], None),
        ("GPE", "unanimous", ["a1", "a2"], None),
        ("PERS", "adjudicated", ["judge"], None),
        ("QUOTE", "adjudicated", ["judge"], "the subject is dropped"),
    ]
    (link,) = (row for row in found if row["item"] == "link")
    ids = {row["label"]: row["id"] for row in spans}
    assert told([link], "label", "head_id", "tail_id", "head_label", "start", "id") == [
        ("HAS_CUE", ids["QUOTE"], ids["CUE"], "QUOTE", None, None)
    ]
    gold = settled.gold_of(settled.article("open-a"))
    assert {(each.id, each.start, each.end) for each in gold.spans} == set(told(spans, "id", "start", "end"))


def test_where_annotators_differ_each_of_them_is_told_with_what_they_say(settled):
    found = {row["label"]: row for row in rows(build(settled))}

    assert told(found["QUOTE"]["candidates"], "annotator", "label", "type", "via", "doubted") == [
        ("a1", "QUOTE", "indirect", None, False),
        ("a2", "QUOTE", "indirect", "prodrop", False),
    ]
    assert found["QUOTE"]["via"] == "prodrop"
    assert found["GPE"]["candidates"] == found["PERS"]["candidates"] == []


def test_a_question_that_ended_in_nothing_has_a_row_without_a_label(corpus):
    key = add_gold(corpus, "open", "a", "[Port Sami](GPE sense=gov) opens")
    seen = Candidate(by=("a2",), mark=Mark(label="FAC", start=0, end=4), doubted=("a2",))
    old = Candidate(by=("a1",), mark=Mark(label="FAC", start=0, end=9, attributes={"certainty": "low"}))
    said = (old, seen, Candidate(by=("a7", "a8")))
    nothing = Decision(layer="entity", how="adjudicated", by=("judge",), candidates=said)
    add_decisions(corpus, key, nothing)

    (row,) = rows(build(corpus))

    assert told([row], "item", "layer", "label", "start", "id") == [("span", "entity", None, None, None)]
    assert told(row["candidates"], "annotator", "label", "start", "doubted") == [
        ("a1", "FAC", 0, True),
        ("a2", "FAC", 0, True),
        ("a7", None, None, False),
        ("a8", None, None, False),
    ]


def test_what_a_hand_corrected_in_gold_since_is_told_as_corrected_whether_or_not_it_was_adjudicated_again(settled):
    gold = settled.gold_of(settled.article("open-a"))
    now = {"type": "indirect", "source": "none"}
    spans = [
        msgspec.structs.replace(each, attributes=now) if each.label == "QUOTE" else each
        for each in gold.spans
        if each.label != "GPE"
    ]
    settled.write_gold(msgspec.structs.replace(gold, spans=tuple(spans)))

    before = rows(build(settled))
    settle(settled)
    after = rows(build(settled))

    quote = next(row for row in before if row["label"] == "QUOTE")
    (gone,) = (row for row in before if row["label"] is None)
    assert told([quote, gone], "how", "by", "via", "id") == [
        ("corrected", [], None, quote["id"]),
        ("corrected", [], None, None),
    ]
    assert told(gone["candidates"], "annotator", "label") == [("a1", "GPE"), ("a2", "GPE")]
    assert sorted(map(str, before)) == sorted(map(str, after))


def test_gold_that_came_of_no_decision_or_has_open_questions_or_another_text_has_no_rows(corpus):
    keys = [add_gold(corpus, "open", name, f"[Port Sami](GPE sense=gov) opens {name}") for name in "abc"]
    mark = Mark(label="GPE", start=0, end=9, id="e1", attributes={"sense": "gov"})
    add_decisions(corpus, keys[0], Decision(layer="entity", how="open", candidates=(Candidate(by=("a2",), mark=mark),)))
    add_decisions(corpus, keys[1], Decision(layer="entity", how="unanimous", mark=mark, by=("a2", "a7")))
    record = corpus.decisions_of(corpus.article(keys[1]))
    corpus.write_decisions(msgspec.structs.replace(record, sha256="0" * 64))

    folder = build(corpus)

    assert "decisions" not in read_manifest(folder).configs
    assert set(read_manifest(folder).counts["settled"].values()) == {0}
    assert list(verify(folder)) == []


@pytest.mark.parametrize("campaign", ["pilot", "pilot-adjudication"])
def test_what_was_said_in_a_campaign_that_stays_out_of_releases_is_not_told(settled, campaign):
    (settled.campaign(campaign) / "campaign.toml").write_text("publish = false", encoding="utf-8")

    folder = build(settled)

    assert "decisions" not in read_manifest(folder).configs
    assert campaign not in [row["campaign"] for row in rows(folder, "judgements")]


def test_what_the_same_annotators_said_elsewhere_keeps_no_decision_out(settled):
    before = rows(build(settled))
    add_judgement(settled, "open-a", settled.decisions_of(settled.article("open-a")).annotators[0], ONE, "trial")
    (settled.campaign("trial") / "campaign.toml").write_text("publish = false", encoding="utf-8")

    folder = build(settled, "1.0.1")

    assert rows(folder) == before
    assert "trial" not in [row["campaign"] for row in rows(folder, "judgements")]


def test_gold_from_before_its_decisions_is_not_released(settled):
    key = settled.article("open-a")
    record = settled.decisions_of(key)
    settled.write_decisions(msgspec.structs.replace(record, before=record.gold, gold="0" * 64))

    with pytest.raises(BadRecord, match=r"open-a.json: it is the gold from before its decisions: run 'khabar adj"):
        build(settled)


UNFIT = {
    "an unknown attribute": (
        {"mood": "sad"},
        9,
        "a decision says mood=sad, which annotations/labels.toml does not have",
    ),
    "a flag that is a word": ({"marked": "yes"}, 9, "a decision says marked=yes, which annotations/labels.toml does"),
    "a place beyond all texts": ({}, 2**40, "its decisions are none: .* too large .*: take them from git again"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_decision_that_cannot_be_published_stops_the_build_with_one_line(corpus, name):
    attributes, end, said = UNFIT[name]
    key = add_gold(corpus, "open", "a", "[Port Sami](GPE sense=gov) opens")
    mark = Mark(label="GPE", start=0, end=end, attributes=attributes)
    add_decisions(corpus, key, Decision(layer="entity", how="unanimous", mark=mark, by=("a2",)))

    with pytest.raises(BadRecord, match=f"^open-a: {said}") as error:
        build(corpus)

    assert "\n" not in str(error.value)


def test_where_the_text_is_withheld_nobodys_words_are_told(corpus):
    key = add_gold(corpus, "closed", "a", "[Port Sami](GPE sense=gov) opens")
    mark = Mark(label="GPE", start=0, end=9, id="e1", attributes={"sense": "gov", "norm": "sha256:" + "0" * 16})
    seen = (Candidate(by=("a2",), mark=mark), Candidate(by=("a7",)))
    add_decisions(
        corpus, key, Decision(layer="entity", how="adjudicated", mark=mark, by=("judge",), reason="so", candidates=seen)
    )

    (row,) = rows(build(corpus))

    assert told([row, row["candidates"][0]], "label", "sense", "norm") == [("GPE", "gov", None)] * 2
    assert row["reason"] is None


def test_it_is_counted_what_settled_gold_and_in_which_role_annotators_spoke(settled):
    folder = build(settled)

    counts = read_manifest(folder).counts
    assert counts["settled"] == {**dict.fromkeys(SETTLED, 0), "unanimous": 3, "adjudicated": 2}
    assert counts["roles"] == {"annotator": 3, "adjudicator": 0}
    assert list(verify(folder)) == []


def test_counts_of_what_settled_gold_that_were_edited_and_resealed_do_not_agree_with_the_rows(settled, tmp_path):
    def change(manifest):
        manifest["counts"]["settled"] |= {"unanimous": 5, "adjudicated": 0}
        with_true_content(manifest)

    folder = written(resealed(files_of(build(settled)), change), tmp_path / "release")

    assert [each for each in verify(folder) if "counts 5 of settled unanimous, the rows have 3" in each]


# Judgements


def test_a_judgement_says_whether_its_annotator_saw_what_others_said(settled):
    campaign = settled.campaign("pilot-adjudication")
    (campaign / "campaign.toml").write_text('title = "x"\nadjudicates = true\n', encoding="utf-8")
    work = {"project": "all", "task": 1, "article": "open-a", "state": "submitted"}
    for name, annotator, models in (("pilot-adjudication", "judge", ["settled"]), ("pilot", "a1", [])):
        line = msgspec.json.encode(work | {"annotator": annotator, "models": models})
        (settled.campaign(name) / "work.jsonl").write_bytes(line + b"\n")

    folder = build(settled)

    assert told(rows(folder, "judgements"), "campaign", "annotator", "role", "began_from") == [
        ("pilot", "a1", "annotator", ""),
        ("pilot", "a2", "annotator", None),
        ("pilot-adjudication", "judge", "adjudicator", "settled"),
    ]
    assert read_manifest(folder).counts["roles"] == {"adjudicator": 1, "annotator": 2}
    assert list(verify(folder)) == []


def test_a_plan_that_does_not_parse_stops_the_build_with_one_line(corpus):
    add_judgement(corpus, add_gold(corpus, "open", "a", "[Nobody](PERS) came"), "a7", "[Nobody](PERS) came")
    (corpus.campaign("pilot") / "campaign.toml").write_text("adjudicates = 'often'", encoding="utf-8")

    with pytest.raises(BadRecord, match=r"campaigns/pilot/campaign.toml: .*: mend it by hand"):
        build(corpus)


# A release beside others, and beside texts


def test_a_release_from_before_there_were_decisions_is_compared(settled):
    path = settled.decisions_folder / "open" / "open-a.json"
    raw = path.read_bytes()
    path.unlink()
    old = build(settled)
    path.write_bytes(raw)

    found = diff(old, build(settled, "1.1.0"))

    assert (found.step, found.refused) == ("MINOR", ())
    assert {each.path.partition(".")[0] for each in found.columns} == {"decisions"}
    assert {each.before for each in found.columns} == {""}


def test_a_reason_that_was_worded_anew_makes_no_score_incomparable(corpus):
    key = add_gold(corpus, "open", "a", "[Port Sami](GPE sense=gov) opens", "test")
    add_decisions(corpus, key)
    old = build(corpus)
    record = corpus.decisions_of(corpus.article(key))
    worded = (msgspec.structs.replace(each, reason="it is a place") for each in record.decisions)
    corpus.write_decisions(msgspec.structs.replace(record, decisions=tuple(worded)))

    found = diff(old, build(corpus, "1.0.1"))

    assert (found.step, found.refused) == ("PATCH", ())
    assert [each.why for each in found.reasons] == ["rows of decisions/test differ although its articles do not"]


def test_decisions_are_loaded_beside_a_restored_text(corpus, tmp_path):
    key, folder = closed_with_decisions(corpus)
    text = corpus.stored_text(corpus.article(key))
    texts = restored(corpus.article(key), text)

    write(folder, {key: texts}, tmp_path / "mine")

    (path,) = tmp_path.glob("mine/rows/*/decisions/train.parquet")
    assert pq.read_table(path).to_pylist() == rows(folder)


def test_beside_a_text_that_drifted_decisions_stand_where_their_spans_do(corpus, tmp_path):
    key, folder = closed_with_decisions(corpus)
    text = "A banner\n" + corpus.stored_text(corpus.article(key))
    texts = restored(corpus.article(key), text, places=((0, 9, 9), (16, 20, 25)))

    write(folder, {key: texts}, tmp_path / "mine")

    (path,) = tmp_path.glob("mine/rows/*/decisions/train.parquet")
    moved = pq.read_table(path).to_pylist()
    assert told(moved, "label", "start", "end", "head_start", "head_end") == [
        ("GPE", 9, 18, None, None),
        (None, None, None, None, None),
    ]
    assert told(moved[1]["candidates"], "annotator", "label", "start", "end") == [
        ("a2", "CUE", 25, 29),
        ("a7", "CUE", None, None),
    ]


def closed_with_decisions(corpus):
    """Release an article without its text: a span, a span that the drifted text has not, a link to that, a question."""
    marked = "[Port Sami](GPE id=e1 sense=gov) opens [at the port](QUOTE id=q1 type=indirect)"
    key = add_gold(corpus, "closed", "a", marked)
    place, lost = Mark(label="GPE", start=0, end=9, id="e1", attributes={"sense": "gov"}), Place(16, 27, "QUOTE")
    quote = Mark(label=lost.label, start=lost.start, end=lost.end, id="q1", attributes={"type": "indirect"})
    link = Mark(label="CONTINUES", head=lost, tail=lost)
    seen = [Candidate(by=(who,), mark=Mark(label="CUE", start=16, end=end)) for who, end in (("a2", 20), ("a7", 22))]
    both = ("a2", "a7")
    add_decisions(
        corpus,
        key,
        Decision(layer="entity", how="unanimous", mark=place, by=both),
        Decision(layer="quote", how="unanimous", mark=quote, by=both),
        Decision(layer="quote", how="adjudicated", by=("judge",), candidates=tuple(seen)),
        Decision(layer="quote", how="unanimous", mark=link, by=both),
    )
    return key, build(corpus)


def restored(record: Article, text, places=()):
    return Restored(article=record.id, sha256=record.sha256, text_sha256=digest(text), text=text, places=places)


def test_decisions_are_loaded_like_any_config(settled):
    folder = build(settled)

    opened = khabar.load(folder, "decisions")["train"]

    assert opened.to_list() == rows(folder)
    assert list(khabar.stream(folder, "decisions")) == rows(folder)
