"""Point-in-time joins: what was believed of very many facts, each at a date of its own.

The events are found by their bounds alone; their other columns are fetched afterwards, for the events found.
What follows from the key of a fact is taken from the rows that were asked about, and a column that is empty
everywhere is not fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from timeline.ask.questions import one_fact
from timeline.errors import BadInput, Place, brief, nearest
from timeline.index.catalog import sql_object
from timeline.index.reader import Reader
from timeline.meaning.columns import BELIEF_COLUMNS, LOG_COLUMNS, Kind
from timeline.meaning.fact import FACT_PARTS
from timeline.meaning.times import FIRST_INSTANT, LAST_INSTANT, parse_as_of, show_instant_end

if TYPE_CHECKING:
    import duckdb
    import polars as pl

__all__ = ["believed_at"]

T = TypeVar("T")

#: What a belief has of itself: its event may have none of it, and another cut it short.
_OF_BELIEF: Final = ("valid_from", "valid_to", "believed_from", "reported_at")

#: Columns that are put in order at once, each in a thread of its own. So many are there twice meanwhile.
_AT_ONCE: Final = 4

#: Rows whose facts can be listed in a statement.
_FEW: Final = 50


def believed_at(
    reader: Reader,
    frame: pl.DataFrame,
    fact: str,
    as_of: str,
    zone: str | None = None,
    until: int | None = None,
) -> pl.DataFrame:
    """Return a frame with the columns of a belief beside its own: see `Timeline.at`.

    `fact` and `as_of` name its columns of facts and of dates, which are days of `zone`, or of UTC. Raises
    BadInput where one is missing or cannot be read, or is behind the instant `until`, with the first row that
    is at fault, or where a column would be there twice.
    """
    import polars as pl

    if not isinstance(frame, pl.DataFrame):
        raise BadInput(f"frame is {brief(frame)}; expected a polars DataFrame")
    for name in (fact, as_of):
        if name not in frame.columns:
            raise BadInput(f"no column {name!r} in the frame{nearest(name, frame.columns)}")
    taken = set(frame.columns)
    named = {name: f"{name}_believed" if name in taken else name for name in BELIEF_COLUMNS[1:]}
    facts = _keys(frame[fact])
    moments = _moments(frame[as_of], zone)
    if until is not None and (late := (moments.cast(pl.Int64) > until).arg_true().to_list()):
        where = Place(f"column {as_of!r} of the frame", row=late[0] + 1)
        raise BadInput(f"is later than {show_instant_end(until)}, as of which this store is sealed", where)
    rows = pl.DataFrame({"fact": facts, "moment": moments}).with_row_index("nth")
    if twice := taken.intersection(named.values()):
        raise BadInput(f"the frame has a column {min(twice)!r} already; rename it")
    found = _found(reader.cursor(), rows)
    # Rows without an answer point at one of nulls behind the others, which costs less than pointing nowhere.
    nowhere = len(found)
    places = pl.repeat(nowhere, len(frame), dtype=pl.UInt32, eager=True)
    places = places.scatter(found["nth"], pl.int_range(nowhere, dtype=pl.UInt32, eager=True))
    found = pl.concat([found, found.clear(1)], rechunk=True)
    columns = _parts(facts.set(places == nowhere, None))
    names = found.columns[1:]
    for first in range(0, len(names), _AT_ONCE):
        some = pl.DataFrame([found.drop_in_place(name) for name in names[first : first + _AT_ONCE]])
        columns |= some.select(pl.all().gather(places)).to_dict()
    for name in BELIEF_COLUMNS[1:]:
        if name not in columns:
            columns[name] = pl.repeat(None, len(frame), dtype=_kinds()[LOG_COLUMNS[name]], eager=True)
    return frame.hstack([columns[name].alias(other) for name, other in named.items()])


#: What surely is a fact without its period, of 200 characters in all, as most facts are: looked at at once.
_PART: Final = r"[A-Za-z0-9_.&+:,'()%$#-](?:[A-Za-z0-9_.&+:,'()%$# -]*[A-Za-z0-9_.&+:,'()%$#-])?"
_SURELY: Final = rf"^{_PART}(?:/{_PART}){{1,2}}$"


def _keys(facts: pl.Series) -> pl.Series:
    """Return facts as the store has them; raises BadInput for the first that can be none."""
    import polars as pl

    kind = facts.dtype
    if kind not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        raise BadInput(f"column {facts.name!r} is {kind}; expected facts as text")
    facts = facts.cast(pl.String)
    body, period = facts.str.splitn("@", 2).struct.unnest()
    sure = body.str.contains(_SURELY) & (body.str.len_bytes() <= 200)
    written = period.filter(sure).drop_nulls().unique().to_list()
    canonical = dict(zip(written, map(_period, written), strict=True))
    sure &= ~period.is_in([text for text in written if canonical[text] is None]).fill_null(False)
    if unsure := facts.filter(~sure).unique().to_list():
        facts = _replaced(facts, unsure, _read(facts, unsure, one_fact))
    if others := [text for text in written if canonical[text] not in (None, text)]:
        keys = body + "@" + _replaced(period, others, [canonical[text] for text in others])
        facts = keys.zip_with(sure & period.is_in(others).fill_null(False), facts)
    return facts


def _replaced(column: pl.Series, old: list[str], new: Sequence[str | None]) -> pl.Series:
    import polars as pl

    return column.replace_strict(old, new, default=column, return_dtype=pl.String)


def _period(text: str) -> str | None:
    """Return a period in its one canonical form; None where it can be none."""
    try:
        return one_fact(f"a/b@{text}").partition("@")[2]
    except BadInput:
        return None


def _read(column: pl.Series, written: list[str], read: Callable[[str], T]) -> list[T]:
    """Return what is read from the texts of a column; raises BadInput with the first row that is at fault."""
    found: list[T] = []
    faults: dict[str, BadInput] = {}
    for text in written:
        try:
            found.append(read(text))
        except BadInput as error:
            faults[text] = error
    if faults:
        nth = column.is_in(list(faults)).arg_max() or 0
        text = column[nth]
        message = str(faults[text])
        message = message if brief(text) in message else f"{brief(text)}: {message}"
        raise BadInput(message, Place(f"column {column.name!r} of the frame", row=nth + 1))
    return found


_A_DAY: Final = {None: 1, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_FIRST_DAY: Final = FIRST_INSTANT // 86_400_000_000
_LAST_DAY: Final = LAST_INSTANT // 86_400_000_000


def _moments(dates: pl.Series, zone: str | None) -> pl.Series:
    """Return the instants, naive ones of UTC, that dates of any kind mean on the reported axis."""
    import polars as pl

    kind = dates.dtype
    if isinstance(kind, pl.Datetime | pl.Date):
        # Polars panics where it is asked of a date so far away.
        days = dates.to_physical().cast(pl.Int64) // _A_DAY[getattr(kind, "time_unit", None)]
        if beyond := (~days.is_between(_FIRST_DAY, _LAST_DAY)).fill_null(False).arg_true().to_list():
            where = Place(f"column {dates.name!r} of the frame", row=beyond[0] + 1)
            raise BadInput("holds a date outside the years 1 to 9999", where)
    if isinstance(kind, pl.Datetime):
        if kind.time_zone is None:
            raise BadInput(f"column {dates.name!r} holds naive datetimes; give them a time zone")
        return dates.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if kind == pl.Date:
        if zone is None:
            return dates.cast(pl.Datetime("us")).dt.offset_by("1d").dt.offset_by("-1us")
        dates, kind = dates.dt.to_string("iso:strict"), pl.String()
    if kind == pl.String:
        written = dates.drop_nulls().unique().to_list()
        instants = pl.Series(_read(dates, written, partial(parse_as_of, zone=zone)), dtype=pl.Int64)
        moments = dates.replace_strict(written, instants, default=None, return_dtype=pl.Int64)
        return moments.cast(pl.Datetime("us"))
    if kind == pl.Null:
        return dates.cast(pl.Datetime("us"))
    raise BadInput(f"column {dates.name!r} is {kind}; expected dates, aware datetimes or text")


def _found(con: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> pl.DataFrame:
    """Return what is believed of each row of which anything is, in no order."""
    import polars as pl

    con.register("asked_rows", rows.to_arrow())
    for name in ("asked", "found"):
        con.execute(sql_object(f"join/{name}"))
    fetched = sql_object("join/at")
    if 0 < len(rows) <= _FEW:
        # Positions are in no order, hashes are, so that most of the events need not even be looked at.
        hashes = con.execute("SELECT coalesce(list(DISTINCT fact_hash), []) FROM asked").fetchall()[0][0]
        fetched += f"WHERE e.fact_hash IN ({', '.join(map(str, hashes)) or 'NULL'})"
    believed = con.sql(fetched)
    of_event = [name for name in believed.columns if name in LOG_COLUMNS and name not in _OF_BELIEF]
    empty = _empty(con, "store.events", of_event) | _empty(con, "found", _OF_BELIEF)
    wanted = [name for name in believed.columns if name not in empty]
    found: pl.DataFrame = believed.project(", ".join(wanted)).pl()
    return found.with_columns(pl.col(pl.Datetime("us", None)).dt.replace_time_zone("UTC"))


def _empty(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> set[str]:
    """Return columns that are empty in all rows of a table, by its statistics alone."""
    asked = ", ".join(f"stats({name}).has_no_null IS NOT DISTINCT FROM false" for name in columns)
    rows = con.execute(f"SELECT {asked} FROM {table} LIMIT 1").fetchall()
    return {name for row in rows for name, is_empty in zip(columns, row, strict=True) if is_empty}


def _parts(facts: pl.Series) -> dict[str, pl.Series]:
    """Return the columns that follow from the keys of the facts."""
    import polars as pl

    period = pl.repeat(None, len(facts), dtype=pl.String, eager=True)
    if facts.str.contains("@", literal=True).any():
        facts, period = facts.str.splitn("@", 2).struct.unnest()
    parts = facts.str.splitn("/", 3).struct.unnest().get_columns()
    return dict(zip(FACT_PARTS, (*parts, period), strict=True))


def _kinds() -> dict[Kind, pl.DataType]:
    import polars as pl

    return {
        "integer": pl.Int64(),
        "text": pl.String(),
        "instant": pl.Datetime("us", "UTC"),
        "decimal": pl.Decimal(38, 9),
        "boolean": pl.Boolean(),
    }
