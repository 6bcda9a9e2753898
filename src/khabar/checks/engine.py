"""What a check is, and how checks are run: batch in, findings out.  The rules stand in form.py and scheme.py."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from khabar.checks.view import View
from khabar.model.batch import Batch
from khabar.model.columns import Ints
from khabar.model.finding import Finding, Level, Severity
from khabar.registry import Registry


class Broken(NamedTuple):
    """The places where a rule is broken, k of them.

    Attributes:
        article: Row of the article, shape (k,).
        start: First code point in it, -1 for the whole article.
        end: One past the last, -1 likewise.
        span: Row of the span, -1 where none is meant.
        because: What is wrong and what should be: one line for all, or one for each.
    """

    article: Ints
    start: Ints
    end: Ints
    span: Ints
    because: str | Sequence[str]


Rule = Callable[[View], Iterable[Broken]]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule of good data.

    Attributes:
        name: What is true of good data.
        level: When it is judged: an article that breaks a level is not judged by the next.
        severity: Whether a release can stand on data that break it.
        summary: The rule in one line.
        why: Why there is such a rule.
        rule: The function that finds where it is broken.
    """

    name: str
    level: Level
    severity: Severity
    summary: str
    why: str
    rule: Rule


CHECKS: Registry[Check] = Registry("check")


def check(name: str, level: Level, severity: Severity = Severity.ERROR) -> Callable[[Rule], Rule]:
    """Register a rule; the first line of its docstring is its summary, the rest says why."""

    def register(rule: Rule) -> Rule:
        summary, _, why = (inspect.getdoc(rule) or "").partition("\n")
        CHECKS.add(name, Check(name, level, severity, summary.strip(), " ".join(why.split()), rule))
        return rule

    return register


def broken_spans(batch: Batch, rows: Ints, because: str | Sequence[str]) -> Broken:
    """Say that spans break a rule."""
    return Broken(batch.spans.article[rows], batch.spans.start[rows], batch.spans.end[rows], rows, because)


def broken_articles(rows: Ints, because: str | Sequence[str]) -> Broken:
    """Say that articles break a rule as a whole."""
    nowhere = np.full(len(rows), -1)
    return Broken(rows, nowhere, nowhere, nowhere, because)


def broken_places(batch: Batch, first: Ints, stop: Ints, because: str | Sequence[str]) -> Broken:
    """Say that stretches of text break a rule; their places are counted in the texts laid end to end."""
    article = np.searchsorted(batch.base, first, side="right") - 1
    base = batch.base[article]
    return Broken(article, first - base, stop - base, np.full(len(first), -1), because)


def run(batch: Batch) -> list[Finding]:
    """Run every check on a batch, level by level, and return the findings in order of article, place and check."""
    found: list[tuple[int, Finding]] = []
    row = np.arange(len(batch))
    view = View(batch)
    for level in Level:
        failed = np.zeros(len(batch), dtype=bool)
        for each in (one for one in CHECKS.values() if one.level == level):
            for broken in each.rule(view):
                if each.severity is Severity.ERROR:
                    failed[broken.article] = True
                found += [(int(row[at]), finding) for at, finding in _findings(each, batch, broken)]
        if failed.any():
            batch, row = batch.select(~failed), row[~failed]
            view = View(batch)
    found.sort(key=lambda each: (each[0], each[1].start, each[1].end, each[1].check, each[1].span))
    return [finding for _, finding in found]


def _findings(check: Check, batch: Batch, broken: Broken) -> Iterable[tuple[int, Finding]]:
    rows = broken.article.tolist()
    taken = pa.array(rows, pa.int64())
    identity = batch.articles["id"].take(taken).to_pylist()
    annotator = batch.articles["annotator"].take(taken).to_pylist()
    places = zip(broken.start.tolist(), broken.end.tolist(), broken.span.tolist(), strict=True)
    for number, (row, (start, end, span)) in enumerate(zip(rows, places, strict=True)):
        yield (
            row,
            Finding(
                check=check.name,
                severity=check.severity,
                article=identity[number],
                annotator=annotator[number],
                message=broken.because if isinstance(broken.because, str) else broken.because[number],
                start=start,
                end=end,
                span=batch.spans.id[span].as_py() if span >= 0 else "",
                words=batch.words(row, start, end) if start >= 0 else "",
            ),
        )
