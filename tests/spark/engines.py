"""Clusters on this machine, as real processes that listen on loopback alone, and are ended by their ids."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engines import SAIL, python_in

__all__ = ["Question", "answered", "sail", "session_environment", "standalone"]

#: The name of a function of `timeline.spark`, and its arguments but the session.
Question = tuple[str, Mapping[str, Any]]

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
#: Whether a missing engine is a failure: TIMELINE_NEEDS_SPARK, where 0 is no.
NEEDED: Final = os.environ.get("TIMELINE_NEEDS_SPARK", "0") not in ("", "0")
#: Short-lived processes are quicker without the compiler that needs to see code run for long.
JVM: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
#: Of a session: as few and as small as what the tests ask needs.
SETTINGS: Final = f"""
spark.driver.host 127.0.0.1
spark.driver.memory 512m
spark.driver.extraJavaOptions {JVM}
spark.executor.memory 512m
spark.executor.cores 1
spark.executor.extraJavaOptions {JVM}
spark.sql.shuffle.partitions 2
spark.ui.enabled false
"""


def _missing(why: str) -> None:
    """Skip the test, or fail it where the engines are needed."""
    if NEEDED:
        pytest.fail(why)
    pytest.skip(f"{why} (TIMELINE_NEEDS_SPARK=1 makes this a failure)")


def need_pyspark() -> None:
    """Skip the test where the group `spark` is not installed."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        _missing("PySpark is not installed: uv sync --group spark")


# Sail


@contextmanager
def sail(**more: str) -> Iterator[str]:
    """Yield the address of a Sail with two workers, on which there is no package `timeline`.

    Its environment is a bare one, and what is given: the way to a bucket, say.
    """
    need_pyspark()
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ} | more
    with subprocess.Popen(
        [python_in(SAIL), str(SAIL)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=environment | {"RUST_LOG": "error"},
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield f"sc://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            # It ends when its standard input does.
            process.communicate(timeout=60)


# Spark


def session_environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a daemon or a session of Spark that keeps what is its own in `folder`.

    `more` is the way to a bucket, say: workers have it from their daemon.
    """
    (folder / "spark-defaults.conf").write_text(SETTINGS)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME") if name in os.environ}
    return kept | {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": JVM,
        "SPARK_LOCAL_DIRS": str(folder),
        "PYSPARK_PYTHON": sys.executable,
        # For the driver: the workers do without Timeline.
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "SPARK_CONF_DIR": str(folder),
        **more,
    }


@contextmanager
def standalone(
    folder: Path,
    workers: int = 2,
    cores: int = 1,
    memory: str = "1g",
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[str]:
    """Yield the address of a Spark master with so many workers, which keep what is theirs in `folder`.

    `more` is in their environment besides.
    """
    need_pyspark()
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        _missing("there is no Java, which Spark needs: apt-get install openjdk-17-jre-headless")
    with ExitStack() as stack:
        start = partial(_started, stack, folder, more)
        master = start("master.Master", "--port", "0", until=r"Starting Spark master at (spark://\S+)")
        for number in range(workers):
            given = ["--port", "0", "--cores", str(cores), "--memory", memory]
            where = ["--work-dir", str(folder / f"work{number}")]
            start("worker.Worker", *given, *where, master, until="Successfully registered with master (.*)")
        yield master


def _started(
    stack: ExitStack, folder: Path, more: Mapping[str, str], name: str, *arguments: str, until: str
) -> str:
    """Start a daemon of Spark, and return what it prints once it is there."""
    import pyspark

    command = [str(Path(pyspark.__file__).parent / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}"]
    log = folder / f"{name}{len(list(folder.glob('*.log')))}.log"
    with log.open("w") as printed:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--webui-port", "0", *arguments],
            cwd=folder,
            env=session_environment(folder, **more),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
        )
    stack.callback(_ended, process)
    for _ in range(1_200):
        if found := re.search(until, log.read_text()):
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"{name} did not start:\n{log.read_text()}")


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(60)


def answered(
    master: str, questions: Sequence[Question], folder: Path, **more: str
) -> tuple[list[pa.Table], int]:
    """Return the answers of a classic session on this master, and of how many workers.

    A process of its own asks them.
    """
    asked = folder / "questions.json"
    asked.write_text(json.dumps(questions))
    finished = subprocess.run(
        [sys.executable, str(HERE / "driver.py"), master, str(asked), str(folder)],
        cwd=folder,
        env=session_environment(folder, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-10_000:]
    tables = [pq.read_table(folder / f"{number}.parquet") for number in range(len(questions))]
    workers, joins = finished.stdout.splitlines()
    # However many events there are, they stay where they were read.
    assert json.loads(joins) == ["BroadcastHashJoin"]
    return tables, int(workers)
