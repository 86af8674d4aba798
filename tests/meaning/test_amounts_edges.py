"""Short texts of amounts that one rule of the grammar decides by itself."""

from __future__ import annotations

import pytest

from timeline.errors import BadInput
from timeline.meaning.amounts import parse_amount, plain_amount
from timeline.meaning.habits import Habits

READ = [
    # Four digits behind a comma are decimals where a language writes a decimal comma.
    ("1,2345 t", "pt", "1.2345 t"),
    # Nobody counts thousandths, and no scale comes with three decimals of a unit that is no money.
    ("1,200 count", None, "1200 count"),
    ("1,200 thousand t", None, "1200000 t"),
    ("twofold", None, "2 times"),
    # A pound may be a weight, but not with its whole name.
    ("pounds sterling 5", None, "5 GBP"),
    # The first `a` here begins no rate, so that the letter is beside money.
    ("a maximum of £3 b", None, "up to 3000000000 GBP"),
    # German writes `1 Billion Euro`, of which each part alone is English.
    ("1 billion Euro", None, "1000000000 EUR"),
    ("1 Billion USD", None, "1000000000 USD"),
]
REFUSED = [
    # `of` needs a unit behind it.
    ("5 k of", None, "it stops before the unit"),
    ("2 bn of / year", None, "'of' has no meaning there"),
    ("1,200 billion", None, "'1,200' can mean 1200 or 1.2"),
    # A scale of one letter is as short as a price in EUR with thousands, or yen with decimals.
    ("1.200m euros to 1.250m", None, "'1.200' can mean 1200 or 1.2"),
    ("1.200m to 1.250 million EUR", None, "'1.200' can mean 1200 or 1.2"),
    ("1,200m JPY", None, "'1,200' can mean 1200 or 1.2"),
    ("onefold", None, "'onefold'"),
    ("1 Billion Euro", None, "1000000000 EUR in English or 1000000000000 EUR in German"),
    ("twenty zero", None, "'zero' has no meaning there"),
    # Where only one end is known, the words name that one.
    ("on GW +", None, "may be Turkish, in which it means at least 10 GW"),
    ("3 mil euros", "en", "it can mean 3000000 EUR in English or 3000 EUR in Spanish"),
    ("3-5 mil euros", "en", "it can mean 3000000 to 5000000 EUR in English or 3000 to 5000 EUR in Spanish"),
]
# What is one slip away, or two of a word of eight letters; three of them at most.
HINTS = [
    ("bbillion", "; did you mean 'billion' or 'billions' or 'million'?"),
    ("milllion", "; did you mean 'million' or 'millions' or 'billion'?"),
    ("adollars", "; did you mean 'dollars' or 'dollar'?"),
    ("litraes", "; did you mean 'litres'?"),
    ("ompanits", "; did you mean 'companies'?"),
    ("temployeres", "; did you mean 'employees'?"),
    ("acrrore", ""),
    ("crror", ""),
]


@pytest.mark.parametrize(("text", "language", "plain"), READ)
def test_reads(text: str, language: str | None, plain: str) -> None:
    found = parse_amount(text, Habits(language=language))
    assert plain_amount(found.low, found.high, found.unit, found.approximate) == plain


@pytest.mark.parametrize(("text", "language", "reason"), REFUSED)
def test_refuses(text: str, language: str | None, reason: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_amount(text, Habits(language=language))
    assert reason in str(caught.value)


@pytest.mark.parametrize(("word", "hint"), HINTS)
def test_hints_at_what_is_few_slips_away(word: str, hint: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_amount(f"5 {word}")
    assert f": unknown unit '{word}'{hint}; for a count" in str(caught.value)
