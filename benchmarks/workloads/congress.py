"""Take in the public record of the US Congress, and compare every belief with what was published.

    python -m benchmarks --only congress --data FOLDER
    python benchmarks/workloads/congress.py [FOLDER] [--rounds N]

FOLDER holds `reports.parquet`, `beliefs.parquet` and `as_of.csv`; README.md describes them. Each round
makes a new store: read, validate, hash, append durably, build the index. The time is reported as a multiple
of what reading and writing the same file with polars and one row_number() over it with DuckDB take in the
same round. Exits with 1 where a belief differs.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from timeline import BadInput, Timeline

if TYPE_CHECKING:
    from benchmarks.harness.measure import Finding
    from benchmarks.harness.stores import Run

#: In the whole record, without the bad rows.
EVENTS = 277_149
COLUMNS = "subject, attribute, object, period_from, period_to, text"


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


def baseline(reports: Path, folder: Path, seconds: dict[str, float]) -> None:
    """Do the least that can be done with the file: read it, write it, order the reports of each fact."""
    with timed(seconds, "polars"):
        pl.read_parquet(reports).write_parquet(folder / "copy.parquet")
    with timed(seconds, "row_number"), duckdb.connect() as con:
        con.execute(
            "CREATE TABLE numbered AS SELECT *, row_number() OVER ("
            "PARTITION BY subject, attribute, object, period_from, period_to ORDER BY reported) AS nth "
            f"FROM '{reports}'"
        )


def ingest(reports: Path, folder: Path, seconds: dict[str, float]) -> Path:
    store = folder / "store"
    with timed(seconds, "ingest"), Timeline.create(store) as tl:
        found = tl.ingest(reports, register_unknown=True, rejects=folder / "rejects.jsonl")
    print(f"  {found.new:,} events, {found.registered:,} names, {len(found.rejected)} rows refused")
    return store


def refuses_bad_rows(reports: Path, folder: Path) -> bool:
    """Return whether an ingest that may leave nothing out names every bad row and records nothing."""
    with Timeline.create(folder / "strict") as tl:
        try:
            tl.ingest(reports, register_unknown=True)
        except BadInput as error:
            named = [line for line in str(error).splitlines() if ": row " in line]
            print(f"refused as a whole: {len(named)} rows named, {tl.stats()['events']} events recorded")
            return len(named) == 16 and tl.head() is None
    return False


def beliefs_differ(data: Path, store: Path) -> int:
    """Return how many of the instants have other beliefs than were published, row for row."""
    published = f"'{data / 'beliefs.parquet'}'"
    with duckdb.connect() as con:
        instants = con.execute(
            f"SELECT epoch_us(as_of), n_beliefs FROM '{data / 'as_of.csv'}' ORDER BY as_of"
        ).fetchall()
    different = 0
    took = []
    with Timeline.open(store) as tl:
        con = tl.connect()
        for micros, count in instants:
            believed = f"beliefs_as_of(make_timestamp({micros}))"
            start = time.perf_counter()
            rows = con.sql(f"SELECT {COLUMNS} FROM {believed}").to_arrow_table().num_rows
            took.append(time.perf_counter() - start)
            expected = f"SELECT {COLUMNS} FROM {published} WHERE epoch_us(as_of) = {micros}"
            found = f"SELECT {COLUMNS} FROM {believed}"
            [(missing,)] = con.execute(f"SELECT count(*) FROM ({expected} EXCEPT ALL {found})").fetchall()
            [(extra,)] = con.execute(f"SELECT count(*) FROM ({found} EXCEPT ALL {expected})").fetchall()
            if missing or extra or rows != count:
                different += 1
                print(
                    f"as of {micros}: {rows} beliefs, expected {count}; {missing} missing, {extra} too many"
                )
    median = statistics.median(took)
    print(f"{len(instants) - different} of {len(instants)} instants agree; median {median * 1000:.1f} ms")
    return different


def congress(run: Run) -> Iterator[Finding]:
    """Run this workload as a part of `python -m benchmarks`, which names the folder."""
    # Imported here, so that this file runs by itself too.
    from benchmarks.harness.measure import Line, Timings, results

    if run.data is None:
        raise BadInput("the congress record is no part of the project; name its folder with --data")
    reports = run.data / "reports.parquet"
    took: dict[str, Timings] = {}
    for number in range(3):
        with run.scratch("congress") as folder:
            folder.mkdir()
            seconds: dict[str, float] = {}
            store = ingest(reports, folder, seconds)
            baseline(reports, folder, seconds)
            for name, value in seconds.items():
                took.setdefault("timeline" if name == "ingest" else name, Timings()).seconds.append(value)
            if number == 0:
                strict = refuses_bad_rows(reports, folder)
                different = beliefs_differ(run.data, store)
    yield from results("congress", "ingest", took, EVENTS)
    yield Line(
        "the congress record: beliefs at 32 instants, row for row, and 16 bad rows named",
        "all as published",
        f"{different} instants differ; bad rows {'named' if strict else 'not named'}",
        not different and strict,
        events=EVENTS,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/data/congress"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    reports = options.folder / "reports.parquet"
    ratios = []
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory() as name:
            seconds: dict[str, float] = {}
            print(f"round {number + 1}")
            store = ingest(reports, Path(name), seconds)
            if number == 0:
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            baseline(reports, Path(name), seconds)
            ratios.append(seconds["ingest"] / (seconds["polars"] + seconds["row_number"]))
            steps = ", ".join(f"{key} {value:.2f} s" for key, value in seconds.items())
            print(f"  {steps}; ratio {ratios[-1]:.1f}")
            if number == options.rounds - 1:
                strict = refuses_bad_rows(reports, Path(name))
                different = beliefs_differ(options.folder, store)
    middle = statistics.median(ratios)
    print(f"ratio: median {middle:.1f}, least {min(ratios):.1f}; peak of the first ingest {peak:.2f} GiB")
    return 1 if different or not strict else 0


if __name__ == "__main__":
    sys.exit(main())
