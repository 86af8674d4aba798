"""Amounts as seven languages write them: read rightly or refused, with the source's language and without."""

from __future__ import annotations

import pytest

from timeline.errors import BadInput
from timeline.meaning.amounts import parse_amount, plain_amount
from timeline.meaning.habits import Habits

#: What the words and the figures settle by themselves, whether the language of the source is given or not.
SETTLED = {
    "en": """
        $1bn or more                          = at least 1000000000 USD
        $1bn-plus                             = at least 1000000000 USD
        £1m+                                  = at least 1000000 GBP
        a third                               = about 33.333333333 percent
        two thirds                            = about 66.666666667 percent
        more than a third                     = at least 33.333333333 percent
        less than two thirds                  = up to 66.666666667 percent
        a fifth                               = 20 percent
        three-quarters                        = 75 percent
        half a billion dollars                = 500000000 USD
        a million dollars                     = 1000000 USD
        one and a half million euros          = 1500000 EUR
        a quarter of a million users          = 250000 count
        hundreds of millions of dollars       = about at least 200000000 USD
        tens of thousands of employees        = about at least 20000 count
        billions of dollars                   = about at least 2000000000 USD
        a few million users                   = about at least 2000000 count
        half a dozen companies                = 6 count
        Rs 500 crore                          = 5000000000 INR
        Rs. 500 crore                         = 5000000000 INR
        ₹1.5 lakh crore                       = 1500000000000 INR
        ₹1,50,000 crore                       = 1500000000000 INR
        US $5 million                         = 5000000 USD
        $5 million AUD                        = 5000000 AUD
        $5 million Canadian dollars           = 5000000 CAD
        RMB5bn                                = 5000000000 CNY
        R5bn                                  = 5000000000 ZAR
        ¥10 trillion                          = 10000000000000 JPY
        ¥5 billion JPY                        = 5000000000 JPY
        $5MM                                  = 5000000 USD
        25bps                                 = 25 bp
        2.5 pct                               = 2.5 percent
        5 Percent                             = 5 percent
        ($5.2 million)                        = -5200000 USD
        in excess of $1bn                     = at least 1000000000 USD
        an estimated $5bn                     = about 5000000000 USD
        just under $5bn                       = about up to 5000000000 USD
        $1 trillion or less                   = up to 1000000000000 USD
        1.5m barrels a day                    = 1500000 bbl/day
        $42 a share                           = 42 USD/share
        $42 per share                         = 42 USD/share
        $3.459 a gallon                       = 3.459 USD/gal
        $2,650 an ounce                       = 2650 USD/oz
        $1.250 a share                        = 1.25 USD/share
        500+ employees                        = at least 500 count
        twenty-five million dollars           = 25000000 USD
        2-3 million dollars                   = 2000000-3000000 USD
        12,500 employees                      = 12500 count
    """,
    "fr": """
        30 milliards de dollars               = 30000000000 USD
        jusqu'à 1,5 milliard d'euros          = up to 1500000000 EUR
        5 billions de dollars                 = 5000000000000 USD
        plusieurs centaines de millions de dollars = about at least 200000000 USD
        un demi-milliard d'euros              = 500000000 EUR
        250 M€                                = 250000000 EUR
        12 millions d'euros ou plus           = at least 12000000 EUR
        un tiers                              = about 33.333333333 percent
        2,5 points de pourcentage             = 2.5 pp
        1 234 567,5 euros                     = 1234567.5 EUR
        1,20 euro par action                  = 1.2 EUR/share
        cent milliards de dollars             = 100000000000 USD
        dix mille euros                       = 10000 EUR
        entre 10 et 15 pour cent              = 10-15 percent
        près de 600 millions d'utilisateurs   = about 600000000 count
        40 térawattheures par an              = 40 TWh/year
    """,
    "de": """
        €3,5 Mrd.                             = 3500000000 EUR
        250 Mio. €                            = 250000000 EUR
        3,5 Milliarden Euro                   = 3500000000 EUR
        75 Millionen Dollar                   = 75000000 USD
        2,54 Mrd. USD                         = 2540000000 USD
        5 Billionen Euro                      = 5000000000000 EUR
        eine halbe Milliarde Euro             = 500000000 EUR
        mindestens 10 Prozent                 = at least 10 percent
        rund 5,2 Millionen Fahrzeuge          = about 5200000 count
        zwischen 10 und 15 Milliarden Dollar  = 10000000000-15000000000 USD
        16,4 Millionen kanadischen Dollar     = 16400000 CAD
        knapp 5 Milliarden Euro               = about up to 5000000000 EUR
        sieben Euro                           = 7 EUR
        1.234.567,89 Euro                     = 1234567.89 EUR
        0,5 Prozentpunkte                     = 0.5 pp
        500 Tausend Euro                      = 500000 EUR
        5 Euro pro Aktie                      = 5 EUR/share
        30 Millionen Euro pro Jahr            = 30000000 EUR/year
        ein Drittel                           = about 33.333333333 percent
        3 Gigawattstunden                     = 3 GWh
    """,
    "es": """
        2 mil millones de dólares             = 2000000000 USD
        48,2 millones de dólares              = 48200000 USD
        $ 1,17 mil millones                   = 1170000000 USD
        un mil millones de dólares            = 1000000000 USD
        un billón de dólares                  = 1000000000000 USD
        3,5 billones de pesos mexicanos       = 3500000000000 MXN
        más de 3 millones de euros            = at least 3000000 EUR
        hasta 10 por ciento                   = up to 10 percent
        entre 5 y 6 millones de personas      = 5000000-6000000 count
        cientos de millones de dólares        = about at least 200000000 USD
        medio millón de euros                 = 500000 EUR
        10050 millones de dólares de Hong Kong = 10050000000 HKD
        la mayoría                            = at least 50 percent
        un tercio                             = about 33.333333333 percent
        5 euros al mes                        = 5 EUR/month
        2,75 dólares por acción               = 2.75 USD/share
        £ 8,10 millones                       = 8100000 GBP
        1,5 puntos porcentuales               = 1.5 pp
    """,
    "it": """
        1,5 miliardi di euro                  = 1500000000 EUR
        5 milioni di dollari                  = 5000000 USD
        oltre 2 miliardi di euro              = at least 2000000000 EUR
        circa 300 mila dipendenti             = about 300000 count
        fino a 10 milioni di sterline         = up to 10000000 GBP
        mezzo miliardo di euro                = 500000000 EUR
        centinaia di milioni di euro          = about at least 200000000 EUR
        tra 5 e 6 miliardi di euro            = 5000000000-6000000000 EUR
        2,5 per cento                         = 2.5 percent
        500 milioni d'euro                    = 500000000 EUR
        due terzi                             = about 66.666666667 percent
        3 punti percentuali                   = 3 pp
        5 mld di euro                         = 5000000000 EUR
    """,
    "pt": """
        R$ 1,2 bilhão                         = 1200000000 BRL
        R$ 5,3 bilhões                        = 5300000000 BRL
        2 bilhões de reais                    = 2000000000 BRL
        3,5 milhões de dólares                = 3500000 USD
        1,5 trilhão de reais                  = 1500000000000 BRL
        cerca de 5 milhões de pessoas         = about 5000000 count
        até 10 milhões de euros               = up to 10000000 EUR
        mais de 2 mil milhões de euros        = at least 2000000000 EUR
        meio milhão de euros                  = 500000 EUR
        dezenas de milhões de reais           = about at least 20000000 BRL
        entre 5 e 6 milhões de reais          = 5000000-6000000 BRL
        2,5 pontos percentuais                = 2.5 pp
        um terço                              = about 33.333333333 percent
        5 bilhões de reais por ano            = 5000000000 BRL/year
    """,
    "tr": """
        5 milyar dolar                        = 5000000000 USD
        2,5 milyon avro                       = 2500000 EUR
        1,5 trilyon lira                      = 1500000000000 TRY
        yaklasik 300 milyon dolar             = about 300000000 USD
        en az 5 milyar TL                     = at least 5000000000 TRY
        5 bin TL                              = 5000 TRY
        1.234.567,89 TL                       = 1234567.89 TRY
        en fazla 10 milyon kullan\u0131c\u0131          = up to 10000000 count
    """,
}

#: What means one thing in one language and another in another, or can be read in two ways within one.
OPEN = """
    en | 12-cent                    | makes no range
    en | three quarters             | parts of a whole or of a year
    en | 12 cents                   | hundredths of USD, EUR or another currency
    en | 5 pounds                   | GBP
    en | Rs 500                     | INR, PKR, LKR or NPR
    en | ¥5 billion                 | JPY or CNY
    en | 12.500 employees           | '12.500' can mean 12500 or 12.5
    en | 300.000 VND                | '300.000' can mean 300000 or 300
    en | $12.345                    | '12.345' can mean 12345 or 12.345
    en | 1,0000                     | '1,0000' can mean 10000 or 1
    en | 1.500 USD                  | '1.500' can mean 1500 or 1.5
    en | 12.345                     | '12.345' can mean 12345 or 12.345
    en | 100b                       | 'b' may be a scale or a unit
    en | about ($5m)                | a number is missing before '('
    en | (75 %)                     | a sum of money below zero
    de | 1.234 Mio €                | '1.234' can mean 1234 or 1.234
    de | 1,234 Mrd €                | '1,234' can mean 1234 or 1.234
    de | 12.345$                    | '12.345' can mean 12345 or 12.345
    de | 12.500 Mitarbeiter         | '12.500' can mean 12500 or 12.5
    de | 1,459 Euro                 | '1,459' can mean 1459 or 1.459
    de | 4,800                      | '4,800' can mean 4800 or 4.8
    de | 2.300                      | '2.300' can mean 2300 or 2.3
    de | 4,125 %                    | '4,125' can mean 4125 or 4.125
    de | 1,459 EUR/kWh              | '1,459' can mean 1459 or 1.459
    es | 1.234km                    | '1.234' can mean 1234 or 1.234
    de | 12 Cent                    | hundredths of USD, EUR or another currency
    de | 1 Billion Euro             | 1000000000000 EUR in German
    es | $ 40.000                   | '40.000' can mean 40000 or 40
    es | 48.000 millones de dólares | '48.000' can mean 48000 or 48
    es | 50 centavos                | hundredths of USD, EUR or another currency
    es | 5 pesos                    | MXN, ARS, CLP, COP or PHP
    it | 2.500 euro                 | '2.500' can mean 2500 or 2.5
    it | 3 bilioni                  | 10^9 in translations from English
    pt | R$ 1.234                   | '1.234' can mean 1234 or 1.234
    pt | 2.500 milhões de euros     | '2.500' can mean 2500 or 2.5
    fr | 1.234 millions d'euros     | '1.234' can mean 1234 or 1.234
    fr | 1,234 M€                   | '1,234' can mean 1234 or 1.234
    fr | 5 livres                   | GBP
    tr | 300.000 TL                 | '300.000' can mean 300000 or 300
    tr | 1.234 milyon dolar         | '1.234' can mean 1234 or 1.234
"""


def _settled() -> list[tuple[str, str, str]]:
    rows = []
    for language, table in SETTLED.items():
        for line in table.strip().splitlines():
            text, plain = line.rsplit(" = ", 1)
            rows.append((language, text.strip(), plain.strip()))
    return rows


def _open() -> list[tuple[str, str, str]]:
    rows = [line.split(" | ", 2) for line in OPEN.strip().splitlines()]
    return [(language.strip(), text.strip(), reason) for language, text, reason in rows]


def _plain(text: str, habits: Habits) -> str:
    amount = parse_amount(text, habits)
    return plain_amount(amount.low, amount.high, amount.unit, amount.approximate)


def test_there_are_enough_of_them() -> None:
    assert len(_settled()) + len(_open()) > 150
    assert set(SETTLED) == {"en", "fr", "de", "es", "it", "pt", "tr"}


@pytest.mark.parametrize(("language", "text", "plain"), _settled())
def test_reads_what_the_words_settle(language: str, text: str, plain: str) -> None:
    assert _plain(text, Habits()) == plain
    assert _plain(text, Habits(language=language)) == plain


@pytest.mark.parametrize(("language", "text", "reason"), _open())
def test_refuses_what_can_be_read_in_two_ways(language: str, text: str, reason: str) -> None:
    with pytest.raises(BadInput) as by_itself:
        parse_amount(text)
    with pytest.raises(BadInput) as of_the_language:
        parse_amount(text, Habits(language=language))
    assert reason in str(by_itself.value)
    assert reason in str(of_the_language.value)


@pytest.mark.parametrize(("language", "text", "plain"), _settled())
def test_another_language_never_changes_what_is_read(language: str, text: str, plain: str) -> None:
    for other in (*SETTLED, "zh", "nl", "pt-PT", "de-CH"):
        try:
            read = _plain(text, Habits(language=other))
        except BadInput:
            continue
        assert read == plain, other


# Words that need the language of the source.
@pytest.mark.parametrize(
    ("text", "language", "plain"),
    [
        ("5 mil", "es", "5000 count"),
        ("5 mil euros", "pt", "5000 EUR"),
        ("300 mila", "it", "300000 count"),
        ("5 bin", "tr", "5000 count"),
        ("¥5 billion", "ja", "5000000000 JPY"),
        ("¥5 billion", "zh", "5000000000 CNY"),
        ("1.250 billion dollars", "en", "1250000000 USD"),
        ("12,345", "en", "12345 count"),
        ("1,234 MW", "en", "1234 MW"),
        ("1.234km", "en", "1.234 km"),
        ("1,459 EUR/kWh", "en", "1459 EUR/kWh"),
        ("4,125 %", "en", "4125 percent"),
    ],
)
def test_reads_by_the_language_of_the_source(text: str, language: str, plain: str) -> None:
    assert _plain(text, Habits(language=language)) == plain
    with pytest.raises(BadInput):
        parse_amount(text)


@pytest.mark.parametrize(
    ("text", "language", "plain"),
    [
        # Claims are written in English of sources in any language.
        ("5 billion USD", "fr", "5000000000 USD"),
        ("1.5 billion USD", "fr", "1500000000 USD"),
        ("several billion USD", "fr", "about at least 2000000000 USD"),
        ("5 billion USD", "de", "5000000000 USD"),
        ("up to 30 billion USD", "it", "up to 30000000000 USD"),
        ("12,500 employees", "fr", "12500 count"),
        ("$1bn or more", "de", "at least 1000000000 USD"),
    ],
)
def test_english_is_read_whatever_the_source(text: str, language: str, plain: str) -> None:
    assert _plain(text, Habits(language=language)) == plain


@pytest.mark.parametrize(
    ("text", "language", "one", "other"),
    [
        ("1 billion USD", "fr", "1000000000000 USD in French", "1000000000 USD in English"),
        ("1,5 billion USD", "fr", "1500000000000 USD in French", "1500000000 USD in English"),
        ("1 Billion Euro", "de", "1000000000000 EUR in German", "1000000000 EUR in English"),
    ],
)
def test_refuses_what_means_something_else_in_english(text: str, language: str, one: str, other: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_amount(text, Habits(language=language))
    assert one in str(caught.value)
    assert other in str(caught.value)


@pytest.mark.parametrize("tag", ["es-MX", "es-AR", "en-AU", "en-CA", "zh-TW"])
def test_a_dollar_sign_is_of_no_country_that_has_other_dollars(tag: str) -> None:
    with pytest.raises(BadInput, match=r"'\$' in a text of .. can mean USD or"):
        parse_amount("$5 million", Habits(language=tag))
    assert parse_amount("US$5 million", Habits(language=tag)).unit == "USD"


# How numbers are written settles every figure.
STYLES = """
    1,234.5 | 1,234 USD          = 1234 USD
    1,234.5 | 1.234 USD          = 1.234 USD
    1,234.5 | 300.000 VND        = 300 VND
    1,234.5 | 1.500 USD          = 1.5 USD
    1,234.5 | 1,234 Mrd €        = 1234000000000 EUR
    1,234.5 | $3.459 a gallon    = 3.459 USD/gal
    1.234,5 | 300.000 VND        = 300000 VND
    1.234,5 | 1.234 Mio €        = 1234000000 EUR
    1.234,5 | 1,234 Mrd €        = 1234000000 EUR
    1.234,5 | 12.500 employees   = 12500 count
    1.234,5 | 1.085 USD/EUR      = 1085 USD/EUR
    1.234,5 | 1,0000             = 1 count
    1.234,5 | 4,125 %            = 4.125 percent
    1 234,5 | 1 234,5 EUR        = 1234.5 EUR
    1 234,5 | 1,234 EUR          = 1.234 EUR
"""


@pytest.mark.parametrize("line", STYLES.strip().splitlines())
def test_the_style_of_numbers_settles_them(line: str) -> None:
    style, rest = line.split(" | ", 1)
    text, plain = rest.rsplit(" = ", 1)
    assert _plain(text.strip(), Habits(numbers=style.strip())) == plain.strip()


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("1,234.5", "1.234,5 EUR"),
        ("1,234.5", "3,5 Mrd. €"),
        ("1,234.5", "1 234 EUR"),
        ("1.234,5", "1,234.5 EUR"),
        ("1.234,5", "$3.45 a gallon"),
        ("1.234,5", "1 234 EUR"),
        ("1 234,5", "1.234,5 EUR"),
        ("1 234,5", "1.5 billion USD"),
        ("1.234,5", "1.23.456 EUR"),
    ],
)
def test_what_is_written_otherwise_is_refused(style: str, text: str) -> None:
    with pytest.raises(BadInput, match=f"is not written as '{style}'"):
        parse_amount(text, Habits(numbers=style))


# Codes and symbols whose case means something.
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("GBp 337.05", "3.3705 GBP"),
        ("337.05 GBp", "3.3705 GBP"),
        ("GBX 337.05", "3.3705 GBP"),
        ("GBX 10-20", "0.1-0.2 GBP"),
        ("up to GBp 1,250", "up to 12.5 GBP"),
        ("80 GBp/therm", "0.8 GBP/therm"),
        ("GBp 1.5 million", "15000 GBP"),
        ("ZAc 1250", "12.5 ZAR"),
        ("ZAC 1250", "12.5 ZAR"),
        ("ILA 500", "5 ILS"),
        ("GBP 337.05", "337.05 GBP"),
        ("5 usd", "5 USD"),
        ("5 Eur", "5 EUR"),
        ("5 MW", "5 MW"),
        ("5 kwh", "5 kWh"),
        ("5 KWH", "5 kWh"),
        ("5 MWH", "5 MWh"),
        ("16 GB", "16 GB"),
        ("5 Mbps", "5 Mbit/second"),
        ("5 mm", "5 mm"),
    ],
)
def test_case_counts_where_something_hangs_on_it(text: str, plain: str) -> None:
    assert _plain(text, Habits()) == plain


@pytest.mark.parametrize(
    "text",
    ["5 gbp", "gbp 5", "5 Gbp", "5 zac", "5 mW", "5 mwh", "16 Gb", "16 gb", "5 mb/d", "5 MT", "5 mhz", "5MM"],
)
def test_refuses_what_another_case_would_change(text: str) -> None:
    with pytest.raises(BadInput):
        parse_amount(text)


# What statistics offices, energy, climate, computing and markets use.
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1.5 °C", "1.5 °C"),
        ("1.5 degrees Celsius", "1.5 °C"),
        ("421 ppm", "421 ppm"),
        ("5 oz", "5 oz"),
        ("2650 USD/oz", "2650 USD/oz"),
        ("1.125 GW", "1.125 GW"),
        ("80 bbl", "80 bbl"),
        ("5 gal", "5 gal"),
        ("5 million tonnes of CO2", "5000000 tCO2"),
        ("5 Mt CO2e", "5 MtCO2e"),
        ("36.8 GtCO2", "36.8 GtCO2"),
        ("85 EUR/t CO2", "85 EUR/tCO2"),
        ("105.2 index", "105.2 index"),
        ("5234 points", "5234 points"),
        ("25 bps", "25 bp"),
        ("12 BTC", "12 BTC"),
        ("12 bitcoins", "12 BTC"),
        ("15T tokens", "15000000000000 count"),
        ("0.15 USD/kWh", "0.15 USD/kWh"),
        ("3 USD/MMBtu", "3 USD/MMBtu"),
        ("2 MMBtu", "2 MMBtu"),
        ("1.2m bpd", "1200000 bbl/day"),
        ("3 exaflops", "3 EFLOPS"),
        ("5 ha", "5 ha"),
        ("12 µm", "12 µm"),
        ("50 µg/m³", "50 µg/m³"),
        ("half a gigawatt", "0.5 GW"),
    ],
)
def test_reads_units_of_many_trades(text: str, plain: str) -> None:
    assert _plain(text, Habits()) == plain


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("5 gigawats", "did you mean 'gigawatts' or 'gigawatt'?"),
        ("5 bilion USD", "did you mean 'billion'"),
        ("5 UST", "did you mean 'USD'?"),
    ],
)
def test_hints_at_what_is_a_slip_away(text: str, hint: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_amount(text)
    assert hint in str(caught.value)


@pytest.mark.parametrize("word", ["unicorns", "glorp", "crisps", "stoor", "zulus"])
def test_hints_at_nothing_else(word: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_amount(f"5 {word}")
    assert "did you mean" not in str(caught.value)


# Words of each language, in the order of what they mean, and of how many there are at least two.
COUNTED = {
    "en": "zero one two three four five six seven eight nine ten",
    "fr": "zéro un deux trois quatre cinq - sept huit neuf dix",
    "de": "null ein zwei drei vier fünf sechs sieben acht neun zehn",
    "es": "cero un dos tres cuatro cinco seis siete ocho nueve diez",
    "it": "zero un due tre quattro cinque sei sette otto nove dieci",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez",
    "tr": "sifir bir iki üç dört beş alti yedi sekiz dokuz on",
}
MANY: dict[str, dict[str, float]] = {
    "en": {
        "tens": 20,
        "hundreds": 200,
        "thousands": 2_000,
        "millions": 2e6,
        "billions": 2e9,
        "trillions": 2e12,
    },
    "fr": {"dizaines": 20, "centaines": 200, "milliers": 2_000},
    "de": {"Hunderte": 200, "Tausende": 2_000, "Millionen": 2e6, "Milliarden": 2e9},
    "es": {"decenas": 20, "cientos": 200, "centenares": 200, "miles": 2_000, "millones": 2e6},
    "it": {"decine": 20, "centinaia": 200, "migliaia": 2_000, "milioni": 2e6, "miliardi": 2e9},
    "pt": {"dezenas": 20, "centenas": 200, "milhares": 2_000, "milhões": 2e6},
}


@pytest.mark.parametrize("language", COUNTED)
def test_numbers_from_nought_to_ten_are_read_in_words(language: str) -> None:
    for number, word in enumerate(COUNTED[language].split()):
        if word != "-":
            found = parse_amount(f"{word} EUR", Habits(language=language))
            assert found.low == found.high == number, word


@pytest.mark.parametrize("language", MANY)
def test_words_for_many_are_at_least_two_of_them(language: str) -> None:
    for word, least in MANY[language].items():
        found = parse_amount(f"{word} EUR", Habits(language=language))
        assert found.low == least, word
        assert found.high is None
        assert found.approximate
