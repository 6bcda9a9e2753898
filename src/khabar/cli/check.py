"""The command ``khabar check [PATH...]``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from khabar.model.finding import Finding


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--list", "listing", is_flag=True, help="List the checks instead of running them.")
@click.option("--explain", metavar="NAME", help="Say what a check asks, and why.")
@click.option("--format", "form", default="text", help="text, json, sarif, junit, or github: how findings are printed.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes for large Parquet; one a core if not given.")
@click.pass_obj
def command(
    root: Path, paths: tuple[Path, ...], *, listing: bool, explain: str | None, form: str, jobs: int | None
) -> None:
    """Check the corpus and its gold, or annotation files, releases and Parquet in PATHS; print what is wrong."""
    from khabar import checks

    if listing:
        for check in sorted(checks.CHECKS.values(), key=lambda each: each.level):
            click.echo(f"{check.level.name.lower():8}{check.severity:9}{check.name:26}{check.summary}")
        return
    if explain:
        check = checks.CHECKS[explain]
        click.echo(f"{check.name}: {check.severity}, level {check.level} ({check.level.name.lower()})")
        click.echo(f"{check.summary}\n{check.why}")
        return
    _check(root, paths, form, jobs)


def _check(root: Path, paths: tuple[Path, ...], form: str, jobs: int | None) -> None:
    from khabar import checks
    from khabar.errors import NotFound
    from khabar.model.finding import Severity
    from khabar.store import Corpus

    told = checks.FORMATS[form]
    count = withheld = 0
    seen = dict.fromkeys(Severity, 0)

    def findings() -> "Iterator[Finding]":
        nonlocal count, withheld
        for judged in checks.judge(Corpus(root), paths, jobs):
            count += judged.annotations
            withheld += judged.withheld
            for finding in judged.findings:
                seen[finding.severity] += 1
                yield finding

    for line in told(findings()):
        click.echo(line)
    errors, warnings = seen[Severity.ERROR], seen[Severity.WARNING]
    if not count and not errors:
        where = ", ".join(map(str, paths)) or "annotations/gold"
        raise NotFound(
            f"{where}: no annotation there, nothing checked is nothing passed: name a file or folder that has some"
        )
    absent = f", {withheld} without their text (checked by digest and length)" if withheld else ""
    click.echo(f"{count} annotations checked{absent}: {errors} errors, {warnings} warnings", err=True)
    raise SystemExit(1 if errors else 0)
