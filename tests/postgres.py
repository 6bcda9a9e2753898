"""A PostgreSQL server of the tests' own: in a temporary folder, on the loopback, by the programs that are installed."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from debian import needed

OWNER = "khabar"
PLAIN = "nobody_special"


def programs():
    """Return the folder of the newest server's programs, None where there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    return max(found, key=lambda path: int(path.parent.name), default=None)


def _missing():
    clients = [name for name in ("psql", "pg_dump", "pg_restore") if shutil.which(name) is None]
    return ([] if programs() else ["initdb"]) + clients


class Cluster:
    """A server that is up as long as it lasts, with a role that may make databases and one that may not.

    It will not run as root: root lets the user whom Debian's package made run it.
    """

    def __init__(self):
        needed(_missing, "postgresql", "postgresql-client")
        self.password = secrets.token_hex(12)
        self._folder = Path(tempfile.mkdtemp(prefix="khabar-postgresql-"))
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        told = self._folder / "password"
        told.write_text(self.password)
        if self._as:
            for path in (self._folder, told):
                shutil.chown(path, "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def __enter__(self):
        made = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=postgres")
        self._run("initdb", *made, f"--pwfile={self._folder / 'password'}")
        ways = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "--wait", f"--log={self._folder / 'log'}", f"--options={ways}", "start")
        for role, right in ((OWNER, "createdb"), (PLAIN, "nocreatedb")):
            self.ask(f"create role {role} login {right} password '{self.password}'")
        return self

    def __exit__(self, *_):
        self._run("pg_ctl", "--wait", "--mode=immediate", "stop")
        shutil.rmtree(self._folder)

    def ask(self, script, database="postgres"):
        """Run SQL as the superuser; return the lines of its answer."""
        place = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres", "PGPASSWORD": self.password}
        switches = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1")
        command = ("psql", *switches, f"--dbname={database}", "--command", script)
        done = subprocess.run(command, env=os.environ | place, check=True, capture_output=True, text=True)
        return done.stdout.splitlines()

    def databases(self):
        return set(self.ask("select datname from pg_database"))

    def new(self, role=OWNER):
        """Make an empty database; return the variables that tell Label Studio of it."""
        name = f"labels_{secrets.token_hex(4)}"
        self.ask(f"create database {name} owner {role}")
        told = {"NAME": name, "USER": role, "PASSWORD": self.password, "HOST": "127.0.0.1", "PORT": str(self.port)}
        return {"DJANGO_DB": "default"} | {f"POSTGRE_{key}": value for key, value in told.items()}

    def _run(self, program, *arguments):
        command = [*self._as, programs() / program, f"--pgdata={self._folder / 'data'}", *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
