"""The HTTP API: the documents of the commands, paged, tagged, with errors as problem details."""

from __future__ import annotations

import json
import shutil
import signal
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import polars as pl
import pytest

from tests.commands import run as run_command
from tests.web.conftest import Served
from timeline import Timeline
from timeline.web.openapi import description

COMMANDS: list[tuple[str, dict[str, str], list[str]]] = [
    ("beliefs", {"as_of": "2025-02-22"}, ["show", "--as-of", "2025-02-22"]),
    ("beliefs", {"fact": "nvidia/*", "policy": "first"}, ["show", "nvidia/*", "--policy", "first"]),
    ("history", {"fact": "nvidia/investment/openai"}, ["history", "nvidia/investment/openai"]),
    ("disagreements", {"within": "any"}, ["disagreements", "--within", "any"]),
    ("changes", {"from_date": "2025-10-15", "to_date": "2026-02-28"}, ["diff", "2025-10-15", "2026-02-28"]),
    (
        "why",
        {"fact": "nvidia/investment/openai", "as_of": "2025-10-15"},
        ["why", "nvidia/investment/openai", "--as-of", "2025-10-15"],
    ),
]


@pytest.mark.parametrize(("question", "asked", "command"), COMMANDS, ids=lambda value: str(value)[:40])
def test_an_answer_is_what_the_command_prints(
    served: Served, question: str, asked: dict[str, str], command: list[str]
) -> None:
    printed = run_command(served.store, [*command, "--json"])
    assert printed.code == 0
    assert served.json(f"/api/{question}?{urlencode(asked)}") == json.loads(printed.out)


def test_every_question_of_the_description_answers(served: Served) -> None:
    needs = {
        "fact": "nvidia/investment/openai",
        "from_date": "2025-10-15",
        "to_date": "2026-02-28",
        "query": "SELECT 1",
    }
    assert served.json("/api/openapi.json") == description()
    for path, methods in description()["paths"].items():
        given = {one["name"]: needs[one["name"]] for one in methods["get"]["parameters"] if one["required"]}
        found = served.json(f"{path}?{urlencode(given)}")
        assert isinstance(found, dict), path


def test_an_answer_comes_as_csv_and_as_arrow(served: Served) -> None:
    status, headers, body = served.get("/api/beliefs?as_of=2025-02-22", Accept="text/csv")
    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
    printed = run_command(served.store, ["show", "--as-of", "2025-02-22", "--format", "csv"])
    assert body.decode() == printed.out
    _, headers, body = served.get("/api/beliefs?as_of=2025-02-22&format=arrow")
    assert headers["content-type"] == "application/vnd.apache.arrow.stream"
    with Timeline.open(served.store) as tl:
        assert pl.read_ipc_stream(body)["fact"].to_list() == tl.beliefs(as_of="2025-02-22")["fact"].to_list()


def test_pages_are_the_whole(served: Served) -> None:
    whole = served.json("/api/events?limit=1000")["rows"]
    assert len(whole) == served.json("/api/health")["position"]
    parts: list[Any] = []
    while True:
        part = served.json(f"/api/events?limit=50&offset={len(parts)}")
        assert part["total"] == len(whole)
        parts += part["rows"]
        if len(parts) >= part["total"]:
            break
    assert parts == whole
    assert served.json("/api/events?after=190")["rows"] == whole[190:]


def test_what_is_known_already_is_not_sent_again(served: Served) -> None:
    path = "/api/beliefs?as_of=2025-02-22"
    status, headers, _ = served.get(path)
    assert (status, headers["cache-control"]) == (200, "no-cache")
    status, again, body = served.get(path, If_None_Match=headers["etag"])
    assert (status, body, again["etag"]) == (304, b"", headers["etag"])
    _, headers, _ = served.get(path + "&recorded_as_of=" + quote("#4"))
    assert "immutable" in headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/beliefs?asof=2025", 400, "did you mean 'as_of'"),
        ("/api/beliefs?as_of=2025-02-30", 400, "2025-02-30"),
        ("/api/beliefs?as_of=2025&as_of=2026", 400, "given twice"),
        ("/api/beliefs?limit=-1", 400, "expected a number"),
        ("/api/beliefs?format=xml", 400, "expected json, csv or arrow"),
        ("/api/beliefs?policy=best", 400, "policy"),
        ("/api/belief", 404, "did you mean 'beliefs'"),
        ("/api/history", 400, "fact is missing"),
        ("/api/why?fact=nvidia/investmnt/openai", 404, "did you mean"),
        ("/api/why?fact=nvidia/*", 400, "one fact"),
        ("/api/changes?from_date=2025", 400, "to_date is missing"),
        ("/api/sql", 400, "query is missing"),
        ("/api/sql?query=DROP%20TABLE%20x", 400, "expected"),
        ("/api/beliefs?fact=%00", 400, "U+0000"),
        ("/nowhere", 303, ""),
        ("/static/../app.py", 404, "no such address"),
    ],
)
def test_what_is_wrong_is_told_as_a_problem(served: Served, path: str, status: int, words: str) -> None:
    got, headers, body = served.get(path)
    assert got == status, body
    if status != 303:
        assert headers["content-type"] == "application/problem+json"
        details = json.loads(body)
        assert details["status"] == status
        assert words in details["detail"]


def test_a_page_of_another_site_gets_nothing(served: Served) -> None:
    assert served.get("/api/health")[0] == 200
    assert served.get("/api/health", Host="evil.example")[0] == 421
    assert served.get("/api/health", Origin="https://evil.example")[0] == 403
    assert served.get("/api/health", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="cors")[0] == 403
    assert served.get("/api/health", Origin=served.address)[0] == 200
    assert served.get("/api/beliefs?fact=" + "a" * 60_000)[0] == 414
    _, headers, _ = served.get("/")
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_only_questions_are_taken(served: Served) -> None:
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", served.port, timeout=30)
    connection.request("POST", "/api/events", body="{}", headers={"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("content-type")) == (405, "application/problem+json")
    connection.close()


def test_what_another_process_appends_is_served_at_once(served: Served, serving: Any, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(served.store, project)
    own = serving(project)
    before = own.json("/api/health")["position"]
    with Timeline.open(project) as tl:
        tl.append(
            [
                {
                    "fact": "nvidia/ceo",
                    "text": "Jensen Huang",
                    "source": "gate-2026-02-20",
                    "reported": "2026-02",
                }
            ],
            register_unknown=True,
        )
    assert own.json("/api/health")["position"] > before
    assert own.json("/api/beliefs?fact=nvidia/ceo")["rows"][0]["claim"] == "Jensen Huang"


@pytest.mark.parametrize(("end", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_server_ends_cleanly(served: Served, serving: Any, end: signal.Signals, code: int) -> None:
    own = serving(served.store)
    # Somebody listens to what is appended meanwhile.
    with socket.create_connection(("127.0.0.1", own.port), timeout=60) as listening:
        listening.sendall(f"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:{own.port}\r\n\r\n".encode())
        assert b"event: head" in _until(listening, b"event: head")
        own.process.send_signal(end)
        out, err = own.process.communicate(timeout=30)
    assert own.process.returncode == code, err
    assert "Traceback" not in err
    assert out == ""


def _until(stream: socket.socket, wanted: bytes) -> bytes:
    got = b""
    while wanted not in got:
        part = stream.recv(4096)
        assert part, got
        got += part
    return got


def test_an_address_that_is_taken_is_named(served: Served) -> None:
    found = run_command(served.store, ["serve", "--port", str(served.port), "--no-browser"])
    assert found.code == 2
    assert f"cannot listen on 127.0.0.1, port {served.port}" in found.err
