"""Whether a generation holds what follows from the log, and nothing else: tables, views, functions, rows.

It is compared with another one, built from the log up to the same commit. Tables are compared as multisets
of rows, since a generation that grew holds the same rows in another order, and divides the reported axis in
another way.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Final

import duckdb

from timeline.errors import Corruption
from timeline.index.generation import CONFIG
from timeline.index.rows import Damaged, RowStore, UpTo, write
from timeline.log.paths import quoted
from timeline.log.spill import connect
from timeline.meaning.columns import BELIEF_COLUMNS

__all__ = ["REBUILD", "check_generation", "check_rows"]

#: The tables, or views that give them, which are the same however a generation was made.
_TABLES: Final = ("events", "facts", "swept", "amended", "effects", "keys", "statuses", "commits")

#: Everything that a DuckDB file may hold besides rows: the kind, the function that lists it, and its columns.
_OBJECTS: Final = (
    ("schema", "duckdb_schemas", "schema_name", "sql", "internal"),
    ("table", "duckdb_tables", "table_name", "sql", "internal"),
    ("view", "duckdb_views", "view_name", "sql", "internal"),
    (
        "function",
        "duckdb_functions",
        "function_name",
        "concat_ws(' ', parameters::VARCHAR, macro_definition)",
        "internal",
    ),
    ("type", "duckdb_types", "type_name", "logical_type", "internal"),
    ("sequence", "duckdb_sequences", "sequence_name", "sql", "false"),
    ("index", "duckdb_indexes", "index_name", "sql", "false"),
)

_LISTS: Final = re.compile(r"\b(?:EXCLUDE|REPLACE) \(")
_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|.", re.DOTALL)

#: What to do about it.
REBUILD: Final = "`timeline rebuild` builds the index from the log again"


def check_generation(given: Path, expected: Path, name: str) -> None:
    """Compare a generation with one that was built from the log; raises Corruption where they differ.

    Both paths have to be plain; `name` is what the error names.
    """
    try:
        with connect(spill=expected.with_suffix(".comparing"), config=CONFIG) as con:
            con.execute(f"ATTACH {quoted(given)} AS given (READ_ONLY)")
            con.execute(f"ATTACH {quoted(expected)} AS expected (READ_ONLY)")
            _check_objects(con, name)
            for table in _TABLES:
                _check_rows(con, name, table, f"given.store.{table}", f"expected.store.{table}")
            meta = 'SELECT format, "commit", position, digest FROM {}.store.meta'
            _check_rows(
                con, name, "meta", *(f"({meta.format(database)})" for database in ("given", "expected"))
            )
            _check_segments(con, name)
    except duckdb.Error as error:
        raise Corruption(f"{name}: the index is damaged: {error}; {REBUILD}") from error


def _check_objects(con: duckdb.DuckDBPyConnection, name: str) -> None:
    for kind, function, named, written, internal in _OBJECTS:
        given, expected = (
            {
                (schema, other, _in_order(str(definition)))
                for schema, other, definition in con.execute(
                    f"SELECT schema_name, {named}, {written} FROM {function}() "
                    f"WHERE database_name = '{database}' AND NOT {internal}"
                ).fetchall()
            }
            for database in ("given", "expected")
        )
        for schema, other, _ in sorted(given ^ expected):
            is_given, is_expected = (
                (schema, other) in {found[:2] for found in objects} for objects in (given, expected)
            )
            problem = "was changed" if is_given else "is missing"
            if not is_expected:
                problem = "is not one that Timeline writes"
            raise Corruption(f"{name}: the {kind} {schema}.{other} {problem}; {REBUILD}")


def _in_order(definition: str) -> str:
    """Return a definition with the lists of EXCLUDE and REPLACE sorted: DuckDB keeps them in no order.

    >>> _in_order("SELECT * EXCLUDE (b, a) REPLACE (x AS c, f(y, ')') AS d) FROM t")
    "SELECT * EXCLUDE (a, b) REPLACE (f(y, ')') AS d, x AS c) FROM t"
    """
    pieces = []
    at = 0
    while found := _LISTS.search(definition, at):
        start = end = found.end()
        depth, items = 1, [start]
        while depth and end < len(definition):
            token = _TOKEN.match(definition, end)
            assert token is not None
            depth += {"(": 1, ")": -1}.get(token[0], 0)
            end = token.end()
            if token[0] == "," and depth == 1:
                items.append(end)
        ends = [*items[1:], end]
        parts = [definition[begin : stop - 1].strip() for begin, stop in zip(items, ends, strict=True)]
        pieces += [definition[at:start], ", ".join(sorted(map(_in_order, parts))), ")"]
        at = end
    return "".join([*pieces, definition[at:]])


def _check_rows(con: duckdb.DuckDBPyConnection, name: str, table: str, given: str, expected: str) -> None:
    """Compare two relations of the same columns as multisets."""
    columns = [column[0] for column in con.execute(f"FROM {expected} LIMIT 0").description or []]
    listed = ", ".join(f'"{column}"' for column in columns)
    sums = []
    for relation in (given, expected):
        hashed = f"SELECT hash({listed}) AS hashed FROM {relation}"
        sums += con.execute(f"SELECT count(*), sum(hashed), bit_xor(hash(hashed)) FROM ({hashed})").fetchall()
    if sums[0] == sums[1]:
        return
    wrong = f"SELECT {listed} FROM {given} EXCEPT ALL SELECT {listed} FROM {expected}"
    lacking = f"SELECT {listed} FROM {expected} EXCEPT ALL SELECT {listed} FROM {given}"
    for query, problem in ((wrong, "has a row that does not follow from the log"), (lacking, "lacks a row")):
        for row in con.execute(f"SELECT * FROM ({query}) LIMIT 1").fetchall():
            values = (f"{column}: {value}" for column, value in zip(columns, row, strict=True) if value)
            raise Corruption(f"{name}: the table {table} {problem}: {', '.join(values)}; {REBUILD}")
    raise Corruption(f"{name}: the table {table} does not follow from the log; {REBUILD}")


def _check_segments(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Check that segments cover the reported axis, and that each holds all that is believed in it."""
    [(gaps,)] = con.execute(
        "SELECT count(*) FROM ("
        "SELECT segment_from, segment_until, "
        "lag(segment_until, 1, TIMESTAMP '-infinity') OVER (ORDER BY segment) AS before, "
        "lead(segment_from, 1, TIMESTAMP 'infinity') OVER (ORDER BY segment) AS after "
        "FROM given.store.bounds) WHERE segment_from <> before OR segment_until <> after"
    ).fetchall()
    if gaps:
        raise Corruption(f"{name}: the segments do not cover the reported axis; {REBUILD}")
    beliefs = ", ".join(("fact_hash", *BELIEF_COLUMNS, "believed_until"))
    _check_rows(
        con,
        name,
        "segments",
        "given.store.segments",
        f"(SELECT segment, segment_from, segment_until, {beliefs} "
        f"FROM (SELECT DISTINCT {beliefs} FROM expected.store.segments), given.store.bounds "
        "WHERE believed_from < segment_until AND believed_until > segment_from)",
    )


def check_rows(path: Path, expected: Path) -> None:
    """Compare a row store with one made from the generation `expected`, of the same log; raises Corruption.

    `expected` is a plain path; the other row store is written beside it, and removed.
    """
    beside = expected.with_suffix(".expected-rows")
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(beside.unlink, missing_ok=True)
        given = RowStore.open(path)
        if given is None:
            raise Corruption(f"{path}: is damaged; {REBUILD}")
        cleanup.callback(given.close)
        con = cleanup.enter_context(connect(spill=expected.with_suffix(".comparing"), config=CONFIG))
        con.execute(f"ATTACH {quoted(expected)} AS expected (READ_ONLY)")
        [meta] = con.execute('SELECT "commit", position, digest FROM expected.store.meta').fetchall()
        try:
            write(con, beside, UpTo(*meta), "expected.store.events", like=given)
            other = RowStore.open(beside)
            if other is not None:
                cleanup.callback(other.close)
            alike = other is not None and given.is_like(other)
        except (Damaged, duckdb.Error):
            # A layout that is no such layout, say.
            alike = False
        if not alike:
            raise Corruption(f"{path}: does not hold the events of the log; {REBUILD}")
