"""Articles of two releases: which are there, where, and which rows differ; equal rows are passed over early."""

from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.errors import BadRecord
from khabar.model.columns import Ints, Mask
from khabar.release.diff.equality import one_array, unequal
from khabar.release.diff.records import ArticleChange, ArticleKind, Said, TextKind, Value
from khabar.release.diff.side import Side
from khabar.release.diff.spans import Shown, layers_of, span_changes

_REPEATABLE = frozenset(
    (
        *("source", "sha256", "length", "language", "published", "retrieved"),
        *("license", "license_url", "license_since", "rights_holder", "attribution", "redistribute", "provenance"),
        *("scheme", "annotator", "annotator_kind", "layers"),
    )
)
"""Columns that never hold words of an article.  One that is not listed might: it is named, not repeated."""
_BATCH = 4096
"""Articles looked at together where no row group bounds them."""


def article_changes(before: Side, after: Side) -> Iterator[ArticleChange]:
    """Yield the articles that differ: those added, removed, then those that both releases have.

    Raises:
        BadRecord: a release cannot be read, or has an id twice.
    """
    ours, theirs = _common(before, after)
    yield from _alone(before, np.delete(np.arange(len(before.ids)), ours), "removed")
    yield from _alone(after, np.delete(np.arange(len(after.ids)), theirs), "added")
    was, now = before.splits.take(pa.array(ours)), after.splits.take(pa.array(theirs))
    moved = np.asarray(pc.not_equal(was, now), dtype=bool)
    looked = np.flatnonzero(moved | _suspect(before, after, ours, theirs, was))
    doubts = after.labels.doubts if after.labels else ()
    for some in _in_groups(looked, ours[looked], before.group_starts):
        rows = before.take(ours[some]), after.take(theirs[some])
        yield from _compared(*rows, was.take(some), now.take(some), doubts)


def _common(before: Side, after: Side) -> tuple[Ints, Ints]:
    """Return the places of the articles that both have, in the order of the older release."""
    for side in (before, after):
        counted = pc.value_counts(side.ids)
        for twice in counted.filter(pc.greater(counted.field("counts"), 1)).field("values").to_pylist():
            raise BadRecord(
                f"{side.folder}: the article {twice} stands there twice, an id is given once: build it again"
            )
    place = pc.index_in(before.ids, value_set=after.ids)
    ours = np.flatnonzero(place.is_valid())
    theirs: Ints = place.drop_null().to_numpy().astype(np.int64)
    return ours, theirs


def _suspect(before: Side, after: Side, ours: Ints, theirs: Ints, was: pa.Array) -> Mask:
    """Tell of each article that both have whether its rows may differ, by digests alone; True where none is there.

    Digests are believed: whether a release is what its manifest says is for `khabar release verify`.
    """
    if not before.schema.equals(after.schema):
        return np.ones(len(ours), dtype=bool)
    equal = [name for name, content in before.contents.items() if after.contents.get(name) == content]
    suspect = ~np.asarray(pc.is_in(was, value_set=pa.array(equal, pa.string())), dtype=bool)
    if before.digests is not None and after.digests is not None and suspect.any():
        digests = [
            side.digests["row"].take(pc.index_in(side.ids.take(pa.array(rows)), value_set=side.digests["id"]))
            for side, rows in ((before, ours), (after, theirs))
            if side.digests is not None
        ]
        same = pc.fill_null(pc.equal(*digests), fill_value=False)
        suspect &= ~np.asarray(same, dtype=bool)
    return suspect


def _in_groups(rows: Ints, places: Ints, starts: list[int]) -> Iterator[pa.Array]:
    """Yield the rows in batches: those of one row group of the older release together."""
    edges = np.searchsorted(places, np.asarray(starts))
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        for first in range(begin, end, _BATCH):
            yield pa.array(rows[first : min(first + _BATCH, end)])


def _alone(side: Side, places: Ints, kind: ArticleKind) -> Iterator[ArticleChange]:
    """Yield the articles that one release has, with their spans counted."""
    layers = layers_of(side.schema)
    for batch in _in_groups(places, places, side.group_starts):
        table = side.take(batch.to_numpy(), ("id", "text", *layers))
        splits = side.splits.take(batch).to_pylist()
        counts = [_counts(table, layer) for layer in layers]
        ids, withheld = table["id"].to_pylist(), table["text"].is_null().to_pylist()
        for row, (name, split) in enumerate(zip(ids, splits, strict=True)):
            yield ArticleChange(
                id=name,
                kinds=(kind,),
                before=split if kind == "removed" else "",
                after=split if kind == "added" else "",
                withheld=withheld[row],
                labels={layer: each[row] for layer, each in zip(layers, counts, strict=True) if each[row]},
            )


def _counts(table: pa.Table, layer: str) -> list[dict[str, int]]:
    """Return the spans of a layer by label, article by article."""
    found: list[dict[str, int]] = [{} for _ in range(table.num_rows)]
    lists = pa.concat_arrays(table[layer].chunks)
    owner = pa.array(np.repeat(np.arange(len(lists)), pc.fill_null(pc.list_value_length(lists), 0).to_numpy()))
    labels = pc.struct_field(lists.flatten(), "label")
    counted = (
        pa.table({"article": owner, "label": labels}).group_by(["article", "label"]).aggregate([([], "count_all")])
    )
    for row in counted.sort_by([("article", "ascending"), ("label", "ascending")]).to_pylist():
        found[row["article"]][row["label"]] = row["count_all"]
    return found


def _compared(
    before: pa.Table, after: pa.Table, was: pa.Array, now: pa.Array, doubts: Collection[str]
) -> Iterator[ArticleChange]:
    """Yield those of the articles, row for row the same, that differ."""
    layers = tuple(name for name in layers_of(before.schema) if name in layers_of(after.schema))
    own = [name for name in before.schema.names if name in after.schema.names and name not in {"id", "split", *layers}]
    other = {name: unequal(one_array(before[name]), one_array(after[name])) for name in (*own, *layers)}
    differ = np.asarray(pc.not_equal(was, now), dtype=bool) | np.any(list(other.values()), axis=0)
    keep = pa.array(np.flatnonzero(differ))
    before, after = before.take(keep), after.take(keep)
    was, now = was.take(keep).to_pylist(), now.take(keep).to_pylist()
    other = {name: mask[differ] for name, mask in other.items()}
    shown = _shown(before, after, other)
    spans = span_changes(before, after, layers, shown, doubts)
    texts = _text_kinds(before, after, shown.other_text)
    for row, name in enumerate(before["id"].to_pylist()):
        metadata = tuple(
            _said(column, before[column][row].as_py(), after[column][row].as_py(), withheld=bool(shown.withheld[row]))
            for column in own
            if column != "text" and other[column][row]
        )
        said = bool(spans[row] or metadata or texts[row])
        in_row = said or any(other[layer][row] for layer in layers)
        kinds: list[ArticleKind] = ["moved"] if was[row] != now[row] else []
        if in_row:
            kinds.append("changed")
        yield ArticleChange(
            id=name,
            kinds=tuple(kinds),
            before=was[row],
            after=now[row],
            withheld=bool(shown.withheld[row]),
            text=texts[row],
            metadata=metadata,
            spans=tuple(spans[row]),
            reordered=in_row and not said,
        )


def _shown(before: pa.Table, after: pa.Table, other: dict[str, Mask]) -> Shown:
    known = [np.asarray(table["text"].is_valid(), dtype=bool) for table in (before, after)]
    withheld = ~(known[0] & known[1])
    hide = pa.array(withheld)
    texts = [
        pc.if_else(hide, pa.scalar(None, table["text"].type), table["text"]).to_pylist() for table in (before, after)
    ]
    return Shown(texts[0], texts[1], withheld, other["text"] | other["sha256"])


def _text_kinds(before: pa.Table, after: pa.Table, other_text: Mask) -> list[TextKind]:
    """Tell what became of each text; another digest is another text, whether or not it is there to be read."""
    known = [np.asarray(table["text"].is_valid(), dtype=bool) for table in (before, after)]
    same = np.asarray(pc.equal(before["sha256"], after["sha256"]), dtype=bool)
    kinds: list[TextKind] = ["", "changed", "withdrawn", "given"]
    code = np.select([~other_text, same & known[0] & ~known[1], same & ~known[0] & known[1]], [0, 2, 3], default=1)
    return [kinds[each] for each in code.tolist()]


def _said(column: str, before: object, after: object, *, withheld: bool) -> Said:
    if withheld and column not in _REPEATABLE:
        return Said(name=column)
    return Said(name=column, before=_value(before), after=_value(after))


def _value(value: object) -> Value:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
