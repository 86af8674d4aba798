"""Workbooks, and other shapes of files by their suffix: what a cell shows is what is recorded."""

from __future__ import annotations

import builtins
import gzip
import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from timeline import BadInput, BadRows, Timeline
from timeline.intake.files import read_batches
from timeline.intake.foreign import read_foreign, texts_of
from timeline.intake.mapping import TableMapping


@pytest.fixture
def desk(tmp_path: Path) -> Timeline:
    return Timeline.create(tmp_path / "desk")


def workbook(path: Path, **sheets: Sequence[Any]) -> Path:
    """Write a workbook with these sheets; a value with a format is a pair."""
    book: Any = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([value[0] if isinstance(value, tuple) else value for value in row])
            for at, value in enumerate(row, 1):
                if isinstance(value, tuple):
                    sheet.cell(sheet.max_row, at).number_format = value[1]
    book.save(path)
    return path


HEADER = ["fact", "amount", "unit", "reported", "source"]


def test_numbers_and_days_are_as_they_are_shown(tmp_path: Path, desk: Timeline) -> None:
    midnight = datetime(2025, 1, 5)  # noqa: DTZ001 - as workbooks have them
    path = workbook(
        tmp_path / "a.xlsx",
        Prices=[
            HEADER,
            ["gold/price@2024", 0.1 + 0.2, "USD", midnight, "desk"],
            ["tin/price@2024", 1_234_567, "USD", date(2025, 1, 6), "desk"],
            ["lead/price@2024", 1234.1, "USD", "2025-01", "desk"],
        ],
    )
    assert desk.ingest(path, register_unknown=True).new == 3
    amounts = {fact: str(amount) for fact, amount in desk.beliefs().select("fact", "amount").rows()}
    assert amounts == {
        "gold/price@2024": "0.300000000",
        "lead/price@2024": "1234.100000000",
        "tin/price@2024": "1234567.000000000",
    }
    reported = desk.sql("SELECT reported FROM events WHERE fact <> '' ORDER BY position").get_column(
        "reported"
    )
    assert reported.to_list() == ["2025-01-05", "2025-01-06", "2025-01"]


def test_a_percentage_is_one(tmp_path: Path, desk: Timeline) -> None:
    rows = [["fact", "claim", "reported", "source"], ["acme/margin@2024", (0.125, "0.0%"), "2025", "desk"]]
    desk.ingest(workbook(tmp_path / "a.xlsx", Rates=rows), register_unknown=True)
    belief = desk.belief("acme/margin@2024")
    assert belief is not None
    assert (belief.claim, belief.unit) == ("12.5%", "percent")


def test_the_sheet_with_the_columns_of_events_is_read(tmp_path: Path, desk: Timeline) -> None:
    rows = [HEADER, ["gold/price", 1, "USD", "2025", "desk"]]
    path = workbook(tmp_path / "a.xlsx", Notes=[["about", "this"]], Events=rows, Empty=[])
    assert desk.ingest(path, register_unknown=True).new == 1
    with pytest.raises(BadInput, match="sheets 'A', 'B' all hold events"):
        desk.ingest(workbook(tmp_path / "b.xlsx", A=rows, B=rows))
    with pytest.raises(BadInput, match=r"no sheet has a column fact.*\('Notes'\).*timeline map"):
        desk.ingest(workbook(tmp_path / "c.xlsx", Notes=[["about", "this"]]))


def test_rows_are_named_by_their_numbers_in_the_workbook(tmp_path: Path, desk: Timeline) -> None:
    rows = [HEADER, [], ["gold/price", 1, "USD", "2025", "desk"], ["tin/price", "n/a", "USD", "2025", "desk"]]
    with pytest.raises(BadRows) as caught:
        desk.ingest(workbook(tmp_path / "a.xlsx", Events=rows), register_unknown=True)
    assert f"{tmp_path / 'a.xlsx'}: row 4: column 'amount': amount: 'n/a' is not a number" in str(
        caught.value
    )


def test_without_the_library_the_error_says_what_to_install(
    tmp_path: Path, desk: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path / "a.xlsx", Events=[HEADER])
    imported = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] == "openpyxl":
            raise ImportError(name)
        return imported(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BadInput, match=r"pip install 'timeline-store\[excel\]'"):
        desk.ingest(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no workbook at all"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, desk: Timeline, content: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(BadInput, match=r"a\.xlsx: not a readable workbook"):
        desk.ingest(tmp_path / "a.xlsx")


#: One event in every shape that a suffix names.
_TABLE = "fact{0}claim{0}reported{0}source\ngold/price{0}5 USD{0}2025{0}desk\n"
_LINE = '{"fact": "gold/price", "claim": "5 USD", "reported": "2025", "source": "desk"}\n'
_SHAPES = {
    "a.csv": _TABLE.format(",").encode(),
    "b.csv": _TABLE.format(";").encode(),
    "c.tsv": _TABLE.format("\t").encode(),
    "d.csv": _TABLE.format("|").encode(),
    "e.csv.gz": gzip.compress(_TABLE.format(",").encode()),
    "f.tsv.gz": gzip.compress(_TABLE.format("\t").encode()),
    "g.jsonl.gz": gzip.compress(_LINE.encode()),
    "H.CSV.GZ": gzip.compress(_TABLE.format(";").encode()),
}


@pytest.mark.parametrize("name", _SHAPES)
def test_a_suffix_names_the_shape(tmp_path: Path, desk: Timeline, name: str) -> None:
    (tmp_path / name).write_bytes(_SHAPES[name])
    desk.ingest(tmp_path / name, register_unknown=True)
    (tmp_path / "a.csv").write_bytes(_SHAPES["a.csv"])
    assert desk.ingest(tmp_path / "a.csv").known == 1


def test_all_shapes_are_read_within_a_folder(tmp_path: Path, desk: Timeline) -> None:
    folder = tmp_path / "events"
    folder.mkdir()
    for name, content in _SHAPES.items():
        (folder / name).write_bytes(content)
    workbook(
        folder / "z.xlsx",
        Events=[["fact", "claim", "reported", "source"], ["gold/price", "5 USD", 2025, "desk"]],
    )
    result = desk.ingest(folder, register_unknown=True)
    assert (result.new, result.known) == (1, len(_SHAPES))


def test_a_gzip_that_is_cut_short_is_refused(tmp_path: Path, desk: Timeline) -> None:
    (tmp_path / "a.csv.gz").write_bytes(_SHAPES["e.csv.gz"][:-5])
    with pytest.raises(BadInput, match=r"a\.csv\.gz: not a whole gzip file"):
        desk.ingest(tmp_path / "a.csv.gz")


def test_two_delimiters_that_both_fit_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;b,c\n1;2,3\n")
    with pytest.raises(BadInput, match="comma and semicolon both separate its rows evenly"):
        read_batches(tmp_path / "a.csv")
    # Where a delimiter gives columns that are known, no other counts.
    [batch] = read_batches("-", format="csv", stdin=io.StringIO("fact;text\na/b;x,y\n"))
    assert batch.table is not None
    assert batch.table.column_names == ["fact", "text"]


@pytest.mark.parametrize(
    ("mapping", "sheets", "message"),
    [
        ({}, {"A": [["f"], ["x"]], "B": [["f"], ["y"]]}, "has 2 sheets with rows: 'A', 'B'; name one with"),
        ({"sheet": "Prces"}, {"Prices": [["f"], ["x"]]}, "no sheet 'Prces'; did you mean 'Prices'"),
        ({"sheet": "Z"}, {"Prices": [["f"], ["x"]]}, "no sheet 'Z'; it has 'Prices'"),
        ({}, {"A": []}, "is empty; expected a header row"),
        ({"header": 5}, {"A": [["f"], ["x"]]}, "sheet 'A' has nothing in row 5"),
        ({}, {"A": [["f", "f"], ["x", "y"]]}, "column 'f' is given twice"),
    ],
)
def test_a_sheet_that_no_mapping_can_read_is_refused(
    tmp_path: Path, mapping: dict[str, Any], sheets: dict[str, Sequence[Any]], message: str
) -> None:
    path = workbook(tmp_path / "a.xlsx", **sheets)
    with pytest.raises(BadInput, match=message):
        read_foreign(path, TableMapping({}, **mapping))


def test_cells_of_every_kind_are_their_texts(tmp_path: Path) -> None:
    cells = [True, 3, 2.5, "  ", time(8, 30), datetime(2025, 1, 5, 8, 30), timedelta(hours=30)]  # noqa: DTZ001
    path = workbook(tmp_path / "a.xlsx", A=[["Title"], [*"abcdefg"], cells, ["the end"]])
    found = texts_of(read_foreign(path, TableMapping({}, header=2, footer=1)))
    assert found.to_pylist() == [
        {"a": "true", "b": "3", "c": "2.5", "d": None}
        | {"e": "08:30:00", "f": "2025-01-05T08:30:00", "g": "1 day, 6:00:00"}
    ]
