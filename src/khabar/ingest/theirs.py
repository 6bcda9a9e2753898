"""What a user has: files under whatever names, an index of them, or a web archive -> texts that may be ours."""

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from khabar.errors import BadRecord, BadText
from khabar.ingest.web.html import decoded, text_of
from khabar.ingest.web.warc import kept
from khabar.model.text import normal_form

PAGES = (".html", ".htm", ".xhtml")
LARGEST = 1 << 26
"""Bytes of a file or page; what is larger is a film, not an article."""
INDEXES = (".csv", ".jsonl")
ARCHIVES = (".warc", ".warc.gz", ".warc.zst")


class Theirs(NamedTuple):
    """A text that a user has.

    Attributes:
        place: Where it is, for people.
        called: What it is called by its file, an index or an archive: ids, names, addresses.
        text: It in normal form; None where it cannot be read.
        problem: Why it cannot be read.
    """

    place: str
    called: tuple[str, ...]
    text: str | None
    problem: str = ""


class Line(msgspec.Struct, frozen=True):
    """A line of an index; what else it says is passed over.

    Attributes:
        file: Path of the file, relative to the index.
        id: Id of the article, if known.
        url: Its address, if known.
        digest: Digest of its text, if known.
    """

    file: str
    id: str = ""
    url: str = ""
    digest: str = ""


def theirs(paths: Iterable[Path]) -> Iterator[Theirs]:
    """Yield the texts at the paths: a folder's files, however deep; an index's files; an archive's pages; a file.

    What is no text is passed over where a folder has it, and told where it was meant.

    Raises:
        BadRecord: an index cannot be read, or names a file that is not there.
        NotFound: what reads pages and archives is not installed.
    """
    for path in paths:
        if path.is_dir():
            for each in sorted(each for each in path.rglob("*") if each.is_file()):
                yield from _file(each)
        elif path.suffix.lower() in INDEXES:
            for line in _lines(path):
                called = tuple(filter(None, (line.id, line.url, line.digest)))
                for found in _file(path.parent / line.file):
                    yield found._replace(called=(*called, *found.called))
        else:
            yield from _file(path, meant=True)


def _lines(path: Path) -> Iterator[Line]:
    for number, told in _told(path):
        try:
            line = msgspec.convert(told, Line)
        except msgspec.ValidationError as error:
            raise BadRecord(f"{path}:{number}: {error}: a line has file, and id, url or digest: mend it") from None
        if not (path.parent / line.file).is_file():
            raise BadRecord(f"{path}:{number}: {line.file} is no file: name it relative to the index")
        yield line


def _told(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    number = 1
    try:
        if path.suffix.lower() == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.DictReader(file)
                for row in rows:
                    number = rows.line_num
                    yield number, {name: value for name, value in row.items() if name and value}
            return
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.isspace():
                    yield number, msgspec.json.decode(line, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError, csv.Error) as error:
        raise BadRecord(f"{path}:{number}: {error}: is it an index? mend it") from None


def _file(path: Path, *, meant: bool = False) -> Iterator[Theirs]:
    name = path.name.lower()
    if name.endswith(ARCHIVES):
        yield from _archive(path)
        return
    page = path.suffix.lower() in PAGES
    try:
        raw = _bytes(path)
        yield _text(str(path), (path.stem, path.name), lambda: text_of(decoded(raw)) if page else raw)
    except (BadText, OSError) as error:
        if meant or page or name.endswith(".txt"):
            yield Theirs(str(path), (), None, getattr(error, "strerror", None) or str(error))


def _bytes(path: Path) -> bytes:
    if (size := path.stat().st_size) > LARGEST:
        raise BadText(f"it has {size} bytes, an article {LARGEST} at most: is it one?")
    return path.read_bytes()


def _archive(path: Path) -> Iterator[Theirs]:
    try:
        for each in kept(path, LARGEST):
            place = f"{path}: {each.url}"
            if each.text is None:
                yield Theirs(place, (), None, each.problem)
                continue
            try:
                yield _text(place, (each.url,), lambda text=each.text: text)  # type: ignore[misc]
            except BadText:
                continue  # a page without a word
    except BadText as error:
        yield Theirs(str(path), (), None, str(error).removeprefix(f"{path}: "))


def _text(place: str, called: tuple[str, ...], read: Callable[[], str | bytes]) -> Theirs:
    found = read()
    raw = found.encode("utf-8", "replace") if isinstance(found, str) else found
    return Theirs(place, called, normal_form(raw).text)
