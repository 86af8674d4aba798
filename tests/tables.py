"""What a bulk intake makes of a table, for tests that look at it without appending it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field

import pyarrow as pa

from timeline.index.reader import Reader
from timeline.intake.bulk import RunAgain, TableIntake
from timeline.intake.names import REFUSING, Naming
from timeline.intake.outcome import Rejected
from timeline.intake.tabular import StoredTable
from timeline.log.log import schema
from timeline.meaning.habits import Habits

_NO_HABITS = Habits()


@dataclass
class Taken:
    """Rows for the log, descriptions of new names first, and what was not taken."""

    rows: pa.Table
    known: int = 0
    registered: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def taken(
    reader: Reader,
    table: pa.Table | StoredTable,
    recorded_at: int,
    *,
    naming: Naming = REFUSING,
    at_once: int = 100_000,
    habits: Habits = _NO_HABITS,
) -> Taken:
    """Run an intake of this table until no run finds more rows to skip."""
    intake = TableIntake(reader, table, "t", recorded_at, naming=naming, at_once=at_once, habits=habits)
    with closing(intake):
        while True:
            try:
                parts = list(intake.rows())
                break
            except RunAgain:
                continue
        return Taken(
            pa.concat_tables(parts) if parts else schema().empty_table(),
            intake.known,
            intake.registered,
            intake.rejected,
            intake.warnings,
        )
