"""The embedded server's state in PostgreSQL, on a real one: back-up, restore, drill, and what is refused.

The last test is a campaign on a Label Studio that keeps everything there.
"""

import shutil
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import pytest

from khabar.campaign.accounts import account
from khabar.campaign.address import EMBEDDED
from khabar.campaign.backup import backup, restore
from khabar.campaign.client import Door
from khabar.campaign.database import database_of
from khabar.campaign.database.held import Held, held, spoken, together
from khabar.campaign.drill import drill
from khabar.campaign.load import Load
from khabar.campaign.monitor.locks import locks
from khabar.campaign.people import People
from khabar.campaign.pull import pull
from khabar.campaign.push import push
from khabar.campaign.server import Studio
from khabar.errors import Changed, NotFound, ServerTrouble
from postgres import PLAIN, Cluster
from studios import FACE, add, begin, number, of, post, put, quiet, tasks_on

pytestmark = pytest.mark.server

CLIENTS = ("psql", "pg_dump", "pg_restore")
AWKWARD = [{"text": f"tab\t line\n back\\slash \\N {FACE} \N{RIGHT-TO-LEFT MARK}\N{LINE SEPARATOR}", "score": 1.50}]
TABLES = """
create extension pg_trgm;
create table project (id integer primary key, title text);
create table task (id integer primary key, data text, "project_id" integer references project);
create table task_completion (id integer primary key, result jsonb, was_cancelled boolean, task_id integer);
insert into project values (1, E'two\\nlines'), (2, null);
insert into task values (1, 'a', 1), (2, E'\\\\.', 1), (3, '', null);
insert into task_completion values (7, '{awkward}', false, 1), (8, null, true, 2), (9, '[]', true, null);
alter table project owner to {role};
alter table task owner to {role};
alter table task_completion owner to {role};
"""
SAID = together([spoken(7, AWKWARD), spoken(8, None)])


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def studio_of(tmp_path):
    """Make a studio in a new folder that was never started, on a database."""

    def make(name, variables):
        return Studio(tmp_path / name, tmp_path / "env", variables)

    return make


@pytest.fixture
def full(cluster, studio_of):
    """Make a studio with the state of one that was started."""

    def make(**new):
        studio = studio_of("studio", cluster.new(**new))
        awkward = msgspec.json.encode(AWKWARD).decode()
        role, name = studio.variables["POSTGRE_USER"], studio.variables["POSTGRE_NAME"]
        cluster.ask(TABLES.format(awkward=awkward, role=role), name)
        (studio.folder / "data" / "media").mkdir(parents=True)
        (studio.folder / "data" / "media" / "a.txt").write_text("words")
        (studio.folder / "data" / ".env").write_text("SECRET_KEY=x")
        (studio.folder / "admin.json").write_text("{}")
        return studio

    return make


@pytest.fixture
def clients(tmp_path, monkeypatch):
    """Have PostgreSQL's clients called through a folder of ours, where tests may change them; return it and its log."""
    folder, log = tmp_path / "clients", tmp_path / "called"
    folder.mkdir()
    for name in CLIENTS:
        (folder / name).write_text(f'#!/bin/sh\necho "$0 $*" >> {log}\nexec {shutil.which(name)} "$@"\n')
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder, log


def tables(cluster, studio):
    """Return what the tables of a studio's database hold."""
    asked = "select p from project p order by id", "select t from task t order by id"
    asked += ("select c from task_completion c order by id", "select extname from pg_extension order by 1")
    return [cluster.ask(each, studio.variables["POSTGRE_NAME"]) for each in asked]


def test_what_was_backed_up_comes_back_into_an_empty_database(cluster, full, studio_of, clients, tmp_path):
    studio = full()
    other = studio_of("other", cluster.new())

    told = backup(studio, tmp_path / "one.tar.gz")
    again = restore(tmp_path / "one.tar.gz", other)

    assert told == again
    assert told.database == "PostgreSQL"
    assert set(told.files) == {"admin.json", "data/.env", "data/media/a.txt", "database.dump"}
    assert told.projects == {1: Held(2, 2, SAID), 2: Held(0, 0, together([]))}
    assert tables(cluster, other) == tables(cluster, studio)
    assert (other.folder / "data" / "media" / "a.txt").read_text() == "words"
    assert not (other.folder / "database.dump").exists()
    called = clients[1].read_text()
    assert all(f"/{name} " in called for name in CLIENTS)
    assert cluster.password not in called


def test_a_database_that_holds_tables_is_never_filled(cluster, full, studio_of, tmp_path):
    studio = full()
    backup(studio, tmp_path / "one.tar.gz")
    other = studio_of("other", cluster.new())
    cluster.ask("create schema apart create table kept (a integer)", other.variables["POSTGRE_NAME"])

    with pytest.raises(Changed, match=r"PostgreSQL's database 'labels_.*' at .* holds tables already"):
        restore(tmp_path / "one.tar.gz", other)

    assert not (other.folder / "data").exists()
    assert not (other.folder / "admin.json").exists()


def test_a_restore_that_fails_leaves_the_database_and_the_folder_empty(cluster, full, studio_of, tmp_path):
    studio = full()
    backup(studio, tmp_path / "one.tar.gz")
    other = studio_of("other", cluster.new())
    cluster.ask("create type task_completion as (a integer)", other.variables["POSTGRE_NAME"])

    with pytest.raises(ServerTrouble, match=r"pg_restore ends with status 1 and says: .*already exists") as caught:
        restore(tmp_path / "one.tar.gz", other)

    assert "\n" not in str(caught.value)
    assert not database_of(other.folder, other.variables).full()
    assert not (other.folder / "data").exists()


def test_a_back_up_is_not_restored_into_a_database_of_another_kind(cluster, full, studio_of, tmp_path, sqlite_one):
    backup(full(), tmp_path / "one.tar.gz")

    with pytest.raises(ServerTrouble, match=r"was in PostgreSQL, the server here has SQLite: set DJANGO_DB=default"):
        restore(tmp_path / "one.tar.gz", studio_of("other", {"DJANGO_DB": "sqlite"}))
    with pytest.raises(ServerTrouble, match=r"was in SQLite, the server here has PostgreSQL: unset DJANGO_DB"):
        restore(sqlite_one, studio_of("other", cluster.new()))


@pytest.fixture
def sqlite_one(tmp_path, studio_of):
    """A back-up of a server on SQLite."""
    import sqlite3
    from contextlib import closing

    studio = studio_of("light", {"DJANGO_DB": "sqlite"})
    (studio.folder / "data").mkdir(parents=True)
    with closing(sqlite3.connect(studio.folder / "data" / "label_studio.sqlite3")) as connection:
        for columns in ("project (id)", "task (id, project_id)", "task_completion (id, task_id, result)"):
            connection.execute(f"create table {columns}")
    backup(studio, tmp_path / "light.tar.gz")
    return tmp_path / "light.tar.gz"


def test_a_server_that_was_never_started_has_nothing_to_back_up(cluster, full, studio_of, tmp_path):
    started = full()

    for studio in (studio_of("other", cluster.new()), studio_of("other", started.variables)):
        with pytest.raises(ServerTrouble, match=r"holds no state of .*: run 'khabar studio up' first"):
            backup(studio, tmp_path / "one.tar.gz")

    assert not (tmp_path / "one.tar.gz").exists()


def test_a_database_that_is_not_label_studios_is_not_backed_up(cluster, full, tmp_path):
    studio = full()
    cluster.ask("drop table task cascade", studio.variables["POSTGRE_NAME"])

    with pytest.raises(ServerTrouble, match="its copy gives no table 'task': is it Label Studio's"):
        backup(studio, tmp_path / "one.tar.gz")

    assert not list(tmp_path.glob("*one.tar.gz*"))


def test_clients_that_are_missing_or_older_than_the_server_get_a_line(full, clients, tmp_path):
    studio, (folder, _) = full(), clients
    dump = folder / "pg_dump"

    dump.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    with pytest.raises(ServerTrouble, match=r"'pg_dump \(PostgreSQL\) 9\.6\.24' cannot read it: install PostgreSQL's"):
        backup(studio, tmp_path / "one.tar.gz")
    for name in ("pg_dump", "psql"):
        (folder / name).unlink()
        with pytest.raises(NotFound, match=f"{name} is missing: install PostgreSQL's client"):
            backup(studio, tmp_path / "one.tar.gz")

    assert not list(tmp_path.glob("*one.tar.gz*"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"POSTGRE_PASSWORD": "wrong-one"}, "password authentication failed"),
        ({"POSTGRE_PORT": "1"}, "Connection refused"),
        ({"POSTGRE_NAME": "of_nobody"}, "does not exist"),
    ],
)
def test_a_database_that_cannot_be_opened_gets_a_line_without_the_password(full, studio_of, tmp_path, changed, said):
    studio = full()
    studio = Studio(studio.folder, studio.environment, {**studio.variables, **changed})

    with pytest.raises(ServerTrouble, match=said) as caught:
        backup(studio, tmp_path / "one.tar.gz")

    assert "\n" not in str(caught.value)
    assert studio.variables["POSTGRE_PASSWORD"] not in str(caught.value)


def test_commands_take_the_database_from_the_variables_at_hand(full, corpus, tmp_path, monkeypatch, khabar_here):
    studio, path = full(), tmp_path / "one.tar.gz"
    studio.folder.rename(corpus.studio)
    for key, value in studio.variables.items():
        monkeypatch.setenv(key, value)

    done = khabar_here("--root", corpus.root, "studio", "backup", path)

    assert done == (0, f"{path}\n", "2 projects, 2 tasks, 2 annotations; it holds secrets\n")


def test_a_drill_without_the_right_to_make_databases_gets_a_line(cluster, full):
    studio = full(role=PLAIN)
    before = cluster.databases()

    with pytest.raises(ServerTrouble, match=f"the role '{PLAIN}' may not create databases, a drill needs one"):
        drill(studio, None, quiet)

    assert cluster.databases() == before


def test_a_drill_that_fails_leaves_no_database_behind(cluster, full, sqlite_one):
    studio = full()
    before = cluster.databases()

    with pytest.raises(ServerTrouble, match="the server here has PostgreSQL"):
        drill(studio, sqlite_one, quiet)

    assert cluster.databases() == before


# The real Label Studio


@pytest.fixture
def labelled(environment, cluster, tmp_path, monkeypatch):
    """A Label Studio that is up and keeps its state in PostgreSQL, as the variables at hand say."""
    for key, value in cluster.new().items():
        monkeypatch.setenv(key, value)
    studio = Studio(tmp_path / "studio", environment)
    studio.up(port=0)
    yield studio
    studio.down()


def test_a_campaign_in_postgresql_is_pushed_pulled_drilled_and_restored(corpus, labelled, cluster, studio_of, tmp_path):
    keys = sorted(add(corpus, count=3))
    campaign = begin(corpus, keys)
    person, _ = account(labelled, "sami", quiet)
    People(corpus.studio, EMBEDDED).add("sami", person)
    load = Load(predictions=put(corpus, tmp_path / "p", *(of(corpus, key, "tagger-0.1") for key in keys)))
    before = cluster.databases()

    with Door(labelled.status()) as door:
        first, again = (push(campaign, door, load, quiet).sent for _ in range(2))
        for task in tasks_on(door, campaign)[:2]:
            begun = {"result": task["predictions"][0]["result"], "lead_time": 2.5}
            post(door, f"tasks/{task['id']}/annotations", begun, token=person.token)
        found = pull(campaign, door, quiet)
        post(door, f"projects/{number(campaign)}/next", None, method="GET", token=person.token)
    (kept,) = locks(campaign)
    told = backup(labelled, tmp_path / "one.tar.gz")
    drilled = drill(labelled, tmp_path / "one.tar.gz", quiet)
    other = studio_of("other", cluster.new())
    restore(tmp_path / "one.tar.gz", other)

    assert (first["tasks"], again["tasks"]) == (3, 0)
    assert (found.summary.annotations, found.summary.quarantined) == (2, 0)
    assert (kept.article, kept.annotator) == (keys[2], "sami")
    assert timedelta(0) <= datetime.now(UTC) - kept.touched < timedelta(hours=1)
    for key in keys[:2]:
        pulled = corpus.read_annotation(campaign.folder / "annotations" / "sami" / f"{key}.json")
        assert [(each.start, each.end, each.label) for each in pulled.spans] == [
            (each.start, each.end, each.label) for each in of(corpus, key).spans
        ]
    assert drilled.faults == []
    assert sum(each.annotations for each in drilled.found.values()) == 2
    assert cluster.databases() - before == {other.variables["POSTGRE_NAME"]}
    again = database_of(other.folder, other.variables)
    again.copy(tmp_path / "copy")
    assert held(partial(again.rows, tmp_path / "copy")) == told.projects
    log = (labelled.folder / "server.log").read_text(encoding="utf-8")
    assert cluster.password not in log
    assert (other.folder / "people.json").read_bytes() == (labelled.folder / "people.json").read_bytes()
