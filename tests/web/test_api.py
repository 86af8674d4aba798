"""The HTTP API: the documents of the commands, paged, tagged, with errors as problem details."""

from __future__ import annotations

import html
import json
import re
import shutil
import signal
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from tests.commands import run as run_command
from tests.web.conftest import Served
from timeline import Timeline
from timeline.ask.answers import Answer, plain
from timeline.show.formats import csv_lines
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
    with Timeline.open(served.store, read_only=True) as tl:
        described = description(tl.snapshot())
        needs["line"] = tl.cite("show", as_of="2025-10-15").line
    assert served.json("/api/openapi.json") == described
    assert "post" not in described["paths"]["/api/events"]
    for path, methods in described["paths"].items():
        if path == "/api/live":
            # Its answer does not end.
            continue
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
    for header in (f'"x", {headers["etag"]}', headers["etag"].removeprefix("W/"), "*"):
        assert served.get(path, If_None_Match=header)[0] == 304
    for header in ('"x"', headers["etag"][:-2], ""):
        assert served.get(path, If_None_Match=header)[0] == 200
    # Another question or another form is another answer, of the same date too.
    for more in ("&basis=possible", "&format=csv", "&limit=1"):
        assert served.get(path + more, If_None_Match=headers["etag"])[0] == 200
    assert served.get(path + "&format=json", If_None_Match=headers["etag"])[0] == 304


@pytest.mark.parametrize(
    ("recorded", "fixed"), [("#4", True), ("#9", False), ("#99", False), ("2020", True), ("2099", False)]
)
def test_only_what_stays_the_same_is_kept(served: Served, recorded: str, fixed: bool) -> None:
    """What is recorded later on changes no answer as of a commit before the last."""
    for path in ("/api/beliefs?", "/api/events?limit=1&", "/api/sources?", "/api/why?fact=nvidia/ceo&"):
        status, headers, _ = served.get(f"{path}recorded_as_of={quote(recorded)}")
        assert status in (200, 404)
        assert status == 404 or ("immutable" in headers["cache-control"]) == fixed


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv;q=0.2, application/json;q=0.1", "text/csv"),
        ("text/csv;q=0.1, application/json;q=0.2", "application/json"),
        ("text/csv;q=0, */*", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ('application/x;y="a,text/csv";q=1, application/vnd.apache.arrow.stream', "application/vnd"),
        ("text/html", None),
        ("application/json;q=0", None),
        ("garbage", None),
    ],
)
def test_the_form_is_what_the_client_takes(served: Served, accept: str | None, kind: str | None) -> None:
    status, headers, _ = served.get("/api/sources", **({} if accept is None else {"Accept": accept}))
    assert (status, headers["content-type"].startswith(kind or "application/problem+json")) == (
        200 if kind else 406,
        True,
    )
    # What the address names counts, whatever else the client takes.
    assert served.get("/api/sources?format=csv", Accept=accept or "*/*")[0] == 200


def test_headers_alone_and_parts_are_asked_for(served: Served) -> None:
    path = "/api/beliefs?as_of=2025-02-22"
    _, whole, body = served.get(path)
    status, headers, nothing = served.send("HEAD", path)
    assert (status, nothing, headers["etag"]) == (200, b"", whole["etag"])
    assert headers["content-length"] == str(len(body))
    # No part of an answer is sent by itself.
    status, _, again = served.get(path, Range="bytes=0-9")
    assert (status, again) == (200, body)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY"])
def test_other_methods_are_refused_with_those_that_there_are(served: Served, method: str) -> None:
    for path in ("/api/beliefs", "/api/sql", "/api/health", "/api/events"):
        status, headers, body = served.send(method, path)
        assert (status, headers["allow"], json.loads(body)["status"]) == (405, "GET, HEAD", 405)


def test_sql_answers_as_its_command_does(served: Served) -> None:
    query = (
        "SELECT 1.50 AS number, true AS yes, NULL AS nothing, DATE '2025-02-22' AS day, 'a,\"b' AS text, "
        "TIMESTAMP '2025-02-22 10:00:00.5' AS instant, [1, 2] AS list, {'a': 1.0} AS structure, "
        "1e300 AS large, INTERVAL 3 HOURS AS span, '\\x00'::BLOB AS bytes"
    )
    for form in ("json", "csv"):
        printed = run_command(served.store, ["sql", query, "--format", form, "--as-of", "2025-02-22"])
        assert printed.code == 0, printed.err
        status, _, body = served.get(
            f"/api/sql?{urlencode({'query': query, 'format': form, 'as_of': '2025-02-22'})}"
        )
        assert (status, body.decode()) == (200, printed.out)
    cut = served.json(f"/api/sql?query={quote('FROM range(10001)')}")
    assert (len(cut["rows"]), cut["cut"]) == (10_000, True)
    status, _, body = served.get(f"/api/sql?query={quote('SELECT 1 AS a, 2 AS a')}")
    assert (status, "2 columns named" in json.loads(body)["detail"]) == (400, True)


ARROW = "application/vnd.apache.arrow.stream"
TYPED = (
    "SELECT fact, amount, period_from, believed_from, approximate, [amount_low, amount_high] AS bounds, "
    "date_from::DATE AS day, length(fact) AS letters, {'unit': unit} AS structure, "
    "CASE WHEN false THEN 1.5 END AS none "
    "FROM beliefs ORDER BY fact, valid_from"
)


def test_sql_as_arrow_has_the_types_that_python_has_and_the_values_of_json_and_csv(served: Served) -> None:
    asked = {"query": TYPED, "as_of": "2025-10-15"}
    status, headers, body = served.get(f"/api/sql?{urlencode(asked)}", Accept=f"text/html, {ARROW}")
    assert (status, headers["content-type"]) == (200, ARROW)
    table = pa.ipc.open_stream(body).read_all()
    with Timeline.open(served.store / ".timeline", read_only=True) as tl:
        frame = tl.sql(TYPED, as_of="2025-10-15")
        assert table.schema == tl.snapshot().sql(TYPED, as_of="2025-10-15").arrow().schema
    assert str(table.schema.field("amount").type) == "decimal128(38, 9)"
    instants = pl.col(pl.Datetime).dt.replace_time_zone("UTC")
    assert_frame_equal(pl.DataFrame(pl.from_arrow(table)).with_columns(instants), frame)
    # What the other forms write of these values is what they have.
    answer = Answer.of(
        table.schema.names, [""] * table.num_columns, list(zip(*table.to_pydict().values(), strict=True))
    )
    rows = [[plain(value) for value in row] for row in answer.rows]
    assert len(rows) > 20
    document = served.json(f"/api/sql?{urlencode(asked)}")
    assert [list(row.values()) for row in document["rows"]] == rows
    _, _, text = served.get(f"/api/sql?{urlencode({**asked, 'format': 'csv'})}")
    assert text.decode().splitlines() == list(csv_lines(answer.columns, answer.rows))


@pytest.mark.parametrize("form", ["json", "csv", "arrow"])
def test_the_limits_of_sql_hold_in_every_form(served: Served, form: str) -> None:
    def sql(query: str) -> tuple[int, dict[str, str], bytes]:
        return served.get(f"/api/sql?{urlencode({'query': query, 'format': form})}")

    status, headers, body = sql("FROM range(10001)")
    assert (status, headers["timeline-cut"]) == (200, "true")
    if form == "arrow":
        assert pa.ipc.open_stream(body).read_all().column(0).to_pylist() == list(range(10_000))
    status, headers, _ = sql("FROM range(10000)")
    assert (status, headers.get("timeline-cut")) == (200, None)
    for query, words in (
        ("SELECT repeat('x', 40000) AS text FROM range(1000)", "more than 32 MiB"),
        ("SELECT repeat('x', 2000000000) AS text FROM range(3)", "memory"),
        *([] if form == "csv" else [("SELECT 1 AS a, 2 AS a", "2 columns named")]),
        ("DROP TABLE x", "expected"),
    ):
        status, headers, body = sql(query)
        problem = json.loads(body)
        assert (status, headers["content-type"]) == (400, "application/problem+json"), query
        assert words in problem["detail"].lower() or words in problem["detail"], problem


def test_sql_without_rows_and_of_odd_types_is_arrow_too(served: Served) -> None:
    for query in (
        "SELECT 1 AS a WHERE false",
        "SELECT INTERVAL 3 HOURS AS span",
        "SELECT 'x'::BLOB AS bytes",
    ):
        _, _, body = served.get(f"/api/sql?{urlencode({'query': query, 'format': 'arrow'})}")
        with Timeline.open(served.store / ".timeline", read_only=True) as tl:
            assert pa.ipc.open_stream(body).read_all() == tl.snapshot().sql(query).arrow()


def test_a_large_table_comes_in_parts(served: Served) -> None:
    for path in (
        "beliefs?",
        "changes?from_date=2025-10-15&to_date=2026-02-28&",
        "sources?",
        "facts?fact=NVIDIA/*&",
    ):
        whole = served.json(f"/api/{path}limit=100000")
        assert "total" not in whole
        rows = whole["rows"]
        assert len(rows) > 3
        for offset, limit in ((0, 2), (2, 3), (len(rows) - 1, 5), (len(rows), 5), (10**12, 0)):
            part = served.json(f"/api/{path}limit={limit}&offset={offset}")
            assert part["rows"] == rows[offset : offset + limit]
            assert (part["total"], part["offset"], part["limit"]) == (len(rows), offset, limit)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/beliefs?asof=2025", 400, "did you mean 'as_of'"),
        ("/api/beliefs?as_of=2025-02-30", 400, "2025-02-30"),
        ("/api/beliefs?as_of=2025&as_of=2026", 400, "given twice"),
        ("/api/beliefs?limit=-1", 400, "expected a number"),
        ("/api/beliefs?format=xml", 400, "expected json, csv or arrow"),
        ("/api/beliefs?fact=", 400, "fact is empty"),
        ("/api/beliefs?limit=100001", 400, "from 0 to 100,000"),
        ("/api/beliefs?limit=1.0", 400, "expected a number"),
        ("/api/beliefs?limit=%D9%A1", 400, "expected a number"),
        ("/api/beliefs?offset=" + "9" * 5_000, 400, "expected a number"),
        ("/api/health?x=1", 400, "unknown parameter 'x'"),
        ("/api/disagreements?within=3652059", 400, "3,652,058, or any"),
        ("/api/changes?from_date=2025&to_date=2026&policy=by-origin", 400, "single beliefs"),
        ("/api/why?fact=nvidia/ceo&format=csv", 400, "expected json"),
        ("/api/beliefs?fact=a%FF", 400, "no UTF-8"),
        ("/api/beliefs?fact=a%ED%A0%80", 400, "no UTF-8"),
        ("/api/%FF", 400, "no UTF-8"),
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


def test_what_a_page_links_to_in_the_api_is_there(served: Served) -> None:
    links: list[str] = []
    for page in (
        "/fact/nvidia/investment/openai?as_of=2025-10-15&compare=2026-02-28&status=planned&q=a&lang=fr",
        "/?as_of=2025-10-15&compare=2026-02-28&status=planned",
        "/ask?sql=SELECT%201&as_of=2025-10-15&compare=2026-02-28&lang=fr",
    ):
        _, _, body = served.get(page)
        links += [html.unescape(link) for link in re.findall(r'href="(/api/[^"]*)"', body.decode())]
    assert links
    assert {served.get(link)[0] for link in links} == {200}
