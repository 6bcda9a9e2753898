"""Texts that may not be published are put back by whoever has them: by digest, and by digest alone."""

from collections.abc import Iterator
from pathlib import Path

from khabar.errors import BadText, Changed
from khabar.model.article import Article
from khabar.model.text import digest, normal_form
from khabar.store import Corpus


def missing(corpus: Corpus) -> list[Article]:
    """Return the articles whose text is not at hand, or not the one that was ingested."""
    return [article for article in corpus.articles if not _is_there(corpus, article)]


def _is_there(corpus: Corpus, article: Article) -> bool:
    try:
        return corpus.text(article) is not None
    except Changed:
        return False


def restore(corpus: Corpus, folder: Path) -> Iterator[Article]:
    """Look through a folder and yield each article whose text was found there and put back.

    A file is recognised by the digest of its normal form, whatever its name.
    """
    wanted = {article.sha256: article for article in missing(corpus)}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        if not wanted:
            return
        try:
            text = normal_form(path.read_bytes()).text
        except (BadText, OSError):
            continue  # not a text that could be an article
        article = wanted.pop(digest(text), None)
        if article is not None:
            corpus.write_text(article, text)
            yield article
