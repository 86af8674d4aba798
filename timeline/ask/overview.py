"""What a page shows of everything believed on a date: some rows in order, and counts of all of them.

A store may hold any number of facts, so that only the rows which are looked at are handed out; the engine
counts the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb

from timeline.ask.answers import Answer, AsOf, Row
from timeline.ask.frames import AtHand, fetch
from timeline.ask.questions import question
from timeline.index.catalog import sql_object

__all__ = ["FILTERS", "Overview", "Wanted", "overview", "support_of"]

#: The columns that a page can be narrowed by.
FILTERS: Final = ("subject", "attribute", "status", "source", "origin")

#: So many of the values of a column are offered to narrow by, those of most rows.
_OFFERED: Final = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the beliefs a page shows, and how many at once.

    `search` is looked for in facts, claims and statements, and among `ids`, the entities that have it in
    their names; `filters` has values for some of FILTERS; `first` are the facts whose subjects come first.
    The values of each of FILTERS are counted, with `light` those of the column status alone.
    """

    search: str = ""
    ids: Sequence[str] = ()
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    first: Sequence[str] = ()
    light: bool = False
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """The rows of a page in their order, `in_subject` beside the columns of a belief; and counts of all rows.

    `facets` has, for each of those that were wanted, the values and how many rows have each, the commonest
    first. `reports` and `origins` count what was public by then.
    """

    rows: list[Row]
    total: int
    facts: int
    facets: dict[str, list[tuple[str, int]]]
    reports: int
    origins: int


def overview(con: duckdb.DuckDBPyConnection, dates: AsOf, wanted: Wanted) -> Overview:
    """Return what a page shows of the beliefs under some dates."""
    rows = _rows(con, dates, wanted)
    facets, total, facts = _counts(con, dates, wanted)
    [(reports, origins)] = fetch(con, sql_object("overview/public"), _until(dates)).rows
    return Overview(rows, total, facts, facets, reports, origins)


def _rows(con: duckdb.DuckDBPyConnection, dates: AsOf, wanted: Wanted) -> list[Row]:
    """Return the rows that are shown, in their order."""
    more = {"first": list(wanted.first), "limit": wanted.limit, "offset": wanted.offset}
    order = _of_narrowed(con, "ordered", dates, wanted, **more)
    if not order:
        return []
    events = {"events": [event_id for event_id, _, _ in order]}
    found = fetch(con, f"{_base(dates)} {sql_object('overview/shown')}", events)
    place = {(event_id, start): number for number, (event_id, start, _) in enumerate(order)}
    at = {name: number for number, name in enumerate(found.columns)}
    kept = [row for row in found.rows if (row[at["event_id"]], row[at["valid_from"]]) in place]
    kept.sort(key=lambda row: place[row[at["event_id"]], row[at["valid_from"]]])
    dicts = Answer(AtHand(found._replace(rows=kept))).dicts()
    return [row | {"in_subject": count} for row, (_, _, count) in zip(dicts, order, strict=True)]


def _counts(
    con: duckdb.DuckDBPyConnection, dates: AsOf, wanted: Wanted
) -> tuple[dict[str, list[tuple[str, int]]], int, int]:
    """Return how many rows each value of some columns has, how many there are, and of how many facts."""
    facets: dict[str, list[tuple[str, int]]] = {
        name: [] for name in FILTERS if name == "status" or not wanted.light
    }
    total = facts = 0
    for name, value, count, distinct in _of_narrowed(
        con, "statuses" if wanted.light else "counts", dates, wanted
    ):
        if name is None:
            total, facts = count, distinct
        elif value is not None and len(facets[name]) < _OFFERED:
            facets[name].append((value, count))
    return facets, total, facts


def _of_narrowed(
    con: duckdb.DuckDBPyConnection, name: str, dates: AsOf, wanted: Wanted, **more: Any
) -> list[tuple[Any, ...]]:
    """Return what one of the queries in sql/overview answers over what a page is narrowed to."""
    parameters: dict[str, Any] = {name: list(wanted.filters.get(name, ())) for name in FILTERS} | more
    sought = "FROM base"
    if wanted.search:
        sought = sql_object("overview/sought")
        parameters |= {"text": wanted.search.lower(), "ids": list(wanted.ids)}
    sql = (
        f"{_base(dates)}, sought AS NOT MATERIALIZED ({sought}), "
        f"narrowed AS MATERIALIZED ({sql_object('overview/narrowed')}) {sql_object(f'overview/{name}')}"
    )
    return fetch(con, sql, parameters).rows


def _base(dates: AsOf) -> str:
    """Return the beginning of a query that reads `base`: everything believed under some dates."""
    asked, _ = question("beliefs", dates, order=False)
    return f"WITH base AS NOT MATERIALIZED ({asked})"


def _until(dates: AsOf) -> dict[str, int | None]:
    return {"as_of": dates.as_of, "recorded_as_of": dates.recorded_as_of}


def support_of(
    con: duckdb.DuckDBPyConnection, dates: AsOf, rows: Sequence[Row]
) -> dict[str, tuple[int, int]]:
    """Return, by event_id, how many origins and how many reports say what each of these beliefs does.

    Of each fact the reports that were public by then and have the value of the belief.
    """
    parameters = {"events": [row["event_id"] for row in rows], **_until(dates)}
    found = fetch(con, sql_object("overview/support"), parameters).rows
    return {event_id: (origins, reports) for event_id, origins, reports in found}
