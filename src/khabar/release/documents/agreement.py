"""``agreement.json``: how far annotators agree, as their campaigns measured it; the headline stands in the manifest."""

import msgspec

from khabar.model.agreement import AGREEMENT, Agreement, written
from khabar.release.documents.known import DOCUMENTS, Known

Headline = dict[str, dict[str, dict[str, float]]]


def together(agreements: dict[str, Agreement]) -> dict[str, Agreement]:
    """Return what was measured by the campaigns that were looked at together, each once.

    Args:
        agreements: By the name of the campaign that keeps it; what was looked at together, each of them keeps.
    """
    return {"+".join(each.campaigns): each for each in agreements.values()}


def headline(agreements: dict[str, Agreement]) -> Headline:
    """Return what the manifest says of them."""
    return {name: each.headline for name, each in together(agreements).items() if each.headline}


def agreement(known: Known) -> str | None:
    """Return the agreement by the campaigns that were looked at together, None where none measured it."""
    those = together(known.agreements)
    told = ",\n".join(f"{msgspec.json.encode(name).decode()}: {written(each).decode()}" for name, each in those.items())
    return f"{{\n{told}}}\n" if told else None


DOCUMENTS.add(AGREEMENT, agreement)
