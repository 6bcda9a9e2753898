"""The form of records that people review: JSON in which each part stands on a line of its own."""

import msgspec


def a_line_each(record: msgspec.Struct, parts: tuple[str, ...]) -> bytes:
    """Return a record as JSON, a field a line; of the fields that are ``parts``, each item a line.

    A correction of one item is then one line of a diff.
    """
    fields = []
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if name in parts and value:
            lines = ",\n".join(f"  {msgspec.json.encode(each).decode()}" for each in value)
            fields.append(f'"{name}": [\n{lines}\n]')
        else:
            fields.append(f'"{name}": {msgspec.json.encode(value).decode()}')
    return ("{\n" + ",\n".join(fields) + "\n}\n").encode("utf-8")
