"""Agreement on relations: who said what, as the annotators tie quotes to their sources and cues.

``<relation>_f1``: both ends in the same place with the same label; ``..._relaxed_f1``: both ends matched, with the same
label; ``..._given_f1``: the same, of the links whose head both annotators marked, so that what the heads cost is left
out.  ``<relation>_masi``: Krippendorff's alpha with Passonneau's distance of sets (2006), a matched head being a unit
and the set of its tails the answer, so that one source of two in common counts for something.  ``<relation>_entity``:
of matched heads, how often both annotators lead to the same entity: their tails match, or bear names of which any
mention matches, or neither has a tail.
"""

from collections.abc import Iterator

import numpy as np

from khabar.adjudication.agreement.codes import Floats
from khabar.adjudication.agreement.judgements import Judgements
from khabar.adjudication.agreement.measures import Measure
from khabar.adjudication.agreement.pairs import Couple, grouped
from khabar.adjudication.agreement.sets import masi_measures
from khabar.adjudication.agreement.spans import pooled, share_measure
from khabar.model.columns import Ints, Mask
from khabar.model.labels import RelationType

NONE = -1


def link_measures(told: Judgements, layer: str, couples: list[Couple]) -> Iterator[Measure]:
    """Yield what is measured on the relations whose heads are of a layer, relation by relation and of all."""
    heads = told.labels.layer_of
    kinds = [each for each in told.labels.relations if heads[each.head] == layer]
    if not kinds:
        return
    groups = _groups(told, couples[0].relaxed)
    numbers = [number for number, each in enumerate(told.labels.relations) if each in kinds]
    yield from _f1s(couples, groups, "link", np.isin(told.links.label, numbers))
    for number, kind in zip(numbers, kinds, strict=True):
        mine = told.links.label == number
        yield from _f1s(couples, groups, kind.name.lower(), mine)
        if kind.exactly_one_unless:
            yield from masi_measures(couples, groups, mine, kind)
            yield from _entities(couples, groups, mine, kind)


def _groups(told: Judgements, relaxed: float) -> Ints:
    """The group of each span: spans of one label that match, in any layer, have the same."""
    group = np.arange(len(told.marks.article))
    for layer in told.labels.layers:
        rows = told.rows(layer)
        group[rows] = grouped(told, layer, relaxed)[rows]
    return group


def _places(told: Judgements) -> Ints:
    """A number for each place and label of each article: the same for spans that are the same."""
    marks = told.marks
    columns = np.stack([marks.article, marks.label, marks.start, marks.end])
    return np.unique(columns, axis=1, return_inverse=True)[1].ravel() if columns.size else marks.article


def _f1s(couples: list[Couple], groups: Ints, name: str, mine: Mask) -> Iterator[Measure]:
    """Yield F1 of some relations, exact, relaxed, and given the head."""
    told = couples[0].told
    places = _places(told)
    for suffix, end, given in (("f1", places, False), ("relaxed_f1", groups, False), ("given_f1", groups, True)):
        each = [_same_links(couple, end, mine, given=given) for couple in couples]
        for of, some, read in pooled(couples, each):
            yield share_measure(f"{name}_{suffix}", some, "links", (of, read))


def _same_links(couple: Couple, end: Ints, mine: Mask, *, given: bool) -> Floats:
    """By article: twice the links that are the same, and all links of both annotators."""
    told, links = couple.told, couple.told.links
    marks, spans = told.marks, len(told.marks.article)
    key = (links.label * (spans + 1) + end[links.head]) * (spans + 1) + end[links.tail]
    article = marks.article[links.head]
    here = mine & couple.read[article]
    sides = [np.flatnonzero(here & (marks.annotator[links.head] == who)) for who in couple.annotators]
    if given:
        sides = [
            rows[np.isin(end[links.head[rows]], _ends(couple, end, who))]
            for rows, who in zip(sides, reversed(couple.annotators), strict=True)
        ]
    sums = np.zeros((len(told.articles), 2))
    for rows, others in (sides, reversed(sides)):
        some = rows[np.isin(key[rows], key[others])]
        sums[:, 0] += np.bincount(article[some], minlength=len(sums))
        sums[:, 1] += np.bincount(article[rows], minlength=len(sums))
    return sums


def _ends(couple: Couple, end: Ints, annotator: int) -> Ints:
    """Return what stands for the spans of an annotator."""
    ends: Ints = end[couple.told.marks.annotator == annotator]
    return ends


def _entities(couples: list[Couple], groups: Ints, mine: Mask, kind: RelationType) -> Iterator[Measure]:
    """Yield how often matched heads lead to the same entity."""
    each = [_same_entity(couple, groups, mine, kind) for couple in couples]
    for of, some, read in pooled(couples, each):
        yield share_measure(f"{kind.name.lower()}_entity", some, "matched heads", (of, read))


def _same_entity(couple: Couple, groups: Ints, mine: Mask, kind: RelationType) -> Floats:
    """By article: matched heads that lead to the same entity, and all matched heads."""
    told, (one, other) = couple.told, couple.matches
    head = list(told.labels.labels).index(kind.head)
    kept = (told.marks.label[one] == head) & (told.marks.label[other] == head)
    one, other = one[kept], other[kept]
    tail = np.full(len(told.marks.article), NONE)
    tail[told.links.head[mine]] = told.links.tail[mine]
    first, second = tail[one], tail[other]
    both, neither = (first != NONE) & (second != NONE), (first == NONE) & (second == NONE)
    same = both & (groups[first] == groups[second])
    for name in told.labels.keys_attributes:
        if told.labels.attribute(kind.tail, name):
            same |= both & _linked(couple, told.keys[name], first, second)
    article, articles = told.marks.article[one], len(told.articles)
    sums = [np.bincount(some, minlength=articles) for some in (article[same | neither], article)]
    return np.stack(sums, axis=1).astype(np.float64)


def _linked(couple: Couple, keys: Ints, first: Ints, second: Ints) -> Mask:
    """Tell of two annotators' spans whether the names they bear share a mention: spans of both that match."""
    told = couple.told
    width = int(keys.max(initial=0)) + 2
    known = []
    for layer in told.labels.layers:
        pairs = Couple(told, layer, couple.annotators, couple.relaxed).matches
        named = (keys[pairs.one] != NONE) & (keys[pairs.other] != NONE)
        known.append(keys[pairs.one[named]] * width + keys[pairs.other[named]])
    one, other = keys[first], keys[second]
    named = (one != NONE) & (other != NONE)
    found: Mask = named & np.isin(one * width + other, np.concatenate(known))
    return found
