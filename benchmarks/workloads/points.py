"""Questions of one fact, and of very many (fact, date) pairs at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from benchmarks.harness.measure import (
    Differs,
    Finding,
    Line,
    Timings,
    against,
    at_most,
    called_with,
    duration,
    interleaved,
    results,
)
from benchmarks.harness.reports import DAYS, FACT, FIRST_DAY
from benchmarks.harness.stores import INDEXED_AT_MOST, NAIVE, Run, day
from benchmarks.peers.engines import compare
from benchmarks.workloads.recording import AS_RECORDED, PAST, grown
from timeline import Timeline

#: A fact, and an instant to ask about.
Probe = tuple[str, datetime]

#: Calls that warm up, before the first that is measured.
WARM: Final = 20


def joined_with(facts: int, rows: int, seed: int = 7) -> pl.DataFrame:
    """Return rows of a fact and an instant each, drawn evenly from all facts and all days."""
    with duckdb.connect() as con:
        frame: pl.DataFrame = con.sql(
            f"""
            SELECT
                {FACT} AS fact,
                make_timestamp(
                    epoch_us(TIMESTAMP '{FIRST_DAY}')
                    + (hash(i, {seed}, 'day') % {DAYS * 86_400_000_000})::BIGINT
                ) AS as_of
            FROM (
                SELECT range AS i, (hash(range, {seed}, 'fact') % {facts})::BIGINT AS n FROM range({rows})
            )
            ORDER BY i
            """
        ).pl()
    return frame.with_columns(pl.col("as_of").dt.replace_time_zone("UTC"))


def probes(facts: int, count: int) -> list[Probe]:
    """Return facts and instants to ask about, one at a time."""
    return [(fact, as_of) for fact, as_of in joined_with(facts, count, seed=11).iter_rows()]


#: What was believed of each asked fact at its date, by the reports alone; `past` narrows them.
_EXPECTED: Final = """
    SELECT nth, fact, amount, unit, source, reported AS reported_at
    FROM (
        SELECT
            a.nth, a.fact, max(r.reported) AS reported,
            unnest(arg_max({{amount: r.amount, unit: r.unit, source: r.source}}, r.reported))
        FROM asked AS a JOIN {reports} AS r ON a.fact = r.fact AND r.reported <= a.as_of
        GROUP BY a.nth, a.fact
    )
    WHERE amount IS NOT NULL
"""


def expected(con: duckdb.DuckDBPyConnection, asked: list[Probe], reports: str = "reports") -> dict[int, Any]:
    """Return the right answer to each probe by its number, if any: amount, unit, source, reported_at."""
    frame = pl.DataFrame(
        {
            "fact": [fact for fact, _ in asked],
            "as_of": pl.Series([as_of for _, as_of in asked], dtype=pl.Datetime("us", "UTC")),
        }
    ).with_row_index("nth")
    con.register("asked", frame.with_columns(pl.col("as_of").dt.replace_time_zone(None)))
    rows = con.execute(_EXPECTED.format(reports=reports)).fetchall()
    return {nth: (amount, unit, source, at.replace(tzinfo=UTC)) for nth, _, amount, unit, source, at in rows}


def warm(folder: Path) -> None:
    """Read the files of a folder, so that questions find them in the system's cache, as in daily use."""
    for path in filter(Path.is_file, folder.iterdir()):
        with path.open("rb", buffering=0) as file:
            while file.read(2**24):
                pass


def _hold_against(
    what: str, answers: Callable[[Probe], Any], asked: list[Probe], right: dict[int, Any]
) -> None:
    for nth, probe in enumerate(asked):
        found = answers(probe)
        answered = found and (found.amount, found.unit, found.source, found.reported_at)
        if answered != right.get(nth):
            raise Differs(f"{what} of {probe}: timeline says {answered}, the reports {right.get(nth)}")


def one_fact(run: Run) -> Iterator[Finding]:
    """Measure `belief`, `beliefs` and `history` of one fact, asked through a store that stays open."""
    asked = probes(run.facts, run.calls + WARM)
    loaded = "duckdb, loaded" + (" and indexed" if run.events <= INDEXED_AT_MOST else "")
    warm(run.store() / "index")
    with (
        Timeline.open(run.store(), read_only=True) as tl,
        duckdb.connect(str(run.table()), read_only=True) as table,
    ):
        right = expected(table, asked)

        def belief(probe: Probe) -> Any:
            return tl.belief(probe[0], as_of=probe[1])

        def of_the_table(probe: Probe) -> Any:
            return table.execute(_LAST, [probe[0], _naive(probe[1])]).fetchone()

        _hold_against("belief", belief, asked[:500], right)
        for nth, probe in enumerate(asked[:500]):
            frame = tl.beliefs(probe[0], as_of=probe[1])
            answered = frame.select("amount", "unit", "source", "reported_at").rows()
            if answered != [answer for answer in [right.get(nth)] if answer]:
                raise Differs(f"beliefs of {probe}: timeline says {answered}, the reports {right.get(nth)}")
        found = called_with({"timeline": belief, loaded: of_the_table}, asked)
        yield from results("reports", "tl.belief: one fact as of a date", found, run.events, many=True)
        yield from _within("one fact as of a date, `tl.belief`", found["timeline"], 1, 4, run.events)

        found = called_with({"timeline": lambda probe: tl.beliefs(probe[0], as_of=probe[1])}, asked)
        yield from results("reports", "tl.beliefs: one fact, every column", found, run.events, many=True)
        yield from _within("one fact as of a date, `tl.beliefs`", found["timeline"], 3, 8, run.events)

        def all_of_the_table(probe: Probe) -> Any:
            return table.execute("FROM reports WHERE fact = $1 ORDER BY reported", [probe[0]]).fetchall()

        for probe in asked[:200]:
            ours = [row for (row,) in tl.history(probe[0]).select("reported_at").rows()]
            theirs = [row[4].replace(tzinfo=UTC) for row in all_of_the_table(probe)]
            if ours != theirs:
                raise Differs(f"history of {probe[0]}: timeline has {ours}, the reports {theirs}")
        found = called_with(
            {"timeline": lambda probe: tl.history(probe[0]), loaded: all_of_the_table},
            asked,
        )
        yield from results("reports", "tl.history: every report of one fact", found, run.events, many=True)
        yield from _within("history of one fact", found["timeline"], 3, None, run.events)


#: What the last report of a fact by a date says.
_LAST: Final = "FROM reports WHERE fact = $1 AND reported <= $2 ORDER BY reported DESC LIMIT 1"


def _within(what: str, found: Timings, p50: float, p99: float | None, events: int) -> Iterator[Line]:
    """Yield a line for what is allowed of calls, in milliseconds."""
    target = f"p50 ≤ {p50:g} ms" + (f", p99 ≤ {p99:g} ms" if p99 is not None else "")
    met = found.p50 <= p50 / 1000 and (p99 is None or found.p99 <= p99 / 1000)
    yield Line(
        what,
        target,
        f"p50 {duration(found.p50)}, p99 {duration(found.p99)}",
        met,
        value=found.p50,
        allowed=p50 / 1000,
        events=events,
    )


def recorded(run: Run) -> Iterator[Finding]:
    """Measure one fact with what was recorded by an earlier commit, in a store with later commits."""
    store, parts = grown(run)
    warm(store / "index")
    every = [f"'{part}'" for part in parts]
    with Timeline.open(store, read_only=True) as tl, duckdb.connect(str(run.table()), read_only=True) as con:
        con.execute(
            "CREATE TEMP VIEW known AS FROM reports UNION ALL BY NAME "
            f"SELECT * REPLACE ({NAIVE}) FROM read_parquet([{', '.join(every[:PAST])}])"
        )
        # Half of what is asked is of facts that changed since.
        changed = con.execute(
            f"SELECT DISTINCT fact FROM read_parquet([{', '.join(every)}]) "
            f"ORDER BY hash(fact) LIMIT {run.calls // 4}"
        )
        since = [(fact, day(1.02)) for (fact,) in changed.fetchall()]
        asked = [probe for pair in zip(probes(run.facts, len(since)), since, strict=True) for probe in pair]
        right = expected(con, asked, "known")

        def belief(probe: Probe) -> Any:
            return tl.belief(probe[0], as_of=probe[1], recorded_as_of=AS_RECORDED)

        _hold_against(f"belief as recorded by {AS_RECORDED}", belief, asked, right)
        found = called_with({"timeline": belief}, asked)
    yield from results("reports", "tl.belief: as recorded by an earlier commit", found, run.events, many=True)
    yield from _within("recorded-time question narrowed to one fact", found["timeline"], 10, None, run.events)


def join(run: Run) -> Iterator[Finding]:
    """Measure `Timeline.at` of a million rows, beside an ASOF join with a table of just the reports."""
    frame = joined_with(run.facts, run.joined)
    asked = frame.with_columns(pl.col("as_of").dt.replace_time_zone(None))
    with (
        Timeline.open(run.store(), read_only=True) as tl,
        duckdb.connect(str(run.table()), read_only=True) as table,
    ):
        table.register("asked", asked)

        def asof() -> pl.DataFrame:
            joined: pl.DataFrame = table.sql(_ASOF).pl()
            return joined

        compared = ("nth", "fact", "amount", "reported_at")
        ours = tl.at(frame).with_row_index("nth").select(compared).drop_nulls("amount")
        table.register("numbered", asked.with_row_index("nth"))
        theirs = table.sql(_ASOF.replace("asked", "numbered")).pl().rename({"reported": "reported_at"})
        compare("point-in-time join", "ASOF", ours, theirs.select(compared).drop_nulls("amount"))
        del ours, theirs
        found = interleaved({"timeline": lambda: tl.at(frame), "duckdb ASOF": asof}, rounds=run.rounds)
    yield from results("reports", f"point-in-time join of {frame.height:,} rows", found, run.events)
    ratio = found["timeline"].median / found["duckdb ASOF"].median
    yield at_most(
        f"point-in-time join (`Timeline.at`): {frame.height:,} rows of (fact, date)",
        "≤ 0.4 × a DuckDB ASOF join",
        against(found["timeline"], found["duckdb ASOF"]),
        ratio,
        0.4,
        events=run.events,
        note=where_asof_is_wrong(run),
    )


#: A withdrawal has no amount; its row is dropped, as a user of ASOF would.
_ASOF: Final = (
    "SELECT a.*, r.* EXCLUDE (fact) FROM asked AS a "
    "ASOF LEFT JOIN reports AS r ON a.fact = r.fact AND a.as_of >= r.reported"
)

#: Two facts for which a join by date alone is wrong: a retracted one, and one with valid times.
_TRICKY: Final[list[dict[str, object]]] = [
    {"key": "first", "fact": "acme/price", "claim": "100 USD", "reported": "2020-01-01"},
    {"key": "second", "fact": "acme/price", "claim": "200 USD", "reported": "2020-02-01"},
    {"type": "retracted", "target": "second", "reported": "2020-03-01"},
    {"fact": "acme/staff", "claim": "10", "valid": "2020/2021", "reported": "2020-01-01"},
    {"fact": "acme/staff", "claim": "30", "valid": "2030/..", "reported": "2020-06-01"},
]
_TRICKY_ASKED: Final = {
    ("acme/price", date(2020, 2, 15)): 200,
    ("acme/price", date(2020, 4, 1)): 100,
    ("acme/staff", date(2020, 7, 1)): 10,
}


def where_asof_is_wrong(run: Run) -> str:
    """Ask of a retraction and of valid times, and report how many answers of an ASOF join are wrong."""
    frame = pl.DataFrame(list(_TRICKY_ASKED), schema=["fact", "as_of"], orient="row")
    with run.scratch("tricky") as path, Timeline.create(path) as tl:
        tl.append([{"source": "wire", **event} for event in _TRICKY], register_unknown=True)
        ours = tl.at(frame)["amount"].to_list()
        con = tl.connect()
        con.register("asked", frame)
        theirs = con.sql(
            "SELECT e.amount FROM asked AS a ASOF JOIN (FROM events WHERE event_type = 'reported') AS e "
            "ON a.fact = e.fact AND a.as_of + INTERVAL 1 DAY > e.reported_at ORDER BY a.fact, a.as_of"
        ).fetchall()
    right = [Decimal(value) for value in _TRICKY_ASKED.values()]
    if ours != right:
        raise Differs(f"point-in-time join of retracted and bounded claims: expected {right}, got {ours}")
    wrong = sum(value != expected for (value,), expected in zip(theirs, right, strict=True))
    return f"of {len(right)} rows with retractions and valid times ASOF has {wrong} wrong, Timeline none"


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)
