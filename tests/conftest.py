"""What tests share: a small corpus of its own in a temporary folder, made of annotated text written in line."""

import atexit
import hashlib
import os
import shutil
from pathlib import Path
from tempfile import mkdtemp

import msgspec
import pytest
from hypothesis import HealthCheck, settings

from khabar.model import inline
from khabar.model.agreement import Agreement, Setting
from khabar.model.annotation import with_words, withheld
from khabar.model.corrections import marks_of
from khabar.model.decision import Decision, Record
from khabar.model.labelfile import label_set
from khabar.model.labels import LabelSet
from khabar.store import Corpus
from khabar.store.agreements import digest_of, write_agreement

# No test is about time: the first call imports Arrow, and machines are shared.  In CI the same examples run every time.
settings.register_profile(
    "khabar",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("khabar")

# What tests leave in a cache of releases is theirs.
if "KHABAR_CACHE" not in os.environ:
    os.environ["KHABAR_CACHE"] = mkdtemp(prefix="khabar-cache-")
    atexit.register(shutil.rmtree, os.environ["KHABAR_CACHE"], ignore_errors=True)

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"

SOURCES = """
[open]
outlet = "The Open Page"
license = "CC-BY-4.0"
rights_holder = "nobody"
redistribute = "text"
provenance = "authored"

[closed]
outlet = "The Closed Page"
license = "LicenseRef-publisher"
rights_holder = "the publisher"
redistribute = "offsets"
provenance = "published"
"""


@pytest.fixture(scope="session")
def labels() -> LabelSet:
    """The label set of the project."""
    path = REPOSITORY / "annotations" / "labels.toml"
    return label_set(path.read_bytes(), str(path))


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """An empty corpus with two sources, one open and one that allows offsets only."""
    return new_corpus(tmp_path / "checkout")


def new_corpus(root: Path) -> Corpus:
    """Make an empty corpus in a new folder."""
    (root / "annotations").mkdir(parents=True)
    (root / "corpus").mkdir()
    shutil.copy(REPOSITORY / "annotations" / "labels.toml", root / "annotations" / "labels.toml")
    (root / "corpus" / "sources.toml").write_text(SOURCES, encoding="utf-8")
    return Corpus(root)


def add_gold(corpus: Corpus, source: str, name: str, marked: str, split: str = "train") -> str:
    """Take annotated text into a corpus as an article with gold; return its id."""
    from khabar.ingest.articles import Intake, ingest

    found = inline.read(marked, corpus.labels)
    path = corpus.root / f"{name}.txt"
    path.write_text(found.text, encoding="utf-8", newline="")
    (outcome,) = ingest(corpus, Intake(corpus.source(source)), [path])
    assert outcome.article, outcome.message
    annotation = msgspec.structs.replace(
        found.annotation(corpus.labels, outcome.article.id, "gold"), kind="gold", layers=corpus.labels.layer_names
    )
    open_ = corpus.source(source).redistribute == "text"
    words = corpus.labels.words_attributes
    corpus.write_gold(with_words(annotation, found.text) if open_ else withheld(annotation, found.text, words))
    corpus.add_to_split(split, [outcome.article.id])
    return outcome.article.id


def add_judgement(corpus: Corpus, article: str, annotator: str, marked: str, campaign: str = "pilot") -> None:
    """Record what an annotator said of an article in a campaign; `marked` is its text, annotated."""
    found = inline.read(marked, corpus.labels)
    annotation = msgspec.structs.replace(found.annotation(corpus.labels, article, annotator), kind="person")
    folder = corpus.campaign(campaign)
    if corpus.source_of(corpus.article(article)).redistribute == "text":
        annotation = with_words(annotation, found.text)
    else:
        annotation = withheld(annotation, found.text, corpus.labels.words_attributes)
    corpus.write_annotation(folder / "annotations" / annotator / f"{article}.json", annotation)
    (folder / "campaign.toml").touch()


def add_decisions(corpus: Corpus, article: str, *decisions: Decision) -> None:
    """Record what the gold of an article came of, as adjudication does when it writes it; else that all said it."""
    record = corpus.article(article)
    marks = marks_of(corpus.gold_of(record), corpus.labels.layer_names).values()
    alike = (Decision(layer=layer, how="unanimous", mark=mark, by=("a2", "a7")) for layer, mark in marks)
    told = Record(
        article=article,
        sha256=record.sha256,
        scheme=corpus.labels.version,
        layers=corpus.labels.layer_names,
        rule="unanimous",
        annotators=("a2", "a7"),
        gold=hashlib.sha256(corpus.gold_place(record).read_bytes()).hexdigest(),
        decisions=decisions or tuple(alike),
    )
    corpus.write_decisions(told)


def add_agreement(corpus: Corpus, headline: dict[str, dict[str, float]], *campaigns: str) -> None:
    """Write what campaigns that were looked at together measured of their annotators."""
    measured = Agreement(
        campaigns=campaigns,
        schemes=(corpus.labels.version,),
        annotators=("run-1", "run-2"),
        articles=1,
        setting=Setting(),
        headline=headline,
        figures={},
        confusions={},
    )
    for name in campaigns:
        corpus.campaign(name).mkdir(parents=True, exist_ok=True)
        (corpus.campaign(name) / "campaign.toml").write_text("", encoding="utf-8")
    write_agreement(corpus, msgspec.structs.replace(measured, annotations=digest_of(corpus, campaigns)))


# The repository's own release, for the tests of its documents


@pytest.fixture
def known():
    """What is known of the repository's own release when its documents are written."""
    from own import own

    return own().known


@pytest.fixture
def release():
    """The repository's own release; never written."""
    from own import own

    return own().folder


@pytest.fixture
def small(corpus):
    """A corpus of one article that has the papers of the repository."""
    from own import small

    return small(corpus)


# A stand-in of the Hub, for the real client of it


@pytest.fixture
def hub(monkeypatch):
    """A Hub on the loopback that is empty; it is the one that the client speaks with."""
    from huggingface_hub import constants

    from hub import Hub

    with Hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # read at import, which another test may have caused
        yield hub


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of releases; it is the one that everything uses."""
    from khabar.loading.cache import Cache

    monkeypatch.setenv("KHABAR_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KHABAR_HUB", raising=False)
    return Cache()


@pytest.fixture
def khabar_here(monkeypatch, capsys):
    """Call the command in this process: its exit status, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        from khabar.cli import main

        monkeypatch.setattr("sys.argv", ["khabar", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        return (int(done.value.code or 0), *capsys.readouterr())

    return call


# A real Label Studio, for the campaign's tests


@pytest.fixture(scope="session")
def environment():
    """The environment that Label Studio runs in, shared between runs."""
    from khabar.campaign.server import ENVIRONMENT

    return Path(os.environ.get(ENVIRONMENT) or REPOSITORY / ".studio" / "env")


@pytest.fixture(scope="session")
def studio(environment, tmp_path_factory):
    """A Label Studio of our own that is up."""
    from khabar.campaign.server import Studio

    studio = Studio(tmp_path_factory.mktemp("studio"), environment)
    studio.up(port=0)
    yield studio
    studio.down()


@pytest.fixture
def door(studio):
    """An open door to the real Label Studio."""
    from khabar.campaign.client import Door

    with Door(studio.status()) as door:
        yield door


@pytest.fixture
def at_studio(studio, monkeypatch):
    """Make commands talk to the real Label Studio."""
    server = studio.status()
    monkeypatch.setenv("KHABAR_STUDIO_URL", server.url)
    monkeypatch.setenv("KHABAR_STUDIO_TOKEN", server.token)
    return server
