"""Texts come back from whatever a user has: into a checkout, or beside a release that stays sealed."""

import gzip
import io
import json
import os
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import khabar
from conftest import SHARED, add_decisions, add_gold, add_judgement
from khabar.errors import BadRecord, BadText, Changed, NotFound, Withheld
from khabar.ingest import theirs as theirs_module
from khabar.ingest.restore import missing, search, wanted
from khabar.ingest.theirs import theirs
from khabar.ingest.web.html import decoded, text_of
from khabar.ingest.web.warc import kept
from khabar.loading import streaming, verify
from khabar.loading.overlay import alone, keep, read
from khabar.model.layout import TEXTS_FILE as TEXTS
from khabar.model.restored import Restored
from khabar.model.text import digest, salted_digest
from khabar.release.beside import write
from khabar.release.build import build
from khabar.release.tables import CONFIGS
from khabar.store import Corpus

CLOSED = (
    "[Quicksilver [Port Sami](GPE id=e1 entity=e1 sense=gov) opens a library](HEADLINE)\n"
    "[The mayor of [Port Sami](GPE id=e2 entity=e1 sense=loc) [said](CUE id=c1) [[Leila Haddad](PERS id=e3 entity=e3)]"
    '(SOURCE id=s1 entity=e3) to [readers](ADDRESSEE id=a1): ["we read"](QUOTE id=q1 type=direct marked=true '
    "HAS_SOURCE=s1 HAS_CUE=c1 HAS_ADDRESSEE=a1)](BODY role=lead)\n"
    "[The harbour has waited for it since the great storm, [Omar Nour](PERS id=e4 entity=e4) writes](BODY)"
)
OPEN = "[Everybody was there on that day](BODY)"


@pytest.fixture
def full(corpus):
    add_gold(corpus, "open", "a", OPEN)
    add_gold(corpus, "closed", "b", CLOSED)
    add_judgement(corpus, "closed-b", "a7", CLOSED)
    add_decisions(corpus, "closed-b")
    return corpus


@pytest.fixture
def text(full):
    return full.stored_text(full.article("closed-b"))


@pytest.fixture
def release(full, text):
    """A release, after whose building the checkout lost the text."""
    folder = build(full, "1.0.0", lambda: 0)
    (full.root / "corpus" / "closed" / "closed-b.txt").unlink()
    return folder


@pytest.fixture
def have(tmp_path):
    folder = tmp_path / "mine" / "deep" / "down"
    folder.mkdir(parents=True)
    return folder


def found_in(corpus, *paths):
    return list(search(wanted(corpus), theirs(paths)))


# Into a checkout


def test_a_file_of_any_name_is_known_by_its_digest(release, full, text, have, khabar_here):
    (have / "whatever").write_text(text, encoding="utf-8", newline="")
    (have / "image.png").write_bytes(b"\x89PNG\0")

    status, out, err = khabar_here("--root", full.root, "restore", "--from", have.parent.parent)

    assert (status, out) == (0, "closed-b\n")
    assert "1 texts put back, 0 still withheld" in err
    assert missing(Corpus(full.root)) == []


def test_a_text_that_was_changed_here_is_put_back_like_one_that_is_missing(release, full, text, have, khabar_here):
    (full.root / "corpus" / "closed" / "closed-b.txt").write_text("broken", encoding="utf-8")
    (have / "copy of it.dat").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())

    with pytest.raises(Changed, match="a text never changes, restore it"):
        full.text(full.article("closed-b"))
    khabar_here("--root", full.root, "restore", "--from", have)

    assert Corpus(full.root).text(full.article("closed-b")) == text


def test_a_text_that_is_needed_and_not_there_is_asked_for(release, full):
    with pytest.raises(Withheld, match="khabar restore --from FOLDER"):
        full.needed_text(full.article("closed-b"))


def test_changed_white_space_is_put_back_and_told(release, full, text, have, khabar_here):
    (have / "a.txt").write_bytes(text.replace(" ", "\N{NO-BREAK SPACE}").replace("\n", "\r\n").encode())

    status, out, _ = khabar_here("--root", full.root, "restore", "--from", have)

    assert (status, out) == (0, "closed-b  (odd spaces made spaces)\n")
    assert Corpus(full.root).text(full.article("closed-b")) == text


def test_a_text_that_drifted_is_reported_and_not_taken(release, full, text, have, khabar_here):
    (have / "a.txt").write_text(text.replace("Omar", "Umar"), encoding="utf-8")

    status, out, err = khabar_here("--root", full.root, "restore", "--from", have)

    assert status == 1
    assert "drifted (words changed)" in out
    assert "2 lost" in out
    assert "closed-b:154-163: lost: its words are gone [PERS e4]" in out
    assert "0 texts put back, 1 still withheld (1 drifted)" in err
    assert len(missing(Corpus(full.root))) == 1


def test_a_checkout_takes_no_text_that_drifted(release, full, text, have, khabar_here):
    (have / "a.txt").write_text(text.replace("Omar", "Umar"), encoding="utf-8")

    status, _, err = khabar_here("--root", full.root, "restore", "--from", have, "--accept-drift")

    assert status == 2
    assert "a checkout holds the very texts" in err


def test_a_text_of_other_words_under_the_right_name_is_no_text_of_ours(release, full, have, khabar_here):
    (have / "closed-b.txt").write_text("Nothing of this was ever printed in any paper at all", encoding="utf-8")

    status, out, err = khabar_here("--root", full.root, "restore", "--from", have)

    assert (status, out) == (1, "")
    assert "closed-b: nothing there has the text" in err


def test_the_very_text_is_taken_before_one_that_drifted(release, full, text, have):
    (have / "a.txt").write_text(text.replace("Omar", "Umar"), encoding="utf-8")
    (have / "b.txt").write_text(text, encoding="utf-8")

    (found,) = found_in(full, have)

    assert (found.place, found.drift) == (str(have / "b.txt"), None)


def test_of_two_that_drifted_the_one_with_more_spans_is_told(release, full, text, have):
    (have / "a.txt").write_text(text.replace("Omar", "Umar").replace("Leila", "Layla"), encoding="utf-8")
    (have / "b.txt").write_text(text.replace("Omar", "Umar"), encoding="utf-8")

    (found,) = found_in(full, have)

    assert found.place == str(have / "b.txt")


# What a user has


@pytest.mark.parametrize("name", ["index.csv", "index.jsonl"])
def test_an_index_says_what_a_file_is(release, full, text, have, name):
    lost_lines = "Port Sami\n" + text.split("\n")[1].replace("The mayor", "A mayor")
    (have / "x.dat").write_text(lost_lines, encoding="utf-8")
    line = {"id": "closed-b", "url": "", "digest": "", "file": "x.dat", "more": "1"}
    (have / name).write_text(
        json.dumps(line) + "\n\n"
        if name.endswith("jsonl")
        else "\ufeff" + ",".join(line) + "\n" + ",".join(line.values()),
        encoding="utf-8",
    )

    (found,) = found_in(full, have / name)

    assert found.drift.moved > 0
    assert found_in(full, have / "x.dat") == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("i.csv", "id,file\nclosed-b,gone.txt\n", r"i.csv:2: gone.txt is no file"),
        ("i.csv", "id,url\nclosed-b,x\n", r"i.csv:2: .*required field `file`"),
        ("i.jsonl", '{"file": "a.txt"}\n\n{"file"', r"i.jsonl:3: "),
        ("i.jsonl", '{"file": 3}\n', r"i.jsonl:1: Expected `str`"),
        ("i.csv", "id,file\n\udcff,a.txt\n", r"i.csv:\d: .*utf-8"),
    ],
)
def test_an_index_that_is_none_gets_one_line(have, name, content, message):
    (have / "a.txt").write_text("words", encoding="utf-8")
    (have / name).write_text(content, encoding="utf-8", errors="surrogateescape")

    with pytest.raises(BadRecord, match=message):
        list(theirs([have / name]))


def page_of(text, charset="utf-8"):
    """Return a page of the web with a text in its blocks, under a menu and over an imprint."""
    head, *rest = text.split("\n")
    body = "".join(f"<p>\n  {line.replace(' said ', ' <b>said</b>  ')}</p>" for line in rest)
    return (
        f'<html><head><meta charset="{charset}"><title>{head}</title><style>p {{}}</style></head>'
        f"<body><nav><ul><li>Home<li>World</ul></nav><h1>{head}</h1><script>var x = 1</script>{body}"
        "<footer>All rights reserved</footer></body></html>"
    )


def record(url, content, kind="response", said="application/http; msgtype=response"):
    """Return a record of a WARC."""
    from fastwarc.warc import WarcRecord, WarcRecordType

    made, raw = WarcRecord(), io.BytesIO()
    made.init_headers(record_type=getattr(WarcRecordType, kind))
    made.headers["WARC-Target-URI"] = url
    made.headers["Content-Type"] = said
    made.set_bytes_content(content)
    made.write(raw)
    return raw.getvalue()


def answer(body, *more, status="200 OK"):
    """Return what a server answers."""
    return "\r\n".join([f"HTTP/1.1 {status}", *more, "", ""]).encode() + body


def warc(pages, *, compressed=True):
    """Return a WARC with pages by address: bytes, content type."""
    records = (
        record(url, answer(body, f"Content-Type: {kind}", f"Content-Length: {len(body)}"))
        for url, (body, kind) in pages.items()
    )
    return b"".join(gzip.compress(each) if compressed else each for each in records)


def test_a_page_is_read_line_by_block():
    page = page_of("A  headline\nShe said that\nand\N{NO-BREAK SPACE}more &amp; more")

    assert text_of(page).split("\n") == [
        *("Home", "World", "A headline", "She said that", "and\N{NO-BREAK SPACE}more & more", "All rights reserved")
    ]
    assert text_of("") == text_of("<script>x</script>") == ""
    assert text_of("a<br>b<div>c</div>d<table><tr><td>e<td>f</table>") == "a\nb\nc\nd\ne\nf"


def test_the_letters_of_a_page_are_utf_8_or_what_is_declared_or_unknown():
    arabic = "قال الوزير"
    cp1256 = arabic.encode("windows-1256")

    assert decoded(arabic.encode(), "windows-1256") == arabic
    assert decoded(cp1256, "windows-1256") == arabic
    assert decoded(b"<meta charset='windows-1256'>" + cp1256).endswith(arabic)
    with pytest.raises(BadText, match="declares utf-8, which it is not either: convert it"):
        decoded(b'<meta http-equiv="x" content="text/html; charset=utf-8">' + cp1256)
    with pytest.raises(BadText, match="declares no charset"):
        decoded(cp1256)
    with pytest.raises(BadText, match="declares no-such, which it is not"):
        decoded(cp1256, "no-such")
    for odd in ("undefined", "idna", "rot13", "a\0b"):
        with pytest.raises(BadText, match="which it is not either: convert it"):
            decoded(cp1256, odd)


@pytest.mark.parametrize("compressed", [True, False])
def test_an_archive_has_the_text_in_a_page_with_more_around_it(release, full, text, have, compressed):
    pages = {
        "https://x.y/other": (page_of("Other\nwords of nobody").encode(), "text/html"),
        "https://x.y/b?id=1": (page_of(text).encode(), "text/html; charset=utf-8"),
        "https://x.y/plain": (b"plain words", "text/plain"),
        "https://x.y/image": (b"\x89PNG", "image/png"),
    }
    (have / "a.warc.gz").write_bytes(warc(pages, compressed=compressed))

    (found,) = found_in(full, have)

    assert found.place.endswith("a.warc.gz: https://x.y/b?id=1")
    assert found.drift.lost == 0
    assert found.drift.kinds == ("text added",)


def test_an_archive_with_the_plain_text_is_known_by_digest_and_one_that_breaks_off_is_told(release, full, text, have):
    raw = warc({"https://x.y/b": (text.encode(), "text/plain; charset=utf-8")})
    (have / "a.warc.gz").write_bytes(raw)
    (have / "b.warc").write_bytes(b"no archive\r\n\r\n")
    unread = warc({"https://x.y/c": ("قال".encode("windows-1256"), "text/html")})
    (have / "c.warc.gz").write_bytes(unread)

    (found,) = found_in(full, have)
    told = [each for each in theirs([have]) if each.text is None]

    assert (found.text, found.drift) == (text, None)
    assert [each.problem.partition(":")[0] for each in told][-1] == "it is not UTF-8, and declares no charset"
    with pytest.raises(BadText, match="is it a WARC, and whole"):
        list(kept(have / "b.warc", 1 << 20))


HTML = "Content-Type: text/html; charset=utf-8"
PARAGRAPH = b"<p>words of a page</p>"
RECORDS = {
    "plain": (record("https://x.y/", answer(PARAGRAPH, HTML)), ["words of a page"]),
    "in chunks": (
        record(
            "https://x.y/",
            answer(b"5\r\n<p>wo\r\n11\r\nrds of a page</p>\r\n0\r\n\r\n", HTML, "Transfer-Encoding: chunked"),
        ),
        ["words of a page"],
    ),
    "said to be in chunks": (
        record("https://x.y/", answer(PARAGRAPH, HTML, "Transfer-Encoding: chunked")),
        [None],
    ),
    "compressed": (
        record("https://x.y/", answer(gzip.compress(PARAGRAPH), HTML, "Content-Encoding: gzip")),
        ["words of a page"],
    ),
    "said to be compressed": (record("https://x.y/", answer(PARAGRAPH, HTML, "Content-Encoding: gzip")), [None]),
    "in half a chunk": (
        record("https://x.y/", answer(b"ff\r\n<p>wo", HTML, "Transfer-Encoding: chunked")),
        [None],
    ),
    "a resource": (record("https://x.y/", PARAGRAPH, "resource", "text/html"), ["words of a page"]),
    "an address in brackets": (record("<https://x.y/>", answer(PARAGRAPH, HTML)), ["words of a page"]),
    "an address with a space": (record("https://x.y/a b", answer(PARAGRAPH, HTML)), ["words of a page"]),
    "not found": (record("https://x.y/", answer(PARAGRAPH, HTML, status="404 Not Found")), []),
    "moved": (record("https://x.y/", answer(b"", "Location: https://x.z/", status="301 Moved Permanently")), []),
    "a request": (
        record("https://x.y/", b"GET / HTTP/1.1\r\n\r\n", "request", "application/http; msgtype=request"),
        [],
    ),
    "seen before": (record("https://x.y/", answer(b"", HTML), "revisit"), []),
    "about itself": (record("", b"software: none\r\n", "warcinfo", "application/warc-fields"), []),
    "no page": (record("https://x.y/", answer(b"\x89PNG", "Content-Type: image/png")), []),
    "of no kind": (record("https://x.y/", answer(PARAGRAPH)), []),
    "empty": (record("https://x.y/", b""), []),
}


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
@pytest.mark.parametrize("name", RECORDS)
def test_records_of_any_kind_are_read_or_passed_over_and_end_no_archive(have, name, packed):
    raw, expected = RECORDS[name]
    last = record("https://x.y/last", answer(b"<p>the last one", HTML))
    (have / "a.warc.gz").write_bytes(packed(raw) + packed(last))

    told = [(each.url, each.text) for each in kept(have / "a.warc.gz", 1 << 20)]

    assert [text for _, text in told] == [*expected, "the last one"]
    assert all(url.startswith("https://x.y/") for url, _ in told)


@pytest.mark.parametrize(
    ("left", "said"), [(1, "Invalid WARC header"), (-30, "it has "), (-10, "bytes: is the archive whole?")]
)
def test_of_an_archive_that_breaks_off_what_came_before_is_read_and_the_rest_told(have, left, said):
    one = RECORDS["plain"][0]
    (have / "a.warc").write_bytes(one + one[:left])

    whole, broken = theirs([have])

    assert whole.text == "words of a page"
    assert broken.text is None
    assert said in broken.problem


@pytest.mark.parametrize("charset", ["utf-8", "windows-1256", "iso-8859-6"])
def test_pages_are_read_in_what_they_are_written_in_or_told(have, charset):
    arabic = "\N{ARABIC LETTER QAF}\N{ARABIC LETTER ALEF}\N{ARABIC LETTER LAM}"
    bare = f"<p>{arabic}</p>".encode(charset)
    (have / "a.warc.gz").write_bytes(
        warc(
            {
                "server": (bare, f"text/html; charset={charset}"),
                "page": (f'<meta charset="{charset}">'.encode() + bare, "text/html"),
                "quoted": (bare, f'text/html; charset="{charset.upper()}"'),
                "nobody": (bare, "text/html"),
                "wrong": (bare, "text/html; charset=utf-8"),
            }
        )
    )

    told = {each.url: each.text or each.problem for each in kept(have / "a.warc.gz", 1 << 20)}

    assert {told[name] for name in ("server", "page", "quoted")} == {arabic}
    if charset == "utf-8":
        assert told["nobody"] == told["wrong"] == arabic
    else:
        assert told["nobody"].startswith("it is not UTF-8, and declares no charset")
        assert told["wrong"].startswith("it is not UTF-8, and declares utf-8, which it is not either")


def test_the_archives_that_others_keep_are_read_or_told():
    folder = SHARED / "data" / "warcio_warc" / "test" / "data"
    if not folder.is_dir():
        pytest.skip("no archives beside the repository")

    told = list(theirs([path for path in sorted(folder.iterdir()) if ".warc" in path.name]))

    assert sum("Example Domain" in (each.text or "") for each in told) >= 5
    assert all(each.text or each.problem for each in told)


def test_arabic_archives_are_read_in_what_they_are_written_in_or_told():
    path = SHARED / "data" / "arabic_warc" / "arabic_sample.warc.gz"
    if not path.is_file():
        pytest.skip("no archives beside the repository")

    by_page = {}
    for each in kept(path, 1 << 20):
        by_page.setdefault(each.url.partition("?")[0], []).append(each)

    for pages in by_page.values():
        texts = {each.text for each in pages if each.text is not None}
        assert len(texts) == 1, "every encoding gives one text"
        assert all("it is not UTF-8" in each.problem for each in pages if each.text is None)
    assert any(each.problem for pages in by_page.values() for each in pages)


def test_a_page_in_letters_of_nobody_ends_no_archive(have):
    pages = {
        "https://x.y/a": (
            "<p>caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode("latin-1"),
            "text/html; charset=undefined",
        ),
        "https://x.y/b": (b"<p>words", "text/html"),
    }
    (have / "a.warc.gz").write_bytes(warc(pages))

    told = [(each.url[-1], each.text, "undefined" in each.problem) for each in kept(have / "a.warc.gz", 1 << 20)]

    assert told == [("a", None, True), ("b", "words", False)]


@pytest.mark.parametrize(("name", "module"), [("a.html", "selectolax.lexbor"), ("a.warc.gz", "fastwarc.warc")])
def test_without_their_readers_pages_and_archives_end_in_one_line(full, have, khabar_here, name, module):
    (have / name).write_bytes(b"<p>words")

    with patch.dict(sys.modules, {module: None}):
        status, _, err = khabar_here("--root", full.root, "restore", "--from", have)

    assert (status, "pip install 'khabar[pages]'" in err) == (2, True)


def test_what_is_too_large_to_be_an_article_is_not_read(release, full, text, have, monkeypatch):
    monkeypatch.setattr(theirs_module, "LARGEST", 100)
    (have / "a.txt").write_text(text, encoding="utf-8", newline="")
    (have / "a.warc.gz").write_bytes(warc({"https://x.y/b": (text.encode(), "text/plain")}))

    (told,) = theirs([have])

    assert (told.text, told.problem) == (None, f"it has {len(text)} bytes, an article 100 at most: is it one?")


# Beside a release


def test_a_release_stays_sealed_and_is_loaded_with_the_texts_beside_it(release, text, have, tmp_path, khabar_here):
    (have / "a.txt").write_text(text, encoding="utf-8", newline="")
    mine = tmp_path / "texts"

    status, out, _ = khabar_here("restore", release, "--from", have, "--to", mine)

    assert (status, out) == (0, "closed-b\n")
    assert list(verify(release)) == []
    for config in CONFIGS:
        bare = khabar.load(release, config)["train"]
        full = khabar.load(release, config, texts=mine)["train"]
        assert len(bare) == len(full)
        for old, new in zip(bare, full, strict=True):
            closed = "closed-b" in (old.get("article"), old["id"])
            assert (new.pop("text_sha256") is not None) == closed
            if not closed or config == "decisions":
                assert new == old
            elif "sha256" in new:
                assert new.get("text", text) == text
            else:
                assert new["text"] == text[new["start"] : new["end"]]
                assert new["text"] is not None
    (quote,) = khabar.load(release, "quotes", texts=mine)["train"]
    assert "Leila Haddad to readers" in quote["context_text"]
    (tokens,) = (each for each in khabar.load(release, "entities", texts=mine)["train"] if each["id"] == "closed-b")
    assert tokens["tokens"][:3] == ["Quicksilver", "Port", "Sami"]
    names = khabar.load(release, "entities")["train"].features["tags"].feature.names
    assert [names[each] for each in tokens["tags"][:3]] == ["O", "B-GPE", "I-GPE"]
    assert (quote["source_text"], quote["cues"][0]["text"]) == ("Leila Haddad", "said")


@pytest.mark.parametrize("config", list(CONFIGS))
def test_a_stream_fills_in_what_load_fills_in(release, mine, config, monkeypatch):
    monkeypatch.setattr(streaming, "ROWS", 1)  # an article's rows lie in several batches

    told = khabar.load(release, config, texts=mine)["train"]
    rows = list(khabar.stream(release, config, texts=mine))

    same = [name for name, kind in told.features.items() if name.startswith(("text", "start", "sha", "id", "article"))]
    assert [{name: row[name] for name in same} for row in rows] == told.select_columns(same).to_list()
    assert "text_sha256" in same
    assert any(row["text_sha256"] for row in rows)


def test_a_signature_says_that_texts_were_filled_in_and_which(release, mine, text):
    bare = khabar.signature(release, "quotes", "train")
    full = khabar.signature(release, "quotes", "train", texts=mine)
    (mine / TEXTS).write_bytes((mine / TEXTS).read_bytes().replace(b"great storm", b"great flood"))

    assert re.fullmatch(re.escape(bare) + r"\|texts:[0-9a-f]{8}", full)
    with pytest.raises(BadRecord, match="the text of closed-b was changed"):
        khabar.signature(release, "quotes", "train", texts=mine)


def test_a_text_that_drifted_is_loaded_once_it_is_accepted_and_says_so(release, text, have, tmp_path, khabar_here):
    drifted = "Banner\n" + text.replace("Omar", "Umar").replace("Leila", "Layla")
    (have / "a.txt").write_text(drifted, encoding="utf-8", newline="")
    mine = tmp_path / "texts"

    refused, *_ = khabar_here("restore", release, "--from", have, "--to", mine)
    assert refused == 1
    assert not mine.exists()
    status, out, _ = khabar_here("restore", release, "--from", have, "--to", mine, "--accept-drift", "--json")

    assert status == 0
    report = json.loads(out)
    assert {each["id"] for each in report["spans"] if each.get("to") is None} >= {"e3", "e4", "s1"}
    (row,) = [each for each in khabar.load(release, texts=mine)["train"] if each["id"] == "closed-b"]
    assert row["text"] == drifted
    assert row["length"] == len(drifted)
    assert row["text_sha256"] == report["text_sha256"] != row["sha256"]
    names = {each["id"]: drifted[each["start"] : each["end"]] for each in row["entities"]}
    assert names == {"e1": "Port Sami", "e2": "Port Sami"}
    (quote,) = [each for each in row["quotes"] if each["id"] == "q1"]
    assert {each["label"] for each in quote["relations"]} == {"HAS_CUE", "HAS_ADDRESSEE"}
    (quote,) = khabar.load(release, "quotes", texts=mine)["train"]
    assert (quote["text"], quote["source_text"], quote["source_start"]) == ('"we read"', None, None)
    for each in (quote, *quote["cues"], *quote["addressees"]):
        assert each["digest"] == salted_digest(row["sha256"], drifted[each["start"] : each["end"]])
    (judged,) = [each for each in khabar.load(release, "judgements", texts=mine)["train"] if each["id"] == "closed-b"]
    assert [drifted[each["start"] : each["end"]] for each in judged["entities"]] == ["Port Sami", "Port Sami"]
    assert "a7/e4" in {each["id"] for each in report["spans"] if each.get("to") is None}
    assert list(verify(release)) == []


def test_spans_that_moved_together_are_told_together(release, full, text, have, khabar_here):
    (have / "a.txt").write_text("Banner\n" + text.replace("Omar", "Umar"), encoding="utf-8")

    _, out, _ = khabar_here("--root", full.root, "restore", "--from", have)

    assert re.search(r"^closed-b:0-100: moved by \+7: \d+ spans$", out, re.MULTILINE)


@pytest.mark.usefixtures("cache")
def test_a_release_is_called_by_its_name_where_it_was_downloaded(release, text, have, tmp_path, khabar_here):
    khabar.download(str(release))
    (have / "a.txt").write_text(text, encoding="utf-8", newline="")

    status, out, err = khabar_here("restore", "khabar@1.0.0", "--from", have, "--to", tmp_path / "texts")

    assert (status, out) == (0, "closed-b\n"), err
    rows = {row["id"]: row for row in khabar.load("khabar@1.0.0", texts=tmp_path / "texts")["train"]}
    assert rows["closed-b"]["text"] == text


def test_a_second_restore_adds_to_the_first(release, text, have, tmp_path, khabar_here):
    mine = tmp_path / "texts"
    (have / "a.txt").write_text(text.replace("Omar", "Umar"), encoding="utf-8", newline="")
    khabar_here("restore", release, "--from", have, "--to", mine, "--accept-drift")
    (have / "a.txt").write_text(text, encoding="utf-8", newline="")

    status, *_ = khabar_here("restore", release, "--from", have, "--to", mine)

    assert status == 0
    assert len((mine / TEXTS).read_bytes().splitlines()) == 1
    rows = {each["id"]: each for each in khabar.load(release, texts=mine)["train"]}
    assert rows["closed-b"]["text_sha256"] == rows["closed-b"]["sha256"]


def test_nothing_is_written_into_a_release(release, text, have, khabar_here):
    (have / "a.txt").write_text(text, encoding="utf-8", newline="")

    status, _, err = khabar_here("restore", release, "--from", have, "--to", release / "texts")
    assert (status, "which is sealed: name a folder beside it" in err) == (1, True)
    status, _, err = khabar_here("restore", release, "--from", have)
    assert (status, "pass --to FOLDER" in err) == (2, True)
    assert list(verify(release)) == []


def test_texts_that_were_changed_or_are_of_another_release_fill_nothing(release, text, have, tmp_path, khabar_here):
    (have / "a.txt").write_text(text, encoding="utf-8", newline="")
    mine = tmp_path / "texts"
    khabar_here("restore", release, "--from", have, "--to", mine)
    raw = (mine / TEXTS).read_bytes()

    (mine / TEXTS).write_bytes(raw.replace(b"Omar", b"Umar"))
    with pytest.raises(BadRecord, match="the text of closed-b was changed"):
        khabar.load(release, texts=mine)
    other = json.loads(raw)
    (mine / TEXTS).write_text(json.dumps(other | {"sha256": "0" * 64}), encoding="utf-8")
    with pytest.raises(Changed, match="restore the text for this release"):
        khabar.load(release, texts=mine)
    with pytest.raises(Changed, match="restore the text for this release"):
        khabar.load(release, "regions", texts=mine)
    moved = other | {"text": "Banner " + text, "text_sha256": digest("Banner " + text), "places": [[0, 37, 0]]}
    (mine / TEXTS).write_text(json.dumps(moved), encoding="utf-8")
    with pytest.raises(NotFound, match="has no rows of these texts"):
        khabar.load(release, "regions", texts=mine)
    with pytest.raises(Changed, match="closed-b:0-37: the text has other words there"):
        write(release, read(mine), mine)
    (mine / TEXTS).write_bytes(b"{}")
    with pytest.raises(BadRecord, match=r"texts.jsonl:1: "):
        khabar.load(release, texts=mine)
    shutil.rmtree(mine)
    with pytest.raises(NotFound, match="put texts there with"):
        khabar.load(release, texts=mine)


def forged(path, column, value):
    """Set a column of a Parquet file to one value, and leave the sums as they were."""
    table = pq.read_table(path, partitioning=None)
    new = pa.array([value] * len(table), table.schema.field(column).type)
    pq.write_table(table.set_column(table.schema.get_field_index(column), table.schema.field(column), new), path)


@pytest.fixture
def mine(release, text, have, tmp_path, khabar_here):
    """A folder with the texts of a release and their rows."""
    (have / "a.txt").write_text(text, encoding="utf-8", newline="")
    khabar_here("restore", release, "--from", have, "--to", tmp_path / "texts")
    return tmp_path / "texts"


@pytest.mark.parametrize(
    "break_", [lambda path: forged(path, "rights_holder", "me"), lambda path: os.truncate(path, 99)]
)
def test_of_a_release_that_is_not_sound_nothing_is_restored_and_nothing_filled(
    release, mine, have, khabar_here, break_
):
    (shard,) = release.glob("data/articles/train/*.parquet")
    before = (mine / TEXTS).stat().st_mtime_ns

    break_(shard)
    status, _, err = khabar_here("restore", release, "--from", have, "--to", mine)

    assert (status, len(err.splitlines())) == (2, 1)
    assert "the manifest says" in err
    assert (mine / TEXTS).stat().st_mtime_ns == before
    with pytest.raises(BadRecord, match=r"train/batch-\d+.parquet .* the manifest says"):
        khabar.load(release, "quotes", texts=mine)


@pytest.mark.parametrize("config", ["articles", "judgements"])
def test_rows_that_were_edited_beside_a_release_fill_nothing(release, mine, config):
    (path,) = mine.glob(f"rows/*/{config}/train.parquet")
    khabar.load(release, config, texts=mine)

    forged(path, "license", "CC0-1.0")

    with pytest.raises(BadRecord, match="it is not what was made with these texts: restore the texts again"):
        khabar.load(release, config, texts=mine)


def test_rows_that_were_made_for_another_release_are_not_taken_under_the_name_of_this_one(release, mine):
    (path,) = mine.glob("rows/*/made.json")
    told = json.loads(path.read_bytes())
    path.write_text(json.dumps(told | {"content": "0" * 64}), encoding="utf-8")

    with pytest.raises(BadRecord, match="it is of other texts or another release"):
        khabar.load(release, texts=mine)


def test_texts_of_another_release_in_the_same_folder_change_nothing_for_the_first(release, mine, text):
    other = "Words of another corpus"
    keep(mine, [Restored(article="elsewhere-1", sha256=digest(other), text_sha256=digest(other), text=other)])

    rows = {row["id"]: row for row in khabar.load(release, texts=mine)["train"]}

    assert rows["closed-b"]["text"] == text
    assert len((mine / TEXTS).read_bytes().splitlines()) == 2


def test_texts_that_are_kept_at_once_are_all_kept(tmp_path):
    def one(number):
        words = f"text {number}"
        with alone(tmp_path):
            keep(
                tmp_path, [Restored(article=f"x-{number}", sha256=digest(words), text_sha256=digest(words), text=words)]
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(32)))

    assert len(read(tmp_path)) == 32
    assert [path.name for path in tmp_path.iterdir()] == [TEXTS]
