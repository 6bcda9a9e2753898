"""A release is published: to the Hub by its real client, to a folder, a bucket and an archive; whole, or not at all."""

import json
import zipfile

import fsspec
import pytest

from built import built, copied, files_of
from hubfiles import Repository
from khabar.errors import BadRecord, Busy, Changed, KhabarError, NotFound, Unreachable
from khabar.loading.download import Way, download
from khabar.loading.patience import Patience
from khabar.loading.publish import publish

# The Hub's client hands its uploads to httpx2 in a way that this calls old.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

NAME = "team/khabar"
QUICK = Way(patience=Patience(attempts=2, first=0.0, answer=5.0))
WRITES = r"^(POST /api/(repos|datasets/.*/(commit|tag|preupload))|PUT|POST /datasets)"


def send(folder, to=f"hub:{NAME}", **options):
    return publish(folder, to, way=QUICK, **options)


def kinds(plan):
    return {(each.kind, each.path) for each in plan.operations}


def on_hub(hub, revision="main"):
    repository = hub.repositories[NAME]
    return {path: raw for path, raw in repository.commits[repository.at(revision)].items() if path != ".gitattributes"}


# The Hub


def test_a_release_becomes_one_commit_and_one_tag_with_just_its_files(hub, cache):
    send(built())

    assert on_hub(hub, "v1.0.0") == files_of(built())
    assert len(hub.asked(r"/commit/main$")) == len(hub.asked(r"/tag/")) == 1
    assert len(hub.repositories[NAME].commits) == 2  # the Hub's own first one, and ours


def test_what_was_published_comes_back_the_same(hub, cache, tmp_path):
    send(built())

    folder = download(f"{NAME}@1.0.0", tmp_path / "back", QUICK)

    assert files_of(folder) == files_of(built())


def test_a_dry_run_prints_the_operations_with_their_bytes_and_touches_nothing(hub, cache):
    plan = send(built(), dry_run=True)

    assert {(each.path, each.bytes) for each in plan.operations} == {
        (path, len(raw)) for path, raw in files_of(built()).items()
    }
    assert {each.kind for each in plan.operations} == {"add"}
    assert hub.asked(WRITES) == []
    assert hub.repositories == {}


def test_the_next_version_sends_what_changed_and_deletes_what_it_has_no_more(hub, cache):
    send(built())
    hub.repositories[NAME].commit({**on_hub(hub), ".gitattributes": b"", "data/old/train/batch-0000.parquet": b"old"})
    hub.log.clear()

    plan = send(built("1.1.0", "Nour Aziz"))

    changed = {path for path, raw in files_of(built("1.1.0", "Nour Aziz")).items() if files_of(built())[path] != raw}
    assert "data/articles/train/batch-0000.parquet" in changed
    assert "data/regions/train/batch-0000.parquet" in changed
    assert kinds(plan) == {("delete", "data/old/train/batch-0000.parquet"), *(("update", path) for path in changed)}
    assert len(hub.asked("^PUT")) == sum(path.endswith(".parquet") for path in changed)
    assert on_hub(hub) == on_hub(hub, "v1.1.0") == files_of(built("1.1.0", "Nour Aziz"))
    assert on_hub(hub, "v1.0.0") == files_of(built())


def test_a_file_that_did_not_change_is_not_sent(hub, cache):
    send(built())

    plan = send(built("1.0.1"), dry_run=True)

    assert kinds(plan) == {("update", path) for path in ("README.md", "croissant.json", "manifest.json", "SHA256SUMS")}


def test_a_version_whose_tag_is_there_is_refused_even_with_the_same_rows(hub, cache):
    send(built())
    hub.log.clear()

    for folder in (built(), built("1.0.0", "Nour Aziz")):
        with pytest.raises(
            Changed, match=r"team/khabar has v1.0.0 already, a version never changes: raise the version"
        ):
            send(folder)

    assert hub.asked(WRITES) == []


def test_an_older_version_does_not_replace_a_newer_one_on_main(hub, cache):
    send(built("1.10.0"))

    with pytest.raises(Changed, match=r"main holds 1\.10\.0, which is newer than 1\.9\.0"):
        send(built("1.9.0"))
    with pytest.raises(Changed, match=r"main holds 1\.10\.0, which is newer than 1\.10\.0-rc\.1"):
        send(built("1.10.0-rc.1"))


def test_a_stale_parent_ends_with_one_line_and_changes_nothing_and_can_be_run_again(hub, cache):
    send(built())
    repository = hub.repositories[NAME]
    hub.before[r"POST .*/commit/main"] = lambda: repository.commit({**on_hub(hub), "note.md": b"hello"})

    with pytest.raises(Busy, match=r"team/khabar: main moved on while this was sent, nothing was changed"):
        send(built("1.1.0"))

    assert on_hub(hub) == {**files_of(built()), "note.md": b"hello"}
    assert list(repository.tags) == ["v1.0.0"]
    assert ("delete", "note.md") in kinds(send(built("1.1.0")))
    assert on_hub(hub, "v1.1.0") == files_of(built("1.1.0"))


@pytest.mark.parametrize("where", [r"PUT /objects", r"/preupload/", r"objects/batch", r"/commit/main"])
def test_an_upload_that_breaks_off_leaves_main_as_it_was_and_can_be_run_again(hub, cache, where, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    send(built())
    before = hub.repositories[NAME].main
    hub.fail(503, where, times=500)

    with pytest.raises(Unreachable, match=r"team/khabar: .*503.*: run the same command again"):
        send(built("1.1.0", "Nour Aziz"))

    assert hub.repositories[NAME].main == before
    hub.faults.clear()
    send(built("1.1.0", "Nour Aziz"))
    assert on_hub(hub, "v1.1.0") == files_of(built("1.1.0", "Nour Aziz"))


def test_a_commit_whose_answer_was_lost_is_found_and_only_tagged(hub, cache):
    hub.fail("lost", r"/commit/main", times=1)

    with pytest.raises(Unreachable, match=r"team/khabar: .*: run the same command again to go on"):
        send(built())
    again = send(built())

    assert again.operations == ()
    assert len(hub.asked(r"/commit/main")) == 1
    assert on_hub(hub, "v1.0.0") == files_of(built())


def test_a_commit_whose_tag_failed_is_only_tagged(hub, cache):
    hub.fail(500, r"/tag/", times=1)

    with pytest.raises(Unreachable, match=r"the Hub answers 500: run the same command again to go on"):
        send(built())
    again = send(built())

    assert (again.operations, len(hub.asked(r"/commit/main"))) == ((), 1)
    assert on_hub(hub, "v1.0.0") == files_of(built())


def test_a_bit_that_the_hub_flips_is_found_when_it_is_read_back_and_the_version_gets_no_tag(hub, cache):
    hub.fail("flip", r"GET /objects/.*quotes/train", times=2)

    with pytest.raises(
        BadRecord, match=r"quotes/train/batch-0000.parquet is [0-9a-f]{8}, the manifest says .*read back"
    ):
        send(built())

    assert hub.repositories[NAME].tags == {}
    send(built())
    assert on_hub(hub, "v1.0.0") == files_of(built())


def test_a_tag_that_somebody_else_makes_meanwhile_is_not_moved(hub, cache):
    send(built())
    repository = hub.repositories[NAME]
    first = repository.main
    hub.before[r"POST .*/tag/"] = lambda: repository.tags.update({"v1.1.0": first})

    with pytest.raises(Changed, match=r"team/khabar has v1.1.0 already, a tag never moves"):
        send(built("1.1.0"))

    assert repository.tags["v1.1.0"] == first


def test_who_may_not_write_gets_one_line(hub, cache):
    hub.fail(403, r"POST /api/repos/create")

    with pytest.raises(Unreachable, match=r"team/khabar: the Hub answers 403: log in, or set HF_TOKEN"):
        send(built())


def test_a_release_that_is_not_sound_is_not_published_anywhere(hub, cache, tmp_path):
    folder = copied(built(), tmp_path / "broken")
    (folder / "README.md").write_text("hello")

    for to in (f"hub:{NAME}", str(tmp_path / "out"), "memory://out", str(tmp_path / "out.zip")):
        with pytest.raises(BadRecord, match=r"README.md has 5 bytes.*what is not sound is not published"):
            send(folder, to)

    assert hub.log == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken"]


def test_a_large_object_that_is_on_the_hub_already_is_not_sent_again(hub, cache):
    send(built())
    hub.repositories["team/other"] = Repository()
    hub.repositories["team/other"].commit({".gitattributes": b""})
    hub.log.clear()

    send(built(), "hub:team/other")

    assert hub.asked("^PUT") == []
    assert hub.repositories["team/other"].tags["v1.0.0"] == hub.repositories["team/other"].main


# A folder, a bucket, an archive


def test_a_folder_gets_the_version_beside_the_others_and_never_the_same_one_twice(cache, tmp_path):
    for version in ("1.0.0", "1.1.0"):
        send(built(version), str(tmp_path / "all"))

    assert files_of(tmp_path / "all" / "1.0.0") == files_of(built())
    with pytest.raises(Changed, match=r"1.0.0 is there already, a version never changes"):
        send(built("1.0.0", "Nour Aziz"), str(tmp_path / "all"))
    assert files_of(tmp_path / "all" / "1.0.0") == files_of(built())
    assert not list((tmp_path / "all").glob("*.partial"))


@pytest.mark.parametrize("scheme", ["memory", "file"])
def test_a_bucket_gets_the_manifest_last_and_gives_the_release_back(cache, tmp_path, scheme, monkeypatch):
    address = f"{scheme}://{tmp_path}/bucket" if scheme == "file" else f"memory://{tmp_path.name}"
    system, _ = fsspec.url_to_fs(address)
    put, order = type(system).put_file, []

    def watched(self, source, target, *rest, **more):
        order.append(target.rpartition("/")[2])
        return put(self, source, target, *rest, **more)

    monkeypatch.setattr(type(system), "put_file", watched)

    plan = send(built(), address)

    assert plan.place == f"{address}/1.0.0"
    assert order[-2:] == ["SHA256SUMS", "manifest.json"]
    assert files_of(download(plan.place, tmp_path / "back", QUICK)) == files_of(built())
    with pytest.raises(Changed, match=r"1.0.0 is there already"):
        send(built(), address)


def test_what_an_interrupted_run_left_in_a_bucket_is_no_release_and_is_written_over(cache, tmp_path):
    address = f"memory://{tmp_path.name}"
    system, root = fsspec.url_to_fs(address)
    system.pipe(f"{root}/1.0.0/README.md", b"half")
    system.pipe(f"{root}/1.0.0/data/other.parquet", b"of another run")

    with pytest.raises(NotFound, match=r"1.0.0/manifest.json is missing"):
        download(f"{address}/1.0.0", tmp_path / "back", QUICK)
    plan = send(built(), address)

    assert {("update", "README.md"), ("delete", "data/other.parquet")} < kinds(plan)
    assert files_of(download(f"{address}/1.0.0", tmp_path / "back", QUICK)) == files_of(built())


def test_two_archives_of_one_release_are_the_same_bytes_with_the_dates_that_are_asked_for(cache, tmp_path, monkeypatch):
    send(built(), str(tmp_path / "a.zip"))
    send(copied(built(), tmp_path / "copy"), str(tmp_path / "b.zip"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    send(built(), str(tmp_path / "c.zip"))

    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert files_of(download(tmp_path / "a.zip", into=tmp_path / "back")) == files_of(built())
    with zipfile.ZipFile(tmp_path / "a.zip") as first, zipfile.ZipFile(tmp_path / "c.zip") as dated:
        assert first.namelist() == sorted(f"khabar-1.0.0/{path}" for path in files_of(built()))
        assert {entry.date_time for entry in first.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.date_time for entry in dated.infolist()} == {(2023, 11, 14, 22, 13, 20)}
        assert {name.removeprefix("khabar-1.0.0/"): first.read(name) for name in first.namelist()} == files_of(built())


def test_an_archive_that_is_there_is_not_replaced_and_no_date_gets_one_line(cache, tmp_path, monkeypatch):
    (tmp_path / "a.zip").write_bytes(b"mine")

    with pytest.raises(Changed, match=r"a.zip is there already: remove it"):
        send(built(), str(tmp_path / "a.zip"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(BadRecord, match=r"SOURCE_DATE_EPOCH is 'yesterday', it should be seconds since 1970"):
        send(built(), str(tmp_path / "b.zip"))

    assert (tmp_path / "a.zip").read_bytes() == b"mine"
    assert not (tmp_path / "b.zip").exists()


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("hub:khabar", "is called OWNER/NAME"),
        ("hub:team/khabar@1.0.0", "is called OWNER/NAME"),
        ("https://example.org/x", "takes no files"),
        ("nosuch://bucket", "nosuch"),
    ],
)
def test_a_place_that_cannot_be_meant_gets_one_line(cache, to, said):
    with pytest.raises(KhabarError, match=said) as error:
        send(built(), to)

    assert "\n" not in str(error.value)


def test_the_command_prints_an_operation_a_line_and_refuses_the_second_time(hub, cache, khabar_here):
    publish_it = ("release", "publish", built(), "--to", f"hub:{NAME}")

    dry, done, again = khabar_here(*publish_it, "--dry-run"), khabar_here(*publish_it), khabar_here(*publish_it)

    assert (dry[0], done[0], again[0]) == (0, 0, 1)
    assert dry[1] == done[1]
    assert ["add", str(len(files_of(built())["README.md"])), "README.md"] in [
        line.split("\t") for line in dry[1].splitlines()
    ]
    assert "the dataset team/khabar is made; one commit on main; the tag v1.0.0: not done, as asked" in dry[2]
    assert done[2].endswith("done, and read back: sound\n")
    assert again[1:] == ("", "khabar: team/khabar has v1.0.0 already, a version never changes: raise the version\n")
    assert json.loads(on_hub(hub, "v1.0.0")["manifest.json"])["version"] == "1.0.0"
