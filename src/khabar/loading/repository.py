"""Publishing to the Hub: one commit, read back and verified, then a tag that never moves.

The tag is the seal, so it comes last: a commit that arrived damaged is never named by a version.  An interrupted run
leaves the repository as it was, or with a commit that lacks its tag; the next run sees which, and goes on.
"""

import hashlib
import re
from contextlib import closing

import msgspec

from khabar.errors import Changed, NotFound
from khabar.loading.download import Way
from khabar.loading.fetch import Step
from khabar.loading.hub import KEPT, Blob, Hub, HubSource
from khabar.loading.patience import patiently
from khabar.loading.places import read_back
from khabar.loading.publication import Plan, Publication, planned
from khabar.model.manifest import MANIFEST, VERSION, precedence
from khabar.model.text import DIGEST_SHOWN
from khabar.store.files import sha256_of


class HubPlace:
    """A dataset on the Hub; ``main`` holds the newest release, a tag each one."""

    def __init__(self, repository: str, way: Way, *, private: bool) -> None:
        self._hub = Hub(repository, way.patience)
        self._way = way
        self._private = private

    def plan(self, publication: Publication) -> Plan:
        """Return what would be done.

        Raises:
            Changed: the version has its tag already, or ``main`` holds a newer one.
        """
        repository, version = self._hub.repository, publication.manifest.version
        place, tag = f"{repository}@{version}", f"the tag v{version}"
        if not self._hub.exists():
            steps = (f"the dataset {repository} is made", "one commit on main", tag)
            return Plan(place, planned(publication, {}), steps)
        if f"v{version}" in self._hub.tags():
            raise Changed(f"{repository} has v{version} already, a version never changes: raise the version")
        base = self._hub.commit_of("main")
        newest = self._version_at(base)
        if newest and precedence(newest) > precedence(version):
            raise Changed(f"{repository}: main holds {newest}, which is newer than {version}: raise the version")
        blobs = {path: blob for path, blob in self._hub.blobs(base).items() if path not in KEPT}
        there = {path: blob.bytes for path, blob in blobs.items()}
        same = frozenset(path for path, blob in blobs.items() if _is(publication, path, blob))
        operations = planned(publication, there, same)
        commit = f"one commit on main, after {base[:DIGEST_SHOWN]}" if operations else "no commit, main holds it"
        return Plan(place, operations, (commit, tag), base)

    def carry_out(self, publication: Publication, plan: Plan) -> None:
        """Commit what is planned, read the commit back, verify it, and tag it.

        Raises:
            BadRecord: what the Hub gives back is not what was sent.
            Busy: ``main`` moved on meanwhile; nothing was changed.
            Changed: the tag is taken.
            Unreachable: the Hub does not answer; run again, it goes on.
        """
        repository, tag = self._hub.repository, f"v{publication.manifest.version}"
        if not plan.base:
            self._hub.create(private=self._private)
            plan = self.plan(publication)
        commit = plan.base
        if plan.operations:
            self._way.tell(Step(f"sending to {repository}", 0, 0))
            sent = {each.path: publication.folder / each.path for each in plan.operations if each.kind != "delete"}
            gone = [each.path for each in plan.operations if each.kind == "delete"]
            commit = self._hub.send(sent, gone, publication.called, plan.base)
        read_back(HubSource(repository, commit, self._way.patience), publication, self._way)
        self._hub.tag(tag, commit)
        if (tagged := self._hub.commit_of(tag)) != commit:
            raise Changed(
                f"{repository}: {tag} names {tagged[:DIGEST_SHOWN]}, the commit that was sent and verified is"
                f" {commit[:DIGEST_SHOWN]}: somebody else publishes there, look"
            )

    def _version_at(self, commit: str) -> str:
        """Return the version that a commit holds, empty where it is no release."""
        source = HubSource(self._hub.repository, commit, self._way.patience)

        def read() -> bytes:
            with closing(source.read(MANIFEST, 0)) as blocks:
                return b"".join(blocks)

        try:
            found = msgspec.json.decode(patiently(read, source.place, self._way.patience), type=_Versioned).version
        except (NotFound, msgspec.MsgspecError, UnicodeDecodeError):
            return ""
        return found if re.match(VERSION, found) else ""


class _Versioned(msgspec.Struct):
    """As much of a manifest as any form of it has."""

    version: str = ""


def _is(publication: Publication, path: str, blob: Blob) -> bool:
    """Tell whether a file of the place is the one of the release."""
    if publication.files.get(path) != blob.bytes:
        return False
    if blob.sha256:
        return sha256_of(publication.folder / path) == blob.sha256
    raw = (publication.folder / path).read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest() == blob.git
