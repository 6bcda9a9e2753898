"""The nouns of publishing: what is published, what is done for it, and what a place is that takes it."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from khabar.errors import BadRecord
from khabar.loading.download import Way, verified
from khabar.loading.verify import read_manifest
from khabar.model.manifest import MANIFEST, SUMS, Manifest
from khabar.model.text import DIGEST_SHOWN


@dataclass(frozen=True, slots=True)
class Publication:
    """A release of this machine that is to be published.

    Attributes:
        folder: Where it is.
        manifest: What it says of itself.
    """

    folder: Path
    manifest: Manifest

    @property
    def files(self) -> dict[str, int]:
        """Bytes of every file by path: the manifest last, which makes the others a release."""
        told = {file.path: file.bytes for file in self.manifest.files}
        return told | {path: (self.folder / path).stat().st_size for path in (SUMS, MANIFEST)}

    @property
    def raw(self) -> bytes:
        """The manifest's bytes."""
        return (self.folder / MANIFEST).read_bytes()

    @property
    def called(self) -> str:
        """Name, version and content, for people."""
        return f"{self.manifest.name} {self.manifest.version}, content {self.manifest.content[:DIGEST_SHOWN]}"


def publication(folder: Path, way: Way) -> Publication:
    """Return what a folder holds, verified, and held against what else is asked of it.

    Raises:
        BadRecord: it is not what its manifest says.
        NotFound: it is no release.
    """
    manifest = read_manifest(folder)
    if problems := list(verified(folder, way.judge)):
        more = f" ({len(problems) - 1} more problems)" if len(problems) > 1 else ""
        raise BadRecord(f"{problems[0]}{more}: what is not sound is not published")
    return Publication(folder, manifest)


class Operation(NamedTuple):
    """What is done with one file of the place.

    Attributes:
        kind: ``add`` a new one, ``update`` one that is there, ``delete`` one that the release has no more.
        path: Of the file, in the place.
        bytes: That are sent, or that go.
    """

    kind: Literal["add", "update", "delete"]
    path: str
    bytes: int


class Plan(NamedTuple):
    """What publishing does.

    Attributes:
        place: Where the release will be.
        operations: On files, in order.
        steps: What is done besides, in words, in order.
        base: The commit that it stands on; empty where there is none.
    """

    place: str
    operations: tuple[Operation, ...]
    steps: tuple[str, ...] = ()
    base: str = ""

    @property
    def summary(self) -> str:
        """Counts and bytes, for people."""
        counts = Counter(each.kind for each in self.operations)
        sent = sum(each.bytes for each in self.operations if each.kind != "delete")
        told = (
            f"{counts['add']} to add, {counts['update']} to update, {counts['delete']} to delete, {sent} bytes to send"
        )
        return "; ".join((told, *self.steps))


def planned(
    publication: Publication, there: dict[str, int], same: frozenset[str] = frozenset()
) -> tuple[Operation, ...]:
    """Return the operations that make a place hold a release and nothing else.

    Args:
        publication: The release.
        there: Bytes of what the place holds, by path.
        same: Paths of what needs no operation, because it is there already.
    """
    gone = sorted(set(there) - set(publication.files))
    sent = (
        Operation("update" if path in there else "add", path, size)
        for path, size in publication.files.items()
        if path not in same
    )
    return (*(Operation("delete", path, there[path]) for path in gone), *sent)


class Place(Protocol):
    """Somewhere that takes releases."""

    def plan(self, publication: Publication) -> Plan:
        """Return what would be done; nothing is touched.

        Raises:
            Changed: the place has that version already.
        """
        ...

    def carry_out(self, publication: Publication, plan: Plan) -> None:
        """Do what is planned, and verify what is there then.

        Raises:
            BadRecord: what is there is not what was sent.
            Busy: somebody else writes there.
        """
        ...
