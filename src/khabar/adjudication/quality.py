"""How well each annotator of a campaign does, measured by gold: scores by layer, and what is taken for what.

Gold that annotators are measured by was there before them; gold that was merged from their own annotations flatters
them, so that the two are never counted together.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

import msgspec

from khabar.adjudication.gather import CHUNK
from khabar.adjudication.items import Item, aligned
from khabar.model.annotation import Annotation
from khabar.model.labels import LabelSet
from khabar.store import Corpus

NOTHING = ""
"""Stands among the labels for: there is nothing to mark."""
LINKS = "links"
"""Stands among the layers for all links."""


class Score(NamedTuple):
    """What an annotator got right in one layer.

    Attributes:
        annotator: Whose score it is.
        layer: The layer, or `LINKS`.
        known: Whether gold was there before, and is not made of what annotators say.
        articles: Articles that were compared.
        gold: Spans, or links, of gold.
        said: Those of the annotator.
        exact: Those of both that have the same place and label.
        labelled: Those of both that are matched and have the same label, wherever they begin and end.
    """

    annotator: str
    layer: str
    known: bool
    articles: int
    gold: int
    said: int
    exact: int
    labelled: int

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall of the exact ones; None where neither says anything."""
        return _f1(self.exact, self.gold, self.said)

    @property
    def relaxed_f1(self) -> float | None:
        """The same of those that are matched and have the same label."""
        return _f1(self.labelled, self.gold, self.said)


class Confused(NamedTuple):
    """How often an annotator takes something for something else.

    Attributes:
        annotator: Who.
        layer: In which layer.
        gold: The label in gold, `NOTHING` where gold marks nothing.
        said: The annotator's, likewise.
        times: How often.
    """

    annotator: str
    layer: str
    gold: str
    said: str
    times: int


class Quality(NamedTuple):
    """How well annotators do.

    Attributes:
        scores: By annotator, known gold first, layer by layer.
        confused: By annotator, the most frequent first; over all gold.
    """

    scores: list[Score]
    confused: list[Confused]


def _f1(right: int, gold: int, said: int) -> float | None:
    return 2 * right / (gold + said) if gold + said else None


def quality(corpus: Corpus, campaigns: Mapping[str, frozenset[str]]) -> Quality:
    """Measure the annotators of campaigns by the gold of the articles that they annotated.

    Spans are matched with those of gold by the optimal matching; a link is right where gold has it between the spans
    that its ends are matched with.

    Args:
        corpus: Where campaigns and gold are.
        campaigns: By the name of each campaign, its articles whose gold was there before.

    Raises:
        NotFound: scipy is not installed.
    """
    counts: dict[tuple[str, bool, str], Counter[str]] = defaultdict(Counter)
    confused: dict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    pairs = _pairs(corpus, campaigns)
    while chunk := list(islice(pairs, CHUNK)):
        compared = [(each.gold, each.said) for each in chunk]
        for (_, said, known), items in zip(chunk, aligned(compared, corpus.labels), strict=True):
            names = said.annotator, known
            for layer in (*said.layers, LINKS):
                counts[*names, layer]["articles"] += 1
            for item in items:
                table = LINKS if item.link else item.layer
                counts[*names, table].update(_counted(item))
                if not item.link:
                    confused[said.annotator, item.layer][_label(item, 0), _label(item, 1)] += 1
    return Quality(list(_scores(counts, corpus.labels)), list(_confusions(confused)))


class _Pair(NamedTuple):
    """Gold and annotation of an article, and whether gold was there before the campaign."""

    gold: Annotation
    said: Annotation
    known: bool


def _pairs(corpus: Corpus, campaigns: Mapping[str, frozenset[str]]) -> Iterator[_Pair]:
    """Yield each article that has both, cut to the layers of which both speak."""
    every = ((path, known) for name, known in campaigns.items() for path in corpus.campaign_annotations(name))
    for path, known in every:
        said = corpus.read_annotation(path, expected=path.stem)
        gold = corpus.gold_of(corpus.article(said.article))
        if gold is not None and gold.sha256 == said.sha256:
            layers = tuple(layer for layer in said.layers if layer in gold.layers)
            both = _cut(gold, layers, corpus.labels), _cut(said, layers, corpus.labels)
            yield _Pair(*both, said.article in known)


def _cut(annotation: Annotation, layers: tuple[str, ...], labels: LabelSet) -> Annotation:
    spans = tuple(span for span in annotation.spans if span.layer in layers and span.label in labels.labels)
    ids = {span.id for span in spans}
    links = tuple(each for each in annotation.relations if {each.head, each.tail} <= ids)
    return msgspec.structs.replace(annotation, layers=layers, spans=spans, relations=links)


def _counted(item: Item) -> Iterable[str]:
    gold, said = item.said.get(0), item.said.get(1)
    if gold:
        yield "gold"
    if said:
        yield "said"
    if gold and said and gold.label == said.label:
        yield "labelled"
        if item.link or gold.key == said.key:
            yield "exact"


def _label(item: Item, who: int) -> str:
    return item.said[who].label if who in item.said else NOTHING


def _scores(counts: dict[tuple[str, bool, str], Counter[str]], labels: LabelSet) -> Iterator[Score]:
    order = [*labels.layer_names, LINKS]
    for annotator, known, layer in sorted(counts, key=lambda key: (key[0], not key[1], order.index(key[2]))):
        told = counts[annotator, known, layer]
        numbers = [told[name] for name in ("articles", "gold", "said", "exact", "labelled")]
        yield Score(annotator, layer, known, *numbers)


def _confusions(confused: dict[tuple[str, str], Counter[tuple[str, str]]]) -> Iterator[Confused]:
    rows = [
        Confused(annotator, layer, gold, said, count)
        for (annotator, layer), told in confused.items()
        for (gold, said), count in told.items()
        if gold != said
    ]
    yield from sorted(rows, key=lambda each: (each.annotator, -each.times, each.layer, each.gold, each.said))
