"""Mappings that are proposed: what a file shows is set, and what it leaves open is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.published import FACTS, POPULATION, PRICES
from timeline import BadInput, TableMapping, Timeline, propose_mapping
from timeline.intake.looks import Look, proved_style


def proposed(path: Path, content: str, **settings: Any) -> TableMapping:
    path.write_text(content, encoding="utf-8")
    return propose_mapping(path, **settings)


def recorded(tmp_path: Path, path: Path, mapping: TableMapping) -> list[tuple[Any, ...]]:
    """Return what is believed once a file was recorded by a mapping, which has been written and read."""
    (tmp_path / "map.toml").write_text(mapping.to_toml(), encoding="utf-8")
    with Timeline.create(tmp_path / "desk") as tl:
        tl.ingest(path, mapping=tmp_path / "map.toml", register_unknown=True)
        return tl.beliefs().select("fact", "claim", "status", "source").rows()


def test_a_table_of_a_statistics_office(tmp_path: Path) -> None:
    path = tmp_path / "12411-0010.csv"
    mapping = proposed(path, POPULATION, unit="count")
    assert mapping == TableMapping(
        keys={
            "fact": "{Land:slug}/{Merkmal:slug}@{Jahr}",
            "amount": "{Wert}",
            "status": "actual",
            "reported": "{Stand}",
            "source": "12411-0010",
            "unit": "count",
        },
        delimiter=";",
        header=4,
        footer=2,
        dates="dmy",
        numbers="1.234,5",
        missing=("-",),
    )
    assert recorded(tmp_path, path, mapping) == [
        ("bayern/bevölkerung@2023", "13435062 count", "actual", "12411-0010"),
        ("hessen/bevölkerung@2023", "6420729 count", "actual", "12411-0010"),
        ("hessen/fläche-km²@2023", "21115.64 count", "actual", "12411-0010"),
    ]


def test_facts_within_json(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    mapping = proposed(path, json.dumps(FACTS), source="sec")
    assert mapping.rows == "facts.{group}.{name}.units.{unit}"
    assert mapping.keys == {
        "fact": "{entityName:slug}/{name:slug}",
        # What is measured on a day has no start.
        "period": ("{start}/{end}", "{end}"),
        "amount": "{val}",
        "unit": "{unit}",
        "status": "actual",
        "reported": "{filed}",
        "source": "sec",
    }
    assert recorded(tmp_path, path, mapping) == [
        ("acme-inc/earningspershare@2024", "1.1 USD", "actual", "sec"),
        ("acme-inc/revenues@2023", "5520000000 USD", "actual", "sec"),
        ("acme-inc/revenues@2024", "6100000000 USD", "actual", "sec"),
        ("acme-inc/sharesoutstanding@2025-01-31", "900678473 count", "actual", "sec"),
    ]


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ('{"data": {"items": [{"a": 1}, {"a": 2}]}}', "data.items"),
        ('[{"page": 1, "pages": 2}, [{"country": "x", "value": 1}]]', "1"),
        ('[{"a": 1}, {"a": 2}]', None),
        ('{"values": {"x.y": [{"a": 1}, {"a": 2}]}}', 'values."x.y"'),
        ('{"series": {"gdp": [{"a": 1}], "cpi": [{"a": 2}]}}', "series.{serie}"),
    ],
)
def test_rows_within_json_are_found(tmp_path: Path, content: str, path: str | None) -> None:
    assert proposed(tmp_path / "a.json", content).rows == path


def test_american_dates_are_proved_by_the_column(tmp_path: Path) -> None:
    mapping = proposed(tmp_path / "a.csv", PRICES, unit="USD")
    assert (mapping.dates, mapping.numbers) == ("mdy", "1,234.5")
    assert mapping.keys["fact"] == "{Symbol:slug}/{Measure:slug}@{Date}"
    assert mapping.unpivot is not None
    assert mapping.unpivot.columns == ("Close", "Volume")


def test_dates_that_no_value_proves_are_asked(tmp_path: Path) -> None:
    mapping = proposed(
        tmp_path / "a.csv", "Date,Company,Value\n03/04/2025,Acme,5\n05/04/2025,Beta,6\n", unit="USD"
    )
    assert mapping.dates is None
    [note] = [note for note in mapping.notes if note.startswith("dates = ")]
    assert "03/04/2025 in 'Date' is 2025-04-03 with dmy, 2025-03-04 with mdy" in note
    # As a comment, so that the answer is a matter of one sign.
    assert f"# {note}" in mapping.to_toml()
    preview = mapping.preview(tmp_path / "a.csv")
    assert [(one.row, one.columns) for one in preview.rows] == [(1, None), (2, None)]
    assert "can be read in two ways" in str(preview.rows[0].error)


def test_orders_that_columns_prove_each_for_itself(tmp_path: Path) -> None:
    content = "Company,Year end,Published,Value\nAcme,31/12/2024,02/13/2025,5\n"
    assert proposed(tmp_path / "a.csv", content, unit="USD").dates == {"Year end": "dmy", "Published": "mdy"}


def test_figures_that_no_value_proves_are_asked(tmp_path: Path) -> None:
    mapping = proposed(tmp_path / "a.csv", "Company;Value\nAcme;1.234\n", unit="USD", reported="2025")
    assert mapping.numbers is None
    assert any("how 1.234 is meant is not proved" in note for note in mapping.notes)
    problem = mapping.preview(tmp_path / "a.csv").problem
    assert problem is not None
    assert '1.234 with numbers = "1,234.5"; 1234 with numbers = "1.234,5"' in problem


@pytest.mark.parametrize(
    ("values", "style"),
    [
        (["1.234,5"], "1.234,5"),
        (["1,234.5"], "1,234.5"),
        (["1.234.567"], "1.234,5"),
        (["1,234,567"], "1,234.5"),
        (["1.234", "0,5"], "1.234,5"),
        (["12,5"], "1.234,5"),
        (["1 234,5"], "1 234,5"),
        (["1.5", "1234"], None),
        (["1.234", "1.5"], None),
        (["1.234"], None),
        (["1,234"], None),
        (["1.5", "1,5"], None),
    ],
)
def test_a_style_is_what_all_fit_and_one_proves(values: list[str], style: str | None) -> None:
    found, _ = proved_style([Look("v", values, False)])
    # What leaves it open besides: a comma with one reading in two styles.
    assert found == style or (values == ["12,5"] and found is None)


def test_years_as_columns(tmp_path: Path) -> None:
    content = "Country Name,Country Code,Indicator Name,2022,2023\nFrance,FRA,GDP,5.5,6\nSpain,ESP,GDP,,7\n"
    path = tmp_path / "wide.csv"
    mapping = proposed(path, content, unit="USD", reported="2024-07-01", source="wb")
    assert mapping.unpivot is not None
    assert mapping.unpivot.columns == ("2022", "2023")
    assert mapping.missing == ("",)
    assert [row[:2] for row in recorded(tmp_path, path, mapping)] == [
        ("france/gdp@2022", "5.5 USD"),
        ("france/gdp@2023", "6 USD"),
        ("spain/gdp@2023", "7 USD"),
    ]


def test_quarters_in_a_workbook(tmp_path: Path) -> None:
    book: Any = openpyxl.Workbook()
    book.active.title = "Cover"
    book.active.append(["Acme quarterly figures"])
    sheet = book.create_sheet("Segments")
    for row in (
        ["Acme: segments, million USD"],
        [],
        ["Segment", "Metric", "Q1 2024", "Q2 2024", "Q3 2024"],
        ["Chips", "Revenue", 1250.5, 0.1 + 0.2, None],
        ["Cloud", "Revenue", 300, 310, 320],
        ["Source: company reports"],
    ):
        sheet.append(row)
    path = tmp_path / "acme.xlsx"
    book.save(path)
    mapping = propose_mapping(path, unit="USD", reported="2024-11-01", source="acme-10q")
    assert (mapping.sheet, mapping.header) == ("Segments", 3)
    assert mapping.unpivot is not None
    assert mapping.unpivot.columns == ("Q1 2024", "Q2 2024", "Q3 2024")
    assert [row[:2] for row in recorded(tmp_path, path, mapping)] == [
        ("chips/revenue@2024-01/2024-03", "1250.5 USD"),
        ("chips/revenue@2024-04/2024-06", "0.3 USD"),
        ("cloud/revenue@2024-01/2024-03", "300 USD"),
        ("cloud/revenue@2024-04/2024-06", "310 USD"),
        ("cloud/revenue@2024-07/2024-09", "320 USD"),
    ]


def test_claims_that_are_written_out(tmp_path: Path) -> None:
    content = "Announced,Company,Deal,Source URL\n2025-01-05,Acme,$1.5 billion,https://a.example/1\n"
    path = tmp_path / "deals.csv"
    mapping = proposed(path, content)
    assert recorded(tmp_path, path, mapping) == [
        ("acme/deal", "$1.5 billion", "announced", "https://a.example/1")
    ]


def test_a_unit_in_the_name_of_a_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    mapping = proposed(
        path, "Company,Year,Revenue (million USD)\nAcme,2024,35.5\n", reported="2025-02-01", source="s"
    )
    assert [row[:2] for row in recorded(tmp_path, path, mapping)] == [
        ("acme/revenue@2024", "35.5 million USD")
    ]


def test_our_own_names_stay(tmp_path: Path) -> None:
    mapping = proposed(tmp_path / "a.csv", "fact,claim,source,Remark\na/b,5 USD,desk,x\n")
    assert mapping.keys == {"fact": "{fact}", "claim": "{claim}", "source": "{source}"}
    assert mapping.notes == ("Not read: Remark",)


def test_an_empty_text_stays_a_value(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    mapping = proposed(
        path, 'Company,Topic,Comment\nAcme,plan,""\nBeta,plan,-\n', reported="2025", source="s"
    )
    assert mapping.missing is None
    with Timeline.create(tmp_path / "desk") as tl:
        assert tl.ingest(path, mapping=mapping, register_unknown=True).new == 2


@pytest.mark.parametrize(
    ("name", "content", "settings", "message"),
    [
        ("a.yaml", "x", {}, "a mapping is for tables, not for yaml"),
        ("a.doc", "x", {}, "a mapping is for tables, not for .doc"),
        ("a.csv", "", {}, "is empty; expected a header row"),
        ("a.csv", "a;b,c\n1;2,3\n", {}, "comma and semicolon both separate its rows evenly"),
        ("a.csv", "a,b\n1,2\n", {"unti": "x"}, "unknown key 'unti'; did you mean 'unit'"),
        ("a.csv", "a,b\n1,2\n", {"dates": "dym"}, "dates is 'dym'; expected"),
        ("a.json", '{"a": {"b": [{"c": 1}]}}', {"rows": "a.x"}, "rows: a has no 'x'"),
        ("a.json", '{"a": ', {}, "not JSON"),
        ("a.csv", "K\xf6ln,b\n", {}, "not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_refused(
    tmp_path: Path, name: str, content: str, settings: dict[str, Any], message: str
) -> None:
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(BadInput) as caught:
        propose_mapping(tmp_path / name, **settings)
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("a,b\n")
    with pytest.raises(BadInput, match=r"no such file or folder: .*did you mean 'sales\.csv'"):
        propose_mapping(tmp_path / "slaes.csv")


def test_vintages_of_a_series(tmp_path: Path) -> None:
    content = "observation_date,realtime_start,realtime_end,GDP\n2024-01-01,2024-04-25,2024-05-29,28284.498\n"
    mapping = proposed(tmp_path / "alfred.csv", content, unit="USD")
    assert mapping.keys["fact"] == "alfred/gdp@{observation_date}"
    assert mapping.keys["reported"] == "{realtime_start}"


def test_names_within_objects_of_json(tmp_path: Path) -> None:
    row = {
        "indicator": {"id": "NY.GDP", "value": "GDP"},
        "country": {"id": "FR", "value": "France"},
        "date": "2023",
        "value": 3051831611384.76,
    }
    mapping = proposed(tmp_path / "wb.json", json.dumps([{"page": 1}, [row]]), unit="USD")
    assert mapping.rows == "1"
    assert mapping.keys["fact"] == "{country.value:slug}/{indicator.value:slug}@{date}"


def test_a_table_in_which_nothing_is_claimed_records_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    mapping = proposed(path, "Company\nAcme\n", reported="2025", source="s")
    assert any("no column looks like what is claimed" in note for note in mapping.notes)
    assert "needs a claim" in str(mapping.preview(path).rows[0].error)
    (tmp_path / "m.toml").write_text(mapping.to_toml())
    with pytest.raises(BadInput, match="a claim is missing"):
        TableMapping.read(tmp_path / "m.toml")


def test_sentences_are_claims_where_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    mapping = proposed(
        path, "Announced,Company,Statement\n2025-01-05,Acme,It will build a plant\n", source="s"
    )
    assert recorded(tmp_path, path, mapping) == [
        ("acme/statement", "It will build a plant", "announced", "s")
    ]
