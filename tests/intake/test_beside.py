"""What the store has beside what is given is said: other reports, and amendments that change nothing."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.commands import run
from tests.examples import costly
from timeline import Timeline

A: dict[str, object] = {"fact": "acme/price", "claim": "5 USD", "source": "s", "reported": "2025-01-01"}
B = A | {"claim": "6 USD"}
EDITED = "the store has a report of acme/price by s for 2025-01-01 already: "


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Timeline]:
    with Timeline.create(tmp_path / "desk") as tl:
        yield tl


def warned(tl: Timeline, *events: dict[str, object]) -> list[str]:
    result = tl.record(events, register_unknown=True)
    return [message.removeprefix("event: row 1: ") for message in result.warnings]


def amended(tl: Timeline, **event: object) -> list[str]:
    return warned(tl, {"type": "corrected" if "reported" not in event else "retracted", **event})


def many(*chosen: dict[str, object]) -> pa.Table:
    """Return a table that is taken as a whole, with these events last."""
    more: dict[str, object] = {"reported": "2024", "key": None}
    others = [A | more | {"fact": f"acme/price@{2030 + nth}"} for nth in range(2_100)]
    return pa.Table.from_pylist([*others, *chosen])


class TestReports:
    def test_known_but_displaced(self, desk: Timeline) -> None:
        assert warned(desk, A) == []
        warned(desk, B)
        [warning] = warned(desk, A)
        assert warning.startswith("'5 USD' is known already (")
        assert "but displaced since by '6 USD' (" in warning
        assert warning.endswith(
            "to record it again, give the reported date a time of day, or the event a key"
        )
        belief = desk.belief("acme/price")
        assert belief is not None
        assert belief.claim == "6 USD"
        # As it says.
        warned(desk, A | {"key": "again"})
        belief = desk.belief("acme/price")
        assert belief is not None
        assert belief.claim == "5 USD"
        assert warned(desk, A) == []

    @pytest.mark.parametrize(
        "between",
        [
            A | {"claim": "6 USD", "reported": "2025-01-02"},
            A | {"claim": "6 USD", "source": "t"},
            A | {"claim": "6 USD", "fact": "acme/price/x"},
            A | {"claim": "6 USD", "reported": "2024-12-31"},
        ],
    )
    def test_another_date_source_or_fact_is_no_matter(
        self, desk: Timeline, between: dict[str, object]
    ) -> None:
        assert (warned(desk, A), warned(desk, between), warned(desk, A)) == ([], [], [])

    def test_other_valid_times_displace_nothing(self, desk: Timeline) -> None:
        warned(desk, A | {"valid": "2024"})
        assert len(warned(desk, B | {"valid": "2025"})) == 1
        assert warned(desk, A | {"valid": "2024"}) == []

    def test_what_is_void_or_retracted_displaces_nothing(self, desk: Timeline) -> None:
        amendments: list[dict[str, object]] = [
            {"type": "corrected", "void": True},
            {"type": "retracted", "reported": "2025-02"},
        ]
        for number, amendment in enumerate(amendments):
            fact: dict[str, object] = {"fact": f"acme/price/x{number}"}
            warned(desk, A | fact)
            warned(desk, B | fact | {"key": f"b{number}"})
            warned(desk, amendment | {"target": f"b{number}"})
            assert warned(desk, A | fact) == []

    def test_a_withdrawal_displaces(self, desk: Timeline) -> None:
        warned(desk, A)
        warned(desk, {"type": "withdrawn", "fact": "acme/price", "source": "s", "reported": "2025-01-01"})
        [warning] = warned(desk, A)
        assert "but displaced since by nothing (" in warning

    def test_a_b_a_in_one_run(self, desk: Timeline) -> None:
        first, second = warned(desk, A, B, A)
        assert first == "s reports acme/price twice for 2025-01-01; the later report wins"
        assert second.startswith("event: row 3: '5 USD' is known already (")

    def test_the_same_file_again_says_nothing_more(self, desk: Timeline) -> None:
        assert len(warned(desk, A, B)) == 1
        assert warned(desk, A, B) == []

    def test_an_edited_report(self, desk: Timeline) -> None:
        warned(desk, A | {"key": "price"})
        [warning] = warned(desk, B)
        assert warning.startswith(
            f"{EDITED}'5 USD' (price); this one, '6 USD', is recorded beside it, and wins."
        )
        assert warning.endswith("mend the record: timeline correct price '6 USD' --reason '…'")

    def test_across_files_of_a_folder_and_later_ones(self, desk: Timeline, tmp_path: Path) -> None:
        folder = tmp_path / "events"
        folder.mkdir()
        line = "- {{fact: acme/price, claim: {} USD, source: s, reported: 2025-01-01}}\n"
        (folder / "a.yaml").write_text(line.format(5))
        assert desk.ingest(folder, register_unknown=True).warnings == []
        (folder / "a.yaml").write_text(line.format(6))
        [edited] = desk.ingest(folder, dry_run=True).warnings
        assert desk.ingest(folder).warnings == [edited]
        assert edited.startswith(f"{folder}/a.yaml:1:3: {EDITED}'5 USD' (")
        (folder / "b.yaml").write_text(line.format(7))
        (folder / "c.yaml").write_text(line.format(8))
        first, second = desk.ingest(folder).warnings
        assert first == "s reports acme/price twice for 2025-01-01; the later report wins"
        assert second.startswith(f"{folder}/b.yaml:1:3: {EDITED}'6 USD' (")
        assert desk.ingest(folder).warnings == []

    @pytest.mark.parametrize("large", [False, True])
    def test_tables_say_the_same(self, desk: Timeline, large: bool) -> None:
        def ingested(*events: dict[str, object]) -> list[str]:
            table = many(*events) if large else pa.Table.from_pylist(list(events))
            return desk.ingest(table, register_unknown=True).warnings

        assert ingested(A) == []
        [edited] = ingested(B)
        assert edited.partition(": ")[2].partition(": ")[2].startswith(f"{EDITED}'5 USD' (")
        [displaced] = ingested(A)
        assert "'5 USD' is known already (" in displaced
        assert "but displaced since by '6 USD' (" in displaced
        assert ingested(A, B) == []
        found = ingested(A | {"key": "k"}, B | {"key": "l"}, A | {"key": "k"})
        assert found[0] == "s reports acme/price twice for 2025-01-01; the later report wins"
        assert EDITED in found[1]
        assert "but displaced since by '6 USD' (l)" in found[2]

    def test_many_are_counted(self, desk: Timeline) -> None:
        facts = [f"acme/price@{2000 + nth}" for nth in range(2_500)]
        for claim in ("5 USD", "6 USD"):
            table = pa.table(
                {"fact": facts} | {name: [value] * 2_500 for name, value in A.items() if name != "fact"}
            )
            table = table.set_column(table.column_names.index("claim"), "claim", pa.array([claim] * 2_500))
            warnings = desk.ingest(table, register_unknown=True).warnings
            as_rows = desk.ingest(table.slice(0, 100), dry_run=True).warnings
        assert len(warnings) == 21
        assert (
            warnings[-1]
            == "… and 2,480 more facts of which the store has another report of that source and date"
        )
        assert as_rows == []

    def test_an_append_says_it_to_the_log(self, desk: Timeline, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING, logger="timeline.store"):
            desk.append([A], register_unknown=True)
            assert caplog.messages == []
            desk.append([B])
            desk.append([A])
        assert [EDITED in caplog.messages[0], "displaced since by '6 USD'" in caplog.messages[1]] == [
            True,
            True,
        ]


CLAIMS = st.sampled_from(
    [
        {"claim": "5 USD"},
        {"claim": "-6 USD"},
        {"claim": "-6 USD", "status": "planned"},
        {"claim": "7 USD", "valid": "2025/.."},
    ]
)
TEXTS = st.sampled_from([{"text": "it's"}, {"text": "-x $(y) 'z'"}, {"text": "a\nb", "speaker": "ann"}])


@costly()
@given(events=st.tuples(CLAIMS, CLAIMS) | st.tuples(TEXTS, TEXTS))
def test_the_command_that_it_prints_mends_the_record(
    events: tuple[dict[str, object], dict[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("desk")
    base: dict[str, object] = {"fact": "acme/price", "source": "s", "reported": "2025-01-01"}
    first, second = (base | event for event in events)
    with Timeline.create(folder / "desk") as tl:
        warned(tl, first)
        found = warned(tl, second)
    assert len(found) == (first != second)
    for warning in found:
        name, command, *rest = shlex.split(warning.partition("mend the record: ")[2])
        assert name == "timeline"
        done = run(folder, [command, "--store", "desk", *rest])
        assert done.code == 0, done
        with Timeline.open(folder / "desk") as tl:
            columns = ("claim", "text", "status", "speaker", "valid_from")
            history: Any = tl.history("acme/price").select("event_type", *columns).rows()
        reported = [row[1:] for row in history if row[0] == "reported"][1]
        [corrected] = [row[1:] for row in history if row[0] == "corrected"]
        given_in_it = [(new, old) for new, old in zip(corrected, reported, strict=True) if old is not None]
        assert all(new == old for new, old in given_in_it)


class TestAmendments:
    @pytest.fixture(autouse=True)
    def report(self, desk: Timeline) -> None:
        warned(desk, A | {"key": "r"})

    @pytest.mark.parametrize("reported", ["2024", "2024-12-31", "2025-01-01"])
    def test_a_retraction_that_is_not_after_its_report(self, desk: Timeline, reported: str) -> None:
        assert amended(desk, target="r", reported=reported) == [
            f"this retraction is dated {reported}, not after what it retracts, which was reported "
            "2025-01-01: so r counts at no date"
        ]
        assert desk.belief("acme/price") is None
        assert desk.belief("acme/price", as_of="2025-01-01") is None

    def test_a_retraction_of_what_is_retracted(self, desk: Timeline) -> None:
        assert amended(desk, target="r", reported="2025-02-01", key="first") == []
        again = "r is retracted already, from 2025-02-01T23:59:59.999999Z on, by first; "
        assert amended(desk, target="r", reported="2025-03") == [f"{again}this retraction changes nothing"]
        assert amended(desk, target="r", reported="2025-01-15") == [f"{again}the earlier date holds"]
        # What is known is known.
        assert amended(desk, target="r", reported="2025-03") == []

    def test_a_retraction_of_a_retraction_is_none_twice(self, desk: Timeline) -> None:
        amended(desk, target="r", reported="2025-02-01", key="first")
        assert amended(desk, target="first", reported="2025-03") == []
        assert amended(desk, target="r", reported="2025-04") == []

    def test_a_correction_of_what_is_corrected(self, desk: Timeline) -> None:
        assert amended(desk, target="r", claim="6 USD", key="c") == []
        assert amended(desk, target="r", claim="7 USD") == [
            "r was corrected already, by c ('6 USD'); this correction, recorded later, counts in its place "
            "now"
        ]
        assert amended(desk, target="c", claim="8 USD")[0].startswith("c does not count, but ")
        belief = desk.belief("acme/price")
        assert belief is not None
        assert belief.claim == "7 USD"

    def test_a_correction_of_a_correction_is_as_it_should_be(self, desk: Timeline) -> None:
        amended(desk, target="r", claim="6 USD", key="c")
        assert amended(desk, target="c", claim="8 USD", key="d") == []
        assert amended(desk, target="d", void=True) == []

    def test_what_is_void(self, desk: Timeline) -> None:
        assert amended(desk, target="r", void=True, key="v") == []
        changes_nothing = ["r is void already, so this correction changes nothing"]
        assert amended(desk, target="r", void=True, reason="again") == changes_nothing
        assert amended(desk, target="r", claim="6 USD") == changes_nothing
        assert amended(desk, target="r", reported="2025-02") == ["r is void, so there is nothing to retract"]
        assert desk.belief("acme/price") is None

    def test_a_void_void_gives_back(self, desk: Timeline) -> None:
        amended(desk, target="r", void=True, key="v")
        assert amended(desk, target="v", void=True) == []

    def test_in_one_run_and_on_the_command_line(self, desk: Timeline, tmp_path: Path) -> None:
        path = tmp_path / "a.yaml"
        path.write_text(
            "- {type: retracted, target: r, reported: 2025-02, key: t}\n"
            "- {type: retracted, target: r, reported: 2025-03}\n"
        )
        again = "r is retracted already, from 2025-02-28T23:59:59.999999Z on, by t"
        again += "; this retraction changes nothing"
        assert desk.ingest(path).warnings == [f"{path}:2:3: {again}"]
        done = run(tmp_path, ["retract", "r", "--reported", "2025-04", "--store", "desk"])
        assert (done.code, done.err) == (0, f"warning: {again}\n")
