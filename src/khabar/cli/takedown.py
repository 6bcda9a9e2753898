"""The command ``khabar takedown ARTICLE --reason WORDS``."""

from pathlib import Path

import click


@click.command()
@click.argument("article")
@click.option("--reason", required=True, help="Why, on one line; it is published.")
@click.pass_obj
def command(root: Path, article: str, reason: str) -> None:
    """Take an article out of the corpus: text, record and annotations go, a tombstone with id and reason stays."""
    from khabar.campaign.takedown import forget
    from khabar.ingest.takedown import released_in, take_down
    from khabar.release.repeats import repeats
    from khabar.store import Corpus
    from khabar.store.agreements import agreements, outdated

    corpus = Corpus(root)
    repeated = [] if article in corpus.tombstones else list(repeats(corpus, corpus.article(article)))
    with corpus.alone_everywhere():
        gone = [*take_down(corpus, article, reason), *forget(corpus, article)]
    for path in gone:
        click.echo(corpus.shown(path))
    click.echo(f"{article}: taken down, {len(gone)} files changed or removed", err=True)
    for path, line in repeated:
        click.echo(f"{corpus.shown(path)}:{line} repeats words of {article}: mend it by hand", err=True)
    for release in released_in(corpus, article):
        click.echo(f"{corpus.shown(release)} still has it: remove it, release anew, and withdraw what is out", err=True)
    click.echo(
        "what was committed stays in git's history, and in back-ups: remove it there; its tasks go with the next push",
        err=True,
    )
    for told in sorted({" ".join(each.campaigns) for each in agreements(corpus).values() if outdated(corpus, each)}):
        again = f"run 'khabar campaign agreement {told}' before the next release"
        click.echo(f"agreement of {told} is of other annotations than are there now: {again}", err=True)
