"""The tables of a release: what stands in the rows of tokens, quotes and judgements."""

import msgspec
import pyarrow.parquet as pq
import pytest

import khabar
from conftest import REPOSITORY, add_gold, add_judgement, new_corpus
from khabar.errors import BadRecord
from khabar.loading import verify
from khabar.model.layout import shard
from khabar.model.manifest import MANIFEST, Manifest
from khabar.release.build import build as build_
from khabar.release.diff import diff
from khabar.store import Corpus
from khabar.store.intake import Intake

PAGE = (
    "[A [library](FAC) opens. It is new.](HEADLINE)\n"
    "[Nobody knew. The [mayor of [Port Sami](GPE)](OCC entity=e3) came. [[Leila Haddad](PERS entity=e3)]"
    '(SOURCE id=s1 entity=e3), she [said](CUE id=c1), "we [[read](VERBATIM PART_OF=q1)](SCARE kind=term)".'
    " [We go](QUOTE id=q1 type=mixed HAS_SOURCE=s1 HAS_CUE=c1). Then [Haddad](PERS entity=e3) left. End.](BODY)\n"
    "[Read more](RELATED)"
)
SECOND = "[[They](SOURCE id=s1) [say](CUE id=c1) [yes](QUOTE id=q1 type=indirect HAS_SOURCE=s1 HAS_CUE=c1).](BODY)"


def build(corpus, version="1.0.0"):
    return build_(Corpus(corpus.root), version, lambda: 0)


def rows(folder, config, split="train"):
    return pq.read_table(folder / shard(config, split, 0)).to_pylist()


def test_a_row_of_entities_has_tokens_of_the_main_text_with_tags_offsets_and_sentences(corpus):
    add_gold(corpus, "open", "a", PAGE)
    folder = build(corpus)

    (row,) = rows(folder, "entities")

    text = rows(folder, "texts")[0]["text"]
    assert [text[start:end] for start, end in zip(row["starts"], row["ends"], strict=True)] == row["tokens"]
    assert "Read" not in row["tokens"]
    marked = {
        name: [(token, tag) for token, tag in zip(row["tokens"], row[name], strict=True) if tag != "O"]
        for name in ("tags", "tags_conll", "tags_ontonotes")
    }
    post = [(token, f"{'I' if place else 'B'}-OCC") for place, token in enumerate(["mayor", "of", "Port", "Sami"])]
    assert marked["tags"][:5] == [("library", "B-FAC"), *post]
    assert marked["tags_conll"][:4] == [("library", "B-LOC"), ("Port", "B-LOC"), ("Sami", "I-LOC"), ("Leila", "B-PER")]
    assert marked["tags_ontonotes"][3:] == [("Leila", "B-PERSON"), ("Haddad", "I-PERSON"), ("Haddad", "B-PERSON")]
    for sentence in row["sentences"]:
        first, stop = sentence["first"], sentence["stop"]
        assert (row["starts"][first], row["ends"][stop - 1]) == (sentence["start"], sentence["end"])
    assert [text[each["start"] : each["end"]] for each in row["sentences"]][:3] == [
        "A library opens.",
        "It is new.",
        "Nobody knew.",
    ]
    assert [each["stop"] for each in row["sentences"]] == [
        *(each["first"] for each in row["sentences"][1:]),
        len(row["tokens"]),
    ]
    assert [(each["label"], text[each["start"] : each["end"]]) for each in row["entities"]][2] == ("GPE", "Port Sami")


def test_a_withheld_article_has_spans_and_no_tokens(corpus):
    add_gold(corpus, "closed", "a", PAGE)

    (row,) = rows(build(corpus), "entities")

    lists = ("tokens", "starts", "ends", "tags", "tags_conll", "tags_ontonotes", "sentences")
    assert {name: row[name] for name in lists} == {name: [] for name in lists}
    assert len(row["entities"]) == 5


def test_a_quote_has_the_name_of_its_source_and_the_sentences_around_it(corpus):
    add_gold(corpus, "open", "a", PAGE.replace("SOURCE id=s1 entity=e3", "SOURCE id=s1 entity=e3"))
    add_gold(corpus, "open", "b", SECOND)
    add_gold(corpus, "closed", "c", PAGE.replace("Leila", "Huda"), "test")
    folder = build(corpus)
    texts = {row["id"]: row["text"] for row in rows(folder, "texts")}

    long, short = rows(folder, "quotes")
    (hidden,) = rows(folder, "quotes", "test")

    assert (long["source_text"], long["source_entity"], long["source_name"]) == ("Leila Haddad", "e3", "Leila Haddad")
    assert long["context_text"] == ('Leila Haddad, she said, "we read". We go. Then Haddad left.')
    assert short["source_name"] is None
    assert short["context_text"] == "They say yes."
    for row in (long, short):
        context = texts[row["article"]][row["context_start"] : row["context_end"]]
        assert context == row["context_text"]
        begin = row["start"] - row["context_start"]
        assert context[begin : begin + len(row["text"])] == row["text"]
    assert {hidden[name] for name in ("source_name", "context_text", "context_start", "text")} == {None}


def test_the_name_of_a_source_is_a_name_before_a_longer_post(corpus):
    page = (
        "[[the [mayor of the old port](OCC entity=e1)](SOURCE id=s1 entity=e1), [Haddad](PERS entity=e1),"
        " [says](CUE id=c1) [yes](QUOTE id=q1 type=indirect HAS_SOURCE=s1 HAS_CUE=c1)](BODY)"
    )
    add_gold(corpus, "open", "a", page)

    (row,) = rows(build(corpus), "quotes")

    assert (row["source_text"], row["source_name"]) == ("the mayor of the old port", "Haddad")


def test_what_labels_and_relations_are_called_is_nothing_to_quotes(corpus):
    add_gold(corpus, "open", "a", PAGE)
    ours = rows(build(corpus), "quotes")
    other = new_corpus(corpus.root.parent / "other")
    renamed = {"QUOTE": "SAYING", "SOURCE": "SPEAKER", "HAS_SPEAKER": "SAID_BY", "PART_OF": "IN", '"cues"': '"signals"'}

    def in_their_words(text):
        for old, new in renamed.items():
            text = text.replace(old, new)
        return text

    path = other.root / "annotations" / "labels.toml"
    path.write_text(in_their_words(path.read_text(encoding="utf-8")), encoding="utf-8")
    other = Corpus(other.root)
    add_gold(other, "open", "a", in_their_words(PAGE))
    theirs = rows(build(other), "quotes")

    assert [row | {"cues": row["signals"]} for row in theirs] == [row | {"signals": row["cues"]} for row in ours]
    assert (ours[0]["source_text"], ours[0]["source_name"]) == ("Leila Haddad", "Leila Haddad")


def test_the_corpus_that_the_readme_begins_goes_all_the_way(tmp_path, khabar_here):
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    written = readme.partition("### A corpus of your own")[2].split("```toml\n")[1:]
    for name, block in zip(("annotations/labels.toml", "corpus/sources.toml"), written, strict=True):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(block.partition("```")[0], encoding="utf-8")
    page = (
        '[[Leila Haddad](PERSON)](SPEAKER id=s): "[we go to [Port Sami](PLACE)](SAYING SAID_BY=s)", in [Port](PLACE).'
    )
    add_gold(Corpus(tmp_path), "courier", "a", page)

    checked = khabar_here("--root", tmp_path, "check")
    built, folder, _ = khabar_here("--root", tmp_path, "release", "build", "--version", "0.1.0")

    assert (checked[0], checked[1]) == (0, "")
    assert built == 0
    folder = tmp_path / folder.strip()
    assert khabar_here("release", "verify", folder)[0] == 0
    (quote,) = khabar.load(folder, "quotes")["train"]
    assert (quote["text"], quote["source_text"]) == ("we go to Port Sami", "Leila Haddad")
    (article,) = khabar.load(folder)["train"]
    assert article["language"] == "en"
    assert khabar.signature(folder, "quotes", "train").startswith("harbour:0.1.0|")


def test_judgements_are_what_every_annotator_said_in_the_form_of_gold(corpus):
    article = add_gold(corpus, "open", "a", PAGE)
    add_gold(corpus, "open", "b", SECOND)
    secret = PAGE.replace("Nobody", "Somebody")
    hidden = add_gold(corpus, "closed", "c", secret, "test")
    add_judgement(corpus, article, "a7", PAGE)
    add_judgement(corpus, article, "a2", PAGE.replace("(FAC)", "(ORG)"))
    add_judgement(corpus, article, "a2", PAGE.replace("(FAC)", "(LOC)"), "later")
    add_judgement(corpus, hidden, "a7", secret.replace("PERS entity=e3", "PERS entity=e3 norm=Secretive"), "later")
    folder = build(corpus)

    found = rows(folder, "judgements")

    assert [(row["id"], row["campaign"], row["annotator"], row["entities"][0]["label"]) for row in found] == [
        (article, "later", "a2", "LOC"),
        (article, "pilot", "a2", "ORG"),
        (article, "pilot", "a7", "FAC"),
    ]
    (gold,) = [row for row in rows(folder, "articles") if row["id"] == article]
    assert found[2]["entities"] == gold["entities"]
    assert found[2]["quotes"] == gold["quotes"]
    (row,) = rows(folder, "judgements", "test")
    assert all(each["digest"] for each in row["entities"])
    assert {each["norm"][:7] for each in row["entities"] if each["norm"]} == {"sha256:"}
    assert "Secretive" not in str(row)
    assert list(verify(folder)) == []
    opened = khabar.load(folder, "judgements")["train"]
    assert opened["annotator"][:] == ["a2", "a2", "a7"]


def judgement_of(corpus, article, change):
    path = corpus.campaign("pilot") / "annotations" / "a7" / f"{article}.json"
    corpus.write_annotation(path, change(corpus.read_annotation(path)))
    return path


def put_first(judgement, **fields):
    return msgspec.structs.replace(
        judgement, spans=(msgspec.structs.replace(judgement.spans[0], **fields), *judgement.spans[1:])
    )


BAD = {
    "another text": (lambda each: msgspec.structs.replace(each, sha256="0" * 64), "it is of another text than that of"),
    "withheld words": (lambda each: put_first(each, digest=None, text="A library"), "repeats words that are withheld"),
    "withheld form": (lambda each: put_first(each, attributes={"norm": "A"}), "repeats words that are withheld"),
    "an unknown attribute": (lambda each: put_first(each, attributes={"mood": "A"}), "a judgement says mood, which"),
    "an unknown layer": (lambda each: put_first(each, layer="mood"), "a span of an unknown layer cannot be published"),
}


@pytest.mark.parametrize("how", BAD)
def test_a_judgement_that_cannot_be_published_stops_the_build_with_one_line(corpus, how):
    change, said = BAD[how]
    article = add_gold(corpus, "closed", "a", PAGE)
    add_judgement(corpus, article, "a7", PAGE)
    judgement_of(corpus, article, change)

    with pytest.raises(BadRecord, match=said) as error:
        build(corpus)

    assert "\n" not in str(error.value)
    assert not (corpus.dist / "1.0.0").exists()


def test_a_judgement_with_a_label_that_is_no_more_is_published_as_it_was_said(corpus):
    article = add_gold(corpus, "open", "a", PAGE)
    add_judgement(corpus, article, "a7", PAGE)
    judgement_of(corpus, article, lambda each: put_first(each, label="OLD"))

    folder = build(corpus)

    assert "OLD" in str(khabar.load(folder, "judgements")["train"].to_list())


# Shards


def test_an_article_keeps_its_shard_whatever_comes_and_goes(corpus, monkeypatch):
    monkeypatch.setattr("khabar.store.intake.BATCH", 2)
    for name, source in (("a", "open"), ("b", "closed"), ("c", "open"), ("d", "closed"), ("e", "open")):
        add_gold(corpus, source, name, PAGE.replace("Nobody", f"Nobody {name}"))
    old = build(corpus)

    assert [
        [row["id"] for row in pq.read_table(old / shard("articles", "train", number)).to_pylist()]
        for number in range(3)
    ] == [
        ["open-a", "closed-b"],
        ["open-c", "closed-d"],
        ["open-e"],
    ]
    corpus.gold_place(corpus.article("open-c")).unlink()
    add_gold(corpus, "open", "f", PAGE.replace("Nobody", "Nobody f"))
    new = build(corpus, "1.1.0")

    same = {
        path
        for number in (0,)
        for config in ("texts", "articles", "entities")
        for path in [shard(config, "train", number)]
    }
    assert all((old / path).read_bytes() == (new / path).read_bytes() for path in same)
    assert [row["id"] for row in pq.read_table(new / shard("articles", "train", 1)).to_pylist()] == ["closed-d"]
    assert [row["id"] for row in pq.read_table(new / shard("articles", "train", 2)).to_pylist()] == ["open-e", "open-f"]
    assert list(verify(new)) == []
    assert [row["id"] for row in khabar.stream(new)] == ["open-a", "closed-b", "closed-d", "open-e", "open-f"]
    assert khabar.load(new)["train"]["text"][0].startswith("A library")


def test_a_correction_writes_no_text_anew(corpus):
    add_gold(corpus, "open", "a", PAGE)
    old = build(corpus)
    gold = corpus.gold_of(corpus.article("open-a"))
    corpus.write_gold(msgspec.structs.replace(gold, spans=gold.spans[:-1], relations=()))

    new = build(corpus, "1.0.1")

    changed = {
        path.relative_to(new).parts[1]
        for path in new.glob("data/*/*/*.parquet")
        if path.read_bytes() != (old / path.relative_to(new)).read_bytes()
    }
    assert "articles" in changed
    assert "texts" not in changed


def test_intake_batches_fill_up_and_are_recorded_once(corpus, monkeypatch):
    monkeypatch.setattr("khabar.store.intake.BATCH", 2)
    numbers = []
    for name in "abcde":
        key = add_gold(Corpus(corpus.root), "open", name, PAGE.replace("Nobody", name))
        numbers.append(Intake(corpus.root).article(key).batch)

    assert numbers == [0, 0, 1, 1, 2]
    assert Intake(corpus.root).next_batch == 2
    lines = (corpus.root / "corpus" / "open" / "articles.jsonl").read_text().splitlines()
    assert ['"batch"' in line for line in lines] == [False, False, True, True, True]


# Labels


def test_numbers_of_tags_only_grow_at_the_end_or_the_next_version_is_refused(corpus):
    add_gold(corpus, "open", "a", PAGE)
    old = build(corpus)
    path = corpus.root / "annotations" / "labels.toml"
    told = path.read_text(encoding="utf-8")
    line = '  { name = "ORG", of = ["ORG"] },\n'

    path.write_text(told.replace(line, "", 1).replace("conll = [\n", f"conll = [\n{line}"), encoding="utf-8")
    moved = diff(old, build(corpus, "2.0.0"))
    path.write_text(
        told.replace(' "WEBSITE"] },\n]', '] },\n  { name = "WEB", of = ["WEBSITE"] },\n]'), encoding="utf-8"
    )
    grown = diff(old, build(corpus, "2.0.0"))

    assert any(each.startswith("entities.tags_conll: label 1 is B-ORG and was B-PER") for each in moved.refused)
    assert grown.refused == ()
    assert ("MINOR", "new labels at the end of entities.tags_conll: B-WEB, I-WEB") in {
        (each.step, each.why) for each in grown.reasons
    }


def test_the_manifest_numbers_tags_by_the_label_set(corpus):
    add_gold(corpus, "open", "a", PAGE)

    manifest = msgspec.json.decode((build(corpus) / MANIFEST).read_bytes(), type=Manifest)

    labels = manifest.configs["entities"].class_labels
    assert labels["tags_conll"] == ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
    assert [len(labels[name]) for name in ("tags", "tags_ontonotes", "entities.label")] == [43, 37, 21]
    assert labels["tags"][1::2] == tuple(f"B-{name}" for name in labels["entities.label"])
