"""Measure as-of and all spans of belief on Spark and on Sail, beside the index that one machine builds.

    python -m benchmarks.spark --size 1M [--engines local,spark-1,spark-2,sail] [--update docs/scale.md]
    python -m benchmarks.spark --data FOLDER

Every engine reads the same log, writes its answers as Parquet files, and these have to be the rows of the
local index: exits with 1 where they are not. With `--data` it takes in the record of the US Congress (see
README.md) and compares each of the 32 published instants, row for row, on Sail and on Spark. Needs the group
`spark`, and `uv sync --script tests/spark/sail_server.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb

from benchmarks.__main__ import SIZES
from benchmarks.harness import tables
from benchmarks.harness.measure import duration, many, size, timed
from benchmarks.harness.stores import DATES, ROOT, Run, remove
from benchmarks.harness.watching import watching
from tests.spark.engines import sail, standalone
from timeline import Timeline
from timeline.meaning.columns import BELIEF_COLUMNS

ENGINES: Final = ("local", "spark-1", "spark-2", "sail")
#: By this date nearly every report has been made.
AS_OF: Final = DATES["late"]
SPANS: Final = (*BELIEF_COLUMNS, "believed_until")


@dataclass(frozen=True, slots=True)
class Measured:
    """What an engine took. Times are in seconds, sizes in bytes; None is what an engine does not report."""

    engine: str
    events: int
    started: float
    as_of: float
    spans: float
    cpu: float
    peak: int
    shuffled: int | None
    rows: int
    load: float


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--size", type=lambda text: SIZES.get(text) or int(text), default=1_000_000)
    options.add_argument("--engines", type=lambda text: text.split(","), default=list(ENGINES))
    options.add_argument("--folder", type=Path, default=Path(".benchmarks"))
    options.add_argument("--memory", default="4g", help="of each worker of Spark")
    options.add_argument("--data", type=Path, help="the folder of the congress record")
    options.add_argument("--update", type=Path, help="put the table between the marks in this document")
    options.add_argument("--ask", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.ask:
        ask(*given.ask)
        return 0
    run = Run(folder=given.folder, events=given.size)
    if given.data:
        return 1 if congress_differs(run, given.data, given.engines, given.memory) else 0
    store = run.store()
    results = run.path("spark.json")
    known = json.loads(results.read_text()) if results.exists() else []
    agree = True
    for engine in given.engines:
        measured, rows = measure(run, engine, store, given.memory)
        agree &= rows
        known = [one for one in known if (one["engine"], one["events"]) != (engine, measured.events)]
        known.append(asdict(measured))
        results.write_text(json.dumps(known, indent=1) + "\n")
        print(table([asdict(measured)]), flush=True)
    text = table(known)
    print(text)
    if given.update:
        tables.update(given.update, text + "\n")
    return 0 if agree else 1


def measure(run: Run, engine: str, store: Path, memory: str) -> tuple[Measured, bool]:
    """Return what an engine takes for both answers, and whether they are those of the local index."""
    out = run.path(f"spark-{run.events}-{engine}")
    remove(out)
    out.mkdir()
    load = os.getloadavg()[0]
    with watching() as watched, cluster(engine, out, memory) as master:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.spark", "--ask", master, store, out],
            cwd=ROOT,
            env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    took = json.loads(done.stdout.splitlines()[-1])
    found = answers(out)
    agree = engine == "local" or found == answers(run.path(f"spark-{run.events}-local"))
    if not agree:
        print(f"{engine}: other rows than those of the local index: {found}", file=sys.stderr)
    shuffled = shuffled_bytes(out) if engine.startswith("spark") else None
    rows = sum(count for count, _ in found)
    for name in ("cluster", "events", "store"):
        remove(out / name)
    return Measured(engine, run.events, **took, cpu=watched.cpu, peak=watched.peak, shuffled=shuffled,
                    rows=rows, load=load), agree  # fmt: skip


@contextmanager
def cluster(engine: str, out: Path, memory: str) -> Iterator[str]:
    """Yield the address of an engine, started for this."""
    name, _, workers = engine.partition("-")
    if name == "spark":
        (out / "cluster").mkdir()
        (out / "events").mkdir()
        with standalone(out.resolve() / "cluster", int(workers), memory=memory) as master:
            yield master
    elif name == "sail":
        with sail() as address:
            yield address
    else:
        yield "local"


def answers(out: Path) -> list[tuple[int, int]]:
    """Return how many rows each answer has, and a sum over the hashes of all their values."""
    with duckdb.connect() as con:
        return [
            con.execute(
                f"SELECT count(*), coalesce(sum(hash({', '.join(columns)})::HUGEINT), 0) "
                f"FROM read_parquet('{out / name}/*.parquet')"
            ).fetchall()[0]
            for name, columns in (("as_of", BELIEF_COLUMNS), ("spans", SPANS))
        ]


def shuffled_bytes(out: Path) -> int:
    """Return how many bytes the tasks of Spark wrote for others to read, from its event log."""
    total = 0
    for path in (out / "events").rglob("*"):
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                if '"SparkListenerTaskEnd"' in line:
                    metrics = json.loads(line).get("Task Metrics") or {}
                    total += metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
    return total


# In a process of its own


def ask(master: str, store: str, out: str) -> None:
    """Write both answers of an engine to a folder, and print what they took as JSON."""
    start = time.perf_counter()
    if master == "local":
        as_of, spans = local(Path(store), Path(out))
    else:
        as_of, spans = on_cluster(master, store, out)
    took = {"started": time.perf_counter() - start, "as_of": timed(as_of), "spans": timed(spans)}
    print(json.dumps(took))


def local(store: Path, out: Path) -> tuple[Callable[[], object], Callable[[], object]]:
    """Build the index of the log; return functions that write the answers."""
    shutil.copytree(store / "log", out / "store" / "log", copy_function=os.link)
    tl = Timeline.open(out / "store")
    tl.rebuild()
    con = tl.connect()

    def write(name: str, relation: str) -> None:
        (out / name).mkdir()
        con.execute(f"COPY (FROM {relation}) TO '{out / name / 'rows.parquet'}' (FORMAT parquet)")

    instant = AS_OF.strftime("TIMESTAMP '%Y-%m-%d %H:%M:%S.%f'")
    return lambda: write("as_of", f"beliefs_as_of({instant})"), lambda: write("spans", "belief_spans")


def on_cluster(master: str, store: str, out: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """Open a session; return functions that have the answers computed and written."""
    from timeline.spark import belief_spans, beliefs_as_of

    spark = session(master, Path(out).resolve())
    folder = Path(out).resolve().as_posix()
    return (
        lambda: beliefs_as_of(spark, store, AS_OF).write.parquet(f"{folder}/as_of"),
        lambda: belief_spans(spark, store).write.parquet(f"{folder}/spans"),
    )


def session(master: str, out: Path) -> Any:
    from pyspark.sql import SparkSession

    if master.startswith("sc:"):
        return SparkSession.builder.remote(master).create()
    settings: dict[str, bool | float | int | str | None] = {
        "spark.driver.host": "127.0.0.1",
        "spark.executor.memory": "3g",
        "spark.ui.enabled": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.dir": (out / "events").as_uri(),
    }
    spark = SparkSession.builder.master(master).config(map=settings).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


# The congress record


def congress_differs(run: Run, data: Path, engines: list[str], memory: str) -> int:
    """Return at how many instants an engine believes other rows than were published."""
    from benchmarks.workloads.congress import COLUMNS, ingest

    with run.scratch("spark-congress") as folder, duckdb.connect() as con:
        folder.mkdir()
        store = ingest(data / "reports.parquet", folder, {}).resolve()
        instants = con.execute(
            f"SELECT epoch_us(as_of) FROM '{data / 'as_of.csv'}' ORDER BY as_of"
        ).fetchall()
        different = 0
        for engine in engines:
            if engine != "local":
                out = folder / engine
                out.mkdir()
                with cluster(engine, out, memory) as master:
                    different += _congress_on(engine, master, con, store, data, COLUMNS, instants, out)
        return different


def _congress_on(
    engine: str,
    url: str,
    con: duckdb.DuckDBPyConnection,
    store: Path,
    data: Path,
    columns: str,
    instants: list[tuple[int]],
    folder: Path,
) -> int:
    from timeline.spark import beliefs_as_of

    spark = session(url, folder.resolve())
    different = rows = 0
    for (micros,) in instants:
        instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
        found = beliefs_as_of(spark, store, instant).toArrow()
        con.register("found", found)
        expected = f"SELECT {columns} FROM '{data / 'beliefs.parquet'}' WHERE epoch_us(as_of) = {micros}"
        [(missing, extra)] = con.execute(
            f"SELECT (SELECT count(*) FROM ({expected} EXCEPT ALL SELECT {columns} FROM found)), "
            f"(SELECT count(*) FROM (SELECT {columns} FROM found EXCEPT ALL {expected}))"
        ).fetchall()
        rows += found.num_rows
        if missing or extra:
            different += 1
            print(f"{engine}, as of {instant}: {missing} missing, {extra} too many")
    spark.stop()
    print(
        f"{engine}: {len(instants) - different} of {len(instants)} instants agree, {rows:,} rows", flush=True
    )
    return different


# For people


def table(measured: list[dict[str, Any]]) -> str:
    """Return results as a table of Markdown."""
    head = (
        "| events | engine | start or build | as of one date | every span | CPU | memory | shuffled | load |"
    )
    lines = [head, "| --- " * 9 + "|"]
    for one in sorted(measured, key=lambda one: (one["events"], ENGINES.index(one["engine"]))):
        shuffled = "not reported" if one["shuffled"] is None else size(one["shuffled"])
        if one["engine"] == "local":
            shuffled = "none"
        cells = [
            many(one["events"]),
            one["engine"].replace("-1", ", 1 worker").replace("-2", ", 2 workers"),
            *(duration(one[name]) for name in ("started", "as_of", "spans", "cpu")),
            size(one["peak"]),
            shuffled,
            f"{one['load']:.1f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
