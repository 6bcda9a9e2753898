"""A diff as lines: for people, a change a line, the place first; for programs, a JSON object a line."""

from collections.abc import Iterator

import msgspec

from khabar.model.text import isolate
from khabar.release.diff.records import ArticleChange, Diff, Figure, Mark, Said, SpanChange, Value

LONGEST_SHOWN = 100
"""Characters of a span's words that a line repeats."""
FEW = 20
"""Figures of agreement that are told one by one, whatever they are of."""
_WHOLE = ".all.value"
"""Ends the name of a figure that is of all articles and labels."""
_TEXTS = {
    "changed": "its text is another",
    "withdrawn": "its text is withheld now",
    "given": "its text is published now",
}


def json_lines(diff: Diff) -> Iterator[bytes]:
    """Yield a JSON object a line: the releases first, without their articles, then an article that differs each."""
    yield msgspec.json.encode(msgspec.structs.replace(diff, articles=()))
    for each in diff.articles:
        yield msgspec.json.encode(each)


def text_lines(diff: Diff) -> Iterator[str]:
    """Yield a line a change, what concerns all articles first."""
    yield from scheme_lines(diff)
    yield from figure_lines(diff)
    for each in diff.articles:
        yield from _article(each)


def scheme_lines(diff: Diff) -> Iterator[str]:
    """Yield a line for each change of columns, class labels and label set."""
    if diff.scheme:
        yield f"scheme: {diff.scheme[0]} -> {diff.scheme[1]}"
    for column in diff.columns:
        what = f"{column.before} -> {column.after}" if column.before and column.after else ""
        yield f"{column.path}: {what or (f'added, {column.after}' if column.after else f'removed, {column.before}')}"
    for order in diff.orders:
        if order.only_grew:
            yield f"{order.path}: added at the end {', '.join(order.after[len(order.before) :])}"
            continue
        gone = [name for name in order.before if name not in order.after]
        yield f"{order.path}: removed {', '.join(gone)}" if gone else f"{order.path}: numbered anew"
    yield from (f"label set: removed {each}" for each in diff.vocabulary_removed)
    yield from (f"label set: added {each}" for each in diff.vocabulary_added)


def figure_lines(diff: Diff) -> Iterator[str]:
    """Yield a line for each split, config and figure whose numbers differ."""
    yield from (
        f"{each.split}: {each.before} -> {each.after} articles" for each in diff.splits if each.before != each.after
    )
    for each in diff.derived:
        yield f"{each.split}: {each.before} -> {each.after} rows, of articles that do not differ"
    yield from (f"agreement: {each}" for each in agreement_words(diff))
    yield from (f"findings: {figure_words(each)}" for each in diff.findings)


def agreement_words(diff: Diff) -> Iterator[str]:
    """Yield the figures of agreement that differ: of many those of all articles, and how many more there are."""
    told = [each for each in diff.agreement if each.name.endswith(_WHOLE)] or list(diff.agreement)
    told = told if len(diff.agreement) > FEW else list(diff.agreement)
    for each in told:
        name = each.name.removesuffix(_WHOLE).replace(".figures.", " ").replace(".", " ")
        yield figure_words(msgspec.structs.replace(each, name=name) if each.name.endswith(_WHOLE) else each)
    if more := len(diff.agreement) - len(told):
        yield f"{more} more figures differ: --json and changes.jsonl have them"


def figure_words(figure: Figure) -> str:
    """Return a figure's name, values and difference."""
    if figure.before is None or figure.after is None:
        return f"{figure.name} {shown(figure.before)} -> {shown(figure.after)}"
    return f"{figure.name} {figure.before:g} -> {figure.after:g} ({figure.after - figure.before:+g})"


def _article(article: ArticleChange) -> Iterator[str]:
    spans = sum(number for numbers in article.labels.values() for number in numbers.values())
    if "added" in article.kinds:
        yield f"{article.id}: added to {article.after}, {spans} spans"
    if article.taken_down:
        yield f"{article.id}: taken down from {article.before}: {article.taken_down}"
    elif "removed" in article.kinds:
        yield f"{article.id}: removed from {article.before}, {spans} spans"
    if "moved" in article.kinds:
        yield f"{article.id}: moved from {article.before} to {article.after}"
    if article.text:
        yield f"{article.id}: {_TEXTS[article.text]}"
    yield from (f"{article.id}: {said_words(each)}" for each in article.metadata)
    yield from (f"{article.id}:{_span(each)}" for each in article.spans)
    if article.reordered:
        yield f"{article.id}: its spans stand in another order"


def _span(change: SpanChange) -> str:
    mark, before = change.mark, change.before
    parts = [f"{mark.start}-{mark.end}: {', '.join(change.kinds)}: {mark.label}{_words(mark)}"]
    if "moved" in change.kinds and before:
        parts.append(f"was {before.start}-{before.end}{_words(before)}")
    if "relabelled" in change.kinds and before:
        parts.append(f"was {before.label}")
    if "renamed" in change.kinds and before:
        parts.append(f"was {before.id}")
    parts += _details(change)
    return f"{'; '.join(parts)} [{change.layer} {mark.id}]"


def _details(change: SpanChange) -> list[str]:
    """Return what differs of a span's attributes and relations, in words."""
    return [
        *(said_words(each) for each in change.attributes),
        *(f"- {link.label} {link.tail}" for link in change.links_removed),
        *(f"+ {link.label} {link.tail}" for link in change.links_added),
    ]


def said_words(said: Said) -> str:
    """Return a value that differs, in words; the name alone where the values may not be repeated."""
    if said.before is None and said.after is None:
        return f"{said.name} differs"
    return f"{said.name} {shown(said.before)} -> {shown(said.after)}"


def shown(value: Value | float) -> str:
    """Return a value as a line shows it; strings are isolated, they may be in any script."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return isolate(_cut(value)) if isinstance(value, str) else f"{value:g}"


def _words(mark: Mark) -> str:
    return f" {isolate(_cut(mark.words))}" if mark.words else ""


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST_SHOWN else f"{words[: LONGEST_SHOWN - 20]}…{words[-19:]}"
