"""Columns of pandas periods, as Arrow has them: a number of months, years, weeks or days since 1970."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa

from timeline.errors import BadInput

__all__ = ["is_periods", "written_periods"]

#: What pandas calls its extension type.
_NAME: Final = "pandas.period"
#: The last day of the first week that is counted, which is number 1.
_FIRST_WEEK: Final = date(1970, 1, 4)


def _week(number: int) -> str:
    last = _FIRST_WEEK + timedelta(weeks=number - 1)
    return f"{last - timedelta(days=6)}/{last}"


#: The text of a period by its number, for each frequency that has one.
_WRITTEN: Final[Mapping[str, Callable[[int], str]]] = {
    **dict.fromkeys(("Y-DEC", "A-DEC", "Y", "A"), lambda number: f"{1970 + number:04}"),
    **dict.fromkeys(("Q-DEC", "Q"), lambda number: f"{1970 + number // 4:04}-Q{number % 4 + 1}"),
    "M": lambda number: f"{1970 + number // 12:04}-{number % 12 + 1:02}",
    **dict.fromkeys(("W-SUN", "W"), _week),
    "D": lambda number: str(date(1970, 1, 1) + timedelta(days=number)),
}


def is_periods(kind: object) -> bool:
    """Whether an Arrow type is that of pandas periods."""
    return isinstance(kind, pa.BaseExtensionType) and getattr(kind, "extension_name", "") == _NAME


def written_periods(column: str, values: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Return a column of periods as the text of what they cover; BadInput for other frequencies.

    Quarters and years are those of the calendar, weeks run from Monday to Sunday.
    """
    kind: Any = values.type
    freq = str(getattr(kind, "freq", ""))
    written = _WRITTEN.get(freq)
    if written is None:
        raise BadInput(
            f"column {column} has pandas periods of frequency {freq!r}; expected days, weeks that end on "
            "Sunday, months, quarters or years of the calendar: make it text, or dates"
        )
    chunks: list[Any] = values.chunks
    numbers: Any = pa.chunked_array([chunk.storage for chunk in chunks], pa.int64())
    encoded = numbers.combine_chunks().dictionary_encode()
    try:
        texts = [None if number is None else written(number) for number in encoded.dictionary.to_pylist()]
    except (OverflowError, ValueError):
        raise BadInput(f"column {column} has periods outside the years 0001 to 9999") from None
    return pa.chunked_array([pa.array(texts, pa.string()).take(encoded.indices)])
