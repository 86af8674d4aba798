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

from timeline import Timeline
from timeline.ask.queries import Query, load_queries

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
