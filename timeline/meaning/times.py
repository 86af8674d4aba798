"""Dates as they are reported (EDTF, ISO 8601-2), the spans that they cover, and the only clock.

Instants are those of `instants`, a span is a pair of them, its start inclusive and its end exclusive, where
None means unbounded: see `spans`. Other ways of writing a date are turned into EDTF by `written`. What EDTF
leaves to the reader is settled like this:

- A season without a hemisphere (21 to 24) is the northern one: 21 is March to May, 22 June to August,
  23 September to November, and 24 December alone, so that the seasons of a year sort within it and
  no January is claimed for a winter that may not have meant it. Reports dated by a winter count from
  the end of February all the same: they may have appeared as late as that.
- An X means any digit. A date with some covers all that it could be, from the earliest day to the
  last, so `156X-12-25` goes from Christmas 1560 to Christmas 1569. An X before a digit of
  the same part (`2X25`) is refused: what it covers has gaps.
- A qualifier behind a part of a date is about that part and those to its left, one before a part is
  about that part alone. It leaves the bounds as they are written, and widens the reported ones by
  the unit of the part beside which it is written: that of an X further left, where there is one.
- In an interval an instant at the end is the end itself, exclusive, whereas a date there is included whole.
- The last day of 9999 ends nothing: at the end of a valid time or a period it is no end (`no_end`), and no
  instant that is stored lies beyond the last there is (`within_calendar`).
- The text of a date is kept in one form: of its instants in UTC, of all else in EDTF.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NoReturn

from timeline.errors import BadInput, brief
from timeline.meaning.instants import (
    DAY,
    END,
    FIRST_INSTANT,
    LAST_DAY,
    LAST_INSTANT,
    SECOND,
    day_start,
    days_since_1970,
    format_instant,
    from_datetime,
    from_naive,
    in_zone,
    month_days,
    to_naive,
    wall_clock,
    zone_named,
)
from timeline.meaning.spans import (
    Bounds,
    are_whole_days,
    former_period_text,
    no_end,
    period_text,
    show_instant_end,
    show_period,
    show_quarters,
    show_reported,
    within_calendar,
)
from timeline.meaning.written import advice, as_edtf, letter_instant

__all__ = [
    "DAY",
    "END",
    "FIRST_INSTANT",
    "LAST_DAY",
    "LAST_INSTANT",
    "Bounds",
    "Edtf",
    "are_whole_days",
    "asked_day",
    "day_in",
    "day_of",
    "end_of_day",
    "ends_nothing",
    "format_instant",
    "former_period_text",
    "from_datetime",
    "from_naive",
    "no_end",
    "now",
    "parse_as_of",
    "parse_edtf",
    "parse_instant",
    "period_text",
    "show_instant_end",
    "show_period",
    "show_quarters",
    "show_reported",
    "to_naive",
    "wall_clock",
    "within_calendar",
    "zone_named",
]

# First and last month, and the months from one of its kind to the next. Only seasons leave that
# longer than they last: no winter reaches into another year.
_PARTS_OF_YEAR: Final[dict[int, tuple[int, int, int]]] = {
    **{21: (3, 5, 3), 22: (6, 8, 3), 23: (9, 11, 3), 24: (12, 12, 3)},
    **{25: (3, 5, 3), 26: (6, 8, 3), 27: (9, 11, 3), 28: (12, 12, 3)},  # northern
    **{29: (9, 11, 3), 30: (12, 12, 3), 31: (3, 5, 3), 32: (6, 8, 3)},  # southern
    **{33: (1, 3, 3), 34: (4, 6, 3), 35: (7, 9, 3), 36: (10, 12, 3)},  # quarters
    **{37: (1, 4, 4), 38: (5, 8, 4), 39: (9, 12, 4)},  # thirds
    **{40: (1, 6, 6), 41: (7, 12, 6)},  # halves
}

_DATE: Final = re.compile(
    r"([?~%]?)([0-9X]{4})([?~%]?)"
    r"(?:-([?~%]?)([0-9X]{2})([?~%]?)"
    r"(?:-([?~%]?)([0-9X]{2})([?~%]?))?)?"
)
#: A year before 1 or of more than four digits, which only dates that are kept as text may have.
_BEYOND: Final = re.compile(
    r"(?:(-[0-9]{4}|0000)(?:-([0-9]{2})(?:-([0-9]{2}))?)?|Y(-?[0-9]{1,20})(?:E([0-9]{1,2}))?)[?~%]?"
)
_PLAIN_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    r" ?([Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
#: How systems write 'no end' that have no other word for it, with or without a zone, as fine as theirs is.
_NO_END: Final = re.compile(r"9999-12-31[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?")
_LOOKS_LIKE_INSTANT: Final = re.compile("[0-9]T?[0-9:]*:|[0-9]T[0-9]")
_QUALIFIERS: Final = {"?": 1, "~": 1, "%": 2}
_EXPECTED: Final = (
    "write a day like 2025-02-22, a month like 2025-02, a year, a quarter like 2025-Q1, "
    "or an interval like 2025-02/2025-04"
)
#: A date without its last parts, which can be asked with.
_LAST_UNKNOWN: Final = re.compile("[0-9]{4}-(?:XX(?:-XX)?|[01][0-9]-XX)")
#: With what an interval may start that is asked with.
_PLAIN_START: Final = re.compile("[.]{2}|(?:[0-9]{4}(?:-[01][0-9](?:-[0-9]{2})?)?)?")
_ONE_EXPECTED: Final = "write a day like 2025-02-22, a month, a quarter, a year or an instant"
_OFFSET_EXPECTED: Final = "2025-02-22T10:00:00Z or 2025-02-22T10:00:00+01:00"


@dataclass(frozen=True, slots=True)
class Edtf:
    """One EDTF date, instant or interval, and the spans that it means.

    `text` is its one form: instants in UTC, all else in EDTF. `lower` (inclusive) and `upper` (exclusive) are
    the bounds as written, for valid time and periods. `reported_from` and `reported_at` are the earliest and
    the last instant on the reported axis, widened by the qualifiers, both *inclusive*. None is unbounded. An
    exact instant t has the bounds (t, t + 1).
    """

    text: str
    lower: int | None
    upper: int | None
    reported_from: int | None
    reported_at: int | None
    is_instant: bool


def parse_edtf(text: str, zone: str | None = None, *, beyond: bool = False) -> Edtf:
    """Read an EDTF date, instant or interval; space around it is dropped.

    Understood are years, months, days, seasons and quarters (21 to 41), `X` for unspecified digits, the
    qualifiers `?` `~` `%`, instants with their offset and at most microseconds, and intervals with
    open (`..`) or unknown (empty) ends; what `written` knows besides is read as the EDTF that it means. A
    date is a whole day in the calendar of `zone`, an IANA name, or of UTC. Raises BadInput for anything else,
    for instants without an offset, for intervals that end before they start, and for years outside 0001 to
    9999; with `beyond` those are read too, and their bounds are counted on. Results are cached.

    >>> month = parse_edtf("2025-09~")
    >>> period_text(month.lower, month.upper), show_reported(month.reported_from, month.reported_at)
    ('2025-09', '2025-08/2025-10')
    >>> parse_edtf("2025-09/..").upper is None
    True
    >>> parse_edtf("2025-02-22 11:00+0100").text, parse_edtf("H1 2025").text
    ('2025-02-22T10:00:00Z', '2025-40')
    >>> parse_edtf("22/02/2025")
    Traceback (most recent call last):
    timeline.errors.BadInput: '22/02/2025' is not an EDTF date; write 2025-02-22
    """
    return _parse(text.strip(), None if zone == "UTC" else zone, beyond)


#: The end of an interval to ask with: SQL compares it with the start as a text.
_YEAR_FIRST: Final = re.compile(r"[0-9]{4}.*|\.\.|", re.DOTALL)


def parse_as_of(value: str | date | datetime, zone: str | None = None) -> int:
    """Return the instant that an as-of names: the last one, inclusive, of a date, or the exact one given.

    Takes the text of a date without qualifiers, of an interval of dates that ends, a date, or an aware
    datetime; only its last parts may be unspecified (`2025-09-XX`). A date is that whole day in the calendar
    of `zone`, or of UTC. Raises BadInput for a naive datetime and for all else. `reported_instant` of the
    SQL surface is the same rule.

    >>> format_instant(parse_as_of("2025-02-22")), format_instant(parse_as_of("2025-02-22T10:00:00Z"))
    ('2025-02-22T23:59:59.999999Z', '2025-02-22T10:00:00Z')
    >>> format_instant(parse_as_of("2025-Q1")), format_instant(parse_as_of("2025-02-22", "Asia/Tokyo"))
    ('2025-03-31T23:59:59.999999Z', '2025-02-22T14:59:59.999999Z')
    """
    if isinstance(value, datetime):
        return from_datetime(value)
    if isinstance(value, date):
        return in_zone(day_start(value) + DAY, zone) - 1
    edtf = _asked(value, "an as-of date", zone)
    if "/" in value and not _YEAR_FIRST.fullmatch(value.rpartition("/")[2].strip()):
        raise BadInput(
            f"{_quoted(edtf.text)}: write the end of an interval with its year first, as in 2025-Q1"
        )
    if edtf.upper is None:
        raise BadInput(f"{_quoted(edtf.text)} has no last instant to look back from; give it an end")
    return edtf.upper - 1


def day_of(micros: int) -> str:
    """Return the day that an instant is in, in UTC, as ISO text."""
    return format_instant(micros)[:10]


def end_of_day(day: int, zone: str | None) -> int:
    """Return the last instant of a day, a number of days since 1970, in the calendar of a zone."""
    if zone in (None, "UTC"):
        return (day + 1) * DAY - 1
    return parse_as_of(day_of(day * DAY), zone)


def asked_day(instant: int, zone: str | None) -> int:
    """Return the first day in the calendar of a zone that ends at an instant or later, since 1970.

    Asked with that day, and not with the one before, what happened at the instant counts. Clocks that are
    set back over midnight show the day that has ended again: it is the next one then.

    >>> day_of(asked_day(0, "America/New_York") * DAY)
    '1969-12-31'
    """
    day = wall_clock(instant, zone) // DAY
    return day + 1 if end_of_day(day, zone) < instant else day


def day_in(instant: int, zone: str | None) -> str:
    """Return the first day of a zone that shows what happened at an instant where it is asked with.

    >>> day_in(parse_as_of("2025-02-22", "America/New_York"), "America/New_York")
    '2025-02-22'
    """
    return day_of(asked_day(instant, zone) * DAY)


def parse_instant(value: str | date | datetime, zone: str | None = None) -> int:
    """Return the instant that a date starts with (00:00 on its first day), or the exact one given.

    Takes what `parse_as_of` takes, but no interval and no unspecified digits, and raises alike;
    `valid_instant` of the SQL surface is the same rule.

    >>> format_instant(parse_instant("2025-09")), format_instant(parse_instant("2025-02-22T10:00:00+01:00"))
    ('2025-09-01T00:00:00Z', '2025-02-22T09:00:00Z')
    """
    if isinstance(value, datetime):
        return from_datetime(value)
    if isinstance(value, date):
        return in_zone(day_start(value), zone)
    edtf = _asked(value, "one instant", zone)
    if (
        edtf.lower is None
        or "X" in edtf.text
        or ("/" in edtf.text and edtf.text != as_edtf(str(value).strip()))
    ):
        raise BadInput(f"{_quoted(edtf.text)} is not one date; {_ONE_EXPECTED}")
    return edtf.lower


def ends_nothing(text: str) -> bool:
    """Whether a text is an end, exclusive or not, in the last day of 9999, which ends nothing.

    >>> ends_nothing("9999-12-31"), ends_nothing("9999-12-31 23:59:59.9999999"), ends_nothing("9999-12-30")
    (True, True, False)
    """
    text = text.strip()
    return (
        text == "9999-12-31" or _NO_END.fullmatch(re.sub(" ?(?:[Zz]|UTC|[+-]00:?00)$", "", text)) is not None
    )


def now() -> int:
    """Return the present instant, by this machine's clock."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class _Span:
    text: str
    lower: int | None
    upper: int | None
    reported_from: int | None
    reported_at: int | None


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text under way: the whole of it, for messages, and how its dates are read."""

    whole: str
    zone: str | None
    beyond: bool


@lru_cache(maxsize=65_536)
def _parse(text: str, zone: str | None, beyond: bool) -> Edtf:
    if zone is None and _PLAIN_DAY.fullmatch(text) and (first := _plain_day(text)) is not None:
        return Edtf(text, first, first + DAY, first, first + DAY - 1, is_instant=False)
    reading = _Reading(text, zone, beyond)
    start_text, slash, end_text = text.partition("/")
    if not slash:
        if (at := _instant(text, text)) is not None:
            return Edtf(format_instant(at), at, at + 1, at, at, is_instant=True)
        one = _date(text, reading)
        return Edtf(one.text, one.lower, one.upper, one.reported_from, one.reported_at, is_instant=False)
    if "/" in end_text:
        _refuse(text, text)
    if _DATE_TIME.fullmatch(end_text) and ends_nothing(end_text):
        try:
            _instant(end_text, text)
        except BadInput:
            end_text = "9999-12-31"
    start, end = _interval_end(start_text, reading), _interval_end(end_text, reading, is_end=True)
    if start.lower is not None and end.upper is not None and start.lower >= end.upper:
        raise BadInput(f"{_quoted(text)} does not end after it starts; write the earlier end first")
    written = f"{start.text.partition('/')[0]}/{end.text.rpartition('/')[2]}"
    return Edtf(written, start.lower, end.upper, start.reported_from, end.reported_at, is_instant=False)


def _interval_end(part: str, reading: _Reading, *, is_end: bool = False) -> _Span:
    if part in ("", ".."):
        return _Span(part, None, None, None, None)
    at = _instant(part, reading.whole)
    if at is None:
        return _date(part, reading)
    if at == FIRST_INSTANT and is_end:
        raise BadInput(
            f"{_quoted(reading.whole)} ends where the year 0001 starts, before anything it could hold"
        )
    return _Span(format_instant(at), at, at, at, at - 1)


def _date(part: str, reading: _Reading) -> _Span:
    match = _DATE.fullmatch(part)
    # The year before 1 is one of the calendar for nobody but those who count on.
    if match is not None and not (reading.beyond and match[2] == "0000"):
        return _within(match, part, reading)
    if _BEYOND.fullmatch(part):
        return _beyond(part, reading)
    written = as_edtf(part)
    if written is None:
        _refuse(part, reading.whole)
    first, slash, last = written.partition("/")
    start = _date(first, reading)
    end = _date(last, reading) if slash else start
    return _Span(written, start.lower, end.upper, start.reported_from, end.reported_at)


def _beyond(part: str, reading: _Reading) -> _Span:
    """Return the span of a year outside 0001 to 9999, or of a month or day of one."""
    match = _BEYOND.fullmatch(part)
    assert match is not None
    if not reading.beyond:
        raise BadInput(
            f"{_named(part, reading.whole)} is outside the years 0001 to 9999, "
            "as only the value of a date and a valid time may be"
        )
    year, month, day, long_year, exponent = match.groups()
    number = int(year) if year else int(long_year) * 10 ** int(exponent or 0)
    if year == "-0000" or (long_year and -9999 <= number <= 9999):
        raise BadInput(f"{_named(part, reading.whole)} is no year of EDTF; write {number:04}")
    months = (int(month), int(month)) if month else (1, 12)
    if not 1 <= months[0] <= 12:
        raise BadInput(f"{_named(part, reading.whole)} has no possible month; months run from 01 to 12")
    length = month_days(number, months[1])
    days = (int(day), int(day)) if day else (1, length)
    if not 1 <= days[0] <= length:
        raise BadInput(f"{_named(part, reading.whole)} is not in the calendar: that month has no such day")
    lower = days_since_1970(number, months[0], days[0]) * DAY
    upper = (days_since_1970(number, months[1], days[1]) + 1) * DAY
    return _Span(part, lower, upper, lower, upper - 1)


def _dated(text: str, bounds: tuple[int, int], reported: tuple[int, int], reading: _Reading) -> _Span:
    """Return a span of whole days, its ends exclusive, in the zone of its calendar."""
    zone = reading.zone
    if zone is None:
        return _Span(text, *bounds, reported[0], reported[1] - 1)
    lower, upper = (in_zone(edge, zone) for edge in bounds)
    start, end = (in_zone(edge, zone) for edge in reported)
    if lower >= upper or start >= end:
        # A day that the zone skipped, as Samoa did when it changed sides: that of UTC.
        return _Span(text, *bounds, reported[0], reported[1] - 1)
    return _Span(text, lower, upper, start, end - 1)


def _within(match: re.Match[str], part: str, reading: _Reading) -> _Span:
    """Return the span of a year, month, day, season or quarter."""
    whole = reading.whole
    fields = match.groups("")
    year, month, day = fields[1], fields[4], fields[7]
    years = _digits(year, 1, 9999, part, whole, "year")
    first = last = step = 0
    if not month:
        months = (1, 12)
    elif "X" not in month and (named := _PARTS_OF_YEAR.get(int(month))):
        if day:
            raise BadInput(f"{_named(part, whole)} has a day within a season or quarter; write 2025-02-22")
        first, last, step = named
        months = (first, last)
    else:
        months = _digits(month, 1, 12, part, whole, "month")
    start: tuple[int, int, int] | None = (years[0], months[0], 1)
    end: tuple[int, int, int] | None = (years[1], months[1], 31)
    if day:
        days = _digits(day, 1, 31, part, whole, "day")
        start, end = _first_day(years, months, days[0]), _last_day(years, months, days)
    if start is None or end is None:
        raise BadInput(f"{_named(part, whole)} is not in the calendar: that month has no such day")
    lower, upper = _shifted(start, 0, 0), _shifted(end, 0, 0) + DAY

    if not step and _QUALIFIERS.keys().isdisjoint(part):
        return _dated(part, (lower, upper), (lower, upper), reading)
    # A winter's report may be as late as February.
    reported_end = (years[1], first + step - 1, 31) if step else end
    more_months, more_days = _widening(fields, step or 1, part, whole)
    earliest = _shifted(start, -more_months, -more_days)
    latest = _shifted(reported_end, more_months, more_days) + DAY
    return _dated(part, (lower, upper), (earliest, latest), reading)


def _widening(fields: tuple[str, ...], step: int, part: str, whole: str) -> tuple[int, int]:
    """Return months and days by which the qualifiers widen a date each way.

    Its month or season is `step` long.
    """
    year, month, day = fields[1], fields[4], fields[7]
    months = days = 0
    for position in range(3):
        before, after = fields[3 * position], fields[3 * position + 2]
        if before and after:
            raise BadInput(
                f"{_named(part, whole)} qualifies one part of a date twice; write 2025-09~ or 2025-~09"
            )
        units = _QUALIFIERS.get(before or after, 0)
        if "X" in year:
            months += units * 12 * 10 ** year.count("X")
        elif position == 0 or "X" in month:
            months += units * 12
        elif position == 1 or "X" in day:
            months += units * step
        else:
            days += units
    return months, days


def _digits(field: str, least: int, most: int, part: str, whole: str, name: str) -> tuple[int, int]:
    known = field.rstrip("X")
    if "X" in known:
        raise BadInput(
            f"{_named(part, whole)} covers a {name} with gaps; an X may come only after the known digits"
        )
    low = max(least, int(field.replace("X", "0")))
    high = min(most, int(field.replace("X", "9")))
    if low > high:
        more = ", seasons from 21 to 24, quarters from 33 to 36" if name == "month" else ""
        width = len(field)
        raise BadInput(
            f"{_named(part, whole)} has no possible {name}; "
            f"{name}s run from {least:0{width}} to {most:0{width}}{more}"
        )
    return low, high


def _first_day(years: tuple[int, int], months: tuple[int, int], day: int) -> tuple[int, int, int] | None:
    for year in range(years[0], years[1] + 1):
        for month in range(months[0], months[1] + 1):
            if day <= month_days(year, month):
                return year, month, day
    return None


def _last_day(
    years: tuple[int, int], months: tuple[int, int], days: tuple[int, int]
) -> tuple[int, int, int] | None:
    for year in range(years[1], years[0] - 1, -1):
        for month in range(months[1], months[0] - 1, -1):
            if days[0] <= month_days(year, month):
                # Not cut to this month's length yet: moved by a month it may reach further.
                return year, month, days[1]
    return None


def _shifted(day: tuple[int, int, int], months: int, days: int) -> int:
    """Return the start of a day moved by months, within the new month, then by days, within the calendar."""
    year, month_index = divmod(day[0] * 12 + day[1] - 1 + months, 12)
    if year < 1:
        return FIRST_INSTANT
    if year > 9999:
        return LAST_DAY
    month = month_index + 1
    start = day_start(date(year, month, min(day[2], month_days(year, month)))) + days * DAY
    return min(max(FIRST_INSTANT, start), LAST_DAY)


def _plain_day(text: str) -> int | None:
    """Return the instant that a day in digits starts with, faster than `_date`; None for no such day."""
    try:
        return day_start(date.fromisoformat(text))
    except ValueError:
        return None


def _instant(part: str, whole: str) -> int | None:
    """Return the instant that a text means, None where it has no time of day; raises BadInput for others."""
    match = _DATE_TIME.fullmatch(part)
    if match is None and (letter := letter_instant(part)):
        match = _DATE_TIME.fullmatch(letter)
    if match is None:
        if not _LOOKS_LIKE_INSTANT.search(part):
            return None
        if part.rstrip("?~%") != part and _DATE_TIME.fullmatch(part.rstrip("?~%")):
            raise BadInput(f"{_named(part, whole)} qualifies an exact instant; only dates take ?, ~ and %")
        raise BadInput(f"{_named(part, whole)} is not an EDTF instant; write {_OFFSET_EXPECTED}")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if offset is None:
        raise BadInput(
            f"{_named(part, whole)} has a time of day without an offset; write {part}Z if it is UTC, "
            f"or an offset such as {part}+01:00"
        )
    fraction = (fraction or "").rstrip("0")
    if len(fraction) > 6:
        raise BadInput(
            f"{_named(part, whole)} is finer than microseconds; write at most six digits of a second"
        )
    ahead_hours, ahead_minutes = (int(offset[1:3]), int(offset[-2:])) if offset[0] in "+-" else (0, 0)
    if offset[0] in "+-" and len(offset) == 3:
        ahead_minutes = 0
    if (
        (int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59)
        or ahead_hours > 23
        or ahead_minutes > 59
    ):
        raise BadInput(
            f"{_named(part, whole)} is not a time of day; hours run to 23, minutes and seconds to 59, "
            "and midnight is 00:00:00 of the day that it starts"
        )
    written = f"{year}-{month}-{day}"
    start = _plain_day(written)
    if start is None:
        start = _date(written, _Reading(whole, None, False)).lower
    assert start is not None
    micros = start + (int(hour) * 3600 + int(minute) * 60 + int(second or 0)) * SECOND
    micros += int((fraction or "0").ljust(6, "0"))
    ahead = (ahead_hours * 3600 + ahead_minutes * 60) * SECOND
    micros += ahead if offset[0] == "-" else -ahead
    if not FIRST_INSTANT <= micros <= LAST_INSTANT:
        raise BadInput(f"{_named(part, whole)} lies in UTC outside the years 0001 to 9999")
    return micros


def _asked(value: object, wanted: str, zone: str | None) -> Edtf:
    """Return a date that is asked with, which is certain."""
    if not isinstance(value, str):
        raise BadInput(
            f"{brief(value)} is not {wanted}; give text like '2025-02-22', a date or an aware datetime"
        )
    text = value.strip()
    start, slash, end = text.rpartition("/")
    if letter_instant(end) is not None:
        raise BadInput(f"{_quoted(text)} is not {wanted}; write {_OFFSET_EXPECTED}")
    if _LAST_UNKNOWN.fullmatch(end.upper()):
        text = text.upper()
    edtf = parse_edtf(text, zone)
    if not _QUALIFIERS.keys().isdisjoint(edtf.text):
        raise BadInput(f"{_quoted(text)} is uncertain, which {wanted} cannot be; leave out ?, ~ and %")
    if ("X" in edtf.text and not _LAST_UNKNOWN.fullmatch(end.upper())) or (
        slash and (":" in end or not _PLAIN_START.fullmatch(start))
    ):
        raise BadInput(f"{_quoted(text)} is not one date; {_ONE_EXPECTED}")
    return edtf


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


def _named(part: str, whole: str) -> str:
    return _quoted(part) if part == whole else f"{_quoted(part)} in {_quoted(whole)}"


def _refuse(part: str, whole: str) -> NoReturn:
    if not part:
        raise BadInput(f"an empty text is not a date; {_EXPECTED}")
    if part[0] in "[{":
        raise BadInput(f"{_named(part, whole)} is a set of dates; write an interval that holds them all")
    if re.match("[0-9]{5,}-", part):
        raise BadInput(f"{_named(part, whole)} is outside the years 0001 to 9999")
    raise BadInput(f"{_named(part, whole)} is not an EDTF date; {advice(part) or _EXPECTED}")
