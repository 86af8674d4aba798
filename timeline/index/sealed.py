"""A sealed log: what is left of a log where nothing later had been reported, or recorded.

It is a log of its own, with positions, commits and digests of its own, so that whatever reads it cannot
know of anything else. What is kept is kept to the byte, but for one column: an `evidence_at` behind the date
of the seal is the instant just after it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb

from timeline.errors import BadInput
from timeline.index.catalog import sql_object
from timeline.index.entangled import facts_with_events
from timeline.index.generation import TO_BUILD, config_for
from timeline.index.seal import Seal
from timeline.index.tables import view_of_log
from timeline.log.copying import write_log
from timeline.log.log import CheckedFiles, Log
from timeline.log.spill import connected
from timeline.meaning.fold import END, Basis, Entry, counts_from, standing
from timeline.meaning.times import parse_edtf

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["left_of_fact", "write_sealed"]

#: Positions that are handed over at once.
_AT_ONCE: Final = 50_000


def write_sealed(
    log: Log, folder: Path, seal: Seal, zone: str | None = None, *, until: int | None = None
) -> int:
    """Write what a seal leaves of a log as a new log at `folder`; returns how many events it withholds.

    The log is taken up to commit `until`, or to its last. A date of a source without a calendar of its own is
    a day of `zone`, an IANA name, or of UTC.
    """

    def write(files: CheckedFiles) -> int:
        # Asked again where files were merged away meanwhile.
        shutil.rmtree(folder, ignore_errors=True)
        events = sum(commit.count for commit in files.commits)
        with connected(folder.parent, config_for(*TO_BUILD, events)) as con:
            view_of_log(con, files)
            _choose(con, seal, zone)
            counts = dict(con.execute(_COUNTS).fetchall())
            marks = con.sql(sql_object("sealed/marks")).to_arrow_table()["is_kept"]
        left = [
            (commit.number, commit.recorded_at, counts[commit.number])
            for commit in files.commits
            if commit.number in counts
        ]
        numbers = {number: new for new, (number, _, _) in enumerate(left, 1)}
        rows = _rows(files.paths, marks, numbers, seal.as_of)
        write_log(folder, rows, [(recorded_at, count) for _, recorded_at, count in left])
        return events - sum(counts.values())

    return log.reading(write, until=until)


_COUNTS: Final = "SELECT commit, count(*) FROM incoming SEMI JOIN kept USING (position) GROUP BY commit"


def _choose(con: duckdb.DuckDBPyConnection, seal: Seal, zone: str | None) -> None:
    """Fill the table `kept` with the positions of the events that a seal leaves."""
    for name, instant in (("reported_by", seal.as_of), ("recorded_by", seal.recorded_as_of)):
        value = "TIMESTAMP 'infinity'" if instant is None else f"make_timestamp({instant})"
        con.execute(f"SET VARIABLE {name} = {value}")
    con.execute(f"SET VARIABLE on_evidence = {seal.basis == 'evidence'}")
    con.execute(sql_object("sealed/amended_facts"))
    con.execute(sql_object("sealed/kept"))
    _keep_of_amended(con, seal)
    con.execute("CREATE OR REPLACE TEMP TABLE late_dates (published VARCHAR, timezone VARCHAR)")
    for published, timezone in con.execute(sql_object("sealed/source_dates")).fetchall():
        if published is not None and _is_late(published, timezone or zone, seal.as_of):
            con.execute("INSERT INTO late_dates VALUES ($1, $2)", [published, timezone])
    for name in ("described", "about_kept"):
        con.execute(f"INSERT INTO kept {sql_object(f'sealed/{name}')}")


def _is_late(published: str, zone: str | None, as_of: int | None) -> bool:
    """Whether a source of this date may have come out after an instant."""
    try:
        last = parse_edtf(published, zone).reported_at
    except BadInput:
        last = None
    return as_of is not None and (last is None or last > as_of)


def _keep_of_amended(con: duckdb.DuckDBPyConnection, seal: Seal) -> None:
    """Keep what a seal leaves of the facts in which something was amended."""
    known_by_then = "(FROM incoming WHERE recorded_at <= getvariable('recorded_by'))"
    as_of = END if seal.as_of is None else seal.as_of
    positions = [
        entry.position
        for _, known in facts_with_events(con, known_by_then, "amended_facts")
        for entry in left_of_fact(known, as_of, seal.basis)
    ]
    for first in range(0, len(positions), _AT_ONCE):
        con.execute("INSERT INTO kept SELECT unnest($1::BIGINT[])", [positions[first : first + _AT_ONCE]])


def left_of_fact(known: Sequence[Entry], as_of: int, basis: Basis = "certain") -> list[Entry]:
    """Return what a seal leaves of the events of one fact, given in log order.

    An amendment is left where what it aims at is. A report whose date was mended is dated as it was mended:
    where something else would count of it without its later corrections, all of it is left out.
    """
    counted = _counting(known)
    dropped: set[int] = set()
    while True:
        left: dict[str, Entry] = {}
        for entry in known:
            aims = entry.target is None or entry.target in left
            if aims and entry.position not in dropped and counts_from(entry, basis) <= as_of:
                left[entry.event_id] = entry
        now = _counting(list(left.values()))
        mended = {
            entry.position
            for entry in left.values()
            if entry.event_type != "corrected" and counted.get(entry.position) != now.get(entry.position)
        }
        if not mended:
            return list(left.values())
        dropped |= mended


def _counting(entries: Sequence[Entry]) -> dict[int, str]:
    """Return the event that counts for each report, withdrawal and retraction, by place."""
    return {one.place: one.entry.event_id for one in standing(entries)}


def _rows(
    paths: Sequence[str], marks: Any, numbers: Mapping[int, int], as_of: int | None
) -> Iterator[pa.Table]:
    """Yield the rows of a log that are marked, as they are in a log that holds nothing else.

    `marks` says of each event in turn whether it is kept; `numbers` has the new numbers of the commits.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    marks = pa.concat_arrays(marks.chunks) if len(marks) else pa.array([], pa.bool_())
    counted = marks.cast(pa.int64())
    new_of = pc.cumulative_sum(counted)
    for table in _all_rows(paths):
        start = table["position"][0].as_py() - 1
        table = table.filter(marks.slice(start, table.num_rows))
        if not table.num_rows:
            continue
        changed = {name: pc.take(new_of, pc.subtract(table[name], 1)) for name in ("position", "place")}
        commits = [numbers[number] for number in table["commit"].to_pylist() if number is not None]
        changed["commit"] = pa.array(commits, pa.int64())
        if as_of is not None:
            after = pa.scalar(as_of + 1, pa.timestamp("us"))
            changed["evidence_at"] = pc.min_element_wise(table["evidence_at"], after, skip_nulls=False)
        for name, column in changed.items():
            at = table.schema.get_field_index(name)
            table = table.set_column(at, table.schema.field(at), column)
        yield table


def _all_rows(paths: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the rows of files of the log, a row group at a time."""
    import pyarrow.parquet as pq

    for path in paths:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group).replace_schema_metadata(None)
