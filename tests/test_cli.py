"""The commands as people call them: arguments in, output and exit status out."""

import json
import re
import subprocess
import sys
from typing import NamedTuple

import pytest
import yaml

from conftest import REPOSITORY, add_gold
from khabar.checks import CHECKS
from khabar.cli import COMMANDS
from khabar.model.layout import ARTICLES, TEXTS, with_texts
from khabar.store import Corpus

HOOKS = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_bytes())
PAGE = "[[Port Sami](GPE sense=gov entity=e1) opens](HEADLINE)\n[Read more](RELATED)"


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def khabar(khabar_here):
    """Call the command in a checkout."""

    def call(*arguments, root="."):
        return Done(*khabar_here("--root", root, *arguments))

    return call


def test_the_command_is_a_program():
    command = [sys.executable, "-m", "khabar", "--root", "/nowhere", "check"]

    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (2, "")
    assert "/nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_gold_without_fault_exits_0_and_with_a_fault_1(corpus, khabar):
    add_gold(corpus, "open", "a", PAGE)
    add_gold(corpus, "closed", "b", PAGE.replace("Sami", "Nour"))
    (corpus.root / "corpus" / "closed" / "closed-b.txt").unlink()

    good = khabar("check", root=corpus.root)
    path = corpus.root / "annotations" / "gold" / "open" / "open-a.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"end":9', '"end":10'), encoding="utf-8")
    bad = khabar("check", root=corpus.root)
    as_json = khabar("check", "--format", "json", root=corpus.root)

    assert (good.returncode, good.stdout) == (0, "")
    assert (
        good.stderr
        == "2 annotations checked, 1 without their text (checked by digest and length): 0 errors, 0 warnings\n"
    )
    assert bad.returncode == as_json.returncode == 1
    assert [line.rsplit("[")[-1] for line in bad.stdout.splitlines()] == ["span-marks-its-words]", "span-trimmed]"]
    assert '"check":"span-trimmed"' in as_json.stdout


def test_a_finding_names_the_line_of_the_gold_that_is_to_be_mended(corpus, khabar):
    add_gold(corpus, "open", "a", PAGE)
    name = "annotations/gold/open/open-a.json"
    path = corpus.root / name
    path.write_text(path.read_text(encoding="utf-8").replace('"end":9', '"end":10'), encoding="utf-8")

    told = [json.loads(line) for line in khabar("check", "--format", "json", root=corpus.root).stdout.splitlines()]
    on_github = khabar("check", "--format", "github", root=corpus.root).stdout

    lines = path.read_text(encoding="utf-8").split("\n")
    assert {each["file"] for each in told} == {name}
    assert all('"end":10' in lines[each["file_line"] - 1] for each in told)
    assert on_github.startswith(f"::error file={name},line={told[0]['file_line']},title=")


def test_a_gold_file_of_no_article_or_in_a_wrong_place_is_found(corpus, khabar):
    add_gold(corpus, "open", "a", PAGE)
    gold = corpus.root / "annotations" / "gold" / "open"
    content = (gold / "open-a.json").read_text(encoding="utf-8")
    (gold / "open-b.json").write_text(content, encoding="utf-8")
    (gold / "open-c.json").write_text(content.replace("open-a", "open-c"), encoding="utf-8")

    done = khabar("check", root=corpus.root)

    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert "it annotates open-a, its name says open-b: rename it" in first
    assert "no article is called 'open-c'" in second


def test_gold_in_the_folder_of_another_source_is_found_and_nothing_built(corpus, khabar):
    add_gold(corpus, "open", "a", PAGE)
    gold = corpus.root / "annotations" / "gold"
    (gold / "closed").mkdir()
    (gold / "open" / "open-a.json").rename(gold / "closed" / "open-a.json")

    done = khabar("check", root=corpus.root)
    built = khabar("release", "build", root=corpus.root)

    assert done.returncode == 2
    assert "its place is annotations/gold/open/open-a.json: move it there" in done.stdout
    assert built.returncode == 2
    assert not list(corpus.root.glob("dist/*/manifest.json"))


def test_a_story_in_two_splits_and_articles_without_one_are_found(corpus, khabar):
    for name in ("a", "b", "c"):
        add_gold(corpus, "open", name, PAGE.replace("Sami", name), "test" if name == "b" else "train")
    records = corpus.root / "corpus" / "open" / "articles.jsonl"
    records.write_text(records.read_text().replace('"file"', '"story":"one","file"'))
    train = corpus.root / "corpus" / "splits" / "train.txt"
    train.write_text("open-a\nopen-z\n")

    done = khabar("check", root=corpus.root)

    assert done.returncode == 1
    assert [line.split(":")[0] + line[line.rindex("[") :] for line in done.stdout.splitlines()] == [
        "open-z[split-known]",
        "open-c[split-known]",
        "open-b[story-in-one-split]",
    ]


@pytest.mark.parametrize("name", ["corpus/sources.toml", "corpus/splits/train.txt", "annotations/labels.toml"])
def test_a_hand_written_file_that_is_no_text_gets_lines_and_no_traceback(corpus, name, khabar):
    add_gold(corpus, "open", "a", PAGE)
    (corpus.root / name).write_bytes(b"\xff\xfe[x]")

    done = khabar("check", root=corpus.root)

    assert done.returncode in (1, 2)
    assert (done.stdout + done.stderr).strip()


def test_a_release_and_any_parquet_of_its_form_are_checked_alike(corpus, tmp_path, khabar):
    import pyarrow.parquet as pq

    add_gold(corpus, "open", "a", PAGE)
    add_gold(corpus, "closed", "b", PAGE.replace("Sami", "Nour"), "test")
    assert khabar("release", "build", "--version", "1.0.0", root=corpus.root).returncode == 0
    good = khabar("check", corpus.dist / "1.0.0", root=corpus.root)
    shards = [corpus.dist / "1.0.0" / "data" / config / "train" / "batch-0000.parquet" for config in (ARTICLES, TEXTS)]
    table = with_texts(*map(pq.read_table, shards), "")
    changed = table.set_column(table.schema.get_field_index("length"), "length", [[5]])
    pq.write_table(changed, tmp_path / "changed.parquet")
    bad = khabar("check", tmp_path / "changed.parquet", root=corpus.root)
    pq.write_table(table.drop_columns(["quotes"]), tmp_path / "other.parquet")
    alone = khabar("check", shards[0], root=corpus.root)
    other = khabar("check", tmp_path / "other.parquet", root=corpus.root)
    (tmp_path / "none.parquet").write_bytes(b"PAR1")
    none = khabar("check", tmp_path / "none.parquet", root=corpus.root)

    assert (alone.returncode, alone.stdout) == (good.returncode, good.stdout) == (0, "")
    assert good.stderr.startswith("2 annotations checked, 1 without their text")
    assert bad.returncode == 1
    assert "the record says 5 characters, the text has 25 [text-unchanged]" in bad.stdout
    assert (other.returncode, none.returncode) == (2, 2)
    assert "the column 'quotes' is missing: is it the config 'articles' of a release?" in other.stderr
    assert "is it Parquet, and whole?" in none.stderr


def test_nothing_checked_is_nothing_passed(corpus, tmp_path, khabar):
    (tmp_path / "empty.json").write_text("[]")
    (tmp_path / "cut-off.json").write_text('{"article": "open-a", ')
    (tmp_path / "of-nobody.json").write_text('[{"id": 1, "data": {"article": "open-z"}, "annotations": []}]')
    places = (tmp_path / "checkout" / "corpus", *sorted(tmp_path.glob("*.json")))
    for arguments in ((), *((place,) for place in places), ("--level", "form")):
        status, _, told = khabar("check", *arguments, root=corpus.root)

        assert status == 2, arguments
        assert "nothing checked is nothing passed" in told


def test_a_level_that_there_is_not_is_refused_with_those_there_are(corpus, khabar):
    add_gold(corpus, "open", "a", PAGE)

    status, _, told = khabar("check", "--level", "nonsense", root=corpus.root)

    assert (status, told) == (
        2,
        "khabar: no level is called 'nonsense'; there are: text, form, scheme, sense, corpus\n",
    )


def test_what_could_not_be_read_is_told_before_it_is_said_that_nothing_was_checked(corpus, khabar):
    add_gold(corpus, "open", "a", PAGE)
    (corpus.root / "annotations" / "gold" / "open" / "open-a.json").write_bytes(b"\xff")

    status, findings, told = khabar("check", root=corpus.root)

    assert status == 2
    assert findings.startswith("annotations/gold/open/open-a.json: error: ")
    assert told.startswith(
        "khabar: annotations/gold: no annotation there can be read, nothing checked is nothing passed"
    )


def test_a_changed_text_is_a_finding_whether_it_has_gold_or_not(corpus, khabar):
    for name, gold in (("a", True), ("b", False)):
        add_gold(corpus, "open", name, PAGE.replace("Sami", name))
        (corpus.root / "corpus" / "open" / f"open-{name}.txt").write_text("another text", encoding="utf-8")
        if not gold:
            (corpus.root / "annotations" / "gold" / "open" / f"open-{name}.json").unlink()

    done = khabar("check", root=corpus.root)

    assert done.returncode == 1
    assert [line.split(":")[0] for line in sorted(done.stdout.splitlines())] == ["open-a", "open-b"]
    assert done.stdout.count("[text-unchanged]") == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"article": 1}', b"\xff\xfe", b"[" * 100_000, b'{"spans": [{"start": 1e999}]}'],
)
def test_a_gold_file_that_is_none_gets_one_line_and_the_rest_is_checked(corpus, content, khabar):
    add_gold(corpus, "open", "a", PAGE)
    add_gold(corpus, "open", "b", PAGE.replace("Sami", "Nour"))
    (corpus.root / "annotations" / "gold" / "open" / "open-a.json").write_bytes(content)

    done = khabar("check", root=corpus.root)

    assert done.returncode == 1
    assert done.stdout.startswith("annotations/gold/open/open-a.json: error: ")
    assert done.stdout.endswith(" [record-reads]\n")
    assert done.stdout.count("\n") == 1
    assert done.stderr == "1 annotations checked: 1 errors, 0 warnings\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--root", "/nowhere", "check"), "/nowhere"),
        (("check", "--explain", "span-trim"), "no check is called 'span-trim'; there are: "),
        (("show", "nobody"), "no article is called 'nobody'"),
        (("release", "verify", "/"), "/manifest.json is missing"),
        (("ingest", "README.md", "--source", "nobody"), "no source is called 'nobody'"),
        (("chek",), "No such command 'chek'"),
    ],
)
def test_a_call_that_cannot_be_carried_out_exits_2_with_a_line_that_says_so(arguments, said, monkeypatch, khabar):
    monkeypatch.chdir(REPOSITORY)

    done = khabar(*arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_folder_that_is_no_checkout_is_told_from_one(tmp_path, khabar):
    done = khabar("check", root=tmp_path)

    assert done.returncode == 2
    assert "is this a checkout of the corpus? else pass --root" in done.stderr


def test_every_command_says_what_it_does_and_stands_in_the_readme(khabar):
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    listing = khabar("--help").stdout

    for name in COMMANDS:
        assert f"\n  {name}  " in listing
        assert khabar(name, "--help").returncode == 0
        assert f"khabar {name}" in readme, f"README.md does not show khabar {name}"


def test_every_check_is_listed_and_explained(khabar):
    status, listing, _ = khabar("check", "--list")

    assert status == 0
    assert sorted(line.split()[2] for line in listing.splitlines()) == sorted(CHECKS)
    for line in listing.splitlines():
        level, severity, name, *_ = line.split()
        status, told, _ = khabar("check", "--explain", name)
        assert status == 0
        assert told.startswith(f"{name}: {severity}, level ")
        assert level in told


def test_an_article_is_followed_by_its_id_from_folder_to_folder(corpus, khabar):
    add_gold(corpus, "open", "a", PAGE)

    done = khabar("show", "open-a", root=corpus.root)

    assert done.stdout.splitlines()[:2] == ["corpus/open/open-a.txt", "annotations/gold/open/open-a.json"]
    assert (
        "= GPE entity=e1 sense=gov  0-9 n1  «\N{FIRST STRONG ISOLATE}Port Sami\N{POP DIRECTIONAL ISOLATE}»"
        in done.stdout
    )


def test_the_whole_way_from_a_file_to_statistics(corpus, tmp_path, khabar):
    page = tmp_path / "p.txt"
    page.write_text("Port Sami opens\nRead more", encoding="utf-8")

    taken = khabar("ingest", page, "--source", "open", "--published", "2026-11-23", root=corpus.root)
    split = khabar("split", root=corpus.root)
    stats = khabar("stats", root=corpus.root)

    assert (taken.returncode, taken.stdout) == (0, "open-p\n")
    assert split.stdout.startswith("open-p ")
    assert stats.stdout.startswith("open-p\tCC-BY-4.0\t")
    assert Corpus(corpus.root).article("open-p").published == "2026-11-23"


@pytest.mark.parametrize("hook", HOOKS, ids=lambda each: each["id"])
def test_the_hooks_for_pre_commit_call_what_there_is_on_the_files_that_they_mean(corpus, khabar, monkeypatch, hook):
    add_gold(corpus, "open", "a", PAGE)
    gold = "annotations/gold/open/open-a.json"
    monkeypatch.chdir(corpus.root)
    program, *arguments = hook["entry"].split()
    arguments += [gold] if hook.get("pass_filenames", True) else []

    good = khabar(*arguments)
    path = corpus.root / gold
    path.write_text(path.read_text(encoding="utf-8").replace('"end":9', '"end":10'), encoding="utf-8")
    bad = khabar(*arguments)

    assert program == "khabar"
    assert (good.returncode, bad.returncode) == (0, 1)
    assert re.search(hook["files"], gold)
    assert re.search(hook["files"], "annotations/campaigns/one/annotations/a1/open-a.json")
    assert not re.search(hook["files"], "README.md")
    assert hook["id"] == "khabar-check-corpus" or not re.search(
        hook["files"], "annotations/campaigns/one/manifest.json"
    )
