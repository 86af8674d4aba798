"""Mutation testing: change one place of the code at a time, and see whether a test notices.

    nice python -m tests.mutants meaning --sample 300 --seed 1 --out survivors.json
    nice python -m tests.mutants meaning --again survivors.json

A sample is drawn at random from all mutants of a room of timeline/, or of the modules that are named. Each is
written into a copy of this checkout; the tests that execute its lines run in a process of their own, quick
ones first, until one fails. It is killed where one fails or takes too long, and survives otherwise.
Properties draw the same examples in each run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tests.mutants.operators import Mutant, mutants_of

#: The tests that are to notice what changes in a room, besides its own.
BESIDE: Final = {
    "meaning": ["tests/log/test_proofs.py"],
    "log": ["tests/promises/test_log_faults.py", "tests/promises/test_tampering.py"],
    "index": ["tests/promises/test_every_reader.py", "tests/promises/test_store_machine.py"],
}
#: What tests need that takes long to import, and that no mutant changes.
_HEAVY: Final = ("pytest", "hypothesis", "duckdb", "polars", "pyarrow.parquet", "pydantic", "typer", "yaml")
_SURVIVES: Final = {0, 5}
#: How long the tests of one mutant may take: seconds of CPU and times that of the tests as they are.
_SECONDS, _TIMES = 10, 4


@dataclass(frozen=True, slots=True)
class Covered:
    """Which tests execute which lines of which files, and how long each takes, in seconds."""

    lines: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def tests_of(self, file: str, mutant: Mutant, *, widely: bool = False) -> list[str]:
        """Return the tests that execute a mutant, the quickest first.

        All tests where a mutant is executed by an import. `widely`, those that execute any of the file: of
        what is kept for all, only the first test is known that asks for it.
        """
        lines = self.lines.get(file, {})
        executed = [at for at in range(mutant.line, mutant.last_line + 1) if lines.get(at)]
        if widely:
            executed = list(lines)
        elif not executed:
            # A part of a statement is executed where Python notes it: at the part or at a line before.
            executed = [max((at for at in lines if at < mutant.line), default=0)]
        tests = {test for at in executed for test in lines.get(at, ())}
        if mutant.at_import or (widely and not tests):
            tests = set(self.seconds)
        return sorted(tests, key=lambda test: self.seconds[test])


class _Chosen:
    """A plugin of pytest: runs the chosen tests alone, in their order, with the same examples each time."""

    def __init__(self, tests: list[str]) -> None:
        self._order = {test: at for at, test in enumerate(tests)}

    def pytest_configure(self) -> None:
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants",
            settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev")),
            # To shrink an example takes long, and nobody reads it.
            phases=[Phase.explicit, Phase.generate],
            database=None,
            derandomize=True,
        )
        settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self._order:
            items[:] = [item for item in items if item.nodeid in self._order]

    def pytest_collection_finish(self, session: Any) -> None:
        if self._order:
            session.items.sort(key=lambda item: self._order[item.nodeid])


class _Watching(_Chosen):
    """A plugin of pytest: notes which test executes which lines, and how long it takes."""

    def __init__(self, coverage: Any) -> None:
        super().__init__([])
        self._coverage = coverage
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration


def _pytest(files: list[str], plugin: object) -> int:
    import pytest

    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]
    # Hypothesis was imported before, and nobody reads what its assertions compare.
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*options, *files], plugins=[plugin]))


def _covered(room: str, beside: list[str]) -> Covered:
    """Run the tests of a room as it is, which all have to pass, and return what they execute."""
    import coverage

    watched = coverage.Coverage(data_file=None, source=[f"timeline/{room}"], config_file=False)
    plugin = _Watching(watched)
    watched.start()
    paths = [f"tests/{room}", f"timeline/{room}", *beside]
    failed = _pytest([path for path in paths if Path(path).exists()], plugin)
    watched.stop()
    if failed:
        sys.exit("a test fails on the code as it is")
    lines: dict[str, dict[int, list[str]]] = {}
    data = watched.get_data()
    for file in data.measured_files():
        by_line = data.contexts_by_lineno(file)
        lines[str(Path(file).relative_to(Path.cwd()))] = {
            line: sorted(filter(None, tests)) for line, tests in by_line.items()
        }
    return Covered(lines, dict(plugin.seconds))


def _in_child(run: Any, seconds: float | None = None) -> int:
    """Run a function in a copy of this process; return its exit code, or minus the signal that ended it."""
    sys.stdout.flush()
    process = os.fork()
    if not process:
        os.setsid()
        code = 3
        try:
            if seconds is not None:
                limit = math.ceil(seconds)
                resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
                resource.setrlimit(resource.RLIMIT_DATA, (4 * 2**30,) * 2)
                quiet = os.open(os.devnull, os.O_WRONLY)
                os.dup2(quiet, 1)
                os.dup2(quiet, 2)
            code = run()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    # One that waits takes no CPU; a busy machine may be ten times as slow.
    deadline = math.inf if seconds is None else time.monotonic() + 10 * seconds
    status = 0
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    if not done:
        os.waitpid(process, 0)
        return -signal.SIGALRM
    return os.waitstatus_to_exitcode(status)


def _survives(
    file: Path, source: str, mutant: Mutant, covered: Covered, number: int, *, widely: bool
) -> bool:
    tests = covered.tests_of(str(file), mutant, widely=widely)
    if not tests:
        return True
    seconds = _SECONDS + _TIMES * sum(covered.seconds[test] for test in tests)
    files = sorted({test.partition("::")[0] for test in tests})
    before = file.stat()
    file.write_text(mutant.applied(source), encoding="utf-8")
    # Python takes compiled code by the time and size of its source, and these may be as they were.
    os.utime(file, (number, number))
    try:
        return _in_child(lambda: _pytest(files, _Chosen(tests)), seconds) in _SURVIVES
    finally:
        file.write_text(source, encoding="utf-8")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        shutil.rmtree(".hypothesis", ignore_errors=True)


def interval(part: int, whole: int) -> tuple[float, float]:
    """Return the bounds of a share between which it is with a probability of 95 %, after Wilson.

    >>> [round(bound, 3) for bound in interval(270, 300)]
    [0.861, 0.929]
    """
    z, share = 1.96, part / whole
    middle = share + z * z / (2 * whole)
    half = z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    below = 1 + z * z / whole
    return (middle - half) / below, (middle + half) / below


def _drawn(options: argparse.Namespace, sources: dict[Path, str]) -> tuple[list[tuple[Path, Mutant]], int]:
    found = [(file, mutant) for file, source in sources.items() for mutant in mutants_of(source)]
    if options.again:
        wanted = {
            (entry["file"], entry["start"], entry["stop"], entry["instead"])
            for entry in json.loads(options.again.read_text())
        }
        again = [
            (file, mutant)
            for file, mutant in found
            if (str(file), mutant.start, mutant.stop, mutant.instead) in wanted
        ]
        return again, len(found)
    drawn = random.Random(options.seed).sample(found, min(options.sample, len(found)))
    return sorted(drawn, key=lambda one: (str(one[0]), one[1].start)), len(found)


def _run(options: argparse.Namespace) -> int:
    """Test mutants of the checkout in which this process works, which is a copy."""
    for module in _HEAVY:
        importlib.import_module(module)
    beside = [*BESIDE.get(options.room, []), *options.beside]
    began = time.monotonic()
    kept: Path = options.executed or Path("executed.json")
    if not kept.exists() and (code := _in_child(lambda: _write(kept, _covered(options.room, beside)))):
        return code
    read = json.loads(kept.read_text())
    covered = Covered(
        {file: {int(at): tests for at, tests in lines.items()} for file, lines in read["lines"].items()},
        read["seconds"],
    )
    print(f"{len(covered.seconds)} tests took {time.monotonic() - began:.0f} s to see what they execute")
    files = sorted(Path("timeline", options.room).glob("*.py"))
    chosen = [file for file in files if not options.modules or file.stem in options.modules]
    sources = {file: file.read_text(encoding="utf-8") for file in chosen}
    drawn, of = _drawn(options, sources)
    print(f"seed {options.seed}: {len(drawn)} of {of} mutants of {options.room}", flush=True)
    # Compiled code of a mutant is for nobody else.
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    survivors = []
    tried: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    for number, (file, mutant) in enumerate(drawn, 1):
        tried[file.stem] += 1
        if _survives(file, sources[file], mutant, covered, number, widely=bool(options.again)):
            shown = mutant.shown(sources[file])
            survivors.append({"file": str(file), "shown": shown, **asdict(mutant)})
            print(f"{file}:{mutant.line}: in {mutant.inside or 'the module'}: {shown}", flush=True)
        else:
            killed[file.stem] += 1
        if options.out:
            options.out.write_text(json.dumps(survivors, indent=1))
        if number % 50 == 0:
            print(f"… {killed.total()} of {number} killed, {time.monotonic() - began:.0f} s", flush=True)
    for name, count in sorted(tried.items()):
        print(f"{name:12} {killed[name]:4} of {count:4} killed")
    if tried:
        low, high = interval(killed.total(), tried.total())
        share = killed.total() / tried.total()
        print(
            f"{killed.total()} of {tried.total()} killed: {share:.1%}; of all mutants, "
            f"with 95 % confidence, {low:.1%} to {high:.1%}; {time.monotonic() - began:.0f} s"
        )
    return 0


def _write(path: Path, covered: Covered) -> int:
    path.write_text(json.dumps(asdict(covered)))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Mutation testing of a room")
    parser.add_argument("room")
    parser.add_argument("modules", nargs="*", help="these modules alone")
    parser.add_argument("--sample", type=int, default=300, metavar="N", help="how many mutants are drawn")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument(
        "--again",
        type=Path,
        metavar="FILE",
        help="only those of a file that --out wrote, against every test that executes any of their modules",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="where survivors are written, as JSON")
    parser.add_argument(
        "--executed",
        type=Path,
        metavar="FILE",
        help="what tests execute, which is written where it is missing",
    )
    parser.add_argument("--beside", action="append", default=[], metavar="TESTS", help="more tests to run")
    parser.add_argument("--copied", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.copied:
        return _run(options)
    with tempfile.TemporaryDirectory(prefix="timeline-mutants-") as folder:
        # The working tree as it is, without what git ignores.
        listed = subprocess.run(
            ["git", "ls-files", "-coz", "--exclude-standard"], check=True, capture_output=True
        )
        for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
            if Path(name).is_file():
                copy = Path(folder, name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(name, copy)
        named = {"--again": options.again, "--out": options.out, "--executed": options.executed}
        files = [part for name, path in named.items() if path for part in (name, str(path.resolve()))]
        arguments = [*sys.argv[1:], *files, "--copied"]
        environment = {**os.environ, "PYTHONPATH": folder}
        command = [sys.executable, "-m", "tests.mutants", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
