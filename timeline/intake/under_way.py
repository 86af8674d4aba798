"""Events under way from what is written to rows of the log, and the names in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from timeline.errors import Place
from timeline.intake.taken import Row
from timeline.meaning.described import DESCRIPTIONS
from timeline.meaning.event import Event

__all__ = ["NAMED", "UnderWay", "names_in", "names_of"]

#: The columns that name something, and what kinds of name it may be.
NAMED: Final = {
    **dict.fromkeys(("subject", "object", "speaker", "entity"), ("entity",)),
    **{"attribute": ("attribute",), "source": ("source",), "origin": ("entity", "source")},
}


@dataclass(slots=True)
class UnderWay:
    """An event under way: its row has its own content, then what it takes over.

    Of an event the row is empty, until the names in it have been looked up.
    """

    place: Place
    keys: dict[str, object]
    row: Row
    event: Event | None = None
    target: Row | None = None
    places: Mapping[str, Place] = field(default_factory=dict)

    def place_of(self, column: str) -> Place:
        """Return where a name of the event was given."""
        given = self.places.get(column)
        if given is None and column in ("subject", "object", "attribute"):
            given = self.places.get("fact")
        return given or self.place


def names_of(draft: UnderWay) -> Iterator[tuple[str, str]]:
    """Yield the kinds of name that an event or description gives, with the names."""
    if draft.event is None:
        yield from names_in(draft.row)
        if draft.row["event_type"] == "source-described":
            origin = json.loads(draft.row["text"]).get("origin")
            yield from ((kind, origin) for kind in NAMED["origin"] if origin is not None)
        return
    for column, name in draft.event.names():
        for kind in NAMED[column]:
            yield kind, name


def names_in(row: Row) -> Iterator[tuple[str, str]]:
    if row["event_type"] in DESCRIPTIONS:
        yield row["event_type"].removesuffix("-described"), row["subject"]
        return
    for column, kinds in NAMED.items():
        if column != "entity" and row.get(column) is not None:
            for kind in kinds:
                yield kind, row[column]
    if row.get("value_type") == "entity":
        yield "entity", row["text"]
