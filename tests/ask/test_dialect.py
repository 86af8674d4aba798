from __future__ import annotations

import itertools
import re
import subprocess
import sys
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from timeline.ask.temporal_sql import tokens, translate
from timeline.errors import BadInput, Place

CATALOG = Path(__file__).parents[1] / "promises" / "golden" / "dialect" / "catalog.sql"


def one_of(text: str, *more: str) -> st.SearchStrategy[str]:
    return st.sampled_from([*text.split(), *more])


NAMES = one_of("""beliefs Beliefs "beliefs" 'beliefs' main.beliefs claims""")
FRAGMENTS = one_of(
    """SELECT FROM from JOIN WITH RECURSIVE AS UNION ALL TABLE DESCRIBE PIVOT SUMMARIZE LATERAL WHERE IS
    DISTINCT events main x y 1 1. ? $1 ( ) , ; [ ] . : :: $ $$ $a$ $a$x$a$ ' " '' 'x' -- --x /* */ é 😀""",
    *("E'\\'", "e'", "\\", "\n", "\r", " ", "\u00a0"),
)
CLAUSES = one_of(
    "FOR REPORTED_TIME SYSTEM_TIME VALID_TIME BETWEEN AND TO NOW NULL IN USING CASE (SELECT + -",
    *("AS OF", "FOR VALID_TIME ALL", "FOR REPORTED_TIME AS OF", "DATE '2025-01-01'", "INTERVAL 1 DAY"),
    *("FROM beliefs FOR REPORTED_TIME FROM", "AT TIME ZONE"),
)
LEXEMES = one_of(
    r"""' '' " E' e' x' \ \' $$ $1 ? a a$b é FROM -- /* */ - / * 1 .5 0x1F ( ) :: <>""",
    *("$a$ ", " ", "\n", "\r", "\f"),
)

REFERENCES = st.builds(
    str.format, st.sampled_from(["{} AS @", "@: {}", "({} @)"]), NAMES | one_of("events beliefs_as_of(NULL)")
)
VALUES = one_of(
    "1 'FROM' $$beliefs$$",
    *("extract(year FROM DATE '2025-01-01')", "substring('abc' FROM 2 FOR 1)", "trim(BOTH 'x' FROM 'xyz')"),
    *("1 IS DISTINCT FROM 2", "1 IS NOT DISTINCT FROM 2", "[y FOR y IN [1]]", "count(*) FILTER (WHERE true)"),
)
# Valid queries of one column; each @ becomes a name of its own.
QUERIES = st.recursive(
    st.builds("SELECT 1 FROM {}".format, REFERENCES),
    lambda query: (
        st.builds("SELECT 1 + (({}) IS NULL)::INT FROM {}, LATERAL ({}) @".format, VALUES, REFERENCES, query)
        | st.builds("SELECT 1 FROM {} WHERE EXISTS ({}) ORDER BY 1".format, REFERENCES, query)
        | st.builds(
            "FROM {} JOIN {} ON ({}) IS DISTINCT FROM 2, {} SELECT 1".format,
            *[REFERENCES] * 2,
            query,
            REFERENCES,
        )
        | st.builds(
            "SELECT 1 IN ({}) FROM (SUMMARIZE beliefs) @, (TABLE claims) @, {}".format, query, REFERENCES
        )
        | st.builds(
            "SELECT 1 FROM (({} CROSS JOIN {}) SEMI JOIN ({}) @ ON true)".format, *[REFERENCES] * 2, query
        )
        | st.builds("({}) UNION ALL ({})".format, query, query)
        | st.builds("WITH {} AS ({}) SELECT 1 FROM ({}) @".format, one_of("x beliefs claims"), query, query)
        | st.builds("WITH RECURSIVE x AS (({}) UNION ALL ({})) SELECT 1 FROM x".format, query, query)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(CATALOG.read_text())
    return con


@pytest.fixture(scope="module")
def undated() -> duckdb.DuckDBPyConnection:
    """Return the catalog without the tables that know no date."""
    con = duckdb.connect()
    con.execute(CATALOG.read_text())
    con.execute("DROP VIEW disagreements; DROP VIEW claims; DROP VIEW beliefs")
    return con


def rows(con: duckdb.DuckDBPyConnection, query: str, params: Any = None, **defaults: Any) -> list[Any]:
    return con.execute(translate(query, **defaults), params).fetchall()


# What is left alone


@given(st.lists(FRAGMENTS | NAMES, max_size=30), st.sampled_from(["", " "]))
@example(["SELECT", "1FROM", "beliefs"], " ")
def test_a_query_without_clauses_and_defaults_comes_back_as_it_was(parts: list[str], joint: str) -> None:
    query = joint.join(parts)
    assert translate(query) == query


@given(st.lists(one_of("' '' \" $$ \\\\ *", "FROM beliefs FOR VALID_TIME ALL", "\n")).map(" ".join))
def test_what_is_quoted_is_not_looked_into(text: str) -> None:
    single, double = text.replace("'", "''"), text.replace('"', '""')
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    block, line = text.replace("*", ""), text.replace("\n", " ")
    query = f"""SELECT '{single}', E'{escaped}', $a${text}$a$ AS "{double}" /* {block} */ -- {line}"""
    assert translate(query, as_of="2025-01-01") == query


def has_odd_parameter(text: str) -> bool:
    """Whether a dollar sign has a digit behind it that is not one of 0 to 9, which is refused."""
    return any(a == "$" and b.isdigit() and not b.isascii() for a, b in pairwise(text))


@given(st.text().filter(lambda text: "for" not in text.lower() and not has_odd_parameter(text)))
def test_so_does_any_text(query: str) -> None:
    assert translate(query) == query


@given(st.lists(FRAGMENTS, max_size=30))
def test_defaults_are_for_three_tables(parts: list[str]) -> None:
    query = " ".join(parts)
    assert translate(query, as_of="2025-01-01", recorded_as_of="#1", valid_at="2025-01-01") == query


@given(st.lists(FRAGMENTS | CLAUSES | NAMES, max_size=30))
@example(["TABLE", "FROM beliefs FOR REPORTED_TIME FROM", "?", "TO", "(SELECT", "?"])
def test_whatever_is_written_is_translated_or_refused_with_its_place(parts: list[str]) -> None:
    query = " ".join(parts)
    place: Place | None = Place("query", 1, 1)
    try:
        translate(query, as_of="2025-01-01")
    except BadInput as error:
        place = error.place
    assert place is not None
    assert place.file == "query"
    assert 1 <= (place.line or 0) <= query.count("\n") + 1


@given(st.lists(LEXEMES, max_size=8).map("".join))
def test_it_sees_words_and_strings_where_duckdb_does(query: str) -> None:
    offsets = {
        len(query.encode()[:offset].decode())
        for offset, kind in duckdb.tokenize(query)
        if kind.name in ("identifier", "keyword", "string_const")
    }
    ours = {
        # To DuckDB `$a` is an operator and a name.
        token.start + (token.kind == "parameter")
        for token in tokens(query)
        if token.kind in ("word", "quoted", "plain", "string")
        or (token.kind == "parameter" and token.text[1:2].isalpha())
    }
    assert ours == offsets


def test_spaces_are_those_of_duckdb(con: duckdb.DuckDBPyConnection) -> None:
    for space in "\t\n\r\v\f\u00a0\u2000\u200b\u202f\u205f\u3000\ufeff":
        query = f"SELECT{space}count(*){space}FROM{space}beliefs{space}FOR{space}VALID_TIME{space}ALL{space}b"
        assert rows(con, query) == [(3,)]


def test_an_alias_is_what_duckdb_takes_for_one(con: duckdb.DuckDBPyConnection) -> None:
    keywords = con.execute("SELECT DISTINCT keyword_name FROM duckdb_keywords()").fetchall()
    assert len(keywords) > 400
    for (keyword,) in keywords:
        if keyword == "as":
            continue  # an alias follows it
        try:
            con.execute(f"SELECT 1 FROM beliefs_as_of(NULL) {keyword}")
            alias = True
        except duckdb.ParserException:
            alias = False
        given_name = translate(f"SELECT 1 FROM beliefs FOR SYSTEM_TIME AS OF '#3' {keyword}").endswith(
            f") {keyword}"
        )
        assert given_name == alias, keyword


# What is refused


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "SELECT 1\nFROM beliefs\n  FOR REPORTING_TIME AS OF NOW",
            "3:7: expected REPORTED_TIME, SYSTEM_TIME or VALID_TIME after FOR, got 'REPORTING_TIME';"
            " did you mean 'REPORTED_TIME'?",
        ),
        ("FROM beliefs FOR TRANSACTION_TIME ALL", "1:18: expected REPORTED_TIME, SYSTEM_TIME or VALID_TIME"),
        (
            "FROM beliefs FOR ALL VALID_TIME",
            "1:18: expected REPORTED_TIME, SYSTEM_TIME or VALID_TIME after FOR",
        ),
        (
            "FROM beliefs FOR AS OF '2025'",
            "1:18: expected REPORTED_TIME, SYSTEM_TIME or VALID_TIME after FOR",
        ),
        ('FROM beliefs FOR VALID_TIME "ALL"', "1:29: expected AS OF, FROM, BETWEEN or ALL after VALID_TIME"),
        (
            "FROM beliefs FOR VALID_TIME FORM 1 TO 2",
            "1:29: expected AS OF, FROM, BETWEEN or ALL after VALID_TIME, got 'FORM'; did you mean 'FROM'?",
        ),
        (
            "FROM beliefs FOR VALID_TIME",
            "1:28: expected AS OF, FROM, BETWEEN or ALL after VALID_TIME, got 'the end of the query'",
        ),
        (
            "FROM beliefs FOR VALID_TIME AS '2025-01-01'",
            "1:32: expected OF, as in FOR VALID_TIME AS OF x, got",
        ),
        (
            "FROM beliefs FOR VALID_TIME FROM 1 AND 2",
            "1:36: expected TO, as in FOR VALID_TIME FROM a TO b, got",
        ),
        (
            "FROM beliefs FOR VALID_TIME BETWEEN 1 TO 2",
            "1:39: expected AND, as in FOR VALID_TIME BETWEEN a AND b",
        ),
        ("FROM beliefs FOR VALID_TIME AS OF WHERE true", "1:35: expected a date or an instant"),
        ("(FROM beliefs FOR VALID_TIME AS OF)", "1:35: expected a date or an instant"),
        ("FROM beliefs FOR VALID_TIME AS OF , claims", "1:35: expected a date or an instant"),
        ("FROM beliefs FOR VALID_TIME AS OF NOW - ;", "1:41: expected a date or an instant"),
        (
            "FROM beliefs FOR VALID_TIME AS OF CASE WHEN a THEN b END",
            "1:35: expected a date or an instant (CASE",
        ),
        ("FROM beliefs FOR VALID_TIME ALL FOR VALID_TIME ALL", "1:37: beliefs has VALID_TIME twice"),
        (
            "FROM beliefs FOR SYSTEM_TIME AS OF '#1' FOR RECORDED_TIME AS OF '#2'",
            "1:45: beliefs has SYSTEM_TIME twice",
        ),
        (
            "FROM beliefs FOR SYSTEM_TIME ALL",
            "1:18: beliefs takes no SYSTEM_TIME ALL, only FOR REPORTED_TIME AS",
        ),
        (
            "FROM beliefs FOR RECORDED_TIME FROM 1 TO 2",
            "1:18: beliefs takes no SYSTEM_TIME FROM a TO b, only",
        ),
        (
            "FROM claims FOR REPORTED_TIME ALL",
            "1:17: claims takes no REPORTED_TIME ALL, only FOR REPORTED_TIME",
        ),
        (
            "FROM disagreements FOR REPORTED_TIME BETWEEN 1 AND 2",
            "1:24: disagreements takes no REPORTED_TIME",
        ),
        (
            "FROM events FOR VALID_TIME AS OF NOW",
            "1:17: events takes no VALID_TIME AS OF x, only FOR REPORTED_TIME AS OF x, FOR SYSTEM_TIME AS",
        ),
        (
            "FROM sources FOR REPORTED_TIME AS OF NOW",
            "1:18: sources takes no REPORTED_TIME AS OF x, only FOR SYS",
        ),
        (
            "FROM x, believe FOR VALID_TIME ALL",
            "1:9: no temporal clause fits here: believe is none of beliefs,",
        ),
        ("FROM belief FOR VALID_TIME ALL", "; did you mean 'beliefs'?"),
        (
            "FROM belief_spans FOR REPORTED_TIME ALL",
            "1:6: no temporal clause fits here: belief_spans is none of",
        ),
        (
            "FROM other.beliefs FOR VALID_TIME ALL",
            "1:6: no temporal clause fits here: other.beliefs is none of",
        ),
        (
            "WITH beliefs AS (SELECT 1) FROM beliefs FOR VALID_TIME ALL",
            "1:33: no temporal clause fits here: beliefs is defined by this query; the store's own is",
        ),
        (
            "FROM beliefs b FOR VALID_TIME ALL",
            "1:16: a temporal clause goes right after the name of a table,",
        ),
        (
            "FROM beliefs FOR VALID_TIME ALL AS b FOR SYSTEM_TIME AS OF '#1'",
            "1:38: a temporal clause goes right",
        ),
        (
            "FROM (FROM beliefs) FOR VALID_TIME ALL",
            "1:21: a temporal clause goes right after the name of a table",
        ),
        (
            "FROM beliefs_as_of(NULL) FOR VALID_TIME ALL",
            "1:26: a temporal clause goes right after the name of a",
        ),
        (
            "INSERT INTO beliefs FOR VALID_TIME ALL SELECT 1",
            "1:21: a temporal clause goes right after the name",
        ),
        (
            "DELETE FROM beliefs FOR VALID_TIME ALL",
            "1:21: a temporal clause goes right after the name of a table",
        ),
        (
            "SELECT '\u00fc\n', 1;\nTABLE x FOR VALID_TIME ALL",
            "3:7: no temporal clause fits here: x is none of",
        ),
    ],
)
def test_refuses(query: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        translate(query)
    assert message in str(caught.value)
    assert str(caught.value).startswith("query:")


def test_refuses_what_is_nested_too_deep() -> None:
    with pytest.raises(BadInput, match="nested too deep"):
        translate("(" * 100_000 + ")" * 100_000)


@pytest.mark.parametrize(
    "query",
    [
        "FROM beliefs FOR UPDATE",
        "FROM beliefs FOR UPDATE OF beliefs",
        "FROM beliefs FOR x",
        "SELECT [y FOR valid_time IN z] FROM beliefs",
        "FROM beliefs PIVOT (count(*) FOR valid_time IN ('a'))",
        "FROM (FROM beliefs) PIVOT (count(*) FOR valid_time IN ('a'))",
        "SELECT substring(a FOR system_time FROM b) FROM beliefs",
    ],
)
def test_other_uses_of_for_are_left_to_duckdb(query: str) -> None:
    assert translate(query) == query


# What it means


@pytest.mark.parametrize(
    ("query", "claims"),
    [
        ("FROM beliefs FOR REPORTED_TIME AS OF '2025-09-22'", ["100 billion USD", "ann", "bob"]),
        ("FROM beliefs FOR REPORTED_TIME AS OF TIMESTAMP '2025-09-22 11:59:59'", ["ann", "bob"]),
        (
            "FROM beliefs FOR REPORTED_TIME AS OF TIMESTAMPTZ '2025-09-22 14:00:00+02'",
            ["100 billion USD", "ann", "bob"],
        ),
        ("FROM beliefs FOR REPORTED_TIME AS OF DATE '2025-09-21' + INTERVAL 12 HOURS b", ["ann", "bob"]),
        ("FROM beliefs FOR VALID_TIME AS OF DATE '2025-05-31'", ["30 billion USD", "ann"]),
        ("FROM beliefs FOR VALID_TIME AS OF DATE '2025-06-01'", ["30 billion USD", "bob"]),
        ("FROM beliefs FOR VALID_TIME FROM '2025-01-01' TO '2025-06-01'", ["30 billion USD", "ann"]),
        (
            "FROM beliefs FOR VALID_TIME BETWEEN '2025-01-01' AND '2025-06-01'",
            ["30 billion USD", "ann", "bob"],
        ),
        ("FROM beliefs FOR REPORTED_TIME AS OF DATE '2025-09-22' - 1", ["ann", "bob"]),
        ("FROM beliefs FOR REPORTED_TIME BETWEEN NULL AND '2025-05-20'", ["ann", "bob"]),
        ("FROM beliefs FOR REPORTED_TIME FROM NULL TO '2025-05-20'", ["ann"]),
        ("FROM beliefs FOR VALID_TIME FROM '2025-06-01' TO NULL", ["30 billion USD", "bob"]),
        ("FROM beliefs FOR VALID_TIME FROM '2025-06-01' TO '2025-06-01'", []),
        ("FROM beliefs FOR VALID_TIME BETWEEN '2025-06-02' AND '2025-06-01'", []),
        ("FROM beliefs FOR SYSTEM_TIME AS OF '#1'", ["ann"]),
        (
            "FROM beliefs FOR REPORTED_TIME ALL FOR VALID_TIME AS OF '2025-05-31'",
            ["100 billion USD", "30 billion USD", "ann"],
        ),
        (
            "FROM beliefs FOR REPORTED_TIME ALL FOR VALID_TIME AS OF TIMESTAMP '2025-05-31 23:59:59.999999'",
            ["100 billion USD", "30 billion USD", "ann"],
        ),
        (
            "FROM beliefs FOR REPORTED_TIME ALL FOR VALID_TIME AS OF NULL",
            ["100 billion USD", "30 billion USD", "ann", "bob"],
        ),
        (
            "FROM beliefs FOR REPORTED_TIME ALL FOR VALID_TIME FROM NULL TO NULL",
            ["100 billion USD", "30 billion USD", "ann", "bob"],
        ),
        ("FROM events FOR REPORTED_TIME AS OF '2025-05-20'", ["ann", "bob"]),
        ("FROM events FOR REPORTED_TIME AS OF TIMESTAMP '2025-05-20 12:00:00'", ["ann"]),
    ],
)
def test_means(con: duckdb.DuckDBPyConnection, query: str, claims: list[str]) -> None:
    assert rows(con, f"{query} SELECT claim ORDER BY claim") == [(claim,) for claim in claims]


DAYS = [f"2025-{month:02}-{day}" for month in (1, 2, 5, 9) for day in (20, 21, 22)] + [
    "2025-01-31",
    "2026-02-20",
]


@given(st.sampled_from(DAYS), st.sampled_from(DAYS), st.booleans())
def test_a_span_holds_what_was_believed_in_it(
    con: duckdb.DuckDBPyConnection, a: str, b: str, closed: bool
) -> None:
    start = datetime.fromisoformat(a + "T00:00:00")
    end = datetime.fromisoformat(b + ("T23:59:59.999999" if closed else "T00:00:00"))
    held = con.execute("SELECT claim, believed_from, believed_until FROM held ORDER BY claim").fetchall()
    expected = [
        (claim,)
        for claim, believed_from, believed_until in held
        if (start <= end if closed else start < end)
        and (believed_from <= end if closed else believed_from < end)
        and (believed_until is None or believed_until > start)
    ]
    span = f"BETWEEN DATE '{a}' AND DATE '{b}'" if closed else f"FROM DATE '{a}' TO DATE '{b}'"
    assert rows(con, f"SELECT claim FROM beliefs FOR REPORTED_TIME {span} ORDER BY claim") == expected


# Defaults


def test_each_axis_has_its_own_default() -> None:
    assert (
        translate(
            "FROM beliefs FOR SYSTEM_TIME AS OF '#2'", as_of="2025", recorded_as_of="#1", valid_at="2024"
        )
        == "FROM beliefs_as_of('2025', recorded_as_of := '#2', valid_at := '2024') AS beliefs"
    )


def test_basis_holds_with_clauses_too_and_policy_is_for_beliefs() -> None:
    assert (
        translate("FROM beliefs FOR REPORTED_TIME AS OF '2025', claims", basis="possible", policy="ranked")
        == "FROM beliefs_as_of('2025', basis := 'possible', policy := 'ranked') AS beliefs,"
        " claims_as_of(NULL, basis := 'possible') AS claims"
    )


def test_all_of_valid_time_lifts_the_default() -> None:
    assert translate("FROM claims FOR VALID_TIME ALL c", valid_at="2025-01-01") == "FROM claims c"


@given(st.text(st.sampled_from("'\\\"-/*$;é\n"), min_size=1))
def test_defaults_arrive_as_they_are(value: str) -> None:
    con = duckdb.connect()
    con.execute("CREATE MACRO beliefs_as_of(as_of) AS TABLE SELECT as_of")
    assert con.execute(translate("FROM beliefs", as_of=value)).fetchall() == [(value,)]


@settings(max_examples=60, deadline=None)
@given(QUERIES)
def test_with_a_default_nothing_is_read_without_a_date(
    con: duckdb.DuckDBPyConnection, undated: duckdb.DuckDBPyConnection, query: str
) -> None:
    numbers = itertools.count(1)
    query = re.sub("@", lambda _: f"t{next(numbers)}", f"EXPLAIN {query}")
    con.execute(query)
    undated.execute(translate(query, as_of="2025-10-15"))


# Parameters


def test_question_marks_keep_their_values_when_clauses_change_their_order(
    con: duckdb.DuckDBPyConnection,
) -> None:
    query = (
        "SELECT ?::INT, $2, claim FROM beliefs FOR VALID_TIME AS OF ? FOR REPORTED_TIME BETWEEN ? AND ? b"
        " WHERE claim <> ? ORDER BY claim"
    )
    params = [1, "two", "2025-05-31", "2025-05-01", "2025-09-30", "bob"]
    assert rows(con, query, params) == [(1, "two", "100 billion USD"), (1, "two", "ann")]


def test_question_marks_stay_where_no_clause_has_one() -> None:
    query = "SELECT ? FROM beliefs WHERE a = ?"
    assert translate(query, as_of="2025") == "SELECT ? FROM beliefs_as_of('2025') AS beliefs WHERE a = ?"


def test_the_import_costs_next_to_nothing() -> None:
    loaded = "import sys, timeline.ask.temporal_sql; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    ).stdout
    assert not {"sqlglot", "duckdb", "polars", "pyarrow", "pydantic"} & set(modules.split())
