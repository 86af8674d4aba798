"""What counts of a family, followed step by step, is what the definition says; and what that costs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import timeline.index.sweep as sweeping
from tests.strategies import BASES, entries_of, histories, written
from timeline.index import amended, family
from timeline.index.family import Family, Spans
from timeline.index.sweep import sweep
from timeline.index.winners import Winners
from timeline.meaning import fold
from timeline.meaning.fold import END, Basis, Entry, Value

Amendment = tuple[str, int, int, int]

KINDS = ("retracted", "corrected", "void")
#: A kind, how far back it aims, its date, and how long after the one before it was recorded.
amendments = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(1, 30), st.integers(0, 6), st.integers(0, 1)),
    min_size=1,
    max_size=30,
)


def family_of(given_: Sequence[Amendment]) -> list[Entry]:
    """Return a report with amendments of it and of each other."""
    entries = [entry(1, "reported", 3, 1, value="said")]
    recorded = 1
    for position, (kind, back, date, later) in enumerate(given_, 2):
        recorded += later
        target = entries[max(0, len(entries) - back)]
        value = f"corrected {position}" if kind == "corrected" else None
        event_type = "retracted" if kind == "retracted" else "corrected"
        entries.append(entry(position, event_type, date, recorded, target.event_id, kind == "void", value))
    return entries


def entry(
    position: int,
    event_type: str,
    date: int,
    recorded_at: int,
    target: str | None = None,
    void: bool = False,
    value: str | None = None,
) -> Entry:
    return Entry(
        position=position,
        event_id=f"event {position}",
        event_type=event_type,
        fact="openai/plan",
        reported_at=date,
        recorded_at=recorded_at,
        origin="reuters",
        value=None if value is None else Value("text", text=value),
        reported_from=None if date == 6 else date - 1,
        evidence_at=date + 1 if date % 2 else None,
        target=target,
        void=void,
    )


@contextmanager
def step_by_step() -> Iterator[None]:
    """Follow every family step by step within the block, however few its entries are."""
    before = family.FEW, sweeping._FEW
    family.FEW = sweeping._FEW = 0
    try:
        yield
    finally:
        family.FEW, sweeping._FEW = before


def defined(entries: Sequence[Entry], basis: Basis) -> tuple[Entry | None, list[tuple[int, int]]]:
    standings = fold.standing(entries)
    standing = next((one.entry for one in standings if one.place == 1), None)
    return standing, [span for life in fold.lives(standings, basis) for span in life.spans]


@given(amendments, st.sampled_from(BASES))
def test_what_counts_and_when_is_as_defined_after_every_entry(given_: list[Amendment], basis: Basis) -> None:
    entries = family_of(given_)
    stepwise, whole = Family(entries, basis, stepwise=True), Family(entries[: family.FEW], basis)
    spans: set[tuple[int, int]] = set()
    for known, entry in enumerate(entries, 1):
        changed = stepwise.know([entry])
        gone, come = changed
        assert gone <= spans
        assert not come & spans
        spans = (spans - gone) | come
        expected = defined(entries[:known], basis)
        assert (stepwise.standing, stepwise.counts.all()) == expected
        assert spans == set(expected[1])
        if known <= family.FEW:
            assert whole.know([entry]) == changed
            assert (whole.standing, whole.counts.all()) == expected


@given(amendments, st.randoms(use_true_random=False))
def test_an_amendment_waits_for_its_target(given_: list[Amendment], drawn: random.Random) -> None:
    entries = family_of(given_)
    stepwise = Family(entries, stepwise=True)
    for entry in drawn.sample(entries, len(entries)):
        stepwise.know([entry])
    assert (stepwise.standing, stepwise.counts.all()) == defined(entries, "certain")


@given(amendments)
def test_the_index_follows_a_family_as_defined(given_: list[Amendment]) -> None:
    entries = family_of(given_)
    with step_by_step():
        assert amended.effects(entries) == fold.effects(entries)
        assert sorted(sweep(entries)) == sorted(
            (s.entry.position, s.place, s.valid_from, s.valid_to, s.believed_from, s.believed_until)
            for s in fold.belief_spans(entries)
        )
        kept = list(amended.standings(entries))
    for recorded_as_of in sorted({entry.recorded_at for entry in entries}):
        for basis in BASES:
            stand, spans = defined([e for e in entries if e.recorded_at <= recorded_as_of], basis)
            assert {
                (position, claims, *counts)
                for _, position, claims, on, start, until, *counts in kept
                if on == basis and start <= recorded_as_of < until
            } == {(stand.position, stand.value is not None, *span) for span in spans if stand}


@given(histories(12).map(lambda history: entries_of(written([history]))))
def test_families_of_one_fact_bear_on_each_other_as_defined(entries: list[Entry]) -> None:
    with step_by_step():
        assert amended.effects(entries) == fold.effects(entries)
        assert sorted(sweep(entries)) == sorted(
            (s.entry.position, s.place, s.valid_from, s.valid_to, s.believed_from, s.believed_until)
            for s in fold.belief_spans(entries)
        )


edges = st.integers(0, 12)


@given(st.lists(st.tuples(st.integers(0, 5), edges, edges, st.booleans()), max_size=40))
def test_winners_are_the_least_of_what_is_there(moves: list[tuple[int, int, int, bool]]) -> None:
    winners: Winners[int] = Winners(range(13))
    there: list[tuple[int, int, int]] = []
    rows: set[tuple[int, int, int]] = set()
    for rank, one, other, narrowed in moves:
        span = min(one, other), max(one, other)
        held = next((held for held in there if held[0] == rank), None) if narrowed else None
        if held is not None:
            there.remove(held)
        winners.move(rank, None if held is None else held[1:], span)
        there.append((rank, *span))
        gone, come = winners.changes()
        assert gone <= rows
        rows = (rows - gone) | come
        least = [
            min((rank for rank, start, end in there if start <= at < end), default=None) for at in range(12)
        ]
        assert [
            next((rank for rank, start, end in rows if start <= at < end), None) for at in range(12)
        ] == least
        # As long as possible, and one after the other.
        ordered = sorted(rows, key=lambda row: row[1])
        assert ordered == list(winners.rows(0, 12))
        assert all(a[2] < b[1] or (a[2] == b[1] and a[0] != b[0]) for a, b in pairwise(ordered))


@given(st.lists(st.tuples(edges, edges).map(sorted).map(tuple), max_size=20))
def test_spans_are_turned_over(turns: list[tuple[int, int]]) -> None:
    spans, covered = Spans(), set[int]()
    for start, end in turns:
        before = spans.all()
        gone, come = spans.turn(start, end)
        covered ^= set(range(start, end))
        assert {at for at in range(13) if spans.covers(at)} == covered
        assert set(before).difference(gone) | set(come) == set(spans.all())


def chain(kind: str, count: int, dates: Callable[[int], int]) -> list[Entry]:
    return family_of([(kind, 1, dates(nth), 1) for nth in range(1, count)])


def fan(kind: str, count: int, dates: Callable[[int], int]) -> list[Entry]:
    return family_of([(kind, count, dates(nth), 1) for nth in range(1, count)])


SHAPES = (chain, fan)
DATES: dict[str, Callable[[int], int]] = {
    "later and later": lambda nth: 10 * nth,
    "earlier and earlier": lambda nth: -10 * nth,
    "one": lambda nth: 5,
    "any": lambda nth: 10 * (nth * 7_919 % 10_007),
}


def steps_of(entries: Sequence[Entry]) -> int:
    following = Family(entries, stepwise=True)
    for entry in entries:
        following.know([entry])
    assert following.steps > 0
    return following.steps


@pytest.mark.parametrize("dates", DATES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_steps_grow_about_as_the_entries_do(
    shape: Callable[[str, int, Callable[[int], int]], list[Entry]], kind: str, dates: str
) -> None:
    few, many = (steps_of(shape(kind, count, DATES[dates])) for count in (500, 4_000))
    # Of eight times the entries: n log n is eleven times the steps, n squared would be sixty-four.
    assert many < 8 * 2 * few


@pytest.mark.parametrize("kind", KINDS)
def test_a_chain_is_longer_than_python_calls_may_be_deep(kind: str) -> None:
    entries = chain(kind, 3_000, DATES["later and later"])
    other = replace(entries[0], position=3_001, event_id="other", recorded_at=9_999, reported_at=99_999)
    assert amended.effects([*entries, other])[3_001] == ("revised" if kind == "corrected" else "opened")
    believed = [belief for belief in sweep(entries) if belief[-1] == END]
    if kind == "corrected":
        assert [position for position, *_ in believed] == [3_000]
    else:
        # The last of an odd number of amendments takes back what the one before it restored.
        assert believed == []
    standings = [row for row in amended.standings(entries) if row[3] == "certain" and row[5] == END]
    expected = {"corrected": {3_000}, "retracted": {1}, "void": set[int]()}[kind]
    assert {row[1] for row in standings if row[4] < END} == expected
