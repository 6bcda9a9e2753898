"""Decisions that stand whatever annotators say later: what the adjudicator answered, and what was corrected by hand."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from khabar.adjudication.items import ALIKE
from khabar.model.annotation import Annotation, withheld_words
from khabar.model.decision import Candidate, Decision, How, Mark, Place, mark_of

Keyed = dict[tuple[object, ...], tuple[str, Mark]]
FIRM = ("adjudicated", "corrected")


def marks_of(annotation: Annotation, layers: Iterable[str]) -> Keyed:
    """Return the marks of some layers of an annotation, spans before links, by what they are known by."""
    of = {span.id: (span.layer, mark_of(span)) for span in annotation.spans if span.layer in layers}
    found: Keyed = {(layer, *mark.key): (layer, mark) for layer, mark in of.values()}
    for link in annotation.relations:
        if link.head in of and link.tail in of:
            layer, head = of[link.head]
            mark = Mark(label=link.label, head=head.place, tail=of[link.tail][1].place)
            found[layer, *mark.key] = layer, mark
    return found


def corrected(decisions: Sequence[Decision], gold: Keyed) -> list[Decision]:
    """Return the decisions as gold has them now: where it differs from what was written, a hand corrected it.

    Args:
        decisions: What was decided when gold was written.
        gold: What it says now.
    """
    left = dict(gold)
    found = []
    for each in decisions:
        if each.how == "open" or each.mark is None:
            found.append(each)
            continue
        _, now = left.pop((each.layer, *each.mark.key), ("", None))
        same = now is not None and now.statement == each.mark.statement
        found.append(each if same else _instead(each, now, "corrected", ()))
    # What was decided to be nothing, and stands there now, is that decision's.
    new = [Decision(layer=layer, how="corrected", mark=mark) for layer, mark in left.values()]
    kept = [each for each in found if each.mark or not any(each.keys & other.keys for other in new)]
    new = [
        _with_candidates(each, [other for other in found if other.mark is None and other.keys & each.keys])
        for each in new
    ]
    return _confirmed([*kept, *new], "corrected", ())


def _with_candidates(decision: Decision, others: Sequence[Decision]) -> Decision:
    return msgspec.structs.replace(
        decision,
        candidates=tuple(each for other in others for each in other.candidates),
        seen=max((other.seen for other in others), default=0),
    )


def answered(
    decisions: Sequence[Decision], answer: Annotation, seen: int, reasons: Mapping[int, str]
) -> list[Decision]:
    """Return the decisions after an adjudicator's answer, an annotation of the whole article.

    What the adjudicator was shown and left as it was stays settled as it was; what was corrected by hand stays.  What
    silence does not answer stays open.

    Args:
        decisions: What is known so far, with what is open.
        answer: What the adjudicator says.
        seen: The number of the adjudication campaign that it answers.
        reasons: Why, by number in the list that was shown.
    """
    left = marks_of(answer, answer.layers)
    by = (answer.annotator,)
    was_shown = [0 < each.seen <= seen and each.layer in answer.layers for each in decisions]
    shown = [each for each, was in zip(decisions, was_shown, strict=True) if was]
    rest = [each for each, was in zip(decisions, was_shown, strict=True) if not was]
    spans = [each for each in shown if not each.is_link]
    chosen = [_taken(each, left) for each in spans]
    chosen = [mark or _instead_of(each, left) for each, mark in zip(spans, chosen, strict=True)]
    found = [
        each if mark is None and _asks_for_a_word(each, reasons) else _judged(each, mark, by, reasons)
        for each, mark in zip(spans, chosen, strict=True)
    ]
    now = {key[1:]: mark.place for each, mark in zip(spans, chosen, strict=True) if mark for key in each.keys}
    for each in (each for each in shown if each.is_link):
        ends = [(now.get(mark.head), mark.label, now.get(mark.tail)) for mark in each.marks if mark.head and mark.tail]
        hits = (left.pop((each.layer, *key), None) for key in ends)
        found.append(_judged(each, next((hit[1] for hit in hits if hit), None), by, reasons))
    new = [Decision(layer=layer, how="adjudicated", mark=mark, by=by, seen=seen) for layer, mark in left.values()]
    known = {key for each in rest if each.how == "corrected" and each.mark for key in each.keys}
    return _confirmed([*found, *rest, *(each for each in new if not each.keys & known)], "adjudicated", by)


def _confirmed(decisions: Sequence[Decision], how: How, by: tuple[str, ...]) -> list[Decision]:
    """Let what a rule settled stand too, where somebody marked beside it what would take its place otherwise.

    That is a candidate that it was chosen over; for a link, another of its kind from the same head.
    """
    firm = [each for each in decisions if each.how in FIRM and each.mark]
    taken = {key for each in firm for key in (*each.keys, _start(each))}
    return [
        msgspec.structs.replace(each, how=how, by=by)
        if each.mark and each.how not in (*FIRM, "open") and taken & {*each.keys, _start(each)} - {None}
        else each
        for each in decisions
    ]


def _start(decision: Decision) -> tuple[object, ...] | None:
    """Return the head and the label of a link, None for a span."""
    mark = decision.mark
    return (mark.head, mark.label) if mark and mark.head else None


def _taken(decision: Decision, left: Keyed) -> Mark | None:
    """Take what the adjudicator marks at one of the places of a decision."""
    for mark in decision.marks:
        if (found := left.pop((decision.layer, *mark.key), None)) is not None:
            return found[1]
    return None


def _instead_of(decision: Decision, left: Keyed) -> Mark | None:
    """Take what the adjudicator marks where nobody did, and nearest to what somebody said; None where nothing is."""
    best: tuple[float, tuple[object, ...]] | None = None
    for key, (layer, mark) in left.items():
        if layer != decision.layer or mark.head is not None:
            continue
        for said in decision.marks:
            alike = _likeness(said.place, mark.place)
            if alike and (said.label == mark.label or alike >= ALIKE) and (best is None or alike > best[0]):
                best = alike, key
    return None if best is None else left.pop(best[1])[1]


def _likeness(one: Place, other: Place) -> float:
    common = min(one.end, other.end) - max(one.start, other.start)
    return max(common, 0) / (one.end - one.start + other.end - other.start - common)


def _asks_for_a_word(decision: Decision, reasons: Mapping[int, str]) -> bool:
    """Tell whether it takes a reason to say that nothing stands there, and there is none.

    Where all marked something, and not the same, the adjudicator begins from nothing: whoever merely submits that has
    not said that all of them are wrong.
    """
    silent = decision.how == "open" and decision.mark is None and decision.number not in reasons
    return silent and all(each.mark for each in decision.candidates)


def _judged(decision: Decision, mark: Mark | None, by: tuple[str, ...], reasons: Mapping[int, str]) -> Decision:
    if mark and decision.mark and mark.key == decision.mark.key:
        # Words that may not be repeated were not shown, and are not taken back.
        hidden = {name: value for name, value in decision.mark.attributes.items() if withheld_words(value)}
        mark = msgspec.structs.replace(mark, attributes=hidden | mark.attributes)
    settled = decision.how != "open"
    same = mark.statement == decision.mark.statement if mark and decision.mark else mark is decision.mark
    if decision.how == "corrected" or (settled and same):
        return decision
    return _instead(decision, mark, "adjudicated", by, reasons.get(decision.number, ""))


def _instead(decision: Decision, mark: Mark | None, how: How, by: tuple[str, ...], reason: str = "") -> Decision:
    """Return a decision with another outcome; what it was before is one of its candidates."""
    before = () if decision.mark is None else (Candidate(by=decision.by, mark=decision.mark),)
    if mark and decision.mark and decision.mark.key == mark.key and decision.mark.id:
        mark = msgspec.structs.replace(mark, id=decision.mark.id)
    return msgspec.structs.replace(
        decision,
        how=how,
        mark=mark,
        by=by,
        reason=reason,
        candidates=decision.candidates or before,
        uncertainty=0.0,
    )
