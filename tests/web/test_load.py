"""Many clients at once: each gets its answer, and nothing is left behind; benchmarks/ has the timed form."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

from benchmarks.workloads.web import PATHS, asked_by_many, taken
from tests.web.conftest import Served
from timeline import Timeline

#: Without the pages that take the most time.
CHEAP = [path for path in PATHS if path.startswith(("/api/", "/static/"))]


def test_many_connections_get_their_answers_and_leave_nothing(served: Served) -> None:
    process = served.process.pid
    first = asked_by_many(served.port, CHEAP, connections=64, go_on=lambda sent, seconds: sent < 200)
    before = taken(process)
    found = asked_by_many(served.port, CHEAP, connections=64, go_on=lambda sent, seconds: sent < 400)
    assert not first.errors + found.errors
    assert len(found.seconds) == 400
    # The server closes its side of a connection a moment after the client.
    deadline = time.monotonic() + 30
    while taken(process).files > before.files and time.monotonic() < deadline:
        assert served.get("/api/health")[0] == 200
    after = taken(process)
    assert after.files <= before.files
    assert after.threads <= before.threads + 8
    assert after.children == before.children


def test_too_many_at_once_are_asked_to_come_again(serving: Any, tmp_path: Path) -> None:
    """Requests whose bodies do not come keep others waiting no longer than they are there."""
    Timeline.create(tmp_path / "desk").close()
    (tmp_path / "token").write_text("a-token-of-the-test-0123")
    own = serving(tmp_path / "desk", "--allow-writes", "--token-file", str(tmp_path / "token"))
    head = (
        f"POST /api/events HTTP/1.1\r\nHost: 127.0.0.1:{own.port}\r\nContent-Length: 9\r\n"
        "Authorization: Bearer a-token-of-the-test-0123\r\n\r\n"
    )
    waiting = [socket.create_connection(("127.0.0.1", own.port), timeout=60) for _ in range(200)]
    for one in waiting:
        one.sendall(head.encode())
    deadline = time.monotonic() + 60
    while (found := own.get("/api/health"))[0] == 200 and time.monotonic() < deadline:
        pass
    status, headers, body = found
    assert (status, headers["retry-after"], json.loads(body)["title"]) == (503, "1", "Busy")
    for one in waiting:
        one.close()
    while own.get("/api/health")[0] == 503 and time.monotonic() < deadline:
        pass
    assert own.get("/api/health")[0] == 200
