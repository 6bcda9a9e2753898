"""How a campaign is asked for: which articles, whom, how many, in words of one call; what comes of it is a plan."""

from collections.abc import Iterable
from dataclasses import dataclass

from khabar.campaign.draw import Query, Sample, chosen, drawn, known
from khabar.campaign.folder import Campaign, Design, new_campaign
from khabar.campaign.plan import working
from khabar.errors import BadRecord
from khabar.store import Corpus


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a lead asks for.

    Attributes:
        articles: Ids of articles; with a query beside them, both.
        sources, stories, splits, since, until, shortest, longest, ungolded: As in `khabar.campaign.draw.Query`.
        sample: How many of them are drawn, None for all.
        strata: What the draw is stratified by.
        seed: Of every draw.
        annotators, models, groups, shared: As in `khabar.campaign.plan.working`.
        overlap, batch, bare: As in `khabar.campaign.plan.Plan`.
        qualification, controls: Ids by commas, or how many are drawn from those with gold.
    """

    articles: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    shortest: int = 0
    longest: int = 0
    ungolded: bool = False
    sample: int | None = None
    strata: tuple[str, ...] = ()
    seed: int = 0
    annotators: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    shared: bool = False
    overlap: int = 1
    batch: int = 0
    bare: float = 0.0
    qualification: str = ""
    controls: str = ""

    @property
    def query(self) -> Query:
        """What articles must be."""
        return Query(*(getattr(self, name) for name in Query._fields))


def begin(corpus: Corpus, name: str, layers: Iterable[str], wanted: Wanted) -> Campaign:
    """Begin a campaign: choose its articles, draw who annotates what, write the plan.

    Raises:
        BadRecord, Changed, NotFound: what is asked for does not exist, does not hold together, or is there already.
    """
    asked = tuple(layers)
    articles = _articles(corpus, wanted)
    qualification = known(corpus, asked, wanted.qualification, articles, wanted.seed)
    controls = known(corpus, asked, wanted.controls, (*articles, *qualification), wanted.seed)
    design = Design(
        annotators=working(wanted.annotators, wanted.models, wanted.groups, shared=wanted.shared),
        overlap=wanted.overlap,
        batch=wanted.batch,
        bare=wanted.bare,
        seed=wanted.seed,
        qualification=qualification,
        controls=controls,
        drawn=_told(wanted),
    )
    return new_campaign(corpus, name, asked, articles, design)


def _articles(corpus: Corpus, wanted: Wanted) -> tuple[str, ...]:
    keys = dict.fromkeys(wanted.articles)
    if any(wanted.query) or (wanted.sample and not keys):
        keys |= dict.fromkeys(article.id for article in chosen(corpus, wanted.query))
    if wanted.sample is None:
        if wanted.strata:
            raise BadRecord("articles are stratified in a draw, and nothing is drawn: say how many with --sample")
        return tuple(keys)
    sample = Sample(wanted.sample, wanted.strata, wanted.seed)
    return tuple(article.id for article in drawn(corpus, map(corpus.article, keys), sample))


def _told(wanted: Wanted) -> str:
    """Return how the articles were chosen, for the reader of the plan; empty where they were named."""
    asked = {name: value for name, value in wanted.query._asdict().items() if value and name != "ungolded"}
    if wanted.sample is not None:
        asked |= {"sample": wanted.sample, "strata": wanted.strata or "none", "seed": wanted.seed}
    words = (
        f"{name} {', '.join(map(str, value)) if isinstance(value, tuple) else value}" for name, value in asked.items()
    )
    return "; ".join([*words, *(["without gold"] if wanted.ungolded else [])])
