"""What there is to merge: the annotations of campaigns, article by article, with what was decided before."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from khabar.model.annotation import Annotation
from khabar.model.decision import Record
from khabar.store import Corpus

CHUNK = 200
"""Articles that are aligned at a time: memory is bounded by them."""
Noted = Callable[[str], dict[tuple[str, str], str]]
"""Returns what annotators of a campaign noted, by annotator and article."""


class Answer(NamedTuple):
    """What an adjudicator says of an article.

    Attributes:
        round: The adjudication campaign.
        seen: Its number among those of the article, from 1.
        annotation: The answer.
        reasons: Why, by number in the list that was shown; by 0 for what is not in it.
        digest: SHA-256 of both.
    """

    round: str
    seen: int
    annotation: Annotation
    reasons: dict[int, str]
    digest: str


class Case(NamedTuple):
    """An article with everything that was said of it.

    Attributes:
        article: Its id.
        annotations: Those of the annotators, in the order of their pseudonyms.
        campaigns: The campaigns that they are of.
        record: What was decided before, None where nothing was.
        gold: What stands in gold, None where nothing does.
        gold_digest: SHA-256 of its file, empty where there is none.
        answers: What adjudicators answered to the last campaign that has an answer.
    """

    article: str
    annotations: tuple[Annotation, ...]
    campaigns: tuple[str, ...]
    record: Record | None
    gold: Annotation | None
    gold_digest: str
    answers: tuple[Answer, ...]


def cases(corpus: Corpus, campaigns: Sequence[str], known: frozenset[str]) -> Iterator[tuple[Case, ...]]:
    """Yield the articles of campaigns whose annotations were pulled, some at a time, in order of their ids.

    Args:
        corpus: Where the campaigns are.
        campaigns: Their names.
        known: Ids of articles that are left out.

    Raises:
        NotFound: there is no such campaign, or it has no annotations.
    """
    found: dict[str, list[Path]] = defaultdict(list)
    for name in campaigns:
        for path in corpus.needed_annotations(name):
            found[path.stem].append(path)
    each = iter(sorted(set(found) - known))
    noted = cache(corpus.campaign_notes)  # one file for all articles of a campaign
    while keys := list(islice(each, CHUNK)):
        yield tuple(_case(corpus, key, found[key], noted) for key in keys)


def _case(corpus: Corpus, key: str, paths: Sequence[Path], noted: Noted) -> Case:
    article = corpus.article(key)
    read = (corpus.read_annotation(path, expected=key) for path in paths)
    record = corpus.decisions_of(article)
    place = corpus.gold_place(article)
    return Case(
        key,
        tuple(sorted(read, key=lambda each: each.annotator)),
        tuple(sorted({corpus.campaign_of(path) for path in paths})),
        record,
        corpus.gold_of(article),
        hashlib.sha256(place.read_bytes()).hexdigest() if place.is_file() else "",
        tuple(_answers(corpus, record, noted)) if record else (),
    )


def _answers(corpus: Corpus, record: Record, noted: Noted) -> Iterator[Answer]:
    """Yield the answers to the last adjudication campaign of an article that has any."""
    for seen in range(len(record.rounds), 0, -1):
        name = record.rounds[seen - 1]
        paths = corpus.campaign_annotations(name, record.article)
        notes = noted(name) if paths else {}
        for path in paths:
            annotation = corpus.read_annotation(path, expected=record.article)
            reasons = reasons_in(notes.get((annotation.annotator, record.article), ""))
            digest = hashlib.sha256(path.read_bytes() + repr(sorted(reasons.items())).encode()).hexdigest()
            yield Answer(name, seen, annotation, reasons, digest)
        if paths:
            return


_REASON = re.compile(r"\s*(\d{1,9})\s*[:.)\N{EM DASH}\N{EN DASH}-]\s*(.+?)\s*")


def reasons_in(note: str) -> dict[int, str]:
    """Return the reasons that an adjudicator noted: lines that begin with a number of the list or 0, in any digits."""
    found = (_REASON.fullmatch(line) for line in note.splitlines())
    return {int(each[1]): each[2] for each in found if each}
