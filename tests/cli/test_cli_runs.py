"""How the command line behaves: exit codes, what it leaves behind, terminals, pipes and signals."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.commands import LONG, OPENAI, environment, timeline
from timeline.cli.app import run

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Here:
    """The command line within this process, which loads its libraries once."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(
        self, folder: Path, *arguments: str, given: str = "", expected: int = 0
    ) -> subprocess.CompletedProcess[str]:
        with self.monkeypatch.context() as patch:
            patch.chdir(folder)
            patch.setattr("sys.argv", ["timeline", *arguments])
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given.encode()), "utf-8"))
            code = run()
        printed = self.capsys.readouterr()
        assert code == expected, printed.out + printed.err
        return subprocess.CompletedProcess(arguments, code, printed.out, printed.err)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    for name in ("COLUMNS", "TIMELINE_STORE", "TIMELINE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return Here(monkeypatch, capsys)


@pytest.fixture
def empty(tmp_path: Path, here: Here) -> Path:
    """Return a project in which only its own names are recorded."""
    here(tmp_path, "init", "--empty", "desk")
    desk = tmp_path / "desk"
    (desk / "events" / "entities.yaml").write_text("entities: [{id: acme}, {id: desk}, {id: ann}]\n")
    (desk / "events" / "sources.yaml").write_text(
        "sources: [{id: desk-1, origin: desk, published: 2026-03-02}]\n"
    )
    (desk / "events" / "attributes.yaml").write_text(
        "attributes: [{id: price, value: amount, object: no}, {id: ceo, value: entity, object: no}]\n"
    )
    here(desk, "ingest")
    return desk


# Exit codes, one for each kind of error


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "--as-of", "22/02/2025"],
        ["show", "--as-of", "2025-02-22T10:00:00"],
        ["show", "--recorded-as-of", "#x"],
        ["show", "--policy", "loudest"],
        ["show", "--policy", "confirmed:0"],
        ["show", "--basis", "vague"],
        ["show", "--format", "xml"],
        ["show", "--json", "--format", "csv"],
        ["show", "--output", "nowhere/x.csv"],
        ["show", "one", "two"],
        ["disagreements", "--within", "soon"],
        ["diff", "2025-01-01"],
        ["diff", "2025-01-01", "later"],
        ["why", OPENAI, "--format", "csv"],
        ["sql", "SELECT nothing FROM beliefs"],
        ["sql", "SELECT $x", "-p", "x"],
        ["query", "said-first", "-p", "nobody=1"],
        ["ingest", "nowhere.yaml"],
        ["ingest", "-", "-"],
        ["report", OPENAI, "1 USD"],
        ["report", OPENAI, "1 USD", "--text", "two", "--source", "gate-2026-02-20"],
        ["report", "nvidia", "1 USD", "--source", "gate-2026-02-20"],
        ["correct", "nvidia-30-billion", "--reason", "no claim"],
        ["retract", "nvidia-30-billion"],
        ["export", "events", "events.xml"],
        ["export", "duckdb", "x.duckdb", "--as-of", "2025-01-01"],
        ["nonsense"],
        [],
    ],
    ids=" ".join,
)
def test_bad_input_is_2(desk: Path, arguments: list[str], here: Here) -> None:
    printed = here(desk, *arguments, expected=2)
    assert printed.stdout == ""
    assert printed.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "nobody/nothing"],
        ["show", "--as-of", "1990-01-01"],
        ["show", OPENAI, "--recorded-as-of", "#1"],
        ["history", "nobody/*"],
        ["why", "nobody/nothing"],
        ["diff", "2025-01-01", "2026-01-01", "nobody/nothing"],
        ["disagreements", "nobody/nothing"],
        ["query", "nothing"],
        ["correct", "nothing", "1 USD", "--reason", "none"],
        ["retract", "nothing", "--reported", "2025-01-01"],
        ["head", "--store", "nowhere"],
        ["show", "--store", "nowhere"],
    ],
    ids=" ".join,
)
def test_nothing_found_is_5(desk: Path, arguments: list[str], here: Here) -> None:
    printed = here(desk, *arguments, expected=5)
    assert printed.stdout == ""
    assert printed.stderr.startswith("Error: ")


def test_bad_events_are_named_by_file_line_and_column(empty: Path) -> None:
    (empty / "bad.yaml").write_text(
        "source: desk-1\nevents:\n- fact: acme/price\n  claim: 1 GWW\n- fact: acne/price\n  claim: 1 USD\n"
    )
    finished = timeline(empty, "ingest", "bad.yaml", expected=2)
    first, second, last = finished.stderr.splitlines()
    assert first.startswith("bad.yaml:3:3: cannot read '1 GWW' as an amount")
    assert second == "bad.yaml:5:3: unknown entity 'acne' as subject; did you mean 'acme'?"
    assert last == "Error: 2 bad events; nothing was recorded"


def test_of_many_bad_events_fifty_are_named(empty: Path, here: Here) -> None:
    lines = [json.dumps({"fact": "acme/price", "claim": f"{n} GWW", "source": "desk-1"}) for n in range(53)]
    finished = here(empty, "ingest", "-", given="\n".join(lines), expected=2)
    printed = finished.stderr.splitlines()
    assert printed[49].startswith("stdin:50:")
    assert printed[50].startswith("… and 3 more")
    assert printed[51] == "Error: 53 bad events; nothing was recorded"


def test_a_conflict_is_3_and_shows_both(empty: Path) -> None:
    report = ["report", "acme/price", "--source", "desk-1", "--key", "price"]
    timeline(empty, *report, "1 USD")
    finished = timeline(empty, *report, "2 USD", expected=3)
    assert "claim 1 USD" in finished.stderr
    assert "claim 2 USD" in finished.stderr


def test_corruption_is_4_and_names_the_file(empty: Path) -> None:
    [*_, last] = sorted((empty / ".timeline" / "log").glob("*.parquet"))
    content = bytearray(last.read_bytes())
    content[len(content) // 2] ^= 1
    last.write_bytes(content)
    finished = timeline(empty, "verify", expected=4)
    assert last.name in finished.stderr


def test_a_full_disk_is_1_without_a_traceback(desk: Path) -> None:
    with Path("/dev/full").open("w") as full:
        finished = subprocess.run(
            [sys.executable, "-m", "timeline", "show"],
            cwd=desk,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    assert finished.returncode == 1
    assert finished.stderr == "Error: [Errno 28] No space left on device\n"


def test_no_project_is_5_and_says_what_to_do(tmp_path: Path) -> None:
    finished = timeline(tmp_path, "show", expected=5)
    assert "timeline init" in finished.stderr


def test_the_store_may_be_named_by_the_environment(desk: Path, tmp_path: Path) -> None:
    for place in (desk, desk / ".timeline"):
        assert timeline(tmp_path, "show", OPENAI, TIMELINE_STORE=str(place)).stdout
        assert timeline(tmp_path, "show", OPENAI, "--store", str(place)).stdout


# The first answer in a project


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(".timeline"))


def test_the_first_question_ingests_and_answers(project: Path) -> None:
    finished = timeline(project, "show", OPENAI, "--as-of", "2026-02-28")
    assert "30 billion USD" in finished.stdout
    assert finished.stderr.startswith(
        "No store yet: ingesting events into .timeline; recorded dates begin now\n"
    )
    assert finished.stderr.endswith("\nOpen it as a page: timeline serve\n")
    assert left_behind(project) == [".timeline"]
    assert timeline(project, "show", OPENAI, "--as-of", "2026-02-28").stderr == ""


def test_the_page_is_named_as_this_program_was_called(project: Path) -> None:
    program = project / "my tools" / "timeline"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom timeline.cli import main\nmain()\n")
    program.chmod(0o755)
    store = project / "a desk"
    store.mkdir()
    for name in ("timeline.toml", "events"):
        (project / name).rename(store / name)

    def called(command: str, path: str) -> str:
        shutil.rmtree(store / ".timeline", ignore_errors=True)
        asked = subprocess.run(
            [command, "show", OPENAI, "--store", "a desk"],
            cwd=project,
            env=environment(PATH=path),
            capture_output=True,
            text=True,
            check=True,
        )
        return asked.stderr.splitlines()[-1]

    path = os.environ["PATH"]
    assert (
        called("my tools/timeline", path) == "Open it as a page: 'my tools/timeline' serve --store 'a desk'"
    )
    assert called(str(program), f"{program.parent}{os.pathsep}{path}").endswith(
        ": timeline serve --store 'a desk'"
    )


def test_a_first_question_that_fails_names_no_page(project: Path) -> None:
    assert "page" not in timeline(project, "show", "nvidia/investmnt/openai", expected=5).stderr


def test_the_first_question_ingests_from_a_subfolder_too(project: Path, here: Here) -> None:
    assert here(project / "queries", "show", OPENAI).stdout
    assert left_behind(project) == [".timeline"]


def test_the_first_report_comes_after_the_projects_own_events(project: Path, here: Here) -> None:
    here(project, "report", OPENAI, "31 billion USD", "--source", "gate-2026-02-20")
    assert "31 billion USD" in here(project, "history", OPENAI).stdout
    assert "letter-of-intent" in here(project, "history", OPENAI).stdout


def test_bad_events_leave_no_store(project: Path) -> None:
    (project / "events" / "999-bad.yaml").write_text("- {fact: nvidia/investment/openai, claim: 1 GWW}\n")
    for _ in range(2):
        finished = timeline(project, "show", expected=2)
        assert "events/999-bad.yaml:1:3: " in finished.stderr
        assert finished.stdout == ""
        assert left_behind(project) == []


def test_a_project_without_events_has_no_store(tmp_path: Path, here: Here) -> None:
    here(tmp_path, "init", "--empty", "desk")
    assert "no events in events" in here(tmp_path / "desk", "show", expected=5).stderr
    here(tmp_path / "desk", "ingest")
    assert left_behind(tmp_path / "desk") == []
    # The first report makes it, whatever files without events are there.
    first = ("report", "acme/ceo", "--text", "Ann", "--source", "a", "--reported", "2025-01-01")
    here(tmp_path / "desk", *first, "--register-unknown")
    assert "Ann" in here(tmp_path / "desk", "show").stdout


def test_looking_after_a_store_makes_none(project: Path, here: Here) -> None:
    for command in ("verify", "head", "stats", "rebuild", "compact"):
        here(project, command, expected=5)
    assert left_behind(project) == []


def test_two_first_questions_at_once_both_answer(project: Path) -> None:
    command = [sys.executable, "-m", "timeline", "show", OPENAI, "--format", "csv"]
    asked = [
        subprocess.Popen(
            command, cwd=project, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=LONG)[0] for process in asked]
    assert [process.returncode for process in asked] == [0, 0]
    assert answers[0] == answers[1] != b""
    assert left_behind(project) == [".timeline"]


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGKILL])
def test_an_end_in_the_middle_leaves_no_store_that_counts(project: Path, with_signal: signal.Signals) -> None:
    command = [sys.executable, "-m", "timeline", "ingest", "-"]
    process = subprocess.Popen(
        command, cwd=project, env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin
    # The command has begun a store, and waits for the rest of its events.
    while not left_behind(project):
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.02)
    process.send_signal(with_signal)
    process.communicate(timeout=LONG)
    assert process.returncode == (130 if with_signal == signal.SIGINT else -signal.SIGKILL)
    assert ".timeline" not in left_behind(project)
    assert timeline(project, "show", OPENAI).stdout
    assert left_behind(project) == [".timeline"]


# Projects and recording


def test_init_copies_the_bundled_project(tmp_path: Path, here: Here) -> None:
    finished = here(tmp_path, "init", "desk")
    assert finished.stdout == ""
    copied = {path.relative_to(tmp_path / "desk").as_posix() for path in (tmp_path / "desk").rglob("*.*")}
    events = {f"events/{path.name}" for path in (ROOT / "events").glob("*.yaml")}
    queries = {f"queries/{path.name}" for path in (ROOT / "queries").glob("*.sql")}
    assert copied == events | queries | {"timeline.toml", ".gitignore"}
    assert (tmp_path / "desk" / ".gitignore").read_text() == ".timeline/\n"
    here(tmp_path, "init", "desk", expected=3)


def test_init_overwrites_nothing(tmp_path: Path, here: Here) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "sources.yaml").write_text("mine")
    (tmp_path / ".gitignore").write_text("*.pyc")
    here(tmp_path, "init", ".", expected=3)
    assert (tmp_path / "events" / "sources.yaml").read_text() == "mine"
    assert not (tmp_path / "timeline.toml").exists()
    (tmp_path / "events" / "sources.yaml").unlink()
    here(tmp_path, "init", ".", "--empty")
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\n.timeline/\n"


def test_the_example_of_an_empty_project_is_right(tmp_path: Path, here: Here) -> None:
    here(tmp_path, "init", "--empty", "desk")
    for path in (tmp_path / "desk" / "events").glob("*.yaml"):
        lines = path.read_text().splitlines()
        prose = [line for line in lines if line.startswith("# Reports, ") or line == "#"]
        path.write_text("\n".join(line.removeprefix("# ") for line in lines if line not in prose))
    assert "15-25 million USD" in here(tmp_path / "desk", "show", "acme/purchase/widgets").stdout
    assert "1 row" in here(tmp_path / "desk", "query", "of-subject", "-p", "subject=acme").stdout


def test_a_report_is_known_the_second_time(empty: Path, here: Here) -> None:
    report = ["report", "acme/ceo", "--entity", "ann", "--source", "desk-1", "--key", "ann", "--json"]
    first = here(empty, *report)
    second = here(empty, *report)
    assert json.loads(first.stdout) == json.loads(second.stdout)
    assert first.stderr == "Written to events/recorded.yaml, and recorded from there.\n"
    assert second.stderr == "Known already: nothing was recorded.\n"
    recorded = json.loads(first.stdout)
    head = json.loads(here(empty, "head", "--json").stdout)
    assert (recorded["position"], recorded["commit"]) == (head["position"], head["commit"])
    found = json.loads(here(empty, "history", "acme/ceo", "--format", "jsonl").stdout)
    assert (found["event_id"], found["position"]) == (recorded["event_id"], recorded["position"])


def test_a_report_may_register_what_it_names(empty: Path, here: Here) -> None:
    finished = here(
        empty, "report", "globex/price", "3 USD", "--source", "globex-1", "--reported", "2026-03-01",
        "--register-unknown", "--json",
    )  # fmt: skip
    recorded = json.loads(finished.stdout)
    found = json.loads(here(empty, "history", "globex/price", "--format", "jsonl").stdout)
    assert found["event_id"] == recorded["event_id"]


def test_a_slip_is_corrected_by_key_and_by_prefix(empty: Path, here: Here) -> None:
    reported = json.loads(
        here(empty, "report", "acme/price", "10 USD", "--source", "desk-1", "--key", "price", "--json").stdout
    )
    here(empty, "correct", "price", "1 USD", "--reason", "a zero too many")
    assert "1 USD" in here(empty, "show", "acme/price").stdout
    here(empty, "correct", reported["event_id"][:10], "2 USD", "--reason", "misread")
    assert "2 USD" in here(empty, "show", "acme/price").stdout
    here(empty, "correct", "price", "--void", "--reason", "another Acme")
    here(empty, "show", "acme/price", expected=5)
    story = here(empty, "why", "acme/price").stdout
    assert "Nothing is believed." in story
    assert "another Acme." in story


def test_a_retraction_counts_from_its_own_date(empty: Path, here: Here) -> None:
    here(
        empty,
        "report",
        "acme/price",
        "10 USD",
        "--source",
        "desk-1",
        "--reported",
        "2026-01-01",
        "--key",
        "price",
    )
    here(empty, "retract", "price", "--reported", "2026-02-01", "--reason", "erratum")
    assert "10 USD" in here(empty, "show", "acme/price", "--as-of", "2026-01-31").stdout
    here(empty, "show", "acme/price", "--as-of", "2026-02-01", expected=5)
    assert "retracted 2026-02-01" in here(empty, "why", "acme/price").stdout


def test_ingest_takes_what_is_good_and_writes_down_the_rest(empty: Path, here: Here) -> None:
    for name, unit in (("one", "GWW"), ("two", "USDD")):
        (empty / f"{name}.jsonl").write_text(
            "\n".join(
                json.dumps({"fact": "acme/price", "claim": claim, "source": "desk-1", "key": name + claim})
                for claim in ("1 USD", f"1 {unit}")
            )
        )
    finished = here(empty, "ingest", "one.jsonl", "two.jsonl", "--rejects", "bad.jsonl", "--json")
    results = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [(result["new"], result["rejected"]) for result in results] == [(1, 1), (1, 1)]
    rejects = [json.loads(line) for line in (empty / "bad.jsonl").read_text().splitlines()]
    assert [(reject["file"], reject["line"]) for reject in rejects] == [("one.jsonl", 2), ("two.jsonl", 2)]


def test_a_dry_run_records_nothing(empty: Path, tmp_path: Path, here: Here) -> None:
    before = here(empty, "head").stdout
    line = json.dumps({"fact": "acme/price", "claim": "1 USD", "source": "desk-1"})
    assert "1 new event; a dry run" in here(empty, "ingest", "-", "--dry-run", given=line).stderr
    assert here(empty, "head").stdout == before
    bad = line.replace("USD", "GWW")
    assert "stdin:1:" in here(empty, "ingest", "-", "--dry-run", given=bad, expected=2).stderr


# Formats and files


def test_a_suffix_chooses_the_format(desk: Path, tmp_path: Path, here: Here) -> None:
    for suffix, beginning in (
        (".csv", b"fact,"),
        (".json", b"{"),
        (".jsonl", b'{"fact"'),
        (".parquet", b"PAR1"),
    ):
        file = tmp_path / f"answer{suffix}"
        finished = here(desk, "show", OPENAI, "--output", str(file))
        assert (finished.stdout, finished.stderr) == ("", "")
        assert file.read_bytes().startswith(beginning)
    assert sorted(path.name for path in tmp_path.glob(".answer*")) == []


def test_exports_hold_everything(desk: Path, tmp_path: Path, here: Here) -> None:
    events = json.loads(here(desk, "stats", "--json").stdout)["events"]
    for suffix in (".csv", ".jsonl", ".parquet", ".yaml"):
        here(desk, "export", "events", str(tmp_path / f"events{suffix}"))
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == events
    assert pq.read_metadata(tmp_path / "events.parquet").num_rows == events
    rows = list(csv.DictReader((tmp_path / "events.csv").read_text().splitlines()))
    assert [row["fact"] for row in rows if row["key"] == "nvidia-letter-of-intent"] == [OPENAI]
    here(desk, "export", "events", str(tmp_path / "events.csv"), expected=3)
    here(desk, "export", "events", str(tmp_path / "events.csv"), "--replace")


def test_an_export_of_beliefs_is_what_show_says(desk: Path, tmp_path: Path, here: Here) -> None:
    dates = ["--as-of", "2025-02-22", "--basis", "possible"]
    here(desk, "export", "beliefs", str(tmp_path / "beliefs.jsonl"), *dates)
    shown = here(desk, "show", *dates, "--format", "jsonl").stdout
    assert (tmp_path / "beliefs.jsonl").read_text() == shown


def test_events_are_exported_as_they_were_recorded(desk: Path, tmp_path: Path, here: Here) -> None:
    here(desk, "export", "events", str(tmp_path / "x.jsonl"), "--recorded-as-of", "#1")
    types = {json.loads(line)["type"] for line in (tmp_path / "x.jsonl").read_text().splitlines()}
    assert types == {"attribute-described"}
    here(desk, "export", "events", str(tmp_path / "y.jsonl"), "--as-of", "2025-01-01", expected=2)


def test_the_exported_database_answers_by_itself(desk: Path, tmp_path: Path, here: Here) -> None:
    here(desk, "export", "duckdb", str(tmp_path / "all.duckdb"))
    con = duckdb.connect(str(tmp_path / "all.duckdb"), read_only=True)
    found = con.execute("SELECT claim FROM beliefs_as_of('2026-02-28') WHERE fact = $1", [OPENAI]).fetchall()
    con.close()
    assert found == [("30 billion USD",)]


def test_sql_is_read_from_stdin(desk: Path, here: Here) -> None:
    assert here(desk, "sql", "-", "--format", "csv", given="SELECT 1 AS one").stdout == "one\n1\n"


def test_a_query_says_what_it_takes(desk: Path, here: Here) -> None:
    listed = json.loads(here(ROOT, "query", "--json", "--store", str(desk)).stdout)
    assert {row["name"] for row in listed["rows"]} == {path.stem for path in (ROOT / "queries").glob("*.sql")}


# Terminals and pipes


def in_terminal(folder: Path, *arguments: str, columns: int = 80, more: dict[str, str] | None = None) -> str:
    """Return what a command prints to a terminal of that many columns."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "timeline", *arguments],
        cwd=folder,
        env=environment(**(more or {})),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    printed = b""
    while True:
        try:
            some = os.read(main, 65536)
        except OSError:
            break
        if not some:
            break
        printed += some
    os.close(main)
    assert process.wait(timeout=LONG) == 0, printed
    return printed.decode().replace("\r\n", "\n")


def test_a_terminal_has_colours_and_its_own_width(desk: Path) -> None:
    printed = in_terminal(desk, "show", "softbank/*", columns=60)
    assert "\x1b[" in printed
    bare = re.sub(r"\x1b\[\d*m", "", printed)
    assert bare == timeline(desk, "show", "softbank/*", COLUMNS="60").stdout
    assert max(map(len, bare.splitlines())) <= 60


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
def test_no_colours_where_they_are_not_wanted(desk: Path, more: dict[str, str]) -> None:
    assert "\x1b" not in in_terminal(desk, "show", "softbank/*", more=more)


def test_parquet_stays_out_of_terminals(desk: Path) -> None:
    with pytest.raises(AssertionError, match="Parquet is not for a terminal"):
        in_terminal(desk, "show", "--format", "parquet")


def test_progress_is_for_terminals(project: Path) -> None:
    assert "30 billion USD" in in_terminal(project, "show", OPENAI)


def test_a_pipe_is_eighty_columns_wide_and_has_no_colours(desk: Path) -> None:
    printed = timeline(desk, "show", "--as-of", "2025-02-22").stdout
    assert "\x1b" not in printed
    assert max(map(len, printed.splitlines())) in range(70, 81)


@pytest.mark.parametrize(
    "arguments",
    [["show"], ["show", "--json"], ["why", OPENAI], ["sql", "SELECT * FROM range(100000)"], ["head"]],
)
def test_a_reader_that_has_seen_enough_is_no_failure(desk: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    finished = subprocess.run(
        [sys.executable, "-m", "timeline", *arguments],
        cwd=desk,
        env=environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (finished.returncode, finished.stderr) == (0, b"")


def test_a_bug_is_reported_in_short_and_shown_on_request(desk: Path) -> None:
    code = (
        "import sys, timeline.store as s; s.Timeline.head = lambda self: 1 / 0; "
        "sys.argv = ['timeline', 'head']; from timeline.cli.app import main; main()"
    )

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=desk,
            env=environment(**more),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    finished = run()
    assert finished.returncode == 1
    assert finished.stderr.startswith("Error: ZeroDivisionError: ")
    assert "Traceback" not in finished.stderr
    assert "Traceback" in run(TIMELINE_DEBUG="1").stderr


def test_help_needs_no_store(tmp_path: Path, here: Here) -> None:
    for command in ([], ["show"], ["ingest"], ["export"]):
        assert here(tmp_path, *command, "--help").stdout.startswith("Usage: timeline")


def test_every_reading_command_takes_the_same_options(tmp_path: Path, here: Here) -> None:
    options = {
        "--recorded-as-of",
        "--valid-at",
        "--basis",
        "--policy",
        "--format",
        "--json",
        "--output",
        "--store",
    }
    for command in ("show", "history", "diff", "why", "disagreements", "sql", "query"):
        taken = set(re.findall(r"--[a-z-]+", here(tmp_path, command, "--help").stdout))
        assert options <= taken
        assert ("--as-of" in taken) == (command != "diff")


def test_facts_are_completed(desk: Path) -> None:
    finished = timeline(
        desk,
        _TIMELINE_COMPLETE="complete_bash",
        COMP_WORDS="timeline show nvidia/invest",
        COMP_CWORD="2",
    )
    assert finished.stdout.split() == [OPENAI]
