from __future__ import annotations

from decimal import Decimal, localcontext

import pytest

from timeline.errors import BadInput
from timeline.meaning.amounts import Amount, parse_amount, plain_amount, pretty_amount
from timeline.meaning.habits import Habits
from timeline.meaning.lexicon import lexicon_of
from timeline.meaning.money import CODES, WITHOUT_CENTS
from timeline.meaning.tongues import TONGUES
from timeline.meaning.units import AMBIGUOUS, SYMBOLS, WORDS

# Text on the left, canonical text on the right.
ENGLISH = """
15-25 billion USD                    = 15000000000-25000000000 USD
15 - 25 billion USD                  = 15000000000-25000000000 USD
15 to 25 billion USD                 = 15000000000-25000000000 USD
from 15 to 25 billion USD            = 15000000000-25000000000 USD
from 15-25 billion USD               = 15000000000-25000000000 USD
between 15 and 25 billion USD        = 15000000000-25000000000 USD
15 billion-25 billion USD            = 15000000000-25000000000 USD
15 billion USD to 25 billion USD     = 15000000000-25000000000 USD
$15-25 billion                       = 15000000000-25000000000 USD
$15 billion-$25 billion              = 15000000000-25000000000 USD
USD 15-25 billion                    = 15000000000-25000000000 USD
$15bn-$25bn                          = 15000000000-25000000000 USD
900 million to 1.2 billion USD       = 900000000-1200000000 USD
500 million-1 billion USD            = 500000000-1000000000 USD
15-15 billion USD                    = 15000000000 USD
up to 30 billion USD                 = up to 30000000000 USD
at most 30 billion USD               = up to 30000000000 USD
less than 30 billion USD             = up to 30000000000 USD
under 30 billion USD                 = up to 30000000000 USD
below 30 billion USD                 = up to 30000000000 USD
no more than 30 billion USD          = up to 30000000000 USD
<30 billion USD                      = up to 30000000000 USD
more than 100 billion USD            = at least 100000000000 USD
over 100 billion USD                 = at least 100000000000 USD
at least 10 GW                       = at least 10 GW
≥ 10 GW                              = at least 10 GW
about 5 billion USD                  = about 5000000000 USD
around 5 billion USD                 = about 5000000000 USD
roughly $5 billion                   = about 5000000000 USD
nearly 5 billion USD                 = about 5000000000 USD
approximately 5 billion USD          = about 5000000000 USD
~5 billion USD                       = about 5000000000 USD
~$5 billion                          = about 5000000000 USD
≈ 5 billion USD                      = about 5000000000 USD
c. 5 billion USD                     = about 5000000000 USD
about 15-25 billion USD              = about 15000000000-25000000000 USD
about up to 5 GW                     = about up to 5 GW
up to about 5 GW                     = about up to 5 GW
several billion USD                  = about at least 2000000000 USD
several billions of dollars          = about at least 2000000000 USD
several million chips                = about at least 2000000 count
several million                      = about at least 2000000 count
triple                               = 3 times
5 thousand M USD                     = 5000000000 USD
5 thousand of euros                  = 5000 EUR
1,500 to 2,500 count                 = 1500-2500 count
half or more                         = at least 50 percent
several hundred million USD          = about at least 200000000 USD
$several billion                     = about at least 2000000000 USD
majority                             = at least 50 percent
a majority                           = at least 50 percent
half                                 = 50 percent
more than half                       = at least 50 percent
about half                           = about 50 percent
75 %                                 = 75 percent
75%                                  = 75 percent
75 percent                           = 75 percent
75 per cent                          = 75 percent
1.125 per cent                       = 1.125 percent
20-25 %                              = 20-25 percent
20%-25%                              = 20-25 percent
+5 %                                 = 5 percent
2.5 percentage points                = 2.5 pp
25 basis points                      = 25 bp
10 GW                                = 10 GW
10GW                                 = 10 GW
10 gw                                = 10 GW
10 gigawatts                         = 10 GW
1 gigawatt                           = 1 GW
5 MW                                 = 5 MW
40 terawatt-hours                    = 40 TWh
40 TWh per year                      = 40 TWh/year
100 km/h                             = 100 km/hour
5 m                                  = 5 m
5 t                                  = 5 t
5 tonnes                             = 5 t
20 million barrels per day           = 20000000 bbl/day
18 months                            = 18 month
2 years                              = 2 year
36 hours                             = 36 h
3 nm                                 = 3 nm
200 USD/month                        = 200 USD/month
200 USD / month                      = 200 USD/month
USD 200 per month                    = 200 USD/month
$200/month                           = 200 USD/month
$200 a month                         = 200 USD/month
$5 an hour                           = 5 USD/hour
$20/mo                               = 20 USD/month
$200 monthly                         = 200 USD/month
5 % p.a.                             = 5 percent/year
5 % per annum                        = 5 percent/year
$200-300 per month                   = 200-300 USD/month
$30 per user per month               = 30 USD/count/month
0.03 USD/kWh                         = 0.03 USD/kWh
80 USD per barrel                    = 80 USD/bbl
400 USD/t                            = 400 USD/t
5 m USD/t                            = 5000000 USD/t
1.08 USD/EUR                         = 1.08 USD/EUR
10                                   = 10 count
10-15                                = 10-15 count
10 count                             = 10 count
10 tranches                          = 10 count
ten tranches                         = 10 count
2 million processors                 = 2000000 count
800 million users                    = 800000000 count
12 companies                         = 12 count
1 share                              = 1 count
15T tokens                           = 15000000000000 count
5m users                             = 5000000 count
5M                                   = 5000000 count
4 times                              = 4 times
4x                                   = 4 times
4 ×                                  = 4 times
4-5x                                 = 4-5 times
4-fold                               = 4 times
fourfold                             = 4 times
tenfold                              = 10 times
twice                                = 2 times
quadruple                            = 4 times
5 thousand USD                       = 5000 USD
5k USD                               = 5000 USD
$5K                                  = 5000 USD
5 m USD                              = 5000000 USD
5mn USD                              = 5000000 USD
$5M                                  = 5000000 USD
$5m-10m                              = 5000000-10000000 USD
5bn USD                              = 5000000000 USD
$5B                                  = 5000000000 USD
$5b                                  = 5000000000 USD
$5tn                                 = 5000000000000 USD
$5T                                  = 5000000000000 USD
5T USD                               = 5000000000000 USD
5 trillion USD                       = 5000000000000 USD
100 thousand million USD             = 100000000000 USD
5 milliard USD                       = 5000000000 USD
5 dollars                            = 5 USD
5 US dollars                         = 5 USD
5 U.S. dollars                       = 5 USD
5 billion Canadian dollars           = 5000000000 CAD
5 Australian dollars                 = 5 AUD
5 Hong Kong dollars                  = 5 HKD
US$5                                 = 5 USD
C$5                                  = 5 CAD
A$5                                  = 5 AUD
HK$5                                 = 5 HKD
$5 USD                               = 5 USD
5 $                                  = 5 USD
5 euros                              = 5 EUR
€5bn                                 = 5000000000 EUR
5 €                                  = 5 EUR
£5                                   = 5 GBP
5 pounds sterling                    = 5 GBP
5 yen                                = 5 JPY
5 yuan                               = 5 CNY
5 RMB                                = 5 CNY
5 Indian rupees                      = 5 INR
5 usd                                = 5 USD
5 BILLION USD                        = 5000000000 USD
5 HRK                                = 5 HRK
-5 billion USD                       = -5000000000 USD
minus 5 billion USD                  = -5000000000 USD
−5 billion USD                       = -5000000000 USD
-$5 billion                          = -5000000000 USD
$-5 billion                          = -5000000000 USD
-5 to -3 billion USD                 = -5000000000 to -3000000000 USD
between -5 and 3 %                   = -5 to 3 percent
up to -5 %                           = up to -5 percent
-0 USD                               = 0 USD
0-5 billion USD                      = 0-5000000000 USD
1,000 USD                            = 1000 USD
1,500 billion USD                    = 1500000000000 USD
1,500,000.25 USD                     = 1500000.25 USD
1 000 000 USD                        = 1000000 USD
1'000'000 USD                        = 1000000 USD
1.000.000 USD                        = 1000000 USD
1.000,50 USD                         = 1000.5 USD
1 000,50 USD                         = 1000.5 USD
1'000.50 USD                         = 1000.5 USD
1.125 USD                            = 1.125 USD
0,125 USD                            = 0.125 USD
1,5 billion USD                      = 1500000000 USD
2,50 EUR                             = 2.5 EUR
1234,567 EUR                         = 1234.567 EUR
0.000000001 USD                      = 0.000000001 USD
99999999999999999999999999999.999999999 USD = 99999999999999999999999999999.999999999 USD
-99999999999999999999999999999.999999999 USD = -99999999999999999999999999999.999999999 USD
"""  # noqa: RUF001

FRENCH = """
30 milliards de dollars              = 30000000000 USD
30 milliards de dollars américains   = 30000000000 USD
5 milliards de dollars canadiens     = 5000000000 CAD
jusqu'à 25 milliards de dollars      = up to 25000000000 USD
jusqu’à 25 milliards de dollars      = up to 25000000000 USD
jusqu'à 10 gigawatts                 = up to 10 GW
entre 15 et 25 milliards de dollars  = 15000000000-25000000000 USD
de 15 à 25 milliards de dollars      = 15000000000-25000000000 USD
15 à 25 milliards de dollars         = 15000000000-25000000000 USD
15-25 milliards de dollars           = 15000000000-25000000000 USD
plus de 5 000 milliards              = at least 5000000000000 count
plus de 5 000 milliards de dollars   = at least 5000000000000 USD
plus d'un milliard d'euros           = at least 1000000000 EUR
moins de 5 %                         = up to 5 percent
au moins 10 GW                       = at least 10 GW
au plus 10 GW                        = up to 10 GW
environ 600 milliards de dollars     = about 600000000000 USD
près de 600 milliards de dollars     = about 600000000000 USD
plusieurs milliards de dollars       = about at least 2000000000 USD
plusieurs millions de processeurs    = about at least 2000000 count
plusieurs centaines de millions de dollars = about at least 200000000 USD
plusieurs milliers d'utilisateurs    = about at least 2000 count
mille milliards de dollars           = 1000000000000 USD
cent milliards de dollars            = 100000000000 USD
200 dollars par mois                 = 200 USD/month
30 millions d'euros par an           = 30000000 EUR/year
75 pour cent                         = 75 percent
la majorité                          = at least 50 percent
plus de la moitié                    = at least 50 percent
quatre fois                          = 4 times
dix tranches                         = 10 count
40 térawattheures par an             = 40 TWh/year
1,5 milliard d'euros                 = 1500000000 EUR
2,5 Md€                              = 2500000000 EUR
5 M€                                 = 5000000 EUR
0,500 milliard d'euros               = 500000000 EUR
1 500 milliards                      = 1500000000000 count
1 500,250 euros par mois             = 1500.25 EUR/month
5 billions de dollars                = 5000000000000 USD
5 billion d'euros                    = 5000000000000 EUR
environ 5 billion USD                = about 5000000000000 USD
5 billions par an                    = 5000000000000 count/year
un billiard de dollars               = 1000000000000000 USD
5 trillions de dollars               = 5000000000000000000 USD
"""  # noqa: RUF001


def _rows(table: str) -> list[tuple[str, str]]:
    rows = [line.rsplit(" = ", 1) for line in table.strip().splitlines() if " = " in line]
    return [(text.strip(), plain) for text, plain in rows]


def _plain(amount: Amount) -> str:
    return plain_amount(amount.low, amount.high, amount.unit, amount.approximate)


@pytest.mark.parametrize(("text", "plain"), _rows(ENGLISH) + _rows(FRENCH))
def test_reads(text: str, plain: str) -> None:
    assert _plain(parse_amount(text)) == plain
    assert parse_amount(plain) == parse_amount(text)


# Text, and words that its refusal has to contain.
REFUSED = """
                                     | a number is missing
USD                                  | a number is missing
billion USD                          | a number is missing before 'billion'
a lot of money                       | a number is missing before 'a'
between 15 billion USD               | second end is missing after 'between'
between 15 to 25 billion USD         | 'to' has no meaning there
15 and 25 billion USD                | 'and' has no meaning there
15-                                  | a number is missing
15-25-35                             | '-' has no meaning there
2025-12-31                           | '-' has no meaning there
25-15 billion USD                    | low end 25000000000 is above its high end 15000000000
900-1 billion USD                    | low end 900000000000 is above
500 million to 600 USD               | the first end has a scale and the second has none
-5 billion to 3 USD                  | the first end has a scale and the second has none
15 USD-25 billion USD                | scale of the second end may belong to both
15 USD to 25 EUR                     | one end is in USD, the other in EUR
500 MW to 1 GW                       | one end is in MW, the other in GW
5 USD/month to 6 USD/year            | one end is in /month, the other in /year
-5-3 billion USD                     | can be read in two ways; write 'to'
-5--3 billion USD                    | can be read in two ways; write 'to'
up to at least 5 USD                 | two bounds
up to 15-25 billion USD              | both its bounds already
more than several billion USD        | 'several' and 'majority' are bounds already
at least a majority                  | 'several' and 'majority' are bounds already
-several billion USD                 | 'several' and 'majority' are bounds already
several to 5 billion USD             | both its bounds already
5 to several billion USD             | both its bounds already
5 GWW                                | 'GWW' is no ISO 4217 code
5 UST                                | 'UST' is no ISO 4217 code; did you mean 'USD'?
5 XXX                                | 'XXX' is no ISO 4217 code
5 gigawats                           | unknown unit 'gigawats'; did you mean 'gigawatts'
5 bilion USD                         | unknown unit 'bilion'; did you mean 'billion'
5 unicorns                           | for a count write the number alone or 'count'
5 GW USD                             | 'USD' has no meaning there
5 USD GW                             | 'GW' has no meaning there
5 % %                                | '%' has no meaning there
5 million million USD                | 'million' has no meaning there
5 10                                 | '10' has no meaning there
€5 billion CAD                       | EUR before the number and CAD after it
US$5 billion CAD                     | USD before the number and CAD after it
¥5 billion                           | JPY or CNY
5 ¥                                  | JPY or CNY
5 pounds                             | GBP
5 rupees                             | INR, PKR, LKR or NPR
5 francs                             | CHF
5 won                                | KRW or KPW
5 tons                               | t (1000 kg)
5 ppt                                | pp (percentage points)
5 mW                                 | MW or MWh
5 mw                                 | MW or MWh
5m                                   | 'm' may be a scale or a unit
5t                                   | 't' may be a scale or a unit
5T                                   | 'T' may be a scale or a unit
5 T                                  | 'T' may be a scale or a unit
3D                                   | 'D' has no meaning there
30 milliards de                      | it stops before the unit
30 billion of                        | it stops before the unit
4 times per year                     | a multiple is not per anything
5 USD per percent                    | 'per' has no meaning there
5 USD/                               | '/' has no meaning there
half a lot of USD                    | 'a' has no meaning there
1,500 milliards                      | '1,500' can mean 1500 or 1.5
1.500 milliards                      | '1.500' can mean 1500 or 1.5
1,250 milliard d'euros               | '1,250' can mean 1250 or 1.25
1,00,000 INR                         | the separators of '1,00,000'
1.000.00 EUR                         | the separators of '1.000.00'
1,000.500,25 EUR                     | the separators of '1,000.500,25'
12'34 EUR                            | the separators of "12'34"
0,500,000 EUR                        | the separators of '0,500,000'
1.5.2                                | the separators of '1.5.2'
.5 USD                               | '.' has no meaning there
1e9 USD                              | 'e' has no meaning there
٥ USD                                | '٥' has no meaning there
10² USD                              | unknown unit '²'
5 USD.                               | '.' has no meaning there
(5) USD                              | a number is missing before '('
NaN USD                              | a number is missing before 'NaN'
Infinity                             | a number is missing before 'Infinity'
100000000000000000000000000000 USD   | at most 29 digits before the point and 9 after it
100 billion billion USD              | 'billion' has no meaning there
majority or more                     | it has two bounds
several or less                      | it has two bounds
several of                           | it stops before the unit
5 K                                  | 'K' may be thousands or kelvins
999999999999999999999 trillion USD   | at most 29 digits before the point and 9 after it
0.0000000001 USD                     | at most 29 digits before the point and 9 after it
1.0123456789 USD                     | at most 29 digits before the point and 9 after it
"""  # noqa: RUF001


def _refused() -> list[tuple[str, str]]:
    rows = [line.split(" | ", 1) for line in REFUSED.strip("\n").splitlines()]
    return [(text.strip(), reason) for text, reason in rows]


@pytest.mark.parametrize(("text", "reason"), _refused())
def test_refuses_with_the_text_the_reason_and_what_was_expected(text: str, reason: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_amount(text)
    message = str(caught.value)
    assert message.startswith(f"cannot read {text!r} as an amount: ")
    assert reason in message
    assert "expected something like '15-25 billion USD'" in message


def test_refuses_long_texts_and_shows_only_their_beginning() -> None:
    for text in ("9" * 201, "9" * 61, "about " * 40 + "5 USD"):
        with pytest.raises(
            BadInput, match=r"cannot read '.{80}…' as an amount" if len(text) > 80 else "digits"
        ):
            parse_amount(text)


@pytest.mark.parametrize("dash", "-\u2010\u2011\u2012\u2013\u2014\u2212")
def test_reads_any_dash(dash: str) -> None:
    assert parse_amount(f"15{dash}25 billion USD") == parse_amount("15-25 billion USD")


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f", "\u2009", "\t", "\n"])
def test_reads_any_space(space: str) -> None:
    text = "plus de 5 000 milliards de dollars".replace(" ", space)
    assert parse_amount(f"{space}{text}{space}") == parse_amount("at least 5 trillion USD")


def test_reads_accents_however_they_are_encoded() -> None:
    assert parse_amount("jusqu'a\u0300 5 milliards de dollars") == parse_amount("up to 5 billion USD")


def test_canonical_texts_are_english() -> None:
    # Or figures in them would be refused.
    canonical = {"about", "up", "to", "at", "least", "million", "billion", "trillion"}
    canonical |= {"second", "minute", "hour", "day", "weeks", "months"}
    assert canonical <= lexicon_of("en").known


@pytest.mark.parametrize("unit", sorted(SYMBOLS | CODES))
def test_every_kept_unit_reads_back_as_itself(unit: str) -> None:
    assert parse_amount(f"5 {unit}") == Amount(Decimal(5), Decimal(5), unit, False)
    assert parse_amount(f"1.125 {unit}", Habits(numbers="1,234.5")).unit == unit
    if unit != "times":
        assert parse_amount(f"1.125 {unit}/t/month").unit == f"{unit}/t/month"


@pytest.mark.parametrize("unit", sorted(SYMBOLS | CODES))
def test_three_digits_behind_a_point_are_decimals_of_what_has_decimals(unit: str) -> None:
    if unit in WITHOUT_CENTS:
        with pytest.raises(BadInput, match=r"'1.125' can mean 1125 or 1.125"):
            parse_amount(f"1.125 {unit}")
    else:
        assert parse_amount(f"1.125 {unit}").amount == Decimal("1.125")
    with pytest.raises(BadInput, match=r"'1.120' can mean 1120 or 1.12"):
        parse_amount(f"1.120 {unit}")


def test_words_lead_to_kept_units() -> None:
    kept = {symbol.partition("/")[0] for symbol in WORDS.values()}
    for name, tongue in TONGUES.items():
        kept |= {symbol.partition("/")[0] for symbol in tongue.units.values()}
        assert set(tongue.currencies.values()) <= CODES
        assert not set(tongue.units) & set(lexicon_of(name).ambiguous)
    assert kept <= SYMBOLS
    assert not set(WORDS) & set(AMBIGUOUS)


def test_headline_figure() -> None:
    assert parse_amount("15-25 billion USD").amount == Decimal("25E9")
    assert parse_amount("5 GW").amount == 5
    assert parse_amount("up to 5 GW").amount == 5
    assert parse_amount("at least 5 GW").amount == 5


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (None, None, "neither a low nor a high end"),
        (Decimal(2), Decimal(1), "the low end 2 is above the high end 1"),
        (Decimal("NaN"), None, "NaN cannot be kept exactly"),
        (None, Decimal("Infinity"), "Infinity cannot be kept exactly"),
        (Decimal("1E29"), None, "at most 29 digits before the point and 9 after it"),
        (Decimal("1E-10"), None, "at most 29 digits before the point and 9 after it"),
        (Decimal("0." + "1" + "0" * 70 + "1"), None, "cannot be kept exactly"),
    ],
)
def test_what_no_amount_can_hold(low: Decimal | None, high: Decimal | None, message: str) -> None:
    for write in (Amount, plain_amount, pretty_amount):
        with pytest.raises(BadInput) as caught:
            write(low, high, "USD", False)
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "pretty"),
    [
        ("25000000000 USD", "25 billion USD"),
        ("15000000000-25000000000 USD", "15-25 billion USD"),
        ("up to 30000000000 USD", "up to 30 billion USD"),
        ("more than 100 billion USD", "at least 100 billion USD"),
        ("about 5 billion USD", "about 5 billion USD"),
        ("about 15-25 GW", "about 15-25 GW"),
        ("several billion USD", "at least about 2 billion USD"),
        ("75 percent", "75 %"),
        ("20-25 percent", "20-25 %"),
        ("5 percent/year", "5 %/year"),
        ("10 GW", "10 GW"),
        ("200 USD/month", "200 USD/month"),
        ("12500 USD", "12,500 USD"),
        ("999999 USD", "999,999 USD"),
        ("1000000 USD", "1 million USD"),
        ("1234000000 USD", "1.234 billion USD"),
        ("1234567 USD", "1,234,567 USD"),
        ("1234567.891 USD", "1,234,567.891 USD"),
        ("5000 trillion USD", "5,000 trillion USD"),
        ("500 million to 1 billion USD", "500 million to 1 billion USD"),
        ("500000-1000000000 USD", "500,000-1,000,000,000 USD"),
        ("900000-1200000 USD", "0.9-1.2 million USD"),
        ("0-5000000000 USD", "0-5 billion USD"),
        ("-5 billion USD", "-5 billion USD"),
        ("-5 to -3 billion USD", "-5 to -3 billion USD"),
        ("10", "10"),
        ("2 million users per day", "2 million/day"),
        ("4x", "4 times"),
        ("1 month", "1 month"),
        ("18 month", "18 months"),
        ("5 million t", "5 million t"),
    ],
)
def test_pretty(text: str, pretty: str) -> None:
    amount = parse_amount(text)
    assert pretty_amount(amount.low, amount.high, amount.unit, amount.approximate) == pretty


def test_the_callers_decimal_context_does_not_matter() -> None:
    text = "-12345678901234567890123456789.123456789 USD"
    with localcontext(prec=3):
        amount = parse_amount(text)
        assert _plain(amount) == text
        pretty = pretty_amount(amount.low, amount.high, "USD", False)
    assert pretty == "-12,345,678,901,234,567,890,123,456,789.123456789 USD"
