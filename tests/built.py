"""Small releases for tests: built once from annotated text written in line, then copied."""

import atexit
import hashlib
import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from conftest import add_gold, new_corpus
from khabar.model.manifest import Config, content_of
from khabar.release.build import build

PAGE = (
    "[[Port Sami](GPE sense=loc entity=e1) opens a library](HEADLINE)\n"
    '[The mayor [said](CUE id=c1) [[Leila Haddad](PERS entity=e3)](SOURCE id=s1 entity=e3): ["we read"]'
    "(QUOTE id=q1 type=direct marked=true HAS_SOURCE=s1 HAS_CUE=c1)](BODY role=lead)\n"
    "\n[Read more](RELATED role=block_title)"
)


@cache
def built(version: str = "1.0.0", person: str = "Leila Haddad") -> Path:
    """Return the folder of a release whose train, validation and test splits have an article each; never write it."""
    folder = mkdtemp(prefix="khabar-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    corpus = new_corpus(Path(folder) / "checkout")
    for name, split in (("a", "train"), ("b", "validation"), ("c", "test")):
        add_gold(corpus, "open", name, PAGE.replace("Leila Haddad", person).replace("Sami", f"Sami {name}"), split)
    return build(corpus, version, lambda: 0)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a release, by path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def copied(folder: Path, to: Path) -> Path:
    """Copy a release to a place where a test may touch it."""
    return Path(shutil.copytree(folder, to))


def resealed(files: dict[str, bytes], change=None) -> dict[str, bytes]:
    """Make manifest and sums say what the files are, as somebody would who wants to hide what was changed.

    Args:
        files: A release, by path.
        change: Is given the manifest to change it, before the sums are made.
    """
    manifest = json.loads(files["manifest.json"])
    data = {path: raw for path, raw in files.items() if path not in ("manifest.json", "SHA256SUMS")}
    manifest["files"] = [
        {"path": path, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()} for path, raw in data.items()
    ]
    if change:
        change(manifest)
    data["manifest.json"] = json.dumps(manifest).encode()
    told = {each["path"]: each["sha256"] for each in manifest["files"]}
    told["manifest.json"] = hashlib.sha256(data["manifest.json"]).hexdigest()
    return {**data, "SHA256SUMS": "".join(f"{digest}  {path}\n" for path, digest in told.items()).encode()}


def with_true_content(manifest: dict) -> None:
    """Make the content digest of a manifest that of its configs."""
    configs = msgspec.convert(manifest["configs"], dict[str, Config])
    manifest["content"] = content_of(configs)


def flipped(raw: bytes) -> bytes:
    """Flip a bit in the middle."""
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]


def written(files: dict[str, bytes], folder: Path) -> Path:
    """Write files into a new folder."""
    for path, raw in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(raw)
    return folder
