"""Workbooks (.xlsx): the cells of a sheet as texts, numbers and days as they are shown.

Of the libraries that read them openpyxl says how a cell is shown, which decides what it means: 0.125 may be
12.5 %. A number has the fifteen digits that a workbook works with, so that 0.1 + 0.2 is 0.3.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from timeline.errors import BadInput, Place, nearest
from timeline.intake.suffixes import too_large, unpacked_at_most

__all__ = ["Cell", "Sheet", "read_sheets"]

#: How many digits of a number a workbook works with.
_DIGITS: Final = 15
#: How many cells, empty ones among them, a workbook may have, and so many more for each of its bytes.
_CELLS_AT_MOST: Final = 3_000_000
_CELLS_A_BYTE: Final = 2
#: A small workbook may unpack to so many bytes: its library takes a second for three megabytes.
_UNPACKED: Final = 16 * 2**20
#: What the library raises, besides, for a workbook that does not hold what it has to.
_ODD: Final = (
    *(AttributeError, IndexError, TypeError, OverflowError, RecursionError),
    *(NotImplementedError, RuntimeError, struct.error, zlib.error),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows, and whether that is a plain number."""

    text: str
    is_number: bool = False


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet that hold anything, each behind its number in the workbook, from 1."""

    name: str
    rows: list[tuple[int, list[Cell | None]]]


def read_sheets(name: str, content: bytes | Path, sheet: str | None = None) -> list[Sheet]:
    """Return the sheets of a workbook, or the one of that name; raises BadInput where it has none such.

    A formula shows what the workbook last worked out, and an error is the text that it shows, such as #N/A.
    """
    try:
        import openpyxl
    except ImportError:
        raise BadInput(
            "workbooks need openpyxl; install it with: pip install 'timeline-store[excel]'", Place(name)
        ) from None
    try:
        # The library says what it thinks of a file in warnings.
        import warnings

        _check_size(name, content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source: Any = io.BytesIO(content) if isinstance(content, bytes) else str(content)
            book: Any = openpyxl.load_workbook(source, read_only=True, data_only=True)
            with closing(book):
                names = [each.title for each in book.worksheets]
                if sheet is not None and sheet not in names:
                    listed = ", ".join(map(repr, names))
                    hint = nearest(sheet, names) or f"; it has {listed}"
                    raise BadInput(f"no sheet {sheet[:60]!r}{hint}", Place(name))
                wanted = names if sheet is None else [sheet]
                most = _CELLS_AT_MOST + _CELLS_A_BYTE * _size(content)
                return [Sheet(each, list(_rows(name, book[each], most))) for each in wanted]
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, SyntaxError, *_ODD) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadInput(f"not a readable workbook: {error}", Place(name)) from None


def _check_size(name: str, content: bytes | Path) -> None:
    """Raise BadInput where the parts of a workbook unpack to more than those of any real one."""
    size = _size(content)
    with zipfile.ZipFile(io.BytesIO(content) if isinstance(content, bytes) else content) as book:
        if sum(part.file_size for part in book.infolist()) > unpacked_at_most(size, _UNPACKED):
            raise too_large(name, size, _UNPACKED)


def _size(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _rows(name: str, sheet: Any, most: int) -> Iterator[tuple[int, list[Cell | None]]]:
    # What a file says of its own size may be wrong.
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(), start=1):
        # The library makes up all rows and cells before one that says that it is far away.
        most -= 1 + len(row)
        if most < 0:
            apart = f"its cells lie too far apart, up to row {number:,}; expected a table"
            raise BadInput(apart, Place(name))
        cells = [_cell(cell) for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            yield number, cells


def _cell(cell: Any) -> Cell | None:
    value = cell.value
    if value is None:
        return None
    if isinstance(value, bool):
        return Cell("true" if value else "false")
    if isinstance(value, int | float | Decimal):
        return _number(value, str(cell.number_format or ""))
    if isinstance(value, datetime):
        return Cell(value.date().isoformat() if value.time() == time() else value.isoformat())
    if isinstance(value, date | time | timedelta):
        return Cell(value.isoformat() if isinstance(value, date | time) else str(value))
    text = str(value).strip()
    return Cell(text) if text else None


def _number(value: float | Decimal, shown: str) -> Cell:
    exact = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.{_DIGITS}g}")
    if _is_percent(shown):
        return Cell(f"{_digits(exact * 100)}%")
    return Cell(_digits(exact), is_number=True)


def _is_percent(shown: str) -> bool:
    plain, quoted = "", False
    for sign in shown:
        quoted ^= sign == '"'
        plain += "" if quoted else sign
    return "%" in plain.split(";")[0].replace("\\%", "")


def _digits(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
