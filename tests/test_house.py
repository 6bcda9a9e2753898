"""The house keeps its rules: light imports, a small public face, no name of a host or a machine."""

import re
import subprocess
import sys
import tomllib

import pytest

import khabar
from conftest import REPOSITORY

HEAVY = (
    "numpy",
    "pyarrow",
    "datasets",
    "pandas",
    "label_studio_sdk",
    "httpx",
    "rich",
    "msgspec",
    "fsspec",
    "huggingface_hub",
    "selectolax",
    "fastwarc",
)


@pytest.mark.parametrize("call", ["import khabar", "import khabar.cli; khabar.cli.cli.main(['--help'])"])
def test_importing_the_package_and_asking_for_help_load_nothing_heavy(call):
    told = "import sys; heavy = [name for name in sys.argv[1:] if name in sys.modules]; print(heavy, file=sys.stderr)"
    program = f"try:\n    {call}\nexcept SystemExit:\n    pass\n{told}"

    done = subprocess.run([sys.executable, "-c", program, *HEAVY], check=True, capture_output=True, text=True)

    assert done.stderr.strip() == "[]"


def test_the_public_names_are_these_and_can_be_asked_for_twice():
    assert khabar.__all__ == dir(khabar) == ["download", "load", "signature", "stream"]
    for _ in range(2):
        assert all(callable(getattr(khabar, name)) for name in khabar.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'loads'"):
        khabar.loads  # noqa: B018


def test_what_a_downloader_installs_holds_nothing_of_the_campaign():
    base = (REPOSITORY / "requirements" / "base.txt").read_text(encoding="utf-8")

    for name in ("label-studio-sdk", "opencv-python-headless", "pytest", "uv"):
        assert not re.search(rf"^{name}==", base, re.MULTILINE), name


def test_every_extra_has_a_lock_with_hashes_and_without_a_host():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    locks = {path.stem: path for path in (REPOSITORY / "requirements").glob("*.txt")}

    assert set(locks) == {"base", "dev", "uv", *project["project"]["optional-dependencies"]}
    studio = REPOSITORY / "src" / "khabar" / "campaign" / "labelstudio.txt"
    another = REPOSITORY / "tests" / "fixtures" / "another-arrow.txt"
    for path in (*locks.values(), studio, another):
        content = path.read_text(encoding="utf-8")
        pins = re.findall(r"^[a-z0-9][\w.\[\]-]*==", content, re.MULTILINE)
        assert pins
        assert len(re.findall(r"--hash=sha256:", content)) >= len(pins)
        assert "://" not in content


def test_no_committed_file_names_a_path_of_a_machine():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout

    for name in filter(None, listed.split("\0")):
        path = REPOSITORY / name
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".txt", ".json", ".jsonl", ""}:
            content = path.read_text(encoding="utf-8")
            assert not re.search(r"/(?:root|home|work)/\w", content), name
