"""Label Studio -> ``annotations/campaigns/<name>/``: raw pages first, then what they say, one file an annotation.

A pull that finds nothing new writes nothing; one that was cut off is completed by the next.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from khabar.campaign.address import EMBEDDED
from khabar.campaign.client import Door
from khabar.campaign.exported import article_in, tasks_of
from khabar.campaign.exports import Exports
from khabar.campaign.fetch import Fetch
from khabar.campaign.folder import Campaign
from khabar.campaign.people import People
from khabar.campaign.plan import EVERYBODY
from khabar.campaign.settling import Pulled, Settling
from khabar.campaign.takedown import without
from khabar.errors import BadRecord, Changed


def pull(campaign: Campaign, door: Door, tell: Callable[[str], None], *, full: bool = False) -> Pulled:
    """Fetch what is new on the server, or everything, and write what it says.

    Raises:
        Busy: somebody else pushes or pulls the campaign.
        NotFound: an annotator of the plan is nobody who is known here.
        ServerTrouble: the server has no such project, or fails.
        Changed: the label set changed, or the label page on the server, or an earlier page was touched.
    """
    with campaign.alone():
        campaign.refuse_new_labels()
        people = campaign.people(door)
        people.refuse_strangers(campaign.plan)
        fetch = Fetch(campaign, door, tell)
        fetch.run(full=full)
        tell("writing annotations")
        settling = Settling(campaign, people, door.users())
        return settling.settled(fetch.states, new=fetch.pull is not None)


def take(campaign: Campaign, files: list[Path], *, full: bool = False) -> Pulled:
    """Take exports that were made by hand, as the server's Export button does, beside those that were taken before.

    A task is as the file says that was taken last.  If ``full``, these files hold all there is.

    Raises:
        Changed: the campaign has a project on a server, or the label set changed, or an earlier page was touched, or
            is not at hand.
        BadRecord: a file is no export, or one of another form.
    """
    with campaign.alone():
        campaign.refuse_new_labels()
        for number in filter(None, campaign.plan.projects.values()):
            raise Changed(
                f"{campaign.plan.title} has project {number} on the server: pull it from there,"
                " or take the files into another campaign"
            )
        exports = Exports(campaign.folder)
        there, known = exports.states(), {each.sha256 for each in exports.counted}
        if there is None and not full:
            raise Changed(
                f"{campaign.corpus.shown(exports.folder)}: files that were taken before are not at hand:"
                " name them too, with --full"
            )
        contents = {hashlib.sha256(each).hexdigest(): each for each in (_export(campaign, path) for path in files)}
        fresh = contents if full else {name: each for name, each in contents.items() if name not in known}
        new = there is None or contents.keys() != known if full else bool(fresh)
        if new:
            begun = exports.keep(exports.begin("", full=False), EVERYBODY, list(fresh.values()))
            exports.put(msgspec.structs.replace(begun, full=full))
        settling = Settling(campaign, People(campaign.corpus.studio, EMBEDDED), {})
        return settling.settled(exports.states() or {}, new=new)


def _export(campaign: Campaign, path: Path) -> bytes:
    """Return what an export holds, without what was taken down."""
    content = path.read_bytes()
    tasks = tasks_of(content, str(path))
    if tasks and not any(map(article_in, tasks)):
        raise BadRecord(f"{path}: none of its {len(tasks)} tasks names an article: export it as JSON, not as JSON_MIN")
    return without(content, campaign.corpus.tombstones, str(path))
