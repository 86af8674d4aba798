"""Instants, and the calendar that they are counted in.

An instant is an `int`: microseconds since 1970-01-01T00:00:00Z, in UTC, in the proleptic Gregorian calendar.
Those that are stored and shown lie in the years 0001 to 9999; only the bounds of a date that is kept as
text may lie beyond.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from timeline.errors import BadInput, nearest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = [
    "DAY",
    "END",
    "FIRST_INSTANT",
    "LAST_DAY",
    "LAST_INSTANT",
    "SECOND",
    "calendar",
    "day_start",
    "days_since_1970",
    "format_instant",
    "from_datetime",
    "from_naive",
    "in_zone",
    "month_days",
    "to_naive",
    "wall_clock",
    "zone_named",
]

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NAIVE_EPOCH: Final = _EPOCH.replace(tzinfo=None)

#: The first and the last instant that there are, and the end, exclusive, of 9999, which no datetime can be.
FIRST_INSTANT: Final = (1 - _EPOCH_ORDINAL) * DAY
END: Final = (date.max.toordinal() + 1 - _EPOCH_ORDINAL) * DAY
LAST_INSTANT: Final = END - 1
#: When 9999-12-31 starts, which many systems write for 'no end'.
LAST_DAY: Final = END - DAY

_MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def format_instant(micros: int) -> str:
    """Return an instant as ISO 8601 in UTC, with six digits of fraction unless that is zero.

    >>> format_instant(1_740_268_799_999_999), format_instant(0)
    ('2025-02-22T23:59:59.999999Z', '1970-01-01T00:00:00Z')
    """
    days, rest = divmod(micros, DAY)
    seconds, fraction = divmod(rest, SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    year, month, day = calendar(days)
    tail = f".{fraction:06}" if fraction else ""
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{tail}Z"


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


def day_start(day: date) -> int:
    """Return the instant with which a day starts in UTC."""
    return (day.toordinal() - _EPOCH_ORDINAL) * DAY


def month_days(year: int, month: int) -> int:
    """Return how many days a month has.

    >>> month_days(2024, 2), month_days(1900, 2)
    (29, 28)
    """
    if month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
        return 29
    return _MONTH_DAYS[month - 1]


def days_since_1970(year: int, month: int, day: int) -> int:
    """Return the number of a day, of any year, where the year 0 is the one before the year 1.

    >>> days_since_1970(1970, 1, 2), days_since_1970(-44, 3, 15)
    (1, -735525)
    """
    # 400 years of the calendar are 146,097 days and repeat.
    cycles, within = divmod(year - 1, 400)
    return date(within + 1, month, day).toordinal() + cycles * 146_097 - _EPOCH_ORDINAL


def calendar(days: int) -> tuple[int, int, int]:
    """Return year, month and day of a count of days since 1970, up to the day after the last of 9999.

    Raises BadInput for one that is outside the calendar.
    """
    if days * DAY == END:
        return 10_000, 1, 1
    if not FIRST_INSTANT <= days * DAY < END:
        raise BadInput(f"{days} days since 1970 lie outside the years 0001 to 9999")
    found = date.fromordinal(days + _EPOCH_ORDINAL)
    return found.year, found.month, found.day


@lru_cache(maxsize=1_024)
def zone_named(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; raises BadInput for any other text.

    >>> zone_named("Asia/Tokyo").key
    'Asia/Tokyo'
    """
    from zoneinfo import ZoneInfo, available_timezones

    known = available_timezones()
    # A name is looked up among the known ones first: a text that is a path would be opened as one.
    if name not in known:
        raise BadInput(
            f"no such time zone: {name[:60]!r}; expected an IANA name such as Asia/Tokyo"
            f"{nearest(name, known)}"
        )
    return ZoneInfo(name)


def in_zone(wall: int, zone: str | None) -> int:
    """Return the instant at which clocks in a zone show what an instant shows in UTC; None is UTC itself.

    Of a time that clocks show twice it is the first; of one that they skip, the moment of the leap.
    What lies outside the calendar then is its first or last instant; its end stays its end.

    >>> format_instant(in_zone(0, "Asia/Tokyo"))
    '1969-12-31T15:00:00Z'
    """
    if zone is None or zone == "UTC" or not FIRST_INSTANT <= wall < END:
        return wall
    offset = to_naive(wall).replace(tzinfo=zone_named(zone)).utcoffset()
    assert offset is not None
    return min(max(FIRST_INSTANT, wall - _micros(offset)), LAST_INSTANT)


def wall_clock(instant: int, zone: str | None) -> int:
    """Return what clocks in an IANA zone show at an instant, as that instant of UTC; `in_zone` undoes it.

    At the ends of the calendar, where the zone's clocks show a year that no datetime has, it is the instant.

    >>> format_instant(wall_clock(0, "America/New_York"))
    '1969-12-31T19:00:00Z'
    """
    if zone is None:
        return instant
    try:
        shown = to_naive(instant).replace(tzinfo=UTC).astimezone(zone_named(zone))
    except OverflowError:
        return instant
    return from_naive(shown.replace(tzinfo=None))
