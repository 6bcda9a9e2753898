"""What a text is: its normal form, its digest, its quotation in a message.  Law 1: the text never changes."""

import hashlib
import re
import unicodedata
from typing import NamedTuple

from khabar.errors import BadText

LONGEST_LINE = 20_000
"""Code points; a longer line is a page whose line breaks were lost, not an article."""

UNFIT = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ue000-\uf8ff\U000f0000-\U0010ffff]"  # all but \t and \n
)
"""Control characters, line ends other than LF, and private use: what no reader of a text expects."""

TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Embeddings, overrides and isolates (UAX 9), which turn the direction of what follows unseen; the marks U+200E, U+200F
and U+061C stand in many a clean text."""

TAGS = range(0xE0020, 0xE0080)
"""Characters that are seen as what they make of the flag before them."""

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
DIGEST_SHOWN = 8
SHA256 = r"^[0-9a-f]{64}\Z"
STAND_IN_DIGITS = 16
STAND_IN = f"^[0-9a-f]{{{STAND_IN_DIGITS}}}$"
"""What a salted digest looks like."""
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z"
"""What can be a name in the corpus and of a file: of an article, an annotator, a source."""


class NormalText(NamedTuple):
    """A text in normal form, and the names of what was changed to make it so."""

    text: str
    changes: tuple[str, ...]


def normal_form(raw: bytes) -> NormalText:
    r"""Decode a file's bytes strictly as UTF-8 and give the text its one form: no BOM, ``\n`` line ends, NFC.

    Raises:
        BadText: undecodable bytes, a NUL, no word at all, or a line of over `LONGEST_LINE` code points.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadText(
            f"byte {error.start} ({raw[error.start]:#04x}) is not UTF-8: convert it, as iconv -f WINDOWS-1256 -t UTF-8"
        ) from None
    changes = []
    if text.startswith(BYTE_ORDER_MARK):
        text = text[1:]
        changes.append("byte order mark removed")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        changes.append("line ends made LF")
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
        changes.append("characters composed (NFC)")
    _refuse(text)
    return NormalText(text, tuple(changes))


def _refuse(text: str) -> None:
    if not any(unicodedata.category(character)[0] in "LNS" for character in text):
        raise BadText("the file is empty, an article has words: nothing to ingest")
    if found := UNFIT.search(text):
        name = "NUL" if found[0] == "\0" else f"U+{ord(found[0]):04X}"
        raise BadText(f"character {found.start()} is {name}, which is no text: remove it, or end the line with LF")
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LONGEST_LINE:
            raise BadText(
                f"line {number} has {len(line)} characters, at most {LONGEST_LINE} may stand: restore its line breaks"
            )


def digest(text: str) -> str:
    """Return the SHA-256 of the text's UTF-8 bytes, in hex: what binds an annotation to its text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def is_edge(character: str) -> bool:
    """Tell whether a character is white space, invisible or a control: no span begins or ends with one."""
    if ord(character) in TAGS:
        return False
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp")


def salted_digest(sha256: str, words: str) -> str:
    """Return 16 hex digits that stand for ``words`` where they may not be repeated.

    The salt is the digest of the article, so that equal words in two articles differ.  Short words can be found by
    trying: the digest keeps a text from being copied, not a name from being guessed.
    """
    return hashlib.sha256(f"{sha256}:{words}".encode()).hexdigest()[:STAND_IN_DIGITS]


def isolate(words: str) -> str:
    """Quote words of the text so that neither their direction nor a control can turn the line around them."""
    shown = TURNING.sub(spelt, on_one_line(words))
    return f"«\N{FIRST STRONG ISOLATE}{shown}\N{POP DIRECTIONAL ISOLATE}»"


def on_one_line(words: str) -> str:
    """Spell what would end a line or command a terminal."""
    return UNFIT.sub(spelt, words.replace("\n", "\N{SYMBOL FOR NEWLINE}"))


def spelt(found: re.Match[str]) -> str:
    """Return the name of a character that cannot be shown."""
    return f"<U+{ord(found[0]):04X}>"


def apart(words: str) -> str:
    """Isolate words whose direction is not known, unquoted: the name of a label in a table."""
    return f"\N{FIRST STRONG ISOLATE}{words}\N{POP DIRECTIONAL ISOLATE}" if not words.isascii() else words
