"""What a release says of itself in ``manifest.json``: its files, rows, digests and class labels.

Names of corpus, configs and splits become names of files of whoever reads it, and are such as can.
"""

import hashlib
import re
from typing import Annotated

import msgspec

from khabar.model.article import Identity

FORMAT = 1
_NUMBER = "(?:0|[1-9][0-9]*)"
_PART = f"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
VERSION = rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_PART}(\.{_PART})*)?\Z"
"""MAJOR.MINOR.PATCH, as SemVer writes it."""
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
GROUPS = (
    "articles",
    "code_points",
    "splits",
    "sources",
    "licenses",
    "provenance",
    "redistribution",
    "annotators",
    "annotations",
    "roles",
    "settled",
    "relations",
)
"""What `Manifest.counts` counts, besides the spans of each layer."""


def core(version: str) -> tuple[int, int, int]:
    """Return MAJOR, MINOR and PATCH of a version."""
    major, minor, patch = version.partition("-")[0].split(".")
    return int(major), int(minor), int(patch)


def precedence(version: str) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
    """Return what versions are ordered by (Semantic Versioning 2.0.0, item 11): a pre-release before its release."""
    identifiers = version.partition("-")[2]
    ranked = tuple(
        (False, int(each), "") if re.fullmatch("[0-9]+", each) else (True, 0, each)
        for each in (identifiers.split(".") if identifiers else ())
    )
    return core(version), not identifiers, ranked


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of the release.

    Attributes:
        path: Relative to the release's folder, with forward slashes.
        bytes: Its size.
        sha256: Digest of its bytes: that it arrived whole.
    """

    path: str
    bytes: int
    sha256: str


class Split(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One split of one config.

    Attributes:
        files: Paths of its Parquet files, in order.
        rows: Rows in them.
        bytes: Their size, uncompressed and in canonical form.
        content: Content digest of the rows (`khabar.model.content`): that they are these rows.
    """

    files: tuple[str, ...]
    rows: int
    bytes: int
    content: str


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the release.

    Attributes:
        summary: What a row is.
        splits: By name.
        class_labels: Label names by the dotted path of their column, in the order of their ids.
    """

    summary: str
    splits: dict[Identity, Split]
    class_labels: dict[str, tuple[str, ...]]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it.

    Attributes:
        format: Version of this file's form.
        name: Name of the corpus.
        version: Version of the release.
        scheme: Version of the label set.
        label_set: Digest of the label set.
        content: Digest of all content digests: the identity of the release.
        counts: For people: `GROUPS`, then spans by label, a group a layer.
        agreement: How far annotators agree: by the campaigns that were looked at together, layer and measure.
        configs: By name.
        files: Every file but the manifest and the sums, ordered by path.
    """

    format: int
    name: Identity
    version: Annotated[str, msgspec.Meta(pattern=VERSION)]
    scheme: str
    label_set: str
    content: str
    counts: dict[str, dict[str, int]]
    agreement: dict[str, dict[str, dict[str, float]]] = {}
    configs: dict[Identity, Config]
    files: tuple[File, ...]

    @property
    def layers(self) -> dict[str, dict[str, int]]:
        """Spans by label, layer by layer."""
        return {name: numbers for name, numbers in self.counts.items() if name not in GROUPS}


def content_of(configs: dict[str, Config]) -> str:
    """Return the identity of a release: the digest of its label orders and its splits' content digests."""
    whole = hashlib.sha256()
    for name, config in sorted(configs.items()):
        for path, labels in sorted(config.class_labels.items()):
            whole.update(f"{name} {path} {' '.join(labels)}\n".encode())
        for split, each in sorted(config.splits.items()):
            whole.update(f"{name} {split} {each.rows} {each.content}\n".encode())
    return whole.hexdigest()
