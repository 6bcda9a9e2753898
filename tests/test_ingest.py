import subprocess
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.errors import BadRecord, BadText, Busy, NotFound
from khabar.ingest.articles import Intake, identity_of, ingest
from khabar.ingest.splits import SHARES, Story, assign, dealt
from khabar.store import SPLITS, Corpus

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


@st.composite
def stories(draw):
    names = draw(st.lists(st.text("abcdef", min_size=1, max_size=6), unique=True, max_size=60))
    return [Story(name, draw(st.integers(1, 4)), draw(st.booleans())) for name in names]


def counted(every, splits, *, withheld):
    """Return the articles of each split among those that are withheld, or are not."""
    return {
        split: sum(each.articles for each in every if each.withheld == withheld and splits[each.name] == split)
        for split in SPLITS
    }


@given(stories())
def test_each_kind_of_article_has_its_share_of_every_split_within_one_story(every):
    splits = dealt(every, {})

    assert set(splits) == {each.name for each in every}
    for withheld in (False, True):
        held = counted(every, splits, withheld=withheld)
        largest = max((each.articles for each in every if each.withheld == withheld), default=0)
        for split, share in SHARES.items():
            assert abs(held[split] - share / 10 * sum(held.values())) <= largest


@given(stories(), st.data())
def test_splits_depend_on_what_is_there_and_not_on_its_order(every, data):
    shuffled = data.draw(st.permutations(every))

    assert dealt(shuffled, {}) == dealt(every, {})


@given(stories(), st.data())
def test_what_has_a_split_keeps_it_and_what_comes_later_makes_up_for_it(every, data):
    first = data.draw(st.lists(st.sampled_from(every), unique=True)) if every else []
    taken = {each.name: data.draw(st.sampled_from(SPLITS)) for each in first}

    given_ = dealt(every, taken)

    assert set(given_) == {each.name for each in every} - set(taken)
    # Where a split has more than its share already, it gets nothing while another lacks more.
    for withheld in (False, True):
        before = counted(first, taken, withheld=withheld)
        total = sum(counted(every, {**taken, **given_}, withheld=withheld).values())
        for split, share in SHARES.items():
            if before[split] > share / 10 * total + 4:
                assert all(given_.get(each.name) != split for each in every if each.withheld == withheld)


def test_a_few_articles_of_each_kind_are_in_every_split_and_one_withheld_one_is_no_test(corpus, tmp_path):
    for number in range(12):
        path = tmp_path / f"p{number}.txt"
        path.write_text(f"page {number}", encoding="utf-8")
        take(corpus, path)
    alone = tmp_path / "alone.txt"
    alone.write_text("a page alone", encoding="utf-8")
    take(corpus, alone, source="closed")

    splits = assign(Corpus(corpus.root))

    assert splits["closed-alone"] == "train"
    assert Counter(splits.values()) == {"train": 11, "validation": 1, "test": 1}


def test_a_story_that_is_told_by_open_and_closed_outlets_counts_among_those_that_can_be_read(corpus, tmp_path):
    paths = [tmp_path / f"p{number}.txt" for number in range(10)]
    for path in paths:
        path.write_text(f"page {path.name}", encoding="utf-8")
    take(corpus, *paths[:8])
    corpus.add_to_split("train", [f"open-p{number}" for number in range(8)])
    for path, source in zip(paths[8:], ("open", "closed"), strict=True):
        list(ingest(corpus, Intake(corpus.source(source), story="both"), [path]))

    splits = assign(Corpus(corpus.root))

    # Among the withheld ones it would be the first, and train.
    assert splits == {"open-p8": "test", "closed-p9": "test"}


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


@pytest.mark.parametrize("date", ["31 March\n2026", "2024-13-99", "2023-02-29", "2024-13", "0000", "2024-3-1"])
def test_a_date_that_is_none_is_refused_and_nothing_taken(corpus, page, date):
    (outcome,) = ingest(corpus, Intake(corpus.source("open"), published=date), [page])

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
