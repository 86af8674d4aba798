"""What compressed files say of their size, read before Arrow unpacks them, is what Arrow then makes of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.ipc as pa_ipc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.commands import timeline
from timeline.errors import BadInput, Place
from timeline.intake.arrow_sizes import unpacked_buffers
from timeline.intake.files import read_batches
from timeline.intake.parquet_sizes import Chunk, chunks_of, unpacked_pages
from timeline.intake.problems import Problems

ROWS = 40_000
TABLE = pa.table(
    {
        "text": [f"{row * 7919 % 10_007}" for row in range(ROWS)],
        "number": list(range(ROWS)),
        "some": [None if row % 3 else row / 2 for row in range(ROWS)],
    }
)
TABLE = TABLE.append_column("words", TABLE["text"].dictionary_encode())


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "none"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("coded", [True, False])
def test_pages_unpack_to_what_a_true_footer_says(
    compression: Literal["zstd", "snappy", "gzip", "none"], version: Literal["1.0", "2.0"], coded: bool
) -> None:
    sink = io.BytesIO()
    options: dict[str, Any] = {
        "write_page_index": True,
        "write_page_checksum": True,
        "row_group_size": 15_000,
    }
    pq.write_table(
        TABLE, sink, compression=compression, data_page_version=version, use_dictionary=coded, **options
    )
    content = sink.getvalue()
    metadata = pq.ParquetFile(io.BytesIO(content)).metadata
    groups = chunks_of(content)
    assert len(groups) == metadata.num_row_groups > 1
    for nth, group in enumerate(groups):
        assert len(group) == metadata.num_columns
        for at, chunk in enumerate(group):
            column = metadata.row_group(nth).column(at)
            start = column.data_page_offset
            if column.dictionary_page_offset is not None:
                start = min(start, column.dictionary_page_offset)
            assert chunk == Chunk(
                (column.path_in_schema,),
                column.num_values,
                column.total_uncompressed_size,
                column.total_compressed_size,
                start,
                column.has_dictionary_page,
            )
            found = unpacked_pages(content, chunk.start, chunk.packed, chunk.values)
            # The footer counts the headers too.
            assert 0 < chunk.unpacked - found < 1_000


@pytest.mark.parametrize("new", [pa_ipc.new_file, pa_ipc.new_stream], ids=["file", "stream"])
@pytest.mark.parametrize("old", [False, True], ids=["now", "before 0.15"])
@pytest.mark.parametrize("compression", ["zstd", "lz4", None])
def test_buffers_unpack_to_what_they_say(
    new: Callable[..., Any], old: bool, compression: Literal["zstd", "lz4"] | None
) -> None:
    sink = io.BytesIO()
    options = pa_ipc.IpcWriteOptions(compression=compression, use_legacy_format=old)
    with new(sink, TABLE.schema, options=options) as file:
        file.write_table(TABLE, max_chunksize=7_000)
    found = sum(unpacked_buffers(sink.getvalue()))
    # What is not compressed, Arrow leaves in the file.
    assert found == 0 if compression is None else TABLE.nbytes <= found < TABLE.nbytes + 10_000


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_damaged_is_read_to_its_end(data: st.DataObject) -> None:
    sink = io.BytesIO()
    write = data.draw(st.sampled_from([pa_ipc.new_file, pa_ipc.new_stream]))
    with write(sink, TABLE.schema, options=pa_ipc.IpcWriteOptions(compression="lz4")) as file:
        file.write_table(TABLE.slice(0, 20))
    content = bytearray(sink.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(6, len(content) - 1))] = data.draw(st.integers(0, 255))
    for size in unpacked_buffers(bytes(content)):
        assert size >= 0
    assert unpacked_pages(bytes(content), data.draw(st.integers(0, 99)), len(content), 10) >= 0


@given(st.data())
def test_a_damaged_footer_is_read_or_refused(data: st.DataObject) -> None:
    sink = io.BytesIO()
    pq.write_table(TABLE.slice(0, 20), sink, row_group_size=9)
    content = bytearray(sink.getvalue())
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(footer, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        groups = chunks_of(bytes(content))
    except ValueError:
        return
    assert all(chunk.packed >= 0 <= chunk.start for group in groups for chunk in group)


def test_statistics_that_contradict_their_column_end_no_process(tmp_path: Path) -> None:
    """Arrow's own reader of the footer ends the process for sizes of texts of a column that holds numbers."""
    rows = {"fact": ["a/b"], "text": ["x"], "source": ["s"], "reported": ["2025-01-01"]}
    sink = io.BytesIO()
    pq.write_table(pa.table(rows), sink, store_schema=False)
    # A footer has the type of a column, whether it may be null, and its name.
    texts, numbers = (b"\x15" + kind + b"\x25\x02\x18\x08reported\x25\x00" for kind in (b"\x0c", b"\x08"))
    content = sink.getvalue()
    assert content.count(texts) == 1
    (tmp_path / "a.parquet").write_bytes(content.replace(texts, numbers))
    timeline(tmp_path, "init", "desk")
    done = timeline(tmp_path / "desk", "ingest", str(tmp_path / "a.parquet"), expected=2)
    assert "a.parquet" in done.stderr


def test_problems_come_back_as_they_were_given() -> None:
    problems = Problems("a.jsonl")
    given = [
        BadInput(f"bad {nth % 3}", Place("a.jsonl", *place)) for nth, place in enumerate([(3, 1), (1,), ()])
    ]
    for problem in given:
        problems.add(problem)
    assert [(one.message, one.place) for one in problems] == [(one.message, one.place) for one in given]
    assert [str(one) for one in problems.ordered()] == [str(given[at]) for at in (2, 1, 0)]
    assert [str(one) for one in problems[1:]] == [str(one) for one in problems][1:]


def test_a_header_whose_count_of_values_is_none_ends_nothing() -> None:
    # Sizes of 2 and 0, and a part that has a truth value in place of a count; then the end.
    assert unpacked_pages(bytes([0x25, 0x04, 0x15, 0x00, 0x2C, 0x11, 0x00, 0x00]), 0, 8, 10) == 2


@pytest.mark.parametrize("new", [pa_ipc.new_file, pa_ipc.new_stream], ids=["file", "stream"])
def test_a_column_that_is_there_twice_is_refused_in_words(tmp_path: Path, new: Callable[..., Any]) -> None:
    rows = pa.Table.from_arrays(
        [pa.array(["a/b"]), pa.array(["s"]), pa.array(["t"])], ["fact", "source", "source"]
    )
    with new(str(tmp_path / "a.arrow"), rows.schema) as file:
        file.write_table(rows)
    with pytest.raises(BadInput, match="column 'source' is given twice"):
        read_batches(tmp_path / "a.arrow")
