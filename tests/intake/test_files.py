"""What people hand over, read from real files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

import timeline.intake.tabular
from timeline.errors import BadInput, BadRows, Place
from timeline.intake.batch import FLAT_COLUMNS, Batch, Draft
from timeline.intake.files import read_batches, table_batch
from timeline.intake.tabular import StoredTable
from timeline.meaning.event import Event, event_from

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def only(path: Path, **options: Any) -> Batch:
    [batch] = read_batches(path, **options)
    return batch


def drafts(path: Path, **options: Any) -> list[Draft]:
    batch = only(path, **options)
    assert batch.problems == []
    assert batch.table is None
    assert batch.drafts is not None
    return [*batch.drafts]


def keys(path: Path, **options: Any) -> list[dict[str, object]]:
    return [draft.keys for draft in drafts(path, **options)]


def table(path: Path, **options: Any) -> pa.Table:
    batch = only(path, **options)
    assert batch.problems == []
    assert batch.drafts is None
    assert isinstance(batch.table, pa.Table)
    return batch.table


def problems(path: Path, **options: Any) -> list[str]:
    """Return the problems of one file, with places that leave out the folder."""
    return [str(problem).removeprefix(f"{path}:") for problem in only(path, **options).problems]


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(BadInput) as caught:
        read_batches(path, **options)
    return str(caught.value).removeprefix(f"{path}:")


class TestYaml:
    def test_a_bare_list(self, write: Write) -> None:
        path = write("a.yaml", "# one\n\n- fact: a/b\n  claim: 1 USD\n- {fact: a/c, text: x}\n")
        assert drafts(path) == [
            Draft({"fact": "a/b", "claim": "1 USD"}, Place(str(path), 3, 3)),
            Draft({"fact": "a/c", "text": "x"}, Place(str(path), 5, 3)),
        ]

    @pytest.mark.parametrize(
        "written",
        ["2025-09", "2025-02-22", "no", "yes", "on", "007", "1_000", "1e3", "1.50", "12:30:45", "=", "True"],
    )
    def test_every_scalar_is_text(self, write: Write, written: str) -> None:
        assert keys(write("a.yaml", f"- text: {written}\n")) == [{"text": written}]

    @pytest.mark.parametrize("written", ["", "~", "null", "Null", "NULL", " # nothing"])
    def test_null_is_absent(self, write: Write, written: str) -> None:
        assert keys(write("a.yaml", f"- fact: a/b\n  text: {written}\n")) == [{"fact": "a/b"}]

    @pytest.mark.parametrize(
        ("written", "text"), [("''", ""), ('""', ""), ("'~'", "~"), ("!!str null", "null")]
    )
    def test_what_is_quoted_is_text(self, write: Write, written: str, text: str) -> None:
        assert keys(write("a.yaml", f"- text: {written}\n")) == [{"text": text}]

    def test_nested_values(self, write: Write) -> None:
        path = write("a.yaml", "- locator: [{start: 1, end: 2}, {start: 3, end: 4}]\n")
        assert keys(path) == [{"locator": [{"start": "1", "end": "2"}, {"start": "3", "end": "4"}]}]

    def test_file_defaults(self, write: Write) -> None:
        path = write(
            "a.yaml",
            "source: s\norigin: o\nspeaker: p\nreported: 2025-09\nstatus: planned\nevents:\n"
            "- {fact: a/b, text: x}\n"
            "- {fact: a/b, text: x, source: t, origin: ~, status: denied, reported: 2024}\n",
        )
        given = {"source": "s", "origin": "o", "speaker": "p", "reported": "2025-09", "status": "planned"}
        own = {"source": "t", "status": "denied", "reported": "2024"}
        assert keys(path) == [
            {"fact": "a/b", "text": "x"} | given,
            {"fact": "a/b", "text": "x"} | given | own,
        ]

    def test_defaults_keep_out_of_what_an_amendment_takes_from_its_target(self, write: Write) -> None:
        path = write(
            "a.yaml",
            "source: s\norigin: o\nspeaker: p\nreported: 2025-09\nstatus: planned\nevents:\n"
            "- {type: corrected, target: t, claim: 1 USD}\n"
            "- {type: retracted, target: t}\n"
            "- {type: withdrawn, fact: a/b}\n"
            "- {type: entity-described, id: e}\n",
        )
        named = {"source": "s", "origin": "o", "speaker": "p"}
        assert keys(path) == [
            {"type": "corrected", "target": "t", "claim": "1 USD"} | named,
            {"type": "retracted", "target": "t", "reported": "2025-09"} | named,
            {"type": "withdrawn", "fact": "a/b", "reported": "2025-09"} | named,
            {"type": "entity-described", "id": "e"},
        ]
        for found in keys(path):
            event_from(found).columns()

    def test_descriptions_come_first(self, write: Write) -> None:
        path = write(
            "a.yaml",
            "source: s\nevents:\n- {fact: a/b, text: x}\nsources:\n- {id: s, tier: 2}\n"
            "entities:\n- {id: a, aliases: [x, y]}\n"
            "attributes:\n- {id: b, object: no, type: attribute-described}\n",
        )
        assert keys(path) == [
            {"id": "b", "object": "no", "type": "attribute-described"},
            {"id": "a", "aliases": ["x", "y"], "type": "entity-described"},
            {"id": "s", "tier": "2", "type": "source-described"},
            {"fact": "a/b", "text": "x", "source": "s"},
        ]
        for found in keys(path):
            event_from(found).columns()

    @pytest.mark.parametrize("content", ["", "# nothing yet\n", "[]", "{}", "events:\n", "---\n"])
    def test_nothing_in_it(self, write: Write, content: str) -> None:
        assert drafts(write("a.yml", content)) == []

    def test_every_problem_is_named_and_the_rest_is_read(self, write: Write) -> None:
        path = write(
            "a.yaml",
            "events:\n- 3\n- {fact: a/b, text: x}\n-\n- [x]\n- {fact: a/b, clam: 1 USD,\n   orgin: o}\n"
            "- {text: x, text: y}\n- text: !amount 3\n- {text: x, <<: {origin: o}}\n- {? [x] : y}\n"
            "sources:\n- {id: s, type: web}\n",
        )
        expected = "expected an event, a mapping with keys such as fact and claim, got"
        assert problems(path) == [
            f"2:3: {expected} '3'",
            f"4:2: {expected} nothing",
            f"5:3: {expected} a list",
            "6:15: unknown key 'clam'; did you mean 'claim'?",
            "7:4: unknown key 'orgin'; did you mean 'origin'?",
            "8:13: key 'text' is given twice, first on line 8",
            "9:9: the tag !amount is not supported",
            "10:13: merging with << is not supported; write the keys out",
            "11:6: expected a key, got a list",
            "13:11: unknown key 'type'",
        ]
        found = only(path).drafts
        assert found is not None
        assert [draft.keys for draft in found] == [{"fact": "a/b", "text": "x"}]

    def test_unknown_keys_may_be_ignored(self, write: Write) -> None:
        path = write("a.yaml", "- {fact: a/b, text: x, mood: glad}\n")
        assert keys(path, ignore_unknown=True) == [{"fact": "a/b", "text": "x"}]

    def test_an_alias_repeats_a_text_and_nothing_else(self, write: Write) -> None:
        path = write("a.yaml", "- &e {text: &t 'no'}\n- {text: *t}\n- *e\n- {text: *u}\n- &c [*c]\n")
        found = only(path).drafts
        assert found is not None
        assert [draft.keys for draft in found] == [{"text": "no"}, {"text": "no"}]
        assert problems(path) == [
            "3:3: *e: only text can be repeated; write it out",
            "4:10: *u: no such anchor above",
            "5:7: *c: only text can be repeated; write it out",
        ]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("evnts: []\n", "1:1: unknown key 'evnts'; did you mean 'events' or 'entities'?"),
            (
                "source: s\nfact: a/b\n",
                "2:1: unknown key 'fact'; expected a list of events, "
                "or a mapping with events:, sources:, entities: or attributes:",
            ),
            ("events: all\n", "1:1: events: expected a list, got 'all'"),
            ("source: [s]\n", "1:1: source: expected text, got a list"),
            ("events: []\nevents: []\n", "2:1: key 'events' is given twice, first on line 1"),
            ("- text: a: b\n", "1:10: not YAML: mapping values are not allowed in this context"),
            ("- text: @x\n", "1:9: not YAML: found character that cannot start any token"),
            ("- text: 'x\n", "2:1: not YAML: found unexpected end of stream"),
            ("- é\n- \x01\n", "2: not YAML: control characters are not allowed"),
            ("- a\n---\n- b\n", "2:1: a second document; expected one a file"),
            ("[" * 100_000, "1:34: nested more than 32 deep"),
            (b"- a\n- text: caf\xe9\n", "2: not UTF-8: byte 0xE9 at offset 15; save the file as UTF-8"),
            (b"\xef\xbb\xbf- \xff\n", "1: not UTF-8: byte 0xFF at offset 5; save the file as UTF-8"),
        ],
    )
    def test_what_cannot_be_read_as_a_whole(self, write: Write, content: str | bytes, message: str) -> None:
        assert refused(write("a.yaml", content)).startswith(message)

    def test_a_byte_order_mark_is_no_content(self, write: Write) -> None:
        assert keys(write("a.yaml", b"\xef\xbb\xbf- text: x\r\n")) == [{"text": "x"}]


class TestJson:
    def test_shapes_and_places(self, write: Write) -> None:
        path = write(
            "a.json",
            '{"source": "s",\n "events": [\n  {"fact": "a/b", "amount": 1.50, "inferred": true},\n'
            '    {"locator": {"start": 1, "end": 2}, "text": null}],\n "sources": [{"id": "s"}]}\n',
        )
        assert drafts(path) == [
            Draft({"id": "s", "type": "source-described"}, Place(str(path), 5, 14)),
            Draft({"fact": "a/b", "amount": "1.50", "inferred": True, "source": "s"}, Place(str(path), 3, 3)),
            Draft({"locator": {"start": "1", "end": "2"}, "source": "s"}, Place(str(path), 4, 5)),
        ]

    @pytest.mark.parametrize("content", ["[]", "{}", ' {"events": null} '])
    def test_nothing_in_it(self, write: Write, content: str) -> None:
        assert drafts(write("a.json", content)) == []

    def test_it_says_the_same_as_yaml(self, write: Write, project: Path) -> None:
        for path in sorted((project / "events").glob("*.yaml")):
            found = keys(path)
            copied = write(f"{path.stem}.json", json.dumps(found, ensure_ascii=False, indent=1))
            assert keys(copied) == found
            lines = write(f"{path.stem}.jsonl", "\n".join(map(json.dumps, found)))
            assert keys(lines) == found

    def test_problems(self, write: Write) -> None:
        path = write(
            "a.json",
            '[{"text": "x"},\n {"text": "x", "text": "y"}, 3,\n {"amount": NaN}, {"txt": "\\ud800"}]',
        )
        assert problems(path) == [
            "2:2: key 'text' is given twice",
            "2:30: expected an event, a mapping with keys such as fact and claim, got '3'",
            "3:2: NaN is not JSON",
            "3:19: holds half of a surrogate pair, which is no character",
        ]
        assert len(only(path).drafts or ()) == 1

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", "1:1: not JSON: Expecting value"),
            ('{"events": [\n{"text": "x"},]}', "2:15: not JSON: "),
            (
                '{"text": "x"}\n{"text": "y"}\n',
                "2:1: not JSON: Extra data; expected one value a line in .jsonl",
            ),
            ("[" * 100_000, "1: nested too deep"),
            ("3", "1: expected a list of events"),
            ('{"evnts": []}', "1:2: unknown key 'evnts'; did you mean 'events'"),
            ('{"events": [], "events": []}', "1:16: key 'events' is given twice, first on line 1"),
            ('{"events": {"fact": "a/b"}}', "1:2: events: expected a list, got a mapping"),
        ],
    )
    def test_what_cannot_be_read_as_a_whole(self, write: Write, content: str, message: str) -> None:
        assert refused(write("a.json", content)).startswith(message)


class TestJsonl:
    def test_one_object_a_line(self, write: Write) -> None:
        path = write(
            "a.jsonl",
            b'\xef\xbb\xbf{"fact": "a/b", "amount": 12345678901234567890.10, "origin": null}\r\n\n'
            b' {"type": "source-described", "id": "s", "tier": 2}\n',
        )
        assert drafts(path) == [
            Draft({"fact": "a/b", "amount": "12345678901234567890.10"}, Place(str(path), 1)),
            Draft({"type": "source-described", "id": "s", "tier": "2"}, Place(str(path), 3)),
        ]

    def test_line_separators_within_a_text_end_no_line(self, write: Write) -> None:
        path = write("a.ndjson", '{"text": "a\u2028b\x85c"}\n{"text": "\\ud83d\\ude00"}\n')
        assert keys(path) == [{"text": "a\u2028b\x85c"}, {"text": "\U0001f600"}]

    def test_every_bad_line_is_named_and_the_rest_is_read(self, write: Write) -> None:
        path = write(
            "a.jsonl",
            '{"text": "x"\n{"text": "y"}\n["y"]\n{"text": "x"} {}\n{"txt": "x"}\n'
            '{"text": Infinity}\n{"locator": {"end": 1, "end": 2}}\n{"text": "\\udc00"}\n' + "[" * 100_000,
        )
        assert problems(path) == [
            "1:13: not JSON: Expecting ',' delimiter",
            "3: expected an event, a mapping with keys such as fact and claim, got a list",
            "4:15: not JSON: Extra data; expected one value a line in .jsonl, a file in .json",
            "5: unknown key 'txt'; did you mean 'text'?",
            "6: Infinity is not JSON",
            "7: key 'end' is given twice",
            "8: holds half of a surrogate pair, which is no character",
            "9: nested too deep",
        ]
        assert len(only(path).drafts or ()) == 1


#: Texts that CSV has to quote, or might be expected to.
QUOTED: Final = ('5" pipe', '"', '""', "x\ny", 'x\r\n"y', ",", 'a\\"b', "\\", " x ", 'x,"y",z', "'", "\t")


class TestCsv:
    def test_null_is_none_and_a_quoted_nothing_is_an_empty_text(self, write: Write) -> None:
        path = write("a.csv", 'fact,text,reason\na/b,"",\na/c,NA,null\n"a/d"," x ""y"" ",0010\n')
        assert table(path).to_pylist() == [
            {"fact": "a/b", "text": "", "reason": None},
            {"fact": "a/c", "text": "NA", "reason": "null"},
            {"fact": "a/d", "text": ' x "y" ', "reason": "0010"},
        ]
        assert set(table(path).schema.types) == {pa.string()}

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_delimiters_and_byte_order_marks(
        self, write: Write, delimiter: str, mark: bytes, end: str
    ) -> None:
        rows = [["fact", "text", "reported"], ["a/b", '"x,\ny;\tz"', "2025"], ["a/c", "é", "2026"]]
        path = write("a.csv", mark + end.join(delimiter.join(row) for row in rows).encode())
        assert table(path).to_pylist() == [
            {"fact": "a/b", "text": "x,\ny;\tz", "reported": "2025"},
            {"fact": "a/c", "text": "é", "reported": "2026"},
        ]

    def test_a_header_alone_is_a_table_without_rows(self, write: Write) -> None:
        assert table(write("a.csv", "fact,text")).num_rows == 0

    def test_rows_of_any_length(self, write: Write) -> None:
        long = "x" * 3_000_000
        assert table(write("a.csv", f"fact,text\na/b,{long}\na/c,y\n"))["text"].to_pylist() == [long, "y"]

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            # The rows between two quotes became one value, without an error.
            (['a/b,5" pipe', "a/c,y", 'a/d,6" pipe'], "2:6: not CSV: a quote within a field"),
            (["a/b,y", 'a/c,"x"y', "a/d,z"], "3:7: not CSV: text after the quote that closes the field"),
            (['a/b,"5 pipe', 'a/c,y",z', 'a/d,"6'], "4:5: not CSV: a quote that is never closed"),
            (['a/b,"5 pipe', 'a/c,"y"', "a/d,z"], "3:5: not CSV: text after the quote that closes"),
            (['a/b, "x"'], "2:6: not CSV: a quote within a field"),
            (['é/b,"x" '], "2:7: not CSV: text after the quote"),
            (['a/b,"x\\"y"'], "2:8: not CSV: text after the quote"),
            (['a/b,x\\"y'], "2:7: not CSV: a quote within a field"),
            (['a/b,"x""'], "2:5: not CSV: a quote that is never closed"),
            (['a/b,"'], "2:5: not CSV: a quote that is never closed"),
            (['a/b,"x""y"', 'a/c,"x', 'y"', 'a/d,"', '"z'], "6:1: not CSV: text after the quote"),
        ],
    )
    def test_a_stray_quote_is_refused_with_its_place(
        self, write: Write, delimiter: str, end: str, rows: list[str], message: str
    ) -> None:
        written = end.join(["fact,text", *rows]).replace(",", delimiter)
        assert refused(write("a.csv", written.encode())).startswith(message)

    def test_no_row_is_lost_between_quotes(self, write: Write) -> None:
        rows = [["fact", "text"], *([f"a/{n}", text] for n, text in enumerate(QUOTED))]
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        found = table(write("a.csv", out.getvalue().encode())).to_pylist()
        assert found == [{"fact": fact, "text": text} for fact, text in rows[1:]]

    def test_every_ragged_row_is_named_with_its_line(self, write: Write) -> None:
        path = write("a.csv", 'fact,text\na/b,"x\ny"\n\na/c\na/d,"\n",1\na/e,z\n')
        with pytest.raises(BadRows) as caught:
            read_batches(path)
        assert [str(problem) for problem in caught.value.problems] == [
            f"{path}:5: a row of 1 where the header has 2 columns",
            f"{path}:6: a row of 3 where the header has 2 columns",
        ]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", " is empty; expected a header row"),
            ("\n\n", " is empty; expected a header row"),
            ('fact,text\na/b,x\na/c,"y\na/d,z\n', "3:5: not CSV: a quote that is never closed"),
            ('"' + "x" * 200_000, "1: not CSV: "),
            ("fact,fact\na/b,a/b\n", "1: column 'fact' is given twice"),
            (b"fact,text\na/b,caf\xe9\n", "2: not UTF-8: byte 0xE9 at offset 17"),
            (
                "Fact,text\na/b,x\n",
                " unknown columns: 'Fact' (did you mean 'fact' or 'actor'?); leave them out",
            ),
            ("fact,txt,mood,\na,b,c,d\n", " unknown columns: 'txt' (did you mean 'text'?), 'mood', ''; "),
            ("text\nx\n", " expected a column fact, or subject and attribute"),
        ],
    )
    def test_what_is_refused(self, write: Write, content: str | bytes, message: str) -> None:
        assert refused(write("a.csv", content)).startswith(message)

    def test_unknown_columns_may_be_ignored(self, write: Write) -> None:
        path = write("a.csv", "mood,fact,text\nglad,a/b,x\n")
        assert table(path, ignore_unknown=True).to_pylist() == [{"fact": "a/b", "text": "x"}]


ROWS: dict[str, pa.Array[Any]] = {
    "fact": pa.array(["a/b", "a/c", None], pa.large_string()),
    "text": pa.array(["x", "", None]).dictionary_encode(),
    "origin": pa.array(["x", "y", "z"], pa.string_view()),
    "speaker": pa.nulls(3),
    "key": pa.array([1, 2, None], pa.uint16()),
    "period": pa.array(["2027", "2028", None]),
    "reported": pa.array([date(2025, 9, 1), None, date(1, 1, 1)]),
    "date": pa.array([date(2025, 9, 1), None, date(1, 1, 1)], pa.date64()),
    "valid_from": pa.array(
        [datetime(2025, 9, 1, 12, tzinfo=UTC), None, None], pa.timestamp("ns", "Asia/Tokyo")
    ),
    "valid_to": pa.array([1, None, 2], pa.timestamp("s", "UTC")),
    "amount": pa.array([Decimal("1.5"), None, Decimal("-2.0")], pa.decimal128(38, 9)),
    "amount_low": pa.array([1.5, None, 2]),
    "amount_high": pa.array([1, None, 2]),
    "approximate": pa.array([True, None, False]),
}
KEPT = {
    "period": pa.string(),
    "reported": pa.date32(),
    "date": pa.date32(),
    "valid_from": pa.timestamp("us", "UTC"),
    "valid_to": pa.timestamp("us", "UTC"),
    "amount": pa.decimal128(38, 9),
    "amount_low": pa.float64(),
    "amount_high": pa.int64(),
    "approximate": pa.bool_(),
}


def save_parquet(rows: pa.Table, path: Path) -> None:
    pq.write_table(rows, path)


def save_feather(rows: pa.Table, path: Path) -> None:
    feather.write_feather(rows, str(path))


def save_file(rows: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(str(path), rows.schema) as out:
        out.write_table(rows)


def save_stream(rows: pa.Table, path: Path) -> None:
    with pa.ipc.new_stream(str(path), rows.schema) as out:
        out.write_table(rows, max_chunksize=2)


SAVED = [
    pytest.param("a.parquet", save_parquet, id="parquet"),
    pytest.param("a.feather", save_feather, id="feather"),
    pytest.param("a.arrow", save_file, id="arrow-file"),
    pytest.param("a.arrow", save_stream, id="arrow-stream"),
]
Save = Callable[[pa.Table, Path], None]


class TestTables:
    @pytest.mark.parametrize(("name", "save"), SAVED)
    def test_values_keep_their_types(self, tmp_path: Path, name: str, save: Save) -> None:
        save(pa.table(ROWS), tmp_path / name)
        found = table(tmp_path / name)
        assert found.column_names == list(ROWS)
        assert {field.name: field.type for field in found.schema} == {
            column: KEPT.get(column, pa.string()) for column in ROWS
        }
        expected = {column: values.to_pylist() for column, values in ROWS.items()}
        expected |= {"key": ["1", "2", None]}
        assert found.to_pydict() == expected

    @pytest.mark.parametrize(("name", "save"), SAVED)
    def test_unknown_columns(self, tmp_path: Path, name: str, save: Save) -> None:
        path = tmp_path / name
        save(pa.table({"statment": ["a"], "fact": ["a/b"], "mood": [{"glad": 1}]}), path)
        assert refused(path) == (
            " unknown columns: 'statment' (did you mean 'statement'?), 'mood'; "
            "leave them out, or pass --ignore-unknown"
        )
        assert table(path, ignore_unknown=True).to_pylist() == [{"fact": "a/b"}]

    @pytest.mark.parametrize(("name", "save"), SAVED)
    def test_a_file_cut_short(self, tmp_path: Path, name: str, save: Save) -> None:
        path = tmp_path / name
        save(pa.table({"fact": ["a/b"] * 1000}), path)
        path.write_bytes(path.read_bytes()[:-100])
        assert refused(path).startswith(" not a readable ")

    @pytest.mark.parametrize("suffix", ["parquet", "arrow", "feather"])
    @pytest.mark.parametrize("content", [b"", b"PAR1", b"ARROW1", b"FEA1....", b"fact,text\na/b,x\n" * 9])
    def test_a_file_of_something_else(self, write: Write, suffix: str, content: bytes) -> None:
        path = write(f"a.{suffix}", content)
        with pytest.raises(BadInput) as caught:
            read_batches(path)
        assert caught.value.place == Place(str(path))

    @pytest.mark.parametrize(
        ("column", "values", "message"),
        [
            (
                "reported",
                pa.array([datetime(2025, 9, 1, 12)]),  # noqa: DTZ001
                "column reported has times of day without a zone (timestamp[us]); expected dates",
            ),
            (
                "reported",
                pa.array([2025.5]),
                "column reported is double; expected text, dates or instants in UTC",
            ),
            ("valid_to", pa.array([1], pa.timestamp("ns", "UTC")), "column valid_to cannot be read: "),
            ("text", pa.array([1.0]), "column text is double; expected text"),
            ("text", pa.array([b"x"]), "column text is binary; expected text"),
            ("claim", pa.array([date(2025, 1, 1)]), "column claim is date32[day]; expected text"),
            ("answer", pa.array([True]), "column answer is bool; expected text"),
            (
                "amount",
                pa.array([True]),
                "column amount is bool; expected text, integers, decimals or floats",
            ),
            ("void", pa.array([1]), "column void is int64; expected text or booleans"),
            ("locator", pa.array([{"start": 1}]), "column locator is struct<start: int64>; expected text"),
        ],
    )
    def test_types_that_a_column_cannot_have(self, column: str, values: Any, message: str) -> None:
        with pytest.raises(BadInput) as caught:
            table_batch(pa.table({"fact": ["a/b"], column: values}), "rows")
        assert str(caught.value).startswith(f"rows: {message}")

    @pytest.mark.parametrize(("name", "save"), SAVED)
    def test_a_name_like_a_url_or_a_partition(self, tmp_path: Path, name: str, save: Save) -> None:
        folder = tmp_path / "fact=z"
        folder.mkdir()
        save(pa.table({"fact": ["a/b"]}), folder / name)
        (folder / name).rename(folder / f"s3:_{name}")
        assert table(folder / f"s3:_{name}").to_pylist() == [{"fact": "a/b"}]

    def test_text_that_is_not_utf_8(self) -> None:
        broken = pa.array([b"caf\xe9"]).view(pa.string())
        with pytest.raises(BadInput, match=r"^table: column fact cannot be read: "):
            table_batch(pa.table({"fact": broken}))

    def test_a_column_given_twice(self) -> None:
        twice = pa.Table.from_arrays([pa.array(["a/b"]), pa.array(["a/c"])], names=["fact", "fact"])
        with pytest.raises(BadInput, match="column 'fact' is given twice"):
            table_batch(twice)

    @pytest.mark.parametrize("column", ["fact", "subject", "target"])
    def test_something_to_speak_of(self, column: str) -> None:
        assert table_batch(pa.table({column: ["a"]})).table is not None
        with pytest.raises(BadInput, match="expected a column fact, or subject and attribute"):
            table_batch(pa.table({"attribute": ["a"], "text": ["x"]}))

    def test_rows_in_memory(self) -> None:
        frame = pl.DataFrame(
            {"fact": ["a/b", "a/c"], "text": ["x", None], "reported": [date(2025, 1, 1), None]},
            schema_overrides={"fact": pl.Enum(["a/c", "a/b"]), "text": pl.Categorical},
        )
        arrow = pa.table({"fact": ["a/b", "a/c"], "text": ["x", None], "reported": [date(2025, 1, 1), None]})
        for given in (frame, arrow, arrow.to_reader(), arrow.to_batches()[0]):
            batch = table_batch(given, "rows")
            assert batch.name == "rows"
            assert batch.table == arrow

    @pytest.mark.parametrize("given", [{"fact": ["a/b"]}, b"fact", 5])
    def test_other_objects_in_memory(self, given: object) -> None:
        with pytest.raises(BadInput, match=f"table is (a|one) {type(given).__name__}; expected a pandas or"):
            table_batch(given)


class TestPaths:
    def test_a_folder_in_order(self, write: Write, tmp_path: Path) -> None:
        event, entity = "- {fact: a/b, text: x}\n", "entities: [{id: a}]\n"
        for name in ("900.yml", "100.yaml", "b.YAML"):
            write(name, event)
        for name in ("sources.yaml", "attributes.yaml", "entities.yaml", "500-people.yaml"):
            write(name, entity)
        write("a.csv", "fact,text\na/b,x\n")
        write("c.jsonl", '{"fact": "a/b", "text": "x"}\n')
        save_parquet(pa.table({"fact": ["a/b"]}), tmp_path / "d.parquet")
        for name in (".hidden.yaml", "README.md", "events.yaml~"):
            write(name, "no: [yaml")
        (tmp_path / "sub.yaml").mkdir()
        found = [Path(batch.name) for batch in read_batches(tmp_path)]
        assert [path.name for path in found] == [
            *("attributes.yaml", "entities.yaml", "sources.yaml", "500-people.yaml"),
            *("100.yaml", "900.yml", "a.csv", "b.YAML", "c.jsonl", "d.parquet"),
        ]
        assert {path.parent for path in found} == {tmp_path}

    def test_the_bundled_events(self, project: Path) -> None:
        batches = read_batches(project / "events")
        assert [Path(batch.name).name for batch in batches[:3]] == [
            *("attributes.yaml", "entities.yaml", "sources.yaml"),
        ]
        for batch in batches:
            assert batch.problems == []
            assert batch.drafts
            for draft in batch.drafts:
                event_from(draft.keys).columns()

    def test_names_are_those_given(
        self, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write("a.yaml", "- 3\n")
        monkeypatch.chdir(tmp_path)
        [batch] = read_batches("./a.yaml")
        assert batch.name == "./a.yaml"
        assert str(batch.problems[0]).startswith("./a.yaml:1:3: ")

    def test_what_is_not_there(self, write: Write, tmp_path: Path) -> None:
        write("reports.yaml", "")
        missing = tmp_path / "report.yaml"
        assert refused(missing) == f"no such file or folder: '{missing}'; did you mean 'reports.yaml'?"
        assert refused(tmp_path / "no" / "a.yaml").startswith("no such file or folder")
        with pytest.raises(BadInput, match="no such file or folder: ''"):
            read_batches("")
        with pytest.raises(BadInput, match="no such file or folder"):
            read_batches("- fact: a/b\n" * 1000)

    def test_a_folder_with_nothing_to_read(self, write: Write, tmp_path: Path) -> None:
        write("notes.txt", "")
        assert refused(tmp_path).endswith(
            "holds no file to ingest; expected .yaml, .yml, .jsonl, .ndjson, "
            ".json, .csv, .tsv, .parquet, .arrow, .feather, .xlsx, .xlsm"
        )

    def test_formats(self, write: Write, tmp_path: Path) -> None:
        path = write("rows.txt", "fact,text\na/b,x\n")
        assert refused(path).startswith(" unknown format '.txt'; expected .yaml, .yml, .jsonl")
        assert table(path, format="csv").num_rows == 1
        assert refused(path, format="xml") == (
            "no such format: 'xml'; expected one of arrow, csv, json, jsonl, parquet, xlsx, yaml"
        )
        assert "leave format out" in refused(tmp_path, format="csv")

    def test_a_file_that_may_not_be_read(self, tmp_path: Path) -> None:
        # A folder in a file's place fails for every user, root among them.
        (tmp_path / "loop.yaml").symlink_to("loop.yaml")
        assert refused(tmp_path / "loop.yaml").startswith("no such file or folder")

    @pytest.mark.parametrize(
        ("format", "content"),
        [
            (None, '{"fact": "a/b", "text": "x"}\n'),
            ("jsonl", '{"fact": "a/b", "text": "x"}\n'),
            ("json", '[{"fact": "a/b", "text": "x"}]'),
            ("yaml", "- {fact: a/b, text: x}\n"),
            ("csv", "fact,text\na/b,x\n"),
        ],
    )
    def test_standard_input(self, format: str | None, content: str) -> None:
        for stdin in (io.StringIO(content), io.BytesIO(content.encode())):
            [batch] = read_batches("-", format=format, stdin=stdin)
            drafts = [draft.keys for draft in batch.drafts or ()]
            rows = batch.table.to_pylist() if isinstance(batch.table, pa.Table) else drafts
            assert rows == [{"fact": "a/b", "text": "x"}]
            assert batch.name == "stdin"

    @pytest.mark.parametrize(("name", "save"), SAVED)
    def test_columnar_standard_input(self, tmp_path: Path, name: str, save: Save) -> None:
        save(pa.table({"fact": ["a/b"]}), tmp_path / name)
        format = "parquet" if name.endswith(".parquet") else "arrow"
        with (tmp_path / name).open("rb") as stdin:
            [batch] = read_batches("-", format=format, stdin=stdin)
        assert batch.table == pa.table({"fact": ["a/b"]})


def test_flat_columns_are_the_keys_of_an_event() -> None:
    assert set(FLAT_COLUMNS) == set(Event.model_fields)


def test_a_large_parquet_file_is_read_part_by_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline.intake.tabular, "STAYS_IN_ITS_FILE", 10)
    rows = pa.table(
        {"source": [f"s{at}" for at in range(25)], "fact": pa.array(["a/b"] * 25).dictionary_encode()}
    )
    pq.write_table(rows, tmp_path / "a.parquet", row_group_size=7)
    [batch] = read_batches(tmp_path / "a.parquet")
    assert isinstance(batch.table, StoredTable)
    assert (batch.table.num_rows, batch.table.column_names) == (25, ["source", "fact"])
    assert batch.table.read().to_pylist() == rows.to_pylist()
    parts = list(batch.table.parts(10, ["fact"]))
    assert sum(part.num_rows for part in parts) == 25
    assert {(*part.column_names, part.schema.field("fact").type) for part in parts} == {("fact", pa.string())}
    pq.write_table(pa.table({"fact": ["a/b"] * 25, "locator": [[1]] * 25}), tmp_path / "b.parquet")
    with pytest.raises(BadInput, match="column locator is list"):
        read_batches(tmp_path / "b.parquet")


def test_a_large_parquet_file_that_is_damaged_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline.intake.tabular, "STAYS_IN_ITS_FILE", 10)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"fact": [f"a/b{at}" for at in range(2_000)]}), path, use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(content)
    [batch] = read_batches(path)
    assert isinstance(batch.table, StoredTable)
    with pytest.raises(BadInput, match="not a readable Parquet file"):
        batch.table.read()
