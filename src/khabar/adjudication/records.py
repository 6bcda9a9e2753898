"""An article with what was said of it -> what stands there already, the gold that comes of it, and its record."""

from collections.abc import Mapping, Sequence

import msgspec

from khabar.adjudication.gather import Answer, Case
from khabar.adjudication.merge import annotation_of, where, with_said
from khabar.adjudication.rules import Rule
from khabar.adjudication.standing import answered
from khabar.adjudication.statements import statements
from khabar.errors import KhabarError
from khabar.model.annotation import Annotation, canonical
from khabar.model.article import Article
from khabar.model.corrections import FIRM, corrected, marks_of
from khabar.model.decision import Decision, Place, Record
from khabar.model.labels import LabelSet
from khabar.model.text import salted_digest
from khabar.store import Corpus

TOLD = 5
"""How many removed marks are told in one line."""


class Left(KhabarError):
    """An article is left as it is; the text says why."""


def standing(case: Case, layers: Sequence[str], fresh: Sequence[Decision], labels: LabelSet) -> list[Decision]:
    """Return the decisions that stand: corrections by hand and the adjudicator's, the newest answer taken.

    All decisions stand on layers of gold that nobody speaks of today.

    Args:
        case: The article.
        layers: The layers that its annotators speak of.
        fresh: What becomes of the items of today's annotations by the rule.
        labels: The label set.

    Raises:
        Left: two adjudicators answer differently, or one passed over a question in which all marked something, or
            removed without a reason what was settled; or there is a question on a layer that nobody speaks of today.
    """
    record = of_this_text(case)
    if record is None:
        return []
    decisions = list(record.decisions)
    # While questions are open, decisions are not what was written: gold that differs is never replaced silently.
    if case.gold and record.gold and not record.open and case.gold_digest not in (record.gold, record.before):
        decisions = corrected(decisions, marks_of(case.gold, record.layers))
    if (answer := _answer(case, labels)) and record.answered.get(answer.round) != answer.digest:
        decisions = answered(decisions, answer.annotation, answer.seen, answer.reasons)
        _refuse_silence(decisions, answer)
        decisions = with_said(decisions, fresh, labels)
    rest = [each for each in decisions if each.layer not in layers]
    if waits := next((each.layer for each in rest if each.how == "open"), ""):
        raise Left(f"questions on {waits} are open in {record.rounds[-1]}: have them answered first")
    return [*(each for each in decisions if each.how in FIRM and each.layer in layers), *(rest if case.gold else ())]


def of_this_text(case: Case) -> Record | None:
    """Return what was decided on this very text."""
    return case.record if case.record and case.record.sha256 == case.annotations[0].sha256 else None


def _refuse_silence(decisions: Sequence[Decision], answer: Answer) -> None:
    shown = (each for each in decisions if 0 < each.seen <= answer.seen and each.layer in answer.annotation.layers)
    silent = [each for each in shown if each.how == "open"]
    passed = sorted(each.number for each in silent if each.mark is None)
    removed = [f"{where(each.mark)} of {', '.join(each.by)}" for each in silent if each.mark]
    removed[TOLD:] = [f"{len(removed) - TOLD} more"] if len(removed) > TOLD else []
    faults = []
    if passed:
        faults.append(
            f"left {', '.join(map(str, passed))} empty in {answer.round}, where all annotators marked something:"
            f" mark what stands there, or note why nothing does, as in '{passed[0]}: none'"
        )
    if removed:
        faults.append(
            f"removed {'; '.join(removed)} in {answer.round}, where that was settled:"
            " put it back, or note why it does not stand, as in '0: none'"
        )
    if faults:
        raise Left(f"{answer.annotation.annotator} {'; '.join(faults)}")


def _answer(case: Case, labels: LabelSet) -> Answer | None:
    said = {frozenset(statements(each.annotation, labels)) for each in case.answers}
    if len(said) > 1:
        who = ", ".join(each.annotation.annotator for each in case.answers)
        raise Left(f"{who} answer differently in {case.answers[0].round}: one of them has to change the answer")
    return case.answers[0] if case.answers else None


def gold_of(case: Case, layers: tuple[str, ...], decisions: Sequence[Decision], corpus: Corpus) -> Annotation:
    """Return the gold that comes of decisions, with the layers of today's gold that they are not about.

    Raises:
        Left: nobody repeats the words of a decision any more, and the text is not at hand.
    """
    said = (*case.annotations, *(each.annotation for each in case.answers), *([case.gold] if case.gold else []))
    words = {(span.start, span.end): (span.text, span.digest) for each in said for span in each.spans}
    marks = (each.mark for each in decisions if each.mark and each.mark.head is None)
    for start, end in {(mark.start, mark.end) for mark in marks} - set(words):
        words[start, end] = _words(corpus, corpus.article(case.article), start, end)
    like = msgspec.structs.replace(case.annotations[0], layers=layers)
    return canonical(annotation_of(decisions, like, words, case.gold), corpus.labels.layer_names)


def _words(corpus: Corpus, article: Article, start: int, end: int) -> tuple[str | None, str | None]:
    text = corpus.text(article)
    if text is None:
        raise Left(f"the words at {start}-{end} are needed, the text is not at hand: khabar restore")
    open_ = corpus.source_of(article).redistribute == "text"
    return (text[start:end], None) if open_ else (None, salted_digest(article.sha256, text[start:end]))


def record_of(case: Case, layers: tuple[str, ...], rule: Rule, decisions: Sequence[Decision]) -> Record:
    """Return the record of an article's decisions; what it knows of rounds, gold and other layers is as it was."""
    first, old, known = case.annotations[0], case.record, of_this_text(case)
    return Record(
        article=case.article,
        sha256=first.sha256,
        scheme=first.scheme,
        layers=(*layers, *(each for each in (known.layers if known and case.gold else ()) if each not in layers)),
        rule=str(rule),
        annotators=tuple(each.annotator for each in case.annotations),
        campaigns=tuple(sorted({*case.campaigns, *(old.campaigns if old else ())})),
        rounds=old.rounds if old else (),
        answered={**(old.answered if old else {}), **{each.round: each.digest for each in case.answers}},
        before=old.before if old else "",
        gold=old.gold if old else "",
        decisions=tuple(decisions),
    )


def as_seen(decisions: Sequence[Decision], record: Record | None) -> list[Decision]:
    """Note in which adjudication campaign each question was shown already."""
    seen = {key: each.seen for each in (record.decisions if record else ()) for key in each.keys if each.seen}
    return [
        msgspec.structs.replace(each, seen=each.seen or min((seen[key] for key in each.keys & set(seen)), default=0))
        for each in decisions
    ]


def with_id(decision: Decision, ids: Mapping[Place, str]) -> Decision:
    """Note the id that a span has in gold."""
    mark = decision.mark
    if mark is None or mark.head is not None:
        return decision
    return msgspec.structs.replace(decision, mark=msgspec.structs.replace(mark, id=ids.get(mark.place, mark.id)))


def told(record: Record) -> str:
    """Tell where gold came from: who annotated, how many marks not all of them said, what an adjudicator decided."""
    counts: dict[str, int] = {}
    for each in record.decisions:
        if each.how == "adjudicated" or (each.mark and each.how != "unanimous"):
            counts[each.how] = counts.get(each.how, 0) + 1
    return ", ".join([", ".join(record.annotators), *(f"{count} {how}" for how, count in counts.items())])
