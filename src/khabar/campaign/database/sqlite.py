"""The server's state in SQLite: one file of its folder, copied by SQLite's own backup."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal


class SQLite:
    """The database in a server's folder.

    Attributes:
        kind: What a back-up of it says.
        part: Where it lies in the folder, and in a back-up.
    """

    kind: Literal["SQLite"] = "SQLite"
    part = "data/label_studio.sqlite3"

    def __init__(self, folder: Path) -> None:
        self._path = folder / self.part

    def __str__(self) -> str:
        return str(self._path)

    def full(self) -> bool:
        """Tell whether the file is there."""
        return self._path.is_file()

    def copy(self, target: Path) -> None:
        """Write all that it holds at one moment into a new file; it may be in use."""
        with (
            closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)

    def rows(self, copy: Path, table: str, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of a table's rows from a copy."""
        with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
            yield from connection.execute(f"select {', '.join(columns)} from {table}")  # noqa: S608 - names from here

    def put_back(self, copy: Path) -> None:
        """Nothing is left to do: the copy lies under ``data/`` and comes back with it."""

    @contextmanager
    def beside(self) -> Iterator[Mapping[str, str]]:
        """Give no variables: a server in another folder has a database of its own there."""
        yield {}
