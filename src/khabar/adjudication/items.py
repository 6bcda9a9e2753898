"""Annotations of one article -> items: the questions that they answer, each with what every annotator says to it.

Spans of one layer are one item where the optimal matching puts them together; links are one where they have the same
label between spans of the same items.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from khabar.adjudication.matching import Pairs, Places, groups, likeness, overlapping
from khabar.adjudication.packing import packed
from khabar.model.annotation import Annotation
from khabar.model.columns import Ints
from khabar.model.decision import Attributes, Mark, Place, mark_of
from khabar.model.labels import LabelSet

ALIKE = 1 / 3
"""Spans of two labels are one item from this likeness on; those of one label wherever they overlap."""
SAME_LABEL = 0.5
"""What one label adds to the likeness of two spans."""
TWINS = 10.0
"""What the same place and label add: no two likenesses together take a twin from its twin."""
TIE = 1e-3
"""What decides between choices that are as good; less than one code point of a span of some hundreds."""


@dataclass(frozen=True)
class Item:
    """One question: is there something to mark here, and what?

    Attributes:
        layer: The layer; that of its head for a link.
        said: What annotators mark, by their number in the article.
        asked: Who could have: those who speak of the layer; for a link, those who mark both its ends.
        link: Whether it is about a link.
        own: What they say of themselves there, such as how sure they are; it is no part of what they mark.
        doubtful: Those who doubt what they mark.
    """

    layer: str
    said: dict[int, Mark]
    asked: tuple[int, ...]
    link: bool = False
    own: dict[int, Attributes] = field(default_factory=dict)
    doubtful: tuple[int, ...] = ()


class _Row(NamedTuple):
    article: int
    annotator: int
    layer: str
    mark: Mark
    own: Attributes


def aligned(articles: Sequence[Sequence[Annotation]], labels: LabelSet) -> list[list[Item]]:
    """Return the items of each article, spans before links, in the order of the text.

    Args:
        articles: The annotations of each article; annotators are numbered by their place there.
        labels: The label set.

    Raises:
        NotFound: scipy is not installed.
    """
    rows = _rows(articles, labels)
    number = _groups(rows, labels)
    of_article: list[dict[int, list[_Row]]] = [defaultdict(list) for _ in articles]
    for row, group in zip(rows, number, strict=True):
        of_article[row.article][group].append(row)
    return [_items(annotations, grouped, labels) for annotations, grouped in zip(articles, of_article, strict=True)]


def _rows(articles: Sequence[Sequence[Annotation]], labels: LabelSet) -> list[_Row]:
    """Return every span; one that an annotator marks twice at one place, once."""
    found: dict[tuple[object, ...], _Row] = {}
    for article, annotations in enumerate(articles):
        for annotator, annotation in enumerate(annotations):
            for span in annotation.spans:
                key = (article, annotator, span.layer, span.start, span.end, span.label)
                if key not in found:
                    mark, own = _parted(mark_of(span), labels)
                    found[key] = _Row(article, annotator, span.layer, mark, own)
    return list(found.values())


def _parted(mark: Mark, labels: LabelSet) -> tuple[Mark, Attributes]:
    """Part what an annotator says of the text from what they say of themselves."""
    own = {name: value for name, value in mark.attributes.items() if name in labels.doubts}
    if not own:
        return mark, own
    said = {name: value for name, value in mark.attributes.items() if name not in own}
    return msgspec.structs.replace(mark, attributes=said), own


def _groups(rows: list[_Row], labels: LabelSet) -> list[int]:
    """Return the group of each span: what the optimal matching puts together."""
    layers = {name: code for code, name in enumerate(labels.layer_names)}
    names = {name: code for code, name in enumerate(labels.labels)}

    def column(values: list[int]) -> Ints:
        return np.array(values, dtype=np.int64)

    label = column([names.get(row.mark.label, -1) for row in rows])
    places = Places(
        column([row.article * len(layers) + layers[row.layer] for row in rows]),
        column([row.annotator for row in rows]),
        column([row.mark.start for row in rows]),
        column([row.mark.end for row in rows]),
    )
    pairs = overlapping(places)
    alike, same = likeness(places, pairs), label[pairs.one] == label[pairs.other]
    near = same | (alike >= ALIKE)
    weight = alike + SAME_LABEL * same + TWINS * (same & (alike == 1)) + _ties(places, label, pairs)
    found: list[int] = groups(places, Pairs(pairs.one[near], pairs.other[near]), weight[near]).tolist()
    return found


def _ties(places: Places, label: Ints, pairs: Pairs) -> NDArray[np.float64]:
    """Return next to nothing for each pair, by place, label and annotators: what breaks ties.

    Whichever articles are aligned together, the same choice is made of several that are as good.
    """
    mixed: NDArray[np.uint64] = np.zeros(len(pairs.one), dtype=np.uint64)
    for rows in (pairs.one, pairs.other):
        for column in (places.start, places.end, label, places.annotator):
            mixed = (mixed ^ column[rows].astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
    share: NDArray[np.float64] = TIE * (mixed >> np.uint64(11)).astype(np.float64) / 2**53
    return share


def _items(annotations: Sequence[Annotation], grouped: dict[int, list[_Row]], labels: LabelSet) -> list[Item]:
    order = {name: code for code, name in enumerate(labels.layer_names)}
    spans = sorted(grouped.values(), key=lambda rows: (order[rows[0].layer], min(_from(row.mark) for row in rows)))
    group_of = {(row.annotator, row.layer, row.mark.place): at for at, rows in enumerate(spans) for row in rows}
    readers = {
        layer: tuple(who for who, each in enumerate(annotations) if layer in each.layers)
        for layer in labels.layer_names
    }
    items = [_item(rows, readers[rows[0].layer], labels) for rows in spans]
    links: dict[tuple[int, str, int], dict[int, Mark]] = defaultdict(dict)
    # Annotators' ends may lie apart and be one item: the link between the items is one all the same.
    for who, annotation in enumerate(annotations):
        of_id = {span.id: (span.layer, mark_of(span).place) for span in annotation.spans}
        for each in annotation.relations:
            start, stop = of_id[each.head], of_id[each.tail]
            key = group_of[who, *start], each.label, group_of[who, *stop]
            first = next(iter(links[key].values()), Mark(label=each.label, head=start[1], tail=stop[1]))
            links[key][who] = first
    for (head, _, tail), said in sorted(links.items()):
        both = tuple(sorted(set(items[head].said) & set(items[tail].said)))
        items.append(Item(items[head].layer, said, both, link=True))
    return items


def _item(rows: Sequence[_Row], asked: tuple[int, ...], labels: LabelSet) -> Item:
    return Item(
        rows[0].layer,
        {row.annotator: row.mark for row in rows},
        asked,
        own={row.annotator: row.own for row in rows if row.own},
        doubtful=tuple(row.annotator for row in rows if row.own.items() & labels.doubts.items()),
    )


def _from(mark: Mark) -> tuple[int, int]:
    return mark.start, -mark.end


Known = Mapping[tuple[str, Place], Mark]
"""What stands in gold already, by layer and place."""


def named_alike(items: Sequence[Item], labels: LabelSet, known: Known) -> list[Item]:
    """Call what annotators name themselves, such as an entity, by one name: gold's, else that of the first of them.

    Names are paired so that they stand on the most items together in all; no two of one annotator become one.
    """
    found = list(items)
    for attribute in sorted(labels.keys_attributes):
        stands: dict[tuple[int, str], list[int]] = defaultdict(list)
        for number, item in enumerate(found):
            gold = (known.get((item.layer, mark.place)) for mark in item.said.values() if not item.link)
            named = [(GOLD, mark) for mark in gold if mark][:1]
            for who, mark in (*named, *item.said.items()):
                if isinstance(value := mark.attributes.get(attribute), str):
                    stands[who, value].append(number)
        names = _counterparts(stands)
        found = [
            replace(item, said={who: _renamed(mark, attribute, names, who) for who, mark in item.said.items()})
            for item in found
        ]
    return found


GOLD = -1
"""Stands for gold among the numbers of annotators; it names first."""


def _counterparts(stands: Mapping[tuple[int, str], list[int]]) -> dict[tuple[int, str], str]:
    """Return one name for each annotator's name, given the items on which each stands."""
    names: dict[tuple[int, str], str] = {}
    common: dict[str, set[int]] = {}
    for who in sorted({who for who, _ in stands}):
        own = {name: set(at) for (other, name), at in stands.items() if other == who}
        names |= {(who, name): other for name, other in _together(own, common)}
        for name, at in own.items():
            if (who, name) not in names:
                names[who, name] = next(each for each in _variants(name) if each not in common)
            common.setdefault(names[who, name], set()).update(at)
    return names


def _together(own: Mapping[str, set[int]], common: Mapping[str, set[int]]) -> Iterator[tuple[str, str]]:
    """Yield an annotator's names with the common ones that they stand for: those that share most, then those alike."""
    pairs = [(name, other) for name in own for other in common if own[name] & common[other]]
    ours, theirs = list(own), list(common)
    sets = np.array([(ours.index(name), len(ours) + theirs.index(other)) for name, other in pairs], dtype=np.int64)
    gain = np.array([len(own[name] & common[other]) + TIE * (name == other) for name, other in pairs])
    yield from (pairs[at] for at in np.flatnonzero(packed(sets.reshape(-1, 2), gain)).tolist())


def _variants(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))


def _renamed(mark: Mark, attribute: str, names: Mapping[tuple[int, str], str], who: int) -> Mark:
    value = mark.attributes.get(attribute)
    if not isinstance(value, str):
        return mark
    return msgspec.structs.replace(mark, attributes={**mark.attributes, attribute: names[who, value]})
