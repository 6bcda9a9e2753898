"""Back-ups of the server: whole, believed only where every part holds, never over a state; accounts by pseudonym."""

import io
import json
import sqlite3
import stat
import tarfile
from contextlib import closing
from functools import partial

import pytest

from khabar.campaign.accounts import account
from khabar.campaign.address import EMBEDDED
from khabar.campaign.backup import CONTENTS, backup, restore
from khabar.campaign.database.held import held
from khabar.campaign.database.sqlite import SQLite
from khabar.campaign.design import Wanted, begin
from khabar.campaign.drill import Drilled, drill
from khabar.campaign.load import Load
from khabar.campaign.people import People, Person
from khabar.campaign.pull import pull
from khabar.campaign.push import push
from khabar.campaign.server import Studio
from khabar.errors import BadRecord, Changed, NotFound, ServerTrouble
from studios import add, files, of, post, put, quiet, tasks_on, unique

TABLES = """
create table project (id integer primary key);
create table task (id integer primary key, project_id integer);
create table task_completion (id integer primary key, task_id integer, result text);
insert into project values (1), (2);
insert into task values (1, 1), (2, 1);
insert into task_completion values (1, 1, '[{"b": 1, "a": 2}]'), (2, 1, null);
"""


DATABASE = SQLite.part


def held_in(studio):
    database = SQLite(studio.folder)
    return held(partial(database.rows, studio.folder / DATABASE))


@pytest.fixture
def state(tmp_path):
    """A studio that was never started, with the state of one that was."""
    studio = Studio(tmp_path / "studio", tmp_path / "env")
    (studio.folder / "data" / "media" / "upload").mkdir(parents=True)
    with closing(sqlite3.connect(studio.folder / DATABASE)) as connection:
        connection.executescript(TABLES)
    (studio.folder / "data" / ".env").write_text("SECRET_KEY=x")
    (studio.folder / "data" / "media" / "upload" / "a.txt").write_text("words")
    (studio.folder / "data" / "export").mkdir()
    (studio.folder / "data" / "export" / "copy.json").write_text("[]")
    (studio.folder / "admin.json").write_text("{}")
    People(studio.folder, EMBEDDED).add("sami", Person(user=3))
    return studio


@pytest.fixture
def empty(tmp_path):
    return Studio(tmp_path / "other", tmp_path / "env")


def everything(folder):
    kept = (path for path in folder.rglob("*") if path.is_file() and path.name not in ("process", ".gitignore"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept if "export" not in path.parts}


def test_what_was_backed_up_comes_back_and_nobody_else_reads_it(state, empty, tmp_path):
    told = backup(state, tmp_path / "b" / "one.tar.gz")

    again = restore(tmp_path / "b" / "one.tar.gz", empty)

    assert told == again
    assert {number: (each.tasks, each.annotations) for number, each in told.projects.items()} == {1: (2, 2), 2: (0, 0)}
    there, here = everything(empty.folder), everything(state.folder)
    assert there.keys() == here.keys()
    assert {name for name in here if here[name] != there[name]} <= {DATABASE}
    assert held_in(empty) == held_in(state)
    assert stat.S_IMODE((tmp_path / "b" / "one.tar.gz").stat().st_mode) == 0o600
    for name in ("admin.json", "people.json", DATABASE, "data/.env"):
        assert stat.S_IMODE((empty.folder / name).stat().st_mode) == 0o600, name
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["one.tar.gz"]


def test_neither_a_back_up_nor_a_state_is_ever_overwritten(state, empty, tmp_path):
    path = tmp_path / "one.tar.gz"
    backup(state, path)

    with pytest.raises(Changed, match="is there already: a back-up is never overwritten"):
        backup(state, path)
    with pytest.raises(Changed, match="data is there already: back it up and move it away first"):
        restore(path, state)
    with pytest.raises(NotFound, match="is missing"):
        restore(tmp_path / "two.tar.gz", empty)
    with pytest.raises(ServerTrouble, match="holds no state"):
        backup(empty, tmp_path / "two.tar.gz")
    People(empty.folder, EMBEDDED).add("leila", Person(user=8))
    with pytest.raises(Changed, match=r"people\.json is there already and says something else"):
        restore(path, empty)
    assert not (empty.folder / "data").exists()
    with state.still(), pytest.raises(ServerTrouble, match=r"is up on the data in .*: run 'khabar studio down' first"):
        restore(path, state)


def repacked(path, change):
    """Write a back-up anew, its parts passed through a function; one that it returns None for is left out."""
    with tarfile.open(path) as archive:
        parts = {each.name: archive.extractfile(each).read() for each in archive.getmembers()}
    with tarfile.open(path, "w:gz") as archive:
        for name, content in parts.items():
            changed = change(name, content)
            if changed is not None:
                head = tarfile.TarInfo(name)
                head.size = len(changed)
                archive.addfile(head, io.BytesIO(changed))


def without_database(name, content):
    if name != CONTENTS:
        return None if name == DATABASE else content
    told = json.loads(content)
    del told["files"][DATABASE]
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda name, content: content + b"x" if name == "admin.json" else content, "admin.json is .{8}, it says .{8}"),
        (lambda name, content: None if name == DATABASE else content, "sqlite3 is missing from it"),
        (lambda name, content: None if name == CONTENTS else content, "it is no back-up of"),
        (lambda name, content: b"{}" if name == CONTENTS else content, "it is no back-up of"),
        (without_database, "it holds no database"),
    ],
)
def test_a_back_up_that_was_touched_is_refused_and_leaves_nothing(state, empty, tmp_path, change, said):
    path = tmp_path / "one.tar.gz"
    backup(state, path)
    repacked(path, change)

    with pytest.raises(BadRecord, match=said) as caught:
        restore(path, empty)

    assert "\n" not in str(caught.value)
    assert everything(empty.folder) == {}


@pytest.mark.parametrize("absolute", [True, False])
def test_a_back_up_touches_no_file_elsewhere(state, empty, tmp_path, absolute):
    path, victim = tmp_path / "one.tar.gz", tmp_path / "victim"
    victim.write_bytes(b"{}")
    victim.chmod(0o644)
    backup(state, path)
    name = str(victim) if absolute else "../../victim"

    def named(part, content):
        return content.replace(b'"admin.json"', json.dumps(name).encode()) if part == CONTENTS else content

    repacked(path, named)
    with tarfile.open(path) as archive:
        parts = [(each, archive.extractfile(each).read()) for each in archive.getmembers()]
    with tarfile.open(path, "w:gz") as archive:
        for head, content in parts:
            head.name = name if head.name == "admin.json" else head.name
            archive.addfile(head, io.BytesIO(content))

    with pytest.raises(BadRecord, match="leads out of the back-up: do not trust it"):
        restore(path, empty)

    assert stat.S_IMODE(victim.stat().st_mode) == 0o644
    assert everything(empty.folder) == {}


def test_what_is_no_back_up_or_half_of_one_is_refused(state, empty, tmp_path):
    path = tmp_path / "one.tar.gz"
    backup(state, path)
    content = path.read_bytes()

    for bad in (b"", b"words", content[: len(content) // 2]):
        path.write_bytes(bad)
        with pytest.raises(BadRecord, match=r"one\.tar\.gz: "):
            restore(path, empty)

    assert everything(empty.folder) == {}


def test_a_database_of_a_kind_that_nothing_is_known_of_is_refused(state, tmp_path, monkeypatch):
    monkeypatch.setenv("DJANGO_DB", "mysql")

    with pytest.raises(ServerTrouble, match="DJANGO_DB is 'mysql', back-ups are of 'sqlite' and 'default'"):
        backup(state, tmp_path / "one.tar.gz")


def test_a_database_that_is_not_label_studios_is_not_backed_up(state, tmp_path):
    with closing(sqlite3.connect(state.folder / DATABASE)) as connection:
        connection.execute("drop table task")

    with pytest.raises(ServerTrouble, match="no such table: task: is it Label Studio's"):
        backup(state, tmp_path / "one.tar.gz")

    assert not list(tmp_path.glob("*one.tar.gz*"))


def test_what_hangs_on_no_task_or_on_no_project_is_held_by_none(state):
    with closing(sqlite3.connect(state.folder / DATABASE)) as connection, connection:
        connection.executescript("insert into task values (3, null), (4, 9);")
        connection.executescript("insert into task_completion values (3, 3, '[]'), (4, 4, '[]'), (5, null, '[]');")

    found = held_in(state)

    assert {number: (each.tasks, each.annotations) for number, each in found.items()} == {1: (2, 2), 2: (0, 0)}


def test_a_drill_tells_every_project_that_differs(state):
    one = held_in(state)

    assert Drilled(one, one).faults == []
    (line, other) = Drilled(one, {1: one[2], 3: one[2]}).faults[:2]
    assert line.startswith("project 1: backed up 2 tasks and 2 annotations (")
    assert other.endswith("restored nothing")


def test_an_account_is_not_made_where_the_pseudonym_is_taken_or_the_server_was_never_up(state, empty):
    for studio, name, error in (
        (state, "sami", Changed),
        (state, "Sami", BadRecord),
        (state, "a7", BadRecord),
        (empty, "leila", ServerTrouble),
    ):
        with pytest.raises(error):
            account(studio, name, quiet)


def test_an_account_is_not_made_on_the_embedded_server_where_another_is_named(state, monkeypatch):
    monkeypatch.setenv("KHABAR_STUDIO_URL", "https://studio.example.org")

    with pytest.raises(ServerTrouble, match=r"names another server, .* 'khabar studio user leila --id' and its number"):
        account(state, "leila", quiet)


# The real server


@pytest.mark.server
def test_two_annotators_work_blind_and_the_drill_finds_all_of_it_again(corpus, studio, door, tmp_path):
    keys = sorted(add(corpus, count=6))
    people = {name: account(studio, name, quiet)[0] for name in ("sami", "leila")}
    for name, person in people.items():
        People(corpus.studio, EMBEDDED).add(name, person)
    wanted = Wanted(
        articles=tuple(keys[:4]), annotators=("sami", "leila"), overlap=2, bare=0.5, controls=keys[4], seed=3, batch=2
    )
    campaign = begin(corpus, unique(), ["entity", "quote"], wanted)
    load = Load(predictions=put(corpus, tmp_path / "p", *(of(corpus, key, "tagger-0.1") for key in keys)))
    first = push(campaign, door, load, quiet)
    campaign.release(2)
    second = push(campaign, door, Load(), quiet)

    for name, person in people.items():
        for task in tasks_on(door, campaign, name)[:3]:
            begun = {"result": [], "lead_time": 12.5}
            post(door, f"tasks/{task['id']}/annotations", begun, token=person.token)
    unfinished, last = tasks_on(door, campaign, "leila")[3:]
    post(door, f"tasks/{unfinished['id']}/drafts", {"result": [], "lead_time": 3}, token=people["leila"].token)
    post(door, f"tasks/{last['id']}/annotations", {"result": [], "was_cancelled": True}, token=people["leila"].token)
    found = pull(campaign, door, quiet)
    drilled = drill(studio, None, quiet)

    assert account(studio, "sami", quiet) == (people["sami"], False)
    assert first.sent["tasks"] + second.sent["tasks"] == 10
    assert first.sent["predictions"] + second.sent["predictions"] == sum(each.shown for each in campaign.assignments)
    assert first.hidden + second.hidden > 0
    by_name = {name: tasks_on(door, campaign, name) for name in people}
    assert {tuple(sorted(each["data"])) for tasks in by_name.values() for each in tasks} == {
        ("article", "sha256", "text", "view_sha256")
    }
    assert not any(each["meta"] for tasks in by_name.values() for each in tasks)
    assert (found.summary.annotations, found.summary.cancelled, found.summary.drafts) == (6, 1, 1)
    assert sorted(path.name for path in (campaign.folder / "annotations").iterdir()) == ["leila", "sami"]
    work = corpus.work(campaign.name)
    assert {(each.annotator, each.state) for each in work} == {
        ("sami", "submitted"),
        ("", "open"),
        ("leila", "submitted"),
        ("leila", "draft"),
        ("leila", "skipped"),
    }
    assert {each.seconds for each in work if each.state == "submitted"} == {12.5}
    due = {(each.project, each.article): each for each in campaign.assignments}
    assert all(bool(each.models) == due[each.project, each.article].shown for each in work)
    assert {each.role for each in work if each.article == keys[4]} == {"control"}
    told = b"".join(content for path, content in files(campaign).items() if "exports" not in path.parts)
    assert b"khabar.invalid" not in told
    assert drilled.faults == []
    assert sum(each.annotations for each in drilled.found.values()) >= 7
