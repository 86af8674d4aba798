"""A seal: what of a store is withheld, and what is said to those who ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from timeline.errors import BadInput
from timeline.meaning.fold import Basis
from timeline.meaning.times import format_instant, show_instant_end

__all__ = ["SEAL_FILE", "UNSEALED", "Seal"]

#: Marks the folder of a sealed copy, beside its log.
SEAL_FILE: Final = "sealed.json"


@dataclass(frozen=True, slots=True)
class Seal:
    """What is withheld: what was reported after `as_of`, and what was recorded after `recorded_as_of`.

    Both are instants in microseconds since 1970-01-01 UTC; None withholds nothing on that axis. `basis` says
    when an event counts as reported: certain, at its `reported_at`; evidence, at the date of its source.
    """

    as_of: int | None = None
    recorded_as_of: int | None = None
    basis: Basis = "certain"

    def __str__(self) -> str:
        """Return the seal in words.

        >>> str(Seal(1_760_572_799_999_999))
        'as of 2025-10-15'
        """
        parts = [] if self.as_of is None else [f"as of {show_instant_end(self.as_of)}"]
        if self.recorded_as_of is not None:
            parts.append(f"recorded as of {format_instant(self.recorded_as_of)}")
        return " and ".join(parts)

    def checked(self, moment: int) -> int:
        """Return an instant on the reported axis; raises BadInput where it lies behind the seal."""
        if self.as_of is not None and moment > self.as_of:
            raise BadInput(
                f"{show_instant_end(moment)} is later than the seal: this store is sealed {self}; expected "
                "that date or an earlier one"
            )
        return moment

    def check_open(self, otherwise: str) -> None:
        """Raise BadInput where anything is withheld, with what goes instead."""
        if self != UNSEALED:
            raise BadInput(f"this store is sealed {self}; {otherwise}")


UNSEALED: Final = Seal()
