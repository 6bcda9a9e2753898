"""Is a release what its manifest says: files, sums, rows, digests."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow.compute as pc

from khabar.errors import BadRecord, NotFound
from khabar.loading.papers import disagreements
from khabar.loading.recount import Recount
from khabar.loading.rows import digested, other_rows, read
from khabar.model.article import Tombstone
from khabar.model.content import ContentDigest, by_article
from khabar.model.layout import ARTICLES, ROWS, TEXTS, TOMBSTONES, articles_in
from khabar.model.manifest import FORMAT, MANIFEST, SUMS, Config, Manifest, Split, content_of
from khabar.model.text import DIGEST_SHOWN
from khabar.store.files import sha256_of


def verify(release: str | Path) -> Iterator[str]:
    """Yield every way in which a release is not what its manifest says, a line each; none where it is sound."""
    folder = Path(release)
    manifest = read_manifest(folder)
    broken = list(broken_files(folder, manifest))
    yield from broken
    if broken:
        return
    yield from _other_rows(folder, manifest)
    if content_of(manifest.configs) != manifest.content:
        yield other_content(folder)
    yield from disagreements(folder, manifest)
    yield from _risen(folder)


def _other_rows(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield the splits whose rows are not those of the manifest or of the digests of each article, and wrong counts."""
    of_articles, recount = _digests(folder), Recount(folder, manifest)
    for name, config in manifest.configs.items():
        for split, told in config.splits.items():
            content, found = ContentDigest(), dict[str, str]()
            for path in told.files:
                table = read(folder, path)
                found |= by_article(articles_in(table), digested(content, table, folder / path))
                recount.add(name, split, table)
            if content.hexdigest() != told.content:
                yield other_rows(folder, f"{name}/{split}", content.hexdigest(), told.content)
            if content.rows != told.rows:
                yield f"{folder}: {name}/{split} has {content.rows} rows, the manifest says {told.rows}: rebuild it"
            if found != (expected := of_articles.get((name, split), {})):
                article = next(key for key in {**found, **expected} if found.get(key) != expected.get(key))
                yield f"{folder / ROWS}: {article} of {name}/{split} is not what was digested: download it again"
    yield from recount.problems()


def _risen(folder: Path) -> Iterator[str]:
    """Yield the articles that were taken down and are there."""
    path = folder / TOMBSTONES
    if not path.is_file() or not (folder / ROWS).is_file():
        return
    there = set(read(folder, ROWS)["id"].to_pylist())
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            stone = msgspec.json.decode(line, type=Tombstone)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            yield f"{path}:{number}: {error}: rebuild it"
            continue
        if stone.id in there:
            yield f"{path}:{number}: {stone.id} was taken down, the release has it: rebuild it"


def _digests(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return the digests of each config and split, by article."""
    if not (folder / ROWS).is_file():
        return {}
    table = read(folder, ROWS)
    if not {"id", "split"} <= set(table.schema.names):
        raise BadRecord(f"{folder / ROWS}: it has no columns 'id' and 'split': download the release again")
    found = {}
    for split in pc.unique(table["split"]).to_pylist():
        rows = table.filter(pc.equal(table["split"], split))
        for config in rows.schema.names:
            there = rows.filter(pc.is_valid(rows[config]))
            found[config, split] = dict(zip(there["id"].to_pylist(), there[config].to_pylist(), strict=True))
    return found


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
    """Return a config of a release.

    Raises:
        NotFound: there is none of that name; the message lists those there are.
    """
    if name not in manifest.configs:
        raise NotFound(f"{folder}: no config is called '{name}', there are: {', '.join(manifest.configs)}")
    return manifest.configs[name]


def split_of(folder: Path, config: Config, place: str) -> Split:
    """Return a split of a config; ``place`` is CONFIG/SPLIT.

    Raises:
        NotFound: there is none; the message lists those there are.
    """
    name, _, split = place.partition("/")
    if split not in config.splits:
        raise NotFound(f"{folder}: {name} has no split '{split}', there are: {', '.join(config.splits)}")
    return config.splits[split]


def verified_files(folder: Path, config: str) -> Manifest:
    """Return a release's manifest, once the files of a config, and of the texts of its rows, are found to be its own.

    Raises:
        NotFound: there is no release, or no such config.
        BadRecord: a file is missing, changed or foreign, or the manifest does not agree with itself.
    """
    manifest = read_manifest(folder)
    config_of(folder, manifest, config)
    for problem in broken_files(folder, manifest, config):
        raise BadRecord(problem)
    if content_of(manifest.configs) != manifest.content:
        raise BadRecord(other_content(folder))
    return manifest


def texts_for(manifest: Manifest, config: str) -> Config | None:
    """Return the config that has the texts of a config's rows, None where its rows lack none."""
    return manifest.configs.get(TEXTS) if config == ARTICLES else None


def broken_files(folder: Path, manifest: Manifest, config: str = "") -> Iterator[str]:
    """Yield what is wrong with the files: of one config, with the texts of its rows, or of all."""
    wanted = {each.path: each for each in manifest.files}
    configs = list(manifest.configs.values())
    if config:
        texts = texts_for(manifest, config)
        configs = [manifest.configs[config], *([texts] if texts else [])]
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


def other_content(folder: Path) -> str:
    """Return the line that says that the content digest is not that of the configs."""
    return f"{folder / MANIFEST}: its content digest is not that of its configs and labels: download the release again"
