"""The command ``khabar adjudicate NAME...``."""

from pathlib import Path

import click


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--rule", default="unanimous", help="What settles a question: unanimous, majority, or a share as 0.67.")
@click.option("--least", type=click.IntRange(1), help="How many annotators an article needs. [default: 2, if so many]")
@click.option("--into", help="Name of the adjudication campaign. [default: the first NAME and -adjudication]")
@click.option("--replace", is_flag=True, help="Let a changed result take the place of the gold that is there.")
@click.pass_obj
def command(
    root: Path, names: tuple[str, ...], rule: str, least: int | None, into: str | None, *, replace: bool
) -> None:
    """Write what the annotators of campaigns agree on as gold, and put the rest before an adjudicator."""
    from khabar import checks
    from khabar.adjudication.adjudicate import Terms, adjudicate
    from khabar.adjudication.rules import rule as rule_
    from khabar.checks.engine import CHECKS
    from khabar.model.annotation import Annotation
    from khabar.model.finding import Finding, Level, Severity
    from khabar.store import Corpus

    corpus = Corpus(root)

    def judge(annotation: Annotation, last: Level) -> list[Finding]:
        found = checks.of_annotation(corpus, annotation)
        return [each for each in found if each.severity is Severity.ERROR and CHECKS[each.check].level <= last]

    people = {path.parent.name for name in names for path in corpus.campaign_annotations(name)}
    terms = Terms(judge, into or f"{names[0]}-adjudication", rule_(rule), replace, least or min(2, len(people)))
    written = open_ = 0
    for result in adjudicate(corpus, names, terms):
        written += result.written
        open_ += bool(result.open)
        click.echo(f"{result.article}: {result.message}")
        for note in result.notes:
            click.echo(f"{result.article}: {note}", err=True)
    click.echo(f"{written} written, {open_} left open", err=True)
    raise SystemExit(1 if open_ else 0)
