"""Tails that are large in bytes or in work, and texts that are too long to be recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.examples import some
from timeline import BadInput, BadRows, Timeline
from timeline.ask import evidence
from timeline.errors import Place
from timeline.index import index
from timeline.index.index import TAIL_BYTES_AT_MOST, TAIL_ENTANGLING_AT_MOST, Index
from timeline.intake.batch import Batch, Draft
from timeline.intake.names import Naming
from timeline.intake.record import Recorder
from timeline.log.log import Log
from timeline.meaning import given

LONG: Final = "x" * 1_000_000
FIRST: Final = {"fact": "acme/note", "text": "first", "source": "s", "reported": "2020", "key": "k0"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store with one report, in a generation."""
    with Timeline.create(tmp_path / "store") as tl:
        tl.append([FIRST], register_unknown=True)
        tl.rebuild()
    return tmp_path / "store"


def note(nth: int, text: str) -> dict[str, object]:
    return {"fact": f"acme/note-{nth}", "text": text, "source": "s", "reported": "2021"}


def retraction(nth: int) -> dict[str, object]:
    return {"type": "retracted", "target": f"k{nth - 1}", "key": f"k{nth}", "source": "s", "reported": "2021"}


def appended_by_others(store: Path, *commits: Sequence[Mapping[str, object]]) -> None:
    """Append without opening the index afterwards."""
    log = Log(store / "log")
    recorder = Recorder(log, Index(store / "index", log).open)
    for events in commits:
        drafts = [Draft(dict(keys), Place("event", row=nth)) for nth, keys in enumerate(events, 1)]
        recorder.record([Batch("append", drafts, None, [])], naming=Naming.of(True))


def tail_of(store: Path) -> int:
    """Return how many events are not in the newest generation."""
    log = Log(store / "log")
    head = log.head()
    assert head is not None
    newest = Index(store / "index", log).generations()[-1]
    return head.last_position - int(newest.name.split("-")[1])


class TestAppending:
    def test_long_texts_go_into_a_generation_while_they_are_appended(self, store: Path) -> None:
        with Timeline.open(store) as tl:
            for nth in range(12):
                tl.append([note(nth, LONG)], register_unknown=True)
                # A text is stored twice: as the text, and as the claim.
                assert tail_of(store) // 2 * 2 * len(LONG) <= TAIL_BYTES_AT_MOST
            assert tl.beliefs("acme/note-*")["text"].to_list() == [LONG] * 12
        assert tail_of(store) < 24

    def test_amendments_go_into_a_generation_while_they_are_appended(self, store: Path) -> None:
        with Timeline.open(store) as tl:
            for nth in range(1, TAIL_ENTANGLING_AT_MOST + 3):
                tl.append([retraction(nth)])
            # 502 retractions of each other: the last one counts, and so does the report.
            belief = tl.belief("acme/note")
            assert belief is not None
            assert belief.text == "first"
        assert tail_of(store) == 1

    def test_few_events_stay_in_the_tail(self, store: Path) -> None:
        with Timeline.open(store) as tl:
            tl.append([note(1, "short")], register_unknown=True)
            tl.append([retraction(1)])
            assert tl.belief("acme/note") is None
        assert tail_of(store) == 3


class TestReading:
    @pytest.mark.parametrize(
        "commits",
        [
            [[note(nth, LONG) for nth in range(9)]],
            [[note(nth, LONG)] for nth in range(9)],
            [[retraction(nth) for nth in range(1, TAIL_ENTANGLING_AT_MOST + 2)]],
            [[note(nth, "short") for nth in range(2_001)]],
        ],
        ids=["a commit of long texts", "commits of a long text", "amendments", "many events"],
    )
    def test_the_first_reader_publishes_a_large_tail(
        self, store: Path, commits: list[list[Mapping[str, object]]]
    ) -> None:
        appended_by_others(store, *commits)
        assert tail_of(store) > 0
        with Timeline.open(store, read_only=True) as tl:
            expected = tl.beliefs(), tl.history("acme/*")
        # A reader that may not write only answers.
        assert tail_of(store) > 0
        with Timeline.open(store) as tl:
            assert tl.stats()["tail_events"] == 0
            assert tl.beliefs().equals(expected[0])
            assert tl.history("acme/*").equals(expected[1])
        assert tail_of(store) == 0
        assert Timeline.open(store).verify().events > 0

    def test_the_first_to_meet_much_work_publishes_it(self, store: Path) -> None:
        with Timeline.open(store) as tl:
            tl.append([retraction(nth) for nth in range(1, 2_201)])
            tl.rebuild()
            tl.append([retraction(2_201)])
        assert tail_of(store) == 1
        with Timeline.open(store) as tl:
            # The reader's tail is one event, of a fact with many: this shows only once the fact is resolved.
            assert tl.beliefs().height == 0
        assert tail_of(store) == 0
        with Timeline.open(store) as tl:
            assert tl.beliefs().height == 0

    def test_a_reader_does_not_wait_for_another_that_builds(self, store: Path) -> None:
        appended_by_others(store, [note(nth, LONG) for nth in range(9)])
        log = Log(store / "log")
        with log.maintenance(), Timeline.open(store) as tl:
            belief = tl.belief("acme/note-1")
            assert belief is not None
            assert belief.text == LONG
        assert tail_of(store) > 0

    def test_more_text_than_a_reader_takes_at_first(
        self, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Over a tail, and in a generation: so much does not fit until a reader takes what there is.
        monkeypatch.setattr(index, "TO_READ", (60 * 2**20, 40))
        appended_by_others(store, *[[note(10 * part + nth, LONG) for nth in range(10)] for part in range(2)])
        for read_only in (True, False):
            with Timeline.open(store, read_only=read_only) as tl:
                assert tl.beliefs("acme/note-*").height == 20
                assert len(tl.snapshot().beliefs("acme/note-*").rows) == 20
        assert tail_of(store) == 0


LIMITS: Final = {"text": 1_000_000, "statement": 100_000, "reason": 100_000, "key": 5_000, "speaker": 5_000}


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Timeline]:
    with Timeline.create(tmp_path / "empty") as tl:
        yield tl


class TestLimits:
    @pytest.mark.parametrize("name", some([name for name in LIMITS if name != "speaker"], 2))
    def test_a_text_may_have_so_many_bytes(self, empty: Timeline, name: str) -> None:
        # Two bytes each in NFC, as one character, which is written as two.
        text = "e\N{COMBINING ACUTE ACCENT}" * (LIMITS[name] // 2)
        report = {"fact": "a/b", "text": "x", "source": "s", "reported": "2020", name: text}
        empty.append([report], register_unknown=True)
        with pytest.raises(BadInput) as raised:
            empty.append([report | {name: text + "x"}], register_unknown=True)
        limit = LIMITS[name]
        assert f"{name}: has {limit + 1:,} bytes of UTF-8; expected {limit:,} at most" in str(raised.value)
        assert empty.history("a/*").height == 1

    @pytest.mark.parametrize("name", some([*LIMITS], 2))
    def test_a_file_is_refused_with_the_line(self, empty: Timeline, tmp_path: Path, name: str) -> None:
        good = {"fact": "a/b", "text": "x", "source": "s", "reported": "2020"}
        path = tmp_path / "in.jsonl"
        lines = [good, good | {name: "x" * (LIMITS[name] + 1)}]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        with pytest.raises(BadRows) as raised:
            empty.ingest(path, register_unknown=True)
        [problem] = raised.value.problems
        assert str(problem).startswith(f"{path}:2: {name}: has {LIMITS[name] + 1:,} bytes")
        assert empty.head() is None

    @pytest.mark.parametrize("name", some([name for name in LIMITS if name != "key"], 2))
    def test_a_table_is_refused_with_the_row(self, empty: Timeline, tmp_path: Path, name: str) -> None:
        count = 2_500
        columns: dict[str, Any] = {
            "fact": [f"a/b-{row}" for row in range(count)],
            "text": ["x"] * count,
            "source": ["s"] * count,
            "reported": ["2020"] * count,
        }
        long = "\N{LATIN SMALL LETTER E WITH ACUTE}" * (LIMITS[name] // 2)
        columns[name] = [("s" if name == "speaker" else "x")] * count
        columns[name][1_000] = long if name != "speaker" else "s"
        columns[name][2_000] = long + "x"
        pq.write_table(pa.table(columns), tmp_path / "in.parquet")
        with pytest.raises(BadRows) as raised:
            empty.ingest(tmp_path / "in.parquet", register_unknown=True)
        [problem] = raised.value.problems
        assert problem.place is not None
        assert problem.place.row == 2_001
        assert f"{name}: has {LIMITS[name] + 1:,} bytes" in str(problem)

    def test_a_description_has_a_limit(self, empty: Timeline) -> None:
        # Each alias is short enough by itself.
        aliases = [f"{nth:05}" * 900 for nth in range(300)]
        with pytest.raises(BadInput, match=r"the description has [\d,]+ bytes as JSON; expected 1,000,000"):
            empty.append([{"type": "entity-described", "id": "acme", "aliases": aliases}])
        with pytest.raises(BadInput, match=r"title: has 5,001 bytes"):
            empty.append([{"type": "source-described", "id": "s", "title": "x" * 5_001}])

    def test_what_was_recorded_longer_stays_readable(
        self, empty: Timeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        longer = "y" * 3_000_000
        with monkeypatch.context() as before:
            before.setitem(given._AT_MOST, "text", 10**9)
            empty.append([FIRST | {"text": longer}], register_unknown=True)
        with pytest.raises(BadInput, match="has 3,000,000 bytes"):
            empty.append([note(1, longer)], register_unknown=True)
        assert empty.verify().events > 0
        for ask in (lambda: None, empty.rebuild):
            ask()
            assert empty.beliefs("acme/note")["text"].to_list() == [longer]
        empty.append([{"type": "corrected", "target": "k0", "text": "shorter"}])
        assert empty.beliefs("acme/note")["text"].to_list() == ["shorter"]


class TestWhy:
    @pytest.mark.parametrize("policy", ["latest", "first", "by-origin", "ranked", "confirmed:2"])
    @pytest.mark.parametrize("dates", [{}, {"as_of": "2021-06-10"}, {"valid_at": "2021-01-20"}])
    def test_what_many_beliefs_displaced_is_what_each_did(
        self, tmp_path: Path, policy: str, dates: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Timeline.create(tmp_path / "store") as tl:
            tl.append(
                [
                    {
                        "fact": "acme/note",
                        "text": str(nth % 3),
                        "source": f"s{nth % 3}",
                        "reported": str(date(2021, 1, 1) + timedelta(days=7 * nth)),
                        "valid_from": str(date(2021, 1, 1) + timedelta(days=5 * (nth * 7 % 20))),
                        "valid_to": str(date(2021, 1, 12) + timedelta(days=5 * (nth * 7 % 20))),
                    }
                    for nth in range(40)
                ],
                register_unknown=True,
            )
            monkeypatch.setattr(evidence, "_ASKED_ONE_BY_ONE", 1_000)
            found = tl.why("acme/note", **dates, policy=policy)
            assert len(found.beliefs) > 1 or "valid_at" in dates or policy == "confirmed:2"
            one_by_one = found.displaced
            monkeypatch.setattr(evidence, "_ASKED_ONE_BY_ONE", 0)
            at_once = tl.why("acme/note", **dates, policy=policy).displaced
        assert at_once == one_by_one
        # Without this, all comparisons might be of two empty answers.
        assert one_by_one or policy in ("first", "confirmed:2") or "valid_at" in dates
