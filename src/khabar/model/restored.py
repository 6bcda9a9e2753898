"""A withheld text that somebody has put beside a release: the very text, or one that drifted and was accepted."""

from typing import Annotated

import msgspec

from khabar.model.drift import Drift, Span
from khabar.model.text import NAME, SHA256


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
