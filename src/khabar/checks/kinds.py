"""What a character is to the checks, for all characters of a batch at once: a table that is made once a process."""

import unicodedata
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from khabar.model import text
from khabar.model.offsets import CodePoints

EDGE, LETTER, MARK, BREAK, JOINED, UNFIT, LOOSE, STACKED = (1 << bit for bit in range(8))
"""No span begins or ends with it; part of a word; a quotation mark; a line break (an edge as well); belongs to the
character before it; has no place in a text; may compose with what stands before it, or is not composed itself; has a
combining class."""
JOINER = EDGE | JOINED
"""An invisible character that joins what stands before it with what follows: ZERO WIDTH JOINER alone is both."""
INVISIBLE_IN_WORDS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
RARE = BREAK | MARK | UNFIT | LOOSE | STACKED
JOINING = (range(0x1F3FB, 0x1F400), text.TAGS, range(0x1160, 0x1200), range(0xD7B0, 0xD800))
"""Skin tones, tags, and what comes second in a Korean syllable (UAX 29)."""
PLANE_0 = 0xFFFF


def kinds_of(characters: CodePoints, quotation_marks: str) -> NDArray[np.uint8]:
    """Return the kind of each character: a sum of `EDGE`, `LETTER` and the others."""
    astral = characters.dtype.itemsize > 2  # noqa: PLR2004 - bytes of a code point of plane 0
    low = np.minimum(characters, PLANE_0).astype("<u2") if astral else characters
    # Arrow takes by 16-bit indices as they are; numpy would widen each to 64 bits first.
    found = pc.take(_kinds_of_plane_0(quotation_marks), pa.array(low), boundscheck=False).to_numpy()
    if not astral:
        return found  # type: ignore[no-any-return]
    kinds: NDArray[np.uint8] = found.copy()
    above = np.flatnonzero(characters > PLANE_0)
    distinct, which = np.unique(characters[above], return_inverse=True)
    kinds[above] = np.array([_kind(chr(code), quotation_marks) for code in distinct], dtype=np.uint8)[which]
    return kinds


@cache
def _kinds_of_plane_0(quotation_marks: str) -> pa.Array:
    """Return the kinds of the code points up to `PLANE_0`, where nearly all text is; made once a process."""
    return pa.array([_kind(chr(code), quotation_marks) for code in range(PLANE_0 + 1)], pa.uint8())


def _kind(character: str, quotation_marks: str) -> int:
    category = unicodedata.category(character)
    kind = 0
    if character == "\n" or text.is_edge(character):
        kind |= EDGE
    if character == "\n":
        kind |= BREAK
    if character in quotation_marks:
        kind |= MARK
    if category[0] in "LMN" or character in INVISIBLE_IN_WORDS:
        kind |= LETTER
    if category[0] == "M" or character == "\N{ZERO WIDTH JOINER}" or any(ord(character) in each for each in JOINING):
        kind |= JOINED
    if text.UNFIT.match(character) or category == "Cn" or text.TURNING.match(character):
        kind |= UNFIT
    if _may_compose(character, category):
        kind |= LOOSE
    if unicodedata.combining(character):
        kind |= STACKED
    return kind


def _may_compose(character: str, category: str) -> bool:
    """Tell whether the quick check of normal form C answers *no* or *maybe* (UAX 15, NFC_Quick_Check)."""
    if "\uac00" <= character <= "\ud7a3":
        return False
    if "\u1100" <= character <= "\u11ff" or (ord(character) > PLANE_0 and category[0] == "M"):
        return True  # jamo; marks of other planes, of which there are few
    return character in _second_halves() or not unicodedata.is_normalized("NFC", character)


@cache
def _second_halves() -> frozenset[str]:
    """Return what stands second in a canonical decomposition: what may compose with a character before it."""
    parts = (unicodedata.decomposition(chr(code)).split() for code in range(PLANE_0 + 1))
    return frozenset(chr(int(each[1], 16)) for each in parts if len(each) > 1 and not each[0].startswith("<"))
