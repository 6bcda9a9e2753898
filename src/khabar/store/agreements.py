"""How far the annotators of each campaign agree: ``annotations/campaigns/<name>/agreement.json``."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from khabar.errors import BadRecord
from khabar.model.agreement import AGREEMENT, Agreement, written
from khabar.store.corpus import Corpus
from khabar.store.files import decoded, write_atomically


def agreements(corpus: Corpus) -> dict[str, Agreement]:
    """Return the agreement of each campaign that measured it and goes into releases, by the campaign's name.

    Raises:
        BadRecord: a file is none.
    """
    found = ((name, agreement_of(corpus, name)) for name in corpus.published)
    return {name: agreement for name, agreement in found if agreement}


def standing(corpus: Corpus) -> dict[str, Agreement]:
    """Return the agreement of each campaign that goes into releases, measured on the annotations that are there.

    Raises:
        BadRecord: a file is none, or was measured on other annotations; or not every campaign keeps what it was
            measured together with others.
    """
    found = agreements(corpus)
    for name, each in found.items():
        place, told = corpus.shown(corpus.campaign(name) / AGREEMENT), " ".join(each.campaigns)
        again = f"run 'khabar campaign agreement {told}' again"
        if other := next((other for other in each.campaigns if found.get(other) != each), ""):
            raise BadRecord(
                f"{place}: it is of {told}, and {other} does not keep it: {again}, or of {name} alone, or remove it"
            )
        if outdated(corpus, each):
            raise BadRecord(f"{place}: it was measured on other annotations than are there now: {again}")
    return found


def outdated(corpus: Corpus, agreement: Agreement) -> bool:
    """Tell whether an agreement was measured on other annotations than are there now."""
    return agreement.annotations != digest_of(corpus, agreement.campaigns)


def digest_of(corpus: Corpus, campaigns: Iterable[str]) -> str:
    """Return the SHA-256, in hex, of the annotations that campaigns pulled: whose, of which article, and what."""
    whole = hashlib.sha256()
    for name in sorted(campaigns):
        for path in corpus.campaign_annotations(name):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"{name} {path.parent.name} {path.stem} {digest}\n".encode())
    return whole.hexdigest()


def agreement_of(corpus: Corpus, name: str) -> Agreement | None:
    """Return the agreement of a campaign, None where it was not measured.

    Raises:
        BadRecord: the file is none.
    """
    path = corpus.campaign(name) / AGREEMENT
    return decoded(path.read_bytes(), Agreement, corpus.shown(path)) if path.is_file() else None


def write_agreement(corpus: Corpus, agreement: Agreement) -> list[Path]:
    """Write an agreement into the folder of each campaign that it is of."""
    places = [corpus.campaign(name) / AGREEMENT for name in agreement.campaigns]
    for path in places:
        write_atomically(path, written(agreement))
    return places
