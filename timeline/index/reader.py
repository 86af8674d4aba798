"""Readers: one consistent view of the store, a generation and what was appended since."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb

from timeline.index.catalog import COSTLY_VIEWS, VIEWS, sql_object
from timeline.index.generation import Held, with_room
from timeline.index.rows import RowStore
from timeline.index.tail import Appended, Tail, show_tail
from timeline.log.paths import quoted
from timeline.log.spill import Spill

__all__ = [
    "ATTACHED_PATH",
    "TAIL_AT_MOST",
    "TAIL_PATH",
    "TAIL_SHARE",
    "Attach",
    "Reader",
    "attach_generation",
    "counts_of",
]

#: A tail with more events than this, and than a hundredth of the store, is worth a new generation.
TAIL_AT_MOST: Final = 2_000
TAIL_SHARE: Final = 100

ATTACHED_PATH: Final = "SET search_path = 'generation.main'"
TAIL_PATH: Final = "SET search_path = 'memory.main,generation.main,generation.rules'"


#: Attaches a generation, read-only, as `generation`.
Attach = Callable[[duckdb.DuckDBPyConnection, Path], None]


def attach_generation(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach the file of a generation, in a plain folder, read-only as `generation`."""
    con.execute(f"ATTACH {quoted(path)} AS generation (READ_ONLY)")


class Reader:
    """One consistent view of the store: everything up to one commit, whatever is appended meanwhile.

    `commit` and `position` are the last that it shows, 0 of an empty log. `tail_events` are not in the
    generation yet; they are resolved when something is asked that needs it. `rows` is the row store of the
    generation, if there is one that can be used. Threads of one's own need cursors of their own.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        generation: Path | None,
        appended: Appended | None = None,
        rows: RowStore | None = None,
        *,
        apart: bool = False,
        held: Held | None = None,
        spill: Spill | None = None,
    ) -> None:
        self.con = con
        #: What keeps the folder for what does not fit into memory.
        self.spill = spill
        #: What keeps the file of the generation readable.
        self.held = held
        #: What finds the SQL surface where it is in no file that was opened, for every connection.
        self.search_path = ATTACHED_PATH if apart and generation else None
        self.generation = generation
        self.appended = Appended() if appended is None else appended
        self.tail_events = tail_events = self.appended.events
        #: What is done once where the tail took so much work that another generation pays.
        self.relieve: Callable[[], object] | None = None
        self._tail: Tail | None = None
        self.rows = rows
        self._views = threading.Lock()
        self._asking = threading.Lock()
        self._asked: duckdb.DuckDBPyConnection | None = None
        self._prepared: set[str] = set()
        self._touched: frozenset[int] | None = None
        #: Public views that are still to be created: over a tail, or in memory without those that take long.
        self._missing: set[str] = set()
        if tail_events:
            self._missing.update(VIEWS)
        if tail_events or generation is None:
            self._missing.update(COSTLY_VIEWS)
        last = con.execute(
            "SELECT number, first_position + count - 1, epoch_us(recorded_at), digest FROM store.commits "
            "ORDER BY number DESC LIMIT 1"
        ).fetchall()
        self.commit: int
        self.position: int
        self.commit, self.position, self.recorded_at, self.digest = last[0] if last else (0, 0, 0, None)

    @property
    def tail(self) -> Tail | None:
        """What is not in the generation yet, resolved; None where there is nothing."""
        if self.tail_events and self._tail is None:
            with self._views:
                if self._tail is None:
                    with contextlib.closing(self.con.cursor()) as con:
                        self._tail = with_room(con, partial(_whole_tail, con, self.rows))
            if self._tail.swept > max(TAIL_AT_MOST, self.position // TAIL_SHARE):
                relieve, self.relieve = self.relieve, None
                if relieve is not None:
                    relieve()
        return self._tail

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection for questions of the package: see `COSTLY_VIEWS` for what it may be without."""
        return self._with(VIEWS)

    def surface(self) -> duckdb.DuckDBPyConnection:
        """Return a connection with every object of the SQL surface in it."""
        return self._with((*VIEWS, *COSTLY_VIEWS))

    def _with(self, views: Sequence[str]) -> duckdb.DuckDBPyConnection:
        cursor = self.quick()
        if not self._missing.isdisjoint(views):
            with self._views:
                for name in views:
                    if name in self._missing:
                        cursor.execute(sql_object(name))
                        self._missing.discard(name)
        return cursor

    def quick(self) -> duckdb.DuckDBPyConnection:
        """Return a connection for the tables in `store` and the macros.

        Over a tail the views may be missing.
        """
        return self._over(self.tail)

    def _over(self, tail: object) -> duckdb.DuckDBPyConnection:
        cursor = self.con.cursor()
        if path := TAIL_PATH if tail else self.search_path:
            cursor.execute(path)
        return cursor

    def prepared(self, name: str, sql: str, *arguments: str) -> list[tuple[Any, ...]]:
        """Return the rows of a small answer to a statement that is planned once.

        `arguments` are literals of SQL.

        It may name `store.commits`, `tail.appended`, what `relation` returns, and no other tables.
        """
        with self._asking:
            if self._asked is None:
                self._asked = self._over(self.tail_events)
            if name not in self._prepared:
                self._asked.execute(f"PREPARE {name} AS {sql}")
                self._prepared.add(name)
            return self._asked.execute(f"EXECUTE {name}({', '.join(arguments)})").fetchall()

    def relation(self, table: str, number: int) -> str:
        """Return where to look for a fact of this hash: past the tail, if that does not touch it."""
        if self.tail_events and not self.tail_touches(number):
            return f"generation.store.{table}"
        return f"store.{table}" if self.tail is None else f"memory.store.{table}"

    def tail_touches(self, number: int) -> bool:
        """Return whether the tail may have events of a fact of this hash, in `tail.appended`."""
        if not self.tail_events:
            return False
        with self._asking:
            if self._touched is None:
                rows = self.con.cursor().execute(
                    "SELECT DISTINCT md5_number_lower(fact) FROM tail.appended WHERE fact IS NOT NULL"
                )
                self._touched = frozenset(touched for (touched,) in rows.fetchall())
        return number in self._touched

    def leave_rows(self) -> None:
        """Go on without the row store, which is damaged."""
        rows, self.rows = self.rows, None
        if rows is not None:
            rows.close()

    def close(self) -> None:
        self.con.close()
        if self.rows is not None:
            self.rows.close()


def counts_of(reader: Reader) -> dict[str, Any]:
    """Return counts of what a reader shows, and of the generation that it opened: see `Timeline.stats`."""
    with contextlib.closing(reader.cursor()) as con:
        [(facts,)] = con.execute("SELECT count(*) FROM store.facts").fetchall()
        [(beliefs,)] = con.execute(
            "SELECT count(*) FROM store.segments WHERE believed_until = TIMESTAMP 'infinity' "
            "AND segment_until = TIMESTAMP 'infinity'"
        ).fetchall()
        sizes = [
            size
            for (size,) in con.execute(
                "SELECT count(s.segment) AS size FROM store.bounds AS b "
                "LEFT JOIN store.segments AS s USING (segment) GROUP BY b.segment ORDER BY size"
            ).fetchall()
        ]
    return {
        "events": reader.position,
        "facts": facts,
        "beliefs": beliefs,
        "commits": reader.commit,
        "generation": reader.generation.name if reader.generation else None,
        "segments": len(sizes),
        "segment_rows": sum(sizes),
        "segment_rows_median": sizes[len(sizes) // 2] if sizes else 0,
        "segment_rows_most": max(sizes, default=0),
        "tail_events": reader.tail_events,
        "tail_facts": reader.tail.facts if reader.tail else 0,
    }


def _whole_tail(con: duckdb.DuckDBPyConnection, rows: RowStore | None) -> Tail:
    """Resolve a tail in one transaction, so that an interrupted query can be retried."""
    con.execute("BEGIN")
    try:
        tail = show_tail(con, rows)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return tail
