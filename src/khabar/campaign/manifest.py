"""What ``manifest.json`` says of the pulls of a campaign: their pages, by digest, and what they came to."""

import msgspec

from khabar.campaign.plan import EVERYBODY


class PageFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One page as it was fetched.

    Attributes:
        path: Relative to ``exports/``.
        sha256: Digest of its bytes.
        project: Name of the project whose tasks it holds.
    """

    path: str
    sha256: str
    project: str = EVERYBODY


class Pull(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pull.

    Attributes:
        number: From 1.
        full: Whether it is all there was, else what had changed.
        pages: The pages.
        begun: The drafts of a project, of all tasks that have any, where they had changed.
        began: When it began by the server's clock, ISO 8601; what changed later may not be in it.
        tasks: Tasks on the server, as known after it; likewise the counts that follow.
        annotations: Annotations that were believed.
        cancelled: Annotations that their annotator skipped.
        drafts: Drafts.
        quarantined: Items, annotations and tasks in quarantine.
        updated_at: The latest change of a task, by the server's clock; empty where there is no task.
    """

    number: int
    full: bool
    pages: tuple[PageFile, ...]
    begun: tuple[PageFile, ...] = ()
    began: str = ""
    tasks: int = 0
    annotations: int = 0
    cancelled: int = 0
    drafts: int = 0
    quarantined: int = 0
    updated_at: str = ""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``manifest.json``: every pull that is whole, in order."""

    pulls: tuple[Pull, ...] = ()
