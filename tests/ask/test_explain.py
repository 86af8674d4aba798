"""What `explain` reports that an answer read, against the answer and the index that it was read from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pytest

from timeline import BadInput, Timeline
from timeline.ask.explain import Explained
from timeline.cli.app import run
from timeline.index import catalog, tables

OPENAI: Final = "nvidia/investment/openai"

#: Two instants between which the bundled reports brought much that is new: 15 October 2025, 28 February 2026.
BETWEEN: Final = (1_760_572_799_999_999, 1_772_323_199_999_999)

#: The first is of a new fact, the second of one with a correction in it, which is resolved again.
NEW: Final[list[dict[str, object]]] = [
    {"fact": "arm/aim/openai", "text": "x", "source": "gate-2026-02-20"},
    {"fact": OPENAI, "claim": "40 billion USD", "source": "gate-2026-02-20", "reported": "2026-02-20"},
]


#: The arguments that are dates or rules.
DATES: Final = ("as_of", "recorded_as_of", "valid_at", "policy", "basis")


def explain_openai(tl: Timeline, as_of: str) -> Explained:
    snapshot = tl.snapshot()
    return snapshot.explain(fact=OPENAI, dates=snapshot.dates(as_of))


def sums_up(found: Explained) -> bool:
    """Return whether the whole is made of its scans, none of which reads more than there is."""
    return found.rows_read == sum(scan.rows_read for scan in found.scans) and all(
        scan.row_groups_read <= scan.row_groups and (scan.rows_kept <= scan.rows_read or not scan.rows_read)
        for scan in found.scans
    )


class TestOfQuestions:
    def test_everything_believed_is_one_scan(self, bundled: Timeline) -> None:
        found, stats = bundled.snapshot().explain(), bundled.stats()
        [scan] = found.scans
        assert (scan.table, scan.rows_kept) == ("store.segment_rows", bundled.beliefs().height)
        assert scan.rows_read == found.rows_read == stats["segment_rows"]
        assert (scan.row_groups_read, scan.row_groups) == (1, 1)
        assert found.rows_answered == stats["beliefs"]
        assert found.generation == stats["generation"]
        assert (found.position, found.tail_events, found.segments) == (stats["events"], 0, 1)
        assert found.seconds > 0

    def test_one_fact_is_kept_of_what_is_read(self, bundled: Timeline) -> None:
        found = explain_openai(bundled, "2025-10-15")
        assert [(scan.table, scan.rows_kept) for scan in found.scans] == [("store.segment_rows", 1)]
        assert found.rows_answered == 1

    def test_nothing_yet_is_no_row(self, bundled: Timeline) -> None:
        assert explain_openai(bundled, "2025-02-22").rows_answered == 0

    @pytest.mark.parametrize("tail", [False, True], ids=["no tail", "a tail"])
    @pytest.mark.parametrize("fact", [None, "softbank/*", OPENAI])
    def test_the_answer_has_as_many_rows(self, copy: Timeline, fact: str | None, tail: bool) -> None:
        if tail:
            copy.append(NEW)
        questions: list[dict[str, Any]] = [
            *({"kind": kind} for kind in ("beliefs", "claims", "disagreements", "history")),
            {"kind": "changes", "between": BETWEEN},
            {"as_of": "2025-10-15"},
            {"valid_at": "2024-06-01"},
            {"recorded_as_of": "#4"},
            {"basis": "possible"},
            *({"policy": policy} for policy in ("first", "by-origin", "ranked", "confirmed:2")),
        ]
        for question in questions:
            snapshot = copy.snapshot()
            axes = {name: question.pop(name) for name in DATES if name in question}
            asked = {"kind": "beliefs", "fact": fact, "dates": snapshot.dates(**axes)} | question
            found, answered = snapshot.explain(**asked), snapshot.ask(**asked)
            assert found.rows_answered == len(answered.rows), question
            assert found.tail_events == (len(NEW) if tail else 0), question
            assert sums_up(found), question

    def test_other_policies_read_events(self, bundled: Timeline) -> None:
        snapshot = bundled.snapshot()
        read = {scan.table for scan in snapshot.explain(dates=snapshot.dates(policy="first")).scans}
        assert "store.event_rows" in read
        assert "store.segment_rows" not in read

    def test_changes_read_no_events(self, bundled: Timeline) -> None:
        found = bundled.snapshot().explain("changes", between=BETWEEN)
        assert {scan.table for scan in found.scans} == {"store.segment_rows"}
        assert len(found.scans) == 2

    def test_a_tail_is_read_beside_the_generation(self, copy: Timeline) -> None:
        before = copy.snapshot().explain()
        copy.append(NEW)
        found = copy.snapshot().explain()
        assert found.generation == before.generation
        assert found.position == before.position + found.tail_events
        assert "tail.segment_rows" in {scan.table for scan in found.scans}
        copy.refresh()
        after = copy.snapshot().explain()
        assert after.generation != before.generation
        assert (after.tail_events, after.rows_answered) == (0, found.rows_answered)
        assert [scan.table for scan in after.scans] == ["store.segment_rows"]

    def test_an_unknown_question(self, bundled: Timeline) -> None:
        with pytest.raises(BadInput, match="no such question: 'guesses'"):
            bundled.snapshot().explain("guesses")

    def test_an_empty_store_has_no_generation(self, desk: Timeline) -> None:
        found = desk.snapshot().explain()
        assert (found.generation, found.position, found.rows_answered) == (None, 0, 0)


class TestOfQueries:
    def test_dates_and_parameters(self, bundled: Timeline) -> None:
        query = "SELECT claim FROM beliefs WHERE subject = $subject"
        options: dict[str, Any] = {"params": {"subject": "nvidia"}, "as_of": "2025-10-15"}
        found = bundled.snapshot().explain_sql(query, **options)
        assert found.rows_answered == bundled.sql(query, **options).height
        assert [scan.table for scan in found.scans] == ["store.segment_rows"]

    @pytest.mark.parametrize(
        "query",
        [
            "SELECT count(*) FROM beliefs",
            "SELECT subject, count(*) FROM beliefs GROUP BY subject",
            "FROM events ORDER BY position DESC LIMIT 5",
            "SELECT fact FROM beliefs UNION ALL SELECT id FROM entities",
            "FROM beliefs WHERE subject = 'nobody'",
            "SELECT DISTINCT origin FROM claims ORDER BY origin",
            "FROM beliefs FOR REPORTED_TIME ALL",
        ],
    )
    def test_the_answer_has_as_many_rows(self, bundled: Timeline, query: str) -> None:
        found = bundled.snapshot().explain_sql(query)
        assert found.rows_answered == bundled.sql(query).height
        assert sums_up(found)

    @pytest.mark.parametrize(
        "query", ["SELEC 1", "SELECT nothing FROM beliefs", "FROM beliefs FOR NO_TIME ALL"]
    )
    def test_a_bad_query_is_bad_input(self, bundled: Timeline, query: str) -> None:
        with pytest.raises(BadInput):
            bundled.snapshot().explain_sql(query)


#: Enough facts that one segment takes more than a row group.
FACTS: Final = 40_000


def test_one_segment_is_read_of_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def narrowed(name: str) -> str:
        text = whole(name)
        if name == "tables/bounds":
            assert "4 * live" in text
            text = text.replace("4 * live", "0.9 * live").replace("250_000", "1")
        return text

    whole = catalog.sql_object
    monkeypatch.setattr(tables, "sql_object", narrowed)
    days = ("2024-01-01", "2024-02-01", "2024-03-01")
    reports = pa.table(
        {
            "fact": [f"s{nth}/price" for nth in range(FACTS)] * len(days),
            "amount": pa.array([nth for nth in range(len(days)) for _ in range(FACTS)], pa.int32()),
            "unit": ["USD"] * len(days) * FACTS,
            "reported": [day for day in days for _ in range(FACTS)],
            "source": ["wire"] * len(days) * FACTS,
        }
    )
    with Timeline.create(tmp_path / "store") as tl:
        tl.ingest(reports, register_unknown=True)
        stats = tl.stats()
        assert stats["segments"] == len(days)
        for nth, day in enumerate(days):
            found = tl.snapshot().explain_sql("SELECT count(*), sum(amount) FROM beliefs", as_of=day)
            assert tl.sql("SELECT any_value(amount) AS a FROM beliefs", as_of=day)["a"].to_list() == [nth]
            [scan] = found.scans
            assert scan.rows_kept == FACTS
            # A row group that two segments share is read for both.
            assert FACTS <= scan.rows_read < 2 * FACTS < stats["segment_rows"]
            assert scan.row_groups_read < scan.row_groups
            of_one = tl.snapshot().explain(fact="s77/price", dates=tl.snapshot().dates(day))
            assert (of_one.rows_answered, of_one.scans[0].rows_kept) == (1, 1)
            # Its own row group, and one at the edge, where the next segment begins.
            assert of_one.scans[0].row_groups_read <= 2 < scan.row_groups


class TestOnTheCommandLine:
    @pytest.fixture(autouse=True)
    def in_the_store(self, bundled: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TIMELINE_STORE", str(bundled.path))

    @staticmethod
    def output(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str, exits: int = 0
    ) -> str:
        monkeypatch.setattr("sys.argv", ["timeline", *arguments])
        assert run() == exits
        return capsys.readouterr().out

    def test_show(
        self, bundled: Timeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        printed = self.output(monkeypatch, capsys, "show", OPENAI, "--as-of", "2025-10-15", "--explain")
        lines = dict(line.split(maxsplit=1) for line in printed.splitlines())
        found = explain_openai(bundled, "2025-10-15")
        read = found.rows_read
        assert lines["scans"] == f"store.segment_rows: {read} rows read, 1 kept, 1 of 1 row groups"
        assert (lines["rows_read"], lines["rows_answered"]) == (str(read), "1")
        assert lines["generation"] == found.generation

    def test_show_counts_no_answer_where_there_is_none(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        printed = self.output(monkeypatch, capsys, "show", "nobody/*", "--explain", "--json")
        assert json.loads(printed)["rows_answered"] == 0

    def test_sql_as_json(
        self, bundled: Timeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        query = "SELECT claim FROM beliefs WHERE subject = $subject"
        printed = self.output(
            monkeypatch, capsys, "sql", query, "-p", "subject=nvidia", "--explain", "--json"
        )
        explained = json.loads(printed)
        assert list(explained) == [*Explained.__dataclass_fields__]
        rows = bundled.sql(query, params={"subject": "nvidia"}).height
        [scan] = explained["scans"]
        assert scan == {
            "table": "store.segment_rows",
            "rows_read": explained["rows_read"],
            "rows_kept": rows,
            "row_groups_read": 1,
            "row_groups": 1,
        }
        assert (explained["rows_answered"], explained["tail_events"]) == (rows, 0)

    def test_a_bad_query(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.output(monkeypatch, capsys, "sql", "SELEC 1", "--explain", exits=2) == ""


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT 1; SELECT 2", "got 2 statements; expected one query"),
        ("DESCRIBE beliefs", "only one query that reads rows can be explained"),
        ("SET threads = 1", "got a statement of type SET; expected SELECT"),
    ],
)
def test_only_a_query_of_rows_is_explained(bundled: Timeline, query: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        bundled.snapshot().explain_sql(query)


@pytest.mark.parametrize("query", ["SELECT 1; SELECT 2", "SET threads = 1"])
def test_unsafe_or_not(bundled: Timeline, query: str) -> None:
    with pytest.raises(BadInput, match="only one query that reads rows can be explained"):
        bundled.snapshot().explain_sql(query, unsafe=True)


@pytest.mark.parametrize(
    "query",
    [
        "WITH x AS MATERIALIZED (FROM beliefs) FROM x WHERE subject = 'nvidia'",
        "FROM beliefs UNION ALL FROM beliefs",
        "SELECT count(*) FROM beliefs",
    ],
)
def test_rows_are_counted_through_what_only_passes_them_on(bundled: Timeline, query: str) -> None:
    assert bundled.snapshot().explain_sql(query).rows_answered == len(bundled.sql(query))
