from __future__ import annotations

from decimal import Context, Decimal

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from timeline.errors import BadInput
from timeline.meaning.amounts import Amount, parse_amount, plain_amount, pretty_amount
from timeline.meaning.event import event_from
from timeline.meaning.habits import Habits
from timeline.meaning.lexicon import EXACT_WORDS, lexicon_of
from timeline.meaning.tongues import TONGUES

_WIDE = Context(prec=60)
#: How canonical texts are written.
_CANONICAL = Habits(numbers="1,234.5")
_HABITS_OF_NOBODY = Habits()

_digits = st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: _WIDE.scaleb(Decimal(n), -9))
_round = st.builds(
    lambda n, exponent: _WIDE.scaleb(Decimal(n), exponent), st.integers(-9_999, 9_999), st.integers(-9, 25)
)
_figures = st.one_of(_round, _digits, st.integers(-1_500_000, 1_500_000).map(Decimal))

_bases = st.sampled_from(["USD", "EUR", "percent", "count", "GW", "m", "t", "h", "month", "year", "MB"])
_rates = st.lists(st.sampled_from(["month", "hour", "t", "m", "count", "USD", "kWh"]), max_size=2)
_units = st.builds(lambda base, rates: "/".join([base, *rates]), _bases, _rates) | st.just("times")


@st.composite
def _amounts(draw: st.DrawFn) -> Amount:
    low = draw(st.none() | _figures)
    high = draw(_figures) if low is None else draw(st.none() | st.just(low) | _figures)
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Amount(low, high, draw(_units), draw(st.booleans()))


def _of(low: str | None, high: str | None, unit: str = "USD") -> Amount:
    return Amount(
        None if low is None else Decimal(low),
        None if high is None else Decimal(high),
        unit,
        approximate=False,
    )


@given(_amounts())
@example(_of("-99999999999999999999999999999.999999999", "99999999999999999999999999999.999999999"))
@example(_of("5", "5", "m/count"))
def test_plain_text_reads_back(amount: Amount) -> None:
    text = plain_amount(amount.low, amount.high, amount.unit, amount.approximate)
    assert parse_amount(text, _CANONICAL) == amount


@given(_amounts())
@example(_of("500000", "1000000000"))
@example(_of("-5000000000", "0"))
@example(_of("-5000000000", "300"))
@example(_of("1000000.000000001", "1000000000"))
@example(_of("5", "5", "m/USD"))
def test_pretty_text_reads_back(amount: Amount) -> None:
    text = pretty_amount(amount.low, amount.high, amount.unit, amount.approximate)
    assert parse_amount(text, _CANONICAL) == amount


@given(_amounts(), st.integers(0, 9))
def test_equal_amounts_have_one_plain_text(amount: Amount, places: int) -> None:
    def padded(value: Decimal | None) -> Decimal | None:
        # As a column of DECIMAL(38, 9) would hand it out.
        return None if value is None else value.quantize(Decimal("1e-9"), context=_WIDE)

    given_as = plain_amount(amount.low, amount.high, amount.unit, amount.approximate)
    assert plain_amount(padded(amount.low), padded(amount.high), amount.unit, amount.approximate) == given_as
    assert "E" not in given_as.removesuffix(amount.unit)


@given(_amounts(), st.integers(0, 9))
@example(_of("-0.0", "0E+5"), 2)
@example(_of("99999999999999999999999999999.999999999", None, "tonnes"), 0)
@example(_of("2.50", "1500", "%"), 0)
def test_an_event_of_figures_says_what_their_text_says(amount: Amount, places: int) -> None:
    def padded(value: Decimal | None) -> str | None:
        return None if value is None else f"{value:f}" + ("0" * places if "." in f"{value:f}" else "")

    row = event_from(
        {
            "fact": "a/b",
            "amount_low": padded(amount.low),
            "amount_high": padded(amount.high),
            "unit": amount.unit,
            "approximate": amount.approximate,
        }
    ).columns()
    read = parse_amount(plain_amount(amount.low, amount.high, amount.unit, amount.approximate), _CANONICAL)
    assert row["claim"] == plain_amount(read.low, read.high, read.unit, read.approximate)
    written = (row["amount"], row["amount_low"], row["amount_high"], row["unit"], row["approximate"])
    # To the digit, since messages show them.
    assert repr(written) == repr((read.amount, read.low, read.high, read.unit, read.approximate))


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    made.execute(
        "CREATE MACRO f(x) AS rtrim(rtrim(x::DECIMAL(38, 9)::VARCHAR, '0'), '.');"
        "CREATE MACRO plain(low, high, unit, approximate) AS if(approximate, 'about ', '') || CASE"
        " WHEN low IS NULL THEN 'up to ' || f(high) WHEN high IS NULL THEN 'at least ' || f(low)"
        " WHEN low = high THEN f(low) WHEN low < 0 THEN f(low) || ' to ' || f(high)"
        " ELSE f(low) || '-' || f(high) END || ' ' || unit"
    )
    return made


@given(amount=_amounts())
@example(amount=_of("0", "0"))
def test_plain_text_is_what_its_sql_gives(connection: duckdb.DuckDBPyConnection, amount: Amount) -> None:
    row = connection.execute(
        "SELECT plain($1::VARCHAR::DECIMAL(38, 9), $2::VARCHAR::DECIMAL(38, 9), $3, $4)",
        [
            None if amount.low is None else f"{amount.low:f}",
            None if amount.high is None else f"{amount.high:f}",
            amount.unit,
            amount.approximate,
        ],
    ).fetchone()
    assert row == (plain_amount(amount.low, amount.high, amount.unit, amount.approximate),)


def _reads_back_or_is_refused(text: str, habits: Habits = _HABITS_OF_NOBODY) -> None:
    try:
        amount = parse_amount(text, habits)
    except BadInput:
        return
    for write in (plain_amount, pretty_amount):
        written = write(amount.low, amount.high, amount.unit, amount.approximate)
        assert parse_amount(written, _CANONICAL) == amount


@given(st.text())
@example("\ud800")
@example("5 \x1f")
@example("İ 5")
def test_any_text_is_read_or_refused(text: str) -> None:
    _reads_back_or_is_refused(text)


_vocabulary = sorted(
    {word for name in TONGUES for word in lexicon_of(name).known}
    | EXACT_WORDS
    | {"0", "5", "25", "1,5", "1.500", "1 000", "-3", "(", ")"}
)
_HABITS = st.sampled_from(
    [
        Habits(),
        *(Habits(language=name) for name in TONGUES),
        Habits(numbers="1.234,5"),
        Habits(language="en-AU"),
    ]
)


@given(st.lists(st.sampled_from(_vocabulary), max_size=8).map(" ".join), _HABITS)
def test_any_words_of_the_grammar_are_read_or_refused(text: str, habits: Habits) -> None:
    _reads_back_or_is_refused(text, habits)


_words = {name: sorted(lexicon_of(name).known | {"5", "1,5", "1.500"}) for name in TONGUES}


@given(
    st.sampled_from(sorted(TONGUES)).flatmap(
        lambda name: st.tuples(st.just(name), st.lists(st.sampled_from(_words[name]), max_size=6))
    )
)
def test_any_words_of_one_language_are_read_or_refused(drawn: tuple[str, list[str]]) -> None:
    name, words = drawn
    _reads_back_or_is_refused(" ".join(words), Habits(language=name))


_number = st.sampled_from(["5", "25", "1,5", "1.500", "-3", "several", "un", "0", "1 000"])
_optional = [
    st.sampled_from(["", "about", "up to", "plus de", "between", "de"]),
    st.sampled_from(["", "$", "USD", "€"]),
    _number,
    st.sampled_from(["", "million", "billion", "m", "T", "hundred million", "mille", "milliards de"]),
    st.sampled_from(["", "USD", "m", "GW", "%", "dollars", "users", "times", "months"]),
    st.sampled_from(["", "/month", "per user", "par an"]),
]
_joint = st.sampled_from([" - ", "-", " to ", " and ", " et ", " à "])


@given(st.tuples(*_optional), _joint, st.tuples(*_optional[1:]))
@example(("", "", "5", "", "", "/month"), " - ", ("", "5", "", "times", ""))
def test_likely_ranges_are_read_or_refused(
    first: tuple[str, ...], joint: str, second: tuple[str, ...]
) -> None:
    _reads_back_or_is_refused(joint.join([" ".join(filter(None, first)), " ".join(filter(None, second))]))


@given(st.integers(1, 10**9), st.sampled_from([",", " ", "\u00a0", "\u202f", "'"]))
def test_separators_of_thousands_change_nothing(whole: int, separator: str) -> None:
    grouped = f"{whole:,}".replace(",", separator)
    assert parse_amount(f"{grouped} USD") == parse_amount(f"{whole} USD")
