"""Checking releases and any Parquet in the published schema, with all cores."""

import multiprocessing
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from importlib.abc import MetaPathFinder
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from khabar.checks.facts import together
from khabar.checks.judged import ROWS, Judged, judged, unreadable
from khabar.errors import BadRecord, NotFound
from khabar.model.conform import conform, once
from khabar.model.finding import Level
from khabar.model.labels import LabelSet
from khabar.model.layout import ARTICLES, texts_beside, with_texts
from khabar.model.manifest import MANIFEST
from khabar.model.nested import flat, schema

UNREADABLE = (OSError, pa.ArrowException, UnicodeDecodeError)
"""What Arrow raises where a file is damaged, the last where a name in its footer is."""
WORTH_PROCESSES = {Level.TEXT: 40, Level.FORM: 40, Level.SCHEME: 40, Level.SENSE: 8, Level.CORPUS: 4}
"""Batches below which starting processes, half a second each, costs more than it brings, by the last level wanted."""


def parquet_files(path: Path) -> list[Path]:
    """Return the Parquet files that hold whole annotations: the file itself, or those of a release's ``articles``."""
    if path.is_file():
        return [path] if path.suffix == ".parquet" else []
    return articles_of(path) if is_release(path) else []


def articles_of(release: Path) -> list[Path]:
    """Return the files of the articles of a release, which need not be sealed."""
    return sorted((release / "data" / ARTICLES).glob("*/*.parquet"))


def is_release(path: Path) -> bool:
    """Tell whether a path is the folder of a release."""
    return (path / MANIFEST).is_file() and (path / "data").is_dir()


def judge_parquet(paths: list[Path], labels: LabelSet, jobs: int, last: Level) -> Iterator[Judged]:
    """Check Parquet files part by part, in order, several parts at a time where that is worth it."""
    parts = [(path, groups) for path in paths for groups in _parts(path)]
    if jobs == 1 or len(parts) < WORTH_PROCESSES[last]:
        yield from (_judge_part(path, groups, labels, last) for path, groups in parts)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _start) as pool:
        waiting: deque[Future[Judged]] = deque()
        for path, groups in parts:
            waiting.append(pool.submit(_judge_part, path, groups, labels, last))
            if len(waiting) > 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class _WithoutPandas(MetaPathFinder):
    """Keeps Arrow from importing pandas with its first array: over half of what a process costs to start, for nothing.

    No check looks at a table of pandas, and Arrow does without it where it is not installed.
    """

    def find_spec(self, name: str, *_: object) -> None:
        """Say of pandas that it is not there, and nothing of other modules."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def _start() -> None:
    sys.meta_path.insert(0, _WithoutPandas())


def _parts(path: Path) -> list[list[int]]:
    """Return the row groups of a file, as many together as make a batch."""
    try:
        metadata = pq.ParquetFile(path).metadata
        sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    except UNREADABLE as error:
        raise BadRecord(f"{path}: {str(error).splitlines()[0]}: is it Parquet, and whole?") from None
    parts: list[list[int]] = []
    rows = 0
    for group, size in enumerate(sizes):
        rows += size
        if not parts or rows > ROWS:
            parts.append([])
            rows = size
        parts[-1].append(group)
    return parts


def _judge_part(path: Path, groups: list[int], labels: LabelSet, last: Level) -> Judged:
    """Check some row groups; what they are made of is verified page by page."""
    parts: list[Judged] = []
    tables = _tables(path, groups, labels)
    while True:
        try:
            table = next(tables, None)
        except (*UNREADABLE, BadRecord) as error:
            parts.append(Judged(0, 0, [unreadable(str(path), str(error).splitlines()[0], is_file=True)]))
            break
        if table is None:
            break
        parts.append(judged(flat(table, labels), last))
    return Judged(
        sum(part.annotations for part in parts),
        sum(part.withheld for part in parts),
        [finding for part in parts for finding in part.findings],
        together([part.facts for part in parts if part.facts]) if last is Level.CORPUS else None,
    )


def _tables(path: Path, groups: list[int], labels: LabelSet) -> Iterator[pa.Table]:
    """Yield the rows of some row groups in exactly the published schema, a batch at a time, with the texts beside them.

    Raises:
        BadRecord: they are not in the published schema.
        NotFound: a column is missing.
    """
    wanted = schema(labels)
    file = pq.ParquetFile(path, page_checksum_verification=True)
    own = file.schema_arrow.names
    there = [name for name in wanted.names if name in own]
    rows = _batches(file, groups, there)
    beside = Path(texts_beside(path.as_posix()))
    if beside != path and beside.is_file():
        texts = pq.ParquetFile(beside, page_checksum_verification=True)
        if _rows(texts, groups) != _rows(file, groups):
            raise BadRecord(f"{path}: its texts are not as many as its articles: download the release again")
        both = zip(rows, _batches(texts, groups, ["id", "text"]), strict=True)
        rows = (with_texts(table, words, str(path)) for table, words in both)
    for table in rows:
        for name in wanted.names:
            if name not in table.schema.names:
                raise NotFound(f"{path}: the column '{name}' is missing: is it the config 'articles' of a release?")
        yield conform(table.select(wanted.names), wanted)


def _batches(file: pq.ParquetFile, groups: list[int], columns: list[str]) -> Iterator[pa.Table]:
    """Yield row groups as one table, or one that is larger than a batch, as others write them, in slices."""
    # Parts are what runs side by side; threads inside one cost more than they bring.
    if _rows(file, groups) <= ROWS:
        yield once(file.read_row_groups(groups, columns=columns, use_threads=False))
        return
    for batch in file.iter_batches(ROWS, row_groups=groups, columns=columns, use_threads=False):
        yield once(pa.Table.from_batches([batch]))


def _rows(file: pq.ParquetFile, groups: list[int]) -> int:
    """Return how many rows some row groups have, as far as the file has them."""
    return sum(file.metadata.row_group(group).num_rows for group in groups if group < file.num_row_groups)
