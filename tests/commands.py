"""Commands run in this process, which costs a twentieth of starting Python for each."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from timeline.cli import app as cli


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
