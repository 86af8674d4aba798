"""Dates as they are reported (EDTF, ISO 8601-2), the spans that they cover, and the only clock.

An instant is an `int`: microseconds since 1970-01-01T00:00:00Z, in UTC, in the proleptic Gregorian
calendar, from the start of the year 0001 up to the end of 9999. A span is a pair of instants, its
start inclusive and its end exclusive, where None means unbounded. What EDTF leaves to the
reader is settled like this:

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
- The end of 9999 bounds nothing: of a valid time or a period it is no end (`no_end`), and no instant that is
  stored lies beyond the last there is (`value_end`).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, NoReturn

from timeline.errors import BadInput

__all__ = [
    "END",
    "FIRST_INSTANT",
    "LAST_INSTANT",
    "Bounds",
    "Edtf",
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
    "show_reported",
    "to_naive",
    "value_end",
]

Bounds = tuple[int | None, int | None]

_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NAIVE_EPOCH: Final = _EPOCH.replace(tzinfo=None)

#: The first and the last instant that there are, and the end, exclusive, of 9999, which no datetime can be.
FIRST_INSTANT: Final = (1 - _EPOCH_ORDINAL) * _DAY
END: Final = (date.max.toordinal() + 1 - _EPOCH_ORDINAL) * _DAY
LAST_INSTANT: Final = END - 1

_MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

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
_PLAIN_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"(Z|[+-][0-9]{2}(?::[0-9]{2})?)?"
)
_QUALIFIERS: Final = {"?": 1, "~": 1, "%": 2}
_EXPECTED: Final = (
    "write a day like 2025-02-22, a month like 2025-02, a year, or an interval like 2025-02/2025-04"
)
_OFFSET_EXPECTED: Final = "2025-02-22T10:00:00Z or 2025-02-22T10:00:00+01:00"


@dataclass(frozen=True, slots=True)
class Edtf:
    """One EDTF date, instant or interval, and the spans that it means.

    `lower` (inclusive) and `upper` (exclusive) are the bounds as written, for valid time and periods.
    `reported_from` and `reported_at` are the earliest and the last instant on the reported axis,
    widened by the qualifiers, both *inclusive*. None is unbounded. An exact instant t has the bounds
    (t, t + 1).
    """

    text: str
    lower: int | None
    upper: int | None
    reported_from: int | None
    reported_at: int | None
    is_instant: bool


def parse_edtf(text: str) -> Edtf:
    """Read an EDTF date, instant or interval; space around it is dropped.

    Understood are years, months, days, seasons and quarters (21 to 41), `X` for unspecified digits, the
    qualifiers `?` `~` `%`, instants with their offset and at most microseconds, and intervals with
    open (`..`) or unknown (empty) ends. Raises BadInput for anything else, for years outside 0001 to
    9999, for instants without an offset, and for intervals that end before they start. Results are cached.

    >>> month = parse_edtf("2025-09~")
    >>> period_text(month.lower, month.upper), show_reported(month.reported_from, month.reported_at)
    ('2025-09', '2025-08/2025-10')
    >>> parse_edtf("2025-09/..").upper is None
    True
    >>> parse_edtf("22/02/2025")
    Traceback (most recent call last):
    timeline.errors.BadInput: '22/02/2025' is not an EDTF date; write a day like 2025-02-22, ...
    """
    return _parse(text.strip())


def parse_as_of(value: str | date | datetime) -> int:
    """Return the instant that an as-of names: the last one, inclusive, of a date, or the exact one given.

    Takes EDTF text without qualifiers, a date (that whole day in UTC) or an aware datetime. Raises BadInput
    for a naive datetime and for what has no last instant.

    >>> format_instant(parse_as_of("2025-02-22")), format_instant(parse_as_of("2025-02-22T10:00:00Z"))
    ('2025-02-22T23:59:59.999999Z', '2025-02-22T10:00:00Z')
    """
    if isinstance(value, datetime):
        return from_datetime(value)
    if isinstance(value, date):
        return _day_start(value) + _DAY - 1
    edtf = _plain(value, "an as-of date")
    if edtf.upper is None:
        raise BadInput(f"{_quoted(edtf.text)} has no last instant to look back from; give it an end")
    return edtf.upper - 1


def parse_instant(value: str | date | datetime) -> int:
    """Return the instant that a date starts with (00:00 UTC on its first day), or the exact one given.

    Takes EDTF text of one date without qualifiers or unspecified digits, a date, or an aware datetime. Raises
    BadInput for a naive datetime and for an interval.

    >>> format_instant(parse_instant("2025-09")), format_instant(parse_instant("2025-02-22T10:00:00+01:00"))
    ('2025-09-01T00:00:00Z', '2025-02-22T09:00:00Z')
    """
    if isinstance(value, datetime):
        return from_datetime(value)
    if isinstance(value, date):
        return _day_start(value)
    edtf = _plain(value, "one instant")
    if edtf.lower is None or "/" in edtf.text or "X" in edtf.text:
        raise BadInput(f"{_quoted(edtf.text)} is not one date; write a day like 2025-02-22 or an instant")
    return edtf.lower


def period_text(lower: int | None, upper: int | None) -> str:
    """Return the canonical EDTF text of a span: equal bounds, and only those, give equal text.

    `lower` is inclusive, `upper` exclusive, None unbounded, which the end of 9999 is too. The text is a
    single year, month, day or instant where that says it all, otherwise an interval in the coarsest of
    these units that both ends fit. Parsed again it has the same bounds. Raises BadInput for an empty span
    and for one outside the years 0001 to 9999.

    >>> quarter = parse_edtf("2024-33")
    >>> period_text(quarter.lower, quarter.upper)
    '2024-01/2024-03'
    >>> period_text(parse_edtf("2025").lower, None), period_text(parse_edtf("2025").lower, END)
    ('2025/..', '2025/..')
    """
    _check_span(lower, upper)
    return former_period_text(lower, no_end(upper))


def former_period_text(lower: int | None, upper: int | None) -> str:
    """Return the text that a span had when the end of 9999 was one, which is written as a day.

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


def no_end(upper: int | None) -> int | None:
    """Return the end, exclusive, of a valid time or a period: None where it is that of 9999, which is no end.

    >>> no_end(parse_edtf("2024/9999").upper) is None, no_end(parse_edtf("1970").upper)
    (True, 31536000000000)
    """
    return None if upper == END else upper


def value_end(upper: int | None) -> int | None:
    """Return the end of a date that is a value.

    The last instant that there is where it would lie behind that.

    >>> value_end(parse_edtf("9999-12-31").upper) == LAST_INSTANT
    True
    """
    return LAST_INSTANT if upper == END else upper


def format_instant(micros: int) -> str:
    """Return an instant as ISO 8601 in UTC, with six digits of fraction unless that is zero.

    >>> format_instant(1_740_268_799_999_999), format_instant(0)
    ('2025-02-22T23:59:59.999999Z', '1970-01-01T00:00:00Z')
    """
    days, rest = divmod(micros, _DAY)
    seconds, fraction = divmod(rest, _SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    year, month, day = _calendar(days)
    tail = f".{fraction:06}" if fraction else ""
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{tail}Z"


def show_reported(reported_from: int | None, reported_at: int | None) -> str:
    """Return a span of the reported axis for people, in as few words as it needs.

    Both ends are inclusive, as in Edtf; None is unbounded.

    >>> about, exact = parse_edtf("2026-02-20~"), parse_edtf("2025-02-22T10:00:00Z")
    >>> show_reported(about.reported_from, about.reported_at)
    '2026-02-19/2026-02-21'
    >>> show_reported(exact.reported_from, exact.reported_at)
    '2025-02-22 10:00Z'
    """
    if reported_from is not None and reported_from == reported_at:
        return _show_instant(reported_from)
    upper = None if reported_at is None else reported_at + 1
    if max(_edge(reported_from), _edge(upper)) < 3:
        return former_period_text(reported_from, upper)
    start = ".." if reported_from is None else _show_instant(reported_from, whole_day=0)
    end = ".." if reported_at is None else _show_instant(reported_at, whole_day=_DAY - 1)
    return f"{start}/{end}"


def show_instant_end(micros: int) -> str:
    """Return a last instant, inclusive.

    The date where it is the last of a day, else as format_instant has it.

    >>> show_instant_end(parse_as_of("2025-02-22")), show_instant_end(0)
    ('2025-02-22', '1970-01-01T00:00:00Z')
    """
    return _text_at(2, micros) if micros % _DAY == _DAY - 1 else format_instant(micros)


def from_datetime(moment: datetime) -> int:
    """Return the instant of an aware datetime; raises BadInput for a naive one.

    >>> from_datetime(datetime(1970, 1, 1, 1, tzinfo=UTC))
    3600000000
    """
    if moment.utcoffset() is None:
        raise BadInput(
            f"{moment.isoformat()} has no time zone; give the datetime one, such as tzinfo=datetime.UTC"
        )
    micros = _micros(moment - _EPOCH)
    if not FIRST_INSTANT <= micros <= LAST_INSTANT:
        raise BadInput(f"{moment.isoformat()} lies in UTC outside the years 0001 to 9999")
    return micros


def to_naive(micros: int) -> datetime:
    """Return an instant as a datetime in UTC that does not say so, as DuckDB has them; see `from_naive`."""
    return _NAIVE_EPOCH + timedelta(microseconds=micros)


def from_naive(moment: datetime) -> int:
    """Return the instant of a datetime without a zone that DuckDB returned, and so in UTC.

    >>> from_naive(to_naive(-1))
    -1
    """
    return _micros(moment - _NAIVE_EPOCH)


def _micros(since: timedelta) -> int:
    return since // _MICROSECOND


def now() -> int:
    """Return the present instant, by this machine's clock."""
    return time.time_ns() // 1000


@lru_cache(maxsize=65_536)
def _parse(text: str) -> Edtf:
    start_text, slash, end_text = text.partition("/")
    if not slash:
        if "T" in text:
            at = _instant(text, text)
            return Edtf(text, at, at + 1, at, at, is_instant=True)
        if _PLAIN_DAY.fullmatch(text) and (first := _plain_day(text)) is not None:
            return Edtf(text, first, first + _DAY, first, first + _DAY - 1, is_instant=False)
        one = _date(text, text)
        return Edtf(text, one.lower, one.upper, one.reported_from, one.reported_at, is_instant=False)
    if "/" in end_text:
        _refuse(text, text)
    start, end = _interval_end(start_text, text), _interval_end(end_text, text)
    if start.lower is not None and end.upper is not None and start.lower >= end.upper:
        raise BadInput(f"{_quoted(text)} does not end after it starts; write the earlier end first")
    return Edtf(text, start.lower, end.upper, start.reported_from, end.reported_at, is_instant=False)


@dataclass(frozen=True, slots=True)
class _Span:
    lower: int | None
    upper: int | None
    reported_from: int | None
    reported_at: int | None


_UNBOUNDED: Final = _Span(None, None, None, None)


def _interval_end(part: str, whole: str) -> _Span:
    if part in ("", ".."):
        return _UNBOUNDED
    if "T" in part:
        at = _instant(part, whole)
        if at == FIRST_INSTANT and whole.endswith(f"/{part}"):
            raise BadInput(f"{_quoted(whole)} ends where the year 0001 starts, before anything it could hold")
        return _Span(at, at, at, at - 1)
    return _date(part, whole)


def _date(part: str, whole: str) -> _Span:
    match = _DATE.fullmatch(part)
    if match is None:
        _refuse(part, whole)
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
    days = _digits(day, 1, 31, part, whole, "day") if day else (1, 31)

    start = _first_day(years, months, days[0]) if day else (years[0], months[0], 1)
    end = _last_day(years, months, days) if day else (years[1], months[1], 31)
    if start is None or end is None:
        raise BadInput(f"{_named(part, whole)} is not in the calendar: that month has no such day")
    lower, upper = _shifted(start, 0, 0), _shifted(end, 0, 0) + _DAY

    if not step and _QUALIFIERS.keys().isdisjoint(part):
        return _Span(lower, upper, lower, upper - 1)
    # A winter's report may be as late as February.
    reported_end = (years[1], first + step - 1, 31) if step else end
    more_months, more_days = _widening(fields, step or 1, part, whole)
    return _Span(
        lower,
        upper,
        _shifted(start, -more_months, -more_days),
        _shifted(reported_end, more_months, more_days) + _DAY - 1,
    )


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
            if day <= _month_days(year, month):
                return year, month, day
    return None


def _last_day(
    years: tuple[int, int], months: tuple[int, int], days: tuple[int, int]
) -> tuple[int, int, int] | None:
    for year in range(years[1], years[0] - 1, -1):
        for month in range(months[1], months[0] - 1, -1):
            if days[0] <= _month_days(year, month):
                # Not cut to this month's length yet: moved by a month it may reach further.
                return year, month, days[1]
    return None


def _month_days(year: int, month: int) -> int:
    if month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
        return 29
    return _MONTH_DAYS[month - 1]


def _shifted(day: tuple[int, int, int], months: int, days: int) -> int:
    """Return the start of a day moved by months, within the new month, then by days, within the calendar."""
    year, month_index = divmod(day[0] * 12 + day[1] - 1 + months, 12)
    if year < 1:
        return FIRST_INSTANT
    if year > 9999:
        return END - _DAY
    month = month_index + 1
    ordinal = date(year, month, min(day[2], _month_days(year, month))).toordinal() + days
    return min(max(FIRST_INSTANT, (ordinal - _EPOCH_ORDINAL) * _DAY), END - _DAY)


def _plain_day(text: str) -> int | None:
    """Return the instant that a day in digits starts with, faster than `_date`; None for no such day."""
    try:
        return _day_start(date.fromisoformat(text))
    except ValueError:
        return None


def _instant(part: str, whole: str) -> int:
    match = _DATE_TIME.fullmatch(part)
    if match is None:
        if part.rstrip("?~%") != part and _DATE_TIME.fullmatch(part.rstrip("?~%")):
            raise BadInput(f"{_named(part, whole)} qualifies an exact instant; only dates take ?, ~ and %")
        raise BadInput(f"{_named(part, whole)} is not an EDTF instant; write {_OFFSET_EXPECTED}")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if offset is None:
        raise BadInput(
            f"{_named(part, whole)} has a time of day without an offset; write {part}Z if it is UTC, "
            f"or an offset such as {part}+01:00"
        )
    if fraction is not None and len(fraction) > 6:
        raise BadInput(
            f"{_named(part, whole)} is finer than microseconds; write at most six digits of a second"
        )
    if (int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59) or (
        offset != "Z" and (int(offset[1:3]) > 23 or int(offset[4:] or 0) > 59)
    ):
        raise BadInput(
            f"{_named(part, whole)} is not a time of day; hours run to 23, minutes and seconds to 59, "
            "and midnight is 00:00:00 of the day that it starts"
        )
    written = f"{year}-{month}-{day}"
    start = _plain_day(written)
    if start is None:
        start = _date(written, whole).lower
    assert start is not None
    micros = start + (int(hour) * 3600 + int(minute) * 60 + int(second or 0)) * _SECOND
    micros += int((fraction or "0").ljust(6, "0"))
    if offset != "Z":
        ahead = (int(offset[1:3]) * 3600 + int(offset[4:] or 0) * 60) * _SECOND
        micros += ahead if offset[0] == "-" else -ahead
    if not FIRST_INSTANT <= micros <= LAST_INSTANT:
        raise BadInput(f"{_named(part, whole)} lies in UTC outside the years 0001 to 9999")
    return micros


def _plain(value: object, wanted: str) -> Edtf:
    if not isinstance(value, str):
        raise BadInput(f"{value!r} is not {wanted}; give text like '2025-02-22', a date or an aware datetime")
    edtf = parse_edtf(value)
    if not _QUALIFIERS.keys().isdisjoint(edtf.text):
        raise BadInput(f"{_quoted(edtf.text)} is uncertain, which {wanted} cannot be; leave out ?, ~ and %")
    return edtf


def _day_start(day: date) -> int:
    return (day.toordinal() - _EPOCH_ORDINAL) * _DAY


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
    days, rest = divmod(micros, _DAY)
    if rest:
        return 3
    _, month, day = _calendar(days)
    return 2 if day > 1 else 1 if month > 1 else 0


def _text_at(unit: int, micros: int) -> str:
    if unit == 3:
        return format_instant(micros)
    year, month, day = _calendar(micros // _DAY)
    return (f"{year:04}", f"{year:04}-{month:02}", f"{year:04}-{month:02}-{day:02}")[unit]


def _calendar(days: int) -> tuple[int, int, int]:
    """Return year, month and day of a count of days since 1970, up to the day after the last of 9999."""
    if days * _DAY == END:
        return 10_000, 1, 1
    if not FIRST_INSTANT <= days * _DAY < END:
        raise BadInput(f"{days} days since 1970 lie outside the years 0001 to 9999")
    found = date.fromordinal(days + _EPOCH_ORDINAL)
    return found.year, found.month, found.day


def _show_instant(micros: int, *, whole_day: int | None = None) -> str:
    """Return for people; as its date alone where it lies `whole_day` into that."""
    if micros % _DAY == whole_day:
        return _text_at(2, micros)
    text = format_instant(micros)
    return f"{text[:10]} {text[11:-4]}Z" if text.endswith(":00Z") else f"{text[:10]} {text[11:]}"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


def _named(part: str, whole: str) -> str:
    return _quoted(part) if part == whole else f"{_quoted(part)} in {_quoted(whole)}"


def _refuse(part: str, whole: str) -> NoReturn:
    if not part:
        raise BadInput(f"an empty text is not a date; {_EXPECTED}")
    if part[0] in "[{":
        raise BadInput(f"{_named(part, whole)} is a set of dates; write an interval that holds them all")
    if re.match("-[0-9]{4}|Y", part):
        raise BadInput(f"{_named(part, whole)} is outside the years 0001 to 9999")
    if ":" in part:
        raise BadInput(f"{_named(part, whole)} is not an EDTF instant; write {_OFFSET_EXPECTED}")
    raise BadInput(f"{_named(part, whole)} is not an EDTF date; {_EXPECTED}")
