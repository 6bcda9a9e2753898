"""The server's state in SQLite: one file of its folder, copied by SQLite's own backup."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

from khabar.errors import ServerTrouble


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

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows that a query finds.

        Raises:
            ServerTrouble: its tables are not there.
        """
        return list(self._found(self._path, query))

    def copy(self, target: Path) -> None:
        """Write all that it holds at one moment into a new file; it may be in use."""
        with _opened(self._path) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)

    def rows(self, copy: Path, table: str, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of a table's rows from a copy.

        Raises:
            ServerTrouble: there is no such table in it.
        """
        return self._found(copy, f"select {', '.join(columns)} from {table}")  # noqa: S608 - names from here

    def put_back(self, copy: Path) -> None:
        """Nothing is left to do: the copy lies under ``data/`` and comes back with it."""

    @contextmanager
    def beside(self) -> Iterator[Mapping[str, str]]:
        """Give no variables: a server in another folder has a database of its own there."""
        yield {}

    def _found(self, path: Path, query: str) -> Iterator[tuple[Any, ...]]:
        try:
            with _opened(path) as connection:
                yield from connection.execute(query)
        except sqlite3.Error as error:
            raise ServerTrouble(f"{self}: {error}: is it Label Studio's, and was that ever up?") from None


def _opened(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True))
