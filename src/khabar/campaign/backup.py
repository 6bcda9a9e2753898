"""The whole state of the embedded server in one file, and back: database, files, secrets, who the annotators are.

The database is copied while the server is up, by SQLite's own backup.  The file says what it holds and the digest of
each part; it holds secrets, and nobody else may read it.
"""

import hashlib
import io
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from khabar.campaign.environment import LOCK
from khabar.campaign.people import FILE
from khabar.campaign.server import Studio
from khabar.campaign.shelf import fingerprint
from khabar.errors import BadRecord, Changed, NotFound, ServerTrouble
from khabar.model.text import DIGEST_SHOWN

DATABASE = "data/label_studio.sqlite3"
CONTENTS = "contents.json"
SECRETS = ("admin.json", FILE, "data/.env")
FILES = "data/media"


class Held(msgspec.Struct, frozen=True, order=True):
    """What one project holds.

    Attributes:
        tasks: How many tasks.
        annotations: How many annotations.
        said: Digest of the annotations' numbers and results, in any order.
    """

    tasks: int
    annotations: int
    said: str


class Contents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a back-up says of itself.

    Attributes:
        version: Digest of the lock that Label Studio was installed from.
        files: SHA-256 of each part by its path under ``.studio/``.
        projects: What each project held, by its number.
    """

    version: str
    files: dict[str, str]
    projects: dict[int, Held]


def backup(studio: Studio, path: Path) -> Contents:
    """Write the server's state into a new file; the server may be up.

    Raises:
        Changed: the file is there already.
        ServerTrouble: there is no state, or it is in another database than SQLite.
    """
    if path.exists():
        raise Changed(f"{path} is there already: a back-up is never overwritten, name another file")
    _refuse_other_databases()
    if not (studio.folder / DATABASE).is_file():
        raise ServerTrouble(f"{studio.folder} holds no database: run 'khabar studio up' first")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        database = Path(folder) / "database"
        _copy(studio.folder / DATABASE, database)
        parts = {DATABASE: database} | {name: studio.folder / name for name in SECRETS}
        parts |= {str(each.relative_to(studio.folder)): each for each in (studio.folder / FILES).rglob("*")}
        parts = {name: part for name, part in sorted(parts.items()) if part.is_file()}
        contents = Contents(
            version=hashlib.sha256(LOCK.read_bytes()).hexdigest(),
            files={name: _digest(part) for name, part in parts.items()},
            projects=held(database),
        )
        try:
            _pack(partial, contents, parts)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return contents


def restore(path: Path, studio: Studio) -> Contents:
    """Put a back-up in the place of a server that has no state yet.

    Raises:
        BadRecord: the file is no back-up, or a part of it is not what it says.
        Changed: there is a state already.
        NotFound: there is no such file.
        ServerTrouble: the server is up.
    """
    if not path.is_file():
        raise NotFound(f"{path} is missing: name a file that 'khabar studio backup' wrote")
    _refuse_other_databases()
    with studio.still():
        if (studio.folder / "data").exists():
            raise Changed(f"{studio.folder / 'data'} is there already: back it up and move it away first")
        with tempfile.TemporaryDirectory(dir=studio.folder) as folder:
            contents = _unpack(path, Path(folder))
            for name in ("admin.json", FILE):
                there = studio.folder / name
                if there.is_file() and name in contents.files and _digest(there) != contents.files[name]:
                    raise Changed(f"{there} is there already and says something else: move it away first")
            for name in contents.files:
                (Path(folder) / name).chmod(0o600)
            (Path(folder) / "data").chmod(0o700)
            for name in ("admin.json", FILE, "data"):  # the database last: without it there is no state
                if (Path(folder) / name).exists():
                    (Path(folder) / name).replace(studio.folder / name)
    return contents


def held(database: Path) -> dict[int, Held]:
    """Return what each project of a database holds."""
    said: dict[int, list[str]] = {}
    tasks: dict[int, int] = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for number, count in connection.execute(
            "select project.id, count(task.id) from project left join task on task.project_id = project.id group by 1"
        ):
            tasks[number], said[number] = count, []
        query = "select task.project_id, c.id, c.result from task_completion c join task on task.id = c.task_id"
        for number, key, result in connection.execute(query):
            said[number].append(spoken(key, msgspec.json.decode(result) if result else None))
    return {number: Held(count, len(said[number]), together(said[number])) for number, count in tasks.items()}


def spoken(number: int, result: object) -> str:
    """Return the digest of one annotation: its number and its result."""
    return fingerprint([number, result])


def together(said: list[str]) -> str:
    """Return the digest of digests, in any order."""
    return fingerprint(sorted(said))


def _refuse_other_databases() -> None:
    if os.environ.get("DJANGO_DB", "sqlite") != "sqlite":
        raise ServerTrouble("the server's state is not in SQLite: back it up with the tools of its database")


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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


def _unpack(path: Path, folder: Path) -> Contents:
    """Unpack a back-up and hold every part against its digest; what the back-up does not name is left out."""
    with _opened(path) as archive:
        contents = _contents(path, archive)
        for name, wanted in contents.files.items():
            try:
                member = archive.getmember(name)
            except KeyError:
                raise BadRecord(f"{path}: {name} is missing from it: take another back-up") from None
            archive.extract(member, folder, filter="data")
            ours = _digest(folder / name)
            if ours != wanted:
                raise BadRecord(
                    f"{path}: {name} is {ours[:DIGEST_SHOWN]}, it says {wanted[:DIGEST_SHOWN]}: take another back-up"
                )
    if DATABASE not in contents.files:
        raise BadRecord(f"{path}: it holds no database: take another back-up")
    return contents
