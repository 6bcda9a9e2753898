"""The embedded Label Studio: one process on the loopback, its state under ``.studio/``, started and stopped here.

A lock on ``.studio/process`` is held by the server as long as it lives, through a file that it inherits.  It tells
our server from another process that got its number, and keeps two of them from one database.
"""

import fcntl
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from khabar.campaign.address import Server, is_up, verify
from khabar.campaign.environment import admin, install, program, settings, write_secret
from khabar.errors import ServerTrouble

HOST = "127.0.0.1"
PORT = 8080
PATIENCE = 300.0
"""Seconds that a start may take; the first one fills the database: 44 on a busy machine."""
GRACE = 20.0
"""Seconds between the request to stop and the order."""
PULSE = 0.2
ENVIRONMENT = "KHABAR_STUDIO_ENVIRONMENT"

RUNNING = -1


def _silent(_: str) -> None:
    pass


class Studio:
    """The embedded Label Studio of one folder.

    Attributes:
        folder: Data, secrets, log and state; git-ignored.
        environment: The environment that Label Studio runs in.
    """

    def __init__(
        self, folder: Path, environment: Path | None = None, variables: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.environment = environment or Path(os.environ.get(ENVIRONMENT) or folder / "env").absolute()
        self._variables = variables or {}
        self._state = folder / "server.json"
        self._log = folder / "server.log"

    @property
    def variables(self) -> dict[str, str]:
        """The variables at hand, less those that it was given others for: they tell where its database is."""
        return {**os.environ, **self._variables}

    def install(self, tell: Callable[[str], None] = _silent) -> bool:
        """Make the environment; return False where it is there already."""
        self._make_folder()
        return install(self.environment, tell)

    def status(self) -> Server | None:
        """Return the server if it is up, else None."""
        if not self._held():
            return None
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=Server)
        except FileNotFoundError:  # it is about to start, or has just ended
            return None

    def up(self, port: int | None = None, tell: Callable[[str], None] = _silent) -> tuple[Server, bool]:
        """Start the server; return it, and whether it had to be started.

        Args:
            port: The port to listen on; if None, `PORT` or any that is free.
            tell: Called with what is being waited for.

        Raises:
            ServerTrouble: the port is taken, or the server does not come up.
        """
        self.install(tell)
        with self._lock() as (lock, free):
            if free:
                return self._start(lock, _free_port(port), tell), True
        server = self.status()
        if server is None:
            raise ServerTrouble(f"{self.folder}: another 'khabar studio up' is at work there: wait until it is done")
        if port not in (None, int(server.url.rsplit(":", 1)[1])):
            raise ServerTrouble(
                f"Label Studio is up on {server.url}, not on port {port}: run 'khabar studio down' first"
            )
        if not is_up(server.url):
            raise ServerTrouble(f"{server.url} does not answer yet: see {server.log}, or run 'khabar studio down'")
        return server, False

    def down(self) -> bool:
        """Stop the server that was started here; return False where none is up.  What it stored stays."""
        server = self.status()
        if server is None:
            return False
        self._stop(server.pid)
        self._state.unlink(missing_ok=True)
        return True

    @contextmanager
    def still(self) -> Iterator[None]:
        """Keep the server from starting as long as it lasts.

        Raises:
            ServerTrouble: it is up.
        """
        self._make_folder()
        with self._lock() as (_, free):
            if not free:
                raise ServerTrouble(f"Label Studio is up on the data in {self.folder}: run 'khabar studio down' first")
            yield

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")

    @contextmanager
    def _lock(self) -> Iterator[tuple[IO[bytes], bool]]:
        """Try to take the server's lock; yield its file and whether it was free.  Closing the file gives it back."""
        with (self.folder / "process").open("ab") as file:
            while not (free := _taken(file, fcntl.LOCK_EX)) and _taken(file, fcntl.LOCK_SH):
                fcntl.flock(file, fcntl.LOCK_UN)  # only others who look have it, and not for long
                time.sleep(PULSE / 20)
            yield file, free

    def _held(self) -> bool:
        """Tell whether somebody has the server's lock; it is shared by those who look, and nothing is made."""
        path = self.folder / "process"
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return not _taken(file, fcntl.LOCK_SH)

    def _start(self, lock: IO[bytes], port: int, tell: Callable[[str], None]) -> Server:
        first = not (self.folder / "data").is_dir()
        self._state.unlink(missing_ok=True)
        (self.folder / "data").mkdir(exist_ok=True, mode=0o700)
        command = [program(self.environment, "label-studio"), "start", "--no-browser"]
        write_secret(self._log, b"")
        pid = self._spawn([*map(str, command), "--internal-host", HOST, "--port", str(port)], lock)
        token = admin(self.folder).token
        server = Server(url=f"http://{HOST}:{port}", token=token, pid=pid, log=str(self._log))
        try:
            write_secret(self._state, msgspec.json.encode(server))
            tell("starting Label Studio" + (" and filling its database" if first else ""))
            self._wait_until_up(server)
        except BaseException:
            lock.close()
            self._stop(pid)
            self._state.unlink(missing_ok=True)
            raise
        return server

    def _spawn(self, command: list[str], lock: IO[bytes]) -> int:
        """Start a program that outlives this process and inherits the lock's file; return its number."""
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003 - takes no name
        with self._log.open("ab") as log, Path(os.devnull).open("rb") as nothing:
            doors = ((nothing.fileno(), 0), (log.fileno(), 1), (log.fileno(), 2))
            actions = [(os.POSIX_SPAWN_DUP2, *each) for each in doors]
            return os.posix_spawn(
                command[0], command, settings(self.folder, self.variables), file_actions=actions, setsid=True
            )

    def _wait_until_up(self, server: Server) -> None:
        limit = time.monotonic() + PATIENCE
        while not is_up(server.url):
            if (status := _reaped(server.pid)) != RUNNING:
                raise ServerTrouble(f"Label Studio ended with status {status}: {self._last_words()}: see {self._log}")
            if time.monotonic() > limit:
                raise ServerTrouble(
                    f"Label Studio is not up after {PATIENCE:.0f} seconds: {self._last_words()}: see {self._log}"
                )
            time.sleep(PULSE)
        verify(server)

    def _last_words(self) -> str:
        lines = [line.strip() for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines()]
        return next((line[:200] for line in reversed(lines) if line), "it said nothing")

    def _stop(self, pid: int) -> None:
        """Ask the server to end, then make it; the lock tells when it has."""
        for order in (signal.SIGTERM, signal.SIGKILL):
            if self._ended(pid):
                return
            try:
                os.killpg(pid, order)
            except ProcessLookupError:
                return
            limit = time.monotonic() + GRACE
            while time.monotonic() < limit and not self._ended(pid):
                time.sleep(PULSE / 2)

    def _ended(self, pid: int) -> bool:
        _reaped(pid)
        return not self._held()


def _taken(file: IO[bytes], how: int) -> bool:
    """Try to lock a file in one way, without waiting; tell whether it worked."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _reaped(pid: int) -> int:
    """Take leave of a server of this process that has ended; return its status, `RUNNING` where there is none."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return RUNNING  # another process started it
    return os.waitstatus_to_exitcode(status) if ended else RUNNING


def _free_port(wanted: int | None) -> int:
    for port in (PORT, 0) if wanted is None else (wanted,):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerTrouble(f"port {wanted} of {HOST} is taken, Label Studio needs it free: pass another with --port")
