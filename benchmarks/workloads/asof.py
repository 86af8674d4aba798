"""Everything that was believed as of a date: how its cost compares with the least that it could be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import duckdb

from benchmarks.harness.measure import (
    Finding,
    Line,
    Result,
    Timings,
    against,
    at_least,
    at_most,
    duration,
    interleaved,
    results,
    skipped,
    times,
    unmeasured,
)
from benchmarks.harness.stores import DATES, HUGE, Run, Shape, day, literal
from benchmarks.peers.engines import Limit, Ours, Peer, Total, compare, duckdb_peers, limit, polars_peers
from timeline import Timeline

#: Timeline and the limit are asked about all of these dates; the peers about those in the middle and late.
ANY_DATE = {"first": day(0.02), **DATES, "three quarters": day(0.75)}
PEERS_AT = ("middle", "late")
FASTER = {"duckdb arg_max": 80, "polars": 50}

#: More than this does not fit into polars' memory beside the rest.
POLARS_AT_MOST = 20_000_000

#: What is reported where a second store would be needed at such a size.
NO_ROOM = "not measured at this size: a second store beside the first needs too much disk"

#: A span of the reported axis in which a hundredth of the reports were made: about a month of ten years.
MONTH = (day(0.5), day(0.51))


def full(run: Run) -> Iterator[Finding]:
    """Measure count and sum over all beliefs, at any date, beside the limit and peers with the reports."""
    found: dict[str, dict[str, Timings]] = {}
    with Timeline.open(run.store(), read_only=True) as tl:
        ours = Ours(tl)
        peers = _peers(run)
        for name, as_of in ANY_DATE.items():
            asked = peers if name in PEERS_AT else []
            with run.scratch("limit.duckdb") as file, limit(ours, as_of, file) as least:
                found[name] = _side_by_side(run, name, as_of, ours, [least, *asked])
            yield from results("reports", f"full as-of, {name}", found[name], run.events)
    yield from _skipped(run)
    yield _against_the_limit(run, found)
    for peer, wanted in FASTER.items():
        line = _against_a_peer(run, found["late"], peer, wanted)
        if line is not None:
            yield line


def _peers(run: Run) -> list[Peer]:
    peers: list[Peer] = []
    if "duckdb" in run.peers:
        peers += duckdb_peers(run)
    if "polars" in run.peers and run.events <= POLARS_AT_MOST:
        peers += polars_peers(run)
    return peers


def _skipped(run: Run) -> Iterator[Result]:
    if "polars" in run.peers and run.events > POLARS_AT_MOST:
        yield skipped("reports", "full as-of", "polars", run.events, "does not fit into memory at this size")


def _side_by_side(
    run: Run, name: str, as_of: datetime, ours: Ours, peers: list[Peer | Limit]
) -> dict[str, Timings]:
    """Compare every peer's rows with Timeline's, then time all that did not run out of memory."""
    believed = ours.rows(as_of)
    able: dict[str, Callable[[], Total]] = {ours.name: partial(ours.total, as_of)}
    for peer in peers:
        try:
            compare(f"full as-of, {name}", peer.name, believed, peer.rows(as_of))
        except duckdb.OutOfMemoryException as error:
            run.progress(f"{peer.name} is passed over: {str(error).splitlines()[0]}")
        else:
            able[peer.name] = partial(peer.total, as_of)
    del believed
    return interleaved(able, rounds=run.rounds, patience=6)


def _against_the_limit(run: Run, found: dict[str, dict[str, Timings]], what: str = "any date") -> Line:
    """Return the line of the date at which Timeline is closest to what is allowed, or furthest beyond it."""
    base = {name: timings["the limit"].median for name, timings in found.items()}
    taken = {name: timings["timeline"].median for name, timings in found.items()}
    worst = max(found, key=lambda name: taken[name] / (4 * base[name] + 0.003))
    allowed = 4 * base[worst] + 0.003
    return at_most(
        f"full as-of (count and sum over all beliefs), {what}",
        "≤ 4 × the limit + 3 ms",
        f"{against(found[worst]['timeline'], found[worst]['the limit'])}, "
        f"{duration(allowed)} allowed; of all dates the worst: {worst}",
        taken[worst],
        allowed,
        events=run.events,
    )


def _against_a_peer(run: Run, found: dict[str, Timings], peer: str, wanted: int) -> Line | None:
    """Return a line of how many times faster Timeline is than the quickest way of a peer."""
    ways = {
        name: timings for name, timings in found.items() if name.startswith(peer) and "loaded" not in name
    }
    if not ways:
        return None
    quickest = min(ways, key=lambda name: ways[name].median)
    ratio = ways[quickest].median / found["timeline"].median
    return at_least(
        f"full as-of, late date, against {peer}",
        f"≥ {wanted} × faster",
        f"{times(ratio)} ({duration(found['timeline'].median)} against "
        f"{duration(ways[quickest].median)}, {quickest})",
        ratio,
        wanted,
        events=run.events,
    )


def shapes(run: Run) -> Iterator[Finding]:
    """Measure the same where a few facts are revised very often, and where every report came in order."""
    if run.events >= HUGE:
        what = "full as-of, any date, of other shapes"
        yield unmeasured(what, "≤ 4 × the limit + 3 ms", NO_ROOM, events=run.events)
        return
    for shape in run.other_shapes:
        found: dict[str, dict[str, Timings]] = {}
        with Timeline.open(run.store(shape), read_only=True) as tl:
            ours = Ours(tl)
            for name, as_of in DATES.items():
                with run.scratch("limit.duckdb") as file, limit(ours, as_of, file) as least:
                    peers: list[Peer | Limit] = [least]
                    if name == "late" and "duckdb" in run.peers:
                        peers += duckdb_peers(run, shape)
                    found[name] = _side_by_side(run, f"{name}, {shape.name}", as_of, ours, peers)
                yield from results("reports", f"full as-of, {name}, {shape.name}", found[name], shape.events)
        yield _against_the_limit(run, found, f"any date, {shape.name}")


def into_arrow(run: Run) -> Iterator[Finding]:
    """Measure all columns of all beliefs as one Arrow table."""
    as_of = DATES["late"]
    with Timeline.open(run.store(), read_only=True) as tl:
        ours = Ours(tl)
        with run.scratch("limit.duckdb") as file, limit(ours, as_of, file) as least:
            compare("select *", least.name, ours.everything(as_of), least.everything(as_of))
            every = {one.name: partial(one.everything, as_of) for one in (ours, least)}
            found = interleaved(every, rounds=run.rounds)
    yield from results("reports", "select * of a full as-of into Arrow", found, run.events)
    ratio = found["timeline"].median / found["the limit"].median
    yield at_most(
        "`select *` of a full as-of into Arrow",
        "≤ 1.5 × the limit",
        against(found["timeline"], found["the limit"]),
        ratio,
        1.5,
        events=run.events,
    )


def longer_history(run: Run) -> Iterator[Finding]:
    """Measure a full as-of of the same facts with a quarter of the history, and with all of it."""
    as_of = DATES["late"]
    if run.events >= HUGE:
        what = "full as-of with four times the history and the same live facts"
        yield unmeasured(what, "≤ 1.3 ×", NO_ROOM, events=run.events)
        return

    def totals_of(shape: Shape) -> Ours:
        tl = Timeline.open(run.store(shape), read_only=True)
        reports = duckdb_peers(run, shape)[-1]
        ours = Ours(tl)
        compare(f"full as-of, late, {shape.name}", reports.name, ours.rows(as_of), reports.rows(as_of))
        return ours

    whole, quarter = totals_of(run.shape), totals_of(run.quarter)
    live = (whole.total(as_of)[0], quarter.total(as_of)[0])
    found = interleaved(
        {"timeline": partial(whole.total, as_of), "timeline, a quarter": partial(quarter.total, as_of)},
        rounds=4 * run.rounds,
    )
    yield from results("reports", "full as-of with four times the history", found, run.events)
    ratio = found["timeline"].median / found["timeline, a quarter"].median
    yield at_most(
        "full as-of with four times the history and the same live facts",
        "≤ 1.3 ×",
        f"{against(found['timeline'], found['timeline, a quarter'])}, {live[0]:,} and {live[1]:,} beliefs",
        ratio,
        1.3,
        events=run.events,
    )


def changes(run: Run) -> Iterator[Finding]:
    """Measure what changed between two dates, a hundredth of all reports between them, as a frame."""
    first, last = MONTH
    with (
        Timeline.open(run.store(), read_only=True) as tl,
        duckdb.connect(str(run.table()), read_only=True) as con,
    ):
        reported = _CHANGED.format(first=literal(first), last=literal(last))
        functions = {
            "timeline": lambda: tl.changes(first, last),
            "duckdb, loaded": lambda: con.sql(reported).pl(),
        }
        count = compare("changes", "duckdb", tl.changes(first, last), con.sql(reported).to_arrow_table())
        found = interleaved(functions, rounds=run.rounds)
    yield from results("reports", "changes over a month", found, run.events)
    taken = found["timeline"].median
    yield at_most(
        "`changes` over a month (1 % of the events)",
        "≤ 150 ms",
        f"{duration(taken)} for {count:,} changes",
        taken,
        0.15,
        events=run.events,
    )


#: Where the last report of a fact is another one, the amounts before and after.
_CHANGED = """
    WITH
        before AS (
            SELECT fact, arg_max_null(amount, reported) AS amount, max(reported) AS reported
            FROM reports WHERE reported <= {first} GROUP BY fact
        ),
        after AS (
            SELECT fact, arg_max_null(amount, reported) AS amount, max(reported) AS reported
            FROM reports WHERE reported <= {last} GROUP BY fact
        )
    SELECT fact, before.amount AS amount_from, after.amount AS amount_to
    FROM after LEFT JOIN before USING (fact)
    WHERE after.reported IS DISTINCT FROM before.reported
        AND (before.amount IS NOT NULL OR after.amount IS NOT NULL)
"""
