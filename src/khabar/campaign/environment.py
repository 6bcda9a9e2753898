"""Label Studio's own environment: made by uv from the lock beside this file, and the settings the server runs with.

Label Studio is a tool, not a library: it pins a pyarrow that is older than ours, so the two never share an
environment.  Its version is pinned in ``labelstudio.txt`` alone.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from khabar.campaign.foreign import campaign_extra
from khabar.errors import ServerTrouble

LOCK = Path(__file__).with_name("labelstudio.txt")
STAMP = "khabar-lock"
"""Written into the environment last: a half-made one has none."""

FOREIGN = ("LABEL_STUDIO_", "HEARTEX_", "DATABASE_NAME", "PYTHON", "VIRTUAL_ENV", "USERNAME", "PASSWORD", "USER_TOKEN")
"""Beginnings of variables that would change the server behind our back."""

SETTINGS = {
    "LABEL_STUDIO_ALLOWED_HOSTS": "127.0.0.1,localhost",
    "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
    "LABEL_STUDIO_CONVERTER_DOWNLOAD_RESOURCES": "false",
    "LABEL_STUDIO_CORS_ALLOW_ALL_ORIGINS": "false",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "LABEL_STUDIO_ENABLE_LOCAL_FILES_STORAGE": "false",
    "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_LOG_LEVEL": "WARNING",
    "LABEL_STUDIO_SENTRY_DSN": "",
    "fflag_feat_utc_210_prediction_validation_15082025": "true",
}


class Admin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one account that the server is born with.

    Attributes:
        email: What it logs in with.
        password: Made at random.
        token: Its API token, 40 hex digits.
    """

    email: str
    password: str
    token: str


def install(environment: Path, tell: Callable[[str], None]) -> bool:
    """Make Label Studio's environment; return False where it is there already.

    Raises:
        NotFound: uv is not installed.
        ServerTrouble: uv cannot make it.
    """
    stamp = environment / STAMP
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if _read(stamp) == wanted:
        return False
    with campaign_extra():
        from uv import find_uv_bin
    environment.parent.mkdir(parents=True, exist_ok=True)
    with _alone(environment):
        if _read(stamp) == wanted:
            return False
        shutil.rmtree(environment, ignore_errors=True)
        uv = find_uv_bin()
        tell("making Label Studio's environment, about 800 MB, once")
        _run(uv, "venv", "--quiet", "--python", sys.executable, environment)
        _run(
            uv, "pip", "install", "--quiet", "--python", program(environment, "python"), "--require-hashes", "-r", LOCK
        )
        stamp.write_text(wanted, encoding="utf-8")
    return True


def program(environment: Path, name: str) -> Path:
    """Return the path of a program of the environment."""
    return environment / "bin" / name


def admin(folder: Path) -> Admin:
    """Return the account, which is made up where there is none yet."""
    path = folder / "admin.json"
    if not path.is_file():
        made = Admin(email="khabar@example.org", password=secrets.token_urlsafe(18), token=secrets.token_hex(20))
        write_secret(path, msgspec.json.encode(made))
    try:
        return msgspec.json.decode(path.read_bytes(), type=Admin)
    except msgspec.MsgspecError as error:
        raise ServerTrouble(f"{path}: {error}, it holds the server's password: restore it") from None


def settings(folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the server runs with: those given, less what is foreign, and ours.

    SQLite unless the variables of another database (``DJANGO_DB``, ``POSTGRE_...``) are set.
    """
    account = admin(folder)
    kept = {name: value for name, value in variables.items() if not name.startswith(FOREIGN)}
    return {
        "DJANGO_DB": "sqlite",
        **kept,
        **SETTINGS,
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data"),
        "LABEL_STUDIO_USERNAME": account.email,
        "LABEL_STUDIO_PASSWORD": account.password,
        "LABEL_STUDIO_USER_TOKEN": account.token,
    }


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that nobody else can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            file.write(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _alone(environment: Path) -> Iterator[None]:
    """Keep two processes from making one environment at a time; the lock goes with the process."""
    with environment.with_name(f"{environment.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _run(*command: object) -> None:
    done = subprocess.run(  # noqa: S603 - uv's path comes from its package, the arguments from here
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"},
        check=False,
    )
    if done.returncode:
        lines = done.stdout.decode("utf-8", "replace").strip().splitlines() or ["no output"]
        said = " ".join(line.strip() for line in lines)[:300]
        raise ServerTrouble(f"Label Studio's environment cannot be made: {said}: is the package registry reachable?")
