"""The command ``khabar suspects``."""

from pathlib import Path

import click


@click.command()
@click.option("--articles", is_flag=True, help="Print the ids of the articles alone, the most doubtful first.")
@click.option("--limit", type=click.IntRange(1), help="How many to print; all if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON record a line.")
@click.option("--seed", default=0, help="Of the draw of folds.")
@click.pass_obj
def command(root: Path, limit: int | None, seed: int, *, articles: bool, as_json: bool) -> None:
    """Print where gold is probably wrong, the most doubtful first: what to have annotated again."""
    import msgspec

    from khabar import checks
    from khabar.adjudication.suspects import doubts, suspects
    from khabar.model.text import isolate
    from khabar.store import Corpus

    corpus = Corpus(root)
    findings = [finding for part in checks.judge(corpus, []) for finding in part.findings]
    found = doubts(suspects(list(corpus.batches(corpus.gold())), corpus.labels, seed), findings)
    if articles:
        scores: dict[str, float] = {}
        for each in found:
            scores[each.article] = scores.get(each.article, 0.0) + each.score
        for key in sorted(scores, key=lambda key: (-scores[key], key))[:limit]:
            click.echo(key)
        return
    for each in found[:limit]:
        if as_json:
            click.echo(msgspec.json.encode(each._asdict()).decode())
            continue
        text = corpus.text(corpus.article(each.article))
        words = f" {isolate(text[each.start : each.end])}" if text is not None else ""
        click.echo(f"{each.article}:{each.start}-{each.end}: {each.score:.2f}:{words} {'; '.join(each.reasons)}")
    click.echo(f"{len(found)} places to look at again", err=True)
