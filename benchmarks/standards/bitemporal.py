"""Questions on two axes of time, asked of Timeline and of its peers: answers compared, then timed in turn.

A question is a piece of SQL for each side, out of a file `sql/WORKLOAD/SIDE.sql` whose pieces begin with a
line `-- NAME`. It is asked with several choices of its parameters, one after the other from round to round,
each round with the same choice on every side. Rows are fetched the way that is quickest with a side's own
driver: an Arrow table from DuckDB, tuples from the servers.

The peers hold bitemporal rows: what was held of a key over a span of valid time, and from when until when it
was known so. `resolved` is a DuckDB query that makes them out of reports. It is what DuckDB runs over the raw
file, and, run once before, what fills the tables of DuckDB, MariaDB and PostgreSQL that stand for a history
kept by hand.
"""

from __future__ import annotations

import argparse
import itertools
import math
import re
import tempfile
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from string import Template
from typing import Any

import duckdb
import polars as pl

from benchmarks.harness.measure import Differs, Result, duration, interleaved, results, skipped
from benchmarks.peers.servers import CHUNK, NEVER, SERVERS, MariaDB, Server
from timeline import Timeline

SQL = Path(__file__).parent / "sql"
#: How many seconds one answer may take before a side is passed over for that question.
PATIENCE = 60.0
#: How many seconds a server may take to be filled before it is left out.
LOADING = 600.0
#: What DuckDB's tables hold where a span has no beginning or no end.
NO_END = {"from": "-infinity", "to": "infinity"}

Row = tuple[Any, ...]
Choice = Mapping[str, object]


@dataclass(frozen=True)
class Question:
    """What is asked: its name, a sentence, the piece of SQL that asks it, and what its parameters may be."""

    name: str
    sentence: str
    piece: str
    choices: Sequence[Choice]


def pieces(workload: str, side: str) -> dict[str, str]:
    """Return the pieces of a file of SQL by their names; what comes before the first is for readers."""
    text = (SQL / workload / f"{side}.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- (\S+)\n", text, flags=re.MULTILINE)
    found = zip(parts[1::2], parts[2::2], strict=True)
    return {name: body.strip() for name, body in found if body.strip() and not body.startswith("--")}


def literal(value: object) -> str:
    """Return a parameter as all of these databases write it; instants are naive UTC."""
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f}'"
    if isinstance(value, date):
        return f"DATE '{value}'"
    return str(value) if isinstance(value, int | Decimal) else f"'{value}'"


# Sides


class Side(ABC):
    """A system that is asked; `name` is the name of the peer in its results."""

    name: str

    @abstractmethod
    def asker(self, question: Question, choice: Choice) -> Callable[[], Any] | None:
        """Return a call that asks and fetches all of the answer; None where this side has no way to ask."""

    @abstractmethod
    def rows(self, answer: Any) -> list[Row]:
        """Return what the call returned, as plain tuples."""

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Let a question asked within the block raise TimeoutError when it has taken so long."""
        yield


class Duck(Side):
    """SQL on a DuckDB connection: Timeline's own, the raw reports, or tables of versions."""

    def __init__(
        self,
        name: str,
        con: duckdb.DuckDBPyConnection,
        queries: Mapping[str, str],
        translate: Callable[[str], str] = str,
    ) -> None:
        self.name = name
        self.con = con
        self.queries = queries
        self.translate = translate

    def asker(self, question: Question, choice: Choice) -> Callable[[], Any] | None:
        if question.piece not in self.queries:
            return None
        sql = self.translate(filled(self.queries[question.piece], choice))
        return lambda: self.con.execute(sql).to_arrow_table()

    def rows(self, answer: Any) -> list[Row]:
        return list(zip(*(column.to_pylist() for column in answer.columns), strict=True))

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self.con.interrupt)
        timer.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise TimeoutError from error
        finally:
            timer.cancel()


class Served(Side):
    """SQL on a server."""

    def __init__(self, server: Server, queries: Mapping[str, str]) -> None:
        self.name = server.name
        self.server = server
        self.queries = queries

    def asker(self, question: Question, choice: Choice) -> Callable[[], Any] | None:
        if question.piece not in self.queries:
            return None
        sql = filled(self.queries[question.piece], choice)
        return lambda: self.server.query(sql)

    def rows(self, answer: Any) -> list[Row]:
        return list(answer)

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        self.server.limit(seconds)
        try:
            yield
        finally:
            self.server.limit(0)


class Polars(Side):
    """Functions of the parameters, over a lazy frame of the raw reports; for simple questions alone."""

    name = "polars"

    def __init__(self, functions: Mapping[str, Callable[[Choice], pl.DataFrame]]) -> None:
        self.functions = functions

    def asker(self, question: Question, choice: Choice) -> Callable[[], Any] | None:
        if question.piece not in self.functions:
            return None
        return lambda: self.functions[question.piece](choice)

    def rows(self, answer: Any) -> list[Row]:
        return list(answer.rows())


def filled(sql: str, choice: Choice) -> str:
    return Template(sql).substitute({name: literal(value) for name, value in choice.items()})


# Asking


def ask(
    workload: str,
    question: Question,
    sides: Sequence[Side],
    rounds: int,
    events: int,
    patience: float = PATIENCE,
) -> list[Result]:
    """Compare the answers of all sides with those of the first, which is Timeline's; then time them."""
    with warnings.catch_warnings():
        # A relation saves a copy of the rows but plans the query twice, which costs most queries more.
        warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
        return _ask(workload, question, sides, rounds, events, patience)


def _ask(
    workload: str, question: Question, sides: Sequence[Side], rounds: int, events: int, patience: float
) -> list[Result]:
    ours = sides[0]
    expected: dict[int, Counter[Row]] = {}
    calls: dict[str, list[Callable[[], Any]]] = {}
    left_out: list[Result] = []
    for side in sides:
        askers = [side.asker(question, choice) for choice in question.choices]
        if any(asker is None for asker in askers):
            continue
        try:
            with side.patience(patience):
                for nth, asker in enumerate(askers):
                    assert asker is not None
                    answer = Counter(plain(row) for row in side.rows(asker()))
                    if side is ours:
                        expected[nth] = answer
                    elif answer != expected[nth]:
                        raise Differs(_difference(workload, question, nth, side, expected[nth], answer))
        except TimeoutError:
            left_out.append(
                skipped(workload, question.name, side.name, events, f"more than {patience:.0f} s")
            )
            if side is ours:
                return left_out
            continue
        calls[side.name] = [asker for asker in askers if asker is not None]
    if not any(expected.values()):
        raise Differs(f"{workload} {question.name}: no row for any choice of parameters compares nothing")
    turns = {name: _in_turn(askers) for name, askers in calls.items()}
    # The comparison has warmed all sides up.
    timings = interleaved(turns, rounds=rounds, warm=False)
    return results(workload, question.name, timings, events, ours=ours.name) + left_out


def _in_turn(askers: Sequence[Callable[[], Any]]) -> Callable[[], Any]:
    turn = itertools.cycle(askers)
    return lambda: next(turn)()


def _difference(
    workload: str, question: Question, nth: int, side: Side, expected: Counter[Row], answer: Counter[Row]
) -> str:
    ours, theirs = expected - answer, answer - expected
    return (
        f"{workload} {question.name} {dict(question.choices[nth])}: {side.name} has {answer.total()} rows, "
        f"Timeline {expected.total()}; only there: {min(theirs, key=repr, default=None)}, "
        f"only here: {min(ours, key=repr, default=None)}"
    )


def plain(row: Sequence[Any]) -> Row:
    """Return a row as it compares between databases: numbers as decimals, instants naive, no end as None."""
    return tuple(_plain(value) for value in row)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return None if value.year == 2038 else value.replace(tzinfo=None)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Decimal(str(value)).normalize()
    return value


def geometric_means(
    workload: str, found: Sequence[Result], names: Sequence[str], events: int
) -> list[Result]:
    """Return the geometric mean of what each side took that answered all of the questions."""
    seconds: dict[str, list[float]] = {}
    for result in found:
        if result.seconds is not None:
            seconds.setdefault(result.peer, []).append(result.seconds)
    means = {
        peer: math.exp(math.fsum(map(math.log, took)) / len(took))
        for peer, took in seconds.items()
        if len(took) == len(names)
    }
    base = means.get("timeline")
    return [
        Result(
            workload,
            "geometric mean",
            peer,
            mean,
            ratio=None if peer == "timeline" or base is None else mean / base,
            events=events,
            note=f"of {len(names)} questions",
        )
        for peer, mean in means.items()
    ]


# Setting up


def reports_in(place: Path, write_reports: Callable[[Path, int], object], size: int) -> tuple[Path, Path]:
    """Return a folder and the file of its reports, which is written unless it is there."""
    reports = place / "reports.parquet"
    if not reports.exists():
        place.mkdir(parents=True, exist_ok=True)
        write_reports(reports, size)
    return place, reports


def _slots(reports: str, key: str, only: str) -> str:
    """Return the beginning of a query: the reports that count, and the spans between their ends, by key."""
    return f"""WITH counted AS (
            SELECT
                * REPLACE (
                    coalesce(valid_from, '-infinity') AS valid_from,
                    coalesce(valid_to, 'infinity') AS valid_to
                )
            FROM {reports}
            WHERE {only}
        ),
        marks AS (SELECT {key}, valid_from AS mark FROM counted UNION SELECT {key}, valid_to FROM counted),
        slots AS (
            SELECT *, lead(mark) OVER (PARTITION BY {key} ORDER BY mark) AS ends
            FROM marks
            QUALIFY ends IS NOT NULL
        )"""


def resolved(reports: str, keys: Sequence[str], value: str, only: str = "true") -> str:
    """Return a query that makes bitemporal rows of reports: the keys, `value`, and the ends of two spans.

    `reports` names a table with n, type, valid_from, valid_to and reported beside them; `only` says which of
    its reports count. Of a key's reports whose valid time covers an instant, the one reported last is known,
    of several the one with the greatest n; a withdrawal is known as nothing. A row lasts while exactly its
    valid time is held: it is closed, and what is left begins again, when a part goes to another report.
    """
    key = ", ".join(keys)
    return f"""
        {_slots(reports, key, only)},
        won AS (
            SELECT
                {key}, n, type, mark, ends, reported,
                coalesce(
                    lead(reported) OVER (PARTITION BY {key}, mark ORDER BY reported, n), 'infinity'
                ) AS until
            FROM slots
            JOIN counted USING ({key})
            WHERE valid_from <= mark AND mark < valid_to
        ),
        held AS (FROM won WHERE type = 'reported' AND reported < until),
        phases AS (
            SELECT n, since, lead(since) OVER (PARTITION BY n ORDER BY since) AS till
            FROM (SELECT n, reported AS since FROM held UNION SELECT n, until FROM held)
            QUALIFY till IS NOT NULL
        ),
        runs AS (
            SELECT
                n, since, till, mark, ends,
                mark IS DISTINCT FROM lag(ends) OVER (PARTITION BY n, since ORDER BY mark) AS begins
            FROM held
            JOIN phases USING (n)
            WHERE since < until
        ),
        numbered AS (
            SELECT *, count(*) FILTER (begins) OVER (PARTITION BY n, since ORDER BY mark) AS island FROM runs
        ),
        islands AS (
            SELECT n, since, till, min(mark) AS valid_from, max(ends) AS valid_to
            FROM numbered
            GROUP BY n, since, till, island
        )
        SELECT
            {key}, {value}, islands.valid_from, islands.valid_to,
            min(since) AS known_from, max(till) AS known_to
        FROM islands
        JOIN counted USING (n)
        GROUP BY {key}, {value}, n, islands.valid_from, islands.valid_to
    """


def resolved_as_of(reports: str, keys: Sequence[str], value: str, known: str) -> str:
    """Return a DuckDB query for what was known at one instant, as `resolved` has it without when that was."""
    key = ", ".join(keys)
    return f"""
        {_slots(reports, key, "reported <= " + known)},
        held AS (
            SELECT {key}, mark, ends, max_by({{'n': n, 'type': type}}, (reported, n)) AS winner
            FROM slots
            JOIN counted USING ({key})
            WHERE valid_from <= mark AND mark < valid_to
            GROUP BY {key}, mark, ends
        ),
        runs AS (
            SELECT
                *,
                winner.n IS DISTINCT FROM lag(winner.n) OVER (PARTITION BY {key} ORDER BY mark)
                    OR mark IS DISTINCT FROM lag(ends) OVER (PARTITION BY {key} ORDER BY mark) AS begins
            FROM held
        ),
        numbered AS (
            SELECT *, count(*) FILTER (begins) OVER (PARTITION BY {key} ORDER BY mark) AS island FROM runs
        ),
        islands AS (
            SELECT winner.n AS n, min(mark) AS valid_from, max(ends) AS valid_to
            FROM numbered
            WHERE winner.type = 'reported'
            GROUP BY {key}, winner.n, island
        )
        SELECT {key}, {value}, islands.valid_from, islands.valid_to
        FROM islands
        JOIN counted USING (n)
    """


def raw_reports(con: duckdb.DuckDBPyConnection, reports: Path) -> None:
    """Make a view `reports` over the Parquet file: its columns, n for the order of rows, instants in UTC."""
    con.execute(
        f"""
        CREATE OR REPLACE VIEW reports AS
        SELECT
            file_row_number AS n,
            * EXCLUDE (file_row_number) REPLACE (
                valid_from AT TIME ZONE 'UTC' AS valid_from,
                valid_to AT TIME ZONE 'UTC' AS valid_to,
                reported AT TIME ZONE 'UTC' AS reported
            )
        FROM read_parquet('{reports}', file_row_number = true)
        """
    )


@contextmanager
def tables(
    con: duckdb.DuckDBPyConnection, path: Path, names: Sequence[str]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a DuckDB file with tables of what these views hold; make it where it is not there yet."""
    if not path.exists():
        scratch = path.with_suffix(".part")
        scratch.unlink(missing_ok=True)
        con.execute(f"ATTACH '{scratch}' AS kept")
        for name in names:
            con.execute(f"CREATE TABLE kept.{name} AS FROM {name} ORDER BY ALL")
        con.execute("DETACH kept")
        scratch.rename(path)
    with duckdb.connect(str(path)) as kept:
        yield kept


def opened_store(folder: Path, reports: Path) -> Timeline:
    """Return the store of these reports; make it where it is not there yet."""
    if (folder / "made").exists():
        return Timeline.open(folder / "store")
    tl = Timeline.create(folder / "store")
    tl.ingest(reports, register_unknown=True)
    (folder / "made").touch()
    return tl


def fill(
    server: Server,
    con: duckdb.DuckDBPyConnection,
    workload: str,
    tables: Mapping[str, Sequence[str]],
    limit_seconds: float = LOADING,
) -> None:
    """Make and fill a server's tables out of those of the same names in DuckDB, or raise TimeoutError.

    `tables` gives their own columns; each has valid_from, valid_to, known_from and known_to beside them.
    """
    queries = pieces(workload, server.name)
    server.execute(queries["tables"])
    start = time.monotonic()
    for table, columns in tables.items():
        own = ", ".join(columns)
        if isinstance(server, MariaDB):
            ends = f"""
                if(valid_from = '-infinity', TIMESTAMP '0001-01-01', valid_from) AS valid_from,
                if(valid_to = 'infinity', TIMESTAMP '9999-12-31', valid_to) AS valid_to,
                known_from, if(known_to = 'infinity', TIMESTAMP '{NEVER}', known_to) AS known_to
            """
            names = [*columns, "valid_from", "valid_to", "known_from", "known_to"]
        else:
            ends = f"{_range('valid')}, {_range('known')}"
            names = [*columns, "valid", "known"]
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE outgoing AS "
            f"SELECT {own}, {ends} FROM {table} ORDER BY {own}, known_from"
        )
        (count,) = con.execute("SELECT count(*) FROM outgoing").fetchone() or (0,)
        for first in range(0, count, CHUNK):
            chunk = (
                f"SELECT * FROM outgoing WHERE rowid BETWEEN {first} AND {first + CHUNK - 1} ORDER BY rowid"
            )
            server.copy(con, chunk, table, names)
            if time.monotonic() - start > limit_seconds:
                raise TimeoutError(f"{server.name} took in too little in {limit_seconds:.0f} s")
    con.execute("DROP TABLE IF EXISTS outgoing")
    server.execute(queries.get("indexes", "").strip())


def _range(axis: str) -> str:
    """Return SQL for a range as PostgreSQL reads it: no end is empty, since 'infinity' would be an end."""
    first, last = (f"coalesce(nullif({axis}_{end}, '{never}')::VARCHAR, '')" for end, never in NO_END.items())
    return f"'[' || {first} || ',' || {last} || ')' AS {axis}"


def served(
    stack: ExitStack,
    peer: str,
    folder: Path,
    con: duckdb.DuckDBPyConnection,
    workload: str,
    tables: Mapping[str, Sequence[str]],
    events: int,
    found: list[Result],
    more: Mapping[str, str] | None = None,
) -> list[Side]:
    """Return a filled server, which runs until the stack closes; if it was too slow, none and a result."""
    server = stack.enter_context(SERVERS[peer](folder))
    try:
        fill(server, con, workload, tables)
    except TimeoutError as error:
        found.append(skipped(workload, "loading", peer, events, str(error)))
        return []
    return [Served(server, {**pieces(workload, peer), **(more or {})})]


def run_as_command(run: Callable[..., list[Result]], about: str | None, size: int) -> None:
    """Run a workload as a command of its own, for developers of the workload."""
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=size)
    parser.add_argument("--peers", default="duckdb,polars,mariadb,postgresql")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    peers = [peer for peer in options.peers.split(",") if peer]
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = run(options.size, folder, peers, options.rounds)
    sides = list(dict.fromkeys(result.peer for result in found))
    print("question".ljust(24), *(side.rjust(16) for side in sides))
    for name in dict.fromkeys(result.name for result in found):
        of_name = {result.peer: result for result in found if result.name == name}
        cells = [
            duration(of_name[side].seconds) or of_name[side].note if side in of_name else "" for side in sides
        ]
        print(name.ljust(24), *(cell.rjust(16) for cell in cells))
