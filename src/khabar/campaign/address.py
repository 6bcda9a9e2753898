"""Which Label Studio campaigns talk to, and whether it answers there and knows us."""

import os

import msgspec

from khabar.campaign.foreign import campaign_extra
from khabar.errors import NotFound, ServerTrouble

URL, TOKEN = "KHABAR_STUDIO_URL", "KHABAR_STUDIO_TOKEN"
"""Variables that name another server than the embedded one."""


EMBEDDED = "embedded"
"""What the server under ``.studio/`` is known by, whatever its port."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A Label Studio that answers.

    Attributes:
        url: Its address, without a slash at the end.
        token: API token of its administrator.
        pid: Its process, 0 where it is not ours.
        log: Its log file, empty where it is not ours.
    """

    url: str
    token: str
    pid: int = 0
    log: str = ""


def server_at_hand(embedded: Server | None) -> Server:
    """Return the server that campaigns use: the one that variables name, else the embedded one if it is up.

    Raises:
        ServerTrouble: none is up.
    """
    url, token = os.environ.get(URL, ""), os.environ.get(TOKEN, "")
    if url and token:
        return Server(url=url.rstrip("/"), token=token)
    if url or token:
        raise NotFound(f"{URL if url else TOKEN} is set alone, another server needs both: set {URL} and {TOKEN}")
    if embedded is None:
        raise ServerTrouble(f"no Label Studio is up: run 'khabar studio up', or set {URL} and {TOKEN}")
    return embedded


def home() -> str:
    """Return what the server that campaigns use is known by here: its address, or `EMBEDDED`."""
    return os.environ.get(URL, "").rstrip("/") or EMBEDDED


def is_up(url: str) -> bool:
    """Tell whether a Label Studio answers there."""
    with campaign_extra():
        import httpx
    try:
        answer = httpx.get(f"{url}/health", timeout=5, trust_env=False)
        return answer.status_code == httpx.codes.OK and answer.json() == {"status": "UP"}
    except (httpx.HTTPError, ValueError):
        return False


def verify(server: Server) -> None:
    """Make sure that the server knows the token.

    Raises:
        ServerTrouble: it does not.
    """
    with campaign_extra():
        import httpx
    headers = {"Authorization": f"Token {server.token}"}
    try:
        answer = httpx.get(f"{server.url}/api/current-user/whoami", headers=headers, timeout=60, trust_env=False)
    except httpx.HTTPError as error:
        raise ServerTrouble(f"{server.url}: {error}: is it a Label Studio?") from None
    if answer.status_code != httpx.codes.OK:
        raise ServerTrouble(
            f"{server.url} answers {answer.status_code} to the token of admin.json, which it should know:"
            " is it another server's data?"
        )
