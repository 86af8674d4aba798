"""What a page shows of everything believed on a date: some rows in order, and counts of all of them.

A store may hold any number of facts, so that only the rows which are looked at are handed out; the engine
counts the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import duckdb

from timeline.ask.answers import Answer, AsOf, Row, Rows
from timeline.ask.frames import AtHand, fetch
from timeline.ask.questions import question
from timeline.index.catalog import sql_object
from timeline.meaning.fact import fact_hash
from timeline.meaning.times import LAST_INSTANT

__all__ = ["FILTERS", "Overview", "Wanted", "overview", "reports_of"]

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
    # Each subject has a row at least. Only those that are shown are read as a whole.
    most = {"first": list(wanted.first), "subjects": wanted.offset + wanted.limit}
    counts: dict[str, int] = {}
    passed = so_far = 0
    for subject, count in _of_narrowed(con, "subjects", dates, wanted, **most).rows:
        if so_far + count <= wanted.offset:
            passed += count
        elif so_far < wanted.offset + wanted.limit:
            counts[subject] = count
        so_far += count
    if not counts:
        return []
    more = {"shown": list(counts), "limit": wanted.limit, "offset": wanted.offset - passed}
    found = _of_narrowed(con, "rows", dates, wanted, **more)
    return [row | {"in_subject": counts[row["subject"]]} for row in Answer(AtHand(found)).dicts()]


def _counts(
    con: duckdb.DuckDBPyConnection, dates: AsOf, wanted: Wanted
) -> tuple[dict[str, list[tuple[str, int]]], int, int]:
    """Return how many rows each value of some columns has, how many there are, and of how many facts."""
    facets: dict[str, list[tuple[str, int]]] = {
        name: [] for name in FILTERS if name == "status" or not wanted.light
    }
    total = 0
    for name, value, count in _of_narrowed(con, "statuses" if wanted.light else "counts", dates, wanted).rows:
        if name is None:
            total = count
        elif value is not None and len(facets[name]) < _OFFERED:
            facets[name].append((value, count))
    [(facts,)] = _of_narrowed(con, "facts", dates, wanted, several=dates.policy == "by-origin").rows
    return facets, total, facts


def _of_narrowed(con: duckdb.DuckDBPyConnection, name: str, dates: AsOf, wanted: Wanted, **more: Any) -> Rows:
    """Return what one of the queries in sql/overview answers over what a page is narrowed to."""
    parameters = dict(more)
    sought, narrowed = "FROM base", "FROM sought"
    # What narrows nothing is left out: the engine would test it for each row.
    if wanted.search:
        sought = sql_object("overview/sought")
        parameters |= {"text": wanted.search.lower(), "ids": list(wanted.ids)}
    if any(wanted.filters.get(name) for name in FILTERS):
        narrowed = sql_object("overview/narrowed")
        parameters |= {name: list(wanted.filters.get(name, ())) for name in FILTERS}
    kept = "NOT MATERIALIZED" if dates.is_plain else "MATERIALIZED"
    sql = (
        f"{_base(dates)}, sought AS NOT MATERIALIZED ({sought}), "
        f"narrowed AS {kept} ({narrowed}) {sql_object(f'overview/{name}')}"
    )
    return fetch(con, sql, parameters)


def _base(dates: AsOf) -> str:
    """Return the beginning of a query that reads `base`: everything believed under some dates."""
    asked, _ = question("beliefs", dates, order=False)
    return f"WITH base AS NOT MATERIALIZED ({asked})"


def _until(dates: AsOf) -> dict[str, int | None]:
    return {"as_of": dates.as_of, "recorded_as_of": dates.recorded_as_of}


class Reports:
    """The reports of facts, each read once: as a date is dragged, most facts that are shown stay."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], list[_Report]] = {}

    def support(
        self,
        run: Callable[[Callable[[duckdb.DuckDBPyConnection], Rows]], Rows],
        dates: AsOf,
        rows: Sequence[Row],
    ) -> dict[str, tuple[int, int]]:
        """Return, by event_id, how many origins and how many reports say what each of these beliefs does.

        Of each fact the reports that were public by then and have the value of the belief. `run` calls a
        function with a connection.
        """
        facts = {row["fact"] for row in rows}
        known = self._of(run, dates.recorded_as_of, facts)
        until = LAST_INSTANT if dates.as_of is None else dates.as_of
        found = {}
        for row in rows:
            reports = known[row["fact"]]
            value = next((one.value for one in reports if one.event_id == row["event_id"]), None)
            same = [
                one for one in reports if one.is_report and one.value == value and one.reported_at <= until
            ]
            if same:
                origins = {one.origin for one in same if one.origin is not None}
                found[row["event_id"]] = (len(origins), len(same))
        return found

    def _of(
        self,
        run: Callable[[Callable[[duckdb.DuckDBPyConnection], Rows]], Rows],
        recorded_as_of: int,
        facts: set[str],
    ) -> dict[str, list[_Report]]:
        missing = [fact for fact in facts if (recorded_as_of, fact) not in self._known]
        if missing:
            if len(self._known) > _FACTS_KNOWN:
                self._known.clear()
                missing = list(facts)
            read: dict[str, list[_Report]] = {fact: [] for fact in missing}
            parameters = {"hashes": [fact_hash(fact) for fact in missing], "recorded_as_of": recorded_as_of}
            found = run(lambda con: fetch(con, sql_object("overview/reports"), parameters))
            for fact, event_id, origin, reported_at, is_report, *value in found.rows:
                # Facts may share a hash.
                if fact in read and reported_at is not None:
                    read[fact].append(_Report(event_id, origin, reported_at, is_report, tuple(value)))
            self._known |= {(recorded_as_of, fact): reports for fact, reports in read.items()}
        return {fact: self._known[recorded_as_of, fact] for fact in facts}


_reports: WeakKeyDictionary[object, Reports] = WeakKeyDictionary()


def reports_of(snapshot: object) -> Reports:
    """Return what is kept of the reports of a snapshot, which never change."""
    return _reports.setdefault(snapshot, Reports())


#: So many facts are kept at most.
_FACTS_KNOWN: Final = 20_000


class _Report(NamedTuple):
    event_id: str
    origin: str | None
    reported_at: int
    is_report: bool
    value: tuple[Any, ...]
