"""Colours of labels on the page: those of the release's label set, else one for each label by its place."""

from html import escape

from khabar.model.labels import LabelSet
from khabar.release.diff.passages import visible
from khabar.release.diff.records import Diff

_GOLDEN_ANGLE = 137.508
"""Degrees: hues that follow one another by it stay apart, however many there are."""


class Colours:
    """The colour and the meaning of each label."""

    def __init__(self, labels: LabelSet | None, diff: Diff) -> None:
        self._known = labels.labels if labels else {}
        self._place = {each.label: number for number, each in enumerate(diff.counts)}

    def colour(self, label: str) -> str:
        """Return a CSS colour."""
        known = self._known.get(label)
        if known:
            return known.colour
        hue = self._place.get(label, len(self._place)) * _GOLDEN_ANGLE % 360
        return f"hsl({hue:.0f} 62% 45%)"

    def style(self, label: str) -> str:
        """Return the attribute that colours an element and what is in it."""
        return f'style="--c: {self.colour(label)}"'

    def label(self, label: str) -> str:
        """Return a label as HTML, with its colour beside it and its meaning as a hint."""
        known = self._known.get(label)
        hint = f' title="{escape(known.en)}"' if known else ""
        return f'<span class="label" {self.style(label)}{hint}>{visible(label)}</span>'
