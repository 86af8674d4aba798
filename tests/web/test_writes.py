"""Events over HTTP: with a token alone, all or none, and only at the position that is expected."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.commands import run as run_command
from tests.web.conftest import Served
from timeline import Timeline
from timeline.meaning.personal import is_personal

TOKEN = "a-token-of-the-test-0123"
EVENT = {"fact": "acme/ceo", "text": "Jane", "source": "letter", "reported": "2025-02-22"}


@pytest.fixture
def desk(tmp_path: Path, serving: Any) -> Served:
    """A server that takes events, over a store with one commit."""
    with Timeline.create(tmp_path / "desk") as tl:
        tl.append([{**EVENT, "fact": "acme/cfo"}], register_unknown=True)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    found: Served = serving(tmp_path / "desk", "--allow-writes", "--token-file", str(tmp_path / "token"))
    return found


def post(
    served: Served, events: object, path: str = "/api/events?register_unknown=true", **headers: str
) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", served.port, timeout=60)
    given = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    body = events if isinstance(events, bytes) else json.dumps(events).encode()
    connection.request("POST", path, body=body, headers=given)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_an_event_is_recorded_once_and_can_be_read(desk: Served) -> None:
    before = desk.json("/api/health")["position"]
    status, commit = post(desk, [EVENT], If_Match=str(before))
    assert (status, commit["number"]) == (201, 2)
    assert desk.json("/api/beliefs?fact=acme/ceo")["rows"][0]["claim"] == "Jane"
    # A client that lost the answer may ask again, and gets the same commit.
    assert post(desk, [EVENT], If_Match=str(before)) == (201, commit)
    status, details = post(desk, [{**EVENT, "text": "Joan"}], If_Match=str(before))
    assert (status, details["title"]) == (412, "Conflict")
    assert desk.json("/api/health")["commit"] == 2
    # The address that takes events lists them too.
    assert [row["text"] for row in desk.json("/api/events?fact=acme/ceo")["rows"]] == ["Jane"]


def test_personal_data_has_an_id_that_nobody_can_compute(desk: Served) -> None:
    address = "/api/events?register_unknown=true&personal=true"
    status, commit = post(desk, [EVENT], address)
    # The attribute is new, too.
    assert (status, commit["count"]) == (201, 2)
    [row] = desk.json("/api/events?fact=acme/ceo")["rows"]
    assert is_personal(row["key"])
    # Given again, it is the event that is there.
    assert post(desk, [EVENT], address) == (201, commit)
    assert post(desk, [EVENT], "/api/events?personal=yes")[0] == 400


@pytest.mark.parametrize(
    ("events", "headers", "status"),
    [
        ([EVENT], {"Authorization": "Bearer wrong"}, 401),
        ([EVENT], {"Authorization": ""}, 401),
        ([EVENT], {"Origin": "https://evil.example"}, 403),
        ([EVENT], {"If_Match": "*"}, 400),
        ([EVENT, {**EVENT, "reported": "2025-02-30"}], {}, 400),
        (b"[", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"\xff", {}, 400),
        ("text", {}, 400),
        ([1], {}, 400),
    ],
)
def test_what_is_refused_changes_nothing(
    desk: Served, events: object, headers: dict[str, str], status: int
) -> None:
    before = desk.json("/api/health")
    got, details = post(desk, events, **headers)
    assert (got, details["status"]) == (status, status)
    assert details["detail"]
    assert desk.json("/api/health") == before


def test_bad_events_are_all_named(desk: Served) -> None:
    _, details = post(desk, [EVENT, {**EVENT, "reported": "2025-02-30"}, {**EVENT, "claim": "5"}])
    assert len(details["errors"]) == 2
    assert "row 2" in details["errors"][0]


def test_a_token_has_to_be_safe(tmp_path: Path) -> None:
    Timeline.create(tmp_path / "store").close()
    (tmp_path / "short").write_text("abc")
    for options, words in (
        (["--allow-writes"], "give both"),
        (["--token-file", "short"], "give both"),
        (["--allow-writes", "--token-file", "short"], "expected one line of 16"),
        (["--allow-writes", "--token-file", "none"], "cannot be read"),
    ):
        found = run_command(tmp_path, ["serve", "--store", "store", "--port", "0", "--no-browser", *options])
        assert found.code == 2
        assert words in found.err
