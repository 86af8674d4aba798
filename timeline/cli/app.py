"""The `timeline` command: a thin caller of `Timeline`.

Data goes to stdout, words and progress to stderr; the exit code is that of the error (see `errors`).
A command is loaded when it is called, so that a small one need not wait for the others. What every command
needs is loaded by `run`, so that an interrupt while it loads ends like any other.
"""

from __future__ import annotations

import errno
import gc
import importlib
import io
import os
import signal
import sys

# As in `timeline`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType
    from typing import Any, Final, NoReturn

    import typer

__all__ = ["main", "run"]

#: The commands in the order of the help, and the modules that they are in.
COMMANDS: Final = {
    "init": "timeline.cli.recording",
    "map": "timeline.cli.mapping",
    **dict.fromkeys(("ingest", "report", "correct", "retract"), "timeline.cli.recording"),
    "erase": "timeline.cli.erasing",
    **dict.fromkeys(("show", "history", "diff", "why"), "timeline.cli.reading"),
    **dict.fromkeys(("disagreements", "sql", "query"), "timeline.cli.reading"),
    **dict.fromkeys(("serve", "plot", "page"), "timeline.cli.looking"),
    **dict.fromkeys(("head", "verify"), "timeline.cli.keeping"),
    **dict.fromkeys(("prove", "cite"), "timeline.cli.vouching"),
    **dict.fromkeys(("rebuild", "compact", "stats"), "timeline.cli.keeping"),
    **dict.fromkeys(("backup", "restore", "export"), "timeline.cli.keeping"),
    "publish": "timeline.cli.publishing",
}


def _app_of(names: Iterable[str]) -> typer.Typer:
    """Return the application with these commands alone."""
    import typer

    from timeline.cli.options import OptionalKinds, every_command, with_options

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
        made.command(name, cls=OptionalKinds)(with_options(_function_of(name)))
    return made


def _function_of(name: str) -> Any:
    # Some commands have names that mean something else in Python.
    module = importlib.import_module(COMMANDS[name])
    return getattr(module, f"{name}_", None) or getattr(module, name)


def __getattr__(name: str) -> Any:
    # `app`, with every command, for those who want to know of all of them.
    if name == "app":
        return _app_of(COMMANDS)
    raise AttributeError(f"module 'timeline.cli.app' has no attribute {name!r}")


#: Where Python's code of an import is, as frames name it.
_IMPORTING: Final = "<frozen importlib._bootstrap>"
#: The exit code of what was interrupted, as a shell has it.
_INTERRUPTED: Final = 130


class _Interrupts:
    """Notes an interrupt, whatever becomes of the exception that it raises in libraries."""

    def __init__(self) -> None:
        self.came = False
        self.raised = False
        self.running = True

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        if not self.running:
            os._exit(_INTERRUPTED)
        while frame is not None:
            if frame.f_code.co_filename == _IMPORTING:
                # What is written in C++ may abort where its import is interrupted: ask again soon.
                signal.setitimer(signal.ITIMER_REAL, 0.005)
                return
            frame = frame.f_back
        self.raised = True
        raise KeyboardInterrupt


_interrupts = _Interrupts()


class _WithoutPandas:
    """Finds no pandas: no command has use for it, but for a client of Spark, which `publish` may be.

    Where it is installed, pyarrow imports it before its first array, which takes a quarter of a second.
    """

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("the command line does without pandas", name=name)


#: Whether this process is there for one command alone, which `main` runs.
is_own_process = False


def main() -> NoReturn:
    """Run the command line and exit."""
    global is_own_process
    is_own_process = True
    if "publish" not in sys.argv:
        sys.meta_path.insert(0, _WithoutPandas())
    _open_standard_files()
    # A shell has its background commands ignore interrupts, which stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupts)
        signal.signal(signal.SIGALRM, _interrupts)
        sys.unraisablehook = _unraisable
        _watch()
    try:
        code = run()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    _interrupts.running = False
    if _interrupts.came:
        code = _INTERRUPTED
    code = _flushed(code)
    _remove_temporary_folders()
    # All is closed and durable. To take Python down in order takes as long again as a small answer does.
    os._exit(code)


#: How long an interrupt may wait for Python to run, and then for all to be put away, in seconds.
_PATIENCE: Final = 0.5, 2.0


def _watch() -> None:
    """Have a thread end the process where an interrupt finds it in a long computation of DuckDB's or Arrow's.

    They do not look for signals, and Python calls no handler before they return. What is under way is left
    as by a process that was killed, which every step on the disk is made for.
    """
    import _thread
    import time

    try:
        reading, writing = os.pipe2(os.O_CLOEXEC)
    except OSError:
        # Too many open files: interrupts then wait for Python.
        return
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def watch() -> None:
        while os.read(reading, 1) != bytes([signal.SIGINT]):
            pass
        time.sleep(_PATIENCE[0])
        if _interrupts.raised:
            time.sleep(_PATIENCE[1])
        _remove_temporary_folders()
        os._exit(_INTERRUPTED)

    _thread.start_new_thread(watch, ())


def _remove_temporary_folders() -> None:
    if atomic := sys.modules.get("timeline.atomic"):
        atomic.remove_temporary_folders()


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    # An interrupt that was noted needs no traceback where it cannot be raised.
    if not isinstance(unraisable.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)


class _Words(io.TextIOWrapper):
    """Stderr, on which what cannot be printed is lost, and no error: the exit code says what happened."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except (OSError, ValueError):
            return


def _open_standard_files() -> None:
    """Have stdout and stderr take whatever is printed; what is closed leads nowhere."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # Else a file of ours would get the number, and what is printed.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A locale that cannot print a name must not hide the rest of the answer.
        sys.stdout.reconfigure(errors="backslashreplace")
    buffer = open(2, "wb", closefd=False) if sys.stderr is None else sys.stderr.buffer  # noqa: SIM115
    encoding = "utf-8" if sys.stderr is None else sys.stderr.encoding
    sys.stderr = _Words(buffer, encoding, "backslashreplace", line_buffering=True, write_through=True)


def _has_reader() -> bool:
    """Whether anything reads what is printed to stdout, if that is a pipe."""
    import select

    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return not any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    except (OSError, ValueError):
        return True


def _flushed(code: int) -> int:
    """Flush what was printed.

    Returns the exit code, 1 for what was all right but could not be printed.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            pass
        except (OSError, ValueError) as error:
            if stream is sys.stdout and code == 0:
                print(f"Error: {error}", file=sys.stderr)
                code = 1
    return code


def run() -> int:
    """Run the command line in this process; returns the exit code."""
    words = sys.stderr
    try:
        from timeline.printable import SafeWords

        if words is not None:
            # Whatever prints there, usage errors and warnings of libraries among it.
            sys.stderr = SafeWords(words)
        return _run()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:
        # What every command needs cannot be loaded.
        print(f"Error: {error}", file=sys.stderr)
        return 1
    finally:
        sys.stderr = words


def _check_words(words: Iterable[str]) -> None:
    """Raise BadInput for what no shell hands over, but a program that calls `run` may."""
    from timeline.errors import BadInput, brief

    for word in words:
        try:
            os.fsencode(word)
        except UnicodeEncodeError:
            raise BadInput(f"{brief(word)} holds half of a surrogate pair, which is no character") from None
        if "\0" in word:
            raise BadInput(f"{brief(word)} holds U+0000, which no word of a command can")


def _named_in(words: list[str]) -> str | None:
    """Return the command that a command line names, after the options that may be before it."""
    words = list(words)
    while words and words[0].startswith("--sealed-"):
        # Its value is the next word, unless it is given with a sign.
        del words[: 1 if "=" in words[0] else 2]
    return words[0] if words else None


def _run() -> int:
    from timeline.errors import TimelineError

    try:
        # Nothing of what is loaded becomes garbage, and to look through it takes as long as a small answer.
        gc.disable()
        _check_words(sys.argv[1:])
        named = _named_in(sys.argv[1:])
        application = _app_of([named] if named in COMMANDS else COMMANDS)
        gc.enable()
        application(prog_name="timeline")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        # Typer takes it for a failure that nobody reads the rest of a help text.
        return 0 if code == 1 and not _has_reader() else code
    except Exception as error:
        code = TimelineError.exit_code
        if isinstance(error, TimelineError):
            code = error.exit_code
        elif isinstance(error, OSError) and error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            # A path of the command line that can be none.
            code = 2
        if code == TimelineError.exit_code and _interrupts.came:
            # Libraries report an interrupt as errors of their own.
            return _INTERRUPTED
        if code == TimelineError.exit_code and os.environ.get("TIMELINE_DEBUG"):
            import traceback

            print(traceback.format_exc(), file=sys.stderr)
        elif isinstance(error, TimelineError):
            from timeline.cli.output import fail

            fail(error)
        else:
            from timeline.boundary import in_words

            print(f"Error: {in_words(error)}", file=sys.stderr)
        return code
    return 0
