"""Dates: ISO 8601, of the calendar.  A pattern alone would take the 30th of February."""

import re
from datetime import date
from typing import Annotated

import msgspec

_DATE = r"^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?\Z"
_FIRST = "0001-01-01"

Date = Annotated[str, msgspec.Meta(pattern=_DATE)]
"""A year, a month or a day; empty where unknown.  Whoever has one in a record refuses it with `refuse_no_date`."""
Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
"""A day; likewise."""


def refuse_no_date(*told: str) -> None:
    """Make sure that each is empty, or a year, a month or a day that there is.

    Raises:
        ValueError: one is none.
    """
    for each in filter(None, told):
        try:
            there = re.match(_DATE, each) and date.fromisoformat(each + _FIRST[len(each) :])
        except ValueError:
            there = None
        if not there:
            raise ValueError(f"'{each}' is no date of the calendar")
