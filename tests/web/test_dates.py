"""The page names the day that it was asked with, in the zone of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from timeline import Timeline
from timeline.web.asked import address_of
from timeline.web.views import beliefs_view


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "UTC", "Asia/Tokyo", "Pacific/Kiritimati"])
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
