"""Opening a store, recording in it, and keeping it."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pytest

from tests.stores import lasting
from timeline import BadInput, BadRows, Commit, Conflict, Corruption, NotFound, Timeline
from timeline.index.generation import FORMAT
from timeline.index.index import Index
from timeline.index.tail import show_tail
from timeline.intake.files import table_batch
from timeline.intake.names import Naming
from timeline.intake.record import Recorder
from timeline.log.log import Log
from timeline.meaning.columns import BELIEF_COLUMNS
from timeline.project import find_store

ROOT = Path(__file__).resolve().parents[1]

FACT: Final = "nvidia/investment/openai"
REPORT: Final[dict[str, object]] = {
    "fact": FACT,
    "claim": "20 billion USD",
    "source": "gate-2026-02-20",
    "reported": "2025-12",
}


SHORT: Final[dict[str, object]] = {"fact": "a/b", "text": "x", "source": "s", "reported": "2024"}


def last_commit(tl: Timeline) -> Commit:
    head = tl.head()
    assert head is not None
    return head


def events_of(tl: Timeline) -> int:
    head = tl.head()
    return head.last_position if head else 0


class TestOpening:
    def test_create_makes_the_folders(self, tmp_path: Path) -> None:
        with Timeline.create(tmp_path / "a" / "b") as tl:
            assert tl.head() is None
            assert tl.beliefs().is_empty()
            assert tl.verify().events == 0
            assert tl.rebuild() is not None
            assert tl.beliefs().columns == list(BELIEF_COLUMNS)

    def test_create_on_a_store(self, desk: Timeline) -> None:
        with pytest.raises(Conflict, match="is a store already; open it instead"):
            Timeline.create(desk.path)

    def test_open_where_there_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match=f"no store at {tmp_path}/nowhere; run `timeline init`"):
            Timeline.open(tmp_path / "nowhere")
        assert not (tmp_path / "nowhere").exists()

    def test_by_the_environment(
        self, desk: Timeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("TIMELINE_STORE", str(desk.path))
        assert find_store() == desk.path
        assert find_store(tmp_path / "given") == tmp_path / "given"
        with Timeline.open() as tl:
            assert tl.path == desk.path

    def test_by_the_project(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TIMELINE_STORE", raising=False)
        assert find_store(project) == project / ".timeline"
        monkeypatch.chdir(project / "events")
        assert find_store() == project / ".timeline"
        monkeypatch.setenv("TIMELINE_STORE", "")
        assert find_store() == project / ".timeline"
        (project / "timeline.toml").write_text('[project]\nstore = "elsewhere/store"\n')
        assert find_store() == project / "elsewhere/store"
        (project / "timeline.toml").write_text("[project\n")
        with pytest.raises(BadInput, match=r"timeline\.toml:1: not TOML"):
            find_store()

    def test_nowhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TIMELINE_STORE", raising=False)
        monkeypatch.chdir(tmp_path)
        with pytest.raises(NotFound, match=r"no timeline\.toml in .* or above it; run `timeline init"):
            find_store()

    def test_read_only(self, copy: Timeline) -> None:
        shutil.rmtree(copy.path / "index", ignore_errors=True)
        with Timeline.open(copy.path, read_only=True) as reader:
            assert reader.belief(FACT) is not None
            assert not (copy.path / "index").exists()
            for record in (lambda: reader.append([REPORT]), lambda: reader.ingest(ROOT / "events")):
                with pytest.raises(BadInput, match="the store is open read-only"):
                    record()
            copy.append([REPORT])
            assert events_of(reader) == events_of(copy)
            assert reader.history(FACT).height == copy.history(FACT).height

    def test_a_closed_store_opens_itself_again(self, copy: Timeline) -> None:
        copy.close()
        copy.close()
        assert copy.belief(FACT) is not None
        copy.close()
        assert copy.append([REPORT]).count == 1


class TestAppend:
    def test_the_commit(self, copy: Timeline) -> None:
        before = last_commit(copy)
        commit = copy.append([REPORT, REPORT | {"fact": "nvidia/tranche/openai"}])
        assert (commit.number, commit.first_position, commit.count) == (
            before.number + 1,
            before.last_position + 1,
            2,
        )
        assert commit.recorded_at > before.recorded_at
        assert commit == copy.head()
        assert copy.verify().digest == commit.digest

    def test_what_is_appended_is_believed(self, copy: Timeline) -> None:
        copy.append([REPORT])
        during = copy.belief(FACT, as_of="2026-01-15")
        assert during is not None
        assert (during.claim, during.believed_from) == (
            "20 billion USD",
            datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        )
        assert copy.history(FACT)["effect"].to_list()[-4:] == ["late", "revised", "corrected", "revised"]

    def test_appending_and_asking_in_turn(self, desk: Timeline) -> None:
        for number in range(5):
            event: dict[str, object] = {
                "fact": "acme/plan",
                "text": f"{number}",
                "source": "a",
                "reported": f"202{number}",
            }
            desk.append([event], register_unknown=True)
            belief = desk.belief("acme/plan")
            assert belief is not None
            assert belief.text == f"{number}"
            assert (
                desk.sql("SELECT count(*) AS n FROM events WHERE fact IS NOT NULL")["n"].item() == number + 1
            )

    def test_the_position_expected(self, copy: Timeline) -> None:
        end = events_of(copy)
        commit = copy.append([REPORT], expected_position=end)
        assert commit.first_position == end + 1
        with pytest.raises(
            Conflict, match=f"expected the log to end at position {end}, got one that ends at"
        ):
            copy.append([REPORT | {"claim": "1 USD"}], expected_position=end)
        with pytest.raises(Conflict):
            copy.append([REPORT | {"claim": "1 USD"}], expected_position=end + 2)
        assert events_of(copy) == end + 1

    @pytest.mark.parametrize("expected", [0, 1, 10**6])
    def test_a_lost_acknowledgement_can_be_asked_for_again(self, desk: Timeline, expected: int) -> None:
        events = [SHORT, SHORT | {"text": "y", "key": "y"}]
        commit = desk.append(events, expected_position=0, register_unknown=True)
        desk.append([SHORT | {"text": "later"}])
        with Timeline.open(desk.path) as other:
            for tl in (desk, other):
                assert tl.append(events, expected_position=expected, register_unknown=True) == commit
                assert tl.append(events[:1], expected_position=expected) == commit
        with pytest.raises(Conflict, match="got one that ends at 6"):
            desk.append([*events, SHORT | {"text": "new"}], expected_position=expected)
        with pytest.raises(Conflict, match="got one that ends at 6"):
            desk.append([SHORT | {"text": "wrong", "key": "y"}], expected_position=expected)
        assert events_of(desk) == 6

    def test_a_table_that_is_known_is_known_wherever_the_log_ends(self, desk: Timeline) -> None:
        table = pa.table({name: [value] * 3_000 for name, value in SHORT.items() if name != "text"})
        table = table.append_column("text", pa.array([f"text {nth}" for nth in range(3_000)]))
        batch = table_batch(table)
        recorder = Recorder(desk._log, lambda: desk.snapshot().reader())
        assert recorder.record([batch], naming=Naming.of(True), expected_position=0).new == 3_000
        again = recorder.record([batch], expected_position=0)
        assert (again.new, again.known, again.commits) == (0, 3_000, [])
        with pytest.raises(Conflict, match="expected the log to end at position 0"):
            recorder.record(
                [table_batch(table.append_column("statement", table["text"]))], expected_position=0
            )

    def test_of_two_writers_one_sees_the_other(self, copy: Timeline) -> None:
        with Timeline.open(copy.path) as other:
            end = events_of(other)
            copy.append([REPORT | {"key": "ours"}])
            with pytest.raises(Conflict):
                other.append([REPORT | {"key": "ours", "claim": "1 USD"}], expected_position=end)
            with pytest.raises(Conflict, match="key 'ours' is taken"):
                other.append([REPORT | {"key": "ours", "claim": "1 USD"}])
            other.append([{"type": "corrected", "target": "ours", "claim": "1 USD"}])
            belief = copy.belief(FACT, as_of="2026-01-15")
            assert belief is not None
            assert belief.claim == "1 USD"

    def test_what_another_writer_registered_meanwhile_is_known(self, desk: Timeline) -> None:
        with Timeline.open(desk.path) as other:
            desk.append([SHORT], register_unknown=True)
            other.append([SHORT | {"source": "b"}], register_unknown=True)
            assert desk.append([SHORT | {"source": "b", "text": "y"}]).number == 3
            with pytest.raises(BadRows, match="unknown source 'c'"):
                desk.append([SHORT | {"source": "c"}])

    def test_what_another_writer_recorded_meanwhile_is_not_recorded_again(self, desk: Timeline) -> None:
        with Timeline.open(desk.path) as other:
            desk.append([SHORT], register_unknown=True)
            theirs = other.append([SHORT | {"text": "y"}])
            assert desk.append([SHORT | {"text": "y"}]) == theirs
            other.append([SHORT | {"text": "z"}])
            assert desk.append([SHORT | {"text": "z"}, SHORT | {"text": "ours"}]).count == 1
            assert events_of(desk) == 7

    def test_again_is_the_commit_that_it_was(self, copy: Timeline) -> None:
        first = copy.append([REPORT | {"key": "a"}])
        second = copy.append([REPORT | {"key": "b"}])
        assert copy.append([REPORT | {"key": "a"}]) == first
        assert copy.append([REPORT | {"key": "a"}, REPORT | {"key": "b"}]) == second
        with Timeline.open(copy.path) as other:
            assert other.append([REPORT | {"key": "a"}]) == first
        mixed = copy.append([REPORT | {"key": "a"}, REPORT | {"key": "c"}])
        assert (mixed.number, mixed.count) == (second.number + 1, 1)

    def test_again_with_names_registered_on_the_way(self, desk: Timeline) -> None:
        event: dict[str, object] = {"fact": "a/b", "text": "x", "source": "s", "reported": "2024"}
        first = desk.append([event], register_unknown=True)
        assert first.count == 4
        assert desk.append([event], register_unknown=True) == first
        assert desk.append([event]) == first

    def test_all_or_none(self, copy: Timeline) -> None:
        end = events_of(copy)
        with pytest.raises(BadRows) as caught:
            copy.append([REPORT, REPORT | {"status": "plannd"}, REPORT | {"source": "gate"}])
        assert str(caught.value).splitlines() == [
            "event: row 2: no such status: 'plannd'; did you mean 'planned'?",
            "event: row 3: unknown source 'gate' as source; describe it in sources.yaml",
            "2 bad events; nothing was recorded",
        ]
        assert events_of(copy) == end

    @pytest.mark.parametrize(
        ("events", "words"),
        [
            ([], "nothing to append"),
            (REPORT, "expected a list of events"),
            ("events.yaml", "expected a list of events"),
            ([REPORT, "x"], "event: row 2: expected a mapping with keys such as fact and claim, got 'x'"),
            ([{1: "x"}], "event: row 1: "),
        ],
        ids=["nothing", "one event", "text", "no mapping", "no keys"],
    )
    def test_what_is_no_list_of_events(self, copy: Timeline, events: Any, words: str) -> None:
        with pytest.raises(BadInput, match=re.escape(words)):
            copy.append(events)

    def test_a_generator_is_a_list(self, copy: Timeline) -> None:
        assert copy.append({**REPORT, "key": key} for key in "abc").count == 3


class TestIngest:
    def test_a_folder(self, bundled: Timeline, desk: Timeline) -> None:
        result = desk.ingest(ROOT / "events")
        assert (result.known, result.registered, result.rejected, result.warnings) == (0, 0, [], [])
        assert result.new == sum(commit.count for commit in result.commits) == events_of(bundled)
        names = sorted(path.name for path in (ROOT / "events").glob("*.yaml"))
        assert len(result.commits) == len(names)
        again = desk.ingest(ROOT / "events")
        assert (again.new, again.known, again.commits) == (0, result.new, [])
        assert desk.beliefs().equals(bundled.beliefs())

    def test_a_folder_that_grew(self, copy: Timeline, project: Path) -> None:
        path = project / "events" / "910-more-corrections.yaml"
        path.write_text(
            "- {type: corrected, target: nvidia-30-billion, claim: up to 30 billion USD, reason: a slip}\n"
        )
        end = events_of(copy)
        result = copy.ingest(project / "events")
        assert (result.new, result.known) == (1, end)
        belief = copy.belief(FACT)
        assert belief is not None
        assert (belief.claim, belief.status, belief.origin) == (
            "up to 30 billion USD",
            "in-negotiation",
            "financial-times",
        )

    def test_a_dry_run_changes_nothing(self, desk: Timeline) -> None:
        files = sorted(desk.path.rglob("*"))
        result = desk.ingest(ROOT / "events", dry_run=True)
        assert result.new > 100
        assert result.commits == []
        assert sorted(desk.path.rglob("*")) == files
        assert desk.head() is None
        assert desk.ingest(ROOT / "events").new == result.new

    def test_a_dry_run_names_what_is_bad(self, copy: Timeline, tmp_path: Path) -> None:
        path = self.bad_file(tmp_path)
        result = copy.ingest(path, dry_run=True)
        assert [one.place.line for one in result.rejected] == [2, 3]
        assert (result.new, result.commits) == (1, [])

    def bad_file(self, folder: Path) -> Path:
        path = folder / "reports.jsonl"
        lines = [REPORT, REPORT | {"sorce": "x"}, REPORT | {"reported": "2027"}]
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        return path

    def test_bad_events_are_all_named(self, copy: Timeline, tmp_path: Path) -> None:
        path = self.bad_file(tmp_path)
        end = events_of(copy)
        with pytest.raises(BadRows) as caught:
            copy.ingest(path)
        second, third, last = str(caught.value).splitlines()
        assert second.startswith(f"{path}:2:")
        assert "unknown key 'sorce'; did you mean 'source'?" in second
        assert third.startswith(f"{path}:3:")
        assert "starts after its source" in third
        assert last == "2 bad events; nothing was recorded"
        assert events_of(copy) == end

    def test_rejects(self, copy: Timeline, tmp_path: Path) -> None:
        path = self.bad_file(tmp_path)
        rejects = tmp_path / "rejects.jsonl"
        result = copy.ingest(path, rejects=rejects)
        assert (result.new, len(result.rejected)) == (1, 2)
        lines = [json.loads(line) for line in rejects.read_text("utf-8").splitlines()]
        assert [line["line"] for line in lines] == [2, 3]
        assert lines[1]["event"]["reported"] == "2027"
        # Events that are recorded already are never bad.
        assert copy.ingest(path, rejects=rejects).known == 1

    @pytest.mark.parametrize("kind", ["polars", "arrow", "csv", "parquet"])
    def test_tables(self, copy: Timeline, tmp_path: Path, kind: str) -> None:
        frame = pl.DataFrame(
            {
                "fact": [FACT, FACT],
                "amount": [Decimal("20000000000"), Decimal("21000000000.5")],
                "unit": ["USD", "USD"],
                "source": ["gate-2026-02-20"] * 2,
                "reported": [date(2025, 12, 1), date(2025, 12, 2)],
            }
        )
        table: Any = {"polars": frame, "arrow": frame.to_arrow()}.get(kind, tmp_path / f"reports.{kind}")
        if kind == "csv":
            frame.write_csv(table)
        elif kind == "parquet":
            frame.write_parquet(table)
        result = copy.ingest(table)
        assert (result.new, result.known, len(result.commits)) == (2, 0, 1)
        belief = copy.belief(FACT, as_of="2025-12-02")
        assert belief is not None
        assert belief.amount == Decimal("21000000000.5")
        again = copy.ingest(frame)
        assert (again.new, again.known) == (0, 2)
        # The row as a single event is the same.
        event: dict[str, object] = {
            "fact": FACT,
            "amount": "20000000000",
            "unit": "USD",
            "source": "gate-2026-02-20",
            "reported": "2025-12-01",
        }
        assert copy.append([event]) == result.commits[0]

    def test_a_table_with_unknown_columns(self, copy: Timeline) -> None:
        table = pa.table({"fact": [FACT], "claim": ["1 USD"], "source": ["gate-2026-02-20"], "page": [3]})
        with pytest.raises(BadInput, match="page"):
            copy.ingest(table)
        assert copy.ingest(table, ignore_unknown=True).new == 1

    def test_names_registered_as_they_come(self, desk: Timeline) -> None:
        frame = pl.DataFrame(
            {"fact": ["a/b", "a/c"], "text": ["x", "y"], "source": ["s", "s"], "reported": ["2024", "2025"]}
        )
        with pytest.raises(BadRows, match="unknown entity 'a'"):
            desk.ingest(frame)
        result = desk.ingest(frame, register_unknown=True)
        assert (result.new, result.registered) == (2, 4)
        assert events_of(desk) == 6
        assert desk.sql("SELECT id FROM attributes")["id"].to_list() == ["b", "c"]

    def test_warnings(self, copy: Timeline) -> None:
        result = copy.ingest(pl.DataFrame([REPORT, REPORT | {"claim": "21 billion USD"}]))
        assert len(result.warnings) == 1
        assert "twice for 2025-12" in result.warnings[0]

    def test_what_is_not_there(self, desk: Timeline, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="no such file or folder"):
            desk.ingest(tmp_path / "nothing.yaml")

    def test_progress_is_reported(self, desk: Timeline) -> None:
        lines: list[str] = []
        desk.progress = lines.append
        desk.ingest(ROOT / "events")
        assert any(line.endswith("004-nvidia-openai.yaml") for line in lines)


class Overtaken(Log):
    """A log in which somebody else is faster, once, after the first commit of an ingest."""

    somebody: Timeline | None = None

    def append(self, *arguments: Any, **named: Any) -> Commit | None:
        commit = super().append(*arguments, **named)
        if self.somebody is not None:
            other, self.somebody = self.somebody, None
            other.append(
                [{"fact": "a/b", "text": "theirs", "source": "s", "reported": "2024"}], register_unknown=True
            )
        return commit


def test_an_ingest_that_is_overtaken_goes_on_where_it_was(desk: Timeline, tmp_path: Path) -> None:
    from timeline.intake.files import read_batches

    folder = tmp_path / "events"
    folder.mkdir()
    for name in ("one", "two", "three"):
        events = [
            {"fact": "a/b", "text": name, "source": name, "reported": "2024"},
            {"fact": "a/c", "text": "x", "source": "s", "reported": "2024", "key": name},
        ]
        (folder / f"{name}.json").write_text(json.dumps(events), encoding="utf-8")
    log = Overtaken(desk.path / "log")
    log.somebody = desk
    index = Index(desk.path / "index", log)
    result = Recorder(log, index.open).record(read_batches(folder), naming=Naming.of(True))
    # a, b, c, s and one source a file.
    assert (result.new, result.known, result.registered, len(result.commits)) == (6, 0, 7, 3)
    assert [commit.number for commit in result.commits] == [1, 3, 4]
    assert desk.sql("SELECT count(*) AS n FROM events WHERE fact IS NOT NULL")["n"].item() == 7
    assert desk.verify().commits == 4


class TestKeeping:
    def test_stats(self, bundled: Timeline) -> None:
        stats = bundled.stats()
        head = last_commit(bundled)
        assert stats["events"] == head.last_position
        assert stats["commits"] == head.number == stats["log_files"]
        assert stats["facts"] == len(bundled.snapshot().facts())
        assert stats["beliefs"] == bundled.beliefs().height
        assert stats["log_bytes"] == sum(
            path.stat().st_size for path in (bundled.path / "log").glob("*.parquet")
        )
        [generation] = (bundled.path / "index").glob("*.duckdb")
        assert (stats["generations"], stats["generation"]) == (1, generation.name)
        [rows] = (bundled.path / "index").glob("*.rows")
        assert stats["row_bytes"] == rows.stat().st_size
        assert stats["index_bytes"] == generation.stat().st_size + stats["row_bytes"]
        assert (stats["tail_events"], stats["tail_facts"]) == (0, 0)
        # These few reports are one segment, of every belief ever held.
        spans = bundled.sql("SELECT count(*) AS spans FROM belief_spans")["spans"].to_list()
        assert stats["segments"] == 1
        assert [stats[f"segment_rows{which}"] for which in ("", "_median", "_most")] == spans * 3

    def test_stats_count_the_tail(self, copy: Timeline) -> None:
        copy.append([REPORT, REPORT | {"fact": "nvidia/aim/openai", "claim": None, "text": "x"}])
        stats = copy.stats()
        assert (stats["events"], stats["tail_events"]) == (events_of(copy), 2)
        assert stats["tail_facts"] == 2
        assert stats["beliefs"] == copy.beliefs().height

    def test_rebuilding_takes_the_tail_in(self, copy: Timeline) -> None:
        copy.append([REPORT])
        before = copy.beliefs()
        assert copy.stats()["tail_events"] == 1
        built = copy.rebuild()
        assert built is not None
        assert [path for path in (copy.path / "index").iterdir() if path.suffix == ".duckdb"] == [built]
        assert copy.stats()["tail_events"] == 0
        assert copy.beliefs().equals(before)

    def test_building_removes_what_nobody_needs(self, copy: Timeline) -> None:
        index = copy.path / "index"
        [rows], [generation] = index.glob("*.rows"), index.glob("*.duckdb")
        for name in (f"000000000001-17-v{FORMAT}.rows", "000000000001-17-v2.rows"):
            shutil.copy(rows, index / name)
        # The row store of an earlier layout.
        (index / "17-v4.rows").write_bytes(b"tl-rows1 and more")
        shutil.copy(generation, index / "000000000001-17-v2.duckdb")
        unfinished = index / ".building-dead"
        unfinished.mkdir()
        (unfinished / "generation.duckdb").write_bytes(b"of one that died")
        (unfinished / "timeline-building").write_bytes(
            b"A generation of a Timeline index is built here. Without its builder it can be removed.\n"
        )
        # Their builders died before they had marked them.
        (index / ".building-empty").mkdir()
        (index / ".building-begun").mkdir()
        (index / ".building-begun" / "timeline-building").write_bytes(b"A generation of")
        copy.append([REPORT])
        built = copy.rebuild()
        [now] = index.glob("*.rows")
        assert set(lasting(index.iterdir())) == {built, now}
        assert now != rows

    def test_building_removes_nothing_for_its_name_alone(self, copy: Timeline) -> None:
        index = copy.path / "index"
        kept = [
            index / name
            for name in (
                *("mine.duckdb", "000000000001-17-v2.duckdb", "000000000001-17-v2.rows", "17-v2.rows"),
                "x.spill",
            )
        ]
        for path in kept:
            path.write_bytes(b"something else")
        folder = index / ".building-notes"
        folder.mkdir()
        (folder / "generation.duckdb").write_bytes(b"something else")
        copy.append([REPORT])
        copy.rebuild()
        assert [path.read_bytes() for path in kept] == [b"something else"] * len(kept)
        assert (folder / "generation.duckdb").exists()

    def test_a_grown_generation_has_a_row_store_of_its_own(self, copy: Timeline) -> None:
        copy.append([REPORT])
        grown = copy.refresh()
        assert grown is not None
        rows = grown.with_suffix(".rows")
        assert set(lasting((copy.path / "index").iterdir())) == {grown, rows}
        assert copy.verify().generations == 1
        belief = copy.belief(FACT)
        assert belief is not None
        assert belief.reported_at == copy.beliefs(FACT)["reported_at"].max()

    def test_compaction_changes_no_answer(self, desk: Timeline) -> None:
        for number in range(33):
            desk.append(
                [{"fact": "a/b", "text": str(number), "source": "s", "reported": "2024"}],
                register_unknown=True,
            )
        assert desk.stats()["log_files"] == 2
        assert desk.compact() == 0
        assert desk.verify().commits == 33
        belief = desk.belief("a/b", recorded_as_of="#20")
        assert belief is not None
        assert belief.text == "19"

    def test_a_damaged_file_is_found_and_named(self, copy: Timeline) -> None:
        from timeline import Corruption

        path = sorted((copy.path / "log").glob("*.parquet"))[3]
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        with pytest.raises(Corruption, match=path.name):
            copy.verify()

    def test_an_unusable_index_is_rebuilt(self, copy: Timeline) -> None:
        [generation] = (copy.path / "index").glob("*.duckdb")
        generation.write_bytes(b"not a database")
        assert copy.belief(FACT) is not None

    def test_an_index_of_another_log_is_refused(self, copy: Timeline, desk: Timeline) -> None:
        for number in range(9):
            desk.append(
                [{"fact": "a/b", "text": str(number), "source": "s", "reported": "2024"}],
                register_unknown=True,
            )
        shutil.copytree(copy.path / "index", desk.path / "index", dirs_exist_ok=True)
        assert last_commit(desk).number == last_commit(copy).number
        with Timeline.open(desk.path) as tl:
            with pytest.raises(Corruption, match="is not the one that the index was built from"):
                tl.beliefs()
            tl.rebuild(trust_log=True)
            assert tl.beliefs()["fact"].to_list() == ["a/b"]
        assert len(list((desk.path / "index" / "set-aside").iterdir())) == 1


def test_who_is_interrupted_while_a_tail_is_built_may_ask_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = {"fact": "a/b", "amount": "1", "unit": "USD", "reported": "2020-01-01", "source": "w"}

    def interrupted(*given: Any) -> None:
        show_tail(*given)
        raise KeyboardInterrupt

    with Timeline.create(tmp_path / "desk") as tl:
        tl.append([report], register_unknown=True)
        tl.rebuild()
        tl.append([report | {"amount": "2", "reported": "2019-01-01"}])
        with monkeypatch.context() as patch:
            patch.setattr("timeline.index.reader.show_tail", interrupted)
            with pytest.raises(KeyboardInterrupt):
                tl.sql("FROM beliefs")
        assert tl.sql("SELECT amount FROM beliefs").rows() == [(1,)]
        assert tl.sql("SELECT amount FROM beliefs", as_of="2019-06-01").rows() == [(2,)]
