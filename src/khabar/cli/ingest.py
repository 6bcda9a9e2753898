"""The command ``khabar ingest PATH... --source ID``."""

from pathlib import Path

import click


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--source", required=True, help="A source of corpus/sources.toml.")
@click.option("--url", default="", help="Where the article was published.")
@click.option("--published", default="", help="Date of publication, YYYY-MM-DD.")
@click.option("--retrieved", default="", help="Date of retrieval, YYYY-MM-DD.")
@click.option("--story", default="", help="The story that these articles share.")
@click.pass_context
def command(context: click.Context, /, paths: tuple[Path, ...], **about: str) -> None:
    """Take new articles into corpus/."""
    from khabar.ingest.articles import Intake, ingest
    from khabar.store import Corpus

    corpus = Corpus(context.obj)
    source = corpus.source(about.pop("source"))
    new = known = refused = 0
    for outcome in ingest(corpus, Intake(source, **about), paths):
        new += outcome.new
        known += outcome.article is not None and not outcome.new
        refused += outcome.article is None
        if outcome.new and outcome.article:
            click.echo(outcome.article.id)
        if outcome.message:
            click.echo(outcome.message, err=outcome.article is not None)
    click.echo(f"{new} new, {known} already there, {refused} refused", err=True)
    if source.redistribute == "offsets" and new:
        click.echo(f"{source.id} allows offsets only: its texts stay out of git and out of releases", err=True)
    raise SystemExit(1 if refused else 0)
