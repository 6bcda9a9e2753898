"""What is checked: gold, annotation files, releases, any Parquet in the published schema.  One engine for all of them.

What cannot be read becomes a finding, and the rest is checked all the same.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from khabar.checks.engine import run
from khabar.checks.waivers import Waivers
from khabar.errors import BadRecord, KhabarError, NotFound
from khabar.model.annotation import GOLD
from khabar.model.batch import Batch
from khabar.model.finding import Finding, Severity
from khabar.model.labels import LabelSet
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
    """

    annotations: int
    withheld: int
    findings: list[Finding]


def judge(corpus: Corpus, paths: Iterable[Path], jobs: int | None = None) -> Iterator[Judged]:
    """Check gold, or what is at the paths, part by part and in order.

    Args:
        corpus: Whose label set, texts and gold are meant.
        paths: Annotation files, Parquet files, releases, or folders of annotation files; without any, the gold.
        jobs: Processes for large Parquet; if None, one a core.
    """
    paths = list(paths)
    waivers = Waivers(corpus.waivers, today())
    for part in _judge(corpus, paths, jobs or os.cpu_count() or 1):
        yield part._replace(findings=waivers.unforgiven(part.findings))
    if not paths:
        yield Judged(0, 0, list(waivers.stale()))


def today() -> str:
    """Return the day by which waivers end: that of ``SOURCE_DATE_EPOCH`` where it is set, for repeatable builds."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = (
        datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() and len(epoch) < EPOCH_DIGITS else datetime.now(UTC)
    )
    return moment.date().isoformat()


def _judge(corpus: Corpus, paths: list[Path], jobs: int) -> Iterator[Judged]:
    if not paths:
        yield Judged(0, 0, [*_texts_without_gold(corpus), *_splits(corpus)])
        yield from _annotations(corpus, corpus.gold_files(), gold=True)
    for path in paths:
        parquet = _parquet_files(path)
        if parquet:
            yield from _parquet(parquet, corpus.labels, jobs)
        else:
            yield from _annotations(corpus, corpus.annotation_files(path))


def _judged(batch: Batch) -> Judged:
    return Judged(len(batch), int((~batch.has_text).sum()), run(batch))


def unreadable(place: str, message: str) -> Finding:
    """Return the finding of the check ``record-reads``: what is there is no record."""
    told = message.removeprefix(f"{place}: ")
    return Finding(check="record-reads", severity=Severity.ERROR, article=place, annotator="", message=told)


def _texts_without_gold(corpus: Corpus) -> Iterator[Finding]:
    for article in corpus.articles:
        try:
            if not corpus.has_gold(article):
                corpus.text(article)
        except KhabarError as error:
            yield _of_article("text-unchanged", article.id, str(error))


def _splits(corpus: Corpus) -> Iterator[Finding]:
    taken: dict[str, tuple[str, str]] = {}
    for key, split in corpus.splits.items():
        if not corpus.has_article(key):
            yield _of_article("split-known", key, f"the split {split} has it, corpus/ does not: remove it there")
            continue
        story = corpus.article(key).story or key
        other, first = taken.setdefault(story, (split, key))
        if other != split:
            yield _of_article("story-in-one-split", key, f"its story is in {other} with {first}, it is in {split}")
    for article in corpus.articles:
        if corpus.has_gold(article) and article.id not in corpus.splits:
            yield _of_article("split-known", article.id, "it has gold and no split, it should have one: khabar split")


def _of_article(check: str, article: str, message: str) -> Finding:
    return Finding(check=check, severity=Severity.ERROR, article=article, annotator="", message=message)


def _annotations(corpus: Corpus, files: Iterable[Path], *, gold: bool = False) -> Iterator[Judged]:
    each = iter(files)
    while chunk := list(islice(each, ROWS)):
        read, lost = [], []
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
            except (KhabarError, OSError) as error:
                lost.append(unreadable(corpus.shown(path), str(error)))
        yield Judged(0, 0, lost)
        for batch in corpus.batches(read, ROWS):
            yield _judged(batch)


def _parquet_files(path: Path) -> list[Path]:
    """Return the Parquet files that hold whole annotations: the file itself, or those of a release's ``articles``."""
    if path.is_file():
        return [path] if path.suffix == ".parquet" else []
    if (path / MANIFEST).is_file() and (path / "data").is_dir():
        return sorted((path / "data" / "articles").glob("*.parquet"))
    return []


def _parquet(paths: list[Path], labels: LabelSet, jobs: int) -> Iterator[Judged]:
    parts = [(path, group) for path in paths for group in range(_groups(path))]
    if jobs == 1 or len(parts) < WORTH_A_PROCESS:
        yield from (_judge_group(path, group, labels) for path, group in parts)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: deque[Future[Judged]] = deque()
        for path, group in parts:
            waiting.append(pool.submit(_judge_group, path, group, labels))
            if len(waiting) > 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _groups(path: Path) -> int:
    try:
        return int(pq.ParquetFile(path).metadata.num_row_groups)
    except (OSError, pa.ArrowInvalid) as error:
        raise BadRecord(f"{path}: {str(error).splitlines()[0]}: is it Parquet, and whole?") from None


def _judge_group(path: Path, group: int, labels: LabelSet) -> Judged:
    """Check one row group; what it is made of is verified page by page."""
    wanted = schema(labels)
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        lacking = [name for name in wanted.names if name not in file.schema_arrow.names]
        if lacking:
            raise NotFound(f"{path}: the column '{lacking[0]}' is missing: is it the config 'articles' of a release?")
        # Row groups are what runs side by side; threads inside one cost more than they bring.
        table = file.read_row_group(group, columns=wanted.names, use_threads=False).cast(wanted)
    except (OSError, pa.ArrowException, ValueError) as error:
        return Judged(0, 0, [unreadable(str(path), str(error).splitlines()[0])])
    total = Judged(0, 0, [])
    for first in range(0, table.num_rows, ROWS):
        part = _judged(flat(table.slice(first, ROWS), labels))
        total = Judged(
            total.annotations + part.annotations, total.withheld + part.withheld, total.findings + part.findings
        )
    return total
