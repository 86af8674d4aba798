"""Recording: batches are validated whole on one state of the store, then appended, a commit each.

When another writer is faster, everything is validated again on the new head. A recorder keeps what it
learned while it took its own events in, so that one small append after another does not read the
store anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from timeline import bulk
from timeline.errors import Conflict, Place
from timeline.files import Batch, Draft
from timeline.index import Reader
from timeline.intake import Intake, Rejected, raise_for, write_rejects
from timeline.log import Commit, Log, rows_to_table
from timeline.times import now

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Ingested", "Recorder"]

#: An intake that has taken this many events is let go: it keeps every one of them in memory.
_REMEMBERS_AT_MOST: Final = 20_000


@dataclass(slots=True)
class Ingested:
    """What came of an ingest.

    `new` events were appended, besides the `registered` descriptions of names never heard of;
    `known` were there already. `rejected` is empty unless rejects were asked for, or it was a dry run.
    """

    new: int = 0
    known: int = 0
    registered: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)


class _Moved(Exception):
    """Another writer was faster: what was validated must be validated again."""


class Recorder:
    """Takes batches into a log; `reader` gives a reader of everything acknowledged so far."""

    def __init__(self, log: Log, reader: Callable[[], Reader]) -> None:
        self._log = log
        self._reader = reader
        self._intake: Intake | None = None
        self._intake_commit = -1
        self.progress: Callable[[str], None] | None = None

    def record(
        self,
        batches: Sequence[Batch],
        *,
        register_unknown: bool = False,
        rejects: str | Path | None = None,
        dry_run: bool = False,
        expected_position: int | None = None,
    ) -> Ingested:
        """Validate all batches, then append each as one commit.

        Raises what was refused, recording nothing, unless `rejects` names a file for it.
        """
        commits: list[Commit] = []
        written = Ingested()
        while True:
            head = self._log.head()
            number, position = (head.number, head.last_position) if head else (0, 0)
            if expected_position is not None and expected_position != position:
                raise Conflict(
                    f"expected the log to end at position {expected_position}, got one that ends at "
                    f"{position}; read what was added and try again"
                )
            # Another writer may be faster even while this one validates, when there is no table yet.
            tables: list[tuple[pa.Table, int]] = []
            before = len(commits)
            try:
                result, tables = self._validate(batches, number, register_unknown)
                if result.rejected and rejects is None and not dry_run:
                    raise_for(result.rejected)
                if dry_run:
                    self._forget()
                    return result
                self._append([table for table, _ in tables], number, expected_position, commits)
            except _Moved:
                # What was recorded so far comes back as known, save for names registered on the way.
                for commit, (_, registered) in zip(commits[before:], tables, strict=False):
                    written.new += commit.count - registered
                    written.registered += registered
                self._forget()
                continue
            except BaseException:
                self._forget()
                raise
            break
        if rejects is not None:
            write_rejects(rejects, result.rejected)
        result.commits = commits
        result.new += written.new
        result.known -= written.new
        result.registered += written.registered
        return result

    def last_of(self, drafts: Sequence[Draft], register_unknown: bool) -> Commit:
        """The commit that last recorded any of these events, all of them known."""
        reader = self._reader()
        ids = Intake(reader, now(), register_unknown=register_unknown).ids(drafts)
        rows = (
            reader.cursor()
            .execute(
                "SELECT number, first_position, count, epoch_us(recorded_at), digest FROM store.commits "
                "WHERE number = (SELECT max(commit) FROM store.events "
                "WHERE event_id IN (SELECT unnest($1::VARCHAR[])))",
                [ids],
            )
            .fetchall()
        )
        return Commit(*rows[0])

    def _forget(self) -> None:
        self._intake = None

    def _intake_at(self, number: int, register_unknown: bool) -> Intake:
        """An intake on the state after commit `number`: the one at hand, if it took all that came since."""
        if self._intake is None or self._intake_commit != number or self._intake.taken > _REMEMBERS_AT_MOST:
            reader = self._reader()
            if reader.commit != number:
                raise _Moved
            self._intake = Intake(reader, now())
        self._intake.recorded_at = now()
        self._intake.register_unknown = register_unknown
        return self._intake

    def _validate(
        self, batches: Sequence[Batch], number: int, register_unknown: bool
    ) -> tuple[Ingested, list[tuple[pa.Table, int]]]:
        """What would come of it, and for each commit to be its rows and how many of them register names."""
        result = Ingested()
        tables: list[tuple[pa.Table, int]] = []
        for batch in batches:
            found: Any
            rejected = [
                Rejected(problem.place or Place(batch.name), problem, {}) for problem in batch.problems
            ]
            if self.progress is not None:
                self.progress(f"checking {batch.name}")
            if batch.table is not None and len(batches) == 1 and bulk.takes(batch.table):
                reader = self._reader()
                if reader.commit != number:
                    raise _Moved
                found = bulk.resolve_table(
                    reader, batch.table, batch.name, now(), register_unknown=register_unknown
                )
                self._forget()
                new, table = found.rows.num_rows, found.rows
            else:
                drafts = batch.drafts
                if drafts is None:
                    drafts = bulk.table_to_drafts(cast("pa.Table", batch.table), batch.name)
                found = self._intake_at(number, register_unknown).resolve(drafts)
                self._intake_commit = number
                new, table = len(found.rows), rows_to_table(found.rows)
            result.new += new - found.registered
            result.known += found.known
            result.registered += found.registered
            rejected += found.rejected
            result.rejected += sorted(rejected, key=lambda one: one.place.line or one.place.row or 0)
            result.warnings += found.warnings
            if new:
                tables.append((table, found.registered))
        return result, tables

    def _append(
        self,
        tables: Sequence[pa.Table],
        number: int,
        expected_position: int | None,
        commits: list[Commit],
    ) -> None:
        for table in tables:
            commit = self._log.append(_unless_moved(table, number, expected_position))
            if commit is not None:
                commits.append(commit)
                number = commit.number
        self._intake_commit = number


def _unless_moved(
    table: pa.Table, number: int, expected_position: int | None
) -> Callable[[Commit | None, int], pa.Table]:
    def prepare(head: Commit | None, recorded_at: int) -> pa.Table:
        if (head.number if head else 0) == number:
            return table
        if expected_position is not None:
            raise Conflict(
                f"expected the log to end at position {expected_position}, but another writer "
                "was faster; read what was added and try again"
            )
        raise _Moved

    return prepare
