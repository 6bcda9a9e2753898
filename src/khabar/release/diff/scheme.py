"""What differs between two releases besides their articles: columns, class labels, label sets, figures, sizes."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from khabar.model.labels import LabelSet
from khabar.model.layout import ARTICLES
from khabar.model.manifest import GROUPS
from khabar.release.diff.records import ArticleChange, ColumnChange, Figure, LabelCount, LabelOrder, SplitSize
from khabar.release.diff.side import Side, Split
from khabar.store.files import decoded

UNCOUNTED = ("doubted", "renamed")
"""What makes a span differ and changes nothing that is said of the text."""
_NO_ROWS = Split(files=(), rows=0, content="")


def column_changes(before: Side, after: Side) -> tuple[ColumnChange, ...]:
    """Return the leaf columns that differ, of every config."""
    old, new = (
        {path: kind for name in side.told.configs for path, kind in _leaves(name, side.schema_of(name))}
        for side in (before, after)
    )
    return tuple(
        ColumnChange(path=path, before=old.get(path, ""), after=new.get(path, ""))
        for path in dict.fromkeys([*old, *new])
        if old.get(path) != new.get(path)
    )


def _leaves(path: str, fields: pa.Schema | pa.StructType) -> Iterator[tuple[str, str]]:
    for each in fields:
        kind, brackets = each.type, ""
        while pa.types.is_list(kind) or pa.types.is_large_list(kind):
            kind, brackets = kind.value_type, f"{brackets}[]"
        if pa.types.is_struct(kind):
            yield f"{path}.{each.name}", f"struct{brackets}"
            yield from _leaves(f"{path}.{each.name}", kind)
        else:
            yield f"{path}.{each.name}", f"{kind}{brackets}"


def order_changes(before: Side, after: Side) -> tuple[LabelOrder, ...]:
    """Return the columns whose class labels differ, of configs that both have."""
    return tuple(
        LabelOrder(path=f"{name}.{path}", before=old.class_labels.get(path, ()), after=new.class_labels.get(path, ()))
        for name, old in before.told.configs.items()
        if (new := after.told.configs.get(name)) is not None
        for path in dict.fromkeys([*old.class_labels, *new.class_labels])
        if old.class_labels.get(path, ()) != new.class_labels.get(path, ())
    )


def vocabulary_changes(before: Side, after: Side) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what went from the label set and what came to it, besides labels; nothing where a release ships none."""
    if before.labels is None or after.labels is None:
        return (), ()
    old, new = (dict.fromkeys(_vocabulary(side)) for side in (before.labels, after.labels))
    return tuple(word for word in old if word not in new), tuple(word for word in new if word not in old)


def _vocabulary(labels: LabelSet) -> Iterator[str]:
    for attribute in labels.attributes:
        for label in attribute.labels:
            yield f"{label}.{attribute.name}"
            yield from (f"{label}.{attribute.name}={value.name}" for value in attribute.values)
    for relation in labels.relations:
        yield f"{relation.head} {relation.name} {relation.tail}"


def split_sizes(before: Side, after: Side) -> tuple[SplitSize, ...]:
    """Return the articles of each split, before and after."""
    old, new = (side.told.configs[ARTICLES].splits for side in (before, after))
    return tuple(
        SplitSize(
            split=name,
            before=old[name].rows if name in old else 0,
            after=new[name].rows if name in new else 0,
        )
        for name in dict.fromkeys([*old, *new])
    )


def derived_changes(before: Side, after: Side, articles: tuple[ArticleChange, ...]) -> tuple[SplitSize, ...]:
    """Return the splits of other configs, as ``quotes/train``, whose rows differ although no article of theirs does."""
    touched = {split for each in articles for split in (each.before, each.after)}
    found = []
    for name, config in before.told.configs.items():
        if name == ARTICLES or name not in after.told.configs:
            continue  # articles are compared row by row; what a config that comes or goes means, its columns say
        others = after.told.configs[name].splits
        for split in dict.fromkeys([*config.splits, *others]):
            was, now = config.splits.get(split, _NO_ROWS), others.get(split, _NO_ROWS)
            if split not in touched and was.content != now.content:
                found.append(SplitSize(split=f"{name}/{split}", before=was.rows, after=now.rows))
    return tuple(found)


def label_counts(before: Side, after: Side, articles: tuple[ArticleChange, ...]) -> tuple[LabelCount, ...]:
    """Return what became of the spans of each label, layer by layer in the order of the class labels."""
    totals = [_totals(side) for side in (before, after)]
    rows: dict[tuple[str, str], dict[str, int]] = {key: {} for key in _labels(before, after)}

    def count(layer: str, label: str, what: str, number: int = 1) -> None:
        row = rows.setdefault((layer, label), {})
        row[what] = row.get(what, 0) + number

    for article in articles:
        for layer, numbers in article.labels.items():
            for label, number in numbers.items():
                count(layer, label, f"articles_{article.kinds[0]}", number)
        for span in article.spans:
            for kind in span.kinds:
                if kind == "relabelled" and span.before and span.after:
                    count(span.layer, span.before.label, "relabelled_from")
                    count(span.layer, span.after.label, "relabelled_to")
                elif kind not in UNCOUNTED:
                    count(span.layer, span.mark.label, kind)
    told = (
        LabelCount(
            layer=layer,
            label=label,
            before=totals[0].get(label, 0),
            after=totals[1].get(label, 0),
            **numbers,
        )
        for (layer, label), numbers in rows.items()
        if numbers or totals[0].get(label) or totals[1].get(label)
    )
    return tuple(told)


def _labels(before: Side, after: Side) -> list[tuple[str, str]]:
    """Return layer and label of all class labels of articles, those that went last."""
    return list(
        dict.fromkeys(
            (path.removesuffix(".label"), label)
            for side in (after, before)
            for path, names in side.told.configs[ARTICLES].class_labels.items()
            if path.endswith(".label")
            for label in names
        )
    )


def _totals(side: Side) -> dict[str, int]:
    groups = (numbers for name, numbers in side.told.counts.items() if name not in GROUPS)
    return {label: number for numbers in groups for label, number in numbers.items()}


def agreement_changes(before: Side, after: Side) -> tuple[Figure, ...]:
    """Return the figures of ``agreement.json`` that differ; none where a release has no such file."""
    return _figures([_told_in(side.folder / "agreement.json") for side in (before, after)])


def finding_changes(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Figure, ...]:
    """Return the counts of findings that differ, by check."""
    told = ((name, before.get(name, 0), after.get(name, 0)) for name in sorted({*before, *after}))
    return tuple(Figure(name=name, before=old, after=new) for name, old, new in told if old != new)


def _told_in(path: Path) -> Any:
    return decoded(path.read_bytes(), dict, str(path)) if path.is_file() else None


def _figures(told: list[Any]) -> tuple[Figure, ...]:
    if None in told:
        return ()
    old, new = (dict(_numbers("", each)) for each in told)
    return tuple(
        Figure(name=name, before=old.get(name), after=new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )


def _numbers(path: str, told: Any) -> Iterator[tuple[str, float | int]]:
    """Yield every number under its dotted path."""
    if isinstance(told, bool):
        return
    if isinstance(told, (int, float)):
        yield path, told
    elif isinstance(told, (dict, list)):
        for name, each in told.items() if isinstance(told, dict) else enumerate(told):
            yield from _numbers(f"{path}.{name}" if path else str(name), each)
