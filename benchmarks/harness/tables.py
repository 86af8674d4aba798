"""Results as JSON, and as Markdown for people: what was to be reached, and what everyone took."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from benchmarks.harness.measure import Finding, Line, Result, duration, many, times

BEGIN: Final = "<!-- results:begin -->"
END: Final = "<!-- results:end -->"
PACKAGES: Final = ("timeline-store", "duckdb", "polars", "pyarrow")
#: Workloads in which every peer is asked every question; of the others a table would be mostly empty.
SQUARE: Final = frozenset({"spytime", "tpcbih"})

#: Workloads whose lines show all that their results do.
SHOWN_BY_LINES: Final = frozenset({"adversarial"})

#: What a results file holds.
Report = dict[str, Any]


def machine() -> dict[str, str]:
    """Return what is known of the machine: processor, cores that this process may use, memory, system."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model[1] if model else platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Return the versions of what is compared in this process."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "from source"
    return found


def empty(settings: Mapping[str, Any]) -> Report:
    """Return a report that has no results yet."""
    return {"machine": machine(), "versions": versions(), "settings": dict(settings), "workloads": {}}


def opened(path: Path, settings: Mapping[str, Any]) -> Report:
    """Return the report in a file; an empty report where there is none, or one of another size."""
    if path.exists():
        report: Report = json.loads(path.read_text(encoding="utf-8"))
        if report["settings"]["events"] == settings["events"]:
            return report | {"machine": machine(), "versions": versions()}
    return empty(settings)


def add(report: Report, workload: str, findings: Iterable[Finding], seconds: float) -> None:
    """Put what a workload found into a report, in place of what it found before."""
    found = list(findings)
    report["workloads"][workload] = {
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds, 1),
        "lines": [asdict(one) for one in found if isinstance(one, Line)],
        "results": [asdict(one) for one in found if isinstance(one, Result)],
    }


def write(report: Report, path: Path) -> None:
    """Write a report as JSON, whole or not at all."""
    partial = path.with_name(f".{path.name}")
    partial.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


# Markdown


def markdown(reports: Sequence[Report], order: Sequence[str]) -> str:
    """Return reports as Markdown, the workloads in this order, a section a size."""
    return "\n\n".join(_section(report, order) for report in reports) + "\n"


def _section(report: Report, order: Sequence[str]) -> str:
    found = [report["workloads"][name] for name in order if name in report["workloads"]]
    lines = [Line(**line) for workload in found for line in workload["lines"]]
    results = [Result(**result) for workload in found for result in workload["results"]]
    parts = [f"### {many(report['settings']['events'])} events", _about(report), _lines(lines)]
    for workload in dict.fromkeys(result.workload for result in results):
        if workload in SHOWN_BY_LINES:
            continue
        of_it = [result for result in results if result.workload == workload]
        parts.append(f"#### {workload}\n\n" + (_square(of_it) if workload in SQUARE else _listed(of_it)))
    return "\n\n".join(part for part in parts if part)


def _about(report: Report) -> str:
    dates = sorted({workload["date"] for workload in report["workloads"].values()})
    when = " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else ""
    on = report["machine"]
    with_ = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    settings = report["settings"]
    return (
        f"{settings['events']:,} events of {settings['facts']:,} facts. "
        f"{on['processor']}, {on['cores']} cores, {on['memory']}, {on['system']}; {with_}; {when}."
    )


def _lines(lines: Sequence[Line]) -> str:
    if not lines:
        return ""
    verdict = {True: "met", False: "**missed**", None: ""}
    rows = [
        (line.what, line.target, line.measured + (f"; {line.note}" if line.note else ""), verdict[line.met])
        for line in lines
    ]
    return _table(("what", "at most / at least", "measured", ""), rows)


def _listed(found: Sequence[Result]) -> str:
    """Return a table with a row for each question: the time of Timeline, and each peer with its ratio."""
    rows = []
    for name in dict.fromkeys(result.name for result in found):
        of_it = [result for result in found if result.name == name]
        ours = next((result for result in of_it if result.peer == "timeline"), None)
        others = [
            f"{result.peer} {_took(result)}"
            + (f" ({times(result.ratio)})" if result.ratio is not None else "")
            for result in of_it
            if result is not ours
        ]
        rows.append((name, _took(ours) if ours else "", "; ".join(others)))
    return _table(("question", "timeline", "others (as a multiple of ours)"), rows)


def _square(found: Sequence[Result]) -> str:
    """Return a table with a row for each question and a column for each peer."""
    peers = list(dict.fromkeys(result.peer for result in found))
    rows = []
    for name in dict.fromkeys(result.name for result in found):
        took = {result.peer: _took(result) for result in found if result.name == name}
        rows.append((name, *(took.get(peer, "") for peer in peers)))
    return _table(("question", *peers), rows)


def _took(result: Result) -> str:
    if result.seconds is None:
        return result.note
    return duration(result.seconds) + (f", p99 {duration(result.p99)}" if result.p99 is not None else "")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    every = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in every)


def update(document: Path, text: str) -> None:
    """Put `text` between the marks for results in a document; ValueError where it has none."""
    before, begin, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document} has no {BEGIN} with an {END} after it")
    document.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")


def show_finding(finding: Finding) -> None:
    """Print on standard error what was found, as soon as it is."""
    if isinstance(finding, Line):
        verdict = {True: "met   ", False: "MISSED", None: "      "}[finding.met]
        print(
            f"  {verdict} {finding.what}: {finding.measured} [{finding.target}]", file=sys.stderr, flush=True
        )
    else:
        ratio = f" ({times(finding.ratio)})" if finding.ratio is not None else ""
        print(f"         {finding.name}: {finding.peer} {_took(finding)}{ratio}", file=sys.stderr, flush=True)
