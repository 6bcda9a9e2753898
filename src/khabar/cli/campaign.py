"""The command ``khabar campaign new | push | pull | status | agreement | quality NAME``."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from khabar.cli.quality import quality
from khabar.cli.status import status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from khabar.campaign.client import Door
    from khabar.campaign.folder import Campaign
    from khabar.campaign.load import Load
    from khabar.store import Corpus

INPUT = click.Path(path_type=Path, exists=True)


@click.group()
def command() -> None:
    """Have articles annotated in Label Studio: begin a campaign, push its tasks, pull what was said of them."""


command.add_command(status)
command.add_command(quality)


@command.command()
@click.argument("name")
@click.option("--layers", required=True, help="Layers to annotate, by commas.")
@click.option("--articles", multiple=True, help="Ids of articles, by commas or one option each.")
@click.option("--source", "sources", multiple=True, help="Articles of a source.")
@click.option("--story", "stories", multiple=True, help="Articles that tell a story.")
@click.option("--split", "splits", multiple=True, help="Articles of a split.")
@click.option("--since", default="", metavar="DATE", help="Articles published then or later.")
@click.option("--until", default="", metavar="DATE", help="Articles published then or before.")
@click.option("--shortest", default=0, metavar="N", help="Articles of N characters at least.")
@click.option("--longest", default=0, metavar="N", help="Articles of N characters at most.")
@click.option("--without-gold", "ungolded", is_flag=True, help="Articles that have no gold.")
@click.option("--sample", type=click.IntRange(1), help="Draw so many of the articles that are asked for.")
@click.option("--stratify", default="", help="Draw in proportion, by source, month, length, story.")
@click.option("--seed", default=0, help="Of every draw.")
@click.option("--annotators", multiple=True, help="Pseudonyms, by commas; each gets a project, unless --shared.")
@click.option("--models", multiple=True, help="Annotators that are models.")
@click.option("--group", "groups", multiple=True, metavar="NAME=A,B", help="Annotators who share a project.")
@click.option("--shared", is_flag=True, help="One project for all: they can read each other's work.")
@click.option("--overlap", default=1, help="How many annotate an article.")
@click.option("--batch", default=0, help="Articles in a batch; all in one if not given.")
@click.option("--bare", default=0.0, help="Share of the tasks without pre-annotation, as in 0.2.")
@click.option("--qualification", default="", metavar="N|IDS", help="Articles with gold that everybody does first.")
@click.option("--controls", default="", metavar="N|IDS", help="Articles with gold, mixed among the others.")
@click.pass_obj
def new(root: Path, /, name: str, layers: str, articles: tuple[str, ...], **options: Any) -> None:
    """Begin a campaign: write campaign.toml, draw who annotates what, freeze the label page."""
    from khabar.campaign.design import Wanted, begin
    from khabar.store import Corpus

    corpus = Corpus(root)
    listed: dict[str, Any] = {key: _all(options.pop(key)) for key in ("annotators", "models")}
    strata = _listed(options.pop("stratify"))
    wanted = Wanted(articles=_all(articles), strata=tuple(strata), **listed, **options)
    campaign = begin(corpus, name, _listed(layers), wanted)
    click.echo(corpus.shown(campaign.folder / "campaign.toml"))
    click.echo(f"{len(campaign.plan.articles)} articles; next: khabar campaign push {name}", err=True)


@command.command()
@click.argument("name")
@click.option("--predictions", type=INPUT, help="Annotation files that annotators begin from.")
@click.option("--annotations", type=INPUT, help="Annotation files that are submitted as they are.")
@click.option("--release", type=click.IntRange(1), metavar="BATCH", help="Release the batches up to this one.")
@click.option("--dry-run", is_flag=True, help="Print what would be made, and make nothing.")
@click.pass_obj
def push(
    root: Path, name: str, predictions: Path | None, annotations: Path | None, release: int | None, *, dry_run: bool
) -> None:
    """Send to Label Studio what is not there yet, of the batches that are released."""
    from khabar.campaign.folder import Campaign
    from khabar.campaign.load import Load
    from khabar.campaign.push import KINDS
    from khabar.campaign.push import push as push_
    from khabar.cli.waiting import waiting
    from khabar.store import Corpus

    corpus = Corpus(root)
    campaign = Campaign(corpus, name)
    load = Load(predictions, annotations, _questions(corpus, campaign))
    if dry_run:
        _preview(corpus, campaign, load, release or 0)
        return
    if release:
        campaign.release(release)
    with waiting(f"pushing {name}") as tell, door_of(corpus) as door:
        done = push_(campaign, door, load, tell)
        places = " ".join(f"{door.url}/projects/{number}/" for number in done.projects.values())
    for line in done.refused:
        click.echo(line)
    for note in done.notes:
        click.echo(note, err=True)
    if done.hidden:
        click.echo(f"{done.hidden} predictions kept back: their tasks are begun from nothing", err=True)
    counts = ", ".join(f"{done.sent[kind]} {kind} sent ({done.there[kind]} there already)" for kind in KINDS)
    click.echo(f"{counts}, {len(done.refused)} refused: {places}", err=True)
    raise SystemExit(1 if done.refused else 0)


def _questions(corpus: "Corpus", campaign: "Campaign") -> dict[str, str]:
    """Return what an adjudication campaign asks, by article."""
    from khabar.adjudication.listing import waiting

    if not campaign.plan.adjudicates:
        return {}
    rounds = waiting(corpus, campaign.name).rounds
    return {each.article: each.questions for each in rounds.get(campaign.name, [])}


def _preview(corpus: "Corpus", campaign: "Campaign", load: "Load", release: int) -> None:
    """Print what a push would make; a server is asked what is there, if the campaign is on one."""
    from khabar.campaign.address import home
    from khabar.campaign.people import People
    from khabar.campaign.preview import preview

    if any(campaign.plan.projects.values()):
        with door_of(corpus) as door:
            rows = preview(campaign, door, load, release)
    else:
        rows = preview(campaign, None, load, release)
    for row in rows:
        place = f"project {row.project} ({row.number or 'new'}), batch {row.batch}"
        who = ", ".join(row.annotators) or "whoever comes"
        parts = (f"{row.work} articles", f"{row.control} controls", f"{row.qualification} of qualification")
        kinds = ", ".join(part for part in parts if not part.startswith("0 ")) or "nothing"
        when = "" if row.released else ", not released"
        click.echo(
            f"{place}: {row.tasks} tasks for {who} ({row.there} there already){when}: {kinds};"
            f" {row.shown} pre-annotated, {row.bare} from nothing"
        )
    if note := People(corpus.studio, home()).strangers(campaign.plan):
        click.echo(note, err=True)
    sent = sum(row.tasks for row in rows if row.released)
    click.echo(f"{sent} tasks would be sent to {len({row.project for row in rows})} projects", err=True)


@command.command()
@click.argument("name")
@click.option(
    "--from", "files", type=INPUT, multiple=True, help="Exported JSON instead of the server; may be repeated."
)
@click.option(
    "--full", is_flag=True, help="Fetch everything, not only what changed; with --from: FILEs are all there is."
)
@click.pass_obj
def pull(root: Path, name: str, files: tuple[Path, ...], *, full: bool) -> None:
    """Fetch from Label Studio what is new there, and print what is not believed."""
    from khabar.campaign.folder import Campaign
    from khabar.campaign.pull import pull as pull_
    from khabar.campaign.pull import take
    from khabar.campaign.regions import ENDS_AT, HANGS_ON
    from khabar.campaign.settling import QUARANTINE
    from khabar.cli.check import tell_errors
    from khabar.cli.waiting import waiting
    from khabar.store import Corpus

    corpus = Corpus(root)
    campaign = Campaign(corpus, name)
    if files:
        found = take(campaign, list(files), full=full)
    else:
        with waiting(f"pulling {name}") as tell, door_of(corpus) as door:
            found = pull_(campaign, door, tell, full=full)
    causes = [each for each in found.away if each.reason not in (HANGS_ON, ENDS_AT)]
    for each in causes:
        place = f"{each.article or f'task {each.task}'}: annotation {each.annotation}: {each.item}"
        click.echo(f"{place.removesuffix(': ')}: {each.reason}")
    for note in found.notes:
        click.echo(note, err=True)
    told = found.summary
    news = f"pull {told.number}" if found.new else "nothing new there"
    click.echo(
        f"{news}: {told.tasks} tasks, {told.annotations} annotations ({found.written} files written, {found.removed}"
        f" removed), {told.cancelled} skipped, {told.drafts} drafts, {told.quarantined} in quarantine",
        err=True,
    )
    if found.away:
        hanging = f", with {len(found.away) - len(causes)} that hang on those" if len(causes) < len(found.away) else ""
        click.echo(f"quarantine: {corpus.shown(campaign.folder / QUARANTINE)}{hanging}", err=True)
    if found.written:
        tell_errors(corpus, campaign.folder / "annotations")
    raise SystemExit(1 if found.away else 0)


def _all(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for each in given for name in _listed(each))


def _listed(given: str) -> list[str]:
    return given.replace(",", " ").split()


@contextmanager
def door_of(corpus: "Corpus") -> "Iterator[Door]":
    """Open a door to the server that campaigns talk to."""
    from khabar.campaign.address import server_at_hand
    from khabar.campaign.client import Door
    from khabar.campaign.server import Studio

    with Door(server_at_hand(Studio(corpus.studio).status())) as door:
        yield door


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--resamples", type=click.IntRange(1), default=1000, show_default=True, help="Draws for an interval.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of resampling and shuffling.")
@click.option("--json", "as_json", is_flag=True, help="Print agreement.json instead of tables.")
@click.pass_obj
def agreement(root: Path, names: tuple[str, ...], *, resamples: int, seed: int, as_json: bool) -> None:
    """Measure how far annotators agree, and write agreement.json; several campaigns are looked at as one."""
    from khabar.adjudication.agreement.report import of_campaigns
    from khabar.cli.agreement import lines, show
    from khabar.cli.waiting import waiting
    from khabar.model.agreement import Setting, written
    from khabar.store import Corpus
    from khabar.store.agreements import write_agreement

    corpus = Corpus(root)
    with waiting(f"comparing annotators of {', '.join(names)}"):
        found = of_campaigns(corpus, names, Setting(resamples=resamples, seed=seed))
    for place in write_agreement(corpus, found):
        click.echo(corpus.shown(place), err=True)
    if as_json:
        click.echo(written(found), nl=False)
        return
    show(found)
    for line in lines(found):
        click.echo(line)
