"""Tables with columns of their own: what a mapping says, and what it makes of tables as they are in life."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.examples import costly
from tests.published import FACTS, POPULATION, PRICES
from timeline import BadInput, BadRows, Timeline
from timeline.intake import mapped as applying
from timeline.intake.batch import FLAT_COLUMNS
from timeline.intake.bulk import table_to_drafts
from timeline.intake.files import read_batches, table_batch
from timeline.intake.foreign import read_foreign, texts_of
from timeline.intake.mapping import DATE_ORDERS, TableMapping, Unpivot, mapping_from
from timeline.intake.nested import rows_within
from timeline.meaning.event import event_from
from timeline.meaning.identity import event_id


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Timeline]:
    with Timeline.create(tmp_path / "desk") as tl:
        yield tl


def events(path: Path, mapping: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the keys that a mapping makes of the rows of a file, which all have to be readable."""
    [batch] = read_batches(path, mapping=mapping_from(mapping))
    assert not batch.problems
    assert batch.table is not None
    return [draft.keys for draft in table_to_drafts(batch.table, batch.name)]


def refused(path: Path, mapping: Mapping[str, object]) -> list[str]:
    """Return what is wrong with the rows of a file, or with the file."""
    try:
        [batch] = read_batches(path, mapping=mapping_from(mapping))
    except BadInput as error:
        return [str(error).replace(f"{path.parent}/", "")]
    return [str(problem).replace(f"{path.parent}/", "") for problem in batch.problems]


# Tables as they are in life

POPULATION_MAP = {
    "header": 4,
    "footer": 2,
    "numbers": "1.234,5",
    "dates": "dmy",
    "missing": ["-"],
    "fact": "{Land:slug}/{Merkmal:slug}@{Jahr}",
    "amount": "{Wert}",
    "unit": "count",
    "status": "actual",
    "reported": "{Stand}",
    "source": "destatis-12411",
}


def test_a_table_of_a_statistics_office(tmp_path: Path, desk: Timeline) -> None:
    (tmp_path / "a.csv").write_text(POPULATION, encoding="utf-8")
    result = desk.ingest(tmp_path / "a.csv", mapping=POPULATION_MAP, register_unknown=True)
    assert result.new == 3
    assert result.warnings == [f"{tmp_path / 'a.csv'}: 1 of 4 rows left out as missing"]
    told = desk.beliefs().select("fact", "amount", "status", "source").rows()
    assert told == [
        ("bayern/bevölkerung@2023", Decimal("13435062"), "actual", "destatis-12411"),
        ("hessen/bevölkerung@2023", Decimal("6420729"), "actual", "destatis-12411"),
        ("hessen/fläche-km²@2023", Decimal("21115.64"), "actual", "destatis-12411"),
    ]
    assert desk.ingest(tmp_path / "a.csv", mapping=POPULATION_MAP).known == 3


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16"])
def test_a_table_in_an_older_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes(POPULATION.encode(encoding))
    # What begins with a mark of its encoding needs no setting.
    extra = {"encoding": encoding} if encoding != "utf-16" else {}
    assert events(tmp_path / "a.csv", POPULATION_MAP | extra)[0]["attribute"] == "bevölkerung"


def test_facts_within_json(tmp_path: Path, desk: Timeline) -> None:
    (tmp_path / "facts.json").write_text(json.dumps(FACTS))
    mapping = {
        "rows": "facts.{taxonomy}.{concept}.units.{unit}",
        "where": {"taxonomy": "us-gaap"},
        "fact": "{entityName:slug}/{concept}@{start}/{end}",
        "amount": "{val}",
        "unit": "{unit}",
        "reported": "{filed}",
        "status": "actual",
        "source": "sec-{cik}",
    }
    result = desk.ingest(tmp_path / "facts.json", mapping=mapping, register_unknown=True)
    assert result.warnings == [f"{tmp_path / 'facts.json'}: 1 of 4 rows left out by where"]
    assert desk.beliefs().select("fact", "claim", "reported_at", "source").rows() == [
        (fact, claim, datetime(day.year, day.month, day.day, 23, 59, 59, 999999, UTC), "sec-1000")
        for fact, claim, day in [
            ("acme-inc/EarningsPerShare@2024", "1.1 USD", date(2025, 2, 3)),
            ("acme-inc/Revenues@2023", "5520000000 USD", date(2024, 2, 1)),
            ("acme-inc/Revenues@2024", "6100000000 USD", date(2025, 2, 3)),
        ]
    ]


def test_numbers_in_json_keep_every_digit(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '[{"x": 1234567890.123456789, "n": 1.10}, {"x": 12345678901234567890, "n": 2}]'
    )
    found = events(
        tmp_path / "a.json",
        {"fact": "gold/price", "amount": "{x}", "unit": "USD", "statement": "{n}"},
    )
    assert [one["amount"] for one in found] == ["1234567890.123456789", "12345678901234567890"]
    assert [one["statement"] for one in found] == ["1.10", "2"]


@pytest.mark.parametrize(
    ("content", "path", "expected"),
    [
        ('{"data": {"items": [{"a": 1}, {"a": 2}]}}', "data.items", [{"a": "1"}, {"a": "2"}]),
        ('[{"page": 1}, [{"a": 1}]]', "1", [{"a": "1"}]),
        (
            '{"2023": 5, "2024": 6}',
            "{year}",
            [{"year": "2023", "value": "5"}, {"year": "2024", "value": "6"}],
        ),
        ('[["NAME", "POP"], ["Ohio", "5"]]', "", [{"NAME": "Ohio", "POP": "5"}]),
        ('{"a.b": [{"x": {"y": 1, "z": [2]}}]}', '"a.b"', [{"x.y": "1", "x.z": '["2"]'}]),
        ('[{"id": 7, "rows": [{"a": 1}, {"a": 2}]}]', "rows", [{"id": "7", "a": "1"}, {"id": "7", "a": "2"}]),
    ],
)
def test_rows_are_found_within_json(content: str, path: str, expected: list[dict[str, str]]) -> None:
    from timeline.intake.nested import json_value, table_of_rows

    assert table_of_rows(rows_within("f", json_value("f", content), path))[0].to_pylist() == expected


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("data.itmes", "rows: data has no 'itmes'; did you mean 'items'?"),
        ("data.items.5", "rows: data.items has 1 items, none 5"),
        ("data..items", "expected keys with dots between them"),
        ("data.name.x", "rows: data.name holds no object with 'x'"),
    ],
)
def test_a_path_that_leads_nowhere_is_named(path: str, message: str) -> None:
    value = {"data": {"name": "x", "items": [{"a": "1"}]}}
    with pytest.raises(BadInput) as caught:
        rows_within("f", value, path)
    assert message in str(caught.value)


def test_american_dates_and_figures(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(PRICES)
    mapping = {
        "dates": "mdy",
        "numbers": "1,234.5",
        "fact": "{Symbol}/close@{Date}",
        "amount": "{Close}",
        "unit": "USD",
        "reported": "{Date}",
        "source": "exchange",
    }
    found = [(one["period"], one["reported"], one["amount"]) for one in events(tmp_path / "a.csv", mapping)]
    assert found == [
        ("2024-12-31", "2024-12-31", "1234.50"),
        ("2025-01-02", "2025-01-02", "99.00"),
        ("2025-01-13", "2025-01-13", "-1.25"),
    ]


def test_quarters_as_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "Company,Metric,2024-Q1,2024-Q2,Remark\nAcme,Revenue,10,20,x\nAcme,Profit,,4,\nBeta,Revenue,7,n/a,\n"
    )
    mapping = {
        "fact": "{Company:slug}/{Metric:slug}@{Quarter}",
        "amount": "{Figure}",
        "unit": "USD",
        "missing": ["n/a"],
        "unpivot": {"columns": ["2024-Q1", "2024-Q2"], "name": "Quarter", "value": "Figure"},
    }
    found = [
        (one["subject"], one["attribute"], one["period"], one["amount"])
        for one in events(tmp_path / "a.csv", mapping)
    ]
    # Row by row, so that the rows of one file keep their order.
    assert found == [
        ("acme", "revenue", "2024-Q1", "10"),
        ("acme", "revenue", "2024-Q2", "20"),
        ("acme", "profit", "2024-Q2", "4"),
        ("beta", "revenue", "2024-Q1", "7"),
    ]
    (tmp_path / "a.csv").write_text("Company,Metric,2024-Q1,2024-Q2\nAcme,Revenue,10,twenty\n")
    # Of a figure by itself the event knows; that it is a figure, the mapping.
    [batch] = read_batches(tmp_path / "a.csv", mapping=mapping_from(mapping | {"numbers": "1,234.5"}))
    assert str(batch.problems[0]).endswith(
        "a.csv: row 1: column '2024-Q2': 'twenty' is no number as in 1,234.5"
    )


def test_rows_and_columns_of_the_file_are_named(tmp_path: Path, desk: Timeline) -> None:
    (tmp_path / "a.csv").write_text(
        "Company,Kind,Q1,Q2,When\nAcme,skip,1,2,2025\nAcme,keep,3,x,2025\nAcme,keep,4,5,2025-13\n"
    )
    mapping = {
        "where": {"Kind": "keep"},
        "fact": "{Company:slug}/sales@2024",
        "amount": "{v}",
        "unit": "USD",
        "reported": "{When}",
        "source": "desk",
        "unpivot": {"columns": ["Q1", "Q2"], "name": "q", "value": "v"},
    }
    with pytest.raises(BadRows) as caught:
        desk.ingest(tmp_path / "a.csv", mapping=mapping, register_unknown=True)
    lines = str(caught.value).replace(f"{tmp_path}/", "").splitlines()
    assert [line[:38] for line in lines[:3]] == [
        "a.csv: row 2: column 'Q2': amount: 'x'",
        "a.csv: row 3: column 'When': '2025-13'",
        "a.csv: row 3: column 'When': '2025-13'",
    ]
    assert desk.head() is None


def test_a_large_table_names_them_too(
    tmp_path: Path, desk: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes by bulk, through a file of its own."""
    monkeypatch.setattr(applying, "STAYS_IN_ITS_FILE", 1_000)
    count = 5_000
    table = pa.table(
        {
            "Who": [f"Firm {nth}" for nth in range(count)],
            "Sum": [str(nth) if nth != 4_321 else "?" for nth in range(count)],
            "On": ["31.12.2024" if nth != 1_234 else "31.13.2024" for nth in range(count)],
            "Kind": ["a" if nth % 2 or nth in (1_234,) else "b" for nth in range(count)],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    mapping: dict[str, object] = {
        "where": {"Kind": "a"},
        "dates": "dmy",
        "fact": "{Who:slug}/sum",
        "amount": "{Sum}",
        "unit": "USD",
        "reported": "{On}",
        "source": "desk",
    }
    with pytest.raises(BadRows) as caught:
        desk.ingest(tmp_path / "a.parquet", mapping=mapping, register_unknown=True)
    rows = sorted(one.place.row or 0 for one in caught.value.problems if one.place)
    assert rows == [1_235, 4_322]
    result = desk.ingest(
        tmp_path / "a.parquet", mapping=mapping, register_unknown=True, rejects=tmp_path / "bad"
    )
    assert (result.new, len(result.rejected)) == (2_499, 2)
    lines = [json.loads(line) for line in (tmp_path / "bad").read_text().splitlines()]
    assert [line["row"] for line in lines] == [1_235, 4_322]


# What can be read in two ways


@pytest.mark.parametrize(
    ("values", "order", "expected"),
    [
        (["03/04/2025", "13/04/2025"], "dmy", ["2025-04-03", "2025-04-13"]),
        (["03/04/2025", "04/13/2025"], "mdy", ["2025-03-04", "2025-04-13"]),
        (["2025/4/3", "20250403", "2025.04"], "ymd", ["2025-04-03", "2025-04-03", "2025-04"]),
        (["3.4.2025", "3-4-2025", "04/2025"], "dmy", ["2025-04-03", "2025-04-03", "2025-04"]),
        # What is written in one way only stays as it is.
        (["2025-04-03", "2025-Q1", "2025", "2025-04~"], "dmy", ["2025-04-03", "2025-Q1", "2025", "2025-04~"]),
        (["2025-04-03 00:00:00", "2025-04-04"], None, ["2025-04-03", "2025-04-04"]),
        (["3/4/2025 0:00", "4/4/2025 0:00:00"], "mdy", ["2025-03-04", "2025-04-04"]),
    ],
)
def test_dates_in_figures(tmp_path: Path, values: list[str], order: str | None, expected: list[str]) -> None:
    (tmp_path / "a.csv").write_text("d,v\n" + "".join(f"{value},1\n" for value in values))
    mapping = {"fact": "a/b", "amount": "{v}", "unit": "USD", "reported": "{d}", "dates": order}
    assert [one["reported"] for one in events(tmp_path / "a.csv", mapping)] == expected


@pytest.mark.parametrize(
    ("value", "order", "message"),
    [
        ("03/04/2025", None, "can be read in two ways"),
        ("2025/04/03", None, "can be read in two ways"),
        ("13/04/2025", "mdy", "is no day in the order mdy"),
        ("31/02/2025", "dmy", "is no day in the order dmy"),
        ("03/04/2025", "ymd", "is no day in the order ymd"),
        ("2025-04-03 14:30", None, "times of day without an offset"),
    ],
)
def test_dates_that_no_order_fits_are_refused(
    tmp_path: Path, value: str, order: str | None, message: str
) -> None:
    (tmp_path / "a.csv").write_text(f"d,v\n{value},1\n")
    mapping = {"fact": "a/b", "amount": "{v}", "unit": "USD", "reported": "{d}", "dates": order}
    [words] = refused(tmp_path / "a.csv", mapping)
    assert "column 'd'" in words
    assert message in words


def test_orders_by_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("d,e,v\n03/04/2025,03/04/2025,1\n")
    mapping = {
        "fact": "a/b@{e}",
        "amount": "{v}",
        "unit": "USD",
        "reported": "{d}",
        "dates": {"d": "dmy", "e": "mdy"},
    }
    [one] = events(tmp_path / "a.csv", mapping)
    assert (one["reported"], one["period"]) == ("2025-04-03", "2025-03-04")


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        ("2025-07-01 14:30", "America/New_York", "2025-07-01T18:30:00Z"),
        ("7/1/2025 2:30:15 PM", "America/New_York", "2025-07-01T18:30:15Z"),
        ("2025-07-01T14:30:00.25", "Europe/Berlin", "2025-07-01T12:30:00.250000Z"),
    ],
)
def test_times_of_day_in_a_zone(tmp_path: Path, value: str, zone: str, expected: str) -> None:
    (tmp_path / "a.csv").write_text(f"d,v\n{value},1\n")
    mapping = {
        "fact": "a/b",
        "amount": "{v}",
        "unit": "USD",
        "reported": "{d}",
        "dates": "mdy",
        "timezone": zone,
    }
    assert [one["reported"] for one in events(tmp_path / "a.csv", mapping)] == [expected]


@pytest.mark.parametrize("value", ["2025-11-02 01:30", "2025-03-09 02:30"])
def test_an_hour_that_is_there_twice_or_never_is_refused(tmp_path: Path, value: str) -> None:
    (tmp_path / "a.csv").write_text(f"d,v\n{value},1\n2025-07-01 12:00,1\n")
    mapping = {
        "fact": "a/b",
        "amount": "{v}",
        "unit": "USD",
        "reported": "{d}",
        "timezone": "America/New_York",
    }
    assert refused(tmp_path / "a.csv", mapping) == [
        f"a.csv: row 1: column 'd': '{value}' is no one instant in America/New_York"
    ]


@pytest.mark.parametrize(
    ("values", "style", "expected"),
    [
        (["1.234.567", "0,5", "12", "-3,25"], "1.234,5", ["1234567", "0.5", "12", "-3.25"]),
        (["1,234,567", "0.5", "(12)", "+3"], "1,234.5", ["1234567", "0.5", "-12", "3"]),
        (
            ["1 234 567", "1\u00a0234,5", "1\u202f234,5", "\u22123"],
            "1 234,5",
            ["1234567", "1234.5", "1234.5", "-3"],
        ),
        (["1.234"], "1.234,5", ["1234"]),
        (["1.234"], "1,234.5", ["1.234"]),
        # Another figure of the column shows that the point is a decimal one.
        (["1.234", "0.25"], None, ["1.234", "0.25"]),
        (["1234", "5"], None, ["1234", "5"]),
    ],
)
def test_figures_in_a_style(
    tmp_path: Path, values: list[str], style: str | None, expected: list[str]
) -> None:
    (tmp_path / "a.csv").write_text("v;d\n" + "".join(f"{value};x\n" for value in values), encoding="utf-8")
    mapping = {"fact": "a/b", "amount": "{v}", "unit": "USD", "numbers": style}
    assert [one["amount"] for one in events(tmp_path / "a.csv", mapping)] == expected


@pytest.mark.parametrize(
    ("value", "style", "message"),
    [
        ("1.5", "1.234,5", "'1.5' is no number as in 1.234,5"),
        ("1,23", "1,234.5", "'1,23' is no number as in 1,234.5"),
        ("12,34,567", "1,234.5", "'12,34,567' is no number as in 1,234.5"),
        ("1.234", None, '1.234 with numbers = "1,234.5"; 1234 with numbers = "1.234,5"'),
        ("1,234", None, '1234 with numbers = "1,234.5"; 1.234 with numbers = "1.234,5"'),
        ("12,5", None, '12.5 with numbers = "1.234,5"'),
    ],
)
def test_figures_of_another_style_are_refused(
    tmp_path: Path, value: str, style: str | None, message: str
) -> None:
    (tmp_path / "a.csv").write_text(f"v;d\n{value};x\n")
    [words] = refused(tmp_path / "a.csv", {"fact": "a/b", "amount": "{v}", "unit": "USD", "numbers": style})
    assert "column 'v'" in words
    assert message in words


def test_a_slash_in_a_value_makes_no_other_fact(tmp_path: Path, desk: Timeline) -> None:
    (tmp_path / "a.csv").write_text("c,m,v\nAC/DC,sales,1\n,sales,2\n")
    mapping = {"fact": "{c}/{m}", "amount": "{v}", "unit": "USD", "reported": "2025", "source": "desk"}
    with pytest.raises(BadRows) as caught:
        desk.ingest(tmp_path / "a.csv", mapping=mapping, register_unknown=True)
    words = str(caught.value)
    assert "row 1: column 'c': subject 'AC/DC' holds '/'" in words
    assert "row 2: column 'c': is empty" in words


def test_names_that_become_one_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("c,v\nA & B,1\nA-B,2\n")
    [batch] = read_batches(tmp_path / "a.csv", mapping=mapping_from({"fact": "{c:slug}/x", "text": "{v}"}))
    assert [warning.split("a.csv: ")[1] for warning in batch.warnings] == [
        "column 'c': 'A & B' and 'A-B' are both 'a-b'"
    ]


# What a mapping says


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('fcat = "a/b"', "m.toml:1: unknown key 'fcat'; did you mean 'fact'"),
        (
            'fact = "a/b"\ntext = "x"\ndates = "dym"',
            "m.toml:3: dates is 'dym'; expected \"dmy\" for 21/02/2025",
        ),
        ('fact = "a/b"\ntext = "{x"', "m.toml:2: text: '{x' has a { without its partner"),
        ('fact = "a"\ntext = "x"', "m.toml:1: fact is 'a'; expected subject/attribute"),
        ('fact = "a/b/c/d"\ntext = "x"', "m.toml:1: fact is 'a/b/c/d'; expected"),
        ('fact = "a/b"\nsubject = "x"\ntext = "x"', "m.toml:2: got fact and subject"),
        ('fact = "a/b"', "m.toml: a claim is missing; expected one of claim, text"),
        ('text = "a"', "m.toml: a fact is missing"),
        ('fact = "a/b"\ntext = "x"\n[unpivot]\ncolumns = []', "m.toml:3: unpivot names no columns"),
        (
            'fact = "a/b"\ntext = "x"\n[unpivot]\ncoloumns = ["a"]',
            "m.toml:4: unpivot: unknown key 'coloumns'",
        ),
        ('fact = "a/b"\ntext = "x"\nheader = 0', "m.toml:3: header is 0; expected a whole number from 1 on"),
        (
            'fact = "a/b"\ntext = "x"\nnumbers = "1.5"',
            "m.toml:3: numbers is '1.5'; expected one of '1,234.5'",
        ),
        (
            'fact = "a/b"\ntext = "x"\ntimezone = "Europe/Berlln"',
            "m.toml:3: no such timezone: 'Europe/Berlln'",
        ),
        ('fact = "a/b"\ntext = "x"\nencoding = "x-1"', "m.toml:3: no such encoding: 'x-1'"),
        ("fact = ", "m.toml:1: not TOML"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "m.toml").write_text(content)
    with pytest.raises(BadInput) as caught:
        mapping_from(tmp_path / "m.toml")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"fact": "{Compny}/x", "text": "y"}, "fact: FILE has no column 'Compny'; did you mean 'Company'?"),
        ({"fact": "{COMPANY}/x", "text": "y"}, "did you mean 'Company'?"),
        ({"fact": "a/b", "text": "{zzz}"}, "text: FILE has no column 'zzz'; it has 'Company', 'Value'"),
        ({"fact": "a/b", "text": "y", "where": {"Compan": "x"}}, "where: FILE has no column 'Compan'"),
        (
            {"fact": "a/b", "text": "{v}", "unpivot": {"columns": ["Valu"], "name": "n", "value": "v"}},
            "unpivot.columns: FILE has no column 'Valu'; did you mean 'Value'?",
        ),
        (
            {
                "fact": "a/b",
                "text": "{Company}",
                "unpivot": {"columns": ["Value"], "name": "Company", "value": "v"},
            },
            "unpivot makes a column 'Company', which FILE has already",
        ),
    ],
)
def test_columns_that_are_not_there_are_named(
    tmp_path: Path, mapping: dict[str, object], message: str
) -> None:
    (tmp_path / "a.csv").write_text("Company,Value\nAcme,1\n")
    [words] = refused(tmp_path / "a.csv", mapping)
    assert message.replace("FILE", "a.csv") in words.replace(f"{tmp_path}/", "")


_NAMES = st.text(st.characters(exclude_characters="{}", codec="utf-8"), min_size=1, max_size=8).filter(
    lambda name: not name.endswith(":slug")
)
_WORDS = st.text(st.characters(codec="utf-8"), max_size=8).map(
    lambda text: text.replace("{", "{{").replace("}", "}}")
)


@st.composite
def mappings(draw: st.DrawFn) -> TableMapping:
    """Draw a mapping with any of its settings."""
    template = st.lists(st.one_of(_WORDS, _NAMES.map("{{{}}}".format), _NAMES.map("{{{}:slug}}".format))).map(
        "".join
    )
    other = draw(
        st.dictionaries(
            st.sampled_from(
                sorted(
                    {*FLAT_COLUMNS}
                    - {"fact", "subject", "attribute", "object", "period", "period_from", "period_to"}
                )
            ),
            template,
        )
    )
    name, value = draw(st.lists(_NAMES, min_size=2, max_size=2, unique=True))
    maybe = st.none
    return TableMapping(
        keys={"fact": "a/b", "text": "x"} | other,
        format=draw(maybe() | st.just("csv")),
        encoding=draw(maybe() | st.just("windows-1252")),
        delimiter=draw(maybe() | st.sampled_from([",", ";", "\t", "|"])),
        header=draw(maybe() | st.integers(1, 99)),
        footer=draw(maybe() | st.integers(1, 99)),
        sheet=draw(maybe() | _NAMES),
        rows=draw(maybe() | st.just('data.{kind}."a.b"')),
        dates=draw(
            maybe()
            | st.sampled_from(DATE_ORDERS)
            | st.dictionaries(_NAMES, st.sampled_from(DATE_ORDERS), min_size=1)
        ),
        numbers=draw(maybe() | st.sampled_from(sorted(applying.NUMBER_STYLES))),
        language=draw(maybe() | st.just("de-AT")),
        timezone=draw(maybe() | st.just("Europe/Berlin")),
        missing=draw(maybe() | st.lists(_NAMES).map(tuple)),
        unpivot=draw(
            maybe()
            | st.builds(
                Unpivot, st.lists(_NAMES, min_size=1, unique=True).map(tuple), st.just(name), st.just(value)
            )
        ),
        where=draw(st.dictionaries(_NAMES, st.lists(_NAMES).map(tuple))),
        notes=draw(st.lists(_NAMES).map(tuple)),
    )


@given(mappings())
@costly(400)
def test_a_mapping_is_the_same_when_its_toml_is_read(
    tmp_path_factory: pytest.TempPathFactory, mapping: TableMapping
) -> None:
    path = tmp_path_factory.mktemp("m") / "m.toml"
    path.write_text(mapping.to_toml(), encoding="utf-8", newline="")
    assert mapping_from(path) == mapping
    assert mapping_from(mapping.to_dict()) == mapping


def test_what_a_terminal_or_a_line_would_take_otherwise_is_escaped() -> None:
    evil = "\u202ex\x9b1m\x7f\x1b\u2028\x85\U000e0041\t"
    mapping = mapping_from({"fact": f"a/{{{evil}}}", "text": f"{{{evil}}}", "missing": [evil], "unit": evil})
    text = dataclasses.replace(mapping, notes=(evil,)).to_toml()
    # But for the ends of lines nothing is left that is not printed.
    assert text.replace("\n", "").isprintable()
    assert text.splitlines() == text.split("\n")[:-1]
    assert mapping_from(tomllib.loads(text)) == mapping


# Columns under other names

_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "fact": st.sampled_from(["acme/sales@2024", "acme/sales/beta", "é/x@2024-01/2024-03"]),
    "amount": st.sampled_from(["1.5", "1234", "-3", "0.25"]) | st.just(None),
    "status": st.sampled_from(["actual", "forecast", None]),
    "reported": st.sampled_from(["2025-01-05", "2025-01", "2024~", "2025-01-05T10:00:00Z", None]),
    "valid_from": st.sampled_from(["2025", "2025-01-05", None]),
    "source": st.sampled_from(["desk", "other"]),
    "speaker": st.sampled_from(["Ann", "Ann ", None]),
    "statement": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8) | st.none(),
    "inferred": st.sampled_from(["true", "no", None]),
}
_FIRST, _LAST = datetime(2020, 1, 1), datetime(2024, 1, 1)  # noqa: DTZ001 - the zone comes with the values
_TYPED: dict[str, tuple[st.SearchStrategy[Any], pa.DataType]] = {
    "amount": (st.integers(-(10**6), 10**6), pa.int64()),
    "amount_low": (st.decimals(-(10**6), 10**6, places=3), pa.decimal128(18, 3)),
    "amount_high": (st.floats(1e6, 1e7).map(lambda value: round(value, 2)), pa.float64()),
    "reported": (st.dates(date(2020, 1, 1), date(2024, 1, 1)), pa.date32()),
    "valid_from": (
        st.datetimes(min_value=_FIRST, max_value=_LAST, timezones=st.just(UTC)),
        pa.timestamp("us", "UTC"),
    ),
    "inferred": (st.booleans(), pa.bool_()),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Draw a table under our own names, of texts and of types."""
    typed = draw(st.sets(st.sampled_from(sorted(_TYPED))))
    count = draw(st.integers(1, 5))
    columns = {}
    for key in dict.fromkeys([*_VALUES, *sorted(typed)]):
        if key == "amount" and typed & {"amount_low", "amount_high"}:
            continue
        values, kind = _TYPED[key] if key in typed else (_VALUES[key], pa.string())
        columns[key] = pa.array(draw(st.lists(values, min_size=count, max_size=count)), kind)
    return pa.table(columns | {"unit": ["USD"] * count})


def ids_of(batch: Any) -> list[object]:
    found: list[object] = []
    for draft in table_to_drafts(batch.table, batch.name):
        try:
            found.append(event_id(event_from(draft.keys).columns()))
        except BadInput as problem:
            found.append(problem.message)
    return found


@given(tables(), st.permutations(range(20)))
@example(pa.table({"fact": ["a/b"], "amount": [0.1 + 0.2], "unit": ["USD"]}), list(range(20)))
@costly(240)
def test_other_names_make_no_other_events(table: pa.Table, order: list[int]) -> None:
    names = [f"Column {order[at]}" for at in range(table.num_columns)]
    mapping = mapping_from({key: f"{{{name}}}" for key, name in zip(table.column_names, names, strict=True)})
    mapped = table_batch(table.rename_columns(names), mapping=mapping)
    assert not mapped.problems
    assert ids_of(mapped) == ids_of(table_batch(table))


# What tables are like besides


def test_columns_whose_names_differ_by_case(tmp_path: Path) -> None:
    table = pa.table({"Value": ["1"], "value": ["2"], "VALUE": ["3"]})
    pq.write_table(table, tmp_path / "a.parquet")
    for column, expected in (("Value", "1"), ("value", "2"), ("VALUE", "3")):
        mapping = {"fact": "a/b", "amount": f"{{{column}}}", "unit": "USD"}
        assert events(tmp_path / "a.parquet", mapping)[0]["amount"] == expected
        batch = table_batch(table, mapping=mapping_from(mapping))
        assert table_to_drafts(batch.table, "t")[0].keys["amount"] == expected  # type: ignore[arg-type]


def test_columns_that_are_given_twice_are_refused() -> None:
    table = pa.table([["1"], ["2"], ["x"]], names=["v", "v", "w"])
    with pytest.raises(BadInput, match="column 'v' is given twice"):
        table_batch(table, mapping=mapping_from({"fact": "a/b", "text": "{v}"}))
    assert table_batch(table, mapping=mapping_from({"fact": "a/b", "text": "{w}"})).table is not None


def test_constants_go_where_they_belong(desk: Timeline) -> None:
    """A withdrawal has neither a status nor a unit, though the other rows have."""
    rows = [{"kind": "reported", "v": 1}, {"kind": "withdrawn", "v": None}]
    mapping = {
        "type": "{kind}",
        "fact": "a/b",
        "amount": "{v}",
        "unit": "USD",
        "status": "actual",
        "reported": "2025",
        "source": "desk",
        "missing": ["-"],
    }
    assert desk.ingest(rows, mapping=mapping, register_unknown=True).new == 2
    assert desk.belief("a/b") is None


def test_what_is_no_number_is_missing_where_it_is_said_so() -> None:
    table = pa.table({"v": [float("nan"), 1.5]})
    mapping = {"fact": "a/b", "amount": "{v}", "unit": "USD"}
    batch = table_batch(table, mapping=mapping_from(mapping | {"missing": ["-"]}))
    assert batch.table is not None
    assert batch.table.num_rows == 1
    assert table_batch(table, mapping=mapping_from(mapping)).table.num_rows == 2  # type: ignore[union-attr]


def test_a_new_year_is_not_left_out_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("c,2022,2023,2024,note\nAcme,1,2,3,x\n")
    unpivot = {"columns": ["2022", "2023"], "name": "y", "value": "v"}
    mapping = {"fact": "{c}/x@{y}", "amount": "{v}", "unit": "USD", "unpivot": unpivot}
    [batch] = read_batches(tmp_path / "a.csv", mapping=mapping_from(mapping))
    assert [one.split("a.csv: ")[1] for one in batch.warnings] == [
        "column '2024' is not among those of unpivot"
    ]


def test_what_could_be_read_of_a_bad_row_goes_to_the_rejects(tmp_path: Path, desk: Timeline) -> None:
    (tmp_path / "a.csv").write_text("c,d,v\nAcme,31/02/2025,5\nBeta,01/02/2025,6\n")
    mapping = {
        "dates": "dmy",
        "fact": "{c:slug}/x",
        "amount": "{v}",
        "unit": "USD",
        "reported": "{d}",
        "source": "desk",
    }
    desk.ingest(tmp_path / "a.csv", mapping=mapping, register_unknown=True, rejects=tmp_path / "bad.jsonl")
    [line] = map(json.loads, (tmp_path / "bad.jsonl").read_text().splitlines())
    assert (line["row"], line["event"]["subject"], line["event"]["amount"]) == (1, "acme", "5")
    assert line["reason"] == "column 'd': '31/02/2025' is no day in the order dmy"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("5 Jan 2025", "2025-01-05"),
        ("Jan 5, 2025", "2025-01-05"),
        ("5. January 2025", "2025-01-05"),
        ("05-Sep-2025", "2025-09-05"),
        ("Sept. 5, 2025", "2025-09-05"),
        ("2025M03", "2025-03"),
        ("Q1/2025", "2025-Q1"),
        ("2025/Q1", "2025-Q1"),
        # Not a month of any language that is known here, and not a day: for the event to refuse.
        ("5 Foo 2025", "5 Foo 2025"),
        ("2025M13", "2025M13"),
    ],
)
def test_days_in_words(tmp_path: Path, value: str, expected: str) -> None:
    (tmp_path / "a.csv").write_text(f'd,v\n"{value}",1\n')
    mapping = {"fact": "a/b", "amount": "{v}", "unit": "USD", "reported": "{d}"}
    assert [one["reported"] for one in events(tmp_path / "a.csv", mapping)] == [expected]


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('A title\n\nc,v\nAcme,1\nBe"ta,2\n')
    [words] = refused(tmp_path / "a.csv", {"header": 3, "fact": "{c}/x", "text": "{v}"})
    assert words.startswith("a.csv:5:3: not CSV: a quote within a field")


def test_years_may_be_integers_where_a_mapping_says_that_they_are_years() -> None:
    table = pa.table({"Year": [2024, 2025], "Day": [20250105, 20250106], "v": [1.5, 2.5]})
    mapping = {"fact": "a/b@{Year}", "amount": "{v}", "unit": "USD", "reported": "{Day}", "dates": "ymd"}
    batch = table_batch(table, mapping=mapping_from(mapping))
    assert [(one.keys["period"], one.keys["reported"]) for one in table_to_drafts(batch.table, "t")] == [  # type: ignore[arg-type]
        ("2024", "2025-01-05"),
        ("2025", "2025-01-06"),
    ]


@pytest.mark.parametrize(
    ("path", "mapping", "content", "message"),
    [
        ("a.xyz", {}, None, "unknown format '.xyz'; give the format as one of"),
        ("-", {}, b"a\n1\n", "standard input has no suffix; give the format as one of"),
        ("a.csv", {"format": "yaml"}, None, "a mapping is for tables, and yaml is none"),
        ("a.parquet", {}, None, "not a readable parquet file"),
        ("-", {"format": "parquet"}, b"PAR1 and no more", "not a readable parquet file"),
        ("-", {"format": "arrow"}, b"no Arrow", "not a readable arrow file"),
        ("a.csv", {"encoding": "ascii"}, None, "not ascii: 'ascii' codec"),
        ("a.csv", {"encoding": "klingon"}, None, "not klingon: unknown encoding"),
        ("missing.csv", {}, None, "no such file"),
    ],
)
def test_what_is_no_table_is_refused(
    tmp_path: Path, path: str, mapping: dict[str, Any], content: bytes | None, message: str
) -> None:
    for name in ("a.xyz", "a.csv", "a.parquet"):
        (tmp_path / name).write_bytes("é,f\n1,2\n".encode())
    given = path if content is not None else tmp_path / path
    with pytest.raises(BadInput, match=message):
        read_foreign(given, TableMapping({}, **mapping), content=content)


def test_a_table_in_memory_is_that_of_its_file(tmp_path: Path) -> None:
    table = pa.table({"a": ["x", "y"], "b": [1, 2]})
    pq.write_table(table, tmp_path / "a.parquet")
    mapping = TableMapping({}, format="parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    for foreign in (
        read_foreign(tmp_path / "a.parquet", mapping),
        read_foreign("-", mapping, content=content),
    ):
        assert texts_of(foreign).to_pylist() == table.to_pylist()
        assert texts_of(foreign, 1).to_pylist() == table.to_pylist()[:1]
    pq.write_table(table.slice(0, 0), tmp_path / "empty.parquet")
    assert texts_of(read_foreign(tmp_path / "empty.parquet", mapping), 1).to_pylist() == []
