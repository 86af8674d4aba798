"""The event log: a folder of immutable Parquet files, one a commit, and nothing else is the truth.

A commit is taken by linking its file to the next number, which only one writer can do. Complete aligned
blocks of commits are merged into wider files, which changes neither events nor positions nor digests.
`logfile` says what one file holds, `objects` how files are put and listed.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from timeline.errors import BadInput, Conflict, Corruption, TimelineError
from timeline.log.checks import (
    check_digests,
    check_erased,
    check_file_hash,
    check_ids_once,
    check_rows,
    explained,
)
from timeline.log.clock import recorded_now
from timeline.log.completing import Completing, of_rows, spooled
from timeline.log.file import (
    BLOCKS,
    BRING_BACK,
    SMALL,
    Commit,
    CommitRecord,
    LogFile,
    Rows,
    block_of,
    file_name,
    last_commit_of,
    log_files,
    records_of,
    rows_of,
    rows_to_table,
    schema,
)
from timeline.log.folder import FileLock, FolderObjects
from timeline.log.marks import ErasureMarks
from timeline.log.merkle import merkle_root
from timeline.log.objects import Objects
from timeline.log.paths import plain_folder
from timeline.log.writing import MANY, Spool, encoded, rewritten
from timeline.meaning.times import now

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "SMALL",
    "CheckedFiles",
    "Commit",
    "Log",
    "LogFile",
    "Rows",
    "Verified",
    "cover",
    "log_at",
    "merkle_root",
    "rows_to_table",
    "schema",
    "writable",
]

#: A block whose files exceed this many bytes together is left as it is.
MERGE_AT_MOST = 64 * 2**20

_ATTEMPTS = 20

#: How many files `verify` hands to DuckDB in one query.
_FILES_AT_ONCE = 256

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class CheckedFiles:
    """Files of the log as DuckDB can read them, and the commits in them that were asked for."""

    paths: list[str]
    commits: list[Commit]


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found whole: how many commits, events, files and bytes; `digest` is the head's, or None.

    `generations` is how many indexes were compared with the log. Of the events, `erased` are ones of which
    nothing is left but what they compete by, and `unfinished` ones that are to be erased and are still there.
    """

    commits: int
    events: int
    files: int
    bytes: int
    digest: str | None
    generations: int = 0
    erased: int = 0
    unfinished: int = 0


class Log(ErasureMarks):
    """The log in a folder or a bucket, for any number of readers and writers in any number of processes.

    Of a log in a bucket, `folder` holds copies of its files and the locks of this machine; what is right
    between machines rests on the bucket alone.

    Raises NotFound where there is no such folder, Corruption where the files are not those written.

    >>> import tempfile
    >>> log = Log.create(tempfile.mkdtemp() + "/log")
    >>> row = {"event_id": "00" * 32, "event_type": "reported"}
    >>> commit = log.append(lambda head, recorded_at: rows_to_table([row, row]))
    >>> commit.number, commit.last_position, log.head() == commit
    (1, 2, True)
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        objects: Objects | None = None,
        clock: Callable[[], int] = now,
    ) -> None:
        # Absolute, so that nothing in it is taken for a URL, and a change of directory does not matter.
        self.folder = Path(folder).absolute()
        self.objects: Objects = FolderObjects(self.folder) if objects is None else objects
        #: Where the log lies, as messages name it: the folder, or the URL of a bucket.
        self.place = self.objects.place
        self.is_shared = self.objects.is_shared
        self._clock = clock
        #: The widest files of the last listing: see `_files`.
        self._cover: list[LogFile] = []
        #: The files whose hash was computed, and how the file system describes them: files never change.
        self._checked: dict[str, tuple[int, int, int, int]] = {}
        self._cached_head: tuple[tuple[str, int, int, int] | None, Commit | None] = None, None
        self._appending = FileLock(self.folder / ".append.lock")
        self._maintaining = FileLock(self.folder / ".maintenance.lock")
        self._trying_again = FileLock(self.folder / ".again.lock")
        #: Called, under the maintenance lock, once files took the place of others, before these are removed.
        self.on_change: Callable[[Log], object] | None = None

    @classmethod
    def create(cls, folder: str | Path) -> Log:
        """Make an empty log, durably; a folder that exists already is taken as it is."""
        FolderObjects.create(folder)
        return cls(folder)

    def exists(self) -> bool:
        """Return whether there is a log, an empty one too."""
        return self.objects.exists()

    def check_writable(self) -> None:
        """Raise BadInput where what is recorded could be lost to others: see `Objects.check_writable`."""
        self.objects.check_writable()

    def make(self) -> bool:
        """Make an empty log durably; returns whether there was none."""
        return self.objects.make()

    def head_number(self) -> int:
        """Return the number of the last commit, 0 of an empty log; opens no file."""
        files = self._files()
        return files[-1].last if files else 0

    def head(self) -> Commit | None:
        """Return the last commit, or None of an empty log; opens only the file that holds it."""
        return self._retrying(lambda files: self._last_in(files[-1]) if files else None, only_last=True)

    def _last_in(self, file: LogFile) -> Commit:
        # A file never changes: one that is the same to the file system has the same commit.
        found = os.stat(file.path)
        same = (file.name, found.st_ino, found.st_mtime_ns, found.st_size)
        known, commit = self._cached_head
        if commit is None or known != same:
            commit = last_commit_of(file)
            self._cached_head = same, commit
        return commit

    def files(self, after: int = 0) -> list[LogFile]:
        """Return the fewest files that hold the commits after number `after`, in order.

        The first may begin before.

        Raises Corruption, naming them, where commits are missing.
        """
        return self._after(after)

    def _after(self, after: int, until: int | None = None) -> list[LogFile]:
        return [file for file in self._files(until) if file.last > after]

    def located(self) -> list[LogFile]:
        """Return all files, each with the path to read it at; FileNotFoundError where one was merged away."""
        return self._located(self.files())

    def size(self) -> tuple[int, int]:
        """Return how many files the log has, and their bytes."""
        return self._retrying(lambda files: (len(files), sum(os.stat(file.path).st_size for file in files)))

    def commits(self, after: int = 0, until: int | None = None) -> list[Commit]:
        """Return the commits after number `after`, up to number `until` or the last, in order."""
        return [record.commit for record in self.records(after, until)]

    def records(self, after: int = 0, until: int | None = None) -> list[CommitRecord]:
        """Return what the files say of the commits that `commits` returns."""

        def read(files: list[LogFile]) -> list[CommitRecord]:
            records = [
                record
                for file in files
                if until is None or file.first <= until
                for record in records_of(file)
            ]
            return [
                record
                for record in records
                if after < record.commit.number and (until is None or record.commit.number <= until)
            ]

        return self._retrying(read, after, until)

    def of_commit(self, number: int, fn: Callable[[LogFile], _Answer]) -> _Answer:
        """Return what `fn` makes of the file with the commit of that number, its hash checked before.

        `fn` is called again where the file was merged away meanwhile.
        """

        def read(files: list[LogFile]) -> _Answer:
            self._check_hash(files[0])
            return fn(files[0])

        return self._retrying(read, number - 1, number)

    def reading(
        self,
        fn: Callable[[CheckedFiles], _Answer],
        after: Commit | None = None,
        *,
        until: int | None = None,
    ) -> _Answer:
        """Return what `fn` makes of the files with the commits after `after`, each checked before.

        With `until` they end at the commit of that number. The hash of every file is computed, and the chain
        of digests from `after` on. Raises Corruption, naming the file, where either differs, and where DuckDB
        cannot read one. `fn` is called again where a file was merged away meanwhile, and must not mind.
        """

        def read(files: list[LogFile]) -> _Answer:
            files = [file for file in files if until is None or file.first <= until]
            commits = [
                commit for commit in self._check(files, after) if until is None or commit.number <= until
            ]
            with plain_folder(self.folder) as folder:
                try:
                    return fn(CheckedFiles([str(folder / file.name) for file in files], commits))
                except Exception as error:
                    raise explained(error, files) from error

        return self._retrying(read, after.number if after else 0, until)

    def _check(self, files: Sequence[LogFile], after: Commit | None) -> list[Commit]:
        """Return the commits after `after` in these files, which follow it; raises Corruption."""
        commits: list[Commit] = []
        previous = after
        for file in files:
            self._check_hash(file)
            records = records_of(file)
            # A file that begins before `after` has been checked up to there, and continues from itself.
            check_digests(file, records, previous if previous and previous.number + 1 == file.first else None)
            previous = records[-1].commit
            commits += [record.commit for record in records]
        return [commit for commit in commits if after is None or commit.number > after.number]

    def _check_hash(self, file: LogFile) -> None:
        found = os.stat(file.path)
        same = (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)
        if self._checked.get(file.name) != same:
            check_file_hash(file)
            self._checked[file.name] = same

    def append(
        self,
        prepare: Callable[[Commit | None, int], Rows | pa.Table | Iterable[pa.Table]],
        expected_position: int | None = None,
    ) -> Commit | None:
        """Record what `prepare` makes, as one commit; returns once it is on disk.

        `prepare` is given the head to validate on (None: empty log) and the `recorded_at` to come, in
        microseconds; where another writer was faster it is asked again. It returns the columns of
        `schema()`, as a few rows, one table or part by part, in which position, commit and recorded_at are
        filled in here. A `place` of null becomes the event's own position, -k-1 that of row k of the
        batch, counted from 0; others stay. Of no rows nothing is written, and the answer is None. Parts are
        written while the next one is made; what making one raises leaves the log as it was.
        Raises Conflict where it holds another number of events than `expected_position`.
        """
        turn = nullcontext() if self._appending.is_held() else self._appending.hold()
        with writable(self.folder), turn:
            while True:
                head = self.head()
                position = head.last_position if head else 0
                if expected_position is not None and expected_position != position:
                    raise Conflict(
                        f"expected the log to end at position {expected_position}, got one that ends at "
                        f"{position}; read what was added and try again"
                    )
                recorded_at = recorded_now(self._clock, head, self._appending.path)
                rows = prepare(head, recorded_at)
                with self._written(rows, head, recorded_at) as (record, content):
                    if record is None:
                        return None
                    if self._put(record.commit, content):
                        break
        if record.commit.number % BLOCKS[0] == 0:
            self._compact_quietly()
        return record.commit

    def alone(self) -> AbstractContextManager[object]:
        """Return a block in which this thread alone appends; never ask for it within `maintenance`."""
        return self._appending.hold()

    def trying_again(self) -> AbstractContextManager[object]:
        """Return a block in which this thread alone tries again; ask for it before `alone`, never within."""
        return self._trying_again.hold()

    def maintenance(self, wait: bool = True) -> AbstractContextManager[bool]:
        """Return the lock for what removes or replaces files; yields False where it is not waited for."""
        return self._maintaining.hold(wait)

    def compact(self) -> int:
        """Merge every complete block of commits; returns how many files went into wider ones.

        A block is 32 commits, or 1,024, and so on, counted from the first. One that is larger than 64 MiB
        is left alone. Events, positions and digests stay as they are. What a process left behind when it
        died is removed. Waits for the maintenance lock; raises Corruption where a block is damaged, once
        the others are merged.
        """
        with self.maintenance():
            return self._compact()

    def verify(
        self,
        progress: Callable[[int, int], None] | None = None,
        *,
        expect: str | None = None,
        at: int | None = None,
        quick: bool = False,
        may_lack: bool = False,
    ) -> Verified:
        """Recompute every event id, root, digest and file hash; raises Corruption at the first that differs.

        So does an event id that the log holds twice, and an event whose content is gone without a tombstone,
        unless the log `may_lack` some. A log whose last commits were removed is whole in itself: `expect` is
        a digest that was noted elsewhere, which a commit has to have, the one with the number `at` where that
        is given. `progress` is called with the number of events that are done and of all, file by file.
        `quick` leaves out the events: file hashes and the chain of digests alone.
        """
        if expect is not None and not re.fullmatch("[0-9a-fA-F]{64}", expect):
            raise BadInput(
                f"got {expect!r} as a digest; expected 64 hexadecimal digits, as `timeline head` prints"
            )
        if at is not None and at < 1:
            raise BadInput(f"got commit {at}; expected 1 or more")

        checked: list[Commit] = []
        sizes: dict[str, int] = {}

        def check(files: list[LogFile]) -> None:
            batch: list[tuple[LogFile, list[CommitRecord]]] = []
            previous = checked[files[0].first - 2] if files[0].first > 1 else None
            for file in files[:_FILES_AT_ONCE]:
                sizes[file.name] = check_file_hash(file)
                records = records_of(file)
                check_digests(file, records, previous)
                previous = records[-1].commit
                batch.append((file, records))
            try:
                if not quick:
                    check_rows(batch)
            except Exception as error:
                raise explained(error, [file for file, _ in batch]) from error
            checked[files[0].first - 1 :] = [record.commit for _, records in batch for record in records]

        if not quick:
            # What lies in a bucket is looked at there.
            self.objects.forget([file.name for file in self.files()])
        head = self.head()
        if head is None:
            if expect is not None:
                raise _not_there(self.place, expect, at, None)
            return Verified(0, 0, 0, 0, None)
        while len(checked) < head.number:
            self._retrying(check, after=len(checked))
            if progress:
                progress(checked[-1].last_position, max(head.last_position, checked[-1].last_position))
        erased = unfinished = 0
        if not quick:
            self._retrying(check_ids_once)
            erased, unfinished = self._retrying(partial(check_erased, may_lack=may_lack))
        last = checked[-1]
        if expect is not None and not any(
            commit.digest == expect.lower() for commit in (checked if at is None else checked[at - 1 : at])
        ):
            raise _not_there(self.place, expect, at, last)
        files = self._covering(sizes)
        size = sum(sizes[file.name] for file in files)
        found = Verified(last.number, last.last_position, len(files), size, last.digest)
        return replace(found, erased=erased, unfinished=unfinished)

    # Erasing

    def rewrite(self, numbers: Collection[int], change: Callable[[pa.Table], pa.Table]) -> int:
        """Change the rows of the files that hold these commits, in an erasure; returns how many files.

        Ids, positions and commits have to stay. What writers that died left behind is removed besides, and
        files that were merged into others.
        """
        if self.is_shared:
            # A machine that began to merge before it saw the mark puts what it read then. All that can be
            # merged is, so that the name which that file would have is taken, or lies below a wider one.
            self._merge_blocks(may_merge=lambda: True)
        files = self._cover = self._list()
        if not files:
            return 0
        self.objects.sweep(files[-1].name)
        self._remove_covered(files)
        changed = 0
        for file in self._located(files):
            if any(file.first <= number <= file.last for number in numbers):
                # Rewriting what is damaged would give it a hash that fits.
                check_file_hash(file)
                with rewritten(file, change) as content:
                    self.objects.replace(file.name, content)
                changed += 1
        if changed:
            self._announce()
        return changed

    def _announce(self) -> None:
        """Call `on_change`; what it raises is a warning, since the log itself is as it has to be."""
        if self.on_change is None:
            return
        self._cover = []
        try:
            self.on_change(self)
        except Exception as error:
            import logging

            logging.getLogger(__name__).warning("%s: what is published is behind: %s", self.folder, error)

    def _files(self, until: int | None = None) -> list[LogFile]:
        """Return the files of the last listing, unless commits were appended since.

        Then the log is listed again. Some of them may have been merged away since, which shows when they are
        read. To look whether it has moved is a request to a bucket, and is left out where the last listing
        has everything `until` a commit.
        """
        if self.is_shared and until is not None and self._cover and until <= self._cover[-1].last:
            return list(self._cover)
        if not self._cover or self._has_moved(self._cover[-1]):
            self._cover = self._list()
        return list(self._cover)

    def _list(self) -> list[LogFile]:
        # A listing taken while files are merged may lack both the merged one and what it replaces, or show
        # the file of a writer that slept and is about to lose. Two that agree show what there is.
        names = set(self.objects.list())
        for _ in range(_ATTEMPTS):
            again = set(self.objects.list())
            if again == names:
                break
            names = again
        return self._covering(names)

    def _covering(self, names: Iterable[str]) -> list[LogFile]:
        return cover(self.folder, names, self.place)

    def _has_moved(self, last: LogFile) -> bool:
        """Whether the log has a commit behind those of a file, or no longer has that file."""
        return self.objects.present([last.name, *_names_of(last.last + 1)]) != {last.name}

    def _retrying(
        self,
        fn: Callable[[list[LogFile]], _Answer],
        after: int = 0,
        until: int | None = None,
        *,
        only_last: bool = False,
    ) -> _Answer:
        is_mended = False
        for _ in range(_ATTEMPTS):
            files = self._after(after, until)
            located: list[LogFile] = []
            before = None
            try:
                located = self._located(files[-1:] if only_last else files)
                before = None if only_last else _identities(located)
                answer = fn(located)
            except Exception as error:
                # Whatever it says, it says it of files that are no longer the log's.
                has_changed = before is not None and before != _identities(located)
                if not (has_changed or self._any_gone(files) or self._lost_copy(error)):
                    if is_mended or not self._mends(error, files):
                        if (placed := self._placed(error)) is error:
                            raise
                        raise placed from error
                    is_mended = True
                self._cover = []
                continue
            # A file that an erasure replaced meanwhile may have been read half from one, half from the other.
            if before is None or before == _identities(located):
                return answer
        raise TimelineError(f"{self.place}: files kept being merged away while they were read; try again")

    def _lost_copy(self, error: Exception) -> bool:
        """Whether an error is that another process removed a copy of an object that is there."""
        return self.is_shared and isinstance(error, FileNotFoundError)

    def _mends(self, error: Exception, files: Iterable[LogFile]) -> bool:
        """Remove copies of objects that an error calls damaged; returns whether there were any."""
        return isinstance(error, Corruption) and self.objects.forget(
            file.name for file in files if file.name in str(error)
        )

    def _placed(self, error: Exception) -> Exception:
        """Return an error of a copy as one of the object, as people know it."""
        if self.is_shared and isinstance(error, Corruption):
            return Corruption(str(error).replace(str(self.folder), self.place))
        return error

    def _located(self, files: Iterable[LogFile]) -> list[LogFile]:
        files = list(files)
        self.objects.fetch(file.name for file in files)
        return [replace(file, path=str(self.objects.get(file.name))) for file in files]

    def _any_gone(self, files: Iterable[LogFile]) -> bool:
        names = {file.name for file in files}
        return self.objects.present(names) != names

    @contextmanager
    def _written(
        self, rows: Rows | pa.Table | Iterable[pa.Table], head: Commit | None, recorded_at: int
    ) -> Iterator[tuple[CommitRecord | None, memoryview]]:
        """The record of a commit that holds these rows, None where there are none, and its file's bytes."""
        if isinstance(rows, Rows):
            yield of_rows(rows, head, recorded_at) if rows else (None, memoryview(b""))
            return
        import pyarrow as pa

        parts = Completing(rows, head, recorded_at)
        first: list[pa.Table] = []
        for part in parts:
            first.append(part)
            if parts.count >= MANY:
                break
        else:
            if not parts.count:
                yield None, memoryview(b"")
                return
            rows = pa.concat_tables(first)
            record = CommitRecord.of(rows["event_id"], parts.head, parts.first_position, parts.recorded_at)
            yield record, encoded(rows, [record])
            return
        spool = Spool(self.folder)
        try:
            # What is written is let go.
            del part
            waiting = (first.pop(0) for _ in range(len(first)))
            record = spooled(spool, chain(waiting, parts), parts)
            with spool.finish([record]) as content, memoryview(content) as view:
                yield record, view
        finally:
            spool.close()

    def _put(self, commit: Commit, content: memoryview) -> bool:
        name = file_name(commit.number, commit.number)
        if not self.objects.put_if_absent(name, content):
            return False
        # While this writer slept, its number may have been taken and merged away, and so be free again. What
        # is merged is linked before its parts are unlinked: looking from narrow to wide does not miss it.
        merged = self._merged(commit.number)
        if merged is None or merged.digest == commit.digest:
            return True
        self.objects.remove([name])
        return False

    def _merged(self, number: int) -> Commit | None:
        """Return the commit of that number as a merged file has it."""
        for size in BLOCKS:
            first, last = block_of(number, size)
            name = file_name(first, last)
            try:
                (file,) = self._located([LogFile(name, first, last, "")])
                return records_of(file)[number - first].commit
            except FileNotFoundError:
                continue
        return None

    def _compact_quietly(self) -> None:
        # The commit is recorded: a failed merge must not make it look as if it were not.
        try:
            with self.maintenance(wait=False) as held:
                if held:
                    self._compact()
        except Exception as error:
            import logging

            logging.getLogger(__name__).warning("%s: files were not merged: %s", self.folder, error)

    def _compact(self) -> int:
        files = self._cover = self._list()
        if not files or not self._may_merge():
            return 0
        self.objects.sweep(files[-1].name)
        self._remove_covered(files)
        return self._merge_blocks(self._may_merge)

    def _may_merge(self) -> bool:
        """Whether nobody erases events who does not share the maintenance lock."""
        return not (self.is_shared and self.is_erasing())

    def _merge_blocks(self, may_merge: Callable[[], bool]) -> int:
        """Merge the blocks that are complete, unless an erasure has begun when they are."""
        merged = 0
        damage: Corruption | None = None
        for size in BLOCKS:
            blocks = _complete_blocks(self._list(), size)
            # Asked once it is known which blocks are complete: an erasure that begins later merges the same.
            # And files are listed again then, as an erasure left them that ended before.
            if blocks and not may_merge():
                break
            if blocks and self.is_shared:
                self.objects.list()
            for block in blocks:
                try:
                    merged += self._merge(block)
                except FileNotFoundError:
                    # Another machine, which shares no lock with this one, was faster.
                    continue
                except Corruption as error:
                    # A damaged block must not keep all later ones from being merged.
                    damage = damage or error
        files = self._cover = self._list()
        if self.is_shared and files:
            # What a slower machine put again that lies below a wider file.
            self._remove_covered(files)
        if damage:
            raise damage
        return merged

    def _remove_covered(self, files: list[LogFile]) -> None:
        """Remove the files of which a wider one among `files` holds all commits.

        Only these: what another machine merges meanwhile may be the only file that will hold its commits.
        """
        wider = [file for file in files if file.first < file.last]
        known = log_files(self.folder, self.objects.list())
        covered = [
            file
            for file in known
            if any(
                one.first <= file.first and file.last <= one.last and one.name != file.name for one in wider
            )
        ]
        if covered:
            covered.sort(key=lambda file: (file.last - file.first, file.first))
            self._announce()
            self.objects.remove([file.name for file in covered])

    def _merge(self, files: list[LogFile]) -> int:
        import pyarrow as pa

        files = self._located(files)
        if sum(Path(file.path).stat().st_size for file in files) > MERGE_AT_MOST:
            return 0
        records: list[CommitRecord] = []
        for file in files:
            # Merging what is damaged would give it a hash that fits.
            check_file_hash(file)
            records += records_of(file)
        check_digests(files[0], records, None)
        rows = pa.concat_tables([rows_of(file.path) for file in files])
        first, last = files[0].first, files[-1].last
        name = file_name(first, last)
        self.objects.put_if_absent(name, encoded(rows, records))
        (merged,) = self._located([LogFile(name, first, last, "")])
        same = records_of(merged) == records
        if not same or not rows_of(merged.path).equals(rows):
            if same and self.is_shared:
                # Another machine has erased events since they were read, and removed them by then.
                return 0
            raise Corruption(f"{merged.path}: does not hold what it was merged from; remove it")
        self._announce()
        self.objects.remove([file.name for file in files])
        return len(files)


def log_at(url: str, folder: Path) -> Log:
    """Return the log in a bucket, with a local folder for copies of its files and for locks."""
    # Not needed for a log in a folder, and slow to import.
    from timeline.log.bucket import BucketObjects

    return Log(folder, objects=BucketObjects(url, folder))


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Say what a folder that may not be written to means."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        raise TimelineError(
            f"{folder}: cannot be written to ({error.strerror}); nothing was recorded, "
            "open the store with read_only=True or ask for the right to write there"
        ) from error


def _not_there(place: str, expect: str, at: int | None, last: Commit | None) -> Corruption:
    """Return the error of a digest that no commit has."""
    which = "no commit" if at is None else f"not commit {at}"
    ends = f"commit {last.number} with the digest {last.digest}" if last else "no commit"
    return Corruption(
        f"{place}: {which} has the digest {expect}; the log ends with {ends}: it is another log, was "
        f"changed, or has lost its last commits; {BRING_BACK}"
    )


def _identities(files: Iterable[LogFile]) -> list[tuple[int, int, int]] | None:
    """Return what tells files from others of the same names; None where one is gone, or was not found."""
    try:
        return [(found.st_ino, found.st_mtime_ns, found.st_size) for found in _stats(files)]
    except FileNotFoundError:
        return None


def _stats(files: Iterable[LogFile]) -> Iterator[os.stat_result]:
    return (os.stat(file.path) for file in files)


def cover(folder: Path | str, names: Iterable[str], place: str | None = None) -> list[LogFile]:
    """Return the widest files of these names, one after the other, which hold every commit once.

    Blocks are aligned, so that none reaches into another. Raises Corruption where commits are missing, of the
    `place` that messages name where it is not the folder.
    """
    place = str(folder) if place is None else place
    widest: list[LogFile] = []
    following = 1
    for file in sorted(log_files(folder, names), key=lambda file: (file.first, -file.last)):
        if file.last < following:
            continue
        if file.first > following:
            last = file.first - 1
            missing = f"commit {last} is" if last == following else f"commits {following} to {last} are"
            raise Corruption(
                f"{place}: {missing} missing, though {file.name} is there; "
                "bring the files back from a copy of the log"
            )
        widest.append(file)
        following = file.last + 1
    return widest


@lru_cache(maxsize=64)
def _names_of(number: int) -> list[str]:
    """Return the names of the files that may hold a commit.

    What is merged is linked before its parts are unlinked: looking for them from narrow to wide, as they come
    here, finds a commit that is there.
    """
    return [file_name(number, number), *(file_name(*block_of(number, size)) for size in BLOCKS)]


def _complete_blocks(files: list[LogFile], size: int) -> list[list[LogFile]]:
    """Return the files of each complete block of commits that is not yet one file."""
    blocks: dict[int, list[LogFile]] = {}
    for file in files:
        first, last = block_of(file.first, size)
        if file.last <= last <= files[-1].last:
            blocks.setdefault(first, []).append(file)
    return [block for block in blocks.values() if len(block) > 1]
