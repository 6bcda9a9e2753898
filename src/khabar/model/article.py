"""Articles and the sources they come from."""

from typing import Annotated, Literal

import msgspec

from khabar.model.dates import Date, Day, refuse_no_date
from khabar.model.text import NAME, SHA256

Redistribution = Literal["text", "offsets"]
Provenance = Literal["published", "authored"]
Identity = Annotated[str, msgspec.Meta(pattern=NAME)]
License = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.+-]+\Z")]
"""An SPDX identifier, or ``LicenseRef-...`` where there is none."""


class Relicensed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A license that a source came to use.

    Attributes:
        since: First day; what was published on it or later is under this license.
        license: The license.
        license_url: Where it can be read, empty where that is not known.
    """

    since: Day
    license: License
    license_url: str = ""

    def __post_init__(self) -> None:
        """Refuse a day that there is not."""
        refuse_no_date(self.since)


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where articles come from and what may be done with them, as written in ``corpus/sources.toml``.

    Attributes:
        id: Short name; the folder of its articles.
        outlet: Full name, as a reader would cite it.
        license: License of its articles; where it changed, that of the oldest (`khabar.model.rights`).
        license_url: Where it can be read, empty where that is not known.
        relicensed: The licenses that followed, by date.
        rights_holder: Who holds the rights in the texts.
        attribution: What a reuser has to name; the outlet where it is empty.
        redistribute: ``text``: texts may be committed and released; ``offsets``: spans and digests alone.
        provenance: ``published`` by an outlet, or ``authored`` for this corpus (the people in it are invented).
        language: BCP 47 tag of its articles; that of the label set where it is empty.
        written_by: Who wrote what was authored for this corpus: ``people``, or ``software``.
        url: Its home page, empty where there is none.
        note: Anything a user must know.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^(?!splits$)[a-z][a-z0-9-]{0,29}\Z")]
    outlet: str
    license: License
    license_url: str = ""
    relicensed: tuple[Relicensed, ...] = ()
    rights_holder: str
    attribution: str = ""
    redistribute: Redistribution
    provenance: Provenance
    language: str = ""
    written_by: Literal["people", "software"] = "people"
    url: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse licenses that do not follow on one another."""
        days = [each.since for each in self.relicensed]
        if days != sorted(set(days)):
            raise ValueError("relicensed is not in order of its days, each once")


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
        license: Its own license where it is not that of its source on the day of publication.
        license_since: Day since which its own license holds, if known.
        batch: The intake batch that it was taken in with, kept for ever: which shard of a release it stands in.
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
    license: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.+-]*\Z")] = ""
    license_since: Date = ""
    batch: Annotated[int, msgspec.Meta(ge=0)] = 0

    def __post_init__(self) -> None:
        """Refuse dates that there are not."""
        refuse_no_date(self.published, self.retrieved, self.license_since)


class Tombstone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left of an article that was taken down: a line of ``corpus/tombstones.jsonl`` and of releases.

    Attributes:
        id: Its id, which no other article gets.
        reason: Why, in words that may be published.
    """

    id: Identity
    reason: Annotated[
        str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\S[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")
    ]
