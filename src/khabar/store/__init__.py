"""The one room that knows a path of the corpus: where each record lives and how it is written there."""

from khabar.model.layout import SPLITS
from khabar.store.campaigns import NOTES, PLAN, PREDICTIONS, WORK
from khabar.store.corpus import Corpus
from khabar.store.files import append_line, repeated_key, write_atomically
from khabar.store.intake import BATCH

__all__ = [
    "BATCH",
    "NOTES",
    "PLAN",
    "PREDICTIONS",
    "SPLITS",
    "WORK",
    "Corpus",
    "append_line",
    "repeated_key",
    "write_atomically",
]
