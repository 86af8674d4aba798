"""A clock that is plainly wrong dates nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from timeline.errors import BadInput
from timeline.log.clock import ANY_CLOCK, recorded_now
from timeline.log.file import Commit
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
    ("ahead", "words"),
    [
        (parse_instant("2201-05-05") - now(), "in the next century"),
        (3 * DAY, "more than a day after the file system's"),
        (-3 * DAY, "more than a day before the last commit"),
    ],
    ids=["next century", "ahead", "behind"],
)
def test_an_append_is_refused_where_the_clock_is_plainly_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int, words: str
) -> None:
    log = Log.create(tmp_path / "log")
    first = log.append(lambda head, at: Rows([ROW]))
    assert first is not None
    # The lock was made long ago.
    os.utime(tmp_path / "log" / ".append.lock", (1, 1))
    wrong = log_at(now() + ahead, log.folder, monkeypatch)
    with pytest.raises(BadInput, match=words):
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


@pytest.mark.parametrize(
    ("before", "beyond", "words"),
    [
        (0, 0, None),
        (DAY, 0, None),
        (DAY + 1, 0, "before the last commit"),
        (0, DAY, None),
        (0, DAY + 1, "file"),
    ],
)
def test_a_day_is_taken_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int, beyond: int, words: str | None
) -> None:
    """`before` the last commit, and `beyond` the file system, whose time is that of a file here."""
    moment = parse_instant("2026-05-05")
    written, touched = tmp_path / "written", list[Path]()
    written.touch()
    os.utime(written, ns=((moment - beyond) * 1_000,) * 2)
    monkeypatch.setattr("timeline.log.clock.now", clock := lambda: moment)
    with monkeypatch.context() as patch:
        patch.setattr("timeline.log.clock.os.utime", touched.append)
        head = Commit(1, 1, 1, moment + before, "0" * 64)
        if words is None:
            assert recorded_now(clock, head, written) == moment + before + (before >= 0)
        else:
            with pytest.raises(BadInput, match=words):
                recorded_now(clock, head, written)
    # Only where it seems to be too far is the file touched.
    assert touched == [written] * (beyond > DAY)


@pytest.mark.parametrize(("ahead", "refused"), [(-1, False), (0, True), (1, True)])
def test_no_clock_of_the_next_century_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int, refused: bool
) -> None:
    moment = parse_instant("2100-01-01") + ahead
    (tmp_path / "written").touch()
    os.utime(tmp_path / "written", ns=(moment * 1_000,) * 2)
    monkeypatch.setattr("timeline.log.clock.now", clock := lambda: moment)
    if refused:
        with pytest.raises(BadInput, match="in the next century; nothing is recorded"):
            recorded_now(clock, None, tmp_path / "written")
    else:
        assert recorded_now(clock, None, tmp_path / "written") == moment


def test_recorded_time_grows_by_a_microsecond_at_least(tmp_path: Path) -> None:
    head = Commit(1, 1, 1, 1_000, "0" * 64)
    for moment, expected in ((0, 1_001), (1_000, 1_001), (1_001, 1_001), (1_002, 1_002)):
        assert recorded_now(lambda moment=moment: moment, head, tmp_path) == expected  # type: ignore[misc]
