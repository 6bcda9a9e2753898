"""Is a release what its manifest says: files, sums, rows, digests."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from khabar.errors import BadRecord, NotFound
from khabar.model.content import ContentDigest
from khabar.model.manifest import FORMAT, MANIFEST, SUMS, Config, Manifest, content_of
from khabar.model.text import DIGEST_SHOWN


def verify(release: str | Path) -> Iterator[str]:
    """Yield every way in which a release is not what its manifest says, a line each; none where it is sound."""
    folder = Path(release)
    manifest = read_manifest(folder)
    broken = list(broken_files(folder, manifest))
    yield from broken
    if broken:
        return
    for name, config in manifest.configs.items():
        for split, told in config.splits.items():
            table, content = rows_of(folder, told.files)
            if content != told.content:
                yield other_rows(folder, f"{name}/{split}", content, told.content)
            if table.num_rows != told.rows:
                yield f"{folder}: {name}/{split} has {table.num_rows} rows, the manifest says {told.rows}: rebuild it"
    if content_of(manifest.configs) != manifest.content:
        yield other_content(folder)


def read_manifest(folder: Path) -> Manifest:
    """Read a release's manifest.

    Raises:
        NotFound: there is none.
        BadRecord: it does not parse, or has a form that this version does not know.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise NotFound(f"{path} is missing, a release has one: is this a release's folder?")
    return manifest_of(path.read_bytes(), str(path))


def manifest_of(content: bytes, place: str) -> Manifest:
    """Decode a manifest; the message of an error begins with its place.

    Raises:
        BadRecord: it does not parse, or has a form that this version does not know.
    """
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord(f"{place}: {error}") from None
    if manifest.format != FORMAT:
        raise BadRecord(
            f"{place}: its form is {manifest.format}, this khabar reads {FORMAT}: install the one it was made for"
        )
    return manifest


def config_of(folder: Path, manifest: Manifest, name: str) -> Config:
    if name not in manifest.configs:
        raise NotFound(f"{folder}: no config is called '{name}', there are: {', '.join(manifest.configs)}")
    return manifest.configs[name]


def broken_files(folder: Path, manifest: Manifest, config: str = "") -> Iterator[str]:
    """Yield what is wrong with the files, of one config or of all."""
    wanted = {each.path: each for each in manifest.files}
    configs = [manifest.configs[config]] if config else list(manifest.configs.values())
    named = {path for each in configs for split in each.splits.values() for path in split.files}
    for path in sorted(named - set(wanted)):
        yield f"{folder / MANIFEST}: it lists no file '{path}', which a config is made of: download the release again"
    if config:
        wanted = {path: each for path, each in wanted.items() if path in named}
    for path, told in wanted.items():
        file = folder / path
        if "\0" in path or not file.resolve().is_relative_to(folder.resolve()):
            yield f"{folder / MANIFEST}: {path!r} leads out of the release: do not trust it"
        elif not file.is_file():
            yield f"{file} is missing: download the release again"
        elif file.stat().st_size != told.bytes:
            yield f"{file} has {file.stat().st_size} bytes, the manifest says {told.bytes}: download it again"
        elif (found := sha256_of(file)) != told.sha256:
            yield f"{file} is {found[:DIGEST_SHOWN]}, the manifest says {told.sha256[:DIGEST_SHOWN]}: download it again"
    if not config:
        yield from _sums(folder, manifest)


def _sums(folder: Path, manifest: Manifest) -> Iterator[str]:
    told = {MANIFEST, *(each.path for each in manifest.files)}
    path = folder / SUMS
    lines = path.read_bytes().decode("utf-8", "replace").splitlines() if path.is_file() else []
    if sorted(lines) != sums_of(manifest, (folder / MANIFEST).read_bytes()):
        yield f"{path} does not agree with the manifest: download the release again"
    there = (each for each in folder.rglob("*") if each.is_symlink() or not each.is_dir())
    for name in sorted({each.relative_to(folder).as_posix() for each in there} - told - {SUMS}):
        yield f"{folder / name} does not belong to the release: remove it"


def sums_of(manifest: Manifest, raw: bytes) -> list[str]:
    """Return the lines of the sums that belong to a manifest, sorted; ``raw`` is its file."""
    told = {each.path: each.sha256 for each in manifest.files} | {MANIFEST: hashlib.sha256(raw).hexdigest()}
    return sorted(f"{digest}  {name}" for name, digest in told.items())


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rows_of(folder: Path, files: tuple[str, ...]) -> tuple[pa.Table, str]:
    """Read rows, page checksums verified, and digest their content."""
    content = ContentDigest()
    tables = []
    for path in files:
        try:
            table = pq.read_table(folder / path, page_checksum_verification=True, partitioning=None)
            content.add(table)
        except (OSError, TypeError, pa.ArrowException) as error:
            raise BadRecord(f"{folder / path}: {str(error).splitlines()[0]}: download it again") from None
        tables.append(table)
    if not tables:
        raise BadRecord(f"{folder / MANIFEST}: a split has no file, each has one at least: download the release again")
    return pa.concat_tables(tables), content.hexdigest()


def other_content(folder: Path) -> str:
    return f"{folder / MANIFEST}: its content digest is not that of its configs and labels: download the release again"


def other_rows(folder: Path, place: str, found: str, told: str) -> str:
    return (
        f"{folder}: the rows of {place} are {found[:DIGEST_SHOWN]}, the manifest says {told[:DIGEST_SHOWN]}:"
        " download the release again"
    )
