"""The configs of a release: what a row of each is.  A new one is a module here, named below."""

from khabar.release.tables import articles, entities, quotes, regions
from khabar.release.tables.config import CONFIGS, Config, published

__all__ = ["CONFIGS", "Config", "articles", "entities", "published", "quotes", "regions"]
