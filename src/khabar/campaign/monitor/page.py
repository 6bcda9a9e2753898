"""How a campaign goes, as one HTML page that needs nothing else."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from html import escape
from importlib.resources import files
from itertools import accumulate
from pathlib import Path

import msgspec

from khabar.campaign.monitor.figures import CAP, PER
from khabar.campaign.monitor.plots import Interval, Line, heat, intervals, lines
from khabar.campaign.monitor.records import Control, Forecast, Report, Speed, Status
from khabar.model.agreement import ALL, Agreement, Anchoring, Confusion, Figure
from khabar.model.page import head
from khabar.store import write_atomically

_MINUTE = 60
_TICKS = 6


def page(report: Report, target: Path) -> None:
    """Write the page.

    Args:
        report: What is known of the campaign.
        target: The file to write.
    """
    parts = [*_head(report.status), *_progress(report.status), *_speeds(report.status)]
    parts += [*_agreement(report), *_anchoring(report.anchoring), *_controls(report.controls)]
    parts += [*_odd(report.status), "</body>\n</html>\n"]
    write_atomically(target, "\n".join(parts).encode("utf-8", "xmlcharrefreplace"))


def _head(status: Status) -> Iterator[str]:
    style = files("khabar.campaign.monitor").joinpath("page.css").read_text(encoding="utf-8")
    yield head(status.campaign, style)
    yield f"<h1>{escape(status.campaign)}</h1>"
    yield f'<p class="lead">What pulls had seen by {escape(status.now)}. Pseudonyms alone; no words of articles.</p>'
    totals = [
        (name, sum(getattr(each, name) for each in status.progress))
        for name in ("asked", "submitted", "skipped", "drafts", "open", "waiting")
    ]
    tiles = "".join(f"<div><dt>{name}</dt><dd>{number:,}</dd></div>" for name, number in totals)
    yield f'<dl class="tiles">{tiles}</dl>'


# Progress and forecast


def _progress(status: Status) -> Iterator[str]:
    yield "<h2>Progress</h2>"
    for each in status.progress:
        whole = max(each.asked, 1)
        parts = "".join(
            f'<i class="{name}" style="width:{getattr(each, name) / whole:.2%}"></i>'
            for name in ("submitted", "skipped", "drafts")
        )
        told = f"{each.submitted} of {each.asked} submitted, {each.skipped} skipped, {each.drafts} drafts"
        waiting = f", {each.waiting} in batches to come" if each.waiting else ""
        yield f'<div class="bar"><b>{escape(each.project)}</b><span class="track">{parts}</span>{told}{waiting}</div>'
    if status.days:
        yield "<h2>Burn-up</h2>"
        yield _burn_up(status)
    rows = [_expected(each) for each in status.forecasts if each.daily is not None]
    yield from _table("Forecast", ("project", "left", "a day", "days worked", "done by", "between"), rows)


def _burn_up(status: Status) -> str:
    """Draw what was submitted, added up, and what is expected from there to the forecast's day."""
    some, days = [], [date.fromisoformat(each.day).toordinal() for each in status.days]
    for progress, forecast in zip(status.progress, status.forecasts, strict=True):
        own = [each for each in status.days if each.project == progress.project]
        sums = accumulate(each.submitted for each in own)
        points = [
            (float(date.fromisoformat(each.day).toordinal()), float(y)) for each, y in zip(own, sums, strict=True)
        ]
        if points:
            some.append(Line(progress.project, [(points[0][0] - 1, 0.0), *points]))
        if points and forecast.day:
            end = float(date.fromisoformat(forecast.day).toordinal())
            days.append(int(end))
            some.append(
                Line(progress.project, [points[-1], (end, float(progress.asked - progress.skipped))], dashed=True)
            )
    first, last = min(days) - 1, max(days)
    step = max((last - first) // _TICKS, 1)
    ticks = [(float(day), date.fromordinal(day).isoformat()) for day in range(first, last + 1, step)]
    return lines(some, ticks)


def _expected(each: Forecast) -> list[str]:
    between = f"{each.early} and {each.late or 'later'}" if each.early else ""
    worked = "" if each.worked is None else f"{each.worked:.0%}"
    return [escape(each.project), str(each.left), f"{each.daily:g}", worked, each.day or "done", between]


# Speed


def _speeds(status: Status) -> Iterator[str]:
    for title, some in (("Speed", status.speed), ("Speed by week", status.weeks), ("Speed by source", status.sources)):
        if some:
            top = max(each.high for each in some) / _MINUTE
            yield f"<h2>{title}</h2>"
            yield f'<p class="lead">Minutes an article, median and quartiles, capped at {CAP / _MINUTE:.0f};'
            yield f"at the end of a row the median for {PER:,} characters.</p>"
            yield intervals([_minutes(each) for each in some], top)


def _minutes(speed: Speed) -> Interval:
    told = f"{speed.median / _MINUTE:.1f} min, {speed.each / _MINUTE:.1f} a thousand"
    name = speed.of.removeprefix("week ").removeprefix("source ")
    return Interval(name, speed.median / _MINUTE, speed.low / _MINUTE, speed.high / _MINUTE, f"{told} (n {speed.n})")


# Agreement


def _agreement(report: Report) -> Iterator[str]:
    agreement = report.agreement
    if agreement is None:
        yield '<h2>Agreement</h2><p class="lead">Not measured yet: run khabar campaign agreement.</p>'
        return
    yield "<h2>Agreement</h2>"
    about = f"{agreement.articles} articles of {', '.join(agreement.campaigns)}, {', '.join(agreement.annotators)}"
    changed = " Annotations changed since: run khabar campaign agreement again." if report.outdated else ""
    told = f"F1 of exact spans, with the 95 % interval of resampled articles: {about}.{changed}"
    yield f'<p class="lead">{escape(told)}</p>'
    yield intervals([_interval(layer, some["f1"][ALL]) for layer, some in agreement.figures.items() if "f1" in some])
    for layer, some in agreement.figures.items():
        yield from _pairs(agreement, layer, some.get("f1", {}))
        yield from _weeks(layer, some.get("f1", {}))
        yield from _confusion(layer, agreement.confusions.get(layer))


def _interval(name: str, figure: Figure) -> Interval:
    value = "undefined" if figure.value is None else f"{figure.value:.3f}"
    ends = "" if figure.low is None or figure.high is None else f" [{figure.low:.3f}, {figure.high:.3f}]"
    return Interval(name, figure.value, figure.low, figure.high, f"{value}{ends}")


def _pairs(agreement: Agreement, layer: str, f1: dict[str, Figure]) -> Iterator[str]:
    """Show who agrees with whom."""
    names = agreement.annotators
    if len(names) > 1:
        found = {frozenset(of.removeprefix("pair ").split("+")): each for of, each in f1.items() if of[:5] == "pair "}
        rows = [[_value(found.get(frozenset((one, other)))) for other in names] for one in names]
        yield f"<h3>{escape(layer)}: who agrees with whom</h3>{heat(names, names, rows, '.3f')}"


def _value(figure: Figure | None) -> float | None:
    return figure.value if figure else None


def _weeks(layer: str, f1: dict[str, Figure]) -> Iterator[str]:
    weeks = [(of.removeprefix("week "), each) for of, each in sorted(f1.items()) if of.startswith("week ")]
    if weeks:
        yield f"<h3>{escape(layer)}: agreement by week</h3>{intervals([_interval(*each) for each in weeks])}"


def _confusion(layer: str, confusion: Confusion | None) -> Iterator[str]:
    """Show of each label what the other annotator said there."""
    if confusion is None or not confusion.counts:
        return
    shares = [[each / (sum(row) or 1) or None for each in row] for row in confusion.counts]
    yield f"<h3>{escape(layer)}: what the other said, of each label</h3>"
    yield heat(confusion.labels, confusion.labels, shares, ".0%")


# Pre-annotation and controls


def _anchoring(some: Sequence[Anchoring]) -> Iterator[str]:
    if not some:
        return
    yield "<h2>Pre-annotations</h2>"
    yield '<p class="lead">F1 with what the model proposes, where it was shown and where it was hidden: what is higher'
    yield "where it was shown is what the showing adds.</p>"
    rows = []
    for each in some:
        name = f"{each.annotator} {each.layer}, {each.model}"
        rows += [_interval(f"{name} shown", each.shown), _interval(f"{name} hidden", each.hidden)]
    yield intervals(rows)
    told = [[*map(escape, (each.annotator, each.model, each.layer)), *_accepted(each)] for each in some]
    yield from _table("Accepted", ("annotator", "model", "layer", "kept unchanged", "added", "F1 shown - hidden"), told)


def _accepted(each: Anchoring) -> tuple[str, str, str]:
    drawn = "undefined" if each.drawn is None else f"{each.drawn:+.3f}"
    return f"{each.kept} of {each.proposed}", str(each.added), drawn


def _controls(some: Iterable[Control]) -> Iterator[str]:
    rows = [
        [escape(each.annotator), escape(each.layer), str(each.articles), _share(each.f1), _share(each.relaxed_f1)]
        for each in some
    ]
    yield from _table("Against known gold", ("annotator", "layer", "articles", "F1 exact", "F1 any boundaries"), rows)


def _share(share: float | None) -> str:
    return "undefined" if share is None else f"{share:.3f}"


# To look at


def _odd(status: Status) -> Iterator[str]:
    rows = [
        [
            f"<bdi>{escape(value)}</bdi>"
            for value in (each.kind, each.article, each.annotator, each.since[:16], each.note)
        ]
        for each in status.odd
    ]
    yield from _table("To look at", ("what", "article", "annotator", "since", ""), rows)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table, unless it would be empty."""
    if rows:
        yield f'<h2>{title}</h2>\n<div class="scroll"><table><thead><tr>'
        yield "".join(f"<th>{each}</th>" for each in heads) + "</tr></thead><tbody>"
        yield from (f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        yield "</tbody></table></div>"


def encoded(report: Report) -> str:
    """Return a report as JSON."""
    return msgspec.json.format(msgspec.json.encode(report)).decode()
