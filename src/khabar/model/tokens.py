"""Texts -> tokens and sentences, derived and never stored as the truth: where they are, counted in code points.

A token is a run of letters, digits and marks, or one other sign; a decimal point between two digits belongs to the
number, a mark or joiner to what it stands on.  Clitics are not cut off, so an entity may begin inside a token.  A
sentence ends with its line, or with a full stop, question or exclamation mark, closing marks included, before a space;
the point behind a single letter is that of an abbreviation.  All of it is arithmetic over the code points of a batch.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from khabar.model.batch import Batch
from khabar.model.columns import Ints, Mask
from khabar.model.offsets import CodePoints

_SPACE, _WORD, _SIGN, _MARK = range(4)
_DIGIT = 4
"""A word character that is a digit as well."""
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_POINTS = [ord(each) for each in ".,\N{ARABIC DECIMAL SEPARATOR}\N{ARABIC THOUSANDS SEPARATOR}"]
_ENDERS = [ord(each) for each in ".!?\N{ARABIC QUESTION MARK}\N{ARABIC FULL STOP}\N{HORIZONTAL ELLIPSIS}"]
_CLOSERS = [ord(each) for each in "\"')]\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"]
_EMOJI = range(0x1F000, 0x1FB00)
"""Signs whatever a Python knows of them: its table of characters grows from version to version."""
_BASIC = 0x10000

Kinds = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Tokens:
    """Tokens of all texts of a batch that are at hand, n of them, in order.

    Attributes:
        article: Row of the article, shape (n,).
        first: Place of the first code point in `Batch.characters`.
        stop: One past the place of the last.
        sentence: Number of the sentence, counted through the batch from 0, each of which has a token.
    """

    article: Ints
    first: Ints
    stop: Ints
    sentence: Ints

    def __len__(self) -> int:
        return len(self.first)

    def select(self, keep: Mask) -> "Tokens":
        """Return the tokens that are kept; sentences that lost all of theirs are not counted."""
        sentence = self.sentence[keep]
        number = np.cumsum(np.diff(sentence, prepend=sentence[:1]) > 0, dtype=np.int64)
        return Tokens(self.article[keep], self.first[keep], self.stop[keep], number)


def tokens(batch: Batch) -> Tokens:
    """Return the tokens of a batch."""
    characters, base = batch.characters, batch.base
    begins = np.zeros(len(characters) + 1, dtype=bool)
    begins[base] = True
    classes = _classes(characters)
    kinds, goes_on = _kinds(classes, _points(characters), begins)
    space = kinds == _SPACE
    before = np.append(np.int8(_SPACE), kinds[:-1])[: len(kinds)]
    start = ~space & (begins[:-1] | (before == _SPACE) | ~(goes_on | ((kinds == _WORD) & (before == _WORD))))
    # A token goes on until another begins, a space comes, or the text ends.
    end = ~space & (np.append(start[1:], True) | np.append(space[1:], True) | begins[1:])[: len(kinds)]
    first, stop = np.flatnonzero(start), np.flatnonzero(end) + 1
    article = np.searchsorted(base, first, side="right") - 1
    return Tokens(article, first, stop, _sentences(batch, article, first, stop))


@cache
def _table() -> Kinds:
    """Return the class of each code point of the basic plane."""
    return np.fromiter((_class(code) for code in range(_BASIC)), dtype=np.int8, count=_BASIC)


def _class(code: int) -> int:
    character = chr(code)
    category = unicodedata.category(character)
    if code in _EMOJI or (category[0] in "PS" and character != "_"):
        return _SIGN
    if character in _JOINERS or category[0] == "M":
        return _MARK
    if character.isspace() or category in ("Cc", "Cf") or category[0] == "Z":
        return _SPACE
    return _DIGIT if category == "Nd" else _WORD


def _classes(characters: CodePoints) -> Kinds:
    if characters.dtype == np.uint16:
        return _table()[characters]
    found: Kinds = _table()[np.minimum(characters, _BASIC - 1)]
    beyond = np.flatnonzero(characters >= _BASIC)
    codes, which = np.unique(characters[beyond], return_inverse=True)
    found[beyond] = np.array([_class(code) for code in codes.tolist()], dtype=np.int8)[which]
    return found


def _points(characters: CodePoints) -> Mask:
    found = np.zeros(len(characters), dtype=bool)
    for point in _POINTS:  # quicker than np.isin, which sorts
        found |= characters == point
    return found


def _kinds(classes: Kinds, points: Mask, begins: Mask) -> tuple[Kinds, Mask]:
    """Tell of each code point whether it is of a word, a sign or a space, and whether it is a mark on the one before.

    Marks are what they stand on; one that stands on nothing is a word.
    """
    kinds = classes.copy()
    kinds[classes == _DIGIT] = _WORD
    inside = points[1:-1] & (classes[:-2] == _DIGIT) & (classes[2:] == _DIGIT) & ~begins[1:-2] & ~begins[2:-1]
    kinds[1:-1][inside] = _WORD
    mark = classes == _MARK
    alone = mark & (begins[:-1] | (np.append(np.int8(_SPACE), classes[:-1])[: len(classes)] == _SPACE))
    kinds[alone] = _WORD
    mark &= ~alone
    marks = np.flatnonzero(mark)
    if len(marks):
        first = np.diff(marks, prepend=-1) > 1  # of the marks that stand on one carrier
        kinds[marks] = kinds[marks[first][np.cumsum(first) - 1] - 1]
    return kinds, mark


def _sentences(batch: Batch, article: Ints, first: Ints, stop: Ints) -> Ints:
    """Return the number of each token's sentence."""
    if not len(first):
        return first
    characters = batch.characters
    sign = characters[first]
    single = stop - first == 1
    apart = np.append(True, (first[1:] > stop[:-1]) | (np.diff(article) > 0))
    line = np.searchsorted(np.flatnonzero(characters == ord("\n")), first)
    letter = single & (_classes(sign) == _WORD)
    abbreviated = (sign == ord(".")) & ~apart & np.append(False, letter[:-1])
    ender = single & np.isin(sign, _ENDERS) & ~abbreviated
    # Marks that close belong to what they stand behind, as long as no space parts them.
    closer = single & np.isin(sign, _CLOSERS) & ~apart
    carrier = np.maximum.accumulate(np.where(closer, 0, np.arange(len(first))))
    ended = np.append(False, ender[carrier][:-1]) & apart
    new = ended | np.append(False, np.diff(line) > 0) | np.append(False, np.diff(article) > 0)
    return np.cumsum(new, dtype=np.int64)


def main_text(batch: Batch) -> Mask:
    """Tell of each code point whether it lies in main text: all of it does where no layer parts it from boilerplate."""
    labels = batch.labels
    change = np.zeros(len(batch.characters) + 1, dtype=np.int32)
    bare = np.ones(len(batch), dtype=bool)
    for name, layer in labels.layers.items():
        if all(label.main for label in layer.labels):
            continue
        bare &= ~batch.covers(name)
        main = np.array([each in labels.labels and labels.labels[each].main for each in batch.names.labels], dtype=bool)
        rows = np.flatnonzero((batch.spans.layer == batch.layer_code(name)) & batch.sound & main[batch.spans.label])
        np.add.at(change, batch.first[rows], 1)
        np.add.at(change, batch.last[rows] + 1, -1)
    inside: Mask = (np.cumsum(change[:-1], dtype=np.int32) > 0) | np.repeat(bare, np.diff(batch.base))
    return inside
