"""The object `commits` of the SQL surface: over a generation, over a tail, and in a generation that grew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from timeline import Timeline
from timeline.meaning.instants import to_naive

#: What the events of each commit have as `actor`, and what the commit has then.
ACTORS = (
    ((None,), None),
    (("ada",), "ada"),
    (("ada", "ada"), "ada"),
    (("ada", "bob"), None),
    (("bob", None), "bob"),
)


def record(tl: Timeline, name: str, *actors: str | None) -> tuple[object, ...]:
    """Append a commit with an event for each actor, and return all columns of its row but the last."""
    event = {"fact": "a/b", "text": name, "reported": "2025-01-02", "source": "s"}
    commit = tl.append(
        [
            event | {"key": f"{name}-{nth}"} | ({"actor": actor} if actor else {})
            for nth, actor in enumerate(actors)
        ],
        register_unknown=True,
    )
    return commit.number, commit.first_position, commit.count, to_naive(commit.recorded_at), commit.digest


@pytest.mark.parametrize("state", ["generation", "tail", "grown", "log alone"])
def test_each_commit_has_a_row(tmp_path: Path, state: str) -> None:
    path = tmp_path / "store"
    with Timeline.create(path) as tl:
        rows = [(*record(tl, f"c{nth}", *actors), actor) for nth, (actors, actor) in enumerate(ACTORS)]
        if state in ("generation", "grown"):
            tl.rebuild()
        if state == "grown":
            rows.append((*record(tl, "later", "cyd"), "cyd"))
            tl._index.refresh()
            assert tl.stats()["tail_events"] == 0
    if state == "log alone":
        shutil.rmtree(path / "index", ignore_errors=True)
    with Timeline.open(path, read_only=state == "log alone") as tl, tl.connect() as con:
        assert con.sql("FROM commits").fetchall() == rows
        digests = tl.sql("SELECT digest FROM commits").to_series().to_list()
        assert digests == [row[4] for row in rows]
