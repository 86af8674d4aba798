"""What is typed is in a file of the project before it is recorded, and a deleted store is built from it."""

from __future__ import annotations

import gc
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.commands import LONG, Done, environment, run, timeline
from tests.examples import costly
from timeline import Timeline

HELD = """\
sources:
  - {id: s, published: 2025-06-01, origin: desk}
  - {id: t, published: 2025-07-01}
entities: [{id: acme}, {id: desk}, {id: ann}]
attributes: [{id: ceo}, {id: price, value: amount}]
events:
  - {key: first, fact: acme/ceo, text: Ann, source: s}
"""
REPORT = ("report", "acme/price", "5 USD", "--source", "s")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "events").mkdir()
    (tmp_path / "timeline.toml").write_text("[project]\n")
    (tmp_path / "events" / "held.yaml").write_text(HELD)
    return tmp_path


def done(folder: Path, *command: str, code: int = 0) -> Done:
    found = run(folder, command)
    assert found.code == code, found
    return found


def typed(folder: Path) -> str:
    return (folder / "events" / "recorded.yaml").read_text(encoding="utf-8")


def held(folder: Path) -> tuple[list[str], str]:
    """Return the ids of the events of a project, and what is believed at every date that it speaks of."""
    with Timeline.open(folder / ".timeline") as tl:
        ids = tl.sql("SELECT event_id FROM events")["event_id"].to_list()
        beliefs = tl.sql("SELECT * EXCLUDE (believed_until) FROM belief_spans ORDER BY ALL")
        return sorted(ids), beliefs.write_json()


def rebuilt(folder: Path) -> None:
    """Delete the store, and have a command make it from the files of the project."""
    before = held(folder)
    assert done(folder, "ingest").err.startswith("0 new events, ")
    shutil.rmtree(folder / ".timeline")
    # A reader that is still open in this process would have DuckDB go on with the file that is gone.
    gc.collect()
    found = run(folder, ["show", "--format", "csv"])
    assert found.code in (0, 5), found
    assert "No store yet: ingesting events into .timeline; recorded dates begin now\n" in found.err
    assert held(folder) == before


def test_a_report_is_in_the_file_and_recorded(desk: Path) -> None:
    found = done(desk, *REPORT, "--statement", "It costs #1: five.", "--actor", "me")
    assert found.err.endswith("Written to events/recorded.yaml, and recorded from there.\n")
    assert typed(desk).endswith(
        '\n- fact: acme/price\n  claim: 5 USD\n  source: s\n  statement: "It costs #1: five."\n  actor: me\n'
    )
    rebuilt(desk)


def test_amendments_name_their_target_by_key_or_id(desk: Path) -> None:
    done(desk, "report", "acme/price", "5 USD", "--source", "s")
    event = done(
        desk,
        "sql",
        "SELECT event_id FROM events WHERE subject = 'acme' AND claim = '5 USD'",
        "--format",
        "csv",
    )
    event_id = event.out.split()[1]
    done(desk, "correct", event_id[:8], "6 USD", "--reason", "a slip")
    done(desk, "correct", "first", "--text", "Bob", "--reason", "a slip")
    first = done(
        desk, "sql", "SELECT event_id FROM events WHERE key = 'first'", "--format", "csv"
    ).out.split()[1]
    done(desk, "retract", first[:8], "--source", "t", "--reason", "taken back")
    assert f"target: {event_id}\n" in typed(desk)
    assert typed(desk).count("target: first\n") == 2
    rebuilt(desk)


def test_names_that_are_registered_are_in_the_file(desk: Path) -> None:
    done(
        desk,
        "report",
        "globex/ceo",
        "--text",
        "Carl",
        "--source",
        "u",
        "--reported",
        "2025",
        "--register-unknown",
    )
    assert "- type: entity-described\n  id: globex\n" in typed(desk)
    assert "- type: source-described\n  id: u\n" in typed(desk)
    rebuilt(desk)
    # Who describes them better later is not undone by a new store.
    (desk / "events" / "sources.yaml").write_text("sources: [{id: u, title: Unfriendly}]\n")
    done(desk, "ingest")
    rebuilt(desk)
    assert "Unfriendly" in done(desk, "sql", "SELECT title FROM sources", "--format", "csv").out


def test_the_same_event_is_written_once(desk: Path) -> None:
    done(desk, *REPORT)
    before = typed(desk)
    assert "Known already: nothing was recorded." in done(desk, *REPORT).err
    assert typed(desk) == before
    # Nor is it, where the store lost it.
    shutil.rmtree(desk / ".timeline")
    done(desk, *REPORT)
    assert typed(desk) == before
    # What another file has is no concern of this one.
    done(desk, "report", "acme/ceo", "--text", "Ann", "--source", "s", "--key", "first")
    assert typed(desk) == before


def test_what_is_refused_leaves_no_trace(desk: Path) -> None:
    for command in (
        ("report", "acme/price", "much", "--source", "s"),
        ("report", "acme/price", "5 USD", "--source", "nobody"),
        ("correct", "nothing", "5 USD", "--reason", "x"),
    ):
        assert run(desk, command).code in (2, 5)
        assert not (desk / "events" / "recorded.yaml").exists()
    done(desk, "report", "acme/ceo", "--text", "Dan", "--source", "s", "--key", "first", code=3)
    assert not (desk / "events" / "recorded.yaml").exists()


def test_a_file_that_takes_nothing_keeps_the_event_from_being_recorded(desk: Path) -> None:
    (desk / "events" / "recorded.yaml").write_text("events: []\n")
    found = done(desk, *REPORT, code=2)
    assert "events/recorded.yaml: an event cannot be added to it" in found.err
    assert typed(desk) == "events: []\n"
    done(desk, "show", "acme/price", code=5)


def test_no_file_is_written_without_a_project_or_with_no_file(desk: Path, tmp_path: Path) -> None:
    done(desk, *REPORT, "--no-file")
    assert not (desk / "events" / "recorded.yaml").exists()
    done(desk, *REPORT[:2], "6 USD", "--source", "s", "--store", ".timeline")
    assert not (desk / "events" / "recorded.yaml").exists()
    other = desk / "elsewhere"
    Timeline.create(other).close()
    done(desk, *REPORT, "--store", "elsewhere", "--register-unknown", "--reported", "2025")
    assert not list(desk.rglob("recorded.yaml"))


@pytest.mark.parametrize("named", ["events/typed/mine.yml", "typed.yaml"])
def test_the_project_may_name_the_file(desk: Path, named: str) -> None:
    (desk / "timeline.toml").write_text(f'[project]\nrecorded = "{named}"\n')
    done(desk, *REPORT, "--key", "price")
    done(desk, "correct", "price", "7 USD", "--reason", "a slip")
    assert (desk / named).read_text().count("\n- ") == 2
    rebuilt(desk)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ('"../typed.yaml"', "recorded = '../typed.yaml' leads out of the project"),
        ('"typed.json"', "recorded is 'typed.json'; expected the path of a .yaml file"),
        ("3", "recorded is 3; expected the path of a YAML file, as text"),
    ],
)
def test_a_wrong_name_for_it(desk: Path, named: str, words: str) -> None:
    (desk / "timeline.toml").write_text(f"[project]\nrecorded = {named}\n")
    assert words in done(desk, *REPORT, code=2).err


def test_comments_and_order_stay(desk: Path) -> None:
    mine = "# Mine.\n- fact: acme/ceo\n  text: Eve  \n  source: t  # the second\n"
    (desk / "events" / "recorded.yaml").write_text(mine)
    done(desk, *REPORT)
    assert typed(desk).startswith(mine)
    rebuilt(desk)


def test_a_disk_that_is_full_leaves_it_to_the_next_ingest(desk: Path) -> None:
    done(desk, "ingest")

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))

    finished = subprocess.run(
        [sys.executable, "-m", "timeline", *REPORT],
        # Python would leave a compiled module cut short.
        cwd=desk, env=environment(PYTHONDONTWRITEBYTECODE="1"), capture_output=True, encoding="utf-8",
        timeout=LONG, check=False, preexec_fn=small,
    )  # fmt: skip
    assert finished.returncode == 1, finished.stderr
    assert (
        "The event is in events/recorded.yaml; if it is not recorded yet, `timeline ingest`"
        in finished.stderr
    )
    assert done(desk, "ingest").err.startswith("1 new event in commit #2, ")
    before = typed(desk)
    done(desk, *REPORT)
    assert typed(desk) == before
    rebuilt(desk)


def test_commands_at_the_same_time_lose_nothing(desk: Path) -> None:
    commands = [
        [
            sys.executable,
            "-m",
            "timeline",
            "report",
            "acme/price",
            f"{nth} USD",
            "--source",
            "s",
            "--key",
            f"k{nth}",
        ]
        for nth in range(4)
    ]
    running = [
        subprocess.Popen(
            command, cwd=desk, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for command in commands
    ]
    for process in running:
        _, err = process.communicate(timeout=LONG)
        assert process.returncode == 0, err
    for nth in range(4):
        assert typed(desk).count(f"claim: {nth} USD\n") == 1
    rebuilt(desk)


COMMANDS = st.lists(
    st.sampled_from([
        ("report", "acme/price", "5 USD", "--source", "s"),
        ("report", "acme/price", "5 USD", "--source", "s", "--key", "p"),
        ("report", "acme/price", "6 USD", "--source", "t", "--valid", "2025/.."),
        ("report", "acme/ceo", "--text", "null", "--source", "t", "--origin", "globex", "--register-unknown"),
        ("report", "globex/ceo", "--entity", "ann", "--source", "t", "--inferred", "--register-unknown"),
        ("correct", "p", "7 USD", "--reason", "no: #7"),
        ("correct", "p", "--void", "--reason", "never"),
        ("correct", "first", "--text", "Bob\n# b", "--reason", "~"),
        ("retract", "p", "--source", "t"),
        ("retract", "first", "--reported", "2025-08", "--key", "r"),
        ("correct", "r", "--reported", "2025-09", "--reason", "later"),
        ("ingest",),
    ]),
    max_size=8,
)  # fmt: skip


@costly(40)
@given(commands=COMMANDS)
def test_a_deleted_store_loses_nothing(
    commands: Sequence[Sequence[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    desk = tmp_path_factory.mktemp("desk")
    (desk / "events").mkdir()
    (desk / "timeline.toml").write_text("[project]\n")
    (desk / "events" / "held.yaml").write_text(HELD)
    done(desk, "ingest")
    for command in commands:
        assert run(desk, command).code in (0, 2, 3, 5)
    rebuilt(desk)


def test_a_cold_report_reads_no_yaml(desk: Path) -> None:
    timeline(desk, "ingest")
    script = (
        "import sys; from timeline.cli.app import run; code = run(); "
        "assert 'yaml' not in sys.modules; sys.exit(code)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script, *REPORT],
        cwd=desk, env=environment(), capture_output=True, encoding="utf-8", timeout=LONG, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
