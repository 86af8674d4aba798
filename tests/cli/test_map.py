"""`timeline map`, and `timeline ingest --map`: a table of one's own, from the file to what is believed."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.commands import run
from tests.published import POPULATION

SALES = """\
Company,Metric,Year,Value,Published
Acme,Revenue,2024,5.5,2025-02-01
Acme,Profit,2024,about 3,2025-02-01
Beta,Revenue,2024,7,2025-02-01
Beta,Profit,2024,1,2025-02-01
Beta,Assets,2024,9.25,2025-02-01
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    assert run(tmp_path, ["init", "desk", "--empty"]).code == 0
    (tmp_path / "desk" / "sales.csv").write_text(SALES)
    return tmp_path / "desk"


def test_from_a_file_to_what_is_believed(desk: Path) -> None:
    done = run(desk, ["map", "sales.csv", "--set", "unit=USD", "-o", "sales.toml"])
    assert done.code == 0
    table, _, refusals = done.out.partition("\n\n")
    assert table.splitlines() == [
        "row  fact               claim     status  reported    source",
        "  1  acme/revenue@2024  5.5 USD   actual  2025-02-01  sales",
        "  3  beta/revenue@2024  7 USD     actual  2025-02-01  sales",
        "  4  beta/profit@2024   1 USD     actual  2025-02-01  sales",
        "  5  beta/assets@2024   9.25 USD  actual  2025-02-01  sales",
    ]
    assert refusals.startswith(
        "1 of these 5 rows would be refused:\nrow 2: column 'Value': amount: 'about 3' is not a number"
    )
    assert "Wrote sales.toml; record with: timeline ingest sales.csv --map sales.toml" in done.err
    refused = run(desk, ["ingest", "sales.csv", "--map", "sales.toml", "--register-unknown"])
    assert refused.code == 2
    assert "sales.csv: row 2: column 'Value': amount: 'about 3' is not a number" in refused.err
    taken = run(
        desk, ["ingest", "sales.csv", "--map", "sales.toml", "--register-unknown", "--rejects", "bad.jsonl"]
    )
    assert taken.code == 0
    assert json.loads((desk / "bad.jsonl").read_text())["row"] == 2
    shown = run(desk, ["show", "acme/revenue@2024", "--format", "csv"])
    assert "acme/revenue@2024" in shown.out


def test_the_mapping_is_printed_where_no_file_is_named(desk: Path) -> None:
    done = run(desk, ["map", "sales.csv"])
    assert done.code == 0
    assert tomllib.loads(done.out)["fact"] == "{Company:slug}/{Metric:slug}@{Year}"
    # The rows are words then, beside what is piped on.
    assert "an amount needs a unit" in done.err


def test_a_mapping_that_was_edited_is_looked_at_again(desk: Path) -> None:
    run(desk, ["map", "sales.csv", "-o", "sales.toml"])
    text = (desk / "sales.toml").read_text()
    (desk / "sales.toml").write_text(f'unit = "EUR"\nmissing = ["about 3"]\n{text}')
    done = run(desk, ["map", "sales.csv", "--map", "sales.toml"])
    assert done.out.splitlines()[1] == "  1  acme/revenue@2024  5.5 EUR   actual  2025-02-01  sales"
    assert len(done.out.splitlines()) == 5
    assert "warning: sales.csv: 1 of 5 rows left out as missing" in done.err


def test_json(desk: Path) -> None:
    answer = json.loads(run(desk, ["map", "sales.csv", "--set", "unit=USD", "--json"]).out)
    assert answer["mapping"]["amount"] == "{Value}"
    assert [(row["row"], row.get("fact"), row["error"] is None) for row in answer["rows"][:2]] == [
        (1, "acme/revenue@2024", True),
        (2, None, False),
    ]


def test_a_file_that_is_there_is_not_overwritten(desk: Path) -> None:
    (desk / "sales.toml").write_text("mine")
    done = run(desk, ["map", "sales.csv", "-o", "sales.toml"])
    assert (done.code, done.out) == (3, "")
    assert "sales.toml is there already; name another file, or overwrite it with --force" in done.err
    assert (desk / "sales.toml").read_text() == "mine"
    assert run(desk, ["map", "sales.csv", "-o", "sales.toml", "--force"]).code == 0
    assert tomllib.loads((desk / "sales.toml").read_text())["amount"] == "{Value}"
    # Nor what is read.
    assert run(desk, ["map", "sales.csv", "-o", "sales.csv", "--force"]).code == 2
    assert (desk / "sales.csv").read_text() == SALES


@pytest.mark.parametrize("width", [40, 60, 120])
def test_it_fits_the_terminal(desk: Path, width: int) -> None:
    (desk / "pop.csv").write_text(POPULATION)
    done = run(desk, ["map", "pop.csv", "--set", "unit=count", "-o", "p.toml"], COLUMNS=str(width))
    table = done.out.partition("\n\n")[0].splitlines()
    assert "bayern/bevölkerung@2023" in done.out
    assert max(map(len, table)) <= width


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["map", "slaes.csv"], 2, "did you mean 'sales.csv'?"),
        (["map", "sales.csv", "--set", "dates"], 2, "expected --set NAME=VALUE"),
        (["map", "sales.csv", "--set", "unti=USD"], 2, "unknown key 'unti'; did you mean 'unit'"),
        (["map", "sales.csv", "--set", "header=two"], 2, "expected a whole number"),
        (["map", "sales.csv", "--map", "nothing.toml"], 2, "nothing.toml: cannot be read"),
        (["ingest", "--map", "sales.toml"], 2, "got --map without a file"),
        (
            ["ingest", "events", "--map", "odd.toml"],
            2,
            "events is a folder, and a mapping is for tables of one kind",
        ),
        (
            ["ingest", "sales.csv", "--map", "odd.toml"],
            2,
            "fact: sales.csv has no column 'Compny'; did you mean 'Company'?",
        ),
        (["ingest", "sales.csv", "--map", "odd.toml", "--rejects", "odd.toml"], 2, "odd.toml"),
    ],
)
def test_what_is_wrong_is_named(desk: Path, command: list[str], code: int, words: str) -> None:
    (desk / "odd.toml").write_text('fact = "{Compny}/x"\ntext = "y"\n')
    done = run(desk, command)
    assert done.code == code
    assert words in done.err
    assert (desk / "odd.toml").read_text().startswith("fact")


def test_standard_input_may_be_mapped(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    (desk / "m.toml").write_text(
        'format = "csv"\nfact = "{Company:slug}/{Metric:slug}@{Year}"\namount = "{Value}"\nunit = "USD"\n'
        'reported = "{Published}"\nsource = "s"\nmissing = ["about 3"]\n'
    )
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SALES.encode())))
    done = run(desk, ["ingest", "-", "--map", "m.toml", "--register-unknown"])
    assert "4 new events in commit #1" in done.err
