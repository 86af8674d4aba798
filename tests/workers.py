"""Processes that tests disturb: one that has loaded everything forks a worker for each thing to be done.

The script of such a process ends with `serve(work)`, and answers with `say`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Workers", "say", "serve"]

ROOT = Path(__file__).resolve().parents[1]


def say(text: str) -> None:
    """Write a line to stdout, whole, whatever happens to this process next."""
    content = f"{text}\n".encode()
    while content:
        content = content[os.write(1, content) :]


def serve(work: Callable[[str], None]) -> None:
    """Call `work` in a process of its own for each line of stdin, one after the other.

    A worker begins with the line `pid NUMBER`; `over` and its exit code follow once it has ended, negative
    where a signal ended it. What it raises is a line `failed` with the traceback in JSON.
    """
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                say(f"pid {os.getpid()}")
                work(line[:-1])
            except BaseException:
                say(f"failed {json.dumps(traceback.format_exc())}")
            finally:
                os._exit(0)
        _, status = os.waitpid(pid, 0)
        say(f"over {os.waitstatus_to_exitcode(status)}")


class Workers:
    """A process that runs a script which serves; `within` is a command that starts it, such as `unshare`."""

    def __init__(
        self, script: str, *arguments: str | Path, within: Sequence[str] = (), **environment: str
    ) -> None:
        self._process = subprocess.Popen(
            [*within, sys.executable, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # With whatever worker is still at something.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def start(self, line: str) -> int:
        """Start a worker; returns the number of its process."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        word, rest = self.next()
        assert word == "pid"
        return int(rest)

    def next(self) -> tuple[str, str]:
        """Return the next line, its first word apart; raises AssertionError where a worker failed."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        assert line.endswith("\n"), f"the process ended after {line!r}"
        word, _, rest = line[:-1].partition(" ")
        if word == "failed":
            self._process.stdout.readline()
            raise AssertionError(f"a worker failed: {json.loads(rest)}")
        return word, rest

    def ask(self, line: str) -> str:
        """Return the one line that a worker answers."""
        self.start(line)
        word, answer = self.next()
        assert word == "answer", f"in place of an answer: {word} {answer}"
        over, code = self.next()
        assert (over, code) == ("over", "0")
        return answer
