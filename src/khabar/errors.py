"""Errors that a person reads: one line, *place: what is, what should be: what to do*."""

from collections.abc import Iterator
from contextlib import contextmanager


class KhabarError(Exception):
    """The call cannot be carried out; its text is the one line that the command prints.

    Attributes:
        status: Exit status of the command that ends with it.
    """

    status = 2


class NotFound(KhabarError):
    """Something that was named is not there."""


class BadText(KhabarError):
    """Bytes or text that cannot become an article."""


class BadRecord(KhabarError):
    """A record that does not hold together: a file, a line, an exported result."""


class Incomparable(KhabarError):
    """Judgements that no coefficient compares: a code that is none, a span outside of its text, other shapes."""


class Withheld(KhabarError):
    """A text that is needed is not at hand, because its outlet allows offsets only or nobody restored it."""


class Changed(KhabarError):
    """Something that never changes was changed, or was about to be."""

    status = 1


class Busy(KhabarError):
    """Another process is at work where this one would write."""


class ServerTrouble(KhabarError):
    """The annotation server is absent, unwell, or answers what it should not."""


class Unreachable(KhabarError):
    """A place on the network does not answer, or not as it should; the same call may succeed later."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import within it what an extra of khabar brings, such as ``campaign``.

    Raises:
        NotFound: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "a package").split(".")[0]
        raise NotFound(f"{missing} is not installed, it comes with khabar[{name}]: install that extra") from None
