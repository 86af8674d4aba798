"""What each word for a number means, in each language: powers of ten, parts of a whole, numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from timeline.meaning.amounts import parse_amount
from timeline.meaning.habits import Habits
from timeline.meaning.tongues import TONGUES

# The exponent of ten, the words for it, and the number that they follow.
POWERS = {
    "en": """
        2  3 hundred, hundreds
        3  3 thousand, thousands, k
        5  3 lakh, lakhs, lac, lacs
        6  3 million, millions, mn, mln, mio, mil
        7  3 crore, crores, cr
        9  3 billion, billions, bn, bln, milliard, milliards, md, mds, mrd, mld
        12 3 trillion, trillions, tn, trn
        15 3 quadrillion
    """,
    "fr": """
        1  3 dizaines
        2  3 centaines
        3  3 mille, millier, milliers, k
        6  3 million, millions, mio, mln, mn
        9  3 milliard, milliards, md, mds, mrd, mia
        12 3 billions
        12 1 billion
        15 3 billiard, billiards
        18 3 trillions
        18 1 trillion
    """,
    "de": """
        3  3 tausend, tsd
        6  3 million, millionen, mio, mill
        9  3 milliarde, milliarden, mrd, md, mia
        12 3 billionen, bio
        12 eine billion
        15 3 billiarde, billiarden
        18 3 trillionen
        18 eine trillion
    """,
    "es": """
        3  3 mil, miles
        6  3 millon, millones, mill, mln
        9  3 millardo, millardos
        12 3 billon, billones
        18 3 trillon, trillones
    """,
    "it": """
        3  3 mila, mille, migliaia
        6  3 milione, milioni, mln, mil
        9  3 miliardo, miliardi, mld, mrd, mdi
    """,
    "pt": """
        3  3 mil, milhares
        6  3 milhao, milhoes, mi, mln
        9  3 bilhao, bilhoes, bi
        12 3 trilhao, trilhoes, tri, biliao, bilioes
        18 3 triliao, trilioes
    """,
    "tr": """
        2  3 yuz
        3  3 bin, b
        6  3 milyon, mn
        9  3 milyar, mlr
        12 3 trilyon
        15 3 katrilyon
    """,
}
#: Where words of two languages are the same, a noun of the language settles which it is.
MONEY = {
    **{"en": "dollars", "fr": "de dollars", "de": "Dollar", "es": "dólares", "it": "dollari"},
    **{"pt": "dólares", "tr": "lira"},
}
NUMBERS = {
    "en": "eleven=11 twelve=12 thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18"
    " nineteen=19 twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90"
    " a_dozen=12 half_a_dozen=6 two_dozen=24 ninety-nine=99 twenty-one=21",
    "fr": "une=1 cent=100 mille=1000",
    "de": "eine=1 einen=1 einem=1 einer=1 fuenf=5 zwölf=12 zwoelf=12 zwanzig=20 dreißig=30 vierzig=40"
    " fünfzig=50 hundert=100 tausend=1000",
    "es": "uno=1 una=1 cien=100 mil=1000",
    "it": "uno=1 una=1 cento=100 mille=1000",
    "pt": "uma=1 duas=2 cem=100 mil=1000",
    "tr": "yüz=100 bin=1000",
}
# In percent, and at least that much where a `+` follows.
SHARES = {
    "en": """
        50+ majority, a majority, the majority
        50 half, one half, a half, one-half
        33.333333333 a third, one third, one-third
        66.666666667 two thirds, two-thirds
        25 one-quarter
        75 three-quarters
        20 a fifth, one fifth, one-fifth
        40 two fifths, two-fifths
        60 three fifths, three-fifths
        80 four fifths, four-fifths
        10 a tenth, one tenth, one-tenth
    """,
    "fr": """
        50+ majorité, la majorité, une majorité
        50 la moitié, moitié
        33.333333333 un tiers, le tiers
        66.666666667 deux tiers, les deux tiers
        25 un quart, le quart
        75 trois quarts
        20 un cinquième
        10 un dixième
    """,
    "de": """
        50+ die Mehrheit, Mehrheit, eine Mehrheit
        50 die Hälfte, Hälfte
        33.333333333 ein Drittel
        66.666666667 zwei Drittel
        25 ein Viertel
        75 drei Viertel
        20 ein Fünftel
        10 ein Zehntel
    """,
    "es": """
        50+ la mayoría, mayoría, una mayoría
        50 la mitad, mitad
        33.333333333 un tercio
        66.666666667 dos tercios
        25 un cuarto
        75 tres cuartos
        20 un quinto
        10 un décimo
    """,
    "it": """
        50+ la maggioranza, maggioranza, una maggioranza
        50 la metà, metà
        33.333333333 un terzo
        66.666666667 due terzi
        25 un quarto
        75 tre quarti
        20 un quinto
        10 un decimo
    """,
    "pt": """
        50+ a maioria, maioria, uma maioria
        50 a metade, metade
        33.333333333 um terço
        66.666666667 dois terços
        25 um quarto
        75 três quartos
        20 um quinto
        10 um décimo
    """,
    "tr": """
        50+ çoğunluk, çoğunluğu
        50 yarisi, yari
    """,
}
HALVES = {
    "en": "half a=0.5, half=0.5, a half=0.5, one half=0.5, a quarter of a=0.25, quarter of a=0.25,"
    " a quarter=0.25, three quarters of a=0.75, three-quarters of a=0.75, one and a half=1.5",
    "fr": "un demi-=0.5, un demi=0.5",
    "de": "eine halbe=0.5, einer halben=0.5, ein halbe=0.5, anderthalb=1.5, eineinhalb=1.5",
    "es": "medio=0.5",
    "it": "mezzo=0.5",
    "pt": "meio=0.5",
    "tr": "yarim=0.5, bir buçuk=1.5",
}
MILLION = {
    **{"en": "million", "fr": "million", "de": "Million", "es": "millón", "it": "milione", "pt": "milhão"},
    "tr": "milyon",
}


def lines(table: str) -> list[list[str]]:
    return [line.split(maxsplit=1) for line in table.strip().splitlines()]


@pytest.mark.parametrize("language", POWERS)
def test_a_word_for_a_power_of_ten_multiplies_with_it(language: str) -> None:
    for exponent, rest in lines(POWERS[language]):
        number, words = rest.split(maxsplit=1)
        for word in words.split(", "):
            found = parse_amount(f"{number} {word} {MONEY[language]}", Habits(language=language))
            figure = Decimal(number.replace("eine", "1")).scaleb(int(exponent))
            assert found.low == found.high == figure, word


@pytest.mark.parametrize("language", TONGUES)
def test_a_k_is_a_thousand_in_every_language(language: str) -> None:
    found = parse_amount(f"5k {MONEY[language].removeprefix('de ')}", Habits(language=language))
    assert found.low == found.high == 5_000


@pytest.mark.parametrize("language", NUMBERS)
def test_a_word_for_a_number_is_that_number(language: str) -> None:
    for word, number in (pair.split("=") for pair in NUMBERS[language].split()):
        found = parse_amount(f"{word.replace('_', ' ')} USD", Habits(language=language))
        assert found.low == found.high == int(number), word


@pytest.mark.parametrize("language", SHARES)
def test_a_part_of_a_whole_is_in_percent(language: str) -> None:
    for share, words in lines(SHARES[language]):
        percent = Decimal(share.removesuffix("+"))
        for word in words.split(", "):
            found = parse_amount(word, Habits(language=language))
            assert (found.low, found.unit) == (percent, "percent"), word
            assert found.high == (None if share.endswith("+") else percent), word


@pytest.mark.parametrize("language", HALVES)
def test_a_part_of_a_million_is_so_many(language: str) -> None:
    for word, part in (pair.split("=") for pair in HALVES[language].split(", ")):
        found = parse_amount(f"{word} {MILLION[language]} USD", Habits(language=language))
        assert found.low == found.high == Decimal(part) * 1_000_000, word


def test_every_word_of_the_tables_is_tried() -> None:
    for name, tongue in TONGUES.items():
        powers = {word for _, rest in lines(POWERS[name]) for word in rest.split(maxsplit=1)[1].split(", ")}
        assert powers == {*tongue.hundreds, *tongue.thousands, *tongue.scales}
        shares = sum(len(words.split(", ")) for _, words in lines(SHARES[name]))
        assert (shares, len(HALVES[name].split(", "))) == (len(tongue.shares), len(tongue.halves))
