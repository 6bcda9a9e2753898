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
            for record in ArchiveIterator(file, record_types=wanted, max_content_length=largest, auto_decode="all"):
                yield from _page(record)
    except (OSError, EOFError, ValueError) as error:
        raise BadText(f"{path}: {error}: is it a WARC, and whole?") from None


def _page(record: "WarcRecord") -> Iterator[Kept]:
    url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
    told, charset = record.headers.get("Content-Type") or "", ""
    if record.is_http_parsed:
        if record.http_headers.status_code != HTTPStatus.OK:
            return
        told, charset = record.http_content_type or "", record.http_charset or ""
    kind, _, rest = told.partition(";")
    charset = charset or rest.partition("charset=")[2].strip(" \"'")
    if kind.strip().lower() not in (*HTML, PLAIN):
        return
    try:
        page = decoded(record.reader.read(), charset)
        yield Kept(url, page if kind.strip().lower() == PLAIN else text_of(page))
    except BadText as error:
        yield Kept(url, None, str(error))
