"""What to do about a damaged index: build it anew from the log, say so in the log of the program, ask again.

DuckDB finds most damage only when it reads the block that has it, in the midst of a question.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import duckdb

from timeline.errors import BadInput
from timeline.index import Index, Reader
from timeline.tables import Build

__all__ = ["is_damage", "mending", "reopened"]

_Method = TypeVar("_Method", bound=Callable[..., Any])


def mending(method: _Method) -> _Method:
    """A method of `Timeline` that asks once more where it finds the index damaged, and had it built anew."""

    @functools.wraps(method)
    def asking(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except (duckdb.Error, BadInput) as error:
            if not self.mend(error):
                raise
        return method(self, *args, **kwargs)

    return asking  # type: ignore[return-value]


def is_damage(error: BaseException, index: Index) -> bool:
    """Whether an error, or the one that it was raised for, is of a generation that cannot be read."""
    if isinstance(error, duckdb.InternalException | duckdb.FatalException | duckdb.SerializationException):
        return True
    if isinstance(error, duckdb.Error):
        return "Corrupt database file" in str(error) or f"{index.folder}{os.sep}" in str(error)
    return (
        isinstance(error, BadInput) and error.__context__ is not None and is_damage(error.__context__, index)
    )


def reopened(index: Index, error: BaseException, progress: Build | None, *, may_build: bool) -> Reader:
    """Build the index anew after an error; where it cannot be written, read the log alone.

    Where the log is what cannot be read, this raises that.
    """
    import logging

    built = None
    if may_build:
        with suppress(OSError):
            built = index.build(progress)
    opened = None
    if built is not None:
        with suppress(duckdb.Error):
            opened = index.open(may_build=False)
    what = "was built anew" if opened else "cannot be built anew; the log was read instead"
    logging.getLogger(__name__).warning("the index could not be read, and %s (%s)", what, error)
    return opened or index.in_memory()
