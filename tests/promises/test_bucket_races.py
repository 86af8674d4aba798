"""Machines that share no lock merge, erase and append, and stop each other at every step.

The log lies in memory, so that every step between a machine and its objects can be named. One machine does
something; before one of its steps another machine does something else from begin to end; then the first one
goes on, or dies there. Whatever the order, no commit is lost or doubled, and what was erased is gone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

import pytest

from tests.examples import LONG
from tests.logs import always, append, row, small_blocks
from tests.memory import Memory, MemoryObjects
from timeline.errors import Conflict
from timeline.index.erasing import erase
from timeline.index.index import Index
from timeline.log.file import Rows
from timeline.log.log import Log

#: What the event says that is erased.
SAID = "0123456789 USD"


class Died(BaseException):
    """A machine lost power."""


class Machine:
    """A machine with a folder of its own, on a log that others use too."""

    def __init__(self, memory: Memory, folder: Path) -> None:
        self.objects = MemoryObjects(memory, folder / "copies")
        self.log = Log(folder / "copies", objects=self.objects)
        self.index = Index(folder / "index", self.log)
        self.steps = 0

    def before_step(self, at: int, act: Callable[[], None]) -> None:
        """Have something be done before the step of that number, counted from now."""
        self.steps = 0

        def before(step: str) -> None:
            self.steps += 1
            if self.steps == at:
                act()

        self.objects.before = before

    def read_all(self) -> None:
        """Copy everything, as a machine does that has answered questions before."""
        self.objects.list()
        assert all(Path(one.path).exists() for one in self.log.located())

    def compact(self) -> None:
        self.log.compact()

    def erase(self) -> None:
        erase(self.index, [str(secret()["event_id"])], "asked for")

    def finish_erasing(self) -> None:
        if self.log.is_erasing():
            erase(self.index, [], "asked for")

    def append(self) -> None:
        append(self.log, 1_000)

    def append_many(self) -> None:
        for number in range(2_000, 2_010):
            append(self.log, number)


@pytest.fixture(autouse=True)
def of_few_commits() -> Iterator[None]:
    with small_blocks():
        yield


def secret() -> dict[str, object]:
    return row(7, claim=SAID, statement=SAID)


def world(folder: Path, commits: int, *, secret_at: int) -> tuple[Memory, Callable[[], Machine]]:
    """Return a log of some commits, none merged, of which one has what is to be erased; and its machines."""
    memory = Memory()
    memory.held = dict(_recorded(folder, commits, secret_at))
    memory.numbers = len(memory.held)
    numbers = count()

    def machine() -> Machine:
        return Machine(memory, folder / f"machine-{next(numbers)}")

    return memory, machine


_recorded_before: dict[tuple[int, int], dict[str, tuple[bytes, int]]] = {}


def _recorded(folder: Path, commits: int, secret_at: int) -> dict[str, tuple[bytes, int]]:
    if (commits, secret_at) in _recorded_before:
        return _recorded_before[commits, secret_at]
    memory = Memory()

    first = Machine(memory, folder / "first")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Log, "_compact_quietly", lambda log: None)
        for number in range(1, commits + 1):
            if number == secret_at:
                assert first.log.append(always(Rows([secret()]))) is not None
            else:
                append(first.log, 10_000 + number)
    return _recorded_before.setdefault((commits, secret_at), memory.held)


def holds(memory: Memory) -> list[str]:
    return [name for name, (content, _) in memory.held.items() if SAID.encode() in content]


def steps_of(folder: Path, commits: int, secret_at: int, first: str) -> int:
    """Return how many steps something takes that nobody disturbs."""
    _, machine = world(folder, commits, secret_at=secret_at)
    one = machine()
    one.read_all()
    one.before_step(-1, lambda: None)
    getattr(one, first)()
    return one.steps


def some(steps: int) -> Sequence[int]:
    """Return the steps to stop at: all of them in a long run, else one, another each time."""
    every = range(1, steps + 1)
    return every if LONG else [random.choice(every)]


#: (what the first machine does, what the second one does meanwhile, commits, the one that is erased)
PAIRS = [
    ("compact", "compact", 6, 2),
    ("compact", "compact", 17, 2),
    ("compact", "append_many", 6, 2),
    ("compact", "erase", 6, 2),
    ("compact", "erase", 17, 2),
    ("compact", "erase", 3, 2),
    ("erase", "compact", 6, 2),
    ("erase", "compact", 6, 5),
    ("erase", "append_many", 7, 6),
    ("append", "compact", 6, 2),
    ("append", "append_many", 3, 2),
    ("append", "erase", 6, 2),
]


@pytest.mark.parametrize("dies", [False, True], ids=["goes-on", "dies"])
@pytest.mark.parametrize(("first", "second", "commits", "secret_at"), PAIRS)
def test_whatever_two_machines_do_nothing_is_lost_and_nothing_comes_back(
    first: str, second: str, commits: int, secret_at: int, dies: bool, tmp_path: Path
) -> None:
    more = {"append": 1, "append_many": 10, "erase": 1, "compact": 0}
    for at in some(steps_of(tmp_path / "whole", commits, secret_at, first)):
        print(f"{second} before step {at} of {first}")
        memory, machine = world(tmp_path / f"at-{at}", commits, secret_at=secret_at)
        one, two, third = machine(), machine(), machine()
        one.read_all()
        two.read_all()

        def meanwhile(two: Machine = two) -> None:
            getattr(two, second)()
            if dies:
                raise Died

        one.before_step(at, meanwhile)
        done = True
        try:
            getattr(one, first)()
        except Died:
            done = False
        except Conflict:
            # Of two erasures the second is refused.
            done = False
        one.objects.before = lambda step: None
        third.finish_erasing()
        third.compact()
        events = commits + more[second] + (more[first] if done else 0)
        found = third.log.verify()
        where = f"{second} before step {at} of {first}"
        assert found.events in (events, events + (0 if done else more[first])), where
        assert found.unfinished == 0, where
        assert third.log.head_number() == found.commits, where
        if "erase" in (first, second) and found.erased:
            assert holds(memory) == [], where
            assert found.erased == 1, where
        if first == second == "compact" or done:
            assert found.erased == (1 if "erase" in (first, second) else 0), where
        one.objects.list()
        assert one.log.verify().digest == found.digest, where


def test_a_second_erasure_is_refused_and_one_whose_machine_died_is_finished(tmp_path: Path) -> None:
    memory, machine = world(tmp_path, 5, secret_at=3)
    one, two = machine(), machine()

    def die() -> None:
        raise Died

    one.before_step(steps_of(tmp_path / "whole", 5, 3, "erase") // 2, die)
    with pytest.raises(Died):
        one.erase()
    with pytest.raises(Conflict, match="another erasure is under way, on another machine"):
        two.erase()
    assert holds(memory) != []
    # No machine merges meanwhile, and all append.
    two.append_many()
    assert not any("-" in name for name in two.objects.list())
    two.finish_erasing()
    assert holds(memory) == []
    assert not two.log.is_erasing()
    assert two.log.verify().erased == 1
    two.compact()
    assert any("-" in name for name in two.objects.list())


def test_an_erasure_that_was_taken_over_while_it_was_alive_is_done_again(tmp_path: Path) -> None:
    memory, machine = world(tmp_path, 5, secret_at=3)
    one, two = machine(), machine()
    whole = steps_of(tmp_path / "whole", 5, 3, "erase")
    for at in range(2, whole, 1 if LONG else 15):
        memory, machine = world(tmp_path / f"at-{at}", 5, secret_at=3)
        one, two = machine(), machine()
        one.before_step(at, two.finish_erasing)
        with suppress(Conflict):
            one.erase()
        assert not two.log.is_erasing()
        assert holds(memory) == []
        assert two.log.verify().erased == 1


def test_the_index_of_another_machine_forgets_what_was_erased(tmp_path: Path) -> None:
    _, machine = world(tmp_path, 5, secret_at=3)
    one, two = machine(), machine()
    with closing(two.index.open()) as reader:
        assert reader.commit == 5
    before = two.index.generations()
    assert before
    one.erase()
    with closing(two.index.open()) as reader:
        rows = reader.con.execute("SELECT count(*) FROM events WHERE statement IS NOT NULL").fetchall()
        assert reader.commit == 6
    assert rows == [(0,)]
    assert not any(path.exists() for path in before)
    for path in tmp_path.rglob("machine-2/**/*"):
        if path.is_file():
            assert SAID.encode() not in path.read_bytes()


def test_a_block_merged_by_one_machine_is_not_removed_by_another_that_listed_before(tmp_path: Path) -> None:
    """The merged file is newer than the listing; only a wider one would make it one too many."""
    memory, machine = world(tmp_path, 4, secret_at=2)
    one, two = machine(), machine()
    files = one.log._list()
    two.compact()
    one.log._remove_covered(files)
    assert sorted(memory.held) == ["000000000001-000000000004.parquet"]
    assert machine().log.verify().events == 4
