"""Gold that a hand corrected: where it differs from what was decided, the decisions as gold has them now.

Corrections come by pull request and say nothing of who made them; `khabar adjudicate` notes that they were made, and a
release tells the same of gold that was corrected since.
"""

from collections.abc import Iterable, Sequence

import msgspec

from khabar.model.annotation import Annotation
from khabar.model.decision import Candidate, Decision, How, Mark, mark_of

Keyed = dict[tuple[object, ...], tuple[str, Mark]]
FIRM = ("adjudicated", "corrected")
"""How decisions were made that stand whatever annotators say later."""


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
        # A hand may have renamed a span, which corrects nothing.
        found.append(msgspec.structs.replace(each, mark=now) if same else instead(each, now, "corrected", ()))
    # What was decided to be nothing, and stands there now, is that decision's.
    new = [Decision(layer=layer, how="corrected", mark=mark) for layer, mark in left.values()]
    kept = [each for each in found if each.mark or not any(each.keys & other.keys for other in new)]
    new = [
        _with_candidates(each, [other for other in found if other.mark is None and other.keys & each.keys])
        for each in new
    ]
    return confirmed([*kept, *new], "corrected", ())


def _with_candidates(decision: Decision, others: Sequence[Decision]) -> Decision:
    return msgspec.structs.replace(
        decision,
        candidates=tuple(each for other in others for each in other.candidates),
        seen=max((other.seen for other in others), default=0),
    )


def confirmed(decisions: Sequence[Decision], how: How, by: tuple[str, ...]) -> list[Decision]:
    """Let what a rule settled stand too, where somebody marked beside it what would take its place otherwise.

    That is a candidate that it was chosen over; for a link, another of its kind from the same head.
    """
    firm = [each for each in decisions if each.how in FIRM and each.mark]
    taken = {key for each in firm for key in (*each.keys, _start(each))}
    return [
        msgspec.structs.replace(each, how=how, by=by, candidates=each.candidates or _before(each))
        if each.mark and each.how not in (*FIRM, "open") and taken & {*each.keys, _start(each)} - {None}
        else each
        for each in decisions
    ]


def _start(decision: Decision) -> tuple[object, ...] | None:
    """Return the head and the label of a link, None for a span."""
    mark = decision.mark
    return (mark.head, mark.label) if mark and mark.head else None


def instead(decision: Decision, mark: Mark | None, how: How, by: tuple[str, ...], reason: str = "") -> Decision:
    """Return a decision with another outcome; what it was before is one of its candidates."""
    if mark and decision.mark and decision.mark.key == mark.key and decision.mark.id:
        mark = msgspec.structs.replace(mark, id=decision.mark.id)
    return msgspec.structs.replace(
        decision,
        how=how,
        mark=mark,
        by=by,
        reason=reason,
        candidates=decision.candidates or _before(decision),
        uncertainty=0.0,
    )


def _before(decision: Decision) -> tuple[Candidate, ...]:
    """Return what a decision was, as a candidate of another one."""
    return () if decision.mark is None else (Candidate(by=decision.by, mark=decision.mark),)
