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
]
REFUSED = [
    # `of` needs a unit behind it.
    ("5 k of", None, "it stops before the unit"),
    ("2 bn of / year", None, "'of' has no meaning there"),
    ("1,200 billion", None, "'1,200' can mean 1200 or 1.2"),
    # A scale of one letter is as short as a price in EUR with thousands, or yen with decimals.
    ("1.200m euros to 1.250m", None, "'1.200' can mean 1200 or 1.2"),
    ("1,200m JPY", None, "'1,200' can mean 1200 or 1.2"),
    ("twenty zero", None, "'zero' has no meaning there"),
    # Where only one end is known, the words name that one.
    ("on GW +", None, "may be Turkish, in which it means at least 10 GW"),
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
