"""The configs of a release: what a row of each is.  A new one is a module here, named below."""

from khabar.release.tables import articles, decisions, entities, judgements, quotes, regions
from khabar.release.tables.config import CONFIGS, Config, Reading, published

__all__ = [
    "CONFIGS",
    "Config",
    "Reading",
    "articles",
    "decisions",
    "entities",
    "judgements",
    "published",
    "quotes",
    "regions",
]
