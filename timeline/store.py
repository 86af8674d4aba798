"""Timeline: the one way in and out of a store.

The command line and the web page reach everything through it; what it does is done by the log (what
was recorded), the index (what follows from it), the intake (what may be recorded) and the questions.
"""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb

from timeline.ask.answers import Belief, Moment, Why
from timeline.ask.snapshot import Snapshot
from timeline.atomic import check_target, remove_leftovers, write_path
from timeline.boundary import public
from timeline.erasures import Erasing, warn_of_unfinished
from timeline.errors import (
    BadInput,
    BadRows,
    Conflict,
    Corruption,
    NotFound,
    Place,
    TimelineError,
    brief,
)
from timeline.index.generation import build_file
from timeline.index.index import Index
from timeline.index.seal import SEAL_FILE, UNSEALED, Seal
from timeline.log.extent import extent_in_words, with_extent
from timeline.log.log import Commit, Log, Verified, log_at
from timeline.meaning.habits import Habits
from timeline.meaning.times import format_instant
from timeline.project import (
    find_project,
    find_store,
    project_folder,
    project_habits,
    project_of,
    recorded_file,
)
from timeline.publishing import Publishing
from timeline.represent import block, counted, one_line, paragraph, record
from timeline.urls import COPIES, local_folder, url_of
from timeline.vouching import Vouching

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from timeline.ask.queries import Query
    from timeline.intake.batch import Batch
    from timeline.intake.mapping import TableMapping
    from timeline.intake.outcome import Ingested
    from timeline.intake.record import Recorder
    from timeline.plot.files import Picture

__all__ = ["Belief", "Timeline", "Why"]

#: The keys of `Timeline.stats`, in order.
_STATS: Final = (
    *("events", "facts", "beliefs", "commits", "log_files", "log_bytes"),
    *("generations", "generation", "index_bytes", "row_bytes"),
    *("segments", "segment_rows", "segment_rows_median", "segment_rows_most"),
    *("tail_events", "tail_facts"),
)

_logger = logging.getLogger(__name__)

_LOG: Final = "log"
_INDEX: Final = "index"


def _register_again(log: Log) -> None:
    """Register the files of a log in its Delta table, where it is published."""
    from timeline.publish.log_table import refresh_log_table

    refresh_log_table(log)


@public
class Timeline(Erasing, Publishing, Vouching):
    """A store of what was reported and believed, and when.

    Any number of processes may read a store while one or more append to it. Dates may be EDTF text, a
    date, or an aware datetime; on the reported axis a date means its last instant. Raises BadInput for
    what cannot be read, NotFound where there is no store.

    >>> import tempfile
    >>> with Timeline.create(tempfile.mkdtemp() + "/desk") as tl:
    ...     commit = tl.append(
    ...         [{"fact": "nvidia/ceo", "entity": "jensen-huang", "source": "a", "reported": "2025-09"}],
    ...         register_unknown=True,
    ...     )
    ...     tl.belief("nvidia/ceo", as_of="2025-10-15").claim
    'jensen-huang'
    """

    #: What of the store is withheld.
    _seal: Seal = UNSEALED

    def __init__(self, path: Path, *, read_only: bool = False, project: Path | None = None) -> None:
        url = url_of(path)
        #: The folder of the store; of one in a bucket, of its index and the copies of its log.
        self.path = path if url is None else local_folder(url)
        #: What the store is opened by: its folder, or its URL.
        self.address: str | Path = path if url is None else url
        self._project = project
        self.read_only = read_only
        self._log = Log(path / _LOG) if url is None else log_at(url, self.path / COPIES)
        self._log.on_change = _register_again
        self._index = Index(self.path / _INDEX, self._log)
        self._current: Snapshot | None = None
        self._recorder: Recorder | None = None
        self._closed = False
        self.progress: Callable[[str], None] | None = None

    @classmethod
    def create(cls, path: str | Path, *, project: Path | None = None) -> Timeline:
        """Make a store at `path`, a folder that is not a store yet, and open it; Conflict where it is one.

        It is the store of `project`; if None, of the nearest one upwards that names that folder. `path` may
        be the URL of a bucket and a prefix in it: see docs/scale.md. Raises BadInput for a bucket in which
        what several record at once could be lost.
        """
        folder = Path(path)
        if url_of(path) is not None:
            store = cls(folder, project=project)
            store._index.check_log()
            if not store._log.make():
                raise Conflict(f"{store.address} is a store already; open it instead")
            return store
        if (folder / _LOG).exists():
            raise Conflict(f"{folder} is a store already; open it instead")
        # What is left of an index shows that there was a log.
        cls(folder)._index.check_log()
        Log.create(folder / _LOG)
        return cls(folder, project=project)

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        read_only: bool = False,
        *,
        trust_log: bool = False,
        project: Path | None = None,
        sealed_as_of: Moment | None = None,
        sealed_recorded_as_of: Moment | None = None,
        sealed_basis: str = "certain",
    ) -> Timeline:
        """Open a store: at `path`, a folder or a URL, or that of the project that the working folder is in.

        `project` is the one that it belongs to, where that cannot be found from the path.

        With `sealed_as_of`, a date on the reported axis, or `sealed_recorded_as_of`, a date on the recorded
        axis or a commit such as `#4`, what is opened is a copy of its own, in a temporary folder, that holds
        nothing reported or recorded later: read-only, and gone when it is closed. See docs/sealed.md. With
        `sealed_basis` evidence an event counts as reported when its source was out. A question with a later
        `as_of` raises BadInput.

        Raises Corruption where its index was built from more commits than the log has, unless `trust_log`,
        which is for `rebuild`.
        """
        folder = find_store(path)
        opened = cls(folder, read_only=read_only, project=project or find_project(path))
        if not (trust_log and opened._log.exists()):
            opened._index.check_log()
        if not opened._log.exists():
            raise NotFound(
                f"no store at {opened.address}; run `timeline init`, or `timeline ingest` in a project folder"
            )
        warn_of_unfinished(opened._log)
        if not read_only:
            # What processes that died did not get into memory.
            remove_leftovers(opened._log.folder)
            remove_leftovers(opened._index.folder)
        sealed = (sealed_as_of, sealed_recorded_as_of, sealed_basis)
        if sealed != (None, None, "certain") or (opened.path / SEAL_FILE).is_file():
            from timeline.sealed import open_sealed

            return open_sealed(opened, *sealed)
        return opened

    @property
    def habits(self) -> Habits:
        """How its project says that texts and dates are to be read; raises BadInput where that is none."""
        project = self._project or project_of(self.path)
        return Habits() if project is None else project_habits(project)

    def __enter__(self) -> Timeline:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index; nothing is lost by not calling it."""
        self._recorder = None
        self._release()
        self._closed = True

    def __repr__(self) -> str:
        parts = [self._held(), *self._options()]
        return one_line("Timeline", f"{self.address}: {', '.join(parts)}")

    def _repr_html_(self) -> str:
        options = [("opened", ", ".join(self._options()))] if self._options() else []
        facts = [("store", str(self.address)), ("holds", self._held()), *options]
        # Of the store at this place, wherever the command is run.
        address = self.address if isinstance(self.address, str) else str(self.address.absolute())
        how = f"To see it as a page: timeline serve --store {shlex.quote(address)}"
        return block([paragraph("Timeline", strong=True), record(facts), paragraph(how)], "Timeline")

    def _held(self) -> str:
        """Return in words what the store holds, by its last commit alone."""
        try:
            head = self._log.head()
        except (TimelineError, OSError):
            return "its log cannot be read"
        if head is None:
            return "no events"
        held = f"{counted(head.last_position, 'event')} in {counted(head.number, 'commit')}"
        return f"{held}, last recorded {format_instant(head.recorded_at)}"

    def _options(self) -> list[str]:
        found = (("read-only", self.read_only), ("closed", self._closed))
        return [name for name, holds in found if holds]

    def _release(self) -> None:
        # Not closed, which would close its cursors: the recorder's, and connections that were handed out.
        self._current = None

    # Recording

    def ingest(
        self,
        path: str | Path | pa.Table | pl.DataFrame | Iterable[Mapping[str, object]] | Any,
        register_unknown: bool | str | Collection[str] = False,
        rejects: str | Path | None = None,
        *,
        even_near: bool = False,
        resolve_aliases: bool = False,
        personal: bool = False,
        dry_run: bool = False,
        format: str | None = None,
        ignore_unknown: bool = False,
        mapping: str | Path | Mapping[str, object] | TableMapping | None = None,
    ) -> Ingested:
        """Record a file, a folder (one commit a file), standard input (`-`), or rows in memory.

        Rows are a pandas or polars frame, a DuckDB relation, whatever speaks Arrow, or dicts, one a row. With
        a `mapping`, by its TOML file or as a dict, the columns may have any names.

        Everything is validated before anything is recorded; what is bad raises BadRows, or Conflict, and
        records nothing. With `rejects` the bad events go to that file, a JSON object a line with its
        reason, and the rest is taken; it can be neither what is read nor lie in it. What is known already
        is left alone. `dry_run` records nothing and returns what would come of it, bad events among it.

        With `register_unknown`, names never heard of are registered as they come: True is all kinds, and
        `"sources,entities"` or a collection names some. A name that is one slip or less from a known one is
        refused even so, unless `even_near`. With `resolve_aliases` an alias is recorded as the id of its
        entity, and is refused otherwise. With `personal` the key of what is new gets a random part, so that
        nobody can guess from its id what it said once it is erased; given again, it is known all the same.

        What fails after the events were recorded (refreshing the index, writing the rejects) is among the
        `warnings` of the result, and no exception.
        """
        from timeline.intake.files import read_batches, table_batch
        from timeline.intake.folders import list_folder
        from timeline.intake.names import Naming

        if rejects is not None:
            inputs = [path] if isinstance(path, str | Path) and str(path) != "-" else []
            check_target(rejects, inputs=inputs, within=[self.path])
        self._may_write("record")
        naming = Naming.of(register_unknown, even_near, resolve_aliases)
        mapped = None
        if mapping is not None:
            from timeline.intake.mapping import mapping_from

            mapped = mapping_from(mapping)
        if isinstance(path, str | Path):
            if mapped is not None and self.progress is not None:
                self.progress(f"reading {path}")
            batches = read_batches(
                path,
                format=format,
                ignore_unknown=ignore_unknown,
                recorded=self._recorded_in(path),
                store=self.path,
                mapping=mapped,
            )
        else:
            batches = [table_batch(path, ignore_unknown=ignore_unknown, mapping=mapped)]
        result = self._record(batches, naming=naming, personal=personal, rejects=rejects, dry_run=dry_run)
        if isinstance(path, str | Path) and Path(path).is_dir():
            result.passed_over = list_folder(Path(path), self.path).passed_over
        if result.commits:
            try:
                if self._index.wants_building(result.commits[-1].last_position):
                    self.refresh()
                else:
                    self._publish_if_large(result)
            except Exception as error:
                result.warnings.append(f"all is recorded, but the index could not be refreshed: {error}")
        return result

    def _recorded_in(self, path: str | Path) -> Path | None:
        """Return the file to which the commands of its project write, if it belongs to a folder's events."""
        project = self._project or project_of(self.path)
        if project is None or not os.path.isdir(path):
            return None
        folder, file = Path(path).resolve(), recorded_file(project)
        belongs = (
            file.resolve().is_relative_to(folder) or folder == project_folder(project, "events").resolve()
        )
        return file if belongs else None

    def append(
        self,
        events: Iterable[Mapping[str, object]],
        expected_position: int | None = None,
        *,
        register_unknown: bool | str | Collection[str] = False,
        even_near: bool = False,
        resolve_aliases: bool = False,
        personal: bool = False,
    ) -> Commit:
        """Record events, given with the keys of docs/formats.md, as one commit, all or none.

        With `expected_position`, the number of events that the caller takes the store to hold, a store
        that has moved on is a Conflict. Events that are known already are left alone; where all are, the
        commit returned is the one that last recorded any of them, whatever `expected_position` is: so a
        caller who lost the acknowledgement can ask again. What `record` has among its `warnings` goes to the
        logger `timeline.store`. The other arguments are those of `ingest`.
        """
        result = self.record(
            events,
            expected_position,
            register_unknown=register_unknown,
            even_near=even_near,
            resolve_aliases=resolve_aliases,
            personal=personal,
        )
        for message in result.warnings:
            _logger.warning("%s", message)
        if result.commits:
            return result.commits[-1]
        return self.snapshot().commit_of(max(position for _, position in result.events))

    def record(
        self,
        events: Iterable[Mapping[str, object]],
        expected_position: int | None = None,
        *,
        register_unknown: bool | str | Collection[str] = False,
        even_near: bool = False,
        resolve_aliases: bool = False,
        personal: bool = False,
        file: str | Path | None = None,
    ) -> Ingested:
        """Record events as `append` does; returns what came of it, with the id and position of each event.

        Where something is to be recorded, the events and the descriptions that are registered for them are
        added to the YAML file `file` first, once all is validated: a list of events, whose text stays as it
        is. Where the events are refused, it is put back; where recording fails otherwise, it keeps them.
        """
        from timeline.intake.batch import Batch, Draft
        from timeline.intake.names import Naming

        naming = Naming.of(register_unknown, even_near, resolve_aliases)
        if isinstance(events, Mapping | str):
            raise BadInput("expected a list of events, got one thing by itself; put it in a list")
        drafts = []
        for nth, keys in enumerate(events, 1):
            if not isinstance(keys, Mapping):
                wanted = "a mapping with keys such as fact and claim"
                raise BadInput(f"expected {wanted}, got {brief(keys)}", Place("event", row=nth))
            drafts.append(Draft(dict(keys), Place("event", row=nth)))
        if not drafts:
            raise BadInput("nothing to append; expected at least one event")
        batch = Batch(name="append", drafts=drafts, table=None, problems=[])
        options = {"naming": naming, "personal": personal, "expected_position": expected_position}
        if file is None:
            result = self._record([batch], **options)
        else:
            result = self._record_from(Path(file), batch, options)
        self._publish_if_large(result)
        return result

    def _record_from(self, path: Path, batch: Batch, options: dict[str, Any]) -> Ingested:
        """Record a batch once its events are in a file, with the names that are registered for them."""
        from timeline.intake.recorded import RecordedFile

        file = RecordedFile(path)

        def write(described: Sequence[tuple[str, str]]) -> None:
            # With the ids that aliases in them mean.
            events = [draft.keys for draft in batch.drafts or ()]
            given = {(keys.get("type"), keys.get("id")) for keys in events}
            named = [{"type": kind, "id": name} for kind, name in described if (kind, name) not in given]
            file.add([*named, *events])

        try:
            return self._record([batch], before=write, **options)
        except (BadRows, Conflict):
            # Another writer was faster, and the events do not go with what that recorded.
            file.put_back()
            raise

    def _record(self, batches: list[Batch], **options: Any) -> Ingested:
        head = self._log.head_number()
        try:
            return self._recording().record(batches, **options)
        except (duckdb.Error, BadInput) as error:
            # Only where nothing was recorded yet, so that what is returned counts all of it.
            if self._log.head_number() != head or not self.mend(error):
                raise
        return self._recording().record(batches, **options)

    def _publish_if_large(self, result: Ingested) -> None:
        """Publish the next generation where so much was appended since the last one that it pays."""
        recorder = self._recording()
        if result.commits and self._index.is_large(recorder.appended, result.commits[-1].last_position):
            recorder.appended = type(recorder.appended)()
            self._index.publish_next(self.progress)
            self._release()

    def _recording(self) -> Recorder:
        from timeline.intake.record import Recorder

        self._may_write("record")
        self._closed = False
        if self._recorder is None:
            self._recorder = Recorder(self._log, lambda: self.snapshot().reader(), self.habits)
        self._recorder.progress = self.progress
        return self._recorder

    # Asking

    def snapshot(self) -> Snapshot:
        """Return everything acknowledged so far as one state, which every question can be asked of.

        Whatever is appended later, its answers stay the same. Asking it costs no look at the log.
        """
        self._closed = False
        commit = self._log.head_number()
        if self._current is None or self._current.commit != commit:
            self._current = Snapshot(
                self._index,
                commit,
                may_build=not self.read_only,
                progress=lambda: self.progress,
                zone=lambda: self.habits.timezone,
                seal=self._seal,
            )
        return self._current

    def beliefs(
        self,
        fact: str | None = None,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> pl.DataFrame:
        """Return what was believed as of a date: the columns of `beliefs`, by fact and valid time.

        `fact` is a key or a glob in which `*` crosses `/`; None is every fact. Amounts are decimals with
        nine places, instants are in UTC. An empty frame where nothing was believed.
        """
        return self.snapshot().beliefs(fact, as_of, recorded_as_of, valid_at, policy, basis).frame()

    def claims(
        self,
        fact: str | None = None,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        basis: str = "certain",
    ) -> pl.DataFrame:
        """Return each origin's own belief as of a date: the columns of `beliefs`, a row an origin."""
        return self.snapshot().claims(fact, as_of, recorded_as_of, valid_at, basis).frame()

    def disagreements(
        self,
        fact: str | None = None,
        as_of: Moment | None = None,
        within: int | None = 90,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        basis: str = "certain",
    ) -> pl.DataFrame:
        """Return pairs of origins' own beliefs that cannot both be right, reported within so many days.

        `within` None is any distance. The one reported first is side 1.
        """
        return self.snapshot().disagreements(fact, as_of, within, recorded_as_of, valid_at, basis).frame()

    def history(
        self,
        fact: str,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        basis: str = "certain",
    ) -> pl.DataFrame:
        """Return every event of the facts that match, by reported order, and the `effect` that each had.

        With `as_of`, those that counted by then under `basis`.
        """
        return self.snapshot().history(fact, as_of, recorded_as_of, valid_at, basis).frame()

    def changes(
        self,
        from_date: Moment | None,
        to_date: Moment | None,
        fact: str | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> pl.DataFrame:
        """Return the beliefs that differ between two dates, before and after; None is everything recorded."""
        snapshot = self.snapshot()
        return snapshot.changes(from_date, to_date, fact, recorded_as_of, valid_at, policy, basis).frame()

    def belief(
        self,
        fact: str,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> Belief | None:
        """Return what was believed of one fact, or None: the quick way for programs.

        Where a fact has several rows with valid times of their own and no `valid_at` was given, the one
        that covers the date asked about (today without `as_of`), else the one reported last, of these
        the one whose valid time starts last. Raises BadInput for a glob, and for what can be no fact.
        """
        return self.snapshot().belief(fact, as_of, recorded_as_of, valid_at, policy, basis)

    def why(
        self,
        fact: str,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> Why:
        """Return the evidence for what is believed of a fact: what won, what it displaced, what was mended.

        Raises BadInput for a glob and for what can be no fact, NotFound, with the nearest known, where
        nothing was ever reported of the fact.
        """
        return self.snapshot().why(fact, as_of, recorded_as_of, valid_at, policy, basis)

    def at(self, frame: pl.DataFrame, fact: str = "fact", as_of: str = "as_of") -> pl.DataFrame:
        """Return a point-in-time join: for each row of a frame, what was believed of its fact at its date.

        `fact` and `as_of` name columns of the frame, of text, and of dates (their last instant), aware
        datetimes or EDTF text. Returns the frame's rows in their order with the columns of a belief beside
        them, chosen as by `belief`, null where nothing was believed or no date is given; a name that both
        have gets `_believed` behind it.
        """
        return self.snapshot().at(frame, fact, as_of)

    def plot(
        self,
        fact: str | Sequence[str] = (),
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
        *,
        kind: str = "fact",
        compare: Moment | None = None,
        theme: str = "light",
        language: str = "en",
        width: int = 800,
    ) -> Picture:
        """Return a picture, which a notebook shows and `save` writes as .svg, .png or .html.

        `fact` is a fact or a glob, or several. `kind` is fact: what was believed of each over reported time,
        with what came after `as_of` in grey; flow: who promised what to whom, with the date `compare` beside
        it; or vintages: how the figures of a series such as `us/gdp@*` were revised. `theme` is light or
        dark, `language` en or fr, `width` is in pixels. Raises BadInput for facts and options that are none,
        NotFound where there is nothing to draw.
        """
        # Loaded where it is used: most programs draw nothing.
        from timeline.plot.pictures import picture

        snapshot = self.snapshot()
        dates = snapshot.dates(as_of, recorded_as_of, valid_at, policy, basis)
        other = None if compare is None else replace(dates, as_of=snapshot.dates(compare).as_of)
        facts = [fact] if isinstance(fact, str) else list(fact)
        return picture(
            snapshot, facts, dates, kind=kind, compare=other, theme=theme, language=language, width=width
        )

    def sql(
        self, query: str, as_of: Moment | None = None, params: object = None, **defaults: Any
    ) -> pl.DataFrame:
        """Return the answer to a query in DuckDB's SQL with temporal clauses (docs/sql.md), as a frame.

        `as_of` is the default for tables that name no date of their own; so are `recorded_as_of`,
        `valid_at`, `policy` and `basis` among `defaults`. `params` fill `?` (a sequence) or `$name` (a
        mapping). One query that reads the store and nothing else: raises BadInput for any other, and where
        two columns have one name.
        """
        return self.snapshot().sql(query, as_of, params, **defaults).frame()

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open a DuckDB connection of the owner's, with every object of docs/sql.md in it.

        It shows the store as it was when the connection was made; close it when done. It may do what DuckDB
        may, files and network included. What is created in it goes into a database in memory of its own,
        which no other connection and nothing in Timeline reads.
        """
        return self.snapshot().connect()

    def named_queries(self) -> list[Query]:
        """Return the named queries of the project that the store is of, by name; none where it is of none."""
        from timeline.ask.queries import queries_of

        return queries_of(self._project or project_of(self.path))

    def audit(self, function: Callable[[Timeline, Any], object], dates: Iterable[Moment]) -> pl.DataFrame:
        """Return on which dates a function looks ahead: a row a date with verdict, withheld and difference.

        `function` takes a store and a date. It is run on the store sealed as of each date, and on all of it,
        read-only; what it raises is an answer too. The verdict is `same`, `differs`, or `vacuous` where
        nothing was withheld, which proves nothing. See docs/sealed.md.
        """
        from timeline.audit import audit

        return audit(self, function, dates)

    # The store itself

    def head(self) -> Commit | None:
        """Return the last commit, None of an empty store; its digest vouches for everything before it."""
        return self._log.head()

    def verify(
        self,
        progress: Callable[[int, int], None] | None = None,
        *,
        expect: str | None = None,
        at: int | None = None,
        log_only: bool = False,
        quick: bool = False,
    ) -> Verified:
        """Recompute every hash of the log, then compare the index with it, unless `log_only`.

        `quick` computes the hash of each file and the chain of digests alone: it finds what was changed by
        itself, and not what somebody changed together with its hash.

        `expect` is a digest noted before, as `head` gives it: some commit has to have it, the one with the
        number `at` where that is given. Comparing the index takes as long as building it. `progress` is
        called with how many events of the log are done, and how many there are. Raises Corruption at the
        first difference, which names the file and the commit up to which all is whole.
        """
        try:
            sealed = self._seal != UNSEALED
            found = self._log.verify(progress, expect=expect, at=at, quick=quick, may_lack=sealed)
        except Corruption as error:
            raise with_extent(self._log.folder, error, objects=self._log.objects) from error
        try:
            self._index.check_log()
        except Corruption as error:
            extent = extent_in_words(found.commits, found.events, found.digest)
            raise Corruption(f"{error}; {extent}") from error
        if log_only or quick:
            return found
        return replace(found, generations=self._index.check(self.progress))

    def refresh(self) -> Path | None:
        """Put what was appended since into the next generation of the index, which readers then open.

        Costs a copy of the last and what was appended; where much was, it is built from the log. Ingesting
        does this by itself where it pays. None where the store cannot be written.
        """
        self._may_write("build its index")
        refreshed = self._index.refresh(self.progress)
        self._release()
        return refreshed

    def rebuild(self, *, trust_log: bool = False) -> Path | None:
        """Build the index from the log; returns its path, None where the store cannot be written.

        Raises Corruption where the index knows commits that the log has not, or others: the log has lost
        them. With `trust_log` that index is moved to the folder `set-aside` in the index first.
        """
        self._may_write("build its index")
        if trust_log:
            self._release()
            self._index.set_aside()
        built = self._index.build(self.progress)
        self._release()
        return built

    def mend(self, error: BaseException) -> bool:
        """Remove a damaged index, if an error shows it to be one; returns whether it did.

        The next question builds another. The methods that ask do this by themselves; it is for those who ask
        through a connection. Raises Corruption where a damaged index cannot be removed.
        """
        mended = self.snapshot().mend(error)
        if mended:
            self._recorder = None
            self._release()
        return mended

    def compact(self) -> int:
        """Merge complete blocks of commits into wider files; returns how many files went into them."""
        self._may_write("compact it")
        return self._log.compact()

    def stats(self) -> dict[str, Any]:
        """Return what the store holds and takes: counts, sizes in bytes, and the state of the index.

        The rows of a segment are what a question about a date in it looks at. The tail is what was appended
        since the generation that readers open, which resolve it by themselves.
        """
        held = self.snapshot().stats()
        log_files, log_bytes = self._log.size()
        generations, rows = self._index.generations(), self._index.row_stores()
        held |= {
            "log_files": log_files,
            "log_bytes": log_bytes,
            "generations": len(generations),
            "index_bytes": sum(path.stat().st_size for path in (*generations, *rows)),
            "row_bytes": sum(path.stat().st_size for path in rows),
        }
        return {name: held[name] for name in _STATS}

    def export_duckdb(self, path: str | Path, *, replace: bool = False) -> Path:
        """Write the whole store as one DuckDB file that DuckDB 1.5 and later open, SQL surface included."""
        target = Path(path)
        check_target(target, within=[self.path])
        with write_path(target, replace=replace) as written:
            self._log.reading(lambda files: build_file(written, files, self.progress))
        return target

    # Within

    def _may_write(self, purpose: str) -> None:
        self._seal.check_open(f"open it without a seal to {purpose}")
        if self.read_only:
            raise BadInput(f"the store is open read-only; open it without read_only to {purpose}")
        self._log.check_writable()
