"""Decisions on one article -> one annotation: what stands, what annotators agree on, what is left open."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from khabar.model.annotation import GOLD, Annotation, Relation, Span
from khabar.model.decision import Candidate, Decision, Mark, Place, mark_of
from khabar.model.labels import LabelSet

Words = Mapping[tuple[int, int], tuple[str | None, str | None]]
"""The words, or their digest, at each place of an article where somebody marks something."""


class Merged(NamedTuple):
    """What became of an article's questions.

    Attributes:
        decisions: All of them, spans before links.
        notes: What a person should know, a line each.
    """

    decisions: list[Decision]
    notes: list[str]


def merged(fresh: Sequence[Decision], standing: Sequence[Decision], labels: LabelSet) -> Merged:
    """Put what annotators say now beside the decisions that stand.

    A decision stands for everything that it was made about.  What is new where something stands in gold is noted;
    what is new where nothing was decided to stand is a question again.

    Args:
        fresh: What becomes of the items of today's annotations by the rule.
        standing: What the adjudicator or a hand decided.
        labels: The label set.
    """
    stays, gone = _keys(standing)
    spans = [each for each in standing if not each.is_link]
    notes = [_unsaid(each) for each in spans if each.how == "adjudicated" and not _said(each, fresh)]
    for each in (each for each in fresh if not each.is_link):
        if each.keys & stays:
            news = [mark for mark in each.marks if (each.layer, *mark.key) not in stays | gone]
            notes += [f"{where(mark)}: that is new, and differs from what was decided, which stands" for mark in news]
        elif not (each.keys <= gone or _is_gone(each, gone)):
            again = each.how == "open" and bool(each.keys & gone)
            reason = "nothing was decided to stand here, and a candidate is new" if again else ""
            spans.append(msgspec.structs.replace(each, reason=reason))
    return Merged([*spans, *_links(fresh, standing, _Ends(spans, labels))], notes)


def _keys(decisions: Iterable[Decision]) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]]]:
    """Return the keys of decisions by which something stands, and of those by which nothing does."""
    stays: set[tuple[object, ...]] = set()
    gone: set[tuple[object, ...]] = set()
    for each in decisions:
        (stays if each.mark else gone).update(each.keys)
    return stays, gone - stays


def _is_gone(decision: Decision, gone: set[tuple[object, ...]]) -> bool:
    """Tell whether a rule settles what was decided not to stand."""
    return decision.how != "open" and decision.mark is not None and (decision.layer, *decision.mark.key) in gone


def _said(decision: Decision, fresh: Iterable[Decision]) -> bool:
    return not decision.candidates or any(decision.keys & each.keys for each in fresh)


def _unsaid(decision: Decision) -> str:
    what = "it stands" if decision.mark else "nothing stands"
    place = where(decision.marks[0])
    return f"{place}: nobody says any more what was decided there; the decision is kept, and {what} in gold"


def where(mark: Mark) -> str:
    """Tell where a mark is and what it is called."""
    if mark.head is None or mark.tail is None:
        return f"{mark.start}-{mark.end} {mark.label}"
    return f"{mark.head.start}-{mark.head.end} {mark.label} {mark.tail.start}-{mark.tail.end}"


class _Ends:
    """Finds what stands in gold for an end of a link, whatever boundaries an annotator gave it."""

    def __init__(self, spans: Iterable[Decision], labels: LabelSet) -> None:
        self._labels = labels
        self._of: dict[tuple[object, ...], Decision] = {}
        for each in sorted(spans, key=lambda each: each.mark is None):
            for key in each.keys:
                self._of.setdefault(key, each)

    def end(self, place: Place) -> Place | None:
        """Return the span that stands for it, None where none does."""
        found = self._find(place)
        return found.mark.place if found and found.mark else None

    def is_open(self, place: Place) -> bool:
        """Tell whether not even its place is decided yet."""
        found = self._find(place)
        return found is not None and found.mark is None and found.how == "open"

    def _find(self, place: Place) -> Decision | None:
        return self._of.get((self._labels.layer_of[place.label], *place))


def _links(fresh: Sequence[Decision], standing: Sequence[Decision], ends: _Ends) -> list[Decision]:
    links = [_attached(each, ends) for each in standing if each.is_link]
    stays, gone = _keys(links)
    chosen = {(each.mark.head, each.mark.label) for each in links if each.mark and each.how == "adjudicated"}
    for each in (each for each in fresh if each.is_link):
        both = [(mark.head, mark.label, mark.tail) for mark in each.marks if mark.head and mark.tail]
        attached = [(ends.end(head), label, ends.end(tail)) for head, label, tail in both]
        whole = [Mark(label=label, head=head, tail=tail) for head, label, tail in attached if head and tail]
        waits = any(ends.is_open(end) for head, _, tail in both for end in (head, tail))
        keys = each.keys | {(each.layer, *mark.key) for mark in whole}
        # Whatever became of its ends, a link that was decided not to stand does not.
        if keys & stays or each.keys <= gone or (not whole and not (waits and each.how == "open")):
            continue
        if whole and each.how != "open" and each.mark and (whole[0].head, whole[0].label) in chosen:
            continue
        links.append(msgspec.structs.replace(each, mark=whole[0] if whole and each.mark else None))
    return links


def _attached(decision: Decision, ends: _Ends) -> Decision:
    """Return a decision on a link as it stands: without its mark where an end of it is not in gold any more."""
    mark = decision.mark
    if mark is None or mark.head is None or mark.tail is None or (ends.end(mark.head) and ends.end(mark.tail)):
        return decision
    return msgspec.structs.replace(decision, mark=None)


def with_said(decisions: Sequence[Decision], fresh: Sequence[Decision], labels: LabelSet) -> list[Decision]:
    """Return decisions in which links that the adjudicator drew have what annotators said of them.

    A link of which an end was a question was none itself: who drew it, and who drew another from the same head to what
    is nothing now, is known by the items of today's annotations alone.
    """
    ends = _Ends((each for each in decisions if not each.is_link), labels)
    known = {key for each in decisions if each.is_link and not _is_bare(each) for key in each.keys}
    said = [each for each in fresh if each.is_link and not each.keys & known]
    starts = Counter((each.mark.head, each.mark.label) for each in decisions if each.mark and _is_bare(each))

    def candidates(link: Mark) -> Iterator[Candidate]:
        for each in said:
            mark = each.marks[0]
            if mark.head is None or mark.tail is None or (ends.end(mark.head), mark.label) != (link.head, link.label):
                continue
            tail = ends.end(mark.tail)
            if tail == link.tail or (tail is None and starts[link.head, link.label] == 1):
                yield from each.candidates or (Candidate(by=each.by, mark=each.mark),)

    return [
        msgspec.structs.replace(each, candidates=tuple(candidates(each.mark))) if each.mark and _is_bare(each) else each
        for each in decisions
    ]


def _is_bare(decision: Decision) -> bool:
    return decision.is_link and decision.how == "adjudicated" and not decision.candidates


def annotation_of(
    decisions: Sequence[Decision], like: Annotation, words: Words, there: Annotation | None
) -> Annotation:
    """Return what was decided as a gold annotation; of what is open, the part that is settled.

    Args:
        decisions: The decisions; those on other layers are left out.
        like: Gives article, text, scheme and layers.
        words: What stands at each place.
        there: The gold that is there: its layers that are not decided on stay as they are, and no span changes its id.
    """
    before = there or msgspec.structs.replace(like, layers=(), spans=(), relations=())
    kept = tuple(span for span in before.spans if span.layer not in like.layers)
    others = {span.id for span in kept}
    known = {mark_of(span).place: span.id for span in before.spans}
    stand = [each for each in decisions if each.layer in like.layers]
    marks = {each.mark.place: (each.layer, each.mark) for each in stand if each.mark and each.mark.head is None}
    ids = _ids([mark for _, mark in marks.values()], known, others)
    spans = [_span(layer, mark, ids[place], words) for place, (layer, mark) in marks.items()]
    links = {
        Relation(ids[each.mark.head], each.mark.label, ids[each.mark.tail]): None
        for each in stand
        if each.mark and each.mark.head in ids and each.mark.tail in ids
    }
    return msgspec.structs.replace(
        like,
        annotator=GOLD,
        kind=GOLD,
        layers=(*like.layers, *sorted(set(before.layers) - set(like.layers))),
        spans=(*spans, *kept),
        relations=(*links, *(each for each in before.relations if each.head in others)),
    )


def _span(layer: str, mark: Mark, name: str, words: Words) -> Span:
    text, digest = words[mark.start, mark.end]
    return Span(
        start=mark.start,
        end=mark.end,
        layer=layer,
        label=mark.label,
        id=name,
        attributes=mark.attributes,
        text=text,
        digest=digest,
    )


def _ids(marks: Sequence[Mark], known: Mapping[Place, str], taken: set[str]) -> dict[Place, str]:
    """Give each span an id: the one that it has in gold, else its annotator's where that is free."""
    ids = {mark.place: known[mark.place] for mark in marks if mark.place in known}
    used = {*taken, *ids.values()}
    for mark in marks:
        if mark.place not in ids:
            wanted = (mark.id, *(f"g{number}" for number in range(1, len(marks) + len(used) + 2)))
            ids[mark.place] = next(each for each in wanted if each and each not in used)
            used.add(ids[mark.place])
    return ids
