"""What a page shows as of many instants at once: the same as what it shows as of each of them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ask.test_point_in_time import ASKED, store
from tests.examples import costly
from tests.strategies import RECORDED, histories, written
from timeline import Timeline
from timeline.ask.overview import Wanted
from timeline.ask.snapshot import Snapshot
from timeline.errors import BadInput
from timeline.meaning.times import format_instant

WANTED: list[dict[str, Any]] = [
    {},
    {"search": "1"},
    {"filters": {"status": ["planned", "letter-of-intent"]}},
    {"filters": {"subject": ["nvidia", "openai", "1"]}, "search": "a"},
    {"limit": 2},
]


def alone(snapshot: Snapshot, instant: int, given: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a page shows as of one instant, asked for by itself."""
    dates = snapshot.dates(as_of=format_instant(instant))
    rivals: dict[str, Any] = {}
    for row in snapshot.disagreements(as_of=format_instant(instant)).dicts():
        rivals.setdefault(row["fact"], row)
    found = snapshot.overview(dates, Wanted(**given, first=list(rivals), light=True))
    rows = [{name: value for name, value in row.items() if name != "in_subject"} for row in found.rows]
    counts = (found.total, found.facts, found.reports, found.origins, found.facets["status"])
    subjects = {row["subject"]: row["in_subject"] for row in found.rows}
    pairs = {fact: (row["event_id_1"], row["event_id_2"]) for fact, row in rivals.items()}
    return rows, snapshot.support(found.rows, dates), subjects, counts, pairs


def together(snapshot: Snapshot, instants: list[int], given: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the same as of many instants, worked out in one pass."""
    found = snapshot.overviews(snapshot.dates(), Wanted(**given), instants)
    return [
        (
            [found.beliefs[number] for number, _ in at.rows],
            {found.beliefs[number]["event_id"]: support for number, support in at.rows},
            at.subjects,
            (at.total, at.facts, at.reports, at.origins, at.statuses),
            {fact: (row["event_id_1"], row["event_id_2"]) for fact, row in at.rivals.items()},
        )
        for at in found.at
    ]


@costly()
@given(
    drawn=st.lists(histories(), min_size=1, max_size=4),
    instants=st.lists(st.sampled_from(ASKED), min_size=1, max_size=3, unique=True).map(sorted),
    wanted=st.sampled_from([{}, {"search": "1"}, {"limit": 1}, {"filters": {"status": ["denied"]}}]),
    # Answers come from an index and its tail, or from an index.
    indexed=st.integers(1, len(RECORDED)),
)
def test_each_instant_of_a_misleading_log(
    drawn: list[Any], instants: list[int], wanted: dict[str, Any], indexed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, store(Path(folder), written(drawn), indexed) as tl:
        snapshot = tl.snapshot()
        found = together(snapshot, instants, wanted)
        for instant, at in zip(instants, found, strict=True):
            assert at == alone(snapshot, instant, wanted), format_instant(instant)


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_every_day_of_the_bundled_reports(bundled: Timeline, wanted: dict[str, Any]) -> None:
    snapshot = bundled.snapshot()
    days = snapshot.sql("SELECT DISTINCT epoch_us(reported_at) FROM events WHERE reported_at < '9999-01-01'")
    instants = sorted({instant + step for (instant,) in days.rows for step in (-1, 0)})
    found = together(snapshot, instants, wanted)
    assert len(found) == len(instants) > 10
    for instant, at in list(zip(instants, found, strict=True))[:: 1 if wanted == {} else 5]:
        assert at == alone(snapshot, instant, wanted), format_instant(instant)


def test_another_rule_is_refused(bundled: Timeline) -> None:
    snapshot = bundled.snapshot()
    for rule in ({"policy": "first"}, {"basis": "possible"}, {"recorded_as_of": "#1"}, {"valid_at": "2025"}):
        with pytest.raises(BadInput, match="ask for an overview of each"):
            snapshot.overviews(snapshot.dates(**rule), Wanted(), [0])
    assert snapshot.overviews(snapshot.dates(), Wanted(), []).at == []
