"""What a release is made of, part by part: gold in the order of intake, so that memory is bounded by a part."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from khabar.errors import BadRecord
from khabar.model.annotation import DIGEST_PREFIX, Annotation, Span
from khabar.model.batch import Batch
from khabar.model.records import batch
from khabar.store import Corpus

CAMPAIGN = "campaign"
"""A column that batches of judgements have besides."""

ROWS = 1000
"""Articles of a part at most."""


class Part(NamedTuple):
    """Some articles of one intake batch.

    Attributes:
        number: Number of the intake batch.
        gold: Their gold annotations.
        judgements: What annotators said of them, with the name of the campaign in the column `CAMPAIGN`.
    """

    number: int
    gold: Batch
    judgements: Batch


def parts(corpus: Corpus, rows: int = ROWS) -> Iterator[Part]:
    """Yield the articles that have gold, intake batch by intake batch, in each as `Corpus.articles` orders them."""
    pulled = corpus.pulled()
    in_order = sorted(corpus.articles, key=lambda article: article.batch)
    for number, articles in groupby(in_order, key=lambda article: article.batch):
        gold = (each for article in articles if (each := corpus.gold_of(article)) is not None)
        for some in corpus.batches(gold, rows):
            yield Part(number, some, _judgements(corpus, pulled, some.articles["id"].to_pylist()))


def _judgements(corpus: Corpus, pulled: dict[str, list[tuple[str, Path]]], articles: list[str]) -> Batch:
    files = [each for article in articles for each in pulled.get(article, ())]
    judged = (_judged(corpus, path) for _, path in files)
    found = batch(corpus.labels, (corpus.annotated(each) for each in judged))
    campaigns = pa.array([campaign for campaign, _ in files], pa.string())
    return replace(found, articles=found.articles.append_column(CAMPAIGN, campaigns))


def _judged(corpus: Corpus, path: Path) -> Annotation:
    """Read a judgement; where the text is withheld, its words are.

    Raises:
        BadRecord: it is of another text, or would show words that are withheld.
    """
    judgement = corpus.read_annotation(path, expected=path.stem)
    article, place = corpus.article(judgement.article), corpus.shown(path)
    if judgement.sha256 != article.sha256:
        raise BadRecord(f"{place}: it is of another text than that of {article.id}: pull its campaign again")
    if corpus.source_of(article).redistribute == "text":
        return judgement
    words = corpus.labels.words_attributes
    for span in judgement.spans:
        shown = [each for each in words & span.attributes.keys() if not _hidden(span, each)]
        if span.digest is None or shown:
            raise BadRecord(f"{place}: span {span.id} repeats words that are withheld: run 'khabar check {place}'")
    return judgement


def _hidden(span: Span, attribute: str) -> bool:
    return str(span.attributes[attribute]).startswith(DIGEST_PREFIX)
