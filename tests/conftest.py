"""What tests share: a small corpus of its own in a temporary folder, made of annotated text written in line."""

import os
import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, settings

from khabar.model import inline
from khabar.model.annotation import with_words, withheld
from khabar.model.labelfile import label_set
from khabar.model.labels import LabelSet
from khabar.store import Corpus

# No test is about time: the first call imports Arrow, and machines are shared.  In CI the same examples run every time.
settings.register_profile(
    "khabar",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("khabar")

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
    root = tmp_path / "checkout"
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


# A real Label Studio, for the campaign's tests


@pytest.fixture(scope="session")
def studio(tmp_path_factory):
    """A Label Studio of our own that is up; its environment is shared between runs."""
    from khabar.campaign.server import ENVIRONMENT, Studio

    environment = Path(os.environ.get(ENVIRONMENT) or REPOSITORY / ".studio" / "env")
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
