"""Beliefs along the reported axis: where the segments begin and end, and the rows in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from timeline.index.catalog import in_schema, sql_object
from timeline.index.tables import OF_FACT, Build, Implied, announce, carried_columns, restored_columns

__all__ = ["BELIEF_SOURCE", "fill_segments"]

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


def fill_segments(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    bounds: str = "",
    progress: Build | None = None,
    implied: Implied | None = None,
) -> int:
    """Lay the beliefs out in segments, and return how many rows that are.

    The segments are those of the table `bounds` where one is named; else they are worked out first.
    """
    if not bounds:
        bounds = f"{schema}.bounds"
        _bound(con, schema)
    con.execute(in_schema("tables/held", schema))
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
        announce(progress, f"writing segments ({first} of {len(segments)})")
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
        known |= {name: said.replace("sorted.described", "NULL") for name, said in OF_FACT.items()}
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
    restored = ", ".join(restored_columns(_ROW, known, implied))
    return (
        f"SELECT segment, segment_from, segment_until, {restored} FROM ("
        f"SELECT {number} AS segment, {start} AS segment_from, {end} AS segment_until, "
        f"{', '.join(carried_columns(_ROW, known, implied, 'b'))} FROM {source} "
        f"WHERE b.believed_from < {end} AND b.believed_until > {start}{among} "
        f"ORDER BY segment, {begins}, {ends}) AS sorted"
    )


def _by_segment(segments: Sequence[_Segment], moment: str, compared: str) -> str:
    cases = (f"WHEN {one.number} THEN {one.slot_of(moment, compared)}" for one in segments)
    return f"CASE s.segment {' '.join(cases)} END"
