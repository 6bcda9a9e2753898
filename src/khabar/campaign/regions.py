"""Items of one result -> spans and relations.  Each item becomes part of the annotation or is turned away."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import msgspec
import numpy as np

from khabar.campaign.exported import Broken, Choice, Item, Raw, Region, Words, decoded
from khabar.campaign.page import NOTE, TEXT, Page
from khabar.campaign.tasks import FLAGS, fits, substituted
from khabar.errors import BadText
from khabar.model.annotation import Relation, Span
from khabar.model.labels import Attribute
from khabar.model.offsets import to_code_points
from khabar.model.text import isolate

_NAME = re.compile(r"[!-~]{1,200}")
_ESCAPED_BREAK = re.compile(r"\\n")
HANGS_ON = "its region is not believed"
ENDS_AT = "the region at one of its ends is not believed"
"""Reasons that follow from another, which is told beside them."""
_SAID = {shown: value for value, shown in FLAGS.items()}


class TurnedAway(NamedTuple):
    """An item that is not believed.

    Attributes:
        item: Id of the region, both ends of the relation, or empty.
        reason: What is wrong.
    """

    item: str
    reason: str


class _Disbelieved(Exception):
    """An item is turned away; the text says why."""


class Reader:
    """Reads the items of one result against the text that the annotator saw.

    Attributes:
        spans: The spans by id.
        relations: The relations.
        away: What is not believed.
        note: What the annotator noted, an entry a line.
    """

    def __init__(self, page: Page, text: str, *, quotes: bool) -> None:
        """Begin with nothing.

        Args:
            page: The campaign's page.
            text: The article's text.
            quotes: Whether a reason may quote what the result says; it may hold words of the text.
        """
        self.spans: dict[str, Span] = {}
        self.relations: list[Relation] = []
        self.away: list[TurnedAway] = []
        self.note = ""
        self._page = page
        self._text = text
        self._view = substituted(text)
        self._quotes = quotes
        self._refused: set[str] = set()

    def read(self, raw: Iterable[Raw]) -> None:
        """Read a result: regions first, whatever the order, for the rest depends on them."""
        items: list[Item] = []
        for each in raw:
            try:
                items.append(decoded(each, Item))
            except Broken as broken:
                self._turn_away("", f"it is no item of a result: {broken}")
        ids = Counter(item.id for item in items if item.type == "labels")
        said = Counter((item.id, item.from_name) for item in items)
        for item in items:
            if item.type == "labels":
                self._attempt(item, partial(self._region, repeated=ids[item.id] > 1))
        for item in items:
            if item.from_name == NOTE and item.type == "textarea":
                self._attempt(item, self._noted)
            elif item.type in ("choices", "textarea"):
                self._attempt(item, partial(self._said, repeated=said[item.id, item.from_name] > 1))
            elif item.type == "relation":
                self._attempt(item, self._relation)
            elif item.type != "labels":
                self._turn_away(item.id, f"its type is {self._quoted(item.type)}, the page makes no such thing")

    def _attempt(self, item: Item, take: Callable[[Item], None]) -> None:
        try:
            take(item)
        except _Disbelieved as why:
            if item.type == "labels":
                self._refused.add(item.id)
            self._turn_away(f"{item.from_id} > {item.to_id}" if item.type == "relation" else item.id, str(why))

    def _turn_away(self, item: str, reason: str) -> None:
        shown = item if all(_is_name(part) for part in item.split(" > ")) else ""
        self.away.append(TurnedAway(shown, reason))

    def _quoted(self, words: str) -> str:
        return isolate(words[:80]) if self._quotes else "(withheld)"

    # Regions

    def _region(self, item: Item, *, repeated: bool) -> None:
        """Take a region."""
        if not _is_name(item.id):
            raise _Disbelieved("its id is none that Label Studio gives")
        if repeated:
            raise _Disbelieved("one id has two labels, a region has one: make two regions")
        if item.from_name not in self._page.layers or item.to_name != TEXT:
            raise _Disbelieved(
                f"no layer of the page is called {self._quoted(item.from_name)} on {self._quoted(item.to_name)}"
            )
        try:
            value = decoded(item.value, Region)
        except Broken as broken:
            raise _Disbelieved(f"its value is not that of a region: {broken}") from None
        own = {label.name for label in self._page.labels.layers[item.from_name].labels}
        if len(value.labels) != 1:
            raise _Disbelieved(f"it has {len(value.labels)} labels, one is right")
        if value.labels[0] not in own:
            raise _Disbelieved(f"{item.from_name} has no label {self._quoted(value.labels[0])}")
        fault = self._misplaced(value)
        if fault:
            raise _Disbelieved(fault)
        self.spans[item.id] = Span(
            start=value.start, end=value.end, layer=item.from_name, label=value.labels[0], id=item.id
        )

    def _misplaced(self, value: Region) -> str:
        """Tell why a region's offsets are not believed, empty where they are.

        A region posted through the API may not say what it marks; its offsets are all there is to go by.
        """
        length = len(self._view)
        inside = 0 <= value.start < value.end <= length
        if value.text is None:
            return "" if inside else f"{value.start}-{value.end} is empty or outside the text of {length} characters"
        said = _soft(value.text)
        if inside and _soft(self._view[value.start : value.end]) == said:
            return ""
        place = f"{value.start}-{value.end}"
        if self._counts_utf16(value, said):
            return f"{place} counts UTF-16 units, in which it marks {self._quoted(value.text)}: export code points"
        if not inside:
            return f"{place} is empty or outside the text of {length} characters"
        there = self._quoted(self._view[value.start : value.end])
        return f"it says it marks {self._quoted(value.text)}, the text at {place} is {there}"

    def _counts_utf16(self, value: Region, said: str) -> bool:
        units = len(self._text.encode("utf-16-le")) // 2
        if not 0 <= value.start < value.end <= units:
            return False
        try:
            start, end = to_code_points(self._text, np.array([value.start, value.end], dtype=np.int64), "utf-16")
        except BadText:
            return False
        return _soft(self._view[start:end]) == said

    # What is said of regions

    def _said(self, item: Item, *, repeated: bool) -> None:
        """Take what a choice or text field says."""
        if item.id in self._refused:
            raise _Disbelieved(HANGS_ON)
        span = self.spans.get(item.id)
        if span is None:
            raise _Disbelieved("there is no region of that id")
        control = self._page.controls.get(item.from_name)
        if control is None or item.to_name != TEXT or bool(control.values) != (item.type == "choices"):
            raise _Disbelieved(f"the page has no {item.type} called {self._quoted(item.from_name)}")
        if span.label not in control.labels:
            raise _Disbelieved(f"{span.label} has no attribute {control.name} with these values")
        try:
            said = decoded(item.value, Choice).choices if control.values else _texts(decoded(item.value, Words))
        except Broken as broken:
            raise _Disbelieved(f"its value is not that of {item.type}: {broken}") from None
        if len(said) != 1:
            raise _Disbelieved(f"{control.name} has {len(said)} values, one is right")
        if repeated:
            raise _Disbelieved(f"{control.name} is said twice")
        self._say(span, control, said[0])

    def _say(self, span: Span, control: Attribute, said: str) -> None:
        value = _SAID.get(said, said) if control.kind == "flag" else said
        if not fits(control, value):
            raise _Disbelieved(f"{control.name} has no value {self._quoted(said)}")
        attributes = {**span.attributes, control.name: value}
        self.spans[span.id] = msgspec.structs.replace(span, attributes=attributes)

    def _noted(self, item: Item) -> None:
        """Take a note, which is of the whole article."""
        try:
            self.note = "\n".join(_texts(decoded(item.value, Words)))
        except Broken as broken:
            raise _Disbelieved(f"its value is not that of {item.type}: {broken}") from None

    # Relations

    def _relation(self, item: Item) -> None:
        """Take a relation."""
        if item.direction not in (None, "right", "left"):
            raise _Disbelieved(f"its direction is {self._quoted(item.direction)}, right or left can be understood")
        ends = (item.to_id, item.from_id) if item.direction == "left" else (item.from_id, item.to_id)
        if any(each in self._refused for each in ends):
            raise _Disbelieved(ENDS_AT)
        if not all(each in self.spans for each in ends):
            raise _Disbelieved("there is no region at one of its ends")
        head, tail = (self.spans[each] for each in ends)
        named = item.labels or []
        if len(named) > 1:
            raise _Disbelieved(f"it has {len(named)} labels, one is right")
        if named and named[0] not in self._page.relations:
            raise _Disbelieved(f"no relation of the page is called {self._quoted(named[0])}")
        if not named:
            meant = self._page.labels.relation_between(head.label, tail.label)
            if meant is None:
                raise _Disbelieved(f"it has no label, and nothing links {head.label} to {tail.label}")
            named = [meant.name]
        relation = Relation(head.id, named[0], tail.id)
        if relation in self.relations:
            raise _Disbelieved("it is said twice")
        self.relations.append(relation)


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _texts(value: Words) -> list[str]:
    return [value.text] if isinstance(value.text, str) else value.text


def _soft(words: str) -> str:
    r"""Return words as they compare: the editor collapses white space and spells a line break ``\n``."""
    return " ".join(_ESCAPED_BREAK.sub(" ", substituted(words)).split())
