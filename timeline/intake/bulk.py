"""Tables of reports and withdrawals, taken column by column: what `event` and `intake` make of each row.

What the rows say by themselves, `bulkread` finds out; what the store says to them, this module: which
names and events it knows, and what it takes. SQL (timeline/sql/intake) only finds out *that* a row is
refused; why, the way by drafts finds out.

A table is taken part by part, in runs. A run takes it that no row needs to be left out, besides those
that are known to: where it finds others, it goes on to find them all, and another run follows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from itertools import chain, pairwise
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from timeline.errors import BadInput, Place, TimelineError
from timeline.index.aliases import Aliases
from timeline.index.catalog import sql_object
from timeline.index.reader import Reader
from timeline.intake.allocators import return_unused
from timeline.intake.batch import Draft, RowOrigin
from timeline.intake.beside import SAID_OF_AT_MOST, and_more, and_more_twice, twice
from timeline.intake.bulk_values import RowReader, as_text, in_parts
from timeline.intake.drafts import drafts_of, table_to_drafts
from timeline.intake.known import KnownEvents
from timeline.intake.names import KINDS, REFUSING, KnownNames, Naming
from timeline.intake.near import NearNames, twin_warnings
from timeline.intake.outcome import (
    KEPT_AT_MOST,
    Rejected,
    SpooledRejects,
    at_origin,
    at_place,
    of_erased,
    unread,
)
from timeline.intake.personal import PERSONAL_SQL, WITHOUT_SALT_SQL, PersonalEvents
from timeline.intake.resolving import with_ids
from timeline.intake.row_set import RowSet
from timeline.intake.rows import Intake
from timeline.intake.run import REPEATED_AT_MOST, fetch_beside
from timeline.intake.tabular import StoredTable
from timeline.log.log import schema
from timeline.log.paths import quoted
from timeline.meaning.columns import LOG_COLUMNS, STATUSES
from timeline.meaning.described import DESCRIPTIONS
from timeline.meaning.habits import Habits, source_habits
from timeline.meaning.identity import event_id_sql, report_id_sql
from timeline.meaning.likeness import alias_key
from timeline.meaning.times import parse_edtf

__all__ = ["RunAgain", "TableIntake", "table_to_drafts", "takes"]

#: Where fewer rows are left out, slices are cheaper than a copy.
_FEW: Final = 100
#: Fewer rows than this are sooner done one by one.
_MANY: Final = 2_000
#: How many rows are taken at once: a row group of the log. Of rows with texts it is a quarter of one: they
#: take more memory, and so long by themselves that a part costs little besides.
_AT_ONCE: Final = 122_880
_WITH_TEXTS: Final = 30_720
_LONG: Final = frozenset({"claim", "text", "statement"})
#: Numbers of rows that are fetched at once.
_FETCHED_AT_ONCE: Final = 100_000
#: To look an event up in the row store takes as long as to join with so many.
_SCANNED_LIKE_ONE: Final = 100
#: Names of a table are gathered part by part, and made distinct where there are this many more than then.
_NAMES_MORE: Final = 2_000_000

#: The columns that are there in every event, and the keys that the others come from.
_ALWAYS: Final = (
    *("event_type", "fact", "subject", "attribute", "status", "reported_from", "reported_at", "reported"),
    *("evidence_at", "source", "origin", "inferred", "void", "inherited"),
)
_COMES_FROM: Final = {
    **{name: (name,) for name in ("key", "speaker", "statement", "locator", "reason", "actor", "valid")},
    "object": ("object", "fact"),
    **dict.fromkeys(("period", "period_from", "period_to"), ("fact", "period", "period_from", "period_to")),
    **dict.fromkeys(("valid_from", "valid_to"), ("valid", "valid_from", "valid_to")),
    **dict.fromkeys(("date_from", "date_to"), ("date",)),
    **dict.fromkeys(
        ("amount", "amount_low", "amount_high", "unit", "approximate"),
        ("claim", "amount", "amount_low", "amount_high"),
    ),
    "text": ("text", "date", "entity", "answer"),
    **dict.fromkeys(
        ("value_type", "claim"),
        ("claim", "text", "date", "entity", "answer", "amount", "amount_low", "amount_high"),
    ),
}

_ROLES: Final = ("subject", "attribute", "object", "source", "speaker", "origin", "entity")
_NAMES: Final = ("fact", "subject", "attribute", "object", "source", "speaker", "entity", "origin")
_NO_HABITS: Final = Habits()

#: What an event id covers, and the columns with what it covered at first, and with what later.
_FORMERLY: Final = {
    name: f"former_{name}" for name in ("fact", "valid_to", "date_to", "reported", "claim", "text", "valid")
}
_LATER: Final = {**_FORMERLY, "fact": "later_fact", "valid_to": "later_valid_to", "date_to": "date_to"}


class RunAgain(Exception):
    """A run found rows that are to be skipped: it is discarded, and a second run skips them."""


def takes(table: pa.Table | StoredTable) -> bool:
    """Whether it pays to take a table as a whole: there are many rows, all of them reports and withdrawals.

    >>> takes(pa.table({"type": ["reported"] * 10_000})), takes(pa.table({"type": ["corrected"] * 10_000}))
    (True, False)
    """
    if table.num_rows < _MANY and not isinstance(table, StoredTable):
        return False
    given = [name for name in ("type", "target", "void") if name in table.column_names]
    for part in in_parts(table, _AT_ONCE, given) if given else ():
        if any(name in given and part[name].null_count < part.num_rows for name in ("target", "void")):
            return False
        if "type" in given and not {"corrected", "retracted", *DESCRIPTIONS}.isdisjoint(
            part["type"].unique().to_pylist()
        ):
            return False
    return True


def _hashed(query: str, names: Sequence[str], event_id: str | None = None) -> str:
    """Return these columns of a query, whose other columns of an event are null, and the event id."""
    return f"SELECT {', '.join(names)}, {event_id or event_id_sql(among=names)} AS event_id FROM ({query})"


class TableIntake:
    """Takes one table, on one state of the store, part by part; close it after use.

    After a run without RunAgain, `known`, `registered` and `warnings` describe it; `rejected` are the rows
    refused so far, with the `problems` that were found before. `recorded_at` is the moment against which
    reported dates are checked, in microseconds. `origin` is where the rows come from.
    """

    def __init__(
        self,
        reader: Reader,
        table: pa.Table | StoredTable,
        name: str,
        recorded_at: int,
        *,
        naming: Naming = REFUSING,
        at_once: int | None = None,
        problems: Sequence[BadInput] = (),
        origin: RowOrigin | None = None,
        habits: Habits = _NO_HABITS,
        spooled: SpooledRejects | None = None,
    ) -> None:
        self.known = 0
        self.registered = 0
        self.rejected = [unread(problem, name) for problem in problems]
        self.more_rejected = 0
        self._spooled = spooled
        if spooled is not None and problems:
            spooled.begin()(sorted(self.rejected, key=lambda one: one.place.row or 0), 0)
        self._has_problems = bool(problems)
        self._origin = origin
        self.warnings: list[str] = []
        self.erased: list[tuple[Place, str]] = []
        self._reader = reader
        self._store = reader.cursor()
        self._known_events = KnownEvents(self._store, reader)
        self._personal = PersonalEvents(self._store, self._known_events, ())
        self._known_names = KnownNames(self._store)
        self._near_names = NearNames(self._store)
        self._aliases = Aliases.of(self._store)
        self._new_names: dict[str, Any] = {}
        self._table = table
        self._name = name
        self._recorded_at = recorded_at
        self._naming = naming
        self._given = set(table.column_names)
        self._at_once = at_once or (_AT_ONCE if _LONG.isdisjoint(self._given) else _WITH_TEXTS)
        # Rows that are refused, and rows that are known since they are in an earlier part.
        self._bad = RowSet()
        self._repeated = RowSet()
        self._habits = habits
        self._reading = RowReader(habits, reader.spill.within if reader.spill else None)
        #: The columns that events may have, with those that claims turn out to be.
        self._holds = set(self._given)
        #: The attributes whose claims are entities.
        self._claimed: set[str] = set()
        if "claim" in self._given:
            query = "SELECT id, value FROM attributes WHERE value IN ('date', 'text', 'entity', 'answer')"
            declared = self._store.sql(query).to_arrow_table()
            self._reading.declare(declared)
            self._holds.update(declared["value"].unique().to_pylist())
            kinds = zip(*declared.to_pydict().values(), strict=True)
            self._claimed = {name for name, value in kinds if value == "entity"}
        self._con = self._reading.con
        self._con.execute(f"SET VARIABLE recorded_at = make_timestamp({recorded_at})")
        registered = ", ".join(f"'{kind}'" for kind in sorted(naming.register))
        self._con.execute(f"SET VARIABLE registered = [{registered}]::VARCHAR[]")
        # DuckDB would join with a list of them.
        words = quoted("|".join(map(re.escape, STATUSES)))
        self._con.execute(f"CREATE TEMP MACRO is_status(word) AS (regexp_full_match(word, {words}))")

    def close(self) -> None:
        self._reading.close()
        self._store.close()

    def rows(self) -> Iterator[pa.Table]:
        """Yield one run: rows for the log in order, with its columns, descriptions of new names first.

        What only an append can fill in is null. Raises RunAgain, in the end, where another run is needed.
        """
        self.known = self.registered = 0
        self.warnings = []
        self.erased = []
        self._new_names = {}
        self._look_up_names()
        if self._naming.register:
            descriptions = self._registered()
            self.registered = descriptions.num_rows
            for at in range(0, self.registered, self._at_once):
                yield _for_the_log(descriptions.slice(at, self._at_once))
        self._con.execute("CREATE OR REPLACE TEMP TABLE seen (row BIGINT, id UBIGINT, topic UBIGINT)")
        self._con.execute("CREATE OR REPLACE TEMP TABLE again (row BIGINT, id UBIGINT, topic UBIGINT)")
        self._con.execute("CREATE OR REPLACE TEMP TABLE keyed (row BIGINT, key VARCHAR, event_id VARCHAR)")
        self._reading.keep("stored_keys", {"key": [], "event_id": []})
        refused = RowSet()
        parts = 0
        for first, texts in self._all(None):
            parts += 1
            taken = self._taken(first, texts, refused)
            new = self._new(taken)
            self._con.register("fresh", new)
            self._con.execute("INSERT INTO seen SELECT row, hash(event_id), topic FROM fresh")
            self._con.unregister("fresh")
            if not refused and new.num_rows:
                yield _for_the_log(new)
            # Not kept while the next part is made.
            del taken, new
            return_unused()
        self._leave_out(refused, parts)
        self._warn()

    def _all(self, names: Sequence[str] | None) -> Iterator[tuple[int, pa.Table]]:
        """Yield the parts of the table, each behind the number of its first row; rows count from 1."""
        first = 1
        for part in in_parts(self._table, self._at_once, names):
            yield first, part
            first += part.num_rows

    # What the store says to it

    def _look_up_names(self) -> None:
        """Make the tables of the names in the table, and of what the store says of them."""
        con = self._con
        con.execute("CREATE OR REPLACE TEMP TABLE met (role VARCHAR, kind VARCHAR, name VARCHAR, row BIGINT)")
        count, distinct = 0, 0
        chosen: list[str] = [name for name in _NAMES if name in self._given]
        # A claim is a name where its attribute takes entities.
        if "claim" in self._given and "entity" in self._holds:
            chosen.append("claim")
        for first, part in self._all(chosen) if chosen else ():
            self._normalize(first, part)
            self._reading.keep("bad", {"row": self._bad_in(first, part)}, row=pa.int64())
            self._reading.make("met")
            [(count,)] = self._reading.ask("SELECT count(*) FROM met")
            if count > 2 * distinct + _NAMES_MORE:
                con.execute(
                    "CREATE OR REPLACE TEMP TABLE met AS SELECT role, kind, name, min(row) AS row FROM met "
                    "GROUP BY role, kind, name"
                )
                [(distinct,)] = self._reading.ask("SELECT count(*) FROM met")
        self._fetch("entities", "SELECT id FROM entities", "kind IN ('entity', 'origin')")
        self._fetch("attributes", "SELECT id, value, object FROM attributes", "kind = 'attribute'")
        self._fetch(
            "sources",
            "SELECT id, published, origin, numbers, language, timezone FROM sources",
            "kind IN ('source', 'origin')",
        )
        self._reading.make("names")
        self._find_odd()
        self._reading.make("troubles")
        self._reading.make("demands")
        always = "SELECT name FROM troubles WHERE before IS NULL"
        roles = [role for (role,) in self._reading.ask("SELECT DISTINCT role FROM troubles")]
        troubles = [f"coalesce({role}_named IN ({always} AND role = '{role}'), false)" for role in roles]
        troubles += [
            f"coalesce(origin_named = {quoted(name)}, false) AND row_named < {row}"
            for name, row in self._reading.ask("SELECT name, before FROM troubles WHERE before IS NOT NULL")
        ]
        self._con.execute(
            f"CREATE OR REPLACE TEMP MACRO is_trouble({', '.join(f'{role}_named' for role in _ROLES)}, "
            f"row_named) AS ({' OR '.join(troubles) or 'false'})"
        )
        sources = self._reading.ask(
            "SELECT id, published, origin, numbers, language, timezone FROM sources "
            "WHERE coalesce(nullif(published, ''), nullif(origin, ''), numbers, language, timezone) "
            "IS NOT NULL "
            "AND id IN (SELECT name FROM names WHERE kind = 'source')"
        )
        own = {}
        for name, published, origin, *said in sources:
            own[name] = source_habits(*said).over(self._habits)
            edtf = parse_edtf(published, own[name].timezone) if published else None
            reported = (edtf.text, edtf.reported_from, edtf.reported_at) if edtf else (None, None, None)
            self._reading.sources[name] = (*reported, origin or None)
        self._reading.habits_of(own)

    def _find_odd(self) -> None:
        """Make the table of new names that are aliases, or near a known one, and so not to be registered."""
        found = self._con.sql(
            "SELECT DISTINCT if(kind = 'origin', 'entity', kind) AS kind, name FROM names WHERE NOT known"
        ).to_arrow_table()
        odd: list[tuple[str, str]] = []
        kinds: Any = found["kind"]
        for kind in kinds.unique().to_pylist():
            names: Any = found.filter(pc.equal(kinds, pa.scalar(kind)))["name"]
            if kind == "entity" and self._aliases:
                odd += [(kind, name) for name in names.to_pylist() if name in self._aliases]
            if kind in self._naming.register and not self._naming.even_near:
                odd += [(kind, name) for name in self._near_names.nearest(kind, names.combine_chunks())]
        self._reading.keep("odd", {"kind": [kind for kind, _ in odd], "name": [name for _, name in odd]})

    def _normalize(self, first: int, part: pa.Table) -> None:
        """Have a part of the table normalized, and aliases in it resolved where that is asked for."""
        if self._naming.resolve_aliases and self._aliases:
            part = with_ids(part, self._ids_of, self._claimed)
        self._reading.normalize(first, part)

    def _ids_of(self, names: Collection[str], may_be_source: bool) -> dict[str, str]:
        """Return the ids that those of the names mean which are aliases and clearly mean one."""
        found = {name: self._aliases.meant_by(name) for name in names if name in self._aliases}
        asked = {*found, *map(alias_key, found)}
        known = self._known_names.among("entity", asked)
        sources = self._known_names.among("source", found) if may_be_source else {}
        return {
            name: ids[0]
            for name, ids in found.items()
            if name not in known and name not in sources and len({*ids, *({alias_key(name)} & {*known})}) == 1
        }

    def _fetch(self, name: str, query: str, where: str) -> None:
        """Make a table of what the store says of the names met."""
        met = self._con.sql(f"SELECT DISTINCT name FROM met WHERE {where}").to_arrow_table()
        self._store.register("asked", met)
        found = self._store.sql(f"{query} WHERE id IN (SELECT name FROM asked)").to_arrow_table()
        self._store.unregister("asked")
        self._con.register("values_kept", found)
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM values_kept")
        self._con.unregister("values_kept")

    def _bad_in(self, first: int, part: pa.Table) -> list[int]:
        """Return the rows of a part that are known to be refused."""
        return self._bad.within(first, first + part.num_rows - 1)

    def _hashed(self, query: str) -> str:
        """Return the columns of the log that can hold anything, the number of the row, and its event id."""
        given = [name for name in LOG_COLUMNS if not self._holds.isdisjoint(_COMES_FROM.get(name, ()))]
        names = [*given, *_ALWAYS]
        # Without a column of its own an origin is its source's, and no part of the content.
        hashed = names if "origin" in self._given else [name for name in names if name != "origin"]
        former = f"if(is_former, {report_id_sql(hashed, _FORMERLY)}, NULL) AS former_id"
        later = f"if(is_later, {report_id_sql(hashed, _LATER)}, NULL) AS later_id"
        return _hashed(query, [*names, "row", former, later], report_id_sql(hashed))

    def _resolving(self, first: int, part: pa.Table) -> str:
        """Return a query for the rows of a part as they will be in the log, `refused` or not."""
        self._normalize(first, part)
        self._reading.read()
        return sql_object("intake/rows")

    def _taken(self, first: int, part: pa.Table, refused: RowSet) -> pa.Table:
        """Return the rows of a part that nothing speaks against; the others are noted."""
        query = self._resolving(first, part)
        rows = self._hashed(f"FROM ({query}) WHERE NOT refused")
        topic = "if(event_type = 'reported', hash(source, fact, reported), NULL) AS topic"
        taken = _in_order(self._con.sql(f"SELECT *, {topic} FROM ({rows})").to_arrow_table())
        last = first + part.num_rows - 1
        found = _missing(taken, first, last)
        bad = set(self._bad_in(first, part))
        refused.extend(row for row in found if row not in bad)
        if again := bad.difference(found):
            taken = _without(taken, sorted(again))
        taken = self._as_recorded(taken)
        if "key" in self._given:
            self._note_keys(taken)
        return taken

    def _as_recorded(self, taken: pa.Table) -> pa.Table:
        """Return rows with the ids that the store knows.

        It may have some from when an id covered something else, or with a random part in the key.
        """
        ids = taken["event_id"]
        for name in ("later_id", "former_id"):
            former = taken[name]
            if former.null_count < taken.num_rows and self._reader.position:
                asked = pa.table({"row": taken["row"], "event_id": former}).filter(pc.is_valid(former))
                known = pa.array(self._stored(asked), pa.int64())
                ids = pc.if_else(pc.is_in(taken["row"], value_set=known), former, ids)
        ids = self._personal.ids_for(ids)
        taken = taken.set_column(taken.column_names.index("event_id"), "event_id", ids)
        return taken.drop_columns(["former_id", "later_id"])

    def _note_keys(self, taken: pa.Table) -> None:
        keyed = taken.select(["row", "key", "event_id"]).filter(pc.is_valid(taken["key"]))
        self._con.register("keyed_here", keyed)
        self._con.execute("INSERT INTO keyed SELECT row, key, event_id FROM keyed_here")
        self._con.unregister("keyed_here")
        self._store.register("asked", keyed.select(["key"]))
        found = self._store.sql(
            "SELECT key, event_id FROM store.keys WHERE key IN (SELECT key FROM asked) UNION ALL "
            f"SELECT {WITHOUT_SALT_SQL} AS given, event_id FROM store.keys "
            f"WHERE {PERSONAL_SQL} AND given IN (SELECT key FROM asked)"
        ).to_arrow_table()
        self._store.unregister("asked")
        self._con.register("found", found)
        # Once, though several parts may have it.
        self._con.execute(
            "INSERT INTO stored_keys SELECT key, event_id FROM found ANTI JOIN stored_keys USING (key)"
        )
        self._con.unregister("found")

    def _new(self, taken: pa.Table) -> pa.Table:
        """Return those of the rows that neither the store has nor the table before, as far as this part
        shows.
        """
        if not taken.num_rows:
            return taken
        known: set[int] = set()
        if self._repeated:
            numbers = taken.column("row")
            known.update(self._repeated.within(numbers[0].as_py(), numbers[-1].as_py()))
        self._con.register("taken", taken)
        [(distinct,)] = self._reading.ask("SELECT count(DISTINCT hash(event_id)) FROM taken")
        if distinct < taken.num_rows:
            known.update(
                row
                for (row,) in self._reading.ask(
                    "SELECT row FROM taken QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY row) > 1"
                )
            )
        self._con.unregister("taken")
        if self._reader.position:
            known.update(stored := self._stored(taken))
            self._note_erased(taken, stored)
        self.known += len(known)
        if not known:
            return taken
        left_out = sorted(known)
        repeated: Any = pc.is_in(taken["row"], value_set=pa.array(left_out, pa.int64()))
        self._con.register("known_here", taken.select(["row", "event_id", "topic"]).filter(repeated))
        self._con.execute("INSERT INTO again SELECT row, hash(event_id), topic FROM known_here")
        self._con.unregister("known_here")
        return _without(taken, left_out)

    def _note_erased(self, taken: pa.Table, stored: list[int]) -> None:
        """Note those of the rows, whose events the store holds, that were erased there."""
        if not stored or not (erased := self._known_events.erased()):
            return
        rows: list[dict[str, Any]] = taken.select(["row", "event_id"]).to_pylist()
        ids = {row["row"]: row["event_id"] for row in rows}
        self.erased += [
            (at_place(Place(self._name, row=row), self._origin), ids[row])
            for row in sorted(stored)
            if ids[row] in erased
        ]

    def _stored(self, taken: pa.Table) -> list[int]:
        """Return those of the rows whose event the store holds."""
        asked = taken.select(["row", "event_id"])
        if self._reader.rows is not None and asked.num_rows * _SCANNED_LIKE_ONE < self._reader.position:
            rows_of: dict[Any, Any] = dict(zip(*reversed(asked.to_pydict().values()), strict=True))
            return [rows_of[event_id] for event_id in self._known_events.among(rows_of)]
        self._store.register("asked", asked)
        rows = self._store.execute(sql_object("intake/stored")).fetchall()
        self._store.unregister("asked")
        return [row for (row,) in rows]

    def _registered(self) -> pa.Table:
        """Return what describes the names met for the first time, by kind and name."""
        names = ["event_type", "subject", "text", "inherited"]
        rows = self._con.sql(_hashed(sql_object("intake/registrations"), names)).to_arrow_table()
        types: Any = rows["event_type"]
        for kind in KINDS:
            new: Any = rows.filter(pc.equal(types, pa.scalar(f"{kind}-described")))["subject"]
            if len(new):
                self._new_names[kind] = new.combine_chunks()
        in_order: pa.Table = rows.sort_by([("event_type", "ascending"), ("subject", "ascending")])
        return in_order

    # What only the whole table shows

    def _leave_out(self, refused: RowSet, parts: int) -> None:
        """Raise RunAgain where rows were found that the next run is to go without."""
        conflicts = self._reading.ask(sql_object("intake/conflicts")) if "key" in self._given else []
        bad = refused.united(sorted(row for row, _ in conflicts)) if conflicts else refused
        late = RowSet()
        if parts > 1:
            [(distinct, count)] = self._reading.ask("SELECT count(DISTINCT id), count(*) FROM seen")
            if distinct < count:
                late.extend(row for row in self._again() if row not in bad)
        if not bad and not late and not self._has_problems:
            return
        self._has_problems = False
        if bad:
            self._explain(bad, [row for _, row in conflicts if row is not None])
        self._bad = self._bad.united(bad) if self._bad else bad
        self._repeated = self._repeated.united(late)
        raise RunAgain

    def _again(self) -> Iterator[int]:
        """Yield the rows whose event another part has before them, in order."""
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE suspects AS SELECT row FROM seen "
            "WHERE id IN (SELECT id FROM seen GROUP BY id HAVING count(*) > 1)"
        )
        self._con.execute("CREATE OR REPLACE TEMP TABLE ids (row BIGINT, event_id VARCHAR)")
        rows = RowSet(self._numbers("FROM suspects ORDER BY row"))
        for first, part in self._all(None):
            if rows.touches(first, first + part.num_rows - 1):
                query = self._resolving(first, part)
                names = [
                    name for name in LOG_COLUMNS if not self._holds.isdisjoint(_COMES_FROM.get(name, ()))
                ]
                names += [*_ALWAYS, "row"]
                self._con.execute(
                    f"INSERT INTO ids SELECT row, event_id FROM "
                    f"({_hashed(f'FROM ({query}) SEMI JOIN suspects USING (row)', names)})"
                )
        yield from self._numbers(
            "FROM (FROM ids QUALIFY row > min(row) OVER (PARTITION BY event_id)) ORDER BY row"
        )

    def _numbers(self, query: str) -> Iterator[int]:
        """Yield the column `row` of a query, of which there may be millions."""
        for batch in self._con.sql(f"SELECT row {query}").to_arrow_reader(_FETCHED_AT_ONCE):
            yield from batch.column(0).to_pylist()

    def _explain(self, bad: RowSet, first: Sequence[int]) -> None:
        """Find out why rows are refused, from their drafts; `first` are rows that others are at odds with.

        Of very many rows this is done for the first, unless all are to be written.
        """
        kept: list[Rejected] = []
        write = None if self._spooled is None else self._spooled.begin()
        rows = bad.united(sorted(set(first)))
        intake = Intake(self._reader, self._recorded_at, naming=self._naming)
        with closing(intake):
            for drafts in self._some_drafts_of(rows):
                rejected = self._explained(intake, drafts, bad)
                kept += rejected[: KEPT_AT_MOST - len(kept)]
                if write is not None:
                    write(rejected, 0)
                elif len(kept) == KEPT_AT_MOST:
                    break
        self.more_rejected += len(bad) - len(kept)
        self.rejected = sorted([*self.rejected, *kept], key=lambda one: one.place.row or 0)

    def _explained(self, intake: Intake, drafts: Sequence[Draft], bad: RowSet) -> list[Rejected]:
        """Return those of the rows that are refused, each with why."""
        found = intake.resolve(drafts, self._habits).rejected
        found = sorted(found, key=lambda one: one.place.row or 0)
        expected = bad.within(drafts[0].place.row or 0, drafts[-1].place.row or 0)
        if (explained := [one.place.row for one in found]) != expected:
            raise TimelineError(
                f"{self._name}: as a table its rows {expected[:10]} were refused, one by one "
                f"{explained[:10]}; expected the same"
            )
        return [at_origin(one, self._origin) for one in found]

    def _warn(self) -> None:
        self.warnings = twin_warnings(self._near_names, self._new_names)
        self.warnings += of_erased(self.erased)
        self._warn_of_repeated()
        self._warn_of_others()

    def _warn_of_others(self) -> None:
        """Warn of reports that the store has others of, and of known ones that were displaced since.

        Which they are, one query finds out; what is to be said of the first ones, the way by drafts does.
        """
        [(known,)] = self._reading.ask("SELECT count(topic) FROM again")
        if not known and not self._reader.position:
            return
        fetch_beside(self._con, self._store)
        topics = self._reading.ask(sql_object("intake/beside"))
        if not topics:
            return
        first = ", ".join(str(topic) for topic, _ in topics[:SAID_OF_AT_MOST])
        rows = [
            row
            for (row,) in self._reading.ask(
                f"SELECT row FROM (FROM seen UNION ALL FROM again) WHERE topic IN ({first}) "
                f"ORDER BY row LIMIT {_MANY}"
            )
        ]
        intake = Intake(self._reader, self._recorded_at, naming=self._naming)
        with closing(intake):
            intake.resolve(self._drafts_of(rows), self._habits)
            self.warnings += [one for one in intake.warnings() if one not in self.warnings]
        if (more := len(topics) - SAID_OF_AT_MOST) > 0:
            self.warnings.append(and_more(more))

    def _drafts_of(self, rows: Sequence[int]) -> list[Draft]:
        """Return rows of the table, in order, as drafts."""
        return list(chain.from_iterable(self._some_drafts_of(RowSet(rows))))

    def _some_drafts_of(self, rows: RowSet) -> Iterator[list[Draft]]:
        """Yield rows of the table as drafts, in order, some thousands at a time."""
        for start, part in self._all(None):
            here = rows.within(start, start + part.num_rows - 1)
            for at in range(0, len(here), KEPT_AT_MOST):
                some = here[at : at + KEPT_AT_MOST]
                texts = as_text(part.take(pa.array([row - start for row in some], pa.int64())))
                yield list(drafts_of(texts, self._name, some))

    def _warn_of_repeated(self) -> None:
        [(topics, reports)] = self._reading.ask("SELECT count(DISTINCT topic), count(topic) FROM seen")
        if topics == reports:
            return
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE suspects AS SELECT row FROM seen WHERE topic IN "
            "(SELECT topic FROM seen WHERE topic IS NOT NULL GROUP BY topic HAVING count(*) > 1)"
        )
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE topics (row BIGINT, source VARCHAR, fact VARCHAR, reported VARCHAR)"
        )
        rows = RowSet(self._numbers("FROM suspects ORDER BY row"))
        for first, part in self._all(None):
            if rows.touches(first, first + part.num_rows - 1):
                query = self._resolving(first, part)
                self._con.execute(
                    f"INSERT INTO topics SELECT row, source, fact, reported FROM ({query}) "
                    "SEMI JOIN suspects USING (row)"
                )
        again = self._reading.ask(
            "SELECT source, fact, reported, count(*) OVER () FROM (FROM topics "
            "QUALIFY row > min(row) OVER (PARTITION BY source, fact, reported)) "
            f"ORDER BY row LIMIT {REPEATED_AT_MOST}"
        )
        self.warnings += [twice(source, fact, reported) for source, fact, reported, _ in again]
        if again and (more := again[0][-1] - len(again)) > 0:
            self.warnings.append(and_more_twice(more))


def _in_order(rows: pa.Table) -> pa.Table:
    """Return rows by their number. A join may give up the order of the parts that threads take, not that
    within.
    """
    numbers: Any = rows.column("row").combine_chunks()
    steps: Any = pc.pairwise_diff(numbers)
    if not pc.any(pc.less(steps, pa.scalar(1, pa.int64()))).as_py():
        return rows
    starts: list[int] = pc.indices_nonzero(pc.not_equal(steps, pa.scalar(1, pa.int64()))).to_pylist()
    if len(starts) > _FEW:
        return rows.sort_by("row")
    runs = sorted(pairwise([0, *starts, rows.num_rows]), key=lambda run: int(numbers[run[0]].as_py()))
    return pa.concat_tables([rows.slice(start, end - start) for start, end in runs])


def _missing(taken: pa.Table, first: int, last: int) -> list[int]:
    """Return the numbers from first to last that are not among these rows', which are in order."""
    ends = [pa.array([row], pa.int64()) for row in (first - 1, last + 1)]
    numbers: Any = pa.concat_arrays([ends[0], *taken.column("row").chunks, ends[1]])
    steps: Any = pc.pairwise_diff(numbers)
    gaps: list[Any] = pc.indices_nonzero(pc.greater(steps, pa.scalar(1, pa.int64()))).to_pylist()
    return [row for at in gaps for row in range(numbers[at - 1].as_py() + 1, numbers[at].as_py())]


def _without(rows: pa.Table, numbers: Sequence[int]) -> pa.Table:
    """Return the rows that do not have one of these numbers."""
    left_out: Any = pc.is_in(rows.column("row"), value_set=pa.array(numbers, pa.int64()))
    if len(numbers) > _FEW:
        kept_rows: pa.Table = rows.filter(pc.invert(left_out))
        return kept_rows
    # Slices share their memory with the whole.
    kept, start = [], 0
    ends: list[Any] = pc.indices_nonzero(left_out).to_pylist()
    for end in [*ends, rows.num_rows]:
        kept.append(rows.slice(start, end - start))
        start = end + 1
    return pa.concat_tables(kept)


def _for_the_log(rows: pa.Table) -> pa.Table:
    """Return rows with all columns of the log and no others."""
    count = rows.num_rows
    # Columns of one type can share what holds nothing.
    nothing = {kind: pa.nulls(count, kind) for kind in {entry.type for entry in schema()}}
    columns = [
        rows.column(entry.name) if entry.name in rows.column_names else nothing[entry.type]
        for entry in schema()
    ]
    return pa.table(columns, schema=schema())
