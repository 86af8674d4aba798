"""The seal that a command is run under: every store that it opens is opened without what came later."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from timeline.errors import BadInput
from timeline.store import Timeline

__all__ = ["add_seal", "check_command", "check_unsealed", "is_sealed", "open_store", "seal"]

#: What records, or changes how what was recorded is kept.
_WRITING: Final = frozenset(
    (
        *("init", "ingest", "report", "correct", "retract", "erase"),
        *("rebuild", "compact", "restore"),
    )
)

#: The arguments of `Timeline.open` that seal a store.
_given: dict[str, Any] = {}


def seal(as_of: str | None, recorded_as_of: str | None, basis: str) -> None:
    """Have the stores that this command opens be sealed so; without dates they are not."""
    _given.clear()
    if as_of is not None or recorded_as_of is not None or basis != "certain":
        _given.update(sealed_as_of=as_of, sealed_recorded_as_of=recorded_as_of, sealed_basis=basis)


def add_seal(as_of: str | None, recorded_as_of: str | None) -> None:
    """Seal further what is sealed before the command; raises BadInput where both name other dates."""
    for name, date in (("sealed_as_of", as_of), ("sealed_recorded_as_of", recorded_as_of)):
        before = _given.get(name)
        if date is not None and before not in (None, date):
            raise BadInput(f"--{name.replace('_', '-')} is given twice, as {before} and as {date}")
        if date is not None:
            _given[name] = date


def is_sealed() -> bool:
    """Whether this command is run under a seal."""
    return bool(_given)


def check_command(name: str | None) -> None:
    """Raise BadInput for a command that writes to a store, where it is run under a seal."""
    if name in _WRITING:
        check_unsealed(f"timeline {name} writes to the store")


def check_unsealed(why_not: str) -> None:
    """Raise BadInput where this command is run under a seal."""
    if is_sealed():
        raise BadInput(f"{why_not}, which a sealed one does not take; leave out --sealed-as-of")


def open_store(path: str | Path | None = None, **options: Any) -> Timeline:
    """Open a store as `Timeline.open` does, under the seal of the command."""
    return Timeline.open(path, **options, **_given)
