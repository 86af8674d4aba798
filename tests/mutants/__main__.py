"""Mutation testing: change one place of the code at a time, and see whether a test notices.

    nice python -m tests.mutants meaning --sample 300 --seed 1 --out survivors.json
    nice python -m tests.mutants meaning --again survivors.json

A sample is drawn at random from all mutants of a room of timeline/, or of the modules that are named. Each is
written into a copy of this checkout; the tests that execute its lines run in a process of their own, quick
ones first, until one fails. It is killed where one fails or takes too long, and survives otherwise. With
`--dear` those that survive meet the tests of promises, too, that concern their module, and take long.
Properties draw the same examples in each run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tests.mutants.operators import Mutant, mutants_of
from tests.mutants.running import (
    Covered,
    Try,
    imported_again,
    in_child,
    in_place,
    look,
    new_tests_pass,
    survives_all,
)

#: The tests that are to notice what changes in a room, besides its own.
BESIDE: Final = {
    "meaning": ["tests/log/test_proofs.py"],
    "log": ["tests/promises/test_log_faults.py", "tests/promises/test_tampering.py"],
    "index": ["tests/promises/test_every_reader.py", "tests/promises/test_store_machine.py"],
}
#: The tests of promises that concern the modules of a room, the quickest first; those of "" concern all.
DEAR: Final[dict[str, dict[str, list[str]]]] = {
    "log": {
        "": ["test_damage", "test_readers_and_writers", "test_erasure", "test_power_loss", "test_linear"],
        "backup": ["test_backup"],
        "bucket": ["test_bucket", "test_bucket_races"],
        "copies": ["test_bucket", "test_bucket_races"],
        "copying": ["test_sealed"],
        "erasing": ["test_bucket_races"],
        "extent": ["test_backup"],
        "log": ["test_backup", "test_bucket", "test_bucket_races"],
        "marks": ["test_bucket", "test_bucket_races"],
        "paths": ["test_folder_names"],
        "service": ["test_bucket", "test_bucket_races"],
        "spill": ["test_spilling"],
    },
}
#: What tests need that takes long to import, and that no mutant changes.
_HEAVY: Final = ("pytest", "hypothesis", "duckdb", "polars", "pyarrow.parquet", "pydantic", "typer", "yaml")


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
    named = [f"tests/{options.room}", f"timeline/{options.room}", *BESIDE.get(options.room, [])]
    named = [*(options.tests or named), *options.beside]
    paths = [path for path in named if Path(path).exists()]
    began = time.monotonic()
    kept: Path = options.executed or Path("executed.json")
    if not kept.exists() and (code := in_child(lambda: _write(kept, look(options.room, paths)))):
        return code
    read = json.loads(kept.read_text())
    covered = Covered(
        {file: {int(at): tests for at, tests in lines.items()} for file, lines in read["lines"].items()},
        read["seconds"],
    )
    if not new_tests_pass(covered, paths):
        sys.exit("a test fails on the code as it is")
    files = sorted(Path("timeline", options.room).glob("*.py"))
    chosen = [file for file in files if not options.modules or file.stem in options.modules]
    sources = {file: file.read_text(encoding="utf-8") for file in chosen}
    drawn, of = _drawn(options, sources)
    print(f"{len(covered.seconds)} tests took {time.monotonic() - began:.0f} s to see what they execute")
    print(f"seed {options.seed}: {len(drawn)} of {of} mutants of {options.room}", flush=True)
    # Compiled code of a mutant is for nobody else.
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    tally = _Tally(options.out, began, len(drawn))
    by_import: list[Try] = []
    left: list[Try] = []

    def judge(one: Try, survives: bool) -> None:
        if survives and options.dear:
            left.append(one)
        else:
            tally.note(one, survives)

    later: list[Try] = []
    for file, mutant in drawn:
        tests = covered.tests_of(str(file), mutant, widely=bool(options.again))
        one = Try(file, sources[file], mutant, covered.within(tests, options.seconds))
        (by_import if covered.by_import(str(file), mutant) else later).append(one)
    for one, survives in zip(later, in_place(later, covered, paths) if later else (), strict=True):
        if survives is None:
            by_import.append(one)
        else:
            judge(one, survives)
    for number, one in enumerate(by_import, 1):
        judge(one, imported_again(one, covered, paths, number))
    if left:
        print(f"{len(left)} are left for the tests of promises", flush=True)
    seconds: dict[str, float] = {}
    for number, one in enumerate(left, len(by_import) + 1):
        tally.note(one, survives_all(one, _dear(options.room, one.file.stem), number, seconds))
    tally.print()
    return 0


def _dear(room: str, module: str) -> list[str]:
    """Return the files of the tests of promises that concern a module."""
    of_room = DEAR.get(room, {})
    return [f"tests/promises/{name}.py" for name in (*of_room.get(module, []), *of_room.get("", []))]


class _Tally:
    """What became of mutants: printed where one survives, and kept in a file."""

    def __init__(self, out: Path | None, began: float, of: int) -> None:
        self._out, self._began, self._of = out, began, of
        self._survivors: list[dict[str, Any]] = []
        self._tried: Counter[str] = Counter()
        self._killed: Counter[str] = Counter()

    def note(self, one: Try, survives: bool) -> None:
        self._tried[one.file.stem] += 1
        if survives:
            shown = one.mutant.shown(one.source)
            self._survivors.append({"file": str(one.file), "shown": shown, **asdict(one.mutant)})
            where = one.mutant.inside or "the module"
            print(f"{one.file}:{one.mutant.line}: in {where}: {shown}", flush=True)
        else:
            self._killed[one.file.stem] += 1
        if self._out:
            self._out.write_text(json.dumps(self._survivors, indent=1))
        number = self._tried.total()
        if number % 50 == 0 and number < self._of:
            took = time.monotonic() - self._began
            print(f"… {self._killed.total()} of {number} killed, {took:.0f} s", flush=True)

    def print(self) -> None:
        for name, count in sorted(self._tried.items()):
            print(f"{name:12} {self._killed[name]:4} of {count:4} killed")
        tried, killed = self._tried.total(), self._killed.total()
        if tried:
            low, high = interval(killed, tried)
            print(
                f"{killed} of {tried} killed: {killed / tried:.1%}; of all mutants, with 95 % confidence, "
                f"{low:.1%} to {high:.1%}; {time.monotonic() - self._began:.0f} s"
            )


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
    parser.add_argument(
        "--seconds",
        type=float,
        default=40,
        metavar="S",
        help="how long the tests of one mutant take at most, the quickest first (%(default)g)",
    )
    parser.add_argument("--beside", action="append", default=[], metavar="TESTS", help="more tests to run")
    parser.add_argument(
        "--tests", action="append", metavar="TESTS", help="these tests in place of those of the room"
    )
    parser.add_argument(
        "--dear", action="store_true", help="run the tests of promises, too, where no other notices a mutant"
    )
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
        # What tests leave behind is gone with the copy.
        Path(folder, ".tmp").mkdir()
        environment = {**os.environ, "PYTHONPATH": folder, "TMPDIR": str(Path(folder, ".tmp"))}
        command = [sys.executable, "-m", "tests.mutants", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
