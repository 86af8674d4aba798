"""Spans of time as text: the canonical text that keys hold, and the shorter one that people see.

A span is a pair of instants, its start inclusive and its end exclusive, where None means unbounded.
"""

from __future__ import annotations

import re
from typing import Final

from timeline.errors import BadInput
from timeline.meaning.instants import (
    DAY,
    END,
    FIRST_INSTANT,
    LAST_DAY,
    LAST_INSTANT,
    calendar,
    format_instant,
)

__all__ = [
    "Bounds",
    "are_whole_days",
    "former_period_text",
    "no_end",
    "period_text",
    "show_instant_end",
    "show_period",
    "show_quarters",
    "show_reported",
    "within_calendar",
]

Bounds = tuple[int | None, int | None]

#: The first months of quarters.
_QUARTERS: Final = {"01": 1, "04": 2, "07": 3, "10": 4}
_QUARTER_SPAN: Final = re.compile(r"([0-9]{4})-(01|04|07|10)/\1-(03|06|09|12)")
_EDTF_QUARTER: Final = re.compile(r"(?<![0-9])([0-9]{4})-(3[3-6])(?![0-9])")


def period_text(lower: int | None, upper: int | None) -> str:
    """Return the canonical EDTF text of a span: equal bounds, and only those, give equal text.

    `lower` is inclusive, `upper` exclusive, None unbounded, which an end in the last day of 9999 is too. The
    text is a single year, month, day or instant where that says it all, otherwise an interval in the coarsest
    of these units that both ends fit. Parsed again it has the same bounds. Raises BadInput for an empty span
    and for one outside the years 0001 to 9999.

    >>> period_text(0, 7_776_000_000_000), period_text(0, None), period_text(0, END)
    ('1970-01/1970-03', '1970/..', '1970/..')
    """
    _check_span(lower, upper)
    return former_period_text(lower, no_end(upper))


def former_period_text(lower: int | None, upper: int | None) -> str:
    """Return the text that a span had when the last day of 9999 was an end, which is written as a day.

    Events that were recorded then have it in what their ids cover.
    """
    if lower is not None and upper == lower + 1:
        return format_instant(lower)
    unit = max(_edge(lower), _edge(upper))
    start = ".." if lower is None else _text_at(unit, lower)
    if upper is None:
        end = ".."
    elif upper == END:
        end = _text_at(min(unit, 2), LAST_INSTANT)
    else:
        end = _text_at(unit, upper if unit == 3 else upper - 1)
    return start if start == end != ".." else f"{start}/{end}"


def show_period(lower: int | None, upper: int | None) -> str:
    """Return a span of valid time or a period for people: as `period_text`, but a quarter as such.

    What begins or ends outside the calendar is shown by the year before or after it.

    >>> show_period(0, 7_776_000_000_000), show_period(LAST_INSTANT, None), show_period(None, FIRST_INSTANT)
    ('1970-Q1', 'Y10000/..', '../0000')
    """
    if upper == FIRST_INSTANT:
        return "../0000"
    if lower == LAST_INSTANT and upper is None:
        return "Y10000/.."
    return show_quarters(period_text(lower, upper))


def show_quarters(text: str) -> str:
    """Return a period, an EDTF date, or a fact with its period, with quarters as people write them.

    >>> show_quarters("2025-35"), show_quarters("nvidia/revenue@2024-01/2024-03"), show_quarters("2024-01")
    ('2025-Q3', 'nvidia/revenue@2024-Q1', '2024-01')
    """
    body, at, period = text.rpartition("@")
    found = _QUARTER_SPAN.fullmatch(period)
    if found and int(found[3]) - int(found[2]) == 2:
        return f"{body}{at}{found[1]}-Q{_QUARTERS[found[2]]}"
    return body + at + _EDTF_QUARTER.sub(lambda quarter: f"{quarter[1]}-Q{int(quarter[2]) - 32}", period)


def no_end(upper: int | None) -> int | None:
    """Return the end, exclusive, of a valid time or a period.

    None where it lies in the last day of 9999 or is the end of that: tables write so that there is no end.

    >>> no_end(END) is None, no_end(LAST_DAY) is None, no_end(31_536_000_000_000)
    (True, True, 31536000000000)
    """
    return None if upper is not None and LAST_DAY <= upper <= END else upper


def within_calendar(lower: int | None, upper: int | None) -> Bounds:
    """Return the bounds of a date that is a value: None where the calendar does not have them.

    An end, exclusive, at the end of 9999 is the last instant that there is.

    >>> within_calendar(0, END) == (0, LAST_INSTANT), within_calendar(FIRST_INSTANT - DAY, FIRST_INSTANT)
    (True, (None, None))
    """
    if lower is not None and not FIRST_INSTANT <= lower <= LAST_INSTANT:
        lower = None
    if upper == END:
        return lower, LAST_INSTANT
    if upper is not None and not FIRST_INSTANT < upper < END:
        upper = None
    return lower, upper


def show_reported(reported_from: int | None, reported_at: int | None) -> str:
    """Return a span of the reported axis for people, in as few words as it needs.

    Both ends are inclusive; None is unbounded.

    >>> show_reported(-DAY, DAY - 1), show_reported(36_000_000_000, 36_000_000_000)
    ('1969-12-31/1970-01-01', '1970-01-01 10:00Z')
    """
    if reported_from is not None and reported_from == reported_at:
        return _show_instant(reported_from)
    upper = None if reported_at is None else reported_at + 1
    if max(_edge(reported_from), _edge(upper)) < 3:
        return show_quarters(former_period_text(reported_from, upper))
    start = ".." if reported_from is None else _show_instant(reported_from, whole_day=0)
    end = ".." if reported_at is None else _show_instant(reported_at, whole_day=DAY - 1)
    return f"{start}/{end}"


def are_whole_days(reported_from: int | None, reported_at: int | None) -> bool:
    """Whether a span of the reported axis, both ends inclusive, begins and ends with a day in UTC.

    >>> are_whole_days(0, DAY - 1), are_whole_days(None, DAY - 1), are_whole_days(0, DAY - 2)
    (True, True, False)
    """
    starts = reported_from is None or reported_from % DAY == 0
    return starts and (reported_at is None or reported_at % DAY == DAY - 1)


def show_instant_end(micros: int) -> str:
    """Return a last instant, inclusive.

    The date where it is the last of a day, else as format_instant has it.

    >>> show_instant_end(DAY - 1), show_instant_end(0)
    ('1970-01-01', '1970-01-01T00:00:00Z')
    """
    return _text_at(2, micros) if micros % DAY == DAY - 1 else format_instant(micros)


def _check_span(lower: int | None, upper: int | None) -> None:
    if (lower is not None and not FIRST_INSTANT <= lower <= LAST_INSTANT) or (
        upper is not None and not FIRST_INSTANT < upper <= END
    ):
        raise BadInput(f"the span from {lower} to {upper} lies outside the years 0001 to 9999")
    if lower is not None and upper is not None and lower >= upper:
        raise BadInput(f"the span from {format_instant(lower)} to {format_instant(upper)} is empty")


def _edge(micros: int | None) -> int:
    """Return the coarsest unit that starts at this instant: 0 a year, 1 a month, 2 a day, 3 none of these."""
    if micros is None:
        return 0
    days, rest = divmod(micros, DAY)
    if rest:
        return 3
    _, month, day = calendar(days)
    return 2 if day > 1 else 1 if month > 1 else 0


def _text_at(unit: int, micros: int) -> str:
    if unit == 3:
        return format_instant(micros)
    year, month, day = calendar(micros // DAY)
    return (f"{year:04}", f"{year:04}-{month:02}", f"{year:04}-{month:02}-{day:02}")[unit]


def _show_instant(micros: int, *, whole_day: int | None = None) -> str:
    """Return for people; as its date alone where it lies `whole_day` into that."""
    if micros % DAY == whole_day:
        return _text_at(2, micros)
    text = format_instant(micros)
    return f"{text[:10]} {text[11:-4]}Z" if text.endswith(":00Z") else f"{text[:10]} {text[11:]}"
