"""The command ``khabar stats [RELEASE]``."""

from pathlib import Path

import click


@click.command()
@click.argument("release", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.pass_obj
def command(root: Path, release: Path | None) -> None:
    """Say what a release holds, loaded and verified, or what stands where in the corpus."""
    if release is None:
        _corpus(root)
    else:
        _release(release)


def _release(folder: Path) -> None:
    from khabar.cli.tables import counts, rows
    from khabar.loading import load, read_manifest, signature

    manifest = read_manifest(folder)
    for config in manifest.configs:
        for split, dataset in load(folder, config).items():
            click.echo(f"{signature(folder, config, split)}|rows:{dataset.num_rows}")
    rows(manifest)
    counts(manifest)


def _corpus(root: Path) -> None:
    from khabar.model.rights import rights
    from khabar.store import Corpus

    corpus = Corpus(root)
    for article in corpus.articles:
        text = "text" if corpus.text(article) is not None else "withheld"
        gold = corpus.gold_of(article)
        spans = f"{len(gold.spans)} spans" if gold else "no gold"
        split = corpus.splits.get(article.id, "no split")
        click.echo(f"{article.id}\t{rights(corpus.source_of(article), article).license}\t{split}\t{text}\t{spans}")
    for key, reason in corpus.tombstones.items():
        click.echo(f"{key}\t\t{corpus.splits.get(key, 'no split')}\ttaken down\t{reason}")
