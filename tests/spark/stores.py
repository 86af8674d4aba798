"""Stores to ask a cluster about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness.reports import write_reports
from tests.index.test_fold_sql import append, store
from tests.strategies import Step, entries_of, written
from timeline import Timeline
from timeline.meaning import fold

__all__ = ["recorded", "terms_of_office"]


@contextmanager
def recorded(log: Sequence[Sequence[Step]]) -> Iterator[tuple[Timeline, list[fold.Entry]]]:
    """Yield a store of these histories, and its events as `fold` takes them."""
    commits = written(log)
    with store() as (writer, _):
        append(writer, commits)
        with Timeline.open(writer.folder.parent) as tl:
            yield tl, entries_of(commits)


def terms_of_office(folder: Path, events: int = 8_000) -> Path:
    """Make a store like the record of a parliament: many facts, reported once or twice and then withdrawn.

    A few are corrected and retracted, and a few hold for a time that overlaps with another's.
    """
    reports = write_reports(folder / "reports.parquet", events, events * 2 // 5, late=0.1, withdrawn=0.4)
    with Timeline.create(folder / "store") as tl:
        tl.ingest(reports, register_unknown=True)
        known = tl.connect().sql("SELECT event_id, fact FROM events WHERE event_type = 'reported'").fetchall()
        amended = known[:: len(known) // 50]
        tl.append(
            [
                {"type": "corrected", "target": event_id, "claim": "1 USD", "reason": "misread"}
                for event_id, _ in amended
            ]
        )
        tl.append(
            [
                {"type": "retracted", "target": event_id, "reported": "2024-03-01", "source": "wire-01"}
                for event_id, _ in amended[::3]
            ]
        )
        tl.append(
            [
                {"fact": fact, "claim": f"{n} GW", "reported": "2024-02", "valid": valid, "source": "wire-02"}
                for n, (_, fact) in enumerate(known[: len(known) // 2 : len(known) // 100])
                for valid in ("2024/2025", "2025/..", "2020-05/2024-06")
            ]
        )
    return folder / "store"
