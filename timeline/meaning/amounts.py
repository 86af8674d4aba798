"""Amounts as reports state them: `15-25 billion USD`, `jusqu'à 30 milliards de dollars`, `75 %`.

A figure with its bounds and its unit; its one canonical text, and one for people. How a text is read is in
`reading`, `grammar` and the tables behind it, which are loaded when a text is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from timeline.errors import BadInput
from timeline.meaning.decimals import EXACT, PLACES, WHOLE_DIGITS, is_kept, short_text
from timeline.meaning.habits import Habits

__all__ = ["KEPT", "Amount", "known_unit", "parse_amount", "plain_amount", "pretty_amount"]

_NO_HABITS: Final = Habits()
KEPT = f"at most {WHOLE_DIGITS} digits before the point and {PLACES} after it"

_SPOKEN_SCALES: Final = {12: " trillion", 9: " billion", 6: " million", 0: ""}


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure with its bounds, both inclusive, as exact decimals.

    None is unbounded on that side; `low == high` is an exact figure. `unit` is an ISO 4217 code, or a
    symbol such as `percent`, `GW` or `count`; `/month` and the like follow it. Raises BadInput without
    any bound, where low is above high, and beyond 29 digits before the point or 9 after it.

    >>> Amount(Decimal(15), Decimal(25), "USD", False).amount
    Decimal('25')
    """

    low: Decimal | None
    high: Decimal | None
    unit: str
    approximate: bool

    def __post_init__(self) -> None:
        for figure in (self.low, self.high):
            if figure is not None and not is_kept(figure):
                raise BadInput(f"{str(figure)[:60]} cannot be kept exactly; expected {KEPT}")
        if self.low is None and self.high is None:
            raise BadInput("neither a low nor a high end; expected at least one of them")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise BadInput(f"the low end {self.low:f} is above the high end {self.high:f}")

    @property
    def amount(self) -> Decimal:
        """The figure of a headline: the exact one, the only bound, or the upper end of a range."""
        figure = self.low if self.high is None else self.high
        assert figure is not None
        return figure


def parse_amount(text: str, habits: Habits = _NO_HABITS) -> Amount:
    """Read an amount written in English, French, German, Italian, Portuguese, Spanish or Turkish.

    Bounds are kept as inclusive: `more than 10 GW` gives the same columns as `at least 10 GW`.
    `several` is at least two, approximate; `majority` is more than 50 percent; a number without a
    unit is a `count`. Decimals are exact. Raises BadInput for anything that it does not understand,
    and for what can be read in two ways. `habits` may settle how numbers are written; what is written
    otherwise is then refused.

    >>> parse_amount("1.234 USD", Habits(numbers="1.234,5")).amount
    Decimal('1234')
    >>> parse_amount("15-25 billion USD")
    Amount(low=Decimal('15000000000'), high=Decimal('25000000000'), unit='USD', approximate=False)
    >>> parse_amount("jusqu'à 1,5 milliard d'euros par an")
    Amount(low=None, high=Decimal('1500000000'), unit='EUR/year', approximate=False)
    >>> parse_amount("about 75 %").unit
    'percent'
    """
    try:
        return _parsed(text, habits)
    except BadInput as error:
        shown = text if len(text) <= 80 else text[:80] + "…"
        raise BadInput(
            f"cannot read {shown!r} as an amount: {error}; expected something like '15-25 billion USD', "
            "'up to 30 billion USD', 'at least 10 GW', '75 %' or '200 USD/month'"
        ) from None


# Long columns repeat few texts.
@lru_cache(maxsize=4096)
def _parsed(text: str, habits: Habits) -> Amount:
    # Not needed to show amounts.
    from timeline.meaning.reading import read_amount

    found = read_amount(text, habits)
    return Amount(found.low, found.high, found.unit, found.approximate)


@lru_cache(maxsize=4096)
def known_unit(text: str) -> tuple[str, int]:
    """Return the one spelling of a unit, or the text itself, and the power of ten that its figures are of.

    Pence are hundredths of a pound. Raises BadInput for a code that is another
    currency in another case.

    >>> known_unit("dollars"), known_unit("EUR par mois"), known_unit("GBp"), known_unit("bags per pallet")
    (('USD', 0), ('EUR/month', 0), ('GBP', -2), ('bags per pallet', 0))
    """
    from timeline.meaning.money import CODES, TWINS

    written = " ".join(text.split())
    if written.lower() in TWINS and written not in CODES and written not in ("GBp", "ZAc", "GBX", "ZAC"):
        raise BadInput(f"the unit {written!r} can mean {TWINS[written.lower()]}; write one of them")
    # A digit or a sign before it would be part of the figure.
    if written[:1].isalpha() or written[:1] in "%$€£/°¥₹":
        try:
            found = _parsed(f"1 {written}", _NO_HABITS)
        except BadInput:
            return written, 0
        if found.low == found.high and not found.approximate:
            for power, one in ((0, Decimal(1)), (-2, Decimal("0.01"))):
                if found.low == one:
                    return found.unit, power
    return written, 0


def plain_amount(low: Decimal | None, high: Decimal | None, unit: str, approximate: bool) -> str:
    """Return the canonical text of an amount.

    Equal amounts have equal texts, and `parse_amount` reads them back.

    In SQL, with `f(x)` as `rtrim(rtrim(x::DECIMAL(38, 9)::VARCHAR, '0'), '.')`, it is `about ` where
    approximate, then `up to f(high)`, `at least f(low)`, `f(low)` where both are equal, `f(low) to f(high)`
    where low is negative, or else `f(low)-f(high)`, then a space and the unit. Whether the unit is known
    only reading it back shows. Raises BadInput for what no `Amount` can hold.

    >>> plain_amount(Decimal("15E9"), Decimal("25E9"), "USD", False)
    '15000000000-25000000000 USD'
    >>> plain_amount(Decimal("2.50"), None, "GW", True)
    'about at least 2.5 GW'
    """
    figures = _figures(Amount(low, high, unit, approximate), spoken=False)
    return f"{'about ' if approximate else ''}{figures} {unit}"


def pretty_amount(low: Decimal | None, high: Decimal | None, unit: str, approximate: bool) -> str:
    """Return an amount for people: scale words where that is short, all the digits where not.

    `parse_amount` reads it back to the same amount. Raises BadInput for what no `Amount` can hold.

    >>> pretty_amount(Decimal("15E9"), Decimal("25E9"), "USD", False)
    '15-25 billion USD'
    >>> pretty_amount(None, Decimal("12500"), "USD", True)
    'up to about 12,500 USD'
    >>> pretty_amount(Decimal(75), Decimal(75), "percent", False)
    '75 %'
    """
    figures = _figures(Amount(low, high, unit, approximate), spoken=True)
    base, slash, rate = unit.partition("/")
    if base in ("week", "month", "quarter", "year") and not low == high == 1:
        base += "s"
    return figures + {"count": "", "percent": " %"}.get(base, f" {base}") + slash + rate


def _short_in(value: Decimal, scale: int) -> bool:
    return scale == 0 or is_kept(EXACT.scaleb(value, -scale), places=3)


def _scale_for(value: Decimal) -> int:
    """Return the exponent of the largest scale word that is not above the value.

    0 where digits are better.
    """
    scale = next((s for s in _SPOKEN_SCALES if value.copy_abs() >= Decimal(10) ** s), 0)
    return scale if _short_in(value, scale) else 0


def _digits(value: Decimal, scale: int = 0, separator: str = "") -> str:
    return short_text(EXACT.scaleb(value, -scale), separator)


def _figures(amount: Amount, *, spoken: bool) -> str:
    """Return bounds and numbers without the unit; spoken, with scale words, separators and `about`."""
    about = "about " if spoken and amount.approximate else ""
    separator = "," if spoken else ""
    low, high = amount.low, amount.high
    if low is None or high is None or low == high:
        bound = "up to " if low is None else "at least " if high is None else ""
        scale = _scale_for(amount.amount) if spoken else 0
        return f"{bound}{about}{_digits(amount.amount, scale, separator)}{_SPOKEN_SCALES[scale]}"
    scales = (_scale_for(low), _scale_for(high)) if spoken else (0, 0)
    if min(scales) == 0:
        # A bare number takes the scale of the other end, so both are printed in it or neither is.
        scale = max(scales) if _short_in(low, max(scales)) and _short_in(high, max(scales)) else 0
        scales = (scale, scale)
    words = "" if scales[0] == scales[1] else _SPOKEN_SCALES[scales[0]]
    joint = " to " if words or low < 0 else "-"
    first, second = _digits(low, scales[0], separator), _digits(high, scales[1], separator)
    return f"{about}{first}{words}{joint}{second}{_SPOKEN_SCALES[scales[1]]}"
