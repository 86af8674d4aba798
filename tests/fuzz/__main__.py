"""Fuzzing: inputs that nobody meant, of every format.

    nice python -m tests.fuzz yaml --runs 100000 --seed 1
    nice python -m tests.fuzz all --runs 100000 --seed 1
    nice python -m tests.fuzz yaml --atheris --runs 100000

Inputs are drawn from sound ones; those that are refused in new words are drawn from as well. With
`--atheris`, where that is installed, Google's library draws them by which code they reach. What is not
handled as it has to be is made smaller and printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import gc
import mmap
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path
from types import FunctionType
from typing import Any, Final

from tests.fuzz.changes import changed
from tests.fuzz.targets import TARGETS
from tests.fuzz.trial import Found, shrunk, tried

#: An input that has not come to anything after so long ends its process.
_HANGS: Final = 60
#: So many inputs are kept to draw from, beside the first.
_KEPT: Final = 1_000
_NAMED: Final = 25


def fuzz(name: str, runs: int, seed: int, folder: Path, current: Any = None) -> tuple[list[Found], int]:
    """Return what was found, each kind at one place once, and in how many ways inputs were refused."""
    target = TARGETS[name]
    draw = random.Random(f"{name} {seed}")
    seeds = list(target.seeds())
    with suppress(Found):
        # What is imported and read once takes time.
        tried(target, seeds[0], folder)
    ways: set[str] = set()
    found: dict[tuple[str, str], Found] = {}
    for number in range(runs):
        data = seeds[number] if number < len(target.seeds()) else changed(draw, seeds, target.words)
        if current is not None:
            current[:8] = len(data).to_bytes(8, "big")
            current[8 : 8 + len(data)] = data
        signal.alarm(_HANGS)
        try:
            way = tried(target, data, folder)
        except Found as one:
            key = one.kind, one.detail.rpartition(" at ")[2]
            if key not in found and len(found) < _NAMED:
                found[key] = shrunk(target, one, folder)
                print(f"{name}: {found[key]}", flush=True)
            continue
        finally:
            signal.alarm(0)
        if way not in ways:
            ways.add(way)
            if len(seeds) < _KEPT:
                seeds.append(data)
    return list(found.values()), len(ways)


def _in_process(name: str, runs: int, seed: int) -> bool:
    """Fuzz in a process of its own, which a crash of a library may end; return whether nothing was found."""
    current = mmap.mmap(-1, 2**20)
    began = time.process_time(), time.monotonic()
    process = os.fork()
    if not process:
        code = 3
        try:
            with tempfile.TemporaryDirectory(prefix="timeline-fuzz-") as folder:
                found, ways = fuzz(name, runs, seed, Path(folder), current)
            took = time.monotonic() - began[1]
            print(
                f"{name}: seed {seed}: {runs:,} inputs, {len(found)} found, {ways} answers, {took:.0f} s",
                flush=True,
            )
            code = 1 if found else 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if code not in (0, 1):
        size = int.from_bytes(current[:8], "big")
        why = "it takes more than a minute" if code == -signal.SIGALRM else f"it ended with {code}"
        print(f"{name}: seed {seed}: {why}\n{current[8 : 8 + size]!r}", flush=True)
    return code == 0


def _atheris(name: str, runs: int, seed: int) -> None:
    """Let atheris draw the inputs; it ends this process."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    target = TARGETS[name]
    folder = Path(tempfile.mkdtemp(prefix="timeline-fuzz-"))
    corpus = Path(tempfile.mkdtemp(prefix="timeline-corpus-"))
    for number, data in enumerate(target.seeds()):
        (corpus / str(number)).write_bytes(data)
    words = corpus.with_suffix(".words")
    words.write_text(
        "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in target.words)
    )
    with suppress(Found):
        # What is imported when it is first needed is instrumented too.
        tried(target, target.seeds()[0], folder)
    # Not all that is loaded: to instrument the libraries takes minutes.
    for function in [each for each in gc.get_objects() if isinstance(each, FunctionType)]:
        if (function.__module__ or "").startswith("timeline."):
            atheris.instrument_func(function)
    options = [f"-atheris_runs={runs}", f"-seed={seed}", "-timeout=60", "-max_len=20000"]
    if target.words:
        # An empty dictionary is an error.
        options.append(f"-dict={words}")
    atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: tried(target, data, folder))
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Inputs that nobody meant")
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--runs", type=int, default=10_000, metavar="N", help="how many inputs")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--atheris", action="store_true", help="let atheris draw them")
    options = parser.parse_args()
    warnings.simplefilter("error")
    if options.atheris:
        if options.target == "all":
            parser.error("--atheris takes one target")
        _atheris(options.target, options.runs, options.seed)
    names = list(TARGETS) if options.target == "all" else [options.target]
    return 0 if all([_in_process(name, options.runs, options.seed) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main())
