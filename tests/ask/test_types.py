"""Every type of value that DuckDB can answer with, in every form in which an answer is handed out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.commands import run
from timeline import BadInput, Timeline
from timeline.show.formats import FORMATS, write_parquet

NOON: Final = datetime(2050, 7, 1, 12, tzinfo=UTC)
MOST: Final = 2**127 - 1

#: By DuckDB's name of each type: expressions, what they are in Python, and as text.
TYPES: Final[dict[str, list[tuple[str, Any, str]]]] = {
    "BOOLEAN": [("true", True, "true"), ("NULL::BOOLEAN", None, "")],
    **{
        name: [(f"(-7)::{name}", -7, "-7")]
        for name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
    },
    **{
        name: [(f"7::{name}", 7, "7")]
        for name in ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
    },
    "FLOAT": [("0.5::FLOAT", 0.5, "0.5"), ("'-infinity'::FLOAT", float("-inf"), "-inf")],
    "DOUBLE": [("2.5::DOUBLE", 2.5, "2.5"), ("'infinity'::DOUBLE", float("inf"), "inf")],
    "DECIMAL": [
        ("1.5::DECIMAL(4, 1)", Decimal("1.5"), "1.5"),
        ("123456.7890::DECIMAL(18, 4)", Decimal("123456.7890"), "123456.789"),
        (f"{'9' * 29}.{'9' * 9}::DECIMAL(38, 9)", Decimal(f"{'9' * 29}.{'9' * 9}"), f"{'9' * 29}.{'9' * 9}"),
        (f"-{'9' * 38}::DECIMAL(38, 0)", Decimal("-" + "9" * 38), "-" + "9" * 38),
    ],
    "BIGNUM": [(f"'{'12345' * 20}'::BIGNUM", "12345" * 20, "12345" * 20)],
    "VARCHAR": [("'a'", "a", "a"), ("'{\"a\": 1}'::JSON", '{"a": 1}', '{"a": 1}'), ("''", "", "")],
    "BLOB": [("'\\x00\\xFF'::BLOB", b"\x00\xff", "00ff")],
    "BIT": [("'1010'::BIT", "1010", "1010")],
    "UUID": [
        ("'00000000-0000-4000-8000-000000000000'::UUID",) + ("00000000-0000-4000-8000-000000000000",) * 2
    ],
    "ENUM": [("'b'::ENUM('a', 'b')", "b", "b")],
    "GEOMETRY": [("'POINT(1 2)'::GEOMETRY", "POINT (1 2)", "POINT (1 2)")],
    "VARIANT": [("1::VARIANT", "1", "1")],
    "TYPE": [("get_type(1)", "INTEGER", "INTEGER")],
    "NULL": [("NULL", None, "")],
    "DATE": [
        ("DATE '2024-02-29'", date(2024, 2, 29), "2024-02-29"),
        ("DATE '0001-01-01'", date.min, "0001-01-01"),
        ("DATE '9999-12-31'", date.max, "9999-12-31"),
        ("'infinity'::DATE", "infinity", "infinity"),
        ("'-infinity'::DATE", "-infinity", "-infinity"),
        ("DATE '20000-01-01'", "20000-01-01", "20000-01-01"),
        ("DATE '0044-03-15 (BC)'", "0044-03-15 (BC)", "0044-03-15 (BC)"),
    ],
    "TIME": [
        ("TIME '01:02:03.5'", time(1, 2, 3, 500_000), "01:02:03.500000"),
        ("TIME '24:00:00'", "24:00:00", "24:00:00"),
    ],
    "TIME WITH TIME ZONE": [("TIMETZ '01:02:03+02'", "01:02:03+02", "01:02:03+02")],
    "TIME_NS": [("'01:02:03.123456789'::TIME_NS", "01:02:03.123456789", "01:02:03.123456789")],
    **{
        name: [
            (f"'2050-07-01 12:00:00'::{name}", NOON, "2050-07-01T12:00:00Z"),
            (f"'infinity'::{name}", "infinity", "infinity"),
        ]
        for name in ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
    },
    "TIMESTAMP WITH TIME ZONE": [
        ("TIMESTAMPTZ '2050-07-01 14:00:00+02'", NOON, "2050-07-01T12:00:00Z"),
        ("TIMESTAMPTZ '20000-01-01 00:00:00+00'",) + ("20000-01-01 00:00:00+00",) * 2,
    ],
    "TIMESTAMPTZ_NS": [("'2050-07-01 14:00:00+02'::TIMESTAMPTZ_NS", NOON, "2050-07-01T12:00:00Z")],
    "INTERVAL": [
        ("INTERVAL 3 DAY", timedelta(days=3), "3 days"),
        ("TIMESTAMP '2024-01-02 03:00:00' - TIMESTAMP '2024-01-01'", timedelta(hours=27), "1 day 03:00:00"),
        ("-INTERVAL '1.5 seconds'", timedelta(seconds=-1.5), "-00:00:01.5"),
        (
            "to_microseconds(9223372036854775807)",
            timedelta(microseconds=2**63 - 1),
            "106751991 days 04:00:54.775807",
        ),
        ("INTERVAL '1 month 2 days'", "1 month 2 days", "1 month 2 days"),
        ("age(TIMESTAMP '2024-03-02', TIMESTAMP '2023-01-01')",) + ("1 year 2 months 1 day",) * 2,
        ("INTERVAL 2000000000 DAY", "2000000000 days", "2000000000 days"),
    ],
    "LIST": [("[1, NULL]", [1, None], "[1, null]"), ("[]", [], "[]"), ("[[1], []]", [[1], []], "[[1], []]")],
    "ARRAY": [("array_value('a', 'b')", ["a", "b"], '["a", "b"]')],
    "STRUCT": [
        ("{'a': 1, 'b c': 'x'}", {"a": 1, "b c": "x"}, '{"a": 1, "b c": "x"}'),
        ("NULL::STRUCT(a INTEGER)", None, ""),
    ],
    "TUPLE": [("row(1, 'x')", {"element1": 1, "element2": "x"}, '{"element1": 1, "element2": "x"}')],
    "MAP": [
        ("map(['k'], [1])", {"k": 1}, '{"k": 1}'),
        ("map([DATE '2024-01-01'], [1])", {date(2024, 1, 1): 1}, '{"2024-01-01": 1}'),
        ("map([{'a': 1}], [2])", "{{'a': 1}=2}", "{{'a': 1}=2}"),
    ],
    "UNION": [("union_value(n := 2)", "2", "2"), ("NULL::UNION(n INTEGER, t VARCHAR)", None, "")],
}
#: The same within each other.
NESTED: Final[list[tuple[str, Any, str]]] = [
    ("[INTERVAL 1 DAY, NULL]", [timedelta(days=1), None], '["1 day", null]'),
    ("[INTERVAL 1 MONTH]", "[1 month]", "[1 month]"),
    ("[TIMESTAMPTZ '2050-07-01 14:00:00+02']", [NOON], '["2050-07-01T12:00:00Z"]'),
    ("[[TIMESTAMP_S '2050-07-01 12:00:00']]", [[NOON]], '[["2050-07-01T12:00:00Z"]]'),
    ("['infinity'::TIMESTAMP]", "[infinity]", "[infinity]"),
    ("[DATE '20000-01-01']", "[20000-01-01]", "[20000-01-01]"),
    ("array_value(TIMESTAMP '2050-07-01 12:00:00')", [NOON], '["2050-07-01T12:00:00Z"]'),
    ("NULL::TIMESTAMP[2]", None, ""),
    (
        "{'u': union_value(n := 2), 't': INTERVAL 1 HOUR}",
        {"u": "2", "t": timedelta(hours=1)},
        '{"u": "2", "t": "01:00:00"}',
    ),
    ("{'say \"x\"': ['1010'::BIT]}", {'say "x"': ["1010"]}, '{"say \\"x\\"": ["1010"]}'),
    ("row('b'::ENUM('b'), TIME '24:00:00')", "(b, '24:00:00')", "(b, '24:00:00')"),
    ("map(['k'], [[now() - now()]])", {"k": [timedelta(0)]}, '{"k": ["00:00:00"]}'),
    ("[5::HUGEINT]", [5], "[5]"),
    (f"[{MOST}::HUGEINT]", f"[{MOST}]", f"[{MOST}]"),
]
CASES: Final = [
    *((name, *case) for name, cases in TYPES.items() for case in cases),
    *(("", *c) for c in NESTED),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    with Timeline.create(tmp_path_factory.mktemp("types") / "desk") as tl:
        yield tl


def test_the_table_has_every_type(store: Timeline) -> None:
    listed = store.sql("SELECT DISTINCT logical_type AS name FROM duckdb_types()")["name"].to_list()
    assert set(listed) <= set(TYPES)


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize(("name", "expression", "value", "text"), CASES, ids=[case[1] for case in CASES])
def test_a_value_in_every_form(
    store: Timeline, name: str, expression: str, value: Any, text: str, unsafe: bool
) -> None:
    answer = store.snapshot().sql(f"SELECT {expression} AS x, 1 AS y; -- the end", unsafe=unsafe)
    assert answer.types[0].startswith(
        name.partition(" ")[0] if name not in ("LIST", "ARRAY", "VARCHAR") else ""
    )
    [row] = answer.dicts()
    assert row == {"x": value, "y": 1}
    naive = value.replace(tzinfo=None) if isinstance(value, datetime) else value
    if not isinstance(value, list | dict):
        assert answer.rows == [(naive, 1)]
        assert answer.arrow().to_pylist() == [{"x": naive, "y": 1}]
    assert answer.frame().to_dicts() == [row]
    out = io.BytesIO()
    write_parquet(answer, out)
    assert pq.read_table(out).num_rows == 1


@pytest.mark.parametrize("form", FORMATS)
def test_all_of_them_on_the_command_line(store: Timeline, tmp_path: Path, form: str) -> None:
    query = "SELECT " + ", ".join(f"{expression} AS c{nth}" for nth, (_, expression, *_) in enumerate(CASES))
    done = run(tmp_path, ["sql", query, "--format", form, "--store", str(store.path), "--output", "out"])
    assert done.code == 0
    # A duration before zero begins with a sign.
    assert [line.partition(",")[0] for line in done.err.splitlines()] == (
        ["warning: 1 cell begins with ="] if form == "csv" else []
    )
    if form == "jsonl":
        printed = json.loads((tmp_path / "out").read_text())
        assert printed["c0"] is True
        assert list(printed) == [f"c{nth}" for nth in range(len(CASES))]
    if form == "csv":
        with (tmp_path / "out").open(newline="", encoding="utf-8") as lines:
            [_, row] = csv.reader(lines)
        assert dict(enumerate(row)) == {nth: text for nth, (*_, text) in enumerate(CASES)}
    if form == "parquet":
        assert pl.read_parquet(tmp_path / "out").width == len(CASES)


class TestColumns:
    def test_one_value_that_is_none_of_pythons_makes_all_of_a_column_text(self, store: Timeline) -> None:
        frame = store.sql("FROM (VALUES (DATE '2024-01-01'), ('infinity'::DATE), (NULL)) AS t(x)")
        assert frame["x"].to_list() == ["2024-01-01", "infinity", None]
        frame = store.sql("FROM (VALUES (INTERVAL 1 DAY), (INTERVAL 1 MONTH)) AS t(x)")
        assert frame["x"].to_list() == ["1 day", "1 month"]

    def test_the_types_of_frames(self, store: Timeline) -> None:
        frame = store.sql(
            "SELECT now() - TIMESTAMPTZ '2024-01-01 00:00:00+00' AS a, now() AS b, [now()] AS c, "
            f"sum(1) AS d, {MOST}::HUGEINT AS e, (2::UHUGEINT << 126) AS f, "
            "map(['k'], [now()]) AS g, 'a'::ENUM('a') AS h"
        )
        instant = pl.Datetime("us", "UTC")
        assert frame.dtypes == [
            *(pl.Duration("us"), instant, pl.List(instant), pl.Decimal(38, 0), pl.Int128, pl.UInt128),
            *(pl.Map(pl.String, instant), pl.String),
        ]
        assert frame.select("d", "e", "f").rows() == [(1, MOST, 2**127)]
        assert timedelta(0) < frame["a"][0] < timedelta(days=100_000)

    def test_nanoseconds_stay_where_there_are_any(self, store: Timeline) -> None:
        query = "SELECT '2024-01-01 00:00:00.123456789'::TIMESTAMP_NS AS x"
        assert store.sql(query).schema == {"x": pl.Datetime("ns", "UTC")}
        assert store.sql(query)["x"].dt.nanosecond().item() == 123_456_789
        assert store.snapshot().sql(query).rows == [("2024-01-01T00:00:00.123456789Z",)]
        assert store.snapshot().sql(query).arrow().schema.types == [pa.timestamp("ns")]

    def test_everything_that_duckdb_tests_itself_with(self, store: Timeline) -> None:
        answer = store.snapshot().sql("FROM test_all_types()")
        assert len(answer.rows) == answer.frame().height == answer.arrow().num_rows == 3

    def test_no_rows(self, store: Timeline) -> None:
        query = "SELECT now() - now() AS a, [now()] AS b, NULL AS c, {'x': INTERVAL 1 DAY} AS d FROM range(0)"
        frame = store.sql(query)
        instants = pl.List(pl.Datetime("us", "UTC"))
        assert frame.dtypes == [pl.Duration("us"), instants, pl.Null, pl.Struct({"x": pl.Duration("us")})]
        assert store.snapshot().sql(query).rows == []

    def test_many_rows_in_many_chunks(self, store: Timeline) -> None:
        columns = "i, to_microseconds(i) AS d, [to_days(i::INTEGER), NULL] AS l, i::UHUGEINT AS u"
        query = f"SELECT {columns} FROM range(300000) AS t(i)"
        frame = store.sql(query)
        assert frame["d"].to_list() == [timedelta(microseconds=nth) for nth in range(300_000)]
        assert frame["l"][299_999].to_list() == [timedelta(days=299_999), None]
        assert frame["u"].sum() == sum(range(300_000))

    def test_the_zone_is_utc_wherever_it_runs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import time as clock

        monkeypatch.setenv("TZ", "America/New_York")
        clock.tzset()
        try:
            with Timeline.create(tmp_path / "desk") as tl:
                query = "SELECT TIMESTAMPTZ '2024-01-01 23:00:00-05'::DATE, current_setting('TimeZone')"
                for unsafe in (False, True):
                    assert tl.snapshot().sql(query, unsafe=unsafe).rows == [(date(2024, 1, 2), "UTC")]
        finally:
            monkeypatch.undo()
            clock.tzset()


def test_what_is_wrong_with_a_query_is_raised_at_the_call(store: Timeline) -> None:
    for query in ("SELECT nothing", "SELECT 'x'::INTEGER", "SELECT TYPE 'x'", "SELECT '\ud800'"):
        with pytest.raises(BadInput):
            store.snapshot().sql(query)
