"""What a release must reach: ``annotations/floors.toml``, typed."""

import msgspec


class Floors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Floors that were agreed on; what is not named has none.

    Attributes:
        spans: Fewest spans of a label in a split, by split and label.
        agreement: Lowest exact-span F1 between annotators, by layer.
    """

    spans: dict[str, dict[str, int]] = {}
    agreement: dict[str, float] = {}
