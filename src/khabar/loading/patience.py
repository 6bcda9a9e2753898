"""How often and how long a place on the network is asked again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from khabar.errors import Unreachable

T = TypeVar("T")

QUESTIONS = 4
"""How often a short question is asked at most: who has no network should hear of it soon."""
LONGEST = 60.0
"""Seconds between two attempts at most, whatever a server asks for."""


class Interrupted(Exception):
    """An answer did not come, or not to its end; asking again may help.

    Attributes:
        after: Seconds that the server asks to wait, 0 where it does not say.
    """

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to insist.

    Attributes:
        attempts: How often to ask in vain, one after the other, before giving up.
        first: Seconds between the first and the second attempt; each next wait is twice as long.
        answer: Seconds to wait for a byte of an answer.
    """

    attempts: int = 6
    first: float = 1.0
    answer: float = 60.0

    def wait(self, failures: int, asked: float = 0.0) -> None:
        """Sleep after the n-th failure in a row, as long as the server asks for if it asks for more."""
        time.sleep(min(max(self.first * 2 ** (failures - 1), asked), LONGEST))


def patiently(call: Callable[[], T], place: str, patience: Patience) -> T:
    """Return what a call returns, which may be repeated safely.

    Raises:
        Unreachable: it was interrupted every time.
    """
    attempts = min(patience.attempts, QUESTIONS)
    for failures in range(1, attempts + 1):
        try:
            return call()
        except Interrupted as interrupted:
            why, asked = str(interrupted), interrupted.after
        if failures < attempts:
            patience.wait(failures, asked)
    raise Unreachable(f"{place}: {why}, {attempts} times: run the same command again later")
