"""A campaign's folder: its plan, its frozen page, and which project on the server is its own."""

from collections.abc import Iterable

import msgspec

from khabar.campaign.client import Door, Project
from khabar.campaign.page import Page, page_digest
from khabar.campaign.plan import NAME, Plan, new_plan, read_plan, with_project
from khabar.errors import BadRecord, Changed, NotFound, ServerTrouble
from khabar.model.text import DIGEST_SHOWN
from khabar.store import Corpus, write_atomically

PLAN = "campaign.toml"
PAGE = "page.xml"


class Campaign:
    """A campaign as it stands on disk.

    Attributes:
        corpus: The corpus.
        name: Its name.
        folder: Where it is kept.
        plan: What ``campaign.toml`` says.
        page: What its page can say, by today's label set.
    """

    def __init__(self, corpus: Corpus, name: str) -> None:
        self.corpus = corpus
        self.name = name
        self.folder = corpus.campaign(name)
        path = self.folder / PLAN
        if not NAME.fullmatch(name) or not path.is_file():
            there = ", ".join(corpus.campaigns) or "none yet"
            raise NotFound(f"no campaign is called '{name}', there are: {there}: begin one with 'khabar campaign new'")
        self.plan: Plan = read_plan(path.read_bytes(), corpus.shown(path))
        self.page = Page(corpus.labels, _in_order(corpus, self.plan.layers))

    @property
    def frozen(self) -> str:
        """The page that was frozen when the campaign began."""
        path = self.folder / PAGE
        if not path.is_file():
            raise NotFound(f"{self.corpus.shown(path)} is missing, it is written once: restore it")
        return path.read_text(encoding="utf-8")

    def refuse_new_labels(self) -> None:
        """Make sure that the label set is the one that the page was made from.

        Raises:
            Changed: it is not.
        """
        ours = self.corpus.labels.digest
        if self.plan.label_set != ours:
            raise Changed(
                f"annotations/labels.toml is {ours[:DIGEST_SHOWN]}, {self.name} was begun with"
                f" {self.plan.label_set[:DIGEST_SHOWN]}: begin a new campaign"
            )

    def project(self, door: Door) -> Project:
        """Return the campaign's project.

        Raises:
            ServerTrouble: the server has none.
            Changed: its label page is not the frozen one.
        """
        place = self.corpus.shown(self.folder / PLAN)
        if not self.plan.project:
            raise ServerTrouble(f"{place}: the campaign is on no server yet: run 'khabar campaign push {self.name}'")
        found = door.project(self.plan.project)
        if found is None:
            raise ServerTrouble(
                f"{door.url} has no project {self.plan.project}, which {place} names: was it deleted, or is this"
                " another server? to push it anew, write project = 0 there"
            )
        self._refuse_drift(found)
        return found

    def project_or_new(self, door: Door) -> Project:
        """Return the campaign's project, which is made where the plan names none.

        A push that was cut off before it noted its project finds it again by its description.
        """
        if self.plan.project:
            return self.project(door)
        description = f"khabar campaign {self.name}, page {page_digest(self.frozen)[:DIGEST_SHOWN]}"
        there = door.projects_described(description)
        found = there[0] if there else door.create_project(self.plan.title, description, self.frozen)
        self._refuse_drift(found)
        path = self.folder / PLAN
        content = with_project(path.read_text(encoding="utf-8"), found.id, self.corpus.shown(path))
        write_atomically(path, content.encode("utf-8"))
        self.plan = msgspec.structs.replace(self.plan, project=found.id)
        return found

    def _refuse_drift(self, project: Project) -> None:
        ours, theirs = page_digest(self.frozen), page_digest(project.page)
        if ours != theirs:
            raise Changed(
                f"the label page of project {project.id} is {theirs[:DIGEST_SHOWN]}, {self.name} was begun with"
                f" {ours[:DIGEST_SHOWN]}: put {self.corpus.shown(self.folder / PAGE)} back there"
            )


def new_campaign(corpus: Corpus, name: str, layers: Iterable[str], articles: Iterable[str]) -> Campaign:
    """Begin a campaign: write its plan and freeze its page.

    Raises:
        BadRecord: the name cannot be one, or nothing is asked, or of no article.
        Changed: there is a campaign of that name.
        NotFound: a layer or an article does not exist.
    """
    if not NAME.fullmatch(name):
        raise BadRecord(f"'{name}' cannot name a campaign: 3 to 50 of a-z 0-9 and - can")
    folder = corpus.campaign(name)
    if (folder / PLAN).exists():
        raise Changed(f"{corpus.shown(folder / PLAN)} is there already: mend it by hand, or choose another name")
    asked, keys = _in_order(corpus, tuple(layers)), tuple(dict.fromkeys(articles))
    if not asked or not keys:
        raise BadRecord(f"{name}: {len(asked)} layers of {len(keys)} articles are nothing to ask: name some of both")
    for key in keys:
        corpus.article(key)
    plan = Plan(title=name, layers=asked, articles=keys, label_set=corpus.labels.digest)
    write_atomically(folder / PAGE, Page(corpus.labels, asked).xml.encode("utf-8"))
    write_atomically(folder / PLAN, new_plan(plan).encode("utf-8"))
    return Campaign(corpus, name)


def _in_order(corpus: Corpus, layers: tuple[str, ...]) -> tuple[str, ...]:
    for name in layers:
        corpus.labels.layer(name)
    return tuple(name for name in corpus.labels.layer_names if name in layers)
