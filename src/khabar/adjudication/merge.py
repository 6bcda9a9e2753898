"""What all annotators of a campaign say becomes gold; an article on which they differ is left open and said so."""

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from khabar.errors import NotFound
from khabar.model.annotation import GOLD, Annotation
from khabar.store import Corpus

Judge = Callable[[Annotation], list[str]]


class Result(NamedTuple):
    """What became of one article.

    Attributes:
        article: Its id.
        written: Whether gold was written.
        open: Statements that not all annotators make, 0 where none are left.
        message: What there is to say, on one line.
    """

    article: str
    written: bool
    open: int
    message: str


def adjudicate(corpus: Corpus, campaign: str, judge: Judge, *, replace: bool = False) -> Iterator[Result]:
    """Yield what becomes of each article of a campaign whose annotations were pulled.

    Gold that is there is replaced only on request; layers that the campaign does not speak of stay as they are.

    Args:
        corpus: Where campaign and gold are.
        campaign: Its name.
        judge: Says what is wrong with an annotation, a line each; what breaks a rule becomes no gold.
        replace: Whether gold may be replaced.

    Raises:
        NotFound: the campaign has no annotations.
    """
    paths = corpus.campaign_annotations(campaign)
    if not paths:
        folder = corpus.shown(corpus.campaign(campaign))
        raise NotFound(f"{folder}: no annotation there: run 'khabar campaign pull {campaign}' first")
    with corpus.alone(corpus.gold_folder):
        for _, group in groupby(paths, key=lambda path: path.name):
            yield _settle(corpus, list(group), judge, replace=replace)


def _settle(corpus: Corpus, paths: list[Path], judge: Judge, *, replace: bool) -> Result:
    annotations = [corpus.read_annotation(path, expected=path.stem) for path in paths]
    first, keys = annotations[0], corpus.labels.keys_attributes
    who = ", ".join(each.annotator for each in annotations)

    def left(count: int, message: str) -> Result:
        return Result(first.article, written=False, open=count, message=message)

    for each in annotations:
        if wrong := judge(each):
            return left(len(wrong), f"{each.annotator} breaks {len(wrong)} rules, as {wrong[0]}")
    said = [statements(each, keys) for each in annotations]
    differ = {each for one in said for each in one if not all(each in other for other in said)}
    if differ:
        return left(len(differ), f"{who} differ in {len(differ)} statements: adjudicate them in the campaign")
    there = corpus.gold_of(corpus.article(first.article))
    gold = _with_other_layers(msgspec.structs.replace(first, annotator=GOLD, kind=GOLD), there)
    if there is not None:
        count = len(statements(there, keys) ^ statements(gold, keys))
        if not count:
            return Result(first.article, written=False, open=0, message="gold says the same already")
        if not replace:
            return left(count, f"gold is there and differs in {count} statements, never replaced silently: --replace")
    if wrong := judge(gold):
        return left(len(wrong), f"with the layers of the gold it breaks {len(wrong)} rules, as {wrong[0]}")
    corpus.write_gold(gold)
    return Result(first.article, written=True, open=0, message=f"gold written, {len(gold.spans)} spans by {who}")


def _with_other_layers(gold: Annotation, there: Annotation | None) -> Annotation:
    """Add the layers of the gold that is there and that the new one does not speak of."""
    others = set(there.layers) - set(gold.layers) if there is not None else set()
    if there is None or not others:
        return gold
    kept = tuple(span for span in there.spans if span.layer in others)
    ids = {span.id for span in kept}
    return msgspec.structs.replace(
        gold,
        layers=(*gold.layers, *sorted(others)),
        spans=(*gold.spans, *kept),
        relations=(*gold.relations, *(each for each in there.relations if each.head in ids)),
    )


def statements(annotation: Annotation, keys: frozenset[str] = frozenset()) -> set[tuple[object, ...]]:
    """Return what an annotation says, whatever its ids: a tuple for each span and each relation between places.

    Args:
        annotation: Whose statements are meant.
        keys: Attributes whose values are names given in the article; only which spans share one counts.
    """
    place = {span.id: (span.layer, span.label, span.start, span.end) for span in annotation.spans}
    named: dict[tuple[str, object], int] = {}

    def told(name: str, value: object) -> tuple[str, object]:
        return name, named.setdefault((name, value), len(named)) if name in keys else value

    spans = set()
    for span in sorted(annotation.spans, key=lambda each: place[each.id]):
        spans.add((*place[span.id], *(told(*each) for each in sorted(span.attributes.items()))))
    links = {(place.get(each.head), each.label, place.get(each.tail)) for each in annotation.relations}
    return {*spans, *links}
