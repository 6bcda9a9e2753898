"""What the monitor says of a campaign, as records: what ``khabar campaign status --json`` prints."""

import msgspec

from khabar.model.agreement import Agreement, Anchoring


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an annotator is with what is released; ``asked`` = ``submitted`` + ``skipped`` + ``drafts`` + ``open``.

    Attributes:
        project: The project that they work in; those who share one share what is asked.
        asked: Tasks of the released batches.
        submitted: Submitted.
        skipped: Skipped, and not submitted by anybody.
        drafts: Begun, and not submitted.
        open: Not begun.
        waiting: Tasks of batches that are not released.
    """

    project: str
    asked: int
    submitted: int
    skipped: int
    drafts: int
    open: int
    waiting: int


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """How long the submitted annotations of somebody took, each capped at `CAP` of `figures`.

    Attributes:
        of: A pseudonym, ``week 2026-W11`` or ``source nahar``.
        n: Annotations whose time is known.
        low: First quartile, in seconds.
        median: Median, in seconds.
        high: Third quartile, in seconds.
        each: Median of the seconds for a thousand code points of the article.
        capped: How many took longer than that.
    """

    of: str
    n: int
    low: float
    median: float
    high: float
    each: float
    capped: int


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """When what is released will be done, if the next days are like the last days with work.

    Attributes:
        project: The project.
        left: Tasks that are neither submitted nor skipped.
        daily: Median of the tasks submitted on a day with work; None before the first.
        low: First quartile, which gives `late`.
        high: Third quartile, which gives `early`.
        worked: Share of the days, from the first of those days until now, on which there was work.
        day: When it will be done, ISO 8601; empty where that cannot be said, or nothing is left.
        early: If every day were as good as the better quarter.
        late: If every day were as bad as the worse quarter; empty where such days bring nothing.
    """

    project: str
    left: int
    daily: float | None = None
    low: float | None = None
    high: float | None = None
    worked: float | None = None
    day: str = ""
    early: str = ""
    late: str = ""


class Odd(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should look at.

    Attributes:
        kind: ``stale draft``, ``stale lock``, ``flagged``, ``skipped``, ``deleted``, ``other hand`` or ``quarantine``.
        article: Of which article.
        annotator: Whose.
        since: Since when, ISO 8601; empty where that is not known.
        note: What is to be said.
    """

    kind: str
    article: str
    annotator: str = ""
    since: str = ""
    note: str = ""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What a project's annotators submitted on a day."""

    day: str
    project: str
    submitted: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How a campaign goes.

    Attributes:
        campaign: Its name.
        now: When the figures were taken, ISO 8601.
        progress: By project.
        days: What was submitted, day by day.
        speed: By annotator.
        weeks: Speed by ISO week of submission.
        sources: Speed by source of the articles.
        forecasts: By project.
        odd: What somebody should look at, kind by kind.
    """

    campaign: str
    now: str
    progress: tuple[Progress, ...]
    days: tuple[Day, ...]
    speed: tuple[Speed, ...]
    weeks: tuple[Speed, ...]
    sources: tuple[Speed, ...]
    forecasts: tuple[Forecast, ...]
    odd: tuple[Odd, ...]


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """How an annotator did on articles whose gold was known before.

    Attributes:
        annotator: Whose annotations.
        layer: The layer, or ``links``.
        articles: How many.
        f1: Of exact spans or links, None where it is undefined.
        relaxed_f1: Of those that match, whatever their boundaries, likewise.
    """

    annotator: str
    layer: str
    articles: int
    f1: float | None
    relaxed_f1: float | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a campaign.

    Attributes:
        status: How it goes.
        controls: How its annotators did on known gold.
        anchoring: How they treat what models propose.
        agreement: As it was measured last, None where it was not.
        outdated: Whether annotations changed since then.
    """

    status: Status
    controls: tuple[Control, ...] = ()
    anchoring: tuple[Anchoring, ...] = ()
    agreement: Agreement | None = None
    outdated: bool = False
