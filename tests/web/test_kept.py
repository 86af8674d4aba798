"""Pages are made once for a state of the store, and not sent again to a client that has them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.web.conftest import Served
from timeline import Timeline

FACT = "/fact/nvidia/investment/openai"
DATA = "application/vnd.timeline.view+json"


#: The last one of a recorded time that is past: a page names scripts, and the commit that the store is at,
#: so that even it is asked for again, which costs a tag.
PAGES = ["/?as_of=2025-02-22", FACT, "/promises", "/disagreements?lang=fr", "/?recorded_as_of=%234"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("accept", ["text/html", DATA])
def test_a_view_is_sent_once(served: Served, path: str, accept: str) -> None:
    status, headers, body = served.get(path, Accept=accept)
    assert (status, headers["cache-control"]) == (200, "no-cache")
    assert headers["content-type"].split(";")[0] == accept
    again = served.get(path, Accept=accept, If_None_Match=headers["etag"])
    assert (again[0], again[1]["etag"], again[2]) == (304, headers["etag"], b"")
    assert served.get(path, Accept=accept)[2] == body
    # The other form, another language and another date are something else.
    others = [
        served.get(path, Accept=DATA if accept == "text/html" else "text/html"),
        served.get(path, Accept=accept, Accept_Language="fr" if "lang" not in path else "en"),
        served.get(f"{path}{'&' if '?' in path else '?'}valid_at=2025", Accept=accept),
    ]
    same = [other for other in others if other[1]["etag"] == headers["etag"]]
    assert same == ([others[1]] if "lang" in path else [])


def test_what_is_recorded_changes_the_tag(served: Served, serving: Any, tmp_path: Path) -> None:
    shutil.copytree(served.store, tmp_path / "desk")
    server = serving(tmp_path / "desk")
    before = server.get(FACT)
    with Timeline.open(tmp_path / "desk") as tl:
        event = {"fact": FACT.removeprefix("/fact/"), "status": "cancelled", "claim": "10 billion USD"}
        tl.append([{**event, "source": "letter", "reported": "2026-03-01"}], register_unknown=True)
    after = server.get(FACT, If_None_Match=before[1]["etag"])
    assert after[0] == 200
    assert "cancelled" in after[2].decode()


def test_errors_and_queries_are_not_kept(served: Served) -> None:
    assert "etag" not in served.get("/?as_of=soon")[1]
    asked = "/ask?sql=SELECT+random()+AS+number"
    assert served.get(asked, Accept=DATA)[2] != served.get(asked, Accept=DATA)[2]
