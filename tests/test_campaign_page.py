"""The label page, the plan, and what a task shows."""

import xml.etree.ElementTree as ET

import msgspec
import pytest

from campaigns import FACE, article_of, marked, page_of
from conftest import REPOSITORY
from khabar.campaign import tasks
from khabar.campaign.page import Page, page_digest
from khabar.errors import BadRecord, BadText
from khabar.model.annotation import Relation, Span
from khabar.model.labelfile import label_set


def elements(page, tag):
    return ET.fromstring(page.xml).iter(tag)


def test_a_page_spells_every_label_with_colour_hotkey_and_gloss_in_a_control_of_its_layer(labels):
    shown = {
        control.get("name"): {each.get("value"): each for each in control}
        for control in elements(page_of(labels), "Labels")
    }

    assert {layer: list(found) for layer, found in shown.items()} == {
        name: [label.name for label in layer.labels] for name, layer in labels.layers.items()
    }
    for layer, found in shown.items():
        for name, each in found.items():
            label = labels.labels[name]
            assert (each.get("background"), each.get("hotkey")) == (label.colour, label.hotkey)
            assert label.ar in each.get("hint")
            assert label.en in each.get("hint")
            assert (each.get("granularity") == "paragraph") == labels.layers[layer].lines


def test_every_attribute_of_every_label_has_exactly_one_control_that_shows_for_that_label(labels):
    page = page_of(labels)
    shown = {each.get("name"): each for tag in ("Choices", "TextArea") for each in elements(page, tag)}

    assert set(shown) == {*page.controls, "note"}  # what is odd in an article is said of the whole of it
    for label in labels.labels:
        for attribute in labels.attribute_kinds:
            applies = labels.attribute(label, attribute)
            control = page.control_of(label, attribute)
            assert (control is None) == (applies is None)
            if applies and control:
                each = shown[control]
                assert each.get("perRegion") == "true"
                assert label in each.get("whenLabelValue").split(",")
                assert [value.get("value") for value in each] == [value.name for value in applies.values]
                assert all(value.get("hotkey") for value in each)
                assert (each.get("required") == "true") == applies.required


def test_two_entries_of_an_attribute_are_two_controls_of_different_names(labels):
    names = [name for name, each in page_of(labels).controls.items() if each.name == "sense"]

    assert names == ["sense-GPE", "sense-ORG"]


def test_a_page_of_one_layer_has_nothing_of_the_others(labels):
    page = page_of(labels, "entity")

    assert page.relations == ()
    assert "QUOTE" not in page.xml
    assert not list(elements(page, "Relations"))
    assert "SOURCE" not in page.controls["entity-PERS"].labels


def test_a_page_reads_in_the_direction_of_its_label_set(labels):
    leftward = msgspec.structs.replace(labels, direction="ltr")

    assert "direction: rtl; text-align" in page_of(labels).xml
    assert "direction: ltr; text-align" in page_of(leftward).xml


def test_equal_label_sets_have_equal_pages_and_the_server_may_trim_them(labels):
    page = page_of(labels)

    assert page.xml == Page(labels, labels.layer_names).xml
    assert page_digest(page.xml) == page_digest(page.xml.strip()) != page_digest(page.xml + "<!-- -->")


TOML = (REPOSITORY / "annotations" / "labels.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('direction = "rtl"', 'direction = "ltr"'),
        ("lines = true", "lines = false"),
        ('colour = "#ae2929"', 'colour = "#ae2928"'),
        ('hotkey = "p"', 'hotkey = "u"'),
        ('en = "a language"', 'en = "a tongue"'),
        ('ar = "لغة"', 'ar = "لسان"'),
        ('labels = ["GPE"]', 'labels = ["GPE", "LOC"]'),
        ('en = "its government"', 'en = "its rulers"'),
        ("required = true", "required = false"),
        ('en = "the form as it would', 'en = "the word as it would'),
        ('name = "HAS_CUE"', 'name = "BY_CUE"'),
        # What a page does not show, and its answers are read by all the same.
        ('version = "0.1"', 'version = "0.2"'),
        ('head = "VERBATIM"', 'head = "SCARE"'),
    ],
)
def test_what_a_page_shows_or_reads_freezes_it(labels, before, after):
    other = label_set(TOML.replace(before, after, 1).encode(), "labels.toml")

    assert before in TOML
    assert page_of(other).digest != page_of(labels).digest
    assert other.digest != labels.digest


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("recurs = true, ", ""),
        ("telltale = '[%٪]", "telltale = '[%]"),
        ('prose = "always", ', ""),
        ('holds = "entity", ', ""),
        ("depth = 2, ", ""),
        ('kin = [["PERS", "OCC"]]\n', ""),
        ('one_label_by = "entity"\n', ""),
        ("inside_main = true\n", ""),
        ("outside_proclitics = true\n", ""),
        ('  { label = "SCARE" },\n', ""),
        ("usual = true\n", ""),
        ("backwards = true\n", ""),
        ('exactly_one_unless = "source"\n', ""),
        ('  { name = "ORG", of = ["ORG"] },\n', ""),
        ('doubt = "low"\n', ""),
        ('labels = ["QUOTE"]\nrequired = true\n', 'labels = ["QUOTE"]\nrequired = true\nordered = true\n'),
        ('en = "how sure', 'en = "whether sure'),
        ('proclitics = "[وف]', 'proclitics = "[و]'),
    ],
)
def test_what_only_checks_and_releases_read_freezes_no_page_and_releases_tell_it(labels, before, after):
    other = label_set(TOML.replace(before, after, 1).encode(), "labels.toml")

    assert before in TOML
    assert page_of(other).digest == page_of(labels).digest
    assert page_of(other).xml == page_of(labels).xml
    assert other.digest != labels.digest


def test_what_is_of_no_layer_of_a_campaign_does_not_freeze_its_page(labels):
    other = label_set(TOML.replace('colour = "#ae2929"', 'colour = "#ae2928"').encode(), "labels.toml")

    assert page_of(other, "region").digest == page_of(labels, "region").digest
    assert page_of(other, "entity").digest != page_of(labels, "entity").digest


def test_hostile_glosses_stay_inside_their_quotes():
    toml = b"""
version = "0"
language = "en"
direction = "ltr"
quotation_marks = "\\""
proclitics = ""
[layers.l]
column = "ls"
labels = [{ name = "A", colour = "#000000", hotkey = "a", en = 'say "<b>" & \\'go\\' ' }]
""".replace(b"\\'", b"")

    page = Page(label_set(toml, "labels.toml"), ("l",))

    assert next(elements(page, "Label")).get("hint") == 'say "<b>" & go '


def test_two_controls_of_one_name_are_refused(labels):
    twice = msgspec.structs.replace(labels, attributes=(*labels.attributes, labels.attributes[0]))

    with pytest.raises(BadRecord, match="two controls would be called 'role-BODY'"):
        page_of(twice).controls  # noqa: B018


# Tasks


def test_the_view_of_a_text_is_as_long_and_differs_only_above_the_bmp():
    text = f"a{FACE}b\N{ARABIC FATHA}\N{RIGHT-TO-LEFT MARK}\N{LINE SEPARATOR}\U0001e922"

    shown = tasks.view(text)

    assert len(shown) == len(text)
    assert [(a, b) for a, b in zip(text, shown, strict=True) if a != b] == [
        (FACE, tasks.PLACEHOLDER),
        ("\U0001e922", tasks.PLACEHOLDER),
    ]


@pytest.mark.parametrize("poison", ["\0", "\ud800"])
def test_a_character_that_breaks_the_server_is_refused(poison):
    with pytest.raises(BadText, match=f"character 2 is U\\+{ord(poison):04X}"):
        tasks.view(f"ab{poison}")


def test_a_task_is_known_by_its_article_and_text(labels):
    text, _ = marked(labels, f"{FACE} said Sami")

    data = tasks.task(article_of(text), text)

    assert (data.article, data.text[0], data.sha256 == data.view_sha256) == ("open-1", tasks.PLACEHOLDER, False)


GOOD = "[[Sami](PERS id=s1) went](BODY id=b1)"
TEXT = "Sami went"


def span(**changes):
    return Span(**{"start": 0, "end": 4, "layer": "entity", "label": "PERS", "id": "s1"} | changes)


FAULTS = [
    (span(end=99), "empty or outside"),
    (span(start=4, end=4), "empty or outside"),
    (span(start=-1), "empty or outside"),
    (span(label="NOBODY"), "not on the page"),
    (span(layer="quote"), "not on the page"),
    (span(end=5), "at its edge: trim it"),
    (span(id="a.b"), "not of A-Z"),
    (span(attributes={"sense": "loc"}), "PERS has no attribute sense"),
    (span(attributes={"certainty": "perhaps"}), "certainty cannot have that value"),
    (span(attributes={"norm": " "}), "norm cannot have that value"),
    (span(attributes={"norm": True}), "norm cannot have that value"),
    (span(label="QUOTE", layer="quote", attributes={"marked": "true"}), "marked cannot have that value"),
    (span(text="Sam"), "other words there"),
    (span(digest="0"), "other words there"),
]


@pytest.mark.parametrize(("wrong", "said"), FAULTS)
def test_what_is_wrong_with_a_prediction_is_said_before_it_leaves(labels, wrong, said):
    text, annotation = marked(labels, GOOD)
    annotation = msgspec.structs.replace(annotation, spans=(wrong,))

    (fault,) = tasks.faults(annotation, text, page_of(labels), trimmed=True)

    assert said in fault


def test_a_sound_prediction_has_no_faults_and_a_stale_one_has_one(labels):
    text, annotation = marked(labels, GOOD)
    page = page_of(labels)
    twice = msgspec.structs.replace(annotation, spans=annotation.spans * 2)
    loose = msgspec.structs.replace(
        annotation, relations=(Relation("s1", "HAS_SOURCE", "x"), Relation("s1", "IS", "b1"))
    )

    assert not list(tasks.faults(annotation, text, page, trimmed=True))
    assert "annotate that one" in next(tasks.faults(annotation, f"{text}.", page, trimmed=True))
    assert sum("its id is taken" in each for each in tasks.faults(twice, text, page, trimmed=True)) == 2
    assert [each.split(":")[0].split(",")[0] for each in tasks.faults(loose, text, page, trimmed=True)] == [
        "relation s1 HAS_SOURCE x",
        "relation IS is not on the page",
    ]


def test_a_submitted_annotation_may_have_a_loose_edge_for_the_checks_to_find(labels):
    text, annotation = marked(labels, "[Sami ](PERS)went")

    assert not list(tasks.faults(annotation, text, page_of(labels), trimmed=False))


def test_ids_of_predictions_carry_the_annotator_once_and_make_a_css_class(labels):
    _, annotation = marked(labels, "[Sami](SOURCE id=s1) [said](QUOTE id=q HAS_SOURCE=s1)", annotator="tagger 0.1")

    once = tasks.namespaced(annotation)

    assert [each.id for each in once.spans] == ["tagger_0_1-s1", "tagger_0_1-q"]
    assert once.relations == (Relation("tagger_0_1-q", "HAS_SOURCE", "tagger_0_1-s1"),)
    assert tasks.namespaced(once) == once
