"""CSV, Parquet and Arrow: tables of events in flat columns."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.ipc as pa_ipc
import pyarrow.parquet as pq

from timeline.errors import BadInput, BadRows, Place, nearest
from timeline.intake.arrow_sizes import unpacked_buffers
from timeline.intake.batch import FLAT_COLUMNS, Batch
from timeline.intake.delimiters import header_under, sniffed
from timeline.intake.outcome import KEPT_AT_MOST
from timeline.intake.pandas_periods import is_periods, written_periods
from timeline.intake.sizes import (
    PART_BYTES,
    check_lengths,
    check_unpacked,
    dictionaries,
    in_pieces,
    written_out,
)
from timeline.intake.suffixes import too_large, unpacked_at_most

__all__ = [
    "StoredTable",
    "arrow_rows",
    "batch_of_table",
    "csv_table",
    "read_arrow",
    "read_csv",
    "read_parquet",
]

#: Parquet files of more rows are read part by part.
STAYS_IN_ITS_FILE: Final = 500_000
#: What Arrow raises where a file is not what it has to be.
_UNREADABLE: Final = (pa.ArrowException, OSError, UnicodeDecodeError, RuntimeError)
#: Of unknown columns, so many are named.
_NAMED_AT_MOST: Final = 20
_INDEX: Final = re.compile("__index_level_[0-9]+__")


class StoredTable:
    """A table that stays in its Parquet file and is read part by part, columns and types as in `Batch`."""

    def __init__(self, name: str, file: pq.ParquetFile, columns: list[str]) -> None:
        self._name = name
        self._file = file
        self.column_names = columns
        self.num_rows = int(file.metadata.num_rows)

    def parts(self, rows: int, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows in their order, so many at a time or fewer, of all columns or of these.

        Raises BadInput where the file turns out not to be readable.
        """
        chosen = self.column_names if columns is None else list(columns)
        try:
            for batch in self._file.iter_batches(batch_size=rows, columns=chosen):
                table = pa.Table.from_batches([batch]).select(chosen)
                check_lengths(self._name, table)
                for piece in in_pieces(table):
                    yield _plain_table(self._name, piece, chosen)
        except _UNREADABLE as error:
            raise _no_parquet(self._name, error) from None

    def read(self) -> pa.Table:
        """Return all of it at once."""
        return pa.concat_tables(list(self.parts(STAYS_IN_ITS_FILE)))


# Tables: CSV, Parquet and Arrow


def read_csv(name: str, text: str, content: bytes, ignore_unknown: bool) -> Batch:
    """Return the rows of a CSV file, by RFC 4180; raises BadInput with the line of what is not."""
    table, warnings = csv_table(name, text, content, sniffed(name, text))
    batch = batch_of_table(name, table, ignore_unknown)
    batch.warnings.extend(warnings)
    return batch


def csv_table(name: str, text: str, content: bytes, delimiter: str) -> tuple[pa.Table, list[str]]:
    """Return the rows of a CSV file as text under the names of its header, and warnings."""
    header = header_under(name, text, delimiter)
    table = _csv_table(name, text, content, header, delimiter)
    return table, _rows_within(name, table, delimiter, header)


def _csv_table(name: str, text: str, content: bytes, header: list[str], delimiter: str) -> pa.Table:
    if (nul := content.find(b"\0")) >= 0:
        raise BadInput("not CSV: a NUL character", _csv_place(name, content, nul))
    if len(set(header)) < len(header):
        twice = next(column for column, count in Counter(header).items() if count > 1)
        raise BadInput(f"column {twice[:60]!r} is given twice", Place(name, 1))
    _check_csv_quotes(name, content, delimiter)
    if not content.endswith((b"\n", b"\r")):
        content += b"\n"
    rows_of = partial(
        pa_csv.read_csv,
        parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    try:
        try:
            return rows_of(_arrow(content))
        except pa.ArrowInvalid as error:
            # A row that spans several of the blocks that Arrow reads in parallel.
            if "straddling" not in str(error):
                raise
            whole = pa_csv.ReadOptions(block_size=min(len(content), 2**31 - 1))
            return rows_of(_arrow(content), read_options=whole)
    except pa.ArrowInvalid as error:
        _check_csv_rows(name, text, delimiter, len(header))
        raise BadInput(f"not CSV: {error}", Place(name)) from None


def _rows_within(name: str, table: pa.Table, delimiter: str, header: list[str]) -> list[str]:
    """Return warnings of quoted fields that may hold whole rows, between two quotes that are stray."""
    warnings = []
    last = len(header) - 1
    if last < 2:
        # Lines with one comma or none are in every second text.
        return []
    for column in table.column_names:
        at = header.index(column)
        values = table.column(column)
        rows: list[Any] = pc.indices_nonzero(pc.match_substring_regex(values, "[\r\n]")).to_pylist()
        for row in rows:
            lines = re.split(r"\r\n|\r|\n", str(values[row].as_py()))
            expected = [last - at, *[last] * (len(lines) - 2), at]
            if [line.count(delimiter) for line in lines] == expected:
                warnings.append(
                    f"{Place(name, row=row + 1)}: {column} is in quotes over {len(lines)} lines that look "
                    "like rows of their own; if they are, remove the two quotes, or double them"
                )
    return warnings


def _check_csv_quotes(name: str, content: bytes, delimiter: str) -> None:
    """Raise BadInput with the place of the first quote that RFC 4180 does not have there.

    Arrow takes what is between two of them for one value, rows and all.
    """
    if b'"' not in content:
        return
    edge = re.escape(delimiter.encode()) + rb"\r\n"
    field = rb'"[^"]*+(?:""[^"]*+)*+"'
    valid = re.compile(rb'(?:[^"]*+(?<![^%b])%b(?![^%b]))*+[^"]*+' % (edge, field, edge)).match(content)
    stray = len(content) if valid is None else valid.end()
    if stray == len(content):
        return
    at, opened = _csv_place(name, content, stray), content[:stray]
    if not re.search(rb"(?<![^%b])\Z" % edge, opened[-1:]):
        raise BadInput(
            "not CSV: a quote within a field that does not begin with one; put the field in quotes and "
            'double the quotes within it, as in "5"" pipe"',
            at,
        )
    closed = re.compile(field).match(content, stray)
    if closed is None:
        raise BadInput("not CSV: a quote that is never closed; close it, or double it where it is text", at)
    raise BadInput(
        f"not CSV: text after the quote that closes the field begun on line {at.line}; "
        'double the quotes within a field, as in "5"" pipe"',
        _csv_place(name, content, closed.end() - 1),
    )


def _csv_place(name: str, content: bytes, at: int) -> Place:
    """Return the line and column of a byte; lines end as in CSV."""
    before = content[:at]
    ends = before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")
    begin = max(before.rfind(b"\n"), before.rfind(b"\r")) + 1
    return Place(name, ends + 1, len(before[begin:].decode()) + 1)


def _check_csv_rows(name: str, text: str, delimiter: str, width: int) -> None:
    """Raise BadRows for every row of another width than the header's, with its line."""
    problems: list[BadInput] = []
    count = 0
    limit = csv.field_size_limit(len(text) + 1)
    try:
        line, rows = 1, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for row in rows:
            if row and len(row) != width:
                fault = f"a row of {len(row)} where the header has {width} columns"
                count += 1
                if count <= KEPT_AT_MOST:
                    problems.append(BadInput(fault, Place(name, line)))
            line = rows.line_num + 1
    except csv.Error as error:
        count += 1
        problems.append(BadInput(f"not CSV: {error}", Place(name, line)))
    finally:
        csv.field_size_limit(limit)
    if problems:
        raise BadRows(problems, count - len(problems))


def _arrow(content: bytes | Path) -> Any:
    return pa.BufferReader(content) if isinstance(content, bytes) else pa.OSFile(str(content), "rb")


def read_parquet(name: str, content: bytes | Path, ignore_unknown: bool) -> Batch:
    try:
        # Not read_table: importing the datasets behind it takes longer than most files do.
        file = pq.ParquetFile(_arrow(content))
        columns = _chosen(name, file.schema_arrow.names, ignore_unknown)
        groups = check_unpacked(name, file, content, columns)
        if coded := dictionaries(file.schema_arrow, groups):
            file = pq.ParquetFile(_arrow(content), read_dictionary=coded)
        unpacked = sum(chunk.unpacked for group in groups for chunk in group)
        stays = file.metadata.num_rows > STAYS_IN_ITS_FILE or unpacked > 4 * PART_BYTES
        table = file.schema_arrow.empty_table() if stays else file.read(columns=columns)
        check_lengths(name, table)
        if stays or written_out(table) > 4 * PART_BYTES:
            # Its types are looked at now, its values when they are asked for.
            _plain_table(name, file.schema_arrow.empty_table(), columns)
            return Batch(name, table=StoredTable(name, file, columns))
    except _UNREADABLE as error:
        raise _no_parquet(name, error) from None
    return batch_of_table(name, table, ignore_unknown)


def _no_parquet(name: str, error: Exception) -> BadInput:
    return BadInput(f"not a readable Parquet file: {_why(error)}", Place(name))


def _why(error: Exception) -> str:
    return "the name of a column is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def read_arrow(name: str, content: bytes, ignore_unknown: bool) -> Batch:
    if content.startswith(b"FEA1"):
        raise BadInput("is Feather version 1; expected an Arrow file (Feather version 2)", Place(name))
    try:
        table = arrow_rows(name, content)
        check_lengths(name, table)
        _chosen(name, table.column_names, ignore_unknown)
    except _UNREADABLE as error:
        raise BadInput(f"not a readable Arrow file: {_why(error)}", Place(name)) from None
    return batch_of_table(name, table, ignore_unknown)


def arrow_rows(name: str, content: bytes) -> pa.Table:
    """Return the rows of an Arrow file or stream.

    Raises BadInput where they unpack to too much, ArrowInvalid where they contradict themselves.
    """
    most = unpacked_at_most(len(content))
    batches: list[pa.RecordBatch] = []
    size = 0
    for buffer in unpacked_buffers(content):
        # Before Arrow unpacks the first of them.
        if (size := size + buffer) > most:
            raise too_large(name, len(content))
    size = 0
    reader: Any
    if content.startswith(b"ARROW1"):
        reader = pa_ipc.open_file(_arrow(content))
        found = map(reader.get_batch, range(reader.num_record_batches))
    else:
        reader = pa_ipc.open_stream(_arrow(content))
        found = iter(reader)
    for batch in found:
        # Offsets and indices are as the file has them, and Arrow would follow them out of its memory.
        batch.validate(full=True)
        batches.append(batch)
        size += written_out(pa.Table.from_batches([batch]))
        if size > most:
            raise too_large(name, len(content))
    return pa.Table.from_batches(batches, schema=reader.schema)


def _chosen(name: str, names: list[str], ignore_unknown: bool) -> list[str]:
    """Return the known ones among the columns, in their order, or BadInput."""
    # What pandas has written an index as that has no name.
    names = [column for column in names if not _INDEX.fullmatch(column)]
    chosen = [column for column in names if column in FLAT_COLUMNS]
    unknown = [column for column in names if column not in FLAT_COLUMNS]
    if unknown and not ignore_unknown:
        some = unknown[:_NAMED_AT_MOST]
        hints = [(column[:60], nearest(column, FLAT_COLUMNS).removeprefix("; ")) for column in some]
        listed = ", ".join(f"{column!r} ({hint})" if hint else repr(column) for column, hint in hints)
        if (more := len(unknown) - len(some)) > 0:
            listed += f" and {more:,} more"
        raise BadInput(f"unknown columns: {listed}; leave them out, or pass --ignore-unknown", Place(name))
    if twice := next((column for column, count in Counter(chosen).items() if count > 1), None):
        raise BadInput(f"column {twice!r} is given twice", Place(name))
    if not {"fact", "subject", "target"} & set(chosen):
        raise BadInput("expected a column fact, or subject and attribute; neither is there", Place(name))
    return chosen


def batch_of_table(name: str, table: pa.Table, ignore_unknown: bool) -> Batch:
    taken = _plain_table(name, table, _chosen(name, table.column_names, ignore_unknown))
    return Batch(name, table=taken, warnings=_midnights(name, taken))


def _midnights(name: str, table: pa.Table) -> list[str]:
    """Return a warning where every report is dated by a midnight in UTC: frames often have days so."""
    if "reported" not in table.column_names:
        return []
    values: Any = table.column("reported")
    if not pa.types.is_timestamp(values.type) or values.null_count == len(values):
        return []
    days: Any = pc.floor_temporal(values.cast(pa.timestamp("us")), unit="day")
    if not pc.all(pc.equal(values.cast(pa.timestamp("us")), days)).as_py():
        return []
    return [
        f"{name}: every instant of column reported is midnight in UTC, the start of a day; where whole days "
        "are meant, which count from their end, make it dates (cast it to a date type)"
    ]


def _plain_table(name: str, table: pa.Table, chosen: Sequence[str]) -> pa.Table:
    columns = {}
    for column in chosen:
        values = table.column(column)
        try:
            columns[column] = _plain_column(column, values)
            columns[column].validate(full=True)
        except pa.ArrowException as error:
            raise BadInput(f"column {column} cannot be read: {error}", Place(name)) from None
        except BadInput as problem:
            raise problem.at(Place(name)) from None
    return pa.table(columns)


def _plain_column(column: str, values: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Return a column in one of the few types that a batch may hold, or BadInput for its type."""
    kind, types = FLAT_COLUMNS[column], pa.types

    def is_text(of: Any) -> bool:
        return types.is_string(of) or types.is_large_string(of) or types.is_string_view(of)

    if types.is_dictionary(values.type):
        inner = pa.string() if is_text(values.type.value_type) else values.type.value_type
        # In two steps, since Arrow cannot decode a dictionary of string views, as polars makes them.
        values = values.cast(pa.dictionary(values.type.index_type, inner)).cast(inner)
    if kind == "time" and is_periods(values.type):
        return written_periods(column, values)
    found = values.type
    if is_text(found) or types.is_null(found):
        return values.cast(pa.string())
    if types.is_integer(found) and kind == "text":
        return values.cast(pa.string())
    if types.is_integer(found) and kind == "time":
        raise BadInput(
            f"column {column} is {found}; integers are never read as years or dates: make it text, such as "
            "'2025', or dates"
        )
    if kind == "number" and (types.is_integer(found) or types.is_floating(found) or types.is_decimal(found)):
        return values
    if kind == "flag" and types.is_boolean(found):
        return values
    if kind == "time" and types.is_date(found):
        return values.cast(pa.date32())
    if kind == "time" and types.is_timestamp(found):
        if found.tz is not None:
            return values.cast(pa.timestamp("us", "UTC"))
        days: Any = pc.floor_temporal(values, unit="day")
        if pc.all(pc.equal(values, days)).as_py() is not False:
            # Frames have no type for days.
            return values.cast(pa.date32())
        raise BadInput(
            f"column {column} has times of day without a zone ({found}); expected dates, instants in UTC "
            "or text: cast it to a date where whole days are meant"
        )
    expected = {
        "text": "text",
        "time": "text, dates or instants in UTC",
        "number": "text, integers, decimals or floats",
        "flag": "text or booleans",
    }
    raise BadInput(f"column {column} is {found}; expected {expected[kind]}")
