"""What the monitor says of a campaign: counted from what pulls saw, shown on the terminal, as JSON and as a page."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import add_gold
from khabar.adjudication.anchoring import anchoring
from khabar.campaign.folder import Campaign, Design, new_campaign
from khabar.campaign.monitor.figures import CAP, status
from khabar.campaign.monitor.locks import Lock, locks
from khabar.campaign.monitor.page import page
from khabar.campaign.monitor.plots import WIDTH, Interval, Line, intervals, lines
from khabar.campaign.monitor.records import Odd, Report
from khabar.campaign.people import People, Person
from khabar.campaign.plan import Annotator
from khabar.model.agreement import Agreement, Setting
from khabar.model.work import Work, week
from khabar.store.agreements import digest_of, write_agreement

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
TWO = {name: Annotator("person", name) for name in ("sami", "leila")}
WORDS = "[[Sami](PERS) met [Leila](PERS) and [Omar](PERS) here](BODY role=lead)"


@pytest.fixture
def campaign(corpus):
    """Four articles, both annotators each, in two batches of which one is released."""
    keys = [add_gold(corpus, "open", name, WORDS.replace("here", f"in {name}")) for name in "abcd"]
    return new_campaign(corpus, "watched", ["region", "entity"], keys, Design(annotators=TWO, overlap=2))


def did(article, who, day, **more):
    at = f"2026-03-{day:02}T09:00:00.000000Z"
    fields = {"project": who, "state": "submitted", "annotation": day, "created": at, "updated": at, "seconds": 600.0}
    return Work(task=day, article=article, annotator=who, **(fields | more))


def worked(campaign, *work):
    """Write what was done as a pull does."""
    content = b"".join(msgspec.json.encode(each) + b"\n" for each in work)
    (campaign.folder / "work.jsonl").write_bytes(content)
    return campaign


def of(found, name, key="project"):
    return next(each for each in found if getattr(each, key) == name)


def test_every_task_that_is_asked_is_in_one_state(campaign):
    a, b, c, d = campaign.plan.articles
    worked(
        campaign,
        did(a, "sami", 10),
        did(b, "sami", 11, state="skipped"),
        did(b, "sami", 12, annotation=12),  # skipped, then submitted after all
        did(c, "sami", 13, state="draft"),
        did(a, "leila", 10, state="skipped"),
    )

    found = status(campaign, NOW).progress

    sami, leila = of(found, "sami"), of(found, "leila")
    assert (sami.asked, sami.submitted, sami.skipped, sami.drafts, sami.open) == (4, 2, 0, 1, 1)
    assert (leila.asked, leila.submitted, leila.skipped, leila.drafts, leila.open) == (4, 0, 1, 0, 3)
    assert d  # nobody began it


def test_a_task_of_several_is_done_when_the_last_of_them_has_submitted_it(corpus):
    keys = [add_gold(corpus, "open", name, WORDS.replace("here", f"in {name}")) for name in "ab"]
    shared = {name: Annotator("person", "both") for name in TWO}
    campaign = new_campaign(corpus, "shared", ["entity"], keys, Design(annotators=shared, overlap=2))
    worked(
        campaign,
        did(keys[0], "sami", 10, project="both"),
        did(keys[0], "leila", 12, project="both"),
        did(keys[1], "sami", 12, project="both"),
        did(keys[1], "sami", 13, project="both", annotation=99),  # again, by the same
        did(keys[1], "leila", 13, project="both", state="skipped"),
    )

    found = status(campaign, NOW)

    (both,) = found.progress
    assert (both.asked, both.submitted, both.skipped, both.open) == (2, 1, 0, 1)
    assert [(each.day, each.submitted) for each in found.days] == [("2026-03-12", 1)]


def test_batches_that_are_not_released_wait(corpus):
    keys = [add_gold(corpus, "open", name, WORDS.replace("here", f"in {name}")) for name in "abcdef"]
    campaign = new_campaign(corpus, "batched", ["entity"], keys, Design(annotators=TWO, overlap=2, batch=2))

    (sami, leila) = status(campaign, NOW).progress

    assert (sami.asked, sami.waiting) == (leila.asked, leila.waiting) == (2, 4)


def test_speed_has_quartiles_and_the_open_page_of_a_lunch_counts_no_more_than_the_cap(campaign):
    a, b, c, _ = campaign.plan.articles
    length = campaign.corpus.article(a).length
    worked(
        campaign,
        did(a, "sami", 10, seconds=100.0),
        did(b, "sami", 10, seconds=300.0),
        did(c, "sami", 17, seconds=90_000.0),
        did(a, "leila", 11, seconds=None),
    )

    found = status(campaign, NOW)

    (sami,) = found.speed
    assert (sami.of, sami.n, sami.low, sami.median, sami.high) == ("sami", 3, 200.0, 300.0, (300.0 + CAP) / 2)
    assert (sami.each, sami.capped) == (pytest.approx(300.0 / length * 1000), 1)
    assert [(each.of, each.n) for each in found.weeks] == [("week 2026-W11", 2), ("week 2026-W12", 1)]
    assert [(each.of, each.n) for each in found.sources] == [("source open", 3)]


def test_a_forecast_is_what_is_left_over_the_pace_of_the_days_with_work(campaign):
    a, b, *_ = campaign.plan.articles
    worked(campaign, did(a, "sami", 17), did(b, "sami", 19))

    found = status(campaign, NOW).forecasts

    sami, leila = of(found, "sami"), of(found, "leila")
    # Two days with work of the four from the 17th until now, a task each: two are left, which takes four days.
    assert (sami.left, sami.daily, sami.worked, sami.day) == (2, 1.0, 0.5, "2026-03-24")
    assert (leila.left, leila.daily, leila.day) == (4, None, "")


def test_moments_that_are_none_and_forecasts_beyond_reason_are_left_unsaid(campaign):
    a, b, *_ = campaign.plan.articles
    worked(
        campaign,
        did(a, "sami", 10, created="2016-01-04T09:00:00", updated="yesterday"),
        did(b, "leila", 10, created="once", updated="once", state="draft"),
    )

    found = status(campaign, NOW)

    assert [each.day for each in found.days] == ["2016-01-04"]
    assert [(each.left, each.day) for each in found.forecasts] == [(3, ""), (4, "")]
    assert [each.of for each in found.weeks] == ["week 2016-W01"]


def test_a_model_has_no_speed(campaign):
    worked(campaign, did(campaign.plan.articles[0], "sami", 10, kind="model"))

    assert status(campaign, NOW).speed == ()


def test_what_is_done_needs_no_forecast(campaign):
    worked(campaign, *(did(key, "sami", 10) for key in campaign.plan.articles))

    sami = of(status(campaign, NOW).forecasts, "sami")

    assert (sami.left, sami.day, sami.early, sami.late) == (0, "", "", "")


def test_a_person_is_told_what_to_look_at(campaign):
    a, b, c, d = campaign.plan.articles
    worked(
        campaign,
        did(a, "sami", 10, state="draft"),
        did(b, "sami", 19, state="draft"),
        did(c, "sami", 12, state="skipped"),
        did(d, "sami", 13, writer="leila"),
        did(a, "leila", 13, writer="a1", kind="model"),
    )
    (campaign.folder / "quarantine.jsonl").write_bytes(
        b'{"article":"open-a","task":1,"annotation":2,"item":"r1","reason":"it marks nothing"}\n'
    )
    (campaign.folder / "notes.jsonl").write_bytes(
        msgspec.json.encode({"article": b, "annotator": "leila", "note": "half of it is missing"}) + b"\n"
    )
    hour = timedelta(hours=1)
    held = [Lock(b, "leila", NOW - 9 * hour, NOW + 15 * hour), Lock(c, "leila", NOW - hour, NOW + 23 * hour)]
    held += [Lock(d, "leila", NOW - 30 * hour, NOW - 6 * hour)]  # it has ended: the next annotator gets the task
    away = [Odd(kind="quarantine", article=a, note="it marks nothing")]

    found = status(campaign, NOW, held, away).odd

    told = [(each.kind, each.article, each.annotator) for each in found]
    assert told == [
        ("stale draft", a, "sami"),
        ("skipped", c, "sami"),
        ("other hand", d, "sami"),
        ("flagged", b, "leila"),
        ("stale lock", b, "leila"),
        ("quarantine", a, ""),
    ]


def test_a_week_is_the_iso_week_of_a_moment():
    assert week("2027-01-02T23:59:59.000000Z") == "2026-W53"


# Locks


def test_locks_are_read_from_the_embedded_servers_database(campaign, monkeypatch):
    monkeypatch.delenv("KHABAR_STUDIO_URL", raising=False)
    a, *_ = campaign.plan.articles
    path = campaign.folder / "campaign.toml"
    path.write_text(re.sub(r'"sami" = 0', '"sami" = 3', path.read_text(encoding="utf-8")), encoding="utf-8")
    worked(campaign, did(a, "sami", 7, state="open", annotation=0))
    People(campaign.corpus.studio, "embedded").add("sami", Person(user=5))
    database = campaign.corpus.studio / "data" / "label_studio.sqlite3"
    database.parent.mkdir(parents=True)
    with closing(sqlite3.connect(database)) as made, made:
        made.execute("CREATE TABLE task (id INTEGER, project_id INTEGER)")
        made.execute("CREATE TABLE tasks_tasklock (task_id INTEGER, user_id INTEGER, expire_at TEXT)")
        made.executemany("INSERT INTO task VALUES (?, ?)", [(7, 3), (8, 4)])
        rows = [(7, 5, "2026-03-21 08:00:00"), (8, 5, "2026-03-21 08:00:00.000001")]
        made.executemany("INSERT INTO tasks_tasklock VALUES (?, ?, ?)", rows)

    found = list(locks(Campaign(campaign.corpus, campaign.name)))

    assert [(each.article, each.annotator) for each in found] == [(a, "sami")]
    assert (found[0].touched, found[0].until) == (
        datetime(2026, 3, 20, 8, tzinfo=UTC),
        datetime(2026, 3, 21, 8, tzinfo=UTC),
    )


def test_a_server_that_was_never_up_keeps_nothing_for_anybody(campaign, monkeypatch):
    monkeypatch.delenv("KHABAR_STUDIO_URL", raising=False)
    database = campaign.corpus.studio / "data" / "label_studio.sqlite3"
    database.parent.mkdir(parents=True)
    database.touch()

    assert list(locks(campaign)) == []


def test_of_a_server_elsewhere_no_locks_are_known(campaign, monkeypatch):
    monkeypatch.setenv("KHABAR_STUDIO_URL", "http://127.0.0.1:9")

    assert list(locks(campaign)) == []


# What annotators do with what a model proposes


def test_what_a_shown_proposal_draws_is_told_from_what_a_hidden_one_would(campaign):
    corpus, (a, b, *_) = campaign.corpus, campaign.plan.articles
    for key, dropped in ((a, 0), (b, 2)):  # of the shown one everything stands, of the hidden one a third
        gold = corpus.gold_of(corpus.article(key))
        proposed = msgspec.structs.replace(gold, annotator="tagger", kind="model")
        spans = [each for each in gold.spans if each.layer == "entity"][: 3 - dropped]
        said = msgspec.structs.replace(gold, annotator="sami", kind="person", layers=("entity",), spans=tuple(spans))
        corpus.write_annotation(campaign.folder / "predictions" / "tagger" / f"{key}.json", proposed)
        corpus.write_annotation(campaign.folder / "annotations" / "sami" / f"{key}.json", said)
    shown = did(a, "sami", 10, models=("tagger",))
    worked(campaign, shown, did(a, "sami", 12, models=("tagger",)), did(b, "sami", 11))  # submitted twice, counted once

    (found,) = anchoring(corpus, campaign.name)

    assert (found.annotator, found.model, found.layer) == ("sami", "tagger", "entity")
    assert (found.shown.value, found.hidden.value, found.drawn) == (1.0, 0.5, 0.5)
    assert (found.kept, found.proposed, found.added) == (3, 3, 0)


def test_without_proposals_there_is_no_anchoring(campaign):
    assert anchoring(campaign.corpus, campaign.name) == []


# How it is shown


class Page(HTMLParser):
    """Collects what a browser would fetch, and every tag that is not closed."""

    VOID = frozenset({"meta", "line", "circle", "polyline"})

    def __init__(self):
        super().__init__()
        self.open, self.fetched, self.words = [], [], []

    def handle_starttag(self, tag, attributes):
        self.fetched += [value for name, value in attributes if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_needs_nothing_else_closes_what_it_opens_and_shows_strange_words_as_words(campaign, tmp_path):
    a, b, *_ = campaign.plan.articles
    worked(campaign, did(a, "sami", 10), did(b, "sami", 12), did(a, "leila", 12))
    strange = Odd(kind="quarantine", article=a, note='<script>"\N{ARABIC LETTER BEH}"</script>')

    page(Report(status=status(campaign, NOW, (), [strange])), tmp_path / "page.html")

    content = (tmp_path / "page.html").read_text(encoding="utf-8")
    found = Page()
    found.feed(content)
    assert (found.open, found.fetched) == ([], [])
    assert "<script" not in content
    assert f"<bdi>{'&lt;script&gt;&quot;'}\N{ARABIC LETTER BEH}" in content
    assert "Burn-up" in found.words
    assert "default-src 'none'" in content


@given(
    st.lists(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)), min_size=1, max_size=5), min_size=1, max_size=4)
)
def test_every_point_of_a_line_lies_in_the_drawing(points):
    drawn = lines([Line(f"line {number}", some) for number, some in enumerate(points)], [], height=200)

    for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", " ".join(re.findall('points="([^"]+)"', drawn))):
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= 200


def test_an_undefined_value_is_told_and_has_no_dot():
    drawn = intervals([Interval("LAW", None, None, None, "undefined"), Interval("PERS", 0.5, 0.25, 0.75, "0.500")])

    assert drawn.count("<circle") == drawn.count('class="interval"') == 1
    assert "undefined" in drawn


def test_the_command_prints_a_line_a_project_and_everything_as_json(campaign, khabar_here, tmp_path):
    worked(campaign, did(campaign.plan.articles[0], "sami", 10))
    root = ("--root", campaign.corpus.root)

    code, out, _ = khabar_here(*root, "campaign", "status", "watched", "--html", tmp_path / "page.html")
    _, told, _ = khabar_here(*root, "campaign", "status", "watched", "--json")

    assert code == 0
    assert out.splitlines()[0].split("\t")[:2] == ["sami", "1 of 4 submitted"]
    assert msgspec.json.decode(told, type=Report).status.progress[0].submitted == 1
    assert (tmp_path / "page.html").is_file()


def test_the_page_says_of_which_campaigns_the_agreement_is_and_that_annotations_changed_since(
    campaign, khabar_here, tmp_path
):
    corpus, target = campaign.corpus, tmp_path / "page.html"
    about = {"annotators": ("sami", "leila"), "articles": 2, "setting": Setting(), "schemes": ("0.1",)}
    both = ("watched", "other")
    none = {"headline": {}, "figures": {}, "confusions": {}}
    write_agreement(corpus, Agreement(campaigns=both, annotations=digest_of(corpus, both), **about, **none))
    pages = []

    for name in ("sami", "leila"):
        khabar_here("--root", corpus.root, "campaign", "status", "watched", "--html", target)
        pages.append(target.read_text(encoding="utf-8"))
        (corpus.campaign("watched") / "annotations" / name).mkdir(parents=True)
        (corpus.campaign("watched") / "annotations" / name / "open-a.json").write_text("{}", encoding="utf-8")

    assert all("2 articles of watched, other, sami, leila." in each for each in pages)
    assert ["Annotations changed since: run khabar campaign agreement again." in each for each in pages] == [
        False,
        True,
    ]
