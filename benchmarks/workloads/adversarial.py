"""Data that are out to hurt: each case at a size and at a quarter of it, so that what is quadratic shows.

Each case runs in a process of its own, which is ended when it takes too long. It checks its answers by the
reports alone, and returns how many seconds each step took.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import duckdb

from benchmarks.harness.measure import Differs, Finding, Line, Result, Timings, bytes_in, duration, times
from benchmarks.harness.stores import Run, in_child
from timeline import Timeline

#: Four times the size may take this many times as long, and a moment; quadratic steps take sixteen times.
GROWTH: Final = 8.0
MOMENT: Final = 0.1
#: No case may take longer than this, at either size.
PATIENCE: Final = 900.0

Seconds = dict[str, float]
DAY: Final = date(2020, 5, 5)


def one_fact(folder: Path, count: int) -> Seconds:
    """Measure one fact with very many revisions."""
    reports = _write(
        folder,
        f"""
        SELECT 'acme/price' AS fact, i::DECIMAL(18, 2) AS amount, 'USD' AS unit, 'wire' AS source,
            make_timestamptz(epoch_us(TIMESTAMP '2000-01-01') + i * 60000000) AS reported
        FROM (SELECT range AS i FROM range({count}))
        """,
    )
    seconds: Seconds = {}
    with _taken_in(folder, reports, seconds) as tl:

        def at(nth: int) -> None:
            belief = tl.belief("acme/price", as_of=datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=nth))
            _expect(belief and belief.amount, nth)

        for nth in range(0, count, max(1, count // 20)):
            _often(seconds, "one fact", partial(at, nth))
        _often(seconds, "history", lambda: _expect(tl.history("acme/price").height, count))
        _often(seconds, "full as-of", lambda: _expect(tl.beliefs(as_of="2300-01-01").height, 1))
    return seconds


def overlapping(folder: Path, count: int) -> Seconds:
    """Measure one fact with very many valid periods that overlap."""
    reports = _write(
        folder,
        f"""
        SELECT 'acme/price' AS fact, i::DECIMAL(18, 2) AS amount, 'USD' AS unit, 'wire' AS source,
            make_timestamptz(epoch_us(TIMESTAMP '2000-01-01') + i * 60000000) AS reported,
            (DATE '1990-01-01' + (hash(i) % 10000)::INTEGER)::VARCHAR AS valid_from,
            (DATE '1990-01-01' + (hash(i) % 10000 + hash(i, 1) % 1000 + 1)::INTEGER)::VARCHAR AS valid_to
        FROM (SELECT range AS i FROM range({count}))
        """,
    )
    seconds: Seconds = {}
    with _taken_in(folder, reports, seconds) as tl, duckdb.connect() as con:

        def at(day: date) -> None:
            belief = tl.belief("acme/price", as_of="2019-01-01", valid_at=day)
            [(last,)] = con.execute(
                f"SELECT max(amount) FROM '{reports}' WHERE valid_from <= $1 AND valid_to > $1", [str(day)]
            ).fetchall()
            _expect(belief and belief.amount, last)

        for nth in range(20):
            _often(seconds, "one fact", partial(at, date(1990, 1, 1) + timedelta(days=500 * nth)))
        _often(seconds, "history", lambda: _expect(tl.history("acme/price").height, count))
        _often(seconds, "full as-of", lambda: tl.beliefs(as_of="2019-01-01"))
    return seconds


def one_commit(folder: Path, count: int) -> Seconds:
    """Measure very many facts, a report of each, in one commit."""
    reports = _write(
        folder,
        f"""
        SELECT format('subject-{{:07d}}/price', i) AS fact, i::DECIMAL(18, 2) AS amount, 'USD' AS unit,
            'wire' AS source, make_timestamptz(epoch_us(TIMESTAMP '2000-01-01') + i * 60000000) AS reported
        FROM (SELECT range AS i FROM range({count}))
        """,
    )
    seconds: Seconds = {}
    with _taken_in(folder, reports, seconds) as tl:
        _ask_of_all(tl, seconds, count, f"subject-{count // 2:07d}/price", count // 2)
    return seconds


def one_day(folder: Path, count: int) -> Seconds:
    """Measure reports of one day, ten a fact, without a time of day: only places in the log differ."""
    reports = _write(
        folder,
        f"""
        SELECT format('subject-{{:07d}}/price', i % {count // 10}) AS fact, i::DECIMAL(18, 2) AS amount,
            'USD' AS unit, 'wire' AS source, DATE '{DAY}' AS reported
        FROM (SELECT range AS i FROM range({count // 10 * 10}))
        """,
    )
    seconds: Seconds = {}
    with _taken_in(folder, reports, seconds) as tl:
        facts = count // 10
        _ask_of_all(tl, seconds, facts, f"subject-{facts // 2:07d}/price", 9 * facts + facts // 2)
        _often(
            seconds, "the day before", lambda: _expect(tl.beliefs(as_of=DAY - timedelta(days=1)).height, 0)
        )
    return seconds


def many_commits(folder: Path, count: int) -> Seconds:
    """Measure very many commits of one event: what each takes near the end, and what opening takes then."""
    seconds: Seconds = {}
    store = folder / "store"
    recent = Timings()
    start = time.perf_counter()
    with Timeline.create(store) as tl:
        for nth in range(count):
            event: dict[str, object] = {
                "fact": f"subject-{nth % 1000:07d}/price",
                "amount": str(nth),
                "unit": "USD",
                "source": "wire",
                "reported": (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=nth)).isoformat(),
            }
            begun = time.perf_counter()
            tl.append([event], register_unknown=True)
            if nth >= count * 9 // 10:
                recent.seconds.append(time.perf_counter() - begun)
    seconds["all appends"] = time.perf_counter() - start
    seconds["one append"] = recent.median

    def first_belief() -> None:
        with Timeline.open(store) as tl:
            belief = tl.belief(f"subject-{(count - 1) % 1000:07d}/price", as_of="2300-01-01")
            _expect(belief and belief.amount, count - 1)

    begun = time.perf_counter()
    first_belief()
    seconds["the first open"] = time.perf_counter() - begun
    _often(seconds, "open", first_belief)
    return seconds


def _ask_of_all(tl: Timeline, seconds: Seconds, facts: int, fact: str, amount: int) -> None:
    """Measure a full as-of, one fact and its history, once everything was reported."""
    con = tl.connect()

    def full() -> None:
        [(count, _)] = con.execute("SELECT count(*), sum(amount) FROM beliefs_as_of('2300-01-01')").fetchall()
        _expect(count, facts)

    def one() -> None:
        belief = tl.belief(fact, as_of="2300-01-01")
        _expect(belief and belief.amount, amount)

    _often(seconds, "full as-of", full)
    _often(seconds, "one fact", one)
    _often(seconds, "history", lambda: tl.history(fact))


def _write(folder: Path, query: str) -> Path:
    reports = folder / "reports.parquet"
    with duckdb.connect() as con:
        con.execute(f"COPY ({query} ORDER BY i) TO '{reports}' (FORMAT parquet, COMPRESSION zstd)")
    return reports


@contextmanager
def _taken_in(folder: Path, reports: Path, seconds: Seconds) -> Iterator[Timeline]:
    start = time.perf_counter()
    with Timeline.create(folder / "store") as tl:
        tl.ingest(reports, register_unknown=True)
        seconds["ingest"] = time.perf_counter() - start
        yield tl


def _often(seconds: Seconds, name: str, ask: Callable[[], object]) -> None:
    """Measure the median of five calls after one that warms up; of several things asked, keep the slowest."""
    ask()
    found = Timings()
    for _ in range(5):
        start = time.perf_counter()
        ask()
        found.seconds.append(time.perf_counter() - start)
    seconds[name] = max(found.median, seconds.get(name, 0.0))


def _expect(found: object, expected: object) -> None:
    if found != expected:
        raise Differs(f"expected {expected}, got {found}")


#: Each case with its size where all of them have their full one, and the steps that have to stay flat.
CASES: Final[dict[str, tuple[Callable[[Path, int], Seconds], str, int, frozenset[str]]]] = {
    "one_fact": (one_fact, "one fact with {} revisions", 100_000, frozenset()),
    "overlapping": (overlapping, "one fact with {} overlapping valid periods", 10_000, frozenset()),
    "one_commit": (one_commit, "{} facts in one commit", 1_000_000, frozenset()),
    "many_commits": (many_commits, "{} commits of one event", 20_000, frozenset({"open", "one append"})),
    "one_day": (one_day, "{} reports, all on one day", 1_000_000, frozenset()),
}

#: A step that has to stay flat may take this many times as long, and a moment of a few milliseconds.
FLAT: Final = 1.5
FLAT_MOMENT: Final = 0.01


def run_case(name: str, folder: str, count: str) -> Seconds:
    """Run one case in this process, in a new folder that the caller removes."""
    Path(folder).mkdir(parents=True)
    seconds = CASES[name][0](Path(folder), int(count))
    seconds["bytes"] = float(bytes_in(Path(folder) / "store"))
    return seconds


def adversarial(run: Run) -> Iterator[Finding]:
    """Measure every case, at a share of its size where the run is smaller than a million events."""
    for name, (_, title, full_size, flat) in CASES.items():
        count = max(40, int(full_size * min(1.0, run.events / 1_000_000)))
        what = title.format(f"{count:,}")
        small = _measure(run, name, count // 4)
        large = _measure(run, name, count) if isinstance(small, dict) else small
        yield from _found(what, count, small, large, flat)


def _measure(run: Run, name: str, count: int) -> Seconds | str:
    """Return what a case took, or why that is not known."""
    with run.scratch(f"adversarial-{name}") as folder:
        try:
            return in_child("adversarial", name, folder.resolve(), count, patience=PATIENCE)
        except subprocess.TimeoutExpired:
            return f"not done within {duration(PATIENCE)} at {count:,}"
        except subprocess.CalledProcessError as error:
            return f"failed at {count:,}: exit status {error.returncode}"


def _found(
    what: str, count: int, small: Seconds | str, large: Seconds | str, flat: frozenset[str]
) -> Iterator[Finding]:
    target = f"none quadratic: 4 × the size takes ≤ {GROWTH:g} × the time"
    if flat:
        target += f"; {' and '.join(sorted(flat))} flat"
    if isinstance(small, str) or isinstance(large, str):
        yield Line(what, target, large if isinstance(large, str) else str(small), False, events=count)
        return
    small.pop("bytes")
    taken = large.pop("bytes")
    broken = []
    for step, seconds in large.items():
        allowed = FLAT * small[step] + FLAT_MOMENT if step in flat else GROWTH * small[step] + MOMENT
        if seconds > allowed:
            broken.append(step)
        yield Result("adversarial", f"{what}: {step}", "timeline", seconds, events=count)
        yield Result("adversarial", f"{what}: {step}", "timeline, a quarter", small[step], events=count // 4)
    growth = max(large[step] / small[step] for step in (broken or large))
    measured = ", ".join(
        f"{step} {duration(seconds)} ({times(seconds / small[step])})" for step, seconds in large.items()
    )
    yield Line(
        what,
        target,
        measured,
        not broken,
        value=growth,
        allowed=GROWTH,
        events=count,
        note=f"{taken / count:,.0f} bytes an event"
        + (f"; not met by: {', '.join(broken)}" if broken else ""),
    )
