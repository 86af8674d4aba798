"""What a page shows of everything believed on a date: some rows in order, and counts of all of them.

A store may hold any number of facts, so that only the rows which are looked at are handed out; the engine
counts the others.
"""

from __future__ import annotations

from bisect import bisect_right
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

__all__ = ["FILTERS", "OFFERED", "Overview", "Reports", "Wanted", "narrowed", "overview", "reports_of"]

#: The columns that a page can be narrowed by.
FILTERS: Final = ("subject", "attribute", "status", "source", "origin")

#: So many of the values of a column are offered to narrow by, those of most rows.
OFFERED: Final = 100


#: Calls a function with a connection.
Run = Callable[[Callable[[duckdb.DuckDBPyConnection], Rows]], Rows]


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
        elif value is not None and len(facets[name]) < OFFERED:
            facets[name].append((value, count))
    [(facts,)] = _of_narrowed(con, "facts", dates, wanted, several=dates.policy == "by-origin").rows
    return facets, total, facts


def _of_narrowed(con: duckdb.DuckDBPyConnection, name: str, dates: AsOf, wanted: Wanted, **more: Any) -> Rows:
    """Return what one of the queries in sql/overview answers over what a page is narrowed to."""
    base, _ = question("beliefs", dates, order=False)
    return narrowed(con, base, name, wanted, at_hand=dates.is_plain, **more)


def narrowed(
    con: duckdb.DuckDBPyConnection, base: str, name: str, wanted: Wanted, *, at_hand: bool = True, **more: Any
) -> Rows:
    """Return what one of the queries in sql/overview answers over those rows of `base` that are wanted.

    `at_hand` is whether the index holds them as they are, so that to read them several times costs little.
    """
    parameters = dict(more)
    sought, narrowed = "FROM base", "FROM sought"
    # What narrows nothing is left out: the engine would test it for each row.
    if wanted.search:
        sought = sql_object("overview/sought")
        parameters |= {"text": wanted.search.lower(), "ids": list(wanted.ids)}
    if any(wanted.filters.get(name) for name in FILTERS):
        narrowed = sql_object("overview/narrowed")
        parameters |= {name: list(wanted.filters.get(name, ())) for name in FILTERS}
    kept = "NOT MATERIALIZED" if at_hand else "MATERIALIZED"
    sql = (
        f"WITH base AS NOT MATERIALIZED ({base}), sought AS NOT MATERIALIZED ({sought}), "
        f"narrowed AS {kept} ({narrowed}) {sql_object(f'overview/{name}')}"
    )
    return fetch(con, sql, parameters)


def _until(dates: AsOf) -> dict[str, int | None]:
    return {"as_of": dates.as_of, "recorded_as_of": dates.recorded_as_of}


class Reports:
    """The reports of facts, each read once: as a date is dragged, most facts that are shown stay."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], list[_Report]] = {}

    def support(self, run: Run, dates: AsOf, rows: Sequence[Row]) -> dict[str, tuple[int, int]]:
        """Return, by event_id, how many origins and how many reports say what each of these beliefs does.

        Of each fact the reports that were public by then and have the value of the belief. `run` calls a
        function with a connection.
        """
        until = LAST_INSTANT if dates.as_of is None else dates.as_of
        found = self.over_time(run, dates.recorded_as_of, rows)
        return {row["event_id"]: support(until) for row, support in zip(rows, found, strict=True)}

    def over_time(
        self, run: Run, recorded_as_of: int, rows: Sequence[Row]
    ) -> list[Callable[[int], tuple[int, int]]]:
        """Return, for each of these beliefs, what `support` finds of it as of an instant."""
        known = self._of(run, recorded_as_of, {row["fact"] for row in rows})
        return [_support(known[row["fact"]], row["event_id"]) for row in rows]

    def _of(
        self,
        run: Run,
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


def _support(reports: Sequence[_Report], event_id: str) -> Callable[[int], tuple[int, int]]:
    """Return what says how many origins and reports had the value of an event by an instant.

    The event is one of them itself, though it may be dated otherwise by what stands in for it.
    """
    value = next((one.value for one in reports if one.event_id == event_id), None)
    same = sorted(
        (one for one in reports if one.is_report and one.value == value), key=lambda one: one.reported_at
    )
    instants, counts = [one.reported_at for one in same], [(1, 1)]
    origins: set[str] = set()
    for number, one in enumerate(same, 1):
        if one.origin is not None:
            origins.add(one.origin)
        counts.append((len(origins), number))
    return lambda until: counts[bisect_right(instants, until)]


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
