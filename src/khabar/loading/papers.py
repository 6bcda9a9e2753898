"""Do the documents of a release say what its manifest says: figures, rows, label orders, digests, versions.

Sums show that a document arrived as it was sealed.  This shows that it was sealed with the figures of this manifest,
and finds one that was edited with manifest and sums made to match.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from khabar.model.figures import figure, plain, wrong
from khabar.model.manifest import Config, Manifest

_CROISSANT = "croissant.json"
_WHOSE = re.compile(r" \[([A-Z_]+\.md) ([0-9.]+)\](?:\n\n|\Z)")
"""Ends an answer in a Croissant file: which paper answers so, and under which number."""
_HEAD = re.compile(r"\A---\n(.*?)^---$", re.DOTALL | re.MULTILINE)


def disagreements(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield a line for each thing that a document says and the manifest does not."""
    for file in manifest.files:
        path = folder / file.path
        if path.suffix != ".md" and file.path not in _STRUCTURED:
            continue
        try:
            text = path.read_text(encoding="utf-8")
            found = list(wrong(text, manifest)) if path.suffix == ".md" else []
            if file.path in _STRUCTURED:
                found += _STRUCTURED[file.path](text, manifest)
            if file.path == _CROISSANT:
                found += _quoted(folder, text)
            yield from (f"{path}: {each}: build it again" for each in found)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError, yaml.YAMLError) as error:
            why = str(error).split("\n", maxsplit=1)[0]
            yield f"{path}: it is not of the form that a release has: {why}: build it again"


def _card(text: str, manifest: Manifest) -> Iterator[str]:
    head = _HEAD.match(text)
    told = yaml.safe_load(head[1]) if head else {}
    infos = {info["config_name"]: info for info in told["dataset_info"]}
    files = {config["config_name"]: config["data_files"] for config in told["configs"]}
    if not list(infos) == list(files) == list(manifest.configs):
        yield f"its configs are {', '.join(infos)}, the manifest has {', '.join(manifest.configs)}"
        return
    if any(config["version"] != manifest.version for config in told["configs"]):
        yield f"its version is not {manifest.version}, which the manifest says"
    entry = text.partition("```bibtex\n")[2].partition("```")[0]
    if entry and not (manifest.content in entry and f"version = {{{manifest.version}}}" in entry):
        yield "its citation is not of the version and content of the manifest"
    for name, config in manifest.configs.items():
        if {each["split"]: tuple(each["path"]) for each in files[name]} != {
            split: each.files for split, each in config.splits.items()
        }:
            yield f"the files of {name} are not those of the manifest"
        yield from _info(infos[name], name, config)


def _info(info: dict[str, Any], name: str, config: Config) -> Iterator[str]:
    sizes = {each["name"]: (each["num_examples"], each["num_bytes"]) for each in info["splits"]}
    if sizes != {split: (each.rows, each.bytes) for split, each in config.splits.items()}:
        yield f"the rows or bytes of {name} are not those of the manifest"
    labels = dict(_class_labels("", info["features"]))
    if labels != config.class_labels:
        yield f"the class labels of {name} are not those of the manifest, and readers believe the card"


def _class_labels(path: str, features: list[dict[str, Any]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for each in features:
        here = f"{path}{each['name']}"
        if isinstance(each.get("list"), list):
            yield from _class_labels(f"{here}.", each["list"])
        kind = each.get("dtype", each.get("list"))
        if isinstance(kind, dict) and "class_label" in kind:
            names = kind["class_label"]["names"]
            yield here, tuple(names[str(number)] for number in range(len(names)))


def _croissant(text: str, manifest: Manifest) -> Iterator[str]:
    told = json.loads(text)
    shards = {path for config in manifest.configs.values() for split in config.splits.values() for path in split.files}
    objects = [each for each in told["distribution"] if each["@type"] == "cr:FileObject"]
    found = {each["contentUrl"]: (each["contentSize"], each["sha256"]) for each in objects}
    if found != {each.path: (f"{each.bytes} B", each.sha256) for each in manifest.files if each.path in shards}:
        yield "its files, their sizes or digests are not those of the manifest"
    rows = {each["@id"]: each["description"] for each in told["recordSet"]}
    for name, config in manifest.configs.items():
        if not all(f"{split.rows} in {each}" in rows[name] for each, split in config.splits.items()):
            yield f"the rows of {name} are not those of the manifest"
    number, articles = sum(manifest.counts["annotations"].values()), manifest.counts["articles"]["all"]
    if not told["rai:annotationsPerItem"].startswith(f"{number} annotations of {articles} articles"):
        yield "its annotations are not as many as the manifest says"
    if told["rai:dataAnnotationAnalysis"] != figure(manifest, "agreement"):
        yield "the agreement it tells is not that of the manifest"
    yield from _described(told, manifest)


def _quoted(folder: Path, text: str) -> Iterator[str]:
    """Yield the answers in a Croissant file that the paper they are taken from does not hold."""
    for name, told in json.loads(text).items():
        parts = iter(_WHOSE.split(told) if name.startswith("rai:") else ())
        for answer, paper, number in zip(parts, parts, parts, strict=False):
            path = folder / paper
            if not path.is_file() or answer not in plain(path.read_text(encoding="utf-8")):
                yield f"what {name} says is not what {paper} says under {number}"


def _zenodo(text: str, manifest: Manifest) -> Iterator[str]:
    yield from _described(json.loads(text), manifest)


def _citation(text: str, manifest: Manifest) -> Iterator[str]:
    told = yaml.safe_load(text)
    yield from _described({**told, "description": told["abstract"]}, manifest)


def _described(told: dict[str, Any], manifest: Manifest) -> Iterator[str]:
    if told["version"] != manifest.version:
        yield f"its version is {told['version']}, the manifest says {manifest.version}"
    if figure(manifest, "summary") not in told["description"]:
        yield "its figures are not those of the manifest"


_STRUCTURED: dict[str, Callable[[str, Manifest], Iterator[str]]] = {
    "README.md": _card,
    _CROISSANT: _croissant,
    ".zenodo.json": _zenodo,
    "CITATION.cff": _citation,
}
"""Documents whose form a program reads."""
