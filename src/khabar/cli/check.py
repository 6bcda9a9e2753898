"""The command ``khabar check [PATH...]``."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from khabar import checks
    from khabar.checks import Judged
    from khabar.model.finding import Finding, Level, Severity
    from khabar.store import Corpus


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--list", "listing", is_flag=True, help="List the checks instead of running them.")
@click.option("--explain", metavar="NAME", help="Say what a check asks, and why.")
@click.option("--format", "form", default="text", help="text, json, sarif, junit, or github: how findings are printed.")
@click.option("--level", default="corpus", help="The last level that is run, as --list names it; all if not given.")
@click.option("--fix", is_flag=True, help="First mend what can be mended without loss, and say so.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes for large Parquet; one a core if not given.")
@click.pass_obj
def command(
    root: Path,
    paths: tuple[Path, ...],
    *,
    listing: bool,
    explain: str | None,
    form: str,
    level: str,
    fix: bool,
    jobs: int | None,
) -> None:
    """Check the corpus and its gold, or annotations, exports, releases and Parquet in PATHS; print what is wrong."""
    from khabar import checks
    from khabar.store import Corpus

    if listing:
        _list()
        return
    if explain:
        _explain(checks.CHECKS[explain])
        return
    told, last = checks.FORMATS[form], _level(level)
    corpus = Corpus(root)
    if fix:
        for done in checks.repair_files(corpus, _annotation_files(corpus, paths)):
            click.echo(done, err=True)
    others, links = _others(corpus)
    judged = checks.judge(corpus, paths, jobs, last, others)
    tally = _Tally(links)
    for line in told(tally.findings(judged)):
        click.echo(line)
    tally.end(", ".join(map(str, paths)) or "annotations/gold")


def _level(name: str) -> "Level":
    from khabar.errors import NotFound
    from khabar.model.finding import Level

    levels = {each.name.lower(): each for each in Level}
    if name not in levels:
        raise NotFound(f"no level is called '{name}'; there are: {', '.join(levels)}")
    return levels[name]


def _list() -> None:
    from khabar import checks

    for check in sorted(checks.CHECKS.values(), key=lambda each: each.level):
        click.echo(f"{check.level.name.lower():8}{check.severity:9}{check.name:30}{check.summary}")


def _explain(check: "checks.Check") -> None:
    click.echo(f"{check.name}: {check.severity}, level {check.level} ({check.level.name.lower()})")
    click.echo(f"{check.summary}\n{check.why}")


def _annotation_files(corpus: "Corpus", paths: tuple[Path, ...]) -> "Iterator[Path]":
    from khabar.campaign.readable import is_export

    for path in paths:
        yield from (each for each in corpus.annotation_files(path) if each.suffix == ".json" and not is_export(each))
    if not paths:
        yield from corpus.gold_files()


def _others(corpus: "Corpus") -> "tuple[checks.Others, Callable[[Finding], str]]":
    """Return what reads exports and searches releases, and what knows where a task of Label Studio is opened."""
    from khabar import checks
    from khabar.campaign.links import links, server_url
    from khabar.campaign.readable import is_export, read_export
    from khabar.release.withheld import leaks

    url = server_url(corpus)
    known = links(corpus) if url else {}

    def read(path: Path) -> checks.Read | None:
        if not is_export(path):
            return None
        export = read_export(corpus, path)
        known.update(export.links)
        lost = [(each.article or f"task {each.task}", f"{each.item} {each.reason}".strip()) for each in export.away]
        return checks.Read(export.annotations, lost)

    def link(finding: "Finding") -> str:
        path = known.get((finding.annotator, finding.article), "")
        return url + path if url and path else ""

    return checks.Others(read, partial(leaks, corpus)), link


def tell_errors(corpus: "Corpus", folder: Path) -> None:
    """Say how many rules the annotations of a folder break, on one line, if any: for commands that bring them."""
    from khabar import checks
    from khabar.model.finding import Level, Severity

    judged = checks.judge(corpus, [folder], last=Level.SENSE)
    errors = sum(each.severity is Severity.ERROR for part in judged for each in part.findings)
    if errors:
        click.echo(f"{errors} errors in what was pulled: khabar check {corpus.shown(folder)}", err=True)


class _Tally:
    """Counts what passes by, and ends the command with what it came to."""

    def __init__(self, link: "Callable[[Finding], str]") -> None:
        self._link = link
        self._count = self._withheld = 0
        self._seen: dict[Severity, int] = {}

    def findings(self, judged: "Iterator[Judged]") -> "Iterator[Finding]":
        import msgspec

        for part in judged:
            self._count += part.annotations
            self._withheld += part.withheld
            for finding in part.findings:
                self._seen[finding.severity] = self._seen.get(finding.severity, 0) + 1
                link = self._link(finding)
                yield msgspec.structs.replace(finding, link=link) if link else finding

    def end(self, where: str) -> None:
        from khabar.errors import NotFound
        from khabar.model.finding import Severity

        errors, warnings = self._seen.get(Severity.ERROR, 0), self._seen.get(Severity.WARNING, 0)
        if not self._count:
            none = "no annotation there can be read" if errors else "no annotation there"
            raise NotFound(f"{where}: {none}, nothing checked is nothing passed: name a file or folder that has some")
        absent = f", {self._withheld} without their text (checked by digest and length)" if self._withheld else ""
        click.echo(f"{self._count} annotations checked{absent}: {errors} errors, {warnings} warnings", err=True)
        raise SystemExit(1 if errors else 0)
