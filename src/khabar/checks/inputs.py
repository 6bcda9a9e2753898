"""What is checked: gold, annotation files, releases, any Parquet in the published schema.  One engine for all of them.

What cannot be read becomes a finding, and the rest is checked all the same.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from khabar.checks.engine import examine, settle
from khabar.checks.facts import Facts, placed, together
from khabar.checks.files import judge_files
from khabar.checks.judged import ROWS, Judged, Read, judged, unreadable
from khabar.checks.parquet import UNREADABLE, articles_of, is_release, judge_parquet, parquet_files
from khabar.checks.standards import Reached, Standards
from khabar.checks.tombstones import remains
from khabar.checks.waivers import Waivers
from khabar.errors import BadRecord, KhabarError
from khabar.model.annotation import Annotation
from khabar.model.finding import Finding, Level, Severity, waivers
from khabar.model.labelfile import label_set
from khabar.model.layout import LABELS, WAIVERS
from khabar.store import Corpus
from khabar.store.agreements import agreements

EPOCH_DIGITS = 12
"""More of them are no second of our calendar."""


class Others(NamedTuple):
    """What other rooms can do, handed in by who calls.

    Attributes:
        read: Reads a file of another form, as an export of Label Studio; None where it is of none.
        leaks: Yields the places of a release where words of a withheld text stand, as *place: message*.
    """

    read: Callable[[Path], Read | None] = lambda _: None
    leaks: Callable[[Path], Iterable[str]] = lambda _: ()


ALONE = Others()


def of_annotations(corpus: Corpus, annotations: Iterable[Annotation], last: Level = Level.SENSE) -> Iterator[Finding]:
    """Yield what is wrong with annotations by the rules that each keeps alone, up to the last level that is wanted."""
    for batch in corpus.batches(annotations, ROWS, as_stored=True):
        yield from examine(batch, last).findings


def judge(
    corpus: Corpus,
    paths: Iterable[Path],
    jobs: int | None = None,
    last: Level = Level.CORPUS,
    others: Others = ALONE,
) -> Iterator[Judged]:
    """Check gold, or what is at the paths, part by part and in order; what holds between articles comes last.

    A release is judged by the label set and the waivers that it ships, and before the others.

    Args:
        corpus: Whose label set, texts and gold are meant.
        paths: Annotation files, Parquet files, releases, or folders of annotation files; without any, the gold.
        jobs: Processes for large Parquet; if None, one a core.
        last: The last level that is wanted.
        others: What other rooms can do.
    """
    paths = list(paths)
    releases = [path for path in paths if (path / LABELS).is_file() and is_release(path)]
    for release in releases:
        yield from _judge_release(release, jobs, last)
        if last is Level.CORPUS:
            yield Judged(0, 0, list(_leaks(release, others)))
    if releases:
        paths = [path for path in paths if path not in releases]
        if not paths:
            return
    accepted = Waivers(corpus.waivers, today())
    facts: list[Facts] = []
    for part in _judge(corpus, paths, jobs or os.cpu_count() or 1, last, others):
        if part.facts:
            facts.append(part.facts)
        yield Judged(part.annotations, part.withheld, accepted.unforgiven(part.findings))
    if last is Level.CORPUS:
        between = settle(together(facts), _standards(corpus, gold=not paths))
        yield Judged(0, 0, accepted.unforgiven(between))
        if not paths:
            yield Judged(0, 0, list(accepted.stale()))


def judge_release(folder: Path, jobs: int | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a release by the label set that it ships, less what its waivers forgive.

    A release is what it was on the day it was built: its waivers never end.

    Args:
        folder: The release, which need not be sealed.
        jobs: Processes for a large one; if None, one a core.

    Raises:
        BadRecord: label set or waivers cannot be read.
    """
    for part in _judge_release(folder, jobs, Level.CORPUS):
        yield from part.findings


def _judge_release(folder: Path, jobs: int | None, last: Level) -> Iterator[Judged]:
    labels = label_set((folder / LABELS).read_bytes(), str(folder / LABELS))
    path = folder / WAIVERS
    accepted = Waivers(waivers(path.read_bytes(), str(path)) if path.is_file() else (), today="")
    facts: list[Facts] = []
    for part in judge_parquet(articles_of(folder), labels, jobs or os.cpu_count() or 1, last):
        facts += [part.facts] if part.facts else []
        yield part._replace(findings=accepted.unforgiven(part.findings))
    if last is Level.CORPUS:
        yield Judged(0, 0, accepted.unforgiven(settle(together(facts), Standards(labels))))


def _standards(corpus: Corpus, *, gold: bool) -> Standards:
    """Return what gold is held against; of other annotations nothing was agreed on."""
    if not gold:
        return Standards(corpus.labels)
    floors = corpus.floors
    return Standards(corpus.labels, floors.spans, floors.agreement, _reached(corpus), _released(corpus))


def _reached(corpus: Corpus) -> dict[str, Reached]:
    """Return the lowest agreement of each layer that a campaign measured."""
    reached: dict[str, Reached] = {}
    for campaign, told in agreements(corpus).items():
        for layer, figures in told.headline.items():
            if "f1" in figures:
                found = Reached(figures["f1"], campaign)
                reached[layer] = min(reached.get(layer, found), found)
    return reached


def _released(corpus: Corpus) -> dict[str, str]:
    """Return the split of each article in the newest release that is at hand."""
    newest = corpus.newest_release
    if newest is None:
        return {}
    splits: dict[str, str] = {}
    for path in parquet_files(newest):
        try:
            rows = pq.read_table(path, columns=["id", "split"], partitioning=None, page_checksum_verification=True)
        except UNREADABLE as error:
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


def _judge(corpus: Corpus, paths: list[Path], jobs: int, last: Level, others: Others) -> Iterator[Judged]:
    if not paths:
        if last is Level.CORPUS:
            yield Judged(
                0, 0, [*_texts_without_gold(corpus), *_splits(corpus), *remains(corpus)], _without_gold(corpus)
            )
        yield from judge_files(corpus, corpus.gold_files(), last, gold=True)
    for path in paths:
        parquet, read = parquet_files(path), others.read(path)
        if read is not None:
            yield Judged(0, 0, [unreadable(place, reason) for place, reason in read.lost])
            yield from (judged(batch, last) for batch in corpus.batches(read.annotations, ROWS, as_stored=True))
        elif parquet:
            yield from judge_parquet(parquet, corpus.labels, jobs, last)
        else:
            yield from judge_files(corpus, corpus.annotation_files(path), last)
        if is_release(path) and last is Level.CORPUS:
            yield Judged(0, 0, list(_leaks(path, others)))


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
        if not corpus.has_article(key) and key not in corpus.tombstones:
            yield _of_article("split-known", key, f"the split {split} has it, corpus/ does not: remove it there")
    for article in corpus.articles:
        if corpus.has_gold(article) and article.id not in corpus.splits:
            yield _of_article("split-known", article.id, "it has gold and no split, it should have one: khabar split")


def _leaks(release: Path, others: Others) -> Iterator[Finding]:
    """Yield where a release has words of a withheld text, as far as it can be read."""
    try:
        yield from (_leak(each) for each in dict.fromkeys(others.leaks(release)))
    except BadRecord as error:
        yield unreadable(str(error).partition(": ")[0], str(error), is_file=True)


def _leak(told: str) -> Finding:
    place, _, message = told.partition(": ")
    return _of_article("withheld-nowhere", place, f"{message}: leave it out, or ask for leave to publish it")


def _of_article(check: str, article: str, message: str) -> Finding:
    return Finding(check=check, severity=Severity.ERROR, article=article, annotator="", message=message)
