"""Pages become articles: normal form, digest, id, record.  An article is taken once and never changes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from khabar.errors import BadText, Changed, KhabarError
from khabar.ingest.readers import Page, pages
from khabar.model.article import Article, Source
from khabar.model.rights import rights
from khabar.model.text import DIGEST_SHOWN, NAME, digest, normal_form
from khabar.store import Corpus

_NAME = re.compile(NAME)


@dataclass(frozen=True, slots=True)
class Intake:
    """What is said of all articles of one call.

    Attributes:
        source: Where they come from.
        url: Where they were published, empty if unknown.
        published: ISO 8601 date, empty if unknown.
        retrieved: ISO 8601 date, empty if unknown.
        story: The story they share, empty where each is its own.
    """

    source: Source
    url: str = ""
    published: str = ""
    retrieved: str = ""
    story: str = ""


class Outcome(NamedTuple):
    """What became of one page.

    Attributes:
        path: The file it was in.
        article: Its record; None where it was refused.
        new: Whether it was not there before.
        message: What there is to say of it, on one line; empty where all is plain.
    """

    path: Path
    article: Article | None
    new: bool
    message: str


def ingest(corpus: Corpus, intake: Intake, paths: Iterable[Path]) -> Iterator[Outcome]:
    """Take the articles in files and folders into the corpus, one after the other.

    What cannot be taken is reported and the rest goes on.  A file that was taken before is left alone.
    """
    with corpus.alone(corpus.corpus_folder):
        known = {article.sha256: article for article in corpus.articles}
        for path in _files(paths):
            try:
                for page in pages(path):
                    yield _take(corpus, intake, known, (path, page))
            except KhabarError as error:
                yield Outcome(path, None, new=False, message=f"{path}: {str(error).removeprefix(f'{path}: ')}")


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _take(corpus: Corpus, intake: Intake, known: dict[str, Article], found: tuple[Path, Page]) -> Outcome:
    path, page = found
    identity = identity_of(intake.source, page.name)
    if identity in corpus.tombstones:
        raise Changed(f"{path}: {identity} was taken down ({corpus.tombstones[identity]}), it does not come back")
    text, changes = normal_form(page.raw)
    sha256 = digest(text)
    if corpus.has_article(identity) and corpus.article(identity).sha256 != sha256:
        ours = corpus.article(identity).sha256
        raise Changed(
            f"{path}: {identity} is {ours[:DIGEST_SHOWN]} in the corpus, the file is {sha256[:DIGEST_SHOWN]}:"
            " a text never changes, give the corrected one a new name"
        )
    if sha256 in known:
        there = known[sha256]
        return Outcome(
            path, there, new=False, message="" if there.id == identity else f"{path}: already there as {there.id}"
        )
    told = {
        "id": identity,
        "sha256": sha256,
        "length": len(text),
        "file": path.name,
        "changes": changes,
        "url": intake.url,
        "published": intake.published,
        "retrieved": intake.retrieved,
        "story": intake.story,
        "batch": corpus.next_batch,
    }
    try:
        article = msgspec.convert(told, Article)
    except msgspec.ValidationError as error:
        raise BadText(f"{path}: {error}: a date is YYYY-MM-DD") from None
    rights(intake.source, article)  # what nobody could use is not taken
    corpus.add_article(intake.source, article, text)
    known[sha256] = article
    return Outcome(path, article, new=True, message=f"{path}: {', '.join(changes)}" if changes else "")


def identity_of(source: Source, name: str) -> str:
    """Return the id of a page: its name, with the source's id before it.

    Raises:
        BadText: the name has other characters than Latin letters, digits, point, hyphen and underscore.
    """
    identity = name if name.startswith(f"{source.id}-") else f"{source.id}-{name}"
    if not _NAME.match(identity):
        raise BadText(f"'{name}' cannot be an id, it may have 100 Latin letters, digits and ._-: rename the file")
    return identity
