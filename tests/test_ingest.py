import subprocess

import msgspec
import pytest

from khabar.errors import BadRecord, BadText, Busy, NotFound
from khabar.ingest.articles import Intake, identity_of, ingest
from khabar.ingest.splits import SHARES, assign, split_of
from khabar.store import Corpus

TEXT = "A \N{GRINNING FACE} page\nof two lines"


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page-1.txt"
    path.write_text(TEXT, encoding="utf-8", newline="")
    return path


def take(corpus, *paths, source="open"):
    return list(ingest(corpus, Intake(corpus.source(source)), paths))


def test_a_page_becomes_a_record_and_a_text_with_one_digest(corpus, page):
    (outcome,) = take(corpus, page)

    again = Corpus(corpus.root).article("open-page-1")
    assert outcome.new
    assert outcome.article == again
    assert again.length == len(TEXT)
    assert Corpus(corpus.root).text(again) == TEXT


def test_the_same_file_twice_changes_nothing(corpus, page):
    take(corpus, page)
    before = {path: path.read_bytes() for path in corpus.root.rglob("*") if path.is_file()}

    (outcome,) = take(Corpus(corpus.root), page)

    assert (outcome.new, outcome.message) == (False, "")
    assert {path: path.read_bytes() for path in corpus.root.rglob("*") if path.is_file()} == before


def test_a_changed_file_is_refused_and_the_corpus_left_alone(corpus, page):
    take(corpus, page)
    page.write_text(TEXT + "!", encoding="utf-8")

    (outcome,) = take(corpus, page)

    assert outcome.article is None
    assert "a text never changes, give the corrected one a new name" in outcome.message
    assert corpus.text(corpus.article("open-page-1")) == TEXT


def test_one_text_under_two_names_is_one_article(corpus, page):
    take(corpus, page)
    twin = page.with_name("twin.txt")
    twin.write_text(TEXT, encoding="utf-8", newline="")

    (outcome,) = take(corpus, twin)

    assert (outcome.new, outcome.article.id) == (False, "open-page-1")
    assert "already there as open-page-1" in outcome.message


def test_what_cannot_be_taken_gets_one_line_and_the_rest_goes_on(corpus, tmp_path, page):
    bad = {
        "bytes.txt": b"\xe7",
        "empty.txt": b"",
        "nul.txt": b"a\0",
        "long.txt": b"x" * 20_001,
        "page.doc": b"a",
        "\N{ARABIC LETTER BEH}.txt": b"fine",
    }
    folder = tmp_path / "bad"
    folder.mkdir()
    for name, raw in bad.items():
        (folder / name).write_bytes(raw)

    outcomes = take(corpus, folder, page)

    refused = [each for each in outcomes if each.article is None]
    assert len(refused) == len(bad)
    assert all(each.message.startswith(str(each.path)) and "\n" not in each.message for each in refused)
    assert [each.id for each in corpus.articles] == ["open-page-1"]


def test_a_byte_order_mark_and_foreign_line_ends_are_removed_and_said(corpus, tmp_path):
    path = tmp_path / "dos.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo")

    (outcome,) = take(corpus, path)

    assert outcome.article.changes == ("byte order mark removed", "line ends made LF")
    assert "byte order mark removed" in outcome.message
    assert corpus.text(outcome.article) == "one\ntwo"


def test_a_text_of_an_offsets_only_source_cannot_be_committed(corpus, page):
    take(corpus, page, source="closed")
    subprocess.run(["git", "init", "-q"], cwd=corpus.root, check=True)

    seen = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"],
        cwd=corpus.root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert "corpus/closed/articles.jsonl" in seen
    assert "closed-page-1.txt" not in seen


def test_articles_of_one_story_share_a_split_and_never_move(corpus, tmp_path):
    for number in range(40):
        path = tmp_path / f"p{number}.txt"
        path.write_text(f"page {number}", encoding="utf-8")
        list(ingest(corpus, Intake(corpus.source("open"), story=f"story-{number // 4}"), [path]))
    first = assign(corpus)
    later = tmp_path / "late.txt"
    later.write_text("a late page", encoding="utf-8")
    list(ingest(corpus, Intake(corpus.source("open"), story="story-0"), [later]))

    second = assign(Corpus(corpus.root))

    stories = {key: corpus.article(key).story for key in first}
    assert len({(stories[key], split) for key, split in first.items()}) == 10
    assert second == {"open-late": first["open-p0"]}
    assert Corpus(corpus.root).splits == {**first, **second}


def test_stories_fall_on_splits_by_their_shares():
    drawn = [split_of(f"story {number}") for number in range(4000)]

    for split, share in SHARES.items():
        assert abs(drawn.count(split) / 4000 - share) < 0.02


def test_a_list_whose_last_line_an_editor_left_open_is_continued_on_a_new_line(corpus, tmp_path, page):
    take(corpus, page)
    assign(corpus)
    for path in (*corpus.root.glob("corpus/splits/*.txt"), *corpus.root.glob("corpus/open/articles.jsonl")):
        path.write_bytes(path.read_bytes().rstrip(b"\n"))
    second = tmp_path / "second.txt"
    second.write_text("Another page", encoding="utf-8")

    fresh = Corpus(corpus.root)
    take(fresh, second)
    assign(fresh)

    again = Corpus(corpus.root)
    assert [each.id for each in again.articles] == ["open-page-1", "open-second"]
    assert set(again.splits) == {"open-page-1", "open-second"}


def test_two_ingests_at_once_do_not_mix(corpus, page):
    with corpus.alone(corpus.corpus_folder), pytest.raises(Busy, match="another khabar writes there now"):
        take(Corpus(corpus.root), page)


def test_a_date_that_is_none_is_refused_and_nothing_taken(corpus, page):
    (outcome,) = ingest(corpus, Intake(corpus.source("open"), published="31 March\n2026"), [page])

    assert outcome.article is None
    assert "a date is YYYY-MM-DD" in outcome.message
    assert list(Corpus(corpus.root).articles) == []


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../../escaped"},
        {"id": "open-a\n"},
        {"published": "2026-01-01\n"},
        {"length": 9999999999},
        {"length": 0},
        {"sha256": "abc"},
        {"published": "soon"},
    ],
)
def test_a_record_that_could_not_have_been_ingested_is_refused(corpus, page, change):
    take(corpus, page)
    path = corpus.root / "corpus" / "open" / "articles.jsonl"
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | change) + b"\n")

    with pytest.raises(BadRecord, match=r"articles.jsonl:1: .*: mend it, or take it from git again"):
        list(Corpus(corpus.root).articles)


@pytest.mark.parametrize("name", ["page\n", "two words", "../page", "x" * 100])
def test_a_name_that_cannot_be_an_id_is_refused(corpus, name):
    with pytest.raises(BadText, match="cannot be an id"):
        identity_of(corpus.source("open"), name)


def test_an_unknown_source_is_named_with_those_there_are(corpus):
    with pytest.raises(NotFound, match="there are: open, closed"):
        corpus.source("opne")


def test_a_record_that_is_no_record_gets_its_line_number(corpus, page):
    take(corpus, page)
    path = corpus.root / "corpus" / "open" / "articles.jsonl"
    path.write_bytes(path.read_bytes() + msgspec.json.encode({"id": 3}) + b"\n")

    with pytest.raises(Exception, match=r"corpus/open/articles.jsonl:2: ") as error:
        list(Corpus(corpus.root).articles)

    assert "\n" not in str(error.value)
