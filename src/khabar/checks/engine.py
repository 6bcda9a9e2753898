"""What a check is, and how checks are run: batch in, findings out.  The rules stand in form.py and scheme.py."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from khabar.checks.facts import Facts
from khabar.checks.standards import Standards
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


class Told(NamedTuple):
    """A place where a rule between articles is broken.

    Attributes:
        article: Id of the article.
        message: What is wrong and what should be.
        annotator: Whose annotation it is, empty where the article is meant.
        start: First code point, -1 for the whole article.
        end: One past the last, -1 likewise.
        words: What stands there.
    """

    article: str
    message: str
    annotator: str = ""
    start: int = -1
    end: int = -1
    words: str = ""


Rule = Callable[[View], Iterable[Broken]]
Between = Callable[[Facts, Standards], Iterable[Told]]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule of good data.

    Attributes:
        name: What is true of good data.
        level: When it is judged: an article that breaks a level is not judged by the next.
        severity: Whether a release can stand on data that break it.
        summary: The rule in one line.
        why: Why there is such a rule.
        rule: Finds where a batch breaks it; None where it holds between articles.
        between: Finds where articles break it together; None where each is judged alone.
    """

    name: str
    level: Level
    severity: Severity
    summary: str
    why: str
    rule: Rule | None = None
    between: Between | None = None


CHECKS: Registry[Check] = Registry("check")


def check(name: str, level: Level, severity: Severity = Severity.ERROR) -> Callable[[Rule], Rule]:
    """Register a rule for articles one by one; its docstring's first line is its summary, the rest says why."""

    def register(rule: Rule) -> Rule:
        CHECKS.add(name, Check(name, level, severity, *_doc(rule), rule=rule))
        return rule

    return register


def between(name: str, severity: Severity = Severity.ERROR) -> Callable[[Between], Between]:
    """Register a rule for articles taken together; its docstring likewise."""

    def register(rule: Between) -> Between:
        CHECKS.add(name, Check(name, Level.CORPUS, severity, *_doc(rule), between=rule))
        return rule

    return register


def _doc(rule: Rule | Between) -> tuple[str, str]:
    summary, _, why = (inspect.getdoc(rule) or "").partition("\n")
    return summary.strip(), " ".join(why.split())


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


class Examined(NamedTuple):
    """What examining a batch came to.

    Attributes:
        findings: In order of article, place and check.
        sound: The articles that broke no rule, warnings aside.
    """

    findings: list[Finding]
    sound: View


def run(batch: Batch) -> list[Finding]:
    """Run every rule that an article keeps alone, level by level; return the findings by article, place and check."""
    return examine(batch).findings


def examine(batch: Batch, last: Level = Level.SENSE) -> Examined:
    """Run the rules level by level up to the last that is wanted: who breaks one level is not judged by the next."""
    found: list[tuple[int, Finding]] = []
    row = np.arange(len(batch))
    view = View(batch)
    for level in (each for each in Level if each <= last):
        failed = np.zeros(len(batch), dtype=bool)
        for each in CHECKS.values():
            for broken in each.rule(view) if each.rule and each.level == level else ():
                if each.severity is Severity.ERROR:
                    failed[broken.article] = True
                found += [(int(row[at]), finding) for at, finding in _findings(each, view, broken)]
        if failed.any():
            batch, row = batch.select(~failed), row[~failed]
            view = View(batch)
    found.sort(key=lambda each: (each[0], each[1].start, each[1].end, each[1].check, each[1].span))
    return Examined([finding for _, finding in found], view)


def settle(facts: Facts, standards: Standards) -> list[Finding]:
    """Run every rule that articles keep together; return the findings by check, article and place."""
    found = [
        Finding(check=each.name, severity=each.severity, **told._asdict())
        for each in CHECKS.values()
        for told in (each.between(facts, standards) if each.between else ())
    ]
    return sorted(found, key=lambda each: (each.article, each.start, each.end, each.check, each.annotator))


def _findings(check: Check, view: View, broken: Broken) -> Iterable[tuple[int, Finding]]:
    batch = view.batch
    rows = broken.article.tolist()
    if not rows:
        return  # nearly always
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
                line=view.line(row, start) if start >= 0 else 0,
                words=batch.words(row, start, end) if start >= 0 else "",
            ),
        )
