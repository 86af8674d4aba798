"""The index: everything that can be derived from the log, in DuckDB, and the readers that open it.

A generation is a DuckDB file built from the log up to one commit, published whole by a rename and
never changed, so that readers need no lock. What was appended since is resolved in memory when a
reader opens, for the facts that it touches (the tail). Every generation can be deleted: the next
reader builds another from the log.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import duckdb

from timeline import amended, fold
from timeline.columns import LOG_COLUMNS, STATUSES
from timeline.log import Log

__all__ = ["Index", "Reader", "entry_from", "sql_object"]

#: The layout of a generation. One that another version of the package built is not used.
FORMAT: Final = 1

#: What everything else reads through.
_INSTANTS: Final = ("reported_instant", "recorded_instant", "valid_instant", "sources_as_of")

#: What resolves beliefs, over the tables of the schema that it is in.
_RESOLVING: Final = ("standing", "candidates", "covered", "cells", "merged", "resolved")

#: What is built on the resolved beliefs. Objects that read through others come after them.
_SURFACE: Final = (
    *("events", "sources", "entities_as_of", "entities", "attributes_as_of", "attributes"),
    *("statuses", "policy_check", "agrees", "widened", "clears", "disagrees", "confirmed"),
    *("belief_spans_as_of", "belief_spans", "beliefs_as_of", "beliefs", "claimed", "claims_as_of"),
    *("claims", "disagreements_as_of", "disagreements", "changes", "history"),
)

#: A tail longer than this, and than a twentieth of the generation, is worth a new generation.
TAIL_AT_MOST: Final = 2_000

#: DuckDB's own row groups, and smaller ones, which make a question of one fact and the building quicker, but
#: are too many to open where there are more events than a few.
_ROW_GROUP: Final = 122_880
_SMALL_ROW_GROUP: Final = 30_720
_FEW: Final = 1_000_000

_FOREVER: Final = "infinity"
_Build = Callable[[str], None]


@cache
def sql_object(name: str) -> str:
    """The text of timeline/sql/NAME.sql, such as `tables/events`."""
    return resources.files("timeline").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def _instant(micros: int) -> str:
    """An instant of `fold` as DuckDB takes it."""
    if micros <= fold.BEGINNING:
        return "-infinity"
    return _FOREVER if micros >= fold.END else str(micros)


#: An instant bound as text, either microseconds or an infinity.
_TO_TIMESTAMP: Final = "if({0} LIKE '%infinity', {0}::TIMESTAMP, make_timestamp(try_cast({0} AS BIGINT)))"


_GENERATION: Final = re.compile(rf"(\d{{12}})-(\d+)-v{FORMAT}\.duckdb")


@dataclass(frozen=True, slots=True)
class _Generation:
    path: Path
    commit: int
    position: int

    @classmethod
    def of(cls, path: Path) -> _Generation | None:
        found = _GENERATION.fullmatch(path.name)
        return cls(path, int(found[1]), int(found[2])) if found else None


class Reader:
    """One consistent view of the store: everything up to one commit, whatever is appended meanwhile.

    `con` is a DuckDB connection with every object of the SQL surface; use `cursor()` for threads of
    one's own. `commit` and `position` are the last that it shows, 0 of an empty log.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, generation: Path | None, tail: int) -> None:
        self.con = con
        self.generation = generation
        self.tail = tail
        rows = con.execute(
            "SELECT number, first_position + count - 1, epoch_us(recorded_at), digest FROM store.commits "
            "ORDER BY number DESC LIMIT 1"
        ).fetchall()
        self.commit: int
        self.position: int
        self.commit, self.position, self.recorded_at, self.digest = rows[0] if rows else (0, 0, 0, None)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self.con.cursor()
        if self.generation is not None and self.tail:
            cursor.execute("USE memory.main")
        return cursor

    def close(self) -> None:
        self.con.close()


class Index:
    """The generations in a folder, for one log."""

    def __init__(self, folder: str | Path, log: Log) -> None:
        self.folder = Path(folder)
        self.log = log

    def generations(self) -> list[Path]:
        """The generations of this layout, the newest last."""
        return [generation.path for generation in self._generations()]

    def _generations(self) -> list[_Generation]:
        if not self.folder.is_dir():
            return []
        found = [generation for p in self.folder.iterdir() if (generation := _Generation.of(p))]
        return sorted(found, key=lambda generation: generation.commit)

    def open(self, *, may_build: bool = True, progress: _Build | None = None) -> Reader:
        """A reader of everything acknowledged so far.

        Without a usable generation it builds one, or, where it may not or cannot, answers from the log alone.
        """
        generations = self._generations()
        # Listed after the generations, so that none of them can be ahead of the head.
        head = self.log.head_number()
        for generation in reversed(generations):
            if generation.commit <= head and (reader := self._open(generation, head)):
                return reader
        if head and may_build and (built := self.build(progress)) is not None:
            made = _Generation.of(built)
            if made is not None and (reader := self._open(made, max(head, made.commit))):
                return reader
        return self._in_memory()

    def _open(self, generation: _Generation, head: int) -> Reader | None:
        """A reader on a generation and its tail; None where the generation is gone or not of this log."""
        try:
            if generation.commit == head:
                con = duckdb.connect(str(generation.path), read_only=True, config=_CONFIG)
            else:
                con = duckdb.connect(":memory:", config=_CONFIG)
                con.execute(f"ATTACH {_quoted(generation.path)} AS generation (READ_ONLY)")
        except duckdb.IOException:
            return None
        try:
            prefix = "" if generation.commit == head else "generation."
            rows = con.execute(f"SELECT digest FROM {prefix}store.meta").fetchall()
            if not rows or rows[0][0] != self._digest_at(con, generation.commit):
                con.close()
                return None
            tail = 0
            if generation.commit < head:
                tail = self.log.reading(
                    lambda files: _add_tail(con, files, generation.commit), generation.commit
                )
            return Reader(con, generation.path, tail)
        except BaseException:
            con.close()
            raise

    def _digest_at(self, con: duckdb.DuckDBPyConnection, number: int) -> str | None:
        """The digest that the log has of a commit, read from its file's footer."""
        commits = self.log.reading(lambda files: _commits_in(con, files[:1]), number - 1)
        return next((commit["digest"] for commit in commits if commit["number"] == number), None)

    def _in_memory(self) -> Reader:
        """A reader that keeps nothing on disk: for an empty log, or a folder that cannot be written."""
        con = duckdb.connect(":memory:", config=_CONFIG)
        self.log.reading(lambda files: _build(con, files, _commits_in(con, files), None))
        return Reader(con, None, 0)

    def build(self, progress: _Build | None = None) -> Path | None:
        """Build a generation up to the head and publish it; None where the folder cannot be written.

        Older generations are removed: readers that hold one open keep it until they close.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=".building-", suffix=".duckdb", dir=self.folder)
        except OSError:
            return None
        os.close(descriptor)
        os.unlink(name)
        with self.log.maintenance():
            try:
                commit, position = self.log.reading(lambda files: build_file(name, files, progress))
                path = self.folder / f"{commit:012d}-{position}-v{FORMAT}.duckdb"
                _sync(name)
                os.replace(name, path)
                _sync(self.folder)
            except BaseException:
                for leftover in (name, f"{name}.wal"):
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(leftover)
                raise
            self._remove_older(path)
        return path

    def _remove_older(self, newest: Path) -> None:
        for path in list(self.folder.iterdir()):
            # The maintenance lock is ours, so that whoever was building died.
            if path != newest and path.name.endswith((".duckdb", ".duckdb.wal")):
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()

    def wants_building(self, position: int) -> bool:
        """Whether so much was appended since the newest generation that another pays."""
        generations = self._generations()
        if not generations:
            return position > 0
        return position - generations[-1].position > max(TAIL_AT_MOST, position // 20)


_CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    # Extensions cannot be fetched behind the user's back; what is needed comes with the wheel.
    "autoinstall_known_extensions": False,
}


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _sync(path: str | Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def build_file(path: str | Path, files: Sequence[str], progress: _Build | None = None) -> tuple[int, int]:
    """Build a generation from log files into a new DuckDB file; returns its last commit and position.

    The file opens in DuckDB 1.5 and later, by any client, and carries the whole SQL surface.
    """
    con = duckdb.connect(":memory:", config=_CONFIG)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        commits = _commits_in(con, files)
        few = sum(commit["count"] for commit in commits) <= _FEW
        con.execute(
            f"ATTACH {_quoted(path)} AS built "
            f"(STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE {_SMALL_ROW_GROUP if few else _ROW_GROUP})"
        )
        con.execute("USE built")
        # A twentieth of the time goes into trying it, and its successor is chosen each time.
        con.execute("SET disabled_compression_methods = 'fsst'")
        last = _build(con, files, commits, progress)
        con.execute("CHECKPOINT built")
        con.execute("USE memory")
        con.execute("DETACH built")
        return last
    finally:
        con.close()


def _commits_in(con: duckdb.DuckDBPyConnection, files: Sequence[str]) -> list[dict[str, Any]]:
    """What the footers of log files say of their commits."""
    if not files:
        return []
    rows = con.execute(
        "SELECT decode(value) FROM parquet_kv_metadata($1) WHERE decode(key) = 'timeline.commits'",
        [list(files)],
    ).fetchall()
    return sorted((commit for (text,) in rows for commit in json.loads(text)), key=lambda c: c["number"])


def _incoming(con: duckdb.DuckDBPyConnection, files: Sequence[str], after: int = 0) -> None:
    """Make the temporary view `incoming` of the events in log files after commit number `after`."""
    names = ", ".join(LOG_COLUMNS)
    if files:
        listed = ", ".join(_quoted(file) for file in files)
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW incoming AS SELECT {names} FROM read_parquet([{listed}]) "
            f"WHERE commit > {after}"
        )
    else:
        kinds = {
            "integer": "BIGINT",
            "text": "VARCHAR",
            "instant": "TIMESTAMP",
            "decimal": "DECIMAL(38, 9)",
            "boolean": "BOOLEAN",
        }
        nulls = ", ".join(f"NULL::{kinds[kind]} AS {name}" for name, kind in LOG_COLUMNS.items())
        con.execute(f"CREATE OR REPLACE TEMP VIEW incoming AS SELECT {nulls} LIMIT 0")


def _build(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[str],
    commits: Sequence[dict[str, Any]],
    progress: _Build | None,
) -> tuple[int, int]:
    """Build every table and macro in the connection's current database."""

    def tell(what: str) -> None:
        if progress is not None:
            progress(what)

    con.execute("DROP SCHEMA IF EXISTS store CASCADE; CREATE SCHEMA store")
    tell("reading the log")
    _incoming(con, files)
    _fill_commits(con, "store", commits)
    _make_tables(con, "store", tell)
    for name in _INSTANTS + _RESOLVING:
        con.execute(sql_object(name))
    tell("resolving beliefs")
    con.execute(sql_object("tables/segments"))
    for name in _SURFACE:
        con.execute(sql_object(name))
    con.execute(sql_object("tables/meta"))
    last: dict[str, Any] = {"number": 0, "first_position": 1, "count": 0, "digest": None}
    if commits:
        last = commits[-1]
    position = last["first_position"] + last["count"] - 1
    con.execute(
        "INSERT INTO store.meta VALUES ($1, $2, $3, $4)", [FORMAT, last["number"], position, last["digest"]]
    )
    con.execute("DROP VIEW incoming")
    return int(last["number"]), int(position)


def _fill_commits(con: duckdb.DuckDBPyConnection, schema: str, commits: Sequence[dict[str, Any]]) -> None:
    con.execute(_in_schema(sql_object("tables/commits"), schema))
    if commits:
        columns = [
            [c[name] for c in commits]
            for name in ("number", "first_position", "count", "recorded_at", "digest")
        ]
        con.execute(
            f"INSERT INTO {schema}.commits SELECT unnest($1::BIGINT[]), unnest($2::BIGINT[]), "
            "unnest($3::BIGINT[]), make_timestamp(unnest($4::BIGINT[])), unnest($5::VARCHAR[])",
            columns,
        )


def _make_tables(con: duckdb.DuckDBPyConnection, schema: str, tell: _Build) -> None:
    for name in ("facts", "events", "amended", "effects", "ids", "keys", "statuses"):
        tell(f"writing {name}")
        con.execute(_in_schema(sql_object(f"tables/{name}"), schema))
    con.execute(
        f"INSERT INTO {schema}.statuses "
        "SELECT unnest($1::INTEGER[]), unnest($2::VARCHAR[]), unnest($3::VARCHAR[])",
        [list(range(1, len(STATUSES) + 1)), list(STATUSES), list(STATUSES.values())],
    )
    _work_out_corrections(con, schema)


def _in_schema(text: str, schema: str) -> str:
    return text if schema == "store" else text.replace("store.", f"{schema}.")


# The facts that were corrected or retracted, by the definition itself


def entry_from(row: Sequence[Any]) -> fold.Entry:
    """An entry for `fold` from a row of `_ENTRY_COLUMNS`."""
    (
        position,
        event_id,
        event_type,
        fact,
        reported_at,
        recorded_at,
        origin,
        value_type,
        low,
        high,
        unit,
        approximate,
        text,
        date_from,
        date_to,
        status,
        reported_from,
        evidence_at,
        valid_from,
        valid_to,
        source,
        target,
        void,
    ) = row
    value = None
    if value_type is not None:
        value = fold.Value(value_type, low, high, unit, bool(approximate), text, date_from, date_to)
    return fold.Entry(
        position=position,
        event_id=event_id,
        event_type=event_type,
        fact=fact,
        reported_at=reported_at if reported_at is not None else fold.BEGINNING,
        recorded_at=recorded_at,
        origin=origin or "",
        value=value,
        status=status,
        reported_from=reported_from,
        evidence_at=evidence_at,
        valid_from=valid_from,
        valid_to=valid_to,
        source=source,
        target=target,
        void=bool(void),
    )


_ENTRY_COLUMNS: Final = """
    position, event_id, event_type, fact, epoch_us(reported_at), epoch_us(recorded_at), origin, value_type,
    amount_low, amount_high, unit, approximate, text, epoch_us(date_from), epoch_us(date_to), status,
    epoch_us(reported_from), epoch_us(evidence_at), epoch_us(valid_from), epoch_us(valid_to), source,
    target, void
"""


def entries(con: duckdb.DuckDBPyConnection, where: str, schema: str = "store") -> Iterator[fold.Entry]:
    """The events that speak of facts, as entries, by fact and position; `where` is SQL."""
    rows = con.execute(
        f"SELECT {_ENTRY_COLUMNS} FROM {schema}.events "
        f"WHERE fact IS NOT NULL AND {where} ORDER BY fact, position"
    ).fetchall()
    return map(entry_from, rows)


def _work_out_corrections(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Fill `amended` and `effects` for the facts that no single window resolves."""
    stretches: dict[str, list[Any]] = defaultdict(list)
    effects: dict[str, list[Any]] = defaultdict(list)
    entangled = entries(con, f"fact IN (SELECT fact FROM {schema}.facts WHERE NOT plain)", schema)
    for fact, group in groupby(entangled, key=lambda entry: entry.fact):
        known = list(group)
        for position, effect in amended.effects(known).items():
            effects["fact"].append(fact)
            effects["position"].append(position)
            effects["effect"].append(effect)
        for place, position, claims, basis, *bounds in amended.standings(known):
            for name, value in zip(
                ("fact", "place", "position", "claims", "on_basis"),
                (fact, place, position, claims, basis),
                strict=True,
            ):
                stretches[name].append(value)
            for name, micros in zip(
                ("recorded_from", "recorded_until", "counts_from", "counts_until"), bounds, strict=True
            ):
                stretches[name].append(_instant(micros))
    if effects:
        con.execute(
            f"INSERT INTO {schema}.effects "
            "SELECT unnest($1::VARCHAR[]), unnest($2::BIGINT[]), unnest($3::VARCHAR[])",
            list(effects.values()),
        )
    if stretches:
        instants = ", ".join(_TO_TIMESTAMP.format(name) for name in list(stretches)[5:])
        con.execute(
            f"INSERT INTO {schema}.amended SELECT fact, place, position, claims, on_basis, {instants} FROM ("
            "SELECT unnest($1::VARCHAR[]) AS fact, unnest($2::BIGINT[]) AS place, "
            "unnest($3::BIGINT[]) AS position, "
            "unnest($4::BOOLEAN[]) AS claims, unnest($5::VARCHAR[]) AS on_basis, "
            "unnest($6::VARCHAR[]) AS recorded_from, unnest($7::VARCHAR[]) AS recorded_until, "
            "unnest($8::VARCHAR[]) AS counts_from, unnest($9::VARCHAR[]) AS counts_until)",
            list(stretches.values()),
        )


# The tail


def _add_tail(con: duckdb.DuckDBPyConnection, files: Sequence[str], after: int) -> int:
    """Resolve what was appended after a generation, in memory, and lay views over both; returns its events.

    Tables of the generation give way, for the facts that the tail touches, to tables of the same
    shape made from all events of those facts, by the same statements that built the generation.
    """
    con.execute("DROP SCHEMA IF EXISTS store CASCADE; DROP SCHEMA IF EXISTS tail CASCADE")
    con.execute("CREATE SCHEMA store; CREATE SCHEMA tail")
    _incoming(con, files, after)
    con.execute("CREATE TABLE tail.appended AS FROM incoming")
    [(count,)] = con.execute("SELECT count(*) FROM tail.appended").fetchall()
    names = ", ".join(LOG_COLUMNS)
    con.execute("CREATE TABLE tail.touched AS SELECT DISTINCT fact FROM tail.appended WHERE fact IS NOT NULL")
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW incoming AS SELECT {names} FROM tail.appended UNION ALL SELECT {names} "
        "FROM generation.store.events SEMI JOIN tail.touched USING (fact)"
    )
    commits = [commit for commit in _commits_in(con, files) if commit["number"] > after]
    _fill_commits(con, "tail", commits)
    _make_tables(con, "tail", lambda what: None)
    for name in ("facts", "events", "amended", "effects"):
        con.execute(
            f"CREATE VIEW store.{name} AS FROM generation.store.{name} ANTI JOIN tail.touched USING (fact) "
            f"UNION ALL FROM tail.{name}"
        )
    # These two are of the appended events alone: what was known before is in the generation.
    for name in ("ids", "keys"):
        con.execute(
            f"CREATE VIEW store.{name} AS FROM generation.store.{name} UNION ALL "
            f"FROM tail.{name} SEMI JOIN tail.appended USING (position)"
        )
    con.execute("CREATE VIEW store.commits AS FROM generation.store.commits UNION ALL FROM tail.commits")
    con.execute("CREATE VIEW store.statuses AS FROM tail.statuses")
    for name in _INSTANTS + _RESOLVING:
        con.execute(sql_object(name))
    for name in _RESOLVING:
        con.execute(_in_schema(sql_object(name), "tail"))
    con.execute(_in_schema(sql_object("tables/segments"), "tail"))
    con.execute(
        "CREATE VIEW store.segments AS "
        "FROM generation.store.segments ANTI JOIN tail.touched USING (fact) UNION ALL FROM tail.segments"
    )
    for name in _SURFACE:
        con.execute(sql_object(name))
    return int(count)
