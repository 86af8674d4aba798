"""`timeline.spark` on Sail with two workers, through Spark Connect: what `Timeline` and `fold` answer."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import LONG
from tests.index.test_fold_sql import STORIES, Question, append, around, key_of_span, store
from tests.spark.compared import expected, same
from tests.spark.engines import sail
from tests.strategies import BASES, MOMENTS, RECORDED, VALID_EDGES, Step, entries_of, histories, written
from timeline import Timeline
from timeline.meaning import fold
from timeline.meaning.times import format_instant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

POLICIES = ("latest", "by-origin")
#: How many random histories one query checks, and how many questions are asked of them as of dates.
HISTORIES = 3_000 if LONG else 300
ASKED = 60 if LONG else 5


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with sail() as address, warnings.catch_warnings():
        # Of pandas, which the tests have in a newer version than PySpark was tested with.
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

        session = SparkSession.builder.remote(address).create()
        yield session
        session.stop()


def ask(spark: SparkSession, name: str, source: object, **arguments: Any) -> pa.Table:
    import timeline.spark

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table: pa.Table = getattr(timeline.spark, name)(spark, str(source), **arguments).toArrow()
    return table


def check(spark: SparkSession, tl: Timeline, name: str, **arguments: Any) -> int:
    """Ask both, and return how many rows agree."""
    return same(ask(spark, name, tl.path, **arguments), expected(tl, name, arguments), (name, arguments))


@pytest.mark.parametrize(("policy", "basis"), list(product(POLICIES, BASES)))
def test_the_bundled_reports_are_believed_as_timeline_believes_them(
    spark: SparkSession, bundled: Timeline, policy: str, basis: str
) -> None:
    rules = {"policy": policy, "basis": basis}
    assert check(spark, bundled, "belief_spans", **rules) > 80
    assert check(spark, bundled, "beliefs_as_of", as_of="2025-10-15", **rules) > 50
    assert check(spark, bundled, "beliefs_as_of", as_of="2026-02-28", recorded_as_of="#4", **rules) > 10
    assert check(spark, bundled, "beliefs_as_of", valid_at="2025-12-31", fact="nvidia/*", **rules) > 0


@contextmanager
def recorded(log: Sequence[Sequence[Step]]) -> Iterator[tuple[Timeline, list[fold.Entry]]]:
    """Yield a store of these histories, and its events as `fold` takes them."""
    commits = written(log)
    with store() as (writer, _):
        append(writer, commits)
        with Timeline.open(writer.folder.parent) as tl:
            yield tl, entries_of(commits)


def drawn() -> list[tuple[Step, ...]]:
    found: list[tuple[Step, ...]] = list(STORIES)

    @settings(max_examples=HISTORIES)
    @given(histories())
    def collect(history: tuple[Step, ...]) -> None:
        found.append(history)

    collect()
    return found


def keys_of(table: pa.Table, history: Sequence[Sequence[Step]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the spans of each fact as `fold` has them, in microseconds."""
    found: dict[str, list[tuple[Any, ...]]] = {f"{n}/says@2027": [] for n in range(len(history))}
    instants = ("valid_from", "valid_to", "believed_from", "believed_until")
    columns = [table[name].cast(pa.int64()).to_pylist() for name in instants]
    for fact, event_id, *bounds in zip(
        table["fact"].to_pylist(), table["event_id"].to_pylist(), *columns, strict=True
    ):
        ends = (fold.BEGINNING, fold.END, fold.BEGINNING, fold.END)
        whole = (end if bound is None else bound for bound, end in zip(bounds, ends, strict=True))
        found[fact].append((event_id, *whole))
    return found


def test_random_histories_are_believed_as_defined(spark: SparkSession) -> None:
    log = drawn()
    with recorded(log) as (tl, entries):
        asked = [Question(policy=policy, basis=basis) for policy, basis in product(POLICIES, BASES)]
        for question in asked:
            spans = fold.belief_spans(entries, policy=question.policy, basis=question.basis)
            defined: dict[str, list[tuple[Any, ...]]] = {f"{n}/says@2027": [] for n in range(len(log))}
            for span in spans:
                defined[span.fact].append(key_of_span(span))
            found = keys_of(
                ask(spark, "belief_spans", tl.path, policy=question.policy, basis=question.basis), log
            )
            for number, history in enumerate(log):
                fact = f"{number}/says@2027"
                assert sorted(found[fact]) == sorted(defined[fact]), f"{question} of {history!r}"
        check_as_of_dates(spark, tl)


def check_as_of_dates(spark: SparkSession, tl: Timeline) -> None:
    @settings(max_examples=ASKED)
    @given(
        st.none() | st.sampled_from(around(MOMENTS)),
        st.none() | st.integers(0, len(RECORDED) + 1),
        st.none() | st.sampled_from(around(VALID_EDGES)),
        st.sampled_from(BASES),
        st.sampled_from(POLICIES),
    )
    def asked(as_of: int | None, commit: int | None, valid_at: int | None, basis: str, policy: str) -> None:
        arguments = {
            "as_of": as_of and format_instant(as_of),
            "valid_at": valid_at and format_instant(valid_at),
            "recorded_as_of": None if commit is None else f"#{commit}",
        }
        check(spark, tl, "beliefs_as_of", basis=basis, policy=policy, **arguments)

    asked()
