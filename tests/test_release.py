"""A release is built, verified, loaded, and found out where it was touched."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import khabar
from built import files_of, resealed, written
from conftest import add_decisions, add_gold, add_judgement
from khabar import checks
from khabar.errors import BadRecord, Busy, NotFound
from khabar.loading import read_manifest, verify
from khabar.model import inline
from khabar.model.content import ContentDigest
from khabar.model.finding import Severity
from khabar.release.build import build as build_
from khabar.release.tables import CONFIGS
from khabar.store import Corpus

PAGE = (
    "[\N{WATER WAVE} [Port Sami](GPE sense=gov entity=e1) opens a library](HEADLINE)\n"
    "[The [mayor of [Port Sami](GPE sense=loc entity=e1)](OCC entity=e2) [said](CUE id=c1)"
    " [[Leila Haddad](PERS entity=e3 norm=Leila)](SOURCE id=s1 entity=e3) to [readers](ADDRESSEE id=a1):"
    ' ["we read"](QUOTE id=q1 type=direct marked=true HAS_SOURCE=s1 HAS_CUE=c1 HAS_ADDRESSEE=a1)](BODY role=lead)\n'
    '[[that all ["read"](VERBATIM PART_OF=q2) there](QUOTE id=q2 type=mixed HAS_SOURCE=s1 CONTINUES=q1)](CAPTION)\n'
    "\n[Read more](RELATED role=block_title)"
)


WAIVER = """
[[waivers]]
check = "attribute-known"
article = "open-a"
reason = "it was so when it was built"
until = "{}"
"""


def build(corpus, version):
    """Build what the command builds: with every error that the checks find counted."""

    def errors():
        findings = (each for part in checks.judge(corpus, []) for each in part.findings)
        return sum(each.severity is Severity.ERROR for each in findings)

    return build_(corpus, version, errors)


@pytest.fixture
def release(corpus):
    add_gold(corpus, "open", "a", PAGE)
    add_gold(corpus, "open", "b", PAGE.replace("Haddad", "Nour"), "validation")
    secret = PAGE.replace("Leila Haddad", "Secretive Person").replace("there", "yonder")
    add_gold(corpus, "closed", "c", secret, "test")
    for article, page in (("open-a", PAGE), ("open-b", PAGE.replace("Haddad", "Nour")), ("closed-c", secret)):
        add_judgement(corpus, article, "a7", page)
        add_decisions(corpus, article)
    return build(corpus, "0.1.0")


def test_a_release_is_what_its_manifest_says(release):
    assert list(verify(release)) == []
    sums = (release / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    for line in sums:
        digest, _, path = line.partition("  ")
        assert hashlib.sha256((release / path).read_bytes()).hexdigest() == digest
    assert len(sums) == sum(path.is_file() for path in release.rglob("*")) - 1


def test_the_command_holds_a_release_against_the_checks_by_the_label_set_that_it_ships(corpus, khabar_here):
    add_gold(corpus, "open", "a", PAGE.replace("sense=gov", "sense=sea"))
    folder = build_(corpus, "0.1.0", lambda: 0)
    assert list(verify(folder)) == []

    status, out, err = khabar_here("release", "verify", folder)
    published = khabar_here("release", "publish", folder, "--to", corpus.root / "elsewhere")

    assert (status, len(out.splitlines())) == (1, 1)
    assert out.startswith("open-a:1:")
    assert out.endswith("[attribute-known]\n")
    assert err.endswith(": 1 problem\n")
    assert published[0] == 2
    assert published[2].endswith("[attribute-known]: what is not sound is not published\n")
    assert not (corpus.root / "elsewhere").exists()


@pytest.mark.parametrize("until", ["2099-01-01", "2020-01-01"])
def test_what_a_waiver_of_the_release_forgives_stays_forgiven(corpus, khabar_here, until):
    add_gold(corpus, "open", "a", PAGE.replace("sense=gov", "sense=sea"))
    (corpus.root / "annotations" / "waivers.toml").write_text(WAIVER.format(until), encoding="utf-8")
    folder = build_(corpus, "0.1.0", lambda: 0)

    (corpus.root / "annotations" / "waivers.toml").unlink()
    labels = corpus.root / "annotations" / "labels.toml"
    labels.write_text(labels.read_text(encoding="utf-8").replace("HAS_SOURCE", "SAID_BY"), encoding="utf-8")

    assert khabar_here("release", "verify", folder)[:2] == (0, "")
    assert khabar_here("--root", corpus.root, "check", folder)[:2] == (0, "")
    assert (folder / "waivers.toml").read_text(encoding="utf-8") == WAIVER.format(until)


@pytest.mark.parametrize("config", list(CONFIGS))
def test_datasets_opens_every_config_offline_just_as_khabar_does(release, config, tmp_path, monkeypatch):
    import datasets
    from datasets import ClassLabel, concatenate_datasets, load_dataset

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    theirs = load_dataset(str(release), config, cache_dir=str(tmp_path / "cache"))
    ours = khabar.load(release, config)
    if config == "articles":
        texts = load_dataset(str(release), "texts", cache_dir=str(tmp_path / "cache"))
        assert "text" not in theirs["train"].features
        ours = {split: each.remove_columns("text") for split, each in ours.items()}
        for split in theirs:
            whole = concatenate_datasets([theirs[split], texts[split].select_columns("text")], axis=1)
            joined = khabar.load(release)[split]
            assert whole.select_columns(joined.column_names).to_list() == joined.to_list()

    assert list(ours) == list(theirs) == ["train", "validation", "test"]
    for split in ours:
        assert ours[split].features == theirs[split].features
        assert ours[split].to_list() == theirs[split].to_list()
    labels = read_manifest(release).configs[config].class_labels
    for path, names in labels.items():
        column, *inner = path.split(".")
        feature = ours["train"].features[column]
        assert (feature.feature["label"] if inner else getattr(feature, "feature", feature)) == ClassLabel(
            names=list(names)
        )


def test_the_line_of_the_card_puts_texts_to_articles_with_datasets_alone(release, tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    card = (release / "README.md").read_text(encoding="utf-8")
    (block,) = [each for each in re.findall(r"```python\n(.*?)```", card, re.DOTALL) if "concatenate_datasets" in each]
    known = {}

    exec(block.replace("path/to/khabar-0.1.0", str(release)), known)  # noqa: S102 - what the card tells people to run

    ours = khabar.load(release)["train"]
    assert known["articles"].select_columns(ours.column_names).to_list() == ours.to_list()


def edited_rows(release, change):
    """Write ``rows.parquet`` anew and make manifest and sums say so."""
    path = release / "rows.parquet"
    pq.write_table(change(pq.read_table(path)), path)
    written(resealed(files_of(release)), release)


def test_digests_of_articles_that_are_not_theirs_are_found_and_the_article_named(release):
    def swapped(table):
        articles = table["articles"].to_pylist()
        return table.set_column(3, "articles", pa.array([articles[1], articles[0], articles[2]], pa.string()))

    edited_rows(release, swapped)

    problems = list(verify(release))
    assert [each.partition("rows.parquet: ")[2] for each in problems][:1] == [
        "open-a of articles/train is not what was digested: download it again"
    ]


def test_digests_without_their_columns_get_one_line(release):
    edited_rows(release, lambda table: table.drop_columns(["split"]))

    with pytest.raises(BadRecord, match=r"rows.parquet: it has no columns 'id' and 'split'"):
        list(verify(release))


def test_every_published_offset_cuts_the_published_words(release):
    texts = {row["id"]: row["text"] for part in khabar.load(release).values() for row in part}

    for part in khabar.load(release, "quotes").values():
        for row in part:
            text = texts[row["article"]]
            for span in (row, *row["cues"], *row["addressees"], *row["origins"], *row["verbatim"]):
                assert span["text"] == (text[span["start"] : span["end"]] if text else None)
    for part in khabar.load(release, "regions").values():
        for row in part:
            text = texts[row["article"]]
            assert row["text"] == (text[row["start"] : row["end"]] if text else None)
            assert row["boilerplate"] == (row["label"] == 9)


def test_a_quote_row_holds_its_source_cue_addressee_and_fragments(release):
    first, second = khabar.load(release, "quotes")["train"]

    assert (first["text"], first["source_text"], first["source_entity"]) == ('"we read"', "Leila Haddad", "e3")
    assert [each["text"] for each in first["cues"]] == ["said"]
    assert [each["text"] for each in first["addressees"]] == ["readers"]
    assert (first["marked"], first["continues"], first["verbatim"]) == (True, None, [])
    assert second["continues"] == first["id"]
    assert [each["text"][1:-1] for each in second["verbatim"]] == ["read"]


def test_no_word_of_a_withheld_text_is_in_any_file(release, corpus):
    text = corpus.text(corpus.article("closed-c"))
    assert "Secretive" in text  # it is at hand here, and stays out all the same

    words = [word for word in text.split() if len(word) > 4]
    assert len(words) > 8
    for path in release.rglob("*.*"):
        raw = path.read_bytes()
        if path.suffix == ".parquet":
            raw = json.dumps([row for row in pq.read_table(path).to_pylist() if "closed-c" in row.values()]).encode()
            assert ("closed-c" in raw.decode()) == (path.parent.name == "test" or path.name == "rows.parquet")
        assert not [word for word in words if word.encode() in raw and path.suffix != ".md"]
        assert b"Secretive" not in raw
    row = khabar.load(release)["test"][0]
    assert row["text"] is None
    assert row["redistribute"] == "offsets"
    assert all(span["digest"] for span in row["entities"])
    assert not any(span["digest"] for span in khabar.load(release)["train"][0]["entities"])


def test_a_fresh_clone_without_withheld_texts_builds_the_same_bytes(release, corpus):
    before = {path.name + path.parent.name: path.read_bytes() for path in release.rglob("*") if path.is_file()}
    (corpus.root / "corpus" / "closed" / "closed-c.txt").unlink()

    again = build(Corpus(corpus.root), "0.1.0")

    assert {path.name + path.parent.name: path.read_bytes() for path in again.rglob("*") if path.is_file()} == before


def test_another_process_with_another_locale_clock_and_hash_seed_builds_the_same_bytes(release, corpus):
    before = (release / "SHA256SUMS").read_bytes()
    environment = {**os.environ, "LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1"}

    subprocess.run(
        [sys.executable, "-m", "khabar", "--root", corpus.root, "release", "build", "--version", "0.1.0"],
        check=True,
        env=environment,
        capture_output=True,
    )

    assert (release / "SHA256SUMS").read_bytes() == before


def flip(path):
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 3] ^= 1
    path.write_bytes(raw)


TOUCHED = {
    "a flipped bit": (lambda folder: flip(folder / "data/quotes/train/batch-0000.parquet"), "the manifest says"),
    "a truncated file": (
        lambda folder: os.truncate(folder / "data/articles/test/batch-0000.parquet", 100),
        "has 100 bytes, the manifest says",
    ),
    "a missing file": (lambda folder: (folder / "data/articles/test/batch-0000.parquet").unlink(), "is missing"),
    "a foreign file": (lambda folder: (folder / "data/more.parquet").write_bytes(b""), "does not belong"),
    "swapped splits": (
        lambda folder: (folder / "data/articles/train/batch-0000.parquet").replace(
            folder / "data/articles/test/batch-0000.parquet"
        ),
        "test/batch-0000.parquet",
    ),
    "an edited card": (lambda folder: (folder / "README.md").write_text("hello"), "README.md has 5 bytes"),
    "edited sums": (lambda folder: (folder / "SHA256SUMS").write_text(""), "SHA256SUMS does not agree"),
}


@pytest.mark.parametrize("how", TOUCHED)
def test_a_touched_release_is_found_out_and_the_place_named(release, how):
    touch, said = TOUCHED[how]

    touch(release)

    assert any(said in problem for problem in verify(release))


def test_a_manifest_edited_to_match_is_found_out_by_the_content(release):
    path = release / "data" / "regions" / "train/batch-0000.parquet"
    table = pq.read_table(path)
    changed = table.set_column(table.schema.get_field_index("start"), "start", pa.array([1, 2, 3, 4], pa.int32()))
    pq.write_table(changed, path)
    manifest = json.loads((release / "manifest.json").read_bytes())
    for file in manifest["files"]:
        if file["path"] == "data/regions/train/batch-0000.parquet":
            file |= {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    (release / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(BadRecord, match="the rows of regions/train are"):
        khabar.load(release, "regions")


def test_a_file_outside_the_release_is_never_read(release):
    manifest = json.loads((release / "manifest.json").read_bytes())
    manifest["files"][0]["path"] = "../../../secret"
    (release / "manifest.json").write_text(json.dumps(manifest))

    assert any("leads out of the release" in problem for problem in verify(release))


def test_what_is_no_release_gets_one_clear_line(release, tmp_path):
    for call, said in (
        (lambda: khabar.load(tmp_path), "manifest.json is missing"),
        (lambda: khabar.load(release, "entity"), "no config is called 'entity', there are: texts, articles, decisions"),
    ):
        with pytest.raises(NotFound, match=said):
            call()
    (release / "manifest.json").write_bytes(b"{")
    with pytest.raises(BadRecord, match=r"manifest.json: "):
        list(verify(release))


def test_gold_that_breaks_a_rule_is_not_built(release, corpus):
    gold = corpus.gold_of(corpus.article("open-a"))
    span = msgspec.structs.replace(gold.spans[0], end=gold.spans[0].end + 1)
    corpus.write_gold(msgspec.structs.replace(gold, spans=(span, *gold.spans[1:])))
    (release / "README.md").write_text("the release of before")

    with pytest.raises(BadRecord, match=r"the gold has [1-9] errors, a release has none"):
        build(corpus, "0.1.0")

    assert (release / "README.md").read_text() == "the release of before"
    assert sorted(path.name for path in corpus.dist.iterdir()) == [".lock", "0.1.0"]


def test_what_builds_that_were_killed_left_goes_with_the_next_one_and_nothing_else(release, corpus):
    for name in (".0.1.0.7.partial", ".0.2.0-rc.1.8.partial", ".0.1.0.7.old", ".0.1.0.partial", ".mine.7.partial"):
        (corpus.dist / name / "data").mkdir(parents=True)

    build(corpus, "0.1.0")

    left = sorted(path.name for path in corpus.dist.iterdir())
    assert left == [".0.1.0.partial", ".lock", ".mine.7.partial", "0.1.0"]


def test_a_release_that_is_built_again_is_lost_at_no_moment(release, corpus, monkeypatch):
    rename, before = Path.rename, read_manifest(release).content

    def killed(path, to):
        if path.suffix == ".partial":
            raise KeyboardInterrupt
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        build(corpus, "0.1.0")

    (aside,) = (path for path in corpus.dist.iterdir() if path.name != ".lock")
    assert read_manifest(aside).content == before


def test_an_article_without_split_and_an_empty_gold_are_not_built(corpus):
    with pytest.raises(NotFound, match="annotations/gold"):
        build(corpus, "0.1.0")
    add_gold(corpus, "open", "a", PAGE)
    (corpus.root / "corpus" / "splits" / "train.txt").unlink()

    with pytest.raises(BadRecord, match="the gold has 1 errors"):
        build(Corpus(corpus.root), "0.1.0")


@pytest.mark.parametrize(
    "version", ["../annotations", "1", "1.0", "v1.0.0", "", "1.0.0/../../x", "1.0.0\n", "01.0.0", "1.0.0-"]
)
def test_what_is_no_version_is_refused_and_nothing_touched(corpus, version):
    add_gold(corpus, "open", "a", PAGE)

    with pytest.raises(BadRecord, match="is no version of a release"):
        build(corpus, version)

    assert (corpus.root / "annotations" / "labels.toml").is_file()


def test_two_builds_at_once_do_not_mix(corpus):
    add_gold(corpus, "open", "a", PAGE)

    with corpus.alone(corpus.dist), pytest.raises(Busy, match="another khabar writes there now"):
        build(corpus, "0.1.0")


def test_a_split_without_quotes_opens_all_the_same(corpus, tmp_path):
    from datasets import load_dataset

    add_gold(corpus, "open", "a", PAGE)
    add_gold(corpus, "open", "b", "[Nothing was said](BODY)", "test")
    folder = build(corpus, "0.1.0")

    quotes = load_dataset(str(folder), "quotes", cache_dir=str(tmp_path / "cache"))

    assert {split: part.num_rows for split, part in quotes.items()} == {"train": 2}
    assert khabar.load(folder, "regions")["test"].num_rows == 1
    assert list(verify(folder)) == []


@pytest.mark.parametrize(
    "tamper",
    [
        lambda told: told["configs"]["entities"]["class_labels"]["entities.label"].reverse(),
        lambda told: told["configs"]["entities"]["splits"]["train"].update(files=["../out.parquet"]),
        lambda told: told["configs"]["entities"]["splits"]["train"].update(files=[]),
        lambda told: told["configs"]["entities"]["splits"]["train"].update(files=["a\0b"]),
        lambda told: told["configs"]["entities"]["splits"]["train"].update(rows=7),
        lambda told: told["configs"]["entities"].update(class_labels={"length": ["A", "B"]}),
        lambda told: told["configs"]["entities"]["splits"].update(
            {"a b/..": told["configs"]["entities"]["splits"].pop("train")}
        ),
    ],
)
def test_a_manifest_that_was_tampered_with_gets_one_line_from_load_and_from_verify(release, tamper):
    manifest = json.loads((release / "manifest.json").read_bytes())
    tamper(manifest)
    (release / "manifest.json").write_text(json.dumps(manifest))
    lines = (release / "SHA256SUMS").read_text().splitlines()
    digest = hashlib.sha256((release / "manifest.json").read_bytes()).hexdigest()
    lines = [f"{digest}  manifest.json" if line.endswith("  manifest.json") else line for line in lines]
    (release / "SHA256SUMS").write_text("\n".join(lines) + "\n")

    try:
        problems = list(verify(release))
    except BadRecord as error:
        problems = [str(error)]
    with pytest.raises(BadRecord) as error:
        khabar.load(release, "entities")

    assert problems
    assert "\n" not in str(error.value) + "".join(problems)


def test_sums_that_are_no_text_and_links_are_found(release):
    (release / "SHA256SUMS").write_bytes(b"\xff\xfe")
    (release / "data" / "more").symlink_to("/")

    problems = list(verify(release))

    assert any("SHA256SUMS does not agree" in each for each in problems)
    assert any("data/more does not belong" in each for each in problems)


def test_the_card_says_what_the_manifest_says(release):
    manifest = read_manifest(release)
    head = yaml.safe_load((release / "README.md").read_text(encoding="utf-8").split("---\n")[1])

    assert [each["config_name"] for each in head["configs"]] == list(manifest.configs)
    for info in head["dataset_info"]:
        told = manifest.configs[info["config_name"]].splits
        assert {each["name"]: each["num_examples"] for each in info["splits"]} == {
            name: split.rows for name, split in told.items()
        }
    assert manifest.counts["articles"] == {"all": 3, "with_text": 2}


def test_the_signature_names_the_rows(release):
    line = khabar.signature(release, "entities", "test")

    content = read_manifest(release).configs["entities"].splits["test"].content
    with pytest.raises(NotFound, match="entities has no split 'dev', there are: train, validation, test"):
        khabar.signature(release, "entities", "dev")
    assert line == f"khabar:0.1.0|config:entities|split:test|scheme:0.1|sha:{content[:8]}"


def test_the_content_digest_knows_rows_and_not_how_they_are_stored():
    rows = [
        {"id": "a", "n": 1, "yes": True, "spans": [{"start": 1, "label": "X"}], "text": None},
        {"id": "b", "n": None, "yes": None, "spans": [], "text": "\N{GRINNING FACE}"},
        {"id": "c", "n": 3, "yes": False, "spans": [{"start": 2, "label": None}] * 2, "text": ""},
    ]
    whole = pa.Table.from_pylist(rows)

    def content(*tables):
        digest = ContentDigest()
        for table in tables:
            digest.add(table)
        return digest.hexdigest()

    expected = content(whole)
    assert content(whole.slice(0, 1), whole.slice(1)) == expected
    assert content(whole.combine_chunks(), whole.slice(0, 0)) == expected
    large = whole.set_column(4, "text", whole["text"].cast(pa.large_string()))
    assert content(large) == expected
    others = [
        content(whole.take(pa.array([1, 0, 2]))),
        content(whole.slice(0, 2)),
        content(whole.set_column(4, "text", pa.array([None, "\N{GRINNING FACE}", None]))),
        content(whole.set_column(4, "text", pa.array(["\N{GRINNING FACE}", None, ""]))),
        content(whole.rename_columns(["id", "m", "yes", "spans", "text"])),
    ]
    assert len({expected, *others}) == 6


def test_the_content_digest_tells_types_apart_and_knows_no_chunks_from_an_empty_one():
    def content(table):
        digest = ContentDigest()
        digest.add(table)
        return digest.hexdigest()

    kinds = [pa.array([True, False]), pa.array([1, 0]), pa.array(["1", "0"]), pa.array([[1], [0]])]
    empty = pa.schema([("a", pa.int32()), ("b", pa.list_(pa.string()))])
    none = pa.Table.from_arrays([pa.chunked_array([], field.type) for field in empty], schema=empty)

    assert len({content(pa.table({"a": kind})) for kind in kinds}) == len(kinds)
    assert content(none) == content(empty.empty_table())
    assert content(none) != content(none.select(["a"]))


def test_in_line_pages_of_these_tests_are_sound(labels):
    assert np.array([span.end - span.start for span in inline.read(PAGE, labels).spans]).min() > 0
