"""Point-in-time joins: what was believed of very many facts, each at a date of its own.

The events are found by their bounds alone; their other columns are fetched afterwards, for the events found.
What follows from the key of a fact is taken from the rows that were asked about, and a column that is empty
everywhere is not fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from timeline.errors import BadInput, nearest
from timeline.index.catalog import sql_object
from timeline.index.reader import Reader
from timeline.meaning.columns import BELIEF_COLUMNS, LOG_COLUMNS, Kind
from timeline.meaning.fact import FACT_PARTS
from timeline.meaning.times import parse_as_of

if TYPE_CHECKING:
    import duckdb
    import polars as pl

__all__ = ["believed_at"]

#: What a belief has of itself: its event may have none of it, and another cut it short.
_OF_BELIEF: Final = ("valid_from", "valid_to", "believed_from", "reported_at")

#: Columns that are put in order at once, each in a thread of its own. So many are there twice meanwhile.
_AT_ONCE: Final = 4

#: Rows whose facts can be listed in a statement.
_FEW: Final = 50


def believed_at(
    reader: Reader, frame: pl.DataFrame, fact: str, as_of: str, zone: str | None = None
) -> pl.DataFrame:
    """Return a frame with the columns of a belief beside its own: see `Timeline.at`.

    `fact` and `as_of` name its columns of facts and of dates, which are days of `zone`, or of UTC. Raises
    BadInput where one is missing or cannot be read, or where a column would be there twice.
    """
    import polars as pl

    for name in (fact, as_of):
        if name not in frame.columns:
            raise BadInput(f"no column {name!r} in the frame{nearest(name, frame.columns)}")
    taken = set(frame.columns)
    named = {name: f"{name}_believed" if name in taken else name for name in BELIEF_COLUMNS[1:]}
    facts = frame[fact].cast(pl.String)
    rows = pl.DataFrame({"fact": facts, "moment": _moments(frame[as_of], zone)}).with_row_index("nth")
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


def _moments(dates: pl.Series, zone: str | None) -> pl.Series:
    """Return the instants, naive ones of UTC, that dates of any kind mean on the reported axis."""
    import polars as pl

    kind = dates.dtype
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
        instants = pl.Series([parse_as_of(text, zone) for text in written], dtype=pl.Int64)
        moments = dates.replace_strict(written, instants, default=None, return_dtype=pl.Int64)
        return moments.cast(pl.Datetime("us"))
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
