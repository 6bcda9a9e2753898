"""WARC -> pages: what was answered well and can be read as text, by its address."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from khabar.errors import BadText, NotFound
from khabar.ingest.web.html import decoded, text_of

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

HTML = ("text/html", "application/xhtml+xml")
PLAIN = "text/plain"


class Kept(NamedTuple):
    """A page of an archive.

    Attributes:
        url: Its address.
        text: Its text; None where it cannot be read.
        problem: Why it cannot be read.
    """

    url: str
    text: str | None
    problem: str = ""


class _Answer(NamedTuple):
    """Bytes, their kind and their charset, as far as it is told."""

    body: bytes
    kind: str
    charset: str


def kept(path: Path, largest: int) -> Iterator[Kept]:
    """Yield the pages of a WARC, plain or compressed, record by record; those of more than ``largest`` bytes are not.

    Raises:
        NotFound: fastwarc is not installed.
        BadText: it is no WARC, or breaks off; what came before was yielded.
    """
    try:
        from fastwarc.warc import ArchiveIterator, WarcRecordType
    except ImportError:
        raise NotFound("fastwarc is not installed, it reads WARC: pip install 'khabar[pages]'") from None
    wanted = WarcRecordType.response | WarcRecordType.resource
    try:
        with path.open("rb") as file:
            for record in ArchiveIterator(file, record_types=wanted, max_content_length=largest, parse_http=False):
                yield from _page(record)
    except (OSError, EOFError, ValueError) as error:
        raise BadText(f"{path}: {error}: is it a WARC, and whole?") from None


def _page(record: "WarcRecord") -> Iterator[Kept]:
    url, kind = (record.headers.get(name) or "" for name in ("WARC-Target-URI", "Content-Type"))
    url, size = url.strip("<>"), record.content_length
    raw = record.reader.read()  # all of it, so that nothing that is wrong in it ends the archive
    if len(raw) < size:
        yield Kept(url, None, f"it has {len(raw)} of {size} bytes: is the archive whole?")
        return
    try:
        answer = _answer(raw) if record.is_http else _Answer(raw, kind, kind.partition("charset=")[2].strip(" \"'"))
        kind = answer.kind.partition(";")[0].strip().lower()
        if kind in (*HTML, PLAIN):
            page = decoded(answer.body, answer.charset)
            yield Kept(url, page if kind == PLAIN else text_of(page))
    except (BadText, OSError, EOFError, ValueError) as error:
        yield Kept(url, None, str(error))


def _answer(raw: bytes) -> _Answer:
    """Return what a server answered, undone what was done to it on its way; of no kind where it was no page.

    Raises:
        OSError: it is not what it says.
    """
    from fastwarc.warc import WarcRecord

    record = WarcRecord()
    record.set_bytes_content(raw)
    record.is_http = True
    record.parse_http(auto_decode="all")
    if record.http_headers.status_code != HTTPStatus.OK:
        return _Answer(b"", "", "")
    return _Answer(record.reader.read(), record.http_content_type or "", record.http_charset or "")
