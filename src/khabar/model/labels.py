"""The label set: what ``annotations/labels.toml`` spells, typed and checked.  Nothing here is bound to Arabic."""

import hashlib
import re
from functools import cached_property
from typing import Annotated, Literal

import msgspec

from khabar.errors import NotFound
from khabar.model.text import NAME

AttributeKind = Literal["choice", "flag", "words", "key"]
BOILERPLATE = "boilerplate"
"""In an attribute's ``labels``: every label that is not ``main``."""


class _Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something that the file spells; what it leaves out is no part of its digest, now and when fields are added."""


class Label(_Entry, frozen=True):
    """A label of a layer.

    Attributes:
        name: As it stands in data; unique in the label set.
        colour: Background on the label page, ``#rrggbb``.
        hotkey: The key that chooses it on the label page.
        en: What it marks, for readers of the data.
        ar: The same for annotators.
        main: False for boilerplate.
        depth: How many spans of this label may lie in one another.
        recurs: What is marked with it once in an article is the same wherever it stands there: names do, posts do not.
        telltale: Regular expression: words that hardly ever stand in a text without an entity around them.
        prose: Whether its lines are whole sentences: always, never, or there is no telling.
        holds: A layer: a span of this label holds a span of it, or shares a key with one.
        quotation: Each span of it is a row of the config ``quotes``; one label at most.
    """

    name: str
    colour: Annotated[str, msgspec.Meta(pattern=r"^#[0-9A-Fa-f]{6}\Z")]
    hotkey: str
    en: str
    ar: str = ""
    main: bool = True
    depth: Annotated[int, msgspec.Meta(ge=1)] = 1
    recurs: bool = False
    telltale: str = ""
    prose: Literal["always", "never", ""] = ""
    holds: str = ""
    quotation: bool = False


class MarksIn(_Entry, frozen=True):
    """A kind of span that may account for a quotation mark: a label, or a label with one value of an attribute."""

    label: str
    attribute: str = ""
    value: str = ""


class ViewLabel(_Entry, frozen=True):
    """A label as another label set has it.

    Attributes:
        name: In that label set.
        of: The labels of ours that become it; none where ours has nothing of the kind.
    """

    name: str
    of: tuple[str, ...]


class Layer(_Entry, frozen=True):
    """A kind of annotation that is made on its own.

    Attributes:
        column: Its column in the published schema.
        labels: In the order of their published ids, which only ever grows at the end.
        lines: Each line that is not empty is exactly one span of the layer.
        inside_main: Its spans lie in regions whose label is main.
        outside_proclitics: Its spans begin where a word does, proclitics aside.
        marks_in: What accounts for the quotation marks of the main text; empty where the layer has no say in it.
        one_label_by: A key attribute: spans of the layer that share its value in an article share their label.
        kin: Labels that may share it all the same, as a person's name and post do.
        views: Other label sets by name, their labels in the order of their published ids, which only ever grows at
            the end; a label of ours that none is made of is left out.
    """

    column: str
    labels: tuple[Label, ...]
    lines: bool = False
    inside_main: bool = False
    outside_proclitics: bool = False
    marks_in: tuple[MarksIn, ...] = ()
    one_label_by: str = ""
    kin: tuple[tuple[str, ...], ...] = ()
    views: dict[str, tuple[ViewLabel, ...]] = {}

    @property
    def own_view(self) -> tuple[ViewLabel, ...]:
        """The layer's labels as a view of themselves."""
        return tuple(ViewLabel(name=label.name, of=(label.name,)) for label in self.labels)


class Value(_Entry, frozen=True):
    """A value of an attribute."""

    name: str
    hotkey: str
    en: str


class Attribute(_Entry, frozen=True):
    """Something more that can be said of a span.

    Attributes:
        name: As it stands in data.
        labels: The labels it can be said of; in the file also the name of a layer, or ``boilerplate``.
        kind: ``choice`` one of `values`; ``flag`` true or false; ``key`` a name given in the article; ``words`` words
            of the text, withheld where the text is.
        required: Every span of those labels says it.
        values: For ``choice`` and ``flag``.
        doubt: The value by which annotators say that they doubt what they mark. An attribute that has one tells of
            them and not of the text: nobody has to agree on it, and two who differ in nothing else say the same.
        ordered: Its values are listed from one end of a scale to the other: two that lie side by side differ less than
            two that do not.
        en: What it says.
    """

    name: str
    labels: tuple[str, ...]
    kind: AttributeKind = "choice"
    required: bool = False
    values: tuple[Value, ...] = ()
    doubt: str = ""
    ordered: bool = False
    en: str = ""


class RelationType(_Entry, frozen=True):
    """A kind of link between two spans.

    Attributes:
        head: Label of the span it starts from.
        tail: Label of the span it ends at.
        exactly_one_unless: If given, each head has exactly one such link, or none and this attribute.
        usual: A head without one is worth a look.
        backwards: It goes from what stands later in the text to what stands earlier.
        column: Where ``quotes`` shows what it links a quotation to; empty where it does not.
        one: That is one span at most, and gets columns of its own; else a list.
        en: What it says.
    """

    name: str
    head: str
    tail: str
    en: str
    exactly_one_unless: str = ""
    usual: bool = False
    backwards: bool = False
    column: str = ""
    one: bool = False


class LabelSet(_Entry, frozen=True, dict=True):
    """All labels, attributes and relations.

    Attributes:
        corpus: Name of the corpus, as releases bear it.
        version: Version of the scheme.
        language: BCP 47 tag of the texts it was made for.
        direction: ``rtl`` or ``ltr``, for the label page.
        quotation_marks: The characters that are one.
        proclitics: Regular expression: what may stand between a word's start and an entity's start.
        layers: By name, in the order in which spans are kept.
        attributes: In the order of their columns.
        relations: The first whose ends fit is meant where an annotator named none.
    """

    version: str
    language: str
    direction: Literal["rtl", "ltr"]
    quotation_marks: str
    layers: Annotated[dict[str, Layer], msgspec.Meta(min_length=1)]
    proclitics: str = ""
    corpus: Annotated[str, msgspec.Meta(pattern=NAME)] = "khabar"
    attributes: tuple[Attribute, ...] = ()
    relations: tuple[RelationType, ...] = ()

    @cached_property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the layers, in order."""
        return tuple(self.layers)

    @cached_property
    def labels(self) -> dict[str, Label]:
        """Every label by name, layer by layer."""
        return {label.name: label for layer in self.layers.values() for label in layer.labels}

    @cached_property
    def layer_of(self) -> dict[str, str]:
        """The layer of each label."""
        return {label.name: name for name, layer in self.layers.items() for label in layer.labels}

    @cached_property
    def attribute_kinds(self) -> dict[str, AttributeKind]:
        """The kind of each attribute by name, in the order of their columns."""
        return {each.name: each.kind for each in self.attributes}

    @cached_property
    def words_attributes(self) -> frozenset[str]:
        """Attributes whose value is words of the text."""
        return frozenset(each.name for each in self.attributes if each.kind == "words")

    @cached_property
    def keys_attributes(self) -> frozenset[str]:
        """Attributes whose value is a name given in the article."""
        return frozenset(each.name for each in self.attributes if each.kind == "key")

    @cached_property
    def doubts(self) -> dict[str, str | bool]:
        """Attributes that tell of annotators and not of the text, each with the value that says that they doubt."""
        doubted = (each for each in self.attributes if each.doubt)
        return {each.name: each.doubt == "true" if each.kind == "flag" else each.doubt for each in doubted}

    @cached_property
    def ordered(self) -> frozenset[str]:
        """Attributes whose values are listed from one end of a scale to the other."""
        return frozenset(each.name for each in self.attributes if each.ordered)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all its content, in hex: what a release says it was made by."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def telltale(self, layer: Layer) -> re.Pattern[str] | None:
        """Return what finds telltale words of a layer behind proclitics, a group a label; None where it has none.

        Raises:
            re.error: a label's is no regular expression, or none that can stand beside others.
        """
        told = [f"(?P<{label.name}>{label.telltale})" for label in layer.labels if label.telltale]
        return re.compile(rf"(?<![^\W\d])(?:{self.proclitics})(?:{'|'.join(told)})(?!\w)") if told else None

    @cached_property
    def quotation(self) -> str:
        """The label whose spans are the rows of ``quotes``; empty where there is none."""
        return next((label.name for label in self.labels.values() if label.quotation), "")

    def attributes_of(self, layer: str) -> tuple[str, ...]:
        """Return the names of the attributes that spans of a layer may carry, in the order of their columns."""
        own = {label.name for label in self.layers[layer].labels}
        return tuple(dict.fromkeys(each.name for each in self.attributes if own.intersection(each.labels)))

    def attributes_of_label(self, label: str) -> tuple[str, ...]:
        """Return the names of the attributes that spans of a label may carry, in the order of their columns."""
        return tuple(dict.fromkeys(each.name for each in self.attributes if label in each.labels))

    def attribute(self, label: str, name: str) -> Attribute | None:
        """Return the attribute of that name as it applies to ``label``, None where it does not."""
        return next((each for each in self.attributes if each.name == name and label in each.labels), None)

    def has_relations(self, layer: str) -> bool:
        """Tell whether spans of the layer can be the head of a relation."""
        return any(self.layer_of[each.head] == layer for each in self.relations)

    def relation_between(self, head: str, tail: str) -> RelationType | None:
        """Return the first relation that may link a span of label ``head`` to one of label ``tail``."""
        return next((each for each in self.relations if each.head == head and each.tail == tail), None)

    def layer(self, name: str) -> Layer:
        """Return the layer of that name.

        Raises:
            NotFound: there is none; the message lists those there are.
        """
        if name not in self.layers:
            raise NotFound(f"no layer is called '{name}'; there are: {', '.join(self.layers)}")
        return self.layers[name]
