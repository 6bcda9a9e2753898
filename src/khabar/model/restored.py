"""A withheld text that somebody has put beside a release: the very text, or one that drifted and was accepted."""

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from khabar.errors import Changed
from khabar.model.drift import Drift, Span, Wanted
from khabar.model.layout import CANDIDATES
from khabar.model.text import NAME, SHA256, digest, salted_digest

Row = dict[str, Any]


class Restored(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A text beside a release.

    Attributes:
        article: Id of the article.
        sha256: Digest of the text that was annotated.
        text_sha256: Digest of this text; another one than `sha256` where it drifted.
        text: The text.
        mended: Repairs of white space that made it.
        places: Of a text that drifted, where its spans stand: start and end in the annotated text, start in this one.
        lost: Of a text that drifted, the spans that have no place in it.
    """

    article: Annotated[str, msgspec.Meta(pattern=NAME)]
    sha256: Annotated[str, msgspec.Meta(pattern=SHA256)]
    text_sha256: Annotated[str, msgspec.Meta(pattern=SHA256)]
    text: str
    mended: tuple[str, ...] = ()
    places: tuple[tuple[int, int, int], ...] = ()
    lost: tuple[Span, ...] = ()

    @property
    def drifted(self) -> bool:
        """Whether it is not the text that was annotated."""
        return self.sha256 != self.text_sha256


MADE = "made.json"
"""Lies beside the rows that were made with texts, and is written last: a `Made`."""


class Made(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What rows beside a release were made from, and what they are.

    Attributes:
        content: Content digest of the release.
        texts: Digest of the texts of its articles.
        files: SHA-256 of each file, by its path relative to the rows' folder.
    """

    content: str
    texts: str
    files: dict[str, str]

    @property
    def place(self) -> str:
        """Where the rows stand, relative to the folder of the texts: a file a config and split."""
        return f"rows/{self.content[:16]}-{self.texts[:16]}"


def made(content: str, texts: Iterable[Restored]) -> Made:
    """Return what rows with these texts are made from, their files still unknown.

    Args:
        content: Content digest of the release.
        texts: The texts of its articles, and of no others: a folder may hold those of several releases.
    """
    told = sorted(msgspec.json.encode(msgspec.structs.replace(each, mended=())) for each in texts)
    return Made(content=content, texts=hashlib.sha256(b"".join(told)).hexdigest(), files={})


def very(wanted: Wanted, text: str, mended: tuple[str, ...]) -> Restored:
    """Return the very text of an article, as it is put beside a release."""
    return Restored(article=wanted.id, sha256=wanted.sha256, text_sha256=digest(text), text=text, mended=mended)


def accepted(drift: Drift, text: str) -> Restored:
    """Return a text that drifted, as it is taken: with what was found in it and what was not."""
    return Restored(
        article=drift.article,
        sha256=drift.sha256,
        text_sha256=drift.text_sha256,
        text=text,
        mended=drift.mended,
        places=tuple(sorted({(each.start, each.end, each.to) for each in drift.spans if each.to is not None})),
        lost=tuple(each for each in drift.spans if each.to is None),
    )


def placed(row: Row, restored: Restored) -> Row | None:
    """Return a row of the published schema with its spans where they stand in a restored text.

    Spans that are lost are left out, and relations that end at them; the length becomes that of the text.  None where
    the row is of such a span or relation itself.

    Raises:
        Changed: the text has other words at a span than the row's digest says.
    """
    to = {(start, end): at for start, end, at in restored.places}
    if CANDIDATES in row:
        return _decision(row, to) if restored.drifted else row
    lost: set[str] = set()

    def place(span: Row) -> Row | None:
        start, end = span["start"], span["end"]
        at = to.get((start, end)) if restored.drifted else start
        if at is None:
            lost.add(span["id"])
            return None
        words = restored.text[at : at + end - start]
        if salted_digest(restored.sha256, words) != span["digest"]:
            raise Changed(
                f"{restored.article}:{start}-{end}: the text has other words there than the release says:"
                " restore it again for this release"
            )
        return span | {"start": at, "end": at + end - start}

    layers = {name: value for name, value in row.items() if isinstance(value, list) and value and _is_span(value[0])}
    there = {name: [new for each in value if (new := place(each))] for name, value in layers.items()}
    for span in (each for spans in there.values() for each in spans if "relations" in each):
        span["relations"] = [link for link in span["relations"] if link["tail"] not in lost]
    return row | there | {"length": len(restored.text)}


def _decision(row: Row, to: dict[tuple[int, int], int]) -> Row | None:
    """Return a row of `khabar.model.layout.DECISIONS`; candidates that are lost have no place any more."""

    def move(told: Row) -> Row:
        for name in ("", "head_", "tail_"):
            start, end = told[f"{name}start"], told[f"{name}end"]
            if start is not None:
                at = to.get((start, end))
                told = told | {f"{name}start": at, f"{name}end": None if at is None else at + end - start}
        return told

    moved = move(row)
    if any(row[name] is not None and moved[name] is None for name in ("start", "head_start", "tail_start")):
        return None
    return moved | {CANDIDATES: [move(each) for each in row[CANDIDATES]]}


def _is_span(value: object) -> bool:
    return isinstance(value, dict) and {"start", "end", "digest"} <= value.keys()
