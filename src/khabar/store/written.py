"""What is written by hand about the corpus, and what a release takes over as it stands."""

import re
from pathlib import Path

from khabar.errors import BadRecord
from khabar.model.dates import refuse_no_date
from khabar.model.layout import LABELS, WAIVERS


class Written:
    """The papers of a checkout: at its root, and under ``annotations/``.

    Attributes:
        root: The folder that holds them.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def paper(self, name: str) -> str | None:
        """Return a text at the root, as ``DATASHEET.md``; None where there is none.

        Raises:
            BadRecord: it is not UTF-8.
        """
        path = self.root / name
        return _decoded(path.read_bytes(), name) if path.is_file() else None

    @property
    def guidelines(self) -> list[Path]:
        """The pages of the guidelines, rulings among them."""
        return sorted((self.root / "annotations" / "guidelines").glob("*.md"))

    def scheme(self) -> dict[str, bytes]:
        """Return label set, waivers if any, guidelines and rulings, by their path under ``annotations/``."""
        folder = self.root / "annotations"
        waivers = [path for path in (folder / WAIVERS,) if path.is_file()]
        pages = (folder / LABELS, *waivers, *self.guidelines)
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in pages}

    def released(self, version: str) -> str:
        """Return the day on which a version was released as ``CHANGELOG.md`` has it, ISO 8601; empty if it does not.

        Raises:
            BadRecord: what stands there is no day.
        """
        heading = re.compile(rf"^## \[?{re.escape(version)}\]? - ([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})\s*$", re.MULTILINE)
        found = heading.search(self.paper("CHANGELOG.md") or "")
        day = found[1] if found else ""
        try:
            refuse_no_date(day)
        except ValueError as error:
            raise BadRecord(f"CHANGELOG.md: {version}: {error}: mend it by hand") from None
        return day


def _decoded(raw: bytes, place: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRecord(f"{place}: {error}: save it as UTF-8") from None
