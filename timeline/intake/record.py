"""Recording: batches are validated whole on one state of the store, then appended, a commit each.

When another writer is faster, everything is validated again on the new head. A recorder keeps what it
learned while it took its own events in, so that one small append after another does not read the
store again each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from timeline.errors import Conflict
from timeline.index.reader import Reader
from timeline.index.tail import Appended
from timeline.intake import bulk
from timeline.intake.allocators import return_unused
from timeline.intake.batch import Batch, RowOrigin
from timeline.intake.cutting import cut
from timeline.intake.drafts import TableDrafts
from timeline.intake.names import REFUSING, Naming
from timeline.intake.outcome import (
    KEPT_AT_MOST,
    GivenEvents,
    Ingested,
    Rejected,
    SpooledRejects,
    at_origin,
    at_place,
    of_erased,
    raise_for,
    unread,
)
from timeline.intake.rows import Intake
from timeline.intake.spool import Spool
from timeline.intake.taken import Row
from timeline.log.log import SMALL, Commit, Log, Rows, rows_to_table
from timeline.meaning.habits import Habits
from timeline.meaning.times import now

if TYPE_CHECKING:
    import pyarrow as pa

    _Part = Rows | pa.Table | Iterable[pa.Table]

__all__ = ["Recorder"]

#: An intake that has taken this many events, or bytes of text, is let go: it keeps all of it in memory.
_REMEMBERS_AT_MOST: Final = 20_000
_REMEMBERS_BYTES_AT_MOST: Final = 64 * 2**20
_NO_HABITS: Final = Habits()
#: So many rows become a table at once.
_AT_ONCE: Final = 2_500
#: For how many seconds other writers may be faster before they are made to wait.
_LOSING_AT_MOST: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Ready:
    """A commit to be: its rows, how many of them register names, what they come to, what they describe."""

    rows: Sequence[Row]
    registered: int
    appended: Appended
    described: list[tuple[str, str]]


#: What is called before something is recorded, with the type and id of each description in it.
Before = Callable[[Sequence[tuple[str, str]]], None]


class _Moved(Exception):
    """Another writer was faster: what was validated must be validated again."""


class _Turn(ExitStack):
    """A block in which a writer that others were faster than tries again: in turn, and at last alone.

    To validate on a new head costs a hundred times what the next append of the writer costs that was faster,
    so that to append in turn would slow all of them down. To validate side by side would, too, where each
    validates in vain for all that the others record meanwhile: so those who try again do it one at a time, in
    the order of asking. Once that has gone on for too long, nobody else appends until the block ends.
    """

    def __init__(self, log: Log, *, in_turn: bool = True) -> None:
        super().__init__()
        self._log = log
        self._in_turn = in_turn
        self._until: float | None = None
        self._alone = False

    def lost(self) -> None:
        """Note that another writer was faster, and wait for a turn to try again."""
        if self._until is None:
            self._until = monotonic() + _LOSING_AT_MOST
            if self._in_turn:
                self.enter_context(self._log.trying_again())
        if not self._alone and monotonic() > self._until:
            self._alone = True
            self.enter_context(self._log.alone())


class Recorder:
    """Takes batches into a log; `reader` gives a reader of everything acknowledged so far.

    `habits` are the project's: how texts are to be read where neither their source nor their file says so.
    """

    def __init__(self, log: Log, reader: Callable[[], Reader], habits: Habits = _NO_HABITS) -> None:
        self._habits = habits
        self._log = log
        self._reader = reader
        self._intake: Intake | None = None
        self._intake_commit = -1
        #: What was appended since the generation that was read last, as far as this one knows.
        self.appended = Appended()
        self._remembered = 0
        #: Of the log when the intake was made: what it read may have been erased since.
        self._erasures = log.erasures()
        self.progress: Callable[[str], None] | None = None

    def record(
        self,
        batches: Sequence[Batch],
        *,
        naming: Naming = REFUSING,
        personal: bool = False,
        rejects: str | Path | None = None,
        dry_run: bool = False,
        expected_position: int | None = None,
        before: Before | None = None,
    ) -> Ingested:
        """Validate all batches, then append each as one commit; return what came of it.

        Raises what was refused, recording nothing, unless `rejects` names a file for it. `before` is called
        once all is validated and before something is recorded, with the type and id of each description that
        will be; where another writer is faster, it is called again. What it raises leaves the log as it was.
        With `personal` all that is new gets an id that nobody can guess, row by row.
        """
        table = batches[0].table if len(batches) == 1 and not personal else None
        if table is not None and bulk.takes(table):
            return self._record_table(batches[0], naming, rejects, dry_run, expected_position)
        commits: list[Commit] = []
        written = Ingested()
        spooled: SpooledRejects | None = None
        with _Turn(self._log) as turn:
            while True:
                # An intake that took the last commit itself need not ask where the log ends: the append will.
                guessed = self._intake is not None and expected_position is None
                number, moved_on = (self._intake_commit, None) if guessed else self._head(expected_position)
                # Another writer may be faster even while this one validates, when there is no table yet.
                ready: list[_Ready] = []
                so_far = len(commits)
                try:
                    if spooled is not None:
                        spooled.close()
                    spooled = SpooledRejects() if rejects is not None and not dry_run else None
                    result, ready = self._validate(batches, number, naming, personal, spooled)
                    final = dry_run or not ready or bool(result.rejected)
                    if guessed and final and self._log.head_number() != number:
                        raise _Moved
                    if moved_on is not None and (ready or result.rejected):
                        raise moved_on
                    if result.rejected and rejects is None and not dry_run:
                        raise_for(result.rejected, result.more_rejected)
                    result.warnings += self._intake.warnings() if self._intake is not None else []
                    if dry_run:
                        self._forget()
                        return result
                    self._append(ready, number, commits, before)
                except _Moved:
                    # What was recorded so far comes back as known, save for names registered on the way.
                    for commit, one in zip(commits[so_far:], ready, strict=False):
                        written.new += commit.count - one.registered
                        written.registered += one.registered
                    self._forget()
                    turn.lost()
                    continue
                except BaseException:
                    self._forget()
                    raise
                break
        result.commits = commits
        result.new += written.new
        result.known -= written.new
        result.registered += written.registered
        if rejects is not None:
            with closing(result._spooled or SpooledRejects()):
                result.write_rejects(rejects)
                result._spooled = None
        return result

    def _head(self, expected_position: int | None) -> tuple[int, Conflict | None]:
        """Return the number of the last commit, and what to raise where the log ends elsewhere than expected.

        That is for events that are new: those that are known already have been recorded, as a caller who lost
        the acknowledgement finds out by asking again.
        """
        head = self._log.head()
        number, position = (head.number, head.last_position) if head else (0, 0)
        if expected_position in (None, position):
            return number, None
        return number, Conflict(
            f"expected the log to end at position {expected_position}, got one that ends at "
            f"{position}; read what was added and try again"
        )

    def _record_table(
        self,
        batch: Batch,
        naming: Naming,
        rejects: str | Path | None,
        dry_run: bool,
        expected_position: int | None,
    ) -> Ingested:
        """Return what `record` does, for one large table: it is written to the log while it is validated."""
        assert batch.table is not None
        self._forget()
        if self.progress is not None:
            self.progress(f"checking {batch.name}")
        spooled = None
        # What takes minutes holds nobody up but where it is alone.
        with _Turn(self._log, in_turn=False) as turn:
            while True:
                number, moved_on = self._head(expected_position)
                reader = self._reader()
                if reader.commit != number:
                    continue
                if spooled is not None:
                    spooled.close()
                spooled = SpooledRejects() if rejects is not None and not dry_run else None
                intake = bulk.TableIntake(
                    reader,
                    batch.table,
                    batch.name,
                    now(),
                    naming=naming,
                    problems=batch.problems,
                    origin=batch.origin,
                    habits=batch.habits.over(self._habits),
                    spooled=spooled,
                )
                try:
                    with closing(intake):
                        commit, count = self._run(
                            intake, number, dry_run or moved_on is not None, may_reject=rejects is not None
                        )
                    if moved_on is not None and (count or intake.rejected):
                        raise moved_on
                except _Moved:
                    turn.lost()
                    continue
                break
        result = Ingested(
            new=count - intake.registered,
            known=intake.known,
            registered=intake.registered,
            rejected=intake.rejected,
            more_rejected=intake.more_rejected,
            _spooled=spooled,
            warnings=[*batch.warnings, *intake.warnings],
            erased=intake.erased,
            commits=[commit] if commit else [],
        )
        if rejects is not None and spooled is not None:
            with closing(spooled):
                result.write_rejects(rejects)
                result._spooled = None
        return result

    def _run(
        self,
        intake: bulk.TableIntake,
        number: int,
        dry_run: bool,
        *,
        may_reject: bool,
    ) -> tuple[Commit | None, int]:
        """Return the commit, and how many events were, or would be, recorded."""
        while True:
            try:
                if dry_run:
                    return None, sum(part.num_rows for part in intake.rows())
                commit = self._log.append(_unless_moved(intake.rows, number))
                return commit, commit.count if commit else 0
            except bulk.RunAgain:
                if not may_reject and not dry_run:
                    raise_for(intake.rejected, intake.more_rejected)

    def _forget(self) -> None:
        if self._intake is not None:
            self._intake.close()
        self._intake = None

    def _intake_at(self, number: int, naming: Naming, first: bool) -> Intake:
        """Return an intake on the state after commit `number`.

        The one at hand, if it took all that came since.

        Only before the `first` of several batches may one that remembers much be let go: the later ones may
        speak of what the earlier ones bring.
        """
        enough = (
            first
            and self._intake is not None
            and (self._intake.taken > _REMEMBERS_AT_MOST or self._remembered > _REMEMBERS_BYTES_AT_MOST)
        )
        erasures = self._log.erasures()
        if self._intake is None or self._intake_commit != number or enough or erasures != self._erasures:
            reader = self._reader()
            if reader.commit != number:
                raise _Moved
            self._forget()
            self._intake = Intake(reader, now())
            self._erasures = erasures
            self.appended = reader.appended
            self._remembered = 0
        self._intake.recorded_at = now()
        self._intake.naming = naming
        return self._intake

    def _validate(
        self,
        batches: Sequence[Batch],
        number: int,
        naming: Naming,
        personal: bool,
        spooled: SpooledRejects | None,
    ) -> tuple[Ingested, list[_Ready]]:
        """Return what would come of it, with the first bad events, and the commits to be.

        All bad events go to `spooled`: those that could not be read, and those that were refused.
        """
        result = Ingested(_spooled=spooled)
        unreadable, refused = (spooled.begin(), spooled.begin()) if spooled else (None, None)
        ready: list[_Ready] = []
        events = Spool()
        for nth, batch in enumerate(batches):
            keep = max(0, KEPT_AT_MOST - len(result.rejected))
            rejected = [unread(problem, batch.name) for problem in batch.problems[:keep]]
            result.more_rejected += len(batch.problems) - len(rejected)
            if unreadable is not None:
                unreadable((unread(problem, batch.name) for problem in batch.problems), nth)
            if self.progress is not None:
                self.progress(f"checking {batch.name}")
            drafts = batch.drafts
            if drafts is None:
                assert batch.table is not None
                drafts = TableDrafts(batch.table, batch.name)
            intake = self._intake_at(number, naming, first=nth == 0)
            intake.personal = personal
            if nth == 0:
                intake.begin()
            written = refused and partial(_write, refused, batch.origin, nth)
            found = intake.resolve(drafts, batch.habits.over(self._habits), keep, written)
            self._intake_commit = number
            new = len(found.rows)
            result.new += new - found.registered
            result.known += found.known
            result.registered += found.registered
            rejected += [at_origin(one, batch.origin) for one in found.rejected]
            result.more_rejected += found.more_rejected
            rejected.sort(key=lambda one: one.place.line or one.place.row or 0)
            result.more_rejected += len(rejected[keep:])
            result.rejected += rejected[:keep]
            result.warnings += [*batch.warnings, *found.warnings]
            for event in found.events:
                events.add(event)
            erased = [(at_place(place, batch.origin), event_id) for place, event_id in found.erased]
            result.erased += erased
            result.warnings += of_erased(erased)
            if new:
                ready.append(_Ready(found.rows, found.registered, found.appended, found.described))
        result.events = GivenEvents(events) if events.is_large else [*events]
        return result, ready

    def _append(
        self,
        ready: Sequence[_Ready],
        number: int,
        commits: list[Commit],
        before: Before | None,
    ) -> None:
        if sum(len(one.rows) for one in ready) > _REMEMBERS_AT_MOST:
            return_unused()
        for one in ready:
            commit = self._log.append(_unless_moved(partial(_whole, one, before), number))
            if commit is not None:
                commits.append(commit)
                number = commit.number
                self.appended += one.appended
                self._remembered += one.appended.bytes
        self._intake_commit = number


def _write(
    refused: Callable[[Iterable[Rejected], int], None],
    origin: RowOrigin | None,
    batch: int,
    rejected: Sequence[Rejected],
) -> None:
    """Write bad events of a batch, with their places in the file that its table was made from."""
    refused([at_origin(one, origin) for one in rejected], batch)


def _whole(one: _Ready, before: Before | None) -> _Part:
    if before is not None:
        before(one.described)
    if len(one.rows) < SMALL:
        return Rows(one.rows)
    return _tables(one.rows)


def _tables(rows: Sequence[Row]) -> Iterator[pa.Table]:
    left = iter(rows)
    while some := [*islice(left, _AT_ONCE)]:
        yield rows_to_table(some)


def _unless_moved(rows: Callable[[], _Part], number: int) -> Callable[[Commit | None, int], _Part]:
    def prepare(head: Commit | None, recorded_at: int) -> _Part:
        if (head.number if head else 0) == number:
            return cut(rows(), recorded_at)
        raise _Moved

    return prepare
