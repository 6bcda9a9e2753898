"""The command ``khabar release build | verify``."""

from pathlib import Path

import click


@click.group()
def command() -> None:
    """Build and verify releases."""


@command.command()
@click.option("--version", help="Version of the release; without it, that of the package.")
@click.pass_obj
def build(root: Path, version: str | None) -> None:
    """Build dist/VERSION from the gold annotations, if they break no rule."""
    from importlib.metadata import version as installed

    from khabar import checks
    from khabar.model.finding import Severity
    from khabar.release.build import build as make
    from khabar.store import Corpus

    corpus = Corpus(root)

    def judge() -> int:
        return sum(each.severity is Severity.ERROR for judged in checks.judge(corpus, []) for each in judged.findings)

    folder = make(corpus, version or installed("khabar"), judge)
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
