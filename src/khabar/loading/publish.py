"""A release of this machine to those who use it: verified, planned, sent, and read back."""

from pathlib import Path

from khabar.errors import NotFound
from khabar.loading.download import Way
from khabar.loading.publication import Place, Plan, publication
from khabar.loading.sources import HUB


def publish(
    folder: str | Path, to: str, *, dry_run: bool = False, private: bool = False, way: Way | None = None
) -> Plan:
    """Publish a release, and return what was done.

    Args:
        folder: The release.
        to: ``hub:OWNER/NAME``; the name of a ``.zip`` archive; an address that fsspec knows, or a folder, in which
            the release gets a folder of its version's name.
        dry_run: Return what would be done, and touch nothing.
        private: Make a dataset that is not there yet a private one.
        way: How to insist, and whom to tell.

    Raises:
        BadRecord: the release is not sound, here or where it was published.
        Busy: somebody else writes there; nothing was changed.
        Changed: the version is there already.
        NotFound: there is no release, or no such place.
        Unreachable: the place does not answer; the same call goes on later.
    """
    way = way or Way()
    release = publication(Path(folder), way)
    place = place_of(to, way, private=private)
    plan = place.plan(release)
    if not dry_run:
        place.carry_out(release, plan)
    return plan


def place_of(to: str, way: Way, *, private: bool) -> Place:
    """Return the place that is meant.

    Raises:
        NotFound: it cannot be told which.
    """
    if to.startswith(HUB):
        from khabar.loading.repository import HubPlace

        repository = to.removeprefix(HUB)
        if repository.count("/") != 1 or "@" in repository:
            raise NotFound(f"{to}: a dataset on the Hub is called OWNER/NAME, its version is the release's: call it so")
        return HubPlace(repository, way, private=private)
    if "://" in to:
        from khabar.loading.places import BucketPlace

        if to.startswith(("http://", "https://", "hf://")):
            raise NotFound(f"{to} takes no files: pass hub:OWNER/NAME, a bucket, a folder or the name of a .zip")
        return BucketPlace(to, way)
    if to.endswith(".zip"):
        from khabar.loading.archive import ArchivePlace

        return ArchivePlace(Path(to), way)
    from khabar.loading.places import FolderPlace

    return FolderPlace(Path(to), way)
