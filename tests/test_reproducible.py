"""The same corpus gives the same release: the same bytes anywhere, the same content whatever wrote it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

import khabar
from conftest import REPOSITORY, add_gold, add_judgement
from khabar.loading import read_manifest, verify
from khabar.model.layout import ROWS
from test_release_tables import PAGE, SECOND

LOCK = Path(__file__).parent / "fixtures" / "another-arrow.txt"
BUILD = """
import sys
from pathlib import Path

import pyarrow
from khabar.release.build import build
from khabar.store import Corpus

print(build(Corpus(Path(sys.argv[1])), "1.0.0", lambda: 0), pyarrow.__version__)
"""
READ = """
import sys
from pathlib import Path

from khabar.loading.verify import verify

print(*verify(Path(sys.argv[1])), sep="\\n", end="")
"""


@pytest.fixture
def checkout(corpus):
    """A corpus with all that a release is made of."""
    for name in ("LICENSE", "CHANGELOG.md", "CITATION.cff", "DATASHEET.md", "DATA_STATEMENT.md"):
        shutil.copy(REPOSITORY / name, corpus.root)
    add_gold(corpus, "open", "a", PAGE)
    add_gold(corpus, "open", "b", SECOND, "validation")
    add_gold(corpus, "closed", "c", PAGE.replace("Nobody", "\N{GRINNING FACE} Somebody"), "test")
    add_judgement(corpus, "open-a", "a7", PAGE)
    return corpus


def run(python, program, argument, **variables):
    """Run a program with another environment; return what it prints."""
    done = subprocess.run(
        [python, "-c", program, argument],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), **variables},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def bytes_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_another_folder_locale_clock_hash_seed_and_number_of_threads_give_the_same_bytes(checkout, tmp_path):
    there = tmp_path / "elsewhere" / "deep" / "down"
    shutil.copytree(checkout.root, there)

    for root, variables in (
        (checkout.root, {"LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1"}),
        (
            there,
            {
                "LC_ALL": "C.UTF-8",
                "TZ": "Asia/Tokyo",
                "PYTHONHASHSEED": "2",
                "OMP_NUM_THREADS": "3",
                "SOURCE_DATE_EPOCH": "86400",
            },
        ),
    ):
        run(sys.executable, BUILD, root, **variables)

    here, elsewhere = (bytes_of(root / "dist" / "1.0.0") for root in (checkout.root, there))
    assert sorted(here) == sorted(elsewhere)
    assert [path for path in here if here[path] != elsewhere[path]] == []
    for raw in here.values():
        assert str(tmp_path).encode() not in raw


@pytest.fixture(scope="session")
def another_python(tmp_path_factory):
    """A Python with another pyarrow, made from a lock with hashes."""
    uv = Path(sys.executable).parent / "uv"
    folder = tmp_path_factory.mktemp("arrow") / "env"
    for command in (
        [uv, "venv", "-q", "--python", sys.executable, folder],
        [uv, "pip", "install", "-q", "--python", folder, "--require-hashes", "-r", LOCK],
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
        if done.returncode:
            pytest.skip(f"no second pyarrow to be had: {done.stderr.strip().splitlines()[-1]}")
    return folder / "bin" / "python"


def test_another_pyarrow_gives_the_same_content_and_each_reads_what_the_other_wrote(checkout, another_python, tmp_path):
    theirs = tmp_path / "theirs"
    shutil.copytree(checkout.root, theirs)

    ours, version = run(sys.executable, BUILD, checkout.root).split()
    other, another = run(another_python, BUILD, theirs).split()

    assert version == pa.__version__
    assert version.partition(".")[0] != another.partition(".")[0]
    told = [read_manifest(Path(folder)) for folder in (ours, other)]
    assert told[0].content == told[1].content
    assert told[0].configs == told[1].configs
    shard = "data/articles/train/batch-0000.parquet"
    assert bytes_of(Path(ours))[shard] != bytes_of(Path(other))[shard]
    rows = [khabar.load(Path(folder), "articles")["train"].to_list() for folder in (ours, other)]
    assert rows[0] == rows[1]
    assert (Path(other) / ROWS).is_file()
    assert list(verify(other)) == []
    assert run(another_python, READ, ours) == ""
