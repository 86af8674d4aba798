"""What every named query of the bundled project promises.

What each of them answers is in tests/promises/golden/queries, where every row was read off events/*.yaml by
hand.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from timeline import BadInput, Timeline
from timeline.ask.queries import Query, load_queries, load_query

ROOT = Path(__file__).resolve().parents[2]
QUERIES = {query.name: query for query in load_queries(ROOT / "queries")}

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    """Yield a store that holds nothing from after February 2025."""
    folder = tmp_path_factory.mktemp("earlier")
    shutil.copytree(ROOT / "events", folder / "events", ignore=shutil.ignore_patterns("004-*", "900-*"))
    with Timeline.create(folder / "store") as tl:
        tl.ingest(folder / "events")
        yield tl


def answer(tl: Timeline, name: str, **given: str) -> pl.DataFrame:
    query = QUERIES[name]
    return tl.sql(query.sql, params=query.bound(given))


def rows(tl: Timeline, name: str, *columns: str, **given: str) -> Rows:
    """Return the rows of an answer, only these columns of it where any are named."""
    frame = answer(tl, name, **given)
    return frame.select(columns or frame.columns).rows()


def test_there_are_queries_enough() -> None:
    assert len(QUERIES) >= 14
    temporal = [
        query for query in QUERIES.values() if re.search(r"FOR (REPORTED|SYSTEM|VALID)_TIME", query.sql)
    ]
    assert len(temporal) * 2 >= len(QUERIES)
    assert len(AS_OF) * 4 >= len(QUERIES) * 3


@pytest.mark.parametrize("query", QUERIES.values(), ids=lambda query: query.name)
def test_a_query_says_what_it_does_and_takes(query: Query) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", query.name)
    assert query.sql.startswith(f"-- {query.title}\n")
    assert query.title.endswith(".")
    assert query.description.endswith(".")
    described = re.findall(r"^-- \$(\w+)", query.sql, re.MULTILINE)
    used = set(re.findall(r"\$(\w+)", re.sub(r"--.*", "", query.sql)))
    assert described == [parameter.name for parameter in query.parameters]
    assert set(described) == used
    assert len(described) == len(used)
    assert all(parameter.meaning for parameter in query.parameters)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_runs_as_it_comes(bundled: Timeline, name: str) -> None:
    frame = answer(bundled, name)
    assert frame.height >= 2
    assert len(frame.columns) <= 9
    assert not {"time", "date", "timestamp"} & set(frame.columns)
    assert frame.equals(answer(bundled, name))
    # Values that look like numbers or dates have that type, which a golden file does not show.
    for column in frame.select(pl.col(pl.String)).iter_columns():
        texts = set(column.drop_nulls())
        assert not texts or not all(re.fullmatch(r"[-\d.]+", text) for text in texts), column.name


@pytest.mark.parametrize("name", [name for name, query in QUERIES.items() if "$fact" in query.sql])
def test_a_glob_narrows_a_query(bundled: Timeline, name: str) -> None:
    found = {fact for (fact,) in rows(bundled, name, "fact", fact="*/investment/*")}
    assert all("/investment/" in fact for fact in found)
    assert rows(bundled, name, fact="nobody/*") == []


DATES = {"as_of": "2025-02-22", "from_date": "2025-01-25", "to_date": "2025-02-22"}
#: The queries that take a date, except one that by its nature shows what came later.
AS_OF = {
    name: given
    for name, query in QUERIES.items()
    if (given := {p.name: DATES[p.name] for p in query.parameters if p.name in DATES})
    and name != "life-of-a-fact"
}


@pytest.mark.parametrize("name", AS_OF)
def test_nothing_looks_ahead(bundled: Timeline, earlier: Timeline, name: str) -> None:
    # The two stores were written one after the other, perhaps on two days.
    ours = ["recorded_on", "days_to_record"]
    then, now = (answer(tl, name, **AS_OF[name]).drop(ours, strict=False) for tl in (earlier, bundled))
    assert now.equals(then)


def test_beliefs_age_until_today(bundled: Timeline) -> None:
    then = {fact for (fact,) in rows(bundled, "stale-beliefs", "fact", as_of="2026-02-28")}
    # Without a date the query is asked as of today, which is later than any report.
    assert then <= {fact for (fact,) in rows(bundled, "stale-beliefs", "fact", days="0")}


WRITTEN = """-- What is believed in one unit.
--
-- A sentence on it,
--   and how it goes on.
-- $unit (default: USD): the unit
-- $source: who reported it,
--   by its id
FROM beliefs WHERE unit = $unit AND source = $source
"""


def test_a_query_is_described_by_its_first_comments(tmp_path: Path) -> None:
    path = tmp_path / "by-unit.sql"
    path.write_text(f"\n\ufeff\n{WRITTEN}".lstrip("\n"), encoding="utf-8")
    query = load_query(path)
    assert (query.name, query.title) == ("by-unit", "What is believed in one unit.")
    assert query.description == "A sentence on it, and how it goes on."
    assert [(one.name, one.default, one.meaning) for one in query.parameters] == [
        ("unit", "USD", "the unit"),
        ("source", None, "who reported it, by its id"),
    ]
    assert query.bound({"source": "a"}) == {"unit": "USD", "source": "a"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"by-unit needs -p source=… \(who reported it, by its id\)"),
        ({"source": "a", "unti": "EUR"}, r"by-unit has no parameter 'unti'; did you mean 'unit'\?"),
        ({"source": "a", "x": "EUR"}, r"by-unit has no parameter 'x'; it takes unit, source"),
    ],
)
def test_parameters_that_are_missing_or_unknown_are_named(
    tmp_path: Path, given: dict[str, str], message: str
) -> None:
    path = tmp_path / "by-unit.sql"
    path.write_text(WRITTEN)
    with pytest.raises(BadInput, match=message):
        load_query(path).bound(given)


def test_a_query_without_parameters_takes_none(tmp_path: Path) -> None:
    path = tmp_path / "plain.sql"
    path.write_text("-- All.\nFROM beliefs\n")
    with pytest.raises(BadInput, match="plain has no parameter 'unit'; it takes none"):
        load_query(path).bound({"unit": "USD"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM beliefs\n", r"q\.sql: no title; expected a first line such as"),
        ("-- T\n-- $unit: a\n-- $unit: b\nSELECT $unit", r"q\.sql:3: \$unit is described twice"),
        ("-- T\n-- $unit a\nSELECT $unit", r"q\.sql:2: got '\$unit a'; expected `\$name"),
        ("-- T\n-- $unit: a\nSELECT 1", r"q\.sql: \$unit is described but not used"),
        (
            "-- T\n-- $unit: a\nSELECT $unit,\n$unti",
            r"q\.sql:4: \$unti is not described; did you mean",
        ),
    ],
)
def test_what_is_wrong_with_a_query_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "q.sql"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        load_query(path)
