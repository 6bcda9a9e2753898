"""Khabar: an annotated corpus of Arabic news articles, and the tools that make, check, release and load it.

``khabar.load(release, config)`` opens a release after verifying it.  Importing the package imports nothing heavy.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from khabar.loading import load as load
    from khabar.loading import signature as signature

__all__ = ["load", "signature"]


def __getattr__(name: str) -> Any:
    """Import the public functions when they are first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'khabar' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module("khabar.loading"), name)


def __dir__() -> list[str]:
    return __all__
