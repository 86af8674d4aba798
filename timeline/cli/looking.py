"""The commands to look at a store with: serve, plot, page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from timeline.cli.options import Dates, SealedAsOf, SealedRecordedAsOf, Store, check_output
from timeline.cli.output import print_lines, printed_width, say, style_for
from timeline.cli.sealing import add_seal, check_unsealed
from timeline.cli.stores import asking, reading
from timeline.errors import BadInput

if TYPE_CHECKING:
    from timeline.ask.answers import AsOf
    from timeline.ask.snapshot import Snapshot

__all__ = ["page", "plot", "serve"]


def plot(
    facts: Annotated[
        list[str] | None,
        typer.Argument(metavar="FACT…", help="Facts, or globs in which * crosses /.", show_default=False),
    ] = None,
    *,
    kind: Annotated[
        Literal["fact", "flow", "vintages"],
        typer.Option(
            help="What was believed of each fact over time, who promised what to whom, or how the figures "
            "of a series were revised."
        ),
    ] = "fact",
    compare: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="With --kind flow: draw this date beside the other.", show_default=False
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write .svg, .png or .html. Default: draw on the terminal.",
            show_default=False,
        ),
    ] = None,
    theme: Annotated[Literal["light", "dark"], typer.Option(help="Of a file.")] = "light",
    language: Annotated[Literal["en", "fr"], typer.Option(help="Of the words in a file.")] = "en",
    width: Annotated[int, typer.Option(min=320, max=4000, metavar="PIXELS", help="Of a file.")] = 800,
    dates: Dates,
    store: Store = None,
) -> None:
    """Draw what was believed over time: on the terminal, or as a file to send."""
    from timeline.plot.files import check_suffix
    from timeline.plot.pictures import picture

    if compare is not None and kind != "flow":
        raise BadInput("--compare is for --kind flow; a picture of a fact shows every date")
    if output is None and kind != "fact":
        raise BadInput(f"--kind {kind} draws a file; name one with --output, such as picture.svg")
    if output is not None:
        check_suffix(output)
        check_output(output, store)
    with reading(store) as snapshot:
        asked = snapshot.dates(**dates.given())
        if output is None:
            _draw_here(snapshot, facts or [], asked)
            return
        other = None if compare is None else snapshot.dates(**{**dates.given(), "as_of": compare})
        drawn = picture(
            snapshot,
            facts or [],
            asked,
            kind=kind,
            compare=other,
            theme=theme,
            language=language,
            width=width,
        )
        drawn.save(output)


def _draw_here(snapshot: Snapshot, facts: list[str], asked: AsOf) -> None:
    """Draw on the terminal."""
    from timeline.plot.one_fact import fact_data
    from timeline.plot.pictures import FACTS_AT_MOST, facts_named
    from timeline.plot.terminal import chart

    names = facts_named(snapshot, facts)
    if len(names) > FACTS_AT_MOST:
        say(f"drawing the first {FACTS_AT_MOST} of {len(names):,} facts; name fewer to see others")
    lines: list[str] = []
    for name in names[:FACTS_AT_MOST]:
        lines += [""] if lines else []
        data = fact_data(snapshot, name, asked)
        lines += chart(data, printed_width(), style_for(sys.stdout), snapshot.zone)
    print_lines(lines)


def page(
    facts: Annotated[
        list[str], typer.Argument(metavar="FACT…", help="Facts, or globs in which * crosses /.")
    ],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The .html file to write.")],
    language: Annotated[Literal["en", "fr"], typer.Option(help="Of its words.")] = "en",
    dates: Dates,
    store: Store = None,
) -> None:
    """Write facts as one HTML file to send: charts, a slider, the evidence; no server, nothing is loaded."""
    from timeline.atomic import writing
    from timeline.plot.pictures import FACTS_AT_MOST, facts_named
    from timeline.web.story import story

    if output.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"--output {str(output)!r} is no page; expected a name that ends in .html")
    check_output(output, store)
    with reading(store) as snapshot:
        names = facts_named(snapshot, facts)
        if len(names) > FACTS_AT_MOST:
            say(f"writing the first {FACTS_AT_MOST} of {len(names):,} facts; name fewer to see others")
        text = story(snapshot, names[:FACTS_AT_MOST], snapshot.dates(**dates.given()), language=language)
    with writing(output) as stream:
        stream.write(text)


def serve(
    *,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="To listen on. Others than this machine reach it only where it says so."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help="Take events from clients that send the token.")
    ] = False,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --allow-writes: a file with the token.", show_default=False),
    ] = None,
    documents: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Show the passages that reports were read in, of files here whose SHA-256 is that of a "
            "source.",
            show_default=False,
        ),
    ] = None,
    sealed_as_of: SealedAsOf = None,
    sealed_recorded_as_of: SealedRecordedAsOf = None,
    store: Store = None,
) -> None:
    """Show the store in a browser, until it is interrupted.

    The first line on stdout is the address.
    """
    from timeline.web.server import serve as run

    if sealed_as_of is not None or sealed_recorded_as_of is not None:
        add_seal(sealed_as_of, sealed_recorded_as_of)
    if allow_writes:
        check_unsealed("to take events is to write to the store")

    if allow_writes != (token_file is not None):
        raise BadInput("to take events, give both --allow-writes and --token-file FILE")
    token = None
    if token_file is not None:
        from timeline.web.writes import token_in

        token = token_in(token_file)
    found = None
    if documents is not None:
        from timeline.web.documents import Documents

        found = Documents(documents)
    with asking(store, page=True) as tl:
        run(
            tl,
            host,
            port,
            browse=browser,
            token=token,
            documents=found,
            ready=lambda address: print(address, flush=True),
        )
