"""The page names the day that it was asked with, in the zone of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from timeline import Timeline
from timeline.plot.many_facts import density_data, vintages_data
from timeline.plot.one_fact import fact_data
from timeline.plot.terminal import chart
from timeline.web.asked import address_of
from timeline.web.fact_view import fact_view
from timeline.web.views import beliefs_view, disagreements_view, promises_view

ZONES = ("America/Los_Angeles", "UTC", "Asia/Tokyo", "Pacific/Kiritimati")


@pytest.mark.parametrize("zone", ZONES)
def test_a_date_that_was_asked_with_is_the_one_shown(tmp_path: Path, zone: str) -> None:
    (tmp_path / "timeline.toml").write_text(f'[project]\ntimezone = "{zone}"\n')
    with Timeline.create(tmp_path / ".timeline", project=tmp_path) as tl:
        tl.append(
            [{"fact": "a/b", "text": "x", "source": "s", "reported": "2025-03-01"}], register_unknown=True
        )
        snapshot = tl.snapshot()
        assert snapshot.zone == zone
        for day, earlier in (
            ("2025-03-09", "2025-03-08"),
            ("2025-12-31", "2025-11-01"),
            ("9999-12-30", "0001-01-03"),
        ):
            view = beliefs_view(snapshot, address_of([("as_of", day), ("compare", earlier)]))
            assert (view["as_of"], view["compare"]) == (day, earlier)
            # Asked with again, it is the same state.
            assert snapshot.dates(view["as_of"]).as_of == snapshot.dates(day).as_of
        for end in ("9999-12-31", "0001-01-01"):
            assert beliefs_view(snapshot, address_of([("as_of", end)]))["as_of"][:4] == end[:4]


@pytest.mark.parametrize("zone", ZONES)
def test_each_day_that_is_shown_is_one_of_the_zone(tmp_path: Path, zone: str) -> None:
    """What a day's reports say is shown as of that day, in a list, on a card, in a picture."""
    (tmp_path / "timeline.toml").write_text(f'[project]\ntimezone = "{zone}"\n')
    stake = {"fact": "a/stake/b@2025"}
    with Timeline.create(tmp_path / ".timeline", project=tmp_path) as tl:
        tl.append(
            [
                {"source": "s", "reported": "2025-03-01", "claim": "5 USD", **stake},
                {"source": "t", "reported": "2025-03-04", "claim": "7 USD", **stake},
                {"source": "t", "reported": "2025-03-09", "type": "withdrawn", **stake},
                {"source": "t", "reported": "2025-03-12", "claim": "9 USD", **stake},
                {"source": "t", "reported": "2025-03-12", "claim": "9 USD", "fact": "a/loan/b"},
            ],
            register_unknown=True,
        )
        snapshot = tl.snapshot()
        address = address_of([("as_of", "2025-03-05")])
        view = beliefs_view(snapshot, address)
        [row] = view["groups"][0]["rows"]
        assert (row["since"], row["rival"]["day"]) == ("2025-03-04", "2025-03-01")
        days = ["2025-03-01", "2025-03-04", "2025-03-12"]
        assert view["density"]["days"] == [[days[0], 1], [days[1], 1], [days[2], 2]]
        [pair] = disagreements_view(snapshot, address)["pairs"]
        assert {side["day"] for side in pair["sides"]} == {"2025-03-01", "2025-03-04"}
        shown = fact_view(snapshot, address, "a/stake/b@2025")
        assert [card["since"] for card in shown["beliefs"]] == ["2025-03-04"]
        assert [one["day"] for one in shown["evidence"]] == [
            "2025-03-01",
            "2025-03-04",
            "2025-03-09",
            "2025-03-12",
        ]
        assert not any(one["vague"] for one in shown["evidence"])
        flows = promises_view(snapshot, address_of([("as_of", "2025-03-12")]))["flows"]
        assert flows["panels"][0]["day"] == "2025-03-12"
        dates = snapshot.dates()
        assert vintages_data(snapshot, "a/stake/b@*", dates)["vintages"] == days
        assert density_data(snapshot, dates)["days"] == view["density"]["days"]
        lines = list(chart(fact_data(snapshot, "a/stake/b@2025", dates), 100, None, snapshot.zone))
        listed = [line[2:12] for line in lines if line[2:6] == "2025"]
        assert listed == ["2025-03-01", "2025-03-04", "2025-03-09", "2025-03-12"]
