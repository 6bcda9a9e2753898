"""The command ``khabar split``."""

from pathlib import Path

import click


@click.command()
@click.pass_obj
def command(root: Path) -> None:
    """Assign new articles to splits by story, in their shares, once and for ever."""
    from khabar.ingest.splits import assign
    from khabar.store import Corpus

    given = assign(Corpus(root))
    for key, split in given.items():
        click.echo(f"{key} {split}")
    click.echo(f"{len(given)} articles assigned, those that had a split keep it", err=True)
