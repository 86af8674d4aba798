"""A page and an API over a store from which an event is erased while they are served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from timeline import Timeline

SECRET = "hushhush"
REPORTS: list[dict[str, Any]] = [
    {"fact": "acme/ceo", "text": "Before", "source": "a", "reported": "2025-08-01"},
    {"fact": "acme/ceo", "text": SECRET, "statement": SECRET, "source": "b", "reported": "2025-09-01"},
    {
        "fact": "acme/cash",
        "claim": "4242 billion USD",
        "source": "b",
        "reported": "2025-09-01",
        "key": "cash",
    },
]
PAGES = [
    "/",
    "/?as_of=2025-08-15&compare=2025-09-15",
    "/fact/acme/ceo",
    "/fact/acme/cash",
    "/fact/acme/ceo?as_of=2025-09-15",
    "/api/beliefs",
    "/api/history?fact=acme/ceo",
    "/api/why?fact=acme/ceo",
    "/api/events",
    "/api/changes?from_date=2025-08-15&to_date=2025-09-15",
    "/api/sql?query=FROM+events",
]


def test_the_next_answer_says_that_it_was_erased(tmp_path: Path, serving: Any) -> None:
    with Timeline.create(tmp_path / "desk") as tl:
        tl.append(REPORTS, register_unknown=True)
        served = serving(tl.path)
        shown = {page: served.get(page) for page in PAGES}
        assert {page: status for page, (status, _, _) in shown.items() if status != 200} == {}
        assert [page for page, (_, _, body) in shown.items() if SECRET in body.decode()] == [
            page for page in PAGES if page != "/fact/acme/cash"
        ]
        event_id = tl.snapshot().beliefs("acme/ceo").dicts()[0]["event_id"]
        tl.erase([event_id, "cash"], reason="asked for")
    for page in PAGES:
        status, _, body = served.get(page)
        text = body.decode()
        assert status == 200, (page, text)
        assert not any(word in text for word in (SECRET, "4242", "4,242")), page
        assert "erased" in text, page
