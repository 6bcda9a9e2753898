"""What may be done with an article: the one place where source, article and date come together."""

from typing import NamedTuple

from khabar.errors import BadRecord
from khabar.model.article import Article, Provenance, Redistribution, Source


class Rights(NamedTuple):
    """What may be done with an article, and by whom it is to be allowed.

    Attributes:
        license: SPDX identifier, or ``LicenseRef-...``.
        license_since: ISO 8601 day since which this license holds, empty where it always did or nobody knows.
        license_url: Where the license can be read, empty where that is not known.
        rights_holder: Who holds the rights in the text.
        attribution: What a reuser has to name.
        redistribute: Whether the text may be passed on, or offsets alone.
        provenance: Whether it was published or written for this corpus.
    """

    license: str
    license_since: str
    license_url: str
    rights_holder: str
    attribution: str
    redistribute: Redistribution
    provenance: Provenance


def rights(source: Source, article: Article) -> Rights:
    """Return the rights in an article: its own license, else that of its source on the day of publication.

    Raises:
        BadRecord: the source changed its license, and the date of the article does not tell on which side it lies.
    """
    if article.license:
        held = article.license, article.license_since, ""
    else:
        held = source.license, "", source.license_url
        for change in source.relicensed:
            if change.since != article.published and change.since.startswith(article.published):
                raise BadRecord(
                    f"{article.id}: {source.id} changed its license on {change.since}, its date of publication is"
                    f" '{article.published}': give the day, or the article's own license"
                )
            if article.published >= change.since:
                held = change.license, change.since, change.license_url
    return Rights(
        *held,
        source.rights_holder,
        source.attribution or source.outlet,
        source.redistribute,
        source.provenance,
    )
