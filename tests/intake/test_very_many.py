"""Files of very many events: what is bad about them is written as it is found, and not kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.examples import costly
from timeline import Timeline
from timeline.errors import BadRows, Place
from timeline.index.reader import Reader
from timeline.intake.batch import Draft
from timeline.intake.names import Naming
from timeline.intake.outcome import KEPT_AT_MOST, GivenEvents
from timeline.intake.rows import Intake
from timeline.intake.spool import Spool


def _write(path: Path, events: list[object]) -> Path:
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def _good(nth: int) -> dict[str, str]:
    return {"fact": f"acme/ceo-{nth}", "text": f"v{nth}", "source": "s", "reported": "2025-01-01"}


def test_all_bad_events_are_written_and_the_first_are_kept(tmp_path: Path) -> None:
    bad: list[object] = [
        5 if nth % 3 == 0 else {**_good(nth), "status": f"odd-{nth}"} if nth % 3 == 1 else {"fakt": "a/b"}
        for nth in range(KEPT_AT_MOST * 2)
    ]
    path = _write(tmp_path / "bad.jsonl", [*bad, _good(1)])
    with Timeline.create(tmp_path / "store") as tl:
        with pytest.raises(BadRows) as raised:
            tl.ingest(path, register_unknown=True)
        assert tl.head() is None
        done = tl.ingest(path, register_unknown=True, rejects=tmp_path / "rejects")
        assert (done.new, tl.verify().events) == (1, 1 + done.registered)
    assert len(raised.value.problems) == len(done.rejected) == KEPT_AT_MOST
    assert len(done.rejected) + done.more_rejected == len(bad) == KEPT_AT_MOST + raised.value.more
    written = [json.loads(line) for line in (tmp_path / "rejects").read_text().splitlines()]
    assert [line["line"] for line in written] == [*range(1, len(bad) + 1)]
    assert all(line["event"] == each for line, each in zip(written[1::3], bad[1::3], strict=True))
    assert {line["reason"] for line in written[::3]} == {
        "expected an event, a mapping with keys such as fact and claim, got '5'"
    }


def test_what_could_not_be_read_keeps_its_other_keys(tmp_path: Path) -> None:
    written = (
        "source: s\nsources: [{id: *a, published: 2025}]\n"
        "events:\n- {fact: a/b, text: *a, source: *a, reported: 2025}\n"
        "- {fact: a/b, text: x, reported: 2025}\n"
        "- {fact: a/b, fakt: x, text: y}\n- [*a]\n"
    )
    (tmp_path / "a.yaml").write_text(written)
    with Timeline.create(tmp_path / "store") as tl:
        done = tl.ingest(tmp_path / "a.yaml", register_unknown=True, rejects=tmp_path / "rejects")
    assert done.new == 1
    lines = [json.loads(line) for line in (tmp_path / "rejects").read_text().splitlines()]
    events = [(line["line"], line["event"]) for line in lines]
    assert events == [
        (2, {"published": "2025", "type": "source-described"}),
        # No source of its document's, which is not the one that was meant.
        (4, {"fact": "a/b", "reported": "2025"}),
        (4, {"fact": "a/b", "reported": "2025"}),
        (6, {"fact": "a/b", "fakt": "x", "text": "y", "source": "s"}),
        (7, {}),
    ]


def test_a_file_that_is_taken_in_chunks_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A key that comes later, a name that is described later, names near each other, repeated and bad events.
    events: list[object] = [
        {**_good(1), "key": "one"},
        {"type": "corrected", "target": "one", "text": "other", "reason": "slip"},
        {"type": "corrected", "target": "none", "text": "other", "reason": "slip"},
        {**_good(2), "source": "wire-service"},
        {**_good(3), "source": "wire-servicf"},
        {**_good(4), "source": "daily-paperr"},
        {"type": "source-described", "id": "daily-paper", "published": "2025-01-01"},
        _good(1),
        {**_good(1), "key": "one", "text": "conflict"},
        {"type": "retracted", "target": "one", "reported": "2025-02-01"},
        {**_good(5), "status": "odd"},
    ]
    path = _write(tmp_path / "mixed.jsonl", events)
    kept = Intake.__init__.__kwdefaults__ or {}
    assert {"at_once", "in_memory"} <= kept.keys()
    found = []
    for nth, (at_once, in_memory) in enumerate(((100, 100), (3, 100), (1, 100), (1, 0), (3, 1), (2, 4))):
        sizes = {"at_once": at_once, "in_memory": in_memory}
        monkeypatch.setattr(Intake.__init__, "__kwdefaults__", kept | sizes)
        with Timeline.create(tmp_path / f"store{nth}") as tl:
            done = tl.ingest(path, register_unknown=True, rejects=tmp_path / f"rejects{nth}")
            ids = tl.sql("SELECT event_id FROM events ORDER BY position")["event_id"].to_list()
        rejects = (tmp_path / f"rejects{nth}").read_text()
        found.append((ids, rejects, done.new, done.known, done.registered, done.warnings, len(done.events)))
    assert all(one == found[0] for one in found)
    assert len(found[0][1].splitlines()) >= 3


Keys = dict[str, object]

RECORDED = 1_760_000_000_000_000
_SALT = "personal-" + "0" * 32
_REPORTS: list[Keys] = [
    {"fact": fact, "text": text, "source": "s", "reported": reported}
    for fact in ("acme/ceo", "acme/view", "stored/view")
    for text in ("a", "b")
    for reported in ("2025-01-01", "2025-02-01")
]
_POOL: list[Keys] = [
    *_REPORTS,
    {"fact": "acme/ceo", "text": "a", "source": "s", "reported": "2025-01-01", "key": "one"},
    {"fact": "acme/ceo", "text": "b", "source": "s", "reported": "2025-01-01", "key": "one"},
    {"fact": "acme/size", "claim": "5.50 billion USD", "source": "s", "reported": "2025-03", "key": "two"},
    {"fact": "acme/view", "source": "s", "reported": "2025-02-01", "type": "withdrawn"},
    {"type": "corrected", "target": "one", "text": "c", "reason": "slip"},
    {"type": "corrected", "target": "two", "amount": "7", "unit": "USD", "reason": "slip", "key": "mended"},
    {"type": "corrected", "target": "mended", "claim": "8 USD", "reason": "slip"},
    {"type": "corrected", "target": "stored", "void": True, "reason": "slip"},
    {"type": "retracted", "target": "one", "reported": "2025-04-01", "source": "s"},
    {"type": "retracted", "target": "nowhere", "reported": "2025-04-01", "source": "s"},
    {"fact": "acme/home", "text": "a", "source": "s", "reported": "2025-01-01", "key": f"me-{_SALT}"},
    {"fact": "acme/home", "text": "a", "source": "s", "reported": "2025-01-01", "key": "me"},
    {"fact": "acme/home", "text": "b", "source": "s", "reported": "2025-01-01", "key": "me"},
    {"type": "corrected", "target": "me", "text": "c", "reason": "slip", "key": f"my-{_SALT}"},
    {"type": "source-described", "id": "s", "published": "2025-05-01"},
    {"type": "entity-described", "id": "acme", "name": "Acme"},
    {"fact": "acme/ceo", "text": "x", "source": "t", "reported": "2025-01-01", "status": "odd"},
]
_STORED: list[Keys] = [
    {"fact": "stored/view", "text": "a", "source": "s", "reported": "2025-01-01", "key": "stored"},
    {"fact": "stored/view", "text": "b", "source": "s", "reported": "2025-01-01"},
]


def _drafts(name: str, events: list[Keys]) -> list[Draft]:
    return [Draft(dict(keys), Place(name, line)) for line, keys in enumerate(events, 1)]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Yield a reader of a store that has a few of the events."""
    with Timeline.create(tmp_path_factory.mktemp("few") / "store") as tl:
        tl.append(_STORED, register_unknown=True)
        with closing(tl._index.open()) as opened:
            yield opened


def _found(reader: Reader, runs: list[list[list[Keys]]], **sizes: int) -> list[Any]:
    """Return all that an intake makes of some runs of some batches each."""
    found: list[Any] = []
    with closing(Intake(reader, RECORDED, naming=Naming.of(True, even_near=True), **sizes)) as intake:
        for nth, batches in enumerate(runs):
            intake.begin()
            for number, events in enumerate(batches):
                one = intake.resolve(_drafts(f"{nth}-{number}", events))
                rows = [{name: value for name, value in row.items() if value is not None} for row in one.rows]
                rejected = [(each.place, str(each.error), each.keys) for each in one.rejected]
                counts = (one.known, one.registered, one.appended, one.described)
                found.append((rows, [*one.events], rejected, counts, one.erased))
            found.append(intake.warnings())
    return found


@costly(100)
@given(
    runs=st.lists(
        st.lists(st.lists(st.sampled_from(_POOL), max_size=8), min_size=1, max_size=2), min_size=1, max_size=2
    ),
    at_once=st.integers(1, 3),
    in_memory=st.integers(0, 3),
)
@example(runs=[[_POOL], [_POOL]], at_once=1, in_memory=0)
@example(runs=[[_POOL[:9], [*reversed(_POOL)]], [_POOL]], at_once=2, in_memory=1)
def test_what_is_on_disk_counts_as_what_is_in_memory(
    reader: Reader, runs: list[list[list[Keys]]], at_once: int, in_memory: int
) -> None:
    expected = _found(reader, runs)
    assert _found(reader, runs, at_once=at_once, in_memory=in_memory) == expected


@given(st.slices(7))
def test_the_events_of_an_ingest_are_a_list_also_where_they_are_on_disk(part: slice) -> None:
    pairs = [(f"id {nth}", nth) for nth in range(7)]
    kept = Spool()
    for pair in pairs:
        kept.add(pair)
    events = GivenEvents(kept)
    assert len(events) == 7
    assert [*events] == pairs
    assert events[part] == pairs[part]
    assert [events[nth] for nth in range(-7, 7)] == [pairs[nth] for nth in range(-7, 7)]
    with pytest.raises(IndexError):
        events[7]
