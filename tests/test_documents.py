"""The documents of a release: whole, honest to the manifest, and read by the programs they are written for."""

import json
import re
import shutil
from collections import Counter
from dataclasses import replace

import msgspec
import pytest
from huggingface_hub import DatasetCard, constants
from huggingface_hub.repocard import TEMPLATE_DATASETCARD_PATH

import khabar
from built import built, files_of, resealed, with_true_content, written
from conftest import REPOSITORY, SHARED, add_gold
from khabar.errors import BadRecord, NotFound
from khabar.loading import read_manifest, verify
from khabar.loading.papers import disagreements
from khabar.model.figures import TABLES, filled, plain, wrong
from khabar.model.manifest import File
from khabar.model.text import normal_form
from khabar.release import documents
from khabar.release.build import build
from khabar.release.documents.answers import ELEMENTS, MISSING, QUESTIONS, answers
from khabar.release.documents.columns import columns
from khabar.store import Corpus
from own import PAPERS, VERSION, edit, own


@pytest.fixture
def checkout():
    """What it was built from."""
    return own().checkout


# All of them


def test_a_release_has_every_document_and_the_scheme_it_was_annotated_by(release):
    files = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    pages = {f"guidelines/{path.name}" for path in (REPOSITORY / "annotations" / "guidelines").glob("*.md")}

    assert set(documents.DOCUMENTS) | pages | {"labels.toml"} <= files
    assert (release / "labels.toml").read_bytes() == (REPOSITORY / "annotations" / "labels.toml").read_bytes()
    assert "guidelines/rulings.md" in files
    assert list(verify(release)) == []


def test_a_corpus_without_papers_has_a_release_that_says_so(corpus):
    add_gold(corpus, "open", "a", "[Nothing was said](BODY)")

    folder = build(corpus, VERSION, lambda: 0)

    there = {path.name for path in folder.iterdir()}
    assert there & {"DATASHEET.md", "DATA_STATEMENT.md", "CITATION.cff", ".zenodo.json"} == set()
    assert MISSING in (folder / "README.md").read_text(encoding="utf-8")
    assert json.loads((folder / "croissant.json").read_bytes())["name"] == "khabar"
    assert list(verify(folder)) == []


def test_the_withheld_text_at_hand_changes_no_document_and_none_holds_a_line_of_it(release, checkout, tmp_path):
    (article,) = (each for each in checkout.articles if checkout.source_of(each).redistribute == "offsets")
    page = SHARED / "articles" / article.file
    if not page.is_file():
        pytest.skip("no text of the withheld article beside the repository")
    text = normal_form(page.read_bytes()).text
    root = shutil.copytree(checkout.root, tmp_path / "checkout", ignore=shutil.ignore_patterns("dist"))
    Corpus(root).write_text(article, text)

    folder = build(Corpus(root), VERSION, lambda: 0)

    files = files_of(folder)
    assert files == files_of(release)
    lines = [line.encode() for line in text.splitlines() if len(line.split()) > 3]  # less is a phrase
    papers = b"".join(raw for path, raw in files.items() if not path.endswith(".parquet"))
    assert len(lines) > 20
    assert [line.decode() for line in lines if line in papers] == []


# Figures


def test_counts_are_those_of_the_rows(release, checkout):
    counts = read_manifest(release).counts
    rows = [row for part in khabar.load(release).values() for row in part]
    features = next(iter(khabar.load(release).values())).features
    columns = {layer.column: name for name, layer in checkout.labels.layers.items()}

    derived = {
        "articles": {"all": len(rows), "with_text": sum(row["redistribute"] == "text" for row in rows)},
        "code_points": {
            "all": sum(row["length"] for row in rows),
            "with_text": sum(row["length"] for row in rows if row["redistribute"] == "text"),
        },
        "splits": Counter(row["split"] for row in rows),
        "sources": Counter(row["source"] for row in rows),
        "licenses": Counter(row["license"] for row in rows),
        "provenance": Counter(row["provenance"] for row in rows),
        "redistribution": Counter(row["redistribute"] for row in rows),
        "relations": Counter(
            link["label"]
            for row in rows
            for column in columns
            for span in row[column]
            for link in span.get("relations", ())
        ),
    }
    for column, layer in columns.items():
        label = features[column].feature["label"]
        derived[layer] = Counter(label.int2str(span["label"]) for row in rows for span in row[column])
    of_annotators = {"annotators", "annotations", "roles", "settled"}
    told = {name: numbers for name, numbers in counts.items() if name not in of_annotators}
    assert told == derived


def test_annotators_are_counted_as_the_campaigns_name_them(release, checkout):
    counts = read_manifest(release).counts
    files = [path for name in checkout.campaigns for path in checkout.campaign_annotations(name)]
    pulled = [checkout.read_annotation(path) for path in files]
    rows = [row for part in khabar.load(release, "judgements").values() for row in part]

    kinds = Counter(kind for kind, _ in {(each.kind, each.annotator) for each in pulled})
    assert counts["annotators"] == {"person": 0, "model": 0} | kinds
    assert counts["annotations"] == {"person": 0, "model": 0} | Counter(each.kind for each in pulled)
    assert counts["annotations"] == {"person": 0, "model": 0} | Counter(row["annotator_kind"] for row in rows)
    assert counts["roles"] == Counter(row["role"] for row in rows)
    decided = [each.how for record in checkout.decisions() for each in record.decisions]
    assert {name: number for name, number in counts["settled"].items() if number} == Counter(decided)
    head = DatasetCard.load(release / "README.md").data
    assert head["annotations_creators"] == ["machine-generated"], "what was told of annotators has to change with them"


def with_figures(manifest, start):
    """Return a manifest all of whose figures are others, from ``start`` on."""
    fresh = iter(range(start, 2 * start))
    counts = {group: {name: next(fresh) for name in numbers} for group, numbers in manifest.counts.items()}
    configs = {
        name: msgspec.structs.replace(
            config,
            splits={
                split: msgspec.structs.replace(told, rows=next(fresh), bytes=next(fresh))
                for split, told in config.splits.items()
            },
        )
        for name, config in manifest.configs.items()
    }
    agreement = {
        name: {layer: {each: float(next(fresh)) for each in told} for layer, told in layers.items()}
        for name, layers in manifest.agreement.items()
    }
    return msgspec.structs.replace(
        manifest, counts=counts, configs=configs, agreement=agreement, version=f"{start}.0.0", scheme=str(start)
    )


def test_a_document_says_what_another_manifest_says_and_not_what_this_one_does(known, tmp_path):
    other = with_figures(known.manifest, 7_000_001)
    documents.write(replace(known, manifest=other), tmp_path)
    papers = [File(path=name, bytes=0, sha256="") for name in documents.DOCUMENTS if (tmp_path / name).is_file()]
    papers = [each for each in papers if each.path != "agreement.json"]

    def faulty(manifest):
        sealed = msgspec.structs.replace(manifest, files=(*known.manifest.files, *papers))
        return {line.partition(": ")[0].rpartition("/")[2] for line in disagreements(tmp_path, sealed)} - {
            each.path.rpartition("/")[2] for each in known.manifest.files
        }

    assert faulty(other) == set()
    assert faulty(known.manifest) == {each.path for each in papers}


CONSTANT = {"256", "8", "8601", "0"}
"""Numbers that documents have of themselves, which count nothing: SHA-256, UTF-8, ISO 8601, offsets from 0."""


NUMBER = r"\d+(?:\.\d+)*"
NO_NUMBER = re.compile(
    r"[0-9a-f]{64}|batch-\d+|https?://\S+|^ +'\d+': |int\d+|contentSize.*|tags_\w+|labels of \w+", re.MULTILINE
)
"""Digests, paths, addresses, ids of class labels, types, sizes of files, names of views."""


@pytest.mark.parametrize("name", [name for name in documents.DOCUMENTS if name != "agreement.json"])
def test_no_document_has_a_number_that_is_neither_of_the_manifest_nor_written_by_hand(known, name):
    others = [replace(known, manifest=with_figures(known.manifest, start)) for start in (7_000_001, 9_000_001)]
    first, second = (re.findall(NUMBER, NO_NUMBER.sub("", documents.DOCUMENTS[name](other))) for other in others)

    hand = "".join((REPOSITORY / each).read_text(encoding="utf-8") for each in (*PAPERS, "annotations/labels.toml"))
    by_hand = set(re.findall(NUMBER, re.sub(r"<!--=.*?<!--/-->", "", hand, flags=re.DOTALL)))
    own = {one for one, other in zip(first, second, strict=True) if one == other}
    assert own <= by_hand | CONSTANT


ALTERED = {
    "README.md": [
        (
            "<!--=counts.entity-->%(entity)d<!--/-->",
            "<!--=counts.entity-->%(entity)d1<!--/-->",
            "counts.entity is '%(entity)d1' there",
        ),
        ("num_examples: ", "num_examples: 1", "the rows or bytes of"),
        ("'0': PERS\n", "'0': PERSON\n", "the class labels of"),
        ("config_name: regions", "config_name: lines", "its configs are"),
        ("  version: 0.1.0\n", "  version: 0.1.1\n", "its version is not 0.1.0"),
        ("version = {0.1.0}", "version = {0.1.1}", "its citation is not"),
        ("num_bytes: ", "num_bytes: 1", "the rows or bytes of"),
    ],
    "DATASHEET.md": [
        ("<!--=counts.articles.all-->%(all)d", "<!--=counts.articles.all-->%(all)d00", "is '%(all)d00' there")
    ],
    "DATA_STATEMENT.md": [("<!--=summary-->%(all)d articles", "<!--=summary-->9 articles", "summary is '9 articles")],
    "LICENSE.md": [("| CC-BY-4.0 | %(free)d |", "| CC-BY-4.0 | %(free)d2 |", "licenses is ")],
    "CITATION.cff": [
        ("version: 0.1.0", "version: 0.2.0", "its version is 0.2.0"),
        ("%(spans)d spans", "%(spans)d3 spans", "its figures"),
    ],
    ".zenodo.json": [("%(spans)d spans", "999999 spans", "its figures are not those of the manifest")],
    "croissant.json": [
        ('"sha256": "', '"sha256": "0', "its files, their sizes or digests"),
        ('"contentSize": "', '"contentSize": "1', "its files, their sizes or digests"),
        ("%(quotes)d in train", "%(quotes)d1 in train", "the rows of quotes are not"),
        (
            "%(said)d annotations of an article",
            "%(said)d0 annotations of an article",
            "is not what DATASHEET.md says under 4.1",
        ),
        ('"rai:dataAnnotationAnalysis": "| ', '"rai:dataAnnotationAnalysis": "| 1', "the agreement it tells is not"),
        ("%(made)d annotations of %(all)d", "%(made)d0 annotations of %(all)d", "its annotations are not as many"),
        ("%(all)d articles,", "%(all)d3 articles,", "its figures are not those of the manifest"),
        ('"distribution"', '"distributions"', "it is not of the form that a release has"),
        ("{", "[" * 100_000, "it is not of the form that a release has"),
    ],
}


def figures(release):
    """Return the figures that stand in what is altered."""
    manifest = read_manifest(release)
    counts = manifest.counts
    return {
        "entity": sum(counts["entity"].values()),
        "all": counts["articles"]["all"],
        "free": counts["licenses"]["CC-BY-4.0"],
        "spans": sum(sum(counts[layer].values()) for layer in ("region", "entity", "quote")),
        "quotes": manifest.configs["quotes"].splits["train"].rows,
        "said": counts["annotations"]["model"],
        "made": sum(counts["annotations"].values()),
    }


@pytest.mark.parametrize("altered", [(name, *each) for name in ALTERED for each in ALTERED[name]])
def test_a_figure_that_was_altered_is_found_though_manifest_and_sums_were_made_to_match(release, tmp_path, altered):
    name = altered[0]
    old, new, said = (words % figures(release) for words in altered[1:])
    files = files_of(release)
    text = files[name].decode()
    assert old in text
    files[name] = text.replace(old, new, 1).encode()

    folder = written(resealed(files), tmp_path / "release")

    problems = list(verify(folder))
    assert len(problems) == 1
    assert problems[0].startswith(f"{folder / name}: ")
    assert said in problems[0]


def test_the_papers_of_the_repository_hold_the_figures_of_its_release(release):
    for name in ("DATASHEET.md", "DATA_STATEMENT.md"):
        paper = (REPOSITORY / name).read_text(encoding="utf-8")
        assert list(wrong(paper, read_manifest(release))) == [], "run scripts/figures"
        assert (release / name).read_text(encoding="utf-8") == paper


def test_the_readme_shows_what_the_release_holds(release):
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("$ scripts/release\n")[2].partition("$ scripts/test\n")[0]
    manifest = read_manifest(release)

    splits = [
        (name, split, told.rows) for name, each in manifest.configs.items() for split, told in each.splits.items()
    ]
    lines = [f"{khabar.signature(release, name, split)}|rows:{rows}" for name, split, rows in splits]
    assert re.findall(r"^khabar:.*$", shown, re.MULTILINE) == lines, "show in README.md what scripts/release prints now"
    counted = {(name, str(number)) for numbers in manifest.counts.values() for name, number in numbers.items()}
    assert set(re.findall(r" ([A-Za-z][\w.-]*):(\d+)", shown)) == counted


def test_a_mark_begins_no_line_of_prose_for_there_it_would_end_the_paragraph(release):
    for path in release.glob("*.md"):
        for mark in re.findall(r"^<!--=([\w.-]+)-->", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert mark in TABLES, f"{path.name}: {mark}"


def test_a_figure_is_a_number_a_sum_a_word_or_a_table(known):
    manifest = known.manifest

    text = filled("<!--=version-->x<!--/--> <!--=counts.articles-->x<!--/--> <!--=rows-->x<!--/-->", manifest, "a")

    assert text == filled(text, manifest, "a")
    assert plain(text).startswith(f"{VERSION} {sum(manifest.counts['articles'].values())} \n| config | a row is |")
    assert plain(text).count("\n| `") == len(manifest.configs)
    assert list(wrong(text, manifest)) == []


@pytest.mark.parametrize("name", ["counts.articles.none", "counts.nothing", "files", "configs", "version.major", "x"])
def test_a_figure_that_there_is_not_is_refused_with_its_place(known, name):
    with pytest.raises(NotFound, match=rf"^PAPER.md: no figure is called '{re.escape(name)}': the manifest has no"):
        filled(f"<!--={name}-->1<!--/-->", known.manifest, "PAPER.md")
    assert len(list(wrong(f"<!--={name}-->1<!--/-->", known.manifest))) == 1


# The datasheet and the data statement


def test_all_57_questions_are_answered(release):
    told = answers((release / "DATASHEET.md").read_text(encoding="utf-8"))
    sections = Counter(number.partition(".")[0] for number in QUESTIONS)

    assert list(sections.values()) == [4, 16, 12, 4, 6, 7, 8]
    assert len(QUESTIONS) == 57
    assert [number for number in told if "." in number] == list(QUESTIONS)
    assert [number for number in QUESTIONS if len(told[number].split()) < 1] == []


def test_all_15_elements_of_a_data_statement_are_there(release):
    told = answers((release / "DATA_STATEMENT.md").read_text(encoding="utf-8"))

    assert list(told) == list(ELEMENTS)
    assert len(ELEMENTS) == 15
    assert all(told.values())


SPOILT = [
    ("DATASHEET.md", "Nobody. There was no funding and no grant.", "", r"DATASHEET.md: 1.3 has no answer"),
    ("DATASHEET.md", "### 7.8 ", "### 7.9 ", r"DATASHEET.md: 7.8 has no answer"),
    ("DATASHEET.md", "### 7.8 ", "### 7.9 Why?\nSo.\n\n### 7.8 ", r"DATASHEET.md: 7.9 is none of those"),
    ("DATASHEET.md", "### 7.8 ", "### 7.7 Again?\nSo.\n\n### 7.8 ", r"DATASHEET.md: 7.7 stands twice"),
    ("DATASHEET.md", "<!--=counts.region-->", "<!--=counts.regions-->", r"DATASHEET.md: no figure is called"),
    ("DATA_STATEMENT.md", "## 7 Annotator", "## Annotator", r"DATA_STATEMENT.md: 7 has no answer"),
    ("CITATION.cff", "title:", "titel:", r"CITATION.cff: .*title.*: mend it by hand"),
    ("CITATION.cff", "title:", "title: [", r"CITATION.cff: .*: mend it by hand"),
]


@pytest.mark.parametrize(("name", "old", "new", "said"), SPOILT)
def test_a_paper_that_is_not_whole_is_not_released(small, name, old, new, said):
    edit(small.root / name, old, new)

    with pytest.raises((BadRecord, NotFound), match=said) as error:
        build(small, VERSION, lambda: 0)

    assert "\n" not in str(error.value)
    assert not (small.dist / VERSION).exists()


def test_the_agreement_of_the_release_is_that_of_its_two_runs(release, checkout):
    told = read_manifest(release).agreement["pilot-1+pilot-2"]

    for layer in checkout.labels.layers:
        runs = [
            {
                (found.article, span.start, span.end, span.label)
                for path in checkout.campaign_annotations(name)
                for found in [checkout.read_annotation(path)]
                for span in found.spans
                if span.layer == layer
            }
            for name in ("pilot-1", "pilot-2")
        ]
        f1 = 2 * len(runs[0] & runs[1]) / sum(map(len, runs))
        assert told[layer]["f1"] == pytest.approx(f1, abs=1e-6)


# The card


def test_the_card_counts_what_was_taken_down(small):
    small.add_tombstone("open-z", "asked for")

    release = build(small, VERSION, lambda: 0)

    assert "taken down: <!--=counts.articles.taken_down-->1<!--/-->; `tombstones.jsonl`" in (
        release / "README.md"
    ).read_text(encoding="utf-8")
    assert list(verify(release)) == []


def test_the_card_is_read_by_the_hub_and_has_its_sections(release):
    card = DatasetCard.load(release / "README.md")
    template = TEMPLATE_DATASETCARD_PATH.read_text(encoding="utf-8")

    headings = [each.removesuffix(" [optional]") for each in re.findall(r"^##+ (.+)$", template, re.MULTILINE)]
    own = re.findall(r"^##+ (.+)$", card.text, re.MULTILINE)
    assert [each for each in own if each in headings] == headings
    assert MISSING not in card.text
    assert "None" not in own
    assert card.data.language == ["ar"]
    assert card.data.size_categories == ["n<1K"]
    assert constants.REPO_TYPE_DATASET == "dataset"


def test_every_column_of_every_config_is_explained(known, release):
    card = (release / "README.md").read_text(encoding="utf-8")

    for config in known.manifest.configs:
        for column in columns(known, config):
            assert column.meaning, f"{config}.{column.path}: say in release/documents/columns.py what it means"
            assert f"| `{column.path}` | " in card


# The manifest against the rows


def swapped(manifest):
    for config in manifest["configs"].values():
        splits = config["splits"]
        splits["validation"], splits["test"] = splits["test"], splits["validation"]
    with_true_content(manifest)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda told: told["counts"]["articles"].update(all=7), "counts 7 of articles all, the rows have 3"),
        (lambda told: told["counts"]["code_points"].update(with_text=1), "counts 1 of code_points with_text, the rows"),
        (lambda told: told["counts"]["splits"].update(train=2, test=0), "counts 2 of splits train, the rows have 1"),
        (lambda told: told["counts"].update(sources={"nahar": 3}), "counts 0 of sources open, the rows have 3"),
        (lambda told: told["counts"]["entity"].update(PERS=9), "counts 9 of entity PERS, the rows have 3"),
        (lambda told: told["counts"]["relations"].clear(), "counts 0 of relations HAS_SOURCE, the rows have 3"),
        (
            lambda told: told["counts"]["annotations"].update(person=3),
            "counts 3 of annotations person, the rows have 0",
        ),
        (lambda told: told["counts"].update(extra={"x": 1}), "counts 1 of extra x, the rows have 0"),
        (lambda told: told["counts"].pop("quote"), "counts 0 of quote "),
        (lambda told: told.update(label_set="0" * 64), "its label set is not that of labels.toml"),
        (
            lambda told: told.update(agreement={"one": {"entity": {"f1": 1.0}}}),
            "it tells is not that of agreement.json",
        ),
        (swapped, "stands in articles/validation, its row says test"),
    ],
)
def test_a_manifest_that_was_edited_and_resealed_does_not_agree_with_the_rows(tmp_path, change, problem):
    folder = written(resealed(files_of(built()), change), tmp_path / "release")

    problems = list(verify(folder))

    assert [each for each in problems if problem in each]
    assert "\n" not in "".join(problems)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        (
            "labels.toml",
            lambda raw: raw.replace(b'"PERS"', b'"PERSON"'),
            "its label set is not that of labels.toml",
        ),
        (
            "agreement.json",
            lambda _: b'{"one": {"headline": {"entity": {"f1": 1.0}}}}',
            "is not that of agreement.json",
        ),
    ],
)
def test_labels_or_agreement_that_were_edited_and_resealed_are_named(tmp_path, name, content, problem):
    files = files_of(built())
    files[name] = content(files.get(name, b""))
    folder = written(resealed(files), tmp_path / "release")

    assert [each for each in verify(folder) if problem in each]
