"""A table from elsewhere in exactly the published schema, or the reason why it is none.

Arrow casts numbers to strings and overlooks nulls deep inside; neither is what the schema says.
"""

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

from khabar.errors import BadRecord

FIRST_NOT_ASCII = 0x80
_FAMILIES = {
    "a string": (kinds.is_string, kinds.is_large_string, kinds.is_string_view),
    "a whole number": (kinds.is_integer,),
    "true or false": (kinds.is_boolean,),
    "a list": (kinds.is_list, kinds.is_large_list),
    "a struct": (kinds.is_struct,),
}
"""Types that say the same in other widths."""


def once(table: pa.Table) -> pa.Table:
    """Return a table whose columns have a name each.

    Raises:
        BadRecord: two share one, so that nobody can tell which is meant.
    """
    _once(table.schema.names, "a row")
    return table


def _once(names: list[str], place: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise BadRecord(f"{place} has {name!r} {names.count(name)} times, once is right: build it anew")


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the columns of a schema, which are all there, cast to its types.

    Raises:
        BadRecord: a column is of another kind, or null where it may not be; the message names it.
    """
    for field in schema:
        _same_kind(table.schema.field(field.name).type, field.type, field.name)
    try:
        found = table.select(schema.names).cast(schema)
    except (pa.ArrowException, ValueError) as error:
        raise BadRecord(f"{str(error).splitlines()[0]}: build it anew in the published schema") from None
    for field in schema:
        for chunk in found[field.name].chunks:
            _no_holes(chunk, field, field.name)
    return found


def _family(kind: pa.DataType) -> str:
    plain = kind.value_type if kinds.is_dictionary(kind) else kind
    return next((name for name, those in _FAMILIES.items() if any(each(plain) for each in those)), str(kind))


def _same_kind(found: pa.DataType, wanted: pa.DataType, place: str) -> None:
    if kinds.is_null(found):
        return
    if _family(found) != _family(wanted):
        raise BadRecord(f"{place} is {found}, it should be {_family(wanted)}: build it anew in the published schema")
    if kinds.is_struct(wanted):
        _once([each.name for each in found], place)
        for field in wanted:
            if found.get_field_index(field.name) >= 0:
                _same_kind(found.field(field.name).type, field.type, f"{place}.{field.name}")
    elif kinds.is_list(wanted):
        _same_kind(found.value_type, wanted.value_type, place)


def _no_holes(array: pa.Array, field: pa.Field, place: str) -> None:
    """Make sure that nothing is null that may not be, and that every string but the text, which is long, is UTF-8."""
    if kinds.is_string(field.type) and field.name != "text" and not _is_utf8(array):
        raise BadRecord(f"{place} has bytes that are no UTF-8: build it anew")
    if not field.nullable and array.null_count:
        raise BadRecord(f"{place} is null in {array.null_count} places, it never is: build it anew")
    if kinds.is_list(field.type):
        _no_holes(array.flatten(), field.type.value_field, place)
    elif kinds.is_struct(field.type):
        for number, child in enumerate(field.type):
            _no_holes(array.field(number), child, f"{place}.{child.name}")


def _is_utf8(array: pa.Array) -> bool:
    """Tell whether all strings decode: at a glance where all are ASCII, as ids and labels are."""
    _, edges, data = array.buffers()
    if data is None or not len(array):
        return True
    place = np.frombuffer(edges, dtype=np.int32)[[array.offset, array.offset + len(array)]]
    if int(np.frombuffer(data, dtype=np.uint8)[slice(*place)].max(initial=0)) < FIRST_NOT_ASCII:
        return True
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
