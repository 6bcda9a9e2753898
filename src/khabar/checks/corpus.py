"""Level 4: what must hold between articles."""

from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.checks.duplicates import near
from khabar.checks.engine import Broken, Told, between, check
from khabar.checks.facts import Facts
from khabar.checks.standards import Standards
from khabar.checks.view import View
from khabar.checks.words import Prints
from khabar.model.finding import Level, Severity
from khabar.model.text import isolate


@check("split-known", Level.CORPUS)
def split_known(_: View) -> Iterable[Broken]:
    """An article with gold has one split, and a split holds articles that there are.

    What has no split is in no release, and nobody would miss it. Who reads corpus/ sees it (inputs.py), no batch does.
    """
    return ()


@check("withheld-nowhere", Level.CORPUS)
def withheld_nowhere(_: View) -> Iterable[Broken]:
    """Words of a text that an outlet withholds stand in no file of a release.

    A quotation in the guidelines or a column that nobody thought of is a publication too. Who searches the released
    bytes sees it (release/withheld.py), no batch does.
    """
    return ()


@between("story-in-one-split")
def story_in_one_split(facts: Facts, _: Standards) -> Iterator[Told]:
    """Articles that tell one story share a split.

    A model must not be tested on what it read in other words.
    """
    first: dict[str, tuple[str, str]] = {}
    for key, split, story in _placed(facts.articles):
        other, name = first.setdefault(story, (split, key))
        if other != split:
            yield Told(key, f"its story is in {other} with {name}, it is in {split}: give both one split")


@between("near-duplicates-in-one-split")
def near_duplicates_in_one_split(facts: Facts, _: Standards) -> Iterator[Told]:
    """Articles of nearly the same words share a split.

    An agency's report is printed by ten papers; a score on what was learnt by heart is worth nothing.
    """
    articles = facts.articles.filter(pc.is_valid(facts.articles["split"]))
    pairs = near(articles["sketch"].combine_chunks())
    key, split = articles["id"].to_pylist(), articles["split"].to_pylist()
    for one, other, similarity in zip(pairs.one.tolist(), pairs.other.tolist(), pairs.similarity.tolist(), strict=True):
        if split[one] != split[other]:
            much = f"about {similarity:.0%} of its five-word sequences"
            yield Told(
                key[other], f"it shares {much} with {key[one]} in {split[one]}, it is in {split[other]}: join them"
            )


def _placed(articles: pa.Table) -> Iterator[tuple[str, str, str]]:
    """Yield id, split and story of each article that has a split, once."""
    placed = articles.filter(pc.is_valid(articles["split"])).select(["id", "split", "story"])
    yield from dict.fromkeys(zip(*(column.to_pylist() for column in placed.columns), strict=True))


@between("article-once")
def article_once(facts: Facts, _: Standards) -> Iterator[Told]:
    """An annotator's annotation of an article is there once, and an article is in one split.

    Twice the same row counts double, and a row in two splits is a test that was trained on.
    """
    seen: set[tuple[str, str]] = set()
    split: dict[str, str | None] = {}
    columns = (facts.articles[name].to_pylist() for name in ("id", "annotator", "split"))
    for key, annotator, place in zip(*columns, strict=True):
        if (key, annotator) in seen:
            yield Told(key, f"{annotator} annotates it twice, it should be there once: remove one", annotator)
        seen.add((key, annotator))
        if split.setdefault(key, place) != place:
            yield Told(key, f"it is in {split[key]} and in {place}, it should be in one split: remove one", annotator)


@between("text-once")
def text_once(facts: Facts, _: Standards) -> Iterator[Told]:
    """No two articles have the same text.

    One of them is a copy, and would be counted, annotated and tested twice.
    """
    first: dict[str, str] = {}
    for key, sha256 in zip(facts.articles["id"].to_pylist(), facts.articles["sha256"].to_pylist(), strict=True):
        if (other := first.setdefault(sha256, key)) != key:
            yield Told(key, f"its text is that of {other}, each article has its own: keep one of them")


@between("same-words-same-label", Severity.WARNING)
def same_words_same_label(facts: Facts, _: Standards) -> Iterator[Told]:
    """The same words between the same words are marked alike.

    Variation n-grams (Dickinson & Meurers 2003, "Detecting errors in part-of-speech annotation", EACL): where words and
    both neighbours are the same and the labels are not, one of them is nearly always a slip. Lines of a page, which
    have no neighbours, are compared whole. Bare places are looked for in the articles of the same batch.
    """
    table = facts.stretches
    keys = _numbered(table["annotator"]) * np.uint64(0x9E3779B97F4A7C15) + table["context"].to_numpy()
    _, group = np.unique(keys, return_inverse=True)
    label = _numbered(table["label"]).astype(np.int64)
    low, high = np.full(len(table), np.iinfo(np.int64).max), np.full(len(table), -1)
    np.minimum.at(low, group, label)
    np.maximum.at(high, group, label)
    varied = np.flatnonzero(low[group] != high[group])
    order = varied[np.argsort(group[varied], kind="stable")]
    rows = table.take(pa.array(order)).to_pylist()
    for _, those in groupby(zip(group[order].tolist(), rows, strict=True), key=lambda each: each[0]):
        yield from _variation([row for _, row in those])


def _variation(rows: list[dict[str, object]]) -> Iterator[Told]:
    """Tell of each stretch that is not marked as most of its like are."""
    labels = [str(row["label"]) for row in rows]
    usual = max(dict.fromkeys(labels), key=labels.count)
    like = rows[labels.index(usual)]
    for row, label in zip(rows, labels, strict=True):
        if label != usual:
            here, there = label or "bare", usual or "bare"
            where = f"{like['article']}:{like['start']}-{like['end']}"
            times = f", {labels.count(usual)} times" if labels.count(usual) > 1 else ""
            around, lead = str(row["around"]), int(str(row["lead"]))
            place = (int(str(row["start"])), int(str(row["end"])))
            words = around[lead : lead + place[1] - place[0]]
            told = f"it is {here} here and {there} in {where}{times}, both in {isolate(around)}: one of them is a slip"
            yield Told(str(row["article"]), told, str(row["annotator"]), *place, words)


def _numbered(column: pa.ChunkedArray) -> Prints:
    numbers: Prints = column.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.uint64)
    return numbers


@between("split-kept")
def split_kept(facts: Facts, standards: Standards) -> Iterator[Told]:
    """An article stays in the split in which it was released.

    Who trained on the last release would be tested on what was trained on.
    """
    for key, split, _ in _placed(facts.articles):
        if (before := standards.released.get(key, split)) != split:
            yield Told(key, f"it was released in {before}, it is in {split}: put it back")


@between("labels-enough")
def labels_enough(facts: Facts, standards: Standards) -> Iterator[Told]:
    """Each split has as many spans of each label as was agreed on.

    A score on three examples is noise. The floors stand in annotations/floors.toml.
    """
    names = list(standards.labels.labels)
    for split, floors in standards.floors.items():
        those = facts.articles.filter(pc.equal(facts.articles["split"], split))
        counts = np.stack(those["labels"].to_pylist() or [[0] * len(names)]).sum(axis=0)
        for label, floor in floors.items():
            if (count := int(counts[names.index(label)])) < floor:
                yield Told(split, f"it has {count} spans of {label}, at least {floor} were agreed on: annotate more")


@between("agreement-enough")
def agreement_enough(_: Facts, standards: Standards) -> Iterator[Told]:
    """Annotators agreed on each layer as well as was asked of them.

    Gold that two people would have made differently is one person's opinion. The floors stand in
    annotations/floors.toml; what was measured is the exact-span F1 in the agreement.json of each campaign.
    """
    for layer, floor in standards.agreement.items():
        reached = standards.reached.get(layer)
        if reached is None:
            yield Told(layer, f"no agreement was measured, at least {floor:.3f} is asked: khabar campaign agreement")
        elif reached.f1 < floor:
            of = f"the agreement in {reached.campaign} is {reached.f1:.3f}"
            yield Told(layer, f"{of}, at least {floor:.3f} is asked: mend the guidelines and annotate it anew")
