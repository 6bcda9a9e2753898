"""Checks of form and scheme: spans a second of CPU time, beside the same rules as a plain loop over spans, in one run.

The loop and the batches begin with what is in memory, as objects and as Arrow; `khabar check` also reads the Parquet.
CPU time is that of one core, whatever else the machine does; peak memory is that of one process.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
from synthetic import ARTICLES, SPANS, annotated, parquet, tables

from khabar import checks
from khabar.model.finding import Level
from khabar.model.nested import flat
from khabar.store import Corpus

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from naive import naive  # noqa: E402 - the tests' own oracle

LOOPED = 200
"""Articles for the plain loop, which is slow."""
AGAIN = 5
"""Rounds over the batch in memory; the quickest counts, as others use the machine too."""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    articles = parser.parse_args().articles
    corpus = Corpus(ROOT)
    loop = _looped(corpus)
    print(f"{'plain loop over spans, in memory':42}{loop:12,.0f} spans/s and core")
    told = _in_memory(corpus)
    print(f"{'batches, in memory':42}{told:12,.0f} spans/s and core: {told / loop:.0f} times the loop")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.parquet"
        parquet(path, corpus.labels, articles)
        groups = pq.ParquetFile(path).num_row_groups
        print(f"{articles:,} articles, {articles * SPANS:,} spans, {groups} row groups, {path.stat().st_size:,} bytes")
        for jobs in (1, os.cpu_count() or 1):
            _from_disk(corpus, path, (articles, jobs), loop)


def _looped(corpus: Corpus) -> float:
    some = [annotated(number, corpus.labels) for number in range(LOOPED)]
    found: list[object] = []

    def run() -> None:
        found.extend(each for one in some for each in naive(one.annotation, one.text, corpus.labels))

    seconds = _seconds(run)
    if found:
        sys.exit(f"the synthetic articles break rules: {found[:3]}")
    return LOOPED * SPANS / seconds


def _in_memory(corpus: Corpus) -> float:
    table = next(iter(tables(corpus.labels)))

    def run() -> None:
        if checks.examine(flat(table, corpus.labels), Level.SCHEME).findings:
            sys.exit("the checks did not judge the synthetic articles sound")

    return table.num_rows * SPANS / min(_seconds(run) for _ in range(AGAIN))


def _from_disk(corpus: Corpus, path: Path, work: tuple[int, int], loop: float) -> None:
    articles, jobs = work
    wall, cpu = time.perf_counter(), sum(os.times()[:4])
    told = list(checks.judge(corpus, [path], jobs, Level.SCHEME))
    wall, cpu = time.perf_counter() - wall, sum(os.times()[:4]) - cpu
    if sum(each.annotations for each in told) != articles or any(each.findings for each in told):
        sys.exit("the checks did not judge the synthetic articles sound")
    rate = articles * SPANS / cpu
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(
        f"{f'khabar check, from Parquet, {jobs} process(es)':42}{rate:12,.0f} spans/s and core: {rate / loop:.0f} times"
        f" the loop; {articles * SPANS / wall:,.0f} spans/s in all, peak {peak:,.0f} MB"
    )


def _seconds(run: Callable[[], None]) -> float:
    """Return the CPU time of a call."""
    begin = time.process_time()
    run()
    return time.process_time() - begin


if __name__ == "__main__":
    main()
