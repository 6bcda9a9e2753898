"""How far the annotators of each campaign agree: ``annotations/campaigns/<name>/agreement.json``."""

from pathlib import Path

from khabar.model.agreement import AGREEMENT, Agreement, written
from khabar.store.corpus import Corpus
from khabar.store.files import decoded, write_atomically


def agreements(corpus: Corpus) -> dict[str, Agreement]:
    """Return the agreement of each campaign that measured it, by the campaign's name.

    Raises:
        BadRecord: a file is none.
    """
    found = ((name, agreement_of(corpus, name)) for name in corpus.campaigns)
    return {name: agreement for name, agreement in found if agreement}


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
