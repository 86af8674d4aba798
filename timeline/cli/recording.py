"""The commands that record: init, ingest, report, correct, retract."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from timeline.atomic import check_target, holding_folder, writing
from timeline.cli.new_project import bundled_project, empty_project, ignoring, make_folder
from timeline.cli.options import Claim, Json, Names, NoFile, OneFact, Origins, Store
from timeline.cli.output import print_ingested, print_lines, print_pairs, print_recorded, say, warn
from timeline.cli.sealing import open_store
from timeline.cli.stores import Recording, near, recording
from timeline.errors import BadInput, BadRows, Conflict, NotFound
from timeline.meaning.times import format_instant
from timeline.printable import escaped_json
from timeline.project import PROJECT_FILE, find_project, find_store, project_folder, recorded_file
from timeline.store import Timeline
from timeline.urls import url_of

if TYPE_CHECKING:
    from timeline import Ingested

__all__ = ["correct", "ingest", "init", "report", "retract"]

Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="The event: its key, or its id or the beginning of that.")
]

Personal = Annotated[
    bool,
    typer.Option(
        "--personal",
        help="Put a random part behind its key, so that nobody can guess from its id what it said once it is "
        "erased.",
    ),
]

_STANDARD_INPUT: Final = "-"


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to make the project.")],
    *,
    empty: Annotated[bool, typer.Option("--empty", help="Without the bundled reports and queries.")] = False,
) -> None:
    """Make a project: a copy of the bundled one, or an empty one.

    In place of a folder it takes the URL of a bucket, s3://BUCKET/PREFIX, which becomes an empty store.
    """
    if (url := url_of(folder)) is not None:
        with Timeline.create(url):
            say(f"Made {url}, an empty store. Next: timeline ingest FILE --store {url}")
        return
    if (folder / PROJECT_FILE).exists():
        raise Conflict(f"{folder} is a project already: it has a {PROJECT_FILE}")
    files = empty_project() if empty else bundled_project()
    taken = [name for name in files if os.path.lexists(folder / name)]
    if taken:
        raise Conflict(f"{folder} has {', '.join(taken[:3])} already; expected a folder without")
    ignored = ignoring(folder / ".gitignore", ".timeline/")
    # The project file comes last: with it, the folder is one.
    for name in sorted(files, key=lambda name: name == PROJECT_FILE):
        path = folder / name
        make_folder(path.parent)
        with writing(path, binary=True, replace=False) as out:
            out.write(files[name])
    if ignored is not None:
        with writing(folder / ".gitignore", binary=True) as out:
            out.write(ignored)
    events = sum(name.startswith("events/") for name in files)
    queries = sum(name.startswith("queries/") for name in files)
    say(f"Made {folder}: {events} files in events/, {queries} in queries/.")
    if empty:
        say(f"Next: describe a source and a report in {folder / 'events'}, then `timeline ingest` there.")
    else:
        say(f"Next: cd {folder} && timeline show --as-of 2025-02-22")


def ingest(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...",
            help="Files or folders; - is stdin. Default: the project's events folder.",
            show_default=False,
        ),
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all, record nothing.")] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write bad events there with their reasons, and take the rest."),
    ] = None,
    personal: Personal = False,
    names: Names,
    ignore_unknown: Annotated[
        bool, typer.Option("--ignore-unknown", help="Pass over unknown keys and columns.")
    ] = False,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="What the columns of a table mean, as TOML; see timeline map.",
            show_default=False,
        ),
    ] = None,
    input_format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            help="yaml, json, jsonl, csv, parquet, arrow or xlsx. Default: by suffix; of stdin jsonl.",
        ),
    ] = None,
    store: Store = None,
    json: Json = False,
) -> None:
    """Record files or folders: all of each, or nothing.

    What is known already is left alone.
    """
    _return_freed_memory()
    if mapping is not None and not paths:
        raise BadInput("got --map without a file; expected the table that it is for")
    given = list(paths) if paths else [str(near(_events_of(store)))]
    if given.count(_STANDARD_INPUT) > 1:
        raise BadInput("got - twice; stdin can be read once")
    if rejects is not None:
        # All of them now, since the file is written before the last is read.
        inputs: list[str | Path] = [path for path in given if path != _STANDARD_INPUT]
        inputs += [mapping] if mapping is not None else []
        check_target(rejects, inputs=inputs, within=_store_folders(store))
    with _taking(store, dry_run) as to:
        options = {
            **names.given(),
            "personal": personal,
            "dry_run": dry_run,
            "ignore_unknown": ignore_unknown,
            "mapping": mapping,
        }
        for nth, path in enumerate(given):
            result = _ingest_one(to, path, rejects, first=nth == 0, format=input_format, **options)
            print_ingested(result, path if len(given) > 1 else "", dry_run=dry_run)
            if json:
                lines = [_as_json(result)]
                print_recorded(partial(print_lines, lines))
            if dry_run and result.rejected:
                raise typer.Exit(BadInput.exit_code)


def report(
    fact: OneFact,
    claim: Annotated[
        str | None,
        typer.Argument(metavar="CLAIM", help="An amount, as the page prints it.", show_default=False),
    ] = None,
    *,
    claimed: Claim,
    origins: Origins,
    inferred: Annotated[
        bool, typer.Option("--inferred", help="The report implies it rather than says it.")
    ] = False,
    personal: Personal = False,
    names: Names,
    no_file: NoFile = False,
    store: Store = None,
    json: Json = False,
) -> None:
    """Record one report.

    In a project it is written to a file of its events first.
    """
    event: dict[str, object] = {"fact": fact, **_claimed(claim, claimed), **_given(origins)}
    if inferred:
        event["inferred"] = True
    _append(event, names, no_file, store, json, personal=personal)


def correct(
    target: Target,
    claim: Annotated[
        str | None, typer.Argument(metavar="CLAIM", help="The amount that it should say.", show_default=False)
    ] = None,
    *,
    reason: Annotated[str, typer.Option(help="What was wrong with our record.")],
    void: Annotated[bool, typer.Option("--void", help="It should never have been recorded.")] = False,
    claimed: Claim,
    origins: Origins,
    personal: Personal = False,
    names: Names,
    no_file: NoFile = False,
    store: Store = None,
    json: Json = False,
) -> None:
    """Record that our record of an event was wrong.

    What is left out stays as the target has it. What the world took back is retracted instead, and a revised
    figure is a new report.
    """
    event: dict[str, object] = {
        "type": "corrected",
        "reason": reason,
        **_claimed(claim, claimed),
        **_given(origins),
    }
    if void:
        event["void"] = True
    _append(event, names, no_file, store, json, target, personal=personal)


def retract(
    target: Target,
    *,
    reason: Annotated[str | None, typer.Option(help="Why it was taken back.")] = None,
    origins: Origins,
    personal: Personal = False,
    names: Names,
    no_file: NoFile = False,
    store: Store = None,
    json: Json = False,
) -> None:
    """Record that a report was retracted by its source, and when.

    It needs --reported, or a --source with a date.
    """
    event: dict[str, object] = {"type": "retracted", **_given(origins)}
    if reason is not None:
        event["reason"] = reason
    _append(event, names, no_file, store, json, target, personal=personal)


# Ingesting


def _events_of(store: Path | None) -> Path:
    project = find_project(store) or find_project(Path.cwd())
    if project is None:
        raise BadInput("nothing to ingest: no project here; expected files or folders")
    return project_folder(project, "events")


def _store_folders(store: Path | None) -> list[Path]:
    try:
        found = find_store(store)
        return [found] if url_of(found) is None else []
    except NotFound:
        return []


#: Of glibc: how many free bytes may be kept at the end of the heap; to set it keeps other limits as they are.
_TRIM_THRESHOLD: Final = -1, 128 * 1024


def _return_freed_memory() -> None:
    """Have memory that is free again go back to the system.

    Arrow's allocator keeps 100 MiB of it in an ingest, and that of glibc more and more the larger its blocks.
    """
    import ctypes

    from timeline.cli import app

    if not app.is_own_process or "pyarrow" in sys.modules:
        return
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(*_TRIM_THRESHOLD)


@contextmanager
def _taking(store: Path | None, dry_run: bool) -> Iterator[Recording]:
    """The store to ingest into; a dry run where there is none has one that goes again."""
    if not dry_run:
        with recording(store, events_first=False) as to:
            yield to
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            tl = open_store(store)
        except NotFound:
            tl = Timeline.create(Path(folder) / "store", project=find_project(store))
        with tl:
            yield Recording(Path(tl.address), tl, find_project(store))


def _ingest_one(to: Recording, path: str, rejects: Path | None, *, first: bool, **options: Any) -> Ingested:
    if rejects is None or first:
        return to.run(lambda tl: tl.ingest(path, rejects=rejects, **options))
    with tempfile.TemporaryDirectory() as folder:
        more = Path(folder) / "rejects"
        result = to.run(lambda tl: tl.ingest(path, rejects=more, **options))
        try:
            if more.exists() and more.stat().st_size:
                _add_to(rejects, more)
        except BadInput as error:
            result.warnings.append(f"all is recorded but the bad events: {error}")
    return result


def _add_to(path: Path, more: Path) -> None:
    with writing(path, binary=True) as out:
        for part in (path, more):
            if part.exists():
                with part.open("rb") as source:
                    shutil.copyfileobj(source, out)


def _as_json(result: Ingested) -> str:
    import json

    counts = {
        "new": result.new,
        "known": result.known,
        "registered": result.registered,
        "rejected": len(result.rejected) + result.more_rejected,
        "warnings": result.warnings,
        "passed_over": result.passed_over,
        "commits": [commit.number for commit in result.commits],
    }
    return escaped_json(json.dumps(counts, ensure_ascii=False))


# Single events


def _given(options: Claim | Origins) -> dict[str, object]:
    return {name: value for name, value in asdict(options).items() if value is not None}


def _claimed(claim: str | None, others: Claim) -> dict[str, object]:
    given = _given(others)
    if claim is not None:
        given["claim"] = claim
    kinds = [name for name in ("claim", "text", "date", "entity", "answer") if name in given]
    if len(kinds) > 1:
        raise BadInput(f"got {' and '.join(kinds)}; expected one claim")
    return given


def _append(
    event: dict[str, object],
    names: Names,
    no_file: bool,
    store: Path | None,
    json: bool,
    target: str | None = None,
    *,
    personal: bool,
) -> None:
    project = None if no_file else find_project(store)
    file = recorded_file(project) if project else None
    with holding_folder(project) if project else nullcontext():
        before = _content(file)
        try:
            with recording(store) as to:
                options = names.given() | {"personal": personal}
                to.run(lambda tl: _append_in(tl, event, options, json, target, file))()
        except Exception:
            if file is not None and _content(file) != before:
                say(f"The event is in {near(file)}; if it is not recorded yet, `timeline ingest` records it.")
            raise


def _content(file: Path | None) -> bytes | None:
    return file.read_bytes() if file is not None and file.is_file() else None


def _append_in(
    tl: Timeline,
    event: dict[str, object],
    options: dict[str, Any],
    json: bool,
    target: str | None,
    file: Path | None,
) -> Callable[[], None]:
    """Append an event; returns what prints the outcome, for once the store is in its place."""
    if target is not None:
        event_id, key = tl.snapshot().event_and_key(target)
        event["target"] = key or event_id
    try:
        result = tl.record([event], **options, file=file)
    except BadRows as error:
        # There is one event, given here: its place among others says nothing.
        raise BadInput("; ".join(problem.message for problem in error.problems)) from None
    except Conflict as error:
        raise Conflict(str(error).removeprefix("event: row 1: ")) from None
    [(event_id, position)] = result.events
    commit = result.commits[-1] if result.commits else tl.snapshot().commit_of(position)
    facts: dict[str, object] = {
        "event_id": event_id,
        "position": position,
        "commit": commit.number,
        "recorded_at": format_instant(commit.recorded_at),
    }

    def print_outcome() -> None:
        for message in result.warnings:
            warn(message.removeprefix("event: row 1: "))
        if not result.commits:
            say("Known already: nothing was recorded.")
        elif file is not None:
            say(f"Written to {near(file)}, and recorded from there.")
        print_recorded(lambda: print_pairs(facts, json))

    return print_outcome
