"""The command ``khabar restore --from FOLDER``."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--from",
    "folder",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with the texts, under whatever names.",
)
@click.pass_obj
def command(root: Path, folder: Path) -> None:
    """Put withheld texts back, by digest."""
    from khabar.ingest.restore import missing, restore
    from khabar.store import Corpus

    corpus = Corpus(root)
    found = 0
    for article in restore(corpus, folder):
        click.echo(article.id)
        found += 1
    left = missing(corpus)
    for article in left:
        click.echo(f"{article.id}: no file in {folder} has the text {article.sha256[:8]}", err=True)
    click.echo(f"{found} texts put back, {len(left)} still withheld", err=True)
    raise SystemExit(1 if left else 0)
