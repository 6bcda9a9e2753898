"""A release built, loaded, corrected and verified, each beside the plainest program that does as much, in one run.

Every figure is of a process of its own: seconds of CPU, its own and its threads', and the most memory it held.
"""

import argparse
import hashlib
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import chunks
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import synthetic

from khabar.checks import judge_release
from khabar.loading import load, verify
from khabar.loading.typed import features_of
from khabar.model.batch import Batch
from khabar.model.finding import Severity
from khabar.model.layout import ARTICLES, LABELS, ROWS, TEXTS, with_texts
from khabar.model.manifest import FORMAT, MANIFEST, Manifest, content_of
from khabar.model.nested import flat
from khabar.model.records import batch
from khabar.release.build import seal
from khabar.release.data import write
from khabar.release.parts import BESIDE, Part
from khabar.release.writers import parquet
from khabar.store import BATCH, SPLITS, Corpus

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = 4_000
"""Articles for `datasets.Dataset.from_generator`, which is slow."""
LOADED = 50_000
"""Articles that are loaded, at most: all of them stand in memory."""
TWO_VERSIONS = 20_000
"""Articles of which two versions are compared, at most: every one of them another text."""
SHARE = 0.01
"""Spans that are corrected, and articles that are added, from one version to the next."""


class Cost(NamedTuple):
    """What something cost.

    Attributes:
        cpu: Seconds.
        memory: Bytes at the most, the process with its imports included.
        found: What it returned.
    """

    cpu: float
    memory: int
    found: object


def best(work: Callable[..., object], *arguments: object) -> Cost:
    """Measure something short three times, and return the least."""
    return min((measured(work, *arguments) for _ in range(3)), key=lambda cost: cost.cpu)


def measured(work: Callable[..., object], *arguments: object) -> Cost:
    """Call something in a process of its own; it returns how many seconds of CPU do not count, and what it found."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, work, *arguments).result()


def _measured(work: Callable[..., tuple[float, object]], *arguments: object) -> Cost:
    begin = time.process_time()
    aside, found = work(*arguments)
    cpu = time.process_time() - begin - aside
    return Cost(cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, found)


# What is built


def parts(articles: int, clock: list[float], distinct: int, corrected: float = 0.0) -> Iterator[Part]:
    """Yield parts of a synthetic corpus, and add to ``clock[0]`` the CPU that this takes."""
    begin = time.process_time()
    labels = Corpus(ROOT).labels
    nobody = batch(labels, [])
    for name in BESIDE:
        nobody = replace(nobody, articles=nobody.articles.append_column(name, pa.array([], pa.string())))
    draw, place = np.random.default_rng(1), 0
    for table in synthetic.tables(labels, articles, distinct):
        for first in range(0, len(table), 1000):
            some = table.slice(first, 1000)
            number = np.arange(place, place + len(some)) % 10
            splits = pa.array(np.asarray(SPLITS, dtype=object)[np.maximum(number - 7, 0)], pa.string())
            some = some.set_column(some.schema.get_field_index("split"), some.schema.field("split"), splits)
            gold = flat(some, labels)
            if corrected:
                gold = _corrected(gold, draw.random(len(gold.spans)) < corrected)
            clock[0] += time.process_time() - begin
            yield Part(place // BATCH, gold, nobody)
            begin = time.process_time()
            place += len(some)


def _corrected(gold: Batch, chosen: np.ndarray) -> Batch:
    """Return the batch with another label on the entities that are chosen."""
    names = [label.name for label in gold.labels.layers["entity"].labels]
    codes = np.array([gold.label_code(name) for name in names])
    chosen = chosen & (gold.spans.layer == gold.layer_code("entity"))
    label = np.where(chosen, codes[(np.searchsorted(codes, gold.spans.label) + 1) % len(codes)], gold.spans.label)
    return replace(gold, spans=replace(gold.spans, label=label))


def built(folder: Path, articles: int, distinct: int, corrected: float = 0.0) -> tuple[float, object]:
    """Build a release as `khabar release build` does once gold is read."""
    clock = [0.0]
    labels = Corpus(ROOT).labels
    data = write(parts(articles, clock, distinct, corrected), labels, folder)
    manifest = Manifest(
        format=FORMAT,
        name="synthetic",
        version="1.0.0",
        scheme=labels.version,
        label_set=labels.digest,
        content=content_of(data.configs),
        counts=data.counts.told(),
        configs=data.configs,
        files=(),
    )
    (folder / LABELS).write_bytes((ROOT / "annotations" / LABELS).read_bytes())
    seal(manifest, folder)
    return clock[0], None


def built_as_datasets_compresses(folder: Path, articles: int, distinct: int) -> tuple[float, object]:
    """Build a release with the compression that `Dataset.to_parquet` has, which takes no other."""
    parquet.COMPRESSION = {"compression": "snappy"}
    return built(folder, articles, distinct)


def written_plainly(release: Path, folder: Path) -> tuple[float, object]:
    """Write the same columns with pyarrow alone at the same compression."""
    aside = 0.0
    for number, path in enumerate(sorted(release.rglob("*.parquet"))):
        begin = time.process_time()
        table = pq.read_table(path, partitioning=None)
        aside += time.process_time() - begin
        pq.write_table(table, folder / f"{number}.parquet", compression="zstd", compression_level=9)
    return aside, None


def written_by_datasets(release: Path, folder: Path) -> tuple[float, object]:
    """Write the same columns of the same articles with `Dataset.from_generator`, from rows that are in memory."""
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    aside = 0.0
    configs = msgspec.json.decode((release / MANIFEST).read_bytes(), type=Manifest).configs
    for number, path in enumerate(sorted(release.rglob("data/*/*/*.parquet"))):
        begin = time.process_time()
        table = pq.read_table(path, partitioning=None)
        rows, labels = table.to_pylist(), configs[path.parent.parent.name].class_labels
        aside += time.process_time() - begin
        made = Dataset.from_generator(
            _each,
            features=features_of(table.schema, labels),
            gen_kwargs={"rows": [rows]},
            cache_dir=str(folder / f"{number}"),
        )
        made.to_parquet(folder / f"{number}.parquet")
    return aside, None


def _each(rows: list[list[dict[str, object]]]) -> Iterator[dict[str, object]]:
    for part in rows:
        yield from part


# What is read


def loaded(release: Path, config: str) -> tuple[float, object]:
    """Open a config; what imports cost does not count."""
    aside = _imported(release)
    return aside, {name: part.num_rows for name, part in load(release, config).items()}


def read_plainly(release: Path, config: str) -> tuple[float, object]:
    """Read the same files with pyarrow alone."""
    aside, rows = _imported(release), 0
    for name in (config, TEXTS) if config == ARTICLES else (config,):
        for split in SPLITS:
            table = pq.read_table(sorted((release / "data" / name / split).glob("*.parquet")), partitioning=None)
            rows += table.num_rows
    return aside, rows


def _imported(release: Path) -> float:
    """Import what reading imports when it is first called, and return the seconds that it took."""
    begin = time.process_time()
    import datasets.table  # noqa: F401

    pq.read_table([release / ROWS] * 2, partitioning=None, columns=["id"])
    return time.process_time() - begin


def found_sound(release: Path) -> tuple[float, object]:
    """Verify a release."""
    return _imported(release), list(verify(release))


def checked(release: Path) -> tuple[float, object]:
    """Hold a release against the checks, as `khabar release verify` does with one that is sound."""
    return _imported(release), [each for each in judge_release(release, 1) if each.severity is Severity.ERROR]


def summed(release: Path) -> tuple[float, object]:
    """Work out the SHA-256 of every file."""
    for path in release.rglob("*.*"):
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
    return 0.0, None


# What is sent again


def sorted_by_name(release: Path, folder: Path) -> None:
    """Write a release as one Parquet file a config and split, articles with their texts, sorted by hashed id."""
    manifest = msgspec.json.decode((release / MANIFEST).read_bytes(), type=Manifest)
    for name, config in manifest.configs.items():
        for split in config.splits if name != TEXTS else ():
            table = _whole(release, name, split)
            if name == ARTICLES:
                table = with_texts(table, _whole(release, TEXTS, split), "")
            ids = table["article" if "article" in table.schema.names else "id"].to_pylist()
            order = sorted(range(len(ids)), key=lambda row, ids=ids: hashlib.sha256(ids[row].encode()).digest())
            (folder / name).mkdir(parents=True, exist_ok=True)
            pq.write_table(
                table.take(order), folder / name / f"{split}.parquet", compression="zstd", compression_level=9
            )


def _whole(release: Path, config: str, split: str) -> pa.Table:
    return pq.read_table(sorted((release / "data" / config / split).glob("*.parquet")), partitioning=None)


def sent_again(folder: Path, articles: int) -> None:
    """Print what two versions cost whoever has the first."""
    before, after = folder / "before", folder / "after"
    measured(built, before, round(articles * (1 - SHARE)), articles)
    measured(built, after, articles, articles, SHARE)
    one, two = folder / "one", folder / "two"
    sorted_by_name(before, one)
    sorted_by_name(after, two)
    print(f"\n(c) {articles:,} articles, {SHARE:.0%} of spans corrected, {SHARE:.0%} of articles added: sent again, MB")
    print(f"{'':44}{'shards':>10}{'one file':>10}{'ratio':>8}")
    for what, configs in (("texts and articles", (TEXTS, ARTICLES)), ("all configs", ("",))):
        for how, new in (("file by file", chunks.new_by_file), ("chunk by chunk (the Hub)", chunks.new_by_chunk)):
            ours = sum(new(before / "data" / name, after / "data" / name) for name in configs)
            theirs = sum(new(one / name, two / name) for name in configs if name != TEXTS)
            print(f"{what + ', ' + how:44}{ours / 1e6:10.2f}{theirs / 1e6:10.2f}{ours / theirs:8.2f}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=synthetic.ARTICLES)
    articles = parser.parse_args().articles
    with tempfile.TemporaryDirectory(prefix="khabar-bench-") as name:
        folder = Path(name)
        os.environ["KHABAR_CACHE"] = str(folder / "cache")
        release = folder / "release"
        (folder / "plain").mkdir()
        ours = measured(built, release, articles, synthetic.DISTINCT)
        plain = measured(written_plainly, release, folder / "plain")
        size = sum(path.stat().st_size for path in release.rglob("*.parquet"))
        print(f"(a) {articles:,} articles, {articles * synthetic.SPANS:,} spans, {size / 1e6:,.0f} MB of Parquet")
        _print("build, streaming", ours)
        _print("pyarrow writes the same columns", plain, ours)
        shutil.rmtree(folder / "plain")
        sample, slow = folder / "sample", folder / "slow"
        few = min(SAMPLE, articles)
        ours = measured(built, sample, few, synthetic.DISTINCT)
        quick = measured(built_as_datasets_compresses, folder / "quick", few, synthetic.DISTINCT)
        theirs = measured(written_by_datasets, sample, slow)
        print(f"{few:,} articles of them:")
        _print("Dataset.from_generator, to_parquet", theirs)
        _print("build of these, zstd 9", ours)
        _print("build of these, snappy as theirs", quick)
        print(f"{'':44}{theirs.cpu / ours.cpu:10.1f} and {theirs.cpu / quick.cpu:.1f} times as fast")
        some = release if articles <= LOADED else folder / "some"
        if some != release:
            measured(built, some, LOADED, synthetic.DISTINCT)
        for config in (ARTICLES, "entities"):
            print(f"\n(b) {config}, {min(articles, LOADED):,} articles")
            plain = best(read_plainly, some, config)
            _print("pyarrow.parquet.read_table", plain)
            # What was downloaded was digested then; a folder from elsewhere is digested when it is first opened.
            for which, measure in (("of a folder, the first time", measured), ("as downloaded, or again", best)):
                _print(f"khabar.load, {which}", cost := measure(loaded, some, config))
                print(f"{'':44}{cost.cpu / plain.cpu:10.2f} times read_table")
        sent_again(folder, min(articles, TWO_VERSIONS))
        print(f"\n(d) {size / 1e6:,.0f} MB")
        sums, whole = measured(summed, release), measured(found_sound, release)
        if whole.found:
            sys.exit(f"the release is not sound: {whole.found}")
        _print("sha256 of every file", sums)
        _print("verify: sums, rows, digests, counts", whole)
        print(f"{'':44}{whole.cpu / sums.cpu:10.2f} times the sums")
        _print("the checks that follow", measured(checked, release))


def _print(what: str, cost: Cost, ours: Cost | None = None) -> None:
    ratio = f", {ours.cpu / cost.cpu:.2f} of that by us" if ours else ""
    print(f"{what:44}{cost.cpu:10.2f} s of CPU, {cost.memory / 1e6:,.0f} MB at the most{ratio}", flush=True)


if __name__ == "__main__":
    main()
