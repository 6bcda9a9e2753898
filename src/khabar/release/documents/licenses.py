"""``LICENSE.md``: which license holds for what; texts have theirs row by row."""

from khabar.model.figures import marked
from khabar.release.documents.citation import citation
from khabar.release.documents.known import DOCUMENTS, Known

LICENSE = "LICENSE.md"


def license_page(known: Known) -> str:
    """Return what holds for annotations, and how many articles are under which license."""
    cited = citation(known)
    own = cited.license if cited and cited.license else ""
    annotations = f"{own} (<https://spdx.org/licenses/{own}.html>)" if own else "no license is recorded"
    rows = (
        (f"`{each.id}`", each.outlet, each.rights_holder, each.license, _released(each.redistribute))
        for each in known.sources
    )
    sources = "\n".join(f"| {' | '.join(cell.replace('|', ' ') for cell in row)} |" for row in rows)
    return f"""# Licenses

Annotations, labels, guidelines and documents: {annotations}.

Texts: that of each stands in its row, in `license`, with who holds the rights. By articles:

{marked(known.manifest, "licenses")}

By source, where no article says otherwise:

| source | outlet | rights holder | license of the texts | in the release |
|---|---|---|---|---|
{sources}

`LicenseRef-publisher` stands for: all rights are the publisher's. Where an outlet allows offsets only, its texts are
not in the release; offsets, labels and salted digests of their spans are. The software that made the release, Khabar,
is under the MIT license.
"""


def _released(redistribute: str) -> str:
    return "texts and spans" if redistribute == "text" else "spans and digests alone"


DOCUMENTS.add(LICENSE, license_page)
