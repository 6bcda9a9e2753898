"""Synthetic annotated articles, as many as wanted: 3.4 KB of Arabic-like text and 35 spans each, sound."""

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from khabar.model.annotation import Annotation, Relation, Span, canonical
from khabar.model.article import Article, Source
from khabar.model.labels import LabelSet
from khabar.model.nested import nested
from khabar.model.records import Annotated, batch
from khabar.model.text import digest

ARTICLES, SPANS, BYTES = 200_000, 35, 3_400
DISTINCT = 2_000
"""Articles that are made; the rest repeat them under other ids."""
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
SOURCE = Source(
    id="synthetic", outlet="", license="CC0-1.0", rights_holder="", redistribute="text", provenance="authored"
)


def annotated(number: int, labels: LabelSet) -> Annotated:
    """Return one article: 7 lines, 25 entities, one quote with its source and cue."""
    draw = random.Random(number)  # noqa: S311 - the same articles every time is what is wanted
    words = ["".join(draw.choices(LETTERS, k=draw.randint(2, 9))) for _ in range(289)]
    lines = [words[place : place + 42] for place in range(0, len(words), 42)]
    text, spans, free = "", [], []
    for line in lines:
        start = len(text)
        for word in line:
            free.append((len(text), len(text) + len(word)))
            text += word + " "
        text = text[:-1]
        spans.append(Span(start=start, end=len(text), layer="region", label="BODY", id=f"r{start}"))
        text += "\n"
    names = [label.name for label in labels.layers["entity"].labels]
    for place, (start, end) in enumerate(draw.sample(free[3:], SPANS - len(spans) - 3)):
        span = Span(start=start, end=end, layer="entity", label=draw.choice(names), id=f"e{place}")
        spans.append(msgspec.structs.replace(span, attributes={"entity": f"e{place % 9}"}))
    (cue, _), (source, _), (quote, _) = free[:3]
    spans += [
        Span(start=cue, end=free[0][1], layer="quote", label="CUE", id="c"),
        Span(start=source, end=free[1][1], layer="quote", label="SOURCE", id="s"),
        Span(start=quote, end=free[9][1], layer="quote", label="QUOTE", id="q", attributes={"type": "indirect"}),
    ]
    annotation = Annotation(
        article=f"synthetic-{number}",
        sha256=digest(text),
        scheme=labels.version,
        annotator="model",
        kind="model",
        layers=labels.layer_names,
        spans=tuple(spans),
        relations=(Relation("q", "HAS_SOURCE", "s"), Relation("q", "HAS_CUE", "c")),
    )
    article = Article(id=annotation.article, sha256=annotation.sha256, length=len(text), file="")
    return Annotated(article, SOURCE, text, canonical(annotation, labels.layer_names), "train")


def tables(labels: LabelSet, articles: int = ARTICLES, distinct: int = DISTINCT) -> Iterator[pa.Table]:
    """Yield tables in the published schema, `DISTINCT` articles at a time; the rest repeat the first ``distinct``."""
    for part in range(0, articles, DISTINCT):
        if part < distinct:
            numbers = range(part, min(part + DISTINCT, articles))
            first = nested(batch(labels, (annotated(number, labels) for number in numbers)))
        table = first.slice(0, articles - part)
        names = pc.binary_join_element_wise(table["id"], pa.scalar(f"{part}"), "-")
        yield table.set_column(0, table.schema.field("id"), names)


def parquet(path: Path, labels: LabelSet, articles: int = ARTICLES) -> None:
    """Write them as Parquet, one row group a table."""
    writer = None
    for table in tables(labels, articles):
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", write_page_checksum=True)
        writer.write_table(table)
    if writer:
        writer.close()
