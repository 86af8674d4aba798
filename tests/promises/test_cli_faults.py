"""What the command line makes of full disks, closed streams, interrupts, pipes and neighbours."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.commands import LONG, OPENAI, environment, timeline
from tests.examples import some

SOURCE = "gate-2026-02-20"
MAIN = [sys.executable, "-m", "timeline"]


def limited(
    folder: Path, *arguments: str, limit: int | None = None, value: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command that may use only so much of a resource."""

    def prepare() -> None:
        if limit is not None:
            resource.setrlimit(limit, (value, value))

    return subprocess.run(
        [*MAIN, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=LONG,
        check=False,
        preexec_fn=prepare,
    )


def in_bash(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment(T=f"{sys.executable} -m timeline"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=LONG,
        check=False,
    )


def head(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(timeline(folder, "head", "--json").stdout)
    return found


@pytest.fixture(scope="module")
def desk(recorded_project: Path) -> Path:
    """Return a project whose events are recorded, for tests that only read."""
    return recorded_project


@pytest.fixture(scope="module")
def indexed(recorded_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose events are recorded, with an index that was just built; tests copy it."""
    copy = shutil.copytree(recorded_project, tmp_path_factory.mktemp("indexed") / "desk")
    timeline(copy, "rebuild")
    return copy


@pytest.fixture
def own(indexed: Path, tmp_path: Path) -> Path:
    """Return a project of one's own whose events are recorded, with its index."""
    return shutil.copytree(indexed, tmp_path / "desk")


# Neighbours of a new store


@pytest.mark.parametrize("store", [".timeline", "desk"])
def test_making_a_store_leaves_its_neighbours_alone(project: Path, store: str) -> None:
    # No process has such an id.
    neighbours = [
        f"{store}.new-2026",
        f"{store}.new-4194305",
        f".{store}.1",
        ".timeline-tmp-0123456789abcdef",
    ]
    for name in neighbours:
        (project / name).mkdir()
        (project / name / "mine.txt").write_text("mine")
    timeline(project, "ingest", "events", "--store", store)
    assert [(project / name / "mine.txt").read_text() for name in neighbours] == ["mine"] * 4
    assert timeline(project, "show", OPENAI, "--store", store).stdout


def test_what_a_killed_maker_left_goes(project: Path) -> None:
    process = subprocess.Popen(
        [*MAIN, "ingest", "-"], cwd=project, env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not list(project.glob(".timeline-tmp-*/store/log")):
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.02)
    # The files of a live process are kept.
    timeline(project, "show", OPENAI)
    assert len(list(project.glob(".timeline-tmp-*"))) == 1
    process.kill()
    process.communicate(timeout=LONG)
    timeline(project, "show", OPENAI, "--output", "answer.csv")
    assert list(project.glob(".timeline-tmp-*")) == []


def test_a_first_file_that_was_taken_stays_though_the_second_is_bad(tmp_path: Path) -> None:
    line = {"fact": "acme/price", "claim": "1 USD", "source": "desk-1", "reported": "2026-03-01"}
    (tmp_path / "good.jsonl").write_text(json.dumps(line))
    (tmp_path / "bad.jsonl").write_text(json.dumps(line | {"claim": "1 GWW"}))
    ingest = ["ingest", "good.jsonl", "bad.jsonl", "--register-unknown", "--store", "desk"]
    finished = timeline(tmp_path, *ingest, expected=2)
    assert "good.jsonl: 1 new event in commit #1" in finished.stderr
    assert timeline(tmp_path, "show", "acme/price", "--store", "desk").stdout


# After the acknowledgement


def test_a_command_succeeds_exactly_where_it_recorded_whatever_files_it_may_open(own: Path) -> None:
    seen = set()
    for files in (*range(5, 14), 24):
        before = head(own)["commit"]
        report = ["report", OPENAI, f"{files} billion USD", "--source", SOURCE, "--json"]
        finished = limited(own, *report, limit=resource.RLIMIT_NOFILE, value=files)
        after = head(own)["commit"]
        assert finished.returncode == (0 if after > before else 1), (files, finished.stderr)
        assert "Traceback" not in finished.stderr
        assert "fault of Timeline" not in finished.stderr
        assert "damaged" not in finished.stderr
        seen.add(finished.returncode)
        if after > before:
            printed = json.loads(finished.stdout)
            assert (printed["commit"], printed["position"]) == (after, head(own)["position"])
            assert printed["event_id"] or finished.stderr.startswith("warning: it is recorded")
    assert seen == {0, 1}


def test_a_full_disk_after_an_ingest_is_a_warning(own: Path) -> None:
    rows = [
        {"fact": f"nvidia/revenue@{year}", "claim": f"{year} USD", "source": SOURCE, "reported": "2026-02-20"}
        for year in range(2100, 4300)
    ]
    (own / "many.jsonl").write_text("\n".join(map(json.dumps, rows)))
    # The commit fits, the next generation of the index does not.
    finished = limited(
        own,
        "ingest",
        "many.jsonl",
        "--json",
        "--register-unknown",
        limit=resource.RLIMIT_FSIZE,
        value=1_000_000,
    )
    assert finished.returncode == 0, finished.stderr
    result = json.loads(finished.stdout)
    assert result["new"] == len(rows)
    assert [warning[:39] for warning in result["warnings"]] == ["all is recorded, but the index could no"]
    assert "warning: all is recorded, but the index" in finished.stderr
    assert head(own)["commit"] == result["commits"][-1]


@pytest.mark.parametrize("to", [">&-", ">/dev/full", "| true", ">&- 2>&-", "2>&-", ">/dev/full 2>/dev/full"])
def test_what_was_recorded_is_a_success_wherever_it_is_printed(own: Path, to: str) -> None:
    before = head(own)["commit"]
    report = f"$T report {OPENAI} '31 billion USD' --source {SOURCE} --json --no-file"
    finished = in_bash(own, f"set -o pipefail; {report} {to}")
    assert finished.returncode == 0, finished.stderr
    assert head(own)["commit"] == before + 1
    expected = "warning: it was recorded, but could not be printed" if to == ">/dev/full" else ""
    assert finished.stderr.startswith(expected)
    assert bool(finished.stderr) == bool(expected)


def test_all_files_are_ingested_though_nobody_reads_the_answers(own: Path) -> None:
    for name, claim in (("one", "1 USD"), ("two", "2 USD"), ("three", "3 USD")):
        line = {"fact": OPENAI, "claim": claim, "source": SOURCE}
        (own / f"{name}.jsonl").write_text(json.dumps(line))
    before = head(own)["commit"]
    assert in_bash(own, "$T ingest one.jsonl two.jsonl three.jsonl --json | true").returncode == 0
    assert head(own)["commit"] == before + 3


# Streams that are closed


@pytest.mark.parametrize("to", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "| true", "2>/dev/full"])
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("--help", 0),
        ("show --help", 0),
        ("--version", 0),
        ("show", 0),
        ("head", 0),
        ("why nvidia/investment/openai --json", 0),
        ("show --format parquet", 0),
        ("nonsense", 2),
        ("show nobody/nothing", 5),
    ],
)
def test_a_closed_stream_changes_no_exit_code(desk: Path, command: str, code: int, to: str) -> None:
    finished = in_bash(desk, f"set -o pipefail; $T {command} {to}")
    assert finished.returncode == code, finished.stderr
    assert "Traceback" not in finished.stderr
    assert "fault of Timeline" not in finished.stderr
    if code == 0:
        assert finished.stderr == ""


@pytest.mark.parametrize("command", ["--version", "--help", "show"])
def test_what_could_not_be_printed_is_an_error(desk: Path, command: str) -> None:
    finished = in_bash(desk, f"$T {command} >/dev/full")
    assert (finished.returncode, finished.stderr) == (1, "Error: [Errno 28] No space left on device\n")


@pytest.mark.parametrize("command", ["ingest -", "sql -"])
def test_a_closed_stdin_is_bad_input(own: Path, command: str) -> None:
    finished = in_bash(own, f"$T {command} <&-")
    assert (finished.returncode, finished.stderr) == (2, "Error: standard input is closed\n")


# Interrupts


@pytest.mark.parametrize(
    "module", ["typer", "timeline.errors", "timeline.store", "duckdb", "_duckdb", "pyarrow"]
)
def test_an_interrupt_while_a_library_loads_is_130(desk: Path, module: str) -> None:
    script = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from timeline.cli.app import main\n"
        "sys.argv = ['timeline', 'show', '--format', 'parquet']\n"
        "main()\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script],
        cwd=desk,
        env=environment(),
        capture_output=True,
        timeout=LONG,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (130, b"")


@pytest.mark.parametrize(
    "arguments",
    [
        ["sql", "SELECT count(*) FROM range(1000000) a, range(10000000) b WHERE a.range + b.range = 7"],
        ["sql", "SELECT max(md5(range::VARCHAR)) FROM range(100000000000)"],
    ],
)
def test_an_interrupt_of_a_query_is_130_at_once(desk: Path, arguments: list[str]) -> None:
    process = subprocess.Popen(
        [*MAIN, *arguments], cwd=desk, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        # The command is at work once it has used more processor time than loading takes.
        while _seconds_used(process.pid) < 2:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, printed) == (130, (b"", b""))


def _seconds_used(process: int) -> float:
    """Return the processor time of a process and of those that it started."""
    seconds = 0.0
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        children = Path(f"/proc/{process}/task/{process}/children").read_text()
        seconds += sum(_seconds_used(int(child)) for child in children.split())
    return seconds


def test_a_command_that_is_to_ignore_interrupts_does(desk: Path) -> None:
    script = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
        "from timeline.cli.app import main; os.kill(os.getpid(), signal.SIGINT); "
        "sys.argv = ['timeline', 'head']; main()"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], cwd=desk, env=environment(), capture_output=True, check=False
    )
    assert finished.returncode == 0


# What is no file


def replaced(path: Path, kind: str) -> None:
    path.unlink(missing_ok=True)
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_refused_at_once(own: Path, kind: str) -> None:
    thing = own / "thing.yaml"
    replaced(thing, kind)
    replaced(own / "thing.json", kind)
    replaced(own / "queries" / "broken.sql", kind)
    for arguments in (
        ["ingest", "events/sources.yaml", "--rejects", "thing.yaml"],
        ["show", "--output", "thing.json"],
        ["query", "broken"],
        ["query"],
    ):
        finished = timeline(own, *arguments, expected=2)
        assert f"a {kind}" in finished.stderr or f"a named {kind}" in finished.stderr, arguments
    replaced(own / "thing.csv", kind)
    timeline(own, "export", "events", "thing.csv", "--replace", expected=2)
    replaced(own / "thing.duckdb", kind)
    timeline(own, "export", "duckdb", "thing.duckdb", "--replace", expected=2)
    if kind == "pipe":
        assert "a named pipe" in timeline(own, "ingest", "thing.yaml", expected=2).stderr
        os.mkfifo(own / "events" / "more.yaml")
        assert "events/more.yaml: is a named pipe" in timeline(own, "ingest", expected=2).stderr
    replaced(own / "timeline.toml", kind)
    assert "timeline.toml: is a" in timeline(own, "show", expected=2).stderr
    (own / "timeline.toml").rmdir() if kind == "folder" else (own / "timeline.toml").unlink()
    store = str(own / ".timeline")
    replaced(own / ".timeline" / "log" / ".append.lock", "folder")
    report = ["report", OPENAI, "1 USD", "--source", SOURCE, "--store", store]
    assert "expected a lock file" in timeline(own, *report, expected=4).stderr
    [*_, last] = sorted((own / ".timeline" / "log").glob("*.parquet"))
    replaced(last, kind)
    for command in ("show", "verify", "head"):
        finished = timeline(own, command, "--store", store, expected=4)
        assert f"{last.name}: is a" in finished.stderr


def test_a_link_to_nothing_among_the_events_is_no_silence(own: Path) -> None:
    (own / "events" / "lost.yaml").symlink_to("nowhere.yaml")
    assert "events/lost.yaml: cannot be read" in timeline(own, "ingest", expected=2).stderr


# A damaged index


@pytest.mark.parametrize(
    "damage", some(["half", "pipe", "folder", "other", "first blocks", "last blocks"], 3)
)
def test_a_damaged_index_is_rebuilt(own: Path, damage: str) -> None:
    expected = timeline(own, "show", "--json").stdout
    [file] = (own / ".timeline" / "index").glob("*.duckdb")
    [rows] = (own / ".timeline" / "index").glob("*.rows")
    content = bytearray(file.read_bytes())
    half = len(content) // 2
    if damage in ("pipe", "folder"):
        replaced(file, damage)
        replaced(rows, damage)
    elif damage == "other":
        file.unlink()
        with duckdb.connect(str(file)) as con:
            con.execute("CREATE TABLE mine AS SELECT 1")
    else:
        start, end = (12_288, half) if damage == "first blocks" else (half, len(content))
        content[start:end] = b"x" * (end - start)
        file.write_bytes(content[:half] if damage == "half" else content)
    finished = timeline(own, "show", "--json")
    assert finished.stdout == expected
    if damage != "pipe":
        assert "the index is damaged, and is replaced" in finished.stderr
    assert timeline(own, "report", OPENAI, "1 USD", "--source", SOURCE).stdout
    timeline(own, "verify")


def test_a_query_that_cannot_read_its_own_file_builds_nothing(own: Path) -> None:
    before = [(path, path.stat().st_ino) for path in (own / ".timeline" / "index").iterdir()]
    finished = timeline(own, "sql", "SELECT * FROM 'nowhere.parquet'", expected=2)
    assert "index" not in finished.stderr
    assert [(path, path.stat().st_ino) for path in (own / ".timeline" / "index").iterdir()] == before


# Inputs that would be overwritten


def test_rejects_overwrite_nothing_that_is_read(own: Path) -> None:
    given = own / "given.jsonl"
    given.write_text('{"fact": "nvidia/revenue@2024", "claim": "1 GWW"}\n')
    text = given.read_text()
    (own / "soft.jsonl").symlink_to("given.jsonl")
    os.link(given, own / "hard.jsonl")
    before = head(own)["commit"]
    for rejects in ("given.jsonl", "./given.jsonl", str(given), "soft.jsonl", "hard.jsonl"):
        finished = timeline(own, "ingest", "given.jsonl", "--rejects", rejects, expected=2)
        assert "cannot be written; it is or lies in" in finished.stderr
        timeline(own, "ingest", "events", "given.jsonl", "--rejects", rejects, expected=2)
    for rejects in ("events/sources.yaml", "events/bad.jsonl"):
        timeline(own, "ingest", "events", "--rejects", rejects, expected=2)
        timeline(own, "ingest", "--rejects", rejects, expected=2)
    timeline(own, "ingest", "given.jsonl", "--rejects", ".timeline/log/000000000001.parquet", expected=2)
    assert given.read_text() == text
    assert head(own)["commit"] == before
    timeline(own, "ingest", "given.jsonl", "--rejects", "bad.jsonl")
    assert json.loads((own / "bad.jsonl").read_text())["file"] == "given.jsonl"


def test_answers_overwrite_nothing_that_is_read(own: Path) -> None:
    before = {path: path.read_bytes() for path in own.rglob("*") if path.is_file()}
    [index] = (own / ".timeline" / "index").glob("*.duckdb")
    (own / "soft.csv").symlink_to(".timeline/log/000000000001.parquet")
    targets = [
        *("timeline.toml", "events/sources.yaml", "events/answer.csv", "queries/said-first.sql", "soft.csv"),
        *(".timeline/log/000000000001.parquet", str(index), ".timeline/answer.csv"),
    ]
    for target in targets:
        timeline(own, "show", "--output", target, expected=2)
        timeline(own, "sql", "SELECT 1 AS one", "--output", target, expected=2)
    for target in (".timeline/events.csv", ".timeline/log/events.parquet", "soft.csv"):
        timeline(own, "export", "events", target, "--replace", expected=2)
    timeline(own, "export", "duckdb", ".timeline/index/all.duckdb", expected=2)
    assert {path: path.read_bytes() for path in own.rglob("*") if path in before} == before


def test_an_output_keeps_its_permissions(own: Path) -> None:
    for name, command in (
        ("answer.csv", ["show", "--output"]),
        ("events.parquet", ["export", "events", "--replace"]),
        ("events.jsonl", ["export", "events", "--replace"]),
        ("all.duckdb", ["export", "duckdb", "--replace"]),
        ("bad.jsonl", ["ingest", "events", "--rejects"]),
    ):
        file = own / name
        file.write_text("old")
        file.chmod(0o640)
        timeline(own, *command, name)
        assert file.stat().st_mode & 0o777 == 0o640
        assert file.read_bytes() != b"old"


# Completion

EVIL = [
    *("acme/$(touch pwned)", "acme/`touch pwned`", "acme/x;touch pwned", "acme/it's", 'acme/"q"', "acme/a b"),
    *(
        "acme/<(touch pwned)",
        "acme/){ touch pwned;}",
        "acme/x|y&z",
        "acme/~#!^{a,b}",
        "-acme/dash",
        "acme/\\x",
    ),
]
FINE = ["acme/plain", "acme/price@2024-01/2024-03", "acme/英伟达", "acme/c++_1.5"]


@pytest.fixture(scope="module")
def tricky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with facts that a shell would evaluate, and some that it would not."""
    folder = tmp_path_factory.mktemp("tricky")
    timeline(folder, "init", "--empty", ".")
    lines = [
        json.dumps({"fact": fact, "text": "x", "source": "s", "reported": "2025-01-01"})
        for fact in [*EVIL, *FINE]
    ]
    timeline(folder, "ingest", "-", "--register-unknown", given="\n".join(lines))
    return folder


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_a_completion_means_itself_in_every_shell(tricky: Path, shell: str) -> None:
    words = {
        "bash": {"COMP_WORDS": "timeline\nshow\nacme/", "COMP_CWORD": "2"},
        "zsh": {"_TYPER_COMPLETE_ARGS": "timeline show acme/"},
        "fish": {"_TYPER_COMPLETE_ARGS": "timeline show acme/", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
        "powershell": {
            "_TYPER_COMPLETE_ARGS": "timeline show acme/",
            "_TYPER_COMPLETE_WORD_TO_COMPLETE": "acme/",
        },
    }[shell]
    variables = {"_TIMELINE_COMPLETE": f"complete_{shell}", **words}
    printed = timeline(tricky, given="", expected=0, **variables).stdout
    assert all(fact in printed for fact in FINE)
    assert not [sign for sign in "$`;<>|&!^{}\\~#" if sign in printed.replace("_arguments '*: :((", "")]
    assert "touch" not in printed
    assert "dash" not in printed


def test_bash_completes_facts_and_runs_nothing(tricky: Path) -> None:
    script = """
    timeline() { $T "$@"; }
    eval "$(_TIMELINE_COMPLETE=source_bash $T)"
    env() { local IFS=' '; command env "${@:1:3}" $T; }
    COMP_WORDS=(timeline show acme/) COMP_CWORD=2
    _timeline_completion timeline
    for reply in "${COMPREPLY[@]}"; do eval "printf '%s\\n' $reply"; done
    """
    finished = in_bash(tricky, script)
    assert sorted(finished.stdout.splitlines()) == sorted(FINE), finished.stderr
    assert not (tricky / "pwned").exists()


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_evaluates_no_fact_and_no_help(tricky: Path) -> None:
    for words in ("timeline show acme/", "timeline ", "timeline show --", "timeline correct --"):
        printed = timeline(
            tricky, _TIMELINE_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=words
        ).stdout.removeprefix("_arguments ")
        # What zsh does with the argument: once for the command line, once for the list within.
        script = (
            '_arguments() { local spec="${1#*\\(\\(}"; eval "ws=( ${spec%))} )"; print -l -- $ws; }\n'
            f"_arguments {printed}"
        )
        finished = subprocess.run(
            ["zsh", "-f", "-c", script],
            cwd=tricky,
            env=environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert finished.returncode == 0
        assert (finished.stderr, finished.stdout != "") == ("", True)
        assert not (tricky / "pwned").exists()


def test_a_broken_store_completes_nothing_and_says_nothing(tmp_path: Path) -> None:
    timeline(tmp_path, "init", "--empty", ".")
    (tmp_path / "timeline.toml").write_text("[")
    finished = timeline(
        tmp_path, _TIMELINE_COMPLETE="complete_bash", COMP_WORDS="timeline show a", COMP_CWORD="2"
    )
    assert (finished.stdout.strip(), finished.stderr) == ("", "")
