"""What arrives first of a release: manifest and sums, and whether they may be believed before a file is fetched.

What a manifest says comes from elsewhere, and its paths become paths of this machine.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from khabar.errors import BadRecord
from khabar.loading.patience import Patience, patiently
from khabar.loading.sources import Source
from khabar.loading.verify import manifest_of, sums_of
from khabar.model.manifest import MANIFEST, SUMS, Manifest, content_of

LARGEST = 64 << 20
"""Bytes of a manifest at most: it names files, it does not hold them."""
_LONGEST = 255
"""Bytes of a part of a path at most, as file systems have it."""


@dataclass(frozen=True, slots=True)
class Head:
    """Manifest and sums.

    Attributes:
        place: Where they come from.
        manifest: What the release says of itself.
        raw: The manifest's bytes.
        sums: The sums' bytes.
    """

    place: str
    manifest: Manifest
    raw: bytes
    sums: bytes

    @property
    def bytes(self) -> int:
        """Bytes of all files that the manifest names."""
        return sum(file.bytes for file in self.manifest.files)

    @property
    def called(self) -> str:
        """NAME@VERSION."""
        return f"{self.manifest.name}@{self.manifest.version}"


def read_head(source: Source, patience: Patience) -> Head:
    """Fetch manifest and sums.

    Raises:
        BadRecord: they are none, or what they say cannot be.
        NotFound: there is no release.
        Unreachable: the source does not answer.
    """
    raw, sums = (_whole(source, path, patience) for path in (MANIFEST, SUMS))
    head = Head(source.place, manifest_of(raw, f"{source.place}/{MANIFEST}"), raw, sums)
    for trouble in _troubles(head):
        raise BadRecord(f"{source.place}/{MANIFEST}: {trouble}")
    return head


def _whole(source: Source, path: str, patience: Patience) -> bytes:
    def read() -> bytes:
        content = bytearray()
        with closing(source.read(path, 0)) as blocks:
            for block in blocks:
                content += block
                if len(content) > LARGEST:
                    raise BadRecord(f"{source.place}/{path} has more than {LARGEST} bytes: do not trust it")
        return bytes(content)

    return patiently(read, f"{source.place}/{path}", patience)


def _troubles(head: Head) -> Iterator[str]:
    """Yield why a head cannot be believed."""
    manifest = head.manifest
    seen: set[str] = {MANIFEST.casefold(), SUMS.casefold()}
    paths = [file.path for file in manifest.files]
    folders = {path[:end].casefold() for path in paths for end, sign in enumerate(path) if sign == "/"}
    for path in paths:
        if why := unsafe(path):
            yield f"{path!r} {why}: do not trust it"
        elif path.casefold() in seen | folders:
            yield f"{path!r} is there twice, in two cases, or as a folder: do not trust it"
        seen.add(path.casefold())
    if sorted(head.sums.decode("utf-8", "replace").splitlines()) != sums_of(manifest, head.raw):
        yield f"it does not agree with {SUMS}: fetch the release again, or ask who published it"
    if content_of(manifest.configs) != manifest.content:
        yield "its content digest is not that of its configs: fetch the release again, or ask who published it"


def unsafe(path: str) -> str:
    """Return why a path from elsewhere may not become one of this machine, empty if it may."""
    parts = path.split("/")
    if not path.isprintable() or "\\" in path or ":" in path:
        return "has a character that no path of a release has"
    if any(part in ("", ".", "..") for part in parts):
        return "leads out of the release"
    return "is too long" if any(len(part.encode()) > _LONGEST for part in parts) else ""
