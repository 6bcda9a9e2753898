"""Spans checked in a second and core, beside the same rules written as a plain loop over spans, in one run."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
from synthetic import ARTICLES, SPANS, annotated, parquet

from khabar import checks
from khabar.model.finding import Level
from khabar.store import Corpus

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from naive import naive  # noqa: E402 - the tests' own oracle

LOOPED = 200
"""Articles for the plain loop, which is slow."""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    articles = parser.parse_args().articles
    corpus = Corpus(ROOT)
    some = [annotated(number, corpus.labels) for number in range(LOOPED)]
    begin = time.process_time()
    found = [each for one in some for each in naive(one.annotation, one.text, corpus.labels)]
    loop = LOOPED * SPANS / (time.process_time() - begin)
    if found:
        sys.exit(f"the synthetic articles break rules: {found[:3]}")
    print(f"plain loop over spans         {loop:12,.0f} spans/s and core ({LOOPED} articles)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.parquet"
        parquet(path, corpus.labels, articles)
        print(f"{articles:,} articles, {articles * SPANS:,} spans, {pq.ParquetFile(path).num_row_groups} row groups")
        for jobs in (1, os.cpu_count() or 1):
            wall, cpu = time.perf_counter(), sum(os.times()[:4])
            told = list(checks.judge(corpus, [path], jobs, Level.SCHEME))
            wall, cpu = time.perf_counter() - wall, sum(os.times()[:4]) - cpu
            if sum(each.annotations for each in told) != articles or any(each.findings for each in told):
                sys.exit("the checks did not judge the synthetic articles sound")
            rate = articles * SPANS / cpu
            print(
                f"khabar check, {jobs} process(es)   {rate:12,.0f} spans/s and core,"
                f" {articles * SPANS / wall:,.0f} spans/s: {rate / loop:.0f} times the loop"
            )


if __name__ == "__main__":
    main()
