"""An exported store behind DuckDB's `quack`: another process asks it, and can do nothing else to it."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines import DUCKDB, run_in, started_in
from timeline import Timeline

READERS = Path(__file__).parent / "readers"
TOKEN = secrets.token_hex(16)

Ask = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def ask(bundled: Timeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Serve the bundled reports, and yield what asks queries in a process of its own."""
    file = bundled.export_duckdb(tmp_path_factory.mktemp("exported") / "desk.duckdb")
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with started_in(DUCKDB, READERS / "quack_server.py", file, port, TOKEN) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield lambda *queries, token=TOKEN: [
            json.loads(line)
            for line in run_in(DUCKDB, READERS / "quack_client.py", port, token, *queries).splitlines()
        ]


def as_text(rows: list[Any]) -> list[list[str | None]]:
    return sorted(([None if value is None else str(value) for value in row] for row in rows), key=repr)


def test_another_process_asks_what_was_believed(ask: Ask, bundled: Timeline) -> None:
    queries = [
        *(f"SELECT * FROM beliefs_as_of('{day}')" for day in ("2025-02-22", "2025-10-15", "2026-02-28")),
        "SELECT * FROM beliefs_as_of('2026-02-28', policy := 'by-origin', valid_at := DATE '2026-01-01')",
        "SELECT * FROM changes('2025-10-15', '2026-02-28')",
        "SELECT * FROM belief_spans",
    ]
    with bundled.connect() as con:
        expected = [as_text(con.execute(query).fetchall()) for query in queries]
    assert [sorted(rows, key=repr) for rows in ask(*queries)] == expected
    assert all(expected)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("CREATE TABLE store.more AS SELECT 1", "read-only"),
        ("DELETE FROM store.commits", "read-only"),
        ("SELECT * FROM read_text('/etc/hostname')", "disabled by configuration"),
        ("COPY (SELECT 1) TO '/tmp/copied.csv'", "disabled by configuration"),
        ("SET enable_external_access = true", "locked|Cannot"),
    ],
)
def test_it_can_do_nothing_else(ask: Ask, query: str, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        ask(query)


def test_a_wrong_token_is_refused(ask: Ask) -> None:
    with pytest.raises(AssertionError, match=r"(?i)auth|token"):
        ask("SELECT 1", token="wrong")
