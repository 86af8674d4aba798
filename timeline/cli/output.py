"""Where the words and the answers of a command go: stderr, stdout or a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

import typer

from timeline.atomic import writing
from timeline.errors import BadInput, BadRows, TimelineError, problem_lines
from timeline.printable import escaped_json, lines_of_colour, printable, visible
from timeline.represent import counted
from timeline.show.formats import Formulas, csv_lines, document, json_lines
from timeline.show.layout import Style, pairs, printed_width
from timeline.store import Timeline

if TYPE_CHECKING:
    from timeline import Ingested
    from timeline.ask.answers import Answer
    from timeline.cli.options import Output
    from timeline.show.words import View

__all__ = [
    "PRINTED_AT_MOST",
    "Cards",
    "Result",
    "deliver",
    "fail",
    "print_ingested",
    "print_lines",
    "print_pairs",
    "print_recorded",
    "printed_width",
    "read_stdin",
    "say",
    "showing_progress",
    "style_for",
    "warn",
    "warn_of_formulas",
]

Result = TypeVar("Result")
#: Of the bad events of an ingest, and of its warnings, this many are printed.
PRINTED_AT_MOST: Final = 50
#: Of a message, which may repeat what was typed, so many characters are printed.
_MESSAGE_AT_MOST: Final = 10_000
#: How many characters a query, or a proof, on standard input may have.
_STDIN_AT_MOST: Final = 16 * 2**20


# Words


def say(message: str) -> None:
    """Print a message to stderr; one that cannot be printed is lost, and no error."""
    # print() would write to stdout where stderr is closed.
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            more = len(message) - _MESSAGE_AT_MOST
            shown = message if more <= 0 else f"{message[:_MESSAGE_AT_MOST]}… and {more:,} characters more"
            print(printable(shown), file=sys.stderr, flush=True)


def warn(message: str) -> None:
    """Print a warning: something failed that does not make the command fail."""
    say(f"warning: {message}")


def read_stdin() -> str:
    """Return the text on standard input; raises BadInput where it is closed or no UTF-8."""
    if sys.stdin is None:
        raise BadInput("standard input is closed")
    try:
        text = sys.stdin.read(_STDIN_AT_MOST + 1)
    except UnicodeDecodeError:
        raise BadInput("standard input is not UTF-8") from None
    if len(text) > _STDIN_AT_MOST:
        raise BadInput(f"standard input has more than {_STDIN_AT_MOST:,} characters; expected a small text")
    return text


def fail(error: TimelineError) -> None:
    """Print what went wrong: what has a place in a file begins with it, so that editors can jump there."""
    if isinstance(error, BadRows):
        hint = "; --rejects FILE writes all of them"
        for line in problem_lines(error.problems, PRINTED_AT_MOST, hint, error.more):
            say(line)
        say(f"Error: {error.message}")
    elif isinstance(error, BadInput) and error.place is not None:
        say(str(error))
    else:
        say(f"Error: {error}")


class _Status:
    """What is going on, on one line of a terminal that goes again; elsewhere nothing."""

    def __init__(self) -> None:
        self._status: Any = None

    def __call__(self, message: str) -> None:
        if sys.stderr is None or not sys.stderr.isatty():
            return
        if self._status is None:
            # Loading it takes longer than most commands.
            from rich.console import Console

            self._status = Console(file=getattr(sys.stderr, "raw", sys.stderr)).status("")
            self._status.start()
        from rich.markup import escape

        self._status.update(escape(visible(message)))

    def stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


@contextmanager
def showing_progress(tl: Timeline) -> Iterator[Timeline]:
    status = _Status()
    tl.progress = status
    try:
        yield tl
    finally:
        status.stop()
        tl.progress = None


def _words(error: TimelineError) -> str:
    """Return what an error says, without its place."""
    return error.message if isinstance(error, BadInput) else str(error)


def print_ingested(result: Ingested, path: str = "", *, dry_run: bool = False) -> None:
    """Print what came of an ingest: what was passed over, its warnings, what was rejected, and counts."""
    for kind, messages in (("passed over ", result.passed_over), ("warning: ", result.warnings)):
        for message in messages[:PRINTED_AT_MOST]:
            say(f"{kind}{message}")
        if len(messages) > PRINTED_AT_MOST:
            say(f"{kind}… and {len(messages) - PRINTED_AT_MOST:,} more")
    for line in problem_lines(result.problems(), PRINTED_AT_MOST, more=result.more_rejected):
        say(line)
    text = counted(result.new, "new event")
    if result.commits:
        first, last = result.commits[0].number, result.commits[-1].number
        text += f" in commit #{first}" if first == last else f" in commits #{first} to #{last}"
    counts = {
        "known already": result.known,
        "registered": result.registered,
        "rejected": len(result.rejected) + result.more_rejected,
    }
    text = ", ".join([text, *(f"{number:,} {what}" for what, number in counts.items() if number)])
    say(f"{path + ': ' if path else ''}{text}{'; a dry run: nothing was recorded' if dry_run else ''}")


# Answers

#: Gives lines for a width and a style.
Cards = Callable[[int | None, Style | None], Iterable[str]]


_BOLD, _DIM, _RED, _GREEN, _YELLOW = "1", "2", "31", "32", "33"
_COLOURS: Final = {
    **dict.fromkeys(("cancelled", "denied", "suspended", "erased", "gone", "voided", "retracted"), _RED),
    **dict.fromkeys(("agreed", "completed", "actual", "committed", "appeared", "opened"), _GREEN),
    **dict.fromkeys(("rumored", "alleged", "considered", "changed", "revised", "corrected"), _YELLOW),
}


def style_for(stream: IO[str]) -> Style | None:
    """Return colours for a terminal that wants them, else None."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", ""):
        return None

    def style(column: str | None, text: str) -> str:
        code = _DIM if column is None else _BOLD if column in ("fact", "claim") else None
        if column == "change":
            # Behind its sign.
            code = _COLOURS.get(text[2:])
        elif column in ("status", "effect"):
            code = _COLOURS.get(text)
        elif column in ("appeared", "gone"):
            code = _COLOURS[column]
        return f"\x1b[{code}m{text}\x1b[0m" if code else text

    return style


@contextmanager
def _destination(output: Path | None, *, binary: bool = False) -> Iterator[IO[Any]]:
    """Where an answer goes: stdout, or a file that is there whole or not at all."""
    if output is not None:
        with writing(output, binary=binary) as stream:
            yield stream
        return
    if sys.stdout is None:
        # A closed stdout means that no answer is wanted.
        with open(os.devnull, "wb" if binary else "w") as nowhere:
            yield nowhere
        return
    try:
        stream = sys.stdout.buffer if binary else sys.stdout
        yield stream
        stream.flush()
    except BrokenPipeError:
        # The reader of the answer has seen enough, which is no failure.
        drop_stdout()
        raise typer.Exit from None


def drop_stdout() -> None:
    """Let what is written to stdout from now on go nowhere, since its reader is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def print_recorded(show: Callable[[], None]) -> None:
    """Print what was recorded; where that fails it is a warning."""
    try:
        show()
    except typer.Exit:
        # Nobody reads it, which must not keep what follows from being recorded.
        pass
    except Exception as error:
        warn(f"it was recorded, but could not be printed: {error}")
        with suppress(OSError, ValueError):
            drop_stdout()


def print_lines(lines: Iterable[str], output: Path | None = None) -> None:
    """Print an answer that is lines already."""
    with _destination(output) as stream:
        # A file, or a program that reads what is piped to it, gets every sign as it is.
        for line in lines if output is not None or not stream.isatty() else lines_of_colour(lines):
            stream.write(f"{line}\n")


def print_pairs(facts: Mapping[str, object], as_json: bool, output: Path | None = None) -> None:
    """Print names and values; absent ones are left out for people, and null in JSON."""
    if as_json:
        import json

        print_lines([escaped_json(json.dumps(facts, ensure_ascii=False))], output)
        return
    lines = [(name, str(value)) for name, value in facts.items() if value is not None]
    # Ids and digests are there to be copied: nothing is wrapped.
    print_lines(pairs(lines, None, style_for(sys.stdout) if output is None else None), output)


def deliver(
    output: Output, answer: Answer, view: Callable[[], View], *, cards: Cards | None = None, **more: Any
) -> None:
    """Print an answer in the format asked for.

    `view`, and `cards` instead of its table, are made for people alone; `more` was asked for besides the
    dates, and comes beside them in JSON.
    """
    chosen = output.chosen()
    formulas = Formulas(disarm=output.safe_csv)
    if output.safe_csv and chosen != "csv":
        raise BadInput(f"got --safe-csv for an answer as {chosen}; expected --format csv")
    if chosen == "parquet":
        _deliver_parquet(output, answer)
        return
    if chosen == "json":
        lines: Iterable[str] = document(answer.asked, answer.columns, answer.rows, more)
    elif chosen == "jsonl":
        lines = json_lines(answer.columns, answer.rows)
    elif chosen == "csv":
        lines = csv_lines(answer.columns, answer.rows, formulas)
    elif chosen == "markdown":
        lines = view().markdown()
    elif output.output is not None:
        lines = (cards or view().lines)(None, None)
    else:
        lines = (cards or view().lines)(printed_width(), style_for(sys.stdout))
    # Only tables have colours of ours.
    print_lines(lines if chosen == "table" else _uncoloured(lines, output.output), output.output)
    if not output.safe_csv:
        warn_of_formulas(formulas.count)


def _uncoloured(lines: Iterable[str], output: Path | None) -> Iterable[str]:
    """Return lines that are for programs; on a terminal, as it can print them."""
    is_printed = output is None and sys.stdout is not None and sys.stdout.isatty()
    return map(printable, lines) if is_printed else lines


def warn_of_formulas(count: int, cure: str = "--safe-csv puts ' before it") -> None:
    """Say that so many cells of a CSV file, if any, would be run."""
    if count:
        cells = "1 cell begins" if count == 1 else f"{count:,} cells begin"
        warn(f"{cells} with =, +, - or @, which a spreadsheet would run; {cure}")


def _deliver_parquet(output: Output, answer: Answer) -> None:
    from timeline.show.formats import write_parquet

    if output.output is None and sys.stdout.isatty():
        raise BadInput("Parquet is not for a terminal; name a file with --output, or pipe it on")
    with _destination(output.output, binary=True) as stream:
        write_parquet(answer, stream)
