"""The same questions asked of MariaDB and PostgreSQL, at the largest size that each loads in ten minutes.

benchmarks/peers/servers.py describes what they hold, and how. Both are given the versions ready-made, in
reported order: neither would itself find the place of a late report, nor end a version because of a
withdrawal.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.harness.measure import (
    Differs,
    Finding,
    Line,
    against,
    at_least,
    called_with,
    duration,
    interleaved,
    many,
    results,
    times,
    unmeasured,
)
from benchmarks.harness.stores import DATES, HUGE, Run, ingest_in_child
from benchmarks.peers.engines import Ours, compare
from benchmarks.workloads.points import WARM, Probe, probes
from timeline import Timeline

#: How many times faster than each a full as-of of a late date has to be.
FASTER: Final = {"mariadb": 80, "postgresql": 25}

TOO_MUCH: Final = "not measured at this size, of which it would load little in ten minutes"

#: What was believed as of a date, row for row; the servers' own `full_as_of` only counts and adds up.
_ROWS: Final = {
    "mariadb": "SELECT fact, amount, believed_from FROM reports FOR SYSTEM_TIME AS OF %s",
    "postgresql": "SELECT fact, amount, lower(believed) FROM reports WHERE believed @> %s::timestamptz",
}


def why_not(peer: str) -> str | None:
    """Return why a peer cannot be measured here, None where it can, or needs no server."""
    driver = {"mariadb": "pymysql", "postgresql": "psycopg"}.get(peer)
    if driver is None:
        return None
    if find_spec("benchmarks.peers.servers") is None or find_spec(driver) is None:
        return f"driver not installed: {driver}, of the dependency group `bench`"
    # Debian keeps PostgreSQL's programs off the path.
    program, aside = {"mariadb": ("mariadbd", "none"), "postgresql": ("postgres", "*/bin/postgres")}[peer]
    found = shutil.which(program) or any(Path("/usr/lib/postgresql").glob(aside))
    return None if found else "server not installed"


def mariadb(run: Run) -> Iterator[Finding]:
    """Measure full as-of, one fact and its history, beside MariaDB."""
    yield from _where_it_can("mariadb", run)


def postgresql(run: Run) -> Iterator[Finding]:
    """Measure full as-of, one fact and its history, beside PostgreSQL."""
    yield from _where_it_can("postgresql", run)


def _where_it_can(name: str, run: Run) -> Iterator[Finding]:
    if name not in run.peers:
        return
    if why := why_not(name) or (TOO_MUCH if run.events >= HUGE else None):
        run.progress(f"{name}: {why}")
        what, target = f"full as-of, late date, against {name}", f"≥ {FASTER[name]} × faster"
        yield unmeasured(what, target, why, events=run.events)
        return
    from benchmarks.peers.servers import SERVERS

    with SERVERS[name](run.path("servers")) as server:
        yield from _beside(run, name, server)


def _beside(run: Run, name: str, server: Any) -> Iterator[Finding]:
    run.progress(f"loading {name}")
    loaded = server.load_reports(run.reports(), run.load_seconds)
    note = f"{server.version()}, {loaded.events:,} events loaded in {duration(loaded.seconds)}"
    run.progress(note)
    store, events, facts = run.store(), run.events, run.facts
    if not loaded.complete:
        events, facts = loaded.events, loaded.facts
        store = _store_of(run, name, loaded)
    with Timeline.open(store, read_only=True) as tl:
        ours = Ours(tl)
        for date in ("middle", "late"):
            as_of = DATES[date]
            question = f"full as-of, {date}, {many(events)} events, beside {name}"
            compare(question, name, ours.rows(as_of), _rows(server, name, as_of))
            functions = {"timeline": partial(ours.total, as_of), name: partial(server.full_as_of, as_of)}
            found = interleaved(functions, rounds=run.rounds)
            yield from results("reports", question, found, events, notes={name: note})
        ratio = found[name].median / found["timeline"].median
        yield at_least(
            f"full as-of, late date, against {name}",
            f"≥ {FASTER[name]} × faster, at the largest size it loads in ten minutes",
            f"{times(ratio)} ({duration(found['timeline'].median)} against {duration(found[name].median)})",
            ratio,
            FASTER[name],
            events=events,
            note=note,
        )
        yield from _points(run, name, server, tl, events, facts)


def _rows(server: Any, name: str, as_of: Any) -> pl.DataFrame:
    # MariaDB reads an instant without a zone in the zone of the session, which is UTC.
    rows = server.query(_ROWS[name], [as_of.replace(tzinfo=None) if name == "mariadb" else as_of])
    return pl.DataFrame(
        {
            "fact": [row[0] for row in rows],
            "amount": pl.Series([row[1] for row in rows], dtype=pl.Decimal(38, 9)),
            "reported_at": pl.Series([row[2].replace(tzinfo=None) for row in rows], dtype=pl.Datetime("us")),
        }
    )


def _store_of(run: Run, name: str, loaded: Any) -> Path:
    """Return a store of just the events that a database loaded in time."""
    with run.scratch(f"reports-{name}.parquet") as reports:
        loaded.select(run.reports(), reports)
        return run.built(f"store-{name}-{loaded.events}", lambda target: ingest_in_child(reports, target))


def _points(run: Run, name: str, server: Any, tl: Timeline, events: int, facts: int) -> Iterator[Finding]:
    """Measure one fact by its key, and its history, one call after another."""
    asked = probes(run.facts, run.calls + WARM)
    for fact, as_of in asked[:300]:
        belief, version = tl.belief(fact, as_of=as_of), server.belief(fact, as_of)
        ours = belief and (belief.amount, belief.unit, belief.reported_at)
        theirs = version and (version[0], version[1], version[2].replace(tzinfo=UTC))
        if ours != theirs and (theirs or facts == run.facts):
            raise Differs(f"{fact} as of {as_of}: timeline says {ours}, {name} {theirs}")

    def ours_as_of(probe: Probe) -> Any:
        return tl.belief(probe[0], as_of=probe[1])

    def theirs_as_of(probe: Probe) -> Any:
        return server.belief(*probe)

    found = called_with({"timeline": ours_as_of, name: theirs_as_of}, asked)
    yield from results("reports", f"one fact as of a date, beside {name}", found, events, many=True)
    yield Line(
        f"one fact as of a date, `tl.belief` against {name}",
        "reported; faster where it can be",
        f"{against(found['timeline'], found[name])}; p99 {duration(found['timeline'].p99)} "
        f"against {duration(found[name].p99)}",
        None,
        value=found["timeline"].p50,
        allowed=found[name].p50,
        events=events,
    )
    found = called_with(
        {"timeline": lambda probe: tl.history(probe[0]), name: lambda probe: server.history(probe[0])}, asked
    )
    yield from results("reports", f"history of one fact, beside {name}", found, events, many=True)
