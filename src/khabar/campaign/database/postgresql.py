"""The server's state in PostgreSQL, by its own clients: psql, pg_dump, pg_restore.

They are told where the database is as Label Studio is, by ``POSTGRE_...`` variables; the password goes to them through
the environment, never on a command line.  What a dump holds is read from the dump itself, so it is of one moment.
"""

import csv
import io
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Literal

from khabar.errors import NotFound, ServerTrouble

DEFAULTS = {"USER": "postgres", "PASSWORD": "postgres", "NAME": "postgres", "HOST": "localhost", "PORT": "5432"}
"""Label Studio's own, where a variable is not set."""
PATIENCE = "30"
"""Seconds that the server may take to answer a connection."""
SCRATCH = "khabar_drill_"
"""Beginning of the names of databases that are made here, and dropped."""

_PSQL = ("--no-password", "--no-psqlrc", "--quiet", "--tuples-only", "--csv", "--set=ON_ERROR_STOP=1")
_TABLES = "select count(*) from pg_tables where schemaname !~ '^pg_' and schemaname <> 'information_schema'"
_MAY_CREATE = "select rolsuper or rolcreatedb from pg_roles where rolname = current_user"
_CREATE = """
select format('create database {name} template template0 encoding %L lc_collate %L lc_ctype %L',
              pg_encoding_to_char(encoding), datcollate, datctype)
from pg_database where datname = current_database()
\\gexec
"""
_HEAD = re.compile(rb"COPY .* \((.*)\) FROM stdin;\n")
_END = b"\\.\n"
_ESCAPED = re.compile(rb"\\(.)")
_MEANT = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class PostgreSQL:
    """A database of a PostgreSQL server.

    Attributes:
        kind: What a back-up of it says.
        part: Where its dump lies in a back-up.
        name: Its name on the server.
        user: The role that opens it.
    """

    kind: Literal["PostgreSQL"] = "PostgreSQL"
    part = "database.dump"

    def __init__(self, variables: Mapping[str, str]) -> None:
        told = {key: variables.get(f"POSTGRE_{key}", default) for key, default in DEFAULTS.items()}
        self.name, self.user = told["NAME"], told["USER"]
        self._place = f"{told['HOST']}:{told['PORT']}"
        kept = {key: value for key, value in variables.items() if key != "PGSERVICE"}  # it would come before ours
        self._variables = {
            **kept,
            "PGHOST": told["HOST"],
            "PGPORT": told["PORT"],
            "PGUSER": self.user,
            "PGPASSWORD": told["PASSWORD"],
            "PGDATABASE": self.name,
            "PGCLIENTENCODING": "UTF8",
            "PGDATESTYLE": "ISO",
            "PGTZ": "UTC",
            "PGCONNECT_TIMEOUT": kept.get("PGCONNECT_TIMEOUT", PATIENCE),
            "LC_ALL": "C",
        }

    def __str__(self) -> str:
        return f"PostgreSQL's database '{self.name}' at {self._place}"

    def full(self) -> bool:
        """Tell whether it holds tables."""
        return self.ask(_TABLES) != [["0"]]

    def ask(self, query: str) -> list[list[str]]:
        """Return the rows that a query finds, as text; moments in UTC.

        Raises:
            ServerTrouble: the server does not answer it.
        """
        return list(csv.reader(io.StringIO(self._run("psql", *_PSQL, script=query), newline="")))

    def copy(self, target: Path) -> None:
        """Write all that it holds at one moment into a new file; it may be in use.

        Raises:
            ServerTrouble: pg_dump is older than the server, which it cannot read then.
        """
        ((number,),) = self.ask("show server_version_num")
        server = int(number) // 10_000
        version = self._run("pg_dump", "--version").strip()
        found = re.search(r"\) (\d+)", version)
        if found is None or int(found[1]) < server:
            raise ServerTrouble(
                f"{self}: the server is PostgreSQL {server}, '{version}' cannot read it: install PostgreSQL's client"
                f" {server} or newer"
            )
        self._run("pg_dump", "--no-password", "--format=custom", "--compress=1", f"--file={target}")

    def rows(self, copy: Path, table: str, columns: tuple[str, ...]) -> Iterator[tuple[str | None, ...]]:
        """Yield some columns of a table's rows from a copy: the text that PostgreSQL's COPY gives for each.

        Raises:
            ServerTrouble: there is no such table in it, or the copy is broken.
        """
        command = (_program("pg_restore"), "--data-only", f"--table={table}", "--file=-", str(copy))
        at: list[int] | None = None
        with subprocess.Popen(  # noqa: S603 - as in `_run`
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._variables
        ) as process:
            lines = iter(process.stdout or ())
            for line in lines:
                if head := _HEAD.fullmatch(line):
                    there = [each.strip('"') for each in head[1].decode().split(", ")]
                    at = [there.index(each) for each in columns]
                    for row in takewhile(_END.__ne__, lines):
                        values = row[:-1].split(b"\t")
                        yield tuple(_plain(values[each]) for each in at)
        if process.returncode or at is None:
            raise ServerTrouble(f"{self}: its copy gives no table '{table}': is it Label Studio's?")

    def put_back(self, copy: Path) -> None:
        """Fill it from a copy, whole or not at all; it is empty."""
        # An extension that is there already may be another's, who alone may comment on it.
        how = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments")
        self._run("pg_restore", "--no-password", *how, f"--dbname={self.name}", str(copy))

    @contextmanager
    def beside(self) -> Iterator[Mapping[str, str]]:
        """Make an empty database on the same server, for as long as it lasts; give the variable that names it.

        Raises:
            ServerTrouble: the role may not create databases.
        """
        if self.ask(_MAY_CREATE) != [["t"]]:
            raise ServerTrouble(
                f"{self}: the role '{self.user}' may not create databases, a drill needs one of its own beside it:"
                " let it (ALTER ROLE ... CREATEDB), or set POSTGRE_USER to a role that may"
            )
        name = SCRATCH + secrets.token_hex(6)
        try:
            self.ask(_CREATE.format(name=name))
            yield {"POSTGRE_NAME": name}
        finally:
            self.ask(f"drop database if exists {name} with (force)")

    def _run(self, program: str, *arguments: str, script: str = "") -> str:
        done = subprocess.run(  # noqa: S603 - PostgreSQL's clients, the arguments are from here
            (_program(program), *arguments),
            input=script.encode(),
            env=self._variables,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = " ".join(done.stderr.decode("utf-8", "replace").split())[:300] or "nothing"
            raise ServerTrouble(
                f"{self}: {program} ends with status {done.returncode} and says: {said}: is the server up, and are the"
                " POSTGRE_ variables right?"
            )
        return done.stdout.decode("utf-8", "replace")


def _program(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH"))
    if found is None:
        raise NotFound(f"{name} is missing: install PostgreSQL's client (Debian's package postgresql-client)")
    return found


def _plain(value: bytes) -> str | None:
    r"""Return a value as it was before COPY escaped it; ``\N`` is no value."""
    if value == rb"\N":
        return None
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), value).decode()
