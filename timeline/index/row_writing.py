"""Writing the row file of a generation: see `rowfile`, which reads it.

DuckDB makes a line of each row; blocks of them are packed by other threads while it makes the next.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
import zlib
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Final, Literal

import duckdb

from timeline.index.row_file import (
    ENTRIES_OF_PAGE,
    ESCAPES,
    ID_BYTES,
    MAGIC,
    PAGE,
    SEPARATOR,
    STORED,
    TRAILER,
)
from timeline.index.tables import OFTEN_SAME
from timeline.log.paths import quoted
from timeline.meaning.columns import LOG_COLUMNS

__all__ = ["write"]

#: So much text goes into a block: a lookup unpacks one, or two.
_BLOCK: Final = 16_384
_LEVEL: Final = 1
_PACKERS: Final = 2
_ROWS_AT_ONCE: Final = 60_000

_SAMPLE: Final = 2_000

#: What is told line by line even if it is the same in all.
_ALWAYS: Final = ("position", "reported_at")

_REPORTED_SQL: Final = (
    "CASE WHEN length(reported) = 27 AND reported = strftime(reported_at, '%Y-%m-%dT%H:%M:%S.%fZ') "
    "THEN '\\T' "
    "WHEN length(reported) = 10 AND reported = strftime(reported_at, '%Y-%m-%d') THEN '\\D' ELSE {0} END"
)


class _Unfit(Exception):
    """The table is not what a row file can hold."""


class _Odd(Exception):
    """Texts hold what ends a field or a line."""


def write(
    con: duckdb.DuckDBPyConnection,
    path: str | Path,
    *,
    commit: int,
    position: int,
    digest: str | None,
    log: str = "store.events",
) -> bool:
    """Write the row file of `store.events`, all that was recorded up to `commit`, durably to a new `path`.

    `log` is a relation of the same events, read through faster where it is in order of position. False, and
    no file, where the table is not what can be written so, such as one in another order.
    """
    if sys.byteorder != "little":
        return False
    path = Path(path)
    try:
        with open(path, "x+b") as file:
            writing = _Writing(con, file, position)
            footer = writing.rows() | writing.ids(log)
            footer |= {"commit": commit, "position": position, "digest": digest}
            writing.end(footer)
            file.flush()
            os.fsync(file.fileno())
    except (_Unfit, _Odd, duckdb.ConversionException, duckdb.InvalidInputException):
        path.unlink()
        return False
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


class _Writing:
    """A row file on its way to disk."""

    def __init__(self, con: duckdb.DuckDBPyConnection, file: IO[bytes], position: int) -> None:
        self._con = con
        self._file = file
        self._position = position
        self._parts: dict[str, tuple[int, int, int]] = {}
        file.write(MAGIC)

    def _part(self, name: str, values: array[int]) -> None:
        content = values.tobytes()
        self._parts[name] = (self._file.tell(), len(content), zlib.crc32(content))
        self._file.write(content)

    def _batches(self, query: str) -> Iterator[Any]:
        yield from self._con.sql(query).to_arrow_reader(_ROWS_AT_ONCE)

    def rows(self) -> dict[str, Any]:
        """Write the events that speak of facts."""
        begin = self._file.tell()
        try:
            return self._rows(escape=False)
        except _Odd:
            self._file.seek(begin)
            self._file.truncate()
            return self._rows(escape=True)

    def _rows(self, *, escape: bool) -> dict[str, Any]:
        footer, line = _as_lines(self._con, escape)
        firsts, starts = array("Q"), array("Q", [self._file.tell()])
        query = f"SELECT fact_hash, {line} AS line FROM store.events WHERE fact IS NOT NULL"
        for hashes, blocks in _packed(self._batches(query), len(footer["columns"])):
            firsts.extend(hashes)
            for block in blocks:
                starts.append(starts[-1] + len(block))
                self._file.write(block)
        self._part("firsts", firsts)
        self._part("starts", starts)
        return footer

    def ids(self, log: str) -> dict[str, Any]:
        """Write the ids of all events, and what finds them."""
        footer = {"ids": self._aligned()}
        columns = "SELECT unhex(event_id) AS id, position"
        if not self._in_order(f"{columns} FROM {log}"):
            self._file.seek(footer["ids"])
            self._file.truncate()
            if not self._in_order(f"{columns} FROM store.events ORDER BY position"):
                raise _Unfit
        footer["entries"] = self._aligned()
        bits = footer["bits"] = self._position.bit_length()
        keys = array("Q")
        first = 0
        prefix = f"(('0x' || event_id[1:16])::UBIGINT >> {bits}) << {bits}"
        for batch in self._batches(f"SELECT {prefix} | position::UBIGINT AS entry FROM {log} ORDER BY entry"):
            entries = _values(batch.column(0), "Q", 8)
            keys.extend(entries[-first % ENTRIES_OF_PAGE :: ENTRIES_OF_PAGE].tolist())
            self._file.write(entries)
            first += len(entries)
        footer["sums"] = self._aligned()
        self._file.flush()
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            pages = range(footer["ids"], footer["sums"], PAGE)
            sums = array("I", (zlib.crc32(content[page : page + PAGE]) for page in pages))
        self._file.write(sums.tobytes())
        moved = self._con.execute(
            "SELECT position, place FROM store.events WHERE place <> position ORDER BY position"
        ).fetchall()
        self._part("keys", keys)
        self._part("moved", array("Q", (position for position, _ in moved)))
        self._part("places", array("Q", (place for _, place in moved)))
        return footer

    def _aligned(self) -> int:
        self._file.write(b"\0" * (-self._file.tell() % PAGE))
        return self._file.tell()

    def _in_order(self, query: str) -> bool:
        """Write ids as they come; False where they do not come in order of position, without gaps."""
        first = 1
        for batch in self._batches(query):
            count = batch.num_rows
            ids, positions = batch.column(0), batch.column(1)
            lengths = _values(ids, "i", 4, extra=1)
            start, end = lengths[0], lengths[count]
            if _values(positions, "q", 8) != memoryview(array("q", range(first, first + count))):
                return False
            if end - start != count * ID_BYTES or ids.null_count:
                raise _Unfit
            self._file.write(memoryview(ids.buffers()[2])[start:end])
            first += count
        return first == self._position + 1

    def end(self, footer: Mapping[str, Any]) -> None:
        told = dict(footer) | {"parts": self._parts, "size": 0}
        before = 0
        # How long the footer is depends on the size that it tells.
        while (size := self._file.tell() + len(json.dumps(told)) + TRAILER.size) != before:
            told["size"] = before = size
        content = json.dumps(told).encode()
        self._file.write(content)
        self._file.write(TRAILER.pack(len(content), zlib.crc32(content), MAGIC))


def _values(column: Any, form: Literal["i", "q", "Q"], width: int, extra: int = 0) -> memoryview[int]:
    """The fixed-width buffer of an Arrow array: its values, or with one `extra` its offsets."""
    buffer = memoryview(column.buffers()[1])
    start = column.offset * width
    return buffer[start : start + (len(column) + extra) * width].cast("B").cast(form)


def _packed(batches: Iterable[Any], separators: int) -> Iterator[tuple[list[int], list[bytes]]]:
    """Blocks of lines, packed while the next are made, and the hash of the first line of each.

    Raises _Odd where a line has not so many separators.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    under_way: deque[tuple[list[int], Future[list[bytes]]]] = deque()
    last = 0
    with ThreadPoolExecutor(_PACKERS) as pool:
        for batch in batches:
            hashes, lines = _values(batch.column(0), "Q", 8), batch.column(1)
            count = len(lines)
            if not _is_sorted(batch.column(0)) or hashes[0] < last:
                raise _Unfit
            last = hashes[count - 1]
            ends = _values(lines, "i", 4, extra=1)
            at = [0]
            while at[-1] < count:
                at.append(max(at[-1] + 1, bisect_left(ends, ends[at[-1]] + _BLOCK, at[-1], count)))
            text = memoryview(lines.buffers()[2])
            pieces = [(text[ends[start] : ends[end]], end - start) for start, end in pairwise(at)]
            packing = pool.submit(_pack, pieces, separators)
            under_way.append(([hashes[start] for start in at[:-1]], packing))
            if len(under_way) > 2 * _PACKERS:
                firsts, packing = under_way.popleft()
                yield firsts, packing.result()
        for firsts, packing in under_way:
            yield firsts, packing.result()


def _pack(pieces: Sequence[tuple[memoryview, int]], separators: int) -> list[bytes]:
    packed = []
    for piece, lines in pieces:
        text = bytes(piece)
        if text.count(b"\n") != lines or text.count(b"\x1f") != lines * separators:
            raise _Odd
        packed.append(zlib.compress(text, _LEVEL))
    return packed


def _is_sorted(hashes: Any) -> bool:
    import pyarrow.compute

    pc: Any = pyarrow.compute
    if hashes.null_count:
        return False
    return bool(pc.all(pc.less_equal(hashes.slice(0, len(hashes) - 1), hashes.slice(1))).as_py() is not False)


def _as_lines(con: duckdb.DuckDBPyConnection, escape: bool) -> tuple[dict[str, Any], str]:
    """What a footer says of the columns, and the SQL that makes a line of a row."""
    texts = [name for name in ("fact", *STORED) if LOG_COLUMNS[name] == "text"]
    names = ", ".join(_told_in_sql(name) for name in STORED)
    sample = con.execute(
        f"SELECT {names} FROM store.events WHERE fact IS NOT NULL LIMIT {_SAMPLE}"
    ).fetchall()
    columns = dict(zip(STORED, zip(*sample, strict=True), strict=True)) if sample else {}
    changes = {
        name: sum(one != other for one, other in pairwise(values)) / len(values)
        for name, values in columns.items()
    }
    same = {name: other for name, other in OFTEN_SAME.items() if columns and columns[name] == columns[other]}
    constants = {name: values[0] for name, values in columns.items() if len(set(values)) == 1}
    constants = constants if columns else dict.fromkeys(STORED)
    for name in _ALWAYS:
        constants.pop(name, None)
    # What holds of the sample is looked up for all.
    asked = {f"same {name}": f"bool_and({name} IS NOT DISTINCT FROM {other})" for name, other in same.items()}
    for name, told in constants.items():
        is_so = f"bool_and({_told_in_sql(name)} IS NOT DISTINCT FROM {quoted(told)})"
        asked[f"constant {name}"] = f"count({name}) = 0" if told is None else is_so
    for name in texts:
        if name not in constants:
            signs = f" OR contains({name}, '\\')" if name == "reported" else ""
            asked[f"odd {name}"] = f"bool_or({name} = ''{signs})"
    query = con.execute(f"SELECT {', '.join(asked.values())} FROM store.events WHERE fact IS NOT NULL")
    [answers] = query.fetchall()
    found = dict(zip(asked, answers, strict=True))
    same = {name: other for name, other in same.items() if found[f"same {name}"] is not False}
    constants = {
        name: told
        for name, told in constants.items()
        if name not in same and found[f"constant {name}"] is not False
    }
    odd = {name for name in texts if escape or found.get(f"odd {name}", True)}
    # Lines pack best where what seldom changes follows the fact, and amounts come last.
    seldom = {name for name in STORED if changes.get(name, 0) < 0.5 or name == "reported"}
    stored = sorted(
        (name for name in STORED if name not in constants and name not in same),
        key=lambda name: (name not in seldom, name != "position", _LAID_OUT[name]),
    )
    fields = [_field(name, name in odd) for name in ("fact", *stored)]
    line = f"concat({quoted(chr(10))}, {f', chr({ord(SEPARATOR)}), '.join(fields)})"
    footer = {
        "columns": [(name, name in odd or name == "reported") for name in stored],
        "constants": constants,
        "same": same,
        "odd_facts": "fact" in odd,
    }
    return footer, line


_LAID_OUT: Final = {name: nth for nth, name in enumerate(reversed(LOG_COLUMNS))}


def _told_in_sql(name: str) -> str:
    return f"epoch_us({name})::VARCHAR" if LOG_COLUMNS[name] == "instant" else f"{name}::VARCHAR"


def _field(name: str, odd: bool) -> str:
    told = _told_in_sql(name)
    if odd:
        for sign, escape in ESCAPES.items():
            told = f"replace({told}, chr({ord(sign)}), {quoted(escape)})"
        told = f"if({name} = '', '\\e', {told})"
    return _REPORTED_SQL.format(told) if name == "reported" else told
