"""What was answered by hand: ``DATASHEET.md`` with its 57 questions, ``DATA_STATEMENT.md`` with its 15 elements.

Gebru et al., Datasheets for Datasets, CACM 64 (12), 2021; Bender and Friedman, TACL 6, 2018, in schema version 3 of the
Tech Policy Lab.  The checkout has them with figures between marks (`khabar.model.figures`); a release has them filled.
"""

import re
from collections import Counter
from collections.abc import Iterable

from khabar.errors import BadRecord
from khabar.model.figures import filled
from khabar.release.documents.known import DOCUMENTS, Known

DATASHEET = "DATASHEET.md"
STATEMENT = "DATA_STATEMENT.md"
QUESTIONS = tuple(
    f"{section}.{number}"
    for section, last in enumerate((4, 16, 12, 4, 6, 7, 8), start=1)
    for number in range(1, last + 1)
)
"""Motivation, composition, collection, preprocessing, uses, distribution, maintenance."""
ELEMENTS = tuple(str(number) for number in range(1, 16))
MISSING = "[More Information Needed]"
"""What a card of the Hub says where nothing is known."""
_HEADING = re.compile(r"^(#{1,6}) (?:([0-9]+(?:\.[0-9]+)?) )?.*$", re.MULTILINE)


def answers(text: str) -> dict[str, str]:
    """Return what stands under each numbered heading, by its number."""
    parts = list(_HEADING.finditer(text))
    ends = [*(part.start() for part in parts[1:]), len(text)]
    return {part[2]: text[part.end() : end].strip() for part, end in zip(parts, ends, strict=True) if part[2]}


def said(known: Known, *numbers: str) -> str:
    """Return the datasheet's answers to some questions, filled; `MISSING` where there is no datasheet."""
    text = datasheet(known)
    if text is None:
        return MISSING
    told = answers(text)
    return "\n\n".join(told[number] for number in numbers)


def datasheet(known: Known) -> str | None:
    """Return the datasheet, filled.

    Raises:
        BadRecord: a question has no answer, or there is one too many.
        NotFound: a figure has a name that the manifest does not know.
    """
    return _answered(known, DATASHEET, QUESTIONS)


def statement(known: Known) -> str | None:
    """Return the data statement, filled; raises as `datasheet` does."""
    return _answered(known, STATEMENT, ELEMENTS)


def _answered(known: Known, name: str, wanted: tuple[str, ...]) -> str | None:
    text = known.written.paper(name)
    if text is None:
        return None
    told = answers(text)
    headed = Counter(number for _, number in _HEADING.findall(text) if number)
    sections = {number.partition(".")[0] for number in wanted}
    _refuse(name, "stands twice", (number for number, times in headed.items() if times > 1))
    _refuse(name, "has no answer", (number for number in wanted if not told.get(number)))
    _refuse(name, "is none of those that are asked", set(told) - set(wanted) - sections)
    return filled(text, known.manifest, name)


def _refuse(name: str, why: str, numbers: Iterable[str]) -> None:
    for number in sorted(numbers):
        raise BadRecord(f"{name}: {number} {why}: mend it by hand")


DOCUMENTS.add(DATASHEET, datasheet)
DOCUMENTS.add(STATEMENT, statement)
