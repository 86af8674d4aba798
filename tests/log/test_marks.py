"""The marks of an erasure, between the machines of a bucket and the processes of one folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.logs import Volatile
from tests.memory import Memory, MemoryObjects
from timeline.errors import Conflict
from timeline.log.log import Log

ERASING = "An erasure was begun. Where no process is at it, `timeline erase` finishes it.\n"


@pytest.fixture
def memory() -> Memory:
    return Memory()


def machine(memory: Memory, folder: Path) -> Log:
    return Log(folder, objects=MemoryObjects(memory, folder))


def test_in_a_folder_who_holds_the_lock_begins_whatever_was_left(tmp_path: Path) -> None:
    log = Log(Log.create(tmp_path / "log").folder, objects=Volatile(tmp_path / "log"))
    assert not log.is_erasing()
    assert (log.erasures(), log.erased_mark()) == (None, None)
    log.begin_erasure()
    first = (log.folder / ".erasing").read_text()
    assert first.startswith(ERASING)
    assert log.is_erasing()
    log.begin_erasure()
    assert (log.folder / ".erasing").read_text() != first
    assert log.end_erasure() is True
    assert not log.is_erasing()
    seen, mark = log.erasures(), log.erased_mark()
    assert seen is not None
    assert mark is not None
    assert mark.startswith(b"Events were erased. Written again each time, so that readers open the store")
    log.begin_erasure()
    # Who ends it in a folder is not asked.
    assert Log(log.folder, objects=Volatile(log.folder)).end_erasure() is True
    assert log.erasures() != seen
    assert log.erased_mark() != mark


def test_one_machine_erases_at_a_time(memory: Memory, tmp_path: Path) -> None:
    one, other = machine(memory, tmp_path / "one"), machine(memory, tmp_path / "other")
    one.begin_erasure()
    held = memory.held[".erasing"][0]
    assert held.startswith(ERASING.encode())
    with pytest.raises(
        Conflict, match="memory:: another erasure is under way, on another machine; try again"
    ):
        other.begin_erasure()
    assert memory.held[".erasing"][0] == held
    assert one.is_erasing()
    assert other.is_erasing()
    assert one.end_erasure() is True
    assert memory.held.keys() == {".erased"}
    other.begin_erasure()
    assert other.end_erasure() is True


def test_a_process_of_the_same_machine_goes_on(memory: Memory, tmp_path: Path) -> None:
    died = machine(memory, tmp_path / "one")
    died.begin_erasure()
    held = memory.held[".erasing"][0]
    (tmp_path / "one" / ".erasing").write_bytes(held)
    again = machine(memory, tmp_path / "one")
    again.begin_erasure()
    assert memory.held[".erasing"][0] != held
    assert again.end_erasure() is True


def test_what_another_machine_finishes_it_has_taken_over(memory: Memory, tmp_path: Path) -> None:
    one, other = machine(memory, tmp_path / "one"), machine(memory, tmp_path / "other")
    one.begin_erasure()
    other.begin_erasure(finish=True)
    assert one.end_erasure() is False
    assert memory.held.keys() == {".erasing"}
    assert other.end_erasure() is True
    # By then it is nobody's.
    assert one.end_erasure() is False
    assert memory.held.keys() == {".erased"}
