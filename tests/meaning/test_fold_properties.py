"""What the definition promises of every log, and the index's own shortcuts through it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import (
    BASES,
    MOMENTS,
    POLICIES,
    RECORDED,
    Step,
    entries_of,
    histories,
    written,
)
from timeline.index import amended
from timeline.index.sweep import sweep
from timeline.meaning import fold
from timeline.meaning.fold import BEGINNING, END, Entry

several = st.lists(histories(12), min_size=1, max_size=4).map(lambda log: entries_of(written(log)))
one = histories(12).map(lambda history: entries_of(written([history])))
policies = st.sampled_from(POLICIES)
bases = st.sampled_from(BASES)
moments = st.sampled_from(MOMENTS)


@given(one, moments, policies, st.sampled_from(("reported", "withdrawn", "retracted")))
def test_nothing_from_after_a_date_shows_as_of_it(
    entries: list[Entry], as_of: int, policy: str, kind: str
) -> None:
    before = [replace(row, believed_until=END) for row in fold.beliefs(entries, as_of, policy=policy)]
    first = entries[0]
    after = replace(
        first,
        position=len(entries) + 1,
        event_id="after",
        event_type=kind,
        reported_at=as_of + 1,
        valid_from=None,
        valid_to=None,
        value=first.value if kind == "reported" else None,
        target=entries[-1].event_id if kind == "retracted" else None,
    )
    found = fold.beliefs([*entries, after], as_of, policy=policy)
    assert [replace(row, believed_until=END) for row in found] == before


@given(several, st.sampled_from((BEGINNING, *RECORDED)), policies, bases)
def test_what_was_recorded_later_does_not_show_in_the_past(
    entries: list[Entry], recorded_as_of: int, policy: str, basis: fold.Basis
) -> None:
    known = [entry for entry in entries if entry.recorded_at <= recorded_as_of]
    assert fold.belief_spans(
        entries, policy=policy, basis=basis, recorded_as_of=recorded_as_of
    ) == fold.belief_spans(known, policy=policy, basis=basis)


@given(several, moments, policies, bases)
def test_rows_are_disjoint_and_as_long_as_possible(
    entries: list[Entry], as_of: int, policy: str, basis: fold.Basis
) -> None:
    parts: dict[tuple[str, str], list[fold.Belief]] = defaultdict(list)
    for row in fold.beliefs(entries, as_of, policy=policy, basis=basis):
        parts[row.fact, row.entry.origin if policy == "by-origin" else ""].append(row)
    for rows in parts.values():
        rows.sort(key=lambda row: row.valid_from)
        for row, following in pairwise(rows):
            assert row.valid_from < row.valid_to <= following.valid_from
            assert row.valid_to < following.valid_from or row.place != following.place


@given(one, policies, bases)
def test_the_spans_of_a_belief_do_not_touch(entries: list[Entry], policy: str, basis: fold.Basis) -> None:
    rows: dict[tuple[int, int, int], list[tuple[int, int]]] = defaultdict(list)
    for span in fold.belief_spans(entries, policy=policy, basis=basis):
        rows[span.place, span.valid_from, span.valid_to].append((span.believed_from, span.believed_until))
    for spans in rows.values():
        assert all(earlier[1] < later[0] for earlier, later in pairwise(sorted(spans)))


@given(one)
def test_the_index_keeps_what_each_event_did_as_defined(entries: list[Entry]) -> None:
    assert amended.effects(entries) == fold.effects(entries)


@given(one, st.sampled_from((BEGINNING, *RECORDED)), bases)
def test_the_index_keeps_what_counts_of_amended_reports_as_defined(
    entries: list[Entry], recorded_as_of: int, basis: fold.Basis
) -> None:
    kept = list(amended.standings(entries))
    places = {place for place, *_ in kept}
    expected = {
        (life.standing.place, life.standing.entry.position, life.standing.kind == "report", *span)
        for life in fold.lives(fold.standing(entries, recorded_as_of), basis)
        for span in life.spans
        if life.standing.place in places
    }
    assert places == amended_places(entries)
    assert expected == {
        (place, position, claims, *counts)
        for place, position, claims, on_basis, recorded_from, recorded_until, *counts in kept
        if on_basis == basis and recorded_from <= recorded_as_of < recorded_until
    }


def amended_places(entries: Sequence[Entry]) -> set[int]:
    place_of: dict[str, int] = {}
    for entry in entries:
        place_of[entry.event_id] = entry.position if entry.target is None else place_of[entry.target]
    return {place_of[entry.target] for entry in entries if entry.target is not None}


def test_steps_can_be_pasted_into_an_example() -> None:
    assert repr(Step(kind="void", target=1)) == "Step(kind='void', target=1)"


@given(one, bases, st.booleans())
def test_one_sweep_finds_every_belief_ever_held(
    entries: list[Entry], basis: fold.Basis, by_origin: bool
) -> None:
    policy = "by-origin" if by_origin else "latest"
    defined = [
        (s.entry.position, s.place, s.valid_from, s.valid_to, s.believed_from, s.believed_until)
        for s in fold.belief_spans(entries, policy=policy, basis=basis)
    ]
    assert sorted(sweep(entries, basis, by_origin=by_origin)) == sorted(defined)
