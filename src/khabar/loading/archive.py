"""Publishing as one archive, as Zenodo takes it: the same release gives the same bytes."""

import os
import stat
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from khabar.errors import BadRecord, Changed
from khabar.loading.cache import locked
from khabar.loading.download import Way, verified
from khabar.loading.fetch import Step
from khabar.loading.publication import Plan, Publication, planned

_OLDEST = 315532800
"""1980-01-01, before which a zip archive knows no date; in seconds of the epoch."""
_NEWEST = 4354819198
"""2107-12-31, after which it knows none."""
_UNIX = 3


class ArchivePlace:
    """A zip archive: files in order of their paths, uncompressed, for Parquet is compressed and zlib's bytes differ."""

    def __init__(self, path: Path, way: Way) -> None:
        self._way = way
        self._path = path

    def plan(self, publication: Publication) -> Plan:
        """Return what would be done.

        Raises:
            Changed: the archive is there already.
        """
        if self._path.exists():
            raise Changed(f"{self._path} is there already: remove it, or pass another name")
        return Plan(str(self._path), planned(publication, {}))

    def carry_out(self, publication: Publication, plan: Plan) -> None:
        """Write the archive, unpack it again elsewhere, verify that, and move it into its place."""
        partial = self._path.with_name(f".{self._path.name}.partial")
        with locked(self._path, lambda: self._way.note(f"{self._path}: one writes it")):
            self.plan(publication)
            _write(publication, plan, partial, self._way)
            with tempfile.TemporaryDirectory(prefix="khabar-") as folder, zipfile.ZipFile(partial) as archive:
                archive.extractall(folder)
                for problem in verified(Path(folder) / _within(publication)):
                    raise BadRecord(f"{self._path}: {problem}")
            partial.rename(self._path)


def _write(publication: Publication, plan: Plan, path: Path, way: Way) -> None:
    date = datetime.fromtimestamp(_seconds(), UTC).timetuple()[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for operation in sorted(plan.operations, key=lambda each: each.path):
            way.tell(Step(operation.path, 0, 0))
            entry = zipfile.ZipInfo(f"{_within(publication)}/{operation.path}", date)
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.create_system = _UNIX
            entry.file_size = operation.bytes
            with archive.open(entry, "w") as out, (publication.folder / operation.path).open("rb") as file:
                while block := file.read(1 << 20):
                    out.write(block)


def _within(publication: Publication) -> str:
    """Return the one folder of the archive."""
    return f"{publication.manifest.name}-{publication.manifest.version}"


def _seconds() -> int:
    """Return the date of all entries: SOURCE_DATE_EPOCH where it is set."""
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    if told and not told.isdecimal():
        raise BadRecord(f"SOURCE_DATE_EPOCH is {told!r}, it should be seconds since 1970: set it so, or unset it")
    return min(max(int(told or 0), _OLDEST), _NEWEST)
