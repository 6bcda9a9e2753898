"""Rights stand in every row, withheld words in no file, and what was taken down is gone."""

import msgspec
import pytest

from conftest import SOURCES, add_gold
from khabar.errors import BadRecord
from khabar.ingest.articles import Intake, ingest
from khabar.model.article import Article, Relicensed, Source
from khabar.model.rights import rights
from khabar.store import Corpus

CHANGED = Source(
    id="wiki",
    outlet="The Wiki",
    license="CC-BY-2.5",
    relicensed=(
        Relicensed(since="2024-08-21", license="CC-BY-SA-4.0"),
        Relicensed(since="2025-03-01", license="CC0-1.0"),
    ),
    rights_holder="its authors",
    redistribute="text",
    provenance="published",
)


def source(**changes):
    return msgspec.convert(msgspec.to_builtins(CHANGED) | changes, Source)


def article(published, **more):
    return Article(id="wiki-1", sha256="0" * 64, length=1, file="1.txt", published=published, **more)


@pytest.mark.parametrize(
    ("published", "license_", "since"),
    [
        ("2024-08-20", "CC-BY-2.5", ""),
        ("2019", "CC-BY-2.5", ""),
        ("2024-07", "CC-BY-2.5", ""),
        ("2024-08-21", "CC-BY-SA-4.0", "2024-08-21"),
        ("2024-12", "CC-BY-SA-4.0", "2024-08-21"),
        ("2025-03-01", "CC0-1.0", "2025-03-01"),
        ("2026", "CC0-1.0", "2025-03-01"),
    ],
)
def test_the_license_of_an_article_is_that_of_its_source_on_the_day_of_publication(published, license_, since):
    held = rights(source(), article(published))

    assert (held.license, held.license_since, held.attribution) == (license_, since, "The Wiki")


@pytest.mark.parametrize("published", ["", "2024", "2024-08", "2025-03"])
def test_a_date_that_does_not_tell_the_license_is_refused(published):
    with pytest.raises(BadRecord, match="wiki changed its license on 202"):
        rights(source(), article(published))


def test_an_article_has_the_last_word_on_its_license():
    held = rights(source(), article("", license="CC-BY-4.0", license_since="2020"))

    assert (held.license, held.license_since) == ("CC-BY-4.0", "2020")


def test_a_license_holds_since_a_day_that_there_is():
    with pytest.raises(msgspec.ValidationError, match="'2024-02-30' is no date of the calendar"):
        source(relicensed=[{"since": "2024-02-30", "license": "CC0-1.0"}])


def test_licenses_stand_in_order():
    with pytest.raises(msgspec.ValidationError, match="not in order of its days"):
        source(relicensed=[*reversed(msgspec.to_builtins(CHANGED)["relicensed"])])


def test_an_article_whose_license_nobody_knows_is_not_taken_and_not_read(corpus, tmp_path):
    text = SOURCES + 'relicensed = [{ since = "2024-08-21", license = "CC0-1.0" }]\n'
    (corpus.root / "corpus" / "sources.toml").write_text(text, encoding="utf-8")
    page = tmp_path / "page.txt"
    page.write_text("some words", encoding="utf-8")
    changed = Corpus(corpus.root)

    (refused,) = ingest(changed, Intake(changed.source("closed")), [page])
    (taken,) = ingest(changed, Intake(changed.source("closed"), published="2024-08-22"), [page])

    assert refused.article is None
    assert "give the day" in refused.message
    assert rights(changed.source("closed"), taken.article).license == "CC0-1.0"
    records = corpus.root / "corpus" / "closed" / "articles.jsonl"
    records.write_bytes(records.read_bytes().replace(b"2024-08-22", b"2024"))
    with pytest.raises(BadRecord, match=r"corpus/closed/articles.jsonl:1: closed-page: closed changed its license"):
        list(Corpus(corpus.root).articles)


def test_the_rights_stand_in_the_row(corpus):
    key = add_gold(corpus, "open", "a", "[Sami](PERS)")

    (batch,) = corpus.batches(corpus.gold())
    row = batch.articles.to_pylist()[0]

    assert row["id"] == key
    assert (row["license"], row["license_since"], row["license_url"]) == ("CC-BY-4.0", None, None)
    assert (row["rights_holder"], row["attribution"], row["provenance"]) == ("nobody", "The Open Page", "authored")
