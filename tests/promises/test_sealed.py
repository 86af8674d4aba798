"""A sealed store knows nothing that was reported, or recorded, after its date, and nobody asks past it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from tests.examples import costly
from tests.logs import Volatile, events_of
from tests.strategies import MOMENTS, POLICIES, RECORDED, SOURCES, Step, entries_of, histories, written
from timeline import BadInput
from timeline.index.seal import Seal
from timeline.index.sealed import write_sealed
from timeline.log.log import Log, rows_to_table
from timeline.meaning import fold
from timeline.meaning.fold import END, Entry
from timeline.meaning.identity import content_of, event_id
from timeline.meaning.times import parse_edtf

Row = dict[str, Any]
#: When each commit was recorded, and its rows.
Commits = list[tuple[int, list[Row]]]

#: How many examples a long run draws.
LONG: Final = int(os.environ.get("TIMELINE_LONG", "0"))

# What is left, by a plain reading


@dataclass(frozen=True)
class Description:
    """A description in the commit of that number: of a source, an entity or an attribute."""

    commit: int
    kind: str
    name: str
    published: str | None = None

    def row(self, number: int) -> Row:
        said = {"id": self.name} | ({} if self.published is None else {"published": self.published})
        row: Row = {
            "event_type": f"{self.kind}-described",
            "key": f"description {number}",
            "subject": self.name,
            "text": json.dumps(said),
            "inherited": 0,
            "inferred": False,
            "void": False,
        }
        return row | {"event_id": event_id(content_of(row))}


#: Days around MOMENTS, a span, and what is no date.
_PUBLISHED: Final = (None, "2024-12-31", "2025-01-01", "2025", "2025-04-01", "whenever")

descriptions = st.lists(
    st.one_of(
        st.builds(
            Description,
            commit=st.sampled_from(range(len(RECORDED))),
            kind=st.just("source"),
            name=st.sampled_from([source for source in SOURCES if source]),
            published=st.sampled_from(_PUBLISHED),
        ),
        st.builds(
            Description,
            commit=st.sampled_from(range(len(RECORDED))),
            kind=st.sampled_from(("entity", "attribute")),
            name=st.sampled_from(("0", "1", "alpha", "ten", "says", "denies")),
        ),
    ),
    max_size=6,
)

seals = st.builds(
    Seal,
    as_of=st.sampled_from((MOMENTS[0] - 1, *MOMENTS)),
    recorded_as_of=st.none() | st.sampled_from((RECORDED[0] - 1, *RECORDED)),
    basis=st.sampled_from(("certain", "certain", "evidence")),
)


def commits_of(drawn: Sequence[Sequence[Step]], described: Sequence[Description]) -> Commits:
    """Return when each commit is recorded, and its rows: descriptions first, then what was reported."""
    reported = iter(written(drawn))
    filled = {at for number, history in enumerate(drawn) for at in _commits_with_events(history)}
    commits: Commits = []
    for at, recorded_at in enumerate(RECORDED):
        rows = [one.row(number) for number, one in enumerate(described) if one.commit == at]
        rows += [dict(row) for row in next(reported)] if at in filled else []
        if rows:
            commits.append((recorded_at, rows))
    return placed(commits)


def _commits_with_events(history: Sequence[Step]) -> Iterator[int]:
    at = 0
    for step in history:
        at = min(at + step.commits, len(RECORDED) - 1)
        yield at


def placed(commits: Commits) -> Commits:
    """Return commits whose rows know the place of what they correct, as they follow each other here."""
    place_of: dict[str, int] = {}
    positions = count(1)
    for _, rows in commits:
        for row in rows:
            position = next(positions)
            corrects = row["event_type"] == "corrected"
            row["place"] = place_of[row["event_id"]] = place_of[row["target"]] if corrects else position
    return list(commits)


def left_of(commits: Commits, seal: Seal) -> Commits:
    """Return the commits of a log that never had what a seal withholds, as docs/sealed.md has it."""
    assert seal.as_of is not None
    by_then = END if seal.recorded_as_of is None else seal.recorded_as_of
    known = [(at, row) for at, rows in commits for row in rows if at <= by_then]
    kept = _reports_left([row for _, row in known if "fact" in row], seal)
    named = {("source", row["source"]) for row in kept.values()} | {
        ("attribute", row["attribute"]) for row in kept.values()
    }
    for row in kept.values():
        names = [row["subject"], row["origin"]]
        names += [row["text"]] if row.get("value_type") == "entity" else []
        named |= {("entity", name) for name in names}
    latest = {
        (row["event_type"], row["subject"]): json.loads(row["text"]) for _, row in known if "fact" not in row
    }
    for at, row in known:
        if "fact" in row:
            continue
        kind = row["event_type"].removesuffix("-described")
        published = latest[row["event_type"], row["subject"]].get("published")
        is_out = (kind, row["subject"]) in named if published is None else _is_out(published, seal.as_of)
        if is_out or at <= seal.as_of:
            kept[row["event_id"]] = row
    left: Commits = []
    for at, rows in commits:
        some = [dict(row) for row in rows if row["event_id"] in kept and at <= by_then]
        for row in some:
            if row.get("evidence_at") is not None:
                row["evidence_at"] = min(row["evidence_at"], seal.as_of + 1)
        if some:
            left.append((at, some))
    return placed(left)


def _is_out(published: str, as_of: int) -> bool:
    try:
        last = parse_edtf(published).reported_at
    except BadInput:
        return False
    return last is not None and last <= as_of


def _reports_left(rows: Sequence[Row], seal: Seal) -> dict[str, Row]:
    """Return the events of facts that are left: none of a later date, none that aims at what is not there.

    Of a report of which something else counts once its later corrections are gone, nothing is left.
    """
    assert seal.as_of is not None

    def date_of(row: Row) -> int:
        if seal.basis == "evidence" and row["evidence_at"] is not None:
            return int(row["evidence_at"])
        return int(row["reported_at"])

    def root_of(row: Row) -> Row:
        return root_of(by_id[row["target"]]) if row["event_type"] == "corrected" else row

    by_id = {row["event_id"]: row for row in rows}
    counted = _counting(rows)
    gone: set[str] = {row["event_id"] for row in rows if date_of(row) > seal.as_of}
    while True:
        aiming = {row["event_id"] for row in rows if row.get("target") in gone}
        left = [row for row in rows if row["event_id"] not in gone | aiming]
        if not aiming <= gone:
            gone |= aiming
            continue
        now = _counting(left)
        mended = {
            row["event_id"]
            for row in left
            if not aiming - gone
            and counted.get(root_of(row)["event_id"]) != now.get(root_of(row)["event_id"])
        }
        if not mended:
            return {row["event_id"]: row for row in left}
        gone |= mended


def _counting(rows: Sequence[Row]) -> dict[str, str]:
    """Return the id of the event that counts for each report and retraction, by that one's id."""
    entries = entries_of([rows])
    id_at = {entry.position: entry.event_id for entry in entries}
    return {id_at[one.place]: one.entry.event_id for one in fold.standing(entries)}


def log_of(folder: Path, commits: Commits) -> Log:
    """Return a log of these commits, appended one by one while the clock shows when they were recorded."""
    folder.mkdir(parents=True, exist_ok=True)
    moments = iter([at for at, _ in commits])
    log = Log(folder, objects=Volatile(folder), clock=lambda: next(moments))
    for _, rows in commits:
        assert log.append(lambda head, at, rows=rows: rows_to_table(rows)) is not None  # type: ignore[misc]
    return log


drawn_stores = st.tuples(st.lists(histories(6), min_size=1, max_size=3), descriptions)


@costly(LONG or 25)
@given(drawn_stores, seals)
def test_what_is_left_is_the_log_that_never_had_the_rest(
    drawn: tuple[list[tuple[Step, ...]], list[Description]], seal: Seal
) -> None:
    commits = commits_of(*drawn)
    with tempfile.TemporaryDirectory() as folder:
        whole = log_of(Path(folder, "whole"), commits)
        expected = log_of(Path(folder, "expected"), left_of(commits, seal))
        withheld = write_sealed(whole, Path(folder, "sealed"), seal)
        sealed = Log(Path(folder, "sealed"))
        # To the digest: the same events, positions and moments, in the same commits.
        assert sealed.commits() == expected.commits()
        assert events_of(sealed).equals(events_of(expected))
        head, left = whole.head(), sealed.head()
        assert head is not None
        assert withheld == head.last_position - (0 if left is None else left.last_position)
        sealed.verify()


@costly(LONG or 50)
@given(st.lists(histories(6), min_size=1, max_size=2), seals)
def test_what_is_left_is_believed_as_it_was(drawn: list[tuple[Step, ...]], seal: Seal) -> None:
    """As of the seal and before, every belief is that of the whole log, unless a date was mended."""
    assert seal.as_of is not None
    # Dates that corrections give are another matter: see below.
    plain = [tuple(_without_dates(step) for step in history) for history in drawn]
    commits = commits_of(plain, [])
    entries = entries_of_commits(commits)
    left = entries_of_commits(left_of(commits, Seal(seal.as_of, seal.recorded_as_of)))
    by_then = END if seal.recorded_as_of is None else seal.recorded_as_of
    assert all(entry.reported_at <= seal.as_of and entry.recorded_at <= by_then for entry in left)
    for policy in POLICIES:
        for as_of in [moment for moment in MOMENTS if moment <= seal.as_of]:
            whole = fold.beliefs(entries, as_of, policy=policy, recorded_as_of=by_then)
            assert [_shown(one) for one in fold.beliefs(left, as_of, policy=policy)] == list(
                map(_shown, whole)
            )


def _without_dates(step: Step) -> Step:
    return replace(step, gives=step.gives - {"reported"})


def _shown(belief: fold.Belief) -> tuple[object, ...]:
    return belief.fact, belief.entry.event_id, belief.valid_from, belief.valid_to, belief.believed_from


def entries_of_commits(commits: Commits) -> list[Entry]:
    """Return the events of facts as `fold` takes them."""
    found: list[Entry] = []
    positions = count(1)
    for at, rows in commits:
        for row in rows:
            position = next(positions)
            found += [replace(entry, position=position, recorded_at=at) for entry in entries_of([[row]])]
    return found
