"""The values that answers come in: dates and rules, rows, one belief, and the evidence behind it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from timeline.boundary import public
from timeline.meaning.columns import BELIEF_COLUMNS, check_names
from timeline.meaning.times import format_instant, from_datetime, show_instant_end

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

__all__ = [
    "Answer",
    "AsOf",
    "Belief",
    "Moment",
    "Row",
    "Rows",
    "Source",
    "Why",
    "aware",
    "covers",
    "duration_text",
    "instant_of",
    "plain",
    "reported_last",
    "text_of",
    "timestamp",
]

#: A row by the names of its columns.
Row = dict[str, Any]

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
        """Return every axis by name, for people and machines.

        >>> AsOf(0, 0, True, None, "latest", "certain").axes()["reported_as_of"]
        '1970-01-01T00:00:00Z'
        """
        return {
            "reported_as_of": None if self.as_of is None else show_instant_end(self.as_of),
            "recorded_as_of": format_instant(self.recorded_as_of),
            "valid_at": None if self.valid_at is None else show_instant_end(self.valid_at),
        }

    def arguments(self, *, policy: bool = True, valid: bool = True) -> str:
        """Return the arguments that every table macro takes after its dates, as SQL."""
        found = [f"basis := '{self.basis}'"]
        if policy:
            found.append(f"policy := '{self.policy}'")
        if not self.recorded_is_head:
            found.append(f"recorded_as_of := {timestamp(self.recorded_as_of)}")
        if valid and self.valid_at is not None:
            found.append(f"valid_at := {timestamp(self.valid_at)}")
        return ", ".join(found)


class Rows(NamedTuple):
    """Rows in plain Python, with the names of the columns and DuckDB's names of their types."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]


class Source(Protocol):
    """What an answer comes from: rows at hand, or a statement that is still to run."""

    @property
    def shape(self) -> tuple[int, int] | None:
        """How many rows and columns there are, None where that is not at hand."""

    def fetch(self) -> Rows:
        """Return everything in plain Python."""

    def arrow(self) -> pa.Table:
        """Return everything as an Arrow table; instants are naive, in UTC."""

    def frame(self) -> pl.DataFrame:
        """Return everything as a polars frame; instants are in UTC."""

    def part(self, offset: int, limit: int) -> Source:
        """Return some of the rows: without the first `offset`, and `limit` at most."""

    def size(self) -> int:
        """Return how many rows there are."""


@public
class Answer:
    """One answer, in the form that is wanted: `rows` and `dicts()`, `frame()` or `arrow()`.

    It is of one state of the store. A statement runs when a form of its answer is first asked for, once for
    each form. `asked` has the dates and the rule of the question, None where it was asked under none.
    """

    def __init__(self, source: Source, asked: AsOf | None = None) -> None:
        self._source = source
        self.asked = asked
        #: How many rows and columns it has, once any form of it was made.
        self._shape: tuple[int, int] | None = None

    @classmethod
    def of(
        cls, columns: list[str], types: list[str], rows: list[tuple[Any, ...]], asked: AsOf | None = None
    ) -> Answer:
        """Return the answer that rows at hand are.

        >>> Answer.of(["fact"], ["VARCHAR"], [("nvidia/ceo",)]).dicts()
        [{'fact': 'nvidia/ceo'}]
        """
        from timeline.ask.frames import AtHand

        return cls(AtHand(Rows(columns, types, rows)), asked)

    @cached_property
    def _fetched(self) -> Rows:
        fetched = self._source.fetch()
        self._shape = len(fetched.rows), len(fetched.columns)
        return fetched

    def __repr__(self) -> str:
        from timeline.show.notebook import answer_line

        # What is at hand is counted; nothing is run to be shown in a line.
        return answer_line(self._shape or self._source.shape, self.asked)

    def _repr_html_(self) -> str:
        from timeline.show.notebook import answer_html

        return answer_html(self._fetched, self.asked)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self._fetched.columns

    @property
    def types(self) -> list[str]:
        """DuckDB's names of the types of the columns."""
        return self._fetched.types

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as tuples of plain values; instants are naive datetimes, in UTC."""
        return self._fetched.rows

    def dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dicts; instants are aware datetimes in UTC.

        Raises BadInput where two columns have one name, as `frame` and `arrow` do.
        """
        check_names(self.columns)
        instants = ["TIMESTAMP" in kind for kind in self.types]
        return [
            {
                name: aware(value) if instant else value
                for name, instant, value in zip(self.columns, instants, row, strict=True)
            }
            for row in self.rows
        ]

    def part(self, offset: int, limit: int) -> Answer:
        """Return the answer that has some of the rows: without the first `offset`, and `limit` at most.

        >>> Answer.of(["n"], ["BIGINT"], [(1,), (2,), (3,)]).part(1, 1).rows
        [(2,)]
        """
        return Answer(self._source.part(offset, limit), self.asked)

    def size(self) -> int:
        """Return how many rows there are, which costs less than to fetch them."""
        return self._source.size()

    def frame(self) -> pl.DataFrame:
        """Return a polars frame; instants are in UTC."""
        frame = self._source.frame()
        self._shape = frame.shape
        return frame

    def arrow(self) -> pa.Table:
        """Return an Arrow table; instants are naive, in UTC."""
        table = self._source.arrow()
        self._shape = table.shape
        return table


def timestamp(micros: int | None) -> str:
    """Return an instant as a DuckDB expression; None is NULL.

    >>> timestamp(0)
    'make_timestamp(0)'
    """
    return "NULL" if micros is None else f"make_timestamp({micros})"


def aware(value: Any) -> Any:
    """Return a value as the Python API hands it out: instants, also in lists, are aware datetimes in UTC."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, list):
        return [aware(each) for each in value]
    if isinstance(value, dict):
        return {aware(name): aware(each) for name, each in value.items()}
    return value


def plain(value: Any) -> Any:
    """Return a value as JSON has it: exact decimals and instants as text, None as null.

    Datetimes without a zone are UTC.

    >>> plain(Decimal("25000000000.500000000")), plain(datetime(2025, 9, 1))
    ('25000000000.5', '2025-09-01T00:00:00Z')
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return format_instant(instant_of(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, float):
        # JSON has neither infinities nor NaN.
        return value if value - value == 0 else str(value)
    if isinstance(value, dict):
        return {text_of(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value.hex() if isinstance(value, bytes) else str(value)


def duration_text(value: timedelta) -> str:
    """Return a duration as DuckDB prints an interval, which DuckDB reads.

    >>> duration_text(timedelta(days=2, hours=3)), duration_text(-timedelta(microseconds=500_000))
    ('2 days 03:00:00', '-00:00:00.5')
    """
    sign = "-" if value < timedelta(0) else ""
    value = abs(value)
    parts = [f"{sign}{value.days} day{'' if value.days == 1 and not sign else 's'}"] if value.days else []
    if value.seconds or value.microseconds or not parts:
        minutes, seconds = divmod(value.seconds, 60)
        fraction = f".{value.microseconds:06d}".rstrip("0").rstrip(".")
        parts.append(f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{fraction}")
    return " ".join(parts)


def text_of(value: Any) -> str:
    """Return a value as CSV has it: as `plain`, lists and structures as JSON, None as nothing."""
    value = plain(value)
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, dict | list):
        import json

        return json.dumps(value, ensure_ascii=False)
    return str(value)


def instant_of(value: datetime) -> int:
    """Return an instant in microseconds; one without a zone is in UTC."""
    return from_datetime(value if value.tzinfo else value.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True, repr=False)
class Belief:
    """One row of beliefs: the claim that holds for a fact. Instants are aware datetimes in UTC.

    `status` is `erased` where the event was erased: then there is no claim, nor anything else that it said.
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
    claim: str | None
    believed_from: datetime | None
    reported_at: datetime
    event_id: str
    source: str | None
    origin: str
    speaker: str | None
    statement: str | None

    def __repr__(self) -> str:
        from timeline.show.notebook import belief_line

        return belief_line(self)

    def _repr_html_(self) -> str:
        from timeline.show.notebook import belief_html

        return belief_html(self)


@dataclass(frozen=True, slots=True, repr=False)
class Why:
    """The evidence for what is believed of one fact: the rows behind a belief, as dicts.

    `beliefs` is what is believed, `claims` each origin's own, `history` every event up to then,
    `disagreements` the pairs of origins at odds, `sources` the documents that were read. `displaced` is what
    was believed right before each of the beliefs began, for the valid times that it took over.
    """

    fact: str
    asked: AsOf
    beliefs: list[Row]
    claims: list[Row]
    history: list[Row]
    disagreements: list[Row]
    sources: list[Row]
    displaced: list[Row]

    def __repr__(self) -> str:
        from timeline.show.notebook import why_line

        return why_line(self)

    def __str__(self) -> str:
        """Return the story that `timeline why` prints."""
        from timeline.show.notebook import why_text

        return why_text(self)

    def _repr_html_(self) -> str:
        from timeline.show.notebook import why_html

        return why_html(self)


def covers(belief: Belief, micros: int) -> bool:
    """Whether the valid time of a belief holds an instant, in microseconds."""
    return (belief.valid_from is None or from_datetime(belief.valid_from) <= micros) and (
        belief.valid_to is None or micros < from_datetime(belief.valid_to)
    )


def reported_last(belief: Belief) -> tuple[datetime, bool, datetime, str]:
    """Return the order in which the last of several beliefs is the one to show."""
    start = belief.valid_from
    # Equals have an order too, so that the same question has the same answer.
    return belief.reported_at, start is not None, start or belief.reported_at, belief.origin


assert tuple(f.name for f in fields(Belief)) == BELIEF_COLUMNS
