"""The command ``khabar campaign new | push | pull NAME``."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from khabar.campaign.client import Door
    from khabar.store import Corpus

INPUT = click.Path(path_type=Path, exists=True)


@click.group()
def command() -> None:
    """Have articles annotated in Label Studio: begin a campaign, push its tasks, pull what was said of them."""


@command.command()
@click.argument("name")
@click.option("--layers", required=True, help="Layers to annotate, by commas.")
@click.option("--articles", multiple=True, help="Ids of articles, by commas or one option each.")
@click.option("--source", "sources", multiple=True, help="All articles of a source.")
@click.pass_obj
def new(root: Path, name: str, layers: str, articles: tuple[str, ...], sources: tuple[str, ...]) -> None:
    """Begin a campaign: write campaign.toml and freeze the label page."""
    from khabar.campaign.folder import new_campaign
    from khabar.store import Corpus

    corpus = Corpus(root)
    keys = [key for given in articles for key in _listed(given)]
    for source in sources:
        wanted = corpus.source(source)
        keys += [article.id for article in corpus.articles if corpus.source_of(article) == wanted]
    campaign = new_campaign(corpus, name, _listed(layers), keys)
    click.echo(corpus.shown(campaign.folder / "campaign.toml"))
    click.echo(f"{len(campaign.plan.articles)} articles; next: khabar campaign push {name}", err=True)


@command.command()
@click.argument("name")
@click.option("--predictions", type=INPUT, help="Annotation files that annotators begin from.")
@click.option("--annotations", type=INPUT, help="Annotation files that are submitted as they are.")
@click.pass_obj
def push(root: Path, name: str, predictions: Path | None, annotations: Path | None) -> None:
    """Send to Label Studio what is not there yet."""
    from khabar.campaign.folder import Campaign
    from khabar.campaign.push import KINDS, Load
    from khabar.campaign.push import push as push_
    from khabar.cli.waiting import waiting
    from khabar.store import Corpus

    corpus = Corpus(root)
    campaign = Campaign(corpus, name)
    with waiting(f"pushing {name}") as tell, _door(corpus) as door:
        done = push_(campaign, door, Load(predictions, annotations), tell)
        place = f"{door.url}/projects/{done.project}/"
    for line in done.refused:
        click.echo(line)
    counts = ", ".join(f"{done.sent[kind]} {kind} sent ({done.there[kind]} there already)" for kind in KINDS)
    click.echo(f"{counts}, {len(done.refused)} refused: {place}", err=True)
    raise SystemExit(1 if done.refused else 0)


@command.command()
@click.argument("name")
@click.option(
    "--from", "files", type=INPUT, multiple=True, help="Exported JSON instead of the server; may be repeated."
)
@click.pass_obj
def pull(root: Path, name: str, files: tuple[Path, ...]) -> None:
    """Fetch from Label Studio what is new there, and print what is not believed."""
    from khabar.campaign.folder import Campaign
    from khabar.campaign.pull import QUARANTINE, take
    from khabar.campaign.pull import pull as pull_
    from khabar.cli.waiting import waiting
    from khabar.store import Corpus

    corpus = Corpus(root)
    campaign = Campaign(corpus, name)
    if files:
        found = take(campaign, list(files))
    else:
        with waiting(f"pulling {name}") as tell, _door(corpus) as door:
            found = pull_(campaign, door, tell)
    for each in found.away:
        place = f"{each.article or f'task {each.task}'}: annotation {each.annotation}: {each.item}"
        click.echo(f"{place.removesuffix(': ')}: {each.reason}")
    for note in found.notes:
        click.echo(note, err=True)
    told = found.summary
    news = f"pull {told.number}" if found.new else "nothing new"
    click.echo(
        f"{news}: {told.tasks} tasks, {told.annotations} annotations ({found.written} files written, {found.removed}"
        f" removed), {told.cancelled} skipped, {told.drafts} drafts, {told.quarantined} in quarantine",
        err=True,
    )
    if found.away:
        click.echo(f"quarantine: {corpus.shown(campaign.folder / QUARANTINE)}", err=True)
    raise SystemExit(1 if found.away else 0)


def _listed(given: str) -> list[str]:
    return given.replace(",", " ").split()


@contextmanager
def _door(corpus: "Corpus") -> "Iterator[Door]":
    from khabar.campaign.address import server_at_hand
    from khabar.campaign.client import Door
    from khabar.campaign.server import Studio

    with Door(server_at_hand(Studio(corpus.studio).status())) as door:
        yield door
