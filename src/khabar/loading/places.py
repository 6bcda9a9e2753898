"""Publishing into a folder or a bucket: a version beside the others, complete or not there."""

import shutil
import tempfile
from pathlib import Path

from khabar.errors import BadRecord, Changed
from khabar.loading.cache import locked
from khabar.loading.download import Way, inspected, verified
from khabar.loading.fetch import Step
from khabar.loading.filesystems import Bucket, FileSystemSource
from khabar.loading.head import read_head
from khabar.loading.publication import Plan, Publication, planned
from khabar.loading.sources import Source
from khabar.model.manifest import MANIFEST


class FolderPlace:
    """A folder of this machine; a release appears in it in one move, as ``<folder>/<version>``."""

    def __init__(self, folder: Path, way: Way) -> None:
        self._way = way
        self._folder = folder

    def plan(self, publication: Publication) -> Plan:
        """Return what would be done.

        Raises:
            Changed: the version is there already.
        """
        final = self._folder / publication.manifest.version
        if final.exists():
            raise Changed(f"{final} is there already, a version never changes: raise the version")
        return Plan(str(final), planned(publication, {}))

    def carry_out(self, publication: Publication, plan: Plan) -> None:
        """Copy, verify the copy, and move it into its place."""
        final = Path(plan.place)
        partial = final.with_name(f".{final.name}.partial")
        with locked(final, lambda: self._way.note(f"{final}: another khabar writes there")):
            self.plan(publication)
            shutil.rmtree(partial, ignore_errors=True)
            for operation in plan.operations:
                target = partial / operation.path
                target.parent.mkdir(parents=True, exist_ok=True)
                self._way.tell(Step(operation.path, 0, 0))
                shutil.copyfile(publication.folder / operation.path, target)
            for problem in verified(partial):
                raise BadRecord(problem)
            partial.rename(final)


class BucketPlace:
    """An address that fsspec knows; a release in it is complete when its manifest is there, which comes last."""

    def __init__(self, address: str, way: Way) -> None:
        self._way = way
        self._address = address.rstrip("/")

    def plan(self, publication: Publication) -> Plan:
        """Return what would be done; what an interrupted run left is written over.

        Raises:
            Changed: the version is there already.
        """
        address = f"{self._address}/{publication.manifest.version}"
        there = Bucket(address).sizes()
        if MANIFEST in there:
            raise Changed(f"{address} is there already, a version never changes: raise the version")
        return Plan(address, planned(publication, there))

    def carry_out(self, publication: Publication, plan: Plan) -> None:
        """Write file after file, the manifest last, and read all of it back."""
        bucket = Bucket(plan.place)
        for operation in plan.operations:
            self._way.tell(Step(operation.path, 0, 0))
            if operation.kind == "delete":
                bucket.remove(operation.path)
            else:
                bucket.put(publication.folder / operation.path, operation.path)
        read_back(FileSystemSource(plan.place), publication, self._way)


def read_back(source: Source, publication: Publication, way: Way) -> None:
    """Fetch what was published, and verify that it is that.

    Raises:
        BadRecord: it is not.
    """
    head = read_head(source, way.patience)
    if head.raw != publication.raw:
        raise BadRecord(f"{source.place}/{MANIFEST} is not the one that was sent: somebody else writes there, look")
    with tempfile.TemporaryDirectory(prefix="khabar-") as folder:
        for problem in inspected(source, head, Path(folder), way):
            raise BadRecord(f"{problem} (read back after it was sent)")
