"""Snapshots: one consistent answer to a command, whatever is appended meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

import polars as pl
import pytest

from tests.commands import run
from tests.examples import LONG, some
from timeline import BadInput, Timeline
from timeline.log.folder import FolderObjects

PACKAGE: Final = str(Path(__file__).resolve().parents[2] / "timeline")
FACT: Final = "nvidia/investment/openai"
#: The sources of what is appended while a command runs, in turn; they contradict each other.
ORIGINS: Final = ("financial-times", "reuters")


def append(tl: Timeline, nth: int) -> None:
    """Append an event that changes everything that is asked about the fact."""
    event: dict[str, object] = {
        "fact": FACT,
        "claim": f"{40 + nth} billion USD",
        "source": "desk",
        "origin": ORIGINS[nth % 2],
        "reported": f"2026-03-01T00:{nth // 60:02}:{nth % 60:02}Z",
        "statement": f"The sum is {40 + nth} billion dollars.",
    }
    tl.append([event], register_unknown=True)


class Steps:
    """Counts the calls of functions of the package, and does something at the one of a number."""

    def __init__(self, at: int | None = None, then: Callable[[], object] = lambda: None) -> None:
        self.count = 0
        self._at = at
        self._then = then

    def __call__(self, frame: FrameType, what: str, argument: Any) -> None:
        if what != "call" or not frame.f_code.co_filename.startswith(PACKAGE):
            return
        self.count += 1
        if self.count == self._at:
            sys.setprofile(None)
            try:
                self._then()
            finally:
                sys.setprofile(self)

    @contextmanager
    def watching(self) -> Iterator[None]:
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)


COMMANDS: Final = {
    "show": ["show", "--json"],
    "a card": ["show", FACT],
    "why": ["why", FACT],
    "why, for programs": ["why", FACT, "--json"],
    "history": ["history", FACT],
    "disagreements": ["disagreements", FACT],
    "diff": ["diff", "2025-10-15", "2026-12-31"],
    "query": ["query", "totals-by-investor"],
    "sql": ["sql", "SELECT (SELECT count(*) FROM events), (SELECT max(position) FROM history('*'))"],
}


@pytest.mark.parametrize("name", some([*COMMANDS], 3))
def test_an_append_between_any_two_steps_is_seen_as_a_whole_or_not_at_all(project: Path, name: str) -> None:
    command = COMMANDS[name]
    assert run(project, ["show"]).code == 0
    with Timeline.open(project / ".timeline") as writer:
        append(writer, 100)
        append(writer, 101)
    before = run(project, command)
    assert before.code == 0, before.err
    steps = Steps()
    with steps.watching():
        run(project, command)
    assert steps.count > 100
    stayed = 0
    places = 8 if LONG else 4
    for nth in range(places):
        at = 1 + (steps.count - 1) * nth // (places - 1)
        with Timeline.open(project / ".timeline") as writer:
            watching = Steps(at, lambda writer=writer, nth=nth: append(writer, 200 + nth))  # type: ignore[misc]
            with watching.watching():
                found = run(project, command)
        after = run(project, command)
        assert found.out in (before.out, after.out), f"appended at call {at} of {steps.count}"
        assert after.out != before.out
        stayed += found.out == before.out
        before = after
    # Some events were appended before the state was taken, and some after.
    assert 0 < stayed < places


@pytest.mark.parametrize(
    "command",
    [
        *COMMANDS.values(),
        ["stats"],
        ["head"],
        ["report", FACT, "50 billion USD", "--source", "gate-2026-02-20"],
        ["correct", "nvidia-30-billion", "31 billion USD", "--reason", "a slip"],
        ["retract", "nvidia-30-billion", "--reported", "2026-02-21"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("tail", [False, True], ids=["no tail", "a tail"])
def test_a_command_lists_the_log_at_most_twice(
    project: Path, command: list[str], tail: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(project, ["show"]).code == 0
    if tail:
        with Timeline.open(project / ".timeline") as writer:
            append(writer, 0)
    listings = []
    listed = FolderObjects.list

    def counted(self: FolderObjects) -> list[str]:
        listings.append(self.folder)
        return listed(self)

    monkeypatch.setattr(FolderObjects, "list", counted)
    done = run(project, command)
    assert done.code == 0, done.err
    assert 1 <= len(listings) <= 2


class TestOneState:
    def test_nothing_that_comes_later_is_in_it(self, copy: Timeline) -> None:
        questions: dict[str, Callable[[Any], Any]] = {
            "beliefs": lambda one: one.beliefs(),
            "claims": lambda one: one.claims(FACT),
            "history": lambda one: one.history("nvidia/*"),
            "disagreements": lambda one: one.disagreements(),
            "changes": lambda one: one.changes("2025-10-15", None),
            "sql": lambda one: one.sql("SELECT count(*) FROM events"),
        }
        before = {name: ask(copy) for name, ask in questions.items()}
        belief, why = copy.belief(FACT), copy.why(FACT)
        held, unasked = copy.snapshot(), copy.snapshot()
        assert held.beliefs().rows
        for nth in range(3):
            append(copy, nth)
        copy.refresh()
        append(copy, 3)
        for snapshot in (held, unasked):
            for name, ask in questions.items():
                assert ask(snapshot).frame().equals(before[name]), name
                assert not ask(copy).equals(before[name]), name
            assert snapshot.belief(FACT) == belief
            assert snapshot.why(FACT) == why
            assert copy.why(FACT) != why
            with snapshot.connect() as con:
                assert con.execute("SELECT max(position) FROM events").fetchall() == [(snapshot.position,)]

    def test_it_survives_the_index_being_built_again(self, copy: Timeline) -> None:
        append(copy, 0)
        snapshot = copy.snapshot()
        count = snapshot.sql("SELECT count(*) FROM events").rows
        append(copy, 1)
        copy.rebuild()
        assert snapshot.sql("SELECT count(*) FROM events").rows == count
        assert snapshot.commit_of(snapshot.position).number == snapshot.commit

    def test_a_reader_of_its_own_for_each_door_has_the_same_state(self, copy: Timeline) -> None:
        snapshot = copy.snapshot()
        believed = snapshot.sql("FROM beliefs ORDER BY fact").rows
        append(copy, 0)
        copy.refresh()
        assert len(snapshot.beliefs().rows) == len(believed)
        assert snapshot.history(FACT).rows == copy.snapshot().history(FACT, recorded_as_of="#9").rows


class TestAnswers:
    def test_every_form_says_the_same(self, bundled: Timeline) -> None:
        snapshot = bundled.snapshot()
        for answer in (
            snapshot.beliefs(),
            snapshot.beliefs(FACT),
            snapshot.changes("2025-02-22", "2026-03-01"),
            snapshot.sql("SELECT fact, amount, reported_at, approximate, position FROM events ORDER BY 5"),
        ):
            rows = answer.dicts()
            assert rows
            assert answer.frame().to_dicts() == rows
            naive = pl.from_arrow(answer.arrow())
            assert isinstance(naive, pl.DataFrame)
            assert naive.rows() == answer.rows
            assert answer.columns == naive.columns == answer.frame().columns

    def test_a_query_runs_once_for_every_form(self, bundled: Timeline) -> None:
        answer = bundled.snapshot().sql("SELECT uuid() AS id, random() AS number")
        assert answer.frame().to_dicts() == answer.arrow().to_pylist() == answer.dicts()

    def test_two_columns_of_one_name_have_no_dicts(self, bundled: Timeline) -> None:
        answer = bundled.snapshot().sql("SELECT 1 AS a, 2 AS a")
        assert answer.rows == [(1, 2)]
        for form in (answer.dicts, answer.frame, answer.arrow):
            with pytest.raises(BadInput, match="'a'"):
                form()
