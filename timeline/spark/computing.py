"""Every belief of a log, worked out on a cluster, for who publishes them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from timeline.errors import BadInput, TimelineError, brief
from timeline.log.log import Log
from timeline.log.paths import parquet_source
from timeline.log.spill import connect
from timeline.meaning.columns import SQL_TYPES
from timeline.publish.beliefs import COLUMNS, Believed
from timeline.spark.asking import belief_spans

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import SparkSession

__all__ = ["computed"]


@dataclass(frozen=True, slots=True)
class _Computed:
    """Beliefs up to a commit, in a database in memory that names the files that a cluster wrote."""

    con: duckdb.DuckDBPyConnection
    commit: int
    position: int
    digest: str | None
    recorded_at: int

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self.con.cursor()


@contextmanager
def computed(engine: str | SparkSession, log: Log, beside: Path) -> Iterator[Believed]:
    """Yield every belief of the log up to its head, which the engine writes to a temporary folder.

    The folder is made in `beside`, which the engine has to see. Raises BadInput where there is no PySpark,
    `engine` is no address, or the log is in a bucket, TimelineError for what the engine raises.
    """
    if log.is_shared:
        # Its local folder has copies of some files, and how an engine reaches a bucket is not ours to know.
        raise BadInput(
            f"{log.place}: an engine works out the beliefs of a log in a folder alone; "
            "publish without an engine"
        )
    head = log.head()
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".timeline-spans-", dir=beside) as folder:
        spans = Path(folder) / "spans"
        if head is not None:
            _write(engine, log, head.number, spans)
        with connect(spill=folder) as con:
            files = sorted(spans.glob("*.parquet"))
            nulls = ", ".join(f"NULL::{SQL_TYPES[kind]} AS {name}" for name, kind in COLUMNS.items())
            source = parquet_source(files) if files else f"(SELECT {nulls} LIMIT 0)"
            con.execute(f"CREATE VIEW belief_spans AS SELECT {', '.join(COLUMNS)} FROM {source}")
            if head is None:
                yield _Computed(con, 0, 0, None, 0)
            else:
                yield _Computed(con, head.number, head.last_position, head.digest, head.recorded_at)


def _write(engine: str | SparkSession, log: Log, commit: int, folder: Path) -> None:
    """Have the engine write every belief as of a commit, in the order in which they begin.

    So a part of the reported axis is in few of the files.
    """
    try:
        from pyspark.errors import PySparkException
    except ImportError:
        raise BadInput(
            "there is no PySpark, which an engine needs; install it: pip install 'timeline-store[spark]'"
        ) from None
    session = _session(engine) if isinstance(engine, str) else engine
    try:
        spans = belief_spans(session, log.folder, recorded_as_of=f"#{commit}")
        spans.sort("believed_from").write.parquet(str(folder))
    except PySparkException as error:
        raise TimelineError(f"{brief(engine)}: {str(error).strip()[:2_000]}") from error
    finally:
        if isinstance(engine, str):
            session.stop()


def _session(address: str) -> SparkSession:
    from pyspark.sql import SparkSession

    scheme = address.partition("://")[0]
    if scheme == "sc":
        return SparkSession.builder.remote(address).create()
    if scheme == "spark" or address.startswith("local"):
        return SparkSession.builder.master(address).appName("timeline").getOrCreate()
    raise BadInput(
        f"{brief(address)} is no engine; expected spark://HOST:PORT, or sc://HOST:PORT for Spark Connect"
    )
