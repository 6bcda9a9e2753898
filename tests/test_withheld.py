"""No word of a withheld text is in a release, in whatever config, file, escape or name; a build that has one is off."""

import gzip
import hashlib
import json
import re
import unicodedata
from collections import Counter
from html import unescape
from urllib.parse import quote, unquote

import pyarrow.parquet as pq
import pytest

from conftest import add_decisions, add_gold, add_judgement
from khabar.errors import BadRecord
from khabar.model.decision import Candidate, Decision, Mark
from khabar.release import build as building
from khabar.release.tables import CONFIGS
from khabar.release.withheld import OWN_RUN, RUN, STRIDE, leaks, letters
from khabar.store import Corpus

OPEN = "[Harbour authority opens a library](HEADLINE)\n[Everybody was there](BODY)"
CLOSED = (
    "[Quicksilver [Zamboanga](GPE entity=e1 sense=loc) jubilation](HEADLINE)\n"
    "[The [vizier](OCC entity=e2) [proclaimed](CUE id=c1) [[Xanthippe Wolfgang](PERS entity=e3 norm=Xanthippus)]"
    '(SOURCE id=s1 entity=e3) to [journeymen](ADDRESSEE id=a1): ["eleven pyjamas"](QUOTE id=q1 type=direct'
    " marked=true HAS_SOURCE=s1 HAS_CUE=c1 HAS_ADDRESSEE=a1)](BODY role=lead)\n"
    "[Flabbergasted onlookers everywhere](BODY)"
)
ARABIC = "[تدشين مكتبة كبرى في الميناء القديم بحضور الأهالي](HEADLINE)"


@pytest.fixture
def full(corpus):
    """A corpus with an open and two closed articles, whose texts are at hand."""
    add_gold(corpus, "open", "a", OPEN)
    add_gold(corpus, "closed", "b", CLOSED, "test")
    add_gold(corpus, "closed", "c", ARABIC, "validation")
    for article, page in (("open-a", OPEN), ("closed-b", CLOSED), ("closed-c", ARABIC)):
        add_judgement(corpus, article, "a7", page)
    name = Mark(label="PERS", start=60, end=78, id="e1", attributes={"entity": "e3", "norm": "Xanthippus"})
    add_decisions(
        corpus,
        "closed-b",
        Decision(
            layer="entity",
            how="adjudicated",
            mark=name,
            by=("judge",),
            reason="Xanthippe Wolfgang proclaimed it, says the vizier",
            candidates=(Candidate(by=("a2",), mark=name), Candidate(by=("a7",))),
        ),
    )
    return corpus


def texts_of(corpus):
    return {
        each.id: corpus.stored_text(each)
        for each in corpus.articles
        if corpus.source_of(each).redistribute == "offsets"
    }


def strings(value):
    """Yield every string in a value of Parquet."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (each for inner in value.values() for each in strings(inner))
    elif isinstance(value, (list, tuple)):
        yield from (each for inner in value for each in strings(inner))
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")


def published(folder):
    """Yield everything that a release says: its names, the cells of its Parquet, its other bytes; escapes undone."""
    for path in folder.rglob("*"):
        yield path.name
        if path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                for row in file.read().to_pylist():
                    yield " ".join(strings(row))
                yield str(file.metadata.to_dict())
                yield str(file.schema_arrow.metadata)
            yield path.read_bytes().decode("utf-8", "replace")
        elif path.is_file():
            raw = path.read_bytes().decode("utf-8", "replace")
            plain = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), raw)
            yield from (raw, unquote(unescape(plain)))


def bare(text):
    """Return the letters of a text, by another way than the house does."""
    return "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if each.isalpha() and each != "ـ")


def test_no_word_and_no_run_of_a_withheld_text_is_in_any_released_byte(full):
    folder = building.build(full, "1.0.0", lambda: 0)

    told = [bare(each) for each in published(folder)]
    words = [each.casefold() for each in " ".join(published(folder)).split()]
    assert {path.parent.parent.name for path in folder.rglob("data/*/*/*.parquet")} >= set(CONFIGS)
    for text in texts_of(full).values():
        run = bare(text)
        assert [place for place in range(len(run) - 11) if any(run[place : place + 12] in each for each in told)] == []
        for word in set(re.findall(r"\w{4,}", text.casefold())):
            assert not any(word in each for each in words), word


def rows_with(folder, config, change):
    """Write a config's files anew with their rows changed."""
    for path in folder.rglob(f"data/{config}/**/*.parquet"):
        table = pq.read_table(path, partitioning=None)
        changed = [change(row) for row in table.to_pylist()]
        pq.write_table(type(table).from_pylist(changed, table.schema), path)


def with_norm(row):
    for each in row["entities"]:
        each["norm"] = "Xanthippus"
    return row


def with_norm_of_a_candidate(row):
    row["candidates"][0]["norm"] = "Xanthippus"
    return row


LEAKS = {
    "a surface": ("regions", lambda row: row | {"text": "words"}, "text has words"),
    "a source": ("quotes", lambda row: row | {"source_text": "Xanthippe"}, "source_text has words"),
    "a reason": ("decisions", lambda row: row | {"reason": "Quicksilver Zamboanga"}, "reason repeats words"),
    "a form of a candidate": ("decisions", with_norm_of_a_candidate, r"candidates\[\].norm has words"),
    "a restored form": ("entities", with_norm, "norm has words"),
    "an address": ("articles", lambda row: row | {"url": "https://x.y/quicksilver-zamboanga"}, "url repeats words"),
    "an escaped address": (
        "articles",
        lambda row: row | {"url": "https://x.y/" + quote("تدشين-مكتبة-كبرى")},
        "url repeats words",
    ),
    "a story": ("articles", lambda row: row | {"story": "Quicksilver Zambo"}, "story repeats words"),
}


@pytest.mark.parametrize("name", list(LEAKS))
def test_a_build_in_which_a_withheld_row_says_too_much_is_not_sealed(full, name, monkeypatch):
    config, change, message = LEAKS[name]

    def leaking(corpus, folder):
        rows_with(folder, config, lambda row: change(row) if "closed" in str(row) else row)
        return leaks(corpus, folder)

    monkeypatch.setattr(building, "leaks", leaking)
    with pytest.raises(BadRecord, match=message) as refused:
        building.build(full, "1.0.0", lambda: 0)

    assert "Xanthipp" not in str(refused.value)
    assert list(full.dist.glob("*1.0.0*")) == []


COPY = "flabbergasted onlookers everywhere"
COPIES = {
    "a document": ("RULINGS.md", b"As in: Flabbergasted\nonlookers **everywhere**."),
    "escaped JSON": ("changes.jsonl", json.dumps({"words": "تدشين مكتبة كبرى في الميناء القديم"}).encode()),
    "an address": ("links.txt", quote("تدشين مكتبة كبرى في الميناء القديم").encode()),
    "HTML": ("page.html", "".join(f"&#{ord(each)};" for each in COPY).encode()),
    "other marks": ("a.txt", "تَدشينُ مكتبةٍ كُبرى فـي المينـاء القَديم".encode()),
    "no space": ("b.txt", COPY.replace(" ", "").upper().encode()),
    "an archive": ("more.jsonl.gz", gzip.compress(COPY.encode())),
    "far into a long file": ("long.txt", b"x " * (1 << 19) + COPY.encode()),
    "a name": (f"{COPY}.txt", b"nothing"),
}


@pytest.mark.parametrize("name", list(COPIES))
def test_a_copy_is_found_in_any_file(full, tmp_path, name):
    path, raw = COPIES[name]
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / path).write_bytes(raw)

    found = list(leaks(full, tmp_path / "release"))

    assert found
    assert all("whose text is withheld" in each and path in each for each in found)
    assert COPY not in "".join(found).replace(path, "")


def test_what_an_open_text_or_the_name_of_a_source_says_is_no_copy(full, tmp_path):
    add_gold(full, "open", "copy", "[Flabbergasted onlookers everywhere](BODY)")
    release = tmp_path / "release"
    release.mkdir()
    (release / "a.txt").write_text(COPY, encoding="utf-8")
    (release / "b.txt").write_text("flabbergasted on", encoding="utf-8")

    assert list(leaks(full, release)) == []


def test_however_much_was_copied_each_text_is_read_a_few_times_and_told_in_a_line_a_place(full, tmp_path, monkeypatch):
    names = [add_gold(full, "closed", f"x{number}", f"[{_unlike(number)}](BODY)", "test") for number in range(5)]
    release = tmp_path / "release"
    release.mkdir()
    for number, key in enumerate(names[:3]):
        (release / f"{number}.txt").write_text(full.stored_text(full.article(key)), encoding="utf-8")
    (release / "again.txt").write_bytes((release / "0.txt").read_bytes())
    read = []
    monkeypatch.setattr(Corpus, "stored_text", lambda self, article: read.append(article.id) or stored(self, article))

    found = list(leaks(full, release))

    places = [("0", 0), ("again", 0), ("1", 1), ("2", 2)]
    told = "{}.txt: it has {} letters in a row of closed-x{}, whose text is withheld"
    assert found == [told.format(place, RUN, number) for place, number in places]
    assert max(Counter(read).values()) == 2


stored = Corpus.stored_text


def _unlike(number):
    """Return many words that no other number gives."""
    digits = (hashlib.sha256(f"{number} {each}".encode()).hexdigest() for each in range(40))
    return " ".join(
        each.translate({ord(digit): chr(ord("m") + int(digit)) for digit in "0123456789"}) for each in digits
    )


def test_every_copy_that_is_long_enough_is_found_wherever_it_begins(full, tmp_path):
    run = letters(texts_of(full)["closed-b"].replace("\n", " "))
    size = RUN + STRIDE - 1
    release = tmp_path / "release"
    release.mkdir()
    path = release / "a.txt"

    for place in range(0, len(run) - size + 1, 3):
        path.write_text(f"... {run[place : place + size]} ...", encoding="utf-8")
        assert list(leaks(full, release)), place
    assert OWN_RUN < RUN


def test_without_the_text_the_columns_for_words_are_looked_at_all_the_same(full, tmp_path):
    folder = building.build(full, "1.0.0", lambda: 0)
    for path in full.root.glob("corpus/closed/*.txt"):
        path.unlink()
    assert list(leaks(Corpus(full.root), folder)) == []

    rows_with(folder, "regions", lambda row: row | {"text": "words"})

    assert len(list(leaks(Corpus(full.root), folder))) == 4
