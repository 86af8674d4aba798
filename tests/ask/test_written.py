"""Events by their names, and as files have them: what is written is recorded elsewhere under the same ids."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from timeline import BadInput, NotFound, Timeline

EVENTS: list[dict[str, Any]] = [
    {"type": "entity-described", "id": "acme", "name": "Acme", "key": "acme-described"},
    {"fact": "acme/ceo", "text": "Ann", "source": "a", "reported": "2025-01-01", "key": "ann"},
    {"fact": "acme/staff", "claim": "about 5 thousand", "source": "a", "reported": "2025-01"},
    {"fact": "acme/sales", "amount": 5, "unit": "USD", "source": "a", "reported": "2025-02-01"},
    {"fact": "acme/fee", "amount_low": 1, "amount_high": 2, "unit": "USD", "source": "a", "reported": "2025"},
    {"fact": "acme/opens", "date": "2026", "source": "a", "reported": "2025-02", "valid_from": "2025-01"},
    {"type": "corrected", "target": "ann", "text": "Anne", "reason": "a slip", "inferred": True},
    {"type": "withdrawn", "fact": "acme/sales", "source": "a", "reported": "2025-03-01", "locator":
     {"start": 1, "end": 2}},
]  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Timeline:
    tl = Timeline.create(tmp_path / "desk")
    tl.append(EVENTS, register_unknown=True)
    return tl


@pytest.mark.parametrize("flat", [False, True])
def test_what_is_written_gives_the_same_ids_elsewhere(desk: Timeline, tmp_path: Path, flat: bool) -> None:
    tl = desk
    tl.append([EVENTS[1] | {"text": "Bea", "key": "bea"}], personal=True)
    gone = tl.erase("ann", reason="asked for").event_ids
    written = [*tl.snapshot().written(flat=flat)]
    assert all("Ann" not in str(event.get("text")) for event in written if event.get("key") == "ann")
    # What amends an erased event has no target elsewhere.
    written = [event for event in written if event.get("target") not in gone]
    with Timeline.create(tmp_path / "other") as other:
        other.append(written)
        ids = {event_id for (event_id,) in other.sql("SELECT event_id FROM events").rows()}
    known = {event_id for (event_id,) in tl.sql("SELECT event_id FROM events").rows()}
    assert ids <= known
    assert len(known - ids) == 3


def test_an_event_is_named_by_its_key_or_the_beginning_of_its_id(desk: Timeline) -> None:
    found, key = desk.snapshot().event_and_key("ann")
    assert key == "ann"
    for name in (found, found[:12], found[:12].upper()):
        assert desk.snapshot().event_id(name) == found
    assert desk.snapshot().event_and_key("acme-described")[1] == "acme-described"
    with pytest.raises(NotFound, match="did you mean 'ann'"):
        desk.snapshot().event_id("anm")
    with pytest.raises(NotFound):
        desk.snapshot().event_id(found[:3])
    rows = [
        {"fact": f"acme/n{n}", "answer": "yes", "source": "a", "reported": "2025-01-01"} for n in range(900)
    ]
    desk.append(rows, register_unknown=True)
    ids = sorted(e for (e,) in desk.sql("SELECT event_id FROM events").rows())
    [twice, *_] = [one[:4] for one, other in pairwise(ids) if one[:4] == other[:4]]
    with pytest.raises(BadInput, match=f"'{twice}' begins . event ids; expected a longer prefix"):
        desk.snapshot().event_id(twice)
