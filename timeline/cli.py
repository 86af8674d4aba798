"""The `timeline` command: a thin caller of `Timeline`.

Data goes to stdout, words and progress to stderr; the exit code is that of the error (see `errors`).
A command is loaded when it is called, so that a small one need not wait for the others.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NoReturn

from timeline.errors import TimelineError

if TYPE_CHECKING:
    import typer

__all__ = ["main", "run"]

#: The commands in the order of the help, and the modules that they are in.
COMMANDS: Final = {
    **dict.fromkeys(("init", "ingest", "report", "correct", "retract"), "timeline.cli_recording"),
    **dict.fromkeys(("show", "history", "diff", "why"), "timeline.cli_reading"),
    **dict.fromkeys(("disagreements", "sql", "query"), "timeline.cli_reading"),
    **dict.fromkeys(("head", "verify", "rebuild", "compact", "stats", "export"), "timeline.cli_keeping"),
}


def _app_of(names: Iterable[str]) -> typer.Typer:
    """The application with these commands alone."""
    import typer

    from timeline.cli_options import every_command, with_options

    made = typer.Typer(
        name="timeline",
        help="A store for what was reported and believed, and when.",
        # Plain help: rich takes longer to load than most commands take to run.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(every_command)
    for name in names:
        made.command(name)(with_options(getattr(importlib.import_module(COMMANDS[name]), name)))
    return made


def __getattr__(name: str) -> Any:
    # `app`, with every command, for those who want to know of all of them.
    if name == "app":
        return _app_of(COMMANDS)
    raise AttributeError(f"module 'timeline.cli' has no attribute {name!r}")


def main() -> NoReturn:
    """Run the command line and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A locale that cannot print a name must not hide the rest of the answer.
            stream.reconfigure(errors="backslashreplace")
    code = run()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    # All is closed and durable. To take Python down in order takes as long again as a small answer does.
    os._exit(code)


def run() -> int:
    """Run the command line in this process; returns the exit code."""
    try:
        # Nothing of what is loaded becomes garbage, and to look through it takes as long as a small answer.
        gc.disable()
        named = sys.argv[1:2]
        application = _app_of(named if named and named[0] in COMMANDS else COMMANDS)
        gc.enable()
        application(prog_name="timeline")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return 130
    except TimelineError as error:
        from timeline.cli_session import fail

        fail(error)
        return error.exit_code
    except Exception as error:
        if os.environ.get("TIMELINE_DEBUG"):
            import traceback

            traceback.print_exc()
        else:
            print(f"Error: {_in_words(error)}", file=sys.stderr)
        return TimelineError.exit_code
    return 0


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError):
        return str(error)
    return (
        f"{type(error).__name__}: {error}\n"
        "This is a fault of Timeline, not yours. TIMELINE_DEBUG=1 shows where it happened."
    )
