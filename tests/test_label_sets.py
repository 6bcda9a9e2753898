"""Another team's label set goes all the way to rows that load; one that could not is refused when it is read."""

import json

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import khabar
from conftest import add_gold, add_judgement
from khabar.campaign.page import NOTE, QUESTIONS, TEXT, Page
from khabar.checks import run
from khabar.errors import BadRecord
from khabar.loading import read_manifest
from khabar.loading.overlay import COLUMN
from khabar.model.annotation import Annotation, Relation, Span, canonical
from khabar.model.article import Article, Source
from khabar.model.counts import Counts
from khabar.model.labelfile import OF_ITEMS, OF_PAGES, OF_ROWS, OF_SPANS, label_set, quote_columns
from khabar.model.nested import flat, nested, span_type
from khabar.model.records import Annotated, batch
from khabar.model.text import digest
from khabar.release.tables import CONFIGS
from khabar.release.tables.config import Reading
from khabar.store import Corpus

PERSON = "\N{ARABIC LETTER SHEEN}\N{ARABIC LETTER KHAH}\N{ARABIC LETTER SAD}"
HEAD = """
version = "1"
language = "en"
direction = "ltr"
quotation_marks = '"'
proclitics = ""
"""
PLAIN = """
[layers.{layer}]
column = "{column}"
labels = [{{ name = "{label}", colour = "#ff0000", hotkey = "1", en = "a thing" {more} }}]
"""
THEIRS = """
[layers.claim]
column = "claims"
labels = [
  { name = "Claim", colour = "#aa0000", hotkey = "1", en = "what is claimed", depth = 2 },
  { name = "Evidence", colour = "#00aa00", hotkey = "2", en = "what is said for it" },
]

[layers.mention]
column = "mentions"
one_label_by = "who"
labels = [
  { name = "PERSON", colour = "#0000aa", hotkey = "3", en = "a person", recurs = true },
  { name = "place2", colour = "#00aaaa", hotkey = "4", en = "a place", telltale = "(?:port|harbour)|(sea)" },
]

[[attributes]]
name = "stance"
labels = ["Claim"]
required = true
ordered = true
values = [
  { name = "for it", hotkey = "5", en = "for" },
  { name = "neither", hotkey = "8", en = "neither" },
  { name = "against", hotkey = "6", en = "against" },
]
en = "on whose side"

[[attributes]]
name = "sure"
labels = ["claim"]
kind = "flag"
values = [{ name = "true", hotkey = "7", en = "yes" }]

[[attributes]]
name = "who"
labels = ["mention"]
kind = "key"

[[attributes]]
name = "base2"
labels = ["place2"]
kind = "words"

[[relations]]
name = "backs2"
head = "Evidence"
tail = "Claim"
en = "evidence for a claim"
usual = true
""".replace("PERSON", PERSON)
PAGE = (
    f"[[Sami]({PERSON} who=e1) says it rains](Claim id=c1 stance=against sure=true), [for the "
    "[port](place2 base2=haven) is wet](Evidence backs2=c1).\n[Nobody](Claim) knows the sea."
)


def set_up(corpus, toml):
    """Give a corpus another label set."""
    (corpus.root / "annotations" / "labels.toml").write_text(HEAD + toml, encoding="utf-8")
    return Corpus(corpus.root)


def released(corpus, khabar_here):
    """Check a corpus, build a release of it, and verify that; return its folder and what was found."""
    checked, found, told = khabar_here("--root", corpus.root, "check")
    assert checked == 0, found + told
    status, _, told = khabar_here("--root", corpus.root, "release", "build", "--version", "1.0.0")
    assert status == 0, told
    folder = corpus.dist / "1.0.0"
    status, problems, _ = khabar_here("release", "verify", folder)
    assert (status, problems) == (0, "")
    return folder, found


def test_another_team_s_label_set_goes_all_the_way(corpus, khabar_here, cache):
    corpus = set_up(corpus, THEIRS)
    page = PAGE.replace("[Nobody](Claim)", '[Nobody](Claim stance="for it")')
    article = add_gold(corpus, "open", "a", page)
    hidden = add_gold(corpus, "closed", "b", page.replace("rains", "snows in the old town"), "test")
    add_judgement(corpus, article, "a7", page)

    folder, found = released(corpus, khabar_here)

    checks = sorted(line.rpartition("[")[2].rstrip("]") for line in found.splitlines())
    assert checks == ["telltale-marked", "telltale-marked"]
    opened = {name: khabar.load(folder, name) for name in ("texts", "articles", "judgements")}
    assert set(opened["articles"]) == {"train", "test"}
    (row,), (closed,) = opened["articles"]["train"], opened["articles"]["test"]
    assert [each["id"] for each in (row, closed)] == [article, hidden]
    labels = opened["articles"]["train"].features["claims"].feature["label"].names
    assert labels == ["Claim", "Evidence"]
    said = [(labels[each["label"]], each["stance"], each["sure"]) for each in row["claims"]]
    assert said == [("Claim", "against", True), ("Evidence", None, None), ("Claim", "for it", None)]
    assert row["claims"][1]["relations"] == [{"label": "backs2", "tail": "c1"}]
    assert [each["base2"] for each in row["mentions"]] == [None, "haven"]
    assert closed["text"] is None
    assert closed["mentions"][1]["base2"].startswith("sha256:")
    assert [each["who"] for each in opened["judgements"]["train"][0]["mentions"]] == ["e1", None]
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "on whose side; a scale, from one end to the other; `for it`: for; `neither`: neither; `against`" in card


SMALL = {
    "a layer": (PLAIN.format(layer="ner", column="ner", label="PER", more=""), "[Sami](PER) went"),
    "entities without keys": (PLAIN.format(layer="entity", column="ents", label="PER", more=""), "[Sami](PER) went"),
    "quotes that say no more": (
        PLAIN.format(layer="talk", column="quotes", label="QUOTE", more=", quotation = true"),
        "[Sami](QUOTE) we",
    ),
    "a label called as a layer of ours": (
        PLAIN.format(layer="ner", column="ner", label="entity", more=""),
        "[Sami](entity) went",
    ),
    "a layer called as a label of ours": (
        PLAIN.format(layer="quote", column="quotes", label="region", more=""),
        "[Sami](region) went",
    ),
    "lines": (
        PLAIN.format(layer="region", column="lines", label="BODY", more="") + "lines = true",
        "[Sami went](BODY)",
    ),
    "a split that is a flag": (
        PLAIN.format(layer="talk", column="talk", label="QUOTE", more=", quotation = true")
        + '[[attributes]]\nname = "split"\nlabels = ["QUOTE"]\nkind = "flag"\n'
        + 'values = [{ name = "true", hotkey = "2", en = "yes" }]',
        "[Sami](QUOTE split=true) went",
    ),
    "a type that is a flag": (
        PLAIN.format(layer="talk", column="talk", label="QUOTE", more=", quotation = true")
        + '[[attributes]]\nname = "type"\nlabels = ["QUOTE"]\nkind = "flag"\n'
        + 'values = [{ name = "true", hotkey = "2", en = "yes" }]',
        "[Sami](QUOTE type=true) went",
    ),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_label_set_goes_all_the_way(corpus, khabar_here, name, cache):
    toml, page = SMALL[name]
    corpus = set_up(corpus, toml)
    add_gold(corpus, "open", "a", page)

    folder, _ = released(corpus, khabar_here)

    for config in read_manifest(folder).configs:
        assert len(khabar.load(folder, config)["train"]) == 1


# What could not go all the way

NER = PLAIN.format(layer="ner", column="ner", label="PER", more="")
ATTRIBUTE = '[[attributes]]\nname = "{}"\nlabels = [{}]\nkind = "{}"\n'


TALK = """
[layers.talk]
column = "talk"
labels = [
  { name = "Said", colour = "#ff0000", hotkey = "1", en = "what is said", quotation = true },
  { name = "By", colour = "#00ff00", hotkey = "2", en = "who says it" },
]
"""
RELATION = '[[relations]]\nname = "{}"\nhead = "{}"\ntail = "{}"\nen = "by"\ncolumn = "{}"\none = {}\n'


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (TALK + ATTRIBUTE.format("context_start", '"Said"', "key"), "the column 'context_start' twice"),
        (TALK + RELATION.format("by", "Said", "By", "context", "true"), "the column 'context_start' twice"),
        (TALK + RELATION.format("by", "Said", "By", "text", "false"), "the column 'text' twice"),
        (
            TALK + ATTRIBUTE.format("by_id", '"Said"', "key") + RELATION.format("by", "Said", "By", "by", "true"),
            "the column 'by_id' twice",
        ),
        (
            TALK + ATTRIBUTE.format("via", '"Said"', "key") + RELATION.format("on", "Said", "Said", "via", "true"),
            "the column 'via' twice",
        ),
        (
            TALK
            + RELATION.format("by", "Said", "By", "by", "true")
            + RELATION.format("of", "By", "Said", "by_id", "false"),
            "the column 'by_id' twice",
        ),
        (TALK + RELATION.format("by", "By", "Said", "by", "true"), "by has a column of quotes, and no end of it is"),
        (TALK + RELATION.format("by", "Said", "By", "By", "true"), "by: its column cannot be called 'By'"),
        *(
            (NER + ATTRIBUTE.format(name, '"PER"', "key"), f"no attribute can be called '{name}'")
            for name in sorted(OF_SPANS | OF_ITEMS)
        ),
        *(
            (NER.replace('column = "ner"', f'column = "{name}"'), f"no column can be called '{name}'")
            for name in OF_ROWS
        ),
        *(
            (NER.replace("layers.ner", f"layers.{name}"), f"no layer can be called '{name}'")
            for name in sorted(OF_PAGES)
        ),
        (NER.replace("layers.ner", "layers.splits"), "no layer can be called 'splits'"),
        (NER.replace('column = "ner"', 'column = "tags_conll"'), "no column can be called 'tags_conll'"),
        (NER.replace('"PER"', '"ner"'), "no label can be called 'ner'"),
        (NER.replace('"PER"', '"boilerplate"'), "no label can be called 'boilerplate'"),
        (NER.replace('"PER"', '"DATE-X"'), "no label can be called 'DATE-X'"),
        (NER.replace('"PER"', '""'), "no label can be called ''"),
        (NER.replace('"PER"', '"2nd"'), "no label can be called '2nd'"),
        (NER.replace("layers.ner", "layers.Ner"), "no layer can be called 'Ner', it becomes a column"),
        (NER + ATTRIBUTE.format("a.b", '"PER"', "key"), "no attribute can be called 'a.b'"),
        (NER + ATTRIBUTE.format("source", '"PER"', "words"), "no attribute can be called 'source'"),
        (NER + ATTRIBUTE.format("first_name", '"PER"', "key"), "no attribute can be called 'first_name'"),
        (NER + ATTRIBUTE.format("context", '"PER"', "key"), "no attribute can be called 'context'"),
        (NER + ATTRIBUTE.format("sense", "", "key"), "the attribute sense is said of no label"),
        (NER + ATTRIBUTE.format("sense", '"boilerplate"', "key"), "the attribute sense is said of no label"),
        (
            NER + ATTRIBUTE.format("sure", '"PER"', "flag") + 'values = [{ name = "yes", hotkey = "2", en = "yes" }]',
            "sure is a flag: its values are true and false",
        ),
        (NER.replace("}]", ', telltale = "(?i)may" }]'), "global flags not at the start of the expression"),
        (NER.replace("}]", ', telltale = "a{99999999999}" }]'), "the repetition number is too large"),
        (NER.replace("}]", ', telltale = "may|(" }]'), "missing )"),
        (NER.replace("#ff0000", "red"), "matching regex"),
        (NER.replace("#ff0000", "#ff0000; background: url(x)"), "matching regex"),
        ('[layers.ner]\ncolumn = "ner"\nlabels = []', "the layer ner has no label"),
        ("layers = {}", "length >= 1"),
    ],
)
def test_a_label_set_that_could_not_be_released_is_refused_when_it_is_read(toml, said):
    with pytest.raises(BadRecord) as error:
        label_set((HEAD + toml).encode(), "labels.toml")

    assert said in str(error.value)
    assert str(error.value).startswith("labels.toml: ")
    assert "\n" not in str(error.value)


def test_the_columns_of_quotes_are_those_that_are_kept_apart(labels):
    theirs = label_set(
        (
            HEAD + TALK + ATTRIBUTE.format("tone", '"talk"', "key") + RELATION.format("by", "Said", "By", "by", "true")
        ).encode(),
        "labels.toml",
    )

    for each in (labels, theirs):
        columns = CONFIGS["quotes"].schema(each).names
        assert len(set(columns)) == len(columns)
        assert set(quote_columns(each)) - set(columns) <= {"by_name"}
        assert set(columns) <= set(quote_columns(each))


def test_what_rows_spans_and_pages_have_of_their_own_can_name_nothing_else(labels):
    own = {layer.column for layer in labels.layers.values()}

    for config in CONFIGS.values():
        names = config.schema(labels).names
        if own & set(names):
            assert {name for name in names if not name.startswith("tags")} - own <= OF_ROWS
    for layer in labels.layer_names:
        assert set(span_type(labels, layer).names) - set(labels.attribute_kinds) <= OF_SPANS
    decisions = CONFIGS["decisions"].schema(labels)
    of_candidates = decisions.field("candidates").type.value_type.names
    assert {*decisions.names, *of_candidates} - set(labels.attribute_kinds) <= OF_SPANS | OF_ITEMS
    assert set(Span.__struct_fields__) - {"layer", "attributes"} <= OF_SPANS
    assert {TEXT, QUESTIONS, NOTE} == OF_PAGES
    assert COLUMN in OF_ROWS


# Whatever is accepted

NAMES = ["ner", "entity", "region", "quote", "names", "Said", "By", "QUOTE", "place_2", PERSON]
COLUMNS = ["entities", "quotes", "regions", "mentions", "label", "start", "digest", "source", "split", "type", "name"]
WORDS = 'Sami went home. "He said" yes\nand Sami left; the sea\n'


def toml_of(value):
    """Return a value as TOML writes it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml_of(each)}" for key, each in value.items()) + "}"
    return "[" + ", ".join(map(toml_of, value)) + "]" if isinstance(value, list) else json.dumps(value)


@st.composite
def label_sets(draw):
    """A label set of names that something else may have; many hold together."""
    keys = iter("abcdefghijklmnopqrstuvwxyz0123456789")
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    columns = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=2, unique=True))
    label = st.sampled_from(names)
    own = [draw(st.booleans()) for _ in range(6)]
    layers = {f"{'entity' if own[0] else 'l'}{number or ''}": column for number, column in enumerate(columns)}
    some = {"recurs": own[1], "main": own[2], "telltale": "sea|h(o)me" if own[3] else "", "prose": "never"}

    def spelt(number, name):
        more = {"quotation": own[4]} if number == 0 else some
        return {"name": name, "colour": "#ff0000", "hotkey": next(keys), "en": "a thing"} | more

    those = [spelt(number, name) for number, name in enumerate(names)]
    attributes = [
        {"name": name, "labels": draw(st.lists(label, min_size=1, unique=True)), "kind": kind, "required": own[5]}
        | ({"values": [{"name": "true", "hotkey": next(keys), "en": "yes"}]} if kind in ("choice", "flag") else {})
        for name in draw(st.lists(st.sampled_from(COLUMNS), max_size=3, unique=True))
        for kind in [draw(st.sampled_from(["choice", "flag", "key", "words"]))]
    ]
    relations = [
        {"name": name, "head": names[0], "tail": draw(label), "en": "a link", "usual": own[0]}
        | ({"column": draw(st.sampled_from(COLUMNS)), "one": draw(st.booleans())} if own[4] else {})
        for name in draw(st.lists(st.sampled_from(["by", "on"]), max_size=2, unique=True))
    ]
    return {
        "version": "1",
        "language": "en",
        "direction": "ltr",
        "quotation_marks": '"',
        "proclitics": "",
        "layers": {
            name: {"column": column, "labels": those[number :: len(layers)]}
            for number, (name, column) in enumerate(layers.items())
        },
        "attributes": attributes,
        "relations": relations,
    }


def spans_of(labels):
    """Return a span of each label that says whatever it can, and a link of each kind that there can be."""
    said = {"choice": "true", "flag": True}
    spans = {
        name: Span(
            start=number,
            end=number + 4,
            layer=labels.layer_of[name],
            label=name,
            id=f"s{number}",
            attributes={each.name: said.get(each.kind, "Sami") for each in labels.attributes if name in each.labels},
        )
        for number, name in enumerate(labels.labels)
    }
    links = [Relation(spans[each.head].id, each.name, spans[each.tail].id) for each in labels.relations]
    return tuple(spans.values()), tuple(links)


@settings(max_examples=150, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(label_sets())
def test_whatever_label_set_is_accepted_can_be_shown_checked_and_released(told):
    try:
        labels = label_set("\n".join(f"{key} = {toml_of(each)}" for key, each in told.items()).encode(), "labels.toml")
    except BadRecord:
        assume(False)  # noqa: FBT003 - this is how it is called
    spans, links = spans_of(labels)
    source = msgspec.convert(
        {"id": "open", "outlet": "", "license": "CC0-1.0", "rights_holder": "", "redistribute": "text"}
        | {"provenance": "authored"},
        Source,
    )
    article = Article(id="open-a", sha256=digest(WORDS), length=len(WORDS), file="a.txt")
    annotation = Annotation(
        article="open-a",
        sha256=article.sha256,
        scheme="1",
        annotator="gold",
        kind="gold",
        layers=labels.layer_names,
        spans=spans,
        relations=links,
    )
    rows = batch(labels, [Annotated(article, source, WORDS, canonical(annotation, labels.layer_names), "train")])
    counts = Counts(labels)

    run(rows)
    for name, config in CONFIGS.items():
        if config.of == "gold" and config.stands_on(labels):
            schema = config.schema(labels)
            table = config.rows(Reading(rows)).cast(schema)
            counts.add(name, table)
            assert len(set(schema.names)) == len(schema.names)
            assert all(path.partition(".")[0] in schema.names for path in config.class_labels(labels))
    again = flat(nested(rows), labels)

    assert len(again.spans) == len(spans)
    assert sum(sum(counts.told()[name].values()) for name in labels.layer_names) == len(spans)
    assert Page(labels, labels.layer_names).xml.count("<Label ") == len(spans)
