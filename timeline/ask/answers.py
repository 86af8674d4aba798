"""The values that answers come in: one belief, and the evidence behind what is believed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from timeline.ask.questions import Asked
from timeline.meaning.columns import BELIEF_COLUMNS
from timeline.meaning.times import from_datetime

__all__ = ["Belief", "Why", "covers", "reported_last"]


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
    asked: Asked
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
