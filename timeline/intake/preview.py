"""The first rows of a table as a mapping would record them, with the errors of those that it would not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from timeline.errors import BadInput
from timeline.intake.bulk import table_to_drafts
from timeline.intake.foreign import read_foreign, texts_of
from timeline.intake.mapped import applied
from timeline.intake.mapping import TableMapping
from timeline.intake.outcome import Rejected, at_origin
from timeline.meaning.event import Event, event_from
from timeline.meaning.times import parse_edtf

__all__ = ["Preview", "PreviewedRow", "preview_mapping"]

#: So many rows of a table are read for it.
_READ: Final = 1_000


@dataclass(frozen=True, slots=True)
class PreviewedRow:
    """A row of a table: the keys of its event, what that says (its columns), or why it is refused."""

    row: int
    keys: dict[str, object]
    columns: dict[str, Any] | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a table under a mapping; `problem` is there where not one can be read."""

    rows: list[PreviewedRow]
    warnings: list[str]
    problem: str | None = None


def preview_mapping(path: str | Path, mapping: TableMapping, rows: int = 10) -> Preview:
    """Return the first rows of a file as a mapping would record them, and those that would be refused.

    No store is asked: whether names are known there is not checked. Raises BadInput for a file that cannot be
    read, and for columns that it does not have.
    """
    foreign = read_foreign(path, mapping)
    foreign = replace(foreign, table=texts_of(foreign, _READ), path=None)
    if foreign.rows is not None:
        foreign = replace(foreign, rows=foreign.rows[:_READ])
    mapping.check_columns(foreign.columns, foreign.name)
    try:
        batch = applied(mapping, foreign)
    except BadInput as problem:
        return Preview([], [], problem.message)
    assert batch.table is not None
    found = [
        PreviewedRow(each.place.row or 0, {}, None, each.message) for each in batch.problems if each.place
    ]
    for draft in table_to_drafts(batch.table.slice(0, rows), batch.name):  # type: ignore[union-attr]
        columns: dict[str, Any] | None = None
        error = None
        try:
            event = event_from(draft.keys)
            columns = event.columns(batch.habits) if isinstance(event, Event) else event.columns()
            if (reported := draft.keys.get("reported")) is not None:
                parse_edtf(str(reported))
        except BadInput as problem:
            placed = at_origin(Rejected(draft.place, problem, draft.keys), batch.origin)
            error = placed.error.message if isinstance(placed.error, BadInput) else str(placed.error)
        own = draft.place.row or 0
        row = batch.origin.row(own) if batch.origin else own
        found.append(PreviewedRow(row, draft.keys, columns if error is None else None, error))
    found.sort(key=lambda one: one.row)
    return Preview(found[:rows], batch.warnings)
