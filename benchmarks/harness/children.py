"""What has to happen in a process of its own, since its memory or its start is what is measured.

    python -m benchmarks.harness.children NAME ARGUMENTS

Prints the result as one line of JSON. No heavy module is imported before it is needed: one of the functions
measures a start.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any


def ingest(reports: str, store: str) -> dict[str, Any]:
    """Take a file into a new store: validated, hashed, deduplicated, durable, indexed."""
    from benchmarks.harness.measure import peak_memory
    from timeline import Timeline

    start = time.perf_counter()
    with Timeline.create(store) as tl:
        found = tl.ingest(reports, register_unknown=True)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak": peak_memory(), "events": found.new, "known": found.known}


def first_answer(store: str, fact: str, as_of: str, modules: str) -> dict[str, Any]:
    """Open a store and ask for one belief; `modules`, with commas between, are imported before."""
    from timeline import Timeline

    for name in filter(None, modules.split(",")):
        with suppress(ImportError):
            import_module(name)
    before = set(sys.modules)
    start = time.perf_counter()
    with Timeline.open(store) as tl:
        found = tl.belief(fact, as_of=as_of)
        seconds = time.perf_counter() - start
    imported = [name for name in sys.modules if name not in before]
    return {"seconds": seconds, "claim": found.claim if found else None, "imported": imported}


def questions(store: str, facts: str, rows: str) -> dict[str, Any]:
    """Ask every class of question once or a few times, and return the most memory that it took."""
    from benchmarks.harness.measure import peak_memory
    from benchmarks.harness.stores import DATES, day, literal
    from benchmarks.workloads.points import joined_with, probes
    from benchmarks.workloads.recording import AS_RECORDED
    from timeline import Timeline

    peaks: dict[str, int] = {}
    with Timeline.open(store, read_only=True) as tl:
        con = tl.connect()
        for as_of in DATES.values():
            con.sql(f"SELECT count(*), sum(amount) FROM beliefs_as_of({literal(as_of)})").fetchall()
        peaks["full as-of"] = peak_memory()
        sample = probes(int(facts), 50)
        for fact, as_of in sample:
            tl.belief(fact, as_of=as_of)
            tl.beliefs(fact, as_of=as_of)
            tl.history(fact)
            tl.belief(fact, recorded_as_of=AS_RECORDED)
        peaks["one fact"] = peak_memory()
        tl.changes(day(0.5), day(0.51))
        peaks["changes"] = peak_memory()
        tl.at(joined_with(int(facts), int(rows)))
        peaks["point-in-time join"] = peak_memory()
        con.sql(f"FROM beliefs_as_of({literal(DATES['late'])})").to_arrow_table()
        peaks["select * into Arrow"] = peak_memory()
        con.close()
    return {"peak": peak_memory(), "peaks": peaks}


def adversarial(name: str, folder: str, count: str) -> dict[str, Any]:
    """Run one case of benchmarks/workloads/adversarial.py."""
    from benchmarks.workloads.adversarial import run_case

    return dict(run_case(name, folder, count))


CHILDREN: dict[str, Callable[..., dict[str, Any]]] = {
    "ingest": ingest,
    "first_answer": first_answer,
    "questions": questions,
    "adversarial": adversarial,
}

if __name__ == "__main__":
    print(json.dumps(CHILDREN[sys.argv[1]](*sys.argv[2:])))
