"""`timeline` commands: in this process, which costs a twentieth of starting Python, or in their own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from timeline.cli import app as cli

ROOT = Path(__file__).resolve().parent.parent
#: A fact of the bundled reports.
OPENAI = "nvidia/investment/openai"
#: No command may take this many seconds.
LONG = 60


@dataclass(frozen=True)
class Done:
    """What a command returned and printed."""

    code: int
    out: str
    err: str


def run(folder: Path, command: Sequence[str], **environment: str) -> Done:
    """Run a `timeline` command in a folder."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch("sys.argv", ["timeline", *command]),
        mock.patch.dict(os.environ, environment),
    ):
        code = cli.run()
    return Done(code, out.getvalue(), err.getvalue())


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process of its own."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TERM": "xterm"} | more


def timeline(
    folder: Path, *arguments: str, given: str = "", expected: int = 0, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, which has to exit with the code that is expected."""
    finished = subprocess.run(
        [sys.executable, "-m", "timeline", *arguments],
        cwd=folder,
        env=environment(**more),
        input=given,
        capture_output=True,
        encoding="utf-8",
        timeout=LONG,
        check=False,
    )
    assert finished.returncode == expected, finished.stdout + finished.stderr
    return finished
