"""What a page shows of everything believed on a date: some rows in order, and counts of all of them.

A store may hold any number of facts, so that only the rows which are looked at are handed out; the engine
counts the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb

from timeline.ask.answers import Answer, AsOf, Row, timestamp
from timeline.ask.frames import AtHand, fetch
from timeline.ask.questions import question
from timeline.log.paths import quoted

__all__ = ["FILTERS", "Overview", "Wanted", "overview", "support_of"]

#: The columns that a page can be narrowed by.
FILTERS: Final = ("subject", "attribute", "status", "source", "origin")

#: So many of the values of a column are offered to narrow by, those of most rows.
_OFFERED: Final = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the beliefs a page shows, and how many at once.

    `search` is looked for in facts, claims and statements, and among `ids`, the entities that have it in
    their names; `filters` has values for some of FILTERS; `first` are the facts whose subjects come first;
    `facets` are those of FILTERS whose values are counted.
    """

    fact: str | None = None
    search: str = ""
    ids: Sequence[str] = ()
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    first: Sequence[str] = ()
    facets: Sequence[str] = FILTERS
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
    base, parameters = question("beliefs", dates, wanted.fact, order=False)
    base = base if base.startswith("SELECT") else f"SELECT * {base}"
    believed = f"SELECT {{}} FROM ({base}) WHERE {_condition(wanted)}"
    rows = _rows(con, base, believed.format(_RANKED), parameters, wanted)
    facets, total, facts = _counts(con, believed, parameters, wanted.facets)
    reports, origins = _public(con, dates)
    return Overview(rows, total, facts, facets, reports, origins)


#: What the order of the rows needs of each belief: all else is read of the rows that are shown, alone.
_RANKED: Final = "event_id, fact, subject, value_type, unit, amount, valid_from, origin"


def _rows(
    con: duckdb.DuckDBPyConnection, base: str, believed: str, parameters: list[Any], wanted: Wanted
) -> list[Row]:
    """Return the rows that are shown, in their order."""
    first = f"[{', '.join(map(quoted, wanted.first))}]::VARCHAR[]"
    order = fetch(
        con,
        f"""
        WITH believed AS MATERIALIZED ({believed}),
            subjects AS (
                SELECT subject, count(*) AS in_subject, bool_or(list_contains({first}, fact)) AS comes_first
                FROM believed GROUP BY subject
            )
        SELECT event_id, valid_from, in_subject
        FROM believed JOIN subjects USING (subject)
        ORDER BY
            comes_first DESC, in_subject DESC, subject,
            CASE
                WHEN value_type = 'amount' AND unit SIMILAR TO '[A-Z]{{3}}' THEN 0
                WHEN value_type = 'amount' AND unit = 'percent' THEN 1
                WHEN value_type = 'amount' THEN 2
                WHEN value_type = 'date' THEN 3
                ELSE 4
            END,
            amount DESC NULLS LAST, fact, valid_from NULLS FIRST, origin
        LIMIT {int(wanted.limit)} OFFSET {int(wanted.offset)}
        """,
        parameters,
    ).rows
    if not order:
        return []
    ids = ", ".join(quoted(event_id) for event_id, _, _ in order)
    found = fetch(con, f"SELECT * FROM ({base}) WHERE event_id IN ({ids})", parameters)
    place = {(event_id, start): number for number, (event_id, start, _) in enumerate(order)}
    at = {name: number for number, name in enumerate(found.columns)}
    kept = [row for row in found.rows if (row[at["event_id"]], row[at["valid_from"]]) in place]
    kept.sort(key=lambda row: place[row[at["event_id"]], row[at["valid_from"]]])
    dicts = Answer(AtHand(found._replace(rows=kept))).dicts()
    return [row | {"in_subject": count} for row, (_, _, count) in zip(dicts, order, strict=True)]


def _counts(
    con: duckdb.DuckDBPyConnection, believed: str, parameters: list[Any], names: Sequence[str]
) -> tuple[dict[str, list[tuple[str, int]]], int, int]:
    """Return how many rows each value of some columns has, how many there are, and of how many facts."""
    columns = ", ".join(names)
    counts = fetch(
        con,
        f"""
        SELECT grouping_id({columns}) AS of_what, {columns}, count(*), count(DISTINCT fact)
        FROM ({believed.format(f"fact, {columns}")})
        GROUP BY GROUPING SETS ((), {", ".join(f"({name})" for name in names)})
        ORDER BY 1, count(*) DESC, {columns}
        """,
        parameters,
    ).rows
    facets: dict[str, list[tuple[str, int]]] = {name: [] for name in names}
    total = facts = 0
    for of_what, *values, count, distinct in counts:
        if of_what == 2 ** len(names) - 1:
            total, facts = count, distinct
            continue
        # The bits of what was left out; the one that is not set is what was grouped by.
        name, value = next(
            (name, value)
            for nth, (name, value) in enumerate(zip(names, values, strict=True))
            if not of_what >> (len(names) - 1 - nth) & 1
        )
        if value is not None and len(facets[name]) < _OFFERED:
            facets[name].append((value, count))
    return facets, total, facts


def _condition(wanted: Wanted) -> str:
    tests = [
        f"{name} IN ({', '.join(map(quoted, values))})"
        for name, values in wanted.filters.items()
        if name in FILTERS and values
    ]
    if wanted.search:
        sought = quoted(wanted.search.lower())
        ids = f"[{', '.join(map(quoted, wanted.ids))}]::VARCHAR[]"
        texts = " OR ".join(
            f"contains(lower(coalesce({name}, '')), {sought})" for name in ("fact", "claim", "statement")
        )
        tests.append(f"({texts} OR list_contains({ids}, subject) OR list_contains({ids}, object))")
    return " AND ".join(tests) or "true"


def _public(con: duckdb.DuckDBPyConnection, dates: AsOf) -> tuple[int, int]:
    """Return how many reports were public, and of how many origins."""
    until = "true" if dates.as_of is None else f"reported_at <= {timestamp(dates.as_of)}"
    [found] = fetch(
        con,
        f"""
        SELECT count(*), count(DISTINCT origin) FROM store.events
        WHERE event_type = 'reported' AND {until} AND recorded_at <= {timestamp(dates.recorded_as_of)}
        """,
    ).rows
    return found


def support_of(
    con: duckdb.DuckDBPyConnection, dates: AsOf, rows: Sequence[Row]
) -> dict[str, tuple[int, int]]:
    """Return, by event_id, how many origins and how many reports say what each of these beliefs does.

    Of each fact the reports that were public by then and have the value of the belief.
    """
    until = "true" if dates.as_of is None else f"same.reported_at <= {timestamp(dates.as_of)}"
    found = fetch(
        con,
        f"""
        WITH asked AS (SELECT * FROM store.events WHERE event_id IN (SELECT unnest($1::VARCHAR[])))
        SELECT asked.event_id, count(DISTINCT same.origin), count(*)
        FROM asked JOIN store.events AS same ON asked.fact_hash = same.fact_hash AND asked.fact = same.fact
        WHERE same.event_type IN ('reported', 'corrected') AND NOT same.void AND {until}
            AND same.recorded_at <= {timestamp(dates.recorded_as_of)}
            AND same.value_type IS NOT DISTINCT FROM asked.value_type
            AND same.amount_low IS NOT DISTINCT FROM asked.amount_low
            AND same.amount_high IS NOT DISTINCT FROM asked.amount_high
            AND same.unit IS NOT DISTINCT FROM asked.unit
            AND same.text IS NOT DISTINCT FROM asked.text
        GROUP BY asked.event_id
        """,
        [[row["event_id"] for row in rows]],
    ).rows
    return {event_id: (origins, reports) for event_id, origins, reports in found}
