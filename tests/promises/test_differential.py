"""The same histories in Timeline and in MariaDB's system-versioned tables with application-time periods.

MariaDB has two axes: what was in the table at an instant (the recorded axis here), and the period of each row
(valid time). Where reports come in the order of their dates, a report is a row that takes its period from all
older ones (`DELETE … FOR PORTION OF`, then `INSERT`), and a withdrawal takes it and puts nothing there.
"""

from __future__ import annotations

import os
import random
import shutil
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from benchmarks.peers.servers import MariaDB
from tests.examples import LONG
from timeline import Timeline

SEED = int(os.environ.get("TIMELINE_SEED", "20260610"))
HISTORIES = 10_000 if LONG else 200
ROUNDS = 7
FIRST, LAST = date(1000, 1, 1), date(9999, 12, 31)
BASE = date(2024, 1, 1)
#: The instant of the first round in MariaDB, in seconds.
BEGAN = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())

pytest.importorskip("pymysql")
pytestmark = pytest.mark.skipif(shutil.which("mariadbd") is None, reason="MariaDB is not installed")


class Step(NamedTuple):
    history: int
    text: str | None
    valid_from: date
    valid_to: date


def drawn(chance: random.Random) -> list[list[Step]]:
    """Return rounds of steps, of which each history has at most one a round."""
    rounds = []
    for number in range(ROUNDS):
        steps = []
        for history in range(HISTORIES):
            if chance.random() < 0.15:
                continue
            low, high = sorted(chance.sample(range(8), 2))
            valid_from = FIRST if low == 0 else BASE + timedelta(days=low)
            valid_to = LAST if high == 7 else BASE + timedelta(days=high)
            text = None if chance.random() < 0.2 else f"{history} {number}"
            steps.append(Step(history, text, valid_from, valid_to))
        rounds.append(steps)
    return rounds


def fact(history: int) -> str:
    return f"acme/plan@{1000 + history // 12}-{history % 12 + 1:02d}"


def event(step: Step, number: int) -> dict[str, Any]:
    what = {"type": "withdrawn"} if step.text is None else {"text": step.text}
    bounds = {"valid_from": step.valid_from, "valid_to": step.valid_to}
    valid = {name: str(day) for name, day in bounds.items() if day not in (FIRST, LAST)}
    reported = f"2025-01-{number + 1:02d}"
    return {"fact": fact(step.history), "source": "wire", "reported": reported, **what, **valid}


# The driver leaves a socket open where the server is not up yet.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_both_axes_agree_with_mariadb(tmp_path: Path) -> None:
    rounds = drawn(random.Random(SEED))
    peer = MariaDB(tmp_path / "mariadb", 256 * 2**20)
    with ExitStack() as ending:
        ending.callback(peer.stop)
        peer.start()
        tl = ending.enter_context(Timeline.create(tmp_path / "store"))
        peer.execute(
            "CREATE DATABASE IF NOT EXISTS differential;\nUSE differential;\n"
            "CREATE TABLE held (history INT, said VARCHAR(40), valid_from DATE, valid_to DATE, "
            "PERIOD FOR valid (valid_from, valid_to), KEY (history)) WITH SYSTEM VERSIONING;\n"
        )
        tl.append(
            [
                {"type": "entity-described", "id": "acme"},
                {"type": "attribute-described", "id": "plan"},
                {"type": "source-described", "id": "wire", "origin": "acme", "published": "2025-02-01"},
            ]
        )
        for number, steps in enumerate(rounds):
            peer.execute(f"SET timestamp = {BEGAN + 10 * number};\nSTART TRANSACTION;\n")
            for history, text, valid_from, valid_to in steps:
                peer.execute(
                    f"DELETE FROM held FOR PORTION OF valid FROM '{valid_from}' TO '{valid_to}' "
                    f"WHERE history = {history}"
                )
                if text is not None:
                    peer.execute(
                        f"INSERT INTO held VALUES ({history}, '{text}', '{valid_from}', '{valid_to}')"
                    )
            peer.execute("COMMIT")
            tl.append([event(step, number) for step in steps])
        compared = 0
        for number in range(ROUNDS):
            rows = peer.query(
                "SELECT history, said, valid_from, valid_to FROM held "
                f"FOR SYSTEM_TIME AS OF FROM_UNIXTIME({BEGAN + 10 * number + 5})"
            )
            theirs = {
                (fact(history), text, low if low != FIRST else None, high if high != LAST else None)
                for history, text, low, high in rows
            }
            found = tl.snapshot().beliefs(recorded_as_of=f"#{number + 2}").dicts()
            ours = {
                (row["fact"], row["text"], _day(row["valid_from"]), _day(row["valid_to"])) for row in found
            }
            assert len(found) == len(ours)
            assert len(rows) == len(theirs)
            differ = sorted(ours ^ theirs, key=repr)[:5]
            assert not differ, f"seed {SEED}, round {number}: {differ}"
            compared += len(ours)
    assert compared > HISTORIES * ROUNDS


def _day(instant: datetime | None) -> date | None:
    return None if instant is None else instant.date()
