"""Results are distrusted: what is right becomes an annotation, what is wrong goes to quarantine with a reason."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import FACE, USER, article_of, choice, exported, marked, page_of, read, region, relation, who, words
from conftest import REPOSITORY, SHARED
from khabar.campaign import tasks
from khabar.campaign.exported import tasks_of
from khabar.campaign.results import Known, Reading, read_task
from khabar.errors import BadRecord
from khabar.model.annotation import Annotation, Relation, Span, canonical
from khabar.model.labelfile import label_set
from khabar.model.text import digest

TEXT = f"{FACE} Sami Omar said so\nand went"
SAMI, OMAR = (2, 6), (7, 11)


def believed(labels, *items, text=TEXT):
    """Return the spans, relations and reasons that a result comes to."""
    outcome = read(labels, text, exported(text, list(items)))
    (found,) = outcome.believed
    return found.annotation.spans, found.annotation.relations, [each.reason for each in outcome.away]


# What is right


def test_an_emoji_before_a_region_does_not_move_it(labels):
    spans, _, away = believed(labels, region(*SAMI, text="Sami"))

    assert [(each.start, each.end, each.label, each.id) for each in spans] == [(2, 6, "PERS", "r1")]
    assert not away


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (12, 20, "so\\nand w"),  # the editor spells a line break
        (12, 20, "so and w"),
        (12, 20, "so\\n\\nand   w"),
        (1, 7, "Sami"),  # white space at the edges is not in what it says
        (0, 6, f"{tasks.PLACEHOLDER} Sami"),
        (0, 6, f"{FACE} Sami"),
        (2, 6, None),  # what is posted through the API may not say it
    ],
)
def test_words_are_compared_softly_and_offsets_stay_as_they_are(labels, start, end, said):
    text = TEXT.replace("said ", "")

    (span,), _, away = believed(labels, region(start, end, text=said), text=text)

    assert (span.start, span.end, away) == (start, end, [])


def test_what_is_said_of_a_region_may_come_before_it(labels):
    (span,), _, away = believed(
        labels,
        choice("sense-GPE", "gov"),
        words("norm-PERS", "Sami"),
        words("entity-PERS", "sami"),
        region(*SAMI, "GPE", text="Sami"),
    )

    assert span.attributes == {"sense": "gov", "norm": "Sami", "entity": "sami"}
    assert not away


def test_a_flag_is_true_or_false(labels):
    (span,), _, away = believed(
        labels,
        region(*SAMI, "QUOTE", layer="quote", text="Sami"),
        choice("marked-QUOTE", "false"),
        choice("type-QUOTE", "direct"),
    )

    assert span.attributes == {"marked": False, "type": "direct"}
    assert not away


QUOTE_AND_SOURCE = (
    region(*SAMI, "QUOTE", "q", layer="quote", text="Sami"),
    region(*OMAR, "SOURCE", "s", layer="quote", text="Omar"),
)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (relation("q", "s", "HAS_ORIGIN"), Relation("q", "HAS_ORIGIN", "s")),
        (relation("q", "s"), Relation("q", "HAS_SOURCE", "s")),
        (relation("s", "q", direction="left"), Relation("q", "HAS_SOURCE", "s")),
        ({"type": "relation", "from_id": "q", "to_id": "s"}, Relation("q", "HAS_SOURCE", "s")),
    ],
)
def test_a_relation_without_a_label_is_what_its_ends_say(labels, link, expected):
    _, relations, away = believed(labels, *QUOTE_AND_SOURCE, link)

    assert relations == (expected,)
    assert not away


# What is wrong, item by item: items, what the reasons say, how many spans are left

SAMI_REGION = region(*SAMI, text="Sami")
HOSTILE = [
    ([region("2", 6)], ["Expected `int`, got `str`"], 0),
    ([region(2.0, 6)], ["Expected `int`, got `float`"], 0),
    ([region(2, end=True)], ["Expected `int`, got `bool`"], 0),
    ([region(None, 6)], ["Expected `int`, got `null`"], 0),
    ([region(10**30, 10**31)], ["outside the text of 28 characters"], 0),
    ([region(-4, 6)], ["outside the text"], 0),
    ([region(6, 2)], ["outside the text"], 0),
    ([region(2, 2)], ["empty"], 0),
    ([region(2, 99, text="Sami")], ["outside the text"], 0),
    ([region(3, 7, text="Sami")], ["counts UTF-16 units, in which it marks"], 0),
    ([region(4, 8, text="Sami")], ["the text at 4-8 is"], 0),
    ([region(*SAMI, text=["Sami"])], ["Expected `str | null`, got `array`"], 0),
    ([region(*SAMI, "NOBODY")], ["entity has no label"], 0),
    ([region(*SAMI, "QUOTE")], ["entity has no label"], 0),
    ([region(*SAMI, layer="entities")], ["no layer of the page is called"], 0),
    ([SAMI_REGION | {"to_name": "body"}], ["no layer of the page is called"], 0),
    ([SAMI_REGION | {"id": ""}], ["its id is none"], 0),
    ([SAMI_REGION | {"id": "a b"}], ["its id is none"], 0),
    ([SAMI_REGION | {"id": 4}], ["it is no item of a result"], 0),
    ([SAMI_REGION | {"type": "hypertextlabels"}], ["the page makes no such thing"], 0),
    ([SAMI_REGION | {"value": [2, 6]}], ["its value is not that of a region"], 0),
    ([SAMI_REGION | {"value": None}], ["its value is not that of a region"], 0),
    ([{**SAMI_REGION, "value": {"start": 2, "end": 6}}], ["missing required field `labels`"], 0),
    ([{**SAMI_REGION, "value": {"start": 2, "end": 6, "labels": []}}], ["it has 0 labels"], 0),
    ([{**SAMI_REGION, "value": {"start": 2, "end": 6, "labels": ["PERS", "ORG"]}}], ["it has 2 labels"], 0),
    ([{**SAMI_REGION, "value": {"start": 2, "end": 6, "labels": "PERS"}}], ["Expected `array`, got `str`"], 0),
    ([SAMI_REGION, SAMI_REGION], ["one id has two labels"] * 2, 0),
    ([SAMI_REGION, region(*SAMI, "SOURCE", layer="quote")], ["one id has two labels"] * 2, 0),
    (["a", 3, None, [], {}], ["it is no item of a result"] * 5, 0),
    ([SAMI_REGION, choice("sense-GPE", "gov")], ["PERS has no attribute sense"], 1),
    ([region(*SAMI, "ORG"), choice("sense-GPE", "gov")], ["ORG has no attribute sense"], 1),
    ([region(*SAMI, "GPE"), choice("sense-GPE", "gov", "loc")], ["sense has 2 values"], 1),
    ([region(*SAMI, "GPE"), choice("sense-GPE")], ["sense has 0 values"], 1),
    ([region(*SAMI, "GPE"), choice("sense-GPE", "gov"), choice("sense-GPE", "loc")], ["sense is said twice"] * 2, 1),
    ([region(*SAMI, "GPE"), choice("sense-GPE", "org")], ["sense has no value"], 1),
    ([region(*SAMI, "GPE"), choice("sense", "gov")], ["the page has no choices called"], 1),
    ([region(*SAMI, "GPE"), words("sense-GPE", "gov")], ["the page has no textarea called"], 1),
    ([region(*SAMI, "GPE"), choice("norm-PERS", "x")], ["the page has no choices called"], 1),
    ([SAMI_REGION, words("norm-PERS", "x", "y")], ["norm has 2 values"], 1),
    ([SAMI_REGION, words("norm-PERS", " ")], ["norm has no value"], 1),
    ([SAMI_REGION, words("norm-PERS", 3)], ["its value is not that of textarea"], 1),
    ([SAMI_REGION, choice("certainty-PERS", "low", name="r2")], ["there is no region of that id"], 1),
    ([region(0, 99), choice("certainty-PERS", "low")], ["outside", "its region is not believed"], 0),
    ([*QUOTE_AND_SOURCE, relation("q", "x", "HAS_SOURCE")], ["no region at one of its ends"], 2),
    ([*QUOTE_AND_SOURCE, relation("q", "s", "IS")], ["no relation of the page is called"], 2),
    ([*QUOTE_AND_SOURCE, relation("q", "s", "HAS_SOURCE", "HAS_ORIGIN")], ["it has 2 labels"], 2),
    ([*QUOTE_AND_SOURCE, relation("q", "s", direction="bi")], ["right or left can be understood"], 2),
    ([*QUOTE_AND_SOURCE, relation("s", "q")], ["nothing links SOURCE to QUOTE"], 2),
    ([*QUOTE_AND_SOURCE, relation("q", "s"), relation("q", "s", "HAS_SOURCE")], ["it is said twice"], 2),
    ([region(0, 99), *QUOTE_AND_SOURCE, relation("q", "r1")], ["outside", "one of its ends is not believed"], 2),
    ([*QUOTE_AND_SOURCE, {"type": "relation", "from_id": 1}], ["it is no item of a result"], 2),
    ([{"type": "relation"}], ["no region at one of its ends"], 0),
    ([{"type": "choices", "value": {"choices": ["ok"]}, "from_name": "x", "to_name": "text"}], ["no region"], 0),
]


@pytest.mark.parametrize(("items", "reasons", "left"), HOSTILE)
def test_what_is_wrong_is_quarantined_with_its_reason_and_the_rest_goes_on(labels, items, reasons, left):
    good = region(12, 16, "CUE", "good", layer="quote", text="said")

    spans, _, away = believed(labels, *items, good)

    assert [each.id for each in spans if each.id == "good"] == ["good"]
    assert len(spans) == left + 1
    assert len(away) == len(reasons)
    for reason, expected in zip(away, reasons, strict=True):
        assert expected in reason
        assert "\n" not in reason


@pytest.mark.parametrize(("items", "reasons", "left"), HOSTILE)
def test_reasons_about_an_article_that_may_not_be_published_hold_none_of_its_words(labels, items, reasons, left):
    outcome = read(labels, TEXT, exported(TEXT, items), open_=False)

    told = msgspec.json.encode(outcome.away).decode()
    assert len(outcome.away) == len(reasons)
    assert not any(word in told for word in ("Sami", "Omar", "said so", "mi O"))


# What is wrong, task by task

SHA = {"sha256": digest("another")}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"text": "another"}, "which is not the view of ours"),
        ({"text": TEXT}, "which is not the view of ours"),
        (SHA, "the task showed another text"),
        ({"article": "open-2"}, "its article is none of the campaign's"),
        ({"article": ["open-1"]}, "its data is not what campaigns push"),
        ({"text": None}, "its data is not what campaigns push"),
    ],
)
def test_a_task_that_showed_another_text_is_quarantined_whole(labels, data, said):
    outcome = read(labels, TEXT, exported(TEXT, [SAMI_REGION], data=data))

    assert not outcome.believed
    assert [(each.task, each.annotation) for each in outcome.away] == [(3, 0)]
    assert said in outcome.away[0].reason


def test_without_our_text_the_view_serves_if_its_digest_proves_it(labels):
    plain = "Sami went"

    proven = read(labels, plain, exported(plain, [region(0, 4, text="Sami")]), at_hand=False)
    unproven = read(labels, TEXT, exported(TEXT, [SAMI_REGION]), at_hand=False)

    assert [each.text for each in proven.believed] == [plain]
    assert "khabar restore" in unproven.away[0].reason


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"id": "x"}, "it is no annotation"),
        ({"result": {}}, "it is no annotation"),
        ({"completed_by": None}, "nobody is said to have made it"),
        ({"completed_by": "sami@example.org"}, "it is no annotation"),
        ({"was_cancelled": "no"}, "it is no annotation"),
    ],
)
def test_an_annotation_that_cannot_be_read_is_quarantined(labels, about, said):
    result = about.pop("result", [SAMI_REGION])

    outcome = read(labels, TEXT, exported(TEXT, result, **about))

    assert not outcome.believed
    assert said in outcome.away[0].reason


def test_a_skipped_task_and_drafts_are_counted_and_not_converted(labels):
    task = json.loads(exported(TEXT, [SAMI_REGION], was_cancelled=True))
    task["drafts"] = [{"id": 1, "result": [SAMI_REGION]}]

    outcome = read(labels, TEXT, json.dumps(task).encode())

    assert (outcome.believed, outcome.away, outcome.cancelled, outcome.drafts) == ((), (), 1, 1)


def test_who_changed_the_annotation_of_another_is_reported(labels):
    outcome = read(labels, TEXT, exported(TEXT, [SAMI_REGION], completed_by={"id": USER}, updated_by=9))

    assert outcome.believed[0].annotation.annotator == "sami"
    assert outcome.notes == ("open-1: a9 changed annotation 5, which sami made",)


def test_a_user_without_a_pseudonym_is_called_by_number(labels):
    outcome = read(labels, TEXT, exported(TEXT, [], completed_by=12, updated_by=12))

    annotation = outcome.believed[0].annotation
    assert (annotation.annotator, annotation.kind, annotation.spans) == ("a12", "person", ())


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'"x"', b"{", b"\xff", b"[" * 5000, b'{"id": 1, "data": "\\ud800"}']
)
def test_what_is_no_task_at_all_is_quarantined(labels, raw):
    outcome = read(labels, TEXT, raw)

    assert len(outcome.away) == 1
    assert not outcome.believed


def test_nan_and_lone_surrogates_cost_their_own_task_alone():
    page = b'{"tasks": [{"id": NaN}, {"id": 2, "data": {"text": "\\ud800"}}, {"id": 3, "data": {}}], "total": 3}'

    found = tasks_of(page, "page 1")

    assert len(found) == 3
    assert json.loads(found[2]) == {"id": 3, "data": {}}


@pytest.mark.parametrize(
    "page", [b"", b"{}", b'{"tasks": 3}', b"nonsense", b'{"tasks": {"a": NaN}', b"\xff\xfe", b"[" * 9999]
)
def test_what_is_no_page_of_tasks_is_refused_in_one_line(page):
    with pytest.raises(BadRecord, match="page 1: ") as caught:
        tasks_of(page, "page 1")

    assert "\n" not in str(caught.value)


# There and back

AWKWARD = [
    FACE,
    "\N{ARABIC LETTER SEEN}",
    "\N{ARABIC FATHA}",
    "\N{ARABIC TATWEEL}",
    "\N{RIGHT-TO-LEFT MARK}",
    "\N{FIRST STRONG ISOLATE}",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "\N{ZERO WIDTH JOINER}",
    "\N{COMBINING ACUTE ACCENT}",
    "\N{NO-BREAK SPACE}",
    "\N{LINE SEPARATOR}",
    "\U0001e922",
    "a",
    " ",
    "\n",
    "\\",
    '"',
]
LABELS = label_set((REPOSITORY / "annotations" / "labels.toml").read_bytes(), "labels.toml")


@st.composite
def annotations(draw):
    """Make a text and an annotation of it that has no faults: any labels, attributes and relations of the page."""
    text = draw(st.text(st.sampled_from(AWKWARD), min_size=1, max_size=40))
    spans = []
    for number in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(text) - 1))
        label = draw(st.sampled_from(sorted(LABELS.labels)))
        attributes = {}
        for each in LABELS.attributes:
            if label in each.labels and draw(st.booleans()):
                values = [value.name for value in each.values]
                said = draw(
                    st.sampled_from(values) if values else st.text(st.sampled_from(AWKWARD)).map(lambda x: f"x{x}")
                )
                attributes[each.name] = said == "true" if each.kind == "flag" else said
        place = {"start": start, "end": draw(st.integers(start + 1, len(text)))}
        spans.append(Span(**place, layer=LABELS.layer_of[label], label=label, id=f"s{number}", attributes=attributes))
    ends = st.sampled_from(spans) if spans else st.nothing()
    links = {
        Relation(draw(ends).id, draw(st.sampled_from(LABELS.relations)).name, draw(ends).id)
        for _ in range(draw(st.integers(0, 3)) if spans else 0)
    }
    found = Annotation(
        article="open-1",
        sha256=digest(text),
        scheme=LABELS.version,
        annotator="sami",
        kind="person",
        layers=LABELS.layer_names,
        spans=tuple(spans),
        relations=tuple(links),
    )
    return text, canonical(found, LABELS.layer_names)


@given(annotations())
def test_an_annotation_comes_back_from_results_as_it_went(made):
    text, annotation = made
    page = page_of(LABELS)

    assert not list(tasks.faults(annotation, text, page, trimmed=False))
    outcome = read(LABELS, text, exported(text, tasks.results(annotation, text, page)))

    assert outcome.away == ()
    assert [each.annotation for each in outcome.believed] == [annotation]


@given(annotations(), st.data())
def test_no_change_to_a_result_brings_a_traceback(made, data):
    text, annotation = made
    result = tasks.results(annotation, text, page_of(LABELS))
    junk = st.sampled_from([None, True, -1, 1.5, 10**40, "x", [], {}, [None], {"start": "a"}])
    for item in result:
        for place in (item, item.get("value", {})):
            for key in list(place):
                if data.draw(st.integers(0, 5)) == 0:
                    place[key] = data.draw(junk)

    outcome = read(LABELS, text, exported(text, result))

    for each in outcome.believed:
        assert all(0 <= span.start < span.end <= len(text) for span in each.annotation.spans)


def test_what_models_predict_keeps_its_name_space_on_the_way_back(labels):
    text, annotation = marked(labels, "[Sami](PERS id=s1) went", annotator="tagger-0.1")

    outcome = read(labels, text, exported(text, tasks.results(tasks.namespaced(annotation), text, page_of(labels))))

    assert [each.id for each in outcome.believed[0].annotation.spans] == ["tagger-0_1-s1"]


# What others exported

OTHERS = SHARED / "data" / "labelstudio_exports"


def sample(folder, name):
    """Return an export as a case of a test, which is left out where ../shared is not there."""
    path = folder / name
    return pytest.param(path, id=name, marks=pytest.mark.skipif(not path.is_file(), reason=f"{name} is not there"))


MADE = [
    # Two tasks of a project that is none of ours, on people that are invented, as Label Studio 1.23.2 exported them:
    # JSON, JSON-MIN and the page of /api/tasks.
    sample(REPOSITORY / "tests" / "fixtures" / "exports", "json.json"),
    sample(REPOSITORY / "tests" / "fixtures" / "exports", "json-min.json"),
    sample(REPOSITORY / "tests" / "fixtures" / "exports", "tasks.json"),
]
FOUND = [
    sample(OTHERS, "biographynet/export_json_full.json"),
    sample(OTHERS, "biographynet/export_json_min.json"),
    sample(OTHERS, "kiji_predictions/sample_predictions.json"),
    sample(OTHERS, "ls_converter_fixtures/csv_test.json"),
    sample(OTHERS, "ls_converter_fixtures/csv_test2.json"),
    sample(OTHERS, "ls_converter_fixtures/csv_test_history.json"),
    sample(OTHERS, "ls_converter_fixtures/data.json"),
]


@pytest.mark.parametrize("path", [*MADE, *FOUND])
def test_exports_of_other_projects_are_quarantined_and_never_crash(labels, path):
    content = path.read_bytes()
    reading = Reading(page_of(labels), who, lambda _: None)

    try:
        found = tasks_of(content, path.name)
    except BadRecord:
        found = [content]

    for raw in found:
        outcome = read_task(raw, reading)
        assert not outcome.believed
        assert len(outcome.away) == 1


@pytest.mark.parametrize("path", [MADE[0], FOUND[0]])
def test_the_offsets_of_a_real_export_are_believed_in_its_own_text(labels, path):
    task = json.loads(path.read_bytes())[0]
    text = task["data"]["text"]
    items = [item for item in task["annotations"][0]["result"] if item["type"] == "labels"]
    for item in items:
        item |= {"from_name": "entity", "to_name": "text"}
        item["value"]["labels"] = ["PERS"]
    task["data"] = {"article": "open-1", "sha256": digest(text), "view_sha256": "", "text": tasks.substituted(text)}
    task["annotations"][0]["result"] = items
    known = Known(article_of(text), text, open=True)

    outcome = read_task(json.dumps(task).encode(), Reading(page_of(labels), who, lambda _: known))

    assert len(outcome.believed[0].annotation.spans) + len(outcome.away) == len(items) > 5
    assert not outcome.away
