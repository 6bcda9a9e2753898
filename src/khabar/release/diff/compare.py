"""Two releases -> everything by which they differ, judged."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from khabar.model.manifest import Manifest
from khabar.release.diff import scheme
from khabar.release.diff.articles import article_changes
from khabar.release.diff.records import ArticleChange, Diff
from khabar.release.diff.side import Side
from khabar.release.diff.step import judged

Count = Callable[[Path], Mapping[str, int]]
"""Counts what checks find in a release, by check: the same checks for both, for checks change with their program."""


def uncounted(_: Path) -> Mapping[str, int]:
    """Count nothing."""
    return {}


def diff(before: Path, after: Path, count: Count = uncounted) -> Diff:
    """Compare two releases by meaning.

    Rows are read with their page checksums verified; rows that digests call equal are not read at all, so that the
    digests of both manifests are believed: `khabar release verify` is what tests them.

    Args:
        before: Folder of the older release.
        after: Folder of the newer one.
        count: What else they are compared by.

    Raises:
        NotFound: there is no release.
        BadRecord: one cannot be read.
    """
    return _compared(Side.of(before), Side.of(after), count)


def diff_of_build(before: Path, folder: Path, manifest: Manifest, count: Count = uncounted) -> Diff:
    """Compare a release with one that is being built, whose manifest is not written yet."""
    return _compared(Side.of(before), Side.of(folder, manifest), count)


def _compared(before: Side, after: Side, count: Count) -> Diff:
    articles = tuple(sorted(article_changes(before, after), key=lambda each: each.id))
    versions = (before.told.scheme, after.told.scheme)
    gone, come = scheme.vocabulary_changes(before, after)
    return judged(
        Diff(
            name=after.told.name,
            before=before.told.version,
            after=after.told.version,
            scheme=versions if versions[0] != versions[1] else (),
            splits=scheme.split_sizes(before, after),
            columns=scheme.column_changes(before, after),
            orders=scheme.order_changes(before, after),
            vocabulary_removed=gone,
            vocabulary_added=come,
            derived=scheme.derived_changes(before, after, articles),
            counts=scheme.label_counts(before, after, articles),
            agreement=scheme.agreement_changes(before, after),
            findings=scheme.finding_changes(count(before.folder), count(after.folder)),
            articles=tuple(_buried(each, after) for each in articles),
            risen=tuple(_risen(before, after)),
        )
    )


def _risen(before: Side, after: Side) -> Iterator[str]:
    there = set(after.ids.to_pylist()) if before.tombstones else set()
    yield from (key for key in before.tombstones if key in there or key not in after.tombstones)


def _buried(article: ArticleChange, after: Side) -> ArticleChange:
    """Return the change of an article that was taken down with its reason, and without what it held."""
    reason = after.tombstones.get(article.id, "")
    if not reason or "removed" not in article.kinds:
        return article
    return ArticleChange(id=article.id, kinds=article.kinds, before=article.before, withheld=True, taken_down=reason)
