"""Where guidelines and papers, which are written by hand, repeat words of an article that is to be taken down."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from khabar.model.article import Article
from khabar.release.withheld import OWN_RUN, grams, letters
from khabar.store import Corpus

_PAPERS = ("*.md", "annotations/guidelines/**/*.md")
_MARK = re.compile(r"\]\([^()\n]*\)")
"""Ends a span that is annotated in line, and stands amid its words."""


def repeats(corpus: Corpus, article: Article) -> Iterator[tuple[Path, int]]:
    """Yield the papers and lines where `OWN_RUN` letters in a row of an article's text begin.

    Letters are compared as in `khabar.release.withheld`: a phrase of that length may be anybody's, a person judges.
    Of a text that is not at hand nothing is found.
    """
    text = corpus.stored_text(article) or ""
    known = grams(letters(text.replace("\n", " ")), OWN_RUN)[0]
    for path in sorted(each for pattern in _PAPERS for each in corpus.root.glob(pattern)):
        paper = path.read_bytes().decode("utf-8", "replace")
        lines = [letters(_MARK.sub("", line)) for line in paper.split("\n")]
        ends = np.cumsum([len(line) for line in lines])
        found = np.flatnonzero(np.isin(grams("".join(lines), OWN_RUN)[0], known))
        for line in np.unique(np.searchsorted(ends, found, side="right")).tolist():
            yield path, line + 1
