"""Point-in-time joins against the definition: each row has what `fold` says was believed at its date."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from tests.examples import costly
from tests.logs import Volatile
from tests.strategies import (
    MOMENTS,
    RECORDED,
    VALID,
    VALID_EDGES,
    VALUES,
    Step,
    entries_of,
    histories,
    written,
)
from timeline import Timeline
from timeline.log.log import Log, rows_to_table
from timeline.meaning import fold
from timeline.meaning.times import to_naive

Row = dict[str, Any]

#: Around every instant at which anything begins or ends, on the reported axis or in valid time.
ASKED = sorted({moment + step for moment in (*MOMENTS, *VALID_EDGES) for step in (-1, 0, 1)})


def store(folder: Path, commits: Sequence[Sequence[Row]], indexed: int | None) -> Timeline:
    """Return a store with these rows in its log, and an index of the first `indexed` commits, if any."""
    Log.create(folder / "log")
    clock = iter(RECORDED)
    log = Log(folder / "log", objects=Volatile(folder / "log"), clock=lambda: next(clock))
    for number, rows in enumerate(commits, 1):
        table = rows_to_table(rows)
        log.append(lambda head, recorded_at, table=table: table)  # type: ignore[misc]
        if number == indexed:
            Timeline(folder).rebuild()
    return Timeline(folder, read_only=indexed is None)


def chosen(entries: Sequence[fold.Entry], fact: str, as_of: int) -> fold.Belief | None:
    """Return the belief of a fact that holds at the date itself, else the one that was reported last."""
    rows = [belief for belief in fold.beliefs(entries, as_of) if belief.fact == fact]
    covering = [belief for belief in rows if belief.valid_from <= as_of < belief.valid_to]
    return max(covering or rows, key=lambda b: (b.entry.reported_at, b.valid_from), default=None)


COLUMNS = ("event_id", "valid_from", "valid_to", "believed_from", "reported_at")


def picked(belief: fold.Belief | None) -> tuple[Any, ...]:
    if belief is None:
        return (None,) * len(COLUMNS)
    start, end = belief.valid_from, belief.valid_to
    return (
        belief.entry.event_id,
        None if start == fold.BEGINNING else to_naive(start).replace(tzinfo=UTC),
        None if end == fold.END else to_naive(end).replace(tzinfo=UTC),
        to_naive(belief.believed_from).replace(tzinfo=UTC),
        to_naive(belief.entry.reported_at).replace(tzinfo=UTC),
    )


@costly()
@given(
    drawn=st.lists(histories(), min_size=1, max_size=4),
    asked=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(ASKED)), max_size=12),
    # Answers come from the log alone, from an index and its tail, or from an index.
    indexed=st.none() | st.integers(1, len(RECORDED)),
)
@example(
    # One report split in two by a later one of the same date, of which neither valid time covers the date.
    drawn=[(Step(valid=VALID[7]), Step(value=VALUES[1], valid=VALID[4], commits=1))],
    asked=[(0, MOMENTS[-1])],
    indexed=1,
)
@example(
    # A retraction, which is itself retracted.
    drawn=[
        (
            Step(),
            Step(value=VALUES[1], reported_at=MOMENTS[1]),
            Step(kind="retracted", reported_at=MOMENTS[3]),
            Step(kind="retracted", reported_at=MOMENTS[5]),
        )
    ],
    asked=[(0, moment) for moment in MOMENTS],
    indexed=4,
)
@example(
    # No report ends in valid time, but one begins within another, whose belief ends there.
    drawn=[(Step(), Step(value=VALUES[1], reported_at=MOMENTS[1], valid=VALID[8]))],
    asked=[(0, moment) for moment in (MOMENTS[0], MOMENTS[2], VALID_EDGES[3])],
    indexed=2,
)
def test_at_is_the_definition_row_by_row(
    drawn: list[tuple[Step, ...]], asked: list[tuple[int, int]], indexed: int | None
) -> None:
    commits = written(drawn)
    entries = entries_of(commits)
    facts = [f"{number}/says@2027" for number, _ in asked]
    days = [to_naive(moment).replace(tzinfo=UTC) for _, moment in asked]
    frame = pl.DataFrame(
        {"nth": list(range(len(asked))), "key": facts, "day": days},
        schema={"nth": pl.Int64(), "key": pl.String(), "day": pl.Datetime("us", "UTC")},
    )
    with tempfile.TemporaryDirectory() as folder, store(Path(folder), commits, indexed) as tl:
        answer = tl.at(frame, fact="key", as_of="day")
        beliefs = [tl.belief(fact, as_of=day) for fact, day in zip(facts, days, strict=True)]
    assert answer.select(frame.columns).equals(frame)
    expected = [picked(chosen(entries, fact, moment)) for fact, (_, moment) in zip(facts, asked, strict=True)]
    assert answer.select(COLUMNS).rows() == expected
    # The quick way for one fact chooses as the join does.
    assert [tuple(getattr(belief, name, None) for name in COLUMNS) for belief in beliefs] == expected
