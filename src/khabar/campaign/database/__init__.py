"""Where the embedded server keeps its state, by what is needed of it here: SQLite, or PostgreSQL by setting."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol

from khabar.campaign.database.postgresql import PostgreSQL
from khabar.campaign.database.sqlite import SQLite
from khabar.errors import ServerTrouble

Kind = Literal["SQLite", "PostgreSQL"]
SETTING = "DJANGO_DB"
CHOSEN: dict[Kind, str] = {
    "SQLite": f"unset {SETTING}",
    "PostgreSQL": f"set {SETTING}=default and POSTGRE_NAME, _USER, _PASSWORD, _HOST and _PORT",
}
"""How to choose each kind."""


class Database(Protocol):
    """A database of Label Studio; as text, what a person calls it."""

    @property
    def kind(self) -> Kind:
        """What a back-up of it says."""

    @property
    def part(self) -> str:
        """Where its copy lies in a back-up; what lies under ``data/`` comes back with that folder."""

    def full(self) -> bool:
        """Tell whether it holds tables."""

    def ask(self, query: str) -> Sequence[Sequence[Any]]:
        """Return the rows that a query finds; numbers may come as text, moments do, in UTC."""

    def copy(self, target: Path) -> None:
        """Write all that it holds at one moment into a new file; it may be in use."""

    def rows(self, copy: Path, table: str, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of a table's rows from a copy; numbers may come as text, JSON does."""

    def put_back(self, copy: Path) -> None:
        """Fill it from a copy, whole or not at all; it is empty."""

    def beside(self) -> AbstractContextManager[Mapping[str, str]]:
        """Make an empty one beside it, for as long as it lasts; give the variables that name it."""


def database_of(folder: Path, variables: Mapping[str, str]) -> Database:
    """Return the database of a server.

    Args:
        folder: The server's.
        variables: What it runs with: ``DJANGO_DB`` and ``POSTGRE_...``, as Label Studio reads them.

    Raises:
        ServerTrouble: the variables name a database of another kind.
    """
    match variables.get(SETTING, "sqlite"):
        case "sqlite":
            return SQLite(folder)
        case "default" | "postgresql":
            return PostgreSQL(variables)
        case other:
            raise ServerTrouble(
                f"{SETTING} is '{other}', back-ups are of 'sqlite' and 'default', which is PostgreSQL: back it up with"
                " the tools of its database"
            )
