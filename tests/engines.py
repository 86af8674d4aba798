"""Other engines, each in an environment of its own, which is made once and kept in the user's cache.

The packages come from PyPI. A test that needs one that cannot be made is skipped with the reason, or fails
where TIMELINE_NEEDS_SERVERS is set.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import pytest

__all__ = ["DUCKDB", "SAIL", "run_in", "started_in"]

#: A DuckDB that opens what `timeline export duckdb` writes, with its extensions: no newer one has them on
#: PyPI.
DUCKDB: Final = (
    "duckdb==1.5.5",
    *(f"duckdb-extension-{name}==1.5.5" for name in ("azure", "delta", "httpfs", "quack")),
)
#: Spark's own client and a server of Spark Connect without a JVM.
SAIL: Final = ("pysail==0.7.2", "pyspark-client==4.2.0", "pandas<3")

_MADE: Final = "made"


#: Where environments are kept, whatever a test says later on of where caches are.
_ROOT: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "timeline-tests"
#: No script may take this many seconds.
_LONG: Final = 240


@cache
def _python(packages: Sequence[str]) -> Path:
    """Return the interpreter of an environment with these packages; skips the test where none can be made."""
    named = " ".join([*packages, sys.version])
    folder = _ROOT / hashlib.sha256(named.encode()).hexdigest()[:16]
    python = folder / "bin" / "python"
    if not (folder / _MADE).exists():
        try:
            _make(folder, packages)
        except (OSError, subprocess.CalledProcessError) as error:
            message = getattr(error, "stderr", None) or str(error)
            reason = f"no environment with {', '.join(packages)} could be made: {message.strip()[-300:]}"
            if os.environ.get("TIMELINE_NEEDS_SERVERS", "0") not in ("", "0"):
                pytest.fail(reason)
            pytest.skip(reason)
    return python


def _make(folder: Path, packages: Sequence[str]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        # Tests run in several processes.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / _MADE).exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
        python = str(folder / "bin" / "python")
        if uv:
            _call(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
            _call(uv, "pip", "install", "--quiet", "--python", python, *packages)
        else:
            _call(sys.executable, "-m", "venv", str(folder))
            _call(python, "-m", "pip", "install", "--quiet", *packages)
        (folder / _MADE).touch()


def _call(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, encoding="utf-8")


def run_in(packages: Sequence[str], script: Path, *arguments: object, **environment: str) -> str:
    """Run a script of Python in an environment with these packages; returns what it printed."""
    finished = subprocess.run(
        [_python(tuple(packages)), script, *map(str, arguments)],
        env=_environment() | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=_LONG,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@contextmanager
def started_in(packages: Sequence[str], script: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Start a script of Python in an environment with these packages; it ends with the block."""
    server = subprocess.Popen(
        [_python(tuple(packages)), script, *map(str, arguments)],
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    with server:
        try:
            yield server
        finally:
            server.kill()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8", "RUST_LOG": "error"}
