"""What was acknowledged outlives a power loss at any moment, and nothing else appears."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.examples import LONG
from tests.logs import append, events_of, names
from tests.power import Disk
from timeline import Timeline
from timeline.log.log import Log

SEED = int(os.environ.get("TIMELINE_SEED", "20260222"))
#: Folders that are tried: with TIMELINE_LONG all that `Disk.states` gives at every moment.
TRIED = 16
#: So many tests share all these folders: pytest runs them on as many cores as it has.
PARTS = 4 if LONG else 1
#: One in how many is opened as a store too, and not as a log alone.
ONE_WHOLE = 5 if LONG else 12
STORE = Path("desk", ".timeline")

DESCRIBED: list[dict[str, Any]] = [
    {"type": "entity-described", "id": "acme"},
    {"type": "attribute-described", "id": "plan"},
    {"type": "source-described", "id": "wire", "origin": "acme", "published": "2025-01-01"},
]


def report(number: int) -> dict[str, Any]:
    return {
        "key": f"k{number}",
        "fact": f"acme/plan@{2000 + number}",
        "text": f"text {number}",
        "source": "wire",
    }


def scenario(disk: Disk) -> None:
    """Make a store, fill a block so that its appender merges it, build and grow generations."""
    with Timeline.create(disk.root / STORE) as tl:
        tl.append(DESCRIBED)
        disk.acknowledge(len(DESCRIBED))
        count = len(DESCRIBED)
        for number in range(36):
            if number == 34:
                tl.append([report(1000 + more) for more in range(5)])
                count += 5
            else:
                tl.append([report(number)])
                count += 1
            disk.acknowledge(count)
            if number in (3, 20, 35):
                tl.refresh()
        tl.rebuild()
        tl.compact()


def expected_keys() -> list[str | None]:
    """Return the keys of all events in the order in which the scenario appends them."""
    keys: list[str | None] = [None] * len(DESCRIBED)
    for number in range(36):
        keys += [f"k{1000 + more}" for more in range(5)] if number == 34 else [f"k{number}"]
    return keys


def check_log(folder: Path, acknowledged: int, keys: Sequence[str | None]) -> int:
    """Check the log after a power loss, with no step of repair; return how many events it has."""
    if not (folder / STORE / "log").is_dir():
        assert acknowledged == 0
        return 0
    log = Log(folder / STORE / "log")
    found = [row["key"] for row in events_of(log).to_pylist()]
    assert len(found) >= acknowledged
    assert found == list(keys[: len(found)])
    assert log.verify().events == len(found)
    commit = append(log, 1)
    assert commit.first_position == len(found) + 1
    assert Log(folder / STORE / "log").verify().events == len(found) + 1
    left = [name for name in names(folder / STORE / "log") if name.startswith(".")]
    # What was under way may stay as a file of no name of the log, until later appends sweep it.
    assert len(left) <= 1
    return len(found)


def check_store(folder: Path, keys: Sequence[str | None]) -> None:
    """Check that a store answers right after a power loss, whatever is left of its index."""
    with Timeline.open(folder / STORE) as tl:
        rows = tl.snapshot().sql("SELECT key FROM events ORDER BY position").rows
        assert [key for (key,) in rows] == list(keys[: len(rows)])
        believed = tl.snapshot().sql("SELECT count(*) FROM beliefs").rows[0][0]
        assert believed == sum(key is not None for key in keys[: len(rows)])
        tl.verify()
        if len(rows) >= len(DESCRIBED):
            tl.append([report(5000)])
            belief = tl.belief("acme/plan@7000")
            assert belief is not None
            assert belief.claim == "text 5000"


@pytest.mark.parametrize("part", range(PARTS))
def test_what_was_acknowledged_outlives_a_power_loss_at_any_moment(
    part: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    disk = Disk(root)
    with disk.watching():
        scenario(disk)
    chance = random.Random(SEED)
    keys = expected_keys()
    states = [
        (number, word, names, contents)
        for number, moment in enumerate(disk.moments)
        for word, names, contents in disk.states(moment, chance, 4 if LONG else 1)
    ]
    tried = states[part::PARTS] if LONG else chance.sample(states, TRIED)
    for turn, (number, word, names_there, contents) in enumerate(tried):
        moment = disk.moments[number]
        after = tmp_path / "after"
        disk.write_out(moment, names_there, contents, after)
        try:
            if turn % ONE_WHOLE == 0 and (after / STORE / "log").is_dir():
                check_store(after, keys)
                disk.write_out(moment, names_there, contents, after)
            check_log(after, moment.acknowledged, keys)
        except BaseException as error:
            error.add_note(
                f"seed {SEED}: power lost at moment {number} of {len(disk.moments)}, after {moment.call}: "
                f"{word}; {moment.acknowledged} events acknowledged"
            )
            raise
    record_property("folders", len(tried))
    assert len(disk.moments) > 250
    assert disk.acknowledged == len(keys)
