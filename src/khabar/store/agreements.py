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
    places = {name: corpus.campaign(name) / AGREEMENT for name in corpus.campaigns}
    return {
        name: decoded(path.read_bytes(), Agreement, corpus.shown(path))
        for name, path in places.items()
        if path.is_file()
    }


def write_agreement(corpus: Corpus, agreement: Agreement) -> list[Path]:
    """Write an agreement into the folder of each campaign that it is of."""
    places = [corpus.campaign(name) / AGREEMENT for name in agreement.campaigns]
    for path in places:
        write_atomically(path, written(agreement))
    return places
