"""What a tombstone vouches for: the columns that stay of an erased event."""

from __future__ import annotations

import hashlib

from timeline.meaning.erasure import left_of, tombstone, vouched


def test_a_tombstone_vouches_for_what_stays_of_an_event() -> None:
    row = {
        "position": 7,
        "event_id": "ab",
        "event_type": "reported",
        "fact": "a/b",
        "source": "press",
        "reported_at": 5,
        "void": False,
        "status": "planned",
        "value_type": "amount",
        "claim": "5 USD",
    }
    covered = {"event_id": "ab", "event_type": "reported", "fact": "a/b", "reported_at": 5, "source": "press"}
    written = "".join(f"\x1e{name}\x1f{value}" for name, value in covered.items())
    expected = hashlib.sha256(f"timeline/erased/1{written}\x1eclaimed".encode()).hexdigest()
    assert vouched(row) == expected
    # The same once it is erased, and from then on.
    assert vouched(left_of(row)) == vouched(left_of(left_of(row))) == expected
    assert tombstone(row, "asked for")["text"] == expected
    # That nothing was claimed, and that an event is void, is vouched for too.
    assert len({expected, vouched({**row, "value_type": None}), vouched({**row, "void": True})}) == 3
