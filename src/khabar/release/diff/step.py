"""The step between two versions, as Semantic Versioning 2.0.0 has it, for data.

MAJOR: what a user relies on goes or means something else.  MINOR: something is added, or gold of a split that scores
are made on is corrected, so that scores are not comparable.  PATCH: any other correction.  NONE: the same rows.
The rules hold before 1.0.0 as well.
"""

from collections.abc import Iterable, Iterator

import msgspec

from khabar.model.layout import DECISIONS, JUDGEMENTS
from khabar.model.manifest import core, precedence
from khabar.release.diff.records import ArticleChange, Diff, Reason, SplitSize, Step

SCORED = ("validation", "test")
"""Splits that scores are made on."""
ANNOTATORS = (JUDGEMENTS, DECISIONS)
"""Configs that scores are not made on: they tell of annotators."""
_NAMED = 5
"""Ids that a reason names."""

Found = Iterator[tuple[Step, str]]


def judged(diff: Diff) -> Diff:
    """Return the diff with its step, the reasons for it, the least version, and what is refused."""
    reasons = sorted(_reasons(diff), key=lambda each: -each[0])
    step = step_of(reasons)
    least = raised(diff.before, step)
    return msgspec.structs.replace(
        diff,
        step=step.name,
        least=least,
        reasons=tuple(Reason(step=each.name, why=why) for each, why in reasons),
        refused=tuple(_refused(diff, step, least)),
    )


def step_of(reasons: Iterable[tuple[Step, str]]) -> Step:
    """Return the highest step that a reason asks for."""
    return max((step for step, _ in reasons), default=Step.NONE)


def _reasons(diff: Diff) -> Found:
    yield from _of_scheme(diff)
    yield from _of_articles(diff.articles)
    yield from _of_corrections(diff.articles)
    yield from _of_derived(diff.derived)


def _of_scheme(diff: Diff) -> Found:
    for column in diff.columns:
        if not column.after:
            yield Step.MAJOR, f"the column {column.path} is gone"
        elif column.before:
            yield Step.MAJOR, f"the column {column.path} was {column.before} and is {column.after}"
        else:
            yield Step.MINOR, f"the column {column.path} is new"
    for order in diff.orders:
        if order.only_grew:
            yield Step.MINOR, f"new labels at the end of {order.path}: {', '.join(order.after[len(order.before) :])}"
        elif gone := [name for name in order.before if name not in order.after]:
            yield Step.MAJOR, f"labels of {order.path} are gone: {', '.join(gone)}"
        else:
            yield Step.MAJOR, f"the labels of {order.path} have other numbers"
    if diff.vocabulary_removed:
        yield Step.MAJOR, f"the label set lost {_some(diff.vocabulary_removed)}"
    if diff.vocabulary_added:
        yield Step.MINOR, f"the label set has new {_some(diff.vocabulary_added)}"
    if diff.scheme:
        old, new = (each.partition(".")[0] for each in diff.scheme)
        yield (Step.MINOR if old == new else Step.MAJOR), f"the scheme was {diff.scheme[0]} and is {diff.scheme[1]}"


def _of_articles(articles: tuple[ArticleChange, ...]) -> Found:
    kinds = (
        ("removed", Step.MAJOR, "articles removed"),
        ("moved", Step.MAJOR, "articles moved to another split"),
        ("added", Step.MINOR, "articles added"),
    )
    for kind, step, words in kinds:
        if ids := [each.id for each in articles if kind in each.kinds and not each.taken_down]:
            yield step, f"{words}: {_some(ids)}"
    if ids := [each.id for each in articles if each.taken_down]:
        yield Step.MAJOR, f"articles taken down: {_some(ids)}"
    texts = (
        ("changed", Step.MAJOR, "articles with another text"),
        ("withdrawn", Step.MAJOR, "articles without the text they had"),
        ("given", Step.MINOR, "articles with the text they lacked"),
    )
    for text, step, words in texts:
        if ids := [each.id for each in articles if each.text == text]:
            yield step, f"{words}: {_some(ids)}"


def _of_corrections(articles: tuple[ArticleChange, ...]) -> Found:
    gold: dict[str, list[str]] = {}
    rest = []
    for each in articles:
        if any(span.kinds != ("doubted",) for span in each.spans):
            gold.setdefault(each.after, []).append(each.id)
        elif each.spans or each.metadata or each.reordered:
            rest.append(each.id)
    for split, ids in gold.items():
        yield (Step.MINOR if split in SCORED else Step.PATCH), f"gold of {split} corrected: {_some(ids)}"
    if rest:
        yield Step.PATCH, f"metadata, order or doubts corrected: {_some(rest)}"


def _of_derived(splits: tuple[SplitSize, ...]) -> Found:
    for each in splits:
        if not each.after:
            yield Step.MAJOR, f"the rows of {each.split} are gone"
        elif each.after > each.before:
            yield Step.MINOR, f"{each.after - each.before} rows of {each.split} are new"
        else:
            config, _, split = each.split.partition("/")
            step = Step.MINOR if split in SCORED and config not in ANNOTATORS else Step.PATCH
            yield step, f"rows of {each.split} differ although its articles do not"


def _some(names: Iterable[str]) -> str:
    told = list(names)
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return f"{', '.join(told[:_NAMED])}{more}"


def _refused(diff: Diff, step: Step, least: str) -> Iterator[str]:
    for each in diff.articles:
        if "moved" in each.kinds:
            yield f"{each.id}: it is in {each.after} and was in {each.before}, an article keeps its split: put it back"
    for key in diff.risen:
        yield f"{key}: it was taken down, it does not come back and its tombstone stays: put the tombstone back"
    for order in diff.orders:
        if not order.only_grew and not order.only_shrank:
            pairs = enumerate(zip(order.before, order.after, strict=False))
            number, (old, new) = next((place, pair) for place, pair in pairs if pair[0] != pair[1])
            yield (
                f"{order.path}: label {number} is {new} and was {old}, the order only grows at the end:"
                " put new labels last and leave old ones where they are"
            )
    if (diff.vocabulary_added or diff.vocabulary_removed) and not diff.scheme:
        yield (
            f"labels.toml: it has other labels, attributes or relations ({_some(_vocabulary(diff))}) under the same"
            " version: raise 'version' there"
        )
    too_low = core(diff.after) < core(least) or precedence(diff.after) < precedence(diff.before)
    if too_low or (step and precedence(diff.after) == precedence(diff.before)):
        yield f"{diff.name}: its version is {diff.after}, after {diff.before} it is {least} or higher: pass such a one"


def _vocabulary(diff: Diff) -> Iterator[str]:
    yield from (f"+ {each}" for each in diff.vocabulary_added)
    yield from (f"- {each}" for each in diff.vocabulary_removed)


def raised(version: str, step: Step) -> str:
    """Return the lowest version that is a step above another; a pre-release of such a version counts as below it."""
    major, minor, patch = core(version)
    before_release = "-" in version
    if step is Step.NONE:
        return version
    if step is Step.PATCH:
        return f"{major}.{minor}.{patch + (not before_release)}"
    if step is Step.MINOR:
        return f"{major}.{minor + (not before_release or patch > 0)}.0"
    return f"{major + (not before_release or minor > 0 or patch > 0)}.0.0"
