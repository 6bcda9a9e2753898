"""Articles get a split once, by story, and keep it for ever."""

import hashlib

from khabar.store import SPLITS, Corpus

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


def split_of(story: str) -> str:
    """Return the split of a story: by its digest, so that the same story always falls on the same side."""
    point = int.from_bytes(hashlib.sha256(story.encode("utf-8")).digest()[:8]) / 2**64
    for split in SPLITS:
        if point < SHARES[split]:
            return split
        point -= SHARES[split]
    return SPLITS[0]


def assign(corpus: Corpus) -> dict[str, str]:
    """Give each article that has no split the one of its story; return what was given."""
    with corpus.alone(corpus.corpus_folder):
        return _assign(corpus)


def _assign(corpus: Corpus) -> dict[str, str]:
    there = corpus.splits
    stories = {article.id: article.story or article.id for article in corpus.articles}
    taken = {stories[key]: split for key, split in there.items() if key in stories}
    given = {key: taken.get(story) or split_of(story) for key, story in stories.items() if key not in there}
    for split in SPLITS:
        corpus.add_to_split(split, [key for key, where in given.items() if where == split])
    return given
