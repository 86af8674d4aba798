"""Hostile input is refused in words: no crash, no hang, and no more memory than the input justifies.

Small files that cost much go through a process of their own, whose memory the system bounds; texts that
Hypothesis draws go through every door in this one. `TIMELINE_LONG=1` draws many more of them.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.ipc as pa_ipc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.commands import environment, run
from tests.examples import LONG, counted
from timeline import Timeline
from timeline.ask.temporal_sql import translate
from timeline.errors import BadInput, BadRows, TimelineError, nearest
from timeline.intake.files import read_batches, table_batch
from timeline.intake.mapping import mapping_from
from timeline.meaning.amounts import parse_amount
from timeline.meaning.event import event_from
from timeline.meaning.parts import parse_fact
from timeline.meaning.times import parse_as_of, parse_edtf
from timeline.project import toml_of

MIB = 2**20
#: A process may take so much of the address space besides what it takes for a harmless file.
MEMORY = 256 * MIB
MANY = counted(60, 25_000)

#: Makes a file in a folder, and returns it.
Maker = Callable[[Path], Path]


def written(name: str, content: str | bytes) -> Maker:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        return path

    return make


def parquet(name: str, table: Callable[[], pa.Table]) -> Maker:
    def make(folder: Path) -> Path:
        pq.write_table(table(), folder / name, compression="zstd")
        return folder / name

    return make


def same(value: str | None, count: int) -> Any:
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), count), pa.array([value]))


def long_value() -> pa.Table:
    return pa.table({"fact": ["a/b"], "text": pa.array(["x" * (100 * MIB)], pa.large_string())})


def long_values_once() -> pa.Table:
    return pa.table({"fact": same("a/b", 1_000), "text": same("x" * (5 * MIB), 1_000)})


def nothing() -> pa.Table:
    return pa.table({"fact": pa.nulls(30_000_000, pa.string())})


def equal_rows() -> pa.Table:
    return pa.table({"fact": same("a/b", 20_000_000), "text": same("x", 20_000_000)})


def bad_rows() -> pa.Table:
    return pa.table({"fact": same("bad", 2_000_000)})


def arrow(new: Callable[..., Any], table: Callable[[], pa.Table]) -> Maker:
    def make(folder: Path) -> Path:
        path, rows = folder / "a.arrow", table()
        with new(str(path), rows.schema, options=pa_ipc.IpcWriteOptions(compression="zstd")) as file:
            file.write(rows)
        return path

    return make


def varint(number: int, length: int = 0) -> bytes:
    """Return a whole number as Thrift has it, in so many bytes."""
    groups: list[int] = []
    number <<= 1
    while number or len(groups) < length:
        groups.append(number & 0x7F)
        number >>= 7
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


def belied(folder: Path) -> Path:
    """Write a Parquet file whose footer has another size for a column than its pages."""
    path = parquet("a.parquet", long_value)(folder)
    with pq.ParquetFile(path) as file:
        column = file.metadata.row_group(0).column(1)
        size, begin = (
            column.total_uncompressed_size,
            len(path.read_bytes()) - file.metadata.serialized_size - 8,
        )
    content, real = path.read_bytes(), varint(size)
    assert content.count(real, begin) >= 1
    path.write_bytes(content[:begin] + content[begin:].replace(real, varint(1_000, len(real))))
    with pq.ParquetFile(path) as file:
        assert file.metadata.row_group(0).column(1).total_uncompressed_size == 1_000
    return path


def no_utf8(folder: Path) -> Path:
    path = parquet("a.parquet", lambda: pa.table({"fact": ["a/b"], "QQQQ": ["x"]}))(folder)
    path.write_bytes(path.read_bytes().replace(b"QQQQ", b"\xff\xfe\xfdQ"))
    return path


def gzipped(folder: Path) -> Path:
    path = folder / "a.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"fact,text\n")
        for _ in range(200):
            file.write(b"a/b,x\n" * (MIB // 6))
    return path


def workbook(part: str, pieces: Callable[[], Iterator[bytes]]) -> Maker:
    def make(folder: Path) -> Path:
        plain, path = folder / "plain.xlsx", folder / "a.xlsx"
        book = openpyxl.Workbook()
        book.save(plain)
        with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                if name != part:
                    new.writestr(name, old.read(name))
            with new.open(part, "w") as out:
                for piece in pieces():
                    out.write(piece)
        return path

    return make


SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TEXT = b'<row><c t="inlineStr"><is><t>fact</t></is></c></row>'


def many_rows() -> Iterator[bytes]:
    yield HEAD
    for _ in range(150):
        yield TEXT * 10_000
    yield b"</sheetData></worksheet>"


def far_away() -> Iterator[bytes]:
    yield HEAD + TEXT + b'<row r="2000000000"><c r="XFD2000000000"><v>1</v></c></row></sheetData></worksheet>'


MARKS = "a" + "\u0301\u0316" * 100_000
REPORT = {"fact": "a/b", "source": "s", "reported": "2025"}

#: What is refused, with words of why.
REFUSED: dict[str, tuple[Maker, str]] = {
    "unknown keys": (
        written("a.json", json.dumps([{"fact": "a/b", **{f"txet{n}": 1 for n in range(50_000)}}])),
        "49,990 more unknown keys",
    ),
    "doubled keys": (
        written("a.json", "[{" + ",".join(f'"k{n}":1,"k{n}":2' for n in range(30_000)) + "}]"),
        "29,990 more keys are given twice",
    ),
    "repeated text": (
        written("a.yaml", "- &a " + "x" * 500_000 + "\n" + "- *a\n" * 2_000),
        "aliases of this file repeat more than",
    ),
    "billion laughs": (
        written("a.yaml", "- &a [l]\n" + "".join(f"- &{n} [{'*a,' * 9}*a]\n" for n in "bcdefgh")),
        "only text can be repeated",
    ),
    "brackets in YAML": (written("a.yaml", "[" * 100_000), "nested more than 32 deep"),
    "brackets in JSON": (written("a.json", "[" * 1_000_000), "nested too deep"),
    "a long value in Parquet": (parquet("a.parquet", long_value), "unpack to more than"),
    "a long value many times": (parquet("a.parquet", long_values_once), "has a text of 5,242,880 bytes"),
    "bad rows in Parquet": (parquet("a.parquet", bad_rows), "2000000 bad events; nothing was recorded"),
    "nothing in Arrow": (arrow(pa_ipc.new_file, nothing), "unpack to more than"),
    "equal rows in Arrow": (arrow(pa_ipc.new_stream, equal_rows), "unpack to more than"),
    "a long value in Arrow": (arrow(pa_ipc.new_stream, long_value), "unpack to more than"),
    "a footer that belies its pages": (belied, "unpack to more than"),
    "equal rows in Parquet": (parquet("a.parquet", equal_rows), "unpack to more than"),
    "lines that are no JSON": (
        written("a.jsonl", "{x\n" * 1_000_000),
        "a.jsonl:20:2: not JSON: Expecting property name enclosed in double quotes\n… and 999,980 more\n"
        "1000000 bad events",
    ),
    "unknown keys on every line": (
        written("a.jsonl", '{"a":1}\n' * 1_000_000),
        "… and 999,980 more\n1000000 bad events",
    ),
    "rows that are too short": (
        written("a.csv", "fact,text\n" + "a\n" * 1_000_000),
        "a.csv:21: a row of 1 where the header has 2 columns\n… and 999,980 more\n1000000 bad events",
    ),
    "names that are no UTF-8": (no_utf8, "the name of a column is not UTF-8"),
    "gzip": (gzipped, "unpack to more than"),
    "rows of a workbook": (workbook(SHEET, many_rows), "unpack to more than"),
    "rows far apart": (workbook(SHEET, far_away), "lie too far apart"),
}
TAKEN: dict[str, Maker] = {
    "marks": written("a.json", json.dumps([{**REPORT, "text": MARKS}])),
    "line feeds": written("a.json", json.dumps([{**REPORT, "text": "x" + "\n" * 990_000 + "y"}])),
    "one source by alias": written(
        "a.yaml",
        "- {fact: a/b, text: x, source: &s s, reported: 2025}\n"
        + "".join(f"- {{fact: a/b{n}, text: x, source: *s, reported: 2025}}\n" for n in range(500)),
    ),
}
#: Ingests the file that it is given, within so much of the address space besides what a harmless one took.
CHILD = """
import resource, sys
from pathlib import Path
from timeline import Timeline
from timeline.errors import TimelineError
store, path, memory = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with Timeline.create(store) as tl:
    rows = [{"fact": "q/b", "text": "x", "source": "q", "reported": "2025"}]
    tl.ingest(rows, register_unknown=True)
    import openpyxl, timeline.intake.foreign
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))
    try:
        print(tl.ingest(path, register_unknown=True).new)
    except TimelineError as error:
        print(f"{type(error).__name__}: {error}")
"""


def ingested(folder: Path, path: Path) -> str:
    """Return what an ingest in a process of its own says, whose memory and time are bounded."""
    # Threads of the engines reserve their stacks, of which they use little.
    allowed = MEMORY + path.stat().st_size + 512 * MIB
    finished = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder / "store"), str(path), str(allowed)],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


#: Those that take longest are left to the long run.
SHORT = (
    "doubled keys",
    "a long value in Parquet",
    "a long value in Arrow",
    "a footer that belies its pages",
    "rows that are too short",
)


@pytest.mark.parametrize("name", list(REFUSED) if LONG else SHORT)
def test_a_small_file_that_costs_much_is_refused_in_words(tmp_path: Path, name: str) -> None:
    make, said = REFUSED[name]
    assert said in ingested(tmp_path, make(tmp_path))


@pytest.mark.parametrize("name", list(TAKEN) if LONG else ["marks"])
def test_what_only_looks_hostile_is_taken(tmp_path: Path, name: str) -> None:
    assert int(ingested(tmp_path, TAKEN[name](tmp_path))) >= 1


# Every door, in this process

SIGNS = st.sampled_from(
    "\x00\x1b\u202e\ud800¹²٣\u0301{}[]()\"'`:,;/@*?#&!|<>~%-+.$\n\t\r \\ \ufeff0123456789eE"
)
WORDS = st.sampled_from(
    [
        "fact",
        "claim",
        "text",
        "source",
        "reported",
        "valid",
        "2025",
        "2025-13-45",
        "../..",
        "9999",
        "up",
        "to",
        "billion",
        "USD",
        "true",
        "null",
        "FOR",
        "REPORTED_TIME",
        "AS",
        "OF",
        "SELECT",
        "WITH",
        "FROM",
        "beliefs",
        "$¹",
        "?1",
        "&a",
        "*a",
        "!!python/object",
        "<<:",
        "---",
        "1e999",
        "NaN",
    ]
)
TEXTS = st.lists(st.one_of(SIGNS, WORDS, st.text(max_size=8)), max_size=30).map("".join)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        TEXTS,
        st.binary(max_size=4),
        st.decimals(),
        st.dates(),
        st.datetimes(),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    re.findall(
        r"\w+",
        "type key fact subject attribute object period claim text date entity answer amount amount_low unit "
        "approximate status reported valid valid_from source origin speaker locator statement inferred "
        "target void reason id value tier aliases published",
    )
)
DOORS: dict[str, Callable[[str, Path], object]] = {
    "edtf": lambda text, _: parse_edtf(text),
    "as of": lambda text, _: parse_as_of(text),
    "amount": lambda text, _: parse_amount(text),
    "fact": lambda text, _: parse_fact(text),
    "sql": lambda text, _: translate(text, as_of="2025-01-01"),
    "toml": lambda text, _: toml_of(text, "a.toml"),
    "near": lambda text, _: nearest(text, ["fact", "text", text[::-1]]),
    **{
        suffix: lambda text, folder, suffix=suffix: read_batches(  # type: ignore[misc]
            written(f"a.{suffix}", text)(folder)
        )
        for suffix in ("yaml", "json", "jsonl", "csv", "parquet", "arrow", "xlsx", "csv.gz")
    },
}


@pytest.mark.parametrize("door", list(DOORS))
def test_any_text_is_taken_or_refused_in_words(door: str, tmp_path: Path) -> None:
    @settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
    @given(TEXTS)
    def draw(text: str) -> None:
        with suppress(TimelineError):
            DOORS[door](text, tmp_path)

    draw()


@settings(max_examples=MANY, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_event_is_taken_or_refused_in_words(keys: dict[str, object]) -> None:
    with suppress(TimelineError):
        event_from(keys).columns()


@settings(max_examples=MANY // 3, deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=4))
def test_any_rows_are_taken_or_refused_in_words(rows: list[dict[str, object]]) -> None:
    with suppress(TimelineError):
        table_batch(rows)


@settings(max_examples=MANY // 3, deadline=None)
@given(st.dictionaries(st.one_of(KEYS, TEXTS), VALUES, max_size=6))
def test_any_mapping_is_taken_or_refused_in_words(mapping: dict[str, object]) -> None:
    with suppress(TimelineError):
        mapping_from(mapping)


def test_all_bad_rows_are_written_where_that_is_asked_for(tmp_path: Path) -> None:
    path = parquet("a.parquet", lambda: pa.table({"fact": same("bad", 12_000)}))(tmp_path)
    rejects = tmp_path / "rejects.jsonl"
    with Timeline.create(tmp_path / "store") as tl:
        with pytest.raises(BadRows) as caught:
            tl.ingest(path)
        assert len(caught.value.problems) < 12_000
        assert str(caught.value).endswith("… and 11,980 more\n12000 bad events; nothing was recorded")
        result = tl.ingest(path, rejects=rejects)
    assert len(result.rejected) + result.more_rejected == 12_000
    lines = rejects.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["row"] for line in lines] == list(range(1, 12_001))


FACTS = ["a/b", "b/cd", "c/def", "d/efgh"]


@pytest.mark.parametrize("new", [pa_ipc.new_file, pa_ipc.new_stream], ids=["file", "stream"])
@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        (pa.array(FACTS), struct.Struct("<5i").pack(0, 3, 7, 12, 18)),
        (pa.array(FACTS, pa.large_string()), struct.Struct("<5q").pack(0, 3, 7, 12, 18)),
        (pa.array(FACTS).dictionary_encode(), struct.Struct("<4i").pack(0, 1, 2, 3)),
    ],
    ids=["offsets", "large offsets", "indices"],
)
def test_arrow_that_points_out_of_its_memory_is_refused(
    tmp_path: Path, new: Callable[..., Any], column: Any, numbers: bytes
) -> None:
    path = tmp_path / "a.arrow"
    with new(str(path), pa.schema([("fact", column.type)])) as file:
        file.write_batch(pa.RecordBatch.from_arrays([column], ["fact"]))
    content = path.read_bytes()
    assert content.count(numbers) == 1
    far = (2**30).to_bytes(4, "little")
    path.write_bytes(content.replace(numbers, numbers[:8] + far + numbers[12:]))
    with pytest.raises(BadInput, match="not a readable Arrow file"):
        read_batches(path)
    with pytest.raises(BadInput, match="not a readable arrow file"):
        read_batches(path, mapping=mapping_from({"fact": "{fact}", "text": "x"}))


@pytest.mark.parametrize("number", ["$¹", "?¹", "?٣", "?1", "$99999999999999999999"])
def test_a_parameter_in_odd_digits_is_bad_input(tmp_path: Path, number: str) -> None:
    with Timeline.create(tmp_path / "store") as tl, pytest.raises(BadInput):
        tl.sql(f"SELECT {number}")


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_never_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.toml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(BadInput, match=f"is a (named )?{kind}, expected a file"):
        mapping_from(path)
    with pytest.raises(BadInput, match="expected a file"):
        read_batches(tmp_path / "a.toml", format="csv") if kind != "folder" else mapping_from(path)


OF_ONE_FIELD: dict[str, tuple[Maker, str]] = {
    "a list for a word": (
        written("a.yaml", "attributes:\n- {id: x, meaning: m, object: [x]}\n"),
        "object is ['x']; expected 'yes', 'no' or 'optional'",
    ),
    "brackets in a field": (
        written("a.csv", 'fact,text,source,reported,locator\na/b,x,s,2025,"' + "[" * 100_000 + '"\n'),
        "is not JSON; expected {start: 0, end: 10}",
    ),
}


@pytest.mark.parametrize("name", OF_ONE_FIELD)
def test_an_odd_value_of_one_field_is_refused_in_words(tmp_path: Path, name: str) -> None:
    make, said = OF_ONE_FIELD[name]
    with Timeline.create(tmp_path / "store") as tl, pytest.raises(BadInput) as caught:
        tl.ingest(make(tmp_path), register_unknown=True)
    assert said in str(caught.value)
    assert "fault of Timeline" not in str(caught.value)
    assert len(str(caught.value)) < 1_000


def test_rejects_cannot_go_into_a_folder(tmp_path: Path) -> None:
    path = written("a.jsonl", '{"fact": "a"}\n')(tmp_path)
    with (
        Timeline.create(tmp_path / "store") as tl,
        pytest.raises(BadInput, match="is a folder, expected a file"),
    ):
        tl.ingest(path, rejects=tmp_path)


def test_a_query_of_very_many_tables_is_refused_in_words(tmp_path: Path) -> None:
    tables = ",".join(f"t{number} AS (SELECT 1)" for number in range(20_000))
    with Timeline.create(tmp_path / "store") as tl, pytest.raises(BadInput, match="Max expression depth"):
        tl.sql(f"WITH {tables} SELECT 1")


def test_a_text_of_a_million_lines_is_shown(tmp_path: Path) -> None:
    """Wrapping took time with the square of the lines: half a minute for these."""
    with Timeline.create(tmp_path / "store") as tl:
        tl.append([{**REPORT, "text": "x" + "\n" * 990_000 + "y"}], register_unknown=True)
    before = time.process_time()
    done = run(tmp_path, ["show", "a/b", "--store", "store"])
    assert done.code == 0, done.err
    assert "claim" in done.out
    assert time.process_time() - before < 20
