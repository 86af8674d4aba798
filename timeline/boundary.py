"""What callers of a public class meet: arguments of the types that it takes, and errors of Timeline's own.

`public` wraps every public method of a class. An argument of a type that the method's annotation does not
name is bad input before anything is done; what libraries raise becomes an error of `timeline.errors`, whose
cause it is. Errors of the operating system and of the caller's own code, such as a generator of events, stay
what they are.
"""

from __future__ import annotations

import builtins
import errno
import functools
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

from timeline.errors import BadInput, TimelineError, brief

__all__ = ["in_words", "own_errors", "public"]

_Class = TypeVar("_Class", bound=type)

#: The names in annotations that are looked at, the types that they take, and what they are called.
_TAKEN: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "str": ((str,), "a text"),
    "Path": ((Path,), "a path"),
    "bool": ((bool,), "True or False"),
    "int": ((int,), "a whole number"),
    "Moment": ((str, date), "a date as text, a date or an aware datetime"),
    "None": ((type(None),), "None"),
    "Callable": ((Callable,), "something to call"),  # type: ignore[dict-item]
    "Iterable": ((Iterable,), "a list, or what else can be gone through"),
    "Sequence": ((Sequence,), "a list"),
}
#: The largest number that a column of the store holds.
_LARGEST: Final = 2**63 - 1
_LIBRARIES: Final = frozenset(
    ("duckdb", "_duckdb", "polars", "pyarrow", "pydantic", "pydantic_core", "pyo3_runtime")
)
#: What the operating system raises where a path cannot be one.
_NO_PATH: Final = frozenset(
    (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EINVAL, errno.ENOENT, errno.EEXIST)
)

#: What DuckDB and SQLite raise of the same, and what the operating system answers.
_OF_THE_MACHINE: Final = ("IOException", "OutOfMemoryException", "OperationalError")
_NO_ROOM: Final = (
    errno.EINTR, errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EACCES,
    errno.EROFS, errno.EPERM,
)  # fmt: skip


def public(made: _Class) -> _Class:
    """Return a class with its public methods wrapped.

    >>> @public
    ... class Desk:
    ...     def rows(self, fact: str, within: int | None = 90) -> str:
    ...         return fact
    >>> Desk().rows("acme/ceo")
    'acme/ceo'
    >>> Desk().rows(5)
    Traceback (most recent call last):
    timeline.errors.BadInput: fact is 5; expected a text
    """
    for name, found in list(vars(made).items()):
        if name.startswith("_"):
            continue
        if inspect.isfunction(found):
            setattr(made, name, _wrapped(found))
        elif isinstance(found, classmethod):
            setattr(made, name, classmethod(_wrapped(found.__func__)))
        elif isinstance(found, property) and found.fget is not None:
            setattr(made, name, property(_wrapped(found.fget), doc=found.__doc__))
    return made


_Check = tuple[str, tuple[type, ...], str]


def _wrapped(method: Callable[..., Any]) -> Callable[..., Any]:
    parameters = list(inspect.signature(method).parameters.values())[1:]
    checks = [_check_of(parameter, method.__globals__) for parameter in parameters]
    by_name = {check[0]: check for check in checks if check is not None}
    is_path = any(Path in types for _, types, _ in by_name.values())

    @functools.wraps(method)
    def call(self: Any, /, *args: Any, **given: Any) -> Any:
        for check, value in zip(checks, args, strict=False):
            if check is not None:
                _look_at(check, value)
        for name, value in given.items():
            if (check := by_name.get(name)) is not None:
                _look_at(check, value)
        try:
            return method(self, *args, **given)
        except TimelineError:
            raise
        except OSError as error:
            if is_path and error.errno in _NO_PATH:
                raise BadInput(f"{error.filename or 'the path'} cannot be used: {error.strerror}") from error
            raise
        except UnicodeEncodeError as error:
            if is_path:
                raise BadInput(f"the path cannot be used: {error}") from error
            raise TimelineError(in_words(error)) from error
        except BaseException as error:
            if not _is_ours(error):
                raise
            raise TimelineError(in_words(error)) from error

    return call


@contextmanager
def own_errors(kind: type[TimelineError] = TimelineError) -> Iterator[None]:
    """Have what libraries raise in the block be errors of Timeline's own, of this kind."""
    try:
        yield
    except TimelineError:
        raise
    except BaseException as error:
        if type(error).__module__.partition(".")[0] not in _LIBRARIES:
            raise
        raise kind(in_words(error) if kind is TimelineError else str(error)) from error


def _check_of(parameter: inspect.Parameter, known: Mapping[str, object]) -> _Check | None:
    """Return what a parameter takes, None where its annotation names anything that is not looked at."""
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return None
    annotation, found = str(parameter.annotation), 1
    while found:
        # Of what is in a list, each is looked at where it is read.
        annotation, found = re.subn(r"\[[^\[\]]*\]", "", annotation)
    types: list[type] = []
    said: list[str] = []
    for name in annotation.split(" | "):
        named = _TAKEN.get(name) or _named(name, known)
        if named is None:
            return None
        types += named[0]
        said.append(named[1])
    return parameter.name, tuple(types), " or ".join(said)


def _named(name: str, known: Mapping[str, object]) -> tuple[tuple[type, ...], str] | None:
    found = known.get(name) or getattr(builtins, name, None)
    if not isinstance(found, type) or found is Any:
        return None
    return (found,), f"a value of type {name}"


def _look_at(check: _Check, value: Any) -> None:
    name, types, expected = check
    if (
        not isinstance(value, types)
        or (isinstance(value, bool) and bool not in types and object not in types)
        # A text is a sequence of its characters, which is never meant.
        or (isinstance(value, str | bytes) and Sequence in types and str not in types)
    ):
        raise BadInput(f"{name} is {brief(value)}; expected {expected}")
    if Path in types:
        # Where a path has bytes that are no UTF-8, they are surrogates in its text.
        if "\0" in str(value):
            raise BadInput(f"{name} holds U+0000, which no path can")
    elif isinstance(value, str):
        if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise BadInput(f"{name} holds half of a surrogate pair, which is no character")
    elif isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        raise BadInput(f"{name} is {brief(value)}; expected a number of at most 19 digits")


def _is_ours(error: BaseException) -> bool:
    """Whether an error was raised in this package or in a library, not in the caller's own code."""
    if type(error).__module__.partition(".")[0] in _LIBRARIES:
        return True
    if not isinstance(error, Exception) or isinstance(error, MemoryError):
        return False
    step: TracebackType | None = error.__traceback__
    ours = False
    while step is not None:
        room = str(step.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if room == "timeline":
            ours = True
        elif room not in _LIBRARIES and room not in sys.stdlib_module_names:
            ours = False
        step = step.tb_next
    return ours


def _is_of_the_machine(error: BaseException) -> bool:
    """Whether the reason is what could not be read or written, or memory that does not suffice."""
    if isinstance(error, OSError) or type(error).__name__ in _OF_THE_MACHINE:
        return True
    # A library that failed to commit puts what the system answered into the words of another error.
    words = str(error)
    return "fsync failed" in words or any(os.strerror(code) in words for code in _NO_ROOM)


def in_words(error: BaseException) -> str:
    """Return what is not of Timeline's own errors as a message of one."""
    if _is_of_the_machine(error):
        # Below the reason DuckDB shows where it stood in a query, here in one of Timeline's own.
        return str(error).partition("\n\nLINE ")[0]
    return (
        f"{type(error).__name__}: {error}\n"
        "This is a fault of Timeline, not yours. TIMELINE_DEBUG=1 shows where it happened."
    )
