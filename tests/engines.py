"""Other engines, each in an environment of its own, which is made once and kept in the user's cache.

The packages come from PyPI. A test that needs one that cannot be made is skipped with the reason, or fails
where TIMELINE_NEEDS_SERVERS or TIMELINE_NEEDS_SPARK is set.
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

__all__ = ["DUCKDB", "SAIL", "python_in", "run_in", "started_in"]

#: A DuckDB that opens what `timeline export duckdb` writes, with its extensions: no newer one has them on
#: PyPI.
DUCKDB: Final = (
    "duckdb==1.5.5",
    *(f"duckdb-extension-{name}==1.5.5" for name in ("azure", "delta", "httpfs", "quack")),
)
#: The script that says with which packages Sail runs, and has their versions in a lock file beside it.
SAIL: Final = Path(__file__).resolve().parent / "spark" / "sail_server.py"

_MADE: Final = "made"


#: Where environments are kept, and what uv keeps, whatever a test says later on of where caches are.
_CACHES: Final = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
_ROOT: Final = Path(_CACHES) / "timeline-tests"
#: Where one of these is set, an environment that cannot be made is a failure.
_NEEDED: Final = ("TIMELINE_NEEDS_SERVERS", "TIMELINE_NEEDS_SPARK")
#: No script may take this many seconds.
_LONG: Final = 240


#: Packages of PyPI, or a script that names its own.
Environment = Sequence[str] | Path


@cache
def python_in(environment: Environment) -> Path:
    """Return the interpreter of such an environment; skips the test where none can be made."""
    try:
        return _of_script(environment) if isinstance(environment, Path) else _of_packages(environment)
    except (OSError, subprocess.CalledProcessError) as error:
        message = getattr(error, "stderr", None) or str(error)
        named = environment if isinstance(environment, Path) else ", ".join(environment)
        reason = f"no environment with {named} could be made: {message.strip()[-300:]}"
        if any(os.environ.get(name, "0") not in ("", "0") for name in _NEEDED):
            pytest.fail(reason)
        pytest.skip(reason)


def _of_script(script: Path) -> Path:
    uv = _uv() or "uv"
    _call(uv, "sync", "--quiet", "--frozen", "--script", str(script))
    return Path(_call(uv, "python", "find", "--script", str(script)).strip())


def _of_packages(packages: Sequence[str]) -> Path:
    named = " ".join([*packages, sys.version])
    folder = _ROOT / hashlib.sha256(named.encode()).hexdigest()[:16]
    if not (folder / _MADE).exists():
        _make(folder, packages)
    return folder / "bin" / "python"


def _uv() -> str | None:
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def _make(folder: Path, packages: Sequence[str]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        # Tests run in several processes.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / _MADE).exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        uv = _uv()
        python = str(folder / "bin" / "python")
        if uv:
            _call(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
            _call(uv, "pip", "install", "--quiet", "--python", python, *packages)
        else:
            _call(sys.executable, "-m", "venv", str(folder))
            _call(python, "-m", "pip", "install", "--quiet", *packages)
        (folder / _MADE).touch()


def _call(*command: str) -> str:
    environment = os.environ | {"XDG_CACHE_HOME": _CACHES}
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8", env=environment).stdout


def run_in(packages: Environment, script: Path, *arguments: object, **environment: str) -> str:
    """Run a script of Python in an environment with these packages; returns what it printed."""
    finished = subprocess.run(
        [python_in(packages), script, *map(str, arguments)],
        env=_environment() | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=_LONG,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@contextmanager
def started_in(packages: Environment, script: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Start a script of Python in an environment with these packages; it ends with the block."""
    server = subprocess.Popen(
        [python_in(packages), script, *map(str, arguments)],
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
