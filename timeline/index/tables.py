"""The tables of the index, made from events of the log by the statements in timeline/sql/tables.

The same statements make the tables of a whole generation, in schema `store` of its file, and those of a
tail, in schema `tail` of a reader's memory. They read the view `incoming`, with the columns of the log.
What no window resolves is resolved here, fact by fact, by `sweep` and `amended`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import duckdb

from timeline.index.catalog import in_schema, sql_object
from timeline.index.entangled import resolve_entangled
from timeline.log.log import CheckedFiles, Commit
from timeline.log.paths import parquet_source, quoted
from timeline.meaning.columns import EVENT_TYPES, LOG_COLUMNS, SQL_TYPES, STATUSES, VALUE_TYPES
from timeline.meaning.times import FIRST_INSTANT, LAST_INSTANT

__all__ = [
    "OFTEN_SAME",
    "OF_FACT",
    "Build",
    "Implied",
    "announce",
    "carried_columns",
    "events_of",
    "fill_commits",
    "make_tables",
    "restored_columns",
    "view_incoming",
]

Build = Callable[[str], None]


def announce(progress: Build | None, step: str) -> None:
    """Call `progress`, where there is one, with the step of a build that begins."""
    if progress is not None:
        progress(step)


def events_of(rows: str) -> str:
    """A query for the events with every column, of rows laid out as those of `store.event_rows`.

    >>> "FROM tail.event_rows" in events_of("tail.event_rows")
    True
    """
    _, _, query = sql_object("tables/events").partition("AS\n")
    return query.rstrip().removesuffix(";").replace("store.event_rows", rows)


#: The instants that a datetime can be; the log may hold others, from when an end of 9999 was one.
_FIRST: Final = f"make_timestamp({FIRST_INSTANT})"
_LAST: Final = f"make_timestamp({LAST_INSTANT})"
#: What each instant means where it lies before the first or behind the last: nothing, or that one.
_BEYOND: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("valid_from", "period_from", "reported_from"), ("NULL", _LAST)),
    **dict.fromkeys(("valid_to", "period_to"), (_FIRST, "NULL")),
}


def _as_read(name: str) -> str:
    """A column of the log as the index has it: its instants are ones that every reader can show.

    A period without an end is written as one in the fact too.
    """
    if LOG_COLUMNS[name] == "instant":
        before, behind = _BEYOND.get(name, (_FIRST, _LAST))
        read = f"WHEN {name} < {_FIRST} THEN {before} WHEN {name} > {_LAST} THEN {behind}"
    elif name in ("fact", "period"):
        has_end = (
            f"contains({name}, '/')" if name == "period" else f"contains(split_part({name}, '@', 2), '/')"
        )
        opened = f"if({has_end}, regexp_replace({name}, '/[^/]*$', '/..'), {name} || '/..')"
        read = f"WHEN period_to > {_LAST} THEN {opened}"
    else:
        return name
    return f"CASE {read} ELSE {name} END AS {name}"


def view_incoming(con: duckdb.DuckDBPyConnection, files: CheckedFiles) -> None:
    """Create the temporary view `incoming` of the events in the commits of these files.

    Instants that no datetime can be are none in it: see `_as_read`.
    """
    if files.commits:
        names = ", ".join(_as_read(name) for name in LOG_COLUMNS)
        first, last = files.commits[0].number, files.commits[-1].number
        source = f"SELECT {names} FROM {parquet_source(files.paths)} WHERE commit BETWEEN {first} AND {last}"
    else:
        nulls = ", ".join(f"NULL::{SQL_TYPES[kind]} AS {name}" for name, kind in LOG_COLUMNS.items())
        source = f"SELECT {nulls} LIMIT 0"
    con.execute(f"CREATE OR REPLACE TEMP VIEW incoming AS {source}")


def fill_commits(con: duckdb.DuckDBPyConnection, schema: str, commits: Sequence[Commit]) -> None:
    """Create the table of commits."""
    con.execute(in_schema("tables/commits", schema))
    if commits:
        columns = [
            [getattr(commit, name) for commit in commits]
            for name in ("number", "first_position", "count", "recorded_at", "digest")
        ]
        con.execute(
            f"INSERT INTO {schema}.commits SELECT unnest($1::BIGINT[]), unnest($2::BIGINT[]), "
            "unnest($3::BIGINT[]), make_timestamp(unnest($4::BIGINT[])), unnest($5::VARCHAR[])",
            columns,
        )


def make_tables(con: duckdb.DuckDBPyConnection, schema: str, progress: Build | None = None) -> Implied:
    """Make every table of a schema from `incoming` but its commits, and the segments but for their rows.

    Returns what `fill_segments` can leave out of what it sorts.
    """
    for name in ("facts", "settled"):
        announce(progress, f"writing {name}")
        con.execute(in_schema(f"tables/{name}", schema))
    announce(progress, "writing events")
    # The columns are looked through first where it pays: not for the few events of a tail.
    implied = _implied(con) if schema == "store" else Implied()
    by_others = {name: f"sorted.{other}" for name, other in implied.same.items()}
    known: dict[str, str] = by_others | implied.constant
    if implied.narrow:
        known |= OF_FACT
    carried = carried_columns(LOG_COLUMNS, known, implied, "i")
    if implied.narrow:
        carried.append("CASE WHEN i.fact IS NULL THEN i.subject END AS described")
    con.execute(
        in_schema("tables/event_rows", schema)
        .replace("i.*", ", ".join(carried))
        .replace("sorted.*", ", ".join(restored_columns(LOG_COLUMNS, known, implied)))
    )
    for name in ("events", "swept", "amended", "effects", "keys", "statuses"):
        announce(progress, f"writing {name}")
        con.execute(in_schema(f"tables/{name}", schema))
    con.execute(
        f"INSERT INTO {schema}.statuses "
        "SELECT unnest($1::INTEGER[]), unnest($2::VARCHAR[]), unnest($3::VARCHAR[])",
        [list(range(1, len(STATUSES) + 1)), list(STATUSES), list(STATUSES.values())],
    )
    announce(progress, "resolving beliefs")
    resolve_entangled(con, schema)
    for name in ("segment_rows", "segments"):
        con.execute(in_schema(f"tables/{name}", schema))
    return implied


@dataclass(frozen=True, slots=True)
class Implied:
    """What is known of all events, so that a sort need not carry it: its cost is by the column.

    `constant` has literals of SQL for columns that are the same everywhere, `same` names columns that always
    say what another does; `narrow` tells whether texts of a known kind are to be carried in a smaller form.
    """

    constant: dict[str, str] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    narrow: bool = False


#: What a fact's own text tells, for events that speak of one.
OF_FACT: Final = {
    "subject": "coalesce(split_part(split_part(sorted.fact, '@', 1), '/', 1), sorted.described)",
    "attribute": "split_part(split_part(sorted.fact, '@', 1), '/', 2)",
    "object": "nullif(split_part(split_part(sorted.fact, '@', 1), '/', 3), '')",
    "period": "nullif(split_part(sorted.fact, '@', 2), '')",
}
#: How texts of a known kind are sorted along, in a fraction of their size, and given back.
_NARROW: Final = {
    "event_id": "unhex({0})",
    **{
        name: f"{{0}}::ENUM ({', '.join(map(quoted, words))})"
        for name, words in (("event_type", EVENT_TYPES), ("value_type", VALUE_TYPES), ("status", STATUSES))
    },
}
_WIDE: Final = {
    "event_id": "lower(hex(sorted.event_id))",
    **{name: f"sorted.{name}::VARCHAR" for name in ("event_type", "value_type", "status")},
}
#: Columns that often say the same as another.
OFTEN_SAME: Final = {
    "amount_low": "amount",
    "amount_high": "amount",
    "reported_from": "reported_at",
    "evidence_at": "reported_at",
    "origin": "source",
    "place": "position",
}


def carried_columns(
    names: Iterable[str], known: Mapping[str, str], implied: Implied, relation: str
) -> list[str]:
    """The columns of a relation that a sort carries, as it carries them."""
    narrow = _NARROW if implied.narrow else {}
    return [
        f"{narrow.get(name, '{0}').format(f'{relation}.{name}')} AS {name}"
        for name in names
        if name not in known
    ]


def restored_columns(names: Iterable[str], known: Mapping[str, str], implied: Implied) -> list[str]:
    """All columns as they were, after a sort that carried some of them."""
    given = {**(_WIDE if implied.narrow else {}), **known}
    return [f"{given.get(name, f'sorted.{name}')} AS {name}" for name in names]


def _implied(con: duckdb.DuckDBPyConnection) -> Implied:
    """What is implied of the columns of `incoming`."""
    looked_at = [name for name in LOG_COLUMNS if name not in (*OF_FACT, "position", "event_id", "fact")]
    asked = []
    for name in looked_at:
        constant = f"min({name}) = max({name}) AND count({name}) = count(*)"
        asked += [f"min({name})::VARCHAR", constant, f"count({name})"]
    asked += [f"bool_and({name} IS NOT DISTINCT FROM {other})" for name, other in OFTEN_SAME.items()]
    [found] = con.execute(f"SELECT {', '.join(asked)} FROM incoming").fetchall()
    same = {
        name: other for at, (name, other) in enumerate(OFTEN_SAME.items(), 3 * len(looked_at)) if found[at]
    }
    constants = {}
    for at, name in enumerate(looked_at):
        least, constant, count = found[3 * at : 3 * at + 3]
        if constant or not count:
            kind = "INTEGER" if name == "inherited" else SQL_TYPES[LOG_COLUMNS[name]]
            constants[name] = f"{quoted(least) if count else 'NULL'}::{kind}"
    return Implied(constants, same, narrow=True)
