"""What tests of a real Label Studio share: articles with gold, campaigns, what is on the server."""

import itertools
import json
import uuid

import httpx
import msgspec

from campaigns import FACE
from conftest import add_gold
from khabar.campaign.folder import new_campaign

WRITTEN = (
    f"{FACE} [[The minister](OCC id=e1) [Sami \N{ARABIC TATWEEL}Omar](PERS id=e2 entity=sami)](SOURCE id=q2) "
    f"[said](CUE id=q3): [we open {FACE} [Port \N{RIGHT-TO-LEFT MARK}Rihan](GPE id=e3 sense=loc norm=Rihan) soon]"
    "(QUOTE id=q1 type=direct marked=false HAS_SOURCE=q2 HAS_CUE=q3). Number NUMBER."
)


def quiet(_):
    pass


def add(corpus, source="open", count=1):
    """Add articles with gold; return their ids."""
    return [add_gold(corpus, source, f"{source}{n}", WRITTEN.replace("NUMBER", f"{source} {n}")) for n in range(count)]


def unique():
    """Return the name of a campaign that no other test has: they share a server."""
    return f"c-{uuid.uuid4().hex[:12]}"


def begin(corpus, keys, *layers):
    return new_campaign(corpus, unique(), layers or ("entity", "quote"), keys)


def of(corpus, key, annotator="a1", **changes):
    """Return an article's gold in the layers of the campaign, as if made by the annotator."""
    gold = corpus.gold_of(corpus.article(key))
    spans = tuple(each for each in gold.spans if each.layer != "region")
    fields = {"annotator": annotator, "kind": "person", "layers": ("entity", "quote"), "spans": spans}
    return msgspec.structs.replace(gold, **(fields | changes))


def put(corpus, folder, *annotations):
    for each in annotations:
        corpus.write_annotation(folder / each.annotator / f"{each.article}.json", each)
    return folder


def number(campaign, project="all"):
    return campaign.plan.projects[project]


def tasks_on(door, campaign, project="all"):
    """Return the tasks of a project on the server, in the order of their articles."""
    found = [json.loads(page)["tasks"] for page in door.pages(number(campaign, project))]
    return sorted(itertools.chain(*found), key=lambda each: each["data"]["article"])


def files(campaign):
    return {path: path.read_bytes() for path in sorted(campaign.folder.rglob("*")) if path.is_file()}


def post(door, path, body, method="POST", token=""):
    """Call the server as its administrator, or as somebody else."""
    headers = {"Authorization": f"Token {token or door._token}"}
    answer = httpx.request(method, f"{door.url}/api/{path}", json=body, headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.json() if answer.content else None
