"""Named things that extend Khabar: one registration each, looked up by name."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from khabar.errors import NotFound

T = TypeVar("T")


class Registry(Generic[T]):
    """A table of things of one kind, in order of registration.

    Attributes:
        kind: What the things are, in the singular, for messages: ``check``, ``reader``.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._things: dict[str, T] = {}

    def add(self, name: str, thing: T) -> None:
        """Register ``thing``; a name is given once."""
        if name in self._things:
            raise ValueError(f"{self.kind} '{name}' is registered twice")
        self._things[name] = thing

    def __getitem__(self, name: str) -> T:
        """Return the thing of that name.

        Raises:
            NotFound: none is; the message lists the names there are.
        """
        if name not in self._things:
            raise NotFound(f"no {self.kind} is called '{name}'; there are: {', '.join(sorted(self._things))}")
        return self._things[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield the names and things in order of registration."""
        yield from self._things.items()

    def values(self) -> Iterator[T]:
        """Yield the things in order of registration."""
        yield from self._things.values()
