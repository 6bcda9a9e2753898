"""Columns as `datasets` has them: labels become the numbers of `datasets.ClassLabel`, whole arrays at a time."""

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from datasets import Features

ClassLabels = dict[str, tuple[str, ...]]


def dictionary_columns(class_labels: ClassLabels, schema: pa.Schema) -> list[str]:
    """Return the Parquet columns that hold labels, to be read as dictionaries: far fewer strings than rows."""
    found = []
    for path in class_labels:
        column, *inner = path.split(".")
        if column in schema.names:
            within = ["list", "element"] if pa.types.is_list(schema.field(column).type) else []
            found.append(".".join([column, *within, *inner]))
    return found


def features_of(schema: pa.Schema, class_labels: ClassLabels) -> "Features":
    """Return the features of a schema, with class labels where the manifest names them."""
    from datasets import ClassLabel, Features, List, Value

    def feature(kind: pa.DataType, path: str) -> Any:
        if pa.types.is_struct(kind):
            return {field.name: feature(field.type, f"{path}.{field.name}") for field in kind}
        if pa.types.is_list(kind):
            return List(feature(kind.value_type, path))
        return ClassLabel(names=list(class_labels[path])) if path in class_labels else Value(str(kind))

    return Features({field.name: feature(field.type, field.name) for field in schema})


def typed(table: pa.Table, class_labels: ClassLabels, features: "Features") -> pa.Table:
    """Return the table in the types of its features.

    Raises:
        ValueError: a column has a label that is none.
    """
    columns = [
        pa.chunked_array([_numbered(chunk, name, class_labels) for chunk in column.chunks], _type(features[name]))
        for name, column in zip(table.schema.names, table.columns, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=features.arrow_schema)


def _type(feature: Any) -> pa.DataType:
    from datasets.features.features import get_nested_type

    kind: pa.DataType = get_nested_type(feature)
    return kind


def _numbered(array: pa.Array, path: str, class_labels: ClassLabels) -> pa.Array:
    """Return an array with numbers for labels, and no more said of nulls than `datasets` says."""
    kind = array.type
    if pa.types.is_list(kind):
        values = _numbered(array.values, path, class_labels)
        mask = array.is_null() if array.null_count else None
        return pa.ListArray.from_arrays(array.offsets, values, type=pa.list_(values.type), mask=mask)
    if pa.types.is_struct(kind):
        fields = [_numbered(array.field(each.name), f"{path}.{each.name}", class_labels) for each in kind]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(fields, names=[each.name for each in kind], mask=mask)
    return _numbers(array, path, class_labels[path]) if path in class_labels else array


def _numbers(array: pa.Array, path: str, labels: tuple[str, ...]) -> pa.Array:
    known = pa.array(labels, pa.string())
    if pa.types.is_dictionary(array.type):
        number = pc.index_in(array.dictionary, value_set=known).cast(pa.int64())
        if array.null_count or number.null_count:
            found = number.take(array.indices)
        else:  # the same, in a third of the time
            found = pa.array(number.to_numpy()[array.indices.to_numpy()])
    else:
        found = pc.index_in(array, value_set=known).cast(pa.int64())
    if found.null_count > array.null_count:
        raise ValueError(f"{path} has a label that is none of {', '.join(labels)}")
    return found
