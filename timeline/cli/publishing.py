"""The command that publishes: tables for other engines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from timeline.cli.options import Json, Store
from timeline.cli.output import print_pairs, say
from timeline.cli.stores import keeping, near
from timeline.errors import BadInput
from timeline.represent import counted

__all__ = ["publish"]

#: What can be published.
What = Literal["delta", "beliefs"]


def publish(
    what: Annotated[
        What, typer.Argument(help="The log as a Delta table, or every belief along the reported axis.")
    ],
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[TARGET]",
            help="A folder of its own, or for beliefs s3://BUCKET/PREFIX, gs:// or az://. "
            "Default for delta: the folder of the log, in place.",
            show_default=False,
        ),
    ] = None,
    *,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            metavar="URL",
            help="Work the beliefs out on Spark: spark://HOST:PORT, or sc://HOST:PORT for Spark Connect.",
            show_default=False,
        ),
    ] = None,
    store: Store = None,
    json: Json = False,
) -> None:
    """Publish tables that other engines read.

    `delta` registers the files of the log and copies none: into a TARGET it links them. `beliefs` writes
    Parquet files, a folder a segment of the reported axis; with `--engine`, from the log alone. Publish again
    for what was recorded since.
    """
    if what == "beliefs" and target is None:
        raise BadInput("got no TARGET; expected a folder or URL that the beliefs go to")
    if what == "delta" and engine is not None:
        raise BadInput("--engine works out beliefs; publishing the log needs none")
    with keeping(store) as tl:
        if what == "beliefs" and target is not None:
            beliefs = tl.publish_beliefs(target, engine=engine)
            print_pairs(
                {
                    "path": _shown(beliefs.path),
                    "version": beliefs.version,
                    "commit": beliefs.commit,
                    "position": beliefs.position,
                    "segments": beliefs.segments,
                    "files": beliefs.files,
                    "rows": beliefs.rows,
                    "written": beliefs.written,
                    "removed": beliefs.removed,
                },
                json,
            )
            rows, written = counted(beliefs.rows, "row"), counted(beliefs.written, "new file")
            say(f"Published {rows} of beliefs; {written}.")
            return
        table = tl.publish_delta(target)
        print_pairs(
            {
                "path": _shown(table.path),
                "version": table.version,
                "commit": table.commit,
                "files": table.files,
                "rows": table.rows,
                "added": table.added,
                "removed": table.removed,
            },
            json,
        )
        say(f"Published {counted(table.rows, 'event')}; {counted(table.added, 'new file')}.")


def _shown(path: str) -> str:
    """Return a path as seen from here, and a URL as it is."""
    return near(Path(path)) if Path(path).is_absolute() else path
