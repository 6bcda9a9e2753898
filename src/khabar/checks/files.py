"""Checking annotation files, gold or not.  A finding says in which file, and on which line of it, it is mended."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path

import msgspec

from khabar.checks.judged import ROWS, Judged, judged, unreadable
from khabar.errors import BadRecord, KhabarError
from khabar.model.annotation import GOLD, Annotation, canonical, encoded
from khabar.model.finding import Finding, Level, Severity
from khabar.store import Corpus

_ID = re.compile(rb'"id":\s*("(?:[^"\\]|\\.)*")')


def judge_files(corpus: Corpus, files: Iterable[Path], last: Level, *, gold: bool = False) -> Iterator[Judged]:
    """Check annotation files batch by batch.

    Args:
        corpus: Which texts and label set are meant.
        files: Their paths.
        last: The last level that is wanted.
        gold: Whether they stand under ``annotations/gold/``.
    """
    each = iter(files)
    while chunk := list(islice(each, ROWS)):
        read: dict[Path, Annotation] = {}
        told: list[Finding] = []
        for path in chunk:
            try:
                read[path] = _read(corpus, path, gold=gold)
                if encoded(canonical(read[path], corpus.labels.layer_names)) != path.read_bytes():
                    told.append(_untidy(read[path], corpus.shown(path)))
            except (KhabarError, OSError) as error:
                told.append(unreadable(corpus.shown(path), str(error), is_file=True))
        yield Judged(0, 0, told)
        places: dict[tuple[str, str], Path | None] = {}
        for path, annotation in read.items():
            key = annotation.annotator, annotation.article
            places[key] = None if key in places else path  # two campaigns may have one; which is meant is not known
        for batch in corpus.batches(read.values(), ROWS, as_stored=True):
            part = judged(batch, last)
            yield part._replace(findings=list(_placed(corpus, part.findings, places)))


def _read(corpus: Corpus, path: Path, *, gold: bool) -> Annotation:
    annotation = corpus.read_annotation(path, expected=path.stem)
    article = corpus.article(annotation.article)
    if gold and path != corpus.gold_place(article):
        raise BadRecord(f"its place is {corpus.shown(corpus.gold_place(article))}: move it there")
    if gold and (annotation.kind, annotation.annotator) != (GOLD, GOLD):
        raise BadRecord(f"it is by {annotation.annotator}, gold is by gold: adjudicate it")
    if corpus.source_of(article).redistribute == "text" and any(each.text is None for each in annotation.spans):
        raise BadRecord("a span does not repeat its words, each should: put them there")
    return annotation


def _untidy(annotation: Annotation, file: str) -> Finding:
    return Finding(
        check="record-canonical",
        severity=Severity.WARNING,
        article=annotation.article,
        annotator=annotation.annotator,
        message="its file is not in canonical order and form: khabar check --fix writes it so",
        file=file,
        file_line=1,
    )


def _placed(corpus: Corpus, findings: list[Finding], places: dict[tuple[str, str], Path | None]) -> Iterator[Finding]:
    """Say of findings, which come article by article, where the record of each stands."""
    for key, those in groupby(findings, key=lambda each: (each.annotator, each.article)):
        path = places[key]
        if path is None:
            yield from those
            continue
        lines = _lines(path)
        for each in those:
            yield msgspec.structs.replace(each, file=corpus.shown(path), file_line=lines.get(each.span, 1))


def _lines(path: Path) -> dict[str, int]:
    """Return the line, counted from 1, on which each span of an annotation file begins to be spelt."""
    lines: dict[str, int] = {}
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        for name in _ID.findall(line):
            lines.setdefault(json.loads(name), number)
    return lines
