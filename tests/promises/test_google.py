"""A store at `gs://`, by the XML API that `obstore` and `deltalake` speak with Google Cloud Storage."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.buckets import GOOGLE, SECRET, server, use
from tests.commands import run
from timeline import Timeline

COMMANDS = (
    "ingest a.jsonl --register-unknown",
    "show --as-of 2025-01-01",
    "ingest b.jsonl",
    "show",
    "compact",
    "verify --log-only",
    "why acme/ceo",
)
#: What differs between two stores of the same events.
OWN = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\b[0-9a-f]{64}\b|\b(?:commits|files|bytes) +\d+")


def test_a_store_at_google_does_what_a_folder_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    google = server(GOOGLE)
    use(google, monkeypatch, tmp_path / "caches")
    rows = [{"fact": "acme/ceo", "text": f"name {n}", "reported": f"2025-01-0{n}"} for n in (1, 2)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row | {"source": "wire"}) + "\n" for row in rows))
    late = {"fact": "acme/ceo", "text": "name 3", "reported": "2025-02-01", "source": "wire"}
    (tmp_path / "b.jsonl").write_text(json.dumps(late) + "\n")
    shown = {}
    for where in (google.url("store"), "store"):
        assert run(tmp_path, ["init", where]).code == 0
        answers = []
        for command in COMMANDS:
            done = run(tmp_path, [*command.split(), "--store", where])
            assert done.code == 0, (where, command, done.err)
            answers.append(OWN.sub("…", done.out).replace(where, "STORE"))
        shown[where] = answers
    at_google, in_a_folder = shown.values()
    assert at_google == in_a_folder
    assert SECRET not in str(shown)


def test_tables_published_at_google_are_read_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deltalake = pytest.importorskip("deltalake")
    google = server(GOOGLE)
    use(google, monkeypatch, tmp_path / "caches")
    url, target = google.url("desk"), google.url("beliefs")
    with Timeline.create(url) as tl:
        tl.append(
            [
                {"type": "entity-described", "id": "acme"},
                {"type": "attribute-described", "id": "ceo"},
                {"type": "source-described", "id": "wire"},
            ]
        )
        for number in (1, 2, 3):
            tl.append(
                [
                    {
                        "fact": "acme/ceo",
                        "text": f"name {number}",
                        "reported": f"2025-01-0{number}",
                        "source": "wire",
                    }
                ]
            )
            tl.publish_delta()
            published = tl.publish_beliefs(target)
        assert deltalake.DeltaTable(f"{url}/log").to_pyarrow_table().num_rows == 6
        table = deltalake.DeltaTable(target)
        spans = table.to_pyarrow_table().num_rows
        assert (table.version(), spans) == (published.version, published.rows)
        belief = tl.belief("acme/ceo")
        assert belief is not None
        assert belief.text == "name 3"
