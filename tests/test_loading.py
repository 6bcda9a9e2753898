"""A release is opened by folder or by name: verified, pinned, and never another than the one that is asked for."""

import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import khabar
from built import built, copied, files_of, flipped, resealed, with_true_content, written
from hubfiles import Repository
from khabar.errors import BadRecord, Changed, NotFound, Unreachable
from khabar.loading import read_manifest
from khabar.loading.download import Way, download
from khabar.loading.patience import Patience
from khabar.model.content import ContentDigest
from khabar.model.layout import shard

NAME = "team/khabar"
SHARD = "data/articles/train/batch-0000.parquet"
QUICK = Way(patience=Patience(attempts=2, first=0.0, answer=5.0))
ANOTHER = ("1.0.0", "Nour Aziz")


def publish(hub, *versions):
    """Put releases on the stand-in, a tag each."""
    repository = hub.repositories.setdefault(NAME, Repository())
    for version in versions:
        repository.tags[f"v{version}"] = repository.commit(files_of(built(version)))


def content_of(folder):
    return read_manifest(folder).content


def persons(dataset):
    """Return the names of persons that the training split of ``articles`` marks."""
    (row,) = dataset["train"]
    labels = dataset["train"].features["entities"].feature["label"]
    spans = [span for span in row["entities"] if labels.int2str(span["label"]) == "PERS"]
    return {row["text"][span["start"] : span["end"]] for span in spans}


@pytest.fixture
def offline(monkeypatch):
    """Switch the network off, as people do."""
    from huggingface_hub import constants

    def switch():
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    return switch


# By name


def test_a_name_and_a_version_open_what_the_folder_opens(hub, cache):
    publish(hub, "1.0.0")

    for opened in (khabar.load(NAME, version="1.0.0"), khabar.load(f"{NAME}@1.0.0", version="1.0.0")):
        assert {split: part.to_list() for split, part in opened.items()} == {
            split: part.to_list() for split, part in khabar.load(built()).items()
        }
    assert khabar.signature(NAME, "quotes", "test", "1.0.0") == khabar.signature(built(), "quotes", "test")


def test_what_is_in_the_cache_opens_without_the_network(hub, cache, offline):
    publish(hub, "1.0.0")
    khabar.load(NAME, version="1.0.0")
    hub.log.clear()
    offline()

    assert khabar.load(NAME, "entities", version="1.0.0")["train"].num_rows == 1
    assert khabar.load("khabar", "entities", version="1.0.0")["train"].num_rows == 1
    assert hub.log == []


def test_offline_never_gives_another_version_than_the_one_that_is_asked_for(hub, cache, offline):
    publish(hub, "1.0.0", "1.1.0")
    khabar.load(NAME, version="1.1.0")
    offline()

    with pytest.raises(Unreachable, match=r"team/khabar: the Hub is switched off by HF_HUB_OFFLINE: unset it"):
        khabar.load(NAME, version="1.0.0")
    with pytest.raises(NotFound, match=r"pass OWNER/khabar, or set KHABAR_HUB"):
        khabar.load("khabar", version="1.0.0")


def test_a_server_that_is_gone_never_gives_another_version_either(hub, cache, monkeypatch):
    publish(hub, "1.0.0", "1.1.0")
    khabar.load(NAME, version="1.1.0")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda _: None)

    assert read_manifest(download(str(khabar_folder(cache, "1.1.0")), way=QUICK)).version == "1.1.0"
    with pytest.raises(Unreachable, match=r"team/khabar: .*run the same command again"):
        khabar.load(NAME, version="1.0.0")


def khabar_folder(cache, version):
    (folder,) = cache.found("khabar", version)
    return folder


def test_a_bare_name_finds_what_came_from_anywhere(hub, cache, tmp_path):
    download(str(copied(built(), tmp_path / "it")), way=QUICK)

    assert khabar.load("khabar", version="1.0.0")["train"].to_list() == khabar.load(built())["train"].to_list()


def test_a_bare_name_with_two_contents_must_say_which(hub, cache):
    for folder in (built(), built(*ANOTHER)):
        download(str(folder), way=QUICK)
    contents = sorted(content_of(folder)[:8] for folder in (built(), built(*ANOTHER)))

    with pytest.raises(Changed, match=rf"khabar@1.0.0 is in the cache with the contents {', '.join(contents)}: pass"):
        khabar.load("khabar", version="1.0.0")

    for folder, person in ((built(), "Leila Haddad"), (built(*ANOTHER), "Nour Aziz")):
        opened = khabar.load("khabar", version="1.0.0", content=content_of(folder))
        assert persons(opened) == {person}


def test_a_name_is_no_folder_and_needs_a_version(hub, cache):
    publish(hub, "1.0.0", "1.1.0")
    for version in ("1.0.0", "1.1.0"):
        khabar.load(NAME, version=version)

    with pytest.raises(NotFound, match=r"a name needs a version: pass one; in the cache are: 1.0.0, 1.1.0"):
        khabar.load(NAME)
    with pytest.raises(NotFound, match=r"team/khabar@1.0.0 names a version, and 1.1.0 is asked for"):
        khabar.load(f"{NAME}@1.0.0", version="1.1.0")


def test_a_content_that_is_pinned_in_a_paper_is_insisted_on(hub, cache):
    publish(hub, "1.0.0")
    content = content_of(built())

    for opened in (khabar.load(NAME, version="1.0.0", content=content), khabar.load(built(), content=content[:8])):
        assert opened["train"].num_rows == 1
    for release, version in ((NAME, "1.0.0"), (built(), None)):
        with pytest.raises(Changed, match=rf"its content is {content[:8]}, 00000000 is asked for: do not use it"):
            khabar.load(release, version=version, content="00000000" * 8)


@pytest.mark.parametrize("empty", [{"content": ""}, {"version": ""}])
def test_a_pin_that_is_empty_is_no_leave_to_take_anything(cache, empty):
    with pytest.raises(NotFound, match="that is asked for is empty"):
        khabar.load(built(), **empty)


def test_an_address_is_fetched_first(cache):
    for elsewhere in ("https://example.org/khabar/0.1.0", "khabar-0.1.0.zip"):
        with pytest.raises(NotFound, match=r"is no folder: fetch it with khabar\.download first"):
            khabar.load(elsewhere)


def test_a_signature_of_rows_that_were_touched_is_not_given(cache, tmp_path):
    folder = copied(built(), tmp_path / "it")
    (folder / SHARD).write_bytes(flipped((folder / SHARD).read_bytes()))

    with pytest.raises(BadRecord, match=f"{SHARD} is "):
        khabar.signature(folder, "articles", "train")


def test_a_tag_that_moved_does_not_touch_what_was_pinned(hub, cache):
    publish(hub, "1.0.0")
    khabar.load(NAME, version="1.0.0")
    repository = hub.repositories[NAME]
    repository.tags["v1.0.0"] = repository.commit(files_of(built(*ANOTHER)))

    assert persons(khabar.load(NAME, version="1.0.0")) == {"Leila Haddad"}
    with pytest.raises(Changed, match="when first seen it was commit"):
        download(f"{NAME}@1.0.0", way=QUICK)


def test_a_cache_that_was_touched_is_found_out(hub, cache):
    publish(hub, "1.0.0")
    khabar.load(NAME, version="1.0.0")
    folder = khabar_folder(cache, "1.0.0")
    (folder / SHARD).write_bytes(flipped((folder / SHARD).read_bytes()))

    with pytest.raises(BadRecord, match=rf"{SHARD} is [0-9a-f]{{8}}, the manifest says"):
        khabar.load(NAME, version="1.0.0")


@pytest.mark.parametrize("name", [NAME, "khabar"])
def test_a_cache_whose_manifest_was_edited_to_match_is_found_out(hub, cache, name):
    publish(hub, "1.0.0")
    khabar.load(NAME, version="1.0.0")
    folder = khabar_folder(cache, "1.0.0")
    written(files_of(built(*ANOTHER)), folder)

    with pytest.raises(
        BadRecord, match=r"it was fetched as .*@1.0.0 with content [0-9a-f]{8}: remove it, and download"
    ):
        khabar.load(name, version="1.0.0")


def test_a_pin_that_is_no_pin_gets_one_line(hub, cache):
    publish(hub, "1.0.0")
    khabar.load(NAME, version="1.0.0")
    (pin,) = (cache.root / "pins").iterdir()
    pin.write_bytes(b"{")

    with pytest.raises(BadRecord, match=rf"{pin.name}: .*remove it if you trust team/khabar today"):
        khabar.load(NAME, version="1.0.0")


# By folder


def test_a_folder_of_another_version_is_refused(cache):
    with pytest.raises(Changed, match=r"holds version 1.0.0, 1.1.0 is asked for"):
        khabar.load(built(), version="1.1.0")
    assert khabar.load(str(built()), version="1.0.0")["train"].num_rows == 1


def test_a_folder_that_is_spelt_as_a_name_goes_before_it(cache, tmp_path, monkeypatch):
    copied(built(), tmp_path / "team" / "khabar")
    monkeypatch.chdir(tmp_path)

    assert khabar.load(NAME)["train"].to_list() == khabar.load(built())["train"].to_list()


def test_a_folder_without_a_release_does_not_hide_a_name_with_a_version(hub, cache, tmp_path, monkeypatch):
    publish(hub, "1.0.0")
    (tmp_path / "team" / "khabar").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    named = khabar.load(NAME, version="1.0.0")

    assert named["train"].to_list() == khabar.load(built())["train"].to_list()
    with pytest.raises(NotFound, match="is this a release's folder"):
        khabar.load(NAME)


def test_a_folder_that_was_built_anew_gives_its_new_rows(cache, tmp_path):
    folder = copied(built(), tmp_path / "it")
    before = persons(khabar.load(folder))
    written(files_of(built(*ANOTHER)), folder)

    assert (before, persons(khabar.load(folder))) == ({"Leila Haddad"}, {"Nour Aziz"})


def test_rows_are_digested_once_and_files_verified_every_time(cache, tmp_path, monkeypatch):
    folder = copied(built(), tmp_path / "it")
    first = khabar.load(folder)
    monkeypatch.setattr("khabar.loading.opened.rows_are", lambda *_: pytest.fail("digested again"))

    again = khabar.load(folder)

    assert {split: part.to_list() for split, part in again.items()} == {
        split: part.to_list() for split, part in first.items()
    }
    (folder / SHARD).write_bytes(flipped((folder / SHARD).read_bytes()))
    with pytest.raises(BadRecord, match=rf"{SHARD} is [0-9a-f]{{8}}, the manifest says"):
        khabar.load(folder)


def test_what_was_downloaded_was_digested_and_is_not_digested_again(hub, cache, monkeypatch):
    publish(hub, "1.0.0")
    khabar.download(f"{NAME}@1.0.0")
    monkeypatch.setattr("khabar.loading.opened.rows_are", lambda *_: pytest.fail("digested again"))

    assert khabar.load(f"{NAME}@1.0.0")["train"].num_rows == 1


def test_other_rows_under_a_manifest_edited_to_match_are_digested_and_found(cache, tmp_path):
    khabar.load(built())
    files = {**files_of(built()), SHARD: files_of(built(*ANOTHER))[SHARD]}

    with pytest.raises(BadRecord, match="the rows of articles/train are"):
        khabar.load(written(resealed(files), tmp_path / "it"))


@pytest.mark.parametrize("name", ["../../up", "/up", "a/b", ""])
def test_no_name_in_a_manifest_leads_out_of_the_folder_that_is_made_of_it(tmp_path, name):
    def with_split(manifest):
        splits = manifest["configs"]["articles"]["splits"]
        splits[name] = splits.pop("train")

    def with_config(manifest):
        manifest["configs"][name] = manifest["configs"].pop("quotes")

    for number, change in enumerate((with_split, with_config)):
        folder = written(resealed(files_of(built()), change), tmp_path / str(number))
        with pytest.raises(BadRecord, match=r"manifest\.json: Expected `str` matching regex"):
            read_manifest(folder)


def test_where_nothing_can_be_kept_a_release_opens_all_the_same(cache, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("KHABAR_CACHE", str(tmp_path / "file" / "cache"))

    assert khabar.load(built())["train"].num_rows == 1


def test_caches_of_datasets_are_named_by_content(cache, tmp_path):
    def name(folder, config="articles", split="train"):
        return khabar.load(folder, config)[split]._fingerprint

    assert name(built()) == name(copied(built(), tmp_path / "it"))
    others = [name(built(*ANOTHER)), name(built(), "entities"), name(built(), split="test")]
    assert len({name(built()), *others}) == 4


# Row by row


@pytest.mark.parametrize("config", ["texts", "articles", "entities", "quotes", "regions"])
def test_a_stream_yields_the_rows_as_they_stand_in_parquet(hub, cache, config):
    publish(hub, "1.0.0")

    rows = list(khabar.stream(NAME, config, "test", version="1.0.0"))

    told = pq.read_table(built() / shard(config, "test", 0)).to_pylist()
    assert rows
    if config == "articles":
        texts = pq.read_table(built() / shard("texts", "test", 0)).to_pylist()
        assert [row.pop("text") for row in rows] == [row["text"] for row in texts]
    assert rows == told


def test_a_stream_names_what_is_not_there(cache):
    with pytest.raises(NotFound, match=r"articles has no split 'dev', there are: train, validation, test"):
        khabar.stream(built(), "articles", "dev")
    with pytest.raises(NotFound, match="no config is called 'entity'"):
        khabar.stream(built(), "entity")


def test_a_stream_finds_a_flipped_bit_before_its_first_row(cache, tmp_path):
    folder = copied(built(), tmp_path / "it")
    (folder / SHARD).write_bytes(flipped((folder / SHARD).read_bytes()))

    with pytest.raises(BadRecord, match=rf"{SHARD} is [0-9a-f]{{8}}, the manifest says"):
        khabar.stream(folder)


def test_a_stream_finds_a_flipped_bit_in_a_page_whose_sums_were_made_to_match(cache, tmp_path):
    raw = files_of(built())[SHARD]
    column = pq.ParquetFile(built() / SHARD).metadata.row_group(0).column(0)
    place = column.data_page_offset + column.total_compressed_size // 2
    touched = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
    folder = written(resealed({**files_of(built()), SHARD: touched}), tmp_path / "it")

    with pytest.raises(BadRecord, match=rf"{SHARD}: .*: download it again"):
        list(khabar.stream(folder))


def test_a_stream_finds_other_rows_after_its_last_one(cache, tmp_path):
    files = {**files_of(built()), SHARD: files_of(built(*ANOTHER))[SHARD]}
    folder = written(resealed(files), tmp_path / "it")
    rows = khabar.stream(folder)

    assert next(rows)["id"] == "open-a"
    with pytest.raises(BadRecord, match="the rows of articles/train are"):
        next(rows)


def large(tmp_path):
    """Make a release whose training split has many row groups, as readers that hang have met them."""
    files = files_of(built())

    def tell(manifest):
        for config in ("texts", "articles"):
            table = pq.read_table(built() / shard(config, "train", 0))
            rows = pa.concat_tables([table] * 4000).combine_chunks()
            pq.write_table(rows, tmp_path / config, row_group_size=100, write_page_checksum=True)
            digest = ContentDigest()
            digest.add(rows)
            told = manifest["configs"][config]["splits"]["train"]
            told |= {"rows": digest.rows, "bytes": digest.bytes, "content": digest.hexdigest()}
        with_true_content(manifest)

    tell(json.loads(files["manifest.json"]))
    files |= {shard(config, "train", 0): (tmp_path / config).read_bytes() for config in ("texts", "articles")}
    return written(resealed(files, tell), tmp_path / "large")


def test_a_program_that_leaves_a_stream_in_the_middle_ends(cache, tmp_path):
    program = "import khabar, sys; rows = khabar.stream(sys.argv[1]); print(next(rows)['id'], next(rows)['id'])"

    done = subprocess.run(
        [sys.executable, "-c", program, str(large(tmp_path))],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=dict(os.environ),
    )

    assert (done.stdout, done.stderr) == ("open-a open-a\n", "")
