"""A clock that is plainly wrong dates nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from timeline.errors import BadInput
from timeline.log.clock import ANY_CLOCK, recorded_now
from timeline.log.log import Log, Rows
from timeline.meaning.times import now, parse_instant

DAY = 86_400_000_000
ROW = {"event_id": "00" * 32, "event_type": "reported"}


def log_at(moment: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    """Return a log on a machine whose clock shows this."""

    def clock() -> int:
        return moment

    monkeypatch.setattr("timeline.log.clock.now", clock)
    return Log(folder, clock=clock)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (parse_instant("2201-05-05") - now(), "in the next century"),
        (3 * DAY, "more than a day after the file system's"),
        (-3 * DAY, "more than a day before the last commit"),
    ],
    ids=["next century", "ahead", "behind"],
)
def test_an_append_is_refused_where_the_clock_is_plainly_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int, said: str
) -> None:
    log = Log.create(tmp_path / "log")
    first = log.append(lambda head, at: Rows([ROW]))
    assert first is not None
    # The lock was made long ago.
    os.utime(tmp_path / "log" / ".append.lock", (1, 1))
    wrong = log_at(now() + ahead, log.folder, monkeypatch)
    with pytest.raises(BadInput, match=said):
        wrong.append(lambda head, at: Rows([{**ROW, "event_id": "11" * 32}]))
    assert log.head() == first
    monkeypatch.setenv(ANY_CLOCK, "1")
    second = wrong.append(lambda head, at: Rows([{**ROW, "event_id": "11" * 32}]))
    assert second is not None
    assert second.recorded_at > first.recorded_at


@pytest.mark.parametrize("ahead", [-DAY // 2, -1, 0, DAY // 2])
def test_a_clock_that_is_set_a_little_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    log = Log.create(tmp_path / "log")
    first = log.append(lambda head, at: Rows([ROW]))
    other = log_at(now() + ahead, log.folder, monkeypatch)
    second = other.append(lambda head, at: Rows([{**ROW, "event_id": "11" * 32}]))
    assert first is not None
    assert second is not None
    assert second.recorded_at > first.recorded_at


def test_a_clock_that_is_handed_over_is_taken_as_it_is(tmp_path: Path) -> None:
    assert recorded_now(lambda: parse_instant("2201-01-01"), None, tmp_path) == parse_instant("2201-01-01")
