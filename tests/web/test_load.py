"""Many clients at once: each gets its answer, and nothing is left behind; benchmarks/ has the timed form."""

from __future__ import annotations

import json
import resource
import socket
import time
from pathlib import Path
from typing import Any

from benchmarks.workloads.web import PATHS, asked_by_many, taken
from tests.web.conftest import Served
from timeline import Timeline
from timeline.web.connections import at_most

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


def asked(connection: socket.socket, path: str = "/api/health") -> bytes:
    """Return what a server sends first on a connection for a request."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return connection.recv(65_536)


def whole(connection: socket.socket) -> bytes:
    """Return what a server sends until it closes a connection."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_connections_beyond_those_that_are_served_are_refused_in_words(serving: Any, desk: Timeline) -> None:
    """With few descriptors, so that the server has to count them: 128 connections of 256."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    try:
        own = serving(Path(desk.address))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    def connected() -> socket.socket:
        return socket.create_connection(("127.0.0.1", own.port), timeout=60)

    served = [connected() for _ in range(at_most(256))]
    for one in served:
        assert asked(one, "/api/live").startswith(b"HTTP/1.1 200")
    # One more is answered, with the time after which to come again.
    refused = connected()
    with refused:
        head, _, body = (asked(refused) + whole(refused)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503")
    for line in (b"retry-after: 1", b"content-type: application/problem+json", b"connection: close"):
        assert line in head
    problem = json.loads(body)
    assert (problem["status"], problem["title"]) == (503, "Busy")
    assert "connections" in problem["detail"]
    # Of many more that ask for nothing, each is refused, and none takes the server's last descriptors.
    for one in [connected() for _ in range(300)]:
        head, _, body = whole(one).partition(b"\r\n\r\n")
        if head:
            assert (head.split()[1], json.loads(body)) == (b"503", problem)
        one.close()
    # What is served goes on meanwhile, and who comes when one has gone is served.
    desk.append(
        [{"fact": "acme/ceo", "entity": "jane", "source": "s", "reported": "2025"}], register_unknown=True
    )
    for one in served:
        while b'"commit": 1' not in one.recv(65_536):
            pass
    served.pop().close()
    deadline = time.monotonic() + 60
    while (status := own.get("/api/health")[0]) == 503 and time.monotonic() < deadline:
        pass
    assert status == 200
    assert own.get("/api/sql?query=SELECT%201")[0] == 200
    for one in served:
        one.close()
