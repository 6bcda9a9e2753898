"""Level 4: what must hold between articles.  Whoever reads the whole corpus sees it (inputs.py), no batch does."""

from collections.abc import Iterable

from khabar.checks.engine import Broken, check
from khabar.checks.view import View
from khabar.model.finding import Level


@check("split-known", Level.CORPUS)
def split_known(_: View) -> Iterable[Broken]:
    """An article with gold has one split, and a split holds articles that there are.

    What has no split is in no release, and nobody would miss it.
    """
    return ()


@check("story-in-one-split", Level.CORPUS)
def story_in_one_split(_: View) -> Iterable[Broken]:
    """Articles that tell one story share a split.

    A model must not be tested on what it read in other words.
    """
    return ()
