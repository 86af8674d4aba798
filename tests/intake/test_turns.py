"""Writers that others were faster than try again one at a time, in the order of asking, and at last alone."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.log.test_lock import asked, reach, waits
from timeline import Timeline
from timeline.intake import record
from timeline.intake.record import _Turn

EVENT = {"fact": "acme/ceo", "text": "x", "source": "a", "reported": "2025-01-01"}


@pytest.fixture
def desk(tmp_path: Path) -> Timeline:
    tl = Timeline.create(tmp_path / "desk")
    tl.append([EVENT], register_unknown=True)
    return tl


def test_those_who_lost_try_again_in_the_order_of_asking(desk: Timeline) -> None:
    log, order = desk._log, list[int]()
    path = log.folder / ".again.lock"

    def try_again(nth: int) -> None:
        with _Turn(log) as turn:
            turn.lost()
            order.append(nth)
            turn.lost()

    with _Turn(log) as first:
        first.lost()
        threads = []
        for nth in range(4):
            before = asked(path)
            threads.append(threading.Thread(target=try_again, args=[nth]))
            threads[-1].start()
            reach(lambda before=before: asked(path) > before and waits(path))  # type: ignore[misc]
        assert order == []
        # Who has not lost waits for none of them, nor does a large table that has.
        desk.append([EVENT | {"reported": "2025-01-02"}])
        with _Turn(log, in_turn=False) as large:
            large.lost()
    for thread in threads:
        thread.join(60)
    assert order == [0, 1, 2, 3]


def test_who_lost_for_too_long_appends_alone(desk: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_LOSING_AT_MOST", -1.0)
    path = desk._log.folder / ".append.lock"
    done: list[int] = []
    with Timeline.open(desk.path) as other, _Turn(desk._log) as turn:
        turn.lost()
        thread = threading.Thread(
            target=lambda: done.append(other.append([EVENT | {"reported": "2025-01-02"}]).number)
        )
        thread.start()
        reach(lambda: waits(path))
        assert done == []
        # This one is not held up: its block is the one that appends.
        assert desk.append([EVENT | {"reported": "2025-01-03"}]).number == 2
        turn.close()
        thread.join(60)
    assert done == [3]
