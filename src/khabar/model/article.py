"""Articles and the sources they come from."""

from typing import Annotated, Literal

import msgspec

from khabar.model.text import NAME, SHA256

Redistribution = Literal["text", "offsets"]
Provenance = Literal["published", "authored"]
Date = Annotated[str, msgspec.Meta(pattern=r"^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?\Z")]
"""ISO 8601: a year, a month or a day; empty where unknown."""
Identity = Annotated[str, msgspec.Meta(pattern=NAME)]


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where articles come from and what may be done with them, as written in ``corpus/sources.toml``.

    Attributes:
        id: Short name; the folder of its articles.
        outlet: Full name, as a reader would cite it.
        license: SPDX identifier, or ``LicenseRef-...`` where there is none.
        rights_holder: Who holds the rights in the texts.
        redistribute: ``text``: texts may be committed and released; ``offsets``: spans and digests alone.
        provenance: ``published`` by an outlet, or ``authored`` for this corpus (the people in it are invented).
        language: BCP 47 tag of its articles.
        url: Its home page, empty where there is none.
        note: Anything a user must know.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^(?!splits$)[a-z][a-z0-9-]{0,29}\Z")]
    outlet: str
    license: str
    rights_holder: str
    redistribute: Redistribution
    provenance: Provenance
    language: str = "ar"
    url: str = ""
    note: str = ""


class Article(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One article's record: a line of ``corpus/<source>/articles.jsonl``.  Its text stands beside it, or is withheld.

    Attributes:
        id: Unique in the corpus and kept for ever; begins with the source's id; names its files in every folder.
        sha256: Digest of the text (`khabar.model.text.digest`).
        length: Code points in the text.
        file: Name of the file it was ingested from.
        changes: What the normal form changed in that file.
        url: Where it was published, if known.
        published: Date of publication, ISO 8601, if known.
        retrieved: Date of retrieval, ISO 8601, if known.
        story: Articles that tell one story share it and stay in one split; the article's id where it is alone.
        license: SPDX identifier where it differs from the source's.
    """

    id: Identity
    sha256: Annotated[str, msgspec.Meta(pattern=SHA256)]
    length: Annotated[int, msgspec.Meta(ge=1, lt=2**31)]
    file: str
    changes: tuple[str, ...] = ()
    url: str = ""
    published: Date = ""
    retrieved: Date = ""
    story: str = ""
    license: str = ""
