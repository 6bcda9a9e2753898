"""Figures in documents: what a manifest counts, written between marks that readers of Markdown do not see.

``<!--=counts.articles.all-->2<!--/-->`` shows 2.  A figure is a field of the manifest by its dotted path, the sum where
that is a group of numbers, or one of `TABLES`.  Documents are filled when a release is built and can be held against
its manifest ever after.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from khabar.errors import NotFound
from khabar.model.manifest import Manifest

_MARK = re.compile(r"<!--=([a-z][\w.-]*)-->((?:(?!<!--).)*)<!--/-->", re.DOTALL)
_SHOWN = 40


def filled(text: str, manifest: Manifest, place: str) -> str:
    """Return a text with what its marks stand for between them.

    Raises:
        NotFound: there is no figure of that name; the message begins with the place.
    """

    def fill(mark: re.Match[str]) -> str:
        try:
            return marked(manifest, mark[1])
        except NotFound as error:
            raise NotFound(f"{place}: {error}") from None

    return _MARK.sub(fill, text)


def wrong(text: str, manifest: Manifest) -> Iterator[str]:
    """Yield a line for each figure of a text that is not what the manifest says."""
    for mark in _MARK.finditer(text):
        try:
            told = figure(manifest, mark[1])
        except NotFound as error:
            yield str(error)
            continue
        if mark[2].strip() != told:
            yield f"{mark[1]} is {_short(mark[2].strip())} there, the manifest says {_short(told)}"


def plain(text: str) -> str:
    """Return a text without its marks, for files that are no Markdown."""
    return _MARK.sub(lambda mark: mark[2], text)


def marked(manifest: Manifest, name: str) -> str:
    """Return a figure between its marks; a table stands on lines of its own."""
    told = figure(manifest, name)
    return f"<!--={name}-->\n{told}\n<!--/-->" if name in TABLES and "\n" in told else f"<!--={name}-->{told}<!--/-->"


def figure(manifest: Manifest, name: str) -> str:
    """Return what a name stands for.

    Raises:
        NotFound: it stands for nothing.
    """
    if name in TABLES:
        return TABLES[name](manifest)
    told: Any = manifest
    for part in name.split("."):
        if isinstance(told, msgspec.Struct):
            told = getattr(told, part) if part in told.__struct_fields__ else None
        else:
            told = told.get(part) if isinstance(told, dict) else None
        if told is None:
            raise NotFound(f"no figure is called '{name}': the manifest has no '{part}' there: spell it right")
    if isinstance(told, dict) and name.startswith("counts.") and all(isinstance(each, int) for each in told.values()):
        return str(sum(told.values()))
    if not isinstance(told, (int, str)):
        raise NotFound(f"no figure is called '{name}': the manifest has no number there: name one further down")
    return str(told)


def _rows(manifest: Manifest) -> str:
    splits = list(dict.fromkeys(split for config in manifest.configs.values() for split in config.splits))
    lines = [f"| config | a row is | {' | '.join(splits)} |", f"|---|---|{'---:|' * len(splits)}"]
    for name, config in manifest.configs.items():
        numbers = (str(config.splits[split].rows) if split in config.splits else "0" for split in splits)
        lines.append(f"| `{name}` | {config.summary} | {' | '.join(numbers)} |")
    return "\n".join(lines)


def _spans(manifest: Manifest) -> str:
    told = {**manifest.layers, "relations": manifest.counts.get("relations", {})}
    rows = [
        f"| {layer} | {sum(numbers.values())} | {', '.join(f'{label} {each}' for label, each in numbers.items())} |"
        for layer, numbers in told.items()
    ]
    return "\n".join(["| layer | spans | by label |", "|---|---:|---|", *rows])


def _licenses(manifest: Manifest) -> str:
    rows = [f"| {name} | {number} |" for name, number in manifest.counts.get("licenses", {}).items()]
    return "\n".join(["| license of the text | articles |", "|---|---:|", *rows])


def _agreement(manifest: Manifest) -> str:
    told = manifest.agreement
    if not told:
        return "No campaign of this release has measured the agreement of its annotators."
    measures = list(dict.fromkeys(name for layers in told.values() for numbers in layers.values() for name in numbers))
    lines = [f"| campaigns | layer | {' | '.join(measures)} |", f"|---|---|{'---:|' * len(measures)}"]
    for campaigns, layers in told.items():
        for layer, numbers in layers.items():
            values = (f"{numbers[name]:.3f}" if name in numbers else "" for name in measures)
            lines.append(f"| {campaigns} | {layer} | {' | '.join(values)} |")
    return "\n".join(lines)


def _summary(manifest: Manifest) -> str:
    articles = manifest.counts["articles"]
    layers = ", ".join(f"{sum(numbers.values())} in {layer}" for layer, numbers in manifest.layers.items())
    return (
        f"{articles['all']} articles, {articles['with_text']} of them with their text; "
        f"{sum(sum(numbers.values()) for numbers in manifest.layers.values())} spans ({layers})."
    )


TABLES: dict[str, Callable[[Manifest], str]] = {
    "rows": _rows,
    "spans": _spans,
    "licenses": _licenses,
    "agreement": _agreement,
    "summary": _summary,
}
"""Figures that are more than a number."""


def _short(told: str) -> str:
    line = " ".join(told.split())
    return f"'{line}'" if len(line) <= _SHOWN else f"'{line[:_SHOWN]}...'"
