"""MariaDB and PostgreSQL as peers: private servers, and the reports of benchmarks/harness/reports.py in them.

A server is started in a folder of its own, listens on a Unix socket alone, and is gone when its `with` block
ends, or when the process that started it does. Run by root, it runs as its own user (`mysql`, `postgres`).

Neither database knows a report from what is believed because of it. Both hold versions: what was believed of
a fact from one instant on until another. Loading computes these from all reports of a fact, in reported
order, as a user who fills in history does: a late report takes its place among the others, a withdrawal ends
a version and begins none, and of two reports of one instant the one recorded later counts. A report that
arrives late after that would have to rewrite versions; no such write is measured here.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from pwd import getpwnam
from typing import Any, ClassVar, Self

import duckdb

#: How many seconds a server may take to start or stop.
PATIENCE = 60
#: The end of a version that still holds, in MariaDB.
NEVER = "2038-01-19 03:14:07.999999"
#: How many versions are sent at a time; the clock is read between two batches.
CHUNK = 250_000

#: What was believed of one fact: amount, unit, believed_from, believed_until or None; naive UTC.
Version = tuple[Decimal, str, datetime, datetime | None]


@dataclass(frozen=True)
class Loaded:
    """What a peer took in: facts in order of their keys, each with all its reports, up to `last_fact`."""

    events: int
    facts: int
    versions: int
    last_fact: str
    complete: bool
    seconds: float

    def select(self, reports: Path, target: Path) -> Path:
        """Write those of the `reports` that the peer holds to a file of their own, in the same order."""
        with duckdb.connect() as con:
            con.execute(
                f"COPY (SELECT * FROM '{reports}' WHERE fact <= ?) "
                f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)",
                [self.last_fact],
            )
        return target


class Server(ABC):
    """A server of one's own with one connection; `query` for questions, `copy` to take in rows quickly."""

    name: ClassVar[str]
    user: ClassVar[str]

    def __init__(self, folder: Path, memory: int) -> None:
        # A server runs in another folder (`cwd`) than the process that names its folder.
        self.folder = folder.absolute()
        self.memory = memory
        self.socket = Path(tempfile.mkdtemp(prefix="timeline-peer-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Any = None

    # Starting and stopping

    @abstractmethod
    def _initialise(self) -> list[str]:
        """Return the command that makes an empty data folder."""

    @abstractmethod
    def _serve(self) -> list[str]:
        """Return the command that serves the data folder in the foreground."""

    @abstractmethod
    def connect(self) -> Any:
        """Return a new DB-API connection, in UTC, each statement its own transaction."""

    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def _own_user(self) -> dict[str, Any]:
        return {"user": self.user, "group": self.user, "extra_groups": []} if os.geteuid() == 0 else {}

    def start(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            owner = getpwnam(self.user)
            for folder in (self.folder, self.socket):
                os.chown(folder, owner.pw_uid, owner.pw_gid)
            _let_pass(self.folder.parent)
        log = self.folder.parent / f"{self.name}.log"
        with log.open("ab") as out:
            subprocess.run(
                self._initialise(),
                check=True,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                cwd="/",
                **self._own_user(),
            )
            # The servers end with the harness, however it ends.
            tied = ["setpriv", f"--pdeathsig={self.stop_signal.name[3:]}"] if shutil.which("setpriv") else []
            self._process = subprocess.Popen(
                tied + self._serve(),
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
                **self._own_user(),
            )
        self._connection = self._first_connection(log)
        return self

    def _first_connection(self, log: Path) -> Any:
        assert self._process is not None
        patient_until = time.monotonic() + PATIENCE
        while True:
            try:
                return self.connect()
            except Exception as error:
                if self._process.poll() is not None or time.monotonic() > patient_until:
                    printed = log.read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"{self.name} did not start: {error}\n{printed}") from error
                time.sleep(0.05)

    def stop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.socket, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    # Asking

    def execute(self, statements: str) -> None:
        """Run statements, separated by semicolons at the ends of lines."""
        with self._connection.cursor() as cursor:
            for statement in statements.split(";\n"):
                if statement.strip():
                    cursor.execute(statement)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(sql, tuple(parameters) or None)
                return list(cursor.fetchall())
            except Exception as error:
                if self._ran_out_of_time(error):
                    raise TimeoutError(f"{self.name}: {error}") from error
                raise

    @abstractmethod
    def limit(self, seconds: float) -> None:
        """Let each later statement that takes longer raise TimeoutError; 0 is no limit."""

    @abstractmethod
    def _ran_out_of_time(self, error: Exception) -> bool: ...

    @abstractmethod
    def version(self) -> str:
        """Return the name and the version that the server reports."""

    # Taking in

    @abstractmethod
    def copy(self, con: duckdb.DuckDBPyConnection, query: str, table: str, columns: Sequence[str]) -> int:
        """Append the rows of a DuckDB query, instants in UTC without a zone, and return how many."""

    @abstractmethod
    def prepare_reports(self) -> None:
        """Make an empty table of versions, called `reports`."""

    @abstractmethod
    def copy_versions(self, con: duckdb.DuckDBPyConnection, versions: str) -> int:
        """Append what a DuckDB query gives: fact, amount, unit, source, believed_from, believed_until."""

    @abstractmethod
    def finish_reports(self) -> None:
        """Make the indexes that are better made at the end, and statistics."""

    #: How much of the time is for taking in rows; the rest is for what `finish_reports` does.
    share_of_copying: ClassVar[float] = 1.0

    def load_reports(self, reports: Path, limit_seconds: float = 600) -> Loaded:
        """Load a file of generated reports; stop at the end of a fact when the time is over."""
        start = time.perf_counter()
        self.prepare_reports()
        with duckdb.connect(str(self.folder.parent / f"{self.name}.versions.duckdb")) as con:
            con.execute(
                f"CREATE OR REPLACE TABLE versions AS {versions_of(reports)} ORDER BY fact, believed_from"
            )
            (rows,) = con.execute("SELECT count(*) FROM versions").fetchone() or (0,)
            (last,) = con.execute(f"SELECT max(fact) FROM '{reports}'").fetchone() or ("",)
            ends = con.execute(
                f"SELECT fact FROM versions WHERE (rowid + 1) % {CHUNK} = 0 ORDER BY rowid"
            ).fetchall()
            below, copied = "", 0
            for (end,) in [*ends, (last,)]:
                copied += self.copy_versions(
                    con, f"SELECT * FROM versions WHERE fact > '{below}' AND fact <= '{end}' ORDER BY rowid"
                )
                below = end
                if time.perf_counter() - start > limit_seconds * self.share_of_copying:
                    break
            events, facts = con.execute(
                f"SELECT count(*), count(DISTINCT fact) FROM '{reports}' WHERE fact <= ?", [below]
            ).fetchone() or (0, 0)
        (self.folder.parent / f"{self.name}.versions.duckdb").unlink()
        self.finish_reports()
        return Loaded(events, facts, copied, below, copied == rows, time.perf_counter() - start)

    @abstractmethod
    def full_as_of(self, as_of: datetime) -> tuple[int, Decimal]:
        """Return how many beliefs there are as of an instant, and the sum of their amounts."""

    @abstractmethod
    def belief(self, fact: str, as_of: datetime) -> Version | None:
        """Return what was believed of one fact as of an instant."""

    @abstractmethod
    def history(self, fact: str) -> list[Version]:
        """Return all that was ever believed of one fact, in reported order."""


def versions_of(reports: Path) -> str:
    """Return a DuckDB query for what `copy_versions` takes, out of generated reports."""
    return f"""
        SELECT fact, amount, unit, source, reported AS believed_from, until AS believed_until
        FROM (
            SELECT
                * REPLACE (reported::TIMESTAMPTZ AT TIME ZONE 'UTC' AS reported),
                lead(reported::TIMESTAMPTZ AT TIME ZONE 'UTC') OVER (
                    PARTITION BY fact ORDER BY reported, file_row_number
                ) AS until
            FROM read_parquet('{reports}', file_row_number = true)
        )
        WHERE type = 'reported' AND reported IS DISTINCT FROM until
    """


class MariaDB(Server):
    """System-versioned tables, filled by `system_versioning_insert_history`.

    The reported axis takes the place of MariaDB's own. The primary key is the fact, to which MariaDB adds the
    end of the version; the second index holds all that a sum as of a date needs.
    """

    name = "mariadb"
    user = "mysql"

    def _initialise(self) -> list[str]:
        return [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={self.folder}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]

    def _serve(self) -> list[str]:
        return [
            "mariadbd",
            "--no-defaults",
            f"--datadir={self.folder}",
            f"--socket={self.socket / 's'}",
            f"--pid-file={self.socket / 'pid'}",
            "--skip-networking",
            "--skip-log-bin",
            "--local-infile=1",
            "--default-time-zone=+00:00",
            "--system-versioning-insert-history=1",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_bin",
            f"--innodb-buffer-pool-size={self.memory}",
            f"--innodb-log-file-size={min(self.memory // 8, 1 << 30)}",
            "--innodb-flush-method=O_DIRECT",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
            "--tmp-table-size=1G",
            "--max-heap-table-size=1G",
            "--join-buffer-size=256M",
            "--sort-buffer-size=256M",
        ]

    def connect(self) -> Any:
        import pymysql  # type: ignore[import-untyped,unused-ignore]

        created = self._connection is not None
        connection = pymysql.connect(
            unix_socket=str(self.socket / "s"),
            user="root",
            database="bench" if created else None,
            local_infile=True,
            autocommit=True,
            charset="utf8mb4",
        )
        if not created:
            with connection.cursor() as cursor:
                cursor.execute("CREATE DATABASE IF NOT EXISTS bench")
                cursor.execute("USE bench")
        return connection

    def version(self) -> str:
        ((text,),) = self.query("SELECT version()")
        return f"MariaDB {text.split('-')[0]}"

    def limit(self, seconds: float) -> None:
        self.execute(f"SET SESSION max_statement_time = {seconds}")

    def _ran_out_of_time(self, error: Exception) -> bool:
        return error.args[:1] == (1969,)

    def copy(self, con: duckdb.DuckDBPyConnection, query: str, table: str, columns: Sequence[str]) -> int:
        with tempfile.TemporaryDirectory() as scratch:
            rows = _write_text(con, query, Path(scratch) / "rows.tsv")
            self.execute(
                f"LOAD DATA LOCAL INFILE '{scratch}/rows.tsv' INTO TABLE {table} CHARACTER SET utf8mb4 "
                r"FIELDS TERMINATED BY '\t' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '\\' "
                rf"LINES TERMINATED BY '\n' ({', '.join(columns)})"
            )
            # LOAD DATA only warns of values that do not fit.
            for level, code, message in self.query("SHOW WARNINGS"):
                raise RuntimeError(f"MariaDB: {level} {code}: {message}")
        return rows

    def prepare_reports(self) -> None:
        self.execute(
            """
            DROP TABLE IF EXISTS reports;
            CREATE TABLE reports (
                fact VARCHAR(200) NOT NULL,
                amount DECIMAL(38, 9) NOT NULL,
                unit VARCHAR(20) NOT NULL,
                source VARCHAR(200) NOT NULL,
                believed_from TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
                believed_until TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
                PERIOD FOR SYSTEM_TIME (believed_from, believed_until),
                PRIMARY KEY (fact),
                INDEX as_of (believed_until, believed_from, amount)
            ) WITH SYSTEM VERSIONING
            """
        )

    def copy_versions(self, con: duckdb.DuckDBPyConnection, versions: str) -> int:
        columns = ["fact", "amount", "unit", "source", "believed_from", "believed_until"]
        ended = f"SELECT * REPLACE (coalesce(believed_until, TIMESTAMP '{NEVER}') AS believed_until)"
        return self.copy(con, f"{ended} FROM ({versions})", "reports", columns)

    def finish_reports(self) -> None:
        self.query("ANALYZE TABLE reports")

    def full_as_of(self, as_of: datetime) -> tuple[int, Decimal]:
        ((count, total),) = self.query(
            "SELECT count(*), sum(amount) FROM reports FOR SYSTEM_TIME AS OF %s", [_timestamp(as_of)]
        )
        return count, total

    def belief(self, fact: str, as_of: datetime) -> Version | None:
        found = self.query(
            "SELECT amount, unit, believed_from, believed_until FROM reports FOR SYSTEM_TIME AS OF %s "
            "WHERE fact = %s",
            [_timestamp(as_of), fact],
        )
        return _ended(found[0]) if found else None

    def history(self, fact: str) -> list[Version]:
        found = self.query(
            "SELECT amount, unit, believed_from, believed_until FROM reports FOR SYSTEM_TIME ALL "
            "WHERE fact = %s ORDER BY believed_from",
            [fact],
        )
        return [_ended(row) for row in found]


class PostgreSQL(Server):
    """Versions with a `tstzrange`: a GiST index over fact and range, and a btree over fact and its beginning.

    Durability is off, which only loading gains from; statistics and visibility are made once the rows are in.
    """

    name = "postgresql"
    user = "postgres"
    stop_signal = signal.SIGINT
    share_of_copying = 0.4

    def _initialise(self) -> list[str]:
        return [
            _postgres("initdb"),
            f"--pgdata={self.folder}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]

    def _serve(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "unix_socket_permissions": "0777",
            "timezone": "UTC",
            "shared_buffers": f"{self.memory * 3 // 4 >> 20}MB",
            "effective_cache_size": f"{self.memory * 2 >> 20}MB",
            "maintenance_work_mem": "1GB",
            "work_mem": "512MB",
            "random_page_cost": "1.1",
            "max_parallel_workers_per_gather": "2",
            "max_parallel_maintenance_workers": "2",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "max_wal_size": "8GB",
            "checkpoint_timeout": "30min",
            "autovacuum": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [_postgres("postgres"), "-D", str(self.folder), *options]

    def connect(self) -> Any:
        import psycopg

        return psycopg.connect(host=str(self.socket), user="postgres", dbname="postgres", autocommit=True)

    def version(self) -> str:
        ((text,),) = self.query("SHOW server_version")
        return f"PostgreSQL {text.split()[0]}"

    def limit(self, seconds: float) -> None:
        self.execute(f"SET statement_timeout = {int(seconds * 1000)}")

    def _ran_out_of_time(self, error: Exception) -> bool:
        from psycopg.errors import QueryCanceled

        return isinstance(error, QueryCanceled)

    def copy(self, con: duckdb.DuckDBPyConnection, query: str, table: str, columns: Sequence[str]) -> int:
        with tempfile.TemporaryDirectory() as scratch:
            rows = _write_text(con, query, Path(scratch) / "rows.tsv")
            statement = (
                f"COPY {table} ({', '.join(columns)}) FROM STDIN "
                r"(FORMAT csv, DELIMITER E'\t', NULL '\N')"
            )
            with (
                (Path(scratch) / "rows.tsv").open("rb") as source,
                self._connection.cursor() as cursor,
                cursor.copy(statement) as sink,
            ):
                while block := source.read(1 << 20):
                    sink.write(block)
        return rows

    def prepare_reports(self) -> None:
        self.execute(
            """
            DROP TABLE IF EXISTS reports;
            CREATE EXTENSION IF NOT EXISTS btree_gist;
            CREATE TABLE reports (
                fact text NOT NULL,
                amount numeric(38, 9) NOT NULL,
                unit text NOT NULL,
                source text NOT NULL,
                believed tstzrange NOT NULL
            )
            """
        )

    def copy_versions(self, con: duckdb.DuckDBPyConnection, versions: str) -> int:
        believed = "'[' || believed_from || '+00,' || coalesce(believed_until || '+00', '') || ')'"
        ranges = f"SELECT fact, amount, unit, source, {believed} AS believed FROM ({versions})"
        return self.copy(con, ranges, "reports", ["fact", "amount", "unit", "source", "believed"])

    def finish_reports(self) -> None:
        self.execute(
            """
            CREATE INDEX reports_by_fact ON reports (fact, lower(believed));
            CREATE INDEX reports_by_time ON reports USING gist (fact, believed);
            VACUUM (FREEZE, ANALYZE) reports
            """
        )

    def full_as_of(self, as_of: datetime) -> tuple[int, Decimal]:
        ((count, total),) = self.query(
            "SELECT count(*), sum(amount) FROM reports WHERE believed @> %s::timestamptz", [as_of]
        )
        return count, total

    def belief(self, fact: str, as_of: datetime) -> Version | None:
        found = self.query(
            "SELECT amount, unit, lower(believed), upper(believed) FROM reports "
            "WHERE fact = %s AND believed @> %s::timestamptz",
            [fact, as_of],
        )
        return _naive(found[0]) if found else None

    def history(self, fact: str) -> list[Version]:
        found = self.query(
            "SELECT amount, unit, lower(believed), upper(believed) FROM reports "
            "WHERE fact = %s ORDER BY lower(believed)",
            [fact],
        )
        return [_naive(row) for row in found]


@contextmanager
def running(server: type[Server], folder: Path, memory: int = 8 << 30) -> Iterator[Server]:
    """Yield a server with its data in a new folder below `folder`; both are gone at the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    started = server(Path(tempfile.mkdtemp(prefix=f"{server.name}-", dir=folder)) / "data", memory)
    try:
        yield started.start()
    finally:
        started.stop()
        shutil.rmtree(started.folder.parent, ignore_errors=True)


#: A private MariaDB whose buffer pool may take `memory` bytes.
mariadb = partial(running, MariaDB)
#: A private PostgreSQL that shares three quarters of `memory` bytes between its processes.
postgresql = partial(running, PostgreSQL)

SERVERS = {"mariadb": mariadb, "postgresql": postgresql}


def _write_text(con: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    (rows,) = con.execute(
        f"COPY ({query}) TO '{target}' (FORMAT csv, HEADER false, DELIMITER '\t', NULLSTR '\\N')"
    ).fetchone() or (0,)
    return int(rows)


def _postgres(program: str) -> str:
    """Return the path of a program of PostgreSQL; Debian keeps most of them off the path."""
    found = shutil.which(program)
    if found is None:
        known = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
        if not known:
            raise FileNotFoundError(f"no {program}: is PostgreSQL installed?")
        found = str(known[-1])
    return found


def _let_pass(folder: Path) -> None:
    """Let a server's user reach its own folder below ours; above that only temporary folders are opened."""
    temporary = Path(tempfile.gettempdir()).resolve()
    for above in (folder, *folder.resolve().parents):
        mode = above.stat().st_mode
        if mode & 0o001:
            continue
        if above != folder and temporary not in above.parents:
            raise PermissionError(
                f"{above} is private, so no server can be run below it: choose another folder"
            )
        above.chmod(mode | 0o001)


def _timestamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _ended(row: tuple[Any, ...]) -> Version:
    amount, unit, believed_from, believed_until = row
    return amount, unit, believed_from, None if str(believed_until) == NEVER else believed_until


def _naive(row: tuple[Any, ...]) -> Version:
    amount, unit, *span = row
    believed_from, believed_until = (end and end.replace(tzinfo=None) for end in span)
    return amount, unit, believed_from, believed_until
