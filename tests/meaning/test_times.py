"""Every form of date that is read, every one that is refused, and how spans are written again."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import pytest

from timeline.errors import BadInput
from timeline.meaning.times import (
    FIRST_INSTANT,
    LAST_INSTANT,
    format_instant,
    from_datetime,
    no_end,
    now,
    parse_as_of,
    parse_edtf,
    parse_instant,
    period_text,
    show_instant_end,
    show_period,
    show_quarters,
    show_reported,
    to_naive,
    within_calendar,
)

END_OF_9999 = LAST_INSTANT + 1


def instant(text: str | None) -> int | None:
    """Return the microseconds of a plain date (its first instant) or of an instant, as Python reads it."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


# Text, and its bounds as written: start inclusive, end exclusive.
WRITTEN = [
    ("2025", "2025-01-01", "2026-01-01"),
    ("0001", "0001-01-01", "0002-01-01"),
    ("2025-09", "2025-09-01", "2025-10-01"),
    ("2025-12", "2025-12-01", "2026-01-01"),
    ("2024-02", "2024-02-01", "2024-03-01"),
    ("1900-02", "1900-02-01", "1900-03-01"),
    ("2025-02-22", "2025-02-22", "2025-02-23"),
    ("2024-02-29", "2024-02-29", "2024-03-01"),
    ("2000-02-29", "2000-02-29", "2000-03-01"),
    ("1969-12-31", "1969-12-31", "1970-01-01"),
    ("  2025-02-22\n", "2025-02-22", "2025-02-23"),
    # seasons, quarters, thirds and halves of a year
    ("2025-21", "2025-03-01", "2025-06-01"),
    ("2025-22", "2025-06-01", "2025-09-01"),
    ("2025-23", "2025-09-01", "2025-12-01"),
    ("2025-24", "2025-12-01", "2026-01-01"),
    ("2025-25", "2025-03-01", "2025-06-01"),
    ("2025-26", "2025-06-01", "2025-09-01"),
    ("2025-27", "2025-09-01", "2025-12-01"),
    ("2025-28", "2025-12-01", "2026-01-01"),
    ("2025-29", "2025-09-01", "2025-12-01"),
    ("2025-30", "2025-12-01", "2026-01-01"),
    ("2025-31", "2025-03-01", "2025-06-01"),
    ("2025-32", "2025-06-01", "2025-09-01"),
    ("2025-33", "2025-01-01", "2025-04-01"),
    ("2025-34", "2025-04-01", "2025-07-01"),
    ("2025-35", "2025-07-01", "2025-10-01"),
    ("2025-36", "2025-10-01", "2026-01-01"),
    ("2025-37", "2025-01-01", "2025-05-01"),
    ("2025-38", "2025-05-01", "2025-09-01"),
    ("2025-39", "2025-09-01", "2026-01-01"),
    ("2025-40", "2025-01-01", "2025-07-01"),
    ("2025-41", "2025-07-01", "2026-01-01"),
    # unspecified digits
    ("202X", "2020-01-01", "2030-01-01"),
    ("20XX", "2000-01-01", "2100-01-01"),
    ("2XXX", "2000-01-01", "3000-01-01"),
    ("000X", "0001-01-01", "0010-01-01"),
    ("2025-XX", "2025-01-01", "2026-01-01"),
    ("2025-0X", "2025-01-01", "2025-10-01"),
    ("2025-1X", "2025-10-01", "2026-01-01"),
    ("2025-09-XX", "2025-09-01", "2025-10-01"),
    ("2025-02-XX", "2025-02-01", "2025-03-01"),
    ("2025-09-0X", "2025-09-01", "2025-09-10"),
    ("2025-09-1X", "2025-09-10", "2025-09-20"),
    ("2025-02-2X", "2025-02-20", "2025-03-01"),
    ("2024-02-2X", "2024-02-20", "2024-03-01"),
    ("2025-09-3X", "2025-09-30", "2025-10-01"),
    ("2025-XX-XX", "2025-01-01", "2026-01-01"),
    ("2025-XX-15", "2025-01-15", "2025-12-16"),
    ("2025-0X-31", "2025-01-31", "2025-09-01"),
    ("XXXX-12", "0001-12-01", "9999-12-31T24"),
    ("XXXX-12-24", "0001-12-24", "9999-12-25"),
    ("XXXX-02-29", "0004-02-29", "9996-03-01"),
    ("189X-02-29", "1892-02-29", "1896-03-01"),
    ("190X-02-29", "1904-02-29", "1908-03-01"),
    ("156X-12-25", "1560-12-25", "1569-12-26"),
    ("XXXX", "0001-01-01", "9999-12-31T24"),
    ("9999", "9999-01-01", "9999-12-31T24"),
    ("202X-21", "2020-03-01", "2029-06-01"),
    # qualifiers leave the bounds as written
    ("2025?", "2025-01-01", "2026-01-01"),
    ("2025-09~", "2025-09-01", "2025-10-01"),
    ("2025-02-22%", "2025-02-22", "2025-02-23"),
    ("2004-06~-11", "2004-06-11", "2004-06-12"),
    ("?2004-06-~11", "2004-06-11", "2004-06-12"),
    ("2025-21~", "2025-03-01", "2025-06-01"),
    ("202X~", "2020-01-01", "2030-01-01"),
    # intervals
    ("2029/2030", "2029-01-01", "2031-01-01"),
    ("2024-01/2024-03", "2024-01-01", "2024-04-01"),
    ("2025-09/2025-10-05", "2025-09-01", "2025-10-06"),
    ("2025-09-05/2025-09", "2025-09-05", "2025-10-01"),
    ("2025-02-22/2025-02-22", "2025-02-22", "2025-02-23"),
    ("2025-33/2025-34", "2025-01-01", "2025-07-01"),
    ("202X/203X", "2020-01-01", "2040-01-01"),
    ("2025?/2026~", "2025-01-01", "2027-01-01"),
    ("2025-09/..", "2025-09-01", None),
    ("2025-09/", "2025-09-01", None),
    ("../2030", None, "2031-01-01"),
    ("/2030", None, "2031-01-01"),
    ("../..", None, None),
    ("/..", None, None),
    ("../", None, None),
    ("/", None, None),
    # the end of an interval of instants is exclusive
    ("2025-01-01T10:00:00Z/..", "2025-01-01T10:00:00Z", None),
    ("../2025-01-01T10:00:00Z", None, "2025-01-01T10:00:00Z"),
    ("2025-01-01T10:00:00Z/2025-01-01T12:00:00+01:00", "2025-01-01T10:00:00Z", "2025-01-01T11:00:00Z"),
    ("2025-01-01T10:00:00Z/2025-01", "2025-01-01T10:00:00Z", "2025-02-01"),
    ("2025-01/2025-01-05T00:00:00Z", "2025-01-01", "2025-01-05"),
]


@pytest.mark.parametrize(("text", "lower", "upper"), WRITTEN)
def test_bounds_are_those_written(text: str, lower: str | None, upper: str | None) -> None:
    edtf = parse_edtf(text)
    expected_upper = END_OF_9999 if upper == "9999-12-31T24" else instant(upper)
    assert (edtf.lower, edtf.upper) == (instant(lower), expected_upper)
    assert edtf.text == text.strip().replace("12:00:00+01:00", "11:00:00Z")
    assert not edtf.is_instant


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-02-22T10:00:00Z", "2025-02-22T10:00:00Z"),
        ("2025-02-22T10:00Z", "2025-02-22T10:00:00Z"),
        ("2025-02-22T10:00:00+01:00", "2025-02-22T09:00:00Z"),
        ("2025-02-22T10:00:00+01", "2025-02-22T09:00:00Z"),
        ("2025-02-22T10:00:00-05:30", "2025-02-22T15:30:00Z"),
        ("2025-02-22T00:30:00+01:00", "2025-02-21T23:30:00Z"),
        ("2025-02-22T10:00:00.5Z", "2025-02-22T10:00:00.500000Z"),
        ("2025-02-22T10:00:00.000001Z", "2025-02-22T10:00:00.000001Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_a_time_of_day_is_an_exact_instant(text: str, at: str) -> None:
    edtf = parse_edtf(text)
    moment = instant(at)
    assert moment is not None
    assert edtf.is_instant
    assert (edtf.lower, edtf.upper) == (moment, moment + 1)
    assert (edtf.reported_from, edtf.reported_at) == (moment, moment)
    assert format_instant(moment) == at


# Text, and its first and last day on the reported axis.
REPORTED = [
    ("202X-33", "2020-01-01", "2029-03-31"),
    ("202X-24", "2020-12-01", "2030-02-28"),
    ("2025", "2025-01-01", "2025-12-31"),
    ("2025?", "2024-01-01", "2026-12-31"),
    ("2025~", "2024-01-01", "2026-12-31"),
    ("2025%", "2023-01-01", "2027-12-31"),
    ("2025-09", "2025-09-01", "2025-09-30"),
    ("2025-09~", "2025-08-01", "2025-10-31"),
    ("2025-09%", "2025-07-01", "2025-11-30"),
    ("2025-01?", "2024-12-01", "2025-02-28"),
    ("2025-12%", "2025-10-01", "2026-02-28"),
    ("2026-02-20~", "2026-02-19", "2026-02-21"),
    ("2026-02-20%", "2026-02-18", "2026-02-22"),
    ("2025-01-01?", "2024-12-31", "2025-01-02"),
    ("2025-21~", "2024-12-01", "2025-08-31"),
    ("2025-23?", "2025-06-01", "2026-02-28"),
    ("2025-33~", "2024-10-01", "2025-06-30"),
    ("2025-36%", "2025-04-01", "2026-06-30"),
    ("2025-38~", "2025-01-01", "2025-12-31"),
    ("2025-41~", "2025-01-01", "2026-06-30"),
    # winter is December as written, yet its reports may appear until February
    ("2025-24", "2025-12-01", "2026-02-28"),
    ("2023-28", "2023-12-01", "2024-02-29"),
    ("2025-30", "2025-12-01", "2026-02-28"),
    ("2025-24~", "2025-09-01", "2026-05-31"),
    # an X is as coarse as what lies to its left
    ("202X", "2020-01-01", "2029-12-31"),
    ("202X~", "2010-01-01", "2039-12-31"),
    ("20XX?", "1900-01-01", "2199-12-31"),
    ("2025-XX~", "2024-01-01", "2026-12-31"),
    ("2025-1X~", "2024-10-01", "2026-12-31"),
    ("2025-09-XX~", "2025-08-01", "2025-10-31"),
    ("2025-09-XX%", "2025-07-01", "2025-11-30"),
    ("2025-02-2X~", "2025-01-20", "2025-03-29"),
    ("2025-XX-15~", "2024-01-15", "2026-12-15"),
    ("156X-12-25~", "1550-12-25", "1579-12-25"),
    # a qualifier behind a part, or before it
    ("2004-06~-11", "2004-05-11", "2004-07-11"),
    ("2004?-06-11", "2003-06-11", "2005-06-11"),
    ("?2004-06-11", "2003-06-11", "2005-06-11"),
    ("2004-%06-11", "2004-04-11", "2004-08-11"),
    ("2004-06-~11", "2004-06-10", "2004-06-12"),
    ("?2004-06-~11", "2003-06-10", "2005-06-12"),
    ("2004?-06~", "2003-05-01", "2005-07-31"),
    ("2025~-21", "2024-03-01", "2026-05-31"),
    ("2024?-02-29", "2023-02-28", "2025-02-28"),
    ("2025-01~-31", "2024-12-31", "2025-02-28"),
    # each end by its own qualifier and unit
    ("2025-09/2025-10~", "2025-09-01", "2025-11-30"),
    ("2025-09?/2025-10", "2025-08-01", "2025-10-31"),
    ("2025-09-05~/2025%", "2025-09-04", "2027-12-31"),
    ("2025-09~/..", "2025-08-01", None),
    ("2025-09~/", "2025-08-01", None),
    ("../2025-09-05~", None, "2025-09-06"),
    ("../..", None, None),
    # nothing lies outside the calendar
    ("0001?", "0001-01-01", "0002-12-31"),
    ("0001-01-01%", "0001-01-01", "0001-01-03"),
    ("9999%", "9997-01-01", "9999-12-31"),
    ("9999-24", "9999-12-01", "9999-12-31"),
    ("9999-12-31~", "9999-12-30", "9999-12-31"),
    ("XXXX%", "0001-01-01", "9999-12-31"),
]


@pytest.mark.parametrize(("text", "first_day", "last_day"), REPORTED)
def test_qualifiers_widen_the_reported_span(text: str, first_day: str | None, last_day: str | None) -> None:
    edtf = parse_edtf(text)
    last = instant(last_day)
    assert edtf.reported_from == instant(first_day)
    assert edtf.reported_at == (None if last is None else last + 86_400 * 1_000_000 - 1)


def test_an_instant_that_ends_an_interval_is_not_part_of_the_reported_span() -> None:
    edtf = parse_edtf("2025-01-01T10:00:00Z/2025-01-01T11:00:00Z")
    assert edtf.reported_from == instant("2025-01-01T10:00:00Z")
    assert edtf.reported_at == instant("2025-01-01T10:59:59.999999Z")


REFUSED = [
    ("", "an empty text is not a date; write a day like 2025-02-22"),
    ("  ", "an empty text is not a date"),
    ("22/02/2025", "'22/02/2025' is not an EDTF date; write 2025-02-22"),
    ("03/04/2025", "it can be 3 April or 4 March; write 2025-04-03 or 2025-03-04"),
    ("3.4.2025", "it can be 3 April or 4 March; write 2025-04-03 or 2025-03-04"),
    ("3/3/2025", "is not an EDTF date; write 2025-03-03"),
    ("2025/02/22", "'2025/02/22' is not an EDTF date; write 2025-02-22"),
    ("2025-2-1", "'2025-2-1' is not an EDTF date; write 2025-02-01"),
    ("21 Feb 2025", "'21 Feb 2025' is not an EDTF date; write 2025-02-21"),
    ("February 21st, 2025", "is not an EDTF date; write 2025-02-21"),
    ("03/04/25", "is not an EDTF date; write a day like"),
    ("2025-Q5", "is not an EDTF date; write"),
    ("2025-H3", "is not an EDTF date; write"),
    ("2025.1", "is not an EDTF date; write 2025-01"),
    ("2025 12", "is not an EDTF date; write 2025-12"),
    ("2025.12", "is not an EDTF date; write 2025-12"),
    ("2025.13", "is not an EDTF date; write a day like"),
    ("2025.00", "is not an EDTF date; write a day like"),
    ("20251213", "is not an EDTF date; write 2025-12-13"),
    ("2025-02-22T1~", "'2025-02-22T1~' is not an EDTF instant; write"),
    ("x" * 80, f"'{'x' * 80}' is not an EDTF date"),
    ("x" * 81, f"'{'x' * 77}...' is not an EDTF date"),
    ("Q1 25", "is not an EDTF date; write"),
    ("Marsh 2027", "is not an EDTF date; write"),
    ("2025-W54", "'2025-W54' is not in the calendar: that year has no such week"),
    ("2025-W53", "that year has no such week"),
    ("2024-W00", "that year has no such week"),
    ("2025/02", "'02' in '2025/02' is not an EDTF date; write"),
    ("20250222", "'20250222' is not an EDTF date; write"),
    ("2025-9", "'2025-9' is not an EDTF date; write"),
    ("2025-9/..", "'2025-9' in '2025-9/..' is not an EDTF date; write"),
    ("2025-02-22/foo", "'foo' in '2025-02-22/foo' is not an EDTF date; write"),
    ("22 Feb 2025", "is not an EDTF date; write"),
    ("2025-xx", "is not an EDTF date; write"),
    ("٢٠٢٥", "is not an EDTF date; write"),
    ("2025-053", "is not an EDTF date; write"),
    ("unknown", "is not an EDTF date; write"),
    ("..", "is not an EDTF date; write"),
    ("..~/2025", "is not an EDTF date; write"),
    ("2025 /2026", "'2025 ' in '2025 /2026' is not an EDTF date; write"),
    ("2025??", "is not an EDTF date; write"),
    ("1950S2", "is not an EDTF date; write"),
    ("x" * 500, f"'{'x' * 77}...' is not an EDTF date; write"),
    ("[2025,2026]", "is a set of dates; write an interval that holds them all"),
    ("{2025..2027}", "is a set of dates; write an interval that holds them all"),
    # the calendar
    ("0000", "'0000' has no possible year; years run from 0001 to 9999"),
    ("-0044", "'-0044' is outside the years 0001 to 9999"),
    ("Y12025", "'Y12025' is outside the years 0001 to 9999"),
    ("2025-00", "'2025-00' has no possible month; months run from 01 to 12"),
    (
        "2025-13",
        "'2025-13' has no possible month; months run from 01 to 12, seasons from 21 to 24, quarters from 33",
    ),
    ("2025-42", "has no possible month"),
    ("2025-2X", "has no possible month"),
    ("2025-02-00", "has no possible day; days run from 01 to 31"),
    ("2025-01-32", "has no possible day"),
    ("2025-01-4X", "has no possible day"),
    ("2025-02-29", "'2025-02-29' is not in the calendar: that month has no such day"),
    ("2025-04-31", "is not in the calendar"),
    ("1900-02-29", "is not in the calendar"),
    ("2025-02-3X", "is not in the calendar"),
    ("XXXX-02-30", "is not in the calendar"),
    ("2025-21-03", "has a day within a season or quarter"),
    # unspecified digits that leave gaps
    ("2X25", "covers a year with gaps; an X may come only after the known digits"),
    ("X025", "covers a year with gaps"),
    ("2025-X2", "covers a month with gaps"),
    ("2025-02-X1", "covers a day with gaps"),
    # qualifiers
    ("?2025?", "qualifies one part of a date twice"),
    ("2025-02-22T10:00:00Z~", "qualifies an exact instant; only dates take"),
    # instants
    (
        "2025-02-22T10:00:00",
        "has a time of day without an offset; write 2025-02-22T10:00:00Z if it is UTC, or",
    ),
    ("2025-02-22T10:00", "has a time of day without an offset; write 2025-02-22T10:00Z if"),
    ("2025-02-22T10:00:00/..", "'2025-02-22T10:00:00' in '2025-02-22T10:00:00/..' has a time of day without"),
    ("2025-02-22T10:00:00.1234567Z", "is finer than microseconds; write at most six digits"),
    ("2025-02-22T10:00:00.0000001Z", "is finer than microseconds; write at most six digits"),
    ("2025-02-22 10:00:00", "has a time of day without an offset; write 2025-02-22 10:00:00Z if it is UTC"),
    ("Fri, 22 Feb 2025 10:00:00 +0100", "names another day of the week than its date has: Sat"),
    ("22 Feb 2025 10:00:00", "is not an EDTF instant; write"),
    ("22 Feb 2025 10:00:00 EST", "is not an EDTF instant; write"),
    ("31 Feb 2025 10:00:00 GMT", "is not in the calendar"),
    ("2025-02-22T10Z", "is not an EDTF instant; write 2025-02-22T10:00:00Z or"),
    ("2025-02-22T10:00:00+010", "is not an EDTF instant"),
    ("2025-02-22T10:00:00+2400", "is not a time of day"),
    ("2025-02-22T10:00:00+0160", "is not a time of day"),
    ("2025-02-22T10:00:00.Z", "is not an EDTF instant"),
    ("2025-02-XXT10:00:00Z", "is not an EDTF instant"),
    ("20250222T100000Z", "is not an EDTF instant"),
    ("2025-02-22T24:00:00Z", "is not a time of day; hours run to 23"),
    ("2016-12-31T23:59:60Z", "is not a time of day"),
    ("2025-02-22T10:60:00Z", "is not a time of day"),
    ("2025-02-22T10:00:00+24:00", "is not a time of day"),
    ("2025-02-22T10:00:00+01:60", "is not a time of day"),
    ("2025-02-30T10:00:00Z", "'2025-02-30' in '2025-02-30T10:00:00Z' is not in the calendar"),
    ("2025-13-01T10:00:00Z", "has no possible month"),
    ("2025-21-01T10:00:00Z", "has a day within a season"),
    ("0000-01-01T10:00:00Z", "has no possible year"),
    ("0001-01-01T00:00:00+01:00", "lies in UTC outside the years 0001 to 9999"),
    ("9999-12-31T23:59:59-01:00", "lies in UTC outside the years 0001 to 9999"),
    # intervals
    ("2026/2025", "'2026/2025' does not end after it starts; write the earlier end first"),
    ("2025-12-15/2025-12-14", "does not end after it starts"),
    ("203X/202X", "does not end after it starts"),
    ("2025-01-01T10:00:00Z/2025-01-01T10:00:00Z", "does not end after it starts"),
    ("2025-01-01/2025-01-01T00:00:00Z", "does not end after it starts"),
    ("../0001-01-01T00:00:00Z", "ends where the year 0001 starts"),
    ("0001-01-01T00:00:00Z/0001-01-01T00:00:00Z", "ends where the year 0001 starts"),
    ("2025//2026", "is not an EDTF date; write"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_is_no_date_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_edtf(text)
    assert message in caught.value.message


def test_a_day_that_a_zone_skipped_is_that_of_utc() -> None:
    assert parse_edtf("2011-12-30", "Pacific/Apia") == parse_edtf("2011-12-30")


def test_the_start_of_the_calendar_can_start_an_interval() -> None:
    assert parse_edtf("0001-01-01T00:00:00Z/..").lower == FIRST_INSTANT


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2027", "2027"),
        ("2027-01/2027-12", "2027"),
        ("2025-09-01/2025-09-30", "2025-09"),
        ("2025-09-05", "2025-09-05"),
        ("2025-09-05T00:00:00Z/2025-09-06T00:00:00Z", "2025-09-05"),
        ("2024-33", "2024-01/2024-03"),
        ("2025-24", "2025-12"),
        ("2029/2030", "2029/2030"),
        ("202X", "2020/2029"),
        ("2025-09/2025-10-05", "2025-09-01/2025-10-05"),
        ("2025/2026-03", "2025-01/2026-03"),
        ("../2030", "../2030"),
        ("../2030-12-31", "../2030"),
        ("/2030-11", "../2030-11"),
        ("2025-01-01/..", "2025/.."),
        ("2025-09/", "2025-09/.."),
        ("/", "../.."),
        ("2025-02-22T10:00:00+01:00", "2025-02-22T09:00:00Z"),
        ("2025-01-01T10:00:00Z/..", "2025-01-01T10:00:00Z/.."),
        ("2025-01-01T10:00:00Z/2026", "2025-01-01T10:00:00Z/2027-01-01T00:00:00Z"),
        # The end of 9999 is none.
        ("2025-01-01T10:00:00Z/9999", "2025-01-01T10:00:00Z/.."),
        ("2025-01-01/9999", "2025/.."),
        ("2025-01-01/9999-12-31", "2025/.."),
        ("../9999-12-31", "../.."),
        ("XXXX", "0001/.."),
        ("9999", "9999/.."),
        ("9999-12-31", "9999-12-31/.."),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z/.."),
        # An exclusive 9999-12-31 is the end of this one too.
        ("9999-12-30", "9999-12-30/.."),
        ("9999-12-29", "9999-12-29"),
        ("2025/9999-12-31T23:59:59", "2025/.."),
        ("2025/9999-12-31 23:59:59.9999999", "2025/.."),
    ],
)
def test_equal_spans_are_written_alike(text: str, canonical: str) -> None:
    edtf = parse_edtf(text)
    assert period_text(edtf.lower, edtf.upper) == canonical
    again = parse_edtf(canonical)
    assert (again.lower, again.upper) == (edtf.lower, no_end(edtf.upper))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        # One instant has one text.
        ("2025-02-22T10:00:00Z", "2025-02-22T10:00:00Z"),
        ("2025-02-22T10:00:00+00:00", "2025-02-22T10:00:00Z"),
        ("2025-02-22T10:00:00-00:00", "2025-02-22T10:00:00Z"),
        ("2025-02-22T10:00:00+0000", "2025-02-22T10:00:00Z"),
        ("2025-02-22T10:00:00+00", "2025-02-22T10:00:00Z"),
        ("2025-02-22 10:00:00+00", "2025-02-22T10:00:00Z"),
        ("2025-02-22 10:00:00 +00:00", "2025-02-22T10:00:00Z"),
        ("2025-02-22 10:00:00 UTC", "2025-02-22T10:00:00Z"),
        ("2025-02-22t10:00:00z", "2025-02-22T10:00:00Z"),
        ("2025-02-22T10:00Z", "2025-02-22T10:00:00Z"),
        ("2025-02-22T10:00:00.000Z", "2025-02-22T10:00:00Z"),
        ("2025-02-22T10:00:00.000000000Z", "2025-02-22T10:00:00Z"),
        ("2025-02-22T10:00:00,5Z", "2025-02-22T10:00:00.500000Z"),
        ("2025-02-22T10:00:00.5000000Z", "2025-02-22T10:00:00.500000Z"),
        ("2025-02-22T11:30:00+01:30", "2025-02-22T10:00:00Z"),
        ("2025-02-22T11:30:00+0130", "2025-02-22T10:00:00Z"),
        ("2025-02-21T22:00:00-12:00", "2025-02-22T10:00:00Z"),
        ("Sat, 22 Feb 2025 11:00:00 +0100", "2025-02-22T10:00:00Z"),
        ("Sat, 22 Feb 2025 10:00:00 GMT", "2025-02-22T10:00:00Z"),
        ("22 Feb 2025 10:00 -0000 (from afar)", "2025-02-22T10:00:00Z"),
        ("2025-02-22T11:00:00+01:00/..", "2025-02-22T10:00:00Z/.."),
        # All else is EDTF.
        ("2024-Q1", "2024-33"),
        ("2024Q4", "2024-36"),
        ("2024 q2", "2024-34"),
        ("Q3 2024", "2024-35"),
        ("3Q 2024", "2024-35"),
        ("Q3-2024", "2024-35"),
        ("H1 2027", "2027-40"),
        ("2027-H2", "2027-41"),
        ("2027H1", "2027-40"),
        ("1H 2027", "2027-40"),
        ("2024-Q1~", "2024-33~"),
        ("2024-Q1/2024-Q3", "2024-33/2024-35"),
        ("March 2027", "2027-03"),
        ("Mar. 2027", "2027-03"),
        ("sept 2027", "2027-09"),
        ("May 2027?", "2027-05?"),
        ("2024-W05", "2024-01-29/2024-02-04"),
        ("2024W05", "2024-01-29/2024-02-04"),
        ("2024-W05-3", "2024-01-31"),
        ("2020-W53", "2020-12-28/2021-01-03"),
        ("2024-W05/2024-W07", "2024-01-29/2024-02-18"),
        ("2024-W05/..", "2024-01-29/.."),
        # What was EDTF stays as it is.
        ("2025-09~", "2025-09~"),
        ("2025-09/", "2025-09/"),
        ("2025-33", "2025-33"),
        ("202X", "202X"),
    ],
)
def test_a_date_has_one_text(text: str, canonical: str) -> None:
    edtf = parse_edtf(text)
    assert edtf.text == canonical
    assert parse_edtf(canonical) == edtf
    assert parse_edtf(f"  {text}\t") == edtf


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2025-33", "2025-Q1"),
        ("2025-36~", "2025-Q4~"),
        ("2025-33/2025-35", "2025-Q1/2025-Q3"),
        ("2025-07/2025-09", "2025-Q3"),
        ("acme/revenue@2025-10/2025-12", "acme/revenue@2025-Q4"),
        ("acme/2025-33@2025", "acme/2025-33@2025"),
        ("2025-01/2025-06", "2025-01/2025-06"),
        ("2025-02/2025-04", "2025-02/2025-04"),
        ("2025-10/2026-12", "2025-10/2026-12"),
        ("2025-12", "2025-12"),
    ],
)
def test_a_quarter_is_shown_as_one(text: str, shown: str) -> None:
    assert show_quarters(text) == shown


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        (0, 0, "the span from 1970-01-01T00:00:00Z to 1970-01-01T00:00:00Z is empty"),
        (1, 0, "is empty"),
        (FIRST_INSTANT - 1, None, "outside the years 0001 to 9999"),
        (END_OF_9999, None, "outside the years 0001 to 9999"),
        (None, FIRST_INSTANT, "outside the years 0001 to 9999"),
        (None, END_OF_9999 + 1, "outside the years 0001 to 9999"),
    ],
)
def test_a_span_that_holds_nothing_has_no_text(lower: int | None, upper: int | None, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        period_text(lower, upper)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2025", "2025"),
        ("2025-09", "2025-09"),
        ("2025-09~", "2025-08/2025-10"),
        ("2025-02-22", "2025-02-22"),
        ("2026-02-20~", "2026-02-19/2026-02-21"),
        ("2025-09/..", "2025-09/.."),
        ("../2025-09", "../2025-09"),
        ("../..", "../.."),
        ("2025-02-22T10:00:00Z", "2025-02-22 10:00Z"),
        ("2025-02-22T00:00:00Z", "2025-02-22 00:00Z"),
        ("2025-02-22T10:00:30Z", "2025-02-22 10:00:30Z"),
        ("2025-02-22T10:00:00.25Z", "2025-02-22 10:00:00.250000Z"),
        ("2025-02-22T10:00:00Z/..", "2025-02-22 10:00Z/.."),
        ("2025-02-22T10:00:00Z/2025-02", "2025-02-22 10:00Z/2025-02-28"),
        ("../2025-02-22T10:00:00Z", "../2025-02-22 09:59:59.999999Z"),
    ],
)
def test_reported_spans_are_shown_in_few_words(text: str, shown: str) -> None:
    edtf = parse_edtf(text)
    assert show_reported(edtf.reported_from, edtf.reported_at) == shown


def test_a_reported_span_cut_at_an_instant_shows_it() -> None:
    cut = show_reported(parse_edtf("2025-09").reported_from, instant("2025-09-20T10:00:00Z"))
    assert cut == "2025-09-01/2025-09-20 10:00Z"


def test_the_last_instant_of_a_day_shows_as_its_date() -> None:
    assert show_instant_end(parse_as_of("2025-02-22")) == "2025-02-22"
    assert show_instant_end(parse_as_of("2025-02-22") - 1) == "2025-02-22T23:59:59.999998Z"
    assert show_instant_end(parse_as_of("2025-02-22") + 1) == "2025-02-23T00:00:00Z"
    assert show_instant_end(LAST_INSTANT) == "9999-12-31"


class Nowhere(tzinfo):
    """A time zone that knows no offset, so that a datetime with it is as good as naive."""

    def utcoffset(self, moment: datetime | None, /) -> None:
        return None

    dst = utcoffset

    def tzname(self, moment: datetime | None, /) -> str:
        return "nowhere"


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2025-02-22", "2025-02-22T23:59:59.999999Z"),
        ("2025-09", "2025-09-30T23:59:59.999999Z"),
        ("2025", "2025-12-31T23:59:59.999999Z"),
        ("2025-33", "2025-03-31T23:59:59.999999Z"),
        ("2025-Q1", "2025-03-31T23:59:59.999999Z"),
        ("H2 2025", "2025-12-31T23:59:59.999999Z"),
        ("March 2025", "2025-03-31T23:59:59.999999Z"),
        ("2024-W05", "2024-02-04T23:59:59.999999Z"),
        ("2025-02-22T10:00:00Z", "2025-02-22T10:00:00Z"),
        ("2025-02-22 10:00+0100", "2025-02-22T09:00:00Z"),
        ("2025-09-XX", "2025-09-30T23:59:59.999999Z"),
        ("../2025-09", "2025-09-30T23:59:59.999999Z"),
        ("2025-01/2025-Q1", "2025-03-31T23:59:59.999999Z"),
        (date(2025, 2, 22), "2025-02-22T23:59:59.999999Z"),
        (datetime(2025, 2, 22, 10, tzinfo=UTC), "2025-02-22T10:00:00Z"),
        (datetime(2025, 2, 22, 10, tzinfo=timezone(timedelta(hours=1))), "2025-02-22T09:00:00Z"),
    ],
)
def test_as_of_a_date_is_its_last_instant(value: str | date | datetime, at: str) -> None:
    assert format_instant(parse_as_of(value)) == at


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2025-02-22", "2025-02-22T00:00:00Z"),
        ("2025-09", "2025-09-01T00:00:00Z"),
        ("2025-02-22T10:00:00+01:00", "2025-02-22T09:00:00Z"),
        (date(2025, 2, 22), "2025-02-22T00:00:00Z"),
        (datetime(2025, 2, 22, 10, tzinfo=UTC), "2025-02-22T10:00:00Z"),
    ],
)
def test_valid_at_a_date_is_its_first_instant(value: str | date | datetime, at: str) -> None:
    assert format_instant(parse_instant(value)) == at


@pytest.mark.parametrize("text", ["2025?", "2025-09~", "2025-02-22%", "2025?/2026"])
def test_what_is_asked_for_is_never_uncertain(text: str) -> None:
    with pytest.raises(BadInput, match="uncertain, which an as-of date cannot be"):
        parse_as_of(text)
    with pytest.raises(BadInput, match="uncertain, which one instant cannot be"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["2025-09/..", "2025-09/", "../.."])
def test_an_as_of_needs_a_last_instant(text: str) -> None:
    with pytest.raises(BadInput, match="has no last instant to look back from"):
        parse_as_of(text)


@pytest.mark.parametrize("text", ["156X-12-25", "2025-XX-05", "2025-02-2X", "2025-0X", "202X"])
def test_an_as_of_is_known_but_for_its_last_parts(text: str) -> None:
    for read in (parse_as_of, parse_instant):
        with pytest.raises(
            BadInput, match="is not one date; write a day like 2025-02-22, a month, a quarter"
        ):
            read(text)


@pytest.mark.parametrize("text", ["2025-09/..", "2025/2026", "../2025", "202X", "2025-09-XX", "2025-W05/.."])
def test_valid_at_needs_one_date(text: str) -> None:
    with pytest.raises(BadInput, match="is not one date"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["../2025-02-22T10:00:00Z", "2025-02-22T10:00:00Z/2025-03", "202X/2030"])
def test_an_interval_that_is_asked_with_has_dates(text: str) -> None:
    with pytest.raises(BadInput, match="is not one date"):
        parse_as_of(text)


@pytest.mark.parametrize("text", ["Sat, 22 Feb 2025 10:00:00 +0100", "../22 Feb 2025 10:00 GMT"])
def test_nobody_asks_with_the_date_of_a_letter(text: str) -> None:
    assert parse_edtf(text).text.endswith("Z")
    with pytest.raises(BadInput, match="write 2025-02-22T10:00:00Z or"):
        parse_as_of(text)


@pytest.mark.parametrize("moment", [datetime(2025, 2, 22), datetime(2025, 2, 22, tzinfo=Nowhere())])  # noqa: DTZ001
def test_naive_datetimes_are_refused(moment: datetime) -> None:
    for read in (from_datetime, parse_as_of, parse_instant):
        with pytest.raises(BadInput, match=r"2025-02-22T00:00:00 has no time zone"):
            read(moment)


@pytest.mark.parametrize("value", [20250222, None, 1.5])
def test_what_is_neither_text_nor_date_is_refused(value: object) -> None:
    with pytest.raises(BadInput, match="is not an as-of date; give text like '2025-02-22'"):
        parse_as_of(value)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="is not one instant; give text like '2025-02-22'"):
        parse_instant(value)  # type: ignore[arg-type]


def test_datetimes_reach_to_both_ends_of_the_calendar() -> None:
    assert to_naive(FIRST_INSTANT).replace(tzinfo=UTC) == datetime.min.replace(tzinfo=UTC)
    assert to_naive(LAST_INSTANT).replace(tzinfo=UTC) == datetime.max.replace(tzinfo=UTC)
    far_east, far_west = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
    for moment in (datetime(1, 1, 1, tzinfo=far_east), datetime(9999, 12, 31, 23, tzinfo=far_west)):
        with pytest.raises(BadInput, match="lies in UTC outside the years 0001 to 9999"):
            from_datetime(moment)


def test_an_end_at_the_end_of_the_calendar_can_be_written() -> None:
    assert format_instant(END_OF_9999) == "10000-01-01T00:00:00Z"
    with pytest.raises(BadInput, match="outside the years 0001 to 9999"):
        format_instant(END_OF_9999 + 86_400 * 1_000_000)


def test_the_clock_counts_microseconds_of_the_present() -> None:
    before = time.time_ns() // 1000
    reading = now()
    assert before <= reading <= time.time_ns() // 1000


def test_reading_dates_loads_nothing_heavy() -> None:
    heavy = {"duckdb", "polars", "pydantic", "pyarrow", "sqlglot", "yaml", "edtf", "typer", "rich"}
    code = "import sys, timeline.meaning.times; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & {name.partition(".")[0] for name in run.stdout.split()}


@pytest.mark.parametrize(
    ("text", "first", "days"),
    [
        ("-0001-02-03", "-0001-02-03", 1),
        ("0000-02", "0000-02-01", 29),
        ("-0004", "-0004-01-01", 366),
        ("Y12025", "Y12025", 365),
        ("Y1E5", "Y100000", 366),
        ("Y-16800", "Y-16800", 366),
        ("Y-17000", "Y-17000", 365),
    ],
)
def test_dates_outside_the_calendar_have_as_many_days_as_they_have(text: str, first: str, days: int) -> None:
    found = parse_edtf(text, beyond=True)
    assert found.lower is not None
    assert found.upper is not None
    assert found.upper - found.lower == days * 86_400_000_000
    assert (found.reported_from, found.reported_at) == (found.lower, found.upper - 1)
    assert found.lower == parse_edtf(first, beyond=True).lower
    # Years follow one another, the year 0 among them.
    assert parse_edtf("-0001", beyond=True).upper == parse_edtf("0000", beyond=True).lower
    assert parse_edtf("0000", beyond=True).upper == parse_edtf("0001").lower
    assert parse_edtf("9999").upper == parse_edtf("Y10000", beyond=True).lower


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-0000", "is no year of EDTF"),
        ("Y9999", "is no year of EDTF; write 9999"),
        ("Y-9999", "is no year of EDTF; write -9999"),
        ("-0001-00", "has no possible month"),
        ("-0001-13", "has no possible month"),
        ("-0001-02-00", "that month has no such day"),
        ("-0001-02-29", "that month has no such day"),
    ],
)
def test_what_is_no_date_outside_the_calendar_says_why(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse_edtf(text, beyond=True)
    with pytest.raises(BadInput, match="is outside the years 0001 to 9999"):
        parse_edtf(text)


def test_bounds_of_a_value_stay_within_the_calendar() -> None:
    first, last = FIRST_INSTANT, LAST_INSTANT
    assert within_calendar(first, first + 1) == (first, first + 1)
    assert within_calendar(last, last + 1) == (last, last)
    assert within_calendar(first - 1, first) == (None, None)
    assert within_calendar(last + 1, last + 2) == (None, None)
    assert within_calendar(None, last) == (None, last)
    assert show_period(None, first) == "../0000"
    assert show_period(last, None) == "Y10000/.."
    assert show_period(last - 1, None) == "9999-12-31T23:59:59.999998Z/.."
