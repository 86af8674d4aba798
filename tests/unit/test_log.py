"""The event log, as its callers see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from timeline.columns import content_of, event_id
from timeline.errors import Conflict
from timeline.log import Log, rows_to_table


def row(number: int, **more: object) -> dict[str, object]:
    content: dict[str, object] = {
        "event_type": "reported",
        "fact": f"nvidia/revenue@{number}",
        "claim": f"{number} USD",
        "inherited": 0,
    }
    content |= more
    return content | {"event_id": event_id(content_of(content))}


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log.create(tmp_path / "log")


def test_what_was_appended_is_read_back_in_order(log: Log) -> None:
    assert log.head() is None
    first = log.append(lambda head, recorded_at: rows_to_table([row(1), row(2)]))
    second = log.append(lambda head, recorded_at: rows_to_table([row(3)]))
    assert first is not None
    assert second is not None
    assert (first.number, first.first_position, first.last_position) == (1, 1, 2)
    assert (second.number, second.first_position, second.last_position) == (2, 3, 3)
    assert log.head() == second
    assert log.read()["position"].to_pylist() == [1, 2, 3]
    assert log.read(after=1)["claim"].to_pylist() == ["3 USD"]
    assert log.verify().digest == second.digest


def test_an_append_that_expects_another_position_is_a_conflict(log: Log) -> None:
    log.append(lambda head, recorded_at: rows_to_table([row(1)]), expected_position=0)
    with pytest.raises(Conflict, match="position 0, got one that ends at 1"):
        log.append(lambda head, recorded_at: rows_to_table([row(2)]), expected_position=0)
