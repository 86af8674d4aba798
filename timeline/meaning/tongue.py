"""The words of amounts in one language: bounds, numbers, scales, currencies, units.

Each language has its own table, and a text is read by the tables of one language at a time: `billion` is 10^9
in English and 10^12 in French, `cent` is a hundred in French and part of a dollar in English. Words are kept
in lower case, without accents and without the point of an abbreviation; a phrase is its words, joined by one
space.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final

from timeline.meaning.units import each

__all__ = ["MAJORITY", "SUBUNIT", "Tongue", "numbers", "parts", "phrases", "watts"]


@dataclass(frozen=True)
class Tongue:
    """The words of one language. What a figure is bounded by is `low`, `high` or `about`, or two of these."""

    #: What may come before the figures, and behind them.
    before: Mapping[str, str]
    after: Mapping[str, str] = field(default_factory=dict)
    #: What opens a range, and what then comes between its ends; most ranges have no opening.
    ranges: Mapping[str, frozenset[str]] = field(default_factory=dict)
    numbers: Mapping[str, Decimal] = field(default_factory=dict)
    #: One, where a scale follows: `a million`.
    articles: frozenset[str] = frozenset()
    several: Mapping[str, str] = field(default_factory=dict)
    #: Words for many of a scale, by its exponent: `hundreds of`, at least two of them.
    many: Mapping[str, int] = field(default_factory=dict)
    #: Parts of a whole, and `low` where it is more than that.
    shares: Mapping[str, tuple[Fraction, str]] = field(default_factory=dict)
    #: Of a million: `half a`.
    halves: Mapping[str, Decimal] = field(default_factory=dict)
    hundreds: Mapping[str, int] = field(default_factory=dict)
    thousands: Mapping[str, int] = field(default_factory=dict)
    scales: Mapping[str, int] = field(default_factory=dict)
    of: frozenset[str] = frozenset()
    minus: frozenset[str] = frozenset()
    currencies: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    #: Nouns that only say what is counted, as the fact says of what: they become `count`.
    counted: frozenset[str] = frozenset()
    periods: Mapping[str, str] = field(default_factory=dict)
    per: frozenset[str] = frozenset()
    #: Whole rates, such as `monthly`.
    rates: Mapping[str, str] = field(default_factory=dict)
    #: Refused, with what to write instead.
    ambiguous: Mapping[str, str] = field(default_factory=dict)
    #: Scales that follow one, or a number below two, alone; other numbers have another form. So `5 billion`
    #: is no French, and no German.
    singular: frozenset[str] = frozenset()
    #: Below which number these forms are used.
    singular_below: int = 2
    #: Words that other languages have as well, so that they show nothing by themselves.
    weak: frozenset[str] = frozenset()
    #: Abbreviations that end in a point.
    dotted: frozenset[str] = frozenset()


def numbers(text: str) -> dict[str, Decimal]:
    pairs = (pair.split("=") for pair in text.split())
    return {word: Decimal(number) for word, number in pairs}


def phrases(text: str) -> frozenset[str]:
    return frozenset(text.split(", "))


def parts(**texts: str) -> dict[str, tuple[Fraction, str]]:
    """Return shares by the name of their part: `half`, `third`, `thirds`, and so on."""
    found: dict[str, tuple[Fraction, str]] = {}
    for name, text in texts.items():
        above, below = _PARTS[name]
        found |= each((Fraction(above, below), ""), text)
    return found


_PARTS: Final = {
    **{"half": (1, 2), "third": (1, 3), "thirds": (2, 3), "quarter": (1, 4), "quarters": (3, 4)},
    **{"fifth": (1, 5), "fifths2": (2, 5), "fifths3": (3, 5), "fifths4": (4, 5), "tenth": (1, 10)},
}
#: What of a currency a word names nobody says.
SUBUNIT: Final = "so many hundredths of USD, EUR or another currency, as in 0.12 USD"
MAJORITY: Final = (Fraction(1, 2), "low")

_WATTS: Final = {"": "", "kilo": "k", "mega": "M", "giga": "G", "tera": "T"}


def watts(watts: str, hours: str) -> dict[str, str]:
    """Return the names of units of power and, with what comes behind them for hours, of energy."""
    return {
        f"{prefix}{watt}{hour}": f"{letter}W{'h' if hour else ''}"
        for prefix, letter in _WATTS.items()
        for watt in watts.split(", ")
        for hour in ("", *hours.split("|"))
    }
