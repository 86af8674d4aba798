"""The one command that measures everything; benchmarks/README.md describes what there is to measure.

    python -m benchmarks [--size 100k|1M|10M|100M] [--only NAME ...] [--peers duckdb,polars,...]

Exits with 1 where an answer was wrong or a measurement failed, and with 0 where all measurements were made,
whether or not the targets were reached: the tables show that.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final

from benchmarks.harness import tables
from benchmarks.harness.measure import Finding, Line, skipped
from benchmarks.harness.stores import PEERS, Run

Workload = Callable[[Run], Iterable[Finding]]

#: The bitemporal workloads hold at most this many events: some peers resolve all of them for each answer.
BITEMPORAL_AT_MOST: Final = 1_000_000


def _from(module: str, name: str) -> Workload:
    """Return a workload that is imported when it is run, so that one can be missing without the others."""
    return lambda run: getattr(import_module(f"benchmarks.workloads.{module}"), name)(run)


def _bitemporal(module: str, run: Run) -> Iterator[Finding]:
    """Return a workload on two axes of time, without the peers that are not installed."""
    from benchmarks.workloads.databases import why_not

    missing = {peer: why for peer in run.peers if (why := why_not(peer))}
    for peer, why in missing.items():
        yield skipped(module, "all questions", peer, run.events, why)
    peers = [peer for peer in run.peers if peer not in missing]
    size = min(run.events, BITEMPORAL_AT_MOST)
    yield from import_module(f"benchmarks.standards.{module}").run(size, run.folder, peers, run.rounds)


#: The workloads, in the order of the tables.
WORKLOADS: Final[dict[str, Workload]] = {
    "full": _from("asof", "full"),
    "shapes": _from("asof", "shapes"),
    "mariadb": _from("databases", "mariadb"),
    "postgresql": _from("databases", "postgresql"),
    "arrow": _from("asof", "into_arrow"),
    "longer-history": _from("asof", "longer_history"),
    "one-fact": _from("points", "one_fact"),
    "join": _from("points", "join"),
    "changes": _from("asof", "changes"),
    "bulk": _from("recording", "bulk"),
    "append": _from("recording", "append"),
    "known": _from("recording", "known"),
    "commit": _from("recording", "commit"),
    "generation": _from("recording", "generation"),
    "recorded": _from("points", "recorded"),
    "open": _from("resources", "opening"),
    "memory": _from("resources", "memory"),
    "disk": _from("resources", "disk"),
    "verify": _from("resources", "verifying"),
    "adversarial": _from("adversarial", "adversarial"),
    "spytime": partial(_bitemporal, "spytime"),
    "tpcbih": partial(_bitemporal, "tpcbih"),
    "web": _from("web", "web"),
    "congress": _from("congress", "congress"),
}
SIZES: Final = {"100k": 100_000, "1M": 1_000_000, "10M": 10_000_000, "100M": 100_000_000}


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure Timeline beside what people use instead."
    )
    parser.add_argument(
        "--size", type=_events, default=100_000, help="events: 100k, 1M, 10M, 100M, or a number"
    )
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, metavar="NAME", help=", ".join(WORKLOADS))
    parser.add_argument("--peers", type=_peers, default=PEERS, help=f"some of {','.join(PEERS)}, or none")
    parser.add_argument(
        "--folder", type=Path, default=Path(".benchmarks"), help="where stores are built and kept"
    )
    parser.add_argument("--data", type=Path, help="the folder of the congress record")
    parser.add_argument("--rounds", type=int, default=11, help="how often each question is asked")
    parser.add_argument("--load-seconds", type=float, default=600, help="how long a server may take to load")
    parser.add_argument("--json", type=Path, help="results, added to; default: in the folder, by size")
    parser.add_argument("--markdown", type=Path, help="also write the results as Markdown")
    parser.add_argument("--update", type=Path, help="put them between the marks in this document")
    parser.add_argument(
        "--render", type=Path, nargs="+", metavar="JSON", help="measure nothing; render these results"
    )
    return parser.parse_args(arguments)


def _events(text: str) -> int:
    return SIZES.get(text) or int(text.replace("_", ""))


def _peers(text: str) -> tuple[str, ...]:
    named = tuple(name for name in text.split(",") if name and name != "none")
    if unknown := set(named) - set(PEERS):
        raise argparse.ArgumentTypeError(f"no peer {min(unknown)!r}; there are {', '.join(PEERS)}")
    return named


def measured(run: Run, name: str) -> tuple[list[Finding], bool]:
    """Return what a workload found, and whether it was completed; a failure is a finding too."""
    found: list[Finding] = []
    try:
        for finding in WORKLOADS[name](run):
            found.append(finding)
            tables.show_finding(finding)
    except Exception as error:
        traceback.print_exc()
        why = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        found.append(
            Line(name, "measured, with the right answers", f"failed: {why}", False, events=run.events)
        )
        return found, False
    return found, True


def main(arguments: list[str] | None = None) -> int:
    given = options(arguments)
    if given.render:
        _publish(given, [json.loads(path.read_text(encoding="utf-8")) for path in given.render])
        return 0
    run = Run(
        folder=given.folder,
        events=given.size,
        peers=given.peers,
        rounds=given.rounds,
        load_seconds=given.load_seconds,
        data=given.data,
        progress=partial(print, "        ", file=sys.stderr, flush=True),
    )
    names = given.only or [name for name in WORKLOADS if name != "congress" or given.data]
    target = given.json or run.path(f"results-{run.events}.json")
    report = tables.opened(target, {"events": run.events, "facts": run.facts, "rounds": run.rounds})
    whole = True
    for name in names:
        print(f"{name}, {run.events:,} events", file=sys.stderr, flush=True)
        start = time.perf_counter()
        found, complete = measured(run, name)
        whole &= complete
        tables.add(report, name, found, time.perf_counter() - start)
        tables.write(report, target)
    _publish(given, [report])
    return 0 if whole else 1


def _publish(given: argparse.Namespace, reports: list[tables.Report]) -> None:
    text = tables.markdown(reports, list(WORKLOADS))
    if given.markdown:
        given.markdown.write_text(text, encoding="utf-8")
    if given.update:
        tables.update(given.update, text)
    if not given.markdown and not given.update:
        print(text)


if __name__ == "__main__":
    sys.exit(main())
