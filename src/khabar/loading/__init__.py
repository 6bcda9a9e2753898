"""Release -> its users: published, fetched, verified, opened."""

from khabar.loading.download import download
from khabar.loading.opened import load, signature
from khabar.loading.streaming import stream
from khabar.loading.verify import read_manifest, verify

__all__ = ["download", "load", "read_manifest", "signature", "stream", "verify"]
