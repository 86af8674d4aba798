"""Timeline: the one way in and out of a store.

The command line and the web page reach everything through it; what it does is done by the log (what
was recorded), the index (what follows from it), the intake (what may be recorded) and the questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import duckdb

from timeline.ask.answers import Answer, AsOf, Belief, Moment, Why, aware, covers, reported_last, timestamp
from timeline.ask.frames import small_frame
from timeline.ask.one_fact import about_one
from timeline.ask.questions import ask, asked, event_by, one_fact, plain_changes, question
from timeline.atomic import check_target, write_path
from timeline.errors import BadInput, Conflict, NotFound, Place, nearest
from timeline.index.generation import build_file, with_room
from timeline.index.index import Index
from timeline.index.reader import Reader
from timeline.log.log import Commit, Log, Verified
from timeline.meaning.columns import check_names
from timeline.meaning.fact import fact_key, is_glob
from timeline.meaning.times import format_instant, now, parse_as_of
from timeline.project import find_store

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from timeline.ask.explain import Explained
    from timeline.intake.batch import Batch
    from timeline.intake.record import Ingested, Recorder

__all__ = ["Belief", "Timeline", "Why"]

_LOG: Final = "log"
_INDEX: Final = "index"

#: What DuckDB says where a block of a file has another checksum than it was written with.
_DAMAGED: Final = "Corrupt database file"


_Method = TypeVar("_Method", bound=Callable[..., Any])


def _on_damage(method: _Method) -> _Method:
    """Make a method ask again where the index turns out to be damaged while it is read."""

    @wraps(method)
    def guarded(tl: Timeline, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(tl, *args, **kwargs)
        except (duckdb.Error, BadInput) as error:
            if not tl.mend(error):
                raise
        return method(tl, *args, **kwargs)

    return cast("_Method", guarded)


class Timeline:
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

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._log = Log(path / _LOG)
        self._index = Index(path / _INDEX, self._log)
        self._current: Reader | None = None
        #: For SQL that people write, which never runs where `_current` does.
        self._sandbox: Reader | None = None
        self._recorder: Recorder | None = None
        self._mended = False
        self.progress: Callable[[str], None] | None = None

    @classmethod
    def create(cls, path: str | Path) -> Timeline:
        """Make a store at `path`, a folder that is not a store yet, and open it; Conflict where it is one."""
        folder = Path(path)
        if (folder / _LOG).exists():
            raise Conflict(f"{folder} is a store already; open it instead")
        # What is left of an index shows that there was a log.
        cls(folder)._index.check_log()
        folder.mkdir(parents=True, exist_ok=True)
        Log.create(folder / _LOG)
        return cls(folder)

    @classmethod
    def open(
        cls, path: str | Path | None = None, read_only: bool = False, *, trust_log: bool = False
    ) -> Timeline:
        """Open a store: at `path`, or the one of the project that the working folder is in.

        Raises Corruption where its index was built from more commits than the log has, unless `trust_log`,
        which is for `rebuild`.
        """
        folder = find_store(path)
        opened = cls(folder, read_only=read_only)
        if not trust_log:
            opened._index.check_log()
        if not (folder / _LOG).is_dir():
            raise NotFound(
                f"no store at {folder}; run `timeline init`, or `timeline ingest` in a project folder"
            )
        return opened

    def __enter__(self) -> Timeline:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index; nothing is lost by not calling it."""
        self._recorder = None
        self._release()

    def _release(self) -> None:
        # Not closed, which would close its cursors: the recorder's, and connections that were handed out.
        self._current = None
        self._sandbox = None

    # Recording

    def ingest(
        self,
        path: str | Path | pa.Table | pl.DataFrame,
        register_unknown: bool = False,
        rejects: str | Path | None = None,
        *,
        dry_run: bool = False,
        format: str | None = None,
        ignore_unknown: bool = False,
    ) -> Ingested:
        """Record a file, a folder (one commit a file), standard input (`-`), or a table.

        Everything is validated before anything is recorded; what is bad raises BadRows, or Conflict, and
        records nothing. With `rejects` the bad events go to that file, a JSON object a line with its
        reason, and the rest is taken; it can be neither what is read nor lie in it. What is known already
        is left alone. `dry_run` records nothing and returns what would come of it, bad events among it.

        What fails after the events were recorded (refreshing the index, writing the rejects) is among the
        `warnings` of the result, and no exception.
        """
        from timeline.intake.files import read_batches, table_batch

        if rejects is not None:
            inputs = [path] if isinstance(path, str | Path) and str(path) != "-" else []
            check_target(rejects, inputs=inputs, within=[self.path])
        self._may_write("record")
        if isinstance(path, str | Path):
            batches = read_batches(path, format=format, ignore_unknown=ignore_unknown)
        else:
            batches = [table_batch(path, ignore_unknown=ignore_unknown)]
        result = self._record(batches, register_unknown=register_unknown, rejects=rejects, dry_run=dry_run)
        if result.commits:
            try:
                if self._index.wants_building(result.commits[-1].last_position):
                    self.refresh()
                else:
                    self._publish_if_large(result)
            except Exception as error:
                result.warnings.append(f"all is recorded, but the index could not be refreshed: {error}")
        return result

    def append(
        self,
        events: Iterable[Mapping[str, object]],
        expected_position: int | None = None,
        *,
        register_unknown: bool = False,
    ) -> Commit:
        """Record events, given with the keys of docs/formats.md, as one commit, all or none.

        With `expected_position`, the number of events that the caller takes the store to hold, a store
        that has moved on is a Conflict. Events that are known already are left alone; where all are, the
        commit returned is the one that last recorded any of them.
        """
        from timeline.intake.batch import Batch, Draft

        if isinstance(events, Mapping | str):
            raise BadInput("expected a list of events, got one thing by itself; put it in a list")
        drafts = []
        for nth, keys in enumerate(events, 1):
            if not isinstance(keys, Mapping):
                wanted = "a mapping with keys such as fact and claim"
                raise BadInput(f"expected {wanted}, got {keys!r}", Place("event", row=nth))
            drafts.append(Draft(dict(keys), Place("event", row=nth)))
        if not drafts:
            raise BadInput("nothing to append; expected at least one event")
        result = self._record(
            [Batch(name="append", drafts=drafts, table=None, problems=[])],
            register_unknown=register_unknown,
            expected_position=expected_position,
        )
        self._publish_if_large(result)
        return result.commits[-1] if result.commits else self._recording().last_of(drafts, register_unknown)

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
        if self._recorder is None:
            self._recorder = Recorder(self._log, self._reader)
        self._recorder.progress = self.progress
        return self._recorder

    # Asking

    @_on_damage
    def beliefs(
        self,
        fact: str | None = None,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> pl.DataFrame:
        """What was believed as of a date: the columns of `beliefs`, by fact and valid time.

        `fact` is a key or a glob in which `*` crosses `/`; None is every fact. Amounts are decimals with
        nine places, instants are in UTC. An empty frame where nothing was believed.
        """
        return self._frame("beliefs", fact, as_of, recorded_as_of, valid_at, policy, basis)

    @_on_damage
    def claims(
        self,
        fact: str | None = None,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        basis: str = "certain",
    ) -> pl.DataFrame:
        """Each origin's own belief as of a date: the columns of `beliefs`, a row an origin."""
        return self._frame("claims", fact, as_of, recorded_as_of, valid_at, "latest", basis)

    @_on_damage
    def disagreements(
        self,
        fact: str | None = None,
        as_of: Moment | None = None,
        within: int | None = 90,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        basis: str = "certain",
    ) -> pl.DataFrame:
        """Pairs of origins' own beliefs that cannot both be right, reported within so many days.

        `within` None is any distance. The one reported first is side 1.
        """
        return self._frame(
            "disagreements", fact, as_of, recorded_as_of, valid_at, "latest", basis, within=within
        )

    @_on_damage
    def history(
        self,
        fact: str,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        basis: str = "certain",
    ) -> pl.DataFrame:
        """Every event of the facts that match, by reported order, and the `effect` that each had.

        With `as_of`, those reported by then.
        """
        return self._frame("history", fact, as_of, recorded_as_of, valid_at, "latest", basis)

    @_on_damage
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
        """The beliefs that differ between two dates, before and after; None is everything recorded."""
        start, end = (None if moment is None else parse_as_of(moment) for moment in (from_date, to_date))
        reader = self._reader()
        if asked(reader, None, recorded_as_of, valid_at, policy, basis).is_plain and valid_at is None:
            sql, parameters = plain_changes(start, end, fact)
            found = self._fetched(reader, sql, parameters)
            if not found["is_bounded"].any():
                # Sorted here, because it takes half as long.
                return found.drop("is_bounded").sort("fact")
        return self._frame(
            "changes", fact, None, recorded_as_of, valid_at, policy, basis, between=(start, end)
        )

    @_on_damage
    def belief(
        self,
        fact: str,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> Belief | None:
        """What was believed of one fact, or None: the quick way for programs.

        Where a fact has several rows with valid times of their own and no `valid_at` was given, the one
        that covers the date asked about (today without `as_of`), else the one reported last, of these
        the one whose valid time starts last. Raises BadInput for a glob, and for what can be no fact.
        """
        fact = one_fact(fact)
        reader = self._reader()
        dates = asked(reader, as_of, recorded_as_of, valid_at, policy, basis)
        answer = self._about_one(reader, "beliefs", fact, dates)
        if answer is None:
            sql, parameters = question("beliefs", dates, fact, order=False)
            answer = ask(reader.cursor(), sql, parameters, dates)
        found = [Belief(*map(aware, row)) for row in answer.rows]
        at = (
            dates.valid_at
            if dates.valid_at is not None
            else dates.as_of
            if dates.as_of is not None
            else now()
        )
        covering = [belief for belief in found if covers(belief, at)]
        if valid_at is not None:
            found = covering
        return max(covering or found, key=reported_last, default=None)

    @_on_damage
    def why(
        self,
        fact: str,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> Why:
        """The evidence for what is believed of a fact: what won, what it displaced, what was mended.

        Raises BadInput for a glob and for what can be no fact, NotFound, with the nearest known, where the
        store never heard of the fact.
        """
        fact = one_fact(fact)
        reader = self._reader()
        dates = asked(reader, as_of, recorded_as_of, valid_at, policy, basis)
        found: dict[str, list[dict[str, Any]]] = {}
        for kind in ("beliefs", "claims", "history", "disagreements"):
            found[kind] = self._answer(reader, kind, dates, fact).dicts()
        if not found["history"]:
            self._heard_of(reader, fact)
        names = list({row["source"] for row in found["history"] if row["source"]})
        sources = ask(
            reader.cursor(),
            f"FROM sources_as_of({timestamp(dates.recorded_as_of)}) "
            "WHERE id IN (SELECT unnest($1::VARCHAR[]))",
            [names],
            dates,
        ).dicts()
        return Why(fact, dates, sources=sources, **found)

    @_on_damage
    def at(self, frame: pl.DataFrame, fact: str = "fact", as_of: str = "as_of") -> pl.DataFrame:
        """A point-in-time join: for each row of a frame, what was believed of its fact at its date.

        `fact` and `as_of` name columns of the frame, of text, and of dates (their last instant), aware
        datetimes or EDTF text. Returns the frame's rows in their order with the columns of a belief beside
        them, chosen as by `belief`, null where nothing was believed or no date is given; a name that both
        have gets `_believed` behind it.
        """
        from timeline.ask.join import believed_at

        return believed_at(self._reader(), frame, fact, as_of)

    @_on_damage
    def sql(
        self, query: str, as_of: Moment | None = None, params: object = None, **defaults: Any
    ) -> pl.DataFrame:
        """The answer to a query in DuckDB's SQL with temporal clauses (docs/sql.md), as a frame.

        `as_of` is the default for tables that name no date of their own; so are `recorded_as_of`,
        `valid_at`, `policy` and `basis` among `defaults`. `params` fill `?` (a sequence) or `$name` (a
        mapping). One query that reads the store and nothing else: raises BadInput for any other, and where
        two columns have one name.
        """
        from timeline.ask.sandbox import sandboxed

        reader = self._sandboxed()
        translated = _translated(query, asked(reader, as_of, **defaults))
        with sandboxed(reader, translated) as con:
            relation = con.sql(translated, params=params)
            check_names(relation.columns)
            # Relations are lazy: some of what is wrong with a query shows only now.
            return self._as_frame(relation)

    def translate(self, query: str, as_of: Moment | None = None, **defaults: Any) -> str:
        """A temporal query as plain DuckDB SQL over the store's own objects."""
        return _translated(query, asked(self._reader(), as_of, **defaults))

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open a DuckDB connection of the owner's, with every object of docs/sql.md in it.

        It shows the store as it was when the connection was made; close it when done. It may do what DuckDB
        may, files and network included. What is created in it goes into a database in memory of its own,
        which no other connection and nothing in Timeline reads.
        """
        return self._owned().cursor()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor on the connection that answers and validation read through.

        For the package's own queries: never run on it what somebody else wrote, and change nothing in it.
        """
        return self._reader().cursor()

    @_on_damage
    def table(
        self,
        kind: str,
        fact: str | None = None,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
        **more: Any,
    ) -> Answer:
        """The answer to a named question (see `ask.question`) in plain Python, without polars."""
        reader = self._reader()
        dates = asked(reader, as_of, recorded_as_of, valid_at, policy, basis)
        return self._answer(reader, kind, dates, fact, **more)

    def _answer(self, reader: Reader, kind: str, dates: AsOf, fact: str | None, **more: Any) -> Answer:
        found = self._about_one(reader, kind, fact, dates)
        if found is None:
            sql, parameters = question(kind, dates, fact, **more)
            found = ask(reader.cursor(), sql, parameters, dates)
        return found

    @_on_damage
    def query_table(
        self,
        query: str,
        params: object = None,
        as_of: Moment | None = None,
        *,
        unsafe: bool = False,
        **defaults: Any,
    ) -> Answer:
        """The answer to a temporal query in plain Python, without polars.

        With `unsafe` it runs on a connection such as `connect` opens, and may be any statements; the answer
        is that of the last.
        """
        with self._asking_sql(query, as_of, defaults, unsafe) as (_, con, translated, dates):
            return ask(con, translated, cast("Any", params), dates)

    @_on_damage
    def explain(
        self,
        kind: str = "beliefs",
        fact: str | None = None,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
        **more: Any,
    ) -> Explained:
        """What is read for the answer to a named question (see `ask.question`), asked in SQL.

        The question is asked, and its answer thrown away.
        """
        from timeline.ask.explain import explain

        reader = self._reader()
        dates = asked(reader, as_of, recorded_as_of, valid_at, policy, basis)
        return explain(reader, reader.cursor(), *question(kind, dates, fact, **more))

    @_on_damage
    def explain_sql(
        self,
        query: str,
        params: object = None,
        as_of: Moment | None = None,
        *,
        unsafe: bool = False,
        **defaults: Any,
    ) -> Explained:
        """What is read for the answer to a temporal query, which is asked, and its answer thrown away.

        `unsafe` is as in `query_table`, for one statement.
        """
        from timeline.ask.explain import explain

        with self._asking_sql(query, as_of, defaults, unsafe) as (reader, con, translated, _):
            return explain(reader, con, translated, cast("Any", params))

    @_on_damage
    def facts(self, fact: str | None = None) -> list[str]:
        """The facts that anything was ever reported of, narrowed by a key or glob."""
        where = "" if fact is None else " WHERE fact GLOB $1"
        rows = (
            self._reader()
            .cursor()
            .execute(f"SELECT fact FROM store.facts{where} ORDER BY fact", [] if fact is None else [fact])
        )
        return [name for (name,) in rows.fetchall()]

    @_on_damage
    def heard_of(self, fact: str) -> None:
        """Raise NotFound, with the nearest known, where nothing was ever reported of any such fact."""
        self._heard_of(self._reader(), fact_key(fact) or fact)

    @_on_damage
    def event_id(self, name: str) -> str:
        """The event that a key, an event_id or a unique prefix of one means."""
        return event_by(self._reader().cursor(), name)

    # The store itself

    def head(self) -> Commit | None:
        """The last commit, None of an empty store; its digest vouches for everything before it."""
        return self._log.head()

    def verify(
        self,
        progress: Callable[[int, int], None] | None = None,
        *,
        expect: str | None = None,
        at: int | None = None,
        log_only: bool = False,
    ) -> Verified:
        """Recompute every hash of the log, then compare the index with it, unless `log_only`.

        `expect` is a digest noted before, as `head` gives it: some commit has to have it, the one with the
        number `at` where that is given. Comparing the index takes as long as building it. Raises Corruption,
        which names the file, at the first difference. `progress` is called with how many events of the log
        are done, and how many there are.
        """
        found = self._log.verify(progress, expect=expect, at=at)
        return found if log_only else replace(found, generations=self._index.check(self.progress))

    def refresh(self) -> Path | None:
        """Put what was appended since into the next generation of the index, which readers then open.

        Costs a copy of the last and what was appended; where much was, it is built anew. Ingesting does
        this by itself where it pays. None where the store cannot be written.
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
        readers = (reader for reader in (self._current, self._sandbox) if reader is not None)
        read = {reader.generation for reader in readers if reader.generation is not None}
        kinds = (duckdb.InternalException, duckdb.FatalException, duckdb.SerializationException)
        if _DAMAGED not in str(error) and not isinstance(error, kinds):
            return False
        self._recorder = None
        self._release()
        suspects = read or self._index.generations()
        return any([self._index.remove_damaged(generation) for generation in suspects])

    def compact(self) -> int:
        """Merge complete blocks of commits into wider files; returns how many files went into them."""
        self._may_write("compact it")
        return self._log.compact()

    @_on_damage
    def stats(self) -> dict[str, Any]:
        """What the store holds and takes: counts, sizes in bytes, and the state of the index.

        The rows of a segment are what a question about a date in it looks at. The tail is what was appended
        since the generation that readers open, which resolve it anew.
        """
        reader = self._reader()
        con = reader.cursor()
        [(facts,)] = con.execute("SELECT count(*) FROM store.facts").fetchall()
        [(beliefs,)] = con.execute(
            "SELECT count(*) FROM store.segments WHERE believed_until = TIMESTAMP 'infinity' "
            "AND segment_until = TIMESTAMP 'infinity'"
        ).fetchall()
        sizes = [
            size
            for (size,) in con.execute(
                "SELECT count(s.segment) AS size FROM store.bounds AS b "
                "LEFT JOIN store.segments AS s USING (segment) GROUP BY b.segment ORDER BY size"
            ).fetchall()
        ]
        files = self._log.files()
        generations, rows = self._index.generations(), self._index.row_stores()
        return {
            "events": reader.position,
            "facts": facts,
            "beliefs": beliefs,
            "commits": reader.commit,
            "log_files": len(files),
            "log_bytes": sum(Path(file.path).stat().st_size for file in files),
            "generations": len(generations),
            "generation": reader.generation.name if reader.generation else None,
            "index_bytes": sum(path.stat().st_size for path in (*generations, *rows)),
            "row_bytes": sum(path.stat().st_size for path in rows),
            "segments": len(sizes),
            "segment_rows": sum(sizes),
            "segment_rows_median": sizes[len(sizes) // 2] if sizes else 0,
            "segment_rows_most": max(sizes, default=0),
            "tail_events": reader.tail_events,
            "tail_facts": reader.tail.facts if reader.tail else 0,
        }

    def export_duckdb(self, path: str | Path, *, replace: bool = False) -> Path:
        """Write the whole store as one DuckDB file that DuckDB 1.5 and later open, SQL surface included."""
        target = Path(path)
        check_target(target, within=[self.path])
        with write_path(target, replace=replace) as written:
            self._log.reading(lambda files: build_file(written, files, self.progress))
        return target

    # Within

    def _may_write(self, purpose: str) -> None:
        if self.read_only:
            raise BadInput(f"the store is open read-only; open it without read_only to {purpose}")

    def _reader(self) -> Reader:
        """A reader of everything acknowledged so far: the one at hand, unless something was appended."""
        head = self._log.head_number()
        if self._current is not None and self._current.commit == head:
            return self._current
        opened = self._index.open(may_build=not self.read_only, progress=self.progress)
        self._release()
        self._current = opened
        return opened

    def _sandboxed(self) -> Reader:
        """A locked reader of everything acknowledged so far, for SQL that people write."""
        from timeline.ask.sandbox import open_sandbox

        if self._sandbox is None or self._sandbox.commit != self._log.head_number():
            self._sandbox = open_sandbox(self._index, may_build=not self.read_only, progress=self.progress)
        return self._sandbox

    def _owned(self) -> Reader:
        from timeline.ask.sandbox import open_owned

        return open_owned(self._index, may_build=not self.read_only, progress=self.progress)

    @contextmanager
    def _asking_sql(
        self, query: str, as_of: Moment | None, defaults: Mapping[str, Any], unsafe: bool
    ) -> Iterator[tuple[Reader, duckdb.DuckDBPyConnection, str, AsOf]]:
        """A reader, a connection to run a temporal query on, the query as plain SQL, and its dates."""
        from timeline.ask.sandbox import sandboxed

        reader = self._owned() if unsafe else self._sandboxed()
        dates = asked(reader, as_of, **defaults)
        translated = _translated(query, dates)
        if not unsafe:
            with sandboxed(reader, translated) as con:
                yield reader, con, translated, dates
            return
        try:
            with closing(reader.cursor()) as con:
                yield reader, con, translated, dates
        except duckdb.Error as error:
            raise BadInput(str(error)) from None

    def _frame(self, kind: str, fact: str | None, *dates: Any, **more: Any) -> pl.DataFrame:
        reader = self._reader()
        resolved = asked(reader, *dates)
        if (found := self._about_one(reader, kind, fact, resolved)) is not None:
            return small_frame(found)
        sql, parameters = question(kind, resolved, fact, **more)
        return self._fetched(reader, sql, parameters)

    def _fetched(self, reader: Reader, sql: str, parameters: object) -> pl.DataFrame:
        con = reader.cursor()
        return with_room(con, lambda: self._as_frame(con.sql(sql, params=parameters)))

    @staticmethod
    def _about_one(reader: Reader, kind: str, fact: str | None, dates: AsOf) -> Answer | None:
        """The quick answer about a single fact, if that is what is asked for."""
        key = fact_key(fact)
        return None if key is None or is_glob(key) else about_one(reader, kind, dates, key)

    @staticmethod
    def _as_frame(relation: duckdb.DuckDBPyRelation) -> pl.DataFrame:
        """A relation as a frame, its instants marked as the UTC that they are."""
        import polars as pl

        frame: pl.DataFrame = relation.pl()
        naive = [name for name, kind in frame.schema.items() if kind == pl.Datetime("us", None)]
        return frame.with_columns(pl.col(name).dt.replace_time_zone("UTC") for name in naive)

    def _heard_of(self, reader: Reader, fact: str) -> None:
        con = reader.cursor()
        [(found,)] = con.execute(
            "SELECT count(*) FROM store.facts WHERE fact GLOB $1 OR fact = $1", [fact]
        ).fetchall()
        if found:
            return
        if is_glob(fact):
            raise NotFound(f"no fact matches {fact!r}")
        known = [name for (name,) in con.execute("SELECT fact FROM store.facts").fetchall()]
        raise NotFound(f"nothing was ever reported of {fact!r}{nearest(fact, known)}")


def _translated(query: str, dates: AsOf) -> str:
    from timeline.ask.temporal_sql import translate

    given: dict[str, Any] = {"policy": dates.policy, "basis": dates.basis}
    if dates.as_of is not None:
        given["as_of"] = format_instant(dates.as_of)
    if not dates.recorded_is_head:
        given["recorded_as_of"] = format_instant(dates.recorded_as_of)
    if dates.valid_at is not None:
        given["valid_at"] = format_instant(dates.valid_at)
    return translate(query, **given)
