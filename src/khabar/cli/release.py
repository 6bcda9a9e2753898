"""The command ``khabar release build | verify | diff``."""

from pathlib import Path

import click


@click.group()
def command() -> None:
    """Build, verify and compare releases."""


@command.command()
@click.option("--version", help="Version of the release; without it, that of the package.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The release before it: what changed is shipped, a version that is too low refused.",
)
@click.pass_obj
def build(root: Path, version: str | None, against: Path | None) -> None:
    """Build dist/VERSION from the gold annotations, if they break no rule."""
    from importlib.metadata import version as installed

    from khabar import checks
    from khabar.model.finding import Severity
    from khabar.release.build import build as make
    from khabar.store import Corpus

    corpus = Corpus(root)

    def judge() -> int:
        return sum(each.severity is Severity.ERROR for judged in checks.judge(corpus, []) for each in judged.findings)

    folder = make(corpus, version or installed("khabar"), judge, against)
    click.echo(corpus.shown(folder))


@command.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def verify(folder: Path) -> None:
    """Verify that a release is what its manifest says: files, rows, digests."""
    from khabar.loading import read_manifest
    from khabar.loading import verify as problems_of

    problems = list(problems_of(folder))
    for problem in problems:
        click.echo(problem)
    manifest = read_manifest(folder)
    verdict = "sound" if not problems else f"{len(problems)} problems"
    click.echo(f"{manifest.name} {manifest.version}, content {manifest.content[:8]}: {verdict}", err=True)
    raise SystemExit(1 if problems else 0)


@command.command()
@click.argument("before", metavar="A", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("after", metavar="B", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line, as in changes.jsonl.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page that shows the changes.")
def diff(before: Path, after: Path, html: Path | None, *, as_json: bool) -> None:
    """Say by what the releases A and B differ, and the least version that B may have."""
    from khabar.cli.tables import label_changes
    from khabar.cli.waiting import waiting
    from khabar.release.diff import diff as compare
    from khabar.release.diff.page import page
    from khabar.release.diff.reports import json_lines, text_lines

    with waiting("comparing"):
        found = compare(before, after)
        if html:
            page(found, before, after, html)
    for line in json_lines(found) if as_json else text_lines(found):
        click.echo(line)
    label_changes(found)
    for reason in found.reasons:
        click.echo(f"{reason.step}: {reason.why}", err=True)
    for refusal in found.refused:
        click.echo(refusal, err=True)
    verdict = "refused" if found.refused else "well"
    least = f"{found.name} {found.after} after {found.before}: a {found.step} step, at least {found.least}"
    click.echo(f"{least}: {verdict}", err=True)
    raise SystemExit(1 if found.refused else 0)
