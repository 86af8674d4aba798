"""Bounds of dates against independent readings of them, and spans written and read again.

The oracle for written bounds is the `edtf` package, by its *strict* bounds alone: its fuzzy ones
widen by fixed paddings of its own (half a year and more), not by a unit of the date. Only texts on
which it and the standard agree are put to it. Where it goes another way, and why ours stays:

- an unknown end (`2025-09/`) is ten years off for edtf; nothing says so, and here it is unbounded;
- `XXXX` starts in the year 0000, before our calendar; `202X-02-29` ends on a 29 February 2029 that never was;
- unspecified digits within a month or day (`2025-1X`, `2025-02-2X`: level 2 of the standard) make it
  crash, so these are compared with a plain list of the days that they match;
- it drops the time of day and takes naive instants and 24:00:00: instants are compared with `datetime`;
- it refuses instants, quarters and some masks as ends of intervals, which the standard does not: there its
  bounds of each end are taken;
- it refuses qualifiers of seasons, `/`, and qualified parts next to an open end; the standard has them;
- it takes intervals that end before they start, which here is an error.

A winter (24, 28, 30) is December alone for both: the standard gives seasons no months.
"""

from __future__ import annotations

import calendar
import time
from datetime import UTC, date, datetime, timedelta, timezone
from fnmatch import fnmatchcase
from functools import cache

import edtf
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from timeline.errors import BadInput
from timeline.meaning.times import (
    FIRST_INSTANT,
    LAST_INSTANT,
    Bounds,
    format_instant,
    from_datetime,
    no_end,
    parse_as_of,
    parse_edtf,
    period_text,
    show_period,
    show_quarters,
    show_reported,
    to_naive,
)

DAY = 86_400_000_000
EPOCH = date(1970, 1, 1).toordinal()
END_OF_9999 = LAST_INSTANT + 1

years = st.one_of(st.integers(1990, 2040), st.integers(1, 9999))
days = st.builds(
    lambda year, month, day: date(year, month, min(day, calendar.monthrange(year, month)[1])),
    years,
    st.integers(1, 12),
    st.integers(1, 31),
)
qualifiers = st.sampled_from("?~%")


def as_of_days(first: date, last: date) -> Bounds:
    """Return the span from the start of one day to the end of another."""
    return (first.toordinal() - EPOCH) * DAY, (last.toordinal() - EPOCH + 1) * DAY


def written(text: str) -> Bounds:
    found = parse_edtf(text)
    return found.lower, found.upper


def opened(bounds: Bounds) -> Bounds:
    """Return the bounds as those of a valid time or a period, for which the end of 9999 is no end."""
    return bounds[0], no_end(bounds[1])


def strict(text: str) -> Bounds:
    """Return the strict bounds of the edtf package."""
    found = edtf.parse_edtf(text)

    def day(bound: time.struct_time) -> date:
        return date(bound.tm_year, bound.tm_mon, bound.tm_mday)

    lower, upper = found.lower_strict(), found.upper_strict()
    first = date.min if lower == -float("inf") else day(lower)
    last = date.max if upper == float("inf") else day(upper)
    bounds = as_of_days(first, last)
    return None if lower == -float("inf") else bounds[0], None if upper == float("inf") else bounds[1]


plain_dates = st.one_of(
    years.map("{:04}".format),
    days.map(lambda day: day.isoformat()[:7]),
    days.map(date.isoformat),
)
seasons = st.builds("{:04}-{:02}".format, years, st.integers(21, 24))
parts_of_year = st.builds("{:04}-{:02}".format, years, st.integers(21, 41))
masks = st.one_of(
    st.integers(1, 999).map("{:03}X".format),
    st.integers(1, 99).map("{:02}XX".format),
    st.integers(1, 9).map("{}XXX".format),
    years.map("{:04}-XX".format),
    days.map(lambda day: f"{day.isoformat()[:7]}-XX"),
    years.map("{:04}-XX-XX".format),
    st.builds("{:03}X-{:02}".format, st.integers(1, 999), st.integers(1, 12)),
    st.builds("{:02}XX-XX".format, st.integers(1, 99)),
    st.builds("{:03}X-{:02}-{:02}".format, st.integers(1, 999), st.integers(1, 12), st.integers(1, 28)),
    st.builds("{:04}-XX-{:02}".format, years, st.integers(1, 28)),
)


@st.composite
def qualified_parts(draw: st.DrawFn) -> str:
    """Return a date of which one part is qualified, in front of the part or behind it."""
    parts = draw(days).isoformat().split("-")[: draw(st.integers(1, 3))]
    chosen = draw(st.integers(0, len(parts) - 1))
    sign = draw(qualifiers)
    parts[chosen] = draw(st.sampled_from([sign + parts[chosen], parts[chosen] + sign]))
    return "-".join(parts)


@given(text=st.one_of(plain_dates, parts_of_year, masks, qualified_parts()))
@example(text="0001")
@example(text="9999-12-31")
@example(text="2025-24")
@settings(deadline=None)
def test_dates_have_the_strict_bounds_of_edtf(text: str) -> None:
    assert written(text) == strict(text)


@given(
    start=st.one_of(plain_dates, seasons, st.just("..")), end=st.one_of(plain_dates, seasons, st.just(".."))
)
@example(start="2025-09-05", end="2025-09")
@settings(deadline=None)
def test_intervals_have_the_strict_bounds_of_edtf(start: str, end: str) -> None:
    text = f"{start}/{end}"
    lower, upper = strict(text)
    if lower is not None and upper is not None and lower >= upper:
        with pytest.raises(BadInput, match="does not end after it starts"):
            parse_edtf(text)
    else:
        assert written(text) == (lower, upper)


anything_dated = st.one_of(plain_dates, parts_of_year, masks)


@given(start=anything_dated, start_sign=st.sampled_from(["", "?", "~", "%"]), end=anything_dated)
@settings(deadline=None)
def test_an_interval_runs_from_its_start_to_its_end(start: str, start_sign: str, end: str) -> None:
    lower, upper = strict(start)[0], strict(end)[1]
    assert lower is not None
    assert upper is not None
    assume(lower < upper)
    assert written(f"{start}{start_sign}/{end}") == (lower, upper)
    assert written(f"{start}/{end}{start_sign}") == (lower, upper)
    whole = parse_edtf(f"{start}{start_sign}/{end}")
    assert whole.reported_from == parse_edtf(f"{start}{start_sign}").reported_from
    assert whole.reported_at == parse_edtf(end).reported_at


@given(text=anything_dated, sign=qualifiers)
@example(text="0001", sign="%")
@example(text="9999-12", sign="%")
def test_qualifiers_leave_the_bounds_as_written(text: str, sign: str) -> None:
    assert written(text + sign) == written(text)


@cache
def days_of(decade: str) -> list[str]:
    first = date(int(f"{decade}0"), 1, 1)
    return [(first + timedelta(days=n)).isoformat() for n in range(3653)]


@given(
    decade=st.sampled_from(["189", "201", "202"]),
    year=st.sampled_from("0123456789X"),
    month=st.integers(1, 12).map("{:02}".format) | st.sampled_from(["0X", "1X", "XX"]),
    day=st.integers(1, 31).map("{:02}".format) | st.sampled_from(["0X", "1X", "2X", "3X", "XX"]),
)
@example(decade="189", year="X", month="02", day="29")
@example(decade="202", year="5", month="02", day="3X")
@example(decade="202", year="5", month="0X", day="31")
def test_masked_dates_cover_every_day_they_could_be(decade: str, year: str, month: str, day: str) -> None:
    text = f"{decade}{year}-{month}-{day}"
    pattern = text.replace("X", "?")
    possible = [found for found in days_of(decade) if found[:3] == decade and fnmatchcase(found, pattern)]
    if possible:
        first, last = date.fromisoformat(possible[0]), date.fromisoformat(possible[-1])
        assert written(text) == as_of_days(first, last)
    else:
        with pytest.raises(BadInput, match="is not in the calendar"):
            parse_edtf(text)


offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=offsets)  # noqa: DTZ001


@given(moment=moments)
@example(moment=datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
def test_instants_are_those_of_datetime(moment: datetime) -> None:
    found = parse_edtf(moment.isoformat())
    assert found.is_instant
    assert found.lower == found.reported_from == found.reported_at == from_datetime(moment)
    assert parse_as_of(moment.isoformat()) == parse_as_of(moment) == found.lower
    assert to_naive(from_datetime(moment)).replace(tzinfo=UTC) == moment
    assert format_instant(from_datetime(moment)) == moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@given(micros=st.integers(FIRST_INSTANT, LAST_INSTANT))
def test_instants_survive_being_written(micros: int) -> None:
    assert written(format_instant(micros)) == (micros, micros + 1)
    assert from_datetime(to_naive(micros).replace(tzinfo=UTC)) == micros


edges = st.one_of(
    st.integers(1, 9999).map(lambda year: date(year, 1, 1)),
    days.map(lambda day: day.replace(day=1)),
    days,
).map(lambda day: (day.toordinal() - EPOCH) * DAY)
ends = st.one_of(
    edges, st.integers(FIRST_INSTANT, LAST_INSTANT), st.sampled_from([FIRST_INSTANT, END_OF_9999])
)


@st.composite
def spans(draw: st.DrawFn) -> Bounds:
    """Return a span that is not empty, mostly with ends where years, months or days begin."""
    lower, upper = draw(st.none() | ends), draw(st.none() | ends)
    if lower is not None and upper is not None:
        lower, upper = sorted((lower, upper))
    assume(lower != END_OF_9999 and upper != FIRST_INSTANT and (lower is None or lower != upper))
    return lower, upper


@given(bounds=spans())
@example(bounds=(None, None))
@example(bounds=(LAST_INSTANT, END_OF_9999))
@example(bounds=(FIRST_INSTANT, END_OF_9999))
@example(bounds=(FIRST_INSTANT + 1, END_OF_9999))
@example(bounds=(END_OF_9999 - DAY, END_OF_9999))
@example(bounds=(FIRST_INSTANT, FIRST_INSTANT + 1))
@example(bounds=(FIRST_INSTANT, FIRST_INSTANT + DAY))
def test_spans_survive_being_written(bounds: Bounds) -> None:
    text = period_text(*bounds)
    assert written(text) == opened(bounds)


@given(bounds=spans())
@example(bounds=(FIRST_INSTANT, END_OF_9999))
def test_no_shorter_interval_says_the_same(bounds: Bounds) -> None:
    text = period_text(*bounds)
    ends = text.split("/")
    for length in (4, 7, 10):
        shorter = "/".join(end if end == ".." else end[:length] for end in ends)
        if len(shorter) < len(text):
            try:
                assert opened(written(shorter)) != opened(bounds)
            except BadInput:
                assert len(ends) == 2


@given(text=st.one_of(anything_dated, qualified_parts(), st.builds("{}/{}".format, plain_dates, plain_dates)))
def test_texts_of_equal_bounds_become_one(text: str) -> None:
    try:
        bounds = written(text)
    except BadInput:
        assume(False)
        return
    canonical = period_text(*bounds)
    assert written(canonical) == opened(bounds)
    assert period_text(*written(canonical)) == canonical


def neighbour(text: str, step: int) -> str:
    """Return the date of the same form one or two units of its precision away."""
    if text.endswith("X"):
        return f"{int(text[:3]) + step:03}X"
    if len(text) == 4:
        return f"{int(text) + step:04}"
    if len(text) == 10:
        return (date.fromisoformat(text) + timedelta(days=step)).isoformat()
    year, part = int(text[:4]), int(text[5:])
    first, size = next(
        (first, size)
        for first, size in ((1, 12), (21, 4), (33, 4), (37, 3), (40, 2))
        if first <= part < first + size
    )
    years_on, place = divmod(part - first + step, size)
    return f"{year + years_on:04}-{first + place:02}"


@given(
    text=st.one_of(
        plain_dates,
        st.builds("{:04}-{:02}".format, years, st.sampled_from([21, 22, 23, 24, *range(33, 42)])),
        st.integers(1, 999).map("{:03}X".format),
    ).filter(lambda text: "0030" <= text < "9970"),
    sign=qualifiers,
)
@example(text="2025-24", sign="~")
@example(text="2025-21", sign="?")
@example(text="2025-12", sign="%")
def test_widened_dates_reach_to_their_neighbours(text: str, sign: str) -> None:
    units = 2 if sign == "%" else 1
    found = parse_edtf(text + sign)
    assert found.reported_from == parse_edtf(neighbour(text, -units)).reported_from
    assert found.reported_at == parse_edtf(neighbour(text, units)).reported_at


alphabet = st.text(alphabet="0129X-/.?~%T:Z+ ", max_size=24)
pieces = st.lists(
    st.sampled_from(
        [*"?~%X-/T", "..", "0000", "0001", "2025", "9999", "202X", "XXXX", "-02", "-12", "-24", "-29", "-31"]
    ),
    max_size=9,
).map("".join)


@given(text=st.one_of(alphabet, pieces, anything_dated, qualified_parts(), moments.map(datetime.isoformat)))
@example(text="9999-12-31T23:59:59.999999Z")
@example(text="0001-01-01T00:00:00Z")
@example(text="../0001-01-01T00:00:00Z")
@example(text="9999-XX-31%")
@example(text="2025-09-XX~")
def test_what_is_read_is_sound_and_all_else_is_bad_input(text: str) -> None:
    try:
        found = parse_edtf(text)
    except BadInput:
        return
    if found.lower is not None:
        assert found.reported_from is not None
        assert FIRST_INSTANT <= found.reported_from <= found.lower
    else:
        assert found.reported_from is None
    if found.upper is not None:
        assert found.reported_at is not None
        assert found.upper - 1 <= found.reported_at <= LAST_INSTANT
    else:
        assert found.reported_at is None
    if found.lower is not None and found.upper is not None:
        assert found.lower < found.upper
    assert written(period_text(found.lower, found.upper)) == opened((found.lower, found.upper))
    assert show_reported(found.reported_from, found.reported_at)
    assert parse_edtf(f" {text}\t") == found


parts_in_words = st.one_of(
    st.builds("{:04}-Q{}".format, years, st.integers(1, 4)),
    st.builds("Q{1} {0:04}".format, years, st.integers(1, 4)),
    st.builds("{:04}H{}".format, years, st.integers(1, 2)),
    st.builds("{} {:04}".format, st.sampled_from(["March", "jun", "Sept.", "DEC"]), years),
    st.builds("{:04}-W{:02}".format, years, st.integers(1, 52)),
    moments.map(datetime.isoformat),
    moments.map(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S%z}".zfill(24)),
)


@given(text=st.one_of(anything_dated, qualified_parts(), parts_in_words))
@example(text="2025-Q3~")
def test_a_date_is_read_again_from_its_one_text_and_from_what_is_shown(text: str) -> None:
    try:
        edtf = parse_edtf(text)
    except BadInput:
        assert ":" in text or "W" in text  # outside the calendar in UTC
        return
    assert parse_edtf(edtf.text) == edtf
    again = parse_edtf(show_quarters(edtf.text))
    assert (again.text, again.lower, again.upper) == (edtf.text, edtf.lower, edtf.upper)
    shown = show_period(edtf.lower, no_end(edtf.upper))
    assert opened(written(shown)) == opened((edtf.lower, edtf.upper))


@given(text=st.one_of(anything_dated, qualified_parts()), zone=st.sampled_from(["Asia/Tokyo", "Etc/GMT+12"]))
def test_a_zone_moves_days_by_its_offset(text: str, zone: str) -> None:
    utc, there = parse_edtf(text), parse_edtf(text, zone)
    assert there.text == utc.text
    for name in ("lower", "upper", "reported_from", "reported_at"):
        here, moved = getattr(utc, name), getattr(there, name)
        assert (here is None) == (moved is None)
        if here is not None:
            assert abs(moved - here) <= DAY
    if there.reported_from is not None and there.reported_at is not None:
        assert there.reported_from <= there.reported_at
