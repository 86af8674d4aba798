"""Pairs of temporal SQL and the DuckDB SQL that it becomes, which also has to run.

`NAME.sql` says in comments what the defaults and parameters are; `NAME.expected.sql` is what `translate`
makes of it. Both run against `catalog.sql`, the second unchanged.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from timeline.ask.temporal_sql import translate

FOLDER = Path(__file__).parent / "dialect"
PAIRS = sorted(path.stem for path in FOLDER.glob("*.sql") if "." not in path.stem and path.stem != "catalog")
ARGUMENT = re.compile(r"^-- (as_of|recorded_as_of|valid_at|basis|policy|params): (.*)$", re.MULTILINE)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute((FOLDER / "catalog.sql").read_text())
    return con


def read(name: str) -> tuple[str, dict[str, Any], Any]:
    query = (FOLDER / f"{name}.sql").read_text()
    arguments = dict(ARGUMENT.findall(query))
    return query, arguments, json.loads(arguments.pop("params", "[]"))


def run(con: duckdb.DuckDBPyConnection, query: str, params: Any) -> list[Any]:
    return [con.execute(statement, params).fetchall() for statement in con.extract_statements(query)]


@pytest.mark.parametrize("name", PAIRS)
def test_becomes_what_is_expected_and_runs(name: str, con: duckdb.DuckDBPyConnection) -> None:
    query, defaults, params = read(name)
    expected = (FOLDER / f"{name}.expected.sql").read_text()
    assert translate(query, **defaults) == expected
    run(con, expected, params)


@pytest.mark.parametrize("name", PAIRS)
def test_what_it_becomes_is_plain(name: str) -> None:
    expected = (FOLDER / f"{name}.expected.sql").read_text()
    assert translate(expected) == expected


@pytest.mark.parametrize("name", ["query_shapes", "with_names", "untouched", "default_policy"])
def test_without_defaults_it_is_left_alone_and_runs(name: str, con: duckdb.DuckDBPyConnection) -> None:
    query, _, params = read(name)
    assert translate(query) == query
    run(con, query, params)


def test_each_has_its_other_half() -> None:
    halves = {path.stem.removesuffix(".expected") for path in FOLDER.glob("*.expected.sql")}
    assert halves == set(PAIRS)
