"""A sealed store knows nothing that was reported, or recorded, after its date, and nobody asks past it."""

from __future__ import annotations

import gc
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC
from functools import partial
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.commands import ROOT, run
from tests.examples import LONG, costly, counted, some
from tests.logs import Volatile, events_of
from tests.stores import lasting
from tests.strategies import (
    MOMENTS,
    POLICIES,
    RECORDED,
    SOURCES,
    VALID,
    VALUES,
    Step,
    entries_of,
    histories,
    written,
)
from tests.web.conftest import start, stop
from timeline import BadInput, Timeline, TimelineError
from timeline.audit import difference
from timeline.index.seal import Seal
from timeline.index.sealed import write_sealed
from timeline.log.log import Log, rows_to_table
from timeline.meaning import fold
from timeline.meaning.columns import STATUSES
from timeline.meaning.fold import END, Entry
from timeline.meaning.identity import content_of, event_id
from timeline.meaning.times import parse_edtf, to_naive

Row = dict[str, Any]
#: When each commit was recorded, and its rows.
Commits = list[tuple[int, list[Row]]]


# What is left, by a plain reading


@dataclass(frozen=True)
class Description:
    """A description in the commit of that number: of a source, an entity or an attribute."""

    commit: int
    kind: str
    name: str
    published: str | None = None

    def row(self, number: int) -> Row:
        said = {"id": self.name} | ({} if self.published is None else {"published": self.published})
        row: Row = {
            "event_type": f"{self.kind}-described",
            "key": f"description {number}",
            "subject": self.name,
            "text": json.dumps(said),
            "inherited": 0,
            "inferred": False,
            "void": False,
        }
        return row | {"event_id": event_id(content_of(row))}


#: Days around MOMENTS, a span, and what is no date.
_PUBLISHED: Final = (None, "2024-12-31", "2025-01-01", "2025", "2025-04-01", "whenever")

descriptions = st.lists(
    st.one_of(
        st.builds(
            Description,
            commit=st.sampled_from(range(len(RECORDED))),
            kind=st.just("source"),
            name=st.sampled_from([source for source in SOURCES if source]),
            published=st.sampled_from(_PUBLISHED),
        ),
        st.builds(
            Description,
            commit=st.sampled_from(range(len(RECORDED))),
            kind=st.sampled_from(("entity", "attribute")),
            name=st.sampled_from(("0", "1", "alpha", "ten", "says", "denies")),
        ),
    ),
    max_size=6,
)

seals = st.builds(
    Seal,
    as_of=st.sampled_from((MOMENTS[0] - 1, *MOMENTS)),
    recorded_as_of=st.none() | st.sampled_from((RECORDED[0] - 1, *RECORDED)),
    basis=st.sampled_from(("certain", "certain", "evidence")),
)


def commits_of(drawn: Sequence[Sequence[Step]], described: Sequence[Description]) -> Commits:
    """Return when each commit is recorded, and its rows: descriptions first, then what was reported."""
    reported = iter(written(drawn))
    filled = {at for number, history in enumerate(drawn) for at in _commits_with_events(history)}
    commits: Commits = []
    for at, recorded_at in enumerate(RECORDED):
        rows = [one.row(number) for number, one in enumerate(described) if one.commit == at]
        rows += [dict(row) for row in next(reported)] if at in filled else []
        if rows:
            commits.append((recorded_at, rows))
    return placed(commits)


def _commits_with_events(history: Sequence[Step]) -> Iterator[int]:
    at = 0
    for step in history:
        at = min(at + step.commits, len(RECORDED) - 1)
        yield at


def placed(commits: Commits) -> Commits:
    """Return commits whose rows know the place of what they correct, as they follow each other here."""
    place_of: dict[str, int] = {}
    positions = count(1)
    for _, rows in commits:
        for row in rows:
            position = next(positions)
            corrects = row["event_type"] == "corrected"
            row["place"] = place_of[row["event_id"]] = place_of[row["target"]] if corrects else position
    return list(commits)


def left_of(commits: Commits, seal: Seal) -> Commits:
    """Return the commits of a log that never had what a seal withholds, as docs/sealed.md has it."""
    assert seal.as_of is not None
    by_then = END if seal.recorded_as_of is None else seal.recorded_as_of
    known = [(at, row) for at, rows in commits for row in rows if at <= by_then]
    kept = _reports_left([row for _, row in known if "fact" in row], seal)
    named = {("source", row["source"]) for row in kept.values()} | {
        ("attribute", row["attribute"]) for row in kept.values()
    }
    for row in kept.values():
        names = [row["subject"], row["origin"]]
        names += [row["text"]] if row.get("value_type") == "entity" else []
        named |= {("entity", name) for name in names}
    latest = {
        (row["event_type"], row["subject"]): json.loads(row["text"]) for _, row in known if "fact" not in row
    }
    for at, row in known:
        if "fact" in row:
            continue
        kind = row["event_type"].removesuffix("-described")
        published = latest[row["event_type"], row["subject"]].get("published")
        is_out = (kind, row["subject"]) in named if published is None else _is_out(published, seal.as_of)
        if is_out or at <= seal.as_of:
            kept[row["event_id"]] = row
    left: Commits = []
    for at, rows in commits:
        some = [dict(row) for row in rows if row["event_id"] in kept and at <= by_then]
        for row in some:
            if row.get("evidence_at") is not None:
                row["evidence_at"] = min(row["evidence_at"], seal.as_of + 1)
        if some:
            left.append((at, some))
    return placed(left)


def _is_out(published: str, as_of: int) -> bool:
    try:
        last = parse_edtf(published).reported_at
    except BadInput:
        return False
    return last is not None and last <= as_of


def _reports_left(rows: Sequence[Row], seal: Seal) -> dict[str, Row]:
    """Return the events of facts that are left: none of a later date, none that aims at what is not there.

    Of a report of which something else counts once its later corrections are gone, nothing is left.
    """
    assert seal.as_of is not None

    def date_of(row: Row) -> int:
        if seal.basis == "evidence" and row["evidence_at"] is not None:
            return int(row["evidence_at"])
        return int(row["reported_at"])

    def root_of(row: Row) -> Row:
        return root_of(by_id[row["target"]]) if row["event_type"] == "corrected" else row

    by_id = {row["event_id"]: row for row in rows}
    counted = _counting(rows)
    gone: set[str] = {row["event_id"] for row in rows if date_of(row) > seal.as_of}
    while True:
        aiming = {row["event_id"] for row in rows if row.get("target") in gone}
        left = [row for row in rows if row["event_id"] not in gone | aiming]
        if not aiming <= gone:
            gone |= aiming
            continue
        now = _counting(left)
        mended = {
            row["event_id"]
            for row in left
            if not aiming - gone
            and counted.get(root_of(row)["event_id"]) != now.get(root_of(row)["event_id"])
        }
        if not mended:
            return {row["event_id"]: row for row in left}
        gone |= mended


def _counting(rows: Sequence[Row]) -> dict[str, str]:
    """Return the id of the event that counts for each report and retraction, by that one's id."""
    entries = entries_of([rows])
    id_at = {entry.position: entry.event_id for entry in entries}
    return {id_at[one.place]: one.entry.event_id for one in fold.standing(entries)}


def log_of(folder: Path, commits: Commits) -> Log:
    """Return a log of these commits, appended one by one while the clock shows when they were recorded."""
    folder.mkdir(parents=True, exist_ok=True)
    moments = iter([at for at, _ in commits])
    log = Log(folder, objects=Volatile(folder), clock=lambda: next(moments))
    for _, rows in commits:
        assert log.append(lambda head, at, rows=rows: rows_to_table(rows)) is not None  # type: ignore[misc]
    return log


drawn_stores = st.tuples(st.lists(histories(6), min_size=1, max_size=3), descriptions)


@costly(counted(15, 500))
@given(drawn_stores, seals)
def test_what_is_left_is_the_log_that_never_had_the_rest(
    drawn: tuple[list[tuple[Step, ...]], list[Description]], seal: Seal
) -> None:
    commits = commits_of(*drawn)
    with tempfile.TemporaryDirectory() as folder:
        whole = log_of(Path(folder, "whole"), commits)
        expected = log_of(Path(folder, "expected"), left_of(commits, seal))
        withheld = write_sealed(whole, Path(folder, "sealed"), seal)
        sealed = Log(Path(folder, "sealed"))
        # To the digest: the same events, positions and moments, in the same commits.
        assert sealed.commits() == expected.commits()
        assert events_of(sealed).equals(events_of(expected))
        head, left = whole.head(), sealed.head()
        assert head is not None
        assert withheld == head.last_position - (0 if left is None else left.last_position)
        # The histories that are drawn have no tombstones of what was erased.
        sealed.verify(may_lack=True)


@costly(counted(50, 500))
@given(st.lists(histories(6), min_size=1, max_size=2), seals)
def test_what_is_left_is_believed_as_it_was(drawn: list[tuple[Step, ...]], seal: Seal) -> None:
    """As of the seal and before, every belief is that of the whole log, unless a date was mended."""
    assert seal.as_of is not None
    # Dates that corrections give are another matter: see below.
    plain = [tuple(_without_dates(step) for step in history) for history in drawn]
    commits = commits_of(plain, [])
    entries = entries_of_commits(commits)
    left = entries_of_commits(left_of(commits, Seal(seal.as_of, seal.recorded_as_of)))
    by_then = END if seal.recorded_as_of is None else seal.recorded_as_of
    assert all(entry.reported_at <= seal.as_of and entry.recorded_at <= by_then for entry in left)
    for policy in POLICIES:
        for as_of in [moment for moment in MOMENTS if moment <= seal.as_of]:
            whole = fold.beliefs(entries, as_of, policy=policy, recorded_as_of=by_then)
            assert [_shown(one) for one in fold.beliefs(left, as_of, policy=policy)] == list(
                map(_shown, whole)
            )


def _without_dates(step: Step) -> Step:
    return replace(step, gives=step.gives - {"reported"})


def _shown(belief: fold.Belief) -> tuple[object, ...]:
    return belief.fact, belief.entry.event_id, belief.valid_from, belief.valid_to, belief.believed_from


def entries_of_commits(commits: Commits) -> list[Entry]:
    """Return the events of facts as `fold` takes them."""
    found: list[Entry] = []
    positions = count(1)
    for at, rows in commits:
        for row in rows:
            position = next(positions)
            found += [replace(entry, position=position, recorded_at=at) for entry in entries_of([[row]])]
    return found


def store_of(folder: Path, commits: Commits) -> Path:
    """Return a store of these commits."""
    log_of(folder / "log", commits)
    return folder


def answers_of(tl: Timeline, seal: Seal) -> Iterator[tuple[str, object]]:
    """Yield what a store answers, by name: as of the seal, before it, and in SQL of all that is left."""
    snapshot = tl.snapshot()
    assert seal.as_of is not None
    for at in {seal.as_of, min(MOMENTS[3], seal.as_of)} if LONG else {seal.as_of}:
        as_of = to_naive(at).replace(tzinfo=UTC)
        for policy in ("latest", "first", "ranked", "by-origin", "confirmed:2"):
            yield f"{policy} {at}", tl.beliefs(as_of=as_of, policy=policy).rows()
        for basis in ("possible", "evidence"):
            yield f"{basis} {at}", tl.beliefs(as_of=as_of, basis=basis).rows()
        yield f"claims {at}", tl.claims(as_of=as_of).rows()
        yield f"disagreements {at}", tl.disagreements(as_of=as_of, within=None).rows()
        yield f"history {at}", tl.history("*", as_of=as_of).rows()
        yield f"changes {at}", tl.changes(as_of, to_naive(seal.as_of).replace(tzinfo=UTC)).rows()
        yield f"spans {at}", snapshot.ask("spans", None, snapshot.dates(as_of)).rows
        yield f"belief {at}", repr(tl.belief("0/says@2027", as_of=as_of))
        yield f"known then {at}", tl.beliefs(as_of=as_of, recorded_as_of="#1").rows()
    for table in ("events", "sources", "entities", "attributes", "store.commits", "belief_spans", "claims"):
        yield table, tl.sql(f"SELECT * FROM {table} ORDER BY ALL").rows()
    yield "of all", tl.sql("SELECT * FROM beliefs_as_of(NULL) ORDER BY ALL").rows()
    yield "all", tl.sql("SELECT * FROM beliefs FOR REPORTED_TIME ALL ORDER BY ALL").rows()
    yield "facts", snapshot.facts()
    yield "head", tl.head()
    yield "verified", tl.verify(log_only=True)


@settings(max_examples=counted(1, 50), phases=list(Phase) if LONG else [Phase.explicit])
@example(
    drawn=(
        [
            (
                Step(),
                Step(kind="corrected", value=VALUES[1], evidence_at=MOMENTS[5], commits=1),
                Step(value=VALUES[2], reported_at=MOMENTS[5], valid=VALID[1]),
                Step(kind="retracted", target=1, reported_at=MOMENTS[6], commits=1),
            ),
            (
                Step(value=VALUES[14], reported_at=MOMENTS[3], origin="beta", source="two"),
                Step(kind="corrected", reported_at=MOMENTS[6], gives=frozenset(["reported"]), commits=1),
                Step(kind="withdrawn", reported_at=MOMENTS[2]),
                Step(value=VALUES[16], reported_at=MOMENTS[1], evidence_at=MOMENTS[6], origin="alpha"),
            ),
        ],
        [
            Description(0, "source", "one", "2025-01-01"),
            Description(3, "source", "two", "2025"),
            Description(3, "entity", "ten"),
            Description(3, "entity", "1"),
            Description(3, "attribute", "denies"),
        ],
    ),
    seal=Seal(MOMENTS[4], RECORDED[2]),
)
@given(drawn_stores, seals)
def test_every_answer_is_that_of_a_store_that_never_had_the_rest(
    drawn: tuple[list[tuple[Step, ...]], list[Description]], seal: Seal
) -> None:
    assert seal.as_of is not None
    commits = commits_of(*drawn)
    sealing: dict[str, Any] = {
        "sealed_as_of": to_naive(seal.as_of).replace(tzinfo=UTC),
        "sealed_recorded_as_of": (
            None if seal.recorded_as_of is None else to_naive(seal.recorded_as_of).replace(tzinfo=UTC)
        ),
        "sealed_basis": seal.basis,
    }
    with tempfile.TemporaryDirectory() as folder:
        whole = store_of(Path(folder, "whole"), commits)
        never = store_of(Path(folder, "never"), left_of(commits, seal))
        with Timeline.open(whole, **sealing) as sealed, Timeline.open(never) as expected:
            pairs = zip(answers_of(sealed, seal), answers_of(expected, seal), strict=True)
            for (name, answer), (_, wanted) in pairs:
                if name == "verified":
                    # Files are wider in the copy.
                    answer, wanted = (replace(one, files=0, bytes=0) for one in (answer, wanted))  # type: ignore[type-var]
                assert answer == wanted, name
            # Where no date is given, it is that of the seal.
            as_of = sealing["sealed_as_of"]
            assert sealed.beliefs().rows() == expected.beliefs(as_of=as_of).rows()
            assert sealed.sql("FROM beliefs").rows() == expected.sql("FROM beliefs", as_of=as_of).rows()


# The bundled reports, and what must not be seen of them

DAY: Final = "2025-10-15"
LATER: Final = "2026-02-28"
#: A fact that nobody knew of on that day.
LATE_FACT: Final = "nvidia/closing-date/openai"
LATE_KEY: Final = "nvidia-30-billion"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a store of the bundled reports."""
    folder = tmp_path_factory.mktemp("sealed") / "project"
    folder.mkdir()
    for name in ("timeline.toml", "events", "queries"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    with Timeline.create(folder / ".timeline") as tl:
        tl.ingest(folder / "events")
        tl.refresh()
    return folder


@pytest.fixture(scope="module")
def sealed(whole: Path) -> Iterator[Timeline]:
    with Timeline.open(whole, sealed_as_of=DAY) as tl:
        yield tl


@pytest.fixture(scope="module")
def secrets(whole: Path, sealed: Timeline) -> list[str]:
    """Every text of the store that stands in nothing which the seal leaves."""

    def texts(tl: Timeline) -> set[str]:
        found: set[str] = set()
        for table in ("events", "sources", "entities", "attributes"):
            for row in tl.sql(f"FROM {table}").rows():
                found |= {value for value in row if isinstance(value, str) and len(value) > 9}
        return found

    with Timeline.open(whole, read_only=True) as tl:
        left = "\n".join(texts(sealed))
        late = sorted(text for text in texts(tl) if text not in left and text not in STATUSES)
        assert LATE_FACT in late
        assert len(late) > 100
    return late


Attempt = Callable[[Any], object]


def told(secrets: Sequence[str], shown: str, asked: str = "") -> list[str]:
    """Return the secrets that an answer gives away, apart from what was asked with."""
    return [secret for secret in secrets if secret in shown and secret not in asked]


EVENT: Final = {"fact": "acme/ceo", "entity": "ann", "source": "a", "reported": "2025-01-01"}


def _frame() -> pl.DataFrame:
    return pl.DataFrame({"fact": ["nvidia/investment/openai"], "as_of": [LATER]})


def _writable(tl: Any) -> object:
    tl.read_only = False
    return tl.append(
        [{"fact": "a/b", "text": "x", "source": "s", "reported": "2025-01"}], register_unknown=True
    )


def _asked_in_sql(text: str, tl: Any) -> object:
    return tl.sql(text).rows()


REFUSED: Final[dict[str, Attempt]] = {
    "a function by its schema": lambda tl: tl.sql(f"FROM generation.main.beliefs_as_of('{LATER}')").rows(),
    "a function by its schema, in quotes": lambda tl: tl.sql(
        f'FROM "generation" . /* */ "main"."Changes"(\'{DAY}\', \'{LATER}\')'
    ).rows(),
    "a span that ends later": lambda tl: tl.sql(
        f"FROM beliefs FOR REPORTED_TIME FROM DATE '{DAY}' TO DATE '{LATER}'"
    ).rows(),
    "a span with an end that is later": lambda tl: tl.sql(
        f"FROM beliefs FOR REPORTED_TIME BETWEEN DATE '{DAY}' AND DATE '{LATER}'"
    ).rows(),
    "a span that begins later": lambda tl: tl.sql(
        f"FROM beliefs FOR REPORTED_TIME FROM DATE '{LATER}' TO NULL"
    ).rows(),
    "a span whose end is a parameter": lambda tl: tl.sql(
        f"FROM beliefs FOR REPORTED_TIME FROM DATE '{DAY}' TO ?", params=[LATER]
    ).rows(),
    "events as of later": lambda tl: tl.sql(f"FROM events FOR REPORTED_TIME AS OF DATE '{LATER}'").rows(),
    "beliefs": lambda tl: tl.beliefs(as_of=LATER),
    "the instant after": lambda tl: tl.beliefs(as_of="2025-10-16T00:00:00Z"),
    "claims": lambda tl: tl.claims(as_of=LATER),
    "disagreements": lambda tl: tl.disagreements(as_of=LATER),
    "history": lambda tl: tl.history("*", as_of=LATER),
    "why": lambda tl: tl.why("nvidia/investment/openai", as_of=LATER),
    "belief": lambda tl: tl.belief("nvidia/investment/openai", as_of=LATER),
    "changes to": lambda tl: tl.changes(DAY, LATER),
    "changes from": lambda tl: tl.changes(LATER, DAY),
    "at": lambda tl: tl.at(_frame()),
    "plot": lambda tl: tl.plot("nvidia/investment/openai", as_of=LATER),
    "plot beside": lambda tl: tl.plot(kind="flow", compare=LATER),
    "sql": lambda tl: tl.sql("FROM beliefs", as_of=LATER),
    "translate": lambda tl: tl.snapshot().translate("FROM beliefs", as_of=LATER),
    "dates": lambda tl: tl.snapshot().dates(as_of=LATER),
    "instant": lambda tl: tl.snapshot().instant_of(LATER),
    "connect": lambda tl: tl.connect(),
    "connect of a snapshot": lambda tl: tl.snapshot().connect(),
    "unsafe": lambda tl: tl.snapshot().sql("SELECT 1", unsafe=True),
    "explain unsafe": lambda tl: tl.snapshot().explain_sql("SELECT 1", unsafe=True),
    "append": lambda tl: tl.append([EVENT], register_unknown=True),
    "append where it says it can": _writable,
    "record": lambda tl: tl.record([EVENT]),
    "ingest": lambda tl: tl.ingest([EVENT]),
    "a dry run": lambda tl: tl.ingest([EVENT], dry_run=True),
    "rebuild": lambda tl: tl.rebuild(),
    "rebuild trusting": lambda tl: tl.rebuild(trust_log=True),
    "refresh": lambda tl: tl.refresh(),
    "compact": lambda tl: tl.compact(),
    "open its folder": lambda tl: Timeline.open(tl.path).beliefs(as_of=LATER),
    "record in its folder": lambda tl: Timeline.open(tl.path).compact(),
    "seal its folder later": lambda tl: Timeline.open(tl.path, sealed_as_of=LATER),
    "create in its folder": lambda tl: Timeline.create(tl.path),
    "a later date in SQL": lambda tl: tl.sql(f"FROM beliefs_as_of('{LATER}')"),
    "a later date in a type": lambda tl: tl.sql(f"FROM beliefs_as_of(DATE '{LATER}')"),
    "the instant after in SQL": lambda tl: tl.sql("FROM beliefs_as_of('2025-10-16T00:00:00Z')"),
    "today": lambda tl: tl.sql("FROM beliefs_as_of(current_date)"),
    "the end of time": lambda tl: tl.sql("FROM beliefs_as_of('infinity'::TIMESTAMP)"),
    "temporal SQL": lambda tl: tl.sql(f"FROM beliefs FOR REPORTED_TIME AS OF DATE '{LATER}'"),
    "other rules": lambda tl: tl.sql(f"FROM beliefs_as_of('{LATER}', basis := 'possible')"),
    "another policy": lambda tl: tl.sql(f"FROM beliefs_as_of('{LATER}', policy := 'first')"),
    "claims in SQL": lambda tl: tl.sql(f"FROM claims_as_of('{LATER}')"),
    "disagreements in SQL": lambda tl: tl.sql(f"FROM disagreements_as_of('{LATER}', within := NULL)"),
    "changes in SQL": lambda tl: tl.sql(f"FROM changes('{DAY}', '{LATER}')"),
    "changes from later in SQL": lambda tl: tl.sql(f"FROM changes('{LATER}', '{DAY}')"),
    "a parameter": lambda tl: tl.sql("FROM beliefs_as_of($1)", params=[LATER]),
    "a date of a table": lambda tl: tl.sql(
        f"SELECT count(*) FROM (SELECT DATE '{LATER}' AS date) AS d, beliefs_as_of(d.date)"
    ),
    "within a query": lambda tl: tl.sql(f"SELECT (SELECT count(*) FROM beliefs_as_of('{LATER}'))"),
    "cited": lambda tl: tl.cite("beliefs", as_of=LATER),
    **{
        f"query() as {name}": partial(_asked_in_sql, text)
        for name, text in {
            "a function": f"FROM query('FROM beliefs_as_of(''{LATER}'')')",
            "a sum of texts": f"FROM query('FROM beliefs_' || 'as_of(''{LATER}'')')",
            "a name in quotes": f"""FROM /* */ "Query" /**/ ('FROM beliefs_as_of(''{LATER}'')')""",
            "a function of a schema": f"FROM system.main.query('FROM beliefs_as_of(''{LATER}'')')",
            "a part": f"WITH a AS (FROM query('FROM changes(''{DAY}'', ''{LATER}'')')) FROM a",
            "what would be known": "FROM query('SELECT 1')",
            "tables by name": "FROM query_table(['beliefs', 'claims'])",
        }.items()
    },
    "query() with a parameter": lambda tl: tl.sql(
        "FROM query($1)", params=[f"FROM beliefs_as_of('{LATER}')"]
    ),
    "query() in a citation": lambda tl: tl.cite(["sql", "FROM query('SELECT 1')"]),
    "query() explained": lambda tl: tl.snapshot().explain_sql("FROM query('SELECT 1')"),
    "two statements": lambda tl: tl.sql("SELECT 1; SELECT 2"),
    "attach": lambda tl: tl.sql("ATTACH ':memory:' AS other"),
    "set": lambda tl: tl.sql("SET enable_external_access = true"),
    "copy": lambda tl: tl.sql("COPY (SELECT 1) TO '/tmp/sealed.csv'"),
    "read a log": lambda tl: tl.sql("FROM read_parquet('/**/*.parquet')"),
    "read a text": lambda tl: tl.sql("FROM read_text('/etc/hostname')"),
    "read a name": lambda tl: tl.sql("FROM '/etc/hostname'"),
    "list files": lambda tl: tl.sql("FROM glob('/**')"),
    "load": lambda tl: tl.sql("LOAD httpfs"),
    "a python variable": lambda tl: tl.sql("FROM whole"),
}


@pytest.mark.parametrize("name", some([*REFUSED], 2))
def test_what_reaches_past_the_seal_is_refused(name: str, sealed: Timeline, secrets: list[str]) -> None:
    with pytest.raises(TimelineError) as raised:
        REFUSED[name](sealed)
    message = str(raised.value)
    assert not told(secrets, message)
    assert "fault of Timeline" not in message
    sealed.read_only = True


BLIND: Final[dict[str, Attempt]] = {
    "all times": lambda tl: tl.sql("FROM beliefs FOR REPORTED_TIME ALL").rows(),
    "valid later": lambda tl: tl.sql(f"FROM beliefs_as_of('{DAY}', valid_at := '2030')").rows(),
    "commits in SQL": lambda tl: tl.sql("FROM commits").rows(),
    "segments by their dates": lambda tl: tl.sql(f"FROM store.segments WHERE believed_from > '{DAY}'").rows(),
    "other files": lambda tl: tl.sql(f"FROM '{tl.path}/log/*.parquet'").rows(),
    "the events that changed": lambda tl: tl.changes("2020-01-01", DAY).rows(),
    "a proof": lambda tl: tl.prove(LATE_KEY),
    "a backup": lambda tl: (
        tl.backup(folder := Path(tempfile.mkdtemp(), "copy")),
        b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()).decode("latin-1"),
    ),
    "history in SQL": lambda tl: tl.sql("FROM history('*')").rows(),
    "events": lambda tl: tl.sql("FROM events").rows(),
    "the columns of the log": lambda tl: tl.sql("FROM store.event_rows").rows(),
    "facts of the index": lambda tl: tl.sql("FROM store.facts").rows(),
    "keys of the index": lambda tl: tl.sql("FROM store.keys").rows(),
    "segments": lambda tl: tl.sql("FROM store.segment_rows").rows(),
    "bounds": lambda tl: tl.sql("FROM store.bounds").rows(),
    "effects": lambda tl: tl.sql("FROM store.effects").rows(),
    "meta": lambda tl: tl.sql("FROM store.meta").rows(),
    "tables": lambda tl: tl.sql("FROM duckdb_tables()").rows(),
    "columns": lambda tl: tl.sql("FROM duckdb_columns()").rows(),
    "views": lambda tl: tl.sql("FROM duckdb_views()").rows(),
    "functions": lambda tl: tl.sql("SELECT macro_definition FROM duckdb_functions()").rows(),
    "settings": lambda tl: tl.sql("FROM duckdb_settings()").rows(),
    "databases": lambda tl: tl.sql("FROM duckdb_databases()").rows(),
    "statistics": lambda tl: tl.sql("SELECT stats(fact) FROM store.event_rows").rows(),
    "what is read": lambda tl: tl.snapshot().explain_sql("FROM events"),
    "what a question reads": lambda tl: tl.snapshot().explain("beliefs"),
    "sources": lambda tl: tl.sql("FROM sources").rows(),
    "entities": lambda tl: tl.sql("FROM entities").rows(),
    "attributes": lambda tl: tl.sql("FROM attributes").rows(),
    "commits": lambda tl: tl.sql("FROM store.commits").rows(),
    "facts": lambda tl: tl.snapshot().facts("*"),
    "a fact of later": lambda tl: tl.why(LATE_FACT),
    "nearly a fact of later": lambda tl: tl.why("nvidia/closing-dat/openai"),
    "a key of later": lambda tl: tl.snapshot().event_id(LATE_KEY),
    "nearly a key of later": lambda tl: tl.snapshot().event_id("nvidia-30-billio"),
    "what was recorded": lambda tl: [*tl.snapshot().written()],
    "in tables": lambda tl: [*tl.snapshot().written(flat=True)],
    "a later position": lambda tl: tl.snapshot().commit_of(192),
    "why": lambda tl: tl.why("nvidia/investment/openai"),
    "a picture": lambda tl: tl.plot("nvidia/investment/openai").svg,
    "a flow": lambda tl: tl.plot(kind="flow").svg,
    "the date of the seal": lambda tl: tl.beliefs(as_of=DAY, basis="possible").rows(),
    "a later recorded date": lambda tl: tl.beliefs(recorded_as_of="2030-01-01").rows(),
    "a later commit": lambda tl: tl.beliefs(recorded_as_of="#1000").rows(),
    "stats": lambda tl: tl.stats(),
    "verify": lambda tl: tl.verify(),
    "named queries": lambda tl: [(query.title, query.sql) for query in tl.named_queries()],
    "itself": lambda tl: (repr(tl), tl.path, tl.seal, vars(tl.snapshot()).keys()),
    "its files": lambda tl: b"".join(
        path.read_bytes() for path in sorted(tl.path.rglob("*")) if path.is_file()
    ).decode("latin-1"),
}


@pytest.mark.parametrize("name", BLIND)
def test_what_is_asked_shows_nothing_of_later(name: str, sealed: Timeline, secrets: list[str]) -> None:
    with pl.Config(tbl_rows=-1, fmt_str_lengths=1_000):
        try:
            shown = str(BLIND[name](sealed))
        except TimelineError as error:
            shown = str(error)
            assert "fault of Timeline" not in shown
    assert not told(secrets, shown, f"{LATE_FACT} {LATE_KEY}")


def test_counts_are_of_what_is_left(whole: Path, sealed: Timeline) -> None:
    left = sealed.sql("FROM events")
    with Timeline.open(whole, read_only=True) as tl:
        assert tl.stats()["events"] > len(left)
        assert sealed.beliefs().rows() == tl.beliefs(as_of=DAY).rows()
    assert left["position"].to_list() == list(range(1, len(left) + 1))
    assert sealed.stats()["events"] == sealed.snapshot().position == len(left)
    sizes = dict(sealed.sql("SELECT table_name, estimated_size FROM duckdb_tables()").rows())
    assert sizes["event_rows"] == len(left)
    [moment] = sealed.sql("SELECT greatest(max(reported_at), max(evidence_at)) FROM events").row(0)
    assert moment is not None
    assert str(moment) == "2025-10-16 00:00:00+00:00"


@pytest.fixture(scope="module")
def seeming_empty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A store that is empty, and one whose events all lie behind the seal, in projects that are the same."""
    folder = tmp_path_factory.mktemp("seeming")
    for name in ("empty", "late"):
        (folder / name).mkdir()
        (folder / name / "timeline.toml").write_text("")
        Timeline.create(folder / name / ".timeline").close()
    with Timeline.open(folder / "late") as tl:
        event = {"fact": "acme/ceo", "text": "hush-text", "source": "hush-source", "reported": "2026-01-01"}
        tl.append([event | {"key": "k"}], register_unknown=True)
        tl.append([{"type": "corrected", "target": "k", "text": "hush-again", "reason": "hush-slip"}])
        tl.refresh()
    return folder / "empty", folder / "late"


#: What may be asked of any store; of one that seems empty, all of these get the answers of one that is.
SEEMING: Final[dict[str, Attempt]] = {
    **{name: BLIND[name] for name in BLIND if name not in ("a backup", "other files")},
    **REFUSED,
    "every belief": lambda tl: tl.beliefs().rows(),
    "one belief": lambda tl: tl.belief("acme/ceo"),
    "why of one": lambda tl: tl.why("acme/ceo"),
    "history of one": lambda tl: tl.history("acme/ceo").rows(),
    "nearly its fact": lambda tl: tl.why("acme/cep"),
    "its key": lambda tl: tl.snapshot().event_id("k"),
    "an unknown name": lambda tl: tl.sql("FROM belief"),
    "points in time": lambda tl: tl.at(_frame().with_columns(as_of=pl.lit("2025-01-01"))).rows(),
    "its head": lambda tl: tl.head(),
    "its attributes": lambda tl: sorted(vars(tl)),
    "its mark": lambda tl: (tl.path / "sealed.json").read_text(),
    "its file": lambda tl: sorted(
        path.name for path in tl.path.rglob("*") if ".timeline-tmp" not in str(path)
    ),
    "a backup of it": lambda tl: tl.backup(Path(tempfile.mkdtemp(), "copy")).commit,
}


#: Addresses in memory, folders of copies, and times: what differs from run to run.
_VARYING: Final = r"0x[0-9a-f]+|\.timeline-tmp-[0-9a-f]+|seconds=[0-9.e-]+"


def test_a_store_with_nothing_before_the_seal_answers_as_an_empty_one(
    seeming_empty: tuple[Path, Path],
) -> None:
    def answer(attempt: Attempt, tl: Timeline) -> str:
        try:
            shown = str(attempt(tl))
        except TimelineError as error:
            shown = f"{type(error).__name__}: {error}"
            assert "fault of Timeline" not in shown
        tl.read_only = True
        shown = shown.replace(str(tl.path), "FOLDER")
        return re.sub(_VARYING, "", shown)

    empty, late = (Timeline.open(folder, sealed_as_of="2025-01-01") for folder in seeming_empty)
    with empty, late:
        for name, attempt in SEEMING.items():
            found = answer(attempt, late)
            assert found == answer(attempt, empty), name
            assert not told(["hush"], found), name
    for command in (["show"], ["why", "acme/ceo"], ["stats", "--json"], ["head"]):
        done, of_empty = (run(folder, ["--sealed-as-of", "2025-01-01", *command]) for folder in seeming_empty)
        assert (done.code, done.out) == (of_empty.code, of_empty.out), command
        assert re.sub(_VARYING, "", done.err) == re.sub(_VARYING, "", of_empty.err), command


def test_a_sealed_store_is_of_the_moment_when_it_was_opened(tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "desk") as tl:
        tl.append([EVENT], register_unknown=True)
        with Timeline.open(tmp_path / "desk", sealed_as_of="2025-06") as sealed:
            tl.append([EVENT | {"entity": "bea", "reported": "2025-02-01"}], register_unknown=True)
            assert [one["claim"] for one in sealed.beliefs().to_dicts()] == ["ann"]
            folder = sealed.path
        assert not folder.exists()
        with pytest.raises(BadInput, match="closed"):
            sealed.beliefs()
        # A snapshot keeps the copy for as long as it is used.
        snapshot = Timeline.open(tmp_path / "desk", sealed_as_of="2025-06").snapshot()
        gc.collect()
        assert [row["claim"] for row in snapshot.beliefs().dicts()] == ["bea"]


def test_sealed_by_the_recorded_date_alone_it_is_the_log_as_it_was(tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "desk") as tl:
        first = tl.append([EVENT], register_unknown=True)
        tl.append([EVENT | {"entity": "bea"}], register_unknown=True)
        with Timeline.open(tmp_path / "desk", sealed_recorded_as_of="#1") as sealed:
            assert sealed.head() == first
            assert [one["claim"] for one in sealed.beliefs().to_dicts()] == ["ann"]
        with Timeline.open(tmp_path / "desk", sealed_as_of="2024") as sealed:
            assert (sealed.head(), len(sealed.beliefs()), sealed.snapshot().facts()) == (None, 0, [])
        with pytest.raises(BadInput, match="expected certain or evidence"):
            Timeline.open(tmp_path / "desk", sealed_as_of="2024", sealed_basis="possible")


def test_what_is_left_of_an_erased_event_verifies(tmp_path: Path) -> None:
    events = [EVENT | {"key": "kept"}, EVENT | {"entity": "bea", "reported": "2026-01-01", "key": "late"}]
    with Timeline.create(tmp_path / "desk") as tl:
        tl.append(events, register_unknown=True)
        tl.erase(["kept", "late"], reason="asked for")
        for recorded in (None, "#1"):
            sealing: dict[str, Any] = {"sealed_as_of": "2025-06", "sealed_recorded_as_of": recorded}
            with Timeline.open(tmp_path / "desk", **sealing) as sealed:
                assert sealed.verify(log_only=True).erased == 1
                assert sealed.beliefs()["status"].to_list() == ["erased"]
                # A tombstone names its event, and so would name one of later.
                assert len(sealed.sql("FROM events WHERE event_type = 'erased'")) == 1


def test_a_copy_to_hand_over_holds_nothing_of_later(whole: Path, secrets: list[str], tmp_path: Path) -> None:
    with Timeline.open(whole, sealed_as_of=DAY) as sealed:
        sealed.backup(tmp_path / "copy")
        sealed.export_duckdb(tmp_path / "copy.duckdb")
        digest = sealed.head()
        assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["backup.json", "log"]
    with Timeline.open(tmp_path / "copy") as tl:
        assert tl.head() == digest
        tl.verify()
        shown = str(tl.sql("FROM events").rows()) + str(tl.sql("FROM sources").rows())
        # It is a store like any other.
        tl.append([EVENT | {"reported": "2026"}], register_unknown=True)
    assert not told(secrets, shown)
    with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as con:
        shown = str(con.execute("FROM events").fetchall())
    assert not told(secrets, shown)


# Commands and the page

COMMANDS: Final = [
    ["show"],
    ["show", "--json"],
    ["show", "nvidia/*", "--format", "csv"],
    ["show", "nvidia/investment/openai", "--basis", "possible"],
    ["show", LATE_FACT],
    ["show", "nvidia/closing-dat/openai"],
    ["history", "*"],
    ["history", "nvidia/investment/openai", "--json"],
    ["diff", "2025-01-01", DAY],
    ["why", "nvidia/investment/openai"],
    ["why", LATE_FACT],
    ["disagreements", "--within", "any"],
    ["sql", "FROM events"],
    ["sql", f"FROM beliefs_as_of('{DAY}')"],
    ["sql", "FROM sources", "--json"],
    ["query"],
    ["plot", "nvidia/investment/openai"],
    ["head"],
    ["verify"],
    ["stats"],
]
#: To open a store sealed takes half a second: of these few are run where not all are.
LATE_COMMANDS: Final = [
    ["show", "--as-of", LATER],
    ["show", "nvidia/investment/openai", "--as-of", LATER],
    ["history", "*", "--as-of", LATER],
    ["diff", DAY, LATER],
    ["why", "nvidia/investment/openai", "--as-of", LATER],
    ["disagreements", "--as-of", LATER],
    ["sql", "FROM beliefs", "--as-of", LATER],
    ["sql", f"FROM beliefs_as_of('{LATER}')"],
    ["sql", "FROM events", "--unsafe"],
    ["plot", "nvidia/investment/openai", "--as-of", LATER],
    ["export", "beliefs", "late.csv", "--as-of", LATER],
]
#: These open none.
WRITING: Final = [
    ["ingest"],
    ["ingest", "--dry-run"],
    ["report", "nvidia/ceo", "--entity", "x", "--source", "s"],
    ["correct", "nvidia-30-billion", "1 USD"],
    ["retract", "nvidia-30-billion", "--reported", "2025-01"],
    ["rebuild"],
    ["compact"],
    ["init", "another"],
    ["serve", "--sealed-as-of", LATER],
    ["serve", "--allow-writes", "--token-file", "timeline.toml"],
]


@pytest.mark.parametrize("command", COMMANDS if LONG else COMMANDS[1::7], ids=" ".join)
def test_a_sealed_command_prints_nothing_of_later(
    whole: Path, secrets: list[str], command: list[str]
) -> None:
    done = run(whole, ["--sealed-as-of", DAY, *command])
    assert done.code in (0, 5), done.err
    assert not told(secrets, done.out + done.err, " ".join(command))


@pytest.mark.parametrize(
    "command", [*(LATE_COMMANDS if LONG else LATE_COMMANDS[::6]), *WRITING], ids=" ".join
)
def test_a_sealed_command_refuses_what_is_of_later(
    whole: Path, secrets: list[str], command: list[str]
) -> None:
    before = lasting(whole.rglob("*"))
    done = run(whole, ["--sealed-as-of", DAY, *command])
    assert (done.code, done.out) == (2, ""), done.err
    assert "seal" in done.err
    assert not told(secrets, done.err, " ".join(command))
    assert lasting(whole.rglob("*")) == before


def test_the_seal_comes_from_the_environment_too(whole: Path) -> None:
    done = run(whole, ["show", "--json"], TIMELINE_SEALED_AS_OF=DAY)
    assert json.loads(done.out)["as_of"] == "2025-10-15T23:59:59.999999Z"
    assert LATE_FACT not in done.out
    # A command that is run without it afterwards is not sealed.
    assert LATE_FACT in run(whole, ["show", "--json"]).out


def test_a_sealed_command_makes_no_store(project: Path) -> None:
    done = run(project, ["--sealed-as-of", DAY, "show"])
    assert (done.code, done.out) == (5, "")
    assert "no store" in done.err
    assert not (project / ".timeline").exists()


def test_completion_is_sealed(whole: Path) -> None:
    for before, is_there in (([], True), (["--sealed-as-of", DAY], False)):
        words = ["timeline", *before, "show", "nvidia/"]
        done = run(
            whole,
            [],
            _TIMELINE_COMPLETE="complete_bash",
            COMP_WORDS=" ".join(words),
            COMP_CWORD=str(len(words) - 1),
        )
        assert "nvidia/investment/openai" in done.out
        assert (LATE_FACT in done.out) == is_there


def test_commands_open_stores_under_their_seal_alone() -> None:
    """A command that opened a store by itself would open it unsealed."""
    for path in (ROOT / "timeline" / "cli").glob("*.py"):
        opened = re.findall(r"Timeline\.open\(", path.read_text(encoding="utf-8"))
        assert len(opened) == (path.name == "sealing.py"), path.name


def test_a_sealed_server_answers_nothing_of_later(whole: Path, secrets: list[str]) -> None:
    served = start(whole, "--sealed-as-of", DAY)
    try:
        for path in (
            *("/", "/promises", "/disagreements", "/ask", "/fact/nvidia/investment/openai"),
            *(
                f"/fact/{LATE_FACT}",
                "/fact/nvidia/investment/openai.svg",
                "/?compare=2025-02-22",
                "/api/health",
            ),
            *(f"/api/{name}?limit=1000" for name in ("beliefs", "claims", "events", "facts", "sources")),
            *("/api/entities", "/api/attributes", "/api/disagreements?within=any"),
            *("/api/history?fact=*", "/api/why?fact=nvidia/investment/openai", f"/api/why?fact={LATE_FACT}"),
            "/api/sql?query=FROM+store.event_rows",
            f"/api/changes?from_date=2025-01-01&to_date={DAY}",
        ):
            status, _, body = served.get(path)
            assert status in (200, 404), (path, body)
            assert not told(secrets, body.decode(), path), path
        for path in (
            *(f"/api/{name}?as_of={LATER}" for name in ("beliefs", "claims", "disagreements")),
            *(f"/?as_of={LATER}", f"/?compare={LATER}", f"/promises?as_of={LATER}"),
            *(f"/fact/nvidia/investment/openai?as_of={LATER}", f"/api/sql?query=FROM+beliefs&as_of={LATER}"),
            f"/api/changes?from_date={DAY}&to_date={LATER}",
            f"/api/sql?query=FROM+beliefs_as_of('{LATER}')",
        ):
            status, _, body = served.get(path)
            assert status == 400, (path, status)
            assert b"seal" in body
            assert not told(secrets, body.decode(), path), path
        with Timeline.open(whole, sealed_as_of=DAY) as sealed:
            head = sealed.head()
        assert head is not None
        assert served.json("/api/health")["digest"] == head.digest
        with closing(HTTPConnection("127.0.0.1", served.port, timeout=60)) as connection:
            connection.request("GET", "/api/live")
            answer = connection.getresponse()
            assert answer.readline() == b"event: head\n"
            sent = json.loads(answer.readline().removeprefix(b"data: "))
        assert sent == {"commit": head.number, "position": head.last_position}
    finally:
        stop(served)


# The audit


def _careful(tl: Timeline, date: str) -> object:
    claims = tl.claims(as_of=date)
    return tl.beliefs(as_of=date), claims.to_pandas(), claims.to_arrow(), [float("nan")], {"date": date}


AUDITED: Final[dict[str, tuple[Callable[[Timeline, str], object], str]]] = {
    "asks as of the date": (_careful, "same"),
    "asks for no date": (lambda tl, date: tl.belief("nvidia/investment/openai"), "differs"),
    "raises alike": (lambda tl, date: 1 / 0, "same"),
    "raises without the future": (lambda tl, date: tl.connect().close(), "differs"),
    "raises with the future": (lambda tl, date: 1 / (len(tl.snapshot().facts(LATE_FACT)) - 1), "differs"),
    "records": (lambda tl, date: tl.append([EVENT], register_unknown=True), "differs"),
}


@pytest.mark.parametrize("name", AUDITED)
def test_an_audit_finds_what_looks_ahead(whole: Path, name: str) -> None:
    function, verdict = AUDITED[name]
    with Timeline.open(whole, read_only=True) as tl:
        before = tl.head()
        found = tl.audit(function, [DAY])
        assert tl.head() == before
    assert found.columns == ["date", "verdict", "withheld", "difference"]
    [(date, decided, withheld, text)] = found.rows()
    assert (date, decided, text is None) == (DAY, verdict, verdict == "same")
    assert withheld > 0


def test_where_nothing_is_withheld_an_audit_is_vacuous(whole: Path) -> None:
    def never(tl: Timeline, date: str) -> object:
        raise AssertionError("there is nothing to find out")

    with Timeline.open(whole, read_only=True) as tl:
        assert tl.audit(never, ["2026-06-30"]).rows() == [("2026-06-30", "vacuous", 0, None)]
        assert tl.audit(never, []).rows() == []
        with pytest.raises(BadInput, match="expected something to call"):
            tl.audit("forecast", [DAY])  # type: ignore[arg-type]


def test_an_audit_says_where_answers_differ() -> None:
    frame = pl.DataFrame({"position": [1, 2], "claim": ["a", "b"]})
    assert difference(frame, frame.with_columns(position=pl.Series([7, 9]))) is None
    assert difference(frame, frame.with_columns(claim=pl.lit("a"))) == "at claim[1]: 'b', with the future 'a'"
    assert difference(frame, frame.head(1)) == "2 rows, with the future 1"
    assert difference(frame, frame.rename({"claim": "c"})) is not None
    assert difference({"a": (1, 2)}, {"a": (1, 3)}) == "at ['a'][1]: 2, with the future 3"
    assert difference({"a": 1}, {"b": 1}) == "keys ['a'], with the future ['b']"
    assert difference("a" * 500, "b" * 500) is not None
    assert difference(1, True) == "1, with the future True"
    assert difference(None, None) is None
