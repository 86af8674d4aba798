"""How much a table in Parquet or Arrow may unpack to: a few kilobytes of it can hold gigabytes.

What is compressed is judged by what its footer and its pages say, before it is read. A value that a
dictionary has once may be in a million rows, so texts are read as dictionaries, and turned into texts a part
at a time.
"""

from __future__ import annotations

import mmap
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from timeline.errors import BadInput, Place
from timeline.intake.parquet_sizes import Chunk, chunks_of, unpacked_pages
from timeline.intake.suffixes import too_large, unpacked_at_most
from timeline.meaning.given import bytes_at_most

__all__ = ["PART_BYTES", "check_lengths", "check_unpacked", "dictionaries", "in_pieces", "written_out"]

#: A part of a table is made of fewer rows where these would take more bytes, written out.
PART_BYTES: Final = 64 * 2**20
#: An intake has so many bytes of each row of a table in memory, and may have so many.
_KEPT_OF_A_ROW: Final = 64
_KEPT_AT_LEAST: Final = 256 * 2**20
#: In NFC a text may have a quarter of its bytes.
_SHRINKS: Final = 4


def check_unpacked(
    name: str, file: pq.ParquetFile, content: bytes | Path, columns: Collection[str] | None = None
) -> list[list[Chunk]]:
    """Return what the footer of a file says of its row groups.

    Raises BadInput where one of these columns, or of all, unpacks to more than any real one, and for a file
    with far more rows than its bytes can tell apart.
    """
    with ExitStack() as stack:
        if isinstance(content, Path):
            opened = stack.enter_context(content.open("rb"))
            content = stack.enter_context(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))  # type: ignore[assignment]
        return _checked(name, file.metadata.num_rows, content, columns)


def _checked(name: str, rows: int, content: Any, columns: Collection[str] | None) -> list[list[Chunk]]:
    size = len(content)
    if rows * _KEPT_OF_A_ROW > unpacked_at_most(size, _KEPT_AT_LEAST):
        raise too_large(name, size, _KEPT_AT_LEAST)
    try:
        groups = chunks_of(content)
    except ValueError as error:
        raise BadInput(f"not a readable Parquet file: {error}", Place(name)) from None
    for group in groups:
        total = 0
        for chunk in group:
            if columns is None or any(name in columns for name in chunk.path[:1]):
                pages = unpacked_pages(content, chunk.start, chunk.packed, chunk.values)
                total += max(chunk.unpacked, pages)
        if total > unpacked_at_most(size):
            raise too_large(name, size)
    return groups


def dictionaries(schema: pa.Schema, groups: Iterable[Sequence[Chunk]]) -> list[str]:
    """Return the columns of text of a file that may be read as dictionaries, since they are stored so."""
    texts = {each.name for each in schema if pa.types.is_string(each.type)}
    stored = {".".join(chunk.path) for group in groups for chunk in group if chunk.has_dictionary}
    return sorted(texts & stored)


def written_out(table: pa.Table) -> int:
    """Return how many bytes a table takes once its dictionaries are written out.

    >>> words = pa.array(["a" * 100]).dictionary_encode().take(pa.array([0] * 50))
    >>> written_out(pa.table({"text": words}))
    5200
    """
    return sum(map(_column_size, table.columns))


def _column_size(values: pa.ChunkedArray[Any]) -> int:
    if pa.types.is_null(values.type):
        # As texts they have an offset each.
        return 4 * len(values)
    if not pa.types.is_dictionary(values.type):
        return int(values.nbytes)
    size = 0
    chunk: Any
    for chunk in values.chunks:
        lengths = _lengths(chunk.dictionary)
        if lengths is not None:
            of_each: Any = pc.sum(lengths.take(chunk.indices).cast(pa.int64()))
            size += (of_each.as_py() or 0) + 4 * len(chunk)
        else:
            size += chunk.nbytes
    return size


def _lengths(values: Any) -> Any:
    types = pa.types
    if types.is_string_view(values.type):
        # Of views no lengths are counted.
        values = values.cast(pa.large_string())
    is_text = types.is_string(values.type) or types.is_large_string(values.type)
    return pc.binary_length(values) if is_text else None


def check_lengths(name: str, table: pa.Table) -> None:
    """Raise BadInput for a text that is far longer than its key may be.

    One that is a little longer is refused by itself, with its event.
    """
    # By their places: a name may be there twice, which is refused in words of its own.
    for column, found in zip(table.column_names, table.columns, strict=True):
        most = _SHRINKS * bytes_at_most(column)
        chunk: Any
        for chunk in found.chunks:
            values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
            lengths = _lengths(values)
            longest = pc.max(lengths).as_py() if lengths is not None and len(lengths) else None
            if longest is not None and longest > most:
                raise BadInput(
                    f"column {column} has a text of {longest:,} bytes of UTF-8; "
                    f"expected {bytes_at_most(column):,} at most",
                    Place(name),
                )


def in_pieces(table: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows of a table, so many at a time that they are not too large once they are written out."""
    if table.num_rows < 2 or written_out(table) <= PART_BYTES:
        yield table
        return
    half = table.num_rows // 2
    yield from in_pieces(table.slice(0, half))
    yield from in_pieces(table.slice(half))
