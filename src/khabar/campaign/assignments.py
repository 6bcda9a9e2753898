"""Who annotates what: ``assignments.jsonl``, drawn from the plan and fixed from then on.

A line is one article in one project.  The lines stand in the order in which an annotator meets them, which is another
in each project.  Lines are added when articles or annotators are, and none is ever changed: what an annotator saw
stays known.  Nothing of it but the article reaches the server; whoever reads the repository sees which are controls.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Literal

import msgspec

from khabar.campaign.plan import Plan
from khabar.errors import BadRecord

FILE = "assignments.jsonl"


class Assignment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One article in one project.

    Attributes:
        article: Its id.
        project: Name of the project.
        batch: When it is released; 0 is the qualification.
        role: Why it is asked; of controls and qualification the gold is known.
        shown: Whether the annotator begins from a pre-annotation, where there is one.
    """

    article: str
    project: str
    batch: int
    role: Literal["work", "control", "qualification"] = "work"
    shown: bool = True


def read_assignments(content: bytes, place: str) -> tuple[Assignment, ...]:
    """Read ``assignments.jsonl``.

    Raises:
        BadRecord: a line does not parse, or an article is in a project twice.
    """
    found: dict[tuple[str, str], Assignment] = {}
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            each = msgspec.json.decode(line, type=Assignment)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadRecord(f"{place}:{number}: {error}: take the file from git again") from None
        if (each.article, each.project) in found:
            raise BadRecord(f"{place}:{number}: {each.article} is in project {each.project} already: remove the line")
        found[each.article, each.project] = each
    return tuple(found.values())


def written(assignments: Iterable[Assignment]) -> bytes:
    """Return ``assignments.jsonl``."""
    return b"".join(msgspec.json.encode(each) + b"\n" for each in assignments)


def completed(plan: Plan, there: tuple[Assignment, ...]) -> tuple[Assignment, ...]:
    """Return the assignments of a plan: those that are there, then what is missing, drawn by the plan's seed."""
    missing = [*_qualification(plan), *_work(plan, there)]
    last = max((each.batch for each in missing), default=0)
    known = {(each.article, each.project) for each in there}
    missing += _controls(plan, range(max((each.batch for each in there), default=0) + 1, last + 1))
    new = [each for each in missing if (each.article, each.project) not in known]
    hidden = _bare(plan, there, new)
    ready = [
        msgspec.structs.replace(each, shown=False) if (each.article, each.project) in hidden else each for each in new
    ]
    if plan.adjudicates:  # in the order of the plan: the most uncertain first
        turn = {key: number for number, key in enumerate(plan.articles)}
        return (*there, *sorted(ready, key=lambda each: turn[each.article]))
    return (*there, *sorted(ready, key=lambda each: (each.batch, _rank(plan, "order", each.project, each.article))))


def _qualification(plan: Plan) -> Iterator[Assignment]:
    for project in plan.cohorts:
        for key in plan.qualification:
            yield Assignment(article=key, project=project, batch=0, role="qualification", shown=False)


def _work(plan: Plan, there: tuple[Assignment, ...]) -> Iterator[Assignment]:
    """Yield new articles batch by batch, each in the ``overlap`` projects that have the fewest.

    Of equals those that shared the fewest articles so far: at every point of a first draw loads differ by one at most.
    """
    work = [each for each in there if each.role == "work"]
    begun = {each.article for each in work}
    loads = Counter(each.project for each in work)
    shared: Counter[frozenset[str]] = Counter()
    fresh = [key for key in _shuffled(plan, plan.articles) if key not in begun]
    first = max((each.batch for each in there), default=0) + 1
    for place, key in enumerate(fresh):
        chosen: list[str] = []
        for _ in range(min(plan.overlap, len(plan.cohorts))):
            rest = [project for project in plan.cohorts if project not in chosen]
            chosen.append(min(rest, key=lambda each: (*_burden(each, chosen, loads, shared), _rank(plan, each, key))))
        loads.update(chosen)
        shared.update(map(frozenset, combinations(chosen, 2)))
        batch = first + place // plan.batch if plan.batch else 1
        yield from (Assignment(article=key, project=project, batch=batch) for project in chosen)


def _burden(project: str, chosen: list[str], loads: Counter[str], shared: Counter[frozenset[str]]) -> tuple[int, int]:
    return loads[project], sum(shared[frozenset((project, other))] for other in chosen)


def _controls(plan: Plan, batches: range) -> Iterator[Assignment]:
    """Yield every control for every project, spread over new batches; without one they come at once."""
    for place, key in enumerate(_shuffled(plan, plan.controls)):
        batch = batches[place % len(batches)] if batches else 1
        for project in plan.cohorts:
            yield Assignment(article=key, project=project, batch=batch, role="control")


def _bare(plan: Plan, there: tuple[Assignment, ...], new: list[Assignment]) -> set[tuple[str, str]]:
    """Draw what is begun from nothing: in each project and batch the same share, among articles and controls alike.

    Were it more in some batches, what is begun from nothing would be annotated at another time than the rest.  What
    rounding takes from one batch the next ones have.
    """
    found: set[tuple[str, str]] = set()
    for project in plan.cohorts:
        total = 0
        old, fresh = ([each for each in some if each.project == project and each.batch] for some in (there, new))
        for batch in sorted({each.batch for each in (*old, *fresh)}):
            before, due = ([each for each in some if each.batch == batch] for some in (old, fresh))
            share = round(plan.bare * (total + len(before) + len(due))) - round(plan.bare * total)
            total += len(before) + len(due)
            drawn = sorted((each.article for each in due), key=lambda key: _rank(plan, "bare", project, key))
            wanted = share - sum(not each.shown for each in before)
            found |= {(key, project) for key in drawn[: max(wanted, 0)]}
    return found


def _shuffled(plan: Plan, keys: tuple[str, ...]) -> list[str]:
    return sorted(keys, key=lambda key: _rank(plan, "articles", key))


def _rank(plan: Plan, *parts: str) -> bytes:
    """Return where the plan's seed puts something; the same on every machine, whatever else is drawn."""
    return hashlib.sha256("\0".join((str(plan.seed), *parts)).encode("utf-8")).digest()
