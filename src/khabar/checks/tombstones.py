"""Is an article that was taken down gone: its tombstone is there, and nothing else of it."""

from collections.abc import Iterable, Iterator

from khabar.checks.engine import Broken, check
from khabar.checks.view import View
from khabar.model.finding import Finding, Level, Severity
from khabar.store import Corpus


@check("taken-down-gone", Level.CORPUS)
def taken_down_gone(_: View) -> Iterable[Broken]:
    """Of an article that was taken down there is a tombstone, its place in its split, and nothing else.

    Somebody asked for it to go. What an interrupted takedown, a merge or an old export brings back goes again with the
    same command. Who reads corpus/ sees it, no batch does.
    """
    return ()


def remains(corpus: Corpus) -> Iterator[Finding]:
    """Yield what is left of articles that were taken down."""
    for key in corpus.tombstones:
        texts = corpus.corpus_folder.glob(f"*/{key}.txt")
        left = [corpus.shown(path) for path in (*texts, *corpus.said_of(key))]
        left += ["its record"] if corpus.has_article(key) else []
        if left:
            yield Finding(
                check="taken-down-gone",
                severity=Severity.ERROR,
                article=key,
                annotator="",
                message=f"it was taken down, {', '.join(left)} should be gone: run 'khabar takedown' again",
            )
