"""Offsets, the batch's two forms, the in-line notation."""

import string

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.errors import BadRecord, BadText
from khabar.model import inline, offsets
from khabar.model.annotation import Annotation, Relation, Span, canonical, with_words, withheld
from khabar.model.article import Article, Source
from khabar.model.labelfile import label_set
from khabar.model.nested import flat, nested, schema
from khabar.model.records import Annotated, annotations, batch
from khabar.model.text import digest, isolate, normal_form, salted_digest

AWKWARD = [
    "\N{GRINNING FACE}",
    "\N{WOMAN}\N{EMOJI MODIFIER FITZPATRICK TYPE-5}\N{ZERO WIDTH JOINER}\N{MICROSCOPE}",
    "\N{REGIONAL INDICATOR SYMBOL LETTER E}\N{REGIONAL INDICATOR SYMBOL LETTER G}",
    "e\N{COMBINING ACUTE ACCENT}",
    "\N{ARABIC LETTER LAM}\N{ARABIC SHADDA}\N{ARABIC FATHATAN}",
    "\N{ARABIC LETTER LAM}\N{ARABIC TATWEEL}",
    "\N{RIGHT-TO-LEFT MARK}",
    "\N{FIRST STRONG ISOLATE}x\N{POP DIRECTIONAL ISOLATE}",
    "\N{LINE SEPARATOR}",
    "\N{NO-BREAK SPACE}",
    "\r\n",
    "\n",
    " ",
    "[",
    "]",
    "\\",
    "(",
    "a",
]
TEXT = st.lists(st.one_of(st.sampled_from(AWKWARD), st.text(max_size=3)), max_size=20).map("".join)
SOURCE = Source(id="open", outlet="", license="CC-BY-4.0", rights_holder="", redistribute="text", provenance="authored")


def encodable(text: str) -> bool:
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


@given(TEXT.filter(encodable), st.sampled_from(["utf-8", "utf-16"]))
def test_offsets_in_every_unit_cut_the_same_words(text, unit):
    points = np.arange(len(text) + 1)

    there = offsets.starts(offsets.code_points(text), unit)
    back = offsets.to_code_points(text, there, unit)

    assert (back == points).all()
    encoding, width = ("utf-8", 1) if unit == "utf-8" else ("utf-16-le", 2)
    assert [len(text[:point].encode(encoding)) // width for point in points] == there.tolist()


def test_an_offset_inside_a_character_is_refused():
    text = "a\N{GRINNING FACE}b"

    for unit, inside in (("utf-16", 2), ("utf-8", 3)):
        with pytest.raises(BadText, match=f"offset {inside} lies inside a character"):
            offsets.to_code_points(text, np.array([inside]), unit)
    with pytest.raises(BadText, match="outside the text"):
        offsets.to_code_points(text, np.array([5]), "utf-16")


def test_a_lone_surrogate_is_refused():
    with pytest.raises(BadText, match=r"lone surrogate \(U\+D83D\)"):
        offsets.code_points("a\ud83d")


def test_the_normal_form_says_what_it_changed():
    raw = "\N{ZERO WIDTH NO-BREAK SPACE}a\r\nb\rcafe\N{COMBINING ACUTE ACCENT}".encode()

    text, changes = normal_form(raw)

    assert text == "a\nb\ncaf\N{LATIN SMALL LETTER E WITH ACUTE}"
    assert changes == ("byte order mark removed", "line ends made LF", "characters composed (NFC)")
    assert normal_form(text.encode()) == (text, ())


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xe7\xc7", "byte 0 (0xe7) is not UTF-8"),
        (b"", "the file is empty"),
        (b" \n\t\n", "the file is empty"),
        (b"a\x00b", "character 1 is NUL"),
        (b"a\x1bb", "character 1 is U+001B"),
        ("a\N{LINE SEPARATOR}b".encode(), "character 1 is U+2028"),
        ("\ue000".encode() + b"a", "character 0 is U+E000"),
        (b"a\n" + b"x" * 20_001, "line 2 has 20001 characters"),
        (b"\xed\xa0\xbd", "is not UTF-8"),
    ],
)
def test_what_is_no_text_gets_one_clear_line(raw, said):
    with pytest.raises(BadText) as error:
        normal_form(raw)

    assert said in str(error.value)
    assert "\n" not in str(error.value)


@st.composite
def annotated(draw, labels):
    """An annotation of an awkward text, its spans, attributes and relations such that the published schema holds it."""
    text = draw(TEXT.filter(encodable)) + "end"
    names = list(labels.labels)
    spans, by_label = [], {}
    for number in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, len(text) - 1))
        label = draw(st.sampled_from(names))
        attributes = {}
        for each in labels.attributes:
            if label in each.labels and draw(st.booleans()):
                values = {
                    "choice": [value.name for value in each.values],
                    "flag": [True, False],
                    "words": ["some words", "\N{GRINNING FACE}"],
                    "key": ["e1", "e2"],
                }
                attributes[each.name] = draw(st.sampled_from(values[each.kind]))
        end = draw(st.integers(start + 1, len(text)))
        spans.append(
            Span(
                start=start, end=end, layer=labels.layer_of[label], label=label, id=f"s{number}", attributes=attributes
            )
        )
        by_label.setdefault(label, []).append(f"s{number}")
    relations = [
        Relation(head, each.name, tail)
        for each in labels.relations
        for head in by_label.get(each.head, [])
        for tail in by_label.get(each.tail, [])
        if draw(st.booleans())
    ]
    annotation = Annotation(
        article="open-a",
        sha256=digest(text),
        scheme=labels.version,
        annotator="a1",
        kind="person",
        layers=draw(st.permutations(labels.layer_names).map(tuple)),
        spans=tuple(spans),
        relations=tuple(relations),
    )
    return text, canonical(annotation, labels.layer_names)


@given(st.data())
def test_records_batch_nested_and_back_are_equal(labels, data):
    some = [data.draw(annotated(labels)) for _ in range(data.draw(st.integers(1, 4)))]
    rows = [Annotated(_article(text), SOURCE, text, annotation, "train") for text, annotation in some]

    table = nested(batch(labels, rows))
    table.validate(full=True)
    back = flat(table, labels)

    assert table.schema == schema(labels)
    assert list(annotations(back)) == [annotation for _, annotation in some]
    assert back.articles["text"].to_pylist() == [text for text, _ in some]


@given(st.data())
def test_every_offset_of_a_batch_cuts_the_words_of_its_text(labels, data):
    some = [data.draw(annotated(labels)) for _ in range(3)]
    withheld_text = data.draw(st.integers(0, 2))

    found = batch(
        labels,
        [
            Annotated(_article(text), SOURCE, None if row == withheld_text else text, annotation)
            for row, (text, annotation) in enumerate(some)
        ],
    )

    words = found.surfaces(np.arange(len(found.spans))).to_pylist()
    for row, surface in zip(found.spans.article.tolist(), words, strict=True):
        assert (surface is None) == (row == withheld_text)
    expected = [
        None if row == withheld_text else some[row][0][start:end]
        for row, start, end in zip(
            found.spans.article.tolist(), found.spans.start.tolist(), found.spans.end.tolist(), strict=True
        )
    ]
    assert words == expected


@given(st.data())
def test_a_selection_of_a_batch_holds_those_articles_alone(labels, data):
    some = [data.draw(annotated(labels)) for _ in range(3)]
    keep = np.array([data.draw(st.booleans()) for _ in some])

    found = batch(labels, [Annotated(_article(text), SOURCE, text, annotation) for text, annotation in some])

    assert list(annotations(found.select(keep))) == [
        annotation for (_, annotation), kept in zip(some, keep, strict=True) if kept
    ]


def test_a_batch_keeps_what_its_label_set_does_not_know(labels):
    annotation = Annotation(
        article="open-a",
        sha256=digest("abc"),
        scheme="9",
        annotator="a1",
        kind="model",
        layers=("entity", "sentiment"),
        spans=(
            Span(
                start=-1, end=99, layer="entity", label="ALIEN", id="a", attributes={"marked": "yes", "colour": "red"}
            ),
            Span(start=2, end=1, layer="sentiment", label="GOOD", id="a"),
        ),
        relations=(Relation("a", "LIKES", "nobody"),),
    )

    found = batch(labels, [Annotated(_article("abc"), SOURCE, "abc", annotation)])

    assert list(annotations(found)) == [annotation]
    with pytest.raises(BadRecord, match="cannot be published"):
        nested(found)


@given(st.data())
def test_text_marked_in_line_reads_back_equal(labels, data):
    text, annotation = data.draw(annotated(labels))
    spans = tuple(sorted(annotation.spans, key=lambda each: (each.start, -each.end)))
    kept: list[Span] = []
    for span in spans:  # those that nest
        if all(span.start >= each.end or span.end <= each.end for each in kept):
            kept.append(span)
    there = {each.id for each in kept}
    links = tuple(each for each in annotation.relations if {each.head, each.tail} <= there)

    marked = inline.write(text, tuple(kept), links)
    back = inline.read(marked, labels)

    assert back.text == text
    assert sorted(back.spans, key=lambda each: each.id) == sorted(kept, key=lambda each: each.id)
    assert set(back.relations) == set(links)


@pytest.mark.parametrize("marked", ["[a", "a]", "[a]", "[a](PERS sense)", "[a](PERS x=y z)"])
def test_markup_that_is_not_whole_gets_one_clear_line(labels, marked):
    with pytest.raises(BadRecord) as error:
        inline.read(marked, labels)

    assert "\n" not in str(error.value)


def test_words_that_may_not_be_repeated_give_way_to_digests(labels):
    found = inline.read("[Port [Sami](PERS norm=Sami)](GPE sense=gov)", labels)
    annotation = found.annotation(labels, "open-a")

    hidden = withheld(annotation, found.text, labels.words_attributes)

    encoded = msgspec.json.encode(hidden).decode()
    assert "Sami" not in encoded
    assert hidden.spans[1].digest == salted_digest(annotation.sha256, "Sami")
    assert hidden.spans[1].attributes["norm"] == "sha256:" + salted_digest(annotation.sha256, "Sami")
    assert hidden.spans[0].attributes["sense"] == "gov"
    assert withheld(hidden, found.text, labels.words_attributes) == hidden
    assert with_words(annotation, found.text).spans[1].text == "Sami"


def test_quoted_words_cannot_turn_the_line_around_them():
    assert isolate("a\nb") == "«\N{FIRST STRONG ISOLATE}a\N{SYMBOL FOR NEWLINE}b\N{POP DIRECTIONAL ISOLATE}»"


def test_the_label_set_spells_the_whole_scheme(labels):
    assert labels.layer_names == ("region", "entity", "quote")
    assert [len(layer.labels) for layer in labels.layers.values()] == [20, 21, 6]
    assert [each.name for each in labels.relations] == [
        "HAS_SOURCE",
        "HAS_CUE",
        "HAS_ADDRESSEE",
        "HAS_ORIGIN",
        "PART_OF",
        "CONTINUES",
    ]
    assert set(labels.attribute_kinds) == {
        *("role", "sense", "norm", "entity", "certainty"),
        *("type", "marked", "source", "via", "kind"),
    }
    hotkeys = [each.hotkey for each in (*labels.labels.values(), *(v for a in labels.attributes for v in a.values))]
    assert len(hotkeys) == len(set(hotkeys))


def test_what_a_label_set_leaves_out_is_no_part_of_its_digest(labels):
    """A release that was made before a field was added is still the one that its manifest tells."""
    spelt = msgspec.json.decode(msgspec.json.encode(labels))

    assert "depth" not in spelt["layers"]["entity"]["labels"][0]
    assert {"doubt", "ordered"}.isdisjoint(spelt["attributes"][0])
    assert msgspec.structs.replace(labels, version="0.2").digest != labels.digest


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('name = "NORP"', 'name = "PERS"', "PERS is spelt twice"),
        ('hotkey = "n"', 'hotkey = "p"', "hotkey p belongs to PERS and NORP"),
        ('tail = "CUE"', 'tail = "QUE"', "names 'QUE', which is no label"),
        ("lines = true", "lines = yes", ""),
        ('direction = "rtl"', 'direction = "up"', "Invalid enum value"),
        ("inside_main = true", "inside_mane = true", "unknown field"),
        ('{ name = "CUE",', '{ name = "CUE", quotation = true,', "QUOTE and CUE are both a quotation"),
        ('column = "cues"', 'column = "origins"', "quotes would have the column 'origins' twice"),
        ('column = "cues"', 'column = "via"', "quotes would have the column 'via' twice"),
        ('name = "QUOTE", quotation = true,', 'name = "QUOTE",', "no end of it is a quotation"),
        ('kind = "flag"', 'kind = "flag"\nordered = true', "marked is ordered and a flag, only a choice is"),
        ('kind = "key"', 'kind = "key"\nordered = true', "entity is ordered and a key, only a choice is"),
        ('doubt = "low"', 'doubt = "low"\nordered = true', "certainty is ordered and tells of doubt"),
        ('labels = ["ORG"]', 'labels = ["ORG"]\nordered = true', "sense is ordered in one entry, not in all"),
        ('labels = ["SCARE"]', 'labels = ["SCARE"]\nordered = 3', "Expected `bool`"),
    ],
)
def test_a_label_set_that_does_not_hold_together_is_refused(labels, before, after, said):
    from conftest import REPOSITORY

    toml = (REPOSITORY / "annotations" / "labels.toml").read_text(encoding="utf-8")

    with pytest.raises(BadRecord) as error:
        label_set(toml.replace(before, after, 1).encode(), "labels.toml")

    assert said in str(error.value)
    assert str(error.value).startswith("labels.toml: ")


def test_entries_of_an_ordered_attribute_list_the_same_values_three_at_least():
    from conftest import REPOSITORY

    toml = (REPOSITORY / "annotations" / "labels.toml").read_text(encoding="utf-8")

    def spelt(**entries):
        more = [
            f'[[attributes]]\nname = "size"\nlabels = ["{label}"]\nordered = true\nvalues = ['
            + ", ".join(f'{{ name = "{value}", hotkey = "{label} {value}", en = "" }}' for value in values)
            + "]\n"
            for label, values in entries.items()
        ]
        return label_set((toml + "".join(more)).encode(), "labels.toml")

    assert spelt(GPE="abc", ORG="abc").ordered == {"size"}
    with pytest.raises(BadRecord, match="size is ordered, and its entries list other values"):
        spelt(GPE="abc", ORG="acb")
    with pytest.raises(BadRecord, match="size is ordered, and no value lies between two others"):
        spelt(GPE="ab")


def test_no_two_attributes_have_figures_of_one_name():
    from conftest import REPOSITORY

    toml = (REPOSITORY / "annotations" / "labels.toml").read_text(encoding="utf-8")
    more = toml.replace('name = "kind"', 'name = "type_weighted"').replace(
        'name = "type"\n', 'name = "type"\nordered = true\n'
    )

    with pytest.raises(BadRecord, match="type is ordered, and its figures are called as those of type_weighted"):
        label_set(more.encode(), "labels.toml")


def _article(text: str) -> Article:
    return Article(id="open-a", sha256=digest(text), length=len(text), file="a.txt")


def test_names_of_labels_are_plain(labels):
    assert all(set(name) <= set(string.ascii_uppercase + "_") for name in labels.labels)
