"""Is an article that was taken down gone: its tombstone is there, and nothing else of it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from khabar.checks.engine import Broken, check
from khabar.checks.view import View
from khabar.model.finding import Finding, Level, Severity
from khabar.store import Corpus

_ARTICLE = re.compile(rb'"article"\s*:\s*"([^"\\]+)"')
"""A field that names an article: inside a string of JSON its quotes would be escaped."""


@check("taken-down-gone", Level.CORPUS)
def taken_down_gone(_: View) -> Iterable[Broken]:
    """Of an article that was taken down there is a tombstone, its place in its split, and nothing else.

    Somebody asked for it to go. What an interrupted takedown, a merge or an old export brings back goes again with the
    same command. Who reads corpus/ sees it, no batch does.
    """
    return ()


def remains(corpus: Corpus) -> Iterator[Finding]:
    """Yield what is left of articles that were taken down."""
    told = _told(corpus) if corpus.tombstones else {}
    for key in corpus.tombstones:
        texts = corpus.corpus_folder.glob(f"*/{key}.txt")
        left = [corpus.shown(path) for path in (*texts, *corpus.said_of(key))]
        left += ["its record"] if corpus.has_article(key) else []
        left += [f"what {place} tells of it" for place in told.get(key, ())]
        if left:
            yield Finding(
                check="taken-down-gone",
                severity=Severity.ERROR,
                article=key,
                annotator="",
                message=f"it was taken down, {', '.join(left)} should be gone: run 'khabar takedown' again",
            )


def _told(corpus: Corpus) -> dict[str, list[str]]:
    """Return which lines and pages of campaigns name an article, by article."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in (*corpus.campaign_lines(), *corpus.campaign_pages()):
        for key in set(_ARTICLE.findall(path.read_bytes())):
            found[key.decode("utf-8", "replace")].append(corpus.shown(path))
    return found
