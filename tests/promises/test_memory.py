"""What an ingest keeps in memory does not grow with the number of its events, good or bad.

A process of its own takes a few thousand events, another one some times as many, and the peaks of both are
compared. They resolve and write fewer events at once than usual, so that this costs seconds;
`TIMELINE_LONG=1` takes hundreds of thousands with the sizes that are usual.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from tests.commands import environment
from tests.examples import LONG

MIB = 2**20
#: An event may take so many bytes: its place in indexes, and what allocators keep. As an object it has 4,000.
EACH = 2_000
SHORT = (12_000, 26_000)

CHILD = """
import resource, sys
from timeline import Timeline
from timeline.errors import BadRows
from timeline.intake.files import read_batches
from timeline.intake.names import Naming
from timeline.intake.rows import Intake
from timeline.log import log, writing

path, store, rejects, at_once = sys.argv[1:]
if int(at_once):
    Intake.__init__.__kwdefaults__.update(at_once=int(at_once), in_memory=int(at_once))
    writing.ROW_GROUP = log.MANY = int(at_once)
with Timeline.create(store) as tl:
    # Without the index, which is built behind it.
    done = tl._record(read_batches(path), naming=Naming.of(True, True), rejects=rejects)
    bad = len(done.rejected) + done.more_rejected
print(done.new, bad, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def events(count: int) -> Iterator[dict[str, str]]:
    """Yield events of each kind: reports, also with keys, corrections of earlier ones, known and bad ones."""
    for nth in range(count):
        report = {
            "fact": f"company-{nth % 100}/revenue@{1000 + nth // 100 % 8_000}",
            "claim": f"{nth} USD",
            "source": "paper",
            "reported": "2025-02-01",
            "statement": f"Revenue number {nth} was stated in the report of that year",
        }
        if nth % 20 == 1:
            yield {"type": "corrected", "target": f"key {nth - 1}", "claim": f"{nth} EUR", "reason": "slip"}
        elif nth % 100 == 2:
            yield report | {"fact": f"no fact {nth}"}
        elif nth % 100 == 3:
            yield report | {"reporter": "unknown"}
        else:
            yield report | ({"key": f"key {nth}"} if nth % 20 == 0 else {})


def peak(path: Path, folder: Path, at_once: int) -> tuple[int, int, int]:
    """Return how many events were recorded and refused, and the bytes that it took in memory."""
    name = path.name.replace(".", "-")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            CHILD,
            path,
            folder / f"store-{name}",
            folder / f"rejects-{name}",
            str(at_once),
        ],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    new, bad, kib = map(int, done.stdout.split())
    return new, bad, kib * 1024


def written(folder: Path, count: int) -> Path:
    path = folder / f"{count}.jsonl"
    with path.open("w") as file:
        file.writelines(json.dumps(event) + "\n" for event in events(count))
    return path


def test_memory_does_not_grow_with_the_events(tmp_path: Path) -> None:
    few, many = (written(tmp_path, count) for count in SHORT)
    new, bad, less = peak(few, tmp_path, 1_000)
    assert (new, bad) == (SHORT[0] * 98 // 100, SHORT[0] * 2 // 100)
    new, bad, more = peak(many, tmp_path, 1_000)
    assert (new, bad) == (SHORT[1] * 98 // 100, SHORT[1] * 2 // 100)
    each = (more - less) / (SHORT[1] - SHORT[0])
    assert each < EACH, f"{each:.0f} bytes an event: {less / MIB:.0f} MiB, then {more / MIB:.0f} MiB"


def as_jsonl(path: Path, rows: pa.Table) -> None:
    with path.open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows.to_pylist())


def as_csv(path: Path, rows: pa.Table) -> None:
    pa_csv.write_csv(rows, path)


def as_parquet(path: Path, rows: pa.Table) -> None:
    pq.write_table(rows, path)


@pytest.mark.skipif(not LONG, reason="takes minutes; TIMELINE_LONG=1 runs it")
@pytest.mark.parametrize("is_bad", [False, True], ids=["good", "bad"])
@pytest.mark.parametrize(
    ("suffix", "write", "count"),
    [("jsonl", as_jsonl, 1_000_000), ("csv", as_csv, 300_000), ("parquet", as_parquet, 300_000)],
    ids=["jsonl", "csv", "parquet"],
)
def test_memory_of_very_many_events(
    tmp_path: Path, suffix: str, write: Callable[[Path, pa.Table], None], count: int, is_bad: bool
) -> None:
    rows = [
        {
            "fact": f"no fact {nth}" if is_bad else f"company-{nth % 1_000}/revenue@{1000 + nth // 1_000}",
            "claim": f"{nth} USD",
            "source": "paper",
            "reported": "2025-02-01",
            "statement": f"Revenue number {nth} was stated in the report of that year",
        }
        for nth in range(count)
    ]
    small, large = tmp_path / f"small.{suffix}", tmp_path / f"large.{suffix}"
    write(small, pa.Table.from_pylist(rows[:10]))
    write(large, pa.Table.from_pylist(rows))
    *_, bare = peak(small, tmp_path, 0)
    new, bad, most = peak(large, tmp_path, 0)
    assert (bad if is_bad else new) == count
    more = most - bare - large.stat().st_size
    assert more < 256 * MIB, f"{more / MIB:.0f} MiB more than {bare / MIB:.0f} MiB and its file"
