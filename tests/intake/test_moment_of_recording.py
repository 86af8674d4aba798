"""The moment of recording is evidence, and a date is a day in the calendar of its source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from tests.stores import record
from timeline import Timeline
from timeline.errors import BadInput, BadRows, Place
from timeline.index.reader import Reader
from timeline.intake.batch import Batch, Draft
from timeline.intake.rows import Intake
from timeline.meaning.habits import Habits
from timeline.meaning.instants import in_zone
from timeline.meaning.times import format_instant, now, parse_edtf, parse_instant

NAMES: Final[list[dict[str, Any]]] = [
    {"type": "attribute-described", "id": "ceo"},
    {"type": "entity-described", "id": "acme"},
    {"type": "source-described", "id": "s"},
    {"type": "source-described", "id": "monthly", "published": "2026-11"},
    {"type": "source-described", "id": "tokyo", "timezone": "Asia/Tokyo", "published": "2026-11-27"},
    {"type": "source-described", "id": "far", "timezone": "Pacific/Kiritimati"},
    {"type": "source-described", "id": "west", "timezone": "Etc/GMT+12"},
]
NO_HABITS: Final = Habits()
ON_26TH: Final = parse_instant("2026-11-26T16:00:00Z")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("named")
    with Timeline.create(folder / "desk") as tl:
        tl.append(NAMES)
        yield tl.snapshot().reader()


def taken(reader: Reader, habits: Habits = NO_HABITS, /, **keys: str) -> dict[str, Any]:
    """Return the row of a report that is recorded on 2026-11-26 at 16:00 in UTC."""
    draft = Draft({"fact": "acme/ceo", "text": "x", "source": "s", **keys}, Place("event", row=1))
    with closing(Intake(reader, ON_26TH)) as intake:
        resolved = intake.resolve([draft], habits)
    if resolved.rejected:
        raise resolved.rejected[0].error
    [row] = resolved.rows
    return row


def shown(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(format_instant(row[name]) for name in ("reported_from", "reported_at", "evidence_at"))


@pytest.mark.parametrize(
    ("keys", "start", "end", "evidence"),
    [
        # What was read was out.
        ({"reported": "2026-11"}, "2026-11-01T00:00:00Z", "2026-11-26T16:00:00Z", "2026-11-26T16:00:00Z"),
        ({"reported": "2026-11-26"}, "2026-11-26T00:00:00Z", "2026-11-26T16:00:00Z", "2026-11-26T16:00:00Z"),
        ({"reported": "2026"}, "2026-01-01T00:00:00Z", "2026-11-26T16:00:00Z", "2026-11-26T16:00:00Z"),
        ({"reported": "2026-11-25~"}, "2026-11-24T00:00:00Z", "2026-11-26T16:00:00Z", "2026-11-26T16:00:00Z"),
        ({"source": "monthly"}, "2026-11-01T00:00:00Z", "2026-11-26T16:00:00Z", "2026-11-26T16:00:00Z"),
        (
            {"source": "monthly", "reported": "2026-10"},
            *("2026-10-01T00:00:00Z", "2026-10-31T23:59:59.999999Z", "2026-11-26T16:00:00Z"),
        ),
        # A date is the day of its source's calendar.
        (
            {"source": "tokyo"},
            *("2026-11-26T15:00:00Z", "2026-11-26T16:00:00Z", "2026-11-26T16:00:00Z"),
        ),
        (
            {"source": "tokyo", "reported": "2026-11-25"},
            *("2026-11-24T15:00:00Z", "2026-11-25T14:59:59.999999Z", "2026-11-26T16:00:00Z"),
        ),
        (
            {"source": "far", "reported": "2026-11-27"},
            *("2026-11-26T10:00:00Z", "2026-11-26T16:00:00Z", "2026-11-26T16:00:00Z"),
        ),
        (
            {"source": "west", "reported": "2026-11-25"},
            *("2026-11-25T12:00:00Z", "2026-11-26T11:59:59.999999Z", "2026-11-26T11:59:59.999999Z"),
        ),
        (
            {"source": "tokyo", "reported": "2026-11-25T10:00:00Z"},
            *("2026-11-25T10:00:00Z", "2026-11-25T10:00:00Z", "2026-11-26T16:00:00Z"),
        ),
    ],
)
def test_a_report_counts_from_its_date_or_the_moment_of_recording(
    reader: Reader, keys: dict[str, str], start: str, end: str, evidence: str
) -> None:
    assert shown(taken(reader, **keys)) == (start, end, evidence)


def test_the_zone_is_the_source_s_then_the_file_s(reader: Reader) -> None:
    file = Habits(timezone="America/New_York")
    assert shown(taken(reader, file, reported="2026-11-25"))[0] == "2026-11-25T05:00:00Z"
    assert shown(taken(reader, file, reported="2026-11-25", source="tokyo"))[0] == "2026-11-24T15:00:00Z"
    # Valid times and periods are bounds as written, whatever the zone.
    row = taken(reader, file, reported="2026-11-25", valid="2026", fact="acme/ceo@2026")
    assert (row["valid_from"], row["period_from"]) == (parse_instant("2026"), parse_instant("2026"))


def test_the_zone_is_no_part_of_the_event(reader: Reader) -> None:
    ids = {
        taken(reader, Habits(timezone=zone), reported="2026-11-25")["event_id"]
        for zone in (None, "Asia/Tokyo", "Pacific/Kiritimati")
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"reported": "2026-11-27"},
            "in UTC that date has not begun: give the source, the file or timeline.toml",
        ),
        ({"reported": "2026-11-27"}, "`timezone`"),
        ({"reported": "2026-11-27", "source": "west"}, "in Etc/GMT+12 that date has not begun"),
        ({"reported": "2026-11-28"}, "starts after the moment of recording, 2026-11-26T16:00:00Z"),
        ({"reported": "2026-11-27", "source": "tokyo"}, None),
    ],
)
def test_a_date_that_has_not_begun_is_refused(
    reader: Reader, keys: dict[str, str], words: str | None
) -> None:
    if words is None:
        assert taken(reader, **keys)
        return
    with pytest.raises(BadInput) as caught:
        taken(reader, **keys)
    assert words in str(caught.value)
    if keys["reported"] == "2026-11-28":
        assert "timezone" not in str(caught.value)


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("America/New_York", "2025-03-09", "2025-03-09T05:00:00Z", 23),
        ("America/New_York", "2025-11-02", "2025-11-02T04:00:00Z", 25),
        # Midnight was skipped: the day begins at one.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", 23),
        # Midnight came twice: the day begins at the first.
        ("America/Havana", "2025-11-02", "2025-11-02T04:00:00Z", 25),
        ("Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z", 24),
        ("Etc/GMT+12", "2026-01-01", "2026-01-01T12:00:00Z", 24),
        ("Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15:00Z", 24),
        # A day that Samoa skipped is that of UTC.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T00:00:00Z", 24),
        ("Etc/GMT-14", "0001-01-01", "0001-01-01T00:00:00Z", 10),
        ("Etc/GMT+12", "9999-12-31", "9999-12-31T12:00:00Z", 12),
    ],
)
def test_days_of_zones(zone: str, day: str, start: str, hours: int) -> None:
    edtf = parse_edtf(day, zone)
    assert edtf.reported_from is not None
    assert edtf.reported_at is not None
    assert format_instant(edtf.reported_from) == start
    length = edtf.reported_at + 1 - edtf.reported_from
    assert abs(length - hours * 3_600_000_000) <= 1


def test_every_day_of_a_zone_begins_where_the_one_before_ends() -> None:
    for zone in ("America/New_York", "America/Sao_Paulo", "America/Havana", "Australia/Lord_Howe"):
        for nth in range(365 * 2):
            day = date(2017, 6, 1) + timedelta(days=nth)
            today, tomorrow = (parse_edtf(one.isoformat(), zone) for one in (day, day + timedelta(days=1)))
            assert today.upper == tomorrow.lower
            assert today.lower is not None
            local = datetime.fromtimestamp(today.lower / 1e6, UTC).astimezone(ZoneInfo(zone))
            before = datetime.fromtimestamp(today.lower / 1e6 - 1, UTC).astimezone(ZoneInfo(zone))
            assert (local.date(), before.date()) == (day, day - timedelta(days=1))


def test_what_lies_outside_the_calendar_stays_within_it() -> None:
    assert in_zone(parse_instant("0001"), "Asia/Tokyo") == parse_instant("0001")
    with pytest.raises(BadInput, match=r"no such time zone: 'Asia/Tokio'.*did you mean 'Asia/Tokyo'"):
        in_zone(0, "Asia/Tokio")


class TestInAStore:
    @pytest.mark.parametrize("rows", [1, 3_000])
    def test_what_is_recorded_today_is_believed_today(self, tmp_path: Path, rows: int) -> None:
        """As a few events and as a table taken whole."""
        today = format_instant(now())[:10]
        with Timeline.create(tmp_path / "desk") as tl:
            tl.append(NAMES[:3])
            before = now()
            # The last day of the year has not come, most of the time.
            for reported in (today, today[:7], today[:4]):
                table = pa.table(
                    {
                        "fact": ["acme/ceo", *(f"acme/ceo@{n + 1:04}" for n in range(rows - 1))],
                        "text": [reported] * rows,
                        "source": ["s"] * rows,
                        "reported": [reported] * rows,
                    }
                )
                tl.ingest(table)
                belief = tl.belief("acme/ceo")
                assert belief is not None
                assert belief.text == reported
                [(at, recorded_at)] = tl.sql(
                    "SELECT reported_at, recorded_at FROM events WHERE text = $t AND fact = 'acme/ceo'",
                    params={"t": reported},
                ).rows()
                assert at <= recorded_at
                assert before <= int(at.timestamp() * 1e6) + 1
                assert tl.belief("acme/ceo", as_of=datetime.now(UTC)) is not None
            assert tl.verify().digest

    def test_a_month_does_not_beat_a_later_day_of_it(self, tmp_path: Path) -> None:
        def batch(**keys: object) -> Batch:
            drafts = [Draft({"fact": "acme/ceo", "source": "s", **keys}, Place("event", row=1))]
            return Batch("reports", drafts=drafts)

        names = Batch("names", drafts=[Draft(dict(keys), Place("event", row=1)) for keys in NAMES[:3]])
        instants = iter([parse_instant(f"2026-11-{day}T09:00:00Z") for day in (25, 26, 28)])
        calls = [[names], [batch(text="of the month", reported="2026-11")]]
        calls.append([batch(text="of the day", reported="2026-11-28")])
        if now() < parse_instant("2026-12"):
            calls, instants = (
                calls[:2],
                iter([parse_instant("2026-11-01"), parse_instant("2026-11-02T09:00:00Z")]),
            )
        record(tmp_path / "desk", calls, lambda: next(instants))
        with Timeline.open(tmp_path / "desk") as tl:
            history = tl.history("acme/ceo").to_dicts()
            for row in history:
                assert row["reported_at"] <= row["recorded_at"]
            assert tl.verify().digest

    def test_a_refusal_in_bulk_names_the_zone_too(self, tmp_path: Path) -> None:
        tomorrow = format_instant(now() + 86_400_000_000)[:10]
        with Timeline.create(tmp_path / "desk") as tl:
            tl.append(NAMES[:3])
            count = 2_500
            table = pa.table(
                {
                    "fact": [f"acme/ceo@{n + 1:04}" for n in range(count)],
                    "text": ["x"] * count,
                    "source": ["s"] * count,
                    "reported": [tomorrow, *["2025-01-01"] * (count - 1)],
                }
            )
            with pytest.raises(BadRows, match="starts after the moment of recording"):
                tl.ingest(table)
