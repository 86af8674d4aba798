"""`timeline.spark` on Sail with two workers, through Spark Connect: what `Timeline` and `fold` answer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import LONG
from tests.index.test_fold_sql import STORIES, Question, around, key_of_span
from tests.spark.compared import ask, expected, same
from tests.spark.stores import recorded
from tests.strategies import BASES, MOMENTS, RECORDED, VALID_EDGES, Step, histories
from timeline import Timeline
from timeline.meaning import fold
from timeline.meaning.times import format_instant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

POLICIES = ("latest", "by-origin")
#: How many random histories one query checks, and how many questions are asked of them as of dates.
HISTORIES = 3_000 if LONG else 100
ASKED = 60 if LONG else 3


def check(spark: SparkSession, tl: Timeline, name: str, **arguments: Any) -> int:
    """Ask both, and return how many rows agree."""
    return same(ask(spark, name, tl.path, **arguments), expected(tl, name, arguments), (name, arguments))


@pytest.mark.parametrize(
    ("name", "arguments", "rows"),
    [
        ("belief_spans", {}, 90),
        ("belief_spans", {"policy": "by-origin", "basis": "possible"}, 90),
        ("beliefs_as_of", {"as_of": "2025-10-15"}, 60),
        ("beliefs_as_of", {"as_of": "2025-10-15", "policy": "by-origin", "basis": "evidence"}, 60),
        ("beliefs_as_of", {"as_of": "2026-02-28", "recorded_as_of": "#4"}, 15),
        ("beliefs_as_of", {"valid_at": "2025-12-31", "fact": "nvidia/*/opena?"}, 1),
        ("beliefs_as_of", {"fact": "nvidia/investment/openai"}, 1),
        ("beliefs_as_of", {"recorded_as_of": "#0"}, 0),
    ],
    ids=str,
)
def test_the_bundled_reports_are_believed_as_timeline_believes_them(
    spark: SparkSession, bundled: Timeline, name: str, arguments: dict[str, Any], rows: int
) -> None:
    assert check(spark, bundled, name, **arguments) >= rows


def random_histories() -> list[tuple[Step, ...]]:
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
    log = random_histories()
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
