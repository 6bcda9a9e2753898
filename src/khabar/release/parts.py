"""What a release is made of, part by part: gold in the order of intake, so that memory is bounded by a part."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from khabar.errors import BadRecord
from khabar.model.annotation import DIGEST_PREFIX, Annotation, Span
from khabar.model.batch import Batch
from khabar.model.corrections import corrected, marks_of
from khabar.model.decision import Decision, Record
from khabar.model.records import batch
from khabar.store import Corpus

CAMPAIGN, ROLE, BEGAN_FROM = "campaign", "role", "began_from"
BESIDE = (CAMPAIGN, ROLE, BEGAN_FROM)
"""Columns that batches of judgements have besides: where they were made, and what the annotator saw."""
Decided = Callable[[str], tuple[Decision, ...]]
"""The id of an article to the decisions that its gold came of."""
ROWS = 1000
"""Articles of a part at most."""


def undecided(_: str) -> tuple[Decision, ...]:
    """Return that no decision is recorded."""
    return ()


class Part(NamedTuple):
    """Some articles of one intake batch.

    Attributes:
        number: Number of the intake batch.
        gold: Their gold annotations.
        judgements: What annotators said of them, with the columns `BESIDE`.
        decided: Returns what one of them came of, see `decided`.
    """

    number: int
    gold: Batch
    judgements: Batch
    decided: Decided = undecided


def parts(corpus: Corpus, rows: int = ROWS) -> Iterator[Part]:
    """Yield the articles that have gold, intake batch by intake batch, in each as `Corpus.articles` orders them."""
    pulled, work = corpus.pulled(), _Campaigns(corpus)
    in_order = sorted(corpus.articles, key=lambda article: article.batch)
    for number, articles in groupby(in_order, key=lambda article: article.batch):
        gold = (each for article in articles if (each := corpus.gold_of(article)) is not None)
        for some in corpus.batches(gold, rows):
            files = [each for article in some.articles["id"].to_pylist() for each in pulled.get(article, ())]
            yield Part(number, some, _judgements(corpus, files, work), partial(decided, corpus, work.hidden))


class _Campaigns:
    """What campaigns say of those who worked in them; each is read once.

    Attributes:
        hidden: Names of those that stay out of releases.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.hidden = tuple(sorted({*corpus.campaigns} - {*corpus.published}))
        self._corpus = corpus
        self._adjudicate = {name: corpus.adjudicates(name) for name in corpus.campaigns}
        self._work: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {}

    def role(self, campaign: str) -> str:
        """Return what somebody is in a campaign."""
        return "adjudicator" if self._adjudicate[campaign] else "annotator"

    def began_from(self, campaign: str, annotator: str, article: str) -> tuple[str, ...] | None:
        """Return the models whose predictions somebody was shown, None where the campaign does not tell."""
        if campaign not in self._work:
            work = self._corpus.work(campaign)
            done = (each for each in work if each.state == "submitted")
            self._work[campaign] = {(each.annotator, each.article): each.models for each in done}
        return self._work[campaign].get((annotator, article))


def _judgements(corpus: Corpus, files: list[tuple[str, Path]], campaigns: _Campaigns) -> Batch:
    found = batch(corpus.labels, (corpus.annotated(_judged(corpus, path)) for _, path in files))
    shown = [campaigns.began_from(name, path.parent.name, path.stem) for name, path in files]
    beside = {
        CAMPAIGN: pa.array([name for name, _ in files], pa.string()),
        ROLE: pa.array([campaigns.role(name) for name, _ in files], pa.string()),
        BEGAN_FROM: pa.array([each if each is None else " ".join(each) for each in shown], pa.string()),
    }
    articles = found.articles
    for name, column in beside.items():
        articles = articles.append_column(name, column)
    return replace(found, articles=articles)


def decided(corpus: Corpus, hidden: tuple[str, ...], key: str) -> tuple[Decision, ...]:
    """Return the decisions that an article's gold came of, as gold has them now.

    There are none where none were recorded, where questions are open, for gold did not come of those, or where they
    would tell what was said in a campaign that stays out of releases.

    Raises:
        BadRecord: gold is older than they are.
    """
    article = corpus.article(key)
    record = corpus.decisions_of(article) if corpus.decisions_folder.is_dir() else None
    if record is None or record.open or not record.gold or record.sha256 != article.sha256:
        return ()
    if any(_merged(corpus, record, name) for name in hidden):
        return ()
    place = corpus.gold_place(article)
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    if digest == record.gold:
        return record.decisions
    if digest == record.before:
        told = corpus.shown(place)
        raise BadRecord(f"{told}: it is the gold from before its decisions: run 'khabar adjudicate' for it again")
    gold = corpus.read_annotation(place, expected=key)
    return tuple(corrected(record.decisions, marks_of(gold, record.layers)))


def _merged(corpus: Corpus, record: Record, campaign: str) -> bool:
    """Tell whether gold came of what was said in a campaign; old records name annotators alone."""
    if record.campaigns or campaign in record.rounds:
        return campaign in (*record.campaigns, *record.rounds)
    said = {path.parent.name for path in corpus.campaign_annotations(campaign, record.article)}
    return not said.isdisjoint(record.annotators)


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
