"""The index against the definition: whatever is asked, SQL answers what `fold` answers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import costly
from tests.logs import Volatile
from tests.strategies import (
    BASES,
    MOMENTS,
    POLICIES,
    RECORDED,
    VALID,
    VALID_EDGES,
    VALUES,
    Step,
    Tier,
    entries_of,
    histories,
    tiers,
    written,
)
from timeline.errors import BadInput
from timeline.index.catalog import sql_object
from timeline.index.index import Index
from timeline.log.log import Log, rows_to_table
from timeline.meaning import fold
from timeline.meaning.times import format_instant

Row = dict[str, Any]

#: A belief as both sides give it: event, valid from and to, believed from and, of spans, until.
_KEY = (
    f"event_id, coalesce(epoch_us(valid_from), {fold.BEGINNING}), coalesce(epoch_us(valid_to), {fold.END}), "
    f"coalesce(epoch_us(believed_from), {fold.BEGINNING})"
)
_SPAN = f"{_KEY}, coalesce(epoch_us(believed_until), {fold.END})"


@dataclass(frozen=True, slots=True)
class Question:
    """Dates on all three axes, a basis and a policy. `commit` is the newest that counts, None: the head."""

    as_of: int | None = None
    commit: int | None = None
    by_number: bool = True
    valid_at: int | None = None
    basis: fold.Basis = "certain"
    policy: str = "latest"
    within: int | None = fold.WITHIN


def around(instants: Iterable[int]) -> list[int]:
    """Return the instants and their neighbours."""
    return sorted({instant + step for instant in instants for step in (-1, 0, 1)})


questions = st.builds(
    Question,
    as_of=st.none() | st.sampled_from(around(MOMENTS)),
    commit=st.none() | st.sampled_from(range(len(RECORDED) + 1)),
    by_number=st.booleans(),
    valid_at=st.none() | st.sampled_from(around(VALID_EDGES)),
    basis=st.sampled_from(BASES),
    policy=st.sampled_from(POLICIES),
    within=st.sampled_from((fold.WITHIN, fold.WITHIN, None, 0, 1)),
)
logs = st.lists(histories(), min_size=1, max_size=8)


class Asked:
    """A store that is asked the same of `fold` and of SQL."""

    def __init__(self, commits: Sequence[Sequence[Row]], con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.entries = entries_of(commits)
        self.recorded = RECORDED[: len(commits)]
        self.tiers = [
            (recorded_at, row["subject"], json.loads(row["text"]).get("tier"))
            for recorded_at, rows in zip(self.recorded, commits, strict=True)
            for row in rows
            if row["event_type"] == "source-described"
        ]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return sorted(self.con.execute(query).fetchall(), key=repr)

    def recorded_as_of(self, question: Question) -> int:
        if question.commit is None or question.commit > len(self.recorded):
            return fold.END
        return self.recorded[question.commit - 1] if question.commit else fold.BEGINNING

    def tiers_at(self, recorded_as_of: int) -> Mapping[str, int]:
        latest = {source: tier for at, source, tier in self.tiers if at <= recorded_as_of}
        return {source: tier for source, tier in latest.items() if tier is not None}

    def named(self, question: Question, *names: str) -> str:
        """Return the parameters to which a question gives another value than their default, as SQL."""
        given: dict[str, str] = {}
        if question.commit is not None:
            known = 1 <= question.commit <= len(self.recorded)
            at = instant(self.recorded[question.commit - 1]) if known else ""
            given["recorded_as_of"] = f"'#{question.commit}'" if question.by_number or not known else at
        if question.valid_at is not None:
            given["valid_at"] = instant(question.valid_at)
        if question.basis != "certain":
            given["basis"] = f"'{question.basis}'"
        if question.policy != "latest":
            given["policy"] = f"'{question.policy}'"
        if question.within != fold.WITHIN:
            micros = question.within
            given["within"] = "NULL" if micros is None else f"INTERVAL {micros} MICROSECOND"
        return ", ".join(f"{name} := {given[name]}" for name in names if name in given)

    # What the definition says

    def spans(self, question: Question) -> list[fold.Span]:
        recorded_as_of = self.recorded_as_of(question)
        return fold.belief_spans(
            self.entries,
            policy=question.policy,
            basis=question.basis,
            recorded_as_of=recorded_as_of,
            tiers=self.tiers_at(recorded_as_of),
        )

    def beliefs(self, question: Question, policy: str | None = None) -> list[fold.Belief]:
        recorded_as_of = self.recorded_as_of(question)
        return fold.beliefs(
            self.entries,
            fold.END - 1 if question.as_of is None else question.as_of,
            policy=policy or question.policy,
            basis=question.basis,
            recorded_as_of=recorded_as_of,
            valid_at=question.valid_at,
            tiers=self.tiers_at(recorded_as_of),
        )

    # Both sides, compared

    def check_spans(self, question: Question) -> None:
        expected = sorted(map(key_of_span, self.spans(question)), key=repr)
        named = self.named(question, "recorded_as_of", "basis", "policy")
        assert self.rows(f"SELECT {_SPAN} FROM belief_spans_as_of({named})") == expected, question
        if not named:
            assert self.rows(f"SELECT {_SPAN} FROM belief_spans") == expected

    def check_beliefs(self, question: Question) -> None:
        expected = sorted(map(key_of, self.beliefs(question)), key=repr)
        named = self.named(question, "recorded_as_of", "valid_at", "basis", "policy")
        call = ", ".join(filter(None, [instant(question.as_of), named]))
        assert self.rows(f"SELECT {_KEY} FROM beliefs_as_of({call})") == expected, question
        if call == "NULL":
            assert self.rows(f"SELECT {_KEY} FROM beliefs") == expected

    def check_claims(self, question: Question) -> None:
        expected = sorted(map(key_of, self.beliefs(question, "by-origin")), key=repr)
        named = self.named(question, "recorded_as_of", "valid_at", "basis")
        call = ", ".join(filter(None, [instant(question.as_of), named]))
        assert self.rows(f"SELECT {_KEY} FROM claims_as_of({call})") == expected, question
        if call == "NULL":
            assert self.rows(f"SELECT {_KEY} FROM claims") == expected

    def check_disagreements(self, question: Question) -> None:
        found = fold.disagreements(
            self.entries,
            fold.END - 1 if question.as_of is None else question.as_of,
            basis=question.basis,
            recorded_as_of=self.recorded_as_of(question),
            valid_at=question.valid_at,
            within=question.within,
        )
        expected = sorted(
            ((d.first.entry.event_id, d.second.entry.event_id, d.valid_from, d.valid_to) for d in found),
            key=repr,
        )
        named = self.named(question, "recorded_as_of", "valid_at", "basis", "within")
        call = ", ".join(filter(None, [instant(question.as_of), named]))
        columns = (
            f"event_id_1, event_id_2, coalesce(epoch_us(valid_from), {fold.BEGINNING}), "
            f"coalesce(epoch_us(valid_to), {fold.END})"
        )
        assert self.rows(f"SELECT {columns} FROM disagreements_as_of({call})") == expected, question
        if call == "NULL":
            assert self.rows(f"SELECT {columns} FROM disagreements") == expected

    def check_changes(self, earlier: int | None, question: Question) -> None:
        if question.policy == "by-origin":
            return
        before = replace(question, as_of=earlier)
        expected = sorted(
            (
                (c.fact, c.valid_from, c.valid_to, c.change, id_of(c.before), id_of(c.after))
                for c in fold.changes(self.beliefs(before), self.beliefs(question))
            ),
            key=repr,
        )
        named = self.named(question, "recorded_as_of", "valid_at", "basis", "policy")
        call = ", ".join(filter(None, [instant(earlier), instant(question.as_of), named]))
        columns = (
            f"fact, coalesce(epoch_us(valid_from), {fold.BEGINNING}), "
            f"coalesce(epoch_us(valid_to), {fold.END}), change, event_id_from, event_id_to"
        )
        assert self.rows(f"SELECT {columns} FROM changes({call})") == expected, (earlier, question)

    def check_history(self) -> None:
        expected = sorted(fold.effects(self.entries).items(), key=repr)
        assert self.rows("SELECT position, effect FROM history('*')") == expected


def instant(micros: int | None) -> str:
    return "NULL" if micros is None else f"TIMESTAMP '{format_instant(micros).rstrip('Z')}'"


def id_of(entry: fold.Entry | None) -> str | None:
    return entry.event_id if entry else None


def key_of(belief: fold.Belief) -> tuple[Any, ...]:
    return belief.entry.event_id, belief.valid_from, belief.valid_to, belief.believed_from


def key_of_span(span: fold.Span) -> tuple[Any, ...]:
    return *key_of(span), span.believed_until


def append(log: Log, commits: Iterable[Sequence[Row]]) -> None:
    for rows in commits:
        log.append(lambda head, recorded_at, rows=rows: rows_to_table(rows))  # type: ignore[misc]


@contextmanager
def store() -> Iterator[tuple[Log, Index]]:
    """Yield an empty log whose commits are recorded at RECORDED, and its index."""
    with tempfile.TemporaryDirectory() as folder:
        Log.create(f"{folder}/log")
        clock = iter(RECORDED)
        objects = Volatile(Path(folder) / "log")
        log = Log(f"{folder}/log", objects=objects, clock=lambda: next(clock))
        yield log, Index(f"{folder}/index", log)


@contextmanager
def asked(histories: Sequence[Sequence[Step]], tiers: Sequence[Tier] = ()) -> Iterator[Asked]:
    """Yield a store of these histories, indexed in memory."""
    commits = written(histories, tiers)
    with store() as (log, index):
        append(log, commits)
        with closing(index.open(may_build=False)) as reader:
            yield Asked(commits, reader.surface())


@costly(70)
@given(logs, tiers, questions)
def test_every_policy_along_the_whole_reported_axis(
    log: list[tuple[Step, ...]], tiers: list[Tier], question: Question
) -> None:
    with asked(log, tiers) as store:
        for policy in POLICIES:
            store.check_spans(replace(question, policy=policy))


@costly(70)
@given(logs, tiers, st.lists(questions, min_size=1, max_size=3))
def test_answers_as_of_dates_on_all_axes(
    log: list[tuple[Step, ...]], tiers: list[Tier], asking: list[Question]
) -> None:
    with asked(log, tiers) as store:
        store.check_history()
        for question in asking:
            store.check_beliefs(question)
            store.check_claims(question)
            store.check_disagreements(question)
            store.check_changes(asking[0].as_of, question)


@costly(70)
@given(logs, tiers, st.lists(questions, min_size=1, max_size=3), st.sampled_from(range(len(RECORDED))))
def test_a_generation_with_a_tail_is_like_one_rebuilt(
    log: list[tuple[Step, ...]], tiers: list[Tier], asking: list[Question], built: int
) -> None:
    commits = written(log, tiers)
    with store() as (writer, index):
        append(writer, commits[: built + 1])
        index.build()
        append(writer, commits[built + 1 :])
        elsewhere = Index(index.folder / "elsewhere", writer)
        with closing(index.open()) as tailed, closing(elsewhere.open(may_build=False)) as rebuilt:
            assert tailed.tail_events == sum(map(len, commits[built + 1 :]))
            whole = Asked(commits, rebuilt.surface())
            with_tail = Asked(commits, tailed.surface())
            for table in ("events", "belief_spans", "sources"):
                assert with_tail.rows(f"FROM {table}") == whole.rows(f"FROM {table}"), table
            with_tail.check_history()
            for question in asking:
                with_tail.check_spans(question)
                with_tail.check_beliefs(question)
                with_tail.check_beliefs(replace(question, basis="certain", policy="latest", commit=None))
                with_tail.check_disagreements(question)


def check_in_sql(policy: str) -> None:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA rules")
    con.execute(sql_object("rules/policy_check"))
    con.execute("SELECT rules.policy_check($1, 'certain')", [policy]).fetchall()


@pytest.mark.parametrize("policy", [*POLICIES, "confirmed:007", "confirmed:1000000"])
def test_sql_takes_the_policies_that_fold_takes(policy: str) -> None:
    fold.check_policy(policy)
    check_in_sql(policy)


@pytest.mark.parametrize(
    "policy",
    [
        *("confirmed:1000001", "confirmed:0", "confirmed:", "confirmed:+2", "confirmed: 2"),
        *("confirmed:2\n", "confirmed:٢", "Latest", "latest ", ""),
    ],
)
def test_sql_refuses_the_policies_that_fold_refuses(policy: str) -> None:
    expected = "expected latest, first, by-origin, ranked or confirmed:N"
    with pytest.raises(BadInput, match=expected):
        fold.check_policy(policy)
    with pytest.raises(duckdb.InvalidInputException, match=expected):
        check_in_sql(policy)


def test_the_worst_tier_there_can_be_is_better_than_none() -> None:
    steps = (Step(source="one"), Step(value=VALUES[1], source="two", reported_at=MOMENTS[1]))
    with asked([steps], [Tier(0, "one", 2**31 - 1)]) as store:
        assert [belief.place for belief in store.beliefs(Question(policy="ranked"))] == [2]
        store.check_beliefs(Question(policy="ranked"))


#: Stories in which SQL and definition once differed, or in which only care keeps them from it.
STORIES = [
    # A report voided, or retracted, in the commit that recorded it: it never counted.
    (Step(), Step(kind="void")),
    (Step(reported_at=MOMENTS[1]), Step(kind="retracted", reported_at=MOMENTS[0])),
    # A belief confirmed before and after a span of valid time in which it is not.
    (Step(), Step(origin="beta", valid=VALID[3]), Step(origin="beta", valid=VALID[5])),
    # A correction takes its target's place: before what was reported at the same instant.
    (Step(), Step(value=VALUES[1], origin="beta"), Step(kind="corrected", target=1, value=VALUES[3])),
    # One event gives way to another before and after a span of valid time that does not change.
    (
        Step(),
        Step(reported_at=MOMENTS[1], value=VALUES[1]),
        Step(reported_at=MOMENTS[2], valid=VALID[4]),
        Step(kind="retracted", target=1, reported_at=MOMENTS[4]),
    ),
    # A report counts, is retracted, and counts again; so does the one that it displaces meanwhile.
    (
        Step(),
        Step(reported_at=MOMENTS[1], valid=VALID[6]),
        Step(kind="retracted", reported_at=MOMENTS[2]),
        Step(kind="retracted", reported_at=MOMENTS[4]),
    ),
    # What was erased agrees with nothing, repeats nothing, and displaces as it did.
    (Step(erased=True), Step(origin="beta", erased=True), Step(origin="gamma")),
    (Step(), Step(kind="corrected", value=VALUES[1], erased=True), Step(reported_at=MOMENTS[1])),
    (Step(), Step(kind="withdrawn", reported_at=MOMENTS[1], erased=True)),
    (Step(), Step(kind="void", erased=True), Step(kind="retracted", reported_at=MOMENTS[1], erased=True)),
]


def test_stories_that_went_wrong_once() -> None:
    with asked(STORIES) as store:
        store.check_history()
        store.check_disagreements(Question())
        for policy, basis in product(POLICIES, BASES):
            store.check_spans(Question(policy=policy, basis=basis))
        for earlier, later in combinations(MOMENTS, 2):
            store.check_changes(earlier, Question(as_of=later))


def test_every_pair_of_values_agrees_or_disagrees_as_defined() -> None:
    log = [
        (Step(value=one, status=status), Step(value=other, status=other_status, origin="beta"))
        for one, other in product(VALUES, repeat=2)
        for status, other_status in (
            ("announced", "planned"),
            ("announced", "denied"),
            ("denied", "denied"),
        )
    ]
    with asked(log) as store:
        store.check_disagreements(Question())
        store.check_spans(Question(policy="confirmed:1"))
        store.check_spans(Question(policy="confirmed:2"))
