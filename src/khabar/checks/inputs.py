"""What is checked: gold, annotation files, releases, any Parquet in the published schema.  One engine for all of them.

What cannot be read becomes a finding, and the rest is checked all the same.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from khabar.checks.engine import examine, settle
from khabar.checks.facts import Facts, facts, placed, together
from khabar.checks.standards import Standards
from khabar.checks.waivers import Waivers
from khabar.errors import BadRecord, KhabarError, NotFound
from khabar.model.annotation import GOLD, Annotation, canonical, encoded
from khabar.model.batch import Batch
from khabar.model.conform import conform
from khabar.model.finding import Finding, Level, Severity
from khabar.model.labels import LabelSet
from khabar.model.layout import ARTICLES, texts_beside, with_texts
from khabar.model.manifest import MANIFEST
from khabar.model.nested import flat, schema
from khabar.store import Corpus

ROWS = 2000
"""Articles in a batch: memory is bounded by them."""
EPOCH_DIGITS = 12
"""More of them are no second of our calendar."""
WORTH_A_PROCESS = 4
"""Batches below which starting processes costs more than it brings."""


class Judged(NamedTuple):
    """What checking some of the input came to.

    Attributes:
        annotations: How many were checked.
        withheld: How many of them without their text.
        findings: In order.
        facts: What the sound ones leave for the rules between articles; None where those are not wanted.
    """

    annotations: int
    withheld: int
    findings: list[Finding]
    facts: Facts | None = None


class Read(NamedTuple):
    """What was read from a file of a form that is not ours.

    Attributes:
        annotations: What can be believed.
        lost: What cannot: its place and the reason.
    """

    annotations: list[Annotation]
    lost: list[tuple[str, str]]


def of_annotation(corpus: Corpus, annotation: Annotation) -> list[Finding]:
    """Check one annotation of one article by all rules that it keeps alone."""
    return [finding for batch in corpus.batches([annotation]) for finding in examine(batch).findings]


def judge(
    corpus: Corpus,
    paths: Iterable[Path],
    jobs: int | None = None,
    last: Level = Level.CORPUS,
    foreign: Callable[[Path], Read | None] = lambda _: None,
) -> Iterator[Judged]:
    """Check gold, or what is at the paths, part by part and in order; what holds between articles comes last.

    Args:
        corpus: Whose label set, texts and gold are meant.
        paths: Annotation files, Parquet files, releases, or folders of annotation files; without any, the gold.
        jobs: Processes for large Parquet; if None, one a core.
        last: The last level that is wanted.
        foreign: Reads a file of another form, as an export of Label Studio; None where it is of none.
    """
    paths = list(paths)
    waivers = Waivers(corpus.waivers, today())
    facts: list[Facts] = []
    for part in _judge(corpus, paths, jobs or os.cpu_count() or 1, last, foreign):
        if part.facts:
            facts.append(part.facts)
        yield Judged(part.annotations, part.withheld, waivers.unforgiven(part.findings))
    if last is Level.CORPUS:
        between = settle(together(facts), _standards(corpus, gold=not paths))
        yield Judged(0, 0, waivers.unforgiven(between))
        if not paths:
            yield Judged(0, 0, list(waivers.stale()))


def _standards(corpus: Corpus, *, gold: bool) -> Standards:
    """Return what gold is held against; of other annotations nothing was agreed on."""
    if not gold:
        return Standards(corpus.labels)
    floors = corpus.floors
    return Standards(corpus.labels, floors.spans, floors.agreement, {}, _released(corpus))


def _released(corpus: Corpus) -> dict[str, str]:
    """Return the split of each article in the newest release that is at hand."""
    newest = corpus.newest_release
    if newest is None:
        return {}
    splits: dict[str, str] = {}
    for path in _parquet_files(newest):
        try:
            rows = pq.read_table(path, columns=["id", "split"], partitioning=None, page_checksum_verification=True)
        except (OSError, pa.ArrowException) as error:
            raise BadRecord(f"{path}: {str(error).splitlines()[0]}: build or download the release again") from None
        splits |= dict(zip(rows["id"].to_pylist(), rows["split"].to_pylist(), strict=True))
    return splits


def today() -> str:
    """Return the day by which waivers end: that of ``SOURCE_DATE_EPOCH`` where it is set, for repeatable builds."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = (
        datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() and len(epoch) < EPOCH_DIGITS else datetime.now(UTC)
    )
    return moment.date().isoformat()


def _judge(
    corpus: Corpus, paths: list[Path], jobs: int, last: Level, foreign: Callable[[Path], Read | None]
) -> Iterator[Judged]:
    if not paths:
        if last is Level.CORPUS:
            yield Judged(0, 0, [*_texts_without_gold(corpus), *_splits(corpus)], _without_gold(corpus))
        yield from _annotations(corpus, corpus.gold_files(), last, gold=True)
    for path in paths:
        parquet, read = _parquet_files(path), foreign(path)
        if read is not None:
            yield Judged(0, 0, [unreadable(place, reason) for place, reason in read.lost])
            yield from (_judged(batch, last) for batch in corpus.batches(read.annotations, ROWS))
        elif parquet:
            yield from _parquet(parquet, corpus.labels, jobs, last)
        else:
            yield from _annotations(corpus, corpus.annotation_files(path), last)


def _judged(batch: Batch, last: Level) -> Judged:
    examined = examine(batch, last)
    left = facts(examined.sound) if last is Level.CORPUS else None
    return Judged(len(batch), int((~batch.has_text).sum()), examined.findings, left)


def unreadable(place: str, message: str) -> Finding:
    """Return the finding of the check ``record-reads``: what is there is no record."""
    told = message.removeprefix(f"{place}: ")
    return Finding(check="record-reads", severity=Severity.ERROR, article=place, annotator="", message=told)


def _untidy(annotation: Annotation) -> Finding:
    return Finding(
        check="record-canonical",
        severity=Severity.WARNING,
        article=annotation.article,
        annotator=annotation.annotator,
        message="its file is not in canonical order and form: khabar check --fix writes it so",
    )


def _texts_without_gold(corpus: Corpus) -> Iterator[Finding]:
    for article in corpus.articles:
        try:
            if not corpus.has_gold(article):
                corpus.text(article)
        except KhabarError as error:
            yield _of_article("text-unchanged", article.id, str(error))


def _without_gold(corpus: Corpus) -> Facts:
    """Return what is known of articles that have a split and no gold: their stories and digests count already."""
    rows = [
        {
            "id": article.id,
            "annotator": "",
            "split": corpus.splits[article.id],
            "story": article.story or article.id,
            "sha256": article.sha256,
            "redistribute": corpus.source_of(article).redistribute,
        }
        for article in corpus.articles
        if article.id in corpus.splits and not corpus.has_gold(article)
    ]
    return placed(rows, corpus.labels)


def _splits(corpus: Corpus) -> Iterator[Finding]:
    for key, split in corpus.splits.items():
        if not corpus.has_article(key):
            yield _of_article("split-known", key, f"the split {split} has it, corpus/ does not: remove it there")
    for article in corpus.articles:
        if corpus.has_gold(article) and article.id not in corpus.splits:
            yield _of_article("split-known", article.id, "it has gold and no split, it should have one: khabar split")


def _of_article(check: str, article: str, message: str) -> Finding:
    return Finding(check=check, severity=Severity.ERROR, article=article, annotator="", message=message)


def _annotations(corpus: Corpus, files: Iterable[Path], last: Level, *, gold: bool = False) -> Iterator[Judged]:
    each = iter(files)
    while chunk := list(islice(each, ROWS)):
        read, untidy, lost = [], [], []
        for path in chunk:
            try:
                annotation = corpus.read_annotation(path, expected=path.stem)
                article = corpus.article(annotation.article)
                if gold and path != corpus.gold_place(article):
                    raise BadRecord(f"its place is {corpus.shown(corpus.gold_place(article))}: move it there")
                if gold and (annotation.kind, annotation.annotator) != (GOLD, GOLD):
                    raise BadRecord(f"it is by {annotation.annotator}, gold is by gold: adjudicate it")
                if corpus.source_of(article).redistribute == "text" and any(s.text is None for s in annotation.spans):
                    raise BadRecord("a span does not repeat its words, each should: put them there")
                read.append(annotation)
                if encoded(canonical(annotation, corpus.labels.layer_names)) != path.read_bytes():
                    untidy.append(annotation)
            except (KhabarError, OSError) as error:
                lost.append(unreadable(corpus.shown(path), str(error)))
        yield Judged(0, 0, [*lost, *map(_untidy, untidy)])
        for batch in corpus.batches(read, ROWS):
            yield _judged(batch, last)


def _parquet_files(path: Path) -> list[Path]:
    """Return the Parquet files that hold whole annotations: the file itself, or those of a release's ``articles``."""
    if path.is_file():
        return [path] if path.suffix == ".parquet" else []
    if (path / MANIFEST).is_file() and (path / "data").is_dir():
        return sorted((path / "data" / ARTICLES).glob("*/*.parquet"))
    return []


def _parquet(paths: list[Path], labels: LabelSet, jobs: int, last: Level) -> Iterator[Judged]:
    parts = [(path, group) for path in paths for group in range(_groups(path))]
    if jobs == 1 or len(parts) < WORTH_A_PROCESS:
        yield from (_judge_group(path, group, labels, last) for path, group in parts)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: deque[Future[Judged]] = deque()
        for path, group in parts:
            waiting.append(pool.submit(_judge_group, path, group, labels, last))
            if len(waiting) > 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _groups(path: Path) -> int:
    try:
        return int(pq.ParquetFile(path).metadata.num_row_groups)
    except (OSError, pa.ArrowInvalid) as error:
        raise BadRecord(f"{path}: {str(error).splitlines()[0]}: is it Parquet, and whole?") from None


def _judge_group(path: Path, group: int, labels: LabelSet, last: Level) -> Judged:
    """Check one row group; what it is made of is verified page by page."""
    wanted = schema(labels)
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        there = [name for name in wanted.names if name in file.schema_arrow.names]
        # Row groups are what runs side by side; threads inside one cost more than they bring.
        table = file.read_row_group(group, columns=there, use_threads=False)
        beside = Path(texts_beside(path.as_posix()))
        if beside != path and beside.is_file():
            texts = pq.ParquetFile(beside, page_checksum_verification=True)
            table = with_texts(table, texts.read_row_group(group, columns=["id", "text"], use_threads=False), str(path))
        for name in wanted.names:
            if name not in table.schema.names:
                raise NotFound(f"{path}: the column '{name}' is missing: is it the config 'articles' of a release?")
        table = conform(table.select(wanted.names), wanted)
    except (OSError, pa.ArrowException, BadRecord) as error:
        return Judged(0, 0, [unreadable(str(path), str(error).splitlines()[0])])
    parts = [_judged(flat(table.slice(first, ROWS), labels), last) for first in range(0, table.num_rows, ROWS)]
    return Judged(
        sum(part.annotations for part in parts),
        sum(part.withheld for part in parts),
        [finding for part in parts for finding in part.findings],
        together([part.facts for part in parts if part.facts]) if last is Level.CORPUS else None,
    )
