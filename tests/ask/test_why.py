"""The evidence for a belief has the events that it rests on, whichever dates count."""

from __future__ import annotations

from pathlib import Path

import pytest

from timeline import Timeline

#: An event whose month ends after the date that is asked with, and one whose source came out after it.
REPORTS = """
sources:
- {id: s, published: 2025-06}
- {id: later, published: 2025-06-01}
events:
- {fact: a/b, text: x, source: s, origin: o, reported: 2025-02}
- {fact: a/b, text: y, source: later, origin: p, reported: 2025-02-10}
"""
#: Which of them count as of 22 February.
COUNTED = {"certain": ["y"], "possible": ["y", "x"], "evidence": []}


@pytest.fixture
def reports(desk: Timeline, tmp_path: Path) -> Timeline:
    """Return a store of two reports."""
    (tmp_path / "a.yaml").write_text(REPORTS)
    desk.ingest(tmp_path / "a.yaml", register_unknown=True)
    return desk


@pytest.mark.parametrize("many", [False, True], ids=["one fact", "facts of a glob"])
@pytest.mark.parametrize("basis", COUNTED)
def test_history_has_what_counts_by_then(reports: Timeline, basis: str, many: bool) -> None:
    found = reports.history("a/*" if many else "a/b", as_of="2025-02-22", basis=basis)
    assert found["text"].to_list() == COUNTED[basis]


@pytest.mark.parametrize("basis", COUNTED)
@pytest.mark.parametrize("policy", ["latest", "confirmed:2"])
def test_what_is_believed_is_explained_in_words_whichever_dates_count(
    reports: Timeline, basis: str, policy: str
) -> None:
    why = reports.why("a/b", as_of="2025-02-22", basis=basis, policy=policy)
    behind = {row["event_id"] for row in why.history}
    assert {row["event_id"] for row in (*why.beliefs, *why.claims, *why.displaced)} <= behind
    assert [row["claim"] for row in why.claims] == COUNTED[basis]
    assert all(claim in str(why) for claim in COUNTED[basis])
