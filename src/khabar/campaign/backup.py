"""The whole state of the embedded server in one file, and back: database, files, secrets, who the annotators are.

The database is copied while the server is up, by its own means (`database`).  The file says what it holds and the
digest of each part; it holds secrets, and nobody else may read it.
"""

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from khabar.campaign.database import CHOSEN, SETTING, Database, Kind, database_of
from khabar.campaign.database.held import Held, held
from khabar.campaign.environment import LOCK
from khabar.campaign.people import FILE
from khabar.campaign.server import Studio
from khabar.errors import BadRecord, Changed, NotFound, ServerTrouble
from khabar.model.text import DIGEST_SHOWN
from khabar.store.files import sha256_of

CONTENTS = "contents.json"
SECRETS = ("admin.json", FILE, "data/.env")
FILES = "data/media"


class Contents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a back-up says of itself.

    Attributes:
        database: Which kind of database its state lay in.
        version: Digest of the lock that Label Studio was installed from.
        files: SHA-256 of each part by its path under ``.studio/``.
        projects: What each project held, by its number.
    """

    database: Kind = "SQLite"  # those written before there was a choice do not say it
    version: str
    files: dict[str, str]
    projects: dict[int, Held]


def backup(studio: Studio, path: Path) -> Contents:
    """Write the server's state into a new file; the server may be up.

    Raises:
        Changed: the file is there already.
        NotFound: the database's own clients are not installed.
        ServerTrouble: there is no state, or its database cannot be copied.
    """
    if path.exists():
        raise Changed(f"{path} is there already: a back-up is never overwritten, name another file")
    database = database_of(studio.folder, studio.variables)
    if not ((studio.folder / "data").is_dir() and database.full()):
        raise ServerTrouble(
            f"{database} holds no state of {studio.folder}: run 'khabar studio up' first, and this with the same"
            f" {SETTING} and POSTGRE_ variables"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder) / "database"
        database.copy(copy)
        parts = {database.part: copy} | {name: studio.folder / name for name in SECRETS}
        parts |= {str(each.relative_to(studio.folder)): each for each in (studio.folder / FILES).rglob("*")}
        parts = {name: part for name, part in sorted(parts.items()) if part.is_file()}
        contents = Contents(
            database=database.kind,
            version=hashlib.sha256(LOCK.read_bytes()).hexdigest(),
            files={name: sha256_of(part) for name, part in parts.items()},
            projects=held(partial(database.rows, copy)),
        )
        try:
            _pack(half, contents, parts)
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
    return contents


def restore(path: Path, studio: Studio) -> Contents:
    """Put a back-up in the place of a server that has no state yet.

    Raises:
        BadRecord: the file is no back-up, or a part of it is not what it says.
        Changed: there is a state already.
        NotFound: there is no such file, or the database's own clients are not installed.
        ServerTrouble: the server is up, or its database is of another kind, or cannot be filled.
    """
    if not path.is_file():
        raise NotFound(f"{path} is missing: name a file that 'khabar studio backup' wrote")
    database = database_of(studio.folder, studio.variables)
    with studio.still():
        if (studio.folder / "data").exists():
            raise Changed(f"{studio.folder / 'data'} is there already: back it up and move it away first")
        with tempfile.TemporaryDirectory(dir=studio.folder) as folder:
            contents = _unpack(path, Path(folder), database)
            for name in ("admin.json", FILE):
                there = studio.folder / name
                if there.is_file() and name in contents.files and sha256_of(there) != contents.files[name]:
                    raise Changed(f"{there} is there already and says something else: move it away first")
            if database.full():
                raise Changed(f"{database} holds tables already: data is never overwritten, name an empty one")
            for name in contents.files:
                (Path(folder) / name).chmod(0o600)
            (Path(folder) / "data").mkdir(exist_ok=True)
            (Path(folder) / "data").chmod(0o700)
            database.put_back(Path(folder) / database.part)  # the longest step, and the one that may fail
            for name in ("admin.json", FILE, "data"):  # the data last: without it there is no state
                if (Path(folder) / name).exists():
                    (Path(folder) / name).replace(studio.folder / name)
    return contents


def _pack(path: Path, contents: Contents, parts: dict[str, Path]) -> None:
    said = msgspec.json.format(msgspec.json.encode(contents), indent=2)
    with (
        open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,  # noqa: PTH123 - with its mode
        tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive,
    ):
        head = tarfile.TarInfo(CONTENTS)
        head.size = len(said)
        archive.addfile(head, io.BytesIO(said))
        for name, part in parts.items():
            archive.add(part, name, recursive=False)


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, mode="r:gz") as archive:
            yield archive
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadRecord(f"{path}: {error}: it is no back-up, or not the whole of one: take another") from None


def _contents(path: Path, archive: tarfile.TarFile) -> Contents:
    try:
        file = archive.extractfile(CONTENTS)
        return msgspec.json.decode(file.read() if file else b"", type=Contents)
    except (KeyError, msgspec.MsgspecError) as error:
        raise BadRecord(f"{path}: {error}: it is no back-up of 'khabar studio backup'") from None


def _unpack(path: Path, folder: Path, database: Database) -> Contents:
    """Unpack a back-up and hold every part against its digest; what the back-up does not name is left out."""
    with _opened(path) as archive:
        contents = _contents(path, archive)
        if contents.database != database.kind:
            raise ServerTrouble(
                f"{path}: its state was in {contents.database}, the server here has {database.kind}:"
                f" {CHOSEN[contents.database]}"
            )
        if database.part not in contents.files:
            raise BadRecord(f"{path}: it holds no database: take another back-up")
        for name, wanted in contents.files.items():
            if "\0" in name or not (folder / name).resolve().is_relative_to(folder.resolve()):
                raise BadRecord(f"{path}: {name!r} leads out of the back-up: do not trust it")
            try:
                member = archive.getmember(name)
            except KeyError:
                raise BadRecord(f"{path}: {name} is missing from it: take another back-up") from None
            archive.extract(member, folder, filter="data")
            ours = sha256_of(folder / name)
            if ours != wanted:
                raise BadRecord(
                    f"{path}: {name} is {ours[:DIGEST_SHOWN]}, it says {wanted[:DIGEST_SHOWN]}: take another back-up"
                )
    return contents
