"""Texts that may not be published are found again where a user has them: by digest, else span by span.

What is found by its digest is the text.  What only resembles it is told with all that became of its spans, and is for
the caller to take or to leave.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from khabar.errors import Changed
from khabar.ingest.theirs import Theirs
from khabar.model.anchors import DISTINCT
from khabar.model.article import Article
from khabar.model.drift import Drift, Wanted, drift, forms, inline_forms, marks
from khabar.model.text import digest, salted_digest
from khabar.store import Corpus

LONGEST_LINES = 8
"""Lines of a text by which it is recognised: the longest, which the fewest others are as long as."""


class Found(NamedTuple):
    """A text that was found.

    Attributes:
        wanted: The article.
        place: Where.
        text: The text; of one that drifted the form in which most spans were found.
        mended: Repairs of its white space.
        drift: How it differs, None where it is the very text.
    """

    wanted: Wanted
    place: str
    text: str
    mended: tuple[str, ...]
    drift: Drift | None = None


def missing(corpus: Corpus) -> list[Article]:
    """Return the articles whose text is not at hand, or not the one that was ingested."""
    return [article for article in corpus.articles if not _is_there(corpus, article)]


def _is_there(corpus: Corpus, article: Article) -> bool:
    try:
        return corpus.text(article) is not None
    except Changed:
        return False


def wanted(corpus: Corpus) -> list[Wanted]:
    """Return what a checkout lacks, with the spans of its gold."""
    found = []
    for article in missing(corpus):
        gold = corpus.gold_of(article)
        spans, places = marks([gold] if gold else [])
        found.append(Wanted(article.id, article.sha256, article.file, article.url, spans, places))
    return found


def search(wanted: Iterable[Wanted], texts: Iterable[Theirs]) -> Iterator[Found]:
    """Yield each article that is found: by digest as they come, then the best of what drifted.

    Args:
        wanted: The articles.
        texts: What a user has; what cannot be read is passed over.
    """
    left = {each.sha256: each for each in wanted}
    names = _Names(left.values())
    drifted: dict[str, Found] = {}
    for their in texts:
        if not left:
            return
        if their.text is None:
            continue
        exact = next((each for each in forms(their.text) if digest(each.text) in left), None)
        if exact:
            article = left.pop(digest(exact.text))
            yield Found(article, their.place, exact.text, exact.changes)
            continue
        for article in names.of(their):
            if article.sha256 in left:
                told, text = drift(article, their.text, their.place)
                best = drifted.get(article.sha256)
                if told.share and (best is None or best.drift is None or told.share > best.drift.share):
                    drifted[article.sha256] = Found(article, their.place, text, told.mended, told)
    yield from (found for key, found in drifted.items() if key in left)


class _Names:
    """Which articles a text may be of: those that it is called by, and those that mark one of its longest lines."""

    def __init__(self, wanted: Iterable[Wanted]) -> None:
        self._called: dict[str, list[Wanted]] = defaultdict(list)
        self._lines: dict[int, list[tuple[Wanted, str]]] = defaultdict(list)
        for each in wanted:
            for name in {_name(name) for name in (each.id, each.sha256, each.file, each.url)} - {""}:
                self._called[name].append(each)
            for place, stand_in in each.places.items():
                if place.end - place.start >= DISTINCT:
                    self._lines[place.end - place.start].append((each, stand_in))

    def of(self, their: Theirs) -> list[Wanted]:
        """Return the articles that a text may be of."""
        found = {each.id: each for name in their.called for each in self._called.get(_name(name), ())}
        text = inline_forms(their.text or "")[-1].text
        lines = sorted({each.strip() for each in text.split("\n")}, key=len, reverse=True)
        for line in lines[:LONGEST_LINES]:
            for each, stand_in in self._lines.get(len(line), ()):
                if salted_digest(each.sha256, line) == stand_in:
                    found[each.id] = each
        return list(found.values())


def _name(name: str) -> str:
    """Return a name or address without what two writers of it may differ in."""
    return re.sub(r"^https?://(www\.)?", "", name.strip()).rstrip("/").removesuffix(".txt").casefold()
