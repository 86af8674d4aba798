"""What a word may mean in one language: its own words, and those that every language shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from timeline.meaning.money import CODES, FOLDED, HUNDREDTHS, PREFIXES, SIGNS, TWINS
from timeline.meaning.tongue import Tongue
from timeline.meaning.tongues import TONGUES
from timeline.meaning.units import AMBIGUOUS, SPELLED, SYMBOLS, WORDS, each

__all__ = ["CONTINENTAL", "DOTTED", "EXACT_WORDS", "LETTERS", "Lexicon", "lexicon_of"]

#: Of these `m`, `t` and `T` are units as well, and `b` is a thousand in Turkish, so they are scales only
#: beside money or what is counted.
LETTERS: Final = {"M": 6, "MM": 6, "m": 6, "b": 9, "B": 9, "t": 12, "T": 12}
#: Scales that are written where decimals begin with a comma.
CONTINENTAL: Final = frozenset(
    ("mio", "mrd", "md", "mds", "mld", "mia", "milliard", "milliards", "mln", "tsd")
)
#: Words whose case counts.
EXACT_WORDS: Final = frozenset((*SYMBOLS, *SPELLED, *CODES, *HUNDREDTHS, *LETTERS, *PREFIXES, "¥", "Rs"))
#: Abbreviations, without the point that ends them.
DOTTED: Final = frozenset(word for tongue in TONGUES.values() for word in tongue.dotted)

_BEFORE: Final = each("about", "~, ≈") | each("high", "<, ≤, < =") | each("low", ">, ≥, > =")
_AFTER: Final = {"+": "low", "- plus": "low"}
_SCALES: Final = {
    **each(6, "mio, mln, mn"),
    **each(9, "mrd, md, mds, bn"),
    **each(12, "tn"),
}
_AMBIGUOUS: Final = (
    AMBIGUOUS | TWINS | {"¥": "JPY or CNY", "¢": "so many hundredths of a currency, as in 0.12 USD"}
)


@dataclass(frozen=True)
class Lexicon:
    """The tables of one language, with the words that all share."""

    name: str
    tongue: Tongue
    before: Mapping[str, str]
    after: Mapping[str, str]
    ranges: Mapping[str, frozenset[str]]
    openings: Mapping[str, str]
    thousands: Mapping[str, int]
    scales: Mapping[str, int]
    currencies: Mapping[str, str]
    units: Mapping[str, str]
    periods: Mapping[str, str]
    per: Mapping[str, bool]
    rates: Mapping[str, str]
    ambiguous: Mapping[str, str]
    of: Mapping[str, bool]
    signs: Mapping[str, str]
    #: Every word by itself that some phrase has.
    known: frozenset[str]


_LASTING: Final = {"second": "s", "minute": "min", "hour": "h", "day": "d"}


@lru_cache(maxsize=16)
def lexicon_of(name: str) -> Lexicon:
    """Return the tables of a language of TONGUES."""
    tongue = TONGUES[name]
    counted = {form: "count" for noun in tongue.counted for form in (noun, f"{noun}s")}
    periods = dict(tongue.periods)
    lasting = {word: _LASTING.get(period, period) for word, period in periods.items() if len(word) > 2}
    ranges = {**tongue.ranges, "": tongue.ranges.get("", frozenset()) | {"-"}}
    signs = {"-": "-", "+": "+", **dict.fromkeys(tongue.minus, "-")}
    found = Lexicon(
        name=name,
        tongue=tongue,
        before={**_BEFORE, **tongue.before},
        after={**_AFTER, **tongue.after},
        ranges=ranges,
        openings={phrase: phrase for phrase in ranges if phrase},
        thousands={"k": 3, **tongue.thousands},
        scales={**_SCALES, **tongue.scales},
        currencies={**SIGNS, **FOLDED, **tongue.currencies},
        units={**WORDS, **lasting, **counted, **tongue.units},
        periods=periods,
        per=dict.fromkeys((*tongue.per, "/"), True),
        rates={"p.a.": "year", **tongue.rates},
        ambiguous={**_AMBIGUOUS, **tongue.ambiguous},
        of=dict.fromkeys(tongue.of, True),
        signs=signs,
        known=frozenset(),
    )
    return replace(found, known=_known(found))


def _known(lexicon: Lexicon) -> frozenset[str]:
    tongue = lexicon.tongue
    tables: tuple[Iterable[str], ...] = (
        *(
            lexicon.before,
            lexicon.after,
            lexicon.ranges,
            lexicon.thousands,
            lexicon.scales,
            lexicon.currencies,
        ),
        *(lexicon.units, lexicon.periods, lexicon.per, lexicon.rates, lexicon.ambiguous, lexicon.of),
        *(lexicon.signs, tongue.numbers, tongue.several, tongue.many, tongue.shares, tongue.halves),
        *(tongue.hundreds, tongue.articles, *lexicon.ranges.values()),
    )
    return frozenset(word for table in tables for phrase in table for word in phrase.split())
