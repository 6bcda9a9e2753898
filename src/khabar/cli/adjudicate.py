"""The command ``khabar adjudicate NAME``."""

from pathlib import Path

import click


@click.command()
@click.argument("name")
@click.option("--replace", is_flag=True, help="Let a changed result take the place of the gold that is there.")
@click.pass_obj
def command(root: Path, name: str, *, replace: bool) -> None:
    """Write what a campaign's annotators agree on as gold."""
    from khabar import checks
    from khabar.adjudication.merge import adjudicate
    from khabar.model.annotation import Annotation
    from khabar.model.finding import Severity
    from khabar.store import Corpus

    corpus = Corpus(root)

    def judge(annotation: Annotation) -> list[str]:
        found = checks.of_annotation(corpus, annotation)
        return [str(finding) for finding in found if finding.severity is Severity.ERROR]

    written = open_ = 0
    for result in adjudicate(corpus, name, judge, replace=replace):
        written += result.written
        open_ += bool(result.open)
        click.echo(f"{result.article}: {result.message}")
    click.echo(f"{written} written, {open_} left open", err=True)
    raise SystemExit(1 if open_ else 0)
