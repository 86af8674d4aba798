"""The commands that look after the store itself.

They are head, verify, rebuild, compact, stats, export, backup and restore.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from timeline.ask.answers import text_of
from timeline.ask.snapshot import Snapshot
from timeline.ask.written import WRITTEN
from timeline.atomic import check_target, no_file, write_path, writing
from timeline.cli.options import Dates, Json, Store, check_output
from timeline.cli.output import print_pairs, say, warn, warn_of_formulas
from timeline.cli.stores import asking, keeping
from timeline.errors import BadInput, Conflict, NotFound, Place
from timeline.meaning.times import format_instant
from timeline.printable import escaped_json
from timeline.represent import counted
from timeline.show.formats import Formulas, csv_lines, json_lines, write_parquet_texts, yaml_lines
from timeline.store import Timeline

if TYPE_CHECKING:
    from timeline import Copied

__all__ = ["backup", "compact", "export", "head", "rebuild", "restore", "stats", "verify"]


def head(
    *,
    tree: Annotated[bool, typer.Option("--tree", help="Print the root over all commits besides.")] = False,
    stamp: Annotated[
        str | None, typer.Option(metavar="URL", help="Have an authority of RFC 3161 stamp the digest.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --stamp: where the time stamp goes.")
    ] = None,
    check_stamp: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Check a time stamp of an earlier head.")
    ] = None,
    roots: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --check-stamp: certificates to trust, PEM.")
    ] = None,
    store: Store = None,
    json: Json = False,
) -> None:
    """Print the last commit, and the digest of all.

    The digest vouches for everything recorded so far: keep it elsewhere. So does the root, at which proofs
    end that are short. A time stamp shows that the store held it by then.
    """
    if (stamp is None) != (output is None):
        raise BadInput("--stamp URL and --output FILE go together")
    if (check_stamp is None) != (roots is None):
        raise BadInput("--check-stamp FILE and --roots FILE go together")
    if output is not None:
        check_output(output, store)
    with keeping(store) as tl:
        commit = tl.head()
        if commit is None:
            raise NotFound(f"nothing is recorded in {tl.address} yet")
        stamped_at = None
        if check_stamp is not None and roots is not None:
            found = tl.check_stamp(_content(check_stamp), _content(roots))
            commit, stamped_at = found.commit, found.stamped_at.isoformat().replace("+00:00", "Z")
        elif stamp is not None and output is not None:
            token = tl.stamp(stamp)
            with writing(output, binary=True) as stream:
                stream.write(token)
        print_pairs(
            {
                "commit": commit.number,
                "position": commit.last_position,
                "count": commit.count,
                "recorded_at": format_instant(commit.recorded_at),
                "digest": commit.digest,
                **({"tree": tl.tree_root()} if tree else {}),
                **({"stamped_at": stamped_at} if stamped_at else {}),
            },
            json,
        )
    if stamp is not None:
        say(f"Wrote the time stamp of that digest to {output}.")
    if stamped_at is not None:
        say(f"The store held everything up to commit {commit.number} by {stamped_at}.")


def _content(path: Path) -> bytes:
    if (kind := no_file(path)) is not None:
        raise BadInput(f"is {kind}, expected a file", Place(str(path)))
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror or error}", Place(str(path))) from None


def verify(
    *,
    expect: Annotated[
        str | None,
        typer.Option(metavar="DIGEST", help="A digest noted before: the log has to hold its commit."),
    ] = None,
    at: Annotated[
        int | None, typer.Option(metavar="N", help="The number of the commit with the expected digest.")
    ] = None,
    log_only: Annotated[bool, typer.Option("--log-only", help="Leave out the index.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Compute the hashes of the files and of the commits alone.")
    ] = False,
    store: Store = None,
    json: Json = False,
) -> None:
    """Recompute every hash of the log, and compare the index with it.

    Only a digest noted elsewhere shows that the last commits were not removed.
    """
    if at is not None and expect is None:
        raise BadInput("got --at without a digest; expected --expect DIGEST besides")
    # The log is looked at first, even where it has lost what the index knows.
    with keeping(store, trust_log=True) as tl, _bar("verifying") as progress:
        began = perf_counter()
        found = tl.verify(progress, expect=expect, at=at, log_only=log_only, quick=quick)
        seconds = perf_counter() - began
    print_pairs(
        {
            "commits": found.commits,
            "events": found.events,
            "files": found.files,
            "bytes": found.bytes,
            "digest": found.digest,
            "generations": found.generations,
            "erased": found.erased or (0 if json else None),
        },
        json,
    )
    if found.unfinished:
        warn(
            f"{counted(found.unfinished, 'event')} to be erased: what was said is still there. Where no "
            "erasure is under way, `timeline erase` finishes it"
        )
    rate = f"{found.bytes / 1e6 / seconds:,.1f} MB/s"
    if quick:
        say(f"Every file is the one that was written; {rate}. What is in them was not looked at.")
    else:
        rest = "Everything else" if found.erased else "Everything"
        say(f"{rest} is as it was written; {found.events / seconds:,.0f} events/s, {rate}.")


def rebuild(
    *,
    trust_log: Annotated[
        bool,
        typer.Option(
            "--trust-log", help="Give up commits that only the index knows of; that index is kept aside."
        ),
    ] = False,
    store: Store = None,
) -> None:
    """Build the index from the log."""
    with keeping(store, trust_log=trust_log) as tl:
        path = tl.rebuild(trust_log=trust_log)
        if path is None:
            raise BadInput(f"cannot write an index into {tl.path}")
        say(f"Built {path}.")


def compact(*, store: Store = None) -> None:
    """Merge the small files of the log.

    Events, positions and digests stay the same.
    """
    with keeping(store) as tl:
        merged = tl.compact()
        say(f"Merged {merged:,} files." if merged else "Nothing to merge.")


def stats(*, store: Store = None, json: Json = False) -> None:
    """Print how much the store holds, and takes."""
    with keeping(store) as tl:
        print_pairs(tl.stats(), json)


def backup(
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="A new folder, or a backup of this store.")
    ],
    *,
    link: Annotated[
        bool, typer.Option("--link", help="Link the files of the log where the file system can.")
    ] = False,
    store: Store = None,
    json: Json = False,
) -> None:
    """Copy the store and the files of its project to a folder.

    Others may record meanwhile. Into a backup of this store only what is new is copied.
    """
    with keeping(store) as tl:
        copied = tl.backup(target, link=link)
    _print_copied(copied, json)
    say(f"Backed up {_extent(copied)} to {target}; {counted(copied.copied, 'new file')}.")


def restore(
    backup: Annotated[
        Path, typer.Argument(metavar="BACKUP", help="A backup, or a copy of a store or project.")
    ],
    *,
    partial: Annotated[
        bool, typer.Option("--partial", help="Of a damaged copy, take what is whole.")
    ] = False,
    store: Annotated[
        Path | None,
        typer.Option(
            "--store",
            metavar="DIR",
            help="A new folder, or a project without a store. Default: the nearest project upwards.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Make a store from a backup, and verify it.

    A new folder gets the files of the project besides; a project keeps its own.
    """
    copied = Timeline.restore(backup, store, partial=partial)
    _print_copied(copied, json)
    say(f"Restored {_extent(copied)} into {copied.path}; everything in it is as it was written.")


def _print_copied(copied: Copied, as_json: bool) -> None:
    commit = copied.commit
    print_pairs(
        {
            "path": str(copied.path),
            "commit": commit.number if commit else 0,
            "position": commit.last_position if commit else 0,
            "digest": commit.digest if commit else None,
            "files": copied.files,
            "bytes": copied.bytes,
            "copied": copied.copied,
            "project_files": copied.project_files,
        },
        as_json,
    )


def _extent(copied: Copied) -> str:
    commit = copied.commit
    return f"all up to commit {commit.number}, position {commit.last_position}," if commit else "no commit"


#: What can be written out.
What = Literal["duckdb", "events", "beliefs"]


def export(
    what: Annotated[What, typer.Argument(help="The whole store, or a table of it.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Its suffix names the format: .csv, .jsonl, .parquet.")
    ],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that is there.")] = False,
    dates: Dates,
    store: Store = None,
) -> None:
    """Write out events, beliefs, or the whole store.

    Events are written as they are recorded, so that `timeline ingest` of the file gives the same events.
    A DuckDB file holds everything, whatever the dates; it opens in DuckDB 1.5 and later.
    """
    suffix = file.suffix.lower()
    known = _EVENTS if what == "events" else tuple(_WRITERS)
    if what != "duckdb" and suffix not in known:
        raise BadInput(f"got {file.name!r}; expected a name that ends in {', '.join(known)}")
    if file.exists() and not replace:
        raise Conflict(f"{file} exists; remove it, or say --replace")
    check_target(file)
    if what == "duckdb" and dates != Dates():
        raise BadInput("a DuckDB file holds the whole store; its macros take the dates")
    with asking(store) as tl:
        if what == "duckdb":
            tl.export_duckdb(file, replace=replace)
        else:
            check_target(file, within=[tl.path])
            snapshot = tl.snapshot()
            try:
                _export_rows(snapshot, what, dates, file, replace)
            except Exception as error:
                if not snapshot.mend(error):
                    raise
                _export_rows(snapshot, what, dates, file, replace)
    say(f"Wrote {file}.")


def _export_rows(snapshot: Snapshot, what: What, dates: Dates, file: Path, replace: bool) -> None:
    if what == "events":
        if dates != Dates(recorded_as_of=dates.recorded_as_of):
            raise BadInput(
                "events are what was recorded; of the dates, only --recorded-as-of has a meaning for them"
            )
        with write_path(file, replace=replace) as written:
            _write_events(snapshot, dates.recorded_as_of, written, file.suffix.lower())
        return
    with write_path(file, replace=replace) as written:
        _WRITERS[file.suffix.lower()](snapshot, _query_of(snapshot, dates), written)


def _query_of(snapshot: Snapshot, dates: Dates) -> str:
    """Return the beliefs to write, as SQL over the store's own objects."""
    return snapshot.translate(
        "SELECT * FROM beliefs ORDER BY fact, valid_from NULLS FIRST, origin", **dates.given()
    )


def _table_of(snapshot: Snapshot, recorded_as_of: str | None) -> Iterator[list[str | None]]:
    for keys in snapshot.written(flat=True, recorded_as_of=recorded_as_of):
        yield [None if keys.get(name) is None else text_of(keys[name]) for name in WRITTEN]


def _write_events(snapshot: Snapshot, recorded_as_of: str | None, file: Path, suffix: str) -> None:
    if suffix == ".parquet":
        write_parquet_texts(WRITTEN, _table_of(snapshot, recorded_as_of), file)
        return
    formulas = Formulas()
    if suffix == ".csv":
        lines = csv_lines(WRITTEN, _table_of(snapshot, recorded_as_of), formulas)
    elif suffix == ".jsonl":
        events = snapshot.written(recorded_as_of=recorded_as_of)
        lines = (escaped_json(json.dumps(keys, ensure_ascii=False)) for keys in events)
    else:
        lines = yaml_lines(snapshot.written(recorded_as_of=recorded_as_of))
    with file.open("x", encoding="utf-8", newline="") as out:
        out.writelines(f"{line}\n" for line in lines)
    warn_of_formulas(formulas.count, _AS_IT_IS)


#: Of what would be run in a file that may be recorded again.
_AS_IT_IS: Final = "it is written as it is"


def _write_csv(snapshot: Snapshot, query: str, file: Path) -> None:
    formulas = Formulas()
    _write_lines(snapshot, query, file, partial(csv_lines, formulas=formulas))
    warn_of_formulas(formulas.count, _AS_IT_IS)


def _write_lines(snapshot: Snapshot, query: str, file: Path, lines_of: Any) -> None:
    with snapshot.stream(query) as (names, rows), file.open("x", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines_of(names, rows))


_WRITERS: Final[dict[str, Callable[[Snapshot, str, Path], None]]] = {
    ".csv": _write_csv,
    ".jsonl": partial(_write_lines, lines_of=json_lines),
    ".parquet": Snapshot.copy_to_parquet,
}


_EVENTS: Final = (".csv", ".jsonl", ".parquet", ".yaml", ".yml")


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on a terminal, elsewhere None."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=getattr(sys.stderr, "raw", sys.stderr)), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
