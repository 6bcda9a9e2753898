"""The embedded server's life, with a stand-in for Label Studio: start, trouble, stop, and nothing left behind."""

import fcntl
import hashlib
import json
import os
import signal
import socket
import stat
import sys
import threading
import time
from functools import partial

import pytest
from click.testing import CliRunner

from conftest import add_gold
from khabar.campaign import environment as environment_module
from khabar.campaign import server as server_module
from khabar.campaign.address import server_at_hand
from khabar.campaign.environment import LOCK, STAMP, install, settings
from khabar.campaign.server import Studio
from khabar.cli import cli
from khabar.errors import NotFound, ServerTrouble

HEALTHY = """
import json, os, signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers.get("Authorization") == "Token " + os.environ["LABEL_STUDIO_USER_TOKEN"]
        self.send_response(200 if self.path == "/health" or known else 401)
        self.end_headers()
        self.wfile.write(json.dumps({"status": "UP"}).encode())

port = int(sys.argv[sys.argv.index("--port") + 1])
open(os.environ["LABEL_STUDIO_BASE_DATA_DIR"] + "/pid", "w").write(str(os.getpid()))
HTTPServer(("127.0.0.1", port), Answer).serve_forever()
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + HEALTHY
DYING = "print('migrating'); print('database is locked'); print(); raise SystemExit(3)"
SILENT = """
import os, time
open(os.environ["LABEL_STUDIO_BASE_DATA_DIR"] + "/pid", "w").write(str(os.getpid()))
print("thinking", flush=True)
time.sleep(600)
"""
FORGETFUL = HEALTHY.replace('"Token " + ', '"Token x" + ')


@pytest.fixture
def stand_in(tmp_path):
    """Return a studio whose Label Studio is a program of ours."""

    def make(program):
        environment = tmp_path / "env"
        (environment / "bin").mkdir(parents=True, exist_ok=True)
        path = environment / "bin" / "label-studio"
        path.write_text(f"#!{sys.executable}\n{program}")
        path.chmod(0o755)
        (environment / STAMP).write_text(hashlib.sha256(LOCK.read_bytes()).hexdigest())
        return Studio(tmp_path / "studio", environment)

    yield make
    Studio(tmp_path / "studio", tmp_path / "env").down()


def alive(studio):
    """Tell whether the stand-in's process is there."""
    pid = int((studio.folder / "data" / "pid").read_text())
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_server_starts_once_and_stops(stand_in):
    studio = stand_in(HEALTHY)
    said = []

    server, started = studio.up(port=0, tell=said.append)
    again = Studio(studio.folder, studio.environment).up()

    assert started
    assert again == (server, False)
    assert studio.status() == server
    assert said == ["starting Label Studio and filling its database"]
    assert studio.down()
    assert not alive(studio)
    assert studio.status() is None
    assert not studio.down()


def test_secrets_are_nobody_elses_to_read_and_git_sees_nothing(stand_in):
    studio = stand_in(HEALTHY)
    studio.up(port=0)

    for name in ("admin.json", "server.json", "server.log"):
        assert stat.S_IMODE((studio.folder / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE((studio.folder / "data").stat().st_mode) == 0o700
    assert (studio.folder / ".gitignore").read_text() == "*\n"


def test_a_second_start_keeps_account_and_token(stand_in):
    studio = stand_in(HEALTHY)
    first, _ = studio.up(port=0)
    studio.down()

    second, _ = studio.up(port=0)

    assert first.token == second.token


def test_a_taken_port_gets_one_line_before_anything_starts(stand_in):
    studio = stand_in(HEALTHY)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(ServerTrouble, match=f"port {port} of 127.0.0.1 is taken, .* --port") as caught:
            studio.up(port)

    assert "\n" not in str(caught.value)
    assert not (studio.folder / "data").exists()
    assert studio.status() is None


def test_a_server_that_is_up_elsewhere_is_not_moved(stand_in):
    studio = stand_in(HEALTHY)
    studio.up(port=0)

    with pytest.raises(ServerTrouble, match="not on port 1: run 'khabar studio down' first"):
        studio.up(1)


def test_a_start_that_dies_says_the_last_words_of_its_log(stand_in):
    studio = stand_in(DYING)

    with pytest.raises(ServerTrouble, match=r"ended with status 3: database is locked: see .*server\.log") as caught:
        studio.up(port=0)

    assert "\n" not in str(caught.value)
    assert studio.status() is None
    assert not (studio.folder / "server.json").exists()


def test_a_start_that_takes_too_long_or_is_interrupted_leaves_no_process(stand_in, monkeypatch):
    studio = stand_in(SILENT)
    monkeypatch.setattr(server_module, "PATIENCE", 1.0)

    with pytest.raises(ServerTrouble, match="not up after 1 seconds: thinking"):
        studio.up(port=0)
    assert not alive(studio)

    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        studio.up(port=0, tell=interrupted)
    assert studio.status() is None


def test_another_server_on_our_data_is_not_taken_for_ours(stand_in):
    studio = stand_in(FORGETFUL)

    with pytest.raises(ServerTrouble, match="answers 401 to the token"):
        studio.up(port=0)

    assert not alive(studio)


def test_a_server_that_will_not_stop_is_made_to(stand_in, monkeypatch):
    studio = stand_in(STUBBORN)
    monkeypatch.setattr(server_module, "GRACE", 1.0)
    studio.up(port=0)

    assert studio.down()

    assert not alive(studio)


def test_a_state_file_that_outlived_its_server_stops_nobody(stand_in):
    studio = stand_in(HEALTHY)
    server, _ = studio.up(port=0)
    os.kill(server.pid, signal.SIGKILL)
    while studio.status():
        time.sleep(0.01)
    state = json.dumps({"url": server.url, "token": server.token, "pid": os.getpid()})
    (studio.folder / "server.json").write_text(state)

    assert studio.status() is None
    assert not studio.down()


def test_who_looks_whether_it_is_up_is_taken_for_nobody_who_starts_it(stand_in):
    studio = stand_in(HEALTHY)
    studio.folder.mkdir()
    process = studio.folder / "process"
    process.touch()
    (studio.folder / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:1", "token": "x", "pid": 0}))

    with process.open("rb") as look:
        fcntl.flock(look, fcntl.LOCK_SH)
        beside = studio.status()
        threading.Timer(0.2, partial(fcntl.flock, look, fcntl.LOCK_UN)).start()
        server, started = studio.up(port=0)

    assert beside is None
    assert started
    assert studio.status() == server


def test_looking_whether_a_server_is_up_makes_nothing(corpus, khabar_here):
    add_gold(corpus, "open", "a", "[Nothing was said](BODY)")

    for call in (("check",), ("studio", "status"), ("studio", "down")):
        khabar_here("--root", corpus.root, *call)

    assert not corpus.studio.exists()


def test_the_server_runs_with_our_settings_whatever_stands_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_SENTRY_DSN", "https://example.org")
    monkeypatch.setenv("LABEL_STUDIO_HOST", "https://example.org")
    monkeypatch.setenv("PASSWORD", "x")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("DATABASE_NAME", "/nowhere.sqlite3")

    found = settings(tmp_path, os.environ)

    assert found["LABEL_STUDIO_SENTRY_DSN"] == found["LABEL_STUDIO_FRONTEND_SENTRY_DSN"] == ""
    assert found["LABEL_STUDIO_COLLECT_ANALYTICS"] == "false"
    assert found["LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK"] == "true"
    assert found["LABEL_STUDIO_BASE_DATA_DIR"] == str(tmp_path / "data")
    assert found["DJANGO_DB"] == "sqlite"
    assert not {"LABEL_STUDIO_HOST", "PASSWORD", "PYTHONPATH", "DATABASE_NAME"} & set(found)


def test_a_half_made_environment_is_made_anew_and_a_whole_one_left_alone(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(environment_module, "_run", lambda *command: calls.append(command))
    environment = tmp_path / "env"
    environment.mkdir()
    (environment / "rest").write_text("of one that was cut off")

    made = install(environment, lambda _: environment.mkdir(exist_ok=True))
    again = install(environment, print)

    assert (made, again, len(calls)) == (True, False, 2)
    assert not (environment / "rest").exists()
    assert "--require-hashes" in calls[1]


def test_a_registry_that_is_away_gets_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))

    with pytest.raises(ServerTrouble, match="is the package registry reachable") as caught:
        install(tmp_path / "env", lambda _: None)

    assert "\n" not in str(caught.value)
    assert not (tmp_path / "env" / STAMP).exists()


def test_variables_name_another_server_and_need_each_other(monkeypatch):
    monkeypatch.setenv("KHABAR_STUDIO_URL", "https://studio.example.org/")
    monkeypatch.delenv("KHABAR_STUDIO_TOKEN", raising=False)

    with pytest.raises(NotFound, match="KHABAR_STUDIO_URL is set alone"):
        server_at_hand(None)
    monkeypatch.setenv("KHABAR_STUDIO_TOKEN", "x")
    other = server_at_hand(None)
    monkeypatch.delenv("KHABAR_STUDIO_TOKEN")
    monkeypatch.delenv("KHABAR_STUDIO_URL")
    with pytest.raises(ServerTrouble, match="no Label Studio is up: run 'khabar studio up'"):
        server_at_hand(None)

    assert (other.url, other.token) == ("https://studio.example.org", "x")


def test_the_commands_start_show_and_stop_the_server(stand_in, corpus, monkeypatch):
    monkeypatch.setenv(server_module.ENVIRONMENT, str(stand_in(HEALTHY).environment))

    def run(*arguments):
        return CliRunner().invoke(cli, ["--root", str(corpus.root), "studio", *arguments])

    before, install_, up, again, status, down = map(run, ("status", "install", "up", "up", "status", "down"))

    assert [each.exit_code for each in (before, install_, up, again, status, down)] == [1, 0, 0, 0, 0, 0]
    assert up.stdout == again.stdout == status.stdout
    assert up.stdout.startswith("http://127.0.0.1:")
    assert "was up already" in again.stderr
    assert "admin.json" in up.stderr
    assert json.loads((corpus.studio / "admin.json").read_text())["password"] not in up.output
    assert down.stderr == "Label Studio is down\n"


def test_without_the_extra_the_command_says_what_to_install(corpus, monkeypatch):
    monkeypatch.setitem(sys.modules, "uv", None)

    with pytest.raises(NotFound, match=r"^uv is not installed, it comes with khabar\[campaign\]"):
        Studio(corpus.studio, corpus.root / "env").install()
