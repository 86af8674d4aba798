"""Values at the ends of what columns hold: the last day there is, numbers of any size and script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.examples import some
from tests.logs import events_of
from timeline import Timeline
from timeline.cli.app import app
from timeline.errors import BadInput, BadRows, NotFound
from timeline.log.log import Log, rows_to_table
from timeline.meaning.identity import content_of, event_id
from timeline.meaning.times import (
    END,
    FIRST_INSTANT,
    LAST_DAY,
    LAST_INSTANT,
    Bounds,
    parse_edtf,
    to_naive,
)
from timeline.show.formats import FORMATS

LAST: Final = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
FIRST_OF_2024: Final = parse_edtf("2024").lower
REPORTED: Final = {"source": "s", "reported": "2025-01-01"}
INFINITY: Final = 2**63 - 1

Row = dict[str, Any]


def reported(fact: str, **more: object) -> Row:
    """Return a report as the log has it."""
    body, _, period = fact.partition("@")
    subject, attribute = body.split("/")
    of = parse_edtf("2025-01-01")
    row: Row = {"event_type": "reported", "fact": fact, "subject": subject, "attribute": attribute}
    row |= {
        "period": period or None,
        "status": "announced",
        "inherited": 32,
        "inferred": False,
        "void": False,
    }
    row |= {**REPORTED, "origin": "s", "reported_from": of.reported_from}
    row |= {"reported_at": of.reported_at, "evidence_at": of.reported_at, **more}
    return row | {"event_id": event_id(content_of(row))}


def described(kind: str, name: str, **more: object) -> Row:
    content = json.dumps({"id": name, **more}, sort_keys=True, separators=(",", ":"))
    row: Row = {"event_type": f"{kind}-described", "subject": name, "text": content, "inherited": 0}
    return row | {"event_id": event_id(content_of(row))}


def text(value: str) -> Row:
    return {"value_type": "text", "text": value, "claim": value}


NAMES: Final = [described("entity", "acme"), *(described("attribute", n) for n in ("plan", "day"))]
#: Events as they were recorded when the end of 9999 still counted as an end, and how each is written.
OLD: Final = [
    reported(
        "acme/plan",
        key="kept",
        valid="2024-01-01/9999-12-31",
        valid_from=FIRST_OF_2024,
        valid_to=END,
        **text("valid"),
    ),
    reported("acme/plan@2024/9999", period_from=FIRST_OF_2024, period_to=END, **text("period")),
    reported("acme/plan@9999", period_from=parse_edtf("9999").lower, period_to=END, **text("year")),
    reported(
        "acme/day",
        value_type="date",
        text="9999-12-31",
        claim="9999-12-31",
        date_from=parse_edtf("9999-12-31").lower,
        date_to=END,
    ),
]
WRITTEN: Final[list[dict[str, str]]] = [
    {"key": "kept", "fact": "acme/plan", "text": "valid", "valid": "2024-01-01/9999-12-31", **REPORTED},
    {"fact": "acme/plan@2024/9999", "text": "period", **REPORTED},
    {"fact": "acme/plan", "period": "9999", "text": "year", **REPORTED},
    {"fact": "acme/day", "date": "9999-12-31", **REPORTED},
]
USUAL: Final = reported("acme/plan@2020", valid_to=FIRST_OF_2024, **text("usual"))


def recorded(folder: Path, *commits: list[Row]) -> Path:
    Timeline.create(folder).close()
    for rows in commits:
        Log(folder / "log").append(lambda head, recorded_at, rows=rows: rows_to_table(rows))  # type: ignore[misc]
    return folder


STATES: Final = ["alone", "among others", "over a tail", "in a tail", "merged into a generation"]


@pytest.fixture(params=some(STATES, 3))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Timeline]:
    """Yield a store that holds the events of OLD already."""
    folder = tmp_path / "desk"
    names = [*NAMES, described("source", "s")]
    if request.param == "alone":
        recorded(folder, [*names, *OLD])
    elif request.param == "among others":
        recorded(folder, [*names, *OLD[:2], USUAL, *OLD[2:]])
    elif request.param == "over a tail":
        recorded(folder, [*names, *OLD])
        Timeline.open(folder).stats()
        Log(folder / "log").append(lambda head, recorded_at: rows_to_table([USUAL]))
    else:
        recorded(folder, [*names, USUAL])
        Timeline.open(folder).stats()
        Log(folder / "log").append(lambda head, recorded_at: rows_to_table(OLD))
    with Timeline.open(folder) as tl:
        if request.param == "merged into a generation":
            tl.refresh()
        yield tl


FACTS: Final = ["acme/day", "acme/plan", "acme/plan@2024/..", "acme/plan@9999/.."]


class TestAStoreThatHoldsThemAlready:
    @pytest.mark.parametrize("rebuilt", [False, True])
    def test_everything_answers(self, old: Timeline, rebuilt: bool) -> None:
        if rebuilt:
            old.rebuild()
        ids = [row["event_id"] for row in OLD]
        rows = {row["fact"]: row for row in old.beliefs().to_dicts() if row["event_id"] in ids}
        assert sorted(rows) == FACTS
        assert [rows[fact]["event_id"] for fact in FACTS] == [ids[3], *ids[:3]]
        assert (rows["acme/plan"]["valid_to"], rows["acme/plan@2024/.."]["period_to"]) == (None, None)
        assert rows["acme/plan@9999/.."]["period"] == "9999/.."
        assert rows["acme/day"]["date_from"] == datetime(9999, 12, 31, tzinfo=UTC)
        assert rows["acme/day"]["date_to"] == LAST
        for fact in ("acme/plan@2024/9999", "acme/plan@2024/..", "acme/plan@9999", "acme/day", "acme/plan"):
            for policy in ("latest", "first", "ranked", "confirmed:1"):
                belief = old.belief(fact, policy=policy)
                assert belief is not None
                assert belief.event_id in ids
            assert old.beliefs(fact).height == old.history(fact).height == old.claims(fact).height == 1
            assert old.why(fact).beliefs[0]["event_id"] in ids
        assert old.belief("acme/plan", valid_at="9999-12-31") is not None
        assert old.history("*").filter(old.history("*")["event_id"].is_in(ids)).height == 4
        changed = old.changes("2024-12-31", None).to_dicts()
        assert {row["fact"] for row in changed} >= set(FACTS)
        assert old.disagreements().height == 0
        found = old.sql("SELECT fact, valid_to, period_to, date_to FROM events ORDER BY position").to_dicts()
        assert [row["date_to"] for row in found if row["date_to"]] == [LAST]
        asked = old.sql("SELECT fact FROM beliefs FOR VALID_TIME AS OF DATE '9999-12-31'")
        assert set(FACTS) <= set(asked["fact"])
        at = old.at(old.beliefs().select("fact").with_columns(as_of=LAST))
        assert at["event_id"].null_count() == 0
        assert old.stats()["beliefs"] == old.beliefs().height
        assert old.verify().events == old.stats()["events"]

    def test_every_command_and_format(self, old: Timeline, tmp_path: Path) -> None:
        commands = (
            *(["show"], ["show", "acme/plan@2024/9999"], ["history", "acme/*"]),
            *(["diff", "2024-01-01", "2025-02-01"], ["sql", "FROM events"], ["sql", "FROM sources"]),
            ["sql", "FROM belief_spans"],
        )
        for command, form in product(commands, FORMATS):
            out = tmp_path / "answer"
            given = [*command, "--format", form, "--output", str(out), "--store", str(old.path)]
            done = CliRunner().invoke(app, given, catch_exceptions=False)
            assert done.exit_code == 0, (command, done.output)
            if form == "parquet":
                assert pq.read_table(out).num_rows > 0
            else:
                assert out.read_text()
                assert "10000" not in out.read_text()

    def test_exports(self, old: Timeline, tmp_path: Path) -> None:
        import duckdb

        with duckdb.connect(str(old.export_duckdb(tmp_path / "all.duckdb")), read_only=True) as con:
            rows = con.execute("SELECT fact, valid_to, period_to, date_to FROM events").fetchall()
        assert all(value is None or isinstance(value, datetime) for row in rows for value in row[1:])

    @pytest.mark.parametrize("kind", ["append", "yaml", "jsonl", "csv", "parquet", "bulk"])
    def test_the_same_again_is_known_and_more_is_recorded(
        self, old: Timeline, tmp_path: Path, kind: str
    ) -> None:
        before = old.stats()["events"]
        more = {"fact": "acme/plan@2021", "text": "more", "valid": "2024/9999", **REPORTED}
        result = ingested(old, tmp_path, kind, [*WRITTEN, more])
        assert result == before + 1
        done = old.append([{"type": "corrected", "target": "kept", "text": "mended"}])
        assert done.count == 1
        belief = old.belief("acme/plan")
        assert belief is not None
        assert (belief.text, belief.valid_to) == ("mended", None)
        old.append(
            [{"type": "retracted", "target": OLD[1]["event_id"], "source": "s", "reported": "2025-02"}]
        )
        assert old.belief("acme/plan@2024/9999") is None
        assert old.verify().events == old.stats()["events"]


def ingested(tl: Timeline, folder: Path, kind: str, events: list[dict[str, str]]) -> int:
    """Record events in one way, and return how many the store then holds, without those that fill a table."""
    if kind == "append":
        tl.append(events)
        return int(tl.stats()["events"])
    if kind in ("yaml", "jsonl"):
        path = folder / f"events.{kind}"
        path.write_text("".join(f"{'- ' * (kind == 'yaml')}{json.dumps(event)}\n" for event in events))
        tl.ingest(path)
        return int(tl.stats()["events"])
    filling = []
    if kind == "bulk":
        filling = [{"fact": "acme/plan@2000", "text": str(n), **REPORTED} for n in range(2_000)]
    rows = [*events, *filling]
    columns = sorted({name for row in rows for name in row})
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns})
    path = folder / f"events.{'csv' if kind == 'csv' else 'parquet'}"
    if kind == "csv":
        lines = [",".join(columns), *(",".join(row.get(name, "") for name in columns) for row in rows)]
        path.write_text("\n".join(lines))
    else:
        pq.write_table(table, path)
    tl.ingest(path)
    return int(tl.stats()["events"]) - len(filling)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Timeline]:
    with Timeline.open(recorded(tmp_path / "new", [*NAMES, described("source", "s")])) as tl:
        yield tl


KINDS: Final = ["append", "yaml", "jsonl", "csv", "parquet", "bulk"]
ENDLESS: Final[list[dict[str, str]]] = [
    *WRITTEN,
    {"fact": "acme/plan@2022", "text": "x", "valid": "../9999", **REPORTED},
    # An exclusive end in that day is none either.
    {"fact": "acme/plan@2023", "text": "x", "valid_from": "2024", "valid_to": "9999-12-31", **REPORTED},
    {"fact": "acme/plan", "period_from": "2024", "period_to": "9999-12-31", "text": "x", **REPORTED},
    {"fact": "acme/plan@9999-12-31T23:59:59.999999Z", "text": "x", **REPORTED},
    {"fact": "acme/day@2001", "date": "2024/9999", **REPORTED},
    {"fact": "acme/day@2002", "date": "2024/..", **REPORTED},
    {"fact": "acme/day@2003", "date": "0001-01-01", "valid": "0001/0002", **REPORTED},
    {"fact": "acme/day@2004", "date": "9999-12-31T23:59:59.999999Z", **REPORTED},
    # As SQL Server writes it, in UTC and finer than microseconds.
    {"fact": "acme/plan@2025", "text": "x", "valid_to": "9999-12-31 23:59:59.9999999", **REPORTED},
]
#: Dates that no datetime can be, what they mean as the value of a date, and as a valid time.
BEYOND_THE_CALENDAR: Final[list[tuple[str, Bounds, Bounds]]] = [
    ("-0044", (None, None), (None, FIRST_INSTANT)),
    ("-0044-03-15", (None, None), (None, FIRST_INSTANT)),
    ("0000-02-29", (None, None), (None, FIRST_INSTANT)),
    ("-0044/2024", (None, parse_edtf("2024").upper), (None, parse_edtf("2024").upper)),
    ("2024/Y12000", (FIRST_OF_2024, None), (FIRST_OF_2024, None)),
    ("Y12000", (None, None), (LAST_INSTANT, None)),
    ("Y-170000002~", (None, None), (None, FIRST_INSTANT)),
    ("Y17E7/..", (None, None), (LAST_INSTANT, None)),
]


class TestBeyondTheCalendar:
    """Years before 1 and after 9999, as values and valid times: kept as text, with what bounds there are."""

    def test_text_is_kept_whichever_way_it_comes(self, tmp_path: Path) -> None:
        events = [
            {"fact": f"acme/{attribute}@{nth + 2001}", key: text, **({"text": "x"} if key == "valid" else {})}
            | REPORTED
            for attribute, key in (("day", "date"), ("plan", "valid"))
            for nth, (text, _, _) in enumerate(BEYOND_THE_CALENDAR)
        ]
        ids = set()
        for kind in some(KINDS, 3):
            with Timeline.open(recorded(tmp_path / kind, [*NAMES, described("source", "s")])) as tl:
                ingested(tl, tmp_path, kind, events)
                for _ in range(2):
                    rows = tl.sql("FROM beliefs WHERE fact <> 'acme/plan@2000'").to_dicts()
                    found = {row["fact"]: row for row in rows}
                    for nth, (text, of_value, of_valid) in enumerate(BEYOND_THE_CALENDAR):
                        row = found[f"acme/day@{nth + 2001}"]
                        assert (row["text"], row["claim"]) == (text, text)
                        assert (row["date_from"], row["date_to"]) == tuple(map(aware, of_value))
                        row = found[f"acme/plan@{nth + 2001}"]
                        assert (row["valid_from"], row["valid_to"]) == tuple(map(aware, of_valid))
                        [event] = tl.history(row["fact"]).to_dicts()
                        assert event["valid"] == text
                    ids.add(tuple(sorted(row["event_id"] for row in rows)))
                    assert tl.verify().digest
                    assert tl.belief("acme/plan@2006", valid_at="2024") is None
                    assert tl.belief("acme/plan@2005", valid_at="2024") is not None
                    tl.rebuild()
                for command, form in product(
                    (["show"], ["history", "acme/*"], ["sql", "FROM events"]), FORMATS
                ):
                    given = [*command, "--format", form, "--output", str(tmp_path / "answer")]
                    done = CliRunner().invoke(app, [*given, "--store", str(tl.path)], catch_exceptions=False)
                    assert done.exit_code == 0, (command, form, done.output)
        assert len(ids) == 1

    @pytest.mark.parametrize("text", ["Y2024", "-0000", "-0044-13", "-0044-02-30", "Y12000-01", "2024/-0044"])
    def test_what_is_no_such_date(self, desk: Timeline, text: str) -> None:
        for given in ({"date": text}, {"valid": text, "text": "x"}):
            with pytest.raises(BadInput):
                desk.append([{"fact": "acme/day", **given, **REPORTED}])


def aware(micros: int | None) -> datetime | None:
    return None if micros is None else to_naive(micros).replace(tzinfo=UTC)


class TestAnEndInTheLastDay:
    """What was recorded when an exclusive 9999-12-31 was an end is read as without one, and known again."""

    OLD: Final = [
        reported("acme/plan", valid_from=FIRST_OF_2024, valid_to=LAST_DAY, **text("valid")),
        reported(
            "acme/plan@2024-01-01/9999-12-30", period_from=FIRST_OF_2024, period_to=LAST_DAY, **text("p")
        ),
    ]
    WRITTEN: Final[list[dict[str, str]]] = [
        {"fact": "acme/plan", "text": "valid", "valid_from": "2024", "valid_to": "9999-12-31", **REPORTED},
        {"fact": "acme/plan", "text": "p", "period_from": "2024", "period_to": "9999-12-31", **REPORTED},
    ]

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_is_none(self, tmp_path: Path, kind: str) -> None:
        names = [*NAMES, described("source", "s")]
        with Timeline.open(recorded(tmp_path / "old", [*names, *self.OLD])) as tl:
            ids = {row["event_id"] for row in self.OLD}
            count = tl.stats()["events"]
            beliefs = {row["fact"]: row for row in tl.beliefs().to_dicts()}
            assert set(beliefs) == {"acme/plan", "acme/plan@2024/.."}
            assert {row["event_id"] for row in beliefs.values()} == ids
            assert [row["valid_to"] or row["period_to"] for row in beliefs.values()] == [None, None]
            assert ingested(tl, tmp_path, kind, self.WRITTEN) == count
            assert {row["event_id"] for row in tl.beliefs("acme/plan*").to_dicts()} >= ids
            assert tl.verify().digest


class TestTheEndOfTime:
    def test_it_is_no_end_whichever_way_it_comes(self, tmp_path: Path) -> None:
        ids = set()
        for kind in some(KINDS, 3):
            with Timeline.open(recorded(tmp_path / kind, [*NAMES, described("source", "s")])) as tl:
                ingested(tl, tmp_path, kind, ENDLESS)
                found = tl.sql("FROM events WHERE fact <> 'acme/plan@2000'").to_dicts()
                rows = {row["fact"]: row for row in found}
                facts = [row["fact"] for row in found]
                ids.add(tuple(sorted(row["event_id"] for row in found)))
                assert tl.verify().digest
                log = events_of(Log(tl.path / "log"))
                for name in ("valid_to", "period_to", "date_to"):
                    assert all(
                        value <= LAST.replace(tzinfo=None)
                        for value in log[name].to_pylist()
                        if value is not None
                    )
            assert (rows["acme/plan"]["valid_from"].year, rows["acme/plan"]["valid_to"]) == (2024, None)
            assert rows["acme/plan@2022"]["valid_to"] is rows["acme/plan@2022"]["valid_from"] is None
            assert rows["acme/plan@2023"]["valid_to"] is None
            assert rows["acme/plan@2024/.."]["period_to"] is None
            assert sum(fact == "acme/plan@2024/.." for fact in facts) == 2
            assert "acme/plan@9999-12-31T23:59:59.999999Z/.." in rows
            dates = [
                (rows[f"acme/day@200{n}"]["date_from"], rows[f"acme/day@200{n}"]["date_to"]) for n in (1, 2)
            ]
            assert dates == [(datetime(2024, 1, 1, tzinfo=UTC), end) for end in (LAST, None)]
            assert rows["acme/day@2003"]["date_from"] == datetime(1, 1, 1, tzinfo=UTC)
            assert rows["acme/day@2004"]["date_to"] == LAST
        assert len(ids) == 1

    BEYOND: Final[list[tuple[dict[str, str], str]]] = [
        ({"period": "../9999"}, "has no bound on either side"),
        ({"period": "../.."}, "has no bound on either side"),
        ({"period": "-0044/2024"}, "outside the years 0001 to 9999"),
        ({"period": "0000"}, "has no possible year"),
        ({"valid_to": "10000-01-01"}, "outside the years 0001 to 9999"),
        ({"valid_from": "-0044"}, "outside the years 0001 to 9999"),
        ({"valid": "\u0662\u0660\u0662\u0664"}, "is not an EDTF date"),
        ({"reported": "9999"}, "starts after the moment of recording"),
        ({"reported": "../.."}, "has no last instant"),
    ]

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_lies_beyond_is_refused(self, desk: Timeline, tmp_path: Path, kind: str) -> None:
        events = [{"fact": "acme/plan", "text": "x", **REPORTED, **more} for more, _ in self.BEYOND]
        with pytest.raises(BadRows) as caught:
            ingested(desk, tmp_path, kind, events)
        for problem, (_, message) in zip(caught.value.problems, self.BEYOND, strict=True):
            assert message in str(problem)

    def test_stored_instants_that_no_datetime_can_be(self, tmp_path: Path) -> None:
        before = FIRST_INSTANT - 1
        rows = [
            reported("acme/plan", valid_from=before, valid_to=INFINITY, **text("a")),
            reported("acme/plan@2001", valid_from=-INFINITY, valid_to=END + 10**15, **text("b")),
            reported("acme/plan@2002", reported_from=before, evidence_at=INFINITY, **text("c")),
            reported("acme/day", value_type="date", text="?", claim="?", date_from=before, date_to=INFINITY),
        ]
        with Timeline.open(recorded(tmp_path / "desk", [*NAMES, described("source", "s"), *rows])) as tl:
            found = {row["fact"]: row for row in tl.sql("FROM events WHERE fact IS NOT NULL").to_dicts()}
            for fact in ("acme/plan", "acme/plan@2001"):
                assert (found[fact]["valid_from"], found[fact]["valid_to"]) == (None, None)
                assert tl.belief(fact, valid_at="0001-01-01") is not None
            assert found["acme/plan@2002"]["reported_from"] is None
            assert found["acme/plan@2002"]["evidence_at"] == LAST
            assert found["acme/day"]["date_from"] == datetime(1, 1, 1, tzinfo=UTC)
            assert found["acme/day"]["date_to"] == LAST
            assert tl.beliefs().height == tl.history("*").height == 4
            tl.append([{"fact": "acme/plan", "text": "later", "source": "s", "reported": "2025-02"}])
            assert tl.history("acme/plan").height == 2


@pytest.mark.parametrize("form", FORMATS)
def test_an_instant_of_a_query_that_no_datetime_can_be(desk: Timeline, tmp_path: Path, form: str) -> None:
    out = tmp_path / "answer"
    query = "SELECT TIMESTAMP '10000-01-01' AS later, TIMESTAMP '2024-01-01' AS usual"
    given = ["sql", query, "--format", form, "--output", str(out), "--store", str(desk.path)]
    done = CliRunner().invoke(app, given, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found = str(pq.read_table(out).to_pylist()) if form == "parquet" else out.read_text()
    assert "10000-01-01" in found


class TestNumbers:
    GOOD: Final = {
        "0": "0",
        "-0": "0",
        "+5": "5",
        "1e3": "1000",
        "1.25E+3": "1250",
        " 7 ": "7",
        "0.5000000000000": "0.5",
        ".5": "0.5",
        "9" * 29 + "." + "9" * 9: "9" * 29 + "." + "9" * 9,
        "-1e-9": "-0.000000001",
    }
    BAD: Final = (
        *(
            "1e-999999999",
            "1e999999999",
            "0e999999999",
            "٣",
            "\uff10\uff15",
            "1_000",
            "²",
            "½",
            "0x10",
            "1e",
            "",
            "--1",
        ),
        *(
            "NaN",
            "sNaN",
            "Infinity",
            "-inf",
            "1" * 30,
            "0." + "0" * 9 + "1",
            "9" * 28 + ".0123456789",
            "1" * 5000,
        ),
    )

    @pytest.mark.parametrize("kind", KINDS)
    def test_amounts_in_parts(self, desk: Timeline, tmp_path: Path, kind: str) -> None:
        events = [
            {"fact": f"acme/plan@{2000 + n}", "amount": written, "unit": "USD", **REPORTED}
            for n, written in enumerate(self.GOOD, 1)
        ]
        ingested(desk, tmp_path, kind, events)
        got = desk.sql("SELECT amount, claim FROM events WHERE value_type = 'amount' ORDER BY fact")
        assert got["amount"].to_list() == [Decimal(plain) for plain in self.GOOD.values()]
        assert got["claim"].to_list() == [f"{plain} USD" for plain in self.GOOD.values()]

    @pytest.mark.parametrize("kind", KINDS)
    def test_amounts_that_are_refused(self, desk: Timeline, tmp_path: Path, kind: str) -> None:
        names = ("amount", "amount_low", "amount_high")
        bad = [value for value in self.BAD if value or kind not in ("csv",)]
        events = [
            {"fact": "acme/plan", name: value, "unit": "USD", **REPORTED} for value in bad for name in names
        ]
        with pytest.raises(BadInput) as caught:
            ingested(desk, tmp_path, kind, events)
        assert f"{len(events)} bad events" in str(caught.value)

    @pytest.mark.parametrize("kind", KINDS)
    def test_claims(self, desk: Timeline, tmp_path: Path, kind: str) -> None:
        figures = ("\u0663", "\uff10\uff15", "1_000", "\xb2", "1e999999999", "1e-9", "1" * 30)
        events = [{"fact": "acme/plan", "claim": f"{figure} USD", **REPORTED} for figure in figures]
        with pytest.raises(BadRows) as caught:
            ingested(desk, tmp_path, kind, events)
        assert [" as an amount: " in str(problem) for problem in caught.value.problems] == [True] * len(
            figures
        )

    def test_amounts_that_are_no_text(self, desk: Timeline) -> None:
        for value in (10**5000, Decimal("1e-999999999"), Decimal("NaN"), float("inf"), True):
            with pytest.raises(BadInput, match="amount: "):
                desk.append([{"fact": "acme/plan", "amount": value, "unit": "USD", **REPORTED}])

    @pytest.mark.parametrize("name", ["tier", "length"])
    def test_whole_numbers(self, desk: Timeline, name: str) -> None:
        written = (str(2**63), "\u0663", "1_000", "1.0", "-1", "9" * 5000, "", "1e3")
        for value in (*written, 2**63, 10**5000, -1, True, 1.5):
            with pytest.raises(BadInput, match=f"{name}: "):
                desk.append([{"type": "source-described", "id": "t", name: value}])
        desk.append([{"type": "source-described", "id": "t", name: "12"}])
        assert desk.sql(f"SELECT {name} FROM sources WHERE id = 't'").rows() == [(12,)]

    def test_locators(self, desk: Timeline) -> None:
        spans = [{"start": "\u0663", "end": "9"}, {"start": 0, "end": 2**63}, {"start": "1_0", "end": "20"}]
        for locator in (*spans, '{"start": 0, "end": 1e400}', "[" * 100_000):
            with pytest.raises(BadInput, match="locator"):
                desk.append([{"fact": "acme/plan", "text": "x", "locator": locator, **REPORTED}])

    def test_numbers_in_questions(self, desk: Timeline) -> None:
        asking: list[Callable[[], object]] = [
            *(partial(desk.beliefs, policy=f"confirmed:{n}") for n in ("9" * 5000, "\u0663", "0", "1_0")),
            *(partial(desk.beliefs, recorded_as_of=f"#{n}") for n in ("\u0663", "1_0", "")),
            *(partial(desk.disagreements, within=n) for n in (10**30, -1, cast("int", "\u0663"), True)),
            partial(desk.sql, "SELECT $\xb2"),
        ]
        for ask in asking:
            with pytest.raises(BadInput):
                ask()

    def test_a_commit_beyond_any_is_the_head(self, desk: Timeline) -> None:
        desk.append([{"fact": "acme/plan", "text": "x", **REPORTED}])
        for number in ("9" * 5000, "0" * 5000 + "2"):
            assert desk.beliefs(recorded_as_of=f"#{number}").height == 1


class TestOneBadDescription:
    def test_it_is_null_in_the_views_and_no_more(self, tmp_path: Path) -> None:
        bad = [
            described("source", "s", length=2**63, tier=2**40, title="S"),
            described("source", "t", length="1e9999", tier={"a": 1}),
            described("source", "u", tier=1),
            *(
                {**described(kind, f"no-{kind}"), "text": "{no json"}
                for kind in ("source", "entity", "attribute")
            ),
        ]
        bad = [row | {"event_id": event_id(content_of(row))} for row in bad]
        with Timeline.open(recorded(tmp_path / "desk", [*NAMES, *bad, OLD[0]])) as tl:
            for when in ("", "later"):
                if when:
                    tl.append([{"fact": "acme/plan@2020", "text": "x", **REPORTED}])
                rows = tl.sql("SELECT id, title, tier, length FROM sources").rows()
                assert rows == [("no-source", None, None, None), ("s", "S", None, None), *NONE_BUT_TIER]
                assert tl.sql("FROM sources_as_of('#1')").height == 4
                assert "no-entity" in set(tl.sql("FROM entities")["id"])
                assert "no-attribute" in set(tl.sql("FROM attributes")["id"])
                assert tl.sql("FROM statuses").height > 0
                assert tl.beliefs(policy="ranked").height >= 1
                assert tl.why("acme/plan").sources[0]["title"] == "S"


NONE_BUT_TIER: Final = [("t", None, None, None), ("u", None, 1, None)]


class TestOneFact:
    BAD: Final = (
        *(
            "acme/*",
            "acme/pla?",
            "acme/[p]lan",
            "",
            "a",
            "a/b/c/d",
            "a//b",
            "/a",
            "a/",
            "a/b/",
            "@2024",
            "a/ b",
        ),
        *("a/b@", "a/b@soon", "a/b\n", "a/\ud800", "a/" + "b" * 201, None, 5, ["acme/plan"], b"acme/plan"),
    )

    def test_what_asks_of_one_refuses_others(self, desk: Timeline) -> None:
        desk.append([{"fact": "acme/plan", "text": "x", **REPORTED}])
        for ask, fact in product((desk.belief, desk.why), self.BAD):
            with pytest.raises(
                BadInput, match=r"expected subject/attribute|EDTF date|not a date|expected a text|surrogate"
            ):
                ask(cast("str", fact))

    def test_what_was_never_reported_is_none(self, desk: Timeline) -> None:
        assert desk.belief("acme/plan/of-theirs") is None
        with pytest.raises(NotFound):
            desk.why("acme/plan")


def test_the_last_instant_is_what_python_has() -> None:
    assert LAST_INSTANT + 1 == END
    assert datetime.max.replace(tzinfo=UTC) == LAST
