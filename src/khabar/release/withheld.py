"""Is a word of a withheld text in a release that is about to be sealed?  Looked for in every cell, byte and name.

Texts are compared as *letters*: decomposed, case folded, everything else left out, so that neither marks nor spaces nor
escapes hide a copy.  A copy is found by its n-grams: every nth of a text is kept, every one of the release looked up.
"""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from khabar.errors import BadRecord
from khabar.model.article import Article
from khabar.model.columns import Ints, Mask
from khabar.model.labelfile import FOR_WORDS
from khabar.store import Corpus

OWN_RUN = 12
"""Letters in a row that no cell of a withheld article's own rows shares with its text."""
RUN, STRIDE = 20, 5
"""Letters in a row, anywhere else: every copy of RUN + STRIDE - 1 is found, none of less than RUN.  Less is a phrase
that two articles may share; what a text that may be published has too is no copy."""
FACTS = frozenset(("source", "language", "license", "license_url", "rights_holder", "attribution"))
"""Columns that say what the source is; its name may stand in its texts."""
_STAND_IN = "^sha256:[0-9a-f]{16}$"
_NO_LETTERS = re.compile(r"(?:[\d_\u0640]|[^\w\n])+")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPED_SIGN = re.compile(r"""\\[nrtbf"'\\/]""")
_BLOCK, _OVERLAP = 1 << 20, 1 << 12
_COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
_FOOTER = 8
FEW = 20
"""Times that a column says each of its strings, from which on it is no text."""
_ODD = np.uint64(0x9E3779B97F4A7C15)

Grams = NDArray[np.uint64]


def letters(text: str) -> str:
    r"""Return the letters of a text, decomposed and case folded, and its ``\n``."""
    return _NO_LETTERS.sub("", unicodedata.normalize("NFD", text.casefold()))


def grams(run: str, size: int) -> tuple[Grams, Mask]:
    r"""Return a fingerprint of each ``size`` letters in a row, shape (k,), and which of them have no ``\n``."""
    codes = np.frombuffer(run.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    count = max(len(codes) - size + 1, 0)
    found: Grams = np.zeros(count, dtype=np.uint64)
    whole = np.ones(count, dtype=bool)
    for place in range(size if count else 0):
        part = codes[place : place + count]
        found = found * _ODD + part
        whole &= part != ord("\n")
    return found ^ (found >> np.uint64(29)), whole


class _Set:
    """Fingerprints that are looked for; most of what is asked is told from them by a few bits."""

    def __init__(self, found: Grams) -> None:
        self._grams = np.unique(found)
        size = 1 << min(max(len(found).bit_length() + 3, 10), 26)
        self._bits, self._mask = np.zeros(size, dtype=bool), np.uint64(size - 1)
        self._bits[self._grams & self._mask] = True

    def hits(self, run: str, size: int) -> Ints:
        """Return where in ``run`` one of them begins; ``size`` letters each."""
        found, whole = grams(run, size)
        maybe = np.flatnonzero(whole & self._bits[found & self._mask])
        place = np.searchsorted(self._grams, found[maybe])
        there: Ints = maybe[np.append(self._grams, np.uint64(0))[place] == found[maybe]] if len(maybe) else maybe
        return there


class _Cells(NamedTuple):
    """All strings of one leaf column: its path, the strings, and the row of each."""

    path: str
    strings: pa.Array
    row: Ints


def leaks(corpus: Corpus, folder: Path) -> Iterator[str]:
    """Yield where words of a withheld text stand in a release, a line a place and text; the words are not repeated.

    Args:
        corpus: What is withheld, as far as the texts are at hand; of others, only columns for words are looked at.
        folder: The release, all files but manifest and sums.
    """
    closed = [each for each in corpus.articles if corpus.source_of(each).redistribute != "text"]
    if not closed:
        return
    known = _Set(np.concatenate([grams(letters(_words(corpus, each)), RUN)[0][::STRIDE] for each in closed]))
    copies: dict[str, dict[str, None]] = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        place = path.relative_to(folder).as_posix()
        for run in _runs(place, known):
            copies.setdefault(run, {})[f"the name {place}"] = None
        if path.suffix == ".parquet":
            yield from _own(corpus, {each.id: each for each in closed}, path, place)
        for words in _cells_of(path) if path.suffix == ".parquet" else _blocks_of(path):
            for run in _runs(words, known):
                copies.setdefault(run, {})[place] = None
    for place, key in dict.fromkeys(_stolen(corpus, closed, copies)):
        yield f"{place}: it has {RUN} letters in a row of {key}, whose text is withheld"


def _words(corpus: Corpus, article: Article) -> str:
    """Return a text on one line, empty where it is not at hand."""
    return (corpus.stored_text(article) or "").replace("\n", " ")


def _runs(words: str, known: _Set) -> Iterator[str]:
    run = letters(words)
    yield from (run[place : place + RUN] for place in known.hits(run, RUN).tolist())


def _stolen(corpus: Corpus, closed: list[Article], copies: dict[str, dict[str, None]]) -> Iterator[tuple[str, str]]:
    """Yield the places of each run and the article that it is of; each text is read once, however much was copied.

    What a text that may be published has too, or what is said of the sources, is no copy.
    """
    if not copies:
        return
    found, whole = grams("\n".join(copies), RUN)
    sought = _Set(found[whole])
    sources = (f"{each.outlet} {each.rights_holder} {each.attribution}" for each in corpus.sources.values())
    open_ = (_words(corpus, each) for each in corpus.articles if corpus.source_of(each).redistribute == "text")
    free = {run for words in chain(sources, open_) for run in _runs(words, sought)}
    for each in closed:
        own = (run for run in _runs(_words(corpus, each), sought) if run in copies and run not in free)
        yield from ((place, each.id) for run in own for place in copies[run])


def _own(corpus: Corpus, closed: dict[str, Article], path: Path, place: str) -> Iterator[str]:
    """Yield what a Parquet file's rows of withheld articles have that no such row may have."""
    words = corpus.labels.words_attributes
    for whole in _tables(path):
        key = next((name for name in ("article", "id") if name in whole.column_names), "")
        if not key:
            continue
        table = whole.filter(pc.is_in(whole[key], pa.array(list(closed), pa.string())))
        names = table[key].to_pylist()
        texts = (corpus.stored_text(closed[name]) or "" for name in dict.fromkeys(names))
        own = _Set(grams(letters("\n".join(text.replace("\n", " ") for text in texts)), OWN_RUN)[0])
        for cells in _leaves(table):
            name = cells.path.removesuffix("[]").rpartition(".")[2]
            if name in words or FOR_WORDS.fullmatch(name):
                told = ~np.asarray(pc.match_substring_regex(cells.strings, _STAND_IN), dtype=bool)
                for row in np.unique(cells.row[told]).tolist():
                    yield f"{place}: {names[row]}: {cells.path} has words, the text is withheld"
            elif cells.path not in FACTS:
                for row in _shared(cells, own).tolist():
                    yield f"{place}: {names[row]}: {cells.path} repeats words of the text, which is withheld"


def _shared(cells: _Cells, own: _Set) -> Ints:
    """Return the rows whose cells have one of the fingerprints."""
    run = letters(_by_row(cells))
    hit = own.hits(run, OWN_RUN)
    number = np.cumsum(np.frombuffer(run.encode("utf-32-le", "surrogatepass"), dtype="<u4") == ord("\n"))
    rows: Ints = np.unique(np.unique(cells.row)[number[hit]])
    return rows


def _by_row(cells: _Cells) -> str:
    r"""Return the strings end to end, those of one row with a space between them, rows with a ``\n``; rows ascend."""
    strings = cells.strings
    if pc.any(pc.match_substring_regex(strings, "[\n\\\\&%]")).as_py():
        told = [_unescaped(each).replace("\n", " ") for each in strings.to_pylist()]
        strings = pa.array(told, pa.string())
    edges = np.concatenate(([0], np.flatnonzero(np.diff(cells.row)) + 1, [len(strings)]))
    rows = pa.ListArray.from_arrays(pa.array(edges, pa.int32()), strings.cast(pa.string()))
    joined = pc.binary_join(rows, " ")
    return str(pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(joined)], pa.int32()), joined), "\n")[0])


def _tables(path: Path) -> Iterator[pa.Table]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise BadRecord(f"{path}: {str(error).splitlines()[0]}: build or download the release again") from None


def _leaves(table: pa.Table) -> Iterator[_Cells]:
    """Yield the strings of every column, those inside lists and structs too; nulls are left out."""
    for name in table.column_names:
        column = table[name].combine_chunks()
        arrays = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        if arrays:
            yield from _strings(_Cells(name, pa.concat_arrays(arrays), np.arange(table.num_rows)))


def _strings(cells: _Cells) -> Iterator[_Cells]:
    array, kind = cells.strings, cells.strings.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy()
        yield from _strings(_Cells(f"{cells.path}[]", array.flatten(), np.repeat(cells.row, lengths)))
    elif pa.types.is_struct(kind):
        for field in kind:
            yield from _strings(_Cells(f"{cells.path}.{field.name}", pc.struct_field(array, field.name), cells.row))
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        there = np.asarray(array.is_valid(), dtype=bool)
        if there.any():
            yield _Cells(cells.path, array.filter(pa.array(there)), cells.row[there])


def _cells_of(path: Path) -> Iterator[str]:
    """Yield the strings of a Parquet file, a leaf column of a row group at a time, and what its footer says."""
    for table in _tables(path):
        for cells in _leaves(table):
            kinds = cells.strings.unique()
            few = len(kinds) * FEW < len(cells.strings)  # labels, and what else is said over and over
            yield _by_row(_Cells(cells.path, kinds, np.arange(len(kinds))) if few else cells)
    with path.open("rb") as file:
        file.seek(-_FOOTER, 2)
        size = int.from_bytes(file.read(4), "little")
        file.seek(-_FOOTER - size, 2)
        yield _unescaped(file.read(size).decode("utf-8", "replace")).replace("\n", " ")


def _blocks_of(path: Path) -> Iterator[str]:
    """Yield the words of any other file, block by block, escapes undone; blocks overlap."""
    with pa.input_stream(str(path), compression=_COMPRESSED.get(path.suffix)) as file:
        carried = b""
        while block := file.read(_BLOCK):
            yield _unescaped((carried + block).decode("utf-8", "replace")).replace("\n", " ")
            carried = (carried + block)[-_OVERLAP:]


def _unescaped(words: str) -> str:
    """Undo what JSON, HTML and addresses do to letters."""
    if "\\" in words:
        words = _ESCAPED_SIGN.sub(" ", _ESCAPED.sub(lambda found: chr(int(found[1], 16)), words))
    if "&" in words:
        words = unescape(words)
    return unquote(words) if "%" in words else words
