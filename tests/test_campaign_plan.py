"""Plans of campaigns: read as written, assignments drawn once and evenly, people behind pseudonyms outside git."""

import json
import stat
from collections import Counter
from itertools import combinations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import REPOSITORY, add_gold
from khabar.campaign.assignments import completed, read_assignments, written
from khabar.campaign.design import Wanted, begin
from khabar.campaign.draw import Query, Sample, chosen, drawn
from khabar.campaign.folder import Campaign, new_campaign
from khabar.campaign.load import Load
from khabar.campaign.people import People, Person
from khabar.campaign.plan import Annotator, Plan, new_plan, read_plan, with_project, with_released, working
from khabar.campaign.preview import preview
from khabar.errors import BadRecord, Changed, NotFound
from khabar.model.article import Article
from khabar.store import Corpus

THREE = {name: Annotator("person", name) for name in ("sami", "leila", "omar")}
PLAN = Plan(
    title='a "pilot"',
    layers=("entity",),
    label_set="0" * 64,
    articles=tuple(f"a-{n}" for n in range(30)),
    qualification=("q-1", "q-2"),
    controls=("c-1", "c-2", "c-3"),
    overlap=2,
    batch=10,
    released=0,
    bare=0.25,
    seed=7,
    drawn="sources open; sample 30; seed 7",
    annotators=THREE | {"tagger-0.1": Annotator("model", "tagger-0.1")},
    projects=dict.fromkeys((*THREE, "tagger-0.1"), 0),
)


def changed(plan=PLAN, **fields):
    return msgspec.structs.replace(plan, **fields)


# What is written and read


def test_a_plan_is_read_as_it_was_written():
    assert read_plan(new_plan(PLAN).encode(), "") == PLAN


def test_numbers_of_projects_and_batches_are_noted_and_what_was_added_by_hand_stays():
    by_hand = new_plan(PLAN) + "# a note\n"

    later = with_released(with_project(by_hand, "tagger-0.1", 12, "campaign.toml"), 2, "campaign.toml")

    read = read_plan(later.encode(), "")
    assert read.projects == {"sami": 0, "leila": 0, "omar": 0, "tagger-0.1": 12}
    assert read.released == 2
    assert later.endswith("# a note\n")


def test_the_plans_of_the_project_are_read_and_name_nobodys_account():
    corpus = Corpus(REPOSITORY)

    for name in corpus.campaigns:
        campaign = Campaign(corpus, name)
        assert campaign.plan.annotators, name
        assert "user" not in (campaign.folder / "campaign.toml").read_text(encoding="utf-8").split(), name


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"annotators": {"../x": Annotator()}, "projects": {}}, "names a folder"),
        ({"annotators": {"x": Annotator("person", "a/b")}, "overlap": 1, "projects": {}}, "names a folder"),
        ({"overlap": 5}, "overlap is 5, there are 4 projects"),
        (
            {"annotators": dict.fromkeys(("sami", "leila"), Annotator(project="all")), "overlap": 3, "projects": {}},
            "overlap is 3, 2 annotators work in all",
        ),
        ({"annotators": {"sami": Annotator()}, "projects": {}}, "overlap is 2, 1 annotators work in sami"),
        ({"controls": ("a-1",)}, "a-1 is asked twice"),
        ({"articles": ("a-1", "a-1")}, "a-1 is asked twice"),
        ({"overlap": 0}, ">= 1"),
        ({"bare": 1.5}, "<= 1"),
    ],
)
def test_a_plan_that_does_not_hold_together_is_refused_in_one_line(fields, said):
    with pytest.raises(BadRecord, match=said) as caught:
        read_plan(new_plan(changed(**fields)).encode(), "campaign.toml")

    assert str(caught.value).startswith("campaign.toml: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("added", ['"nobody" = 3\n', "sami = {\n", "[more]\n"])
def test_what_was_mended_wrongly_by_hand_is_refused_in_one_line(added):
    with pytest.raises(BadRecord) as caught:
        read_plan((new_plan(PLAN) + added).encode(), "campaign.toml")

    assert "\n" not in str(caught.value)


def test_a_plan_without_a_line_for_what_is_noted_is_refused():
    with pytest.raises(BadRecord, match="add the line"):
        with_project('title = "x"\n', "all", 1, "campaign.toml")
    with pytest.raises(BadRecord, match="add it"):
        with_released('title = "x"\n', 1, "campaign.toml")


def test_annotators_have_projects_of_their_own_unless_they_share_one():
    own = working(["sami", "leila"], ["tagger"], [], shared=False)
    together = working(["sami"], ["tagger"], [], shared=True)
    grouped = working(["omar"], [], ["first=sami,leila"], shared=False)

    assert own == {
        "sami": Annotator("person", "sami"),
        "leila": Annotator("person", "leila"),
        "tagger": Annotator("model", "tagger"),
    }
    assert {each.project for each in together.values()} == {"all"}
    assert {name: each.project for name, each in grouped.items()} == {"sami": "first", "leila": "first", "omar": "omar"}
    for groups in (["first"], ["first="], ["first=sami", "second=sami"]):
        with pytest.raises(BadRecord):
            working([], [], groups, shared=False)


# Who annotates what


def lines_of(assignments, **fields):
    return [each for each in assignments if all(getattr(each, name) == value for name, value in fields.items())]


@st.composite
def plans(draw):
    people = draw(st.integers(1, 5))
    return changed(
        articles=tuple(f"a-{n}" for n in range(draw(st.integers(1, 40)))),
        annotators={f"p{n}": Annotator() for n in range(people)},
        overlap=draw(st.integers(1, people)),
        batch=draw(st.integers(0, 12)),
        seed=draw(st.integers()),
        bare=draw(st.floats(0, 1)),
    )


@given(plans())
def test_every_article_is_in_as_many_projects_as_asked_and_loads_are_even(plan):
    found = completed(plan, ())

    work = lines_of(found, role="work")
    assert Counter(each.article for each in work) == dict.fromkeys(plan.articles, plan.overlap)
    assert len({(each.article, each.project) for each in found}) == len(found)
    loads = [len(lines_of(work, project=project)) for project in plan.cohorts]
    assert max(loads) - min(loads) <= 1
    for project in plan.cohorts:
        assert {each.article for each in lines_of(found, project=project, role="control")} == set(plan.controls)
        assert {each.article for each in lines_of(found, project=project, batch=0)} == set(plan.qualification)
        mine = [each for each in found if each.project == project and each.batch]
        assert sum(not each.shown for each in mine) == round(plan.bare * len(mine))
        for batch in {each.batch for each in mine}:
            some = lines_of(mine, batch=batch)
            assert abs(sum(not each.shown for each in some) - plan.bare * len(some)) <= 1.000001
    assert completed(plan, ()) == completed(plan, found) == found


def test_pairs_of_annotators_share_as_many_articles_as_others():
    found = lines_of(completed(PLAN, ()), role="work")

    sets = {project: {each.article for each in lines_of(found, project=project)} for project in PLAN.cohorts}
    shared = [len(sets[a] & sets[b]) for a, b in combinations(PLAN.cohorts, 2)]
    assert sum(shared) == 30
    assert max(shared) - min(shared) <= 1


def test_nothing_in_a_task_or_its_place_tells_a_control():
    found = [each for each in completed(PLAN, ()) if each.batch]

    orders = {project: [each.article for each in lines_of(found, project=project)] for project in PLAN.cohorts}
    places = {orders[project].index(key) for project in PLAN.cohorts for key in PLAN.controls}
    assert len(places) > len(PLAN.controls)
    assert len({tuple(key for key in order if key in orders["sami"]) for order in orders.values()}) == len(orders)
    assert {each.shown for each in lines_of(found, role="control")} == {True, False}
    assert {each.batch for each in lines_of(found, role="control")} == {1, 2, 3}


def test_articles_and_annotators_that_come_later_change_nothing_that_was_drawn():
    first = completed(PLAN, ())

    more = completed(changed(articles=(*PLAN.articles, "b-1", "b-2")), first)
    other = completed(changed(annotators=PLAN.annotators | {"new": Annotator()}), first)

    assert more[: len(first)] == other[: len(first)] == first
    assert {(each.article, each.batch) for each in more[len(first) :]} == {("b-1", 4), ("b-2", 4)}
    assert {each.role for each in other[len(first) :]} == {"qualification", "control"}


def test_where_there_are_no_batches_what_comes_later_is_due_at_once():
    plan = changed(batch=0, qualification=())
    first = completed(plan, ())

    more = completed(changed(plan, articles=(*PLAN.articles, "b-1"), controls=(*PLAN.controls, "c-4")), first)

    assert {each.batch for each in more} == {1}


def test_assignments_are_read_as_written_and_a_line_that_is_none_is_told():
    found = completed(PLAN, ())
    content = written(found)

    assert read_assignments(content, "") == found
    for bad in (b"{\n", content.splitlines()[0] + b"\n", b'{"article": "a", "project": "b", "batch": 1, "x": 1}\n'):
        with pytest.raises(BadRecord, match=f"assignments.jsonl:{len(found) + 1}: "):
            read_assignments(content + bad, "assignments.jsonl")


# Which articles


@pytest.fixture
def many(corpus):
    """A corpus of 60 records: two sources, three months, lengths of all classes, stories of two."""
    for number in range(60):
        source = corpus.source("open" if number % 3 else "closed")
        month, length = 1 + number % 3, (1000, 2000, 5000)[number % 4 % 3]
        article = Article(
            id=f"{source.id}-{number}",
            sha256="0" * 64,
            length=length,
            file="x",
            published=f"2026-0{month}-11" if number else "",
            story=f"s{number // 2}",
        )
        corpus.add_article(source, article, "x")
    corpus.add_to_split("train", ["open-1", "open-2"])
    return corpus


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (Query(), 60),
        (Query(sources=("closed",)), 20),
        (Query(since="2026-03-01"), 20),
        (Query(until="2026-01"), 19),
        (Query(since="2026-02-11", until="2026-02-11"), 20),
        (Query(longest=1000), 30),
        (Query(shortest=1001, longest=4999), 15),
        (Query(stories=("s0", "s1")), 4),
        (Query(splits=("train",)), 2),
        (Query(sources=("open",), splits=("train",), longest=1000), 0),
        (Query(ungolded=True), 60),
    ],
)
def test_a_query_finds_what_records_say(many, query, count):
    assert len(chosen(many, query)) == count


@pytest.mark.parametrize("date", ["yesterday", "2024-3-1", "2024-5", "2024-02-30", "20240301", "2024-W1"])
def test_a_query_for_a_date_that_is_none_is_refused(many, date):
    for query in (Query(since=date), Query(until=date)):
        with pytest.raises(BadRecord, match=f"'{date}' is no date of the calendar: ask for YYYY, YYYY-MM or"):
            chosen(many, query)


def test_a_query_for_what_does_not_exist_is_refused(many):
    for query in (Query(sources=("x",)), Query(splits=("x",)), Query(stories=("x",))):
        with pytest.raises(NotFound):
            chosen(many, query)


def test_a_draw_keeps_the_shares_of_its_strata_and_is_the_same_again(many):
    articles = list(many.articles)

    first = drawn(many, articles, Sample(12, ("source", "month"), seed=3))
    again = drawn(many, reversed(articles), Sample(12, ("source", "month"), seed=3))
    other = drawn(many, articles, Sample(12, ("source", "month"), seed=4))

    def strata(found):
        return Counter((many.source_of(each).id, each.published[:7]) for each in found)

    whole = strata(articles)
    assert first == again != other
    assert all(abs(strata(first)[key] - 12 * count / 60) < 1 for key, count in whole.items())
    assert len({each.story for each in drawn(many, articles, Sample(30, ("story",)))}) == 30


def test_more_articles_than_there_are_or_strata_that_are_none_are_refused(many):
    with pytest.raises(BadRecord, match="61 articles are to be drawn, 60 are there"):
        drawn(many, many.articles, Sample(61))
    with pytest.raises(NotFound, match="no 'desk' to stratify by, there are: source, month, length, story"):
        drawn(many, many.articles, Sample(1, ("desk",)))


# A campaign from options


def test_the_command_writes_a_plan_and_a_dry_run_tells_what_it_makes(corpus, khabar_here):
    keys = [add_gold(corpus, "open", f"g{n}", f"[said {n}](BODY)") for n in range(12)]
    wanted = ["--articles", ",".join(keys[:8]), "--qualification", "1", "--controls", "2", "--batch", "4"]
    people = ["--annotators", "sami,leila", "--models", "tagger-0.1", "--overlap", "2", "--bare", "0.5", "--seed", "5"]

    new = khabar_here("--root", corpus.root, "campaign", "new", "pilot", "--layers", "region", *wanted, *people)
    before = {path: path.read_bytes() for path in corpus.campaign("pilot").rglob("*")}
    dry = khabar_here("--root", corpus.root, "campaign", "push", "pilot", "--dry-run", "--release", "1")

    plan = Campaign(Corpus(corpus.root), "pilot").plan
    assert new[:2] == (0, "annotations/campaigns/pilot/campaign.toml\n")
    assert (plan.seed, plan.overlap, plan.batch, plan.released, plan.bare) == (5, 2, 4, 0, 0.5)
    assert len(plan.qualification), len(plan.controls) == (1, 2)
    assert not {*plan.qualification, *plan.controls} & set(keys[:8])
    assert (dry[0], len(dry[1].splitlines())) == (0, 9)
    assert "project sami (new), batch 0: 1 tasks for sami (0 there already): 1 of qualification; 0 pre" in dry[1]
    assert dry[1].count(", not released: ") == 3
    assert dry[2].startswith("nobody on this server is known as sami, leila, tagger-0.1, there are: none yet: say who")
    People(corpus.studio, "embedded").add("sami", Person(user=3))
    again = khabar_here("--root", corpus.root, "campaign", "push", "pilot", "--dry-run")
    assert again[2].startswith("nobody on this server is known as leila, tagger-0.1, there are: sami: say who")
    assert {path: path.read_bytes() for path in corpus.campaign("pilot").rglob("*")} == before


def test_a_dry_run_tells_pre_annotated_tasks_from_those_begun_from_nothing(corpus):
    keys = [add_gold(corpus, "open", f"g{n}", f"[said {n}](BODY)") for n in range(4)]
    campaign = begin(corpus, "pilot", ["region"], Wanted(articles=tuple(keys), bare=0.5))

    (row,) = preview(campaign, None, Load(predictions=corpus.gold_folder))
    (none,) = preview(campaign, None, Load())

    assert (row.tasks, row.shown, row.bare) == (4, 2, 2)
    assert (none.shown, none.bare) == (0, 4)


def test_a_plan_says_in_words_how_its_articles_were_chosen(corpus):
    add_gold(corpus, "open", "g", "[said](BODY)")
    bare = add_gold(corpus, "open", "b", "[said so](BODY)")
    corpus.gold_place(corpus.article(bare)).unlink()

    campaign = begin(corpus, "pilot", ["region"], Wanted(sources=("open",), ungolded=True, sample=1, controls="1"))

    assert (campaign.plan.articles, campaign.plan.controls) == ((bare,), ("open-g",))
    assert campaign.plan.drawn == "sources open; sample 1; strata none; seed 0; without gold"


def test_what_cannot_be_a_campaign_is_refused_and_leaves_nothing(corpus):
    golden = add_gold(corpus, "open", "g", "[said](BODY)")
    bare = add_gold(corpus, "open", "b", "[said so](BODY)")
    corpus.gold_place(corpus.article(bare)).unlink()

    for wanted, said in (
        (Wanted(articles=(golden,), controls=golden), "asked twice"),
        (Wanted(articles=(bare,), controls=bare), "has no gold in region: .* controls and qualification need gold"),
        (
            Wanted(articles=(golden,), controls="1"),
            "of 1 with gold in region 0 are asked for nothing else: .*--without",
        ),
        (Wanted(articles=(golden,), strata=("source",)), "nothing is drawn"),
        (Wanted(articles=(golden,), annotators=("a", "b"), overlap=3), "overlap is 3"),
        (Wanted(sources=("closed",)), "nothing to ask"),
    ):
        with pytest.raises((BadRecord, NotFound), match=said):
            begin(corpus, "pilot", ["region"], wanted)

    assert corpus.campaigns == ()


def test_batches_are_released_one_by_one_and_never_taken_back(corpus):
    keys = [add_gold(corpus, "open", f"g{n}", f"[said {n}](BODY)") for n in range(4)]
    campaign = begin(corpus, "pilot", ["region"], Wanted(articles=tuple(keys), batch=2))

    begun = len(campaign.due)
    campaign.release(2)
    campaign.release(1)

    assert (begun, len(Campaign(corpus, "pilot").due)) == (2, 4)
    with pytest.raises(NotFound, match="has no batch 3, the last is 2"):
        campaign.release(3)


# People


def test_people_are_kept_by_server_where_nobody_else_can_read(tmp_path):
    People(tmp_path, "embedded").add("sami", Person(user=3, email="sami@example.org"))
    People(tmp_path, "http://elsewhere").add("sami", Person(user=9))

    here, there = People(tmp_path, "embedded"), People(tmp_path, "http://elsewhere")

    assert (here.user("sami"), there.user("sami"), here.user("a12")) == (3, 9, 12)
    assert stat.S_IMODE(here.path.stat().st_mode) == 0o600
    with pytest.raises(NotFound, match="known as 'leila', there are: sami: run 'khabar studio user leila'"):
        here.user("leila")


@pytest.mark.parametrize(
    ("name", "user", "error"),
    [
        ("sami", 4, Changed),
        ("Sami", 4, BadRecord),
        ("SAMI", 3, BadRecord),
        ("../x", 4, BadRecord),
        ("a5", 4, BadRecord),
        ("", 4, BadRecord),
    ],
)
def test_a_pseudonym_that_is_taken_or_cannot_be_one_is_refused(tmp_path, name, user, error):
    people = People(tmp_path, "embedded")
    people.add("sami", Person(user=3))

    with pytest.raises(error):
        people.add(name, Person(user=user))

    assert json.loads(people.path.read_bytes()) == {"embedded": {"sami": {"user": 3, **_BLANK}}}


@pytest.mark.parametrize("name", ["../../up", "/up", "a/b", ""])
def test_a_file_of_people_that_names_a_folder_elsewhere_is_not_read(tmp_path, name):
    (tmp_path / "people.json").write_text(json.dumps({"embedded": {name: {"user": 3}}}), encoding="utf-8")

    with pytest.raises(BadRecord, match="mend it, it says who the annotators are"):
        People(tmp_path, "embedded")


_BLANK = {"email": "", "password": "", "token": ""}


def test_a_user_may_stand_for_one_annotator_in_each_project(tmp_path):
    people = People(tmp_path, "embedded")
    for name, user in (("run-1", 1), ("run-2", 1), ("sami", 3), ("lead", 4)):
        people.add(name, Person(user=user))
    plan = changed(annotators={"run-1": Annotator("model"), "run-2": Annotator("model"), "sami": Annotator()})
    shared = changed(annotators={name: Annotator("model", "all") for name in ("run-1", "run-2")})

    first, second = people.who(plan, "run-1"), people.who(plan, "run-2")

    assert (first(1), second(1)) == (("run-1", "model"), ("run-2", "model"))
    assert [first(user) for user in (3, 4, 5)] == [("sami", "person"), ("lead", "person"), ("a5", "person")]
    with pytest.raises(BadRecord, match="run-1 and run-2 are one user in project all: give each an account"):
        people.who(shared, "all")


def test_a_plan_with_somebody_unknown_here_is_refused_before_anything_is_written(corpus, tmp_path):
    key = add_gold(corpus, "open", "g", "[said](BODY)")
    campaign = new_campaign(corpus, "pilot", ["region"], [key])

    with pytest.raises(NotFound, match="'khabar studio user sami'"):
        People(tmp_path, "embedded").refuse_strangers(changed(campaign.plan, annotators=THREE | {"omar": Annotator()}))
