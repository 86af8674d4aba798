"""What a page shows of everything believed: the same as counting and sorting the beliefs by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from timeline import Timeline
from timeline.ask.overview import FILTERS, Wanted

DATES: list[dict[str, str]] = [
    {},
    {"as_of": "2025-02-22"},
    {"as_of": "2025-10-15", "policy": "by-origin"},
    {"as_of": "2026-02-28", "valid_at": "2026", "policy": "first"},
    {"as_of": "2026-02-28", "recorded_as_of": "#2"},
    {"as_of": "1990"},
]
WANTED: list[dict[str, Any]] = [
    {},
    {"light": True},
    {"search": "OpenAI"},
    {"search": "nowhere in them", "ids": ["nvidia"]},
    {"filters": {"status": ["planned", "letter-of-intent"]}},
    {"filters": {"subject": ["nvidia", "openai"], "attribute": ["investment"]}, "search": "a"},
    {"limit": 3, "offset": 2},
    {"first": ["softbank/investment/openai"], "limit": 1},
]


def is_wanted(row: dict[str, Any], wanted: Wanted) -> bool:
    text = wanted.search.lower()
    found = (
        not text
        or any(text in (row[name] or "").lower() for name in ("fact", "claim", "statement"))
        or not {row["subject"], row["object"]}.isdisjoint(wanted.ids)
    )
    return found and all(not values or row[name] in values for name, values in wanted.filters.items())


@pytest.mark.parametrize("dates", DATES, ids=str)
@pytest.mark.parametrize("given", WANTED, ids=str)
def test_a_page_shows_and_counts_what_is_believed(
    bundled: Timeline, dates: dict[str, str], given: dict[str, Any]
) -> None:
    snapshot, wanted = bundled.snapshot(), Wanted(**given)
    rows = [row for row in snapshot.beliefs(**dates).dicts() if is_wanted(row, wanted)]
    found = snapshot.overview(snapshot.dates(**dates), wanted)
    assert (found.total, found.facts) == (len(rows), len({row["fact"] for row in rows}))
    for name in ("status",) if wanted.light else FILTERS:
        counts = Counter(row[name] for row in rows if row[name] is not None)
        assert found.facets[name] == sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:100]
    of_subject = Counter(row["subject"] for row in rows)
    comes_first = {row["subject"] for row in rows if row["fact"] in wanted.first}
    subjects = sorted(of_subject, key=lambda name: (name not in comes_first, -of_subject[name], name))
    order = [name for name in subjects for _ in range(of_subject[name])]
    assert [row["subject"] for row in found.rows] == order[wanted.offset : wanted.offset + wanted.limit]
    assert len({(row["event_id"], row["valid_from"]) for row in found.rows}) == len(found.rows)
    for row in found.rows:
        assert row["in_subject"] == of_subject[row["subject"]]
        assert {name: value for name, value in row.items() if name != "in_subject"} in rows
