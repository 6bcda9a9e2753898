"""``agreement.json``: what each campaign measured of its annotators, as it was measured."""

import json

from khabar.release.documents.known import DOCUMENTS, Known

AGREEMENT = "agreement.json"


def agreement(known: Known) -> str | None:
    """Return the agreement of each campaign by its name, None where none measured it."""
    told = known.written.agreement()
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n" if told else None


DOCUMENTS.add(AGREEMENT, agreement)
