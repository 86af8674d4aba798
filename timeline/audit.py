"""An audit for look-ahead: a function is run with the future withheld and with it present."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from timeline.ask.answers import Moment
from timeline.errors import brief
from timeline.sealed import sealed_and_withheld
from timeline.store import Timeline

if TYPE_CHECKING:
    import polars as pl

__all__ = ["audit", "difference"]

#: Where an event lies in the log follows from how many others there are, and is no look-ahead.
_OF_LOG: Final = ("position", "commit")


def audit(tl: Timeline, function: Callable[[Timeline, Any], object], dates: Iterable[Moment]) -> pl.DataFrame:
    """Return on which dates the answers of a function look ahead: see `Timeline.audit`."""
    import polars as pl

    rows = [_looked_at(tl, function, date) for date in dates]
    names = {"date": pl.String, "verdict": pl.String, "withheld": pl.Int64, "difference": pl.String}
    return pl.DataFrame(rows, schema=names, orient="row")


def _looked_at(
    tl: Timeline, function: Callable[[Timeline, Any], object], date: Moment
) -> tuple[str, str, int, str | None]:
    # It can neither record anything nor be closed for the caller.
    with Timeline.open(tl.address, read_only=True, project=tl._project) as whole:
        sealed, withheld = sealed_and_withheld(whole, date, None, "certain")
        with sealed:
            if not withheld:
                return str(date), "vacuous", 0, None
            without = _outcome(function, sealed, date)
        found = difference(without, _outcome(function, whole, date))
    return str(date), "same" if found is None else "differs", withheld, found


class _Raised:
    """What a function raised, as an answer."""

    def __init__(self, error: Exception) -> None:
        self.text = f"{type(error).__name__}: {error}"

    def __repr__(self) -> str:
        return f"raised {self.text}"


def _outcome(function: Callable[[Timeline, Any], object], tl: Timeline, date: Moment) -> object:
    try:
        return function(tl, date)
    except Exception as error:
        return _Raised(error)


def difference(without: object, present: object) -> str | None:
    """Return in a few words how two answers differ, None where they are the same.

    Frames are the same where they have the same rows in the same order, whatever the columns `position` and
    `commit` hold. A number that is none is the same as another such.

    >>> difference({"claim": ["100", "30"]}, {"claim": ["100", "31"]})
    "at ['claim'][1]: '30', with the future '31'"
    >>> difference([1.0, float("nan")], [1.0, float("nan")]) is None
    True
    """
    found = _first_difference(without, present, "")
    if found is None:
        return None
    where, one, other = found
    return f"{f'at {where}: ' if where else ''}{one}, with the future {other}"


_Found = tuple[str, str, str] | None


def _first_difference(one: Any, other: Any, where: str) -> _Found:
    """Return where two values first differ, and what each has there."""
    if isinstance(one, _Raised) or isinstance(other, _Raised):
        same = isinstance(one, _Raised) and isinstance(other, _Raised) and one.text == other.text
        return None if same else (where, _short(one), _short(other))
    if type(one) is not type(other):
        return where, _short(one), _short(other)
    if hasattr(one, "columns") and hasattr(one, "equals"):
        return None if one.equals(other) else _in_frames(one, other, where)
    if is_dataclass(one) and not isinstance(one, type):
        names = [field.name for field in fields(one)]
        return _first_difference(_by_name(one, names), _by_name(other, names), where)
    if isinstance(one, Mapping):
        if list(one) != list(other) and set(one) != set(other):
            return where, f"keys {_short(list(one))}", _short(list(other))
        pairs = ((one[key], other[key], f"{where}[{key!r}]") for key in one if key not in _OF_LOG)
        return next((found for pair in pairs if (found := _first_difference(*pair)) is not None), None)
    if isinstance(one, Sequence) and not isinstance(one, str | bytes):
        if len(one) != len(other):
            return where, f"{len(one):,} values", f"{len(other):,}"
        pairs = ((a, b, f"{where}[{nth}]") for nth, (a, b) in enumerate(zip(one, other, strict=True)))
        return next((found for pair in pairs if (found := _first_difference(*pair)) is not None), None)
    return None if _is_same(one, other) else (where, _short(one), _short(other))


def _by_name(value: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def _in_frames(one: Any, other: Any, where: str) -> _Found:
    """Return the first difference of two frames of polars or pandas, or tables of Arrow."""
    names, others = (
        [str(name) for name in getattr(side, "column_names", side.columns)] for side in (one, other)
    )
    if names != others:
        return where, f"columns {_short(names)}", _short(others)
    if len(one) != len(other):
        return where, f"{len(one):,} rows", f"{len(other):,}"
    for name in names:
        found = None
        if name not in _OF_LOG:
            found = _first_difference(_values(one[name]), _values(other[name]), where)
        if found is not None:
            return f"{name}{found[0]}", found[1], found[2]
    return None


def _values(column: Any) -> list[Any]:
    return list(column.to_pylist() if hasattr(column, "to_pylist") else column)


def _is_same(one: Any, other: Any) -> bool:
    try:
        same = one == other
        # What is no number is not equal to itself.
        return bool(getattr(same, "all", lambda: same)()) or bool(one != one and other != other)
    except Exception:
        return repr(one) == repr(other)


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, _Raised) else brief(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
