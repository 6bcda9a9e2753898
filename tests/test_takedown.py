"""An article that is taken down is gone from every folder and from every release since; its id and the reason stay."""

import json

import msgspec
import pytest

import khabar
from built import files_of, resealed, written
from conftest import add_gold
from khabar import checks
from khabar.campaign import tasks
from khabar.campaign.folder import Campaign, Design, new_campaign
from khabar.campaign.load import Load
from khabar.campaign.page import Page
from khabar.campaign.pull import pull, take
from khabar.campaign.push import push
from khabar.errors import BadRecord, NotFound
from khabar.ingest.articles import Intake, ingest
from khabar.ingest.splits import assign
from khabar.loading import read_manifest, verify
from khabar.model.agreement import Agreement, Setting
from khabar.release.build import build
from khabar.release.diff import diff
from khabar.store import Corpus
from khabar.store.agreements import digest_of, write_agreement
from studios import add, begin, of, put, quiet, tasks_on
from test_withheld import published

REASON = "the person it is about asked for it"
WORDS = ("Quicksilver", "Xanthippe", "jubilation", "flabbergasted")
GONE = (
    "[Quicksilver [Port Sami](GPE entity=e1 sense=loc) jubilation](HEADLINE)\n"
    "[[Xanthippe](PERS entity=e2 norm=Xanthippus) was flabbergasted](BODY)"
)
STAYS = "[Nobody in [Port Sami](GPE entity=e1 sense=loc) knows](HEADLINE)"


@pytest.fixture
def full(corpus):
    add_gold(corpus, "open", "a", GONE, "test")
    add_gold(corpus, "open", "b", STAYS)
    add_gold(corpus, "open", "c", STAYS.replace("knows", "cares"), "test")
    add_gold(corpus, "open", "a.2", STAYS.replace("knows", "asks"), "test")
    for path in corpus.root.glob("*.txt"):
        path.unlink()  # what it was taken in from
    return corpus


@pytest.fixture
def campaign(full, tmp_path):
    """A campaign that took an export of all four, and could not believe an annotation of the first."""
    keys = [article.id for article in full.articles]
    campaign = new_campaign(full, "pilot", full.labels.layer_names, keys)
    told = []
    for number, key in enumerate(keys, start=1):
        article = full.article(key)
        result = tasks.results(full.gold_of(article), full.text(article), Page(full.labels, full.labels.layer_names))
        said = {"id": number, "completed_by": 1, "updated_by": 1, "result": result, "was_cancelled": False}
        other = said | {"id": 9, "completed_by": None}
        data = msgspec.to_builtins(tasks.task(article, full.text(article)))
        annotations = [said, other] if key == "open-a" else [said]
        told.append({"id": number, "data": data, "annotations": annotations, "drafts": [], "updated_at": ""})
    path = tmp_path / "export.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    take(campaign, [path])
    path.unlink()
    return campaign


def errors(corpus):
    return [each for part in checks.judge(corpus, []) for each in part.findings if each.severity == "error"]


def release_of(corpus, version, against=None):
    fresh = Corpus(corpus.root)
    return build(fresh, version, lambda: len(errors(fresh)), against)


def test_from_build_to_build_nothing_of_it_is_left(full, campaign, khabar_here):
    before = release_of(full, "1.0.0")
    splits = (full.root / "corpus" / "splits" / "test.txt").read_bytes()

    status, out, err = khabar_here("--root", full.root, "takedown", "open-a", "--reason", REASON)
    after = release_of(full, "2.0.0", before)

    assert status == 0
    assert "corpus/open/open-a.txt\n" in out
    assert "dist/1.0.0 still has it" in err
    assert errors(Corpus(full.root)) == []
    # In the checkout its words are nowhere, its id is in its split, its tombstone and the plan of the campaign alone.
    for path in full.root.rglob("*"):
        if path.is_file() and before not in path.parents:
            content = path.read_bytes().decode("utf-8", "replace")
            assert not any(word in content for word in WORDS), path
    assert (full.root / "corpus" / "splits" / "test.txt").read_bytes() == splits
    assert (full.root / "corpus" / "tombstones.jsonl").read_text() == json.dumps(
        {"id": "open-a", "reason": REASON}, separators=(",", ":")
    ) + "\n"
    assert not list(full.root.rglob("open-a.json"))
    assert list(full.root.rglob("open-a.2.json"))
    # In the release as well.
    assert not any(word in each for each in published(after) for word in WORDS)
    assert list(verify(after)) == []
    assert (after / "tombstones.jsonl").read_bytes() == (full.root / "corpus" / "tombstones.jsonl").read_bytes()
    assert read_manifest(after).counts["articles"]["taken_down"] == 1
    ids = {split: part["id"] for split, part in khabar.load(after).items()}
    assert ids == {"train": ["open-b"], "test": ["open-c", "open-a.2"]}
    old = {row["id"]: row for part in khabar.load(before).values() for row in part}
    for part in khabar.load(after).values():
        assert all(row == old[row["id"]] for row in part)


def test_agreement_that_was_measured_with_it_is_measured_anew_before_a_release(full, campaign, khabar_here):
    about = {"schemes": (), "annotators": ("a1", "a2"), "articles": 1, "setting": Setting()}
    measured = Agreement(campaigns=("pilot",), **about, headline={}, figures={}, confusions={})
    write_agreement(full, msgspec.structs.replace(measured, annotations=digest_of(full, ["pilot"])))

    _, _, told = khabar_here("--root", full.root, "takedown", "open-c", "--reason", REASON)

    assert "run 'khabar campaign agreement pilot' before the next release" in told
    with pytest.raises(BadRecord, match="run 'khabar campaign agreement pilot' again"):
        release_of(full, "1.0.0")


def test_the_diff_tells_that_it_was_taken_down_and_why_and_nothing_else(full, khabar_here):
    before = release_of(full, "1.0.0")
    khabar_here("--root", full.root, "takedown", "open-a", "--reason", REASON)
    after = release_of(full, "2.0.0", before)

    found = diff(before, after)

    (gone,) = [each for each in found.articles if each.taken_down]
    assert (gone.id, gone.kinds, gone.taken_down, gone.labels, gone.spans) == ("open-a", ("removed",), REASON, {}, ())
    assert found.step == "MAJOR"
    assert "articles taken down: open-a" in [each.why for each in found.reasons]
    assert f"taken down: {REASON}" in (after / "CHANGES.md").read_text(encoding="utf-8")
    _, out, _ = khabar_here("release", "diff", before, after)
    assert f"open-a: taken down from test: {REASON}\n" in out
    (count,) = [each for each in found.counts if each.label == "PERS"]
    assert (count.before, count.articles_removed, count.after) == (1, 1, 0)


def test_what_rises_again_is_refused_by_diff_and_verify(full, khabar_here, tmp_path):
    whole = release_of(full, "3.0.0")
    khabar_here("--root", full.root, "takedown", "open-a", "--reason", REASON)
    without = release_of(full, "2.0.0")
    lost = written({path: raw for path, raw in files_of(without).items() if path != "tombstones.jsonl"}, tmp_path / "l")

    for after in (whole, lost):
        assert any("open-a: it was taken down, it does not come back" in each for each in diff(without, after).refused)
    stone = json.dumps({"id": "open-b", "reason": "x"}).encode()
    forged = written(resealed(files_of(without) | {"tombstones.jsonl": stone + b"\n{}"}), tmp_path / "f")
    told = [each.partition("tombstones.jsonl:")[2] for each in verify(forged) if "tombstones.jsonl:" in each]
    assert told[0] == "1: open-b was taken down, the release has it: rebuild it"
    assert told[1].startswith("2: Object missing required field `id`")


def test_everything_that_meets_its_id_says_that_it_was_taken_down(full, khabar_here, tmp_path):
    khabar_here("--root", full.root, "takedown", "open-a", "--reason", REASON)
    corpus = Corpus(full.root)
    page = tmp_path / "a.txt"
    page.write_text("Its words come back under its old name", encoding="utf-8")

    (outcome,) = ingest(corpus, Intake(corpus.source("open")), [page])
    assert outcome.article is None
    assert f"open-a was taken down ({REASON}), it does not come back" in outcome.message
    with pytest.raises(NotFound, match=f"open-a was taken down: {REASON}"):
        new_campaign(corpus, "other", corpus.labels.layer_names, ["open-a"])
    for call in (("show", "open-a"), ("takedown", "open-zz", "--reason", "x")):
        assert khabar_here("--root", full.root, *call)[0] == 2
    status, out, _ = khabar_here("--root", full.root, "stats")
    assert (status, f"open-a\t\ttest\ttaken down\t{REASON}\n" in out) == (0, True)
    assert assign(corpus) == {}
    _, _, err = khabar_here("stats", release_of(full, "1.0.0"))
    assert "taken_down:1" in err


def test_a_takedown_that_was_cut_off_is_found_and_completed(full, khabar_here):
    full.add_tombstone("open-a", REASON)

    assert [each.check for each in errors(Corpus(full.root))][:1] == ["taken-down-gone"]
    status, _, err = khabar_here("--root", full.root, "takedown", "open-a", "--reason", "another")
    assert (status, f"taken down already: {REASON}" in err) == (1, True)
    status, *_ = khabar_here("--root", full.root, "takedown", "open-a", "--reason", REASON)

    assert status == 0
    assert errors(Corpus(full.root)) == []
    assert len((full.root / "corpus" / "tombstones.jsonl").read_bytes().splitlines()) == 1


def test_what_an_old_clone_or_a_hand_brings_back_into_a_campaign_is_found_and_goes_again(full, campaign, khabar_here):
    lines, (page,) = campaign.folder / "work.jsonl", full.campaign_pages()
    before = lines.read_bytes(), page.read_bytes()
    khabar_here("--root", full.root, "takedown", "open-a", "--reason", REASON)
    assert errors(Corpus(full.root)) == []

    lines.write_bytes(before[0])
    page.write_bytes(before[1])

    (found,) = errors(Corpus(full.root))
    assert (found.check, found.article) == ("taken-down-gone", "open-a")
    assert "what annotations/campaigns/pilot/work.jsonl tells of it" in found.message
    assert "what annotations/campaigns/pilot/exports/0001/all/page-0001.json tells of it" in found.message
    khabar_here("--root", full.root, "takedown", "open-a", "--reason", REASON)
    assert errors(Corpus(full.root)) == []


def test_nobody_is_asked_again_for_what_was_taken_down(full, khabar_here):
    keys = tuple(article.id for article in full.articles)
    one = new_campaign(full, "one", full.labels.layer_names, keys)
    controls = Design(controls=("open-a",), qualification=("open-b",))
    two = new_campaign(full, "two", full.labels.layer_names, ["open-c"], controls)
    for key in ("open-a", "open-b"):
        khabar_here("--root", full.root, "takedown", key, "--reason", REASON)

    for name in (one.name, two.name):
        fresh = Campaign(Corpus(full.root), name)
        there = fresh.fixed
        fresh.fix()  # as every push does

        assert {each.article for each in there} <= {"open-c", "open-a.2"}
        assert fresh.fixed == fresh.assignments == there
    assert errors(Corpus(full.root)) == []


@pytest.mark.parametrize("folder", ["corpus", "annotations/gold", "annotations/campaigns/pilot"])
def test_it_waits_for_whoever_could_write_the_article_back(full, campaign, khabar_here, folder):
    with full.alone(full.root / folder):
        status, _, err = khabar_here("--root", full.root, "takedown", "open-a", "--reason", REASON)

    assert (status, f"{folder}: another khabar writes there now: wait until it is done" in err) == (2, True)
    assert full.has_article("open-a")
    assert not (full.root / "corpus" / "tombstones.jsonl").exists()


@pytest.mark.parametrize("reason", ["", " ", "two\nlines"])
def test_a_reason_is_a_line_of_words(full, khabar_here, reason):
    status, _, err = khabar_here("--root", full.root, "takedown", "open-a", "--reason", reason)

    assert status == 2
    assert "a reason is one line of words" in err
    assert full.has_article("open-a")
    assert not (full.root / "corpus" / "tombstones.jsonl").exists()


def test_what_was_pulled_is_still_whole_without_it(full, campaign, khabar_here):
    khabar_here("--root", full.root, "takedown", "open-a", "--reason", REASON)

    from khabar.campaign.exports import Exports

    assert len(Exports(campaign.folder).states()) == 3
    left = sorted(path.stem for path in (campaign.folder / "annotations").glob("*/*.json"))
    assert left == ["open-a.2", "open-b", "open-c"]
    fresh = Campaign(Corpus(full.root), campaign.name)
    assert fresh.asked == {"open-a.2", "open-b", "open-c"}
    assert {each.article for each in fresh.due} <= fresh.asked


@pytest.mark.server
def test_on_the_server_it_goes_with_the_next_push_and_no_pull_brings_it_back(corpus, door, tmp_path, khabar_here):
    keys = add(corpus, count=3)
    assert "Number open 0." in corpus.needed_text(corpus.article(keys[0]))
    campaign = begin(corpus, keys)
    push(campaign, door, Load(annotations=put(corpus, tmp_path / "a", *(of(corpus, key) for key in keys))), quiet)
    pull(campaign, door, quiet)
    khabar_here("--root", corpus.root, "takedown", keys[0], "--reason", REASON)
    fresh = Corpus(corpus.root)

    early = pull(Campaign(fresh, campaign.name), door, quiet, full=True)
    pushed = push(Campaign(fresh, campaign.name), door, Load(), quiet)
    late = pull(Campaign(fresh, campaign.name), door, quiet)

    assert early.away == late.away == ()
    assert pushed.refused == []
    assert [each for each in pushed.notes if f"{keys[0]} was taken down" in each]
    assert {each["data"]["article"] for each in tasks_on(door, Campaign(fresh, campaign.name))} == set(keys[1:])
    for path in campaign.folder.rglob("*"):
        assert not path.is_file() or "Number open 0." not in path.read_text(encoding="utf-8"), path
    assert sorted({path.stem for path in (campaign.folder / "annotations").glob("*/*.json")}) == sorted(keys[1:])


def test_papers_and_guidelines_that_repeat_its_words_are_named_and_left_to_people(full, khabar_here):
    folder = full.root / "annotations" / "guidelines"
    folder.mkdir(parents=True, exist_ok=True)
    guide = "Mark names:\n\n    [[Xanthippe](PERS id=e1) was\n    flabbergasted](BODY)\n\nNobody in Port Sami knows.\n"
    (folder / "names.md").write_text(guide, encoding="utf-8")
    (full.root / "PAPER.md").write_text("Of QUICKSILVER, Port-Sami we say no more.\n", encoding="utf-8")
    (full.root / "OTHER.md").write_text("Xanthippe is here.\n", encoding="utf-8")

    status, _, err = khabar_here("--root", full.root, "takedown", "open-a", "--reason", REASON)
    again, _, more = khabar_here("--root", full.root, "takedown", "open-a", "--reason", REASON)

    said = " repeats words of open-a: mend it by hand"
    told = [line.removesuffix(said) for line in err.splitlines() if line.endswith(said)]
    assert (status, again) == (0, 0)
    assert told == ["PAPER.md:1", "annotations/guidelines/names.md:3", "annotations/guidelines/names.md:4"]
    assert (folder / "names.md").read_text(encoding="utf-8") == guide
    assert "repeats" not in more
