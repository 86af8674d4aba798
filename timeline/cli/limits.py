"""What SQL may take on the command line: a query runs in a process of its own, with limits.

DuckDB's own limits bound neither one value nor planning; those of the system do. The process is a copy of the
command's own, so that it costs no start, and prints the answer itself; the first one waits for it.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Final, Protocol

import typer

from timeline.errors import BadInput

__all__ = ["MEMORY_BESIDE", "SECONDS", "Limits", "limited"]

#: How long a query may take, in seconds. What is printed may take longer, such as by a pager.
SECONDS: Final = 300
#: How many bytes a query may take beside what DuckDB keeps to by itself: single values, and the answer.
MEMORY_BESIDE: Final = 2 * 2**30

#: What the process of the query writes when it begins with the query, and when it is done with it.
_BEGINS: Final = b"b"
_DONE: Final = b"d"
_LIFTED_BY: Final = "--unlimited lifts the limits"


class Limits(Protocol):
    """Holds the limits while the query runs; `memory` is how many bytes DuckDB keeps to by itself."""

    def __call__(self, memory: int) -> AbstractContextManager[None]: ...


@contextmanager
def limited(*, lifted: bool = False) -> Iterator[Limits]:
    """Run a block in a process of its own, in which a query can be held to its limits.

    In this process the block does not run: typer.Exit is raised with the code of the other one, or BadInput
    where that was ended. With `lifted` the block runs here, and so it does where this process is not only the
    command's.
    """
    from timeline.cli import app

    if lifted or not app.is_own_process:
        yield lambda memory: nullcontext()
        return
    sys.stdout.flush()
    reading, writing = os.pipe()
    # Nothing is written to it: it is closed once this process is gone.
    alive, held = os.pipe()
    # Else the collector would look at what is there already, and so have the system copy it.
    gc.freeze()
    process = os.fork()
    if process:
        os.close(writing)
        os.close(alive)
        try:
            status = _watched(process, reading)
        except BaseException:
            _kill(process)
            raise
        raise typer.Exit(_code(status))
    os.close(reading)
    os.close(held)
    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    yield lambda memory: _held(memory, writing)


# In the process that waits


def _watched(process: int, reading: int) -> int:
    """Return the status that a process ends with; raises BadInput where its query takes too long."""
    deadline: float | None = None
    while True:
        left = None if deadline is None else max(deadline - time.monotonic(), 0)
        if not select.select([reading], [], [], left)[0]:
            raise BadInput(f"the query was ended: it took more than {_in_words(SECONDS)}; {_LIFTED_BY}")
        said = os.read(reading, 1)
        if not said:
            return os.waitpid(process, 0)[1]
        deadline = time.monotonic() + SECONDS if said == _BEGINS else None


def _in_words(seconds: int) -> str:
    """Return a time in words.

    >>> _in_words(300), _in_words(1)
    ('5 minutes', '1 second')
    """
    number, unit = (seconds // 60, "minute") if seconds % 60 == 0 else (seconds, "second")
    return f"{number} {unit}" + ("" if number == 1 else "s")


def _code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return code
    if -code in (signal.SIGABRT, signal.SIGBUS, signal.SIGKILL, signal.SIGSEGV):
        # How libraries end that are refused memory, and the system where it has none left.
        raise BadInput(f"the query was ended: it took more memory than it may; {_LIFTED_BY}")
    return 128 - code


def _kill(process: int) -> None:
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


# In the process of the query


def _end_with_parent(alive: int) -> None:
    os.read(alive, 1)
    os._exit(1)


@contextmanager
def _held(memory: int, writing: int) -> Iterator[None]:
    """Hold the block to its limits, of which the other process keeps the time."""
    import resource

    most = memory + MEMORY_BESIDE
    before = resource.getrlimit(resource.RLIMIT_DATA)
    hard = before[1]
    wanted = _in_use() + most
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    os.write(writing, _BEGINS)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    words = f"the query may take {most / 2**30:.1f} GiB of memory; {_LIFTED_BY}"
    try:
        yield
    except MemoryError:
        raise BadInput(words) from None
    except BadInput as error:
        if "Out of Memory" not in str(error):
            raise
        raise BadInput(f"{error}; {words}") from None
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
        os.write(writing, _DONE)


def _in_use() -> int:
    """Return how many bytes the limit counts already; 0 where the system does not say."""
    with suppress(OSError, ValueError, IndexError), open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    return 0
