"""What a run is given, event by event: the last thousands as they are, those before them in a file.

Of very many, a database finds out which the store has others of, or which are given twice, as it does for
a table that is taken as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Final

import duckdb
import pyarrow as pa

from timeline.errors import Place
from timeline.index.catalog import sql_object
from timeline.intake.beside import (
    AMENDMENTS_AT_MOST,
    SAID_OF_AT_MOST,
    Beside,
    Given,
    and_more,
    and_more_twice,
    twice,
)
from timeline.intake.spool import Items
from timeline.intake.taken import IN_MEMORY, Row, Taken, packed, unpacked
from timeline.log.spill import connect, spilling

__all__ = ["REPEATED_AT_MOST", "Run", "fetch_beside"]

#: Of the events of a few topics, so many are looked at.
_MANY: Final = 2_000
#: So many topics are looked at, for as many as are to be named; the others are counted.
_TOPICS_AT_MOST: Final = 200
#: Of reports that a run has twice, so many are named; the rest are counted.
REPEATED_AT_MOST: Final = 5_000
_COMPETING: Final = ("reported", "withdrawn")


def fetch_beside(con: duckdb.DuckDBPyConnection, store: duckdb.DuckDBPyConnection) -> None:
    """Make the table `beside` of the store's events that are of a topic in `seen` or `again`."""
    topics = con.sql(
        "SELECT DISTINCT topic FROM (FROM seen UNION ALL FROM again) WHERE topic IS NOT NULL"
    ).to_arrow_table()
    store.register("asked", topics)
    found = store.sql(
        "SELECT hash(source, fact, reported) AS topic, hash(event_id) AS id, position, event_type "
        "FROM store.events WHERE event_type IN ('reported', 'withdrawn') "
        "AND hash(source, fact, reported) IN (SELECT topic FROM asked)"
    ).to_arrow_table()
    store.unregister("asked")
    con.register("values_kept", found)
    con.execute("CREATE OR REPLACE TEMP TABLE beside AS FROM values_kept")
    con.unregister("values_kept")


@dataclass(slots=True)
class _Given:
    """An event that was given, and its number among those taken where it is new."""

    place: Place
    row: Row
    number: int | None


class Run:
    """The events of one run in the order in which they are given; close it after use.

    `store` shows the state of the store on which `taken` goes on.
    """

    def __init__(
        self,
        taken: Taken,
        store: duckdb.DuckDBPyConnection,
        within: Path | None,
        in_memory: int = IN_MEMORY,
    ) -> None:
        self._taken = taken
        self._store = store
        self._within = within or Path(gettempdir())
        self._in_memory = in_memory
        self._closing = ExitStack()
        self._begin()

    def _begin(self) -> None:
        self._given: list[_Given] = []
        self._amendments: list[Given] = []
        self._items = Items()
        self._con: duckdb.DuckDBPyConnection | None = None
        self._first = len(self._taken)

    def begin(self) -> None:
        """Begin another run: what was given before is let go."""
        self.close()
        self._begin()

    def close(self) -> None:
        self._closing.close()

    def add(self, place: Place, row: Row, number: int | None) -> None:
        """Add an event that was given; `number` is its own among those taken, None of a known one."""
        self._given.append(_Given(place, row, number))
        is_amendment = row["event_type"] in ("corrected", "retracted")
        if is_amendment and number is not None and len(self._amendments) < AMENDMENTS_AT_MOST:
            self._amendments.append(Given(place, row, False))

    def spill(self) -> None:
        """Write what was given to a file where that is much."""
        if len(self._given) > self._in_memory or (self._con is not None and self._given):
            self._write()

    def _write(self) -> None:
        if self._con is None:
            spill = self._closing.enter_context(spilling(self._within))
            self._con = self._closing.enter_context(connect(spill=spill))
            for name in ("seen", "again", "withdrawn"):
                self._con.execute(f"CREATE TEMP TABLE {name} (row BIGINT, id UBIGINT, topic UBIGINT)")
        given = self._given
        first = len(self._items)
        for one in given:
            place = (one.place.file, one.place.line, one.place.column, one.place.row)
            self._items.add((*place, one.number, packed(one.row) if one.number is None else None))
        columns = {
            name: pa.array([one.row.get(name) for one in given], pa.string())
            for name in ("event_id", "event_type", "source", "fact", "reported")
        }
        rows = pa.array(range(first, first + len(given)), pa.int64())
        is_known = pa.array([one.number is None for one in given])
        self._con.register("given", pa.table({**columns, "row": rows, "is_known": is_known}))
        kinds = {
            "seen": ("reported", "NOT is_known"),
            "again": ("reported", "is_known"),
            "withdrawn": ("withdrawn", "event_type = 'withdrawn'"),
        }
        for name, (event_type, condition) in kinds.items():
            self._con.execute(
                f"INSERT INTO {name} SELECT row, hash(event_id), if(event_type = '{event_type}', "
                f"hash(source, fact, reported), NULL) FROM given WHERE {condition}"
            )
        self._con.unregister("given")
        given.clear()

    def warnings(self, beside: Callable[[Taken], Beside], start: int) -> Iterator[str]:
        """Yield what is to be said of the events of the run; `start` is the last position before it."""
        if self._con is None:
            yield from beside(self._taken).warnings(
                [Given(one.place, one.row, one.number is None) for one in self._given], start
            )
            return
        self._write()
        yield from self._repeated(self._con)
        yield from self._others(self._con, beside, start)
        yield from beside(self._taken).of_amendments(self._amendments)
        # So that its database takes no memory while the events are recorded.
        self.begin()

    def _repeated(self, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
        [(topics, reports)] = con.execute("SELECT count(DISTINCT topic), count(topic) FROM seen").fetchall()
        if topics == reports:
            return
        again = con.execute(
            "SELECT row FROM (SELECT row, row > min(row) OVER (PARTITION BY topic) AS is_later FROM seen "
            f"WHERE topic IS NOT NULL) WHERE is_later ORDER BY row LIMIT {REPEATED_AT_MOST}"
        ).fetchall()
        for one in self._read([row for (row,) in again]):
            yield twice(one.row["source"], one.row["fact"], one.row["reported"])
        if (more := reports - topics - len(again)) > 0:
            yield and_more_twice(more)

    def _others(
        self, con: duckdb.DuckDBPyConnection, beside: Callable[[Taken], Beside], start: int
    ) -> Iterator[str]:
        """Yield what is to be said of reports of which the store has others, of the first topics."""
        fetch_beside(con, self._store)
        self._add_earlier(con)
        if con.execute("SELECT EXISTS (FROM beside) OR EXISTS (FROM again)").fetchall() == [(False,)]:
            # The query below would find none, and takes memory for each event.
            return
        # In the order of what was given first of each, a withdrawal too.
        topics = con.execute(
            f"SELECT topic, least(row, first) FROM ({sql_object('intake/beside')}) "
            "LEFT JOIN (SELECT topic, min(row) AS first FROM withdrawn GROUP BY topic) USING (topic) "
            "ORDER BY 2"
        ).fetchall()
        said = at = 0
        while said < SAID_OF_AT_MOST and at < min(len(topics), _TOPICS_AT_MOST):
            chosen = [topic for topic, _ in topics[at : at + SAID_OF_AT_MOST - said]]
            at += len(chosen)
            for found in self._of_topics(con, chosen, beside, start):
                said += 1
                yield from found
        if more := len(topics) - at:
            yield and_more(more)

    def _of_topics(
        self,
        con: duckdb.DuckDBPyConnection,
        topics: Sequence[int],
        beside: Callable[[Taken], Beside],
        start: int,
    ) -> Iterator[list[str]]:
        rows = con.execute(
            "SELECT row FROM (FROM seen UNION ALL FROM again UNION ALL FROM withdrawn) "
            f"WHERE topic IN ({', '.join(map(str, topics))}) ORDER BY row LIMIT {_MANY}"
        ).fetchall()
        given = self._read([row for (row,) in rows])
        taken = self._taken
        if any(taken.of_fact(one.row["fact"], _MANY) is None for one in given):
            # Of a fact that has very many events those count that are looked at.
            taken = Taken()
            for one in given:
                if not one.is_known:
                    taken.add(one.row)
        return beside(taken).others(given, start)

    def _add_earlier(self, con: duckdb.DuckDBPyConnection) -> None:
        """Add to `beside` what was taken before this run, which `store` does not show."""
        earlier = [row for row in self._taken.between(0, self._first) if row["event_type"] in _COMPETING]
        if not earlier:
            return
        names = ("event_id", "event_type", "source", "fact", "reported")
        columns = {name: pa.array([row.get(name) for row in earlier], pa.string()) for name in names}
        positions = pa.array([row["position"] for row in earlier], pa.int64())
        con.register("earlier", pa.table({**columns, "position": positions}))
        con.execute(
            "INSERT INTO beside BY NAME SELECT topic, id, position, event_type FROM (SELECT "
            "hash(source, fact, reported) AS topic, hash(event_id) AS id, position, event_type FROM earlier) "
            "WHERE topic IN (SELECT topic FROM seen UNION ALL SELECT topic FROM again)"
        )
        con.unregister("earlier")

    def _read(self, rows: Sequence[int]) -> list[Given]:
        """Return events that were given, in order, from the file."""
        found = []
        for at in rows:
            file, line, column, row, number, values = self._items[at]
            event = unpacked(values) if number is None else next(self._taken.between(number, number + 1))
            found.append(Given(Place(file, line, column, row), event, number is None))
        return found
