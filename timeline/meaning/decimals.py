"""Exact decimals: the log keeps 38 digits, Python's own arithmetic rounds at 28."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

__all__ = ["EXACT", "PLACES", "WHOLE_DIGITS", "is_kept", "rounded", "short_text"]

#: Amounts are kept as DECIMAL(38, 9).
WHOLE_DIGITS: Final = 29
PLACES: Final = 9
EXACT: Final = Context(prec=60)


def is_kept(value: Decimal, places: int = PLACES) -> bool:
    """Whether the log keeps a number to the last digit, with so many places at most.

    >>> is_kept(Decimal("0.123456789")), is_kept(Decimal("0.1234567891")), is_kept(Decimal("1e29"))
    (True, False, False)
    """
    exponent = value.as_tuple().exponent
    # What has an exponent far from that of any figure takes as much time and memory as it has digits.
    if not isinstance(exponent, int) or abs(exponent) > EXACT.prec or value.adjusted() >= WHOLE_DIGITS:
        return False
    return value == value.quantize(Decimal(1).scaleb(-places), context=EXACT)


def rounded(value: float) -> Decimal:
    """Return a binary double with nine places, half to even; what has no more in its shortest text is that.

    >>> rounded(0.1 + 0.2), rounded(2.5), rounded(0.0009765625), rounded(1e22)
    (Decimal('0.3'), Decimal('2.5'), Decimal('0.000976562'), Decimal('1E+22'))
    """
    short = Decimal(repr(value))
    exponent = short.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -PLACES:
        return short
    exact = Decimal(value).quantize(Decimal(1).scaleb(-PLACES), rounding=ROUND_HALF_EVEN, context=EXACT)
    return Decimal(short_text(exact))


def short_text(value: Decimal, separator: str = "") -> str:
    """Return a decimal in plain digits, without zeros at its end and without the sign of a zero.

    >>> short_text(Decimal("2.50")), short_text(Decimal("1E+3")), short_text(Decimal("-0.0"))
    ('2.5', '1000', '0')
    """
    text = f"{value:{separator}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
