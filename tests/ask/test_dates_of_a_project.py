"""Dates that are asked with in a project are days of its `timezone`, but for valid times."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.commands import run
from timeline import Timeline
from timeline.errors import BadInput

EVENTS = """
events:
- {fact: acme/ceo, text: early, source: s, reported: 2025-02-21T14:59:59Z}
- {fact: acme/ceo, text: late, source: s, reported: 2025-02-21T15:00:00Z}
- {fact: acme/ceo, text: dated, source: s, reported: 2025-02-23}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "timeline.toml").write_text('[project]\nname = "t"\ntimezone = "Asia/Tokyo"\n')
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "a.yaml").write_text(EVENTS)
    with Timeline.create(tmp_path / ".timeline") as tl:
        tl.ingest(tmp_path / "events", register_unknown=True)
    return tmp_path


def test_every_way_to_ask(project: Path) -> None:
    with Timeline.open(project / ".timeline") as tl:
        for as_of, text in (("2025-02-21", "early"), ("2025-02-22", "late"), ("2025-02-23", "dated")):
            belief = tl.belief("acme/ceo", as_of=as_of)
            assert belief is not None
            assert belief.text == text
            assert tl.beliefs(as_of=date.fromisoformat(as_of))["text"].to_list() == [text]
            query = f"SELECT text FROM beliefs FOR REPORTED_TIME AS OF '{as_of}'"
            assert tl.sql(query)["text"].to_list() == [text]
            assert tl.sql(query.replace("OF '", "OF DATE '"))["text"].to_list() == [text]
            assert tl.sql("SELECT text FROM beliefs", as_of=as_of)["text"].to_list() == [text]
            for day in (as_of, date.fromisoformat(as_of)):
                frame = tl.at(pl.DataFrame({"fact": ["acme/ceo"], "as_of": [day]}))
                assert frame["text"].to_list() == [text]
        spans = tl.sql(
            "SELECT text FROM beliefs FOR REPORTED_TIME FROM '2025-02-22' TO '2025-02-23' ORDER BY 1"
        )
        assert spans["text"].to_list() == ["late"]
        assert tl.changes("2025-02-21", "2025-02-22")["claim_to"].to_list() == ["late"]
        # An instant is itself, and so is a TIMESTAMP.
        assert tl.beliefs(as_of="2025-02-21T14:59:59Z")["text"].to_list() == ["early"]
        query = "SELECT text FROM beliefs FOR REPORTED_TIME AS OF TIMESTAMP '2025-02-21 15:00:00'"
        assert tl.sql(query)["text"].to_list() == ["late"]
        [(at,)] = tl.sql("SELECT reported_at::VARCHAR FROM events WHERE text = 'dated'").rows()
        assert at == "2025-02-23 14:59:59.999999"
        with pytest.raises(BadInput, match="is no date to ask with"):
            tl.sql("FROM beliefs FOR REPORTED_TIME AS OF 'soon'")


def test_the_commands_of_a_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMELINE_STORE", raising=False)
    assert "early" in run(project, ["show", "acme/ceo", "--as-of", "2025-02-21"]).out
    assert "late" in run(project, ["show", "acme/ceo", "--as-of", "2025-02-22"]).out
    assert "early, announced → late, announced" in run(project, ["diff", "2025-02-21", "2025-02-22"]).out
    history = run(project, ["history", "acme/ceo", "--as-of", "2025-02-23"]).out
    # Its own date is shown, not the instants with which it begins and ends in UTC.
    assert "2025-02-23 s" in " ".join(history.split())


def test_without_a_zone_dates_are_those_of_utc(project: Path, tmp_path: Path) -> None:
    (project / "timeline.toml").write_text('[project]\nname = "t"\n')
    with Timeline.open(project / ".timeline") as tl:
        assert tl.beliefs(as_of="2025-02-21")["text"].to_list() == ["late"]
