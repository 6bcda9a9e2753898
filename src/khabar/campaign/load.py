"""Annotation files that are pushed beside the tasks: which of them can be sent, and which annotators begin from."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from khabar.campaign.folder import Campaign
from khabar.campaign.results import ready
from khabar.campaign.tasks import faults
from khabar.errors import KhabarError
from khabar.model.annotation import Annotation, withheld_words
from khabar.store import PREDICTIONS


class Load(NamedTuple):
    """What is pushed beside the tasks.

    Attributes:
        predictions: Folder of annotation files that annotators begin from, or one such file; None: those that were
            pushed before.
        annotations: Folder of annotation files that are submitted as they are, or one such file.
        questions: What an adjudicator is asked, by article.
    """

    predictions: Path | None = None
    annotations: Path | None = None
    questions: Mapping[str, str] = {}


class Loader:
    """Reads annotation files for one campaign; a line is added to ``refused`` for each that cannot be sent."""

    def __init__(self, campaign: Campaign, refused: list[str]) -> None:
        self._campaign = campaign
        self._refused = refused

    def of(self, folder: Path, *, trimmed: bool) -> Iterator[tuple[Annotation, str]]:
        """Yield the annotations of a folder that can be sent, each with its text; note why others cannot."""
        corpus = self._campaign.corpus
        for path in sorted(folder.rglob("*.json")) if folder.is_dir() else [folder]:
            place = corpus.shown(path)
            try:
                annotation = corpus.read_annotation(path)
                if annotation.article not in self._campaign.asked:
                    continue
                text = corpus.needed_text(corpus.article(annotation.article))
            except (KhabarError, OSError) as error:
                self._refused.append(placed(place, str(error)))
                continue
            wrong = list(faults(annotation, text, self._campaign.page, trimmed=trimmed))
            if wrong:
                more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
                self._refused.append(f"{place}: {annotation.article}: {wrong[0]}{more}")
                continue
            yield annotation, text

    def keep(self, annotation: Annotation, text: str) -> None:
        """Keep what annotators begin from, as it may be committed."""
        corpus = self._campaign.corpus
        path = self._campaign.folder / PREDICTIONS / annotation.annotator / f"{annotation.article}.json"
        kept = ready(corpus, annotation, text)
        if not path.is_file() or corpus.read_annotation(path) != kept:
            corpus.write_annotation(path, kept)


def words_withheld(annotation: Annotation) -> bool:
    """Tell whether an annotation was kept without the words that are said of its spans."""
    values = (value for span in annotation.spans for value in span.attributes.values())
    return any(map(withheld_words, values))


def placed(place: str, message: str) -> str:
    """Put a place before a message, unless it begins with it."""
    return message if message.startswith(place) else f"{place}: {message}"
