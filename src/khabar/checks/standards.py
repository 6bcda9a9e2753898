"""What articles are held against together: floors that were agreed on, and what was released before."""

from collections.abc import Mapping
from typing import NamedTuple

from khabar.model.labels import LabelSet


class Standards(NamedTuple):
    """What rules between articles compare with.

    Attributes:
        labels: The label set.
        floors: Fewest spans of a label in a split, by split and label; what is not named has no floor.
        agreement: Lowest agreement of a layer, by layer; likewise.
        reached: Agreement that was measured, by layer.
        released: The split of each article in the last release; empty where there is none.
    """

    labels: LabelSet
    floors: Mapping[str, Mapping[str, int]] = {}
    agreement: Mapping[str, float] = {}
    reached: Mapping[str, float] = {}
    released: Mapping[str, str] = {}
