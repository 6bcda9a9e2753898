"""Batches to judgements: the annotations of several annotators put together, and what cannot be compared refused."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.adjudication.agreement.judgements import NONE, UNDATED, Judgements, Links, Marks, Words, values_of
from khabar.errors import Incomparable
from khabar.model.batch import Batch
from khabar.model.columns import Ints, Mask
from khabar.model.labels import LabelSet
from khabar.model.tokens import tokens


class _Part(NamedTuple):
    """The columns of one batch."""

    batch: Batch
    article: Ints
    annotator: Ints


def judgements(labels: LabelSet, batches: Iterable[Batch], weeks: Mapping[str, str] | None = None) -> Judgements:
    """Put the annotations of several annotators together.

    Args:
        labels: The label set.
        batches: Annotations with what they annotate, in any order.
        weeks: The ISO week in which an article was annotated, as far as it is known.

    Raises:
        Incomparable: an annotator has two annotations of an article, two annotators saw different texts, or a span is
            none of the label set or of its text.
    """
    ids: dict[str, int] = {}
    people: dict[str, int] = {}
    texts: dict[str, tuple[str, str]] = {}
    parts, about, seen = [], {}, set()
    for batch in batches:
        for row in batch.articles.select(["id", "annotator", "sha256", "source", "length"]).to_pylist():
            key, who = row["id"], row["annotator"]
            ids.setdefault(key, len(ids))
            people.setdefault(who, len(people))
            if (key, who) in seen:
                raise Incomparable(f"{key}: {who} annotated it twice: compare campaigns in which each does so once")
            seen.add((key, who))
            other, digest = texts.setdefault(key, (who, row["sha256"]))
            if digest != row["sha256"]:
                raise Incomparable(
                    f"{key}: {other} annotated text {digest[:8]}, {who} {row['sha256'][:8]}: have one annotated anew"
                )
            about[key] = (row["source"], (weeks or {}).get(key, UNDATED), row["length"])
        parts.append(_numbered(batch, ids, people))
        _refuse_strangers(parts[-1], labels)
    return _together(labels, parts, about, sorted(people))


def _numbered(batch: Batch, ids: dict[str, int], people: dict[str, int]) -> _Part:
    article = np.array([ids[key] for key in batch.articles["id"].to_pylist()], dtype=np.int64)
    return _Part(batch, article, np.array([people[who] for who in batch.articles["annotator"].to_pylist()], np.int64))


def _refuse_strangers(part: _Part, labels: LabelSet) -> None:
    spans = part.batch.spans
    unknown = (spans.layer >= len(labels.layers)) | (spans.label >= len(labels.labels))
    outside = (spans.start < 0) | (spans.start >= spans.end) | (spans.end > part.batch.lengths[spans.article])
    for wrong, because in ((unknown, "is of no known label"), (outside, "does not lie in the text")):
        if wrong.any():
            row = int(wrong.argmax())
            about = part.batch.articles.slice(int(spans.article[row]), 1).to_pylist()[0]
            place = f"{about['id']} by {about['annotator']}, {spans.start[row]}-{spans.end[row]}"
            raise Incomparable(f"{place}: the span {because}: run khabar check on the campaign's annotations")


def _together(
    labels: LabelSet, parts: list[_Part], about: dict[str, tuple[str, str, int]], people: list[str]
) -> Judgements:
    """Put the columns of all batches end to end; annotators by name, whatever the order they came in."""
    came = {who: number for number, who in enumerate(_names(parts))}
    rank = np.argsort(np.array([came[who] for who in people], dtype=np.int64)) if people else np.zeros(0, np.int64)
    parts = [part._replace(annotator=rank[part.annotator]) for part in parts]
    covers: dict[str, Mask] = {name: np.zeros((len(about), len(people)), dtype=bool) for name in labels.layers}
    for part in parts:
        for name, covered in covers.items():
            said = part.batch.covers(name)
            covered[part.article[said], part.annotator[said]] = True
    sources, weeks, lengths = zip(*about.values(), strict=True) if about else ((), (), ())
    has_text = np.zeros(len(about), dtype=bool)
    for part in parts:
        has_text[part.article[part.batch.has_text]] = True
    kinds = {name: kind for name, kind in labels.attribute_kinds.items() if name not in labels.doubts}
    return Judgements(
        labels=labels,
        articles=tuple(about),
        sources=sources,
        weeks=weeks,
        length=np.array(lengths, dtype=np.int64),
        annotators=tuple(people),
        schemes=tuple(sorted({scheme for part in parts for scheme in part.batch.articles["scheme"].to_pylist()})),
        covers=covers,
        marks=_marks(parts),
        choices={name: _choices(parts, labels, name) for name, kind in kinds.items() if kind in ("choice", "flag")},
        keys={name: _keys(parts, name) for name, kind in kinds.items() if kind == "key"},
        links=_links(parts),
        words=_words(parts),
        has_text=has_text,
    )


def _names(parts: list[_Part]) -> list[str]:
    return list(dict.fromkeys(who for part in parts for who in part.batch.articles["annotator"].to_pylist()))


def _joined(columns: Iterable[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int64), *columns])


def _marks(parts: list[_Part]) -> Marks:
    spans = [part.batch.spans for part in parts]
    return Marks(
        _joined(part.article[part.batch.spans.article] for part in parts),
        _joined(part.annotator[part.batch.spans.article] for part in parts),
        *(_joined(getattr(each, name) for each in spans) for name in ("layer", "label", "start", "end")),
    )


def _choices(parts: list[_Part], labels: LabelSet, name: str) -> Ints:
    """Number of the value of each span, over all values that the attribute has for any label."""
    values = pa.array(values_of(labels, name), pa.string())
    told = (part.batch.spans.attributes[name].cast(pa.string()) for part in parts)
    return _joined(pc.fill_null(pc.index_in(each, values), NONE).to_numpy().astype(np.int64) for each in told)


def _keys(parts: list[_Part], name: str) -> Ints:
    """Number of the name that each span bears, one for each annotator, article and name."""
    if not parts:
        return _joined([])
    column = pa.chunked_array([part.batch.spans.attributes[name].cast(pa.string()) for part in parts])
    names = pc.fill_null(column.combine_chunks().dictionary_encode().indices, NONE).to_numpy().astype(np.int64)
    marks = _marks(parts)
    number = np.unique(np.stack([marks.article, marks.annotator, names]), axis=1, return_inverse=True)[1].ravel()
    return np.where(names == NONE, NONE, number)


def _links(parts: list[_Part]) -> Links:
    before = np.cumsum([0, *(len(part.batch.spans) for part in parts)])
    columns = []
    for part, first in zip(parts, before, strict=False):
        links = part.batch.relations
        there = (links.head >= 0) & (links.tail >= 0)
        columns.append((links.label[there], links.head[there] + first, links.tail[there] + first))
    return Links(*(_joined(each[column] for each in columns) for column in range(3)))


def _words(parts: list[_Part]) -> Words:
    """Tokens of each article, from the first annotation of it that has the text."""
    seen: set[int] = set()
    found = []
    for part in parts:
        batch = part.batch
        new = np.zeros(len(batch), dtype=bool)
        for row in np.flatnonzero(batch.has_text).tolist():
            new[row] = (article := int(part.article[row])) not in seen
            seen.add(article)
        cut = tokens(batch)
        kept = new[cut.article]
        row = cut.article[kept]
        found.append(Words(part.article[row], cut.first[kept] - batch.base[row], cut.stop[kept] - batch.base[row]))
    return Words(*(_joined(each[column] for each in found) for column in range(3)))
