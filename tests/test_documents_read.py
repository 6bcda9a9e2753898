"""Croissant, CITATION.cff, .zenodo.json, agreement.json: documents of a release that programs read."""

import json
import re
import warnings

import mlcroissant
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from mlcroissant._src.core.context import Context
from mlcroissant._src.core.rdf import make_context

import khabar
from conftest import REPOSITORY, add_agreement, add_gold, add_judgement
from khabar.errors import BadRecord
from khabar.loading import read_manifest, verify
from khabar.model.figures import plain
from khabar.release.build import build
from khabar.release.documents.answers import answers
from khabar.release.documents.columns import columns
from khabar.release.documents.croissant import CONTEXT
from khabar.store import Corpus
from khabar.store.agreements import agreement_of, digest_of, write_agreement
from own import VERSION, edit, own

# Croissant


def as_croissant(folder):
    """Read a release as the format's own reader does, which fetches nothing for it."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its reader of RDF warns of itself
        patch.setattr("socket.socket.connect", lambda *_: pytest.fail("nothing is fetched"))
        return mlcroissant.Dataset(folder / "croissant.json")


@pytest.fixture(scope="module")
def metadata():
    return as_croissant(own().folder)


def test_croissant_is_valid_but_for_a_day_that_no_changelog_tells(metadata, release):
    issues = metadata.metadata.ctx.issues

    assert issues.errors == set()
    assert [each for each in issues.warnings if "datePublished" not in each] == []
    told = json.loads((release / "croissant.json").read_bytes())
    assert told["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    assert told["@context"] == CONTEXT == make_context(Context(conforms_to="http://mlcommons.org/croissant/1.1"))


def test_croissant_tells_of_annotators_and_persons_in_the_words_of_the_datasheet(metadata, release):
    told = metadata.metadata
    sheet = answers(plain((release / "DATASHEET.md").read_text(encoding="utf-8")))

    assert sheet["4.1"] in told.data_annotation_protocol[0]
    assert sheet["2.14"] in told.personal_sensitive_information[0]
    counts = read_manifest(release).counts
    made, of = sum(counts["annotations"].values()), counts["articles"]["all"]
    assert told.annotations_per_item == f"{made} annotations of {of} articles, gold aside"
    for name in ("data_collection", "data_biases", "data_limitations", "data_use_cases", "data_social_impact"):
        assert getattr(told, name)
    assert told.annotator_demographics
    assert told.data_release_maintenance_plan
    assert "<!--" not in json.dumps(told.to_json())


def test_croissant_names_every_shard_with_its_digest(release):
    told = json.loads((release / "croissant.json").read_bytes())
    manifest = read_manifest(release)

    digests = {each["contentUrl"]: each["sha256"] for each in told["distribution"] if each["@type"] == "cr:FileObject"}
    shards = {path for config in manifest.configs.values() for split in config.splits.values() for path in split.files}
    assert digests == {file.path: file.sha256 for file in manifest.files if file.path in shards}


def test_croissant_gives_back_the_rows_of_every_config(metadata, known, release):
    for name, config in known.manifest.configs.items():
        expected = []
        for split, told in config.splits.items():
            for path in told.files:
                rows = pq.read_table(release / path).to_pylist()
                expected += [{"split": split} | row for row in rows]
        nested = {
            column.path
            for column in columns(known, name)
            if column.path.count(".") == 1 and pa.types.is_nested(column.kind)
        }

        records = [_as_row(record, name) for record in metadata.records(name)]

        assert sorted(map(repr, records)) == sorted(repr(_as_record(row, nested)) for row in expected)
        (told,) = (each for each in metadata.metadata.record_sets if each.id == name)
        assert all(path in told.description for path in nested)


def test_croissant_reads_all_shards_of_a_split(corpus):
    for number, split in enumerate(("train", "train", "validation")):
        add_gold(corpus, "open", f"a{number}", f"[Nothing was said in {number}](BODY)", split)
    intake = corpus.root / "corpus" / "open" / "articles.jsonl"
    records = [json.loads(line) | {"batch": number} for number, line in enumerate(intake.read_bytes().splitlines())]
    intake.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    folder = build(Corpus(corpus.root), VERSION, lambda: 0)
    shards = {split: told.files for split, told in read_manifest(folder).configs["regions"].splits.items()}
    assert [len(files) for files in shards.values()] == [2, 1]

    records = [_as_row(record, "regions") for record in as_croissant(folder).records("regions")]

    assert sorted((each["split"], each["text"]) for each in records) == [
        ("train", "Nothing was said in 0"),
        ("train", "Nothing was said in 1"),
        ("validation", "Nothing was said in 2"),
    ]


def _as_row(record, config):
    def value(each):
        if isinstance(each, bytes):
            return each.decode()
        if isinstance(each, list):
            return [row(item) if isinstance(item, dict) else value(item) for item in each]
        return each

    def row(each):
        return dict(sorted((key.rpartition("/")[2], value(told)) for key, told in each.items()))

    assert all(key.startswith(f"{config}/") for key in record)
    return row(record)


def _as_record(row, nested):
    def inside(name, value):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return [
                dict(sorted((key, each) for key, each in item.items() if f"{name}.{key}" not in nested))
                for item in value
            ]
        return value

    return dict(sorted((name, inside(name, value)) for name, value in row.items()))


# Citation, Zenodo, licenses


CFF = {
    "cff-version": r"1\.2\.0",
    "message": r".+",
    "type": r"dataset|software",
    "title": r".+",
    "version": r"\d+\.\d+\.\d+.*",
    "abstract": r".+",
    "license": r"[A-Za-z0-9.+-]+",
    "date-released": r"\d{4}-\d{2}-\d{2}",
    "doi": r"10\.\d{4,9}(\.\d+)?/\S+",
    "url": r"https?://\S+",
}
"""Fields of the Citation File Format 1.2.0 that are strings, and their form."""


def valid_cff(told):
    assert {"authors", "cff-version", "message", "title"} <= set(told)
    for name, value in told.items():
        if name == "authors":
            assert value
            for author in value:
                assert set(author) <= {"name", "family-names", "given-names", "affiliation", "orcid", "email"}
                assert "name" in author or "family-names" in author
        elif name == "keywords":
            assert all(isinstance(each, str) for each in value)
            assert len(set(value)) == len(value) > 0
        else:
            assert re.fullmatch(CFF[name], value, re.DOTALL), (name, value)


def test_the_citation_is_valid_and_of_this_version(release):
    told = yaml.safe_load((release / "CITATION.cff").read_text(encoding="utf-8"))

    valid_cff(told)
    valid_cff(yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")))
    assert (told["type"], told["version"]) == ("dataset", VERSION)
    assert "date-released" not in told
    assert f"version = {{{VERSION}}}" in (release / "README.md").read_text(encoding="utf-8")


def test_zenodo_takes_it_for_a_dataset(release):
    told = json.loads((release / ".zenodo.json").read_bytes())

    assert set(told) <= {
        *("upload_type", "title", "version", "description", "creators", "keywords", "access_right", "license"),
        *("language", "notes", "publication_date"),
    }
    assert (told["upload_type"], told["version"], told["license"]) == ("dataset", VERSION, "cc-by-4.0")
    assert told["creators"] == [{"name": "The Khabar founders"}]
    assert told["keywords"]
    assert "publication_date" not in told


def test_the_day_of_a_release_is_that_of_the_changelog(small):
    (small.root / "CHANGELOG.md").write_text("# Changelog\n\n## [0.1.0] - 2026-12-01\n\n## 0.0.9 - 2025-01-01\n")

    folder = build(small, VERSION, lambda: 0)

    assert json.loads((folder / ".zenodo.json").read_bytes())["publication_date"] == "2026-12-01"
    assert json.loads((folder / "croissant.json").read_bytes())["datePublished"] == "2026-12-01"
    cited = yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(cited["date-released"]) == "2026-12-01"
    assert "year = {2026}" in (folder / "README.md").read_text(encoding="utf-8")
    assert as_croissant(folder).metadata.ctx.issues.warnings == set()


def test_a_day_of_the_changelog_that_there_is_not_is_refused(small):
    (small.root / "CHANGELOG.md").write_text("# Changelog\n\n## [0.1.0] - 2026-02-30\n", encoding="utf-8")

    with pytest.raises(BadRecord, match=r"CHANGELOG.md: 0.1.0: '2026-02-30' is no date of the calendar"):
        build(small, VERSION, lambda: 0)


def test_persons_are_cited_by_their_names(small):
    edit(
        small.root / "CITATION.cff",
        '- name: "The Khabar founders"',
        "- family-names: Haddad\n    given-names: Leila\n    orcid: https://orcid.org/0000-0001-2345-6789",
    )

    folder = build(small, VERSION, lambda: 0)

    told = json.loads((folder / ".zenodo.json").read_bytes())
    assert told["creators"] == [{"name": "Haddad, Leila", "orcid": "0000-0001-2345-6789"}]
    told = json.loads((folder / "croissant.json").read_bytes())
    assert told["creator"] == [{"@type": "sc:Person", "name": "Haddad, Leila"}]
    assert "author = {Haddad, Leila}" in (folder / "README.md").read_text(encoding="utf-8")


def test_licenses_are_told_by_article_and_by_source(release):
    page = (release / "LICENSE.md").read_text(encoding="utf-8")

    assert "| LicenseRef-publisher | 1 |" in page
    assert "| `fanar` | Fanar al-Marsa (invented) | The Khabar founders | CC-BY-4.0 | texts and spans |" in page
    assert "spans and digests alone |" in page


# Agreement

SAID = "[Nothing was said](BODY)"


def test_the_agreement_of_campaigns_is_told_once_for_those_that_were_looked_at_together(small):
    add_agreement(small, {"entity": {"f1": 0.91251, "alpha": 0.5}, "quote": {"f1": 1.0}}, "autumn", "spring")
    add_agreement(small, {"entity": {"gamma": 0.25}}, "summer")

    release = build(small, VERSION, lambda: 0)

    told = json.loads((release / "agreement.json").read_bytes())
    assert told["autumn+spring"] == json.loads((small.campaign("spring") / "agreement.json").read_bytes())
    assert read_manifest(release).agreement == {name: each["headline"] for name, each in told.items()}
    for name in ("README.md", "DATASHEET.md", "croissant.json"):
        page = (release / name).read_text(encoding="utf-8").replace("\\n", "\n")
        assert page.count("| campaigns | layer | f1 | alpha | gamma |") == (2 if name == "croissant.json" else 1)
        assert "\n| autumn+spring | entity | 0.913 | 0.500 |  |\n" in page
        assert "\n| summer | entity |  |  | 0.250 |" in page
    assert list(verify(release)) == []


def test_campaigns_that_were_looked_at_together_say_the_same(small):
    add_agreement(small, {"entity": {"f1": 0.9}}, "autumn", "spring")
    edit(small.campaign("spring") / "agreement.json", "0.9", "0.8")

    with pytest.raises(BadRecord, match=r"autumn/agreement.json: .* 'khabar campaign agreement autumn spring' again"):
        build(small, VERSION, lambda: 0)


def test_a_campaign_that_was_measured_alone_since_is_no_part_of_what_another_keeps(small):
    add_agreement(small, {"entity": {"f1": 0.9}}, "autumn", "spring")
    alone = msgspec.structs.replace(agreement_of(small, "spring"), campaigns=("spring",))
    write_agreement(small, msgspec.structs.replace(alone, annotations=digest_of(small, ["spring"])))

    with pytest.raises(
        BadRecord, match=r"it is of autumn spring, and spring does not keep it: run .* or of autumn alon"
    ):
        build(small, VERSION, lambda: 0)


def test_an_agreement_is_measured_on_the_annotations_that_the_release_has(small):
    add_agreement(small, {"entity": {"f1": 0.9}}, "pilot")
    add_judgement(small, "open-a", "a1", SAID)

    with pytest.raises(
        BadRecord, match=r"pilot/agreement.json: it was measured on other annotations than are there now"
    ):
        build(small, VERSION, lambda: 0)
    write_agreement(
        small, msgspec.structs.replace(agreement_of(small, "pilot"), annotations=digest_of(small, ["pilot"]))
    )
    assert read_manifest(build(small, VERSION, lambda: 0)).agreement == {"pilot": {"entity": {"f1": 0.9}}}


def test_a_campaign_that_is_not_published_is_nowhere_in_a_release(small):
    for name in ("pilot", "trial"):
        add_judgement(small, "open-a", name, SAID, name)
        add_agreement(small, {"entity": {"f1": 0.9}}, name)
    (small.campaign("trial") / "campaign.toml").write_text("publish = false", encoding="utf-8")

    release = build(small, VERSION, lambda: 0)

    assert set(khabar.load(release, "judgements")["train"]["campaign"]) == {"pilot"}
    assert read_manifest(release).agreement.keys() == {"pilot"}
    (small.campaign("trial") / "campaign.toml").write_text("publish = 'no'", encoding="utf-8")
    with pytest.raises(BadRecord, match=r"trial/campaign.toml: Expected `bool`, got `str`"):
        build(small, VERSION, lambda: 0)


def test_a_release_of_no_measured_campaign_says_so(small):
    release = build(small, VERSION, lambda: 0)

    assert "No campaign of this release has measured" in (release / "README.md").read_text(encoding="utf-8")
    assert not (release / "agreement.json").exists()
