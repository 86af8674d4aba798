"""Dates, spans and claims of a row, as the page shows them."""

from __future__ import annotations

import re
from typing import Final

from timeline.ask.answers import Row
from timeline.meaning.times import format_instant, from_datetime, parse_as_of, period_text, wall_clock

__all__ = ["asked_day", "claim_parts", "day_of", "end_of_day", "valid_of"]

_DAY: Final = 86_400_000_000


def day_of(micros: int) -> str:
    """Return the day that an instant is in, as ISO text."""
    return format_instant(micros)[:10]


def end_of_day(day: int, zone: str | None) -> int:
    """Return the last instant of a day, a number of days since 1970, in the calendar of a zone."""
    if zone in (None, "UTC"):
        return (day + 1) * _DAY - 1
    return parse_as_of(day_of(day * _DAY), zone)


def asked_day(instant: int, zone: str | None) -> int:
    """Return the first day in the calendar of a zone that ends at an instant or later, since 1970.

    Asked with that day, and not with the one before, what happened at the instant counts. Clocks that are
    set back over midnight show the day that has ended again: it is the next one then.

    >>> day_of(asked_day(0, "America/New_York") * 86_400_000_000)
    '1969-12-31'
    """
    day = wall_clock(instant, zone) // _DAY
    return day + 1 if end_of_day(day, zone) < instant else day


def valid_of(row: Row) -> str:
    lower, upper = (
        None if row[name] is None else from_datetime(row[name]) for name in ("valid_from", "valid_to")
    )
    return "" if lower is None and upper is None else period_text(lower, upper)


#: A figure within a claim, with what is before and behind it.
_FIGURE: Final = re.compile(r"^(.*?)(\d[\d\s.,\u2009–-]*\d|\d)(.*)$", re.DOTALL)


def claim_parts(row: Row) -> list[str]:
    """Return a claim in three parts, so that its figure can be set in bold: before, figure, behind."""
    claim = str(row["claim"] or "")
    if row["value_type"] != "amount":
        return [claim, "", ""]
    found = _FIGURE.match(claim)
    if found is None:
        return ["", claim, ""]
    before, figure, behind = found.groups()
    return [before, figure.replace("-", "–"), behind]
