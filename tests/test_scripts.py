"""The set-up says in one line why it cannot be carried out."""

import os
import shutil
import subprocess
import sys

import pytest

from conftest import REPOSITORY


@pytest.fixture
def clone(tmp_path):
    """A bare copy of what the set-up reads."""
    for name in ("scripts", "requirements", "src"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    return tmp_path


def run(clone, *arguments, **environment):
    done = subprocess.run(
        arguments, cwd=clone, check=False, capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert "Traceback" not in done.stderr
    return done


def test_a_python_that_is_too_old_gets_one_line(clone):
    program = "import sys; sys.version_info = (3, 9, 2); sys.argv = ['environment', 'base']; exec(open(0).read())"
    script = (clone / "scripts" / "environment").read_text(encoding="utf-8")
    script = script.replace("__file__", repr(str(clone / "scripts" / "environment")))

    done = subprocess.run(
        [sys.executable, "-c", program],
        input=script,
        cwd=clone,
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": str(clone)},
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "base needs 3.11 or newer" in done.stderr
    assert not (clone / ".venv").exists()


def test_a_registry_that_does_not_answer_gets_one_line_and_leaves_nothing_that_looks_whole(clone):
    nowhere = "http://127.0.0.1:9/simple"
    offline = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": nowhere,
        "PIP_NO_CACHE_DIR": "1",
        "PIP_RETRIES": "0",
        "PIP_FIND_LINKS": "",
    }

    done = run(clone, sys.executable, "scripts/environment", "base", **offline)

    assert done.returncode == 1
    assert "is the package registry reachable? (.venv.log has it all)" in done.stderr.splitlines()[-1]
    assert len(done.stderr.splitlines()) == 2
    assert not (clone / ".venv" / "khabar-python").exists()
    assert not (clone / ".venv" / "khabar-base").exists()


def test_a_half_made_environment_is_made_anew_and_a_whole_one_left_alone(clone):
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").write_text("broken")

    first = run(clone, sys.executable, "scripts/environment", "base")
    made = {path: path.stat().st_mtime_ns for path in (clone / ".venv").glob("*")}
    second = run(clone, sys.executable, "scripts/environment", "base")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert second.stdout + second.stderr == ""
    assert {path: path.stat().st_mtime_ns for path in (clone / ".venv").glob("*")} == made
    told = run(clone, clone / ".venv" / "bin" / "khabar", "--version")
    assert told.stdout.startswith("khabar, version ")


def test_a_checkout_that_was_moved_gets_a_new_environment(clone, tmp_path_factory):
    (clone / ".venv" / "bin").mkdir(parents=True)
    for name in ("khabar-python", "khabar-base"):
        (clone / ".venv" / name).write_text("made elsewhere")

    done = run(clone, sys.executable, "scripts/environment", "base")

    assert done.returncode == 0, done.stderr
    assert run(clone, clone / ".venv" / "bin" / "khabar", "--version").returncode == 0


def test_a_lock_that_there_is_not_is_told_from_those_there_are(clone):
    done = run(clone, sys.executable, "scripts/environment", "everything")

    assert done.returncode == 1
    assert done.stderr == "environment: usage: scripts/environment base | pages | campaign | dev\n"
