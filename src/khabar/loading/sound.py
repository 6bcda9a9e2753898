"""What was found to be sound once: that the rows of the files that a manifest names have the content that it says.

That is true of a manifest for ever: it names every file by its SHA-256, which is verified each time.  So the digest of
the manifest is what it is remembered by, in ``<cache>/sound/<digest>/``, a file a split.
"""

import contextlib
import hashlib
from pathlib import Path

from khabar.loading.cache import IN_NAME, Cache
from khabar.model.manifest import MANIFEST, Manifest
from khabar.store.files import sha256_of


class Sound:
    """The splits of one release whose rows are known to be those of its manifest.

    Args:
        folder: The release.
        cache: Where it is remembered.
    """

    def __init__(self, folder: Path, cache: Cache | None = None) -> None:
        self._folder = (cache or Cache()).root / "sound" / sha256_of(folder / MANIFEST)

    def known(self, place: str) -> bool:
        """Tell whether the rows of CONFIG/SPLIT were digested before and found to be right."""
        return self._path(place).is_file()

    def remember(self, place: str) -> None:
        """Keep in mind that they are; where nothing can be kept, they are digested every time."""
        path = self._path(place)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def remember_all(self, manifest: Manifest) -> None:
        """Keep in mind that all its splits are: the whole release was verified."""
        for name, config in manifest.configs.items():
            for split in config.splits:
                self.remember(f"{name}/{split}")

    def _path(self, place: str) -> Path:
        # The names come from elsewhere, and become no path of this machine.
        return self._folder / hashlib.sha256(place.encode()).hexdigest()[:IN_NAME]
