"""Whatever is given to ``khabar check`` ends in findings or in one line: no traceback, no hang, bounded memory."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conftest import REPOSITORY, SHARED, add_gold
from khabar.campaign.page import Page
from khabar.campaign.tasks import results, task
from khabar.model.nested import nested
from khabar.release.build import build
from khabar.store import Corpus
from mangled import DEEP, mangled

GOLD = "annotations/gold/fanar/fanar-20260314-1.json"
FOREIGN = (REPOSITORY / "tests" / "fixtures" / "exports", SHARED / "data" / "labelstudio_exports")
EXPORTS = [path for folder in FOREIGN for path in sorted(folder.rglob("*.json"))]
FINDING = re.compile(r"[^\n]+: (error|warning): [^\n]+ \[[a-z-]+\]( https?://\S+)?")
ENDED = re.compile(r"(khabar: [^\n]+|\d+ annotations checked[^\n]*: \d+ errors, \d+ warnings)\n")
LONGEST = 2000
"""Characters of a line that a person can still read."""
FUZZ = settings(
    max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The corpus of the project, to be spoilt."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("annotations", "corpus"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("campaigns"))
    return root


def exported(corpus, key):
    """Return an export of one task with the gold of an article as its annotation."""
    article = corpus.article(key)
    text, gold = corpus.needed_text(article), corpus.gold_of(article)
    told = task(article, text)
    said = results(gold, text, Page(corpus.labels, gold.layers))
    annotation = {"id": 5, "completed_by": 7, "result": said, "was_cancelled": False}
    data = {name: getattr(told, name) for name in told.__struct_fields__}
    return json.dumps([{"id": 3, "project": 2, "data": data, "annotations": [annotation]}], ensure_ascii=False).encode()


def bearable(outcome):
    """Make sure that an outcome is one that a person can use."""
    status, findings, told = outcome
    assert status in (0, 1, 2)
    assert ENDED.fullmatch(told), told
    lines = findings.split("\n")[:-1]
    assert all(FINDING.fullmatch(line) for line in lines), findings
    assert all(len(line) < LONGEST for line in (*lines, told))
    assert status or not any(": error: " in line for line in lines)
    return status


def judged(khabar_here, root, path, content):
    path.write_bytes(content)
    return bearable(khabar_here("--root", root, "check", path))


@FUZZ
@given(st.data())
def test_mangled_gold_is_a_finding_or_a_line(checkout, tmp_path, khabar_here, data):
    content = data.draw(mangled((REPOSITORY / GOLD).read_bytes()))

    judged(khabar_here, checkout, tmp_path / Path(GOLD).name, content)


@FUZZ
@given(st.data())
def test_a_mangled_export_is_a_finding_or_a_line(checkout, tmp_path, khabar_here, data):
    content = data.draw(mangled(exported(Corpus(checkout), Path(GOLD).stem)))

    judged(khabar_here, checkout, tmp_path / "export.json", content)


@settings(FUZZ, max_examples=30)
@given(st.data())
def test_a_mangled_export_of_another_project_is_a_finding_or_a_line(checkout, tmp_path, khabar_here, data):
    small = [path for path in EXPORTS if path.stat().st_size < 20_000]
    content = data.draw(mangled(data.draw(st.sampled_from(small)).read_bytes()))

    assert judged(khabar_here, checkout, tmp_path / "export.json", content)


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
def test_exports_of_other_projects_are_not_believed(checkout, khabar_here, path):
    assert bearable(khabar_here("--root", checkout, "check", path))


@FUZZ
@given(st.binary(max_size=60))
@example(DEEP.encode())
@example(b"[NaN]")
@example(b'[{"id":1,"id":2,"data":{},"annotations":[]}]')
def test_any_bytes_are_a_finding_or_a_line(checkout, tmp_path, khabar_here, content):
    for ending in ("json", "parquet"):
        assert judged(khabar_here, checkout, tmp_path / f"any.{ending}", content)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"headline": {"entity": {"f1": NaN}}}', b'{"headline": 1}', b"\xff"])
def test_agreement_that_is_none_gets_a_line(checkout, khabar_here, content):
    folder = checkout / "annotations" / "campaigns" / "one"
    folder.mkdir(parents=True)
    (folder / "campaign.toml").write_bytes(b"")
    (folder / "agreement.json").write_bytes(content)

    try:
        status, _, told = khabar_here("--root", checkout, "check")
    finally:
        shutil.rmtree(folder)

    assert status == 2
    assert told.startswith("khabar: annotations/campaigns/one/agreement.json: ")
    assert told.count("\n") == 1


def test_a_key_said_twice_is_found_and_never_dropped(checkout, tmp_path, khabar_here):
    content = (REPOSITORY / GOLD).read_bytes()
    twice = content.replace(b'"label":"HEADLINE"', b'"label":"AD","label":"HEADLINE"', 1)
    assert twice != content

    status, findings, _ = khabar_here("--root", checkout, "check", "--fix", _written(tmp_path, twice))

    assert status == 2
    assert "an object has the key 'label' twice, readers differ on which holds: keep one [record-reads]" in findings
    assert (tmp_path / Path(GOLD).name).read_bytes() == twice


def _written(folder, content):
    path = folder / Path(GOLD).name
    path.write_bytes(content)
    return path


BY_HAND = (
    *("corpus/sources.toml", "corpus/fanar/articles.jsonl", "corpus/splits/test.txt", "annotations/labels.toml"),
    *("annotations/waivers.toml", "annotations/floors.toml", "corpus/fanar/fanar-20260314-1.txt"),
)


@pytest.mark.parametrize("name", BY_HAND)
@settings(FUZZ, max_examples=12)
@given(st.data())
def test_a_mangled_file_of_the_corpus_is_a_finding_or_a_line(checkout, khabar_here, name, data):
    path = checkout / name
    before = path.read_bytes() if path.is_file() else None
    content = data.draw(mangled(before or b"") | st.binary(max_size=30))
    try:
        path.write_bytes(content)
        bearable(khabar_here("--root", checkout, "check"))
    finally:
        path.write_bytes(before) if before is not None else path.unlink()


# Parquet


@pytest.fixture(scope="module")
def rows(checkout):
    """The gold of two articles of the project in the published schema, one of them withheld."""
    corpus = Corpus(checkout)
    return pa.concat_tables(nested(each) for each in corpus.batches(islice(corpus.gold(), 2)))


def _raw(*values):
    return pa.array(values, pa.binary()).view(pa.string())


def no_utf8(table):
    """Put bytes that are no UTF-8 into the texts."""
    return _with(table, "text", _raw(b"\xff\xfe", b"\xc3"))


def _with_digests(table, raw):
    """Put bytes into the texts, with their own digest and length."""
    digests = pa.array([hashlib.sha256(each).hexdigest() for each in raw])
    changed = _with(_with(table, "text", _raw(*raw)), "sha256", digests)
    return _with(changed, "length", pa.array([max(len(each) - 1, 1) for each in raw], pa.int32()))


def _field_twice(column):
    array = column.combine_chunks()
    values = array.flatten()
    fields = [values.field(number) for number in range(values.type.num_fields)]
    doubled = pa.StructArray.from_arrays([*fields, fields[0]], names=[*values.type.names, values.type.names[0]])
    return pa.ListArray.from_arrays(array.offsets, doubled)


def _with(table, name, column):
    place = table.schema.get_field_index(name)
    return table.set_column(place, pa.field(name, column.type), column)


def _spans(table, name, change):
    """Change the spans of a layer as Python lists; Arrow guesses the types."""
    return _with(table, name, pa.array([change(each) for each in table[name].to_pylist()]))


ODD = {
    "texts that are no UTF-8": no_utf8,
    "texts that break inside a character": lambda table: _with_digests(table, [b"a\xd9", b"\x84b"]),
    "an id that is no UTF-8": lambda table: _with(table, "id", _raw(b"\xff", b"a")),
    "a license that is no UTF-8": lambda table: _with(table, "license", _raw(b"\xff", b"\xd9")),
    "texts that are no UTF-8 and say so": lambda table: _with_digests(table, [b"\xff\xfe", b"\xc3"]),
    "a column that is there twice": lambda table: table.append_column("id", table["id"]),
    "a layer that is there twice": lambda table: table.append_column(table.schema.field("quotes"), table["quotes"]),
    "a span's field that is there twice": lambda table: _with(table, "entities", _field_twice(table["entities"])),
    "no rows": lambda table: table.slice(0, 0),
    "an id that is null": lambda table: _with(table, "id", pa.array([None, "b"])),
    "ids that are numbers": lambda table: _with(table, "id", pa.array([1, 2])),
    "a list that is null": lambda table: _spans(table, "entities", lambda spans: None if len(spans) > 70 else spans),
    "a span that is null": lambda table: _spans(table, "entities", lambda spans: [*spans, None]),
    "an offset that is null": lambda table: _spans(table, "entities", lambda spans: [{**spans[0], "start": None}]),
    "offsets that are no numbers": lambda table: _spans(table, "entities", lambda spans: [{**spans[0], "end": "x"}]),
    "a huge offset": lambda table: _spans(table, "entities", lambda spans: [{**spans[0], "end": 2**40}]),
    "a negative offset": lambda table: _spans(table, "entities", lambda spans: [{**spans[0], "start": -5}]),
    "a label that is null": lambda table: _spans(table, "regions", lambda spans: [{**spans[0], "label": None}]),
    "a relation that is null": lambda table: _spans(
        table, "quotes", lambda spans: [{**each, "relations": [None]} for each in spans]
    ),
    "relations that are null": lambda table: _spans(
        table, "quotes", lambda spans: [{**each, "relations": None} for each in spans]
    ),
    "no relations": lambda table: _spans(
        table, "quotes", lambda spans: [{n: v for n, v in each.items() if n != "relations"} for each in spans]
    ),
    "a layer of numbers": lambda table: _with(table, "quotes", pa.array([1, 2])),
    "a length that is negative": lambda table: _with(table, "length", pa.array([-1, -(2**31)], pa.int32())),
    "a digest of something else": lambda table: _with(table, "sha256", pa.array(["", "\N{ARABIC LETTER BEH}" * 5000])),
    "layers that are null": lambda table: _with(table, "layers", pa.array([None, ["entity"]])),
    "layers that there are not": lambda table: _with(table, "layers", pa.array([[], ["\n\x1b[31m"]])),
    "names with line ends": lambda table: _with(table, "id", pa.array(["a\nb", "\x1b[2J\N{RIGHT-TO-LEFT OVERRIDE}"])),
}


@pytest.mark.parametrize("odd", ODD)
def test_parquet_of_odd_values_is_a_finding_or_a_line(checkout, rows, tmp_path, khabar_here, odd):
    path = tmp_path / "odd.parquet"
    pq.write_table(ODD[odd](rows), path)

    assert bearable(khabar_here("--root", checkout, "check", path))


def test_parquet_in_other_types_of_the_same_sense_is_read(checkout, rows, tmp_path, khabar_here):
    wide = _with(
        _with(rows, "text", rows["text"].cast(pa.large_string())), "source", rows["source"].dictionary_encode()
    )
    pq.write_table(wide, tmp_path / "wide.parquet")

    assert bearable(khabar_here("--root", checkout, "check", tmp_path / "wide.parquet")) == 0


@settings(FUZZ, max_examples=30)
@given(st.data())
def test_mangled_bytes_of_parquet_are_a_finding_or_a_line(checkout, rows, tmp_path, khabar_here, data):
    path = tmp_path / "rows.parquet"
    pq.write_table(rows, path, write_page_checksum=True)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1) | st.integers(max(len(content) - 3000, 0), len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))

    judged(khabar_here, checkout, path, bytes(content))


@pytest.mark.parametrize("end", [0, -100])
def test_damaged_parquet_anywhere_in_a_release_is_a_finding_that_names_the_file(corpus, khabar_here, end):
    add_gold(corpus, "open", "a", "[[Port Sami](GPE sense=gov) opens](BODY)")
    add_gold(corpus, "closed", "b", "[[Leila Haddad](PERS) was there](BODY)")
    release = build(corpus, "0.1.0", lambda: 0)
    path = release / "data" / "entities" / "train" / "batch-0000.parquet"
    path.write_bytes(path.read_bytes()[:end])

    status, out, _ = khabar_here("--root", corpus.root, "check", release, "--format", "json")

    assert status == 1
    assert [each["file"] for each in map(json.loads, out.splitlines()) if each["check"] == "record-reads"] == [
        str(path)
    ]


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_texts_that_are_not_those_of_a_release_s_articles_are_found(corpus, khabar_here, kept):
    for name in ("a", "b"):
        add_gold(corpus, "open", name, f"[[Port {name}](GPE) opens](HEADLINE)")
    assert khabar_here("--root", corpus.root, "release", "build", "--version", "1.0.0")[0] == 0
    (texts,) = corpus.dist.glob("1.0.0/data/texts/*/*.parquet")
    rows = pq.read_table(texts, partitioning=None)
    pq.write_table(rows.take(pa.array([1, 0][:kept], pa.int64())), texts)

    assert bearable(khabar_here("--root", corpus.root, "check", corpus.dist / "1.0.0")) == 2


# What is too long


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/stdin"])
def test_a_device_is_no_annotation_and_is_not_read_for_ever(checkout, khabar_here, path):
    assert bearable(khabar_here("--root", checkout, "check", path)) == 2


MEGABYTES = 100
LONG = {
    "annotation.json": (b'{"article": "', b"a", b'"}'),
    "nested.json": (b"", b"[", b""),
    "export.json": (b'[{"id": 1, "data": {"text": "', b"a", b'"}}]'),
    "spans.json": (b'{"spans": [', b"0,", b"0]}"),
}


@pytest.mark.parametrize("name", LONG)
def test_a_line_of_a_hundred_megabytes_takes_bounded_memory(checkout, tmp_path, name):
    begin, middle, end = LONG[name]
    path = tmp_path / name
    path.write_bytes(begin + middle * (MEGABYTES * 2**20 // len(middle)) + end)

    with subprocess.Popen(
        [sys.executable, "-m", "khabar", "--root", checkout, "check", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        findings, told = process.stdout.read(), process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)

    assert bearable((process.returncode, findings, told)) == 2
    assert used.ru_maxrss * 1024 < (200 + 5 * MEGABYTES) * 2**20
