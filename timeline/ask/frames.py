"""Small answers as polars frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timeline.ask.answers import Answer

if TYPE_CHECKING:
    import polars as pl

__all__ = ["small_frame"]


def small_frame(answer: Answer) -> pl.DataFrame:
    """A few rows as a frame, as `Timeline._as_frame` makes of a relation, which takes longer than they do."""
    import polars as pl

    kinds: dict[str, Any] = {
        "BIGINT": pl.Int64,
        "BOOLEAN": pl.Boolean,
        "DECIMAL(38,9)": pl.Decimal(38, 9),
        "TIMESTAMP": pl.Datetime("us"),
        "VARCHAR": pl.String,
    }
    schema = {name: kinds[kind] for name, kind in zip(answer.columns, answer.types, strict=True)}
    frame = pl.DataFrame(answer.rows, schema=schema, orient="row")
    # All at once: each step of polars takes as long as a whole row.
    return frame.with_columns(pl.col(pl.Datetime("us", None)).dt.replace_time_zone("UTC"))
