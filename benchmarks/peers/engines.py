"""What people use instead, over the same reports: DuckDB, polars, and the limit.

Each answers `SELECT count(*), sum(amount)` over everything believed as of a date (`total`, which is
timed) and returns the rows behind it (`rows`, which are compared with Timeline's first). What they are
spared: in these data a report that withdraws has no amount, so that no peer has to read the type of a
report, and no two reports of a fact are of one instant, so that none has to break ties. Corrections,
retractions, valid times and recorded time are beyond these queries; the data of this comparison hold
none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import duckdb
import polars as pl
import pyarrow as pa

from benchmarks.harness.measure import Differs
from benchmarks.harness.stores import Run, Shape, literal
from timeline import Timeline

Total = tuple[int, Decimal | None]


class Peer(Protocol):
    """Something that can say what was believed as of a date."""

    name: str

    def total(self, as_of: datetime) -> Total:
        """Return how many beliefs there are, and the sum of their amounts."""
        ...

    def rows(self, as_of: datetime) -> pa.Table:
        """Return the beliefs: fact, amount, and where the peer knows it reported_at."""
        ...


class Ours:
    """Timeline, through a connection that stays open."""

    name = "timeline"

    def __init__(self, tl: Timeline) -> None:
        self.con = tl.connect()

    def total(self, as_of: datetime) -> Total:
        return _total(self.con, f"SELECT count(*), sum(amount) FROM beliefs_as_of({literal(as_of)})")

    def rows(self, as_of: datetime) -> pa.Table:
        wanted = "fact, amount, reported_at"
        return _arrow(self.con.sql(f"SELECT {wanted} FROM beliefs_as_of({literal(as_of)})"))

    def everything(self, as_of: datetime) -> pa.Table:
        """Return all columns of all beliefs."""
        return _arrow(self.con.sql(f"FROM beliefs_as_of({literal(as_of)})"))


class Limit:
    """A DuckDB file with a table that holds just Timeline's answer: nothing that reads it can be faster."""

    name = "the limit"

    def __init__(self, file: Path) -> None:
        self.con = duckdb.connect(str(file), read_only=True)

    def total(self, as_of: datetime) -> Total:
        return _total(self.con, "SELECT count(*), sum(amount) FROM answer")

    def rows(self, as_of: datetime) -> pa.Table:
        return _arrow(self.con.sql("SELECT fact, amount, reported_at FROM answer"))

    def everything(self, as_of: datetime) -> pa.Table:
        return _arrow(self.con.sql("FROM answer"))


@contextmanager
def limit(ours: Ours, as_of: datetime, file: Path) -> Iterator[Limit]:
    """Yield the limit of one date, in a new file, closed at the end of the block."""
    answer = ours.con.sql(f"FROM beliefs_as_of({literal(as_of)})").to_arrow_reader(100_000)
    with duckdb.connect(str(file)) as con:
        con.register("streamed", answer)
        con.execute("CREATE TABLE answer AS FROM streamed")
    reading = Limit(file)
    try:
        yield reading
    finally:
        reading.con.close()


class DuckDB:
    """A query of DuckDB's over the reports: the Parquet file itself, or a table loaded from it."""

    def __init__(self, name: str, con: duckdb.DuckDBPyConnection, latest: str) -> None:
        self.name = name
        self._con = con
        self._latest = latest

    def total(self, as_of: datetime) -> Total:
        return _total(self._con, f"SELECT count(amount), sum(amount) FROM ({self._query('amount', as_of)})")

    def rows(self, as_of: datetime) -> pa.Table:
        every = "fact, amount, reported AS reported_at"
        return _arrow(self._con.sql(f"FROM ({self._query(every, as_of)}) WHERE amount IS NOT NULL"))

    def _query(self, columns: str, as_of: datetime) -> str:
        return self._latest.format(columns=columns, as_of=literal(as_of))


#: The last amount of each fact; `arg_max` itself would pass over the NULLs that withdrawals have.
_ARG_MAX = """
    SELECT {columns} FROM (
        SELECT fact, arg_max_null(amount, reported) AS amount, max(reported) AS reported
        FROM reports WHERE reported <= {as_of} GROUP BY fact
    )
"""
_QUALIFY = """
    SELECT {columns} FROM reports WHERE reported <= {as_of}
    QUALIFY row_number() OVER (PARTITION BY fact ORDER BY reported DESC) = 1
"""


class Polars:
    """A query of polars' over the Parquet file."""

    def __init__(self, name: str, reports: Path, latest: Callable[[pl.LazyFrame], pl.LazyFrame]) -> None:
        self.name = name
        self._reports = reports
        self._latest = latest

    def total(self, as_of: datetime) -> Total:
        counted = self._beliefs(as_of).select(pl.len(), pl.col("amount").sum()).collect()
        count, amount = counted.row(0)
        return count, amount

    def rows(self, as_of: datetime) -> pa.Table:
        return self._beliefs(as_of).rename({"reported": "reported_at"}).collect().to_arrow()

    def _beliefs(self, as_of: datetime) -> pl.LazyFrame:
        scan = pl.scan_parquet(self._reports).filter(pl.col("reported") <= as_of)
        return self._latest(scan.select("fact", "amount", "reported")).filter(pl.col("amount").is_not_null())


def _by_group(reports: pl.LazyFrame) -> pl.LazyFrame:
    return reports.group_by("fact").agg(pl.col("amount").max_by("reported"), pl.col("reported").max())


def _by_unique(reports: pl.LazyFrame) -> pl.LazyFrame:
    return reports.sort("reported").unique(subset="fact", keep="last")


def duckdb_peers(run: Run, shape: Shape | None = None) -> list[Peer]:
    """Return DuckDB over the raw Parquet, by both usual queries, and over a table, by the better one."""
    raw, loaded = run.in_memory(), duckdb.connect(str(run.table(shape)), read_only=True)
    # Otherwise an instant without a zone would be read in the zone of this machine.
    raw.execute("SET TimeZone = 'UTC'")
    raw.execute(f"CREATE VIEW reports AS FROM '{run.reports(shape)}'")
    return [
        DuckDB("duckdb arg_max", raw, _ARG_MAX),
        DuckDB("duckdb QUALIFY", raw, _QUALIFY),
        DuckDB("duckdb arg_max, loaded", loaded, _ARG_MAX),
    ]


def polars_peers(run: Run) -> list[Peer]:
    """Return polars over the raw Parquet, by both of the usual queries."""
    return [
        Polars("polars group_by", run.reports(), _by_group),
        Polars("polars unique", run.reports(), _by_unique),
    ]


def _arrow(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    table: pa.Table = relation.to_arrow_table()
    return table


def _total(con: duckdb.DuckDBPyConnection, query: str) -> Total:
    [(count, amount)] = con.execute(query).fetchall()
    return count, amount


# Comparing


def compare(what: str, peer: str, ours: Any, theirs: Any) -> int:
    """Compare two answers, row for row in any order, and return how many rows they have.

    Both are objects that DuckDB can read: Arrow tables or polars frames with the columns fact, amount and
    reported_at, the last of which is compared where both have it. Raises Differs, which names a row.
    """
    with duckdb.connect() as con:
        con.register("ours", ours)
        con.register("theirs", theirs)
        columns = [
            f"{_COMPARED[name]} AS {name}"
            for name in _COMPARED
            if name in _columns(con, "ours") and name in _columns(con, "theirs")
        ]
        selected = ", ".join(columns)
        con.execute(
            f"CREATE TABLE a AS SELECT {selected} FROM ours; CREATE TABLE b AS SELECT {selected} FROM theirs"
        )
        [(count, counted)] = con.execute(
            "SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)"
        ).fetchall()
        only_ours = con.execute("FROM a EXCEPT ALL FROM b LIMIT 1").fetchone()
        only_theirs = con.execute("FROM b EXCEPT ALL FROM a LIMIT 1").fetchone()
    if only_ours or only_theirs:
        raise Differs(
            f"{what}: timeline has {count:,} rows, {peer} has {counted:,}; "
            f"only in timeline: {only_ours}; only in {peer}: {only_theirs}"
        )
    return int(count)


#: How each column is compared: one type on both sides, instants in UTC.
_COMPARED = {
    "nth": "nth::BIGINT",
    "fact": "fact",
    "amount": "amount::DECIMAL(38, 9)",
    "reported_at": "epoch_us(reported_at)",
    "amount_from": "amount_from::DECIMAL(38, 9)",
    "amount_to": "amount_to::DECIMAL(38, 9)",
}


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    return {row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()}
