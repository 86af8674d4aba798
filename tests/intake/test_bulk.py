"""Tables taken as a whole: kinds of columns, order, what is left out, and the way through a Timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tables import Taken, taken
from timeline import BadInput, Timeline
from timeline.index.index import Index
from timeline.index.reader import Reader
from timeline.intake import bulk, record
from timeline.intake import bulk_values as bulkread
from timeline.intake.files import table_batch
from timeline.intake.names import Naming
from timeline.intake.rows import Intake
from timeline.log.log import Log, rows_to_table, schema
from timeline.meaning.decimals import rounded

RECORDED = 1_759_276_800_000_000  # 2025-10-01


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Reader]:
    reader = Index(tmp_path / "index", Log.create(tmp_path / "log")).open()
    yield reader
    reader.close()


def resolve(reader: Reader, table: pa.Table) -> Taken:
    batch = table_batch(table, "t")
    assert batch.table is not None
    return taken(reader, batch.table, RECORDED, naming=Naming.of(True))


def reports(count: int, **columns: list[Any]) -> pa.Table:
    defaults: dict[str, list[Any]] = {
        "subject": [f"s{row % 97}" for row in range(count)],
        "attribute": ["note"] * count,
        "text": [f"text {row}" for row in range(count)],
        "source": [f"paper{row % 5}" for row in range(count)],
        "reported": [f"2025-0{1 + row % 9}-0{1 + row % 7}T00:{row % 60:02}:00Z" for row in range(count)],
    }
    return pa.table({**defaults, **columns})


def test_typed_columns_say_what_their_text_would(empty: Reader) -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    typed = pa.table(
        {
            "fact": pa.array(["a/b", "a/c"]).dictionary_encode(),
            "amount": pa.array([Decimal("1.50"), Decimal("0")], pa.decimal128(12, 2)),
            "unit": ["USD", "GW"],
            "approximate": [True, None],
            "period_from": [dt.date(2025, 1, 1), None],
            "period_to": pa.array([dt.datetime(2025, 7, 1, tzinfo=zone), None], pa.timestamp("ms", "+02:00")),
            "reported": pa.array(
                [
                    dt.datetime(2025, 3, 1, 12, 0, 0, 250_000, tzinfo=zone),
                    dt.datetime(2025, 3, 1, tzinfo=zone),
                ],
                pa.timestamp("us", "+02:00"),
            ),
            "source": pa.array([1, 2], pa.int64()),
        }
    )
    plain = pa.table(
        {
            "fact": ["a/b", "a/c"],
            "amount": ["1.50", "0.00"],
            "unit": ["USD", "GW"],
            "approximate": ["true", None],
            "period_from": ["2025-01-01", None],
            "period_to": ["2025-06-30T22:00:00Z", None],
            "reported": ["2025-03-01T10:00:00.250000Z", "2025-02-28T22:00:00Z"],
            "source": ["1", "2"],
        }
    )
    found = resolve(empty, typed)
    assert not found.rejected
    assert found.rows.equals(resolve(empty, plain).rows)
    assert found.rows.schema == schema()
    read = found.rows.slice(found.registered).to_pylist()
    assert [row["amount"] for row in read] == [Decimal("1.5"), Decimal(0)]
    assert [row["claim"] for row in read] == ["about 1.5 USD", "0 GW"]
    assert read[0]["period"] == "2025-01-01T00:00:00Z/2025-06-30T22:00:00Z"


def test_floats_are_the_shortest_decimals(empty: Reader) -> None:
    numbers = [0.1, 1e20, -2.5e-7, 3.0]
    table = pa.table(
        {
            **{"fact": [f"a/b{row}" for row in range(4)], "amount": numbers, "unit": ["USD"] * 4},
            **{"source": ["s"] * 4, "reported": ["2025"] * 4},
        }
    )
    found = resolve(empty, table)
    assert not found.rejected
    amounts = found.rows.slice(found.registered).column("amount").to_pylist()
    assert amounts == [Decimal(repr(number)) for number in numbers]


def test_many_rows_are_those_of_the_way_by_drafts_in_their_order(empty: Reader) -> None:
    table = reports(3_000, type=["withdrawn" if row % 7 == 3 else "reported" for row in range(3_000)])
    texts = [None if row % 7 == 3 else f"text {row}" for row in range(3_000)]
    table = table.set_column(table.column_names.index("text"), "text", pa.array(texts))
    found = resolve(empty, table)
    drafts = bulk.table_to_drafts(table, "t")
    expected = Intake(empty, RECORDED, naming=Naming.of(True)).resolve(drafts)
    rows = rows_to_table([row for row in expected.rows if not row["event_type"].endswith("-described")])
    names = [name for name in schema().names if name not in ("position", "commit", "recorded_at", "place")]
    assert found.rows.slice(found.registered).select(names).equals(rows.select(names))
    assert found.registered == expected.registered == 97 + 1 + 5


@pytest.mark.parametrize("every", [2, 1_000], ids=["many", "few"])
def test_bad_rows_are_named_and_the_rest_keeps_its_order(empty: Reader, every: int) -> None:
    table = reports(4_000, status=["rumoured" if row % every == 0 else None for row in range(4_000)])
    found = resolve(empty, table)
    assert [one.place.row for one in found.rejected] == list(range(1, 4_001, every))
    assert "no such status: 'rumoured'; did you mean 'rumored'?" in str(found.rejected[0].error)
    texts = found.rows.slice(found.registered).column("text").to_pylist()
    assert texts == [f"text {row}" for row in range(4_000) if row % every]


def test_names_of_refused_rows_alone_are_not_registered(empty: Reader) -> None:
    table = pa.table(
        {
            **{"fact": ["a/b", "c/d"], "text": ["x", None], "source": ["s", "t"]},
            "reported": ["2025", "2025"],
        }
    )
    found = resolve(empty, table)
    registered = found.rows.slice(0, found.registered).column("subject").to_pylist()
    assert (registered, len(found.rejected)) == (["b", "a", "s"], 1)


def test_takes_only_many_reports_and_withdrawals() -> None:
    assert bulk.takes(reports(5_000))
    assert not bulk.takes(reports(5))
    assert not bulk.takes(reports(5_000, target=[None] * 4_999 + ["x"]))
    assert bulk.takes(reports(5_000, target=pa.nulls(5_000, pa.string()).to_pylist()))
    assert not bulk.takes(reports(5_000, type=["reported"] * 4_999 + ["source-described"]))


def test_an_empty_table_gives_no_rows(empty: Reader) -> None:
    assert resolve(empty, reports(0)).rows.num_rows == 0


def test_a_unit_is_plain_where_its_figures_are_those_before_it() -> None:
    units = ["USD", "dollars", "%", "EUR par mois", "million USD", "zorkmid", "GBp", "", "gbp", "x" * 101]
    plain = {unit: bulkread._plain_unit(unit) for unit in units}
    assert {unit: found for unit, found in plain.items() if found} == {
        **{"USD": "USD", "dollars": "USD", "%": "percent", "EUR par mois": "EUR/month"},
        **{"million USD": "million USD", "zorkmid": "zorkmid"},
    }


def test_a_parquet_file_goes_through_a_timeline(tmp_path: Path) -> None:
    path = tmp_path / "reports.parquet"
    table = reports(12_000)
    pq.write_table(table, path)
    with Timeline.create(tmp_path / "store") as tl:
        first = tl.ingest(path, register_unknown=True)
        assert (first.new, first.known, first.registered, len(first.commits)) == (12_000, 0, 103, 1)
        assert tl.verify().events == 12_103
        again = tl.ingest(path)
        assert (again.new, again.known, again.commits) == (0, 12_000, [])
        pq.write_table(pa.concat_tables([table, reports(3_000, text=["more"] * 3_000)]), path)
        more = tl.ingest(path)
        assert (more.new, more.known, more.registered) == (3_000, 12_000, 0)
        got = tl.sql("SELECT text FROM events WHERE event_type = 'reported' ORDER BY position LIMIT 12000")
        assert got["text"].to_list() == table["text"].to_pylist()


def test_a_file_with_bad_rows_records_nothing_unless_they_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "reports.parquet"
    pq.write_table(reports(5_000, reported=["2025-13" if row == 7 else "2025" for row in range(5_000)]), path)
    with Timeline.create(tmp_path / "store") as tl:
        with pytest.raises(BadInput, match=r"reports\.parquet: row 8: '2025-13' has no possible month"):
            tl.ingest(path, register_unknown=True)
        assert tl.head() is None
        found = tl.ingest(path, register_unknown=True, rejects=tmp_path / "rejects.jsonl")
        assert (found.new, len(found.rejected)) == (4_999, 1)
        assert '"row": 8' in (tmp_path / "rejects.jsonl").read_text()


def test_files_of_a_folder_know_each_other_however_many_events_they_bring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "_REMEMBERS_AT_MOST", 10)
    folder = tmp_path / "reports"
    folder.mkdir()
    keyed = reports(3_000).append_column("key", pa.array([f"k{row}" for row in range(3_000)]))
    pq.write_table(keyed, folder / "a.parquet")
    pq.write_table(
        pa.concat_tables([keyed, reports(3, text=["x", "y", "z"])], promote_options="default"),
        folder / "b.parquet",
    )
    mended = {"type": ["corrected"], "target": ["k7"], "text": ["otherwise"], "reason": ["a slip"]}
    pq.write_table(pa.table(mended), folder / "c.parquet")
    with Timeline.create(tmp_path / "store") as tl:
        found = tl.ingest(folder, register_unknown=True)
        assert (found.new, found.known, found.registered, len(found.commits)) == (3_004, 3_000, 103, 3)
        assert tl.verify().events == 3_107
        places = tl.sql("SELECT text FROM events WHERE event_type = 'corrected'")["text"].to_list()
        assert places == ["otherwise"]


def test_a_table_is_taken_the_same_in_parts_of_any_size(empty: Reader) -> None:
    table = pa.concat_tables([reports(2_500), reports(2_500), reports(500, source=["late"] * 500)])
    whole = resolve(empty, table)
    assert (whole.known, whole.rows.num_rows - whole.registered) == (2_500, 3_000)
    for at_once in (700, 2_500, 5_499):
        found = taken(empty, table, RECORDED, naming=Naming.of(True), at_once=at_once)
        assert (found.known, found.registered, found.warnings) == (
            whole.known,
            whole.registered,
            whole.warnings,
        )
        assert found.rows.equals(whole.rows)


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
def test_binary_doubles_are_rounded_to_nine_places_as_one_by_one(kind: pa.DataType) -> None:
    doubles = [0.1 + 0.2, 1 / 3, 0.0009765625, 1e-300, -2.5, 1e22, 1000000000.1, 0.1, None, 2.0]
    column = pa.array(doubles, kind)
    texts = bulkread.as_text(pa.table({"amount": column}))["amount"].to_pylist()
    exact = [None if text is None else Decimal(text) for text in texts]
    assert exact[2:4] == [Decimal("0.000976562"), Decimal(0)]
    assert exact[-3:] == [Decimal("0.1"), None, Decimal(2)]
    if kind == pa.float64():
        assert exact == [None if value is None else rounded(value) for value in doubles]
