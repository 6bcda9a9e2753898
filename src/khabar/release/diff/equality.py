"""Which rows of two columns differ, whatever the columns are made of; arithmetic over arrays, no row is looked at."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.columns import Mask


def unequal(left: pa.Array, right: pa.Array) -> Mask:
    """Tell of each row whether it differs, shape (rows,).

    A field that one side's structs lack counts as null, so that a schema that grew makes no row differ by itself.
    Values of other types are compared as strings; where they have no such form, every row differs.
    """
    if left.equals(right):
        return np.zeros(len(left), dtype=bool)
    if pa.types.is_struct(left.type) and pa.types.is_struct(right.type):
        return _unequal_structs(left, right)
    if _is_list(left.type) and _is_list(right.type):
        return _unequal_lists(left, right)
    if left.type != right.type:
        try:
            left, right = left.cast(pa.string()), right.cast(pa.string())
        except pa.ArrowException:
            return np.ones(len(left), dtype=bool)
    other: Mask = np.asarray(pc.fill_null(pc.not_equal(left, right), fill_value=False), dtype=bool)
    other |= _valid(left) != _valid(right)
    return other


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)


def field(structs: pa.StructArray, name: str, kind: pa.DataType) -> pa.Array:
    """Return a field of structs, nulls of a type where they lack it."""
    if structs.type.get_field_index(name) < 0:
        return pa.nulls(len(structs), kind)
    return pc.struct_field(structs, name)


def _unequal_structs(left: pa.StructArray, right: pa.StructArray) -> Mask:
    found: Mask = _valid(left) != _valid(right)
    for name in dict.fromkeys([each.name for each in (*left.type, *right.type)]):
        kind = (left.type if left.type.get_field_index(name) >= 0 else right.type).field(name).type
        found |= unequal(field(left, name, kind), field(right, name, kind))
    return found


def _unequal_lists(left: pa.ListArray, right: pa.ListArray) -> Mask:
    lengths = [pc.fill_null(pc.list_value_length(each), -1).to_numpy() for each in (left, right)]
    found: Mask = lengths[0] != lengths[1]
    same = np.flatnonzero(~found)
    inner = unequal(left.take(pa.array(same)).flatten(), right.take(pa.array(same)).flatten())
    owner = np.repeat(same, np.maximum(lengths[0][same], 0))
    found[owner[inner]] = True
    return found


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _valid(array: pa.Array) -> Mask:
    return np.asarray(array.is_valid(), dtype=bool)
