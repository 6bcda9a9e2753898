"""How commands show tables to people: on stderr, so that stdout stays for data."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from khabar.model.manifest import Manifest
    from khabar.release.diff import Diff


def show(table: "Table") -> None:
    """Print a table."""
    from rich.console import Console

    Console(stderr=True).print(table)


def titled(title: str, *columns: str, left: int = 1) -> "Table":
    """Return a table without rows, its first ``left`` columns for words and the others for numbers."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, box=box.SIMPLE, title_justify="left", caption_justify="left", padding=(0, 1, 0, 0))
    for number, name in enumerate(columns):
        made.add_column(name, justify="left" if number < left else "right", no_wrap=True)
    return made


def rows(manifest: "Manifest") -> None:
    """Show the rows of each config and split of a release."""
    from rich import box
    from rich.table import Table

    table = Table(title=f"{manifest.name} {manifest.version}", box=box.SIMPLE, title_justify="left")
    for name in ("config", "a row is"):
        table.add_column(name)
    splits = list(dict.fromkeys(split for config in manifest.configs.values() for split in config.splits))
    for split in splits:
        table.add_column(split, justify="right")
    for name, config in manifest.configs.items():
        numbers = (str(config.splits[split].rows) if split in config.splits else "" for split in splits)
        table.add_row(name, config.summary, *numbers)
    show(table)


def counts(manifest: "Manifest") -> None:
    """Show how many spans of each label a release has."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, show_header=False)
    for layer, numbers in manifest.counts.items():
        told = "  ".join(f"{name}:[bold]{number}[/]" for name, number in numbers.items())
        table.add_row(layer, str(sum(numbers.values())) if layer in manifest.layers else "", told)
    show(table)


_CHANGES = {
    "articles_added": "+ articles",
    "articles_removed": "- articles",
    "added": "+ added",
    "removed": "- removed",
    "relabelled_to": "+ label",
    "relabelled_from": "- label",
    "moved": "moved",
    "reattributed": "said",
}
"""Counts of `khabar.release.diff.records.LabelCount`, as columns of a terminal."""


def label_changes(diff: "Diff") -> None:
    """Show what became of the spans of each label between two releases."""
    from rich import box
    from rich.table import Table

    rows = [each for each in diff.counts if any(getattr(each, name) for name in _CHANGES)]
    used = {name: title for name, title in _CHANGES.items() if any(getattr(each, name) for each in rows)}
    table = Table(box=box.SIMPLE)
    for name in ("layer", "label"):
        table.add_column(name)
    for title in ("before", *used.values(), "after"):
        table.add_column(title, justify="right")
    for each in rows:
        told = (str(getattr(each, name) or "") for name in used)
        table.add_row(each.layer, each.label, str(each.before), *told, str(each.after))
    if rows:
        show(table)
