"""A generation that grew, commit after commit, against one rebuilt: every answer is the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.examples import costly
from tests.index.test_fold_sql import Asked, Question, append, around, questions, store
from tests.strategies import MOMENTS, RECORDED, Step, Tier, histories, tiers, written
from timeline.index import catalog, tables
from timeline.index.index import Index
from timeline.log.log import Log
from timeline.meaning.columns import BELIEF_COLUMNS
from timeline.meaning.identity import content_of, event_id

Row = dict[str, Any]


def _described(number: int) -> Row:
    row = {
        "event_type": "entity-described",
        "subject": f"entity {number}",
        "text": json.dumps({"id": f"entity {number}"}),
        "inherited": 0,
        "inferred": False,
        "void": False,
    }
    return row | {"event_id": event_id(content_of(row)), "place": number}


#: Enough events without a fact that a generation grows by any events after them.
BALLAST: Final = [_described(number) for number in range(1, 801)]

#: The tables that readers and the next generation use, except those that depend on the layout in segments.
TABLES: Final = ("events", "facts", "swept", "amended", "effects", "keys", "commits", "statuses")
VIEWS: Final = ("FROM events", "FROM belief_spans", "FROM history('*')")


@pytest.fixture(autouse=True, scope="module")
def narrow_segments() -> Iterator[None]:
    """Make segments of a few changes each, so that beliefs of small logs reach over several."""

    def narrowed(name: str) -> str:
        text = whole(name)
        if name == "tables/bounds":
            assert "4 * live" in text
            assert "250_000" in text
            text = text.replace("4 * live", "0.3 * live").replace("250_000", "3")
        return text

    whole = catalog.sql_object
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "sql_object", narrowed)
        yield


def built_up_to(generation: Path) -> tuple[int, int]:
    """Return the last commit in a generation, and the last event of the log when it was built as a whole."""
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{generation}' AS generation (READ_ONLY)")
        [(commit, whole)] = con.execute('SELECT "commit", whole FROM generation.store.meta').fetchall()
        return commit, whole


def grow(writer: Log, index: Index, commits: Sequence[list[Row]], refreshed: set[int]) -> int:
    """Append commit by commit, refresh after the first and some others, and return the last of these."""
    last = 0
    for number, commit in enumerate(commits):
        append(writer, [commit])
        if number == 0 or number in refreshed:
            index.refresh()
            last = number
    return last


def commits_of(log: Sequence[Sequence[Step]], tiers: Sequence[Tier]) -> list[list[Row]]:
    first, *others = [
        [row | {"place": row["place"] + len(BALLAST)} for row in rows] for rows in written(log, tiers)
    ]
    return [[*BALLAST, *first], *others]


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return sorted(con.execute(query).fetchall(), key=repr)


def believed(con: duckdb.DuckDBPyConnection, moment: int) -> list[tuple[Any, ...]]:
    at = f"make_timestamp({moment})"
    return rows(
        con,
        f"SELECT {', '.join(BELIEF_COLUMNS)} FROM store.segments "
        f"WHERE segment_from <= {at} AND {at} < segment_until "
        f"AND believed_from <= {at} AND {at} < believed_until",
    )


def check_alike(grown: duckdb.DuckDBPyConnection, rebuilt: duckdb.DuckDBPyConnection) -> None:
    for query in (*(f"FROM store.{table}" for table in TABLES), *VIEWS):
        assert rows(grown, query) == rows(rebuilt, query), query
    for moment in around(MOMENTS):
        assert believed(grown, moment) == believed(rebuilt, moment), moment
    placed = "SELECT segment, event_id, valid_from, believed_from FROM store.segments"
    # A belief is once in each segment that it reaches into, and in no other.
    assert rows(grown, f"{placed} GROUP BY ALL HAVING count(*) > 1") == []
    elsewhere = "WHERE believed_from >= segment_until OR believed_until <= segment_from"
    assert rows(grown, f"{placed} {elsewhere}") == []


@costly(30)
@given(
    st.lists(histories(), min_size=1, max_size=6),
    tiers,
    st.sets(st.sampled_from(range(1, len(RECORDED)))),
    questions,
)
# There was nothing to believe when the generation was built.
@example([(Step(commits=1),)], [Tier(0, "one", 1)], {1}, Question())
def test_a_generation_that_grew_is_like_one_rebuilt(
    log: list[tuple[Step, ...]], tiers: list[Tier], refreshed: set[int], question: Question
) -> None:
    """Refresh after some of the commits; the commits after the last refresh are a tail."""
    commits = commits_of(log, tiers)
    with store() as (writer, index):
        last = grow(writer, index, commits, refreshed)
        elsewhere = Index(index.folder / "elsewhere", writer)
        [generation] = index.generations()
        assert built_up_to(generation) == (last + 1, len(commits[0]))
        with closing(index.open()) as grown, closing(elsewhere.open(may_build=False)) as rebuilt:
            assert grown.tail_events == sum(map(len, commits[last + 1 :]))
            con = grown.cursor()
            check_alike(con, rebuilt.con)
            asked = Asked(commits, con)
            asked.check_history()
            asked.check_spans(question)
            asked.check_beliefs(question)


def test_a_generation_grows_while_it_is_read() -> None:
    commits = commits_of([(Step(), Step(commits=1, reported_at=MOMENTS[1]))], [])
    with store() as (writer, index):
        append(writer, commits[:1])
        index.refresh()
        with closing(index.open()) as reader:
            append(writer, commits[1:])
            index.refresh()
            [generation] = index.generations()
            assert built_up_to(generation) == (2, len(commits[0]))
            assert reader.commit == 1
            assert len(believed(reader.con, MOMENTS[1])) == 1
