"""Khabar: an annotated corpus of Arabic news articles, and the tools that make, check, release and load it.

``khabar.load(release, config)`` opens a release after verifying it, ``khabar.stream`` yields its rows, and
``khabar.download`` fetches one.  Importing the package imports nothing heavy.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from khabar.loading import download as download
    from khabar.loading import load as load
    from khabar.loading import signature as signature
    from khabar.loading import stream as stream

__all__ = ["download", "load", "signature", "stream"]


def __getattr__(name: str) -> Any:
    """Import the public functions when they are first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'khabar' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module("khabar.loading"), name)


def __dir__() -> list[str]:
    return __all__
