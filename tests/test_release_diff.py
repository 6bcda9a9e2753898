"""Two releases are compared by meaning: what was edited is what is found, and the version has to say so."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import SOURCES, add_gold
from khabar.errors import BadRecord, Changed, NotFound
from khabar.loading import verify
from khabar.model.annotation import Annotation, Relation, Span, with_words
from khabar.model.layout import shard, texts_beside
from khabar.model.manifest import precedence
from khabar.model.text import digest
from khabar.release.build import build as build_
from khabar.release.diff import Step, diff
from khabar.release.diff.equality import unequal
from khabar.release.diff.matching import Places, assignment, pairs
from khabar.release.diff.page import page
from khabar.release.diff.records import LabelOrder
from khabar.release.diff.reports import json_lines, text_lines
from khabar.release.diff.step import raised
from khabar.store import Corpus

PAGE = (
    "[[Port Sami](GPE id=e1 sense=gov entity=k1) opens a library](HEADLINE id=r1)\n"
    '[[Leila Haddad](PERS id=e2 entity=k2 norm=Leila) [said](CUE id=c1): ["we read"](QUOTE id=q1 type=direct'
    " marked=true HAS_SOURCE=s1 HAS_CUE=c1) [Leila Haddad](SOURCE id=s1 entity=k2) and"
    " [Huda Nour](SOURCE id=s2) at [the port](FAC id=e3)](BODY id=r2 role=lead)"
)


def build(corpus, version, against=None):
    return build_(Corpus(corpus.root), version, lambda: 0, against)


def edit(corpus, article, change):
    """Rewrite an article's gold: ``change`` gets its spans by id and its relations, and may edit both."""
    corpus = Corpus(corpus.root)
    gold = corpus.gold_of(corpus.article(article))
    spans, relations = {each.id: each for each in gold.spans}, list(gold.relations)
    change(spans, relations)
    corpus.write_gold(msgspec.structs.replace(gold, spans=tuple(spans.values()), relations=tuple(relations)))


def put(identity, **fields):
    """Return a change that gives a span other fields."""

    def change(spans, _):
        spans[identity] = msgspec.structs.replace(spans[identity], **fields)

    return change


def described(found):
    """Return what a diff says of spans, short: (article, layer, kinds, id before, id after)."""
    return {
        (article.id, span.layer, span.kinds, span.before and span.before.id, span.after and span.after.id)
        for article in found.articles
        for span in article.spans
    }


@pytest.fixture
def old(corpus):
    """A release with an article in each split; that of the test split is withheld."""
    add_gold(corpus, "open", "a", PAGE)
    add_gold(corpus, "open", "b", PAGE.replace("library", "harbour"), "validation")
    add_gold(corpus, "closed", "c", PAGE.replace("library", "Secretive"), "test")
    return build(corpus, "1.2.3")


# What is found


def test_releases_with_the_same_rows_differ_in_nothing(corpus, old):
    found = diff(old, build(corpus, "1.2.3"))

    assert (found.step, found.least, found.reasons, found.refused, found.articles) == ("NONE", "1.2.3", (), (), ())
    assert list(text_lines(found)) == []
    assert diff(old, build(corpus, "1.2.4")).refused == ()


EDITS = {
    "added": (
        lambda spans, _: spans.update(n=Span(start=0, end=4, layer="entity", label="ORG", id="n")),
        {("entities", ("added",), None, "n")},
    ),
    "removed": (lambda spans, _: spans.pop("e3"), {("entities", ("removed",), "e3", None)}),
    "moved": (put("e2", start=29), {("entities", ("moved",), "e2", "e2")}),
    "relabelled": (put("e3", label="LOC"), {("entities", ("relabelled",), "e3", "e3")}),
    "reattributed": (put("e1", attributes={"sense": "loc"}), {("entities", ("reattributed",), "e1", "e1")}),
    "renamed": (put("e1", id="z"), {("entities", ("renamed",), "e1", "z")}),
    "a flag": (
        put("q1", attributes={"type": "direct"}),
        {("quotes", ("reattributed",), "q1", "q1")},
    ),
    "a relation": (
        lambda _, relations: (
            relations.__setitem__(0, Relation("q1", "HAS_SOURCE", "s2"))
            if relations[0].label == "HAS_SOURCE"
            else relations.__setitem__(1, Relation("q1", "HAS_SOURCE", "s2"))
        ),
        {("quotes", ("reattributed",), "q1", "q1")},
    ),
    "moved and relabelled under a kept id": (
        put("e2", start=29, label="ORG"),
        {("entities", ("moved", "relabelled"), "e2", "e2")},
    ),
    "moved under another id": (put("e2", start=29, id="z"), {("entities", ("moved", "renamed"), "e2", "z")}),
    "relabelled under another id": (
        put("e2", label="ORG", id="z"),
        {("entities", ("relabelled", "renamed"), "e2", "z")},
    ),
    "another layer": (
        put("s2", layer="entity", label="PERS", attributes={}),
        {("quotes", ("removed",), "s2", None), ("entities", ("added",), None, "s2")},
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_one_edit_is_found_as_what_it_is(corpus, old, name):
    change, expected = EDITS[name]

    edit(corpus, "open-a", change)
    found = diff(old, build(corpus, "1.2.4"))

    assert described(found) == {("open-a", *each) for each in expected}
    assert [(each.id, each.kinds) for each in found.articles] == [("open-a", ("changed",))]
    assert (found.step, found.least, found.refused) == ("PATCH", "1.2.4", ())


def test_all_edits_together_are_found_beside_one_another(corpus, old):
    names = ("added", "removed", "reattributed", "a relation", "moved and relabelled under a kept id")

    for name in names:
        edit(corpus, "open-a", EDITS[name][0])
    found = diff(old, build(corpus, "1.2.4"))

    assert described(found) == {("open-a", *each) for name in names for each in EDITS[name][1]}


def test_a_relation_to_a_span_that_has_another_id_is_the_same_relation(corpus, old):
    def rename(spans, relations):
        spans["s1"] = msgspec.structs.replace(spans["s1"], id="z")
        relations[:] = [Relation(each.head, each.label, "z" if each.tail == "s1" else each.tail) for each in relations]

    edit(corpus, "open-a", rename)

    assert described(diff(old, build(corpus, "1.2.4"))) == {("open-a", "quotes", ("renamed",), "s1", "z")}


def test_what_differs_is_told_with_values_and_words(corpus, old):
    edit(corpus, "open-a", EDITS["a relation"][0])
    edit(corpus, "open-a", put("e1", attributes={"sense": "loc", "entity": "k1"}))
    edit(corpus, "open-a", put("e2", start=29))

    (article,) = diff(old, build(corpus, "1.2.4")).articles
    first, second, quote = article.spans

    assert [(each.name, each.before, each.after) for each in first.attributes] == [("sense", "gov", "loc")]
    assert (second.before.words, second.after.words) == ("Leila Haddad", "la Haddad")
    assert [(each.label, each.tail) for each in quote.links_removed] == [("HAS_SOURCE", "s1")]
    assert [(each.label, each.tail) for each in quote.links_added] == [("HAS_SOURCE", "s2")]


def test_articles_that_come_go_and_move_are_found_and_counted(corpus, old):
    add_gold(Corpus(corpus.root), "open", "d", PAGE.replace("library", "market"), "test")
    (corpus.root / "annotations" / "gold" / "open" / "open-a.json").unlink()
    splits = corpus.root / "corpus" / "splits"
    (splits / "validation.txt").write_text("", encoding="utf-8")
    (splits / "train.txt").write_text("open-a\nopen-b\n", encoding="utf-8")

    found = diff(old, build(corpus, "2.0.0"))

    assert {each.id: (each.kinds, each.before, each.after) for each in found.articles} == {
        "open-a": (("removed",), "train", ""),
        "open-b": (("moved",), "validation", "train"),
        "open-d": (("added",), "", "test"),
    }
    mirrored = diff(corpus.root / "dist" / "2.0.0", old)
    assert {each.id: (each.kinds, each.after, each.before) for each in mirrored.articles} == {
        "open-a": (("added",), "train", ""),
        "open-b": (("moved",), "validation", "train"),
        "open-d": (("removed",), "", "test"),
    }
    assert found.articles[2].labels["entities"] == {"FAC": 1, "GPE": 1, "PERS": 1}
    assert [(each.split, each.before, each.after) for each in found.splits] == [
        ("train", 1, 1),
        ("validation", 1, 0),
        ("test", 1, 2),
    ]
    assert (found.step, len(found.refused)) == ("MAJOR", 1)
    assert "open-b: it is in train and was in validation" in found.refused[0]


def test_a_change_of_metadata_alone_is_a_patch_even_in_the_test_split(corpus, old):
    sources = corpus.root / "corpus" / "sources.toml"
    sources.write_text(SOURCES.replace('"nobody"', '"somebody"').replace('"the publisher"', '"x"'), encoding="utf-8")

    found = diff(old, build(corpus, "1.2.4"))

    said = {each.id: [(one.name, one.before, one.after) for one in each.metadata] for each in found.articles}
    assert said == {
        "open-a": [("rights_holder", "nobody", "somebody")],
        "open-b": [("rights_holder", "nobody", "somebody")],
        "closed-c": [("rights_holder", "the publisher", "x")],
    }
    assert (found.step, found.refused) == ("PATCH", ())


WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi omicron pi rho sigma tau upsilon"


def annotation_of(spans, article):
    """Return an annotation of `WORDS` with entities over words: id -> (first word, last word, label, sense)."""
    found = [(word.start(), word.end()) for word in re.finditer(r"\w+", WORDS)]
    placed = tuple(
        Span(
            start=found[first][0],
            end=found[last][1],
            layer="entity",
            label=label,
            id=identity,
            attributes={"norm": norm} if norm else {},
        )
        for identity, (first, last, label, norm) in spans.items()
    )
    whole = Annotation(
        article=article,
        sha256=digest(WORDS),
        scheme="0.1",
        annotator="gold",
        kind="gold",
        layers=("entity",),
        spans=placed,
    )
    return with_words(whole, WORDS)


# What happens to each of ten spans, which stand a word apart in the first half of the words; additions in the second.
FATES = st.lists(
    st.sampled_from(
        ["keep", "remove", "rename", "move", "label", "norm", "move label", "label norm", "move label norm"]
    ),
    min_size=5,
    max_size=5,
)


@settings(max_examples=12)
@given(FATES, st.sets(st.integers(12, 19)))
def test_random_edits_are_found_exactly_and_swapped_releases_mirror_them(fates, additions):
    before = {f"s{number}": (number * 2, number * 2, "PERS", "") for number in range(len(fates))}
    after, expected = {}, set()
    for (identity, (first, last, label, _)), fate in zip(before.items(), fates, strict=True):
        words = fate.split()
        if "remove" in words:
            expected.add(("open-w", "entities", ("removed",), identity, None))
            continue
        name = f"{identity}x" if "rename" in words else identity
        after[name] = (first, last + ("move" in words), "ORG" if "label" in words else label, "norm" in words and "n")
        kinds = {"move": "moved", "label": "relabelled", "norm": "reattributed", "rename": "renamed"}
        if fate != "keep":
            told = tuple(kind for word, kind in kinds.items() if word in words)
            expected.add(("open-w", "entities", told, identity, name))
    for place in additions:
        after[f"a{place}"] = (place, place, "GPE", "")
        expected.add(("open-w", "entities", ("added",), None, f"a{place}"))

    with tempfile.TemporaryDirectory() as folder:
        corpus = corpus_in(Path(folder))
        releases = []
        for version, spans in (("1.0.0", before), ("1.0.1", after)):
            corpus.write_gold(annotation_of(spans, "open-w"))
            releases.append(build(corpus, version))
        found, mirrored = diff(*releases), diff(*reversed(releases))

    assert described(found) == expected
    assert (found.step == "NONE") == (not expected)
    for row in found.counts:
        assert row.after == row.before + row.added - row.removed + row.relabelled_to - row.relabelled_from
    flipped = {"added": "removed", "removed": "added"}
    assert described(mirrored) == {
        (article, layer, tuple(flipped.get(kind, kind) for kind in kinds), new, was)
        for article, layer, kinds, was, new in expected
    }
    assert {(row.label, row.added, row.removed) for row in mirrored.counts} == {
        (row.label, row.removed, row.added) for row in found.counts
    }


def corpus_in(root):
    """Return a corpus with one article, ``open-w``, whose text is `WORDS`."""
    (root / "annotations").mkdir()
    (root / "corpus").mkdir()
    shutil.copy(Path(__file__).parent.parent / "annotations" / "labels.toml", root / "annotations" / "labels.toml")
    (root / "corpus" / "sources.toml").write_text(SOURCES, encoding="utf-8")
    corpus = Corpus(root)
    add_gold(corpus, "open", "w", WORDS)
    return corpus


# The parts it is made of

VALUES = st.one_of(st.none(), st.integers(-2, 2))
STRUCTS = st.fixed_dictionaries(
    {"a": VALUES, "b": st.one_of(st.none(), st.sampled_from(["", "x", "\N{ARABIC SHADDA}"]))}
)
LISTS = st.lists(st.one_of(st.none(), st.lists(STRUCTS, max_size=3)), min_size=1, max_size=8)
KIND = pa.list_(pa.struct([("a", pa.int32()), ("b", pa.string())]))


@given(LISTS, st.data())
def test_rows_of_lists_of_structs_are_unequal_where_python_says_so(left, data):
    right = [data.draw(st.one_of(st.just(each), st.lists(STRUCTS, max_size=3))) for each in left]

    found = unequal(pa.array([None, *left], KIND)[1:], pa.array([None, *right], KIND)[1:])

    assert found.tolist() == [one != other for one, other in zip(left, right, strict=True)]


def test_a_field_that_one_side_lacks_counts_as_null():
    narrow = pa.array([{"a": 1}, {"a": 2}], pa.struct([("a", pa.int32())]))
    wide = pa.array([{"a": 1, "b": None}, {"a": 2, "b": "x"}], pa.struct([("a", pa.int64()), ("b", pa.string())]))

    assert unequal(narrow, wide).tolist() == unequal(wide, narrow).tolist() == [False, True]


@given(st.data())
def test_an_assignment_costs_what_the_cheapest_of_all_does(data):
    rows = data.draw(st.integers(1, 4))
    columns = data.draw(st.integers(rows, 5))
    cost = np.asarray(
        data.draw(
            st.lists(st.lists(st.integers(-9, 9), min_size=columns, max_size=columns), min_size=rows, max_size=rows)
        )
    )

    chosen = assignment(cost)

    assert len(set(chosen.tolist())) == rows
    cheapest = min(cost[range(rows), order].sum() for order in itertools.permutations(range(columns), rows))
    assert cost[range(rows), chosen].sum() == cheapest


SPANS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 6), st.integers(1, 4), st.integers(0, 1), st.integers(0, 9)), max_size=7
)


def places(rows):
    columns = np.asarray(rows, dtype=np.int64).reshape(-1, 5)
    article, start, length, label, identity = columns.T
    return Places(article, start, start + length, label, identity)


@given(SPANS, SPANS)
def test_pairs_are_the_same_whichever_release_is_older_and_nothing_overlapping_is_left(before, after):
    left, right = places(before), places(after)

    ours, theirs = pairs(left, right)

    back = pairs(right, left)
    assert set(zip(ours.tolist(), theirs.tolist(), strict=True)) == set(
        zip(back[1].tolist(), back[0].tolist(), strict=True)
    )
    assert len(set(ours.tolist())) == len(set(theirs.tolist())) == len(ours)
    for a, b in itertools.product(set(range(len(left))) - {*ours}, set(range(len(right))) - {*theirs}):
        overlap = min(left.end[a], right.end[b]) > max(left.start[a], right.start[b])
        assert not (left.article[a] == right.article[b] and left.label[a] == right.label[b] and overlap)


# The step


VERSIONS = [
    ("1.2.3", Step.NONE, "1.2.3"),
    ("1.2.3", Step.PATCH, "1.2.4"),
    ("1.2.3", Step.MINOR, "1.3.0"),
    ("1.2.3", Step.MAJOR, "2.0.0"),
    ("0.9.9", Step.MAJOR, "1.0.0"),
    ("1.3.0-rc.1", Step.PATCH, "1.3.0"),
    ("1.3.0-rc.1", Step.MINOR, "1.3.0"),
    ("1.3.1-rc.1", Step.MINOR, "1.4.0"),
    ("1.3.0-rc.1", Step.MAJOR, "2.0.0"),
    ("2.0.0-rc.1", Step.MAJOR, "2.0.0"),
]


@pytest.mark.parametrize(("version", "step", "least"), VERSIONS)
def test_the_least_version_is_a_step_above(version, step, least):
    assert raised(version, step) == least


def test_versions_are_ordered_as_semantic_versioning_orders_them():
    alphas = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta"]
    ordered = [*alphas, "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0"]

    assert sorted(sorted(ordered), key=precedence) == ordered


@pytest.mark.parametrize(("article", "step"), [("open-a", "PATCH"), ("open-b", "MINOR"), ("closed-c", "MINOR")])
def test_a_correction_of_gold_is_minor_where_scores_are_made(corpus, old, article, step):
    edit(corpus, article, EDITS["removed"][0])

    found = diff(old, build(corpus, "1.3.0"))

    assert (found.step, found.refused) == (step, ())


@pytest.mark.parametrize(("version", "refused"), [("1.2.2", 1), ("1.2.3", 1), ("1.3.0-rc.1", 0), ("1.3.0", 0)])
def test_a_version_that_is_too_low_is_refused(corpus, old, version, refused):
    kept = old.rename(old.parent / "kept")
    add_gold(Corpus(corpus.root), "open", "d", PAGE.replace("library", "market"))

    found = diff(kept, build(corpus, version))

    assert (found.step, found.least, len(found.refused)) == ("MINOR", "1.3.0", refused)
    assert all(f"its version is {version}, after 1.2.3 it is 1.3.0 or higher" in each for each in found.refused)


def rewritten(release, target, *, table=lambda each: each, manifest=lambda _: None, rows=None):
    """Copy a release, its articles' tables and its manifest edited, in row groups of one article if asked for."""
    shutil.copytree(release, target)
    (target / "rows.parquet").unlink()
    for path in (target / "data" / "articles").glob("*/*.parquet"):
        beside = target / texts_beside(path.relative_to(target).as_posix())
        articles, texts = table(pq.read_table(path)), pq.read_table(beside)
        texts = texts.take(pc.index_in(articles["id"], value_set=texts["id"]))
        for where, what in ((path, articles), (beside, texts)):
            pq.write_table(what, where, row_group_size=rows or 1000)
    told = json.loads((target / "manifest.json").read_bytes())
    for split in told["configs"]["articles"]["splits"].values():
        split["content"] = "0" * 64
    manifest(told)
    (target / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    return target


COLUMNS = {
    "added": (lambda each: each.append_column("topic", pa.nulls(len(each), pa.string())), "MINOR", "topic is new"),
    "removed": (lambda each: each.drop_columns(["language"]), "MAJOR", "language is gone"),
    "retyped": (
        lambda each: each.set_column(
            each.schema.get_field_index("length"), "length", each["length"].cast(pa.int64()).combine_chunks()
        ),
        "MAJOR",
        "length was int32 and is int64",
    ),
}


@pytest.mark.parametrize("how", COLUMNS)
def test_a_column_that_comes_or_goes_or_changes_its_type_makes_a_step_and_no_article_differ(old, tmp_path, how):
    table, step, why = COLUMNS[how]

    found = diff(old, rewritten(old, tmp_path / "new", table=table))

    assert (found.step, found.articles) == (step, ())
    assert [each.why for each in found.reasons] == [f"the column articles.{why}"]


ORDERS = [
    (lambda names: [*names, "NEW"], "MINOR", 0),
    (lambda names: names[:-1], "MAJOR", 0),
    (lambda names: ["NEW", *names], "MAJOR", 1),
    (lambda names: [names[1], names[0], *names[2:]], "MAJOR", 1),
    (lambda names: [*names[:-1], "NEW"], "MAJOR", 1),
]


@pytest.mark.parametrize(("order", "step", "refused"), ORDERS)
def test_class_labels_grow_at_the_end_and_no_number_ever_means_another(old, tmp_path, order, step, refused):
    def manifest(told):
        labels = told["configs"]["articles"]["class_labels"]
        labels["entities.label"] = order(labels["entities.label"])
        told["version"] = "2.0.0"

    found = diff(old, rewritten(old, tmp_path / "new", manifest=manifest))

    assert (found.step, len(found.refused)) == (step, refused)
    assert [each.path for each in found.orders] == ["articles.entities.label"]
    assert all("the order only grows at the end" in each for each in found.refused)


def test_an_order_knows_whether_numbers_keep_their_meaning():
    grown = LabelOrder(path="x", before=("A",), after=("A", "B"))

    assert (grown.only_grew, grown.only_shrank) == (True, False)
    assert LabelOrder(path="x", before=("A", "B"), after=("A",)).only_shrank


def test_what_went_from_the_shipped_label_sets_is_major_and_what_came_minor(corpus, old, tmp_path):
    toml = (corpus.root / "annotations" / "labels.toml").read_text(encoding="utf-8")
    new = rewritten(old, tmp_path / "new")
    (old / "labels.toml").write_text(toml, encoding="utf-8")
    (new / "labels.toml").write_text(toml.replace('name = "lead"', 'name = "intro"'), encoding="utf-8")

    found = diff(old, new)

    assert (found.vocabulary_removed, found.vocabulary_added) == (("BODY.role=lead",), ("BODY.role=intro",))
    assert any("(+ BODY.role=intro, - BODY.role=lead) under the same version: raise" in each for each in found.refused)
    assert found.step == "MAJOR"


@pytest.mark.parametrize(
    ("split", "rows", "step"),
    [("train", 1, "PATCH"), ("test", 1, "MINOR"), ("train", 2, "MINOR"), ("train", 0, "MAJOR")],
)
def test_rows_of_another_config_that_differ_alone_are_told_and_make_a_step(old, tmp_path, split, rows, step):
    def manifest(told):
        told["configs"]["quotes"]["splits"][split] |= {"content": "1" * 64, "rows": rows}

    found = diff(old, rewritten(old, tmp_path / "new", manifest=manifest))

    assert [(each.split, each.before, each.after) for each in found.derived] == [(f"quotes/{split}", 1, rows)]
    assert found.step == step


def test_figures_of_agreement_are_told_with_their_difference(old, tmp_path):
    new = rewritten(old, tmp_path / "new")
    (old / "agreement.json").write_text('{"entity": {"alpha": 0.75, "pairs": [1, 2]}}', encoding="utf-8")
    (new / "agreement.json").write_text('{"entity": {"alpha": 0.875, "pairs": [1, 2]}, "kappa": 1}', encoding="utf-8")

    lines = list(text_lines(diff(old, new)))

    assert lines == [
        "agreement: entity.alpha 0.75 -> 0.875 (+0.125)",
        "agreement: kappa none -> 1",
    ]
    (new / "agreement.json").unlink()
    assert diff(old, new).agreement == ()


def test_what_checks_find_in_one_and_not_in_the_other_is_told(corpus, khabar_here, tmp_path):
    def without_speaker(spans, _):
        del spans["e2"]

    article = add_gold(corpus, "open", "a", PAGE)
    khabar_here("--root", corpus.root, "release", "build", "--version", "1.0.0")
    edit(corpus, article, without_speaker)
    old, new = corpus.dist / "1.0.0", corpus.dist / "1.0.1"

    khabar_here("--root", corpus.root, "release", "build", "--version", "1.0.1", "--against", old)
    status, out, _ = khabar_here("release", "diff", old, new, "--html", tmp_path / "page.html")

    told = "source-is-entity 1 -> 2 (+1)"
    assert status == 0
    assert f"findings: {told}\n" in out
    assert f"## Findings\n\n- name-marked-throughout 1 -> 0 (-1)\n- {told}\n" in (new / "CHANGES.md").read_text(
        encoding="utf-8"
    )
    assert "<h2>Findings</h2>" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert [each.name for each in diff(old, new, lambda folder: {"x": folder == new}).findings] == ["x"]


# Rows that need not be looked at


def test_another_order_of_articles_in_other_row_groups_differs_in_nothing(corpus, tmp_path):
    for number in range(6):
        add_gold(Corpus(corpus.root), "open", f"n{number}", PAGE.replace("library", f"library {number}"))
    old = build(corpus, "1.0.0")

    new = rewritten(old, tmp_path / "new", table=lambda each: each.take([3, 0, 5, 1, 4, 2]), rows=1)

    assert diff(old, new).articles == diff(new, old).articles == ()


def test_spans_in_another_order_are_told_as_that(corpus, old, tmp_path):
    def reverse(table):
        spans = [row[::-1] for row in table["entities"].to_pylist()]
        place = table.schema.get_field_index("entities")
        return table.set_column(place, table.schema.field("entities"), pa.array(spans, table.schema.types[place]))

    found = diff(old, rewritten(old, tmp_path / "new", table=reverse))

    assert {(each.id, each.kinds, each.spans, each.reordered) for each in found.articles} == {
        (name, ("changed",), (), True) for name in ("open-a", "open-b", "closed-c")
    }
    assert found.step == "PATCH"


def test_digests_of_rows_save_reading_them_and_other_columns_make_them_worthless(corpus, old, tmp_path):
    edit(corpus, "open-a", EDITS["removed"][0])
    edit(corpus, "open-b", EDITS["removed"][0])
    new = build(corpus, "1.3.0")
    for folder, digests in ((old, "aaa"), (new, "aba")):
        rows = pa.table({"id": ["open-a", "open-b", "closed-c"], "texts": ["t"] * 3, "articles": list(digests)})
        pq.write_table(rows, folder / "rows.parquet")

    assert [each.id for each in diff(old, new).articles] == ["open-b"]
    wide = rewritten(new, tmp_path / "wide", table=lambda each: each.append_column("topic", pa.nulls(len(each))))
    assert [each.id for each in diff(old, wide).articles] == ["open-a", "open-b"]


# What is shown, and what is not


def every_form(old, new, folder):
    """Return a diff in every form there is."""
    found = diff(old, new)
    page(found, old, new, folder / "page.html")
    return {
        "text": "\n".join(text_lines(found)),
        "json": b"\n".join(json_lines(found)).decode(),
        "html": (folder / "page.html").read_text(encoding="utf-8"),
    }


def test_no_word_of_a_withheld_article_is_in_any_form(corpus, old, tmp_path):
    for name in ("added", "moved", "relabelled", "reattributed", "a relation"):
        edit(corpus, "closed-c", EDITS[name][0])
    new = build(corpus, "1.3.0", old)

    forms = every_form(old, new, tmp_path) | {
        name: (new / name).read_text(encoding="utf-8") for name in ("CHANGES.md", "changes.jsonl")
    }

    for name, form in forms.items():
        assert "closed-c" in form
        assert not re.findall(r"Leila|Haddad|Secretive|Sami|we read|\bgov\b|\bk1\b", form), name
    assert "closed-c:29-40: moved: PERS; was 28-40 [entities e2]" in forms["text"]


def test_a_text_that_is_withdrawn_takes_its_words_out_of_what_is_shown(corpus, old, tmp_path):
    edit(corpus, "open-a", EDITS["removed"][0])
    gold = corpus.root / "annotations" / "gold" / "open"
    sources = corpus.root / "corpus" / "sources.toml"
    sources.write_text(SOURCES.replace('redistribute = "text"', 'redistribute = "offsets"'), encoding="utf-8")
    for path in gold.glob("*.json"):
        path.write_text(
            re.sub('"norm":"Leila"', '"norm":"sha256:0123456789abcdef"', path.read_text(encoding="utf-8")),
            encoding="utf-8",
        )

    found = diff(old, build(corpus, "2.0.0"))

    assert [(each.id, each.text, each.withheld) for each in found.articles] == [
        ("open-a", "withdrawn", True),
        ("open-b", "withdrawn", True),
    ]
    assert found.step == "MAJOR"
    for form in every_form(old, corpus.root / "dist" / "2.0.0", tmp_path).values():
        assert "the port" not in form
        assert "Leila" not in form
    back = diff(corpus.root / "dist" / "2.0.0", old)
    assert {each.text for each in back.articles} == {"given"}
    assert back.reasons[0].step == "MINOR"


class Opened(HTMLParser):
    """Reads a page: which elements stand in it, whether each is closed, what they point at."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.words = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append((self.open[-1] if self.open else "", data))


MARKED = "\N{ARABIC LETTER MEEM}\N{ARABIC FATHA}\N{ARABIC SHADDA}<b>&"
NAME = "\N{ARABIC LETTER SEEN}\N{ARABIC LETTER ALEF}"
AWKWARD = (
    f"[\N{FAMILY}\N{ZERO WIDTH JOINER}\N{WATER WAVE} {MARKED}\N{RIGHT-TO-LEFT OVERRIDE}kcab"
    f"\N{POP DIRECTIONAL ISOLATE} [{NAME}](PERS id=e1) \\]\\]>](BODY id=r1)"
)


def test_the_page_shows_awkward_text_whole_and_harmless(corpus, tmp_path):
    add_gold(corpus, "open", "a", AWKWARD)
    old = build(corpus, "1.0.0")
    edit(
        corpus, "open-a", lambda spans, _: spans.update(e1=msgspec.structs.replace(spans["e1"], start=4, id="<script>"))
    )
    new = build(corpus, "1.0.1")

    content = every_form(old, new, tmp_path)["html"]
    read = Opened()
    read.feed(content)

    assert read.open == []
    assert "script" not in {tag for tag, _ in read.seen}
    assert not re.search(r"(?:src|href)=|url\(|@import|https?:", content)
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", content)
    assert "U+202E" in content
    assert 'title="RIGHT-TO-LEFT OVERRIDE"' in content
    assert "".join(words for tag, words in read.words if tag == "ins") == f"added{MARKED}kcab "
    assert ("mark", NAME) in read.words
    assert ("p", {"class": "passage", "dir": "auto"}) in read.seen


def test_the_page_tells_added_from_removed_without_colour(corpus, old, tmp_path):
    for name in ("added", "removed", "moved", "relabelled"):
        edit(corpus, "open-a" if name != "relabelled" else "open-b", EDITS[name][0])

    read = Opened()
    read.feed(every_form(old, build(corpus, "1.3.0"), tmp_path)["html"])

    assert {("ins", "Port"), ("del", "the port"), ("del", "Lei"), ("mark", "la Haddad")} <= set(read.words)
    assert {("i", "+"), ("i", "\N{MINUS SIGN}")} <= set(read.words)


def test_lines_of_json_are_the_diff(corpus, old):
    edit(corpus, "open-a", EDITS["moved"][0])

    first, second = map(json.loads, json_lines(diff(old, build(corpus, "1.2.4"))))

    assert (first["record"], first["step"], first["least"]) == ("release", "PATCH", "1.2.4")
    assert (second["record"], second["id"], second["spans"][0]["kinds"]) == ("article", "open-a", ["moved"])


# Shipped with a release


def test_a_release_built_against_another_ships_what_changed_and_is_sound(corpus, old):
    edit(corpus, "open-a", EDITS["moved"][0])
    add_gold(Corpus(corpus.root), "open", "d_1", PAGE.replace("library", "market"))

    new = build(corpus, "1.3.0", old)

    assert list(verify(new)) == []
    told = (new / "CHANGES.md").read_text(encoding="utf-8")
    assert told.startswith("# khabar 1.3.0: what changed since 1.2.3\n\nA MINOR step.")
    assert "| entities | PERS | 3 | 1 | 4 | 1 |" in told
    assert "- `open-a`, train: 1 moved" in told
    assert "- `open-d_1`, train:" in told
    assert [json.loads(line)["record"] for line in (new / "changes.jsonl").read_bytes().splitlines()] == [
        "release",
        "article",
        "article",
    ]


def test_a_build_that_the_release_before_forbids_leaves_nothing_behind(corpus, old):
    add_gold(Corpus(corpus.root), "open", "d", PAGE.replace("library", "market"))

    with pytest.raises(Changed, match=r"its version is 1\.2\.4, after 1\.2\.3 it is 1\.3\.0 or higher"):
        build(corpus, "1.2.4", old)

    assert [path.name for path in old.parent.iterdir() if path.is_dir()] == ["1.2.3"]


def test_another_process_with_another_locale_and_hash_seed_writes_the_same_bytes(corpus, old, tmp_path):
    for article, name in itertools.product(("open-a", "open-b"), ("added", "moved", "reattributed")):
        edit(corpus, article, EDITS[name][0])
    new = build(corpus, "1.3.0", old)
    here = {name: (new / name).read_bytes() for name in ("CHANGES.md", "changes.jsonl", "SHA256SUMS")}
    page(diff(old, new), old, new, tmp_path / "here.html")

    program = (
        "import sys; from pathlib import Path; from khabar.release.build import build; from khabar.store import Corpus;"
        " from khabar.release.diff import diff; from khabar.release.diff.page import page;"
        " root, old, target = map(Path, sys.argv[1:]); new = build(Corpus(root), '1.3.0', lambda: 0, old);"
        " page(diff(old, new), old, new, target)"
    )
    subprocess.run(
        [sys.executable, "-c", program, corpus.root, old, tmp_path / "there.html"],
        check=True,
        env={**os.environ, "LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1"},
    )

    assert {name: (new / name).read_bytes() for name in here} == here
    assert (tmp_path / "there.html").read_bytes() == (tmp_path / "here.html").read_bytes()


# The command


def command(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "khabar", "release", "diff", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert "Traceback" not in done.stderr
    return done


def test_the_command_prints_the_changes_and_exits_1_where_the_version_is_too_low(corpus, old):
    edit(corpus, "open-b", EDITS["removed"][0])

    low, high = command(old, build(corpus, "1.2.4")), command(old, build(corpus, "1.3.0"), "--json")

    assert (low.returncode, high.returncode) == (1, 0)
    assert [json.loads(line)["record"] for line in high.stdout.splitlines()] == ["release", "article"]
    assert re.fullmatch(r"open-b:\d+-\d+: removed: FAC «.the port.» \[entities e3\]\n", low.stdout)
    assert "khabar: its version is 1.2.4, after 1.2.3 it is 1.3.0 or higher" in low.stderr
    assert high.stderr.endswith("khabar 1.3.0 after 1.2.3: a MINOR step, at least 1.3.0: well\n")


def without_manifest(folder):
    (folder / "manifest.json").unlink()


def flipped(folder):
    path = folder / "data" / "articles" / "train/batch-0000.parquet"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 4] ^= 1
    path.write_bytes(raw)


def outside(folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace("data/articles/train", "../../train"), encoding="utf-8")


BROKEN = {
    "no manifest": (without_manifest, "manifest.json is missing, a release has one"),
    "no JSON": (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json: "),
    "no version": (
        lambda folder: (folder / "manifest.json").write_text('{"name": "x", "version": "one", "configs": {}}'),
        "manifest.json: ",
    ),
    "no articles": (
        lambda folder: (folder / "manifest.json").write_text('{"name": "x", "version": "1.0.0", "configs": {}}'),
        "it has no config 'articles'",
    ),
    "a flipped bit": (flipped, "train/batch-0000.parquet: "),
    "a truncated file": (
        lambda folder: os.truncate(folder / "data" / "articles" / "train/batch-0000.parquet", 100),
        "train/batch-0000.parquet: ",
    ),
    "a missing file": (
        lambda folder: (folder / "data/articles/test/batch-0000.parquet").unlink(),
        "test/batch-0000.parquet: ",
    ),
    "a path that leads out": (outside, "leads out of the release: do not trust it"),
    "agreement that is none": (lambda folder: (folder / "agreement.json").write_text("[1"), "agreement.json: "),
    "row digests that are none": (lambda folder: (folder / "rows.parquet").write_text("x"), "rows.parquet: "),
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("newer", [False, True])
def test_a_broken_release_gets_one_line_that_names_the_place(corpus, old, how, newer, tmp_path):
    touch, said = BROKEN[how]
    edit(corpus, "open-a", EDITS["moved"][0])
    new = build(corpus, "1.2.4")
    for folder in (old, new):
        (folder / "agreement.json").write_text("{}", encoding="utf-8")
        pq.write_table(pa.table({"id": ["x"], "texts": ["y"], "articles": ["z"]}), folder / "rows.parquet")

    touch(new if newer else old)

    with pytest.raises((BadRecord, NotFound)) as error:
        diff(old, new)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_command_tells_a_broken_release_in_one_line_and_exits_2(old):
    without_manifest(old)

    done = command(old, old)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "manifest.json is missing" in done.stderr


def test_an_id_that_stands_twice_is_refused(old, tmp_path):
    twice = rewritten(old, tmp_path / "new", table=lambda each: pa.concat_tables([each, each]))

    with pytest.raises(BadRecord, match=r"the article .* stands there twice"):
        diff(old, twice)


@pytest.mark.parametrize("command", ["diff", "build"])
def test_what_is_not_sound_is_compared_with_nothing(corpus, khabar_here, command):
    add_gold(corpus, "open", "a", "[Everybody was there](BODY)")
    folder = build(corpus, "0.1.0")
    path = folder / shard("articles", "train", 0)
    raw = path.read_bytes()
    path.write_bytes(raw[:200] + bytes([raw[200] ^ 1]) + raw[201:])
    rest = ("diff", folder, folder) if command == "diff" else ("build", "--version", "0.1.1", "--against", folder)

    status, out, err = khabar_here("--root", corpus.root, "release", *rest)

    assert (status, out) == (2, "")
    assert f"{path} is " in err
