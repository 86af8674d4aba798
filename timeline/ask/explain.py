"""What an answer cost: which parts of the index were read for it, and how much of that it kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from timeline.errors import BadInput
from timeline.index.reader import Reader

__all__ = ["Explained", "Scan", "explain"]


@dataclass(frozen=True, slots=True)
class Scan:
    """One table that was read: `rows_read` of it were looked at, `rows_kept` came out of its filters.

    `row_groups_read` of `row_groups` had to be opened; the bounds kept with the others ruled them out.
    """

    table: str
    rows_read: int
    rows_kept: int
    row_groups_read: int
    row_groups: int


@dataclass(frozen=True, slots=True)
class Explained:
    """What was scanned for an answer of `rows_answered` rows, in `seconds`.

    `generation` is the name of the index file that was read, None where there was none; `position` the last
    event that the answer knows, `tail_events` how many of these are not in the generation yet.
    """

    generation: str | None
    position: int
    tail_events: int
    segments: int
    scans: tuple[Scan, ...]
    rows_read: int
    rows_answered: int
    seconds: float


def explain(reader: Reader, con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any]) -> Explained:
    """Run a query on a connection of `reader`, throw its answer away, and return what was scanned.

    Raises duckdb.Error for a bad query, BadInput for what is no query of rows, or several.
    """
    plans = con.execute(f"EXPLAIN (ANALYZE, FORMAT json) {sql}", parameters).fetchall()
    try:
        [(_, text)] = plans
        plan = json.loads(text)
        plan["operator"]
    except (ValueError, KeyError, TypeError):
        raise BadInput("only one query that reads rows can be explained; expected SELECT or FROM") from None
    scans = tuple(_scans(plan["operator"]))
    [(segments,)] = con.execute("SELECT count(*) FROM store.bounds").fetchall()
    return Explained(
        generation=reader.generation.name if reader.generation else None,
        position=reader.position,
        tail_events=reader.tail_events,
        segments=segments,
        scans=scans,
        rows_read=sum(scan.rows_read for scan in scans),
        rows_answered=_answered(plan["operator"]),
        seconds=plan["query"]["total_time"],
    )


def _scans(operators: Sequence[dict[str, Any]]) -> Iterator[Scan]:
    for operator in operators:
        if operator["type"] == "TABLE_SCAN" and "Table" in operator["extra_info"]:
            yield Scan(
                # The name of the file, or of memory, says nothing that the generation does not.
                table=operator["extra_info"]["Table"]
                .rpartition('".')[2]
                .removeprefix("generation.")
                .removeprefix("memory."),
                rows_read=operator.get("rows_scanned", 0),
                rows_kept=operator["intermediate_rows"],
                row_groups_read=operator.get("row_groups_scanned", 0),
                row_groups=operator.get("total_row_groups_to_scan", 0),
            )
        yield from _scans(operator.get("children", ()))


def _answered(operators: Sequence[dict[str, Any]]) -> int:
    """Return the rows that came out of the operator on top, past those that only collect them."""
    for operator in operators:
        if operator["type"] in ("RESULT_COLLECTOR", "EXPLAIN_ANALYZE"):
            return _answered(operator["children"])
        children = operator.get("children", ())
        if operator["type"] == "UNION":
            return sum(_answered([child]) for child in children)
        if operator["type"] == "CTE":
            # What it defines comes first, what is asked of that last.
            return _answered(children[-1:])
        if operator["type"] == "PROJECTION" and any(child["type"] in ("UNION", "CTE") for child in children):
            return _answered(children)
        return int(operator["intermediate_rows"])
    return 0
