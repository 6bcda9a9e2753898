"""``annotations/labels.toml`` -> label set, refused where it does not hold together.

What is accepted here can be annotated, checked and released: names of the file become columns, controls of the label
page, groups of counts and tags.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from khabar.errors import BadRecord
from khabar.model.columns import ARTICLE_SCHEMA
from khabar.model.labels import BOILERPLATE, Attribute, Label, LabelSet, Layer, Value
from khabar.model.manifest import GROUPS

OF_SPANS = frozenset(("start", "end", "label", "id", "text", "digest", "relations"))
"""What every span says of itself, and no attribute can be called."""
OF_ITEMS = frozenset(
    (
        *("article", "license", "item", "layer", "how", "by", "reason", "candidates", "annotator", "doubted"),
        *(f"{end}_{name}" for end in ("head", "tail") for name in ("id", "start", "end", "label")),
    )
)
"""What a release says of how a span or link came about, beside its attributes."""
OF_ROWS = frozenset(
    (
        *ARTICLE_SCHEMA.names,
        *("campaign", "role", "began_from", "tokens", "starts", "ends", "sentences", "text_sha256"),
    )
)
"""Columns that some table of a release has beside those of layers."""
FOR_WORDS = re.compile("text|tokens|surface|words|context|.*_(text|name)")
"""Columns that are there for words, and hold none where the text is withheld."""
OF_PAGES = frozenset(("text", "questions", "note"))
"""What a label page has besides its layers."""
LEAST_SCALE = 3
"""Values of an attribute that is ordered: with fewer, each two differ alike."""
_COLUMN = re.compile("[a-z][a-z0-9_]*")
_OF_TAGS = re.compile("tags(_.*)?")


def label_set(toml: bytes, place: str) -> LabelSet:
    """Read a label set.

    Args:
        toml: Content of the file.
        place: Name of the file, for messages.

    Raises:
        BadRecord: it does not parse, or names something that is not in it.
    """
    try:
        read = msgspec.toml.decode(toml, type=LabelSet)
        read = msgspec.structs.replace(read, attributes=tuple(_spelt_out(read, each) for each in read.attributes))
        _hold_together(read)
    except (msgspec.MsgspecError, _Fault, re.error, RecursionError, OverflowError, UnicodeDecodeError) as error:
        raise BadRecord(f"{place}: {error}") from None
    return read


class _Fault(Exception):
    pass


def _spelt_out(labels: LabelSet, attribute: Attribute) -> Attribute:
    """Replace a layer's name, or ``boilerplate``, by the labels it stands for."""
    names: list[str] = []
    for name in attribute.labels:
        if name == BOILERPLATE:
            names += [label.name for label in labels.labels.values() if not label.main]
        elif name in labels.layers:
            names += [label.name for label in labels.layers[name].labels]
        else:
            names.append(name)
    return msgspec.structs.replace(attribute, labels=tuple(names))


def _hold_together(labels: LabelSet) -> None:
    re.compile(labels.proclitics)
    _names_hold(labels)
    _hotkeys(labels)
    for attribute in labels.attributes:
        _attribute_holds(labels, attribute)
    for relation in labels.relations:
        _known(labels, (relation.head, relation.tail), f"the relation {relation.name}")
        if relation.exactly_one_unless and not labels.attribute(relation.head, relation.exactly_one_unless):
            raise _Fault(f"{relation.name} names '{relation.exactly_one_unless}', which is no attribute of its head")
    for name, layer in labels.layers.items():
        if not layer.labels:
            raise _Fault(f"the layer {name} has no label: give it one, or remove it")
        _marks_hold(labels, layer)
    _sense_holds(labels)
    _views_hold(labels)


class _Names(NamedTuple):
    """Names of one kind: what they name, the names, those that something else has, and whether they become columns."""

    what: str
    names: list[str]
    taken: frozenset[str] = frozenset()
    column: bool = False


def _kinds(labels: LabelSet) -> Iterator[_Names]:
    layers = labels.layers.values()
    columns = [layer.column for layer in layers]
    yield _Names("layer", list(labels.layers), OF_PAGES.union(GROUPS), column=True)
    yield _Names("column", columns, OF_ROWS.union(filter(_OF_TAGS.fullmatch, columns)), column=True)
    kinds = labels.attribute_kinds
    misread = (name for name in kinds if (name in OF_ROWS if kinds[name] == "words" else FOR_WORDS.fullmatch(name)))
    yield _Names("attribute", list(kinds), OF_SPANS.union(OF_ITEMS, misread), column=True)
    yield _Names("view", list({view for layer in layers for view in layer.views}), column=True)
    yield _Names(
        "label", [each.name for layer in layers for each in layer.labels], frozenset(labels.layers) | {BOILERPLATE}
    )
    yield _Names("relation", [each.name for each in labels.relations])


def _names_hold(labels: LabelSet) -> None:
    for what, names, taken, column in _kinds(labels):
        for name in names:
            if names.count(name) > 1:
                raise _Fault(f"the {what} {name} is spelt twice, once is enough: remove one")
            if name in taken:
                raise _Fault(f"no {what} can be called '{name}', something else is: rename it")
            if column and not _COLUMN.fullmatch(name):
                raise _Fault(
                    f"no {what} can be called '{name}', it becomes a column: use a-z, 0-9 and _, a letter first"
                )
            if not name.isidentifier():
                raise _Fault(f"no {what} can be called '{name}': use letters, digits and _, a letter first")


def _views_hold(labels: LabelSet) -> None:
    for layer in labels.layers.values():
        own = {label.name for label in layer.labels}
        for view, those in layer.views.items():
            mapped = [name for label in those for name in label.of]
            for what, seen in (("label", [label.name for label in those]), ("label of ours", mapped)):
                if twice := next((name for name in seen if seen.count(name) > 1), ""):
                    raise _Fault(f"the view {view} has the {what} {twice} twice, once is enough: remove one")
            if strange := next((name for name in mapped if name not in own), ""):
                raise _Fault(f"the view {view} names '{strange}', which is no label of its layer: spell it right")


def _sense_holds(labels: LabelSet) -> None:
    for layer in labels.layers.values():
        if layer.one_label_by and labels.attribute_kinds.get(layer.one_label_by) != "key":
            raise _Fault(f"one_label_by names '{layer.one_label_by}', which is no attribute that is a key")
        _known(labels, tuple(name for kin in layer.kin for name in kin), "kin")
        labels.telltale(layer)
    _quotation_holds(labels)
    for label in labels.labels.values():
        if label.holds and label.holds not in labels.layers:
            raise _Fault(f"{label.name} holds '{label.holds}', which is no layer: name one")


def _quotation_holds(labels: LabelSet) -> None:
    quotations = [label.name for label in labels.labels.values() if label.quotation]
    if len(quotations) > 1:
        raise _Fault(f"{quotations[0]} and {quotations[1]} are both a quotation, one label is at most: choose one")
    for each in (each for each in labels.relations if each.column):
        if labels.quotation not in ((each.head,) if each.one else (each.head, each.tail)):
            raise _Fault(f"{each.name} has a column of quotes, and no end of it is a quotation: remove the column")
        if not _COLUMN.fullmatch(each.column):
            raise _Fault(f"{each.name}: its column cannot be called '{each.column}': use another, of a-z, 0-9 and _")
    columns = list(quote_columns(labels))
    if twice := next((name for name in columns if columns.count(name) > 1), ""):
        raise _Fault(f"quotes would have the column '{twice}' twice: rename an attribute, or a relation's column")


def quote_columns(labels: LabelSet) -> Iterator[str]:
    """Yield the columns that the config ``quotes`` has by a label set, or may have."""
    span = sorted(OF_SPANS - {"label", "relations"})
    yield from ("article", "license", *span, "context_start", "context_end", "context_text")
    yield from labels.attributes_of_label(labels.quotation)
    for each in (each for each in labels.relations if each.column):
        single = each.one and each.head != each.tail
        yield from (
            (f"{each.column}_{name}" for name in (*span, "name", *labels.attributes_of_label(each.tail)))
            if single
            else [each.column]
        )


def _attribute_holds(labels: LabelSet, attribute: Attribute) -> None:
    if labels.attribute_kinds[attribute.name] != attribute.kind:
        raise _Fault(f"the attribute {attribute.name} has two kinds, all its entries share one: rename one of them")
    if not attribute.labels:
        raise _Fault(f"the attribute {attribute.name} is said of no label: name some")
    if attribute.kind == "flag" and not {value.name for value in attribute.values} <= {"true", "false"}:
        raise _Fault(f"the attribute {attribute.name} is a flag: its values are true and false")
    if bool(attribute.values) != (attribute.kind in ("choice", "flag")):
        raise _Fault(f"the attribute {attribute.name} is a {attribute.kind}: only a choice or flag has values")
    if len({value.name for value in attribute.values}) < len(attribute.values):
        raise _Fault(f"the attribute {attribute.name} has a value twice, once is enough: remove one")
    if attribute.doubt and attribute.doubt not in {value.name for value in attribute.values}:
        raise _Fault(f"the attribute {attribute.name} has no value '{attribute.doubt}': spell doubt as in the list")
    if {each.doubt for each in labels.attributes if each.name == attribute.name} != {attribute.doubt}:
        raise _Fault(f"the attribute {attribute.name} has doubt in one entry, not in all: rename one of them")
    _order_holds(labels, attribute)
    _known(labels, attribute.labels, f"the attribute {attribute.name}")


def _order_holds(labels: LabelSet, attribute: Attribute) -> None:
    if attribute.name not in labels.ordered:
        return
    name, entries = attribute.name, [each for each in labels.attributes if each.name == attribute.name]
    if attribute.kind != "choice":
        raise _Fault(f"the attribute {name} is ordered and a {attribute.kind}, only a choice is: remove ordered")
    if attribute.doubt:
        raise _Fault(f"the attribute {name} is ordered and tells of doubt, which nobody compares: remove ordered")
    if len(attribute.values) < LEAST_SCALE:
        raise _Fault(f"the attribute {name} is ordered, and no value lies between two others: remove ordered")
    if not all(each.ordered for each in entries):
        raise _Fault(f"the attribute {name} is ordered in one entry, not in all: rename one of them")
    if len({tuple(value.name for value in each.values) for each in entries}) > 1:
        raise _Fault(f"the attribute {name} is ordered, and its entries list other values: rename one of them")
    if (other := f"{name}_weighted") in labels.attribute_kinds:
        raise _Fault(f"the attribute {name} is ordered, and its figures are called as those of {other}: rename one")


def _marks_hold(labels: LabelSet, layer: Layer) -> None:
    _known(labels, tuple(each.label for each in layer.marks_in), "marks_in")
    for each in layer.marks_in:
        entry = labels.attribute(each.label, each.attribute) if each.attribute else None
        values = {value.name for value in entry.values} if entry and entry.kind == "choice" else set()
        if each.attribute and each.value not in values:
            raise _Fault(f"marks_in: {each.label} has no {each.attribute}={each.value}: spell it as in the list")


def _hotkeys(labels: LabelSet) -> None:
    taken: dict[str, str] = {}
    things: list[Label | Value] = [
        *labels.labels.values(),
        *(value for each in labels.attributes for value in each.values),
    ]
    for thing in things:
        if thing.hotkey in taken:
            raise _Fault(f"hotkey {thing.hotkey} belongs to {taken[thing.hotkey]} and {thing.name}: change one of them")
        taken[thing.hotkey] = thing.name


def _known(labels: LabelSet, names: tuple[str, ...], place: str) -> None:
    for name in names:
        if name not in labels.labels:
            raise _Fault(f"{place} names '{name}', which is no label: spell it as in the layer's list")
