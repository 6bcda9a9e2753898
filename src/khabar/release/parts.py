"""What a release is made of, part by part: gold in the order of intake, so that memory is bounded by a part."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from khabar.model.batch import Batch
from khabar.store import Corpus

ROWS = 1000
"""Articles of a part at most."""


class Part(NamedTuple):
    """Some articles of one intake batch.

    Attributes:
        number: Number of the intake batch.
        gold: Their gold annotations.
    """

    number: int
    gold: Batch


def parts(corpus: Corpus, rows: int = ROWS) -> Iterator[Part]:
    """Yield the articles that have gold, intake batch by intake batch, in each as `Corpus.articles` orders them."""
    in_order = sorted(corpus.articles, key=lambda article: article.batch)
    for number, articles in groupby(in_order, key=lambda article: article.batch):
        gold = (each for article in articles if (each := corpus.gold_of(article)) is not None)
        for batch in corpus.batches(gold, rows):
            yield Part(number, batch)
