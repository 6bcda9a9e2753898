"""One file of a release from its source to this machine: resumed, repeated, and believed only by its digest."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from khabar.errors import BadRecord, Unreachable
from khabar.loading.patience import Interrupted, Patience
from khabar.loading.sources import Source
from khabar.model.manifest import File
from khabar.model.text import DIGEST_SHOWN
from khabar.store.files import sha256_of


class Step(NamedTuple):
    """How far the work is.

    Attributes:
        what: The file at hand, or what is being done.
        done: Bytes of the release that are here.
        total: Bytes of the release.
    """

    what: str
    done: int
    total: int


Tell = Callable[[Step], None]
"""Is told of each step."""


def silent(_: Step) -> None:
    """Tell nobody."""


def fetch(source: Source, file: File, target: Path, told: Callable[[int], None], patience: Patience) -> None:
    """Bring a file here; what an earlier run left of it is gone on with.

    Args:
        source: Where the release is.
        file: What the manifest says of it.
        target: Where it goes.
        told: Is told how many bytes of it are here.
        patience: How long to insist.

    Raises:
        BadRecord: what arrives is not what the manifest says, twice.
        NotFound: the source has no such file.
        Unreachable: the source breaks off and does not go on.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):  # what an earlier run left may be of another release: once more, from the start
        _filled(source, file, target, told, patience)
        found = sha256_of(target)
        if found == file.sha256:
            return
        target.unlink()
    raise BadRecord(
        f"{source.place}/{file.path} is {found[:DIGEST_SHOWN]}, the manifest says {file.sha256[:DIGEST_SHOWN]}:"
        " it was changed or damaged: do not use it"
    )


def _filled(source: Source, file: File, target: Path, told: Callable[[int], None], patience: Patience) -> None:
    """Append to a file until it has its bytes."""
    if target.is_file() and target.stat().st_size > file.bytes:  # an earlier run left that, of another release
        target.unlink()
    target.touch()
    failures = 0
    while (have := target.stat().st_size) < file.bytes:
        told(have)
        stopped = _appended(source, file, target, told)
        got = target.stat().st_size
        if stopped is None and got == have:
            raise BadRecord(
                f"{source.place}/{file.path} has {got} bytes, the manifest says {file.bytes}: do not use it"
            )
        failures = 0 if got > have else failures + 1
        if failures == patience.attempts:
            raise Unreachable(
                f"{source.place}/{file.path}: {stopped}, after {got} of {file.bytes} bytes:"
                " run the same command again to go on"
            )
        if stopped is not None:
            patience.wait(max(failures, 1), stopped.after)
    if have > file.bytes:
        target.unlink()
        raise BadRecord(
            f"{source.place}/{file.path} has more than {file.bytes} bytes, as the manifest says: do not use it"
        )
    told(have)


def _appended(source: Source, file: File, target: Path, told: Callable[[int], None]) -> Interrupted | None:
    """Append what the source sends, and return why it stopped before the end, if it did not say that this is all."""
    have = target.stat().st_size
    try:
        with closing(source.read(file.path, have)) as blocks, target.open("ab") as out:
            for block in blocks:
                out.write(block)
                have += len(block)
                told(min(have, file.bytes))
                if have > file.bytes:
                    break
    except Interrupted as interrupted:
        return interrupted
    return None
