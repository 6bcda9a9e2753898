"""Every check is seen silent on good data and firing on bad: annotated text in line, one table."""

import unicodedata

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import FIXTURES, cases, findings, numbered
from conftest import add_gold, add_judgement
from khabar import checks
from khabar.checks import parquet
from khabar.checks.kinds import LOOSE
from khabar.checks.nesting import nesting
from khabar.checks.view import View
from khabar.model import inline
from khabar.model.annotation import Annotation, Relation, Span, canonical, with_words, withheld
from khabar.model.article import Article, Source
from khabar.model.finding import Level, Severity
from khabar.model.nested import nested
from khabar.model.records import Annotated, batch
from khabar.model.text import digest
from khabar.store import Corpus
from naive import naive

SOURCE = Source(id="open", outlet="", license="CC-BY-4.0", rights_holder="", redistribute="text", provenance="authored")

CLOSED = msgspec.structs.replace(SOURCE, redistribute="offsets")

EXAMPLES = [(name, kind, number, case) for name in checks.CHECKS for kind, number, case in numbered(cases(name))]


def judged(labels, annotation, text, source=SOURCE, record=None):
    record = record or annotation.sha256
    length = max((span.end for span in annotation.spans), default=0) if text is None else len(text)
    article = Article(id="open-a", sha256=record, length=length, file="a.txt")
    return checks.run(batch(labels, [Annotated(article, source, text, canonical(annotation, labels.layer_names))]))


def only(findings, name):
    return [each for each in findings if each.check == name]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: f"{each[0]}-{each[1]}-{each[2]}")
def test_a_check_is_silent_on_what_is_valid_and_marks_what_is_broken(corpus, example):
    name, _, _, case = example

    found = only(findings(corpus, case), name)

    assert [each.words for each in found] == case.words
    assert all(part in each.message for part, each in zip(case.says, found, strict=False))


@pytest.mark.parametrize("name", list(checks.CHECKS))
def test_every_check_has_a_valid_and_a_broken_fixture(name):
    fixture = cases(name)

    assert fixture.valid, f"{FIXTURES / name}.toml has no valid case"
    assert fixture.broken, f"{FIXTURES / name}.toml has no broken case"
    assert not any(case.words for case in fixture.valid)
    assert all(case.words for case in fixture.broken)


def test_every_fixture_is_of_a_check():
    assert {path.stem for path in FIXTURES.glob("*.toml")} == set(checks.CHECKS)


def test_an_article_is_judged_alike_alone_and_among_others(labels):
    rows, alone = [], []
    texts = [case.text for _, _, _, case in EXAMPLES if case.text is not None]
    for number, marked in enumerate(texts):
        for end in ("", "\n", "\n\n", " "):
            found = inline.read(marked + end, labels)
            name = f"open-{number:03}{len(rows)}"
            annotation = found.annotation(labels, name)
            article = Article(id=name, sha256=digest(found.text), length=len(found.text), file="a.txt")
            source, text = (CLOSED, None) if number % 7 == 3 else (SOURCE, found.text)
            rows.append(Annotated(article, source, text, annotation))
            alone += checks.run(batch(labels, rows[-1:]))

    together = checks.run(batch(labels, rows))

    assert together == alone


def test_every_check_says_its_rule_and_why():
    for check in checks.CHECKS.values():
        assert check.summary.endswith("."), check.name
        assert check.why, check.name


def test_another_text_under_an_annotation_is_found_with_the_text_and_without(labels):
    annotation = inline.read("[Sami](PERS)", labels).annotation(labels, "open-a")

    for text in ("Samy", None):
        (finding,) = judged(labels, annotation, text, CLOSED, record=digest("Samy"))
        assert finding.check == "text-unchanged"
        assert str(finding).startswith("open-a: error: annotated text is ")
    assert judged(labels, annotation, "Sami") == []


def test_a_text_that_may_be_published_is_at_hand(labels):
    annotation = inline.read("[Sami](PERS)", labels).annotation(labels, "open-a")
    hidden = withheld(annotation, "Sami", labels.words_attributes)

    assert [each.check for each in judged(labels, annotation, None)] == ["text-at-hand"]
    assert judged(labels, hidden, None, CLOSED) == []


def test_a_record_of_another_length_is_found_and_hides_no_offset(labels):
    annotation = inline.read("[Sami](PERS)", labels).annotation(labels, "open-a")
    article = Article(id="open-a", sha256=digest("Sami"), length=9999, file="a.txt")

    (finding,) = checks.run(batch(labels, [Annotated(article, SOURCE, "Sami", annotation)]))

    assert (finding.check, finding.message) == ("text-unchanged", "the record says 9999 characters, the text has 4")


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (2, 2), (3, 1), (0, 6), (5, 6), (2**31 - 1, -(2**31))])
def test_offsets_outside_the_text_are_found_and_hurt_no_other_check(labels, start, end):
    for text in ("Sami!", None):
        base = inline.read("[Sami](PERS)!", labels).annotation(labels, "open-a")
        span = msgspec.structs.replace(base.spans[0], start=start, end=end, digest="0123456789abcdef")
        annotation = msgspec.structs.replace(base, spans=(span,), sha256=digest("Sami!"))
        article = Article(id="open-a", sha256=digest("Sami!"), length=5, file="a.txt")

        findings = checks.run(batch(labels, [Annotated(article, CLOSED, text, annotation)]))

        assert [each.check for each in findings] == ["span-in-text"]


def test_repeated_words_give_a_shifted_offset_away(labels):
    text = "\N{GRINNING FACE} Sami Najjar"
    base = inline.read("\N{GRINNING FACE} [Sami](PERS) [Najjar](PERS)", labels)
    annotation = with_words(base.annotation(labels, "open-a"), text)
    shifted = msgspec.structs.replace(annotation.spans[1], start=8, end=14)

    assert judged(labels, annotation, text) == []
    findings = judged(labels, msgspec.structs.replace(annotation, spans=(annotation.spans[0], shifted)), text)

    assert [(each.check, each.words) for each in findings] == [("span-marks-its-words", "ajjar")] or [
        each.check for each in findings
    ] == ["span-in-text"]


def test_a_digest_gives_a_shifted_offset_away_and_words_are_not_told(labels):
    closed = CLOSED
    text = "Sami Najjar"
    plain = inline.read("[Sami](PERS norm=Sami) Najjar", labels).annotation(labels, "open-a")
    hidden = withheld(plain, text, labels.words_attributes)
    shifted = msgspec.structs.replace(hidden, spans=(msgspec.structs.replace(hidden.spans[0], end=3),))

    assert judged(labels, hidden, text, closed) == []
    assert [each.check for each in judged(labels, shifted, text, closed)] == ["span-marks-its-words"]
    assert [each.check for each in judged(labels, plain, text, closed)] == ["words-withheld"]
    assert [each.check for each in judged(labels, with_words(hidden, text), text, closed)] == ["words-withheld"]


@pytest.mark.parametrize(
    "change",
    [
        {"attributes": {"entity": "\N{ARABIC LETTER MEEM}"}},
        {"attributes": {"norm": "sha256:Sami"}},
        {"attributes": {"norm": "sha256:0123456789abcdef and more"}},
        {"id": "Sami Najjar"},
        {"digest": "Sami"},
        {"digest": None},
    ],
)
def test_words_of_a_withheld_text_slip_in_nowhere(labels, change):
    hidden = withheld(inline.read("[Sami](PERS)", labels).annotation(labels, "open-a"), "Sami", labels.words_attributes)
    changed = msgspec.structs.replace(hidden, spans=(msgspec.structs.replace(hidden.spans[0], **change),))

    assert [each.check for each in judged(labels, changed, None, CLOSED)] == ["words-withheld"]


def test_crossing_spans_of_one_layer_are_found_and_of_two_layers_are_not(labels):
    def annotation(*spans):
        return Annotation(
            article="open-a",
            sha256=digest("one two three"),
            scheme=labels.version,
            annotator="a1",
            kind="person",
            layers=("entity", "quote"),
            spans=tuple(Span(start=s, end=e, layer=layer, label=label, id=i) for s, e, layer, label, i in spans),
        )

    crossing = annotation((0, 7, "entity", "ORG", "a"), (4, 13, "entity", "GPE", "b"))
    apart = annotation((0, 7, "entity", "ORG", "a"), (4, 13, "quote", "CUE", "b"))

    assert [(f.check, f.span) for f in judged(labels, crossing, "one two three")] == [("layer-nests", "b")]
    assert judged(labels, apart, "one two three") == []


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), max_size=12))
def test_nesting_agrees_with_the_definition(pairs):
    start = np.array([s for s, _ in pairs], dtype=np.int64)
    end = np.array([s + n for s, n in pairs], dtype=np.int64)

    found = nesting(start, end)

    crossing = {(i, j) for i in range(len(pairs)) for j in range(len(pairs)) if start[i] < start[j] < end[i] < end[j]}
    assert {int(j) for j in np.flatnonzero(found.crossed >= 0)} <= {j for _, j in crossing}
    assert bool(crossing) == bool((found.crossed >= 0).any())
    assert all((int(found.crossed[j]), j) in crossing for j in np.flatnonzero(found.crossed >= 0).tolist())
    if not crossing:
        order = sorted(range(len(pairs)), key=lambda i: (start[i], -end[i], i))
        for place, i in enumerate(order):
            holds = [j for j in order[:place] if start[j] <= start[i] and end[i] <= end[j]]
            assert found.depth[i] == len(holds)


def test_an_article_that_breaks_the_form_is_not_judged_by_the_scheme(labels):
    bad = inline.read("[Sami ](PERS)[it](QUOTE)", labels)

    findings = judged(labels, bad.annotation(labels, "open-a"), bad.text)

    assert [each.check for each in findings] == ["span-trimmed"]


def test_findings_come_in_order_of_article_place_and_check(labels):
    rows = []
    for name in ("open-b", "open-a"):
        found = inline.read("[Nour ](PERS)[Sami ](PERS x=y)", labels)
        article = Article(id=name, sha256=digest(found.text), length=len(found.text), file="")
        rows.append(Annotated(article, SOURCE, found.text, found.annotation(labels, name)))

    findings = checks.run(batch(labels, rows))

    assert [(f.article, f.start, f.check) for f in findings] == [
        (name, start, check)
        for name in ("open-b", "open-a")
        for start, check in ((0, "span-trimmed"), (5, "attribute-known"), (5, "span-trimmed"))
    ]
    assert all(each.severity is Severity.ERROR for each in findings)


def test_an_empty_batch_and_an_empty_annotation_have_no_findings(labels):
    empty = Annotation(
        article="open-a",
        sha256=digest("words"),
        scheme=labels.version,
        annotator="a1",
        kind="person",
        layers=("entity", "quote"),
        spans=(),
        relations=(),
    )

    assert checks.run(batch(labels, [])) == []
    assert judged(labels, empty, "words") == []
    lonely = msgspec.structs.replace(empty, relations=(Relation("a", "HAS_CUE", "b"),))
    assert [each.check for each in judged(labels, lonely, "words")] == ["relation-has-ends"]


WORDS = [
    "Sami",
    " ",
    "\n",
    '"',
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}",
    "\N{GRINNING FACE}",
    ".",
    "\N{ARABIC LETTER WAW}",
]
WORDS += [
    "\N{ARABIC LETTER BEH}",
    "\N{ARABIC TATWEEL}",
    "\N{ARABIC KASRA}",
    "\N{RIGHT-TO-LEFT MARK}",
    "\N{ARABIC LETTER MEEM}",
]


@st.composite
def untidy(draw, labels):
    """A text and an annotation of it in which much is wrong, and much is right."""
    text = "".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=25)))
    spans = []
    if draw(st.booleans()):
        begin = 0
        for line in text.split("\n"):
            if line and draw(st.integers(0, 5)):
                label = draw(st.sampled_from(["BODY", "RELATED"]))
                spans.append(Span(start=begin, end=begin + len(line), layer="region", label=label, id=f"r{begin}"))
            begin += len(line) + 1
    for number in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, len(text)))
        layer, label, attributes = draw(
            st.sampled_from(
                [
                    ("entity", "PERS", {}),
                    ("entity", "GPE", {"sense": "gov"}),
                    ("entity", "GPE", {"sense": "org"}),
                    ("entity", "ORG", {"norm": "x"}),
                    ("quote", "QUOTE", {"type": "direct", "source": "none"}),
                    ("quote", "QUOTE", {"type": "indirect"}),
                    ("quote", "QUOTE", {}),
                    ("quote", "SOURCE", {}),
                    ("quote", "SCARE", {"kind": "term"}),
                    ("quote", "SCARE", {"marked": True}),
                    ("entity", "CUE", {}),
                ]
            )
        )
        words = draw(st.sampled_from([None, None, text[start:end], "other"]))
        name = draw(st.sampled_from([f"s{number}", f"s{number}", "s0"]))
        spans.append(Span(start=start, end=end, layer=layer, label=label, id=name, attributes=attributes, text=words))
    names = [span.id for span in spans if span.layer == "quote"] + ["nobody"]
    link = st.builds(
        Relation, st.sampled_from(names), st.sampled_from(["HAS_SOURCE", "HAS_CUE"]), st.sampled_from(names)
    )
    annotation = Annotation(
        article="open-a",
        sha256=digest(text),
        scheme=labels.version,
        annotator="a1",
        kind="person",
        layers=draw(st.sampled_from([labels.layer_names, ("entity", "quote"), ("region",)])),
        spans=tuple(spans),
        relations=tuple(draw(st.lists(link, max_size=2))),
    )
    return canonical(annotation, labels.layer_names), text


@settings(max_examples=400)
@given(st.data())
def test_the_checks_agree_with_the_same_rules_written_as_a_plain_loop(labels, data):
    some = [data.draw(untidy(labels)) for _ in range(3)]
    rows = [
        Annotated(Article(id=f"open-{n}", sha256=a.sha256, length=len(text), file=""), SOURCE, text, a)
        for n, (a, text) in enumerate(some)
    ]

    findings = checks.examine(batch(labels, rows), Level.SCHEME).findings

    apart = {"layer-nests", "label-not-in-itself", "relation-once"}  # these have tests of their own
    for number, (annotation, text) in enumerate(some):
        ours = {
            (each.check, each.start, each.end, each.span)
            for each in findings
            if each.article == f"open-{number}" and each.check not in apart
        }
        twins = {each for each in ours if each[0] == "marks-accounted" and each[3]}  # one span, two kinds of quotation
        assert ours - twins == naive(annotation, text, labels), (annotation, text)


AWKWARD = (
    "ab \n\N{ARABIC LETTER ALEF}\N{ARABIC LETTER WAW}\N{ARABIC HAMZA ABOVE}\N{ARABIC MADDAH ABOVE}\N{ARABIC SHADDA}"
    "\N{ARABIC FATHA}\N{ARABIC LETTER ALEF WITH HAMZA ABOVE}\N{COMBINING ACUTE ACCENT}\N{COMBINING CEDILLA}e"
    "\N{ANGSTROM SIGN}\N{HANGUL CHOSEONG KIYEOK}\N{HANGUL JUNGSEONG A}\N{HANGUL SYLLABLE GA}"
    "\N{HANGUL JONGSEONG KIYEOK}\N{KAITHI LETTER DDA}\N{KAITHI SIGN NUKTA}\N{GRINNING FACE}"
)


@given(st.lists(st.text(AWKWARD, min_size=1, max_size=6), min_size=1, max_size=4))
def test_the_quick_check_of_normal_form_agrees_with_unicode(labels, texts):
    rows = []
    for number, text in enumerate(texts):
        annotation = inline.read("", labels).annotation(labels, f"open-{number}")
        annotation = msgspec.structs.replace(annotation, sha256=digest(text), layers=())
        article = Article(id=annotation.article, sha256=digest(text), length=len(text), file="a.txt")
        rows.append(Annotated(article, SOURCE, text, annotation))

    found = {each.article for each in only(checks.run(batch(labels, rows)), "text-composed")}

    assert found == {
        f"open-{number}" for number, text in enumerate(texts) if not unicodedata.is_normalized("NFC", text)
    }


def test_every_code_point_is_judged_composed_as_unicode_judges_it(labels):
    planes = [range(0xD800), range(0xE000, 0x10000), range(0x10000, 0x20000)]
    singles = [chr(code) for plane in planes for code in plane]
    texts = [f"e{each}" for each in singles]
    view = View(batch(labels, [Annotated(*_plain(labels, "".join(texts)))]))

    loose = {texts[place // 2] for place in view.places(LOOSE).tolist()}

    assert {each for each in texts if not unicodedata.is_normalized("NFC", each)} <= loose
    assert len(loose) < 10_000


def _plain(labels, text):
    annotation = msgspec.structs.replace(
        inline.read("", labels).annotation(labels, "open-a"), sha256=digest(text), layers=()
    )
    return Article(id="open-a", sha256=digest(text), length=len(text), file="a.txt"), SOURCE, text, annotation


def test_an_invisible_joiner_hides_no_letter_before_a_span(labels):
    found = inline.read("\N{ARABIC LETTER MEEM}\N{ZERO WIDTH NON-JOINER}[\N{ARABIC LETTER MEEM}](GPE)", labels)

    findings = judged(labels, found.annotation(labels, "open-a"), found.text)

    assert [each.check for each in findings] == ["proclitic-outside"]


CLUSTERED = (
    "ab \N{ARABIC LETTER ALEF}\N{ARABIC SHADDA}\N{ARABIC FATHA}\N{DEVANAGARI LETTER KA}\N{DEVANAGARI VOWEL SIGN AA}"
    "\N{COMBINING ACUTE ACCENT}\N{WOMAN}\N{MICROSCOPE}\N{EMOJI MODIFIER FITZPATRICK TYPE-5}\N{VARIATION SELECTOR-16}"
    "\N{REGIONAL INDICATOR SYMBOL LETTER E}\N{COMBINING ENCLOSING KEYCAP}\N{HANGUL SYLLABLE GA}"
    "\N{WAVING BLACK FLAG}\N{TAG LATIN SMALL LETTER G}\N{CANCEL TAG}"
)


@given(st.text(CLUSTERED, min_size=1, max_size=12), st.data())
def test_characters_are_whole_where_unicode_says_so(labels, text, data):
    text = unicodedata.normalize("NFC", text)
    edges = [0, *(each.end() for each in regex.finditer(r"\X", text))]
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    base = msgspec.structs.replace(inline.read("[x](PERS)", labels).annotation(labels, "open-a"), sha256=digest(text))
    annotation = msgspec.structs.replace(base, spans=(msgspec.structs.replace(base.spans[0], start=start, end=end),))

    cut = only(judged(labels, annotation, text), "span-on-whole-characters")

    assert bool(cut) == (start not in edges or end not in edges)


def test_a_flag_that_is_made_of_tags_is_no_invisible_edge(labels):
    scotland = "\N{WAVING BLACK FLAG}\N{TAG LATIN SMALL LETTER G}\N{TAG LATIN SMALL LETTER B}\N{CANCEL TAG}"
    found = inline.read(f"[{scotland}](GPE)x", labels)

    assert judged(labels, found.annotation(labels, "open-a"), found.text) == []


def test_several_processes_find_what_one_finds_in_the_same_order(corpus, tmp_path, monkeypatch):
    for number in range(4):
        add_gold(corpus, "open", f"a{number}", f"[[Port {number} ](GPE)opens](HEADLINE)\n[[Sami](PERS) came](BODY)")
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.concat_tables(nested(each) for each in corpus.batches(corpus.gold())), path, row_group_size=1)
    monkeypatch.setattr(parquet, "ROWS", 1)  # in this process, which says what the others judge
    monkeypatch.setattr(parquet, "WORTH_PROCESSES", dict.fromkeys(Level, 2))

    alone, together = ([*checks.judge(corpus, [path], jobs)] for jobs in (1, 2))

    assert [part.findings for part in together] == [part.findings for part in alone]
    assert [each.article for part in alone for each in part.findings if each.check == "span-trimmed"] == [
        f"open-a{number}" for number in range(4)
    ]


def test_a_row_group_that_is_larger_than_a_batch_is_judged_slice_by_slice(corpus, tmp_path, monkeypatch):
    for number in range(5):
        add_gold(corpus, "open", f"a{number}", f"[[Port {number} ](GPE)opens](HEADLINE)\n[[Sami](PERS) came](BODY)")
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.concat_tables(nested(each) for each in corpus.batches(corpus.gold())), path)

    whole = [each for part in checks.judge(corpus, [path]) for each in part.findings]
    monkeypatch.setattr(parquet, "ROWS", 2)
    sliced = [*checks.judge(corpus, [path])]

    assert [each for part in sliced for each in part.findings] == whole
    assert sum(part.annotations for part in sliced) == 5


@pytest.mark.parametrize("name", ["decisions", "exports"])
def test_gold_of_a_source_that_is_called_like_a_folder_of_ours_is_checked(corpus, name):
    path = corpus.corpus_folder / "sources.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[open]", f"[{name}]"), encoding="utf-8")
    corpus = Corpus(corpus.root)
    add_gold(corpus, name, "a", "[[Port Sami ](GPE)opens](HEADLINE)")

    found = [each.check for part in checks.judge(corpus, []) for each in part.findings]

    assert "span-trimmed" in found


def test_what_a_checkout_keeps_beside_annotations_is_none(corpus):
    article = add_gold(corpus, "open", "a", "[Nothing was said](BODY)")
    add_judgement(corpus, article, "exports", "[Nothing was said](BODY)", "decisions")
    campaign, annotations = corpus.campaign("decisions"), corpus.root / "annotations"
    for path in (
        campaign / "exports" / "0001" / "all" / "page-0001.json",
        annotations / "decisions" / "open" / "a.json",
    ):
        path.parent.mkdir(parents=True)
        path.write_text("[]", encoding="utf-8")
    gold, said = corpus.gold_files()[0], campaign / "annotations" / "exports" / f"{article}.json"

    assert corpus.annotation_files(annotations) == sorted([gold, said])
    assert corpus.annotation_files(campaign) == [said]
