"""Every belief of a log, worked out on a cluster, for who publishes them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from timeline.errors import BadInput, TimelineError, brief
from timeline.log.log import Log
from timeline.log.paths import parquet_source
from timeline.log.spill import connect
from timeline.meaning.columns import SQL_TYPES
from timeline.publish.beliefs import COLUMNS, Believed
from timeline.spark.asking import belief_spans
from timeline.spark.files import as_engines_name_it, has_no_file_system
from timeline.urls import url_of

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import SparkSession

__all__ = ["computed"]

_TEMPORARY: Final = ".timeline-spans-"
#: What is larger is read part by part.
_PART: Final = 8 * 2**20


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
def computed(engine: str | SparkSession, log: Log, target: str) -> Iterator[Believed]:
    """Yield every belief of the log up to its head, which the engine writes to a temporary place.

    That is made beside `target`, a folder or a URL, which the engine has to see as this machine does. Raises
    BadInput where there is no PySpark or `engine` is no address, TimelineError for what the engine raises.
    """
    head = log.head()
    url = url_of(target)
    beside = _beside_folder(Path(target).parent) if url is None else _beside_url(url)
    with beside as place:
        if head is not None:
            _write(engine, log, head.number, place.spans)
        files = place.fetch() if head is not None else []
        with connect(spill=place.folder) as con:
            nulls = ", ".join(f"NULL::{SQL_TYPES[kind]} AS {name}" for name, kind in COLUMNS.items())
            source = parquet_source(files) if files else f"(SELECT {nulls} LIMIT 0)"
            con.execute(f"CREATE VIEW belief_spans AS SELECT {', '.join(COLUMNS)} FROM {source}")
            if head is None:
                yield _Computed(con, 0, 0, None, 0)
            else:
                yield _Computed(con, head.number, head.last_position, head.digest, head.recorded_at)


@dataclass(frozen=True, slots=True)
class _Beside:
    """Where an engine writes, as it names it, and a folder of this machine; `fetch` returns the files."""

    spans: str
    folder: str
    fetch: Callable[[], list[Path]]


@contextmanager
def _beside_folder(parent: Path) -> Iterator[_Beside]:
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=parent) as folder:
        spans = Path(folder) / "spans"
        yield _Beside(str(spans), folder, lambda: sorted(spans.glob("*.parquet")))


@contextmanager
def _beside_url(url: str) -> Iterator[_Beside]:
    """Make a temporary prefix beside a URL; what is there at the end is removed."""
    from timeline.log.service import Service, remove_all

    parent = url.rpartition("/")[0]
    if parent.endswith("/"):
        raise BadInput(
            f"{url}: names a whole bucket; expected a prefix in it, beside which an engine can write"
        )
    where = f"{parent}/{_TEMPORARY}{os.urandom(8).hex()}"
    service = Service(where)
    with tempfile.TemporaryDirectory(prefix="timeline-") as folder:

        def fetch() -> list[Path]:
            found = service.list("spans/")
            files = []
            for name in sorted(found):
                if name.endswith(".parquet"):
                    files.append(Path(folder) / name)
                    if not service.download(f"spans/{name}", found[name], files[-1], _PART):
                        raise TimelineError(f"{where}/spans/{name}: changed while it was read")
            return files

        try:
            yield _Beside(f"{as_engines_name_it(where)}/spans", folder, fetch)
        finally:
            remove_all(service)


def _write(engine: str | SparkSession, log: Log, commit: int, where: str) -> None:
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
    named = brief(engine) if isinstance(engine, str) else "the engine"
    try:
        spans = belief_spans(session, as_engines_name_it(log.place), recorded_as_of=f"#{commit}")
        spans.sort("believed_from").write.parquet(where)
    except PySparkException as error:
        raise TimelineError(f"{named}: {str(error).strip()[:2_000]}") from error
    except Exception as error:
        # Of the JVM's errors PySpark makes only some its own.
        if not has_no_file_system(error):
            raise
        raise TimelineError(
            f"{named}: has no file system for {where.partition(':')[0]}:// to write to; expected "
            "hadoop-aws, hadoop-azure or the connector of Google Cloud Storage among the jars of Spark"
        ) from None
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
