"""What was appended since a generation: resolved in memory, shown over it, or put into a copy of it.

A tail speaks of some facts. Most go on: what is new of them was reported after all that is known, so that
what the generation believes of them just ends at the first new report, their `cut`. The others (late
reports, corrections, valid times) are resolved again from all their events, and are replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from timeline.index.catalog import sql_object
from timeline.index.entangled import resolve_entangled
from timeline.index.rows import Damaged, RowStore, UpTo, grow, write
from timeline.index.tables import fill_commits, make_tables, making_in, view_incoming, view_of_log
from timeline.log.log import CheckedFiles
from timeline.meaning.columns import LOG_COLUMNS, SQL_TYPES
from timeline.meaning.fact import fact_parts

__all__ = ["Appended", "Tail", "apply_tail", "load_tail", "show_tail"]

#: So many facts are looked up in the row store, each of so many events; of more DuckDB reads the table.
_ONE_BY_ONE: Final = 2_000
_KNOWN_AT_MOST: Final = 1_000

#: The tables of which the tail has all rows of the facts that it touches.
_BY_FACT: Final = ("facts", "swept", "amended", "effects")


#: The segments of a tail that is only shown: one.
_ONE_SEGMENT: Final = (
    "SELECT 1::INTEGER AS segment, TIMESTAMP '-infinity' AS segment_from, "
    "TIMESTAMP 'infinity' AS segment_until, []::TIMESTAMP[] AS slots"
)

#: The columns that may hold a long text.
_LONG: Final = ("text", "claim", "statement", "reason", "locator")


@dataclass(frozen=True, slots=True)
class Appended:
    """What was appended: how many events, the bytes of their long texts, and how many of them are entangling.

    Those amend another one, or are of some valid time: what comes of them is worked out fact by fact.
    """

    events: int = 0
    bytes: int = 0
    entangling: int = 0

    def __add__(self, other: Appended) -> Appended:
        return Appended(
            self.events + other.events, self.bytes + other.bytes, self.entangling + other.entangling
        )

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Appended:
        """Return the totals of rows of the log, whose empty columns are absent or None."""
        events = size = entangling = 0
        for row in rows:
            events += 1
            size += sum(len(str(text).encode()) for name in _LONG if (text := row.get(name)) is not None)
            entangling += row["event_type"] in ("corrected", "retracted") or any(
                row.get(name) is not None for name in ("valid_from", "valid_to")
            )
        return cls(events, size, entangling)


@dataclass(frozen=True, slots=True)
class Tail:
    """How many events a tail has, how many facts they touch, and how many of these are resolved again.

    `swept` is how many events, old and new, the facts have that were worked out one by one.
    """

    events: int
    facts: int
    again: int
    swept: int


def _append(con: duckdb.DuckDBPyConnection, files: CheckedFiles) -> None:
    """Read appended commits into the schema `tail` of memory, which is replaced."""
    con.execute("DROP SCHEMA IF EXISTS memory.tail CASCADE; CREATE SCHEMA memory.tail")
    view_of_log(con, files)
    con.execute(
        "CREATE TABLE tail.appended AS SELECT * EXCLUDE (fact_hash) FROM incoming; DROP VIEW incoming"
    )
    with making_in(con, "memory.tail"):
        fill_commits(con, files.commits, "tail.appended")


def _resolve(con: duckdb.DuckDBPyConnection, base: str, bounds: str, rows: RowStore | None) -> Tail:
    """Make the tables of what was appended to `base`, the beliefs in the segments of the query `bounds`."""
    con.execute(f"CREATE VIEW tail.known_facts AS FROM {base}.store.facts")
    con.execute(sql_object("tail/touched"))
    [(count,)] = con.execute("SELECT count(*) FROM tail.appended").fetchall()
    [(touched, again)] = con.execute(
        "SELECT count(*), count(*) FILTER (cut = TIMESTAMP '-infinity') FROM tail.touched"
    ).fetchall()
    source = "tail.appended"
    if again:
        con.execute("CREATE TABLE tail.incoming AS FROM tail.appended")
        _add_known(con, base, rows)
        source = "tail.incoming"
    view_incoming(con, source)
    con.execute(f"CREATE VIEW tail.bounds AS {bounds}")
    with making_in(con, "memory.tail"):
        make_tables(con)
        resolve_entangled(con, "incoming")
        con.execute(sql_object("tables/segment_rows"))
    con.execute("DROP VIEW incoming")
    [(swept,)] = con.execute(
        "SELECT count(*) FROM tail.event_rows SEMI JOIN (FROM tail.facts WHERE NOT plain) USING (fact_hash)"
    ).fetchall()
    return Tail(count, touched, again, swept)


def _add_known(con: duckdb.DuckDBPyConnection, base: str, rows: RowStore | None) -> None:
    """Add the events known before of the facts that are resolved again to `tail.incoming`."""
    names = ", ".join(LOG_COLUMNS)
    con.execute(
        "CREATE TABLE tail.again AS "
        "SELECT fact_hash, fact FROM tail.touched WHERE cut = TIMESTAMP '-infinity'"
    )
    if rows is not None and _add_from(con, rows):
        return
    con.execute(
        f"INSERT INTO tail.incoming SELECT {names} FROM {base}.store.events "
        "SEMI JOIN tail.again USING (fact_hash)"
    )


def _add_from(con: duckdb.DuckDBPyConnection, store: RowStore) -> bool:
    """Do the same from a row store, which is quicker for a few facts; return whether it could."""
    facts = con.execute(f"FROM tail.again LIMIT {_ONE_BY_ONE + 1}").fetchall()
    if len(facts) > _ONE_BY_ONE:
        return False
    known: list[dict[str, object]] = []
    try:
        for number, fact in facts:
            lines = store.lines(fact, number, _KNOWN_AT_MOST)
            if lines is None:
                return False
            known += [store.row(line) | fact_parts(fact) for line in lines]
    except Damaged:
        return False
    columns = {name: [row[name] for row in known] for name in LOG_COLUMNS}
    filled = [name for name, values in columns.items() if any(value is not None for value in values)]
    if filled:
        given = (f"unnest(${nth}::{SQL_TYPES[LOG_COLUMNS[name]]}[])" for nth, name in enumerate(filled, 1))
        con.execute(
            f"INSERT INTO tail.incoming ({', '.join(filled)}) SELECT {', '.join(given)}",
            [columns[name] for name in filled],
        )
    return True


def load_tail(con: duckdb.DuckDBPyConnection, files: CheckedFiles) -> Appended:
    """Read the commits that follow the attached `generation`; returns how much they are.

    Their events are in `tail.appended` then, and all commits in `store`. The rest is left to `show_tail`,
    which does not read the log.
    """
    con.execute("DROP SCHEMA IF EXISTS memory.store CASCADE; CREATE SCHEMA memory.store")
    _append(con, files)
    con.execute("CREATE VIEW store.commits AS FROM generation.store.commits UNION ALL FROM tail.commits")
    size = " + ".join(f"coalesce(sum(strlen({name})), 0)" for name in _LONG)
    [(count, size, entangling)] = con.execute(
        f"SELECT count(*), ({size})::BIGINT, count(*) FILTER (event_type IN ('corrected', 'retracted') "
        "OR valid_from IS NOT NULL OR valid_to IS NOT NULL) FROM tail.appended"
    ).fetchall()
    return Appended(count, size, entangling)


def show_tail(con: duckdb.DuckDBPyConnection, rows: RowStore | None = None) -> Tail:
    """Create views in schema `store` that combine the attached `generation` with the appended events.

    `rows` is the row store of the generation, if there is one.
    """
    tail = _resolve(con, "generation", _ONE_SEGMENT, rows)
    for name in ("tail/event_rows", "tables/events", "tail/segment_rows", "tables/segments"):
        con.execute(sql_object(name))
    key = {"swept": "fact_hash", "facts": "fact_hash"}
    for name in _BY_FACT:
        con.execute(
            f"CREATE VIEW store.{name} AS FROM generation.store.{name} "
            f"ANTI JOIN tail.touched USING ({key.get(name, 'fact')}) UNION ALL FROM tail.{name}"
        )
    con.execute(
        "CREATE VIEW store.keys AS FROM generation.store.keys "
        "UNION ALL FROM tail.keys SEMI JOIN tail.appended USING (position)"
    )
    con.execute("CREATE VIEW store.statuses AS FROM tail.statuses")
    con.execute("CREATE VIEW store.bounds AS FROM generation.store.bounds")
    return tail


def apply_tail(con: duckdb.DuckDBPyConnection, files: CheckedFiles, rows: Path) -> tuple[int, int]:
    """Apply the commits that follow to the attached `built`; returns its last commit and position.

    Rows keep their places; new ones come in behind, in an order of their own. `rows` is a copy of the row
    store; where the events cannot be put into that, it is written as a new one.
    """
    _append(con, files)
    tail = _resolve(con, "built", "FROM built.store.bounds", None)
    again = "(SELECT DISTINCT fact_hash FROM tail.touched WHERE cut = TIMESTAMP '-infinity') AS c"
    going_on = "(SELECT fact_hash, cut FROM tail.touched WHERE cut > TIMESTAMP '-infinity') AS c"
    con.execute("BEGIN")
    con.execute(
        "UPDATE built.store.event_rows AS e "
        "SET believed_until = CASE WHEN e.reported_at < c.cut THEN c.cut END "
        f"FROM {going_on} WHERE e.fact_hash = c.fact_hash AND e.believed_until > c.cut"
    )
    con.execute(
        f"DELETE FROM built.store.segment_rows AS s USING {going_on} WHERE s.fact_hash = c.fact_hash "
        "AND (s.believed_from >= c.cut OR s.segment_from >= c.cut)"
    )
    con.execute(
        f"UPDATE built.store.segment_rows AS s SET believed_until = c.cut FROM {going_on} "
        "WHERE s.fact_hash = c.fact_hash AND s.believed_until > c.cut"
    )
    if tail.again:
        con.execute(
            "UPDATE built.store.event_rows AS e SET believed_until = t.believed_until "
            "FROM tail.event_rows AS t WHERE e.fact_hash = t.fact_hash AND e.position = t.position "
            "AND e.believed_until IS DISTINCT FROM t.believed_until"
        )
        con.execute(
            f"DELETE FROM built.store.segment_rows AS s USING {again} WHERE s.fact_hash = c.fact_hash"
        )
    con.execute(
        "INSERT INTO built.store.event_rows BY NAME FROM tail.event_rows "
        "SEMI JOIN tail.appended USING (position) ORDER BY fact_hash NULLS FIRST, reported_at, position"
    )
    con.execute(
        "INSERT INTO built.store.segment_rows BY NAME FROM tail.segment_rows ORDER BY segment, believed_from"
    )
    for name in _BY_FACT:
        key = "fact_hash" if name in ("facts", "swept") else "fact"
        con.execute(f"DELETE FROM built.store.{name} AS s USING tail.touched AS c WHERE s.{key} = c.{key}")
        con.execute(f"INSERT INTO built.store.{name} BY NAME FROM tail.{name}")
    con.execute(
        "INSERT INTO built.store.keys BY NAME FROM tail.keys SEMI JOIN tail.appended USING (position)"
    )
    con.execute("INSERT INTO built.store.commits FROM tail.commits")
    [(number, position)] = con.execute(
        "SELECT number, first_position + count - 1 FROM tail.commits ORDER BY number DESC LIMIT 1"
    ).fetchall()
    con.execute(
        'UPDATE built.store.meta SET "commit" = $1, position = $2, '
        "digest = (SELECT digest FROM tail.commits WHERE number = $1)",
        [number, position],
    )
    con.execute("COMMIT")
    upto = UpTo(int(number), int(position), files.commits[-1].digest)
    if not grow(con, rows, upto, "tail.appended"):
        write(con, rows, upto, "built.store.events", is_sorted=False)
    con.execute("DROP SCHEMA memory.tail CASCADE")
    return int(number), int(position)
