"""Columns of dates in tables are read by their type; integers are no dates."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from timeline import Timeline
from timeline.errors import BadInput

ROWS: dict[str, Any] = {"fact": ["acme/ceo"], "text": ["x"], "source": ["s"]}


@pytest.fixture
def desk(tmp_path: Path) -> Timeline:
    return Timeline.create(tmp_path / "desk")


def reported(desk: Timeline, values: Any) -> str:
    """Return the text of a reported date that a table with this column gives."""
    desk.ingest(pa.table({**ROWS, "reported": values}), register_unknown=True)
    [(text,)] = desk.sql("SELECT reported FROM events WHERE fact IS NOT NULL").rows()
    return str(text)


@pytest.mark.parametrize("name", ["reported", "valid", "valid_from", "period", "date"])
@pytest.mark.parametrize("kind", [pa.int64(), pa.int16(), pa.uint32()])
def test_integers_are_never_dates(desk: Timeline, name: str, kind: Any) -> None:
    rows = {**ROWS, "reported": ["2025"], name: pa.array([2025], kind)}
    with pytest.raises(BadInput, match=f"column {name} is u?int.*integers are never read as years or dates"):
        desk.ingest(pa.table(rows), register_unknown=True)


def test_a_day_has_one_id_whichever_way_it_comes(tmp_path: Path) -> None:
    day = date(2025, 2, 22)
    ids = set()
    for nth, values in enumerate(
        (
            pa.array(["2025-02-22"]),
            pa.array([" 2025-02-22 "]),
            pa.array([day], pa.date32()),
            pa.array([day], pa.date64()),
            pa.array([day.isoformat()]).dictionary_encode(),
        )
    ):
        with Timeline.create(tmp_path / f"desk{nth}") as tl:
            assert reported(tl, values) == "2025-02-22"
            ids.add(tl.beliefs()["event_id"][0])
    with Timeline.create(tmp_path / "polars") as tl:
        tl.ingest(pl.DataFrame({**ROWS, "reported": [day]}), register_unknown=True)
        ids.add(tl.beliefs()["event_id"][0])
    for nth, value in enumerate((day, "2025-02-22", "2025-02-22\n")):
        with Timeline.create(tmp_path / f"python{nth}") as tl:
            event = {name: values[0] for name, values in ROWS.items()} | {"reported": value}
            tl.append([event], register_unknown=True)
            ids.add(tl.beliefs()["event_id"][0])
    assert len(ids) == 1


def test_an_instant_has_one_id_whichever_way_it_comes(tmp_path: Path) -> None:
    moment = datetime(2025, 2, 22, 10, tzinfo=UTC)
    ids = set()
    for nth, values in enumerate(
        (
            pa.array([moment], pa.timestamp("us", "UTC")),
            pa.array([moment], pa.timestamp("s", "Asia/Tokyo")),
            *(
                pa.array([text])
                for text in ("2025-02-22T10:00:00Z", "2025-02-22 10:00+0000", "2025-02-22T11:00:00.000+01:00")
            ),
        )
    ):
        with Timeline.create(tmp_path / f"desk{nth}") as tl:
            assert reported(tl, values) == "2025-02-22T10:00:00Z"
            ids.add(tl.beliefs()["event_id"][0])
    with Timeline.create(tmp_path / "python") as tl:
        event = {name: values[0] for name, values in ROWS.items()} | {"reported": moment}
        tl.append([event], register_unknown=True)
        ids.add(tl.beliefs()["event_id"][0])
        with pytest.raises(BadInput, match="has no time zone"):
            tl.append([event | {"reported": datetime(2025, 2, 22)}])  # noqa: DTZ001
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("freq", "day", "text"),
    [
        ("M", "2025-02-22", "2025-02"),
        ("Q", "2025-02-22", "2025-33"),
        ("Y", "2025-02-22", "2025"),
        ("D", "2025-02-22", "2025-02-22"),
        ("W", "2025-02-22", "2025-02-17/2025-02-23"),
        ("W", "1970-01-01", "1969-12-29/1970-01-04"),
        ("M", "1969-12-31", "1969-12"),
    ],
)
def test_periods_are_what_they_cover(desk: Timeline, freq: str, day: str, text: str) -> None:
    periods = pd.Series(pd.PeriodIndex([day], freq=freq))
    table = pa.Table.from_pandas(pd.DataFrame({"reported": periods}))
    assert reported(desk, table.column("reported")) == text


@pytest.mark.parametrize("freq", ["Q-JAN", "Y-MAR", "W-WED", "h"])
def test_other_periods_are_refused_by_name(desk: Timeline, freq: str) -> None:
    periods = pd.Series(pd.PeriodIndex(["2025-02-22"], freq=freq))
    table = pa.Table.from_pandas(pd.DataFrame({"reported": periods}))
    with pytest.raises(BadInput, match=f"column reported has pandas periods of frequency '{freq}'"):
        reported(desk, table.column("reported"))


def test_midnights_are_named(desk: Timeline) -> None:
    midnights = pa.array([datetime(2025, 2, 22, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    result = desk.ingest(pa.table({**ROWS, "reported": midnights}), register_unknown=True)
    [warning] = result.warnings
    assert "every instant of column reported is midnight in UTC" in warning
    assert "cast it to a date type" in warning
    other = pa.array([datetime(2025, 2, 22, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    assert desk.ingest(pa.table({**ROWS, "reported": other})).warnings == []
    nothing = pa.table({**ROWS, "reported": pa.array([None], pa.timestamp("us", "UTC"))})
    with pytest.raises(BadInput, match="needs its reported date"):
        desk.ingest(nothing)
