"""What pulls have seen of a campaign, counted: progress, speed, forecast, and what somebody should look at.

Everything comes from the campaign's folder, nothing from the server: whoever has the checkout sees the same figures.
Moments are UTC by the server's clock; a day is a day of that clock.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from khabar.campaign.folder import Campaign
from khabar.campaign.monitor.locks import Lock
from khabar.campaign.monitor.records import Day, Forecast, Odd, Progress, Speed, Status
from khabar.model.work import Work

CAP = 3600.0
"""Seconds that an annotation counts at most: the editor's clock runs on while the page is open and nobody is there."""
STALE = timedelta(days=2)
"""After which a draft or a lock that nobody touched is one to ask about."""
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
    done = [each for each in work if each.state == "submitted" and each.created]
    days = _days(done)
    progress = tuple(_progress(campaign, work, name) for name in campaign.plan.cohorts)
    return Status(
        campaign=campaign.name,
        now=now.isoformat(timespec="seconds"),
        progress=progress,
        days=tuple(days),
        speed=tuple(_speeds(campaign, done, lambda each: each.annotator)),
        weeks=tuple(_speeds(campaign, done, lambda each: f"week {week(each.created)}")),
        sources=tuple(_speeds(campaign, done, lambda each: f"source {_source(campaign, each)}")),
        forecasts=tuple(_forecast(each, days, now) for each in progress),
        odd=(*_odd(work, now), *_stale_locks(locks, now), *away),
    )


def week(moment: str) -> str:
    """Return the ISO week of a moment, as 2026-W11."""
    year, number, _ = datetime.fromisoformat(moment).isocalendar()
    return f"{year}-W{number:02}"


def _source(campaign: Campaign, work: Work) -> str:
    return campaign.corpus.source_of(campaign.corpus.article(work.article)).id


def _progress(campaign: Campaign, work: Sequence[Work], project: str) -> Progress:
    """Count the tasks of a project; where several annotate one, it is submitted when all have."""
    due = Counter(each.article for each in campaign.due if each.project == project)
    all_ = sum(each.project == project and each.article in campaign.asked for each in campaign.assignments)
    states: dict[str, Counter[str]] = defaultdict(Counter)
    for each in work:
        if each.project == project and each.article in due:
            states[each.article][each.state] += 1
    counts: Counter[str] = Counter()
    for article in due:
        state, wanted = states[article], campaign.plan.each
        counts["submitted"] += state["submitted"] >= wanted
        rest = state["submitted"] < wanted
        counts["skipped"] += bool(rest and state["skipped"])
        counts["drafts"] += bool(rest and not state["skipped"] and state["draft"])
    left = len(due) - sum(counts.values())
    return Progress(
        project=project,
        asked=len(due),
        submitted=counts["submitted"],
        skipped=counts["skipped"],
        drafts=counts["drafts"],
        open=left,
        waiting=all_ - len(due),
    )


def _days(done: Iterable[Work]) -> list[Day]:
    counts = Counter((each.created[:10], each.project) for each in done)
    return [Day(day=day, project=project, submitted=number) for (day, project), number in sorted(counts.items())]


def _speeds(campaign: Campaign, done: Iterable[Work], of: Callable[[Work], str]) -> Iterator[Speed]:
    seconds: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for each in done:
        if each.seconds is not None and each.seconds > 0:
            seconds[of(each)].append((each.seconds, campaign.corpus.article(each.article).length))
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
        return (now + timedelta(days=left / (rate * worked))).date().isoformat() if left and rate else ""

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
        if each.state == "draft" and each.updated and now - datetime.fromisoformat(each.updated) > STALE:
            yield Odd(kind="stale draft", note="begun, and not touched since", **about)
        if each.state in ("skipped", "deleted"):
            yield Odd(kind=each.state, **about)
        if each.writer and each.state == "submitted" and each.kind == "person":  # a model's is sent by others
            yield Odd(kind="other hand", note=f"last changed by {each.writer}", **about)


def _stale_locks(locks: Iterable[Lock], now: datetime) -> Iterator[Odd]:
    for lock in locks:
        if now - lock.since > STALE and lock.until > now:
            until = lock.until.isoformat(timespec="minutes")
            yield Odd(
                kind="stale lock",
                article=lock.article,
                annotator=lock.annotator,
                since=lock.since.isoformat(),
                note=f"nobody else gets the task until {until}",
            )
