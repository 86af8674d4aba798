"""The quick way to one fact against SQL: the same rows, in the same order, whatever is asked."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import costly, some
from tests.index.test_fold_sql import STORIES, append, around, store
from tests.index.test_generations import commits_of, grow
from tests.strategies import (
    BASES,
    MOMENTS,
    POLICIES,
    RECORDED,
    VALID_EDGES,
    Step,
    Tier,
    histories,
    tiers,
    written,
)
from timeline import Timeline
from timeline.ask.frames import fetch
from timeline.ask.one_fact import about_one
from timeline.ask.questions import plain_changes, question, resolve_dates
from timeline.errors import BadInput
from timeline.index.reader import Reader
from timeline.intake.known import KnownEvents
from timeline.meaning.times import to_naive

#: Kind, basis, policy, and dates on all three axes: as of, newest commit that counts, valid at.
Asking = tuple[str, str, str, int | None, int | None, int | None]

asking = st.tuples(
    st.sampled_from(("beliefs", "beliefs", "claims", "history")),
    st.sampled_from(BASES),
    st.sampled_from(POLICIES),
    st.none() | st.sampled_from(around(MOMENTS)),
    st.none() | st.sampled_from(range(len(RECORDED) + 1)),
    st.none() | st.sampled_from(around(VALID_EDGES)),
)


def check(reader: Reader, fact: str, wanted: Asking) -> None:
    kind, basis, policy, as_of, commit, valid_at = wanted
    dates = resolve_dates(
        reader,
        as_of=None if as_of is None else to_naive(as_of).replace(tzinfo=UTC),
        recorded_as_of=None if commit is None else f"#{commit}",
        valid_at=None if valid_at is None else to_naive(valid_at).replace(tzinfo=UTC),
        policy=policy,
        basis=basis,
    )
    quick = about_one(reader, kind, dates, fact)
    whole = fetch(reader.cursor(), *question(kind, dates, fact))
    assert quick is not None
    assert (quick.columns, quick.types, quick.rows, quick.asked) == (*whole, dates), (fact, wanted)


def check_all(reader: Reader, facts: int, wanted: Sequence[Asking]) -> None:
    # No event is about the last fact.
    for number, one in product(range(facts + 1), wanted):
        check(reader, f"{number}/says@2027", one)


def check_changes(reader: Reader, wanted: Sequence[Asking]) -> None:
    """Check that the short way to changes answers as the function does, unless it reports that it cannot."""
    moments = list(dict.fromkeys(as_of for _, _, _, as_of, _, _ in wanted))
    with closing(reader.cursor()) as con:
        for start, end in product(moments, moments):
            sql, parameters = plain_changes(start, end, None)
            short = con.sql(f"SELECT * FROM ({sql}) ORDER BY fact", params=parameters)
            if not any(row[-1] for row in short.fetchall()):
                sql, parameters = question("changes", resolve_dates(reader), between=(start, end))
                whole = con.sql(sql, params=parameters)
                assert short.columns == [*whole.columns, "is_bounded"]
                assert short.types[:-1] == whole.types
                assert [row[:-1] for row in short.fetchall()] == whole.fetchall(), (start, end)


def check_known(reader: Reader) -> None:
    """Check that every event is known by its id, wherever it was recorded, and that no other id is known."""
    with closing(reader.cursor()) as con:
        rows = con.execute("SELECT event_id, position, place FROM store.events").fetchall()
        held = {event_id: (position, place) for event_id, position, place in rows}
        strangers = [event_id[::-1] for event_id in held]
        known = KnownEvents(con, reader)
        for _ in range(4):
            assert known.among([*strangers, *held]) == held
        assert known.among(strangers) == {}


def spoilt(file: Path, how: str) -> None:
    """Take a row store away, or put a worse one in its place."""
    if how == "away":
        file.unlink()
    elif how == "cut short":
        os.truncate(file, file.stat().st_size // 2)
    elif how == "damaged":
        # The file opens, but nothing in it is right.
        with closing(sqlite3.connect(file)) as db:
            for table in ("lines", "ids"):
                db.execute(f"UPDATE {table} SET content = zeroblob(length(content))")
            db.commit()


def check_over_a_tail(
    log: Sequence[Sequence[Step]],
    tiers: Sequence[Tier],
    built: int | None,
    wanted: Sequence[Asking],
    rows: str = "there",
) -> None:
    """Check a generation up to a commit with a tail of the rest; all in memory where `built` is None."""
    commits = written(log, tiers)
    with store() as (writer, index):
        append(writer, commits[: None if built is None else built + 1])
        if built is not None:
            index.build()
            append(writer, commits[built + 1 :])
            [file] = index.row_stores()
            if rows != "there":
                spoilt(file, rows)
        with closing(index.open(may_build=False)) as reader:
            assert (reader.generation is None) == (built is None)
            assert (reader.rows is not None) == (built is not None and rows in ("there", "damaged"))
            check_all(reader, len(log), wanted)
            check_known(reader)
            check_changes(reader, wanted)
            # A reader that finds its row store damaged goes on without it.
            assert (reader.rows is not None) == (built is not None and rows == "there")


@costly(30)
@given(
    st.lists(histories(), min_size=1, max_size=3),
    tiers,
    st.none() | st.sampled_from(range(len(RECORDED))),
    st.lists(asking, min_size=1, max_size=6),
)
def test_one_fact_has_the_answer_that_sql_has(
    log: list[tuple[Step, ...]], tiers: list[Tier], built: int | None, wanted: list[Asking]
) -> None:
    check_over_a_tail(log, tiers, built, wanted)


@pytest.mark.parametrize("rows", some(["away", "cut short", "damaged"], 3))
@costly(10)
@given(
    st.lists(histories(), min_size=1, max_size=3),
    tiers,
    st.sampled_from(range(len(RECORDED))),
    st.lists(asking, min_size=1, max_size=6),
)
def test_without_a_row_store_all_answers_are_the_same(
    rows: str, log: list[tuple[Step, ...]], tiers: list[Tier], built: int, wanted: list[Asking]
) -> None:
    check_over_a_tail(log, tiers, built, wanted, rows)


@costly(30)
@given(
    st.lists(histories(), min_size=1, max_size=3),
    tiers,
    st.sets(st.sampled_from(range(1, len(RECORDED)))),
    st.lists(asking, min_size=1, max_size=6),
)
def test_one_fact_of_a_generation_that_grew(
    log: list[tuple[Step, ...]],
    tiers: list[Tier],
    refreshed: set[int],
    wanted: list[Asking],
) -> None:
    """Refresh after some of the commits; the commits after the last refresh are a tail."""
    commits = commits_of(log, tiers)
    with store() as (writer, index):
        last = grow(writer, index, commits, refreshed)
        assert index.row_stores() == [path.with_suffix(".rows") for path in index.generations()]
        with closing(index.open()) as reader:
            assert reader.rows is not None
            assert reader.rows.upto.position == reader.position - reader.tail_events
            assert (reader.tail_events == 0) == (last == len(commits) - 1)
            check_all(reader, len(log), wanted)
            check_known(reader)
            check_changes(reader, wanted)
            assert reader.rows is not None


def test_stories_that_went_wrong_once_under_every_rule() -> None:
    kinds = {policy: ("beliefs",) for policy in POLICIES} | {"latest": ("beliefs", "claims", "history")}
    check_over_a_tail(
        STORIES,
        [],
        0,
        [
            (kind, basis, policy, None, None, None)
            for policy in POLICIES
            for kind, basis in some([*product(kinds[policy], BASES)], 3)
        ],
    )


@pytest.mark.parametrize("fact", ["", "abc", "a/b/c/d", "@2027", "/"])
def test_what_is_no_fact_has_no_answer(tmp_path: Path, fact: str) -> None:
    with Timeline.create(tmp_path / "desk") as tl:
        tl.append(
            [{"fact": "a/b", "claim": "5 USD", "source": "w", "reported": "2025-01-01"}],
            register_unknown=True,
        )
        with pytest.raises(BadInput, match="is not one fact; expected subject/attribute"):
            tl.belief(fact)
        assert tl.beliefs(fact, policy="first").is_empty()
        assert tl.claims(fact).is_empty()
        assert tl.history(fact).is_empty()
