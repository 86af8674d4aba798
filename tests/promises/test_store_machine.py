"""A store against a model: two writers, every way to record, and all that happens to files in between.

The model is a list of entries that the machine writes itself from what it asks for, resolved by
`fold`; nothing of the intake, the log or the index has a part in it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.examples import costly
from timeline import Conflict, Timeline
from timeline.log.log import Commit
from timeline.meaning import fold
from timeline.meaning.times import parse_edtf

FACTS = ("acme/plan", "acme/stake/beta", "acme/plan@2024")
SOURCES = {
    "paper-a": ("paper", "2024-01-04"),
    "paper-b": ("paper", "2024-01-05"),
    "wire": ("wire", "2024-01-03~"),
    "blog": (None, None),
}
REPORTED = ("2024-01-01", "2024-01-02", "2024-01-02~", "2024-01-01/2024-01-03", "2024-01-02T12:00:00Z")
VALID = (None, "2024", "2024/2025", "2025/..", "../2024", "2026")
DAYS = (
    "2023-12-31",
    "2024-01-01",
    "2024-01-02",
    "2024-01-02T12:00:00Z",
    "2024-01-03",
    "2024-01-04",
    "2024-02",
)

DESCRIBED = [
    {"type": "entity-described", "id": name} for name in ("acme", "beta", "paper", "wire-service", "wire")
] + [{"type": "attribute-described", "id": name} for name in ("plan", "stake")]


def last_instant(text: str | None) -> int | None:
    return None if text is None else parse_edtf(text).reported_at


class Store(RuleBasedStateMachine):
    """Each rule does to the store what it does to `self.entries`."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="timeline-machine-"))
        self.writers: list[Timeline] = []
        self.entries: list[fold.Entry] = []
        self.commits: list[Commit] = []
        self.count = 0
        self.files: list[Path] = []

    @initialize()
    def create(self) -> None:
        first = Timeline.create(self.folder / "store")
        described = [
            {"type": "source-described", "id": name, "origin": origin, "published": published}
            for name, (origin, published) in SOURCES.items()
        ]
        commit = first.append([*DESCRIBED, *described])
        self.commits.append(commit)
        self.count = commit.last_position
        self.writers = [first, Timeline.open(self.folder / "store")]

    def teardown(self) -> None:
        for writer in self.writers:
            writer.close()
        shutil.rmtree(self.folder)

    # What is recorded, and what the model makes of it

    def record(self, writer: int, events: list[dict[str, Any]], entries: list[fold.Entry]) -> None:
        commit = self.writers[writer].append(events, expected_position=self.count)
        self.recorded(commit, entries)

    def recorded(self, commit: Commit, entries: list[fold.Entry]) -> None:
        assert commit.first_position == self.count + 1
        assert commit.recorded_at > self.commits[-1].recorded_at
        self.commits.append(commit)
        for entry in entries:
            self.count += 1
            self.entries.append(replace(entry, position=self.count, recorded_at=commit.recorded_at))
        assert commit.last_position == self.count

    def report(
        self, data: Any, number: int, event_type: str = "reported"
    ) -> tuple[dict[str, Any], fold.Entry]:
        key = f"event-{number}"
        fact = data.draw(st.sampled_from(FACTS))
        source = data.draw(st.sampled_from(sorted(SOURCES)))
        origin, published = SOURCES[source]
        reported = data.draw(st.sampled_from(REPORTED))
        if published is not None:
            reported = data.draw(st.sampled_from((reported, None)))
        valid = data.draw(st.sampled_from(VALID))
        event = {
            "type": event_type,
            "key": key,
            "fact": fact,
            "source": source,
            "reported": reported,
            "valid": valid,
        }
        bounds = parse_edtf(valid) if valid else None
        edtf = parse_edtf(reported or published or "")
        assert edtf.reported_at is not None
        evidence = last_instant(published)
        at = edtf.reported_at if evidence is None else min(edtf.reported_at, evidence)
        entry = fold.Entry(
            position=0,
            event_id=key,
            event_type=event_type,
            fact=fact,
            reported_at=at,
            recorded_at=0,
            origin=origin or source,
            reported_from=edtf.reported_from,
            evidence_at=evidence if evidence is not None else at,
            valid_from=bounds.lower if bounds else None,
            valid_to=bounds.upper if bounds else None,
            source=source,
        )
        if event_type == "reported":
            status = data.draw(st.sampled_from(("announced", "denied")))
            text = data.draw(st.sampled_from(("yes", "no", "maybe")))
            event |= {"text": text, "status": status}
            entry = replace(entry, value=fold.Value("text", text=text), status=status)
        return event, entry

    @rule(data=st.data(), writer=st.integers(0, 1), size=st.integers(1, 3), withdrawn=st.booleans())
    def append(self, data: Any, writer: int, size: int, withdrawn: bool) -> None:
        kind = "withdrawn" if withdrawn else "reported"
        pairs = [self.report(data, self.count + 1 + n, kind) for n in range(size)]
        self.record(writer, [event for event, _ in pairs], [entry for _, entry in pairs])

    @precondition(lambda self: self.entries)
    @rule(data=st.data(), writer=st.integers(0, 1), void=st.booleans())
    def correct(self, data: Any, writer: int, void: bool) -> None:
        target = data.draw(st.sampled_from(self.entries))
        root = self.root_of(target)
        key = f"event-{self.count + 1}"
        event: dict[str, Any] = {
            "type": "corrected",
            "key": key,
            "target": target.event_id,
            "reason": "a slip",
        }
        entry = replace(
            target, event_id=key, event_type="corrected", target=target.event_id, void=void, value=None
        )
        if void:
            event["void"] = True
            entry = replace(entry, status=None)
        elif root.event_type == "reported":
            event["text"] = data.draw(st.sampled_from(("yes", "no", "maybe")))
            status = target.status or "announced"
            entry = replace(entry, value=fold.Value("text", text=event["text"]), status=status)
        elif data.draw(st.booleans()):
            event["reported"] = "2024-01-01"
            at = last_instant("2024-01-01")
            assert at is not None
            entry = replace(entry, reported_at=at, reported_from=parse_edtf("2024-01-01").reported_from)
        self.record(writer, [event], [entry])

    @precondition(lambda self: self.entries)
    @rule(data=st.data(), writer=st.integers(0, 1), reported=st.sampled_from(REPORTED))
    def retract(self, data: Any, writer: int, reported: str) -> None:
        target = data.draw(st.sampled_from(self.entries))
        key = f"event-{self.count + 1}"
        edtf = parse_edtf(reported)
        assert edtf.reported_at is not None
        entry = fold.Entry(
            position=0,
            event_id=key,
            event_type="retracted",
            fact=target.fact,
            reported_at=edtf.reported_at,
            recorded_at=0,
            origin="",
            reported_from=edtf.reported_from,
            evidence_at=edtf.reported_at,
            target=target.event_id,
        )
        self.record(
            writer,
            [{"type": "retracted", "key": key, "target": target.event_id, "reported": reported}],
            [entry],
        )

    def root_of(self, entry: fold.Entry) -> fold.Entry:
        by_key = {one.event_id: one for one in self.entries}
        while entry.event_type == "corrected":
            entry = by_key[entry.target or ""]
        return entry

    @rule(data=st.data(), writer=st.integers(0, 1), size=st.integers(1, 3))
    def ingest_a_file(self, data: Any, writer: int, size: int) -> None:
        pairs = [self.report(data, self.count + 1 + n) for n in range(size)]
        path = self.folder / f"reports-{len(self.files)}.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event, _ in pairs), encoding="utf-8")
        self.files.append(path)
        result = self.writers[writer].ingest(path)
        assert (result.new, result.known) == (size, 0)
        self.recorded(result.commits[0], [entry for _, entry in pairs])

    @precondition(lambda self: self.files)
    @rule(data=st.data(), writer=st.integers(0, 1))
    def ingest_a_file_again(self, data: Any, writer: int) -> None:
        path = data.draw(st.sampled_from(self.files))
        result = self.writers[writer].ingest(path)
        assert (result.new, result.commits) == (0, [])
        assert result.known == len(path.read_text(encoding="utf-8").splitlines())

    @rule(writer=st.integers(0, 1))
    def append_on_an_old_head(self, writer: int) -> None:
        event = {"fact": FACTS[0], "text": "yes", "source": "wire", "key": "never"}
        with pytest.raises(Conflict):
            self.writers[writer].append([event], expected_position=self.count - 1)

    # What happens to files

    @rule(writer=st.integers(0, 1))
    def compact(self, writer: int) -> None:
        self.writers[writer].compact()

    @rule(writer=st.integers(0, 1))
    def rebuild(self, writer: int) -> None:
        self.writers[writer].rebuild()

    @rule(writer=st.integers(0, 1))
    def lose_the_index(self, writer: int) -> None:
        self.writers[writer].close()
        shutil.rmtree(self.folder / "store" / "index", ignore_errors=True)

    @rule(writer=st.integers(0, 1))
    def reopen(self, writer: int) -> None:
        self.writers[writer].close()
        self.writers[writer] = Timeline.open(self.folder / "store")

    # What must hold

    @precondition(lambda self: self.writers)
    @rule(
        reader=st.integers(0, 1),
        day=st.sampled_from((*DAYS, None)),
        policy=st.sampled_from(("latest", "first", "by-origin", "confirmed:2")),
        basis=st.sampled_from(("certain", "possible", "evidence")),
        back=st.integers(0, 3),
    )
    def beliefs_are_those_of_the_definition(
        self, reader: int, day: str | None, policy: str, basis: fold.Basis, back: int
    ) -> None:
        commit = self.commits[max(0, len(self.commits) - 1 - back)]
        tl = self.writers[reader]
        as_of = fold.END - 1 if day is None else parse_edtf(day).reported_at
        assert as_of is not None
        expected = {
            (b.entry.event_id, b.valid_from, b.valid_to, b.believed_from)
            for b in fold.beliefs(
                self.entries, as_of, policy=policy, basis=basis, recorded_as_of=commit.recorded_at
            )
        }
        snapshot = tl.snapshot()
        answer = snapshot.beliefs(
            as_of=day, recorded_as_of=f"#{commit.number}", policy=policy, basis=basis
        ).dicts()
        keys = dict(tl.connect().execute("SELECT event_id, key FROM events").fetchall())

        def micros(moment: Any, unbounded: int) -> int:
            return unbounded if moment is None else parse_edtf(moment.isoformat()).lower or 0

        assert expected == {
            (
                keys[row["event_id"]],
                micros(row["valid_from"], fold.BEGINNING),
                micros(row["valid_to"], fold.END),
                micros(row["believed_from"], fold.BEGINNING),
            )
            for row in answer
        }
        assert len(expected) == len(answer)

    @precondition(lambda self: self.writers)
    @invariant()
    def nothing_acknowledged_is_lost(self) -> None:
        head = self.writers[0].head()
        assert head == self.commits[-1]

    @precondition(lambda self: self.writers)
    @rule(writer=st.integers(0, 1))
    def the_log_is_whole(self, writer: int) -> None:
        verified = self.writers[writer].verify()
        assert (verified.events, verified.commits) == (self.count, len(self.commits))
        assert verified.digest == self.commits[-1].digest


TestStore = Store.TestCase
TestStore.settings = settings(costly(36), stateful_step_count=20)
