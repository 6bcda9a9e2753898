"""Releases on a web server: HTTP with ranges, by the standard library."""

from collections.abc import Generator, Iterable, Iterator
from http import HTTPStatus
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from khabar.errors import NotFound, Unreachable
from khabar.loading.patience import Interrupted

BLOCK = 1 << 20
"""Bytes read at once."""
MOMENTARY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others a moment later."""


class WebSource:
    """A release below an address.

    Attributes:
        place: The address, as messages and pins show it.
        commit: Empty: a web server has no history.
    """

    commit = ""

    def __init__(self, address: str, answer: float) -> None:
        self.place = address.rstrip("/")
        self._answer = answer

    def read(self, path: str, start: int) -> Generator[bytes]:
        """Yield the bytes of a file from ``start`` on; a server without ranges sends what is before, which is dropped.

        Raises:
            NotFound: there is no such file.
            Interrupted: the server did not answer, or broke off.
            Unreachable: it refuses.
        """
        headers = {"Accept-Encoding": "identity", "User-Agent": "khabar"}
        if start:
            headers["Range"] = f"bytes={start}-"
        # No other scheme comes here: `sources` chose this class by it.
        request = Request(f"{self.place}/{quote(path)}", headers=headers)  # noqa: S310
        try:
            with urlopen(request, timeout=self._answer) as answer:  # noqa: S310 - idem
                whole = answer.status != HTTPStatus.PARTIAL_CONTENT
                yield from without(iter(lambda: answer.read(BLOCK), b""), start if whole else 0)
        except HTTPError as error:
            with error:
                yield from self._refused(error, path)
        except (URLError, HTTPException, OSError) as error:
            raise Interrupted(str(getattr(error, "reason", error)) or type(error).__name__) from None

    def _refused(self, error: HTTPError, path: str) -> Iterator[bytes]:
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return iter(())  # the file ends before; its size says so
        if error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise NotFound(f"{self.place}/{path} is missing: is that the address of a release?") from None
        if error.code in MOMENTARY:
            raise Interrupted(f"the server answers {error.code}", seconds(error.headers.get("Retry-After"))) from None
        raise Unreachable(f"{self.place}/{path}: the server answers {error.code}: may you read there?") from None

    def paths(self) -> None:
        """Return None: a web server does not say what it has."""


def without(blocks: Iterable[bytes], drop: int) -> Iterator[bytes]:
    """Yield blocks without their first bytes."""
    for block in blocks:
        kept = block[drop:]
        drop -= len(block) - len(kept)
        if kept:
            yield kept


def seconds(header: str | None) -> float:
    """Return the seconds of a header ``Retry-After``, 0 for the form that gives a date."""
    return float(header) if header and header.strip().isdigit() else 0.0
