"""The command ``khabar campaign quality NAME...``."""

from pathlib import Path

import click


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option("--confused", default=10, help="How many confusions of each annotator to print.")
@click.pass_obj
def quality(root: Path, names: tuple[str, ...], confused: int, *, as_json: bool) -> None:
    """Measure annotators by gold: what they got right, and what they take for what."""
    import msgspec

    from khabar.adjudication.quality import quality as quality_
    from khabar.campaign.folder import Campaign
    from khabar.store import Corpus

    corpus = Corpus(root)
    found = quality_(corpus, {name: Campaign(corpus, name).plan.known for name in names})
    if as_json:
        scores = [{**each._asdict(), "f1": each.f1, "relaxed_f1": each.relaxed_f1} for each in found.scores]
        told = {"scores": scores, "confused": [each._asdict() for each in found.confused]}
        click.echo(msgspec.json.format(msgspec.json.encode(told)).decode())
        return
    for score in found.scores:
        origin = "known gold" if score.known else "merged gold"
        click.echo(
            f"{score.annotator}\t{score.layer}\t{origin}\t{score.articles} articles\tF1 {_share(score.f1)}"
            f"\tany boundaries {_share(score.relaxed_f1)}\t{score.gold} in gold, {score.said} said"
        )
    for annotator in dict.fromkeys(each.annotator for each in found.confused):
        for each in [each for each in found.confused if each.annotator == annotator][:confused]:
            gold, said = (label or "nothing" for label in (each.gold, each.said))
            click.echo(f"{annotator}\t{each.layer}\t{said} for {gold}\t{each.times}")
    if not found.scores:
        click.echo("nothing to measure: no article of theirs has gold", err=True)


def _share(share: float | None) -> str:
    return "undefined" if share is None else f"{share:.3f}"
