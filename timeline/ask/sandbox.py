"""Connections for SQL that people write: a locked one for questions, and one of the owner's.

Neither shares a database with the reader that validation and the questions of the package go through: a
table, a view or a setting that is changed in one reaches nobody else.

What the locked one allows is decided by DuckDB itself, in layers, each of which would do alone for most
attacks: one statement, and that a query; a transaction that is read-only, since a query may have an INSERT
in its WITH; no files, no network and no Python variables; settings that cannot be changed back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

import duckdb

from timeline.errors import BadInput
from timeline.index.reader import TAIL_PATH, Attach, Reader, attach_generation
from timeline.index.seal import UNSEALED, Seal

__all__ = ["as_owner", "check_query", "is_query", "memory_of", "open_owned", "open_sandbox", "sandboxed"]

#: An hour: a query that was forgotten ends, one that is slow does not.
_AT_MOST_MS: Final = 60 * 60 * 1000

#: What may be in memory, in bytes: so much, and so much more for each event, but no more than this share of
#: the machine's. It is more than other readers get, since nothing is written to disk when it is full.
_MEMORY: Final = (2_500 * 2**20, 80)
_MEMORY_SHARE: Final = 0.6
#: The share that a query may have where it is not limited.
_ALL: Final = 0.9

#: In this order: what was attached before stays open, and after the last nothing can be set. With external
#: access off, DuckDB still reads and writes the paths of attached files, and `<path>.wal` beside them, and a
#: query may have a COPY in its WITH; without its file system it opens no file any more.
_SETTINGS: Final = """
SET GLOBAL TimeZone = 'UTC';
SET GLOBAL memory_limit = '{memory}B';
SET GLOBAL temp_directory = '';
SET GLOBAL max_temp_directory_size = '0B';
SET GLOBAL max_execution_time = {time};
SET GLOBAL autoinstall_known_extensions = false;
SET GLOBAL autoload_known_extensions = false;
SET GLOBAL allow_community_extensions = false;
SET GLOBAL allow_persistent_secrets = false;
SET GLOBAL python_enable_replacements = false;
SET GLOBAL enable_external_access = false;
SET GLOBAL disabled_filesystems = 'LocalFileSystem';
SET GLOBAL lock_configuration = true
"""

_ASKED_BY: Final = ("recorded_as_of := NULL", "valid_at := NULL", "basis := 'certain'")
#: The functions of the SQL surface that take dates on the reported axis, with their other arguments.
_OF_DATES: Final = {
    "beliefs_as_of": (["as_of"], [*_ASKED_BY, "policy := 'latest'"]),
    "claims_as_of": (["as_of"], [*_ASKED_BY]),
    "disagreements_as_of": (["as_of"], [*_ASKED_BY, "within := INTERVAL 90 DAY"]),
    "changes": (["from_date", "to_date"], [*_ASKED_BY, "policy := 'latest'"]),
}

_QUERIES: Final = "SELECT, FROM, VALUES, WITH, PIVOT, DESCRIBE, SUMMARIZE or SHOW"
_OWNERS: Final = "for SQL that you trust there is --unsafe, in Python Timeline.connect()"
_HINTS: Final = {
    "EXPLAIN": "; --explain, in Python explain_sql, reports what a query reads",
    "PRAGMA": "; DESCRIBE and SHOW TABLES are queries",
    "SET": "; -p NAME=VALUE hands a query a value",
}


def open_sandbox(
    opened: Callable[[Attach], Reader], *, unlimited: bool = False, seal: Seal = UNSEALED
) -> Reader:
    """Open a reader whose connections read the store and nothing else, and lock its configuration.

    `opened` opens one that attaches its generation as it is given. Ask it through `sandboxed` alone. With
    `unlimited` a query may take any time, and nearly all of the machine's memory. Dates behind the seal are
    refused where the functions of the SQL surface are called with them.
    """
    reader = opened(attach_generation)
    try:
        if seal.as_of is not None:
            _refuse_behind(reader, seal, seal.as_of)
        # Resolved before anything is locked.
        reader.surface().close()
        settings = {"memory": memory_of(reader), "time": _AT_MOST_MS}
        if unlimited:
            settings = {"memory": int(_machine() * _ALL), "time": 0}
        reader.con.execute(_SETTINGS.format(**settings))
    except BaseException:
        reader.close()
        raise
    return reader


def _refuse_behind(reader: Reader, seal: Seal, as_of: int) -> None:
    """Put functions of the same names before those that take a date on the reported axis."""
    if reader.generation is not None:
        _go_by_memory(reader)
    with closing(reader.cursor()) as con:
        con.execute(
            f"CREATE MACRO memory.main.date_within_the_seal(moment) AS CASE WHEN moment IS NULL THEN NULL "
            f"WHEN reported_instant(moment) <= make_timestamp({as_of}) THEN reported_instant(moment) "
            # As in no_date: a cast that fails is computed before a query runs, an error() is not.
            f"ELSE CAST(moment || ' is later than the seal: this store is sealed {seal}; expected that date "
            "or an earlier one' AS TIMESTAMP) END"
        )
        con.execute(
            # An exclusive end may be the first instant behind the seal.
            "CREATE MACRO memory.main.bound_within_the_seal(bound, moment) AS "
            f"CASE WHEN bound <= make_timestamp({as_of} + 1) THEN bound ELSE date_within_the_seal(moment) END"
        )
        if reader.generation is None:
            return
        for name, (dates, others) in _OF_DATES.items():
            options = [other.partition(" ")[0] for other in others]
            given = [
                *(f"date_within_the_seal({date})" for date in dates),
                *(f"{one} := {one}" for one in options),
            ]
            con.execute(
                f"CREATE MACRO memory.main.{name}({', '.join([*dates, *others])}) AS TABLE "
                f"FROM generation.main.{name}({', '.join(given)})"
            )


def memory_of(reader: Reader) -> int:
    """Return how many bytes of memory a query of a locked reader may take."""
    base, each = _MEMORY
    return min(base + each * reader.position, int(_machine() * _MEMORY_SHARE))


def _machine() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def open_owned(opened: Callable[[Attach], Reader]) -> Reader:
    """Open a reader whose connections may do what the owner's DuckDB may, on a database of their own."""
    reader = opened(attach_generation)
    if reader.spill is not None:
        # What is handed out may live longer than the reader.
        reader.spill.keep()
    if reader.generation is not None and not reader.tail_events:
        # As over a tail, so that what the owner creates goes into memory by default, with a tail or without.
        _go_by_memory(reader)
    return reader


def _go_by_memory(reader: Reader) -> None:
    """Have names be looked up in the database in memory first, which shows the tables of the generation."""
    tables = reader.con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'store' "
        "UNION ALL SELECT view_name FROM duckdb_views() WHERE schema_name = 'store'"
    ).fetchall()
    made = (f"CREATE VIEW memory.store.{name} AS FROM generation.store.{name};" for (name,) in tables)
    reader.con.execute(f"BEGIN; CREATE SCHEMA memory.store; {' '.join(made)} COMMIT")
    reader.search_path = TAIL_PATH


@contextmanager
def sandboxed(reader: Reader, query: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of a locked `reader` to run `query` on, in a read-only transaction.

    Raises BadInput for a query that is not exactly one, and in place of what DuckDB raises in the block.
    """
    con = reader.surface()
    try:
        check_query(con, query)
        con.execute("BEGIN TRANSACTION READ ONLY")
        yield con
    except duckdb.Error as error:
        raise BadInput(_explained(error)) from None
    finally:
        con.close()


@contextmanager
def as_owner(reader: Reader) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of a reader that `open_owned` opened; raises BadInput in place of what DuckDB raises."""
    try:
        with closing(reader.surface()) as con:
            con.execute("SET TimeZone = 'UTC'")
            yield con
    except duckdb.Error as error:
        raise BadInput(str(error)) from None


def check_query(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """Raise BadInput unless DuckDB reads exactly one statement, and that one a query."""
    statements = con.extract_statements(query)
    if len(statements) != 1:
        got = f"{len(statements)} statements" if statements else "no statement"
        raise BadInput(f"got {got}; expected one query, such as SELECT; {_OWNERS}")
    if is_query(con, statements[0]):
        return
    kind = _kind(statements[0])
    got = "a statement that does more than read" if kind == "MULTI" else f"a statement of type {kind}"
    raise BadInput(f"got {got}; expected {_QUERIES}{_HINTS.get(kind, '')}; {_OWNERS}")


def is_query(con: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> bool:
    """Whether a statement is a query, that is, answers with rows and changes nothing by its kind."""
    kind = _kind(statement)
    return kind == "SELECT" or (kind == "MULTI" and _is_pivot(con, statement.query))


def _kind(statement: duckdb.Statement) -> str:
    """Return the name of a statement's type, or `other` for one that DuckDB's Python does not name."""
    try:
        return statement.type.name
    except ValueError:
        return "other"


def _is_pivot(con: duckdb.DuckDBPyConnection, query: str) -> bool:
    """Whether a statement that DuckDB runs in several steps is a query with a PIVOT in it.

    A PIVOT that does not list its values looks for them first. DuckDB calls that MULTI, and so it does
    a COPY or a CREATE TABLE of a PIVOT; of these only a query can be described.
    """
    try:
        statements = con.extract_statements(f"DESCRIBE {query}")
    except duckdb.Error:
        return False
    return [_kind(statement) for statement in statements] == ["MULTI"]


def _explained(error: duckdb.Error) -> str:
    """Return the words of an error of DuckDB, and what can be done where the sandbox is the reason."""
    text = str(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        # What DuckDB advises are settings, which are locked.
        text = text.partition("\n")[0]
        return f"{text}; a query here gets no room on disk: select less; {_OWNERS}"
    if "maximum execution time" in text:
        return f"{text} of an hour; {_OWNERS}"
    if isinstance(error, duckdb.PermissionException) or "read-only mode" in text or "been locked" in text:
        return f"{text}\nA query here reads the store and nothing else; {_OWNERS}"
    # What `no_date` of the SQL surface says, and a seal, without the cast that it makes fail.
    no_date = re.search(
        '"(.* is (?:no date to ask with; |later than the seal: ).*)", expected format', text, re.DOTALL
    )
    return no_date[1] if no_date else text
