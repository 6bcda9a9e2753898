"""What a release says of the one before it: ``CHANGES.md`` for people, ``changes.jsonl`` for programs."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from khabar.errors import Changed
from khabar.model.manifest import Manifest
from khabar.release.diff.compare import Count, diff_of_build, uncounted
from khabar.release.diff.records import ArticleChange, Diff, LabelCount
from khabar.release.diff.reports import agreement_words, figure_words, json_lines, scheme_lines

CHANGES = "CHANGES.md"
RECORDS = "changes.jsonl"
_LISTED = 200
"""Articles that ``CHANGES.md`` lists of a kind; ``changes.jsonl`` has them all."""
_TOTALS = ("before", "after")
_COUNTS = (
    ("before", "before"),
    ("articles_added", "articles added"),
    ("articles_removed", "articles removed"),
    ("added", "added"),
    ("removed", "removed"),
    ("relabelled_to", "relabelled to"),
    ("relabelled_from", "relabelled from"),
    ("after", "after"),
    ("moved", "moved"),
    ("reattributed", "re-attributed"),
)


def changes(previous: Path, folder: Path, manifest: Manifest, count: Count = uncounted) -> None:
    """Write both files into a release that is being built; the same releases give the same bytes.

    Args:
        previous: Folder of the release before it.
        folder: Where it is built: its Parquet files, and its label set and agreement if it ships them, are there.
        manifest: What it will say of itself.
        count: What else the two are compared by.

    Raises:
        Changed: its version is too low, an article moved to another split, or class labels have other numbers.
        NotFound: there is no release before it.
        BadRecord: one of the two cannot be read.
    """
    found = diff_of_build(previous, folder, manifest, count)
    if found.refused:
        more = f" (and {len(found.refused) - 1} more: khabar release diff)" if len(found.refused) > 1 else ""
        raise Changed(f"{found.refused[0]}{more}")
    (folder / CHANGES).write_text(markdown(found), encoding="utf-8", newline="\n")
    (folder / RECORDS).write_bytes(b"".join(line + b"\n" for line in json_lines(found)))


def markdown(diff: Diff) -> str:
    """Return ``CHANGES.md``: what the step is and why, then numbers, then which articles."""
    return "\n".join(_markdown(diff)) + "\n"


def _markdown(diff: Diff) -> Iterator[str]:
    yield f"# {diff.name} {diff.after}: what changed since {diff.before}"
    yield ""
    if diff.step == "NONE":
        yield "Nothing: the rows are the same."
        return
    yield f"A {diff.step} step. Every change stands in `{RECORDS}`, a JSON object a line."
    yield from _section("Why", (f"- {each.step}: {_code(each.why)}" for each in diff.reasons))
    yield from _section("Columns and labels", (f"- {_code(line)}" for line in scheme_lines(diff)))
    sizes = (f"| {each.split} | {each.before} | {each.after} |" for each in diff.splits)
    yield from _section("Articles", ["| split | before | after |", "|---|---|---|", *sizes])
    yield from _section("Spans", _counts(diff.counts))
    yield from _section("Agreement", (f"- {_code(each)}" for each in agreement_words(diff)))
    yield from _section("Findings", (f"- {_code(figure_words(each))}" for each in diff.findings))
    yield from _section("Articles added", _articles(diff, "added"))
    yield from _section("Articles removed", _articles(diff, "removed"))
    yield from _section("Articles corrected", _articles(diff, "changed"))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield a section, unless it would be empty."""
    told = list(lines)
    if told:
        yield from ("", f"## {title}", "", *told)


def _counts(counts: Iterable[LabelCount]) -> Iterator[str]:
    rows = [each for each in counts if any(getattr(each, name) for name, _ in _COUNTS if name not in _TOTALS)]
    if not rows:
        return
    used = [(name, title) for name, title in _COUNTS if name in _TOTALS or any(getattr(row, name) for row in rows)]
    yield f"| layer | label | {' | '.join(title for _, title in used)} |"
    yield f"|---|---|{'---:|' * len(used)}"
    for row in rows:
        yield f"| {row.layer} | {row.label} | {' | '.join(str(getattr(row, name)) for name, _ in used)} |"


def _articles(diff: Diff, kind: str) -> Iterator[str]:
    those = [each for each in diff.articles if kind in each.kinds]
    for each in those[:_LISTED]:
        yield f"- `{each.id}`, {each.after or each.before}: {_summary(each)}"
    if len(those) > _LISTED:
        yield f"- and {len(those) - _LISTED} more"


def _summary(article: ArticleChange) -> str:
    if article.taken_down:
        return f"taken down: {_code(article.taken_down)}"
    spans = sum(number for numbers in article.labels.values() for number in numbers.values())
    if article.labels or article.kinds in (("added",), ("removed",)):
        return f"{spans} spans"
    seen: dict[str, int] = {}
    for change in article.spans:
        for kind in change.kinds:
            seen[kind] = seen.get(kind, 0) + 1
    told = [f"{number} {kind}" for kind, number in sorted(seen.items())]
    told += [f"text {article.text}"] if article.text else []
    told += [f"{each.name} differs" for each in article.metadata]
    return ", ".join(told) or "order of spans"


def _code(words: str) -> str:
    """Keep a line from being read as Markdown where it holds names with underscores or stars."""
    return words.replace("\\", "\\\\").replace("_", "\\_").replace("*", "\\*")
