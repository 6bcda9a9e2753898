"""What the stand-in of the Hub keeps: datasets as commits, and how their files are listed."""

import hashlib
import json
from dataclasses import dataclass, field

LARGE = 100_000
"""Bytes above which a file is a large object; Parquet is one always."""


@dataclass
class Repository:
    """A dataset: its commits in order, and its tags."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    main: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, files):
        """Make a commit of these files and return its name."""
        told = json.dumps([self.main, sorted((path, hashlib.sha256(raw).hexdigest()) for path, raw in files.items())])
        self.main = hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest()
        self.commits[self.main] = dict(files)
        return self.main

    def at(self, revision):
        """Return the commit of a branch, tag or commit; None where there is none."""
        name = self.main if revision == "main" else self.tags.get(revision, revision)
        return name if name in self.commits else None


def is_large(path, size):
    return path.endswith(".parquet") or size > LARGE


def sha256(raw):
    return hashlib.sha256(raw).hexdigest()


def git(raw):
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def listed(path, raw):
    told = {"type": "file", "path": path, "size": len(raw), "oid": git(raw)}
    if is_large(path, len(raw)):
        told["lfs"] = {"oid": sha256(raw), "size": len(raw), "pointerSize": 134}
    return told
