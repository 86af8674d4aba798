"""What is stored, and what is typed, reaches a terminal as text alone: in answers, words and errors."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tests.commands import Done, run
from timeline.cli import app as cli
from timeline.printable import printable
from timeline.show.formats import Formulas, csv_lines

#: Escape sequences in seven and in eight bits, a bell, marks and overrides of direction, ends of lines.
EVIL = "=A\x1b[31m\x1b]0;t\x07\u202ex\u200f\u2066\x9b1m\r\x7f\u2028`[b](c) <script>*_|"
#: What may never be printed; line feeds are for lines.
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
FORMATS = ("table", "json", "jsonl", "csv", "markdown")
QUERY = "PIVOT (SELECT text, 1 AS n FROM beliefs) ON text USING sum(n)"
COMMANDS = (
    ["show"],
    ["show", "acme/note"],
    ["show", "acme/price"],
    ["history", "acme/note"],
    ["history", "acme/*"],
    ["diff", "2025-01-01", "2025-03-01"],
    ["why", "acme/note"],
    ["disagreements"],
    ["sql", "FROM events"],
    ["sql", "FROM sources"],
    ["sql", QUERY],
)
#: What fails: unknown names, SQL that is none, files with odd names, keys that are taken; and words alone.
OTHERS = (
    ["stats"],
    ["head"],
    ["plot", "acme/price"],
    ["show", f"acme/{EVIL}"],
    ["show", "--as-of", EVIL],
    ["show", f"--{EVIL}"],
    ["sql", f"SELECT {EVIL}"],
    ["sql", f"SELECT error('{EVIL}')"],
    ["history", f"{EVIL}*"],
    ["ingest", f"{EVIL}.jsonl"],
    ["ingest", "taken.jsonl"],
    ["ingest", "bad.jsonl"],
    ["ingest", "bad.csv"],
    ["map", "odd.csv"],
    ["show", "--store", EVIL],
    ["report", "acme/note", "--text", EVIL, "--source", EVIL],
    [EVIL],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store that holds hostile text in every field that takes any."""
    made = tmp_path_factory.mktemp("hostile")
    first = {"source": "s", "reported": "2025-01-01"}
    second = {"source": "t", "reported": "2025-02-01"}
    free = {"statement": EVIL, "key": "k", "actor": EVIL, "locator": {"start": 1, "end": 2}}
    events: list[dict[str, Any]] = [
        {"type": "source-described", "id": "s", "title": EVIL, "publisher": EVIL, "url": EVIL},
        {"type": "entity-described", "id": "acme", "name": EVIL, "kind": EVIL, "aliases": [EVIL]},
        {"type": "attribute-described", "id": "note", "meaning": EVIL},
        {"fact": "acme/note", "text": EVIL, **first, **free},
        {"fact": "acme/note", "text": f"{EVIL}2", **second},
        {"fact": "acme/price", "claim": "5 USD", **first, "statement": EVIL},
        {"fact": "acme/price", "claim": "9 USD", **second, "statement": EVIL},
        {"type": "corrected", "target": "k", "text": f"{EVIL}3", "reason": EVIL},
    ]
    write: dict[str, list[dict[str, Any]]] = {
        "events.jsonl": events,
        "taken.jsonl": [{"fact": "acme/note", "text": f"other {EVIL}", "key": "k", **first}],
        "bad.jsonl": [{"fact": f"a/{EVIL}", "text": "x"}, {EVIL: 1, "claim": EVIL, "fact": "a/b"}],
    }
    for name, rows in write.items():
        (made / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (made / "bad.csv").write_text(f'fact,"{EVIL}"\na/b,x\n', encoding="utf-8")
    (made / "odd.csv").write_text(f'"{EVIL}",b\n"{EVIL}",1\n', encoding="utf-8")
    done = run(made, ["ingest", "events.jsonl", "--register-unknown", "--store", "store"])
    assert done.code == 0, done.err
    return made


def with_store(command: Sequence[str]) -> list[str]:
    return [*command] if "--store" in command or command[0] == "map" else [*command, "--store", "store"]


def check(done: Done) -> None:
    for text in (done.out, done.err):
        found = RAW.search(text)
        assert found is None, text[max(found.start() - 60, 0) : found.end() + 20]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_answers_hold_text_alone(folder: Path, command: list[str]) -> None:
    for form in FORMATS:
        if command[0] == "why" and form not in ("table", "json"):
            continue
        # A program gets CSV as it is, and a terminal as it can print it.
        on_terminal(folder, [*command, "--format", form])
        if form != "csv":
            done = run(folder, with_store([*command, "--format", form]))
            assert done.code == 0, done.err
            check(done)


@pytest.mark.parametrize("command", OTHERS, ids=lambda command: ascii(" ".join(command))[:40])
def test_words_and_errors_hold_text_alone(folder: Path, command: list[str]) -> None:
    done = run(folder, with_store(command))
    assert "fault of Timeline" not in done.err
    check(done)


def on_terminal(folder: Path, command: Sequence[str]) -> None:
    """Run a command whose streams are a terminal, without colours, and check what arrives there."""
    with (
        terminal() as (stream, received),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(stream),
        contextlib.redirect_stderr(stream),
        mock.patch("sys.argv", ["timeline", *with_store(command)]),
        mock.patch.dict(os.environ, {"NO_COLOR": "1", "COLUMNS": "100"}),
    ):
        assert sys.stdout.isatty()
        assert cli.run() == 0
        stream.flush()
    text = b"".join(received).decode().replace("\r\n", "\n")
    assert text.strip()
    check(Done(0, text, ""))


@contextlib.contextmanager
def terminal() -> Iterator[tuple[io.TextIOWrapper, list[bytes]]]:
    """A stream that is a terminal, and what arrives at its other end."""
    ours, theirs = pty.openpty()
    received: list[bytes] = []

    def read() -> None:
        with contextlib.suppress(OSError):
            while part := os.read(ours, 65_536):
                received.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    with open(theirs, "w", encoding="utf-8") as stream:
        yield stream, received
    reader.join()
    os.close(ours)


def test_json_means_what_is_stored(folder: Path) -> None:
    done = run(folder, ["show", "acme/note", "--json", "--store", "store"])
    assert {row["text"] for row in json.loads(done.out)["rows"]} == {f"{EVIL}2"}


def test_a_spreadsheet_runs_nothing_where_that_is_asked_for(folder: Path) -> None:
    plain = run(folder, ["show", "--format", "csv", "--store", "store"])
    safe = run(folder, ["show", "--format", "csv", "--safe-csv", "--store", "store"])
    assert "which a spreadsheet would run; --safe-csv puts ' before it" in plain.err
    assert safe.err == ""
    assert ',"=A' in plain.out
    assert ',"=A' not in safe.out
    assert ",\"'=A" in safe.out


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_what_begins_like_a_formula_is_one_unless_it_is_a_figure(begin: str) -> None:
    formulas = Formulas(disarm=True)
    lines = list(
        csv_lines(["a"], [(f"{begin}cmd|' /C calc'!A0",), ("-5",), ("+1,250.5 %",), (-5,)], formulas)
    )
    assert lines[1].strip('"').startswith(f"'{begin}")
    assert formulas.count == 1
    assert [line.strip('"') for line in lines[2:]] == ["-5", "+1,250.5 %", "-5"]


def test_every_harmful_sign_is_taken_for_one() -> None:
    signs = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, *range(0x2028, 0x202F)]))
    assert not RAW.search(printable(signs))
    assert printable("\n") == "\n"
