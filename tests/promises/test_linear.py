"""Writers and readers in many processes see one order of commits, that of real time.

The number of a commit is its place in that order. What happened is noted with the system's monotonic clock,
before and after each call: a history is linearizable exactly where the numbers agree with every pair of calls
of which one had ended before the other began (Herlihy and Wing, 1990), since an append puts its number at the
end and a reader gives the number of the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.examples import LONG, some
from timeline import Timeline

ROOT = Path(__file__).resolve().parents[2]
WRITERS, APPENDS, READERS = (8, 500, 3) if LONG else (3, 12, 1)

PROCESS = """
import hashlib, json, sys, time
from timeline import Conflict, Timeline
from timeline.log.log import Log

path, kind, name, count = sys.argv[1:5]
events = [
    {"key": f"{name}-{n}", "fact": f"acme/plan@{1500 + n}", "text": f"{name} {n}", "source": name}
    for n in range(int(count))
]

def say(**found):
    print(json.dumps(found), flush=True)

def past(tl, number):
    rows = tl.snapshot().beliefs(recorded_as_of=f"#{number}").rows
    return hashlib.sha256(repr(rows).encode()).hexdigest()

tl = Timeline.open(path, read_only=kind == "reader")
say(ready=True)
sys.stdin.readline()
if kind == "reader":
    fixed = None
    while True:
        began = time.monotonic_ns()
        head = tl.head()
        ended = time.monotonic_ns()
        fixed = fixed or head.number
        say(began=began, ended=ended, number=head.number, recorded_at=head.recorded_at, past=past(tl, fixed))
        if head.number == int(count):
            break
for event in events if kind != "reader" else []:
    while True:
        began = time.monotonic_ns()
        head = tl.head()
        expected = head.first_position + head.count - 1 if kind == "careful" else None
        try:
            commit = tl.append([event], expected_position=expected)
        except Conflict:
            assert kind == "careful"
            continue
        ended = time.monotonic_ns()
        say(began=began, ended=ended, number=commit.number, recorded_at=commit.recorded_at,
            first=commit.first_position, after=expected)
        break
"""


class Call(NamedTuple):
    began: int
    ended: int
    number: int
    is_append: bool


def process(store: Path, kind: str, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(store), kind, name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
    )


def not_linear(calls: list[Call]) -> list[tuple[Call, Call]]:
    """Return the pairs of calls of which one ended before the other began, and has the later number."""
    wrong = []
    highest: Call | None = None
    ends = sorted(calls, key=lambda call: call.ended)
    nth = 0
    for call in sorted(calls, key=lambda call: call.began):
        while nth < len(ends) and ends[nth].ended < call.began:
            if highest is None or ends[nth].number > highest.number:
                highest = ends[nth]
            nth += 1
        if highest is not None:
            too_low = call.number <= highest.number if call.is_append else call.number < highest.number
            if too_low:
                wrong.append((highest, call))
    return wrong


def test_what_is_not_linear_is_seen() -> None:
    first, second = Call(0, 1, 1, True), Call(2, 3, 2, True)
    assert not not_linear([first, second, Call(4, 5, 2, False), Call(0, 9, 1, False)])
    assert not_linear([first, second._replace(number=1)])
    assert not_linear([first._replace(number=2), second._replace(number=1)])
    assert not_linear([first, second, Call(4, 5, 1, False)])


@pytest.mark.parametrize("kind", some(["writer", "careful"], 2))
def test_all_see_one_order_of_commits(tmp_path: Path, kind: str) -> None:
    store = tmp_path / "store"
    with Timeline.create(store) as tl:
        tl.append([{"type": "entity-described", "id": "acme"}, {"type": "attribute-described", "id": "plan"}])
        described = {"type": "source-described", "origin": "acme", "published": "2025-01-01"}
        tl.append([described | {"id": f"w{number}"} for number in range(WRITERS)])
    last = 2 + WRITERS * APPENDS
    started = [process(store, kind, f"w{number}", APPENDS) for number in range(WRITERS)]
    started += [process(store, "reader", f"r{number}", last) for number in range(READERS)]
    for each in started:
        assert each.stdout is not None
        assert json.loads(each.stdout.readline()) == {"ready": True}
    for each in started:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    # Read side by side: a pipe that is full would hold its writer up.
    said: list[list[dict[str, Any]]] = []
    for each in started:
        out, _ = each.communicate()
        assert each.returncode == 0
        said.append([json.loads(line) for line in out.splitlines()])
    appended = [call for calls in said[:WRITERS] for call in calls]
    read = said[WRITERS:]

    assert sorted(call["number"] for call in appended) == list(range(3, last + 1))
    by_number = sorted(appended, key=lambda call: call["number"])
    assert [call["first"] for call in by_number] == list(range(3 + WRITERS, last + WRITERS + 1))
    assert all(one["recorded_at"] < other["recorded_at"] for one, other in pairwise(by_number))
    if kind == "careful":
        assert all(call["after"] == call["first"] - 1 for call in appended)
    for calls in read:
        assert all(one["number"] <= other["number"] for one, other in pairwise(calls))
        assert len({call["past"] for call in calls}) == 1
        assert calls[-1]["number"] == last
    history = [Call(call["began"], call["ended"], call["number"], True) for call in appended]
    history += [Call(call["began"], call["ended"], call["number"], False) for calls in read for call in calls]
    assert not_linear(history) == []
    with Timeline.open(store) as tl:
        verified = tl.verify()
    assert (verified.commits, verified.events) == (last, last + WRITERS)
