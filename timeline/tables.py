"""The tables of the index, made from events of the log by the statements in timeline/sql/tables.

The same statements make the tables of a whole generation, in schema `store` of its file, and those of a
tail, in schema `tail` of a reader's memory. They read the view `incoming`, with the columns of the log.
What no window resolves is resolved here, fact by fact, by `sweep` and `amended`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any, Final

import duckdb

from timeline import amended, fold
from timeline.columns import EVENT_TYPES, LOG_COLUMNS, SQL_TYPES, STATUSES, VALUE_TYPES
from timeline.sweep import sweep
from timeline.times import FIRST_INSTANT, LAST_INSTANT

__all__ = [
    "BELIEF_SOURCE",
    "OFTEN_SAME",
    "Build",
    "Implied",
    "commits_in",
    "entries",
    "entry_from",
    "events_of",
    "fact_hash",
    "fill_commits",
    "fill_segments",
    "make_tables",
    "quoted",
    "sql_object",
    "view_incoming",
]

Build = Callable[[str], None]

#: The columns of a segment that are those of the event believed.
BELIEF_SOURCE: Final = (
    *("fact_hash", "fact", "subject", "attribute", "object", "period", "period_from", "period_to"),
    *("value_type", "amount", "amount_low", "amount_high", "unit", "approximate", "text", "date_from"),
    *("date_to", "status", "claim", "reported_at", "event_id", "source", "origin", "speaker", "statement"),
)

#: The events are read through this often at most to lay out the segments; more segments are sorted together.
_PASSES: Final = 12

#: From as many events on, where segments begin and end is judged by a sample of the beliefs.
_SAMPLED_FROM: Final = 2_000_000


@cache
def sql_object(name: str) -> str:
    """The text of timeline/sql/NAME.sql, such as `tables/events`."""
    return resources.files("timeline").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def events_of(rows: str) -> str:
    """A query for the events with every column, of rows laid out as those of `store.event_rows`.

    >>> "FROM tail.event_rows" in events_of("tail.event_rows")
    True
    """
    _, _, query = sql_object("tables/events").partition("AS\n")
    return query.rstrip().removesuffix(";").replace("store.event_rows", rows)


def quoted(text: object) -> str:
    """A text as a literal of SQL.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def commits_in(con: duckdb.DuckDBPyConnection, files: Sequence[str]) -> list[dict[str, Any]]:
    """What the footers of log files say of their commits, in order."""
    if not files:
        return []
    rows = con.execute(
        "SELECT decode(value) FROM parquet_kv_metadata($1) WHERE decode(key) = 'timeline.commits'",
        [list(files)],
    ).fetchall()
    return sorted((commit for (text,) in rows for commit in json.loads(text)), key=lambda c: c["number"])


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


def view_incoming(con: duckdb.DuckDBPyConnection, files: Sequence[str], after: int = 0) -> None:
    """Make the temporary view `incoming` of the events in log files after commit number `after`.

    Instants that no datetime can be are none in it: see `_as_read`.
    """
    if files:
        names = ", ".join(_as_read(name) for name in LOG_COLUMNS)
        listed = ", ".join(quoted(file) for file in files)
        newer = f" WHERE commit > {after}" if after else ""
        source = f"SELECT {names} FROM read_parquet([{listed}]){newer}"
    else:
        nulls = ", ".join(f"NULL::{SQL_TYPES[kind]} AS {name}" for name, kind in LOG_COLUMNS.items())
        source = f"SELECT {nulls} LIMIT 0"
    con.execute(f"CREATE OR REPLACE TEMP VIEW incoming AS {source}")


def fill_commits(
    con: duckdb.DuckDBPyConnection, schema: str, commits: Sequence[dict[str, Any]], *, make: bool = True
) -> None:
    """Make the table of commits, or add to it."""
    if make:
        con.execute(_in_schema("tables/commits", schema))
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


def make_tables(con: duckdb.DuckDBPyConnection, schema: str, tell: Build) -> Implied:
    """Make every table of a schema from `incoming` but its commits, and the segments but for their rows.

    Returns what `fill_segments` can leave out of what it sorts.
    """
    for name in ("facts", "settled"):
        tell(f"writing {name}")
        con.execute(_in_schema(f"tables/{name}", schema))
    tell("writing events")
    # The columns are looked through first where it pays: not for the few events of a tail.
    implied = _implied(con) if schema == "store" else Implied()
    by_others = {name: f"sorted.{other}" for name, other in implied.same.items()}
    known: dict[str, str] = by_others | implied.constant
    if implied.narrow:
        known |= _OF_FACT
    carried = _carried(LOG_COLUMNS, known, implied, "i")
    if implied.narrow:
        carried.append("CASE WHEN i.fact IS NULL THEN i.subject END AS described")
    con.execute(
        _in_schema("tables/event_rows", schema)
        .replace("i.*", ", ".join(carried))
        .replace("sorted.*", ", ".join(_laid_out(LOG_COLUMNS, known, implied)))
    )
    for name in ("events", "swept", "amended", "effects", "keys", "statuses"):
        tell(f"writing {name}")
        con.execute(_in_schema(f"tables/{name}", schema))
    con.execute(
        f"INSERT INTO {schema}.statuses "
        "SELECT unnest($1::INTEGER[]), unnest($2::VARCHAR[]), unnest($3::VARCHAR[])",
        [list(range(1, len(STATUSES) + 1)), list(STATUSES), list(STATUSES.values())],
    )
    tell("resolving beliefs")
    _resolve_entangled(con, schema)
    for name in ("segment_rows", "segments"):
        con.execute(_in_schema(f"tables/{name}", schema))
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
_OF_FACT: Final = {
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


def _carried(names: Iterable[str], known: Mapping[str, str], implied: Implied, relation: str) -> list[str]:
    """The columns of a relation that a sort carries, as it carries them."""
    narrow = _NARROW if implied.narrow else {}
    return [
        f"{narrow.get(name, '{0}').format(f'{relation}.{name}')} AS {name}"
        for name in names
        if name not in known
    ]


def _laid_out(names: Iterable[str], known: Mapping[str, str], implied: Implied) -> list[str]:
    """All columns as they were, after a sort that carried some of them."""
    given = {**(_WIDE if implied.narrow else {}), **known}
    return [f"{given.get(name, f'sorted.{name}')} AS {name}" for name in names]


def _implied(con: duckdb.DuckDBPyConnection) -> Implied:
    """What is implied of the columns of `incoming`."""
    looked_at = [name for name in LOG_COLUMNS if name not in (*_OF_FACT, "position", "event_id", "fact")]
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


def fill_segments(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    tell: Build,
    bounds: str = "",
    implied: Implied | None = None,
) -> int:
    """Lay the beliefs out in segments, and return how many rows that are.

    The segments are those of the table `bounds` where one is named; else they are worked out first.
    """
    if not bounds:
        bounds = f"{schema}.bounds"
        _bound(con, schema)
    con.execute(_in_schema("tables/held", schema))
    segments = [
        _Segment(*row)
        for row in con.execute(
            "SELECT segment, segment_from::VARCHAR, segment_until::VARCHAR, slots::VARCHAR[] "
            f"FROM {bounds} ORDER BY segment"
        ).fetchall()
    ]
    plain = (
        f"(SELECT * REPLACE (NULL::TIMESTAMP AS reported_at), reported_at AS believed_from "
        f"FROM {schema}.event_rows WHERE believed_until IS NOT NULL)"
    )
    [(any_held,)] = con.execute("SELECT count(*) > 0 FROM held").fetchall()
    at_once = -(-len(segments) // _PASSES)
    for first in range(0, len(segments), at_once or 1):
        tell(f"writing segments ({first} of {len(segments)})")
        for relation in (plain, "held") if any_held else (plain,):
            con.execute(
                f"INSERT INTO {schema}.segment_rows BY NAME "
                + _placed(relation, segments[first : first + at_once], bounds, implied or Implied())
            )
    [(rows,)] = con.execute(f"SELECT count(*) FROM {schema}.segment_rows").fetchall()
    con.execute("DROP TABLE held")
    return int(rows)


def _bound(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Work out where segments begin and end: in a tail there is one."""
    if schema != "store":
        con.execute(
            f"CREATE TABLE {schema}.bounds AS SELECT 1::INTEGER AS segment, "
            "TIMESTAMP '-infinity' AS segment_from, TIMESTAMP 'infinity' AS segment_until, "
            "[]::TIMESTAMP[] AS slots"
        )
        return
    [(events,)] = con.execute("SELECT count(*) FROM store.event_rows").fetchall()
    every = max(1, events // _SAMPLED_FROM)
    sampled = f" AND position % {every} = 0" if every > 1 else ""
    con.execute(
        "CREATE OR REPLACE TEMP VIEW spans AS "
        "SELECT reported_at AS believed_from, believed_until FROM store.event_rows "
        f"WHERE believed_until IS NOT NULL{sampled} "
        f"UNION ALL SELECT believed_from, believed_until FROM store.swept WHERE true{sampled}"
    )
    con.execute(sql_object("tables/bounds").replace("sampled", str(every)))
    con.execute("DROP VIEW spans")


@dataclass(frozen=True, slots=True)
class _Segment:
    """A segment of the reported axis and the slots it is divided into, as texts of instants."""

    number: int
    start: str
    end: str
    slots: list[str]

    def slot_of(self, moment: str, compared: str) -> str:
        """How many slots begin before a moment: an expression without a join, which would cost more."""
        tests = (f"({moment} {compared} TIMESTAMP '{slot}')::UTINYINT" for slot in self.slots)
        return " + ".join(("0::UTINYINT", *tests))


#: What a row of a segment says of a belief.
_ROW: Final = (*BELIEF_SOURCE, "ranging", "valid_from", "valid_to", "believed_from", "believed_until")


def _placed(relation: str, segments: Sequence[_Segment], bounds: str, implied: Implied) -> str:
    """The rows of a relation in some segments, in order of when they begin and end, by slots."""
    known = dict(implied.constant)
    if {"amount_low", "amount_high"} <= implied.same.keys():
        known |= {"ranging": "false", **dict.fromkeys(("amount_low", "amount_high"), "NULL::DECIMAL(38, 9)")}
    if "origin" in implied.same:
        known.setdefault("origin", "sorted.source")
    if implied.narrow:
        known |= {name: said.replace("sorted.described", "NULL") for name, said in _OF_FACT.items()}
    # These are of the belief, not of its event.
    for name in ("reported_at", "valid_from", "valid_to"):
        known.pop(name, None)
    if len(segments) == 1:
        # Past a join, which costs more.
        [one] = segments
        number, start, end = f"{one.number}::INTEGER", f"TIMESTAMP '{one.start}'", f"TIMESTAMP '{one.end}'"
        source, among = f"{relation} AS b", ""
        begins, ends = one.slot_of("b.believed_from", ">="), one.slot_of("b.believed_until", ">")
    else:
        number, start, end = "s.segment", "s.segment_from", "s.segment_until"
        source = f"{relation} AS b, {bounds} AS s"
        among = f" AND s.segment BETWEEN {segments[0].number} AND {segments[-1].number}"
        begins = _by_segment(segments, "b.believed_from", ">=")
        ends = _by_segment(segments, "b.believed_until", ">")
    return (
        f"SELECT segment, segment_from, segment_until, {', '.join(_laid_out(_ROW, known, implied))} FROM ("
        f"SELECT {number} AS segment, {start} AS segment_from, {end} AS segment_until, "
        f"{', '.join(_carried(_ROW, known, implied, 'b'))} FROM {source} "
        f"WHERE b.believed_from < {end} AND b.believed_until > {start}{among} "
        f"ORDER BY segment, {begins}, {ends}) AS sorted"
    )


def _by_segment(segments: Sequence[_Segment], moment: str, compared: str) -> str:
    cases = (f"WHEN {one.number} THEN {one.slot_of(moment, compared)}" for one in segments)
    return f"CASE s.segment {' '.join(cases)} END"


def _in_schema(name: str, schema: str) -> str:
    return sql_object(name) if schema == "store" else sql_object(name).replace("store.", f"{schema}.")


# The facts that no window resolves, by the definition itself


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

#: Facts whose events are asked for at once, and rows that are handed back at once.
_FACTS_AT_ONCE: Final = 10_000
_ROWS_AT_ONCE: Final = 50_000

#: Microseconds as `fold` has them, with its ends of time, as DuckDB has them.
_TO_TIMESTAMP: Final = (
    f"CASE WHEN {{0}} <= {fold.BEGINNING} THEN TIMESTAMP '-infinity' "
    f"WHEN {{0}} >= {fold.END} THEN TIMESTAMP 'infinity' ELSE make_timestamp({{0}}) END"
)


def entries(con: duckdb.DuckDBPyConnection, where: str, schema: str = "store") -> Iterator[fold.Entry]:
    """The events that speak of facts, as entries, by fact and position; `where` is SQL."""
    rows = con.execute(
        f"SELECT {_ENTRY_COLUMNS} FROM {schema}.events "
        f"WHERE fact IS NOT NULL AND {where} ORDER BY fact_hash, fact, position"
    ).fetchall()
    return map(entry_from, rows)


class _Filling:
    """Rows on their way from Python into a table; instants are microseconds of `fold`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, table: str, **columns: str) -> None:
        self._con = con
        self._rows: list[Sequence[Any]] = []
        told = {"TIMESTAMP": "BIGINT"}
        given = ", ".join(
            f"unnest(${n}::{told.get(kind, kind)}[]) AS {name}"
            for n, (name, kind) in enumerate(columns.items(), 1)
        )
        kept = ", ".join(
            _TO_TIMESTAMP.format(name) if kind == "TIMESTAMP" else name for name, kind in columns.items()
        )
        self._insert = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {kept} FROM (SELECT {given})"

    def add(self, *row: Any) -> None:
        self._rows.append(row)
        if len(self._rows) >= _ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._con.execute(self._insert, [list(values) for values in zip(*self._rows, strict=True)])
            self._rows.clear()


def _resolve_entangled(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Fill `swept`, `amended` and `effects` for the facts that no window resolves."""
    hashes = [
        number
        for (number,) in con.execute(
            f"SELECT DISTINCT fact_hash FROM {schema}.facts WHERE NOT plain ORDER BY fact_hash"
        ).fetchall()
    ]
    span = {"believed_from": "TIMESTAMP", "believed_until": "TIMESTAMP"}
    swept = _Filling(
        con,
        f"{schema}.swept",
        **{"fact_hash": "UBIGINT", "position": "BIGINT", "valid_from": "TIMESTAMP", "valid_to": "TIMESTAMP"},
        **span,
    )
    effects = _Filling(con, f"{schema}.effects", fact="VARCHAR", position="BIGINT", effect="VARCHAR")
    stretches = _Filling(
        con,
        f"{schema}.amended",
        **{"fact": "VARCHAR", "place": "BIGINT", "position": "BIGINT", "claims": "BOOLEAN"},
        **{"on_basis": "VARCHAR", "recorded_from": "TIMESTAMP", "recorded_until": "TIMESTAMP"},
        **{"counts_from": "TIMESTAMP", "counts_until": "TIMESTAMP"},
    )
    for first in range(0, len(hashes), _FACTS_AT_ONCE):
        some = hashes[first : first + _FACTS_AT_ONCE]
        entangled = entries(
            con,
            f"fact_hash BETWEEN {some[0]} AND {some[-1]} "
            f"AND fact IN (SELECT fact FROM {schema}.facts WHERE NOT plain)",
            schema,
        )
        for fact, group in groupby(entangled, key=lambda entry: entry.fact):
            known = list(group)
            number = fact_hash(fact)
            for position, _, *held in sweep(known):
                swept.add(number, position, *held)
            for position, effect in amended.effects(known).items():
                effects.add(fact, position, effect)
            for stretch in amended.standings(known):
                stretches.add(fact, *stretch)
    for filling in (swept, effects, stretches):
        filling.flush()


def fact_hash(fact: str) -> int:
    """The number that facts are in order of: what DuckDB's md5_number_lower makes of it.

    >>> with duckdb.connect() as con:
    ...     [(number,)] = con.execute("SELECT md5_number_lower('nvidia/ceo')").fetchall()
    >>> fact_hash("nvidia/ceo") == number
    True
    """
    return int.from_bytes(hashlib.md5(fact.encode(), usedforsecurity=False).digest()[8:], "little")
