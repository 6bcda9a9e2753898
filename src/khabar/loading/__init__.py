"""Release -> its users: verified, then opened."""

from khabar.loading.opened import load, signature
from khabar.loading.verify import read_manifest, verify

__all__ = ["load", "read_manifest", "signature", "verify"]
