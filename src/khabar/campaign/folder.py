"""A campaign's folder: its plan, its frozen page, who annotates what, and which projects on the server are its own."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

from khabar.campaign.assignments import FILE, Assignment, completed, read_assignments, written
from khabar.campaign.client import Door, Project
from khabar.campaign.draw import refuse_unknown
from khabar.campaign.page import Page, page_digest
from khabar.campaign.people import People
from khabar.campaign.plan import EVERYBODY, NAME, Annotator, Plan, new_plan, read_plan, with_project, with_released
from khabar.errors import BadRecord, Changed, NotFound, ServerTrouble
from khabar.model.text import DIGEST_SHOWN
from khabar.store import PLAN, Corpus, write_atomically

PAGE = "page.xml"
TITLE = 50
"""Characters that the server takes as a title."""


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
            raise corpus.no_campaign(name)
        self.plan: Plan = read_plan(path.read_bytes(), corpus.shown(path))
        self.page = Page(corpus.labels, _in_order(corpus, self.plan.layers), self.plan.adjudicates)

    @property
    def frozen(self) -> str:
        """The page that was frozen when the campaign began."""
        path = self.folder / PAGE
        if not path.is_file():
            raise NotFound(f"{self.corpus.shown(path)} is missing, it is written once: restore it")
        return path.read_text(encoding="utf-8")

    def refuse_new_labels(self) -> None:
        """Make sure that the label set says of the page what it said when the page was made.

        Raises:
            Changed: it does not.
        """
        ours = self.page.digest
        if self.plan.label_set != ours:
            raise Changed(
                f"the page by annotations/labels.toml is {ours[:DIGEST_SHOWN]}, {self.name} was begun with"
                f" {self.plan.label_set[:DIGEST_SHOWN]}: undo what was changed there, or begin a new campaign"
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only process that pushes or pulls the campaign; its plan is read anew.

        Raises:
            Busy: another one does.
        """
        with self.corpus.alone(self.folder):
            path = self.folder / PLAN
            self.plan = read_plan(path.read_bytes(), self.corpus.shown(path))
            for cached in ("assignments", "asked"):
                self.__dict__.pop(cached, None)
            yield

    def people(self, door: Door) -> People:
        """Return who the users of a server are."""
        return People(self.corpus.studio, door.home)

    # Who annotates what

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """Who annotates what: what is fixed, then what the plan asks beyond it; not what was taken down."""
        return completed(self.plan.without(self.corpus.tombstones), self.fixed)

    @property
    def due(self) -> tuple[Assignment, ...]:
        """Who annotates what of the batches that are released; what the plan asks no more is left out."""
        asked, projects, released = self.asked, self.plan.cohorts, self.plan.released
        return tuple(
            each
            for each in self.assignments
            if each.batch <= released and each.article in asked and each.project in projects
        )

    @cached_property
    def asked(self) -> frozenset[str]:
        """Every article of the campaign, those with known gold too; not what was taken down."""
        return frozenset(self.plan.asked).difference(self.corpus.tombstones)

    @property
    def fixed(self) -> tuple[Assignment, ...]:
        """Who annotates what, as far as it was drawn and written."""
        path = self.folder / FILE
        return read_assignments(path.read_bytes(), self.corpus.shown(path)) if path.is_file() else ()

    def fix(self) -> None:
        """Write the assignments, where there are new ones; from then on they stay."""
        if len(self.assignments) > len(self.fixed):
            write_atomically(self.folder / FILE, written(self.assignments))

    def release(self, batch: int) -> None:
        """Let annotators have the batches up to this one, from the next push on.

        Raises:
            NotFound: there is no such batch.
        """
        last = max((each.batch for each in self.assignments), default=0)
        if batch > last:
            raise NotFound(f"{self.name} has no batch {batch}, the last is {last}: add articles to the plan first")
        if batch > self.plan.released:
            path = self.folder / PLAN
            content = with_released(path.read_text(encoding="utf-8"), batch, self.corpus.shown(path))
            self._write_plan(content)

    # Its projects on the server

    def project(self, door: Door, name: str) -> Project:
        """Return one of the campaign's projects.

        Raises:
            ServerTrouble: the server has none.
            Changed: its label page is not the frozen one.
        """
        place = self.corpus.shown(self.folder / PLAN)
        number = self.plan.projects.get(name, 0)
        if not number:
            raise ServerTrouble(f"{place}: the campaign is on no server yet: run 'khabar campaign push {self.name}'")
        found = door.project(number)
        if found is None:
            raise ServerTrouble(
                f"{door.url} has no project {number}, which {place} names: was it deleted, or is this"
                f" another server? to push it anew, write {name} = 0 there"
            )
        self._refuse_drift(found)
        return found

    @property
    def on_server(self) -> tuple[str, ...]:
        """Names of the projects that were pushed; all, where none was."""
        return tuple(name for name in self.plan.cohorts if self.plan.projects.get(name)) or self.plan.cohorts

    def found_project(self, door: Door, name: str) -> Project | None:
        """Return one of the campaign's projects, None where it is on no server yet.

        A push that was cut off before it noted its project finds it again by its description.
        """
        if self.plan.projects.get(name, 0):
            return self.project(door, name)
        there = door.projects_described(self._description(name))
        if there:
            self._refuse_drift(there[0])
        return there[0] if there else None

    def project_or_new(self, door: Door, name: str) -> Project:
        """Return one of the campaign's projects, which is made where there is none, and noted in the plan."""
        found = self.found_project(door, name)
        if found is None:
            title = self.plan.title if name == EVERYBODY else f"{self.plan.title} {name}"
            found = door.create_project(title[:TITLE], self._description(name), self.frozen, self.plan.each)
            self._refuse_drift(found)
        if self.plan.projects.get(name, 0) != found.id:
            path = self.folder / PLAN
            self._write_plan(with_project(path.read_text(encoding="utf-8"), name, found.id, self.corpus.shown(path)))
        return found

    def _description(self, name: str) -> str:
        return f"khabar campaign {self.name}, project {name}, page {page_digest(self.frozen)[:DIGEST_SHOWN]}"

    def _write_plan(self, content: str) -> None:
        path = self.folder / PLAN
        plan = read_plan(content.encode("utf-8"), self.corpus.shown(path))
        write_atomically(path, content.encode("utf-8"))
        self.plan = plan

    def _refuse_drift(self, project: Project) -> None:
        ours, theirs = page_digest(self.frozen), page_digest(project.page)
        if ours != theirs:
            raise Changed(
                f"the label page of project {project.id} is {theirs[:DIGEST_SHOWN]}, {self.name} was begun with"
                f" {ours[:DIGEST_SHOWN]}: put {self.corpus.shown(self.folder / PAGE)} back there"
            )


class Design(NamedTuple):
    """How articles are given to annotators; the fields are those of `khabar.campaign.plan.Plan`."""

    annotators: dict[str, Annotator] = {}  # noqa: RUF012 - never written to
    overlap: int = 1
    batch: int = 0
    bare: float = 0.0
    seed: int = 0
    qualification: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    drawn: str = ""
    adjudicates: bool = False


def new_campaign(
    corpus: Corpus, name: str, layers: Iterable[str], articles: Iterable[str], design: Design | None = None
) -> Campaign:
    """Begin a campaign: write its plan, draw who annotates what, and freeze its page.

    Where there is a qualification round, it alone is released.

    Raises:
        BadRecord: the name cannot be one, or nothing is asked, or of no article, or the design does not hold together.
        Changed: there is a campaign of that name.
        NotFound: a layer or an article does not exist, or one whose gold must be known has none.
    """
    if not NAME.fullmatch(name):
        raise BadRecord(f"'{name}' cannot name a campaign: 3 to 50 of a-z 0-9 and - can")
    folder = corpus.campaign(name)
    if (folder / PLAN).exists():
        raise Changed(f"{corpus.shown(folder / PLAN)} is there already: mend it by hand, or choose another name")
    asked, keys = _in_order(corpus, tuple(layers)), tuple(dict.fromkeys(articles))
    if not asked or not keys:
        raise BadRecord(f"{name}: {len(asked)} layers of {len(keys)} articles are nothing to ask: name some of both")
    design = design or Design()
    plan = Plan(
        title=name,
        layers=asked,
        articles=keys,
        label_set=Page(corpus.labels, asked).digest,
        released=0 if design.qualification else 1,
        **design._asdict(),
    )
    content = new_plan(plan)
    read_plan(content.encode("utf-8"), corpus.shown(folder / PLAN))
    _refuse_unknown(corpus, plan)
    write_atomically(folder / PAGE, Page(corpus.labels, asked, plan.adjudicates).xml.encode("utf-8"))
    write_atomically(folder / FILE, written(completed(plan, ())))
    write_atomically(folder / PLAN, content.encode("utf-8"))
    return Campaign(corpus, name)


def _refuse_unknown(corpus: Corpus, plan: Plan) -> None:
    for key in plan.asked:
        corpus.article(key)
    for key in (*plan.qualification, *plan.controls):
        refuse_unknown(corpus, key, plan.layers)


def _in_order(corpus: Corpus, layers: tuple[str, ...]) -> tuple[str, ...]:
    for name in layers:
        corpus.labels.layer(name)
    return tuple(name for name in corpus.labels.layer_names if name in layers)
