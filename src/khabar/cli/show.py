"""The command ``khabar show ARTICLE``."""

from pathlib import Path

import click


@click.command()
@click.argument("article")
@click.option("--layer", help="Show the spans of one layer alone.")
@click.pass_obj
def command(root: Path, article: str, layer: str | None) -> None:
    """Follow an article by its id: its files in every folder, and its gold spans."""
    from khabar.model.text import isolate
    from khabar.store import Corpus

    corpus = Corpus(root)
    record = corpus.article(article)
    if layer:
        corpus.labels.layer(layer)
    for path in corpus.files_of(record):
        click.echo(f"{corpus.shown(path)}{'' if path.exists() else '  (withheld)'}")
    gold = corpus.gold_of(record)
    text = corpus.text(record)
    for span in gold.spans if gold else ():
        if layer in (None, span.layer):
            words = isolate(text[span.start : span.end]) if text is not None else f"sha256:{span.digest}"
            said = " ".join(f"{name}={value}" for name, value in span.attributes.items())
            links = (
                " ".join(f"{each.label}={each.tail}" for each in gold.relations if each.head == span.id) if gold else ""
            )
            click.echo(
                f"{span.start}-{span.end}\t{span.id}\t{span.label}\t{' '.join(filter(None, (said, links)))}\t{words}"
            )
