"""Corpora that break one rule, or keep it, as written in ``tests/fixtures/checks/<check>.toml``.

A case is a whole corpus on disk, judged as ``khabar check`` judges it.  Its articles are annotated text written in
line (`khabar.model.inline`); what cannot be written so is said beside it: spans by hand, another digest, a raw file.
"""

from functools import partial
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from conftest import add_agreement
from khabar.checks import Others, judge
from khabar.model import inline
from khabar.model.annotation import GOLD, Annotation, Span, encoded, with_words, withheld
from khabar.model.article import Article
from khabar.model.finding import Finding
from khabar.model.manifest import MANIFEST
from khabar.model.nested import nested
from khabar.model.text import digest
from khabar.release.withheld import leaks
from khabar.store import Corpus

FIXTURES = Path(__file__).resolve().parent / "fixtures" / "checks"


class Written(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An article and its gold.

    Attributes:
        text: Annotated text, written in line.
        id: Of the article.
        source: ``open`` or ``closed``, as in conftest.py.
        split: Empty for none.
        story: Empty for none.
        spans: More spans, as a gold file has them.
        layers: The layers that the annotation speaks of; those of its spans without it.
        sha256: Digest that the annotation says, if another.
        recorded: Text of the article's record and digest, if another.
        length: Length that the record says, if another.
        at_hand: Whether the text is on disk.
        repeats: Whether spans repeat their words; as their source wants it without it.
        file: What the gold file holds, if it is no annotation.
        named: Name of the gold file, if another than the article's.
        gold: Whether there is gold.
        annotator: Who made it.
    """

    text: str
    id: str = "open-a"
    source: str = "open"
    split: str = "train"
    story: str = ""
    spans: list[Span] = []
    layers: tuple[str, ...] | None = None
    sha256: str = ""
    recorded: str | None = None
    length: int | None = None
    at_hand: bool = True
    repeats: bool | None = None
    file: str | None = None
    named: str = ""
    gold: bool = True
    annotator: str = GOLD


class Case(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A corpus and what the check says of it.

    Attributes:
        articles: What is in it; `text` stands for one article of that text.
        words: Words that the findings of the check mark, in order; empty for a whole article.
        says: A part of the message of each finding, if it matters.
        floors: Content of ``annotations/floors.toml``.
        agreement: What a campaign measured: exact-span F1 by layer.
        waivers: Content of ``annotations/waivers.toml``.
        released: Splits of the last release, by article.
        splits: Lines that a split file has besides.
        tombstones: Reasons of articles that were taken down, by id.
        rows: If given, a Parquet file of the gold of these articles is judged, in this order.
        published: If given, a release with these files is judged, by name and content.
        because: What the case is about, for readers.
    """

    articles: list[Written] = []
    text: str | None = None
    words: list[str] = []
    says: list[str] = []
    floors: str = ""
    agreement: dict[str, float] = {}
    waivers: str = ""
    released: dict[str, str] = {}
    splits: dict[str, list[str]] = {}
    tombstones: dict[str, str] = {}
    rows: list[str] = []
    published: dict[str, str] = {}
    because: str = ""


class Cases(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a fixture holds."""

    valid: list[Case] = []
    broken: list[Case] = []


def cases(check: str) -> Cases:
    """Return the cases of a check; none where it has no fixture."""
    path = FIXTURES / f"{check}.toml"
    return msgspec.toml.decode(path.read_bytes(), type=Cases) if path.is_file() else Cases()


def numbered(fixture: Cases) -> list[tuple[str, int, Case]]:
    """Return each case with its kind and its number in it."""
    kinds = {"valid": fixture.valid, "broken": fixture.broken}
    return [(kind, number, case) for kind, those in kinds.items() for number, case in enumerate(those)]


def write(corpus: Corpus, case: Case) -> None:
    """Write a case into an empty corpus."""
    articles = case.articles if case.text is None else [Written(text=case.text)]
    for article in articles:
        _write_article(corpus, article)
    for split, keys in case.splits.items():
        corpus.add_to_split(split, keys)
    for key, reason in case.tombstones.items():
        corpus.add_tombstone(key, reason)
    for name, content in (("floors.toml", case.floors), ("waivers.toml", case.waivers)):
        if content:
            (corpus.root / "annotations" / name).write_text(content, encoding="utf-8")
    if case.agreement:
        add_agreement(corpus, {layer: {"f1": value, "alpha": 0.0} for layer, value in case.agreement.items()}, "one")
    if case.released:
        folder = corpus.dist / "0.0.1"
        rows = pa.table({"id": list(case.released), "split": list(case.released.values())})
        (folder / "data" / "articles" / "train").mkdir(parents=True)
        pq.write_table(rows, folder / "data" / "articles" / "train/batch-0000.parquet")
        (folder / MANIFEST).write_text("{}")


def findings(corpus: Corpus, case: Case) -> list[Finding]:
    """Write a case into an empty corpus and judge it."""
    write(corpus, case)
    paths = [_parquet(corpus, case.rows)] if case.rows else []
    paths += [_release(corpus, case.published)] if case.published else []
    others = Others(leaks=partial(leaks, corpus))
    return [each for part in judge(corpus, paths, others=others) for each in part.findings]


def _release(corpus: Corpus, files: dict[str, str]) -> Path:
    folder = corpus.dist / "1.0.0"
    (folder / "data").mkdir(parents=True)
    for name, content in {MANIFEST: "{}", **files}.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def _parquet(corpus: Corpus, rows: list[str]) -> Path:
    table = pa.concat_tables(nested(each) for each in corpus.batches(corpus.gold()))
    path = corpus.root / "rows.parquet"
    pq.write_table(table.take(pa.array([table["id"].to_pylist().index(key) for key in rows])), path)
    return path


def _write_article(corpus: Corpus, article: Written) -> None:
    found = inline.read(article.text, corpus.labels)
    text = found.text if article.recorded is None else article.recorded
    length = len(text) if article.length is None else article.length
    folder = corpus.corpus_folder / article.source
    folder.mkdir(exist_ok=True)
    record = Article(id=article.id, sha256=digest(text), length=length, file=f"{article.id}.txt", story=article.story)
    with (folder / "articles.jsonl").open("ab") as file:
        file.write(msgspec.json.encode(record) + b"\n")
    if article.at_hand:
        (folder / f"{article.id}.txt").write_bytes(text.encode("utf-8"))
    if article.split:
        corpus.add_to_split(article.split, [article.id])
    if article.gold:
        path = corpus.gold_folder / article.source / f"{article.named or article.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((article.file or "").encode() or encoded(_gold(corpus, article, found)))


def _gold(corpus: Corpus, article: Written, found: inline.Marked) -> Annotation:
    plain = found.annotation(corpus.labels, article.id, article.annotator)
    layers = {*plain.layers, *(each.layer for each in article.spans)} & set(corpus.labels.layers)
    layers = tuple(sorted(layers, key=corpus.labels.layer_names.index)) if article.layers is None else article.layers
    gold = msgspec.structs.replace(plain, kind=GOLD, layers=layers)
    open_ = corpus.source(article.source).redistribute == "text"
    if open_ if article.repeats is None else article.repeats:
        gold = with_words(gold, found.text)
    elif not open_:
        gold = withheld(gold, found.text, corpus.labels.words_attributes)
    sha256 = article.sha256 or gold.sha256
    return msgspec.structs.replace(gold, sha256=sha256, spans=(*gold.spans, *article.spans))
