"""Records to batch and back: the border between JSON and tables."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from khabar.model.annotation import Annotation, Relation, Span
from khabar.model.article import Article, Source
from khabar.model.batch import Batch
from khabar.model.columns import ARTICLE_SCHEMA, RECORDED, Ints, Names, Relations, Spans, Stray, ends
from khabar.model.labels import LabelSet
from khabar.model.nested import attribute_type
from khabar.model.rights import rights


class Annotated(NamedTuple):
    """One annotation with what it annotates.

    Attributes:
        article: The article's record.
        source: Where it comes from.
        text: Its text, None where it is withheld.
        annotation: What is said of it.
        split: Its split, empty where it has none.
    """

    article: Article
    source: Source
    text: str | None
    annotation: Annotation
    split: str = ""


def batch(labels: LabelSet, annotated: Iterable[Annotated]) -> Batch:
    """Put annotations into a batch, one row each.

    Nothing is refused but what no table can hold: unknown names, offsets outside and lost ends are for the checks.
    """
    items = list(annotated)
    rows = [(row, span) for row, item in enumerate(items) for span in item.annotation.spans]
    names = Names(
        _and_strangers(labels.layer_names, (span.layer for _, span in rows)),
        _and_strangers(tuple(labels.labels), (span.label for _, span in rows)),
        _and_strangers(
            tuple(each.name for each in labels.relations),
            (relation.label for item in items for relation in item.annotation.relations),
        ),
    )
    layer_code = {name: code for code, name in enumerate(names.layers)}
    rows.sort(key=lambda each: layer_code[each[1].layer])  # stable: articles and spans keep their order
    spans = _spans(labels, rows, names)
    articles = pa.Table.from_pylist([_article(item, labels) for item in items], schema=ARTICLE_SCHEMA)
    articles = articles.append_column(RECORDED, pa.array([item.article.sha256 for item in items], pa.string()))
    return Batch(labels, articles, spans, _relations(items, spans, names), names)


def _and_strangers(known: tuple[str, ...], seen: Iterable[str]) -> tuple[str, ...]:
    return (*known, *sorted(set(seen).difference(known)))


def _article(item: Annotated, labels: LabelSet) -> dict[str, object]:
    article, source, annotation = item.article, item.source, item.annotation
    held = rights(source, article)
    return {
        "id": article.id,
        "source": source.id,
        "split": item.split or None,
        "text": item.text,
        "sha256": annotation.sha256,
        "length": article.length,
        "language": source.language or labels.language,
        "url": article.url or None,
        "published": article.published or None,
        "retrieved": article.retrieved or None,
        "story": article.story or article.id,
        **held._asdict(),
        "license_since": held.license_since or None,
        "license_url": held.license_url or None,
        "scheme": annotation.scheme,
        "annotator": annotation.annotator,
        "annotator_kind": annotation.kind,
        "layers": list(annotation.layers),
    }


def _spans(labels: LabelSet, rows: list[tuple[int, Span]], names: Names) -> Spans:
    codes = {name: code for code, name in enumerate(names.labels)}
    layers = {name: code for code, name in enumerate(names.layers)}

    def numbers(values: Iterable[int]) -> Ints:
        return np.fromiter(values, dtype=np.int64, count=len(rows))

    def column(name: str) -> pa.Array:
        values = (span.attributes.get(name) for _, span in rows)
        return pa.array([value if fits(name, value) else None for value in values], attribute_type(labels, name))

    def fits(name: str, value: object) -> bool:
        return name in labels.attribute_kinds and isinstance(value, bool) == (labels.attribute_kinds[name] == "flag")

    return Spans(
        numbers(row for row, _ in rows),
        numbers(layers[span.layer] for _, span in rows),
        numbers(codes[span.label] for _, span in rows),
        numbers(span.start for _, span in rows),
        numbers(span.end for _, span in rows),
        pa.array([span.id for _, span in rows], pa.string()),
        pa.array([span.text for _, span in rows], pa.string()),
        pa.array([span.digest for _, span in rows], pa.string()),
        {name: column(name) for name in labels.attribute_kinds},
        tuple(
            Stray(row, name, value)
            for row, (_, span) in enumerate(rows)
            for name, value in span.attributes.items()
            if not fits(name, value)
        ),
    )


def _relations(items: list[Annotated], spans: Spans, names: Names) -> Relations:
    codes = {name: code for code, name in enumerate(names.relations)}
    links = [(row, relation) for row, item in enumerate(items) for relation in item.annotation.relations]
    article = np.fromiter((row for row, _ in links), dtype=np.int64, count=len(links))
    head_id = pa.array([link.head for _, link in links], pa.string())
    tail_id = pa.array([link.tail for _, link in links], pa.string())
    head = ends(spans.article, spans.id, article, head_id)
    order = np.argsort(np.where(head < 0, len(spans), head), kind="stable")
    taken = pa.array(order)
    return Relations(
        article[order],
        np.fromiter((codes[link.label] for _, link in links), dtype=np.int64, count=len(links))[order],
        head[order],
        ends(spans.article, spans.id, article, tail_id)[order],
        head_id.take(taken),
        tail_id.take(taken),
    )


def annotations(batch: Batch) -> Iterator[Annotation]:
    """Yield the annotations of a batch, row by row; the inverse of `batch`, in the batch's order."""
    spans: list[list[Span]] = [[] for _ in range(len(batch))]
    relations: list[list[Relation]] = [[] for _ in range(len(batch))]
    attributes = {name: column.to_pylist() for name, column in batch.spans.attributes.items()}
    for stray in batch.spans.strays:
        attributes.setdefault(stray.name, [None] * len(batch.spans))[stray.row] = stray.value
    identities, texts, digests = (each.to_pylist() for each in (batch.spans.id, batch.spans.text, batch.spans.digest))
    for row, article in enumerate(batch.spans.article.tolist()):
        span = Span(
            start=int(batch.spans.start[row]),
            end=int(batch.spans.end[row]),
            layer=batch.names.layers[batch.spans.layer[row]],
            label=batch.names.labels[batch.spans.label[row]],
            id=identities[row],
            attributes={name: column[row] for name, column in attributes.items() if column[row] is not None},
            text=texts[row],
            digest=digests[row],
        )
        spans[article].append(span)
    heads, tails = batch.relations.head_id.to_pylist(), batch.relations.tail_id.to_pylist()
    for row, article in enumerate(batch.relations.article.tolist()):
        relations[article].append(Relation(heads[row], batch.names.relations[batch.relations.label[row]], tails[row]))
    for row, article in enumerate(batch.articles.to_pylist()):
        yield Annotation(
            article=article["id"],
            sha256=article["sha256"],
            scheme=article["scheme"],
            annotator=article["annotator"],
            kind=article["annotator_kind"],
            layers=tuple(article["layers"]),
            spans=tuple(spans[row]),
            relations=tuple(relations[row]),
        )
