"""What a command works in: the store that it opens or makes, and where its words and answers go.

Answers go to stdout or a file, words to stderr. A store is made beside its place and moved there when it
is whole, so that none is ever found half made.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import typer

from timeline.errors import BadInput, BadRows, Conflict, NotFound, TimelineError
from timeline.project import PROJECT_FILE, find_store, project_folder
from timeline.render import Style, csv_lines, document, json_lines, pairs
from timeline.store import Timeline
from timeline.telling import counted

if TYPE_CHECKING:
    from timeline import Ingested
    from timeline.ask import Table
    from timeline.cli_options import Output
    from timeline.telling import View

__all__ = [
    "TOLD_AT_MOST",
    "Cards",
    "deliver",
    "events_folder",
    "fail",
    "keeping",
    "near",
    "print_lines",
    "printed_width",
    "project_of",
    "queries_folder",
    "reading",
    "recording",
    "say",
    "style_for",
    "tell_ingested",
    "told_pairs",
]

#: Of the bad events of an ingest, and of its warnings, this many are told.
TOLD_AT_MOST: Final = 50


# Words


def say(message: str) -> None:
    """Tell the user something beside the answer."""
    print(message, file=sys.stderr, flush=True)


def fail(error: TimelineError) -> None:
    """Tell what went wrong: what has a place in a file begins with it, so that editors can jump there."""
    if isinstance(error, BadRows):
        for problem in error.problems[:TOLD_AT_MOST]:
            say(str(problem))
        if len(error.problems) > TOLD_AT_MOST:
            say(f"… and {len(error.problems) - TOLD_AT_MOST:,} more; --rejects FILE writes all of them")
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
        if not sys.stderr.isatty():
            return
        if self._status is None:
            # Loading it takes longer than most commands.
            from rich.console import Console

            self._status = Console(stderr=True).status("")
            self._status.start()
        from rich.markup import escape

        self._status.update(escape(message))

    def stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


@contextmanager
def _telling(tl: Timeline) -> Iterator[Timeline]:
    status = _Status()
    tl.progress = status
    try:
        yield tl
    finally:
        status.stop()
        tl.progress = None


# Stores


def project_of(store: Path | None) -> Path | None:
    """The project that a store belongs to by default: the one named, else the nearest upwards; or None."""
    given = store or os.environ.get("TIMELINE_STORE")
    if given:
        return Path(given) if (Path(given) / PROJECT_FILE).is_file() else None
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / PROJECT_FILE).is_file()), None)


def events_folder(project: Path) -> Path:
    """Where a project keeps what people wrote."""
    return project_folder(project, "events")


def queries_folder(project: Path) -> Path:
    """Where a project keeps its named queries."""
    return project_folder(project, "queries")


@contextmanager
def reading(store: Path | None) -> Iterator[Timeline]:
    """The store to ask; in a project that has none yet it is made from the events folder first."""
    with _opened(store) as tl, _telling(tl):
        yield tl


@contextmanager
def keeping(store: Path | None) -> Iterator[Timeline]:
    """The store to look after, which has to be there: one made anew would hide that it was lost."""
    with Timeline.open(store) as tl, _telling(tl):
        yield tl


@contextmanager
def recording(store: Path | None, *, events_first: bool = True) -> Iterator[Timeline]:
    """The store to record in; one that is not there yet is made, with the project's events in it first."""
    path = find_store(store)
    if _is_store(path):
        with Timeline.open(path) as tl, _telling(tl):
            yield tl
        return
    project = project_of(store)
    if project is None and events_first:
        Timeline.open(path)
    with _made(path) as tl, _telling(tl):
        if events_first and project is not None:
            _ingest_events(tl, project, path)
        yield tl


def _is_store(path: Path) -> bool:
    try:
        Timeline.open(path).close()
    except NotFound:
        return False
    return True


def _opened(store: Path | None) -> Timeline:
    try:
        return Timeline.open(store)
    except NotFound:
        project = project_of(store)
        if project is None:
            raise
        _ingest_first(project, find_store(store))
        return Timeline.open(store)


def _sweep(path: Path) -> None:
    """Remove what is left of stores whose makers died."""
    for left in path.parent.glob(f"{path.name}.new-*"):
        maker = left.name.rpartition("-")[2]
        if maker.isdecimal() and (int(maker) == os.getpid() or not _is_running(int(maker))):
            shutil.rmtree(left, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _ingest_first(project: Path, path: Path) -> None:
    try:
        with _made(path) as tl, _telling(tl):
            if not _ingest_events(tl, project, path):
                folder = near(events_folder(project))
                raise NotFound(
                    f"no store yet, and no events in {folder} to make one from; see `timeline ingest`"
                )
    except Conflict:
        # Unless another process made it meanwhile, from the same folder.
        if not _is_store(path):
            raise


def _ingest_events(tl: Timeline, project: Path, path: Path) -> bool:
    """Ingest a project's own events into its new store; returns whether there were any."""
    folder = events_folder(project)
    if not folder.is_dir() or not any(not each.name.startswith(".") for each in folder.iterdir()):
        return False
    say(f"No store yet: ingesting {near(folder)} into {near(path)}")
    result = tl.ingest(near(folder))
    if result.commits:
        tell_ingested(result)
    return bool(result.commits)


def near(path: Path) -> str:
    """A path as short as it can be told from here."""
    with suppress(ValueError):
        return str(path.absolute().relative_to(Path.cwd()))
    return str(path)


@contextmanager
def _made(path: Path) -> Iterator[Timeline]:
    """A new store that stands at `path` once the block is done, and not at all where it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new-{os.getpid()}")
    _sweep(path)
    try:
        with Timeline.create(beside) as tl:
            yield tl
            if tl.head() is None:
                # An empty store would keep the events folder from being ingested later on.
                return
        try:
            os.rename(beside, path)
        except OSError:
            if path.is_dir():
                raise Conflict(
                    f"{path} is there already, and is no store to add to; name another with --store"
                ) from None
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def tell_ingested(result: Ingested, path: str = "", *, dry_run: bool = False) -> None:
    """Tell what came of an ingest: its warnings, what was rejected, and how much of what there was."""
    for kind, messages in (
        ("warning: ", result.warnings),
        ("", [f"{one.place}: {one.error}" for one in result.rejected]),
    ):
        for message in messages[:TOLD_AT_MOST]:
            say(f"{kind}{message}")
        if len(messages) > TOLD_AT_MOST:
            say(f"{kind}… and {len(messages) - TOLD_AT_MOST:,} more")
    told = counted(result.new, "new event")
    if result.commits:
        first, last = result.commits[0].number, result.commits[-1].number
        told += f" in commit #{first}" if first == last else f" in commits #{first} to #{last}"
    counts = {
        "known already": result.known,
        "registered": result.registered,
        "rejected": len(result.rejected),
    }
    told = ", ".join([told, *(f"{number:,} {what}" for what, number in counts.items() if number)])
    say(f"{path + ': ' if path else ''}{told}{'; a dry run: nothing was recorded' if dry_run else ''}")


# Answers

#: Gives lines for a width and a style.
Cards = Callable[[int | None, Style | None], Iterable[str]]


def printed_width() -> int:
    """The columns to fit answers into: COLUMNS, else those of the terminal, else 80."""
    return shutil.get_terminal_size().columns


_BOLD, _DIM, _RED, _GREEN, _YELLOW = "1", "2", "31", "32", "33"
_COLOURS: Final = {
    **dict.fromkeys(("cancelled", "denied", "suspended", "erased", "gone", "voided", "retracted"), _RED),
    **dict.fromkeys(("agreed", "completed", "actual", "committed", "appeared", "opened"), _GREEN),
    **dict.fromkeys(("rumored", "alleged", "considered", "changed", "revised", "corrected"), _YELLOW),
}


def style_for(stream: IO[str]) -> Style | None:
    """Colours for a terminal that wants them, else None."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", ""):
        return None

    def style(column: str | None, text: str) -> str:
        code = _DIM if column is None else _BOLD if column in ("fact", "claim") else None
        if column in ("status", "change", "effect"):
            code = _COLOURS.get(text)
        return f"\x1b[{code}m{text}\x1b[0m" if code else text

    return style


@contextmanager
def _destination(output: Path | None, *, binary: bool = False) -> Iterator[IO[Any]]:
    """Where an answer goes: stdout, or a file that is there whole or not at all."""
    if output is None:
        stream: IO[Any] = sys.stdout.buffer if binary else sys.stdout
        try:
            yield stream
            stream.flush()
        except BrokenPipeError:
            # Whoever reads the answer has seen enough, which is no failure.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit from None
        return
    if output.is_dir() or not output.absolute().parent.is_dir():
        raise BadInput(f"cannot write {output}; expected a file in a folder that there is")
    beside = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with beside.open("wb" if binary else "w", encoding=None if binary else "utf-8") as stream:
            yield stream
        os.replace(beside, output)
    except OSError as error:
        raise BadInput(f"cannot write {output}: {error.strerror or error}") from None
    finally:
        beside.unlink(missing_ok=True)


def print_lines(lines: Iterable[str], output: Path | None = None) -> None:
    """Print an answer that is lines already."""
    with _destination(output) as stream:
        for line in lines:
            stream.write(f"{line}\n")


def told_pairs(facts: Mapping[str, object], as_json: bool) -> None:
    """Print names and values; absent ones are left out for people, and null in JSON."""
    if as_json:
        import json

        print_lines([json.dumps(facts, ensure_ascii=False)])
        return
    told = [(name, str(value)) for name, value in facts.items() if value is not None]
    # Ids and digests are there to be copied: nothing is wrapped.
    print_lines(pairs(told, None, style_for(sys.stdout)))


def deliver(
    output: Output, answer: Table, view: Callable[[], View], *, cards: Cards | None = None, **more: Any
) -> None:
    """Print an answer in the format asked for.

    `view`, and `cards` instead of its table, are made for people alone; `more` was asked for besides the
    dates, and stands beside them in JSON.
    """
    chosen = output.chosen()
    if chosen == "parquet":
        _deliver_parquet(output, answer)
        return
    if chosen == "json":
        lines: Iterable[str] = document(answer.asked, answer.columns, answer.rows, more)
    elif chosen == "jsonl":
        lines = json_lines(answer.columns, answer.rows)
    elif chosen == "csv":
        lines = csv_lines(answer.columns, answer.rows)
    elif chosen == "markdown":
        lines = view().markdown()
    elif output.output is not None:
        lines = (cards or view().lines)(None, None)
    else:
        lines = (cards or view().lines)(printed_width(), style_for(sys.stdout))
    print_lines(lines, output.output)


def _deliver_parquet(output: Output, answer: Table) -> None:
    from timeline.render import write_parquet

    if output.output is None and sys.stdout.isatty():
        raise BadInput("Parquet is not for a terminal; name a file with --output, or pipe it on")
    with _destination(output.output, binary=True) as stream:
        write_parquet(answer, stream)
