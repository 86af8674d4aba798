"""What the values of a column look like: figures and in which style, dates and in which order, or texts.

Only what every value fits and at least one proves is taken for settled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import pyarrow as pa

from timeline.errors import BadInput
from timeline.intake.mapped import NUMBER_STYLES
from timeline.intake.mapping import DATE_ORDERS
from timeline.intake.periods import IN_FIGURES, YEAR, is_period
from timeline.meaning.times import parse_edtf

__all__ = ["MISSING", "Look", "proved_style"]

#: Texts that tables write for no value.
MISSING: Final = frozenset(
    (
        *(
            "",
            "-",
            "--",
            "\u2013",
            "\u2014",
            ".",
            "..",
            "...",
            "\u2026",
            ":",
            "/",
            "x",
            "X",
            "n/a",
            "N/A",
            "NA",
            "n.a.",
            "na",
        ),
        *(
            "NaN",
            "nan",
            "null",
            "NULL",
            "None",
            "none",
            "k.a.",
            "k. A.",
            "#N/A",
            "(NA)",
            "(na)",
            "(D)",
            "?",
            "*",
        ),
    )
)
#: So many values of a column are looked at one by one.
_LOOKED_AT: Final = 2_000
_PLAIN: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_TWO_WAYS: Final = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
_STYLED: Final = {
    style: re.compile(rf"[+-]?{pattern}|\({pattern}\)") for style, (pattern, _, _) in NUMBER_STYLES.items()
}
_SIGNED: Final = re.compile(r"[$€£¥₹%]|\b(?:USD|EUR|GBP|million|billion|Mio|Mrd|bn|trn)\b")
_CLOCK: Final = re.compile(
    r"^(.*?)(?:,? +|T)(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?)$"
)
_EIGHT: Final = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")

Kind = Literal["number", "claim", "date", "text", "flag", "empty"]


@dataclass(frozen=True)
class Look:
    """What a column looks like: its values as text, and whether they are numbers by their type."""

    name: str
    values: Sequence[str]
    has_nulls: bool
    is_typed_number: bool = False
    is_typed_date: bool = False

    @classmethod
    def of(cls, name: str, column: pa.ChunkedArray, is_number: bool = False) -> Look:  # type: ignore[type-arg]
        """Return the look of a column."""
        kind = column.type
        typed = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        dated = pa.types.is_date(kind) or pa.types.is_timestamp(kind)
        if typed or dated or pa.types.is_boolean(kind):
            column = column.slice(0, _LOOKED_AT)
        distinct = column.unique().to_pylist()
        values = [str(value).strip() for value in distinct if value is not None]
        return cls(name, values, column.null_count > 0, typed or is_number, dated)

    @cached_property
    def missing(self) -> list[str]:
        """The texts among the values that stand for no value."""
        return [value for value in self.values if value in MISSING]

    @cached_property
    def present(self) -> list[str]:
        """The other values."""
        return [value for value in self.values if value not in MISSING]

    @cached_property
    def kind(self) -> Kind:
        """What most values are: four in five have to be figures, nine in ten dates or claims."""
        if self.is_typed_date:
            return "date"
        if not self.present:
            return "empty"
        some = self.present[:_LOOKED_AT]
        if {value.lower() for value in some} <= {"true", "false"}:
            return "flag"
        if sum(map(_is_number, some)) >= 0.8 * len(some):
            return "number"
        if sum(map(_is_date, some)) >= 0.9 * len(some):
            return "date"
        if sum(
            bool(_SIGNED.search(value)) and value[:1] in "$€£¥₹(+-~<>0123456789" for value in some
        ) >= 0.9 * len(some):
            return "claim"
        return "text"

    @property
    def is_years(self) -> bool:
        """Whether all values are years."""
        return bool(self.present) and all(YEAR.fullmatch(value) for value in self.present[:_LOOKED_AT])

    @property
    def is_periods(self) -> bool:
        """Whether nearly all values name a year, a quarter, a month or a day."""
        some = self.present[:_LOOKED_AT]
        return self.is_typed_date or (bool(some) and sum(map(_is_date, some)) >= 0.9 * len(some))

    @property
    def is_days(self) -> bool:
        """Whether nearly all values are days or instants rather than years, quarters or months."""
        some = self.present[:_LOOKED_AT]
        days = sum(
            bool(re.search(r"\d.*\d.*\d", value)) and len(re.findall(r"\d+|[A-Za-z]{3,}", value)) > 2
            for value in some
        )
        return self.is_typed_date or self.is_eight_figures or (bool(some) and days >= 0.9 * len(some))

    @property
    def is_eight_figures(self) -> bool:
        """Whether all values are days such as 20250105."""
        return bool(self.present) and all(_EIGHT.fullmatch(value) for value in self.present[:_LOOKED_AT])

    @property
    def needs_order(self) -> bool:
        """Whether days are written in figures, so that their order has to be known."""
        return self.is_eight_figures or any(IN_FIGURES.fullmatch(_day(value)) for value in self.present)

    def order(self) -> str | None:
        """Return the order of days, months and years that every value fits and one proves; else None."""
        if self.is_eight_figures:
            return "ymd"
        proofs: set[str] = set()
        for value in self.present:
            found = IN_FIGURES.fullmatch(_day(value))
            if found is None:
                continue
            if found[4]:
                proofs.add("ymd")
            else:
                proofs |= {"dmy"} if int(found[1]) > 12 else set()
                proofs |= {"mdy"} if int(found[2]) > 12 else set()
        [*orders] = proofs
        return orders[0] if len(orders) == 1 and orders[0] in DATE_ORDERS else None

    def two_readings(self) -> str:
        """Return a value that can be read in two ways, or any in figures."""
        found = [value for value in self.present if IN_FIGURES.fullmatch(_day(value))]
        two_ways = [value for value in found if len(set(re.split("[./-]", _day(value))[:2])) > 1]
        return (two_ways or found)[0]

    @property
    def has_times(self) -> bool:
        """Whether there are times of day without an offset, other than midnight."""
        clocks = [found[2] for value in self.present if (found := _CLOCK.match(value))]
        return any(re.sub(r"[0:.]", "", clock) not in ("", "12 AM", "12AM") for clock in clocks)


def _day(value: str) -> str:
    found = _CLOCK.match(value)
    return found[1] if found else value


def _is_number(value: str) -> bool:
    value = value.replace("\u2212", "-")
    return bool(_PLAIN.fullmatch(value)) or any(pattern.fullmatch(value) for pattern in _STYLED.values())


def _is_date(value: str) -> bool:
    day = _day(value)
    if is_period(day) or _EIGHT.fullmatch(day):
        return True
    try:
        return bool(re.search(r"\d{4}", value)) and parse_edtf(value) is not None
    except BadInput:
        return False


def proved_style(looks: Iterable[Look]) -> tuple[str | None, str | None]:
    """Return how columns of figures write them, None for plain digits; and a figure that leaves it open.

    >>> proved_style([Look("v", ["1.234,5", "7"], False)]), proved_style([Look("v", ["1.234"], False)])
    (('1.234,5', None), (None, '1.234'))
    """
    values = [
        value.replace("\u2212", "-") for look in looks if not look.is_typed_number for value in look.present
    ]
    plain = all(_PLAIN.fullmatch(value) for value in values)
    pointed = [value for value in values if "." in value]
    if plain and (not pointed or not all(_TWO_WAYS.fullmatch(value) for value in pointed)):
        return None, None
    styles = [style for style, pattern in _STYLED.items() if all(map(pattern.fullmatch, values))]
    separated = [value for value in values if not value.lstrip("+-").isdecimal()]
    if len(styles) == 1:
        return styles[0], None
    return None, separated[0] if separated else None
