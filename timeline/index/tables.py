"""The tables of the index, made from events of the log by the statements in timeline/sql/tables.

The same statements make the tables of a whole generation, in schema `store` of its file, and those of a
tail, in schema `tail` of a reader's memory: they name tables without a schema, and `making_in` says in which
they are. They read the view `incoming`, with the columns of the log and the hash of the fact.
What no window resolves is resolved fact by fact: see `entangled`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import duckdb

from timeline.index.catalog import sql_object
from timeline.log.log import CheckedFiles, Commit
from timeline.log.paths import parquet_source
from timeline.meaning.columns import LOG_COLUMNS, SQL_TYPES, STATUSES
from timeline.meaning.times import FIRST_INSTANT, LAST_DAY, LAST_INSTANT

__all__ = [
    "Build",
    "announce",
    "fill_commits",
    "make_segments",
    "make_tables",
    "making_in",
    "view_incoming",
    "view_of_log",
]

Build = Callable[[str], None]


def announce(progress: Build | None, step: str) -> None:
    """Call `progress`, where there is one, with the step of a build that begins."""
    if progress is not None:
        progress(step)


#: The instants that a datetime can be; the log may hold others, from when an end of 9999 was one.
_FIRST: Final = f"make_timestamp({FIRST_INSTANT})"
_LAST: Final = f"make_timestamp({LAST_INSTANT})"
#: An end of a valid time or period from here on is none; the log may hold some.
_NO_END: Final = f"make_timestamp({LAST_DAY})"
#: What each instant means where it lies before the first or behind the last: nothing, or that one.
_BEYOND: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("valid_from", "period_from", "reported_from"), ("NULL", _LAST)),
}


def _as_read(name: str) -> str:
    """Return a column of the log as the index has it: its instants are ones that every reader can show.

    A period without an end is written as one in the fact too.
    """
    if name in ("valid_to", "period_to"):
        read = f"WHEN {name} < {_FIRST} THEN {_FIRST} WHEN {name} >= {_NO_END} THEN NULL"
    elif LOG_COLUMNS[name] == "instant":
        before, behind = _BEYOND.get(name, (_FIRST, _LAST))
        read = f"WHEN {name} < {_FIRST} THEN {before} WHEN {name} > {_LAST} THEN {behind}"
    elif name in ("fact", "period"):
        # In the coarsest unit in which its start can be written.
        start = "split_part(period, '/', 1)"
        year = "[0-9]{4}"
        for kept, finer in (
            (f"{year}-[0-9]{{2}}-[0-9]{{2}}", "T00:00:00Z"),
            (f"{year}-[0-9]{{2}}", "-01"),
            (year, "-01"),
        ):
            start = f"regexp_replace({start}, '^({kept}){finer}$', '\\1')"
        body = "" if name == "period" else "split_part(fact, '@', 1) || '@' || "
        read = f"WHEN period_to >= {_NO_END} THEN {body}{start} || '/..'"
    else:
        return name
    return f"CASE {read} ELSE {name} END AS {name}"


def view_of_log(con: duckdb.DuckDBPyConnection, files: CheckedFiles) -> None:
    """Create the temporary view `incoming` of the events in the commits of these files.

    Instants that no datetime can be are none in it: see `_as_read`.
    """
    if files.commits:
        names = ", ".join(_as_read(name) for name in LOG_COLUMNS)
        first, last = files.commits[0].number, files.commits[-1].number
        source = f"SELECT {names} FROM {parquet_source(files.paths)} WHERE commit BETWEEN {first} AND {last}"
    else:
        nulls = ", ".join(f"NULL::{SQL_TYPES[kind]} AS {name}" for name, kind in LOG_COLUMNS.items())
        source = f"SELECT {nulls} LIMIT 0"
    view_incoming(con, f"({source})")


def view_incoming(con: duckdb.DuckDBPyConnection, events: str) -> None:
    """Create the temporary view `incoming` of a relation with the columns of the log.

    The hash is md5_number_lower of the fact, written in a way that takes a fifth of the time.
    """
    con.execute(
        "CREATE OR REPLACE TEMP VIEW incoming AS "
        f"SELECT (md5_number(fact) >> 64)::UBIGINT AS fact_hash, * FROM {events}"
    )


@contextmanager
def making_in(con: duckdb.DuckDBPyConnection, schema: str) -> Iterator[None]:
    """Make tables in this schema within the block, and look there for those that are named without one."""
    [before] = con.execute("SELECT current_database(), current_schema()").fetchall()
    con.execute(f"USE {schema}")
    try:
        yield
    finally:
        con.execute("USE " + ".".join(f'"{name}"' for name in before))


def fill_commits(con: duckdb.DuckDBPyConnection, commits: Sequence[Commit], events: str) -> None:
    """Create the table of commits, whose events are in the relation `events`."""
    con.execute(sql_object("tables/commits"))
    if commits:
        columns = [
            [getattr(commit, name) for commit in commits]
            for name in ("number", "first_position", "count", "recorded_at", "digest")
        ]
        con.execute(
            "INSERT INTO commits SELECT made.*, acted.actor FROM (SELECT unnest($1::BIGINT[]) AS number, "
            "unnest($2::BIGINT[]), unnest($3::BIGINT[]), make_timestamp(unnest($4::BIGINT[])), "
            "unnest($5::VARCHAR[])) AS made LEFT JOIN ("
            f'SELECT "commit" AS number, min(actor) AS actor FROM {events} GROUP BY "commit" '
            "HAVING min(actor) = max(actor)) AS acted USING (number) "
            "ORDER BY made.number",
            columns,
        )


def make_tables(con: duckdb.DuckDBPyConnection, progress: Build | None = None) -> None:
    """Make the tables of what `incoming` has; those that `resolve_entangled` fills are empty."""
    for name in ("facts", "settled", "event_rows", "swept", "amended", "effects", "keys", "statuses"):
        announce(progress, "writing events" if name == "event_rows" else f"writing {name}")
        con.execute(sql_object(f"tables/{name}"))
    con.execute("DROP TABLE settled")
    con.execute(
        "INSERT INTO statuses SELECT unnest($1::INTEGER[]), unnest($2::VARCHAR[]), unnest($3::VARCHAR[])",
        [list(range(1, len(STATUSES) + 1)), list(STATUSES), list(STATUSES.values())],
    )


def make_segments(con: duckdb.DuckDBPyConnection, progress: Build | None = None) -> None:
    """Make `bounds` and the rows of each segment: the beliefs along the reported axis."""
    announce(progress, "writing segments")
    for name in ("bounds", "segment_rows"):
        con.execute(sql_object(f"tables/{name}"))
