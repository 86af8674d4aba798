"""The one rule for dates that are asked with: what the command line takes, SQL takes in the same meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from timeline import Timeline
from timeline.errors import BadInput
from timeline.index.catalog import OBJECTS, sql_object
from timeline.meaning.times import LAST_INSTANT, format_instant, parse_as_of, parse_instant

RULES = {"reported_instant": parse_as_of, "valid_instant": parse_instant}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection that has the functions of dates alone."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA rules")
        for name in OBJECTS[: OBJECTS.index("rules/recorded_instant")]:
            con.execute(sql_object(name))
        con.execute(sql_object("rules/valid_instant"))
        yield con


def in_sql(con: duckdb.DuckDBPyConnection, name: str, text: str) -> int | None:
    """Return what a function of SQL makes of a text, None where it refuses it and says how to write it."""
    try:
        [(found,)] = con.execute(f"SELECT epoch_us({name}($1))", [text]).fetchall()
    except duckdb.ConversionException as error:
        assert "'2025-02-22'" in str(error) or "out of range" in str(error), error  # noqa: PT017
        return None
    return int(found)


def in_python(read: Callable[[str], int], text: str) -> int | None:
    try:
        return read(text)
    except BadInput:
        return None


def words(text: str) -> list[str]:
    """Return the texts of a list, in which a low line is a blank."""
    return [word.replace("_", " ") for word in text.split()]


ACCEPTED = words(
    """
    2025 0001 9999 2025-01 2025-09 2025-21 2025-24 2025-32 2025-33 2025-36 2025-37 2025-40 2025-41
    2025-Q1 2025Q4 2025_Q2 Q3_2025 Q3-2025 q3_2025 Q32025 1Q_2025 2025-H1 H2_2025 1H_2025 March_2027
    mar_2027 Mar._2027 May_2027 SEPT_2027 December,_2027 2024-W05 2024W05 2020-W53 2024-W05-3
    2024W053 2025-02-22 2024-02-29 2025-02-22T10:00Z 2025-02-22T10:00:00Z 2025-02-22_10:00:00Z
    2025-02-22T10:00:00+0100 2025-02-22T10:00:00-01:30 2025-02-22T10:00:00+01 2025-02-22t10:00:00z
    2025-02-22T10:00:00.5Z 2025-02-22T10:00:00,25Z 2025-02-22T10:00:00.1234560Z
    2025-02-22_10:00:00_UTC 2025-09-XX 2025-XX 2025-XX-XX 2025-xx 2025/2026 ../2025-09 /2025
    2025-05-03/2025 2025-01/2025-Q1 _2025-02_
    """
)
REFUSED = words(
    """
    2025/02/21 2025-2-21 2025/2/1 21_Feb_2025 Feb_21,_2025 02/21/2025 03/04/2025 20250221 202502
    2025-1 2025-13 2025-00 2025-42 2025-02-30 2025-02-29 2025-11-31 0000 0000-01 0000-01-01 10000
    12025-01-01 -0044 Y12000 2025-Q5 2025-H3 2025-Q0 Q1_25 H3_2025 5Q_2025 Marsh_2027 SEPEMBER_2025
    2025-W53 2024-W00 2024-W5 2024-W05-8 2025-02-22T10:00 2025-02-22_10:00:00 2025-02-22T24:00Z
    2025-02-22T10:60Z 2025-02-22T10:00:60Z 2025-02-22T10:00:00.1234567Z 2025-02-22T10:00:00+24:00
    2025-02-22T10:00:00+1 2025-02-22_10:00_America/New_York Sat,_22_Feb_2025_10:00:00_+0100 2025?
    2025-02~ 2025% 2025/.. ../.. .. / 2025/2024 2025-12/2025-11-30 2025/2026/2027 2025-1-1/2026
    2000-01-01/Q1-2001 2000-01-01/Q1-0001 2000/March_2001
    0000/2025 202X 2025-XX-05 156X-12-25 [2025,2026] soon now today infinity -infinity @ .* | '' ""
    x epoch 1e3 2025.5 \uff12\uff10\uff12\uff15 2025-02-22Z
    """
)


@pytest.mark.parametrize("text", [*ACCEPTED, *REFUSED])
def test_sql_and_the_command_line_read_alike(con: duckdb.DuckDBPyConnection, text: str) -> None:
    for name, read in RULES.items():
        assert in_sql(con, name, text) == in_python(read, text), name
    taken = in_python(parse_as_of, text) is not None
    assert taken == (text in ACCEPTED)


years = st.integers(1, 9998).map("{:04}".format)
numbers = st.integers(0, 60).map("{:02}".format)
parts = st.sampled_from(
    ["Q1", "Q4", "H2", "2H", "3Q", "q2", "Q5", "W05", "W53", "MAR", "june", "Sept.", "XX", "x"]
)
signs = st.sampled_from(["-", " ", "", "/", "T", "--", ".", ", "])
clocks = st.sampled_from(
    ["10:00Z", "10:00:00+0100", "23:59:59.999999Z", "24:00Z", "1:00Z", "10:00", "10:00:00.1-12"]
)
pieces = st.one_of(years, numbers, parts, signs, clocks)
plain = st.one_of(
    st.dates(date(2, 1, 1), date(9998, 12, 31)).map(date.isoformat),
    st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)).map("{}Z".format),  # noqa: DTZ001
    st.builds("{}{}{}".format, years, signs, st.one_of(numbers, parts)),
    st.builds("{}{}{}".format, parts, signs, years),
    st.builds("{}{}{}".format, st.dates(date(2, 1, 1)).map(date.isoformat), st.sampled_from("T t"), clocks),
)
texts = st.one_of(
    plain,
    st.lists(pieces, max_size=7).map("".join),
    st.builds("{}/{}".format, st.one_of(years, plain, st.sampled_from(["", ".."])), plain),
)


@given(text=texts)
@example(text="2025-02-28/2025-02")
@example(text="2000-01-01/Q1-0001")
def test_one_rule_for_dates(con: duckdb.DuckDBPyConnection, text: str) -> None:
    for name, read in RULES.items():
        assert in_sql(con, name, text) == in_python(read, text), name


def test_an_as_of_that_is_written_is_read_as_itself(con: duckdb.DuckDBPyConnection) -> None:
    for text in ACCEPTED:
        at = in_python(parse_as_of, text)
        assert at is not None
        assert at <= LAST_INSTANT
        assert in_sql(con, "reported_instant", format_instant(at)) == at


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("2001", "INTEGER"),
        ("2025-02-22", "INTEGER"),
        ("true", "BOOLEAN"),
        ("1.5", "DECIMAL"),
        ("[1]", "INTEGER[]"),
    ],
)
def test_what_is_no_date_is_refused_by_its_type(
    con: duckdb.DuckDBPyConnection, value: str, kind: str
) -> None:
    for name in RULES:
        with pytest.raises(
            duckdb.Error, match="is no date to ask with; write a day as '2025-02-22'"
        ) as caught:
            con.execute(f"SELECT {name}({value})")
        assert f"of type {kind}" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "last", "first"),
    [
        ("DATE '2025-02-22'", "2025-02-22 23:59:59.999999", "2025-02-22 00:00:00"),
        ("TIMESTAMP '2025-02-22 10:00:00'", "2025-02-22 10:00:00", "2025-02-22 10:00:00"),
        ("TIMESTAMP_S '2025-02-22 10:00:00'", "2025-02-22 10:00:00", "2025-02-22 10:00:00"),
        ("TIMESTAMPTZ '2025-02-22 10:00:00+02'", "2025-02-22 08:00:00", "2025-02-22 08:00:00"),
        ("'infinity'::TIMESTAMP", "290000-01-01 00:00:00", "infinity"),
        ("'infinity'::DATE", "290000-01-01 00:00:00", "infinity"),
        ("NULL", "290000-01-01 00:00:00", None),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_values_of_types(
    con: duckdb.DuckDBPyConnection, value: str, last: str, first: str | None, zone: str
) -> None:
    con.execute(f"SET timezone = '{zone}'")
    try:
        query = f"SELECT reported_instant({value})::VARCHAR, valid_instant({value})::VARCHAR"
        assert con.execute(query).fetchall() == [(last, first)]
    finally:
        con.execute("SET timezone = 'UTC'")


@pytest.mark.parametrize(
    "day", ["'2025-02'", "'2025-Q1'", "DATE '2025-02-22'", "'2025-02-22T10:00Z'", "now()::DATE"]
)
def test_a_date_is_known_before_the_query_runs(con: duckdb.DuckDBPyConnection, day: str) -> None:
    """So that the index need not be read where it holds nothing of that day."""
    con.execute(
        "CREATE OR REPLACE TABLE segments AS "
        "SELECT TIMESTAMP '2025-01-01' + to_days(range::INT) AS day FROM range(9)"
    )
    [(_, plan)] = con.execute(f"EXPLAIN FROM segments WHERE day <= reported_instant({day})").fetchall()
    assert "list_transform" not in plan
    assert "CASE" not in plan


class TestInAStore:
    @pytest.mark.parametrize("text", ["2025-10", "2025-Q4", "2025-10-15", "2025-10-31T23:59:59Z", "2025"])
    def test_every_way_to_ask(self, bundled: Timeline, text: str) -> None:
        asked = bundled.beliefs(as_of=text)["event_id"].to_list()
        assert asked
        for query in (
            f"FROM beliefs_as_of('{text}') ORDER BY fact, valid_from NULLS FIRST, origin",
            f"FROM beliefs FOR REPORTED_TIME AS OF '{text}' ORDER BY fact, valid_from NULLS FIRST, origin",
        ):
            assert bundled.sql(query)["event_id"].to_list() == asked
        found = bundled.sql("FROM beliefs_as_of($day)", params={"day": text})
        assert sorted(found["event_id"]) == sorted(asked)

    @pytest.mark.parametrize(
        "text", ["2025/02/21", "2025-2-21", "21 Feb 2025", "soon", "2025-02-21 10:00:00"]
    )
    def test_what_is_refused(self, bundled: Timeline, text: str) -> None:
        for query in (
            f"FROM beliefs_as_of('{text}')",
            f"FROM claims_as_of('{text}')",
            f"FROM beliefs FOR REPORTED_TIME AS OF '{text}'",
            f"FROM beliefs FOR VALID_TIME AS OF '{text}'",
            f"FROM changes('{text}', '2026')",
        ):
            with pytest.raises(BadInput, match="is no date to ask with; write a day as '2025-02-22'"):
                bundled.sql(query)
        with pytest.raises(BadInput):
            bundled.beliefs(as_of=text)

    @pytest.mark.parametrize("text", ["2025-02-22", "2025", "2025/02/22", "2025-Q1"])
    def test_quotes_that_are_missing(self, bundled: Timeline, text: str) -> None:
        for axis in ("REPORTED_TIME", "SYSTEM_TIME", "VALID_TIME"):
            with pytest.raises(BadInput, match=f"a date is written in quotes: '{text}'"):
                bundled.sql(f"FROM beliefs FOR {axis} AS OF {text} WHERE fact = 'x'")
