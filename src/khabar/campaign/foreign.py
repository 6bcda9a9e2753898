"""The door to the packages of the extra ``khabar[campaign]``: one clear line where they are not installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from khabar.errors import NotFound


@contextmanager
def campaign_extra() -> Iterator[None]:
    """Import within it what the extra brings.

    Raises:
        NotFound: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "a package").split(".")[0]
        raise NotFound(
            f"{missing} is not installed, campaigns need khabar[campaign]: install that extra of khabar"
        ) from None
