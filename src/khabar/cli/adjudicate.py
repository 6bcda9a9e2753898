"""The command ``khabar adjudicate NAME...``."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from khabar.errors import BadRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from khabar.adjudication.listing import Asked
    from khabar.campaign.client import Door
    from khabar.campaign.folder import Campaign
    from khabar.campaign.plan import Annotator, Plan
    from khabar.campaign.push import Pushed
    from khabar.model.annotation import Annotation
    from khabar.model.finding import Finding, Level
    from khabar.store import Corpus


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--rule", default="unanimous", help="What settles a question: unanimous, majority, or a share as 0.67.")
@click.option(
    "--least", type=click.IntRange(1), help="How many annotators an article needs. [default: 2, if so many are asked]"
)
@click.option("--into", help="Name of the adjudication campaign. [default: the first NAME and -adjudication]")
@click.option("--adjudicators", default="", help="Pseudonyms of persons who adjudicate, by commas.")
@click.option("--models", default="", help="Models that do.")
@click.option("--no-push", is_flag=True, help="Send no questions to Label Studio; the next run does.")
@click.option("--replace", is_flag=True, help="Let a changed result take the place of the gold that is there.")
@click.pass_obj
def command(
    root: Path,
    names: tuple[str, ...],
    *,
    rule: str,
    least: int | None,
    into: str | None,
    adjudicators: str,
    models: str,
    no_push: bool,
    replace: bool,
) -> None:
    """Write what the annotators of campaigns agree on as gold, and put the rest before an adjudicator."""
    from khabar import checks
    from khabar.adjudication.adjudicate import Terms, adjudicate
    from khabar.adjudication.rules import rule as rule_
    from khabar.campaign.plan import working
    from khabar.model.finding import Severity
    from khabar.store import Corpus

    corpus = Corpus(root)
    plans = _plans(corpus, names)

    def judge(annotations: "Sequence[Annotation]", last: "Level") -> "list[Finding]":
        found = checks.of_annotations(corpus, annotations, last)
        return [each for each in found if each.severity is Severity.ERROR]

    round_ = into or f"{names[0]}-adjudication"
    known = frozenset(key for plan in plans for key in plan.known)
    terms = Terms(judge, round_, rule_(rule), replace, least or _least(plans), known)
    written = open_ = 0
    for result in adjudicate(corpus, names, terms):
        written += result.written
        open_ += bool(result.open)
        click.echo(f"{result.article}: {result.message}")
        for note in result.notes:
            click.echo(f"{result.article}: {note}", err=True)
    click.echo(f"{written} written, {open_} left open", err=True)
    if not no_push:
        people, programs = (given.replace(",", " ").split() for given in (adjudicators, models))
        _ask(corpus, terms.round, working(people, programs, (), shared=True))
    raise SystemExit(1 if open_ else 0)


def _plans(corpus: "Corpus", names: tuple[str, ...]) -> "list[Plan]":
    """Return the plans of campaigns; what adjudicators answered is refused, it comes with the campaign it is about."""
    from khabar.campaign.folder import Campaign

    plans = {name: Campaign(corpus, name).plan for name in names}
    if answers := [name for name, plan in plans.items() if plan.adjudicates]:
        raise BadRecord(f"{answers[0]} holds answers of adjudicators, no annotations: name the campaign it is about")
    return list(plans.values())


def _least(plans: "list[Plan]") -> int:
    """Return how many annotators an article needs: two, where plans ask as many of any article."""
    asked: Counter[str] = Counter()
    for plan in plans:
        asked.update(dict.fromkeys(plan.articles, plan.overlap))
    return min(2, max(asked.values(), default=1))


def _ask(corpus: "Corpus", name: str, adjudicators: "dict[str, Annotator]") -> None:
    """Put what is open before an adjudicator: make the campaigns that there are not yet, and push them all."""
    from khabar.adjudication.listing import waiting as waiting_
    from khabar.cli.campaign import door_of
    from khabar.cli.waiting import waiting

    rounds, refused = waiting_(corpus, name)
    for line in refused:
        click.echo(line)
    if not rounds:
        return
    campaigns = [(_campaign(corpus, each, asked, adjudicators), asked) for each, asked in rounds.items()]
    with waiting("asking") as tell, door_of(corpus) as door:
        for campaign, asked in campaigns:
            tell(campaign.name)
            done = _pushed(campaign, door, asked)
            for line in done.refused:
                click.echo(line)
            for note in done.notes:
                click.echo(note, err=True)
            places = " ".join(f"{door.url}/projects/{number}/" for number in done.projects.values())
            counts = f"{done.sent['tasks']} articles asked ({done.there['tasks']} already)"
            click.echo(f"{campaign.name}: {counts}: {places}", err=True)


def _campaign(corpus: "Corpus", name: str, asked: "list[Asked]", adjudicators: "dict[str, Annotator]") -> "Campaign":
    """Return an adjudication campaign, which is begun where there is none."""
    from khabar.campaign.folder import Campaign, Design, new_campaign

    if name in corpus.campaigns:
        return Campaign(corpus, name)
    layers = [layer for each in asked for layer in each.layers]
    design = Design(annotators=adjudicators, adjudicates=True)
    return new_campaign(corpus, name, layers, [each.article for each in asked], design)


def _pushed(campaign: "Campaign", door: "Door", asked: "list[Asked]") -> "Pushed":
    from khabar.campaign.load import Load
    from khabar.campaign.push import push

    with TemporaryDirectory() as folder:
        for each in asked:
            campaign.corpus.write_annotation(Path(folder) / f"{each.article}.json", each.start)
        questions = {each.article: each.questions for each in asked}
        return push(campaign, door, Load(Path(folder), questions=questions), lambda _: None)
