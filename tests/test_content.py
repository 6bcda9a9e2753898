"""The content digest is what its words say: a plain program that follows them finds the same, whatever the storage."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.model.content import NULL, ContentDigest, by_article

LINK = pa.struct([("tail", pa.string())])
SPAN = pa.struct([("start", pa.int32()), ("label", pa.string()), ("sure", pa.bool_()), ("links", pa.list_(LINK))])
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("n", pa.int64()),
        ("spans", pa.list_(SPAN)),
        ("where", pa.struct([("x", pa.int16()), ("names", pa.list_(pa.string()))])),
        ("tags", pa.list_(pa.string())),
    ]
)
COLUMNS = """id string
n integer
spans list<struct<start integer, label string, sure boolean, links list<struct<tail string>>>>
where struct<x integer, names list<string>>
tags list<string>"""

WORDS = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=4))
SMALL = st.one_of(st.none(), st.integers(-9, 9))
LINKS = st.lists(st.one_of(st.none(), st.fixed_dictionaries({"tail": WORDS})), max_size=2)
SPANS = st.fixed_dictionaries(
    {"start": SMALL, "label": WORDS, "sure": st.one_of(st.none(), st.booleans()), "links": st.one_of(st.none(), LINKS)}
)
PLACE = st.fixed_dictionaries({"x": SMALL, "names": st.one_of(st.none(), st.lists(WORDS, max_size=2))})
ROW = st.fixed_dictionaries(
    {
        "id": WORDS,
        "n": st.one_of(st.none(), st.integers(NULL + 1, 2**31 - 1)),
        "spans": st.one_of(st.none(), st.lists(st.one_of(st.none(), SPANS), max_size=3)),
        "where": st.one_of(st.none(), PLACE),
        "tags": st.lists(WORDS, max_size=3),
    }
)


def canonical(kinds, elements):
    """Return the bytes of a group: its numbers, its strings, then list by list what lies in them."""
    numbers, words, lists = [], [], {}

    def take(kind, value, place):
        if pa.types.is_struct(kind):
            numbers.append(int(value is not None))
            for field in kind:
                take(field.type, None if value is None else value[field.name], (*place, field.name))
        elif pa.types.is_list(kind):
            numbers.append(-1 if value is None else len(value))
            lists.setdefault(place, (kind.value_type, []))[1].extend(value or ())
        elif pa.types.is_string(kind):
            raw = b"" if value is None else value.encode()
            numbers.append(-1 if value is None else len(raw))
            words.append(raw)
        else:
            numbers.append(NULL if value is None else int(value))

    for element in elements:
        for place, (kind, value) in enumerate(zip(kinds, element, strict=True)):
            take(kind, value, (place,))
    inner = (canonical([kind], [(value,) for value in values]) for kind, values in lists.values())
    return np.array(numbers, dtype="<i4").tobytes() + b"".join(words) + b"".join(inner)


def digests(rows):
    return [hashlib.sha256(canonical(SCHEMA.types, [[row[name] for name in SCHEMA.names]])).digest() for row in rows]


def content(*tables):
    digest = ContentDigest()
    found = [each for table in tables for each in digest.add(table)]
    return digest.hexdigest(), found


@given(st.lists(ROW, min_size=1, max_size=8), st.integers(0, 8))
def test_a_plain_program_finds_the_same(rows, cut):
    table = pa.Table.from_pylist(rows, SCHEMA)

    whole, found = content(table.slice(0, cut), table.slice(cut))

    assert found == digests(rows)
    head = f"{COLUMNS}\nrows {len(rows)}\n".encode()
    assert whole == hashlib.sha256(head + hashlib.sha256(b"".join(found)).digest()).hexdigest()


@given(st.lists(ROW, min_size=1, max_size=8))
def test_wider_types_dictionaries_chunks_and_codecs_leave_no_trace(rows):
    table = pa.Table.from_pylist(rows, SCHEMA)
    coded = table.set_column(0, "id", table["id"].dictionary_encode())
    wide = table.set_column(0, "id", table["id"].cast(pa.large_string()))
    wide = wide.set_column(4, "tags", wide["tags"].cast(pa.large_list(pa.large_string())))
    stored = []
    for codec, size in (("zstd", 1), ("none", 3)):
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression=codec, row_group_size=size)
        stored.append(pq.read_table(pa.BufferReader(sink.getvalue())))

    expected = content(table)
    for other in (coded, wide, *stored, *(pa.Table.from_batches([each]) for each in table.to_batches())):
        assert content(other) == expected


def test_a_value_that_stands_for_null_and_other_columns_are_refused():
    digest = ContentDigest()
    digest.add(pa.table({"n": pa.array([1, None])}))

    with pytest.raises(TypeError, match="the columns are not those of the rows before"):
        digest.add(pa.table({"m": pa.array([1])}))
    with pytest.raises(TypeError, match=r"n: -2147483648 stands for null"):
        digest.add(pa.table({"n": pa.array([NULL, None])}))
    with pytest.raises(TypeError, match="n: a number has more than 32 bits"):
        digest.add(pa.table({"n": pa.array([2**31])}))
    with pytest.raises(TypeError, match="n: no canonical form is defined for double"):
        ContentDigest().add(pa.table({"n": pa.array([1.0])}))


def test_what_stands_for_an_article_is_made_of_all_its_rows():
    first, second, third = (bytes([each]) * 32 for each in range(3))

    found = by_article(["a", "b", "a"], [first, second, third])

    assert found == {
        "a": hashlib.sha256(first + third).hexdigest()[:32],
        "b": hashlib.sha256(second).hexdigest()[:32],
    }
