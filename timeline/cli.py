"""The `timeline` command: a thin caller of `Timeline`.

Data goes to stdout, words and progress to stderr; the exit code is that of the error (see `errors`).
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from timeline import __version__, cli_keeping, cli_reading, cli_recording
from timeline.cli_options import with_options
from timeline.cli_session import fail, say
from timeline.errors import TimelineError

__all__ = ["app", "main"]

app = typer.Typer(
    name="timeline",
    help="A store for what was reported and believed, and when.",
    # Plain help: rich takes longer to load than most commands take to run.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _command in (
    *(cli_recording.init, cli_recording.ingest, cli_recording.report, cli_recording.correct),
    *(cli_recording.retract, cli_reading.show, cli_reading.history, cli_reading.diff, cli_reading.why),
    *(cli_reading.disagreements, cli_reading.sql, cli_reading.query, cli_keeping.head),
    *(cli_keeping.verify, cli_keeping.rebuild, cli_keeping.compact, cli_keeping.stats, cli_keeping.export),
):
    app.command(_command.__name__)(with_options(_command))


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"timeline {__version__}")
        raise typer.Exit


@app.callback()
def _timeline(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def _build_only_what_is_asked() -> None:
    """Let Typer build one command where one is named: all of them would take as long as the answer."""
    named = [command for command in app.registered_commands if command.name == sys.argv[1:2][0]]
    if named:
        app.registered_commands = named


def main() -> None:
    """Run the command line and exit."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A locale that cannot print a name must not hide the rest of the answer.
            stream.reconfigure(errors="backslashreplace")
    if len(sys.argv) > 1:
        _build_only_what_is_asked()
    try:
        app(prog_name="timeline")
    except TimelineError as error:
        fail(error)
        sys.exit(error.exit_code)
    except OSError as error:
        if os.environ.get("TIMELINE_DEBUG"):
            raise
        say(f"Error: {error}")
        sys.exit(1)
    except Exception as error:
        if os.environ.get("TIMELINE_DEBUG"):
            raise
        say(
            f"Error: {type(error).__name__}: {error}\n"
            "This is a fault of Timeline, not yours. TIMELINE_DEBUG=1 shows where it happened."
        )
        sys.exit(TimelineError.exit_code)
