"""The values that answers come in: dates and rules, rows, one belief, and the evidence behind it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from timeline.meaning.columns import BELIEF_COLUMNS, check_names
from timeline.meaning.times import format_instant, from_datetime, show_instant_end

__all__ = ["Answer", "AsOf", "Belief", "Moment", "Why", "aware", "covers", "reported_last", "timestamp"]

Moment = str | date | datetime


@dataclass(frozen=True, slots=True)
class AsOf:
    """The dates and the rule that a question was asked under, resolved against one state of the store.

    Instants are microseconds; `as_of` None means everything recorded, `recorded_as_of` is the head's
    own instant unless an earlier one was asked for, `valid_at` None means any.
    """

    as_of: int | None
    recorded_as_of: int
    recorded_is_head: bool
    valid_at: int | None
    policy: str
    basis: str

    @property
    def is_plain(self) -> bool:
        """Whether the index holds the answer as it is: the default rule, on all that is recorded."""
        return (self.policy, self.basis) == ("latest", "certain") and self.recorded_is_head

    def axes(self) -> dict[str, str | None]:
        """Every axis by name, for people and machines.

        >>> AsOf(0, 0, True, None, "latest", "certain").axes()["reported_as_of"]
        '1970-01-01T00:00:00Z'
        """
        return {
            "reported_as_of": None if self.as_of is None else show_instant_end(self.as_of),
            "recorded_as_of": format_instant(self.recorded_as_of),
            "valid_at": None if self.valid_at is None else show_instant_end(self.valid_at),
        }

    def arguments(self, *, policy: bool = True) -> str:
        """The arguments that every table macro takes after its dates, as SQL."""
        found = [f"basis := '{self.basis}'"]
        if policy:
            found.append(f"policy := '{self.policy}'")
        if not self.recorded_is_head:
            found.append(f"recorded_as_of := {timestamp(self.recorded_as_of)}")
        if self.valid_at is not None:
            found.append(f"valid_at := {timestamp(self.valid_at)}")
        return ", ".join(found)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in plain Python: rows of values, with the names and DuckDB types of the columns."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]
    asked: AsOf | None = field(default=None)

    def dicts(self) -> list[dict[str, Any]]:
        """The rows as dicts; instants are aware datetimes in UTC.

        Raises BadInput where two columns have one name.

        >>> Answer(["fact"], ["VARCHAR"], [("nvidia/ceo",)]).dicts()
        [{'fact': 'nvidia/ceo'}]
        """
        check_names(self.columns)
        instants = [kind.startswith("TIMESTAMP") for kind in self.types]
        return [
            {
                name: value.replace(tzinfo=UTC) if instant and isinstance(value, datetime) else value
                for name, instant, value in zip(self.columns, instants, row, strict=True)
            }
            for row in self.rows
        ]


def timestamp(micros: int | None) -> str:
    """An instant as a DuckDB expression; None is NULL.

    >>> timestamp(0)
    'make_timestamp(0)'
    """
    return "NULL" if micros is None else f"make_timestamp({micros})"


def aware(value: Any) -> Any:
    """A value as the Python API hands it out: instants are aware datetimes in UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True)
class Belief:
    """One row of beliefs: the claim that holds for a fact. Instants are aware datetimes in UTC.

    `valid_from` and `valid_to` bound the valid time, half-open, None where unbounded;
    `believed_from` is since when, on the reported axis, exactly this has been believed.
    """

    fact: str
    subject: str
    attribute: str
    object: str | None
    period: str | None
    period_from: datetime | None
    period_to: datetime | None
    valid_from: datetime | None
    valid_to: datetime | None
    value_type: str
    amount: Decimal | None
    amount_low: Decimal | None
    amount_high: Decimal | None
    unit: str | None
    approximate: bool | None
    text: str | None
    date_from: datetime | None
    date_to: datetime | None
    status: str | None
    claim: str
    believed_from: datetime | None
    reported_at: datetime
    event_id: str
    source: str | None
    origin: str
    speaker: str | None
    statement: str | None


@dataclass(frozen=True, slots=True)
class Why:
    """The evidence for what is believed of one fact: the rows behind a belief, as dicts.

    `beliefs` is what is believed, `claims` each origin's own, `history` every event up to then,
    `disagreements` the pairs of origins at odds, `sources` the documents that were read.
    """

    fact: str
    asked: AsOf
    beliefs: list[dict[str, Any]]
    claims: list[dict[str, Any]]
    history: list[dict[str, Any]]
    disagreements: list[dict[str, Any]]
    sources: list[dict[str, Any]]


def covers(belief: Belief, micros: int) -> bool:
    """Whether the valid time of a belief holds an instant, in microseconds."""
    return (belief.valid_from is None or from_datetime(belief.valid_from) <= micros) and (
        belief.valid_to is None or micros < from_datetime(belief.valid_to)
    )


def reported_last(belief: Belief) -> tuple[datetime, bool, datetime, str]:
    """Return the order in which the last of several beliefs is the one to show."""
    start = belief.valid_from
    # Equals are told apart too, so that the same question has the same answer.
    return belief.reported_at, start is not None, start or belief.reported_at, belief.origin


assert tuple(f.name for f in fields(Belief)) == BELIEF_COLUMNS
