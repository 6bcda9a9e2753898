"""Articles get a split once, by story, and keep it for ever.

New stories are dealt out in the order of their digests, each to the split that is furthest below its share of articles:
the shares hold in a corpus of some dozens too, and it does not matter how files are called or sorted.  Stories with
texts that may be published and stories that have offsets alone are dealt out apart, so that each split has its share of
texts that everybody can read: a test split of withheld texts would help nobody.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from khabar.store import SPLITS, Corpus

SHARES = {"train": 8, "validation": 1, "test": 1}
"""Articles of each split, of ten."""


class Story(NamedTuple):
    """Articles that stay together.

    Attributes:
        name: What they share; of an article that shares no story, its id.
        articles: How many there are.
        withheld: Whether none of their texts may be published.
    """

    name: str
    articles: int
    withheld: bool


def dealt(stories: Iterable[Story], taken: Mapping[str, str]) -> dict[str, str]:
    """Return the split of each story that has none yet; of splits that lack as much, test comes before validation.

    Args:
        stories: All stories, those that have a split too.
        taken: The splits of those, by name; they stay where they are, and count.
    """
    held: Counter[tuple[bool, str]] = Counter()
    new = []
    for each in stories:
        if each.name in taken:
            held[each.withheld, taken[each.name]] += each.articles
        else:
            new.append(each)
    given = {}
    for each in sorted(new, key=_lot):
        there = {split: held[each.withheld, split] for split in SPLITS}
        articles = sum(there.values()) + each.articles
        lack = {split: SHARES[split] * articles - sum(SHARES.values()) * count for split, count in there.items()}
        given[each.name] = max(reversed(SPLITS), key=lack.__getitem__)
        held[each.withheld, given[each.name]] += each.articles
    return given


def _lot(story: Story) -> bytes:
    return hashlib.sha256(story.name.encode("utf-8")).digest()


def assign(corpus: Corpus) -> dict[str, str]:
    """Give each article that has no split the one of its story; return what was given."""
    with corpus.alone(corpus.corpus_folder):
        return _assign(corpus)


def _assign(corpus: Corpus) -> dict[str, str]:
    there = corpus.splits
    story_of = {article.id: article.story or article.id for article in corpus.articles}
    readable = {story_of[article.id] for article in corpus.articles if corpus.source_of(article).redistribute == "text"}
    stories = [Story(name, count, name not in readable) for name, count in Counter(story_of.values()).items()]
    split_of = {story_of[key]: split for key, split in there.items() if key in story_of}
    split_of |= dealt(stories, split_of)
    given = {key: split_of[story] for key, story in story_of.items() if key not in there}
    for split in SPLITS:
        corpus.add_to_split(split, [key for key, where in given.items() if where == split])
    return given
