"""Taking events in: in bulk, one at a time, a thousand at once; and what that costs the next answer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.harness.measure import (
    Finding,
    Result,
    Timings,
    against,
    at_most,
    called_with,
    duration,
    interleaved,
    results,
    timed,
    times,
    unmeasured,
)
from benchmarks.harness.reports import DAYS, write_reports
from benchmarks.harness.stores import DATES, HUGE, Run, day, ingest_in_child
from benchmarks.peers.engines import Ours, compare
from timeline import Timeline

#: A store grows by a hundredth in PARTS commits; questions of the past know PAST of them.
PARTS: Final = 5
PAST: Final = 2
#: The last commit that these questions know: all earlier events came in one commit.
AS_RECORDED: Final = f"#{1 + PAST}"

APPENDS: Final = 200
#: The date of events that are appended: just after those of the generated reports.
AFTERWARDS: Final = day(1.0)


# Bulk


def bulk(run: Run) -> Iterator[Finding]:
    """Measure a Parquet file taken into a new store, beside the least that can be done with the file."""
    target = "≤ 6 × (read_parquet().write_parquet() + a materialised sort by (fact, reported) in DuckDB)"
    what = "bulk ingest of Parquet, validated, hashed, deduplicated, durable, indexed"
    reports = run.reports()
    if run.events >= HUGE:
        took = run.building(run.store())
        yield Result("reports", "bulk ingest", "timeline", took["seconds"], 1, events=run.events)
        yield unmeasured(
            what, target, f"{duration(took['seconds'])}; no peer at this size", events=run.events
        )
        return
    found = {"timeline": Timings(), "polars: read and write": Timings(), "duckdb: sort": Timings()}
    for _ in range(min(3, run.rounds)):
        with run.scratch("ingest") as store:
            found["timeline"].seconds.append(ingest_in_child(reports, store)["seconds"])
        with run.scratch("copy.parquet") as copy:
            read_and_write = partial(_read_and_write, reports, copy)
            found["polars: read and write"].seconds.append(timed(read_and_write))
        found["duckdb: sort"].seconds.append(timed(partial(_sort, run, reports)))
    yield from results("reports", "bulk ingest", found, run.events)
    base = found["polars: read and write"].median + found["duckdb: sort"].median
    ratio = found["timeline"].median / base
    rate = run.events / found["timeline"].median
    yield at_most(
        what,
        target,
        f"{times(ratio)} ({duration(found['timeline'].median)} against {duration(base)}), "
        f"{rate:,.0f} events a second",
        ratio,
        6,
        events=run.events,
    )


def _read_and_write(reports: Path, copy: Path) -> None:
    pl.read_parquet(reports).write_parquet(copy)


def _sort(run: Run, reports: Path) -> None:
    with run.in_memory() as con:
        con.execute(f"CREATE TABLE sorted AS FROM '{reports}' ORDER BY fact, reported")


# One event


def fresh(run: Run, count: int, seed: int) -> list[dict[str, object]]:
    """Return made-up reports of facts that are known, none of which was recorded before."""
    return [
        {
            "fact": f"subject-{number // 10:07d}/attribute-{number % 10}",
            "amount": f"{(number * 31 + nth) % 1_000_000}.25",
            "unit": ("USD", "GW", "percent", "count")[number % 4],
            "reported": (AFTERWARDS + timedelta(seconds=seed * 100_000 + nth)).isoformat(),
            "source": f"wire-{number % 97:02d}",
        }
        for nth in range(count)
        for number in [(nth * 7_919 + seed * 104_729) % run.facts]
    ]


def append(run: Run) -> Iterator[Finding]:
    """Measure one durable event: in this store, in a small one, and beside the least that a disk needs."""
    events = fresh(run, APPENDS + 20, seed=1)
    small = Run(run.folder, run.small.events, progress=run.progress)
    events_of_small = fresh(small, APPENDS + 20, seed=1)
    with (
        run.clone(run.store()) as large_path,
        run.clone(run.store(run.small)) as small_path,
        Timeline.open(large_path) as large_store,
        Timeline.open(small_path) as small_store,
        tempfile.TemporaryDirectory(dir=run.folder) as folder,
    ):
        functions: dict[str, Callable[[int], object]] = {
            "timeline": lambda nth: large_store.append([events[nth]]),
            f"timeline, {run.small.events:,} events": lambda nth: small_store.append([events_of_small[nth]]),
            "a 4 KiB file": lambda nth: write_durably(Path(folder) / str(nth)),
        }
        found = called_with(functions, range(APPENDS + 20), fewest=APPENDS)
    yield from results("reports", "append of one event, durable", found, run.events, many=True)
    ours, of_small, least = found.values()
    yield at_most(
        f"append of one event, durable, to {run.events:,} against to {run.small.events:,}",
        "≤ 1.5 ×",
        against(ours, of_small),
        ours.median / of_small.median,
        1.5,
        events=run.events,
    )
    yield at_most(
        "append of one event, durable, p50",
        "≤ 6 × (write a new 4 KiB file, fsync it, fsync its folder)",
        against(ours, least),
        ours.median / least.median,
        6,
        events=run.events,
    )


def write_durably(path: Path) -> None:
    """Write a new file of 4 KiB that survives a loss of power."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        os.write(descriptor, bytes(4096))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def known(run: Run) -> Iterator[Finding]:
    """Measure events that the store has already, given to it again: what its size adds to finding them."""
    with (
        run.clone(run.store()) as large_path,
        run.clone(run.store(run.small)) as small_path,
        Timeline.open(large_path) as large_store,
        Timeline.open(small_path) as small_store,
    ):
        for count, allowed in ((1, 0.001), (1_000, 0.005)):
            again = partial(_ingest_again, large_store, _some_of(run.reports(), run.events, count))
            again_small = partial(
                _ingest_again, small_store, _some_of(run.reports(run.small), run.small.events, count)
            )
            other = f"timeline, {run.small.events:,} events"
            found = interleaved({"timeline": again, other: again_small}, rounds=4 * run.rounds)
            name = f"ingest of {count:,} known event{'s' if count > 1 else ''}"
            yield from results("reports", name, found, run.events)
            added = found["timeline"].median - found[other].median
            yield at_most(
                f"finding known events, {name}: what a store of {run.events:,} adds to one of "
                f"{run.small.events:,}",
                f"≤ {allowed * 1000:g} ms",
                f"{added * 1000:+.2f} ms ({duration(found['timeline'].median)} against "
                f"{duration(found[other].median)}, all of the call)",
                added,
                allowed,
                events=run.events,
            )


def _ingest_again(tl: Timeline, events: pl.DataFrame) -> None:
    found = tl.ingest(events)
    if found.new or found.known != events.height:
        raise RuntimeError(
            f"expected {events.height} known events, got {found.known} and {found.new} new ones"
        )


def _some_of(reports: Path, events: int, count: int) -> pl.DataFrame:
    """Return some rows of a file of reports, far from each other."""
    step = max(1, events // count)
    return pl.scan_parquet(reports).gather_every(step, offset=step // 2).head(count).collect()


# A thousand events at once


def commit(run: Run) -> Iterator[Finding]:
    """Measure a commit of a thousand events: the first answer of an open store, before and after."""
    count = min(1_000, run.events // 10)
    asked: dict[str, Callable[[Timeline, str], object]] = {
        "full as-of": lambda tl, fact: Ours(tl).total(DATES["late"]),
        "one fact": lambda tl, fact: tl.belief(fact, as_of=DATES["late"]),
    }
    for name, answer in asked.items():
        before, after, taking = Timings(), Timings(), Timings()
        for nth in range(min(3, run.rounds)):
            with run.clone(run.store()) as path, Timeline.open(path) as tl:
                events = _thousand(run, tl, count, seed=10 + nth)
                fact = str(events[0]["fact"])
                answer(tl, fact)
                before.seconds += [timed(partial(answer, tl, fact)) for _ in range(5)]
                taking.seconds.append(timed(partial(tl.append, events)))
                after.seconds.append(timed(partial(answer, tl, fact)))
        question = f"first answer after a commit of {count:,} events ({name})"
        yield from results(
            "reports",
            question,
            {"timeline": after, "timeline, before": before, "the commit itself": taking},
            run.events,
        )
        allowed = 1.5 * before.median + 0.15
        yield at_most(
            f"one commit of {count:,} events (5 % late, some correcting): first answer after it, {name}",
            "≤ 1.5 × before + 150 ms",
            f"{duration(after.median)} against {duration(before.median)}, {duration(allowed)} allowed",
            after.median,
            allowed,
            events=run.events,
        )


def _thousand(run: Run, tl: Timeline, count: int, seed: int) -> list[dict[str, object]]:
    """Return new reports, a twentieth dated long before, and corrections of a fiftieth as many old ones."""
    events = fresh(run, count - count // 50, seed)
    for nth, event in enumerate(events[::20]):
        event["reported"] = (day(0.5) + timedelta(hours=nth)).isoformat()
    with tl.connect() as con:
        positions = [run.events // 2 + 97 * nth for nth in range(count // 40)]
        targets = con.execute(
            "SELECT event_id, unit FROM events WHERE event_type = 'reported' "
            f"AND position IN (SELECT unnest($1::BIGINT[])) LIMIT {count // 50}",
            [positions],
        ).fetchall()
    events += [
        {"type": "corrected", "target": target, "amount": "1.5", "unit": unit, "reason": "a slip"}
        for target, unit in targets
    ]
    return events


# A hundredth more


def grown_by(run: Run, parts: list[Path], store: Path) -> None:
    """Take a hundredth as many events again into a store, in a few commits."""
    with Timeline.open(store) as tl:
        for part in parts:
            tl.ingest(part, register_unknown=True)


def parts_of(run: Run) -> list[Path]:
    """Return files of later reports: a hundredth as many in all, a twentieth of them late."""
    each = 200 if run.events >= HUGE else max(10, run.events // (100 * PARTS))
    parts = []
    for nth in range(PARTS):
        part = run.path(f"reports-more-{run.events}-{nth}.parquet")
        if not part.exists():
            partial_file = part.with_suffix(".partial")
            first = (AFTERWARDS + timedelta(days=DAYS / 100 / PARTS) * nth).date().isoformat()
            write_reports(
                partial_file,
                each,
                run.facts,
                first_day=first,
                days=max(1, DAYS // (100 * PARTS)),
                seed=100 + nth,
            )
            partial_file.rename(part)
        parts.append(part)
    return parts


def grown(run: Run) -> tuple[Path, list[Path]]:
    """Return a store that took in a hundredth more after its first commit, and the files that it took."""
    parts, base = parts_of(run), run.store()

    def build(target: Path) -> dict[str, Any]:
        with run.clone(base) as clone:
            grown_by(run, parts, clone)
            if run.events < HUGE:
                with Timeline.open(clone) as tl:
                    renewal(tl)()
            clone.rename(target)
        return {"events": run.events, "parts": len(parts)}

    return run.built(f"grown-{run.events}", build), parts


def renewal(tl: Timeline) -> Callable[[], object]:
    """Return what makes the next generation: from the one before where there is a way, else from the log."""
    refresh: Callable[[], object] | None = getattr(tl, "refresh", None)
    return refresh or tl.rebuild


def generation(run: Run) -> Iterator[Finding]:
    """Measure the next generation after a hundredth more events, beside building one from the log."""
    what, target = "next generation after 1 % change", "≤ 0.15 × a full build"
    if run.events >= HUGE:
        yield unmeasured(
            what, target, "not measured: two generations of this size need more disk", events=run.events
        )
        return
    found = {"timeline": Timings(), "timeline, full build": Timings()}
    parts, base = parts_of(run), run.store()
    why = "" if hasattr(Timeline, "refresh") else "not available: there is no Timeline.refresh()"
    for _ in range(1 if run.events > 1_000_000 else min(3, run.rounds)):
        with run.clone(base) as path:
            grown_by(run, parts, path)
            with Timeline.open(path) as tl:
                tail = Ours(tl).rows(DATES["late"])
                waiting = tl.stats()["tail_events"]
                if not waiting and not why:
                    why = "not measured: the next generation was built while the events were taken in"
                if not why:
                    found["timeline"].seconds.append(timed(renewal(tl)))
                    compare("next generation", "the tail", Ours(tl).rows(DATES["late"]), tail)
                found["timeline, full build"].seconds.append(timed(tl.rebuild))
                compare("full build", "the next generation", Ours(tl).rows(DATES["late"]), tail)
    if why:
        full = found["timeline, full build"]
        yield Result("reports", "full build", "timeline", full.median, full.runs, events=run.events)
        yield unmeasured(what, target, why, events=run.events)
        return
    yield from results("reports", what, found, run.events)
    ours, full = found.values()
    yield at_most(what, target, against(ours, full), ours.median / full.median, 0.15, events=run.events)
