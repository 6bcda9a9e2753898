"""What articles are held against together: floors that were agreed on, and what was released before."""

from collections.abc import Mapping
from typing import NamedTuple

from khabar.model.labels import LabelSet


class Reached(NamedTuple):
    """The agreement of a layer that was measured.

    Attributes:
        f1: Exact-span F1 between annotators, the lowest of all campaigns.
        campaign: The campaign that it is of.
    """

    f1: float
    campaign: str


class Standards(NamedTuple):
    """What rules between articles compare with.

    Attributes:
        labels: The label set.
        floors: Fewest spans of a label in a split, by split and label; what is not named has no floor.
        agreement: Lowest agreement of a layer, by layer; likewise.
        reached: Agreement that was measured, by layer; likewise.
        released: The split of each article in the last release; empty where there is none.
    """

    labels: LabelSet
    floors: Mapping[str, Mapping[str, int]] = {}
    agreement: Mapping[str, float] = {}
    reached: Mapping[str, Reached] = {}
    released: Mapping[str, str] = {}
