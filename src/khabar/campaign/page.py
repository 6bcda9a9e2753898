"""Label set -> label page: the XML that Label Studio shows annotators, generated, and frozen with the campaign.

Class names and traps are those of Label Studio 1.23.2.  Direction belongs on a wrapping view; the text's own rule has
to be overruled; chips are isolated, else nested ones mix; a choice without a hotkey takes a letter at random.  What is
said of a region stands below and takes no room, so that the text stays where it is when a region is selected.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from xml.sax.saxutils import quoteattr

import msgspec

from khabar.errors import BadRecord
from khabar.model.labels import Attribute, Label, LabelSet, Value

TEXT = "text"
"""Name of the text on the page and in a task's data."""
QUESTIONS = "questions"
"""Name of what an adjudicator is asked, on the page and in a task's data."""
NOTE = "note"
"""Name of the field for an adjudicator's reasons, and for what an annotator finds odd in an article."""

STYLE = """
    .khabar .bar { position: sticky; top: 0; z-index: 5; max-height: 50vh; overflow-y: auto; padding-bottom: 2px;
      background: var(--color-neutral-background, #fff); border-bottom: 1px solid #bbb; }
    .khabar .layer, .khabar .panel, .khabar .said { display: flex; align-items: center; column-gap: 6px; }
    .khabar .layer { margin-bottom: 3px; }
    .khabar .layer > .name { flex: 0 0 3.4em; }
    .khabar .name h4, .khabar .said h4 { margin: 0 !important; font-size: 12px !important; line-height: 1.5 !important;
      color: var(--color-neutral-content-subtler, #666); }
    .khabar .bar .lsf-labels { margin: 0; display: flex; flex-wrap: wrap; gap: 2px; }
    .khabar .bar .lsf-label { margin: 0; height: 20px; padding: 0 4px; font-size: 11px; line-height: 20px; }
    .khabar .bar .lsf-label__hotkey { margin-inline-start: 4px; font-size: 10px; }
    .khabar .about { position: sticky; bottom: 0; z-index: 5; height: 0; }
    .khabar .panel { position: absolute; bottom: 0; left: 0; right: 0; flex-wrap: wrap; column-gap: 18px;
      background: var(--color-neutral-background, #fff); border-top: 1px solid #bbb; }
    .khabar .about .lsf-choices, .khabar .about .lsf-choice { margin: 0; }
    .khabar .about .lsf-choices * { font-size: 12px; }
    .khabar .about .lsf-choice__item { margin: 0; padding: 1px 0; }
    .khabar .about .lsf-choices sup { font-size: 9px; }
    .khabar .about .lsf-text-area { width: 13em; margin: 0 !important; }
    .khabar .about .lsf-text-area * { font-size: 12px; margin-bottom: 0 !important; unicode-bidi: plaintext; }
    .khabar .about input.lsf-input, .khabar .about .lsf-text-area input { height: 26px; padding: 2px 8px; }
    .khabar .about [data-testid="htx-textbox-content"] { min-height: 26px; padding: 2px 8px; }
    .khabar .words { direction: %(direction)s; text-align: start; padding: 20px 0 90px; }
    .khabar .words .lsf-htx-richtext { white-space: pre-wrap; font-size: 18px; line-height: 2.3;
      font-family: "Noto Naskh Arabic", "Amiri", "Segoe UI", Tahoma, sans-serif; }
    .khabar .words .lsf-richtext__line { padding-inline-start: 8px; padding-inline-end: 0; }
    .khabar .words .htx-highlight::after { direction: ltr; unicode-bidi: isolate; margin-inline-start: 3px; }
  """
BESIDE = """
    .khabar .beside { display: flex; align-items: flex-start; column-gap: 16px; }
    .khabar .beside > .words { flex: 1 1 auto; min-width: 0; }
    .khabar .asked { flex: 0 0 26em; position: sticky; top: 8em; max-height: calc(100vh - 20em); overflow-y: auto;
      direction: %(direction)s; text-align: start; border-inline-start: 1px solid #bbb; padding-inline-start: 12px; }
    .khabar .asked .lsf-htx-richtext { white-space: pre-wrap; font-size: 14px; line-height: 1.8; }
  """
"""What the page of an adjudicator has besides: the questions beside the text."""


@dataclass(frozen=True)
class Page:
    """What a label page can say: the names that its XML spells and that results are read by.

    Attributes:
        labels: The label set.
        layers: The layers on the page, in the order of the label set.
        adjudicates: Whether it is an adjudicator's: with questions beside the text, and a field for reasons.
    """

    labels: LabelSet
    layers: tuple[str, ...]
    adjudicates: bool = False

    @cached_property
    def controls(self) -> dict[str, Attribute]:
        """The controls for attributes by name, each with its attribute as it applies to labels on the page.

        The label set may give an attribute several entries, with other values for other labels; a control is named
        after the attribute and the first label of the entry: ``sense-GPE``, ``sense-ORG``.
        """
        found: dict[str, Attribute] = {}
        for attribute in self.labels.attributes:
            name = f"{attribute.name}-{attribute.labels[0]}"
            if name in found or name in self.labels.layers:
                raise BadRecord(f"annotations/labels.toml: two controls would be called '{name}': reorder its labels")
            shown = tuple(label for label in attribute.labels if self.labels.layer_of[label] in self.layers)
            if shown:
                found[name] = msgspec.structs.replace(attribute, labels=shown)
        return found

    @cached_property
    def relations(self) -> tuple[str, ...]:
        """The relations whose two ends are on the page."""
        layer_of = self.labels.layer_of
        return tuple(
            each.name
            for each in self.labels.relations
            if {layer_of[each.head], layer_of[each.tail]} <= set(self.layers)
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex, of what the page takes from the label set: what it shows, and what answers are read by.

        What only checks and releases read there is no part of it, so that tuning them freezes no campaign.
        """
        told = (
            (self.labels.version, self.labels.direction),
            [
                (name, layer.lines, [(each.name, each.colour, each.hotkey, _gloss(each)) for each in layer.labels])
                for name, layer in ((name, self.labels.layer(name)) for name in self.layers)
            ],
            [
                (name, each.name, each.labels, each.kind, each.required, each.values or each.en)
                for name, each in self.controls.items()
            ],
            [(each.name, each.head, each.tail) for each in self.labels.relations if each.name in self.relations],
        )
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()

    def control_of(self, label: str, attribute: str) -> str | None:
        """Return the name of the control through which a label says an attribute, None where it cannot."""
        found = self.controls.items()
        return next((name for name, each in found if each.name == attribute and label in each.labels), None)

    @cached_property
    def xml(self) -> str:
        """The page; equal label sets have equal pages, to the byte."""
        style = (STYLE + BESIDE if self.adjudicates else STYLE) % {"direction": self.labels.direction}
        lines = ['<View className="khabar">', f"  <Style>{style}</Style>"]
        lines.append('  <View className="bar">')
        for layer in self.layers:
            lines += _layer(self.labels, layer)
        if self.relations:
            lines.append('    <Relations choice="single">')
            lines += [f"      <Relation value={quoteattr(name)}/>" for name in self.relations]
            lines.append("    </Relations>")
        lines += [
            "  </View>",
            *(['  <View className="beside">'] if self.adjudicates else []),
            '  <View className="words">',
            f'    <Text name="{TEXT}" value="${TEXT}" granularity="symbol" saveTextResult="yes" showLabels="true"/>',
            "  </View>",
            *(_QUESTIONS if self.adjudicates else []),
            '  <View className="about"><View className="panel">',
            *(line for name, attribute in self.controls.items() for line in _attribute(name, attribute)),
            "  </View></View>",
            *([] if self.adjudicates else [_FLAG]),
            "</View>",
        ]
        return "\n".join(lines) + "\n"


def page_digest(content: str) -> str:
    """Return the SHA-256 of a page, in hex; white space at its ends is the server's to change."""
    return hashlib.sha256(content.strip().encode("utf-8")).hexdigest()


_FLAG = f'  <TextArea name="{NOTE}" toName="{TEXT}" rows="1" editable="true" placeholder="what is odd here? (Enter)"/>'
_QUESTIONS = [
    '  <View className="asked">',
    f'    <TextArea name="{NOTE}" toName="{TEXT}" rows="1" editable="true" placeholder="1: why (Enter)"/>',
    f'    <Text name="{QUESTIONS}" value="${QUESTIONS}"/>',
    "  </View></View>",
]


def _layer(labels: LabelSet, name: str) -> list[str]:
    layer = labels.layer(name)
    grain = ' granularity="paragraph"' if layer.lines else ""
    lines = [
        f'    <View className="layer"><View className="name"><Header value="{name}" size="6"/></View>',
        f'      <Labels name="{name}" toName="{TEXT}">',
    ]
    lines += [
        f"        <Label value={quoteattr(label.name)} hotkey={quoteattr(label.hotkey)}"
        f" background={quoteattr(label.colour)} hint={quoteattr(_gloss(label))}{grain}/>"
        for label in layer.labels
    ]
    return [*lines, "      </Labels>", "    </View>"]


def _gloss(label: Label) -> str:
    return f"{label.ar} — {label.en}" if label.ar else label.en


def _attribute(name: str, attribute: Attribute) -> list[str]:
    """Return a control that shows only beside a region of one of its labels."""
    when = f'visibleWhen="region-selected" whenLabelValue={quoteattr(",".join(attribute.labels))}'
    lines = [f'    <View className="said" {when}>', f'      <Header value={quoteattr(attribute.name)} size="6"/>']
    common = f'name={quoteattr(name)} toName="{TEXT}" perRegion="true" {when}'
    if attribute.required:
        wanted = quoteattr(f"{attribute.labels[0]}: {attribute.name}?")
        common += f' required="true" requiredMessage={wanted}'
    if attribute.values:
        lines.append(f'      <Choices {common} choice="single" showInline="true">')
        lines += [_choice(each) for each in attribute.values]
        lines.append("      </Choices>")
    else:
        hint = quoteattr(attribute.en)
        lines.append(f'      <TextArea {common} rows="1" maxSubmissions="1" editable="true" placeholder={hint}/>')
    return [*lines, "    </View>"]


def _choice(value: Value) -> str:
    said = f"value={quoteattr(value.name)} hotkey={quoteattr(value.hotkey)} hint={quoteattr(value.en)}"
    return f"        <Choice {said}/>"
