"""The config ``decisions``: a row a span or link of gold, or a question that ended in neither, and what settled it."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pyarrow as pa

from khabar.errors import BadRecord
from khabar.model.decision import Decision, Mark
from khabar.model.labels import LabelSet
from khabar.model.layout import CANDIDATES, DECISIONS
from khabar.release.tables.config import CONFIGS, Config, Reading, not_null_list
from khabar.release.tables.spans import OF_ARTICLE, attribute_fields

_MARK = (
    pa.field("label", pa.string()),
    *(pa.field(name, pa.int32()) for name in ("start", "end", "head_start", "head_end")),
    pa.field("head_label", pa.string()),
    *(pa.field(name, pa.int32()) for name in ("tail_start", "tail_end")),
    pa.field("tail_label", pa.string()),
)
"""A span by its place, or a link by the places of its ends; all null where there is neither."""
_SETTLED = (
    *(pa.field(name, pa.string(), nullable=False) for name in ("item", "layer", "how")),
    pa.field("by", not_null_list(pa.string()), nullable=False),
    pa.field("reason", pa.string()),
    *(pa.field(name, pa.string()) for name in ("id", "head_id", "tail_id")),
)
_SAID = (pa.field("annotator", pa.string(), nullable=False), pa.field("doubted", pa.bool_(), nullable=False))
_NOTHING = Mark(label="")


def _schema(labels: LabelSet) -> pa.Schema:
    marks = [*_MARK, *attribute_fields(labels, tuple(labels.attribute_kinds))]
    candidates = pa.field(CANDIDATES, not_null_list(pa.struct([*_SAID, *marks])), nullable=False)
    return pa.schema([*OF_ARTICLE, *_SETTLED, *marks, candidates])


def _decisions(reading: Reading) -> pa.Table:
    """Return the rows of all articles that have decisions; where the text is withheld, no words of anybody."""
    articles = reading.batch.articles
    tables = [(schema := _schema(reading.batch.labels)).empty_table()]
    for key, license_, redistribute in zip(
        *(articles[name].to_pylist() for name in ("id", "license", "redistribute")), strict=True
    ):
        if found := reading.decided(key):
            settled = _Settled(key, found, reading.batch.labels, open_=redistribute == "text")
            tables.append(settled.table(license_, schema))
    return pa.concat_tables(tables).combine_chunks()


class _Settled:
    """The decisions on one article, column by column."""

    def __init__(self, article: str, decisions: Sequence[Decision], labels: LabelSet, *, open_: bool) -> None:
        self._article, self._decisions, self._labels, self._open = article, decisions, labels, open_
        self._said = [each.marks for each in decisions]
        kinds = {name: bool if kind == "flag" else str for name, kind in labels.attribute_kinds.items()}
        told = (mark.attributes for marks in self._said for mark in marks if mark.attributes)
        for name, value in chain.from_iterable(each.items() for each in told):
            if kinds.get(name) is not type(value):
                raise BadRecord(
                    f"{article}: a decision says {name}={value}, which annotations/labels.toml does not have: mend it"
                )

    def table(self, license_: str, schema: pa.Schema) -> pa.Table:
        """Return a table of `_schema`.

        Raises:
            BadRecord: a number is none that a place can have.
        """
        found = self._decisions
        marks = [each.mark or _NOTHING for each in found]
        ids = {mark.place: mark.id for mark in marks if mark.id}
        columns = {
            "article": [self._article] * len(found),
            "license": [license_] * len(found),
            "item": ["link" if marks and marks[0].head else "span" for marks in self._said],
            "layer": [each.layer for each in found],
            "how": [each.how for each in found],
            "by": [each.by for each in found],
            "reason": [each.reason or None if self._open else None for each in found],
            "id": [mark.id or None for mark in marks],
            "head_id": [ids.get(mark.head) if mark.head else None for mark in marks],
            "tail_id": [ids.get(mark.tail) if mark.tail else None for mark in marks],
            **self._marks(marks),
        }
        try:
            told = {name: pa.array(values, schema.field(name).type) for name, values in columns.items()}
            return pa.table({**told, CANDIDATES: self._candidates(schema.field(CANDIDATES).type)}, schema)
        except (pa.ArrowException, OverflowError) as error:
            why = str(error).split("\n", maxsplit=1)[0]
            raise BadRecord(f"{self._article}: its decisions are none: {why}: take them from git again") from None

    def _marks(self, marks: Sequence[Mark]) -> dict[str, list[str | int | bool | None]]:
        hidden = frozenset() if self._open else self._labels.words_attributes
        return {
            "label": [mark.label or None for mark in marks],
            "start": [None if mark.start < 0 else mark.start for mark in marks],
            "end": [None if mark.end < 0 else mark.end for mark in marks],
            "head_start": [mark.head.start if mark.head else None for mark in marks],
            "head_end": [mark.head.end if mark.head else None for mark in marks],
            "head_label": [mark.head.label if mark.head else None for mark in marks],
            "tail_start": [mark.tail.start if mark.tail else None for mark in marks],
            "tail_end": [mark.tail.end if mark.tail else None for mark in marks],
            "tail_label": [mark.tail.label if mark.tail else None for mark in marks],
            **{
                name: [None if name in hidden else mark.attributes.get(name) for mark in marks]
                for name in self._labels.attribute_kinds
            },
        }

    def _doubts(self, mark: Mark | None) -> bool:
        """Tell whether a mark says doubt itself, as those of old records do."""
        said = mark.attributes if mark else {}
        return any(said.get(name) == value for name, value in self._labels.doubts.items())

    def _candidates(self, kind: pa.ListType) -> pa.ListArray:
        """Return for each decision what was said: an entry an annotator."""
        said = [[(who, each) for each in one.candidates for who in each.by] for one in self._decisions]
        flat = list(chain.from_iterable(said))
        columns = {
            "annotator": [who for who, _ in flat],
            "doubted": [who in each.doubted or self._doubts(each.mark) for who, each in flat],
            **self._marks([each.mark or _NOTHING for _, each in flat]),
        }
        arrays = [pa.array(columns[each.name], each.type) for each in kind.value_type]
        structs = pa.StructArray.from_arrays(arrays, fields=list(kind.value_type))
        edges = np.cumsum([0, *map(len, said)])
        return pa.ListArray.from_arrays(pa.array(edges, pa.int32()), structs, type=kind)


CONFIGS.add(
    DECISIONS,
    Config("a span, a link or a question, and what settled it", _schema, _decisions, of="decisions"),
)
