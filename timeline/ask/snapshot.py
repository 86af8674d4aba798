"""Snapshot: one state of the store, and every question to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import duckdb

from timeline.ask.aliases import OrMeant, meant_by, with_ids
from timeline.ask.answers import (
    Answer,
    AsOf,
    Belief,
    Moment,
    Row,
    Source,
    Why,
    aware,
    covers,
    reported_last,
)
from timeline.ask.evidence import displaced, events_behind, sources_named
from timeline.ask.frames import PlainChanges, Statement
from timeline.ask.one_fact import about_one
from timeline.ask.questions import event_by, one_fact, plain_changes, question, resolve_dates
from timeline.ask.readers import Readers
from timeline.atomic import check_target
from timeline.boundary import own_errors, public
from timeline.errors import BadInput, NotFound, brief, nearest
from timeline.index.aliases import Aliases
from timeline.index.index import Index
from timeline.index.reader import Reader, counts_of
from timeline.index.seal import UNSEALED, Seal
from timeline.log.file import Commit
from timeline.log.paths import quoted
from timeline.meaning.columns import LOG_COLUMNS
from timeline.meaning.fact import fact_key, is_glob
from timeline.meaning.times import format_instant, now, parse_as_of
from timeline.represent import block, counted, one_line, paragraph, record

if TYPE_CHECKING:
    import polars as pl

    from timeline.ask.explain import Explained
    from timeline.ask.overview import Overview, Wanted
    from timeline.ask.overviews import Overviews
    from timeline.index.tables import Build

__all__ = ["Snapshot"]

T = TypeVar("T")

_ROWS_AT_ONCE: Final = 10_000
_MEANT_AT_MOST: Final = 10_000


@public
class Snapshot:
    """One state of a store: everything up to one commit, whatever is appended meanwhile.

    `commit` is the number of that commit, 0 of an empty store. `Timeline.snapshot` returns one. Its questions
    are those of `Timeline`, with the same arguments; each returns an `Answer`, which has rows, dicts, a frame
    or an Arrow table, and all of them are of the same state. For any number of threads.

    >>> import tempfile
    >>> from timeline import Timeline
    >>> tl = Timeline.create(tempfile.mkdtemp() + "/desk")
    >>> event = {"fact": "nvidia/ceo", "entity": "jensen-huang", "source": "a", "reported": "2025-09"}
    >>> commit = tl.append([event], register_unknown=True)
    >>> snapshot = tl.snapshot()
    >>> commit = tl.append([event | {"entity": "somebody-else"}], register_unknown=True)
    >>> [row["claim"] for row in snapshot.beliefs("nvidia/ceo").dicts()]
    ['jensen-huang']
    """

    def __init__(
        self,
        index: Index,
        commit: int,
        *,
        may_build: bool = True,
        progress: Callable[[], Build | None] | None = None,
        zone: Callable[[], str | None] | None = None,
        seal: Seal = UNSEALED,
    ) -> None:
        self.commit = commit
        self._seal = seal
        self._find_zone = zone
        #: Called with a note when an alias in a question is resolved.
        self.note: Callable[[str], None] | None = None
        self._aliases: dict[int | None, Aliases] = {}
        #: Programs ask for the same facts again and again.
        self._meant: dict[tuple[int | None, str], dict[str, str]] = {}
        self._readers = Readers(
            index,
            commit,
            may_build=may_build,
            progress=progress,
            seal=seal,
            caches=(self._aliases, self._meant),
        )

    def __repr__(self) -> str:
        return one_line("Snapshot", f"of {self._readers.store}: {self._shown()}")

    def _repr_html_(self) -> str:
        facts = [("store", str(self._readers.store)), ("holds", self._shown())]
        return block([paragraph("Snapshot", strong=True), record(facts)], "Snapshot")

    def _shown(self) -> str:
        """Return in words what it is a state of, without opening the index for that."""
        if not self.commit:
            return "no events"
        opened = self._readers.opened
        held = f", {counted(opened.position, 'event')}" if opened is not None else ""
        return f"everything up to commit #{self.commit:,}{held}"

    @cached_property
    def zone(self) -> str | None:
        """The IANA name of the zone whose days the dates are that it is asked with; None is UTC."""
        return None if self._find_zone is None else self._find_zone()

    def instant_of(self, moment: Moment) -> int:
        """Return the instant that a date on the reported axis means, as `parse_as_of` does in its zone.

        Raises BadInput for one behind the date as of which the store is sealed.
        """
        return self._seal.checked(parse_as_of(moment, self.zone))

    # The named questions

    def beliefs(
        self,
        fact: str | None = None,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> Answer:
        """Return what was believed as of a date: see `Timeline.beliefs`."""
        return self.ask("beliefs", fact, self.dates(as_of, recorded_as_of, valid_at, policy, basis))

    def claims(
        self,
        fact: str | None = None,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        basis: str = "certain",
    ) -> Answer:
        """Return each origin's own belief as of a date: see `Timeline.claims`."""
        return self.ask("claims", fact, self.dates(as_of, recorded_as_of, valid_at, basis=basis))

    def disagreements(
        self,
        fact: str | None = None,
        as_of: Moment | None = None,
        within: int | None = 90,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        basis: str = "certain",
    ) -> Answer:
        """Return the pairs of origins that contradict each other: see `Timeline.disagreements`."""
        dates = self.dates(as_of, recorded_as_of, valid_at, basis=basis)
        return self.ask("disagreements", fact, dates, within=within)

    def history(
        self,
        fact: str,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        basis: str = "certain",
    ) -> Answer:
        """Return every event of the facts that match: see `Timeline.history`."""
        return self.ask("history", fact, self.dates(as_of, recorded_as_of, valid_at, basis=basis))

    def changes(
        self,
        from_date: Moment | None,
        to_date: Moment | None,
        fact: str | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> Answer:
        """Return the beliefs that differ between two dates: see `Timeline.changes`."""
        start, end = (
            self._seal.as_of if moment is None else self.instant_of(moment) for moment in (from_date, to_date)
        )
        dates = self.dates(None, recorded_as_of, valid_at, policy, basis)
        return self.ask("changes", fact, dates, between=(start, end))

    def dates(
        self,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> AsOf:
        """Return the dates and the rule of a question as one value; BadInput where one cannot be read."""
        return self._readers.ask(
            lambda reader: self._resolved(reader, as_of, recorded_as_of, valid_at, policy, basis)
        )

    def _resolved(
        self,
        reader: Reader,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> AsOf:
        """Return the dates of a question; where none is given, a sealed store is asked as of its seal."""
        dates = resolve_dates(reader, as_of, recorded_as_of, valid_at, policy, basis, self.zone)
        if self._seal.as_of is None:
            return dates
        moment = self._seal.as_of if dates.as_of is None else self._seal.checked(dates.as_of)
        return replace(dates, as_of=moment)

    def ask(self, kind: str, fact: str | None = None, dates: AsOf | None = None, **more: Any) -> Answer:
        """Return the answer to the question of this name, under dates that `dates` returned.

        `kind` is beliefs, claims, disagreements (with `within`), history, changes (with `between`, two
        instants in microseconds since 1970), or spans: every belief ever held, whatever the date. Where
        nothing is found, aliases in `fact` are taken for the ids that they mean, as `resolved` does.
        """
        _check_defaults(more, _MORE)
        dates = self.dates() if dates is None else dates
        quick = self._quickly(kind, fact, dates)
        if quick is not None and quick.rows:
            return quick
        answer = self._slowly(kind, fact, dates, **more) if quick is None else quick
        if fact is None:
            return answer

        def meant() -> Answer | None:
            resolved = self.resolved(fact, dates)
            if resolved == fact:
                return None
            found = self._quickly(kind, resolved, dates)
            return self._slowly(kind, resolved, dates, **more) if found is None else found

        return Answer(OrMeant(answer, meant), dates)

    def _quickly(self, kind: str, fact: str | None, dates: AsOf) -> Answer | None:
        """Return the answer about a single fact, if there is a quick way to it."""
        key = fact_key(fact)
        if key is None or is_glob(key):
            return None
        return self._readers.ask(lambda reader: about_one(reader, kind, dates, key))

    def _slowly(self, kind: str, fact: str | None, dates: AsOf, **more: Any) -> Answer:
        """Return the answer of a statement that is still to run."""
        statement = Statement(self._readers.run, *question(kind, dates, fact, **more))
        if kind == "changes" and dates.is_plain and dates.valid_at is None:
            start, end = more["between"]
            plain = Statement(self._readers.run, *plain_changes(start, end, fact))
            return Answer(PlainChanges(plain, statement), dates)
        return Answer(statement, dates)

    # One fact

    def belief(
        self,
        fact: str,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> Belief | None:
        """Return what was believed of one fact, or None: see `Timeline.belief`."""
        fact = one_fact(fact)

        def believed(fact: str) -> Belief | None:
            return self._readers.ask(
                lambda reader: self._belief(
                    reader,
                    fact,
                    self._resolved(reader, as_of, recorded_as_of, valid_at, policy, basis),
                )
            )

        found = believed(fact)
        if found is None:
            meant = self.resolved(fact, self.dates(None, recorded_as_of))
            found = None if meant == fact else believed(meant)
        return found

    def _belief(self, reader: Reader, fact: str, dates: AsOf) -> Belief | None:
        answer = about_one(reader, "beliefs", dates, fact)
        if answer is None:
            answer = Answer(
                Statement(self._readers.run, *question("beliefs", dates, fact, order=False)), dates
            )
        found = [Belief(*map(aware, row)) for row in answer.rows]
        at = next((date for date in (dates.valid_at, dates.as_of) if date is not None), None)
        covering = [belief for belief in found if covers(belief, now() if at is None else at)]
        if dates.valid_at is not None:
            found = covering
        return max(covering or found, key=reported_last, default=None)

    def why(
        self,
        fact: str,
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
    ) -> Why:
        """Return the evidence for what is believed of a fact: see `Timeline.why`."""
        fact = one_fact(fact)
        dates = self.dates(as_of, recorded_as_of, valid_at, policy, basis)
        history = self._quickly("history", fact, dates) or self._slowly("history", fact, dates)
        if not history.rows:
            fact = self.resolved(fact, dates)
        found = {
            kind: self.ask(kind, fact, dates).dicts()
            for kind in ("beliefs", "claims", "history", "disagreements")
        }
        if not found["history"]:
            self.check_known(fact)
        return Why(
            fact,
            dates,
            sources=list(self.sources(found["history"], dates).values()),
            displaced=self._readers.run(
                lambda con: displaced(
                    con,
                    dates,
                    fact,
                    found["beliefs"],
                    lambda before: self.ask("beliefs", fact, before).dicts(),
                )
            ),
            **found,
        )

    # Evidence

    def events(self, rows: Sequence[Row], columns: Sequence[str] = ("event_id",)) -> dict[str, Row]:
        """Return what the events behind some rows of an answer say beyond the rows, by event_id.

        `columns` are those of the rows that hold an event_id. The events have key, reported_from,
        reported_at, evidence_at, approximate and inferred.
        """
        _check_rows(rows, columns)
        return self._readers.run(lambda con: events_behind(con, rows, columns))

    def sources(self, rows: Sequence[Row], dates: AsOf) -> dict[str, Row]:
        """Return the sources of some rows of an answer, by id, as they were described by `dates`."""
        _check_rows(rows, ("source",))
        names = list({row["source"] for row in rows if row["source"] is not None})
        found = (
            self._readers.run(lambda con: sources_named(con, names, dates.recorded_as_of)) if names else []
        )
        return {row["id"]: row for row in found}

    # Names

    def overview(self, dates: AsOf, wanted: Wanted) -> Overview:
        """Return what a page shows of everything believed under some dates: some rows, and counts of all."""
        from timeline.ask.overview import Wanted, overview

        if not isinstance(wanted, Wanted):
            raise BadInput(f"wanted is {brief(wanted)}; expected a Wanted")
        return self._readers.run(lambda con: overview(con, dates, wanted))

    def overviews(
        self, dates: AsOf, wanted: Wanted, instants: Sequence[int], *, disputes: bool = True
    ) -> Overviews:
        """Return what a page shows under the default rule as of some instants: see `overviews`."""
        from timeline.ask.overview import reports_of
        from timeline.ask.overviews import overviews

        asked = (dates, wanted, instants, reports_of(self))
        return self._readers.run(lambda con: overviews(con, *asked, disputes=disputes))

    def support(self, rows: Sequence[Row], dates: AsOf) -> dict[str, tuple[int, int]]:
        """Return how many origins and reports say what these beliefs do, by event_id."""
        from timeline.ask.overview import reports_of

        _check_rows(rows, ("event_id", "fact"))
        return reports_of(self).support(self._readers.run, dates, rows)

    def facts(self, fact: str | None = None) -> list[str]:
        """Return the facts that anything was ever reported of, narrowed by a key or glob.

        Where there is none, aliases are resolved.
        """
        where, parameters = ("", []) if fact is None else (" WHERE fact GLOB $1", [fact])
        sql = f"SELECT fact FROM store.facts{where} ORDER BY fact"
        found = [name for (name,) in Answer(Statement(self._readers.run, sql, parameters)).rows]
        if fact is not None and not found and (meant := self.resolved(fact)) != fact:
            return self.facts(meant)
        return found

    def resolved(self, fact: str, dates: AsOf | None = None) -> str:
        """Return a fact or glob with the ids of entities in place of their aliases.

        The aliases are those of the date on the recorded axis. A name that is an id means that id. Raises
        BadInput, with the ids, for a name that means several.
        """
        by_then = None if dates is None or dates.recorded_is_head else dates.recorded_as_of
        aliases = self._aliases.get(by_then)
        if aliases is None:
            aliases = self._aliases[by_then] = self._readers.run(lambda con: Aliases.of(con, by_then))
        ids = self._meant.get((by_then, fact), {})
        if aliases and not ids:
            ids = self._readers.run(lambda con: meant_by(con, aliases, fact, by_then))
            if ids and len(self._meant) < _MEANT_AT_MOST:
                self._meant[by_then, fact] = ids
        if self.note is not None:
            for name, meant in ids.items():
                self.note(f"{name} is an alias of {meant}")
        return with_ids(fact, ids)

    def check_known(self, fact: str) -> str:
        """Return a fact or glob, with ids for aliases, if anything was ever reported of any such fact.

        Raises NotFound, with the nearest known, where nothing was.
        """
        fact = fact_key(fact) or fact
        sql = "SELECT count(*) FROM store.facts WHERE fact GLOB $1 OR fact = $1"
        if Answer(Statement(self._readers.run, sql, [fact])).rows[0][0]:
            return fact
        if (meant := self.resolved(fact)) != fact:
            return self.check_known(meant)
        if is_glob(fact):
            raise NotFound(f"no fact matches {fact!r}")
        raise NotFound(f"nothing was ever reported of {fact!r}{nearest(fact, self.facts())}")

    def event_id(self, name: str) -> str:
        """Return the id of the event that a key, an event_id or a unique prefix of one means."""
        return self.event_and_key(name)[0]

    def event_and_key(self, name: str) -> tuple[str, str | None]:
        """Return the id and the key, if it has one, of the event that `event_id` takes a name for."""
        return self._readers.run(lambda con: event_by(con, name))

    def position_of(self, name: str) -> int:
        """Return the position of the event that `event_id` takes a name for."""
        sql = "SELECT position FROM store.events WHERE event_id = $1"
        position: int = Answer(Statement(self._readers.run, sql, [self.event_id(name)])).rows[0][0]
        return position

    def commit_of(self, position: int) -> Commit:
        """Return the commit that recorded the event at a position, from 1 up to `position`."""
        if not 1 <= position <= self.position:
            raise NotFound(f"no event is at position {position}; expected 1 to {self.position}")
        columns = "number, first_position, count, epoch_us(recorded_at), digest"
        sql = f"SELECT {columns} FROM store.commits WHERE first_position <= $1 ORDER BY number DESC LIMIT 1"
        return Commit(*Answer(Statement(self._readers.run, sql, [position])).rows[0])

    # Joins and SQL

    def at(self, frame: pl.DataFrame, fact: str = "fact", as_of: str = "as_of") -> pl.DataFrame:
        """Return a frame with what was believed of each row's fact at its date: see `Timeline.at`."""
        from timeline.ask.join import believed_at

        zone, until = self.zone, self._seal.as_of
        found = self._readers.ask(lambda reader: believed_at(reader, frame, fact, as_of, zone, until))
        lost = found["event_id_believed" if "event_id" in frame.columns else "event_id"].is_null()
        names = frame[fact].filter(lost).unique().drop_nulls().to_list()
        meant = {name: resolved for name in map(str, names) if (resolved := self.resolved(name)) != name}
        if not meant:
            return found
        renamed = frame.with_columns(frame[fact].cast(str).replace(meant))
        found = self._readers.ask(lambda reader: believed_at(reader, renamed, fact, as_of, zone, until))
        return found.with_columns(frame[fact])

    def sql(
        self,
        query: str,
        as_of: Moment | None = None,
        params: Any = None,
        *,
        unsafe: bool = False,
        **defaults: Any,
    ) -> Answer:
        """Return the answer to a query in temporal SQL: see `Timeline.sql`.

        The query runs at once, and every form of the answer is of that run. With `unsafe` it runs on a
        connection such as `connect` opens, and may be any statements; the answer is that of the last.
        """
        from timeline.ask.typed import fetched, last_of

        _check_parameters(params)
        translated, dates, on = self._sql(query, as_of, defaults, unsafe)

        def ask(_: Reader, con: duckdb.DuckDBPyConnection) -> Source:
            if unsafe:
                return last_of(con, translated, params)
            return fetched(lambda sql: con.sql(sql, params=params), translated)

        return Answer(on(ask), dates)

    def open_sql(self, *, unlimited: bool = False) -> int:
        """Open what `sql` asks, and return how many bytes of memory DuckDB keeps a query to.

        With `unlimited` DuckDB keeps queries to what the machine has, and to no time. It counts for what is
        not open yet.
        """
        from timeline.ask.sandbox import memory_of

        return memory_of(self._readers.sandboxed(unlimited=unlimited))

    def translate(self, query: str, as_of: Moment | None = None, **defaults: Any) -> str:
        """Return a temporal query as plain DuckDB SQL over the store's own objects."""
        _check_defaults(defaults, _RULES)
        return _translated(query, self.dates(as_of, **defaults), self.zone)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open a DuckDB connection of the owner's: see `Timeline.connect`."""
        return self._readers.owned().surface()

    def _sql(
        self, query: str, as_of: Moment | None, defaults: dict[str, Any], unsafe: bool
    ) -> tuple[str, AsOf, Callable[[Callable[[Reader, duckdb.DuckDBPyConnection], Any]], Any]]:
        """Return a temporal query as plain SQL, its dates, and what calls a function to run it."""
        from timeline.ask.sandbox import as_owner, sandboxed

        _check_defaults(defaults, _RULES)
        dates = self._readers.ask(
            lambda reader: self._resolved(reader, as_of, **defaults),
            self._readers.reader if unsafe else self._readers.sandboxed,
        )
        translated = _translated(query, dates, self.zone, sealed=self._seal.as_of is not None)

        def on(ask: Callable[[Reader, duckdb.DuckDBPyConnection], T]) -> T:
            def asked(reader: Reader) -> T:
                with as_owner(reader) if unsafe else sandboxed(reader, translated) as con:
                    return ask(reader, con)

            return self._readers.ask(asked, self._readers.owned if unsafe else self._readers.sandboxed)

        return translated, dates, on

    # What an answer costs, and what there is

    def explain(
        self, kind: str = "beliefs", fact: str | None = None, dates: AsOf | None = None, **more: Any
    ) -> Explained:
        """Return what is read for the answer to a named question, which `ask` names, asked in SQL.

        The question is asked, and its answer thrown away.
        """
        from timeline.ask.explain import explain

        _check_defaults(more, _MORE)
        dates = self.dates() if dates is None else dates
        sql, parameters = question(kind, dates, fact, **more)
        return self._readers.ask(lambda reader: explain(reader, reader.cursor(), sql, parameters))

    def explain_sql(
        self,
        query: str,
        as_of: Moment | None = None,
        params: Any = None,
        *,
        unsafe: bool = False,
        **defaults: Any,
    ) -> Explained:
        """Return what is read for the answer to a temporal query, which is asked, and its answer thrown away.

        `unsafe` is as in `sql`, for one statement.
        """
        from timeline.ask.explain import explain

        _check_parameters(params)
        translated, _, on = self._sql(query, as_of, defaults, unsafe)
        found: Explained = on(lambda reader, con: explain(reader, con, translated, params))
        return found

    @property
    def position(self) -> int:
        """The position of the last event, and so the number of events."""
        return self.reader().position

    def stats(self) -> dict[str, Any]:
        """Return counts of what the index holds: see `Timeline.stats`."""
        return self._readers.ask(counts_of)

    @contextmanager
    def stream(self, sql: str) -> Iterator[tuple[list[str], Iterator[tuple[Any, ...]]]]:
        """The names of the columns and the rows of a large answer, which are fetched some at a time.

        `sql` is a query of the package's own, such as `translate` returns.
        """
        with closing(self.reader().cursor()) as con:
            with own_errors(BadInput):
                con.execute(sql)
                if not con.description:
                    raise BadInput("got no query; expected SELECT or FROM")
            names = [str(column[0]) for column in con.description or []]

            def rows() -> Iterator[tuple[Any, ...]]:
                while some := fetched():
                    yield from some

            def fetched() -> list[tuple[Any, ...]]:
                with own_errors():
                    return con.fetchmany(_ROWS_AT_ONCE)

            yield names, rows()

    def written(
        self, *, flat: bool = False, recorded_as_of: Moment | None = None
    ) -> Iterator[dict[str, Any]]:
        """Return every event as it is written in files, in the order of the log.

        Ingested elsewhere they have the same ids. `flat` is for tables, in which a description is JSON in
        `text`. Raises BadInput for an event that cannot be written so.
        """
        from timeline.ask.written import READ, Writer

        writer = Writer(flat=flat)
        until = self.dates(recorded_as_of=recorded_as_of).recorded_as_of
        columns = (f"epoch_us({n})" if LOG_COLUMNS[n] == "instant" else n for n in READ)
        sql = (
            f"SELECT {', '.join(columns)} FROM store.events "
            f"WHERE epoch_us(recorded_at) <= {until} ORDER BY position"
        )
        with self.stream(sql) as (_, rows):
            for row in rows:
                if (keys := writer.keys(dict(zip(READ, row, strict=True)))) is not None:
                    yield keys

    def copy_to_parquet(self, sql: str, file: Path) -> None:
        """Write a large answer to a new Parquet file; `sql` is as in `stream`."""
        check_target(file)
        with closing(self.reader().cursor()) as con, own_errors(BadInput):
            con.execute(f"COPY ({sql}) TO {quoted(file)} (FORMAT parquet, COMPRESSION zstd)")

    # Readers

    def mend(self, error: BaseException) -> bool:
        """Remove a damaged index, if an error shows it to be one; returns whether it did.

        The next question opens another, of the same state. Raises Corruption where a damaged index cannot be
        removed.
        """
        return self._readers.mend(error)

    def reader(self) -> Reader:
        """Return the reader of this state, for the package's own questions and for validation."""
        return self._readers.reader()


#: The defaults of a query, besides its `as_of`, and what named questions take besides their dates.
_RULES: Final = ("recorded_as_of", "valid_at", "policy", "basis")
_MORE: Final = ("within", "between")


def _check_defaults(given: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise BadInput(
                f"no such argument: {brief(name)}{nearest(name, known)}; expected {', '.join(known)}"
            )


def _check_parameters(params: Any) -> None:
    """Raise BadInput for what are no values of a query's parameters."""
    named = isinstance(params, Mapping) and all(isinstance(name, str) for name in params)
    if params is not None and not named and not isinstance(params, list | tuple):
        raise BadInput(f"params is {brief(params)}; expected a list of values for ?, or a dict for $name")


def _check_rows(rows: Sequence[Any], columns: Sequence[Any]) -> None:
    """Raise BadInput for what are no rows of an answer with these columns."""
    for row in rows:
        for name in columns:
            if not isinstance(row, Mapping) or not isinstance(row.get(name, 0), str | None):
                raise BadInput(f"{brief(row)} is no row of an answer with a column {brief(name)} of text")


def _translated(query: str, dates: AsOf, zone: str | None, *, sealed: bool = False) -> str:
    from timeline.ask.temporal_sql import translate

    given: dict[str, Any] = {"policy": dates.policy, "basis": dates.basis}
    if dates.as_of is not None:
        given["as_of"] = format_instant(dates.as_of)
    if not dates.recorded_is_head:
        given["recorded_as_of"] = format_instant(dates.recorded_as_of)
    if dates.valid_at is not None:
        given["valid_at"] = format_instant(dates.valid_at)
    return translate(query, zone=zone, sealed=sealed, **given)
