"""Code points <-> UTF-16 units <-> UTF-8 bytes, for whole arrays of offsets at once.

An offset in Khabar counts code points.  Browsers and Java count UTF-16 units, in which a character above U+FFFF is
two; Rust and databases count UTF-8 bytes, in which an Arabic letter is two and an emoji four.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from khabar.errors import BadText

Unit = Literal["utf-8", "utf-16"]
CodePoints = NDArray[np.uint16] | NDArray[np.uint32]
Offsets = NDArray[np.int64]

_UTF8_STEPS = (0x80, 0x800, 0x10000)
_UTF16_STEPS = (0x10000,)


def code_points(text: str) -> CodePoints:
    """Return the text as an array of code points, shape (len(text),).

    Raises:
        BadText: a lone surrogate, which no UTF can hold.
    """
    try:
        return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
    except UnicodeEncodeError as error:
        raise BadText(
            f"character {error.start} is a lone surrogate (U+{ord(text[error.start]):04X}), a text has none: remove it"
        ) from None


def starts(characters: CodePoints, unit: Unit) -> Offsets:
    """Return where each character starts, counted in ``unit``, and where the text ends: shape (n + 1,).

    ``starts(c, unit)[offsets]`` converts code-point offsets, ends included; for a batch of texts laid end to end,
    subtract the start of each text's first character.
    """
    width = np.ones(len(characters), dtype=np.int8)
    for step in _UTF8_STEPS if unit == "utf-8" else _UTF16_STEPS:
        width += (characters >= step).view(np.int8)
    places = np.zeros(len(characters) + 1, dtype=np.int64)
    np.cumsum(width, out=places[1:])
    return places


def to_code_points(text: str, offsets: Offsets, unit: Unit) -> Offsets:
    """Convert offsets that count ``unit`` into offsets that count code points.

    Raises:
        BadText: an offset outside the text, or inside a character: no code point starts there.
    """
    table = starts(code_points(text), unit)
    _refuse_outside(offsets, int(table[-1]), f"{unit} units")
    found = np.searchsorted(table, offsets)
    inside = table[found] != offsets
    if inside.any():
        first = int(offsets[inside][0])
        raise BadText(f"offset {first} lies inside a character of {unit}, it should be where one starts: count again")
    return found.astype(np.int64)


def _refuse_outside(offsets: Offsets, length: int, what: str) -> None:
    outside = (offsets < 0) | (offsets > length)
    if outside.any():
        first = int(offsets[outside][0])
        raise BadText(f"offset {first} is outside the text, which has {length} {what}: count again")
