"""What all annotators of a campaign say becomes gold; an article on which they differ is left open and said so."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from khabar.errors import NotFound
from khabar.model.annotation import Annotation
from khabar.store import Corpus

GOLD = "gold"


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


def adjudicate(corpus: Corpus, campaign: str, *, replace: bool = False) -> Iterator[Result]:
    """Yield what becomes of each article of a campaign whose annotations were pulled.

    Gold that is there is replaced only on request.

    Raises:
        NotFound: the campaign has no annotations.
    """
    folder = corpus.campaign(campaign) / "annotations"
    paths = sorted(folder.glob("*/*.json"), key=lambda path: (path.name, path.parent.name))
    if not paths:
        raise NotFound(f"{corpus.shown(folder)}: no annotation there: run 'khabar campaign pull {campaign}' first")
    for _, group in groupby(paths, key=lambda path: path.name):
        yield _settle(corpus, list(group), replace=replace)


def _settle(corpus: Corpus, paths: list[Path], *, replace: bool) -> Result:
    annotations = [corpus.read_annotation(path, expected=path.stem) for path in paths]
    first = annotations[0]
    said = [statements(each) for each in annotations]
    differ = {each for one in said for each in one if not all(each in other for other in said)}
    who = ", ".join(each.annotator for each in annotations)
    if differ:
        message = f"{who} differ in {len(differ)} statements: adjudicate them in the campaign"
        return Result(first.article, written=False, open=len(differ), message=message)
    gold = msgspec.structs.replace(first, annotator=GOLD, kind=GOLD)
    there = corpus.gold_of(corpus.article(first.article))
    if there is not None and statements(there) == said[0]:
        return Result(first.article, written=False, open=0, message="gold says the same already")
    if there is not None and not replace:
        count = len(statements(there) ^ said[0])
        message = (
            f"gold is there and differs in {count} statements, it is never replaced silently: see it, then --replace"
        )
        return Result(first.article, written=False, open=count, message=message)
    corpus.write_gold(gold)
    return Result(first.article, written=True, open=0, message=f"gold written, {len(gold.spans)} spans by {who}")


def statements(annotation: Annotation) -> set[tuple[object, ...]]:
    """Return what an annotation says, whatever its ids: a tuple for each span and each relation between places."""
    place = {span.id: (span.layer, span.label, span.start, span.end) for span in annotation.spans}
    spans = {(*place[span.id], *sorted(span.attributes.items())) for span in annotation.spans}
    links = {(place.get(each.head), each.label, place.get(each.tail)) for each in annotation.relations}
    return {*spans, *links}
