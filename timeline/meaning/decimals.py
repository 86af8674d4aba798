"""Exact decimals: the log keeps 38 digits, Python's own arithmetic rounds at 28."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Final

__all__ = ["EXACT", "PLACES", "WHOLE_DIGITS", "short_text"]

#: Amounts are kept as DECIMAL(38, 9).
WHOLE_DIGITS: Final = 29
PLACES: Final = 9
EXACT: Final = Context(prec=60)


def short_text(value: Decimal, separator: str = "") -> str:
    """Return a decimal in plain digits, without zeros at its end and without the sign of a zero.

    >>> short_text(Decimal("2.50")), short_text(Decimal("1E+3")), short_text(Decimal("-0.0"))
    ('2.5', '1000', '0')
    """
    text = f"{value:{separator}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
