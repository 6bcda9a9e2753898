"""The door to the packages of the extra ``khabar[campaign]``: one clear line where they are not installed."""

from contextlib import AbstractContextManager

from khabar.errors import extra


def campaign_extra() -> AbstractContextManager[None]:
    """Import within it what the extra brings.

    Raises:
        NotFound: it is not installed.
    """
    return extra("campaign")
