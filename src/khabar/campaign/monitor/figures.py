"""What pulls have seen of a campaign, counted: progress, speed, forecast, and what somebody should look at.

Everything comes from the campaign's folder, nothing from the server: whoever has the checkout sees the same figures.
Moments are UTC by the server's clock; a day is a day of that clock.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from khabar.campaign.exports import when
from khabar.campaign.folder import Campaign
from khabar.campaign.monitor.locks import Lock
from khabar.campaign.monitor.records import Day, Forecast, Odd, Progress, Speed, Status
from khabar.model.work import Work, week

CAP = 3600.0
"""Seconds that an annotation counts at most: the editor's clock runs on while the page is open and nobody is there."""
STALE = timedelta(days=2)
"""After which a draft that nobody touched is one to ask about."""
IDLE = timedelta(hours=4)
"""After which a task that is kept for somebody is one to ask about: others wait for it."""
HORIZON = 3650
"""Days after which a forecast says nothing."""
WINDOW = 10
"""Days with work that a forecast looks back on."""
PER = 1000
"""Code points that speed is given for, so that long articles and short ones compare."""


def status(campaign: Campaign, now: datetime, locks: Iterable[Lock] = (), away: Iterable[Odd] = ()) -> Status:
    """Count what pulls have seen of a campaign.

    Args:
        campaign: The campaign.
        now: The moment that drafts and forecasts are held against.
        locks: Tasks that the server keeps for somebody, where that is known.
        away: What is in quarantine.
    """
    corpus = campaign.corpus
    work = [each for each in corpus.work(campaign.name) if corpus.has_article(each.article)]
    timed = [each for each in work if each.state == "submitted" and each.kind == "person" and each.seconds]
    tasks = {name: _tasks(campaign, work, name) for name in campaign.plan.cohorts}
    days = [day for name, some in tasks.items() for day in _days(some, name)]
    progress = tuple(_progress(campaign, some, name) for name, some in tasks.items())
    return Status(
        campaign=campaign.name,
        now=now.isoformat(timespec="seconds"),
        progress=progress,
        days=tuple(days),
        speed=tuple(_speeds(campaign, timed, lambda each: each.annotator)),
        weeks=tuple(_speeds(campaign, timed, lambda each: f"week {week(each.created) or 'unknown'}")),
        sources=tuple(_speeds(campaign, timed, lambda each: f"source {_source(campaign, each)}")),
        forecasts=tuple(_forecast(each, days, now) for each in progress),
        odd=(*_odd(work, now), *_flagged(campaign), *_stale_locks(locks, now), *away),
    )


def _source(campaign: Campaign, work: Work) -> str:
    return campaign.corpus.source_of(campaign.corpus.article(work.article)).id


class _Task(NamedTuple):
    """An article in a project.

    Attributes:
        state: As `khabar.model.work.State`, of all who annotate it together.
        done: When the last of those who should have submitted it, None where they have not, or nobody knows when.
    """

    state: str
    done: datetime | None


def _tasks(campaign: Campaign, work: Iterable[Work], project: str) -> list[_Task]:
    """Return the tasks of a project's released batches; one is submitted when as many have as should."""
    seen: dict[str, list[Work]] = {each.article: [] for each in campaign.due if each.project == project}
    for each in work:
        if each.project == project and each.article in seen:
            seen[each.article].append(each)
    return [_task(found, campaign.plan.each) for found in seen.values()]


def _task(found: Sequence[Work], wanted: int) -> _Task:
    first: dict[str, datetime | None] = {}
    for each in found:
        if each.state == "submitted":
            first.setdefault(each.annotator, when(each.created))
    if len(first) >= wanted:
        times = sorted(time for time in first.values() if time)
        return _Task("submitted", times[wanted - 1] if len(times) >= wanted else None)
    states = {each.state for each in found}
    if "skipped" in states and not first:
        return _Task("skipped", None)
    return _Task("draft" if "draft" in states else "open", None)


def _progress(campaign: Campaign, tasks: Sequence[_Task], project: str) -> Progress:
    every = sum(each.project == project and each.article in campaign.asked for each in campaign.assignments)
    states = Counter(each.state for each in tasks)
    return Progress(
        project=project,
        asked=len(tasks),
        submitted=states["submitted"],
        skipped=states["skipped"],
        drafts=states["draft"],
        open=states["open"],
        waiting=every - len(tasks),
    )


def _days(tasks: Iterable[_Task], project: str) -> list[Day]:
    counts = Counter(each.done.astimezone(UTC).date().isoformat() for each in tasks if each.done)
    return [Day(day=day, project=project, submitted=number) for day, number in sorted(counts.items())]


def _speeds(campaign: Campaign, done: Iterable[Work], of: Callable[[Work], str]) -> Iterator[Speed]:
    seconds: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for each in done:
        seconds[of(each)].append((each.seconds or 0.0, campaign.corpus.article(each.article).length))
    for name, taken in sorted(seconds.items()):
        told = np.array(taken, dtype=np.float64)
        capped = np.minimum(told[:, 0], CAP)
        low, median, high = np.quantile(capped, (0.25, 0.5, 0.75)).tolist()
        yield Speed(
            of=name,
            n=len(told),
            low=low,
            median=median,
            high=high,
            each=float(np.median(capped / told[:, 1])) * PER,
            capped=int((told[:, 0] > CAP).sum()),
        )


def _forecast(progress: Progress, days: Iterable[Day], now: datetime) -> Forecast:
    left = progress.asked - progress.submitted - progress.skipped
    recent = [each for each in days if each.project == progress.project][-WINDOW:]
    if not recent:
        return Forecast(project=progress.project, left=left)
    first = datetime.fromisoformat(recent[0].day).replace(tzinfo=UTC)
    worked = len(recent) / max((now - first).days + 1, len(recent))
    low, daily, high = np.quantile([each.submitted for each in recent], (0.25, 0.5, 0.75)).tolist()

    def day(rate: float) -> str:
        needed = left / (rate * worked)
        return (now + timedelta(days=needed)).date().isoformat() if 0 < needed < HORIZON else ""

    return Forecast(
        project=progress.project,
        left=left,
        daily=daily,
        low=low,
        high=high,
        worked=round(worked, 3),
        day=day(daily),
        early=day(high),
        late=day(low),
    )


def _odd(work: Iterable[Work], now: datetime) -> Iterator[Odd]:
    for each in work:
        about = {"article": each.article, "annotator": each.annotator, "since": each.updated}
        touched = when(each.updated)
        if each.state == "draft" and touched and now - touched > STALE:
            yield Odd(kind="stale draft", note="begun, and not touched since", **about)
        if each.state in ("skipped", "deleted"):
            yield Odd(kind=each.state, **about)
        if each.writer and each.state == "submitted" and each.kind == "person":  # a model's is sent by others
            yield Odd(kind="other hand", note=f"last changed by {each.writer}", **about)


def _flagged(campaign: Campaign) -> Iterator[Odd]:
    """Yield what annotators noted of an article; what adjudicators note are reasons."""
    notes = {} if campaign.plan.adjudicates else campaign.corpus.campaign_notes(campaign.name)
    for (annotator, article), note in sorted(notes.items()):
        yield Odd(kind="flagged", article=article, annotator=annotator, note=note)


def _stale_locks(locks: Iterable[Lock], now: datetime) -> Iterator[Odd]:
    for lock in locks:
        if now - lock.touched > IDLE and lock.until > now:
            until = lock.until.isoformat(timespec="minutes")
            yield Odd(
                kind="stale lock",
                article=lock.article,
                annotator=lock.annotator,
                since=lock.touched.isoformat(),
                note=f"nobody else gets the task until {until}",
            )
