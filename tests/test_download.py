"""A release on its way from the Hub, a web server or a file system into the cache: whole, verified, or not there."""

import threading
from dataclasses import replace
from pathlib import Path

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from built import built, copied, files_of, flipped, resealed, with_true_content, written
from hubfiles import Repository
from khabar.errors import BadRecord, Busy, Changed, KhabarError, NotFound, Unreachable
from khabar.loading.cache import Cache
from khabar.loading.download import Way, download, inspect
from khabar.loading.head import unsafe
from khabar.loading.patience import Patience

NAME = "team/khabar"
QUICK = Way(patience=Patience(attempts=3, first=0.0, answer=5.0))
SHARD = "data/articles/train/batch-0000.parquet"


def publish(hub, files=None, tag="v1.0.0"):
    """Put files on the stand-in as a tagged commit; return the commit."""
    repository = hub.repositories.setdefault(NAME, Repository())
    repository.tags[tag] = repository.commit(files or files_of(built()))
    return repository.tags[tag]


def fetch(what=f"{NAME}@1.0.0", into=None, **way):
    return download(what, into, replace(QUICK, **way))


def ranges(hub, path):
    """Return the ranges that were asked for of a file."""
    return [wanted for line, wanted in hub.log if line.startswith("GET /objects/") and line.endswith(path)]


def left(cache):
    """Return the releases that are in the cache; partial ones are none."""
    return [path.parent for path in cache.root.glob("*/*/[!.]*/manifest.json")]


# The way


@pytest.mark.parametrize("source", ["hub", "web", "folder", "file", "memory"])
def test_a_release_comes_from_everywhere_into_the_folder_of_its_version_and_content(hub, cache, tmp_path, source):
    publish(hub)
    copied(built(), tmp_path / "there")
    fsspec.filesystem("memory").put(str(built()), f"/{tmp_path.name}", recursive=True)
    what = {
        "hub": f"{NAME}@1.0.0",
        "web": f"{hub.url}/{NAME}/v1.0.0/",
        "folder": str(tmp_path / "there"),
        "file": f"file://{tmp_path}/there",
        "memory": f"memory://{tmp_path.name}",
    }[source]

    folder = fetch(what)

    content = inspect(str(built()), QUICK)[0].content
    assert folder == cache.root / "khabar" / "1.0.0" / content[:16]
    assert files_of(folder) == files_of(built())
    assert left(cache) == [folder]


def test_manifest_and_sums_come_first(hub, cache):
    publish(hub)

    fetch()

    files = [line.rpartition("/")[2] for line in hub.asked("GET .*/resolve/")]
    assert files[:2] == ["manifest.json", "SHA256SUMS"]
    assert len(files) == len(files_of(built()))


def test_every_step_is_told_with_bytes_that_grow_to_the_whole(hub, cache):
    publish(hub)
    steps = []

    fetch(tell=steps.append)

    done = [step.done for step in steps if step.total]
    assert done == sorted(done)
    assert (steps[-1].what, steps[-1].done) == ("verifying", steps[-1].total)
    assert steps[-1].total == sum(
        len(raw) for path, raw in files_of(built()).items() if path not in ("manifest.json", "SHA256SUMS")
    )


def test_an_answer_that_comes_a_moment_later_is_waited_for(hub, cache):
    publish(hub)
    for what in ("manifest.json", "/revision/v1.0.0", "quotes/test"):
        hub.fail(503, what, times=2, headers={"Retry-After": "0"})

    assert files_of(fetch()) == files_of(built())


def test_the_wait_doubles_and_is_as_long_as_the_server_asks(monkeypatch):
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)

    for failures in (1, 2, 3, 9):
        Patience(first=1.5).wait(failures)
    Patience().wait(1, 7.0)
    Patience().wait(1, 10_000.0)

    assert waits == [1.5, 3.0, 6.0, 60.0, 7.0, 60.0]


@pytest.mark.parametrize("source", ["hub", "web"])
def test_a_file_that_is_cut_off_is_gone_on_with_from_its_last_byte(hub, cache, source):
    publish(hub)
    hub.fail("cut", rf"GET /(objects|{NAME}).*{SHARD}", times=2)

    folder = fetch(f"{NAME}@1.0.0" if source == "hub" else f"{hub.url}/{NAME}/v1.0.0")

    size = len(files_of(built())[SHARD])
    asked = [
        wanted for line, wanted in hub.log if line.startswith("GET") and line.endswith(SHARD) and "resolve" not in line
    ]
    assert asked == ["", f"bytes={size // 2}-", f"bytes={size // 2 + (size - size // 2) // 2}-"]
    assert files_of(folder) == files_of(built())


@pytest.mark.parametrize("source", ["hub", "web"])
def test_a_server_that_knows_no_ranges_is_gone_on_with_all_the_same(hub, cache, source):
    publish(hub)
    hub.fail("cut", SHARD, times=1)
    hub.fail("ignore", SHARD)

    folder = fetch(f"{NAME}@1.0.0" if source == "hub" else f"{hub.url}/{NAME}/v1.0.0")

    assert files_of(folder) == files_of(built())


def test_an_interrupted_run_leaves_no_release_and_the_next_one_goes_on_where_it_stopped(hub, cache):
    publish(hub)
    hub.fail("cut", rf"/objects/.*{SHARD}", times=1)
    hub.fail(503, rf"/objects/.*{SHARD}", times=0)
    cut, refused = hub.faults

    def after(*_):
        refused.times = 100 if not cut.times else 0

    with pytest.raises(Unreachable, match=rf"{NAME}/{SHARD}: .*bytes: run the same command again to go on"):
        fetch(tell=after)
    assert left(cache) == []
    hub.faults.clear()
    hub.log.clear()
    folder = fetch()

    assert ranges(hub, SHARD) == [f"bytes={len(files_of(built())[SHARD]) // 2}-"]
    assert ranges(hub, "data/articles/test/batch-0000.parquet") == []
    assert left(cache) == [folder]


def test_what_an_interrupted_run_left_of_another_file_is_fetched_from_the_start(hub, cache):
    publish(hub)
    final = cache.folder("khabar", "1.0.0", inspect(str(built()), QUICK)[0].content)
    written({SHARD: b"x" * 100, "README.md": b"", "old/file": b"of another"}, final.with_name(f".{final.name}.partial"))

    assert files_of(fetch()) == files_of(built())


def test_what_an_interrupted_run_left_of_a_longer_file_is_not_held_against_the_source(hub, cache):
    publish(hub)
    final = cache.folder("khabar", "1.0.0", inspect(str(built()), QUICK)[0].content)
    longer = files_of(built())[SHARD] + b"of another release"
    written({SHARD: longer}, final.with_name(f".{final.name}.partial"))

    assert files_of(fetch()) == files_of(built())


def test_a_server_that_says_nothing_is_left_after_a_while(hub, cache):
    publish(hub)
    hub.fail("slow", "README.md", seconds=1.5)

    with pytest.raises(Unreachable, match=r"README.md: .*timed out, after 0 of [0-9]+ bytes"):
        fetch(f"{hub.url}/{NAME}/v1.0.0", patience=Patience(attempts=2, first=0.0, answer=0.2))


def test_two_downloads_at_once_fetch_every_file_once_and_both_find_it(hub, cache):
    publish(hub)
    hub.fail("slow", "README.md", times=1, seconds=0.5)
    found, notes = [], []

    def run():
        found.append(fetch(note=notes.append))

    both = [threading.Thread(target=run) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()

    assert len(set(found)) == 1
    assert notes == ["khabar@1.0.0: another khabar fetches it, waiting until it is done"]
    assert len(hub.asked(rf"GET /objects/.*{SHARD}")) == 1
    assert sorted(path.name for path in found[0].parent.iterdir()) == [found[0].name]


def test_a_release_that_is_in_the_cache_is_not_fetched_again(hub, cache):
    publish(hub)
    fetch()
    hub.log.clear()

    fetch()

    assert hub.asked("parquet") == []


def test_what_is_damaged_in_the_cache_is_told_and_fetched_anew(hub, cache):
    publish(hub)
    folder = fetch()
    (folder / SHARD).write_bytes(flipped((folder / SHARD).read_bytes()))
    (folder / "more.txt").write_text("mine")
    hub.log.clear()

    with pytest.warns(
        UserWarning, match=rf"{SHARD} is [0-9a-f]{{8}}, the manifest says.*fetching anew what is damaged"
    ):
        again = fetch()

    assert again == folder
    assert files_of(folder) == files_of(built())
    assert len(hub.asked("GET /objects/")) == 1


def test_a_folder_of_ones_own_is_filled_and_never_overwritten(hub, cache, tmp_path):
    publish(hub)
    (tmp_path / "empty").mkdir()

    for name in ("new", "empty", "new"):
        assert files_of(fetch(into=tmp_path / name)) == files_of(built())
    (tmp_path / "new" / "README.md").write_text("mine")
    with pytest.raises(Busy, match=r"new is there, and is not khabar@1.0.0, sound: remove it"):
        fetch(into=tmp_path / "new")

    assert (tmp_path / "new" / "README.md").read_text() == "mine"
    assert left(cache) == []


def test_a_newer_version_brings_only_the_files_that_changed(hub, cache):
    publish(hub)
    old = fetch()
    files = files_of(built("1.1.0"))
    publish(hub, files, "v1.1.0")
    hub.log.clear()

    new = fetch(f"{NAME}@1.1.0")

    same = {path for path, raw in files.items() if files_of(old).get(path) == raw}
    assert SHARD in same
    assert [path for path in same if ranges(hub, path)] == []
    assert files_of(new) == files


def test_a_file_that_was_touched_in_the_cache_is_not_taken_over(hub, cache):
    publish(hub)
    old = fetch()
    (old / SHARD).write_bytes(flipped((old / SHARD).read_bytes()))
    publish(hub, files_of(built("1.1.0")), "v1.1.0")

    new = fetch(f"{NAME}@1.1.0")

    assert files_of(new) == files_of(built("1.1.0"))


# What is not believed


def broken(files):
    """Return every way in which somebody, or a machine, may break a release, with what is said of it."""
    other = "data/articles/test/batch-0000.parquet"
    swapped = {**files, SHARD: files[other], other: files[SHARD]}

    def swap_in_manifest(manifest):
        splits = manifest["configs"]["articles"]["splits"]
        splits["train"], splits["test"] = splits["test"], splits["train"]

    return {
        "a flipped bit": ({**files, SHARD: flipped(files[SHARD])}, f"{SHARD} is "),
        "a truncated shard": ({**files, SHARD: files[SHARD][:-100]}, f"{SHARD} has "),
        "a longer shard": ({**files, SHARD: files[SHARD] + b"\0"}, f"{SHARD} has more than"),
        "a missing file": ({path: raw for path, raw in files.items() if path != SHARD}, f"{SHARD} is missing"),
        "swapped files": (swapped, f"{other} "),
        "swapped files, the manifest edited to match": (resealed(swapped), "the rows of articles/train are"),
        "swapped splits, the manifest edited": (resealed(files, swap_in_manifest), "its content digest is not"),
        "other rows, the manifest edited to match": (
            resealed({**files, SHARD: files_of(built("1.0.0", "Nour Aziz"))[SHARD]}),
            "the rows of articles/train are",
        ),
        "another manifest": ({**files, "manifest.json": flipped(files["manifest.json"])}, "manifest.json"),
        "other sums": ({**files, "SHA256SUMS": flipped(files["SHA256SUMS"])}, "does not agree with SHA256SUMS"),
        "no sums": ({path: raw for path, raw in files.items() if path != "SHA256SUMS"}, "SHA256SUMS is missing"),
    }


@pytest.mark.parametrize("how", list(broken(files_of(built()))))
@pytest.mark.parametrize("source", ["hub", "folder"])
def test_a_release_that_was_touched_is_named_and_never_gets_into_the_cache(hub, cache, tmp_path, how, source):
    files, said = broken(files_of(built()))[how]
    publish(hub, files)
    what = f"{NAME}@1.0.0" if source == "hub" else str(written(files, tmp_path / "it"))

    with pytest.raises(KhabarError) as error:
        fetch(what)
    try:
        _, problems = inspect(what, QUICK)
    except KhabarError as refused:
        problems = [str(refused)]

    for line in (str(error.value), problems[0]):
        assert said in line
        assert "\n" not in line
    assert left(cache) == []


def test_a_bit_that_flips_on_the_way_once_is_fetched_again_and_one_that_stays_flipped_is_refused(hub, cache):
    publish(hub)
    hub.fail("flip", rf"/objects/.*{SHARD}", times=1)
    fetch()
    hub.fail("flip", r"/objects/.*regions/test")

    with pytest.raises(
        BadRecord, match=r"regions/test/batch-0000.parquet is [0-9a-f]{8}, the manifest says [0-9a-f]{8}"
    ):
        fetch(into=cache.root / "elsewhere", cache=Cache(cache.root / "empty"))

    assert not (cache.root / "elsewhere").exists()


@pytest.mark.parametrize("source", ["hub", "folder"])
def test_a_file_too_many_is_named_where_the_source_says_what_it_has(hub, cache, tmp_path, source):
    files = {**files_of(built()), "data/articles/more.parquet": b"PAR1", ".gitattributes": b""}
    publish(hub, files)
    files.pop(".gitattributes")

    what = f"{NAME}@1.0.0" if source == "hub" else str(written(files, tmp_path / "it"))
    _, problems = inspect(what, QUICK)

    assert [problem.partition("it/")[2] or problem for problem in problems] == [
        ("" if source == "folder" else f"{NAME}/")
        + "data/articles/more.parquet does not belong to the release: remove it"
    ]


def forged():
    """Return another release under the same version, sound in itself: only who saw the first one can tell."""
    return files_of(built("1.0.0", "Nour Aziz"))


def test_a_tag_that_moved_is_refused_with_a_line_that_says_both(hub, cache):
    first = publish(hub)
    fetch()
    repository = hub.repositories[NAME]
    second = repository.tags["v1.0.0"] = repository.commit({**files_of(built()), "note.md": b""})

    with pytest.raises(Changed) as error:
        fetch()

    for words in (f"commit {first[:8]} with content", f"commit {second[:8]} with content", "a version never changes"):
        assert words in str(error.value)


def test_another_content_under_a_known_version_is_refused_with_a_line_that_says_both(hub, cache):
    publish(hub)
    address = f"{hub.url}/{NAME}/v1.0.0"
    fetch(address)
    publish(hub, forged())
    old, new = (inspect(str(folder), QUICK)[0].content[:8] for folder in (built(), built("1.0.0", "Nour Aziz")))

    with pytest.raises(Changed, match=rf"is now content {new}, when first seen it was content {old}: a version never"):
        fetch(address)
    assert any(f"is now content {new}" in problem for problem in inspect(address, QUICK)[1])
    next((cache.root / "pins").iterdir()).unlink()  # as the line says

    assert files_of(fetch(address)) == forged()


def test_a_content_that_is_asked_for_is_insisted_on(hub, cache):
    publish(hub)
    content = inspect(str(built()), QUICK)[0].content

    with pytest.raises(Changed, match=rf"its content is {content[:8]}, 00000000 is asked for"):
        fetch(content="00000000")

    assert left(cache) == []
    assert left(cache) != [fetch(content=content), fetch(content=content[:8])]


def test_a_tag_that_holds_another_version_is_refused(hub, cache):
    publish(hub, files_of(built("1.1.0")))

    with pytest.raises(Changed, match=r"team/khabar@1.0.0 holds version 1.1.0, its tag says 1.0.0"):
        fetch()


def with_path(path):
    def change(manifest):
        manifest["files"][0]["path"] = path

    return change


@pytest.mark.parametrize(
    "path",
    [
        "../../escaped",
        "data/../../escaped",
        "/etc/escaped",
        "C:/escaped",
        "C:escaped",
        "data\\..\\escaped",
        "data/\0escaped",
        "data/\N{RIGHT-TO-LEFT OVERRIDE}escaped",
        "data//escaped",
        "./escaped",
        "..",
        "",
        "x" * 300,
        "manifest.json",
        "sha256sums",
        SHARD,
        SHARD.upper(),
        "data",
        "Data/articles",
    ],
)
def test_a_path_that_leads_out_of_the_release_or_over_another_file_is_refused_before_anything_is_written(
    hub, cache, path
):
    publish(hub, resealed(files_of(built()), with_path(path)))

    with pytest.raises(BadRecord, match=r"manifest.json: .*: do not trust it"):
        fetch()

    assert not cache.root.exists()


@given(st.text(alphabet=st.sampled_from("ab./\\:\0 \N{ARABIC LETTER ALEF}"), max_size=12))
def test_a_path_that_is_let_through_stays_below_the_release(path):
    if not unsafe(path):
        assert Path("/release", path).parts == ("/", "release", *path.split("/"))


@pytest.mark.parametrize("name", ["../up", "", ".hidden", "a/b", "a\0b"])
def test_a_name_of_a_corpus_that_is_no_name_is_refused(hub, cache, name):
    publish(hub, resealed(files_of(built()), lambda manifest: manifest.update(name=name)))

    with pytest.raises(BadRecord, match=r"matching regex .* at `\$\.name`"):
        fetch()


def test_a_link_in_what_an_interrupted_run_left_is_not_followed(hub, cache, tmp_path):
    publish(hub)
    final = cache.folder("khabar", "1.0.0", inspect(str(built()), QUICK)[0].content)
    partial = final.with_name(f".{final.name}.partial")
    partial.mkdir(parents=True)
    (partial / "data").symlink_to(tmp_path / "outside", target_is_directory=True)

    with pytest.raises(BadRecord, match=r"is a link that leads elsewhere: remove it"):
        fetch()

    assert not (tmp_path / "outside").exists()


def test_a_manifest_without_end_is_not_read_to_it(hub, cache, monkeypatch):
    publish(hub)
    monkeypatch.setattr("khabar.loading.head.LARGEST", 100)

    with pytest.raises(BadRecord, match=r"manifest.json has more than 100 bytes"):
        fetch()


def test_what_is_written_by_the_manifest_edited_to_match_even_in_its_content_is_told_from_the_pin(hub, cache):
    publish(hub)
    fetch()

    def relabel(manifest):
        manifest["configs"]["regions"]["class_labels"]["label"].reverse()
        with_true_content(manifest)

    publish(hub, resealed(files_of(built()), relabel))

    with pytest.raises(Changed, match="when first seen it was"):
        fetch()


# What cannot be meant


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nobody/nothing@1.0.0", "the Hub shows no such dataset"),
        (f"{NAME}@2.0.0", "has no v2.0.0, its tags are: v1.0.0"),
        (f"{NAME}@latest", "'latest' is no version"),
        ("khabar@1.0.0", "pass OWNER/khabar, or set KHABAR_HUB"),
        ("hub:team/khabar", "is called OWNER/NAME@VERSION"),
        ("no/such/folder", "is neither NAME@VERSION nor an address nor a folder"),
        ("nosuch://x/y", "nosuch"),
        ("http://user:word@127.0.0.1/x", "has neither account nor"),
        ("http://127.0.0.1/x?y=1", "has neither account nor"),
        ("http://[x/y", "pass the address of a release's folder"),
    ],
)
def test_what_cannot_be_meant_gets_one_line(hub, cache, what, said):
    publish(hub)

    with pytest.raises(NotFound) as error:
        fetch(what)

    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "word" not in str(error.value)


def test_a_server_that_is_not_there_and_one_that_refuses_get_one_line(hub, cache):
    publish(hub)
    hub.fail(403, "manifest.json")

    with pytest.raises(Unreachable, match=r"manifest.json: the server answers 403: may you read there"):
        fetch(f"{hub.url}/{NAME}/v1.0.0")
    with pytest.raises(Unreachable, match=r"team/khabar: the Hub answers 403: log in, or set HF_TOKEN"):
        fetch()
    with pytest.raises(Unreachable, match=r"3 times: run the same command again later"):
        fetch("http://127.0.0.1:9/x")


def test_an_error_of_a_file_system_that_is_like_no_other_gets_one_line(cache, monkeypatch):
    class NoCredentials(Exception):
        """As the clients of object stores have them."""

    def refuse(*_, **__):
        raise NoCredentials("no credentials\nfound in 7 places")

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.open", refuse)

    with pytest.raises(
        Unreachable, match=r"^memory://x/manifest.json: no credentials: look there, and at your account$"
    ):
        fetch("memory://x")


def test_a_bare_name_is_its_owners_that_the_environment_names(hub, cache, monkeypatch):
    publish(hub)
    monkeypatch.setenv("KHABAR_HUB", "team")

    assert files_of(fetch("khabar@1.0.0")) == files_of(built())


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.delenv("KHABAR_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    in_xdg = Cache().root
    monkeypatch.setenv("KHABAR_CACHE", str(tmp_path / "own"))

    assert (in_xdg, Cache().root) == (tmp_path / "xdg" / "khabar", tmp_path / "own")


# The commands


def test_the_command_prints_the_folder_and_what_is_in_it(hub, cache, khabar_here):
    publish(hub)

    status, out, err = khabar_here("download", f"{NAME}@1.0.0")

    folder = Path(out.strip())
    assert (status, files_of(folder)) == (0, files_of(built()))
    assert err == f"khabar 1.0.0, content {folder.name[:8]}: sound\n"


def test_the_command_verifies_a_release_where_it_is_and_keeps_nothing(hub, cache, tmp_path, khabar_here):
    publish(hub)
    sound = khabar_here("release", "verify", f"{NAME}@1.0.0")
    publish(hub, {**files_of(built()), SHARD: flipped(files_of(built())[SHARD])}, "v1.0.0")
    bad = khabar_here("release", "verify", f"{hub.url}/{NAME}/v1.0.0")
    other = khabar_here("release", "verify", built(), "--content", "00000000")

    assert (sound[0], sound[1]) == (0, "")
    assert bad[0] == 1
    assert SHARD in bad[1]
    assert bad[2].endswith(": 1 problem\n")
    assert other[0] == 1
    assert "00000000 is asked for" in other[2]
    assert not cache.root.exists()
