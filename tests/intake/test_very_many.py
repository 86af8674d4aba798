"""Files of very many events: what is bad about them is written as it is found, and not kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from timeline import Timeline
from timeline.errors import BadRows
from timeline.intake import rows
from timeline.intake.outcome import KEPT_AT_MOST


def _write(path: Path, events: list[object]) -> Path:
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def _good(nth: int) -> dict[str, str]:
    return {"fact": f"acme/ceo-{nth}", "text": f"v{nth}", "source": "s", "reported": "2025-01-01"}


def test_all_bad_events_are_written_and_the_first_are_kept(tmp_path: Path) -> None:
    bad: list[object] = [
        5 if nth % 3 == 0 else {**_good(nth), "status": f"odd-{nth}"} if nth % 3 == 1 else {"fakt": "a/b"}
        for nth in range(KEPT_AT_MOST * 2)
    ]
    path = _write(tmp_path / "bad.jsonl", [*bad, _good(1)])
    with Timeline.create(tmp_path / "store") as tl:
        with pytest.raises(BadRows) as raised:
            tl.ingest(path, register_unknown=True)
        assert tl.head() is None
        done = tl.ingest(path, register_unknown=True, rejects=tmp_path / "rejects")
        assert (done.new, tl.verify().events) == (1, 1 + done.registered)
    assert len(raised.value.problems) == len(done.rejected) == KEPT_AT_MOST
    assert len(done.rejected) + done.more_rejected == len(bad) == KEPT_AT_MOST + raised.value.more
    written = [json.loads(line) for line in (tmp_path / "rejects").read_text().splitlines()]
    assert [line["line"] for line in written] == [*range(1, len(bad) + 1)]
    assert all(line["event"] == each for line, each in zip(written[1::3], bad[1::3], strict=True))
    assert {line["reason"] for line in written[::3]} == {
        "expected an event, a mapping with keys such as fact and claim, got '5'"
    }


def test_a_file_that_is_taken_in_chunks_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A key that comes later, a name that is described later, names near each other, repeated and bad events.
    events: list[object] = [
        {**_good(1), "key": "one"},
        {"type": "corrected", "target": "one", "text": "other", "reason": "slip"},
        {"type": "corrected", "target": "none", "text": "other", "reason": "slip"},
        {**_good(2), "source": "wire-service"},
        {**_good(3), "source": "wire-servicf"},
        {**_good(4), "source": "daily-paperr"},
        {"type": "source-described", "id": "daily-paper", "published": "2025-01-01"},
        _good(1),
        {**_good(1), "key": "one", "text": "conflict"},
        {"type": "retracted", "target": "one", "reported": "2025-02-01"},
        {**_good(5), "status": "odd"},
    ]
    path = _write(tmp_path / "mixed.jsonl", events)
    found = []
    for nth, at_once in enumerate((100, 3, 1)):
        monkeypatch.setattr(rows, "_AT_ONCE", at_once)
        with Timeline.create(tmp_path / f"store{nth}") as tl:
            done = tl.ingest(path, register_unknown=True, rejects=tmp_path / f"rejects{nth}")
            ids = tl.sql("SELECT event_id FROM events ORDER BY position")["event_id"].to_list()
        rejects = (tmp_path / f"rejects{nth}").read_text()
        found.append((ids, rejects, done.new, done.known, done.registered, done.warnings, len(done.events)))
    assert found[1] == found[0]
    assert found[2] == found[0]
    assert len(found[0][1].splitlines()) >= 3
