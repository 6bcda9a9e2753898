"""How a release is cited and archived: ``CITATION.cff`` with its version, and ``.zenodo.json``.

Title, authors, keywords and license stand in the ``CITATION.cff`` of the checkout, and nowhere else.  Zenodo would take
a release for software without a file of its own.
"""

import json
import re
from typing import Any

import msgspec
import yaml

from khabar.errors import BadRecord
from khabar.model.figures import figure
from khabar.release.documents.known import DOCUMENTS, Known

CITATION = "CITATION.cff"
ZENODO = ".zenodo.json"
_LANGUAGES = {"ar": "ara", "en": "eng"}
"""ISO 639-1 to 639-3, as Zenodo wants it; other languages are left out."""


class Author(msgspec.Struct, frozen=True, rename="kebab"):
    """An author, a person or an entity, as the Citation File Format has them."""

    name: str = ""
    family_names: str = ""
    given_names: str = ""
    affiliation: str = ""
    orcid: str = ""

    @property
    def called(self) -> str:
        """The name of an entity, or *Family, Given*."""
        return self.name or ", ".join(filter(None, (self.family_names, self.given_names)))


class Citation(msgspec.Struct, frozen=True, rename="kebab"):
    """What is read of ``CITATION.cff``, version 1.2.0 of its format."""

    cff_version: str
    message: str
    title: str
    authors: tuple[Author, ...]
    keywords: tuple[str, ...] = ()
    license: str = ""
    url: str = ""
    doi: str = ""


def citation(known: Known) -> Citation | None:
    """Return how the corpus is cited, None where nobody wrote it.

    Raises:
        BadRecord: it does not parse.
    """
    told = _raw(known)
    try:
        return None if told is None else msgspec.convert(told, Citation)
    except msgspec.ValidationError as error:
        raise BadRecord(f"{CITATION}: {error}: mend it by hand") from None


def bibtex(cited: Citation, known: Known) -> str:
    """Return an entry of BibTeX; the year stands in it where the release has a day."""
    year = known.written.released(known.manifest.version)[:4]
    fields = {
        "title": f"{{{cited.title}}}",
        "author": " and ".join(f"{{{author.called}}}" if author.name else author.called for author in cited.authors),
        "version": known.manifest.version,
        "year": year,
        "doi": cited.doi,
        "url": cited.url,
        "note": f"content {known.manifest.content}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{known.manifest.name}_{known.manifest.version},", *lines, "}"])


def described(known: Known) -> str:
    """Return what a catalogue says of the release."""
    return (
        f"{figure(known.manifest, 'summary')} Annotated through Label Studio and released as Parquet with a manifest of"
        " digests. Where an outlet allows offsets only, a text is withheld and salted digests stand for the words of"
        " its spans. Who annotated, and what the data is not fit for, stands in DATASHEET.md."
    )


def cff(known: Known) -> str | None:
    """Return ``CITATION.cff`` with the version of the release, and its day where the changelog has one."""
    told = _raw(known)
    if told is None or citation(known) is None:
        return None
    day = known.written.released(known.manifest.version)
    whole = {
        **told,
        "type": "dataset",
        "version": known.manifest.version,
        "abstract": described(known),
        **({"date-released": day} if day else {}),
    }
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=120)


def zenodo(known: Known) -> str | None:
    """Return the metadata of a deposit on Zenodo."""
    cited = citation(known)
    if cited is None:
        return None
    day = known.written.released(known.manifest.version)
    whole = {
        "upload_type": "dataset",
        "title": cited.title,
        "version": known.manifest.version,
        "description": f"<p>{described(known)}</p>",
        "creators": [_creator(author) for author in cited.authors],
        "keywords": list(cited.keywords),
        "access_right": "open",
        "license": cited.license.lower(),
        "language": _LANGUAGES.get(known.labels.language, ""),
        "publication_date": day,
        "notes": "The license is that of annotations and authored texts; the license of each text stands in its row.",
    }
    return json.dumps({name: each for name, each in whole.items() if each}, ensure_ascii=False, indent=1) + "\n"


def _creator(author: Author) -> dict[str, str]:
    orcid = re.sub(r"^https?://orcid\.org/", "", author.orcid)
    told = {"name": author.called, "affiliation": author.affiliation, "orcid": orcid}
    return {name: each for name, each in told.items() if each}


def _raw(known: Known) -> dict[str, Any] | None:
    text = known.written.paper(CITATION)
    if text is None:
        return None
    try:
        told = yaml.load(text, _Strings)  # noqa: S506 a safe loader that knows no dates
    except yaml.YAMLError as error:
        raise BadRecord(f"{CITATION}: {' '.join(str(error).split())}: mend it by hand") from None
    if not isinstance(told, dict):
        raise BadRecord(f"{CITATION}: it is no mapping: mend it by hand")
    return told


class _Strings(yaml.SafeLoader):
    """A safe loader for which a day is a string, as in JSON."""


_Strings.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for sign, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

DOCUMENTS.add(CITATION, cff)
DOCUMENTS.add(ZENODO, zenodo)
