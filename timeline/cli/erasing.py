"""The command that erases: what an event said goes, and a tombstone stays."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from timeline.ask.answers import text_of
from timeline.cli.options import Json, Store
from timeline.cli.output import print_pairs, print_recorded, say, warn
from timeline.cli.stores import keeping, near
from timeline.errors import BadInput
from timeline.meaning.times import format_instant
from timeline.store import Timeline

__all__ = ["erase"]


def erase(
    events: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="EVENT...",
            help="The events: their keys, or their ids or the beginnings of these. "
            "Default: those of an erasure that was not finished.",
            show_default=False,
        ),
    ] = None,
    *,
    reason: Annotated[
        str | None, typer.Option(help="Why; it stays in the store, so nothing that has to go.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Who erases.", envvar="TIMELINE_ACTOR")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    store: Store = None,
    json: Json = False,
) -> None:
    """Erase what events said, for good.

    Their facts, dates, sources and origins stay, so that they compete as they did; where they win, answers
    say that they were erased. A record that is wrong is corrected instead.
    """
    with keeping(store) as tl:
        names = list(events or ())
        if names and not yes:
            _ask(tl, names)
        done = tl.erase(names, reason=reason, actor=actor)
        for place in done.still_in:
            warn(f"{near(Path(place))}: still has what was erased; Timeline does not edit it")
        for event_id in done.amended_by:
            warn(
                f"event {event_id[:12]} amends what was erased, and is still there; erase it too, if need be"
            )
        commit = done.commit
        facts: dict[str, object] = {
            "erased": len(done.event_ids),
            "known": len(done.known),
            "files": done.files,
            "commit": commit.number if commit else None,
            "recorded_at": format_instant(commit.recorded_at) if commit else None,
        }
        if json:
            facts |= {"event_ids": done.event_ids, "amended_by": done.amended_by, "still_in": done.still_in}
        print_recorded(lambda: print_pairs(facts, json))
    say("Copies elsewhere (backups, exports, clones, what a browser keeps) have it still.")


def _ask(tl: Timeline, names: list[str]) -> None:
    """Show what is to be erased, and ask; raises BadInput where nobody can answer, or the answer is no."""
    snapshot = tl.snapshot()
    ids = [snapshot.event_id(name) for name in names]
    listed = snapshot.sql(
        "SELECT event_id, event_type, fact, reported_at FROM events "
        "WHERE list_contains($ids, event_id) ORDER BY position",
        params={"ids": ids},
    )
    if not sys.stdin.isatty():
        raise BadInput("an erasure cannot be undone, and there is no terminal to ask at; say --yes")
    for event_id, kind, fact, reported_at in listed.rows:
        say(f"{event_id[:12]}  {kind}  {text_of(fact)}  {text_of(reported_at)}")
    if not typer.confirm("Erase what they said, for good?", err=True):
        raise BadInput("nothing was erased")
