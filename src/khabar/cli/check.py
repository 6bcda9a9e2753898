"""The command ``khabar check [PATH...]``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from khabar.model.annotation import Annotation
    from khabar.model.finding import Finding
    from khabar.store import Corpus


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--list", "listing", is_flag=True, help="List the checks instead of running them.")
@click.option("--explain", metavar="NAME", help="Say what a check asks, and why.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How findings are printed.")
@click.pass_obj
def command(root: Path, paths: tuple[Path, ...], *, listing: bool, explain: str | None, form: str) -> None:
    """Check the corpus and its gold, or the annotation files in PATHS, and print what is wrong."""
    from khabar import checks

    if listing:
        for check in checks.CHECKS.values():
            click.echo(f"{check.level.name.lower():8}{check.severity:9}{check.name:22}{check.summary}")
        return
    if explain:
        check = checks.CHECKS[explain]
        click.echo(f"{check.name}: {check.severity}, level {check.level} ({check.level.name.lower()})")
        click.echo(f"{check.summary}\n{check.why}")
        return
    _check(root, paths, form)


def _check(root: Path, paths: tuple[Path, ...], form: str) -> None:
    import msgspec

    from khabar import checks
    from khabar.errors import NotFound
    from khabar.model.finding import Severity
    from khabar.store import Corpus

    corpus = Corpus(root)
    count = withheld = errors = warnings = 0

    def tell(finding: "Finding") -> None:
        nonlocal errors, warnings
        errors += finding.severity is Severity.ERROR
        warnings += finding.severity is Severity.WARNING
        click.echo(str(finding) if form == "text" else msgspec.json.encode(finding).decode())

    for finding in () if paths else _changed_texts(corpus):
        tell(finding)
    for batch in corpus.batches(_annotations(corpus, paths)):
        count += len(batch)
        withheld += int((~batch.has_text).sum())
        for finding in checks.run(batch):
            tell(finding)
    if not count:
        where = ", ".join(map(str, paths)) or "annotations/gold"
        raise NotFound(
            f"{where}: no annotation there, nothing checked is nothing passed: name a file or folder that has some"
        )
    absent = f", {withheld} without their text (checked by digest and length)" if withheld else ""
    click.echo(f"{count} annotations checked{absent}: {errors} errors, {warnings} warnings", err=True)
    raise SystemExit(1 if errors else 0)


def _annotations(corpus: "Corpus", paths: tuple[Path, ...]) -> "Iterator[Annotation]":
    if not paths:
        return corpus.gold()
    return (corpus.read_annotation(file) for path in paths for file in corpus.annotation_files(path))


def _changed_texts(corpus: "Corpus") -> "Iterator[Finding]":
    """Yield a finding for each article without gold whose text is not the one on record."""
    from khabar.errors import Changed
    from khabar.model.finding import Finding, Severity

    for article in corpus.articles:
        if corpus.gold_of(article) is not None:
            continue  # the check of that name sees it
        try:
            corpus.text(article)
        except Changed as error:
            yield Finding(
                check="text-unchanged", severity=Severity.ERROR, article=article.id, annotator="", message=str(error)
            )
