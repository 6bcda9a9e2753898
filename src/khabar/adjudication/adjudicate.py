"""Annotations of campaigns -> gold, and what an adjudicator has to decide first.

What a rule settles and no check forbids becomes gold, article by article; an article with open questions is put into
an adjudication campaign, and its answer is taken when it is there.  Everything is derived from files, and each file is
written whole: a run that was cut off is completed by the next.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from khabar.adjudication.gather import Case, cases
from khabar.adjudication.items import Item, aligned, named_alike
from khabar.adjudication.merge import merged
from khabar.adjudication.ranking import Answered, ranked, uncertainty
from khabar.adjudication.records import Left, as_seen, gold_of, of_this_text, record_of, standing, told, with_id
from khabar.adjudication.rules import Rule, decided
from khabar.adjudication.statements import layer_of, statements
from khabar.model.annotation import Annotation, encoded
from khabar.model.corrections import marks_of
from khabar.model.decision import Decision, mark_of
from khabar.model.finding import Finding, Level
from khabar.store import Corpus

Judge = Callable[[Sequence[Annotation], Level], list[Finding]]


class Result(NamedTuple):
    """What became of one article.

    Attributes:
        article: Its id.
        written: Whether gold was written.
        open: Questions that are left, 0 where none are.
        message: What there is to say, on one line.
        notes: What a person should know besides, a line each.
    """

    article: str
    written: bool
    open: int
    message: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Terms:
    """How a merge is done.

    Attributes:
        judge: Returns the errors by which annotations break rules, up to a level; what breaks one becomes no gold.
        round: Name of the first adjudication campaign; later ones have a number behind it.
        rule: What settles a question.
        replace: Whether gold that says otherwise may be replaced, and a record of others who annotated; a layer that
            gold lacks is added in any case.
        least: How many annotators an article needs.
        known: Articles whose gold measures annotators, and is not made of what they say.
    """

    judge: Judge
    round: str
    rule: Rule = field(default_factory=Rule)
    replace: bool = False
    least: int = 1
    known: frozenset[str] = frozenset()


class _Open(NamedTuple):
    """An article with open questions, and where each is in the tables of the ranking."""

    case: Case
    layers: tuple[str, ...]
    decisions: list[Decision]
    places: dict[frozenset[tuple[object, ...]], tuple[str, int]]
    notes: list[str]


def adjudicate(corpus: Corpus, campaigns: Sequence[str], terms: Terms) -> Iterator[Result]:
    """Yield what becomes of each article of campaigns whose annotations were pulled.

    Raises:
        NotFound: a campaign has no annotations.
        Busy: another process adjudicates.
    """
    with corpus.alone(corpus.gold_folder):
        merge = _Merge(corpus, terms)
        for chunk in cases(corpus, campaigns, terms.known):
            yield from merge.settle(chunk)
        yield from merge.ask()


class _Merge:
    def __init__(self, corpus: Corpus, terms: Terms) -> None:
        self._corpus = corpus
        self._terms = terms
        self._answers = Answered()
        self._open: list[_Open] = []

    # What is settled

    def settle(self, chunk: Sequence[Case]) -> Iterator[Result]:
        """Write the gold of the articles in which nothing is open; keep the others."""
        sound = []
        faults = self._faults(chunk)
        for case in chunk:
            try:
                self._refuse(case, faults)
                sound.append(case)
            except Left as why:
                yield _left(case, str(why))
        for case, items in zip(sound, aligned([case.annotations for case in sound], self._corpus.labels), strict=True):
            try:
                result = self._settle(case, items)
            except Left as why:
                result = _left(case, str(why))
            if result:
                yield result

    def _faults(self, chunk: Sequence[Case]) -> dict[tuple[str, str], list[Finding]]:
        """Return what keeps annotations from being compared at all, by article and annotator."""
        said = [each for case in chunk for each in (*case.annotations, *(answer.annotation for answer in case.answers))]
        found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for each in self._terms.judge(said, Level.FORM):
            found[each.article, each.annotator].append(each)
        return found

    def _refuse(self, case: Case, faults: Mapping[tuple[str, str], list[Finding]]) -> None:
        names = [each.annotator for each in case.annotations]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise Left(f"{twice} annotated it in two campaigns: give two people two pseudonyms, or name one campaign")
        if len(names) < self._terms.least:
            raise Left(f"annotated by {', '.join(names)} alone, {self._terms.least} are wanted: see --least")
        record = of_this_text(case)
        dropped = [name for name in record.annotators if name not in names] if record else []
        if dropped and not self._terms.replace:
            raise Left(f"{', '.join(dropped)} annotated it too, says its record: name their campaigns, or --replace")
        for name in (*names, *(answer.annotation.annotator for answer in case.answers)):
            if wrong := faults.get((case.article, name)):
                raise Left(f"{name} breaks {len(wrong)} rules, as {wrong[0]}")

    def _settle(self, case: Case, items: list[Item]) -> Result | None:
        labels = self._corpus.labels
        names = [each.annotator for each in case.annotations]
        gold = marks_of(case.gold, case.gold.layers) if case.gold else {}
        before = [(each.layer, each.mark) for each in case.record.decisions if each.mark] if case.record else []
        known = {(layer, mark.place): mark for layer, mark in (*before, *gold.values()) if mark.head is None}
        items = named_alike(items, labels, known)
        fresh = [decided(item, names, self._terms.rule) for item in items]
        layers = tuple(layer for layer in labels.layer_names if any(layer in each.layers for each in case.annotations))
        stand = standing(case, layers, fresh, labels)
        found = merged(fresh, [each for each in stand if each.layer in layers], labels)
        rest = [each for each in stand if each.layer not in layers]
        decisions = as_seen([*found.decisions, *rest], case.record)
        if not any(each.how == "open" for each in decisions):
            decisions = self._judged(case, layers, decisions)
        if any(each.how == "open" for each in decisions):
            places = {each.keys: at for each, at in zip(fresh, self._answers.add(items, names), strict=True)}
            self._open.append(_Open(case, layers, decisions, places, found.notes))
            return None
        self._answers.add(items, names)
        return self._written(case, layers, decisions, tuple(found.notes))

    def _judged(self, case: Case, layers: tuple[str, ...], decisions: list[Decision]) -> list[Decision]:
        """Return the decisions, open again where what came of them breaks a rule."""
        gold = gold_of(case, layers, decisions, self._corpus)
        wrong = self._terms.judge([gold], Level.SENSE)
        of_span = {span.id: mark_of(span).place for span in gold.spans if span.layer in layers}
        faults = {of_span.get(each.span): each for each in wrong}
        if None in faults:
            raise Left(f"together they break {len(wrong)} rules, as {faults[None]}")
        return [
            msgspec.structs.replace(each, how="open", reason=f"{fault.message} [{fault.check}]", uncertainty=1.0)
            if each.mark and not each.is_link and (fault := faults.get(each.mark.place))
            else each
            for each in decisions
        ]

    def _written(
        self, case: Case, layers: tuple[str, ...], decisions: list[Decision], notes: tuple[str, ...]
    ) -> Result:
        gold, there = gold_of(case, layers, decisions, self._corpus), case.gold
        # By their very names: annotators' keys were called what gold calls them.
        differ = statements(gold) ^ statements(there) if there else statements(gold)
        replaced = sum(layer_of(each) in there.layers for each in differ) if there else 0
        if replaced and not self._terms.replace:
            message = f"gold is there and differs in {replaced} statements, never replaced silently: --replace"
            return Result(case.article, written=False, open=replaced, message=message, notes=notes)
        changed = differ or there is None or set(gold.layers) != set(there.layers)
        content = encoded(gold) if changed else b""
        ids = {mark_of(span).place: span.id for span in gold.spans}
        record = record_of(case, layers, self._terms.rule, [with_id(each, ids) for each in decisions])
        record = msgspec.structs.replace(
            record,
            before=case.gold_digest if changed else "",
            gold=hashlib.sha256(content).hexdigest() if changed else case.gold_digest,
        )
        self._corpus.write_decisions(record)
        if not changed:
            return Result(case.article, written=False, open=0, message="gold says the same already", notes=notes)
        self._corpus.write_gold(gold)
        message = f"gold written, {len(gold.spans)} spans by {told(record)}"
        return Result(case.article, written=True, open=0, message=message, notes=notes)

    # What is open

    def ask(self) -> Iterator[Result]:
        """Put the articles with open questions into an adjudication campaign, ranked."""
        models = self._answers.fitted() if self._open else {}
        name = _next_round(self._terms.round, self._corpus.campaigns)
        for case, layers, decisions, places, notes in self._open:
            weighed = [
                msgspec.structs.replace(each, uncertainty=uncertainty(each, places[each.keys], models))
                if each.how == "open" and not each.uncertainty and each.keys in places
                else each
                for each in decisions
            ]
            count = sum(each.how == "open" for each in weighed)
            rounds = case.record.rounds if case.record else ()
            if rounds and not any(each.seen == len(rounds) for each in case.answers):
                message = f"{count} questions wait for an adjudicator in {rounds[-1]}"
            else:
                number = len(rounds) + 1
                shown = [msgspec.structs.replace(each, seen=each.seen or number) for each in ranked(weighed)]
                record = record_of(case, layers, self._terms.rule, shown)
                record = msgspec.structs.replace(record, rounds=(*rounds, name), gold=case.gold_digest)
                self._corpus.write_decisions(record)
                message = f"{count} questions are open, to be asked in {name}"
            yield Result(case.article, written=False, open=count, message=message, notes=tuple(notes))


def _left(case: Case, message: str) -> Result:
    return Result(case.article, written=False, open=1, message=message)


def _next_round(base: str, there: Sequence[str]) -> str:
    names = (base, *(f"{base}-{number}" for number in range(2, len(there) + 3)))
    return next(name for name in names if name not in there)
