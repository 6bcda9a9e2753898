"""Spans of articles that both releases have: paired, and what differs within each pair."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.columns import Ints, Mask
from khabar.release.diff.equality import field, one_array, unequal
from khabar.release.diff.matching import Places, codes, pairs
from khabar.release.diff.records import Link, Mark, Said, SpanChange, SpanKind, Value

_PLACE = ("start", "end", "label", "id")
_RELATIONS = "relations"
_DIGEST = "digest"


@dataclass(frozen=True, eq=False)
class Shown:
    """What of each article may and can be shown, row by row.

    Attributes:
        before: Text in the older release; null for all where it is withheld by either.
        after: Text in the newer one; likewise.
        withheld: No word may be repeated, shape (articles,).
        other_text: The two releases do not have the same text, or one has none, shape (articles,).
    """

    before: list[str | None]
    after: list[str | None]
    withheld: Mask
    other_text: Mask


def layers_of(schema: pa.Schema) -> tuple[str, ...]:
    """Return the columns that are layers: lists of structs that have offsets, a label and an id."""
    return tuple(each.name for each in schema if _is_layer(each.type))


def _is_layer(kind: pa.DataType) -> bool:
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)) or not pa.types.is_struct(kind.value_type):
        return False
    return all(kind.value_type.get_field_index(name) >= 0 for name in _PLACE)


class _Flat:
    """The spans of one layer of one side, end to end."""

    def __init__(self, column: pa.Array) -> None:
        self.spans: pa.StructArray = column.flatten()
        self.article = np.repeat(np.arange(len(column)), pc.fill_null(pc.list_value_length(column), 0).to_numpy())
        self.start, self.end = self._offsets("start"), self._offsets("end")
        self.label, self.id = pc.struct_field(self.spans, "label"), pc.struct_field(self.spans, "id")

    def _offsets(self, name: str) -> Ints:
        found: Ints = pc.struct_field(self.spans, name).to_numpy(zero_copy_only=False).astype(np.int64)
        return found

    def places(self, label: Ints, id_: Ints) -> Places:
        return Places(self.article, self.start, self.end, label, id_)

    @property
    def attributes(self) -> list[str]:
        return [each.name for each in self.spans.type if each.name not in {*_PLACE, _RELATIONS}]

    def attribute(self, name: str, rows: Ints, kind: pa.DataType) -> pa.Array:
        return field(self.spans, name, kind).take(pa.array(rows))

    def links(self, row: int) -> list[Link]:
        if self.spans.type.get_field_index(_RELATIONS) < 0:
            return []
        told = pc.struct_field(self.spans, _RELATIONS)[row].as_py() or []
        return [Link(label=each["label"], tail=each["tail"]) for each in told]

    def mark(self, row: int, texts: list[str | None]) -> Mark:
        start, end = int(self.start[row]), int(self.end[row])
        text = texts[self.article[row]]
        words = text[max(start, 0) : max(end, 0)] if text is not None else ""
        return Mark(start=start, end=end, label=self.label[row].as_py(), id=self.id[row].as_py(), words=words)


class Layer:
    """The spans of one layer in the articles of two tables, row for row the same articles."""

    def __init__(self, name: str, sides: tuple[pa.Array, pa.Array], shown: Shown, doubts: Collection[str]) -> None:
        self._name, self._shown, self._doubts = name, shown, doubts
        self._before, self._after = map(_Flat, sides)
        labels = codes(self._before.label, self._after.label)
        ids = codes(self._before.id, self._after.id)
        left, right = self._before.places(labels[0], ids[0]), self._after.places(labels[1], ids[1])
        self._ours, self._theirs = pairs(left, right)
        ours, theirs = left.take(self._ours), right.take(self._theirs)
        self._moved = (ours.start != theirs.start) | (ours.end != theirs.end)
        self._relabelled = ours.label != theirs.label
        self._renamed = ours.id != theirs.id

    @property
    def renamed(self) -> dict[tuple[int, str], str]:
        """New id by article row and old id, of spans that both have under two ids."""
        rows = np.flatnonzero(self._renamed)
        old = self._before.id.take(pa.array(self._ours[rows])).to_pylist()
        new = self._after.id.take(pa.array(self._theirs[rows])).to_pylist()
        articles = self._before.article[self._ours[rows]].tolist()
        return {(article, was): now for article, was, now in zip(articles, old, new, strict=True)}

    def changes(self, renamed: dict[tuple[int, str], str]) -> Iterator[tuple[int, SpanChange]]:
        """Yield the spans that differ, each after the row of its article.

        Args:
            renamed: New id by article row and old id, of all layers: a relation to a span that has another id now is
                the same relation.
        """
        yield from self._alone(self._before, self._ours, "removed")
        yield from self._alone(self._after, self._theirs, "added")
        said = self._said()
        links = self._links(renamed)
        touched = self._moved | self._relabelled | self._renamed
        for pair in sorted({*np.flatnonzero(touched).tolist(), *said, *links}):
            gone, come = links.get(pair, ((), ()))
            yield (
                int(self._before.article[self._ours[pair]]),
                SpanChange(
                    layer=self._name,
                    kinds=self._kinds(pair, {each.name for each in said.get(pair, ())}, linked=pair in links),
                    before=self._before.mark(int(self._ours[pair]), self._shown.before),
                    after=self._after.mark(int(self._theirs[pair]), self._shown.after),
                    attributes=tuple(said.get(pair, ())),
                    links_removed=gone,
                    links_added=come,
                ),
            )

    def _kinds(self, pair: int, said: set[str], *, linked: bool) -> tuple[SpanKind, ...]:
        kinds: list[tuple[SpanKind, bool]] = [
            ("moved", bool(self._moved[pair])),
            ("relabelled", bool(self._relabelled[pair])),
            ("reattributed", linked or not said.issubset(self._doubts)),
            ("doubted", not said.isdisjoint(self._doubts)),
            ("renamed", bool(self._renamed[pair])),
        ]
        return tuple(kind for kind, holds in kinds if holds)

    def _alone(self, side: _Flat, paired: Ints, kind: SpanKind) -> Iterator[tuple[int, SpanChange]]:
        """Yield the spans of one side that have no other."""
        rows = np.delete(np.arange(len(side.article)), paired)
        added = kind == "added"
        texts = self._shown.after if added else self._shown.before
        told = {name: side.attribute(name, rows, pa.null()).to_pylist() for name in side.attributes if name != _DIGEST}
        for number, row in enumerate(rows.tolist()):
            article = int(side.article[row])
            mark, links = side.mark(row, texts), tuple(side.links(row))
            said = tuple(
                self._one(article, name, None, value[number])
                if added
                else self._one(article, name, value[number], None)
                for name, value in told.items()
                if value[number] is not None
            )
            yield (
                article,
                SpanChange(
                    layer=self._name,
                    kinds=(kind,),
                    before=None if added else mark,
                    after=mark if added else None,
                    attributes=said,
                    links_removed=() if added else links,
                    links_added=links if added else (),
                ),
            )

    def _said(self) -> dict[int, list[Said]]:
        """Return the attributes that differ, by pair."""
        found: dict[int, list[Said]] = {}
        articles = self._before.article[self._ours]
        for name in dict.fromkeys([*self._before.attributes, *self._after.attributes]):
            ours = self._before.attribute(name, self._ours, pa.null())
            theirs = self._after.attribute(name, self._theirs, ours.type)
            if pa.types.is_null(ours.type):
                ours = ours.cast(theirs.type)
            other = unequal(ours, theirs)
            if name == _DIGEST:  # it follows the words and the text
                other &= ~self._moved & ~self._shown.other_text[articles]
            for pair in np.flatnonzero(other).tolist():
                said = self._one(int(articles[pair]), name, ours[pair].as_py(), theirs[pair].as_py())
                found.setdefault(pair, []).append(said)
        return found

    def _one(self, article: int, name: str, before: Value, after: Value) -> Said:
        """Say what an attribute said; strings may be words of the text, and are not repeated where that is withheld."""
        if self._shown.withheld[article]:
            before = before if isinstance(before, bool) else None
            after = after if isinstance(after, bool) else None
        return Said(name=name, before=before, after=after)

    def _links(self, renamed: dict[tuple[int, str], str]) -> dict[int, tuple[tuple[Link, ...], tuple[Link, ...]]]:
        """Return the relations that only one side has, by the pair they start from."""
        kind = next((each.type for side in (self._before, self._after) for each in _relations(side)), None)
        if kind is None:
            return {}
        ours = self._before.attribute(_RELATIONS, self._ours, kind)
        theirs = self._after.attribute(_RELATIONS, self._theirs, kind)
        # Renamed ends make equal relations look different, and different ones equal where an id was given anew.
        articles = self._before.article[self._ours]
        again = np.isin(articles, np.asarray(sorted({article for article, _ in renamed}), dtype=np.int64))
        found = {}
        for pair in np.flatnonzero(unequal(ours, theirs) | again).tolist():
            old, new = self._before.links(int(self._ours[pair])), self._after.links(int(self._theirs[pair]))
            now = [
                Link(label=each.label, tail=renamed.get((int(articles[pair]), each.tail), each.tail)) for each in old
            ]
            gone, come = _without(list(zip(now, old, strict=True)), new), _without([(each, each) for each in new], now)
            if gone or come:
                found[pair] = (gone, come)
        return found


def _relations(side: _Flat) -> list[pa.Field]:
    return [each for each in side.spans.type if each.name == _RELATIONS]


def _without(links: list[tuple[Link, Link]], others: list[Link]) -> tuple[Link, ...]:
    """Return what links are called where no other is like them, each of the others counting once."""
    rest = list(others)
    left = []
    for link, called in links:
        if link in rest:
            rest.remove(link)
        else:
            left.append(called)
    return tuple(left)


def span_changes(
    before: pa.Table, after: pa.Table, layers: tuple[str, ...], shown: Shown, doubts: Collection[str] = ()
) -> list[list[SpanChange]]:
    """Return for each article the spans that differ, layer by layer, then by place.

    Args:
        before: The articles in the older release.
        after: The same articles, row for row, in the newer one.
        layers: Columns that both have and that are layers.
        shown: What may be repeated of each article.
        doubts: Attributes that tell of those who annotated, and not of the text.
    """
    flat = [Layer(name, (one_array(before[name]), one_array(after[name])), shown, doubts) for name in layers]
    renamed = {old: new for layer in flat for old, new in layer.renamed.items()}
    found: list[list[SpanChange]] = [[] for _ in range(before.num_rows)]
    for layer in flat:
        of_layer = sorted(layer.changes(renamed), key=_order)
        for article, change in of_layer:
            found[article].append(change)
    return found


def _order(change: tuple[int, SpanChange]) -> tuple[int, list[tuple[int, int, str, str]]]:
    """Order by place, whichever side is older."""
    article, span = change
    marks = [mark for mark in (span.before, span.after) if mark is not None]
    return article, sorted((mark.start, mark.end, mark.label, mark.id) for mark in marks)
