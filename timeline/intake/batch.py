"""What a file becomes: drafts of events, or a table, each with its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import pyarrow as pa

from timeline.errors import BadInput, Place
from timeline.meaning.event import Event
from timeline.meaning.habits import Habits

if TYPE_CHECKING:
    from timeline.intake.tabular import StoredTable

__all__ = ["BOM", "FLAT_COLUMNS", "FORMATS", "BadRow", "Batch", "Draft", "RowOrigin", "decoded"]

#: Formats by the suffix of a file's name.
FORMATS: Final[Mapping[str, str]] = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
#: What columnar files may hold. Besides text, which every column may be: `time` takes dates and
#: instants with their zone, `number` integers, floats and decimals, `flag` booleans; `text` and `time`
#: take integers too, as their digits.
FLAT_COLUMNS: Final[Mapping[str, Literal["text", "time", "number", "flag"]]] = {
    **dict.fromkeys(Event.model_fields, "text"),
    **dict.fromkeys(("period", "period_from", "period_to", "date", "reported"), "time"),
    **dict.fromkeys(("valid", "valid_from", "valid_to"), "time"),
    **dict.fromkeys(("amount", "amount_low", "amount_high"), "number"),
    **dict.fromkeys(("approximate", "inferred", "void"), "flag"),
}
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Draft:
    """One event or description as written, the file's defaults filled in; nothing in it is None.

    `places` has where keys are, if that is another place than the event's.
    """

    keys: dict[str, object]
    place: Place
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)


class BadRow(BadInput):
    """A row that could not be read, with what could be read of it: the keys of its event."""

    def __init__(self, message: str, place: Place, keys: dict[str, object]) -> None:
        super().__init__(message, place)
        self.keys = keys


@dataclass(frozen=True)
class RowOrigin:
    """Where the rows of a table come from that was made from another: their numbers there, in order.

    `columns` has the columns of that other table that each key is made from. Where many columns of a row
    became rows, `cells` has the one of each row, whose value then has the name `value`.
    """

    rows: Sequence[int] | pa.Array[Any]
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cells: pa.Array[Any] | None = None
    value: str | None = None

    def row(self, row: int) -> int:
        """Return the number there of a row, both counted from 1."""
        found = self.rows[row - 1]
        return int(found.as_py()) if isinstance(found, pa.Scalar) else int(found)

    def column(self, row: int, keys: Mapping[str, object], message: str) -> str | None:
        """Return the column that a message about a row is of, as far as its words show it."""
        for key, columns in self.columns.items():
            value = keys.get(key)
            named = message.startswith((f"{key} ", f"{key}:")) or (value and repr(value)[:60] in message)
            if named and len(columns) == 1:
                if columns[0] == self.value and self.cells is not None:
                    return str(self.cells[row - 1].as_py())
                return columns[0]
        return None


@dataclass(frozen=True)
class Batch:
    """What one file says, in its order: either `drafts` or a `table`; rows count from 1.

    A table holds columns of FLAT_COLUMNS alone, as text or, where their kind allows it, as integers,
    floats, decimals, booleans, date32 or timestamp[us, UTC]. A large one stays in its file. `problems` are
    of events that are not among the drafts; everything else could be read. `warnings` are of what was read,
    but may be meant otherwise. `origin` is there where the rows were made from those of another table.
    `habits` are what the file, or who hands it over, says of how it is to be read.
    """

    name: str
    drafts: Collection[Draft] | None = None
    table: pa.Table | StoredTable | None = None
    problems: Sequence[BadInput] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    origin: RowOrigin | None = None
    habits: Habits = field(default_factory=Habits)


def decoded(name: str, content: bytes) -> str:
    try:
        return content.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + len(content) - len(content.removeprefix(BOM))
        raise BadInput(
            f"not UTF-8: byte 0x{content[offset]:02X} at offset {offset}; save the file as UTF-8",
            Place(name, line=content.count(b"\n", 0, offset) + 1),
        ) from None
