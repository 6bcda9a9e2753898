"""Tokens of a batch's texts: runs of letters, marks and digits, and every other sign on its own."""

import unicodedata
from functools import cache

import numpy as np

from khabar.model.batch import Batch
from khabar.model.columns import Ints

SPACE, LETTER, SIGN = 0, 1, 2


def tokens(batch: Batch) -> tuple[Ints, Ints]:
    """Return where the tokens of a batch begin and end in its characters laid end to end.

    Clitics stay with their word, and a mark with its letter: what Python's regular expressions call a word breaks at
    every vowel sign.
    """
    letters = batch.characters
    unique, at = np.unique(letters, return_inverse=True)
    kind = np.array([_kind(int(each)) for each in unique], dtype=np.int64)[at]
    edge = np.zeros(len(letters) + 1, dtype=bool)
    edge[batch.base] = True
    word = np.concatenate([[False], kind == LETTER, [False]])
    begins = (kind == SIGN) | (word[1:-1] & (edge[:-1] | ~word[:-2]))
    ends = (kind == SIGN) | (word[1:-1] & (edge[1:] | ~word[2:]))
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1


@cache
def _kind(code: int) -> int:
    character = chr(code)
    category = unicodedata.category(character)
    if category[0] in "LMN" or category == "Cf":
        return LETTER
    return SPACE if character.isspace() or category == "Cc" else SIGN
