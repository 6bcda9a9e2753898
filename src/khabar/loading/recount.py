"""Does the manifest count what the rows are: figures counted again, each row in its split, labels, agreement.

Sums and documents can be made to agree with a manifest that was edited; the rows and what lies beside them cannot.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from khabar.errors import BadRecord
from khabar.model.agreement import AGREEMENT
from khabar.model.counts import Counts
from khabar.model.labelfile import label_set
from khabar.model.layout import LABELS, TOMBSTONES
from khabar.model.manifest import MANIFEST, Manifest


class _Measured(msgspec.Struct):
    """What the manifest repeats of an agreement."""

    headline: dict[str, dict[str, float]]


class Recount:
    """Counts the rows of a release as they pass.

    Args:
        folder: The release.
        manifest: Its manifest.

    Raises:
        BadRecord: it ships no label set that can be read.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder, self._manifest = folder, manifest
        path = folder / LABELS
        if not path.is_file():
            raise BadRecord(f"{path} is missing, rows are counted by it: build the release again")
        self._labels = label_set(path.read_bytes(), str(path))
        self._counts = Counts(self._labels)
        self._strays: list[str] = []

    def add(self, config: str, split: str, table: pa.Table) -> None:
        """Count some rows, and keep in mind whether one says that it is of another split.

        Raises:
            BadRecord: they are no rows of a release.
        """
        try:
            self._counts.add(config, table)
            if "split" in table.schema.names and "article" not in table.schema.names:  # there it is said of a span
                others = table.filter(pc.not_equal(pc.fill_null(table["split"], ""), split))
                self._strays += [
                    f"{self._folder}: {row['id']} stands in {config}/{split}, its row says {row['split']}: rebuild it"
                    for row in others.slice(0, 1).select(["id", "split"]).to_pylist()
                ]
        except (TypeError, LookupError, pa.ArrowException) as error:
            why = str(error).split("\n", maxsplit=1)[0]
            raise BadRecord(f"{self._folder}: {config}/{split}: {why}: download the release again") from None

    def problems(self) -> Iterator[str]:
        """Yield what the manifest says otherwise than the rows that were added, the label set and the agreement."""
        yield from self._strays
        told, place = self._manifest, self._folder / MANIFEST
        if (told.label_set, told.scheme) != (self._labels.digest, self._labels.version):
            yield f"{place}: its label set is not that of {LABELS}: build it again"
        stones = self._folder / TOMBSTONES
        self._counts.add_tombstones(len(stones.read_bytes().splitlines()) if stones.is_file() else 0)
        counts = self._counts.told()
        for group in dict.fromkeys([*counts, *told.counts]):
            ours, theirs = counts.get(group, {}), told.counts.get(group, {})
            name = next((each for each in {**ours, **theirs} if ours.get(each) != theirs.get(each)), None)
            if name is not None:
                yield (
                    f"{place}: it counts {theirs.get(name, 0)} of {group} {name}, the rows have {ours.get(name, 0)}:"
                    " build it again"
                )
            elif (group in counts) != (group in told.counts):
                yield f"{place}: it should count {', '.join(counts)}: build it again"
        if self._measured() != told.agreement:
            yield f"{place}: the agreement it tells is not that of {AGREEMENT}: build it again"

    def _measured(self) -> dict[str, dict[str, dict[str, float]]]:
        path = self._folder / AGREEMENT
        if not path.is_file():
            return {}
        try:
            found = msgspec.json.decode(path.read_bytes(), type=dict[str, _Measured])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadRecord(f"{path}: {error}: build it again") from None
        return {name: each.headline for name, each in found.items() if each.headline}
