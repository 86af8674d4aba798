"""Files as tables of their own columns, whatever these are called: what a mapping is applied to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from timeline.errors import BadInput, Place
from timeline.intake.batch import BOM, Batch, RowOrigin, decoded
from timeline.intake.delimiters import sniffed
from timeline.intake.mapping import TableMapping
from timeline.intake.nested import json_lines, json_value, rows_within, table_of_rows
from timeline.intake.sizes import check_unpacked
from timeline.intake.suffixes import check_file, check_there, content_of, format_of
from timeline.intake.tabular import arrow_rows, batch_of_table, csv_table
from timeline.intake.workbook import Cell, Sheet, read_sheets

__all__ = ["FOREIGN", "ForeignTable", "foreign_table", "read_foreign", "workbook_batch"]

#: The formats that a mapping can be applied to.
FOREIGN = ("csv", "parquet", "arrow", "json", "jsonl", "xlsx")


@dataclass(frozen=True)
class ForeignTable:
    """A table with columns of its own: `table`, or a Parquet file at `path`, which is read when asked.

    `numbers` are columns of text that hold numbers in plain digits alone. `rows` has the number of each row
    where they are not counted from 1.
    """

    name: str
    columns: Sequence[str]
    table: pa.Table | None = None
    path: Path | None = None
    numbers: frozenset[str] = frozenset()
    rows: Sequence[int] | None = None
    warnings: list[str] = field(default_factory=list)


def read_foreign(
    path: Path | str, mapping: TableMapping, format: str | None = None, content: bytes | None = None
) -> ForeignTable:
    """Return a file as a table, read as a mapping says; `content` is read instead where it is given.

    Raises BadInput for what cannot be read.
    """
    name = str(path)
    format = format or mapping.format or (None if content is not None else format_of(Path(path)))
    if format not in FOREIGN:
        got = (
            "standard input has no suffix" if content is not None else f"unknown format {Path(path).suffix!r}"
        )
        if format is not None:
            got = f"a mapping is for tables, and {format} is none"
        raise BadInput(f"{name}: {got}; give the format as one of {', '.join(FOREIGN)}")
    try:
        if content is None:
            check_there(Path(path))
            check_file(Path(path), name)
            if format == "parquet":
                return _parquet(name, Path(path))
            content = content_of(Path(path), name)
        if format == "parquet":
            file = pq.ParquetFile(pa.BufferReader(content))
            check_unpacked(name, file, content)
            return foreign_table(name, file.read())
        if format == "arrow":
            return foreign_table(name, arrow_rows(name, content))
    except UnicodeDecodeError:
        raise BadInput(
            f"not a readable {format} file: the name of a column is not UTF-8", Place(name)
        ) from None
    except pa.ArrowException as error:
        raise BadInput(f"not a readable {format} file: {error}", Place(name)) from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror or error}", Place(name)) from None
    if format == "xlsx":
        return _workbook(name, content, mapping)
    text = text_of(name, content, mapping.encoding)
    if format == "csv":
        return _csv(name, text, mapping)
    value = json_lines(name, text) if format == "jsonl" else json_value(name, text)
    table, numbers = table_of_rows(rows_within(name, value, mapping.rows or ""))
    return ForeignTable(name, table.column_names, table, numbers=numbers)


def foreign_table(name: str, table: pa.Table) -> ForeignTable:
    """Return rows in memory as such a table; raises BadInput for a type that has no plain values."""
    return ForeignTable(name, table.column_names, table)


def text_of(name: str, content: bytes, encoding: str | None = None) -> str:
    """Return a file's text: in UTF-8, in UTF-16 where it begins so, or in a given encoding."""
    if encoding is None and content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    if encoding is None:
        return decoded(name, content)
    try:
        return content.removeprefix(BOM).decode(encoding).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError) as error:
        raise BadInput(f"not {encoding}: {error}", Place(name)) from None


def _parquet(name: str, path: Path) -> ForeignTable:
    file = pq.ParquetFile(path)
    check_unpacked(name, file, path)
    schema = file.schema_arrow
    names = {each.casefold() for each in schema.names}
    odd_types = any(isinstance(each.type, pa.BaseExtensionType) for each in schema)
    if odd_types or len(names) < len(schema.names) or "file_row_number" in names:
        # DuckDB would take the numbers behind a type that it does not know for the values, and one of two
        # columns for the other whose names differ by case.
        return foreign_table(name, file.read())
    return ForeignTable(name, schema.names, path=path)


def _csv(name: str, text: str, mapping: TableMapping) -> ForeignTable:
    text = between_lines(text, mapping.header, mapping.footer)
    delimiter = mapping.delimiter or sniffed(name, text, mapping.columns().__contains__)
    table, warnings = csv_table(name, text, text.encode(), delimiter)
    return ForeignTable(name, table.column_names, table, warnings=warnings)


def between_lines(text: str, header: int | None, footer: int | None) -> str:
    """Return a text from the line of its header on, and without so many of its last lines.

    Lines before it are no rows, and quotes in them mean nothing.

    Empty lines stand for those before it, so that the others keep their numbers.

    >>> between_lines("Prices\\n\\na,b\\n1,2\\nSource: us\\n", 3, 1)
    '\\n\\na,b\\n1,2\\n'
    """
    lines = text.splitlines(keepends=True) if header or footer else []
    if not lines:
        return text
    while footer and lines and not lines[-1].strip():
        lines.pop()
    first = (header or 1) - 1
    return "\n" * first + "".join(lines[first : len(lines) - (footer or 0)])


def _workbook(name: str, content: bytes, mapping: TableMapping) -> ForeignTable:
    sheets = [each for each in read_sheets(name, content, mapping.sheet) if each.rows]
    if not sheets:
        raise BadInput("is empty; expected a header row with the names of the columns", Place(name))
    if len(sheets) > 1:
        listed = ", ".join(repr(each.name) for each in sheets)
        raise BadInput(f"has {len(sheets)} sheets with rows: {listed}; name one with sheet =", Place(name))
    return sheet_table(name, sheets[0], mapping.header, mapping.footer)


def workbook_batch(name: str, content: bytes, ignore_unknown: bool) -> Batch:
    """Return the one sheet of a workbook whose columns have the names of keys, as a table of events.

    Raises BadInput where no sheet has such columns, or several have.
    """
    sheets = [each for each in read_sheets(name, content) if each.rows]
    known = [
        each for each in sheets if {"fact", "subject", "target"} & {c.text for c in each.rows[0][1] if c}
    ]
    if len(known) > 1:
        listed = ", ".join(repr(each.name) for each in known)
        raise BadInput(f"sheets {listed} all hold events; leave one, or name it in a mapping", Place(name))
    if not known:
        listed = ", ".join(repr(each.name) for each in sheets)
        raise BadInput(
            f"no sheet has a column fact, or subject and attribute ({listed or 'all are empty'}); "
            "`timeline map` makes a mapping for a table of other columns",
            Place(name),
        )
    found = sheet_table(name, known[0])
    assert found.table is not None
    assert found.rows is not None
    return replace(
        batch_of_table(name, found.table, ignore_unknown),
        origin=RowOrigin(found.rows, {column: [column] for column in found.columns}),
    )


def sheet_table(
    name: str, sheet: Sheet, header: int | None = None, footer: int | None = None
) -> ForeignTable:
    """Return a sheet as a table, under the names in a row of it: the first that holds anything, by default.

    Columns without a name are left out where they hold nothing, and refused otherwise; columns with the
    same name are refused.
    """
    rows = [one for one in sheet.rows if header is None or one[0] >= header]
    if not rows or (header is not None and rows[0][0] != header):
        raise BadInput(f"sheet {sheet.name!r} has nothing in row {header}", Place(name))
    rows = rows[: len(rows) - (footer or 0)]
    (header, head), body = rows[0], rows[1:]
    width = max(len(cells) for _, cells in rows)
    names = [cell.text if cell else "" for cell in [*head, *[None] * (width - len(head))]]
    columns: dict[str, list[Cell | None]] = {}
    for at, column in enumerate(names):
        cells = [cells[at] if at < len(cells) else None for _, cells in body]
        if not column and not any(cells):
            continue
        if column in columns:
            raise BadInput(f"column {column!r} is given twice", Place(name, row=header))
        columns[column] = cells
    table = pa.table(
        {
            column: pa.array([cell.text if cell else None for cell in cells], pa.string())
            for column, cells in columns.items()
        }
    )
    numbers = frozenset(
        column for column, cells in columns.items() if all(cell is None or cell.is_number for cell in cells)
    )
    rows_at = [number for number, _ in body]
    return ForeignTable(name, table.column_names, table, numbers=numbers, rows=rows_at)


def texts_of(foreign: ForeignTable, most: int | None = None) -> Any:
    """Return the first rows of such a table, at most so many."""
    if foreign.table is not None:
        return foreign.table if most is None else foreign.table.slice(0, most)
    assert foreign.path is not None
    file = pq.ParquetFile(foreign.path)
    if most is None:
        return file.read()
    batches = file.iter_batches(batch_size=most)
    first = next(batches, None)
    return file.schema_arrow.empty_table() if first is None else pa.Table.from_batches([first])
