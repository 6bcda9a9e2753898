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

from khabar.model.figures import figure, wrong
from khabar.model.manifest import Config, Manifest

_HEAD = re.compile(r"\A---\n(.*?)^---$", re.DOTALL | re.MULTILINE)


def disagreements(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield a line for each thing that a document says and the manifest does not."""
    for file in manifest.files:
        path = folder / file.path
        try:
            if path.suffix == ".md":
                text = path.read_text(encoding="utf-8")
                yield from (f"{path}: {each}: build it again" for each in wrong(text, manifest))
            if file.path in _STRUCTURED:
                text = path.read_text(encoding="utf-8")
                yield from (f"{path}: {each}: build it again" for each in _STRUCTURED[file.path](text, manifest))
        except (UnicodeDecodeError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
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
    for name, config in manifest.configs.items():
        if {each["split"]: tuple(each["path"]) for each in files[name]} != {
            split: each.files for split, each in config.splits.items()
        }:
            yield f"the files of {name} are not those of the manifest"
        yield from _info(infos[name], name, config)


def _info(info: dict[str, Any], name: str, config: Config) -> Iterator[str]:
    rows = {each["name"]: each["num_examples"] for each in info["splits"]}
    if rows != {split: each.rows for split, each in config.splits.items()}:
        yield f"{name} has {rows} rows there, which the manifest does not say"
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
    wanted = {file.path: file.sha256 for file in manifest.files}
    found = {each["@id"]: each["sha256"] for each in told["distribution"] if each["@type"] == "cr:FileObject"}
    of_configs = {
        path for config in manifest.configs.values() for split in config.splits.values() for path in split.files
    }
    if found != {path: wanted.get(path) for path in of_configs}:
        yield "its files or their digests are not those of the manifest"
    yield from _described(told, manifest)


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
    "croissant.json": _croissant,
    ".zenodo.json": _zenodo,
    "CITATION.cff": _citation,
}
"""Documents whose form a program reads."""
