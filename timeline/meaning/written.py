"""Dates as people write them, turned into the EDTF that they mean; and what to write for a refused one.

Quarters and halves, months by name, ISO weeks and the dates of letters (RFC 2822) are read in one way only.
What has two readings, such as 03/04/2025, has no EDTF here: `advice` names both.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from timeline.errors import BadInput

__all__ = ["MONTHS", "advice", "as_edtf", "letter_instant"]

#: The English names of months, by their first three letters.
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG: Final = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_NUMBERS: Final = {
    **{name: nth for nth, name in enumerate(MONTHS, 1)},
    **{name: nth for nth, name in enumerate(_LONG, 1)},
    "sept": 9,
}
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: `2024-Q1`, `2024Q1`, `2024 Q1`; `Q1 2024`, `Q1-2024`; `1Q 2024`. Of H there are two, of Q four.
_PART: Final = r"(?:Q[1-4]|H[12])"
_PART_OF_YEAR: Final = re.compile(
    rf"(?:([0-9]{{4}})[- ]?({_PART})|({_PART})[- ]?([0-9]{{4}})|([1-4]Q|[12]H)[- ]?([0-9]{{4}}))([?~%]?)",
    re.IGNORECASE,
)
_MONTH: Final = re.compile(r"([A-Za-z]{3,9})\.?,? ([0-9]{4})([?~%]?)")
_WEEK: Final = re.compile(r"([0-9]{4})-?W([0-9]{2})(?:-?([1-7]))?")
_LETTER: Final = re.compile(
    r"(?:([A-Za-z]{3}), ?)?([0-9]{1,2}) ([A-Za-z]{3}) ([0-9]{4}) "
    r"([0-9]{2}:[0-9]{2}(?::[0-9]{2})?) ([+-][0-9]{4}|GMT|UTC|UT|Z)(?: ?\([^()]*\))?",
    re.IGNORECASE,
)

_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})")
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})[/. -]([0-9]{1,2})[/. -]([0-9]{1,2})")
_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_YEAR_AND_MONTH: Final = re.compile(r"([0-9]{4})[/. -]([0-9]{1,2})")
_WORDS: Final = re.compile(r"(?:[A-Za-z]+,? )?([0-9]{1,2})(?:st|nd|rd|th)?\.? ([A-Za-z]+)\.?,? ([0-9]{4})")
_WORDS_MONTH_FIRST: Final = re.compile(
    r"(?:[A-Za-z]+,? )?([A-Za-z]+)\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})"
)


def as_edtf(text: str) -> str | None:
    """Return the EDTF that a date in the words of people means; None for any other text.

    A week is an interval of its days. Raises BadInput for a week that its year does not have.

    >>> as_edtf("2024-Q1"), as_edtf("H1 2027"), as_edtf("March 2027"), as_edtf("2024-W05")
    ('2024-33', '2027-40', '2027-03', '2024-01-29/2024-02-04')
    """
    if found := _PART_OF_YEAR.fullmatch(text):
        year = found[1] or found[4] or found[6]
        part = (found[2] or found[3] or found[5][::-1]).upper()
        return f"{year}-{int(part[1]) + (32 if part[0] == 'Q' else 39)}{found[7]}"
    if (found := _MONTH.fullmatch(text)) and (month := _NUMBERS.get(found[1].lower())):
        return f"{found[2]}-{month:02}{found[3]}"
    if found := _WEEK.fullmatch(text):
        year, week = int(found[1]), int(found[2])
        try:
            if found[3]:
                return date.fromisocalendar(year, week, int(found[3])).isoformat()
            first, last = (date.fromisocalendar(year, week, day) for day in (1, 7))
        except ValueError:
            raise BadInput(f"{text!r} is not in the calendar: that year has no such week") from None
        return f"{first.isoformat()}/{last.isoformat()}"
    return None


def letter_instant(text: str) -> str | None:
    """Return the date of a letter (RFC 2822) as an ISO instant with its offset; None for any other text.

    Raises BadInput where the day of the week is not that of the date.

    >>> letter_instant("Sat, 22 Feb 2025 10:00:00 +0100")
    '2025-02-22T10:00:00+0100'
    """
    found = _LETTER.fullmatch(text)
    if found is None or found[3].lower() not in MONTHS:
        return None
    weekday, day, month, year, clock, offset = found.groups()
    written = f"{year}-{MONTHS.index(month.lower()) + 1:02}-{int(day):02}"
    if weekday is not None:
        try:
            of_date = _WEEKDAYS[date.fromisoformat(written).weekday()]
        except ValueError:
            of_date = weekday.lower()
        if weekday.lower() != of_date:
            raise BadInput(f"{text!r} names another day of the week than its date has: {of_date.title()}")
    return f"{written}T{clock}{offset if offset[0] in '+-' else 'Z'}"


def advice(text: str) -> str:
    """Return what to write in place of a date that is refused, empty where that cannot be guessed.

    >>> advice("03/04/2025")
    'it can be 3 April or 4 March; write 2025-04-03 or 2025-03-04'
    >>> advice("22/02/2025"), advice("21 Feb 2025"), advice("2025/2/1")
    ('write 2025-02-22', 'write 2025-02-21', 'write 2025-02-01')
    """
    if found := _DAY_FIRST.fullmatch(text):
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        readings = [day for day in (_day(year, second, first), _day(year, first, second)) if day]
        if len(readings) == 2 and first != second:
            one, other = readings
            names = [f"{day.day} {_LONG[day.month - 1].title()}" for day in readings]
            return f"it can be {names[0]} or {names[1]}; write {one.isoformat()} or {other.isoformat()}"
        return f"write {readings[0].isoformat()}" if readings else ""
    if (found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)) and (
        day := _day(*map(int, found.groups()))
    ):
        return f"write {day.isoformat()}"
    if (found := _YEAR_AND_MONTH.fullmatch(text)) and 1 <= int(found[2]) <= 12:
        return f"write {found[1]}-{int(found[2]):02}"
    for pattern, year_at, month_at, day_at in ((_WORDS, 3, 2, 1), (_WORDS_MONTH_FIRST, 3, 1, 2)):
        if (found := pattern.fullmatch(text)) and (month := _NUMBERS.get(found[month_at].lower())):
            day = _day(int(found[year_at]), month, int(found[day_at]))
            return f"write {day.isoformat()}" if day else ""
    return ""


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
