"""What a document of a release is made from, and the registry of documents."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from khabar.model.agreement import Agreement
from khabar.model.article import Source
from khabar.model.labels import LabelSet
from khabar.model.manifest import Manifest
from khabar.registry import Registry
from khabar.store.written import Written


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a release before it is sealed.

    Attributes:
        manifest: What it says of itself; its files are those of the data.
        schemas: Of each config.
        labels: The label set.
        sources: Where its articles come from.
        written: What was written by hand about the corpus.
        agreements: How far annotators agree, by the campaign that keeps it.
    """

    manifest: Manifest
    schemas: dict[str, pa.Schema]
    labels: LabelSet
    sources: tuple[Source, ...]
    written: Written
    agreements: dict[str, Agreement]

    @property
    def languages(self) -> list[str]:
        """BCP 47 tags of its articles."""
        return sorted({source.language or self.labels.language for source in self.sources})


Document = Callable[[Known], str | None]
"""Returns the text of a document; None where the corpus has nothing to make it from."""

DOCUMENTS: Registry[Document] = Registry("document")
