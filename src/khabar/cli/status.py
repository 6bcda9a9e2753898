"""The command ``khabar campaign status NAME``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from khabar.cli.tables import show, titled
from khabar.model.text import apart

if TYPE_CHECKING:
    from rich.table import Table

    from khabar.campaign.folder import Campaign
    from khabar.campaign.monitor.records import Report
    from khabar.store import Corpus

SHOWN = 20
"""What to look at is shown up to that many; JSON and the page have all."""


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write it as one page with plots.")
@click.pass_obj
def status(root: Path, name: str, html: Path | None, *, as_json: bool) -> None:
    """Say how a campaign goes, as far as pulls have seen: progress, speed, forecast, and what to look at."""
    from khabar.campaign.folder import Campaign
    from khabar.campaign.monitor.page import encoded, page
    from khabar.store import Corpus

    corpus = Corpus(root)
    report = _report(corpus, Campaign(corpus, name))
    if html:
        page(report, html)
        click.echo(html, err=True)
    if as_json:
        click.echo(encoded(report))
        return
    _show(report)
    for each in report.status.progress:
        click.echo(
            f"{each.project}\t{each.submitted} of {each.asked} submitted\t{each.skipped} skipped\t{each.drafts} drafts"
            f"\t{each.open} open\t{each.waiting} in batches to come"
        )


def _report(corpus: "Corpus", campaign: "Campaign") -> "Report":
    """Bring together what the campaign knows, and what adjudication makes of its annotations."""
    from datetime import UTC, datetime

    from khabar.adjudication.anchoring import anchoring
    from khabar.adjudication.quality import quality
    from khabar.campaign.monitor.figures import status as status_
    from khabar.campaign.monitor.locks import locks
    from khabar.campaign.monitor.records import Control, Odd, Report
    from khabar.campaign.settling import quarantine
    from khabar.store.agreements import agreement_of, outdated

    known = campaign.plan.known
    agreement = agreement_of(corpus, campaign.name)
    scores = quality(corpus, {campaign.name: known}).scores if known else ()
    away = (Odd(kind="quarantine", article=each.article, note=each.reason) for each in quarantine(campaign))
    return Report(
        status=status_(campaign, datetime.now(UTC), locks(campaign), away),
        controls=tuple(
            Control(
                annotator=each.annotator,
                layer=each.layer,
                articles=each.articles,
                f1=each.f1,
                relaxed_f1=each.relaxed_f1,
            )
            for each in scores
            if each.known
        ),
        anchoring=tuple(anchoring(corpus, campaign.name)),
        agreement=agreement,
        outdated=agreement is not None and outdated(corpus, agreement),
    )


def _show(report: "Report") -> None:
    """Show tables on stderr."""
    for table in (_speed(report), _forecast(report), _controls(report), _proposals(report), _odd(report)):
        if table.row_count:
            show(table)


def _speed(report: "Report") -> "Table":
    status = report.status
    table = titled(f"{status.campaign}, speed", "of", "n", "minutes, median", "quartiles", "for 1,000 characters")
    for each in (*status.speed, *status.weeks, *status.sources):
        median, low, high, rate = (f"{part / 60:.1f}" for part in (each.median, each.low, each.high, each.each))
        table.add_row(apart(each.of), str(each.n), median, f"{low} to {high}", rate)
    return table


def _forecast(report: "Report") -> "Table":
    table = titled("forecast", "project", "left", "a day", "done by", "between")
    for each in report.status.forecasts:
        if each.daily is not None:
            between = f"{each.early} and {each.late or 'later'}" if each.early else ""
            table.add_row(apart(each.project), str(each.left), f"{each.daily:g}", each.day or "done", between)
    return table


def _controls(report: "Report") -> "Table":
    table = titled("against known gold", "annotator", "layer", "articles", "F1", "any boundaries", left=2)
    for each in report.controls:
        table.add_row(apart(each.annotator), each.layer, str(each.articles), _share(each.f1), _share(each.relaxed_f1))
    return table


def _proposals(report: "Report") -> "Table":
    table = titled("pre-annotations", "annotator", "model", "layer", "kept", "F1 shown", "F1 hidden", left=3)
    for each in report.anchoring:
        kept = f"{each.kept} of {each.proposed}"
        names = (apart(each.annotator), apart(each.model), each.layer)
        table.add_row(*names, kept, _share(each.shown.value), _share(each.hidden.value))
    return table


def _odd(report: "Report") -> "Table":
    odd = report.status.odd
    more = f": {SHOWN} of {len(odd)}" if len(odd) > SHOWN else ""
    table = titled(f"to look at{more}", "what", "article", "annotator", "since", "", left=5)
    for column in table.columns:
        column.no_wrap, column.overflow = False, "fold"
    for each in odd[:SHOWN]:
        table.add_row(each.kind, apart(each.article), apart(each.annotator), each.since[:16], apart(each.note))
    return table


def _share(share: float | None) -> str:
    return "undefined" if share is None else f"{share:.3f}"
