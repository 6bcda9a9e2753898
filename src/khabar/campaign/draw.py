"""Which articles a campaign asks for: chosen by what their records say, or drawn from those, stratified and seeded."""

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from khabar.errors import BadRecord, NotFound
from khabar.model.article import Article
from khabar.model.dates import refuse_no_date
from khabar.store import SPLITS, Corpus

LENGTHS = (1_500, 4_000)
"""Code points from which an article is of middle length, and long."""
Strata = dict[str, Callable[[Corpus, Article], str]]

STRATA: Strata = {
    "source": lambda corpus, article: corpus.source_of(article).id,
    "month": lambda _, article: article.published[:7],
    "length": lambda _, article: ("short", "middle", "long")[bisect_right(LENGTHS, article.length)],
    "story": lambda _, article: article.story or article.id,
}


class Query(NamedTuple):
    """What articles must be; an empty field asks nothing.

    Attributes:
        sources: Of one of these.
        since: Published then or later, a year, a month or a day; articles without a date are left out.
        until: Published then or before.
        shortest: Code points at least.
        longest: Code points at most.
        stories: Of one of these.
        splits: In one of these.
        ungolded: Without gold.
    """

    sources: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    shortest: int = 0
    longest: int = 0
    stories: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    ungolded: bool = False


class Sample(NamedTuple):
    """A draw.

    Attributes:
        size: How many articles.
        strata: Names in `STRATA`; each combination gets its share of the draw.
        seed: Of the draw.
    """

    size: int
    strata: tuple[str, ...] = ()
    seed: int = 0


def chosen(corpus: Corpus, query: Query) -> list[Article]:
    """Return the articles that a query asks for, in the order of the corpus.

    Raises:
        BadRecord: it names a date that is none.
        NotFound: it names a source, a story or a split that does not exist.
    """
    try:
        refuse_no_date(query.since, query.until)
    except ValueError as error:
        raise BadRecord(f"{error}: ask for YYYY, YYYY-MM or YYYY-MM-DD") from None
    wanted = {corpus.source(name).id for name in query.sources}
    for split in query.splits:
        if split not in SPLITS:
            raise NotFound(f"no split is called '{split}', there are: {', '.join(SPLITS)}")
    stories = {STRATA["story"](corpus, article) for article in corpus.articles}
    for story in query.stories:
        if story not in stories:
            raise NotFound(f"no article tells the story '{story}': see corpus/<source>/articles.jsonl")
    return [article for article in corpus.articles if _fits(corpus, article, query._replace(sources=tuple(wanted)))]


def drawn(corpus: Corpus, articles: Iterable[Article], sample: Sample) -> list[Article]:
    """Draw from articles, each stratum in proportion to its size; the same articles and seed give the same draw.

    Shares are rounded by largest remainder, of equals by the seed.

    Raises:
        BadRecord: there are fewer articles than are asked.
        NotFound: a stratum does not exist.
    """
    groups: dict[tuple[str, ...], list[Article]] = defaultdict(list)
    for name in sample.strata:
        if name not in STRATA:
            raise NotFound(f"articles have no '{name}' to stratify by, there are: {', '.join(STRATA)}")
    for article in articles:
        groups[tuple(STRATA[name](corpus, article) for name in sample.strata)].append(article)
    total = sum(map(len, groups.values()))
    if total < sample.size:
        raise BadRecord(f"{sample.size} articles are to be drawn, {total} are there: ask for fewer, or widen the query")

    def rank(*parts: str) -> bytes:
        return hashlib.sha256("\0".join((str(sample.seed), *parts)).encode("utf-8")).digest()

    shares = {key: divmod(sample.size * len(group), total) for key, group in groups.items()}
    left = sample.size - sum(whole for whole, _ in shares.values())
    first = sorted(shares, key=lambda key: (-shares[key][1], rank(*key)))[:left]
    found: list[Article] = []
    for key, group in groups.items():
        found += sorted(group, key=lambda article: rank(article.id))[: shares[key][0] + (key in first)]
    return sorted(found, key=lambda article: article.id)


def known(corpus: Corpus, layers: Sequence[str], asked: str, others: Iterable[str], seed: int) -> tuple[str, ...]:
    """Return ids of articles by which annotators are measured.

    Args:
        corpus: Where they are.
        layers: What their gold must speak of.
        asked: Ids by commas, or how many are drawn from those with gold.
        others: Ids that are asked for something else, and not drawn.
        seed: Of the draw.

    Raises:
        BadRecord: there are fewer with gold than are asked.
        NotFound: one that is named has no gold in all layers, or does not exist.
    """
    if not asked.isdecimal():
        named = tuple(asked.replace(",", " ").split())
        for key in named:
            refuse_unknown(corpus, key, layers)
        return named
    taken = set(others)
    fit = [article for article in corpus.articles if has_gold_in(corpus, article, layers)]
    free = [article for article in fit if article.id not in taken]
    if len(free) < int(asked):
        raise BadRecord(
            f"{asked} controls or articles of qualification are to be drawn, which have gold: of {len(fit)} with gold"
            f" in {', '.join(layers)} {len(free)} are asked for nothing else: adjudicate some first, or keep them out"
            " of the query with --without-gold"
        )
    return tuple(each.id for each in drawn(corpus, free, Sample(int(asked), seed=seed)))


def refuse_unknown(corpus: Corpus, key: str, layers: Sequence[str]) -> None:
    """Make sure that annotators can be measured by an article.

    Raises:
        NotFound: it has no gold in all layers, or does not exist.
    """
    if not has_gold_in(corpus, corpus.article(key), layers):
        raise NotFound(
            f"{key} has no gold in {', '.join(layers)}: annotators cannot be measured by it, controls and qualification"
            " need gold"
        )


def has_gold_in(corpus: Corpus, article: Article, layers: Sequence[str]) -> bool:
    """Tell whether an article has gold in all of some layers."""
    gold = corpus.gold_of(article)
    return gold is not None and set(layers) <= set(gold.layers)


def _fits(corpus: Corpus, article: Article, query: Query) -> bool:
    day = article.published
    return (
        (not query.sources or corpus.source_of(article).id in query.sources)
        and (not query.since or day >= query.since)
        and (not query.until or (bool(day) and day[: len(query.until)] <= query.until))
        and query.shortest <= article.length <= (query.longest or article.length)
        and (not query.stories or STRATA["story"](corpus, article) in query.stories)
        and (not query.splits or corpus.splits.get(article.id) in query.splits)
        and not (query.ungolded and corpus.has_gold(article))
    )
