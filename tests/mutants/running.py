"""Run tests against a mutant, each time in a copy of a process that has imported and collected them."""

from __future__ import annotations

import gc
import math
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.mutants.operators import Mutant
from tests.mutants.patching import Functions

__all__ = [
    "Covered",
    "Try",
    "imported_again",
    "in_child",
    "in_place",
    "look",
    "new_tests_pass",
    "survives_all",
]

#: How long a test may take, and all of a mutant: seconds of CPU, and times what they take as they are.
_SECONDS, _TIMES = 10, 4
#: One that waits takes no CPU, and a busy machine may be ten times as slow.
_WAITING: Final = 5
#: What a child ends with: killed, survived, and a function that cannot be changed in place.
_KILLED, _SURVIVED, _ODD = 1, 0, 77
_NONE_CHOSEN: Final = 5


@dataclass(frozen=True, slots=True)
class Covered:
    """Which tests execute which lines of which files, and how long each takes, in seconds.

    What imports execute, also those of tests, has the name of no test: "".
    """

    lines: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def tests_of(self, file: str, mutant: Mutant, *, widely: bool = False) -> list[str]:
        """Return the tests that execute a mutant, the quickest first.

        All tests where a mutant is executed by an import. `widely`, those that execute any of the file: of
        what is kept for all, only the first test is known that asks for it.
        """
        lines = self.lines.get(file, {})
        at_lines = list(lines) if widely else self._executed(lines, mutant)
        tests = {test for at in at_lines for test in lines.get(at, ())} - {""}
        if self.by_import(file, mutant) or (widely and not tests):
            tests = set(self.seconds)
        return sorted(tests, key=lambda test: self.seconds[test])

    def by_import(self, file: str, mutant: Mutant) -> bool:
        """Return whether a mutant is executed before the first test is."""
        lines = self.lines.get(file, {})
        return mutant.at_import or any("" in lines.get(at, ()) for at in self._executed(lines, mutant))

    def _executed(self, lines: dict[int, list[str]], mutant: Mutant) -> list[int]:
        executed = [at for at in range(mutant.line, mutant.last_line + 1) if lines.get(at)]
        # A part of a statement is executed where Python notes it: at the part or at a line before.
        return executed or [max((at for at in lines if at < mutant.line), default=0)]

    def within(self, tests: list[str], seconds: float) -> list[str]:
        """Return as many of the tests, from the first, as take these seconds together."""
        spent = 0.0
        for at, test in enumerate(tests):
            spent += self.seconds[test]
            if at and spent > seconds:
                return tests[:at]
        return tests

    def allowed(self, tests: list[str]) -> float:
        """Return after how many seconds of CPU these tests are taken to hang."""
        return _SECONDS + _TIMES * sum(self.seconds[test] for test in tests)


@dataclass(frozen=True, slots=True)
class Try:
    """A mutant of a file, the source of that file, and the tests that are to kill it, in their order."""

    file: Path
    source: str
    mutant: Mutant
    tests: list[str]


class _Chosen:
    """A plugin of pytest: runs the chosen tests alone, in their order, with the same examples each time.

    Tests that are not known to `covered` are new, and run first.
    """

    def __init__(self, tests: list[str], known: dict[str, float]) -> None:
        self._order = {test: at for at, test in enumerate(tests)}
        self._known = known

    def pytest_collection_finish(self, session: Any) -> None:
        session.items[:] = self.chosen(session.items)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Have the process end where this test hangs: nobody catches these signals."""
        allowed = _SECONDS + _TIMES * self._known.get(nodeid, 0.0)
        signal.setitimer(signal.ITIMER_PROF, allowed)
        signal.setitimer(signal.ITIMER_REAL, _WAITING * allowed)

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

    def chosen(self, items: list[Any]) -> list[Any]:
        chosen = [item for item in items if item.nodeid in self._order or item.nodeid not in self._known]
        return sorted(chosen, key=lambda item: self._order.get(item.nodeid, -1))


class _All(_Chosen):
    """A plugin of pytest: runs all tests in their order, however long each takes."""

    def pytest_collection_finish(self, session: Any) -> None:
        """Keep all tests."""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Have no test end early."""


class _Watching(_Chosen):
    """A plugin of pytest: notes which test executes which lines, and how long it takes."""

    def __init__(self, coverage: Any) -> None:
        super().__init__([], {})
        self._coverage = coverage
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration


class _Trying(_Chosen):
    """A plugin of pytest: in place of the collected tests, tries mutants, each in a copy of this process."""

    def __init__(self, tries: list[Try], covered: Covered, judged: Callable[[int], None]) -> None:
        super().__init__([], covered.seconds)
        self._tries = tries
        self._covered = covered
        self._judged = judged

    def pytest_collection_finish(self, session: Any) -> None:
        """Keep all tests: each mutant has its own."""

    def pytest_runtestloop(self, session: Any) -> bool:
        functions = Functions({one.file: one.source for one in self._tries})
        # What children leave alone is not copied.
        gc.collect()
        gc.freeze()
        for number, one in enumerate(self._tries, 1):

            def run(one: Try = one) -> int:
                if not functions.change(one.file, one.mutant.applied(one.source)):
                    return _ODD
                items = _Chosen(one.tests, self._covered.seconds).chosen(session.items)
                for item, later in zip(items, [*items[1:], None], strict=True):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=later)
                    if session.testsfailed:
                        return _KILLED
                return _SURVIVED

            # Processes that tests start read the file.
            with _written(one, number):
                self._judged(in_child(run, self._covered.allowed(one.tests)))
        return True


def _pytest(files: list[str], plugin: object) -> int:
    import pytest

    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]
    # Hypothesis was imported before, and nobody reads what its assertions compare.
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*options, *files], plugins=[plugin]))


def look(room: str, paths: list[str]) -> Covered:
    """Run tests of a room as it is, which all have to pass, and return what they execute."""
    import coverage

    watched = coverage.Coverage(data_file=None, source=[f"timeline/{room}"], config_file=False)
    plugin = _Watching(watched)
    watched.start()
    failed = _pytest(paths, plugin)
    watched.stop()
    if failed:
        sys.exit("a test fails on the code as it is")
    lines: dict[str, dict[int, list[str]]] = {}
    data = watched.get_data()
    for file in data.measured_files():
        by_line = data.contexts_by_lineno(file)
        lines[str(Path(file).relative_to(Path.cwd()))] = {
            line: sorted(tests) for line, tests in by_line.items()
        }
    return Covered(lines, dict(plugin.seconds))


def in_child(run: Callable[[], int], seconds: float | None = None) -> int:
    """Run a function in a copy of this process; return its exit code, or minus the signal that ended it.

    With a number of `seconds` of CPU, which it may take at most, what it writes to the terminal is dropped.
    """
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
                _silence()
            code = run()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    deadline = math.inf if seconds is None else time.monotonic() + _WAITING * seconds
    status = 0
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done or time.monotonic() > deadline:
            break
        time.sleep(0.01)
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    if not done:
        os.waitpid(process, 0)
        return -signal.SIGALRM
    return os.waitstatus_to_exitcode(status)


def _silence() -> None:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)


@contextmanager
def _written(one: Try, number: int) -> Iterator[None]:
    """Have the file of a mutant hold it."""
    before = one.file.stat()
    one.file.write_text(one.mutant.applied(one.source), encoding="utf-8")
    # Python takes compiled code by the time and size of its source, and these may be as they were.
    os.utime(one.file, (number, number))
    try:
        yield
    finally:
        one.file.write_text(one.source, encoding="utf-8")
        os.utime(one.file, ns=(before.st_atime_ns, before.st_mtime_ns))
        shutil.rmtree(".hypothesis", ignore_errors=True)


def new_tests_pass(covered: Covered, paths: list[str]) -> bool:
    """Return whether the tests that are not known yet pass on the code as it is."""
    return in_child(lambda: _pytest(paths, _Chosen([], covered.seconds))) in (_SURVIVED, _NONE_CHOSEN)


def imported_again(one: Try, covered: Covered, paths: list[str], number: int) -> bool:
    """Return whether a mutant survives its tests in a process that imports it, and all tests in `paths`."""
    chosen = _Chosen(one.tests, covered.seconds)
    with _written(one, number):
        code = in_child(lambda: _pytest(paths, chosen), covered.allowed(one.tests))
    return code in (_SURVIVED, _NONE_CHOSEN)


def survives_all(one: Try, files: list[str], number: int, seconds: dict[str, float]) -> bool:
    """Return whether a mutant survives all tests in files, one file after the other until one fails.

    `seconds` is how long each file takes as the code is, which is found out here where it is not known.
    """

    def run(file: str, allowed: float) -> int:
        return in_child(lambda: _pytest([file], _All([], {})), allowed)

    for file in files:
        if file not in seconds:
            began = time.monotonic()
            if run(file, 3600) not in (
                _SURVIVED,
                _NONE_CHOSEN,
            ):
                sys.exit(f"{file}: a test fails on the code as it is")
            seconds[file] = time.monotonic() - began
    with _written(one, number):
        for file in files:
            code = run(file, _SECONDS + _TIMES * seconds[file])
            if code not in (_SURVIVED, _NONE_CHOSEN):
                return False
    return True


def in_place(tries: list[Try], covered: Covered, paths: list[str]) -> Iterator[bool | None]:
    """Yield for one mutant after the other whether it survives its tests, which are imported once.

    It is None for one that only an import can bring into a process.
    """
    reading, writing = os.pipe()

    def run() -> int:
        _silence()
        tell = {_SURVIVED: b"+", _ODD: b"?"}
        return _pytest(paths, _Trying(tries, covered, lambda code: _put(writing, tell.get(code, b"-"))))

    process = os.fork()
    if not process:
        try:
            os._exit(run())
        finally:
            os._exit(3)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb", buffering=0) as verdicts:
            for _ in tries:
                verdict = verdicts.read(1)
                if not verdict:
                    raise RuntimeError("pytest ended early: does it collect the tests?")
                yield {b"+": True, b"-": False}.get(verdict)
    finally:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)


def _put(pipe: int, verdict: bytes) -> None:
    os.write(pipe, verdict)
