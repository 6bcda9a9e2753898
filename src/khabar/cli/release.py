"""The command ``khabar release build | verify | diff | publish``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator


@click.group()
def command() -> None:
    """Build, verify, compare and publish releases."""


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

    if against:
        _refuse_unsound(against)
    folder = make(corpus, version or installed("khabar"), judge, against, _counted)
    click.echo(corpus.shown(folder))


@command.command()
@click.argument("release")
@click.option("--content", default="", help="Content digest that it must have, or the digest's beginning.")
def verify(release: str, content: str) -> None:
    """Verify that a release is what its manifest says, files, rows and digests, and breaks no rule.

    RELEASE is a folder, or what `khabar download` takes: that is fetched for the moment and kept nowhere.  A web server
    does not say what it has, so a file too many cannot be seen there.
    """
    from khabar.cli.progress import progress
    from khabar.loading.download import Way, content_is, inspect, verified
    from khabar.loading.verify import read_manifest

    with progress() as tell:
        if Path(release).is_dir():
            manifest = read_manifest(Path(release))
            content_is(manifest, content, release)
            problems = list(verified(Path(release), _errors))
        else:
            manifest, problems = inspect(release, Way(content=content, tell=tell, judge=_errors))
    for problem in problems:
        click.echo(problem)
    verdict = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}" if problems else "sound"
    click.echo(f"{manifest.name} {manifest.version}, content {manifest.content[:8]}: {verdict}", err=True)
    raise SystemExit(1 if problems else 0)


def _errors(release: Path) -> "Iterator[str]":
    """Yield the rules that a release breaks, by its own label set; warnings are for those who build it."""
    from khabar import checks
    from khabar.model.finding import Severity

    found = (each for each in checks.judge_release(release) if each.severity is Severity.ERROR)
    yield from checks.FORMATS["text"](found)


def _counted(release: Path) -> "Counter[str]":
    """Return how often a release gives cause to a finding, by check."""
    from collections import Counter

    from khabar import checks

    return Counter(each.check for each in checks.judge_release(release))


def _refuse_unsound(release: Path) -> None:
    """Refuse a release whose rows may not be those that its digests speak of: what changed is told by digests."""
    from khabar.errors import BadRecord
    from khabar.loading.download import verified

    for problem in verified(release):
        raise BadRecord(problem)


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
        for each in (before, after):
            _refuse_unsound(each)
        found = compare(before, after, _counted)
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


@command.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--to", required=True, metavar="PLACE", help="hub:OWNER/NAME, a folder, an address that fsspec knows, or NAME.zip."
)
@click.option("--dry-run", is_flag=True, help="Print what would be done, and touch nothing.")
@click.option("--private", is_flag=True, help="Make a dataset that is not on the Hub yet a private one.")
def publish(folder: Path, to: str, *, dry_run: bool, private: bool) -> None:
    """Publish a verified release, read it back, and print what was done, an operation a line."""
    from khabar.cli.progress import progress
    from khabar.loading.download import Way
    from khabar.loading.publish import publish as publish_

    with progress() as tell:
        way = Way(tell=tell, note=lambda words: click.echo(words, err=True), judge=_errors)
        plan = publish_(folder, to, dry_run=dry_run, private=private, way=way)
    for each in plan.operations:
        click.echo(f"{each.kind}\t{each.bytes}\t{each.path}")
    done = "not done, as asked" if dry_run else "done, and read back: sound"
    click.echo(f"{plan.place}: {plan.summary}: {done}", err=True)
