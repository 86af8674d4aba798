"""The data sets and stores that are measured: made once for each size, and used again by later runs.

A store is complete when there is a file of its name with `.json` behind it, which holds what making it took.
A store that is written to is a clone: log files and generations never change, so a clone is hard links.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.harness.reports import DAYS, FIRST_DAY, write_reports

ROOT = Path(__file__).resolve().parents[2]
START = datetime.fromisoformat(FIRST_DAY).replace(tzinfo=UTC)
#: DuckDB keeps the whole index of a table in memory.
INDEXED_AT_MOST = 20_000_000

PEERS = ("duckdb", "polars", "mariadb", "postgresql")


def day(share: float) -> datetime:
    """Return the instant after this share of the days that the reports are spread over."""
    return START + timedelta(days=DAYS) * share


#: The dates of the questions; by the late one nearly every report has been made.
DATES = {"early": day(0.1), "middle": day(0.5), "late": day(0.98)}


#: From this many events on, a second store beside the first takes too much disk, and too much time.
HUGE = 50_000_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What `write_reports` is asked for."""

    name: str
    events: int
    facts: int
    zipf: float = 0.0
    late: float = 0.05


@dataclass(slots=True)
class Run:
    """What a run of the benchmark was asked for, and where it keeps things.

    A question is asked in so many `rounds`; one of a single fact so many times as `calls` says, and one that
    joins rows of the asker's is given `joined` of them.
    """

    folder: Path
    events: int
    peers: tuple[str, ...] = PEERS
    rounds: int = 11
    calls: int = 2_000
    joined: int = 1_000_000
    load_seconds: float = 600.0
    data: Path | None = None
    progress: Callable[[str], None] = field(default=print)

    @property
    def facts(self) -> int:
        return max(10, self.events // 10)

    @property
    def shape(self) -> Shape:
        """The data set that most questions are asked of."""
        return Shape("uniform", self.events, self.facts)

    @property
    def quarter(self) -> Shape:
        """The same facts with a quarter of the history."""
        return replace(self.shape, name="quarter", events=self.events // 4)

    @property
    def other_shapes(self) -> tuple[Shape, ...]:
        return (
            replace(self.shape, name="zipf", zipf=1.0),
            replace(self.shape, name="in-order", late=0.0),
        )

    @property
    def small(self) -> Shape:
        """A small data set, to compare with where the cost should not grow with the store."""
        return Shape("uniform", min(10_000, self.events), min(1_000, self.facts))

    def path(self, name: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / name

    def in_memory(self) -> duckdb.DuckDBPyConnection:
        """Return a DuckDB database in memory that spills, where it has to, into the folder of the run."""
        return duckdb.connect(config={"temp_directory": str(self.path("spilled"))})

    # Data

    def reports(self, shape: Shape | None = None) -> Path:
        """Return the Parquet file of a data set, in the flat columns that Timeline ingests."""
        shape = shape or self.shape
        target = self.path(f"reports-{_named(shape)}.parquet")
        if not target.exists():
            self.progress(f"writing {target.name}")
            partial = target.with_suffix(".partial")
            write_reports(partial, shape.events, shape.facts, zipf=shape.zipf, late=shape.late)
            partial.rename(target)
        return target

    def table(self, shape: Shape | None = None) -> Path:
        """Return a DuckDB file with the reports as one table, as a user of DuckDB would load them."""
        reports = self.reports(shape)
        target = reports.with_suffix(".duckdb")
        if not target.exists():
            self.progress(f"loading {target.name}")
            partial = target.with_suffix(".partial")
            partial.unlink(missing_ok=True)
            with duckdb.connect(str(partial)) as con:
                con.execute(f"CREATE TABLE reports AS SELECT * REPLACE ({NAIVE}) FROM '{reports}'")
                if (shape or self.shape).events <= INDEXED_AT_MOST:
                    con.execute("CREATE INDEX by_fact ON reports (fact)")
            partial.rename(target)
        return target

    # Stores

    def store(self, shape: Shape | None = None) -> Path:
        """Return a store that holds a data set, ingested in one commit; it is never written to again."""
        shape = shape or self.shape
        reports = self.reports(shape)
        return self.built(f"store-{_named(shape)}", lambda target: ingest_in_child(reports, target))

    def built(self, name: str, build: Callable[[Path], dict[str, Any]]) -> Path:
        """Return the store of this name; build it unless a marker shows that it is complete."""
        target, marker = self.path(name), self.path(f"{name}.json")
        if not marker.exists():
            self.progress(f"building {name}")
            remove(target)
            took = build(target)
            marker.write_text(json.dumps(took, indent=2) + "\n", encoding="utf-8")
        return target

    def building(self, store: Path) -> dict[str, Any]:
        """Return what building a store took: `seconds`, and the most memory of its process, in `peak`."""
        took: dict[str, Any] = json.loads(self.path(f"{store.name}.json").read_text(encoding="utf-8"))
        return took

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Yield a path for something that is gone at the end of the block."""
        target = self.path(f"scratch-{name}-{os.getpid()}")
        remove(target)
        try:
            yield target
        finally:
            remove(target)

    @contextmanager
    def clone(self, store: Path) -> Iterator[Path]:
        """Yield a copy of a store, to write to, that is gone at the end of the block."""
        with self.scratch(store.name) as target:
            shutil.copytree(store, target, copy_function=_link)
            yield target


#: A column of generated reports as Timeline keeps instants: without a zone, in UTC.
NAIVE = "reported AT TIME ZONE 'UTC' AS reported"


def _named(shape: Shape) -> str:
    return f"{shape.name}-{shape.events}"


def _link(source: str, target: str) -> None:
    # Locks belong to a store, not to what is in it.
    if not os.path.basename(source).endswith(".lock"):
        os.link(source, target)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# Other processes


def in_child(name: str, *arguments: object, patience: float | None = None) -> dict[str, Any]:
    """Run a function of benchmarks/harness/children.py in a new process, and return what it returns.

    The process is ended, and TimeoutExpired raised, after `patience` seconds.
    """
    command = [sys.executable, "-m", "benchmarks.harness.children", name, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=patience)
    returned: dict[str, Any] = json.loads(done.stdout)
    return returned


def ingest_in_child(reports: Path, store: Path) -> dict[str, Any]:
    """Make a store of a file of reports in a new process; its `seconds`, `peak` memory and `events`."""
    return in_child("ingest", reports.resolve(), store.resolve())


def micros(instant: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def literal(instant: datetime) -> str:
    """Return an instant as DuckDB's SQL writes it, in UTC and without a zone."""
    return f"make_timestamp({micros(instant)})"
