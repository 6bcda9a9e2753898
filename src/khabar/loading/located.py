"""Which folder a name means: the cache remembers, and never gives another version than the one that is asked for."""

import re
from pathlib import Path

from khabar.errors import BadRecord, Changed, NotFound
from khabar.loading.cache import IN_NAME, Cache
from khabar.loading.download import Way, content_is, download
from khabar.loading.sources import NAME, Named, named, repository_of
from khabar.loading.verify import read_manifest
from khabar.model.manifest import MANIFEST
from khabar.model.text import DIGEST_SHOWN


def located(release: str | Path, version: str | None = None, content: str | None = None) -> Path:
    """Return the folder of a release; one that is called by name comes from the cache, and is fetched if it must be.

    What is in the cache is found without the network.  A folder that holds a release goes before a name that is
    spelt as it is.

    Args:
        release: A folder; or ``NAME`` or ``OWNER/NAME`` with a version, which may follow after ``@``.
        version: Version that it must have.
        content: Content digest that it must have, or the digest's beginning.

    Raises:
        BadRecord: what is in the cache is not what its folder says.
        Changed: version or content are others than those that are asked for.
        NotFound: there is no such release.
        Unreachable: it is not in the cache, and its source does not answer.
    """
    if "" in (version, content):
        raise NotFound(f"{release}: the version or content that is asked for is empty: pass one, or None for any")
    if "://" in str(release) or str(release).endswith(".zip"):
        raise NotFound(f"{release} is no folder: fetch it with khabar.download first, and open the folder it returns")
    wanted = _wanted(release, version)
    folder = Path(release) if wanted is None else _cached(wanted, content or "")
    if folder is None and wanted is not None:
        folder = download(wanted, way=Way(content=content or ""))
    manifest = read_manifest(folder or Path(release))
    if version is not None and manifest.version != version:
        raise Changed(f"{release} holds version {manifest.version}, {version} is asked for: pass another folder")
    content_is(manifest, content or "", str(release))
    return folder or Path(release)


def _wanted(release: str | Path, version: str | None) -> Named | None:
    """Tell a name from a folder: None for that."""
    if isinstance(release, Path) or (Path(release) / MANIFEST).is_file():
        return None
    found = named(release)
    if found is None and version is None and Path(release).is_dir():
        return None
    if found is None and re.fullmatch(rf"(?:{NAME}/)?{NAME}", release, re.ASCII):
        if version is None:
            there = ", ".join(Cache().versions(release.rpartition("/")[2])) or "none"
            raise NotFound(f"{release} is no folder, and a name needs a version: pass one; in the cache are: {there}")
        found = named(f"{release}@{version}")
    if found and version not in (None, found.version):
        raise NotFound(f"{release} names a version, and {version} is asked for: pass one of them")
    return found


def _cached(wanted: Named, content: str) -> Path | None:
    """Return the folder in the cache, None where there is none."""
    cache = Cache()
    try:
        pin = cache.pin(repository_of(wanted.name), wanted.version)
    except NotFound:  # a bare name of nobody: the cache may know it all the same
        pin = None
    if pin is not None:
        found = [cache.folder(pin.name, pin.version, pin.content)]
    elif "/" in wanted.name:
        return None
    else:
        found = [each for each in cache.found(*wanted) if each.name.startswith(content[:IN_NAME])]
    there = [each for each in found if (each / MANIFEST).is_file()]
    if len(there) > 1:
        contents = ", ".join(each.name[:DIGEST_SHOWN] for each in there)
        raise Changed(f"{wanted} is in the cache with the contents {contents}: pass the content that is meant")
    for each in there:
        told = read_manifest(each)
        expected = pin.content if pin else each.name
        if not told.content.startswith(expected) or told.version != wanted.version:
            raise BadRecord(
                f"{each} says it is {told.name}@{told.version} with content {told.content[:DIGEST_SHOWN]}, it was"
                f" fetched as {wanted} with content {expected[:DIGEST_SHOWN]}: remove it, and download it again"
            )
    return there[0] if there else None
