"""The command ``khabar show ARTICLE``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from khabar.adjudication.beside import Row, Voice
    from khabar.model.article import Article
    from khabar.store import Corpus

LINE = "\n"
AGREED, DIFFERENT = "=", "\N{NOT EQUAL TO}"


@click.command()
@click.argument("article")
@click.option("--layer", help="Show one layer alone.")
@click.option("--differences", is_flag=True, help="Show only what not all say.")
@click.option(
    "--with",
    "more",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="Annotation files to lay beside, as a model's predictions: a file or a folder; may be repeated.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write it as one page to this file.")
@click.pass_obj
def command(
    root: Path, article: str, layer: str | None, more: tuple[Path, ...], html: Path | None, *, differences: bool
) -> None:
    """Follow an article by its id: its files in every folder, and what annotators, models and gold say of it."""
    from khabar.adjudication.beside import rows, voices
    from khabar.adjudication.sheet import sheet
    from khabar.store import Corpus

    corpus = Corpus(root)
    record = corpus.article(article)
    if layer:
        corpus.labels.layer(layer)
    for path in corpus.files_of(record):
        click.echo(f"{corpus.shown(path)}{'' if path.exists() else '  (withheld)'}")
    files = [path for each in more for path in corpus.annotation_files(each)]
    said = voices(corpus, record, map(corpus.read_annotation, files))
    for each in said:
        if each.lost:
            click.echo(f"{each.name}: {each.lost} spans and links cannot be shown: run 'khabar check'", err=True)
    found = [each for each in rows(said, corpus.labels, corpus.decisions_of(record)) if layer in (None, each.layer)]
    different = sum(each.differs for each in found)
    if html:
        sheet(corpus, record, said, found, html)
    else:
        _print(corpus, record, said, [each for each in found if each.differs or not differences])
    click.echo(f"{len(said)} voices, {len(found)} spans and links: {different} differ", err=True)


def _print(corpus: "Corpus", article: "Article", said: "Sequence[Voice]", found: "Sequence[Row]") -> None:
    """Print the rows, those that differ first, line of the text by line; words last, for they may run to the left."""
    from khabar.model.text import isolate

    text = corpus.text(article)
    different = [each for each in found if each.differs]
    columns = [[each.name, *(row.said[at] for row in different)] for at, each in enumerate(said)]
    widths = [max(map(len, column)) for column in columns]
    if different:
        heads = "  ".join(each.name.ljust(width) for each, width in zip(said, widths, strict=True))
        click.secho(f"\n{heads}", bold=True)
    for rows in (different, [each for each in found if not each.differs]):
        last = 0
        for row in rows:
            line = text.count("\n", 0, row.start) + 1 if text is not None else 0
            if text is not None and line != last:
                click.secho(f"{line:4} {isolate(text.split(LINE)[line - 1])}", dim=True)
            last = line
            cells = row.said if row.differs else [max(row.said)]
            shown = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False))
            sign = click.style(DIFFERENT, fg="yellow") if row.differs else AGREED
            about = " ".join(filter(None, (_place(row), row.gold.id if row.gold else "", row.how)))
            click.echo(f"{sign} {shown}  {about}  {_words(row, said, text)}")


def _place(row: "Row") -> str:
    if row.mark.head is None or row.mark.tail is None:
        return f"{row.start}-{row.end}"
    return f"{row.start}-{row.end}>{row.mark.tail.start}-{row.mark.tail.end}"


def _words(row: "Row", said: "Sequence[Voice]", text: str | None) -> str:
    from khabar.model.text import isolate

    places = [(row.start, row.end)]
    if row.mark.tail is not None:
        places.append((row.mark.tail.start, row.mark.tail.end))
    if text is not None:
        return " ".join(isolate(text[start:end]) for start, end in places)
    digests = {(span.start, span.end): span.digest for each in said for span in each.annotation.spans}
    return " ".join(f"sha256:{digests.get(place)}" for place in places)
