"""Decisions that stand whatever annotators say later: what the adjudicator answered, on top of what is known so far."""

from collections.abc import Mapping, Sequence

import msgspec

from khabar.adjudication.items import ALIKE
from khabar.model.annotation import Annotation, withheld_words
from khabar.model.corrections import FIRM, Keyed, confirmed, instead, marks_of
from khabar.model.decision import Decision, Mark, Place


def answered(
    decisions: Sequence[Decision], answer: Annotation, seen: int, reasons: Mapping[int, str]
) -> list[Decision]:
    """Return the decisions after an adjudicator's answer, an annotation of the whole article.

    What the adjudicator was shown and left as it was stays settled as it was; what was corrected by hand stays.  What
    silence does not answer is open.

    Args:
        decisions: What is known so far, with what is open.
        answer: What the adjudicator says.
        seen: The number of the adjudication campaign that it answers.
        reasons: Why, by number in the list that was shown; by 0 for what is not in it.
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
        _unanswered(each)
        if mark is None and each.number not in reasons and asks_for_a_word(each)
        else _judged(each, mark, by, reasons)
        for each, mark in zip(spans, chosen, strict=True)
    ]
    now = {key[1:]: mark.place for each, mark in zip(spans, chosen, strict=True) if mark for key in each.keys}
    for each in (each for each in shown if each.is_link):
        ends = [(now.get(mark.head), mark.label, now.get(mark.tail)) for mark in each.marks if mark.head and mark.tail]
        hits = (left.pop((each.layer, *key), None) for key in ends)
        mark = next((hit[1] for hit in hits if hit), None)
        silent = mark is None and each.number not in reasons and asks_for_a_word(each) and _could_stand(each, now, left)
        found.append(_unanswered(each) if silent else _judged(each, mark, by, reasons))
    new = [Decision(layer=layer, how="adjudicated", mark=mark, by=by, seen=seen) for layer, mark in left.values()]
    known = {key for each in rest if each.how == "corrected" and each.mark for key in each.keys}
    return confirmed([*found, *rest, *(each for each in new if not each.keys & known)], "adjudicated", by)


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


def asks_for_a_word(decision: Decision) -> bool:
    """Tell whether it takes a reason to say that nothing stands there.

    Where all marked something, and not the same, the adjudicator begins from nothing: whoever merely submits that has
    not said that all of them are wrong.  Nor has whoever submits without a mark that a rule settled: a key deletes it.
    """
    if decision.how == "open":
        return decision.mark is None and all(each.mark for each in decision.candidates)
    return decision.how not in FIRM and decision.mark is not None


def _could_stand(decision: Decision, now: Mapping[tuple[object, ...], Place], left: Keyed) -> bool:
    """Tell whether the adjudicator left both ends of a settled link, and drew no other of its kind from its head."""
    link = decision.mark
    if link is None or link.head is None or link.tail is None:
        return False
    head, tail = now.get(link.head), now.get(link.tail)
    if head is None or tail is None or (head.label, tail.label) != (link.head.label, link.tail.label):
        return False  # what was made of its ends may not be linked so
    return not any((mark.head, mark.label) == (head, link.label) for _, mark in left.values())


def _unanswered(decision: Decision) -> Decision:
    return msgspec.structs.replace(decision, how="open")


def _judged(decision: Decision, mark: Mark | None, by: tuple[str, ...], reasons: Mapping[int, str]) -> Decision:
    if mark and decision.mark and mark.key == decision.mark.key:
        # Words that may not be repeated were not shown, and are not taken back.
        hidden = {name: value for name, value in decision.mark.attributes.items() if withheld_words(value)}
        mark = msgspec.structs.replace(mark, attributes=hidden | mark.attributes)
    settled = decision.how != "open"
    same = mark.statement == decision.mark.statement if mark and decision.mark else mark is decision.mark
    if decision.how == "corrected" or (settled and same):
        return decision
    return instead(decision, mark, "adjudicated", by, reasons.get(decision.number, ""))
