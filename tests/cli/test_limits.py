"""What SQL may take on the command line: it is ended in its limits, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands import environment, run
from timeline.cli import limits

ENDLESS = "SELECT count(*) FROM range(1000000000000)"
#: So that a value of 200 MB is more than a query may take of a small store: DuckDB keeps to 2.4 GiB.
SMALL = "limits.MEMORY_BESIDE = -int(2.3 * 2**30)"


def start(folder: Path, set_up: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a command with other limits than it has."""
    code = f"import sys; from timeline.cli import limits; {set_up}; from timeline.cli.app import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def children(process: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def gone(process: int, within: float = 30) -> bool:
    """Whether a process ends in so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
    return False


@pytest.mark.parametrize("query", [ENDLESS, "SELECT sleep_ms(600000)"])
def test_a_query_is_ended_at_its_time(recorded_project: Path, query: str) -> None:
    process = start(recorded_project, "limits.SECONDS = 1", "sql", query)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert "it took more than 1 second; --unlimited lifts the limits" in err


def test_a_query_gets_no_more_memory_than_it_may(recorded_project: Path) -> None:
    query = "SELECT length(repeat('x', 200000000)) AS n"
    process = start(recorded_project, SMALL, "sql", query)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert "GiB of memory; --unlimited lifts the limits" in err


def test_the_limits_can_be_lifted(recorded_project: Path) -> None:
    query = "SELECT length(repeat('x', 200000000)) AS n, sleep_ms(1500) AS slept"
    tight = f"limits.SECONDS = 1; {SMALL}"
    process = start(recorded_project, tight, "sql", query, "--unlimited", "--json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert json.loads(out)["rows"][0]["n"] == 200_000_000


@pytest.mark.parametrize(
    "arguments",
    [
        ["sql", "SELECT fact, claim FROM beliefs ORDER BY fact"],
        ["sql", "FROM beliefs", "--format", "csv", "--as-of", "2025-10-15"],
        ["sql", "SELECT $a AS a", "-p", "a=1", "--json"],
        ["sql", "SELEC"],
        ["sql", "FROM beliefs", "--as-of", "2025-02-30"],
        ["query", "no-such-query"],
        ["sql", "SELECT error('it fails')"],
    ],
    ids=" ".join,
)
def test_nothing_else_is_different(recorded_project: Path, arguments: list[str]) -> None:
    """In a process of its own a query answers and fails as it does in the command's."""
    here = run(recorded_project, arguments, COLUMNS="80")
    apart = start(recorded_project, "pass", *arguments)
    out, err = apart.communicate(timeout=60)
    assert (apart.returncode, out, err) == (here.code, here.out, here.err)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_query_outlives_its_command(recorded_project: Path, end: signal.Signals) -> None:
    process = start(recorded_project, "pass", "sql", ENDLESS)
    asking: list[int] = []
    deadline = time.monotonic() + 60
    while not asking and process.poll() is None and time.monotonic() < deadline:
        asking = children(process.pid)
    assert asking
    os.kill(process.pid, end)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if end == signal.SIGINT else -end), err
    assert all(map(gone, asking))
    assert "Traceback" not in err


def test_the_help_says_what_the_limits_are() -> None:
    assert f"{limits.SECONDS // 60} minutes" in run(Path.cwd(), ["sql", "--help"]).out.replace("\n", " ")
