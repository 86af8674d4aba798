"""What is behind a belief: the events and sources that it rests on, and what it displaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import duckdb

from timeline.ask.answers import Answer, AsOf, Row, instant_of, timestamp
from timeline.ask.frames import AtHand, fetch
from timeline.index.catalog import sql_object
from timeline.meaning.times import to_naive

__all__ = ["displaced", "events_behind", "sources_named"]

#: What more beliefs than this displaced is looked for among all that was ever believed of the fact: a
#: statement that takes as long as asking for the beliefs before hundreds of them.
_ASKED_ONE_BY_ONE: Final = 8


def events_behind(
    con: duckdb.DuckDBPyConnection, rows: Sequence[Row], columns: Sequence[str] = ("event_id",)
) -> dict[str, Row]:
    """Return what the events that some rows name in these columns say beyond the rows, by event_id."""
    ids = [row[column] for row in rows for column in columns if row[column] is not None]
    facts = list({row["fact"] for row in rows})
    # The events of a fact lie together by its hash, so that one fact costs no look at the others.
    one = "fact_hash = md5_number_lower($2[1]) AND" if len(facts) == 1 else "len($2) > 0 AND"
    found = _dicts(
        con,
        "SELECT event_id, key, reported, reported_from, reported_at, evidence_at, approximate, inferred "
        "FROM store.events "
        f"WHERE {one} event_id IN (SELECT unnest($1::VARCHAR[]))",
        [ids, facts],
    )
    return {row["event_id"]: row for row in found}


def sources_named(con: duckdb.DuckDBPyConnection, names: Sequence[str], recorded_as_of: int) -> list[Row]:
    """Return the sources of these names, with the columns of `sources`, as they were described by then."""
    return _dicts(
        con,
        f"FROM sources_as_of({timestamp(recorded_as_of)}) WHERE id IN (SELECT unnest($1::VARCHAR[]))",
        [list(names)],
    )


def displaced(
    con: duckdb.DuckDBPyConnection,
    dates: AsOf,
    fact: str,
    beliefs: Sequence[Row],
    believed: Callable[[AsOf], Sequence[Row]],
) -> list[Row]:
    """Return what was believed of a fact right before each of these beliefs began.

    Of that, what they took the valid time of; each event comes once. `beliefs` are those under `dates`;
    `believed` returns the beliefs of the fact under others.
    """
    began = [belief for belief in beliefs if belief["believed_from"] is not None]
    if len(began) > _ASKED_ONE_BY_ONE:
        rows = _displaced_by_many(con, dates, fact, began)
    else:
        rows = [
            row
            for belief in began
            for row in believed(replace(dates, as_of=instant_of(belief["believed_from"]) - 1))
            if row["event_id"] != belief["event_id"]
            and _overlap(row, belief)
            and (row["origin"] == belief["origin"] or dates.policy != "by-origin")
        ]
    return list({row["event_id"]: row for row in rows}.values())


def _displaced_by_many(
    con: duckdb.DuckDBPyConnection, dates: AsOf, fact: str, beliefs: Sequence[Row]
) -> list[Row]:
    columns: list[list[Any]] = [
        [_naive(belief[name]) for belief in beliefs]
        for name in ("believed_from", "valid_from", "valid_to", "event_id", "origin")
    ]
    recorded, valid_at = (
        None if moment is None else to_naive(moment) for moment in (dates.recorded_as_of, dates.valid_at)
    )
    parameters = [*columns, fact, recorded, valid_at, dates.basis, dates.policy]
    return _dicts(con, sql_object("evidence/displaced"), parameters)


def _naive(value: object) -> object:
    """Return a value as DuckDB has it, whose timestamps are in UTC and carry no zone."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _overlap(one: Row, other: Row) -> bool:
    return all(
        a["valid_from"] is None or b["valid_to"] is None or a["valid_from"] < b["valid_to"]
        for a, b in ((one, other), (other, one))
    )


def _dicts(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any]) -> list[Row]:
    return Answer(AtHand(fetch(con, sql, parameters))).dicts()
