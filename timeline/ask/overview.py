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
    their names; `filters` has values for some of FILTERS; `first` are the facts whose subjects come first.
    """

    fact: str | None = None
    search: str = ""
    ids: Sequence[str] = ()
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    first: Sequence[str] = ()
    limit: int = 200
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """The rows of a page in their order, `in_subject` beside the columns of a belief; and counts of all rows.

    `facets` has, for each of FILTERS, the values and how many rows have each, the commonest first. `reports`
    and `origins` count what was public by then, `on_that_day` the reports of the day that was asked for.
    """

    rows: list[Row]
    total: int
    facts: int
    facets: dict[str, list[tuple[str, int]]]
    reports: int
    origins: int
    on_that_day: int


def overview(con: duckdb.DuckDBPyConnection, dates: AsOf, wanted: Wanted) -> Overview:
    """Return what a page shows of the beliefs under some dates."""
    base, parameters = question("beliefs", dates, wanted.fact, order=False)
    base = base if base.startswith("SELECT") else f"SELECT * {base}"
    believed = f"SELECT * FROM ({base}) WHERE {_condition(wanted)}"
    first = f"[{', '.join(map(quoted, wanted.first))}]::VARCHAR[]"
    rows = _dicts(
        con,
        f"""
        WITH believed AS MATERIALIZED ({believed}),
            subjects AS (
                SELECT subject, count(*) AS in_subject, bool_or(list_contains({first}, fact)) AS comes_first
                FROM believed GROUP BY subject
            )
        SELECT believed.*, in_subject
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
    )
    counts = fetch(
        con,
        f"""
        WITH believed AS MATERIALIZED ({believed})
        SELECT
            grouping_id({", ".join(FILTERS)}) AS of_what, {", ".join(FILTERS)},
            count(*), count(DISTINCT fact)
        FROM believed
        GROUP BY GROUPING SETS ((), {", ".join(f"({name})" for name in FILTERS)})
        ORDER BY 1, count(*) DESC, {", ".join(FILTERS)}
        """,
        parameters,
    ).rows
    facets: dict[str, list[tuple[str, int]]] = {name: [] for name in FILTERS}
    total = facts = 0
    for of_what, *values, count, distinct in counts:
        if of_what == 2 ** len(FILTERS) - 1:
            total, facts = count, distinct
            continue
        # The bits of what was left out; the one that is not set is what was grouped by.
        name, value = next(
            (name, value)
            for nth, (name, value) in enumerate(zip(FILTERS, values, strict=True))
            if not of_what >> (len(FILTERS) - 1 - nth) & 1
        )
        if value is not None and len(facets[name]) < _OFFERED:
            facets[name].append((value, count))
    reports, origins, on_that_day = _public(con, dates)
    return Overview(rows, total, facts, facets, reports, origins, on_that_day)


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


def _public(con: duckdb.DuckDBPyConnection, dates: AsOf) -> tuple[int, int, int]:
    """Return how many reports were public, of how many origins, and how many came out on that day."""
    until = "true" if dates.as_of is None else f"reported_at <= {timestamp(dates.as_of)}"
    day = "false" if dates.as_of is None else f"reported_at > {timestamp(dates.as_of)} - INTERVAL 1 DAY"
    [found] = fetch(
        con,
        f"""
        SELECT count(*), count(DISTINCT origin), count(*) FILTER (WHERE {day}) FROM store.events
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
    until = "true" if dates.as_of is None else f"reported_at <= {timestamp(dates.as_of)}"
    found = fetch(
        con,
        f"""
        WITH asked AS (SELECT * FROM store.events WHERE event_id IN (SELECT unnest($1::VARCHAR[])))
        SELECT asked.event_id, count(DISTINCT said.origin), count(*)
        FROM asked JOIN store.events AS said ON asked.fact_hash = said.fact_hash AND asked.fact = said.fact
        WHERE said.event_type IN ('reported', 'corrected') AND NOT said.void AND said.{until}
            AND said.recorded_at <= {timestamp(dates.recorded_as_of)}
            AND said.value_type IS NOT DISTINCT FROM asked.value_type
            AND said.amount_low IS NOT DISTINCT FROM asked.amount_low
            AND said.amount_high IS NOT DISTINCT FROM asked.amount_high
            AND said.unit IS NOT DISTINCT FROM asked.unit
            AND said.text IS NOT DISTINCT FROM asked.text
        GROUP BY asked.event_id
        """.replace("said.true", "true"),
        [[row["event_id"] for row in rows]],
    ).rows
    return {event_id: (origins, reports) for event_id, origins, reports in found}


def _dicts(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any]) -> list[Row]:
    return Answer(AtHand(fetch(con, sql, parameters))).dicts()
